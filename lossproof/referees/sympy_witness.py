"""The witness of a refutation for the referee by SymPy: both objectives at its exact points."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any, Final

import sympy as sp

from lossproof.referees import sympy_forms as forms
from lossproof.referees.reading import Reading, need
from lossproof.referees.sympy_terms import Expressions, Names
from lossproof.referees.walking import Beyond, Samples, Scope, Walker, witness_value

Expr = Any
_SURE: Final = sp.Float("1e-20", 50)


class _Point(Names):
    """The witness's values in place of free variables."""

    def __init__(self, proof: Reading, samples: int, values: dict[str, Any]) -> None:
        super().__init__(proof, samples, 2, 0, bounds=False)
        self.values = values

    def of(self, name: str, scope: Scope, walker: Walker) -> Expr:
        """The value of a symbol."""
        if name not in self.values:
            raise Beyond("a symbol without a value")
        found = self.values[name]
        if isinstance(found, Samples):
            if "#" not in scope:
                raise Beyond("a symbol that varies with the sample, outside a sum over them")
            found = found[scope["#"]]
        return found


def witnessed(proof: Reading) -> tuple[str, str]:
    """Whether the two points are ordered differently, or tied by one objective alone."""
    if proof.witness is None:
        return "undecided", "there is no witness"
    says, samples, values, points = Reading.entry(proof.witness, "says samples values points")
    need(says == "order" and isinstance(points, list) and len(points) == 2, "a refutation's witness is about the order of two points")
    need(type(samples) is int and 1 <= samples <= 1000 and isinstance(values, dict), "the witness is malformed")
    left, right = proof.claim["left"], proof.claim["right"]
    rows = []
    for point in points:
        place = _Point(proof, samples, {n: witness_value(v, _rational) for n, v in {**values, **point}.items()})
        walker = Expressions(place, {})
        if not all(walker.holds(h, walker.value(h, s)) is True for h in proof.hypotheses for s in _scopes(walker, h, samples)):
            return "refuted", "a hypothesis fails at the witness"
        if not all(_inside(proof, name, value) for name, value in place.values.items()):
            return "refuted", "the witness is outside a domain"
        rows.append([walker.value(t, {}) for t in (left, right) if t is not None])
    signs = [_sign(first - second) for first, second in zip(*rows, strict=True)]
    if None in signs:
        return "undecided", "an inequality is too close"
    if signs[0] != signs[1]:
        return "confirmed", f"the order fails at the witness, {samples} sample{'s' * (samples != 1)}, 50 digits"
    return "refuted", "the order does not fail at the witness"


def _scopes(walker: Expressions, term: int, samples: int) -> list[Scope]:
    return [{"#": i} for i in range(samples)] if "#" in walker.free(term) else [{}]


def _inside(p: Reading, name: str, value: Any) -> bool:
    """Whether the numbers in a symbol's value lie in the domain of its components."""
    need(name in p.symbols, "the witness: a value of no symbol")
    domain = p.symbols[name].domain
    while p.ops[domain] == "power_domain":
        domain = p.args[domain][0]
    tests: dict[str, Callable[[Expr], Any]] = {"positive": lambda v: v > 0, "nonnegative": lambda v: v >= 0, "unit": lambda v: 0 < v < 1, "unit_closed": lambda v: 0 <= v <= 1,
                                               "integers": lambda v: v.is_Integer, "naturals": lambda v: v.is_Integer and v >= 0}  # fmt: skip
    kind = {"simplex": "positive", "onehot": "naturals", "counts": "naturals"}.get(p.ops[domain], str(p.values[domain]))
    test = tests.get(kind)
    return test is None or all(bool(test(v)) for v in _flat(value))


def _flat(v: Any) -> list[Expr]:
    return [x for part in v for x in _flat(part)] if isinstance(v, list) else [v]


def _rational(value: Fraction) -> Expr:
    return sp.Rational(value.numerator, value.denominator)


def _sign(gap: Expr) -> int | None:
    """The sign of a number: exact, or with 50 digits and a margin."""
    if gap == 0 or forms.is_zero(gap):
        return 0
    value = gap.evalf(50, maxn=200)
    if not value.is_Number or not value.is_finite or not abs(value) > _SURE:
        return None
    return 1 if value > 0 else -1
