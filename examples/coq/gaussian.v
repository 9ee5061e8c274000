Require Import Reals Lra Lia Psatz ZArith List FunctionalExtensionality.
Import ListNotations.
Require Import Lossproof.
Open Scope R_scope.

(* y ~ N(?, ??) with ? fixed *)
Definition pdf_normal (mu : R) (sigma : R) (y : R) : R :=
  exp (- ((y - mu) ^ 2 / (2 * sigma ^ 2))) / sqrt (2 * PI * sigma ^ 2).

Lemma rule_root_of_square : forall (a : R),
  (0 <= a) ->
  ((0 <= a ^ 2)) /\
  sqrt (a ^ 2) = a.
Proof.
lp_rule (apply sqrt_pow2; assumption).
Qed.

Lemma fact_nonnegative_positive : forall (a : R),
  (0 < a) ->
  0 <= a.
Proof.
lp_auto.
Qed.

Lemma fact_positive_declared : forall (a : R),
  (in_positive a) ->
  0 < a.
Proof.
lp_auto.
Qed.

Lemma rule_log_quotient : forall (a : R) (b : R),
  (0 < a) ->
  (0 < b) ->
  ((b <> 0) /\ (0 < (a / b)) /\ (0 < a) /\ (0 < b)) /\
  ln (a / b) = ln a - ln b.
Proof.
lp_rule (apply ln_div; assumption).
Qed.

Lemma fact_positive_exp : forall (a : R),
  0 < exp a.
Proof.
lp_auto.
Qed.

Lemma fact_positive_root : forall (a : R),
  (0 < a) ->
  0 < sqrt a.
Proof.
lp_auto.
Qed.

Lemma fact_positive_product : forall (a : list (R)),
  (lall (fun a => 0 < a) a) ->
  0 < lprod a.
Proof.
lp_auto.
Qed.

Lemma fact_pi_positive : 
  0 < PI.
Proof.
lp_auto.
Qed.

Lemma fact_positive_power : forall (a : R) (b : R),
  (0 < a) ->
  0 < rpow a b.
Proof.
lp_auto.
Qed.

Lemma rule_log_exp : forall (a : R),
  ((0 < exp a)) /\
  ln (exp a) = a.
Proof.
lp_rule apply ln_exp.
Qed.

Lemma rule_log_root : forall (a : R),
  (0 < a) ->
  ((0 <= a) /\ (0 < sqrt a) /\ (2 <> 0) /\ (0 < a)) /\
  ln (sqrt a) = 1 / 2 * ln a.
Proof.
lp_rule (apply ln_sqrt; assumption).
Qed.

Lemma fact_nonzero_product : forall (a : list (R)),
  (lall (fun a => a <> 0) a) ->
  lprod a <> 0.
Proof.
lp_auto.
Qed.

Lemma fact_nonzero_square : forall (a : R),
  (a <> 0) ->
  a ^ 2 <> 0.
Proof.
lp_auto.
Qed.

Lemma fact_nonzero_by_square : forall (a : R),
  (0 < a ^ 2) ->
  a <> 0.
Proof.
exact pos_square_nonzero.
Qed.

Lemma rule_minus_reverses : forall (W : Type) (feasible : W -> Prop) (f : W -> R),
  same feasible (fun w => - f w) (fun w => - f w).
Proof.
intros; apply same_refl.
Qed.

Lemma rule_log_samples : forall (n_samples : nat) (f : nat -> R),
  (0 < n_samples)%nat ->
  (forall i, (i < n_samples)%nat -> 0 <= f i) ->
  True /\ (xln (nprod n_samples (fun i => f i))) = (xsum n_samples (fun i => (xln (f i)))).
Proof.
lp_rule (apply xln_prod; assumption).
Qed.

Lemma rule_minus_samples : forall (n_samples : nat) (f : nat -> R),
  (0 < n_samples)%nat ->
  (True) /\
  - nsum n_samples (fun i => f i) = nsum n_samples (fun i => - f i).
Proof.
lp_rule (symmetry; apply nsum_opp).
Qed.

Lemma rule_split_samples : forall (n_samples : nat) (f : list (nat -> R)),
  (0 < n_samples)%nat ->
  (True) /\
  nsum n_samples (fun i => lsum (map (fun f => f i) f)) = lsum (map (fun f => nsum n_samples (fun i => f i)) f).
Proof.
lp_rule apply nsum_lsum.
Qed.

Lemma rule_factor_samples : forall (n_samples : nat) (c : R) (f : nat -> R),
  (0 < n_samples)%nat ->
  (True) /\
  nsum n_samples (fun i => c * f i) = c * nsum n_samples (fun i => f i).
Proof.
lp_rule apply nsum_scal.
Qed.

Lemma rule_mean_samples : forall (n_samples : nat) (f : nat -> R),
  (0 < n_samples)%nat ->
  (True) /\
  nsum n_samples (fun i => f i) = INR n_samples * nmean n_samples (fun i => f i).
Proof.
lp_rule (unfold nmean; pose proof (pos_INR_count n_samples H); field; lra).
Qed.

Lemma rule_constant_samples : forall (n_samples : nat) (c : R),
  (0 < n_samples)%nat ->
  (True) /\
  nsum n_samples (fun i => c) = INR n_samples * c.
Proof.
lp_rule apply nsum_const.
Qed.

Lemma rule_drop_constant : forall (W : Type) (feasible : W -> Prop) (f : W -> R) (d : R),
  affine feasible 1 d (fun w => f w + d) (fun w => f w).
Proof.
intros; split; [lra | intros; ring].
Qed.

Lemma rule_pull_scale : forall (W : Type) (feasible : W -> Prop) (c : R) (f : W -> R),
  (0 < c) ->
  affine feasible c 0 (fun w => c * f w) (fun w => f w).
Proof.
intros; split; [assumption | intros; ring].
Qed.

Lemma fact_positive_quotient : forall (a : R) (b : R),
  (0 < a) ->
  (0 < b) ->
  0 < a / b.
Proof.
lp_auto.
Qed.

Lemma fact_positive_count : forall (n_samples : nat),
  (0 < n_samples)%nat ->
  0 < INR n_samples.
Proof.
lp_auto.
Qed.

Lemma fact_positive_member : forall (a : R),
  (0 < a) ->
  in_positive a.
Proof.
lp_auto.
Qed.

Section Proof.

Variables (W : Type) (n_samples : nat) (s_sigma : R) (s_y : nat -> R) (s_yhat : W -> nat -> R).

Hypothesis n_positive : (0 < n_samples)%nat.

Hypothesis dom_s_sigma : in_positive s_sigma.


(* The parameters that are allowed. *)
Definition feasible (w : W) : Prop :=
  True.

