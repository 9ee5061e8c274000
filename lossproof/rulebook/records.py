"""What a record of rules/ says, as plain frozen values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from lossproof.facts import FactRule, Rule
from lossproof.terms import Term


@dataclass(frozen=True, slots=True)
class ArgumentForm:
    """One set of argument names that a distribution accepts, and what they give for its parameters."""

    names: tuple[str, ...]
    gives: dict[str, Term]
    domains: dict[str, Term] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Distribution:
    """A distribution's record.

    ``parameters`` map names to domains, in the order of the arguments of its term; a combinator's ``takes``
    gives that order instead, ``[w...]`` standing for a vector and ``D...`` for one or more distributions, and
    ``assumes`` what holds of its arguments together.
    """

    id: str
    title: str
    names: tuple[str, ...]
    parameters: dict[str, Term]
    forms: tuple[ArgumentForm, ...]
    signatures: dict[str, tuple[str, ...]]
    variate: str
    variate_domain: Term | None
    density: Rule
    cdf: Rule | None
    cdf_below: Rule | None
    takes: tuple[str, ...]
    default: str | None
    convention: str
    source: str
    notes: str
    is_combinator: bool
    is_discrete: bool
    is_normalised: bool
    binary_weight: bool
    assumes: tuple[Term, ...]
    record: dict[str, Any]
    expected: Callable[[], tuple[tuple[Rule, ...], tuple[FactRule, ...]]]

    @property
    def op(self) -> str:
        """The operator of its terms."""
        return f"dist:{self.id}"

    @property
    def expectations(self) -> tuple[Rule, ...]:
        """The rules for expectations under it, that of a constant first; built when they are first asked for."""
        return self.expected()[0]

    @property
    def finite(self) -> tuple[FactRule, ...]:
        """The facts that these expectations are real numbers, in the same order."""
        return self.expected()[1]


@dataclass(frozen=True, slots=True, eq=False)
class Loss:
    """A canonical loss: a formula, what its variables may stand for, and its name in the libraries people use."""

    id: str
    name: str
    kind: str
    formula: Term | None
    variables: dict[str, str]
    over_data: dict[str, str]
    code: dict[str, str]
    factor: dict[str, str]
    not_for: str
    source: str
    data: str
    penalties: tuple[str, ...]
    record: dict[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class Link:
    """A link function: its formula and the domains between which it maps."""

    id: str
    function: str
    names: tuple[str, ...]
    formula: Term
    source_domain: Term
    target_domain: Term
    says: str
    record: dict[str, Any]
