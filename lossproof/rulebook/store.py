"""The raw records of a folder with an index of them, kept in one cache file so that start-up parses no TOML.

The cache is only ever a copy: it is keyed by every record file's size and time, and anything wrong with it means
that the records are read from their folder.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, Generic, TypeVar

from lossproof import __version__
from lossproof.errors import RecordError
from lossproof.files import cache_folder

KINDS: Final = ("algebra", "facts", "distributions", "links", "losses")
_FORMAT: Final = 4
T = TypeVar("T")

Records = dict[str, list[dict[str, Any]]]
Index = dict[str, Any]


class Lazy(Mapping[str, T], Generic[T]):
    """Records by id, each built when it is first asked for."""

    def __init__(self, raw: list[dict[str, Any]], build: Callable[[dict[str, Any]], T]) -> None:
        self.raw: dict[str, dict[str, Any]] = {}
        for record in raw:
            id = str(record.get("id"))
            if id in self.raw:
                raise RecordError(f"two records have the id {id}")
            self.raw[id] = record
        self._build = build
        self._built: dict[str, T] = {}

    def __getitem__(self, id: str) -> T:
        found = self._built.get(id)
        if found is None:
            found = self._built[id] = self._build(self.raw[id])
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self.raw)

    def __len__(self) -> int:
        return len(self.raw)


def tables(folder: Path) -> Iterator[dict[str, Any]]:
    """What each TOML file of a folder holds, in the order of their names. Raises RecordError with a file's name."""
    import tomllib

    for path in sorted(folder.glob("*.toml")):
        try:
            yield tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise RecordError(f"{path.name}: {error}") from None


def read_records(folder: Path) -> Records:
    """All raw records, in the order of file names. Raises RecordError with a file's name."""
    found: Records = {}
    for kind in KINDS:
        rows: list[dict[str, Any]] = []
        for data in tables(folder / kind):
            listed = data.get("rule", data.get("fact"))
            rows.extend(listed if isinstance(listed, list) else [data])
        found[kind] = rows
    return found


def load(folder: Path, index: Callable[[Records], Index]) -> tuple[Records, Index]:
    """The records and their index, from the cache if it is that of these very files."""
    key = _fingerprint(folder)
    path = _cache_path(folder)
    cached = _read(path, key) if path is not None else None
    if cached is not None:
        return cached
    records = read_records(folder)
    built = index(records)
    if path is not None:
        _write(path, {"format": _FORMAT, "key": key, "records": records, "index": built})
    return records, built


def _fingerprint(folder: Path) -> str:
    """Names, sizes and times of the record files, and of the code that builds the index."""
    rows: list[str] = [sys.version, __version__, str(_FORMAT)]
    for kind in KINDS:
        try:
            with os.scandir(folder / kind) as entries:
                for entry in entries:
                    stat = entry.stat()
                    rows.append(f"{kind}/{entry.name} {stat.st_size} {stat.st_mtime_ns}")
        except OSError:
            continue
    return "\n".join(sorted(rows))


def _cache_path(folder: Path) -> Path | None:
    from zlib import crc32

    home = cache_folder()
    return None if home is None else home / f"records-{crc32(str(folder).encode()):08x}.json"


def _read(path: Path, key: str) -> tuple[Records, Index] | None:
    try:
        data = json.loads(path.read_bytes())
        if data["format"] == _FORMAT and data["key"] == key:
            return data["records"], data["index"]
    except (OSError, ValueError, KeyError, TypeError):
        pass
    return None


def _write(path: Path, data: dict[str, Any]) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False, encoding="utf-8") as file:
            json.dump(data, file)
        os.replace(file.name, path)
    except (OSError, ValueError, TypeError):
        return  # a cache that cannot be written is none
