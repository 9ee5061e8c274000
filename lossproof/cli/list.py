"""``lossproof list``: all records of a kind."""

from __future__ import annotations

from typing import Any

import click

from lossproof.cli.options import debug_option

_FOLDERS = {
    "rules": "algebra",
    "facts": "facts",
    "distributions": "distributions",
    "losses": "losses",
    "links": "links",
    "theorems": "theorems",
    "targets": "targets",
}
_WIDEST = 30


@click.command("list")
@click.argument("kind", type=click.Choice(list(_FOLDERS)), metavar="KIND")
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", help="A table, or the records in full."
)
@debug_option
def command(kind: str, form: str) -> None:
    """List all rules, facts, distributions, losses, links, theorems or targets.

    \b
    Examples:
      lossproof list distributions
      lossproof list losses --format json
    """
    from lossproof.cli.files import page_width, wants_color, write_stdout
    from lossproof.rulebook import Rulebook

    book = Rulebook.default()
    if kind in ("theorems", "targets"):  # read when they are asked for
        records = [r.record for r in (book.theorems if kind == "theorems" else book.targets).values()]
    else:
        records = list(book.records(_FOLDERS[kind]))
    if form == "json":
        import json

        write_stdout(json.dumps(records, ensure_ascii=False, indent=1) + "\n")
        return
    from lossproof.render.text import WIDTH, Page

    write_stdout("\n".join(_rows(records, kind, Page(page_width() or WIDTH, wants_color()))) + "\n")


def _rows(records: list[dict[str, Any]], kind: str, page: Any) -> list[str]:
    from lossproof.render.layout import columns, padded, wrap_formula, wrap_words

    left = min(max(columns(str(r["id"])) for r in records) + 2, _WIDEST)
    room = page.width - left
    rows: list[str] = []
    for record in records:
        id = str(record["id"])
        lines = wrap_words(_line(record, kind), room, room)
        lines += (
            wrap_formula(_formula(record), room, room - 4)
            if kind in ("losses", "links") and "formula" in record
            else []
        )
        if columns(id) > left - 2:
            rows.append(page.style(id, "bold"))
            id = ""
        rows.append(f"{page.style(padded(id, left), 'bold')}{lines[0]}")
        rows += [" " * left + line for line in lines[1:]]
    return rows


def _formula(record: dict[str, Any]) -> str:
    from lossproof.syntax import parse_expression, to_text

    return to_text(parse_expression(str(record["formula"]), rule=True))


def _line(record: dict[str, Any], kind: str) -> str:
    """One record in a line."""
    from lossproof.render.words import pretty_assumption

    if kind == "losses":
        return str(record["name"])
    if kind in ("rules", "facts", "links", "theorems", "targets"):
        return str(record["says"])
    default = record.get("default")
    return pretty_assumption(str(default)) if default else str(record.get("convention", record["title"]))
