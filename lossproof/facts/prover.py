"""The prover that discharges side conditions: true with a reason, or unknown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Final

from lossproof.facts.algebra import Algebra, Rational
from lossproof.facts.rule import FactRule, Symbol, is_proposition, propositions
from lossproof.terms import ZERO, Term, add, fn, make
from lossproof.terms.pattern import Bindings, index_names, instantiate, match, metavariables, sequence_length

#: How deep a chain of reasons may get, and how many of its propositions may fail, before the answer is unknown.
DEPTH: Final = 120
WORK: Final = 3000


class Fact:
    """A proposition with the reason that it holds. Only a prover makes facts."""

    __slots__ = ("bindings", "premises", "proposition", "rule")

    def __init__(self, proposition: Term, rule: str, bindings: Bindings, premises: tuple[Fact, ...]) -> None:
        self.proposition = proposition
        self.rule = rule
        self.bindings = bindings
        self.premises = premises


class Prover:
    """Proves propositions from symbols' domains, hypotheses and the rulebook's facts.

    Answers are remembered. None means unknown, never false.
    """

    def __init__(
        self, symbols: Mapping[str, Symbol], hypotheses: Iterable[Term], rules: FactIndex, algebra: Algebra
    ) -> None:
        self.symbols = symbols
        self.algebra = algebra
        self._index = rules
        self._memo: dict[Term, Fact] = {}
        self._unknown: set[Term] = set()
        self._trait_memo: dict[Term, tuple[bool, bool]] = {}
        self._active: set[Term] = set()
        self._cuts = self._work = 0
        sizes = {s.domain.args[-1]: None for s in symbols.values() if s.domain.args and s.domain.op != "set"}
        self.dimensions = sorted(sizes, key=algebra.order_key)
        self._by_form: dict[tuple[object, ...], Term] = {}
        for h in hypotheses:
            self.assume(h)

    def assume(self, proposition: Term) -> None:
        """Add a hypothesis. What was proved stays proved; what was unknown is asked again."""
        self._by_form.setdefault(self._form(proposition), proposition)
        self._unknown.clear()

    def prove(self, proposition: Term) -> Fact | None:
        """The proposition's fact, or None if it is not known to hold."""
        known = self._memo.get(proposition)
        if known is not None or proposition in self._unknown:
            return known
        if proposition in self._active or len(self._active) > DEPTH or self._work > WORK:
            self._cuts += 1
            return None
        cuts = self._cuts
        self._active.add(proposition)
        fact = self._search(proposition)
        self._active.discard(proposition)
        self._work += fact is None
        if fact is not None:
            self._memo[proposition] = fact
        elif cuts == self._cuts:
            self._unknown.add(proposition)
        if not self._active:
            self._cuts = self._work = 0
        return fact

    def holds(self, op: str, term: Term) -> bool:
        """Whether ``term op 0`` is provable; op is gt, ge, ne or eq."""
        return self.prove(fn(op, term, ZERO)) is not None

    def is_free(self, term: Term) -> bool:
        """Whether no parameter occurs in the term."""
        return not self._traits(term)[0]

    def is_shared(self, term: Term) -> bool:
        """Whether nothing that varies with the sample occurs in the term."""
        return not self._traits(term)[1]

    # -- how a proposition may hold

    def _search(self, p: Term) -> Fact | None:
        op = p.op
        if op in ("free", "shared", "without"):
            return Fact(p, "syntax", {}, ()) if self._by_syntax(p) else None
        if op not in ("gt", "ge", "ne", "eq", "in"):
            return None
        if self._by_number(p):
            return Fact(p, "number", {}, ())
        if op == "in" and p.args[0].op == "sym":
            symbol = self.symbols.get(str(p.args[0].value))
            if symbol is not None and symbol.domain is p.args[1]:
                return Fact(p, "domain", {}, ())
        return self._by_hypothesis(p) or self._by_records(p) or self._by_algebra(p)

    def _by_syntax(self, p: Term) -> bool:
        if p.op == "free":
            return self.is_free(p.args[0])
        if p.op == "shared":
            return self.is_shared(p.args[0])
        return str(p.args[1].value) not in index_names(p.args[0])

    def _by_number(self, p: Term) -> bool:
        if p.args[0].op == "sym":
            return False
        q = self.algebra.constant(p.args[0])
        if q is None:
            return False
        return in_domain(q, p.args[1]) if p.op == "in" else compare(p.op, q)

    def _by_hypothesis(self, p: Term) -> Fact | None:
        if not self._by_form:
            return None
        found = self._by_form.get(self._form(p))
        if found is None:
            return None
        fact = Fact(found, "hypothesis", {}, ())
        if found is p:
            return fact
        return None if p.is_infinite else Fact(p, "algebra", {}, (fact,))

    def _form(self, p: Term) -> tuple[object, ...]:
        return (p.op, *[self.algebra.canonical(a) for a in p.args])

    def _by_records(self, p: Term) -> Fact | None:
        term = p.args[0]
        symbol = self.symbols.get(str(term.value)) if term.op == "sym" else None
        for rule in self._index.candidates(p, symbol.domain if symbol is not None else None):
            bindings: Bindings = {}
            if match(rule.shows, p, bindings):
                fact = self._apply(rule, p, bindings)
                if fact is not None:
                    return fact
        return None

    def _apply(self, rule: FactRule, p: Term, bindings: Bindings) -> Fact | None:
        for v in bindings.values():  # facts speak of real numbers
            if any(a.is_infinite for a in v) if type(v) is tuple else v.is_infinite:  # type: ignore[union-attr]
                return None
        premises: list[Fact] = []
        for given in rule.given:
            for premise in self._instances(given, bindings):
                fact = self.prove(premise) if premise is not None else None
                if fact is None:
                    return None
                premises.append(fact)
        return Fact(p, rule.id, bindings, tuple(premises))

    def _instances(self, given: Term, bindings: Bindings) -> Sequence[Term | None]:
        try:
            return instances(given, bindings)
        except KeyError:
            # A metavariable that only the domain of a symbol can fix, as K in simplex(K).
            if given.op == "in":
                for size in self.dimensions:
                    found = dict(bindings)
                    if match(given.args[1].args[-1], size, found):
                        for premise in instances(given, found):
                            if self.prove(premise) is not None:
                                bindings.update(found)
                                return [premise]
            return [None]

    def _by_algebra(self, p: Term) -> Fact | None:
        term = p.args[0]
        if term.op == "sym" or p.is_infinite:
            return None
        for other in self._spellings(p.op, term):
            if other is not term:
                fact = self.prove(make(p.op, (other, *p.args[1:])))
                if fact is not None:
                    return Fact(p, "algebra", {}, (fact,))
        return None

    def _spellings(self, op: str, term: Term) -> Iterator[Term]:
        """Other ways to write a term in which a rule may see its sign."""
        yield self.algebra.canonical(term)
        if term.op != "add":
            return
        yield self.algebra.factored(term)
        if op in ("gt", "ge"):
            yield from self._beside_hypotheses(term)
            yield from self._by_sign(term)

    def _beside_hypotheses(self, term: Term) -> Iterator[Term]:
        """n - y + β as (n - y) + β where n - y >= 0 is a hypothesis."""
        mine = self.algebra.poly(term)
        for h in self._by_form.values():
            if h.op not in ("gt", "ge"):
                continue
            other = self.algebra.poly(h.args[0])
            if all(mine.get(m) == q for m, q in other.items() if m) and any(other):
                rest = {m: q for m, q in mine.items() if m and m not in other}
                left = mine.get((), 0) - other.get((), 0)
                if left:
                    rest[()] = left
                if not rest or len(rest) >= len(mine):
                    continue
                yield make("add", (h.args[0], self.algebra.from_poly(rest)))

    def _by_sign(self, term: Term) -> Iterator[Term]:
        """A longer sum as its positive terms plus its non-negative ones."""
        if len(term.args) < 3:
            return
        positive = [a for a in term.args if self.holds("gt", a)]
        found = set(positive)
        others = [a for a in term.args if a not in found]
        if positive and others:
            yield make("add", (add(*positive), add(*others)))

    def _traits(self, root: Term) -> tuple[bool, bool]:
        memo = self._trait_memo
        if root in memo:
            return memo[root]
        stack = [root]
        while stack:
            t = stack[-1]
            if t in memo:
                stack.pop()
                continue
            pending = [a for a in t.args if a not in memo]
            if pending:
                stack.extend(pending)
                continue
            stack.pop()
            if t.op == "sym":
                s = self.symbols.get(str(t.value))
                # A name that is not declared counts as everything.
                memo[t] = (s is None or s.role == "parameter", s is None or s.indexed)
            else:
                parts = [memo[a] for a in t.args]
                memo[t] = (any(x for x, _ in parts), any(x for _, x in parts))
        return memo[root]


