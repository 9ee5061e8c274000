
(* ------------------------------------------------------------------ *)
(* Enclosures by rational numbers, and what a refutation comes to.     *)

Require QArith Qreals Machin Bool.
Notation rat := QArith_base.Qmake.
Notation rational := QArith_base.Q.
Notation value_of := Rdefinitions.Q2R.
Definition within (l h : rational) (x : R) : Prop := value_of l <= x <= value_of h.
Definition q_le := QArith_base.Qle_bool.
Definition q_lt (a b : rational) : bool := negb (q_le b a).
Definition q_eq := QArith_base.Qeq_bool.
Definition q_plus := QArith_base.Qplus.
Definition q_minus := QArith_base.Qminus.
Definition q_mult := QArith_base.Qmult.
Definition q_opp := QArith_base.Qopp.
Definition q_inv := QArith_base.Qinv.
Definition q_min (a b : rational) : rational := if q_le a b then a else b.
Definition q_max (a b : rational) : rational := if q_le a b then b else a.

Lemma q_le_true : forall a b, q_le a b = true -> value_of a <= value_of b.
Proof. intros. apply Qreals.Qle_Rle, QArith_base.Qle_bool_iff. assumption. Qed.
Lemma q_lt_true : forall a b, q_lt a b = true -> value_of a < value_of b.
Proof.
  intros a b H. apply Qreals.Qlt_Rlt, QArith_base.Qnot_le_lt. intros C. apply QArith_base.Qle_bool_iff in C.
  unfold q_lt, q_le in H. rewrite C in H. discriminate.
Qed.
Lemma q_le_false : forall a b, q_le a b = false -> value_of b <= value_of a.
Proof. intros a b H. apply Rlt_le, q_lt_true. unfold q_lt. rewrite H. reflexivity. Qed.
Lemma q_eq_true : forall a b, q_eq a b = true -> value_of a = value_of b.
Proof. intros. apply Qreals.Qeq_eqR, QArith_base.Qeq_bool_iff. assumption. Qed.
Lemma value_zero : value_of (rat 0 1) = 0.
Proof. unfold Rdefinitions.Q2R. simpl. lra. Qed.
Lemma value_one : value_of (rat 1 1) = 1.
Proof. unfold Rdefinitions.Q2R. simpl. lra. Qed.
Lemma value_integer : forall z, value_of (rat z 1) = IZR z.
Proof. intros. unfold Rdefinitions.Q2R. simpl. lra. Qed.
Lemma value_plus : forall a b, value_of (q_plus a b) = value_of a + value_of b.
Proof. exact Qreals.Q2R_plus. Qed.
Lemma value_minus : forall a b, value_of (q_minus a b) = value_of a - value_of b.
Proof. exact Qreals.Q2R_minus. Qed.
Lemma value_mult : forall a b, value_of (q_mult a b) = value_of a * value_of b.
Proof. exact Qreals.Q2R_mult. Qed.
Lemma value_opp : forall a, value_of (q_opp a) = - value_of a.
Proof. exact Qreals.Q2R_opp. Qed.
Lemma value_inv : forall a, value_of a <> 0 -> value_of (q_inv a) = / value_of a.
Proof.
  intros a H. apply Qreals.Q2R_inv. intros C. apply H. rewrite (Qreals.Qeq_eqR _ _ C). exact value_zero.
Qed.
Lemma value_min : forall a b, value_of (q_min a b) <= value_of a /\ value_of (q_min a b) <= value_of b.
Proof.
  intros. unfold q_min. destruct (q_le a b) eqn:E; [apply q_le_true in E | apply q_le_false in E]; lra.
Qed.
Lemma value_max : forall a b, value_of a <= value_of (q_max a b) /\ value_of b <= value_of (q_max a b).
Proof.
  intros. unfold q_max. destruct (q_le a b) eqn:E; [apply q_le_true in E | apply q_le_false in E]; lra.
Qed.

(* Sums, products, quotients. *)
Lemma weaken : forall a b x, within a b x -> forall l h, (q_le l a && q_le b h)%bool = true -> within l h x.
Proof.
  intros a b x [A B] l h H. apply andb_prop in H. destruct H as [L U]. apply q_le_true in L. apply q_le_true in U. split; lra.
Qed.
Lemma w_equal : forall l h x y, x = y -> within l h y -> within l h x.
Proof. intros. subst. assumption. Qed.
Lemma w_int : forall z, within (rat z 1) (rat z 1) (IZR z).
Proof. intros. split; rewrite value_integer; lra. Qed.
Lemma w_nat : forall n, within (rat (Z.of_nat n) 1) (rat (Z.of_nat n) 1) (INR n).
Proof. intros. rewrite INR_IZR_INZ. apply w_int. Qed.
Lemma w_plus : forall a b c d x y, within a b x -> within c d y -> within (q_plus a c) (q_plus b d) (x + y).
Proof. intros * [A B] [C D]. split; rewrite value_plus; lra. Qed.
Lemma w_minus : forall a b c d x y, within a b x -> within c d y -> within (q_minus a d) (q_minus b c) (x - y).
Proof. intros * [A B] [C D]. split; rewrite value_minus; lra. Qed.
Lemma w_opp : forall a b x, within a b x -> within (q_opp b) (q_opp a) (- x).
Proof. intros * [A B]. split; rewrite value_opp; lra. Qed.
Lemma product_bounds : forall a b c d x y l h, a <= x <= b -> c <= y <= d ->
  l <= a * c -> l <= a * d -> l <= b * c -> l <= b * d -> a * c <= h -> a * d <= h -> b * c <= h -> b * d <= h -> l <= x * y <= h.
