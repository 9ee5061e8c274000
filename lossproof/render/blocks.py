"""Pages made of blocks (paragraphs, formulas, chains, tables, lists), written as Markdown or as LaTeX."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from lossproof.render.breaking import adaptive
from lossproof.render.escape import code_latex, code_markdown, escape_latex, escape_markdown
from lossproof.render.latex import DOCUMENT, NARROW_PAGE, PREAMBLE, WIDE_PAGE, Marks, Style, chain_lines
from lossproof.render.markdown import aligned_chain, aligned_lines, conditions_of, dialect, displayed
from lossproof.render.mathematics import ChainRows, Maths
from lossproof.render.notation import PLAIN
from lossproof.terms import Term


@dataclass(frozen=True, slots=True)
class Code:
    """Text that is shown as it is."""

    text: str


#: Text, terms and formulas in a row.
Prose: TypeAlias = "tuple[str | Term | Maths | Code, ...]"


class Title(NamedTuple):
    """What the page is about; ``level`` is 1 or 2."""

    prose: Prose
    level: int = 1


class Text(NamedTuple):
    """A paragraph, perhaps with a bold head."""

    prose: Prose
    head: str = ""


class Display(NamedTuple):
    """Formulas below one another."""

    formulas: tuple[Maths, ...]


class Chain(NamedTuple):
    """Lines of a proof."""

    chain: ChainRows


class Table(NamedTuple):
    """A table with a head."""

    head: tuple[Prose, ...]
    rows: tuple[tuple[Prose, ...], ...]


class Items(NamedTuple):
    """A list, perhaps with a bold head."""

    items: tuple[Prose, ...]
    head: str = ""


Block: TypeAlias = "Title | Text | Display | Chain | Table | Items"


def markdown(blocks: Iterable[Block], line: Callable[[Term], str]) -> str:
    """The page in the dialect of Markdown that GitHub and Jupyter both take; ``line`` prints a term as LaTeX."""
    found: list[str] = []

    def said(prose: Prose) -> str:
        return "".join(_in_markdown(p, line) for p in prose)

    for block in blocks:
        if isinstance(block, Title):
            found.append(f"{'#' * (block.level + 2)} {said(block.prose)}")
        elif isinstance(block, Text):
            found.append((f"**{escape_markdown(block.head)}.** " if block.head else "") + said(block.prose))
        elif isinstance(block, Display):
            found.append(displayed(aligned_lines([f.latex for f in block.formulas])))
        elif isinstance(block, Chain):
            found += [displayed(aligned_chain(block.chain)), *conditions_of(block.chain)]
        elif isinstance(block, Table):
            head = [f"| {' | '.join(map(said, block.head))} |", "|" + "---|" * len(block.head)]
            found.append("\n".join([*head, *[f"| {' | '.join(map(said, row))} |" for row in block.rows]]))
        else:
            found += [f"**{escape_markdown(block.head)}**"] if block.head else []
            found.append("\n".join(f"- {said(item)}" for item in block.items))
    return "\n\n".join(found) + "\n"


def _in_markdown(piece: str | Term | Maths | Code, line: Callable[[Term], str]) -> str:
    if isinstance(piece, Code):
        return code_markdown(piece.text)
    if isinstance(piece, str):
        return escape_markdown(piece)
    return f"${dialect(piece.latex if isinstance(piece, Maths) else line(piece))}$"


def latex(blocks: Iterable[Block], line: Callable[[Term], str], *, standalone: bool = False) -> str:
    """The page as a fragment to ``\\input``, or with ``standalone`` as a document that compiles by itself."""
    body = "\n".join([PREAMBLE, "", PLAIN.apply("\n".join(latex_lines(blocks, line)))]) + "\n"
    return f"{DOCUMENT}\n{body}\\end{{document}}\n" if standalone else body


def latex_lines(blocks: Iterable[Block], line: Callable[[Term], str], style: Style | None = None) -> list[str]:
    """Blocks as lines of LaTeX, without the definitions of their macros."""
    found: list[str] = []
    marks = Marks()

    def said(prose: Prose) -> str:
        return "".join(_in_latex(p, line) for p in prose)

    opened = False
    for block in blocks:
        if isinstance(block, Chain) != opened:
            found.append(r"\endgroup" if opened else r"\begingroup\lpalign")  # the remark before it is its heading
            opened = not opened
        if isinstance(block, Title):
            command = "paragraph" if block.level == 1 else "subparagraph"
            found.append(rf"\{command}*{{{said(block.prose)}}}")
        elif isinstance(block, Text):
            text = said(block.prose)
            found.append(rf"\lpremark{{{escape_latex(block.head)}}}{{{text}}}" if block.head else rf"\par\noindent {{\raggedright {text}\par}}")
        elif isinstance(block, Display):
            shown = [r"  & " + adaptive(f.latex, WIDE_PAGE, NARROW_PAGE, r"\quad") for f in block.formulas]
            found += [r"\begin{align*}", *[row + r" \\" for row in shown[:-1]], shown[-1], r"\end{align*}"]
        elif isinstance(block, Chain):
            found += chain_lines(block.chain, style, marks)
        elif isinstance(block, Table):
            found += _latex_table(block, said)
        else:
            found += [rf"\par\smallskip\noindent\emph{{{escape_latex(block.head)}}}"] if block.head else []
            found += [r"\begin{itemize}\itemsep0pt\parskip0pt", *[rf"\item {{\raggedright {said(item)}\par}}" for item in block.items], r"\end{itemize}"]
    return [*found, r"\endgroup"] if opened else found


def _in_latex(piece: str | Term | Maths | Code, line: Callable[[Term], str]) -> str:
    if isinstance(piece, Code):
        return code_latex(piece.text)
    if isinstance(piece, str):
        return escape_latex(piece).replace("...", r"\dots{}")
    return f"${piece.latex if isinstance(piece, Maths) else line(piece)}$"


def _latex_table(table: Table, said: Callable[[Prose], str]) -> list[str]:
    rows = [" & ".join(map(said, row)) + r" \\" for row in (table.head, *table.rows)]
    return [r"\begin{center}\small", rf"\begin{{tabular}}{{@{{}}{'l' * len(table.head)}@{{}}}}", r"\toprule", rows[0], r"\midrule",
            *rows[1:], r"\bottomrule", r"\end{tabular}", r"\end{center}"]  # fmt: skip


__all__ = ["Block", "Chain", "Code", "Display", "Items", "Maths", "Prose", "Table", "Text", "Title", "latex", "latex_lines", "markdown"]