Lemma density_1 : forall w, feasible w -> forall i, (i < n_samples)%nat -> 0 < pdf_normal (s_yhat w i) (sqrt (s_sigma ^ 2)) (s_y i).
Proof.
  intros w Hw i Hi.
  assert (E0 : pdf_normal (s_yhat w i) (sqrt (s_sigma ^ 2)) (s_y i) = exp (- ((s_y i - s_yhat w i) ^ 2 / (2 * sqrt (s_sigma ^ 2) ^ 2))) / sqrt (2 * PI * sqrt (s_sigma ^ 2) ^ 2)). { first [ reflexivity | unfold pdf_normal; lp_algebra ]. }
  assert (E1 : exp (- ((s_y i - s_yhat w i) ^ 2 / (2 * sqrt (s_sigma ^ 2) ^ 2))) / sqrt (2 * PI * sqrt (s_sigma ^ 2) ^ 2) = exp (- ((s_y i - s_yhat w i) ^ 2 / (2 * s_sigma ^ 2))) / sqrt (2 * PI * sqrt (s_sigma ^ 2) ^ 2)). { refine (f_equal (fun h : R => exp (- ((s_y i - s_yhat w i) ^ 2 / (2 * h ^ 2))) / sqrt (2 * PI * sqrt (s_sigma ^ 2) ^ 2)) (_ : sqrt (s_sigma ^ 2) = s_sigma)).
  assert (F2 : in_positive s_sigma). { exact (dom_s_sigma). }
  assert (F3 : 0 < s_sigma). { unshelve epose proof (fact_positive_declared s_sigma _) as Q.
  { lp_exact F2. }
  lp_exact Q. }
  assert (F8 : 0 <= s_sigma). { unshelve epose proof (fact_nonnegative_positive s_sigma _) as Q.
  { lp_exact F3. }
  lp_exact Q. }
  unshelve epose proof (rule_root_of_square s_sigma _) as Q.
  { lp_exact F8. }
  lp_exact (proj2 Q). }
  assert (E2 : exp (- ((s_y i - s_yhat w i) ^ 2 / (2 * s_sigma ^ 2))) / sqrt (2 * PI * sqrt (s_sigma ^ 2) ^ 2) = exp (- ((s_y i - s_yhat w i) ^ 2 / (2 * s_sigma ^ 2))) / sqrt (2 * PI * s_sigma ^ 2)). { refine (f_equal (fun h : R => exp (- ((s_y i - s_yhat w i) ^ 2 / (2 * s_sigma ^ 2))) / sqrt (2 * PI * h ^ 2)) (_ : sqrt (s_sigma ^ 2) = s_sigma)).
  assert (F2 : in_positive s_sigma). { exact (dom_s_sigma). }
  assert (F3 : 0 < s_sigma). { unshelve epose proof (fact_positive_declared s_sigma _) as Q.
  { lp_exact F2. }
  lp_exact Q. }
  assert (F8 : 0 <= s_sigma). { unshelve epose proof (fact_nonnegative_positive s_sigma _) as Q.
  { lp_exact F3. }
  lp_exact Q. }
  unshelve epose proof (rule_root_of_square s_sigma _) as Q.
  { lp_exact F8. }
  lp_exact (proj2 Q). }
  assert (F2 : in_positive s_sigma). { exact (dom_s_sigma). }
  assert (F3 : 0 < s_sigma). { unshelve epose proof (fact_positive_declared s_sigma _) as Q.
  { lp_exact F2. }
  lp_exact Q. }
  assert (F4 : 0 < s_sigma ^ 2). { unshelve epose proof (fact_positive_power s_sigma 2 _) as Q.
  { lp_exact F3. }
  lp_exact Q. }
  assert (F5 : 0 < sqrt (s_sigma ^ 2)). { unshelve epose proof (fact_positive_root (s_sigma ^ 2) _) as Q.
  { lp_exact F4. }
  lp_exact Q. }
  assert (F6 : in_positive (sqrt (s_sigma ^ 2))). { unshelve epose proof (fact_positive_member (sqrt (s_sigma ^ 2)) _) as Q.
  { lp_exact F5. }
  lp_exact Q. }
  assert (F8 : 0 <= s_sigma). { unshelve epose proof (fact_nonnegative_positive s_sigma _) as Q.
  { lp_exact F3. }
  lp_exact Q. }
  assert (F9 : s_sigma <> 0). { unshelve epose proof (fact_nonzero_by_square s_sigma _) as Q.
  { lp_exact F4. }
  lp_exact Q. }
  assert (F10 : s_sigma ^ 2 <> 0). { unshelve epose proof (fact_nonzero_square s_sigma _) as Q.
  { lp_exact F9. }
  lp_exact Q. }
  assert (F11 : 2 <> 0). { lp_number. }
  assert (F12 : 2 * s_sigma ^ 2 <> 0). { unshelve epose proof (fact_nonzero_product [2; s_sigma ^ 2] _) as Q.
  { cbn [lall]. repeat apply conj. { lp_exact F11. } { lp_exact F10. } exact I. }
  lp_exact Q. }
  assert (F13 : in_naturals 2). { lp_number. }
  assert (F19 : 0 < exp (- ((s_y i - s_yhat w i) ^ 2 / (2 * s_sigma ^ 2)))). { pose proof (fact_positive_exp (- ((s_y i - s_yhat w i) ^ 2 / (2 * s_sigma ^ 2)))) as Q. lp_exact Q. }
  assert (F20 : 0 < PI). { pose proof (fact_pi_positive) as Q. lp_exact Q. }
  assert (F21 : 0 < 2). { lp_number. }
  assert (F22 : 0 < 2 * PI * s_sigma ^ 2). { unshelve epose proof (fact_positive_product [2; PI; s_sigma ^ 2] _) as Q.
  { cbn [lall]. repeat apply conj. { lp_exact F21. } { lp_exact F20. } { lp_exact F4. } exact I. }
  lp_exact Q. }
  assert (F23 : 0 < sqrt (2 * PI * s_sigma ^ 2)). { unshelve epose proof (fact_positive_root (2 * PI * s_sigma ^ 2) _) as Q.
  { lp_exact F22. }
  lp_exact Q. }
  assert (F34 : 0 < 2 * s_sigma ^ 2). { unshelve epose proof (fact_positive_product [2; s_sigma ^ 2] _) as Q.
  { cbn [lall]. repeat apply conj. { lp_exact F21. } { lp_exact F4. } exact I. }
  lp_exact Q. }
  assert (F35 : 0 < INR n_samples). { pose proof (fact_positive_count n_samples n_positive) as Q. lp_exact Q. }
  assert (F36 : 0 < INR n_samples / (2 * s_sigma ^ 2)). { unshelve epose proof (fact_positive_quotient (INR n_samples) (2 * s_sigma ^ 2) _ _) as Q.
  { lp_exact F35. }
  { lp_exact F34. }
  lp_exact Q. }
  try rewrite E0. try rewrite E1. try rewrite E2. first [ lp_density | unfold pdf_normal; lp_density ].
Qed.

Ltac lp_likelihood := intros; repeat first [ apply density_1; assumption | apply nprod_pos; intros | apply Rmult_lt_0_compat ].

(* sample: -log(pdf(normal(yhat, sqrt(sigma^2)), y)) *)
Definition chain_sample_0 (w : W) (i : nat) : R :=
  - ln (pdf_normal (s_yhat w i) (sqrt (s_sigma ^ 2)) (s_y i)).
(* step 1, density-normal: -log(exp(-(y - yhat)^2/(2*sqrt(sigma^2)^2))/sqrt(2*pi*sqrt(sigma^2)^2)) *)
Definition chain_sample_1 (w : W) (i : nat) : R :=
  - ln (exp (- ((s_y i - s_yhat w i) ^ 2 / (2 * sqrt (s_sigma ^ 2) ^ 2))) / sqrt (2 * PI * sqrt (s_sigma ^ 2) ^ 2)).
Lemma chain_sample_step_1 : forall w, feasible w -> forall i, (i < n_samples)%nat -> chain_sample_0 w i = chain_sample_1 w i.
Proof.
  intros w Hw i Hi. unfold chain_sample_0, chain_sample_1.
  refine (f_equal (fun h : R => - ln h) (_ : pdf_normal (s_yhat w i) (sqrt (s_sigma ^ 2)) (s_y i) = exp (- ((s_y i - s_yhat w i) ^ 2 / (2 * sqrt (s_sigma ^ 2) ^ 2))) / sqrt (2 * PI * sqrt (s_sigma ^ 2) ^ 2))).
  first [ reflexivity | unfold pdf_normal; lp_algebra ].
