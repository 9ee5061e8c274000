"""What the text and the LaTeX printer share: the sample index on names, titles, chains of comparisons."""

from __future__ import annotations

from fractions import Fraction

from lossproof.terms import Term, bound, make, postorder, sym

SAMPLES = frozenset({"samples_sum", "samples_mean", "samples_prod"})
_OTHER_INDICES = ("j", "k", "l", "m", "r", "s")


def with_sample_index(term: Term, varying: frozenset[str]) -> Term:
    """The term with ``_i`` on every name of ``varying`` inside the sums over the samples.

    An index that is itself called i is renamed there, so that it is not taken for the sample's.
    """
    order = postorder(term)
    if not any(t.op in SAMPLES for t in order):
        return term
    inside = {sym(name): sym(name + "_i") for name in varying if not name.endswith("_i")}
    i = bound("i")
    if i in order:
        taken = {str(t.value) for t in order if t.op in ("sym", "bound")}
        inside[i] = bound(next((name for name in _OTHER_INDICES if name not in taken), "i"))
    if not inside:
        return term
    outside: dict[Term, Term] = {}
    for t in order:
        if t.args:
            inside[t] = make(t.op, [inside[a] for a in t.args], t.value)
        elif t not in inside:
            inside[t] = t
        if t.op in SAMPLES:
            outside[t] = inside[t]
        else:
            outside[t] = make(t.op, [outside[a] for a in t.args], t.value) if t.args else t
    return outside[term]


def title(record: str) -> str:
    """A distribution's record id as a name: ``student-t`` is StudentT."""
    return "".join(part[:1].upper() + part[1:] for part in record.split("-"))


def integer_value(t: Term) -> int | None:
    """The integer that a literal, perhaps with a minus, stands for."""
    if t.op == "neg" and t.args[0].op == "num":
        value = integer_value(t.args[0])
        return None if value is None or value < 0 else -value
    if isinstance(t.value, Fraction) and t.value.denominator == 1:
        return t.value.numerator
    return None


def ratio(t: Term) -> Fraction | None:
    """The fraction that a literal or a quotient of two positive literals stands for, unless it is an integer."""
    if isinstance(t.value, Fraction):
        return t.value if t.value.denominator != 1 else None
    if t.op == "div":
        top, bottom = (integer_value(a) for a in t.args)
        if top is not None and bottom is not None and top > 0 and bottom > 1:
            return Fraction(top, bottom) if Fraction(top, bottom).denominator == bottom else None
    return None


def chained(t: Term) -> tuple[Term, str, Term, str, Term] | None:
    """The parts of ``a < b and b < c``, which is shown as a < b < c."""
    if t.op != "and" or len(t.args) != 2:
        return None
    first, second = t.args
    for pair in (("lt", "le"), ("gt", "ge")):
        if first.op in pair and second.op in pair and first.args[1] is second.args[0]:
            return first.args[0], first.op, first.args[1], second.op, second.args[1]
    return None
