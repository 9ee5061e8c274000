"""What the shell completes: families, rule ids and the like."""

from __future__ import annotations

import click


def families(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Names of families that begin so."""
    from lossproof.rulebook import Rulebook

    book = Rulebook.default()
    return [id for id in book.distribution_ids if id.startswith(incomplete.lower())]


def objectives(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Short names of losses over a dataset that begin so."""
    from lossproof.rulebook import Rulebook

    names = {str(n) for record in Rulebook.default().records("losses") for n in record.get("short", {}).values()}
    return sorted(n for n in names if n.lower().startswith(incomplete.lower()))


def theorems(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Ids of named theorems that begin so."""
    from lossproof.rulebook import Rulebook

    return [id for id in Rulebook.default().theorems if id.startswith(incomplete.lower())]


def targets(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Ids of targets of code that begin so."""
    from lossproof.rulebook import Rulebook

    return [id for id in Rulebook.default().targets if id.startswith(incomplete.lower())]


def explainable(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Ids of rules, distributions, losses, links, theorems and error codes that begin so."""
    from lossproof.errors import error_classes
    from lossproof.rulebook import Rulebook

    book = Rulebook.default()
    names = [
        *book.rules,
        *book.fact_rules,
        *book.distribution_ids,
        *book.losses,
        *book.links,
        *book.theorems,
        *[k.code for k in error_classes()],
    ]
    return sorted({n for n in names if n.startswith(incomplete.lower())})
