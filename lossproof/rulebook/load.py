"""A rulebook: the records of one folder, each built when it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from lossproof.errors import RecordError, UnknownNameError
from lossproof.facts import FactIndex, FactRule, Rule
from lossproof.rulebook.build import REALS, distribution_from, fact_from, link_from, loss_from, rule_from
from lossproof.rulebook.records import Distribution, Link, Loss
from lossproof.rulebook.store import Index, Lazy, Records, load
from lossproof.terms import ZERO, Term, postorder, tree_size

if TYPE_CHECKING:
    from lossproof.rulebook.targets import Target
    from lossproof.rulebook.theorems import NamedTheorem

R = TypeVar("R", Rule, FactRule)


@lru_cache(1)
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


class RuleIndex:
    """The rules for one use by the head of their left side, in the order of their ids."""

    def __init__(self, ids: dict[str, list[str]], rules: Lazy[Rule]) -> None:
        self._ids = ids
        self._rules = rules
        self._built: dict[str, list[Rule]] = {}

    def get(self, head: str) -> Iterable[Rule]:
        """The rules whose left side has this head."""
        found = self._built.get(head)
        if found is None:
            found = self._built[head] = [self._rules[id] for id in self._ids.get(head, ())]
        return found

    def __contains__(self, head: str) -> bool:
        return head in self._ids

    @property
    def ids(self) -> set[str]:
        """The ids of all these rules."""
        return {id for ids in self._ids.values() for id in ids}


class Facts(FactIndex):
    """The rules of inference; that an expectation is finite is first looked for in its distribution's record."""

    def __init__(self, book: Rulebook, ids: dict[str, list[str]]) -> None:
        super().__init__(ids, book.fact_rules.__getitem__)
        self._book = book

    def candidates(self, p: Term, where: Term | None) -> list[FactRule]:
        """Rules that may show the proposition, the specific ones first."""
        found = super().candidates(p, where)
        if p.op == "in" and p.args[0].op == "E" and p.args[1] is REALS:
            record = self._book.distribution_of(p.args[0].args[0])
            if record is not None:
                return [*record.finite, *found]
        return found


