(* ------------------------------------------------------------------ *)
(* Expectations under finite distributions are sums.                   *)

Definition E_categorical (K : R) (p : R -> R) : expectation R.
Proof.
  refine {| mean_of := fun f => isum 1 K (fun k => p k * f k); finite := fun _ => True; inside := in_categories K |}.
  { intros. apply isum_ext. intros. rewrite H; auto. }
  { auto. }
  { intros. rewrite <- isum_plus. apply isum_ext. intros. ring. }
  { intros. rewrite <- isum_scal. apply isum_ext. intros. ring. }
  { auto. }
  { auto. }
  { rewrite (isum_ext _ _ _ (fun k => 0 * p k)) by (intros; ring). rewrite isum_scal. ring. }
  { auto. }
  { auto. }
  { auto. }
Defined.
Definition E_bernoulli (p : R) : expectation R.
Proof.
  refine {| mean_of := fun f => p * f 1 + (1 - p) * f 0; finite := fun _ => True; inside := in_set [0; 1] |}.
  { intros. rewrite (H 0), (H 1); unfold in_set; simpl; auto. }
  { auto. }
  { intros. ring. }
  { intros. ring. }
  { auto. }
  { auto. }
  { ring. }
  { auto. }
  { auto. }
  { auto. }
Defined.
Definition E_weighted (m n : R) (w : R -> R) : expectation R.
Proof.
  refine {| mean_of := fun f => isum m n (fun k => w k * f k); finite := fun _ => True; inside := between m n |}.
  { intros. apply isum_ext. intros. rewrite H; auto. }
  { auto. }
  { intros. rewrite <- isum_plus. apply isum_ext. intros. ring. }
  { intros. rewrite <- isum_scal. apply isum_ext. intros. ring. }
  { auto. }
  { auto. }
  { apply isum_zero. intros. ring. }
  { auto. }
  { auto. }
  { auto. }
Defined.
Definition E_binomial (n p : R) : expectation R := E_weighted 0 n (binomial_weight n p).
Definition E_bernoulli_logit (alpha : R) : expectation R := E_bernoulli (sigmoid alpha).
Definition E_categorical_logit (K : R) (z : R -> R) : expectation R := E_categorical K (softmax K z).
Lemma nmean_plus : forall n f g, nmean n (fun i => f i + g i) = nmean n f + nmean n g.
Proof. intros. unfold nmean. rewrite nsum_plus. unfold Rdiv. ring. Qed.
Lemma nmean_scal : forall n c f, nmean n (fun i => c * f i) = c * nmean n f.
Proof. intros. unfold nmean. rewrite nsum_scal. unfold Rdiv. ring. Qed.
Lemma nmean_opp : forall n f, nmean n (fun i => - f i) = - nmean n f.
Proof. intros. unfold nmean. rewrite nsum_opp. unfold Rdiv. ring. Qed.
Lemma mean_opp : forall V (E : expectation V) f, mean_of E (fun x => - f x) = - mean_of E f.
Proof.
  intros. rewrite (mean_ext E _ (fun x => (-1) * f x)) by (intros; ring). rewrite mean_scale. ring.
Qed.
Lemma finite_opp : forall V (E : expectation V) f, finite E f -> finite E (fun x => - f x).
Proof. intros. apply (finite_ext E (fun x => (-1) * f x)). { intros; ring. } apply finite_scale. assumption. Qed.

(* ------------------------------------------------------------------ *)
(* What the steps of a proof use.                                      *)

Section Steps.
Context {W : Type}.
Variable feasible : W -> Prop.
Implicit Types f g h : W -> R.
Lemma affine_of_eqv : forall f g, (forall w, feasible w -> f w = g w) -> affine feasible 1 0 f g.
Proof. intros f g E. split; [lra|]. intros. rewrite E by assumption. ring. Qed.
Lemma affine_trans : forall c d c' d' f g h,
  affine feasible c d f g -> affine feasible c' d' g h -> affine feasible (c * c') (c * d' + d) f h.
