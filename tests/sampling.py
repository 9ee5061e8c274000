"""Random exact instances of rules and facts, for the loop over the records.

A metavariable becomes a rational, a list of them, a condition, a function of an index, or a symbol with a vector,
a matrix or one value for each sample, as its places in the record ask. Answers: holds, fails, or unknown.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import product
from typing import Any

import laws

from lossproof.errors import UsageError
from lossproof.facts import FactRule, Rule, instances, propositions
from lossproof.interop import ball_functions as balls
from lossproof.interop.balls import Samples, evaluate_exact
from lossproof.syntax import parse_expression
from lossproof.terms import (
    INFINITY,
    ZERO,
    Term,
    add,
    bound,
    bound_names,
    fn,
    mul,
    neg,
    num,
    postorder,
    power,
    substitute,
    sym,
    symbols,
)
from lossproof.terms.pattern import Bindings, instantiate, metavariables

HOLDS, FAILS, UNKNOWN = "holds", "fails", "unknown"
_VECTOR_DOMAINS = ("power_domain", "simplex", "onehot", "counts")
_SYNTACTIC = ("free", "shared", "without", "ranges")
_LEVELS = {"num": 0, "limit": 1, "place": 1, "dim": 2, "vec": 2, "mat": 3, "cond": 2, "dist": 4, "index": 4, "var": 5}


@dataclass
class Sorts:
    """What each metavariable of a record stands for, and where it stands."""

    of: dict[str, str] = field(default_factory=dict)
    index: dict[str, str] = field(default_factory=dict)  # the index under whose sum it stands
    limits: dict[str, tuple[str, ...]] = field(default_factory=dict)  # an index's lower and upper limit
    sampled: set[str] = field(default_factory=set)
    sequences: set[str] = field(default_factory=set)
    constant: set[str] = field(default_factory=set)  # by free, shared or without
    domains: dict[str, Term] = field(default_factory=dict)
    variable: dict[str, str] = field(default_factory=dict)  # the variable of the expectation in which it stands
    laws: set[str] = field(default_factory=set)  # operators of the distributions that are named
    totals: list[tuple[list[str], Term]] = field(default_factory=list)  # names that add up to a number
    under: str = ""  # the variable of the expectation that is being read

    def read(self, root: Term, sort: str, *, index: str = "", sampled: bool = False, sequence: bool = False) -> None:
        """Read a pattern of a known sort."""
        op, args = root.op, root.args
        if op.startswith("dist:"):
            self.laws.add(op)
            sampled = sampled or op == "dist:empirical"
        if op == "eq" and args[0].op == "add" and args[1].op == "num" and all(a.op == "sym" for a in args[0].args):
            self.totals.append(([str(a.value) for a in args[0].args], args[1]))
        if op in ("sym", "bound"):
            self._name(str(root.value), "index" if op == "bound" else sort, index, sampled, sequence)
        elif op == "seq":
            self.read(args[0], sort, index=index, sampled=sampled, sequence=args[0].op == "sym")
        elif op in ("sum", "prod"):
            inner = str(args[0].value)
            self.limits[inner] = tuple(str(a.value) for a in args[1:3])
            for a, s in zip(args[:3], ("index", "limit", "limit"), strict=True):
                self.read(a, s)
            self.read(args[3], "num", index=inner, sampled=sampled)
        elif op.startswith("samples_"):
            self.read(args[0], "num", sampled=True)
        elif op == "in":
            self._member(args[0], args[1])
        elif op == "E":
            for a, s in zip(args[:2], ("dist", "var"), strict=True):
                self.read(a, s, sampled=sampled)
            outer, self.under = self.under, str(args[1].value)
            self.read(args[2], "num", index=index, sampled=sampled)
            self.under = outer
        elif op == "ranges":
            for a in args[1].args:
                self.read(a, "num" if args[1].op == "set" else "dim")
        elif op in _SYNTACTIC:
            self.constant |= set(metavariables(args[0]))
        else:
            for a, s in zip(args, self._argument_sorts(root, sort), strict=True):
                self.read(a, s, index=index, sampled=sampled)

    def _name(self, name: str, sort: str, index: str, sampled: bool, sequence: bool) -> None:
        old = self.of.get(name, "num")
        self.of[name] = sort if _LEVELS[sort] >= _LEVELS[old] else old
        if index and sort == "num":
            self.index[name] = index
        if self.under and sort == "num":
            self.variable[name] = self.under
        if sampled:
            self.sampled.add(name)
        if sequence:
            self.sequences.add(name)

    def _member(self, member: Term, domain: Term) -> None:
        sort = "vec" if domain.op in _VECTOR_DOMAINS else "mat" if domain.op == "posdef" else "num"
        self.read(member, sort)
        if member.op == "sym":
            self.domains[str(member.value)] = domain
        for a in domain.args:
            self.read(a, "dim" if domain.op != "set" and a.op != "domain" else "num")

    @staticmethod
    def _argument_sorts(t: Term, sort: str) -> list[str]:
        n = len(t.args)
        if t.op in ("add", "neg"):
            return [sort] * n
        if t.op in ("mul", "div") and sort in ("vec", "mat"):
            whole = [i for i, a in enumerate(t.args) if a.op in ("eye", "diag", "inv", "softmax")]
            at = whole[0] if whole else n - 1 if t.op == "mul" else 0
            return [sort if i == at else "num" for i in range(n)]
        if t.op == "cases":
            return ["cond", sort, sort]
        known = {"at": ["vec", "place"], "quad": ["mat", "vec"], "dot": ["vec", "vec"], "eye": ["dim"], "diag": ["vec"],
                 "pdf": ["dist", "num"], "cdf": ["dist", "num"], "cdf_below": ["dist", "num"], "H": ["dist", "var"],
                 "CE": ["dist", "dist", "var"], "KL": ["dist", "dist", "var"], "JS": ["dist", "dist", "var"],
                 "NLL": ["dist", "num"], "dist:categorical": ["vec"], "dist:mixture": ["vec"] + ["dist"] * (n - 1)}  # fmt: skip
        if t.op in known:
            return known[t.op]
        one = {
            "norm": "vec",
            "logsumexp": "vec",
            "softmax": "vec",
            "det": "mat",
            "logdet": "mat",
            "inv": "mat",
            "trace": "mat",
        }
        many = {"indicator": "cond", "and": "cond", "or": "cond", "not": "cond"}
        return [one.get(t.op, many.get(t.op, "num"))] * n


def sorts_of(patterns: Iterable[tuple[Term, str]], conditions: Iterable[Term]) -> Sorts:
    """The sorts of a record's metavariables."""
    sorts = Sorts()
    for c in conditions:
        sorts.read(c, "cond")
    for p, sort in patterns:
        sorts.read(p, sort)
    return sorts


