"""Referees: systems that share no code with the engine judge a proof again, each from the proof's JSON alone."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import Any, Final, TypeVar

from lossproof.errors import UsageError
from lossproof.referees.reading import Reading, parts

#: The referees, in the order in which they are asked.
REFEREES: Final = ("sympy", "balls", "coq")
#: What installs a referee.
INSTALL: Final = {"sympy": "pip install sympy", "balls": "pip install python-flint", "coq": "apt-get install coq"}
_TITLES: Final = {"sympy": "SymPy", "balls": "balls (python-flint)", "coq": "Coq"}


#: An answer and what is to be said of it.
Answer = tuple[str, str]
S = TypeVar("S")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a referee looked at; ``answer`` is confirmed, refuted or undecided. What is not ``required`` informs alone."""

    what: str
    answer: str
    detail: str = ""
    seconds: float = 0.0
    required: bool = True


@dataclass(frozen=True, slots=True)
class Report:
    """What one referee found; ``install`` is the command that installs it, if it is missing."""

    referee: str
    findings: tuple[Finding, ...]
    seconds: float
    files: tuple[str, ...] = ()
    install: str | None = None

    @property
    def answer(self) -> str:
        """confirmed, refuted, undecided or missing."""
        if self.install is not None:
            return "missing"
        if any(f.answer == "refuted" for f in self.findings):
            return "refuted"
        required = [f for f in self.findings if f.required]
        return "confirmed" if required and all(f.answer == "confirmed" for f in required) else "undecided"

    def to_dict(self) -> dict[str, Any]:
        """The report as plain data."""
        return {**asdict(self), "answer": self.answer, "findings": [asdict(f) for f in self.findings], "files": list(self.files)}

    def text(self) -> str:
        """The report for a terminal."""
        title = _TITLES.get(self.referee, self.referee)
        if self.install is not None:
            return f"{title}: missing\n  not installed; to install it: {self.install}"
        lines = [f"{title}: {self.answer}, {self.seconds:.1f} s"]
        width = max((len(f.what) for f in self.findings), default=0)
        for f in self.findings:
            lines.append(f"  {f.answer:<10} {f.what:<{width}}  {f.detail}".rstrip())
        lines += [f"  file       {name}" for name in self.files]
        return "\n".join(lines)


class Certificate(tuple[Report, ...]):
    """The reports of the referees that were asked."""

    __slots__ = ()

    @property
    def confirmed(self) -> bool:
        """Whether each referee that was asked confirmed the proof."""
        return bool(self) and all(r.answer == "confirmed" for r in self)

    @property
    def refuted(self) -> bool:
        """Whether one of them refuted it."""
        return any(r.answer == "refuted" for r in self)

    @property
    def answer(self) -> str:
        """confirmed, refuted or undecided."""
        return "refuted" if self.refuted else "confirmed" if self.confirmed else "undecided"

    def text(self) -> str:
        """What each referee found, for a terminal."""
        names = ", ".join(f"{r.referee} {r.answer}" for r in self)
        return "\n\n".join([*(r.text() for r in self), f"certificate: {self.answer} ({names})"])

    def to_dict(self) -> dict[str, Any]:
        """The certificate as plain data."""
        return {"answer": self.answer, "reports": [r.to_dict() for r in self]}

    def __repr__(self) -> str:
        return f"<Certificate: {', '.join(f'{r.referee} {r.answer}' for r in self)}>"

    def _repr_html_(self) -> str:
        from html import escape

        return f"<pre>{escape(self.text())}</pre>"


def referees_of(by: Iterable[str] | str) -> tuple[str, ...]:
    """Names of referees, each once. Raises UsageError for one that is not known."""
    names = by.replace(",", " ").split() if isinstance(by, str) else [str(n) for n in by]
    for name in names:
        if name not in REFEREES:
            from difflib import get_close_matches

            raise UsageError(f"there is no referee {name[:40]}", nearest=get_close_matches(name, REFEREES, n=2, cutoff=0.4) or REFEREES)
    if not names:
        raise UsageError("no referee is asked", nearest=REFEREES)
    return tuple(dict.fromkeys(names))


def of_steps(steps: Sequence[S], check: Callable[[S], Answer], said: Callable[[], str]) -> Answer:
    """The worst answer about some steps: the first that is refuted, how many are undecided, or ``said`` if all are confirmed."""
    unsure: list[str] = []
    for step in steps:
        answer, why = check(step)
        if answer == "refuted":
            return answer, f"{step}: {why}"
        if answer != "confirmed":
            unsure.append(f"{step}: {why}")
    if unsure:
        return "undecided", f"{len(steps) - len(unsure)} of {len(steps)} confirmed; {unsure[0]}"
    return "confirmed", said()


def certify(
    proof: Mapping[str, Any], by: Iterable[str] | str | None = None, keep: Path | None = None, time_limit: float = 60.0
) -> Certificate:
    """Let referees judge a proof: the object of a derivation, a comparison or a named theorem.

    ``by`` names whom to ask, by default all; ``keep`` is a folder for the files that a referee writes; ``time_limit`` is in seconds, for each referee and each of the proofs.
    Raises a :class:`LossproofError` for what is no proof; what a referee cannot decide is in its report.
    """
    names = REFEREES if by is None else referees_of(by)
    if not time_limit > 0:
        raise UsageError(f"a time limit of {time_limit} s leaves no time")
    proofs = parts(proof)
    for _, data in proofs:
        Reading(data)  # what is no proof is said before anybody is asked
    return Certificate(_asked(name, proofs, keep, time_limit) for name in names)


def _asked(name: str, proofs: list[tuple[str, Mapping[str, Any]]], keep: Path | None, time_limit: float) -> Report:
    """One referee's report on all the proofs of a file."""
    start = time.perf_counter()
    try:
        judge = import_module(f"lossproof.referees.{name}").judge
    except ModuleNotFoundError:
        return Report(name, (), 0.0, install=INSTALL[name])
    findings: list[Finding] = []
    files: list[str] = []
    for number, data in proofs:
        folder = keep / f"step-{number}" if keep is not None and number else keep
        report: Report = judge(data, keep=folder, time_limit=time_limit)
        if report.install is not None:
            return report
        findings += [replace(f, what=f"step {number}: {f.what}") if number else f for f in report.findings]
        files += report.files
    return Report(name, tuple(findings), time.perf_counter() - start, tuple(files))
