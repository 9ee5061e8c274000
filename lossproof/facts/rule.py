"""Rules as plain values of terms, and the propositions that they speak of."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from lossproof.terms import ZERO, Term, fn, sub

#: The relations between objectives, strongest first.
RELATIONS: Final = ("equal", "up-to-constant", "up-to-scale", "same-order")

_SWAP: Final = {"lt": "gt", "le": "ge"}


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """A rewrite rule: ``before`` becomes ``after`` where ``requires`` holds.

    ``support`` is for densities alone: what of it is not provable stays as a condition of a ``cases``.
    """

    id: str
    before: Term
    after: Term
    relation: str = "equal"
    requires: tuple[Term, ...] = ()
    support: tuple[Term, ...] = ()
    kind: str = "rule"
    tags: frozenset[str] = frozenset()
    says: str = ""
    record: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class FactRule:
    """A rule of inference: where all of ``given`` hold, ``shows`` holds.

    One ``of_symbols`` is tried for symbols alone: it reads a sign off a domain.
    """

    id: str
    shows: Term
    given: tuple[Term, ...]
    says: str = ""
    of_symbols: bool = False
    record: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Symbol:
    """What a name stands for: its role (data, parameter, fixed, or the variable of an expectation), domain, shape, and whether it varies with the sample."""

    name: str
    role: str
    domain: Term
    shape: str = "scalar"
    indexed: bool = False


def propositions(condition: Term) -> tuple[Term, ...]:
    """A condition as the propositions that it joins, each in the form in which facts are stated."""
    if condition.op == "and":
        return tuple(p for part in condition.args for p in propositions(part))
    op = condition.op
    args = condition.args
    if op in _SWAP:
        op, args = _SWAP[op], (args[1], args[0])
    if op in ("gt", "ge", "ne", "eq") and args[1] is not ZERO:
        return (fn(op, sub(*args), ZERO),)
    return (condition if op == condition.op else fn(op, *args),)


def is_proposition(term: Term) -> bool:
    """Whether a term is in the form in which facts are stated."""
    if term.op in ("gt", "ge", "ne", "eq"):
        return term.args[1] is ZERO
    return term.op in ("in", "free", "shared", "without", "ranges")