Qed.
(* step 2, root-of-square: -log(exp(-(y - yhat)^2/(2*sigma^2))/sqrt(2*pi*sqrt(sigma^2)^2)) *)
Definition chain_sample_2 (w : W) (i : nat) : R :=
  - ln (exp (- ((s_y i - s_yhat w i) ^ 2 / (2 * s_sigma ^ 2))) / sqrt (2 * PI * sqrt (s_sigma ^ 2) ^ 2)).
Lemma chain_sample_step_2 : forall w, feasible w -> forall i, (i < n_samples)%nat -> chain_sample_1 w i = chain_sample_2 w i.
Proof.
  intros w Hw i Hi. unfold chain_sample_1, chain_sample_2.
  refine (f_equal (fun h : R => - ln (exp (- ((s_y i - s_yhat w i) ^ 2 / (2 * h ^ 2))) / sqrt (2 * PI * sqrt (s_sigma ^ 2) ^ 2))) (_ : sqrt (s_sigma ^ 2) = s_sigma)).
  assert (F2 : in_positive s_sigma). { exact (dom_s_sigma). }
  assert (F3 : 0 < s_sigma). { unshelve epose proof (fact_positive_declared s_sigma _) as Q.
  { lp_exact F2. }
  lp_exact Q. }
  assert (F8 : 0 <= s_sigma). { unshelve epose proof (fact_nonnegative_positive s_sigma _) as Q.
  { lp_exact F3. }
  lp_exact Q. }
  unshelve epose proof (rule_root_of_square s_sigma _) as Q.
  { lp_exact F8. }
  lp_exact (proj2 Q).
Qed.
(* step 3, root-of-square: -log(exp(-(y - yhat)^2/(2*sigma^2))/sqrt(2*pi*sigma^2)) *)
Definition chain_sample_3 (w : W) (i : nat) : R :=
  - ln (exp (- ((s_y i - s_yhat w i) ^ 2 / (2 * s_sigma ^ 2))) / sqrt (2 * PI * s_sigma ^ 2)).
Lemma chain_sample_step_3 : forall w, feasible w -> forall i, (i < n_samples)%nat -> chain_sample_2 w i = chain_sample_3 w i.
Proof.
  intros w Hw i Hi. unfold chain_sample_2, chain_sample_3.
  refine (f_equal (fun h : R => - ln (exp (- ((s_y i - s_yhat w i) ^ 2 / (2 * s_sigma ^ 2))) / sqrt (2 * PI * h ^ 2))) (_ : sqrt (s_sigma ^ 2) = s_sigma)).
  assert (F2 : in_positive s_sigma). { exact (dom_s_sigma). }
  assert (F3 : 0 < s_sigma). { unshelve epose proof (fact_positive_declared s_sigma _) as Q.
  { lp_exact F2. }
  lp_exact Q. }
  assert (F8 : 0 <= s_sigma). { unshelve epose proof (fact_nonnegative_positive s_sigma _) as Q.
  { lp_exact F3. }
  lp_exact Q. }
  unshelve epose proof (rule_root_of_square s_sigma _) as Q.
  { lp_exact F8. }
  lp_exact (proj2 Q).
Qed.
(* step 4, log-quotient: -(log(exp(-(y - yhat)^2/(2*sigma^2))) - log(sqrt(2*pi*sigma^2))) *)
Definition chain_sample_4 (w : W) (i : nat) : R :=
  - (ln (exp (- ((s_y i - s_yhat w i) ^ 2 / (2 * s_sigma ^ 2)))) - ln (sqrt (2 * PI * s_sigma ^ 2))).
Lemma chain_sample_step_4 : forall w, feasible w -> forall i, (i < n_samples)%nat -> chain_sample_3 w i = chain_sample_4 w i.
Proof.
  intros w Hw i Hi. unfold chain_sample_3, chain_sample_4.
  refine (f_equal (fun h : R => - h) (_ : ln (exp (- ((s_y i - s_yhat w i) ^ 2 / (2 * s_sigma ^ 2))) / sqrt (2 * PI * s_sigma ^ 2)) = ln (exp (- ((s_y i - s_yhat w i) ^ 2 / (2 * s_sigma ^ 2)))) - ln (sqrt (2 * PI * s_sigma ^ 2)))).
  assert (F19 : 0 < exp (- ((s_y i - s_yhat w i) ^ 2 / (2 * s_sigma ^ 2)))). { pose proof (fact_positive_exp (- ((s_y i - s_yhat w i) ^ 2 / (2 * s_sigma ^ 2)))) as Q. lp_exact Q. }
  assert (F21 : 0 < 2). { lp_number. }
  assert (F20 : 0 < PI). { pose proof (fact_pi_positive) as Q. lp_exact Q. }
  assert (F2 : in_positive s_sigma). { exact (dom_s_sigma). }
  assert (F3 : 0 < s_sigma). { unshelve epose proof (fact_positive_declared s_sigma _) as Q.
  { lp_exact F2. }
  lp_exact Q. }
  assert (F4 : 0 < s_sigma ^ 2). { unshelve epose proof (fact_positive_power s_sigma 2 _) as Q.
  { lp_exact F3. }
  lp_exact Q. }
  assert (F22 : 0 < 2 * PI * s_sigma ^ 2). { unshelve epose proof (fact_positive_product [2; PI; s_sigma ^ 2] _) as Q.
  { cbn [lall]. repeat apply conj. { lp_exact F21. } { lp_exact F20. } { lp_exact F4. } exact I. }
  lp_exact Q. }
  assert (F23 : 0 < sqrt (2 * PI * s_sigma ^ 2)). { unshelve epose proof (fact_positive_root (2 * PI * s_sigma ^ 2) _) as Q.
  { lp_exact F22. }
  lp_exact Q. }
  unshelve epose proof (rule_log_quotient (exp (- ((s_y i - s_yhat w i) ^ 2 / (2 * s_sigma ^ 2)))) (sqrt (2 * PI * s_sigma ^ 2)) _ _) as Q.
  { lp_exact F19. }
  { lp_exact F23. }
  lp_exact (proj2 Q).
Qed.
(* step 5, log-exp: -(-(y - yhat)^2/(2*sigma^2) - log(sqrt(2*pi*sigma^2))) *)
Definition chain_sample_5 (w : W) (i : nat) : R :=
  - (- ((s_y i - s_yhat w i) ^ 2 / (2 * s_sigma ^ 2)) - ln (sqrt (2 * PI * s_sigma ^ 2))).
Lemma chain_sample_step_5 : forall w, feasible w -> forall i, (i < n_samples)%nat -> chain_sample_4 w i = chain_sample_5 w i.
Proof.
  intros w Hw i Hi. unfold chain_sample_4, chain_sample_5.
  refine (f_equal (fun h : R => - (h - ln (sqrt (2 * PI * s_sigma ^ 2)))) (_ : ln (exp (- ((s_y i - s_yhat w i) ^ 2 / (2 * s_sigma ^ 2)))) = - ((s_y i - s_yhat w i) ^ 2 / (2 * s_sigma ^ 2)))).
  pose proof (rule_log_exp (- ((s_y i - s_yhat w i) ^ 2 / (2 * s_sigma ^ 2)))) as Q. lp_exact (proj2 Q).