Proof.
  assert (L : forall a b x y l, a <= x <= b -> l <= a * y -> l <= b * y -> l <= x * y).
  { intros * [A B] P Q. destruct (Rle_dec 0 y).
    { apply (Rle_trans _ _ _ P). apply Rmult_le_compat_r; assumption. }
    { apply (Rle_trans _ _ _ Q). rewrite (Rmult_comm x). rewrite (Rmult_comm b). apply Rmult_le_compat_neg_l; lra. } }
  assert (U : forall a b x y h, a <= x <= b -> a * y <= h -> b * y <= h -> x * y <= h).
  { intros * X P Q. assert (- h <= x * - y); [|lra]. apply (L a b); [assumption|lra|lra]. }
  intros. split.
  { apply (L a b); [assumption| |]; rewrite Rmult_comm; apply (L c d); try assumption; rewrite Rmult_comm; assumption. }
  { apply (U a b); [assumption| |]; rewrite Rmult_comm; apply (U c d); try assumption; rewrite Rmult_comm; assumption. }
Qed.
Definition least4 (a b c d : rational) : rational := q_min (q_min (q_mult a c) (q_mult a d)) (q_min (q_mult b c) (q_mult b d)).
Definition greatest4 (a b c d : rational) : rational := q_max (q_max (q_mult a c) (q_mult a d)) (q_max (q_mult b c) (q_mult b d)).
Lemma w_mult : forall a b c d x y, within a b x -> within c d y -> within (least4 a b c d) (greatest4 a b c d) (x * y).
Proof.
  intros * X Y. unfold within, least4, greatest4.
  pose proof (value_min (q_min (q_mult a c) (q_mult a d)) (q_min (q_mult b c) (q_mult b d))) as [M N].
  pose proof (value_min (q_mult a c) (q_mult a d)) as [P Q]. pose proof (value_min (q_mult b c) (q_mult b d)) as [R S].
  pose proof (value_max (q_max (q_mult a c) (q_mult a d)) (q_max (q_mult b c) (q_mult b d))) as [M' N'].
  pose proof (value_max (q_mult a c) (q_mult a d)) as [P' Q']. pose proof (value_max (q_mult b c) (q_mult b d)) as [R' S'].
  rewrite !value_mult in *. apply (product_bounds (value_of a) (value_of b) (value_of c) (value_of d)); try assumption; lra.
Qed.
Lemma w_inv : forall a b x, within a b x -> (q_lt (rat 0 1) a || q_lt b (rat 0 1))%bool = true -> within (q_inv b) (q_inv a) (/ x).
Proof.
  intros a b x [A B] H. apply Bool.orb_prop in H.
  assert (S : (0 < value_of a) \/ (value_of b < 0)).
  { destruct H as [H|H]; apply q_lt_true in H; rewrite value_zero in H; auto. }
  unfold within. rewrite !value_inv by (destruct S; lra). destruct S.
  { split; apply Rinv_le_contravar; lra. }
  { assert (I : forall u v, u <= v -> v < 0 -> / v <= / u); [|split; apply I; lra].
    intros u v L N. apply Ropp_le_cancel. rewrite <- !Rinv_opp. apply Rinv_le_contravar; lra. }
Qed.
Lemma w_div : forall a b c d x y, within a b x -> within c d y -> (q_lt (rat 0 1) c || q_lt d (rat 0 1))%bool = true ->
  within (least4 a b (q_inv d) (q_inv c)) (greatest4 a b (q_inv d) (q_inv c)) (x / y).
Proof. intros. apply w_mult; [assumption|]. apply w_inv; assumption. Qed.
Lemma w_abs : forall a b x l h, within a b x ->
  (q_le l (rat 0 1) || (q_le (rat 0 1) a && q_le l a) || (q_le b (rat 0 1) && q_le l (q_opp b)))%bool = true ->
  (q_le (q_opp a) h && q_le b h)%bool = true -> within l h (Rabs x).
Proof.
  intros a b x l h [A B] L U. apply andb_prop in U. destruct U as [U V]. apply q_le_true in U. apply q_le_true in V. rewrite value_opp in U.
  split; [|unfold Rabs; destruct (Rcase_abs x); lra]. pose proof (Rabs_pos x). apply Bool.orb_prop in L. destruct L as [L|L].
  { apply Bool.orb_prop in L. destruct L as [L|L]; [apply q_le_true in L; rewrite value_zero in L; lra|].
    apply andb_prop in L. destruct L as [L M]. apply q_le_true in M. pose proof (Rle_abs x). lra. }
  { apply andb_prop in L. destruct L as [L M]. apply q_le_true in M. rewrite value_opp in M. pose proof (Rle_abs (- x)). rewrite Rabs_Ropp in *. lra. }
