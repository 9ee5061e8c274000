"""What an argument's slot says of the symbols in it: σ² in a slot for a positive number makes σ positive."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Final

from lossproof.errors import DomainError
from lossproof.terms import ONE, ZERO, Term, add, domain, fn, make, neg, num, postorder, rebuild, substitute, sym
from lossproof.terms.pattern import match

REALS: Final = domain("reals")
POSITIVE: Final = domain("positive")
UNIT: Final = domain("unit")
NONNEGATIVE: Final = domain("nonnegative")
_VECTORS: Final = frozenset({"power_domain", "simplex", "onehot", "counts"})
#: Each domain with those that contain it.
_WITHIN: Final[dict[str, tuple[str, ...]]] = {
    "positive": ("nonnegative", "reals"),
    "nonnegative": ("reals",),
    "unit": ("positive", "unit_closed", "nonnegative", "reals"),
    "unit_closed": ("nonnegative", "reals"),
    "naturals": ("integers", "nonnegative", "reals"),
    "integers": ("reals",),
}


def is_vector(where: Term) -> bool:
    """Whether a domain's members are vectors."""
    return where.op in _VECTORS


def signs(term: Term, where: Term) -> list[Term]:
    """That a term lies in a domain, as inequalities where these say it: they are of more use."""
    if where is POSITIVE:
        return [fn("gt", term, ZERO)]
    if where is NONNEGATIVE:
        return [fn("ge", term, ZERO)]
    if where is UNIT:
        return [fn("gt", term, ZERO), fn("gt", add(ONE, neg(term)), ZERO)]
    return [fn("in", term, where)]


def is_within(small: Term, large: Term) -> bool:
    """Whether every member of one domain is known to be one of the other."""
    if small is large:
        return True
    if large is REALS and small.op in ("set", "categories"):
        return True
    if small.op == "domain" and large.op == "domain":
        return str(large.value) in _WITHIN.get(str(small.value), ())
    return small.op in _VECTORS and large.op == "power_domain" and large.args[0] is REALS


class Domains:
    """Collects the domains of symbols from the slots in which they stand."""

    def __init__(self) -> None:
        self.of: dict[str, Term] = {}
        self.extra: list[Term] = []  # membership beyond the one domain that a symbol has

    def meet(self, name: str, where: Term) -> None:
        """A symbol lies in one more domain. Raises DomainError where nothing lies in both."""
        known = self.of.get(name)
        if known is None or is_within(where, known):
            self.of[name] = where
        elif not is_within(known, where):
            if (is_vector(known) or known.op == "posdef") != (is_vector(where) or where.op == "posdef"):
                raise DomainError(f"{name} is used both as a number and as a vector or matrix")
            self.extra.extend(signs(sym(name), where))

    def constrain(self, expression: Term, where: Term) -> None:
        """What a slot's domain says of the symbols of the expression in it."""
        stack = [(expression, where)]
        while stack:
            t, d = stack.pop()
            if t.op == "sym":
                self.meet(str(t.value), d)
            else:
                stack.extend(reversed(self._inner(t, d)))

    def _inner(self, t: Term, d: Term) -> list[tuple[Term, Term]]:
        if is_vector(d):
            return self._vector(t, d)
        if d.op == "posdef":
            return self._matrix(t, d)
        if d is POSITIVE and t.op in ("mul", "div", "pow", "sqrt"):
            inner = t.args[:1] if t.op == "pow" else t.args
            rest = [(t.args[1], REALS)] if t.op == "pow" else []
            return [(a, POSITIVE) for a in inner] + rest
        if d is POSITIVE and t.op == "add":
            return [(a, POSITIVE if _is_even_power(a) else REALS) for a in t.args]
        if d is UNIT and t.op == "mul":
            return [(a, UNIT) for a in t.args]
        if d is UNIT and t.op == "add" and len(t.args) == 2 and t.args[0] is num(1) and t.args[1].op == "neg":
            return [(t.args[1].args[0], UNIT)]
        return self._function(t)

    def _function(self, t: Term) -> list[tuple[Term, Term]]:
        if t.op in ("log", "sqrt", "lgamma", "gamma"):
            return [(t.args[0], POSITIVE)]
        if t.op == "logit":
            return [(t.args[0], UNIT)]
        if t.op in ("softmax", "logsumexp", "norm", "dot"):
            size = sym("D" if t.op in ("norm", "dot") else "K")
            return [(a, fn("power_domain", REALS, size)) for a in t.args]
        if t.op == "at":
            base = t.args[0]
            if base.op == "sym" and str(base.value) in self.of:
                return []
            return [(base, fn("power_domain", REALS, sym("K")))]
        if t.op in ("sum", "prod"):
            return [(t.args[3], REALS)]
        if t.op.startswith("dist:"):
            return []
        return [(a, REALS) for a in t.args]

    def _vector(self, t: Term, d: Term) -> list[tuple[Term, Term]]:
        dimension = d.args[-1]
        plain = d if d.op == "power_domain" else fn("power_domain", REALS, dimension)
        if t.op == "softmax":
            return [(t.args[0], fn("power_domain", REALS, dimension))]
        if t.op in ("add", "neg"):
            return [(a, plain) for a in t.args]
        if t.op == "div":
            return [(t.args[0], plain), (t.args[1], REALS)]
        if t.op == "mul":
            vectors = [a for a in t.args if a.op == "sym" and is_vector(self.of.get(str(a.value), REALS))]
            vector = vectors[0] if vectors else t.args[-1]
            return [(a, plain if a is vector else REALS) for a in t.args]
        if t.op == "vec":
            inner = {"simplex": UNIT, "power_domain": d.args[0]}.get(d.op, REALS)
            return [(a, inner) for a in t.args]
        return self._function(t)

    def _matrix(self, t: Term, d: Term) -> list[tuple[Term, Term]]:
        if t.op == "mul":
            matrix = [a for a in t.args if a.op in ("eye", "diag", "inv")] or list(t.args[-1:])
            return [(a, d if a in matrix else POSITIVE) for a in t.args]
        if t.op == "div":
            return [(t.args[0], d), (t.args[1], POSITIVE)]
        if t.op == "diag":
            return [(t.args[0], fn("power_domain", POSITIVE, d.args[0]))]
        if t.op == "inv":
            return [(t.args[0], d)]
        if t.op == "eye":
            return []
        return self._function(t)


