"""Options that several commands have, and what is read from them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import click

from lossproof.cli.app import set_debug
from lossproof.errors import UsageError

_SUFFIXES: Final = {".json": "json", ".tex": "latex", ".md": "markdown", ".html": "html", ".htm": "html", ".txt": "text"}
_OUTPUT: Final = (
    click.option(
        "--format",
        "form",
        type=click.Choice(["text", "latex", "markdown", "html", "json"]),
        help="How to write it (default: text, or by FILE's suffix).",
    ),
    click.option("--standalone", is_flag=True, help="A whole LaTeX document, not a fragment."),
    click.option("-o", "--output", metavar="FILE", help="Write to a file; - is stdout."),
)

#: ``--debug`` after the command's name means what it means before it.
debug_option: Final = click.option("--debug", is_flag=True, expose_value=False, callback=set_debug, hidden=True)


def output_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add ``--format``, ``--standalone`` and ``--output``: a command's ``form``, ``standalone`` and ``output``."""
    for option in reversed(_OUTPUT):
        command = option(command)
    return command


def format_of(form: str | None, target: str | None, standalone: bool) -> str:
    """The format asked for, else that of the file's suffix, else text. Raises UsageError for a whole document of no LaTeX."""
    if form is None:
        form = next((f for suffix, f in _SUFFIXES.items() if (target or "").lower().endswith(suffix)), "text")
    if standalone and form != "latex":
        raise UsageError(f"--standalone is for LaTeX and the format is {form}", hint="--format latex --standalone")
    return form


def names_of(given: tuple[str, ...]) -> list[str]:
    """Names from an option: ``sigma, tau`` or ``sigma and tau`` or the option twice."""
    from lossproof.syntax import split_names

    return [n for text in given for n in split_names(text)]


def assumption_of(assumption: str | None, options: Mapping[str, Any], example: str) -> dict[str, Any]:
    """What ``derive`` takes, from an assumption (or ``-`` for stdin) or the options for a density of one's own. Raises UsageError."""
    if assumption is None and options["density"] is None:
        raise UsageError("what is assumed?", hint=example)
    if assumption is not None and options["density"] is not None:
        raise UsageError("--density stands in place of the assumption, not beside it")
    if assumption == "-":
        from lossproof.cli.files import read_stdin

        assumption = read_stdin().strip()
    data = names_of(options["data"])
    if options["density"] is None and data:
        raise UsageError("--data goes with --density; in an assumption write `with x data`")
    return {
        "assumption": assumption, "density": options["density"], "data": data, "fixed": names_of(options["fixed"]),
        "where": ", ".join(options["conditions"]),
    }  # fmt: skip
