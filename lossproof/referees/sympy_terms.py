"""A proof's terms as SymPy expressions under names that are made here: no text of a proof reaches SymPy."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import reduce
from itertools import combinations
from typing import Any, Final

import sympy as sp

from lossproof.referees import sympy_forms as forms
from lossproof.referees import sympy_moments as moments
from lossproof.referees.reading import DENSITIES, OVER, Reading, Symbol
from lossproof.referees.walking import FINITE, Beyond, Samples, Scope, Unsure, Walker, Wanted

Expr = Any
_SIZED: Final = frozenset({"simplex", "categories", "onehot", "counts", "posdef", "power_domain"})


class Split(Unsure):
    """Two cases have to be told apart: whether ``key`` holds."""

    def __init__(self, key: tuple[str, Any]) -> None:
        super().__init__("a case")
        self.key = key


class Names:
    """Expressions for symbols: free variables of SymPy, made so that domains and hypotheses hold. Sample and component make names unlike."""

    def __init__(self, proof: Reading, samples: int, size: int, choice: int, *, bounds: bool = True) -> None:
        self.p, self.samples, self.size, self.choice = proof, samples, size, choice
        self.numbers = {name: k for k, name in enumerate(proof.symbols)}
        self.sized = {n for s in proof.symbols.values() for t in proof.subterms(s.domain) if proof.ops[t] in _SIZED for n in proof.names(proof.args[t][-1])}
        self.nonzero = {str(proof.values[proof.args[h][0]]) for h in proof.hypotheses if proof.ops[h] == "ne" and proof.values[proof.args[h][1]] == 0}
        self.low, self.high, self.unit = self._bounds() if bounds else ({}, {}, set())
        self.made: dict[str, Any] = {}
        self.roots: dict[str, list[Expr]] = {}  # the free variables that a symbol is made of
        self._making: list[str] = []

    def _bounds(self) -> tuple[dict[str, tuple[int, bool]], dict[str, tuple[int, bool]], set[str]]:
        """What hypotheses say of single symbols: from where, to where, and of what vectors the norm is 1."""
        p = self.p
        low: dict[str, tuple[int, bool]] = {}
        high: dict[str, tuple[int, bool]] = {}
        unit: set[str] = set()
        for h in p.hypotheses:
            op, args = p.ops[h], p.args[h]
            if op == "eq":
                unit |= {str(p.values[p.args[t][0]]) for t in p.subterms(h) if p.ops[t] == "norm" and p.ops[p.args[t][0]] == "sym"}
            if op not in ("gt", "ge") or p.values[args[1]] != 0:
                continue
            summands = p.args[args[0]] if p.ops[args[0]] == "add" else (args[0],)
            for i, t in enumerate(summands):
                rest = [s for j, s in enumerate(summands) if j != i]
                minus = [p.fn("neg", s) for s in rest]
                if p.ops[t] == "sym" and self._takes(t, rest, low):
                    low[str(p.values[t])] = (p.fn("add", p.number(0), p.number(0), *minus), op == "gt")
                    break
                if p.ops[t] == "neg" and p.ops[p.args[t][0]] == "sym" and self._takes(p.args[t][0], rest, high):
                    high[str(p.values[p.args[t][0]])] = (p.fn("add", p.number(0), p.number(0), *rest), op == "gt")
                    break
        return low, high, unit

    def _takes(self, symbol: int, rest: list[int], taken: dict[str, tuple[int, bool]]) -> bool:
        name = str(self.p.values[symbol])
        known = self.p.symbols[name]
        inner = self.p.names(*rest) if rest else set()
        fits = known.indexed or not any(self.p.symbols[n].indexed for n in inner)
        return fits and name not in inner and name not in taken and name not in self.sized and self.p.ops[known.domain] == "domain"

    def variable(self, kind: str, *place: object, **assumptions: bool) -> Expr:
        """A free variable under a name that is made of numbers."""
        found = sp.Symbol("_".join([kind, *map(str, place)]), **assumptions)
        self.roots.setdefault(self._making[-1], []).append(found)
        return found

    def of(self, name: str, scope: Scope, walker: Walker) -> Expr:
        """The expression for a symbol."""
        symbol = self.p.symbols[name]
        if symbol.indexed and "#" not in scope:
            raise Beyond("a symbol that varies with the sample, outside a sum over them")
        place = (self.numbers[name], scope["#"]) if symbol.indexed else (self.numbers[name],)
        key = f"{name}#{scope['#']}" if symbol.indexed else name
        if key not in self.made:
            if key in self._making:
                raise Beyond("bounds that speak of one another")
            self._making.append(key)
            self.made[key] = self._value(symbol, symbol.domain, place, scope, walker)
            self._making.pop()
        return self.made[key]

    def _value(self, symbol: Symbol, domain: int, place: tuple[object, ...], scope: Scope, walker: Walker) -> Any:
        p = self.p
        op, args = p.ops[domain], p.args[domain]
        if symbol.name in self.sized:
            return sp.Integer(self.size)
        if op == "domain":
            return self._scalar(symbol, str(p.values[domain]), place, scope, walker)
        pick = self.choice + int(scope.get("#", 0))
        if op == "set":
            return walker.value(args[pick % len(args)], scope)
        n = walker.index(walker.value(args[-1], scope))
        if not 1 <= n <= 6:
            raise Beyond("such a size")
        if op == "power_domain":
            if symbol.name in self.unit and n > 1:
                t = self.variable("t", *place, real=True)
                return [(1 - t**2) / (1 + t**2), 2 * t / (1 + t**2), *[sp.Integer(0)] * (n - 2)]
            return [self._value(symbol, args[0], (*place, k), scope, walker) for k in range(n)]
        if op == "categories":
            return sp.Integer(pick % n + 1)
        if op == "onehot":
            return [sp.Integer(int(k == pick % n)) for k in range(n)]
        if op == "simplex":
            parts = [self.variable("u", *place, k, positive=True) for k in range(n - 1)]
            return [x / (1 + sum(parts)) for x in (*parts, sp.Integer(1))]
        if op == "counts":
            return [self.variable("k", *place, k, integer=True, nonnegative=True) for k in range(n)]
        if op == "posdef":
            lower = [[self.variable("l", *place, i, j, **({"positive": True} if i == j else {"real": True})) if j <= i else sp.Integer(0) for j in range(n)] for i in range(n)]
            return [[sum((a * b for a, b in zip(u, v, strict=True)), sp.Integer(0)) for v in lower] for u in lower]
        raise Beyond(f"the domain {op}")

    def _scalar(self, symbol: Symbol, domain: str, place: tuple[object, ...], scope: Scope, walker: Walker) -> Expr:
        low, high = self.low.get(symbol.name), self.high.get(symbol.name)
        whole = domain in ("integers", "naturals")
        if not low and not high:
            if domain in ("unit", "unit_closed"):
                u = self.variable("u", *place, **({"positive": True} if domain == "unit" else {"nonnegative": True}))
                return u / (1 + u)
            kinds = {"reals": {"real": True}, "positive": {"positive": True}, "nonnegative": {"nonnegative": True},
                     "integers": {"integer": True}, "naturals": {"integer": True, "nonnegative": True}}  # fmt: skip
            if domain not in kinds:
                raise Beyond(f"the domain {domain}")
            more = {"nonzero": True} if symbol.name in self.nonzero and domain in ("reals", "integers") else {}
            return self.variable("k" if whole else "s", *place, **kinds[domain], **more)
        if whole and high:  # that hypothesis is left to the point of a disproof
            return self.variable("k", *place, integer=True, **({"nonnegative": True} if domain == "naturals" else {}))
        bottom = walker.value(low[0], scope) if low else None
        top = walker.value(high[0], scope) if high else None
        strict = low[1] if low else bool(high and high[1])
        if domain in ("positive", "nonnegative", "naturals", "unit", "unit_closed") and bottom is None:
            bottom, strict = sp.Integer(0), domain in ("positive", "unit")
        if domain in ("unit", "unit_closed") and top is None:
            top = sp.Integer(1)
        if whole:
            return bottom + self.variable("k", *place, integer=True, nonnegative=True) + (1 if strict else 0)
        u = self.variable("u", *place, **({"positive": True} if strict else {"nonnegative": True}))
        if bottom is None:
            return top - u
        return bottom + u if top is None else bottom + (top - bottom) * u / (1 + u)


class Expressions(Walker):
    """The SymPy expressions of a proof's terms; conditions of cases are taken from ``truth``, or Split is raised."""

    def __init__(self, names: Names, truth: dict[tuple[str, Any], bool]) -> None:
        super().__init__(names.p, names.samples)
        self.names = names
        self.truth = truth

    def index(self, value: Expr) -> int:
        """A value that is a whole number."""
        if not isinstance(value, sp.Integer):
            raise Beyond("a whole number is expected")
        return int(value)

    def knows(self, dist: str) -> bool:
        """Whether the density of a distribution is known without the proof."""
        return dist in _DENSITIES

    def is_nothing(self, value: Expr) -> bool:
        """Whether a probability is certainly 0."""
        return bool(value == 0)

    def holds(self, t: int, value: Any) -> bool:
        """Whether the condition of a case holds, or Split."""
        if isinstance(value, bool):
            return value
        kind, *parts = value
        if kind == "not":
            return not self.holds(t, parts[0])
        if kind in ("and", "or"):
            found = [self.holds(t, p) for p in parts]
            return all(found) if kind == "and" else any(found)
        key = (kind, parts[0])
        if key not in self.truth:
            raise Split(key)
        return self.truth[key]

    def wanted_integral(self, t: int, scope: Scope) -> Wanted:
        """The distribution's arguments, and what is expected as a function of a free variable."""
        dist, x, body = self.p.args[t]
        name = str(self.p.values[x])
        if self.p.ops[dist] not in moments.KNOWN:
            raise Beyond(f"an expectation over {self.p.ops[dist]}")
        return [*((a, scope) for a in self.p.args[dist]), (body, {**scope, f"={name}": self.over(name)})]

    def over(self, name: str) -> Expr:
        """The free variable for that of an expectation."""
        kinds = {"reals": {"real": True}, "positive": {"positive": True}, "nonnegative": {"nonnegative": True},
                 "integers": {"integer": True}, "naturals": {"integer": True, "nonnegative": True}, "unit": {"positive": True}}  # fmt: skip
        domain = str(self.p.values[self.p.symbols[name].domain])
        if domain not in kinds:
            raise Beyond(f"the domain {domain}")
        return sp.Symbol(f"x_{self.names.numbers[name]}", **kinds[domain])

    def apply(self, t: int, scope: Scope, args: list[Any]) -> Any:
        """The expression from those of the parts."""
        p = self.p
        op = p.ops[t]
        if p.values[t] is not None:
            return self._leaf(t, scope)
        if op in ("cases", "NLL", "Risk") or (op in OVER and op != "E"):
            return args[0]
        if op in DENSITIES:
            return self._density(t, args)
        if op == "E":
            if p.ops[p.args[t][0]] == "dist:empirical":
                return _each(lambda x: x / self.samples, _plus(*args))
            name = str(p.values[p.args[t][1]])
            if p.ops[p.symbols[name].domain] not in FINITE:
                return moments.expected(p.ops[p.args[t][0]], args[:-1], args[-1], self.over(name))
            return _plus(sp.Integer(0), *[_each(lambda v, c=c: c * v, v) for c, v in zip(args[::2], args[1::2], strict=True)])
        if op in ("samples_prod", "prod"):
            return reduce(lambda x, y: _each(lambda a, b: a * b, x, y), args, sp.Integer(1))
        if op in ("samples_sum", "samples_mean", "sum"):
            total = _each(forms.settled, _plus(*args)) if args else sp.Integer(0)
            return _each(lambda x: x / self.samples, total) if op == "samples_mean" else total
        if op == "dist:empirical":
            return args
        if op == "in":
            raise Beyond("a condition that is a domain")
        if op in _CONDITIONS:
            return _condition(op, args)
        if op == "indicator":
            return sp.Integer(int(self.holds(t, args[0])))
        if op in _WHOLE:
            return _WHOLE[op](*args)
        if op in _SCALAR:
            return _each(_SCALAR[op], *args)
        raise Beyond(f"{op} is not known here")

    def _density(self, t: int, args: list[Any]) -> Expr:
        dist = self.p.ops[self.p.args[t][0]]
        if t in self.unfolded and not self.known(t):
            return args[0]
        if dist == "dist:empirical" and self.p.ops[t] == "pdf":
            return sp.Rational(sum(v == args[1] for v in args[0]), self.samples)
        if self.p.ops[t] == "pdf" and dist in _DENSITIES:
            return _DENSITIES[dist](*args)
        raise Beyond(f"the {self.p.ops[t]} of {dist} is not unfolded in the proof")

    def _leaf(self, t: int, scope: Scope) -> Any:
        op, value = self.p.ops[t], self.p.values[t]
        if isinstance(value, Fraction):
            return sp.Rational(value.numerator, value.denominator)
        if op == "bound":
            if value not in scope:
                raise Beyond("an index without a range")
            return sp.Integer(scope[str(value)])
        if op == "const":
            return {"pi": sp.pi, "oo": sp.oo, "n_samples": sp.Integer(self.samples)}[str(value)]
        if op == "sym":
            name = str(value)
            if self.p.symbols[name].role != "variable":
                return self.names.of(name, scope, self)
            if f"={name}" not in scope:
                raise Beyond("the variable of an expectation without a value")
            found = scope[f"={name}"]
            return list(found) if isinstance(found, tuple) else sp.Rational(found.numerator, found.denominator) if isinstance(found, Fraction) else found
        raise Beyond(f"{op} is no value")


