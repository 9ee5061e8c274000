"""Numbers at a few admissible points: what is false at one of them has no proof, so the prover need not look for one.

Plain floats, and never a reason to believe anything: a wrong answer here could lose a proof and not make one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import zip_longest
from typing import Final
from zlib import crc32

from lossproof.facts.rule import Symbol
from lossproof.terms import Term, postorder

NAN: Final = math.nan
Values = Sequence[float]

#: How many points are kept, and of how many candidates.
POINTS, CANDIDATES = 3, 24
#: Beyond these a float may be the result of cancelling or of underflow: then nothing is said.
LEAST, MOST = 1e-6, 1e4
_GOLDEN = 0.6180339887498949  # its multiples spread evenly


class Points:
    """Values of terms at points of the symbols' domains at which all hypotheses hold."""

    def __init__(self, symbols: Mapping[str, Symbol], hypotheses: Iterable[Term]) -> None:
        self._declared = symbols
        self._rows: dict[str, Values | None] = {}
        self._memo: dict[Term, Values | None] = {}
        hypotheses = list(hypotheses)
        self._points = list(range(CANDIDATES if hypotheses else POINTS))
        self._alive = list(self._points)
        for h in hypotheses:
            self.assume(h)
        if hypotheses:
            kinds = [[i for i in self._alive if i % 3 == kind] for kind in range(3)]
            self._points = [i for row in zip_longest(*kinds) for i in row if i is not None][:POINTS]
            self._alive = list(range(len(self._points)))
            self._memo.clear()
            self._rows = {n: row and [row[i] for i in self._points] for n, row in self._rows.items()}

    def assume(self, hypothesis: Term) -> None:
        """Give up the points at which a hypothesis fails, and the symbols of one that is not clear anywhere."""
        truths = self._truths(hypothesis)
        if truths is not None:
            self._alive = [i for i in self._alive if truths[i]]
            return
        blank = [n for n in _names(hypothesis) if self._row(n) is not None]
        if blank:
            self._rows.update(dict.fromkeys(blank))
            self._memo.clear()

    def refute(self, p: Term) -> bool:
        """Whether a proposition about one term is false at a point."""
        if not self._alive:
            return False
        truths = self._truths(p)
        return truths is not None and any(truths[i] is False for i in self._alive)

    def _truths(self, p: Term) -> list[bool | None] | None:
        """Whether a proposition holds, point by point, None where that is not clear; None if it is no matter of numbers."""
        test = _TESTS.get(p.op) if p.op != "in" else _membership(p.args[1])
        if test is None:
            return None
        row = self.values(p.args[0])
        return None if row is None else [None if math.isnan(x) else test(x) for x in row]

    def _row(self, name: str) -> Values | None:
        if name not in self._rows:
            symbol = self._declared.get(name)
            self._rows[name] = None if symbol is None else _row_of(symbol, len(self._rows), self._points)
        return self._rows[name]

    def values(self, root: Term) -> Values | None:
        """A term's value at each point, nan where it has none that is sure; None for what is not a formula of numbers."""
        memo = self._memo
        for t in postorder(root, known=memo):
            memo[t] = self._value(t)
        return memo[root]

    def _value(self, t: Term) -> Values | None:
        op = t.op
        if op == "sym":
            return self._row(str(t.value))
        if op == "num":
            return [_sure(_float(t))] * len(self._points)
        if op == "const":
            return [_CONSTANTS.get(str(t.value), NAN)] * len(self._points)
        function = _FUNCTIONS.get(op)
        if function is None:
            return None
        rows = []
        for a in t.args:
            row = self._memo[a]
            if row is None:
                return None
            rows.append(row)
        found: list[float] = []
        for column in zip(*rows):  # noqa: B905
            try:
                x = function(*column)
            except (ArithmeticError, ValueError, TypeError):
                x = NAN
            # 0 passes: the functions give it only where it is exact.
            found.append(x if LEAST < x < MOST or -MOST < x < -LEAST or x == 0 else NAN)
        return found


def _float(t: Term) -> float:
    try:
        return float(t.value)  # type: ignore[arg-type]
    except OverflowError:
        return NAN


def _sure(x: float) -> float:
    return x if x == 0 or LEAST < abs(x) < MOST else NAN


def _names(h: Term) -> list[str]:
    found: list[str] = []
    seen: set[Term] = set()
    stack = [h]
    while stack:
        t = stack.pop()
        if t not in seen:
            seen.add(t)
            if t.op == "sym":
                found.append(str(t.value))
            stack.extend(t.args)
    return found


# -- points


def _row_of(symbol: Symbol, k: int, points: Iterable[int]) -> Values | None:
    """Values of a symbol's domain: a point, its mirror image, one with zeros, then at random; ``k`` tells symbols apart."""
    if symbol.shape != "scalar":
        return None
    domain = symbol.domain
    if domain.op == "set":
        if any(a.op != "num" for a in domain.args):
            return None
        return [_float(domain.args[(i + k) % len(domain.args)]) for i in points]
    make = _DOMAINS.get(str(domain.value)) if domain.op == "domain" else None
    if make is None:
        return None
    row: list[float] = []
    for i in points:
        if i < POINTS:
            kind, u = i, (0.31 + _GOLDEN * k) % 1.0
        else:  # each symbol for itself
            drawn = crc32(f"{k} {i}".encode())
            kind, u = (0, 1, drawn % 3)[i % 3], drawn / 2**32
        row.append(make(0.05 + 0.9 * u, kind))
    return row