Qed.
Lemma w_max : forall a b c d x y, within a b x -> within c d y -> within (q_max a c) (q_max b d) (Rmax x y).
Proof.
  intros * [A B] [C D]. pose proof (value_max b d). unfold within. pose proof (Rmax_l x y). pose proof (Rmax_r x y). split.
  { unfold q_max. destruct (q_le a c); lra. } { unfold Rmax. destruct (Rle_dec x y); lra. }
Qed.
Lemma w_min : forall a b c d x y, within a b x -> within c d y -> within (q_min a c) (q_min b d) (Rmin x y).
Proof.
  intros * [A B] [C D]. pose proof (value_min a c). unfold within. pose proof (Rmin_l x y). pose proof (Rmin_r x y). split.
  { unfold Rmin. destruct (Rle_dec x y); lra. } { unfold q_min. destruct (q_le b d); lra. }
Qed.
Lemma w_sqrt : forall a b x, within a b x -> forall l h,
  (q_le (rat 0 1) l && q_le (rat 0 1) h && q_le (q_mult l l) a && q_le b (q_mult h h))%bool = true -> within l h (sqrt x).
Proof.
  intros a b x [A B] l h H. apply andb_prop in H. destruct H as [H U]. apply andb_prop in H. destruct H as [H L]. apply andb_prop in H. destruct H as [H G].
  apply q_le_true in U. apply q_le_true in L. apply q_le_true in H. apply q_le_true in G. rewrite value_zero in *. rewrite value_mult in L. rewrite value_mult in U. split.
  { rewrite <- (sqrt_square (value_of l)) by assumption. apply sqrt_le_1_alt. lra. }
  { rewrite <- (sqrt_square (value_of h)) by assumption. apply sqrt_le_1_alt. lra. }
Qed.

(* The exponential function: Taylor's alternating series, squares, reciprocals. *)
Fixpoint horner (m : nat) (k : positive) (x : rational) : rational :=
  match m with O => rat 1 1 | S m' => q_plus (rat 1 1) (q_mult (q_mult x (rat 1 k)) (horner m' (Pos.succ k) x)) end.
Fixpoint tail (m k : nat) (x : R) : R :=
  match m with O => x ^ k / INR (fact k) | S m' => x ^ k / INR (fact k) + tail m' (S k) x end.
Lemma tail_horner : forall m k x, tail m k (value_of x) = value_of x ^ k / INR (fact k) * value_of (horner m (Pos.of_succ_nat k) x).
Proof.
  induction m; intros k x; cbn [tail horner]; [rewrite value_one; ring|].
  rewrite IHm, value_plus, !value_mult, value_one. cbn [Pos.of_succ_nat]. 
  assert (F : INR (fact k) <> 0) by apply INR_fact_neq_0.
  rewrite fact_simpl, mult_INR. assert (G : INR (S k) <> 0) by (apply not_0_INR; lia).
  assert (E : value_of (rat 1 (Pos.of_succ_nat k)) = / INR (S k)).
  { unfold Rdefinitions.Q2R. cbn [QArith_base.Qnum QArith_base.Qden]. rewrite INR_IZR_INZ. rewrite Zpos_P_of_succ_nat, <- Nat2Z.inj_succ. ring. }
  rewrite E. cbn [pow]. field. split; assumption.
Qed.
Lemma tail_sum : forall m k x, tail m k x = sum_f_R0 (fun i => x ^ (i + k) / INR (fact (i + k))) m.
Proof.
  induction m; intros; [reflexivity|]. cbn [tail]. rewrite IHm, (decomp_sum _ (S m)) by lia. cbn [pred Nat.add]. f_equal.
  apply sum_eq. intros. replace (i + S k)%nat with (S i + k)%nat by lia. reflexivity.
Qed.
Lemma alternating_exp : forall y N, 0 <= y <= 1 -> tail (S (2 * N)) 0 (- y) <= exp (- y) <= tail (2 * N) 0 (- y).
Proof.
  intros y N [Y1 Y2]. rewrite !tail_sum. set (u := fun n => y ^ n / INR (fact n)).
  assert (E : forall M, sum_f_R0 (fun i => (- y) ^ (i + 0) / INR (fact (i + 0))) M = sum_f_R0 (tg_alt u) M).
  { intros M. apply sum_eq. intros i _. rewrite Nat.add_0_r. unfold tg_alt, u. replace (- y) with (-1 * y) by ring. rewrite Rpow_mult_distr. unfold Rdiv. ring. }
  rewrite !E. apply alternated_series_ineq.
  { intros n. unfold u. rewrite fact_simpl, mult_INR. cbn [pow].
    pose proof (INR_fact_lt_0 n). pose proof (pow_le y n Y1). assert (1 <= INR (S n)) by (rewrite S_INR; pose proof (pos_INR n); lra).
    replace (y * y ^ n / (INR (S n) * INR (fact n))) with (y ^ n / INR (fact n) * (y / INR (S n))) by (field; split; lra).
    rewrite <- (Rmult_1_r (y ^ n / INR (fact n))) at 2. apply Rmult_le_compat_l; [apply nonneg_div; assumption|].
    apply (Rmult_le_reg_r (INR (S n))); [lra|]. unfold Rdiv. rewrite Rmult_assoc, Rinv_l by lra. lra. }
  { exact (cv_speed_pow_fact y). }
  { unfold exp. destruct (exist_exp (- y)) as [l H]. simpl. unfold exp_in, infinite_sum in H. intros e He. destruct (H e He) as [M HM]. exists M.
    intros n Hn. replace (sum_f_R0 (tg_alt u) n) with (sum_f_R0 (fun i => / INR (fact i) * (- y) ^ i) n); [apply HM; assumption|].
    apply sum_eq. intros i _. unfold tg_alt, u. replace (- y) with (-1 * y) by ring. rewrite Rpow_mult_distr. unfold Rdiv. ring. }
