"""Files that commands read and write: ``-`` is stdin or stdout, what is read is bounded, what is written is renamed into place."""

from __future__ import annotations

import os
import sys
from typing import Final

import click

from lossproof.errors import CharacterError, LimitError

#: As much is read of an assumption.
MAX_BYTES: Final = 1_000_000
_BROKEN_PIPE: Final = 141


def read_stdin(limit: int = MAX_BYTES) -> str:
    """All of stdin as text. Raises LimitError for more than ``limit`` bytes, CharacterError for what is no UTF-8."""
    raw = sys.stdin.buffer.read(limit + 1)
    if len(raw) > limit:
        raise LimitError(f"stdin holds more than {limit:,} bytes")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CharacterError(f"stdin is not UTF-8 text: byte {error.start}") from None


def write(text: str, target: str | None) -> None:
    """Write a result, its last line ended, to a file, or to stdout for None and ``-``. Raises UsageError if that cannot be done."""
    if not text.endswith("\n"):
        text += "\n"
    if target is None or target == "-":
        write_stdout(text)
    else:
        write_file(text.encode("utf-8"), target)


def write_file(data: bytes, target: str) -> None:
    """Write a file beside and rename it. Raises UsageError if that cannot be done."""
    from lossproof.files import replacing

    with replacing(target) as path:
        path.write_bytes(data)


def write_stdout(text: str | bytes) -> None:
    """Write to stdout, text as UTF-8; a reader that went away ends the command quietly."""
    try:
        sys.stdout.flush()
        stream = getattr(sys.stdout, "buffer", None)
        if stream is None:
            sys.stdout.write(str(text))
        else:
            stream.write(text if isinstance(text, bytes) else text.encode("utf-8", "backslashreplace"))
            stream.flush()
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise click.exceptions.Exit(_BROKEN_PIPE) from None


def wants_color() -> bool:
    """Whether stdout is a terminal that takes colour, and nobody said no."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def page_width() -> int | None:
    """The terminal's width, or None if stdout is no terminal."""
    if not sys.stdout.isatty():
        return None
    import shutil

    return shutil.get_terminal_size((80, 24)).columns
