(* The premises about special functions are not contradictory: each structure has an instance. *)
Require Import Reals Lra Lia Psatz ZArith List FunctionalExtensionality.
Require Import Base. Open Scope R_scope.

(* Gamma: on (k, k + 1] with k = 0, 1, 2, ... the product of what is above 1 times a value on (0, 1]. *)
Definition g0 (t : R) : R := if Req_EM_T t (1 / 2) then sqrt PI else 1.
Fixpoint g_steps (n : nat) (t : R) : R := match n with O => g0 t | S m => (t + INR m) * g_steps m t end.
Definition g_floor (a : R) : nat := Z.to_nat (- Int_part (- a) - 1).
Definition g (a : R) : R := g_steps (g_floor a) (a - INR (g_floor a)).

Lemma g0_pos : forall t, 0 < g0 t.
Proof. intros. unfold g0. destruct (Req_EM_T t (1 / 2)); [apply sqrt_lt_R0, PI_RGT_0 | lra]. Qed.
Lemma g_steps_pos : forall n t, 0 < t -> 0 < g_steps n t.
Proof.
  induction n; simpl; intros; [apply g0_pos|]. apply Rmult_lt_0_compat; [pose proof (pos_INR n); lra | auto].
Qed.
Lemma g_floor_at : forall n t, 0 < t <= 1 -> g_floor (t + INR n) = n.
Proof.
  intros n t [A B]. unfold g_floor.
  assert (E : Int_part (- (t + INR n)) = (- Z.of_nat n - 1)%Z).
  { unfold Int_part. rewrite <- (tech_up (- (t + INR n)) (- Z.of_nat n)). { lia. }
    { rewrite opp_IZR, <- INR_IZR_INZ. lra. } { rewrite opp_IZR, <- INR_IZR_INZ. lra. } }
  rewrite E. lia.
Qed.
Lemma g_parts : forall a, 0 < a -> exists n t, 0 < t <= 1 /\ a = t + INR n.
Proof.
  intros a A. destruct (base_Int_part (- a)) as [L U].
  assert (Int_part (- a) < 0)%Z by (apply lt_IZR; lra).
  exists (Z.to_nat (- Int_part (- a) - 1)), (a - INR (Z.to_nat (- Int_part (- a) - 1))).
  assert (E : INR (Z.to_nat (- Int_part (- a) - 1)) = - IZR (Int_part (- a)) - 1).
  { rewrite INR_IZR_INZ, Z2Nat.id by lia. rewrite minus_IZR, opp_IZR. reflexivity. }
  rewrite E. split; [|lra]. split; lra.
Qed.
Lemma g_at : forall n t, 0 < t <= 1 -> g (t + INR n) = g_steps n t.
Proof. intros. unfold g. rewrite g_floor_at by assumption. f_equal. ring. Qed.

#[export, refine] Instance gamma_instance : Gamma := {| gamma := g |}.
Proof.
  { intros a A. destruct (g_parts a A) as [n [t [T E]]]. subst. rewrite g_at by assumption. apply g_steps_pos. lra. }
  { intros a A. destruct (g_parts a A) as [n [t [T E]]]. subst.
    replace (t + INR n + 1) with (t + INR (S n)) by (rewrite S_INR; ring). rewrite !g_at by assumption. reflexivity. }
  { replace 1 with (1 + INR 0) by (simpl; ring). rewrite g_at by lra. simpl. unfold g0. destruct (Req_EM_T 1 (1 / 2)); lra. }
  { replace (1 / 2) with (1 / 2 + INR 0) by (simpl; ring). rewrite g_at by lra. simpl. unfold g0.
    destruct (Req_EM_T (1 / 2) (1 / 2)); [reflexivity | congruence]. }
Defined.

(* The distribution function of the normal distribution: the logistic function has the properties asked for. *)
#[export, refine] Instance normal_instance : NormalDistribution := {| Phi := sigmoid |}.
Proof. { exact sigmoid_increasing. } { exact sigmoid_minus. } { exact sigmoid_pos. } Defined.

#[export] Instance digamma_instance : Digamma := {| digamma := fun a => a |}.

#[export, refine] Instance zeta_instance : Zeta := {| zeta := fun _ => 1 |}.
Proof. intros. exact Rlt_0_1. Defined.

#[export, refine] Instance bessel_instance : Bessel := {| besseli := fun _ _ => 1 |}.
Proof. intros. exact Rlt_0_1. Defined.

(* Spaces are not empty: the domains have members, and the orders of objectives are not trivial. *)
Lemma simplex_member : in_simplex 2 (fun _ => 1 / 2).
Proof. split; [intros; lra|]. rewrite isum_two. lra. Qed.
Lemma onehot_member : in_onehot 2 (fun k => if Req_EM_T k 1 then 1 else 0).
Proof.
  exists 1. repeat split; [lp_between | destruct (Req_EM_T 1 1); congruence|].
  intros k Hk N. destruct (Req_EM_T k 1); [contradiction | reflexivity].
