"""A term as a straight line of float operations, for evaluation at many points; a search aid, nothing rests on it."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial, reduce
from typing import Any, Final, NamedTuple, TypeAlias

from lossproof.errors import LimitError, UnsupportedError
from lossproof.interop import scalars
from lossproof.interop.scopes import SAMPLE, SAMPLES, Evaluator, Plan, Scope
from lossproof.interop.witness_values import PerSample, Value
from lossproof.terms import Term

MAX_OPERATIONS: Final = 20_000


class Register(NamedTuple):
    """A number that is known once the parameters are."""

    at: int


#: A number, a register, or a list of these (a vector, or of lists a matrix).
Cell: TypeAlias = Any


class Tape:
    """The numbers that a term has at parameters.

    ``values`` holds what does not change, ``point`` any one point: its shape is that of all points.
    Raises UnsupportedError for what has no such form and LimitError for what has one too long.
    """

    def __init__(self, plan: Plan, values: Mapping[str, Value], point: Mapping[str, Value], samples: int) -> None:
        self.known: list[float] = []  # the registers before the first operation; what is nan is an input
        self.code: list[tuple[Callable[..., float], tuple[int, ...]]] = []
        self._constants: dict[float, Register] = {}
        self._made: dict[tuple[str, tuple[int, ...]], Register] = {}
        self._pending: list[tuple[Callable[..., float], tuple[Register, ...], int]] = []
        cells = {name: self._cells(value) for name, value in sorted(values.items())}
        cells |= {name: self._inputs(value) for name, value in sorted(point.items())}
        self.inputs = len(self.known)
        varying = {n for n, v in (*values.items(), *point.items()) if isinstance(v, PerSample)}
        found = _Builder(plan, cells, varying, samples, self).value()
        outputs = [self.register(x) for x in found]
        shift = len(self.known)
        self.code = [(f, tuple(self._place(r, shift) for r in args)) for f, args, _ in self._pending]
        self.outputs = [self._place(r, shift) for r in outputs]
        self.operations = len(self.code) + 10

    def run(self, inputs: Sequence[float]) -> list[float]:
        """The values at one point's numbers; nan where there is none."""
        registers = list(inputs)
        registers += self.known[self.inputs :]
        push = registers.append
        for f, at in self.code:
            if len(at) == 2:
                push(f(registers[at[0]], registers[at[1]]))
            elif len(at) == 1:
                push(f(registers[at[0]]))
            else:
                push(f(*[registers[k] for k in at]))
        return [registers[k] for k in self.outputs]

    def apply(self, name: str, f: Callable[..., float], args: Sequence[Cell]) -> Cell:
        """A function of numbers: now if all are known, else as an operation."""
        if not any(isinstance(a, Register) for a in args):
            return f(*args)
        registers = tuple(self.register(a) for a in args)
        key = (name, tuple(r.at for r in registers))
        found = self._made.get(key)
        if found is None:
            if len(self._pending) >= MAX_OPERATIONS:
                raise LimitError(f"more than {MAX_OPERATIONS} operations")
            # Results are counted down from -1 until the number of constants is known.
            found = self._made[key] = Register(-1 - len(self._pending))
            self._pending.append((f, registers, found.at))
        return found

    def register(self, x: Cell) -> Register:
        if isinstance(x, Register):
            return x
        if not isinstance(x, float):
            raise UnsupportedError("a vector stands where a number is needed")
        found = self._constants.get(x)
        if found is None:
            self.known.append(x)
            found = self._constants[x] = Register(len(self.known) - 1)
        return found

    @staticmethod
    def _place(r: Register, shift: int) -> int:
        return r.at if r.at >= 0 else shift - 1 - r.at

    def _cells(self, value: Value) -> Cell:
        parts = value.values if isinstance(value, PerSample) else value
        return [self._cells(v) for v in parts] if isinstance(parts, tuple) else float(parts)

    def _inputs(self, value: Value) -> Cell:
        parts = value.values if isinstance(value, PerSample) else value
        if isinstance(parts, tuple):
            return [self._inputs(v) for v in parts]
        self.known.append(math.nan)
        return Register(len(self.known) - 1)