Qed.
(* step 6, log-root: -(-(y - yhat)^2/(2*sigma^2) - 1/2*log(2*pi*sigma^2)) *)
Definition chain_sample_6 (w : W) (i : nat) : R :=
  - (- ((s_y i - s_yhat w i) ^ 2 / (2 * s_sigma ^ 2)) - 1 / 2 * ln (2 * PI * s_sigma ^ 2)).
Lemma chain_sample_step_6 : forall w, feasible w -> forall i, (i < n_samples)%nat -> chain_sample_5 w i = chain_sample_6 w i.
Proof.
  intros w Hw i Hi. unfold chain_sample_5, chain_sample_6.
  refine (f_equal (fun h : R => - (- ((s_y i - s_yhat w i) ^ 2 / (2 * s_sigma ^ 2)) - h)) (_ : ln (sqrt (2 * PI * s_sigma ^ 2)) = 1 / 2 * ln (2 * PI * s_sigma ^ 2))).
  assert (F21 : 0 < 2). { lp_number. }
  assert (F20 : 0 < PI). { pose proof (fact_pi_positive) as Q. lp_exact Q. }
  assert (F2 : in_positive s_sigma). { exact (dom_s_sigma). }
  assert (F3 : 0 < s_sigma). { unshelve epose proof (fact_positive_declared s_sigma _) as Q.
  { lp_exact F2. }
  lp_exact Q. }
  assert (F4 : 0 < s_sigma ^ 2). { unshelve epose proof (fact_positive_power s_sigma 2 _) as Q.
  { lp_exact F3. }
  lp_exact Q. }
  assert (F22 : 0 < 2 * PI * s_sigma ^ 2). { unshelve epose proof (fact_positive_product [2; PI; s_sigma ^ 2] _) as Q.
  { cbn [lall]. repeat apply conj. { lp_exact F21. } { lp_exact F20. } { lp_exact F4. } exact I. }
  lp_exact Q. }
  unshelve epose proof (rule_log_root (2 * PI * s_sigma ^ 2) _) as Q.
  { lp_exact F22. }
  lp_exact (proj2 Q).
Qed.
(* step 7, algebra: -(-(y - yhat)^2/(2*sigma^2) - 0.5*log(2*pi*sigma^2)) *)
Definition chain_sample_7 (w : W) (i : nat) : R :=
  - (- ((s_y i - s_yhat w i) ^ 2 / (2 * s_sigma ^ 2)) - 1 / 2 * ln (2 * PI * s_sigma ^ 2)).
Lemma chain_sample_step_7 : forall w, feasible w -> forall i, (i < n_samples)%nat -> chain_sample_6 w i = chain_sample_7 w i.
Proof.
  intros w Hw i Hi. unfold chain_sample_6, chain_sample_7.
  refine (f_equal (fun h : R => - (- ((s_y i - s_yhat w i) ^ 2 / (2 * s_sigma ^ 2)) - h * ln (2 * PI * s_sigma ^ 2))) (_ : 1 / 2 = 1 / 2)).
  lp_algebra.
Qed.
(* step 8, algebra: 1/(2*sigma^2)*(y - yhat)^2 + 0.5*log(2*pi*sigma^2) *)
Definition chain_sample_8 (w : W) (i : nat) : R :=
  1 / (2 * s_sigma ^ 2) * (s_y i - s_yhat w i) ^ 2 + 1 / 2 * ln (2 * PI * s_sigma ^ 2).
Lemma chain_sample_step_8 : forall w, feasible w -> forall i, (i < n_samples)%nat -> chain_sample_7 w i = chain_sample_8 w i.
Proof.
  intros w Hw i Hi. unfold chain_sample_7, chain_sample_8.
  assert (F11 : 2 <> 0). { lp_number. }
  assert (F2 : in_positive s_sigma). { exact (dom_s_sigma). }
  assert (F3 : 0 < s_sigma). { unshelve epose proof (fact_positive_declared s_sigma _) as Q.
  { lp_exact F2. }
  lp_exact Q. }
  assert (F4 : 0 < s_sigma ^ 2). { unshelve epose proof (fact_positive_power s_sigma 2 _) as Q.
  { lp_exact F3. }
  lp_exact Q. }
  assert (F9 : s_sigma <> 0). { unshelve epose proof (fact_nonzero_by_square s_sigma _) as Q.
  { lp_exact F4. }
  lp_exact Q. }
  assert (F10 : s_sigma ^ 2 <> 0). { unshelve epose proof (fact_nonzero_square s_sigma _) as Q.
  { lp_exact F9. }
  lp_exact Q. }
  assert (F12 : 2 * s_sigma ^ 2 <> 0). { unshelve epose proof (fact_nonzero_product [2; s_sigma ^ 2] _) as Q.
  { cbn [lall]. repeat apply conj. { lp_exact F11. } { lp_exact F10. } exact I. }
  lp_exact Q. }
  lp_algebra.
Qed.
Theorem chain_sample : forall w, feasible w -> forall i, (i < n_samples)%nat -> chain_sample_0 w i = chain_sample_8 w i.
Proof. intros w Hw i Hi. rewrite (chain_sample_step_1 w Hw i Hi). rewrite (chain_sample_step_2 w Hw i Hi). rewrite (chain_sample_step_3 w Hw i Hi). rewrite (chain_sample_step_4 w Hw i Hi). rewrite (chain_sample_step_5 w Hw i Hi). rewrite (chain_sample_step_6 w Hw i Hi). rewrite (chain_sample_step_7 w Hw i Hi). rewrite (chain_sample_step_8 w Hw i Hi). reflexivity. Qed.

(* preamble: maximise(prod(pdf(normal(yhat, sqrt(sigma^2)), y))) *)
Definition chain_preamble_0 (w : W) : R :=
  - nprod n_samples (fun i => pdf_normal (s_yhat w i) (sqrt (s_sigma ^ 2)) (s_y i)).
(* step 9, log-increasing: maximise(log(prod(pdf(normal(yhat, sqrt(sigma^2)), y)))) *)
Definition chain_preamble_1 (w : W) : R :=
  - ln (nprod n_samples (fun i => pdf_normal (s_yhat w i) (sqrt (s_sigma ^ 2)) (s_y i))).
Lemma chain_preamble_step_1 : same feasible chain_preamble_0 chain_preamble_1.
Proof.
  unfold chain_preamble_0, chain_preamble_1.
  apply log_increasing_finite. lp_likelihood.
Qed.
(* step 10, minus-reverses: minimise(-log(prod(pdf(normal(yhat, sqrt(sigma^2)), y)))) *)
Definition chain_preamble_2 (w : W) : R :=
  - ln (nprod n_samples (fun i => pdf_normal (s_yhat w i) (sqrt (s_sigma ^ 2)) (s_y i))).
Lemma chain_preamble_step_2 : same feasible chain_preamble_1 chain_preamble_2.
Proof.
  unfold chain_preamble_1, chain_preamble_2.
  pose proof (rule_minus_reverses W feasible (fun w => ln (nprod n_samples (fun i => pdf_normal (s_yhat w i) (sqrt (s_sigma ^ 2)) (s_y i))))) as Q. exact Q.
Qed.
Theorem chain_preamble : same feasible chain_preamble_0 chain_preamble_2.
Proof. eapply same_trans. { exact chain_preamble_step_1. } eapply same_trans. { exact chain_preamble_step_2. } apply same_refl. Qed.

(* dataset: -log(prod(pdf(normal(yhat, sqrt(sigma^2)), y))) *)
Definition chain_dataset_0 (w : W) : R :=
  - ln (nprod n_samples (fun i => pdf_normal (s_yhat w i) (sqrt (s_sigma ^ 2)) (s_y i))).
