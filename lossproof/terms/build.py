"""Short constructors; none of them simplifies."""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from typing import Final

from lossproof.terms.node import Term, make


@lru_cache(4096)
def num(value: int | str | Fraction) -> Term:
    """An exact rational number."""
    return make("num", (), Fraction(value))


@lru_cache(4096)
def sym(name: str) -> Term:
    """A symbol, by its canonical ASCII name."""
    return make("sym", (), name)


@lru_cache(4096)
def bound(name: str) -> Term:
    """An index that a sum or product over it binds."""
    return make("bound", (), name)


@lru_cache(4096)
def const(name: str) -> Term:
    """A constant: ``pi`` or ``oo``."""
    return make("const", (), name)


@lru_cache(4096)
def domain(name: str) -> Term:
    """A named set of values: reals, positive, unit, integers, ..."""
    return make("domain", (), name)


def fn(name: str, *args: Term) -> Term:
    """Any operator applied to its arguments."""
    return make(name, args)


def add(*terms: Term) -> Term:
    """The sum, flat as given; of one term that term, of none 0."""
    if len(terms) < 2:
        return terms[0] if terms else ZERO
    return make("add", terms)


def mul(*factors: Term) -> Term:
    """The product, flat as given; of one factor that factor, of none 1."""
    if len(factors) < 2:
        return factors[0] if factors else ONE
    return make("mul", factors)


def neg(term: Term) -> Term:
    """Minus a term."""
    return make("neg", (term,))


def sub(left: Term, right: Term) -> Term:
    """A difference: there is no operator of its own, ``a - b`` is ``add(a, neg(b))``."""
    return make("add", (left, neg(right)))


def div(numerator: Term, denominator: Term) -> Term:
    """A quotient."""
    return make("div", (numerator, denominator))


def power(base: Term, exponent: Term | int) -> Term:
    """A power."""
    return make("pow", (base, num(exponent) if isinstance(exponent, int) else exponent))


ZERO: Final = num(0)
ONE: Final = num(1)
PI: Final = const("pi")
INFINITY: Final = const("oo")
