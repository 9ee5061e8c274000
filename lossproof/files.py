"""Files that are written: beside their place, then renamed into it, so that a failure leaves what was there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from lossproof.errors import UsageError


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
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise UsageError(f"cannot write {target}: {why}") from None
    finally:
        with suppress(OSError, ValueError):
            beside.unlink(missing_ok=True)


@contextmanager
def writing(target: str) -> Iterator[TextIO]:
    """A file to write text to, as UTF-8, that replaces the one of its name at the end. Raises UsageError if it cannot be written."""
    with replacing(target) as path, path.open("w", encoding="utf-8", newline="\n") as file:
        yield file
