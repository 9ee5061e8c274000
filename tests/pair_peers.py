"""An oracle for the table in pairs.py that shares no code with the program.

Formulas are read as Python's own syntax trees and evaluated in NumPy at many parameter points at once. It knows no algebra:
what it says of a pair is what thousands of random points say.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Any, Final

import numpy as np
from scipy import special, stats

Value = Any  # a float, an array over the parameter points, a (nested) list of those for a vector or matrix

_GREEK: Final = {
    "σ": "sigma", "μ": "mu", "θ": "theta", "λ": "lam", "τ": "tau", "ŷ": "yhat", "²": "^2", "ε": "eps", "β": "beta", "γ": "gam", "∞": "oo",
}  # fmt: skip
_SAMPLES: Final = {"sum": np.add, "mean": np.add, "prod": np.multiply}


# -- reading


@cache
def tree(text: str) -> ast.expr:
    """A formula as Python's syntax tree."""
    for letter, name in _GREEK.items():
        text = text.replace(letter, name)
    return ast.parse(text.replace("^", "**"), mode="eval").body


def split_commas(text: str) -> list[str]:
    """The parts of a text between the commas that stand in no parentheses."""
    parts, depth = [""], 0
    for c in text:
        depth += (c in "([{") - (c in ")]}")
        if c == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += c
    return [p.strip() for p in parts if p.strip()]


def names_in(
    node: ast.AST, lets: Mapping[str, ast.expr], *, outside: bool = False, bound: frozenset[str] = frozenset()
) -> Iterator[str]:
    """Every symbol of a formula, definitions put in, but for indices and variables; y_k is y under an index k.

    ``outside``: only where no sum or mean over the samples is around it.
    """

    def within(*nodes: ast.AST, more: tuple[str, ...] = ()) -> Iterator[str]:
        for part in nodes:
            yield from names_in(part, lets, outside=outside, bound=bound.union(more))

    if isinstance(node, ast.Name):
        base, _, last = node.id.rpartition("_")
        if node.id in bound:
            return
        if node.id in lets:
            yield from names_in(lets[node.id], lets, outside=outside)
        else:
            yield base if base and last in bound else node.id
    elif isinstance(node, ast.Call):
        function = node.func.id if isinstance(node.func, ast.Name) else ""
        args = node.args
        if function in _SAMPLES and len(args) == 4 and isinstance(args[0], ast.Name):
            yield from within(*args[1:3])
            yield from within(args[3], more=(args[0].id,))
        elif function == "E":
            variable = args[1].id if len(args) == 3 and isinstance(args[1], ast.Name) else "x"
            yield from within(args[0])
            yield from within(args[-1], more=(variable,))
        elif not (outside and function in (*_SAMPLES, "NLL", "Risk", "Empirical")):
            if function not in KNOWN:
                yield from within(node.func)
            yield from within(*args, *[k.value for k in node.keywords])
    else:
        yield from within(*ast.iter_child_nodes(node))


# -- distributions


@dataclass(frozen=True)
class Law:
    """A distribution at many parameter points: its log-density, and points with weights that stand for it in an expectation."""

    log_density: Callable[[Value], Value]
    nodes: Callable[[], Sequence[tuple[Value, Value]]]
    discrete: bool = False


def _normal(mu: Value, sigma: Value) -> Law:
    t = np.linspace(-10, 10, 81)
    w = np.exp(-(t**2) / 2)
    return Law(
        lambda y: -((y - mu) ** 2) / (2 * sigma**2) - np.log(sigma) - np.log(2 * np.pi) / 2,
        lambda: [(mu + sigma * a, b) for a, b in zip(t, w / w.sum(), strict=True)],
    )


def _gamma(alpha: Value, beta: Value) -> Law:
    def density(y: Value) -> Value:
        return alpha * np.log(beta) - special.gammaln(alpha) + (alpha - 1) * np.log(y) - beta * y

    def nodes() -> Sequence[tuple[Value, Value]]:
        t = np.arange(-40 / min(1.0, float(np.min(alpha))), 5, 0.12)
        return [(y, np.exp(density(y)) * y * 0.12) for y in (np.exp(a) / beta for a in t)]

    return Law(density, nodes)


