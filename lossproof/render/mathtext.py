"""Formulas as matplotlib prints them: its mathematics where that takes our LaTeX, else plain text."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from lossproof.syntax import to_latex, to_text
from lossproof.terms import Term

#: matplotlib sets no space around the name of a function, as TeX does.
_BEFORE: Final = re.compile(r"(?<=[\w})]) (?=\\(?:log|exp|cos|sin|cosh|sinh|tanh|operatorname|left)\b)")
_AFTER: Final = re.compile(r"(?<=\\log) (?=[^(])")
_SPACE: Final = r"\,"
_SPELLED: Final = {r"\lvert": "|", r"\rvert": "|", r"\lVert": r"\|", r"\rVert": r"\|", r"\tfrac": r"\frac", r"\infty": r"\infty"}


def math(term: Term) -> str:
    """A term between dollar signs, or as text where matplotlib has no such mathematics."""
    latex = to_latex(term)
    for ours, theirs in _SPELLED.items():
        latex = latex.replace(ours, theirs)
    shown = f"${_AFTER.sub(_SPACE, _BEFORE.sub(_SPACE, latex))}$"
    return shown if is_taken(shown) else plain(to_text(term))


def plain(text: str) -> str:
    """Text that matplotlib does not read as mathematics."""
    return text.replace("$", r"\$")


@lru_cache(1024)
def is_taken(shown: str) -> bool:
    """Whether matplotlib can typeset it."""
    from matplotlib.mathtext import MathTextParser

    try:
        MathTextParser("path").parse(shown)
    except (ValueError, RuntimeError):
        return False
    return True
