"""The search for witnesses: exact values at which two objectives do not relate as one might think.

Candidates are found in floats; :func:`lossproof.interop.witness_check.certify` decides in exact and
ball arithmetic which of them are witnesses. The search is seeded and its budget counts operations,
so the same question gets the same answer. Importing this needs python-flint.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from math import isnan
from random import Random
from typing import Final

from lossproof.errors import LimitError, LossproofError, UnsupportedError
from lossproof.facts import Symbol
from lossproof.interop.scopes import Plan
from lossproof.interop.witness_check import Enclosure, Problem, Witness, certify, exact, to_dict, verify
from lossproof.interop.witness_levels import crossings
from lossproof.interop.witness_margins import Row, candidates, has_tie, margin, penalty
from lossproof.interop.witness_tape import Tape
from lossproof.interop.witness_values import DENOMINATORS, Domains, PerSample, Value, cost, floats, is_discrete
from lossproof.terms import Term, fn, sym, symbols

__all__ = ["Enclosure", "PerSample", "Value", "Witness", "find_difference", "find_order", "to_dict", "verify"]

#: Float operations; a second or two.
BUDGET: Final = 3_000_000

_DRAWS: Final = 60
_POINTS: Final = 56
_SAMPLES: Final = (1, 2, 1, 2, 3, 2, 1, 2, 3, 4)
_MORE: Final = 8  # draws that are looked at for a simpler witness
_EXACT: Final = 3_000  # operations that an exact look at a hypothesis is worth
_TRIES: Final = 40  # certifications that may fail

Point = dict[str, Value]


def find_order(
    a: Term, b: Term, table: Mapping[str, Symbol], hypotheses: Sequence[Term], *, seed: int = 0, budget: int = BUDGET
) -> Witness | None:
    """Two points, same data and fixed values, that a and b order differently; None if none is found.

    ``a`` and ``b`` are objectives to be minimised over the parameters of ``table``, ``hypotheses``
    propositions that hold at every point tried.
    """
    return _find("order", a, b, table, hypotheses, seed, budget)


def find_difference(
    a: Term,
    b: Term,
    relation: str,
    table: Mapping[str, Symbol],
    hypotheses: Sequence[Term],
    *,
    seed: int = 0,
    budget: int = BUDGET,
) -> Witness | None:
    """Points that show that a relation fails: equal, up-to-constant or up-to-scale; None if none is found."""
    return _find(relation, a, b, table, hypotheses, seed, budget)


def _find(
    says: str, a: Term, b: Term, table: Mapping[str, Symbol], hypotheses: Sequence[Term], seed: int, budget: int
) -> Witness | None:
    if a is b:
        return None
    try:
        problem = Problem(a, b, table, hypotheses)
    except UnsupportedError:
        return None
    return _Search(problem, says, seed, budget).run()


@dataclass(slots=True)
class _Draw:
    """Data and fixed values, with points, and the objectives' values at them."""

    samples: int
    values: dict[str, Value]
    points: list[Point]
    tape: Tape
    rows: list[Row]


