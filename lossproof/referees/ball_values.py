"""Values for the referee by balls: exact rationals as long as they can be, else python-flint balls.

A function raises Undefined where it certainly has no value, and Unsure where the ball does not decide.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import reduce
from typing import Any, Final

from flint import arb, fmpq

from lossproof.referees.walking import Beyond, Undefined, Unsure

Value = Any  # Fraction, arb, an infinite float, a list of values, or a bool

ZERO: Final = Fraction(0)
ONE: Final = Fraction(1)
HALF: Final = Fraction(1, 2)
_EXACT_BITS: Final = 4_000
_MOST: Final = 2_000


def ball(x: Value) -> arb:
    """A real as a ball."""
    if isinstance(x, Fraction):
        return arb(fmpq(x.numerator, x.denominator))
    if isinstance(x, float):
        raise Undefined("infinity")
    if isinstance(x, list | bool):
        raise Beyond("a vector or a condition where a number is expected")
    found: arb = x
    return found


def kept(x: arb | Fraction) -> Value:
    """A result, if it tells something."""
    if isinstance(x, Fraction):
        return x if x.numerator.bit_length() + x.denominator.bit_length() < _EXACT_BITS else ball(x)
    if not x.is_finite():
        raise Unsure("a ball without bound")
    return x


def sign(x: Value) -> int:
    """-1, 0 or 1."""
    if isinstance(x, Fraction | float):
        return (x > 0) - (x < 0)
    b = ball(x)
    if b > 0:
        return 1
    if b < 0:
        return -1
    if b.is_zero():
        return 0
    raise Unsure("a sign")


def positive(x: Value, what: str) -> arb:
    """The ball of a positive number."""
    if sign(x) <= 0:
        raise Undefined(f"{what} of what is not positive")
    return ball(x)


def add(x: Value, y: Value) -> Value:
    if isinstance(x, float) or isinstance(y, float):
        if isinstance(x, float) and isinstance(y, float) and x != y:
            raise Undefined("oo - oo")
        return x if isinstance(x, float) else y
    return kept(x + y if isinstance(x, Fraction) and isinstance(y, Fraction) else ball(x) + ball(y))


def neg(x: Value) -> Value:
    return -x


def mul(x: Value, y: Value) -> Value:
    if isinstance(x, float) or isinstance(y, float):
        s = sign(x) * sign(y)
        if not s:
            raise Undefined("0 times oo")
        return math.inf * s
    if isinstance(x, Fraction) and isinstance(y, Fraction):
        return kept(x * y)
    return ZERO if (isinstance(x, Fraction) and not x) or (isinstance(y, Fraction) and not y) else kept(ball(x) * ball(y))


def div(x: Value, y: Value) -> Value:
    if isinstance(y, float):
        if isinstance(x, float):
            raise Undefined("oo/oo")
        return ZERO
    s = sign(y)
    if not s:
        raise Undefined("a division by 0")
    if isinstance(x, float):
        return x * s
    return kept(x / y if isinstance(x, Fraction) and isinstance(y, Fraction) else ball(x) / ball(y))


def whole_power(x: Value, n: int) -> Value:
    if n < 0:
        return div(ONE, whole_power(x, -n))
    if isinstance(x, Fraction) and n * (x.numerator.bit_length() + x.denominator.bit_length()) < _EXACT_BITS:
        return x**n
    out, square = arb(1), ball(x)
    while n:  # arb's own power takes logarithms, which a ball around 0 has none of
        out, square, n = out * square if n & 1 else out, square * square, n >> 1
    return kept(out)


def power(x: Value, y: Value) -> Value:
    """x^y of the reals; x^0 is 1."""
    if isinstance(y, Fraction) and y.denominator == 1 and abs(y) < 10**6:
        return ONE if y == 0 else whole_power(x, int(y))
    if sign(x) == 0:
        if sign(y) > 0:
            return ZERO
        raise Undefined("0 to a power that is not positive")
    return exp(mul(y, kept(positive(x, "a real power").log())))


def sqrt(x: Value) -> Value:
    if sign(x) < 0:
        raise Undefined("a root of what is negative")
    if isinstance(x, Fraction):
        p, q = math.isqrt(x.numerator), math.isqrt(x.denominator)
        if p * p == x.numerator and q * q == x.denominator:
            return Fraction(p, q)
    return x if isinstance(x, float) else kept(ball(x).sqrt())


def exp(x: Value) -> Value:
    if isinstance(x, float):
        return x if x > 0 else ZERO
    return ONE if isinstance(x, Fraction) and not x else kept(ball(x).exp())


def log(x: Value) -> Value:
    """The logarithm; that of 0 is -oo."""
    s = sign(x)
    if s < 0:
        raise Undefined("a logarithm of what is negative")
    if s == 0:
        return -math.inf
    if isinstance(x, float):
        return x
    return ZERO if isinstance(x, Fraction) and x == 1 else kept(ball(x).log())


def lgamma(x: Value) -> Value:
    if isinstance(x, Fraction) and x in (1, 2):
        return ZERO
    return kept(positive(x, "lgamma").lgamma())


def gamma(x: Value) -> Value:
    if isinstance(x, Fraction) and x.denominator == 1:
        if x <= 0:
            raise Undefined("gamma at a pole")
        if x < _MOST:
            return kept(Fraction(math.factorial(int(x) - 1)))
    return kept(ball(x).gamma())


def factorial(x: Value) -> Value:
    return gamma(add(x, ONE))


def beta(a: Value, b: Value) -> Value:
    x, y = positive(a, "beta"), positive(b, "beta")
    return kept((x.lgamma() + y.lgamma() - (x + y).lgamma()).exp())


def lbeta(a: Value, b: Value) -> Value:
    x, y = positive(a, "lbeta"), positive(b, "lbeta")
    return kept(x.lgamma() + y.lgamma() - (x + y).lgamma())


def binomial(n: Value, k: Value) -> Value:
    if isinstance(n, Fraction) and isinstance(k, Fraction) and n.denominator == k.denominator == 1 and 0 <= n < _MOST:
        return Fraction(math.comb(int(n), int(k))) if 0 <= k <= n else ZERO
    a, b = ball(n), ball(k)
    return kept((a + 1).gamma() * (b + 1).rgamma() * (a - b + 1).rgamma())


def xlogy(x: Value, y: Value) -> Value:
    return ZERO if sign(x) == 0 else mul(x, log(y))


def softplus(x: Value) -> Value:
    return log(add(ONE, exp(x)))


def sigmoid(x: Value) -> Value:
    return div(ONE, add(ONE, exp(neg(x))))


def logit(x: Value) -> Value:
    return add(log(x), neg(log(add(ONE, neg(x)))))


def phi(x: Value) -> Value:
    return HALF if isinstance(x, Fraction) and not x else kept((-ball(x) / arb(2).sqrt()).erfc() / 2)


def besseli(nu: Value, x: Value) -> Value:
    if sign(x) < 0 and not (isinstance(nu, Fraction) and nu.denominator == 1):
        raise Undefined("a Bessel function of what is negative")
    return kept(ball(x).bessel_i(ball(nu)))


def zeta(s: Value) -> Value:
    if isinstance(s, Fraction) and s == 1:
        raise Undefined("zeta at its pole")
    return kept(ball(s).zeta())


def compare(x: Value, y: Value) -> int:
    """-1, 0 or 1 for x < y, x = y, x > y."""
    if isinstance(x, float) or isinstance(y, float):
        a, b = (v if isinstance(v, float) else 0.0 for v in (x, y))
        return (a > b) - (a < b)
    return sign(add(x, neg(y)))


def largest(x: Value, y: Value) -> Value:
    if isinstance(x, arb) or isinstance(y, arb):
        return kept(ball(x).max(ball(y)))
    return max(x, y)


def smallest(x: Value, y: Value) -> Value:
    return neg(largest(neg(x), neg(y)))


def _analytic(name: str) -> Callable[[Value], Value]:
    at_zero = {"tanh": ZERO, "sinh": ZERO, "sin": ZERO, "atan": ZERO, "erf": ZERO, "cosh": ONE, "cos": ONE, "erfc": ONE}.get(name)

    def call(x: Value) -> Value:
        if at_zero is not None and isinstance(x, Fraction) and not x:
            return at_zero
        return kept(getattr(ball(x), name)())

    return call


def size(x: Value) -> Value:
    return abs(x) if isinstance(x, Fraction | float) else kept(abs(ball(x)))


def digamma(x: Value) -> Value:
    return kept(positive(x, "digamma").digamma())


# -- vectors are lists, matrices lists of rows


def each(function: Callable[..., Value], *args: Value) -> Value:
    """A function of each component; a number goes with every component."""
    lengths = {len(a) for a in args if isinstance(a, list)}
    if not lengths:
        return function(*args)
    if len(lengths) > 1:
        raise Beyond("vectors of different lengths")
    return [each(function, *(a[i] if isinstance(a, list) else a for a in args)) for i in range(lengths.pop())]


def plus(*xs: Value) -> Value:
    return reduce(lambda x, y: each(add, x, y), xs)


def vector(v: Value) -> list[Value]:
    if not isinstance(v, list) or not v or isinstance(v[0], list):
        raise Beyond("a vector is expected")
    return v


def matrix(a: Value) -> list[list[Value]]:
    if not isinstance(a, list) or not all(isinstance(row, list) and len(row) == len(a) for row in a):
        raise Beyond("a square matrix is expected")
    return a


def dot(u: Value, v: Value) -> Value:
    if len(vector(u)) != len(vector(v)):
        raise Beyond("vectors of different lengths")
    return reduce(add, map(mul, u, v))


def times(*factors: Value) -> Value:
    """A product; of a matrix with what is no number, the matrix product."""
    out = factors[0]
    for x in factors[1:]:
        if isinstance(out, list) and isinstance(out[0], list) and isinstance(x, list):
            columns = [list(c) for c in zip(*x, strict=True)] if isinstance(x[0], list) else [x]
            rows = [[dot(row, column) for column in columns] for row in out]
            out = rows if isinstance(x[0], list) else [row[0] for row in rows]
        else:
            out = each(mul, out, x)
    return out


def diag(v: Value) -> Value:
    if isinstance(v, list) and v and isinstance(v[0], list):
        return [row[i] for i, row in enumerate(matrix(v))]
    return [[x if i == j else ZERO for j in range(len(v))] for i, x in enumerate(vector(v))]


def eliminated(a: Value) -> tuple[Value, list[list[Value]]]:
    """The determinant and, unless it is 0, the inverse."""
    n = len(matrix(a))
    rows = [[*row, *(ONE if i == j else ZERO for j in range(n))] for i, row in enumerate(a)]
    det: Value = ONE
    for c in range(n):
        pivot = next((k for k in range(c, n) if sign(rows[k][c])), None)
        if pivot is None:
            return ZERO, []
        if pivot != c:
            rows[c], rows[pivot], det = rows[pivot], rows[c], neg(det)
        top = rows[c][c]
        det = mul(det, top)
        rows[c] = [div(x, top) for x in rows[c]]
        for k in range(n):
            if k != c:
                factor = rows[k][c]
                rows[k] = [add(x, neg(mul(factor, y))) for x, y in zip(rows[k], rows[c], strict=True)]
    return det, [row[n:] for row in rows]


def inverse(a: Value) -> Value:
    det, rows = eliminated(a)
    if isinstance(det, Fraction) and not det:
        raise Undefined("the inverse of a singular matrix")
    return rows


def softmax(v: Value) -> Value:
    parts = [exp(add(x, neg(v[0]))) for x in vector(v)]
    total = reduce(add, parts)
    return [div(x, total) for x in parts]


def whole(x: Value) -> int:
    if not isinstance(x, Fraction) or x.denominator != 1:
        raise Beyond("a whole number is expected")
    return x.numerator


def component(v: Value, *places: Value) -> Value:
    for k in map(whole, places):
        if not isinstance(v, list) or not 1 <= k <= len(v):
            raise Undefined("a component that is not there")
        v = v[k - 1]
    return v


def eye(d: Value) -> Value:
    n = whole(d)
    if not 1 <= n <= 50:
        raise Beyond("such a size")
    return diag([ONE] * n)


def _fold(function: Callable[[Value, Value], Value]) -> Callable[..., Value]:
    return lambda *xs: reduce(function, xs)


#: Functions of numbers, of each component where a vector stands.
SCALAR: Final[dict[str, Callable[..., Value]]] = {
    "neg": neg, "div": div, "pow": power, "exp": exp, "log": log, "sqrt": sqrt, "abs": size, "sigmoid": sigmoid,
    "softplus": softplus, "logit": logit, "Phi": phi, "gamma": gamma, "lgamma": lgamma, "digamma": digamma,
    "factorial": factorial, "zeta": zeta, "xlogy": xlogy, "beta": beta, "lbeta": lbeta, "binomial": binomial,
    "besseli": besseli, "stop_gradient": lambda x: x, "maximise": lambda x: x, "minimise": lambda x: x,
    "min": _fold(smallest), "max": _fold(largest),
    **{name: _analytic(name) for name in ("tanh", "cosh", "sinh", "cos", "sin", "atan", "erf", "erfc")},
}  # fmt: skip
#: Functions of vectors, matrices and conditions.
WHOLE: Final[dict[str, Callable[..., Value]]] = {
    "add": plus, "mul": times, "at": component, "vec": lambda *xs: list(xs), "dot": dot, "norm": lambda v: sqrt(dot(v, v)),
    "quad": lambda a, v: dot(v, times(matrix(a), v)), "det": lambda a: eliminated(a)[0], "logdet": lambda a: log(eliminated(a)[0]),
    "inv": inverse, "trace": lambda a: reduce(add, diag(matrix(a))), "diag": diag, "eye": eye, "softmax": softmax,
    "logsumexp": lambda v: log(reduce(add, map(exp, vector(v)))), "not": lambda c: not c, "and": lambda *cs: all(cs),
    "or": lambda *cs: any(cs), "indicator": lambda c: ONE if c else ZERO,
}  # fmt: skip
COMPARED: Final[dict[str, Callable[[int], bool]]] = {
    "eq": lambda c: c == 0, "ne": lambda c: c != 0, "lt": lambda c: c < 0, "le": lambda c: c <= 0, "gt": lambda c: c > 0, "ge": lambda c: c >= 0,
}  # fmt: skip


def equals(x: Value, y: Value) -> bool:
    """Whether two values are the same: numbers, vectors, matrices."""
    if isinstance(x, list) or isinstance(y, list):
        return isinstance(x, list) and isinstance(y, list) and len(x) == len(y) and all(map(equals, x, y))
    return compare(x, y) == 0


def flat(v: Value) -> Sequence[Value]:
    """The numbers in a value."""
    return [x for part in v for x in flat(part)] if isinstance(v, list) else [v]
