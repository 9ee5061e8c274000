"""Whether a witness is one, in exact and ball arithmetic: the last word on what a search proposes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import inf
from typing import Any, Final, TypeAlias

from lossproof.errors import LossproofError, MissingValueError, UnsupportedError
from lossproof.facts import Symbol
from lossproof.interop.balls import Samples, evaluate_exact, member
from lossproof.interop.scopes import SAMPLES, Plan
from lossproof.interop.witness_values import Domains, PerSample, Value, plain, value_texts
from lossproof.syntax import split_subscript
from lossproof.terms import Term, fn, postorder, symbols

#: The ends of an interval in which a value lies: rational, or infinite for oo.
Enclosure: TypeAlias = tuple[Fraction | float, Fraction | float]

#: How many parameter points show that a relation fails.
POINTS: Final = {"order": 2, "equal": 1, "up-to-constant": 2, "up-to-scale": 3}

_PRECISIONS: Final = (64, 128, 512)
_DIGITS: Final = (6, 9, 15, 30, 60)

#: Propositions that are read off the symbols: they ask nothing of values.
_SYNTACTIC: Final = frozenset({"free", "shared", "without", "ranges"})


@dataclass(frozen=True, slots=True)
class Witness:
    """Exact values at which a relation between two objectives a and b fails.

    ``says`` is what fails: order, equal, up-to-constant or up-to-scale. All ``points`` share the
    number of samples and the ``values`` of what is no parameter; ``a`` and ``b`` enclose the
    objectives at each point.
    """

    says: str
    samples: int
    values: dict[str, Value]
    points: tuple[dict[str, Value], ...]
    a: tuple[Enclosure, ...]
    b: tuple[Enclosure, ...]

    def _repr_markdown_(self) -> str:
        from lossproof.render.tables import witness_markdown

        return witness_markdown(self)


def to_dict(witness: Witness) -> dict[str, Any]:
    """The witness as a proof's JSON has it."""
    return {
        "says": witness.says,
        "samples": witness.samples,
        "values": value_texts(witness.values),
        "points": [value_texts(p) for p in witness.points],
        "enclosures": {
            name: [["oo" if x == inf else str(x) for x in pair] for pair in pairs]
            for name, pairs in (("a", witness.a), ("b", witness.b))
        },
    }


def verify(
    witness: Witness, a: Term, b: Term, table: Mapping[str, Symbol], hypotheses: Sequence[Term]
) -> bool:
    """Whether balls confirm a witness from the terms anew, and its enclosures with it."""
    problem = Problem(a, b, table, hypotheses)
    found = certify(problem, witness.says, witness.samples, witness.values, witness.points)
    if found is None or not decides(witness.says, witness.a, witness.b):
        return False
    pairs = [*zip(found.a, witness.a, strict=True), *zip(found.b, witness.b, strict=True)]
    return all(mine[0] <= theirs[1] and theirs[0] <= mine[1] for mine, theirs in pairs)


