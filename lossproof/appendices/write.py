"""Writing an appendix: results are derived one after another, each is written and let go, and what speaks of all of them goes before."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING, Any, Final

from lossproof.appendices.formal import LIBRARY, coq_name, coq_names, formal, library
from lossproof.appendices.plan import Item, Plan, plan_of, read_plan
from lossproof.errors import LossproofError, UndecidedError, UsageError
from lossproof.files import read_text, writing
from lossproof.render.appendix import (
    Entry,
    Row,
    UsedRule,
    citing,
    names_of,
    preamble_lines,
    references,
    result_lines,
    rule_lines,
    rules_of,
    table_lines,
    table_row,
)
from lossproof.render.latex import DOCUMENT, Style
from lossproof.render.mathematics import slug as slug_of
from lossproof.rulebook import Rulebook
from lossproof.syntax import canonical

if TYPE_CHECKING:
    from lossproof.render.appendix import Result

#: What the lines of the record begin with that an appendix carries at its end.
RECORD: Final = "%lossproof "
_WIDTH: Final = 100
_SPOOLED: Final = 1 << 22  # bytes kept in memory before a file is used
_COLUMN: Final = 100  # characters of a comment's line

#: Takes the name of a proof's file and its JSON.
Keep = Callable[[str, str], None]
#: Is told how many results of how many are done.
Progress = Callable[[int, int], None]


def appendix(source: str | Path | Iterable[str], *, output: str | Path | None = None, standalone: bool = False, **choices: Any) -> str:
    """An appendix in LaTeX.

    ``source`` is the path of a TOML file (see ``lossproof appendix --init``), or assumptions, which are derived with the ``choices``
    (``detail``, ``reasons``, ``notation``, ``macros``, ...). With ``output`` the text is written there as well, and the proofs as JSON to
    the folder beside it that :func:`folder_of` names, and for Coq (``coq=False`` leaves that out). Raises a :class:`LossproofError` for what cannot be read, derived or written.
    """
    if isinstance(source, str | Path):
        if choices:
            raise UsageError("choices go into the file", hint="lossproof appendix --init explains every choice")
        plan = read_plan(read_text(str(source)))
    else:
        plan = plan_of(source, **choices)
    if output is None:
        return "".join(write_appendix(plan, standalone=standalone))
    save_appendix(plan, str(output), standalone=standalone)
    return read_text(str(output))


def save_appendix(plan: Plan, output: str, *, progress: Progress | None = None, standalone: bool = False) -> list[str]:
    """Write an appendix to a file and its proofs to the folder beside it, as JSON and for Coq: all or nothing.

    Returns what there is to say of proofs that Coq gets in part or not at all. Raises a :class:`LossproofError`.
    """
    notes: list[str] = []
    with writing(output) as file, proofs_in(Path(output)) as keep:
        if plan.choices.coq:
            keep(LIBRARY, library())

        def both(name: str, proof: str) -> None:
            keep(name, proof)
            if plan.choices.coq:
                found = formal(name, proof)
                if found.text is not None:
                    keep(coq_name(name), found.text)
                if (note := found.note(name)) is not None:
                    notes.append(note)

        for piece in write_appendix(plan, keep=both, progress=progress, standalone=standalone):
            file.write(piece)
    return notes


def write_appendix(
    plan: Plan, *, keep: Keep | None = None, progress: Progress | None = None, standalone: bool = False, book: Rulebook | None = None
) -> Iterator[str]:
    """The text of an appendix in pieces; ``keep`` is given each proof as it is made. Raises a :class:`LossproofError`, before any text."""
    book = book or Rulebook.default()
    with SpooledTemporaryFile(_SPOOLED, "w+", encoding="ascii", newline="\n") as body:
        head, proofs = _Writer(plan, book).run(body.write, keep, progress)
        body.seek(0)
        digest = hashlib.sha256()

        def told(text: str) -> str:
            digest.update(text.encode("ascii"))
            return text

        if standalone:
            yield told(DOCUMENT + "\n")
        yield told(head)
        while piece := body.read(1 << 16):
            yield told(piece)
    yield footer(plan, digest.hexdigest(), proofs, standalone)


def footer(plan: Plan, digest: str, proofs: dict[str, str], standalone: bool) -> str:
    """The last lines: what wrote it, a digest of all before them, and a record from which it can be written again."""
    from lossproof import __version__

    record = {"version": __version__, "sha256": digest, "standalone": standalone, "proofs": proofs, "plan": plan.to_dict()}
    packed = json.dumps(record, ensure_ascii=True, separators=(",", ":"), sort_keys=True)
    lines = [
        rf"\lpfooter{{Written by lossproof {__version__}; content {digest[:16]}. \texttt{{lossproof appendix {{-}}{{-}}verify}} checks it against its proofs.}}",
        *([r"\end{document}"] if standalone else []),
        *[RECORD + packed[i : i + _WIDTH] for i in range(0, len(packed), _WIDTH)],
    ]
    return "\n".join(lines) + "\n"


class _Writer:
    """Makes the results of a plan, one at a time."""

    def __init__(self, plan: Plan, book: Rulebook) -> None:
        self.plan = plan
        self.book = book
        self.style = plan.choices.style()
        self.rows: list[Row] = []
        self.rules: dict[str, UsedRule] = {}
        self.cited: dict[str, None] = {}
        self.slugs = {item.label for item in plan.items if item.label}
        self.named: set[str] = set()  # what of the notation some result goes by
        self.commands: set[str] = set()  # those that occur, among them the author's

    def run(self, write: Callable[[str], object], keep: Keep | None, progress: Progress | None) -> tuple[str, dict[str, str]]:
        """Write every result; return what goes before them, and the digests of the proofs by the names of their files."""
        proofs: dict[str, str] = {}
        digits = max(2, len(str(len(self.plan.items))))
        for n, item in enumerate(self.plan.items):
            if progress is not None:
                progress(n, len(self.plan.items))
            try:
                result = result_of(item, self.book)
                style = self._style(item)
                self._held_to_notation(item, result, style)
                entry = Entry(self._slug(item, result), item.title)
                lines = self._lines(result, entry, style)
                self.rows.append(table_row(result, entry, style))
            except LossproofError as error:
                raise self.plan.located(error, n) from None
            write("\n".join([f"% {n + 1}: {_comment(item)}", *lines, ""]) + "\n")
            for name, text in proofs_of(result, f"{n + 1:0{digits}}-{entry.slug}"):
                proofs[name] = hashlib.sha256(text.encode("utf-8")).hexdigest()
                if keep is not None:
                    keep(name, text)
        if progress is not None:
            progress(len(self.plan.items), len(self.plan.items))
        idle = [n for n in self.plan.choices.notation if n != "data" and canonical(n) not in self.named]
        if idle:
            raise self.plan.unused(idle[0])
        return self._head(), proofs

    def _held_to_notation(self, item: Item, result: Result, style: Style) -> None:
        """Note what of the notation a result goes by. Raises UsageError for a name of its own that it has not."""
        names = names_of(result)
        used = style.notation.used(names)
        self.named |= used
        for n in item.notation:
            if n != "data" and canonical(n) not in used:
                raise UsageError(f"its notation names {n}, and it has no such symbol", nearest=get_close_matches(n, names, n=2, cutoff=0.5))

    def _lines(self, result: Result, entry: Entry, style: Style) -> list[str]:
        if self.plan.choices.rules and style.detail != "remark":
            used = rules_of(result)
            for id, rule in used.items():
                self.rules.setdefault(id, rule)
            style = citing(style, used)
        lines = result_lines(result, entry, style)
        self.cited.update(references(lines, style.prefix))
        self.commands.update(_COMMANDS.findall("\n".join(lines)))
        return lines

    def _style(self, item: Item) -> Style:
        style = self.style
        if item.notation:
            style = replace(self.plan.choices, notation={**self.plan.choices.notation, **item.notation}).style()
        return replace(style, detail=item.detail) if item.detail else style

    def _head(self) -> str:
        rules = {id: self.rules[id] for id in self.cited}
        listed = rule_lines(rules, self.style) if rules else []
        table = table_lines(self.rows) if self.plan.choices.table else []
        self.commands.update(_COMMANDS.findall("\n".join([*listed, *table])))
        lines = [*preamble_lines(self.plan.choices.title, self.style, " ".join(sorted(self.commands))), *table, "", *listed, ""]
        return "% LaTeX for \\input: needs amsmath; uses amsthm, booktabs, mathtools, hyperref and cleveref where they are loaded.\n" + "\n".join(lines) + "\n"

    def _slug(self, item: Item, result: Result) -> str:
        """The author's label, or one made from the result that nothing else has."""
        if item.label:
            return item.label
        from lossproof.derivation import Derivation

        given = slug_of(result) if isinstance(result, Derivation) else _asked(item)
        slug, k = given, 2
        while slug in self.slugs:
            slug, k = f"{given}-{k}", k + 1
        self.slugs.add(slug)
        return slug


