"""Witnesses as theorems for Coq: points at which two objectives are ordered differently, and what is no witness."""

from __future__ import annotations

import copy
import re
from fractions import Fraction
from math import exp, log
from pathlib import Path
from typing import Any

import pytest

import lossproof as lp
from lossproof.referees.coq.enclosures import logarithm, rounded, series
from lossproof.referees.coq.file import HEADER, ProofFile
from lossproof.referees.coq.run import compile_file, judge, library

with_coq = pytest.mark.usefixtures("with_coq")


def proof(a: str, b: str, learn: str, **more: Any) -> dict[str, Any]:
    """The proof of a comparison."""
    found: dict[str, Any] = copy.deepcopy(lp.compare(a, b, learn=learn, **more).proof.to_dict())
    return found


def squares_and_absolutes() -> dict[str, Any]:
    """Two losses that order parameters differently."""
    return proof("MSE", "MAE", "yhat")


def written(data: dict[str, Any]) -> ProofFile:
    """The file of a proof, its body made."""
    found = ProofFile(data)
    found.body()
    return found


@with_coq
@pytest.mark.parametrize(
    ("a", "b", "learn", "more", "theorem"),
    [
        ("MSE", "MAE", "yhat", {}, "refuted"),
        ("mean(softplus(-u))", "mean((u - 1/(2*beta))^2)", "u", {"where": "beta > 0"}, "refuted"),
        ("m", "m + sqrt(c)", "m", {"where": "c > 0"}, "not equal"),
        ("y ~ N(yhat, sigma^2)", "MSE", "yhat", {}, "not up to constant"),
        ("exp(m)", "m", "m", {}, "not up to scale"),
    ],
)
def test_what_a_witness_refutes_is_a_theorem(a: str, b: str, learn: str, more: dict[str, str], theorem: str) -> None:
    report = judge(proof(a, b, learn, **more), keep=None, time_limit=60)
    assert report.answer == "confirmed", report.text()
    assert theorem in [f.what for f in report.findings]


@with_coq
def test_of_vectors_and_samples() -> None:
    data = proof(
        "mean(-sum(k, 1, K, ((1 - e)*y_k + e/K)*log(p_k)))", "mean(-sum(k, 1, K, y_k*log(p_k)))", "p",
        where="y in onehot(K), p in simplex(K), 0 < e < 1",
    )  # fmt: skip
    report = judge(data, keep=None, time_limit=60)
    assert report.answer == "confirmed", report.text()


def test_a_refutation_needs_its_witness() -> None:
    data = squares_and_absolutes()
    for witness in (None, {**data["witness"], "says": "equal", "points": data["witness"]["points"][:1]}):
        found = written({**data, "witness": witness})
        assert found.unwritten == "a refutation without points that the objectives order differently"
        assert not any(name.startswith("Witness.") for name in found.theorems)


def test_points_that_are_no_witness() -> None:
    data = squares_and_absolutes()
    data["witness"]["points"][1] = data["witness"]["points"][0]
    assert written(data).unwritten is not None
    data = proof("y ~ N(yhat, sigma^2)", "MSE", "yhat,sigma")
    for point in data["witness"]["points"]:
        point["sigma"] = "-" + point["sigma"]
    assert written(data).unwritten == "values that do not keep to what is supposed"
    data = proof("y ~ N(yhat, sigma^2)", "MSE", "yhat,sigma")
    data["witness"]["points"][1] = {"sigma": "1", "yhat": "1"}
    assert written(data).unwritten == "points that both order alike"


@with_coq
def test_a_witness_that_is_not_written_is_reported() -> None:
    data = squares_and_absolutes()
    data["witness"]["points"][1] = data["witness"]["points"][0]
    report = judge(data, keep=None, time_limit=60)
    assert report.answer == "undecided"
    assert [f.answer for f in report.findings if f.what == "the claim"] == ["undecided"]
    assert "refuted" not in [f.what for f in report.findings]


@with_coq
@pytest.mark.parametrize(
    ("pattern", "by"),
    [
        (r"Definition s_yhat \(w : point\).*", "Definition s_yhat (w : point) (i : nat) : R := 0."),  # another value
        (r"~ same \((.*?)\) \((.*?)\) \((.*?)\)", r"~ same (\1) (\2) (\2)"),  # another statement
        (r"Lemma value_a_P0 : within \(rat \S+ \S+\)", "Lemma value_a_P0 : within (rat 100 1)"),  # another enclosure
    ],
)
def test_coq_itself_rejects_what_is_false(pattern: str, by: str, tmp_path: Path) -> None:
    text = ProofFile(squares_and_absolutes()).body()
    start = text.index("Module Witness.")
    head, witness = text[:start], text[start:]
    for name, content, accepted in (("right", text, True), ("wrong", head + re.sub(pattern, by, witness, count=1), False)):
        assert accepted or content != text
        (tmp_path / f"{name}.v").write_text(f"{HEADER}\n{content}", encoding="utf-8")
        outcome = compile_file(tmp_path, f"{name}.v", 60, library())
        assert outcome.accepted == accepted, outcome.output


def test_rational_arithmetic() -> None:
    for x in (Fraction(2, 3), Fraction(-123456789, 1000), Fraction(1, 7 * 10**9), Fraction(0)):
        for digits in (2, 12):
            assert rounded(x, digits, up=False) <= x <= rounded(x, digits, up=True)
            assert abs(rounded(x, digits, up=True) - x) <= abs(x) * Fraction(10) ** (2 - digits)
    assert abs(float(series(20, Fraction(-1, 2))) - exp(-0.5)) < 1e-15
    assert abs(float(logarithm(Fraction(2))) - log(2)) < 1e-15
