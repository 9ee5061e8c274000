"""Long formulas broken into rows: widths of printed LaTeX mathematics and the places where it may break.

Widths are estimates in points at ten-point type, on the large side. What is read is what the term printer
writes, not LaTeX at large.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

_TOKEN: Final = re.compile(r"(?:\\(?:text|begin|end)\{[^{}]*\}|\\[A-Za-z]+|\\.|\S)\s*", re.DOTALL)
_BINARY: Final = frozenset({"+", "-", r"\cdot"})
_RELATIONS: Final = frozenset(
    ["=", "<", ">", r"\leq", r"\geq", r"\neq", r"\in", r"\notin", r"\mid", r"\sim", r"\simeq", r"\doteq", r"\cong"]
)
_SPACES: Final = {r"\,": 1.7, r"\;": 2.8, r"\:": 2.3, r"\!": -1.7, r"\quad": 10.0, r"\qquad": 20.0}
_OPEN: Final = frozenset({"(", "[", r"\lvert", r"\lVert", r"\{"})
_CLOSE: Final = frozenset({")", "]", r"\rvert", r"\rVert", r"\}"})
_FONTS: Final = frozenset({r"\mathrm", r"\operatorname", r"\mathbf", r"\mathbb", r"\mathcal"})
_ALIGNED: Final = r"\begin{aligned}"
_ACCENTS: Final = frozenset({r"\hat", r"\bar", r"\tilde", r"\widehat", r"\mathop"})
_NAMES: Final = {r"\log": 12.8, r"\exp": 15.3, r"\min": 16.4, r"\max": 18.6, r"\det": 13.9, r"\arctan": 28.0}
_FUNCTIONS: Final = frozenset({*_NAMES, r"\tanh", r"\cosh", r"\sinh", r"\cos", r"\sin"})
_LARGE: Final = {r"\sum": 15.0, r"\prod": 15.0}
_WIDE: Final = {r"\infty": 10.0, r"\top": 7.8, r"\Phi": 7.3, r"\Gamma": 6.3, r"\mu": 6.1, r"\omega": 6.3, r"\Sigma": 7.3,
                r"\dots": 13.4, r"\Lambda": 7.0, r"\Delta": 8.4, r"\psi": 6.6, r"\phi": 6.0, r"\varepsilon": 4.7, r"\alpha": 6.5,
                r"\lambda": 5.9, r"\mathrm": 0.0, "m": 8.8, "w": 7.2, "M": 9.8, "W": 9.5, "i": 3.5, "j": 4.2, "l": 3.0, "t": 3.7,
                "(": 3.9, ")": 3.9, "[": 2.8, "]": 2.8, ",": 2.8, "!": 2.8, ".": 2.8, "r": 4.6, "s": 4.7}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Box:
    """The widths of something in display, text and script style, and whether it is taller than a line."""

    display: float
    text: float
    script: float
    tall: bool = False


@dataclass(slots=True)
class Item:
    """A printed piece that is never broken, from token ``start`` to before token ``end``."""

    kind: str  # ord, op, bin, rel, punct, open, close, frac, sqrt, cases or block
    start: int
    end: int
    box: Box
    sub: float = 0.0
    sup: float = 0.0
    parts: tuple[tuple[int, int], ...] = ()  # the spans of its arguments

    @property
    def width(self) -> float:
        """Its width in display style, scripts included."""
        scripts = max(self.sub, self.sup)
        return max(self.box.display, scripts) if self.kind == "op" and self.box.tall else self.box.display + scripts


class Formula:
    """Printed mathematics, read as a row of items."""

    def __init__(self, latex: str) -> None:
        self.raw = _TOKEN.findall(latex.lstrip())  # each token with the space that follows it
        self.tokens = [t.rstrip() for t in self.raw]
        self.text = latex
        self._boxes: dict[int, tuple[Box, int]] = {}  # opening token → what stands inside, and the closing token
        self._inner: dict[int, list[Item]] = {}
        self._close_groups()
        self.items = self.read(0, len(self.tokens))
        self.box = _row(self.items)

    def source(self, start: int, end: int) -> str:
        """The tokens of a span as LaTeX."""
        return "".join(self.raw[start:end])

    def _close_groups(self) -> None:
        stack: list[int] = []
        for j, token in enumerate(self.tokens):
            if token == "{" or token.startswith(r"\begin{"):
                stack.append(j)
            elif (token == "}" or token.startswith(r"\end{")) and stack:
                i = stack.pop()
                self._boxes[i] = (_row(self.read(i + 1, j)) if token == "}" else self._cases(i, j), j)

    def _cases(self, start: int, end: int) -> Box:
        """Two columns in text style, behind a brace."""
        pairs = [(_row(self.read(*a)).text, _row(self.read(*b)).text) for a, b in self.case_rows(start, end)]
        if self.tokens[start] == _ALIGNED:
            width = max(a + b for a, b in pairs) + 10.0
        else:
            width = max(a for a, _ in pairs) + max(b for _, b in pairs) + 20.5
        return Box(width, width, 0.7 * width, True)

    def case_rows(self, start: int, end: int) -> list[tuple[tuple[int, int], tuple[int, int]]]:
        """The spans of value and condition of each row of ``cases``."""
        rows = []
        middle = first = k = start + 1
        while k < end:
            token = self.tokens[k]
            if token == "{" or (token.startswith(r"\begin{") and k in self._boxes):
                k = self._boxes[k][1] + 1
                continue
            if token == "&":
                middle = k
            if token == r"\\":
                rows.append(((first, middle), (middle + 1, k)))
                first = k + 1
            k += 1
        return [*rows, ((first, middle), (middle + 1, end))]

    # -- one row

    def read(self, start: int, end: int) -> list[Item]:
        """The items of a span of tokens."""
        items: list[Item] = []
        k = start
        while k < end:
            token = self.tokens[k]
            if token in ("_", "^") and items:
                box, after = self._argument(k + 1)
                last = items[-1]
                last.end = after
                if token == "_":
                    last.sub = box.script
                else:
                    last.sup = box.script + 0.5
                k = after
                continue
            item = self._item(k, end)
            items.append(item)
            k = item.end
        _settle(items)
        return items

    def _argument(self, k: int) -> tuple[Box, int]:
        if k >= len(self.tokens):
            return Box(0, 0, 0), k
        if self.tokens[k] == "{":
            box, closing = self._boxes[k]
            return box, closing + 1
        width = _glyph(self.tokens[k])
        return Box(width, width, 0.7 * width), k + 1

    def _item(self, k: int, end: int) -> Item:
        token = self.tokens[k]
        if token == "{":
            box, closing = self._boxes[k]
            return Item("ord", k, closing + 1, box)
        if token.startswith(r"\begin{"):
            box, closing = self._boxes[k]
            return Item("block" if token == _ALIGNED else "cases", k, closing + 1, box)
        if token in (r"\frac", r"\binom"):
            return self._fraction(k)
        if token == r"\sqrt":
            box, after = self._argument(k + 1)
            more = 10.0 if box.tall else 8.4
            return Item("sqrt", k, after, Box(box.text + more, box.text + more, box.script + 6.0, box.tall), parts=((k + 2, after - 1),))
        if token in _FONTS:
            return self._words(k)
        if token == r"\mathrel":
            _, after = self._argument(k + 1)
            return Item("rel", k, after, Box(7.8, 7.8, 5.8))
        if token.startswith(r"\text{"):
            width = _letters(token[6:-1])
            return Item("ord", k, k + 1, Box(width, width, 0.75 * width))
        if token in _ACCENTS:
            box, after = self._argument(k + 1)
            return Item("ord", k, after, box)
        if token in (r"\left", r"\right"):
            return Item("open" if token == r"\left" else "close", k, min(k + 2, end), Box(7.4, 7.4, 5.0, True))
        kind = _KINDS.get(token, "ord")
        width = _LARGE.get(token) or _glyph(token)
        return Item(kind, k, k + 1, Box(width, width, 0.75 * width, token in _LARGE))

    def _fraction(self, k: int) -> Item:
        top, middle = self._argument(k + 1)
        bottom, after = self._argument(middle)
        text, script = max(top.text, bottom.text) + 2.4, max(top.script, bottom.script) + 2.4
        if self.tokens[k] == r"\binom":
            text, script = text + 13.0, script + 8.0
        parts = ((k + 2, middle - 1), (middle + 1, after - 1))
        return Item("frac" if self.tokens[k] == r"\frac" else "ord", k, after, Box(text, script, script, True), parts=parts)

    def _words(self, k: int) -> Item:
        _, after = self._argument(k + 1)
        width = _letters(t for t in self.tokens[k + 2 : after - 1] if t not in "{}")
        return Item("op" if self.tokens[k] == r"\operatorname" else "ord", k, after, Box(width, width, 0.75 * width))


def _letters(tokens: Iterable[str]) -> float:
    return sum(7.6 if t.isupper() or t in "mw" else 3.4 if t in " fijlt.,()" else 5.3 for t in tokens)


_KINDS: Final = {
    **dict.fromkeys(_BINARY, "bin"),
    **dict.fromkeys(_RELATIONS, "rel"),
    **dict.fromkeys(_OPEN, "open"),
    **dict.fromkeys(_CLOSE, "close"),
    **dict.fromkeys(_FUNCTIONS, "op"),
    **dict.fromkeys(_LARGE, "op"),
    **dict.fromkeys(_SPACES, "space"),
    ",": "punct",
}


def _glyph(token: str) -> float:
    if token in _SPACES:
        return _SPACES[token]
    if token in _WIDE:
        return _WIDE[token]
    if token in _NAMES:
        return _NAMES[token]
    if token in _FUNCTIONS:
        return 5.4 * (len(token) - 1)
    if token in _BINARY or token in _RELATIONS:
        return 2.8 if token in (r"\cdot", r"\mid") else 7.8
    return 7.8 if token.isupper() else 5.6


def _settle(items: list[Item]) -> None:
    """A sign at the start, or after another sign, is no binary operator."""
    before = "rel"
    for item in items:
        if item.kind == "bin" and before in ("bin", "rel", "open", "punct", "op"):
            item.kind = "ord"
        if item.kind != "space":
            before = item.kind


def gap(left: Item, right: Item) -> float:
    """The space between two items in display and text style."""
    a, b = left.kind, right.kind
    if "rel" in (a, b):
        return 0.0 if a == b else 2.8
    if "bin" in (a, b):
        return 2.2
    inner = a == "frac" or b == "frac" or (a == "close" and left.box.tall) or (b == "open" and right.box.tall)
    opens = a == "open" or b in ("close", "punct")
    before_op = b == "op" and a in ("ord", "close")
    if a == "punct" or before_op or (inner and not opens) or (a == "op" and b != "open" and not opens):
        return 1.7
    return 0.0


def _row(items: list[Item]) -> Box:
    display = text = script = 0.0
    tall = False
    before: Item | None = None
    for item in items:
        scripts = max(item.sub, item.sup)
        space = gap(before, item) if before else 0.0
        display += item.width + space
        text += item.box.text + scripts + space
        script += item.box.script + 0.8 * scripts
        tall = tall or item.box.tall
        before = item
    return Box(display, text, script, tall)


# -- choosing breaks

_ROW: Final = 1000.0  # what a further row costs
_OVER: Final = 1e4  # what a point too much costs
_DEPTH: Final = 4  # deepest parentheses within which a row may end


@dataclass(frozen=True, slots=True)
class Page:
    """How wide a formula may be: its first row, and rows that continue it, in points."""

    first: float
    rest: float


@dataclass(frozen=True, slots=True)
class Break:
    """A place where a row may end: before an item, inside so many parentheses."""

    before: int
    depth: int
    cost: float


def _places(items: list[Item], depth: int) -> list[Break]:
    found: list[Break] = []
    for i, item in enumerate(items):
        if item.kind == "close":
            depth = max(0, depth - 1)
        if i and depth <= _DEPTH:
            if item.kind in ("bin", "rel"):
                dot = 350.0 if item.width < 5.0 else 0.0
                found.append(Break(i, depth, 400.0 * depth + dot))
            elif items[i - 1].kind == "punct":
                found.append(Break(i, depth, 400.0 * depth + 300.0))
            elif item.kind == "op" and items[i - 1].kind in ("close", "frac", "sqrt"):
                found.append(Break(i, depth, 400.0 * depth + (350.0 if items[i - 1].kind == "close" else 900.0)))
            elif item.kind in ("open", "frac") and item.box.tall and items[i - 1].kind in ("close", "frac"):
                found.append(Break(i, depth, 400.0 * depth + 600.0))
        if item.kind == "open":
            depth += 1
    return found


def choose(items: list[Item], first: float, rest: float, depth: int = 0) -> list[Break]:
    """The breaks that make the rows fit: few, and in few parentheses.

    The first row has a width of its own, and begins inside ``depth`` parentheses.
    """
    reach = _reach(items)
    if reach[-1] <= first:
        return []
    nodes = [Break(0, 0, 0.0), *_places(items, depth)]
    best: list[tuple[float, int]] = [(0.0, -1)]
    ends = [b.before for b in nodes] + [len(items)]
    costs = [b.cost for b in nodes] + [0.0]
    for j in range(1, len(ends)):
        options = []
        for i in range(j - 1, -1, -1):
            room = first if i == 0 else rest - indent_of(nodes[i].depth)
            over = max(0.0, reach[ends[j]] - reach[ends[i]] - room)
            options.append((best[i][0] + _ROW + costs[j] + _OVER * over, i))
            if over > 0 and i < j - 1:
                break
        best.append(min(options))
    found: list[Break] = []
    j = best[-1][1]
    while j > 0:
        found.append(nodes[j])
        j = best[j][1]
    return found[::-1]


def _reach(items: list[Item]) -> list[float]:
    """How far a row with so many of the items reaches."""
    reach = [0.0]
    before: Item | None = None
    for item in items:
        reach.append(reach[-1] + item.width + (gap(before, item) if before else 0.0))
        before = item
    return reach


def _overflow(items: list[Item], breaks: list[Break], page: Page) -> float:
    """By how much the widest row is too wide."""
    reach = _reach(items)
    starts = [0, *[b.before for b in breaks], len(items)]
    rooms = [page.first, *[page.rest - indent_of(b.depth) for b in breaks]]
    return max(reach[j] - reach[i] - room for (i, j), room in zip(pairwise(starts), rooms, strict=True))


def indent_of(depth: int) -> float:
    """How far a row inside so many parentheses is moved to the right, in points."""
    return 10.0 * depth


# -- pieces that are too wide


#: Kinds of pieces that can be written otherwise, and what is to be left beside them on a row.
_BESIDE: Final = {"frac": 0.0, "sqrt": 0.0, "cases": 30.0}


def _loosened(formula: Formula, room: float) -> Formula:
    """The formula with fractions and roots that are too wide written so that they may break."""
    for _ in range(24):
        wide = next((t for t in formula.items if t.kind in _BESIDE and t.width > room - _BESIDE[t.kind]), None)
        if wide is None:
            break
        scripts = formula.source(wide.parts[-1][1] + 1, wide.end) if wide.parts else ""
        args = [formula.source(*span) for span in wide.parts]
        if wide.kind == "cases":
            new = _stacked(formula, wide, room - 20.0)
        else:
            new = _unrooted(args[0]) if wide.kind == "sqrt" else _unfolded(formula, wide, args, room)
        if scripts:
            new = rf"\left[ {new} \right]{scripts}"
        formula = Formula(formula.source(0, wide.start) + new + " " + formula.source(wide.end, len(formula.raw)))
    return formula


def _fitted(plain: Formula, page: Page) -> Formula:
    """The formula loosened as little as makes its rows fit, or if none does as much as helps."""
    if plain.box.display <= page.first or not any(item.kind in _BESIDE for item in plain.items):
        return plain
    found: list[tuple[float, int, Formula]] = []
    for k, part in enumerate((1.0, 0.8, 0.6, 0.45)):
        formula = _loosened(plain, part * (page.rest - 10.0))
        over = _overflow(formula.items, choose(formula.items, page.first, page.rest), page)
        if over <= 0.0:
            return formula
        found.append((over, k, formula))
    return min(found)[2]


def _unrooted(inner: str) -> str:
    return rf"\left( {inner} \right)^{{1/2}}"


def _unfolded(formula: Formula, item: Item, args: list[str], room: float) -> str:
    """A fraction whose wide side stands in brackets."""
    top, bottom = (formula.read(*span) for span in item.parts)
    if _row(bottom).display <= room / 2:
        return rf"\frac{{1}}{{{args[1]}}} \left[ {args[0]} \right]"
    is_sum = any(formula.tokens[i.start] in "+-" for i in top)
    numerator = rf"\left[ {args[0]} \right]" if is_sum or _row(top).display > room / 2 else args[0]
    return rf"{numerator} \cdot \left[ {args[1]} \right]^{{-1}}"


def _stacked(formula: Formula, item: Item, room: float) -> str:
    """Cases that are too wide, the conditions below the values."""
    rows = []
    for value, condition in formula.case_rows(item.start, item.end - 1):
        inner = Formula(formula.source(*value))
        cut = choose(inner.items, room, room - 10.0)
        rows += [("& " if i == 0 else r"& \quad ") + text for i, text in enumerate(_cut(inner, cut))]
        rows.append(r"& \quad " + formula.source(*condition))
    return r"\left\{ \begin{aligned} " + r" \\ ".join(rows) + r" \end{aligned} \right."


# -- rows


def _cut(formula: Formula, breaks: list[Break]) -> list[str]:
    """The rows between breaks; delimiters with a break between them get a size of their own."""
    tokens = _sized(formula, [b.before for b in breaks])
    starts = [formula.items[b.before].start for b in breaks]
    rows = []
    for b, (i, j) in zip([None, *breaks], pairwise([0, *starts, len(tokens)]), strict=True):
        text = "".join(tokens[i:j]).strip()
        rows.append("{} " + text if b is not None and formula.items[b.before].kind == "bin" else text)
    return rows


def _sized(formula: Formula, breaks: list[int]) -> list[str]:
    tokens = list(formula.raw)
    stack: list[int] = []
    for i, item in enumerate(formula.items):
        if item.kind == "open":
            stack.append(i)
        elif item.kind == "close" and stack:
            j = stack.pop()
            first, last = formula.items[j].start, item.start
            if formula.tokens[first] == r"\left" and formula.tokens[last] == r"\right" and any(j < b <= i for b in breaks):
                tokens[first], tokens[last] = r"\biggl" + tokens[first][5:], r"\biggr" + tokens[last][6:]
    return tokens


def rows(latex: str, page: Page) -> list[str]:
    """The formula as rows that fit the page; a continued row begins with ``\\quad`` once for each parenthesis around it."""
    return _rows(_fitted(Formula(latex), page), page)


def _rows(formula: Formula, page: Page) -> list[str]:
    breaks = choose(formula.items, page.first, page.rest)
    pieces = _cut(formula, breaks)
    return [pieces[0], *[r"\quad " * b.depth + text for b, text in zip(breaks, pieces[1:], strict=True)]]


def _joined(formula: Formula, page: Page, base: str) -> str:
    return rf" \\ & {base} ".join(_rows(formula, page))


def adaptive(latex: str, wide: Page, narrow: Page, base: str = "") -> str:
    """The formula with ``\\\\ &`` where every column needs a new row, and ``\\lpbreak`` where only a narrow one does.

    ``base`` indents the rows that continue.
    """
    plain = Formula(latex)
    formula = _fitted(plain, narrow)
    loose = _fitted(plain, wide)
    if loose.text != formula.text:  # what a narrow column asks for would spoil a wide one
        return rf"\lpnarrow{{{_joined(formula, narrow, base)}}}{{{_joined(loose, wide, base)}}}"
    items = formula.items
    hard = choose(items, wide.first, wide.rest)
    marks: dict[int, tuple[bool, int]] = {b.before: (True, b.depth) for b in hard}
    edges = [0, *[b.before for b in hard], len(items)]
    for k, (i, j) in enumerate(pairwise(edges)):
        outer = hard[k - 1].depth if k else 0
        room = narrow.rest - indent_of(outer) if k else narrow.first
        for b in choose(items[i:j], room, narrow.rest, outer):
            marks[i + b.before] = (False, b.depth)
    order = sorted(marks)
    breaks = [Break(at, marks[at][1], 0.0) for at in order]
    pieces = _cut(formula, breaks)
    out = [pieces[0]]
    for at, piece in zip(order, pieces[1:], strict=True):
        is_hard, depth = marks[at]
        space = base + r"\quad" * depth
        out.append((rf" \\ & {space} " if is_hard else rf" \lpbreak{{{space}}} ") + piece)
    return "".join(out)
