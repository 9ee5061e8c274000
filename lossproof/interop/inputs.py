"""Reads the values given for symbols into arrays of known rank, and finds dimensions nobody gave."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from lossproof.errors import KindError, ShapeError
from lossproof.interop.linear import Val
from lossproof.interop.ranks import symbol_ranks, vector_names
from lossproof.interop.scalars import to_float
from lossproof.terms import BINDERS, Term, bound_names, postorder, symbols

_SIZED = ("eye", "categories", "simplex", "onehot", "counts", "power_domain", "posdef")


def read(term: Term, given: Mapping[str, Any]) -> tuple[dict[str, Val], tuple[int, ...]]:
    """The symbols' values with their ranks, and the shape of the batch that they share."""
    found = {name: _array(name, value) for name, value in given.items()}
    ranks = symbol_ranks(term, {name: a.shape for name, a in found.items()})
    whole = vector_names(term) if ranks else set()
    values: dict[str, Val] = {}
    for name, a in found.items():
        rank = ranks.get(name, 0)
        if a.ndim == 0 and rank and name not in whole:
            rank = 0  # a number beside a vector goes with every component
        if a.ndim < rank:
            kind = "vector" if rank == 1 else "matrix"
            axes = "axis is the vector" if rank == 1 else "two axes are the matrix"
            raise ShapeError(
                f"{name} is a {kind}, and its value has shape {a.shape}", hint=f"give an array whose last {axes}"
            )
        values[name] = Val(a, rank)
    try:
        batch = np.broadcast_shapes(*[v.a.shape[: v.a.ndim - v.rank] for v in values.values()])
    except ValueError:
        raise ShapeError(f"the shapes do not fit together: {shapes(values)}") from None
    return values, batch


def _array(name: str, value: Any) -> np.ndarray[Any, np.dtype[np.float64]]:
    try:
        if isinstance(value, str | bytes) or np.iscomplexobj(value):
            raise TypeError
        if np.ndim(value) == 0 and not isinstance(value, np.ndarray | np.generic):
            return np.asarray(to_float(value))
        return np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError):
        raise KindError(f"the value of {name} is neither a number nor an array of numbers") from None


def shapes(values: Mapping[str, Val]) -> str:
    """The shapes of all arrays, for a message."""
    return ", ".join(f"{name} {v.a.shape}" for name, v in sorted(values.items()) if v.a.ndim)


def constant(value: int) -> Val:
    """A number that was not given but found."""
    return Val(np.asarray(float(value)), 0)


def dimensions(term: Term, missing: Iterable[str], values: Mapping[str, Val]) -> dict[str, int]:
    """The missing names that are dimensions, with what the vectors show them to be."""
    wanted = set(missing)
    if not wanted:
        return {}
    order = postorder(term)
    # An index's upper limit is the length of what it indexes; else all vectors must agree.
    found: dict[str, set[int]] = {name: set() for name in wanted & _dimension_names(order)}
    for t in order:
        if t.op in BINDERS and t.args[2].op == "sym" and str(t.args[2].value) in found:
            found[str(t.args[2].value)] |= _indexed_lengths(t, values)
    everything = _lengths(symbols(term), values) | {len(t.args) for t in order if t.op == "vec"}
    shown = {name: lengths or everything for name, lengths in found.items()}
    return {name: min(lengths) for name, lengths in shown.items() if len(lengths) == 1}


def _dimension_names(order: Iterable[Term]) -> set[str]:
    names = {"K", "D"}
    for t in order:
        if t.op in BINDERS:
            names |= symbols(t.args[2])
        elif t.op in _SIZED:
            names |= symbols(t.args[-1])
    return names


def _indexed_lengths(total: Term, values: Mapping[str, Val]) -> set[int]:
    """The lengths of the vectors that stand under the index of a sum."""
    index = str(total.args[0].value)
    lengths: set[int] = set()
    for t in postorder(total.args[3]):
        if t.op == "at" and index in bound_names(t.args[1]):
            lengths |= _lengths(symbols(t.args[0]), values) or {
                len(v.args) for v in postorder(t.args[0]) if v.op == "vec"
            }
    return lengths


def _lengths(names: Iterable[str], values: Mapping[str, Val]) -> set[int]:
    return {values[n].a.shape[-1] for n in names if n in values and values[n].rank and values[n].a.ndim}
