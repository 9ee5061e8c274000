"""From -log density to a sum: logarithms are pushed inward until each term of the sum stands alone."""

from __future__ import annotations

from fractions import Fraction

from lossproof.facts.algebra import Rational, common_bases, content, quotient
from lossproof.kernel import Theorem
from lossproof.search.collect import Collector
from lossproof.search.display import Display, product_of, scaled, tidy_sum
from lossproof.search.recognise import Recogniser
from lossproof.search.rewrite import Rewriter
from lossproof.terms import ONE, Term, add, div, make, mul, neg, postorder, size, symbols
from lossproof.terms.pattern import index_names

_PLAIN = frozenset({"mul", "num", "sym", "const", "pow"})


class Splitter:
    """Chooses which rule to apply where; every choice is tried out on the kernel."""

    def __init__(self, rewriter: Rewriter, display: Display) -> None:
        self.rewriter = rewriter
        self.kernel = rewriter.kernel
        self.prover = self.kernel.prover
        self.display = display
        self._split = rewriter.book.tagged("split")
        self._power = rewriter.book.tagged("power")

    def split(self, term: Term) -> list[Theorem]:
        """Passes over the arithmetic skeleton until nothing changes, and the spelling under which a loss is known."""
        passes = self.rewriter.exhaust(term, self.visit, "split", everywhere=False)
        known = self._known_spelling(passes[-1].right if passes else term)
        return passes if known is None else [*passes, known]

    def visit(self, t: Term) -> Theorem | None:
        """What one node becomes, or None."""
        if t.op == "log":
            return self._log(t)
        if t.op in ("pow", "abs"):
            return self._mixed_power(t)
        if t.op == "sum":
            return self._index_sum(t)
        if t.op == "cases":
            return self._cases(t)
        if t.op == "neg" and t.args[0].op == "cases" and not self._is_signed(t.args[0]):
            return None
        if t.op in self._split:
            return self.rewriter.first(self._split.get(t.op), t)
        return None

    def _is_signed(self, cases: Term) -> bool:
        """Whether a minus should go into the branches: to infinity, or to a choice that data make."""
        return self.prover.is_free(cases.args[0]) or (cases.args[2].op in ("const", "neg") and not symbols(cases.args[2]))

    def sign(self, term: Term) -> Theorem:
        """Minus goes into cases that only data choose, so that no brace stands behind a minus."""

        def visit(t: Term) -> Theorem | None:
            if t.op != "neg" or t.args[0].op != "cases" or not self._is_signed(t.args[0]):
                return None
            theorem = self.rewriter.first(self._split.get("neg"), t)
            if theorem is None:
                return None
            parts = {}
            for i in (1, 2):
                branch = theorem.right.args[i]
                spelled = self.rewriter.algebra(branch, self.display.sum_of(self.display.poly(branch)))
                if spelled is not None:
                    parts[i] = spelled
            return self.kernel.chain([theorem, self.kernel.congruence(theorem.right, parts)])

        return self.rewriter.pass_over(term, visit, everywhere=False)

    # -- exp(-a) or 1/exp(a)

    def _known_spelling(self, term: Term) -> Theorem | None:
        """The term with 1/exp(a) for each exp(-a), if no record has it as it stands and one has it so."""
        if not any(t.op == "exp" for t in postorder(term)):
            return None
        spelled = self.rewriter.pass_over(term, self._inverted, everywhere=False)
        if spelled.is_trivial or self._is_known(term) or not self._is_known(spelled.right):
            return None
        return spelled

    def _inverted(self, t: Term) -> Theorem | None:
        if t.op != "exp":
            return None
        exponent = t.args[0]
        if exponent.op == "add" and all(a.op == "neg" for a in exponent.args):  # a sum that is kept whole
            opposite = add(*[a.args[0] for a in exponent.args])
        else:
            poly = self.display.poly(exponent)
            if not poly or any(q > 0 for q in poly.values()):
                return None
            opposite = self.display.sum_of(poly, divide=-1)
        return self.rewriter.then_by(self.rewriter.respelled(t, {0: neg(opposite)}), "exp-of-minus")

    def _is_known(self, term: Term) -> bool:
        display = Display(self.prover)  # of its own: what is tried here is no spelling that was seen
        loss = Collector(display).collect(term).loss
        recogniser = Recogniser(self.rewriter.book, self.prover, display)
        return any(recogniser.recognise(loss, kind) is not None for kind in ("loss", "penalty"))

    # -- logarithms

    def _log(self, t: Term) -> Theorem | None:
        x = t.args[0]
        if x is not ONE and self._is_plain(x) and self.prover.is_free(x):
            return None  # log(2πσ²) reads better than its parts
        if x.op == "mul":
            grouped = self._group_constants(x)
            if grouped is not x:
                return self.rewriter.respelled(t, {0: grouped})
        found = self.rewriter.first(self._split.get("log"), t)
        if found is None and x.op == "add":
            found = self._factor_out(t, x)
        return found

    @staticmethod
    def _is_plain(x: Term) -> bool:
        stack = [x]
        while stack:
            t = stack.pop()
            if t.op not in _PLAIN:
                return False
            if t.op == "pow" and t.args[1].op != "num":
                return False
            stack.extend(t.args)
        return True

    def _group_constants(self, x: Term) -> Term:
        """A product with its plain factors that are free of parameters brought together; numbers apart where all are free."""
        constants = [f for f in x.args if self.prover.is_free(f) and self._is_plain(f)]
        if len(constants) == len(x.args):
            constants = [f for f in x.args if not symbols(f)]
        if len(constants) < 2 or len(constants) == len(x.args):
            return x
        apart = set(constants)
        rest = [f for f in x.args if f not in apart]
        return mul(mul(*constants), *rest)

    def _factor_out(self, t: Term, x: Term) -> Theorem | None:
        """log(c·a + c·b) = log c + log(a + b): a factor common to all terms of a sum inside a logarithm."""
        opened = self._open_roots(x)
        if opened is not None:
            spelled = self.kernel.congruence(t, {0: opened})
            found = self.factor_common(spelled.right)
            if found is not None:
                return self.kernel.chain([spelled, found])
        return self.factor_common(t)

    def _open_roots(self, x: Term) -> Theorem | None:
        """√(2πs²) as √(2π)·s, so that √(2π) is seen to be common."""
        rules = self.rewriter.book.tagged("root").get("sqrt")

        def visit(t: Term) -> Theorem | None:
            if t.op != "sqrt" or t.args[0].op != "mul" or not symbols(t):
                return None
            grouped = self._group_constants(t.args[0])
            constants = [f for f in grouped.args if self.prover.is_free(f)]
            if len(grouped.args) < 2 or not constants:
                return None
            return self.rewriter.then(self.rewriter.respelled(t, {0: grouped}) or self.kernel.reflexivity(t), rules)

        theorem = self.rewriter.pass_over(x, visit, everywhere=True)
        if theorem.is_trivial:
            return None
        return self.kernel.chain([theorem, *self.rewriter.tidy(theorem.right)])

    def factor_common(self, t: Term) -> Theorem | None:
        """log(c·a + c·b) = log c + log(a + b), for what is seen to be common as it is written."""
        x = t.args[0]
        products = [self.display.product(a) for a in x.args]
        if any(q == 0 for q, _ in products):
            return None
        common = common_bases([bases for _, bases in products])
        numbers: Rational = content([q for q, _ in products])
        if not common and numbers == 1:
            return None
        rest = [product_of(Fraction(q) / numbers, quotient(bases, common)) for q, bases in products]
        factor = product_of(numbers, common)
        return self.rewriter.then(self.rewriter.respelled(t, {0: mul(factor, add(*rest))}), self._split.get("log"))

    # -- powers whose base mixes what is learned with what is not

    def _mixed_power(self, t: Term) -> Theorem | None:
        inner = t.args[0].args
        if t.op == "pow" and (self.prover.is_free(t) or (self.display.constant(t.args[1]) is not None and t.args[0].op in ("mul", "div"))):
            return None
        if t.args[0].op in ("mul", "div"):
            free = [self.prover.is_free(a) for a in inner]
            if all(free) or not any(free):
                return None
        return self.rewriter.first(self._power.get(t.op), t)

    # -- sums over an index, cases

    def _index_sum(self, t: Term) -> Theorem | None:
        found = self.rewriter.first(self._split.get("sum"), t)
        if found is not None:
            return found
        index, _, _, body = t.args
        poly = self.display.poly(body)
        parts: list[tuple[Term, Term]] = []
        for monomial, q in poly.items():
            outside = {b: e for b, e in monomial if str(index.value) not in index_names(b)}
            inside = {b: e for b, e in monomial if b not in outside}
            parts.append((product_of(q, outside), product_of(1, inside)))
        if len(parts) == 1 and parts[0][0].op == "num" and parts[0][0].value == 1:
            return None
        target = tidy_sum(scaled(c, f) if f.op != "num" or f.value != 1 else c for c, f in parts)
        return self._rebuild_sum(t, target)

    def _rebuild_sum(self, t: Term, target: Term) -> Theorem | None:
        found = self.rewriter.respelled(t, {3: target})
        if found is not None and target.op == "mul":
            binary = self._as_binary(found.right)
            if binary is not None:
                found = self.kernel.chain([found, binary])
            found = self.rewriter.then_by(found, "sum-factor") or found
        return found if found is not None and found.right is not t else None

    def _as_binary(self, t: Term) -> Theorem | None:
        """The body c·f with all that is free of the index in c."""
        index, _, _, body = t.args
        name = str(index.value)
        outside = [f for f in body.args if name not in index_names(f)]
        inside = [f for f in body.args if name in index_names(f)]
        if not outside or not inside or (len(outside) == 1 and len(inside) == 1 and body.args[0] is outside[0]):
            return None
        return self.rewriter.respelled(t, {3: mul(mul(*outside), mul(*inside))})

    def _cases(self, t: Term) -> Theorem | None:
        """Take out of cases what may be dropped: a finite term beside infinity, a term in branches that only data choose."""
        condition, a, b = t.args
        if b.op == "const":
            return self._shift(t, a)
        if not self.prover.is_free(condition):
            return None
        free_a, kept_a = self._parts(a)
        free_b, kept_b = self._parts(b)
        if (free_a is None and free_b is None) or (kept_a is None and kept_b is None):
            return None
        zero = add()
        pair_a = make("add", (kept_a or zero, free_a or zero))
        pair_b = make("add", (kept_b or zero, free_b or zero))
        return self.rewriter.then_by(self.rewriter.respelled(t, {1: pair_a, 2: pair_b}), "cases-split")

    def _shift(self, t: Term, a: Term) -> Theorem | None:
        free, kept = self._parts(a)
        if free is None or kept is None:
            scaled_out = self._scale_out(t, a)
            if scaled_out is not None:
                return scaled_out
            written = self.display.sum_of(self.display.poly(a))
            if size(written) >= size(a):
                return None
            return self.rewriter.respelled(t, {1: written})
        return self.rewriter.then_by(self.rewriter.respelled(t, {1: make("add", (kept, free))}), "cases-shift")

    def _scale_out(self, t: Term, a: Term) -> Theorem | None:
        """A positive factor of the branch on the support that is free of parameters and common to its terms."""
        poly = self.display.poly(a)
        if not poly:
            return None
        common = common_bases([dict(m) for m in poly])
        scale = {b: e for b, e in common.items() if self.prover.is_free(b) and self.prover.is_shared(b)}
        factor = product_of(content(poly.values()), scale)
        if factor is ONE or not self.prover.holds("gt", factor):
            return None
        rest = self.display.sum_of(self.display.poly(div(a, factor)))
        return self.rewriter.then_by(self.rewriter.respelled(t, {1: mul(factor, rest)}), "cases-scale")

    def _parts(self, a: Term) -> tuple[Term | None, Term | None]:
        """The terms of a sum that are free of the parameters, and the others."""
        free, kept = self.display.parted(self.display.poly(a))
        return (self.display.sum_of(free) if free else None), (self.display.sum_of(kept) if kept else None)
