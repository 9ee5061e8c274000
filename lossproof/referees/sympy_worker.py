"""What the referee by SymPy does, in a process of its own: a proof on stdin, a finding a line on stdout."""

from __future__ import annotations

import contextlib
import json
import random
import signal
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from fractions import Fraction
from typing import Any, Final

import sympy as sp

from lossproof.errors import LossproofError
from lossproof.referees import Answer, Finding, of_steps
from lossproof.referees import sympy_forms as forms
from lossproof.referees.reading import OVER, Reading, Step, from_json
from lossproof.referees.sympy_terms import Expressions, Names, Split
from lossproof.referees.sympy_witness import witnessed
from lossproof.referees.walking import Beyond, Undefined, Unsure, hashed

Expr = Any
CONFIRMED: Final[Answer] = ("confirmed", "")
#: Seconds for one difference.
EACH: Final = 6.0
SAMPLES: Final = 2
SIZE: Final = 2
_SPLITS: Final = 5
_TRIES: Final = 100
_SURE: Final = sp.Float("1e-20", 50)
_STRANGE: Final = (Unsure, Undefined, ArithmeticError, LookupError, TypeError, ValueError, AttributeError, RecursionError, NotImplementedError, MemoryError)


class Late(BaseException):
    """The time for one difference is over."""


