"""Independent answers for the records: SciPy's densities, random arguments, quadrature, and values of terms."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import integrate, special, stats

from lossproof.rulebook import Distribution, Rulebook
from lossproof.terms import Term

Array = NDArray[Any]
Values = dict[str, Any]
Draw = Callable[[np.random.Generator], Any]
INF = float("inf")


class Peer(NamedTuple):
    """How another program sees one distribution.

    ``draws`` gives random parameters, by the record's names; ``frozen`` an object with ``logpdf`` or
    ``logpmf`` and ``rvs``. ``pieces`` are the ends of the intervals on which the density is smooth (for a
    discrete distribution: its first and last value, or one beyond which the mass is negligible).
    """

    draws: Mapping[str, Draw]
    frozen: Callable[[Values], Any]
    pieces: Callable[[Values], Sequence[float]] | None = None
    extra: Mapping[str, int] = {}  # dimensions that the density mentions
    first: Callable[[Values], Values] | None = None  # corrects what was drawn, where draws depend on each other

    def parameters(self, rng: np.random.Generator) -> Values:
        """Random parameters inside their domains."""
        values = {name: draw(rng) for name, draw in self.draws.items()}
        return self.first(values) if self.first else values

    def log_density(self, y: Any, values: Values) -> Array:
        """The other program's log density, or log mass, at ``y``."""
        found = self.frozen(values)
        log = found.logpdf if hasattr(found, "logpdf") else found.logpmf
        return np.asarray(log(y), dtype=float)

    def variates(self, values: Values, rng: np.random.Generator, size: int) -> Array:
        """Random observations, samples along the first axis."""
        found = self.frozen(values)
        made = np.asarray(found.rvs(size) if isinstance(found, Sphere) else found.rvs(size=size, random_state=rng))
        return made.astype(float) if made.dtype.kind in "iu" else made


class LogDensity:
    """A density that SciPy does not have, with a way to draw from it or, if need be, just from its support."""

    def __init__(self, logpdf: Callable[[Array], Array], rvs: Callable[[np.random.Generator, int], Array]) -> None:
        self.logpdf = logpdf
        self._rvs = rvs

    def rvs(self, *, size: int, random_state: np.random.Generator) -> Array:
        return self._rvs(random_state, size)


class Sphere:
    """SciPy's von Mises-Fisher."""

    def __init__(self, mu: Array, kappa: float) -> None:
        self._inner = stats.vonmises_fisher(mu, kappa, seed=7)
        self.logpdf = self._inner.logpdf

    def rvs(self, size: int) -> Array:
        return np.asarray(self._inner.rvs(size=size))


class Classes:
    """A categorical distribution on 1, ..., K."""

    def __init__(self, p: Array) -> None:
        self.p = np.asarray(p)

    def logpmf(self, y: Any) -> Array:
        return np.log(self.p[np.asarray(y, dtype=int) - 1])  # type: ignore[no-any-return]

    def rvs(self, *, size: int, random_state: np.random.Generator) -> Array:
        return random_state.choice(len(self.p), size=size, p=self.p) + 1


def real(rng: np.random.Generator) -> float:
    return float(rng.uniform(-2, 2))


def positive(rng: np.random.Generator) -> float:
    return float(np.exp(rng.uniform(-0.7, 1)))


def unit(rng: np.random.Generator) -> float:
    return float(rng.uniform(0.1, 0.9))


def count(rng: np.random.Generator) -> int:
    return int(rng.integers(1, 9))


def real_vector(size: int) -> Draw:
    return lambda rng: rng.uniform(-2, 2, size)


def positive_vector(size: int) -> Draw:
    return lambda rng: np.exp(rng.uniform(-0.3, 1, size))


def shares(size: int) -> Draw:
    return lambda rng: rng.dirichlet(np.full(size, 2.0))


def unit_vector(size: int) -> Draw:
    def draw(rng: np.random.Generator) -> Array:
        v = rng.normal(size=size)
        return np.asarray(v / np.linalg.norm(v))

    return draw


def posdef(size: int) -> Draw:
    def draw(rng: np.random.Generator) -> Array:
        a = rng.normal(size=(size, size))
        return np.asarray(a @ a.T + 0.5 * np.eye(size))

    return draw


def around(name: str) -> Callable[[Values], Sequence[float]]:
    """The real line, cut at a parameter."""
    return lambda v: (-INF, v[name], INF)


def half_line(v: Values) -> Sequence[float]:
    return (0.0, 1.0, INF)


