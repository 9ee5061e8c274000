"""A proof's JSON as terms, steps, facts and rules: what the file for Coq is written from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from lossproof.facts import FactRule, Rule, propositions
from lossproof.referees.coq.distributions import dimension_of, domain_sort
from lossproof.rulebook.build import distribution_from, fact_from, rule_from
from lossproof.terms import Term, from_table, postorder


@dataclass(frozen=True)
class Symbol:
    """A symbol of the proof."""

    name: str
    role: str
    domain: Term
    indexed: bool

    @property
    def sort(self) -> str:
        """The sort of its values."""
        return domain_sort(self.domain)

    @property
    def dimension(self) -> Term | None:
        """The dimension, of a vector or matrix."""
        return dimension_of(self.domain)


@dataclass(frozen=True)
class Fact:
    """A row of the proof's facts."""

    number: int
    says: Term
    rule: str
    bindings: Mapping[str, Any]
    premises: tuple[int, ...]


@dataclass(frozen=True)
class Step:
    """A step of a chain."""

    id: int
    chain: str
    relation: str
    rule: str
    place: tuple[int, ...]
    bindings: Mapping[str, Any]
    before: Term
    after: Term
    conditions: tuple[tuple[Term, int], ...]


@lru_cache(2048)
def _rule(id: str, packed: str) -> Rule | FactRule:
    """The rule that a row of a proof's rules is; proofs share it if their rows are the same."""
    row = json.loads(packed)
    kind, record = row["kind"], row["record"]
    if kind == "rule":
        return rule_from(record)
    if kind == "fact":
        return fact_from(record)
    distribution = distribution_from(record)
    if kind in ("density", "cdf", "cdf_below"):
        found = {"density": distribution.density, "cdf": distribution.cdf, "cdf_below": distribution.cdf_below}[kind]
        if found is None:
            raise KeyError(id)
        return found
    number = int(id.rpartition("-")[2])
    return distribution.expectations[number] if kind == "expectation" else distribution.finite[number]


class Proof:
    """The proof of a derivation or comparison, read from its JSON."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        self.data = data
        self.terms = from_table(data["terms"])
        self.symbols = {
            name: Symbol(name, row["role"], self.terms[row["domain_term"]], bool(row["indexed"])) for name, row in data["symbols"].items()
        }
        self.hypotheses = [self.terms[h["says"]] for h in data["hypotheses"]]
        self.facts = [
            Fact(n, self.terms[says], rule, self._bindings(bindings), tuple(premises))
            for n, (says, rule, bindings, premises) in enumerate(data["facts"])
        ]
        self.chains = {
            name: (self.terms[c["left"]], str(c["relation"]), self.terms[c["right"]]) for name, c in data["chains"].items()
        }
        self.steps = [self._step(s) for s in data["steps"]]
        self._rules: dict[str, Rule | FactRule] = {}

    def _bindings(self, bindings: Mapping[str, Any]) -> dict[str, Any]:
        def value(v: Any) -> Any:
            return v if isinstance(v, str) else self.terms[v] if isinstance(v, int) else tuple(self.terms[i] for i in v)

        return {k: value(v) for k, v in bindings.items()}

    def _step(self, s: Mapping[str, Any]) -> Step:
        return Step(
            s["id"], s["chain"], s["relation"], s["rule"], tuple(s["place"]), self._bindings(s["bindings"]),
            self.terms[s["before"]], self.terms[s["after"]], tuple((self.terms[c["says"]], c["because"]) for c in s["conditions"]),
        )  # fmt: skip

    def of_chain(self, name: str) -> list[Step]:
        """The steps of a chain, in order."""
        return [s for s in self.steps if s.chain == name]

    @cached_property
    def hypothesis_parts(self) -> dict[Term, tuple[int, int, int]]:
        """Each proposition that a hypothesis joins: its number, which part, of how many."""
        found: dict[Term, tuple[int, int, int]] = {}
        for n, h in enumerate(self.hypotheses):
            parts = propositions(h)
            for j, part in enumerate(parts):
                found.setdefault(part, (n, j, len(parts)))
        return found

    def rule(self, id: str) -> Rule | FactRule:
        """The record of that id as a rule. Raises KeyError."""
        found = self._rules.get(id)
        if found is None:
            found = self._rules[id] = _rule(id, json.dumps(self.data["rules"][id]))
        return found

    def kind(self, id: str) -> str:
        """The kind of a record."""
        return str(self.data["rules"][id]["kind"])

    def has_parameter(self, term: Term) -> bool:
        """Whether a learned symbol occurs."""
        return any(t.op == "sym" and self.symbols[str(t.value)].role == "parameter" for t in postorder(term) if str(t.value) in self.symbols)

    def needs_sample(self, term: Term) -> bool:
        """Whether something that varies with the sample stands outside of all sums over samples."""
        if term.op in ("samples_sum", "samples_mean", "samples_prod", "NLL", "Risk"):
            return False
        if term.op in ("E", "H", "CE", "KL") and term.args[0].op == "dist:empirical":
            return False
        if term.op == "sym":
            return str(term.value) in self.symbols and self.symbols[str(term.value)].indexed
        return any(self.needs_sample(a) for a in term.args)
