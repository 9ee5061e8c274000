"""A derivation as LaTeX: a fragment for a paper, or a whole document. The output is ASCII."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Final
from unicodedata import normalize

from lossproof.render.breaking import Page, adaptive
from lossproof.render.mathematics import ChainRows, assumption, chains, claim, formula, sample_range
from lossproof.render.words import (
    RELATION_WORDS,
    Words,
    assumption_in_words,
    caveats,
    ledger_reason,
    ledger_return,
    libraries,
    objective_name,
    result_sentence,
    spoken,
    varying,
)
from lossproof.syntax import latex_name, to_latex
from lossproof.syntax.names import GREEK, MARKS, SUBSCRIPTS
from lossproof.terms import Term

if TYPE_CHECKING:
    from lossproof.derivation import Derivation

#: What a row may take in one column of an article and in one of two columns, less the indentation, in points.
_WIDE: Final = Page(322.0, 312.0)
_NARROW: Final = Page(214.0, 204.0)
_RELATIONS: Final = {"up-to-constant": r"\doteq", "up-to-scale": r"\simeq", "same-order": r"\cong"}

_PREAMBLE: Final = r"""
\makeatletter
\@ifundefined{lptheorem}{\newtheorem{lptheorem}{Theorem}}{}
\@ifundefined{crefalias}{}{\crefalias{lptheorem}{theorem}}
\@ifundefined{lpproof}{\@ifundefined{proof}
  {\newenvironment{lpproof}{\par\noindent\textit{Proof.} }{\hfill$\Box$\par}}
  {\newenvironment{lpproof}{\begin{proof}}{\end{proof}}}}{}
