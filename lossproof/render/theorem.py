"""A named theorem with its proof for a terminal and for programs: the statement, each step's verdict, a chain as one picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from lossproof.render.comparison import how, verdict_text
from lossproof.render.comparison_words import ANSWERS, SIGNS, question_in_words
from lossproof.render.layout import columns, padded, wrap_formula, wrap_words
from lossproof.render.text import WIDTH, Page, formula, said, table_of
from lossproof.render.words import as_written, varying
from lossproof.syntax import to_text

if TYPE_CHECKING:
    from lossproof.comparison import Verdict
    from lossproof.rulebook.theorems import TheoremStep
    from lossproof.theorems import NamedProof, Shown

SCHEMA: Final = "lossproof/theorem/1"
_LEAST: Final = 60
_ARROW: Final = "⇔"
_STATED: Final = ("learned", "data", "fixed", "where", "for")


def theorem_text(p: NamedProof, width: int | None = None, color: bool = False, detail: str = "short", explain: bool = False) -> str:
    """The theorem in at most ``width`` columns; ``detail`` is ``short`` (verdicts), ``paper`` or ``full``; ``explain`` adds the reading."""
    page = Page(max(width or WIDTH, _LEAST), color)
    t = p.theorem
    head = [page.style(row, "bold") for row in wrap_words(t.title, page.width, page.width)]
    gap = page.width - columns(t.title) - columns(t.id)
    head = [f"{head[0]}{' ' * gap}{page.style(t.id, 'dim')}"] if gap >= 2 else [*head, page.style(t.id, "dim")]
    blocks = [[*head, *wrap_words(t.says, page.width, page.width)]]
    if t.nodes:
        blocks.append(picture(p, page))
    for i, (step, verdict) in enumerate(zip(t.steps, p.steps, strict=True)):
        blocks.append(_step(i + 1, step, verdict, p.agrees[i], page))
        if detail != "short":
            blocks.append(["      " + line if line else "" for line in verdict_text(verdict, page.width - 6, color, detail).rstrip("\n").split("\n")])
    blocks += [_shown(s, page) for s in p.shown]
    if explain:
        read = [[f"  {row}" for row in wrap_words(text, page.width - 2, page.width - 2)] for text in t.reading]
        blocks += [[page.style("How to read it", "head"), *read[0]], *read[1:]] if read else []
        blocks.append(_sentences("In practice", t.practice, page))
        blocks.append([page.style(row, "dim") for row in wrap_words(f"Source: {t.source}", page.width, page.width - 4)])
    blocks.append(_closing(p, page))
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def _sentences(head: str, sentences: tuple[str, ...], page: Page) -> list[str]:
    if not sentences:
        return []
    found = [page.style(head, "head")]
    for sentence in sentences:
        first, *more = wrap_words(sentence, page.width - 4, page.width - 4)
        found += [f"  · {first}", *[f"    {line}" for line in more]]
    return found


# -- steps


def relation_of(v: Verdict) -> str:
    """A verdict in a few words: ``up to scale:  A = n·B``."""
    shown = "" if v.relation == "equal" else how(v, "left", "right")
    return f"{ANSWERS[v.relation]}{':  ' + shown if shown else ''}"


def sides(v: Verdict) -> tuple[str, str]:
    """Both objectives as they were read."""
    names = varying(v)
    return formula(v.question.a.term, names), formula(v.question.b.term, names)


def _step(number: int, step: TheoremStep, v: Verdict, agrees: bool, page: Page) -> list[str]:
    a, b = sides(v)
    room = page.width - 6
    rows = [f"{a}  {SIGNS[v.relation]}  {b}"]
    if columns(rows[0]) > room:
        first, *more = wrap_formula(a, room, room - 4)
        second, *last = wrap_formula(f"{SIGNS[v.relation]}  {b}", room - 2, room - 7)
        rows = [first, *["    " + row for row in more], "  " + second, *["       " + row for row in last]]
    lead = page.style(f"{number:>4}", "dim")
    found = [f"{lead if i == 0 else '    '}  {page.style(row, 'bold')}" for i, row in enumerate(rows)]
    about = [(label, said(words)) for label, words in question_in_words(v) if label in _STATED]
    rows_of: list[tuple[str, str]] = [("says", step.says)] if step.says else []
    rows_of.append(("verdict", relation_of(v)))
    if v.relation == "refuted" and v.reason:
        rows_of.append(("since", v.reason))
    if not agrees:
        factor = f" with the scale {step.scale}" if step.scale else ""
        rows_of.append(("claimed", f"{ANSWERS[step.relation]}{factor}; this is not what was found"))
    return found + [f"    {line}" for line in table_of([*rows_of, *about], Page(page.width - 4, page.color))]


def _shown(s: Shown, page: Page) -> list[str]:
    room = page.width - 6
    rows = wrap_formula(proposition(s), room, room - 4)
    found = [f"      {'    ' if i else ''}{page.style(row, 'bold')}" for i, row in enumerate(rows)]
    if s.fact is None:
        return [*found, "      not shown"]
    rules = [("by", rule) for rule in carried_by(s)]
    return found + [f"    {line}" for line in table_of(rules, Page(page.width - 4, page.color))]


def proposition(s: Shown) -> str:
    """What is shown, with the indices of the samples."""
    names = frozenset(n for n, symbol in s.symbols.items() if symbol.indexed)
    conditions = [to_text(as_written(c), names) for c, origin in s.hypotheses if origin == "where"]
    return f"{to_text(as_written(s.proposition), names)}{' where ' + ', '.join(conditions) if conditions else ''}"


def carried_by(s: Shown) -> list[str]:
    """The fact that carries a proposition, in words, and what it rests on."""
    if s.fact is None:
        return []
    found = [f"the fact {s.fact.rule}" if s.fact.rule not in ("domain", "number", "syntax") else s.fact.rule]
    given = [to_text(as_written(f.proposition)) for f in s.fact.premises if f.proposition.op not in ("without", "ranges", "free", "shared")]
    return [*found, f"given {', '.join(given)}"] if given else found


# -- a chain as one picture


def picture(p: NamedProof, page: Page) -> list[str]:
    """The nodes in a row with an arrow between any two; under each arrow its relation and its condition."""
    nodes = p.theorem.nodes
    cells = [arrow_words(step, v, a, b) for step, v, a, b in zip(p.theorem.steps, p.steps, nodes, nodes[1:], strict=False)]
    room = (page.width - 2 - sum(map(columns, nodes))) // len(cells)
    least = max(columns(word) for cell in cells for line in cell for word in line.split()) + 2
    if room < least:
        return _upright(nodes, cells, page)
    row = "  " + nodes[0]
    middles: list[int] = []
    for node in nodes[1:]:
        dashes = (room - 5) // 2
        middles.append(columns(row) + dashes + 2)
        row += f" {'─' * dashes} {_ARROW} {'─' * (room - 5 - dashes)} {node}"
    wide = min(room + min(map(columns, nodes)), room + 4) - 1
    blocks = [[line for words in cell for line in wrap_words(words, wide, wide)] for cell in cells]
    found = [page.style(row, "bold")]
    for i in range(max(map(len, blocks))):
        line = ""
        for middle, block in zip(middles, blocks, strict=True):
            if i < len(block):
                line = padded(line, middle - columns(block[i]) // 2) + block[i]
        found.append(line.rstrip())
    return found


def _upright(nodes: tuple[str, ...], cells: list[list[str]], page: Page) -> list[str]:
    """The same from top to bottom, for a narrow page or long conditions."""
    found = ["  " + page.style(nodes[0], "bold")]
    for node, cell in zip(nodes[1:], cells, strict=True):
        first, *more = wrap_words("; ".join(cell), page.width - 8, page.width - 8)
        found += [f"    ⇕   {first}", *[f"        {line}" for line in more], "  " + page.style(node, "bold")]
    return found


def arrow_words(step: TheoremStep, v: Verdict, a: str, b: str) -> list[str]:
    """What stands under an arrow from ``a`` to ``b``: sign and relation, how a follows from b, the condition."""
    found = [f"{SIGNS[v.relation]} {ANSWERS[v.relation].partition(':')[0]}"]
    shown = how(v, a, b) if v.scale is not None and v.relation != "equal" else ""
    if 0 < len(shown) <= 16:
        found.append(shown)
    return [*found, step.condition or "always"]


def _closing(p: NamedProof, page: Page) -> list[str]:
    total = len(p.steps) + len(p.shown)
    held = sum(p.agrees) + sum(s.fact is not None for s in p.shown)
    count = sum(len(v.proof.steps) for v in p.steps)
    outcome = "holds" if p.holds else "not proved"
    what = "what it says was" if total == 1 else f"{held} of {total} statements were"
    text = f"{outcome}: {what} found anew as claimed" if held else f"{outcome}: nothing was found as claimed"
    text += f", in {count} steps of the kernel." if count else "."
    found = [page.style(row, "good" if p.holds else "warn") for row in wrap_words(text, page.width, page.width)]
    if p.steps:
        text, again = "To check a step without it:", "lossproof prove ... --step 1 --format json | lossproof check -"
        rows = [f"{text} {again}"] if columns(text) + columns(again) < page.width else [text, f"  {again}"]
        found += [page.style(row, "dim") for row in rows]
    return found


# -- for programs


def theorem_dict(p: NamedProof) -> dict[str, Any]:
    """The theorem as plain data; each step's proof is an object of the schema ``lossproof/proof/1``."""
    t = p.theorem
    return {
        "schema": SCHEMA,
        "id": t.id,
        "title": t.title,
        "says": t.says,
        "holds": p.holds,
        "nodes": list(t.nodes),
        "steps": [{"claimed": s.relation, "relation": v.relation, "says": s.says, "condition": s.condition, "proof": v.to_dict()}
                  for s, v in zip(t.steps, p.steps, strict=True)],
        "shows": [{"text": s.text, "proposition": proposition(s), "rule": s.fact.rule if s.fact is not None else None} for s in p.shown],
        "reading": list(t.reading),
        "practice": list(t.practice),
        "source": t.source,
    }  # fmt: skip


__all__ = ["arrow_words", "carried_by", "picture", "proposition", "relation_of", "sides", "theorem_dict", "theorem_text"]
