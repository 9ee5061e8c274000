"""How a value is made of a term's parts: what binds what, what depends on what, and what has to be known first. No recursion."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any, Final

from lossproof.referees.reading import DENSITIES, OVER, Reading, need

#: Indices in force by name, under "#" the sample, under "=x" the value of the variable x.
Scope = Mapping[str, Any]
Wanted = list[tuple[int, Scope]]
MAX_VALUES: Final = 200_000
#: Domains that are gone through one by one.
FINITE: Final = frozenset({"categories", "set", "onehot"})
_MOST: Final = 4_000


class Undefined(Exception):
    """There is no value here."""


class Unsure(Exception):
    """More digits may decide it, or nothing that is known here."""


class Beyond(Unsure):
    """No number of digits decides it."""


class Samples(list[Any]):
    """The values of a symbol that varies with the sample, one for each."""


def witness_value(value: Any, number: Callable[[Fraction], Any]) -> Any:
    """A value of a witness: a number, a list of them, or one for each sample. Raises MalformedError."""
    if isinstance(value, dict):
        return Samples(witness_value(row, number) for row in value["samples"])
    if isinstance(value, list):
        return [witness_value(row, number) for row in value]
    need(isinstance(value, str) and len(value) < 8200, "the witness: a number is expected")
    return number(Fraction(value))


class Walker:
    """Values of terms, each made once for what it depends on."""

    def __init__(self, proof: Reading, samples: int) -> None:
        self.p = proof
        self.samples = samples
        self.memo: dict[tuple[object, ...], Any] = {}
        self._free = proof.free  # a term depends on the same wherever it is evaluated
        self.unfolded = proof.unfolded

    # -- what a referee says of its values

    @abstractmethod
    def apply(self, t: int, scope: Scope, args: list[Any]) -> Any:
        """The value of a term from what it wanted."""

    @abstractmethod
    def index(self, value: Any) -> int:
        """A value that is a whole number."""

    @abstractmethod
    def knows(self, dist: str) -> bool:
        """Whether the density of a distribution is known without the proof."""

    @abstractmethod
    def is_nothing(self, value: Any) -> bool:
        """Whether a probability is certainly 0."""

    @abstractmethod
    def holds(self, t: int, value: Any) -> bool:
        """Whether the condition of a case holds."""

    def value(self, root: int, scope: Scope) -> Any:
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

    def wanted_integral(self, t: int, scope: Scope) -> Wanted:
        """What an expectation over what is not finite has to know. Raises Beyond unless a referee says more."""
        raise Beyond("an expectation over what is not finite")

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

    def wanted(self, t: int, scope: Scope) -> Wanted:
        op, args = self.p.ops[t], self.p.args[t]
        if op in DENSITIES:
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
            return [(args[1] if self.holds(args[0], self.memo[key]) else args[2], scope)]
        if op in ("sum", "prod"):
            ends = [self.memo.get(self.key(a, scope)) for a in args[1:3]]
            if None in ends:
                return [(a, scope) for a in args[1:3]]
            low, high = map(self.index, ends)
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

    def known(self, t: int) -> bool:
        """Whether a density is one that the referee knows of itself."""
        return self.p.ops[t] == "pdf" and self.knows(self.p.ops[self.p.args[t][0]])

    def _wanted_density(self, t: int, scope: Scope) -> Wanted:
        dist, y = self.p.args[t]
        known = self.known(t)
        if t in self.unfolded and not known:
            return [(self.unfolded[t], scope)]
        return [(a, scope) for a in (*self.p.args[dist], y)] if known else [(dist, scope), (y, scope)]

    def _wanted_expectation(self, t: int, scope: Scope) -> Wanted:
        """Each value of the variable: its probability, and where that is not 0, what is expected."""
        p = self.p
        dist, x, body = p.args[t]
        name = f"={p.values[x]}"
        if p.ops[dist] == "dist:empirical":
            places = [{**scope, "#": i} for i in range(self.samples)]
            values = [self.memo.get(self.key(p.args[dist][0], s)) for s in places]
            if any(v is None for v in values):
                return [(p.args[dist][0], s) for s in places]
            return [(body, {**s, name: hashed(v)}) for s, v in zip(places, values, strict=True)]
        domain = p.symbols[str(p.values[x])].domain
        if p.ops[domain] not in FINITE:
            return self.wanted_integral(t, scope)
        sizes: Wanted = [(a, scope) for a in self.sizes(domain)]
        if any(self.key(*s) not in self.memo for s in sizes):
            return sizes
        density = p.fn("pdf", dist, x)
        scopes = [{**scope, name: v} for v in self.members(domain, [self.memo[self.key(*s)] for s in sizes])]
        chances: Wanted = [(density, s) for s in scopes]
        if any(self.key(*c) not in self.memo for c in chances):
            return chances
        met = [s for s, c in zip(scopes, chances, strict=True) if not self.is_nothing(self.memo[self.key(*c)])]
        return [w for s in met for w in ((density, s), (body, s))]

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

    def members(self, domain: int, sizes: list[Any]) -> list[Any]:
        """All members of a finite domain."""
        op = self.p.ops[domain]
        if op == "categories":
            return [Fraction(k) for k in range(1, self.index(sizes[0]) + 1)]
        if op == "set":
            return list(dict.fromkeys(sizes))
        if op == "onehot":
            n = self.index(sizes[0])
            return [tuple(Fraction(int(i == k)) for i in range(n)) for k in range(n)]
        raise Beyond("an expectation over what is not finite")


def hashed(v: Any) -> Any:
    """A value that can be the key of a table."""
    return tuple(map(hashed, v)) if isinstance(v, list) else v