Qed.
Lemma posdef_member : in_posdef 2 meye.
Proof. rewrite meye_diagonal. apply posdef_mdiag. intros. lra. Qed.
Lemma same_not_trivial : ~ same (fun _ : R => True) (fun w => w) (fun w => - w).
Proof. intros H. destruct (H 0 1 I I) as [A _]. assert (0 <= 1) by lra. apply A in H0. lra. Qed.

(* Determinant and inverse: the product of the diagonal, and the matrix with row and column i divided by the entry (i, i). *)
Definition d_scale (x : R) : R := if Req_EM_T x 0 then 1 else x.
Definition d_inv (D : R) (A : R -> R -> R) (i j : R) : R := A i j / (d_scale (A i i) * d_scale (A j j)).
Definition d_det (D : R) (A : R -> R -> R) : R := iprod 1 D (fun i => A i i).

Lemma d_scale_nonzero : forall x, d_scale x <> 0.
Proof. intros. unfold d_scale. destruct (Req_EM_T x 0); lra. Qed.
Lemma d_scale_inverse : forall x, d_scale (x / (d_scale x * d_scale x)) = / d_scale x.
Proof.
  intros. unfold d_scale at 2 3 4. destruct (Req_EM_T x 0) as [E|N].
  { subst. unfold d_scale, Rdiv. rewrite Rmult_0_l, Rinv_1. destruct (Req_EM_T 0 0); [reflexivity|congruence]. }
  replace (x / (x * x)) with (/ x) by (field; assumption). unfold d_scale.
  destruct (Req_EM_T (/ x) 0); [exfalso; revert e; apply Rinv_neq_0_compat; assumption | reflexivity].
Qed.
Lemma posdef_diagonal : forall D A, in_posdef D A -> forall i, between 1 D i -> 0 < A i i.
Proof.
  intros D A [_ P] i Hi. pose (e := fun k => if Req_EM_T k i then 1 else 0).
  assert (Ei : e i = 1) by (unfold e; destruct (Req_EM_T i i); congruence).
  assert (En : forall k, k <> i -> e k = 0) by (intros; unfold e; destruct (Req_EM_T k i); congruence).
  replace (A i i) with (quad D A e). { apply P. exists i. split; [assumption|lra]. }
  unfold quad. rewrite (isum_single 1 D _ i Hi).
  { rewrite (isum_single 1 D _ i Hi). { rewrite Ei. ring. } intros k _ N. rewrite (En k N). ring. }
  intros k _ N. apply isum_zero. intros. rewrite (En k N). ring.
Qed.

#[export, refine] Instance determinant_instance : Determinant := {| det := d_det; inv := d_inv |}.
Proof.
  { intros D A H. apply iprod_pos. apply posdef_diagonal. assumption. }
  { intros. unfold d_det, mdiag. apply iprod_ext. intros. destruct (Req_EM_T k k); [reflexivity|congruence]. }
  { intros D A H. unfold d_det. rewrite (iprod_ext 1 D _ (fun i => / A i i)).
    { unfold iprod. generalize (count 1 D). induction n; simpl; [symmetry; apply Rinv_1|]. rewrite IHn, Rinv_mult. reflexivity. }
    intros k Hk. pose proof (posdef_diagonal D A H k Hk). unfold d_inv, d_scale. destruct (Req_EM_T (A k k) 0); [lra|]. field. assumption. }
  { intros D A [S P]. split. { intros. unfold d_inv. rewrite S. f_equal. ring. }
    intros v [k [Hk N]]. replace (quad D (d_inv D A) v) with (quad D A (fun i => v i / d_scale (A i i))).
    { apply P. exists k. split; [assumption|]. apply nonzero_div; [assumption|apply d_scale_nonzero]. }
    unfold quad. apply isum_ext. intros i _. apply isum_ext. intros j _. unfold d_inv.
    pose proof (d_scale_nonzero (A i i)). pose proof (d_scale_nonzero (A j j)). field. split; assumption. }
  { intros D A _. apply FunctionalExtensionality.functional_extensionality; intro i. apply FunctionalExtensionality.functional_extensionality; intro j.
    unfold d_inv at 1. unfold d_inv at 2 3. rewrite !d_scale_inverse. unfold d_inv.
    pose proof (d_scale_nonzero (A i i)). pose proof (d_scale_nonzero (A j j)). field. split; assumption. }
  { intros D v _. apply FunctionalExtensionality.functional_extensionality; intro i. apply FunctionalExtensionality.functional_extensionality; intro j.
    unfold d_inv, mdiag. destruct (Req_EM_T i j) as [E|N]; [subst j|unfold Rdiv; ring].
    destruct (Req_EM_T i i); [|congruence]. unfold d_scale. destruct (Req_EM_T (v i) 0) as [Z|N]; [rewrite Z, Rinv_0; field | field; assumption]. }
Defined.
