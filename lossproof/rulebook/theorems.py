"""Named theorems: what a record in ``rules/theorems`` claims. Nothing here is proved; that happens when it is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from lossproof.errors import RecordError
from lossproof.facts import RELATIONS
from lossproof.rulebook.store import tables

#: What a step may claim.
CLAIMS: Final = (*RELATIONS, "refuted")
_FIELDS: Final = frozenset({"id", "title", "says", "kind", "steps", "shows", "learn", "data", "fixed", "let", "where",
                            "reading", "practice", "about", "nodes", "source", "notes"})  # fmt: skip
_STEP: Final = frozenset({"left", "right", "relation", "learn", "data", "fixed", "let", "where", "says", "condition", "scale"})


@dataclass(frozen=True, slots=True)
class Roles:
    """Who is learned, data and fixed, what names stand for, and what is assumed."""

    learn: tuple[str, ...] = ()
    data: tuple[str, ...] = ()
    fixed: tuple[str, ...] = ()
    let: tuple[str, ...] = ()
    where: str = ""


@dataclass(frozen=True, slots=True)
class TheoremStep:
    """A comparison with the relation that it is claimed to have, and the scale if that is claimed too.

    ``condition`` is what a picture says under its arrow.
    """

    left: str
    right: str
    relation: str
    roles: Roles
    says: str
    condition: str
    scale: str


@dataclass(frozen=True, slots=True, eq=False)
class NamedTheorem:
    """A statement: comparisons, and if ``kind`` is ``fact`` propositions ``shows``.

    ``nodes`` are the names of what the steps lead from and to, where they make a chain; ``practice`` is advice for who compares
    two objectives that speak of the measures in ``about``.
    """

    id: str
    title: str
    says: str
    kind: str
    steps: tuple[TheoremStep, ...]
    shows: tuple[str, ...]
    roles: Roles
    reading: tuple[str, ...]
    practice: tuple[str, ...]
    about: tuple[str, ...]
    nodes: tuple[str, ...]
    source: str
    record: dict[str, Any]


def read_theorems(folder: Path) -> dict[str, NamedTheorem]:
    """The named theorems of a folder of rules by id, sorted. Raises RecordError for one that cannot be used."""
    found: dict[str, NamedTheorem] = {}
    for data in tables(folder / "theorems"):
        for record in data.get("theorem", [data]):
            theorem = theorem_from(record)
            if theorem.id in found:
                raise RecordError(f"two theorems have the id {theorem.id}")
            found[theorem.id] = theorem
    return dict(sorted(found.items()))


def theorem_from(record: Mapping[str, Any]) -> NamedTheorem:
    """The theorem of a raw record. Raises RecordError with its id."""
    id = str(record.get("id", ""))
    for field in ("id", "title", "says", "source"):
        if not isinstance(record.get(field), str) or not record[field]:
            raise RecordError(f"theorem {id}: {field} is missing")
    unknown = sorted(record.keys() - _FIELDS)
    if unknown:
        raise RecordError(f"theorem {id}: there is no field {unknown[0]}")
    kind = str(record.get("kind", "comparison"))
    steps = tuple(_step(id, s) for s in record.get("steps", ()))
    shows = _texts(id, record, "shows")
    if kind not in ("comparison", "fact") or (kind == "fact") != bool(shows) or not (shows or steps):
        raise RecordError(f'theorem {id}: it has steps, or with kind = "fact" what it shows')
    nodes = _texts(id, record, "nodes")
    if nodes and len(nodes) != len(steps) + 1:
        raise RecordError(f"theorem {id}: {len(steps)} steps lead along {len(steps) + 1} nodes, and there are {len(nodes)}")
    return NamedTheorem(
        id, str(record["title"]), str(record["says"]), kind, steps, shows, _roles(id, record), _texts(id, record, "reading"),
        _texts(id, record, "practice"), _texts(id, record, "about"), nodes, str(record["source"]), dict(record),
    )  # fmt: skip


def _step(id: str, record: Mapping[str, Any]) -> TheoremStep:
    unknown = sorted(record.keys() - _STEP)
    if unknown:
        raise RecordError(f"theorem {id}: a step has no field {unknown[0]}")
    for field in ("left", "right", "relation"):
        if not isinstance(record.get(field), str):
            raise RecordError(f"theorem {id}: a step without {field}")
    if record["relation"] not in CLAIMS:
        raise RecordError(f"theorem {id}: there is no relation {record['relation']}")
    return TheoremStep(record["left"], record["right"], record["relation"], _roles(id, record), *(str(record.get(n, "")) for n in ("says", "condition", "scale")))


def _roles(id: str, record: Mapping[str, Any]) -> Roles:
    learn, data, fixed, let = (_texts(id, record, n) for n in ("learn", "data", "fixed", "let"))
    return Roles(learn, data, fixed, let, ", ".join(_texts(id, record, "where")))


def _texts(id: str, record: Mapping[str, Any], field: str) -> tuple[str, ...]:
    """A text, of which blank lines make several, or a list of texts."""
    value = record.get(field, [])
    rows = value.split("\n\n") if isinstance(value, str) else value
    if not isinstance(rows, list) or not all(isinstance(r, str) for r in rows):
        raise RecordError(f"theorem {id}: {field} is a text or a list of texts")
    return tuple(" ".join(r.split()) for r in rows if r)