Qed.
Definition exp_within (q l h : rational) : Prop := within l h (exp (value_of q)).
Lemma e_series : forall N q l h,
  (q_le (rat (-1) 1) q && q_le q (rat 0 1) && q_le l (horner (S (2 * N)) 1 q) && q_le (horner (2 * N) 1 q) h)%bool = true -> exp_within q l h.
Proof.
  intros N q l h H. apply andb_prop in H. destruct H as [H U]. apply andb_prop in H. destruct H as [H L]. apply andb_prop in H. destruct H as [H G].
  apply q_le_true in U. apply q_le_true in L. apply q_le_true in H. apply q_le_true in G. rewrite value_zero, value_integer in *.
  destruct (alternating_exp (- value_of q) N) as [A B]; [lra|]. rewrite Ropp_involutive in *.
  rewrite !tail_horner in *. change (Pos.of_succ_nat 0) with 1%positive in *. simpl pow in *. simpl fact in *. simpl INR in *.
  unfold exp_within, within. lra.
Qed.
Lemma e_double : forall q l h, exp_within q l h -> forall p l' h',
  (q_eq p (q_plus q q) && q_le (rat 0 1) l && q_le l' (q_mult l l) && q_le (q_mult h h) h')%bool = true -> exp_within p l' h'.
Proof.
  intros q l h [A B] p l' h' H. apply andb_prop in H. destruct H as [H U]. apply andb_prop in H. destruct H as [H L]. apply andb_prop in H. destruct H as [H G].
  apply q_eq_true in H. apply q_le_true in U. apply q_le_true in L. apply q_le_true in G. rewrite value_mult, value_zero, value_plus in *.
  unfold exp_within, within. rewrite H, exp_plus. pose proof (exp_pos (value_of q)). split; [apply (Rle_trans _ _ _ L) | eapply Rle_trans; [|exact U]]; apply Rmult_le_compat; lra.
Qed.
Lemma e_reciprocal : forall q l h, exp_within q l h -> forall p l' h',
  (q_eq p (q_opp q) && q_lt (rat 0 1) l && q_le l' (q_inv h) && q_le (q_inv l) h')%bool = true -> exp_within p l' h'.
Proof.
  intros q l h [A B] p l' h' H. apply andb_prop in H. destruct H as [H U]. apply andb_prop in H. destruct H as [H L]. apply andb_prop in H. destruct H as [H G].
  apply q_eq_true in H. apply q_le_true in U. apply q_le_true in L. apply q_lt_true in G. rewrite value_zero, value_opp in *. pose proof (exp_pos (value_of q)).
  rewrite value_inv in U by lra. rewrite value_inv in L by lra. unfold exp_within, within. rewrite H, exp_Ropp.
  split; [apply (Rle_trans _ _ _ L) | eapply Rle_trans; [|exact U]]; apply Rinv_le_contravar; lra.
Qed.
Lemma exp_le : forall x y, x <= y -> exp x <= exp y.
Proof. intros x y [L|L]; [left; apply exp_increasing; assumption | subst; lra]. Qed.
Lemma w_exp : forall a b x la ha lb hb, within a b x -> exp_within a la ha -> exp_within b lb hb -> within la hb (exp x).
Proof.
  intros * [A B] [C D] [E F]. split; [apply (Rle_trans _ _ _ C), exp_le; assumption | eapply Rle_trans; [|exact F]; apply exp_le; assumption].
Qed.
Lemma w_ln : forall a b x l h lc lh hc hh, within a b x -> exp_within l lc lh -> exp_within h hc hh ->
  (q_lt (rat 0 1) a && q_le lh a && q_le b hc)%bool = true -> within l h (ln x).
Proof.
  intros * [A B] [C D] [E F] H. apply andb_prop in H. destruct H as [H U]. apply andb_prop in H. destruct H as [H L].
  apply q_lt_true in H. apply q_le_true in U. apply q_le_true in L. rewrite value_zero in H.
  assert (M : forall u v, 0 < u -> u <= v -> ln u <= ln v) by (intros u v P [Q|Q]; [left; apply ln_increasing; assumption | subst; lra]).
  split; [rewrite <- (ln_exp (value_of l)) | rewrite <- (ln_exp (value_of h))]; apply M; try apply exp_pos; lra.
