"""Names of symbols as a program may have them: no keyword, no name twice, nothing of the language's own."""

from __future__ import annotations

import builtins
import keyword
from collections.abc import Iterable
from typing import Final

#: What generated functions call their own.
OWN: Final = frozenset({"weights", "reduction", "values", "penalty", "prior", "math"})
_TAKEN: Final = frozenset({*keyword.kwlist, *keyword.softkwlist, *dir(builtins), *OWN})


class Names:
    """Gives each symbol a Python name, the same one each time, and no two the same."""

    def __init__(self, reserved: Iterable[str] = ()) -> None:
        self._used = {*_TAKEN, *reserved}
        self._of: dict[str, str] = {}

    def of(self, symbol: str) -> str:
        """The name of a symbol."""
        found = self._of.get(symbol)
        if found is None:
            found = self._of[symbol] = self.fresh(symbol)
        return found

    def fresh(self, wish: str) -> str:
        """A name that nothing has yet, as near to the one wished for as can be."""
        name = "".join(c if c.isascii() and (c.isalnum() or c == "_") else "_" for c in wish).lstrip("_") or "v"
        if name[0].isdigit():
            name = f"v{name}"
        while name in self._used:
            name += "_"
        self._used.add(name)
        return name


def is_name(text: str) -> bool:
    """Whether a text can name a function."""
    return text.isascii() and text.isidentifier() and text not in _TAKEN and not text.startswith("_")


def in_docstring(text: str) -> str:
    """A text as it may stand between three double quotes."""
    shown = "".join(c if c.isprintable() or c == "\n" else f"\\u{ord(c):04x}" if ord(c) < 0x10000 else f"\\U{ord(c):08x}" for c in text.replace("\\", "\\\\"))
    return shown.replace('"', '\\"') if '"""' in shown or shown.endswith('"') else shown
