"""Coq: the default derivation of every family, and every step of the named theorems."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from coq_cases import assert_certified, batches

import lossproof as lp
from lossproof.referees.reading import parts
from lossproof.rulebook import Rulebook

pytestmark = pytest.mark.usefixtures("with_coq")

BOOK = Rulebook.default()
FAMILIES = [id for id in BOOK.distribution_ids if BOOK.distribution(id).default]


@pytest.mark.parametrize("ids", batches(FAMILIES, 24), ids=lambda ids: ids[0])
def test_default_derivations(ids: Sequence[str]) -> None:
    assert_certified(ids, [lp.derive(id).to_dict() for id in ids])


@pytest.mark.parametrize("ids", batches(list(BOOK.theorems), 6), ids=lambda ids: ids[0])
def test_named_theorems(ids: Sequence[str]) -> None:
    steps = [(f"{id}, step {step}", proof) for id in ids for step, proof in parts(lp.prove(id).to_dict())]
    assert_certified([name for name, _ in steps], [proof for _, proof in steps])
