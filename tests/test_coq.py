"""Coq: the derivations, the named theorems and the records' lemmas are accepted by another kernel, and what is wrong is not."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from programs import needs
from shapes import SHAPES

import lossproof as lp
from lossproof.referees.coq.run import judge_all
from lossproof.referees.reading import parts
from lossproof.rulebook import Rulebook

BOOK = Rulebook.default()
ROOT = Path(__file__).resolve().parent.parent
FAMILIES = [id for id in BOOK.distribution_ids if BOOK.distribution(id).default]
pytestmark = needs("coqc", "apt-get install coq")


def documented() -> set[str]:
    """What docs/formal.md lists as not certified: assumptions as written, theorems as ``name, step 1``."""
    rows = re.findall(r"^\| `([^`]+)`(, step \d+)? \| .+ \|$", (ROOT / "docs" / "formal.md").read_text(encoding="utf-8"), re.M)
    return {name + step for name, step in rows}


def batches(items: Sequence[Any], size: int) -> list[Sequence[Any]]:
    return [items[j : j + size] for j in range(0, len(items), size)]


def assert_certified(names: Sequence[str], proofs: Sequence[Mapping[str, Any]]) -> None:
    listed = documented()
    for name, report in zip(names, judge_all(proofs), strict=True):
        wanted = "undecided" if name in listed else "confirmed"
        assert report.answer == wanted, f"{name}\n{report.text()}"


# -- what is certified


@pytest.mark.parametrize("ids", batches(FAMILIES, 12), ids=lambda ids: ids[0])
def test_default_derivations(ids: Sequence[str]) -> None:
    assert_certified(ids, [lp.derive(id).to_dict() for id in ids])


@pytest.mark.parametrize("shapes", batches(SHAPES, 12), ids=lambda shapes: shapes[0].text)
def test_shapes(shapes: Sequence[Any]) -> None:
    assert_certified([s.text for s in shapes], [lp.derive(s.text, **s.options).to_dict() for s in shapes])


@pytest.mark.parametrize("id", list(BOOK.theorems))
def test_named_theorems(id: str) -> None:
    steps = parts(lp.prove(id).to_dict())
    assert_certified([f"{id}, step {step}" for step, _ in steps], [proof for _, proof in steps])


def test_a_certificate_says_what_it_rests_on() -> None:
    report = lp.derive("gaussian").certify(by=["coq"])[0]
    assert report.answer == "confirmed"
    assert {f.what for f in report.findings} >= {"20 steps", "per sample", "well defined", "minimisers agree", "axioms"}
    assert any("functional_extensionality_dep" in f.detail for f in report.findings)