class Rulebook:
    """The records of one folder: rules, facts, distributions, losses, links.

    ``records`` and ``index`` may be given instead of being read. Raises RecordError for a record that is not valid.
    """

    def __init__(self, folder: Path, records: Records | None = None) -> None:
        self.folder = folder
        if records is None:
            records, index = load(folder, build_index)
        else:
            index = build_index(records)
        self._raw = records
        self._index = index
        self.rules: Lazy[Rule] = Lazy(records["algebra"], rule_from)
        self.fact_rules: Lazy[FactRule] = Lazy(records["facts"], fact_from)
        self._distributions: Lazy[Distribution] = Lazy(records["distributions"], distribution_from)
        self.losses: Lazy[Loss] = Lazy(records["losses"], loss_from)
        self.links: Lazy[Link] = Lazy(records["links"], link_from)
        self._tags: dict[str, RuleIndex] = {}
        self.expanded: dict[str, Term] = {}  # losses' formulas as search has multiplied them out

    @staticmethod
    def default() -> Rulebook:
        """The records that ship with the package (read once in a process)."""
        folder = find_rules()
        book = _books.get(folder)
        if book is None:
            book = _books[folder] = Rulebook(folder)
        return book

    @cached_property
    def facts(self) -> FactIndex:
        """The rules of inference, indexed for the prover."""
        return Facts(self, self._index["facts"])

    def tagged(self, tag: str) -> RuleIndex:
        """The rules for one use."""
        found = self._tags.get(tag)
        if found is None:
            found = self._tags[tag] = RuleIndex(self._index["rules"].get(tag, {}), self.rules)
        return found

    def records(self, kind: str) -> list[dict[str, Any]]:
        """The raw records of a sub-folder of rules, in the order of file names."""
        return self._raw[kind]

    @cached_property
    def theorems(self) -> dict[str, NamedTheorem]:
        """The named theorems by id; read when they are first asked for, as few commands do."""
        from lossproof.rulebook.theorems import read_theorems

        return read_theorems(self.folder)

    @cached_property
    def targets(self) -> dict[str, Target]:
        """The targets that code is written for, by id; read when they are first asked for."""
        from lossproof.rulebook.targets import read_targets

        return read_targets(self.folder)

    # -- distributions

    @property
    def distribution_ids(self) -> list[str]:
        """The ids of all distributions, sorted."""
        return sorted(self._distributions)

    @cached_property
    def distribution_spellings(self) -> list[str]:
        """Every name by which a distribution may be called."""
        return sorted({n for id, r in self._distributions.raw.items() for n in r.get("names", (id,))})

    def find_distribution(self, name: str) -> Distribution | None:
        """The distribution of that name, or None."""
        id = self._index["distributions"].get(simplified(name))
        return None if id is None else self._distributions[id]

    def distribution(self, id: str) -> Distribution:
        """The distribution with that id. Raises UnknownNameError."""
        if id not in self._distributions:
            raise UnknownNameError(f"there is no distribution {id}")
        return self._distributions[id]

    def distribution_of(self, term: Term) -> Distribution | None:
        """The record of a distribution's term, or None if it has none."""
        id = term.op.removeprefix("dist:")
        return self._distributions[id] if term.op != id and id in self._distributions else None

    # -- whatever has an id

    def rule(self, id: str) -> Rule:
        """A rewrite rule, or one that a distribution's record gives (``density-normal``, ``expectation-normal-1``). Raises KeyError."""
        if id in self.rules:
            return self.rules[id]
        kind, _, rest = id.partition("-")
        if kind == "expectation":
            return self._numbered(rest, lambda d: d.expectations)
        record = self._distributions[rest]
        found = {"density": record.density, "cdf": record.cdf, "cdf_below": record.cdf_below}.get(kind)
        if found is None:
            raise KeyError(id)
        return found

    def fact_rule(self, id: str) -> FactRule:
        """A rule of inference, or one that a distribution's record gives (``finite-normal-1``). Raises KeyError."""
        kind, _, rest = id.partition("-")
        if id in self.fact_rules or kind != "finite":
            return self.fact_rules[id]
        return self._numbered(rest, lambda d: d.finite)

    def _numbered(self, rest: str, rows: Callable[[Distribution], tuple[R, ...]]) -> R:
        id, _, number = rest.rpartition("-")
        found = rows(self._distributions[id])
        if not number.isdecimal() or int(number) >= len(found):
            raise KeyError(rest)
        return found[int(number)]

    def source(self, id: str) -> dict[str, Any]:
        """The kind and the whole record of the rule with that id, as a proof's JSON has them. Raises KeyError."""
        try:
            rule = self.rule(id)
        except KeyError:
            record = self.fact_rule(id).record
            return {"kind": "fact" if id in self.fact_rules else "finite", "record": record}
        return {"kind": rule.kind, "record": rule.record}

    # -- losses

    def loss_candidates(self, kind: str, present: set[str]) -> Iterable[Loss]:
        """The losses of a kind all of whose functions are present, those that say most first."""
        for id, row_kind, heads in self._index["losses"]:
            if row_kind == kind and present.issuperset(heads):
                yield self.losses[id]


_books: dict[Path, Rulebook] = {}


def build_index(records: Records) -> Index:
    """What makes lookups fast, as plain JSON data; building it validates every record."""
    rules: dict[str, dict[str, list[str]]] = {}
    for rule in sorted((rule_from(r) for r in records["algebra"]), key=_rank):
        for tag in rule.tags:
            rules.setdefault(tag, {}).setdefault(rule.before.op, []).append(rule.id)
    facts: dict[str, list[str]] = {}
    for fact in sorted((fact_from(r) for r in records["facts"]), key=lambda r: r.id):
        facts.setdefault(FactIndex.key_of(fact), []).append(fact.id)
    for record in records["distributions"]:
        _ = distribution_from(record).expectations
    for record in records["links"]:
        link_from(record)
    losses = [loss_from(r) for r in records["losses"]]
    losses.sort(key=lambda r: (-_operands(r.formula), -tree_size(r.formula or ZERO, leaves=False), r.id))
    return {
        "rules": rules,
        "facts": facts,
        "distributions": _names(records["distributions"]),
        "losses": [[r.id, r.kind, sorted(_heads(r.formula))] for r in losses if r.formula is not None],
    }


def _rank(rule: Rule) -> tuple[int, str]:
    """Definitions that say most come first: that of an entropy of the data before that of any entropy."""
    return (-tree_size(rule.before) if "define" in rule.tags else 0, rule.id)


def _names(records: list[dict[str, Any]]) -> dict[str, str]:
    names: dict[str, str] = {}
    for record in records:
        id = str(record["id"])
        for name in (id, *record.get("names", ())):
            other = names.setdefault(simplified(name), id)
            if other != id:
                raise RecordError(f"the name {name} is taken by both {other} and {id}")
    return names


def _heads(formula: Term) -> set[str]:
    plain = ("sym", "num", "bound", "add", "mul", "neg", "div", "pow")
    return {t.op for t in postorder(formula) if t.op not in plain}


def _operands(formula: Term | None) -> int:
    return len(formula.args) if formula is not None and formula.op == "add" else 1