def interval(v: Values) -> Sequence[float]:
    return (0.0, 0.5, 1.0)


def fixed(*ends: float) -> Callable[[Values], Sequence[float]]:
    return lambda v: ends


def asymmetric(mu: float, sigma: float, tau: float) -> Any:
    kappa = np.sqrt(tau / (1 - tau))
    return stats.laplace_asymmetric(kappa, loc=mu, scale=kappa * sigma / tau)


def unnormalised(log_kernel: Callable[[Array], Array], cuts: Sequence[float]) -> LogDensity:
    """A density given by its kernel, its normaliser found by SciPy's quadrature."""
    total = sum(integrate.quad(lambda u: float(np.exp(log_kernel(u))), a, b)[0] for a, b in pairwise(cuts))
    return LogDensity(lambda y: log_kernel(y) - np.log(total), lambda rng, size: rng.normal(size=size) * 2)


def huber(v: Values) -> LogDensity:
    mu, delta = v["mu"], v["delta"]
    return unnormalised(lambda y: -special.huber(delta, np.asarray(y) - mu), (-INF, mu - delta, mu, mu + delta, INF))


def elastic_net(v: Values) -> LogDensity:
    return unnormalised(lambda y: -v["l1"] * np.abs(y) - v["l2"] * np.square(y), (-INF, 0.0, INF))


def kumaraswamy(v: Values) -> LogDensity:
    a, inner = v["a"], stats.beta(1, v["b"])  # y^a is Beta(1, b)
    return LogDensity(
        lambda y: inner.logpdf(y**a) + np.log(a) + (a - 1) * np.log(y),
        lambda rng, size: inner.rvs(size=size, random_state=rng) ** (1 / a),
    )


def logit_normal(v: Values) -> LogDensity:
    inner = stats.norm(v["mu"], v["sigma"])
    return LogDensity(
        lambda y: inner.logpdf(special.logit(y)) - np.log(y) - np.log1p(-y),
        lambda rng, size: special.expit(inner.rvs(size=size, random_state=rng)),
    )


def negative_binomial(mu: float, phi: float) -> Any:
    return stats.nbinom(phi, phi / (mu + phi))


def ordered(*names: str) -> Callable[[Values], Values]:
    """The drawn values of these names, sorted and kept apart."""

    def sort(v: Values) -> Values:
        found = sorted(v[n] for n in names)
        return {**v, **{n: f + k for k, (n, f) in enumerate(zip(names, found, strict=True))}}

    return sort


