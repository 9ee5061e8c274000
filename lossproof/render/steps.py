"""Every step of a proof for a terminal: rule, place, before, after, and the conditions with the facts that they rest on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from lossproof.facts import Fact, Rule
from lossproof.proof import ProofStep
from lossproof.render.layout import columns, wrap_formula, wrap_words
from lossproof.render.paper import rule_says
from lossproof.render.words import RELATION_SIGNS, SAID, Words, spoken, varying
from lossproof.terms import Term

if TYPE_CHECKING:
    from lossproof.derivation import Derivation
    from lossproof.render.text import Page

_REASONS = {
    "domain": "by its domain",
    "hypothesis": "by assumption",
    "number": "computed",
    "syntax": "by its symbols",
    "algebra": "the same by algebra",
}


class FactRow(NamedTuple):
    """A fact where it is shown: how deep below a step's condition, and why it holds.

    ``known`` is the number of the step where what it rests on was shown before, if it was.
    """

    fact: Fact
    depth: int
    why: str
    known: int | None = None


def fact_rows(root: Fact, number: int, seen: dict[Term, int]) -> Iterator[FactRow]:
    """A condition of step ``number`` and below it the facts that it rests on; ``seen`` remembers what was shown where."""
    stack = [(root, 0)]
    while stack:
        fact, depth = stack.pop()
        known = seen.get(fact.proposition) if fact.premises else None
        seen.setdefault(fact.proposition, number)
        if known is not None:
            yield FactRow(fact, depth, f"as in step {known}" if known != number else "as above", known)
            continue
        stack.extend((p, depth + 1) for p in reversed(fact.premises))
        yield FactRow(fact, depth, _REASONS.get(fact.rule, fact.rule))


def proposition_words(proposition: Term) -> Words:
    """A proposition as it is said."""
    said = SAID.get(proposition.op)
    return (proposition,) if said is None else (proposition.args[0], f" {said}")


def step_blocks(d: Derivation, page: Page) -> list[list[str]]:
    """The chains of the proof, each a heading and its steps."""
    writer = _Writer(d, page)
    blocks: list[list[str]] = []
    chain = ""
    for step in d.proof.steps:
        if step.chain != chain:
            chain = step.chain
            blocks.append([page.style(f"Chain {chain}: {chain_title(chain)}", "head")])
            theorem = next(c.theorem for c in d.proof.chains if c.name == chain)
            blocks[-1] += writer.formula(f"{writer.term(theorem.left)}", "      ")
        blocks[-1] += writer.step(step)
    return blocks


def chain_title(chain: str) -> str:
    """What a chain of steps shows."""
    from lossproof.syntax import pretty

    if chain.startswith("prior:"):
        return f"the prior on {pretty(chain.removeprefix('prior:'))}"
    says = {"a": "A as it is compared", "b": "B as it is compared", "a-order": "A out of increasing functions", "b-order": "B out of increasing functions",
            "b-core": "what is left of B", "claim": "from A to B",
            "sample": "one sample", "preamble": "from most likely to least NLL", "dataset": "all n samples: the claim"}  # fmt: skip
    return says.get(chain, chain)


class _Writer:
    """Writes steps; a fact is written out once and named by its step after that."""

    def __init__(self, d: Derivation, page: Page) -> None:
        self.d = d
        self.page = page
        self.names = varying(d)
        self.seen: dict[Term, int] = {}

    def term(self, term: Term) -> str:
        from lossproof.syntax import to_text

        return to_text(term, self.names)

    def formula(self, text: str, indent: str) -> list[str]:
        room = self.page.width - columns(indent)
        first, *more = wrap_formula(text, room, room - 4)
        return [indent + first, *[indent + "    " + m for m in more]]

    def step(self, proved: ProofStep) -> list[str]:
        step = proved.step
        sign = RELATION_SIGNS[step.relation]
        place = "at the root" if not proved.place else "at " + ".".join(map(str, proved.place))
        head = f"{proved.id:>4}  {step.rule_id}"
        gap = self.page.width - columns(head) - columns(place)
        lines = [self.page.style(f"{proved.id:>4}", "dim") + f"  {self.page.style(step.rule_id, 'bold')}"]
        lines[0] += " " * gap + self.page.style(place, "dim")
        if step.rule_id == "lemma":
            back = ", from right to left" if "direction" in step.bindings else ""
            lines += self.formula(f"proved as chain {step.bindings['chain']}{back}", "      ")
        elif isinstance(step.rule, Rule) and step.rule.kind == "rule":
            lines += [
                f"      {row}"
                for row in wrap_words(rule_says(step.rule_id, self.d), self.page.width - 6, self.page.width - 6)
            ]
        lines += self.formula(self.term(step.before), "        ")
        lines += self.formula(f"{sign} {self.term(step.after)}", "      ")
        for fact in step.conditions:
            lines += self.fact(fact, proved.id)
        return lines

    def fact(self, root: Fact, number: int) -> list[str]:
        """A fact and below it those that it rests on."""
        lines: list[str] = []
        for row in fact_rows(root, number, self.seen):
            shown = spoken(proposition_words(row.fact.proposition), self.term)
            lines += self._condition(shown, row.why, "          " + "  " * min(row.depth, 8), "as" if not row.depth else "·")
        return lines

    def _condition(self, shown: str, why: str, indent: str, mark: str) -> list[str]:
        rows = self.formula(f"{mark} {shown}", indent)
        gap = self.page.width - columns(rows[-1]) - columns(why)
        if gap >= 2:
            rows[-1] += " " * gap + self.page.style(why, "dim")
        else:
            rows.append(" " * (self.page.width - columns(why)) + self.page.style(why, "dim"))
        return rows