# -- conditions: whether a difference is positive, or 0


def _condition(op: str, args: list[Any]) -> Any:
    if op in ("and", "or", "not"):
        return _joined(op, args)
    gap = sp.expand(args[0] - args[1])
    if op in ("eq", "ne"):
        found: Any = gap == 0 if gap.is_Rational else False if gap.is_nonzero else ("zero", _sided(gap))
    else:
        gap = gap if op in ("gt", "le") else sp.expand(-gap)
        found = bool(gap > 0) if gap.is_Rational else True if gap.is_positive else False if gap.is_nonpositive else ("positive", gap.primitive()[1])
    return _joined("not", [found]) if op in ("ne", "le", "ge") else found


def _joined(op: str, args: list[Any]) -> Any:
    if op == "not":
        return not args[0] if isinstance(args[0], bool) else ("not", args[0])
    decided = [a for a in args if isinstance(a, bool)]
    if (op == "or") in decided:
        return op == "or"
    rest = [a for a in args if not isinstance(a, bool)]
    return (op, *rest) if rest else op == "and"


def _sided(gap: Expr) -> Expr:
    gap = gap.primitive()[1]
    return -gap if gap.could_extract_minus_sign() else gap


# -- numbers, vectors, matrices


def _each(function: Callable[..., Expr], *args: Any) -> Any:
    lengths = {len(a) for a in args if isinstance(a, list)}
    if not lengths:
        return function(*args)
    if len(lengths) > 1:
        raise Beyond("vectors of different lengths")
    return [_each(function, *(a[i] if isinstance(a, list) else a for a in args)) for i in range(lengths.pop())]