class _Search:
    def __init__(self, problem: Problem, says: str, seed: int, budget: int) -> None:
        self.problem = problem
        self.says = says
        self.rng = Random(seed)
        self.budget = budget
        self.tries = _TRIES
        self.tests: Plan | None = None
        with suppress(LossproofError):
            tests = fn("vec", *problem.tests())
            self.tests = Plan(tests, problem.varying & symbols(tests))

    def run(self) -> Witness | None:
        """The simplest of the first witnesses that balls confirm, made simpler."""
        best: Witness | None = None
        more = _MORE
        for draw in self._draws():
            found = self._among(draw)
            if found is None and best is None and self.says == "order":
                found = self._between(draw)
            if found is not None and (best is None or self._price(found) < self._price(best)):
                best = found
            more -= best is not None
            if self.budget <= 0 or self.tries <= 0 or more <= 0:
                break
        return None if best is None else self._simpler(best)

    def _price(self, w: Witness) -> float:
        """How hard a witness is to read; a thin margin counts as digits."""
        digits = sum(cost(v) for place in (w.values, *w.points) for v in place.values())
        return digits + 8 * w.samples + penalty(self._margin(w.samples, w.values, w.points))

    def _among(self, draw: _Draw) -> Witness | None:
        """A witness among the points that were tried."""
        ties = True
        for indices in candidates(self.says, draw.rows, [sum(map(cost, p.values())) for p in draw.points])[:30]:
            tie = self.says == "order" and has_tie([draw.rows[i] for i in indices])
            if tie and not ties:
                continue
            found = self._certify(draw.samples, draw.values, [draw.points[i] for i in indices])
            if found is not None or self.tries <= 0:
                return found
            # Where one tie is no tie of exact numbers, others are not either.
            ties = ties and not tie
        return None

    def _certify(self, samples: int, values: Mapping[str, Value], points: Sequence[Point]) -> Witness | None:
        if self.tries <= 0:
            return None
        found = certify(self.problem, self.says, samples, values, points)
        self.tries -= found is None
        return found

    def _between(self, draw: _Draw) -> Witness | None:
        """A witness between the points that were tried."""
        discrete = [
            is_discrete(self.problem.table[name].domain)
            for name, value in sorted(draw.points[0].items())
            for _ in floats(value)
        ]
        runs = 0

        def run(x: Sequence[float]) -> Row:
            nonlocal runs
            runs += 1
            return draw.tape.run(x)

        found = None
        for pair in crossings(run, [_inputs(p) for p in draw.points], draw.rows, discrete, self.rng):
            points = self._tidied(draw, pair)
            found = self._certify(draw.samples, draw.values, points) if points else None
            if found is not None:
                break
        self.budget -= runs * draw.tape.operations
        return found

    def _tidied(self, draw: _Draw, pair: Sequence[Sequence[float]]) -> list[Point] | None:
        """Two points in short numbers, in the order that ``margin`` asks for, as far as their margin is kept."""
        rows = [draw.tape.run(x) for x in pair]
        if margin("order", rows) <= 0:
            pair, rows = pair[::-1], rows[::-1]
        wanted = max(0.0, 0.3 * margin("order", rows))
        domains = self.problem.domains(draw.values)
        for denominator in DENOMINATORS:
            made = [self._rounded(draw, domains, x, denominator) for x in pair]
            points = [p for p in made if p is not None]
            if len(points) == 2 and margin("order", [draw.tape.run(_inputs(p)) for p in points]) > wanted:
                return points
        return None

    def _rounded(self, draw: _Draw, domains: Domains, x: Sequence[float], denominator: int) -> Point | None:
        numbers = iter(x)
        made: Point = {}
        for name, like in sorted(draw.points[0].items()):
            value = domains.rounded(like, self.problem.table[name].domain, numbers, denominator)
            if value is None:
                return None
            made[name] = value
        equations = [h for h in self.problem.of_parameters if h.op == "eq"]
        self._solve(equations, draw.values, made, draw.samples)
        return made

    # -- values and points

    def _draws(self) -> Iterator[_Draw]:
        seen: Counter[object] = Counter()
        for d in range(_DRAWS):
            level = 0 if d < 12 else 1 if d < 24 else 2
            samples = _SAMPLES[d % len(_SAMPLES)] if self.problem.has_samples else 1
            values = self._values(samples, level, d)
            if values is None:
                self.budget -= 20 * _EXACT
                continue
            key = (samples, level, tuple(values.items()))
            seen[key] += 1
            if seen[key] > 3:
                continue
            points = self._points(values, samples, level)
            if not points:
                continue
            try:
                tape = Tape(self.problem.plan, values, points[0], samples)
            except (UnsupportedError, LimitError):
                self.budget -= 100_000
                continue
            self.budget -= tape.operations * (len(points) + 10)
            rows = [tape.run(_inputs(p)) for p in points]
            kept = [k for k, row in enumerate(rows) if not any(map(isnan, row))]
            if kept:
                yield _Draw(samples, values, [points[k] for k in kept], tape, [rows[k] for k in kept])

    def _values(self, samples: int, level: int, d: int) -> dict[str, Value] | None:
        """Values of all that is no parameter, for which the hypotheses about them hold."""
        for _ in range(20):
            values: dict[str, Value] = {}
            try:
                for name in self.problem.others:
                    values[name] = self._value(name, values, samples, level, d)
            except UnsupportedError:
                return None
            self._solve(self.problem.of_values, values, values, samples)
            if self.problem.allows(self.problem.of_values, values, samples):
                return values
            level = max(level, self.rng.randrange(3))
        return None

    def _value(self, name: str, values: Mapping[str, Value], samples: int, level: int, d: int) -> Value:
        domain = self._domain(name)
        if name in self.problem.sizes and self._is_size(name):
            return Fraction((2, 2, 3, 2, 3, 4)[d % 6] if level == 0 else self.rng.choice((2, 3)))
        domains = self.problem.domains(values)
        if name not in self.problem.varying:
            return domains.draw(domain, level, self.rng)
        found: list[Value] = []
        for _ in range(samples):
            value = domains.draw(domain, level, self.rng)
            for _ in range(3):
                if value in found:
                    value = domains.draw(domain, level, self.rng)
            found.append(value)
        return PerSample(tuple(found))

    def _is_size(self, name: str) -> bool:
        return any(
            s.domain.op not in ("domain", "set") and s.domain.args[-1] is sym(name) for s in self.problem.table.values()
        )

    def _domain(self, name: str) -> Term:
        """A symbol's domain; that of a hypothesis ``name in ...`` if there is one, which is smaller."""
        for h in self.problem.hypotheses:
            if h.op == "in" and h.args[0] is sym(name):
                return h.args[1]
        return self.problem.table[name].domain

    def _points(self, values: dict[str, Value], samples: int, level: int) -> list[Point]:
        """Points that differ from a simple one in one parameter, and others at random."""
        domains = self.problem.domains(values)
        found: dict[tuple[Value, ...], Point] = {}
        try:
            if level:
                base = self._random_point(domains, samples, level)
            else:
                base = {n: self._shaped(n, [domains.simple(self._domain(n))[0]] * samples) for n in self.problem.parameters}
            holds = self._filter(values, base, samples)
            for point in self._proposed(domains, base, samples, level):
                if not holds(point):
                    continue
                found.setdefault(tuple(point.values()), point)
        except UnsupportedError:
            return []
        return list(found.values())[:_POINTS]

    def _proposed(self, domains: Domains, base: Point, samples: int, level: int) -> Iterator[Point]:
        yield dict(base)
        room = max(4, 30 // max(1, len(base)))
        for name in base:
            for value in domains.simple(self._domain(name))[:room]:
                yield {**base, name: self._shaped(name, [value] * samples)}
                if name in self.problem.varying and isinstance(part := base[name], PerSample):
                    yield {**base, name: PerSample((value, *part.values[1:]))}
        for _ in range(_POINTS - 30):
            yield self._random_point(domains, samples, level)

    def _filter(self, values: dict[str, Value], like: Point, samples: int) -> Callable[[Point], bool]:
        """Whether the hypotheses hold at a point, which may be changed so that they do."""
        hypotheses = self.problem.of_parameters
        tape: Tape | None = None
        if self.tests is not None and not any(h.op == "eq" for h in hypotheses):
            with suppress(UnsupportedError, LimitError):
                tape = Tape(self.tests, values, like, samples)

        def holds(point: Point) -> bool:
            # Floats will do where nothing has to be exact: what is found is certified.
            if tape is not None and all(x == 1.0 for x in tape.run(_inputs(point))):
                return True
            self.budget -= _EXACT * len(hypotheses)
            self._solve(hypotheses, values, point, samples)
            return self.problem.allows(hypotheses, {**values, **point}, samples)

        return holds if hypotheses else lambda point: True

    def _random_point(self, domains: Domains, samples: int, level: int) -> Point:
        return {
            n: self._shaped(n, [domains.draw(self._domain(n), max(level, 1), self.rng) for _ in range(samples)])
            for n in self.problem.parameters
        }

    def _shaped(self, name: str, parts: Sequence[Value]) -> Value:
        return PerSample(tuple(parts)) if name in self.problem.varying else parts[0]

    def _solve(
        self, propositions: Sequence[Term], values: Mapping[str, Value], into: dict[str, Value], samples: int
    ) -> None:
        """Change one of the values ``into`` for each comparison with 0 that does not hold and is linear in it."""
        for p in propositions:
            here = {**values, **into}
            if p.op not in ("eq", "gt", "ge") or self.problem.allows([p], here, samples):
                continue
            kept = [q for q in propositions if q is p or self.problem.allows([q], here, samples)]
            for name in sorted(symbols(p) & into.keys()):
                if not isinstance(into[name], Fraction) or is_discrete(self.problem.table[name].domain):
                    continue
                at = [exact(p.args[0], {**here, name: Fraction(k)}, samples) for k in (1, 2, 3)]
                if at[0] is None or at[1] is None or at[2] is None or not at[2] - at[1] == at[1] - at[0] != 0:
                    continue
                slope = at[1] - at[0]
                tried = ({**here, name: x} for x in self._beyond(1 - at[0] / slope, slope, p.op))
                good = (t for t in tried if self.problem.lies(name, t, samples) and self.problem.allows(kept, t, samples))
                if (first := next(good, None)) is not None:
                    into[name] = first[name]
                    break

    def _beyond(self, root: Fraction, slope: Fraction, op: str) -> list[Fraction]:
        """Where a linear function is 0, or for an inequality some numbers where it is more."""
        if op == "eq":
            return [root]
        steps = [Fraction(1), Fraction(1, 2), Fraction(1, 10), abs(root) / 2, abs(root), Fraction(3)]
        self.rng.shuffle(steps)
        return [root + step if slope > 0 else root - step for step in steps if step]

    # -- simpler

    def _simpler(self, witness: Witness) -> Witness:
        """A witness of fewer samples and shorter numbers, if replacing one value at a time gives one."""
        self.tries = 60
        least = min(0.01, 0.5 * self._margin(witness.samples, witness.values, witness.points))
        changed = True
        rounds = 0
        while changed and self.tries > 0 and rounds < 4:
            changed = False
            rounds += 1
            for samples, values, points in self._changes(witness):
                if self._margin(samples, values, points) <= max(least, 0.0):
                    continue
                found = self._certify(samples, values, points)
                if found is not None:
                    witness, changed = found, True
                    break
        return witness

    def _margin(self, samples: int, values: Mapping[str, Value], points: Sequence[Point]) -> float:
        try:
            tape = Tape(self.problem.plan, values, points[0], samples)
        except (UnsupportedError, LimitError):
            return -1.0
        return margin(self.says, [tape.run(_inputs(p)) for p in points])

    def _changes(self, w: Witness) -> Iterator[tuple[int, dict[str, Value], tuple[Point, ...]]]:
        """Witnesses to be that differ from one in a single value, which is simpler."""
        if w.samples > 1:
            for i in range(w.samples):
                yield w.samples - 1, _without(w.values, i), tuple(_without(p, i) for p in w.points)
        domains = self.problem.domains(w.values)
        for name in self.problem.others:
            if name in self.problem.sizes:
                continue
            for value in self._shorter(domains, name, w.values[name]):
                yield w.samples, {**w.values, name: value}, w.points
        for name in self.problem.parameters:
            for k, point in enumerate(w.points):
                for value in self._shorter(domains, name, point[name]):
                    yield w.samples, w.values, (*w.points[:k], {**point, name: value}, *w.points[k + 1 :])

    def _shorter(self, domains: Domains, name: str, value: Value) -> Iterator[Value]:
        """What a value might be instead, each of less cost: simple values, and the value in rounder numbers."""
        domain = self._domain(name)
        simple = sorted(domains.simple(domain)[:16], key=cost)
        if isinstance(value, PerSample):
            for i, part in enumerate(value.values):
                shorter = (v for v in simple if cost(v) < cost(part))
                yield from (PerSample((*value.values[:i], v, *value.values[i + 1 :])) for v in shorter)
        else:
            yield from (v for v in simple if cost(v) < cost(value))
        for denominator in () if is_discrete(domain) else DENOMINATORS[:12]:
            rounder = domains.rounded(value, domain, iter(floats(value)), denominator)
            if rounder is not None and cost(rounder) < cost(value):
                yield rounder


def _without(values: Mapping[str, Value], i: int) -> dict[str, Value]:
    return {
        name: PerSample((*v.values[:i], *v.values[i + 1 :])) if isinstance(v, PerSample) else v
        for name, v in values.items()
    }


def _inputs(point: Point) -> list[float]:
    return [x for _, value in sorted(point.items()) for x in floats(value)]