LOCATION = {"mu": real, "sigma": positive}
_CONTINUOUS: dict[str, Peer] = {
    "normal": Peer(LOCATION, lambda v: stats.norm(v["mu"], v["sigma"]), around("mu")),
    "std-normal": Peer({}, lambda v: stats.norm(), fixed(-INF, 0.0, INF)),
    "laplace": Peer(LOCATION, lambda v: stats.laplace(v["mu"], v["sigma"]), around("mu")),
    "asymmetric-laplace": Peer(
        LOCATION | {"tau": unit}, lambda v: asymmetric(v["mu"], v["sigma"], v["tau"]), around("mu")
    ),
    "skew-double-exponential": Peer(
        LOCATION | {"tau": unit}, lambda v: asymmetric(v["mu"], v["sigma"] / 2, v["tau"]), around("mu")
    ),
    "huber": Peer(
        {"mu": real, "delta": positive}, huber, lambda v: (-INF, v["mu"] - v["delta"], v["mu"] + v["delta"], INF)
    ),
    "generalized-normal": Peer(
        {"mu": real, "alpha": positive, "beta": positive},
        lambda v: stats.gennorm(v["beta"], loc=v["mu"], scale=v["alpha"]),
        around("mu"),
    ),
    "student-t": Peer({"nu": positive} | LOCATION, lambda v: stats.t(v["nu"], v["mu"], v["sigma"]), around("mu")),
    "cauchy": Peer(LOCATION, lambda v: stats.cauchy(v["mu"], v["sigma"]), around("mu")),
    "logistic": Peer(LOCATION, lambda v: stats.logistic(v["mu"], v["sigma"]), around("mu")),
    "hyperbolic-secant": Peer({"mu": real, "s": positive}, lambda v: stats.hypsecant(v["mu"], v["s"]), around("mu")),
    "gumbel": Peer({"mu": real, "beta": positive}, lambda v: stats.gumbel_r(v["mu"], v["beta"]), around("mu")),
    "exp-mod-normal": Peer(
        LOCATION | {"lam": positive},
        lambda v: stats.exponnorm(1 / (v["sigma"] * v["lam"]), loc=v["mu"], scale=v["sigma"]),
        lambda v: (v["mu"] - 10 * v["sigma"], v["mu"], v["mu"] + 10 * v["sigma"] + 40 / v["lam"]),
    ),
    "skew-normal": Peer(
        {"xi": real, "omega": positive, "alpha": real},
        lambda v: stats.skewnorm(v["alpha"], loc=v["xi"], scale=v["omega"]),
        around("xi"),
    ),
    "von-mises": Peer(
        {"mu": real, "kappa": positive}, lambda v: stats.vonmises(v["kappa"], loc=v["mu"]), fixed(-np.pi, np.pi)
    ),
    "uniform": Peer(
        {"lower": real, "upper": real},
        lambda v: stats.uniform(v["lower"], v["upper"] - v["lower"]),
        lambda v: (v["lower"], v["upper"]),
        first=ordered("lower", "upper"),
    ),
    "triangular": Peer(
        {"lower": real, "mode": real, "upper": real},
        lambda v: stats.triang(
            (v["mode"] - v["lower"]) / (v["upper"] - v["lower"]), loc=v["lower"], scale=v["upper"] - v["lower"]
        ),
        lambda v: (v["lower"], v["mode"], v["upper"]),
        first=ordered("lower", "mode", "upper"),
    ),
    "arcsine": Peer(
        {"lower": real, "upper": real},
        lambda v: stats.arcsine(v["lower"], v["upper"] - v["lower"]),
        lambda v: (v["lower"], v["upper"]),
        first=ordered("lower", "upper"),
    ),
    "levy": Peer(
        {"mu": real, "c": positive}, lambda v: stats.levy(v["mu"], v["c"]), lambda v: (v["mu"], v["mu"] + 1, INF)
    ),
    "elastic-net-prior": Peer({"l1": positive, "l2": positive}, elastic_net, fixed(-INF, 0.0, INF)),
    "log-normal": Peer(LOCATION, lambda v: stats.lognorm(v["sigma"], scale=np.exp(v["mu"])), half_line),
    "log-logistic": Peer(
        {"alpha": positive, "beta": positive}, lambda v: stats.fisk(v["beta"], scale=v["alpha"]), half_line
    ),
    "weibull": Peer(
        {"alpha": positive, "sigma": positive}, lambda v: stats.weibull_min(v["alpha"], scale=v["sigma"]), half_line
    ),
    "frechet": Peer(
        {"alpha": positive, "sigma": positive},
        lambda v: stats.invweibull(v["alpha"], scale=v["sigma"]),
        lambda v: (v["sigma"] * 300 ** (-1 / v["alpha"]), v["sigma"], INF),
    ),
    "rayleigh": Peer({"sigma": positive}, lambda v: stats.rayleigh(scale=v["sigma"]), half_line),
    "maxwell": Peer({"sigma": positive}, lambda v: stats.maxwell(scale=v["sigma"]), half_line),
    "exponential": Peer({"beta": positive}, lambda v: stats.expon(scale=1 / v["beta"]), half_line),
    "gamma": Peer(
        {"alpha": positive, "beta": positive}, lambda v: stats.gamma(v["alpha"], scale=1 / v["beta"]), half_line
    ),
    "inv-gamma": Peer(
        {"alpha": positive, "beta": positive},
        lambda v: stats.invgamma(v["alpha"], scale=v["beta"]),
        lambda v: (v["beta"] / 300, v["beta"], INF),  # below, exp(-beta/y) is 0
    ),
    "inverse-gaussian": Peer(
        {"mu": positive, "lam": positive}, lambda v: stats.invgauss(v["mu"] / v["lam"], scale=v["lam"]), half_line
    ),
    "chi-square": Peer({"nu": positive}, lambda v: stats.chi2(v["nu"]), half_line),
    "inv-chi-square": Peer({"nu": positive}, lambda v: stats.invgamma(v["nu"] / 2, scale=0.5), half_line),
    "scaled-inv-chi-square": Peer(
        {"nu": positive, "sigma": positive},
        lambda v: stats.invgamma(v["nu"] / 2, scale=v["nu"] * v["sigma"] ** 2 / 2),
        half_line,
    ),
    "pareto": Peer(
        {"y_min": positive, "alpha": positive},
        lambda v: stats.pareto(v["alpha"], scale=v["y_min"]),
        lambda v: (v["y_min"], v["y_min"] + 1, INF),
    ),
    "pareto-type2": Peer(
        {"mu": real, "lam": positive, "alpha": positive},
        lambda v: stats.lomax(v["alpha"], loc=v["mu"], scale=v["lam"]),
        lambda v: (v["mu"], v["mu"] + 1, INF),
    ),
    "lomax": Peer({"lam": positive, "alpha": positive}, lambda v: stats.lomax(v["alpha"], scale=v["lam"]), half_line),
    "burr": Peer({"c": positive, "k": positive}, lambda v: stats.burr12(v["c"], v["k"]), half_line),
    "gompertz": Peer({"eta": positive, "b": positive}, lambda v: stats.gompertz(v["eta"], scale=1 / v["b"]), half_line),
    "half-normal": Peer({"sigma": positive}, lambda v: stats.halfnorm(scale=v["sigma"]), half_line),
    "half-cauchy": Peer({"sigma": positive}, lambda v: stats.halfcauchy(scale=v["sigma"]), half_line),
    "beta": Peer({"alpha": positive, "beta": positive}, lambda v: stats.beta(v["alpha"], v["beta"]), interval),
    "beta-proportion": Peer(
        {"mu": lambda rng: float(rng.uniform(0.3, 0.7)), "kappa": lambda rng: float(rng.uniform(2, 9))},
        lambda v: stats.beta(v["mu"] * v["kappa"], (1 - v["mu"]) * v["kappa"]),
        interval,
    ),
    "kumaraswamy": Peer({"a": positive, "b": positive}, kumaraswamy, interval),
    "logit-normal": Peer(LOCATION, logit_normal, interval),
}
_DISCRETE: dict[str, Peer] = {
    "poisson": Peer({"lam": positive}, lambda v: stats.poisson(v["lam"]), fixed(0, 80)),
    "poisson-log": Peer({"alpha": real}, lambda v: stats.poisson(np.exp(v["alpha"])), fixed(0, 120)),
    "neg-binomial": Peer(
        {"alpha": positive, "beta": positive},
        lambda v: stats.nbinom(v["alpha"], v["beta"] / (1 + v["beta"])),
        fixed(0, 160),
    ),
    "neg-binomial2": Peer(
        {"mu": positive, "phi": positive}, lambda v: negative_binomial(v["mu"], v["phi"]), fixed(0, 160)
    ),
    "neg-binomial2-log": Peer(
        {"eta": lambda rng: float(rng.uniform(-1, 1)), "phi": positive},
        lambda v: negative_binomial(np.exp(v["eta"]), v["phi"]),
        fixed(0, 160),
    ),
    "binomial": Peer({"n": count, "p": unit}, lambda v: stats.binom(v["n"], v["p"]), lambda v: (0, v["n"])),
    "binomial-logit": Peer(
        {"n": count, "alpha": real}, lambda v: stats.binom(v["n"], special.expit(v["alpha"])), lambda v: (0, v["n"])
    ),
    "beta-binomial": Peer(
        {"n": count, "alpha": positive, "beta": positive},
        lambda v: stats.betabinom(v["n"], v["alpha"], v["beta"]),
        lambda v: (0, v["n"]),
    ),
    "geometric": Peer({"p": unit}, lambda v: stats.geom(v["p"], loc=-1), fixed(0, 400)),
    "bernoulli": Peer({"p": unit}, lambda v: stats.bernoulli(v["p"]), fixed(0, 1)),
    "bernoulli-logit": Peer({"alpha": real}, lambda v: stats.bernoulli(special.expit(v["alpha"])), fixed(0, 1)),
    "log-series": Peer({"p": unit}, lambda v: stats.logser(v["p"]), fixed(1, 400)),
    "zeta": Peer({"s": lambda rng: float(rng.uniform(4, 7))}, lambda v: stats.zipf(v["s"]), fixed(1, 5000)),
    "yule-simon": Peer(
        {"rho": lambda rng: float(rng.uniform(4, 7))}, lambda v: stats.yulesimon(v["rho"]), fixed(1, 5000)
    ),
    "discrete-uniform": Peer(
        {"lower": lambda rng: int(rng.integers(-5, 0)), "upper": count},
        lambda v: stats.randint(v["lower"], v["upper"] + 1),
        lambda v: (v["lower"], v["upper"]),
    ),
    "categorical": Peer({"p": shares(4)}, lambda v: Classes(v["p"]), fixed(1, 4), {"K": 4}),
    "categorical-logit": Peer({"z": real_vector(4)}, lambda v: Classes(special.softmax(v["z"])), fixed(1, 4), {"K": 4}),
}
_VECTOR: dict[str, Peer] = {
    "one-hot-categorical": Peer({"p": shares(3)}, lambda v: stats.multinomial(1, v["p"]), None, {"K": 3, "total": 1}),
    "multinomial": Peer({"p": shares(3)}, lambda v: stats.multinomial(5, v["p"]), None, {"K": 3, "total": 5}),
    "dirichlet": Peer({"alpha": positive_vector(3)}, lambda v: Simplex(v["alpha"]), None, {"K": 3}),
    "multi-normal": Peer(
        {"mu": real_vector(2), "Sigma": posdef(2)},
        lambda v: stats.multivariate_normal(v["mu"], v["Sigma"]),
        None,
        {"D": 2},
    ),
    "multi-normal-prec": Peer(
        {"mu": real_vector(2), "Omega": posdef(2)},
        lambda v: stats.multivariate_normal(v["mu"], np.linalg.inv(v["Omega"])),
        None,
        {"D": 2},
    ),
    "multi-student-t": Peer(
        {"nu": positive, "mu": real_vector(2), "Sigma": posdef(2)},
        lambda v: stats.multivariate_t(v["mu"], v["Sigma"], df=v["nu"]),
        None,
        {"D": 2},
    ),
    "von-mises-fisher": Peer(
        {"mu": unit_vector(3), "kappa": positive}, lambda v: Sphere(v["mu"], v["kappa"]), None, {"D": 3}
    ),
}


