"""Under which conditions an objective has a value: arguments of logarithms positive, denominators not zero."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from math import isnan
from typing import Final

from lossproof.errors import LossproofError
from lossproof.terms import ONE, ZERO, Term, add, fn, make, neg, postorder, sym, symbols

#: What is not looked into: densities and distributions, whose rules ask for their parameters' domains.
_CLOSED: Final = frozenset({"pdf", "cdf", "cdf_below", "H", "CE", "KL", "JS", "NLL", "ranges"})
_POSITIVE: Final = frozenset({"log", "lgamma", "gamma", "digamma"})
_NOT_EVALUATED: Final = frozenset({"pdf", "cdf", "cdf_below", "E", "H", "CE", "KL", "JS", "NLL", "Risk", "samples_sum", "samples_mean"})
_POINTS: Final = 300
_DENSITIES: Final = frozenset({"pdf", "samples_prod", "mul", "div"})


def needs(term: Term, holds: Callable[[str, Term], bool] = lambda op, term: False) -> list[Term]:
    """The propositions under which a term has a value, as written; in order of appearance, each once.

    ``holds`` knows of some terms that they are positive: a power with a positive exponent has a value at zero too.
    """
    found: dict[Term, None] = {}
    stack = [term]
    seen: set[Term] = set()
    while stack:
        t = stack.pop()
        if t in seen or t.op in _CLOSED or t.op.startswith("dist:"):
            continue
        seen.add(t)
        if t.op == "log" and _is_density(t.args[0]):
            continue  # a density may be zero: minus its logarithm is then infinite, and that is a value
        for p in _own(t, holds):
            found[p] = None
        if t.op == "E":
            stack.append(t.args[2])
        elif t.op == "Risk":
            stack.append(t.args[0])
        else:
            stack.extend(reversed(t.args))
    return list(found)


def _own(t: Term, holds: Callable[[str, Term], bool]) -> list[Term]:
    op, args = t.op, t.args
    if op in _POSITIVE:
        return [fn("gt", args[0], ZERO)]
    if op == "sqrt":
        return [fn("ge", args[0], ZERO)]
    if op == "div":
        return [] if args[1].op == "num" and args[1] is not ZERO else [fn("ne", args[1], ZERO)]
    if op == "pow":
        return _power(args[0], args[1], holds)
    if op == "logit":
        return [fn("gt", args[0], ZERO), fn("gt", add(ONE, neg(args[0])), ZERO)]
    if op == "xlogy":
        return [fn("ge", args[0], ZERO), fn("gt", args[1], ZERO)]
    if op in ("beta", "lbeta"):
        return [fn("gt", a, ZERO) for a in args]
    if op == "factorial":
        return [fn("gt", add(args[0], ONE), ZERO)]
    if op == "binomial":
        return [fn("gt", add(args[0], ONE), ZERO)]
    if op == "besseli":
        return [] if args[0].op == "num" else [fn("gt", args[1], ZERO)]
    if op == "zeta":
        return [fn("gt", add(args[0], neg(ONE)), ZERO)]
    if op in ("det", "logdet", "inv"):
        return [fn("in", args[0], make("posdef", (sym("D"),)))]
    return []


def _power(base: Term, exponent: Term, holds: Callable[[str, Term], bool]) -> list[Term]:
    sign = -1 if exponent.op == "neg" else 1
    literal = exponent.args[0] if exponent.op == "neg" else exponent
    if isinstance(literal.value, Fraction):
        value = sign * literal.value
        if value.denominator == 1:
            return [] if value >= 0 else [fn("ne", base, ZERO)]
        if value > 0:
            return [fn("ge", base, ZERO)]
    if holds("gt", exponent):
        return [fn("ge", base, ZERO), fn("gt", exponent, ZERO)]
    return [fn("gt", base, ZERO)]


def _is_density(t: Term) -> bool:
    """A joint density, or a ratio of densities."""
    stack = [t]
    while stack:
        s = stack.pop()
        if s.op not in _DENSITIES:
            return False
        if s.op != "pdf":
            stack.extend(s.args)
    return True


def only_one_defined(
    a: Term, b: Term, domains: Mapping[str, Term], known: Sequence[Term], holds: Callable[[str, Term], bool]
) -> str:
    """Which of A and B has a value at a point where the other has none: "A", "B", or nothing if no such point is found.

    Points are random, the same in every run; ``known`` are propositions that hold at all points.
    """
    sides = [_of_numbers(needs(t, holds)) for t in (a, b)]
    known = [p for p in known if p.op in ("gt", "ge", "ne")]
    rng = random.Random(0)
    for i in range(_POINTS):
        values = {n: v for n, d in domains.items() if (v := _drawn(rng, d)) is not None}
        real = [n for n in values if domains[n].value == "reals"]
        if i % 3 == 1:  # zeros, and values that cancel
            values.update(dict.fromkeys(rng.sample(real, (len(real) + 1) // 2), 0.0))
        elif i % 3 == 2:
            values.update(dict.fromkeys(real, 1.0))
        if not _all_hold(known, values):
            continue
        one, two = (_all_hold(conditions, values) for conditions in sides)
        if None not in (one, two) and one != two:
            return "A" if one else "B"
    return ""


def _of_numbers(conditions: list[Term]) -> list[Term]:
    return [p for p in conditions if p.op != "in" and not any(t.op in _NOT_EVALUATED for t in postorder(p))]


def _drawn(rng: random.Random, where: Term) -> float | None:
    """A random member of a domain of numbers."""
    if where.op == "set":
        return float(rng.choice(where.args).evaluate({}))
    if where.op != "domain":
        return None
    name = str(where.value)
    if name in ("unit", "unit_closed"):
        return rng.uniform(0.01, 0.99)
    if name in ("positive", "nonnegative"):
        return rng.choice([rng.uniform(0.01, 0.99), rng.uniform(1.01, 4)])
    if name in ("naturals", "integers"):
        return float(rng.randint(0, 5))
    return rng.choice([-1, 1]) * rng.choice([rng.uniform(0.01, 0.99), rng.uniform(1.01, 4)])


def _all_hold(conditions: Sequence[Term], values: dict[str, float]) -> bool | None:
    """Whether all propositions hold at floats; None if that cannot be said."""
    for p in conditions:
        t = p.args[0]
        if not symbols(t) <= values.keys() or t.is_open:
            continue
        try:
            value = float(t.evaluate({n: values[n] for n in symbols(t)}))
        except (LossproofError, TypeError):
            return None
        if isnan(value):  # no value: an inner condition fails
            return False
        if not {"gt": value > 0, "ge": value >= 0, "ne": value != 0}.get(p.op, True):
            return False
    return True
