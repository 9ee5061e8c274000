"""Normal forms in the field of rational functions over opaque atoms.

The specification is the section "Algebra" of docs/architecture.md; the checker has its own implementation.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from functools import lru_cache
from math import gcd, lcm
from zlib import crc32

from lossproof.terms import INFINITY, ZERO, Term, add, make, mul, neg, num, power

Rational = int | Fraction
Monomial = tuple[tuple[Term, int], ...]
Poly = dict[Monomial, Rational]
Product = tuple[Rational, dict[Term, int]]

#: A product of two or more sums is multiplied out only up to this many monomials.
LIMIT = 4096
ARITHMETIC = frozenset({"num", "add", "mul", "neg", "div", "pow"})


class Algebra:
    """Normal forms, remembered for as long as this object lives.

    Subclasses may change what stands for an atom (:meth:`atom`) or a sum (:meth:`sum_base`), and
    which sums are left whole (:meth:`is_unit`); equality is decided by this class alone.
    """

    def __init__(self) -> None:
        self._products: dict[Term, Product] = {}
        self._polys: dict[Term, Poly] = {}
        self._canonical: dict[Term, Term] = {}
        self._keys: dict[Term, int] = {}

    # -- what subclasses may change

    def atom(self, term: Term) -> Term:
        """The base that stands for an opaque term: itself with canonical arguments."""
        if not term.args:
            return term
        return make(term.op, [self.canonical(a) for a in term.args], term.value)

    def sum_base(self, term: Term, poly: Poly) -> tuple[Rational, Term]:
        """A sum of two or more monomials as its signed content and its primitive part."""
        factor = content(poly.values())
        order = sorted(poly, key=self._monomial_key)
        if poly[order[0]] < 0:
            factor = -factor
        scaled = {m: ratio(q, factor) for m, q in poly.items()} if factor != 1 else poly
        base = make("add", [from_monomial(m, scaled[m]) for m in order])
        self._polys.setdefault(base, scaled)
        return factor, base

    def is_unit(self, term: Term) -> bool:
        """Whether a sum is to be treated as an atom: here, one of infinity."""
        return has_infinite_operand(term)

    # -- normal forms

    def same(self, left: Term, right: Term) -> bool:
        """Whether two terms have one normal form."""
        return left is right or self.poly(left) == self.poly(right)

    def poly(self, term: Term) -> Poly:
        """The normal form: a map from monomials to non-zero rationals. Not to be changed by callers."""
        found = self._polys.get(term)
        if found is None:
            if term not in self._products:
                self._prepare(term)
            found = self._ready_poly(term)
        return found

    def _ready_poly(self, term: Term) -> Poly:
        found = self._polys.get(term)
        if found is None:
            found = self._polys[term] = self._make_poly(term)
        return found

    def product(self, term: Term) -> Product:
        """The term as a rational and a map from bases to non-zero integer exponents."""
        found = self._products.get(term)
        if found is None:
            self._prepare(term)
            found = self._products[term]
        return found

    def canonical(self, term: Term) -> Term:
        """One term for each normal form."""
        if not term.args:
            return term
        found = self._canonical.get(term)
        if found is None:
            poly = self.poly(term)
            found = self._canonical[term] = self.from_poly(poly)
            self._canonical.setdefault(found, found)
            self._polys.setdefault(found, poly)
        return found

    def factored(self, term: Term) -> Term:
        """A sum with what is common to all its monomials taken out, or the canonical term."""
        poly = self.poly(term)
        common = common_bases([dict(m) for m in poly]) if len(poly) > 1 else {}
        if not common:
            return self.canonical(term)
        rest = {tuple(quotient(dict(m), common).items()): q for m, q in poly.items()}
        return mul(*[b if e == 1 else power(b, num(e)) for b, e in common.items()], self.from_poly(rest))

    def constant(self, term: Term) -> Rational | None:
        """The rational that the term equals, or None."""
        poly = self.poly(term)
        if not poly:
            return 0
        return poly[()] if len(poly) == 1 and () in poly else None

    def _prepare(self, root: Term) -> None:
        products = self._products
        stack = [root]
        while stack:
            term = stack[-1]
            if term in products:
                stack.pop()
                continue
            ready = True
            for a in term.args:
                if a not in products:
                    stack.append(a)
                    ready = False
            if ready:
                stack.pop()
                products[term] = self._make_product(term)

    def _make_product(self, term: Term) -> Product:
        op = term.op
        if op not in ARITHMETIC:
            return 1, {self.atom(term) if term.args else term: 1}
        if op == "num":
            q = term.value
            assert isinstance(q, Fraction)
            return (reduce(q), {})
        if op == "neg":
            q0, bases = self._products[term.args[0]]
            return -q0, bases
        if term.is_infinite and op in ("mul", "div", "pow") and has_infinite_operand(term):
            return 1, {self.atom(term): 1}
        if op == "mul":
            return self._multiply([(a, 1) for a in term.args])
        if op == "div":
            top, bottom = term.args
            if self._products[bottom][0] != 0:
                return self._multiply([(top, 1), (bottom, -1)])
        if op == "pow":
            exponent = self.constant(term.args[1])
            if exponent is not None and exponent == int(exponent):
                k = int(exponent)
                if abs(k) <= LIMIT and (k >= 0 or self._products[term.args[0]][0] != 0):
                    return self._multiply([(term.args[0], k)])
        if op == "add" and not self.is_unit(term):
            poly = self._ready_poly(term)
            if not poly:
                return 0, {}
            if len(poly) == 1:
                ((monomial, q1),) = poly.items()
                return q1, dict(monomial)
            q2, base = self.sum_base(term, poly)
            return q2, {base: 1}
        return 1, {self.atom(term): 1}

    def _multiply(self, factors: list[tuple[Term, int]]) -> Product:
        total: Rational = 1
        bases: dict[Term, int] = {}
        for term, k in factors:
            q, parts = self._products[term]
            if q != 1:
                total = total * (q if k == 1 else ratio(1, q) if k == -1 else reduce(Fraction(q) ** k))
            for base, e in parts.items():
                bases[base] = bases.get(base, 0) + e * k
        if total == 0:
            return 0, {}
        return reduce(total), {b: e for b, e in bases.items() if e}

    def _make_poly(self, term: Term) -> Poly:
        if term.op == "add" and not self.is_unit(term):
            poly: Poly = {}
            for a in term.args:
                accumulate(poly, self._ready_poly(a))
            return poly
        q, bases = self._products[term]
        if not q:
            return {}
        if not term.args:
            return {tuple(bases.items()): q}
        for b in bases:
            if b.op == "add":
                break
        else:
            return {self._monomial(bases): q}
        sums = self.multiplied_out([b for b, e in bases.items() if e == 1 and b.op == "add" and not self.is_unit(b)])
        if sums:
            rest = {b: e for b, e in bases.items() if b not in sums}
            result: Poly = {self._monomial(rest): q}
            for b in sums:
                result = self._times(result, self.poly(b))
            return result
        return {self._monomial(bases): q}

    def multiplied_out(self, sums: list[Term]) -> list[Term]:
        """Which of a product's sums are multiplied out: all, unless that gets too large."""
        if len(sums) < 2:
            return sums
        total = 1
        for b in sums:
            total *= len(self.poly(b))
        return sums if total <= LIMIT else []

    def _times(self, left: Poly, right: Poly) -> Poly:
        result: Poly = {}
        for m1, q1 in left.items():
            for m2, q2 in right.items():
                if m1 and m2:
                    bases = dict(m1)
                    for b, e in m2:
                        bases[b] = bases.get(b, 0) + e
                    monomial = self._monomial({b: e for b, e in bases.items() if e})
                else:
                    monomial = m1 or m2
                q = reduce(result.get(monomial, 0) + q1 * q2)
                if q:
                    result[monomial] = q
                else:
                    del result[monomial]
        return result

    def _monomial(self, bases: dict[Term, int]) -> Monomial:
        if len(bases) < 2:
            return tuple(bases.items())
        return tuple(sorted(bases.items(), key=self._base_key))

    # -- a fixed order, the same in every run

    def _base_key(self, item: tuple[Term, int]) -> int:
        return self.order_key(item[0])

    def _monomial_key(self, monomial: Monomial) -> tuple[int, ...]:
        return tuple([x for b, e in monomial for x in (self.order_key(b), e)])

    def order_key(self, root: Term) -> int:
        """A structural number: equal terms have equal numbers in every run."""
        keys = self._keys
        known = keys.get(root)
        if known is not None:
            return known
        stack = [root]
        while stack:
            term = stack[-1]
            pending = [a for a in term.args if a not in keys]
            if term in keys:
                stack.pop()
            elif pending:
                stack.extend(pending)
            else:
                stack.pop()
                head = _head_key(term.op, term.value)
                keys[term] = hash((head, *[keys[a] for a in term.args])) if term.args else head
        return keys[root]

    # -- back to terms

    def from_poly(self, poly: Poly) -> Term:
        """The canonical term of a normal form."""
        if len(poly) < 2:
            return add(*[from_monomial(m, q) for m, q in poly.items()])
        return make("add", [from_monomial(m, poly[m]) for m in sorted(poly, key=self._monomial_key)])


