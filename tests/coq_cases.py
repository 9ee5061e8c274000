"""What the tests of certificates by Coq share."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lossproof.referees.coq.run import judge_all

ROOT = Path(__file__).resolve().parent.parent


def documented() -> set[str]:
    """What docs/formal.md lists as not certified: ``theorem, step 1``, or an assumption as it is written."""
    _, _, table = (ROOT / "docs" / "formal.md").read_text(encoding="utf-8").partition("| not certified | why |")
    rows = re.findall(r"^\| `([^`]+)`(, step \d+)? \| .+ \|$", table, re.M)
    return {name + step for name, step in rows}


def batches(items: Sequence[Any], size: int) -> list[Sequence[Any]]:
    return [items[j : j + size] for j in range(0, len(items), size)]


def assert_certified(names: Sequence[str], proofs: Sequence[Mapping[str, Any]]) -> None:
    listed = documented()
    for name, report in zip(names, judge_all(proofs), strict=True):
        wanted = "undecided" if name in listed else "confirmed"
        assert report.answer == wanted, f"{name}\n{report.text()}"
