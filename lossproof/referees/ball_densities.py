"""Densities that the referee by balls knows of itself, so that unfolding one is judged and not believed."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import reduce
from typing import Any, Final

from flint import arb

from lossproof.referees.ball_values import (
    ONE,
    ZERO,
    Value,
    add,
    component,
    div,
    exp,
    factorial,
    gamma,
    mul,
    neg,
    power,
    size,
    sqrt,
    whole,
)


def _minus(x: Value, y: Value) -> Value:
    return add(x, neg(y))


def _bernoulli(p: Value, y: Value) -> Value:
    return p if y == 1 else _minus(ONE, p) if y == 0 else ZERO


def _normal(mu: Value, sigma: Value, y: Value) -> Value:
    z = div(_minus(y, mu), sigma)
    return div(exp(div(neg(mul(z, z)), Fraction(2))), mul(sigma, sqrt(mul(Fraction(2), arb.pi()))))


def _laplace(mu: Value, b: Value, y: Value) -> Value:
    return div(exp(neg(div(size(_minus(y, mu)), b))), mul(Fraction(2), b))


def _poisson(lam: Value, y: Value) -> Value:
    return div(mul(power(lam, y), exp(neg(lam))), factorial(y))


def _exponential(lam: Value, y: Value) -> Value:
    return mul(lam, exp(neg(mul(lam, y))))


def _gamma(alpha: Value, beta: Value, y: Value) -> Value:
    return div(mul(mul(power(beta, alpha), power(y, _minus(alpha, ONE))), exp(neg(mul(beta, y)))), gamma(alpha))


def _one_hot(p: Value, y: Value) -> Value:
    return reduce(add, (mul(a, b) for a, b in zip(p, y, strict=True)))


def _categorical(p: Value, y: Value) -> Value:
    return component(p, y) if 1 <= whole(y) <= len(p) else ZERO


_KNOWN: Final[dict[str, Callable[..., Any]]] = {
    "bernoulli": _bernoulli, "categorical": _categorical, "exponential": _exponential, "gamma": _gamma, "laplace": _laplace,
    "normal": _normal, "one-hot-categorical": _one_hot, "poisson": _poisson,
}  # fmt: skip


def density(dist: str) -> Callable[..., Any] | None:
    """The density of a distribution's arguments and the value, or None."""
    return _KNOWN.get(dist.removeprefix("dist:"))
