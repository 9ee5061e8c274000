"""The node: an operator, its arguments, and for a leaf its value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final
from weakref import ref

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Operators of leaves, whose meaning is their value and not their arguments.
LEAVES: Final = frozenset({"num", "sym", "bound", "const", "domain"})

#: Operators that bind an index: arguments are (index, lower, upper, body).
BINDERS: Final = frozenset({"sum", "prod"})


class Term:
    """An immutable, interned expression: equal terms are one object.

    Nothing is simplified when a term is made: ``log(exp(x))`` stays ``log(exp(x))`` until a
    named rule removes it. Make terms with the functions of :mod:`lossproof.terms`.
    """

    __slots__ = ("__weakref__", "args", "cache", "is_infinite", "is_open", "op", "value")

    op: str
    args: tuple[Term, ...]
    value: Fraction | str | None
    is_open: bool  # whether an index occurs in it, bound or not
    is_infinite: bool  # whether infinity occurs in it, other than as a distribution's argument
    cache: dict[str, Any] | None  # derived facts that other layers remember here

    def __init__(self) -> None:
        raise TypeError("make terms with lossproof.terms.make, num, sym, add, ...")

    def __setattr__(self, name: str, value: object) -> None:
        if name != "cache":
            raise AttributeError("terms are immutable")
        object.__setattr__(self, name, value)

    def __reduce__(self) -> tuple[Any, ...]:
        from lossproof.terms.walk import term_from_table, to_table

        table, roots = to_table([self])
        return term_from_table, (table, roots[0])

    def __copy__(self) -> Term:
        return self

    def __deepcopy__(self, memo: object) -> Term:
        return self

    def __str__(self) -> str:
        from lossproof.syntax import to_text

        return to_text(self)

    def __repr__(self) -> str:
        from lossproof.syntax import to_ascii

        return f"Term({to_ascii(self)!r})"

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self.latex()}$"

    def latex(self) -> str:
        """This term as LaTeX mathematics, without dollar signs."""
        from lossproof.syntax import to_latex

        return to_latex(self)

    def ascii(self) -> str:
        """This term in the input language, with ASCII names: the parser reads it back."""
        from lossproof.syntax import to_ascii

        return to_ascii(self)

    def sympy(self) -> Any:
        """This term as a SymPy expression."""
        from lossproof.interop.sympy import to_sympy

        return to_sympy(self)

    def evaluate(self, values: Mapping[str, object]) -> float | NDArray[Any]:
        """The value of this term at numbers or arrays, in double precision.

        ``values`` maps names, in either spelling, to numbers or arrays; a vector symbol takes an
        array whose last axis is the vector. Off the support the value is inf, outside a domain nan.
        A missing symbol or a shape that does not fit raises a :class:`lossproof.LossproofError`.
        """
        from lossproof.interop.numeric import evaluate

        return evaluate(self, values)


_Key = tuple[str, tuple["Term", ...], object]


class _Ref(ref[Term]):
    """A weak reference that knows its key: without an ``__init__`` of its own, as terms are made by the thousand."""

    __slots__ = ("key",)

    key: _Key


_table: dict[_Key, _Ref] = {}
_new = object.__new__
# Past the guard of __setattr__, and without looking the names up each time.
_set_op, _set_args, _set_value, _set_cache, _set_open, _set_infinite = (
    getattr(Term, name).__set__ for name in ("op", "args", "value", "cache", "is_open", "is_infinite")
)


def _forget(dead: ref[Term]) -> None:
    key = dead.key  # type: ignore[attr-defined]
    if _table.get(key) is dead:
        del _table[key]


def make(op: str, args: Sequence[Term] = (), value: Fraction | str | None = None) -> Term:
    """The one term with this operator, arguments and (for a leaf) value."""
    args = tuple(args)
    key = (op, args, value)
    known = _table.get(key)
    if known is not None:
        found = known()
        if found is not None:
            return found
    is_open = op == "bound"
    is_infinite = op == "const" and value == "oo"
    for a in args:
        if a.is_open:
            is_open = True
        if a.is_infinite:
            is_infinite = True
    term = _new(Term)
    _set_op(term, op)
    _set_args(term, args)
    _set_value(term, value)
    _set_cache(term, None)
    _set_open(term, is_open)
    _set_infinite(term, is_infinite and not op.startswith("dist:"))
    _table[key] = entry = _Ref(term, _forget)
    entry.key = key
    return term
