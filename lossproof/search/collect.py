"""From a sum to scale · loss + offset: what is free of the parameters goes to the ledger, what is common to the rest is the scale."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from lossproof.facts.algebra import Monomial, Poly, Rational, common_bases, content, quotient, ratio, reduce
from lossproof.search.display import Display, product_of, tidy_sum
from lossproof.terms import Term


@dataclass(frozen=True, slots=True)
class Part:
    """A summand of the loss: a rational, what stands before it, and what depends on the parameters."""

    q: Rational
    bases: dict[Term, int]

    def term(self) -> Term:
        """The summand as a term."""
        return product_of(self.q, self.bases)


@dataclass(frozen=True, slots=True)
class Collected:
    """scale · loss + the sum of the ledger; ``terms`` are those of the loss with the scale still in them."""

    scale: Term
    loss: Term
    terms: tuple[Term, ...]
    ledger: tuple[Term, ...]

    def mapped(self, change: Callable[[Term], Term]) -> Collected:
        """The same with every term but the scale changed."""
        return Collected(self.scale, change(self.loss), tuple(map(change, self.terms)), tuple(map(change, self.ledger)))


class Collector:
    """Sorts the terms of a sum. It decides on expanded terms, so that nothing is kept for the company it was in."""

    def __init__(self, display: Display) -> None:
        self.display = display
        self.prover = display.prover

    def collect(self, term: Term) -> Collected:
        """Kept and dropped terms of a sum, and the largest scale common to what is kept."""
        free, kept = self.display.parted(self.display.poly(term))
        ledger = tuple(p.term() for p in self._grouped(free, free=True))
        parts = self._grouped(kept, free=False)
        factor, bases = self._scale(parts)
        terms = tuple(p.term() for p in parts)
        parts = [_divided(p, factor, bases) for p in parts]
        parts.sort(key=lambda p: p.q < 0)
        loss = tidy_sum(p.term() for p in parts)
        return Collected(product_of(factor, bases), loss, terms, ledger)

    def _grouped(self, poly: Poly, *, free: bool) -> list[Part]:
        """Monomials with the same functions are one part: -y log p, -(1 - y) log(1 - p)."""
        groups: dict[Monomial, Poly] = {}
        singles: list[tuple[Monomial | None, Part]] = []
        for monomial, q in poly.items():
            key = tuple((b, e) for b, e in monomial if b.op not in ("sym", "at") and (free or not self.prover.is_free(b)))
            if not key:
                singles.append((None, Part(q, dict(monomial))))
                continue
            rest = tuple((b, e) for b, e in monomial if (b, e) not in key)
            if key not in groups:
                groups[key] = {}
                singles.append((key, Part(1, {})))
            groups[key][rest] = q
        linear = self._linear_groups([p for shared, p in singles if shared is None], free)
        out: list[Part] = []
        for shared, _ in singles:
            if shared is not None:
                out.append(self._joined(shared, groups[shared]))
        return out + linear

    def _linear_groups(self, parts: list[Part], free: bool) -> list[Part]:
        """Products of symbols alone: those that share what depends on the parameters are one part."""
        if free:
            return parts
        groups: dict[tuple[tuple[Term, int], ...], Poly] = {}
        for p in parts:
            key = tuple((b, e) for b, e in p.bases.items() if not self.prover.is_free(b))
            rest = tuple((b, e) for b, e in p.bases.items() if self.prover.is_free(b))
            groups.setdefault(key, {})[rest] = p.q
        return [self._joined(key, poly) for key, poly in groups.items()]

    def _joined(self, key: Monomial, coefficients: Poly) -> Part:
        """One part from the coefficients of one function."""
        if len(coefficients) == 1:
            ((rest, q),) = coefficients.items()
            return Part(q, {**dict(rest), **dict(key)})
        common = common_bases([dict(m) for m in coefficients])
        rest_poly: Poly = {tuple(quotient(dict(m), common).items()): q for m, q in coefficients.items()}
        factor = content(rest_poly.values())
        # 1 - y rather than y - 1, if the constant is negative.
        if rest_poly.get((), 1) < 0 or all(q < 0 for q in rest_poly.values()):
            factor = -factor
        total = self.display.sum_of(rest_poly, divide=factor)
        q, bases = self.display.product(total)
        bases = {**common, **bases}
        for b, e in key:
            bases[b] = bases.get(b, 0) + e
        return Part(reduce(q * factor), bases)

    def _scale(self, parts: list[Part]) -> tuple[Rational, dict[Term, int]]:
        if not parts:
            return 1, {}
        factor = content([p.q for p in parts])
        common = common_bases([p.bases for p in parts])
        usable = {b: e for b, e in common.items() if self._is_scale(b, e)}
        return factor, usable

    def _is_scale(self, base: Term, exponent: int) -> bool:
        if not (self.prover.is_free(base) and self.prover.is_shared(base)):
            return False
        return self.prover.holds("gt", product_of(1, {base: exponent}))


def _divided(part: Part, factor: Rational, bases: dict[Term, int]) -> Part:
    return Part(part.q if factor == 1 else ratio(part.q, factor), quotient(part.bases, bases))
