"""Points on one level of an objective that another tells apart: how two objectives that nearly agree are parted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from math import isfinite, isnan
from random import Random
from typing import Final, TypeAlias

Point: TypeAlias = Sequence[float]
Row: TypeAlias = Sequence[float]

_SEGMENTS: Final = 24
_STEPS: Final = 10
_BISECTIONS: Final = 40
_FOUND: Final = 4


def crossings(
    run: Callable[[Point], Row],
    points: Sequence[Point],
    rows: Sequence[Row],
    discrete: Sequence[bool],
    rng: Random,
) -> Iterator[tuple[Point, Point]]:
    """Pairs of points that the two objectives seem to order differently, the clearest first; a few at most.

    ``run`` gives both values at a point, ``rows`` holds them for ``points``. New points lie between
    two of the points, so in every convex domain that those lie in; in a coordinate that is
    ``discrete`` those two agree. Of objectives whose levels are not the same sets, some point is on
    the level of another by the one and not by the other; if they are the same and yet ordered
    otherwise, some step of a line goes down for the one and up for the other.
    """
    usable = [k for k, row in enumerate(rows) if all(map(isfinite, row))]
    spread = [_spread([rows[k][j] for k in usable]) for j in (0, 1)]
    if all(discrete) or not all(spread) or len(usable) < 2:
        return
    found: list[tuple[float, Point, Point]] = []
    for _ in range(_SEGMENTS):
        p, q = (points[k] for k in rng.sample(usable, 2))
        if any(flag and x != y for flag, x, y in zip(discrete, p, q, strict=True)):
            continue
        line = _Line(run, p, q, spread)
        found += line.turns()
        for i in rng.sample(usable, min(4, len(usable))):
            found += [(size, points[i], x) for size, x in line.meets(rows[i])]
    found.sort(key=lambda one: -one[0])
    yield from ((x, y) for _, x, y in found[:_FOUND])


def _spread(xs: Sequence[float]) -> float:
    """The range of the middle half, or of all if that is a point."""
    ordered = sorted(xs)
    if not ordered:
        return 0.0
    quarter = len(ordered) // 4
    return ordered[-1 - quarter] - ordered[quarter] or ordered[-1] - ordered[0]


class _Line:
    """A segment between two points, with the objectives' values at some steps."""

    def __init__(self, run: Callable[[Point], Row], p: Point, q: Point, spread: Sequence[float]) -> None:
        self.run = run
        self.p = p
        self.q = q
        self.spread = spread
        self.steps = [(i / _STEPS, run(self.at(i / _STEPS))) for i in range(_STEPS + 1)]

    def at(self, t: float) -> list[float]:
        return [x if x == y else (1 - t) * x + t * y for x, y in zip(self.p, self.q, strict=True)]

    def turns(self) -> Iterator[tuple[float, Point, Point]]:
        """Steps in which one objective falls while the other rises, with their size."""
        for (s, low), (t, high) in zip(self.steps, self.steps[1:], strict=False):
            size = self.disagreement(low, high)
            if size > 1e-10:
                yield size, self.at(s), self.at(t)

    def disagreement(self, x: Row, y: Row) -> float:
        """The lesser of the differences, if they have opposite signs; else 0."""
        first, second = (x[0] - y[0]) / self.spread[0], (y[1] - x[1]) / self.spread[1]
        return min(abs(first), abs(second)) if first * second > 0 else 0.0

    def meets(self, row: Row) -> Iterator[tuple[float, Point]]:
        """A point near where the first objective has the value of a row, and the second is off its own."""
        for (s, low), (t, high) in zip(self.steps, self.steps[1:], strict=False):
            if (low[0] - row[0]) * (high[0] - row[0]) < 0:
                best = self._pushed(self._level(s, t, low[0] - row[0], high[0] - row[0], row[0]), row)
                if best is not None:
                    yield best
                return

    def _level(self, s: float, t: float, low: float, high: float, level: float) -> float:
        """Where the first objective has a level between s and t: regula falsi, the Illinois variant."""
        side = 0
        for _ in range(_BISECTIONS):
            middle = (low * t - high * s) / (low - high)
            value = self.run(self.at(middle))[0] - level
            if isnan(value) or abs(value) < 1e-13 * (abs(level) + self.spread[0]):
                return middle
            if (value > 0) == (high > 0):
                t, high = middle, value
                low = low / 2 if side == 1 else low
                side = 1
            else:
                s, low = middle, value
                high = high / 2 if side == -1 else high
                side = -1
        return (s + t) / 2

    def _pushed(self, at: float, row: Row) -> tuple[float, Point] | None:
        """From a point of one level to where both objectives differ and disagree, with the size of that."""
        off = (self.run(self.at(at))[1] - row[1]) / self.spread[1]
        if isnan(off) or abs(off) < 1e-8:
            return None
        best: tuple[float, Point] | None = None
        for step in (0.3, 0.1, 0.03, 0.01, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7):
            for t in (at - step, at + step):
                if 0.0 <= t <= 1.0:
                    x = self.at(t)
                    size = self.disagreement(row, self.run(x))
                    if size > max(1e-10, best[0] if best else 0.0):
                        best = size, x
        return best
