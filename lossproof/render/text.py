"""A derivation for a terminal: the assumption in words, numbered lines, the ledger, the result and its limits."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final, NamedTuple

from lossproof.render.layout import columns, padded, wrap_formula, wrap_words
from lossproof.render.paper import PaperLine, abbreviated, paper_lines
from lossproof.render.records import made_by_the_kernel
from lossproof.render.words import (
    Words,
    assumption_in_words,
    caveats,
    distribution_records,
    ledger_words,
    libraries,
    objective_name,
    pretty_assumption,
    result_sentence,
    spoken,
    standing_in_the_way,
    varying,
)
from lossproof.syntax import pretty, to_text
from lossproof.terms import ONE, ZERO, Term

if TYPE_CHECKING:
    from lossproof.derivation import Derivation

#: Columns where the terminal's width is not given.
WIDTH: Final = 80
_LEAST: Final = 60
_LEAST_EDGE: Final = 60
_STYLES: Final = {"bold": "1", "dim": "2", "head": "1", "good": "32", "warn": "33"}
_DENSITY: Final = re.compile(r"\bp\(([^(),]*), ")
_LOG_OF: Final = re.compile(r"log\(((?:∏ᵢ )?p\([^()]*\))\)")
_LABELS: Final = {"definition": "where", "support": "given"}


class Page(NamedTuple):
    """How wide a page is, and whether it is coloured."""

    width: int = WIDTH
    color: bool = False

    def style(self, text: str, name: str) -> str:
        """The text in a style, if there is colour."""
        return f"\x1b[{_STYLES[name]}m{text}\x1b[0m" if self.color and text else text


def derivation_text(
    d: Derivation,
    width: int | None = None,
    color: bool = False,
    detail: str = "paper",
    before: Derivation | None = None,
) -> str:
    """The derivation in at most ``width`` columns (80 if not given); ``detail="full"`` shows every step.

    ``before`` is the derivation of the same assumption before roles were changed: what came back or went is then said.
    Raises :class:`lossproof.LossproofError` for a formula that is longer than any reader wants.
    """
    page = Page(max(width or WIDTH, _LEAST), color)
    blocks = [_assumption(d, page), *(_full(d, page) if detail == "full" else _proof(d, page))]
    changed = [] if before is None else changes(d, before, page)
    blocks += [_ledger(d, page), changed, _result(d, page), _limits(d, page), _checked(d, page)]
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def formula(term: Term, names: frozenset[str] = frozenset()) -> str:
    """A term as a line, densities written p(y | θ)."""
    if term.op == "sym":
        return pretty(str(term.value))
    text = to_text(abbreviated(term), names)
    return _LOG_OF.sub(r"log \1", _DENSITY.sub(r"p(\1 | ", text))


def said(words: Words, names: frozenset[str] = frozenset()) -> str:
    """Words as a line of text, in whose formulas ``names`` carry the sample's index."""
    return spoken(words, lambda term: formula(term, names))


# -- the assumption


def _assumption(d: Derivation, page: Page) -> list[str]:
    rows = [(_LABELS.get(label, label), said(words)) for label, words in assumption_in_words(d)]
    head = wrap_formula(shown_assumption(d), page.width, page.width - 4)
    shown = [page.style(f"{'    ' if i else ''}{row}", "bold") for i, row in enumerate(head)]
    return [*shown, "", *table_of(rows, page)]


def shown_assumption(d: Derivation) -> str:
    """The assumption as it was given, on one line; a family's own in the notation of paper."""
    from lossproof.errors import printable

    text = printable(" ".join(d.assumption.split()))
    defaults = {_body(d.book.distribution(id).default or "") for id in distribution_records(d)}
    return pretty_assumption(text) if _body(text) in defaults else text


def _body(assumption: str) -> str:
    """An assumption without its roles and conditions."""
    return assumption.partition(" where ")[0].partition(" with ")[0]


def table_of(rows: Iterable[tuple[str, str]], page: Page) -> list[str]:
    """Labels and prose in two columns; a label that repeats is shown once."""
    found: list[str] = []
    rows = list(rows)
    left = max((columns(label) for label, _ in rows), default=0) + 2
    last = ""
    for label, text in rows:
        shown = "" if label == last else label
        last = label
        room = page.width - left - 2
        first, *more = wrap_words(text, room, room)
        found.append(f"  {page.style(padded(shown, left), 'dim')}{first}")
        found += [" " * (left + 2) + line for line in more]
    return found