(* step 11, log-samples: -sum(log(pdf(normal(yhat, sqrt(sigma^2)), y))) *)
Definition chain_dataset_1 (w : W) : R :=
  - nsum n_samples (fun i => ln (pdf_normal (s_yhat w i) (sqrt (s_sigma ^ 2)) (s_y i))).
Lemma chain_dataset_step_1 : forall w, feasible w -> chain_dataset_0 w = chain_dataset_1 w.
Proof.
  intros w Hw. unfold chain_dataset_0, chain_dataset_1.
  refine (f_equal (fun h : R => - h) (_ : ln (nprod n_samples (fun i => pdf_normal (s_yhat w i) (sqrt (s_sigma ^ 2)) (s_y i))) = nsum n_samples (fun i => ln (pdf_normal (s_yhat w i) (sqrt (s_sigma ^ 2)) (s_y i))))).
  apply log_samples_finite. lp_likelihood.
Qed.
(* step 12, minus-samples: sum(-log(pdf(normal(yhat, sqrt(sigma^2)), y))) *)
Definition chain_dataset_2 (w : W) : R :=
  nsum n_samples (fun i => - ln (pdf_normal (s_yhat w i) (sqrt (s_sigma ^ 2)) (s_y i))).
Lemma chain_dataset_step_2 : forall w, feasible w -> chain_dataset_1 w = chain_dataset_2 w.
Proof.
  intros w Hw. unfold chain_dataset_1, chain_dataset_2.
  pose proof (rule_minus_samples n_samples (fun i => ln (pdf_normal (s_yhat w i) (sqrt (s_sigma ^ 2)) (s_y i))) n_positive) as Q. lp_exact (proj2 Q).
Qed.
(* step 13, lemma: sum(1/(2*sigma^2)*(y - yhat)^2 + 0.5*log(2*pi*sigma^2)) *)
Definition chain_dataset_3 (w : W) : R :=
  nsum n_samples (fun i => 1 / (2 * s_sigma ^ 2) * (s_y i - s_yhat w i) ^ 2 + 1 / 2 * ln (2 * PI * s_sigma ^ 2)).
Lemma chain_dataset_step_3 : forall w, feasible w -> chain_dataset_2 w = chain_dataset_3 w.
Proof.
  intros w Hw. unfold chain_dataset_2, chain_dataset_3.
  apply nsum_ext; intros i Hi.
  exact (chain_sample w Hw i Hi).
Qed.
(* step 14, split-samples: sum(1/(2*sigma^2)*(y - yhat)^2) + sum(0.5*log(2*pi*sigma^2)) *)
Definition chain_dataset_4 (w : W) : R :=
  nsum n_samples (fun i => 1 / (2 * s_sigma ^ 2) * (s_y i - s_yhat w i) ^ 2) + nsum n_samples (fun i => 1 / 2 * ln (2 * PI * s_sigma ^ 2)).
Lemma chain_dataset_step_4 : forall w, feasible w -> chain_dataset_3 w = chain_dataset_4 w.
Proof.
  intros w Hw. unfold chain_dataset_3, chain_dataset_4.
  pose proof (rule_split_samples n_samples [(fun i => 1 / (2 * s_sigma ^ 2) * (s_y i - s_yhat w i) ^ 2); (fun i => 1 / 2 * ln (2 * PI * s_sigma ^ 2))] n_positive) as Q. lp_exact (proj2 Q).
Qed.
(* step 15, factor-samples: 1/(2*sigma^2)*sum((y - yhat)^2) + sum(0.5*log(2*pi*sigma^2)) *)
Definition chain_dataset_5 (w : W) : R :=
  1 / (2 * s_sigma ^ 2) * nsum n_samples (fun i => (s_y i - s_yhat w i) ^ 2) + nsum n_samples (fun i => 1 / 2 * ln (2 * PI * s_sigma ^ 2)).
Lemma chain_dataset_step_5 : forall w, feasible w -> chain_dataset_4 w = chain_dataset_5 w.
Proof.
  intros w Hw. unfold chain_dataset_4, chain_dataset_5.
  refine (f_equal (fun h : R => h + nsum n_samples (fun i => 1 / 2 * ln (2 * PI * s_sigma ^ 2))) (_ : nsum n_samples (fun i => 1 / (2 * s_sigma ^ 2) * (s_y i - s_yhat w i) ^ 2) = 1 / (2 * s_sigma ^ 2) * nsum n_samples (fun i => (s_y i - s_yhat w i) ^ 2))).
  pose proof (rule_factor_samples n_samples (1 / (2 * s_sigma ^ 2)) (fun i => (s_y i - s_yhat w i) ^ 2) n_positive) as Q. lp_exact (proj2 Q).
Qed.
(* step 16, mean-samples: 1/(2*sigma^2)*(n_samples*mean((y - yhat)^2)) + sum(0.5*log(2*pi*sigma^2)) *)
Definition chain_dataset_6 (w : W) : R :=
  1 / (2 * s_sigma ^ 2) * (INR n_samples * nmean n_samples (fun i => (s_y i - s_yhat w i) ^ 2)) + nsum n_samples (fun i => 1 / 2 * ln (2 * PI * s_sigma ^ 2)).
Lemma chain_dataset_step_6 : forall w, feasible w -> chain_dataset_5 w = chain_dataset_6 w.
Proof.
  intros w Hw. unfold chain_dataset_5, chain_dataset_6.
  refine (f_equal (fun h : R => 1 / (2 * s_sigma ^ 2) * h + nsum n_samples (fun i => 1 / 2 * ln (2 * PI * s_sigma ^ 2))) (_ : nsum n_samples (fun i => (s_y i - s_yhat w i) ^ 2) = INR n_samples * nmean n_samples (fun i => (s_y i - s_yhat w i) ^ 2))).
  pose proof (rule_mean_samples n_samples (fun i => (s_y i - s_yhat w i) ^ 2) n_positive) as Q. lp_exact (proj2 Q).
Qed.
(* step 17, constant-samples: 1/(2*sigma^2)*(n_samples*mean((y - yhat)^2)) + n_samples*(0.5*log(2*pi*sigma^2)) *)
Definition chain_dataset_7 (w : W) : R :=
  1 / (2 * s_sigma ^ 2) * (INR n_samples * nmean n_samples (fun i => (s_y i - s_yhat w i) ^ 2)) + INR n_samples * (1 / 2 * ln (2 * PI * s_sigma ^ 2)).
Lemma chain_dataset_step_7 : forall w, feasible w -> chain_dataset_6 w = chain_dataset_7 w.
Proof.
  intros w Hw. unfold chain_dataset_6, chain_dataset_7.
  refine (f_equal (fun h : R => 1 / (2 * s_sigma ^ 2) * (INR n_samples * nmean n_samples (fun i => (s_y i - s_yhat w i) ^ 2)) + h) (_ : nsum n_samples (fun i => 1 / 2 * ln (2 * PI * s_sigma ^ 2)) = INR n_samples * (1 / 2 * ln (2 * PI * s_sigma ^ 2)))).
  pose proof (rule_constant_samples n_samples (1 / 2 * ln (2 * PI * s_sigma ^ 2)) n_positive) as Q. lp_exact (proj2 Q).
Qed.
(* step 18, algebra: n_samples/(2*sigma^2)*mean((y - yhat)^2) + n_samples/2*log(2*pi*sigma^2) *)
Definition chain_dataset_8 (w : W) : R :=
  INR n_samples / (2 * s_sigma ^ 2) * nmean n_samples (fun i => (s_y i - s_yhat w i) ^ 2) + INR n_samples / 2 * ln (2 * PI * s_sigma ^ 2).
