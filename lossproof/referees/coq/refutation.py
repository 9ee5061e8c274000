"""What a witness shows, as definitions and a theorem after the section of the proof: points at which a stronger relation fails."""

from __future__ import annotations

import re
from dataclasses import replace
from fractions import Fraction
from typing import Any, Final

from lossproof.referees.coq.context import Unsupported, cost
from lossproof.referees.coq.enclosures import Bound, rational
from lossproof.referees.coq.points import Points
from lossproof.referees.coq.proof import Symbol
from lossproof.referees.coq.setting import LARGEST, Setting, value_sort
from lossproof.referees.coq.writer import Writer

#: What a witness refutes: the theorem, its statement about the objectives, how many points it takes, and what it says.
THEOREMS: Final = {
    "order": ("refuted", "~ same", 2, "the objectives order two parameters differently"),
    "equal": ("not_equal", "~ eqv", 1, "the objectives are not equal"),
    "up-to-constant": ("not_up_to_constant", "~ exists d, affine", 2, "the objectives do not differ by a constant"),
    "up-to-scale": ("not_up_to_scale", "~ exists c d, affine", 3, "neither objective is the other, scaled and shifted"),
}
_DIGITS: Final = (12, 24, 48)


class Undecided(Unsupported):
    """Enclosures that are too wide to tell values apart."""


