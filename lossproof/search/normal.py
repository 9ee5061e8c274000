"""A normal form for comparing objectives: definitions unfolded, logarithms split, sums and expectations taken apart term by term."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from math import isqrt
from typing import Final

from lossproof.facts import Rule
from lossproof.facts.algebra import Rational, quotient
from lossproof.kernel import KernelError, Theorem
from lossproof.rulebook import Rulebook
from lossproof.search.display import Display, product_of, tidy_sum
from lossproof.search.equations import over_one, prime_factors
from lossproof.search.rewrite import Rewriter
from lossproof.search.split import Splitter
from lossproof.terms import ZERO, Term, add, contains, fn, make, mul, neg, num, size, symbols
from lossproof.terms.pattern import index_names

#: Terms larger than this are not worked on: the answer is unknown.
MAX_SIZE: Final = 20_000
_MOST_SUMMANDS: Final = 12  # of a square that is multiplied out
#: Rules that go the other way here.
_LEFT_OUT: Final = frozenset({"cases-minus"})
#: Which argument is taken apart, for the operators that are linear in one.
_BODY: Final = {"samples_sum": 0, "sum": 3, "E": 2}


class Normaliser:
    """Brings objectives to a form in which equal ones are likely to be equal by algebra; each step is a theorem.

    ``full`` multiplies squares and exponentials out as well.
    """

    def __init__(self, rewriter: Rewriter, display: Display, *, full: bool = False) -> None:
        self.rewriter = rewriter
        self.kernel = rewriter.kernel
        self.prover = self.kernel.prover
        self.book: Rulebook = rewriter.book
        self.display = display
        self.full = full
        self.splitter = Splitter(rewriter, display)
        self._tags = ("expectation", "define", "tidy", "split", "canonical", "power", "root", *(["expand"] if full else []))
        self._rules: dict[str, list[Rule]] = {}  # those that are tried at an operator
        self._stables: tuple[set[Term], set[Term]] = (set(), set())
        self._written: set[Term] = set()  # what arithmetic has spelled, which is not spelled again
        self._arithmetic_too = False
        self._equal: dict[Term, Term] = {}

    def given(self, left: Term, right: Term) -> None:
        """A symbol is to be replaced by what a hypothesis says that it equals."""
        self._equal[left] = right

    def normal(self, term: Term) -> Theorem:
        """The term equals its normal form."""
        steps: list[Theorem] = []
        for phase, stable in enumerate(self._stables):  # definitions and logarithms first: densities are best as their records write them
            self._arithmetic_too = phase == 1
            for _ in range(80):
                theorem = self.rewriter.pass_over(term, self._visit, everywhere=True, stable=stable)
                if theorem.is_trivial or size(theorem.right) > MAX_SIZE:
                    break
                steps.append(theorem)
                term = theorem.right
        return self.kernel.chain(steps) if steps else self.kernel.reflexivity(term)

    # -- one node

    def _visit(self, t: Term) -> Theorem | None:
        op = t.op
        if op == "sym":
            return self._replaced(t)
        if not t.args or op.startswith("dist:") or (op == "H" and t.args[0].op == "dist:empirical"):
            return None
        if op == "samples_mean" and not self.full and self.prover.is_free(t) and not self.prover.is_shared(t.args[0]):
            return None  # what is a constant may stay as it was written
        if op in ("pdf", "cdf", "cdf_below"):
            return self.rewriter.unfolded(t)
        found = self._log_of_samples(t) or self.rewriter.first(self._tried_at(op), t)
        if found is not None:
            return found
        if not self._arithmetic_too:
            return self.splitter.factor_common(t) if op == "log" and t.args[0].op == "add" else None
        if op in _BODY:
            return self._linear(t)
        special = {"log": self._log, "pow": self._power, "abs": self._distance, "softplus": self._softplus, "cosh": self._oriented,
                   "cos": self._oriented, "sqrt": self._root, "sigmoid": self._oriented, "cases": self._cases}.get(op)  # fmt: skip
        found = special(t) if special is not None else None
        return found if found is not None else self._arithmetic(t)

    def _replaced(self, t: Term) -> Theorem | None:
        value = self._equal.get(t)
        if value is None:
            return None
        try:
            return self.kernel.rewrite(self.book.rules["by-equation"], t, {"a": t, "b": value})
        except KernelError:
            return None

    def _tried_at(self, op: str) -> list[Rule]:
        found = self._rules.get(op)
        if found is None:
            found = self._rules[op] = [r for r in self._tagged(op, *self._tags) if r.id not in _LEFT_OUT]
        return found

    def _tagged(self, op: str, *tags: str) -> Iterator[Rule]:
        """The rules for some uses at an operator, in the order of the uses."""
        return (r for tag in tags for r in self.book.tagged(tag).get(op))

    def _arithmetic(self, t: Term) -> Theorem | None:
        """Quotients and products of sums multiplied out, inside functions too."""
        if t.op in ("add", "mul", "div", "neg", "pow") and (t.op == "add" or not self.prover.is_free(t)) and t not in self._written:
            target = self.display.sum_of(self.display.poly(t))
            self._written.add(target)
            if target is not t and not self._is_alike(t, target):
                return self.rewriter.algebra(t, target)
        return self._partial(t) if t.op == "div" and self.full else None

    def _is_alike(self, t: Term, target: Term) -> bool:
        """Whether two spellings differ in the order of operands, or in how these are spelled, which is no reason for a step."""
        if t.op != target.op or len(t.args) != len(target.args):
            return False
        forms = self.kernel.algebra_forms
        return sorted(map(id, map(forms.canonical, t.args))) == sorted(map(id, map(forms.canonical, target.args)))

    def _partial(self, t: Term) -> Theorem | None:
        """K/(K - 1) as 1 + 1/(K - 1): fractions of which a part is whole."""
        q, bases = self.display.product(t)
        for below, e in bases.items():
            if below.op != "add" or e >= 0:
                continue
            poly = self.display.poly(below)
            for above in [b for b, k in bases.items() if k > 0 and poly.get(((b, 1),)) == 1]:
                rest = neg(self.display.sum_of({m: c for m, c in poly.items() if m != ((above, 1),)}))
                fraction = fn("div", above, add(above, neg(rest)))
                outside = {b: k - (b is above) + (b is below) for b, k in bases.items()}
                first = self.rewriter.algebra(t, mul(product_of(q, {b: k for b, k in outside.items() if k}), fraction))
                then = self.rewriter.apply(self.book.rules["partial-fraction"], fraction)
                if first is not None and then is not None and first.right.op == "mul":
                    return self.kernel.chain([first, self.kernel.congruence(first.right, {len(first.right.args) - 1: then})])
        return None

    # -- logarithms, powers, even functions

    def _log_of_samples(self, t: Term) -> Theorem | None:
        """The logarithm of a likelihood, which may be zero: before the rules that ask for more."""
        if t.op != "log":
            return None
        x = t.args[0]
        if x.op == "samples_prod":
            return self.rewriter.apply(self.book.rules["log-samples"], t)
        if x.op == "mul" and any(a.op == "samples_prod" for a in x.args):
            return self.rewriter.apply(self.book.rules["log-joint"], t)
        return None

    def _log(self, t: Term) -> Theorem | None:
        x = t.args[0]
        if x.op in ("num", "div") and (q := self.display.constant(x)) is not None and q > 0 and q != 1:
            return self._log_of_number(t, Fraction(q))
        if x.op == "add":
            return self.splitter.factor_common(t) or self._reordered(t) or self._one_fraction(t)
        return None

    def _one_fraction(self, t: Term) -> Theorem | None:
        """log(1 + b/a) as log((a + b)/a), and a root likewise."""
        x = t.args[0]
        above, below = over_one(x, self.display)
        if not symbols(below):
            return None
        first = self.rewriter.algebra(x, fn("div", self.display.sum_of(self.display.poly(above)), below)) or self._common(x)
        spelled = None if first is None else self.kernel.congruence(t, {0: first})
        return self.rewriter.then(spelled, self._tagged(t.op, "split", "canonical"))

    def _common(self, x: Term) -> Theorem | None:
        """1 - 1/(1 + m) as m/(1 + m)."""
        poly = self.display.poly(x)
        below = {b for m in poly for b, e in m if b.op == "add" and e == -1}
        if len(below) != 1:
            return None
        (c,) = below
        parts = [{m: q for m, q in poly.items() if ((c, -1) in m) is inside} for inside in (False, True)]
        over = {tuple(f for f in m if f != (c, -1)): q for m, q in parts[1].items()}
        spelled = self.rewriter.algebra(x, make("add", (self.display.sum_of(parts[0]), fn("div", self.display.sum_of(over), c))))
        joined = self.rewriter.then_by(spelled, "common-denominator")
        if joined is None:
            return None
        worked_out = self.rewriter.respelled(joined.right, {0: self.display.sum_of(self.display.poly(joined.right.args[0]))})
        return joined if worked_out is None else self.kernel.chain([joined, worked_out])

    def _log_of_number(self, t: Term, q: Fraction) -> Theorem | None:
        """log 12 = 2 log 2 + log 3."""
        factors = prime_factors(q)
        if factors is None or (len(factors) == 1 and factors[0][1] == 1):
            return None
        parts = [num(p) if e == 1 else make("pow", (num(p), num(e))) for p, e in factors]
        return self.rewriter.then(self.rewriter.respelled(t, {0: mul(*parts)}), self._tagged("log", "split"))

    def _reordered(self, t: Term) -> Theorem | None:
        """log(e^z + 1) as log(1 + e^z), if a rule then knows it."""
        args = t.args[0].args
        for order in ((*args[1:], args[0]), args[::-1]):
            found = self.rewriter.then(self.rewriter.respelled(t, {0: make("add", order)}), self._tagged("log", "canonical"))
            if found is not None:
                return found
        return None

    def _root(self, t: Term) -> Theorem | None:
        """√4 is √(2²)."""
        if t.args[0].op == "add":
            return self._one_fraction(t)
        q = self.display.constant(t.args[0])
        if q is None or q <= 0:
            return None
        top, bottom = isqrt(Fraction(q).numerator), isqrt(Fraction(q).denominator)
        if Fraction(top * top, bottom * bottom) != q:
            return None
        square = make("pow", (num(Fraction(top, bottom)), num(2)))
        return self.rewriter.then(self.rewriter.respelled(t, {0: square}), self._tagged("sqrt", "tidy"))

    def _power(self, t: Term) -> Theorem | None:
        if not self.full or t.args[0].op != "add" or t.args[1] is not num(2) or len(t.args[0].args) > _MOST_SUMMANDS:
            return None
        base = t.args[0]
        pair = base if len(base.args) == 2 else make("add", (base.args[0], make("add", base.args[1:])))
        return self.rewriter.then_by(self.rewriter.respelled(t, {0: pair}), "square-of-sum")

    def _softplus(self, t: Term) -> Theorem | None:
        """A label among several factors stands first, where rules look for it."""
        x = t.args[0]
        for label in x.args if x.op == "mul" and len(x.args) > 2 else ():
            symbol = self.prover.symbols.get(str(label.value)) if label.op == "sym" else None
            if symbol is None or symbol.domain.op != "set":
                continue
            apart = mul(label, mul(*[a for a in x.args if a is not label]))
            found = self.rewriter.then(self.rewriter.respelled(t, {0: apart}), self._tagged("softplus", "canonical"))
            if found is not None:
                return found
        return self._oriented(t)

    def _oriented(self, t: Term) -> Theorem | None:
        """The one of f(a - b) and f(b - a) that both sides of a comparison agree on."""
        x = t.args[0]
        if x.op not in ("add", "neg", "mul", "div"):
            return None
        if not self._is_turned(x):
            return None
        return self.rewriter.then(self.rewriter.respelled(t, {0: neg(self._minus(x))}), self._tagged(t.op, "tidy", "split", "canonical"))

    def _is_turned(self, x: Term) -> bool:
        """Whether the first term of a sum, in an order that knows no spelling, has a minus."""
        forms = self.kernel.algebra_forms
        poly = forms.poly(x)
        return bool(poly) and poly[min(poly, key=lambda m: [forms.order_key(b) for b, _ in m])] < 0

    def _minus(self, x: Term) -> Term:
        return self.display.sum_of(self.kernel.algebra_forms.poly(x), divide=-1)

    def _distance(self, t: Term) -> Theorem | None:
        """|a·b + a·c| as |a|·|b + c|."""
        forms = self.kernel.algebra_forms
        q, bases = forms.product(forms.factored(t.args[0]))
        if len(bases) + (q not in (1, -1)) < 2:
            return self._oriented(t)
        factors = [num(abs(q))] if q not in (1, -1) else []
        factors += [product_of(1, {b: e}) for b, e in bases.items()]
        product = make("mul", factors)
        found = self.rewriter.respelled(t, {0: product if q > 0 else neg(product)})
        for _ in range(2):  # |-a|, then |a·b|
            found = self.rewriter.then(found, self._tagged("abs", "tidy", "power"))
            if found is not None and found.right.op != "abs":
                return found
        return None

    def _cases(self, t: Term) -> Theorem | None:
        """The one of cases(c, a, b) and -cases(c, -a, -b) that both sides of a comparison agree on."""
        found = self.splitter.visit(t)
        if found is not None:
            return found
        a, b = t.args[1:]
        if a.is_infinite:
            return None
        if b.op == "neg" and b.args[0].op == "const":
            return self._minus_out(t, b)
        if b.is_infinite or not self._is_turned(a):
            return None
        return self._minus_out(t, neg(self._minus(b)))

    def _minus_out(self, t: Term, other: Term) -> Theorem | None:
        spelled = self.rewriter.respelled(t, {1: neg(self._minus(t.args[1])), 2: other})
        return self.rewriter.then_by(spelled, "cases-minus-out")

    # -- sums over samples, sums over an index, expectations

    def _linear(self, t: Term) -> Theorem | None:
        if t.op == "E":
            found = self._expectation(t)
            if found is not None:
                return found
        at = _BODY[t.op]
        body = t.args[at]
        poly = self.display.poly(body)
        if not poly:
            return self._with_body(t, ZERO, self._constant_rule(t))
        if len(poly) > 1:
            written = tidy_sum(product_of(q, dict(m)) for m, q in poly.items())
            if written.op != "add":
                return None
            return self._with_body(t, written, {"samples_sum": "split-samples", "sum": "sum-split", "E": "expectation-sum"}[t.op])
        ((monomial, q),) = poly.items()
        return self._factored(t, q, dict(monomial))

    def _factored(self, t: Term, q: Rational, bases: dict[Term, int]) -> Theorem | None:
        outside = {b: e for b, e in bases.items() if self._is_outside(t, b)}
        inside = quotient(bases, outside)
        if not inside:
            return self._with_body(t, product_of(q, outside), self._constant_rule(t))
        if not outside and q == 1:
            return None
        pair = mul(product_of(q, outside), product_of(1, inside))
        return self._with_body(t, pair, {"samples_sum": "factor-samples", "sum": "sum-factor", "E": "expectation-factor"}[t.op])

    def _is_outside(self, t: Term, b: Term) -> bool:
        if t.op == "samples_sum":
            return self.prover.is_shared(b)
        if t.op == "sum":
            return str(t.args[0].value) not in index_names(b)
        return not contains(b, t.args[1])

    def _constant_rule(self, t: Term) -> str:
        if t.op == "E":
            return f"expectation-{t.args[0].op[5:]}-0"
        return {"samples_sum": "constant-samples", "sum": "sum-constant"}[t.op]

    def _with_body(self, t: Term, body: Term, rule: str) -> Theorem | None:
        """Spell the body as the rule wants it, then apply the rule."""
        found = self.rewriter.then_by(self.rewriter.respelled(t, {_BODY[t.op]: body}), rule)
        return None if found is None or found.right is t else found

    def _expectation(self, t: Term) -> Theorem | None:
        """An expectation by the distribution's record."""
        distribution, variable, body = t.args
        record = self.book.distribution_of(distribution)
        if record is None:
            return None
        for spelled in (body, *self._spellings(body, variable)):
            found = self.rewriter.then(self.rewriter.respelled(t, {2: spelled}), record.expectations[1:])
            if found is not None:
                return found
        return None

    def _spellings(self, body: Term, variable: Term) -> list[Term]:
        """x² as (x - 0)², (μ - x)² as (x - μ)², x - μ."""
        found: list[Term] = []
        if body.op == "pow" and body.args[1] is num(2):
            base = body.args[0]
            if base is variable:
                found.append(make("pow", (add(variable, neg(ZERO)), num(2))))
            elif base.op == "add":
                poly = self.display.poly(base)
                own = poly.get(((variable, 1),))
                rest = {m: q for m, q in poly.items() if m != ((variable, 1),)}
                if own in (1, -1) and not any(contains(b, variable) for m in rest for b, _ in m):
                    sign = -1 if own == 1 else 1
                    other = self.display.sum_of({m: sign * q for m, q in rest.items()})
                    found.append(make("pow", (add(variable, neg(other)), num(2))))
        if body.op == "mul" and len(body.args) == 2:
            found.append(make("mul", (body.args[1], body.args[0])))
        return found
