"""That the hypotheses of a proof are not contradictory: values of its symbols at which all of them hold, as an example after its section."""

from __future__ import annotations

from typing import Final

from lossproof.referees.coq.context import Unsupported
from lossproof.referees.coq.points import Points
from lossproof.referees.coq.setting import Setting, conjunction
from lossproof.referees.coq.writer import Writer

THEOREM: Final = "Satisfiable.hypotheses_satisfiable"
SAID: Final = "there are values at which all that is supposed holds"
_ATTEMPTS: Final = 100
_DIGITS: Final = 12


def satisfiable(writer: Writer) -> str:
    """The module with the values and the example. Raises Unsupported where none of the values that are tried will do."""
    for attempt in range(_ATTEMPTS):
        try:
            return _text(writer, attempt)
        except Unsupported as error:
            why = error
    raise Unsupported(f"no values were found at which all of it holds: {why}")


def _text(writer: Writer, attempt: int) -> str:
    found = Points(writer, attempt).whole()
    setting = Setting(writer, {n: [[v]] for n, v in found.items()}, ["P0"], 1, _DIGITS)
    lemmas = setting.suppositions()
    allowed, of_point = setting.allowed("P0")
    said = [(s, text) for s in writer.supposed for text in [writer.said(s)] if text is not None]
    fixed = ["(0 < n_samples)%nat", *(f"({text})" for s, text in said if not s.is_learned)]
    learned = " /\\\n    ".join(f"({text})" for s, text in said if s.is_learned) or "True"
    proof = conjunction(["n_positive", *(s.name for s, _ in said if not s.is_learned), f"(ex_intro _ P0 {of_point})"])
    values = ", ".join(["point", "n_samples", *(writer.names[n] for n in writer.known)])
    return "\n".join([
        "(* What is supposed is not contradictory: here are values at which it holds, with one sample. *)",
        "Module Satisfiable.", "Section Satisfiable.", *writer.structures(), *setting.definitions(), *setting.enclosures.lines, *lemmas, *allowed,
        f"Example hypotheses_satisfiable : exists {' '.join(['(W : Type)', '(n_samples : nat)', *writer.variables()])},",
        "  " + " /\\\n  ".join([*fixed, f"exists w : W,\n    {learned}"]) + ".",
        f"Proof. exists {values}. exact {proof}. Qed.",
        "End Satisfiable.", "End Satisfiable.",
    ]) + "\n"  # fmt: skip
