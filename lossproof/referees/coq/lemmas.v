Require Import Classical_Prop FunctionalExtensionality.
(* ------------------------------------------------------------------ *)
(* Sums, products and lists.                                           *)

Lemma nsum_ext : forall n f g, (forall i, (i < n)%nat -> f i = g i) -> nsum n f = nsum n g.
Proof. induction n; simpl; intros f g H; [reflexivity|]. rewrite (IHn f g), (H n); auto. Qed.
Lemma nprod_ext : forall n f g, (forall i, (i < n)%nat -> f i = g i) -> nprod n f = nprod n g.
Proof. induction n; simpl; intros f g H; [reflexivity|]. rewrite (IHn f g), (H n); auto. Qed.
Lemma nmean_ext : forall n f g, (forall i, (i < n)%nat -> f i = g i) -> nmean n f = nmean n g.
Proof. intros. unfold nmean. rewrite (nsum_ext n f g); auto. Qed.
Lemma nsum_plus : forall n f g, nsum n (fun i => f i + g i) = nsum n f + nsum n g.
Proof. induction n; simpl; intros; [ring|]. rewrite IHn. ring. Qed.
Lemma nsum_opp : forall n f, nsum n (fun i => - f i) = - nsum n f.
Proof. induction n; simpl; intros; [ring|]. rewrite IHn. ring. Qed.
Lemma nsum_scal : forall n c f, nsum n (fun i => c * f i) = c * nsum n f.
Proof. induction n; simpl; intros; [ring|]. rewrite IHn. ring. Qed.
Lemma nsum_const : forall n c, nsum n (fun _ => c) = INR n * c.
Proof. induction n; intros; [simpl; ring|]. rewrite S_INR. simpl. rewrite IHn. ring. Qed.
Lemma nsum_zero : forall n, nsum n (fun _ => 0) = 0.
Proof. intros. rewrite nsum_const. ring. Qed.
Lemma nsum_swap : forall n m f, nsum n (fun i => nsum m (fun j => f i j)) = nsum m (fun j => nsum n (fun i => f i j)).
Proof. induction n; simpl; intros; [rewrite nsum_zero; ring|]. rewrite IHn. rewrite <- nsum_plus. reflexivity. Qed.
Lemma nsum_nonneg : forall n f, (forall i, (i < n)%nat -> 0 <= f i) -> 0 <= nsum n f.
Proof. induction n; simpl; intros f H; [lra|]. assert (0 <= nsum n f) by (apply IHn; auto). assert (0 <= f n) by auto. lra. Qed.
Lemma nsum_pos : forall n f, (0 < n)%nat -> (forall i, (i < n)%nat -> 0 < f i) -> 0 < nsum n f.
Proof.
  intros n f Hn H. destruct n; [lia|]. simpl.
  assert (0 <= nsum n f) by (apply nsum_nonneg; intros; apply Rlt_le; auto).
  assert (0 < f n) by auto. lra.
Qed.
Lemma nsum_le : forall n f g, (forall i, (i < n)%nat -> f i <= g i) -> nsum n f <= nsum n g.
Proof.
  induction n; simpl; intros f g H; [lra|].
  assert (nsum n f <= nsum n g) by auto. assert (f n <= g n) by auto. lra.
Qed.
Lemma nprod_pos : forall n f, (forall i, (i < n)%nat -> 0 < f i) -> 0 < nprod n f.
Proof. induction n; simpl; intros f H; [lra|]. apply Rmult_lt_0_compat; auto. Qed.
Lemma nprod_nonneg : forall n f, (forall i, (i < n)%nat -> 0 <= f i) -> 0 <= nprod n f.
Proof. induction n; simpl; intros f H; [lra|]. apply Rmult_le_pos; auto. Qed.
Lemma ln_nprod : forall n f, (forall i, (i < n)%nat -> 0 < f i) -> ln (nprod n f) = nsum n (fun i => ln (f i)).
Proof. induction n; simpl; intros f H; [apply ln_1|]. rewrite ln_mult; auto using nprod_pos. rewrite IHn; auto. Qed.
Lemma nprod_exp : forall n f, nprod n (fun i => exp (f i)) = exp (nsum n f).
Proof. induction n; simpl; intros; [rewrite exp_0; reflexivity|]. rewrite IHn, exp_plus. reflexivity. Qed.
Lemma nsum_fold : forall n l (f : nat -> R) (F : list (nat -> R)),
  l = F -> nsum n (fun i => fold_left Rplus (map (fun g => g i) F) (f i)) = fold_left Rplus (map (fun g => nsum n g) F) (nsum n f).
Proof.
  intros n l f F _. revert f. induction F; simpl; intros; [reflexivity|].
  rewrite <- nsum_plus. apply (IHF (fun i => f i + a i)).
Qed.
Lemma nsum_lsum : forall n (F : list (nat -> R)), nsum n (fun i => lsum (map (fun g => g i) F)) = lsum (map (fun g => nsum n g) F).
Proof. intros n [|f F]; simpl; [apply nsum_zero | apply (nsum_fold n F f F eq_refl)]. Qed.

Lemma count_between : forall m n j, (j < count m n)%nat -> between m n (m + INR j).
Proof.
  intros m n j H. exists j. split; [reflexivity|]. unfold count in H.
  destruct (archimed (n - m)) as [A B].
  assert (Z.of_nat j + 1 <= up (n - m))%Z by lia.
  apply IZR_le in H0. rewrite plus_IZR, <- INR_IZR_INZ in H0. lra.
Qed.
Lemma between_count : forall m n j, m + INR j <= n -> (j < count m n)%nat.
Proof.
  intros m n j H. unfold count. destruct (archimed (n - m)) as [A B].
  rewrite INR_IZR_INZ in H.
  assert (IZR (Z.of_nat j) < IZR (up (n - m))) by lra. apply lt_IZR in H0. lia.
Qed.
Lemma isum_ext : forall m n f g, (forall k, between m n k -> f k = g k) -> isum m n f = isum m n g.
Proof. intros. unfold isum. apply nsum_ext. intros. apply H. apply count_between. assumption. Qed.
Lemma iprod_ext : forall m n f g, (forall k, between m n k -> f k = g k) -> iprod m n f = iprod m n g.
Proof. intros. unfold iprod. apply nprod_ext. intros. apply H. apply count_between. assumption. Qed.
Lemma isum_plus : forall m n f g, isum m n (fun k => f k + g k) = isum m n f + isum m n g.
Proof. intros. unfold isum. apply nsum_plus. Qed.
Lemma isum_opp : forall m n f, isum m n (fun k => - f k) = - isum m n f.
Proof. intros. unfold isum. apply nsum_opp. Qed.
Lemma isum_scal : forall m n c f, isum m n (fun k => c * f k) = c * isum m n f.
Proof. intros. unfold isum. apply nsum_scal. Qed.
Lemma isum_lsum : forall m n (F : list (R -> R)), isum m n (fun k => lsum (map (fun g => g k) F)) = lsum (map (fun g => isum m n g) F).
Proof.
  intros. unfold isum. rewrite <- (map_map (fun g j => g (m + INR j)) (fun h => nsum (count m n) h)).
  rewrite <- nsum_lsum. apply nsum_ext. intros. rewrite map_map. reflexivity.
Qed.
Lemma isum_nonneg : forall m n f, (forall k, between m n k -> 0 <= f k) -> 0 <= isum m n f.
Proof. intros. apply nsum_nonneg. intros. apply H. apply count_between. assumption. Qed.
Lemma isum_pos : forall m n f, 0 <= n - m -> (forall k, between m n k -> 0 < f k) -> 0 < isum m n f.
Proof.
  intros m n f Hn H. apply nsum_pos. { apply between_count. simpl. lra. }
  intros. apply H. apply count_between. assumption.
Qed.
Lemma iprod_pos : forall m n f, (forall k, between m n k -> 0 < f k) -> 0 < iprod m n f.
Proof. intros. apply nprod_pos. intros. apply H. apply count_between. assumption. Qed.
Lemma iprod_nonneg : forall m n f, (forall k, between m n k -> 0 <= f k) -> 0 <= iprod m n f.
Proof. intros. apply nprod_nonneg. intros. apply H. apply count_between. assumption. Qed.
Lemma ln_iprod : forall m n f, (forall k, between m n k -> 0 < f k) -> ln (iprod m n f) = isum m n (fun k => ln (f k)).
Proof. intros. unfold iprod, isum. apply ln_nprod. intros. apply H. apply count_between. assumption. Qed.
Lemma isum_nsum : forall m n N (f : nat -> R -> R), isum m n (fun k => nsum N (fun i => f i k)) = nsum N (fun i => isum m n (f i)).
Proof. intros. unfold isum. rewrite nsum_swap. reflexivity. Qed.
Lemma between_bounds : forall m n k, between m n k -> m <= k <= n.
Proof. intros m n k [j [E H]]. pose proof (pos_INR j). lra. Qed.
Lemma between_nonempty : forall m n k, between m n k -> 0 <= n - m.
Proof. intros m n k H. apply between_bounds in H. lra. Qed.
Lemma count_nat : forall N, count 1 (INR N) = N.
Proof.
  intros. unfold count. replace (INR N - 1) with (IZR (Z.of_nat N - 1)).
  2: { rewrite minus_IZR, <- INR_IZR_INZ. reflexivity. }
  rewrite <- (tech_up (IZR (Z.of_nat N - 1)) (Z.of_nat N)). { lia. }
  { apply IZR_lt. lia. } { rewrite <- plus_IZR. apply IZR_le. lia. }
Qed.
Lemma isum_nat : forall N f, isum 1 (INR N) f = nsum N (fun j => f (1 + INR j)).
Proof. intros. unfold isum. rewrite count_nat. reflexivity. Qed.
Lemma isum_const : forall K c, in_naturals K -> isum 1 K (fun _ => c) = K * c.
Proof. intros K c [N E]. subst. rewrite isum_nat. apply nsum_const. Qed.

Lemma fold_plus : forall l a, fold_left Rplus l a = a + fold_left Rplus l 0.
Proof. induction l; simpl; intros; [ring|]. rewrite IHl. rewrite (IHl (0 + a)). ring. Qed.
Lemma fold_mult : forall l a, fold_left Rmult l a = a * fold_left Rmult l 1.
Proof. induction l; simpl; intros; [ring|]. rewrite IHl. rewrite (IHl (1 * a)). ring. Qed.
Lemma lsum_cons : forall a l, lsum (a :: l) = a + lsum l.
Proof. intros a [|b l]; simpl; [ring|]. rewrite (fold_plus l (a + b)), (fold_plus l b). ring. Qed.
Lemma lprod_cons : forall a l, lprod (a :: l) = a * lprod l.
Proof. intros a [|b l]; simpl; [ring|]. rewrite (fold_mult l (a * b)), (fold_mult l b). ring. Qed.
Lemma lprod_pos : forall l, lall (fun a => 0 < a) l -> 0 < lprod l.
Proof. induction l; intros H; [simpl; lra|]. rewrite lprod_cons. destruct H. apply Rmult_lt_0_compat; auto. Qed.
Lemma lprod_nonneg : forall l, lall (fun a => 0 <= a) l -> 0 <= lprod l.
Proof. induction l; intros H; [simpl; lra|]. rewrite lprod_cons. destruct H. apply Rmult_le_pos; auto. Qed.
Lemma lsum_nonneg : forall l, lall (fun a => 0 <= a) l -> 0 <= lsum l.
Proof. induction l; intros H; [simpl; lra|]. rewrite lsum_cons. destruct H. apply Rplus_le_le_0_compat; auto. Qed.
Lemma lsum_pos : forall l, l <> [] -> lall (fun a => 0 < a) l -> 0 < lsum l.
Proof.
  intros [|a l] N H; [congruence|]. rewrite lsum_cons. destruct H as [Ha H].
  assert (0 <= lsum l). { clear Ha N. apply lsum_nonneg. induction l; simpl in *; auto. destruct H. split; [lra|auto]. }
  lra.
Qed.
Lemma lall_impl : forall {A} (P Q : A -> Prop) l, (forall a, P a -> Q a) -> lall P l -> lall Q l.
Proof. induction l; simpl; intuition. Qed.
Lemma lall_map : forall {A B} (P : B -> Prop) (f : A -> B) l, lall (fun a => P (f a)) l -> lall P (map f l).
Proof. induction l; simpl; intuition. Qed.

(* ------------------------------------------------------------------ *)
(* Functions.                                                          *)

Lemma exp_neq_0 : forall x, exp x <> 0.
Proof. intros. pose proof (exp_pos x). lra. Qed.
Lemma sigmoid_pos : forall z, 0 < sigmoid z.
Proof. intros. unfold sigmoid. pose proof (exp_pos (- z)). apply Rdiv_lt_0_compat; lra. Qed.
Lemma sigmoid_lt_1 : forall z, 0 < 1 - sigmoid z.
Proof.
  intros. unfold sigmoid. pose proof (exp_pos (- z)).
  replace (1 - 1 / (1 + exp (- z))) with (exp (- z) / (1 + exp (- z))) by (field; lra). apply Rdiv_lt_0_compat; lra.
Qed.
Lemma sigmoid_minus : forall z, sigmoid (- z) = 1 - sigmoid z.
Proof.
  intros. unfold sigmoid. rewrite Ropp_involutive, exp_Ropp. pose proof (exp_pos z). field. lra.
Qed.
Lemma sigmoid_exp : forall z, sigmoid z = exp z / (1 + exp z).
Proof. intros. unfold sigmoid. rewrite exp_Ropp. pose proof (exp_pos z). field. split; lra. Qed.
Lemma softplus_pos : forall z, 0 < softplus z.
Proof. intros. unfold softplus. rewrite <- ln_1. pose proof (exp_pos z). apply ln_increasing; lra. Qed.
Lemma softplus_minus : forall z, softplus (- z) = softplus z - z.
Proof.
  intros. unfold softplus. rewrite exp_Ropp. pose proof (exp_pos z).
  replace (1 + / exp z) with ((1 + exp z) * / exp z) by (field; lra).
  rewrite ln_mult; [|lra|apply Rinv_0_lt_compat; lra]. rewrite ln_Rinv by lra. rewrite ln_exp. ring.
Qed.
Lemma ln_div : forall a b, 0 < a -> 0 < b -> ln (a / b) = ln a - ln b.
Proof. intros. unfold Rdiv. rewrite ln_mult; auto using Rinv_0_lt_compat. rewrite ln_Rinv by auto. ring. Qed.
Lemma ln_sqrt : forall a, 0 < a -> ln (sqrt a) = 1 / 2 * ln a.
Proof.
  intros. pose proof (sqrt_lt_R0 a H). rewrite <- (sqrt_sqrt a) at 2 by lra. rewrite ln_mult by auto. field.
Qed.
Lemma cosh_pos : forall a, 0 < cosh a.
Proof. intros. unfold cosh. pose proof (exp_pos a). pose proof (exp_pos (- a)). lra. Qed.
Lemma sum_exp_pos : forall K z, 0 <= K - 1 -> 0 < isum 1 K (fun j => exp (z j)).
Proof. intros. apply isum_pos; auto. intros. apply exp_pos. Qed.
Lemma softmax_pos : forall K z k, 0 <= K - 1 -> 0 < softmax K z k.
Proof. intros. unfold softmax. apply Rdiv_lt_0_compat; auto using exp_pos, sum_exp_pos. Qed.
Lemma softmax_sum : forall K z, 0 <= K - 1 -> isum 1 K (softmax K z) = 1.
Proof.
  intros. unfold softmax. pose proof (sum_exp_pos K z H).
  rewrite (isum_ext _ _ _ (fun k => / isum 1 K (fun j => exp (z j)) * exp (z k))).
  { rewrite isum_scal. field. lra. } { intros. field. lra. }
Qed.

(* ------------------------------------------------------------------ *)
(* Powers.                                                             *)

Lemma Int_part_IZR : forall z, Int_part (IZR z) = z.
Proof. intros. unfold Int_part. rewrite <- (tech_up (IZR z) (z + 1)). { lia. } { apply IZR_lt. lia. } { rewrite plus_IZR. lra. } Qed.
Lemma rpow_positive : forall a b, 0 < a -> rpow a b = Rpower a b.
Proof. intros. unfold rpow. destruct (Rlt_dec 0 a); [reflexivity|contradiction]. Qed.
Lemma Rpower_IZR : forall a z, 0 < a -> Rpower a (IZR z) = powerRZ a z.
Proof. intros. symmetry. apply powerRZ_Rpower. assumption. Qed.
Lemma rpow_integer : forall a z, rpow a (IZR z) = powerRZ a z.
Proof.
  intros. unfold rpow. destruct (Rlt_dec 0 a). { apply Rpower_IZR. assumption. }
  rewrite Int_part_IZR. destruct (Req_EM_T (IZR z) (IZR z)); [reflexivity|congruence].
