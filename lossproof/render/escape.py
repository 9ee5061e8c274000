"""Text that LaTeX and Markdown print as it stands: no character of it is a command."""

from __future__ import annotations

import re
from typing import Final
from unicodedata import normalize

from lossproof.syntax import latex_name
from lossproof.syntax.names import GREEK, MARKS, SUBSCRIPTS

_SIGNS: Final = {
    "×": r"\times", "·": r"\cdot", "≤": r"\leq", "≥": r"\geq", "≠": r"\neq", "∞": r"\infty", "½": r"\frac{1}{2}", "√": r"\surd",
    "±": r"\pm", "∇": r"\nabla", "→": r"\to", "⇔": r"\Leftrightarrow", "∈": r"\in", "∏": r"\prod", "≃": r"\simeq", "≐": r"\doteq", "≅": r"\cong",
    **{c: f"^{{{i}}}" for i, c in enumerate("⁰¹²³⁴⁵⁶⁷⁸⁹")}, "⁻": "^{-}", "₌": "_{=}", "ᴷ": "^{K}", "ᴰ": "^{D}", "ⁿ": "^{n}", "ᵀ": r"^{\top}",
}  # fmt: skip
_LATEX: Final = {
    **{c: "\\" + c for c in "{}$&#%_"},
    "\\": r"\textbackslash{}",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\texttt{\char34}",
    "`": r"\texttt{\char96}",
    "‘": r"\texttt{\char96}",
    "’": "'",
    "“": "``",
    "”": "''",
    "–": "--",
    "—": "---",
    "…": r"\dots{}",
}
_ACCENTS: Final = {"\u0300": "`", "\u0301": "'", "\u0308": '"', "\u030c": "v", "\u0327": "c"}  # of names, in sources
_MODEL: Final = "f_θ(x)"


def escape_latex(text: str) -> str:
    """Any text as LaTeX that prints it, in ASCII; a character that has no LaTeX here is named by its number."""
    apart = normalize("NFC", text).split(_MODEL)
    return r"$f_{\theta}(x)$".join("".join([_latex_char(c) for c in part]) for part in apart)


def _latex_char(char: str) -> str:
    known = _LATEX.get(char)
    if known is not None:
        return known
    if " " <= char <= "~":
        return char
    if char.isspace():
        return " "
    shown = math_letter(char)
    if shown is not None:
        return rf"\ensuremath{{{shown}}}"
    base, mark = (*normalize("NFD", char), "")[:2]
    return rf"\{_ACCENTS[mark]}{{{base}}}" if mark in _ACCENTS and base.isascii() and base.isalpha() else f"U+{ord(char):04X}"


def math_letter(char: str) -> str | None:
    """A character beyond ASCII as LaTeX mathematics, or None."""
    if char in _SIGNS:
        return _SIGNS[char]
    if char in GREEK:
        return latex_name(GREEK[char])
    if char in SUBSCRIPTS:
        return f"_{{{latex_name(SUBSCRIPTS[char])}}}"
    apart = normalize("NFD", char)
    if len(apart) == 2 and apart[1] in MARKS and (apart[0] in GREEK or (apart[0].isalpha() and apart[0].isascii())):
        inner = latex_name(GREEK[apart[0]]) if apart[0] in GREEK else apart[0]
        return rf"\{MARKS[apart[1]]}{{{inner}}}"
    return None


_CODE_BREAK: Final = re.compile(r"(?<=[.,(=_])(?=[^\s)])")


def code_latex(text: str) -> str:
    """Code, which may break after a full stop, comma, parenthesis, equals sign or underscore."""
    parts = [escape_latex(part).replace("-", "{-}") for part in _CODE_BREAK.split(text)]
    return r"\texttt{" + r"\allowbreak ".join(parts) + "}"


def comment(text: str) -> str:
    """Text for a comment of one line, in ASCII."""
    line = " ".join(normalize("NFC", text).split())
    return "".join([c if " " <= c <= "~" else f"<U+{ord(c):04X}>" for c in line])


_MARKDOWN: Final = {**{c: "\\" + c for c in "\\*_[]#~"}, **{c: f"&#{ord(c)};" for c in "`<>|$&"}}


def escape_markdown(text: str) -> str:
    """Any text as Markdown that prints it, on one line; a control character or the like is named by its number."""
    apart = normalize("NFC", text).split(_MODEL)
    return r"$f _{\theta}(x)$".join("".join([_markdown_char(c) for c in part]) for part in apart)


def _markdown_char(char: str) -> str:
    known = _MARKDOWN.get(char)
    if known is not None:
        return known
    if char.isspace():
        return " "
    return char if char.isprintable() else f"U+{ord(char):04X}"


def code_markdown(text: str) -> str:
    """Code between backticks, safe in a table."""
    line = " ".join(text.split())
    if "`" in line or "|" in line or not line.isprintable():
        return escape_markdown(line)
    return f"`{line}`"
