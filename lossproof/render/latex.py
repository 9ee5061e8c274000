"""A derivation as LaTeX: a fragment for a paper, or a whole document. The output is ASCII."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Final

from lossproof.render.breaking import Formula, Page, adaptive, rows
from lossproof.render.escape import code_latex, comment, escape_latex
from lossproof.render.mathematics import SAMPLES, SIGNS, ChainRows, assumption, chains, claim, formula
from lossproof.render.words import (
    RELATION_SIGNS,
    RELATION_WORDS,
    Words,
    assumption_in_words,
    caveats,
    distribution_records,
    ledger_reason,
    ledger_return,
    libraries,
    objective_name,
    result_sentence,
    spoken,
    varying,
)
from lossproof.syntax import latex_name, parse_expression, to_latex

if TYPE_CHECKING:
    from lossproof.derivation import Derivation

#: What a row may take in one column of an article and in one of two columns, less the indentation, in points.
_WIDE: Final = Page(314.0, 304.0)
_NARROW: Final = Page(201.0, 191.0)
_CELL: Final = Page(94.0, 84.0)
_IN_LINE: Final = 100.0  # widest formula in a line of text

_PREAMBLE: Final = r"""
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
\providecommand{\lpby}[1]{\tag*{\normalfont\footnotesize(#1)}}
\providecommand{\lpremark}[2]{\par\smallskip\noindent{\raggedright\emph{#1.} #2\par}}
\providecommand{\lpNLL}{\mathrm{NLL}}
\providecommand{\toprule}{\hline}\providecommand{\midrule}{\hline}\providecommand{\bottomrule}{\hline}
""".strip()

_DOCUMENT: Final = r"""
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


def derivation_latex(d: Derivation, *, standalone: bool = False, detail: str = "paper", label: str | None = None) -> str:
    """The derivation as a fragment to ``\\input``, or with ``standalone`` as a document that compiles by itself.

    ``detail`` is ``paper`` or ``full`` (every step). Labels are ``lp:LABEL:theorem`` and ``lp:LABEL:nll``; without
    ``label`` (letters, digits, - and .) they are made from the assumption. The fragment needs amsmath; amsthm, booktabs,
    hyperref and cleveref are used where they are loaded. Raises ValueError for another detail or label.
    """
    slug = _slug(d) if label is None else label
    if not re.fullmatch(r"[A-Za-z0-9.-]+", slug):
        raise ValueError("a label has letters, digits, - and . only")
    parts = [f"% {comment(d.assumption)}", _PREAMBLE, "", *_theorem(d, slug), *_proof(d, detail), *_ledger(d), *_remarks(d)]
    body = "\n".join(parts) + "\n"
    return f"{_DOCUMENT}\n{body}\\end{{document}}\n" if standalone else body


def _slug(d: Derivation) -> str:
    """A label that only this derivation has: its distribution and a digest of what was asked."""
    first = d.model.likelihoods[0][1].op[5:] if d.model.likelihoods else "density"
    asked = repr((d.assumption, d.reduction, sorted((n, s.role) for n, s in d.symbols.items())))
    return f"{first}-{hashlib.sha256(asked.encode()).hexdigest()[:6]}"


def said(words: Words) -> str:
    """Words as LaTeX text."""
    return spoken(words, lambda t: f"${formula(t)}$", lambda text: escape_latex(text).replace("...", r"\dots{}"))


# -- the theorem


def _theorem(d: Derivation, slug: str) -> list[str]:
    return [
        rf"\begin{{lptheorem}}[{{{_title(d)}}}]\label{{lp:{slug}:theorem}}\emergencystretch=3em",
        *_statements(d),
        *_roles(d),
        r"The negative log-likelihood of all $n$ samples" + (", priors included," if d.model.priors else "") + " is",
        rf"\begin{{equation}}\label{{lp:{slug}:nll}}",
        *_equation(d),
        r"\end{equation}",
        _relation(d),
        said(result_sentence(d)),
        r"\end{lptheorem}",
    ]


def _title(d: Derivation) -> str:
    """What is assumed and what it comes to: ``Normal: mean squared error``."""
    names = distribution_records(d)
    first = re.sub(r" *\(.*\)", "", d.book.distribution(names[0]).title) if names else "Own density"
    name = objective_name(d)
    return escape_latex(f"{first}: {name}" if name else f"{first} likelihood")


def _statements(d: Derivation) -> list[str]:
    """The assumption, in the line if it is short."""
    shown = assumption(d)
    if not shown:
        return []
    for_each = rf"independently for ${SAMPLES}$."
    if sum(Formula(s).box.text for s in shown) < _IN_LINE:
        return ["Let " + ", ".join(f"${s}$" for s in shown) + ", " + for_each]
    rows = [r"  & " + adaptive(s, _WIDE, _NARROW, r"\quad") for s in shown]
    return ["Let", r"\begin{align*}", *[r + r" \\" for r in rows[:-1]], rows[-1], r"\end{align*}", for_each]


_ROLES: Final = ("data", "learned", "fixed")


def _roles(d: Derivation) -> list[str]:
    """The roles and domains in one sentence, the conditions in another."""
    groups: dict[tuple[str, str], list[Words]] = {}
    given: list[str] = []
    for label, words in assumption_in_words(d):
        if label in _ROLES:
            about, more = _parted(words)
            groups.setdefault((label, more), []).append(about)
        elif label in ("where", "support"):
            given.append(said(words))
    roles = []
    for (label, more), rows_of in groups.items():
        verb = "are" if len(rows_of) > 1 or " and " in rows_of[0] else "is"
        names = "; ".join(said(words) for words in rows_of)
        roles.append(f"{names}, {verb} {label}" + (f" ({said((more,))})" if more else ""))
    lines = ["Here " + "; ".join(roles) + "."]
    return [*lines, "Assume " + ", ".join(given) + "."] if given else lines


def _parted(words: Words) -> tuple[Words, str]:
    """Words up to their semicolon, and the text after it."""
    last = words[-1]
    if not isinstance(last, str):
        return words, ""
    text, _, more = last.partition("; ")
    return (*words[:-1], text), more


def _equation(d: Derivation) -> list[str]:
    body = adaptive(claim(d), Page(270.0, 260.0), Page(165.0, 155.0), r"\quad")
    if r"\\" not in body and r"\lpbreak" not in body:
        return [rf"  \lpNLL = {body}"]
    return [r"\begin{split}", rf"  \lpNLL = {{}} & {body}", r"\end{split}"]


def _relation(d: Derivation) -> str:
    sign = SIGNS[RELATION_SIGNS[d.relation]]
    name = objective_name(d)
    meaning = escape_latex(RELATION_WORDS[d.relation])
    objective = escape_latex(name) if name else f"${to_latex(d.objective, varying(d))}$"
    if not name and Formula(objective).box.text > _IN_LINE:
        objective = "the last line of the proof"
    if d.relation == "equal":
        return f"so it equals {objective}."
    return rf"so $\lpNLL {sign}$ {objective}, where ${sign}$ means {meaning}."


# -- the proof


def _proof(d: Derivation, detail: str) -> list[str]:
    lines = [r"\begin{lpproof}"]
    for chain in chains(d, detail):
        lines += [_heading(chain, d), *_chain(chain)]
    greatest = "posterior density" if d.model.priors else "likelihood"
    ending = rf"The logarithm is increasing and minus reverses the order, so the {greatest} is greatest where $\lpNLL$ is least."
    return [*lines, ending, r"\end{lpproof}"]


def _heading(chain: ChainRows, d: Derivation) -> str:
    if chain.name == "sample":
        return "For one sample,"
    if chain.name.startswith("prior:"):
        return f"For the prior on ${latex_name(chain.name[6:])}$,"
    return r"For all $n$ samples" + (" and the priors," if d.model.priors else ",")


def _chain(chain: ChainRows) -> list[str]:
    head = r"\lpNLL = " if chain.name == "dataset" else ""
    lines = [r"\begin{align*}", r"  & " + adaptive(head + chain.left, _WIDE, _NARROW, r"\quad") + r" \\"]
    for row in chain.rows:
        body = adaptive(f"{row.sign} {row.latex}", _WIDE, _NARROW, r"\qquad")
        lines.append(rf"  & \quad {body} \lpby{{{escape_latex(row.reason)}}} \\")
    lines[-1] = lines[-1].removesuffix(r" \\")
    return [*lines, r"\end{align*}", *_conditions(chain)]


def _conditions(chain: ChainRows) -> list[str]:
    """What the steps of a chain needed, where every step is shown."""
    rows = [(row.number, row.conditions) for row in chain.rows if row.conditions]
    if not rows:
        return []
    shown = "; ".join(f"({number}) " + ", ".join(f"${c}$" for c in conditions) for number, conditions in rows)
    return [r"{\footnotesize\raggedright Conditions: " + shown + r".\par}"]


# -- the ledger and what else is to be known


def _ledger(d: Derivation) -> list[str]:
    if not d.ledger:
        return [r"\par\medskip\noindent Nothing was dropped: every term depends on what is learned.\par"]
    whose = "the dataset of one sample" if d.model.priors else "each sample"
    lines = [
        r"\begin{center}\small",
        r"\begin{tabular}{@{}p{.43\linewidth}p{.24\linewidth}p{.22\linewidth}@{}}",
        r"\toprule",
        rf"\raggedright Dropped of {whose} & Why & Returns \tabularnewline",
        r"\midrule",
    ]
    for row in d.ledger:
        cells = [_cell(to_latex(row.term, varying(d))), said(ledger_reason(row, d)), said(ledger_return(row, d))]
        lines.append(" & ".join(rf"\raggedright {c}" for c in cells) + r" \tabularnewline[2pt]")
    return [*lines, r"\bottomrule", r"\end{tabular}", r"\end{center}"]


def _cell(latex: str) -> str:
    """A formula in a column of the ledger."""
    found = rows(latex, _CELL)
    if len(found) == 1:
        return f"${found[0]}$"
    return r"$\begin{aligned}[t] " + r" \\ ".join(f"& {row}" for row in found) + r" \end{aligned}$"


def _remarks(d: Derivation) -> list[str]:
    remarks: list[tuple[str, list[str]]] = []
    names = [code_latex(code) + (f" (${to_latex(parse_expression(factor))}$ of it)" if factor else "") for _, code, factor in libraries(d)]
    if names:
        remarks.append(("In libraries", ["; ".join(names) + "."]))
    said_of = assumption_in_words(d)
    remarks.append(("Convention", [said(w) for label, w in said_of if label == "convention"]))
    remarks.append(("Note", [said(w) for label, w in said_of if label == "note"]))
    remarks.append(("Not safe for", [said(w) for w in caveats(d)]))
    return [rf"\lpremark{{{head}}}{{{' '.join(sentences)}}}" for head, sentences in remarks if sentences]