def _plus(*xs: Any) -> Any:
    return reduce(lambda x, y: _each(lambda a, b: a + b, x, y), xs)


def _dot(u: Any, v: Any) -> Expr:
    if not isinstance(u, list) or not isinstance(v, list) or len(u) != len(v):
        raise Beyond("vectors of one length are expected")
    return sum((a * b for a, b in zip(u, v, strict=True)), sp.Integer(0))


def _times(*factors: Any) -> Any:
    out = factors[0]
    for x in factors[1:]:
        if isinstance(out, list) and isinstance(out[0], list) and isinstance(x, list):
            columns = [list(c) for c in zip(*x, strict=True)] if isinstance(x[0], list) else [x]
            rows = [[_dot(row, column) for column in columns] for row in out]
            out = rows if isinstance(x[0], list) else [row[0] for row in rows]
        else:
            out = _each(lambda a, b: a * b, out, x)
    return out


def _at(v: Any, *places: Any) -> Any:
    for k in places:
        if not isinstance(v, list) or not isinstance(k, sp.Integer) or not 1 <= k <= len(v):
            raise Beyond("a component is expected")
        v = v[int(k) - 1]
    return v


def _diag(v: Any) -> Any:
    if isinstance(v[0], list):
        return [row[i] for i, row in enumerate(v)]
    return [[x if i == j else sp.Integer(0) for j in range(len(v))] for i, x in enumerate(v)]


