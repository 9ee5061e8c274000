"""The kernel: the only maker of theorems.

A theorem says that an objective ``left`` stands in a relation to ``right``. It imports terms and facts, nothing
that searches, parses or prints; what search proposes is matched again here, and its conditions are proved here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

from lossproof.facts import RELATIONS, Algebra, Fact, FactIndex, Prover, Rule, Symbol, instances
from lossproof.facts.algebra import denominators
from lossproof.facts.index import plan
from lossproof.terms import ONE, ZERO, Term, add, fn, make, mul
from lossproof.terms.pattern import Bindings, CaptureError, Filler, check_capture, index_names, instantiate

_SEAL: Final = object()
#: A proof as a tree: ("step", Step), ("chain", [traces]), ("at", argument number, trace), ("group", label, trace).
Trace = tuple[Any, ...]


class KernelError(Exception):
    """A step that is not valid. Search never shows this to a user: it tries something else."""


class Blocked(KernelError):
    """A rule whose condition could not be discharged."""

    def __init__(self, rule: str, condition: Term) -> None:
        super().__init__(f"{rule}: a condition could not be discharged")
        self.rule = rule
        self.condition = condition


class Step:
    """One use of one rule: before, after, and the facts that discharge its conditions."""

    __slots__ = ("after", "before", "bindings", "conditions", "relation", "rule")

    def __init__(
        self,
        rule: Rule | str,
        relation: str,
        bindings: Mapping[str, Any],
        before: Term,
        after: Term,
        conditions: tuple[Fact, ...],
    ) -> None:
        self.rule = rule
        self.relation = relation
        self.bindings = bindings
        self.before = before
        self.after = after
        self.conditions = conditions

    @property
    def rule_id(self) -> str:
        """The rule's permanent id; ``algebra`` and ``lemma`` are no records."""
        return self.rule if isinstance(self.rule, str) else self.rule.id


class Theorem:
    """``left`` relates to ``right``; for the first three relations left = scale * right + offset."""

    __slots__ = ("kernel", "left", "offset", "relation", "right", "scale", "trace")

    def __init__(
        self,
        seal: object,
        kernel: Kernel,
        left: Term,
        relation: str,
        right: Term,
        trace: Trace,
        scale: Term | None = ONE,
        offset: Term | None = ZERO,
    ) -> None:
        if seal is not _SEAL:
            raise KernelError("only the kernel makes theorems")
        self.kernel = kernel
        self.left = left
        self.relation = relation
        self.right = right
        self.trace = trace
        self.scale = scale
        self.offset = offset

    def __str__(self) -> str:
        return f"{self.left} {_SIGNS[self.relation]} {self.right}"

    @property
    def is_trivial(self) -> bool:
        """Whether it says nothing: t = t with no steps."""
        return self.left is self.right and self.trace == _NO_STEPS


_SIGNS: Final = {"equal": "=", "up-to-constant": "≐", "up-to-scale": "≃", "same-order": "≅"}
_NO_STEPS: Final[Trace] = ("chain", ())


