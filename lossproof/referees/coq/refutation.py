"""What a witness shows, as definitions and a theorem after the section of the proof: points at which a stronger relation fails."""

from __future__ import annotations

import re
from dataclasses import replace
from fractions import Fraction
from typing import Any, Final

from lossproof.facts import propositions
from lossproof.referees.coq.context import MATRIX, NUMBER, TYPES, VECTOR, Context, Unsupported, cost
from lossproof.referees.coq.enclosures import Bound, Enclosures, rational
from lossproof.referees.coq.proof import Symbol
from lossproof.referees.coq.suppositions import Supposition
from lossproof.referees.coq.writer import Writer
from lossproof.terms import ONE, Term, bound, fn, num

#: What a witness refutes: the theorem, its statement about the objectives, how many points it takes, and what it says.
THEOREMS: Final = {
    "order": ("refuted", "~ same", 2, "the objectives order two parameters differently"),
    "equal": ("not_equal", "~ eqv", 1, "the objectives are not equal"),
    "up-to-constant": ("not_up_to_constant", "~ exists d, affine", 2, "the objectives do not differ by a constant"),
    "up-to-scale": ("not_up_to_scale", "~ exists c d, affine", 3, "neither objective is the other, scaled and shifted"),
}
_DIGITS: Final = (12, 24, 48)
_LARGEST: Final = 64


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
        if not 1 <= self.samples <= _LARGEST:
            raise Unsupported(f"a witness with {self.samples} samples")
        self.name, self.statement, _, self.said = THEOREMS[self.witness["says"]]
        self._symbols = writer.known
        self._values = {n: self._value_of(n, s) for n, s in self._symbols.items()}
        self.at_point = writer.at_point
        self.enclosures = self._new(_DIGITS[0])

    @property
    def theorem(self) -> str:
        """The theorem's name in the file."""
        return f"Witness.{self.name}"

    def text(self) -> str:
        """The module with the values, what is supposed of them, and the theorem. Raises Unsupported."""
        if self.writer.is_extended:
            raise Unsupported("values that may be infinite")
        for digits in _DIGITS:
            self.enclosures = self._new(digits)
            try:
                return self._text()
            except Undecided:
                continue
        raise Unsupported(f"values that {_DIGITS[-1]} digits do not tell apart")

    def _new(self, digits: int) -> Enclosures:
        sizes = {n: s.dimension for n, s in self._symbols.items()}
        return Enclosures(self.writer.printer, self._value, sizes, self.samples, digits)

    def _text(self) -> str:
        says = self.witness["says"]
        supposed = "\n".join(self._suppositions())
        feasible = self._feasible()
        values = {(c, p): self._objective(c, p) for c in "ab" for p in self.points}
        normal = "\n".join(self._normal(c) for c in "ab")
        proof = {"order": self._order, "equal": self._equal, "up-to-constant": self._constant, "up-to-scale": self._scale}[says](values)
        rows = "\n".join(self.enclosures.lines)
        lemmas = "\n".join(
            f"Lemma value_{c}_{p} : within {rational(v.lo)} {rational(v.hi)} ({self._closed(c)} {p}).\n"
            f"Proof. exact (w_equal _ _ _ _ (normal_{c} {p} feasible_{p}) {v.proof}). Qed."
            for (c, p), v in values.items()
        )
        middle = {"order": "", "equal": "", "up-to-constant": " 1 d", "up-to-scale": " c d"}[says]
        name = self.statement + (f" {self._region()}" if not middle else f" {self._region()}{middle}")
        return "\n".join([
            f"(* witness: values of the symbols, and points at which {self.said}. *)",
            "Module Witness.", "Section Witness.", *self._context(), *self._definitions(), rows, supposed, feasible, normal, lemmas,
            f"Theorem {self.name} : {name} ({self._closed('a')}) ({self._closed('b')}).", f"Proof. exact {proof}. Qed.",
            "End Witness.", "End Witness.",
        ]) + "\n"  # fmt: skip

    # -- values

    def _value_of(self, name: str, symbol: Symbol) -> list[list[Any]]:
        """The values of a symbol: for each point (one, if it is not learned) those at each sample (one, if it is not indexed)."""
        rows = self.witness["points"] if symbol.role == "parameter" else [self.witness["values"]]
        found = []
        for row in rows:
            entry = row[name] if name in row else self._any_value(symbol)
            if isinstance(entry, dict):
                values = [_exact(v) for v in entry["samples"]]
                if not symbol.indexed or len(values) != self.samples:
                    raise Unsupported(f"values of {name} for samples that it does not have")
            else:
                values = [_exact(entry)] * (self.samples if symbol.indexed else 1)
            if any(_sort(v) != symbol.sort for v in values):
                raise Unsupported(f"a value of {name} that is of another sort")
            found.append(values)
        return found

    def _any_value(self, symbol: Symbol) -> Any:
        """Some value of a domain, for a symbol on which nothing depends."""
        domain = symbol.domain
        one: dict[str, Any] = {"positive": "1", "nonnegative": "1", "unit": "1/2", "unit_closed": "1/2", "naturals": "1", "integers": "1", "reals": "0"}
        if domain.op == "domain" and str(domain.value) in one:
            return one[str(domain.value)]
        if domain.op == "categories":
            return "1"
        if domain.op == "set":
            first = domain.args[0]
            return str(-first.args[0].value) if first.op == "neg" else str(first.value)  # type: ignore[operator]
        size = symbol.dimension
        count = size.value if size is not None and size.op == "num" else 1
        if size is not None and size.op == "sym":
            count = Fraction(self.witness["values"].get(str(size.value), "1"))
        if not isinstance(count, Fraction | int) or not 1 <= count <= _LARGEST:
            raise Unsupported(f"a value of {symbol.name}")
        n = int(count)
        if domain.op == "power_domain" and str(domain.args[0].value) in one:
            return [one[str(domain.args[0].value)]] * n
        found: dict[str, Any] = {"simplex": [f"1/{n}"] * n, "onehot": ["1"] + ["0"] * (n - 1), "counts": ["1"] * n}
        if domain.op not in found:
            raise Unsupported(f"a value of {symbol.name}")
        return found[domain.op]

    def _value(self, name: str, ctx: Context) -> Any:
        """The value of a symbol at a context: a number or a list of them."""
        symbol = self._symbols[name]
        rows = self._values[name]
        row = rows[self.points.index(str(ctx.point))] if symbol.role == "parameter" else rows[0]
        return row[int(str(ctx.sample)[1:])] if symbol.indexed else row[0]

    def _context(self) -> list[str]:
        structures = [f"Context {{H{s} : {s}}}." for s in self.writer.printer.structures]
        return [*structures, *self.writer.declarations()]

    def _definitions(self) -> list[str]:
        found = [f"Definition n_samples : nat := {self.samples}.", *(f"Definition i{j} : nat := {j}." for j in range(self.samples))]
        for name, symbol in self._symbols.items():
            own = self.writer.names[name]
            arguments = (" (w : point)" if symbol.role == "parameter" else "") + (" (i : nat)" if symbol.indexed else "")
            rows = [_match("i", [str(j) + "%nat" for j in range(self.samples)], [self._shown(v) for v in row]) for row in self._values[name]]
            body = _match("w", self.points, rows) if symbol.role == "parameter" else rows[0]
            found.append(f"Definition {own}{arguments} : {TYPES[symbol.sort].strip('()')} := {body}.")
        found.append("Lemma n_positive : (0 < n_samples)%nat.\nProof. unfold n_samples. lia. Qed.")
        return found

    def _shown(self, value: Any) -> str:
        if isinstance(value, Fraction):
            return self.writer.printer.number(num(value), self.at_point)
        return f"vec [{'; '.join(self._shown(v) for v in value)}]"

    # -- what is supposed

    def _suppositions(self) -> list[str]:
        """What is supposed of data and fixed symbols, as lemmas of the same names and statements as in the section of the proof."""
        found = []
        for s in self.writer.supposed:
            stated = None if s.is_learned else self._stated(s, None)
            if stated is not None:
                found.append(f"Lemma {s.name} : {stated[0]}.\nProof. exact {stated[1]}. Qed.")
        return found

    def _feasible(self) -> str:
        lines = []
        for point in self.points:
            parts = [p for s in self.writer.supposed if s.is_learned for p in [self._stated(s, point)] if p is not None]
            names = []
            for j, (text, proof) in enumerate(parts):
                names.append(f"allowed_{point}_{j}")
                lines.append(f"Lemma {names[-1]} : {text}.\nProof. exact {proof}. Qed.")
            lines.append(f"Lemma feasible_{point} : {self._region()} {point}.\nProof. exact {_conj(names) if names else 'I'}. Qed.")
        return "\n".join(lines)

    def _stated(self, s: Supposition, point: str | None) -> tuple[str, str] | None:
        """What is supposed and its proof; None for what types and scopes say."""
        ctx = replace(self.writer.ctx, point=point)
        text = self.writer.printer.proposition(s.says, replace(ctx, sample="i" if s.is_indexed else None))
        if text == "True":
            return None
        if not s.is_indexed:
            return text, self._proved(s.says, ctx)
        each = [self._proved(s.says, replace(ctx, sample=f"i{j}")) for j in range(self.samples)]
        return f"forall i, (i < n_samples)%nat -> {text}", f"(each_all {self.samples} (fun i => {text}) {_each(each)})"

    def _proved(self, condition: Term, ctx: Context) -> str:
        parts = [p for p in propositions(condition) if self.writer.printer.proposition(p, ctx) != "True"]
        return _conj([self._proposition(p, ctx) for p in parts]) if parts else "I"

    def _proposition(self, t: Term, ctx: Context) -> str:
        e = self.enclosures
        if t.op == "in":
            return self._member(t.args[0], t.args[1], ctx)
        if t.op in ("gt", "ge", "ne", "eq"):
            b = e.row(t.args[0], ctx)
            holds = {"gt": b.lo > 0, "ge": b.lo >= 0, "ne": b.lo > 0 or b.hi < 0, "eq": b.is_exact and b.lo == 0}[t.op]
            if not holds:
                raise Unsupported("a witness that does not keep to the hypotheses")
            lemma, count = {"gt": ("m_positive", 3), "ge": ("m_nonnegative", 3), "ne": ("m_nonzero", 3), "eq": ("m_zero", 2)}[t.op]
            return f"({lemma} {'_ ' * count}{b.proof} eq_refl)"
        raise Unsupported(f"{t.op} as a hypothesis of a refutation")

    def _member(self, t: Term, domain: Term, ctx: Context) -> str:
        op = domain.op
        if op == "domain":
            return self._plain(self.enclosures.row(t, ctx), str(domain.value))
        if op == "set":
            return self._one_of(t, domain, ctx)
        if op == "categories":
            b, size = self.enclosures.row(t, ctx), self.enclosures.row(domain.args[0], ctx)
            if not 1 <= b.integer <= size.integer:
                raise Unsupported("a witness that does not keep to the domains")
            return f"(m_between 1 {size.integer} {b.integer} _ _ _ (w_int 1) {size.proof} {b.proof} eq_refl)"
        if op == "power_domain":
            base = str(domain.args[0].value)
            size = self.enclosures.row(domain.args[1], ctx)
            parts = [self._plain(self._entry(t, k, ctx), base) for k in range(1, size.integer + 1)]
            return self._all(f"in_{base} ({self._vector(t, ctx)} k)", size, parts)
        if op in ("simplex", "onehot", "counts"):
            return {"simplex": self._simplex, "onehot": self._onehot, "counts": self._counts}[op](t, self.enclosures.row(domain.args[0], ctx), ctx)
        raise Unsupported(f"a witness with a value in {op}")

    def _plain(self, b: Bound, name: str) -> str:
        if name in ("integers", "naturals"):
            z = b.integer
            if name == "integers":
                return f"(m_integer ({z}) _ {b.proof})"
            holds, proof = z >= 0, f"(m_natural ({z}) _ {b.proof} eq_refl)"
        elif name == "reals":
            return "I"
        else:
            holds = {"positive": b.lo > 0, "nonnegative": b.lo >= 0, "unit": b.lo > 0 and b.hi < 1, "unit_closed": b.lo >= 0 and b.hi <= 1}[name]
            proof = f"(m_{name} _ _ _ {b.proof} eq_refl)"
        if not holds:
            raise Unsupported("a witness that does not keep to the domains")
        return proof

    def _one_of(self, t: Term, domain: Term, ctx: Context) -> str:
        b = self.enclosures.row(t, ctx)
        for j, a in enumerate(domain.args):
            of = self.enclosures.row(a, ctx)
            if of.is_exact and b.is_exact and of.lo == b.lo:
                proof = f"(or_introl (v_equal _ _ _ _ {of.proof} {b.proof} eq_refl))"
                for _ in range(j):
                    proof = f"(or_intror {proof})"
                return proof
        raise Unsupported("a witness that does not keep to the domains")

    def _vector(self, t: Term, ctx: Context) -> str:
        return self.writer.printer.vector(t, ctx)

    def _entry(self, t: Term, k: int, ctx: Context) -> Bound:
        return self.enclosures.row(fn("at", t, num(k)), ctx)

    def _all(self, says: str, size: Bound, parts: list[str]) -> str:
        """That something holds of each index 1, ..., K."""
        return f"(each_between 1 {size.integer} (fun k => {says}) _ _ (w_int 1) {size.proof} {_each(parts)})"

    def _simplex(self, t: Term, size: Bound, ctx: Context) -> str:
        parts = [self._plain(self._entry(t, k, ctx), "positive") for k in range(1, size.integer + 1)]
        total = self.enclosures.row(fn("sum", bound("k"), ONE, self._sizes(t), fn("at", t, bound("k"))), ctx)
        if not (total.is_exact and total.lo == 1):
            raise Unsupported("a witness that does not keep to the domains")
        positive = self._all(f"0 < {self._vector(t, ctx)} k", size, parts)
        return f"(conj {positive} (v_equal _ _ _ _ {total.proof} (w_int 1) eq_refl))"

    def _sizes(self, t: Term) -> Term:
        size = self._symbols[str(t.value)].dimension if t.op == "sym" else None
        if size is None:
            raise Unsupported("a vector whose dimension is not known")
        return size

    def _onehot(self, t: Term, size: Bound, ctx: Context) -> str:
        entries = [self._entry(t, k, ctx) for k in range(1, size.integer + 1)]
        ones = [k for k, b in enumerate(entries, 1) if b.is_exact and b.lo == 1]
        if len(ones) != 1 or any(not b.is_exact or b.lo not in (0, 1) for b in entries):
            raise Unsupported("a witness that does not keep to the domains")
        j, v = ones[0], self._vector(t, ctx)
        parts = ["(fun N => False_ind _ (N eq_refl))" if k == j else f"(fun _ => m_zero _ _ {b.proof} eq_refl)" for k, b in enumerate(entries, 1)]
        where = f"(m_between 1 {size.integer} {j} _ _ _ (w_int 1) {size.proof} (w_int {j}) eq_refl)"
        others = self._all(f"k <> {j} -> {v} k = 0", size, parts)
        return f"(ex_intro _ {j} (conj {where} (conj (v_equal _ _ _ _ {entries[j - 1].proof} (w_int 1) eq_refl) {others})))"

    def _counts(self, t: Term, size: Bound, ctx: Context) -> str:
        parts = [self._plain(self._entry(t, k, ctx), "naturals") for k in range(1, size.integer + 1)]
        return self._all(f"in_naturals ({self._vector(t, ctx)} k)", size, parts)

    # -- objectives

    def _objective(self, chain: str, point: str) -> Bound:
        """A lemma about an objective's normal form at a point."""
        if chain not in self.proof.chains or self.proof.chains[chain][1] != "equal":
            raise Unsupported(f"a proof without the chain {chain}")
        right = cost(self.proof.chains[chain][2])
        return self.enclosures.row(right, replace(self.at_point, point=point))

    def _normal(self, chain: str) -> str:
        """That the objective is its normal form at these values, by the chain's theorem."""
        own = self.writer.chain_names[chain]
        supposed = [s.name for s in self.writer.supposed if not s.is_learned and self._stated(s, None) is not None]
        names = ["n_positive", *supposed, *(self.writer.names[n] for n in self._symbols), "n_samples"]
        closing = " | ".join(f"exact {n}" for n in names)
        return (
            f"Lemma normal_{chain} : forall w, {self._region()} w -> {self._closed(chain)} w = {self._closed(chain, last=True)} w.\n"
            f"Proof. intros w H. eapply {own}; first [ exact H | {closing} | eassumption ]. Qed."
        )

    def _closed(self, chain: str, *, last: bool = False) -> str:
        left, _, right = self.proof.chains[chain]
        number = len(self.proof.of_chain(chain)) if last else 0
        return self._fed(f"{self.writer.chain_names[chain]}_{number}", self.writer.state(right if last else left, self.at_point))

    def _region(self) -> str:
        texts = []
        for s in self.writer.supposed:
            if s.is_learned:
                text = self.writer.printer.proposition(s.says, replace(self.at_point, sample="i" if s.is_indexed else None))
                if text != "True":
                    texts.append(text + (" n_samples" if s.is_indexed else ""))
        return f"({self._fed('feasible', ' '.join(texts))})"

    def _fed(self, name: str, text: str) -> str:
        """A definition of the section with the values of the section's variables that its text mentions, in their order."""
        used = set(re.findall(r"[A-Za-z_][\w']*", text))
        declared = [d.split()[1] for d in self.writer.declarations() if d.startswith("Variable ")]
        order = ["n_samples", *(self.writer.names[n] for n in self._symbols), *declared]
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


def _sort(value: Any) -> str:
    if isinstance(value, Fraction):
        return NUMBER
    return VECTOR if all(isinstance(v, Fraction) for v in value) else MATRIX


def _match(variable: str, names: list[str], values: list[str]) -> str:
    """The value by cases, the last for whatever else."""
    if len(set(values)) == 1:
        return values[0]
    arms = [f"{n} => {v}" for n, v in zip(names[:-1], values[:-1], strict=True)]
    return f"match {variable} with {' | '.join(arms)} | _ => {values[-1]} end"


def _conj(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"(conj {parts[0]} {_conj(parts[1:])})"


def _each(parts: list[str]) -> str:
    found = "I"
    for p in parts:
        found = f"(conj {found} {p})"
    return found
