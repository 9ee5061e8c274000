"""The referee Coq: a proof written as definitions and lemmas for another kernel, one lemma for each step.

:mod:`~lossproof.referees.coq.file` writes the file, :mod:`~lossproof.referees.coq.run` hands it to ``coqc``. Nothing here is trusted: what
Coq accepts is what the file says, and its statements are made from the proof's terms, not from its steps.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lossproof.referees import Report


def judge(proof: Mapping[str, Any], *, keep: Path | None, time_limit: float) -> Report:
    """What Coq says of a proof; ``keep`` is a folder for the files, ``time_limit`` in seconds."""
    from lossproof.referees.coq.run import judge as run

    return run(proof, keep=keep, time_limit=time_limit)
