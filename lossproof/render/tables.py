"""Tables in Markdown of what a derivation or a verdict holds, for notebooks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from lossproof.render.comparison_witness import enclosed, place, point
from lossproof.render.escape import escape_markdown
from lossproof.render.markdown import dialect
from lossproof.render.words import Words, domain_in_words, ledger_reason, ledger_return, spoken
from lossproof.syntax import latex_name, to_latex

if TYPE_CHECKING:
    from lossproof.facts import Symbol
    from lossproof.interop.witness_check import Witness
    from lossproof.tables import Ledger
    from lossproof.terms import Term

_ROLES = {"parameter": "learned"}
_FAILS = {
    "order": "A and B order these two points differently",
    "equal": "A and B differ here",
    "up-to-constant": "A - B is not the same at these two points",
    "up-to-scale": "no scale and constant fit these three points",
}


def formula(term: Term) -> str:
    """A term within a line of Markdown."""
    return f"${dialect(to_latex(term))}$"


def _said(words: Words) -> str:
    return spoken(words, formula, escape_markdown)


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def ledger_markdown(ledger: Ledger) -> str:
    """The dropped terms, why they may go, and what would bring them back."""
    if not ledger:
        return "Nothing was dropped: every term depends on what is learned."
    rows = [[formula(r.term), _said(ledger_reason(r, ledger)), _said(ledger_return(r, ledger))] for r in ledger]
    return _table(["dropped, for one sample", "why", "returns"], rows)


def symbols_markdown(symbols: Mapping[str, Symbol]) -> str:
    """Roles, domains, and what varies with the sample."""
    order = ("data", "parameter", "fixed")
    rows = [
        [f"${dialect(latex_name(n))}$", _ROLES.get(s.role, s.role), _said(domain_in_words(s.domain)), "yes" if s.indexed else "no"]
        for n, s in sorted(symbols.items(), key=lambda item: order.index(item[1].role) if item[1].role in order else len(order))
    ]
    return _table(["symbol", "role", "domain", "varies with the sample"], rows)


def witness_markdown(w: Witness) -> str:
    """The points of a witness, and both objectives at each."""
    shown = [enclosed(w.a), enclosed(w.b)]
    rows = [[escape_markdown(point(p)), a, b] for p, a, b in zip(w.points, *shown, strict=True)]
    where = place(w)
    head = f"{_FAILS[w.says]}{', at ' + escape_markdown(where) if where else ''}."
    return f"{head}\n\n{_table(['at', 'A', 'B'], rows)}"
