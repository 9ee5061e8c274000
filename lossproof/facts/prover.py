"""The prover that discharges side conditions: true with a reason, or unknown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from lossproof.facts.algebra import ARITHMETIC, Algebra, Rational
from lossproof.facts.index import FactIndex, Ready
from lossproof.facts.points import Points
from lossproof.facts.rule import Symbol, is_proposition, propositions
from lossproof.terms import ZERO, Term, add, contains, domain, fn, make
from lossproof.terms.pattern import Bindings, filler_of, index_names, instantiate, match, metavariables, sequence_length

#: How deep a chain of reasons may get, and how many of its propositions may fail, before the answer is unknown.
DEPTH: Final = 120
WORK: Final = 3000


#: Heads of terms whose sign is not read off their parts: there it pays to look for a point before a proof.
_TELLING: Final = frozenset({"add", "neg", "sym"})
_REALS: Final = domain("reals")


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
        self._kinds: set[tuple[str, object]] = set()
        self._points: Points | None = None
        for h in hypotheses:
            self.assume(h)

    def assume(self, proposition: Term) -> None:
        """Add a hypothesis. What was proved stays proved; what was unknown is asked again."""
        self._by_form.setdefault(self._form(proposition), proposition)
        self._kinds.add(_kind_key(proposition))
        if self._points is not None:
            self._points.assume(proposition)
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
        known = self._trait_memo.get(term)
        return not (known or self._traits(term))[0]

    def is_shared(self, term: Term) -> bool:
        """Whether nothing that varies with the sample occurs in the term."""
        return not self._traits(term)[1]

    # -- how a proposition may hold

    def _search(self, p: Term) -> Fact | None:
        op = p.op
        if op in ("free", "shared", "without", "ranges"):
            return Fact(p, "syntax", {}, ()) if self._by_syntax(p) else None
        if op not in ("gt", "ge", "ne", "eq", "in"):
            return None
        term = p.args[0]
        if term.op == "sym":
            symbol = self.symbols.get(str(term.value))
            if op == "in" and symbol is not None and symbol.domain is p.args[1]:
                return Fact(p, "domain", {}, ())
        else:
            decided = self._by_number(p)
            if decided is not None:
                return Fact(p, "number", {}, ()) if decided else None
        fact = self._by_hypothesis(p)
        if fact is not None:
            return fact
        if term.op in _TELLING and p.args[1] is not _REALS and self.is_refuted(p):
            return None
        return self._by_records(p) or self._by_algebra(p)

    def is_refuted(self, p: Term) -> bool:
        """Whether there is no use in a search: the proposition is false at a point that the hypotheses admit."""
        if self._points is None:
            self._points = Points(self.symbols, self._by_form.values())
        return self._points.refute(p)

    def _by_syntax(self, p: Term) -> bool:
        if p.op == "free":
            return self.is_free(p.args[0])
        if p.op == "shared":
            return self.is_shared(p.args[0])
        if p.op == "ranges":
            return self._is_variable(p.args[0]) and self.symbols[str(p.args[0].value)].domain is p.args[1]
        if self._is_variable(p.args[1]):
            return not contains(p.args[0], p.args[1])
        return p.args[1].op == "bound" and str(p.args[1].value) not in index_names(p.args[0])

    def _is_variable(self, t: Term) -> bool:
        """Whether a term is what an expectation is taken over."""
        symbol = self.symbols.get(str(t.value)) if t.op == "sym" else None
        return symbol is not None and symbol.role == "variable"

    def _by_number(self, p: Term) -> bool | None:
        """Whether a proposition about a rational constant holds; None if it is about none, or that is not known."""
        if _varies(p.args[0]):
            return None
        q = self.algebra.constant(p.args[0])
        if q is None:
            return None
        if p.op != "in":
            return compare(p.op, q)
        return True if in_domain(q, p.args[1]) else None

    def _by_hypothesis(self, p: Term) -> Fact | None:
        if not self._kinds or _kind_key(p) not in self._kinds:
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
        for ready in self._index.ready(p, symbol.domain if symbol is not None else None):
            bindings: Bindings = {}
            if ready.match(p, bindings):
                fact = self._apply(ready, p, bindings)
                if fact is not None:
                    return fact
        return None

    def _apply(self, ready: Ready, p: Term, bindings: Bindings) -> Fact | None:
        for v in bindings.values():  # facts speak of real numbers
            if any(a.is_infinite for a in v) if type(v) is tuple else v.is_infinite:  # type: ignore[union-attr]
                return None
        premises: list[Fact] = []
        for given, fill in ready.given:
            if fill is not None:
                fact = self.prove(fill(bindings, None))
                if fact is None:
                    return None
                premises.append(fact)
                continue
            for premise in self._instances(given, bindings):
                fact = self.prove(premise) if premise is not None else None
                if fact is None:
                    return None
                premises.append(fact)
        return Fact(p, ready.id, bindings, tuple(premises))

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
        found = memo.get(root)
        if found is not None:
            return found
        stack = [root]
        while stack:
            t = stack[-1]
            if t in memo:
                stack.pop()
                continue
            learned = varies = False
            ready = True
            for a in t.args:
                found = memo.get(a)
                if found is None:
                    stack.append(a)
                    ready = False
                else:
                    learned |= found[0]
                    varies |= found[1]
            if not ready:
                continue
            stack.pop()
            if t.op == "sym":
                s = self.symbols.get(str(t.value))
                # A name that is not declared counts as everything.
                learned, varies = s is None or s.role == "parameter", s is None or s.indexed
            memo[t] = (learned, varies)
        return memo[root]


def _varies(term: Term) -> bool:
    """Whether a term is seen to have no constant normal form; one of which that is not plain has to be computed."""
    while term.op in ARITHMETIC:
        op, args = term.op, term.args
        if op == "neg" or (op in ("div", "pow") and args[1].op == "num" and args[1].value):
            term = args[0]
        elif op == "div" and args[0].op == "num" and args[0].value:
            term = args[1]
        elif op == "mul":
            return _is_monomial(term)
        else:
            return op == "add" and _is_difference(args)
    return True


def _is_monomial(product: Term) -> bool:
    """Whether factors other than numbers are there, and none of them can cancel another."""
    varies = False
    stack = list(product.args)
    while stack:
        t = stack.pop()
        if t.op in ("mul", "neg"):
            stack.extend(t.args)
        elif t.op == "pow":
            if t.args[1].op != "num" or t.args[1].value <= 0:  # type: ignore[operator]
                return False
            stack.append(t.args[0])
        elif t.op == "num":
            if not t.value:
                return False
        elif t.op in ARITHMETIC:
            return False
        else:
            varies = True
    return varies


def _is_difference(terms: tuple[Term, ...]) -> bool:
    """Whether a sum is one of two different symbols, or of a symbol and a number, with or without a minus."""
    if len(terms) != 2:
        return False
    first, second = [a.args[0] if a.op == "neg" else a for a in terms]
    return first is not second and first.op in ("sym", "num") and second.op in ("sym", "num") and first.op + second.op != "numnum"


def _kind_key(p: Term) -> tuple[str, object]:
    """What a proposition and its hypothesis have in common whatever their terms."""
    return (p.op, (p.args[1].op, p.args[1].value)) if p.op == "in" else (p.op, None)


def instances(condition: Term, bindings: Bindings) -> Sequence[Term]:
    """The propositions that a condition asks for; one over a sequence is asked for each operand. Raises KeyError if a metavariable is not bound."""
    names = []
    for n in metavariables(condition):
        if type(bindings.get(n)) is tuple:
            names.append(n)
    if condition.op == "and":
        return [p for part in condition.args for p in instances(part, bindings)]
    if not names:
        found = filler_of(condition)(bindings, None)
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
    if op == "gt":
        return q > 0
    if op == "ge":
        return q >= 0
    return q != 0 if op == "ne" else q == 0


def in_domain(q: Rational, domain: Term) -> bool:
    """Whether a rational is known to lie in a domain."""
    if domain.op == "set":
        return any(a.op == "num" and a.value == q for a in domain.args)
    if domain.op != "domain":
        return False
    whole = q.denominator == 1
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