class Problem:
    """Two objectives, what their symbols stand for, and what is assumed of them.

    Raises UnsupportedError for what no witness can be given for: a value per sample outside every sum.
    """

    def __init__(self, a: Term, b: Term, table: Mapping[str, Symbol], hypotheses: Sequence[Term]) -> None:
        self.a, self.b = a, b
        self.root = fn("vec", a, b)
        self.hypotheses = [h for h in hypotheses if h.op not in _SYNTACTIC]
        self.table = _used(table, (a, b, *self.hypotheses))
        self.parameters = sorted(n for n, s in self.table.items() if s.role == "parameter")
        self.sizes = {n for s in self.table.values() for n in symbols(s.domain)} & self.table.keys()
        # What domains are made of comes first.
        self.others = sorted((n for n in self.table if n not in self.parameters), key=lambda n: (n not in self.sizes, n))
        self.varying = {n for n, s in self.table.items() if varies(s)}
        self.of_parameters = [h for h in self.hypotheses if symbols(h) & set(self.parameters)]
        self.of_values = [h for h in self.hypotheses if not symbols(h) & set(self.parameters)]
        used = self.varying & symbols(self.root)
        try:
            self.plan = Plan(self.root, used)
        except LossproofError as error:
            raise UnsupportedError(error.message) from error
        # Without a symbol that varies, one sample is as good as many.
        self.has_samples = bool(used)

    def domains(self, values: Mapping[str, Value]) -> Domains:
        """The domains at these values of the symbols in them."""
        return Domains(lambda t: exact(t, values, 1))

    def allows(self, propositions: Sequence[Term], values: Mapping[str, Value], samples: int) -> bool:
        """Whether propositions are known to hold."""
        return all(self._holds(p, values, samples) for p in propositions)

    def _holds(self, proposition: Term, values: Mapping[str, Value], samples: int) -> bool:
        names = symbols(proposition)
        late = sorted(n for n in names if isinstance(values[n], PerSample))
        if proposition.op == "in" and not late:
            domains = self.domains(values)
            subject = proposition.args[0]
            if subject.op == "sym" and not domains.fits(values[str(subject.value)], proposition.args[1]):
                return False
        counts = any(t.op in SAMPLES for t in postorder(proposition))
        if counts and not late and samples > 1:
            return False
        if counts or not late:
            return value_at(proposition, {n: values[n] for n in names}, samples) is True
        for i in range(samples):
            one = {n: _at_sample(values[n], i) for n in names}
            if not self._holds(proposition, {**values, **one}, samples):
                return False
        return True

    def tests(self) -> list[Term]:
        """For each hypothesis about parameters a term that is 1 where it holds, of every sample if it varies."""
        found = []
        for h in self.of_parameters:
            test = fn("indicator", h)
            late = symbols(h) & self.varying and not any(t.op in SAMPLES for t in postorder(h))
            found.append(fn("samples_prod", test) if late else test)
        return found

    def lies(self, name: str, values: Mapping[str, Value], samples: int) -> bool:
        """Whether a symbol's value is of the right shape and known to lie in its domain."""
        symbol, value = self.table[name], values[name]
        parts = value.values if isinstance(value, PerSample) else (value,)
        if isinstance(value, PerSample) != (name in self.varying) or (name in self.varying and len(parts) != samples):
            return False
        domain, domains = symbol.domain, self.domains(values)
        if not all(domains.fits(v, domain) for v in parts):
            return False
        rest = [exact(t, values, samples) for t in domain.args] if domain.op in ("set", "categories") else []
        return None not in rest and all(member(domain, plain(v, Samples), rest) is True for v in parts)


def varies(symbol: Symbol) -> bool:
    """Whether a symbol gets a value for each sample.

    A parameter that is not written with the index i gets one for all: what fails for that fails
    where it may differ as well.
    """
    if symbol.role == "parameter":
        return symbol.indexed and split_subscript(symbol.name)[1] == "i"
    return symbol.indexed


def _used(table: Mapping[str, Symbol], roots: Sequence[Term]) -> dict[str, Symbol]:
    """The symbols that need values: those that occur, and those that their domains mention."""
    waiting = sorted(symbols(*roots))
    found: dict[str, Symbol] = {}
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        if name not in table:
            raise MissingValueError(f"nothing is known of {name}")
        if table[name].role == "variable":
            raise UnsupportedError(f"{name} is the variable of an expectation")
        found[name] = table[name]
        waiting += sorted(symbols(table[name].domain))
    return found


def _at_sample(value: Value, i: int) -> Value:
    return value.values[i] if isinstance(value, PerSample) else value


def value_at(term: Term, values: Mapping[str, Value], samples: int, precision: int = 128) -> Any:
    """The exact or ball value of a term; None where it has none, or none that is known here."""
    given = {name: plain(value, Samples) for name, value in values.items()}
    try:
        return evaluate_exact(term, {**given, "n_samples": Fraction(samples)}, precision)
    except (LossproofError, ArithmeticError, ValueError, TypeError, KeyError, IndexError):
        return None


def exact(term: Term, values: Mapping[str, Value], samples: int) -> Fraction | None:
    """The value of a term as an exact rational, or None."""
    found = value_at(term, values, samples)
    return found if isinstance(found, Fraction) else None


