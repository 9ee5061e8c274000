"""Whether an appendix still is what its proofs show: the text, the proofs beside it, and both written anew."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from difflib import unified_diff
from pathlib import Path
from typing import Any, Final

from lossproof.appendices.formal import LIBRARY, coq_name, formal, library
from lossproof.appendices.plan import Plan
from lossproof.appendices.write import record_of, write_appendix
from lossproof.errors import InputSyntaxError, LossproofError

_SHOWN: Final = 12  # lines of a difference
_FOOTER: Final = r"\lpfooter{"

#: Checks a proof's JSON: None if it holds, else why not.
Check = Callable[[str], str | None]


@dataclass
class Report:
    """What was found: lines to be read, and whether all is well."""

    lines: list[str] = field(default_factory=list)
    holds: bool = True

    def say(self, good: bool, head: str, text: str) -> None:
        """Add a line."""
        self.lines.append(f"{'ok   ' if good else 'FAILS'}  {head:<7} {text}")
        self.holds = self.holds and good


def verify(text: str, folder: Path, check: Check) -> Report:
    """Hold an appendix against its record, the proofs in ``folder`` and what its assumptions derive to today.

    Raises InputSyntaxError for a text that carries no record.
    """
    content, record = _parted(text)
    report = Report()
    digest = hashlib.sha256(content.encode("utf-8")).hexdigest()
    same = digest == record["sha256"]
    report.say(same, "text", f"as it was written, content {digest[:16]}" if same else "changed after it was written")
    sound = _proofs(record["proofs"], folder, check, report)
    if Plan.from_dict(record["plan"]).choices.coq:
        _formal(sound, folder, report)
    _anew(text, content, record, report)
    return report


def _parted(text: str) -> tuple[str, dict[str, Any]]:
    content, found, _ = text.rpartition("\n" + _FOOTER)
    try:
        record = record_of(text)
        Plan.from_dict(record["plan"])
        if not found or not isinstance(record["sha256"], str):
            raise ValueError
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError, LossproofError):
        raise InputSyntaxError(
            "this text carries no record of an appendix, or what is left of it cannot be read",
            hint="lossproof appendix paper.toml -o appendix.tex writes it as comments at the end",
        ) from None
    return content + "\n", record


def _proofs(listed: dict[str, str], folder: Path, check: Check, report: Report) -> dict[str, str]:
    """Each proof is there, is the one that was written, and holds; returns those of which that is so."""
    wrong: list[str] = []
    sound: dict[str, str] = {}
    for name, digest in sorted(listed.items()):
        try:
            raw = (folder / name).read_bytes()
        except OSError:
            wrong.append(f"{name} is not in {folder.name}")
            continue
        if hashlib.sha256(raw).hexdigest() != digest:
            wrong.append(f"{name} is not the proof that was written")
        elif why := check(raw.decode("utf-8")):
            wrong.append(f"{name}: {why}")
        else:
            sound[name] = raw.decode("utf-8")
    for why in wrong:
        report.say(False, "proof", why)
    if not wrong:
        report.say(True, "proofs", f"{len(listed)} of {len(listed)} as they were written, each checked again by the checker")
    return sound


def _formal(proofs: dict[str, str], folder: Path, report: Report) -> None:
    """The files for Coq are what the proofs are written to today."""
    wanted: dict[str, str | None] = {LIBRARY: library()} if proofs else {}
    notes: list[str] = []
    for name, proof in proofs.items():
        found = formal(name, proof)
        wanted[coq_name(name)] = found.text
        if (note := found.note(name)) is not None:
            notes.append(note)
    wrong = 0
    for name, text in wanted.items():
        try:
            there = (folder / name).read_bytes()
        except OSError:
            there = None
        if there != (None if text is None else text.encode("utf-8")):
            report.say(False, "coq", f"{name} is not in {folder.name}" if there is None else f"{name} is not what is written for Coq today")
            wrong += 1
    if wanted and not wrong:
        count = sum(text is not None for text in wanted.values()) - 1
        report.say(True, "coq", f"{count} of {len(proofs)} with a file for Coq, and each is what is written today")
    report.lines += [f"         {note}" for note in notes]


def _anew(text: str, content: str, record: dict[str, Any], report: Report) -> None:
    """The text, what stands after it, and the proofs are what the assumptions derive to."""
    proofs: dict[str, str] = {}

    def keep(name: str, text: str) -> None:
        proofs[name] = hashlib.sha256(text.encode("utf-8")).hexdigest()

    try:
        new = "".join(write_appendix(Plan.from_dict(record["plan"]), keep=keep, standalone=bool(record.get("standalone"))))
    except LossproofError as error:
        report.say(False, "anew", f"cannot be derived: {error.message}")
        return
    fresh = _parted(new)[0]
    report.say(fresh == content, "anew", "the assumptions derive to this very text" if fresh == content else "the assumptions derive to another text:")
    if fresh != content:
        report.lines += _difference(content, fresh)
    if proofs != record["proofs"]:
        report.say(False, "anew", f"the proofs are others than those of lossproof {record.get('version')}")
    elif fresh == content and new != text:
        report.say(False, "anew", "the footer, or something after it, is not as it is written:")
        report.lines += _difference(text, new)


def _difference(old: str, new: str) -> list[str]:
    found = [line for line in unified_diff(old.splitlines(), new.splitlines(), "this text", "written anew", n=0, lineterm="") if not line.startswith(("---", "+++"))]
    shown = [f"         {line[:160]}" for line in found[:_SHOWN]]
    return [*shown, f"         and {len(found) - _SHOWN} lines more"] if len(found) > _SHOWN else shown


__all__ = ["Check", "Report", "verify"]