def _bernoulli(p: Value) -> Law:
    return Law(lambda y: special.xlogy(y, p) + special.xlog1py(1 - y, -p), lambda: [(0, 1 - p), (1, p)], True)


def _categorical(p: Value) -> Law:
    with np.errstate(divide="ignore"):
        logs = [np.log(c) for c in p]
    return Law(lambda y: logs[int(y) - 1], lambda: [(k + 1, c) for k, c in enumerate(p)], True)


def _poisson(lam: Value) -> Law:
    def density(y: Value) -> Value:
        return special.xlogy(y, lam) - lam - special.gammaln(y + 1)

    return Law(density, lambda: [(k, np.exp(density(k))) for k in range(120)], True)


def _plain(density: Callable[[Value], Value], discrete: bool = False) -> Law:
    return Law(density, list, discrete)


def _uniform(low: Value, high: Value) -> Law:
    return _plain(lambda y: np.where((low <= y) & (y <= high), -np.log(high - low), -np.inf))


def _mixture(w: Value, *laws: Law) -> Law:
    weights = w if isinstance(w, list) else [w, 1 - w]
    return _plain(
        lambda y: np.log(sum(a * np.exp(law.log_density(y)) for a, law in zip(weights, laws, strict=True))),
        laws[0].discrete,
    )


def _multi_normal(mu: Value, cov: Value) -> Law:
    def density(y: Value) -> Value:
        rows = np.moveaxis(np.array(np.broadcast_arrays(*[c for row in cov for c in row])), 0, -1)
        matrix = rows.reshape(*rows.shape[:-1], len(mu), len(mu))
        parts = np.broadcast_arrays(*[b - a for a, b in zip(mu, y, strict=True)], rows[..., 0])
        r = np.moveaxis(np.array(parts[:-1]), 0, -1)
        solved = np.linalg.solve(np.broadcast_to(matrix, (*r.shape, len(mu))), r[..., None])[..., 0]
        return -((r * solved).sum(-1) + np.linalg.slogdet(matrix)[1] + len(mu) * np.log(2 * np.pi)) / 2

    return _plain(density)


def _one_hot(p: Value) -> Law:
    return _plain(lambda y: sum(special.xlogy(a, b) for a, b in zip(y, p, strict=True)), True)


def _asymmetric(mu: Value, s: Value, tau: Value) -> Law:
    return _plain(lambda y: np.log(tau * (1 - tau) / s) - (y - mu) / s * (tau - (y < mu)))


def _gamma_of(*args: Value, **named: Value) -> Law:
    if "mean" in named:
        return _gamma(named["shape"], named["shape"] / named["mean"])
    return _gamma(*args)


def _softmax(z: Value) -> Value:
    top = _logsumexp(z)
    return [np.exp(c - top) for c in z]


def _logsumexp(z: Value) -> Value:
    top = np.maximum.reduce(np.broadcast_arrays(*z))
    return top + np.log(sum(np.exp(c - top) for c in z))


