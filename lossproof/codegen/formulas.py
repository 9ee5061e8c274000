"""The loss as a formula: a module that rebuilds it in SymPy, or LaTeX mathematics."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from lossproof import __version__
from lossproof.codegen.names import Names, in_docstring
from lossproof.errors import UnsupportedError
from lossproof.interop.sympy import to_sympy
from lossproof.syntax import to_latex
from lossproof.terms import Term

if TYPE_CHECKING:
    from lossproof.derivation import Derivation


def formula_of(d: Derivation, full: bool, reduction: str | None) -> tuple[Term, bool]:
    """The formula that is asked for, and whether it is one over the dataset.

    Without a reduction it is that of one sample, or with priors that over the dataset, for no formula of one sample says
    that a prior counts once.
    """
    over = reduction in ("mean", "sum") or (reduction is None and bool(d.model.priors))
    if not over:
        return (d.nll if full else d.loss), False
    if full:
        raise UnsupportedError("the NLL over the dataset is written by the targets that compute", hint="--target numpy, or --reduction none")
    from lossproof.derivation import derive_model

    same = reduction is None or reduction == d.reduction
    return (d if same else derive_model(d.model, reduction, book=d.book)).objective, True


def latex_text(d: Derivation, full: bool, reduction: str | None) -> str:
    """The formula as LaTeX mathematics."""
    term, _ = formula_of(d, full, reduction)
    varying = frozenset(n for n, s in d.symbols.items() if s.indexed)
    return to_latex(term, varying) + "\n"


def sympy_text(d: Derivation, full: bool, reduction: str | None, name: str) -> str:
    """A module that declares the symbols and rebuilds the expression."""
    term, over = formula_of(d, full, reduction)
    indexed = [n for n, s in d.symbols.items() if s.indexed] if over else []
    expression = to_sympy(term, {n: s.domain for n, s in d.symbols.items()}, indexed=indexed)
    declared, text = _declared(expression, name)
    imports = sorted(set(re.findall(r"\b[A-Za-z_]\w*(?=\()|\b(?:S|oo|pi|zoo|nan)\b", "\n".join([text, *(v for _, v in declared)]))))
    import sympy

    imports = [n for n in imports if hasattr(sympy, n) and n not in {v for v, _ in declared}]
    what = "Negative log-likelihood" if full else (d.name or "The loss")
    head = in_docstring(f"{what[:1].upper()}{what[1:]}, for SymPy.\n\nAssumption: {' '.join(d.assumption.split())}\nWritten by lossproof {__version__}.")
    lines = [f"{v} = {value}" for v, value in declared]
    return f'"""{head}\n"""\n\nfrom sympy import {", ".join(imports)}\n\n' + "\n".join([*lines, "", f"{name} = {text}"]) + "\n"


def _declared(expression: Any, name: str) -> tuple[list[tuple[str, str]], str]:
    """The symbols of an expression as assignments, and the expression in their names."""
    import sympy
    from sympy.printing.str import StrPrinter

    kinds = {type(e).__name__ for e in sympy.preorder_traversal(expression)}
    names = Names([name, *kinds, "S", "Rational", "oo", "pi", "sqrt", "Symbol", "IndexedBase", "MatrixSymbol"])
    found: dict[str, str] = {}

    class Printer(StrPrinter):  # type: ignore[misc]
        """Prints expressions in the names of the variables that hold their symbols."""

        printmethod = "_lossproof"  # no expression's own, which would print the symbols' names

        def _print_Symbol(self, e: Any) -> str:
            if isinstance(e, sympy.Dummy):
                raise UnsupportedError("a matrix without a name of its own is not written for SymPy")
            variable = names.of(e.name)
            known = "".join(f", {k}={v}" for k, v in sorted(e._assumptions_orig.items()))
            found.setdefault(variable, f'Symbol("{e.name}"{known})')
            return variable

        def _print_IndexedBase(self, e: Any) -> str:
            variable = names.of(str(e.label))
            found.setdefault(variable, f'IndexedBase("{e.label}")')
            return variable

        def _print_Indexed(self, e: Any) -> str:
            return f"{self._print(e.base)}[{', '.join(map(self._print, e.indices))}]"

        def _print_MatrixSymbol(self, e: Any) -> str:
            variable = names.of(e.name)
            shape = ", ".join(map(self._print, e.shape))
            found.setdefault(variable, f'MatrixSymbol("{e.name}", {shape})')
            return variable

        def _print_Rational(self, e: Any) -> str:
            return f"Rational({e.p}, {e.q})"

        _print_Half = _print_Rational

    text = Printer().doprint(expression)
    return list(found.items()), text