Lemma chain_dataset_step_8 : forall w, feasible w -> chain_dataset_7 w = chain_dataset_8 w.
Proof.
  intros w Hw. unfold chain_dataset_7, chain_dataset_8.
  assert (F11 : 2 <> 0). { lp_number. }
  assert (F2 : in_positive s_sigma). { exact (dom_s_sigma). }
  assert (F3 : 0 < s_sigma). { unshelve epose proof (fact_positive_declared s_sigma _) as Q.
  { lp_exact F2. }
  lp_exact Q. }
  assert (F4 : 0 < s_sigma ^ 2). { unshelve epose proof (fact_positive_power s_sigma 2 _) as Q.
  { lp_exact F3. }
  lp_exact Q. }
  assert (F9 : s_sigma <> 0). { unshelve epose proof (fact_nonzero_by_square s_sigma _) as Q.
  { lp_exact F4. }
  lp_exact Q. }
  assert (F10 : s_sigma ^ 2 <> 0). { unshelve epose proof (fact_nonzero_square s_sigma _) as Q.
  { lp_exact F9. }
  lp_exact Q. }
  assert (F12 : 2 * s_sigma ^ 2 <> 0). { unshelve epose proof (fact_nonzero_product [2; s_sigma ^ 2] _) as Q.
  { cbn [lall]. repeat apply conj. { lp_exact F11. } { lp_exact F10. } exact I. }
  lp_exact Q. }
  lp_algebra.
Qed.
(* step 19, drop-constant: n_samples/(2*sigma^2)*mean((y - yhat)^2) *)
Definition chain_dataset_9 (w : W) : R :=
  INR n_samples / (2 * s_sigma ^ 2) * nmean n_samples (fun i => (s_y i - s_yhat w i) ^ 2).
Lemma chain_dataset_step_9 : affine feasible 1 (INR n_samples / 2 * ln (2 * PI * s_sigma ^ 2)) chain_dataset_8 chain_dataset_9.
Proof.
  unfold chain_dataset_8, chain_dataset_9.
  pose proof (rule_drop_constant W feasible (fun w => INR n_samples / (2 * s_sigma ^ 2) * nmean n_samples (fun i => (s_y i - s_yhat w i) ^ 2)) (INR n_samples / 2 * ln (2 * PI * s_sigma ^ 2))) as Q. lp_exact Q.
Qed.
(* step 20, pull-scale: mean((y - yhat)^2) *)
Definition chain_dataset_10 (w : W) : R :=
  nmean n_samples (fun i => (s_y i - s_yhat w i) ^ 2).
Lemma chain_dataset_step_10 : affine feasible (INR n_samples / (2 * s_sigma ^ 2)) 0 chain_dataset_9 chain_dataset_10.
Proof.
  unfold chain_dataset_9, chain_dataset_10.
  assert (F35 : 0 < INR n_samples). { pose proof (fact_positive_count n_samples n_positive) as Q. lp_exact Q. }
  assert (F21 : 0 < 2). { lp_number. }
  assert (F2 : in_positive s_sigma). { exact (dom_s_sigma). }
  assert (F3 : 0 < s_sigma). { unshelve epose proof (fact_positive_declared s_sigma _) as Q.
  { lp_exact F2. }
  lp_exact Q. }
  assert (F4 : 0 < s_sigma ^ 2). { unshelve epose proof (fact_positive_power s_sigma 2 _) as Q.
  { lp_exact F3. }
  lp_exact Q. }
  assert (F34 : 0 < 2 * s_sigma ^ 2). { unshelve epose proof (fact_positive_product [2; s_sigma ^ 2] _) as Q.
  { cbn [lall]. repeat apply conj. { lp_exact F21. } { lp_exact F4. } exact I. }
  lp_exact Q. }
  assert (F36 : 0 < INR n_samples / (2 * s_sigma ^ 2)). { unshelve epose proof (fact_positive_quotient (INR n_samples) (2 * s_sigma ^ 2) _ _) as Q.
  { lp_exact F35. }
  { lp_exact F34. }
  lp_exact Q. }
  unshelve epose proof (rule_pull_scale W feasible (INR n_samples / (2 * s_sigma ^ 2)) (fun w => nmean n_samples (fun i => (s_y i - s_yhat w i) ^ 2)) _) as Q.
  { lp_exact F36. }
  lp_exact Q.
Qed.
Theorem chain_dataset : affine feasible (INR n_samples / (2 * s_sigma ^ 2)) (INR n_samples / 2 * ln (2 * PI * s_sigma ^ 2)) chain_dataset_0 chain_dataset_10.
Proof.
  assert (F11 : 2 <> 0). { lp_number. }
  assert (F2 : in_positive s_sigma). { exact (dom_s_sigma). }
  assert (F3 : 0 < s_sigma). { unshelve epose proof (fact_positive_declared s_sigma _) as Q.
  { lp_exact F2. }
  lp_exact Q. }
  assert (F4 : 0 < s_sigma ^ 2). { unshelve epose proof (fact_positive_power s_sigma 2 _) as Q.
  { lp_exact F3. }
  lp_exact Q. }
  assert (F9 : s_sigma <> 0). { unshelve epose proof (fact_nonzero_by_square s_sigma _) as Q.
  { lp_exact F4. }
  lp_exact Q. }
  assert (F10 : s_sigma ^ 2 <> 0). { unshelve epose proof (fact_nonzero_square s_sigma _) as Q.
  { lp_exact F9. }
  lp_exact Q. }
  assert (F12 : 2 * s_sigma ^ 2 <> 0). { unshelve epose proof (fact_nonzero_product [2; s_sigma ^ 2] _) as Q.
  { cbn [lall]. repeat apply conj. { lp_exact F11. } { lp_exact F10. } exact I. }
  lp_exact Q. }
  assert (F35 : 0 < INR n_samples). { pose proof (fact_positive_count n_samples n_positive) as Q. lp_exact Q. }
  assert (F21 : 0 < 2). { lp_number. }
  assert (F34 : 0 < 2 * s_sigma ^ 2). { unshelve epose proof (fact_positive_product [2; s_sigma ^ 2] _) as Q.
  { cbn [lall]. repeat apply conj. { lp_exact F21. } { lp_exact F4. } exact I. }
  lp_exact Q. }
  assert (F36 : 0 < INR n_samples / (2 * s_sigma ^ 2)). { unshelve epose proof (fact_positive_quotient (INR n_samples) (2 * s_sigma ^ 2) _ _) as Q.
  { lp_exact F35. }
  { lp_exact F34. }
  lp_exact Q. }
  eapply affine_restate.
  { eapply affine_trans. { apply affine_of_eqv, chain_dataset_step_1. } eapply affine_trans. { apply affine_of_eqv, chain_dataset_step_2. } eapply affine_trans. { apply affine_of_eqv, chain_dataset_step_3. } eapply affine_trans. { apply affine_of_eqv, chain_dataset_step_4. } eapply affine_trans. { apply affine_of_eqv, chain_dataset_step_5. } eapply affine_trans. { apply affine_of_eqv, chain_dataset_step_6. } eapply affine_trans. { apply affine_of_eqv, chain_dataset_step_7. } eapply affine_trans. { apply affine_of_eqv, chain_dataset_step_8. } eapply affine_trans. { exact chain_dataset_step_9. } eapply affine_trans. { exact chain_dataset_step_10. } apply affine_refl. }
  all: lp_algebra.
