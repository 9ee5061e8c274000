"""Handing a file to ``coqc``: in a fresh folder, with limits of time and memory, and reading what it says."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from lossproof.files import cache_folder, make_folder, writing
from lossproof.referees import INSTALL, Finding, Report
from lossproof.referees.coq.context import Unsupported
from lossproof.referees.coq.file import HEADER, ProofFile, modules, prelude, whole, written

#: The axioms of the library's real numbers, and no others, may stand under a theorem.
AXIOMS: Final = frozenset({"sig_not_dec", "sig_forall_dec", "functional_extensionality_dep", "classic"})
MEMORY: Final = 6 * 2**30
LIBRARY: Final = "Lossproof"
_PRELUDE_LIMIT: Final = 300.0
_WHOLE: Final = "the proof as a file for Coq"


@dataclass(frozen=True)
class Outcome:
    """What ``coqc`` said: whether it accepted the file, its output, whether it ran out of time."""

    accepted: bool
    output: str
    timed_out: bool = False


def coqc() -> str | None:
    """The program, or None."""
    return shutil.which("coqc")


def compile_file(folder: Path, name: str, limit: float, library: Path | None = None) -> Outcome:
    """Compiles a file of the folder; ``library`` holds the compiled prelude. Limits are on time (wall) and memory."""
    command = [str(coqc()), "-q", *(["-R", str(library), ""] if library is not None else []), name]
    process = subprocess.Popen(
        command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
        start_new_session=True, preexec_fn=_limit_memory,  # noqa: PLW1509
    )  # fmt: skip
    try:
        output, _ = process.communicate(timeout=limit)
    except subprocess.TimeoutExpired:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        return Outcome(False, f"no answer within {limit:g} s", timed_out=True)
    return Outcome(process.returncode == 0, output)


def _limit_memory() -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


@lru_cache(1)
def version() -> str:
    """The version of Coq, as it says it."""
    found = subprocess.run([str(coqc()), "--print-version"], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    return found.stdout.strip()


@lru_cache(1)
def library() -> Path:
    """The folder of the compiled prelude: in the user's cache, by the content and the version of Coq, else made anew. Raises Unsupported."""
    text = prelude()
    key = sha256(f"{version()}\n{text}".encode()).hexdigest()[:24]
    home = cache_folder()
    folder = home / f"coq-{key}" if home is not None else None
    if folder is not None and (folder / f"{LIBRARY}.vo").is_file():
        return folder
    fresh = Path(tempfile.mkdtemp(prefix="lossproof-"))
    (fresh / f"{LIBRARY}.v").write_text(text, encoding="utf-8")
    outcome = compile_file(fresh, f"{LIBRARY}.v", _PRELUDE_LIMIT)
    if not outcome.accepted:
        raise Unsupported(f"the prelude is not accepted: {_first_error(outcome.output)}")
    return _kept(fresh, folder) if folder is not None else fresh


def _kept(fresh: Path, folder: Path) -> Path:
    """The compiled prelude moved into the cache, or where it is if that cannot be."""
    beside = folder.with_name(f"{folder.name}.{os.getpid()}")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(fresh, beside)
        os.replace(beside, folder)
    except OSError:
        shutil.rmtree(beside, ignore_errors=True)
        return folder if (folder / f"{LIBRARY}.vo").is_file() else fresh
    shutil.rmtree(fresh, ignore_errors=True)
    return folder


def judge(proof: Mapping[str, Any], *, keep: Path | None, time_limit: float) -> Report:
    """Writes the proof for Coq and reports what it accepted. A file that is not accepted is kept in any case, in a folder for temporary files."""
    return judge_all([proof], keep=keep, time_limit=time_limit, keep_refused=True)[0]


def judge_all(
    proofs: Sequence[Mapping[str, Any]], *, keep: Path | None = None, time_limit: float = 60.0, keep_refused: bool = False
) -> list[Report]:
    """What Coq says of each proof: as modules of one file, and each alone if that file is not accepted. The limit is for each."""
    start = time.perf_counter()
    if keep is not None:
        make_folder(keep)
    if coqc() is None:
        return [Report("coq", (), 0.0, install=INSTALL["coq"]) for _ in proofs]
    reports: list[Report | None] = []
    files: list[tuple[int, ProofFile, str]] = []
    for number, proof in enumerate(proofs):
        try:
            files.append((number, *written(proof)))
            reports.append(None)
        except Unsupported as error:
            reports.append(Report("coq", (Finding(_WHOLE, "undecided", f"not written: {error}"),), time.perf_counter() - start))
    try:
        where = library() if files else Path()
    except Unsupported as error:
        return [Report("coq", (Finding(_WHOLE, "undecided", str(error)),), 0.0) for _ in proofs]
    together = _together(files, where, time_limit) if len(files) > 1 else None
    for j, (number, file, body) in enumerate(files):
        reports[number] = together[j] if together is not None else _alone(file, body, where, keep, time_limit, keep_refused=keep_refused)
    return [r for r in reports if r is not None]


