"""No referee confirms a wrong proof: mutations of each family's derivation, of comparisons and of refutations."""

from __future__ import annotations

import time
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import pytest
from mutations import Mutation, mutations

from lossproof.comparison import compare
from lossproof.derivation import derive
from lossproof.referees import Report, balls
from lossproof.referees.reading import Reading
from lossproof.referees.sympy_worker import Worker
from lossproof.rulebook import Rulebook

FAMILIES = [id for id in Rulebook.default().distribution_ids if Rulebook.default().distribution(id).default]
#: Mutations of each family that a referee is asked about; which ones differs with the family.
BALLS = 3
SYMPY = 1
COMPARED = {
    "scale": ("mean((y - w*x)^2)", "sum((y - w*x)^2)/2", ["w"]),
    "constant": ("CE(p, q)", "KL(p, q)", ["q"]),
    "refuted": ("mean((y - w*x)^2)", "mean(abs(y - w*x))", ["w"]),
}


@lru_cache(maxsize=4)
def proof_of(id: str) -> Mapping[str, Any]:
    return derive(id).to_dict()


def by_sympy(proof: Mapping[str, Any]) -> Report:
    """SymPy's report, in this process."""
    start = time.perf_counter()
    return Report("sympy", tuple(Worker(Reading(proof), start + 60).findings()), time.perf_counter() - start)


def by_balls(proof: Mapping[str, Any]) -> Report:
    return balls.judge(proof)


def certain(proof: Mapping[str, Any]) -> list[Mutation]:
    return [m for m in mutations(proof) if m.certain]


def chosen(found: list[Mutation], count: int, number: int) -> list[Mutation]:
    """Some of them, of different kinds, others for another number."""
    kinds = sorted({m.kind for m in found})
    wanted = [kinds[(number * count + k) % len(kinds)] for k in range(count)]
    same = [[m for m in found if m.kind == kind] for kind in wanted]
    return [rows[(7 * number + k) % len(rows)] for k, rows in enumerate(same)]


def assert_refused(report: Report, mutation: Mutation) -> None:
    """Refuted; that a length moves with a parameter is only not confirmed."""
    wanted = ("refuted", "undecided") if mutation.kind == "role" else ("refuted",)
    assert report.answer in wanted, f"{mutation}: {report.text()}"


@pytest.mark.parametrize("id", FAMILIES)
def test_balls_refute_wrong_derivations(id: str) -> None:
    found = certain(proof_of(id))
    assert len(found) >= 24, "dozens of mutations for each family"
    for mutation in chosen(found, BALLS, FAMILIES.index(id)):
        assert_refused(by_balls(mutation.proof), mutation)


@pytest.mark.parametrize("id", FAMILIES)
def test_sympy_refutes_wrong_derivations(id: str) -> None:
    for mutation in chosen(certain(proof_of(id)), SYMPY, FAMILIES.index(id)):
        assert_refused(by_sympy(mutation.proof), mutation)


def test_all_wrong_derivations_of_one_family() -> None:
    for number, mutation in enumerate(certain(proof_of("poisson"))):
        assert_refused((by_sympy if number % 3 == 0 else by_balls)(mutation.proof), mutation)


@pytest.mark.parametrize("name", COMPARED)
def test_wrong_comparisons(name: str) -> None:
    a, b, learn = COMPARED[name]
    let = ["p = Bernoulli(theta)", "q = Bernoulli(phi)"] if name == "constant" else []
    found = certain(compare(a, b, learn=["phi"] if let else learn, data=[] if let else ["x"], let=let).to_dict())
    kinds = {m.kind for m in found}
    assert {"claim-scale"} <= kinds or {"witness", "refuted"} <= kinds
    for number, mutation in enumerate(found):
        if mutation.kind.startswith("step") and number % 17:
            continue
        for report in (by_balls(mutation.proof), by_sympy(mutation.proof)):
            assert report.answer != "confirmed", f"{mutation}: {report.text()}"
        assert_refused(by_balls(mutation.proof), mutation)


def test_what_is_only_perhaps_wrong_is_judged_without_an_error() -> None:
    for id in ("pareto", "binomial", "categorical"):
        for mutation in mutations(proof_of(id)):
            if mutation.kind in ("hypothesis", "domain"):
                assert by_balls(mutation.proof).answer in ("confirmed", "refuted", "undecided"), str(mutation)
                assert by_sympy(mutation.proof).answer in ("confirmed", "refuted", "undecided"), str(mutation)


def test_a_domain_that_a_step_needs_is_missed() -> None:
    """With sigma in the reals, sqrt(sigma^2) is not sigma."""
    weakened = next(m for m in mutations(proof_of("normal")) if m.kind == "domain" and m.says.startswith("sigma"))
    assert by_balls(weakened.proof).answer == "refuted"
    assert by_sympy(weakened.proof).answer != "confirmed"
