"""What floats suggest: which points seem to be a witness, and by what margin."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from math import inf, isfinite, isinf, isnan, log10
from typing import Final, TypeAlias

#: The values of both objectives at a point.
Row: TypeAlias = list[float]

#: What differs by less, relatively, is not believed to differ.
NOISE: Final = 1e-9
_TIE: Final = 1e-13


def candidates(says: str, rows: Sequence[Row], costs: Sequence[int]) -> list[tuple[int, ...]]:
    """The points that seem to show it, those first that cost little to read and leave a margin."""
    count = {"order": 2, "equal": 1, "up-to-constant": 2, "up-to-scale": 3}[says]
    used = range(len(rows) if count < 3 else min(len(rows), 16))
    found = []
    for indices in combinations(used, count):
        order = indices
        if says == "order":
            order = _oriented(rows, *indices)
            if not order:
                continue
        size = margin(says, [rows[i] for i in order])
        if size > (0.0 if says == "order" else NOISE):
            # A decimal of margin is worth a few binary digits to read.
            found.append((sum(costs[i] for i in order) + penalty(size), order))
    return [order for _, order in sorted(found)]


def _oriented(rows: Sequence[Row], i: int, j: int) -> tuple[int, ...]:
    """The two so that a does not fall and b does not rise; nothing if that cannot be."""
    a, b = rows[j][0] - rows[i][0], rows[j][1] - rows[i][1]
    if a > 0.0 and b > 0.0 and not (a < _TIE * abs(rows[j][0]) or b < _TIE * abs(rows[j][1])):
        return ()
    if a < 0.0 and b < 0.0 and not (-a < _TIE * abs(rows[i][0]) or -b < _TIE * abs(rows[i][1])):
        return ()
    rising = a > 0.0 if abs(a) > _TIE * abs(rows[j][0]) else b < 0.0
    return (i, j) if rising or isnan(a) else (j, i)


def penalty(size: float) -> float:
    """What a thin margin costs."""
    return 4.0 * max(0.0, -log10(10 * size)) if size > 0.0 else inf


def margin(says: str, rows: Sequence[Row]) -> float:
    """By how much floats show it, relative to the values; 0 or less if they do not."""
    if any(isnan(x) for row in rows for x in row):
        return -1.0
    a, b = [row[0] for row in rows], [row[1] for row in rows]
    if says == "equal":
        return _relative(a[0], b[0])
    if says == "order":
        return _order_margin(a, b)
    if not all(map(isfinite, (*a, *b))):
        return -1.0
    if says == "up-to-constant":
        scale = max(map(abs, (*a, *b)))
        return abs(a[0] - b[0] - a[1] + b[1]) / scale if scale else 0.0
    left, right = (a[0] - a[1]) * (b[0] - b[2]), (a[0] - a[2]) * (b[0] - b[1])
    scale = (abs(a[0]) + abs(a[1]) + abs(a[2])) * (abs(b[0]) + abs(b[1]) + abs(b[2]))
    return abs(left - right) / scale if scale else 0.0


def _order_margin(a: Sequence[float], b: Sequence[float]) -> float:
    if not (a[0] <= a[1] and b[0] >= b[1]):
        # A tie may be off by the noise.
        near_a, near_b = _relative(a[0], a[1]) < _TIE, _relative(b[0], b[1]) < _TIE
        if near_a == near_b or not (near_a or a[0] < a[1]) or not (near_b or b[0] > b[1]):
            return -1.0
    first, second = _relative(a[0], a[1]), _relative(b[0], b[1])
    if first < _TIE or second < _TIE:
        # Less is a strict pair, which is the better witness.
        return max(first, second) / 100 if max(first, second) > NOISE else -1.0
    return min(first, second) if min(first, second) > NOISE else -1.0


def has_tie(rows: Sequence[Row]) -> bool:
    """Whether one of the objectives seems to have the same value at both points."""
    return any(_relative(rows[0][j], rows[1][j]) < _TIE for j in (0, 1))


def _relative(x: float, y: float) -> float:
    if x == y:
        return 0.0
    return 1.0 if isinf(x) or isinf(y) else min(1.0, abs(x - y) / max(abs(x), abs(y), 1e-300))

