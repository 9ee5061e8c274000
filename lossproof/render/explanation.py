"""What ``explain`` prints: a record in words; of a rule where it is used, of a loss where it comes from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import partial
from typing import Any, Final

from lossproof.errors import LossproofError, UnknownNameError, error_classes
from lossproof.render.layout import columns, wrap_words
from lossproof.render.records import BUILT_IN, distribution_words, fact_words, read, rule_words
from lossproof.render.records import Rows as WordRows
from lossproof.render.text import Page, formula, table_of
from lossproof.render.words import RELATION_SIGNS, pretty_assumption, spoken, varying
from lossproof.rulebook import Distribution, Link, Loss, Rulebook
from lossproof.rulebook.naming import losses_named, plain_name
from lossproof.rulebook.theorems import NamedTheorem
from lossproof.syntax import FUNCTIONS, parse_expression, pretty, to_text
from lossproof.terms import Term

Rows = list[tuple[str, str]]
_SHOWN_FAMILIES: Final = 12


@dataclass(frozen=True, slots=True)
class Candidate:
    """Something that a name may mean: its kind, a name for it alone, and how to explain it."""

    kind: str
    name: str
    lines: Callable[[], list[str]]


def explained(name: str, book: Rulebook, page: Page) -> list[str]:
    """The lines that explain a name. Raises UnknownNameError with the nearest names."""
    found = list(candidates(name.strip(), book, page))
    if not found:
        raise UnknownNameError(
            f"nothing is called {name.strip()[:80]}", nearest=_nearest(name.strip(), book), hint="lossproof list --help"
        )
    lines = found[0].lines()
    for other in found[1:]:
        shown = f'"{other.name}"' if " " in other.name else other.name
        lines += ["", page.style(f"Also {other.kind}: lossproof explain {shown}", "dim")]
    return lines


def candidates(name: str, book: Rulebook, page: Page) -> Iterator[Candidate]:
    """What a name may mean, the likeliest first."""
    if name in book.rules:
        yield Candidate("a rule", name, partial(_rule, name, book, page))
    if name in book.fact_rules:
        yield Candidate("a fact", name, partial(_fact, name, book, page))
    distribution = book.find_distribution(name)
    if distribution is not None:
        yield Candidate("a distribution", distribution.names[0], partial(_distribution, distribution, book, page))
    losses = losses_named(name, book)
    for loss in losses:
        alone = sum(other.name == loss.name for other in losses) == 1
        yield Candidate("a loss", loss.name if alone else loss.id, partial(_loss, loss, book, page))
    for link in book.links.values():
        if plain_name(name) in {plain_name(n) for n in (link.id, *link.names)}:
            yield Candidate("a link", link.names[-1] if link.names else link.id, partial(_link, link, page))
    for theorem in book.theorems.values():
        if plain_name(name) in (plain_name(theorem.id), plain_name(theorem.title)):
            yield Candidate("a theorem", theorem.id, partial(_theorem, theorem, page))
    for kind in error_classes():
        if kind.code == name:
            yield Candidate("an error", name, partial(_error, kind, page))
    if name in BUILT_IN:
        yield Candidate("built in", name, partial(_built_in, name, page))
    if name in FUNCTIONS and distribution is None:
        yield Candidate("a function", name, partial(_function, name, book, page))


def _nearest(name: str, book: Rulebook) -> list[str]:
    spellings = {n.lower(): n for n in [
        *book.rules, *book.fact_rules, *BUILT_IN, *book.distribution_spellings, *book.losses, *book.links, *book.theorems,
        *[s.name for s in book.losses.values()], *[c.partition("(")[0] for s in book.losses.values() for c in s.code.values()],
    ]}  # fmt: skip
    return [spellings[n] for n in get_close_matches(name.lower()[:80], spellings, n=3, cutoff=0.6)]


def _block(head: str, note: str, rows: Rows, page: Page) -> list[str]:
    gap = page.width - columns(head) - columns(note)
    first = f"{page.style(head, 'bold')}{' ' * gap}{page.style(note, 'dim')}" if gap >= 2 else page.style(head, "bold")
    return [first, *table_of([(k, v) for k, v in rows if v], page)]


def _printed(rows: WordRows) -> Rows:
    return [(label, spoken(words, _term)) for label, words in rows]


def _term(term: Term) -> str:
    """A term as a record writes it, and a name as on paper."""
    return pretty(str(term.value)) if term.op == "sym" else to_text(term)


# -- rules and facts


def _rule(id: str, book: Rulebook, page: Page) -> list[str]:
    statement, rows = rule_words(id, book)
    shown = [*_printed(rows), ("used by", _used_by(id, book))]
    return [*_block(id, "rule", [], page), "", f"  {spoken(statement, to_text)}", "", *table_of(shown, page)]


def _built_in(id: str, page: Page) -> list[str]:
    return _block(id, "built in", [("says", BUILT_IN[id]), ("record", "none: the kernel and the checker compute it")], page)


def _used_by(id: str, book: Rulebook) -> str:
    """The families whose default derivation uses a rule, found by deriving them."""
    from lossproof.render.backwards import Backwards

    backwards = Backwards(book)
    found: list[str] = []
    total = 0
    for family in book.distribution_ids:
        default = book.distribution(family).default
        derivation = backwards.derived(default) if default is not None else None
        if derivation is None:
            continue
        total += 1
        if any(s.rule == id for s in derivation.proof.steps):
            found.append(family)
    if not found:
        return "no family's default derivation"
    shown = ", ".join(found[:_SHOWN_FAMILIES]) + (", ..." if len(found) > _SHOWN_FAMILIES else "")
    return f"{len(found)} of {total} families: {shown}"


def _fact(id: str, book: Rulebook, page: Page) -> list[str]:
    return _block(id, "fact", _printed(fact_words(id, book)[1]), page)


def _theorem(found: NamedTheorem, page: Page) -> list[str]:
    steps = [f"{s.left} {RELATION_SIGNS.get(s.relation, '≇')} {s.right}, learning {', '.join(s.roles.learn)}" for s in found.steps]
    rows: Rows = [
        ("says", found.says),
        ("along", " ⇔ ".join(found.nodes)),
        *[("shows", text) for text in found.shows],
        *[("step", pretty_assumption(text)) for text in steps],
        *[("reading", text) for text in found.reading],
        *[("practice", text) for text in found.practice],
        ("source", found.source),
        ("proof", f"lossproof prove {found.id}"),
    ]
    return _block(found.title, "theorem", rows, page)


# -- distributions, links, functions, errors


def _distribution(found: Distribution, book: Rulebook, page: Page) -> list[str]:
    return [*_block(found.title, "distribution", _printed(distribution_words(found)), page), *_default(found, book, page)]


def _default(found: Distribution, book: Rulebook, page: Page) -> list[str]:
    if found.default is None:
        return []
    from lossproof.derivation import derive

    try:
        derivation = derive(found.default, book=book)
    except LossproofError:
        return []
    rows: Rows = [
        ("assumes", pretty_assumption(found.default)),
        (
            "loss",
            f"{formula(derivation.loss, varying(derivation))}{'   ' + derivation.name if derivation.name else ''}",
        ),
    ]
    return ["", page.style(f"lossproof derive {found.id}", "head"), *table_of(rows, page)]


def _link(found: Link, page: Page) -> list[str]:
    rows: Rows = [
        ("formula", to_text(found.formula)),
        ("maps", f"{to_text(found.source_domain)} to {to_text(found.target_domain)}"),
        ("inverse", to_text(read(str(found.record["inverse"]))) if "inverse" in found.record else ""),
        ("names", ", ".join(found.names)),
        ("says", found.says),
        ("source", str(found.record.get("source", ""))),
    ]
    return _block(found.id, "link", rows, page)


def _error(kind: type[LossproofError], page: Page) -> list[str]:
    return _block(
        kind.code,
        "error",
        [("means", kind.explanation), ("status", f"the command exits with {kind.exit_status}")],
        page,
    )


def _function(name: str, book: Rulebook, page: Page) -> list[str]:
    function = FUNCTIONS[name]
    rules = [r.id for r in book.rules.values() if function.op in _operators(r.record)]
    return _block(function.signature, "function", [("rules", ", ".join(rules))], page)


def _operators(record: Mapping[str, Any]) -> set[str]:
    from lossproof.terms import postorder

    return {t.op for t in postorder(parse_expression(str(record["from"]), rule=True))}


# -- losses, backwards


def _loss(found: Loss, book: Rulebook, page: Page) -> list[str]:
    rows: Rows = [("formula", to_text(found.formula) if found.formula is not None else "")]
    rows += [(f"as {k}", v) for k, v in found.over_data.items()]
    if found.kind == "composite":
        parts = [book.losses[p].name for p in (found.data, *found.penalties) if p in book.losses]
        rows.append(("is", " + ".join(parts)))
    for library, code in found.code.items():
        factor = found.factor.get(library)
        rows.append((library.split("_")[0], code + (f"   = {to_text(read(factor))} · loss" if factor is not None else "")))
    rows += [("not for", found.not_for), ("note", str(found.record.get("notes", ""))), ("source", found.source)]
    return [
        *_block(found.name, "loss" if found.kind != "penalty" else "penalty", rows, page),
        "",
        *_sources(found, book, page),
    ]


def _sources(found: Loss, book: Rulebook, page: Page) -> list[str]:
    from lossproof.render.backwards import Backwards

    sources = Backwards(book).sources(found)
    if not sources:
        text = "No family leads to it by its own form, another choice of roles, a link or a prior. Other shapes were not tried."
        return wrap_words(text, page.width, page.width)
    lines = [page.style("Reached from", "head")]
    for source in sources:
        d = source.derivation
        names = varying(d)
        lines += [
            f"  {row}" for row in wrap_words(pretty_assumption(source.assumption), page.width - 2, page.width - 6)
        ]
        rows: Rows = [
            ("scale", formula(d.scale, names)),
            ("drops", ", ".join(formula(r.term, names) for r in d.ledger) or "nothing"),
        ]
        rows += [("or", f"{pretty(name)} learned as well: {to}") for name, to in source.changes]
        lines += [f"    {row}" for row in table_of(rows, Page(page.width - 4, page.color))]
    return lines


__all__ = ["Candidate", "candidates", "explained"]
