"""From an assumption to a model: what is data, what is learned, what is fixed, and where each symbol lives."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from lossproof.domains import POSITIVE, REALS, UNIT, is_vector, is_within, signs
from lossproof.errors import (
    CycleError,
    DomainError,
    DuplicateError,
    KindError,
    NothingToLearnError,
    UnknownNameError,
)
from lossproof.facts import Algebra, Prover, Symbol, propositions
from lossproof.reading import (
    Reading,
    base_name,
    check_definition,
    read_distribution,
    read_expression,
    unknown_distribution,
)
from lossproof.rulebook import Rulebook
from lossproof.syntax import canonical, parse_assumption, parse_conditions, split_subscript
from lossproof.syntax.assumption import Assumption, Define, Tilde
from lossproof.terms import ONE, ZERO, Term, add, domain, fn, neg, postorder, substitute, sym, symbols

_COVARIATE: Final = re.compile(r"x(_\d+)?\Z")
_WORD: Final = re.compile(r"\s*[A-Za-z][\w -]{2,60}\Z")
NATURALS: Final = domain("naturals")


@dataclass(frozen=True, slots=True)
class Model:
    """An assumption, understood.

    ``likelihoods`` and ``priors`` are pairs of a variate's term and its distribution's term; ``hypotheses`` are
    propositions with their origin: ``where``, ``support`` or ``domain``.
    """

    text: str
    likelihoods: tuple[tuple[Term, Term], ...]
    priors: tuple[tuple[Term, Term], ...]
    symbols: dict[str, Symbol]
    hypotheses: tuple[tuple[Term, str], ...]
    definitions: tuple[tuple[str, Term], ...] = ()
    density: Term | None = None
    notes: tuple[str, ...] = ()

    @property
    def parameters(self) -> list[str]:
        """The names that are learned."""
        return sorted(n for n, s in self.symbols.items() if s.role == "parameter")


def read_model(
    text: str,
    *,
    book: Rulebook | None = None,
    free: Iterable[str] = (),
    fix: Iterable[str] = (),
    fixed: Iterable[object] = (),
    where: str = "",
) -> Model:
    """The model of an assumption, or of a family's name alone.

    ``free`` and ``fix`` change roles; ``fixed`` and ``where`` add to the text's own. Raises a LossproofError that says what cannot be used and where.
    """
    book = book or Rulebook.default()
    family = book.find_distribution(text.strip()) if len(text) < 100 else None
    if family is None and _WORD.match(text):
        raise unknown_distribution(text.strip(), book, text, (0, len(text)))
    if family is not None:
        if family.default is None:
            raise KindError(f"{family.title} takes a distribution: it has no default assumption", hint=family.convention)
        text = family.default
    source = parse_assumption(text)
    if where:
        source = replace(source, conditions=(*source.conditions, *parse_conditions(where)))
    reading = Reading(book, source)
    roles = _roles(source)
    fix = [*fix, *map(str, fixed)]
    tildes = [s for s in source.statements if isinstance(s, Tilde)]
    if not tildes:
        raise KindError("there is no distribution in this assumption", text=text, span=(0, len(text)), hint="y ~ Normal(mu, sigma)")
    first = base_name(tildes[0].name)
    reading.data = {first} | {n for n, r in roles.items() if r == "data"}
    define(reading)
    likelihoods: list[tuple[Term, Term]] = []
    priors: list[tuple[Term, Term]] = []
    seen: set[str] = set()
    for tilde in tildes:
        name = base_name(tilde.name) if base_name(tilde.name) in reading.data else tilde.name
        if name in seen:
            raise DuplicateError(f"{tilde.name} has two distributions", text=text, span=tilde.span)
        seen.add(name)
        variate = sym(name)
        distribution = read_distribution(reading, tilde.distribution, variate)
        if variate in postorder(distribution):
            raise CycleError(f"{tilde.name} stands on the right of its own ~", text=text, span=tilde.span)
        (likelihoods if name in reading.data else priors).append((variate, distribution))
    return finish_model(reading, roles, likelihoods, priors, set(map(canonical, free)), set(map(canonical, fix)))


def _roles(source: Assumption) -> dict[str, str]:
    roles: dict[str, str] = {}
    for role in source.roles:
        if roles.setdefault(role.name, role.role) != role.role:
            raise DuplicateError(f"{role.name} is declared both fixed and data", text=source.text, span=role.span)
    return roles


def define(reading: Reading) -> None:
    """Resolve the definitions, innermost first."""
    source = reading.source
    raw: dict[str, Define] = {}
    for s in source.statements:
        if isinstance(s, Define):
            if s.name in raw:
                raise DuplicateError(f"{s.name} is defined twice", text=source.text, span=s.span)
            raw[s.name] = s
    done: dict[str, Term] = {}
    waiting = {n: symbols(d.expression) & raw.keys() for n, d in raw.items()}
    while waiting:
        ready = [n for n, needs in waiting.items() if needs <= done.keys()]
        if not ready:
            name = next(iter(waiting))
            raise CycleError(f"{name} is defined by itself", text=source.text, span=raw[name].span)
        for name in ready:
            done[name] = substitute(raw[name].expression, {sym(n): done[n] for n in waiting.pop(name)})
            check_definition(done[name])
    reading.definitions = done


# -- symbols


def finish_model(
    reading: Reading,
    roles: dict[str, str],
    likelihoods: list[tuple[Term, Term]],
    priors: list[tuple[Term, Term]],
    free: set[str],
    fix: set[str],
    density: Term | None = None,
) -> Model:
    source, text = reading.source, reading.source.text
    used = {n for pair in (*likelihoods, *priors) for t in pair for n in symbols(t)}
    if density is not None:
        used |= symbols(density)
    in_model = {n for _, d in (*likelihoods, *priors) for n in symbols(d)}
    for variate, _ in priors:
        if str(variate.value) not in in_model:
            raise UnknownNameError(f"the prior on {variate.value} is about a name that occurs nowhere", text=text,
                                   span=next(s.span for s in source.statements if s.name == variate.value), nearest=sorted(in_model))  # fmt: skip
    conditions = conditions_of(reading)
    dimensions = {n for d in reading.domains.of.values() for n in symbols(d)} | {
        n for slot in reading.slots for n in symbols(slot.domain)
    }
    used |= dimensions
    _check_names(reading, roles, used, free | fix)
    for name, role in list(roles.items()):
        if role == "fixed" and name in free:
            del roles[name]
    roles.update(dict.fromkeys(fix, "fixed"))
    shared = _shared_by_priors(priors)
    notes: list[str] = []
    table: dict[str, Symbol] = {}
    for name in sorted(used):
        role = _role(name, roles, reading.data, dimensions, free)
        if role == "data" and name not in reading.data and roles.get(name) != "data":
            notes.append(f"{name} is read as data: it varies with the sample")
        if name in fix and name in reading.data:
            raise DuplicateError(f"{name} is the data: it cannot be fixed", text=text, span=(0, len(text)))
        where = reading.domains.of.get(name, NATURALS if name in dimensions else REALS)
        is_dimension = name in dimensions and name not in reading.domains.of
        covariate = role != "parameter" and _COVARIATE.match(name) is not None
        indexed = role == "data" or covariate or split_subscript(name)[1] == "i" or (role == "parameter" and name not in shared)
        table[name] = Symbol(name, role, where, shape_of(where), indexed and not is_dimension)
    hypotheses = hypotheses_of(reading, table, conditions, dimensions - reading.domains.of.keys())
    if not any(s.role == "parameter" for s in table.values()):
        raise NothingToLearnError("every name is data or fixed: there is nothing to learn", text=text, span=(0, len(text)),
                                  hint="leave the name that is learned out of `with ... fixed`, or use --free NAME")  # fmt: skip
    _check_priors(source, priors, table)
    definitions = tuple(reading.definitions.items())
    shown = _restated(source, free, fix) if (free or fix) and density is None else text
    return Model(shown, tuple(likelihoods), tuple(priors), table, tuple(hypotheses), definitions, density, tuple(notes))


def _shared_by_priors(priors: list[tuple[Term, Term]]) -> set[str]:
    """The parameters with a prior, and those of their priors: one value for all samples, unless written with _i."""
    found: set[str] = set()
    for variate, distribution in priors:
        if split_subscript(str(variate.value))[1] != "i":
            found |= {str(variate.value)} | symbols(distribution)
    return found


def _role(name: str, roles: Mapping[str, str], data: set[str], dimensions: set[str], free: set[str]) -> str:
    if name in data:
        return "data"
    if name in roles:
        return roles[name]
    if name in dimensions:
        return "fixed"
    if _COVARIATE.match(name) and name not in free:
        return "data"
    return "parameter"


def is_covariate(name: str) -> bool:
    """Whether a name is x or x_1, x_2, ..., which vary with the sample."""
    return _COVARIATE.match(name) is not None


def shape_of(where: Term) -> str:
    """The shape of a domain's members: scalar, the length of a vector, or the sizes of a matrix."""
    if is_vector(where):
        return where.args[-1].ascii()
    if where.op == "posdef":
        size = where.args[0].ascii()
        return f"{size} x {size}"
    return "scalar"