def result_sort(rule: Rule) -> str:
    """Whether a rule's two sides are numbers, vectors or matrices."""
    return "mat" if rule.before.op in ("inv", "eye") else "vec" if rule.before.op == "softmax" else "num"


@dataclass
class Point:
    """One instance: what the metavariables are bound to, and the values of the symbols in that."""

    bindings: Bindings
    values: dict[str, Any]
    ranges: dict[str, range]
    places: dict[str, list[Fraction]] = field(default_factory=dict)  # the values that a variable takes

    def __str__(self) -> str:
        shown = {n: ", ".join(map(str, t)) if isinstance(t, tuple) else str(t) for n, t in self.bindings.items()}
        values = {n: v for n, v in self.values.items() if n in map(str, shown.values())}
        return ", ".join(f"{n} = {values.get(t, t)}" for n, t in sorted(shown.items()))


class Sampler:
    """Draws instances of one record."""

    def __init__(self, sorts: Sorts, rng: random.Random, *, extended: bool = True) -> None:
        self.sorts = sorts
        self.extended = extended  # whether infinities are drawn too
        self.rng = rng

    def point(self, given: Mapping[str, Any] | None = None) -> Point:
        """A random instance; ``given`` fixes some metavariables."""
        rng, sorts = self.rng, self.sorts
        self.size, self.samples, self.count = rng.choice((1, 2, 3)), rng.choice((1, 2, 3)), rng.choice((2, 2, 3, 4))
        point = Point({}, {}, {})
        for name in sorted(sorts.of):
            if given is not None and name in given:
                self._given(name, given[name], point)
            elif name in sorts.sequences:
                point.bindings[name] = tuple(self._draw(name, f"{name}_{i}", point) for i in range(self.count))
            else:
                point.bindings[name] = self._draw(name, name, point)
        for index, (low, high) in sorts.limits.items():
            ends = [self._whole(point.bindings.get(limit, num(1))) for limit in (low, high)]
            point.ranges[str(point.bindings[index].value)] = range(ends[0], ends[1] + 1)  # type: ignore[union-attr]
        for names, total in sorts.totals:
            parts = [rng.randint(1, 5) if rng.random() < 0.9 else -1 for _ in names]
            if rng.random() < 0.3:
                parts = [int(i == len(names) - 1) for i in range(len(names))]
            point.bindings |= {n: num(Fraction(p, sum(parts) or 1) * Fraction(str(total.value))) for n, p in zip(names, parts, strict=True)}
        for name in (n for n, sort in sorted(sorts.of.items()) if sort == "var"):
            point.places[name] = self._places(point)
        return point

    def _places(self, point: Point) -> list[Fraction]:
        """What a variable may be, given the distributions that were drawn."""
        ops = {t.op for t in point.bindings.values() if isinstance(t, Term)} | self.sorts.laws
        binary = [Fraction(0), Fraction(1)] if ops & {"dist:bernoulli", "dist:empirical", "dist:binomial"} else []
        several = [Fraction(k) for k in range(1, self.size + 1)] if "dist:categorical" in ops else []
        return sorted({*binary, *several})

    @staticmethod
    def _whole(t: Term | tuple[Term, ...]) -> int:
        assert isinstance(t, Term)
        return int(t.value) if t.op == "num" else 1  # type: ignore[arg-type]

    def _given(self, name: str, value: Any, point: Point) -> None:
        if isinstance(value, list):
            point.values[f"s_{name}"] = value
            point.bindings[name] = sym(f"s_{name}")
            if not isinstance(value, Samples):
                self.size = len(value)
            else:
                self.samples = len(value)
        else:
            point.bindings[name] = value

    def _draw(self, name: str, symbol: str, point: Point) -> Term:
        sort, rng = self.sorts.of[name], self.rng
        if sort == "index":
            return bound(name)
        if sort == "dim":
            return num(self.size)
        if sort == "dist":
            return laws.random_law(rng, self.size)
        if sort == "var":
            return sym(name)
        if sort == "place":
            return num(rng.randint(1, self.size))
        if sort == "limit":
            return num(rng.randint(-1, 3))
        if sort == "cond":
            return fn("gt", num(rng.choice((-1, 1))), ZERO)
        if sort in ("vec", "mat"):
            value = self._vector(self.sorts.domains.get(name)) if sort == "vec" else self._matrix()
        elif name in self.sorts.variable and name not in self.sorts.constant:
            return self._of_variable(name, symbol, point)
        elif name in self.sorts.sampled and name not in self.sorts.constant:
            value = Samples(self.number(self.sorts.domains.get(name)) for _ in range(self.samples))
        elif name in self.sorts.index and name not in self.sorts.constant:
            return self._of_index(bound(self.sorts.index[name]))
        else:
            return self._term(self.sorts.domains.get(name))
        point.values[f"s_{symbol}"] = value
        return sym(f"s_{symbol}")

    def _term(self, domain: Term | None) -> Term:
        if self.extended and domain is None and self.rng.random() < 0.06:
            return self.rng.choice((INFINITY, neg(INFINITY)))
        return num(self.number(domain))

    def number(self, domain: Term | None) -> Fraction:
        """A rational in a domain."""
        rng = self.rng
        q = Fraction(rng.randint(-7, 7), rng.choice((1, 1, 2, 3, 4)))
        if rng.random() < 0.25:
            q = Fraction(rng.choice((0, 0, 1, -1, 2)))
        if domain is None or domain.op not in ("domain", "set", "categories"):
            return q
        if domain.op == "set":
            member = evaluate_exact(rng.choice(domain.args), {})
            assert isinstance(member, Fraction)
            return member
        if domain.op == "categories":
            return Fraction(rng.randint(1, self.size))
        kind = str(domain.value)
        if kind in ("unit", "unit_closed"):
            return (
                Fraction(rng.randint(1, 9), 10) if kind == "unit" or rng.random() < 0.7 else Fraction(rng.randint(0, 1))
            )
        if kind in ("naturals", "integers"):
            return Fraction(rng.randint(0 if kind == "naturals" else -4, 5))
        return {"positive": abs(q) or Fraction(1), "nonnegative": abs(q)}.get(kind, q)

    def _vector(self, domain: Term | None) -> list[Fraction]:
        op = domain.op if domain is not None else "power_domain"
        size = int(domain.args[-1].value) if domain is not None and domain.args[-1].op == "num" else self.size  # type: ignore[arg-type]
        if op == "simplex":
            parts = [self.rng.randint(1, 5) for _ in range(size)]
            return [Fraction(p, sum(parts)) for p in parts]
        if op == "onehot":
            hot = self.rng.randrange(size)
            return [Fraction(int(i == hot)) for i in range(size)]
        if op == "counts":
            return [Fraction(self.rng.randint(0, 4)) for _ in range(size)]
        inner = domain.args[0] if domain is not None else None
        return [self.number(inner) for _ in range(size)]

    def _matrix(self) -> list[list[Fraction]]:
        """A positive definite matrix."""
        n = self.size
        a = [[Fraction(self.rng.randint(-3, 3)) for _ in range(n)] for _ in range(n)]
        return [
            [sum(a[i][k] * a[j][k] for k in range(n)) + Fraction(int(i == j), 2) for j in range(n)] for i in range(n)
        ]

    def _of_variable(self, name: str, symbol: str, point: Point) -> Term:
        """A function of a variable, and of the sample or the index if it stands under one."""
        x, rng = sym(self.sorts.variable[name]), self.rng
        q, r = num(self.number(None)), num(self.number(None))
        found: Term = rng.choice((q, x, power(x, 2), mul(q, x), add(x, r), fn("exp", x), add(mul(q, power(x, 2)), r)))
        if name in self.sorts.sampled:
            point.values[f"s_{symbol}"] = Samples(self.number(None) for _ in range(self.samples))
            found = add(mul(sym(f"s_{symbol}"), found), sym(f"s_{symbol}"))
        if name in self.sorts.index:
            found = mul(self._of_index(bound(self.sorts.index[name])), found)
        return INFINITY if self.extended and rng.random() < 0.06 else found

    def _of_index(self, k: Term) -> Term:
        q, r = num(self.number(None)), num(self.number(None))
        return self.rng.choice((q, k, add(k, q), mul(q, k), add(power(k, 2), q), mul(q, add(k, r))))


