"""The points that tell the prover where a search is of no use: never against what is proved, and no word on what is not sure."""

from __future__ import annotations

import pytest
from shapes import TABLE

import lossproof as lp
from lossproof.facts import Fact, Symbol, propositions
from lossproof.facts.points import Points
from lossproof.syntax import parse_condition, parse_domain

SYMBOLS = {
    name: Symbol(name, "fixed", parse_domain(where))
    for name, where in {"x": "reals", "z": "reals", "s": "positive", "p": "unit", "k": "naturals", "d": "{0, 1}", "q": "nonnegative"}.items()
}


def refuted(condition: str, *hypotheses: str) -> bool:
    given = [p for h in hypotheses for p in propositions(parse_condition(h))]
    (asked,) = propositions(parse_condition(condition))
    return Points(SYMBOLS, given).refute(asked)


@pytest.mark.parametrize("condition", [
    "x > 0", "-x > 0", "x - z > 0", "z - x >= 0", "1 - s > 0", "s - 1 >= 0", "-s > 0", "x in positive", "x in integers", "s in unit",
    "q > 0", "q != 0", "x != 0", "(x - z)^2 > 0", "|x - z| > 0", "k - 1 >= 0", "x == z", "p in {0, 1}", "-sigmoid(x) > 0", "exp(x) - 1 > 0",
])  # fmt: skip
def test_what_is_false_somewhere_is_refuted(condition: str) -> None:
    assert refuted(condition)


@pytest.mark.parametrize("condition", [
    "s > 0", "q >= 0", "1 - p > 0", "x^2 >= 0", "x - x >= 0", "x - x == 0", "d in {0, 1}", "k >= 0", "k in integers", "exp(x) > 0", "|x| + s > 0",
    "1 - tanh(20 + s) > 0", "exp(-1000*s) > 0", "1 - sigmoid(50 + s) > 0", "(1/10)^200*s > 0", "10^400*s > 0", "s^500 > 0", "1 + (1/10)^30*s - 1 > 0",
    "log(x - x) > 0", "1/(x - x) > 0", "sqrt(-s) > 0", "v[k] > 0", "norm(v) > 0", "besseli(0, s) > 0",
])  # fmt: skip
def test_what_holds_or_is_not_sure_is_not_refuted(condition: str) -> None:
    assert not refuted(condition)


def test_hypotheses_are_kept_to() -> None:
    assert refuted("x - z > 0")
    assert not refuted("x - z > 0", "z < x")
    assert refuted("z - x >= 0", "z < x")
    assert not refuted("s - 2 > 0", "s > 2")


def test_hypotheses_that_contradict_one_another_admit_no_point() -> None:
    assert not refuted("x > 0", "z < x", "x < z")


def test_a_hypothesis_that_has_no_number_blanks_its_symbols() -> None:
    assert not refuted("x > 0", "norm(v) < x")
    assert refuted("z > 0", "norm(v) < x")


def test_a_later_hypothesis_counts() -> None:
    points = Points(SYMBOLS, ())
    (positive,) = propositions(parse_condition("x - z > 0"))
    assert points.refute(positive)
    points.assume(positive)
    assert not points.refute(positive)


@pytest.mark.parametrize("text", [s.text for many in TABLE.values() for s in many][::2])
def test_nothing_that_is_proved_is_refuted(text: str) -> None:
    d = lp.derive(text)
    points = Points(d.symbols, [p for p, _ in d.model.hypotheses])
    facts: list[Fact] = [f for s in d.proof.steps for f in s.step.conditions]
    seen: set[Fact] = set()
    while facts:
        fact = facts.pop()
        if fact not in seen:
            seen.add(fact)
            facts.extend(fact.premises)
            assert not points.refute(fact.proposition), fact.proposition
    assert seen
