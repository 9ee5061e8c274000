"""The parts of an appendix in LaTeX: its note, the rules that it uses, the table of its results, and each result with its proof."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple

from lossproof.facts import Rule
from lossproof.render import blocks
from lossproof.render.blocks import Block, Items, Maths, Prose, Text
from lossproof.render.breaking import Formula, Page, adaptive, rows
from lossproof.render.comparison_pages import SIGNS, VerdictPage, claim
from lossproof.render.comparison_words import ANSWERS
from lossproof.render.escape import escape_latex
from lossproof.render.latex import NARROW_PAGE, PREAMBLE, WIDE_PAGE, Style, fragment, in_rows
from lossproof.render.mathematics import SIGNS as RELATIONS
from lossproof.render.mathematics import Formulas, Printer, defined_names, theorem_title
from lossproof.render.paper import rule_label
from lossproof.render.theorem import carried_by, proposition
from lossproof.render.words import RELATION_SIGNS, RELATION_WORDS, SAID, as_written, objective_name
from lossproof.syntax import parse_condition, parse_expression, to_latex
from lossproof.terms import ONE, ZERO, Term

if TYPE_CHECKING:
    from lossproof.comparison import Verdict
    from lossproof.derivation import Derivation
    from lossproof.theorems import NamedProof

    Result = Derivation | Verdict | NamedProof

#: What an appendix defines besides the macros of every fragment.
MACROS: Final = r"""
\makeatletter
\@ifundefined{c@lprule}{\newcounter{lprule}}{}
\@ifundefined{crefname}{}{\crefname{lprule}{rule}{rules}}
\makeatother
\renewcommand{\thelprule}{R\arabic{lprule}}
\providecommand{\lpremarkenv}{}\renewenvironment{lpremarkenv}[1][]%
  {\par\medskip\noindent\refstepcounter{lptheorem}\emph{Remark \thelptheorem} (#1). \ignorespaces}{\par\medskip}
\providecommand{\lpexplain}[1]{{\footnotesize\raggedright #1\par}\smallskip\noindent}
\providecommand{\lpheading}[1]{\par\medskip\noindent\textbf{#1}\par\nobreak\smallskip}
\providecommand{\lpruleitem}[3]{\par\smallskip\noindent{\raggedright\hangindent=2.4em\hangafter=1\refstepcounter{lprule}\label{#1}%
  \makebox[2.4em][l]{\small\thelprule}\small\textsf{#2}. #3\par}}
\providecommand{\lpcell}[2]{\parbox[t]{#1\linewidth}{\raggedright\hyphenpenalty=500\footnotesize\strut #2\strut}}
\providecommand{\lprow}[5]{\par\noindent\lpnarrow
  {\lpcell{.09}{#1}\hfill\lpcell{.89}{#2\par #3\par Scale: #4\par Dropped: #5}}
  {\lpcell{.06}{#1}\hfill\lpcell{.3}{#2}\hfill\lpcell{.24}{#3}\hfill\lpcell{.12}{#4}\hfill\lpcell{.23}{#5}}\par\smallskip}
\providecommand{\lprowhead}{\lpnarrow{}{\par\noindent\lpcell{.06}{}\hfill\lpcell{.3}{\emph{Assumption}}\hfill\lpcell{.24}{\emph{Relation and loss}}\hfill
  \lpcell{.12}{\emph{Scale}}\hfill\lpcell{.23}{\emph{Dropped, in all}}\par\smallskip}}
\providecommand{\lpfooter}[1]{\par\bigskip\noindent{\footnotesize\raggedright #1\par}}
""".strip()

# Widths of the table's columns on the narrower of the pages on which it has columns, in points of its own type.
_ASSUMPTION: Final = Page(112.0, 104.0)
_LOSS: Final = Page(88.0, 80.0)
_SCALE: Final = Page(42.0, 36.0)
_DROPPED: Final = Page(84.0, 76.0)
_MOST_ROWS: Final = 4
_ELSEWHERE: Final = "(see there)"
_TITLE: Final = 40  # characters of two objectives that make a title
_NAMED: Final = re.compile(r"[A-Za-z][\w.]*(\([\w, =.]*\))?")
_RULE: Final = 185.0  # widest statement of a rule in a line
_SAID: Final = {**{op: f"{{}} {said}" for op, said in SAID.items()}, "without": "{} does not depend on {}", "ranges": "{} ranges over {}"}


class Entry(NamedTuple):
    """A result's place in the appendix: its label and its title, if the author gave one."""

    slug: str
    title: str


class Row(NamedTuple):
    """A row of the table: the theorem's label, the assumption, the relation with the loss, the scale, what was dropped."""

    label: str
    assumption: str
    loss: str
    scale: str
    dropped: str


def names_of(result: Result) -> set[str]:
    """The symbols and definitions of a result."""
    from lossproof.theorems import NamedProof

    return {n for one in (result.steps if isinstance(result, NamedProof) else (result,)) for n in (*one.symbols, *defined_names(one))}


class UsedRule(NamedTuple):
    """A rule, None for one that is no record, and what it is called."""

    rule: Rule | None
    label: str


# -- results


def result_lines(result: Result, entry: Entry, style: Style) -> list[str]:
    """A result with its proof."""
    from lossproof.comparison import Verdict
    from lossproof.derivation import Derivation

    if isinstance(result, Derivation):
        return fragment(result, entry.slug, style, entry.title)
    found = _verdict(result, entry, style) if isinstance(result, Verdict) else _named(result, entry, style)
    return style.notation.apply("\n".join(found)).split("\n")


def title_of(result: Result, style: Style) -> str:
    """What a result is called unless its author calls it otherwise."""
    from lossproof.comparison import Verdict
    from lossproof.derivation import Derivation

    if isinstance(result, Derivation):
        return theorem_title(result)
    if isinstance(result, Verdict):
        texts = [" ".join(side.text.split()) for side in (result.question.a, result.question.b)]
        short = sum(map(len, texts)) < _TITLE and all(map(_NAMED.fullmatch, texts)) and VerdictPage(result, style.notation).is_plain
        what = " and ".join(texts) if short else "Two objectives"
        return f"{what}: {ANSWERS[result.relation].partition(':')[0]}"
    return result.theorem.title


def _environment(result: Result, entry: Entry, style: Style) -> tuple[str, str]:
    name = "lpremarkenv" if style.detail == "remark" else "lptheorem"
    title = escape_latex(entry.title or title_of(result, style))
    return rf"\begin{{{name}}}[{{{title}}}]\label{{{style.prefix}:{entry.slug}:theorem}}\emergencystretch=8em", rf"\end{{{name}}}"


def _verdict(v: Verdict, entry: Entry, style: Style) -> list[str]:
    page = VerdictPage(v, style.notation)
    begin, end = _environment(v, entry, style)

    def lines(found: Iterable[Block]) -> list[str]:
        return blocks.latex_lines(found, page.line, style)

    if style.detail == "remark":
        statement = [b for b in page.statement() if not isinstance(b, Items)]
        return [begin, *lines([*page.question(), *statement, *([] if v.is_proved else page.witness())]), end]
    answer = [b._replace(head="") if isinstance(b, Text) else b for b in page.statement()]
    lasting = [b for b in answer if isinstance(b, Items)]
    witness = list(page.witness())
    found = [begin, *lines([*page.question(), *[b for b in answer if b not in lasting]]), end]
    proof = [*([] if v.is_proved else witness), *_unheaded(list(page.proof(style.detail)))]
    if proof:
        found += [r"\begin{lpproof}", *lines(proof), r"\end{lpproof}"]
    if v.is_proved:
        found += lines(witness)
    if lasting and style.remarks:
        found += lines([Text(("What may be taken over:",)), *lasting])
    return found + lines(page.conditions())


def _unheaded(found: list[Block]) -> list[Block]:
    """The blocks of a proof; a chain begins with words, so that it stands apart from the one before."""
    out: list[Block] = []
    for block in found:
        if isinstance(block, blocks.Chain):
            heading = {"a": "For A,", "b": "For B,", "claim": "Together,"}.get(block.chain.name, "Further,")
            out.append(Text((heading,)))
        out.append(block)
    return out


def _named(p: NamedProof, entry: Entry, style: Style) -> list[str]:
    begin, end = _environment(p, entry, style)
    plain = Printer(p.steps[0], style.notation).line if p.steps else to_latex
    found = [begin, *blocks.latex_lines([Text((p.theorem.says,))], plain)]
    for i, (step, v) in enumerate(zip(p.theorem.steps, p.steps, strict=True)):
        page = VerdictPage(v, style.notation)
        statement = Maths(f"{page.line(v.question.a.term)} {SIGNS[v.relation]} {page.line(v.question.b.term)}")
        said = f"{step.says.removesuffix('.')} ({ANSWERS[v.relation].partition(':')[0]}):"
        shown: list[Block] = [Text((said,), f"({i + 1})"), blocks.Display((statement,))]
        if v.relation in ("up-to-constant", "up-to-scale"):
            shown += claim(v, page.line, r"\text{left}", r"\text{right}")
        shown.append(Text(_hypotheses(page)))
        found += blocks.latex_lines(shown, page.line, style)
    for s in p.shown:
        found += blocks.latex_lines([Text((blocks.Code(proposition(s)), f": {', '.join(carried_by(s)) or 'not shown'}."))], plain)
    found.append(end)
    if style.detail == "remark" or not p.steps:
        return found
    found.append(r"\begin{lpproof}")
    for i, v in enumerate(p.steps):
        page = VerdictPage(v, style.notation)
        parts = [Text((f"Part ({i + 1}), with A its left side and B its right side.",)), *([] if v.is_proved else page.witness()), *_unheaded(list(page.proof(style.detail)))]
        found += blocks.latex_lines(parts, page.line, style)
    return [*found, r"\end{lpproof}"]


def _hypotheses(page: VerdictPage) -> Prose:
    """Who is learned, data and fixed, and what is assumed, in a sentence."""
    found: list[str | Term | Maths | blocks.Code] = []
    for block in page.question():
        if isinstance(block, Items):
            for item in block.items:
                found += [*(("; ",) if found else ()), *item]
    return ("Here ", *found, ".")


# -- the table of results


def table_row(result: Result, entry: Entry, style: Style) -> Row:
    """A result's row; a formula that is too long for its column is left to the theorem."""
    from lossproof.comparison import Verdict
    from lossproof.derivation import Derivation

    label = f"{style.prefix}:{entry.slug}:theorem"
    title = escape_latex(entry.title or title_of(result, style))
    apply = style.notation.apply
    if isinstance(result, Derivation):
        formulas = Formulas(result, style.notation)
        assumed = r"\par ".join(_cell(s, _ASSUMPTION) for s in formulas.statements() or [formulas.density()])
        t = result.theorem
        sign = RELATIONS[RELATION_SIGNS[t.relation]]
        name = objective_name(result)
        loss = f"${style.nll} {sign}$ {escape_latex(name)}" if name else _cell(f"{style.nll} {sign} {formulas.term(t.right)}", _LOSS)
        scale = "1" if t.scale in (None, ONE) else _cell(formulas.term(t.scale), _SCALE)
        dropped = "nothing" if t.offset in (None, ZERO) else _cell(formulas.term(t.offset), _DROPPED)
        return Row(label, apply(rf"\emph{{{title}}}\par {assumed}"), apply(loss), apply(scale), apply(dropped))
    if isinstance(result, Verdict):
        page = VerdictPage(result, style.notation)
        cells = [_cell(f"{n} = {page.line(s.term)}", _ASSUMPTION) for n, s in (("A", result.question.a), ("B", result.question.b))]
        sides = r"\par ".join(cells) if _ELSEWHERE not in cells else _ELSEWHERE
        loss = rf"$A {SIGNS[result.relation]} B$, {ANSWERS[result.relation].partition(':')[0]}"
        scale = "--" if result.scale is None else "1" if result.scale is ONE else _cell(page.line(result.scale), _SCALE)
        dropped = "--" if result.offset is None else "nothing" if result.offset is ZERO else _cell(page.line(result.offset), _DROPPED)
        return Row(label, apply(rf"\emph{{{title}}}\par {sides}"), apply(loss), apply(scale), apply(dropped))
    signs = ", ".join(f"${SIGNS[v.relation]}$" for v in result.steps)
    return Row(label, rf"\emph{{{title}}}", f"{signs} in its parts" if signs else "shown", "--", "--")


def _cell(latex: str, page: Page) -> str:
    """A formula in a column, or where it is to be found."""
    found = rows(latex, page)
    if len(found) > _MOST_ROWS or any(Formula(row).box.text > page.first for row in found):
        return _ELSEWHERE
    return in_rows(found)


def table_lines(found: Iterable[Row]) -> list[str]:
    """The table of all results."""
    lines = [r"\lpheading{Results}", r"\lprowhead"]
    for r in found:
        lines.append(rf"\lprow{{\ref{{{r.label}}}}}{{{r.assumption}}}{{{r.loss}}}{{{r.scale}}}{{{r.dropped}}}")
    return lines


# -- the rules


def rule_lines(rules: Mapping[str, UsedRule], style: Style) -> list[str]:
    """Each rule once: its statement, and what it requires."""
    lines = [r"\lpheading{Rules}"]
    for id, (rule, called) in rules.items():
        head = rf"\lpruleitem{{{style.prefix}:rule:{id}}}{{{escape_latex(id).replace('-', '{-}')}}}"
        if rule is None:
            lines.append(f"{head}{{{_UNRECORDED.get(id, escape_latex(called))}}}")
            continue
        statement = _statement(rule)
        required = [parse_condition(c, True) for c in rule.record["requires"]] if rule.record.get("nary") else rule.requires
        needs = ", ".join(map(_condition, (*required, *rule.support)))
        needs = (", for any number of operands" if rule.record.get("nary") else "") + (f", if {needs}." if needs else ".")
        if Formula(statement).box.text < _RULE:
            lines.append(f"{head}{{${statement}${needs}}}")
        else:
            shown = adaptive(statement, WIDE_PAGE, NARROW_PAGE, r"\quad")
            lines += [f"{head}{{{escape_latex(_sentence(called))}}}", r"\begin{align*}", f"  & {shown}", r"\end{align*}"]
            lines += [rf"{{\small\noindent {needs[2:]}\par}}"] if needs != "." else []
    return style.notation.apply("\n".join(lines)).split("\n")


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


_UNRECORDED: Final = {"algebra": "Both sides are the same rational function of their parts."}


def _statement(rule: Rule) -> str:
    """A rule as a formula; one for any number of operands as its record writes it."""
    before, after = rule.before, rule.after
    if rule.record.get("nary"):
        before, after = (parse_expression(str(rule.record[k]), rule=True) for k in ("from", "to"))
    return f"{to_latex(before)} {RELATIONS[RELATION_SIGNS[rule.relation]]} {to_latex(after)}"


def _condition(proposition: Term) -> str:
    parts = [f"${to_latex(a)}$" for a in proposition.args]
    said = _SAID.get(proposition.op)
    return f"${to_latex(as_written(proposition))}$" if said is None else said.format(*parts)


def rules_of(result: Result) -> dict[str, UsedRule]:
    """The rules behind a result's steps by id, in the order of their first use."""
    from lossproof.theorems import NamedProof

    found: dict[str, UsedRule] = {}
    for one in result.steps if isinstance(result, NamedProof) else (result,):
        for s in one.proof.steps:
            if s.rule != "lemma":
                found.setdefault(s.rule, UsedRule(s.step.rule if isinstance(s.step.rule, Rule) else None, rule_label(s.rule, one)))
    return found


# -- the whole


def preamble_lines(title: str, style: Style, used: str) -> list[str]:
    """Macros, heading and a note on how to read what follows; ``used`` is the text in which macros of the author's occur."""
    heading = [rf"\section{{{escape_latex(title)}}}\label{{{style.prefix}:appendix}}"] if title else []
    signs = [f"${RELATIONS[RELATION_SIGNS[r]]}$ means {RELATION_WORDS[r]}" for r in ("up-to-constant", "up-to-scale")]
    note = (
        f"Each theorem below relates a negative log-likelihood, written ${style.nll}$, or another objective to a loss, both to be minimised over what is"
        f" learned. {'; '.join(signs)}; ${RELATIONS['≅']}$ means that one is {RELATION_WORDS['same-order']}. It holds for every number of samples, all"
        " data and all fixed values in their domains; what is dropped is listed, and never depends on what is learned."
    )
    return [PREAMBLE, MACROS, *style.notation.definitions(used), "", *heading, style.notation.apply(note), ""]


def citing(style: Style, ids: Iterable[str]) -> Style:
    """The style with references to the rules in ``ids``."""
    known = frozenset(ids)

    def cite(rules: Iterable[str]) -> str:
        return ", ".join(rf"\ref{{{style.prefix}:rule:{r}}}" for r in rules if r in known)

    return replace(style, cite=cite)


def references(lines: Iterable[str], prefix: str) -> dict[str, None]:
    """The rules that lines cite, in order."""
    return dict.fromkeys(re.findall(rf"\\ref\{{{re.escape(prefix)}:rule:([A-Za-z0-9-]+)\}}", "\n".join(lines)))


__all__ = [
    "MACROS", "Entry", "Row", "UsedRule", "citing", "names_of", "preamble_lines", "references", "result_lines", "rule_lines", "rules_of", "table_lines", "table_row", "title_of",
]  # fmt: skip
