"""Term → text of the input language, with ASCII names: the parser reads it back."""

from __future__ import annotations

from fractions import Fraction

from lossproof.syntax.functions import FUNCTIONS
from lossproof.syntax.ropes import Printed, Text, cat, flat, joined
from lossproof.terms import Term, num, postorder

# How tightly the printed text holds together; the parser's levels, and atoms above them.
OR, AND, NOT, COMPARE, ADD, NEG, MUL, SIGN, POW, ATOM = range(1, 11)

COMPARISONS = {"eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}
_NAMES = {"samples_sum": "sum", "samples_mean": "mean", "samples_prod": "prod"}


def to_ascii(term: Term) -> str:
    """The term in the input language, with canonical ASCII names and as few parentheses as it takes.

    Raises :class:`lossproof.errors.LimitError` if that is longer than any reader wants.
    """
    memo: dict[Term, Printed] = {}
    for t in postorder(term):
        memo[t] = _printed(t, memo)
    return flat(memo[term].text)


def _printed(t: Term, memo: dict[Term, Printed]) -> Printed:
    op = t.op
    if isinstance(t.value, Fraction):
        return number(t.value)
    if not t.args:
        return Printed(op if t.value is None else t.value, ATOM)
    if op == "add":
        return _sum(t, memo)
    if op == "mul":
        return _product(t, memo)
    if op == "div":
        # (a/b)/c needs no parentheses, a/(b*c) does
        return Printed(cat(at_least(memo[t.args[0]], MUL), "/", at_least(memo[t.args[1]], SIGN)), MUL)
    if op == "pow":
        return _power(t, memo)
    if op == "neg":
        # -a*b is -(a*b)
        inner = t.args[0]
        return Printed(cat("-", at_least(memo[inner], NEG, signed(inner))), NEG)
    return _logical(t, memo) or Printed(_functional(t, memo), ATOM)


def _logical(t: Term, memo: dict[Term, Printed]) -> Printed | None:
    op = t.op
    if op in COMPARISONS:
        left, right = t.args
        return Printed(cat(at_least(memo[left], ADD), f" {COMPARISONS[op]} ", at_least(memo[right], ADD)), COMPARE)
    if op == "in":
        return Printed(cat(at_least(memo[t.args[0]], ADD), " in ", memo[t.args[1]].text), COMPARE)
    if (op in {"and", "or"}) and len(t.args) > 1:
        level = AND if op == "and" else OR
        return Printed(joined(f" {op} ", [at_least(memo[a], level + 1) for a in t.args]), level)
    if op == "not":
        return Printed(cat("not ", at_least(memo[t.args[0]], NOT)), NOT)
    return None


def _power(t: Term, memo: dict[Term, Printed]) -> Printed:
    base, exponent = t.args
    # x^-1 is read as x^(-1)
    bare = exponent.op == "neg" and memo[exponent.args[0]].level == ATOM
    return Printed(
        cat(at_least(memo[base], ATOM), "^", memo[exponent].text if bare else at_least(memo[exponent], SIGN)), POW
    )


def _functional(t: Term, memo: dict[Term, Printed]) -> Text:
    op = t.op
    inside = [memo[a].text for a in t.args]
    if op == "at":
        return cat(at_least(memo[t.args[0]], ATOM, t.args[0].op == "const"), "[", joined(", ", inside[1:]), "]")
    if op == "seq":
        return cat(at_least(memo[t.args[0]], OR), "...")
    if op == "set":
        return cat("{", joined(", ", inside), "}")
    if op == "vec" and t.args[0].op != "seq":
        return cat("[", joined(", ", inside), "]")
    if op == "power_domain":
        return cat(inside[0], "^", at_least(memo[t.args[1]], ATOM, bool(t.args[1].args)))
    for k, a in enumerate(t.args):
        if op.startswith("dist:") and a.op.startswith("dist:") and a.op[5:] in FUNCTIONS:
            # dist:gamma within another distribution; there gamma(x) is the function
            name = flat(inside[k])
            inside[k] = name[0].upper() + name[1:]
    if op.startswith("dist:"):
        op = op[5:].replace("-", "_")
    return cat(_NAMES.get(op, op), "(", joined(", ", inside), ")")


def at_least(printed: Printed, level: int, force: bool = False) -> Text:
    """The text, in parentheses if it holds together less tightly than ``level``."""
    return cat("(", printed.text, ")") if printed.level < level or force else printed.text


def signed(t: Term) -> bool:
    """Whether a term prints with a minus in front of all of it."""
    return t.op == "neg" or (isinstance(t.value, Fraction) and t.value < 0)


def _sum(t: Term, memo: dict[Term, Printed]) -> Printed:
    if len(t.args) < 2 or any(a.op == "seq" for a in t.args):
        return Printed(cat("add(", joined(", ", [memo[a].text for a in t.args]), ")"), ATOM)
    parts: list[Text] = []
    for k, a in enumerate(t.args):
        if k and signed(a):
            inner = a.args[0] if a.args else num(-Fraction(a.value or 0))
            text = memo[inner] if a.args else number(Fraction(inner.value or 0))
            parts += [" - ", at_least(text, NEG, signed(inner))]
        else:
            parts += [" + " if k else "", at_least(memo[a], NEG)]
    return Printed(cat(*parts), ADD)


def _product(t: Term, memo: dict[Term, Printed]) -> Printed:
    if len(t.args) < 2 or any(a.op == "seq" for a in t.args):
        return Printed(cat("mul(", joined(", ", [memo[a].text for a in t.args]), ")"), ATOM)
    # a quotient may stand first only: a/b*c is (a/b)*c
    return Printed(
        joined("*", [at_least(memo[a], MUL if not k and a.op == "div" else SIGN) for k, a in enumerate(t.args)]), MUL
    )


def number(value: Fraction) -> Printed:
    """A rational number: an integer, a decimal fraction if it is one, else a quotient."""
    if value < 0:
        return Printed(cat("-", number(-value).text), NEG)
    top, bottom = value.numerator, value.denominator
    if bottom == 1:
        return Printed(integer(top), ATOM)
    twos = (bottom & -bottom).bit_length() - 1
    rest, fives = bottom >> twos, 0
    while rest % 5 == 0:
        rest //= 5
        fives += 1
    if rest != 1:
        return Printed(f"{integer(top)}/{integer(bottom)}", MUL)
    places = max(twos, fives)
    digits = integer(top * 10**places // bottom)
    if places > 20:
        return Printed(f"{digits}e-{places}", ATOM)
    digits = digits.rjust(places + 1, "0")
    return Printed(f"{digits[:-places]}.{digits[-places:]}", ATOM)


def integer(value: int) -> str:
    """The digits of an integer of any size (Python itself refuses beyond 4,300)."""
    try:
        return str(value)
    except ValueError:
        half = value.bit_length() * 3 // 20
        high, low = divmod(value, 10**half)
        return integer(high) + integer(low).rjust(half, "0")
