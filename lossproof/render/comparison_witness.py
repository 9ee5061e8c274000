"""The values and enclosures of a witness as text: fractions as they are, what is irrational cut off where its digits are certain."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from decimal import ROUND_FLOOR, Context, Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

from lossproof.syntax import pretty

if TYPE_CHECKING:
    from lossproof.interop.witness import Witness

#: Digits of a number that is cut off, and the most that may be needed to tell two apart.
_DIGITS: Final = 6
_MOST_DIGITS: Final = 30
_LONG: Final = 12

Enclosure = tuple[Any, Any]  # the ends are Fraction, or the float oo


def place(w: Witness, dimensions: Collection[str] = (), called: Callable[[str], str] = pretty) -> str:
    """The samples, data and fixed values: ``n = 2, y = 0, 1, σ = 1/3``; ``called`` says what a symbol is called."""
    order = sorted(w.values, key=lambda n: (n not in dimensions, n))
    shown = [f"{called(n)} = {value(w.values[n])}" for n in order]
    per_sample = any(type(v).__name__ == "PerSample" for v in w.values.values())
    return "; ".join([f"n = {w.samples}", *shown] if per_sample or w.samples > 1 else shown)


def point(values: Mapping[str, Any], called: Callable[[str], str] = pretty) -> str:
    """The parameters at a point."""
    return ", ".join(f"{called(n)} = {value(v)}" for n, v in sorted(values.items()))


def value(v: Any) -> str:
    """A number, a vector in brackets, or one value for each sample."""
    if isinstance(v, Fraction):
        return str(v)
    inner = v.values if hasattr(v, "values") else v
    shown = ", ".join(value(x) for x in inner)
    if hasattr(v, "values"):
        return shown if len(inner) == 1 else f"({shown}) by sample"
    return f"[{shown}]"


# -- enclosures


def signs(pairs: Sequence[Enclosure]) -> str:
    """How the first of two enclosed numbers stands to the second."""
    (a_low, a_high), (b_low, b_high) = pairs[:2]
    return "<" if a_high < b_low else ">" if a_low > b_high else "="


def enclosed(pairs: Sequence[Enclosure]) -> list[str]:
    """Enclosed numbers with as many digits as it takes to tell them apart."""
    digits = _DIGITS
    while digits < _MOST_DIGITS:
        found = [number(p, digits) for p in pairs]
        if len(set(found)) == len({tuple(p) for p in pairs}):
            return found
        digits += 4
    return [number(p, _MOST_DIGITS) for p in pairs]


def number(pair: Enclosure, digits: int = _DIGITS) -> str:
    """An enclosed number: exactly, or its certain digits and ``…``."""
    low, high = pair
    if not isinstance(low, Fraction) or not isinstance(high, Fraction):
        return "∞" if low == high else f"at least {_cut(low, digits)}" if isinstance(low, Fraction) else "unknown"
    if low == high:
        return _exact(low, digits)
    for d in range(digits, 0, -1):
        shown = _cut(low, d)
        if shown == _cut(high, d):
            return shown + "…"
    if low < 0 < high:
        return f"0 ± {_up(max(-low, high))}"
    return f"between {_cut(low, digits)} and {_cut(high + abs(high) / 10**digits, digits)}"


def _up(q: Fraction) -> str:
    """A power of ten that is no less."""
    power = 0
    while q <= Fraction(10) ** (power - 1):
        power -= 1
    while q > Fraction(10) ** power:
        power += 1
    return "1" if power == 0 else f"1e{power}"


def _exact(q: Fraction, digits: int) -> str:
    """A rational as a short decimal or a fraction, else its first digits."""
    decimal = Context(prec=_LONG).divide(Decimal(q.numerator), Decimal(q.denominator))
    if Fraction(decimal) == q and abs(decimal) < 10**9 and len(f"{decimal:f}") <= _LONG:
        return f"{decimal:f}"
    return str(q) if len(str(q)) <= _LONG else _cut(q, digits) + "…"


def _cut(q: Fraction, digits: int) -> str:
    """The first digits of a rational, towards zero, without an exponent unless it is far from one."""
    if q == 0:
        return "0"
    context = Context(prec=digits + 6, rounding=ROUND_FLOOR)
    size = context.divide(Decimal(abs(q.numerator)), Decimal(q.denominator))
    cut = Context(prec=digits, rounding=ROUND_FLOOR).plus(size)
    sign = "-" if q < 0 else ""
    return f"{sign}{cut:f}" if -5 < cut.adjusted() < digits else f"{sign}{cut:e}"


# -- what is stronger fails


def difference(w: Witness, called: Callable[[str], str] = pretty) -> str:
    """Why the relation that the witness speaks of fails."""
    points = [point(p, called) for p in w.points]
    if w.says == "equal":
        a, b = enclosed([w.a[0], w.b[0]])
        return f"A = {a} and B = {b} at {points[0]}"
    if w.says == "up-to-constant":
        first, second = enclosed([minus(a, b) for a, b in zip(w.a, w.b, strict=True)])
        return f"A - B is {first} at {points[0]} and {second} at {points[1]}"
    pairs = [f"({number(b)}, {number(a)})" for a, b in zip(w.a, w.b, strict=True)]
    return f"the pairs (B, A) = {', '.join(pairs[:-1])} and {pairs[-1]} lie on no line; they are those of {'; '.join(points[:-1])} and {points[-1]}"


def minus(a: Enclosure, b: Enclosure) -> Enclosure:
    """What encloses the difference of two enclosed numbers."""
    return a[0] - b[1], a[1] - b[0]
