"""A derivation as LaTeX: a fragment for a paper, or a whole document. The output is ASCII."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from lossproof.render.breaking import Formula, Page, adaptive, rows
from lossproof.render.escape import code_latex, comment, escape_latex
from lossproof.render.mathematics import (
    ChainRows,
    Formulas,
    Maths,
    chain_heading,
    closing_sentence,
    relation_sentence,
    remarks,
    role_sentences,
    slug,
    theorem_title,
)
from lossproof.render.words import (
    ledger_words,
    libraries,
    result_sentence,
    spoken,
)
from lossproof.syntax import parse_expression, to_latex
from lossproof.terms import Term

if TYPE_CHECKING:
    from lossproof.derivation import Derivation

# What a row may take in one column of an article and in one of two columns, less the indentation, in points at
# ten-point type. An article at twelve points has the fewest ems in a line.
WIDE_PAGE: Final = Page(302.0, 292.0)
NARROW_PAGE: Final = Page(201.0, 191.0)
_CLAIM_WIDE: Final = Page(250.0, 240.0)  # with room for "NLL =" and a number
_CLAIM_NARROW: Final = Page(160.0, 150.0)
_CELL: Final = Page(94.0, 84.0)
_IN_LINE: Final = 100.0  # widest formula in a line of text

#: The macros that fragments use, each defined only where it is not.
PREAMBLE: Final = r"""
\makeatletter
\@ifundefined{lptheorem}{\@ifundefined{theoremstyle}
  {\newcounter{lptheorem}\newenvironment{lptheorem}[1][]%
    {\par\medskip\noindent\refstepcounter{lptheorem}\textbf{Theorem \thelptheorem} (#1).\itshape\ }{\par\medskip}}
  {\newtheorem{lptheorem}{Theorem}}}{}
\@ifundefined{crefalias}{}{\crefalias{lptheorem}{theorem}}
\@ifundefined{lpproof}{\@ifundefined{proof}
  {\newenvironment{lpproof}{\par\noindent\textit{Proof.} \lpalign}{\hfill\rule{1ex}{1ex}\par}}
  {\newenvironment{lpproof}{\begin{proof}\lpalign}{\end{proof}}}}{}
\providecommand{\lpalign}{\allowdisplaybreaks\@fleqntrue\@mathmargin=1em\relax\tagsleft@false\def\mintagsep{1.2em}}
\providecommand{\lpnarrow}{\ifdim\linewidth<31em\relax\expandafter\@firstoftwo\else\expandafter\@secondoftwo\fi}
\makeatother
\providecommand{\lpbreak}[1]{\lpnarrow{\\ & #1}{}}
\providecommand{\lpby}[1]{\tag*{\lpreason{(#1)}}}
\providecommand{\lpreason}[1]{\sbox0{\normalfont\footnotesize#1}%
  \ifdim\wd0>.8\linewidth\parbox{.8\linewidth}{\normalfont\footnotesize\raggedleft#1}\else\usebox0\fi}
\providecommand{\lpremark}[2]{\par\smallskip\noindent{\raggedright\emph{#1.} #2\par}}
\providecommand{\lpNLL}{\mathrm{NLL}}
\providecommand{\toprule}{\hline}\providecommand{\midrule}{\hline}\providecommand{\bottomrule}{\hline}
""".strip()

DOCUMENT: Final = r"""
\documentclass[10pt]{article}
\usepackage[T1]{fontenc}
\usepackage{lmodern}
\usepackage{booktabs}
\usepackage{amssymb}
\usepackage[hidelinks]{hyperref}
\usepackage{amsmath}
\usepackage{amsthm}
\usepackage{cleveref}
\begin{document}
""".strip()


def derivation_latex(
    d: Derivation, *, standalone: bool = False, detail: str = "paper", label: str | None = None, preamble: bool = True
) -> str:
    """The derivation as a fragment to ``\\input``, or with ``standalone`` as a document that compiles by itself.

    ``detail`` is ``paper`` or ``full`` (every step). Labels are ``lp:LABEL:theorem`` and ``lp:LABEL:nll``; without
    ``label`` (letters, digits, - and .) they are made from the assumption. The fragment needs amsmath; amsthm, booktabs,
    hyperref and cleveref are used where they are loaded. Of several fragments in one document only the first needs
    the ``preamble``, the definitions of its macros. Raises ValueError for another detail or label.
    """
    known_as = slug(d) if label is None else label
    if not re.fullmatch(r"[A-Za-z0-9.-]+", known_as):
        raise ValueError("a label has letters, digits, - and . only")
    defined = [PREAMBLE, ""] if preamble or standalone else []
    body = "\n".join([f"% {comment(d.assumption)}", *defined, *_Fragment(d).lines(known_as, detail)]) + "\n"
    return f"{DOCUMENT}\n{body}\\end{{document}}\n" if standalone else body


class _Fragment:
    """Writes one derivation."""

    def __init__(self, d: Derivation) -> None:
        self.d = d
        self.formulas = Formulas(d)

    def lines(self, slug: str, detail: str) -> list[str]:
        """The lines of the fragment."""
        return [*self.theorem(slug), *self.proof(detail), *self.ledger(), *self.remarks()]

    def said(self, words: Iterable[str | Term | Maths]) -> str:
        """Words as LaTeX text."""

        def shown(t: Term | Maths) -> str:
            return f"${t.latex if isinstance(t, Maths) else self.formulas.line(t)}$"

        return spoken(words, shown, lambda text: escape_latex(text).replace("...", r"\dots{}"))

    # -- the theorem

    def theorem(self, slug: str) -> list[str]:
        """What holds: the NLL, and the loss that it relates to."""
        included = ", priors included," if self.d.model.priors else ""
        return [
            rf"\begin{{lptheorem}}[{{{escape_latex(theorem_title(self.d))}}}]\label{{lp:{slug}:theorem}}\emergencystretch=8em",
            *self.statements(),
            *[self.said(words) for words in role_sentences(self.d)],
            f"The negative log-likelihood of {self.said(self.formulas.whose)}{included} is",
            rf"\begin{{equation}}\label{{lp:{slug}:nll}}",
            *self.equation(),
            r"\end{equation}",
            self.relation(),
            self.said(result_sentence(self.d)),
            r"\end{lptheorem}",
        ]

    def statements(self) -> list[str]:
        """The assumption, in the line of text if it is short."""
        shown = self.formulas.statements()
        if not shown:
            samples = rf"Let ${self.formulas.data()}$, $i = 1, \dots, {self.formulas.count}$, be independent samples with the density"
            return [samples, *self.display([self.formulas.density()])]
        for_each = rf"independently for $i = 1, \dots, {self.formulas.count}$."
        widths = [Formula(s).box.text for s in shown]
        if max(widths) < _IN_LINE and sum(widths) < 2 * _IN_LINE:
            return ["Let " + ", ".join(f"${s}$" for s in shown) + ", " + for_each]
        return ["Let", *self.display(shown), for_each]

    def display(self, shown: list[str]) -> list[str]:
        """Formulas below one another."""
        lines = [r"  & " + adaptive(s, WIDE_PAGE, NARROW_PAGE, r"\quad") for s in shown]
        return [r"\begin{align*}", *[line + r" \\" for line in lines[:-1]], lines[-1], r"\end{align*}"]

    def equation(self) -> list[str]:
        """NLL = scale · objective + offset."""
        body = adaptive(self.formulas.claim(), _CLAIM_WIDE, _CLAIM_NARROW, r"\quad").replace(r"\text{", r"\textup{")
        if r"\\" not in body and r"\lpbreak" not in body:
            return [rf"  \lpNLL = {body}"]
        return [r"\begin{split}", rf"  \lpNLL = {{}} & {body}", r"\end{split}"]

    def relation(self) -> str:
        """How the NLL relates to the loss, and what that means."""
        return self.said(relation_sentence(self.d, r"\lpNLL", Maths(self.formulas.term(self.d.objective)), _IN_LINE))

    # -- the proof

    def proof(self, detail: str) -> list[str]:
        """The chains, each an alignment with reasons."""
        lines = [r"\begin{lpproof}"]
        for chain in self.formulas.chains(detail):
            lines += [self.said(chain_heading(self.d, chain.name, self.formulas.whose)), *chain_lines(chain)]
        return [*lines, self.said(closing_sentence(self.d, r"\lpNLL")), r"\end{lpproof}"]

    # -- the ledger and what else is to be known

    def ledger(self) -> list[str]:
        """What was dropped, as a table."""
        if not self.d.ledger:
            return [r"\par\medskip\noindent Nothing was dropped: every term depends on what is learned.\par"]
        lines = [
            r"\begin{center}\small",
            r"\begin{tabular}{@{}p{.43\linewidth}p{.24\linewidth}p{.22\linewidth}@{}}",
            r"\toprule",
            r"\raggedright Dropped, for one sample & Why & Returns \tabularnewline",
            r"\midrule",
        ]
        for term, why, returns in ledger_words(self.d):
            cells = [_cell(self.formulas.term(term)), self.said(why), self.said(returns)]
            lines.append(" & ".join(rf"\raggedright {c}" for c in cells) + r" \tabularnewline[2pt]")
        return [*lines, r"\bottomrule", r"\end{tabular}", r"\end{center}"]

    def remarks(self) -> list[str]:
        """Library names, conventions, notes, and what the loss is not safe for."""
        names = [code_latex(code) + (f" (${to_latex(parse_expression(f))}$ of it)" if f else "") for _, code, f in libraries(self.d)]
        lines = [rf"\lpremark{{In libraries}}{{{'; '.join(names)}.}}"] if names else []
        return lines + [rf"\lpremark{{{head}}}{{{' '.join(map(self.said, found))}}}" for head, found in remarks(self.d)]


def chain_lines(chain: ChainRows) -> list[str]:
    """A chain as an alignment, each line with its reason."""
    head = r"\lpNLL = " if chain.name == "dataset" else ""
    lines = [r"\begin{align*}", r"  & " + adaptive(head + chain.left, WIDE_PAGE, NARROW_PAGE, r"\quad") + r" \\"]
    for row in chain.rows:
        body = adaptive(f"{row.sign} {row.latex}", WIDE_PAGE, NARROW_PAGE, r"\qquad")
        lines.append(rf"  & \quad {body} \lpby{{{escape_latex(row.reason)}}} \\")
    lines[-1] = lines[-1].removesuffix(r" \\")
    return [*lines, r"\end{align*}", *_conditions(chain)]


def _conditions(chain: ChainRows) -> list[str]:
    """What the steps of a chain needed, where every step is shown."""
    needs = [(row.number, row.conditions) for row in chain.rows if row.conditions]
    if not needs:
        return []
    shown = "; ".join(f"({number}) " + ", ".join(f"${c}$" for c in conditions) for number, conditions in needs)
    return [r"{\footnotesize\raggedright Conditions: " + shown + r".\par}\smallskip\noindent"]


def _cell(latex: str) -> str:
    """A formula in a column of the ledger."""
    found = rows(latex, _CELL)
    if len(found) == 1:
        return f"${found[0]}$"
    return r"$\begin{aligned}[t] " + r" \\ ".join(f"& {row}" for row in found) + r" \end{aligned}$"
