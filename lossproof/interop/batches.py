"""Evaluation on arrays: batch axes in front, the axes of a vector or matrix last.

The index of a sum is one more axis in front of the batch axes, so a sum over classes is one pass of
NumPy; axis 0 of the batch is the samples.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from lossproof.errors import LimitError, ShapeError, UnsupportedError
from lossproof.interop import arrays, linear
from lossproof.interop.arrays import Array, Truth
from lossproof.interop.linear import Val, aligned, elementwise
from lossproof.interop.scalars import INF, MAX_TERMS, to_float
from lossproof.interop.scopes import SAMPLES, Evaluator, Plan, Scope
from lossproof.terms import Term

#: Cells of one array at most, when an index is taken in several parts.
CHUNK: Final = 1 << 22

LEAVES: Final = frozenset({"num", "sym", "bound", "const", "domain"})
OVER_SAMPLES: Final = SAMPLES | {"lse_samples", "lse_samples_sign"}
LSE: Final = frozenset({"lse_sum", "lse_sum_sign"})
SETS: Final = frozenset({"set", "categories", "simplex", "onehot", "counts", "power_domain", "posdef"})
OPERATORS: Final = (
    arrays.FUNCTIONS.keys() | linear.FUNCTIONS.keys() | LEAVES | OVER_SAMPLES | SETS | {"in", "sum", "prod", *LSE}
)


class BatchEvaluator(Evaluator[Val]):
    """Evaluates where some value is an array, or some function asks for SciPy."""

    def __init__(self, plan: Plan, values: Mapping[str, Val], batch: tuple[int, ...]) -> None:
        super().__init__(plan)
        self.values = values
        self.batch = batch

    def apply(self, term: Term, args: Sequence[Val]) -> Val:
        op = term.op
        if op == "num":
            return Val(np.asarray(to_float(term.value)), 0)
        if op == "sym":
            return self.values[str(term.value)]
        if op == "const":
            return Val(np.asarray(math.pi if term.value == "pi" else INF), 0)
        if op == "in":
            return linear.member(term.args[1], args)
        if op in OVER_SAMPLES:
            return self._over_samples(op, args)
        vector = linear.FUNCTIONS.get(op)
        if vector is not None:
            return vector(*args)
        return elementwise(arrays.FUNCTIONS[op], *args)

    def _over_samples(self, op: str, args: Sequence[Val]) -> Val:
        """A sum, mean or product over the first batch axis, which stays with length 1."""
        rank, values = aligned(*args)
        values = list(np.broadcast_arrays(*values))
        a = values[0]
        axis = a.ndim - rank - len(self.batch)
        n = self.batch[0] if self.batch else 1
        varies = bool(self.batch) and n != 1 and axis >= 0 and a.shape[axis] == n
        if op.startswith("lse"):
            s, m = arrays.shifted(a, values[1], axis) if varies else (n * a, values[1])
            return Val(np.sign(s) if op == "lse_samples_sign" else m + np.log(np.abs(s)), rank)
        if op == "samples_mean":
            return Val(np.mean(a, axis=axis, keepdims=True) if varies else a, rank)
        if op == "samples_sum":
            return Val(np.sum(a, axis=axis, keepdims=True) if varies else n * a, rank)
        return Val(np.prod(a, axis=axis, keepdims=True) if varies else np.power(a, n), rank)

    def bind(self, term: Term, limits: Sequence[Val], scope: Scope[Val]) -> Val:
        lower, upper = limits
        if lower.rank or upper.rank:
            raise ShapeError(f"the limits of the sum over {scope.name} must be numbers")
        if not (np.all(np.isfinite(lower.a)) and np.all(np.isfinite(upper.a))):
            raise UnsupportedError(
                f"a sum over {scope.name} to infinity cannot be evaluated", hint="give a finite upper limit"
            )
        low, high = int(np.ceil(np.min(lower.a))), int(np.floor(np.max(upper.a)))
        if high - low >= MAX_TERMS:
            raise LimitError(f"a sum over {scope.name} has more than {MAX_TERMS} terms")
        ragged = lower.a.size > 1 or upper.a.size > 1
        total = _Total(term.op)
        step = max(1, CHUNK // max(1, math.prod(self.batch)))
        axes = len(self.batch) + scope.level - 1
        for start in range(low, high + 1, step):
            count = min(step, high + 1 - start)
            k = np.arange(start, start + count, dtype=np.float64).reshape((count,) + (1,) * axes)
            scope.memo.clear()
            scope.memo[term.args[0]] = Val(k, 0)
            bodies = [self.run(body, scope) for body in term.args[3:]]
            total.take(bodies, k, axes + 1, (k >= lower.a) & (k <= upper.a) if ragged else None)
        scope.memo.clear()
        return total.result()


class _Total:
    """A sum, product or log-sum-exp that takes its index part by part."""

    def __init__(self, op: str) -> None:
        self.op = op
        self.rank = 0
        self.parts: list[tuple[Array, ...]] = []

    def take(self, bodies: Sequence[Val], k: Array, axes: int, mask: Truth | None) -> None:
        """Reduce one part of the index, which is the first of ``axes`` axes."""
        rank, values = aligned(*bodies)
        self.rank = rank
        if mask is not None:
            mask = mask.reshape(mask.shape + (1,) * rank)
            blank = {"sum": (0.0,), "prod": (1.0,)}.get(self.op, (0.0, -np.inf))
            values = [np.where(mask, v, b) for v, b in zip(values, blank, strict=True)]
        varies = any(v.ndim - rank == axes for v in values)
        count = k.shape[0]
        a = values[0]
        if self.op in LSE:
            s, m = arrays.shifted(a, values[1], 0) if varies else (count * a, values[1])
            self.parts.append((s[0], m[0]) if varies else (s, m))
        elif self.op == "sum":
            self.parts.append((np.sum(a, axis=0) if varies else count * a,))
        else:
            self.parts.append((np.prod(a, axis=0) if varies else np.power(a, count),))

    def result(self) -> Val:
        if not self.parts:
            empty = {"sum": 0.0, "prod": 1.0, "lse_sum": -np.inf}.get(self.op, 0.0)
            return Val(np.asarray(empty), 0)
        out = self.parts[0][0]
        if self.op in LSE:
            merge = arrays.lse if self.op == "lse_sum" else arrays.lse_sign
            return Val(merge(*[x for part in self.parts for x in part]), self.rank)
        for (part,) in self.parts[1:]:
            out = out + part if self.op == "sum" else out * part
        return Val(np.asarray(out), self.rank)
