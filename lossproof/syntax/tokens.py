"""Text → tokens: numbers, names and marks, each with its place."""

from __future__ import annotations

import re
from fractions import Fraction
from functools import lru_cache
from itertools import islice
from typing import Final, NamedTuple

from lossproof.errors import InputSyntaxError, LimitError
from lossproof.syntax.functions import RESERVED
from lossproof.syntax.names import SUBSCRIPTS, refuse, spell
from lossproof.terms import Term, neg, num

MAX_TEXT: Final = 1_000_000  # characters
MAX_TOKENS: Final = 200_000
MAX_NAMES: Final = 40_000  # different ones
MAX_DIGITS: Final = 1_000  # of one number
MAX_EXPONENT: Final = 1_000  # of ten in a number such as 1e-3

_NUMBER = r"([0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|\.[0-9]+(?:[eE][+-]?[0-9]+)?)"
_MARKS = r"\.\.\.|\*\*|[<>=!]=|[-+*/^()\[\]{},=<>|!~"
_ASCII = re.compile(rf"[ \t\r\n\f]*(?:{_NUMBER}|([A-Za-z][A-Za-z0-9_]*)|({_MARKS}])|((?!))|((?!))|(.)|$)", re.DOTALL)
_ASCII_BAD = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")

# What stands for another mark.
_SAME: Final = {
    **dict.fromkeys("·⋅×∗∙•", "*"),
    **dict.fromkeys("−–‐‑", "-"),
    **{"**": "^", "÷": "/", "∕": "/", "∼": "~", "∣": "|", "≤": "<=", "≥": ">=", "⩽": "<=", "⩾": ">=", "≠": "!="},
    **{"∈": "in", "∧": "and", "∨": "or", "¬": "not", "…": "..."},
}
_SUPERSCRIPTS: Final = {
    **dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789", strict=True)),
    **{"⁻": "-", "⁺": "+"},
}
_FRACTIONS: Final = {
    char: Fraction(a, b)
    for char, a, b in [
        *[("½", 1, 2), ("⅓", 1, 3), ("⅔", 2, 3), ("¼", 1, 4), ("¾", 3, 4), ("⅕", 1, 5), ("⅖", 2, 5), ("⅗", 3, 5)],
        *[("⅘", 4, 5), ("⅙", 1, 6), ("⅚", 5, 6), ("⅐", 1, 7), ("⅛", 1, 8), ("⅜", 3, 8), ("⅝", 5, 8), ("⅞", 7, 8)],
        *[("⅑", 1, 9), ("⅒", 1, 10)],
    ]
}


class Tokens(NamedTuple):
    """Parallel lists, the last entry an ``end``.

    A kind is ``num`` (value a term), ``name`` (value the canonical name), ``sup`` (an exponent in
    superscript: a term), or the mark or reserved word itself.
    """

    text: str
    kinds: list[str]
    values: list[Term | str]
    starts: list[int]
    ends: list[int]


def tokenize(text: str) -> Tokens:
    """The tokens of a text, which is brought to Unicode's normal form C first.

    Raises :class:`CharacterError`, :class:`InputSyntaxError` or :class:`LimitError`.
    """
    if len(text) > MAX_TEXT:
        raise LimitError(
            f"the text has {len(text):,} characters; the limit is {MAX_TEXT:,}", hint="split it into parts"
        )
    if text.isascii():
        bad = _ASCII_BAD.search(text)
        if bad:
            raise refuse(bad[0], text, bad.start())
        return _scan(text, _ASCII)
    text = _normalised(text)
    return _scan(text, _wide())


def _scan(text: str, pattern: re.Pattern[str]) -> Tokens:
    tokens = Tokens(text, [], [], [], [])
    _, kinds, values, starts, ends = tokens
    for found in islice(pattern.finditer(text), MAX_TOKENS + 1):
        group = found.lastindex
        if group is None:
            break  # the end, after white space
        part = found[group]
        value: Term | str
        if group == 3:
            kind = value = _SAME.get(part, part)
        elif group == 2:
            kind = value = part if part in RESERVED else "name"
            if kind == "name":
                value = spell(part, text, found.start(2))
        else:
            kind, value = _number_token(group, part, text, found.start(group))
        kinds.append(kind)
        values.append(value)
        start, end = found.span(group)
        starts.append(start)
        ends.append(end)
    if len(kinds) > MAX_TOKENS:
        raise LimitError(f"the text has more than {MAX_TOKENS:,} words and marks", hint="split it into parts")
    if len(kinds) > MAX_NAMES:
        names = {v for k, v in zip(kinds, values, strict=True) if k == "name"}
        if len(names) > MAX_NAMES:
            raise LimitError(f"the text has more than {MAX_NAMES:,} different names", hint="write a sum over an index: sum(k, 1, K, x_k)")
    kinds.append("end")
    values.append("")
    starts.append(len(text))
    ends.append(len(text))
    return tokens


