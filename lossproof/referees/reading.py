"""The proof's JSON as data: one table of terms, symbols, chains and steps, each step found again at its place.

The referees import this, ``lossproof.errors`` and what is their own, and nothing of the engine.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

from lossproof.errors import LimitError, MalformedError

SCHEMA: Final = "lossproof/proof/1"
THEOREM: Final = "lossproof/theorem/1"
RELATIONS: Final = ("equal", "up-to-constant", "up-to-scale", "same-order")
LEAVES: Final = frozenset({"num", "sym", "bound", "const", "domain"})
DENSITIES: Final = frozenset({"pdf", "cdf", "cdf_below"})
#: Where the variable of an expectation stands among the arguments.
OVER: Final = {"E": 1, "H": 1, "CE": 2, "KL": 2, "JS": 2}
MAX_TERMS: Final = 1_000_000
#: Argument numbers that are written anew while the chains are followed.
MAX_WORK: Final = 20_000_000
_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,3999})(?:/[1-9][0-9]{0,3999})?")
_OPERATOR: Final = re.compile(r"[A-Za-z_]{1,40}|dist:[a-z0-9][a-z0-9-]{0,99}")
_ROLES: Final = frozenset({"data", "parameter", "fixed", "variable"})


@dataclass(frozen=True, slots=True)
class Symbol:
    """A symbol of the proof; ``domain`` is a term."""

    name: str
    role: str
    domain: int
    indexed: bool


@dataclass(frozen=True, slots=True)
class Step:
    """One step; ``binders`` are the terms around its place that bind an index, a variable or the sample, the outer ones first."""

    id: int
    chain: str
    relation: str
    rule: str
    before: int
    after: int
    binders: tuple[int, ...]

    def __str__(self) -> str:
        return f"step {self.id} ({self.rule})"


@dataclass(frozen=True, slots=True)
class Chain:
    """A chain from one objective to another."""

    name: str
    left: int
    relation: str
    right: int


def need(holds: object, message: str) -> None:
    """Raise MalformedError unless it holds."""
    if not holds:
        raise MalformedError(message)


class Reading:
    """A proof that was read. Equal terms have equal numbers; ``make`` adds further ones."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        need(isinstance(data, Mapping), "a proof is one JSON object")
        need(data.get("schema") == SCHEMA, f"the schema is not {SCHEMA}")
        need(data.get("kind") in (None, "comparison"), "a proof of this kind is not known")
        self.ops: list[str] = []
        self.args: list[tuple[int, ...]] = []
        self.values: list[Fraction | str | None] = []
        self._table: dict[tuple[object, ...], int] = {}
        self._rows: list[int] = []
        self._work = 0
        self.compares = data.get("kind") == "comparison"
        self._read_terms(data.get("terms"))
        self.symbols = self._read_symbols(data.get("symbols"))
        self.hypotheses = tuple(self.term(self.entry(h, "says")[0]) for h in self.listed(data, "hypotheses"))
        self.claim = {k: self._optional(v) for k, v in self._part(data, "claim").items() if k in ("left", "right", "scale", "offset")}
        need({"left", "right"} <= self.claim.keys(), "`claim` lacks an end")
        self.relation = str(self._part(data, "claim").get("relation"))
        need(self.relation in RELATIONS or (self.compares and self.relation in ("refuted", "unknown")), f"the claim has no relation: {self.relation:.40}")
        self.per_sample = {} if self.compares else {k: self.term(self._part(data, "per_sample").get(k)) for k in ("nll", "scale", "loss", "offset")}
        self.ledger = () if self.compares else tuple(self.term(self.entry(r, "term")[0]) for r in self.listed(data, "ledger"))
        self.witness: Any = data.get("witness")
        #: The records that the proof uses, by the id of the rule.
        self.records = {k: r["record"] for k, r in self._part(data, "rules").items() if isinstance(r, Mapping) and isinstance(r.get("record"), Mapping)}
        self.chains = self._read_chains(self._part(data, "chains"))
        #: Where the steps do not follow one another, or do not lead where they are said to lead.
        self.breaks: list[str] = []
        self.steps = self._replayed(self.listed(data, "steps"))
        #: What densities and distribution functions are unfolded to.
        self.unfolded = {s.before: s.after for s in self.steps if self.ops[s.before] in DENSITIES}
        #: What terms depend on, as far as it was asked.
        self.free: dict[int, tuple[str, ...]] = {}

    # -- what the parts hold

    @staticmethod
    def _part(data: Mapping[str, Any], key: str) -> Mapping[str, Any]:
        part = data.get(key)
        if not isinstance(part, Mapping):
            raise MalformedError(f"`{key}` is not an object")
        return part

    @staticmethod
    def listed(data: Mapping[str, Any], key: str) -> Sequence[Any]:
        """A list of the proof."""
        part = data.get(key)
        if not isinstance(part, list):
            raise MalformedError(f"`{key}` is not a list")
        return part

    @staticmethod
    def entry(row: Any, keys: str) -> list[Any]:
        """Some values of an object."""
        need(isinstance(row, Mapping) and all(k in row for k in keys.split()), f"an object with {keys} is expected")
        return [row[k] for k in keys.split()]

    def term(self, index: Any) -> int:
        """A term by its number in the file."""
        if type(index) is not int or not 0 <= index < len(self._rows):
            raise MalformedError(f"there is no term {index!r:.20}")
        return self._rows[index]

    def _optional(self, index: Any) -> int | None:
        return self.term(index) if type(index) is int else None

    # -- terms

    def make(self, op: str, args: tuple[int, ...], value: Fraction | str | None = None) -> int:
        """The number of a term, which is new if there is none such."""
        key = (op, args, value)
        found = self._table.get(key)
        if found is None:
            need(len(self.ops) < MAX_TERMS, "there are too many terms")
            found = self._table[key] = len(self.ops)
            self.ops.append(op)
            self.args.append(args)
            self.values.append(value)
        return found

    def number(self, value: Fraction | int) -> int:
        """The term of a rational number."""
        return self.make("num", (), Fraction(value))

    def fn(self, op: str, *args: int) -> int:
        """An operator at terms."""
        return self.make(op, args)

    def _read_terms(self, rows: Any) -> None:
        if not isinstance(rows, list):
            raise MalformedError("`terms` is not a list")
        for number, row in enumerate(rows):
            need(isinstance(row, list) and row and isinstance(row[0], str), f"term {number} is malformed")
            op, rest = row[0], row[1:]
            if op in LEAVES:
                need(len(rest) == 1 and isinstance(rest[0], str) and len(rest[0]) <= 8200, f"term {number} is malformed")
                need(op != "num" or _NUMBER.fullmatch(rest[0]), f"term {number} is no number")
                self._rows.append(self.make(op, (), Fraction(rest[0]) if op == "num" else rest[0]))
                continue
            need(_OPERATOR.fullmatch(op), f"term {number} has no operator")
            need(all(type(a) is int and 0 <= a < number for a in rest), f"term {number} does not come after its arguments")
            self._rows.append(self.make(op, tuple(self._rows[a] for a in rest)))

    def subterms(self, *roots: int) -> Iterator[int]:
        """The distinct terms in these, without recursion."""
        seen = set(roots)
        stack = list(roots)
        while stack:
            t = stack.pop()
            yield t
            new = {a for a in self.args[t] if a not in seen}
            seen |= new
            stack.extend(new)

    def names(self, *roots: int) -> set[str]:
        """The symbols in these terms."""
        return {str(self.values[t]) for t in self.subterms(*roots) if self.ops[t] == "sym"}

    def show(self, root: int, budget: int = 24) -> str:
        """A term in prefix form for messages, cut where it gets long."""
        out: list[str] = []
        stack: list[int | str] = [root]
        while stack and budget > 0:
            t = stack.pop()
            if isinstance(t, str):
                out.append(t)
                continue
            budget -= 1
            if self.values[t] is not None:
                out.append(str(self.values[t])[:40])
                continue
            out.append(self.ops[t] + "(")
            parts: list[int | str] = [")"]
            for a in reversed(self.args[t][:budget]):
                parts += [a, ", "]
            stack.extend(parts[:-1] if len(parts) > 1 else parts)
        return "".join(out) + (" ..." if stack and budget <= 0 else "")

    # -- symbols, chains, steps

    def _read_symbols(self, table: Any) -> dict[str, Symbol]:
        if not isinstance(table, Mapping):
            raise MalformedError("`symbols` is not an object")
        found: dict[str, Symbol] = {}
        for name, row in table.items():
            role, domain, indexed = self.entry(row, "role domain_term indexed")
            need(role in _ROLES and type(indexed) is bool, f"the symbol {name!r:.40} is malformed")
            found[name] = Symbol(name, role, self.term(domain), indexed)
        for op, value in zip(self.ops, self.values, strict=True):
            need(op != "sym" or value in found, f"the symbol {value!s:.40} is not declared")
        return found

    def _read_chains(self, table: Mapping[str, Any]) -> dict[str, Chain]:
        found: dict[str, Chain] = {}
        for name, row in table.items():
            left, relation, right = self.entry(row, "left relation right")
            need(relation in RELATIONS, f"the chain {name!r:.40} has no relation")
            found[name] = Chain(name, self.term(left), relation, self.term(right))
        return found

    def _replayed(self, rows: Sequence[Any]) -> tuple[Step, ...]:
        """The steps, each found at its place in what its chain has come to."""
        current = {name: chain.left for name, chain in self.chains.items()}
        weakest = dict.fromkeys(self.chains, 0)
        found: list[Step] = []
        for row in rows:
            id, name, relation, rule, place, before, after = self.entry(row, "id chain relation rule place before after")
            need(type(id) is int and isinstance(rule, str), "a step is malformed")
            need(name in self.chains, f"step {id}: there is no such chain")
            need(relation in RELATIONS, f"step {id}: there is no such relation")
            need(isinstance(place, list) and all(type(p) is int and p >= 0 for p in place), f"step {id}: the place is malformed")
            old, new = self.term(before), self.term(after)
            path = self._path(current[name], place)
            if path is None or path[-1] != old:
                self.breaks.append(f"step {id} ({rule}) does not begin with what chain {name} has come to")
                path = None
            if relation != "equal" and place:
                self.breaks.append(f"step {id} ({rule}) is no equality, and not about the whole objective")
            weakest[name] = max(weakest[name], RELATIONS.index(relation))
            current[name] = new if path is None else self._rebuilt(path, place, new)
            found.append(Step(id, name, relation, rule, old, new, self._binders(path[:-1]) if path else ()))
        for name, chain in self.chains.items():
            if current[name] != chain.right:
                self.breaks.append(f"the steps of chain {name} do not end where the chain ends")
            if weakest[name] > RELATIONS.index(chain.relation):
                self.breaks.append(f"a step of chain {name} is weaker than the chain claims")
        self._check_ends()
        return tuple(found)

    def _check_ends(self) -> None:
        """That the chains are about the claim."""
        left, right = self.claim["left"], self.claim["right"]
        main = self.chains.get("claim" if self.compares else "dataset")
        proved = self.relation in RELATIONS
        if proved and (main is None or (main.left, main.right) != (left, right)):
            self.breaks.append("no chain leads from the one side of the claim to the other")
        elif proved and main is not None and RELATIONS.index(main.relation) > RELATIONS.index(self.relation):
            self.breaks.append("the claim is stronger than its chain")
        ends = [self.chains[n].left for n in ("a", "b") if n in self.chains]
        if self.compares and ends != [left, right]:
            self.breaks.append("the chains a and b do not begin with the two objectives")

    def _path(self, root: int, place: Sequence[int]) -> list[int] | None:
        """The terms from the root to the place."""
        path = [root]
        for i in place:
            args = self.args[path[-1]]
            if i >= len(args):
                return None
            path.append(args[i])
        return path

    def _rebuilt(self, path: Sequence[int], place: Sequence[int], new: int) -> int:
        """The root with another term at the place."""
        for t, i in zip(reversed(path[:-1]), reversed(place), strict=True):
            args = self.args[t]
            self._work += len(args)
            need(self._work < MAX_WORK, "the chains are too much work")
            new = self.make(self.ops[t], (*args[:i], new, *args[i + 1 :]))
        return new

    def _binders(self, path: Sequence[int]) -> tuple[int, ...]:
        return tuple(t for t in path if self.ops[t] in ("sum", "prod", "NLL", "Risk", *OVER) or self.ops[t].startswith("samples_"))


def parts(data: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    """The proofs in a file, each with its name: a derivation or comparison is one, a named theorem has several."""
    need(isinstance(data, Mapping), "a proof is one JSON object")
    if data.get("schema") != THEOREM:
        return [("", data)]
    rows = data.get("steps")
    if not isinstance(rows, list) or not rows:
        raise MalformedError("a named theorem without steps")
    need(all(isinstance(r, Mapping) and isinstance(r.get("proof"), Mapping) for r in rows), "a step of a named theorem has no proof")
    return [(f"{n}", row["proof"]) for n, row in enumerate(rows, 1)]


def from_json(text: str, source: str) -> Mapping[str, Any]:
    """A proof's object from its text. Raises MalformedError for what is no JSON object, LimitError for what is too deep."""
    try:
        data = json.loads(text, object_pairs_hook=_unique)
    except RecursionError:
        raise LimitError(f"{source} is nested too deeply") from None
    except ValueError as error:
        raise MalformedError(f"{source} is no JSON: {error!s:.120}") from None
    if not isinstance(data, dict):
        raise MalformedError(f"{source} is no proof: it is not one JSON object")
    return data


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return found
