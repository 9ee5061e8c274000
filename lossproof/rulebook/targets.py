"""Targets of ``lossproof code``: how a record in ``rules/targets`` says that a library writes each operator."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from lossproof.errors import RecordError
from lossproof.rulebook.store import tables

#: What can print a target: a module of arrays in Python's syntax, SymPy itself, or LaTeX mathematics.
PRINTERS: Final = ("python", "sympy", "latex")
#: The fields of a target that is printed as a module of arrays.
_PYTHON: Final = ("order", "array", "first", "convert", "index", "imports", "reduce", "operators", "helpers")
_FIELDS: Final = frozenset({"id", "title", "names", "prints", "says", "value", "number", *_PYTHON})
_ORDER: Final = ("data", "learned")
_REDUCE: Final = ("mean", "sum", "count")


@dataclass(frozen=True, slots=True, eq=False)
class Target:
    """A library or language in which a loss can be written.

    ``operators`` maps an operator, or one with its first argument (``log_besseli 0``), to a template; ``helpers`` maps names to the
    functions that templates may call. ``value`` annotates what is returned, ``array`` what is taken; ``number`` makes an array of a
    number.
    """

    id: str
    title: str
    names: tuple[str, ...]
    prints: str
    says: str
    order: tuple[str, ...]
    array: str
    value: str
    first: str
    convert: str
    number: str
    index: str
    imports: dict[str, str]
    reduce: dict[str, str]
    operators: dict[str, str]
    helpers: dict[str, str]
    record: dict[str, Any]


def read_targets(folder: Path) -> dict[str, Target]:
    """The targets of a folder of rules by id, sorted. Raises RecordError for one that cannot be used."""
    found: dict[str, Target] = {}
    for record in tables(folder / "targets"):
        target = target_from(record)
        taken = {n for t in found.values() for n in (t.id, *t.names)}
        for name in (target.id, *target.names):
            if name in taken:
                raise RecordError(f"two targets have the name {name}")
        found[target.id] = target
    return found


def target_from(record: Mapping[str, Any]) -> Target:
    """The target of a raw record. Raises RecordError with its id."""
    id = str(record.get("id", ""))
    for field in ("id", "title", "says"):
        if not isinstance(record.get(field), str) or not record[field]:
            raise RecordError(f"target {id}: {field} is missing")
    unknown = sorted(record.keys() - _FIELDS)
    if unknown:
        raise RecordError(f"target {id}: there is no field {unknown[0]}")
    prints = record.get("prints")
    if prints not in PRINTERS:
        raise RecordError(f"target {id}: prints is one of {', '.join(PRINTERS)}")
    for field in _PYTHON:
        if (field in record) != (prints == "python"):
            raise RecordError(f"target {id}: {field} is {'missing' if prints == 'python' else 'for modules of arrays'}")
    texts = {n: {k: str(v) for k, v in record.get(n, {}).items()} for n in ("imports", "reduce", "operators", "helpers")}
    order = tuple(record.get("order", ()))
    if prints == "python" and (sorted(order) != sorted(_ORDER) or sorted(texts["reduce"]) != sorted(_REDUCE)):
        raise RecordError(f"target {id}: order has {' and '.join(_ORDER)}, reduce has {', '.join(_REDUCE)}")
    for name, code in texts["helpers"].items():
        if not name.startswith("_") or f"def {name}(" not in code:
            raise RecordError(f"target {id}: the helper {name} begins with an underscore and defines itself")
    array, convert = str(record.get("array", "")), str(record.get("convert", ""))
    return Target(
        id=id, title=str(record["title"]), names=tuple(map(str, record.get("names", ()))), prints=str(prints), says=str(record["says"]),
        order=order, array=array, value=str(record.get("value", array)), first=str(record.get("first", "")),
        convert=convert, number=str(record.get("number", convert)), index=str(record.get("index", "")), record=dict(record), **texts,
    )  # fmt: skip