class Refutation:
    """The theorem of one witness, written after the section of the proof."""

    def __init__(self, writer: Writer) -> None:
        self.writer = writer
        self.proof = writer.proof
        self.witness: dict[str, Any] = writer.proof.data["witness"]
        self.samples = int(self.witness["samples"])
        self.points = [f"P{j}" for j in range(len(self.witness["points"]))]
        if self.witness["says"] not in THEOREMS or len(self.points) != THEOREMS[self.witness["says"]][2]:
            raise Unsupported("a witness that says something else")
        if not 1 <= self.samples <= LARGEST:
            raise Unsupported(f"a witness with {self.samples} samples")
        self.name, self.statement, _, self.said = THEOREMS[self.witness["says"]]
        self._values = {n: self._value_of(n, s) for n, s in writer.known.items()}
        self.setting = self._new(_DIGITS[0])

    @property
    def theorem(self) -> str:
        """The theorem's name in the file."""
        return f"Witness.{self.name}"

    def text(self) -> str:
        """The module with the values, what is supposed of them, and the theorem. Raises Unsupported."""
        if self.writer.is_extended:
            raise Unsupported("values that may be infinite")
        for digits in _DIGITS:
            self.setting = self._new(digits)
            try:
                return self._text()
            except Undecided:
                continue
        raise Unsupported(f"values that {_DIGITS[-1]} digits do not tell apart")

    def _new(self, digits: int) -> Setting:
        return Setting(self.writer, self._values, self.points, self.samples, digits)

    def _text(self) -> str:
        says = self.witness["says"]
        supposed = "\n".join(self.setting.suppositions())
        feasible = "\n".join(self._feasible(p) for p in self.points)
        values = {(c, p): self._objective(c, p) for c in "ab" for p in self.points}
        normal = "\n".join(self._normal(c) for c in "ab")
        proof = {"order": self._order, "equal": self._equal, "up-to-constant": self._constant, "up-to-scale": self._scale}[says](values)
        rows = "\n".join(self.setting.enclosures.lines)
        lemmas = "\n".join(
            f"Lemma value_{c}_{p} : within {rational(v.lo)} {rational(v.hi)} ({self._closed(c)} {p}).\n"
            f"Proof. exact (w_equal _ _ _ _ (normal_{c} {p} feasible_{p}) {v.proof}). Qed."
            for (c, p), v in values.items()
        )
        middle = {"order": "", "equal": "", "up-to-constant": " 1 d", "up-to-scale": " c d"}[says]
        name = self.statement + (f" {self._region()}" if not middle else f" {self._region()}{middle}")
        return "\n".join([
            f"(* witness: values of the symbols, and points at which {self.said}. *)",
            "Module Witness.", "Section Witness.", *self.writer.structures(), *self.writer.declarations(), *self.setting.definitions(), rows, supposed, feasible, normal, lemmas,
            f"Theorem {self.name} : {name} ({self._closed('a')}) ({self._closed('b')}).", f"Proof. exact {proof}. Qed.",
            "End Witness.", "End Witness.",
        ]) + "\n"  # fmt: skip

    # -- values

    def _value_of(self, name: str, symbol: Symbol) -> list[list[Any]]:
        """The values of a symbol: for each point (one, if it is not learned) those at each sample (one, if it is not indexed)."""
        rows = self.witness["points"] if symbol.role == "parameter" else [self.witness["values"]]
        sizes = {n: _exact(v) for n, v in self.witness["values"].items() if isinstance(v, str)}
        found = []
        for row in rows:
            entry = row.get(name)
            if isinstance(entry, dict):
                values = [_exact(v) for v in entry["samples"]]
                if not symbol.indexed or len(values) != self.samples:
                    raise Unsupported(f"values of {name} for samples that it does not have")
            else:  # nothing depends on a symbol that the witness does not name
                value = Points(self.writer, given=sizes).value(name) if entry is None else _exact(entry)
                values = [value] * (self.samples if symbol.indexed else 1)
            if any(value_sort(v) != symbol.sort for v in values):
                raise Unsupported(f"a value of {name} that is of another sort")
            found.append(values)
        return found

    def _feasible(self, point: str) -> str:
        lines, proof = self.setting.allowed(point)
        return "\n".join([*lines, f"Lemma feasible_{point} : {self._region()} {point}.\nProof. exact {proof}. Qed."])

    # -- objectives

    def _objective(self, chain: str, point: str) -> Bound:
        """A lemma about an objective's normal form at a point."""
        if chain not in self.proof.chains or self.proof.chains[chain][1] != "equal":
            raise Unsupported(f"a proof without the chain {chain}")
        right = cost(self.proof.chains[chain][2])
        return self.setting.enclosures.row(right, replace(self.writer.at_point, point=point))

    def _normal(self, chain: str) -> str:
        """That the objective is its normal form at these values, by the chain's theorem."""
        own = self.writer.chain_names[chain]
        supposed = [s.name for s in self.writer.supposed if not s.is_learned and self.writer.said(s) is not None]
        names = ["n_positive", *supposed, *(self.writer.names[n] for n in self.writer.known), "n_samples"]
        closing = " | ".join(f"exact {n}" for n in names)
        return (
            f"Lemma normal_{chain} : forall w, {self._region()} w -> {self._closed(chain)} w = {self._closed(chain, last=True)} w.\n"
            f"Proof. intros w H. eapply {own}; first [ exact H | {closing} | eassumption ]. Qed."
        )

    def _closed(self, chain: str, *, last: bool = False) -> str:
        left, _, right = self.proof.chains[chain]
        number = len(self.proof.of_chain(chain)) if last else 0
        return self._fed(f"{self.writer.chain_names[chain]}_{number}", self.writer.state(right if last else left, self.writer.at_point))

    def _region(self) -> str:
        texts = (self.writer.said(s) for s in self.writer.supposed if s.is_learned)
        return f"({self._fed('feasible', ' '.join(filter(None, texts)))})"

    def _fed(self, name: str, text: str) -> str:
        """A definition of the section with the values of the section's variables that its text mentions, in their order."""
        used = set(re.findall(r"[A-Za-z_][\w']*", text))
        declared = [d.split()[1] for d in self.writer.declarations() if d.startswith("Variable ")]
        order = ["n_samples", *(self.writer.names[n] for n in self.writer.known), *declared]
        return " ".join([name, "point", *(v for v in order if v in used)])

    # -- theorems

    def _order(self, values: dict[tuple[str, str], Bound]) -> str:
        p, q = self.points
        if values["a", p].lo > values["a", q].lo or values["b", p].lo < values["b", q].lo:
            p, q = q, p
        a, a2, b, b2 = values["a", p], values["a", q], values["b", p], values["b", q]
        points = f"{p} {q} feasible_{p} feasible_{q}"
        names = {"a": (f"value_a_{p}", f"value_a_{q}"), "b": (f"value_b_{q}", f"value_b_{p}")}
        less = {c: f"(v_less _ _ _ _ _ _ {x} {y} eq_refl)" for c, (x, y) in names.items()}
        if a.hi < a2.lo and b2.hi < b.lo:
            return f"(order_flips _ _ _ {points} {less['a']} {less['b']})"
        equal = {c: f"(v_equal _ _ _ _ value_{c}_{p} value_{c}_{q} eq_refl)" for c in "ab"}
        apart = {c: f"(v_apart _ _ _ _ _ _ value_{c}_{p} value_{c}_{q} eq_refl)" for c in "ab"}
        if _same(a, a2) and _apart(b, b2):
            return f"(order_tie_left _ _ _ {points} {equal['a']} {apart['b']})"
        if _apart(a, a2) and _same(b, b2):
            return f"(order_tie_right _ _ _ {points} {apart['a']} {equal['b']})"
        raise Undecided("values that enclosures do not tell apart") if not (_apart(a, a2) and _apart(b, b2)) else Unsupported("points that both order alike")

    def _equal(self, values: dict[tuple[str, str], Bound]) -> str:
        self._told_apart(values["a", "P0"], values["b", "P0"])
        return "(values_differ _ _ _ P0 feasible_P0 (v_apart _ _ _ _ _ _ value_a_P0 value_b_P0 eq_refl))"

    def _difference(self, x: str, y: str, values: dict[str, Bound]) -> Bound:
        return Bound(f"(w_minus {x} {y})", values[x].lo - values[y].hi, values[x].hi - values[y].lo)

    def _constant(self, values: dict[tuple[str, str], Bound]) -> str:
        named = {f"value_{c}_{p}": v for (c, p), v in values.items()}
        d, e = (self._difference(f"value_a_{p}", f"value_b_{p}", named) for p in self.points)
        self._told_apart(d, e)
        return f"(differences_differ _ _ _ P0 P1 feasible_P0 feasible_P1 (v_apart _ _ _ _ _ _ {d.proof} {e.proof} eq_refl))"

    def _scale(self, values: dict[tuple[str, str], Bound]) -> str:
        named = {f"value_{c}_{p}": v for (c, p), v in values.items()}
        a, a2, b, b2 = (self._difference(f"value_{c}_P0", f"value_{c}_{p}", named) for c in "ab" for p in ("P1", "P2"))
        products = []
        for x, y in ((a, b2), (a2, b)):
            all_four = [u * v for u in (x.lo, x.hi) for v in (y.lo, y.hi)]
            products.append(Bound(f"(w_mult {x.proof} {y.proof})", min(all_four), max(all_four)))
        self._told_apart(*products)
        proofs = " ".join(p.proof for p in products)
        return f"(slopes_differ _ _ _ P0 P1 P2 feasible_P0 feasible_P1 feasible_P2 (v_apart _ _ _ _ _ _ {proofs} eq_refl))"

    def _told_apart(self, x: Bound, y: Bound) -> None:
        if _same(x, y):
            raise Unsupported("points that show no difference")
        if not _apart(x, y):
            raise Undecided("values that enclosures do not tell apart")


def refutation_of(writer: Writer) -> Refutation | None:
    """What a proof's witness refutes; None where there is nothing to. Raises Unsupported for a refutation that its witness is not one of."""
    data = writer.proof.data
    if data.get("kind") != "comparison":
        return None
    claim, witness, terms = data["claim"], data["witness"], writer.proof.terms
    is_refuted = claim["relation"] == "refuted"
    if witness is None and not is_refuted:
        return None
    if is_refuted and (witness is None or witness["says"] != "order"):
        raise Unsupported("a refutation without points that the objectives order differently")
    for chain, side in (("a", "left"), ("b", "right")):
        if chain not in writer.proof.chains or writer.proof.chains[chain][0] is not terms[claim[side]]:
            raise Unsupported(f"a witness without the chain {chain} from the claim's {side} side")
    return Refutation(writer)


def _same(x: Bound, y: Bound) -> bool:
    return x.is_exact and y.is_exact and x.lo == y.lo


def _apart(x: Bound, y: Bound) -> bool:
    return x.hi < y.lo or y.hi < x.lo


def _exact(value: Any) -> Any:
    return [_exact(v) for v in value] if isinstance(value, list) else Fraction(value)