class Simplex:
    """SciPy's Dirichlet, which wants the samples along the last axis."""

    def __init__(self, alpha: Array) -> None:
        self._inner = stats.dirichlet(alpha)

    def logpdf(self, y: Array) -> Array:
        return np.asarray(self._inner.logpdf(np.moveaxis(y, -1, 0)))

    def rvs(self, *, size: int, random_state: np.random.Generator) -> Array:
        return np.asarray(self._inner.rvs(size=size, random_state=random_state))


_DRAWS: dict[str, Draw] = {"reals": real, "positive": positive, "nonnegative": positive, "unit": unit, "naturals": count}
_PIECES: dict[str, Sequence[float]] = {
    "reals": (-INF, 0.0, INF), "positive": (0.0, 1.0, INF), "nonnegative": (0.0, 1.0, INF), "unit": (0.0, 0.5, 1.0),
    "naturals": (0, 400), "integers": (-400, 400),
}  # fmt: skip


def plain_peer(record: Distribution) -> Peer | None:
    """For a record that no other program was named for: its own density, read by NumPy, at points of its support.

    None where its domains do not say enough: a vector, or a support that moves.
    """
    where = str(record.variate_domain.value) if record.variate_domain is not None else ""
    kinds = {n: str(d.value) for n, d in record.parameters.items()}
    if where not in _PIECES or record.density.support or not set(kinds.values()) <= _DRAWS.keys():
        return None

    def frozen(v: Values) -> LogDensity:
        def log(y: Array) -> Array:
            with np.errstate(all="ignore"):
                return np.log(np.asarray(value(record.density.after, {**v, record.variate: np.asarray(y)}), dtype=float))

        def rvs(rng: np.random.Generator, size: int) -> Array:
            return np.asarray(rng.poisson(3.0, size) if record.is_discrete else [_DRAWS[where](rng) for _ in range(size)])

        return LogDensity(log, rvs)

    return Peer({n: _DRAWS[k] for n, k in kinds.items()}, frozen, fixed(*_PIECES[where]))


