"""A proof as data: numbered steps in named chains, read off the kernel's theorems."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lossproof.kernel import Step, Theorem, Trace

if TYPE_CHECKING:
    from lossproof.referees import Certificate


class Certifiable:
    """What has proofs that referees can judge."""

    __slots__ = ()

    @abstractmethod
    def to_dict(self) -> dict[str, Any]:
        """The object that is written as JSON, with its proofs."""

    def certify(self, by: Iterable[str] | str | None = None, *, keep: str | PathLike[str] | None = None, time_limit: float = 60.0) -> Certificate:
        """What SymPy, ball arithmetic and Coq say of the proof: a report of each, with ``confirmed`` and ``refuted`` of all.

        ``by`` names whom to ask: some of ``sympy``, ``balls`` and ``coq``, by default all. ``keep`` is a folder for the files that a referee
        writes; ``time_limit`` is in seconds, for each referee and each proof. Raises UsageError for other names and for a limit that is not positive,
        and for a folder that cannot be made.
        """
        from lossproof.referees import certify

        return certify(self.to_dict(), by, None if keep is None else Path(keep), time_limit)


@dataclass(frozen=True, slots=True)
class ProofStep:
    """One use of one rule at one place of a chain."""

    id: int
    chain: str
    group: int
    place: tuple[int, ...]
    step: Step

    @property
    def rule(self) -> str:
        """The rule's id."""
        return self.step.rule_id

    @property
    def relation(self) -> str:
        """The relation between the chain's term before and after."""
        return self.step.relation


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the proof on paper: what a group of steps comes to."""

    chain: str
    group: int
    label: str
    theorem: Theorem
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Chain:
    """A named chain of lines, from one objective to another."""

    name: str
    theorem: Theorem
    lines: tuple[tuple[str, Theorem], ...]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Proof:
    """Chains, in the order in which they rest on one another, and the derivation or verdict whose statement they prove."""

    chains: tuple[Chain, ...]
    owner: Any

    @property
    def steps(self) -> list[ProofStep]:
        """Every micro-step, numbered from 1."""
        found: list[ProofStep] = []
        group = 0
        for chain in self.chains:
            for _, theorem in chain.lines:
                group += 1
                for place, step in flatten(theorem.trace):
                    found.append(ProofStep(len(found) + 1, chain.name, group, place, step))
        return found

    def __repr__(self) -> str:
        return f"<Proof: {len(self.steps)} steps in {len(self.chains)} chains>"

    def _repr_markdown_(self) -> str:
        shown: str = self.owner.markdown(detail="full")
        return shown

    def to_dict(self) -> dict[str, Any]:
        """The object of the schema ``lossproof/proof/1``."""
        found: dict[str, Any] = self.owner.to_dict()
        return found

    def to_json(self) -> str:
        """:meth:`to_dict` as JSON text, one line."""
        return compact(self.to_dict())

    @property
    def lines(self) -> list[Line]:
        """The lines of the proof on paper."""
        found: list[Line] = []
        for chain in self.chains:
            for label, theorem in chain.lines:
                rules = tuple(dict.fromkeys(step.rule_id for _, step in flatten(theorem.trace)))
                found.append(Line(chain.name, len(found) + 1, label, theorem, rules))
        return found


def compact(data: Any) -> str:
    """Plain data as JSON text, one line."""
    import json

    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))


def flatten(trace: Trace) -> Iterator[tuple[tuple[int, ...], Step]]:
    """The steps of a trace in order, each with its place."""
    stack: list[tuple[tuple[int, ...], Any]] = [((), trace)]
    while stack:
        place, (kind, *rest) = stack.pop()
        if kind == "step":
            yield place, rest[0]
        elif kind == "chain":
            stack.extend((place, t) for t in reversed(rest[0]))
        elif kind == "at":
            stack.append(((*place, rest[0]), rest[1]))
        else:
            stack.append((place, rest[1]))
