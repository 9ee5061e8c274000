"""Results that are tables: tuples and dictionaries as ever, which a notebook shows as a table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from lossproof.facts import Fact, Symbol
from lossproof.terms import Term


class SymbolTable(dict[str, Symbol]):
    """Roles and domains by name."""

    def _repr_markdown_(self) -> str:
        from lossproof.render.tables import symbols_markdown

        return symbols_markdown(self)


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """A term that was dropped: why it may be, and which names would bring it back if they were learned."""

    term: Term
    why: Fact = field(repr=False)
    returns_if: tuple[str, ...]


class Ledger(tuple[LedgerRow, ...]):
    """The dropped terms of one sample, in order; their sum is the offset."""

    symbols: Mapping[str, Symbol]

    def __new__(cls, rows: Iterable[LedgerRow], symbols: Mapping[str, Symbol]) -> Ledger:
        """A ledger of rows that speak of these symbols."""
        made = super().__new__(cls, rows)
        made.symbols = symbols
        return made

    def __getnewargs__(self) -> tuple[Any, ...]:
        return tuple(self), self.symbols

    def _repr_markdown_(self) -> str:
        from lossproof.render.tables import ledger_markdown

        return ledger_markdown(self)
