"""The strongest relation between two objectives that can be proved; search proposes, the kernel disposes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from lossproof.facts import RELATIONS, Algebra, Prover, Symbol
from lossproof.facts.algebra import Poly
from lossproof.kernel import Kernel, KernelError, Theorem
from lossproof.proof import Chain
from lossproof.rulebook import Rulebook
from lossproof.search.display import Display, product_of, scaled
from lossproof.search.equations import equations, over_one, solve, without_minus
from lossproof.search.normal import MAX_SIZE, Normaliser
from lossproof.search.rewrite import Rewriter
from lossproof.syntax import parse_expression
from lossproof.terms import ONE, ZERO, Term, add, div, fn, make, mul, neg, size, substitute, sym, symbols, tree_size
from lossproof.terms.pattern import match

#: An objective is taken out of so many increasing functions at most.
MOST_ORDERS: Final = 6
Groups = dict[tuple[tuple[Term, int], ...], Poly]


@dataclass(slots=True)
class Found:
    """A proved relation: the theorem about A and B, its lines and the chains that it rests on."""

    theorem: Theorem
    lines: tuple[tuple[str, Theorem], ...]
    chains: tuple[Chain, ...]
    transform: Term | None = None


@dataclass(slots=True)
class Leftover:
    """Why no relation was found: terms that only one side has, a scale that is negative or moves, equations that would help."""

    only_a: list[Term] = field(default_factory=list)
    only_b: list[Term] = field(default_factory=list)
    scale: Term | None = None
    reversed: bool = False
    equations: list[tuple[Term, Term]] = field(default_factory=list)


def _strength(found: Found) -> int:
    return RELATIONS.index(found.theorem.relation)


class Expanded(Display):
    """Multiplies everything out, linear predictors too."""

    def __init__(self, prover: Prover) -> None:
        super().__init__(prover, full=True)

    def is_unit(self, term: Term) -> bool:
        """Whether a sum is treated as an atom: only one of infinity."""
        return Algebra.is_unit(self, term)

    def multiplied_out(self, sums: list[Term]) -> list[Term]:
        """All sums, unless that gets too large."""
        return Algebra.multiplied_out(self, sums)


class Comparer:
    """Compares two objectives over one table of symbols."""

    def __init__(self, book: Rulebook, table: Mapping[str, Symbol], hypotheses: list[Term]) -> None:
        self.book = book
        self.hypotheses = hypotheses
        self.kernel = Kernel(table, hypotheses, book.facts)
        self.prover = self.kernel.prover
        self.display = Expanded(self.prover)
        self.rewriter = Rewriter(self.kernel, book, self.display)
        self.normalisers = [
            Normaliser(self.rewriter, Display(self.prover, full=True)),
            Normaliser(Rewriter(self.kernel, book, self.display), self.display, full=True),
        ]
        fixed = {n for n, s in table.items() if s.role == "fixed"}
        self.values = dict(equations(hypotheses, self.display, lambda n: n in fixed))
        for symbol, value in self.values.items():
            for normaliser in self.normalisers:
                normaliser.given(symbol, value)
        self.argument = sym(next(n for n in ("t", "u", "v", *[f"t_{i}" for i in range(len(table) + 1)]) if n not in table))
        self.leftover = Leftover()
        self.normal: dict[str, Theorem] = {}

    def substituted(self, term: Term) -> Term:
        """A term with the symbols replaced that hypotheses give a value."""
        return substitute(term, self.values)

    def compare(self, a: Term, b: Term) -> Found | None:
        """The strongest relation found, or None."""
        best: Found | None = None
        for level in range(len(self.normalisers)):
            one, two = self.normal_form(a, level), self.normal_form(b, level)
            normal = {"a": one, "b": two}
            if max(size(one.right), size(two.right)) > MAX_SIZE:
                break
            found = self._affine(one, two)
            if found is not None and (best is None or _strength(found) < _strength(best)):
                best, self.normal = found, normal
            if best is None:
                self.normal = normal
            elif _strength(best) == 0:
                break
        if best is not None:
            return best
        return self._ordered(a, b)

    def normal_form(self, term: Term, level: int) -> Theorem:
        """The term equals its normal form; on a higher level, that of the one below."""
        steps: list[Theorem] = []
        for normaliser in self.normalisers[: level + 1]:
            theorem = normaliser.normal(steps[-1].right if steps else term)
            if not theorem.is_trivial:
                steps.append(theorem)
        return self.kernel.chain(steps) if steps else self.kernel.reflexivity(term)

    # -- A = s·B + d

    def _affine(self, one: Theorem, two: Theorem) -> Found | None:
        """From A to B by equality, a constant and a scale."""
        matched = self._matched(one.right, two.right)
        if matched is None:
            return None
        scale, offset = matched
        kernel = self.kernel
        lines: list[tuple[str, Theorem]] = []
        if not one.is_trivial:
            lines.append(("a", kernel.lemma(one, "a")))
        rest = self._joined(one.right, two.right, scale, offset)
        if rest is None:
            return None
        lines += rest
        back = self._back(lines[-1][1].right if lines else one.right, two, "b")
        if back is not None:
            lines.append(("b", back))
        current = lines[-1][1].right if lines else one.right
        lines += self._dropped(current, scale, offset)
        if not lines:
            lines.append(("a", kernel.reflexivity(one.left)))
        theorem = kernel.chain([t for _, t in lines])
        chains = (Chain("a", one, (("a", one),)), Chain("b", two, (("b", two),)))
        return Found(theorem, tuple(lines), chains)

    def _joined(self, left: Term, right: Term, scale: Term, offset: Term) -> list[tuple[str, Theorem]] | None:
        """left = scale·right + offset."""
        whole = right if scale is ONE else make("mul", (scale, right))
        target = whole if offset is ZERO else make("add", (whole, offset))
        if target is left:
            return []
        found = self.rewriter.algebra(left, target) or self._multiplied(left, right, scale, offset, target)
        return None if found is None else [("joined", found)]

    def _multiplied(self, left: Term, right: Term, scale: Term, offset: Term, target: Term) -> Theorem | None:
        """left = scale·right + offset by way of left/scale, where the scale has a sum in its denominator that only a product cancels."""
        if scale is ONE:
            return None
        inverse = self._quotient(ONE, scale)
        terms = () if offset is ZERO else offset.args if offset.op == "add" else (offset,)
        rest = [product_of(*self.display.product(mul(inverse, t))) for t in terms]
        inner = make("mul", (inverse, left))
        outer = make("mul", (scale, inner))
        whole = make("add", (right, *rest)) if rest else right
        steps = [self.rewriter.algebra(left, outer), self.rewriter.algebra(inner, whole)]
        steps.append(self.rewriter.algebra(make("mul", (scale, whole)), target))
        first, second, third = steps
        if first is None or second is None or third is None:
            return None
        return self.kernel.chain([first, self.kernel.congruence(outer, {1: second}), third])

    def _back(self, current: Term, two: Theorem, name: str) -> Theorem | None:
        """B's normal form becomes B again, where it stands in scale·B + offset."""
        if two.is_trivial:
            return None
        theorem = self.kernel.lemma(two, name, back=True)
        if current is two.right:
            return theorem
        if current.op == "add" and len(current.args) == 2 and current.args[0] is not two.right and current.args[0].op == "mul":
            inner = current.args[0]
            return self.kernel.congruence(current, {0: self.kernel.congruence(inner, {1: theorem})})
        return self.kernel.congruence(current, {0 if current.args[0] is two.right else 1: theorem})

    def _dropped(self, current: Term, scale: Term, offset: Term) -> list[tuple[str, Theorem]]:
        lines: list[tuple[str, Theorem]] = []
        if offset is not ZERO:
            lines.append(("drop", self._must("drop-constant", current)))
            current = lines[-1][1].right
        if scale is not ONE:
            lines.append(("scale", self._must("pull-scale", current)))
        return lines

    def _must(self, rule: str, term: Term) -> Theorem:
        theorem = self.rewriter.apply(self.book.rules[rule], term)
        if theorem is None:
            raise KernelError(f"{rule} does not apply")
        return theorem

    def _matched(self, a: Term, b: Term) -> tuple[Term, Term] | None:
        """The scale and the offset with a = scale·b + offset, if both are free, and the scale is positive."""
        left, right = self._grouped(a), self._grouped(b)
        free_a, free_b = left.pop((), {}), right.pop((), {})
        self.leftover = Leftover()
        if left.keys() != right.keys():
            self.leftover.only_a = [self._term(k, left[k]) for k in left if k not in right]
            self.leftover.only_b = [self._term(k, right[k]) for k in right if k not in left]
            return None
        scale = ONE
        if left:
            found = self._common_scale(left, right)
            if found is None:
                return None
            scale = found
        constant_a, constant_b = self.display.sum_of(free_a), self.display.sum_of(free_b)
        offset = self.display.sum_of(self.display.poly(add(constant_a, neg(mul(scale, constant_b) if scale is not ONE else constant_b))))
        if scale is not ONE and not self._is_scale(scale):
            self.leftover.scale = scale
            self.leftover.reversed = self.prover.holds("gt", neg(scale)) or self.prover.holds("gt", self.display.sum_of(self.display.poly(neg(scale))))
            return None
        if offset is not ZERO and self.prover.prove(fn("in", offset, make("domain", (), "reals"))) is None:
            return None
        return scale, offset

    def _is_scale(self, scale: Term) -> bool:
        return self.prover.is_free(scale) and self.prover.holds("gt", scale)

    def _grouped(self, term: Term) -> Groups:
        """The terms of a sum by what moves in them; the coefficients are polys of what does not."""
        groups: Groups = {}
        for monomial, q in self.kernel.algebra_forms.poly(term).items():
            moving = tuple((b, e) for b, e in monomial if not self.prover.is_free(b))
            rest = tuple((b, e) for b, e in monomial if self.prover.is_free(b))
            groups.setdefault(moving, {})[rest] = q
        return groups

    def _term(self, key: tuple[tuple[Term, int], ...], coefficients: Poly) -> Term:
        moving = product_of(1, dict(key))
        scale = self.display.sum_of(coefficients)
        return self.display.sum_of(self.display.poly(mul(scale, moving))) if scale is not ONE else moving

    def _common_scale(self, left: Groups, right: Groups) -> Term | None:
        """The factor between the coefficients, if it is one and the same."""
        key = min(left, key=lambda k: (len(left[k]) + len(right[k]), len(k)))
        a0, b0 = self.display.sum_of(left[key]), self.display.sum_of(right[key])
        forms = self.kernel.algebra_forms
        wrong: list[Term] = []
        for k in left:
            if k != key:
                difference = self._cleared(add(mul(self.display.sum_of(left[k]), b0), neg(mul(a0, self.display.sum_of(right[k])))))
                if forms.poly(difference):
                    wrong.append(difference)
        scale = self._quotient(a0, b0)
        if wrong:
            self.leftover.equations = self._conditions(wrong)
            self.leftover.scale = scale
            return None
        return scale

    def _cleared(self, term: Term) -> Term:
        """A sum of fractions times their common denominator."""
        return over_one(term, self.kernel.algebra_forms)[0]

    def _quotient(self, a: Term, b: Term) -> Term:
        return without_minus(*self.display.product(div(a, b)), self.display)

    def _conditions(self, differences: list[Term]) -> list[tuple[Term, Term]]:
        """Equations between fixed symbols under which the differences vanish: pairs of a symbol and its value; [] if there are none."""
        table = self.kernel.symbols
        found: list[tuple[Term, Term]] = []
        for difference in differences:
            reduced = self._cleared(substitute(difference, dict(found)))
            poly = self.display.poly(self._primitive(reduced))
            if not poly:
                continue
            names = symbols(self.display.sum_of(poly))
            if any(table[n].role != "fixed" or table[n].indexed for n in names):
                return []
            solved = self._solved(poly, names)
            if solved is None:
                return []
            found.append(solved)
        return found

    def _solved(self, poly: Poly, names: set[str]) -> tuple[Term, Term] | None:
        order = sorted(names, key=lambda n: (not n.startswith(("lam", "beta", "eps", "alpha", "gamma")), n))
        table = self.kernel.symbols
        for name in order:
            if table[name].domain.op == "domain" and str(table[name].domain.value) in ("naturals", "integers"):
                continue
            solved = solve(poly, self.display, lambda n, name=name: n == name)  # type: ignore[misc]
            if solved is not None:
                return solved
        return None

    def _primitive(self, term: Term) -> Term:
        """A sum that makes the term vanish if it does: one without the factors that all the terms share."""
        forms = self.kernel.algebra_forms
        _, bases = forms.product(forms.factored(term))
        sums = [b for b, e in bases.items() if b.op == "add" and e > 0]
        return sums[0] if sums else term

    # -- A = φ(f), B = ψ(f)

    def _ordered(self, a: Term, b: Term) -> Found | None:
        """Take both objectives out of increasing functions, and compare what is left."""
        leftover = self.leftover  # which says more of the objectives as they are
        one, two = self._core(a), self._core(b)
        if one[0].relation != "same-order" and two[0].relation != "same-order":
            return None
        kernel = self.kernel
        for level in range(len(self.normalisers)):
            inner_a, inner_b = self.normal_form(one[0].right, level), self.normal_form(two[0].right, level)
            matched = self._matched(inner_a.right, inner_b.right)
            joined = self._joined(inner_a.right, inner_b.right, *matched) if matched is not None else None
            if matched is None or joined is None:
                continue
            scale, offset = matched
            lines: list[tuple[str, Theorem]] = [("order", kernel.lemma(one[0], "a-order"))] if not one[0].is_trivial else []
            if not inner_a.is_trivial:
                lines.append(("a", inner_a))
            lines += joined
            lines += self._dropped(lines[-1][1].right if lines else inner_a.right, scale, offset)
            if not inner_b.is_trivial:
                chain_b = Chain("b-core", inner_b, (("b", inner_b),))
                lines.append(("b", kernel.lemma(inner_b, "b-core", back=True)))
            if not two[0].is_trivial:
                lines.append(("order", kernel.lemma(two[0], "b-order", back=True)))
            chains = [Chain(n, self.normal[n], ((n, self.normal[n]),)) for n in ("a", "b")]
            chains += [Chain(n, t, (("order", t),)) for n, (t, _) in (("a-order", one), ("b-order", two)) if not t.is_trivial]
            chains += [chain_b] if not inner_b.is_trivial else []
            theorem = kernel.chain([t for _, t in lines])
            return Found(theorem, tuple(lines), tuple(chains), self._transform(one[1], two[1], scale, offset))
        self.leftover = leftover
        return None

    def _core(self, term: Term) -> tuple[Theorem, list[tuple[str, Term]]]:
        """The objective out of increasing functions, and what was taken off: ("affine", s·t + d) or (a rule's id, t)."""
        kernel = self.kernel
        steps: list[Theorem] = []
        taken: list[tuple[str, Term]] = []
        for _ in range(MOST_ORDERS):
            before = steps[-1].right if steps else term
            peeled = self._peeled(before)
            if peeled is None:
                break
            theorems, own = peeled
            steps += theorems
            taken += own
        return (kernel.chain(steps) if steps else kernel.reflexivity(term)), taken

    def _peeled(self, term: Term) -> tuple[list[Theorem], list[tuple[str, Term]]] | None:
        found = self._under_order(term)
        if found is not None:
            return [found], [(str(found.trace[1].rule_id), term)]
        return self._peeled_at(term, 0) or self._peeled_at(term, 1)

    def _peeled_at(self, term: Term, level: int) -> tuple[list[Theorem], list[tuple[str, Term]]] | None:
        """From s·φ(f) + d to f, by the normal form of a level."""
        steps: list[Theorem] = []
        normal = self.normal_form(term, level)
        groups = self._grouped(normal.right)
        constant = groups.pop((), {})
        if len(groups) != 1:
            return None
        ((key, coefficients),) = groups.items()
        body = product_of(1, dict(key))
        scale = self.display.sum_of(coefficients)
        if not self._is_scale(scale):
            scale = self.display.sum_of(self.display.poly(neg(scale)))
            if not self._is_scale(scale):
                return None
            body = self._minus(body)
        offset = self.display.sum_of(constant)
        joined = self._joined(normal.right, body, scale, offset)
        if joined is None:
            return None
        if not normal.is_trivial:
            steps.append(normal)
        steps += [t for _, t in joined]
        current = steps[-1].right if steps else term
        try:
            steps += [t for _, t in self._dropped(current, scale, offset)]
        except KernelError:
            return None
        found = self._under_order(body)
        if found is None:
            return None
        taken = [("affine", add(scaled(scale, self.argument), offset))] if scale is not ONE or offset is not ZERO else []
        return [*steps, found], [*taken, (str(found.trace[1].rule_id), body)]

    @staticmethod
    def _minus(body: Term) -> Term:
        """-f, with a minus inside an exponential where a rule wants it."""
        if body.op == "exp" and body.args[0].op != "neg":
            return neg(fn("exp", neg(neg(body.args[0]))))
        return neg(body)

    def _under_order(self, term: Term) -> Theorem | None:
        if self.prover.is_free(term):
            return None
        table = self.book.tagged("order")
        return self.rewriter.first(table.get(term.op), term)

    def _transform(self, taken_a: list[tuple[str, Term]], taken_b: list[tuple[str, Term]], scale: Term, offset: Term) -> Term | None:
        """φ with A = φ(B), in the symbol ``argument``, where the rules say how to undo what was taken off B."""
        t = self.argument
        current: Term = t
        for id, at in taken_b:
            if id == "affine":
                s, d = (at.args[0].args[0] if at.args[0] is not t else ONE), at.args[1]
                moved = add(current, neg(d)) if d is not ZERO else current
                current = div(moved, s) if s is not ONE else moved
                continue
            inverse = self.book.rules[id].record.get("inverse")
            if inverse is None:
                return None
            bindings = self._order_bindings(id, at)
            current = substitute(parse_expression(str(inverse), rule=True), {**bindings, sym("f"): current})
        if scale is not ONE or offset is not ZERO:
            current = add(scaled(scale, current), offset) if offset is not ZERO else scaled(scale, current)
        for id, at in reversed(taken_a):
            if id == "affine":
                current = substitute(at, {t: current})
            else:
                rule = self.book.rules[id]
                forward = rule.record.get("forward")
                if forward is None and rule.after is not sym("f"):
                    return None
                pattern = rule.before if forward is None else parse_expression(str(forward), rule=True)
                current = substitute(pattern, {**self._order_bindings(id, at), sym("f"): current})
        q = self.display.sum_of(self.display.poly(current))
        return q if tree_size(q) <= tree_size(current) else current

    def _order_bindings(self, id: str, at: Term) -> dict[Term, Term]:
        found: dict[str, Term | tuple[Term, ...]] = {}
        match(self.book.rules[id].before, at, found)
        return {sym(n): v for n, v in found.items() if n != "f" and not isinstance(v, tuple)}