_COMMANDS: Final = re.compile(r"\\[A-Za-z]+")


def result_of(item: Item, book: Rulebook | None = None) -> Result:
    """Derive, compare or prove what an item asks for. Raises a :class:`LossproofError`."""
    from lossproof.comparison import compare
    from lossproof.derivation import derive
    from lossproof.theorems import prove

    more = dict(item.more)
    if item.kind == "derive":
        return derive(item.what[0], **more, book=book)
    if item.kind == "density":
        return derive(density=item.what[0], **{"data": "y", **more}, book=book)
    if item.kind == "prove":
        proof = prove(item.what[0])
        if not proof.holds:
            raise UndecidedError(f"{proof.theorem.id} was not proved as its record claims")
        return proof
    if not more.get("learn"):
        raise UsageError("say what is learned: whether two objectives are the same depends on it", hint='learn = ["w"]')
    verdict = compare(*item.what, **more)
    if verdict.relation == "unknown":
        raise UndecidedError("it is not known how the two relate: there is nothing to state", hint="lossproof compare says how far it came")
    return verdict


def proofs_of(result: Result, name: str) -> Iterator[tuple[str, str]]:
    """The proofs of a result, each with the name of its file, as one line of JSON that the checker takes."""
    from lossproof.theorems import NamedProof

    parts = result.steps if isinstance(result, NamedProof) else [result]
    for k, part in enumerate(parts):
        number = f"-{k + 1}" if len(parts) > 1 else ""
        yield f"{name}{number}.json", part.proof.to_json() + "\n"


