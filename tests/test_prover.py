"""The prover and the algebra on random terms: what they say is true at random exact points."""

from __future__ import annotations

import random
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import pytest

pytest.importorskip("flint")

from sampling import FAILS, same

from lossproof.facts import Algebra, Symbol
from lossproof.interop.balls import evaluate_exact
from lossproof.kernel import Kernel, KernelError
from lossproof.rulebook import Rulebook
from lossproof.syntax import parse_condition
from lossproof.terms import INFINITY, ONE, PI, ZERO, Term, add, div, domain, fn, mul, neg, num, power, sub, sym

DOMAINS = {
    "a": "reals", "c": "reals", "p": "positive", "q": "nonnegative", "u": "unit", "v": "unit_closed", "n": "naturals", "z": "integers",
}  # fmt: skip
SYMBOLS = {name: Symbol(name, "parameter", domain(d)) for name, d in DOMAINS.items()}
SYMBOLS["b"] = Symbol("b", "data", fn("set", ZERO, ONE))
FUNCTIONS = [
    "exp",
    "log",
    "sqrt",
    "abs",
    "neg",
    "sigmoid",
    "softplus",
    "tanh",
    "cosh",
    "lgamma",
    "gamma",
    "Phi",
    "cos",
    "logit",
    "erf",
    "factorial",
]


def random_point(rng: random.Random) -> dict[str, Fraction]:
    q = lambda: Fraction(rng.randint(-5, 5), rng.choice((1, 2, 3)))  # noqa: E731
    made: Mapping[str, Any] = {
        "reals": q, "positive": lambda: abs(q()) or Fraction(1, 2), "nonnegative": lambda: abs(q()),
        "unit": lambda: Fraction(rng.randint(1, 9), 10), "unit_closed": lambda: Fraction(rng.randint(0, 10), 10),
        "naturals": lambda: Fraction(rng.randint(0, 4)), "integers": lambda: Fraction(rng.randint(-4, 4)),
    }  # fmt: skip
    return {name: made[d]() for name, d in DOMAINS.items()} | {"b": Fraction(rng.randint(0, 1))}


def random_term(rng: random.Random, depth: int) -> Term:
    if depth == 0 or rng.random() < 0.15:
        kind = rng.random()
        if kind < 0.65:
            return sym(rng.choice(sorted(SYMBOLS)))
        return num(Fraction(rng.randint(-2, 3), rng.choice((1, 1, 2)))) if kind < 0.95 else PI
    kind = rng.random()
    inner = [random_term(rng, depth - 1) for _ in range(rng.choice((2, 2, 3)))]
    if kind < 0.35:
        return fn(rng.choice(("add", "mul")), *inner)
    if kind < 0.45:
        return div(*inner[:2])
    if kind < 0.6:
        return power(inner[0], rng.choice((num(2), num(-1), num("1/2"), num(3), num(0), num(-2), random_term(rng, 0))))
    if kind < 0.9:
        return fn(rng.choice(FUNCTIONS), inner[0])
    if kind < 0.96:
        return fn("cases", fn("gt", random_term(rng, 0), ZERO), *inner[:2])
    return fn(rng.choice(("max", "min")), *inner[:2])


def propositions_about(t: Term) -> list[Term]:
    signs = [fn(op, t, ZERO) for op in ("gt", "ge", "ne", "eq")] + [fn("gt", sub(ONE, t), ZERO)]
    return signs + [fn("in", t, domain(d)) for d in ("reals", "positive", "unit", "integers", "naturals")]


@pytest.mark.parametrize("seed", range(4))
def test_what_is_proved_is_never_false(seed: int) -> None:
    rng, book = random.Random(seed), Rulebook.default()
    kernel = Kernel(SYMBOLS, [], book.facts)
    proved = 0
    for _ in range(120):
        for p in propositions_about(random_term(rng, rng.choice((1, 2, 3)))):
            if kernel.prover.prove(p) is None:
                continue
            proved += 1
            for _ in range(3):
                point = random_point(rng)
                # None: the term has no value there, or too few digits.
                assert evaluate_exact(p, point) is not False, (p.ascii(), point)
    assert proved > 100


@pytest.mark.parametrize("seed", range(4))
def test_normal_forms_keep_the_value(seed: int) -> None:
    rng, algebra = random.Random(seed), Algebra()
    for _ in range(300):
        t = random_term(rng, rng.choice((2, 3, 4)))
        c = algebra.canonical(t)
        assert algebra.same(t, c)
        assert Algebra().poly(t) == Algebra().poly(c), "the normal form of a normal form is itself"
        point = random_point(rng)
        values = [evaluate_exact(x, point) for x in (t, c)]
        assert None in values or same(*values) != FAILS, (t.ascii(), c.ascii(), point)


@pytest.mark.parametrize("seed", range(2))
def test_order_of_operands_does_not_change_the_normal_form(seed: int) -> None:
    rng, algebra = random.Random(seed), Algebra()
    for _ in range(150):
        parts = [random_term(rng, 2) for _ in range(4)]
        mixed = rng.sample(parts, 4)
        assert algebra.same(add(*parts), add(*mixed))
        assert algebra.same(mul(*parts), mul(mul(*mixed[:2]), mul(*mixed[2:])))
        assert algebra.same(neg(sub(parts[0], parts[1])), sub(parts[1], parts[0]))


@pytest.mark.parametrize(
    "text",
    [
        "sqrt(oo) in reals", "oo^2 in reals", "log(1 + oo) in reals", "factorial(oo) in reals",
        "oo*0 >= 0", "oo - oo >= 0", "1/(1 + oo) in reals", "oo in reals", "(oo - a)^2 in reals",
    ],
)  # fmt: skip
def test_facts_speak_of_real_numbers(text: str) -> None:
    from lossproof.facts import propositions

    kernel = Kernel(SYMBOLS, [], Rulebook.default().facts)
    for p in propositions(parse_condition(text)):
        assert kernel.prover.prove(p) is None


@pytest.mark.parametrize(
    ("before", "after"),
    [(div(sym("a"), sym("a")), ONE), (power(sym("a"), 0), power(sym("a"), -1)), (mul(INFINITY, ZERO), ZERO), (sub(INFINITY, INFINITY), ZERO)],
    ids=["a/a", "1/a", "oo*0", "oo-oo"],
)  # fmt: skip
def test_algebra_does_not_cancel_what_may_be_zero_or_infinite(before: Term, after: Term) -> None:
    kernel = Kernel(SYMBOLS, [], Rulebook.default().facts)
    with pytest.raises(KernelError):
        kernel.algebra(before, after)
