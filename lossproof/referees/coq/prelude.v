Require Import Reals Lra Lia Psatz ZArith List FunctionalExtensionality.
Import ListNotations.
Open Scope R_scope.

(* ------------------------------------------------------------------ *)
(* Finite sums and products.                                           *)

Fixpoint nsum (n : nat) (f : nat -> R) : R :=
  match n with O => 0 | S m => nsum m f + f m end.

Fixpoint nprod (n : nat) (f : nat -> R) : R :=
  match n with O => 1 | S m => nprod m f * f m end.

(* The mean over the samples 0, ..., n - 1. *)
Definition nmean (n : nat) (f : nat -> R) : R := nsum n f / INR n.

(* How many of m, m + 1, m + 2, ... are at most n; and that k is one of them. *)
Definition count (m n : R) : nat := Z.to_nat (up (n - m)).
Definition between (m n k : R) : Prop := exists j : nat, k = m + INR j /\ k <= n.

(* Sums and products over an index k = m, m + 1, ..., n. *)
Definition isum (m n : R) (f : R -> R) : R := nsum (count m n) (fun j => f (m + INR j)).
Definition iprod (m n : R) (f : R -> R) : R := nprod (count m n) (fun j => f (m + INR j)).

(* The sum and the product of a list. *)
Definition lsum (l : list R) : R := match l with [] => 0 | a :: r => fold_left Rplus r a end.
Definition lprod (l : list R) : R := match l with [] => 1 | a :: r => fold_left Rmult r a end.
Fixpoint lall {A : Type} (P : A -> Prop) (l : list A) : Prop :=
  match l with [] => True | a :: r => P a /\ lall P r end.

(* ------------------------------------------------------------------ *)
(* Domains. A vector is a function of its index 1, 2, ..., K.          *)

Definition in_positive (x : R) : Prop := 0 < x.
Definition in_nonnegative (x : R) : Prop := 0 <= x.
Definition in_unit (x : R) : Prop := 0 < x < 1.
Definition in_unit_closed (x : R) : Prop := 0 <= x <= 1.
Definition in_integers (x : R) : Prop := exists z : Z, x = IZR z.
Definition in_naturals (x : R) : Prop := exists n : nat, x = INR n.
Definition in_categories (K k : R) : Prop := between 1 K k.
Definition in_set (l : list R) (x : R) : Prop := In x l.
Definition in_power (P : R -> Prop) (K : R) (v : R -> R) : Prop := forall k, between 1 K k -> P (v k).
Definition in_reals (x : R) : Prop := True.
Definition in_simplex (K : R) (p : R -> R) : Prop :=
  (forall k, between 1 K k -> 0 < p k) /\ isum 1 K p = 1.
Definition in_onehot (K : R) (y : R -> R) : Prop :=
  exists j, between 1 K j /\ y j = 1 /\ forall k, between 1 K k -> k <> j -> y k = 0.
Definition in_counts (K : R) (y : R -> R) : Prop := forall k, between 1 K k -> in_naturals (y k).

(* ------------------------------------------------------------------ *)
(* Conditions that a value may depend on.                              *)

Definition ltb (a b : R) : bool := if Rlt_dec a b then true else false.
Definition leb (a b : R) : bool := if Rle_dec a b then true else false.
Definition eqb (a b : R) : bool := if Req_EM_T a b then true else false.
Definition integerb (a : R) : bool := eqb (IZR (Int_part a)) a.
Definition cases {A : Type} (c : bool) (a b : A) : A := if c then a else b.
Definition indicator (c : bool) : R := if c then 1 else 0.

(* ------------------------------------------------------------------ *)
(* Functions.                                                          *)

(* The power a^b where it is defined: a positive, or b an integer, or a = 0 and b positive. *)
Definition rpow (a b : R) : R :=
  if Rlt_dec 0 a then Rpower a b
  else if Req_EM_T (IZR (Int_part b)) b then powerRZ a (Int_part b)
  else 0.
Definition power_defined (a b : R) : Prop :=
  0 < a \/ (0 <= a /\ 0 < b) \/ in_naturals b \/ (a <> 0 /\ in_integers b).

Definition sigmoid (z : R) : R := 1 / (1 + exp (- z)).
Definition softplus (z : R) : R := ln (1 + exp z).
Definition logit (p : R) : R := ln (p / (1 - p)).
Definition xlogy (x y : R) : R := if Req_EM_T x 0 then 0 else x * ln y.
Definition stop_gradient (a : R) : R := a.
Definition vec (l : list R) (k : R) : R := nth (Z.to_nat (Int_part k - 1)) l (last l 0).
Definition softmax (K : R) (z : R -> R) (k : R) : R := exp (z k) / isum 1 K (fun j => exp (z j)).
Definition logsumexp (K : R) (z : R -> R) : R := ln (isum 1 K (fun j => exp (z j))).
Definition norm (K : R) (v : R -> R) : R := sqrt (isum 1 K (fun k => v k ^ 2)).
Definition dot (K : R) (u v : R -> R) : R := isum 1 K (fun k => u k * v k).
Definition vadd (u v : R -> R) (k : R) : R := u k + v k.
Definition vneg (u : R -> R) (k : R) : R := - u k.
Definition vscale (c : R) (u : R -> R) (k : R) : R := c * u k.
Definition vdiv (u : R -> R) (c : R) (k : R) : R := u k / c.
Definition vzero (k : R) : R := 0.