Qed.

(* The likelihood, and the theorem: whatever the model class W, and however many samples. *)
Definition likelihood (w : W) : R :=
  nprod n_samples (fun i => pdf_normal (s_yhat w i) (sqrt (s_sigma ^ 2)) (s_y i)).
Theorem max_likelihood_is_min_loss : anti feasible likelihood chain_dataset_10.
Proof.
  apply same_anti. eapply same_trans. { exact chain_preamble. }
  eapply affine_same. exact chain_dataset.
Qed.
Corollary minimisers_agree : forall w, argmax feasible likelihood w <-> argmin feasible chain_dataset_10 w.
Proof. exact (anti_argmax _ _ _ max_likelihood_is_min_loss). Qed.

(* Of one sample: the negative logarithm of the density, priors included, is scale * loss + offset; the offset is the ledger's sum. *)
Theorem per_sample : forall w, feasible w -> forall i, (i < n_samples)%nat ->
  (chain_sample_0 w i = (s_y i - s_yhat w i) ^ 2 / (2 * s_sigma ^ 2) + 1 / 2 * ln (2 * PI * s_sigma ^ 2)) /\
  (chain_sample_0 w i = (1 / (2 * s_sigma ^ 2)) * (s_y i - s_yhat w i) ^ 2 + (1 / 2 * ln (2 * PI * s_sigma ^ 2))) /\
  ((1 / 2 * ln (2 * PI * s_sigma ^ 2)) = 1 / 2 * ln (2 * PI * s_sigma ^ 2)).
Proof.
  intros w Hw i Hi. assert (F2 : in_positive s_sigma). { exact (dom_s_sigma). }
  assert (F3 : 0 < s_sigma). { unshelve epose proof (fact_positive_declared s_sigma _) as Q.
  { lp_exact F2. }
  lp_exact Q. }
  assert (F4 : 0 < s_sigma ^ 2). { unshelve epose proof (fact_positive_power s_sigma 2 _) as Q.
  { lp_exact F3. }
  lp_exact Q. }
  assert (F5 : 0 < sqrt (s_sigma ^ 2)). { unshelve epose proof (fact_positive_root (s_sigma ^ 2) _) as Q.
  { lp_exact F4. }
  lp_exact Q. }
  assert (F6 : in_positive (sqrt (s_sigma ^ 2))). { unshelve epose proof (fact_positive_member (sqrt (s_sigma ^ 2)) _) as Q.
  { lp_exact F5. }
  lp_exact Q. }
  assert (F8 : 0 <= s_sigma). { unshelve epose proof (fact_nonnegative_positive s_sigma _) as Q.
  { lp_exact F3. }
  lp_exact Q. }
  assert (F9 : s_sigma <> 0). { unshelve epose proof (fact_nonzero_by_square s_sigma _) as Q.
  { lp_exact F4. }
  lp_exact Q. }
  assert (F10 : s_sigma ^ 2 <> 0). { unshelve epose proof (fact_nonzero_square s_sigma _) as Q.
  { lp_exact F9. }
  lp_exact Q. }
  assert (F11 : 2 <> 0). { lp_number. }
  assert (F12 : 2 * s_sigma ^ 2 <> 0). { unshelve epose proof (fact_nonzero_product [2; s_sigma ^ 2] _) as Q.
  { cbn [lall]. repeat apply conj. { lp_exact F11. } { lp_exact F10. } exact I. }
  lp_exact Q. }
  assert (F13 : in_naturals 2). { lp_number. }
  assert (F19 : 0 < exp (- ((s_y i - s_yhat w i) ^ 2 / (2 * s_sigma ^ 2)))). { pose proof (fact_positive_exp (- ((s_y i - s_yhat w i) ^ 2 / (2 * s_sigma ^ 2)))) as Q. lp_exact Q. }
  assert (F20 : 0 < PI). { pose proof (fact_pi_positive) as Q. lp_exact Q. }
  assert (F21 : 0 < 2). { lp_number. }
  assert (F22 : 0 < 2 * PI * s_sigma ^ 2). { unshelve epose proof (fact_positive_product [2; PI; s_sigma ^ 2] _) as Q.
  { cbn [lall]. repeat apply conj. { lp_exact F21. } { lp_exact F20. } { lp_exact F4. } exact I. }
  lp_exact Q. }
  assert (F23 : 0 < sqrt (2 * PI * s_sigma ^ 2)). { unshelve epose proof (fact_positive_root (2 * PI * s_sigma ^ 2) _) as Q.
  { lp_exact F22. }
  lp_exact Q. }
  assert (F34 : 0 < 2 * s_sigma ^ 2). { unshelve epose proof (fact_positive_product [2; s_sigma ^ 2] _) as Q.
  { cbn [lall]. repeat apply conj. { lp_exact F21. } { lp_exact F4. } exact I. }
  lp_exact Q. }
  assert (F35 : 0 < INR n_samples). { pose proof (fact_positive_count n_samples n_positive) as Q. lp_exact Q. }
  assert (F36 : 0 < INR n_samples / (2 * s_sigma ^ 2)). { unshelve epose proof (fact_positive_quotient (INR n_samples) (2 * s_sigma ^ 2) _ _) as Q.
  { lp_exact F35. }
  { lp_exact F34. }
  lp_exact Q. }
  rewrite (chain_sample w Hw i Hi). unfold chain_sample_8. split; [lp_algebra | split; [lp_algebra | lp_algebra]].
Qed.

(* Logarithms are of what is positive, denominators are not 0: every term of the claim has a value. *)
Theorem well_defined : forall w, feasible w ->
  (((2 * s_sigma ^ 2) <> 0) /\
  (0 < (2 * PI * s_sigma ^ 2))) /\
  (forall i, (i < n_samples)%nat ->
  (0 <= s_sigma ^ 2) /\
  ((2 * sqrt (s_sigma ^ 2) ^ 2) <> 0) /\
  (0 <= (2 * PI * sqrt (s_sigma ^ 2) ^ 2)) /\
  (sqrt (2 * PI * sqrt (s_sigma ^ 2) ^ 2) <> 0) /\
  ((2 * s_sigma ^ 2) <> 0) /\
  (0 < (2 * PI * s_sigma ^ 2))).
Proof.
  intros w Hw. split.
  { assert (F2 : in_positive s_sigma). { exact (dom_s_sigma). }
  assert (F3 : 0 < s_sigma). { unshelve epose proof (fact_positive_declared s_sigma _) as Q.
  { lp_exact F2. }
  lp_exact Q. }
  assert (F4 : 0 < s_sigma ^ 2). { unshelve epose proof (fact_positive_power s_sigma 2 _) as Q.
  { lp_exact F3. }
  lp_exact Q. }
  assert (F5 : 0 < sqrt (s_sigma ^ 2)). { unshelve epose proof (fact_positive_root (s_sigma ^ 2) _) as Q.
  { lp_exact F4. }
  lp_exact Q. }
  assert (F6 : in_positive (sqrt (s_sigma ^ 2))). { unshelve epose proof (fact_positive_member (sqrt (s_sigma ^ 2)) _) as Q.
  { lp_exact F5. }
  lp_exact Q. }
  assert (F8 : 0 <= s_sigma). { unshelve epose proof (fact_nonnegative_positive s_sigma _) as Q.
  { lp_exact F3. }
  lp_exact Q. }
  assert (F9 : s_sigma <> 0). { unshelve epose proof (fact_nonzero_by_square s_sigma _) as Q.
  { lp_exact F4. }
  lp_exact Q. }
  assert (F10 : s_sigma ^ 2 <> 0). { unshelve epose proof (fact_nonzero_square s_sigma _) as Q.
  { lp_exact F9. }
  lp_exact Q. }
  assert (F11 : 2 <> 0). { lp_number. }
  assert (F12 : 2 * s_sigma ^ 2 <> 0). { unshelve epose proof (fact_nonzero_product [2; s_sigma ^ 2] _) as Q.
  { cbn [lall]. repeat apply conj. { lp_exact F11. } { lp_exact F10. } exact I. }
  lp_exact Q. }
  assert (F13 : in_naturals 2). { lp_number. }
  assert (F20 : 0 < PI). { pose proof (fact_pi_positive) as Q. lp_exact Q. }
  assert (F21 : 0 < 2). { lp_number. }
  assert (F22 : 0 < 2 * PI * s_sigma ^ 2). { unshelve epose proof (fact_positive_product [2; PI; s_sigma ^ 2] _) as Q.
  { cbn [lall]. repeat apply conj. { lp_exact F21. } { lp_exact F20. } { lp_exact F4. } exact I. }
  lp_exact Q. }
  assert (F23 : 0 < sqrt (2 * PI * s_sigma ^ 2)). { unshelve epose proof (fact_positive_root (2 * PI * s_sigma ^ 2) _) as Q.
  { lp_exact F22. }
  lp_exact Q. }
  assert (F34 : 0 < 2 * s_sigma ^ 2). { unshelve epose proof (fact_positive_product [2; s_sigma ^ 2] _) as Q.
  { cbn [lall]. repeat apply conj. { lp_exact F21. } { lp_exact F4. } exact I. }
  lp_exact Q. }
  assert (F35 : 0 < INR n_samples). { pose proof (fact_positive_count n_samples n_positive) as Q. lp_exact Q. }
  assert (F36 : 0 < INR n_samples / (2 * s_sigma ^ 2)). { unshelve epose proof (fact_positive_quotient (INR n_samples) (2 * s_sigma ^ 2) _ _) as Q.
  { lp_exact F35. }
  { lp_exact F34. }
  lp_exact Q. }
  repeat apply conj; first [ lp_value | solve [ lp_likelihood ] ]. }
  { intros i Hi. assert (F2 : in_positive s_sigma). { exact (dom_s_sigma). }
  assert (F3 : 0 < s_sigma). { unshelve epose proof (fact_positive_declared s_sigma _) as Q.
  { lp_exact F2. }
  lp_exact Q. }
  assert (F4 : 0 < s_sigma ^ 2). { unshelve epose proof (fact_positive_power s_sigma 2 _) as Q.
  { lp_exact F3. }
  lp_exact Q. }
  assert (F5 : 0 < sqrt (s_sigma ^ 2)). { unshelve epose proof (fact_positive_root (s_sigma ^ 2) _) as Q.
  { lp_exact F4. }
  lp_exact Q. }
  assert (F6 : in_positive (sqrt (s_sigma ^ 2))). { unshelve epose proof (fact_positive_member (sqrt (s_sigma ^ 2)) _) as Q.
  { lp_exact F5. }
  lp_exact Q. }
  assert (F8 : 0 <= s_sigma). { unshelve epose proof (fact_nonnegative_positive s_sigma _) as Q.
  { lp_exact F3. }
  lp_exact Q. }
  assert (F9 : s_sigma <> 0). { unshelve epose proof (fact_nonzero_by_square s_sigma _) as Q.
  { lp_exact F4. }
  lp_exact Q. }
  assert (F10 : s_sigma ^ 2 <> 0). { unshelve epose proof (fact_nonzero_square s_sigma _) as Q.
  { lp_exact F9. }
  lp_exact Q. }
  assert (F11 : 2 <> 0). { lp_number. }
  assert (F12 : 2 * s_sigma ^ 2 <> 0). { unshelve epose proof (fact_nonzero_product [2; s_sigma ^ 2] _) as Q.
  { cbn [lall]. repeat apply conj. { lp_exact F11. } { lp_exact F10. } exact I. }
  lp_exact Q. }
  assert (F13 : in_naturals 2). { lp_number. }
  assert (F19 : 0 < exp (- ((s_y i - s_yhat w i) ^ 2 / (2 * s_sigma ^ 2)))). { pose proof (fact_positive_exp (- ((s_y i - s_yhat w i) ^ 2 / (2 * s_sigma ^ 2)))) as Q. lp_exact Q. }
  assert (F20 : 0 < PI). { pose proof (fact_pi_positive) as Q. lp_exact Q. }
  assert (F21 : 0 < 2). { lp_number. }
  assert (F22 : 0 < 2 * PI * s_sigma ^ 2). { unshelve epose proof (fact_positive_product [2; PI; s_sigma ^ 2] _) as Q.
  { cbn [lall]. repeat apply conj. { lp_exact F21. } { lp_exact F20. } { lp_exact F4. } exact I. }
  lp_exact Q. }
  assert (F23 : 0 < sqrt (2 * PI * s_sigma ^ 2)). { unshelve epose proof (fact_positive_root (2 * PI * s_sigma ^ 2) _) as Q.
  { lp_exact F22. }
  lp_exact Q. }
  assert (F34 : 0 < 2 * s_sigma ^ 2). { unshelve epose proof (fact_positive_product [2; s_sigma ^ 2] _) as Q.
  { cbn [lall]. repeat apply conj. { lp_exact F21. } { lp_exact F4. } exact I. }
  lp_exact Q. }
  assert (F35 : 0 < INR n_samples). { pose proof (fact_positive_count n_samples n_positive) as Q. lp_exact Q. }
  assert (F36 : 0 < INR n_samples / (2 * s_sigma ^ 2)). { unshelve epose proof (fact_positive_quotient (INR n_samples) (2 * s_sigma ^ 2) _ _) as Q.
  { lp_exact F35. }
  { lp_exact F34. }
  lp_exact Q. }
  repeat apply conj; first [ lp_value | solve [ lp_likelihood ] ]. }
Qed.

End Proof.

(* What is supposed is not contradictory: here are values at which it holds, with one sample. *)
Module Satisfiable.
Section Satisfiable.
Definition n_samples : nat := 1.
Definition i0 : nat := 0.
Definition s_sigma : R := 1.
Definition s_y (i : nat) : R := 1.
Definition s_yhat (w : point) (i : nat) : R := 1.
Lemma n_positive : (0 < n_samples)%nat.
Proof. unfold n_samples. lia. Qed.
Lemma r1 : within (rat 1 1) (rat 1 1) (s_sigma).
Proof. lp_row (w_int 1). Qed.
Lemma dom_s_sigma : in_positive s_sigma.
Proof. exact (m_positive _ _ _ r1 eq_refl). Qed.
Example hypotheses_satisfiable : exists (W : Type) (n_samples : nat) (s_sigma : R) (s_y : nat -> R) (s_yhat : W -> nat -> R),
  (0 < n_samples)%nat /\
  (in_positive s_sigma) /\
  exists w : W,
    True.
Proof. exists point, n_samples, s_sigma, s_y, s_yhat. exact (conj n_positive (conj dom_s_sigma (ex_intro _ P0 I))). Qed.
End Satisfiable.
End Satisfiable.




Definition certificate := (@chain_sample, @chain_preamble, @chain_dataset, @max_likelihood_is_min_loss, @minimisers_agree, @per_sample, @well_defined, @Satisfiable.hypotheses_satisfiable).

Print Assumptions certificate.