# -- values


def value(t: Term, point: Point, precision: int = 128) -> Any:
    """The exact value, a ball, or None where there is none (an index outside its sum has none)."""
    plain = laws.worked_out(t, point.values)
    if plain is None:
        return None
    try:
        return evaluate_exact(plain, point.values, precision)
    except UsageError:
        return None


def truth(condition: Term, point: Point, *, extended: bool = False) -> bool | None:
    """Whether a condition's instance holds: for each value of a loose index, and for each sample.

    A comparison with an infinite side is not known to hold, unless ``extended``.
    """
    if condition.op in _SYNTACTIC:
        return True
    plain = laws.worked_out(condition, point.values)
    if plain is None:
        return None
    condition, bodies = plain, [plain]
    for name in sorted(symbols(condition) & point.places.keys()):
        bodies = [substitute(b, {sym(name): num(q)}) for b in bodies for q in point.places[name]]
    for name in sorted(bound_names(condition) & point.ranges.keys()):
        bodies = [substitute(b, {bound(name): num(k)}) for b in bodies for k in point.ranges[name]]
    points = [point]
    varying = {n for n in symbols(condition) if isinstance(point.values.get(n), Samples)}
    if varying and not any(t.op.startswith("samples_") for t in postorder(condition)):
        length = len(point.values[min(varying)])
        points = [
            replace(point, values={**point.values, **{n: point.values[n][i] for n in varying}}) for i in range(length)
        ]
    found = []
    for b, p in product(bodies, points):
        if not extended and b.op in ("gt", "ge", "ne", "eq") and isinstance(value(b.args[0], p), float):
            return None
        holds = value(b, p)
        if isinstance(holds, list):  # vectors differ if one component does, and are equal if all are
            holds = any(holds) if b.op == "ne" else all(holds)
        found.append(holds)
    return None if None in found else all(found)