Proof.
  intros c d c' d' f g h [P E] [P' E']. split; [apply Rmult_lt_0_compat; assumption|].
  intros. rewrite E, E' by assumption. ring.
Qed.
Lemma log_increasing_finite : forall f, (forall w, feasible w -> 0 < f w) ->
  same feasible (fun w => - f w) (fun w => - ln (f w)).
Proof.
  intros f H a b Ha Hb. split; intros L.
  { apply Ropp_le_contravar. apply Ropp_le_cancel in L. destruct L as [L|L]; [left; apply ln_increasing; auto | rewrite L; lra]. }
  { apply Ropp_le_contravar. apply Ropp_le_cancel in L. apply Rnot_lt_le. intros C. apply ln_increasing in C; auto. lra. }
Qed.
End Steps.
Lemma likelihood_order_finite : forall W (feasible : W -> Prop) n (f : W -> nat -> R),
  (forall w, feasible w -> 0 < nprod n (f w)) ->
  same feasible (fun w => - nprod n (f w)) (fun w => - ln (nprod n (f w))).
Proof. intros. apply (log_increasing_finite feasible (fun w => nprod n (f w))). assumption. Qed.
Lemma log_samples_finite : forall n f, (forall i, (i < n)%nat -> 0 < f i) -> ln (nprod n f) = nsum n (fun i => ln (f i)).
Proof. exact ln_nprod. Qed.
Lemma ln_lprod : forall l, lall (fun a => 0 < a) l -> ln (lprod l) = lsum (map ln l).
Proof.
  induction l as [|a l IH]; intros H; [apply ln_1|]. destruct H as [Ha H].
  simpl map. rewrite lprod_cons, lsum_cons, ln_mult, IH; auto using lprod_pos.
Qed.

(* ------------------------------------------------------------------ *)
(* The same for objectives that may be infinite.                       *)

Lemma xln_pos : forall a, 0 < a -> xln a = Fin (ln a).
Proof. intros. unfold xln. destruct (Rlt_dec 0 a); [reflexivity|contradiction]. Qed.
Lemma xln_zero : xln 0 = MInf.
Proof. unfold xln. destruct (Rlt_dec 0 0); [lra|reflexivity]. Qed.
Lemma xln_not_pinf : forall a, xln a <> PInf.
Proof. intros. unfold xln. destruct (Rlt_dec 0 a); discriminate. Qed.
Lemma xneg_xneg : forall a, xneg (xneg a) = a.
Proof. intros [x| |]; simpl; [rewrite Ropp_involutive|idtac|idtac]; reflexivity. Qed.
Lemma xneg_cases : forall c a b, xneg (cases c a b) = cases c (xneg a) (xneg b).
Proof. intros [|]; reflexivity. Qed.
Lemma xadd_comm : forall a b, xadd a b = xadd b a.
Proof. intros [x| |] [y| |]; simpl; try reflexivity. rewrite Rplus_comm. reflexivity. Qed.
Lemma xneg_xadd : forall a b, a <> PInf -> b <> PInf -> xneg (xadd a b) = xadd (xneg a) (xneg b).
Proof. intros [x| |] [y| |] A B; simpl; try reflexivity; try congruence. rewrite Ropp_plus_distr. reflexivity. Qed.
Lemma xadd_not_pinf : forall a b, a <> PInf -> b <> PInf -> xadd a b <> PInf.
Proof. intros [x| |] [y| |] A B; simpl; congruence. Qed.
Lemma xscale_xadd : forall c a b, xscale c (xadd a b) = xadd (xscale c a) (xscale c b).
Proof. intros c [x| |] [y| |]; simpl; try reflexivity. rewrite Rmult_plus_distr_l. reflexivity. Qed.
Lemma xscale_xscale : forall c d a, xscale c (xscale d a) = xscale (c * d) a.
Proof. intros c d [x| |]; simpl; try reflexivity. rewrite Rmult_assoc. reflexivity. Qed.
Lemma xscale_one : forall a, xscale 1 a = a.
Proof. intros [x| |]; simpl; try reflexivity. rewrite Rmult_1_l. reflexivity. Qed.
Lemma xsum_ext : forall n f g, (forall i, (i < n)%nat -> f i = g i) -> xsum n f = xsum n g.
Proof. induction n; simpl; intros f g H; [reflexivity|]. rewrite (IHn f g), (H n); auto. Qed.
Lemma xmean_ext : forall n f g, (forall i, (i < n)%nat -> f i = g i) -> xmean n f = xmean n g.
Proof. intros. unfold xmean. rewrite (xsum_ext n f g); auto. Qed.
Lemma xsum_fin : forall n f, xsum n (fun i => Fin (f i)) = Fin (nsum n f).
Proof. induction n; simpl; intros; [reflexivity|]. rewrite IHn. reflexivity. Qed.
Lemma xsum_not_pinf : forall n f, (forall i, (i < n)%nat -> f i <> PInf) -> xsum n f <> PInf.
Proof. induction n; simpl; intros f H; [discriminate|]. apply xadd_not_pinf; auto. Qed.
Lemma xneg_xsum : forall n f, (forall i, (i < n)%nat -> f i <> PInf) -> xneg (xsum n f) = xsum n (fun i => xneg (f i)).
Proof.
  induction n; simpl; intros f H; [rewrite Ropp_0; reflexivity|].
  rewrite xneg_xadd; auto using xsum_not_pinf. rewrite IHn; auto.
