"""A verdict as Markdown with mathematics and as LaTeX: what was asked, the answer, the witness, the proof."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import groupby
from typing import TYPE_CHECKING, Final

from lossproof.errors import LossproofError
from lossproof.render import blocks
from lossproof.render.blocks import Block, Code, Display, Items, Maths, Prose, Table, Text, Title
from lossproof.render.comparison import scaled
from lossproof.render.comparison_witness import difference, enclosed, place, point, signs
from lossproof.render.comparison_words import (
    ANSWERS,
    chain_heading,
    practice,
    proof_lines,
    quantifiers,
    question_in_words,
    stronger,
    survives,
)
from lossproof.render.comparison_words import SIGNS as SIGNS_IN_TEXT
from lossproof.render.mathematics import SIGNS as RELATIONS_IN_LATEX
from lossproof.render.mathematics import ChainRows, Printer, Row
from lossproof.render.notation import PLAIN, Applied, Notation
from lossproof.render.paper import rule_label
from lossproof.render.text import formula
from lossproof.render.words import RELATION_SIGNS, RELATION_WORDS, Words, as_written, dimensions, varying
from lossproof.syntax import canonical, parse_condition, pretty
from lossproof.terms import ONE, ZERO, Term, add, replace_at, substitute, sym

if TYPE_CHECKING:
    from lossproof.comparison import Verdict

#: The signs of all six answers as LaTeX.
SIGNS: Final = {**{k: RELATIONS_IN_LATEX[s] for k, s in RELATION_SIGNS.items()}, "refuted": r"\mathrel{\not\cong}", "unknown": r"\stackrel{?}{\simeq}"}
_DETAILS: Final = ("paper", "full")
_NAME: Final = re.compile(r"[^\W\d]\w*")


def verdict_markdown(v: Verdict, *, detail: str = "paper") -> str:
    """The verdict as Markdown; ``detail`` is ``paper`` or ``full``. Raises ValueError for another detail."""
    return blocks.markdown(verdict_blocks(v, detail), Printer(v).line)


def verdict_latex(v: Verdict, *, standalone: bool = False, detail: str = "paper") -> str:
    """The verdict as a LaTeX fragment that needs amsmath and amssymb, or with ``standalone`` as a document."""
    return blocks.latex(verdict_blocks(v, detail), Printer(v).line, standalone=standalone)


def verdict_blocks(v: Verdict, detail: str = "paper", level: int = 1) -> list[Block]:
    """The blocks of a verdict's page. Raises ValueError for a detail other than ``paper`` and ``full``."""
    if detail not in _DETAILS:
        raise ValueError(f"detail is paper or full, not {detail!r}")
    return list(VerdictPage(v).blocks(detail, level))


def answer(v: Verdict) -> Maths:
    """A ≃ B."""
    return Maths(f"A {SIGNS[v.relation]} B", f"A {SIGNS_IN_TEXT[v.relation]} B")


def claim(v: Verdict, line: Callable[[Term], str], a: str = "A", b: str = "B") -> Iterator[Block]:
    """A = scale · B + offset, or A = φ(B), terms printed by ``line``; nothing where that is not known or A = B."""
    plain = [name.removeprefix(r"\text{").removesuffix("}") for name in (a, b)]
    if v.scale is not None and v.offset is not None:
        right = b if v.scale is ONE else rf"{line(v.scale)} \cdot {b}"
        if v.offset is not ZERO:
            dropped = v.offset.args if v.offset.op == "add" else (v.offset,)
            right += line(add(ZERO, *dropped)).removeprefix("0")
        yield Display((Maths(f"{a} = {right}", f"{plain[0]} = {scaled(v.scale, v.offset, plain[1], varying(v))}"),))
    elif v.transform is not None:
        shown = substitute(v.transform, {v.argument: sym("B")})
        yield Display((Maths(f"{a} = {line(shown)}", f"{plain[0]} = {formula(shown)}"),))


