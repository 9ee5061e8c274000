"""The rules that a page's steps name, each with what it states and requires: the page explains itself."""

from __future__ import annotations

from typing import Final

from lossproof.facts import Rule
from lossproof.render.html.elements import Html, formula, joined, rows_of, section, tag
from lossproof.render.records import BUILT_IN, Rows, distribution_words, fact_words, rule_words
from lossproof.render.words import RELATION_SIGNS, Words, spoken
from lossproof.rulebook import Rulebook
from lossproof.syntax import to_latex, to_text
from lossproof.terms import Term

_SHOWN: Final = 12
_KINDS: Final = {"density": "density", "cdf": "distribution function", "cdf_below": "distribution function, below", "expectation": "expectation"}


def rule_sentence(id: str, book: Rulebook) -> Words:
    """A rule in a sentence, or if its record has none in a formula."""
    if id in BUILT_IN:
        return (BUILT_IN[id],)
    if id in book.rules:
        return (book.rules[id].says,)
    rule = book.rule(id)
    what = _KINDS.get(rule.kind, rule.kind)
    return (f"The {what} of {_distribution(rule, book)}.",) if rule.kind != "expectation" else (f"An expectation under {_distribution(rule, book)}.",)


def _distribution(rule: Rule, book: Rulebook) -> str:
    return book.distribution(str(rule.record["id"])).title


def shown(term: Term, *, display: bool = False) -> Html:
    """A term of a record."""
    return formula(to_latex(term), to_text(term), display=display)


class Rules:
    """Remembers which rules and facts a page names, and by which steps."""

    def __init__(self, book: Rulebook) -> None:
        self.book = book
        self.rules: dict[str, list[tuple[str, str]]] = {}
        self.facts: dict[str, None] = {}

    def link(self, id: str, step: str, anchor: str) -> Html:
        """A link to what is said of a rule, which a step uses."""
        self.rules.setdefault(id, []).append((step, anchor))
        return tag("a", tag("code", id), href=f"#rule-{id}")

    def fact(self, id: str) -> Html:
        """A link to what is said of a fact."""
        self.facts.setdefault(id)
        return tag("a", tag("code", id), href=f"#fact-{id}")

    def section(self) -> Html:
        """What the rules and the facts say."""
        intro = tag("p", "Every rule that a step of this page uses, as its record has it: ", tag("code", "lossproof explain RULE"), " says the same, and which families use it.")
        rules = [self._rule(id) for id in sorted(self.rules)]
        facts = [self._fact(id) for id in sorted(self.facts)]
        parts = [intro, *rules]
        if facts:
            intro = tag("p", "How the kernel knew that a condition holds.")
            return joined([section("rules", "Rules", *parts), section("facts", "Facts", intro, *facts)])
        return section("rules", "Rules", *parts)

    def _rule(self, id: str) -> Html:
        statement, rows = self._said(id)
        used = self.rules[id]
        links = joined([tag("a", step, href=f"#{anchor}") for step, anchor in used[:_SHOWN]], ", ")
        more = f" and {len(used) - _SHOWN} more" if len(used) > _SHOWN else ""
        body = [tag("p", self._sides(statement), class_="statement")] if statement else []
        body.append(rows_of([*self._rows(rows), ("used in", joined(["step " if len(used) == 1 else "steps ", links, more]))]))
        return section(f"rule-{id}", tag("code", id), *body, level=3, class_="rule")

    def _fact(self, id: str) -> Html:
        if id in BUILT_IN:
            said: list[Html] = [tag("p", BUILT_IN[id])]
        else:
            rows = dict(fact_words(id, self.book)[1]) if id in self.book.fact_rules else {"says": ("The record of the distribution says so.",)}
            given = rows.get("given", ("nothing",))
            shows = rows.get("shows", (self.book.fact_rule(id).shows,))
            said = [tag("p", self._words(rows["says"])), tag("p", self._words((*shows, *((" if ", *given) if given != ("nothing",) else ()))))]
        return section(f"fact-{id}", tag("code", id), *said, level=3, class_="rule fact")

    def _said(self, id: str) -> tuple[Words, Rows]:
        if id in BUILT_IN:
            return (), [("says", (BUILT_IN[id],)), ("record", ("none: the kernel and the checker compute it, each with code of its own",))]
        if id in self.book.rules:
            statement, rows = rule_words(id, self.book)
            source = str(self.book.rules[id].record.get("source", ""))
            return statement, [*rows, ("source", (source,))] if source else rows
        rule = self.book.rule(id)
        found = self.book.distribution(str(rule.record["id"]))
        rows = [r for r in distribution_words(found) if r[0] not in ("names", "keywords", "density", "mass", "P(Y ≤ y)")]
        return (rule.before, f" {RELATION_SIGNS[rule.relation]} ", rule.after), [("says", rule_sentence(id, self.book)), *rows]

    def _rows(self, rows: Rows) -> list[tuple[str, Html]]:
        return [(label, self._words(words)) for label, words in rows]

    def _words(self, words: Words) -> Html:
        return joined([shown(w) if isinstance(w, Term) else w for w in words])

    def _sides(self, statement: Words) -> Html:
        """Both sides as one formula, which may be broken."""
        latex = spoken(statement, to_latex, lambda s: _SIGNS.get(s.strip(), s))
        return formula(latex, spoken(statement, to_text), display=True)


_SIGNS: Final = {"≐": r" \doteq ", "≃": r" \simeq ", "≅": r" \cong "}

__all__ = ["Rules", "rule_sentence", "shown"]
