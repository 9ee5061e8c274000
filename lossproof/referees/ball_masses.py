"""Whether a density has mass 1: rigorous integration (acb.integral) over panels that double in length, or summation."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import reduce
from itertools import pairwise, product
from typing import Any, Final

from flint import acb, arb, ctx, fmpq

from lossproof.referees import Answer
from lossproof.referees.ball_points import Point, Points
from lossproof.referees.ball_terms import Evaluator
from lossproof.referees.ball_values import ball
from lossproof.referees.reading import Reading
from lossproof.referees.walking import Beyond, Samples, Undefined, Unsure

#: How far from 1 the mass that was enclosed may be.
NEAR: Final = Fraction(1, 10**8)
_BITS: Final = 80
_PANELS: Final = 130
_TERMS: Final = 600
_TINY: Final = Fraction(1, 10**14)
_TOTAL: Final = 3
_DISCRETE: Final = frozenset({"set", "categories", "onehot", "counts"})


def normalised(proof: Reading, points: Points, deadline: float) -> Answer:
    """The mass of the density of one sample at a point of the parameters."""
    sample = proof.chains.get("sample")
    found = [t for t in proof.subterms(sample.left) if proof.ops[t] == "pdf"] if sample is not None else []
    if len(found) != 1 or proof.ops[proof.args[found[0]][1]] != "sym":
        return "undecided", "not attempted: not one density of one symbol"
    records = [proof.records.get(s.rule, {}) for s in proof.steps if s.before == found[0]]
    if any(r.get("normalised") is False for r in records):
        return "undecided", "not attempted: its record calls it no density"
    point = points.draw(1, 2)
    if point is None:
        return "undecided", "not attempted: no point was found"
    ctx.prec = _BITS
    mass = _Mass(proof, found[0], point, deadline)
    try:
        return mass.answer()
    except (Beyond, Undefined, Unsure) as error:
        return "undecided", f"not attempted: {error}"


class _Mass:
    def __init__(self, proof: Reading, density: int, point: Point, deadline: float) -> None:
        self.p, self.density, self.deadline = proof, density, deadline
        self.name = str(proof.values[proof.args[density][1]])
        self.point = {n: v[0] if isinstance(v, Samples) else v for n, v in point.items()}
        self.about = [h for h in proof.hypotheses if self.name in proof.names(h)]

    def answer(self) -> Answer:
        """The mass over the symbol's domain, as far as it is summed or integrated."""
        domain = self.p.symbols[self.name].domain
        name = self.p.values[domain]
        if self.p.ops[domain] in _DISCRETE:
            return self._judged(reduce(lambda a, b: a + b, map(self.at, self._members(domain)), arb(0)), "", whole=True)
        if name in ("naturals", "integers"):
            return self._summed(signed=name == "integers")
        if self.p.ops[domain] != "domain":
            raise Beyond("the data is a vector")
        return self._integrated(str(name))

    def at(self, y: Any) -> arb:
        """The density at an exact value."""
        evaluator = self._evaluator(y)
        if not all(evaluator.value(h, {"#": 0}) for h in self.about):
            return arb(0)
        return ball(evaluator.value(self.density, {"#": 0}))

    def _evaluator(self, y: Any) -> Evaluator:
        return Evaluator(self.p, {**self.point, self.name: y}, 1)

    def _judged(self, mass: arb, where: str, *, whole: bool) -> Answer:
        """A density is not negative, so that too much anywhere refutes; too little does if nothing is left out."""
        shown = mass.str(12, radius=False)
        near = ball(NEAR)
        if mass > 1 + near or (whole and mass < 1 - near):
            return "refuted", f"the mass{where} is {shown}"
        if not (mass > 1 - near and mass < 1 + near):
            return "undecided", f"the mass{where} is {shown}; what lies beyond is not bounded" if not whole else "the enclosure is too wide"
        return "confirmed", f"to within 1e-8 at one point{where}" + ("" if whole else "; what lies beyond is not bounded")

    # -- sums

    def _members(self, domain: int) -> Iterator[Any]:
        evaluator = self._evaluator(None)
        sizes = [evaluator.value(s, {"#": 0}) for s in evaluator.sizes(domain)]
        if self.p.ops[domain] == "counts":
            yield from ([*map(Fraction, row)] for row in product(range(_TOTAL + 1), repeat=int(sizes[0])) if sum(row) == _TOTAL)
            return
        yield from (list(v) if isinstance(v, tuple) else v for v in evaluator.members(domain, sizes))

    def _summed(self, *, signed: bool) -> Answer:
        total, last, small = arb(0), 0, 0
        for k in range(_TERMS):
            values = [k, -k] if signed and k else [k]
            terms = [self.at(Fraction(v)) for v in values]
            total += sum(terms, arb(0))
            last = k
            small = small + 1 if all(t < ball(_TINY) for t in terms) else 0
            if (small > 40 and total > arb(1) / 2) or time.perf_counter() > self.deadline:
                break
        return self._judged(total, f", from {-last if signed else 0} to {last}", whole=False)

    # -- integrals

    def _integrated(self, domain: str) -> Answer:
        low, high = self._range(domain)
        breaks = self._breaks(low, high)
        total = arb(0)
        ends: list[Fraction] = []
        for a, b in pairwise([low, *breaks, high]):
            part, reached = self._piece(a, b)
            total += part
            ends += reached
        where = f", {self.name} from {float(min(ends)):.4g} to {float(max(ends)):.4g}"
        return self._judged(total, where, whole=False)

    def _range(self, domain: str) -> tuple[Fraction | None, Fraction | None]:
        """The ends of the support, None where there is none: by the domain and by what the hypotheses say of the symbol."""
        if domain not in ("reals", "positive", "nonnegative", "unit", "unit_closed"):
            raise Beyond(f"the domain {domain}")
        low = None if domain == "reals" else Fraction(0)
        high = Fraction(1) if domain.startswith("unit") else None
        for h in self.about:
            if self.p.ops[h] not in ("gt", "ge"):
                raise Beyond("a hypothesis of another form")
            slope, root = self._affine(self.p.args[h][0], exact=False)
            if slope > 0:
                low = root if low is None else max(low, root)
            else:
                high = root if high is None else min(high, root)
        return low, high

    def _affine(self, term: int, *, exact: bool = True) -> tuple[Fraction, Fraction]:
        """Slope and zero of a term that is affine in the symbol. Raises Beyond for another, and if they are to be exact for what is no rational."""
        values = []
        for y in (Fraction(1, 5), Fraction(2, 5), Fraction(3, 5)):
            v = self._evaluator(y).value(term, {"#": 0})
            if not isinstance(v, Fraction):
                if exact:
                    raise Beyond("a kink that is no rational number")
                v = _middle(ball(v))
            values.append(v)
        slope = (values[2] - values[0]) * Fraction(5, 2)
        if abs(values[2] - 2 * values[1] + values[0]) > _TINY or not slope:
            raise Beyond("a kink that is not affine in the data")
        return slope, Fraction(1, 5) - values[0] / slope

    def _breaks(self, low: Fraction | None, high: Fraction | None) -> list[Fraction]:
        """Where absolute values and cases change."""
        p, found = self.p, set()
        roots = [self.density, *self._evaluator(None).unfolded.values()]
        for t in p.subterms(*roots):
            gap = p.args[t][0] if p.ops[t] == "abs" else None
            if p.ops[t] in ("eq", "ne", "lt", "le", "gt", "ge"):
                gap = p.fn("add", p.args[t][0], p.fn("neg", p.args[t][1]))
            if p.ops[t] in ("min", "max"):
                raise Beyond("min or max in the density")
            if gap is not None and self.name in p.names(gap):
                found |= self._zeros(gap)
        return sorted(x for x in found if (low is None or x > low) and (high is None or x < high))

    def _zeros(self, gap: int) -> set[Fraction]:
        """The zeros of a term, or of what stands in its absolute value against a constant."""
        inner = next((t for t in self.p.subterms(gap) if self.p.ops[t] == "abs" and self.name in self.p.names(t)), None)
        if inner is None or inner == gap:
            return {self._affine(gap if inner is None else self.p.args[gap][0])[1]}
        slope, root = self._affine(self.p.args[inner][0])
        there = self._evaluator(root).value(gap, {"#": 0})
        if not isinstance(there, Fraction):
            raise Beyond("a kink that is not affine in the data")
        return {root + there / slope, root - there / slope}

    def _piece(self, low: Fraction | None, high: Fraction | None) -> tuple[arb, list[Fraction]]:
        """The mass between two ends, by panels that double from the middle outward and halve towards an end."""
        if low is None and high is None:
            left, right = self._piece(None, self._centre()), self._piece(self._centre(), None)
            return left[0] + right[0], left[1] + right[1]
        if low is not None and high is not None:
            middle = (low + high) / 2
            inward = [self._panels(middle, end, (end - middle) / 2, inward=True) for end in (low, high)]
            return inward[0][0] + inward[1][0], inward[0][1] + inward[1][1]
        end = low if low is not None else high
        assert end is not None
        way = Fraction(1 if low is not None else -1)
        near = self._panels(end + way, end, -way / 2, inward=True)
        far = self._panels(end + way, None, way, inward=False)
        return near[0] + far[0], near[1] + far[1]

    def _centre(self) -> Fraction:
        return next((v for n, v in self.point.items() if isinstance(v, Fraction) and n == self.name), Fraction(0))

    def _panels(self, start: Fraction, end: Fraction | None, width: Fraction, *, inward: bool) -> tuple[arb, list[Fraction]]:
        total, at = arb(0), start
        integrand = _Integrand(self, at + width / 2)
        for k in range(_PANELS):
            if time.perf_counter() > self.deadline:
                raise Beyond("the time limit was reached")
            following = at + width
            part = integrand.over(min(at, following), max(at, following))
            total += part
            at = following
            width = width / 2 if inward else width * 2
            if k > 6 and part < ball(_TINY):
                break
        return total, [start, at]


