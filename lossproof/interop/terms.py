"""The way in for other systems' expressions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lossproof.terms import Term, num

if TYPE_CHECKING:
    import sympy


def term(expression: str | int | Term | sympy.Basic) -> Term:
    """A term from a SymPy expression, or from text in the input language.

    Raises a :class:`lossproof.LossproofError` for a function that the language does not have.
    """
    if isinstance(expression, Term):
        return expression
    if isinstance(expression, int):
        return num(expression)
    if isinstance(expression, str):
        from lossproof.syntax import parse_expression

        return parse_expression(expression)
    from lossproof.interop.sympy import from_sympy

    return from_sympy(expression)
