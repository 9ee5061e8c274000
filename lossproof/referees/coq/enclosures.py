"""Rational enclosures of closed terms, each with its proof for Coq: lemmas from the inside of a term outwards."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from decimal import Context as Decimals
from decimal import Decimal
from fractions import Fraction
from math import isqrt
from typing import Any, Final

from lossproof.referees.coq.context import Context, Unsupported, sort_of
from lossproof.referees.coq.printer import Printer
from lossproof.terms import ONE, Term, add, bound, const, div, fn, mul, neg, num, power, sub

_DECIMALS: Final = Decimals(prec=90)
#: Pi between two neighbouring decimal numbers, as the lemma ``w_pi`` has it.
_PI: Final = (Fraction(31415926535897932384626433, 10**25), Fraction(31415926535897932384626434, 10**25))
_EXACT: Final = 10**24
_LARGEST_EXPONENT: Final = 2000


@dataclass(frozen=True)
class Bound:
    """A proof that a term is between two numbers, as an argument."""

    proof: str
    lo: Fraction
    hi: Fraction

    @property
    def is_exact(self) -> bool:
        """Whether both numbers are the same."""
        return self.lo == self.hi

    def is_in(self, domain: str) -> bool:
        """Whether it is seen that the value is in a domain of numbers."""
        whole = self.is_exact and self.lo.denominator == 1
        return {
            "reals": True, "positive": self.lo > 0, "nonnegative": self.lo >= 0, "unit": self.lo > 0 and self.hi < 1,
            "unit_closed": self.lo >= 0 and self.hi <= 1, "integers": whole, "naturals": whole and self.lo >= 0,
        }[domain]  # fmt: skip

    @property
    def integer(self) -> int:
        """The value, if it is an integer. Raises Unsupported."""
        if not self.is_exact or self.lo.denominator != 1:
            raise Unsupported("an index that is no integer")
        return int(self.lo)


def rational(value: Fraction) -> str:
    """A rational number as Coq has it, as an argument."""
    n = value.numerator
    return f"(rat {f'({n})' if n < 0 else n} {value.denominator})"


def literal(value: Fraction) -> Bound:
    """A number as the printer writes it."""
    proof = f"(w_int {abs(value.numerator)})"
    if value < 0:
        proof = f"(w_opp {proof})"
    if value.denominator != 1:
        proof = f"(w_div {proof} (w_int {value.denominator}) eq_refl)"
    return Bound(proof, value, value)


class Enclosures:
    """The lemmas about the values of terms at given points. ``values`` says what a symbol is at a context: a number, or a list of them."""

    def __init__(self, printer: Printer, values: Callable[[str, Context], Any], sizes: Mapping[str, Term | None], samples: int, digits: int) -> None:
        self.printer = printer
        self.values = values
        self.sizes = sizes
        self.samples = samples
        self.digits = digits
        self.lines: list[str] = []
        self._rows: dict[str, Bound] = {}
        self._exponentials: dict[Fraction, Bound] = {}

    # -- rows

    def row(self, term: Term, ctx: Context) -> Bound:
        """A lemma about a term at a context, its numbers rounded outwards."""
        text = self.printer.number(term, ctx)
        found = self._rows.get(text)
        if found is None:
            found = self._rows[text] = self._row(text, self._inline(term, ctx) if term.op in _INLINE else self._special(term, ctx))
        return found

    def _row(self, text: str, of: Bound | tuple[str, Fraction, Fraction]) -> Bound:
        script, lo, hi = (f"lp_row {of.proof}", of.lo, of.hi) if isinstance(of, Bound) else of
        lo, hi = self._outwards(lo, hi)
        name = f"r{len(self._rows) + 1}"
        self.lines.append(f"Lemma {name} : within {rational(lo)} {rational(hi)} ({text}).\nProof. {script}. Qed.")
        return Bound(name, lo, hi)

    def _outwards(self, lo: Fraction, hi: Fraction) -> tuple[Fraction, Fraction]:
        if lo == hi and lo.denominator < _EXACT and abs(lo.numerator) < _EXACT:
            return lo, hi
        return rounded(lo, self.digits, up=False), rounded(hi, self.digits, up=True)

    def bound(self, term: Term, ctx: Context) -> Bound:
        """A bound on a term: arithmetic in place, anything else by a lemma of its own."""
        return self._inline(term, ctx) if term.op in _INLINE else self.row(term, ctx)

    # -- arithmetic

    def _inline(self, t: Term, ctx: Context) -> Bound:
        op, args = t.op, t.args
        if op == "num":
            assert isinstance(t.value, Fraction)
            return literal(t.value)
        if op == "bound":
            return literal(Fraction(ctx.indices[str(t.value)].strip("()")))
        if op == "sym":
            value = self.values(str(t.value), ctx)
            if not isinstance(value, Fraction):
                raise Unsupported("a vector where a number stands")
            return literal(value)
        if op == "neg":
            return _opposite(self.bound(args[0], ctx))
        if op in ("add", "mul"):
            return self._many(t, ctx)
        if op == "div":
            a, b = self.bound(args[0], ctx), self.bound(args[1], ctx)
            if b.lo <= 0 <= b.hi:
                raise Unsupported("a quotient by what may be 0")
            return _times(a, Bound(b.proof, 1 / b.hi, 1 / b.lo), f"(w_div {a.proof} {b.proof} eq_refl)")
        return self.bound(args[0], ctx)  # stop_gradient

    def _many(self, t: Term, ctx: Context) -> Bound:
        found = self.bound(t.args[0], ctx)
        for a in t.args[1:]:
            if t.op == "mul":
                b = self.bound(a, ctx)
                found = _times(found, b, f"(w_mult {found.proof} {b.proof})")
            elif a.op == "neg":
                b = self.bound(a.args[0], ctx)
                found = Bound(f"(w_minus {found.proof} {b.proof})", found.lo - b.hi, found.hi - b.lo)
            else:
                b = self.bound(a, ctx)
                found = Bound(f"(w_plus {found.proof} {b.proof})", found.lo + b.lo, found.hi + b.hi)
        return found

    # -- everything else

    def _special(self, t: Term, ctx: Context) -> Bound | tuple[str, Fraction, Fraction]:
        op, args = t.op, t.args
        if op in _UNFOLDED:
            return self.bound(_UNFOLDED[op](*args), ctx)
        if op == "const":
            if t.value == "n_samples":
                return Bound(f"(w_nat {self.samples})", Fraction(self.samples), Fraction(self.samples))
            return Bound("w_pi", *_PI)
        if op == "pow":
            return self._power(args[0], args[1], ctx)
        if op in ("max", "min"):
            return self._extreme(t, ctx)
        if op in ("samples_sum", "samples_mean"):
            return self._samples(t, ctx)
        if op == "sum":
            return self._sum(t, ctx)
        if op in ("cases", "indicator"):
            return self._cases(t, ctx)
        if op == "at":
            return self._component(args[0], args[1], ctx)
        if op in ("logsumexp", "norm", "dot"):
            return self.bound(self._over_components(t), ctx)
        if op in ("exp", "log", "sqrt", "abs", "gamma", "xlogy"):
            found: Bound | tuple[str, Fraction, Fraction] = getattr(self, f"_{op}")(*args, ctx)
            return found
        raise Unsupported(f"values of {op}, of which Coq's library has no enclosure")

    def _extreme(self, t: Term, ctx: Context) -> Bound:
        choose = max if t.op == "max" else min
        found = self.bound(t.args[0], ctx)
        for a in t.args[1:]:
            b = self.bound(a, ctx)
            found = Bound(f"(w_{t.op} {found.proof} {b.proof})", choose(found.lo, b.lo), choose(found.hi, b.hi))
        return found

    def _abs(self, t: Term, ctx: Context) -> tuple[str, Fraction, Fraction]:
        b = self.bound(t, ctx)
        lo = b.lo if b.lo >= 0 else -b.hi if b.hi <= 0 else Fraction(0)
        lo, hi = self._outwards(lo, max(-b.lo, b.hi))
        return f"exact (w_abs _ _ _ {rational(lo)} {rational(hi)} {b.proof} eq_refl eq_refl)", lo, hi

    def _sqrt(self, t: Term, ctx: Context) -> Bound:
        b = self.bound(t, ctx)
        if b.lo < 0:
            raise Unsupported("the square root of what may be negative")
        lo, hi = root(b.lo, self.digits, up=False), root(b.hi, self.digits, up=True)
        return Bound(f"(w_sqrt _ _ _ {b.proof} {rational(lo)} {rational(hi)} eq_refl)", lo, hi)

    def _exp(self, t: Term, ctx: Context) -> Bound:
        b = self.row(t, ctx)
        low, high = self.exponential(b.lo), self.exponential(b.hi)
        return Bound(f"(w_exp {b.proof} {low.proof} {high.proof})", low.lo, high.hi)

    def _log(self, t: Term, ctx: Context) -> Bound:
        b = self._short(t, ctx)
        if b.lo <= 0:
            raise Unsupported("the logarithm of what may not be positive")
        step = Fraction(1, 10**self.digits)
        lo = Fraction(0) if b.lo == 1 else rounded_to(logarithm(b.lo), step) - step
        hi = Fraction(0) if b.hi == 1 else rounded_to(logarithm(b.hi), step) + step
        low, high = self.exponential(lo), self.exponential(hi)
        if not (low.hi <= b.lo and b.hi <= high.lo):
            raise Unsupported("a logarithm whose enclosure is not found")
        return Bound(f"(w_ln {b.proof} {low.proof} {high.proof} eq_refl)", lo, hi)

    def _short(self, t: Term, ctx: Context) -> Bound:
        """A bound by short numbers."""
        b = self.bound(t, ctx)
        return b if self._outwards(b.lo, b.hi) == (b.lo, b.hi) else self.row(t, ctx)

    def exponential(self, q: Fraction) -> Bound:
        """The lemma about the exponential function at a rational number."""
        found = self._exponentials.get(q)
        if found is None:
            found = self._exponentials[q] = self._exponential(q)
        return found

    def _exponential(self, q: Fraction) -> Bound:
        if abs(q) > _LARGEST_EXPONENT:
            raise Unsupported(f"the exponential function at {float(q):.3g}")
        if q > 0:
            of = self.exponential(-q)
            lo, hi, how = 1 / of.hi, 1 / of.lo, f"apply (e_reciprocal _ _ _ {of.proof}); lp_check"
        elif q < -1:
            of = self.exponential(q / 2)
            lo, hi, how = of.lo**2, of.hi**2, f"apply (e_double _ _ _ {of.proof}); lp_check"
        else:
            terms = self._terms(q)
            lo, hi, how = series(2 * terms + 1, q), series(2 * terms, q), f"apply (e_series {terms}); lp_check"
        if lo != hi:
            lo, hi = rounded(lo, self.digits + 6, up=False), rounded(hi, self.digits + 6, up=True)
        name = f"e{len(self._exponentials) + 1}_{len(self.lines)}"
        self.lines.append(f"Lemma {name} : exp_within {rational(q)} {rational(lo)} {rational(hi)}.\nProof. {how}. Qed.")
        return Bound(name, lo, hi)

    def _terms(self, q: Fraction) -> int:
        """How many pairs of terms of the series leave a remainder below what is asked for."""
        count, size = 0, abs(q)
        while size > Fraction(1, 10 ** (self.digits + 7)):
            count += 1
            size *= q * q / (2 * count * (2 * count + 1))
        return count

    def _power(self, base: Term, exponent: Term, ctx: Context) -> Bound | tuple[str, Fraction, Fraction]:
        b = self.bound(base, ctx)
        if exponent.op == "num" and isinstance(exponent.value, Fraction) and exponent.value.denominator == 1 and abs(exponent.value) <= 64:
            found = repeated(b, abs(int(exponent.value)))
            if exponent.value >= 0:
                return found
            if found.lo <= 0 <= found.hi:
                raise Unsupported("a reciprocal of what may be 0")
            return Bound(f"(w_inv {found.proof} eq_refl)", 1 / found.hi, 1 / found.lo)
        e = self.row(exponent, ctx)
        if e.is_exact and e.lo.denominator == 1 and 0 <= e.lo <= 64:
            found = repeated(b, int(e.lo))
            return Bound(f"(w_rpow_nat {int(e.lo)} _ _ _ _ {e.proof} {found.proof} eq_refl)", found.lo, found.hi)
        if b.is_exact and b.lo == 0 and e.lo > 0:
            zero = self.row(base, ctx)
            return Bound(f"(w_rpow_zero _ _ _ _ {zero.proof} {e.proof} eq_refl)", Fraction(0), Fraction(0))
        if b.lo <= 0:
            raise Unsupported("a power of what may not be positive")
        of = self.bound(fn("exp", mul(exponent, fn("log", base))), ctx)
        return Bound(f"(w_rpow _ _ _ _ _ _ {b.proof} eq_refl {of.proof})", of.lo, of.hi)

    def _gamma(self, t: Term, ctx: Context) -> Bound | tuple[str, Fraction, Fraction]:
        b = self.row(t, ctx)
        if not b.is_exact or b.lo <= 0 or b.lo.denominator > 2 or b.lo > 60:
            raise Unsupported("gamma at what is neither a small integer nor a half of one, which its properties do not give")
        start = Fraction(1, b.lo.denominator)
        count = int(b.lo - start)
        product = Fraction(1)
        for j in range(count):
            product *= start + j
        if start == 1:
            return Bound(f"(w_gamma_integer {count} _ _ {b.proof} eq_refl)", product, product)
        of = self.row(fn("sqrt", const("pi")), ctx)
        return Bound(f"(w_gamma_half {count} _ _ _ _ {b.proof} eq_refl (w_mult (w_rat _) {of.proof}))", product * of.lo, product * of.hi)

    def _xlogy(self, x: Term, y: Term, ctx: Context) -> Bound:
        b = self.bound(x, ctx)
        if b.is_exact and b.lo == 0:
            return Bound(f"(w_xlogy_zero _ _ {self.row(x, ctx).proof})", Fraction(0), Fraction(0))
        of = self.bound(mul(x, fn("log", y)), ctx)
        return Bound(f"(w_xlogy _ _ _ _ {of.proof})", of.lo, of.hi)

    # -- sums and vectors

    def _samples(self, t: Term, ctx: Context) -> Bound:
        inner, _ = ctx.within_sample()
        if self.samples < 1:
            raise Unsupported("no samples")
        found = literal(Fraction(0))
        for j in range(self.samples):
            b = self.row(t.args[0], replace(inner, sample=f"i{j}"))
            found = Bound(f"(w_plus {found.proof} {b.proof})", found.lo + b.lo, found.hi + b.hi)
        if t.op == "samples_sum":
            return found
        n = Fraction(self.samples)
        return _times(found, Bound("", 1 / n, 1 / n), f"(w_div {found.proof} (w_nat {self.samples}) eq_refl)")

    def _sum(self, t: Term, ctx: Context) -> tuple[str, Fraction, Fraction]:
        first, last = self.row(t.args[1], ctx), self.row(t.args[2], ctx)
        found = literal(Fraction(0))
        for k in range(first.integer, last.integer + 1):
            b = self.row(t.args[3], replace(ctx, indices={**ctx.indices, str(t.args[0].value): str(k) if k >= 0 else f"({k})"}))
            found = Bound(f"(w_plus {found.proof} {b.proof})", found.lo + b.lo, found.hi + b.hi)
        ends = f"({first.integer}) ({last.integer})"
        return f"lp_isum (w_isum {ends} _ _ _ {first.proof} {last.proof}) {found.proof}", found.lo, found.hi

    def _size(self, v: Term) -> Term:
        if v.op == "vec":
            return num(len(v.args))
        if v.op == "sym":
            size = self.sizes.get(str(v.value))
            if size is not None:
                return size
        for a in v.args:
            if v.op != "at" and (v.op != "sym"):
                try:
                    return self._size(a)
                except Unsupported:
                    continue
        raise Unsupported("a vector whose dimension is not known")

    def _over_components(self, t: Term) -> Term:
        """A function of vectors by its definition, a sum over their components."""
        k = bound("k")
        parts = [fn("at", a, k) for a in t.args]
        body = {"logsumexp": fn("exp", parts[0]), "norm": power(parts[0], 2), "dot": mul(*parts)}[t.op]
        whole = fn("sum", k, ONE, self._size(t), body)
        return whole if t.op == "dot" else fn("log" if t.op == "logsumexp" else "sqrt", whole)

    def _component(self, v: Term, k: Term, ctx: Context) -> Bound | tuple[str, Fraction, Fraction]:
        op, args = v.op, v.args
        if op in ("sym", "vec"):
            index = self.row(k, ctx)
            if op == "sym":
                entries = [num(x) for x in self.values(str(v.value), ctx)]
            else:
                entries = list(args)
            if not 1 <= index.integer <= len(entries):
                raise Unsupported("a component that a vector does not have")
            b = self.bound(entries[index.integer - 1], ctx)
            texts = "; ".join(self.printer.number(a, ctx) for a in entries)
            return Bound(f"(w_vec {index.integer} _ _ _ [{texts}] {index.proof} eq_refl {b.proof})", b.lo, b.hi)
        if op == "num":
            return literal(Fraction(0))
        if op == "softmax":
            j = bound("k")
            return self.bound(div(fn("exp", fn("at", args[0], k)), fn("sum", j, ONE, self._size(v), fn("exp", fn("at", args[0], j)))), ctx)
        if op in ("neg", "stop_gradient") or (op == "add" and args[-1].op != "seq"):
            return self.bound(fn(op, *(fn("at", a, k) for a in args)), ctx)
        if op == "div":
            return self.bound(div(fn("at", args[0], k), args[1]), ctx)
        if op == "mul":
            vectors = [a for a in args if sort_of(a, ctx.symbols) == "V"]
            others = [a for a in args if a is not vectors[0]]
            return self.bound(mul(mul(*others), fn("at", vectors[0], k)), ctx)
        raise Unsupported(f"components of {op}")

    # -- conditions

    def _cases(self, t: Term, ctx: Context) -> Bound:
        proof, holds = self.condition(t.args[0], ctx)
        which = "true" if holds else "false"
        if t.op == "indicator":
            return Bound(f"(w_indicator_{which} _ {proof})", Fraction(holds), Fraction(holds))
        b = self.bound(t.args[1 if holds else 2], ctx)
        return Bound(f"(w_case_{which} _ _ _ _ _ {proof} {b.proof})", b.lo, b.hi)

    def condition(self, t: Term, ctx: Context) -> tuple[str, bool]:
        """Whether a condition holds, and the proof, as an argument."""
        op = t.op
        if op in ("and", "or"):
            return self._joined(t, ctx)
        if op == "not":
            proof, holds = self.condition(t.args[0], ctx)
            return f"(c_not_{'false' if holds else 'true'} _ {proof})", not holds
        if op not in ("lt", "le", "gt", "ge", "eq", "ne"):
            raise Unsupported(f"{op} as a condition of a refutation")
        a, b = (self.row(x, ctx) for x in t.args)
        if op in ("eq", "ne"):
            proof, holds = self.equal(a, b)
            proof = f"(c_eq_{'true' if holds else 'false'} _ _ {proof})"
            return (proof, holds) if op == "eq" else (f"(c_not_{'false' if holds else 'true'} _ {proof})", not holds)
        if op in ("gt", "ge"):
            a, b = b, a
        strict = op in ("lt", "gt")
        holds, fails = (a.hi < b.lo, b.hi <= a.lo) if strict else (a.hi <= b.lo, b.hi < a.lo)
        if not (holds or fails):
            raise Unsupported("a condition that enclosures do not decide")
        return f"(c_{'lt' if strict else 'le'}_{'true' if holds else 'false'} _ _ _ _ _ _ {a.proof} {b.proof} eq_refl)", holds

    def equal(self, a: Bound, b: Bound) -> tuple[str, bool]:
        """Whether two terms are equal, and the proof of that or of the opposite."""
        if a.is_exact and b.is_exact and a.lo == b.lo:
            return f"(v_equal _ _ _ _ {a.proof} {b.proof} eq_refl)", True
        if a.hi < b.lo or b.hi < a.lo:
            return f"(v_apart _ _ _ _ _ _ {a.proof} {b.proof} eq_refl)", False
        raise Unsupported("an equation that enclosures do not decide")

    def _joined(self, t: Term, ctx: Context) -> tuple[str, bool]:
        proof, holds = self.condition(t.args[0], ctx)
        decisive = t.op == "or"
        for a in t.args[1:]:
            other, is_so = self.condition(a, ctx)
            if holds == decisive:
                proof = f"(c_{t.op}_left _ _ {proof})" if t.op == "or" else f"(c_and_left _ _ {proof})"
            elif is_so == decisive:
                proof = f"(c_{t.op}_right _ _ {other})"
            else:
                proof = f"(c_{t.op}_{'false' if decisive else 'true'} _ _ {proof} {other})"
            holds = (holds or is_so) if decisive else (holds and is_so)
        return proof, holds


_INLINE: Final = frozenset({"num", "bound", "sym", "neg", "add", "mul", "div", "stop_gradient"})
_ONE_MORE: Final = {
    "sigmoid": lambda z: div(ONE, add(ONE, fn("exp", neg(z)))),
    "softplus": lambda z: fn("log", add(ONE, fn("exp", z))),
    "logit": lambda p: fn("log", div(p, sub(ONE, p))),
    "cosh": lambda x: div(add(fn("exp", x), fn("exp", neg(x))), num(2)),
    "sinh": lambda x: div(sub(fn("exp", x), fn("exp", neg(x))), num(2)),
    "tanh": lambda x: div(fn("sinh", x), fn("cosh", x)),
    "lgamma": lambda a: fn("log", fn("gamma", a)),
    "factorial": lambda a: fn("gamma", add(a, ONE)),
}
#: Functions by their definitions in the prelude and in the library.
_UNFOLDED: Final[Mapping[str, Callable[..., Term]]] = {
    **_ONE_MORE,
    "beta": lambda a, b: div(mul(fn("gamma", a), fn("gamma", b)), fn("gamma", add(a, b))),
    "lbeta": lambda a, b: fn("log", fn("beta", a, b)),
    "binomial": lambda n, k: div(fn("gamma", add(n, ONE)), mul(fn("gamma", add(k, ONE)), fn("gamma", add(n, neg(k), ONE)))),
}


def _opposite(b: Bound) -> Bound:
    return Bound(f"(w_opp {b.proof})", -b.hi, -b.lo)


def _times(a: Bound, b: Bound, proof: str) -> Bound:
    products = (a.lo * b.lo, a.lo * b.hi, a.hi * b.lo, a.hi * b.hi)
    return Bound(proof, min(products), max(products))


def repeated(b: Bound, count: int) -> Bound:
    """A natural power."""
    found = literal(Fraction(1))
    for _ in range(count):
        found = _times(b, found, f"(w_mult {b.proof} {found.proof})")
    return found


def rounded(value: Fraction, digits: int, *, up: bool) -> Fraction:
    """A number with so many significant digits, not below it (or not above it)."""
    if value == 0:
        return value
    size = len(str(abs(value.numerator))) - len(str(value.denominator))
    scale = Fraction(10) ** (digits - size)
    scaled = value * scale
    whole = scaled.numerator // scaled.denominator
    return Fraction(whole + (up and whole != scaled)) / scale


def rounded_to(value: Fraction, step: Fraction) -> Fraction:
    """The nearest multiple of a step."""
    return round(value / step) * step


def root(value: Fraction, digits: int, *, up: bool) -> Fraction:
    """The square root, exact or rounded."""
    n, d = isqrt(value.numerator), isqrt(value.denominator)
    if n * n == value.numerator and d * d == value.denominator:
        return Fraction(n, d)
    scale = 10 ** (2 * (digits + len(str(value.denominator))))
    whole = isqrt(value.numerator * scale**2 // value.denominator)
    return rounded(Fraction(whole + up, scale), digits, up=up)


def logarithm(value: Fraction) -> Fraction:
    """The natural logarithm to 80 digits; what is proved of it does not rest on this."""
    return Fraction(_DECIMALS.divide(Decimal(value.numerator), Decimal(value.denominator)).ln(_DECIMALS))


def series(last: int, x: Fraction) -> Fraction:
    """The sum of x^k / k! up to k = last."""
    total = Fraction(1)
    for k in range(last, 0, -1):
        total = 1 + x / k * total
    return total