def has_infinite_operand(term: Term) -> bool:
    """Whether infinity itself, or minus it, is an operand: oo - oo is not 0."""
    return term.is_infinite and any(a is INFINITY or (a.op == "neg" and a.args[0] is INFINITY) for a in term.args)


def common_bases(maps: list[dict[Term, int]]) -> dict[Term, int]:
    """The powers that divide every one of some products (those with negative exponents too)."""
    first, *others = maps
    if not others:
        return dict(first)
    common: dict[Term, int] = {}
    for base, exponent in first.items():
        exponents = [exponent, *[m.get(base, 0) for m in others]]
        if all(e > 0 for e in exponents):
            common[base] = min(exponents)
        elif all(e < 0 for e in exponents):
            common[base] = max(exponents)
    return common


def quotient(bases: Mapping[Term, int], by: Mapping[Term, int]) -> dict[Term, int]:
    """The bases of one product over another's."""
    if not by:
        return dict(bases)
    left = dict(bases)
    for b, e in by.items():
        left[b] = left.get(b, 0) - e
    return {b: e for b, e in left.items() if e}


def accumulate(into: Poly, other: Poly) -> None:
    """Add a poly to another, in place."""
    for m, q in other.items():
        total = into.get(m, 0) + q
        if total:
            into[m] = reduce(total)
        else:
            del into[m]