#: Records that another program knows too.
NAMED: dict[str, Peer] = {**_CONTINUOUS, **_DISCRETE, **_VECTOR}


def all_peers() -> tuple[dict[str, Peer], frozenset[str]]:
    """A peer for each distribution record that is no combinator, and the ids of those that are discrete."""
    found, discrete = dict(NAMED), set(_DISCRETE) | {"one-hot-categorical", "multinomial"}
    book = Rulebook(Path(__file__).resolve().parent.parent / "rules")
    for record in (book.distribution(i) for i in book.distribution_ids):
        peer = None if record.is_combinator or record.id in NAMED else plain_peer(record)
        if peer is not None:
            found[record.id] = peer
            discrete |= {record.id} if record.is_discrete else set()
    return found, frozenset(discrete)


VECTOR = frozenset(_VECTOR)


def panel(a: float, b: float, *, step: float = 1 / 48, reach: float = 5.0) -> tuple[Array, Array]:
    """Nodes and weights of double-exponential quadrature on one interval, finite or not."""
    t = np.arange(-reach, reach + step / 2, step)
    inner, slope = np.pi / 2 * np.sinh(t), np.pi / 2 * np.cosh(t) * step
    if np.isinf(a):
        x, w = panel(-b, INF, step=step, reach=reach)
        return -x, w
    if np.isinf(b):
        nodes = np.exp(inner)
        return a + nodes, nodes * slope
    half = np.exp(-np.abs(inner)) / (2 * np.cosh(inner))  # the share from the nearer end
    x = np.where(t < 0, a + (b - a) * half, b - (b - a) * half)
    w = (b - a) * slope / (2 * np.cosh(inner) ** 2)
    inside = (x > a) & (x < b)
    return x[inside], w[inside]


