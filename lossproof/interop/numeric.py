"""The value of a term at numbers or arrays, in double precision."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

from lossproof.errors import DuplicateError, KindError, MissingValueError, ShapeError, UnsupportedError
from lossproof.interop import scalars
from lossproof.interop.scopes import SAMPLES, Plan, needed
from lossproof.interop.stable import stable
from lossproof.terms import Term, const, fn, num, postorder, substitute, sym, symbols

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lossproof.interop.linear import Val

CONDITIONS: Final = frozenset({"eq", "ne", "lt", "le", "gt", "ge", "and", "or", "not", "in"})


def evaluate(term: Term, values: Mapping[str, object]) -> float | NDArray[Any]:
    """The value of ``term``; a float where it is one number, else a float64 array.

    ``values`` maps names, in either spelling, to numbers or arrays. Arrays broadcast; a vector symbol
    takes an array whose last axis is the vector, a matrix one whose last two axes are the matrix.
    Categories count from 1. Axis 0 is the samples, over which ``sum(f)`` and ``mean(f)`` of an
    objective run; n, and K or D that vectors show, need not be given. Off the support the value is
    inf, outside a domain nan. A condition gives booleans. Raises a LossproofError for a missing
    symbol, a shape that does not fit, and a term that has no value, such as a distribution.
    """
    given = _by_canonical_name(values)
    term = _with_count(term, given)
    root = _prepared(term)
    if root.needed - given.keys():
        root = _prepared(_with_components(term, given))
    used = {name: given[name] for name in root.names & given.keys()}
    missing = root.needed - given.keys()
    if root.operators <= scalars.OPERATORS and all(_is_scalar(v) for v in used.values()):
        if "n" in missing and root.operators & SAMPLES:
            used["n"] = 1
            missing.discard("n")
        if missing:
            raise _missing_error(missing, given)
        numbers = {name: _number(name, value) for name, value in used.items()}
        found = scalars.ScalarEvaluator(root.plan, numbers).value()
        return found > scalars.UNDEFINED if term.op in CONDITIONS else found
    return _evaluate_arrays(root, used, missing, given)


_COUNT: Final = const("n_samples")


def _with_count(term: Term, given: Mapping[str, object]) -> Term:
    """The term with the number of samples put in: as given (``n_samples``, or ``n`` where that is no symbol), else as the arrays show it."""
    if not any(t is _COUNT for t in postorder(term)):
        return term
    count = given.get("n_samples")
    if count is None and sym("n") not in postorder(term):
        count = given.get("n")
    if count is None:
        shown = [len(v) for v in given.values() if hasattr(v, "__len__") and not isinstance(v, str | bytes)]
        count = max(shown, default=1)
    return substitute(term, {_COUNT: num(int(count))})  # type: ignore[call-overload]


class _Prepared:
    """A term made ready for floating point."""

    def __init__(self, term: Term) -> None:
        order = postorder(term)
        for t in order:
            if t.op in ("pdf", "cdf") or t.op.startswith("dist:"):
                what = t.op.removeprefix("dist:")
                raise UnsupportedError(
                    f"{what} has no value before its record unfolds it",
                    hint="evaluate the nll or the loss of a derivation",
                )
        self.term = term
        self.plan = Plan(stable(order))
        self.names = {str(t.value) for t in order if t.op == "sym"}
        self.needed = needed(order)
        self.operators = self.plan.operators | {t.op for t in order} & SAMPLES


def _prepared(term: Term) -> _Prepared:
    """The prepared term, which the term remembers."""
    cache = term.cache
    if cache is None:
        cache = term.cache = {}
    found = cache.get("prepared")
    if not isinstance(found, _Prepared):
        found = cache["prepared"] = _Prepared(term)
    return found


def _by_canonical_name(values: Mapping[str, object]) -> dict[str, object]:
    from lossproof.syntax.names import canonical

    given: dict[str, object] = {}
    for name, value in values.items():
        plain = canonical(name)
        if plain in given:
            raise DuplicateError(f"{plain} is given twice, in two spellings")
        given[plain] = value
    return given


def _with_components(term: Term, given: Mapping[str, object]) -> Term:
    """``v_2`` read as a component where only v is given."""
    found: dict[Term, Term] = {}
    for name in symbols(term) - given.keys():
        base, *places = name.split("_")
        if places and base in given and all(p.isdigit() and p != "0" for p in places):
            found[sym(name)] = fn("at", sym(base), *[num(p) for p in places])
    return substitute(term, found) if found else term


def _is_scalar(value: object) -> bool:
    return isinstance(value, int | float | Fraction | Decimal) or getattr(value, "ndim", None) == 0


def _number(name: str, value: Any) -> float:
    if getattr(value, "ndim", None) == 0 and hasattr(value, "item"):
        value = value.item()
    if not hasattr(value, "__float__"):
        raise KindError(f"the value of {name} is neither a number nor an array of numbers")
    return scalars.to_float(value)


def _missing_error(missing: set[str], given: Mapping[str, object]) -> Exception:
    from difflib import get_close_matches

    close = [c for name in sorted(missing) for c in get_close_matches(name, sorted(given), n=1)]
    return MissingValueError(f"no value for {', '.join(sorted(missing))}", nearest=close)


def _evaluate_arrays(
    root: _Prepared, used: dict[str, object], missing: set[str], given: Mapping[str, object]
) -> float | NDArray[Any]:
    import numpy as np

    from lossproof.interop.batches import OPERATORS, BatchEvaluator
    from lossproof.interop.inputs import constant, dimensions, read, shapes

    term = root.term
    inputs, batch = read(term, used)
    if "n" in missing and root.operators & SAMPLES:
        inputs["n"] = constant(batch[0] if batch else 1)
    inputs |= {name: constant(length) for name, length in dimensions(term, missing - inputs.keys(), inputs).items()}
    if missing - inputs.keys():
        raise _missing_error(missing - inputs.keys(), given)
    if root.operators - OPERATORS:
        raise UnsupportedError(f"{min(root.operators - OPERATORS)} cannot be evaluated")
    try:
        with np.errstate(all="ignore"):
            found = BatchEvaluator(root.plan, inputs, batch).value()
    except (ValueError, IndexError) as error:
        raise ShapeError(f"the shapes do not fit together: {shapes(inputs) or error}") from None
    return _result(term, found, inputs, len(batch))


def _result(term: Term, found: Val, inputs: Mapping[str, Val], axes: int) -> float | NDArray[Any]:
    """A float or an array; the samples' axis goes if it was summed over everywhere."""
    a: NDArray[Any] = found.a
    if axes and a.ndim - found.rank == axes and a.shape[0] == 1 and not _varies(term, inputs, axes):
        a = a[0]
    if term.op in CONDITIONS:
        a = a > scalars.UNDEFINED
    return a.item() if a.ndim == 0 else a


def _varies(term: Term, inputs: Mapping[str, Val], axes: int) -> bool:
    """Whether a value with the samples' axis occurs outside every sum over the samples."""
    seen: set[Term] = set()
    stack = [term]
    summed = False
    while stack:
        t = stack.pop()
        if t in seen:
            continue
        seen.add(t)
        if t.op in SAMPLES:
            summed = True
        elif t.op == "sym" and (v := inputs.get(str(t.value))) and v.a.ndim - v.rank == axes:
            return True
        else:
            stack.extend(t.args)
    return not summed