def _check_names(reading: Reading, roles: Mapping[str, str], used: set[str], changed: set[str]) -> None:
    source = reading.source
    spans = {r.name: r.span for r in source.roles}
    known = used | reading.definitions.keys()
    for name in [*roles, *sorted(changed)]:
        if name in reading.definitions:
            raise DuplicateError(f"{name} is defined by an equation: it has no role of its own", text=source.text, span=spans.get(name, (0, 0)))
        if name not in known and base_name(name) not in reading.data:
            close = difflib.get_close_matches(name, sorted(known), n=3, cutoff=0.3)
            raise UnknownNameError(f"{name} does not occur in the assumption", text=source.text,
                                   span=spans.get(name, (0, len(source.text))), nearest=close or sorted(known))  # fmt: skip


def _check_priors(source: Assumption, priors: list[tuple[Term, Term]], table: Mapping[str, Symbol]) -> None:
    """Raise DomainError for the prior of a shared parameter whose arguments vary with the sample."""
    for variate, distribution in priors:
        late = sorted(n for n in symbols(distribution) if table[n].indexed)
        if late and not table[str(variate.value)].indexed:
            span = next(s.span for s in source.statements if s.name == variate.value)
            raise DomainError(f"{late[0]} varies with the sample, but {variate.value} is one value for all samples",
                              text=source.text, span=span, hint=f"write {variate.value}_i for one of each sample")  # fmt: skip


