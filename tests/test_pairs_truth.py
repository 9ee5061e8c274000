"""The table of comparisons says what is true: an oracle that knows no algebra tries every row at random points."""

from __future__ import annotations

import math
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest

from tests.pair_peers import tree
from tests.pair_truth import RELATIONS, Question, evidence, faults_of, relation
from tests.pairs import PAIRS, Pair

CONTEXTS, POINTS = 24, 60
THEOREMS: Final[list[dict[str, Any]]] = [
    tomllib.loads(path.read_text(encoding="utf-8"))
    for path in sorted((Path(__file__).resolve().parent.parent / "rules" / "theorems").glob("*.toml"))
]
#: Domains of symbols in the theorems, for the oracle, where the step's conditions do not say them.
DRAWS: Final = (
    "theta unit; rho unit; sigma positive; s positive; tau positive; b positive; v positive; s_i positive; lam positive"
)
#: The same, theorem by theorem, where one name has several domains.
OWN: Final = {
    "bce-bernoulli": "y {0, 1}; p unit",
    "js-discriminator": "p unit; q unit",
    "mle-nll": "y {0, 1}",
    "nll-cross-entropy": "y {0, 1}",
    "nll-kl": "y {0, 1}",
    "poisson-loss": "y naturals",
    "softmax-cross-entropy": "z reals^K; y categories(K)",
}
#: And by the right side.
SIDE: Final = {
    "Normal(mu, sigma)": "y reals",
    "Categorical(p)": "p simplex(K); y categories(K)",
    "Poisson(lam)": "y naturals",
}


@pytest.mark.parametrize("pair", PAIRS, ids=str)
def test_answer_is_true(pair: Pair) -> None:
    assert faults_of(pair, contexts=CONTEXTS, points=POINTS) == []


def test_no_pair_stands_twice() -> None:
    keys = [(p.a, p.b, p.learn, p.where, p.let, p.fixed) for p in PAIRS]
    assert len(set(keys)) == len(keys) >= 150


def test_rows_are_complete() -> None:
    for p in PAIRS:
        assert p.truth in (*RELATIONS, "unknown"), p
        assert bool(p.scale) == (p.truth == "up-to-scale"), p
        assert bool(p.proved_if) == (p.then in RELATIONS[:4]), p
        assert not p.proved_if or p.truth == "refuted", p


@pytest.mark.parametrize("pair", PAIRS[::9], ids=str)
def test_a_false_answer_is_caught(pair: Pair) -> None:
    for truth in (*RELATIONS, "unknown"):
        if truth != pair.truth:
            wrong = replace(pair, truth=truth, scale="", proved_if="", then="")
            assert faults_of(wrong, contexts=CONTEXTS, points=POINTS), truth


def test_a_false_scale_is_caught() -> None:
    pair = next(p for p in PAIRS if p.scale == "n/(2*sigma^2)")
    assert faults_of(replace(pair, scale="n/sigma^2"), contexts=CONTEXTS, points=POINTS)


def test_a_false_condition_is_caught() -> None:
    pair = next(p for p in PAIRS if p.proved_if == "lam == s^2/t^2")
    assert faults_of(replace(pair, proved_if="lam == s/t"), contexts=CONTEXTS, points=POINTS)


def test_symmetry() -> None:
    """B against A has the relation of A against B."""
    for pair in PAIRS[::14]:
        found = evidence(pair, contexts=CONTEXTS, points=POINTS)
        back = evidence(replace(pair, a=pair.b, b=pair.a, scale=""), contexts=CONTEXTS, points=POINTS)
        assert (found.shared, found.either) == (back.shared, back.either), pair


def as_pair(theorem: dict[str, Any], step: dict[str, Any]) -> Pair:
    """A step of a theorem as a row of the table."""
    told = " ".join((step["right"], *step.get("let", ())))
    side = next((d for text, d in SIDE.items() if text in told), "")
    draw = "; ".join(d for d in (DRAWS, OWN.get(theorem["id"], ""), side) if d)
    return Pair(
        step["left"], step["right"], ", ".join(step["learn"]), step["relation"], step.get("scale", ""), ", ".join(step.get("data", ())),
        ", ".join(step.get("fixed", ())), tuple(step.get("let", ())), step.get("where", ""), draw,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("theorem", "step"),
    [(t, s) for t in THEOREMS for s in t["steps"]],
    ids=lambda v: v["id"] if "id" in v else v["left"],
)
def test_step_of_a_theorem_is_true(theorem: dict[str, Any], step: dict[str, Any]) -> None:
    assert faults_of(as_pair(theorem, step), contexts=CONTEXTS, points=POINTS) == []


def test_theorems_are_complete() -> None:
    fields = {"left", "right", "relation", "learn", "data", "fixed", "let", "where", "scale", "condition", "says"}
    for t in THEOREMS:
        assert {"id", "title", "says", "steps", "reading", "source"} <= t.keys(), t["id"]
        assert all(t[k].strip().endswith(".") for k in ("says", "reading")), t["id"]
        assert "nats" in t["reading"] or "survive" in t["reading"], t["id"]
        for step in t["steps"]:
            assert {"left", "right", "relation", "learn", "says"} <= step.keys() <= fields, t["id"]
            assert ("scale" in step) == (step["relation"] == "up-to-scale"), t["id"]
        if "nodes" in t:
            assert len(t["nodes"]) == len(t["steps"]) + 1
            assert all(s["right"] == next_["left"] for s, next_ in zip(t["steps"], t["steps"][1:], strict=False))
    assert len({t["id"] for t in THEOREMS}) == len(THEOREMS)


def test_gibbs_inequality_holds() -> None:
    (theorem,) = [t for t in THEOREMS if t["id"] == "gibbs-inequality"]
    shows = theorem["shows"] if isinstance(theorem["shows"], list) else [theorem["shows"]]
    for text in shows:
        left, sign, _ = text.partition(" >")
        assert sign, text
        question = Question(Pair(left, "0", ", ".join(theorem["learn"]), "refuted", where=theorem["where"]))
        for seed in range(10):  # p and q are drawn apart, so that the inequality is strict
            world = question.world(np.random.default_rng(seed), 200, varying=False)
            assert world is not None
            assert np.min(world.value(tree(left))) > 0


def test_relation_of_columns() -> None:
    b = np.array([0.0, 1.0, 2.0, 5.0])
    assert relation(b, b)[0] == 0
    assert relation(b + 2, b)[0] == 1
    assert relation(3 * b + 2, b) == pytest.approx((2, 3.0))
    assert relation(b**2, b)[0] == 3
    assert relation(-b, b)[0] == 4
    assert relation(0 * b, b)[0] == 4
    assert relation(np.array([0.0, 1.0, 2.0, math.inf]), b)[0] == 3
    assert relation(np.array([0.0, math.inf, 2.0, 3.0]), b)[0] == 4
    with pytest.raises(ValueError, match="not defined"):
        relation(np.array([0.0, math.nan, 2.0, 3.0]), b)