def _alone(file: ProofFile, body: str, where: Path, keep: Path | None, limit: float, *, keep_refused: bool) -> Report:
    start = time.perf_counter()
    text = whole(body)
    outcome = compiled(text, where, limit)
    seconds = time.perf_counter() - start
    if keep is None and keep_refused and not outcome.accepted:
        keep = Path(tempfile.mkdtemp(prefix="lossproof-coq-"))
    return Report("coq", tuple(_findings(file, text, outcome, seconds)), seconds, _keep(text, keep))


def _together(files: Sequence[tuple[int, ProofFile, str]], where: Path, limit: float) -> list[Report] | None:
    """The reports of proofs that one file holds, or None if it is not accepted or rests on something else."""
    start = time.perf_counter()
    names = ", ".join(f"P{n}.certificate" for n in range(len(files)))
    text = f"{HEADER}\n{modules([body for _, _, body in files])}\nDefinition certificates := ({names}).\nPrint Assumptions certificates.\n"
    outcome = compiled(text, where, limit * len(files))
    if not outcome.accepted or axioms_of(outcome.output) - AXIOMS:
        return None
    seconds = (time.perf_counter() - start) / len(files)
    return [Report("coq", tuple(_findings(file, "", outcome, seconds)), seconds) for _, file, _ in files]


def compiled(text: str, where: Path, limit: float) -> Outcome:
    """The file compiled in a fresh folder."""
    with tempfile.TemporaryDirectory(prefix="lossproof-") as name:
        (Path(name) / "proof.v").write_text(text, encoding="utf-8")
        return compile_file(Path(name), "proof.v", limit, where)


def _keep(text: str, keep: Path | None) -> tuple[str, ...]:
    if keep is None:
        return ()
    found = []
    for name, content in ((f"{LIBRARY}.v", prelude()), ("proof.v", text)):
        with writing(str(keep / name)) as file:
            file.write(content)
        found.append(str(keep / name))
    return tuple(found)


def _findings(file: ProofFile, text: str, outcome: Outcome, seconds: float) -> list[Finding]:
    if not outcome.accepted:
        return [Finding(_WHOLE, "undecided", _failure(text, outcome), seconds)]
    axioms = axioms_of(outcome.output)
    foreign = sorted(axioms - AXIOMS)
    found = [Finding(what, "confirmed", detail) for what, detail in file.claims()]
    if (reason := file.undecided()) is not None:
        found.append(Finding("the claim", "undecided", reason))
    elif file.unwritten is not None:
        found.append(Finding("that nothing stronger holds", "undecided", f"the witness is not written: {file.unwritten}", required=False))
    if file.unsatisfied is not None:
        found.append(Finding("that the hypotheses can hold together", "undecided", file.unsatisfied, required=False))
    detail = f"rests on {', '.join(sorted(axioms)) or 'no axiom'}"
    if foreign:
        found.append(Finding("axioms", "undecided", f"rests on {', '.join(foreign)}, which are not those of the real numbers"))
    else:
        found.append(Finding("axioms", "confirmed", detail))
    if file.premises():
        found.append(Finding("premises", "confirmed", f"whatever functions have the properties of {', '.join(file.premises())}", required=False))
    return found


def axioms_of(output: str) -> set[str]:
    """The axioms that ``Print Assumptions`` lists."""
    _, _, listed = output.partition("Axioms:")
    return {name.rpartition(".")[2] for name in re.findall(r"^([A-Za-z_][\w.']*)\s*:", listed, flags=re.M)}


def _failure(text: str, outcome: Outcome) -> str:
    if outcome.timed_out:
        return outcome.output
    where = re.search(r'File "[^"]*", line (\d+)', outcome.output)
    at = _place(text.splitlines()[: int(where[1])]) if where else ""
    return f"not accepted, {at}{_first_error(outcome.output)}"


def _place(lines: Sequence[str]) -> str:
    """What stands at the end of these lines: a step of the trace, or else a lemma by its name."""
    for j in range(len(lines) - 1, -1, -1):
        stated = re.match(r"(?:Lemma|Theorem|Corollary|Example) (\w+)", lines[j])
        if stated is not None and "_step_" not in stated[1]:
            return f"in {stated[1]}: "
        if lines[j].startswith("(* step"):
            return f"at {lines[j][3:-3][:120]}: "
    return ""


def _first_error(output: str) -> str:
    _, _, after = output.partition("Error:")
    return " ".join((after or output).split())[:200]