class FactIndex:
    """The rulebook's facts, by the proposition's operator, the domain it names, and the head of what it speaks of.

    ``ids`` are lists of ids by :meth:`key_of`; ``build`` gives a rule by its id, when it is first needed.
    """

    def __init__(self, ids: Mapping[str, list[str]], build: Callable[[str], FactRule]) -> None:
        self._ids = ids
        self._build = build
        self._candidates: dict[tuple[str, str, str], list[FactRule]] = {}

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


def _kind(p: Term) -> str:
    return f"in {_domain_key(p.args[1])}" if p.op == "in" else p.op


def _domain_key(domain: Term) -> str:
    return str(domain.value) if domain.op == "domain" else domain.op


def instances(condition: Term, bindings: Bindings) -> Sequence[Term]:
    """The propositions that a condition asks for; one over a sequence is asked for each operand. Raises KeyError if a metavariable is not bound."""
    if condition.op == "and":
        return [p for part in condition.args for p in instances(part, bindings)]
    names = [n for n in metavariables(condition) if type(bindings.get(n)) is tuple]
    if not names:
        found = instantiate(condition, bindings)
        return (found,) if is_proposition(found) else propositions(found)
    rows: list[Term] = []
    for i in range(sequence_length(condition, bindings)):
        one: Bindings = {}
        for n, v in bindings.items():
            one[n] = v[i] if isinstance(v, tuple) and n in names else v
        rows.extend(propositions(instantiate(condition, one)))
    return rows


def compare(op: str, q: Rational) -> bool:
    """Whether a rational stands in the relation to 0."""
    return {"gt": q > 0, "ge": q >= 0, "ne": q != 0, "eq": q == 0}[op]


def in_domain(q: Rational, domain: Term) -> bool:
    """Whether a rational is known to lie in a domain."""
    if domain.op == "set":
        return any(a.op == "num" and a.value == q for a in domain.args)
    if domain.op != "domain":
        return False
    whole = Fraction(q).denominator == 1
    tests = {
        "reals": True,
        "positive": q > 0,
        "nonnegative": q >= 0,
        "unit": 0 < q < 1,
        "unit_closed": 0 <= q <= 1,
        "integers": whole,
        "naturals": whole and q >= 0,
    }
    return tests.get(str(domain.value), False)
