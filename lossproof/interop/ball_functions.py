"""Functions of exact rationals and balls; None where undefined or undecided.

A value is a Fraction while it is exact, else a python-flint ``arb`` that encloses it, or an infinite
float (from ``oo`` alone). Whatever is not finite and decided becomes None.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import reduce
from typing import Any, Final

from flint import arb, fmpq

Real = Any  # Fraction | arb | float (infinite)
Maybe = Any  # Real | list | bool | None

ZERO: Final = Fraction(0)
ONE: Final = Fraction(1)

#: Exact results with more bits than this are rounded to balls.
MAX_BITS: Final = 20_000


def ball(x: Real) -> arb:
    """A value as a ball at the precision in force."""
    if isinstance(x, Fraction):
        return arb(fmpq(x.numerator, x.denominator))
    if isinstance(x, float):
        return arb.pos_inf() if x > 0 else arb.neg_inf()
    found: arb = x
    return found


def kept(x: Maybe) -> Maybe:
    """The value, or None for a ball that tells nothing; exact results of moderate size stay exact."""
    if isinstance(x, Fraction):
        long = x.numerator.bit_length() + x.denominator.bit_length() > MAX_BITS
        return ball(x) if long else x
    return x if x is None or isinstance(x, float) or x.is_finite() else None


def infinite(*xs: Real) -> bool:
    return any(isinstance(x, float) for x in xs)


def sign(x: Real) -> int | None:
    """-1, 0 or 1; None if the ball does not decide."""
    if isinstance(x, Fraction | float):
        return (x > 0) - (x < 0)
    return 1 if x > 0 else -1 if x < 0 else 0 if x.is_zero() else None


def add(x: Real, y: Real) -> Maybe:
    if infinite(x, y):
        if infinite(x) and infinite(y) and x != y:
            return None
        return x if infinite(x) else y
    if isinstance(x, Fraction) and isinstance(y, Fraction):
        return kept(x + y)
    return kept(ball(x) + ball(y))


def neg(x: Real) -> Maybe:
    return -x


def mul(x: Real, y: Real) -> Maybe:
    if infinite(x, y):
        s, t = sign(x), sign(y)
        return math.inf * s * t if s and t else None
    if isinstance(x, Fraction) and isinstance(y, Fraction):
        return kept(x * y)
    if 0 in (sign(x), sign(y)):
        return Fraction(0)
    return kept(ball(x) * ball(y))


def div(x: Real, y: Real) -> Maybe:
    if infinite(y):
        return None if infinite(x) else Fraction(0)
    s = sign(y)
    if not s:
        return None
    if infinite(x):
        return x * s
    if isinstance(x, Fraction) and isinstance(y, Fraction):
        return kept(x / y)
    return kept(ball(x) / ball(y))


def power(x: Real, y: Real) -> Maybe:
    """``x^y`` of the reals; x^0 is 1."""
    if y == 0 and isinstance(y, Fraction):
        return Fraction(1)
    if infinite(x, y):
        return None
    if isinstance(y, Fraction) and y.denominator == 1:
        return _integer_power(x, int(y))
    s, t = sign(x), sign(y)
    if s == 0:
        return Fraction(0) if t == 1 else None
    if isinstance(y, Fraction) and y.denominator == 2 and s == 1:
        root = sqrt(x)
        return None if root is None else _integer_power(root, y.numerator)
    return kept((ball(x).log() * ball(y)).exp()) if s == 1 else None


def _integer_power(x: Real, n: int) -> Maybe:
    if n < 0:
        below = _integer_power(x, -n)
        return None if below is None else div(Fraction(1), below)
    if isinstance(x, Fraction) and n * (x.numerator.bit_length() + x.denominator.bit_length()) <= MAX_BITS:
        return x**n
    return kept(ball(x) ** n)


def sqrt(x: Real) -> Maybe:
    if infinite(x):
        return x if x > 0 else None
    if isinstance(x, Fraction):
        if x < 0:
            return None
        p, q = math.isqrt(x.numerator), math.isqrt(x.denominator)
        if p * p == x.numerator and q * q == x.denominator:
            return Fraction(p, q)
    return kept(ball(x).sqrt())


def exp(x: Real) -> Maybe:
    if infinite(x):
        return x if x > 0 else Fraction(0)
    return Fraction(1) if sign(x) == 0 else kept(ball(x).exp())


def log(x: Real) -> Maybe:
    if infinite(x):
        return x if x > 0 else None
    return Fraction(0) if x == 1 and isinstance(x, Fraction) else kept(ball(x).log())


def known(f: Callable[[arb], arb], at: int = 0, value: Fraction | None = None) -> Callable[[Real], Maybe]:
    """A function of balls, with its exact value at one integer."""

    def call(x: Real) -> Maybe:
        if infinite(x):
            return None
        if value is not None and isinstance(x, Fraction) and x == at:
            return value
        return kept(f(ball(x)))

    return call


def gamma(x: Real) -> Maybe:
    if infinite(x):
        return None
    if isinstance(x, Fraction) and x.denominator == 1 and x <= 1000:
        return kept(Fraction(math.factorial(int(x) - 1))) if x > 0 else None
    return kept(ball(x).gamma())


def lgamma(x: Real) -> Maybe:
    if infinite(x):
        return None
    if isinstance(x, Fraction) and x in (1, 2):
        return Fraction(0)
    return kept(ball(x).lgamma() if sign(x) == 1 else abs(ball(x).gamma()).log())


def factorial(x: Real) -> Maybe:
    return gamma(add(x, Fraction(1)))


def binomial(n: Real, k: Real) -> Maybe:
    if infinite(n, k):
        return None
    if all(isinstance(v, Fraction) and v.denominator == 1 for v in (n, k)):
        if k < 0 or k > n >= 0:
            return Fraction(0)
        if 0 <= n <= 1000:
            return kept(Fraction(math.comb(int(n), int(k))))
    a, b = ball(n), ball(k)
    return kept((a + 1).gamma() * (b + 1).rgamma() * (a - b + 1).rgamma())


def beta(a: Real, b: Real) -> Maybe:
    if infinite(a, b):
        return None
    x, y = ball(a), ball(b)
    return kept(x.gamma() * y.gamma() * (x + y).rgamma())


def lbeta(a: Real, b: Real) -> Maybe:
    parts = [lgamma(a), lgamma(b), lgamma(add(a, b))]
    return None if None in parts else add(add(parts[0], parts[1]), neg(parts[2]))


def xlogy(x: Real, y: Real) -> Maybe:
    if sign(x) == 0:
        return Fraction(0)
    found = log(y)
    return None if found is None else mul(x, found)


def softplus(x: Real) -> Maybe:
    if infinite(x):
        return x if x > 0 else Fraction(0)
    return kept((1 + ball(x).exp()).log())


def sigmoid(x: Real) -> Maybe:
    if infinite(x):
        return Fraction(int(x > 0))
    return Fraction(1, 2) if sign(x) == 0 else kept(1 / (1 + (-ball(x)).exp()))


def logit(x: Real) -> Maybe:
    if infinite(x):
        return None
    odds = div(x, add(Fraction(1), neg(x)))
    return None if odds is None else log(odds)


def phi(x: Real) -> Maybe:
    if infinite(x):
        return Fraction(int(x > 0))
    return Fraction(1, 2) if sign(x) == 0 else kept((-ball(x) / arb(2).sqrt()).erfc() / 2)


def size(x: Real) -> Maybe:
    return abs(x)


def besseli(nu: Real, x: Real) -> Maybe:
    return None if infinite(nu, x) else kept(ball(x).bessel_i(ball(nu)))


def logsumexp(*xs: Real) -> Maybe:
    parts = [exp(x) for x in xs]
    total = None if None in parts else _fold(add, parts)
    return None if total is None else log(total)


def softmax(xs: Sequence[Real]) -> Maybe:
    # Against the first component, so that the result stays exact where it can.
    if infinite(*xs):
        return None
    shifted = [exp(add(x, neg(xs[0]))) for x in xs]
    total = None if None in shifted else reduce(add, shifted)
    return None if total is None else [div(x, total) for x in shifted]


def _extreme(exact: Callable[..., Any], balls: Callable[[arb, arb], arb]) -> Callable[..., Maybe]:
    def two(x: Real, y: Real) -> Maybe:
        if not isinstance(x, arb) and not isinstance(y, arb):
            return exact(x, y)
        if infinite(x, y):
            return x if exact(x, 0 if infinite(x) else y) is x else y
        return kept(balls(ball(x), ball(y)))

    return lambda *xs: reduce(two, xs)


largest: Final = _extreme(max, lambda a, b: a.max(b))
smallest: Final = _extreme(min, lambda a, b: a.min(b))


def less(x: Real, y: Real) -> bool | None:
    """x < y."""
    if isinstance(x, Fraction | float) and isinstance(y, Fraction | float):
        return bool(x < y)
    if infinite(x, y):
        return bool(x < 0 if infinite(x) else y > 0)
    a, b = ball(x), ball(y)
    return True if a < b else False if a >= b else None


def equal(x: Real, y: Real) -> bool | None:
    if isinstance(x, Fraction | float) and isinstance(y, Fraction | float):
        return x == y
    if infinite(x, y) or not ball(x).overlaps(ball(y)):
        return False
    return True if ball(x).is_exact() and ball(y).is_exact() else None


def negate(c: bool | None) -> bool | None:
    return None if c is None else not c


def every(*cs: bool | None) -> bool | None:
    return False if False in cs else None if None in cs else True


def some(*cs: bool | None) -> bool | None:
    return True if True in cs else None if None in cs else False


def integral(x: Real) -> bool | None:
    if isinstance(x, Fraction):
        return x.denominator == 1
    if isinstance(x, float) or not x.contains_integer():
        return False
    return True if x.is_exact() else None


#: Membership in a named set, three-valued.
MEMBER: Final[dict[str, Callable[[Real], bool | None]]] = {
    "reals": lambda x: not infinite(x),
    "positive": lambda x: every(not infinite(x), less(ZERO, x)),
    "nonnegative": lambda x: every(not infinite(x), negate(less(x, ZERO))),
    "unit": lambda x: every(less(ZERO, x), less(x, ONE)),
    "unit_closed": lambda x: every(negate(less(x, ZERO)), negate(less(ONE, x))),
    "integers": integral,
    "naturals": lambda x: every(integral(x), negate(less(x, ZERO))),
}

#: Functions of reals, of which None gives None.
REAL: Final[dict[str, Callable[..., Maybe]]] = {
    "add": lambda *xs: _fold(add, xs),
    "mul": lambda *xs: _fold(mul, xs),
    "neg": neg,
    "div": div,
    "pow": power,
    "exp": exp,
    "log": log,
    "sqrt": sqrt,
    "abs": size,
    "sigmoid": sigmoid,
    "softplus": softplus,
    "logit": logit,
    "tanh": known(lambda x: x.tanh(), 0, ZERO),
    "cosh": known(lambda x: x.cosh(), 0, ONE),
    "sinh": known(lambda x: x.sinh(), 0, ZERO),
    "cos": known(lambda x: x.cos(), 0, ONE),
    "sin": known(lambda x: x.sin(), 0, ZERO),
    "atan": known(lambda x: x.atan(), 0, ZERO),
    "Phi": phi,
    "erf": known(lambda x: x.erf(), 0, ZERO),
    "erfc": known(lambda x: x.erfc(), 0, ONE),
    "gamma": gamma,
    "lgamma": lgamma,
    "digamma": known(lambda x: x.digamma()),
    "factorial": factorial,
    "zeta": known(lambda x: x.zeta()),
    "xlogy": xlogy,
    "beta": beta,
    "lbeta": lbeta,
    "binomial": binomial,
    "besseli": besseli,
    "max": largest,
    "min": smallest,
    "stop_gradient": lambda x: x,
    "maximise": lambda x: x,
    "minimise": lambda x: x,
    "lt": less,
    "gt": lambda x, y: less(y, x),
    "le": lambda x, y: negate(less(y, x)),
    "ge": lambda x, y: negate(less(x, y)),
    "eq": equal,
    "ne": lambda x, y: negate(equal(x, y)),
}


def _fold(f: Callable[[Real, Real], Maybe], xs: Sequence[Real]) -> Maybe:
    out: Maybe = xs[0]
    for x in xs[1:]:
        out = None if out is None else f(out, x)
    return out
