"""Every record of rules/ as a lemma with its proof: what is shown by ``explain`` and compiled by the tests."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from lossproof.facts import FactRule, Rule
from lossproof.referees.coq.context import Unsupported
from lossproof.referees.coq.distributions import FINITE_FAMILIES, definition
from lossproof.referees.coq.statements import Statement, fact_statement, rule_statement
from lossproof.rulebook import Rulebook


@lru_cache(1)
def scripts() -> Mapping[str, Any]:
    """The proofs of the records' lemmas that the general tactic does not find (kind -> id -> script)."""
    return tomllib.loads((Path(__file__).parent / "proofs.toml").read_text(encoding="utf-8"))


def script_of(kind: str, id: str) -> str:
    """The proof of a record's lemma."""
    found: str = scripts().get(kind, {}).get(id, "lp_auto.")
    return found


def with_proof(statement: str, script: str) -> str:
    """A lemma with its proof."""
    return f"{statement}\nProof.\n{script}\nQed."


@dataclass(frozen=True)
class Lemma:
    """A record's lemma: its statement, and the script that proves it; ``reason`` says why there is none."""

    id: str
    kind: str
    statement: Statement | None
    script: str
    reason: str = ""

    @property
    def text(self) -> str:
        """The lemma with its proof."""
        return with_proof(self.statement.text, self.script) if self.statement is not None else ""

    @property
    def says_something(self) -> bool:
        """Whether the conclusion is more than what the types of Coq say."""
        return self.statement is not None and not self.statement.text.rstrip(".").endswith(" True")


def lemma(rule: Rule | FactRule) -> Lemma:
    """The lemma of one record."""
    kind = "fact" if isinstance(rule, FactRule) else "rule"
    reason = str(rule.record.get("unproved", "")) if rule.record.get("id") == rule.id else ""
    try:
        statement = fact_statement(rule) if isinstance(rule, FactRule) else rule_statement(rule)
    except Unsupported as error:
        return Lemma(rule.id, kind, None, "", reason or str(error))
    return Lemma(rule.id, kind, statement, script_of(kind, rule.id), reason)


def lemmas(book: Rulebook) -> Iterator[Lemma]:
    """The lemmas of all rewrite rules, rules of inference, and expectations that are finite sums."""
    for id in book.rules:
        yield lemma(book.rules[id])
    for id in book.fact_rules:
        if id != "density-nonnegative":  # shown for each density of a proof by itself
            yield lemma(book.fact_rules[id])
    for family in sorted(FINITE_FAMILIES):
        record = book.distribution(family)
        yield from (lemma(rule) for rule in record.expectations)
        yield from (lemma(fact) for fact in record.finite)


def definitions(found: list[Lemma]) -> list[str]:
    """The densities that lemmas speak of."""
    used = dict.fromkeys(u for one in found if one.statement is not None for u in one.statement.used)
    return [definition(kind, id) for kind, id in used if kind != "E"]