Qed.
Lemma xsum_xadd : forall n f g, xsum n (fun i => xadd (f i) (g i)) = xadd (xsum n f) (xsum n g).
Proof.
  induction n; simpl; intros; [rewrite Rplus_0_l; reflexivity|]. rewrite IHn, !xadd_assoc. f_equal.
  rewrite <- !xadd_assoc. f_equal. apply xadd_comm.
Qed.
Lemma xsum_xscale : forall n c f, xsum n (fun i => xscale c (f i)) = xscale c (xsum n f).
Proof. induction n; simpl; intros; [rewrite Rmult_0_r; reflexivity|]. rewrite IHn, xscale_xadd. reflexivity. Qed.
Lemma xsum_const : forall n a, (0 < n)%nat -> xsum n (fun _ => a) = xscale (INR n) a.
Proof.
  assert (S : forall n a, xsum (S n) (fun _ => a) = xscale (INR (S n)) a).
  { induction n; intros a. { destruct a as [x| |]; simpl; try reflexivity. f_equal. ring. }
    change (xsum (S (S n)) (fun _ => a)) with (xadd (xsum (S n) (fun _ => a)) a). rewrite IHn, (S_INR (S n)).
    destruct a as [x| |]; simpl; try reflexivity. f_equal. ring. }
  intros [|n] a H; [lia|]. apply S.
Qed.
Lemma xsum_mean : forall n f, (0 < n)%nat -> xsum n f = xscale (INR n) (xmean n f).
Proof.
  intros n f H. unfold xmean. rewrite xscale_xscale, Rinv_r, xscale_one; [reflexivity|]. apply not_0_INR. lia.
Qed.

Definition xaffine {W : Type} (D : W -> Prop) (c d : R) (f g : W -> ext) : Prop :=
  0 < c /\ forall w, D w -> f w = xadd (xscale c (g w)) (Fin d).
Definition xanti {W : Type} (D : W -> Prop) (f : W -> R) (g : W -> ext) : Prop :=
  forall a b, D a -> D b -> (f a <= f b <-> xle (g b) (g a)).
