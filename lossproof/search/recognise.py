"""Which canonical loss a sum of terms is: records are matched up to order and sign; the kernel has the last word."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

from lossproof.facts import Algebra, Prover, Symbol
from lossproof.facts.algebra import Poly, Rational, ratio, reduce
from lossproof.rulebook import Loss, Rulebook
from lossproof.search.collect import Collector
from lossproof.search.display import Display, product_of
from lossproof.terms import ONE, Term, make, neg, num, postorder, substitute, sym, tree_size
from lossproof.terms.pattern import index_names

Found = dict[str, Term]
_Operand = tuple[Rational, list[Term]]  # a term of a sum as its rational factor and its other factors
_COMMUTATIVE = frozenset({"add", "mul"})
_MOST = 8  # operands of a sum or product that are tried in every order


@dataclass(frozen=True, slots=True, eq=False)
class Recognised:
    """A loss with what its variables stand for; the term is ``factor`` times the formula."""

    loss: Loss
    bindings: Found
    formula: Term
    factor: Rational


class Recogniser:
    """Finds the record of a canonical loss that a term equals up to a positive rational factor."""

    def __init__(self, book: Rulebook, prover: Prover, display: Display) -> None:
        self.book = book
        self.prover = prover
        self.display = display

    def recognise(self, term: Term, kind: str = "loss") -> Recognised | None:
        """The record with the most specific formula that the term equals, or None."""
        poly = self.display.poly(term)
        present = {t.op for t in postorder(term)}
        for record in self.book.loss_candidates(kind, present):
            formula = record.formula
            if formula is None:
                continue
            pattern = _expanded(self.book, record)
            if len(_operands(pattern)) != len(_operands(term)):
                continue
            for found in self._top(pattern, term, record.variables):
                if set(record.variables) <= found.keys():
                    instance = substitute(formula, {sym(n): t for n, t in found.items()})
                    factor = self._ratio(poly, instance)
                    if factor is not None:
                        return Recognised(record, found, instance, factor)
        return None

    def _ratio(self, poly: Poly, formula: Term) -> Rational | None:
        other = self.prover.algebra.poly(formula)
        mine = self.prover.algebra.poly(self.display.sum_of(poly)) if poly else {}
        if not other or mine.keys() != other.keys():
            return None
        first = next(iter(mine))
        factor = ratio(mine[first], other[first])
        return factor if factor > 0 and all(mine[m] == factor * other[m] for m in mine) else None

    # -- matching up to the order of operands

    def _top(self, pattern: Term, term: Term, kinds: Mapping[str, str]) -> Iterator[Found]:
        """The terms of a sum in any order, each up to a rational factor (the ratio is compared afterwards)."""
        cache = pattern.cache
        if cache is None:
            cache = pattern.cache = {}
        wanted: list[_Operand] | None = cache.get("wanted")
        if wanted is None:
            largest_first = sorted(_operands(pattern), key=lambda w: -tree_size(w, leaves=False))
            wanted = cache["wanted"] = [_factors(w) for w in largest_first]
        yield from self._top_operands(wanted, [_factors(t) for t in _operands(term)], {}, kinds)

    def _top_operands(self, wanted: list[_Operand], given: list[_Operand], found: Found, kinds: Mapping[str, str]) -> Iterator[Found]:
        if not wanted:
            yield found
            return
        q, ws = wanted[0]
        known = found.get(str(ws[0].value)) if len(ws) == 1 and ws[0].op == "sym" else None
        for i, (r, gs) in enumerate(given):
            if known is not None:  # a variable of its own that other terms told: here it may stand as -s or 2s
                if self._proportional(known, make("mul", gs)):
                    yield from self._top_operands(wanted[1:], given[:i] + given[i + 1 :], found, kinds)
            elif (q < 0) == (r < 0):
                for one in self._match_operands(ws, gs, found, kinds, "mul"):
                    yield from self._top_operands(wanted[1:], given[:i] + given[i + 1 :], one, kinds)

    def _proportional(self, one: Term, other: Term) -> bool:
        """Whether two terms are equal up to a rational factor."""
        return self.prover.algebra.product(one)[1] == self.prover.algebra.product(other)[1]

    def _match(self, pattern: Term, term: Term, found: Found, kinds: Mapping[str, str]) -> Iterator[Found]:
        if pattern.op == "sym":
            name = str(pattern.value)
            if (term.op == "pow" and term.args[1].op == "num") or (term.op == "mul" and any(a.op == "num" for a in term.args[1:])):
                term = product_of(*self.display.product(term))
            if name in found:
                if self.prover.algebra.same(found[name], term):
                    yield found
            elif self._fits(term, kinds.get(name, "free")):
                yield {**found, name: term}
            return
        if pattern.op in _COMMUTATIVE or pattern.op in ("div", "neg"):
            yield from self._match_product_or_sum(pattern, term, found, kinds)
            return
        if not pattern.args:
            if pattern is term or (pattern.op == "bound" and term.op == "bound"):
                yield found
            return
        if pattern.op != term.op or len(pattern.args) != len(term.args):
            return
        yield from self._match_all(list(zip(pattern.args, term.args, strict=True)), found, kinds)

    def _match_all(self, pairs: list[tuple[Term, Term]], found: Found, kinds: Mapping[str, str]) -> Iterator[Found]:
        if not pairs:
            yield found
            return
        (p, t), *rest = pairs
        for one in self._match(p, t, found, kinds):
            yield from self._match_all(rest, one, kinds)

    def _match_product_or_sum(self, pattern: Term, term: Term, found: Found, kinds: Mapping[str, str]) -> Iterator[Found]:
        if pattern.op == "add":
            wanted, given = list(_operands(pattern)), list(_operands(term)) if term.op == "add" else [term]
            for sign in (1, -1):
                signed = given if sign == 1 else [_negated(g) for g in given]
                yield from self._match_operands(wanted, signed, found, kinds, "add")
            return
        q, wanted = _factors(pattern)
        r, given = _factors(term)
        if r != q:
            given = [*given, num(ratio(r, q))]
        yield from self._match_operands(wanted, given, found, kinds, "mul")

    def _match_operands(
        self, wanted: list[Term], given: list[Term], found: Found, kinds: Mapping[str, str], op: str
    ) -> Iterator[Found]:
        if not wanted:
            if not given:
                yield found
            return
        if len(given) < len(wanted):
            yield from self._with_one(wanted, given, found, kinds, op)
            return
        # Operands that are more than one variable are matched first; a lone variable takes what is left.
        wanted = sorted(wanted, key=lambda w: (_lone(w) or _is_inverse(w)) and _lone_kind(w, kinds) != "data")
        head, rest = wanted[0], wanted[1:]
        if not rest and op == "mul" and _is_inverse(head) and len(given) > 1:
            body = product_of(*self.display.product(make("pow", (make("mul", given), num(-1)))))
            yield from self._match(head.args[0], body, found, kinds)
            return
        if not rest and _lone(head) and len(given) > 1:
            body = self._joined(op, given)
            yield from self._match(head, body, found, kinds) if head.op == "sym" else self._match(
                head.args[0], _negated(body), found, kinds
            )
            return
        if len(given) > _MOST:
            return
        for i, g in enumerate(given):
            others = given[:i] + given[i + 1 :]
            for one in self._match_signed(head, g, found, kinds, op):
                yield from self._match_operands(rest, others, one, kinds, op)

    def _with_one(
        self, wanted: list[Term], given: list[Term], found: Found, kinds: Mapping[str, str], op: str
    ) -> Iterator[Found]:
        """A factor that is written nowhere because it is one."""
        for i, w in enumerate(wanted):
            if op == "mul" and w.op == "sym" and found.get(str(w.value)) is ONE:
                yield from self._match_operands(wanted[:i] + wanted[i + 1 :], given, found, kinds, op)
                return

    def _joined(self, op: str, given: list[Term]) -> Term:
        if op == "add":
            return make(op, sorted(given, key=lambda g: g.op == "neg"))
        return product_of(*self.display.product(make(op, given)))

    def _match_signed(self, head: Term, g: Term, found: Found, kinds: Mapping[str, str], op: str) -> Iterator[Found]:
        if op == "add" and _lone(head) and head.op == "neg":
            yield from self._match(head.args[0], _negated(g), found, kinds)
        else:
            yield from self._match(head, g, found, kinds)

    def _fits(self, term: Term, kind: str) -> bool:
        if kind == "data":
            return term.op == "sym" and self.prover.symbols[str(term.value)].role == "data"
        if kind == "indicator":
            return term.op == "sym" and self.prover.symbols[str(term.value)].domain.op == "set"
        if kind in ("prediction", "parameter"):
            return not self.prover.is_free(term)
        return self.prover.is_free(term) and not index_names(term)


def _expanded(book: Rulebook, record: Loss) -> Term:
    """A record's formula, multiplied out and collected as a derivation's loss is."""
    found = book.expanded.get(record.id)
    if found is None:
        roles = {"data": "data", "free": "fixed"}
        table = {
            n: Symbol(n, roles.get(kind, "parameter"), make("domain", (), "positive"), "scalar", True)
            for n, kind in record.variables.items()
        }
        prover = Prover(table, (), book.facts, Algebra())
        assert record.formula is not None
        found = book.expanded[record.id] = Collector(Display(prover)).collect(record.formula).loss
    return found


def _operands(term: Term | None) -> tuple[Term, ...]:
    assert term is not None
    return term.args if term.op == "add" else (term,)


def _negated(term: Term) -> Term:
    if term.op == "neg":
        return term.args[0]
    if term.op == "add":
        return make("add", [_negated(a) for a in term.args])
    return neg(term)


def _lone(term: Term) -> bool:
    return term.op == "sym" or (term.op == "neg" and term.args[0].op == "sym")


def _is_inverse(term: Term) -> bool:
    return term.op == "pow" and term.args[0].op == "sym" and term.args[1] is num(-1)


def _lone_kind(term: Term, kinds: Mapping[str, str]) -> str:
    leaf = term if term.op == "sym" else term.args[0] if term.args else term
    return kinds.get(str(leaf.value), "free") if leaf.op == "sym" else ""


def _factors(term: Term) -> _Operand:
    """A product as its rational factor and its factors, those of a denominator marked by an inverse power."""
    q: Rational = 1
    factors: list[Term] = []
    stack = [(term, 1)]
    while stack:
        t, e = stack.pop()
        if t.op == "neg":
            q = -q
            stack.append((t.args[0], e))
        elif t.op == "mul":
            stack.extend((a, e) for a in reversed(t.args))
        elif t.op == "div":
            stack.extend([(t.args[1], -e), (t.args[0], e)])
        elif t.op == "num" and t.value:
            q = reduce(q * Fraction(t.value)) if e == 1 else ratio(q, Fraction(t.value))
        else:
            factors.append(t if e == 1 else make("pow", (t, num(-1))))
    return q, factors
