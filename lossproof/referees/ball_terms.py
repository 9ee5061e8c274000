"""Values of a proof's terms at a point, by balls: the referee's own evaluator."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from functools import reduce
from itertools import product
from typing import Any, Final

from lossproof.referees.ball_densities import density
from lossproof.referees.ball_values import COMPARED, ONE, SCALAR, WHOLE, ZERO, Beyond, Undefined, Value, add, compare, component, div, each, eliminated, equals, mul, plus, sign, whole
from lossproof.referees.reading import OVER, Reading

#: Indices in force by name, under "#" the sample, under "=x" the value of the variable x.
Scope = Mapping[str, Any]
_MOST: Final = 4_000
MAX_VALUES: Final = 200_000


class Samples(list[Any]):
    """The values of a symbol that varies with the sample, one for each."""


class Evaluator:
    """Values of terms where each symbol has one. ``met`` has the truth values that each condition of a case took."""

    def __init__(self, proof: Reading, point: Mapping[str, Any], samples: int) -> None:
        self.p = proof
        self.point = point
        self.samples = samples
        self.memo: dict[tuple[object, ...], Value] = {}
        self.met: dict[int, set[bool]] = {}
        self._free: dict[int, tuple[str, ...]] = {}
        self.unfolded = {s.before: s.after for s in proof.steps if proof.ops[s.before] in ("pdf", "cdf", "cdf_below")}

    def value(self, root: int, scope: Scope) -> Value:
        """The value of a term; Undefined or Unsure is raised where there is none, or none that is known."""
        stack = [(root, scope)]
        while stack:
            t, here = stack[-1]
            key = self.key(t, here)
            wanted = [] if key in self.memo else self.wanted(t, here)
            pending = [w for w in wanted if self.key(*w) not in self.memo]
            if pending:
                stack.extend(pending)
                if len(stack) > MAX_VALUES:
                    raise Beyond("too much work")
                continue
            stack.pop()
            if key not in self.memo:
                if len(self.memo) > MAX_VALUES:
                    raise Beyond("too much work")
                self.memo[key] = self.apply(t, here, [self.memo[self.key(*w)] for w in wanted])
        return self.memo[self.key(root, scope)]

    # -- what a term depends on

    def free(self, root: int) -> tuple[str, ...]:
        """The indices, variables and, as "#", the sample that a term depends on."""
        if root not in self._free:
            stack = [root]
            while stack:
                t = stack[-1]
                pending = [a for a in self.p.args[t] if a not in self._free]
                if pending:
                    stack.extend(pending)
                    continue
                stack.pop()
                self._free[t] = tuple(sorted(self._free_of(t)))
        return self._free[root]

    def _free_of(self, t: int) -> set[str]:
        p = self.p
        op, args, free = p.ops[t], p.args[t], self._free
        if op == "bound":
            return {str(p.values[t])}
        if op == "sym":
            symbol = p.symbols[str(p.values[t])]
            return {f"={symbol.name}"} if symbol.role == "variable" else {"#"} if symbol.indexed else set()
        if op in ("sum", "prod") and len(args) == 4:
            return set(free[args[1]]) | set(free[args[2]]) | (set(free[args[3]]) - set(free[args[0]]))
        found: set[str] = set()
        for i, a in enumerate(args):
            bound = set(free[args[OVER[op]]]) if op in OVER and len(args) > OVER[op] and i >= OVER[op] else set()
            found |= set(free[a]) - bound
        empirical = op in OVER and args and p.ops[args[0]] == "dist:empirical"
        return found - {"#"} if op.startswith("samples_") or op in ("NLL", "Risk", "dist:empirical") or empirical else found

    def key(self, t: int, scope: Scope) -> tuple[object, ...]:
        return (t, *[scope.get(name) for name in self.free(t)])

    # -- what has to have a value first

    def definition(self, t: int) -> int | None:
        """The term that a divergence, an entropy, a likelihood or a risk stands for."""
        p = self.p
        op, args = p.ops[t], p.args[t]
        if op == "NLL":
            return p.fn("samples_sum", p.fn("neg", p.fn("log", p.fn("pdf", *args))))
        if op == "Risk":
            return p.fn("samples_mean", args[0])
        if op not in OVER or op == "E":
            return None
        x = args[-1]
        densities = [p.fn("pdf", d, x) for d in args[:-1]]
        if op in ("H", "CE"):
            return p.fn("E", args[0], x, p.fn("neg", p.fn("log", densities[-1])))
        if op == "KL":
            return p.fn("E", args[0], x, p.fn("log", p.fn("div", *densities)))
        middle = p.fn("div", p.fn("add", *densities), p.number(2))
        halves = [p.fn("E", d, x, p.fn("log", p.fn("div", q, middle))) for d, q in zip(args, densities, strict=False)]
        return p.fn("div", p.fn("add", *halves), p.number(2))

    def wanted(self, t: int, scope: Scope) -> list[tuple[int, Scope]]:
        op, args = self.p.ops[t], self.p.args[t]
        if op in ("pdf", "cdf", "cdf_below"):
            return self._wanted_density(t, scope)
        meant = self.definition(t)
        if meant is not None:
            return [(meant, scope)]
        if op.startswith("samples_"):
            return [(args[0], {**scope, "#": i}) for i in range(self.samples)]
        if op == "cases":
            key = self.key(args[0], scope)
            if key not in self.memo:
                return [(args[0], scope)]
            self.met.setdefault(args[0], set()).add(self.memo[key])
            return [(args[1] if self.memo[key] else args[2], scope)]
        if op in ("sum", "prod"):
            ends = [self.memo.get(self.key(a, scope)) for a in args[1:3]]
            if None in ends:
                return [(a, scope) for a in args[1:3]]
            low, high = map(whole, ends)
            if high - low > _MOST:
                raise Beyond("a long sum")
            return [(args[3], {**scope, str(self.p.values[args[0]]): k}) for k in range(low, high + 1)]
        if op == "in":
            return [(args[0], scope), *[(a, scope) for a in self.sizes(args[1])]]
        if op == "E":
            return self._wanted_expectation(t, scope)
        if op == "dist:empirical":
            return [(args[0], {**scope, "#": i}) for i in range(self.samples)]
        return [(a, scope) for a in args]

    def _wanted_density(self, t: int, scope: Scope) -> list[tuple[int, Scope]]:
        dist, y = self.p.args[t]
        known = self.p.ops[t] == "pdf" and density(self.p.ops[dist]) is not None
        if t in self.unfolded and not known:
            return [(self.unfolded[t], scope)]
        return [(a, scope) for a in (*self.p.args[dist], y)] if known else [(dist, scope), (y, scope)]

    def _wanted_expectation(self, t: int, scope: Scope) -> list[tuple[int, Scope]]:
        """Each value of the variable: its probability, and where that is not 0, what is expected."""
        p = self.p
        dist, x, body = p.args[t]
        name = f"={p.values[x]}"
        if p.ops[dist] == "dist:empirical":
            places = [{**scope, "#": i} for i in range(self.samples)]
            values = [self.memo.get(self.key(p.args[dist][0], s)) for s in places]
            if any(v is None for v in values):
                return [(p.args[dist][0], s) for s in places]
            return [(body, {**s, name: _frozen(v)}) for s, v in zip(places, values, strict=True)]
        domain = p.symbols[str(p.values[x])].domain
        sizes = [(a, scope) for a in self.sizes(domain)]
        if any(self.key(*s) not in self.memo for s in sizes):
            return sizes
        density = p.fn("pdf", dist, x)
        scopes = [{**scope, name: v} for v in self.members(domain, [self.memo[self.key(*s)] for s in sizes])]
        chances = [(density, s) for s in scopes]
        if any(self.key(*c) not in self.memo for c in chances):
            return chances
        met = [s for s, c in zip(scopes, chances, strict=True) if sign(self.memo[self.key(*c)])]
        return [w for s in met for w in ((density, s), (body, s))]

    # -- the value from what was wanted

    def apply(self, t: int, scope: Scope, args: list[Value]) -> Value:
        op = self.p.ops[t]
        if self.p.values[t] is not None:
            return self.leaf(t, scope)
        if op in ("cases", "NLL", "Risk") or (op in OVER and op != "E"):
            return args[0]
        if op in ("pdf", "cdf", "cdf_below"):
            return args[0] if len(args) == 1 and t in self.unfolded else self._own_density(t, args)
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
            from flint import arb

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

    # -- domains

    def sizes(self, domain: int) -> list[int]:
        """The values that a domain is made with."""
        found: list[int] = []
        stack = [domain]
        while stack:
            d = stack.pop()
            if self.p.ops[d] in ("power_domain",):
                found.append(self.p.args[d][1])
                stack.append(self.p.args[d][0])
            elif self.p.ops[d] != "domain":
                found.extend(self.p.args[d])
        return found

    def members(self, domain: int, sizes: list[Value]) -> list[Any]:
        """All members of a finite domain."""
        op = self.p.ops[domain]
        if op == "categories":
            return [Fraction(k) for k in range(1, whole(sizes[0]) + 1)]
        if op == "set":
            return list(dict.fromkeys(Fraction(s) for s in sizes))
        if op == "onehot":
            n = whole(sizes[0])
            return [tuple(Fraction(int(i == k)) for i in range(n)) for k in range(n)]
        raise Beyond("an expectation over what is not finite")

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
            return all(whole(v) >= 0 for v in x) and (op == "counts" or (sum(x) == 1 and max(x) == 1))
        if isinstance(x, list | float):
            return False
        if op == "categories":
            return 1 <= whole(x) <= whole(sizes[0])
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


def _frozen(v: Value) -> Value:
    return tuple(v) if isinstance(v, list) else v


__all__ = ["Evaluator", "Samples", "Undefined", "component"]