def _restated(source: Assumption, free: set[str], fix: set[str]) -> str:
    """The assumption's text with its roles as they were changed."""
    text = source.text
    start = text.rfind("with", 0, source.roles[0].span[0]) if source.roles else -1
    end = text.rfind("where", 0, source.conditions[0].span[0]) if source.conditions else len(text)
    head = text[: start if start >= 0 else end].rstrip()
    fixed = [r.name for r in source.roles if r.role == "fixed" and r.name not in free]
    fixed += sorted(fix - set(fixed))
    data = [r.name for r in source.roles if r.role == "data"]
    roles = [f"{', '.join(names)} {role}" for names, role in ((fixed, "fixed"), (data, "data")) if names]
    return " ".join(p for p in (head, "with " + ", ".join(roles) if roles else "", text[end:]) if p)


def conditions_of(reading: Reading) -> list[Term]:
    """The user's conditions: a sign or domain of one symbol is its domain, the rest are hypotheses."""
    kept: list[Term] = []
    for condition in reading.source.conditions:
        parts = [read_expression(reading, p) for p in propositions(condition.term)]
        names = {p.args[0] for p in parts if p.op == "gt" and p.args[0].op == "sym"}
        for p in parts:
            member = p.args[0] if p.args else p
            below = p.op == "gt" and p.args[0].op == "add" and len(p.args[0].args) == 2 and p.args[0].args[0] is ONE and p.args[0].args[1].op == "neg"
            if p.op == "in" and member.op == "sym":
                _refine(reading, str(member.value), p.args[1], condition.span)
            elif p.op == "gt" and member.op == "sym":
                _refine(reading, str(member.value), POSITIVE, condition.span)
            elif below and p.args[0].args[1].args[0] in names:
                _refine(reading, str(p.args[0].args[1].args[0].value), UNIT, condition.span)
            else:
                kept.append(p)
    return kept