class VerdictPage:
    """The parts of a verdict's page, in a notation."""

    def __init__(self, v: Verdict, notation: Notation = PLAIN) -> None:
        self.v = v
        self.formulas = Printer(v, notation)

    def blocks(self, detail: str, level: int) -> Iterator[Block]:
        """The whole page."""
        yield Title((answer(self.v), f": {ANSWERS[self.v.relation].partition(':')[0]}"), level)
        yield from self.given()
        yield from self.question()
        yield from self.statement()
        yield from self.witness()
        yield from self.conditions()
        found = list(self.proof(detail))
        if found:
            yield Text(("Each line with the rules that it uses.",), "Proof" if self.v.is_proved else "How they were compared")
            yield from found
        yield from self.practice()

    # -- the question

    def given(self) -> Iterator[Block]:
        """A and B as they were written."""
        for name, side in (("A", self.v.question.a), ("B", self.v.question.b)):
            yield Text((Maths(name), " is ", Code(" ".join(side.text.split())), ", " + side.note if side.note and "is" not in side.note.split() else ""))

    def question(self) -> Iterator[Block]:
        """A and B as formulas; who is learned, data and fixed, and what is assumed."""
        sides = (("A", self.v.question.a.term), ("B", self.v.question.b.term))
        yield Display(tuple(Maths(f"{name} = {self.line(t)}", f"{name} = {formula(t, self.formulas.names)}") for name, t in sides))
        yield Items(tuple((f"{label}: ", *self.renamed(words)) for label, words in question_in_words(self.v)))

    def renamed(self, words: Words) -> Words:
        """Words whose text has the notation's names."""
        names = self.formulas.renamed
        if not names:
            return words
        return tuple(w if isinstance(w, Term) else _NAME.sub(lambda m: _called(m[0], names), w) for w in words)

    def conditions(self) -> Iterator[Block]:
        """Equations between fixed symbols under which the two relate."""
        for condition in self.v.proved_if:
            shown = [parse_condition(part) for part in condition.text.split(" and ")]
            head: Prose = tuple(p for i, c in enumerate(shown) for p in ((" and ",) if i else ()) + (as_written(c),))
            yield Text((*head, ": then ", answer(condition.verdict), ", ", ANSWERS[condition.verdict.relation], "."), "Proved if")
            yield from claim(condition.verdict, self.line)

    def practice(self) -> Iterator[Block]:
        """What the named theorems about this pair advise."""
        for id, sentences in practice(self.v):
            yield Items((*((s,) for s in sentences), (Code(f"lossproof prove {id}"),)), "In practice")

    def line(self, term: Term) -> str:
        """A term as LaTeX mathematics."""
        return self.formulas.line(term)

    # -- the answer

    def statement(self) -> Iterator[Block]:
        """The answer."""
        v = self.v
        if v.is_proved:
            what = f"the two are {RELATION_WORDS[v.relation]}" if v.relation != "same-order" else f"one is {RELATION_WORDS[v.relation]}"
            yield Text((*quantifiers(v)[:-1], f", {what}."), "Theorem")
            yield from claim(v, self.line)
            yield Items(tuple((f"{label}: ", *words) for label, words in survives(v)))
        elif v.relation == "refuted":
            reason = f" {v.reason[:1].upper()}{v.reason[1:]}." if v.reason and self.is_plain else ""
            yield Text((f"There are two points that A and B order differently.{reason}",), "Refuted")
        else:
            reason = f": {v.reason}" if v.reason and self.is_plain else ""
            yield Text((f"Neither a relation nor its opposite was found{reason}.",), "Unknown")

    @property
    def is_plain(self) -> bool:
        """Whether every symbol has its usual name, as it has in a reason."""
        return all(self.formulas.notation.of(n) is None for n in self.v.symbols)

    def called(self, name: str) -> str:
        """A symbol's name in a witness."""
        value = self.formulas.notation.of(name)
        return pretty(value if isinstance(value, str) else name) if not isinstance(value, Applied) else value.text

    def witness(self) -> Iterator[Block]:
        """Two points that A and B order differently, or points at which a stronger relation fails."""
        v = self.v
        w = v.witness
        if w is None:
            if v.is_proved and v.relation != "equal":
                yield Text((f"Whether they are {ANSWERS[stronger(v.relation)]} is not known.",))
            return
        where = place(w, dimensions(v) & v.symbols.keys(), self.called)
        given = f", with {where}" if where else ""
        if w.says != "order":
            yield Text((f"{difference(w, self.called)}{given}.",), f"Not {ANSWERS[w.says]}")
            return
        yield Text((f"{'With ' + where if where else 'At two points'}:",), "Witness")
        rows = []
        for name, pairs in (("A", w.a), ("B", w.b)):
            left, right = enclosed(pairs)
            rows.append(((Maths(name),), (left,), (Maths(signs(pairs)),), (right,)))
        yield Table(((" ",), (point(w.points[0], self.called),), (" ",), (point(w.points[1], self.called),)), tuple(rows))

    # -- the proof

    def proof(self, detail: str) -> Iterator[Block]:
        """The chains of the proof."""
        return map(blocks.Chain, self.full() if detail == "full" else self.paper())

    def paper(self) -> Iterator[ChainRows]:
        """The chains folded to the lines of a paper."""
        for name, lines in groupby(proof_lines(self.v), key=lambda line: line.chain):
            rows: list[Row] = []
            start: Term | None = None
            for p in lines:
                start = start or p.left
                reason = p.reason if not p.uses else f"line {', '.join(map(str, p.uses))}"
                sign = RELATIONS_IN_LATEX[p.relation]
                rows.append(Row(sign, self.line(p.right), f"{p.number}: {reason}", p.number, (), p.right, p.steps, p.rules))
            yield ChainRows(name, "" if start is None else self.start(name, start), tuple(rows), start)

    def full(self) -> Iterator[ChainRows]:
        """The chains with every step."""
        for chain in self.v.chains:
            current = chain.theorem.left
            rows = []
            for s in (s for s in self.v.proof.steps if s.chain == chain.name):
                current = replace_at(current, s.place, s.step.after)
                needs = self.formulas.needs(s.step.conditions)
                label = rule_label(s.rule, self.v) if s.rule != "lemma" else chain_heading(str(s.step.bindings["chain"]))
                rows.append(Row(RELATIONS_IN_LATEX[RELATION_SIGNS[s.relation]], self.line(current), f"{s.id}: {label}", s.id, needs, rules=(s.rule,)))
            if rows:
                yield ChainRows(chain.name, self.start(chain.name, chain.theorem.left), tuple(rows))

    def start(self, name: str, term: Term) -> str:
        """The first term of a chain, named if it is an objective."""
        shown = self.line(term)
        return {"a": f"A = {shown}", "b": f"B = {shown}"}.get(name, shown)


def _called(word: str, names: dict[str, str]) -> str:
    """A name in a text, in the notation's spelling if it has another one there."""
    try:
        name = canonical(word)
    except LossproofError:
        return word
    return pretty(names[name]) if name in names else word


__all__ = ["SIGNS", "VerdictPage", "answer", "claim", "verdict_blocks", "verdict_latex", "verdict_markdown"]
