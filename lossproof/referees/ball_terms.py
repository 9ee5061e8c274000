"""Values of a proof's terms at a point, by balls: the referee's own evaluator."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from functools import reduce
from typing import Any

from flint import arb

from lossproof.referees.ball_densities import density
from lossproof.referees.ball_values import (
    COMPARED,
    ONE,
    SCALAR,
    WHOLE,
    ZERO,
    Value,
    add,
    compare,
    div,
    each,
    eliminated,
    equals,
    mul,
    plus,
    sign,
    whole,
)
from lossproof.referees.reading import DENSITIES, OVER, Reading
from lossproof.referees.walking import Beyond, Samples, Scope, Walker


class Evaluator(Walker):
    """Values of terms where each symbol has one."""

    def __init__(self, proof: Reading, point: Mapping[str, Any], samples: int) -> None:
        super().__init__(proof, samples)
        self.point = point

    def index(self, value: Value) -> int:
        """A value that is a whole number."""
        return whole(value)

    def knows(self, dist: str) -> bool:
        """Whether the density of a distribution is known without the proof."""
        return density(dist) is not None

    def is_nothing(self, value: Value) -> bool:
        """Whether a probability is certainly 0."""
        return sign(value) == 0

    def holds(self, t: int, value: Value) -> bool:
        """Whether the condition of a case holds."""
        return bool(value)

    def apply(self, t: int, scope: Scope, args: list[Value]) -> Value:
        op = self.p.ops[t]
        if self.p.values[t] is not None:
            return self.leaf(t, scope)
        if op in ("cases", "NLL", "Risk") or (op in OVER and op != "E"):
            return args[0]
        if op in DENSITIES:
            return args[0] if t in self.unfolded and not self.known(t) else self._own_density(t, args)
        if op == "E":
            if self.p.ops[self.p.args[t][0]] == "dist:empirical":
                return each(div, plus(*args), Fraction(self.samples))
            return plus(ZERO, *[each(mul, chance, v) for chance, v in zip(args[::2], args[1::2], strict=True)])
        if op in ("samples_prod", "prod"):
            return reduce(lambda x, y: each(mul, x, y), args, ONE)
        if op in ("samples_sum", "samples_mean", "sum"):
            total = plus(*args) if args else ZERO
            return each(div, total, Fraction(self.samples)) if op == "samples_mean" else total
        if op == "in":
            return self.member(args[0], self.p.args[t][1], args[1:])
        if op in COMPARED:
            return equals(*args) == (op == "eq") if isinstance(args[0], list) else COMPARED[op](compare(*args))
        if op == "dist:empirical":
            return args
        if op in WHOLE:
            return WHOLE[op](*args)
        if op in SCALAR:
            return each(SCALAR[op], *args)
        raise Beyond(f"{op} has no value that is known here")

    def _own_density(self, t: int, args: list[Value]) -> Value:
        dist = self.p.ops[self.p.args[t][0]]
        if dist == "dist:empirical" and self.p.ops[t] == "pdf":
            return Fraction(sum(equals(v, args[1]) for v in args[0]), self.samples)
        known = density(dist) if self.p.ops[t] == "pdf" else None
        if known is None:
            raise Beyond(f"the {self.p.ops[t]} of {dist} is not unfolded in the proof")
        return known(*args)

    def leaf(self, t: int, scope: Scope) -> Value:
        op, value = self.p.ops[t], self.p.values[t]
        if op == "num":
            return value
        if op == "bound":
            if value not in scope:
                raise Beyond("an index without a range")
            return Fraction(scope[str(value)])
        if op == "const" and value in ("oo", "n_samples"):
            return float("inf") if value == "oo" else Fraction(self.samples)
        if op == "const" and value == "pi":
            return arb.pi()
        if op == "sym":
            name = str(value)
            found = scope.get(f"={name}") if self.p.symbols[name].role == "variable" else self.point.get(name)
            if isinstance(found, Samples):
                found = found[scope["#"]] if "#" in scope else None
            if found is None:
                raise Beyond("a symbol without a value")
            return list(found) if isinstance(found, tuple) else found
        raise Beyond(f"{op} {value!s:.20} is no value")

    def member(self, x: Value, domain: int, sizes: list[Value]) -> bool:
        """Whether a value lies in a domain."""
        op, args = self.p.ops[domain], self.p.args[domain]
        if op == "power_domain":
            return isinstance(x, list) and len(x) == whole(sizes[0]) and all(self.member(v, args[0], sizes[1:]) for v in x)
        if op == "set":
            return any(not isinstance(x, list) and compare(x, m) == 0 for m in sizes)
        if op == "posdef":
            n = whole(sizes[0])
            symmetric = isinstance(x, list) and len(x) == n and all(compare(x[i][j], x[j][i]) == 0 for i in range(n) for j in range(i))
            return symmetric and all(sign(eliminated([row[:k] for row in x[:k]])[0]) > 0 for k in range(1, n + 1))
        if op in ("simplex", "onehot", "counts"):
            if not isinstance(x, list) or len(x) != whole(sizes[0]):
                return False
            if op == "simplex":
                return all(sign(v) > 0 for v in x) and compare(reduce(add, x), ONE) == 0
            return all(isinstance(v, Fraction) and v.denominator == 1 and v >= 0 for v in x) and (op == "counts" or (sum(x) == 1 and max(x) == 1))
        if isinstance(x, list | float):
            return False
        if op == "categories":
            return isinstance(x, Fraction) and x.denominator == 1 and 1 <= x <= whole(sizes[0])
        name = str(self.p.values[domain])
        if name in ("integers", "naturals"):
            return isinstance(x, Fraction) and x.denominator == 1 and (name == "integers" or x >= 0)
        tests = {"reals": True, "positive": sign(x) > 0, "nonnegative": sign(x) >= 0}
        if name in tests:
            return tests[name]
        low, high = sign(x), compare(x, ONE)
        if name in ("unit", "unit_closed"):
            return low > 0 > high if name == "unit" else low >= 0 >= high
        raise Beyond("a domain that is not known here")