\providecommand{\lpnarrow}{\ifdim\linewidth<31em\relax\expandafter\@firstoftwo\else\expandafter\@secondoftwo\fi}
\makeatother
\providecommand{\lpbreak}[1]{\lpnarrow{\\ & #1}{}}
\providecommand{\lpby}[1]{\tag*{\normalfont\footnotesize(#1)}}
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
    parts = [_comment(d), _PREAMBLE, "", *_theorem(d, slug), *_proof(d, detail), *_ledger(d), *_remarks(d)]
    body = "\n".join(parts) + "\n"
    return f"{_DOCUMENT}\n{body}\\end{{document}}\n" if standalone else body


def _comment(d: Derivation) -> str:
    shown = " ".join(d.assumption.split())
    plain = "".join(c if " " <= c <= "~" else f"<U+{ord(c):04X}>" for c in normalize("NFC", shown))
    return f"% {_ascii_assumption(d) or plain}"


def _ascii_assumption(d: Derivation) -> str | None:
    return " ".join(d.assumption.split()) if d.assumption.isascii() and d.assumption.isprintable() else None


def _slug(d: Derivation) -> str:
    """A label that only this derivation has: its distribution and a digest of what was asked."""
    first = d.model.likelihoods[0][1].op[5:] if d.model.likelihoods else "density"
    asked = repr((d.assumption, d.reduction, sorted((n, s.role) for n, s in d.symbols.items())))
    return f"{first}-{hashlib.sha256(asked.encode()).hexdigest()[:6]}"


# -- text


def escape(text: str) -> str:
    """Any text as LaTeX that prints it, in ASCII: no character of it is a command."""
    out = []
    for char in normalize("NFC", text):
        if char in _ESCAPED:
            out.append(_ESCAPED[char])
        elif " " <= char <= "~":
            out.append(char)
        elif char.isspace():
            out.append(" ")
        else:
            out.append(_letter(char))
    return "".join(out)


_ESCAPED: Final = {
    **{c: "\\" + c for c in "{}$&#%_"},
    "\\": r"\textbackslash{}",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\texttt{\char34}",
    "`": r"\texttt{\char96}",
    "-": "{-}",
    "–": "--",
    "—": "---",
    "’": "'",
    "‘": r"\texttt{\char96}",
    "“": "``",
    "”": "''",
    **{c: rf"\ensuremath{{{name}}}" for c, name in {
        "×": r"\times", "·": r"\cdot", "≤": r"\leq", "≥": r"\geq", "≠": r"\neq", "∞": r"\infty", "½": r"\frac{1}{2}", "√": r"\surd",
        "→": r"\to", "∈": r"\in", "∏": r"\prod", "Σ": r"\Sigma", "≃": r"\simeq", "≐": r"\doteq", "≅": r"\cong", "…": r"\dots",
    }.items()},
    **{c: rf"\ensuremath{{^{{{i}}}}}" for i, c in enumerate("⁰¹²³⁴⁵⁶⁷⁸⁹")},
}  # fmt: skip


def _letter(char: str) -> str:
    if char in GREEK:
        return rf"\ensuremath{{{latex_name(GREEK[char])}}}"
    if char in SUBSCRIPTS:
        return rf"\ensuremath{{_{{{latex_name(SUBSCRIPTS[char])}}}}}"
    apart = normalize("NFD", char)
    if len(apart) == 2 and apart[1] in MARKS and (apart[0].isascii() or apart[0] in GREEK):
        inner = latex_name(GREEK[apart[0]]) if apart[0] in GREEK else apart[0]
        return rf"\ensuremath{{\{MARKS[apart[1]]}{{{inner}}}}}"
    return f"U+{ord(char):04X}"


_CODE_BREAK: Final = re.compile(r"(?<=[.,(=])(?=\S)")


def _code(text: str) -> str:
    """Code that may break after a full stop, comma, parenthesis or equals sign."""
    return r"\texttt{" + r"\allowbreak ".join(escape(part) for part in _CODE_BREAK.split(text)) + "}"


def _said(words: Words) -> str:
    prose = spoken(words, lambda t: f"${formula(t)}$", _prose)
    return prose


def _prose(text: str) -> str:
    return escape(text).replace(r"f\_\ensuremath{\theta}(x)", r"$f_{\theta}(x)$").replace("...", r"\dots{}")


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


# -- the theorem


def _theorem(d: Derivation, slug: str) -> list[str]:
    name = objective_name(d)
    title = escape(_sentence(name) if name else _title(d))
    lines = [
        rf"\begin{{lptheorem}}[{{{title}}}]\label{{lp:{slug}:theorem}}",
        *_statements(d),
        *_symbols(d),
        _claim_text(d),
        r"\begin{equation}\label{lp:" + slug + ":nll}",
        *_equation(d),
        r"\end{equation}",
        *_relation(d),
        r"\end{lptheorem}",
    ]
    return lines


def _title(d: Derivation) -> str:
    first = d.model.likelihoods[0][1].op[5:] if d.model.likelihoods else None
    return f"{d.book.distribution(first).title} likelihood" if first else "Likelihood"


def _statements(d: Derivation) -> list[str]:
    shown = assumption(d)
    given = ", ".join(f"${s}$" for s in shown)
    return [rf"Let {given}, independently for ${sample_range()}$."] if shown else []


_LABELS: Final = {"data": "Data", "learned": "Learned", "fixed": "Fixed", "where": "Where", "support": "Given",
                  "convention": "Convention", "note": "Note"}  # fmt: skip


def _symbols(d: Derivation) -> list[str]:
    """The roles, domains and conditions, one sentence for each kind."""
    found: dict[str, list[str]] = {}
    for label, words in assumption_in_words(d):
        if label in _LABELS:
            found.setdefault(label, []).append(_said(words).rstrip("."))
    return [rf"\emph{{{_LABELS[label]}}}: {'; '.join(rows)}." for label, rows in found.items() if label != "convention"]


def _claim_text(d: Derivation) -> str:
    return r"The negative log-likelihood of all $n$ samples" + (" and the priors" if d.model.priors else "") + " is"


def _equation(d: Derivation) -> list[str]:
    body = adaptive(claim(d), Page(270.0, 270.0), Page(160.0, 165.0), r"\quad")
    if "\\\\" not in body and r"\lpbreak" not in body:
        return [rf"  \lpNLL = {body}"]
    return [r"\begin{split}", rf"  \lpNLL = {{}} & {body}", r"\end{split}"]


def _relation(d: Derivation) -> list[str]:
    said = _said(result_sentence(d))
    sign = _RELATIONS.get(d.relation)
    if sign is None:
        return [said]
    meaning = escape(RELATION_WORDS[d.relation])
    return [rf"so that $\lpNLL {sign} \mathrm{{loss}}$, {meaning}.", said]


# -- the proof


def _proof(d: Derivation, detail: str) -> list[str]:
    lines = [r"\begin{lpproof}", r"\allowdisplaybreaks"]
    for chain in chains(d, detail):
        lines += [_heading(chain, d), *_chain(chain)]
    lines += [_ending(d), r"\end{lpproof}"]
    return lines


def _heading(chain: ChainRows, d: Derivation) -> str:
    if chain.name == "sample":
        return "For one sample,"
    if chain.name.startswith("prior:"):
        return f"For the prior on ${latex_name(chain.name[6:])}$,"
    return "For all samples" + (" and the priors," if d.model.priors else ",")


def _chain(chain: ChainRows) -> list[str]:
    head = r"\lpNLL = " if chain.name == "dataset" else ""
    lines = [r"\begin{align*}", r"  & " + adaptive(head + chain.left, _WIDE, _NARROW, r"\quad") + r" \\"]
    for row in chain.rows:
        body = adaptive(f"{row.sign} {row.latex}", _WIDE, _NARROW, r"\qquad")
        lines.append(rf"  & \quad {body} \lpby{{{_prose(row.reason)}}} \\")
    lines[-1] = lines[-1].removesuffix(r" \\")
    return [*lines, r"\end{align*}"]


def _ending(d: Derivation) -> str:
    which = "a posteriori " if d.model.priors else ""
    return rf"The logarithm is increasing and minus reverses the order, so the maximum {which}is where $\lpNLL$ is least."


# -- the ledger and what else is to be known


def _ledger(d: Derivation) -> list[str]:
    if not d.ledger:
        return [r"\par\noindent Nothing was dropped: every term depends on what is learned."]
    lines = [
        r"\begin{center}\small",
        r"\begin{tabular}{@{}p{.43\linewidth}p{.24\linewidth}p{.22\linewidth}@{}}",
        r"\toprule",
        r"Dropped & Why & Returns \tabularnewline",
        r"\midrule",
    ]
    for row in d.ledger:
        cells = [f"${to_latex(row.term, varying(d))}$", _said(ledger_reason(row, d)), _said(ledger_return(row, d))]
        lines.append(" & ".join(rf"\raggedright {c}" for c in cells) + r" \tabularnewline")
    return [*lines, r"\bottomrule", r"\end{tabular}", r"\end{center}"]


def _remarks(d: Derivation) -> list[str]:
    lines = []
    names = libraries(d)
    if names:
        listed = "; ".join(_code(code) + (f" (${factor}$ of it)" if factor else "") for _, code, factor in names)
        lines.append(r"\par\noindent{\raggedright\emph{In libraries}: " + listed + r".\par}")
    for words in caveats(d):
        lines.append(r"\par\noindent{\emergencystretch=3em\emph{Not safe for}: " + _said(words) + r"\par}")
    return lines


__all__ = ["Term", "derivation_latex", "escape"]