class _Builder(Evaluator[Cell]):
    """Goes through a term as the other evaluators do, and writes down what it would compute."""

    def __init__(self, plan: Plan, cells: dict[str, Cell], varying: set[str], samples: int, tape: Tape) -> None:
        super().__init__(plan)
        self.cells = cells
        self.varying = varying
        self.samples = samples
        self.tape = tape

    def apply(self, term: Term, args: Sequence[Cell]) -> Cell:
        op = term.op
        if op == "num":
            return scalars.to_float(term.value)
        if op == "sym":
            return self.cells[str(term.value)]
        if op == "const":
            return {"pi": math.pi, "oo": math.inf, "n_samples": float(self.samples)}[str(term.value)]
        if op == "domain":
            return 0.0
        if op in SAMPLES:
            return args[0]
        if op == "in":
            return self._member(term, args)
        special = _VECTORS.get(op)
        if special is not None:
            return special(self, *args)
        if op in ("set", "categories", "power_domain", "simplex", "onehot", "counts", "posdef"):
            return 0.0
        return self.each(op, *args)

    def bind(self, term: Term, limits: Sequence[Cell], scope: Scope[Cell]) -> Cell:
        found = []
        for step in self._steps(term, limits):
            scope.memo.clear()
            scope.memo.update(step)
            found.append(self.run(term.args[-1], scope))
        product = term.op in ("prod", "samples_prod")
        if not found:
            return float(product)
        total = reduce(partial(self.each, "mul" if product else "add"), found)
        return self.each("div", total, float(len(found))) if term.op == "samples_mean" else total

    def _steps(self, term: Term, limits: Sequence[Cell]) -> Iterator[dict[Term, Cell]]:
        if term.op in SAMPLES:
            names = [t for t, free in self.plan.free.items() if t.op == "sym" and SAMPLE in free]
            for i in range(self.samples):
                yield {t: self.cells[str(t.value)][i] for t in names}
            return
        if not all(isinstance(x, float) and scalars.whole(x) for x in limits) or limits[1] - limits[0] > 1000:
            raise UnsupportedError("a sum without known limits")
        for k in range(int(limits[0]), int(limits[1]) + 1):
            yield {term.args[0]: float(k)}

    def each(self, op: str, *args: Cell) -> Cell:
        """A function of each component; a number goes with every component."""
        lengths = {len(a) for a in args if isinstance(a, list)}
        if not lengths:
            f = FUNCTIONS.get(op) if len(args) != 2 else _TWO.get(op) or FUNCTIONS.get(op)
            if f is None:
                raise UnsupportedError(f"{op} has no value of its own")
            if op == "pow" and args[1] == 2.0 and isinstance(args[1], float):
                return self.tape.apply("mul", operator.mul, (args[0], args[0]))
            return self.tape.apply(op, f, args)
        if len(lengths) > 1:
            raise UnsupportedError("vectors of different lengths")
        count = lengths.pop()
        return [self.each(op, *[a[i] if isinstance(a, list) else a for a in args]) for i in range(count)]

    def _member(self, term: Term, args: Sequence[Cell]) -> Cell:
        place = term.args[1]
        if isinstance(args[0], list):
            raise UnsupportedError("membership of a vector")

        def test(x: float, *rest: float) -> float:
            return scalars.member(place, x, rest)

        given = args if place.op in ("set", "categories") else args[:1]
        return self.tape.apply(f"in {place.ascii()}", test, given)

    # -- vectors

    def at(self, v: Cell, *indices: Cell) -> Cell:
        for k in indices:
            if not isinstance(v, list) or not isinstance(k, float):
                raise UnsupportedError("a component at an index that is not known")
            if not (scalars.whole(k) and 1 <= k <= len(v)):
                return math.nan
            v = v[int(k) - 1]
        return v

    def times(self, *factors: Cell) -> Cell:
        """A product; a matrix times a vector or a matrix is the matrix product."""
        out = factors[0]
        for x in factors[1:]:
            if _is_matrix(out) and isinstance(x, list):
                columns = [list(c) for c in zip(*x, strict=True)] if _is_matrix(x) else [x]
                made = [[self.dot(row, c) for c in columns] for row in out]
                out = made if _is_matrix(x) else [row[0] for row in made]
            else:
                out = self.each("mul", out, x)
        return out

    def dot(self, u: Cell, v: Cell) -> Cell:
        if not (isinstance(u, list) and isinstance(v, list)) or len(u) != len(v):
            raise UnsupportedError("a dot product of what are no vectors of one length")
        return self.total(self.each("mul", u, v))

    def total(self, xs: Sequence[Cell]) -> Cell:
        return reduce(partial(self.each, "add"), xs)

    def quad(self, a: Cell, v: Cell) -> Cell:
        return self.dot(v, [self.dot(row, v) for row in a])

    def det(self, a: Cell) -> Cell:
        """By expansion along the first row: matrices here are small."""
        if len(a) > 6:
            raise LimitError("a large determinant")
        if len(a) == 1:
            return a[0][0]
        terms = []
        for j, x in enumerate(a[0]):
            minor = self.each("mul", x, self.det([[*row[:j], *row[j + 1 :]] for row in a[1:]]))
            terms.append(self.each("neg", minor) if j % 2 else minor)
        return self.total(terms)

    def inv(self, a: Cell) -> Cell:
        size = len(a)
        det = self.det(a)
        if size == 1:
            return [[self.each("div", 1.0, det)]]

        def entry(i: int, j: int) -> Cell:
            minor = self.det([[*row[:i], *row[i + 1 :]] for k, row in enumerate(a) if k != j])
            return self.each("div", self.each("neg", minor) if (i + j) % 2 else minor, det)

        return [[entry(i, j) for j in range(size)] for i in range(size)]

    def diag(self, v: Cell) -> Cell:
        if _is_matrix(v):
            return [row[i] for i, row in enumerate(v)]
        return [[x if i == j else 0.0 for j in range(len(v))] for i, x in enumerate(v)]

    def logsumexp(self, *xs: Cell) -> Cell:
        xs = tuple(xs[0]) if len(xs) == 1 and isinstance(xs[0], list) else xs
        return self.tape.apply("logsumexp", _logsumexp, xs)

    def softmax(self, v: Cell) -> Cell:
        total = self.logsumexp(v)
        return [self.each("exp", self.each("add", x, self.each("neg", total))) for x in v]


