"""Laying out lines of text in a terminal: widths, wrapped formulas and prose, two columns."""

from __future__ import annotations

from typing import Final

_OPENING: Final = "([{"
_CLOSING: Final = ")]}"
#: Where a formula may be broken, the best places first, and whether the line ends with it (else the next begins with it).
_BREAKS: Final = ((" = ", False), ("; ", True), (" + ", False), (" - ", False), ("·", False), (", ", True), ("/", True), (" ", True))
_GOOD: Final = 4


def columns(text: str) -> int:
    """How many columns of a terminal the text takes: combining marks none, wide characters two."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width

    return sum(0 if combining(c) else 2 if east_asian_width(c) in "WF" else 1 for c in text)


def wrap_formula(formula: str, first: int, rest: int) -> list[str]:
    """A formula in lines of at most ``first`` and then ``rest`` columns, broken before + and - where brackets are least deep."""
    lines: list[str] = []
    width = max(first, 12)
    while columns(formula) > width:
        at = _break_at(formula, width)
        lines.append(formula[:at].rstrip())
        formula = formula[at:].lstrip()
        width = max(rest, 12)
    return [*lines, formula]


def _break_at(formula: str, width: int) -> int:
    """The best place for a break within a width; in the last resort the width itself."""
    best: tuple[int, int] | None = None
    place = width
    depth = taken = 0
    for i, char in enumerate(formula):
        taken += columns(char)
        if taken > width:
            return place if best is not None else i
        if char in _OPENING:
            depth += 1
        elif char in _CLOSING:
            depth -= 1
        kind = next((k for k, (mark, _) in enumerate(_BREAKS) if formula.startswith(mark, i)), None)
        if kind is None or i == 0 or (kind == 0 and depth):
            continue
        mark, ends = _BREAKS[kind]
        at = i + (len(mark) if ends else mark[0] == " ")
        # A break near the start leaves a stub; one deep in brackets is hard to read.
        stub = 4 if taken < width // 3 else 0
        score = (depth * 3 + (0 if kind < _GOOD else kind - 2) + stub - (kind == 1), -at)
        if (best is None or score < best) and columns(formula[:at].rstrip()) <= width:
            best, place = score, at
    return place


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