def _asked(item: Item) -> str:
    """A label for a comparison or a theorem."""
    if item.kind == "prove":
        return re.sub(r"[^A-Za-z0-9]+", "-", item.what[0]).strip("-") or "theorem"
    packed = json.dumps([item.what, item.more], sort_keys=True)
    return f"compare-{hashlib.sha256(packed.encode()).hexdigest()[:6]}"


def _comment(item: Item) -> str:
    from lossproof.render.escape import comment

    shown = comment(f"{item.kind} {' | '.join(item.what)}")
    return shown if len(shown) <= _COLUMN else shown[: _COLUMN - 3] + "..."


# -- proofs in a folder


def folder_of(output: Path) -> Path:
    """Where the proofs of an appendix are: ``appendix.proofs`` beside ``appendix.tex``."""
    return output.with_name(f"{output.stem if output.suffix == '.tex' else output.name}.proofs")


def record_of(text: str) -> dict[str, Any]:
    """The record at the end of an appendix. Raises ValueError or RecursionError for a text without one."""
    found = json.loads("".join(line.removeprefix(RECORD) for line in text.split("\n") if line.startswith(RECORD)))
    if not isinstance(found, dict) or not isinstance(found.get("proofs"), dict) or not all(_PROOF.fullmatch(n) for n in found["proofs"]):
        raise ValueError("no record")
    return found


def _listed(output: Path) -> set[str]:
    """The proofs that an appendix lists, if there is one, and their files for Coq."""
    try:
        record = record_of(output.read_text(encoding="utf-8"))
        names = set(record["proofs"])
        return names | (coq_names(names) if record["plan"]["choices"]["coq"] is True else set())
    except (OSError, ValueError, RecursionError, KeyError, TypeError):
        return set()


@contextmanager
def proofs_in(output: Path) -> Iterator[Keep]:
    """Writes the proofs of an appendix to its folder, all or none; those of the one that it replaces go, whatever else is there stays.

    Raises UsageError for a proof that cannot be written.
    """
    written: set[str] = set()
    folder, earlier = folder_of(output), _listed(output)
    beside = folder.with_name(f".{folder.name[:100]}.{os.getpid()}.part")

    def keep(name: str, text: str) -> None:
        if not written:
            beside.mkdir()
        with (beside / name).open("w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        written.add(name)

    try:
        yield keep
        folder.mkdir(exist_ok=True)
        for name in sorted(written):
            os.replace(beside / name, folder / name)
        for name in sorted(earlier - written):
            (folder / name).unlink(missing_ok=True)
    except OSError as error:
        raise UsageError(f"cannot write {folder}: {error.strerror}") from None
    finally:
        shutil.rmtree(beside, ignore_errors=True)


_PROOF: Final = re.compile(r"\d{2,}-[A-Za-z0-9.-]+\.json")


__all__ = ["appendix", "folder_of", "record_of", "save_appendix", "write_appendix"]
