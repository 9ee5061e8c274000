"""Coq: what the guides compare, proofs and refutations alike."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from typing import Any

import pytest
from coq_cases import assert_certified, documented
from test_guides import GUIDES
from test_readme import blocks, commands

from lossproof.cli import main

pytestmark = pytest.mark.usefixtures("with_coq")


def questions() -> list[str]:
    """The commands of the guides that compare two objectives."""
    found = [command for guide in GUIDES for b in blocks(guide.read_text(encoding="utf-8")) for command, _ in commands(b.body)]
    return [c for c in found if c.startswith("lossproof compare ")]


def test_comparisons_of_the_guides(capsys: pytest.CaptureFixture[str]) -> None:
    proofs: dict[str, Mapping[str, Any]] = {}
    for command in questions():
        main([*shlex.split(command)[1:], "--format", "json"])
        proofs[command] = json.loads(capsys.readouterr().out)
    decided = {c: p for c, p in proofs.items() if p["relation"] != "unknown"}
    assert len(decided) > 25
    assert len(proofs) - len(decided) <= 1, "an unknown answer has nothing to certify"
    assert {p["relation"] for p in decided.values()} == {"equal", "up-to-constant", "up-to-scale", "same-order", "refuted"}
    assert not documented() & decided.keys()
    assert_certified(list(decided), list(decided.values()))
