"""Values of all symbols as definitions, after the section of a proof, and lemmas that all that is supposed holds of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any, Final

from lossproof.facts import propositions
from lossproof.referees.coq.context import MATRIX, NUMBER, TYPES, VECTOR, Context, Unsupported
from lossproof.referees.coq.enclosures import Bound, Enclosures
from lossproof.referees.coq.suppositions import Supposition
from lossproof.referees.coq.writer import Writer
from lossproof.terms import ONE, Term, bound, fn, num

#: The most samples and components that are written.
LARGEST: Final = 64
_NOT_HELD: Final = "values that do not keep to what is supposed"


class Setting:
    """The symbols at given values: for each, those at each point (one, if it is not learned), and there at each sample (one, if it is not indexed)."""

    def __init__(self, writer: Writer, values: Mapping[str, Sequence[Sequence[Any]]], points: Sequence[str], samples: int, digits: int) -> None:
        self.writer = writer
        self.points = points
        self.samples = samples
        self._values = values
        sizes = {n: s.dimension for n, s in writer.known.items()}
        self.enclosures = Enclosures(writer.printer, self._value, sizes, samples, digits)

    def _value(self, name: str, ctx: Context) -> Any:
        """The value of a symbol at a context: a number or a list of them."""
        symbol = self.writer.known[name]
        rows = self._values[name]
        row = rows[self.points.index(str(ctx.point))] if symbol.role == "parameter" else rows[0]
        return row[int(str(ctx.sample)[1:])] if symbol.indexed else row[0]

    # -- values

    def definitions(self) -> list[str]:
        """The number of samples, their names, and every symbol by its values."""
        found = [f"Definition n_samples : nat := {self.samples}.", *(f"Definition i{j} : nat := {j}." for j in range(self.samples))]
        for name, symbol in self.writer.known.items():
            own = self.writer.names[name]
            arguments = (" (w : point)" if symbol.role == "parameter" else "") + (" (i : nat)" if symbol.indexed else "")
            rows = [_match("i", [f"{j}%nat" for j in range(self.samples)], [self._shown(v) for v in row]) for row in self._values[name]]
            body = _match("w", self.points, rows) if symbol.role == "parameter" else rows[0]
            found.append(f"Definition {own}{arguments} : {TYPES[symbol.sort].strip('()')} := {body}.")
        found.append("Lemma n_positive : (0 < n_samples)%nat.\nProof. unfold n_samples. lia. Qed.")
        return found

    def _shown(self, value: Any) -> str:
        sort = value_sort(value)
        if sort == NUMBER:
            return self.writer.printer.number(num(value), self.writer.at_point)
        return f"vec [{'; '.join(map(self._shown, value))}]" if sort == VECTOR else f"mdiag ({self._shown(_diagonal(value))})"

    # -- what is supposed

    def suppositions(self) -> list[str]:
        """What is supposed of data and fixed symbols, as lemmas of the same names and statements as in the section of the proof. Raises Unsupported."""
        found = []
        for s in self.writer.supposed:
            stated = None if s.is_learned else self.stated(s, None)
            if stated is not None:
                found.append(f"Lemma {s.name} : {stated[0]}.\nProof. exact {stated[1]}. Qed.")
        return found

    def allowed(self, point: str) -> tuple[list[str], str]:
        """What is supposed of parameters, at a point, as lemmas; and the proof of all of it together. Raises Unsupported."""
        parts = [p for s in self.writer.supposed if s.is_learned for p in [self.stated(s, point)] if p is not None]
        names = [f"allowed_{point}_{j}" for j in range(len(parts))]
        lines = [f"Lemma {name} : {text}.\nProof. exact {proof}. Qed." for name, (text, proof) in zip(names, parts, strict=True)]
        return lines, conjunction(names) if names else "I"

    def stated(self, s: Supposition, point: str | None) -> tuple[str, str] | None:
        """What is supposed and its proof; None for what types and scopes say. Raises Unsupported."""
        ctx = replace(self.writer.ctx, point=point)
        said = self.writer.said(s, point)
        if said is None or not s.is_indexed:
            return None if said is None else (said, self._proved(s.says, ctx))
        each = [self._proved(s.says, replace(ctx, sample=f"i{j}")) for j in range(self.samples)]
        return said, f"(each_all {self.samples} (fun i => {self.writer.of_sample(s, point)}) {_each(each)})"

    def _proved(self, condition: Term, ctx: Context) -> str:
        parts = [p for p in propositions(condition) if self.writer.printer.proposition(p, ctx) != "True"]
        return conjunction([self._proposition(p, ctx) for p in parts]) if parts else "I"

    def _proposition(self, t: Term, ctx: Context) -> str:
        e = self.enclosures
        if t.op == "in":
            return self._member(t.args[0], t.args[1], ctx)
        if t.op in ("gt", "ge", "ne", "eq"):
            b = e.row(t.args[0], ctx)
            holds = {"gt": b.lo > 0, "ge": b.lo >= 0, "ne": b.lo > 0 or b.hi < 0, "eq": b.is_exact and b.lo == 0}[t.op]
            if not holds:
                raise Unsupported(_NOT_HELD)
            lemma, count = {"gt": ("m_positive", 3), "ge": ("m_nonnegative", 3), "ne": ("m_nonzero", 3), "eq": ("m_zero", 2)}[t.op]
            return f"({lemma} {'_ ' * count}{b.proof} eq_refl)"
        raise Unsupported(f"values at which {t.op} is shown")

    def _member(self, t: Term, domain: Term, ctx: Context) -> str:
        op = domain.op
        if op == "domain":
            return self._plain(self.enclosures.row(t, ctx), str(domain.value))
        if op == "set":
            return self._one_of(t, domain, ctx)
        if op == "categories":
            b, size = self.enclosures.row(t, ctx), self.enclosures.row(domain.args[0], ctx)
            if not 1 <= b.integer <= size.integer:
                raise Unsupported(_NOT_HELD)
            return f"(m_between 1 {size.integer} {b.integer} _ _ _ (w_int 1) {size.proof} {b.proof} eq_refl)"
        if op == "power_domain":
            base = str(domain.args[0].value)
            size = self.enclosures.row(domain.args[1], ctx)
            parts = [self._plain(self._entry(t, k, ctx), base) for k in range(1, size.integer + 1)]
            return self._all(f"in_{base} ({self._vector(t, ctx)} k)", size, parts)
        if op == "posdef":
            return self._posdef(t, self.enclosures.row(domain.args[0], ctx), ctx)
        if op in ("simplex", "onehot", "counts"):
            return {"simplex": self._simplex, "onehot": self._onehot, "counts": self._counts}[op](t, self.enclosures.row(domain.args[0], ctx), ctx)
        raise Unsupported(f"values in {op}")

    def _plain(self, b: Bound, name: str) -> str:
        if not b.is_in(name):
            raise Unsupported(_NOT_HELD)
        if name == "integers":
            return f"(m_integer ({b.integer}) _ {b.proof})"
        if name == "naturals":
            return f"(m_natural ({b.integer}) _ {b.proof} eq_refl)"
        return "I" if name == "reals" else f"(m_{name} _ _ _ {b.proof} eq_refl)"

    def _one_of(self, t: Term, domain: Term, ctx: Context) -> str:
        b = self.enclosures.row(t, ctx)
        for j, a in enumerate(domain.args):
            of = self.enclosures.row(a, ctx)
            if of.is_exact and b.is_exact and of.lo == b.lo:
                proof = f"(or_introl (v_equal _ _ _ _ {of.proof} {b.proof} eq_refl))"
                for _ in range(j):
                    proof = f"(or_intror {proof})"
                return proof
        raise Unsupported(_NOT_HELD)

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
            raise Unsupported(_NOT_HELD)
        positive = self._all(f"0 < {self._vector(t, ctx)} k", size, parts)
        return f"(conj {positive} (v_equal _ _ _ _ {total.proof} (w_int 1) eq_refl))"

    def _sizes(self, t: Term) -> Term:
        size = self.writer.known[str(t.value)].dimension if t.op == "sym" else None
        if size is None:
            raise Unsupported("a vector whose dimension is not known")
        return size

    def _onehot(self, t: Term, size: Bound, ctx: Context) -> str:
        entries = [self._entry(t, k, ctx) for k in range(1, size.integer + 1)]
        ones = [k for k, b in enumerate(entries, 1) if b.is_exact and b.lo == 1]
        if len(ones) != 1 or any(not b.is_exact or b.lo not in (0, 1) for b in entries):
            raise Unsupported(_NOT_HELD)
        j, v = ones[0], self._vector(t, ctx)
        parts = ["(fun N => False_ind _ (N eq_refl))" if k == j else f"(fun _ => m_zero _ _ {b.proof} eq_refl)" for k, b in enumerate(entries, 1)]
        where = f"(m_between 1 {size.integer} {j} _ _ _ (w_int 1) {size.proof} (w_int {j}) eq_refl)"
        others = self._all(f"k <> {j} -> {v} k = 0", size, parts)
        return f"(ex_intro _ {j} (conj {where} (conj (v_equal _ _ _ _ {entries[j - 1].proof} (w_int 1) eq_refl) {others})))"

    def _counts(self, t: Term, size: Bound, ctx: Context) -> str:
        parts = [self._plain(self._entry(t, k, ctx), "naturals") for k in range(1, size.integer + 1)]
        return self._all(f"in_naturals ({self._vector(t, ctx)} k)", size, parts)

    def _posdef(self, t: Term, size: Bound, ctx: Context) -> str:
        """Of a diagonal matrix, that what stands on the diagonal is positive."""
        diagonal = [num(v) for v in _diagonal(self._value(str(t.value), ctx))] if t.op == "sym" else []
        if len(diagonal) != size.integer:
            raise Unsupported(_NOT_HELD)
        entries = fn("vec", *diagonal)
        parts = [self._plain(self._entry(entries, k, ctx), "positive") for k in range(1, size.integer + 1)]
        return f"(posdef_mdiag _ _ {self._all(f'0 < {self._vector(entries, ctx)} k', size, parts)})"


def value_sort(value: Any) -> str:
    """The sort of a value: number, vector or matrix."""
    if isinstance(value, Fraction):
        return NUMBER
    return VECTOR if all(isinstance(v, Fraction) for v in value) else MATRIX


def conjunction(proofs: Sequence[str]) -> str:
    """The proof that all hold, from theirs."""
    return proofs[0] if len(proofs) == 1 else f"(conj {proofs[0]} {conjunction(proofs[1:])})"


def _diagonal(matrix: Sequence[Sequence[Fraction]]) -> list[Fraction]:
    if any(len(row) != len(matrix) or any(v for j, v in enumerate(row) if j != i) for i, row in enumerate(matrix)):
        raise Unsupported("the value of a matrix that is not diagonal")
    return [row[i] for i, row in enumerate(matrix)]


def _match(variable: str, names: Sequence[str], values: Sequence[str]) -> str:
    """The value by cases, the last for whatever else."""
    if len(set(values)) == 1:
        return values[0]
    arms = [f"{n} => {v}" for n, v in zip(names[:-1], values[:-1], strict=True)]
    return f"match {variable} with {' | '.join(arms)} | _ => {values[-1]} end"


def _each(parts: Sequence[str]) -> str:
    found = "I"
    for p in parts:
        found = f"(conj {found} {p})"
    return found
