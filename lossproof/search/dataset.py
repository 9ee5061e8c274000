"""From one sample to the dataset: the sum over the samples, the drop, the scale, the reduction."""

from __future__ import annotations

from fractions import Fraction

from lossproof.errors import UnsupportedError
from lossproof.facts.algebra import Rational, quotient
from lossproof.kernel import Theorem
from lossproof.proof import Chain
from lossproof.search.display import Display, product_of, scaled, tidy_sum
from lossproof.search.rewrite import Rewriter
from lossproof.terms import ONE, Term, add, const, div, fn, make, mul, neg

COUNT = const("n_samples")
_SHOWN = 200  # characters of a condition that an error shows


def not_known(condition: Term) -> UnsupportedError:
    """The error for a condition that blocks the derivation."""
    shown = str(condition)
    if len(shown) > _SHOWN:
        shown = shown[:_SHOWN] + " ..."
    return UnsupportedError(f"it is not known that {shown}", hint="add it as a condition: where ...")


class Dataset:
    """Proves the claim: the NLL of the dataset relates to the canonical objective."""

    def __init__(self, rewriter: Rewriter, display: Display, reduction: str, losses: list[Term]) -> None:
        self.losses = losses  # sums that are kept whole
        self.rewriter = rewriter
        self.kernel = rewriter.kernel
        self.prover = self.kernel.prover
        self.display = display
        self.reduction = reduction
        self.rules = rewriter.book.rules

    def preamble(self, nll: Term) -> Chain:
        """Most likely is least NLL: the logarithm is increasing, minus reverses."""
        likelihood = nll.args[0].args[0]
        first = self._apply("log-increasing", fn("maximise", likelihood))
        second = self._apply("minus-reverses", first.right)
        theorem = self.kernel.chain([first, second])
        return Chain("preamble", theorem, (("order", first), ("order", second)))

    def prove(self, density: Term, sample: Theorem, priors: list[tuple[Chain, bool]], scale: Term) -> Chain:
        """The chain from -log ∏ density · priors to the objective."""
        product = fn("samples_prod", density)
        factors = [fn("samples_prod", c.theorem.left.args[0].args[0]) if i else c.theorem.left.args[0].args[0] for c, i in priors]
        left = neg(fn("log", mul(product, *factors)))
        lines: list[tuple[str, Theorem]] = []
        current = left

        def line(label: str, theorems: list[Theorem]) -> None:
            nonlocal current
            moved = [t for t in theorems if not t.is_trivial]
            if moved:
                lines.append((label, self.kernel.chain(moved)))
                current = moved[-1].right

        line("samples", self._open_joint(left) if priors else self._open(left))
        lemmas = {"sample": sample, **{c.name: c.theorem for c, _ in priors}}
        line("lemma", [self._put_in(current, lemmas)])
        line("linear", self._linear(current))
        line("arrange", [self._arrange(current, scale)])
        line("drop", self._drop(current))
        line("scale", self._pull(current))
        theorem = self.kernel.chain([t for _, t in lines])
        return Chain("dataset", self._restated(theorem), tuple(lines))

    def _apply(self, rule: str, term: Term) -> Theorem:
        try:
            theorem = self.rewriter.apply(self.rules[rule], term)
        except KeyError:
            raise UnsupportedError(f"the rulebook has no rule {rule}") from None
        if theorem is None:
            why = [c for r, c in self.rewriter.blocked if r == rule]
            raise not_known(why[-1]) if why else UnsupportedError(f"{rule} does not apply")
        return theorem

    def _open(self, left: Term) -> list[Theorem]:
        """-log ∏ p becomes Σ -log p."""
        summed = self.kernel.congruence(left, {0: self._apply("log-samples", left.args[0])})
        return [summed, self._apply("minus-samples", summed.right)]

    def _open_joint(self, left: Term) -> list[Theorem]:
        """-log (∏ p · q) becomes Σ -log p - log q, for the priors q."""
        kernel = self.kernel
        apart = kernel.congruence(left, {0: self._apply("log-joint", left.args[0])})
        inner = apart.right.args[0]
        logs = {i: self._apply("log-samples", a) for i, a in enumerate(inner.args) if a.args[0].op == "samples_prod"}
        summed = kernel.congruence(apart.right, {0: kernel.congruence(inner, logs)})
        spread = kernel.algebra(summed.right, add(*[neg(a) for a in summed.right.args[0].args]))
        minus = {i: self._apply("minus-samples", a) for i, a in enumerate(spread.right.args) if a.args[0].op == "samples_sum"}
        return [apart, summed, spread, kernel.congruence(spread.right, minus)]

    def _put_in(self, current: Term, lemmas: dict[str, Theorem]) -> Theorem:
        kernel = self.kernel
        by_left = {theorem.left: kernel.lemma(theorem, name) for name, theorem in lemmas.items() if not theorem.is_trivial}
        if current.op != "add":
            return self._inside(current, by_left) or kernel.reflexivity(current)
        parts = {i: found for i, a in enumerate(current.args) if (found := self._inside(a, by_left)) is not None}
        return kernel.congruence(current, parts)

    def _inside(self, t: Term, by_left: dict[Term, Theorem]) -> Theorem | None:
        if t.op == "samples_sum" and t.args[0] in by_left:
            return self.kernel.congruence(t, {0: by_left[t.args[0]]})
        return by_left.get(t)

    def _linear(self, current: Term) -> list[Theorem]:
        """Sums over samples split at plus; what is shared comes out of them."""
        steps: list[Theorem] = []
        for visit in (self._split_sum, self._factor_sum):
            theorem = self.rewriter.pass_over(current, visit, everywhere=False)
            if not theorem.is_trivial:
                steps.append(theorem)
                current = theorem.right
        return steps

    def _split_sum(self, t: Term) -> Theorem | None:
        if t.op == "samples_sum" and t.args[0].op == "add" and t.args[0] not in self.losses:
            return self.rewriter.apply(self.rules["split-samples"], t)
        return None

    def _factor_sum(self, t: Term) -> Theorem | None:
        if t.op != "samples_sum":
            return None
        body = t.args[0]
        if body in self.losses:
            return self._mean(t)
        if self.prover.is_shared(body):
            return self.rewriter.apply(self.rules["constant-samples"], t)
        if body.op == "mul" and len(body.args) == 2 and self.prover.is_shared(body.args[0]):
            c, f = body.args
        else:
            q, bases = self.display.product(body)
            common = {b: e for b, e in bases.items() if self.prover.is_shared(b)}
            if not common and q == 1:
                return self._mean(t)
            rest = {b: e for b, e in bases.items() if b not in common}
            c, f = product_of(q, common), product_of(1, rest)
        pulled = self.rewriter.then_by(self.rewriter.respelled(t, {0: mul(c, f)}), "factor-samples")
        inner = None if pulled is None else self._mean(pulled.right.args[1])
        if pulled is None or inner is None:
            return pulled
        return self.kernel.chain([pulled, self.kernel.congruence(pulled.right, {1: inner})])

    def _mean(self, t: Term) -> Theorem | None:
        if self.reduction != "mean" or self.prover.is_free(t):
            return None
        return self.rewriter.apply(self.rules["mean-samples"], t)

    def _arrange(self, current: Term, scale: Term) -> Theorem:
        """Bring the sum to the form scale · objective + dropped."""
        kept: list[Term] = []
        dropped: list[Term] = []
        for a in self._flat(current):
            (dropped if self.prover.is_free(a) else kept).append(a)
        q, bases = self.display.product(scale)
        if self.reduction == "mean":
            bases = {**bases, COUNT: bases.get(COUNT, 0) + 1}
        objective = add(*[self._divided(a, scale, q, bases) for a in kept])
        constant = [product_of(*self.display.product(d)) for d in dropped]
        whole = scaled(product_of(q, bases), objective)
        target = make("add", (whole, tidy_sum(constant))) if constant else whole
        return self.kernel.algebra(current, target)

    def _flat(self, term: Term) -> list[Term]:
        """The terms of a sum and of the sums in it, but for a loss that is kept whole."""
        found: list[Term] = []
        stack = [term]
        while stack:
            t = stack.pop()
            if t.op == "add" and t not in self.losses:
                stack.extend(reversed(t.args))
            else:
                found.append(t)
        return found

    def _divided(self, a: Term, scale: Term, q: Rational, bases: dict[Term, int]) -> Term:
        """A term over the scale: literally where the scale stands before it."""
        if a.op == "mul" and len(a.args) == 2 and a.args[0] is scale:
            a, q, bases = a.args[1], 1, {b: e for b, e in bases.items() if b is COUNT}
        elif scale is ONE:
            q, bases = 1, {b: e for b, e in bases.items() if b is COUNT}
        if not bases and q == 1:
            return a
        if a.op == "mul" and len(a.args) == 2 and a.args[0] is COUNT and bases == {COUNT: 1}:
            return a.args[1]
        if a in self.losses:
            return div(a, product_of(q, bases))
        r, own = self.display.product(a)
        return product_of(Fraction(r) / q, quotient(own, bases))

    def _drop(self, current: Term) -> list[Theorem]:
        if current.op != "add" or len(current.args) != 2 or not self.prover.is_free(current.args[1]):
            return []
        return [self._apply("drop-constant", current)]

    def _pull(self, current: Term) -> list[Theorem]:
        if current.op != "mul" or len(current.args) != 2 or not self.prover.is_free(current.args[0]):
            return []
        return [self._apply("pull-scale", current)]

    def _restated(self, theorem: Theorem) -> Theorem:
        scale, offset = theorem.scale, theorem.offset
        if scale is None or offset is None:
            return theorem
        if offset.op == "add" and len(offset.args) == 1:
            offset = offset.args[0]
        return self.kernel.restate(theorem, scale, offset)

