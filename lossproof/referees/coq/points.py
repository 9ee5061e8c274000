"""Values for the symbols of a proof, one sample: simple ones first, then others, the same ones every time. Coq judges whether they serve."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import cached_property
from itertools import pairwise
from typing import Any, Final, TypeVar

from lossproof.facts import propositions
from lossproof.referees.coq.context import Unsupported
from lossproof.referees.coq.enclosures import Enclosures, literal
from lossproof.referees.coq.writer import Writer
from lossproof.terms import Term, postorder, symbols

_DIGITS: Final = 12
_LARGEST: Final = 16
_TRIES: Final = 20
_SIZES: Final = (2, 1, 3)
_NUMBERS: Final[Mapping[str, tuple[Fraction, ...]]] = {
    name: tuple(map(Fraction, values.split()))
    for name, values in {
        "reals": "1 0 -1 2 -2 1/2 -1/2 3 -3 1/3 5 -5 1/10 10 -10",
        "positive": "1 2 1/2 3 1/3 5 1/5 7/2 10 1/10",
        "nonnegative": "1 0 2 1/2 3 1/3 5 10",
        "unit": "1/2 1/3 2/3 1/4 3/4 1/10 9/10",
        "unit_closed": "1/2 0 1 1/3 2/3 1/10 9/10",
        "naturals": "1 0 2 3 4 5 7 10",
        "integers": "1 0 -1 2 -2 3 5 -5",
    }.items()
}
_PARTS: Final = (Fraction(1, 2), Fraction(1, 3), Fraction(2, 3))
_T = TypeVar("_T")


class Points:
    """Values of the symbols: those that are given, and the others as they are asked for."""

    def __init__(self, writer: Writer, attempt: int = 0, given: Mapping[str, Any] | None = None) -> None:
        self.writer = writer
        self.attempt = attempt
        self.random = random.Random(attempt)
        self.values: dict[str, Any] = dict(given or {})
        self._at = replace(writer.at_point, point="P0", sample="i0")
        self._numbers = Enclosures(writer.printer, lambda name, _: self.value(name), {}, 1, _DIGITS)

    def value(self, name: str) -> Any:
        """The value of a symbol, drawn from its domain if it has none yet. Raises Unsupported for a domain that is not known."""
        if name not in self.values:
            for _ in range(_TRIES if self.attempt else 1):
                value = self._chosen([Fraction(n) for n in _SIZES]) if name in self._sizes else self._drawn(self.writer.known[name].domain)
                self.values[name] = value
                if self._fits(name):
                    break
        return self.values[name]

    def _fits(self, name: str) -> bool:
        """Whether the inequalities that speak of a symbol, and otherwise of such as have values, hold as far as can be seen."""
        for condition, names in self._inequalities:
            if name in names and names <= self.values.keys():
                try:
                    found = self._numbers.bound(condition.args[0], self._at)
                except Unsupported:
                    continue
                if found.hi < 0 or (condition.op == "gt" and found.is_exact and found.lo == 0):
                    return False
        return True

    @cached_property
    def _inequalities(self) -> list[tuple[Term, set[str]]]:
        parts = (p for s in self.writer.hypotheses for p in propositions(s.says))
        return [(p, set(symbols(p))) for p in parts if p.op in ("gt", "ge")]

    def whole(self) -> dict[str, Any]:
        """The values of all symbols; where a hypothesis is an equation, one of them is what it has to be. Raises Unsupported."""
        for name in self.writer.known:
            self.value(name)
        solved: set[str] = set()
        for s in self.writer.hypotheses:
            for p in propositions(s.says):
                if p.op == "eq":
                    self._solve(p.args[0], solved)
        return self.values

    def _solve(self, zero: Term, solved: set[str]) -> None:
        """Gives a symbol that is a summand of what has to be 0 the value that makes it so."""
        parts = list(_summands(zero, Fraction(1)))
        for j, (factor, own) in enumerate(parts):
            rest = [*parts[:j], *parts[j + 1 :]]
            name = str(own.value)
            if own.op == "sym" and name not in solved and isinstance(self.values[name], Fraction) and all(name not in symbols(t) for _, t in rest):
                solved.add(name)
                self.values[name] = -sum(c * self._number(t) for c, t in rest) / factor
                return

    @cached_property
    def _sizes(self) -> set[str]:
        """The symbols that say how long a vector is."""
        domains = (s.domain for s in self.writer.known.values())
        return {n for d in domains if d.op not in ("domain", "set") for n in symbols(d.args[-1])}

    @cached_property
    def _between(self) -> list[Fraction]:
        """Numbers below, between and above those that the hypotheses mention."""
        closed = {t for s in self.writer.hypotheses for t in postorder(s.says) if t.op in ("num", "div") and not t.is_open and not symbols(t)}
        if not closed:
            return []
        marks = sorted({Fraction(0), Fraction(1), *(sign * self._number(t) for t in closed for sign in (-1, 1))})
        inside = [low + (high - low) * part for low, high in pairwise(marks) for part in _PARTS]
        return [*marks, *inside, marks[0] - 1, marks[-1] + 1]

    # -- one value

    def _chosen(self, options: Sequence[_T]) -> _T:
        return self.random.choice(options) if self.attempt else options[0]

    def _scalar(self, domain: str) -> Fraction:
        near = [x for x in self._between if literal(x).is_in(domain)]
        return self._chosen(near if near and self.attempt % 2 else _NUMBERS[domain])

    def _number(self, term: Term) -> Fraction:
        found = self._numbers.bound(term, self._at)
        if not found.is_exact:
            raise Unsupported("a value that is no rational number")
        return found.lo

    def _drawn(self, domain: Term) -> Any:
        op = domain.op
        if op == "domain":
            return self._scalar(str(domain.value))
        if op == "set":
            return self._number(self._chosen(domain.args))
        size = self._number(domain.args[-1])
        if size.denominator != 1 or not 1 <= size <= _LARGEST:
            raise Unsupported(f"vectors with {size} components")
        n = int(size)
        basis = [[Fraction(i == j) for i in range(n)] for j in range(n)]
        if op == "power_domain":
            numbers = _NUMBERS[str(domain.args[0].value)]
            entries = [self._chosen(numbers) for _ in range(n)]
            return self._chosen([*basis, entries]) if 0 in numbers and -1 in numbers else entries
        if op == "categories":
            return self._chosen([Fraction(k + 1) for k in range(n)])
        if op == "simplex":
            weights = [self._chosen((1, 2, 3, 5)) for _ in range(n)]
            return [Fraction(w, sum(weights)) for w in weights]
        if op == "onehot":
            return self._chosen(basis)
        if op == "counts":
            return [self._chosen(_NUMBERS["naturals"]) for _ in range(n)]
        if op == "posdef":
            scale = self._chosen(_NUMBERS["positive"])
            return [[scale * x for x in row] for row in basis]
        raise Unsupported(f"values in {op}")


def _summands(term: Term, factor: Fraction) -> Iterator[tuple[Fraction, Term]]:
    """The terms that a sum adds up, each with its factor."""
    if term.op == "add":
        for a in term.args:
            yield from _summands(a, factor)
    elif term.op == "neg":
        yield from _summands(term.args[0], -factor)
    elif term.op == "mul" and term.args[0].op == "num" and term.args[0].value and len(term.args) == 2:
        yield from _summands(term.args[1], factor * Fraction(term.args[0].value))
    else:
        yield factor, term