LAWS: Final[Mapping[str, Callable[..., Law]]] = {
    "N": lambda m, v: _normal(m, np.sqrt(v)),
    "Normal": _normal,
    "Bernoulli": _bernoulli,
    "BernoulliLogit": lambda z: _bernoulli(special.expit(z)),
    "Categorical": _categorical,
    "CategoricalLogit": lambda z: _categorical(_softmax(z)),
    "OneHotCategorical": _one_hot,
    "Poisson": _poisson,
    "PoissonLog": lambda z: _poisson(np.exp(z)),
    "Gamma": _gamma_of,
    "Exponential": lambda lam: _gamma(1.0, lam),
    "Uniform": _uniform,
    "Mixture": _mixture,
    "MultiNormal": _multi_normal,
    "AsymmetricLaplace": _asymmetric,
    "Weighted": lambda law, w: _plain(lambda y: w * law.log_density(y)),
    "Laplace": lambda mu, b: _plain(lambda y: -abs(y - mu) / b - np.log(2 * b)),
    "Logistic": lambda mu, s: _plain(lambda y: stats.logistic.logpdf(y, mu, s)),
    "HyperbolicSecant": lambda mu, s: _plain(lambda y: -np.log(np.pi * s * np.cosh((y - mu) / s))),
    "LogNormal": lambda mu, s: _plain(lambda y: _normal(mu, s).log_density(np.log(y)) - np.log(y)),
    "StudentT": lambda nu, mu, s: _plain(lambda y: stats.t.logpdf(y, nu, mu, s)),
    "InverseGaussian": lambda mu, lam: _plain(lambda y: stats.invgauss.logpdf(y, mu / lam, scale=lam)),
    "NegBinomial2": lambda mu, phi: _plain(lambda y: stats.nbinom.logpmf(y, phi, phi / (phi + mu)), True),
    "VonMises": lambda mu, k: _plain(lambda y: k * np.cos(y - mu) - np.log(2 * np.pi * special.i0(k))),
    "Geometric": lambda p: _plain(lambda y: np.log(p) + y * np.log(1 - p), True),
    "Huber": lambda mu, d: _plain(
        lambda y: (
            -special.huber(d, y - mu)
            - np.log(np.sqrt(2 * np.pi) * special.erf(d / np.sqrt(2)) + 2 / d * np.exp(-(d**2) / 2))
        )
    ),
    "ElasticNet": lambda a, b: _plain(
        lambda w: -a * abs(w) - b * w**2 - np.log(np.sqrt(np.pi / b) * special.erfcx(a / (2 * np.sqrt(b))))
    ),
}


# -- expectations


def expectation(law: Law, f: Callable[[Value], Value]) -> Value:
    """What f is on average; what has no probability does not count."""
    total: Value = 0.0
    for x, w in law.nodes():
        with np.errstate(invalid="ignore"):
            total = total + np.where(np.equal(w, 0), 0.0, w * f(x))
    return total


def cross_entropy(p: Law, q: Law) -> Value:
    return expectation(p, lambda x: -q.log_density(x))


def divergence(p: Law, q: Law) -> Value:
    return expectation(p, lambda x: p.log_density(x) - q.log_density(x))


def jensen_shannon(p: Law, q: Law) -> Value:
    middle = _plain(lambda x: np.logaddexp(p.log_density(x), q.log_density(x)) - np.log(2.0))
    return (divergence(p, middle) + divergence(q, middle)) / 2


# -- evaluation

_BINARY: Final[Mapping[type, Callable[[Value, Value], Value]]] = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.Div: lambda a, b: a / b,
    ast.Pow: lambda a, b: np.power(np.asarray(a, float), b),
}
_COMPARE: Final[Mapping[type, Callable[[Value, Value], Value]]] = {
    ast.Lt: np.less, ast.LtE: np.less_equal, ast.Gt: np.greater, ast.GtE: np.greater_equal, ast.Eq: np.equal, ast.NotEq: np.not_equal,
}  # fmt: skip
_FUNCTIONS: Final[Mapping[str, Callable[..., Value]]] = {
    "log": np.log,
    "exp": np.exp,
    "sqrt": np.sqrt,
    "abs": np.abs,
    "sigmoid": special.expit,
    "logit": special.logit,
    "softplus": lambda z: np.logaddexp(0, z),
    "tanh": np.tanh,
    "cosh": np.cosh,
    "cos": np.cos,
    "sin": np.sin,
    "atan": np.arctan,
    "Phi": special.ndtr,
    "lgamma": special.gammaln,
    "factorial": lambda x: special.gamma(x + 1),
    "xlogy": special.xlogy,
    "min": np.minimum,
    "max": np.maximum,
    "softmax": _softmax,
    "logsumexp": _logsumexp,
    "dot": lambda a, b: sum(c * d for c, d in zip(a, b, strict=True)),
    "norm": lambda v: np.sqrt(sum(c**2 for c in v)),
    "indicator": lambda c: np.asarray(c, float),
    "cases": np.where,
}
_OF_LAWS: Final = {"CE": cross_entropy, "KL": divergence, "JS": jensen_shannon, "H": lambda p: cross_entropy(p, p)}
KNOWN: Final = frozenset(
    {*_FUNCTIONS, *_SAMPLES, *_OF_LAWS, *LAWS, "E", "NLL", "Risk", "Empirical", "stop_gradient", "in"}
)


