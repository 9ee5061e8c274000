"""The rulebook's facts, found by the shape of what is to be shown, and compiled when they are first used."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from lossproof.facts.rule import FactRule, is_proposition
from lossproof.terms import Term
from lossproof.terms.pattern import Filler, Matcher, filler_of, matcher_of, metavariables, sequence_names


class FactIndex:
    """The rulebook's facts, by the proposition's operator, the domain it names, and the head of what it speaks of.

    ``ids`` are lists of ids by :meth:`key_of`; ``build`` gives a rule by its id, when it is first needed.
    """

    def __init__(self, ids: Mapping[str, list[str]], build: Callable[[str], FactRule]) -> None:
        self._ids = ids
        self._build = build
        self._candidates: dict[tuple[str, str, str], list[FactRule]] = {}
        self._ready: dict[tuple[object, ...], list[Ready]] = {}
        self._compiled: dict[str, Ready] = {}

    @staticmethod
    def of(rules: Iterable[FactRule]) -> FactIndex:
        """An index of rules that are built already."""
        known = {r.id: r for r in rules}
        ids: dict[str, list[str]] = {}
        for id in sorted(known):
            ids.setdefault(FactIndex.key_of(known[id]), []).append(id)
        return FactIndex(ids, known.__getitem__)

    @staticmethod
    def key_of(rule: FactRule) -> str:
        """Where a rule stands in the index."""
        kind, head = _kind(rule.shows), rule.shows.args[0].op
        if rule.of_symbols:
            where = _domain_key(rule.given[0].args[1]) if rule.given[0].op == "in" else "*"
            return f"{kind}|sym|{where}"
        return f"{kind}|{'*' if head == 'sym' else head}"

    def candidates(self, p: Term, where: Term | None) -> list[FactRule]:
        """Rules that may show the proposition, the specific ones first; ``where`` is the domain of a symbol."""
        key = (_kind(p), p.args[0].op, "" if where is None else _domain_key(where))
        found = self._candidates.get(key)
        if found is None:
            kind, head, domain = key
            keys = [f"{kind}|{head}"] if head != "sym" else []
            if where is not None:
                keys += [f"{kind}|sym|{domain}", f"{kind}|sym|*"]
            found = self._candidates[key] = [self._build(i) for k in (*keys, f"{kind}|*") for i in self._ids.get(k, ())]
        return found


    def ready(self, p: Term, where: Term | None) -> list[Ready]:
        """The candidates whose pattern has the proposition's shape two levels down, ready to be used."""
        head, other = p.args[0], p.args[1]
        below = head.args
        size = len(below)
        first, second = below[0].op if size else "", below[1].op if size > 1 else ""
        domain = None if where is None else (where.op, where.value)
        key = (p.op, other.op, other.value, head.op, size if size < 3 else 3, first, second, domain)
        found = self._ready.get(key)
        if found is None:
            found = self._ready[key] = [self._compile(r) for r in self.candidates(p, where) if _may_match(r.shows.args[0], head)]
        return found

    def _compile(self, rule: FactRule) -> Ready:
        found = self._compiled.get(rule.id)
        if found is None:
            found = self._compiled[rule.id] = Ready(rule)
        return found


def plan(conditions: tuple[Term, ...], pattern: Term) -> list[tuple[Term, Filler | None]]:
    """Conditions on what a pattern matched, each with how it is instantiated where it is plain: one proposition about bound terms, no sequences."""
    plain = metavariables(pattern).keys() - sequence_names(pattern)
    return [(c, filler_of(c) if is_proposition(c) and metavariables(c).keys() <= plain else None) for c in conditions]


class Ready:
    """A fact's record with what is compiled of it: how it matches, and how those of its premises are made that are plain."""

    __slots__ = ("given", "id", "match")

    def __init__(self, rule: FactRule) -> None:
        self.id = rule.id
        self.match: Matcher = matcher_of(rule.shows)
        self.given = plan(rule.given, rule.shows)


def _may_match(pattern: Term, term: Term) -> bool:
    """Whether a pattern and a term agree in their heads and in those of the first two arguments, and in how many there are up to two."""
    if pattern.op == "sym":
        return True
    wanted, given = pattern.args, term.args
    if pattern.op != term.op:
        return False
    if wanted and wanted[-1].op == "seq":
        if len(given) < len(wanted):
            return False
        wanted = wanted[:-1]
    elif min(len(wanted), 3) != min(len(given), 3):
        return False
    return all(w.op in ("sym", g.op) for w, g in zip(wanted[:2], given))  # noqa: B905


def _kind(p: Term) -> str:
    return f"in {_domain_key(p.args[1])}" if p.op == "in" else p.op


def _domain_key(domain: Term) -> str:
    return str(domain.value) if domain.op == "domain" else domain.op