def panels(pieces: Sequence[float]) -> tuple[Array, Array]:
    """Nodes and weights of an integral over adjoining intervals, in increasing order of nodes."""
    parts = [panel(a, b) for a, b in pairwise(pieces)]
    x, w = (np.concatenate(p) for p in zip(*parts, strict=True))
    order = np.argsort(x, kind="stable")
    return x[order], w[order]


# -- a second reading of terms, by NumPy and SciPy alone

_POINTWISE: dict[str, Callable[..., Any]] = {
    "neg": np.negative, "div": np.divide, "pow": np.power, "log": np.log, "exp": np.exp, "sqrt": np.sqrt, "abs": np.abs,
    "sigmoid": special.expit, "softplus": lambda x: np.logaddexp(0, x), "logit": special.logit, "tanh": np.tanh,
    "cosh": np.cosh, "sinh": np.sinh, "cos": np.cos, "sin": np.sin, "atan": np.arctan, "Phi": special.ndtr,
    "erf": special.erf, "erfc": special.erfc, "gamma": special.gamma, "lgamma": special.gammaln,
    "digamma": special.digamma, "factorial": lambda x: special.gamma(x + 1), "zeta": special.zeta,
    "beta": special.beta, "lbeta": special.betaln, "binomial": special.binom, "besseli": special.iv,
    "xlogy": special.xlogy, "indicator": lambda c: np.where(c, 1.0, 0.0), "cases": np.where,
    "eq": np.equal, "ne": np.not_equal, "lt": np.less, "le": np.less_equal, "gt": np.greater, "ge": np.greater_equal,
    "softmax": lambda v: special.softmax(v, axis=-1), "logsumexp": lambda v: special.logsumexp(v, axis=-1),
    "dot": lambda u, v: np.sum(u * v, axis=-1), "norm": lambda v: np.linalg.norm(v, axis=-1),
    "quad": lambda a, v: np.einsum("...i,ij,...j->...", v, a, v), "inv": np.linalg.inv, "det": np.linalg.det,
    "logdet": lambda a: np.linalg.slogdet(a)[1],
}  # fmt: skip


def value(term: Term, values: Mapping[str, Any]) -> Any:
    """The value of a term; symbols may be arrays of samples, vectors along the last axis."""
    op, args = term.op, term.args
    if op == "num":
        return float(Fraction(str(term.value)))
    if op == "const":
        return np.pi if term.value == "pi" else INF
    if op in ("sym", "bound"):
        return values[str(term.value)]
    if op in ("sum", "prod"):
        low, high = value(args[1], values), value(args[2], values)
        parts = []
        for k in range(int(np.min(low)), int(np.max(high)) + 1):
            part = value(args[3], {**values, str(args[0].value): k})
            inside = True if np.ndim(high) == np.ndim(low) == 0 else (low <= k) & (k <= high)  # an array: a range for each sample
            parts.append(part if inside is True else np.where(inside, part, op == "prod"))
        return sum(parts) if op == "sum" else math.prod(parts)
    if op == "in":
        assert args[1].value == "integers"
        return value(args[0], values) % 1 == 0
    inner = [value(a, values) for a in args]
    if op in ("add", "mul"):
        return sum(inner) if op == "add" else math.prod(inner)
    if op == "and":
        return np.logical_and.reduce(np.broadcast_arrays(*inner))
    if op == "at":
        return inner[0][..., np.asarray(inner[1], dtype=int) - 1]
    return _POINTWISE[op](*inner)


PEERS, DISCRETE = all_peers()
