"""Expectations of polynomials under normal and Poisson distributions, for the referee by SymPy; others stay as they are."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final

import sympy as sp
from sympy.functions.combinatorial.numbers import stirling

from lossproof.referees.walking import Beyond

Expr = Any
_MOST: Final = 12


@lru_cache(maxsize=32)
def _standard(k: int) -> Expr:
    """The k-th moment of the standard normal distribution, by SymPy's integral."""
    t = sp.Symbol("t", real=True)
    return sp.integrate(t**k * sp.exp(-(t**2) / 2) / sp.sqrt(2 * sp.pi), (t, -sp.oo, sp.oo))


def _normal(k: int, mu: Expr, sigma: Expr) -> Expr:
    return sum((sp.binomial(k, j) * mu ** (k - j) * sigma**j * _standard(j) for j in range(k + 1)), sp.Integer(0))


def _poisson(k: int, lam: Expr) -> Expr:
    return sum((stirling(k, j) * lam**j for j in range(k + 1)), sp.Integer(0))


#: The k-th moment of a distribution.
KNOWN: Final[dict[str, Callable[..., Expr]]] = {"dist:normal": _normal, "dist:poisson": _poisson}


def expected(dist: str, args: list[Expr], body: Expr, x: Expr) -> Expr:
    """The expectation of what is written in x, summand by summand: a summand that is no monomial is kept under a name."""
    total: Expr = sp.Integer(0)
    for term in sp.Add.make_args(sp.expand(body)):
        if term == 0:
            continue
        factor, rest = term.as_independent(x, as_Add=False)
        power = sp.Poly(rest, x).degree() if rest.is_polynomial(x) else None
        if power is None:
            total += factor * sp.Function("expected")(sp.Symbol(dist.replace(":", "_").replace("-", "_")), *args, rest)
        elif power > _MOST:
            raise Beyond("a high moment")
        else:
            total += factor * KNOWN[dist](int(power), *args)
    return total
