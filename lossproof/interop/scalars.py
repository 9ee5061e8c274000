"""Real functions of Python floats with IEEE answers: no exception, nan outside a domain.

Conditions are 1 (holds), 0 (fails) and 0.5 (undefined), so that and, or and not are min, max
and ``1 - c``. NumPy is not needed here.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from math import isnan
from typing import Final

from lossproof.errors import LimitError, ShapeError, UnsupportedError
from lossproof.interop.scopes import Evaluator, Plan, Scope
from lossproof.terms import Term

NAN: Final = math.nan
INF: Final = math.inf
LOG2: Final = math.log(2.0)
UNDEFINED: Final = 0.5
SMALL: Final = -40.0  # exp of less changes no digit of 1
MAX_TERMS: Final = 10_000_000


def quiet(f: Callable[[float], float], large: float = INF) -> Callable[[float], float]:
    """``f`` with nan for a domain error and ``large`` for an overflow."""

    def safe(x: float) -> float:
        try:
            return f(x)
        except ValueError:
            return NAN
        except OverflowError:
            return large

    return safe


def log(x: float) -> float:
    if x > 0.0:
        return math.log(x)
    return -INF if x == 0.0 else NAN


def log1p(x: float) -> float:
    if x > -1.0:
        return math.log1p(x)
    return -INF if x == -1.0 else NAN


def div(a: float, b: float) -> float:
    try:
        return a / b
    except ZeroDivisionError:
        return NAN if a == 0.0 or isnan(a) else math.copysign(INF, a) * math.copysign(1.0, b)


def power(a: float, b: float) -> float:
    try:
        return math.pow(a, b)
    except ValueError:
        return INF if a == 0.0 and b < 0.0 else NAN
    except OverflowError:
        return -INF if a < 0.0 and b % 2.0 == 1.0 else INF


exp: Final = quiet(math.exp)
expm1: Final = quiet(math.expm1)


def sigmoid(x: float) -> float:
    if x >= 0.0:
        return 1.0 / (1.0 + math.exp(-x))
    e = math.exp(x)
    return e / (1.0 + e)


def softplus(x: float) -> float:
    return max(x, 0.0) + math.log1p(math.exp(-abs(x))) if not isnan(x) else NAN


def logcosh(x: float) -> float:
    return abs(x) + math.log1p(math.exp(-2.0 * abs(x))) - LOG2


def log1mexp(x: float) -> float:
    """``log(1 - exp(x))`` for x <= 0."""
    return log(-expm1(x)) if x > -LOG2 else log1p(-exp(x))


def log_expm1(x: float) -> float:
    """``log(exp(x) - 1)`` for x >= 0."""
    return x + log1mexp(-x) if x >= 0.0 and x != INF else x if x == INF else NAN


def log_cloglog(x: float) -> float:
    """``log(1 - exp(-exp(x)))``, which is x far to the left."""
    return x if x < SMALL else log1mexp(-exp(x))


def log_softplus(x: float) -> float:
    """``log(softplus(x))``, which is x far to the left."""
    return x if x < SMALL else log(softplus(x))


def log_erfc(x: float) -> float:
    if not x > 25.0:
        return log(math.erfc(x))
    if x == INF:
        return -INF
    # The asymptotic series (DLMF 7.12.1); at 25 its seventh term is below 1e-16.
    t, term, total = 1.0 / (2.0 * x * x), 1.0, 0.0
    for k in range(1, 8):
        term *= -(2 * k - 1) * t
        total += term
    return -x * x - math.log(x) - 0.5 * math.log(math.pi) + math.log1p(total)


def log_ndtr(x: float) -> float:
    if x > 0.0:
        return log1p(-0.5 * math.erfc(x / math.sqrt(2.0)))
    return log_erfc(-x / math.sqrt(2.0)) - LOG2


def phi_diff(b: float, a: float) -> float:
    """``Phi(b) - Phi(a)``, computed in the tail that keeps its digits."""
    if a > 0.0:
        a, b = -b, -a
    r = math.sqrt(0.5)
    return 0.5 * (math.erfc(-b * r) - math.erfc(-a * r))


def log_phi_diff(b: float, a: float) -> float:
    """``log(Phi(b) - Phi(a))``."""
    if a > 0.0:
        a, b = -b, -a
    if not b >= a:
        return NAN
    top, low = log_ndtr(b), log_ndtr(a)
    return -INF if top == low else top + log1mexp(low - top)


def gamma(x: float) -> float:
    try:
        return math.gamma(x)
    except ValueError:
        return NAN
    except OverflowError:
        return INF


def lgamma(x: float) -> float:
    try:
        return math.lgamma(x)
    except (ValueError, OverflowError):
        return INF


def gamma_sign(x: float) -> float:
    if x > 0.0:
        return 1.0
    if isnan(x) or x == math.floor(x):
        return NAN
    return 1.0 if math.floor(x) % 2 == 0 else -1.0


def log_gamma(x: float) -> float:
    """``log(gamma(x))``: nan where the function of a negative number is negative."""
    return lgamma(x) if gamma_sign(x) > 0.0 else NAN


def factorial(x: float) -> float:
    if x == math.floor(x) and 0.0 <= x <= 170.0:
        return float(math.factorial(int(x)))
    return gamma(x + 1.0)


def lbeta(a: float, b: float) -> float:
    return lgamma(a) + lgamma(b) - lgamma(a + b)


def beta(a: float, b: float) -> float:
    return gamma_sign(a) * gamma_sign(b) * gamma_sign(a + b) * exp(lbeta(a, b))


def log_binomial(n: float, k: float) -> float:
    if k == math.floor(k) and n == math.floor(n) and (k < 0.0 or k > n >= 0.0):
        return -INF
    return log_gamma(n + 1.0) - log_gamma(k + 1.0) - log_gamma(n - k + 1.0)


def binomial(n: float, k: float) -> float:
    if 0.0 <= n <= 1000.0 and n == math.floor(n) and k == math.floor(k):
        try:
            return float(math.comb(int(n), int(k))) if k >= 0.0 else 0.0
        except OverflowError:
            return INF
    if k == math.floor(k) and k < 0.0:
        return 0.0
    sign = gamma_sign(n + 1.0) * gamma_sign(k + 1.0) * gamma_sign(n - k + 1.0)
    return sign * exp(lgamma(n + 1.0) - lgamma(k + 1.0) - lgamma(n - k + 1.0))


def xlogy(x: float, y: float) -> float:
    return 0.0 if x == 0.0 and not isnan(y) else x * log(y)


def xlog1py(x: float, y: float) -> float:
    return 0.0 if x == 0.0 and not isnan(y) else x * log1p(y)


def xtimes(x: float, log_y: float) -> float:
    """``x * log y`` from log y, 0 at x = 0."""
    return 0.0 if x == 0.0 else x * log_y


def log_pow(a: float, b: float) -> float:
    """``log(a^b)``."""
    return xtimes(b, log(abs(a))) if a >= 0.0 or b % 2.0 == 0.0 else NAN


def lse_parts(weights: Sequence[float], exponents: Sequence[float]) -> tuple[float, float]:
    """``sum w exp(e)`` as (s, m), meaning s * exp(m)."""
    kept = [-INF if w == 0.0 and not isnan(e) else e for w, e in zip(weights, exponents, strict=True)]
    if any(isnan(e) for e in kept):
        return NAN, 0.0
    m = max(kept, default=-INF)
    if m == INF:
        signs = {math.copysign(1.0, w) for w, e in zip(weights, kept, strict=True) if e == INF}
        return (signs.pop() if len(signs) == 1 else NAN), INF
    if m == -INF:
        return 0.0, 0.0
    return math.fsum(w * math.exp(e - m) for w, e in zip(weights, kept, strict=True)), m


def lse(*pairs: float) -> float:
    """``log|sum w exp(e)|`` of weights and exponents in turn."""
    s, m = lse_parts(pairs[::2], pairs[1::2])
    return m + log(abs(s))


def lse_sign(*pairs: float) -> float:
    """The sign of ``sum w exp(e)``."""
    return sgn(lse_parts(pairs[::2], pairs[1::2])[0])


def sgn(x: float) -> float:
    return NAN if isnan(x) else float((x > 0.0) - (x < 0.0))


def largest(*xs: float) -> float:
    return NAN if any(isnan(x) for x in xs) else max(xs)


def smallest(*xs: float) -> float:
    return NAN if any(isnan(x) for x in xs) else min(xs)


def total(xs: Sequence[float]) -> float:
    try:
        return math.fsum(xs)
    except (ValueError, OverflowError):
        return sum(xs)


def product(*xs: float) -> float:
    out = 1.0
    for x in xs:
        out *= x
    return out


def compare(test: Callable[[float, float], bool]) -> Callable[[float, float], float]:
    def decide(a: float, b: float) -> float:
        return UNDEFINED if isnan(a) or isnan(b) else float(test(a, b))

    return decide


def cases(condition: float, a: float, b: float) -> float:
    return NAN if condition == UNDEFINED else a if condition else b


def whole(x: float) -> bool:
    return math.isfinite(x) and x == math.floor(x)


#: Membership in a named set.
MEMBER: Final[dict[str, Callable[[float], bool]]] = {
    "reals": math.isfinite,
    "positive": lambda x: 0.0 < x < INF,
    "nonnegative": lambda x: 0.0 <= x < INF,
    "unit": lambda x: 0.0 < x < 1.0,
    "unit_closed": lambda x: 0.0 <= x <= 1.0,
    "integers": whole,
    "naturals": lambda x: whole(x) and x >= 0.0,
}


def member(place: Term, x: float, rest: Sequence[float]) -> float:
    """Whether x lies in a set whose arguments have the values ``rest``."""
    if isnan(x):
        return UNDEFINED
    if place.op == "domain":
        test = MEMBER.get(str(place.value))
        if test is None:
            raise UnsupportedError(f"membership in {place.value} cannot be evaluated")
        return float(test(x))
    if place.op == "set":
        return float(x in rest)
    if place.op == "categories":
        return float(whole(x) and 1.0 <= x <= rest[0])
    raise ShapeError(f"{place.op} is a set of vectors, and the value is a number")


FUNCTIONS: Final[dict[str, Callable[..., float]]] = {
    "add": lambda *xs: total(xs) if len(xs) > 2 else xs[0] + xs[1],
    "mul": product,
    "neg": lambda x: -x,
    "div": div,
    "pow": power,
    "exp": exp,
    "expm1": expm1,
    "log": log,
    "log1p": log1p,
    "sqrt": quiet(math.sqrt),
    "abs": abs,
    "sigmoid": sigmoid,
    "softplus": softplus,
    "logit": lambda x: log(x) - log1p(-x) if 0.0 <= x <= 1.0 else NAN,
    "tanh": math.tanh,
    "cosh": quiet(math.cosh),
    "sinh": lambda x: quiet(math.sinh, math.copysign(INF, x))(x),
    "cos": quiet(math.cos),
    "sin": quiet(math.sin),
    "atan": math.atan,
    "Phi": lambda x: 0.5 * math.erfc(-x * math.sqrt(0.5)),
    "erf": math.erf,
    "erfc": math.erfc,
    "gamma": gamma,
    "lgamma": lgamma,
    "factorial": factorial,
    "xlogy": xlogy,
    "beta": beta,
    "lbeta": lbeta,
    "binomial": binomial,
    "min": smallest,
    "max": largest,
    "indicator": lambda c: NAN if c == UNDEFINED else c,
    "stop_gradient": lambda x: x,
    "maximise": lambda x: x,
    "minimise": lambda x: x,
    "samples_sum": lambda x: x,
    "samples_mean": lambda x: x,
    "samples_prod": lambda x: x,
    "cases": cases,
    "eq": compare(lambda a, b: a == b),
    "ne": compare(lambda a, b: a != b),
    "lt": compare(lambda a, b: a < b),
    "le": compare(lambda a, b: a <= b),
    "gt": compare(lambda a, b: a > b),
    "ge": compare(lambda a, b: a >= b),
    "and": lambda *cs: min(cs),
    "or": lambda *cs: max(cs),
    "not": lambda c: 1.0 - c,
    # What interop.stable puts in place of logarithms.
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
    "log_pow": log_pow,
    "xlog1py": xlog1py,
    "xtimes": xtimes,
    "lse": lse,
    "lse_sign": lse_sign,
    "lse_samples": lse,
    "lse_samples_sign": lse_sign,
    "logabs": lambda x: log(abs(x)),
    "sgn": sgn,
}

LEAVES: Final = frozenset({"num", "sym", "bound", "const", "domain"})
OPERATORS: Final = FUNCTIONS.keys() | LEAVES | {"in", "set", "categories", "sum", "prod", "lse_sum", "lse_sum_sign"}


class ScalarEvaluator(Evaluator[float]):
    """Evaluates where every symbol is a number."""

    def __init__(self, plan: Plan, values: dict[str, float]) -> None:
        super().__init__(plan)
        self.values = values

    def apply(self, term: Term, args: Sequence[float]) -> float:
        op = term.op
        if op == "num":
            return to_float(term.value)
        if op == "sym":
            return self.values[str(term.value)]
        if op == "const":
            return math.pi if term.value == "pi" else INF
        if op == "in":
            return member(term.args[1], args[0], args[1:])
        return FUNCTIONS[op](*args)

    def bind(self, term: Term, limits: Sequence[float], scope: Scope[float]) -> float:
        lower, upper = limits
        if not (math.isfinite(lower) and math.isfinite(upper)):
            raise UnsupportedError(
                f"a sum over {scope.name} to infinity cannot be evaluated", hint="give a finite upper limit"
            )
        low, high = math.ceil(lower), math.floor(upper)
        if high - low >= MAX_TERMS:
            raise LimitError(f"a sum over {scope.name} has more than {MAX_TERMS} terms")
        found: list[list[float]] = [[] for _ in term.args[3:]]
        for k in range(low, high + 1):
            scope.memo.clear()
            scope.memo[term.args[0]] = float(k)
            for body, kept in zip(term.args[3:], found, strict=True):
                kept.append(self.run(body, scope))
        if term.op == "sum":
            return total(found[0])
        if term.op == "prod":
            return product(*found[0])
        s, m = lse_parts(*found)
        return sgn(s) if term.op == "lse_sum_sign" else m + log(abs(s))


def to_float(value: object) -> float:
    """A number as a float; infinite where it is too large for one."""
    try:
        return float(value)  # type: ignore[arg-type]
    except OverflowError:
        return INF if value > 0 else -INF  # type: ignore[operator]