Definition xargmin {W : Type} (D : W -> Prop) (f : W -> ext) (w : W) : Prop := D w /\ forall v, D v -> xle (f w) (f v).
Section ExtendedSteps.
Context {W : Type}.
Variable feasible : W -> Prop.
Implicit Types f g h : W -> ext.
Lemma xaffine_refl : forall f, xaffine feasible 1 0 f f.
Proof. split; [lra|]. intros. rewrite xscale_one, xadd_comm, xadd_zero. reflexivity. Qed.
Lemma xaffine_of_eqv : forall f g, (forall w, feasible w -> f w = g w) -> xaffine feasible 1 0 f g.
Proof. intros f g E. split; [lra|]. intros. rewrite xscale_one, xadd_comm, xadd_zero. auto. Qed.
Lemma xaffine_trans : forall c d c' d' f g h,
  xaffine feasible c d f g -> xaffine feasible c' d' g h -> xaffine feasible (c * c') (c * d' + d) f h.
Proof.
  intros c d c' d' f g h [P E] [P' E']. split; [apply Rmult_lt_0_compat; assumption|].
  intros. rewrite E, E', xscale_xadd, xscale_xscale, xadd_assoc by assumption. reflexivity.
Qed.
Lemma xaffine_restate : forall c d c' d' f g, xaffine feasible c d f g -> c' = c -> d' = d -> xaffine feasible c' d' f g.
Proof. intros. subst. assumption. Qed.
Lemma xaffine_drop : forall f h d, (forall w, feasible w -> h w = Fin d) -> xaffine feasible 1 d (fun w => xadd (f w) (h w)) f.
Proof. split; [lra|]. intros. rewrite xscale_one, H by assumption. reflexivity. Qed.
Lemma xaffine_pull : forall c f, 0 < c -> xaffine feasible c 0 (fun w => xscale c (f w)) f.
Proof. split; [assumption|]. intros. rewrite xadd_comm, xadd_zero. reflexivity. Qed.
Lemma xaffine_same : forall c d f g, xaffine feasible c d f g -> xsame feasible f g.
Proof.
  intros c d f g [P E] a b Ha Hb. rewrite (E a Ha), (E b Hb).
  destruct (g a) as [x| |], (g b) as [y| |]; simpl; try tauto.
  split; intros L; [apply (Rmult_le_reg_l c); lra | assert (c * x <= c * y) by (apply Rmult_le_compat_l; lra); lra].
Qed.
Lemma xsame_refl : forall f, xsame feasible f f.
Proof. unfold xsame. tauto. Qed.
Lemma xsame_trans : forall f g h, xsame feasible f g -> xsame feasible g h -> xsame feasible f h.
Proof. intros f g h A B a b Ha Hb. rewrite (A a b Ha Hb). apply B; assumption. Qed.
Lemma xsame_eqv : forall f g, (forall w, feasible w -> f w = g w) -> xsame feasible f g.
Proof. intros f g E a b Ha Hb. rewrite (E a Ha), (E b Hb). tauto. Qed.
Lemma xlog_increasing : forall (f : W -> R), (forall w, feasible w -> 0 <= f w) ->
  xsame feasible (fun w => Fin (- f w)) (fun w => xneg (xln (f w))).
Proof.
  intros f H a b Ha Hb. pose proof (H a Ha) as A. pose proof (H b Hb) as B.
  destruct A as [A|A], B as [B|B].
  { rewrite !xln_pos by assumption. simpl. split; intros L.
    { apply Ropp_le_contravar. apply Ropp_le_cancel in L. destruct L as [L|L]; [left; apply ln_increasing; auto | rewrite L; lra]. }
    { apply Ropp_le_contravar. apply Ropp_le_cancel in L. apply Rnot_lt_le. intros C. apply ln_increasing in C; auto. lra. } }
  { rewrite <- B, xln_zero, xln_pos by assumption. simpl. split; intros; [exact I|lra]. }
  { rewrite <- A, xln_zero, xln_pos by assumption. simpl. split; intros; [lra|contradiction]. }
  { rewrite <- A, <- B, xln_zero. simpl. split; intros; [exact I|lra]. }
