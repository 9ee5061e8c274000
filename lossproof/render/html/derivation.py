"""A derivation as a page: assumption, theorem, the proof that unfolds, what was dropped, the rules, and the proof itself."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Final

from lossproof.render.html.elements import Html, Piece, formula, joined, listing, rows_of, section, table, tag
from lossproof.render.html.page import colophon, document, figure, saving, toolbar
from lossproof.render.html.rules import Rules
from lossproof.render.html.writer import Writer
from lossproof.render.mathematics import (
    Maths,
    chain_heading,
    closing_sentence,
    relation_sentence,
    slug,
    theorem_title,
)
from lossproof.render.paper import paper_lines
from lossproof.render.records import made_by_the_kernel
from lossproof.render.text import claim, shown_assumption
from lossproof.render.text import formula as plain_formula
from lossproof.render.words import (
    assumption_in_words,
    caveats,
    ledger_words,
    libraries,
    objective_name,
    result_sentence,
    standing_in_the_way,
)
from lossproof.syntax import parse_expression, to_latex, to_text

if TYPE_CHECKING:
    from lossproof.derivation import Derivation

_NLL: Final = r"\mathrm{NLL}"
_WIDEST: Final = 180.0
_DETAILS: Final = ("paper", "full")
_NAVIGATION: Final = (("assumption", "Assumption"), ("theorem", "Theorem"), ("proof", "Proof"), ("dropped", "Dropped"), ("limits", "Limits"), ("check", "Check"), ("rules", "Rules"))


def derivation_html(d: Derivation, *, detail: str = "paper", picture: str | None = None, caption: str = "") -> str:
    """The derivation as one self-contained page, which carries its proof.

    With ``detail="full"`` all lines are open. ``picture`` is a text with an ``<svg>`` element, shown below the theorem with its
    ``caption``. Raises ValueError for another detail, or a picture without one.
    """
    if detail not in _DETAILS:
        raise ValueError(f"detail is paper or full, not {detail!r}")
    page = _Page(d, detail == "full")
    title = _sentence(theorem_title(d))
    shown = figure(picture, caption or f"{title}, in a picture.") if picture is not None else Html("")
    return document(f"{title}: {shown_assumption(d)}", page.body(title, shown), proofs={"data": d.proof.to_dict()}, picture=picture is not None)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


class _Page:
    def __init__(self, d: Derivation, opened: bool) -> None:
        self.d = d
        self.rules = Rules(d.book)
        self.writer = Writer(d, self.rules, opened=opened)
        self.formulas = self.writer.formulas

    def body(self, title: str, picture: Html) -> list[Piece]:
        """Everything between the page's head and its data."""
        parts = [self.assumption(), self.theorem(picture), self.proof(), self.ledger(), self.limits(), self.check()]
        links = listing(tag("a", name, href=f"#{id}") for id, name in _NAVIGATION)
        header = tag("header", tag("h1", title), tag("p", tag("code", shown_assumption(self.d)), class_="assumption"), tag("nav", links, aria_label="Contents"))
        return [tag("a", "Skip to the theorem", class_="skip", href="#theorem"), header, tag("main", *parts, self.rules.section()), colophon()]

    # -- what holds

    def assumption(self) -> Html:
        """The statements, and every symbol's role and domain."""
        count = self.formulas.count
        each = Maths(rf"i = 1, \dots, {count}", f"i = 1, ..., {self.formulas.whose[1].text}")  # type: ignore[union-attr]
        if self.d.model.density is None:
            shown = [formula(s, t, display=True) for s, t in zip(self.formulas.statements(), self.formulas.statement_texts(), strict=True)]
            said = self.writer.prose(("independently for ", each, "."))
        else:
            shown = [formula(self.formulas.density(), f"p = {plain_formula(self.d.model.density)}", display=True)]
            said = self.writer.prose(("is the density of ", Maths(self.formulas.data()), ", independently for ", each, "."))
        rows = [(label, self.writer.prose(words)) for label, words in assumption_in_words(self.d) if label != "note"]
        return section("assumption", "Assumption", tag("div", *shown, class_="display"), tag("p", said), rows_of(rows))

    def theorem(self, picture: Html) -> Html:
        """NLL = scale · L + offset, what L is, and what that means."""
        named = objective_name(self.d)
        included = ", priors included," if self.d.model.priors else ""
        objective = self.d.objective
        loss = formula(f"L = {self.formulas.line(objective)}", f"L = {plain_formula(objective, self.writer.names)}", display=True)
        content: list[Piece] = [
            tag("p", self.writer.prose(("The negative log-likelihood of ", *self.formulas.whose, f"{included} is"))),
            tag("div", formula(f"{_NLL} = {self.formulas.claim('L')}", f"NLL = {claim(self.d)}", display=True), class_="display"),
            tag("p", f"with the {named}" if named else "with"),
            tag("div", loss, class_="display"),
            tag("p", self.writer.prose(relation_sentence(self.d, _NLL, Maths("L"), _WIDEST))),
            tag("p", self.writer.prose(result_sentence(self.d)), class_="result"),
        ]
        return joined([section("theorem", "Theorem", *content), picture])

    # -- the proof

    def proof(self) -> Html:
        """The chains, and a reason for every line."""
        parts: list[Piece] = [toolbar()]
        for name, lines in groupby(paper_lines(self.d), key=lambda line: line.chain):
            heading = chain_heading(self.d, name, self.formulas.whose) if name != "preamble" else ("Most likely is least NLL,",)
            title = self.writer.prose((*heading[:-1], str(heading[-1]).rstrip(",")))
            parts += [tag("h3", title), self.writer.chain(self.formulas.folded(name, list(lines)))]
        return section("proof", "Proof", *parts, self.writer.others(), tag("p", self.writer.prose(closing_sentence(self.d, _NLL)), " ∎"))

    # -- what else is to be known

    def ledger(self) -> Html:
        """What was dropped, why, and what brings it back."""
        if not self.d.ledger:
            return section("dropped", "Dropped", tag("p", "Nothing was dropped: every term depends on what is learned."))
        where = "one sample and the priors" if self.d.model.priors else "each sample"
        rows = [(self.writer.term(term), self.writer.prose(why), self.writer.prose(back)) for term, why, back in ledger_words(self.d)]
        return section("dropped", "Dropped", tag("p", f"Of the NLL of {where}:"), table(("term", "why it may go", "returns"), rows))

    def limits(self) -> Html:
        """Library names, notes, what the loss is not safe for, and what was not used."""
        notes = [words for label, words in assumption_in_words(self.d) if label == "note"]
        parts: list[Piece] = []
        for head, found in (("Not safe for", caveats(self.d)), ("Note", notes), ("Not used", standing_in_the_way(self.d))):
            if found:
                parts += [tag("h3", head), listing(map(self.writer.prose, found))]
        names = [(library, joined([tag("code", code), *self.factor(factor)])) for library, code, factor in libraries(self.d)]
        if names:
            parts += [tag("h3", "In libraries"), rows_of(names)]
        return section("limits", "Limits", *parts) if parts else section("limits", "Limits", tag("p", "None are known."))

    @staticmethod
    def factor(factor: str | None) -> list[Piece]:
        """By how much a library's loss differs."""
        if factor is None:
            return []
        term = parse_expression(factor)
        return [", ", formula(to_latex(term), to_text(term)), " of it"]

    def check(self) -> Html:
        """How to check the proof again, by a program that is not the engine."""
        name = f"{slug(self.d)}.json"
        return section(
            "check", "Check", tag("p", f"The proof has {made_by_the_kernel(self.d.proof)}. The page carries it: save it, and check it with the stand-alone checker."),
            saving("data", name), tag("pre", tag("code", f"lossproof check {name}")), no_script("data"),
        )  # fmt: skip


def no_script(id: str) -> Html:
    """Where the proof is for a reader without scripts."""
    return tag("noscript", tag("p", "Without scripts: the proof is the JSON text in this page's source, in the element ", tag("code", id), "."))


__all__ = ["derivation_html", "no_script"]