# -- the proof


def _proof(d: Derivation, page: Page) -> list[list[str]]:
    blocks: list[list[str]] = []
    lines = [(line, f"{line.relation} {formula(line.right, line.varying)}") for line in paper_lines(d)]
    needed = max(6 + columns(body) + 4 + columns(reasons(line)) for line, body in lines)
    edge = min(page.width, max(needed, _LEAST_EDGE))  # the column where the rules' names end
    for line, body in lines:
        if line.left is not None:
            blocks.append([page.style(_heading(line, d), "head")])
        blocks[-1] += proof_line(line, body, edge, page, prefix="NLL = " if line.scope == "dataset" and line.chain != "preamble" else "")
    return blocks


def _heading(line: PaperLine, d: Derivation) -> str:
    if line.chain == "preamble":
        return "Maximum a posteriori" if d.model.priors else "Maximum likelihood"
    if line.scope == "prior":
        return f"The prior on {pretty(line.chain.removeprefix('prior:'))}"
    return "One sample" if line.scope == "sample" else "All n samples"


def reasons(line: PaperLine) -> str:
    """What stands at the right of a line: the rules' names, or the lines that it rests on."""
    if line.uses:
        return "by " + ("line " if len(line.uses) == 1 else "lines ") + ", ".join(map(str, line.uses))
    return ", ".join(line.rules)


def proof_line(line: PaperLine, body: str, edge: int, page: Page, *, prefix: str = "") -> list[str]:
    """A line of the proof, its reasons ending at column ``edge``; ``prefix`` stands before the first term of a chain."""
    number = page.style(f"{line.number:>4}", "dim")
    room = page.width - 6
    found: list[str] = []
    if line.left is not None:
        head = prefix + formula(line.left, line.varying)
        first, *more = wrap_formula(head, room, room - 4)
        found += [f"{number}  {first}", *[" " * 10 + m for m in more]]
        number = " " * 4
    rows = wrap_formula(body, room, room - 4)
    rows = [rows[0], *["    " + r for r in rows[1:]]]
    reason = reasons(line)
    gap = edge - 6 - columns(rows[-1]) - columns(reason)
    for i, row in enumerate(rows):
        text = f"{number}  {row}" if i == 0 else f"      {row}"
        if i == len(rows) - 1 and gap >= 2:
            text += " " * gap + page.style(reason, "dim")
        found.append(text)
    if gap < 2:
        for row in wrap_words(reason, page.width - 12, page.width - 12):
            found.append(" " * (edge - columns(row)) + page.style(row, "dim"))
    return found


# -- the ledger, the result


def _ledger(d: Derivation, page: Page) -> list[str]:
    if not d.ledger:
        return ["Nothing was dropped: every term depends on what is learned."]
    head = ("term", "why it may go", "returns")
    rows = [(formula(term), said(why), said(back)) for term, why, back in ledger_words(d)]
    where = "one sample and the priors" if d.model.priors else "each sample"
    return [page.style(f"Dropped, of the NLL of {where}", "head"), *table([head, *rows], page)]


def changed_roles(d: Derivation, before: Derivation) -> str:
    """Which names have another role than in the unchanged assumption: ``σ learned``."""
    said: list[str] = []
    for role, word in (("parameter", "learned"), ("fixed", "fixed")):
        names = [
            pretty(n)
            for n, s in d.symbols.items()
            if s.role == role and n in before.symbols and before.symbols[n].role != role
        ]
        if names:
            said.append(f"{', '.join(names)} {word}")
    return " and ".join(said)


def changes(d: Derivation, before: Derivation, page: Page) -> list[str]:
    """Which terms came back to the loss and which are now dropped, against the same assumption with its own roles."""
    was = {r.term for r in before.ledger}
    now = {r.term for r in d.ledger}
    rows = [("came back", formula(r.term)) for r in before.ledger if r.term not in now]
    rows += [("now dropped", formula(r.term)) for r in d.ledger if r.term not in was]
    if before.scale is not d.scale:
        rows.append(("scale", f"{formula(before.scale)} became {formula(d.scale)}"))
    if not rows:
        rows = [("ledger", "as before")]
    roles = changed_roles(d, before)
    return [page.style(f"Changed{', with ' + roles if roles else ': no role'}", "head"), *table_of(rows, page)]


