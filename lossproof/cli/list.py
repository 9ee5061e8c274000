"""``lossproof list``: all records of a kind."""

from __future__ import annotations

from typing import Any

import click

from lossproof.cli.app import set_debug

_FOLDERS = {
    "rules": "algebra",
    "facts": "facts",
    "distributions": "distributions",
    "losses": "losses",
    "links": "links",
}


@click.command("list")
@click.argument("kind", type=click.Choice(list(_FOLDERS)), metavar="KIND")
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", help="A table, or the records in full."
)
@click.option("--debug", is_flag=True, expose_value=False, callback=set_debug, hidden=True)
def command(kind: str, form: str) -> None:
    """List all rules, facts, distributions, losses or links.

    \b
    Examples:
      lossproof list distributions
      lossproof list losses --format json
    """
    from lossproof.cli.files import page_width, wants_color, write_stdout
    from lossproof.rulebook import Rulebook

    records = list(Rulebook.default().records(_FOLDERS[kind]))
    if form == "json":
        import json

        write_stdout(json.dumps(records, ensure_ascii=False, indent=1) + "\n")
        return
    from lossproof.render.text import WIDTH, Page

    write_stdout("\n".join(_rows(records, kind, Page(page_width() or WIDTH, wants_color()))) + "\n")


def _rows(records: list[dict[str, Any]], kind: str, page: Any) -> list[str]:
    from lossproof.render.layout import columns, padded, wrap_words

    left = max(columns(str(r["id"])) for r in records) + 2
    room = max(page.width - left, 30)
    rows: list[str] = []
    for record in records:
        first, *more = wrap_words(_line(record, kind), room, room)
        rows.append(f"{page.style(padded(str(record['id']), left), 'bold')}{first}")
        rows += [" " * left + line for line in more]
    return rows


def _line(record: dict[str, Any], kind: str) -> str:
    """One record in a line."""
    if kind in ("rules", "facts"):
        return str(record["says"])
    if kind == "losses":
        formula = record.get("formula")
        return f"{record['name']}: {formula}" if formula else str(record["name"])
    if kind == "links":
        return f"{record['formula']}: {record['says']}"
    default = record.get("default")
    return str(default) if default else str(record.get("convention", record["title"]))
