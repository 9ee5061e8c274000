"""Exact random points in a proof's domains, the same ones every time."""

from __future__ import annotations

import random
from collections.abc import Iterable
from fractions import Fraction
from typing import Any, Final

from lossproof.referees.ball_terms import Evaluator
from lossproof.referees.ball_values import whole
from lossproof.referees.reading import Reading, Symbol
from lossproof.referees.walking import Beyond, Samples, Undefined, Unsure

Point = dict[str, Any]

_TRIES: Final = 60
_SIZED: Final = frozenset({"simplex", "categories", "onehot", "counts", "posdef", "power_domain"})
#: Unit vectors are made of these: (a, b) with a² + b² = 1, exactly.
_TURNS: Final = [(Fraction(3, 5), Fraction(4, 5)), (Fraction(-5, 13), Fraction(12, 13)), (Fraction(8, 17), Fraction(-15, 17)), (Fraction(7, 25), Fraction(24, 25))]


class Points:
    """Random points of a proof where all hypotheses hold."""

    def __init__(self, proof: Reading, seed: int = 1) -> None:
        self.p = proof
        self.random = random.Random(seed)
        self.units = self._unit_vectors()
        self.sizes = {s for symbol in proof.symbols.values() for s in self._size_names(symbol.domain)}
        self.around = self._equal_to()

    def _size_names(self, domain: int) -> set[str]:
        """The symbols that say how long a vector is."""
        found: set[str] = set()
        for t in self.p.subterms(domain):
            if self.p.ops[t] in _SIZED:
                found |= self.p.names(self.p.args[t][-1])
        return found

    def _unit_vectors(self) -> set[str]:
        """The symbols of which a hypothesis says that their norm is 1."""
        p, found = self.p, set()
        for h in p.hypotheses:
            if p.ops[h] == "eq":
                found |= {str(p.values[p.args[t][0]]) for t in p.subterms(h) if p.ops[t] == "norm" and p.ops[p.args[t][0]] == "sym"}
        return found

    def _equal_to(self) -> dict[str, int]:
        """The symbols that an equation among the hypotheses gives a value, each a summand of it that the others do not contain."""
        p = self.p
        found: dict[str, int] = {}
        for h in p.hypotheses:
            if p.ops[h] != "eq":
                continue
            parts = [*self._summands(p.args[h][0], 1), *self._summands(p.args[h][1], -1)]
            for j, (sign, own) in enumerate(parts):
                rest = [(s, t) for i, (s, t) in enumerate(parts) if i != j]
                name = str(p.values[own])
                if p.ops[own] == "sym" and name not in found and name not in p.names(*(t for _, t in rest)):
                    found[name] = p.fn("add", p.number(0), *(t if s != sign else p.fn("neg", t) for s, t in rest))
                    break
        return found

    def _summands(self, t: int, sign: int) -> list[tuple[int, int]]:
        """The terms that a sum adds up, each with its sign."""
        p = self.p
        if p.ops[t] == "neg":
            return self._summands(p.args[t][0], -sign)
        return [part for a in p.args[t] for part in self._summands(a, sign)] if p.ops[t] == "add" else [(sign, t)]

    # -- one value

    def number(self, low: int = -24) -> Fraction:
        r = self.random
        return Fraction(r.randint(low, 24), r.choice((1, 2, 2, 3, 4, 5, 7, 8)))

    def drawn(self, domain: int, values: Point) -> Any:
        """A value in a domain. Raises Beyond for a domain that is not known."""
        p, r = self.p, self.random
        op, args = p.ops[domain], p.args[domain]
        if op == "domain":
            return self._named(str(p.values[domain]))
        if op == "set":
            return Evaluator(p, values, 1).value(r.choice(args), {})
        n = whole(Evaluator(p, values, 1).value(args[-1], {}))
        if not 1 <= n <= 12:
            raise Beyond("such a size")
        if op == "power_domain":
            return [self.drawn(args[0], values) for _ in range(n)]
        if op == "categories":
            return Fraction(r.randint(1, n))
        if op == "simplex":
            parts = [r.randint(1, 9) for _ in range(n)]
            return [Fraction(k, sum(parts)) for k in parts]
        if op == "onehot":
            one = r.randrange(n)
            return [Fraction(int(i == one)) for i in range(n)]
        if op == "counts":
            return [Fraction(r.randint(0, 3)) for _ in range(n)]
        if op == "posdef":
            lower = [[Fraction(r.randint(1, 4) if i == j else r.randint(-2, 2) if j < i else 0, 2) for j in range(n)] for i in range(n)]
            return [[sum((a * b for a, b in zip(u, v, strict=True)), Fraction(0)) for v in lower] for u in lower]
        raise Beyond(f"the domain {op}")

    def _named(self, name: str) -> Fraction:
        r = self.random
        if name == "reals":
            return self.number()
        if name in ("positive", "nonnegative"):
            return Fraction(0) if name == "nonnegative" and r.random() < 0.2 else Fraction(r.randint(1, 24), r.choice((1, 2, 3, 4, 5, 7, 8)))
        if name in ("unit", "unit_closed"):
            below = r.randint(2, 16)
            return Fraction(r.randint(*((1, below - 1) if name == "unit" else (0, below))), below)
        if name in ("integers", "naturals"):
            return Fraction(r.randint(-6 if name == "integers" else 0, 7))
        raise Beyond(f"the domain {name}")

    def _value(self, symbol: Symbol, values: Point, others: Iterable[str] = ()) -> Any:
        if symbol.name in self.units:
            n = len(self.drawn(symbol.domain, values))
            vector = [Fraction(1), *[Fraction(0)] * (n - 1)]
            for k in range(1, n):
                a, b = self.random.choice(_TURNS)
                vector[0], vector[k] = vector[0] * a, vector[0] * b
            return vector
        value = self.drawn(symbol.domain, values)
        if not isinstance(value, list) and self.random.random() < 0.12:  # where two symbols are equal a case may change
            same = [v for n in others for v in [values.get(n)] if isinstance(v, Fraction)]
            candidate = self.random.choice(same) if same else value
            if Evaluator(self.p, values, 1).member(candidate, symbol.domain, self._sizes(symbol.domain, values)):
                return candidate
        return value

    def _sizes(self, domain: int, values: Point) -> list[Any]:
        evaluator = Evaluator(self.p, values, 1)
        return [evaluator.value(s, {}) for s in evaluator.sizes(domain)]

    # -- a whole point

    def draw(self, samples: int, size: int) -> Point | None:
        """A point with that many samples, where lengths are near ``size``; None if the hypotheses were not met."""
        for _ in range(_TRIES):
            fixed: Point = {n: Fraction(size) for n in sorted(self.sizes) if n in self.p.symbols}
            found = self._rest(fixed, samples, [s for s in self.p.symbols.values() if s.name not in fixed])
            if found is not None:
                return found
        return None

    def moved(self, point: Point, samples: int) -> Point | None:
        """The same data and fixed values with other parameters; None if the hypotheses were not met."""
        moving = [s for s in self.p.symbols.values() if s.role == "parameter" and s.name not in self.sizes]
        held = {n: v for n, v in point.items() if self.p.symbols[n].role != "parameter" or n in self.sizes}
        for _ in range(_TRIES):
            found = self._rest(held, samples, moving)
            if found is not None and any(found[s.name] != point[s.name] for s in moving):
                return found
        return None

    def _rest(self, held: Point, samples: int, wanted: list[Symbol]) -> Point | None:
        """Shared values first, then those of each sample, until the hypotheses hold for it."""
        values = dict(held)
        wanted = [s for s in wanted if s.role != "variable"]
        for symbol in wanted:
            if not symbol.indexed:
                values[symbol.name] = self._value(symbol, values, values)
        indexed = [s for s in wanted if s.indexed]
        rows: list[Point] = []
        for i in range(samples):
            row = next(filter(None, (self._row(values, indexed, i, samples) for _ in range(_TRIES))), None)
            if row is None:
                return None
            rows.append(row)
        return {**values, **{s.name: Samples(row[s.name] for row in rows) for s in indexed}}

    def _row(self, values: Point, indexed: list[Symbol], sample: int, samples: int) -> Point | None:
        """Values for one sample at which all hypotheses hold."""
        here = {n: v[sample] if isinstance(v, Samples) else v for n, v in values.items()}
        for symbol in indexed:
            here[symbol.name] = self._value(symbol, here, here)
        indices = {s.name for s in indexed}
        for name, term in self.around.items():
            if name in indices or isinstance(values.get(name), Fraction):
                value = self._solved(name, term, here)
                if value is None:
                    return None
                here[name] = value
                if name not in indices:
                    values[name] = value
        evaluator = Evaluator(self.p, here, samples)
        try:
            if all(evaluator.value(h, {"#": 0}) for h in self.p.hypotheses):
                return {s.name: here[s.name] for s in indexed} or {"": True}
        except (Undefined, Unsure):
            return None
        return None

    def _solved(self, name: str, term: int, here: Point) -> Any:
        """The value that an equation gives a symbol; None if it has none in the symbol's domain."""
        domain = self.p.symbols[name].domain
        try:
            value = Evaluator(self.p, here, 1).value(term, {"#": 0})
            return value if Evaluator(self.p, here, 1).member(value, domain, self._sizes(domain, here)) else None
        except (Undefined, Unsure):
            return None
