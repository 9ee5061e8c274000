"""The referee by SymPy: asks a process of its own, which may be stopped, and reads what it found."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from lossproof.referees import INSTALL, Finding, Report
from lossproof.referees.reading import Reading

#: Seconds for starting and ending the process, beside the time limit.
_GRACE: Final = 10.0


def judge(proof: Mapping[str, Any], *, keep: Path | None = None, time_limit: float = 60.0) -> Report:
    """Judge one derivation or comparison. Raises a LossproofError for what is no proof."""
    start = time.perf_counter()
    Reading(proof)
    if find_spec("sympy") is None:
        return Report("sympy", (), 0.0, install=INSTALL["sympy"])
    command = [sys.executable, "-m", "lossproof.referees.sympy_worker", str(time_limit)]
    stopped = ""
    try:
        run = subprocess.run(
            command, input=json.dumps(proof), capture_output=True, encoding="utf-8", env=_environment(), timeout=time_limit + _GRACE, check=False
        )
        out, failed = run.stdout, run.returncode != 0
    except subprocess.TimeoutExpired as late:
        out = late.stdout.decode("utf-8", "replace") if isinstance(late.stdout, bytes) else late.stdout or ""
        failed, stopped = True, "the time limit was reached"
    except OSError as error:
        out, failed, stopped = "", True, f"its process did not start: {error.strerror}"
    findings = list(_read(out))
    if failed:
        findings.append(Finding("all that was asked", "undecided", stopped or "its process ended early: memory, or a fault of SymPy"))
    return Report("sympy", tuple(findings), time.perf_counter() - start)


def _environment() -> dict[str, str]:
    """That of this process, in which the same package is found."""
    home = str(Path(__file__).resolve().parents[2])
    known = os.environ.get("PYTHONPATH")
    return {**os.environ, "PYTHONPATH": os.pathsep.join([home, *([known] if known else [])]), "PYTHONIOENCODING": "utf-8"}


def _read(out: str) -> list[Finding]:
    found = []
    for line in out.splitlines():
        try:
            found.append(Finding(**json.loads(line)))
        except (ValueError, TypeError):
            break
    return found