Qed.
Lemma rpow_nat : forall a n, rpow a (INR n) = a ^ n.
Proof. intros. rewrite INR_IZR_INZ, rpow_integer. destruct n; [reflexivity|]. simpl powerRZ. rewrite SuccNat2Pos.id_succ. reflexivity. Qed.
Lemma rpow_pos_literal : forall a p, rpow a (IZR (Zpos p)) = a ^ Pos.to_nat p.
Proof. intros. rewrite rpow_integer. reflexivity. Qed.
Lemma rpow_neg_literal : forall a p, rpow a (IZR (Zneg p)) = / a ^ Pos.to_nat p.
Proof. intros. rewrite rpow_integer. reflexivity. Qed.
Lemma rpow_zero : forall a, rpow a 0 = 1.
Proof. intros. rewrite (rpow_integer a 0). reflexivity. Qed.
Lemma rpow_pos : forall a b, 0 < a -> 0 < rpow a b.
Proof. intros. rewrite rpow_positive by auto. apply exp_pos. Qed.
Lemma rpow_of_zero : forall b, 0 < b -> rpow 0 b = 0.
Proof.
  intros. unfold rpow. destruct (Rlt_dec 0 0); [lra|]. destruct (Req_EM_T (IZR (Int_part b)) b); [|reflexivity].
  rewrite <- e in H. apply lt_IZR in H. destruct (Int_part b); try lia. simpl. apply pow_i. lia.
Qed.
Lemma rpow_nonneg : forall a b, 0 <= a -> 0 < b -> 0 <= rpow a b.
Proof. intros. destruct H. { apply Rlt_le, rpow_pos. assumption. } subst. rewrite rpow_of_zero by auto. lra. Qed.
Lemma ln_rpow : forall a b, 0 < a -> ln (rpow a b) = b * ln a.
Proof. intros. rewrite rpow_positive by auto. unfold Rpower. apply ln_exp. Qed.

(* ------------------------------------------------------------------ *)
(* Orders of objectives.                                               *)

Section OrderLemmas.
Context {W : Type}.
Variable D : W -> Prop.
Implicit Types f g h : W -> R.
Lemma affine_refl : forall f, affine D 1 0 f f.
Proof. split; [lra|]. intros. ring. Qed.
Lemma affine_eqv : forall c d f g h, affine D c d f g -> (forall w, D w -> g w = h w) -> affine D c d f h.
Proof. intros c d f g h [P H] E. split; [assumption|]. intros. rewrite <- E by assumption. auto. Qed.
Lemma affine_drop : forall c d f g e, affine D c d f (fun w => g w + e) -> affine D c (d + c * e) f g.
Proof. intros c d f g e [P H]. split; [assumption|]. intros. rewrite H by assumption. ring. Qed.
Lemma affine_pull : forall c d f g k, affine D c d f (fun w => k * g w) -> 0 < k -> affine D (c * k) d f g.
Proof. intros c d f g k [P H] K. split; [apply Rmult_lt_0_compat; assumption|]. intros. rewrite H by assumption. ring. Qed.
Lemma affine_restate : forall c d c' d' f g, affine D c d f g -> c' = c -> d' = d -> affine D c' d' f g.
Proof. intros. subst. assumption. Qed.
Lemma affine_same : forall c d f g, affine D c d f g -> same D f g.
Proof.
  intros c d f g [P H] a b Ha Hb. rewrite (H a Ha), (H b Hb).
  split; intros L; [apply (Rmult_le_reg_l c); lra | assert (c * g a <= c * g b) by (apply Rmult_le_compat_l; lra); lra].
Qed.
Lemma same_refl : forall f, same D f f.
Proof. unfold same. tauto. Qed.
Lemma same_trans : forall f g h, same D f g -> same D g h -> same D f h.
Proof. intros f g h A B a b Ha Hb. rewrite (A a b Ha Hb). apply B; assumption. Qed.
Lemma same_sym : forall f g, same D f g -> same D g f.
Proof. intros f g A a b Ha Hb. symmetry. apply A; assumption. Qed.
Lemma same_eqv : forall f g, (forall w, D w -> f w = g w) -> same D f g.
Proof. intros f g E a b Ha Hb. rewrite (E a Ha), (E b Hb). tauto. Qed.
Lemma same_increasing : forall f (phi : R -> R), (forall a b, D a -> D b -> f a < f b -> phi (f a) < phi (f b)) -> same D (fun w => phi (f w)) f.
Proof.
  intros f phi H a b Ha Hb. split; intros L.
  { apply Rnot_lt_le. intros C. specialize (H b a Hb Ha C). lra. }
  { destruct L as [L|E]; [apply Rlt_le; auto|]. rewrite E. lra. }
Qed.
Lemma same_anti : forall f g, same D (fun w => - f w) g -> anti D f g.
Proof.
  intros f g H a b Ha Hb. rewrite <- (H b a Hb Ha). split; intros; lra.
Qed.
Lemma anti_argmax : forall f g, anti D f g -> forall w, argmax D f w <-> argmin D g w.
Proof.
  intros f g H w. split; intros [Hw M]; (split; [assumption|]); intros v Hv; specialize (M v Hv);
  [apply (H v w Hv Hw) | apply (H v w Hv Hw)]; assumption.
Qed.
Lemma same_argmin : forall f g, same D f g -> forall w, argmin D f w <-> argmin D g w.
Proof.
  intros f g H w. split; intros [Hw M]; (split; [assumption|]); intros v Hv; specialize (M v Hv);
  apply (H w v Hw Hv); assumption.
Qed.
End OrderLemmas.

(* ------------------------------------------------------------------ *)
(* What the domains say.                                               *)

Lemma naturals_nonneg : forall x, in_naturals x -> 0 <= x.
Proof. intros x [n E]. subst. apply pos_INR. Qed.
Lemma binary_bounds : forall x, in_set [0; 1] x -> 0 <= x <= 1.
Proof. intros x [E|[E|[]]]; subst; lra. Qed.
Lemma signed_bounds : forall x, in_set [- (1); 1] x -> -1 <= x <= 1.
Proof. intros x [E|[E|[]]]; subst; lra. Qed.
Lemma signed_square : forall x, in_set [- (1); 1] x -> x * x = 1.
Proof. intros x [E|[E|[]]]; subst; lra. Qed.
Lemma onehot_bounds : forall K y, in_onehot K y -> forall k, between 1 K k -> 0 <= y k <= 1.
Proof.
  intros K y [j [Bj [Ej H]]] k Hk. destruct (Req_EM_T k j) as [E|N]. { subst. lra. } rewrite (H k Hk N). lra.
Qed.
Lemma counts_nonneg : forall K y, in_counts K y -> forall k, between 1 K k -> 0 <= y k.
Proof. intros K y H k Hk. apply naturals_nonneg. apply H. assumption. Qed.
Lemma simplex_pos : forall K p, in_simplex K p -> forall k, between 1 K k -> 0 < p k.
Proof. intros K p [H _]. assumption. Qed.
Lemma simplex_sum : forall K p, in_simplex K p -> isum 1 K p = 1.
Proof. intros K p [_ H]. assumption. Qed.
Lemma isum_empty : forall m n f, n < m -> isum m n f = 0.
Proof.
  intros. unfold isum, count. destruct (archimed (n - m)) as [A B].
  assert (IZR (up (n - m)) < 1) by lra. apply lt_IZR in H0. destruct (up (n - m)); try lia; reflexivity.
Qed.
Lemma simplex_dimension : forall K p, in_simplex K p -> 0 <= K - 1.
Proof.
  intros K p [_ H]. apply Rnot_lt_le. intros C. rewrite isum_empty in H; lra.
Qed.
Lemma onehot_dimension : forall K y, in_onehot K y -> 0 <= K - 1.
Proof. intros K y [j [H _]]. apply between_bounds in H. lra. Qed.
Lemma naturals_INR : forall n, in_naturals (INR n).
Proof. intros n. exists n. reflexivity. Qed.
Lemma naturals_literal : forall p, in_naturals (IZR (Zpos p)).
Proof. intros p. exists (Pos.to_nat p). rewrite INR_IZR_INZ, positive_nat_Z. reflexivity. Qed.
Lemma naturals_zero : in_naturals 0.
Proof. exists O. reflexivity. Qed.
Lemma naturals_plus : forall a b, in_naturals a -> in_naturals b -> in_naturals (a + b).
Proof. intros a b [n A] [m B]. exists (n + m)%nat. rewrite plus_INR. congruence. Qed.
Lemma naturals_mult : forall a b, in_naturals a -> in_naturals b -> in_naturals (a * b).
Proof. intros a b [n A] [m B]. exists (n * m)%nat. rewrite mult_INR. congruence. Qed.
Lemma naturals_binary : forall x, in_set [0; 1] x -> in_naturals x.
Proof. intros x [E|[E|[]]]; subst; [apply naturals_zero | apply (naturals_literal 1)]. Qed.
Lemma naturals_minus : forall a b, in_naturals a -> in_naturals b -> 0 <= a - b -> in_naturals (a - b).
Proof.
  intros a b [n A] [m B] L. subst. exists (n - m)%nat. rewrite minus_INR; [reflexivity|]. apply INR_le. lra.
Qed.
Lemma naturals_between : forall n k, between 0 n k -> in_naturals k.
Proof. intros n k [j [E _]]. exists j. lra. Qed.
Lemma naturals_categories : forall n k, between 1 n k -> in_naturals k.
Proof. intros n k [j [E _]]. exists (S j). rewrite S_INR. lra. Qed.
Lemma naturals_isum : forall m n f, (forall k, between m n k -> in_naturals (f k)) -> in_naturals (isum m n f).
Proof.
  intros m n f H. unfold isum. assert (forall j, (j < count m n)%nat -> in_naturals (f (m + INR j))).
  { intros. apply H, count_between. assumption. }
  revert H0. generalize (count m n). induction n0; simpl; intros; [apply naturals_zero|]. apply naturals_plus; auto.
Qed.
Lemma integers_naturals : forall x, in_naturals x -> in_integers x.
Proof. intros x [n E]. exists (Z.of_nat n). rewrite E. apply INR_IZR_INZ. Qed.
Lemma integers_literal : forall z, in_integers (IZR z).
Proof. intros z. exists z. reflexivity. Qed.
Lemma integers_opp : forall a, in_integers a -> in_integers (- a).
Proof. intros a [z E]. exists (- z)%Z. rewrite opp_IZR. congruence. Qed.
Lemma integers_plus : forall a b, in_integers a -> in_integers b -> in_integers (a + b).
Proof. intros a b [z A] [w B]. exists (z + w)%Z. rewrite plus_IZR. congruence. Qed.
Lemma integers_minus : forall a b, in_integers a -> in_integers b -> in_integers (a - b).
Proof. intros a b [z A] [w B]. exists (z - w)%Z. rewrite minus_IZR. congruence. Qed.
Lemma integers_mult : forall a b, in_integers a -> in_integers b -> in_integers (a * b).
Proof. intros a b [z A] [w B]. exists (z * w)%Z. rewrite mult_IZR. congruence. Qed.
Lemma integers_signed : forall x, in_set [- (1); 1] x -> in_integers x.
Proof. intros x [E|[E|[]]]; subst; [apply integers_opp|]; apply integers_literal. Qed.
Lemma naturals_of_integer : forall x, in_integers x -> 0 <= x -> in_naturals x.
Proof. intros x [z E] H. subst. apply le_IZR in H. exists (Z.to_nat z). rewrite INR_IZR_INZ, Z2Nat.id; auto. Qed.
Lemma between_first : forall m n, 0 <= n - m -> between m n m.
Proof. intros. exists O. simpl. split; lra. Qed.
Lemma between_last : forall n, in_naturals n -> 1 <= n -> between 1 n n.
Proof.
  intros n [N E] H. subst. destruct N; [simpl in H; lra|]. exists N. rewrite S_INR in *. split; lra.
Qed.

Lemma leb_true : forall a b, leb a b = true -> a <= b.
Proof. intros a b. unfold leb. destruct (Rle_dec a b); [trivial|discriminate]. Qed.
Lemma leb_false : forall a b, leb a b = false -> b < a.
Proof. intros a b. unfold leb. destruct (Rle_dec a b); [discriminate|]. intros. apply Rnot_le_lt. assumption. Qed.
Lemma ltb_true : forall a b, ltb a b = true -> a < b.
Proof. intros a b. unfold ltb. destruct (Rlt_dec a b); [trivial|discriminate]. Qed.
Lemma ltb_false : forall a b, ltb a b = false -> b <= a.
Proof. intros a b. unfold ltb. destruct (Rlt_dec a b); [discriminate|]. intros. apply Rnot_lt_le. assumption. Qed.
Lemma eqb_true : forall a b, eqb a b = true -> a = b.
Proof. intros a b. unfold eqb. destruct (Req_EM_T a b); [trivial|discriminate]. Qed.
Lemma eqb_false : forall a b, eqb a b = false -> a <> b.
Proof. intros a b. unfold eqb. destruct (Req_EM_T a b); [discriminate|trivial]. Qed.
Lemma eqb_same : forall a, eqb a a = true.
Proof. intros a. unfold eqb. destruct (Req_EM_T a a); [reflexivity|congruence]. Qed.

(* ------------------------------------------------------------------ *)
(* Signs.                                                              *)

Lemma nprod_nonzero : forall n f, (forall i, (i < n)%nat -> f i <> 0) -> nprod n f <> 0.
Proof. induction n; simpl; intros f H; [lra|]. apply Rmult_integral_contrapositive_currified; auto. Qed.
Lemma iprod_nonzero : forall m n f, (forall k, between m n k -> f k <> 0) -> iprod m n f <> 0.
Proof. intros. apply nprod_nonzero. intros. apply H. apply count_between. assumption. Qed.
Lemma lprod_nonzero : forall l, lall (fun a => a <> 0) l -> lprod l <> 0.
Proof.
  induction l; intros H; [simpl; lra|]. rewrite lprod_cons. destruct H. apply Rmult_integral_contrapositive_currified; auto.
Qed.
Lemma nmean_nonneg : forall n f, (0 < n)%nat -> (forall i, (i < n)%nat -> 0 <= f i) -> 0 <= nmean n f.
Proof.
  intros. apply Rmult_le_pos. { apply nsum_nonneg. assumption. } { apply Rlt_le, Rinv_0_lt_compat, lt_0_INR. assumption. }