def certify(
    problem: Problem,
    says: str,
    samples: int,
    values: Mapping[str, Value],
    points: Sequence[Mapping[str, Value]],
) -> Witness | None:
    """The witness at these values and points, or None if balls do not decide all that it needs."""
    if len(points) != POINTS[says] or set(values) != set(problem.others) or samples < 1:
        return None
    if samples > 1 and not problem.has_samples:
        return None
    for k, point in enumerate(points):
        everything = {**values, **point}
        if set(point) != set(problem.parameters):
            return None
        names = [*problem.others, *problem.parameters] if k == 0 else problem.parameters
        if not all(problem.lies(name, everything, samples) for name in names):
            return None
        if not problem.allows(problem.hypotheses if k == 0 else problem.of_parameters, everything, samples):
            return None
    used = symbols(problem.root)
    for precision in _PRECISIONS:
        found = [
            value_at(problem.root, {n: v for n, v in {**values, **p}.items() if n in used}, samples, precision)
            for p in points
        ]
        rows = [r for r in found if isinstance(r, list) and not any(isinstance(x, list | bool) or x is None for x in r)]
        if len(rows) < len(points):
            continue
        raw = [[_enclosure(r[j], 0) for r in rows] for j in (0, 1)]
        if not decides(says, *raw):
            continue
        rounded = ([[_enclosure(r[j], digits) for r in rows] for j in (0, 1)] for digits in _DIGITS)
        a, b = next((ends for ends in rounded if decides(says, *ends)), raw)
        fixed = tuple(dict(sorted(p.items())) for p in points)
        return Witness(says, samples, dict(sorted(values.items())), fixed, tuple(a), tuple(b))
    return None


def _enclosure(x: Any, digits: int) -> Enclosure:
    """A value's interval, rounded outwards to so many decimal digits (0: not rounded)."""
    if isinstance(x, Fraction | float):
        return x, x
    low, high = _end(x.lower()), _end(x.upper())
    size = max(abs(low), abs(high))
    if low == high or digits == 0 or size == 0:
        return low, high
    # About the decimal exponent: one too few or too many does no harm.
    exponent = round((size.numerator.bit_length() - size.denominator.bit_length()) * 0.30103)
    unit = Fraction(10) ** (exponent - digits)
    return (low / unit).__floor__() * unit, (high / unit).__ceil__() * unit


def _end(x: Any) -> Fraction:
    mantissa, exponent = x.man_exp()
    return Fraction(int(mantissa)) * Fraction(2) ** int(exponent)


# -- what enclosures decide


def decides(says: str, a: Sequence[Enclosure], b: Sequence[Enclosure]) -> bool:
    """Whether enclosures of two objectives at the points show what a witness says."""
    if len(a) != POINTS[says] or len(b) != POINTS[says] or not all(_ordered(x) for x in (*a, *b)):
        return False
    if says == "order":
        first, second = _compare(*a), _compare(*b)
        return first is not None and second is not None and first != second and first <= 0 <= second
    if says == "equal":
        return _apart(a[0], b[0])
    if any(inf in pair for pair in (*a, *b)):
        return False
    if says == "up-to-constant":
        return _apart(_minus(a[0], b[0]), _minus(a[1], b[1]))
    left = _times(_minus(a[0], a[1]), _minus(b[0], b[2]))
    return _apart(left, _times(_minus(a[0], a[2]), _minus(b[0], b[1])))


def _ordered(x: Enclosure) -> bool:
    return -inf < x[0] <= x[1]


def _compare(x: Enclosure, y: Enclosure) -> int | None:
    """-1, 0 or 1 as x is less than, equal to or greater than y; None if that is not decided."""
    if x[1] < y[0]:
        return -1
    if x[0] > y[1]:
        return 1
    return 0 if x[0] == x[1] == y[0] == y[1] else None


def _apart(x: Enclosure, y: Enclosure) -> bool:
    return x[1] < y[0] or y[1] < x[0]


def _minus(x: Enclosure, y: Enclosure) -> Enclosure:
    return x[0] - y[1], x[1] - y[0]


def _times(x: Enclosure, y: Enclosure) -> Enclosure:
    ends = [p * q for p in x for q in y]
    return min(ends), max(ends)