Qed.
Lemma xsame_sym : forall f g, xsame feasible f g -> xsame feasible g f.
Proof. intros f g A a b Ha Hb. symmetry. apply A; assumption. Qed.
Lemma xsame_anti : forall (f : W -> R) g, xsame feasible (fun w => Fin (- f w)) g -> xanti feasible f g.
Proof. intros f g H a b Ha Hb. rewrite <- (H b a Hb Ha). simpl. split; intros; lra. Qed.
Lemma xanti_argmax : forall (f : W -> R) g, xanti feasible f g -> forall w, argmax feasible f w <-> xargmin feasible g w.
Proof.
  intros f g H w. split; intros [Hw M]; (split; [assumption|]); intros v Hv; specialize (M v Hv);
  [apply (H v w Hv Hw) | apply (H v w Hv Hw)]; assumption.
Qed.
End ExtendedSteps.

(* Terms that are finite as Fin of a number; logarithms of what is positive by the facts in sight. *)
Ltac lp_fin := repeat (rewrite xln_pos by first [ assumption | lp_pos ]); cbn [xadd xneg xscale].
Lemma xsum_to_fin : forall n f g, (forall i, (i < n)%nat -> f i = Fin (g i)) -> xsum n f = Fin (nsum n g).
Proof. intros n f g H. rewrite (xsum_ext n f (fun i => Fin (g i))) by assumption. apply xsum_fin. Qed.
Lemma xadd_to_fin : forall a b x y, a = Fin x -> b = Fin y -> xadd a b = Fin (x + y).
Proof. intros. subst. reflexivity. Qed.
Lemma xneg_to_fin : forall a x, a = Fin x -> xneg a = Fin (- x).
Proof. intros. subst. reflexivity. Qed.
Lemma xscale_to_fin : forall c a x, a = Fin x -> xscale c a = Fin (c * x).
Proof. intros. subst. reflexivity. Qed.
(* What is supposed of all samples, of this one. *)
Ltac lp_instances i Hi :=
  repeat match goal with
  | H : forall j, (j < ?n)%nat -> _ |- _ =>
      let T := type of (H i Hi) in
      lazymatch goal with _ : T |- _ => fail | _ => pose proof (H i Hi) end
  end.
Ltac lp_to_fin :=
  first
    [ reflexivity
    | apply xsum_to_fin; let i := fresh "i" in let Hi := fresh "Hi" in intros i Hi; lp_instances i Hi; lp_to_fin
    | apply xln_pos; lp_pos
    | apply xadd_to_fin; lp_to_fin | apply xneg_to_fin; lp_to_fin | apply xscale_to_fin; lp_to_fin ].
Ltac lp_lift H := lp_fin; first [ lp_exact H | apply (f_equal Fin); lp_exact H ].
Ltac lp_ext_algebra :=
  lp_fin;
  first [ reflexivity | apply (f_equal Fin); lp_algebra
        | repeat match goal with
          | |- context [xln ?a] => destruct (xln a); cbn [xadd xneg xscale]
          | |- context [xmean ?n ?f] => destruct (xmean n f); cbn [xadd xneg xscale]
          | |- context [xsum ?n ?f] => destruct (xsum n f); cbn [xadd xneg xscale]
          | |- context [cases ?c _ _] => destruct c; cbn [cases xadd xneg xscale]
          end;
          first [ reflexivity | apply (f_equal Fin); lp_algebra ]
        | repeat match goal with |- context [cases ?c _ _] => destruct c; cbn [cases xadd xneg xscale] end; lp_fin;
          first [ reflexivity | apply (f_equal Fin); lp_algebra ] ].
Ltac lp_not_pinf := intros; first [ apply xln_not_pinf | discriminate ].
(* The branches of every condition in the goal. *)
Ltac lp_decide :=
  cbn [xltb xleb cdf_ext cdf_below_ext]; unfold cdf_below_ext, cases, ltb, leb, eqb, integerb; cbn [cdf_ext];
  repeat match goal with
  | |- context [Rlt_dec ?a ?b] => destruct (Rlt_dec a b)
  | |- context [Rle_dec ?a ?b] => destruct (Rle_dec a b)
  | |- context [Req_EM_T ?a ?b] => destruct (Req_EM_T a b)
  end; cbn [andb orb negb].