@contextlib.contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Raise Late after some seconds, where signals can do that."""

    def stop(*_: object) -> None:
        raise Late

    if not hasattr(signal, "setitimer"):
        yield
        return
    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, max(seconds, 0.001))
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _tried(check: Callable[[], Answer]) -> Answer:
    """The answer of a check; undecided where it runs out of time or SymPy raises."""
    try:
        return check()
    except Late:
        return "undecided", "the time limit was reached"
    except _STRANGE as error:
        return "undecided", (str(error) or type(error).__name__)[:200]


class Worker:
    """The questions that a proof puts, each for a few explicit samples and components."""

    def __init__(self, proof: Reading, deadline: float) -> None:
        self.p = proof
        self.deadline = deadline
        choices = self._choices()
        self.settings = [Names(proof, SAMPLES, SIZE, c) for c in range(choices)]
        self.plain = [Names(proof, SAMPLES, SIZE, c, bounds=False) for c in range(choices)]
        lengths = f", {SIZE} components" if self.settings[0].sized else ""
        values = f", {choices} choices of finite data" if choices > 1 else ""
        self.note = f"{SAMPLES} explicit samples{lengths}{values}"

    def _choices(self) -> int:
        """How many values the finite symbols have at most."""
        found = [1]
        for s in self.p.symbols.values():
            op, args = self.p.ops[s.domain], self.p.args[s.domain]
            if s.role == "variable":
                continue
            if op == "set":
                found.append(len(args))
            elif op in ("categories", "onehot"):
                size = self.p.values[args[0]]
                found.append(int(size) if isinstance(size, Fraction) else SIZE)
        return min(max(found), 4)

    def findings(self) -> Iterator[Finding]:
        """All that is looked at, in the order of the report."""
        linked = ("refuted", self.p.breaks[0]) if self.p.breaks else ("confirmed", f"{len(self.p.steps)} steps, each at its place")
        yield Finding("the steps follow one another", *linked)
        for name in self.p.chains:
            steps = [s for s in self.p.steps if s.chain == name]
            yield self._timed(f"chain {name}: {len(steps)} step{'s' * (len(steps) != 1)}", lambda steps=steps: self._chain(steps))  # type: ignore[misc]
        for what, check in self._claims():
            yield self._timed(what, check)

    def _timed(self, what: str, check: Callable[[], Answer]) -> Finding:
        start = time.perf_counter()
        answer, detail = _tried(check)
        return Finding(what, answer, detail, time.perf_counter() - start)

    # -- what is looked at

    def _chain(self, steps: list[Step]) -> Answer:
        return of_steps(steps, lambda step: _tried(lambda: self._step(step)), lambda: self.note)

    def _claims(self) -> Iterator[tuple[str, Callable[[], Answer]]]:
        p, claim = self.p, self.p.claim
        left, right, scale, offset = (claim.get(k) for k in ("left", "right", "scale", "offset"))
        if p.compares and p.relation == "refuted":
            yield "the claim: refuted", lambda: witnessed(p)
            return
        if p.compares and p.relation not in ("equal", "up-to-constant", "up-to-scale", "same-order"):
            yield f"the claim: {p.relation[:20]}", lambda: ("undecided", "the claim is that nothing is known")
            return
        if not p.compares:
            yield "NLL = scale * loss + offset", self._identity
        if left is None or right is None or scale is None or offset is None:
            yield "the claim: the same order", lambda: self._order(left, right)
            return
        pairs = [(left, p.fn("add", p.fn("mul", scale, right), offset))]
        if p.relation in ("equal", "up-to-constant"):
            pairs.append((scale, p.number(1)))
        if p.relation == "equal":
            pairs.append((offset, p.number(0)))
        yield f"the claim over the data: {p.relation}", lambda: self._pairs(pairs, [{}])
        scales = [scale, *([p.per_sample["scale"]] if not p.compares else [])]
        free = [*scales, offset, *([p.per_sample["offset"]] if not p.compares else [])]
        yield "d scale = d offset = 0 by each parameter", lambda: self._free(free)
        yield "scale > 0", lambda: self._positive(scales)

    def _identity(self) -> Answer:
        p, s = self.p, self.p.per_sample
        total = p.fn("add", p.fn("mul", s["scale"], s["loss"]), s["offset"])
        pieces = [c for n, c in p.chains.items() if n == "sample" or n.startswith("prior:")]
        zero = p.number(0)
        pairs = [(s["nll"], total), (p.fn("add", *p.ledger, zero, zero), s["offset"]),
                 (p.fn("add", zero, *[c.left for c in pieces]), s["nll"]), (p.fn("add", zero, *[c.right for c in pieces]), total)]  # fmt: skip
        return self._pairs(pairs, [{"#": 0}])

    def _pairs(self, pairs: list[tuple[int, int]], scopes: list[dict[str, Any]]) -> Answer:
        for a, b in pairs:
            for names in self.settings:
                for scope in scopes:
                    answer, why = self._same(names, a, b, scope)
                    if answer != "confirmed":
                        return answer, why
        return "confirmed", self.note

    def _order(self, left: int | None, right: int | None) -> Answer:
        if left is None or right is None:
            return "undecided", "the claim lacks an end"
        return self._monotone(left, right)

    def _free(self, terms: list[int]) -> Answer:
        """That derivatives by all parameters vanish, where domains alone are supposed."""
        for names in self.plain:
            for t in terms:
                if any(self.p.symbols[n].role == "parameter" for n in self.p.names(t) & names.sized):
                    return "undecided", "a length that is learned is in it"
                answer, why = self._split(names, lambda w, t=t: self._still(w, w.value(t, {"#": 0})))  # type: ignore[misc]
                if answer != "confirmed":
                    return answer, why
        return "confirmed", self.note

    def _positive(self, terms: list[int]) -> Answer:
        def sign(x: Expr) -> Answer:
            if x.is_nonpositive:
                return "refuted", "it is not positive"
            return CONFIRMED if x.is_positive else ("undecided", "its sign is not known")

        for names in self.settings:
            for t in terms:
                answer, why = self._split(names, lambda w, t=t: sign(forms.factored(w.value(t, {"#": 0}))))  # type: ignore[misc]
                if answer != "confirmed":
                    return answer, why
        return "confirmed", self.note

    # -- steps

    def _step(self, step: Step) -> Answer:
        if step.relation == "equal":
            check: Callable[[Names], Answer] = lambda names: self._equal(names, step)  # noqa: E731
        elif step.relation == "same-order":
            return self._monotone(step.before, step.after)
        else:
            check = lambda names: self._related(names, step)  # noqa: E731
        for names in self.settings:
            answer, why = check(names)
            if answer != "confirmed":
                return answer, why
        return CONFIRMED

    def _equal(self, names: Names, step: Step) -> Answer:
        for scope in self._scopes(names, step):
            answer, why = self._same(names, step.before, step.after, scope)
            if answer != "confirmed":
                return answer, why
        return CONFIRMED

    def _scopes(self, names: Names, step: Step) -> list[dict[str, Any]]:
        """The values of what is bound around a step."""
        p, found = self.p, [dict[str, Any]()]
        walker = Expressions(names, {})
        for binder in step.binders:
            op, args = p.ops[binder], p.args[binder]
            if op in ("sum", "prod"):
                name = str(p.values[args[0]])
                found = [{**s, name: k} for s in found for k in range(walker.index(walker.value(args[1], s)), walker.index(walker.value(args[2], s)) + 1)]
            elif op in OVER and p.ops[args[0]] == "dist:empirical":
                name = f"={p.values[args[OVER[op]]]}"
                found = [{**s, "#": i, name: hashed(walker.value(p.args[args[0]][0], {**s, "#": i}))} for s in found for i in range(SAMPLES)]
            elif op in OVER:
                found = [{**s, f"={p.values[args[OVER[op]]]}": v} for s in found for v in self._variable(names, walker, args[OVER[op]], s)]
            else:
                found = [{**s, "#": i} for s in found for i in range(SAMPLES)]
        free = {*walker.free(step.before), *walker.free(step.after)}
        if "#" in free:
            found = [s if "#" in s else {**s, "#": 0} for s in found]
        kept = {tuple(s.get(n) for n in sorted(free)): s for s in found}
        return list(kept.values())[:6]

    def _variable(self, names: Names, walker: Expressions, variable: int, scope: dict[str, Any]) -> list[Any]:
        name = str(self.p.values[variable])
        domain = self.p.symbols[name].domain
        if self.p.ops[domain] != "domain":
            return walker.members(domain, [walker.value(s, scope) for s in walker.sizes(domain)])
        return [walker.over(name)]

    def _related(self, names: Names, step: Step) -> Answer:
        """A constant dropped, or a positive factor: what is left over does not move with the parameters."""
        if step.relation == "up-to-constant":
            return self._split(names, lambda w: self._still(w, w.value(step.before, {}) - w.value(step.after, {})))
        op, args = self.p.ops[step.before], self.p.args[step.before]
        if op != "mul" or args[-1] != step.after:
            return "undecided", "no factor stands before what is kept"
        factor = self.p.fn("mul", *args[:-1]) if len(args) > 2 else args[0]

        def positive(w: Expressions) -> Answer:
            x = forms.factored(w.value(factor, {}))
            return self._still(w, x) if x.is_positive else ("undecided", "the factor's sign is not known")

        return self._split(names, positive)

    def _still(self, walker: Expressions, x: Expr) -> Answer:
        names = walker.names
        moving = {v for key, roots in names.roots.items() for v in roots if self.p.symbols[key.split("#")[0]].role == "parameter"}
        x = sp.expand(x)
        for v in moving & x.free_symbols:
            if v.is_integer:
                return "undecided", "a whole parameter is in it"
            if not self._zero(sp.diff(x, v)):
                return self._disproved(sp.diff(x, v), "it moves with a parameter")
        return CONFIRMED

    def _monotone(self, left: int, right: int) -> Answer:
        """Whether the one is minus the other, or its logarithm, read as something to minimise."""
        sides = {t: -1 if self.p.ops[t] == "maximise" else 1 for t in (left, right)}

        def check(w: Expressions) -> Answer:
            a, b = (w.value(t, {}) for t in (left, right))
            if sides[left] * a == sides[right] * b:
                return CONFIRMED
            pairs = [(sides[left] * a, sides[right] * b)]
            if sides[left] < 0:
                pairs = [(-forms.log(a), sides[right] * b), *pairs]
            elif (-a).is_nonnegative:
                pairs = [(-forms.log(-a), sides[right] * b), *pairs]
            for x, y in pairs:
                x, y = forms.settled(x), forms.settled(y)
                if x == y or (not x.has(sp.oo, sp.nan) and not y.has(sp.oo, sp.nan) and self._zero(x - y)):
                    return CONFIRMED
            return "undecided", "neither the same nor a logarithm"

        for names in self.settings:
            answer, why = self._split(names, check)
            if answer != "confirmed":
                return answer, why
        return CONFIRMED

    # -- one difference

    def _same(self, names: Names, left: int, right: int, scope: dict[str, Any]) -> Answer:
        def check(w: Expressions) -> Answer:
            a, b = w.value(left, scope), w.value(right, scope)
            pairs = list(_paired(a, b))
            for x, y in pairs:
                x, y = forms.settled(x), forms.settled(y)
                if x == y:
                    continue
                if x.has(sp.oo, sp.zoo, sp.nan) or y.has(sp.oo, sp.zoo, sp.nan):
                    return "undecided", "a side is not finite"
                if not self._zero(x - y):
                    return self._disproved(x - y, "the two sides differ", w)
            return CONFIRMED

        return self._split(names, check)

    def _split(self, names: Names, check: Callable[[Expressions], Answer]) -> Answer:
        """The check in all cases of the conditions that it meets."""
        pending: list[dict[Any, bool]] = [{}]
        while pending:
            truth = pending.pop()
            try:
                with limited(min(EACH, self.deadline - time.perf_counter())):
                    answer, why = check(Expressions(names, truth))
            except Split as case:
                if len(truth) >= _SPLITS:
                    return "undecided", "too many cases"
                pending += [{**truth, case.key: True}, {**truth, case.key: False}]
                continue
            if answer != "confirmed":
                return answer, why
        return CONFIRMED

    @staticmethod
    def _zero(gap: Expr) -> bool:
        return forms.is_zero(gap)

    @staticmethod
    def _disproved(gap: Expr, why: str, walker: Expressions | None = None) -> Answer:
        """Refuted where the difference is not 0 at two exact points, with 50 digits."""
        wanted = list(_hypotheses(walker)) if walker is not None else []
        cases = [*(walker.truth.items() if walker is not None else ()), *wanted]
        variables = sorted(gap.free_symbols.union(*[g.free_symbols for (_, g), _ in cases]), key=str)
        sure = 0
        value: Expr = sp.Integer(0)
        drawn = random.Random(1)
        for _ in range(_TRIES):
            point = {v: _exact(v, drawn) for v in variables}
            if not all(bool(g.xreplace(point) == 0 if kind == "zero" else g.xreplace(point) > 0) == holds for (kind, g), holds in cases):
                continue
            value = gap.xreplace(point).evalf(50, maxn=200)
            if value.is_Number and value.is_finite and abs(value) > _SURE:
                sure += 1
            if sure == 2:
                return "refuted", f"{why}: by {sp.N(value, 6)} at an exact point"
        return "undecided", f"{why}, as far as the strategy goes" if not sure else why


def _paired(a: Any, b: Any) -> Iterator[tuple[Expr, Expr]]:
    if isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        for x, y in zip(a, b, strict=True):
            yield from _paired(x, y)
    elif isinstance(a, list) or isinstance(b, list):
        raise Beyond("a vector and a number")
    else:
        yield a, b


def _exact(v: Expr, drawn: random.Random) -> Expr:
    """An exact value of a free variable."""
    if v.is_integer:
        return sp.Integer(drawn.randint(0 if v.is_nonnegative else -4, 6))
    value = sp.Rational(drawn.randint(1, 24), drawn.choice((2, 3, 5, 7)))
    return value if v.is_nonnegative or drawn.random() < 0.5 else -value


def _hypotheses(walker: Expressions) -> Iterator[tuple[tuple[str, Expr], bool]]:
    """What the hypotheses say of the free variables. Raises Beyond for what a point cannot be asked."""
    for h in walker.p.hypotheses:
        for scope in [{"#": i} for i in range(SAMPLES)] if "#" in walker.free(h) else [{}]:
            found, holds = walker.value(h, scope), True
            while isinstance(found, tuple) and found[0] == "not":
                found, holds = found[1], not holds
            if isinstance(found, bool):
                if found != holds:
                    raise Beyond("a hypothesis does not hold")
                continue
            if found[0] not in ("positive", "zero"):
                raise Beyond("a hypothesis of several parts")
            yield (found[0], found[1]), holds


def main() -> int:
    """Read a proof and the seconds that there are; write findings."""
    seconds = float(sys.argv[1])
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (4_000_000_000, resource.RLIM_INFINITY))
    try:
        reading = Reading(from_json(sys.stdin.read(), "the proof"))
    except LossproofError as error:
        print(json.dumps({"error": error.message}), flush=True)
        return 2
    for finding in Worker(reading, time.perf_counter() + seconds).findings():
        print(json.dumps(asdict(finding)), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
