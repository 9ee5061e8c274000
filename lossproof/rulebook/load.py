"""Reads the records of rules/ and validates them. A rulebook is a value; records are read when they are asked for."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

from lossproof.errors import RecordError, UnknownNameError
from lossproof.facts import FactIndex, FactRule, Rule
from lossproof.rulebook.build import distribution_from, fact_from, link_from, loss_from, rule_from
from lossproof.rulebook.records import Distribution, Link, Loss


def find_rules() -> Path:
    """The folder of records: package data, else the sibling of a checkout's package. Raises RecordError if neither is there."""
    package = Path(__file__).resolve().parent.parent
    if (package / "rules").is_dir():
        return package / "rules"
    if (package.parent / "pyproject.toml").is_file() and (package.parent / "rules").is_dir():
        return package.parent / "rules"
    raise RecordError("the folder of rules was not found", hint="install lossproof again: its wheel ships the records")


def simplified(name: str) -> str:
    """A name as it is looked up: case, hyphens, underscores and spaces do not count."""
    return name.lower().replace("-", "").replace("_", "").replace(" ", "")


class Rulebook:
    """The records of one folder: rules, facts, distributions, losses, links."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._distributions: dict[str, Distribution] = {}

    @staticmethod
    def default() -> Rulebook:
        """The records that ship with the package (read once in a process)."""
        return _default()

    # -- raw records

    def records(self, kind: str) -> Iterator[dict[str, Any]]:
        """The raw records of a sub-folder, in the order of file names."""
        for path in sorted((self.folder / kind).glob("*.toml")):
            data = read_toml(path)
            for key in ("rule", "fact"):
                if isinstance(data.get(key), list):
                    yield from data[key]
                    break
            else:
                yield data

    # -- rules and facts

    @cached_property
    def rules(self) -> dict[str, Rule]:
        """The rewrite rules by id."""
        found: dict[str, Rule] = {}
        for record in self.records("algebra"):
            rule = rule_from(record)
            if rule.id in found:
                raise RecordError(f"two rules have the id {rule.id}")
            found[rule.id] = rule
        return found

    @cached_property
    def fact_rules(self) -> dict[str, FactRule]:
        """The rules of inference by id."""
        found: dict[str, FactRule] = {}
        for record in self.records("facts"):
            rule = fact_from(record)
            if rule.id in found:
                raise RecordError(f"two facts have the id {rule.id}")
            found[rule.id] = rule
        return found

    @cached_property
    def facts(self) -> FactIndex:
        """The rules of inference, indexed for the prover."""
        return FactIndex(self.fact_rules.values())

    def tagged(self, tag: str) -> dict[str, list[Rule]]:
        """The rules for one use, by the head of their left side, in the order of their ids."""
        found = self._by_tag.get(tag)
        if found is None:
            found = self._by_tag[tag] = {}
            for rule in sorted(self.rules.values(), key=lambda r: r.id):
                if tag in rule.tags:
                    found.setdefault(rule.before.op, []).append(rule)
        return found

    @cached_property
    def _by_tag(self) -> dict[str, dict[str, list[Rule]]]:
        return {}

    # -- distributions

    @cached_property
    def _distribution_records(self) -> dict[str, dict[str, Any]]:
        return {str(r["id"]): r for r in self.records("distributions")}

    @cached_property
    def _distribution_names(self) -> dict[str, str]:
        names: dict[str, str] = {}
        for id, record in self._distribution_records.items():
            for name in (id, *record.get("names", ())):
                other = names.setdefault(simplified(name), id)
                if other != id:
                    raise RecordError(f"the name {name} is taken by both {other} and {id}")
        return names

    @property
    def distribution_ids(self) -> list[str]:
        """The ids of all distributions, sorted."""
        return sorted(self._distribution_records)

    @cached_property
    def distribution_spellings(self) -> list[str]:
        """Every name by which a distribution may be called."""
        return sorted({n for r in self._distribution_records.values() for n in r.get("names", (r["id"],))})

    def find_distribution(self, name: str) -> Distribution | None:
        """The distribution of that name, or None."""
        id = self._distribution_names.get(simplified(name))
        return None if id is None else self.distribution(id)

    def distribution(self, id: str) -> Distribution:
        """The distribution with that id. Raises UnknownNameError."""
        found = self._distributions.get(id)
        if found is None:
            record = self._distribution_records.get(id)
            if record is None:
                raise UnknownNameError(f"there is no distribution {id}")
            found = self._distributions[id] = distribution_from(record)
        return found

    # -- losses and links

    @cached_property
    def losses(self) -> dict[str, Loss]:
        """The losses by id."""
        return {str(r["id"]): loss_from(r) for r in self.records("losses")}

    @cached_property
    def links(self) -> dict[str, Link]:
        """The links by id."""
        return {str(r["id"]): link_from(r) for r in self.records("links")}


def read_toml(path: Path) -> dict[str, Any]:
    """One file of records. Raises RecordError with the file's name."""
    try:
        with path.open("rb") as file:
            return tomllib.load(file)
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise RecordError(f"{path.name}: {error}") from None


_books: dict[Path, Rulebook] = {}


def _default() -> Rulebook:
    folder = find_rules()
    book = _books.get(folder)
    if book is None:
        book = _books[folder] = Rulebook(folder)
    return book
