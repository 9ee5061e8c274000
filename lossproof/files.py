"""Files that are written: beside their place, then renamed into it, so that a failure leaves what was there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from lossproof.errors import LimitError, UsageError


def read_text(source: str, limit: int | None = None, *, hint: str | None = None) -> str:
    """The text of a file, its line ends as they are, a mark of the byte order left away.

    Raises UsageError for what cannot be read, with the ``hint`` where there is no such file, and LimitError for more than ``limit`` bytes.
    """
    try:
        with Path(source).open("rb") as file:
            raw = file.read() if limit is None else file.read(limit + 1)
        if limit is not None and len(raw) > limit:
            raise LimitError(f"{source} holds more than {limit:,} bytes")
        return raw.decode("utf-8-sig")
    except OSError as error:
        raise UsageError(f"cannot read {source}: {error.strerror}", hint=hint) from None
    except UnicodeDecodeError as error:
        raise UsageError(f"cannot read {source}: it is not UTF-8 text, byte {error.start}") from None


def cache_folder() -> Path | None:
    """The folder of this program in the user's cache, which need not exist; None if there is no such place."""
    home = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return Path(home) / "lossproof" if os.path.isabs(home) else None


def make_folder(path: Path) -> None:
    """A folder, with those above it, where there is none. Raises UsageError if it cannot be made."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as error:
        raise UsageError(f"cannot write to {path}: {_why(error)}") from None


def _why(error: OSError | ValueError) -> str:
    return error.strerror if isinstance(error, OSError) and error.strerror else str(error)


@contextmanager
def replacing(target: str) -> Iterator[Path]:
    """The place of a new file that takes its name when all is written. Raises UsageError if it cannot be written."""
    path = Path(target)
    if not path.name:
        raise UsageError(f"cannot write {target or 'a file without a name'}: it names no file")
    beside = path.with_name(f".{path.name[:100]}.{os.getpid()}.part")
    try:
        beside.touch(exist_ok=False)
        yield beside
        os.replace(beside, path)
    except (OSError, ValueError) as error:
        raise UsageError(f"cannot write {target}: {_why(error)}") from None
    finally:
        with suppress(OSError, ValueError):
            beside.unlink(missing_ok=True)


@contextmanager
def writing(target: str) -> Iterator[TextIO]:
    """A file to write text to, as UTF-8, that replaces the one of its name at the end. Raises UsageError if it cannot be written."""
    with replacing(target) as path, path.open("w", encoding="utf-8", newline="\n") as file:
        yield file