def conditions_hold(conditions: Iterable[Term], point: Point) -> bool:
    """Whether all conditions are known to hold at the point."""
    return all(truth(p, point) is True for c in conditions for p in instances(c, point.bindings))


def same(left: Any, right: Any) -> str:
    """Whether two values are the same."""
    if isinstance(left, list):
        if not isinstance(right, list) or len(left) != len(right):
            return FAILS
        parts = [same(a, b) for a, b in zip(left, right, strict=True)]
        return FAILS if FAILS in parts else UNKNOWN if UNKNOWN in parts else HOLDS
    if isinstance(right, list):
        return FAILS
    if left is None or right is None:
        return UNKNOWN
    if isinstance(left, Fraction | float) and isinstance(right, Fraction | float):
        return HOLDS if left == right else FAILS
    a, b = balls.ball(left), balls.ball(right)
    if not a.overlaps(b):
        return FAILS
    return HOLDS if (a - b).rad() <= (abs(a) + 1) * 2.0**-60 else UNKNOWN


# -- rules


def judge(rule: Rule, point: Point) -> str:
    """Whether a rule holds at a point at which its conditions hold (``unknown`` where its left side has no value)."""
    before, after = instantiate(rule.before, point.bindings), instantiate(rule.after, point.bindings)
    for precision in (128, 600):
        left, right = value(before, point, precision), value(after, point, precision)
        if left is None:
            return UNKNOWN
        answer = FAILS if right is None else same(left, right)
        if answer == HOLDS:
            return HOLDS
    return answer