class Kernel:
    """Makes theorems about one set of symbols, under one list of hypotheses."""

    def __init__(self, symbols: Mapping[str, Symbol], hypotheses: Iterable[Term], facts: FactIndex) -> None:
        self.symbols = dict(symbols)
        self.algebra_forms = Algebra()
        self.prover = Prover(self.symbols, hypotheses, facts, self.algebra_forms)

    # -- equality

    def reflexivity(self, term: Term) -> Theorem:
        """term = term."""
        return Theorem(_SEAL, self, term, "equal", term, _NO_STEPS)

    def rewrite(self, rule: Rule, before: Term, bindings: Bindings) -> Theorem:
        """The rule at these bindings. Raises Blocked if a condition is not provable, KernelError if it does not match."""
        try:
            if instantiate(rule.before, bindings) is not before:
                raise KernelError(f"{rule.id} does not match")
            if before.is_open:
                check_capture(rule.before, rule.after, bindings)
            after = instantiate(rule.after, bindings)
            conditions = self._conditions(rule, bindings)
            if rule.support:
                after = self._support(rule, after, bindings, conditions)
        except CaptureError as error:
            raise KernelError(f"{rule.id}: the index {error} would be captured") from None
        except KeyError as error:
            raise KernelError(f"{rule.id}: {error}") from None
        if after.is_open and not index_names(after) <= index_names(before):
            raise KernelError(f"{rule.id}: an index would escape")
        step = Step(rule, rule.relation, dict(bindings), before, after, tuple(conditions))
        scale, offset = _account(rule, bindings)
        return Theorem(_SEAL, self, before, rule.relation, after, ("step", step), scale, offset)

    def _conditions(self, rule: Rule, bindings: Bindings) -> list[Fact]:
        found: list[Fact] = []
        for condition, fill in _plan(rule):
            asked = instances(condition, bindings) if fill is None else (fill(bindings, None),)
            for proposition in asked:
                found.append(self._discharge(rule.id, proposition))
        return found

    def _discharge(self, rule: str, proposition: Term) -> Fact:
        fact = self.prover.prove(proposition)
        if fact is None:
            raise Blocked(rule, proposition)
        return fact

    def _support(self, rule: Rule, density: Term, bindings: Bindings, conditions: list[Fact]) -> Term:
        moving: list[Term] = []
        for conjunct in rule.support:
            facts = [self.prover.prove(p) for p in instances(conjunct, bindings)]
            if None in facts:
                moving.append(instantiate(conjunct, bindings))
            else:
                conditions.extend(f for f in facts if f is not None)
        if not moving:
            return density
        return fn("cases", moving[0] if len(moving) == 1 else make("and", moving), density, ZERO)

    def algebra(self, before: Term, after: Term) -> Theorem:
        """Two terms with one normal form. Raises KernelError if they have not, Blocked if a denominator may be 0."""
        if before is after:
            return self.reflexivity(before)
        if not self.algebra_forms.same(before, after):
            raise KernelError("not equal by algebra")
        if after.is_open and not index_names(after) <= index_names(before):
            raise KernelError("algebra: an index would escape")
        conditions = tuple(self._discharge("algebra", fn("ne", d, ZERO)) for d in denominators(before, after))
        step = Step("algebra", "equal", {}, before, after, conditions)
        return Theorem(_SEAL, self, before, "equal", after, ("step", step))

    def congruence(self, term: Term, parts: Mapping[int, Theorem]) -> Theorem:
        """Replace arguments by equals, all at once. Raises KernelError for a relation other than equality."""
        args = list(term.args)
        traces: list[Trace] = []
        for i, part in sorted(parts.items()):
            self._own(part)
            if part.relation != "equal" or part.left is not args[i]:
                raise KernelError("only an equality of an argument may be used inside a term")
            args[i] = part.right
            if part.trace != _NO_STEPS:
                traces.append(("at", i, part.trace))
        if not traces:
            return self.reflexivity(term)
        return Theorem(_SEAL, self, term, "equal", make(term.op, args, term.value), _joined(traces))

    def lemma(self, proved: Theorem, chain: str, *, back: bool = False) -> Theorem:
        """A proved equality, or sameness of order, as one step that names the chain that proves it; ``back`` from right to left."""
        self._own(proved)
        if proved.relation not in ("equal", "same-order"):
            raise KernelError("a lemma is an equality, or says that the order is the same")
        bindings = {"chain": chain, "direction": "back"} if back else {"chain": chain}
        before, after = (proved.right, proved.left) if back else (proved.left, proved.right)
        step = Step("lemma", proved.relation, bindings, before, after, ())
        account = (ONE, ZERO) if proved.relation == "equal" else (None, None)
        return Theorem(_SEAL, self, before, proved.relation, after, ("step", step), *account)

    # -- whole objectives

    def chain(self, theorems: Sequence[Theorem]) -> Theorem:
        """Transitivity: the weakest of the relations. Raises KernelError where one does not begin with the last one's end."""
        if len(theorems) == 1:
            return theorems[0]
        first = theorems[0]
        scale, offset, relation, current = first.scale, first.offset, first.relation, first.right
        for theorem in theorems:
            self._own(theorem)
        for theorem in theorems[1:]:
            if theorem.left is not current:
                raise KernelError("the theorems do not follow one another")
            scale, offset = _compose(scale, offset, theorem)
            relation = max(relation, theorem.relation, key=RELATIONS.index)
            current = theorem.right
        traces = [t.trace for t in theorems if t.trace != _NO_STEPS]
        return Theorem(_SEAL, self, first.left, relation, current, _joined(traces), scale, offset)

    def group(self, theorem: Theorem, label: str) -> Theorem:
        """The same theorem, its steps marked as one line of the proof on paper."""
        self._own(theorem)
        t = theorem
        return Theorem(_SEAL, self, t.left, t.relation, t.right, ("group", label, t.trace), t.scale, t.offset)

    def restate(self, theorem: Theorem, scale: Term, offset: Term) -> Theorem:
        """The same theorem with scale and offset written otherwise. Raises KernelError if they are not equal by algebra."""
        self._own(theorem)
        t = theorem
        if t.scale is None or t.offset is None:
            raise KernelError("this relation has no scale")
        for raw, nice in ((t.scale, scale), (t.offset, offset)):
            if not self.algebra_forms.same(raw, nice):
                raise KernelError("not the theorem's scale and offset")
        return Theorem(_SEAL, self, t.left, t.relation, t.right, t.trace, scale, offset)

    def _own(self, theorem: Theorem) -> None:
        if theorem.kernel is not self:
            raise KernelError("a theorem about other symbols")


@lru_cache(4096)
def _plan(rule: Rule) -> list[tuple[Term, Filler | None]]:
    return plan(rule.requires, rule.before)


def _joined(traces: Sequence[Trace]) -> Trace:
    if not traces:
        return _NO_STEPS
    return traces[0] if len(traces) == 1 else ("chain", tuple(traces))


def _account(rule: Rule, bindings: Bindings) -> tuple[Term | None, Term | None]:
    if rule.relation == "equal":
        return ONE, ZERO
    if rule.id == "drop-constant":
        return ONE, instantiate(rule.before.args[1], bindings)
    if rule.id == "pull-scale":
        return instantiate(rule.before.args[0], bindings), ZERO
    if rule.relation == "same-order":
        return None, None
    raise KernelError(f"{rule.id}: no account of its scale and offset")


def _compose(scale: Term | None, offset: Term | None, then: Theorem) -> tuple[Term | None, Term | None]:
    if scale is None or offset is None or then.scale is None or then.offset is None:
        return None, None
    if then.offset is not ZERO:
        more = then.offset if scale is ONE else mul(scale, then.offset)
        offset = more if offset is ZERO else add(offset, more)
    if then.scale is not ONE:
        scale = then.scale if scale is ONE else mul(scale, then.scale)
    return scale, offset