_Maker = Callable[[float, int], float]
# u is in the open unit interval; the kind is 0 for a point, 1 for its mirror image, 2 for zeros where they are allowed.
_DOMAINS: Final[dict[str, _Maker]] = {
    "reals": lambda u, kind: (2.3 * u + 0.2, -2.3 * u - 0.2, 0.0)[kind],
    "positive": lambda u, kind: (0.3 + 1.9 * u, 1 / (0.3 + 1.9 * u), 0.4 + u)[kind],
    "nonnegative": lambda u, kind: (0.3 + 1.9 * u, 1 / (0.3 + 1.9 * u), 0.0)[kind],
    "unit": lambda u, kind: (u, 1 - u, u)[kind],
    "unit_closed": lambda u, kind: (u, 1 - u, 0.0)[kind],
    "integers": lambda u, kind: (float(round(5 * u)) + 1, -float(round(5 * u)) - 1, 0.0)[kind],
    "naturals": lambda u, kind: (float(round(5 * u)) + 1, float(round(5 * (1 - u))), 0.0)[kind],
}


# -- functions of floats; one that saturates is nan where a float does not show it


def _bounded(function: Callable[[float], float], most: float) -> Callable[[float], float]:
    return lambda x: function(x) if -most < x < most else NAN


def _power(x: float, e: float) -> float:
    found = x**e
    return NAN if isinstance(found, complex) or (found == 0 and x) else found


def _product(*factors: float) -> float:
    found = math.prod(factors)
    return found if found or 0.0 in factors else NAN


def _quotient(x: float, y: float) -> float:
    return x / y if not x or abs(y) < MOST else NAN


_FUNCTIONS: Final[dict[str, Callable[..., float]]] = {
    "add": lambda *terms: sum(terms),
    "neg": lambda x: -x,
    "mul": _product,
    "div": _quotient,
    "pow": _power,
    "log": math.log,
    "exp": _bounded(math.exp, 9.0),
    "sqrt": math.sqrt,
    "abs": abs,
    "sigmoid": _bounded(lambda x: 1 / (1 + math.exp(-x)), 9.0),
    "softplus": _bounded(lambda x: math.log(1 + math.exp(x)), 9.0),
    "tanh": _bounded(math.tanh, 5.0),
    "cosh": _bounded(math.cosh, 9.0),
    "sinh": _bounded(math.sinh, 9.0),
    "cos": math.cos,
    "sin": math.sin,
    "atan": math.atan,
    "erf": _bounded(math.erf, 3.0),
    "erfc": _bounded(math.erfc, 3.0),
    "Phi": _bounded(lambda x: math.erfc(-x / math.sqrt(2)) / 2, 4.0),
    "gamma": lambda x: math.gamma(x) if 0 < x < 7 else NAN,
    "lgamma": lambda x: math.lgamma(x) if 0 < x < 40 else NAN,
    "min": lambda *xs: NAN if any(map(math.isnan, xs)) else min(xs),
    "max": lambda *xs: NAN if any(map(math.isnan, xs)) else max(xs),
    "stop_gradient": lambda x: x,
    # a dataset of equal samples
    "samples_sum": lambda x: _SAMPLES * x,
    "samples_mean": lambda x: x,
    "samples_prod": lambda x: x**_SAMPLES,
}
_SAMPLES: Final = 3.0
_CONSTANTS: Final = {"pi": math.pi, "n_samples": _SAMPLES}


# -- tests; a float other than 0 is at least LEAST from it


def _membership(domain: Term) -> Callable[[float], bool] | None:
    if domain.op == "domain":
        return _DOMAIN_TESTS.get(str(domain.value))
    if domain.op == "set" and all(a.op == "num" for a in domain.args):
        members = [_float(a) for a in domain.args]
        return lambda x: any(abs(x - m) < LEAST for m in members)
    return None


_Test = Callable[[float], bool]
_TESTS: Final[dict[str, _Test]] = {
    "gt": lambda x: x > 0,
    "ge": lambda x: x >= 0,
    "ne": lambda x: x != 0,
    "eq": lambda x: x == 0,
}
_DOMAIN_TESTS: Final[dict[str, _Test]] = {
    "reals": lambda x: True,
    "positive": lambda x: x > 0,
    "nonnegative": lambda x: x >= 0,
    "unit": lambda x: 0 < x < 1 + LEAST,
    "unit_closed": lambda x: 0 <= x < 1 + LEAST,
    "integers": lambda x: abs(x - round(x)) < LEAST,
    "naturals": lambda x: x >= 0 and abs(x - round(x)) < LEAST,
}
