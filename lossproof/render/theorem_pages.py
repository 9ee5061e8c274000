"""A named theorem with its proof as Markdown with mathematics and as LaTeX."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from lossproof.render import blocks
from lossproof.render.blocks import Block, Code, Items, Maths, Table, Text, Title
from lossproof.render.comparison_pages import SIGNS, claim, verdict_blocks
from lossproof.render.comparison_words import ANSWERS
from lossproof.render.comparison_words import SIGNS as SIGNS_IN_TEXT
from lossproof.render.mathematics import Printer
from lossproof.render.theorem import arrow_words, carried_by, proposition, sides
from lossproof.syntax import to_latex
from lossproof.terms import Term

if TYPE_CHECKING:
    from lossproof.theorems import NamedProof


def theorem_markdown(p: NamedProof, *, detail: str = "short", explain: bool = False) -> str:
    """The theorem as Markdown; ``detail`` is ``short`` (the verdicts), ``paper`` or ``full``; ``explain`` adds the reading."""
    return blocks.markdown(_blocks(p, detail, explain), _line(p))


def theorem_latex(p: NamedProof, *, standalone: bool = False, detail: str = "short", explain: bool = False) -> str:
    """The theorem as a LaTeX fragment that needs amsmath and amssymb, or with ``standalone`` as a document."""
    return blocks.latex(_blocks(p, detail, explain), _line(p), standalone=standalone)


def _line(p: NamedProof) -> Callable[[Term], str]:
    """How a term in prose is printed."""
    return to_latex if not p.steps else Printer(p.steps[0]).line


def _blocks(p: NamedProof, detail: str, explain: bool) -> Iterator[Block]:
    yield Title((p.theorem.title,))
    yield from stated(p)
    for i, v in enumerate(p.steps):
        yield from step_stated(p, i)
        if detail != "short":
            yield from verdict_blocks(v, detail, level=2)
    yield from closing(p, explain)


def stated(p: NamedProof) -> Iterator[Block]:
    """What the theorem says, a chain as a table."""
    yield Text((p.theorem.says,), "Theorem")
    if p.theorem.nodes:
        yield _chain(p)


def step_stated(p: NamedProof, i: int) -> Iterator[Block]:
    """What step ``i`` (from 0) says, and how one side is made of the other."""
    v = p.steps[i]
    formulas = Printer(v)
    a, b = sides(v)
    statement = Maths(f"{formulas.line(v.question.a.term)} {SIGNS[v.relation]} {formulas.line(v.question.b.term)}", f"{a} {SIGNS_IN_TEXT[v.relation]} {b}")
    wrong = () if p.agrees[i] else (" This is not what the theorem claims.",)
    yield Text((statement, f", {ANSWERS[v.relation]}. {p.theorem.steps[i].says}", *wrong), f"Step {i + 1}")
    if v.relation in ("up-to-constant", "up-to-scale"):
        yield from claim(v, formulas.line, r"\text{left}", r"\text{right}")


def closing(p: NamedProof, explain: bool) -> Iterator[Block]:
    """What was shown besides, how to read the theorem, and whether it holds."""
    t = p.theorem
    for s in p.shown:
        yield Text((Code(proposition(s)), f": {', '.join(carried_by(s)) or 'not shown'}."), "Shown")
    if explain:
        yield from (Text((text,), "How to read it" if i == 0 else "") for i, text in enumerate(t.reading))
        if t.practice:
            yield Items(tuple((s,) for s in t.practice), "In practice")
        yield Text((t.source + ".",), "Source")
    yield Text(("Every statement was found anew as claimed." if p.holds else "Not every statement was found as claimed.",), "Holds" if p.holds else "Not proved")


def _chain(p: NamedProof) -> Block:
    """The chain as a table: from, relation, to, how, condition."""
    nodes = p.theorem.nodes
    rows = []
    for step, v, a, b in zip(p.theorem.steps, p.steps, nodes, nodes[1:], strict=False):
        words = arrow_words(step, v, a, b)
        rows.append(((a,), (Maths(SIGNS[v.relation], SIGNS_IN_TEXT[v.relation]),), (b,), (words[0].partition(" ")[2],), (words[-1],)))
    return Table((("from",), (" ",), ("to",), ("relation",), ("condition",)), tuple(rows))


__all__ = ["closing", "stated", "step_stated", "theorem_latex", "theorem_markdown"]
