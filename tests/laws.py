"""Expectations and what is made of them, worked out over finitely many values: for the loop over the records.

The definitions here are written over masses, apart from the records, which are compared with them.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping
from fractions import Fraction
from math import comb
from typing import Any, Final

from lossproof.errors import UsageError
from lossproof.interop.balls import Samples, evaluate_exact
from lossproof.terms import (
    ONE,
    ZERO,
    Term,
    add,
    div,
    fn,
    make,
    mul,
    neg,
    num,
    postorder,
    power,
    sub,
    substitute,
    symbols,
)

#: Operators that speak of distributions.
OPERATORS: Final = frozenset({"E", "H", "CE", "KL", "JS", "NLL", "Risk", "pdf"})
Masses = list[tuple[Term, Term]]


class NotFinite(Exception):
    """A distribution whose values cannot be listed here."""


def random_law(rng: random.Random, size: int) -> Term:
    """A distribution on a few numbers."""
    if rng.random() < 0.5:
        return fn("dist:bernoulli", num(Fraction(rng.randint(1, 9), 10)))
    parts = [rng.randint(1, 5) for _ in range(size)]
    if rng.random() < 0.2:
        hot = rng.randrange(size)
        parts = [int(i == hot) for i in range(size)]
    return fn("dist:categorical", fn("vec", *[num(Fraction(p, sum(parts))) for p in parts]))


def masses(law: Term, values: Mapping[str, Any]) -> Masses:
    """The values of a distribution, each with its mass."""
    name, args = law.op.removeprefix("dist:"), law.args
    if name == "bernoulli":
        return [(ZERO, sub(ONE, args[0])), (ONE, args[0])]
    if name == "categorical":
        found = evaluate_exact(args[0], values)
        if not isinstance(found, list):
            raise NotFinite(name)
        return [(num(k), num(q)) for k, q in enumerate(found, start=1)]
    if name == "binomial":
        n, p = evaluate_exact(args[0], values), args[1]
        return [
            (num(k), mul(num(comb(int(n), k)), power(p, k), power(sub(ONE, p), int(n) - k)))
            for k in range(int(n) + 1)
        ]
    if name == "empirical":
        data = values[str(args[0].value)]
        return [(num(v), num(Fraction(c, len(data)))) for v, c in sorted(Counter(data).items())]
    if name == "mixture":
        return [(v, mul(w, m)) for w, part in zip(args[0].args, args[1:], strict=True) for v, m in masses(part, values)]
    raise NotFinite(name)


def mass_at(law: Term, y: Term, values: Mapping[str, Any]) -> Term:
    """The mass of a distribution at a value, which may vary with the sample."""
    name, args = law.op.removeprefix("dist:"), law.args
    if name == "bernoulli":
        return mul(power(args[0], y), power(sub(ONE, args[0]), sub(ONE, y)))
    if name == "categorical":
        return fn("at", args[0], y)
    if name == "mixture":
        return add(*[mul(w, mass_at(part, y, values)) for w, part in zip(args[0].args, args[1:], strict=True)])
    return add(ZERO, *[mul(fn("indicator", fn("eq", y, v)), m) for v, m in masses(law, values)])


def worked_out(t: Term, values: Mapping[str, Any]) -> Term | None:
    """The term without expectations, or None where they cannot be worked out."""
    if not any(s.op in OPERATORS for s in postorder(t)):
        return t
    try:
        return _worked_out(t, values)
    except (NotFinite, UsageError, KeyError):
        return None


def _worked_out(t: Term, values: Mapping[str, Any]) -> Term:
    if not t.args or not any(s.op in OPERATORS for s in postorder(t)):
        return t
    op, args = t.op, t.args
    if op == "pdf":
        return mass_at(args[0], _worked_out(args[1], values), values)
    if op == "E":
        if args[0].op == "dist:empirical":
            return fn("samples_mean", _worked_out(substitute(args[2], {args[1]: args[0].args[0]}), values))
        return add(ZERO, *[mul(m, _worked_out(substitute(args[2], {args[1]: v}), values)) for v, m in _present(args[0], values)])
    if op == "NLL":
        return neg(fn("samples_sum", fn("log", mass_at(args[0], args[1], values))))
    if op == "Risk":
        return fn("samples_mean", _worked_out(args[0], values))
    if op == "H":
        return neg(add(ZERO, *[mul(m, fn("log", m)) for _, m in _present(args[0], values)]))
    if op == "CE":
        if args[0].op == "dist:empirical":
            return fn("samples_mean", neg(fn("log", mass_at(args[1], args[0].args[0], values))))
        return neg(add(ZERO, *[mul(m, fn("log", mass_at(args[1], v, values))) for v, m in _present(args[0], values)]))
    if op == "KL":
        return _divergence(args[0], args[1], values)
    if op == "JS":
        middle = fn("dist:mixture", fn("vec", num(Fraction(1, 2)), num(Fraction(1, 2))), *args[:2])
        return div(add(_divergence(args[0], middle, values), _divergence(args[1], middle, values)), num(2))
    return make(op, [_worked_out(a, values) for a in args], t.value)


def _divergence(p: Term, q: Term, values: Mapping[str, Any]) -> Term:
    return add(ZERO, *[mul(m, sub(fn("log", m), fn("log", mass_at(q, v, values)))) for v, m in _present(p, values)])


def _present(law: Term, values: Mapping[str, Any]) -> Masses:
    """The values that have mass; where it varies with the sample, all of them."""
    found = masses(law, values)
    if any(isinstance(values.get(n), Samples) for _, m in found for n in symbols(m)):
        return found
    return [(v, m) for v, m in found if evaluate_exact(m, values) != 0]