def table(rows: list[tuple[str, ...]], page: Page) -> list[str]:
    """A small table with a head; the first column gives way where the page is narrow."""
    widths = [max(columns(row[i]) for row in rows) for i in range(len(rows[0]))]
    rest = sum(widths[1:]) + 3 * (len(widths) - 1) + 2
    widths[0] = min(widths[0], max(page.width - rest, 16))
    found: list[str] = []
    for k, row in enumerate(rows):
        first, *more = wrap_formula(row[0], widths[0], widths[0] - 2)
        cells = [first, *row[1:]]
        text = "   ".join(padded(c, w) for c, w in zip(cells, widths, strict=True)).rstrip()
        if columns(text) + 2 > page.width:
            text = padded(first, widths[0]).rstrip()
            more += [f"  {c}" for c in row[1:] if c]
        found.append("  " + (page.style(text, "dim") if k == 0 else text))
        found += ["    " + m for m in more]
    return found


def _result(d: Derivation, page: Page) -> list[str]:
    theorem = d.theorem
    names = varying(d)
    objective = formula(theorem.right, names)
    name = objective_name(d)
    found = [page.style("Result", "head")]
    found += _equation("NLL = " + claim(d), page)
    found += [
        f"  {'with' if i == 0 else '    '} {row}"
        for i, row in enumerate(wrap_formula(f"L = {objective}", page.width - 8, page.width - 12))
    ]
    if name is not None and found:
        gap = page.width - columns(found[-1]) - columns(name) - 4
        found[-1:] = (
            [f"{found[-1]}    {page.style(name, 'bold')}"]
            if gap >= 0
            else [found[-1], f"       {page.style(name, 'bold')}"]
        )
    found += [f"  {row}" for row in wrap_words(said(result_sentence(d)), page.width - 2, page.width - 2)]
    code = libraries(d)
    if code:
        found += ["", *table_of([(k, c if f is None else f"{c} = {f} · loss") for k, c, f in code], page)]
    return found


def claim(d: Derivation) -> str:
    """The right side of NLL = scale · L + offset, without what is 1 or 0."""
    names = varying(d)
    scale, offset = d.theorem.scale, d.theorem.offset
    if scale is None or offset is None:
        return "φ(L)"
    loss = "L"
    if scale is not ONE:
        shown = formula(scale, names)
        loss = f"({shown})·L" if scale.op in ("add", "neg", "div") else f"{shown}·L"
    if offset is ZERO:
        return loss
    shown = formula(offset, names)
    return f"{loss} - {shown[1:]}" if shown.startswith("-") else f"{loss} + {shown}"


def _equation(text: str, page: Page) -> list[str]:
    rows = wrap_formula(text, page.width - 2, page.width - 6)
    return [("  " if i == 0 else "      ") + page.style(row, "bold") for i, row in enumerate(rows)]


# -- limits and checks


def _limits(d: Derivation, page: Page) -> list[str]:
    found: list[str] = []
    for head, block in (("Not safe for", caveats(d)), ("Not used", standing_in_the_way(d))):
        if block:
            found += [""] if found else []
            found.append(page.style(head, "head"))
        for words in block:
            first, *more = wrap_words(said(words), page.width - 4, page.width - 4)
            found += [f"  · {first}", *[f"    {line}" for line in more]]
    return found


def _checked(d: Derivation, page: Page) -> list[str]:
    text = f"{made_by_the_kernel(d.proof)}. To check them without it:"
    again = "lossproof derive ... --format json | lossproof check -"
    joined = f"{text} {again}"
    rows = [joined] if columns(joined) <= page.width else [*wrap_words(text, page.width, page.width), f"  {again}"]
    return [page.style(row, "dim") for row in rows]


def _full(d: Derivation, page: Page) -> list[list[str]]:
    from lossproof.render.steps import step_blocks

    return step_blocks(d, page)