Qed.
Lemma nmean_pos : forall n f, (0 < n)%nat -> (forall i, (i < n)%nat -> 0 < f i) -> 0 < nmean n f.
Proof. intros. apply Rdiv_lt_0_compat. { apply nsum_pos; assumption. } { apply lt_0_INR. assumption. } Qed.
Lemma nonneg_div : forall a b, 0 <= a -> 0 < b -> 0 <= a / b.
Proof. intros. apply Rmult_le_pos; [assumption|]. apply Rlt_le, Rinv_0_lt_compat. assumption. Qed.
Lemma nonzero_div : forall a b, a <> 0 -> b <> 0 -> a / b <> 0.
Proof. intros. apply Rmult_integral_contrapositive_currified; [assumption|]. apply Rinv_neq_0_compat. assumption. Qed.
Lemma pos_nonzero : forall a, 0 < a -> a <> 0.
Proof. intros. lra. Qed.
Lemma nonneg_even : forall a n, 0 <= a ^ (2 * n).
Proof. intros. rewrite pow_mult. apply pow_le, pow2_ge_0. Qed.
Lemma pos_even : forall a n, a <> 0 -> 0 < a ^ (2 * n).
Proof. intros. rewrite pow_mult. apply pow_lt. rewrite <- Rsqr_pow2. apply Rsqr_pos_lt. assumption. Qed.
Lemma rpow_nonzero : forall a b, a <> 0 -> in_integers b -> rpow a b <> 0.
Proof. intros a b H [z E]. subst. rewrite rpow_integer. apply powerRZ_NOR. assumption. Qed.
Lemma rpow_nonneg_natural : forall a b, 0 <= a -> in_naturals b -> 0 <= rpow a b.
Proof. intros a b H [n E]. subst. rewrite rpow_nat. apply pow_le. assumption. Qed.
Lemma positive_cases : forall c a b, (c = true -> 0 < a) -> (c = false -> 0 < b) -> 0 < cases c a b.
Proof. intros [|] a b A B; simpl; auto. Qed.
Lemma nonneg_cases : forall c a b, (c = true -> 0 <= a) -> (c = false -> 0 <= b) -> 0 <= cases c a b.
Proof. intros [|] a b A B; simpl; auto. Qed.
Lemma nonzero_cases : forall c a b : R, forall (d : bool), (d = true -> a <> 0) -> (d = false -> b <> 0) -> cases d a b <> 0.
Proof. intros _ a b [|] A B; simpl; auto. Qed.
Lemma nonneg_indicator : forall c, 0 <= indicator c.
Proof. intros [|]; simpl; lra. Qed.
Lemma indicator_at_most_one : forall c, 0 <= 1 - indicator c.
Proof. intros [|]; simpl; lra. Qed.
Lemma nonneg_norm : forall K v, 0 <= norm K v.
Proof. intros. apply sqrt_pos. Qed.
Lemma pos_Rmin : forall a b, 0 < a -> 0 < b -> 0 < Rmin a b.
Proof. intros. apply Rmin_glb_lt; assumption. Qed.
Lemma pos_Rmax_l : forall a b, 0 < a -> 0 < Rmax a b.
Proof. intros. pose proof (Rmax_l a b). lra. Qed.
Lemma pos_Rmax_r : forall a b, 0 < b -> 0 < Rmax a b.
Proof. intros. pose proof (Rmax_r a b). lra. Qed.
Lemma nonneg_Rmax_l : forall a b, 0 <= a -> 0 <= Rmax a b.
Proof. intros. pose proof (Rmax_l a b). lra. Qed.
Lemma nonneg_Rmax_r : forall a b, 0 <= b -> 0 <= Rmax a b.
Proof. intros. pose proof (Rmax_r a b). lra. Qed.
Lemma nonneg_Rmin : forall a b, 0 <= a -> 0 <= b -> 0 <= Rmin a b.
Proof. intros. apply Rmin_glb; assumption. Qed.
Lemma ln_pos : forall a, 1 < a -> 0 < ln a.
Proof. intros. rewrite <- ln_1. apply ln_increasing; lra. Qed.
Lemma minus_ln_pos : forall a, 0 < a -> 0 < 1 - a -> 0 < - ln a.
Proof. intros. assert (ln a < ln 1) by (apply ln_increasing; lra). rewrite ln_1 in *. lra. Qed.
Lemma ln_nonneg : forall a, 1 <= a -> 0 <= ln a.
Proof. intros a [H|H]. { apply Rlt_le, ln_pos. assumption. } { subst. rewrite ln_1. lra. } Qed.
Lemma exp_minus_pos : forall a, 0 < a -> 0 < 1 - exp (- a).
Proof. intros. assert (exp (- a) < exp 0) by (apply exp_increasing; lra). rewrite exp_0 in *. lra. Qed.
Lemma exp_difference_pos : forall a b, 0 < a - b -> 0 < exp a - exp b.
Proof. intros. assert (exp b < exp a) by (apply exp_increasing; lra). lra. Qed.
Lemma quotient_difference_pos : forall a b c, 0 < c -> 0 < a - b -> 0 < a / c - b / c.
Proof. intros. replace (a / c - b / c) with ((a - b) / c) by (field; lra). apply Rdiv_lt_0_compat; assumption. Qed.
Lemma exp_above_one : forall a, 0 < a -> 0 < exp a - 1.
Proof. intros. assert (exp 0 < exp a) by (apply exp_increasing; lra). rewrite exp_0 in *. lra. Qed.
Lemma reciprocal_below_one : forall a, 0 < a -> 0 < 1 - 1 / (1 + a).
Proof. intros. replace (1 - 1 / (1 + a)) with (a / (1 + a)) by (field; lra). apply Rdiv_lt_0_compat; lra. Qed.
Lemma rpow_below_one : forall a b, 0 < a -> 0 < 1 - a -> 0 < b -> 0 < 1 - rpow a b.
Proof.
  intros. rewrite rpow_positive by assumption. unfold Rpower. pose proof (minus_ln_pos a H H0).
  replace (b * ln a) with (- (b * - ln a)) by ring. apply exp_minus_pos. apply Rmult_lt_0_compat; assumption.
Qed.
Lemma tanh_pos : forall a, 0 < a -> 0 < tanh a.
Proof.
  intros. unfold tanh. apply Rdiv_lt_0_compat; [|apply cosh_pos]. unfold sinh.
  assert (exp (- a) < exp a) by (apply exp_increasing; lra). lra.
Qed.
Lemma tanh_sigmoid : forall a, tanh a = 2 * sigmoid (2 * a) - 1.
Proof.
  intros. rewrite sigmoid_exp. replace (2 * a) with (a + a) by ring. rewrite exp_plus.
  unfold tanh, sinh, cosh. rewrite exp_Ropp. pose proof (exp_pos a). field. repeat split; try lra; nra.
Qed.
Lemma pos_square_nonzero : forall a, 0 < a ^ 2 -> a <> 0.
Proof. intros a H E. subst. simpl in H. lra. Qed.
Lemma pos_INR_count : forall n, (0 < n)%nat -> 0 < INR n.
Proof. intros. apply lt_0_INR. assumption. Qed.
Lemma PI_pos : 0 < PI.
Proof. exact PI_RGT_0. Qed.
Lemma Rabs_nonzero : forall a, a <> 0 -> Rabs a <> 0.
Proof. exact Rabs_no_R0. Qed.
Lemma quad_nonneg : forall D A v, in_posdef D A -> 0 <= quad D A v.
Proof.
  intros D A v [_ H]. destruct (classic (exists k, between 1 D k /\ v k <> 0)) as [E|E].
  { apply Rlt_le. auto. }
  unfold quad. apply isum_nonneg. intros i Hi. apply isum_nonneg. intros j Hj.
  destruct (Req_EM_T (v i) 0) as [Z|N]. { rewrite Z. lra. } exfalso. apply E. exists i. auto.
Qed.

Section SpecialSigns.
Context {HGamma : Gamma}.
Lemma factorial_pos : forall a, 0 < a + 1 -> 0 < factorial a.
Proof. intros. unfold factorial. apply gamma_positive. assumption. Qed.
Lemma beta_pos : forall a b, 0 < a -> 0 < b -> 0 < beta a b.
Proof. intros. unfold beta. apply Rdiv_lt_0_compat. { apply Rmult_lt_0_compat; apply gamma_positive; assumption. } { apply gamma_positive. lra. } Qed.
Lemma binomial_pos : forall n k, 0 < n + 1 -> 0 < k + 1 -> 0 < n - k + 1 -> 0 < binomial n k.
Proof. intros. unfold binomial. apply Rdiv_lt_0_compat; [|apply Rmult_lt_0_compat]; apply gamma_positive; assumption. Qed.
Lemma factorial_of_nat : forall n, factorial (INR n) = INR (fact n).
Proof.
  induction n. { unfold factorial. simpl. rewrite Rplus_0_l. apply gamma_one. }
  unfold factorial in *. rewrite S_INR. rewrite gamma_successor by (pose proof (pos_INR n); lra).
  rewrite IHn. rewrite fact_simpl, mult_INR, S_INR. reflexivity.
Qed.
End SpecialSigns.

Section NormalSigns.
Context {HNormal : NormalDistribution}.
Lemma Phi_below_one : forall a, 0 < 1 - Phi a.
Proof. intros. rewrite <- Phi_minus. apply Phi_positive. Qed.
Lemma Phi_zero : Phi 0 = 1 / 2.
Proof. pose proof (Phi_minus 0). rewrite Ropp_0 in H. lra. Qed.
Lemma erf_pos : forall a, 0 < a -> 0 < erf a.
Proof.
  intros. unfold erf. assert (Phi 0 < Phi (a * sqrt 2)).
  { apply Phi_increasing. apply Rmult_lt_0_compat; [assumption|]. apply sqrt_lt_R0. lra. }
  rewrite Phi_zero in *. lra.
Qed.
Lemma erfc_pos : forall a, 0 < erfc a.
Proof. intros. unfold erfc, erf. pose proof (Phi_below_one (a * sqrt 2)). lra. Qed.
Lemma erf_below_one : forall a, 0 < 1 - erf a.
Proof. intros. unfold erf. pose proof (Phi_below_one (a * sqrt 2)). lra. Qed.
Lemma one_plus_erf_pos : forall a, 0 < 1 + erf a.
Proof. intros. unfold erf. pose proof (Phi_positive (a * sqrt 2)). lra. Qed.
Lemma Phi_difference_pos : forall a b, 0 < a - b -> 0 < Phi a - Phi b.
Proof. intros. assert (Phi b < Phi a) by (apply Phi_increasing; lra). lra. Qed.
End NormalSigns.

(* The partial sums of the exponential series. *)
Section ExponentialSeries.
Context {HGamma : Gamma}.
Lemma series_nat : forall a N, isum 0 (INR N) (fun k => rpow a k / factorial k) = sum_f_R0 (fun i => / INR (fact i) * a ^ i) N.
Proof.
  intros. unfold isum. replace (count 0 (INR N)) with (S N).
  2: { unfold count. rewrite Rminus_0_r. rewrite <- (tech_up (INR N) (Z.of_nat N + 1)). { lia. }
       { rewrite plus_IZR, <- INR_IZR_INZ. lra. } { rewrite plus_IZR, <- INR_IZR_INZ. lra. } }
  assert (T : forall i, rpow a (0 + INR i) / factorial (0 + INR i) = / INR (fact i) * a ^ i).
  { intros. rewrite Rplus_0_l, rpow_nat, factorial_of_nat. unfold Rdiv. ring. }
  induction N; simpl. { pose proof (T O). simpl in H. rewrite H. ring. }
  simpl in IHN. rewrite IHN. f_equal. apply (T (S N)).
Qed.
Lemma series_term_pos : forall a i, 0 < a -> 0 < / INR (fact i) * a ^ i.
Proof. intros. apply Rmult_lt_0_compat; [apply Rinv_0_lt_compat, INR_fact_lt_0|apply pow_lt; assumption]. Qed.
Lemma series_below_exp : forall a N, 0 < a -> sum_f_R0 (fun i => / INR (fact i) * a ^ i) N < exp a.
Proof.
  intros. apply Rlt_le_trans with (sum_f_R0 (fun i => / INR (fact i) * a ^ i) (S N)).
  { rewrite (tech5 _ N). pose proof (series_term_pos a (S N) H). lra. }
  apply (sum_incr (fun i => / INR (fact i) * a ^ i)); [|intros; apply Rlt_le, series_term_pos; assumption].
  unfold exp. destruct (exist_exp a) as [l Hl]. exact Hl.
Qed.
Lemma series_increasing : forall a N M, 0 < a -> (N < M)%nat ->
  sum_f_R0 (fun i => / INR (fact i) * a ^ i) N < sum_f_R0 (fun i => / INR (fact i) * a ^ i) M.
Proof.
  intros a N M H L. induction L.
  { rewrite (tech5 _ N). pose proof (series_term_pos a (S N) H). lra. }
  rewrite (tech5 _ m). pose proof (series_term_pos a (S m) H). lra.
Qed.
Lemma series_integer : forall a n, in_integers n ->
  (n < 0 /\ isum 0 n (fun k => rpow a k / factorial k) = 0) \/
  exists N, n = INR N /\ isum 0 n (fun k => rpow a k / factorial k) = sum_f_R0 (fun i => / INR (fact i) * a ^ i) N.
Proof.
  intros a n H. destruct (Rlt_le_dec n 0) as [L|L]. { left. split; [assumption|apply isum_empty; assumption]. }
  right. destruct (naturals_of_integer n H L) as [N E]. exists N. split; [assumption|]. subst. apply series_nat.
Qed.
Lemma series_pos : forall a N, 0 < a -> 0 < sum_f_R0 (fun i => / INR (fact i) * a ^ i) N.
Proof. intros. induction N; [apply (series_term_pos a 0 H)|]. rewrite (tech5 _ N). pose proof (series_term_pos a (S N) H). lra. Qed.
Lemma series_remainder_pos : forall a n, 0 < a -> in_integers n -> 0 < 1 - exp (- a) * isum 0 n (fun k => rpow a k / factorial k).
Proof.
  intros a n A N. destruct (series_integer a n N) as [[L E] | [M [_ E]]]; rewrite E; [lra|].
  pose proof (series_below_exp a M A). pose proof (exp_pos (- a)).
  assert (exp (- a) * exp a = 1) by (rewrite <- exp_plus, Rplus_opp_l; apply exp_0). nra.
Qed.
Lemma series_section_pos : forall a n m, 0 < a -> in_integers m -> in_integers n -> 0 < n - m -> 0 <= n ->
  0 < exp (- a) * isum 0 n (fun k => rpow a k / factorial k) - exp (- a) * isum 0 m (fun k => rpow a k / factorial k).
