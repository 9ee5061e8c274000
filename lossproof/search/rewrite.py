"""Applying rules: at a node, in the arithmetic skeleton of a term, or everywhere."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from lossproof.facts import Rule
from lossproof.facts.algebra import ARITHMETIC
from lossproof.kernel import Blocked, Kernel, KernelError, Theorem
from lossproof.rulebook import Rulebook
from lossproof.search.display import Display, product_of
from lossproof.terms import ONE, Term, bound, mul, tree_size
from lossproof.terms.node import BINDERS
from lossproof.terms.pattern import Bindings, index_names, instantiate, introduced, match, matcher_of, metavariables

#: Operators through which a term is looked into for the logarithms that make up its sum.
SKELETON = frozenset({"add", "neg", "mul", "div"})
_WORKED_OUT = ARITHMETIC - {"num"}
#: Operators that are looked into at some arguments alone.
_INNER = {"cases": (1, 2), **dict.fromkeys(BINDERS, (3,))}
#: Rewriting stops after so many passes; a rulebook that needs more loops.
PASSES = 60

Visit = Callable[[Term], Theorem | None]


class Rewriter:
    """Tries rules of a rulebook with one kernel, and remembers which conditions stood in the way."""

    def __init__(self, kernel: Kernel, book: Rulebook, display: Display) -> None:
        self.kernel = kernel
        self.display = display
        self.book = book
        self.blocked: dict[tuple[str, Term], None] = {}
        self._stable: dict[str, set[Term]] = {}

    def apply(self, rule: Rule, term: Term) -> Theorem | None:
        """The rule at the root of a term, or None if it does not match or a condition is not known to hold."""
        bindings: Bindings = {}
        if not matcher_of(rule.before)(term, bindings):
            return None
        self._complete(rule, bindings)
        try:
            return self.kernel.rewrite(rule, term, bindings)
        except Blocked as blocked:
            self.blocked[(blocked.rule, blocked.condition)] = None
        except KernelError:
            pass
        return None

    def first(self, rules: Iterable[Rule], term: Term) -> Theorem | None:
        """The first of some rules that applies at the root."""
        for rule in rules:
            theorem = self.apply(rule, term)
            if theorem is not None and theorem.right is not term:
                return theorem
        return None

    # -- another spelling, for the sake of a rule

    def algebra(self, before: Term, after: Term) -> Theorem | None:
        """Two spellings of one term; None if the kernel does not agree."""
        try:
            return self.kernel.algebra(before, after)
        except KernelError:
            return None

    def respelled(self, term: Term, args: Mapping[int, Term]) -> Theorem | None:
        """The term with arguments spelled otherwise; None if the kernel does not agree."""
        try:
            return self.kernel.congruence(term, {i: self.kernel.algebra(term.args[i], after) for i, after in args.items()})
        except KernelError:
            return None

    def then(self, spelled: Theorem | None, rules: Iterable[Rule]) -> Theorem | None:
        """A respelling, followed by the first of the rules that it was made for."""
        found = None if spelled is None else self.first(rules, spelled.right)
        return None if spelled is None or found is None else self.kernel.chain([spelled, found])

    def then_by(self, spelled: Theorem | None, id: str) -> Theorem | None:
        """A respelling, followed by the rule with that id."""
        try:
            return self.then(spelled, [self.book.rule(id)])
        except KeyError:
            return None

    def _complete(self, rule: Rule, bindings: Bindings) -> None:
        """Bind what only the right side or a domain names: a fresh index, the K of simplex(K)."""
        bound_names = bindings.keys()
        if metavariables(rule.after).keys() <= bound_names and all(metavariables(c).keys() <= bound_names for c in rule.requires):
            return
        for name in introduced(rule.after):
            if name not in bindings:
                bindings[name] = bound(_fresh(name, bindings))
        prover = self.kernel.prover
        for condition in rule.requires:
            if condition.op != "in" or not condition.args[1].args or all(n in bindings for n in metavariables(condition)):
                continue
            for size in prover.dimensions:
                found = dict(bindings)
                if match(condition.args[1].args[-1], size, found) and prover.prove(instantiate(condition, found)) is not None:
                    bindings.update(found)
                    break

    # -- passes over a term

    def pass_over(self, term: Term, visit: Visit, *, everywhere: bool, stable: set[Term] | None = None) -> Theorem:
        """One pass, children first: ``visit`` says what a node becomes. Elsewhere than in the skeleton only if ``everywhere``.

        ``stable`` are nodes known not to change, to be passed by; it is added to.
        """
        kernel = self.kernel
        if stable is None:
            stable = set()
        memo: dict[Term, Theorem | None] = {}
        stack = [term]
        while stack:
            t = stack[-1]
            if t in memo:
                stack.pop()
                continue
            if t in stable:
                memo[t] = None
                stack.pop()
                continue
            args = t.args
            inner = range(len(args)) if everywhere or t.op in SKELETON else _INNER.get(t.op, ())
            ready = True
            parts: dict[int, Theorem] = {}
            for i in inner:
                a = args[i]
                if a not in memo:
                    stack.append(a)
                    ready = False
                elif (part := memo[a]) is not None:
                    parts[i] = part
            if not ready:
                continue
            stack.pop()
            if parts:
                memo[t] = kernel.congruence(t, parts)
            else:
                changed = memo[t] = visit(t)
                if changed is None:
                    stable.add(t)
        return memo[term] or kernel.reflexivity(term)

    def exhaust(self, term: Term, visit: Visit, kind: str, *, everywhere: bool) -> list[Theorem]:
        """Passes of a kind until nothing changes; each that changed something is a theorem of the list."""
        found: list[Theorem] = []
        stable = self._stable.setdefault(kind, set())
        for _ in range(PASSES):
            theorem = self.pass_over(term, visit, everywhere=everywhere, stable=stable)
            if theorem.is_trivial:
                break
            found.append(theorem)
            term = theorem.right
        return found

    def tidy(self, term: Term) -> list[Theorem]:
        """Rules that never harm, everywhere: √(σ²) becomes σ."""
        rules = self.book.tagged("tidy")
        exchange = self.book.tagged("exchange")

        def visit(t: Term) -> Theorem | None:
            found = self.first(rules.get(t.op), t)
            if not t.args:
                return found
            if found is None and t.op in exchange and self._is_backward(t.args[0]):
                found = self.first(exchange.get(t.op), t)
            return found if found is not None else self._arithmetic(t)

        return self.exhaust(term, visit, "tidy", everywhere=True)

    def _is_backward(self, difference: Term) -> bool:
        """Whether a difference has its data last: μ - y."""
        if difference.op != "add" or len(difference.args) != 2 or difference.args[1].op != "neg":
            return False
        first, second = difference.args[0], difference.args[1].args[0]
        return self.kernel.prover.is_free(second) and not self.kernel.prover.is_free(first)

    def _arithmetic(self, t: Term) -> Theorem | None:
        """Numbers worked out: σ·1, (s/2)·2, and a power of a quotient opened: ((y - μ)/σ)² is (y - μ)²/σ²."""
        if t.op not in _WORKED_OUT:
            return None
        if _is_plain(t):
            return None
        opened = t.op == "pow" and t.args[0].op in ("div", "mul", "neg", "pow") and self.display.constant(t.args[1]) is not None
        if not opened and t.op != "div" and not any(_has_number(a) for a in t.args):
            return None
        target = self._written(t)
        if target is t or (not opened and tree_size(target) >= tree_size(t)):
            return None
        return self.algebra(t, target)

    def _written(self, t: Term) -> Term:
        """An arithmetic term as a person writes it."""
        if t.op == "mul" and ONE in t.args:
            return mul(*[a for a in t.args if a is not ONE])
        q, bases = self.display.product(t)
        if t.op == "add" and len(bases) == 1 and q in (1, -1):
            return self.display.sum_of(self.display.poly(t))
        return product_of(q, bases)

    def unfold(self, term: Term) -> list[Theorem]:
        """Densities and distribution functions by their records, everywhere, and the rules about them that never harm."""
        return self.exhaust(term, self.unfolded, "unfold", everywhere=True)

    def unfolded(self, t: Term) -> Theorem | None:
        """A density or distribution function by its record, or by a rule about them that never harms."""
        if t.op not in ("pdf", "cdf", "cdf_below"):
            return None
        found = self.first(self.book.tagged("tidy").get(t.op), t)
        record = self.book.distribution_of(t.args[0])
        if found is not None or record is None:
            return found
        rule = {"pdf": record.density, "cdf": record.cdf, "cdf_below": record.cdf_below}[t.op]
        return self.apply(rule, t) if rule is not None else None


def _is_plain(t: Term) -> bool:
    """Whether a power of a symbol, or a number times such, is seen to be written as it should be: σ², 2πσ²."""
    if t.op == "pow":
        return t.args[0].op == "sym" and t.args[1].op == "num" and t.args[1].value > 1 and t.args[1].value.denominator == 1  # type: ignore[operator, union-attr]
    if t.op != "mul" or t.args[0].op != "num" or t.args[0].value.denominator != 1 or t.args[0].value < 2:  # type: ignore[operator, union-attr]
        return False
    bases: set[Term] = set()
    for f in t.args[1:]:
        base = f.args[0] if f.op == "pow" and _is_plain(f) else f
        if base.op not in ("sym", "const") or base.is_infinite:
            return False
        bases.add(base)
    return len(bases) == len(t.args) - 1


def _has_number(t: Term) -> bool:
    return t.op == "num" or (t.op in ("neg", "div", "mul") and any(a.op == "num" for a in t.args))


def _fresh(name: str, bindings: Bindings) -> str:
    taken: set[str] = set()
    for value in bindings.values():
        for t in value if isinstance(value, tuple) else (value,):
            if t.is_open:
                taken |= index_names(t)
            if t.op == "bound":
                taken.add(str(t.value))
    candidates = [name, *"kjlmnpqrst"]
    return next((c for c in candidates if c not in taken), name + "_")
