"""Functions of float64 arrays; importing this imports NumPy, and SciPy only when it is needed."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import reduce
from importlib import import_module
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from lossproof.interop.scalars import LOG2, SMALL, UNDEFINED

Array = NDArray[np.float64]
Truth = NDArray[np.bool_]


def special(name: str) -> Callable[..., Array]:
    """A function of scipy.special, imported at the first call."""

    def call(*args: Array) -> Array:
        found: Any = getattr(import_module("scipy.special"), name)
        return np.asarray(found(*args), dtype=np.float64)

    return call


gammaln: Final = special("gammaln")
gammasgn: Final = special("gammasgn")
log_ndtr: Final = special("log_ndtr")


def pole(x: Array) -> Truth:
    return np.asarray((x <= 0.0) & (x == np.floor(x)))


def sigmoid(x: Array) -> Array:
    e = np.exp(-np.abs(x))
    return np.where(x >= 0.0, 1.0, e) / (1.0 + e)


def softplus(x: Array) -> Array:
    return np.maximum(x, 0.0) + np.log1p(np.exp(-np.abs(x)))


def logcosh(x: Array) -> Array:
    return np.abs(x) + np.log1p(np.exp(-2.0 * np.abs(x))) - LOG2


def log1mexp(x: Array) -> Array:
    return np.where(x > -LOG2, np.log(-np.expm1(x)), np.log1p(-np.exp(x)))


def log_expm1(x: Array) -> Array:
    return np.where(x == np.inf, x, np.where(x >= 0.0, x + log1mexp(-x), np.nan))


def log_cloglog(x: Array) -> Array:
    return np.where(x < SMALL, x, log1mexp(-np.exp(x)))


def log_softplus(x: Array) -> Array:
    return np.where(x < SMALL, x, np.log(softplus(x)))


def log_erfc(x: Array) -> Array:
    return log_ndtr(-x * math.sqrt(2.0)) + LOG2


def _tail(b: Array, a: Array) -> tuple[Array, Array]:
    """The interval mirrored into the lower tail, where its digits are."""
    flip = a > 0.0
    return np.where(flip, -a, b), np.where(flip, -b, a)


def phi_diff(b: Array, a: Array) -> Array:
    b, a = _tail(b, a)
    ndtr = special("ndtr")
    return ndtr(b) - ndtr(a)


def log_phi_diff(b: Array, a: Array) -> Array:
    b, a = _tail(b, a)
    top, low = log_ndtr(b), log_ndtr(a)
    inside = np.where(top == low, -np.inf, top + log1mexp(low - top))
    return np.where(b >= a, inside, np.nan)


def gamma(x: Array) -> Array:
    return np.where(pole(x), np.nan, special("gamma")(x))


def log_gamma(x: Array) -> Array:
    return np.where(~pole(x) & (gammasgn(x) > 0.0), gammaln(x), np.nan)


def lbeta(a: Array, b: Array) -> Array:
    return np.where((a > 0.0) & (b > 0.0), special("betaln")(a, b), gammaln(a) + gammaln(b) - gammaln(a + b))


def log_binomial(n: Array, k: Array) -> Array:
    outside = (n == np.floor(n)) & (k == np.floor(k)) & ((k < 0.0) | ((k > n) & (n >= 0.0)))
    inside = log_gamma(n + 1.0) - log_gamma(k + 1.0) - log_gamma(n - k + 1.0)
    return np.where(outside, -np.inf, inside)


def binomial(n: Array, k: Array) -> Array:
    outside = (n == np.floor(n)) & (k == np.floor(k)) & ((k < 0.0) | ((k > n) & (n >= 0.0)))
    return np.where(outside, 0.0, special("binom")(n, k))


def log_besseli(nu: Array, x: Array) -> Array:
    return np.log(special("ive")(nu, x)) + np.abs(x)


def xlogy(x: Array, y: Array) -> Array:
    return np.where((x == 0.0) & ~np.isnan(y), 0.0, x * np.log(y))


def xlog1py(x: Array, y: Array) -> Array:
    return np.where((x == 0.0) & ~np.isnan(y), 0.0, x * np.log1p(y))


def xtimes(x: Array, log_y: Array) -> Array:
    return np.where(x == 0.0, 0.0, x * log_y)


def log_pow(a: Array, b: Array) -> Array:
    return np.where((a >= 0.0) | (b % 2.0 == 0.0), xtimes(b, np.log(np.abs(a))), np.nan)


def logit(x: Array) -> Array:
    return np.where((x >= 0.0) & (x <= 1.0), np.log(x) - np.log1p(-x), np.nan)


def shifted(weights: Array, exponents: Array, axis: int) -> tuple[Array, Array]:
    """``sum w exp(e)`` along an axis, which stays, as (s, m), meaning s * exp(m)."""
    weights, exponents = np.broadcast_arrays(weights, exponents)
    kept = np.where((weights == 0.0) & ~np.isnan(exponents), -np.inf, exponents)
    m = np.max(kept, axis=axis, keepdims=True)
    # At m = +inf only the infinite terms count: exp(0) for them, exp(-inf) for the rest.
    relative = np.where(kept == m, 0.0, kept - m)
    s = np.sum(np.where(m == -np.inf, 0.0, weights * np.exp(relative)), axis=axis, keepdims=True)
    return s, np.where(m == -np.inf, 0.0, m)


def _stacked(pairs: tuple[Array, ...]) -> tuple[Array, Array]:
    whole = np.broadcast_arrays(*pairs)
    return shifted(np.stack(whole[::2]), np.stack(whole[1::2]), 0)


def lse(*pairs: Array) -> Array:
    """``log|sum w exp(e)|`` of weights and exponents in turn."""
    s, m = _stacked(pairs)
    return np.asarray((m + np.log(np.abs(s)))[0])


def lse_sign(*pairs: Array) -> Array:
    return np.asarray(np.sign(_stacked(pairs)[0])[0])


def compare(test: Callable[[Array, Array], Any]) -> Callable[[Array, Array], Array]:
    def decide(a: Array, b: Array) -> Array:
        return np.where(np.isnan(a) | np.isnan(b), UNDEFINED, test(a, b))

    return decide


def cases(condition: Array, a: Array, b: Array) -> Array:
    return np.where(condition == UNDEFINED, np.nan, np.where(condition == 1.0, a, b))


def fold(f: Callable[[Array, Array], Array]) -> Callable[..., Array]:
    return lambda *xs: reduce(f, xs)


def whole(x: Array) -> Truth:
    return np.asarray(np.isfinite(x) & (x == np.floor(x)))


MEMBER: Final[dict[str, Callable[[Array], Truth]]] = {
    "reals": np.isfinite,
    "positive": lambda x: (x > 0.0) & (x < np.inf),
    "nonnegative": lambda x: (x >= 0.0) & (x < np.inf),
    "unit": lambda x: (x > 0.0) & (x < 1.0),
    "unit_closed": lambda x: (x >= 0.0) & (x <= 1.0),
    "integers": whole,
    "naturals": lambda x: whole(x) & (x >= 0.0),
}

#: Functions that act on each component alone.
FUNCTIONS: Final[dict[str, Callable[..., Array]]] = {
    "add": fold(np.add),
    "neg": np.negative,
    "div": np.divide,
    "pow": np.power,
    "exp": np.exp,
    "expm1": np.expm1,
    "log": np.log,
    "log1p": np.log1p,
    "sqrt": np.sqrt,
    "abs": np.abs,
    "sigmoid": sigmoid,
    "softplus": softplus,
    "logit": logit,
    "tanh": np.tanh,
    "cosh": np.cosh,
    "sinh": np.sinh,
    "cos": np.cos,
    "sin": np.sin,
    "atan": np.arctan,
    "Phi": special("ndtr"),
    "erf": special("erf"),
    "erfc": special("erfc"),
    "gamma": gamma,
    "lgamma": gammaln,
    "digamma": special("digamma"),
    "factorial": lambda x: gamma(x + 1.0),
    "zeta": special("zeta"),
    "xlogy": xlogy,
    "beta": special("beta"),
    "lbeta": lbeta,
    "binomial": binomial,
    "besseli": special("iv"),
    "min": fold(np.minimum),
    "max": fold(np.maximum),
    "indicator": lambda c: np.where(c == UNDEFINED, np.nan, c),
    "stop_gradient": lambda x: x,
    "maximise": lambda x: x,
    "minimise": lambda x: x,
    "cases": cases,
    "eq": compare(np.equal),
    "ne": compare(np.not_equal),
    "lt": compare(np.less),
    "le": compare(np.less_equal),
    "gt": compare(np.greater),
    "ge": compare(np.greater_equal),
    "and": fold(np.minimum),
    "or": fold(np.maximum),
    "not": lambda c: 1.0 - c,
    "logcosh": logcosh,
    "log1mexp": log1mexp,
    "log_expm1": log_expm1,
    "log_cloglog": log_cloglog,
    "log_softplus": log_softplus,
    "log_erfc": log_erfc,
    "log_ndtr": log_ndtr,
    "phi_diff": phi_diff,
    "log_phi_diff": log_phi_diff,
    "log_gamma": log_gamma,
    "log_binomial": log_binomial,
    "log_besseli": log_besseli,
    "log_pow": log_pow,
    "xlog1py": xlog1py,
    "xtimes": xtimes,
    "lse": lse,
    "lse_sign": lse_sign,
    "logabs": lambda x: np.log(np.abs(x)),
    "sgn": np.sign,
}
