"""Densities that the referee by balls knows of itself, from the literature, so that what a record unfolds to is judged and not believed.

Arguments come in the record's order, the value last. Where the support moves with an argument, the density is 0 outside.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from functools import reduce
from typing import Any, Final

from flint import arb

from lossproof.referees import ball_values as v
from lossproof.referees.ball_values import Value


class _X:
    """A value with the signs of arithmetic."""

    __slots__ = ("value",)

    def __init__(self, value: Value) -> None:
        self.value = Fraction(value) if isinstance(value, int) else value

    def __add__(self, other: Any) -> _X:
        return _X(v.add(self.value, _value(other)))

    def __mul__(self, other: Any) -> _X:
        return _X(v.mul(self.value, _value(other)))

    def __truediv__(self, other: Any) -> _X:
        return _X(v.div(self.value, _value(other)))

    def __pow__(self, other: Any) -> _X:
        return _X(v.power(self.value, _value(other)))

    def __neg__(self) -> _X:
        return _X(v.neg(self.value))

    def __sub__(self, other: Any) -> _X:
        return self + (-_X(_value(other)))

    def __radd__(self, other: Any) -> _X:
        return _X(other) + self

    def __rsub__(self, other: Any) -> _X:
        return _X(other) - self

    def __rmul__(self, other: Any) -> _X:
        return _X(other) * self

    def __rtruediv__(self, other: Any) -> _X:
        return _X(other) / self

    def __rpow__(self, other: Any) -> _X:
        return _X(other) ** self

    def __lt__(self, other: Any) -> bool:
        return v.compare(self.value, _value(other)) < 0

    def __le__(self, other: Any) -> bool:
        return v.compare(self.value, _value(other)) <= 0

    def __iter__(self) -> Iterator[_X]:
        return iter([_X(x) for x in v.vector(self.value)])


def _value(x: Any) -> Value:
    return x.value if isinstance(x, _X) else Fraction(x) if isinstance(x, int) else x


def _fn(function: Callable[..., Value]) -> Callable[..., _X]:
    return lambda *xs: _X(function(*map(_value, xs)))


exp, log, sqrt, gamma, factorial, size = _fn(v.exp), _fn(v.log), _fn(v.sqrt), _fn(v.gamma), _fn(v.factorial), _fn(v.size)
beta, choose, besseli, zeta, sigmoid, dot = _fn(v.beta), _fn(v.binomial), _fn(v.besseli), _fn(v.zeta), _fn(v.sigmoid), _fn(v.dot)
erf, erfc, cos, quad, det = (_fn({**v.SCALAR, **v.WHOLE}[name]) for name in ("erf", "erfc", "cos", "quad", "det"))


def _pi() -> _X:
    return _X(arb.pi())


def _total(xs: Iterable[_X]) -> _X:
    return reduce(lambda a, b: a + b, xs)


def _product(xs: Iterable[_X]) -> _X:
    return reduce(lambda a, b: a * b, xs)


def _normal(m: _X, s: _X, y: _X) -> _X:
    return exp(-(((y - m) / s) ** 2) / 2) / (s * sqrt(2 * _pi()))


def _bernoulli(p: _X, y: _X) -> _X:
    return p if y.value == 1 else 1 - p if y.value == 0 else _X(0)


def _one(p: _X, y: _X) -> _X:
    k = v.whole(y.value)
    return list(p)[k - 1] if 1 <= k <= len(v.vector(p.value)) else _X(0)


def _softmax(z: _X, y: _X) -> _X:
    parts = [exp(x) for x in z]
    return parts[v.whole(y.value) - 1] / _total(parts)


def _binomial(n: _X, p: _X, y: _X) -> _X:
    return choose(n, y) * p**y * (1 - p) ** (n - y)


def _beta(a: _X, b: _X, y: _X) -> _X:
    return y ** (a - 1) * (1 - y) ** (b - 1) / beta(a, b)


def _check_loss(u: _X, tau: _X) -> _X:
    return u * (tau - 1) if u < 0 else u * tau


def _huber(m: _X, d: _X, y: _X) -> _X:
    u = size(y - m)
    loss = u**2 / 2 if u <= d else d * (u - d / 2)
    return exp(-loss) / (sqrt(2 * _pi()) * erf(d / sqrt(2)) + 2 * exp(-(d**2) / 2) / d)


def _between(low: _X, high: _X, y: _X, density: Callable[[], _X]) -> _X:
    return density() if low <= y <= high else _X(0)


def _triangular(low: _X, mode: _X, high: _X, y: _X) -> _X:
    if y < low or high < y:
        return _X(0)
    return 2 * (y - low) / ((high - low) * (mode - low)) if y <= mode else 2 * (high - y) / ((high - low) * (high - mode))


def _student(nu: _X, m: _X, s: _X, y: _X) -> _X:
    return gamma((nu + 1) / 2) / (gamma(nu / 2) * sqrt(nu * _pi()) * s) * (1 + ((y - m) / s) ** 2 / nu) ** (-(nu + 1) / 2)


def _negative(r: _X, p: _X, y: _X) -> _X:
    return gamma(y + r) / (gamma(r) * factorial(y)) * p**r * (1 - p) ** y


def _minus(y: _X, m: _X) -> _X:
    return _X(v.each(lambda a, b: v.add(a, v.neg(b)), v.vector(y.value), m.value))  # 0 is the zero vector, too


def _inverse(a: _X) -> _X:
    return _X(v.inverse(a.value))


def _length(y: _X) -> _X:
    return _X(len(v.vector(y.value)))


def _vector_student(nu: _X, m: _X, scale: _X, y: _X) -> _X:
    d = _length(y)
    norm = gamma(nu / 2) * (nu * _pi()) ** (d / 2) * sqrt(det(scale))
    return gamma((nu + d) / 2) / norm * (1 + quad(_inverse(scale), _minus(y, m)) / nu) ** (-(nu + d) / 2)


def _gamma(a: _X, b: _X, y: _X) -> _X:
    return b**a * y ** (a - 1) * exp(-b * y) / gamma(a)


def _inv_gamma(a: _X, b: _X, y: _X) -> _X:
    return b**a * y ** (-a - 1) * exp(-b / y) / gamma(a)


def _elastic(l1: _X, l2: _X, w: _X) -> _X:
    mass = sqrt(_pi() / l2) * exp(l1**2 / (4 * l2)) * erfc(l1 / (2 * sqrt(l2)))
    return exp(-l1 * size(w) - l2 * w**2) / mass


def _exp_mod_normal(m: _X, s: _X, lam: _X, y: _X) -> _X:
    return lam / 2 * exp(lam / 2 * (2 * m + lam * s**2 - 2 * y)) * erfc((m + lam * s**2 - y) / (sqrt(2) * s))


def _on_sphere(m: _X, k: _X, y: _X) -> _X:
    half = _length(y) / 2
    return k ** (half - 1) / ((2 * _pi()) ** half * besseli(half - 1, k)) * exp(k * dot(m, y))


_KNOWN: Final[dict[str, Callable[..., _X]]] = {
    "arcsine": lambda a, b, y: 1 / (_pi() * sqrt((y - a) * (b - y))) if a < y < b else _X(0),
    "asymmetric-laplace": lambda m, s, t, y: t * (1 - t) / s * exp(-_check_loss((y - m) / s, t)),
    "bernoulli": _bernoulli,
    "bernoulli-logit": lambda a, y: _bernoulli(sigmoid(a), y),
    "beta": _beta,
    "beta-binomial": lambda n, a, b, y: choose(n, y) * beta(y + a, n - y + b) / beta(a, b),
    "beta-proportion": lambda m, k, y: _beta(m * k, (1 - m) * k, y),
    "binomial": _binomial,
    "binomial-logit": lambda n, a, y: _binomial(n, sigmoid(a), y),
    "burr": lambda c, k, y: c * k * y ** (c - 1) / (1 + y**c) ** (k + 1),
    "categorical": _one,
    "categorical-logit": _softmax,
    "cauchy": lambda m, s, y: 1 / (_pi() * s * (1 + ((y - m) / s) ** 2)),
    "chi-square": lambda nu, y: _gamma(nu / 2, _X(Fraction(1, 2)), y),
    "dirichlet": lambda a, y: gamma(_total(a)) * _product(p ** (k - 1) / gamma(k) for k, p in zip(a, y, strict=True)),
    "discrete-uniform": lambda a, b, y: _between(a, b, y, lambda: 1 / (b - a + 1)),
    "elastic-net-prior": _elastic,
    "exp-mod-normal": _exp_mod_normal,
    "exponential": lambda rate, y: rate * exp(-rate * y),
    "frechet": lambda a, s, y: a / s * (y / s) ** (-1 - a) * exp(-((y / s) ** (-a))),
    "gamma": _gamma,
    "generalized-normal": lambda m, a, b, y: b / (2 * a * gamma(1 / b)) * exp(-((size(y - m) / a) ** b)),
    "geometric": lambda p, y: p * (1 - p) ** y,
    "gompertz": lambda eta, b, y: b * eta * exp(b * y) * exp(-eta * (exp(b * y) - 1)),
    "gumbel": lambda m, b, y: exp(-(y - m) / b - exp(-(y - m) / b)) / b,
    "half-cauchy": lambda s, y: 2 / (_pi() * s * (1 + (y / s) ** 2)),
    "half-normal": lambda s, y: 2 * _normal(_X(0), s, y),
    "huber": _huber,
    "hyperbolic-secant": lambda m, s, y: 2 / ((exp((y - m) / s) + exp(-(y - m) / s)) * _pi() * s),
    "inv-chi-square": lambda nu, y: _inv_gamma(nu / 2, _X(Fraction(1, 2)), y),
    "inv-gamma": _inv_gamma,
    "inverse-gaussian": lambda m, lam, y: sqrt(lam / (2 * _pi() * y**3)) * exp(-lam * (y - m) ** 2 / (2 * m**2 * y)),
    "kumaraswamy": lambda a, b, y: a * b * y ** (a - 1) * (1 - y**a) ** (b - 1),
    "laplace": lambda m, s, y: exp(-size(y - m) / s) / (2 * s),
    "levy": lambda m, c, y: sqrt(c / (2 * _pi())) * exp(-c / (2 * (y - m))) / (y - m) ** Fraction(3, 2) if m < y else _X(0),
    "log-logistic": lambda a, b, y: b / a * (y / a) ** (b - 1) / (1 + (y / a) ** b) ** 2,
    "log-normal": lambda m, s, y: _normal(m, s, log(y)) / y,
    "log-series": lambda p, y: p**y / (-log(1 - p) * y),
    "logistic": lambda m, s, y: exp(-(y - m) / s) / (s * (1 + exp(-(y - m) / s)) ** 2),
    "logit-normal": lambda m, s, y: _normal(m, s, log(y / (1 - y))) / (y * (1 - y)),
    "lomax": lambda lam, a, y: a / lam * (1 + y / lam) ** (-a - 1),
    "maxwell": lambda s, y: sqrt(2 / _pi()) * y**2 / s**3 * exp(-(y**2) / (2 * s**2)),
    "multi-normal": lambda m, c, y: exp(-quad(_inverse(c), _minus(y, m)) / 2) / sqrt((2 * _pi()) ** _length(y) * det(c)),
    "multi-normal-prec": lambda m, p, y: exp(-quad(p, _minus(y, m)) / 2) * sqrt(det(p)) / (2 * _pi()) ** (_length(y) / 2),
    "multi-student-t": _vector_student,
    "multinomial": lambda p, y: factorial(_total(y)) * _product(q**k / factorial(k) for q, k in zip(p, y, strict=True)),
    "neg-binomial": lambda a, b, y: _negative(a, b / (b + 1), y),
    "neg-binomial2": lambda m, phi, y: _negative(phi, phi / (m + phi), y),
    "neg-binomial2-log": lambda eta, phi, y: _negative(phi, phi / (exp(eta) + phi), y),
    "normal": _normal,
    "one-hot-categorical": dot,
    "pareto": lambda m, a, y: a * m**a / y ** (a + 1) if m <= y else _X(0),
    "pareto-type2": lambda m, lam, a, y: a / lam * (1 + (y - m) / lam) ** (-a - 1) if m <= y else _X(0),
    "poisson": lambda lam, y: lam**y * exp(-lam) / factorial(y),
    "poisson-log": lambda a, y: exp(a * y - exp(a)) / factorial(y),
    "rayleigh": lambda s, y: y / s**2 * exp(-(y**2) / (2 * s**2)),
    "scaled-inv-chi-square": lambda nu, s, y: _inv_gamma(nu / 2, nu * s**2 / 2, y),
    "skew-double-exponential": lambda m, s, t, y: 2 * t * (1 - t) / s * exp(-2 * _check_loss((y - m) / s, t)),
    "skew-normal": lambda xi, w, a, y: _normal(xi, w, y) * erfc(-a * (y - xi) / (w * sqrt(2))),
    "std-normal": lambda y: _normal(_X(0), _X(1), y),
    "student-t": _student,
    "triangular": _triangular,
    "uniform": lambda a, b, y: _between(a, b, y, lambda: 1 / (b - a)),
    "von-mises": lambda m, k, y: exp(k * cos(y - m)) / (2 * _pi() * besseli(0, k)),
    "von-mises-fisher": _on_sphere,
    "weibull": lambda a, s, y: a / s * (y / s) ** (a - 1) * exp(-((y / s) ** a)),
    "yule-simon": lambda rho, y: rho * beta(y, rho + 1),
    "zeta": lambda s, y: y ** (-s) / zeta(s),
}


def density(dist: str) -> Callable[..., Value] | None:
    """The density of a distribution's arguments and the value, or None."""
    known = _KNOWN.get(dist.removeprefix("dist:"))
    return None if known is None else lambda *args: known(*map(_X, args)).value