Proof.
  intros a n m A M N L P. pose proof (exp_pos (- a)) as X. rewrite <- Rmult_minus_distr_l. apply Rmult_lt_0_compat; [assumption|].
  destruct (series_integer a n N) as [[C _] | [n' [En Fn]]]; [lra|]. rewrite Fn.
  destruct (series_integer a m M) as [[_ F] | [m' [Em Fm]]]; [rewrite F; pose proof (series_pos a n' A); lra|]. rewrite Fm.
  assert (m' < n')%nat by (apply INR_lt; lra). pose proof (series_increasing a m' n' A H). lra.
Qed.
End ExponentialSeries.

(* ------------------------------------------------------------------ *)
(* Tactics: signs.                                                     *)

(* Adds what is not yet known. *)
Ltac lp_add H :=
  let T := type of H in
  let T := eval cbv beta in T in
  lazymatch goal with _ : T |- _ => fail | _ => pose proof (H : T) end.

(* What the hypotheses about domains say as inequalities. *)
Ltac lp_fact H :=
  lazymatch type of H with
  | in_positive ?x => lp_add (H : 0 < x)
  | in_nonnegative ?x => lp_add (H : 0 <= x)
  | in_unit ?x => first [ lp_add (proj1 (H : 0 < x < 1)) | lp_add (proj2 (H : 0 < x < 1)) ]
  | in_unit_closed ?x => first [ lp_add (proj1 (H : 0 <= x <= 1)) | lp_add (proj2 (H : 0 <= x <= 1)) ]
  | in_naturals ?x => lp_add (naturals_nonneg x H)
  | in_set [0; 1] ?x => first [ lp_add (proj1 (binary_bounds x H)) | lp_add (proj2 (binary_bounds x H)) ]
  | in_set [- (1); 1] ?x => first [ lp_add (proj1 (signed_bounds x H)) | lp_add (proj2 (signed_bounds x H)) ]
  | in_categories ?K ?k => lp_add (H : between 1 K k)
  | between ?m ?n ?k => first [ lp_add (proj1 (between_bounds m n k H)) | lp_add (proj2 (between_bounds m n k H)) ]
  | in_simplex ?K ?p => first [ lp_add (simplex_pos K p H) | lp_add (simplex_dimension K p H) ]
  | in_onehot ?K ?y => first [ lp_add (onehot_bounds K y H) | lp_add (onehot_dimension K y H) ]
  | in_counts ?K ?y => lp_add (H : forall k, between 1 K k -> in_naturals (y k))
  | in_power ?P ?K ?v => lp_add (H : forall k, between 1 K k -> P (v k))
  | leb ?a ?b = true => lp_add (leb_true a b H)
  | leb ?a ?b = false => lp_add (leb_false a b H)
  | ltb ?a ?b = true => lp_add (ltb_true a b H)
  | ltb ?a ?b = false => lp_add (ltb_false a b H)
  | eqb ?a ?b = true => lp_add (eqb_true a b H)
  | eqb ?a ?b = false => lp_add (eqb_false a b H)
  | andb ?a ?b = true => lp_add (andb_prop a b H)
  | orb ?a ?b = false => lp_add (Bool.orb_false_elim a b H)
  | negb ?a = true => lp_add (proj1 (Bool.negb_true_iff a) H)
  | negb ?a = false => lp_add (proj1 (Bool.negb_false_iff a) H)
  | ?A /\ ?B => first [ lp_add (proj1 H) | lp_add (proj2 H) ]
  end.

(* A quantified hypothesis at an index, a sample or a point that is in range. *)
Ltac lp_instance H :=
  lazymatch type of H with
  | forall x, between ?m ?n x -> _ => match goal with Hk : between m n _ |- _ => lp_add (H _ Hk) end
  | forall x, (x < ?n)%nat -> _ => match goal with Hk : (_ < n)%nat |- _ => lp_add (H _ Hk) end
  | forall x, ?D x -> _ => is_var D; match goal with Hk : D _ |- _ => lp_add (H _ Hk) end
  | forall x : nat, _ => match goal with _ : (?i < _)%nat |- _ => lp_add (H i) end
  end.

Ltac lp_facts := repeat match goal with H : _ |- _ => first [ lp_fact H | lp_instance H ] end.

Ltac lp_between :=
  first
  [ assumption
  | match goal with H : in_categories ?K ?k |- between 1 ?K ?k => exact H end
  | lazymatch goal with
    | |- between (IZR ?m) ?n (IZR ?k) =>
        let j := eval compute in (Z.to_nat (k - m)) in exists j; simpl; split; lra
    | |- between ?m ?n ?m => apply between_first; lra
    | |- between 1 ?n ?n => apply between_last; [assumption | lra]
    end ].

Ltac lp_hyp := first
  [ assumption
  | match goal with H : forall _, _ |- _ => simple apply H; solve [ assumption | lp_between | lia ] end ].

Ltac lp_naturals := first
  [ lp_hyp
  | lazymatch goal with
    | |- in_naturals (INR _) => apply naturals_INR
    | |- in_naturals (IZR (Zpos _)) => apply naturals_literal
    | |- in_naturals 0 => apply naturals_zero
    | |- in_naturals (_ + _) => apply naturals_plus; lp_naturals
    | |- in_naturals (_ * _) => apply naturals_mult; lp_naturals
    | |- in_naturals (isum _ _ _) => apply naturals_isum; intros; cbv beta; lp_naturals
    end
  | apply naturals_binary; lp_hyp
  | match goal with H : in_counts ?K ?y |- in_naturals (?y ?k) => apply H; lp_between end
  | match goal with H : between 0 _ ?k |- in_naturals ?k => exact (naturals_between _ _ H) end
  | match goal with H : between 1 _ ?k |- in_naturals ?k => exact (naturals_categories _ _ H) end
  | match goal with H : in_categories _ ?k |- in_naturals ?k => exact (naturals_categories _ _ H) end
  | lazymatch goal with |- in_naturals (_ - _) => apply naturals_minus; [ lp_naturals | lp_naturals | lra ] end ].

Ltac lp_integers := first
  [ lp_hyp
  | lazymatch goal with
    | |- in_integers (IZR _) => apply integers_literal
    | |- in_integers (- _) => apply integers_opp; lp_integers
    | |- in_integers (_ + _) => apply integers_plus; lp_integers
    | |- in_integers (_ - _) => apply integers_minus; lp_integers
    | |- in_integers (_ * _) => apply integers_mult; lp_integers
    end
  | apply integers_signed; lp_hyp
  | apply integers_naturals; lp_naturals ].

(* Signs of differences that the algebra of lra does not see. *)
Ltac lp_difference rec :=
  lazymatch goal with
  | |- 0 < 1 - sigmoid _ => apply sigmoid_lt_1
  | |- 0 < 1 - Phi _ => apply Phi_below_one
  | |- 0 < 1 - erf _ => apply erf_below_one
  | |- 0 < 1 + erf _ => apply one_plus_erf_pos
  | |- 0 < 1 - exp (- _) => apply exp_minus_pos; rec
  | |- 0 < exp _ - 1 => apply exp_above_one; rec
  | |- 0 < exp _ - exp _ => apply exp_difference_pos; rec
  | |- 0 < 1 - exp (- _) * isum 0 _ (fun k => rpow _ k / factorial k) => apply series_remainder_pos; [ rec | lp_integers ]
  | |- 0 < exp (- _) * isum 0 _ _ - exp (- _) * isum 0 _ (fun k => rpow _ k / factorial k) => apply series_section_pos; [ rec | lp_integers | lp_integers | rec | rec ]
  | |- 0 < ?a / ?c - ?b / ?c => apply (quotient_difference_pos a b c); rec
  | |- 0 < ?c * ?a - ?c * ?b => rewrite <- (Rmult_minus_distr_l c a b); apply Rmult_lt_0_compat; rec
  | |- 0 < ?a * ?c - ?b * ?c => rewrite <- (Rmult_minus_distr_r a b c); apply Rmult_lt_0_compat; rec
  | |- 0 < Phi _ - Phi _ => apply Phi_difference_pos; rec
  | |- 0 < 1 - 1 / (1 + _) => apply reciprocal_below_one; rec
  | |- 0 < 1 - rpow _ _ => apply rpow_below_one; rec
  | |- 0 <= 1 - indicator _ => apply indicator_at_most_one
  | |- 0 < - ln _ => apply minus_ln_pos; rec
  end.

Ltac lp_leaf := first [ lp_hyp | lra ].

(* 0 < t, 0 <= t and t <> 0, by recursion on t to the depth n. *)
Ltac lp_sign n :=
  lazymatch n with
  | O => lp_leaf
  | S ?m =>
    first [ lp_hyp | lp_difference ltac:(idtac; lp_sign m) |
    lazymatch goal with
    | |- 0 < ?t =>
      lazymatch t with
      | IZR _ => lra
      | ?a * ?b => first [ apply Rmult_lt_0_compat; [ lp_sign m | lp_sign m ] | (constr_eq a b; apply Rsqr_pos_lt; lp_sign m) | lp_leaf ]
      | _ / _ => first [ apply Rdiv_lt_0_compat; [ lp_sign m | lp_sign m ] | lp_leaf ]
      | / _ => apply Rinv_0_lt_compat; lp_sign m
      | ?a + ?b =>
          first [ apply Rplus_le_lt_0_compat; [ | lp_sign m ]; [ lp_sign m ]
                | apply Rplus_lt_le_0_compat; [ lp_sign m | lp_sign m ] | lra ]
      | ?a ^ ?k => first [ apply pow_lt; lp_sign m | lp_even k ltac:(fun h => apply (pos_even a h); lp_sign m) ]
      | rpow _ _ => apply rpow_pos; lp_sign m
      | exp _ => apply exp_pos
      | sqrt _ => apply sqrt_lt_R0; lp_sign m
      | Rabs _ => apply Rabs_pos_lt; lp_sign m
      | PI => exact PI_RGT_0
      | INR _ => apply pos_INR_count; first [ assumption | lia ]
      | sigmoid _ => apply sigmoid_pos
      | softplus _ => apply softplus_pos
      | cosh _ => apply cosh_pos
      | tanh _ => apply tanh_pos; lp_sign m
      | softmax _ _ _ => apply softmax_pos; lp_sign m
      | cases _ _ _ => apply positive_cases; intros; lp_sign m
      | isum _ _ _ => apply isum_pos; [ lp_sign m | intros; cbv beta; lp_facts; lp_sign m ]
      | iprod _ _ _ => apply iprod_pos; intros; cbv beta; lp_facts; lp_sign m
      | nsum _ _ => apply nsum_pos; [ assumption | intros; cbv beta; lp_facts; lp_sign m ]
      | nmean _ _ => apply nmean_pos; [ assumption | intros; cbv beta; lp_facts; lp_sign m ]
      | nprod _ _ => apply nprod_pos; intros; cbv beta; lp_facts; lp_sign m
      | lprod _ => apply lprod_pos; cbn [lall map]; repeat split; lp_sign m
      | lsum _ => apply lsum_pos; [ discriminate | cbn [lall map]; repeat split; lp_sign m ]
      | ln _ => apply ln_pos; lp_leaf
      | gamma _ => apply gamma_positive; lp_sign m
      | factorial _ => apply factorial_pos; lp_sign m
      | beta _ _ => apply beta_pos; lp_sign m
      | binomial _ _ => apply binomial_pos; lp_sign m
      | Phi _ => apply Phi_positive
      | erf _ => apply erf_pos; lp_sign m
      | erfc _ => apply erfc_pos
      | zeta _ => apply zeta_positive; lp_leaf
      | besseli _ _ => apply besseli_positive; lp_sign m
      | Rmin _ _ => apply pos_Rmin; lp_sign m
      | Rmax _ _ => first [ apply pos_Rmax_l; lp_sign m | apply pos_Rmax_r; lp_sign m ]
      | det _ _ => apply det_positive; lp_posdef
      | stop_gradient ?a => change (0 < a); lp_sign m
      | - - ?a => rewrite (Ropp_involutive a); lp_sign m
      | _ => lp_leaf
      end
    | |- 0 <= ?t =>
      lazymatch t with
      | IZR _ => lra
      | ?a * ?b => first [ apply Rmult_le_pos; [ lp_sign m | lp_sign m ] | (constr_eq a b; apply Rle_0_sqr) | lp_leaf ]
      | _ / _ => first [ apply nonneg_div; [ lp_sign m | lp_sign m ] | lp_leaf ]
      | _ + _ => first [ apply Rplus_le_le_0_compat; [ lp_sign m | lp_sign m ] | lra ]
      | ?a ^ ?k => first [ lp_even k ltac:(fun h => exact (nonneg_even a h)) | apply pow_le; lp_sign m ]
      | rpow _ _ => first [ apply rpow_nonneg; [ lp_sign m | lp_sign m ] | apply rpow_nonneg_natural; [ lp_sign m | lp_naturals ] | apply Rlt_le, rpow_pos; lp_sign m ]
      | sqrt _ => apply sqrt_pos
      | Rabs _ => apply Rabs_pos
      | INR _ => apply pos_INR
      | norm _ _ => apply nonneg_norm
      | indicator _ => apply nonneg_indicator
      | cases _ _ _ => apply nonneg_cases; intros; lp_sign m
      | isum _ _ _ => apply isum_nonneg; intros; cbv beta; lp_facts; lp_sign m
      | iprod _ _ _ => apply iprod_nonneg; intros; cbv beta; lp_facts; lp_sign m
      | nsum _ _ => apply nsum_nonneg; intros; cbv beta; lp_facts; lp_sign m
      | nmean _ _ => apply nmean_nonneg; [ assumption | intros; cbv beta; lp_facts; lp_sign m ]
      | nprod _ _ => apply nprod_nonneg; intros; cbv beta; lp_facts; lp_sign m
      | lprod _ => apply lprod_nonneg; cbn [lall map]; repeat split; lp_sign m
      | lsum _ => apply lsum_nonneg; cbn [lall map]; repeat split; lp_sign m
      | ln _ => first [ apply ln_nonneg; lp_leaf | lp_leaf ]
      | Rmin _ _ => apply nonneg_Rmin; lp_sign m
      | Rmax _ _ => first [ apply nonneg_Rmax_l; lp_sign m | apply nonneg_Rmax_r; lp_sign m ]
      | quad _ _ _ => apply quad_nonneg; lp_posdef
      | stop_gradient ?a => change (0 <= a); lp_sign m
      | _ => first [ lp_leaf | apply Rlt_le; lp_sign m ]
      end
    | |- ?t <> 0 =>
      lazymatch t with
      | IZR _ => apply IZR_neq; discriminate
      | _ * _ => apply Rmult_integral_contrapositive_currified; lp_sign m
      | _ / _ => apply nonzero_div; lp_sign m
      | / _ => apply Rinv_neq_0_compat; lp_sign m
      | - _ => apply Ropp_neq_0_compat; lp_sign m
      | _ ^ _ => apply pow_nonzero; lp_sign m
      | exp _ => apply exp_neq_0
      | Rabs _ => apply Rabs_no_R0; lp_sign m
      | rpow _ _ => first [ apply pos_nonzero, rpow_pos; lp_sign m | apply rpow_nonzero; [ lp_sign m | lp_integers ] ]
      | lprod _ => apply lprod_nonzero; cbn [lall map]; repeat split; lp_sign m
      | iprod _ _ _ => first [ apply pos_nonzero, iprod_pos; intros; cbv beta; lp_facts; lp_sign m | apply iprod_nonzero; intros; cbv beta; lp_facts; lp_sign m ]
      | _ - _ => first [ lp_apart | apply pos_nonzero; lp_sign m ]
      | _ => first [ apply pos_nonzero; lp_sign m | lp_apart ]
      end
    | |- _ => lp_leaf
    end ]
  end
with lp_even k tac :=
  lazymatch k with
  | S _ => let h := eval compute in (Nat.div2 k) in let b := eval compute in (Nat.even k) in
      lazymatch b with true => change k with (2 * h)%nat; tac h end
  end
with lp_posdef := first [ assumption | lp_hyp | apply inv_posdef; lp_posdef ]
(* Different from 0 because something else is. *)
with lp_apart := first
  [ match goal with H : _ <> _ |- _ => let E := fresh in intro E; apply H; clear H; solve [ lra | first [ transitivity 0; [ rewrite <- E; ring | reflexivity ] | rewrite <- (Ropp_involutive 0), Ropp_0, <- E; ring ] ] end
  | let E := fresh in intro E; lra ].

Lemma lt_difference : forall a b, 0 < b - a -> a < b.
Proof. intros. lra. Qed.
Lemma le_difference : forall a b, 0 <= b - a -> a <= b.
Proof. intros. lra. Qed.
Lemma neq_difference : forall a b, a - b <> 0 -> a <> b.
Proof. intros a b H E. apply H. lra. Qed.
Ltac lp_goal :=
  unfold in_positive, in_nonnegative, in_unit, in_unit_closed in |- *;
  lazymatch goal with
  | |- ?a > ?b => change (b < a)
  | |- _ >= _ => apply Rle_ge
  | |- _ => idtac
  end;
  lazymatch goal with
  | |- 0 < _ => idtac
  | |- 0 <= _ => idtac
  | |- _ <> 0 => idtac
  | |- 0 <> _ => apply not_eq_sym
  | |- _ < _ => apply lt_difference
  | |- _ <= _ => apply le_difference
  | |- _ <> _ => apply neq_difference
  | |- _ => idtac
  end.

Ltac lp_pos := first [ assumption | lp_goal; lp_facts; first [ solve [ lp_sign 12%nat ] | timeout 2 nra ] ].
Ltac lp_nonzero := first [ assumption | lp_goal; lp_facts; solve [ lp_sign 12%nat ] ].

(* ------------------------------------------------------------------ *)
(* Tactics: definedness.                                               *)

Lemma defined_positive : forall a b, 0 < a -> power_defined a b.
Proof. intros. left. assumption. Qed.
Lemma defined_nonneg : forall a b, 0 <= a -> 0 < b -> power_defined a b.
Proof. intros. right. left. auto. Qed.
Lemma defined_natural : forall a b, in_naturals b -> power_defined a b.
Proof. intros. right. right. left. assumption. Qed.
Lemma defined_integer : forall a b, a <> 0 -> in_integers b -> power_defined a b.
Proof. intros. right. right. right. auto. Qed.

Ltac lp_power_defined := first
  [ assumption
  | apply defined_natural; solve [ lp_naturals ]
  | apply defined_positive; solve [ lp_pos ]
  | apply defined_nonneg; solve [ lp_pos ]
  | apply defined_integer; [ solve [ lp_nonzero ] | solve [ lp_integers ] ]
  | lp_facts; lp_hyp ].

Ltac lp_defined :=
  lazymatch goal with
  | |- True => exact I
  | |- _ /\ _ => split; lp_defined
  | |- _ <> _ => lp_nonzero
  | |- power_defined _ _ => lp_power_defined
  | |- lall _ _ => first [ assumption | cbn [lall map]; repeat split; lp_defined ]
  | |- in_naturals _ => first [ lp_naturals | lp_facts; lp_naturals ]
  | |- in_integers _ => first [ lp_integers | lp_facts; lp_integers ]
  | |- between _ _ _ => first [ lp_between | lp_facts; lp_between ]
  | |- in_categories _ _ => unfold in_categories; lp_between
  | |- in_simplex _ _ => first [ assumption | split; [ lp_defined | assumption ] ]
  | |- in_posdef _ _ => lp_posdef
  | |- in_power _ _ _ => first [ assumption | unfold in_power; lp_defined ]
  | |- ?x = 0 \/ 0 < ?y => first [ assumption | right; solve [ lp_pos ] | left; solve [ lra ] | lp_facts; lp_hyp ]
  | |- forall _, _ => let x := fresh "x" in intro x; cbv beta; lp_defined
  | |- _ => first [ assumption | lp_pos | lp_facts; lp_hyp ]
  end.

(* ------------------------------------------------------------------ *)
(* Tactics: equal as rational functions of opaque parts.               *)

Lemma rpow_opp_literal : forall a p, rpow a (- IZR (Zpos p)) = / a ^ Pos.to_nat p.
Proof. intros. rewrite <- opp_IZR. apply rpow_neg_literal. Qed.
Lemma apply_equal : forall {A B} (f g : A -> B) x y, f = g -> x = y -> f x = g y.
Proof. intros. congruence. Qed.
Lemma isum_equal : forall m n m' n' f g, m = m' -> n = n' -> (forall k, between m n k -> f k = g k) -> isum m n f = isum m' n' g.
Proof. intros. subst. apply isum_ext. assumption. Qed.
Lemma iprod_equal : forall m n m' n' f g, m = m' -> n = n' -> (forall k, between m n k -> f k = g k) -> iprod m n f = iprod m' n' g.
Proof. intros. subst. apply iprod_ext. assumption. Qed.
Lemma dot_equal : forall K u v u' v', (forall k, between 1 K k -> u k = u' k) -> (forall k, between 1 K k -> v k = v' k) -> dot K u v = dot K u' v'.
Proof. intros. unfold dot. apply isum_ext. intros. rewrite H, H0; auto. Qed.
Lemma norm_equal : forall K v v', (forall k, between 1 K k -> v k = v' k) -> norm K v = norm K v'.
Proof. intros. unfold norm. f_equal. apply isum_ext. intros. rewrite H; auto. Qed.
Lemma logsumexp_equal : forall K v v', (forall k, between 1 K k -> v k = v' k) -> logsumexp K v = logsumexp K v'.
Proof. intros. unfold logsumexp. f_equal. apply isum_ext. intros. rewrite H; auto. Qed.
Lemma softmax_equal : forall K z z' k k', (forall j, between 1 K j -> z j = z' j) -> z k = z' k' -> softmax K z k = softmax K z' k'.
Proof. intros. unfold softmax. rewrite H0. f_equal. apply isum_ext. intros. rewrite H; auto. Qed.
Lemma quad_equal : forall K A A' v v', (forall i j, between 1 K i -> between 1 K j -> A i j = A' i j) -> (forall k, between 1 K k -> v k = v' k) -> quad K A v = quad K A' v'.
Proof. intros. unfold quad. apply isum_ext. intros. apply isum_ext. intros. rewrite H, !H0; auto. Qed.
Lemma trace_equal : forall K A A', (forall i, between 1 K i -> A i i = A' i i) -> trace K A = trace K A'.
Proof. intros. unfold trace. apply isum_ext. auto. Qed.
Lemma from_equal : forall A B : Prop, A = B -> A -> B.
Proof. intros. subst. assumption. Qed.

