"""A verdict for a terminal: what was asked, the answer, what it is good for, the proof, the witness."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lossproof.render.comparison_witness import difference, enclosed, place, point, signs
from lossproof.render.comparison_words import (
    ANSWERS,
    SIGNS,
    chain_heading,
    practice,
    proof_lines,
    quantifiers,
    question_in_words,
    stronger,
    survives,
)
from lossproof.render.layout import columns, padded, wrap_formula, wrap_words
from lossproof.render.paper import PaperLine
from lossproof.render.records import made_by_the_kernel
from lossproof.render.text import WIDTH, Page, formula, proof_line, reasons, said, table_of
from lossproof.render.words import dimensions, varying
from lossproof.syntax import parse_condition
from lossproof.terms import ONE, ZERO, Term, substitute, sym

if TYPE_CHECKING:
    from lossproof.comparison import Verdict

_LEAST: Final = 60
_BEST_EDGE: Final = 60


def verdict_text(v: Verdict, width: int | None = None, color: bool = False, detail: str = "paper") -> str:
    """The verdict in at most ``width`` columns (80 if not given); ``detail="full"`` shows every step.

    Raises :class:`lossproof.LossproofError` for a formula that is longer than any reader wants.
    """
    page = Page(max(width or WIDTH, _LEAST), color)
    blocks = [_question(v, page), _answer(v, page), _witness(v, page), *_conditions(v, page)]
    blocks += _full(v, page) if detail == "full" else _proof(v, page)
    blocks += [*_practice(v, page), _checked(v, page)]
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def _question(v: Verdict, page: Page) -> list[str]:
    found: list[str] = []
    for name, side in (("A", v.question.a), ("B", v.question.b)):
        first, *more = wrap_formula(shown_text(side.text), page.width - 4, page.width - 8)
        found += [page.style(f"{name}   {first}", "bold"), *[page.style(f"        {m}", "bold") for m in more]]
    rows: list[tuple[str, str]] = []
    names = varying(v)
    for name, side in (("A", v.question.a), ("B", v.question.b)):
        read = formula(side.term, names)
        if read == shown_text(side.text):
            continue
        rows.append((f"{name} is", f"{side.note}: {read}" if side.note and "is" not in side.note.split() else read))
    rows += [(label, said(words)) for label, words in question_in_words(v)]
    return [*found, "", *table_of(rows, page)]


def shown_text(text: str) -> str:
    """An objective as it was given, on one line."""
    from lossproof.errors import printable

    return printable(" ".join(text.split()))


# -- the answer


def statement(v: Verdict) -> str:
    """The answer in one line: ``A ≃ B   up to scale:  A = (2/n)·B``."""
    head = f"A {SIGNS[v.relation]} B   {ANSWERS[v.relation]}"
    shown = "" if v.relation == "equal" else how(v)
    return f"{head}:  {shown}" if shown else head


def how(v: Verdict, a: str = "A", b: str = "B") -> str:
    """``A = scale·B + offset``, or ``A = φ(B)`` where φ is known; else nothing."""
    if v.scale is not None and v.offset is not None:
        return f"{a} = {scaled(v.scale, v.offset, b, varying(v))}"
    if v.transform is not None:
        return f"{a} = {formula(substitute(v.transform, {v.argument: sym(b)}))}"
    return ""


def scaled(scale: Term, offset: Term, name: str, names: frozenset[str] = frozenset()) -> str:
    """scale·B + offset, without what is 1 or 0."""
    shown = name
    if scale is not ONE:
        factor = formula(scale, names)
        shown = f"({factor})·{name}" if scale.op in ("add", "neg", "div") else f"{factor}·{name}"
    if offset is ZERO:
        return shown
    rest = formula(offset, names)
    return f"{shown} - {rest[1:]}" if rest.startswith("-") else f"{shown} + {rest}"


def _answer(v: Verdict, page: Page) -> list[str]:
    rows = wrap_formula(statement(v), page.width, page.width - 6)
    found = [page.style(f"{'      ' if i else ''}{row}", "bold") for i, row in enumerate(rows)]
    if v.is_proved:
        found += [f"  {row}" for row in wrap_words(said(quantifiers(v)), page.width - 2, page.width - 2)]
    elif v.reason:
        found += [f"  {row}" for row in wrap_words(_sentence(v.reason), page.width - 2, page.width - 2)]
    rest = [(label, said(words, varying(v))) for label, words in survives(v)]
    return [*found, "", *table_of(rest, page)] if rest else found


def _sentence(text: str) -> str:
    shown = text[:1].upper() + text[1:]
    return shown if shown.endswith(".") else f"{shown}."


# -- the witness


def _witness(v: Verdict, page: Page) -> list[str]:
    w = v.witness
    if w is None:
        if not v.is_proved or v.relation == "equal":
            return []
        return [f"Whether they are {ANSWERS[stronger(v.relation)]} is not known."]
    where = place(w, dimensions(v) & v.symbols.keys())
    if w.says != "order":
        text = f"Not {ANSWERS[w.says]}: {difference(w)}{', with ' + where if where else ''}."
        return [("" if i == 0 else "  ") + row for i, row in enumerate(wrap_words(text, page.width, page.width - 2))]
    rows = [("with", where)] if where else []
    rows += [(f"point {i + 1}", point(p)) for i, p in enumerate(w.points)]
    table = [("", "point 1", "", "point 2")]
    for name, pairs in (("A", w.a), ("B", w.b)):
        left, right = enclosed(pairs)
        table.append((name, left, signs(pairs), right))
    widths = [max(columns(row[i]) for row in table) for i in range(4)]
    found = [page.style("Witness", "head"), *table_of(rows, page), ""]
    for i, row in enumerate(table):
        text = "  " + "   ".join(padded(c, n) for c, n in zip(row, widths, strict=True)).rstrip()
        found.append(page.style(text, "dim") if i == 0 else text)
    return found


def _conditions(v: Verdict, page: Page) -> list[list[str]]:
    """The equations under which A and B do relate."""
    found: list[list[str]] = []
    for c in v.proved_if:
        condition = ", ".join(formula(parse_condition(part)) for part in c.text.split(" and "))
        head = page.style(f"Proved if {condition}", "head")
        rows = wrap_formula(statement(c.verdict), page.width - 2, page.width - 6)
        found.append([head, *[("  " if i == 0 else "      ") + page.style(r, "bold") for i, r in enumerate(rows)]])
    return found


# -- the proof


def _proof(v: Verdict, page: Page) -> list[list[str]]:
    lines = [(line, _body(line)) for line in proof_lines(v)]
    if not lines:
        return []
    needed = max(6 + columns(body) + 4 + columns(reasons(line)) for line, body in lines)
    edge = min(page.width, max(needed, _BEST_EDGE))
    blocks: list[list[str]] = []
    chain = ""
    for line, body in lines:
        if line.chain != chain:
            chain = line.chain
            blocks.append([page.style(chain_heading(chain), "head")])
        shown = line._replace(left=None) if _is_name(line.left) else line
        blocks[-1] += proof_line(shown, body, edge, page, prefix={"a": "A = ", "b": "B = "}.get(chain, ""))
    return blocks


def _body(line: PaperLine) -> str:
    start = f"{formula(line.left)} " if line.left is not None and _is_name(line.left) else ""
    return f"{start}{line.relation} {formula(line.right, line.varying)}"


def _is_name(term: Term | None) -> bool:
    """Whether a chain begins with a name, which needs no line of its own."""
    return term is not None and term.op == "sym"


def _full(v: Verdict, page: Page) -> list[list[str]]:
    from lossproof.render.steps import step_blocks

    return step_blocks(v, page)  # type: ignore[arg-type]


def _practice(v: Verdict, page: Page) -> list[list[str]]:
    found: list[list[str]] = []
    for id, sentences in practice(v):
        block = [page.style("In practice", "head")]
        for sentence in sentences:
            first, *more = wrap_words(sentence, page.width - 4, page.width - 4)
            block += [f"  · {first}", *[f"    {line}" for line in more]]
        found.append([*block, page.style(f"  lossproof prove {id}", "dim")])
    return found


def _checked(v: Verdict, page: Page) -> list[str]:
    if v.relation == "unknown":
        text = "Nothing is claimed: another way of writing A or B, or a condition by --where, may settle it."
        return [page.style(row, "dim") for row in wrap_words(text, page.width, page.width)]
    parts = [f"{made_by_the_kernel(v.proof)}." if v.proof.steps else ""]
    if v.witness is not None:
        parts.append("Each comparison at the witness was decided in exact or ball arithmetic.")
    text = " ".join([*[p for p in parts if p], "To check it again without them:"])
    again = "lossproof compare ... --format json | lossproof check -"
    joined = f"{text} {again}"
    rows = [joined] if columns(joined) <= page.width else [*wrap_words(text, page.width, page.width), f"  {again}"]
    return [page.style(row, "dim") for row in rows]


__all__ = ["how", "scaled", "shown_text", "statement", "verdict_text"]
