"""Sums of fractions, equations solved for a symbol, numbers as products of primes: algebra that search does on the side."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Final

from lossproof.facts import Algebra
from lossproof.facts.algebra import Poly, Rational
from lossproof.search.display import Display, product_of
from lossproof.terms import ZERO, Term, add, contains, fn, mul, neg, num, sym

_PRIMES: Final = (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47)


def prime_factors(q: Fraction) -> list[tuple[int, int]] | None:
    """The prime factors of a rational with their exponents, or None if it has a large one."""
    found: dict[int, int] = {}
    for part, sign in ((q.numerator, 1), (q.denominator, -1)):
        rest = part
        for p in _PRIMES:
            while rest % p == 0:
                rest //= p
                found[p] = found.get(p, 0) + sign
        if rest > 10**12:
            return None
        if rest > 1:
            found[rest] = found.get(rest, 0) + sign
    return sorted(found.items())


def equations(hypotheses: list[Term], display: Display, allowed: Callable[[str], bool]) -> list[tuple[Term, Term]]:
    """Hypotheses ``t == 0`` solved for a symbol: pairs of the symbol and what it equals."""
    found: list[tuple[Term, Term]] = []
    for h in hypotheses:
        if h.op != "eq":
            continue
        solved = solve(display.poly(h.args[0]), display, lambda n: allowed(n) and sym(n) not in [s for s, _ in found])
        if solved is not None:
            found.append(solved)
    return found


def over_one(term: Term, forms: Algebra) -> tuple[Term, Term]:
    """A sum of fractions as the numerator, multiplied out, and the common denominator."""
    poly = forms.poly(term)
    below: dict[Term, int] = {}
    for monomial in poly:
        for base, e in monomial:
            below[base] = min(below.get(base, 0), e)
    parts: list[Term] = []
    for monomial, q in poly.items():
        powers = dict(monomial)
        exponents = {b: powers.get(b, 0) - below.get(b, 0) for b in powers.keys() | below.keys()}
        ordered = sorted(exponents.items(), key=lambda item: forms.order_key(item[0]))
        factors = [f for b, e in ordered if e for f in ([b] * e if b.op == "add" else [product_of(1, {b: e})])]
        parts.append(mul(num(q), *factors))
    return add(*parts), product_of(1, {b: -e for b, e in sorted(below.items(), key=lambda item: forms.order_key(item[0])) if e < 0})


def without_minus(q: Rational, bases: dict[Term, int], display: Display) -> Term:
    """A product without a minus in front, if a sum can take it: e·(K - 1)/K."""
    sums = [b for b, e in bases.items() if b.op == "add" and e in (1, -1)]
    if q >= 0 or not sums:
        return product_of(q, bases)
    turned = display.sum_of(display.poly(sums[0]), divide=-1)
    return product_of(-q, {turned if b is sums[0] else b: e for b, e in bases.items()})


def solve(poly: Poly, display: Display, allowed: Callable[[str], bool]) -> tuple[Term, Term] | None:
    """A symbol that occurs in one monomial alone, with exponent 1, and what it equals if the poly is 0."""
    for monomial, q in poly.items():
        for base, e in monomial:
            if base.op != "sym" or e != 1 or not allowed(str(base.value)):
                continue
            others = {m: c for m, c in poly.items() if m is not monomial}
            if any(contains(b, base) for m in others for b, _ in m) or any(contains(b, base) for b, _ in monomial if b is not base):
                continue
            rest = {b: x for b, x in monomial if b is not base}
            value = fn("div", neg(display.sum_of(others)), product_of(q, rest)) if others else ZERO
            if not others:
                return base, value
            above, below = over_one(value, display)
            return base, without_minus(*display.product(fn("div", display.factored(above), below)), display)
    return None