(* Powers with literal exponents, and the operations on vectors. *)
Ltac lp_nat p tac := let n := eval compute in (Pos.to_nat p) in tac n.
Ltac lp_literals :=
  cbv beta delta [vadd vneg vscale vdiv vzero mscale mdiv stop_gradient];
  repeat match goal with
  | |- context [rpow ?a (IZR (Zpos ?p))] => lp_nat p ltac:(fun n => replace (rpow a (IZR (Zpos p))) with (a ^ n) by (symmetry; exact (rpow_pos_literal a p)))
  | |- context [rpow ?a (IZR (Zneg ?p))] => lp_nat p ltac:(fun n => replace (rpow a (IZR (Zneg p))) with (/ a ^ n) by (symmetry; exact (rpow_neg_literal a p)))
  | |- context [rpow ?a (- IZR (Zpos ?p))] => lp_nat p ltac:(fun n => replace (rpow a (- IZR (Zpos p))) with (/ a ^ n) by (symmetry; exact (rpow_opp_literal a p)))
  | |- context [rpow ?a 0] => rewrite (rpow_zero a)
  end.

(* The parts of a term that are opaque for ring and field. *)
Ltac lp_insert t l :=
  lazymatch l with
  | context [t] => l
  | _ => constr:(t :: l)
  end.
Ltac lp_member t l :=
  lazymatch l with
  | ?a :: ?r => first [ constr_eq a t | lp_member t r ]
  end.
Ltac lp_parts t l :=
  lazymatch t with
  | ?a + ?b => let l := lp_parts a l in lp_parts b l
  | ?a - ?b => let l := lp_parts a l in lp_parts b l
  | ?a * ?b => let l := lp_parts a l in lp_parts b l
  | ?a / ?b => let l := lp_parts a l in lp_parts b l
  | - ?a => lp_parts a l
  | / ?a => lp_parts a l
  | ?a ^ ?n => lp_parts a l
  | IZR _ => l
  | PI => l
  | INR _ => l
  | _ => match goal with
         | _ => let _ := match goal with _ => is_var t end in l
         | _ => let _ := match goal with _ => lp_member t l end in l
         | _ => constr:(t :: l)
         end
  end.
Ltac lp_head t := lazymatch t with ?f _ => lp_head f | _ => t end.
Ltac lp_same_head a b := let f := lp_head a in let g := lp_head b in constr_eq f g.

(* tac a b for the parts a of l and b of r that differ and have the same head, until it succeeds. *)
Ltac lp_with a r tac :=
  lazymatch r with
  | ?b :: ?r' => first [ (tryif constr_eq a b then fail else idtac); lp_same_head a b; tac a b | lp_with a r' tac ]
  end.
Ltac lp_pairs l r tac :=
  lazymatch l with
  | ?a :: ?l' => first [ lp_with a r tac | lp_pairs l' r tac ]
  end.
Ltac lp_without l r :=
  lazymatch l with
  | ?a :: ?l' => let rest := lp_without l' r in
      match goal with
      | _ => let _ := match goal with _ => lp_member a r end in rest
      | _ => constr:(a :: rest)
      end
  | _ => l
  end.


(* L = R; n bounds the depth, k the number of parts that are unified. *)
Ltac lp_equal n k :=
  lazymatch goal with
  | |- ?a = ?b =>
    first
    [ constr_eq a b; reflexivity
    | lazymatch type of a with
      | R => lp_literals; first [ ring | field; lp_sides n | lp_unify n k | lp_reciprocals n k ]
      | nat => first [ lia | lp_parts_equal n ]
      | forall _, _ => first [ lp_parts_equal n | let x := fresh "x" in apply functional_extensionality; intro x; cbv beta; lp_equal n k ]
      | _ => lp_parts_equal n
      end ]
  end