def judge_order(rule: Rule, one: Point, two: Point) -> str:
    """Whether a rule about objectives keeps the order of two points."""
    sides = []
    for pattern in (rule.before, rule.after):
        sign = -1 if pattern.op == "maximise" else 1
        body = pattern.args[0] if pattern.op in ("maximise", "minimise") else pattern
        values = [value(instantiate(body, p.bindings), p) for p in (one, two)]
        if None in values:
            return UNKNOWN
        step = balls.add(values[0], balls.neg(values[1]))
        if step is None or balls.sign(step) is None:
            return UNKNOWN
        sides.append((step, sign * balls.sign(step)))
    if sides[0][1] != sides[1][1]:
        return FAILS
    if rule.relation == "up-to-constant":
        return same(sides[0][0], sides[1][0])
    return HOLDS


@dataclass
class Tally:
    """How often a record held, failed, or said nothing; and where it failed first."""

    counts: dict[str, int] = field(default_factory=lambda: {HOLDS: 0, FAILS: 0, UNKNOWN: 0})
    first_failure: str = ""

    def note(self, answer: str, point: Point) -> None:
        self.counts[answer] += 1
        if answer == FAILS and not self.first_failure:
            self.first_failure = str(point)

    @property
    def ok(self) -> bool:
        return self.counts[HOLDS] > 0 and not self.counts[FAILS]


def try_rule(rule: Rule, wanted: int = 20, tries: int = 1500) -> Tally:
    """Sample a rewrite rule until it held ``wanted`` times or failed."""
    sorts = sorts_of([(rule.before, result_sort(rule)), (rule.after, result_sort(rule))], rule.requires)
    sampler, tally = Sampler(sorts, random.Random(rule.id)), Tally()
    for _ in range(tries):
        if tally.counts[HOLDS] >= wanted or tally.counts[FAILS]:
            break
        point = sampler.point()
        if not conditions_hold(rule.requires, point):
            continue
        if rule.relation == "equal":
            tally.note(judge(rule, point), point)
            continue
        again = sampler.point({n: point.bindings[n] for n in sorts.constant})
        if conditions_hold(rule.requires, again):
            tally.note(judge_order(rule, point, again), point)
    return tally


