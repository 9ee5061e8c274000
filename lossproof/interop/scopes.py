"""The loop over a post-order that every evaluator shares, with the indices of sums in scope."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Sequence
from typing import Final, Generic, NamedTuple, TypeVar

from lossproof.errors import LimitError, UsageError
from lossproof.terms import BINDERS, Term, postorder

V = TypeVar("V")

#: Binders, and those that evaluation adds: index, lower, upper, then what is summed.
INDEXED: Final = BINDERS | {"lse_sum", "lse_sum_sign"}

#: How deep sums may stand within sums; arrays have no more axes than that.
MAX_NESTING: Final = 16

#: Over the samples; they bind an index where an evaluator goes through the samples one by one.
SAMPLES: Final = frozenset({"samples_sum", "samples_mean", "samples_prod"})
SAMPLE: Final = "#sample"

#: Domains whose argument is a dimension, which the value itself already shows.
SHAPED: Final = frozenset({"simplex", "onehot", "counts", "power_domain", "posdef"})


class Scope(Generic[V]):
    """What is known while one index has one value; the outermost scope has no index."""

    __slots__ = ("level", "memo", "name", "parent")

    def __init__(self, name: str = "", parent: Scope[V] | None = None) -> None:
        self.name = name
        self.parent = parent
        self.level: int = 0 if parent is None else parent.level + 1
        self.memo: dict[Term, V] = {}


def needs(term: Term) -> Sequence[Term]:
    """The arguments that must have values before the term has one."""
    if term.op in INDEXED:
        return term.args[1:3]
    if term.op == "in":
        place = term.args[1]
        return term.args[:1] if place.op in SHAPED else (term.args[0], *place.args)
    return term.args


def needed(order: Sequence[Term]) -> set[str]:
    """The symbols of a term, by its post-order, that need a value; a dimension inside a set's name needs none."""
    if any(t.op in SHAPED for t in order):
        inside = {t for t in order if t.op in SHAPED}
        used = {a for t in order if t not in inside for a in t.args}
        return {str(t.value) for t in order if t.op == "sym" and (t in used or t is order[-1])}
    return {str(t.value) for t in order if t.op == "sym"}


def indices(order: Sequence[Term], varying: Collection[str] = ()) -> dict[Term, frozenset[str]]:
    """The free indices of every subterm, in a post-order, that has any; refuses sums nested too deeply.

    What varies with the sample has the index ``SAMPLE``, which sums over the samples bind.
    """
    free: dict[Term, frozenset[str]] = {}
    depth: dict[Term, int] = {}
    none: frozenset[str] = frozenset()
    for t in order:
        if t.op == "bound":
            free[t] = frozenset((str(t.value),))
            continue
        if t.op == "sym" and t.value in varying:
            free[t] = frozenset((SAMPLE,))
            continue
        deep = max((depth.get(a, 0) for a in t.args), default=0)
        found = none
        if t.op in INDEXED:
            deep += 1
            for body in t.args[3:]:
                found |= free.get(body, none)
            found -= free[t.args[0]]
            for limit in t.args[1:3]:
                found |= free.get(limit, none)
        else:
            for a in t.args:
                found |= free.get(a, none)
            if varying and t.op in SAMPLES:
                deep += 1
                found -= {SAMPLE}
        if deep > MAX_NESTING:
            raise LimitError(f"sums are nested more than {MAX_NESTING} deep")
        if deep:
            depth[t] = deep
        if found:
            free[t] = found
    return free


class Step(NamedTuple):
    """One term of a plan, what it needs, and which values nothing needs after it."""

    term: Term
    needs: Sequence[Term]
    spent: Sequence[Term]


class Plan:
    """How to evaluate a term: its free indices, and for a term without sums the order of its steps."""

    def __init__(self, root: Term, varying: Collection[str] = ()) -> None:
        self.root = root
        order = postorder(root)
        self.free = indices(order, varying)
        self.operators = {t.op for t in order}
        if root in self.free:
            raise _unbound(self.free[root])
        self.binders = INDEXED | SAMPLES if varying else INDEXED
        if self.operators & self.binders:
            order = []
        elif "in" in self.operators:
            order = _order(root)
        last = {a: i for i, t in enumerate(order) for a in needs(t)}
        spent: list[list[Term]] = [[] for _ in order]
        for term, i in last.items():
            spent[i].append(term)
        self.steps = [Step(t, needs(t), spent[i]) for i, t in enumerate(order)]


def _unbound(names: Collection[str]) -> UsageError:
    if SAMPLE in names:
        return UsageError("what varies with the sample stands outside every sum over the samples")
    return UsageError(f"the index {min(names)} stands outside its sum")


def _order(root: Term) -> list[Term]:
    """A post-order over what is needed."""
    done: set[Term] = set()
    order: list[Term] = []
    stack = [root]
    while stack:
        t = stack[-1]
        pending = [] if t in done else [a for a in reversed(needs(t)) if a not in done]
        if pending:
            stack.extend(pending)
            continue
        stack.pop()
        if t not in done:
            done.add(t)
            order.append(t)
    return order


class Evaluator(ABC, Generic[V]):
    """Values of subterms, each computed once in the outermost scope that fixes it."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.outermost: Scope[V] = Scope()

    @abstractmethod
    def apply(self, term: Term, args: Sequence[V]) -> V:
        """The value of a term from those that it needs."""

    @abstractmethod
    def bind(self, term: Term, limits: Sequence[V], scope: Scope[V]) -> V:
        """The value of a sum or product; ``scope`` is new and holds its index."""

    def home(self, term: Term, scope: Scope[V]) -> Scope[V]:
        """The scope in which a term's value belongs."""
        names = self.plan.free.get(term)
        if not names:
            return self.outermost
        here: Scope[V] | None = scope
        while here is not None:
            if here.name in names:
                return here
            here = here.parent
        raise _unbound(names)

    def value(self) -> V:
        """The value of the plan's term."""
        if not self.plan.steps:
            return self.run(self.plan.root, self.outermost)
        memo: dict[Term, V] = {}
        for term, wanted, spent in self.plan.steps:
            memo[term] = self.apply(term, [memo[a] for a in wanted])
            for a in spent:
                del memo[a]
        return memo[self.plan.root]

    def run(self, root: Term, scope: Scope[V]) -> V:
        """The value of ``root``; recursion is over nested sums only, which are limited."""
        stack = [root]
        while stack:
            t = stack[-1]
            home = self.home(t, scope)
            if t in home.memo:
                stack.pop()
                continue
            wanted = () if t.op in SAMPLES and t.op in self.plan.binders else needs(t)
            pending = [a for a in reversed(wanted) if a not in self.home(a, scope).memo]
            if pending:
                stack.extend(pending)
                continue
            stack.pop()
            args = [self.home(a, scope).memo[a] for a in wanted]
            if t.op in self.plan.binders:
                inner: Scope[V] = Scope(str(t.args[0].value) if t.op in INDEXED else SAMPLE, home)
                home.memo[t] = self.bind(t, args, inner)
            else:
                home.memo[t] = self.apply(t, args)
        return self.home(root, scope).memo[root]
