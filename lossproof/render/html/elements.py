"""Elements of a page: whatever is not markup already is escaped here, and nowhere else."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Final

from lossproof.errors import printable
from lossproof.render.breaking import Formula, Page, rows

#: How wide a displayed formula may be beside a wide and on a narrow screen, in points at ten-point type.
_WIDE: Final = Page(370.0, 350.0)
_NARROW: Final = Page(172.0, 160.0)
_VOID: Final = frozenset({"meta", "img", "br"})


class Html(str):
    """Markup. A plain string is text."""

    __slots__ = ()


Piece = str | Html


def text(content: Piece) -> Html:
    """Text as markup that shows it, invisible characters by their numbers; markup as it is."""
    if isinstance(content, Html):
        return content
    return Html(escape("\n".join(printable(line) for line in content.split("\n")), quote=True))


def joined(pieces: Iterable[Piece], by: str = "") -> Html:
    """Pieces one after the other."""
    return Html(text(by).join([text(p) for p in pieces]))


def tag(name: str, /, *children: Piece, **attributes: str | bool | None) -> Html:
    """An element. ``class_`` and ``data_tex`` become ``class`` and ``data-tex``; None and False leave an attribute out."""
    shown = ""
    for key, value in attributes.items():
        if value is None or value is False:
            continue
        label = key.rstrip("_").replace("_", "-")
        shown += f" {label}" if value is True else f' {label}="{text(str(value))}"'
    start = Html(f"<{name}{shown}>")
    return start if name in _VOID else Html(f"{start}{joined(children)}</{name}>")


def formula(latex: str, plain: str = "", *, display: bool = False) -> Html:
    """A formula: what is read without a script is ``plain`` (else the LaTeX); the page's script sets the LaTeX.

    A displayed one is broken where it is too wide, once for wide and once for narrow screens.
    """
    if not display:
        return tag("span", plain or latex, class_="m", data_tex=latex)
    wide, narrow = _broken(latex, _WIDE), _broken(latex, _NARROW)
    return tag("span", plain or latex, class_="m d", data_tex=wide, data_narrow=narrow if narrow != wide else None)


def _broken(latex: str, page: Page) -> str:
    if len(latex) < 24 or Formula(latex).box.display <= page.first:
        return latex
    first, *more = rows(latex, page)
    lines = [f"& {first}", *[rf"& \quad {row}" for row in more]]
    return r"\begin{aligned} " + r" \\ ".join(lines) + r" \end{aligned}" if more else first


def rows_of(pairs: Iterable[tuple[str, Piece]]) -> Html:
    """A list of labels and what they say; a label that repeats is said once."""
    found: list[Html] = []
    last = ""
    for label, content in pairs:
        if label != last:
            found.append(tag("dt", label))
            last = label
        found.append(tag("dd", content))
    return tag("dl", *found)


def table(head: Iterable[Piece], body: Iterable[Iterable[Piece]]) -> Html:
    """A table with a head, which scrolls by itself where it is too wide."""
    top = tag("tr", *[tag("th", cell, scope="col") if cell.strip() else Html("<td></td>") for cell in head])
    lines = [tag("tr", *[tag("td", cell) for cell in row]) for row in body]
    return tag("div", tag("table", tag("thead", top), tag("tbody", *lines)), class_="scroll")


def listing(items: Iterable[Piece], **attributes: str | bool | None) -> Html:
    """A list."""
    return tag("ul", *[tag("li", item) for item in items], **attributes)


def section(id: str, title: Piece, *content: Piece, level: int = 2, class_: str | None = None) -> Html:
    """A section with its heading, which names it."""
    heading = tag(f"h{level}", title, id=f"{id}-title")
    return tag("section", heading, *content, id=id, class_=class_, aria_labelledby=f"{id}-title")


__all__ = ["Html", "Piece", "formula", "joined", "listing", "rows_of", "section", "table", "tag", "text"]