def _middle(x: arb) -> Fraction:
    mantissa, power = x.mid().man_exp()
    return Fraction(int(mantissa)) * Fraction(2) ** int(power)


class _Integrand:
    """The density as a function of a complex variable, analytic on a panel; cases and absolute values as at a point of it."""

    def __init__(self, mass: _Mass, inside: Fraction) -> None:
        self.mass = mass
        self.p = mass.p
        self.exact = mass._evaluator(inside)
        self.order: list[int] = []
        self.known: dict[int, acb] = {}
        self._prepare(mass.density)

    def _prepare(self, root: int) -> None:
        """The terms in which the symbol occurs, inner ones first; what else there is has one value."""
        done: set[int] = set()
        stack = [root]
        while stack:
            t = stack[-1]
            if t in done:
                stack.pop()
                continue
            parts = self._parts(t)
            pending = [a for a in parts if a not in done]
            if pending:
                stack.extend(pending)
                continue
            stack.pop()
            done.add(t)
            if parts or self.p.values[t] == self.mass.name:
                self.order.append(t)
            else:
                self.known[t] = acb(ball(self.exact.value(t, {"#": 0})))

    def _parts(self, t: int) -> list[int]:
        """What a term is made of as a function of the symbol; nothing if it does not occur."""
        p = self.p
        if t in self.exact.unfolded:
            return [self.exact.unfolded[t]]
        if self.mass.name not in p.names(t) or p.ops[t] == "sym":
            return []
        if p.ops[t] == "cases":
            return [p.args[t][1] if self.exact.value(p.args[t][0], {"#": 0}) else p.args[t][2]]
        if p.ops[t] == "indicator":
            return []
        if p.ops[t] not in _ANALYTIC and p.ops[t] != "abs":
            raise Beyond(f"{p.ops[t]} in the density")
        return list(p.args[t])

    def over(self, low: Fraction, high: Fraction) -> arb:
        """The integral between two exact numbers."""
        start, end = (acb(arb(fmpq(x.numerator, x.denominator))) for x in (low, high))
        found = acb.integral(self._value, start, end, rel_tol=arb(2) ** -40, abs_tol=arb(2) ** -50)
        if not found.is_finite():
            raise Beyond("the integral was not enclosed")
        return found.real

    def _value(self, y: acb, analytic: bool) -> acb:
        values = dict(self.known)
        for t in self.order:
            op, args = self.p.ops[t], self.p.args[t]
            if self.p.values[t] == self.mass.name:
                values[t] = y
            elif t in self.exact.unfolded or op == "cases":
                values[t] = values[self._parts(t)[0]]
            elif op == "abs":
                inside = ball(self.exact.value(args[0], {"#": 0}))
                values[t] = values[args[0]] if inside > 0 else -values[args[0]]
            else:
                values[t] = _ANALYTIC[op](analytic, *(values[a] for a in args))
        return values[self.order[-1]] if self.order else values[self.mass.density]