def _number_token(group: int, part: str, text: str, place: int) -> tuple[str, Term | str]:
    if group == 1:
        return "num", _number(part, text, place)
    if group == 4:
        return "sup", _superscript(part, text, place)
    if group == 5:
        return "num", num(_FRACTIONS[part])
    if part in "ⁿⁱ":
        raise InputSyntaxError(
            f"{part} cannot be an exponent",
            text=text,
            span=(place, place + 1),
            hint=f"write ^{'n' if part == 'ⁿ' else 'i'}",
        )
    if part in "ᵀᵗ":
        raise InputSyntaxError(
            "transposes are not written",
            text=text,
            span=(place, place + 1),
            hint="dot(u, v) is uᵀv, quad(A, v) is vᵀAv",
        )
    if part in SUBSCRIPTS:
        raise InputSyntaxError(
            "a subscript needs a name before it", text=text, span=(place, place + 1), hint="x₁ is the name x_1"
        )
    raise refuse(part, text, place)


@lru_cache(maxsize=256)
def _small(part: str) -> Term:
    return num(int(part))


def _number(part: str, text: str, place: int) -> Term:
    if len(part) < 5 and part.isdigit():
        return _small(part)
    mantissa, _, exponent = part.replace("E", "e").partition("e")
    if len(mantissa) > MAX_DIGITS or len(exponent) > 9 or abs(int(exponent or "0")) > MAX_EXPONENT:
        raise LimitError(
            f"a number may have {MAX_DIGITS:,} digits and a power of ten up to {MAX_EXPONENT:,}",
            text=text,
            span=(place, place + len(part)),
            hint="write a large number as a power, 10^2000: it is kept as it stands",
        )
    return num(Fraction(part))


@lru_cache(maxsize=64)
def _exponent(digits: str) -> Term:
    value = num(int(digits.removeprefix("-")))
    return neg(value) if digits.startswith("-") else value


def _superscript(part: str, text: str, place: int) -> Term:
    digits = "".join(_SUPERSCRIPTS[char] for char in part)
    value = digits.removeprefix("-")
    if not value.isdigit() or len(value) > MAX_DIGITS:
        raise InputSyntaxError(
            f"{part[:20]} is no exponent",
            text=text,
            span=(place, place + len(part)),
            hint="superscripts are integers: x², x⁻¹",
        )
    return _exponent(digits)


@lru_cache(maxsize=1)
def _wide() -> re.Pattern[str]:
    """The pattern of texts beyond ASCII; the groups are those of the ASCII pattern."""
    over, parts, under = "".join(_SUPERSCRIPTS), "".join(_FRACTIONS), "".join(SUBSCRIPTS)
    # \w holds superscripts and fractions too, which end a name
    apart = f"{over}{parts}ⁿⁱᵀᵗ"
    letter = rf"[^\W\d_{apart}{under}]"
    name = rf"π(?={letter})|{letter}(?:[^\W{apart}]|[\u0300-\u036f])*"  # 2πσ² is 2·π·σ²
    marks = "".join(mark for mark in _SAME if not mark.isascii())
    return re.compile(rf"\s*(?:{_NUMBER}|({name})|({_MARKS}√‖∞{marks}])|([{over}]+)|([{parts}])|(.)|$)", re.DOTALL)


@lru_cache(maxsize=1)
def _foreign() -> re.Pattern[str]:
    """Finds a character that no text may hold, or too many combining marks in a row."""
    known = "".join({*_SAME, *_SUPERSCRIPTS, *_FRACTIONS, *SUBSCRIPTS} - {"**", "-"}) + "√‖∞ℓΩⁿⁱᵀᵗ"
    spaces = "\u00a0\u2000-\u200a\u202f\u205f\u3000"
    shown = r"\t\n\f\r -~\u00a1-\u00ac\u00ae-\u024f\u0300-\u03ff\u1e00-\u1eff"
    return re.compile(rf"[^{shown}{spaces}{re.escape(known)}]|[\u0300-\u036f]{{4}}")


def _normalised(text: str) -> str:
    bad = _foreign().search(text)
    if bad:
        raise refuse(bad[0][0], text, bad.start())
    from unicodedata import normalize

    return normalize("NFC", text)