def reduce(q: Rational) -> Rational:
    """An int where it is whole: the arithmetic of ints is the faster one."""
    return q if type(q) is int or q.denominator != 1 else q.numerator


def ratio(q: Rational, by: Rational) -> Rational:
    """A quotient, an int where it is whole."""
    if type(q) is int and type(by) is int:
        top, bottom = q, by
    else:
        top, bottom = q.numerator * by.denominator, q.denominator * by.numerator
    return Fraction(top, bottom) if not bottom or top % bottom else top // bottom


@lru_cache(4096)
def _head_key(op: str, value: Fraction | str | None) -> int:
    return crc32(f"{op} {value}".encode())


def content(values: Iterable[Rational]) -> Rational:
    """The positive rational that leaves coprime integers when it is divided out."""
    top, bottom = 0, 1
    for q in values:
        top = gcd(top, q.numerator)
        bottom = lcm(bottom, q.denominator)
    return ratio(top, bottom) if top else 1


def from_monomial(monomial: Monomial, q: Rational) -> Term:
    """A monomial as a flat product of powers, its rational first."""
    factors = [b if e == 1 else power(b, num(e)) for b, e in monomial]
    if not factors:
        return num(q) if q else ZERO
    body = mul(*factors)
    if q == 1:
        return body
    if q == -1:
        return neg(body)
    return mul(num(q), *factors)


def denominators(before: Term, after: Term) -> list[Term]:
    """What must not be 0 for an algebra step between the two terms, in order of appearance.

    Subterms that occur in both are not looked into.
    """
    left, right = _subterms(before), _subterms(after)
    found: dict[Term, None] = {}
    for mine, other in ((left, right), (right, left)):
        for term in mine:
            if term in other:
                continue
            if term.op == "div":
                found[term.args[1]] = None
            elif term.op == "pow" and _negative(term.args[1]):
                found[term.args[0]] = None
    return [d for d in found if not _nonzero_number(d)]


def _subterms(root: Term) -> dict[Term, None]:
    seen: dict[Term, None] = {}
    stack = [root]
    while stack:
        term = stack.pop()
        if term not in seen:
            seen[term] = None
            stack.extend(term.args)
    return seen


def _negative(exponent: Term) -> bool:
    sign = 1
    while exponent.op == "neg":
        exponent, sign = exponent.args[0], -sign
    if exponent.op == "div" and all(a.op == "num" for a in exponent.args):
        top, bottom = exponent.args
        assert isinstance(top.value, Fraction) and isinstance(bottom.value, Fraction)
        return sign * top.value * bottom.value < 0
    return exponent.op == "num" and sign * exponent.value < 0  # type: ignore[operator]


def _nonzero_number(term: Term) -> bool:
    return (term.op == "num" and term.value != 0) or (term.op == "const" and term.value == "pi")

