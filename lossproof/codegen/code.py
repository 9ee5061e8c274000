"""``d.code()``: the loss of a derivation, or its NLL, as a program or a formula."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from lossproof.codegen.names import is_name
from lossproof.errors import UnknownNameError, UnsupportedError, UsageError

if TYPE_CHECKING:
    from lossproof.derivation import Derivation
    from lossproof.rulebook import Rulebook
    from lossproof.rulebook.targets import Target

REDUCTIONS = ("mean", "sum", "none")


def derivation_code(d: Derivation, *, target: str = "numpy", full: bool = False, reduction: str | None = None, name: str | None = None) -> str:
    """The loss of a derivation written for a target, or with ``full`` its negative log-likelihood with every constant.

    ``name`` is the function's, or for SymPy the variable's. ``reduction`` is the default of the function's argument of that name;
    for SymPy and LaTeX it says which formula is written: that over the dataset for ``mean`` and ``sum``, that of one sample for ``none``.
    Raises UnknownNameError for a target that there is none of and UnsupportedError for what the target cannot say.
    """
    found = find_target(d.book, target)
    if reduction is not None and reduction not in REDUCTIONS:
        raise UnsupportedError(f"there is no reduction {reduction}", nearest=REDUCTIONS)
    if name is not None and found.prints == "latex":
        raise UsageError(f"{found.title} code is a formula, which has no name", hint="leave out --name")
    name = ("nll" if full else "loss") if name is None else name
    if not is_name(name) or name in found.imports or name in found.helpers:
        raise UsageError(f"{name[:60] or 'nothing'} cannot name a function here", hint="letters, digits and underscores, no keyword, no module that the code imports")
    if found.prints == "python":
        from lossproof.codegen.module import module_text, parts_of

        return module_text(d, found, parts_of(d, full), name, reduction or ("sum" if d.model.priors else "mean"))
    from lossproof.codegen.formulas import latex_text, sympy_text

    return latex_text(d, full, reduction) if found.prints == "latex" else sympy_text(d, full, reduction, name)


def find_target(book: Rulebook, name: str) -> Target:
    """The target of that name. Raises UnknownNameError with the nearest."""
    wanted = name.lower()
    for t in book.targets.values():
        if wanted in (t.id, *t.names):
            return t
    known = [n for t in book.targets.values() for n in (t.id, *t.names)]
    raise UnknownNameError(
        f"there is no target {name[:60]}", nearest=get_close_matches(wanted[:60], known, n=2), hint=f"one of {', '.join(book.targets)}"
    )
