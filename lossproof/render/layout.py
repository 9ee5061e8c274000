"""Laying out lines of text in a terminal: widths, wrapped formulas and prose, two columns."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

_OPENING: Final = "([{"
_CLOSING: Final = ")]}"
#: Where a formula may be broken, the best places first, and whether the line ends with it (else the next begins with it).
_BREAKS: Final = (
    (" = ", False),
    ("; ", True),
    (" + ", False),
    (" - ", False),
    ("·", False),
    (", ", True),
    ("/", True),
    (" ", True),
)
_GOOD: Final = 4
_MARKS: Final = frozenset(mark[0] for mark, _ in _BREAKS)


def columns(text: str) -> int:
    """How many columns of a terminal the text takes: combining marks none, wide characters two."""
    return len(text) if text.isascii() else sum(map(_width, text))


@lru_cache(4096)
def _width(char: str) -> int:
    from unicodedata import combining, east_asian_width

    return 0 if combining(char) else 2 if east_asian_width(char) in "WF" else 1


def wrap_formula(formula: str, first: int, rest: int) -> list[str]:
    """A formula in lines of at most ``first`` and then ``rest`` columns, broken before + and - where brackets are least deep."""
    lines: list[str] = []
    start, width = 0, max(first, 12)
    while start < len(formula):
        if len(formula) - start <= 2 * width and columns(formula[start:]) <= width:
            return [*lines, formula[start:]]
        at = _break_at(formula, start, width)
        lines.append(formula[start:at].rstrip())
        start = at + (at < len(formula) and formula[at] == " ")
        width = max(rest, 12)
    return lines or [""]


def _break_at(formula: str, start: int, width: int) -> int:
    """The best place for a break within a width from ``start``, or the end; in the last resort where the width ends."""
    best: tuple[int, int] | None = None
    place = len(formula)
    depth = taken = 0
    for i in range(start, len(formula)):
        char = formula[i]
        taken += _width(char)
        if taken > width:
            return i if best is None else place
        if char in _OPENING:
            depth += 1
        elif char in _CLOSING:
            depth -= 1
        kind = (
            next((k for k, (mark, _) in enumerate(_BREAKS) if formula.startswith(mark, i)), None)
            if char in _MARKS
            else None
        )
        if kind is None or i == start or (kind == 0 and depth):
            continue
        mark, ends = _BREAKS[kind]
        at = i + (len(mark.rstrip()) if ends else 0)
        # A break near the start leaves a stub; one deep in brackets is hard to read.
        stub = 4 if taken < width // 3 else 0
        score = (depth * 3 + (0 if kind < _GOOD else kind - 2) + stub - (kind == 1), -at)
        if best is None or score < best:
            best, place = score, at
    return len(formula)


def wrap_words(text: str, first: int, rest: int) -> list[str]:
    """Prose in lines of at most ``first`` and then ``rest`` columns."""
    lines: list[str] = []
    line, width = "", first
    for word in text.split():
        longer = f"{line} {word}" if line else word
        if line and columns(longer) > width:
            lines.append(line)
            line, width = word, rest
        else:
            line = longer
    return [*lines, line]


def padded(text: str, width: int) -> str:
    """The text with spaces up to a number of columns."""
    return text + " " * (width - columns(text))
