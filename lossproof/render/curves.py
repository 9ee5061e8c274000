"""The numbers of a picture: where it is worth looking, the curves with their kinks and jumps, and derivatives.

Importing this imports NumPy. Every value is that of a term of the derivation; a derivative is SymPy's of that term,
and a central difference only where SymPy's has no value.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from lossproof.errors import LossproofError, UnsupportedError
from lossproof.interop.sympy import from_sympy, to_sympy
from lossproof.render.settings import Values, number
from lossproof.render.views import View
from lossproof.terms import ZERO, Term, add, domain, neg, num, postorder, symbols

Array = NDArray[np.float64]
Function = Callable[[Array], Array]

POINTS: Final = 801
_MOST: Final = 400  # counts that are drawn one by one
_FURTHEST_COUNT: Final = 1e9
_EDGE: Final = 1e-7  # how near to a kink its sides are looked at, relative to the range
_LEVEL_DENSITY, _WIDER = 0.02, 1.75
_LEVEL_MASS: Final = 0.005
_LEVEL_NLL: Final = 5.0
_FURTHEST: Final = 5.0
_DIGITS_LOST: Final = 1e-5
_QUANTILE: Final = 0.75  # the median would often be the prediction itself, where a scale is best at 0
_AROUND: Final = 5.0
_RISES: Final = 0.01  # a least value after which nothing rises as much is none


@dataclass(frozen=True)
class Curve:
    """One curve; nan where it is interrupted."""

    x: Array
    y: Array


@dataclass(frozen=True)
class Losses:
    """NLL, scale · loss and its derivative for one value of the data, with the constant between the first two."""

    observed: Term | None
    nll: Curve
    kept: Curve
    psi: Curve
    constant: float


@dataclass(frozen=True)
class Sketch:
    """All that a picture draws of one view."""

    view: View
    values: Values
    density: Curve
    losses: tuple[Losses, ...]


def function(term: Term, name: str, values: Values, view: View) -> Function:
    """A term as a function of one symbol; inf off the support, nan outside a domain or where a condition fails."""
    fixed = {n: number(v) for n, v in values.items() if n != name}
    conditions = [p for p, _ in view.derivation.model.hypotheses if name in symbols(p) and symbols(p) <= {name, *fixed}]

    def at(x: Array) -> Array:
        with np.errstate(all="ignore"):
            found = np.asarray(term.evaluate({**fixed, name: x}), dtype=np.float64)
            found = np.array(np.broadcast_to(found, x.shape))
            for p in conditions:
                found[~np.broadcast_to(np.asarray(p.evaluate({**fixed, name: x}), dtype=bool), x.shape)] = np.nan
        return found

    return at


# -- where to look


def residual_range(views: Sequence[View], settings: Sequence[Values]) -> tuple[float, float]:
    """The residuals at which the narrowest density is worth seeing, with room for its tails."""
    found = []
    for view, values in zip(views, settings, strict=True):
        f = function(view.nll, view.moving, values, view)
        grid = _grid("reals")
        low, high = _above(lambda x, f=f: np.exp(-f(x)), grid[_can_be(view, values, grid)], _LEVEL_DENSITY)  # type: ignore[misc]
        found.append(math.sqrt(-low * high) if low < 0.0 < high else max(abs(low), abs(high)))
    reach = _nice(min(found) * _WIDER)
    x = np.linspace(-reach, reach, 2001)
    inside = x[_can_be(views[0], settings[0], x)]
    return (float(inside[0]), float(inside[-1])) if len(inside) else (-reach, reach)


def _can_be(view: View, values: Values, x: Array) -> NDArray[np.bool_]:
    """Where the data can be, at a prediction of 0."""
    return np.asarray(~np.isnan(function(ZERO, view.variate, values, view)(x)))


def data_range(view: View, values: Values) -> tuple[Array, Array]:
    """Values of the data for the density, and the density there: whole numbers for counts."""
    where = str(view.derivation.symbols[view.variate].domain.value)
    f = function(view.nll, view.variate, values, view)

    def density(x: Array) -> Array:
        return np.nan_to_num(np.exp(-f(x)), nan=0.0)

    if view.members:
        x = np.asarray([number(m) for m in view.members])
        return x, density(x)
    if view.is_discrete:
        x = np.arange(0.0 if where == "naturals" else -_MOST, _MOST + 1.0)
        p = density(x)
        if not p.max() > 0.0 or p[-1] > _LEVEL_MASS * p.max() or (p[0] > _LEVEL_MASS * p.max() and x[0] < 0.0):
            x = _counts(f, 0.0 if where == "naturals" else -_FURTHEST_COUNT)
            p = density(x)
        seen = np.flatnonzero(p > _LEVEL_MASS * p.max())
        first, last = (int(seen[0]), int(seen[-1])) if len(seen) else (0, 10)
        first = 0 if where == "naturals" and first <= (last - first) / 2 else first
        kept = np.flatnonzero(p > 0.0)
        kept = kept[(kept >= first) & (kept <= last)]
        return x[kept], p[kept]
    low, high = _above(density, _grid(where, values.values()), _LEVEL_DENSITY / 4)
    if not view.is_density and where == "reals" and values:  # it need not fall off
        centres = [number(v) for v in values.values()]
        low, high = max(low, min(centres) - _AROUND), min(high, max(centres) + _AROUND)
    low, high = _rounded(low, high, where)
    breaks = _breaks(view.nll, view.variate, values, view, low, high)
    x = _with_peak(_points(low, high, breaks), density)
    curve = _interrupted(x, np.exp(-f(x)), breaks)
    return curve.x, curve.y


def _counts(f: Function, least: float) -> Array:
    """The counts on which most of the mass is, around the likeliest; of very many every so many."""
    around = np.unique(np.round(np.geomspace(1.0, _FURTHEST_COUNT, 4000)))
    grid = np.concatenate([[0.0], around]) if least >= 0.0 else np.concatenate([-around[::-1], [0.0], around])
    while True:
        nll = np.nan_to_num(f(grid), nan=np.inf)
        best = int(np.argmin(nll))
        low, high = grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)]
        if high - low <= 2.0 or not np.isfinite(nll[best]):
            break
        grid = np.unique(np.round(np.linspace(low, high, 2 * _MOST)))
    centre, level = float(grid[best]), float(nll[best]) - math.log(_LEVEL_MASS)
    ends = []
    for sign in (-1.0, 1.0):
        near, far = 0.0, 1.0
        while far < _FURTHEST_COUNT and centre + sign * far >= least and f(np.asarray([centre + sign * far]))[0] < level:
            near, far = far, 2.0 * far
        while far - near > 1.0:
            middle = math.floor((near + far) / 2.0)
            inside = centre + sign * middle >= least and f(np.asarray([centre + sign * middle]))[0] < level
            near, far = (middle, far) if inside else (near, middle)
        ends.append(centre + sign * near)
    step = max(1.0, math.ceil((ends[1] - ends[0]) / _MOST))
    return np.arange(ends[0], ends[1] + 1.0, step)


def _with_peak(x: Array, density: Function) -> Array:
    """More points around the highest, so that a narrow peak in a wide range has its height."""
    top = int(np.argmax(density(x)))
    return np.unique(np.concatenate([x, np.linspace(x[max(top - 3, 0)], x[min(top + 3, len(x) - 1)], POINTS)]))


def typical(view: View, x: Array, p: Array) -> Term:
    """The upper quartile of the data, rounded, and not the least that there is: the value that stands for an observation."""
    x, p = x[np.isfinite(p)], p[np.isfinite(p)]
    # The lesser of two neighbours: a pole between them would count too much.
    weights = p if view.is_discrete else np.concatenate([[0.0], np.diff(x) * np.minimum(p[1:], p[:-1])])
    total = np.cumsum(weights)
    place = int(np.searchsorted(total, _QUANTILE * total[-1]))
    if view.is_discrete:
        return num(int(x[max(place, min(1, len(x) - 1))]))
    at, width = float(x[place]), float(x[-1] - x[0])
    step = Fraction(10) ** math.floor(math.log10(width / 4))
    rounded = round(Fraction(at) / step) * step
    return num(rounded if x[0] + width / 100 < rounded < x[-1] else Fraction(f"{at:.2g}"))


def parameter_range(view: View, values: Values, observed: Iterable[Term]) -> tuple[float, float]:
    """The values of a parameter for which the data are not all too unlikely."""
    where = str(view.derivation.symbols[view.moving].domain.value)
    grid = _grid(where, values.values())
    lows, highs, bests = [], [], []
    for y in observed:
        f = function(view.nll, view.moving, {**values, view.variate: y}, view)(grid)
        finite = np.isfinite(f)
        if not finite.any():
            continue
        best = int(np.flatnonzero(finite)[np.argmin(f[finite])])
        near = np.flatnonzero(finite & (f <= f[best] + _LEVEL_NLL))
        if np.nanmax(f[best:]) > f[best] + _RISES:
            bests.append(float(grid[best]))
        if near[0] > 0:
            lows.append(float(grid[near[0]]))
        if near[-1] < len(grid) - 1:
            highs.append(float(grid[near[-1]]))
    if where in ("unit", "unit_closed"):
        return 0.0, 1.0
    if where in ("positive", "nonnegative"):
        start = number(values[view.moving])
        inside = [b for b in bests if b > grid[0]]
        high = min([*highs, _FURTHEST * max([*inside, start / 2])])
        return 0.0, _rounded(0.0, high, where)[1]
    if not lows or not highs:
        reach = max(map(abs, [*lows, *highs, 1.0]))
        lows, highs = [*lows, -reach], [*highs, reach]
    return _rounded(min(lows), max(highs), where)


def _grid(where: str, around: Iterable[Term] = ()) -> Array:
    """Many values of a domain, denser near 0 and near the values that the symbols have."""
    if where in ("unit", "unit_closed"):
        return np.linspace(0.0, 1.0, 2003)[1:-1]
    steps = np.geomspace(1e-5, 1e5, 2001)
    if where in ("positive", "nonnegative"):
        centres = [abs(number(v)) for v in around]
        return np.unique(np.concatenate([steps, *[c * np.linspace(0.01, 2, 200) for c in centres if c]]))
    near = np.geomspace(1e-3, 1e3, 601)
    sides = [c + s * near for c in (number(v) for v in around) for s in (-1, 1)]
    return np.unique(np.concatenate([-steps, [0.0], steps, *sides]))


def _above(f: Function, grid: Array, level: float) -> tuple[float, float]:
    """The ends of the region in which a function is above a part of its greatest value on the grid."""
    y = f(grid)
    finite = np.isfinite(y)
    if not finite.any() or float(np.max(y[finite])) <= 0.0:
        return -1.0, 1.0
    # A pole at a border would leave nothing else above the level: the greatest value counts no more than that.
    greatest = min(float(np.max(y[finite])), 20.0 * float(np.quantile(y[finite & (y > 0)], 0.9)) or math.inf)
    seen = np.flatnonzero(finite & (y >= level * greatest))
    return float(grid[seen[0]]), float(grid[seen[-1]])


def _nice(x: float) -> float:
    """The nearest of 1, 1.5, 2, 3, 4, ... times a power of ten."""
    power = 10.0 ** math.floor(math.log10(x))
    return float(min((1, 1.5, 2, 2.5, 3, 4, 5, 6, 7, 8, 10), key=lambda m: abs(m * power - x)) * power)


def _rounded(low: float, high: float, where: str) -> tuple[float, float]:
    """A range with short ends, within the domain."""
    if where in ("unit", "unit_closed"):
        return 0.0, 1.0
    step = 10.0 ** math.floor(math.log10(max(high - low, 1e-300))) / 2
    low, high = math.floor(low / step) * step, math.ceil(high / step) * step
    return (0.0, high) if where in ("positive", "nonnegative") and low < (high - low) / 2 else (low, high)


# -- curves


def sketch(view: View, values: Values, between: tuple[float, float], observed: Sequence[Term | None], density: Curve | None) -> Sketch:
    """The curves of a view on a range of its variable; ``density`` is given where it runs over the data."""
    low, high = between
    given = [values if y is None else {**values, view.variate: y} for y in observed]
    losses = tuple(_losses(view, v, low, high, y) for v, y in zip(given, observed, strict=True))
    if density is None:
        nll = losses[0].nll
        density = Curve(nll.x, np.exp(-nll.y))
        if not np.isnan(nll.y).any():
            f = function(view.nll, view.moving, given[0], view)
            x = _with_peak(nll.x, lambda x: np.nan_to_num(np.exp(-f(x)), nan=0.0))
            density = Curve(x, np.exp(-f(x)))
    return Sketch(view, values, density, losses)


def _losses(view: View, values: Values, low: float, high: float, observed: Term | None) -> Losses:
    name = view.moving
    breaks = np.unique(np.concatenate([_breaks(t, name, values, view, low, high) for t in (view.nll, view.kept)]))
    x = _points(low, high, breaks)
    nll, kept = (function(t, name, values, view) for t in (view.nll, view.kept))
    psi = derivative(view.kept, name, values, view, (low, high), breaks)
    sign = -1.0 if view.is_residual else 1.0
    constants = function(view.offset, name, values, view)(x)
    finite = constants[np.isfinite(constants)]
    constant = float(finite[0]) if len(finite) else math.nan
    curves = [_interrupted(x, y, breaks) for y in (nll(x), kept(x), sign * psi(x))]
    return Losses(observed, curves[0], curves[1], curves[2], constant)


def _points(low: float, high: float, breaks: Array) -> Array:
    """Points of a range, with both sides of each break and not the break itself."""
    edge = _EDGE * (high - low)
    x = np.linspace(low + edge, high - edge, POINTS)
    sides = np.concatenate([breaks - edge, breaks + edge])
    clear = x[np.all(np.abs(x[:, None] - breaks[None, :]) > edge, axis=1)] if len(breaks) else x
    return np.unique(np.concatenate([clear, sides[(sides > low) & (sides < high)]]))


def _interrupted(x: Array, y: Array, breaks: Array) -> Curve:
    """A curve that is drawn with a gap where it jumps, and where it has no value."""
    y = np.where(np.isfinite(y), y, np.nan)
    finite = y[~np.isnan(y)]
    span = float(np.ptp(finite)) if len(finite) else 0.0
    at = [int(np.searchsorted(x, b)) for b in breaks]
    gaps = [i for i in at if 0 < i < len(x) and abs(y[i] - y[i - 1]) > 1e-4 * span]
    return Curve(np.insert(x, gaps, [x[i] for i in gaps]), np.insert(y, gaps, np.nan))


def _breaks(term: Term, name: str, values: Values, view: View, low: float, high: float) -> Array:
    """Where a term may have a kink or a jump: the zeros of what stands in abs, min, max and comparisons."""
    grid = np.linspace(low, high, 1601)
    found: list[float] = []
    for t in postorder(term):
        if t.op not in ("abs", "lt", "le", "gt", "ge", "eq", "min", "max") or name not in symbols(t):
            continue
        inner = t.args[0] if t.op == "abs" else add(t.args[0], neg(t.args[1]))
        f = function(inner, name, values, view)
        y = f(grid)
        found += [float(x) for x in grid[y == 0.0]]
        found += [_root(f, grid[i], grid[i + 1]) for i in np.flatnonzero(y[:-1] * y[1:] < 0.0)]
    return np.unique(np.asarray(found, dtype=np.float64))


def _root(f: Function, a: Any, b: Any) -> float:
    """A zero between two values of different sign."""
    low = float(f(np.asarray([a]))[0])
    for _ in range(60):
        m = (a + b) / 2
        y = float(f(np.asarray([m]))[0])
        if (y < 0.0) == (low < 0.0):
            a = m
        else:
            b = m
    return float((a + b) / 2)


# -- derivatives


def derivative(term: Term, name: str, values: Values, view: View, between: tuple[float, float], breaks: Array) -> Function:
    """The derivative of a term by one symbol: SymPy's formula, and a central difference where that has no value or has lost its digits."""
    f = function(term, name, values, view)
    exact = exact_derivative(term, name, view)
    formula = function(exact, name, values, view) if exact is not None else None
    low, high = between

    def at(x: Array) -> Array:
        with np.errstate(all="ignore"):
            near = _difference(f, x, np.concatenate([[low], breaks, [high]]))
            if formula is None:
                return near
            found = formula(x)
            lost = ~(np.abs(found - near) <= _DIGITS_LOST * (1.0 + np.abs(near)))
        return np.where(np.isfinite(f(x)), np.where(lost & np.isfinite(near), near, found), np.nan)

    return at


def exact_derivative(term: Term, name: str, view: View) -> Term | None:
    """SymPy's derivative as a term, or None where it has none that can be written as one."""
    domains = {view.moving: domain("reals")} | {n: s.domain for n, s in view.derivation.symbols.items()}
    try:
        expression = to_sympy(term, domains)
        variable = next((s for s in expression.free_symbols if s.name == name), None)
        return num(0) if variable is None else from_sympy(expression.diff(variable))
    except LossproofError:
        return None


def _difference(f: Function, x: Array, edges: Array) -> Array:
    """Central differences of fourth order whose points stay on one side of every edge."""
    room = np.min(np.abs(x[:, None] - edges[None, :]), axis=1)
    h = np.minimum(2e-4 * (edges[-1] - edges[0]), 0.05 * room)
    return np.asarray((8.0 * (f(x + h) - f(x - h)) - (f(x + 2 * h) - f(x - 2 * h))) / (12.0 * h))


def check_drawable(sketched: Sketch) -> None:
    """Raise UnsupportedError where no part of a curve has a value."""
    for losses in sketched.losses:
        if not np.isfinite(losses.nll.y).any():
            raise UnsupportedError(f"{sketched.view.title} has no value anywhere in this range", hint="another --range, or other values with --at")
