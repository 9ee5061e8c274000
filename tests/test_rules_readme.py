"""rules/README.md tells of the records as they are: its examples stand there, and its tables name every field."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

RULES = Path(__file__).resolve().parent.parent / "rules"
TEXT = (RULES / "README.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```toml\n# rules/(\S+)\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
FOLDERS = ["algebra", "facts", "distributions", "links", "losses", "targets", "theorems"]


def records(data: dict[str, Any]) -> list[dict[str, Any]]:
    """The records of one file."""
    listed = data.get("rule", data.get("fact"))
    return listed if isinstance(listed, list) else [data]


def section(title: str) -> str:
    """The text under a heading."""
    return TEXT.split(f"\n## {title}\n", 1)[1].split("\n## ", 1)[0]


@pytest.mark.parametrize(("path", "body"), EXAMPLES, ids=[e[0] for e in EXAMPLES])
def test_example_is_a_record(path: str, body: str) -> None:
    there = records(tomllib.loads((RULES / path).read_text(encoding="utf-8")))
    for record in records(tomllib.loads(body)):
        assert record in there


def test_each_kind_has_an_example() -> None:
    assert {path.split("/")[0] for path, _ in EXAMPLES} == set(FOLDERS)
    kinds = {record.get("kind") for _, body in EXAMPLES for record in records(tomllib.loads(body))}
    assert {"combinator", "loss", "penalty", "composite"} <= kinds


def test_every_field_is_explained_and_exists() -> None:
    titles = {
        "algebra": ["A rewrite rule"], "facts": ["A fact"], "distributions": ["A distribution", "A combinator"],
        "links": ["A link"], "losses": ["A loss", "A penalty", "A composite"], "targets": ["A target"],
        "theorems": ["A named theorem"],
    }  # fmt: skip
    common = set(re.findall(r"`(\w+)`", section("What all have in common"))) & {"id", "says", "source", "notes"}
    for folder in FOLDERS:
        used: set[str] = set()
        for file in (RULES / folder).glob("*.toml"):
            used |= {k for r in records(tomllib.loads(file.read_text(encoding="utf-8"))) for k in r}
        told: set[str] = set()
        for title in titles[folder]:
            table = section(title).split("| field | |", 1)[1:]
            rows = table[0].split("\n\n", 1)[0] if table else ""
            told |= {
                n
                for row in re.findall(r"^\| ((?:`\w+`(?:, )?)+) \|", rows, re.MULTILINE)
                for n in re.findall(r"`(\w+)`", row)
            }
        assert used - common == told - common - {"unproved"}, folder  # no record has it: every rule is a lemma in Coq


def test_every_use_is_explained() -> None:
    used: set[str] = set()
    for file in (RULES / "algebra").glob("*.toml"):
        used |= {
            tag for r in records(tomllib.loads(file.read_text(encoding="utf-8"))) for tag in r.get("use", "").split()
        }
    table = section("A rewrite rule").split("| `use` | tried |", 1)[1]
    told = {
        n for row in re.findall(r"^\| ((?:`\w+`(?:, )?)+) \|", table, re.MULTILINE) for n in re.findall(r"`(\w+)`", row)
    }
    assert used == told


def test_every_folder_is_listed() -> None:
    listed = set(re.findall(r"^\| `(\w+)/` \|", TEXT, re.MULTILINE))
    assert set(FOLDERS) <= listed
    assert {p.name for p in RULES.iterdir() if p.is_dir() and any(p.iterdir())} <= listed
