"""Coq: that what a proof supposes is not contradictory, by values at which it holds."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest

import lossproof as lp
from lossproof.referees.coq.file import HEADER, modules, written
from lossproof.referees.coq.run import compiled, judge, library
from lossproof.referees.coq.satisfiable import THEOREM

pytestmark = pytest.mark.usefixtures("with_coq")

#: Conditions that hold together at rational values of a symbol or two.
POSSIBLE = [
    "",
    "a > 2, b > a, b < 3",
    "a > 0, b > 0, a + b == 1",
    "lam == 1/t^2, t > 0",
    "2*a - 3*b == 1/7, a in positive",
    "v in reals^3, norm(v) == 1, 3 < a < 13/4",
    "p in simplex(K), q in simplex(K), k in categories(K)",
    "A in posdef(D), u in positive^D, c in counts(D), o in onehot(D)",
    "k in naturals, k >= 3, z in integers, z < -7",
    "a in {1/3, -2}, b in unit, b > 9/10",
]
IMPOSSIBLE = ["a > 1, a < 1", "u*u == 2", "k in naturals, 1/3 < k < 1/2"]


def proof(where: str) -> Mapping[str, Any]:
    """The proof of a comparison under conditions."""
    found: Mapping[str, Any] = lp.compare("mean((y - m)^2)", "sum((y - m)^2)", learn="m", data="y", where=where).proof.to_dict()
    return found


def module(data: Mapping[str, Any]) -> str:
    """The part of a file that says that what is supposed can hold."""
    file, text = written(data)
    assert THEOREM in file.theorems, file.unsatisfied
    (found,) = re.findall(r"^Module Satisfiable\.\n.*^End Satisfiable\.\nEnd Satisfiable\.\n", text, re.S | re.M)
    return str(found)


def test_there_are_values_at_which_the_hypotheses_hold() -> None:
    outcome = compiled(f"{HEADER}\n{modules([module(proof(where)) for where in POSSIBLE])}", library(), 120)
    assert outcome.accepted, outcome.output[-800:]


@pytest.mark.parametrize("where", IMPOSSIBLE)
def test_where_none_are_found_that_is_said(where: str) -> None:
    data = proof(where)
    assert THEOREM not in written(data)[0].theorems
    (finding,) = (f for f in judge(data, keep=None, time_limit=60).findings if f.what == "that the hypotheses can hold together")
    assert (finding.answer, finding.required) == ("undecided", False)


def test_other_values_are_rejected() -> None:
    text = module(proof("a > 2, b > a, b < 3"))
    for name in ("s_a", "s_b"):
        wrong = re.sub(rf"(Definition {name}\b.* := ).*\.", r"\g<1>1.", text)
        assert wrong != text
        assert not compiled(f"{HEADER}\n{wrong}", library(), 60).accepted


def test_the_statement_is_what_is_supposed() -> None:
    """All symbols are bound, and all domains and hypotheses stand in it."""
    text = module(lp.derive("y ~ Pareto(alpha, m) with m fixed").to_dict())
    (statement,) = re.findall(r"^Example hypotheses_satisfiable : (.*?)\.\nProof", text, re.S | re.M)
    assert statement.split() == (
        "exists (W : Type) (n_samples : nat) (s_alpha : W -> nat -> R) (s_m : R) (s_y : nat -> R), (0 < n_samples)%nat /\\ (in_positive s_m) /\\ "
        "(forall i, (i < n_samples)%nat -> in_positive (s_y i)) /\\ "
        "exists w : W, (forall i, (i < n_samples)%nat -> in_positive (s_alpha w i))"
    ).split()
