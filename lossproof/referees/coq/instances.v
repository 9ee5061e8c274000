(* The premises about special functions are not contradictory: each structure has an instance. *)
Require Import Reals Lra Lia Psatz ZArith List FunctionalExtensionality.
Require Import Lossproof. Open Scope R_scope.

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

(* Expectations: the geometric distribution on 0, 1, 2, ..., whose weights are 1/2, 1/4, ...; not every function has a finite one. *)
Definition geo (f : R -> R) (n : nat) : R := sum_f_R0 (fun j => (1 / 2) ^ S j * f (INR j)) n.
Definition summable (f : R -> R) : Prop := exists B, forall n, geo (fun x => Rabs (f x)) n <= B.
Lemma geo_le : forall f g, (forall j, f (INR j) <= g (INR j)) -> forall n, geo f n <= geo g n.
Proof.
  intros f g H n. apply sum_Rle. intros. apply Rmult_le_compat_l; [apply pow_le; lra | apply H].
Qed.
Lemma geo_ext : forall f g, (forall j, f (INR j) = g (INR j)) -> forall n, geo f n = geo g n.
Proof. intros f g H n. apply sum_eq. intros. rewrite H. reflexivity. Qed.
Lemma geo_plus : forall f g n, geo (fun x => f x + g x) n = geo f n + geo g n.
Proof. intros. unfold geo. rewrite <- plus_sum. apply sum_eq. intros. ring. Qed.
Lemma geo_scale : forall c f n, geo (fun x => c * f x) n = c * geo f n.
Proof. intros. unfold geo. rewrite scal_sum. apply sum_eq. intros. ring. Qed.
Lemma geo_one : forall n, geo (fun _ => 1) n = 1 - (1 / 2) ^ S n.
Proof.
  induction n. { unfold geo. simpl. lra. } unfold geo in *. rewrite tech5, IHn. simpl. lra.
Qed.
Lemma summable_dominated : forall f g, (forall j, Rabs (f (INR j)) <= g (INR j)) -> summable g -> summable f.
Proof.
  intros f g H [B A]. exists B. intros n. apply Rle_trans with (geo (fun x => Rabs (g x)) n); [|apply A].
  apply (geo_le (fun x => Rabs (f x)) (fun x => Rabs (g x))). intros j. pose proof (H j). pose proof (Rle_abs (g (INR j))). lra.
Qed.
Lemma summable_plus : forall f g, summable f -> summable g -> summable (fun x => f x + g x).
Proof.
  intros f g [B HB] [C HC]. exists (B + C). intros n. specialize (HB n). specialize (HC n).
  apply Rle_trans with (geo (fun x => Rabs (f x) + Rabs (g x)) n).
  { apply (geo_le (fun x => Rabs (f x + g x)) (fun x => Rabs (f x) + Rabs (g x))). intros. apply Rabs_triang. }
  rewrite (geo_plus (fun x => Rabs (f x)) (fun x => Rabs (g x))). lra.
Qed.
Lemma summable_scale : forall c f, summable f -> summable (fun x => c * f x).
Proof.
  intros c f [B HB]. exists (Rabs c * B). intros n.
  rewrite (geo_ext (fun x => Rabs (c * f x)) (fun x => Rabs c * Rabs (f x))) by (intros; apply Rabs_mult).
  rewrite (geo_scale (Rabs c) (fun x => Rabs (f x))). apply Rmult_le_compat_l; [apply Rabs_pos | apply HB].
Qed.
Lemma summable_one : summable (fun _ => 1).
Proof.
  exists 1. intros n. rewrite (geo_ext (fun _ => Rabs 1) (fun _ => 1)) by (intros; apply Rabs_R1). rewrite geo_one.
  assert (0 < (1 / 2) ^ S n) by (apply pow_lt; lra). lra.