def _is_matrix(v: Cell) -> bool:
    return isinstance(v, list) and bool(v) and isinstance(v[0], list)


_VECTORS: Final[dict[str, Callable[..., Cell]]] = {
    "mul": _Builder.times,
    "at": _Builder.at,
    "vec": lambda self, *xs: list(xs),
    "dot": _Builder.dot,
    "norm": lambda self, v: self.each("sqrt", self.dot(v, v)),
    "quad": _Builder.quad,
    "det": _Builder.det,
    "logdet": lambda self, a: self.each("log", self.det(a)),
    "trace": lambda self, a: self.total([row[i] for i, row in enumerate(a)]),
    "inv": _Builder.inv,
    "diag": _Builder.diag,
    "eye": lambda self, d: self.diag([1.0] * int(d)),
    "softmax": _Builder.softmax,
    "logsumexp": _Builder.logsumexp,
}


def _logsumexp(*xs: float) -> float:
    return scalars.lse(*[part for x in xs for part in (1.0, x)])


def _digamma(x: float) -> float:
    if not math.isfinite(x) or (x <= 0.0 and x == math.floor(x)):
        return math.nan
    if x < -20.0:
        return _digamma(1.0 - x) - math.pi / math.tan(math.pi * x)
    found = 0.0
    while x < 8.0:
        found -= 1.0 / x
        x += 1.0
    y = 1.0 / (x * x)
    return found + math.log(x) - 0.5 / x - y * (1 / 12 - y * (1 / 120 - y * (1 / 252 - y * (1 / 240 - y / 132))))


def _zeta(s: float) -> float:
    """For s > 1, by the Euler-Maclaurin formula."""
    if not s > 1.0:
        return math.nan
    n = 12.0
    head = math.fsum(math.pow(k, -s) for k in range(1, 12))
    last = math.pow(n, -s)
    tail = s / n * (1 / 12 - (s + 1.0) * (s + 2.0) / (n * n) * (1 / 720 - (s + 3.0) * (s + 4.0) / (30240 * n * n)))
    return head + last * (n / (s - 1.0) + 0.5 + tail)


def _besseli(nu: float, x: float) -> float:
    if not (0.0 <= x < 100.0 and 0.0 <= nu < 100.0):
        return math.nan
    half = x / 2.0
    term = math.pow(half, nu) / math.gamma(nu + 1.0)
    total = term
    for k in range(1, 200):
        term *= half * half / (k * (k + nu))
        total += term
    return total


def _strict(f: Callable[..., float]) -> Callable[..., float]:
    """``f`` with nan in place of an infinity that no argument had."""

    def call(*xs: float) -> float:
        found = f(*xs)
        return math.nan if math.isinf(found) and all(map(math.isfinite, xs)) else found

    return call


def _log(x: float) -> float:
    return math.log(x) if x > 0.0 else math.nan


def _div(x: float, y: float) -> float:
    return x / y if y != 0.0 else math.nan


FUNCTIONS: Final[dict[str, Callable[..., float]]] = {
    **scalars.FUNCTIONS,
    **{
        name: _strict(scalars.FUNCTIONS[name])
        for name in "exp pow sinh cosh gamma lgamma factorial beta lbeta binomial xlogy logit".split()
    },
    "neg": operator.neg,
    "log": _log,
    "div": _div,
    "digamma": _digamma,
    "zeta": _zeta,
    "besseli": _besseli,
}

#: Of two numbers, which are what there mostly is.
_TWO: Final[dict[str, Callable[..., float]]] = {"add": operator.add, "mul": operator.mul}
