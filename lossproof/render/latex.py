"""A derivation as LaTeX: a fragment for a paper, or a whole document. The output is ASCII."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from lossproof.render.breaking import Formula, Page, adaptive, rows
from lossproof.render.escape import code_latex, comment, escape_latex
from lossproof.render.mathematics import (
    ChainRows,
    Formulas,
    Maths,
    Row,
    chain_heading,
    closing_sentence,
    relation_sentence,
    remarks,
    role_sentences,
    slug,
    theorem_title,
)
from lossproof.render.notation import PLAIN, Applied, Notation
from lossproof.render.words import (
    ANY_MODEL,
    MODEL,
    Words,
    ledger_words,
    libraries,
    result_sentence,
    spoken,
)
from lossproof.syntax import latex_name, parse_expression, to_latex
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
_CONDITION: Final = Page(230.0, 220.0)
_IN_LINE: Final = 100.0  # widest formula in a line of text

#: What a label may be.
LABEL: Final = re.compile(r"[A-Za-z0-9.-]{1,60}")
#: The macros that fragments use, each defined only where it is not.
PREAMBLE: Final = r"""
\makeatletter
\@ifundefined{lptheorem}{\@ifundefined{swapnumbers}
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
\providecommand{\lpbb}[1]{\ifcsname mathbb\endcsname\mathbb{#1}\else\mathbf{#1}\fi}
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


REASONS: Final = ("column", "marks", "none")


@dataclass(frozen=True)
class Style:
    """How a fragment is written.

    ``detail`` is ``remark`` (one sentence), ``paper`` or ``full``; ``reasons`` stand in a ``column``, as ``marks`` that are explained
    below, or not at all (``none``); labels begin with ``prefix``; ``cite`` refers to rules by their ids.
    """

    detail: str = "paper"
    reasons: str = "column"
    notation: Notation = PLAIN
    prefix: str = "lp"
    cite: Callable[[Iterable[str]], str] | None = None
    remarks: bool = True

    @property
    def nll(self) -> str:
        """The NLL, of the data set if that has a name."""
        own = self.notation.commands.get("NLL")
        return (f"\\{own}" if own else r"\lpNLL") + (f"({latex_name(self.notation.data)})" if self.notation.data else "")


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
    if not LABEL.fullmatch(known_as):
        raise ValueError("a label has letters, digits, - and . only")
    defined = [PREAMBLE, ""] if preamble or standalone else []
    body = "\n".join([f"% {comment(d.assumption)}", *defined, *fragment(d, known_as, Style(detail))]) + "\n"
    return f"{DOCUMENT}\n{body}\\end{{document}}\n" if standalone else body


def fragment(d: Derivation, label: str, style: Style, title: str = "") -> list[str]:
    """The lines of a derivation's fragment, without the definitions of its macros; ``title`` is an author's own."""
    writer = _Fragment(d, style, title)
    found = writer.remark(label) if style.detail == "remark" else writer.lines(label)
    return style.notation.apply("\n".join(found)).split("\n")


class _Fragment:
    """Writes one derivation."""

    def __init__(self, d: Derivation, style: Style, title: str = "") -> None:
        self.d = d
        self.style = style
        self.title = escape_latex(title or theorem_title(d))
        self.formulas = Formulas(d, style.notation)
        self.nll = style.nll

    def lines(self, slug: str) -> list[str]:
        """The lines of the fragment."""
        shown = [*self.theorem(slug), *self.proof(), *self.ledger()]
        return [*shown, *self.remarks()] if self.style.remarks else shown

    def said(self, words: Iterable[str | Term | Maths]) -> str:
        """Words as LaTeX text."""

        def shown(t: Term | Maths) -> str:
            return f"${t.latex if isinstance(t, Maths) else self.formulas.line(t)}$"

        return spoken(words, shown, lambda text: escape_latex(text).replace("...", r"\dots{}"))

    def label(self, slug: str, what: str) -> str:
        """A label of the fragment."""
        return rf"\label{{{self.style.prefix}:{slug}:{what}}}"

    # -- the remark

    def remark(self, slug: str) -> list[str]:
        """What holds, in a sentence."""
        shown = self.formulas.statements() or [self.formulas.density()]
        claim = rf"{self.nll} = {self.formulas.claim()}"
        assumed = " and ".join(f"${s}$" for s in shown)
        short = Formula(claim).box.text < 2 * _IN_LINE and sum(Formula(s).box.text for s in shown) < 2 * _IN_LINE
        lines = [rf"\begin{{lpremarkenv}}[{{{self.title}}}]{self.label(slug, 'theorem')}\emergencystretch=8em"]
        if short:
            lines += [f"If {assumed} for each sample, then ${claim}$,"]
        else:
            lines += ["If, for each sample,", *self.display(shown), "then", *self.display([claim])]
        return [*lines, self.relation(), self.said(self.result()), r"\end{lpremarkenv}"]

    # -- the theorem

    def theorem(self, slug: str) -> list[str]:
        """What holds: the NLL, and the loss that it relates to."""
        included = ", priors included," if self.d.model.priors else ""
        return [
            rf"\begin{{lptheorem}}[{{{self.title}}}]{self.label(slug, 'theorem')}\emergencystretch=8em",
            *self.statements(),
            *[self.said(words) for words in self.roles()],
            f"The negative log-likelihood of {self.said(self.formulas.whose)}{included} is",
            rf"\begin{{equation}}{self.label(slug, 'nll')}",
            *self.equation(),
            r"\end{equation}",
            self.relation(),
            self.said(self.result()),
            r"\end{lptheorem}",
        ]

    def statements(self) -> list[str]:
        """The assumption, in the line of text if it is short."""
        shown = self.formulas.statements()
        if not shown:
            samples = rf"Let ${self.formulas.data()}$, $i = 1, \dots, {self.formulas.count}$, be independent samples with the density"
            return [samples, *self.display([self.formulas.density()])]
        named = self.style.notation.data
        listed = rf" = ({self.formulas.data(1)}, \dots, {self.formulas.data(self.formulas.count)})" if self.style.notation.subscripts else ""
        whole = f"; the data set is ${latex_name(named)}{listed}$" if named else ""
        for_each = rf"independently for $i = 1, \dots, {self.formulas.count}${whole}."
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
            return [rf"  {self.nll} = {body}"]
        return [r"\begin{split}", rf"  {self.nll} = {{}} & {body}", r"\end{split}"]

    def relation(self) -> str:
        """How the NLL relates to the loss, and what that means."""
        return self.said(relation_sentence(self.d, self.nll, Maths(self.formulas.term(self.d.objective)), _IN_LINE))

    def roles(self) -> list[Words]:
        """The roles and domains; the author may have said already what the model is."""
        found = role_sentences(self.d)
        if not self.is_applied([n for n, s in self.d.symbols.items() if s.role == "parameter" and s.indexed]):
            return found
        return [tuple(w if isinstance(w, Term) else w.replace(f" ({ANY_MODEL})", "") for w in words) for words in found]

    def result(self) -> Words:
        """What the theorem means."""
        words = result_sentence(self.d)
        given = self.is_applied(str(t.value) for t in words if isinstance(t, Term))
        return tuple(w for w in words if w != MODEL) if given else words

    def is_applied(self, names: Iterable[str]) -> bool:
        """Whether each of some symbols stands for the value of a function in the notation."""
        found = [isinstance(self.style.notation.of(n), Applied) for n in names]
        return bool(found) and all(found)

    # -- the proof

    def proof(self) -> list[str]:
        """The chains, each an alignment with reasons."""
        lines = [r"\begin{lpproof}"]
        marks = Marks()
        for chain in self.formulas.chains(self.style.detail):
            lines += [self.said(chain_heading(self.d, chain.name, self.formulas.whose, self.formulas.name)), *chain_lines(chain, self.style, marks, self.nll)]
        return [*lines, self.said(closing_sentence(self.d, self.nll)), r"\end{lpproof}"]

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


class Marks:
    """Counts the marks of a proof, i, ii, iii, and knows which line has which."""

    def __init__(self) -> None:
        self.count = 0
        self.lines: dict[int, str] = {}

    def next(self) -> str:
        """The next mark."""
        self.count += 1
        units = ("", "i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix")
        tens = ("", "x", "xx", "xxx", "xl", "l", "lx", "lxx", "lxxx", "xc")
        return "c" * (self.count // 100) + tens[self.count // 10 % 10] + units[self.count % 10]

    def explained(self, row: Row) -> str:
        """A row's reason with its mark; numbers of lines become theirs."""
        mark = self.lines[row.number] = self.next()
        reason = row.reason.removeprefix(f"{row.number}: ")
        if reason.startswith("line "):
            reason = "by " + re.sub(r"\d+", lambda m: f"({self.lines.get(int(m[0]), m[0])})", reason.removeprefix("line "))
        return f"({mark}) {reason}"


def chain_lines(chain: ChainRows, style: Style | None = None, marks: Marks | None = None, nll: str = r"\lpNLL") -> list[str]:
    """A chain as an alignment, its reasons beside the lines, marked and explained below, or left away."""
    style = style or Style()
    marks = marks or Marks()
    head = f"{nll} = " if chain.name == "dataset" else ""
    lines = [r"\begin{align*}", r"  & " + adaptive(head + chain.left, WIDE_PAGE, NARROW_PAGE, r"\quad") + r" \\"]
    explained: list[str] = []
    for row in chain.rows:
        body = adaptive(f"{row.sign} {row.latex}", WIDE_PAGE, NARROW_PAGE, r"\qquad")
        reason = escape_latex(marks.explained(row) if style.reasons == "marks" else row.reason)
        if style.cite is not None and (cited := style.cite(row.rules)):
            reason += f" [{cited}]"
        if style.reasons == "marks":
            explained.append(reason)
            reason = reason.partition(" ")[0][1:-1]
        lines.append(rf"  & \quad {body}" + (rf" \lpby{{{reason}}}" if style.reasons != "none" else "") + r" \\")
    lines[-1] = lines[-1].removesuffix(r" \\")
    lines.append(r"\end{align*}")
    if explained:
        lines.append(rf"\lpexplain{{{'; '.join(explained)}.}}")
    return [*lines, *_conditions(chain)]


def _conditions(chain: ChainRows) -> list[str]:
    """What the steps of a chain needed, where every step is shown."""
    needs = [(row.number, row.conditions) for row in chain.rows if row.conditions]
    if not needs:
        return []
    shown = "; ".join(f"({number}) " + ", ".join(_cell(c.latex, _CONDITION) + c.said for c in conditions) for number, conditions in needs)
    return [r"{\footnotesize\raggedright Conditions: " + shown + r".\par}\smallskip\noindent"]


def _cell(latex: str, page: Page = _CELL) -> str:
    """A formula in a column of the ledger, or in a line of text."""
    return in_rows(rows(latex, page))


def in_rows(found: list[str]) -> str:
    """A formula in a line of text, its rows below one another."""
    if len(found) == 1:
        return f"${found[0]}$"
    return r"$\begin{aligned}[t] " + r" \\ ".join(f"& {row}" for row in found) + r" \end{aligned}$"
