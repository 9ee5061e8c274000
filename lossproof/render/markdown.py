"""A derivation as Markdown with mathematics, in the dialect that GitHub and Jupyter both take.

Both run Markdown over the formulas, or parts of them: a backslash before punctuation may get lost, an underscore may
begin emphasis, ``<`` a tag, ``](`` a link. :func:`dialect` writes the same mathematics without any of these.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from lossproof.render.breaking import Formula, Page, rows
from lossproof.render.escape import code_markdown, escape_markdown
from lossproof.render.mathematics import (
    ChainRows,
    Formulas,
    Maths,
    chain_heading,
    closing_sentence,
    relation_sentence,
    remarks,
    role_sentences,
    theorem_title,
)
from lossproof.render.words import (
    ledger_words,
    libraries,
    pretty_assumption,
    result_sentence,
    spoken,
)
from lossproof.syntax import parse_expression, to_latex
from lossproof.terms import Term

if TYPE_CHECKING:
    from lossproof.derivation import Derivation

_PAGE: Final = Page(330.0, 310.0)
_SHORT: Final = 200.0  # widest formula in a line of text
_PLAIN: Final = {
    r"\\": r"\cr ",
    r"\,": r"\thinspace ",
    r"\;": r"\enspace ",
    r"\!": r"\negthinspace ",
    r"\{": r"\lbrace ",
    r"\}": r"\rbrace ",
    r"\_": r"\underline{\enspace}",
    r"\|": r"\Vert ",
    "<": r"\lt ",
    ">": r"\gt ",
    "|": r"\vert ",
    "*": r"\ast ",
}
_SPECIAL: Final = re.compile("|".join(map(re.escape, sorted(_PLAIN, key=len, reverse=True))))
_OPERATOR: Final = re.compile(r"\\operatorname\{([^{}]*)\}")
_CHAR: Final = re.compile(r"\{\\char(\d+)\}")


def dialect(latex: str) -> str:
    """The same mathematics without a character pair that Markdown might take for its own."""
    text = _CHAR.sub(lambda m: rf"\text{{u{int(m[1]):04x}}}", latex)
    text = _OPERATOR.sub(r"\\mathop{\\mathrm{\1}}", text)
    text = _SPECIAL.sub(lambda m: _PLAIN[m[0]], text)
    text = re.sub(r"(?<=[\]!])(?=[\[(])", " ", text)
    text = re.sub(r"(?<! )_", " _", text)
    return re.sub(r"  +", " ", text).strip()


def derivation_markdown(d: Derivation, *, detail: str = "paper") -> str:
    """The derivation as Markdown; ``detail`` is ``paper`` or ``full``. Raises ValueError for another detail."""
    return "\n\n".join(_Page(d).blocks(detail)) + "\n"


class _Page:
    """Writes one derivation."""

    def __init__(self, d: Derivation) -> None:
        self.d = d
        self.formulas = Formulas(d)

    def blocks(self, detail: str) -> list[str]:
        """The blocks of the page, between blank lines."""
        head = [f"### {escape_markdown(_sentence(theorem_title(self.d)))}", f"> {code_markdown(pretty_assumption(self.d.assumption))}"]
        return [*head, *self.theorem(), *self.proof(detail), *self.ledger(), *self.remarks()]

    def said(self, words: Iterable[str | Term | Maths]) -> str:
        """Words as Markdown text."""

        def shown(t: Term | Maths) -> str:
            return f"${dialect(t.latex if isinstance(t, Maths) else self.formulas.line(t))}$"

        return spoken(words, shown, escape_markdown)

    def theorem(self) -> list[str]:
        """What holds: the NLL, and the loss that it relates to."""
        roles = " ".join(self.said(words) for words in role_sentences(self.d))
        included = ", priors included," if self.d.model.priors else ""
        found = rows(rf"\mathrm{{NLL}} = {self.formulas.claim()}", _PAGE)
        claim = dialect(found[0]) if len(found) == 1 else _aligned([f"& {found[0]}", *[rf"& \quad {row}" for row in found[1:]]])
        return [
            *self.statements(),
            roles,
            f"**Theorem.** The negative log-likelihood of {self.said(self.formulas.whose)}{included} is",
            displayed(claim),
            f"{self.relation()} {self.said(result_sentence(self.d))}",
        ]

    def statements(self) -> list[str]:
        """The assumption, in the line of text if it is short."""
        shown = self.formulas.statements()
        each = rf"$i = 1, \dots, {self.formulas.count}$"
        if not shown:
            return [f"Let ${dialect(self.formulas.data())}$, {each}, be independent samples with the density", displayed(aligned_lines([self.formulas.density()]))]
        if sum(Formula(s).box.text for s in shown) < _SHORT:
            return ["Let " + ", ".join(f"${dialect(s)}$" for s in shown) + f", independently for {each}."]
        return ["Let", displayed(aligned_lines(shown)), f"independently for {each}."]

    def relation(self) -> str:
        """How the NLL relates to the loss, and what that means."""
        return self.said(relation_sentence(self.d, r"\mathrm{NLL}", Maths(self.formulas.term(self.d.objective)), _SHORT))

    def proof(self, detail: str) -> list[str]:
        """The chains, each an alignment with reasons."""
        blocks: list[str] = []
        for k, chain in enumerate(self.formulas.chains(detail)):
            blocks += [("**Proof.** " if k == 0 else "") + self.said(chain_heading(self.d, chain.name, self.formulas.whose)), displayed(aligned_chain(chain)), *conditions_of(chain)]
        return [*blocks, self.said(closing_sentence(self.d, r"\mathrm{NLL}")) + " ∎"]

    def ledger(self) -> list[str]:
        """What was dropped, as a table."""
        if not self.d.ledger:
            return ["Nothing was dropped: every term depends on what is learned."]
        lines = ["| dropped, for one sample | why | returns |", "|---|---|---|"]
        for term, why, returns in ledger_words(self.d):
            lines.append(f"| ${dialect(self.formulas.term(term))}$ | {self.said(why)} | {self.said(returns)} |")
        return ["\n".join(lines)]

    def remarks(self) -> list[str]:
        """Library names, conventions, notes, and what the loss is not safe for."""
        names = [
            code_markdown(code) + (f" (${dialect(to_latex(parse_expression(f)))}$ of it)" if f else "") for _, code, f in libraries(self.d)
        ]
        blocks = [f"**In libraries.** {', '.join(names)}."] if names else []
        return blocks + [f"**{head}.** {' '.join(map(self.said, found))}" for head, found in remarks(self.d)]


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def displayed(latex: str) -> str:
    """A formula in a block of its own."""
    return f"$$\n{latex}\n$$"


def _aligned(lines: list[str]) -> str:
    inner = " \\cr\n".join(dialect(line) for line in lines)
    return f"\\begin{{aligned}}\n{inner}\n\\end{{aligned}}"


def aligned_lines(shown: list[str]) -> str:
    """Formulas below one another, long ones broken."""
    return _aligned([("& " if i == 0 else r"& \quad ") + row for s in shown for i, row in enumerate(rows(s, _PAGE))])


def aligned_chain(chain: ChainRows) -> str:
    """A chain, each line with its reason."""
    head = r"\mathrm{NLL} = " if chain.name == "dataset" else ""
    lines = ["& " + row if i == 0 else r"& \quad " + row for i, row in enumerate(rows(head + chain.left, _PAGE))]
    for row in chain.rows:
        found = rows(f"{row.sign} {row.latex}", _PAGE)
        shown = [r"& \quad " + found[0], *[r"& \qquad " + more for more in found[1:]]]
        lines += [*shown[:-1], rf"{shown[-1]} && \text{{({_reason(row.reason)})}}"]
    return _aligned(lines)


def _reason(text: str) -> str:
    """Words that any mathematics renderer prints inside ``\\text``."""
    kept = "".join([c if c.isalnum() or c in " ,.:'()+-" else " " for c in text.replace("–", "-")])
    return " ".join(kept.split())


def conditions_of(chain: ChainRows) -> list[str]:
    """What the steps of a chain needed, where every step is shown."""
    needs = [(row.number, row.conditions) for row in chain.rows if row.conditions]
    if not needs:
        return []
    shown = "; ".join(f"({number}) " + ", ".join(f"${dialect(c.latex)}${c.said}" for c in conditions) for number, conditions in needs)
    return [f"Conditions: {shown}."]


__all__ = ["aligned_chain", "aligned_lines", "conditions_of", "derivation_markdown", "dialect", "displayed"]
