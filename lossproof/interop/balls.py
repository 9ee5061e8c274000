"""Rigorous values of terms at exact points, by ball arithmetic (python-flint); for tests and witnesses."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import reduce
from itertools import product as tuples
from typing import Any, Final

from lossproof.errors import LimitError, MissingSystemError, MissingValueError, UnsupportedError
from lossproof.interop.scopes import SAMPLE, SAMPLES, Evaluator, Plan, Scope, needed
from lossproof.terms import Term, postorder, symbols

try:
    from flint import arb, ctx, fmpq

    from lossproof.interop import ball_functions as f
    from lossproof.interop.ball_functions import Maybe, ball
except ImportError:
    raise MissingSystemError("python-flint is not installed", hint="pip install python-flint") from None

MAX_TERMS: Final = 100_000


class Samples(list[Any]):
    """The values of a symbol that varies with the sample, one for each."""


def evaluate_ball(term: Term, values: Mapping[str, Any], precision: int = 128) -> Maybe:
    """An enclosure of ``term`` as an ``arb``; of a condition True, False or None.

    None is "undefined, or not decided at this precision". Values are Fractions, integers or balls; a
    vector is a list of them and a matrix a list of lists; :class:`Samples` holds one value for each
    sample. The logarithm of 0 is undefined; ``oo`` is a value. Raises MissingValueError for a symbol
    without a value.
    """
    found = evaluate_exact(term, values, precision)
    saved, ctx.prec = ctx.prec, precision
    try:
        return _as_balls(found)
    finally:
        ctx.prec = saved


def evaluate_exact(term: Term, values: Mapping[str, Any], precision: int = 128) -> Maybe:
    """As :func:`evaluate_ball`, but a Fraction where the value is known exactly, and an infinite float for oo."""
    given = {_canonical(name): _read(value) for name, value in values.items()}
    varying = {name for name, value in given.items() if isinstance(value, Samples)} & symbols(term)
    given |= _sizes(term, given, varying)
    missing = needed(postorder(term)) - given.keys()
    if missing:
        raise MissingValueError(f"no value for {', '.join(sorted(missing))}")
    saved, ctx.prec = ctx.prec, precision
    try:
        return _BallEvaluator(Plan(term, varying), given, varying).value()
    finally:
        ctx.prec = saved


def _canonical(name: str) -> str:
    from lossproof.syntax.names import canonical

    return canonical(name)


def _read(value: Any) -> Any:
    if isinstance(value, Samples):
        return Samples([_read(v) for v in value])
    if isinstance(value, list | tuple):
        return [_read(v) for v in value]
    if isinstance(value, arb):
        return f.kept(value)
    if isinstance(value, fmpq):
        return Fraction(int(value.p), int(value.q))
    return value if isinstance(value, float) and value in (float("inf"), -float("inf")) else Fraction(value)


def _as_balls(value: Maybe) -> Maybe:
    if isinstance(value, list):
        return [_as_balls(v) for v in value]
    return value if value is None or isinstance(value, bool) else ball(value)


def _sizes(term: Term, given: Mapping[str, Any], varying: set[str]) -> dict[str, Any]:
    """n, and K or D where all vectors have one length."""
    found: dict[str, Any] = {}
    counts = {len(given[name]) for name in varying}
    if len(counts) > 1:
        raise MissingValueError("the symbols that vary have different numbers of samples")
    lengths = {len(v) for name, v in given.items() if isinstance(v, list) and name not in varying}
    lengths |= {len(v) for name in varying for v in given[name] if isinstance(v, list)}
    lengths = lengths or {len(t.args) for t in postorder(term) if t.op == "vec"}
    if "n" not in given and any(t.op in SAMPLES for t in postorder(term)):
        found["n"] = Fraction(min(counts, default=1))
    if len(lengths) == 1:
        found |= {name: Fraction(min(lengths)) for name in ("K", "D") if name not in given}
    return found


class _BallEvaluator(Evaluator[Maybe]):
    def __init__(self, plan: Plan, values: Mapping[str, Any], varying: set[str]) -> None:
        super().__init__(plan)
        self.values = values
        self.varying = varying
        self.place: dict[int, int] = {}

    def apply(self, term: Term, args: Sequence[Maybe]) -> Maybe:
        op = term.op
        if op == "num":
            return term.value
        if op == "sym":
            return self.values[str(term.value)]
        if op == "const" and term.value == "n_samples":
            return self.values.get("n_samples", self.values.get("n", Fraction(1)))
        if op == "const":
            return f.kept(arb.pi()) if term.value == "pi" else float("inf")
        if op in ("and", "or"):
            return (f.every if op == "and" else f.some)(*args)
        if op == "cases":
            return None if args[0] is None else args[1] if args[0] else args[2]
        if op in SAMPLES:
            return args[0]
        if any(a is None for a in args):
            return None
        if op == "in":
            return member(term.args[1], args[0], args[1:])
        special = _VECTORS.get(op)
        if special is not None:
            return special(*args)
        if op not in f.REAL:
            raise UnsupportedError(f"{op.removeprefix('dist:')} has no value of its own")
        return _componentwise(f.REAL[op], args)

    def bind(self, term: Term, limits: Sequence[Maybe], scope: Scope[Maybe]) -> Maybe:
        if not all(isinstance(v, Fraction) and v.denominator == 1 for v in limits):
            return None
        found = []
        for step in self._steps(term, limits, scope):
            scope.memo.clear()
            scope.memo.update(step)
            found.append(self.run(term.args[-1], scope))
        return self._total(term.op, found)

    def _steps(self, term: Term, limits: Sequence[Maybe], scope: Scope[Maybe]) -> list[dict[Term, Maybe]]:
        """What each value of the index fixes."""
        if scope.name == SAMPLE:
            names = [t for t in self.plan.free if t.op == "sym" and t.value in self.varying]
            n = len(self.values[min(self.varying)])
            return [{t: self.values[str(t.value)][i] for t in names} for i in range(n)]
        low, high = int(limits[0]), int(limits[1])
        if high - low >= MAX_TERMS:
            raise LimitError(f"a sum over {scope.name} has more than {MAX_TERMS} terms")
        return [{term.args[0]: Fraction(k)} for k in range(low, high + 1)]

    def _total(self, op: str, found: list[Maybe]) -> Maybe:
        empty = Fraction(int(op in ("prod", "samples_prod")))
        if any(x is None for x in found):
            return None
        combine = f.mul if op in ("prod", "samples_prod") else f.add
        total = reduce(lambda x, y: _strict(combine, x, y), found, empty)
        if op == "samples_mean" and total is not None:
            return _componentwise(f.div, [total, Fraction(len(found))])
        return total


def _strict(op: Callable[..., Maybe], *xs: Maybe) -> Maybe:
    return None if any(x is None for x in xs) else _componentwise(op, xs)


def _componentwise(op: Callable[..., Maybe], args: Sequence[Maybe]) -> Maybe:
    """A function of each component; a number goes with every component. Ranks are at most 2."""
    lengths = {len(a) for a in args if isinstance(a, list)}
    if not lengths:
        return op(*args)
    if len(lengths) > 1:
        return None
    rows = [[a[i] if isinstance(a, list) else a for a in args] for i in range(lengths.pop())]
    parts = [_strict(op, *row) for row in rows]
    return None if any(p is None for p in parts) else parts


def _at(v: Maybe, *indices: Maybe) -> Maybe:
    for k in indices:
        if not isinstance(v, list) or not isinstance(k, Fraction) or k.denominator != 1 or not 1 <= k <= len(v):
            return None
        v = v[int(k) - 1]
    return v


def _dot(u: Maybe, v: Maybe) -> Maybe:
    if not (isinstance(u, list) and isinstance(v, list) and len(u) == len(v)):
        return None
    return _sum([_strict(f.mul, x, y) for x, y in zip(u, v, strict=True)])


def _sum(xs: Sequence[Maybe]) -> Maybe:
    return reduce(lambda x, y: _strict(f.add, x, y), xs, Fraction(0))


def _norm(v: Maybe) -> Maybe:
    return _strict(f.sqrt, _dot(v, v))


def _times(*factors: Maybe) -> Maybe:
    """A product; a matrix times a vector or a matrix is the matrix product."""
    out = factors[0]
    for x in factors[1:]:
        if out is None:
            return None
        if _is_matrix(out) and isinstance(x, list):
            columns = list(zip(*x, strict=True)) if _is_matrix(x) else [x]
            made = [[_dot(row, list(column)) for column in columns] for row in out]
            out = made if _is_matrix(x) else [row[0] for row in made]
        else:
            out = _strict(f.mul, out, x)
    return out


def _is_matrix(v: Maybe) -> bool:
    return isinstance(v, list) and bool(v) and isinstance(v[0], list)


def _quad(a: Maybe, v: Maybe) -> Maybe:
    rows = [_dot(row, v) for row in a] if _is_matrix(a) else [None]
    return None if None in rows else _dot(v, rows)


def _lu(a: Maybe) -> tuple[Maybe, Maybe]:
    """The determinant and inverse by elimination with decided pivots; exact for exact entries."""
    n = len(a)
    rows = [[*row, *[Fraction(int(i == j)) for j in range(n)]] for i, row in enumerate(a)]
    det: Maybe = Fraction(1)
    for c in range(n):
        pivot = next((r for r in range(c, n) if f.sign(rows[r][c])), None)
        if pivot is None:
            zero = all(f.sign(rows[r][c]) == 0 for r in range(c, n))
            return (Fraction(0) if zero else None), None
        if pivot != c:
            rows[c], rows[pivot], det = rows[pivot], rows[c], -det
        p = rows[c][c]
        det = _strict(f.mul, det, p)
        rows[c] = [_strict(f.div, x, p) for x in rows[c]]
        for r in range(n):
            if r != c:
                factor = rows[r][c]
                rows[r] = [
                    _strict(f.add, x, f.neg(_strict(f.mul, factor, y))) for x, y in zip(rows[r], rows[c], strict=True)
                ]
                if any(x is None for x in rows[r]):
                    return None, None
    return det, [row[n:] for row in rows]


def _square(op: Callable[[Maybe], Maybe]) -> Callable[[Maybe], Maybe]:
    return lambda a: op(a) if _is_matrix(a) and all(len(row) == len(a) for row in a) else None


def _diag(v: Maybe) -> Maybe:
    if _is_matrix(v):
        return [row[i] for i, row in enumerate(v)]
    return [[x if i == j else Fraction(0) for j in range(len(v))] for i, x in enumerate(v)]


def _eye(d: Maybe) -> Maybe:
    n = int(d)
    return [[Fraction(int(i == j)) for j in range(n)] for i in range(n)]


_VECTORS: Final[dict[str, Callable[..., Maybe]]] = {
    "mul": _times,
    "at": _at,
    "vec": lambda *xs: list(xs),
    "dot": _dot,
    "norm": _norm,
    "quad": _quad,
    "det": _square(lambda a: _lu(a)[0]),
    "logdet": _square(lambda a: _strict(f.log, _lu(a)[0])),
    "trace": _square(lambda a: _sum([row[i] for i, row in enumerate(a)])),
    "inv": _square(lambda a: _lu(a)[1]),
    "diag": _diag,
    "eye": _eye,
    "softmax": f.softmax,
    "logsumexp": lambda v: f.logsumexp(*v),
    "not": f.negate,
    "indicator": lambda c: Fraction(int(c)),
}


def member(place: Term, x: Maybe, rest: Sequence[Maybe]) -> bool | None:
    """Whether a value lies in a set; None if undecided."""
    op = place.op
    if op == "domain":
        return f.MEMBER[str(place.value)](x)
    if op == "set":
        return f.some(*[f.equal(x, a) for a in rest])
    if op == "categories":
        return f.every(f.integral(x), f.negate(f.less(x, f.ONE)), f.negate(f.less(rest[0], x)))
    if op == "posdef":
        return _positive_definite(x)
    if not isinstance(x, list):
        return False
    tests: dict[str, Callable[[], bool | None]] = {
        "simplex": lambda: f.every(*[f.MEMBER["positive"](a) for a in x], f.equal(_sum(x), f.ONE)),
        "onehot": lambda: f.every(*[f.some(f.equal(a, f.ZERO), f.equal(a, f.ONE)) for a in x], f.equal(_sum(x), f.ONE)),
        "counts": lambda: f.every(*[f.MEMBER["naturals"](a) for a in x]),
        "power_domain": lambda: f.every(*[member(place.args[0], a, ()) for a in x]),
    }
    return tests[op]()


def _positive_definite(a: Maybe) -> bool | None:
    """Symmetric, with positive leading minors."""
    if not _is_matrix(a):
        return False
    n = len(a)
    even = [f.equal(a[i][j], a[j][i]) for i, j in tuples(range(n), repeat=2) if i < j]
    minors = [_lu([row[:k] for row in a[:k]])[0] for k in range(1, n + 1)]
    return f.every(*even, *[None if m is None else f.less(f.ZERO, m) for m in minors])
