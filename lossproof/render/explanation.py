"""What ``explain`` prints: a record in words; of a rule where it is used, of a loss where it comes from."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from typing import Final

from lossproof.errors import UnknownNameError, error_classes
from lossproof.render.layout import wrap_words
from lossproof.render.text import Page, formula, said, table_of
from lossproof.render.words import domain_in_words, listed, pretty_assumption, varying
from lossproof.rulebook import Distribution, Link, Loss, Rulebook
from lossproof.syntax import FUNCTIONS, parse_condition, parse_expression, to_text
from lossproof.terms import ONE, ZERO, Term, sym

Rows = list[tuple[str, str]]
_RELATIONS: Final = {"equal": "=", "up-to-constant": "≐", "up-to-scale": "≃", "same-order": "≅"}


def explained(name: str, book: Rulebook, page: Page) -> list[str]:
    """The lines that explain a name. Raises UnknownNameError with the nearest names."""
    found = list(_candidates(name.strip(), book, page))
    if not found:
        raise UnknownNameError(f"there is nothing of the name {name[:80]}", nearest=_nearest(name, book),
                               hint="lossproof list rules, facts, distributions, losses or links")  # fmt: skip
    (_, _, write), *others = found
    lines = write()
    for kind, other, _ in others:
        lines += ["", f"Also {kind}: lossproof explain {other!r}" if " " in other else f"Also {kind}: lossproof explain {other}"]
    return lines


def _candidates(name: str, book: Rulebook, page: Page) -> Iterator[tuple[str, str, object]]:
    """What a name may mean, the likeliest first: the kind, a name that means this alone, and how to explain it."""
    key = simplified(name)
    if name in book.rules:
        yield "a rule", name, lambda: rule(name, book, page)
    if name in book.fact_rules:
        yield "a fact", name, lambda: fact(name, book, page)
    distribution = book.find_distribution(name)
    if distribution is not None:
        yield "a distribution", distribution.names[0], lambda: distribution_lines(distribution, book, page)
    for found in losses_named(name, book):
        yield "a loss", found.name, lambda found=found: loss(found, book, page)
    for link in book.links.values():
        if key in {simplified(n) for n in (link.id, *link.names)}:
            yield "a link", link.names[-1] if link.names else link.id, lambda link=link: link_lines(link, page)
    for kind in error_classes():
        if kind.code == name:
            yield "an error", name, lambda kind=kind: _block(kind.code, [("means", kind.explanation), ("exit status", str(kind.exit_status))], page)
    if name in FUNCTIONS and distribution is None:
        yield "a function", name, lambda: _block(FUNCTIONS[name].signature, [("is", "a function of the input language")], page)
