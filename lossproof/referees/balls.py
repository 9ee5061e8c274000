"""The referee by ball arithmetic: identities at exact random points, with rigorous enclosures of both sides (python-flint)."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from itertools import combinations
from pathlib import Path
from typing import Any, Final

from flint import arb, ctx

from lossproof.referees import Answer, Finding, Report, of_steps
from lossproof.referees.ball_points import Point, Points
from lossproof.referees.ball_terms import Evaluator
from lossproof.referees.ball_values import Value, add, ball, compare, flat, mul, neg, sign, whole
from lossproof.referees.reading import OVER, Reading, Step
from lossproof.referees.walking import Beyond, Samples, Scope, Undefined, Unsure, hashed

#: Bits that are tried until all is decided.
BITS: Final = (160, 320, 960, 2880)
POINTS: Final = 12
_FEWEST: Final = 8
_FURTHER: Final = 60
_SCOPES: Final = 24
_NARROW: Final = 30  # digits
CONFIRMED: Final[Answer] = ("confirmed", "")


class _Late(Exception):
    """The time is over."""


def judge(proof: Mapping[str, Any], *, keep: Path | None = None, time_limit: float = 60.0) -> Report:
    """Judge one derivation or comparison. Raises a LossproofError for what is no proof."""
    start = time.perf_counter()
    reading = Reading(proof)
    bits = ctx.prec
    try:
        findings = tuple(_Judge(reading, start + time_limit).findings())
    finally:
        ctx.prec = bits
    return Report("balls", findings, time.perf_counter() - start)


class _Place:
    """A point with other parameters for the same data, and its evaluators by the number of bits."""

    def __init__(self, proof: Reading, point: Point, samples: int, moved: list[Point]) -> None:
        self.proof, self.point, self.samples = proof, point, samples
        self.moved = [_Place(proof, m, samples, []) for m in moved]
        self._evaluators: dict[int, Evaluator] = {}

    def at(self, bits: int) -> Evaluator:
        """The evaluator at that many bits, which are then in force."""
        ctx.prec = bits
        if bits not in self._evaluators:
            self._evaluators[bits] = Evaluator(self.proof, self.point, self.samples)
        return self._evaluators[bits]

    def __str__(self) -> str:
        return ", ".join(f"{n} = {_shown(v)}" for n, v in sorted(self.point.items()))


def _shown(v: Any) -> str:
    if isinstance(v, list):
        return ("{" if isinstance(v, Samples) else "[") + ", ".join(map(_shown, v)) + ("}" if isinstance(v, Samples) else "]")
    return str(v)


class _Judge:
    def __init__(self, proof: Reading, deadline: float) -> None:
        self.p = proof
        self.deadline = deadline
        self.points = Points(proof)
        self.places: list[_Place] = []
        self.bits = BITS[0]
        self.one_sided: list[int] = []

    def findings(self) -> Iterator[Finding]:
        """All that is looked at, in the order of the report."""
        yield from self._timed("the steps follow one another", self._linked, required=True)
        yield from self._timed("points in the domain", self._drawn, required=True)
        if not self.places:
            return
        for name in self.p.chains:
            steps = [s for s in self.p.steps if s.chain == name]
            what = f"chain {name}: {len(steps)} step{'s' * (len(steps) != 1)}"
            yield from self._timed(what, lambda steps=steps: self._all(steps, self._step), required=True)  # type: ignore[misc]
        for what, check in self._claims():
            yield from self._timed(what, check, required=True)
        if not self.p.compares:
            from lossproof.referees.ball_masses import normalised

            yield from self._timed("the density has mass 1", lambda: normalised(self.p, self.points, self.deadline), required=False)

    def _timed(self, what: str, check: Callable[[], Answer], *, required: bool) -> Iterator[Finding]:
        start = time.perf_counter()
        try:
            answer, detail = check()
        except _Late:
            answer, detail = "undecided", "the time limit was reached"
        except (Unsure, Undefined, ArithmeticError, LookupError, TypeError, ValueError, AttributeError) as error:
            # a strange proof is no reason to fail: what cannot be evaluated is not confirmed
            answer, detail = "undecided", str(error)[:200] or type(error).__name__
        yield Finding(what, answer, detail, time.perf_counter() - start, required)

    # -- what is looked at

    def _linked(self) -> Answer:
        return ("refuted", self.p.breaks[0]) if self.p.breaks else ("confirmed", f"{len(self.p.steps)} steps, each at its place")

    def _drawn(self) -> Answer:
        """Points, and further ones until each condition of a case held and failed."""
        wanted = self._conditions()
        met: dict[int, set[bool]] = {c: set() for c in wanted}
        for number in range(POINTS + _FURTHER):
            if number >= POINTS and all(len(m) == 2 for m in met.values()):
                break
            samples = number % 3 + 1
            point = self.points.draw(samples, 2 + number % 2)
            if point is None:
                break
            place = _Place(self.p, point, samples, [])
            new = self._meets(place, met)
            if number < POINTS or new:
                place.moved = [_Place(self.p, m, samples, []) for m in (self.points.moved(point, samples) for _ in range(2)) if m is not None]
                self.places.append(place)
        if len(self.places) < _FEWEST:
            return "undecided", "no point was found at which all hypotheses hold"
        self.one_sided = [c for c, m in met.items() if len(m) == 1]
        besides = f"; {len(wanted)} condition{'s' * (len(wanted) != 1)} of cases" if wanted else ""
        if wanted:
            besides += ", each true and false" if not self.one_sided else f", met on one side alone: {self.p.show(self.one_sided[0])}"
        return "confirmed", f"{len(self.places)} exact random points, with 1, 2 and 3 samples{besides}"

    def _conditions(self) -> list[int]:
        roots = [t for s in self.p.steps for t in (s.before, s.after)]
        evaluator = Evaluator(self.p, {}, 1)
        found = [self.p.args[t][0] for t in self.p.subterms(*roots) if self.p.ops[t] in ("cases", "indicator")]
        return [c for c in dict.fromkeys(sorted(found)) if set(evaluator.free(c)) <= {"#"}]

    def _meets(self, place: _Place, met: dict[int, set[bool]]) -> bool:
        """Note the truth of conditions at a point; whether one was new."""
        new = False
        evaluator = place.at(BITS[1])
        for condition, seen in met.items():
            for i in range(place.samples):
                try:
                    holds = bool(evaluator.value(condition, {"#": i}))
                except (Undefined, Unsure):
                    continue
                new |= holds not in seen
                seen.add(holds)
        return new

    def _claims(self) -> Iterator[tuple[str, Callable[[], Answer]]]:
        p, claim = self.p, self.p.claim
        scale, offset = claim.get("scale"), claim.get("offset")
        if p.compares and p.relation not in ("equal", "up-to-constant", "up-to-scale", "same-order"):
            yield f"the claim: {p.relation[:20]}", self._refutation
            return
        if not p.compares:
            yield "NLL = scale * loss + offset", self._identity
        if scale is None or offset is None:
            yield "the claim: the same order", lambda: self._everywhere([lambda q: self._ordered(q, self._end("left"), self._end("right"))])
            return
        pairs = self._claimed(scale, offset)
        yield f"the claim over the data: {p.relation}", lambda: self._everywhere([lambda q, a=a, b=b: self._same(q, a, b, [{}]) for a, b in pairs])  # type: ignore[misc]
        free = [*([p.per_sample["scale"], p.per_sample["offset"]] if not p.compares else []), scale, offset]
        yield "scale and offset do not move with the parameters", lambda: self._everywhere([lambda q, t=t: self._still(q, t) for t in free])  # type: ignore[misc]
        yield "scale > 0", lambda: self._everywhere([lambda q, t=t: self._positive(q, t) for t in free[::2]])  # type: ignore[misc]

    def _end(self, key: str) -> int:
        end = self.p.claim[key]
        if end is None:
            raise Beyond("the claim lacks an end")
        return end

    def _claimed(self, scale: int, offset: int) -> list[tuple[int, int]]:
        """The equalities that the claim consists of."""
        p = self.p
        left, right = self._end("left"), self._end("right")
        found = [(left, p.fn("add", p.fn("mul", scale, right), offset))]
        if p.relation in ("equal", "up-to-constant"):
            found.append((scale, p.number(1)))
        if p.relation == "equal":
            found.append((offset, p.number(0)))
        return found

    def _identity(self) -> Answer:
        """Per sample; the ledger adds up to the offset; the chains give the NLL; the dataset's NLL of one sample is that of the sample."""
        p, s = self.p, self.p.per_sample
        total = p.fn("add", p.fn("mul", s["scale"], s["loss"]), s["offset"])
        pieces = [c for n, c in p.chains.items() if n == "sample" or n.startswith("prior:")]
        if not pieces:
            return "undecided", "there is no chain about a sample"
        ledger = [*p.ledger, p.number(0), p.number(0)]
        pairs = [
            (s["nll"], total), (p.fn("add", *ledger), s["offset"]),
            (p.fn("add", p.number(0), *[c.left for c in pieces]), s["nll"]), (p.fn("add", p.number(0), *[c.right for c in pieces]), total),
        ]  # fmt: skip
        whole_data = self._end("left")

        def one(place: _Place) -> Answer:
            return self._same(place, whole_data, s["nll"], [{"#": 0}]) if place.samples == 1 else CONFIRMED

        def pair(a: int, b: int) -> Callable[[_Place], Answer]:
            return lambda place: self._same(place, a, b, [{"#": i} for i in range(place.samples)])

        return self._everywhere([*(pair(a, b) for a, b in pairs), one])

    def _refutation(self) -> Answer:
        from lossproof.referees.ball_witness import witnessed

        return witnessed(self.p)

    # -- checks at all points

    def _everywhere(self, checks: list[Callable[[_Place], Answer]]) -> Answer:
        """The first answer that is not confirmed, at any place."""
        self.bits = BITS[0]
        valued, wide = 0, ""
        for place in self.places:
            if time.perf_counter() > self.deadline:
                raise _Late
            answers = [check(place) for check in checks]
            bad = [a for a in answers if a[0] in ("refuted", "undecided")]
            if bad:
                answer, why = min(bad, key=lambda a: a[0] != "refuted")
                return answer, f"{why} at {place}"[:400]
            wide = next((f"{why} at {place}"[:300] for answer, why in answers if answer == "wide"), wide)
            valued += all(a[0] == "confirmed" for a in answers)
        if valued < _FEWEST:
            return "undecided", wide or f"there is a value at {valued} of {len(self.places)} points alone"
        return "confirmed", f"at {valued} points, {self.bits} bits"

    def _all(self, steps: list[Step], check: Callable[[Step], Answer]) -> Answer:
        """The worst answer about some steps."""
        bits = [BITS[0]]

        def one(step: Step) -> Answer:
            answer = check(step)
            bits.append(self.bits)
            return answer

        return of_steps(steps, one, lambda: f"at {len(self.places)} points, {max(bits)} bits")

    def _step(self, step: Step) -> Answer:
        if step.relation == "equal":
            check: Callable[[_Place], Answer] = lambda q: self._same(q, step.before, step.after, self._scopes(q, step))  # noqa: E731
        elif step.relation == "up-to-constant":
            check = lambda q: self._constant(q, step.before, step.after)  # noqa: E731
        elif step.relation == "up-to-scale":
            check = lambda q: self._scaled(q, step.before, step.after)  # noqa: E731
        else:
            check = lambda q: self._ordered(q, step.before, step.after)  # noqa: E731
        try:
            return self._everywhere([check])
        except (Undefined, Unsure) as error:
            return "undecided", str(error)[:160]

    def _scopes(self, place: _Place, step: Step) -> list[Scope]:
        """The values of what is bound around a step: indices, variables of expectations, samples."""
        p = self.p
        found: list[dict[str, Any]] = [{}]
        evaluator = place.at(BITS[0])
        for binder in step.binders:
            op, args = p.ops[binder], p.args[binder]
            if op in ("sum", "prod"):
                name = str(p.values[args[0]])
                found = [{**s, name: k} for s in found for k in range(whole(evaluator.value(args[1], s)), whole(evaluator.value(args[2], s)) + 1)]
            elif op in OVER and p.ops[args[0]] != "dist:empirical":
                found = [{**s, f"={p.values[args[OVER[op]]]}": v} for s in found for v in self._variable(evaluator, args[OVER[op]], s)]
            elif op in OVER:
                name = f"={p.values[args[OVER[op]]]}"
                y = p.args[args[0]][0]
                found = [{**s, "#": i, name: hashed(evaluator.value(y, {**s, "#": i}))} for s in found for i in range(place.samples)]
            else:
                found = [{**s, "#": i} for s in found for i in range(place.samples)]
        if any("#" in evaluator.free(t) for t in (step.before, step.after)):
            found = [s if "#" in s else {**s, "#": i} for s in found for i in range(place.samples)]
        keys: dict[tuple[object, ...], Scope] = {evaluator.key(step.before, s) + evaluator.key(step.after, s): s for s in found}
        return [*keys.values()][:_SCOPES]

    def _variable(self, evaluator: Evaluator, variable: int, scope: Scope) -> list[Any]:
        """Values of an expectation's variable: all, or some of many."""
        domain = self.p.symbols[str(self.p.values[variable])].domain
        try:
            return evaluator.members(domain, [evaluator.value(s, scope) for s in evaluator.sizes(domain)])
        except Beyond:
            return [hashed(self.points.drawn(domain, dict(evaluator.point))) for _ in range(3)]

    # -- checks at one point

    def _settled(self, decide: Callable[[int], Answer | None]) -> Answer:
        """More and more bits until there is an answer."""
        why = "the balls stay too wide"
        for bits in BITS:
            try:
                found = decide(bits)
            except Beyond as error:
                return "undecided", str(error)
            except Unsure as error:
                why = f"not decided: {error}"
                continue
            if found is not None:
                self.bits = max(self.bits, bits)
                return found
        return "wide", why

    def _same(self, place: _Place, left: int, right: int, scopes: list[Scope]) -> Answer:
        """Whether two terms have the same value."""
        answers = [self._settled(lambda bits, s=scope: self._pair(place.at(bits), left, right, s)) for scope in scopes]  # type: ignore[misc]
        bad = [a for a in answers if a[0] not in ("confirmed", "nowhere")]
        if bad:
            return min(bad, key=lambda a: ("refuted", "undecided", "wide").index(a[0]))
        return next((a for a in answers if a[0] == "confirmed"), ("nowhere", "") if answers else CONFIRMED)

    @staticmethod
    def _pair(evaluator: Evaluator, left: int, right: int, scope: Scope) -> Answer | None:
        values: list[Any] = []
        for t in (left, right):
            try:
                values.append(evaluator.value(t, scope))
            except Undefined as error:
                values.append(error)
        undefined = [v for v in values if isinstance(v, Undefined)]
        if len(undefined) == 2:
            return "nowhere", ""
        if undefined:
            return "undecided", f"one side alone has a value ({undefined[0]})"
        return agree(*values)

    def _differences(self, place: _Place, bits: int, left: int, right: int) -> list[tuple[Value, Value]] | None:
        """The two objectives at the point and at those with other parameters, greater where worse."""
        rows = []
        for q in (place, *place.moved):
            try:
                rows.append(tuple(_sense(self.p, t, q.at(bits).value(t, {})) for t in (left, right)))
            except Undefined:
                continue
        return [(r[0], r[1]) for r in rows] if len(rows) > 1 else None

    def _constant(self, place: _Place, left: int, right: int) -> Answer:
        def decide(bits: int) -> Answer | None:
            rows = self._differences(place, bits, left, right)
            if rows is None:
                return "nowhere", ""
            gaps = [add(a, neg(b)) for a, b in rows if not isinstance(a, float) or a != b]
            return _worst([agree(gaps[0], g) for g in gaps[1:]])

        return self._settled(decide)

    def _scaled(self, place: _Place, left: int, right: int) -> Answer:
        def decide(bits: int) -> Answer | None:
            rows = self._differences(place, bits, left, right)
            if rows is None:
                return "nowhere", ""
            if any(isinstance(x, float) for row in rows for x in row):
                return _order(rows)
            found = [_order(rows)]
            for (a, b), (c, d) in combinations([(add(r[0], neg(rows[0][0])), add(r[1], neg(rows[0][1]))) for r in rows[1:]], 2):
                found.append(agree(mul(a, d), mul(b, c)))
            return _worst(found)

        return self._settled(decide)

    def _ordered(self, place: _Place, left: int, right: int) -> Answer:
        def decide(bits: int) -> Answer | None:
            rows = self._differences(place, bits, left, right)
            return ("nowhere", "") if rows is None else _order(rows)

        return self._settled(decide)

    def _still(self, place: _Place, term: int) -> Answer:
        """Whether a term has the same value where the parameters have others."""
        def decide(bits: int) -> Answer | None:
            scope = {"#": 0}
            here = place.at(bits).value(term, scope)
            return _worst([agree(here, q.at(bits).value(term, scope)) for q in place.moved])

        if any(self.p.symbols[n].role == "parameter" for n in self.p.names(term) & self.points.sizes):
            return "undecided", "a length that is learned is in it"
        if not place.moved:
            return "undecided", "no other parameters were found"
        return self._settled(decide)

    def _positive(self, place: _Place, term: int) -> Answer:
        def decide(bits: int) -> Answer | None:
            return CONFIRMED if sign(place.at(bits).value(term, {"#": 0})) > 0 else ("refuted", "it is not positive")

        return self._settled(decide)