def _det(a: Any) -> Expr:
    return forms.factored(sp.Matrix(a).det())


def _softmax(v: Any) -> Any:
    parts = [forms.exp(x) for x in v]
    return [x / sum(parts) for x in parts]


def _extreme(sign: int) -> Callable[..., Expr]:
    return lambda *xs: reduce(lambda a, b: (a + b + sign * forms.size(a - b)) / 2, xs)


def _bernoulli(p: Expr, y: Expr) -> Expr:
    return p if y == 1 else 1 - p if y == 0 else sp.Integer(0)


def _normal(mu: Expr, sigma: Expr, y: Expr) -> Expr:
    return forms.exp(-((y - mu) ** 2) / (2 * sigma**2)) / (sigma * sp.sqrt(2 * sp.pi))


def _laplace(mu: Expr, b: Expr, y: Expr) -> Expr:
    return forms.exp(-forms.size(y - mu) / b) / (2 * b)


def _poisson(lam: Expr, y: Expr) -> Expr:
    return forms.power(lam, y) * forms.exp(-lam) / forms.gamma(y + 1)


def _binomial(n: Expr, k: Expr) -> Expr:
    return forms.gamma(n + 1) / (forms.gamma(k + 1) * forms.gamma(n - k + 1))


_ONE: Final = sp.Integer(1)
#: Densities that are known here without the proof.
_DENSITIES: Final[dict[str, Callable[..., Expr]]] = {
    "dist:bernoulli": _bernoulli, "dist:categorical": _at, "dist:one-hot-categorical": _dot, "dist:normal": _normal,
    "dist:laplace": _laplace, "dist:poisson": _poisson, "dist:exponential": lambda lam, y: lam * forms.exp(-lam * y),
}  # fmt: skip
_CONDITIONS: Final = frozenset({"eq", "ne", "lt", "le", "gt", "ge", "and", "or", "not"})
_SCALAR: Final[dict[str, Callable[..., Expr]]] = {
    "neg": lambda x: -x, "div": lambda x, y: x / y, "pow": forms.power, "exp": forms.exp, "log": forms.log, "sqrt": lambda x: forms.power(x, sp.Rational(1, 2)),
    "abs": forms.size, "sigmoid": forms.sigmoid, "softplus": forms.softplus, "logit": lambda p: forms.log(p) - forms.log(1 - p),
    "tanh": lambda x: 1 - 2 / (1 + forms.exp(2 * x)), "cosh": lambda x: (forms.exp(x) + forms.exp(-x)) / 2,
    "sinh": lambda x: (forms.exp(x) - forms.exp(-x)) / 2, "cos": sp.cos, "sin": sp.sin, "atan": sp.atan,
    "Phi": lambda x: (1 + forms.erf(x / sp.sqrt(2))) / 2, "erf": forms.erf, "erfc": lambda x: 1 - forms.erf(x),
    "gamma": forms.gamma, "lgamma": forms.loggamma, "digamma": lambda x: sp.digamma(sp.expand(x)), "factorial": lambda x: forms.gamma(x + 1),
    "zeta": lambda s: sp.zeta(sp.expand(s)), "xlogy": lambda x, y: sp.Integer(0) if x == 0 else x * forms.log(y),
    "beta": lambda a, b: forms.gamma(a) * forms.gamma(b) / forms.gamma(a + b),
    "lbeta": lambda a, b: forms.loggamma(a) + forms.loggamma(b) - forms.loggamma(a + b), "binomial": _binomial,
    "besseli": lambda nu, x: sp.besseli(sp.expand(nu), forms.factored(x)), "stop_gradient": lambda x: x, "maximise": lambda x: x, "minimise": lambda x: x,
    "min": _extreme(-1), "max": _extreme(1),
}  # fmt: skip
_WHOLE: Final[dict[str, Callable[..., Any]]] = {
    "add": lambda *xs: _each(forms.settled, _plus(*xs)), "mul": _times, "at": _at, "vec": lambda *xs: list(xs), "dot": _dot, "norm": lambda v: forms.power(sp.factor(_dot(v, v)), sp.Rational(1, 2)),
    "quad": lambda a, v: _dot(v, _times(a, v)), "det": _det, "logdet": lambda a: forms.log(_det(a)),
    "inv": lambda a: [[forms.factored(x) for x in row] for row in sp.Matrix(a).inv().tolist()], "trace": lambda a: sum(_diag(a), sp.Integer(0)),
    "diag": _diag, "eye": lambda d: _diag([_ONE] * int(d)), "softmax": _softmax, "logsumexp": lambda v: forms.log(sum(map(forms.exp, v), sp.Integer(0))),
}  # fmt: skip

__all__ = ["Expressions", "Names", "Samples", "Split", "combinations"]