(* Special functions that the library of Coq does not have: whatever functions have these properties. *)
Class Gamma := {
  gamma : R -> R;
  gamma_positive : forall a, 0 < a -> 0 < gamma a;
  gamma_successor : forall a, 0 < a -> gamma (a + 1) = a * gamma a;
  gamma_one : gamma 1 = 1;
  gamma_half : gamma (1/2) = sqrt PI }.
Definition lgamma `{Gamma} (a : R) : R := ln (gamma a).
Definition factorial `{Gamma} (a : R) : R := gamma (a + 1).
Definition beta `{Gamma} (a b : R) : R := gamma a * gamma b / gamma (a + b).
Definition lbeta `{Gamma} (a b : R) : R := ln (beta a b).
Definition binomial `{Gamma} (n k : R) : R := gamma (n + 1) / (gamma (k + 1) * gamma (n - k + 1)).

Class NormalDistribution := {
  Phi : R -> R;
  Phi_increasing : forall a b, a < b -> Phi a < Phi b;
  Phi_minus : forall a, Phi (- a) = 1 - Phi a;
  Phi_positive : forall a, 0 < Phi a }.
Definition erf `{NormalDistribution} (x : R) : R := 2 * Phi (x * sqrt 2) - 1.
Definition erfc `{NormalDistribution} (x : R) : R := 1 - erf x.

Class Digamma := { digamma : R -> R }.
Class Zeta := { zeta : R -> R; zeta_positive : forall s, 1 < s -> 0 < zeta s }.
Class Bessel := { besseli : R -> R -> R; besseli_positive : forall v x, 0 < v + 1 -> 0 < x -> 0 < besseli v x }.

(* ------------------------------------------------------------------ *)
(* Objectives: functions of the parameters w in a feasible set D.      *)

Section Objectives.
Context {W : Type}.
Variable D : W -> Prop.
Definition eqv (f g : W -> R) : Prop := forall w, D w -> f w = g w.
(* f = c g + d with c > 0; c and d are numbers, so they do not depend on w. *)
Definition affine (c d : R) (f g : W -> R) : Prop := 0 < c /\ forall w, D w -> f w = c * g w + d.
Definition same (f g : W -> R) : Prop := forall a b, D a -> D b -> (f a <= f b <-> g a <= g b).
Definition anti (f g : W -> R) : Prop := forall a b, D a -> D b -> (f a <= f b <-> g b <= g a).
Definition argmin (f : W -> R) (w : W) : Prop := D w /\ forall v, D v -> f w <= f v.
Definition argmax (f : W -> R) (w : W) : Prop := D w /\ forall v, D v -> f v <= f w.
End Objectives.
(* ------------------------------------------------------------------ *)
(* Matrices: functions of two indices.                                 *)

Definition vsum (l : list (R -> R)) (k : R) : R := lsum (map (fun v => v k) l).
Definition meye (i j : R) : R := if Req_EM_T i j then 1 else 0.
Definition mdiag (v : R -> R) (i j : R) : R := if Req_EM_T i j then v i else 0.
Definition mscale (c : R) (A : R -> R -> R) (i j : R) : R := c * A i j.
Definition mdiv (A : R -> R -> R) (c : R) (i j : R) : R := A i j / c.
Definition quad (D : R) (A : R -> R -> R) (v : R -> R) : R :=
  isum 1 D (fun i => isum 1 D (fun j => A i j * v i * v j)).
Definition trace (D : R) (A : R -> R -> R) : R := isum 1 D (fun i => A i i).
Definition in_posdef (D : R) (A : R -> R -> R) : Prop :=
  (forall i j, A i j = A j i) /\ forall v, (exists k, between 1 D k /\ v k <> 0) -> 0 < quad D A v.
(* Determinant and inverse: whatever functions have these properties. *)
Class Determinant := {
  det : R -> (R -> R -> R) -> R;
  inv : R -> (R -> R -> R) -> R -> R -> R;
  det_positive : forall D A, in_posdef D A -> 0 < det D A;
  det_diagonal : forall D v, det D (mdiag v) = iprod 1 D v;
  det_inverse : forall D A, in_posdef D A -> det D (inv D A) = / det D A;
  inv_posdef : forall D A, in_posdef D A -> in_posdef D (inv D A);
  inv_inv : forall D A, in_posdef D A -> inv D (inv D A) = A;
  inv_diagonal : forall D v, (forall k, between 1 D k -> v k <> 0) -> inv D (mdiag v) = mdiag (fun k => / v k) }.
Definition logdet `{Determinant} (D : R) (A : R -> R -> R) : R := ln (det D A).

(* ------------------------------------------------------------------ *)
(* Extended numbers: minus the log of a density is infinite off its support. *)