def _refine(reading: Reading, name: str, where: Term, span: tuple[int, int]) -> None:
    known = reading.domains.of.get(name)
    if known is not None and known.op == "domain" and where.op == "domain" and not (is_within(where, known) or is_within(known, where)):
        reading.domains.extra.extend(signs(sym(name), where))
        return
    if known is not None and is_vector(known) != is_vector(where):
        raise DomainError(f"{name} has the domain {known.ascii()} from where it stands", text=reading.source.text, span=span)
    reading.domains.meet(name, where)


def hypotheses_of(reading: Reading, table: Mapping[str, Symbol], conditions: list[Term], dimensions: set[str]) -> list[tuple[Term, str]]:
    """What holds by assumption: the user's conditions, what slots demand and no rule shows, and fixed supports."""
    found: list[tuple[Term, str]] = [(p, "where") for p in conditions]
    prover = Prover(table, (), reading.book.facts, Algebra())
    for p in conditions:
        if _is_false(prover, p):
            raise DomainError("this condition never holds", text=reading.source.text, span=_span_of(reading, p))
    found += [(p, "domain") for p in reading.domains.extra]
    for name in sorted(dimensions):
        found.append((fn("ge", add(sym(name), neg(ONE)), ZERO), "domain"))
    for p, _ in found:
        prover.assume(p)
    for d in _denominators(slot.argument for slot in reading.slots):
        p = fn("ne", d, ZERO)
        if prover.prove(p) is None:
            found.append((p, "domain"))
            prover.assume(p)
    for argument, where, text in reading.slots:
        for p in membership(argument, where):
            if prover.prove(p) is None:
                _refuse_false(prover, p, argument, where, text)
                found.append((p, "domain"))
                prover.assume(p)
    for conjunct in reading.support:
        for p in propositions(conjunct):
            if prover.prove(p) is None and (prover.is_free(p) or not symbols(p) & reading.data):
                _refuse_false(prover, p, p, REALS, reading.source.text)
                found.append((p, "support" if symbols(p) & reading.data else "domain"))
                prover.assume(p)
    return found


def _is_false(prover: Prover, p: Term) -> bool:
    """Whether the opposite of a proposition is shown; what has no symbols may also be false by its value."""
    if not symbols(p) and prover.is_refuted(p):
        return True
    opposite = {"gt": "ge", "ge": "gt", "ne": "eq", "eq": "ne"}.get(p.op)
    return opposite is not None and prover.holds(opposite, neg(p.args[0]) if p.op in ("gt", "ge") else p.args[0])


def membership(argument: Term, where: Term) -> list[Term]:
    """The propositions that say that an argument lies in a domain, in the form in which they are of use."""
    return [fn("in", argument, where)] if argument.op == "sym" else signs(argument, where)


def _denominators(arguments: Iterable[Term]) -> list[Term]:
    found: dict[Term, None] = {}
    for t in postorder(*arguments):
        if t.op == "div" and t.args[1].op not in ("num", "const"):
            found[t.args[1]] = None
    return list(found)


def _span_of(reading: Reading, proposition: Term) -> tuple[int, int]:
    for condition in reading.source.conditions:
        if proposition in [read_expression(reading, p) for p in propositions(condition.term)]:
            return condition.span
    return 0, len(reading.source.text)


def _refuse_false(prover: Prover, p: Term, argument: Term, where: Term, text: str) -> None:
    if prover.algebra.constant(p.args[0]) is None and not _is_false(prover, p):
        return
    shown = argument.ascii()
    place = text.find(shown)
    span = (place, place + len(shown)) if place >= 0 else (0, len(text))
    what = f"{shown} does not hold" if argument is p else f"{shown} is not in the domain {where.ascii()} of the argument"
    raise DomainError(what, text=text, span=span,
                      hint="give a value in the domain, or a name")  # fmt: skip