def _is_even_power(t: Term) -> bool:
    """Whether a term is a square, up to positive numbers: s² + t² in a slot for a positive number."""
    while t.op in ("mul", "div") and t.args[-1 if t.op == "mul" else 0].op == "pow":
        t = t.args[-1 if t.op == "mul" else 0]
    return t.op == "pow" and t.args[1].op == "num" and int(t.args[1].value or 1) % 2 == 0


def with_identity(expression: Term, where: Term) -> Term:
    """``I`` as a factor of a covariance is the identity of its dimension."""
    if where.op != "posdef":
        return expression
    identity = fn("eye", where.args[0])
    plain = sym("I")
    if any(t is plain for t in postorder(expression)):
        return substitute(expression, {plain: identity})
    return expression


def with_dimension(where: Term, sizes: Mapping[str, Term]) -> Term:
    """A record's domain with its dimensions replaced: simplex(K) of three listed components is simplex(3)."""
    if not where.args or not sizes:
        return where
    return make(where.op, [substitute(a, {sym(n): s for n, s in sizes.items()}) for a in where.args], where.value)


def dimension_of(expression: Term, where: Term, known: Mapping[str, Term]) -> dict[str, Term]:
    """The sizes that an argument fixes: K = 3 for three listed components, the K of a declared symbol."""
    if not (is_vector(where) or where.op == "posdef"):
        return {}
    size = where.args[-1]
    if size.op != "sym":
        return {}
    for t in postorder(expression):
        if t.op == "vec":
            return {str(size.value): num(len(t.args))}
        if t.op == "eye" and t.args[0].op in ("num", "sym"):
            return {str(size.value): t.args[0]}
        if t.op == "sym" and str(t.value) in known:
            d = known[str(t.value)]
            found: dict[str, Term | tuple[Term, ...]] = {}
            if (is_vector(d) or d.op == "posdef") and match(size, d.args[-1], found):
                return {k: v for k, v in found.items() if not isinstance(v, tuple)}
    return {}


#: What a function asks of a symbol that is its argument.
_PARTIAL: Final = {"log": POSITIVE, "sqrt": NONNEGATIVE, "lgamma": POSITIVE, "gamma": POSITIVE, "digamma": POSITIVE, "logit": UNIT}


def read_off(domains: Domains, term: Term, learned: Iterable[str], declared: Collection[str]) -> None:
    """What the functions of a formula say of its symbols, but for those ``declared``: log(p) that p is positive, log(1 - p) that it is less than one."""
    known = {sym(n): ZERO for n, d in domains.of.items() if is_vector(d) or d.op == "posdef"}
    plain = rebuild(term, lambda t: make("exp", t.args) if t.op in _PARTIAL else ZERO if t.op == "pdf" else known.get(t, t))
    domains.constrain(plain, REALS)
    below: set[str] = set()
    for t in postorder(term):
        if t.op == "at":
            _read_index(domains, t)
        where = _PARTIAL.get(t.op)
        base = t.args[0] if where is not None or (t.op == "pow" and t.args[1].op not in ("num", "neg", "div")) else None
        if base is None:
            continue
        for factor in _signed_factors(base, set(learned)):
            if factor not in declared:
                domains.meet(factor, where or POSITIVE)
        if base.op == "add" and len(base.args) == 2 and base.args[0] is ONE and base.args[1].op == "neg" and base.args[1].args[0].op == "sym":
            below.add(str(base.args[1].args[0].value))
    for name in sorted(below):
        if domains.of.get(name) is POSITIVE and name not in declared:
            domains.meet(name, UNIT)


def _read_index(domains: Domains, t: Term) -> None:
    """A symbol that is an index, as in z[y], is a category."""
    vector, index = t.args[0].args[0] if t.args[0].op == "softmax" else t.args[0], t.args[1]
    if index.op == "sym" and domains.of.get(str(index.value), REALS) is REALS:
        known = domains.of.get(str(vector.value), REALS)
        domains.of[str(index.value)] = make("categories", (known.args[-1] if is_vector(known) else sym("K"),))


def _signed_factors(t: Term, learned: set[str]) -> list[str]:
    """The symbols that have to be positive for a product to be, if that is plain."""
    stack, found = [t], []
    while stack:
        f = stack.pop()
        if f.op in ("mul", "div"):
            stack.extend(f.args)
        elif f.op == "sym":
            found.append(str(f.value))
    return found if len([n for n in found if n in learned]) < 2 else []


def doubtful_shift(domains: Domains, term: Term, learned: Collection[str]) -> str:
    """The c of softmax(z + c) if only z is known to be a vector: c may be one or a number, and the answers differ."""
    for t in postorder(term):
        if t.op in ("softmax", "logsumexp") and t.args[0].op == "add":
            names = [str(x.value) for x in t.args[0].args if x.op == "sym" and x.value not in learned]
            doubtful = [n for n in names if not is_vector(domains.of.get(n, REALS))]
            if doubtful and len(t.args[0].args) > len(doubtful):
                return doubtful[0]
    return ""