def lifted(op: Callable[..., Value], *args: Value) -> Value:
    """An operation component by component."""
    size = next((len(a) for a in args if isinstance(a, list)), None)
    if size is None:
        return op(*args)
    return [lifted(op, *[a[k] if isinstance(a, list) else a for a in args]) for k in range(size)]


@dataclass
class World:
    """One dataset: values by name (``varying`` ones are lists over the samples), definitions, and the parameters as they were frozen."""

    n: int
    shared: dict[str, Value]
    varying: dict[str, list[Value]]
    lets: Mapping[str, ast.expr]
    frozen: World | None = None
    local: dict[str, Value] = field(default_factory=dict)  # indices and the variable of an expectation
    i: int | None = None  # the sample

    def value(self, node: ast.expr) -> Value:
        """The value of a formula, at the current sample if there is one."""
        match node:
            case ast.Constant():
                return node.value
            case ast.Name():
                return self._name(node.id)
            case ast.UnaryOp():
                inner = self.value(node.operand)
                return lifted(np.logical_not if isinstance(node.op, ast.Not) else np.negative, inner)
            case ast.BinOp():
                return lifted(_BINARY[type(node.op)], self.value(node.left), self.value(node.right))
            case ast.Compare():
                ends = [self.value(n) for n in (node.left, *node.comparators)]
                found: Value = True
                for op, a, b in zip(node.ops, ends, ends[1:], strict=False):
                    found = np.logical_and(found, _COMPARE[type(op)](a, b))
                return found
            case ast.List():
                return [self.value(e) for e in node.elts]
            case ast.Subscript():
                return self.value(node.value)[int(self.value(node.slice)) - 1]
            case ast.Call():
                return self._call(node)
        raise ValueError(ast.dump(node))

    def _name(self, name: str) -> Value:
        if name in self.local:
            return self.local[name]
        if name in self.lets:
            return self.value(self.lets[name])
        base, _, last = name.rpartition("_")
        if name not in self.varying and last == "i" and base in self.varying:
            name = base
        if name in self.varying:
            if self.i is None:
                raise ValueError(f"{name} varies with the sample")
            return self.varying[name][self.i]
        if name in self.shared:
            return self.shared[name]
        if name == "pi":
            return np.pi
        if name == "oo":
            return np.inf
        if name == "n":
            return self.n
        if name == "I":
            size = self.shared["D"]
            return [[float(r == c) for c in range(size)] for r in range(size)]
        if base:
            return self._name(base)[int(self.local.get(last, last)) - 1]
        raise ValueError(f"{name} has no value")

    def _call(self, node: ast.Call) -> Value:
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        if name in _SAMPLES:
            return self._series(name, node.args)
        if name in ("NLL", "Risk"):
            return self._over_data(name, node.args)
        if name == "E":
            variable = node.args[1].id if len(node.args) == 3 and isinstance(node.args[1], ast.Name) else "x"
            return expectation(self.law(node.args[0]), lambda x: self._with(variable, x, node.args[-1]))
        if name in ("CE", "KL") and (data := self._data_of(node.args[0])) is not None:
            return self._empirical(name, data, node.args[1])
        if name in _OF_LAWS:
            return _OF_LAWS[name](*[self.law(a) for a in node.args])  # type: ignore[operator]
        if name == "stop_gradient" and self.frozen is not None:
            frozen = self.frozen
            frozen.i, frozen.local = self.i, self.local
            return frozen.value(node.args[0])
        if name == "log" and isinstance(node.args[0], ast.Call) and self._is_density(node.args[0]):
            return self._log_density(node.args[0])  # which does not underflow
        if self._is_density(node):
            return np.exp(self._log_density(node))
        args = [self.value(a) for a in node.args]
        if name in ("softmax", "logsumexp", "dot", "norm"):
            return _FUNCTIONS[name](*args)
        if name in ("min", "max"):
            return (
                np.maximum.reduce(np.broadcast_arrays(*args))
                if name == "max"
                else np.minimum.reduce(np.broadcast_arrays(*args))
            )
        return lifted(_FUNCTIONS[name], *args)

    def _log_density_of(self, law: ast.expr, at: ast.expr) -> Value:
        return self.law(law).log_density(self.value(at))

    def _is_density(self, node: ast.Call) -> bool:
        return isinstance(node.func, ast.Name) and (node.func.id in self.lets or node.func.id not in KNOWN)

    def _log_density(self, node: ast.Call) -> Value:
        return self.law(node.func).log_density(self.value(node.args[0]))

    def _with(self, name: str, value: Value, node: ast.expr) -> Value:
        kept = self.local
        self.local = {**kept, name: value}
        try:
            return self.value(node)
        finally:
            self.local = kept

    def _series(self, name: str, args: Sequence[ast.expr]) -> Value:
        if len(args) == 4 and isinstance(args[0], ast.Name):
            first, last = int(self.value(args[1])), int(self.value(args[2]))
            rows = [self._with(args[0].id, k, args[3]) for k in range(first, last + 1)]
        else:
            rows = self.by_sample(lambda: self.value(args[0]))
        total = rows[0]
        for row in rows[1:]:
            total = lifted(_SAMPLES[name], total, row)
        return lifted(lambda t: t / self.n, total) if name == "mean" else total

    def by_sample(self, f: Callable[[], Value]) -> list[Value]:
        """What f gives at each sample."""
        found = []
        for i in range(self.n):
            self.i = i
            found.append(f())
        self.i = None
        return found

    def _over_data(self, name: str, args: Sequence[ast.expr]) -> Value:
        if name == "Risk":
            return sum(self.by_sample(lambda: self.value(args[0]))) / self.n
        return sum(self.by_sample(lambda: -self.law(args[0]).log_density(self.value(args[1]))))

    def _data_of(self, p: ast.expr) -> ast.expr | None:
        """The data of an empirical distribution."""
        p = self.lets.get(p.id, p) if isinstance(p, ast.Name) else p
        is_empirical = isinstance(p, ast.Call) and isinstance(p.func, ast.Name) and p.func.id == "Empirical"
        return p.args[0] if is_empirical and isinstance(p, ast.Call) else None

    def _empirical(self, name: str, data: ast.expr, q: ast.expr) -> Value:
        risk = self._over_data("NLL", [q, data]) / self.n
        if name == "CE":
            return risk
        self.i = 0
        discrete = self.law(q).discrete
        self.i = None
        if not discrete:
            return risk * 0 + np.inf
        seen = [float(v) for v in self.by_sample(lambda: self.value(data))]
        shares = np.array([seen.count(v) for v in seen]) / self.n
        return risk + np.mean(np.log(shares))

    def law(self, node: ast.expr) -> Law:
        """A distribution; what is none is a vector of probabilities."""
        if isinstance(node, ast.Name) and node.id in self.lets:
            return self.law(self.lets[node.id])
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            name = node.func.id
            if name == "stop_gradient" and self.frozen is not None:
                self.frozen.i = self.i
                return self.frozen.law(node.args[0])
            if name in LAWS:
                args = [self.law(a) if _is_law(a) else self.value(a) for a in node.args]
                return LAWS[name](*args, **{str(k.arg): self.value(k.value) for k in node.keywords})
        return _categorical(self.value(node))

    def likelihood(self, text: str, data: set[str]) -> Value:
        """The negative log-likelihood of an assumption, with its priors."""
        text = re.split(r"\bwith\b|\bwhere\b", text)[0]
        statements = split_commas(text)
        lets = {s.partition("=")[0].strip(): tree(s.partition("=")[2].strip()) for s in statements if "~" not in s}
        kept, self.lets = self.lets, {**self.lets, **lets}
        total: Value = 0.0
        first = statements[0].partition("~")[0].strip()
        for s in statements:
            if "~" in s:
                name, _, law = (part.strip() for part in s.partition("~"))
                summed = self.by_sample if name == first or name in data or name.endswith("_i") else _once
                total = total - sum(summed(partial(self._log_density_of, tree(law), tree(name))))
        self.lets = kept
        return total


def _once(f: Callable[[], Value]) -> list[Value]:
    return [f()]


def _is_law(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in LAWS
