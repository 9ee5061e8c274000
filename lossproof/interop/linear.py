"""Vectors and matrices in the last axes of arrays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

import numpy as np

from lossproof.errors import ShapeError, UnsupportedError
from lossproof.interop import arrays
from lossproof.interop.arrays import Array
from lossproof.interop.scalars import UNDEFINED
from lossproof.terms import Term

#: How far a probability vector's sum may be from 1, and a matrix from symmetric.
TOLERANCE: Final = 1e-9


class Val(NamedTuple):
    """An array whose last ``rank`` axes are the vector (1) or matrix (2)."""

    a: Array
    rank: int


def aligned(*values: Val) -> tuple[int, list[Array]]:
    """The greatest rank, and the arrays with axes appended so that batches stand over batches."""
    rank = max(v.rank for v in values)
    return rank, [v.a if v.rank == rank or v.a.ndim == 0 else v.a[(..., *[None] * (rank - v.rank))] for v in values]


def elementwise(f: Callable[..., Array], *values: Val) -> Val:
    """A function of each component alone; a scalar goes with every component."""
    if len({v.rank for v in values if v.rank}) > 1:
        raise ShapeError("a vector and a matrix cannot be combined component by component")
    rank, found = aligned(*values)
    return Val(np.asarray(f(*found), dtype=np.float64), rank)


def mul(*values: Val) -> Val:
    out = values[0]
    for v in values[1:]:
        if out.rank == 2 and v.rank == 2:
            out = Val(np.matmul(out.a, v.a), 2)
        elif out.rank == 2 and v.rank == 1:
            out = Val(np.matmul(out.a, v.a[..., None])[..., 0], 1)
        else:
            out = elementwise(np.multiply, out, v)
    return out


def vector(value: Val, op: str) -> Array:
    if value.rank != 1:
        raise ShapeError(f"{op} takes a vector", hint="give an array whose last axis is the vector")
    return value.a


def matrix(value: Val, op: str) -> Array:
    if value.rank != 2 or value.a.shape[-1] != value.a.shape[-2]:
        raise ShapeError(f"{op} takes a square matrix", hint="give an array whose last two axes are the matrix")
    return value.a


def at(value: Val, *indices: Val) -> Val:
    """Components counted from 1; an index that is no component gives nan."""
    for k in indices:
        if value.rank == 0 or k.rank:
            raise ShapeError(
                "only a vector or a matrix has components", hint="give an array whose last axis is the vector"
            )
        value = _component(value, k.a)
    return value


def _component(value: Val, k: Array) -> Val:
    a, rest = value.a, value.rank - 1
    length = a.shape[a.ndim - value.rank]
    valid = (k >= 1.0) & (k <= length) & (k == np.floor(k))
    places = np.where(valid, k, 1.0).astype(np.intp) - 1
    if k.ndim == 0:
        picked = np.take(a, int(places), axis=a.ndim - value.rank)
        return Val(picked if valid else np.full_like(picked, np.nan), rest)
    batch = np.broadcast_shapes(a.shape[: a.ndim - value.rank], k.shape)
    a = np.broadcast_to(a, batch + a.shape[a.ndim - value.rank :])
    places = np.broadcast_to(places, batch).reshape(batch + (1,) * value.rank)
    picked = np.take_along_axis(a, places, axis=len(batch)).squeeze(len(batch))
    keep = np.broadcast_to(valid, batch).reshape(batch + (1,) * rest)
    return Val(np.where(keep, picked, np.nan), rest)


def vec(*values: Val) -> Val:
    if max(v.rank for v in values) > 1:
        raise ShapeError("a vector's components must be numbers or vectors")
    rank, found = aligned(*values)
    return Val(np.stack(np.broadcast_arrays(*found), axis=-1 - rank), rank + 1)


def dot(u: Val, v: Val) -> Val:
    return Val(np.sum(vector(u, "dot") * vector(v, "dot"), axis=-1), 0)


def norm(v: Val) -> Val:
    a = np.abs(vector(v, "norm"))
    largest = np.max(a, axis=-1, keepdims=True)
    scale = np.where((largest > 0.0) & (largest < np.inf), largest, 1.0)
    return Val(scale[..., 0] * np.sqrt(np.sum(np.square(a / scale), axis=-1)), 0)


def quad(m: Val, v: Val) -> Val:
    a, x = matrix(m, "quad"), vector(v, "quad")
    return Val(np.einsum("...i,...ij,...j->...", x, a, x), 0)


def det(m: Val) -> Val:
    return Val(np.asarray(np.linalg.det(matrix(m, "det"))), 0)


def logdet(m: Val) -> Val:
    sign, size = np.linalg.slogdet(matrix(m, "logdet"))
    return Val(np.where(sign < 0.0, np.nan, size), 0)


def trace(m: Val) -> Val:
    return Val(np.trace(matrix(m, "trace"), axis1=-2, axis2=-1), 0)


def diag(v: Val) -> Val:
    """The diagonal matrix of a vector; of a matrix, its diagonal."""
    if v.rank == 2:
        return Val(np.diagonal(matrix(v, "diag"), axis1=-2, axis2=-1), 1)
    a = vector(v, "diag")
    return Val(np.where(np.eye(a.shape[-1], dtype=bool), a[..., None], 0.0), 2)


def inv(m: Val) -> Val:
    """The inverse; nan for a singular matrix."""
    a = matrix(m, "inv")
    singular = ~(np.abs(np.linalg.det(a)) > 0.0)
    safe = np.where(singular[..., None, None], np.eye(a.shape[-1]), a)
    return Val(np.where(singular[..., None, None], np.nan, np.linalg.inv(safe)), 2)


def eye(size: Val) -> Val:
    d = size.a
    if d.size != 1 or not arrays.whole(d).all() or d.item() < 1:
        raise ShapeError("the size of an identity matrix must be one positive integer")
    return Val(np.eye(int(d.item())), 2)


def softmax(v: Val) -> Val:
    a = vector(v, "softmax")
    e = np.exp(a - np.max(a, axis=-1, keepdims=True))
    return Val(e / np.sum(e, axis=-1, keepdims=True), 1)


def logsumexp(v: Val) -> Val:
    s, m = arrays.shifted(np.ones(()), vector(v, "logsumexp"), -1)
    return Val((m + np.log(s))[..., 0], 0)


FUNCTIONS: Final[dict[str, Callable[..., Val]]] = {
    "mul": mul,
    "at": at,
    "vec": vec,
    "dot": dot,
    "norm": norm,
    "quad": quad,
    "det": det,
    "logdet": logdet,
    "trace": trace,
    "diag": diag,
    "inv": inv,
    "eye": eye,
    "softmax": softmax,
    "logsumexp": logsumexp,
}


def member(place: Term, args: Sequence[Val]) -> Val:
    """Whether a value lies in a set: 1, 0, or undefined where it is nan."""
    x = args[0]
    op = place.op
    if op == "domain":
        test = arrays.MEMBER.get(str(place.value))
        if test is None:
            raise UnsupportedError(f"membership in {place.value} cannot be evaluated")
        return Val(np.where(np.isnan(x.a), UNDEFINED, test(x.a)), x.rank)
    if op == "set":
        anyone = [elementwise(arrays.compare(np.equal), x, a) for a in args[1:]]
        return elementwise(arrays.fold(np.maximum), *anyone)
    if op == "categories":
        return elementwise(lambda a, k: np.where(np.isnan(a), UNDEFINED, arrays.whole(a) & (a >= 1) & (a <= k)), *args)
    if op == "posdef":
        return Val(_positive_definite(matrix(x, "posdef")), 0)
    a = vector(x, op)
    tests: dict[str, Callable[[], Array]] = {
        "simplex": lambda: np.all(a >= 0.0, axis=-1) & (np.abs(np.sum(a, axis=-1) - 1.0) <= TOLERANCE),
        "onehot": lambda: np.all((a == 0.0) | (a == 1.0), axis=-1) & (np.sum(a, axis=-1) == 1.0),
        "counts": lambda: np.all(arrays.whole(a) & (a >= 0.0), axis=-1),
        "power_domain": lambda: np.all(arrays.MEMBER[str(place.args[0].value)](a), axis=-1),
    }
    return Val(np.where(np.any(np.isnan(a), axis=-1), UNDEFINED, tests[op]()), 0)


def _positive_definite(a: Array) -> Array:
    bad = np.any(~np.isfinite(a), axis=(-2, -1))
    safe = np.where(bad[..., None, None], np.eye(a.shape[-1]), a)
    size = np.max(np.abs(safe), axis=(-2, -1))
    even = np.max(np.abs(safe - np.swapaxes(safe, -1, -2)), axis=(-2, -1)) <= TOLERANCE * size
    return np.where(bad, UNDEFINED, even & (np.min(np.linalg.eigvalsh(safe), axis=-1) > 0.0))
