"""Names for Coq: made here, never taken from a user; ASCII, prefixed, and different for different things."""

from __future__ import annotations

import re


class Names:
    """Coq names for the symbols and indices of one proof: injective, whatever the symbols are called."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._names: dict[str, str] = {}
        self._taken: set[str] = set()

    def __getitem__(self, name: str) -> str:
        found = self._names.get(name)
        if found is None:
            base = self._prefix + re.sub(r"[^A-Za-z0-9]+", "_", name)[:40]
            found, number = base, 1
            while found in self._taken:
                number += 1
                found = f"{base}__{number}"
            self._names[name] = found
            self._taken.add(found)
        return found


def rule_name(id: str) -> str:
    """The name of the lemma for a record; ids of records are letters, digits and hyphens."""
    return re.sub(r"[^A-Za-z0-9]", "_", id)