(* Unifies two parts that are equal and goes on. *)
with lp_unify n k :=
  lazymatch n with O => fail | S _ =>
  lazymatch k with O => fail | S ?k' =>
  lazymatch goal with
  | |- ?a = ?b =>
      let l := lp_parts a (@nil R) in
      let r := lp_parts b (@nil R) in
      let l' := lp_without l r in
      let r' := lp_without r l in
      let unify := (fun x y =>
        let E := fresh "E" in
        assert (E : x = y) by (lp_parts_equal n);
        rewrite E; clear E) in
      first [ lp_pairs l' r' unify | lp_pairs l' l unify | lp_pairs r' r unify ];
      first [ ring | field; lp_sides n | lp_unify n k' ]
  end end end
(* What field asks for: also from a hypothesis about an equal denominator. *)
with lp_sides n :=
  lazymatch goal with
  | |- _ /\ _ => split; lp_sides n
  | |- _ => first
    [ assumption
    | lp_defined
    | lazymatch n with S (S (S _)) =>
        match goal with H : ?d <> 0 |- ?t <> 0 =>
          let E := fresh "E" in intro E; apply H; transitivity t; [ lp_equal 2%nat 4%nat | exact E ]
        end
      end ]
  end
(* Without that the denominators are known not to be 0: / x is a part. *)
with lp_reciprocals n k :=
  progress (unfold Rdiv; rewrite ?Rinv_mult, ?Rinv_inv, ?Rinv_opp, <- ?pow_inv);
  repeat match goal with
  | |- context [/ ?x] =>
      lazymatch x with IZR _ => fail | _ => idtac end;
      match goal with
      | |- context [/ ?y] => (tryif constr_eq x y then fail else idtac);
          let E := fresh "E" in assert (E : x = y) by (lazymatch n with S ?m => lp_equal m k end); rewrite E; clear E
      end
  end;
  repeat match goal with |- context [/ ?x] => lazymatch x with IZR _ => fail | _ => tryif (assert (x <> 0) by lp_nonzero) then fail else (let z := fresh "z" in set (z := / x); clearbody z) end end;
  first [ ring | field; lp_sides n | lp_unify n k ]
(* f x .. = f y .. from x = y .. *)
with lp_parts_equal n :=
  lazymatch n with O => fail | S ?m =>
  lazymatch goal with
  | |- ?a = ?b => first [ constr_eq a b; reflexivity |
    lazymatch goal with
    | |- isum _ _ _ = isum _ _ _ => apply isum_equal; [ lp_equal m 12%nat | lp_equal m 12%nat | intros; cbv beta; lp_equal m 12%nat ]
    | |- iprod _ _ _ = iprod _ _ _ => apply iprod_equal; [ lp_equal m 12%nat | lp_equal m 12%nat | intros; cbv beta; lp_equal m 12%nat ]
    | |- nsum ?n _ = nsum ?n _ => apply nsum_ext; intros; cbv beta; lp_equal m 12%nat
    | |- nprod ?n _ = nprod ?n _ => apply nprod_ext; intros; cbv beta; lp_equal m 12%nat
    | |- nmean ?n _ = nmean ?n _ => apply nmean_ext; intros; cbv beta; lp_equal m 12%nat
    | |- dot ?K _ _ = dot ?K _ _ => apply dot_equal; intros; cbv beta; lp_equal m 12%nat
    | |- norm ?K _ = norm ?K _ => apply norm_equal; intros; cbv beta; lp_equal m 12%nat
    | |- logsumexp ?K _ = logsumexp ?K _ => apply logsumexp_equal; intros; cbv beta; lp_equal m 12%nat
    | |- softmax ?K _ _ = softmax ?K _ _ => apply softmax_equal; intros; cbv beta; lp_equal m 12%nat
    | |- quad ?K _ _ = quad ?K _ _ => apply quad_equal; intros; cbv beta; lp_equal m 12%nat
    | |- trace ?K _ = trace ?K _ => apply trace_equal; intros; cbv beta; lp_equal m 12%nat
    | |- ?f _ = ?g _ => apply apply_equal; [ lp_parts_equal n | lp_equal m 12%nat ]
    | |- (fun _ => _) = _ => let x := fresh "x" in apply functional_extensionality; intro x; cbv beta; lp_equal m 12%nat
    | |- _ = (fun _ => _) => let x := fresh "x" in apply functional_extensionality; intro x; cbv beta; lp_equal m 12%nat
    | |- (?A -> ?B) = (?C -> ?D) =>
        let E := fresh "E" in assert (E : A = C) by (lp_equal m 12%nat); rewrite E; clear E;
        let E := fresh "E" in assert (E : B = D) by (lp_equal m 12%nat); rewrite E; reflexivity
    end ]
  end end.
Ltac lp_algebra := cbv beta; timeout 60 (lp_equal 8%nat 12%nat).

(* A goal from a hypothesis that is equal to it up to literal powers and rearrangement. *)
Ltac lp_exact H :=
  first
  [ exact H
  | lazymatch goal with
    | |- forall x : ?A, _ => let x := fresh "x" in intro x;
        first [ lp_exact (H x)
              | let B := type of H in lazymatch eval hnf in B with
                | ?P -> _ => let y := fresh "y" in assert (y : P) by (lp_exact x); lp_exact (H y)
                end ]
    | |- _ /\ _ => split; [ lp_exact (proj1 H) | lp_exact (proj2 H) ]
    | |- ?G => let T := type of H in let T := eval cbv beta in T in
        apply (from_equal T G); [ timeout 60 (lp_parts_equal 8%nat) | exact H ]
    end ].

(* ------------------------------------------------------------------ *)
(* Functions that increase.                                            *)

Section SameBy.
Context {W : Type}.
Variable D : W -> Prop.
Lemma same_by : forall f g : W -> R,
  (forall a b, D a -> D b -> g a < g b -> f a < f b) -> (forall a b, D a -> D b -> g a = g b -> f a = f b) -> same D f g.
Proof.
  intros f g L E a b Ha Hb. split; intros H.
  { apply Rnot_lt_le. intros C. specialize (L b a Hb Ha C). lra. }
  { destruct H as [H|H]; [apply Rlt_le; auto|]. right. auto. }
Qed.
Lemma xsame_by : forall f g : W -> ext,
  (forall a b, D a -> D b -> xle (f a) (f b) <-> xle (g a) (g b)) -> xsame D f g.
Proof. intros f g H. exact H. Qed.
End SameBy.

Lemma ln_le_iff : forall a b, 0 < a -> 0 < b -> (ln a <= ln b <-> a <= b).
Proof.
  intros a b A B. split; intros H.
  { apply Rnot_lt_le. intros C. assert (ln b < ln a) by (apply ln_increasing; assumption). lra. }
  { destruct H as [H|H]; [apply Rlt_le, ln_increasing; assumption|]. subst. lra. }
Qed.
Lemma minus_xln_order : forall a b, 0 <= a -> 0 <= b -> (xle (Fin (- a)) (Fin (- b)) <-> xle (xneg (xln a)) (xneg (xln b))).
Proof.
  intros a b A B. simpl. unfold xln. destruct (Rlt_dec 0 a) as [P|P], (Rlt_dec 0 b) as [Q|Q]; simpl.
  { pose proof (ln_le_iff b a Q P). split; intros; [assert (ln b <= ln a) by (apply H; lra)|assert (b <= a) by (apply H; lra)]; lra. }
  { split; [trivial|]. intros. lra. }
  { split; [|contradiction]. intros. lra. }
  { split; [trivial|]. intros. lra. }
Qed.
Lemma sigmoid_increasing : forall x y, x < y -> sigmoid x < sigmoid y.
Proof.
  intros. unfold sigmoid. assert (exp (- y) < exp (- x)) by (apply exp_increasing; lra). pose proof (exp_pos (- y)).
  unfold Rdiv. rewrite !Rmult_1_l. apply Rinv_lt_contravar; [apply Rmult_lt_0_compat|]; lra.
Qed.
Lemma softplus_increasing : forall x y, x < y -> softplus x < softplus y.
Proof.
  intros. unfold softplus. assert (exp x < exp y) by (apply exp_increasing; lra). pose proof (exp_pos x). apply ln_increasing; lra.
Qed.
Lemma tanh_increasing : forall x y, x < y -> tanh x < tanh y.
Proof. intros. rewrite !tanh_sigmoid. assert (sigmoid (2 * x) < sigmoid (2 * y)) by (apply sigmoid_increasing; lra). lra. Qed.
Lemma logit_difference : forall p, 0 < p -> 0 < 1 - p -> logit p = ln p - ln (1 - p).
Proof. intros. unfold logit. apply ln_div; assumption. Qed.
Lemma logit_increasing : forall x y, 0 < x -> 0 < 1 - y -> x < y -> logit x < logit y.
Proof.
  intros. rewrite !logit_difference by lra.
  assert (ln x < ln y) by (apply ln_increasing; lra). assert (ln (1 - y) < ln (1 - x)) by (apply ln_increasing; lra). lra.
Qed.
Lemma square_increasing : forall x y, 0 <= x -> x < y -> x ^ 2 < y ^ 2.
Proof. intros. nra. Qed.
Lemma cube_increasing : forall x y, x < y -> x ^ 3 < y ^ 3.
Proof.
  intros. assert (0 < (y - x) * ((y + x / 2) ^ 2 + 3 / 4 * x ^ 2)); [|lra].
  apply Rmult_lt_0_compat; [lra|]. assert (y + x / 2 <> 0 \/ x <> 0) as [N|N] by (destruct (Req_dec x 0); [left|right]; lra).
  { pose proof (pow2_ge_0 x). assert (0 < (y + x / 2) ^ 2) by (rewrite <- Rsqr_pow2; apply Rsqr_pos_lt; assumption). lra. }
  { pose proof (pow2_ge_0 (y + x / 2)). assert (0 < x ^ 2) by (rewrite <- Rsqr_pow2; apply Rsqr_pos_lt; assumption). lra. }
Qed.
Lemma fifth_increasing : forall x y, x < y -> x ^ 5 < y ^ 5.
Proof.
  intros. pose proof (cube_increasing x y H).
  destruct (Rle_lt_dec 0 x).
  { assert (x ^ 2 <= y ^ 2) by nra. assert (0 <= x ^ 3) by (apply pow_le; assumption). assert (0 < y ^ 2) by nra.
    replace (x ^ 5) with (x ^ 3 * x ^ 2) by ring. replace (y ^ 5) with (y ^ 3 * y ^ 2) by ring. nra. }
  destruct (Rle_lt_dec y 0).
  { assert (y ^ 2 <= x ^ 2) by nra. assert (0 <= (- y) ^ 3) by (apply pow_le; lra). assert (0 < x ^ 2) by nra.
    replace (x ^ 5) with (- ((- x) ^ 3 * x ^ 2)) by ring. replace (y ^ 5) with (- ((- y) ^ 3 * y ^ 2)) by ring.
    assert ((- y) ^ 3 < (- x) ^ 3) by (apply cube_increasing; lra). nra. }
  assert (0 < y ^ 5) by (apply pow_lt; assumption). assert (0 < (- x) ^ 5) by (apply pow_lt; lra).
  replace ((- x) ^ 5) with (- x ^ 5) in * by ring. lra.
Qed.
Lemma rpow_increasing : forall x y c, 0 <= x -> 0 < c -> x < y -> rpow x c < rpow y c.
Proof.
  intros. destruct H as [H|H].
  { rewrite !rpow_positive by lra. unfold Rpower. apply exp_increasing, Rmult_lt_compat_l; [assumption|]. apply ln_increasing; lra. }
  { subst. rewrite rpow_of_zero by assumption. apply rpow_pos. assumption. }
Qed.
Lemma rpow_exponent_increasing : forall c x y, 0 < c - 1 -> x < y -> rpow c x < rpow c y.
Proof. intros. rewrite !rpow_positive by lra. apply Rpower_lt; lra. Qed.
Lemma rpow_exponent_decreasing : forall c x y, 0 < c -> 0 < 1 - c -> x < y -> rpow c y < rpow c x.
Proof.
  intros. rewrite !rpow_positive by lra. unfold Rpower. apply exp_increasing. pose proof (minus_ln_pos c H H0). nra.
Qed.
Lemma reciprocal_decreasing : forall x y, 0 < x * y -> x < y -> 1 / y < 1 / x.
Proof. intros. unfold Rdiv. rewrite !Rmult_1_l. apply Rinv_lt_contravar; assumption. Qed.
Lemma erf_increasing `{NormalDistribution} : forall x y, x < y -> erf x < erf y.
Proof.
  intros. unfold erf. assert (Phi (x * sqrt 2) < Phi (y * sqrt 2)); [|lra].
  apply Phi_increasing, Rmult_lt_compat_r; [apply sqrt_lt_R0; lra|assumption].
Qed.
Lemma minus_exp_minus_increasing : forall x y, x < y -> - exp (- x) < - exp (- y).
Proof. intros. assert (exp (- y) < exp (- x)) by (apply exp_increasing; lra). lra. Qed.

(* same D f g for f = phi g: by that phi is increasing on the values. *)
Ltac lp_order := intros;
  match goal with |- same ?D _ _ =>
    apply same_by; intros ?a ?b ?Ha ?Hb ?L; [ | first [ rewrite L; reflexivity | idtac ] ]; lp_facts end.

(* ------------------------------------------------------------------ *)
(* Functions and powers.                                               *)

Lemma ln_prod_list : forall l, lall (fun a => 0 < a) l -> ln (lprod l) = lsum (map (fun a => ln a) l).
Proof.
  induction l; intros H; [exact ln_1|]. destruct H. cbn [map]. rewrite lprod_cons, lsum_cons.
  rewrite ln_mult; [|assumption|apply lprod_pos; assumption]. rewrite IHl by assumption. reflexivity.
Qed.
Lemma exp_sum_list : forall l, exp (lsum l) = lprod (map (fun a => exp a) l).
Proof. induction l; [exact exp_0|]. cbn [map]. rewrite lprod_cons, lsum_cons, exp_plus, IHl. reflexivity. Qed.
Lemma abs_prod_list : forall l, Rabs (lprod l) = lprod (map (fun a => Rabs a) l).
Proof. induction l; [apply Rabs_R1|]. cbn [map]. rewrite !lprod_cons, Rabs_mult, IHl. reflexivity. Qed.
Lemma sqrt_prod_list : forall l, lall (fun a => 0 <= a) l -> sqrt (lprod l) = lprod (map (fun a => sqrt a) l).
Proof.
  induction l; intros H; [apply sqrt_1|]. destruct H. cbn [map]. rewrite !lprod_cons.
  rewrite sqrt_mult; [|assumption|apply lprod_nonneg; assumption]. rewrite IHl by assumption. reflexivity.
Qed.
Lemma rpow_mult_pos : forall a b c, 0 < a -> 0 < b -> rpow (a * b) c = rpow a c * rpow b c.
Proof.
  intros. rewrite !rpow_positive by (try apply Rmult_lt_0_compat; assumption). symmetry. apply Rpower_mult_distr; assumption.
Qed.
Lemma xlogy_value : forall x y, xlogy x y = x * ln y.
Proof. intros. unfold xlogy. destruct (Req_EM_T x 0); [subst; ring|reflexivity]. Qed.
Lemma sqrt_square_abs : forall a, sqrt (a ^ 2) = Rabs a.
Proof. intros. rewrite <- Rsqr_pow2. apply sqrt_Rsqr_abs. Qed.
Lemma pow2_sqrt_value : forall a, 0 <= a -> sqrt a ^ 2 = a.
Proof. intros. rewrite <- Rsqr_pow2. apply Rsqr_sqrt. assumption. Qed.
Lemma abs_square : forall a, Rabs a ^ 2 = a ^ 2.
Proof. intros. rewrite <- !Rsqr_pow2. symmetry. apply Rsqr_abs. Qed.
Lemma cosh_minus : forall a, cosh (- a) = cosh a.
Proof. intros. unfold cosh. rewrite Ropp_involutive. field. Qed.
Lemma ln_two_exponentials : forall a b, ln (exp a + exp b) = a + softplus (b - a).
Proof.
  intros. unfold softplus. pose proof (exp_pos a). pose proof (exp_pos (b - a)).
  rewrite <- (ln_exp a) at 2. rewrite <- ln_mult by lra. f_equal. rewrite Rmult_plus_distr_l, <- exp_plus.
  replace (a + (b - a)) with b by ring. ring.
Qed.
Lemma ln_sigmoid : forall z, ln (sigmoid z) = - softplus (- z).
Proof.
  intros. unfold sigmoid, softplus. pose proof (exp_pos (- z)). rewrite ln_div by lra. rewrite ln_1. ring.
Qed.
Lemma ln_one_minus_sigmoid : forall z, ln (1 - sigmoid z) = - softplus z.
Proof. intros. rewrite <- sigmoid_minus, ln_sigmoid, Ropp_involutive. reflexivity. Qed.
Lemma logit_sigmoid : forall z, logit (sigmoid z) = z.
Proof.
  intros. rewrite logit_difference by (apply sigmoid_pos || apply sigmoid_lt_1).
  rewrite ln_sigmoid, ln_one_minus_sigmoid, softplus_minus. ring.
Qed.
Lemma sigmoid_logit : forall p, 0 < p -> 0 < 1 - p -> sigmoid (logit p) = p.
Proof.
  intros. rewrite sigmoid_exp. unfold logit. rewrite exp_ln by (apply Rdiv_lt_0_compat; assumption). field. lra.
Qed.
Lemma softplus_abs : forall a, softplus (Rabs a) = softplus a + (Rabs a - a) / 2.
Proof.
  intros. unfold Rabs. destruct (Rcase_abs a); [rewrite softplus_minus|]; field.
Qed.
Lemma softmax_exp : forall K z k, 0 <= K - 1 -> softmax K z k = exp (z k - logsumexp K z).
Proof.
  intros. unfold softmax, logsumexp, Rminus. rewrite exp_plus, exp_Ropp, exp_ln by (apply sum_exp_pos; assumption). reflexivity.
Qed.
Lemma ln_softmax : forall K z k, 0 <= K - 1 -> ln (softmax K z k) = z k - logsumexp K z.
Proof. intros. rewrite softmax_exp by assumption. apply ln_exp. Qed.
Lemma norm_square : forall K v, norm K v ^ 2 = isum 1 K (fun k => v k ^ 2).
Proof. intros. unfold norm. apply pow2_sqrt_value. apply isum_nonneg. intros. apply pow2_ge_0. Qed.

Lemma isum_two : forall f, isum 1 2 f = f 1 + f 2.
Proof. intros. replace (isum 1 2 f) with (isum 1 (INR 2) f) by (simpl; f_equal; ring). rewrite isum_nat. simpl. replace (1 + 0) with 1 by ring. replace (1 + 1) with 2 by ring. ring. Qed.
Lemma isum_three : forall f, isum 1 3 f = f 1 + f 2 + f 3.
Proof.
  intros. replace (isum 1 3 f) with (isum 1 (INR 3) f) by (simpl; f_equal; ring). rewrite isum_nat. simpl.
  replace (1 + 0) with 1 by ring. replace (1 + 1) with 2 by ring. replace (1 + 2) with 3 by ring. ring.
Qed.
Lemma vec_index : forall l n, vec l (IZR (Z.of_nat (S n))) = nth n l (last l 0).
Proof. intros. unfold vec. rewrite Int_part_IZR. f_equal. lia. Qed.
Lemma vec_first : forall a l, vec (a :: l) 1 = a.
Proof. intros. exact (vec_index (a :: l) 0). Qed.
Lemma vec_second : forall a b l, vec (a :: b :: l) 2 = b.
Proof. intros. exact (vec_index (a :: b :: l) 1). Qed.
Lemma vec_third : forall a b c l, vec (a :: b :: c :: l) 3 = c.
Proof. intros. exact (vec_index (a :: b :: c :: l) 2). Qed.
Lemma vec_INR : forall l n, vec l (1 + INR n) = nth n l (last l 0).
Proof. intros. rewrite Rplus_comm, <- S_INR, INR_IZR_INZ. apply vec_index. Qed.
Lemma nsum_list : forall l, nsum (length l) (fun j => nth j l 0) = lsum l.
Proof.
  intros l. rewrite <- (rev_involutive l). induction (rev l) as [|a r IH]; [reflexivity|].
  simpl rev. rewrite app_length, Nat.add_comm. simpl.
  rewrite (nsum_ext _ _ (fun j => nth j (rev r) 0)) by (intros; apply app_nth1; assumption).
  rewrite IH, app_nth2, Nat.sub_diag by lia. simpl. generalize (rev r). clear.
  intros l. induction l; [simpl; ring|]. rewrite <- app_comm_cons, !lsum_cons, <- IHl. ring.
Qed.
Lemma isum_vec : forall l (f : R -> R), isum 1 (INR (length l)) (fun j => f (vec l j)) = lsum (map f l).
Proof.
  intros. rewrite isum_nat, <- nsum_list. rewrite List.map_length. apply nsum_ext. intros. rewrite vec_INR.
  rewrite (nth_indep (map f l) 0 (f (last l 0))) by (rewrite List.map_length; assumption). symmetry. apply map_nth.
Qed.
(* A vector that is written out has its first component below the index 2, and its last component from there on. *)
Lemma vec_two_cases : forall k, (forall a b, vec [a; b] k = a) \/ (forall a b, vec [a; b] k = b).
Proof.
  intros k. unfold vec. destruct (Z.to_nat (Int_part k - 1)) as [|[|[|n]]]; [left|right|right|right]; reflexivity.
Qed.
Lemma between_two : forall k, between 1 2 k -> k = 1 \/ k = 2.
Proof.
  intros k [[|[|j]] [E H]]; simpl in *; [left; lra | right; lra | exfalso].
  rewrite E in H. pose proof (pos_INR j). destruct j; simpl in *; lra.
Qed.
Lemma between_three : forall k, between 1 3 k -> k = 1 \/ k = 2 \/ k = 3.
Proof.
  intros k [[|[|[|j]]] [E H]]; [left; simpl in *; lra | right; left; simpl in *; lra | right; right; simpl in *; lra | exfalso].
  rewrite E, !S_INR in H. pose proof (pos_INR j). lra.
Qed.

(* ------------------------------------------------------------------ *)
(* Special functions, powers of 0, extended numbers, vectors, matrices. *)

Section GammaLemmas.
Context {HGamma : Gamma}.
Lemma lgamma_successor : forall a, 0 < a -> lgamma (a + 1) = lgamma a + ln a.
Proof. intros. unfold lgamma. rewrite gamma_successor by assumption. rewrite ln_mult by (try apply gamma_positive; assumption). ring. Qed.
Lemma ln_beta : forall a b, 0 < a -> 0 < b -> ln (beta a b) = lgamma a + lgamma b - lgamma (a + b).
Proof.
  intros. unfold beta, lgamma. pose proof (gamma_positive a H). pose proof (gamma_positive b H0).
  assert (0 < a + b) by lra. pose proof (gamma_positive (a + b) H3).
  rewrite ln_div by (try apply Rmult_lt_0_compat; assumption). rewrite ln_mult by assumption. reflexivity.
Qed.
Lemma ln_binomial : forall n k, 0 < n + 1 -> 0 < k + 1 -> 0 < n - k + 1 ->
  ln (binomial n k) = lgamma (n + 1) - lgamma (k + 1) - lgamma (n - k + 1).
Proof.
  intros. unfold binomial, lgamma. pose proof (gamma_positive _ H). pose proof (gamma_positive _ H0). pose proof (gamma_positive _ H1).
  rewrite ln_div by (try apply Rmult_lt_0_compat; assumption). rewrite ln_mult by assumption. ring.
Qed.
Lemma lgamma_one : lgamma 1 = 0.
Proof. unfold lgamma. rewrite gamma_one. apply ln_1. Qed.
Lemma lgamma_two : lgamma 2 = 0.
Proof. replace 2 with (1 + 1) by ring. rewrite lgamma_successor by lra. rewrite lgamma_one, ln_1. ring. Qed.
Lemma lgamma_half : lgamma (1 / 2) = ln PI / 2.
Proof. unfold lgamma. rewrite gamma_half, ln_sqrt by exact PI_RGT_0. field. Qed.
Lemma factorial_zero : factorial 0 = 1.
Proof. unfold factorial. rewrite Rplus_0_l. apply gamma_one. Qed.
End GammaLemmas.

(* Powers of nonnegative bases. *)
Lemma defined_at_zero : forall c, power_defined 0 c -> 0 < c \/ in_naturals c.
Proof. intros c [H|[[_ H]|[H|[H _]]]]; [lra|auto|auto|congruence]. Qed.
Lemma rpow_mult_nonneg : forall a b c, 0 <= a -> 0 <= b -> power_defined a c -> power_defined b c -> rpow (a * b) c = rpow a c * rpow b c.
Proof.
  intros a b c A B P Q.
  assert (Z : 0 < c \/ in_naturals c -> rpow (a * b) c = rpow a c * rpow b c).
  { intros [H|[n H]].
    { destruct A as [A|A]. { destruct B as [B|B]; [apply rpow_mult_pos; assumption|]. subst. rewrite Rmult_0_r, (rpow_of_zero c H). ring. }
      subst. rewrite Rmult_0_l, (rpow_of_zero c H). ring. }
    subst. rewrite !rpow_nat. apply Rpow_mult_distr. }
  destruct A as [A|A]; [destruct B as [B|B]|].
  { apply rpow_mult_pos; assumption. } { apply Z. subst. apply defined_at_zero. assumption. } { apply Z. subst. apply defined_at_zero. assumption. }
Qed.
Lemma rpow_inv : forall b c, 0 < b -> rpow (/ b) c = / rpow b c.
Proof.
  intros. rewrite !rpow_positive by (try apply Rinv_0_lt_compat; assumption). unfold Rpower. rewrite ln_Rinv by assumption.
  rewrite <- exp_Ropp. f_equal. ring.
Qed.
Lemma rpow_div_nonneg : forall a b c, 0 <= a -> 0 < b -> power_defined a c -> rpow (a / b) c = rpow a c / rpow b c.
Proof.
  intros. assert (0 < / b) by (apply Rinv_0_lt_compat; assumption).
  unfold Rdiv. rewrite rpow_mult_nonneg by (first [assumption | left; assumption]). rewrite rpow_inv by assumption. reflexivity.
Qed.
Lemma defined_quotient : forall a b c, 0 <= a -> 0 < b -> power_defined a c -> power_defined (a / b) c.
Proof.
  intros a b c A B [H|[[_ H]|[H|[H I]]]].
  { apply defined_positive, Rdiv_lt_0_compat; assumption. } { apply defined_nonneg; [apply nonneg_div|]; assumption. }
  { apply defined_natural. assumption. } { apply defined_integer; [apply nonzero_div; lra|assumption]. }
Qed.
Lemma defined_numerator : forall a b c, 0 <= a -> 0 < b -> power_defined (a / b) c -> power_defined a c.
Proof.
  intros a b c A B H. replace a with (a / b / / b) by (field; lra). apply defined_quotient; [apply nonneg_div; assumption|apply Rinv_0_lt_compat; assumption|assumption].
Qed.
Lemma defined_prod_list : forall l c, lall (fun a => 0 <= a) l -> power_defined (lprod l) c -> lall (fun a => power_defined a c) l.
Proof.
  induction l; intros c H D; [exact I|]. destruct H as [A H]. rewrite lprod_cons in D.
  pose proof (lprod_nonneg l H) as B. split.
  { destruct A as [A|A]; [apply defined_positive; assumption|]. subst. rewrite Rmult_0_l in D. assumption. }
  { apply IHl; [assumption|]. destruct B as [B|B]; [apply defined_positive; assumption|]. rewrite <- B, Rmult_0_r in D. rewrite <- B. assumption. }
Qed.
Lemma rpow_prod_list : forall l c, lall (fun a => 0 <= a) l -> power_defined (lprod l) c -> rpow (lprod l) c = lprod (map (fun a => rpow a c) l).
Proof.
  induction l; intros c H D. { simpl. rewrite rpow_positive by lra. unfold Rpower. rewrite ln_1, Rmult_0_r. apply exp_0. }
  pose proof (defined_prod_list _ _ H D) as [Da Dl]. destruct H as [A H]. cbn [map]. rewrite !lprod_cons.
  pose proof (lprod_nonneg l H) as B.
  assert (power_defined (lprod l) c).
  { rewrite lprod_cons in D. destruct B as [B|B]; [apply defined_positive; assumption|]. rewrite <- B, Rmult_0_r in D. rewrite <- B. assumption. }
  rewrite rpow_mult_nonneg by assumption. rewrite IHl by assumption. reflexivity.
Qed.
Lemma rpow_half : forall a, 0 <= a -> rpow a (1 / 2) = sqrt a.
Proof.
  intros a [H|H]. { rewrite rpow_positive by assumption. rewrite <- (Rpower_sqrt a H). f_equal. field. }
  subst. rewrite sqrt_0. apply rpow_of_zero. lra.
Qed.
Lemma rpow_rpow : forall a b c, 0 < a -> rpow (rpow a b) c = rpow a (b * c).
Proof.
  intros. rewrite (rpow_positive a (b * c)), (rpow_positive (rpow a b)) by (try apply rpow_pos; assumption).
  rewrite rpow_positive by assumption. apply Rpower_mult.
Qed.
Lemma rpow_sqrt : forall a c, 0 < a -> rpow (sqrt a) c = rpow a (c / 2).
Proof. intros. rewrite <- rpow_half by lra. rewrite rpow_rpow by assumption. f_equal. field. Qed.
Lemma rpow_exp : forall a b, rpow (exp a) b = exp (a * b).
Proof. intros. rewrite rpow_positive by apply exp_pos. unfold Rpower. rewrite ln_exp. f_equal. ring. Qed.
Lemma exp_ln_power : forall a c, 0 < a -> exp (c * ln a) = rpow a c.
Proof. intros. rewrite rpow_positive by assumption. reflexivity. Qed.

(* Extended numbers. *)
Lemma xln_mult : forall a b, 0 <= a -> 0 <= b -> xln (a * b) = xadd (xln a) (xln b).
Proof.
  intros a b A B. unfold xln. destruct (Rlt_dec 0 a), (Rlt_dec 0 b), (Rlt_dec 0 (a * b)); simpl; try reflexivity.
  { rewrite ln_mult by assumption. reflexivity. } { exfalso. apply n. apply Rmult_lt_0_compat; assumption. }
  all: exfalso; nra.
Qed.
Lemma xln_prod : forall n f, (forall i, (i < n)%nat -> 0 <= f i) -> xln (nprod n f) = xsum n (fun i => xln (f i)).
Proof.
  induction n; simpl; intros f H. { unfold xln. destruct (Rlt_dec 0 1); [rewrite ln_1; reflexivity|lra]. }
  rewrite xln_mult by (try apply nprod_nonneg; auto). rewrite IHn by auto. reflexivity.
Qed.
Lemma xadd_assoc : forall a b c, xadd (xadd a b) c = xadd a (xadd b c).
Proof. intros [a| |] [b| |] [c| |]; simpl; try reflexivity. f_equal. ring. Qed.
Lemma xadd_zero : forall a, xadd (Fin 0) a = a.
Proof. intros [a| |]; simpl; try reflexivity. f_equal. ring. Qed.
Lemma xadd_zero_r : forall a, xadd a (Fin 0) = a.
Proof. intros [a| |]; simpl; try reflexivity. f_equal. ring. Qed.
Lemma xfold : forall l a, fold_left xadd l a = xadd a (fold_left xadd l (Fin 0)).
Proof.
  induction l; cbn [fold_left]; intros; [rewrite xadd_zero_r; reflexivity|]. rewrite IHl, (IHl (xadd (Fin 0) a)), xadd_zero. apply xadd_assoc.
Qed.
Lemma xlsum_cons : forall a l, xlsum (a :: l) = xadd a (xlsum l).
Proof.
  intros a [|b l]; cbn [xlsum fold_left]; [rewrite xadd_zero_r; reflexivity|]. rewrite (xfold l (xadd a b)), (xfold l b). apply xadd_assoc.
Qed.
Lemma xln_prod_list : forall l, lall (fun a => 0 <= a) l -> xln (lprod l) = xlsum (map (fun a => xln a) l).
Proof.
  induction l; intros H. { simpl. unfold xln. destruct (Rlt_dec 0 1); [rewrite ln_1; reflexivity|lra]. }
  destruct H. cbn [map]. rewrite lprod_cons, xlsum_cons, xln_mult by (try apply lprod_nonneg; assumption). rewrite IHl by assumption. reflexivity.
Qed.

(* Sums with one term that counts. *)
Lemma isum_zero : forall m n f, (forall k, between m n k -> f k = 0) -> isum m n f = 0.
Proof. intros. rewrite (isum_ext m n f (fun _ => 0)) by assumption. unfold isum. apply nsum_zero. Qed.
Lemma nsum_single : forall n f j, (j < n)%nat -> (forall i, (i < n)%nat -> i <> j -> f i = 0) -> nsum n f = f j.
Proof.
  induction n; simpl; intros f j J H; [lia|]. destruct (Nat.eq_dec j n) as [E|N].
  { subst. rewrite (nsum_ext n f (fun _ => 0)) by (intros; apply H; lia). rewrite nsum_zero. ring. }
  rewrite (IHn f j), (H n) by (try lia; intros; apply H; lia). ring.
Qed.
Lemma isum_single : forall m n f j, between m n j -> (forall k, between m n k -> k <> j -> f k = 0) -> isum m n f = f j.
Proof.
  intros m n f j [i [E L]] H. unfold isum. rewrite (nsum_single _ _ i).
  { congruence. } { apply between_count. lra. }
  intros l Hl N. apply H; [apply count_between; assumption|]. rewrite E. intros C. apply N, INR_eq. lra.
Qed.
Lemma isum_onehot : forall K y, in_onehot K y -> isum 1 K y = 1.
Proof. intros K y [j [B [E H]]]. rewrite (isum_single 1 K y j B H). assumption. Qed.
Lemma isum_div : forall m n f c, isum m n (fun k => f k / c) = isum m n f / c.
Proof. intros. unfold Rdiv. rewrite (isum_ext m n _ (fun k => / c * f k)) by (intros; ring). rewrite isum_scal. ring. Qed.

(* Means and mixtures of distributions. *)
Lemma simplex_combination : forall K (p q r : R -> R) u v,
  u + v = 1 -> (forall k, between 1 K k -> r k = u * p k + v * q k) -> isum 1 K p = 1 -> isum 1 K q = 1 ->
  (forall k, between 1 K k -> 0 < u * p k + v * q k) -> in_simplex K r.
Proof.
  intros K p q r u v E H P Q S. split. { intros k Hk. rewrite H by assumption. auto. }
  rewrite (isum_ext 1 K r (fun k => u * p k + v * q k)) by assumption. rewrite isum_plus, !isum_scal, P, Q. lra.
Qed.

(* Quadratic forms of diagonal matrices. *)
Lemma quad_mdiag : forall D v r, quad D (mdiag v) r = isum 1 D (fun k => v k * r k ^ 2).
Proof.
  intros. unfold quad. apply isum_ext. intros i Hi. rewrite (isum_single 1 D _ i Hi).
  { unfold mdiag. destruct (Req_EM_T i i); [ring|congruence]. }
  intros k Hk N. unfold mdiag. destruct (Req_EM_T i k); [congruence|ring].
Qed.
Lemma meye_diagonal : meye = mdiag (fun _ => 1).
Proof. reflexivity. Qed.
Lemma mscale_meye : forall c, mscale c meye = mdiag (fun _ => c).
Proof.
  intros. apply functional_extensionality; intro i. apply functional_extensionality; intro j.
  unfold mscale, meye, mdiag. destruct (Req_EM_T i j); ring.
Qed.
Lemma posdef_mdiag : forall D v, (forall k, between 1 D k -> 0 < v k) -> in_posdef D (mdiag v).
Proof.
  intros D v H. split.
  { intros i j. unfold mdiag. destruct (Req_EM_T i j), (Req_EM_T j i); congruence. }
  intros r [k [Hk N]]. rewrite quad_mdiag.
  destruct Hk as [i [E L]]. unfold isum.
  assert (forall l, (l < count 1 D)%nat -> 0 <= v (1 + INR l) * r (1 + INR l) ^ 2).
  { intros. apply Rmult_le_pos; [apply Rlt_le, H, count_between; assumption|apply pow2_ge_0]. }
  assert (J : (i < count 1 D)%nat) by (apply between_count; lra).
  assert (Z : forall n f, (forall l, (l < n)%nat -> 0 <= f l) -> (i < n)%nat -> 0 < f i -> 0 < nsum n f).
  { clear. induction n; intros f A B C; [lia|]. simpl. assert (0 <= f n) by auto.
    assert (0 <= nsum n f) by (apply nsum_nonneg; auto). destruct (Nat.eq_dec i n); [subst; lra|].
    assert (0 < nsum n f) by (apply IHn; auto; lia). lra. }
  apply Z; [assumption|assumption|]. rewrite <- E. apply Rmult_lt_0_compat; [apply H; exists i; split; lra|].
  rewrite <- Rsqr_pow2. apply Rsqr_pos_lt. assumption.
Qed.
Lemma iprod_const : forall K c, in_naturals K -> iprod 1 K (fun _ => c) = rpow c K.
Proof.
  intros K c [N E]. subst. unfold iprod. rewrite count_nat, rpow_nat. induction N; simpl; [reflexivity|]. rewrite IHN. ring.
Qed.
Lemma quad_mscale : forall K c A v, quad K (mscale c A) v = c * quad K A v.
Proof.
  intros. unfold quad, mscale. rewrite <- isum_scal. apply isum_ext. intros. rewrite <- isum_scal. apply isum_ext. intros. ring.
Qed.

Lemma quad_mdiv : forall K A c v, quad K (mdiv A c) v = quad K A v / c.
Proof.
  intros. unfold quad, mdiv. rewrite <- isum_div. apply isum_ext. intros. rewrite <- isum_div. apply isum_ext. intros. unfold Rdiv. ring.
Qed.
Lemma defined_equivalent : forall a b c, 0 <= a -> 0 < b -> (power_defined (a / b) c <-> power_defined a c).
Proof. intros. split; [apply defined_numerator|apply defined_quotient]; assumption. Qed.

(* ------------------------------------------------------------------ *)
(* Tactics: the lemmas of rules and facts.                             *)

Ltac lp_unfold := unfold in_reals in *.
Ltac lp_split := repeat match goal with |- _ /\ _ => split end.
Ltac lp_close :=
  lazymatch goal with
  | |- True => exact I
  | |- @eq ?T _ _ => first [ reflexivity | assumption | lra | lp_algebra ]
  | |- _ => lp_defined
  end.
Ltac lp_auto := intros; lp_split; solve [ lp_close ].
Ltac lp_binary H := destruct H as [<- | [<- | []]].
Ltac lp_cases := match goal with c : bool |- _ => destruct c end; simpl.
Tactic Notation "lp_rule" tactic3(t) := intros; split; [ lp_defined | t ].

(* ------------------------------------------------------------------ *)
(* Expectations of sums.                                               *)

Section Expectations.
Context {V : Type}.
Variable E : expectation V.
Lemma finite_lsum : forall l : list (V -> R), lall (fun f => finite E (fun x => f x)) l -> finite E (fun x => lsum (map (fun f => f x) l)).
Proof.
  induction l as [|f l IH]; intros H; [exact (finite_zero E)|]. destruct H as [A B].
  apply (finite_ext E (fun x => f x + lsum (map (fun g => g x) l))). { intros. cbn [map]. rewrite lsum_cons. reflexivity. }
  apply finite_plus; [exact A | apply IH; exact B].
Qed.
Lemma mean_lsum : forall l : list (V -> R), lall (fun f => finite E (fun x => f x)) l ->
  mean_of E (fun x => lsum (map (fun f => f x) l)) = lsum (map (fun f => mean_of E (fun x => f x)) l).
Proof.
  induction l as [|f l IH]; intros H; [exact (mean_zero E)|]. destruct H as [A B]. cbn [map]. rewrite lsum_cons, <- IH by assumption.
  rewrite (mean_ext E _ (fun x => f x + lsum (map (fun g => g x) l))). { apply mean_plus; [exact A | apply finite_lsum; exact B]. }
  intros. cbn [map]. rewrite lsum_cons. reflexivity.
Qed.
Lemma finite_nsum : forall n (f : nat -> V -> R), (forall i, (i < n)%nat -> finite E (f i)) -> finite E (fun x => nsum n (fun i => f i x)).
Proof.
  induction n; intros f H; [exact (finite_zero E)|]. cbn [nsum]. apply (finite_plus E (fun x => nsum n (fun i => f i x)) (f n)); auto.
Qed.
Lemma mean_nsum : forall n (f : nat -> V -> R), (forall i, (i < n)%nat -> finite E (f i)) ->
  mean_of E (fun x => nsum n (fun i => f i x)) = nsum n (fun i => mean_of E (f i)).
Proof.
  induction n; intros f H; [exact (mean_zero E)|]. cbn [nsum]. rewrite <- IHn by auto.
  apply (mean_plus E (fun x => nsum n (fun i => f i x)) (f n)); [apply finite_nsum|]; auto.
Qed.
Lemma mean_scale_last : forall c f, mean_of E (fun x => f x * c) = mean_of E (fun x => f x) * c.
Proof. intros. rewrite (mean_ext E _ (fun x => c * f x)) by (intros; ring). rewrite mean_scale. apply Rmult_comm. Qed.
Lemma finite_multiple : forall c (f g : V -> R), (forall x, inside E x -> f x = c * g x) -> finite E g -> finite E f.
Proof. intros c f g H F. apply (finite_ext E (fun x => c * g x)). { intros. symmetry. auto. } apply finite_scale. exact F. Qed.
Lemma mean_nmean : forall n (f : nat -> V -> R), (forall i, (i < n)%nat -> finite E (f i)) ->
  mean_of E (fun x => nmean n (fun i => f i x)) = nmean n (fun i => mean_of E (f i)).
Proof. intros. unfold nmean, Rdiv. rewrite mean_scale_last. f_equal. apply mean_nsum. assumption. Qed.
Lemma finite_isum : forall m n (f : R -> V -> R), (forall k, between m n k -> finite E (f k)) -> finite E (fun x => isum m n (fun k => f k x)).
Proof. intros. unfold isum. apply (finite_nsum _ (fun j => f (m + INR j))). intros. apply H, count_between. assumption. Qed.
Lemma mean_isum : forall m n (f : R -> V -> R), (forall k, between m n k -> finite E (f k)) ->
  mean_of E (fun x => isum m n (fun k => f k x)) = isum m n (fun k => mean_of E (f k)).
Proof. intros. unfold isum. apply (mean_nsum _ (fun j => f (m + INR j))). intros. apply H, count_between. assumption. Qed.
End Expectations.

(* ------------------------------------------------------------------ *)
(* Entropies and divergences of finite distributions.                  *)

Lemma ln_nonpositive : forall a, a <= 0 -> ln a = 0.
Proof. intros a H. unfold ln. destruct (Rlt_dec 0 a) as [P|P]; [exfalso; apply (Rlt_irrefl 0), (Rlt_le_trans 0 a 0); assumption | reflexivity]. Qed.
Lemma ln_inv : forall a, ln (/ a) = - ln a.
Proof.
  intros. destruct (Rtotal_order a 0) as [H|[H|H]].
  { rewrite (ln_nonpositive a), (ln_nonpositive (/ a)); [ring | apply Rlt_le, Rinv_lt_0_compat; exact H | lra]. }
  { subst. rewrite Rinv_0, ln_nonpositive by lra. ring. }
  { apply ln_Rinv. exact H. }
Qed.
Lemma ln_below : forall a, 0 < a -> a <> 1 -> ln a < a - 1.
Proof.
  intros a H N. assert (M : ln a <> 0) by (intro Z; apply N; rewrite <- (exp_ln a H), Z; apply exp_0).
  pose proof (exp_ineq1 (ln a) M) as I. rewrite exp_ln in I by exact H. lra.
Qed.
Lemma gibbs_term_strict : forall a b, 0 < a -> 0 < b -> a <> b -> a - b < a * ln (a / b).
Proof.
  intros a b A B N. replace (a / b) with (/ (b / a)) by (field; lra). rewrite ln_inv.
  assert (b / a <> 1). { intro Z. apply N. replace b with (b / a * a) by (field; lra). rewrite Z. ring. }
  pose proof (ln_below (b / a) (Rdiv_lt_0_compat b a B A) H) as L.
  apply (Rmult_lt_compat_l a) in L; [|exact A]. replace (a * (b / a - 1)) with (b - a) in L by (field; lra). lra.
Qed.
Lemma gibbs_term : forall a b, 0 < a -> 0 < b -> a - b <= a * ln (a / b).
Proof.
  intros a b A B. destruct (Req_dec a b) as [Z|N]; [|apply Rlt_le, gibbs_term_strict; assumption].
  subst. unfold Rdiv. rewrite Rinv_r, ln_1 by lra. lra.
Qed.
Lemma gibbs_excess : forall K p q, in_simplex K p -> in_simplex K q ->
  isum 1 K (fun k => p k * ln (p k / q k)) = isum 1 K (fun k => p k * ln (p k / q k) - (p k - q k)).
Proof.
  intros K p q [_ P] [_ Q]. rewrite (isum_ext 1 K (fun k => p k * ln (p k / q k) - (p k - q k)) (fun k => p k * ln (p k / q k) + (q k + - p k))) by (intros; ring).
  rewrite (isum_plus 1 K (fun k => p k * ln (p k / q k))), (isum_plus 1 K q), isum_opp, P, Q. ring.
Qed.
Lemma gibbs_sum : forall K p q, in_simplex K p -> in_simplex K q -> 0 <= isum 1 K (fun k => p k * ln (p k / q k)).
Proof.
  intros K p q P Q. rewrite gibbs_excess by assumption. apply isum_nonneg. intros k Hk.
  pose proof (gibbs_term (p k) (q k) (proj1 P k Hk) (proj1 Q k Hk)). lra.
Qed.
Lemma isum_pos_one : forall m n f k, between m n k -> 0 < f k -> (forall j, between m n j -> 0 <= f j) -> 0 < isum m n f.
Proof.
  intros m n f k [i [E L]] P H. unfold isum. assert (J : (i < count m n)%nat) by (apply between_count; lra).
  assert (A : forall j, (j < count m n)%nat -> 0 <= f (m + INR j)) by (intros; apply H, count_between; assumption).
  rewrite E in P. revert J A. generalize (count m n). induction n0 as [|c IH]; intros J A; [lia|]. cbn [nsum].
  assert (0 <= f (m + INR c)) by auto.
  assert (0 <= nsum c (fun j => f (m + INR j))) by (apply nsum_nonneg; auto).
  destruct (Nat.eq_dec i c); [subst; lra|]. assert (0 < nsum c (fun j => f (m + INR j))) by (apply IH; auto; lia). lra.
Qed.
Lemma gibbs_sum_strict : forall K p q, in_simplex K p -> in_simplex K q -> (exists k, between 1 K k /\ p k <> q k) ->
  0 < isum 1 K (fun k => p k * ln (p k / q k)).
Proof.
  intros K p q P Q [k [Hk N]]. rewrite gibbs_excess by assumption. apply (isum_pos_one 1 K _ k Hk).
  { pose proof (gibbs_term_strict (p k) (q k) (proj1 P k Hk) (proj1 Q k Hk) N). lra. }
  intros j Hj. pose proof (gibbs_term (p j) (q j) (proj1 P j Hj) (proj1 Q j Hj)). lra.
Qed.
Lemma bernoulli_one : forall p, rpow p 1 * rpow (1 - p) (1 - 1) = p.
Proof. intros. replace (1 - 1) with 0 by ring. rewrite rpow_zero, (rpow_pos_literal p 1). simpl. ring. Qed.
Lemma bernoulli_zero : forall p, rpow p 0 * rpow (1 - p) (1 - 0) = 1 - p.
Proof. intros. rewrite Rminus_0_r, rpow_zero, (rpow_pos_literal (1 - p) 1). simpl. ring. Qed.
Lemma weighted_ln_quotient : forall a b, 0 <= a -> 0 < b \/ a = 0 -> a * ln (a / b) = a * ln a - a * ln b.
Proof.
  intros a b A B. destruct A as [A|A]; [|subst; ring]. destruct B as [B|B]; [|lra]. rewrite ln_div by assumption. ring.
Qed.
Lemma frequency_pos : forall n y i, (i < n)%nat -> 0 < frequency n y (y i).
Proof.
  intros n y i H. unfold frequency, nmean. apply Rdiv_lt_0_compat; [|apply lt_0_INR; lia].
  assert (A : forall m, (forall j, (j < m)%nat -> 0 <= indicator (eqb (y j) (y i)))) by (intros; apply nonneg_indicator).
  revert H. generalize (A n). generalize n. induction n0 as [|c IH]; intros N L; [lia|]. cbn [nsum].
  assert (0 <= nsum c (fun j => indicator (eqb (y j) (y i)))) by (apply nsum_nonneg; auto).
  destruct (Nat.eq_dec i c). { subst. rewrite eqb_same. simpl. lra. }
  assert (0 < nsum c (fun j => indicator (eqb (y j) (y i)))) by (apply IH; auto; lia). pose proof (N c). specialize (H1 (Nat.lt_succ_diag_r c)). lra.
Qed.
Lemma divergence_of_data_entropy : forall n y q, (forall i, (i < n)%nat -> 0 < q i) ->
  divergence_of_data n y q = nmean n (fun i => - ln (q i)) - entropy_of_data n y.
Proof.
  intros. unfold divergence_of_data, entropy_of_data, nmean.
  rewrite (nsum_ext n _ (fun i => ln (frequency n y (y i)) + - ln (q i))).
  { rewrite nsum_plus. unfold Rdiv. ring. }
  intros. rewrite ln_div; [ring | apply frequency_pos; assumption | auto].
Qed.

(* Logarithms of the gamma function at what is natural but for an offset. *)
Lemma ln_bound : forall a, 0 < a -> Rabs (ln a) <= a + 1 / a.
Proof.
  intros a H. assert (B : forall b, 0 < b -> ln b <= b). { intros b P. destruct (Req_dec b 1) as [Z|N]; [subst; rewrite ln_1; lra|]. pose proof (ln_below b P N). lra. }
  pose proof (B a H) as U. pose proof (B (/ a) (Rinv_0_lt_compat a H)) as L. rewrite ln_inv in L. unfold Rdiv. rewrite Rmult_1_l.
  pose proof (Rinv_0_lt_compat a H). apply Rabs_le. lra.
Qed.
Section GammaBounds.
Context {HGamma : Gamma}.
Lemma lgamma_bound : forall c n, 0 < c -> Rabs (lgamma (INR n + c)) <= Rabs (lgamma c) + (c + 1 / c + 1) * INR n ^ 2.
Proof.
  intros c n C. assert (I : 0 < 1 / c) by (apply Rdiv_lt_0_compat; lra). induction n.
  { simpl. rewrite Rplus_0_l. lra. }
  rewrite S_INR. replace (INR n + 1 + c) with (INR n + c + 1) by ring. pose proof (pos_INR n) as N.
  rewrite lgamma_successor by lra. pose proof (Rabs_triang (lgamma (INR n + c)) (ln (INR n + c))) as T.
  pose proof (ln_bound (INR n + c)) as B. assert (1 / (INR n + c) <= 1 / c).
  { unfold Rdiv. rewrite !Rmult_1_l. apply Rinv_le_contravar; lra. }
  replace ((c + 1 / c + 1) * (INR n + 1) ^ 2) with ((c + 1 / c + 1) * INR n ^ 2 + (c + 1 / c + 1) * (2 * INR n + 1)) by ring.
  assert (0 <= (c + 1 / c) * (2 * INR n)) by (apply Rmult_le_pos; lra).
  assert (Rabs (ln (INR n + c)) <= INR n + c + 1 / (INR n + c)) by (apply B; lra). lra.
Qed.
Lemma ln_factorial_bound : forall n, 0 <= ln (factorial (INR n)) <= INR n ^ 2.
Proof.
  intros n. rewrite factorial_of_nat. induction n. { simpl. rewrite ln_1. lra. }
  rewrite fact_simpl, mult_INR, ln_mult by (try apply INR_fact_lt_0; apply lt_0_INR; lia). rewrite S_INR. pose proof (pos_INR n) as N.
  assert (0 <= ln (INR n + 1)) by (apply ln_nonneg; lra).
  assert (ln (INR n + 1) <= INR n). { destruct (Req_dec (INR n) 0) as [Z|Z]; [rewrite Z, Rplus_0_l, ln_1; lra|].
    assert (ln (INR n + 1) < INR n + 1 - 1) by (apply ln_below; lra). lra. }
  replace ((INR n + 1) ^ 2) with (INR n ^ 2 + 2 * INR n + 1) by ring. lra.
Qed.
End GammaBounds.

(* The probabilities of a binomial distribution: their sum, and the mean. *)
Lemma isum_series : forall N f, isum 0 (INR N) f = sum_f_R0 (fun j => f (INR j)) N.
Proof.
  intros. unfold isum. replace (count 0 (INR N)) with (S N).
  2: { unfold count. rewrite Rminus_0_r. rewrite <- (tech_up (INR N) (Z.of_nat N + 1)). { lia. }
       { rewrite plus_IZR, <- INR_IZR_INZ. lra. } { rewrite plus_IZR, <- INR_IZR_INZ. lra. } }
  induction N. { simpl. rewrite !Rplus_0_l. reflexivity. }
  rewrite tech5, <- IHN, Rplus_comm. change (nsum (S (S N)) (fun j => f (0 + INR j))) with (nsum (S N) (fun j => f (0 + INR j)) + f (0 + INR (S N))).
  rewrite Rplus_0_l. ring.
Qed.
Lemma choose_successor : forall M i, (i <= M)%nat -> C (S M) (S i) * INR (S i) = INR (S M) * C M i.
Proof.
  intros M i H. unfold C. rewrite !fact_simpl, !mult_INR. replace (S M - S i)%nat with (M - i)%nat by lia.
  pose proof (INR_fact_neq_0 i). pose proof (INR_fact_neq_0 (M - i)). assert (INR (S i) <> 0) by (apply not_0_INR; discriminate).
  field. repeat split; assumption.
Qed.
Lemma choose_sum : forall N p, sum_f_R0 (fun i => C N i * p ^ i * (1 - p) ^ (N - i)) N = 1.
Proof. intros. rewrite <- Binomial.binomial. replace (p + (1 - p)) with 1 by ring. apply pow1. Qed.
Lemma choose_mean : forall N p, sum_f_R0 (fun i => C N i * p ^ i * (1 - p) ^ (N - i) * INR i) N = INR N * p.
Proof.
  intros [|M] p. { simpl. ring. }
  rewrite decomp_sum by lia. cbn [pred]. simpl (INR 0). rewrite Rmult_0_r, Rplus_0_l.
  rewrite (sum_eq _ (fun i => C M i * p ^ i * (1 - p) ^ (M - i) * (INR (S M) * p))).
  { rewrite <- scal_sum, choose_sum. ring. }
  intros i Hi. replace (S M - S i)%nat with (M - i)%nat by lia.
  replace (C (S M) (S i) * p ^ S i * (1 - p) ^ (M - i) * INR (S i)) with (C (S M) (S i) * INR (S i) * p ^ S i * (1 - p) ^ (M - i)) by ring.
  rewrite choose_successor by assumption. simpl pow. ring.
Qed.
Lemma choose_square : forall N p, sum_f_R0 (fun i => C N i * p ^ i * (1 - p) ^ (N - i) * INR i * INR i) N = INR N * p * ((INR N - 1) * p + 1).
Proof.
  intros [|M] p. { simpl. ring. }
  rewrite decomp_sum by lia. cbn [pred]. simpl (INR 0). rewrite Rmult_0_r, Rplus_0_l.
  rewrite (sum_eq _ (fun i => C M i * p ^ i * (1 - p) ^ (M - i) * INR i * (INR (S M) * p) + C M i * p ^ i * (1 - p) ^ (M - i) * (INR (S M) * p))).
  { rewrite plus_sum, <- !scal_sum, choose_mean, choose_sum, S_INR. ring. }
  intros i Hi. replace (S M - S i)%nat with (M - i)%nat by lia.
  replace (C (S M) (S i) * p ^ S i * (1 - p) ^ (M - i) * INR (S i) * INR (S i)) with (C (S M) (S i) * INR (S i) * p ^ S i * (1 - p) ^ (M - i) * INR (S i)) by ring.
  rewrite choose_successor by assumption. rewrite (S_INR i). simpl pow. ring.
Qed.
(* The number of ways to choose k of n, for natural numbers. *)
Definition choose (n k : R) : R := C (Z.to_nat (Int_part n)) (Z.to_nat (Int_part k)).
Definition binomial_weight (n p k : R) : R := choose n k * rpow p k * rpow (1 - p) (n - k).
Lemma choose_nat : forall N j, choose (INR N) (INR j) = C N j.
Proof. intros. unfold choose. rewrite !INR_IZR_INZ, !Int_part_IZR, !Nat2Z.id. reflexivity. Qed.
Lemma binomial_weight_nat : forall N p j, (j <= N)%nat -> binomial_weight (INR N) p (INR j) = C N j * p ^ j * (1 - p) ^ (N - j).
Proof. intros. unfold binomial_weight. rewrite choose_nat, <- minus_INR, !rpow_nat by assumption. reflexivity. Qed.
Lemma binomial_sum : forall n p, in_naturals n -> isum 0 n (binomial_weight n p) = 1.
Proof.
  intros n p [N E]. subst. rewrite isum_series. transitivity (sum_f_R0 (fun i => C N i * p ^ i * (1 - p) ^ (N - i)) N); [|apply choose_sum].
  apply sum_eq. intros. apply binomial_weight_nat. assumption.
Qed.
Lemma binomial_mean : forall n p, in_naturals n -> isum 0 n (fun k => binomial_weight n p k * k) = n * p.
Proof.
  intros n p [N E]. subst. rewrite isum_series, <- (choose_mean N p). apply sum_eq. intros. rewrite binomial_weight_nat by assumption. reflexivity.
Qed.
Lemma binomial_square : forall n p, in_naturals n -> isum 0 n (fun k => binomial_weight n p k * k * k) = n * p * (1 - p) + (n * p) ^ 2.
Proof.
  intros n p [N E]. subst. rewrite isum_series. transitivity (INR N * p * ((INR N - 1) * p + 1)); [|ring].
  rewrite <- choose_square. apply sum_eq. intros. rewrite binomial_weight_nat by assumption. reflexivity.
Qed.
Section BinomialDensity.
Context {HGamma : Gamma}.
Lemma binomial_choose : forall n k, in_naturals n -> between 0 n k -> binomial n k = choose n k.
Proof.
  intros n k [N E] [j [F L]]. rewrite Rplus_0_l in F. subst. rewrite choose_nat. apply INR_le in L.
  unfold binomial, C. rewrite <- minus_INR by assumption. rewrite <- !factorial_of_nat. reflexivity.
Qed.
Lemma binomial_ln_quotient : forall n p q k, in_naturals n -> 0 < p < 1 -> 0 < q < 1 -> between 0 n k ->
  ln (binomial n k * rpow p k * rpow (1 - p) (n - k) / (binomial n k * rpow q k * rpow (1 - q) (n - k)))
  = k * ln (p / q) + (n - k) * ln ((1 - p) / (1 - q)).
Proof.
  intros n p q k N P Q B. apply between_bounds in B.
  assert (0 < binomial n k) by (apply binomial_pos; lra).
  assert (X : forall a b, 0 < a -> 0 < rpow a b) by (intros; apply rpow_pos; assumption).
  pose proof (X p k). pose proof (X q k). pose proof (X (1 - p) (n - k)). pose proof (X (1 - q) (n - k)).
  rewrite !ln_div by lp_pos.
  rewrite !ln_mult by lp_pos. rewrite !ln_rpow by lra. ring.
Qed.
End BinomialDensity.