def try_fact(fact: FactRule, wanted: int = 20, tries: int = 400) -> Tally:
    """Sample a rule of inference: where all of ``given`` hold, ``shows`` must."""
    sorts = sorts_of([(fact.shows, "cond")], fact.given)
    for name, domain in _shown_domain(fact.shows).items():
        if sorts.domains.get(name) is domain and not any(domain in c.args for c in fact.given):
            del sorts.domains[name]
    sampler, tally = Sampler(sorts, random.Random(fact.id), extended=False), Tally()
    for _ in range(tries):
        if tally.counts[HOLDS] >= wanted or tally.counts[FAILS]:
            break
        point = sampler.point()
        if not conditions_hold(fact.given, point):
            continue
        shown = [truth(p, point, extended=True) for p in propositions(instantiate(fact.shows, point.bindings))]
        tally.note(UNKNOWN if None in shown else HOLDS if all(shown) else FAILS, point)
    return tally


def _shown_domain(shows: Term) -> dict[str, Term]:
    return {str(shows.args[0].value): shows.args[1]} if shows.op == "in" and shows.args[0].op == "sym" else {}


# -- the points at which a record says that it fails without its conditions

_PART = re.compile(r"(\w+) = (\([^)]*\)|[^,:(]+?)(?: for the first of two samples, ([^,:]+) for the second)?(?=[,:])")


def failing_point(text: str) -> dict[str, Any] | None:
    """The point that a record's ``fails`` names, or None if it is prose."""
    head = text.split(":", 1)[0] + ":"
    two = re.match(r"two samples with (\w+) = ([^,:]+):", text)
    if two:
        return {two[1]: Samples([_rational(two[2])] * 2)}
    found: dict[str, Any] = {}
    rest = head
    for name, first, second in _PART.findall(head):
        if second:
            found[name] = Samples([_rational(first), _rational(second)])
        elif first.startswith("("):
            found[name] = [_rational(p) for p in first.strip("()").split(",")]
        elif first == "k":
            found[name] = bound("k")
        else:
            term = parse_expression(first)
            if any(t.op == "sym" for t in postorder(term)):
                return None
            found[name] = term
        rest = rest.replace(f"{name} = {first}", "", 1)
    return found or None


def _rational(text: str) -> Fraction:
    found = evaluate_exact(parse_expression(text), {})
    assert isinstance(found, Fraction)
    return found


def really_fails(rule: Rule, given: Mapping[str, Any]) -> bool:
    """Whether at that point a condition does not hold and the sides are not one number."""
    sorts = sorts_of([(rule.before, result_sort(rule)), (rule.after, result_sort(rule))], rule.requires)
    sampler = Sampler(sorts, random.Random(rule.id))
    named = dict(given)
    for name in sorts.sequences & named.keys():
        second = next(n for n in sorted(named) if n != name) if len(named) > 1 else name
        named[name] = (named[name], named[second])
    for _ in range(60):
        point = sampler.point({n: v for n, v in named.items() if n in sorts.of})
        if any(isinstance(v, tuple) for v in named.values()):
            point = _pad(point, sorts, sampler)
        if rule.relation == "equal":
            sides = [value(instantiate(t, point.bindings), point) for t in (rule.before, rule.after)]
            if None not in sides and same(*sides) != FAILS:
                continue
        elif rule.relation != "same-order":
            again = sampler.point({n: v for n, v in named.items() if n in sorts.constant})
            if judge_order(rule, point, again) != FAILS:
                continue
        if _broken(rule, point):
            return True
    return False


def _pad(point: Point, sorts: Sorts, sampler: Sampler) -> Point:
    """Sequences that were not named, of the length of those that were."""
    length = max(len(v) for n, v in point.bindings.items() if isinstance(v, tuple))
    for name in sorts.sequences:
        have = point.bindings[name]
        if isinstance(have, tuple) and len(have) != length:
            point.bindings[name] = tuple(num(sampler.number(None)) for _ in range(length))
    return point


def _broken(rule: Rule, point: Point) -> bool:
    """Whether a condition is false (or has no truth value) at the point."""
    for c in rule.requires:
        if c.op in ("shared", "without"):
            bodies = [instantiate(c.args[0], point.bindings)]
            if any(
                t.op == "bound" or isinstance(point.values.get(str(t.value)), Samples)
                for b in bodies
                for t in postorder(b)
            ):
                return True
        elif any(truth(p, point) is not True for p in instances(c, point.bindings)):
            return True
    return False


__all__ = ["Tally", "failing_point", "really_fails", "try_fact", "try_rule"]