Inductive ext := Fin (x : R) | PInf | MInf.
Definition xneg (a : ext) : ext := match a with Fin x => Fin (- x) | PInf => MInf | MInf => PInf end.
Definition xadd (a b : ext) : ext :=
  match a, b with
  | Fin x, Fin y => Fin (x + y)
  | PInf, _ => PInf | _, PInf => PInf
  | MInf, _ => MInf | _, MInf => MInf
  end.
Definition xscale (c : R) (a : ext) : ext := match a with Fin x => Fin (c * x) | _ => a end.
Definition xlt (a b : ext) : Prop :=
  match a, b with Fin x, Fin y => x < y | PInf, _ => False | _, MInf => False | _, _ => True end.
Definition xle (a b : ext) : Prop :=
  match a, b with Fin x, Fin y => x <= y | MInf, _ => True | _, PInf => True | _, _ => False end.
Definition xltb (a b : ext) : bool :=
  match a, b with Fin x, Fin y => ltb x y | PInf, _ => false | _, MInf => false | _, _ => true end.
Definition xleb (a b : ext) : bool :=
  match a, b with Fin x, Fin y => leb x y | MInf, _ => true | _, PInf => true | _, _ => false end.
Definition xln (a : R) : ext := if Rlt_dec 0 a then Fin (ln a) else MInf.
Fixpoint xsum (n : nat) (f : nat -> ext) : ext :=
  match n with O => Fin 0 | S m => xadd (xsum m f) (f m) end.
Definition xmean (n : nat) (f : nat -> ext) : ext := xscale (/ INR n) (xsum n f).
Definition xlsum (l : list ext) : ext := match l with [] => Fin 0 | a :: r => fold_left xadd r a end.
Definition xsame {W : Type} (D : W -> Prop) (f g : W -> ext) : Prop :=
  forall a b, D a -> D b -> (xle (f a) (f b) <-> xle (g a) (g b)).
(* A distribution function at the ends of the real line. *)
Definition cdf_ext (F : R -> R) (x : ext) : R := match x with Fin a => F a | PInf => 1 | MInf => 0 end.
Definition cdf_below_ext := cdf_ext.
Fixpoint map2 {A B C : Type} (f : A -> B -> C) (l : list A) (r : list B) : list C :=
  match l, r with a :: l', b :: r' => f a b :: map2 f l' r' | _, _ => [] end.


(* ------------------------------------------------------------------ *)
(* Expectations: linear functionals on the functions that they are finite on, each over the values that lie inside. *)

Record expectation (V : Type) := {
  mean_of : (V -> R) -> R;
  finite : (V -> R) -> Prop;
  inside : V -> Prop;
  mean_ext : forall f g, (forall x, inside x -> f x = g x) -> mean_of f = mean_of g;
  finite_ext : forall f g, (forall x, inside x -> f x = g x) -> finite f -> finite g;
  mean_plus : forall f g, finite f -> finite g -> mean_of (fun x => f x + g x) = mean_of f + mean_of g;
  mean_scale : forall c f, mean_of (fun x => c * f x) = c * mean_of f;
  finite_plus : forall f g, finite f -> finite g -> finite (fun x => f x + g x);
  finite_scale : forall c f, finite f -> finite (fun x => c * f x);
  mean_zero : mean_of (fun _ => 0) = 0;
  finite_zero : finite (fun _ => 0);
  finite_one : finite (fun _ => 1);
  finite_dominated : forall f g, (forall x, inside x -> Rabs (f x) <= g x) -> finite g -> finite f }.
Arguments mean_of {V}.
Arguments finite {V}.
Arguments inside {V}.
Arguments mean_ext {V}.
Arguments finite_ext {V}.
Arguments mean_plus {V}.
Arguments mean_scale {V}.
Arguments finite_plus {V}.
Arguments finite_scale {V}.
Arguments mean_zero {V}.
Arguments finite_zero {V}.
Arguments finite_one {V}.
Arguments finite_dominated {V}.

Definition entropy {V : Type} (E : expectation V) (p : V -> R) : R := - mean_of E (fun x => ln (p x)).
Definition cross_entropy {V : Type} (E : expectation V) (q : V -> R) : R := - mean_of E (fun x => ln (q x)).
Definition divergence {V : Type} (E : expectation V) (p q : V -> R) : R := mean_of E (fun x => ln (p x / q x)).
Definition jensen_shannon {V : Type} (E : expectation V) (p : V -> R) (F : expectation V) (q : V -> R) : R :=
  1 / 2 * divergence E p (fun x => 1 / 2 * p x + 1 / 2 * q x) + 1 / 2 * divergence F q (fun x => 1 / 2 * p x + 1 / 2 * q x).
Definition neg_log_likelihood (n : nat) (p : nat -> R) : R := - ln (nprod n p).
(* The distribution of the data: each sample has the weight 1/n. *)
Definition frequency (n : nat) (y : nat -> R) (x : R) : R := nmean n (fun i => indicator (eqb (y i) x)).
Definition entropy_of_data (n : nat) (y : nat -> R) : R := - nmean n (fun i => ln (frequency n y (y i))).
Definition divergence_of_data (n : nat) (y : nat -> R) (q : nat -> R) : R := nmean n (fun i => ln (frequency n y (y i) / q i)).