Qed.
Lemma summable_limit : forall f, summable f -> {l : R | Un_cv (geo f) l}.
Proof.
  intros f H. apply (cv_cauchy_2 (fun j => (1 / 2) ^ S j * f (INR j))). apply cauchy_abs.
  apply cv_cauchy_1. apply growing_cv.
  { intros n. rewrite tech5. pose proof (Rabs_pos ((1 / 2) ^ S (S n) * f (INR (S n)))). lra. }
  destruct H as [B H]. exists B. intros x [n E]. subst. apply Rle_trans with (2 := H n). right. apply sum_eq.
  intros. rewrite Rabs_mult. f_equal. apply Rabs_pos_eq, pow_le. lra.
Qed.
Definition geometric_mean (f : R -> R) : R :=
  match ClassicalDedekindReals.sig_not_dec (summable f) with
  | left H => proj1_sig (summable_limit f (Classical_Prop.NNPP _ H))
  | right _ => 0
  end.
Lemma geometric_mean_limit : forall f l, summable f -> Un_cv (geo f) l -> geometric_mean f = l.
Proof.
  intros f l H C. unfold geometric_mean. destruct (ClassicalDedekindReals.sig_not_dec (summable f)) as [N|N]; [|contradiction].
  destruct (summable_limit f (Classical_Prop.NNPP _ N)) as [m M]. simpl. exact (UL_sequence _ _ _ M C).
Qed.
Lemma geometric_mean_none : forall f, ~ summable f -> geometric_mean f = 0.
Proof.
  intros f H. unfold geometric_mean. destruct (ClassicalDedekindReals.sig_not_dec (summable f)) as [N|N]; [contradiction | reflexivity].
Qed.
Lemma limit_ext : forall (u v : nat -> R) l, (forall n, u n = v n) -> Un_cv u l -> Un_cv v l.
Proof. intros u v l E H e P. destruct (H e P) as [N A]. exists N. intros n L. rewrite <- E. apply A. exact L. Qed.
Lemma summable_ext : forall f g, (forall x, in_naturals x -> f x = g x) -> summable f -> summable g.
Proof.
  intros f g H [B A]. exists B. intros n.
  rewrite <- (geo_ext (fun x => Rabs (f x)) (fun x => Rabs (g x))); [apply A | intros; rewrite H; [reflexivity | apply naturals_INR]].
Qed.
Lemma geometric_ext : forall f g, (forall x, in_naturals x -> f x = g x) -> geometric_mean f = geometric_mean g.
Proof.
  intros f g H. destruct (Classical_Prop.classic (summable f)) as [S|S].
  { destruct (summable_limit f S) as [l L]. rewrite (geometric_mean_limit f l S L). symmetry. apply geometric_mean_limit.
    { exact (summable_ext f g H S). } apply (limit_ext (geo f)); [|exact L]. apply geo_ext. intros. apply H, naturals_INR. }
  rewrite !geometric_mean_none; [reflexivity | intro A; apply S; apply (summable_ext g f); [intros; symmetry; auto | exact A] | exact S].
Qed.
Lemma geometric_plus : forall f g, summable f -> summable g -> geometric_mean (fun x => f x + g x) = geometric_mean f + geometric_mean g.
Proof.
  intros f g F G. destruct (summable_limit f F) as [l L]. destruct (summable_limit g G) as [m M].
  rewrite (geometric_mean_limit f l F L), (geometric_mean_limit g m G M). apply geometric_mean_limit; [apply summable_plus; assumption|].
  apply (limit_ext (fun n => geo f n + geo g n)); [intros; symmetry; apply geo_plus | apply CV_plus; assumption].
Qed.
Lemma geometric_scale_finite : forall c f, summable f -> geometric_mean (fun x => c * f x) = c * geometric_mean f.
Proof.
  intros c f F. destruct (summable_limit f F) as [l L]. rewrite (geometric_mean_limit f l F L).
  apply geometric_mean_limit; [apply summable_scale; assumption|].
  apply (limit_ext (fun n => c * geo f n)); [intros; symmetry; apply geo_scale|].
  apply (CV_mult (fun _ => c)); [|exact L]. intros e P. exists O. intros. unfold R_dist. rewrite Rminus_diag_eq, Rabs_R0 by reflexivity. lra.