(* A density off its support, where what is known of the support stands in sight. *)
Ltac lp_support := lp_decide; first [ reflexivity | exfalso; lra | lp_algebra ].

(* A closed statement about rational numbers, or that one is a natural number or an integer. *)
Ltac lp_number :=
  match goal with
  | |- in_naturals ?x => first [ exists 0%nat; simpl; lra | exists 1%nat; simpl; lra | exists 2%nat; simpl; lra | exists 3%nat; simpl; lra
      | match x with IZR ?z => let n := eval compute in (Z.to_nat z) in exists n; rewrite INR_IZR_INZ; reflexivity end ]
  | |- in_integers ?x => first
      [ match x with IZR ?z => exists z; reflexivity | - IZR ?z => exists (- z)%Z; rewrite opp_IZR; reflexivity end
      | match x with
        | IZR ?a - IZR ?b => exists (a - b)%Z; rewrite minus_IZR; reflexivity
        | IZR ?a + IZR ?b => exists (a + b)%Z; rewrite plus_IZR; reflexivity
        | IZR ?a * IZR ?b => exists (a * b)%Z; rewrite mult_IZR; reflexivity
        end ]
  | |- in_set _ _ => unfold in_set; simpl; lra
  | |- between _ _ _ => lp_range
  | _ => unfold in_positive, in_nonnegative, in_unit, in_unit_closed; lra
  end
with lp_range :=
  first
    [ assumption
    | discriminate
    | match goal with
      | H : between ?m ?n _ |- 0 <= ?n - ?m => exact (between_nonempty _ _ _ H)
      | H : in_categories ?n _ |- 0 <= ?n - 1 => exact (between_nonempty _ _ _ H)
      | H : in_categories ?n ?k |- between 1 ?n ?k => exact H
      | |- between _ _ _ => first [ exists 0%nat; split; simpl; lra | exists 1%nat; split; simpl; lra | exists 2%nat; split; simpl; lra ]
      end
    | lra ].

(* The same statement about a term that is equal by algebra. *)
Ltac lp_same H :=
  match goal with
  | |- 0 < ?t => match type of H with 0 < ?s => replace t with s by lp_algebra; exact H end
  | |- 0 <= ?t => match type of H with 0 <= ?s => replace t with s by lp_algebra; exact H end
  | |- ?t = 0 => match type of H with ?s = 0 => replace t with s by lp_algebra; exact H end
  | |- ?t <> 0 => match type of H with ?s <> 0 => replace t with s by lp_algebra; exact H end
  | |- ?P ?t => match type of H with ?P ?s => replace t with s by lp_algebra; exact H end
  | |- ?P ?K ?t => match type of H with ?P ?K ?s => replace t with s by lp_algebra; exact H end
  end.

(* Two vectors are equal if each of their components is. *)
Ltac lp_vector H :=
  apply functional_extensionality; let x := fresh "x" in intro x;
  first [ lp_exact (H x) | apply functional_extensionality; let y := fresh "y" in intro y; lp_exact (H x y) ].

(* A mean over the samples of a sum, a difference, a multiple. *)
Ltac lp_of_data :=
  first
    [ reflexivity
    | repeat rewrite nmean_plus; reflexivity
    | rewrite nmean_opp; reflexivity
    | rewrite nmean_scal; reflexivity
    | rewrite <- nmean_scal; apply nmean_ext; intros; lp_algebra
    | lp_algebra ].

(* That a density, or a product of densities, is positive. *)
Ltac lp_density := lp_decide; first [ lp_pos | exfalso; lra | lra ].

(* That a term has a value, where what is supposed of all samples is in sight. *)
Ltac lp_value := first [ assumption | lp_defined | intros; repeat match goal with Hi : (?i < _)%nat |- _ => progress (lp_instances i Hi) end; lp_defined ].
