"""The witness of a refutation, with certainty."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, Final

from flint import ctx

from lossproof.referees.ball_terms import Evaluator
from lossproof.referees.ball_values import Value, add, compare, mul, neg
from lossproof.referees.reading import Reading, need
from lossproof.referees.walking import Samples, Undefined, Unsure, witness_value

_BITS: Final = (160, 320, 960, 2880)
#: What a witness may say, and at how many points.
_SAYS: Final = {"equal": 1, "up-to-constant": 2, "up-to-scale": 3, "order": 2}


def witnessed(proof: Reading) -> tuple[str, str]:
    """Whether the witness shows what it says; refuted if it certainly does not."""
    if proof.relation != "refuted":
        return "undecided", "the claim is that nothing is known"
    if proof.witness is None:
        return "undecided", "there is no witness"
    says, samples, places = _read(proof)
    for bits in _BITS:
        ctx.prec = bits
        try:
            outside = _outside(proof, samples, places)
            if outside:
                return "refuted", outside
            a, b = ([_value(proof, samples, place, side) for place in places] for side in ("left", "right"))
            fails = _fails(says, a, b)
        except Undefined as error:
            return "undecided", f"an objective has no value at the witness ({error})"
        except Unsure as error:
            why = str(error)
            continue
        if fails:
            return "confirmed", f"{says} fails at the witness, {samples} sample{'s' * (samples != 1)}, {bits} bits"
        return "refuted", f"{says} does not fail at the witness"
    return "undecided", why


def _read(proof: Reading) -> tuple[str, int, list[dict[str, Any]]]:
    says, samples, values, points = Reading.entry(proof.witness, "says samples values points")
    need(says == "order", "a refutation's witness is about the order")
    need(type(samples) is int and 1 <= samples <= 1000, "the witness: a number of samples is expected")
    need(isinstance(values, dict) and isinstance(points, list) and len(points) == _SAYS[says], "the witness: the points are malformed")
    return says, samples, [{n: witness_value(v, Fraction) for n, v in {**values, **point}.items()} for point in points]


def _value(proof: Reading, samples: int, place: dict[str, Any], side: str) -> Value:
    term = proof.claim[side]
    need(term is not None, "the claim lacks an end")
    assert term is not None
    normal = proof.chains.get("a" if side == "left" else "b")
    evaluator = Evaluator(proof, place, samples)
    try:
        return evaluator.value(term, {})
    except Unsure:
        if normal is None or normal.left != term:
            raise
        return evaluator.value(normal.right, {})


def _outside(proof: Reading, samples: int, places: list[dict[str, Any]]) -> str:
    """Where a value is outside its domain or a hypothesis fails, or nothing."""
    for place in places:
        evaluator = Evaluator(proof, place, samples)
        for name in place:
            need(name in proof.symbols, "the witness: a value of no symbol")
            domain = proof.symbols[name].domain
            for value in place[name] if isinstance(place[name], Samples) else [place[name]]:
                if not evaluator.member(value, domain, [evaluator.value(s, {}) for s in evaluator.sizes(domain)]):
                    return f"the witness is outside the domain of {name}"
        for h in proof.hypotheses:
            scopes = [{"#": i} for i in range(samples)] if "#" in evaluator.free(h) else [{}]
            if not all(evaluator.value(h, scope) for scope in scopes):
                return "a hypothesis fails at the witness"
    return ""


def _fails(says: str, a: list[Value], b: list[Value]) -> bool:
    if says == "order":
        first, second = compare(a[0], a[1]), compare(b[0], b[1])
        return first * second < 0 or (first == 0) != (second == 0)
    if says == "equal":
        return compare(a[0], b[0]) != 0
    if says == "up-to-constant":
        return compare(add(a[0], neg(b[0])), add(a[1], neg(b[1]))) != 0
    return compare(mul(add(a[0], neg(a[1])), add(b[0], neg(b[2]))), mul(add(a[0], neg(a[2])), add(b[0], neg(b[1])))) != 0