Qed.
Lemma geometric_scale : forall c f, geometric_mean (fun x => c * f x) = c * geometric_mean f.
Proof.
  intros c f. destruct (Classical_Prop.classic (summable f)) as [S|S]; [apply geometric_scale_finite; exact S|].
  destruct (Req_dec c 0) as [Z|N].
  { subst. rewrite (geometric_ext _ (fun x => 0 * 1)) by (intros; ring). rewrite (geometric_scale_finite 0 (fun _ => 1) summable_one). ring. }
  rewrite !geometric_mean_none; [ring | exact S |]. intros A. apply S. apply (summable_ext (fun x => / c * (c * f x))).
  { intros. field. exact N. } apply summable_scale. exact A.
Qed.
Lemma summable_zero : summable (fun _ => 0).
Proof. apply (summable_ext (fun _ => 0 * 1)); [intros; ring | apply summable_scale, summable_one]. Qed.
Definition geometric_instance : expectation R.
Proof.
  refine {| mean_of := geometric_mean; finite := summable; inside := in_naturals |}.
  { exact geometric_ext. }
  { exact summable_ext. }
  { exact geometric_plus. }
  { exact geometric_scale. }
  { exact summable_plus. }
  { exact summable_scale. }
  { rewrite (geometric_ext _ (fun x => 0 * 1)) by (intros; ring). rewrite (geometric_scale 0 (fun _ => 1)). ring. }
  { exact summable_zero. }
  { exact summable_one. }
  { intros f g H. apply summable_dominated. intros. apply H, naturals_INR. }
Defined.
Lemma geometric_total : mean_of geometric_instance (fun _ => 1) = 1.
Proof.
  apply geometric_mean_limit; [exact summable_one|]. apply (limit_ext (fun n => 1 - (1 / 2) ^ S n)); [intros; symmetry; apply geo_one|].
  replace 1 with (1 - 0) at 1 by ring. apply CV_minus. { intros e P. exists O. intros. unfold R_dist. rewrite Rminus_diag_eq, Rabs_R0 by reflexivity. lra. }
  intros e P. destruct (pow_lt_1_zero (1 / 2)) with (y := e) as [N A]; [rewrite Rabs_pos_eq; lra | exact P |].
  exists N. intros n L. unfold R_dist. rewrite Rminus_0_r. apply A. lia.
Qed.
Lemma geometric_infinite : ~ finite geometric_instance (fun x => rpow 2 (x + 1)).
Proof.
  intros [B H]. assert (E : forall n, geo (fun x => Rabs (rpow 2 (x + 1))) n = INR (S n)).
  { assert (T : forall j, (1 / 2) ^ S j * Rabs (rpow 2 (INR j + 1)) = 1).
    { intros. rewrite <- S_INR, rpow_nat, Rabs_pos_eq by (apply pow_le; lra). rewrite <- Rpow_mult_distr.
      replace (1 / 2 * 2) with 1 by field. apply pow1. }
    induction n; unfold geo in *. { exact (T O). }
    rewrite tech5, IHn, (S_INR (S n)). f_equal. exact (T (S n)). }
  destruct (archimed (Rabs B)) as [A _]. pose proof (Rle_abs B). pose proof (Rabs_pos B).
  specialize (H (Z.to_nat (up (Rabs B)))). rewrite E, S_INR, INR_IZR_INZ, Z2Nat.id in H; [lra | apply le_IZR; lra].
Qed.
Lemma bernoulli_not_trivial : mean_of (E_bernoulli (1 / 3)) (fun x => x) = 1 / 3 /\ mean_of (E_bernoulli (1 / 3)) (fun _ => 1) = 1.
Proof. cbn [mean_of E_bernoulli]. split; lra. Qed.
