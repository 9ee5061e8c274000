"""``lossproof appendix``: the LaTeX appendix of a paper, with its proofs beside it; and whether it still is what they show."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from lossproof.cli.complete import families
from lossproof.cli.options import debug_option
from lossproof.errors import UsageError

if TYPE_CHECKING:
    from lossproof.appendices import Plan

_HELP: Final = """Write the LaTeX appendix of a paper: a table of results, the rules, then a theorem and a proof for each.

FILE is a TOML file that lists derivations, comparisons and named theorems, or - for stdin; or give assumptions and names
of families. Beside appendix.tex the folder appendix.proofs takes the proofs as JSON and as files for Coq.

\b
Examples:
  lossproof appendix --init > paper.toml
  lossproof appendix paper.toml -o appendix.tex
  lossproof appendix --verify appendix.tex
  lossproof appendix gaussian "y ~ Laplace(m, b) with b fixed" --reasons marks -o appendix.tex
  lossproof appendix poisson --notation "lam = f_theta(x_i)" --standalone -o poisson.tex
"""
_PATIENCE: Final = 1.0  # seconds before a bar is shown


@click.command("appendix", help=_HELP)
@click.argument("source", nargs=-1, metavar="FILE|ASSUMPTION...", shell_complete=families)
@click.option("-o", "--output", metavar="FILE", help="Write to a file, and the proofs to a folder beside it; - is stdout.")
@click.option("--standalone", is_flag=True, help="A whole document, to look at.")
@click.option("--init", is_flag=True, help="Write a commented example of a FILE.")
@click.option("--verify", metavar="FILE", help="Whether an appendix still is what its proofs show.")
@click.option("--title", help="Of the section.")
@click.option("--detail", type=click.Choice(["remark", "paper", "full"]), help="A sentence, the lines of a paper, or every step.")
@click.option("--reasons", type=click.Choice(["column", "marks", "none"]), help="Beside the lines, marked and explained below, or none.")
@click.option("--macros", metavar="NAME", help="Commands in place of our forms: plain or iclr.")
@click.option("--notation", multiple=True, metavar='"NAME = ..."', help='Your name for a symbol: "yhat = f_theta(x_i)".')
@click.option("--no-coq", is_flag=True, help="No files for Coq beside the proofs.")
@debug_option
def command(source: tuple[str, ...], output: str | None, standalone: bool, init: bool, verify: str | None, no_coq: bool, **choices: Any) -> int:
    """Write an appendix, an example of its file, or what has become of one."""
    from lossproof.cli.files import write

    if sum((bool(source), init, verify is not None)) > 1:
        raise UsageError("--init and --verify stand alone", hint="lossproof appendix --help")
    if init:
        from lossproof.appendices.plan import example

        write(example(), output)
        return 0
    if verify is not None:
        return _verify(verify, output)
    if output is not None and output in source:
        raise UsageError(f"{output} is what the appendix is read from", hint="-o appendix.tex")
    plan = _plan(source, {**{k: v for k, v in choices.items() if v}, **({"coq": False} if no_coq else {})})
    _write(plan, output, standalone)
    return 0


def _plan(source: tuple[str, ...], choices: dict[str, Any]) -> Plan:
    from lossproof.appendices import plan_of, read_plan
    from lossproof.cli.files import MAX_BYTES, read_stdin
    from lossproof.files import read_text

    if not source:
        raise UsageError("an appendix of what?", hint="lossproof appendix --init > paper.toml, or lossproof appendix gaussian")
    files = [s for s in source if s == "-" or s.endswith(".toml")]
    if not files:
        return plan_of(source, **{**choices, **({"notation": _notation(choices["notation"])} if "notation" in choices else {})})
    if len(source) > 1:
        raise UsageError(f"{files[0]} is a file, and a file stands alone", hint="put the assumptions into the file, each as an [[item]]")
    if choices:
        option = next(iter(choices))
        raise UsageError(f"--{'no-coq' if option == 'coq' else option} goes into the file", hint="lossproof appendix --init explains every choice")
    return read_plan(read_stdin() if files[0] == "-" else read_text(files[0], MAX_BYTES, hint="lossproof appendix --init > paper.toml writes an example"))


def _notation(given: tuple[str, ...]) -> dict[str, str]:
    found: dict[str, str] = {}
    for text in given:
        name, equals, value = (part.strip() for part in text.partition("="))
        if not equals or not name or not value:
            raise UsageError("a notation is `name = name` or `name = f(x_i)`", text=text, span=(0, len(text)), hint='--notation "yhat = f_theta(x_i)"')
        found[name] = value
    return found


def _write(plan: Plan, output: str | None, standalone: bool) -> None:
    from lossproof.appendices.write import save_appendix, write_appendix

    notes: list[str] = []
    with _bar() as progress:
        if output is None or output == "-":
            from lossproof.cli.files import write_stdout

            for piece in write_appendix(plan, progress=progress, standalone=standalone):
                write_stdout(piece)
        else:
            notes = save_appendix(plan, output, progress=progress, standalone=standalone)
    for note in notes:
        click.echo(note, err=True)


@contextmanager
def _bar() -> Iterator[Any]:
    """What shows how far it is, on a terminal, if it takes long."""
    start = time.monotonic()
    bar: Any = None

    def progress(done: int, total: int) -> None:
        nonlocal bar
        if bar is None and sys.stderr.isatty() and time.monotonic() - start > _PATIENCE:
            bar = click.progressbar(length=total, label="deriving", file=sys.stderr)
            bar.__enter__()
        if bar is not None:
            bar.update(done - bar.pos)

    try:
        yield progress
    finally:
        if bar is not None:
            bar.__exit__(None, None, None)


def _verify(name: str, output: str | None) -> int:
    from lossproof.appendices import verify
    from lossproof.appendices.write import folder_of
    from lossproof.cli.files import write

    try:
        with Path(name).open(encoding="utf-8", newline="") as file:
            text = file.read()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise UsageError(f"cannot read {name}: {why}") from None
    report = verify(text, folder_of(Path(name)), _checked)
    write("\n".join(report.lines), output)
    return 0 if report.holds else 1


def _checked(proof: str) -> str | None:
    """Why the checker refuses a proof; None if it does not."""
    import json

    from lossproof.checker import check

    try:
        report = check(json.loads(proof))
    except ValueError:
        return "it is no JSON"
    return None if report.ok else "; ".join(report.messages)[:200]