Qed.

(* pi by Machin's series: pi/4 = 2 atan(1/3) + atan(1/7). *)
Definition q_power (x : rational) (n : nat) : rational := nat_rect (fun _ => rational) (rat 1 1) (fun _ r => q_mult x r) n.
Definition pi_term (n : nat) : rational :=
  q_mult (q_power (rat (-1) 1) n)
    (q_plus (q_mult (rat 2 1) (q_mult (q_power (rat 1 3) (2 * n + 1)) (rat 1 (Pos.of_nat (2 * n + 1)))))
            (q_mult (q_power (rat 1 7) (2 * n + 1)) (rat 1 (Pos.of_nat (2 * n + 1))))).
Fixpoint pi_sum (n : nat) : rational := match n with O => pi_term 0 | S m => QArith_base.Qplus (pi_sum m) (pi_term n) end.
Lemma value_power : forall x n, value_of (q_power x n) = value_of x ^ n.
Proof. induction n; cbn; [exact value_one|]. rewrite value_mult. f_equal. exact IHn. Qed.
Lemma value_reciprocal : forall n, (0 < n)%nat -> value_of (rat 1 (Pos.of_nat n)) = / INR n.
Proof.
  intros n H. unfold Rdefinitions.Q2R. cbn [QArith_base.Qnum QArith_base.Qden]. rewrite INR_IZR_INZ.
  replace (Z.pos (Pos.of_nat n)) with (Z.of_nat n); [ring|]. rewrite <- positive_nat_Z, Nat2Pos.id by lia. reflexivity.
Qed.
Lemma value_pi_term : forall n, value_of (pi_term n) = tg_alt Machin.PI_2_3_7_tg n.
Proof.
  intros n. unfold pi_term, tg_alt, Machin.PI_2_3_7_tg, Ratan_seq. rewrite value_mult, value_plus, !value_mult, !value_power, value_reciprocal by lia.
  replace (value_of (rat (-1) 1)) with (-1) by (unfold Rdefinitions.Q2R; simpl; lra).
  replace (value_of (rat 1 3)) with (/ 3) by (unfold Rdefinitions.Q2R; simpl; lra).
  replace (value_of (rat 1 7)) with (/ 7) by (unfold Rdefinitions.Q2R; simpl; lra).
  replace (value_of (rat 2 1)) with 2 by (unfold Rdefinitions.Q2R; simpl; lra). unfold Rdiv. ring.
Qed.
Lemma value_pi_sum : forall n, value_of (pi_sum n) = sum_f_R0 (tg_alt Machin.PI_2_3_7_tg) n.
Proof. induction n; cbn [pi_sum sum_f_R0]; [apply value_pi_term|]. rewrite Qreals.Q2R_plus, IHn, value_pi_term. reflexivity. Qed.
Lemma w_pi : within (rat 31415926535897932384626433 10000000000000000000000000) (rat 31415926535897932384626434 10000000000000000000000000) PI.
Proof.
  pose proof (Machin.PI_2_3_7_ineq 14) as [A B]. rewrite <- !value_pi_sum in *.
  assert (L : q_le (rat 31415926535897932384626433 10000000000000000000000000) (q_mult (rat 4 1) (pi_sum (S (2 * 14)))) = true) by (vm_compute; reflexivity).
  assert (U : q_le (q_mult (rat 4 1) (pi_sum (2 * 14))) (rat 31415926535897932384626434 10000000000000000000000000) = true) by (vm_compute; reflexivity).
  apply q_le_true in L. apply q_le_true in U. rewrite value_mult, (value_integer 4) in *. split; lra.
Qed.

(* Powers that are not written with a literal. *)
Lemma w_rpow_nat : forall z a b x e, within (rat z 1) (rat z 1) e -> within a b (x ^ Z.to_nat z) -> Z.leb 0 z = true -> within a b (rpow x e).
Proof.
  intros z a b x e [A B] H Z. rewrite value_integer in *. assert (e = IZR z) by lra. subst e. apply Z.leb_le in Z.
  rewrite <- (Z2Nat.id z) by assumption. rewrite <- INR_IZR_INZ, rpow_nat. assumption.
Qed.
Lemma w_rpow : forall a b c d x e, within a b x -> q_lt (rat 0 1) a = true -> within c d (exp (e * ln x)) -> within c d (rpow x e).
Proof.
  intros * [A B] P H. apply q_lt_true in P. rewrite value_zero in P. rewrite rpow_positive by lra. assumption.
Qed.
Lemma w_rpow_zero : forall c d x e, within (rat 0 1) (rat 0 1) x -> within c d e -> q_lt (rat 0 1) c = true -> within (rat 0 1) (rat 0 1) (rpow x e).
Proof.
  intros * [A B] [C D] P. apply q_lt_true in P. rewrite value_zero in *. assert (x = 0) by lra. subst x.
  rewrite rpow_of_zero by lra. unfold within. rewrite value_zero. lra.
Qed.

(* Sums over indices and samples, components of vectors. *)
Lemma isum_integers : forall m n f, isum (IZR m) (IZR n) f = nsum (Z.to_nat (n - m + 1)) (fun j => f (IZR (m + Z.of_nat j))).
Proof.
  intros. unfold isum, count. rewrite <- minus_IZR. assert (E : up (IZR (n - m)) = (n - m + 1)%Z).
  { symmetry. apply tech_up; rewrite (plus_IZR (n - m) 1); lra. }
  rewrite E. apply nsum_ext. intros j Hj. rewrite (plus_IZR m (Z.of_nat j)), <- INR_IZR_INZ. reflexivity.
Qed.
Lemma w_isum : forall m n a b f, within (rat m 1) (rat m 1) a -> within (rat n 1) (rat n 1) b ->
  forall l h, within l h (nsum (Z.to_nat (n - m + 1)) (fun j => f (IZR (m + Z.of_nat j)))) -> within l h (isum a b f).
Proof.
  intros * [A B] [C D] l h H. rewrite !value_integer in *. assert (a = IZR m) by lra. assert (b = IZR n) by lra. subst.
  rewrite isum_integers. assumption.
Qed.
Lemma w_vec : forall z l h x v, within (rat z 1) (rat z 1) x -> Nat.ltb (Z.to_nat (z - 1)) (length v) = true ->
  within l h (nth (Z.to_nat (z - 1)) v 0) -> within l h (vec v x).
Proof.
  intros * [A B] L H. rewrite !value_integer in *. assert (x = IZR z) by lra. subst. apply Nat.ltb_lt in L.
  unfold vec. rewrite Int_part_IZR. match goal with |- within _ _ (nth ?n v ?d) => replace (nth n v d) with (nth n v 0) by (apply nth_indep; assumption) end. assumption.
Qed.

(* Conditions. *)
Lemma c_lt_true : forall a b c d x y, within a b x -> within c d y -> q_lt b c = true -> ltb x y = true.
Proof. intros * [A B] [C D] H. apply q_lt_true in H. unfold ltb. destruct (Rlt_dec x y); [reflexivity|lra]. Qed.
Lemma c_lt_false : forall a b c d x y, within a b x -> within c d y -> q_le d a = true -> ltb x y = false.
Proof. intros * [A B] [C D] H. apply q_le_true in H. unfold ltb. destruct (Rlt_dec x y); [lra|reflexivity]. Qed.
Lemma c_le_true : forall a b c d x y, within a b x -> within c d y -> q_le b c = true -> leb x y = true.
Proof. intros * [A B] [C D] H. apply q_le_true in H. unfold leb. destruct (Rle_dec x y); [reflexivity|lra]. Qed.
Lemma c_le_false : forall a b c d x y, within a b x -> within c d y -> q_lt d a = true -> leb x y = false.
Proof. intros * [A B] [C D] H. apply q_lt_true in H. unfold leb. destruct (Rle_dec x y); [lra|reflexivity]. Qed.
Lemma v_equal : forall a b x y, within a a x -> within b b y -> q_eq a b = true -> x = y.
Proof. intros * [A B] [C D] H. apply q_eq_true in H. lra. Qed.
Lemma v_apart : forall a b c d x y, within a b x -> within c d y -> (q_lt b c || q_lt d a)%bool = true -> x <> y.
Proof. intros * [A B] [C D] H. apply Bool.orb_prop in H. destruct H as [H|H]; apply q_lt_true in H; lra. Qed.
Lemma v_less : forall a b c d x y, within a b x -> within c d y -> q_lt b c = true -> x < y.
Proof. intros * [A B] [C D] H. apply q_lt_true in H. lra. Qed.
Lemma c_eq_true : forall x y, x = y -> eqb x y = true.
Proof. intros. subst. apply eqb_same. Qed.
Lemma c_eq_false : forall x y, x <> y -> eqb x y = false.
Proof. intros. unfold eqb. destruct (Req_EM_T x y); [contradiction|reflexivity]. Qed.
Lemma c_and_true : forall a b, a = true -> b = true -> andb a b = true.
Proof. intros. subst. reflexivity. Qed.
Lemma c_and_left : forall a b, a = false -> andb a b = false.
Proof. intros. subst. reflexivity. Qed.
Lemma c_and_right : forall a b, b = false -> andb a b = false.
Proof. intros. subst. apply Bool.andb_false_r. Qed.
Lemma c_or_false : forall a b, a = false -> b = false -> orb a b = false.
Proof. intros. subst. reflexivity. Qed.
Lemma c_or_left : forall a b, a = true -> orb a b = true.
Proof. intros. subst. reflexivity. Qed.
Lemma c_or_right : forall a b, b = true -> orb a b = true.
Proof. intros. subst. apply Bool.orb_true_r. Qed.
Lemma c_not_true : forall a, a = false -> negb a = true.
Proof. intros. subst. reflexivity. Qed.
Lemma c_not_false : forall a, a = true -> negb a = false.
Proof. intros. subst. reflexivity. Qed.
Lemma w_case_true : forall c l h x y, c = true -> within l h x -> within l h (cases c x y).
Proof. intros. subst. assumption. Qed.
Lemma w_case_false : forall c l h x y, c = false -> within l h y -> within l h (cases c x y).
Proof. intros. subst. assumption. Qed.
Lemma w_indicator_true : forall c, c = true -> within (rat 1 1) (rat 1 1) (indicator c).
Proof. intros. subst. apply w_int. Qed.
Lemma w_indicator_false : forall c, c = false -> within (rat 0 1) (rat 0 1) (indicator c).
Proof. intros. subst. apply w_int. Qed.
Lemma w_xlogy : forall l h x y, within l h (x * ln y) -> within l h (xlogy x y).
Proof. intros. rewrite xlogy_value. assumption. Qed.
Lemma w_xlogy_zero : forall x y, within (rat 0 1) (rat 0 1) x -> within (rat 0 1) (rat 0 1) (xlogy x y).
Proof.
  intros x y [A B]. rewrite value_zero in *. unfold xlogy. destruct (Req_EM_T x 0); [apply w_int | exfalso; apply n; lra].
Qed.
Lemma w_same_index : forall l h (i j x y : R), i = j -> within l h x -> within l h (if Req_EM_T i j then x else y).
Proof. intros. destruct (Req_EM_T i j); [assumption|contradiction]. Qed.
Lemma w_other_index : forall l h (i j x y : R), i <> j -> within l h y -> within l h (if Req_EM_T i j then x else y).
Proof. intros. destruct (Req_EM_T i j); [contradiction|assumption]. Qed.

(* Gamma at a + n, by its recurrence. *)
Fixpoint rising (n : nat) (a : rational) : rational :=
  match n with O => rat 1 1 | S m => q_mult (rising m a) (q_plus a (rat (Z.of_nat m) 1)) end.
Lemma gamma_rising `{Gamma} : forall n a, 0 < value_of a -> gamma (value_of a + INR n) = value_of (rising n a) * gamma (value_of a).
Proof.
  induction n; intros a A. { cbn [rising INR]. rewrite Rplus_0_r, value_one. ring. }
  rewrite S_INR, <- Rplus_assoc, gamma_successor by (pose proof (pos_INR n); lra). rewrite IHn by assumption.
  cbn [rising]. rewrite value_mult, value_plus, (value_integer (Z.of_nat n)), <- INR_IZR_INZ. ring.
Qed.
Lemma w_gamma_integer `{Gamma} : forall n q x, within q q x -> q_eq q (q_plus (rat 1 1) (rat (Z.of_nat n) 1)) = true ->
  within (rising n (rat 1 1)) (rising n (rat 1 1)) (gamma x).
Proof.
  intros n q x [A B] E. apply q_eq_true in E. rewrite value_plus, (value_integer (Z.of_nat n)), <- INR_IZR_INZ in E.
  assert (x = value_of (rat 1 1) + INR n) by lra. subst. rewrite gamma_rising by (rewrite value_one; lra). rewrite value_one, gamma_one.
  unfold within. lra.
Qed.
Lemma w_gamma_half `{Gamma} : forall n q l h x, within q q x -> q_eq q (q_plus (rat 1 2) (rat (Z.of_nat n) 1)) = true ->
  within l h (value_of (rising n (rat 1 2)) * sqrt PI) -> within l h (gamma x).
Proof.
  intros n q l h x [A B] E W. apply q_eq_true in E. rewrite value_plus, (value_integer (Z.of_nat n)), <- INR_IZR_INZ in E.
  assert (V : value_of (rat 1 2) = 1 / 2) by (unfold Rdefinitions.Q2R; simpl; lra).
  assert (x = value_of (rat 1 2) + INR n) by lra. subst. rewrite gamma_rising by lra. rewrite V, gamma_half. assumption.
Qed.
Lemma w_rat : forall q, within q q (value_of q).
Proof. intros. unfold within. lra. Qed.

(* Domains of what is given by literals. *)
Lemma m_positive : forall a b x, within a b x -> q_lt (rat 0 1) a = true -> 0 < x.
Proof. intros * [A B] H. apply q_lt_true in H. rewrite value_zero in H. lra. Qed.
Lemma m_nonnegative : forall a b x, within a b x -> q_le (rat 0 1) a = true -> 0 <= x.
Proof. intros * [A B] H. apply q_le_true in H. rewrite value_zero in H. lra. Qed.
Lemma m_nonzero : forall a b x, within a b x -> (q_lt (rat 0 1) a || q_lt b (rat 0 1))%bool = true -> x <> 0.
Proof. intros * [A B] H. apply Bool.orb_prop in H. destruct H as [H|H]; apply q_lt_true in H; rewrite value_zero in H; lra. Qed.
Lemma m_zero : forall q x, within q q x -> q_eq q (rat 0 1) = true -> x = 0.
Proof. intros * [A B] H. apply q_eq_true in H. rewrite value_zero in H. lra. Qed.
Lemma m_unit : forall a b x, within a b x -> (q_lt (rat 0 1) a && q_lt b (rat 1 1))%bool = true -> in_unit x.
Proof.
  intros * [A B] H. apply andb_prop in H. destruct H as [H G]. apply q_lt_true in H. apply q_lt_true in G. rewrite value_zero, value_one in *. split; lra.
Qed.
Lemma m_unit_closed : forall a b x, within a b x -> (q_le (rat 0 1) a && q_le b (rat 1 1))%bool = true -> in_unit_closed x.
Proof.
  intros * [A B] H. apply andb_prop in H. destruct H as [H G]. apply q_le_true in H. apply q_le_true in G. rewrite value_zero, value_one in *. split; lra.
Qed.
Lemma m_integer : forall z x, within (rat z 1) (rat z 1) x -> in_integers x.
Proof. intros * [A B]. rewrite value_integer in *. exists z. lra. Qed.
Lemma m_natural : forall z x, within (rat z 1) (rat z 1) x -> Z.leb 0 z = true -> in_naturals x.
Proof. intros * [A B] H. apply Z.leb_le in H. rewrite value_integer in *. exists (Z.to_nat z). rewrite INR_IZR_INZ, Z2Nat.id by assumption. lra. Qed.
Lemma m_between : forall m n k x y z, within (rat m 1) (rat m 1) x -> within (rat n 1) (rat n 1) y -> within (rat k 1) (rat k 1) z ->
  (Z.leb m k && Z.leb k n)%bool = true -> between x y z.
Proof.
  intros * [A B] [C D] [E F] H. apply andb_prop in H. destruct H as [H G]. apply Z.leb_le in H. apply Z.leb_le in G. rewrite value_integer in *.
  apply IZR_le in G. exists (Z.to_nat (k - m)). rewrite INR_IZR_INZ, Z2Nat.id, minus_IZR by lia. lra.
Qed.
Fixpoint each (n : nat) (P : nat -> Prop) : Prop := match n with O => True | S m => each m P /\ P m end.
Lemma each_all : forall n P, each n P -> forall i, (i < n)%nat -> P i.
Proof. induction n; intros P H i L; [lia|]. destruct H as [H G]. destruct (Nat.eq_dec i n); [subst; assumption|]. apply IHn; [assumption|lia]. Qed.
Lemma each_between : forall m n (P : R -> Prop) x y, within (rat m 1) (rat m 1) x -> within (rat n 1) (rat n 1) y ->
  each (Z.to_nat (n - m + 1)) (fun j => P (IZR (m + Z.of_nat j))) -> forall k, between x y k -> P k.
Proof.
  intros * [A B] [C D] H k [j [E L]]. rewrite value_integer in *. assert (x = IZR m) by lra. assert (y = IZR n) by lra. subst.
  rewrite INR_IZR_INZ, <- plus_IZR in *. apply le_IZR in L.
  apply (each_all _ (fun j => P (IZR (m + Z.of_nat j))) H). lia.
Qed.

(* What two or three points show. *)
Section Refutations.
Context {W : Type}.
Variable D : W -> Prop.
Implicit Types f g : W -> R.
Lemma order_flips : forall f g a b, D a -> D b -> f a < f b -> g b < g a -> ~ same D f g.
Proof. intros f g a b A B F G S. assert (L : f a <= f b) by lra. apply (S a b A B) in L. lra. Qed.
Lemma order_tie_left : forall f g a b, D a -> D b -> f a = f b -> g a <> g b -> ~ same D f g.
Proof.
  intros f g a b A B F G S. apply G. apply Rle_antisym; [apply (S a b A B) | apply (S b a B A)]; lra.
Qed.
Lemma order_tie_right : forall f g a b, D a -> D b -> f a <> f b -> g a = g b -> ~ same D f g.
Proof.
  intros f g a b A B F G S. apply F. apply Rle_antisym; [apply (S a b A B) | apply (S b a B A)]; lra.
Qed.
Lemma values_differ : forall f g a, D a -> f a <> g a -> ~ eqv D f g.
Proof. intros f g a A N E. exact (N (E a A)). Qed.
Lemma differences_differ : forall f g a b, D a -> D b -> f a - g a <> f b - g b -> ~ exists d, affine D 1 d f g.
Proof. intros f g a b A B N [d [_ E]]. apply N. rewrite (E a A), (E b B). ring. Qed.
Lemma slopes_differ : forall f g a b c, D a -> D b -> D c ->
  (f a - f b) * (g a - g c) <> (f a - f c) * (g a - g b) -> ~ exists k d, affine D k d f g.
Proof. intros f g a b c A B C N [k [d [_ E]]]. apply N. rewrite (E a A), (E b B), (E c C). ring. Qed.
End Refutations.

Ltac lp_check := vm_cast_no_check (eq_refl true).
Arguments w_plus {a b c d x y}.
Arguments w_minus {a b c d x y}.
Arguments w_opp {a b x}.
Arguments w_mult {a b c d x y}.
Arguments w_inv {a b x}.
Arguments w_div {a b c d x y}.
Arguments w_max {a b c d x y}.
Arguments w_min {a b c d x y}.
Arguments w_exp {a b x la ha lb hb}.
Arguments w_ln {a b x l h lc lh hc hh}.
Tactic Notation "lp_row" uconstr(p) := refine (weaken _ _ _ p _ _ _); lp_check.
Tactic Notation "lp_isum" uconstr(w) uconstr(p) := refine (w _ _ _); lp_row p.
Inductive point := P0 | P1 | P2.