def _sense(p: Reading, term: int, value: Value) -> Value:
    return neg(value) if p.ops[term] == "maximise" else value


def _worst(answers: list[Answer | None]) -> Answer | None:
    refuted = next((a for a in answers if a is not None and a[0] != "confirmed"), None)
    return refuted if refuted is not None else None if None in answers else CONFIRMED


def _order(rows: list[tuple[Value, Value]]) -> Answer | None:
    """Whether two objectives order all pairs of points alike; pairs that neither tells apart say nothing."""
    told = []
    for (a, b), (c, d) in combinations(rows, 2):
        first, second = _compared(a, c), _compared(b, d)
        if not first and not second and None in (first, second):
            continue
        if None in (first, second):
            return None
        if first != second:
            return "refuted", "two points are ordered differently"
        told.append(first)
    return CONFIRMED if any(o is not None for o in told) else ("nowhere", "")


def _compared(x: Value, y: Value) -> int | None:
    try:
        return compare(x, y)
    except Unsure:
        return None


def agree(x: Value, y: Value) -> Answer | None:
    """Whether two values are the same: confirmed where the difference is enclosed within 1e-30 of their size; None for more bits."""
    xs, ys = flat(x), flat(y)
    if len(xs) != len(ys) or isinstance(x, list) != isinstance(y, list):
        return "refuted", "a vector and a number"
    for a, b in zip(xs, ys, strict=True):
        if isinstance(a, float) or isinstance(b, float) or isinstance(a, bool):
            if isinstance(a, arb) or isinstance(b, arb) or a != b:
                return "refuted", f"{_brief(a)} is not {_brief(b)}"
            continue
        gap = add(a, neg(b))
        if gap == 0 and not isinstance(gap, arb):
            continue
        width = ball(gap)
        if not width.contains(0):
            return "refuted", f"{_brief(a)} is not {_brief(b)}"
        size = max(abs(ball(a)).abs_lower(), abs(ball(b)).abs_lower())
        if not width.abs_upper() < (size if size > 0 else arb(1)) * arb(10) ** -_NARROW:
            return None
    return CONFIRMED


def _brief(x: Value) -> str:
    return str(x) if isinstance(x, float | bool) else ball(x).str(12, radius=False)


