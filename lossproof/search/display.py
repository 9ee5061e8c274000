"""Normal forms that keep the author's spelling: what a sum or an atom looked like when it was first seen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from lossproof.facts.algebra import Algebra, Monomial, Poly, Rational, content, ratio
from lossproof.facts.prover import Prover
from lossproof.terms import ONE, ZERO, Term, add, div, mul, neg, num, power

_LINEAR = frozenset({"add", "mul", "neg", "div", "sym", "num", "const", "at", "bound"})


class Display(Algebra):
    """Polynomials whose bases are terms as they were written, for search and for the reader."""

    def __init__(self, prover: Prover, *, full: bool = False) -> None:
        super().__init__()
        self.full = full
        self.held_back = False  # whether a product was left that ``full`` would multiply out
        self.prover = prover
        self.forms = prover.algebra
        self._spelling: dict[Term, Term] = {}
        self._sums: dict[Term, tuple[Term, Rational]] = {}
        self._units: dict[Term, bool] = {}
        self._monomials: dict[Monomial, Monomial] = {}

    def atom(self, term: Term) -> Term:
        """The first spelling seen of an opaque term."""
        if not term.args:
            return term
        return self._spelling.setdefault(self.forms.canonical(term), term)

    def sum_base(self, term: Term, poly: Poly) -> tuple[Rational, Term]:
        """The first spelling seen of a sum, up to a factor."""
        q, bases = self.forms.product(term)
        if len(bases) != 1:  # equal to a product: it has no spelling of its own
            return super().sum_base(term, poly)
        ((canonical, _),) = bases.items()
        known = self._sums.get(canonical)
        if known is None:
            factor = content(poly.values())
            spelled = self.sum_of(poly, divide=factor) if factor != 1 else term
            known = self._sums[canonical] = (spelled, ratio(q, factor))
            if factor != 1:
                self._polys.setdefault(spelled, {m: ratio(c, factor) for m, c in poly.items()})
        spelled, own = known
        return (q if own == 1 else ratio(q, own)), spelled

    def _monomial(self, bases: dict[Term, int]) -> Monomial:
        """A monomial in the order in which it was first written."""
        if len(bases) < 2:
            return tuple(bases.items())
        return self._monomials.setdefault(super()._monomial(bases), tuple(bases.items()))

    def is_unit(self, term: Term) -> bool:
        """Whether a sum is a linear predictor none of whose terms could be dropped: it is kept whole."""
        found = self._units.get(term)
        if found is None:
            found = self._units[term] = super().is_unit(term) or all(
                not self.prover.is_free(a) and self._is_linear(a) for a in term.args
            )
        return found

    def _is_linear(self, term: Term) -> bool:
        stack = [term]
        while stack:
            t = stack.pop()
            if t.op not in _LINEAR:
                return False
            stack.extend(t.args)
        return True

    def multiplied_out(self, sums: list[Term]) -> list[Term]:
        """Unless ``full``, sums with parameters are multiplied out one at a time: (y - μ)(τ - 1[y < μ]) stays a product."""
        moving = [s for s in sums if not self.prover.is_free(s)]
        if len(moving) > 1 and not self.full:
            self.held_back = True
            sums = [s for s in sums if self.prover.is_free(s)]
        return super().multiplied_out(sums)

    def parted(self, poly: Poly) -> tuple[Poly, Poly]:
        """The terms of a sum that are free of the parameters, and the others."""
        free: Poly = {}
        kept: Poly = {}
        is_free = self.prover.is_free
        for monomial, q in poly.items():
            for b, _ in monomial:
                if not is_free(b):
                    kept[monomial] = q
                    break
            else:
                free[monomial] = q
        return free, kept

    def sum_of(self, poly: Poly, *, divide: Rational = 1) -> Term:
        """A poly as a sum a person would write: positive terms first."""
        items = [(q if divide == 1 else ratio(q, divide), m) for m, q in poly.items()]
        return tidy_sum(product_of(q, dict(m)) for q, m in sorted(items, key=lambda item: item[0] < 0))


def product_of(q: Rational, bases: Mapping[Term, int]) -> Term:
    """A rational times powers, as a person writes it: (y - μ)²/(2σ²), ½ log σ, (n/2) log(2πσ²), -y z."""
    ordered = sorted(bases.items(), key=_rank) if len(bases) > 1 else list(bases.items())
    top = [_power(b, e) for b, e in ordered if e > 0]
    bottom = [_power(b, -e) for b, e in ordered if e < 0]
    magnitude: Rational = q if q >= 0 else -q
    if bottom:
        if magnitude.numerator != 1:
            top.insert(0, num(magnitude.numerator))
        if magnitude.denominator != 1:
            bottom.insert(0, num(magnitude.denominator))
        body = div(_flat(top), _flat(bottom))
    elif not top:
        body = num(magnitude)
    elif magnitude == 1:
        body = _flat(top)
    else:
        body = _fraction(magnitude, [b for b, e in ordered if e == 1 and _rank((b, e)) < 2], _factors(top))
    return neg(body) if q < 0 else body


def _fraction(q: Rational, plain: list[Term], factors: list[Term]) -> Term:
    """A rational factor: before a function as a number, under symbols as their denominator."""
    if q.denominator == 1 or not plain:
        return mul(num(q), *factors)
    lead = [f for f in factors if f in plain]
    rest = [f for f in factors if f not in plain]
    if q.numerator != 1:
        lead.insert(0, num(q.numerator))
    return mul(div(mul(*lead), num(q.denominator)), *rest)


def _factors(parts: Iterable[Term]) -> list[Term]:
    """Factors with products among them opened, so that no brackets are printed around them."""
    return [f for p in parts for f in (p.args if p.op == "mul" else (p,))]


def _flat(parts: list[Term]) -> Term:
    return mul(*_factors(parts))


def _power(base: Term, exponent: int) -> Term:
    return base if exponent == 1 else power(base, num(exponent))


def _rank(item: tuple[Term, int]) -> int:
    """Symbols first, then sums as they stand, then functions, then powers of sums."""
    base, exponent = item
    if base.op in ("sym", "const"):
        return 0
    if base.op != "add":
        return 2
    return 1 if exponent == 1 else 3


def tidy_sum(parts: Iterable[Term]) -> Term:
    """A flat sum, its first term without a minus if there is one without."""
    terms = list(parts)
    if not terms:
        return ZERO
    terms.sort(key=lambda t: t.op == "neg")
    return add(*terms)


def scaled(scale: Term, body: Term) -> Term:
    """scale times body, with no factor where it is one."""
    return body if scale is ONE else mul(scale, body)