def _log(analytic: bool, x: acb) -> acb:
    return x.log(analytic=analytic)


def _power(analytic: bool, x: acb, e: acb) -> acb:
    whole = e.real.unique_fmpz() if e.imag.is_zero() and e.real.is_exact() else None
    if whole is not None and e.real.is_integer():
        return x ** int(whole)
    return x.pow(e, analytic=analytic)


def _lgamma(analytic: bool, x: acb) -> acb:
    return x.lgamma() if x.real > 0 else acb("nan")


def _plain(name: str) -> Callable[..., acb]:
    return lambda analytic, x: getattr(x, name)()


_ANALYTIC: Final[dict[str, Callable[..., acb]]] = {
    "add": lambda _, *xs: reduce(lambda a, b: a + b, xs), "mul": lambda _, *xs: reduce(lambda a, b: a * b, xs),
    "neg": lambda _, x: -x, "div": lambda _, x, y: x / y, "pow": _power, "log": _log, "sqrt": lambda analytic, x: x.sqrt(analytic=analytic),
    "lgamma": _lgamma, "sigmoid": lambda _, x: 1 / (1 + (-x).exp()), "softplus": lambda analytic, x: _log(analytic, 1 + x.exp()),
    "logit": lambda analytic, x: _log(analytic, x) - _log(analytic, 1 - x), "Phi": lambda _, x: (-x / acb(2).sqrt()).erfc() / 2,
    **{name: _plain(name) for name in ("exp", "tanh", "cosh", "sinh", "cos", "sin", "atan", "erf", "erfc", "gamma")},
}  # fmt: skip
