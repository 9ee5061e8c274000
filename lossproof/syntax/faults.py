"""What the parser says when it cannot go on: the place, the readings, one thing to try."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from lossproof.errors import (
    AmbiguousError,
    ArityError,
    InputSyntaxError,
    KindError,
    LossproofError,
    UnknownFunctionError,
)
from lossproof.syntax.functions import FUNCTIONS, RESERVED, RULE_FUNCTIONS
from lossproof.syntax.names import GREEK
from lossproof.terms import Term

if TYPE_CHECKING:
    from lossproof.syntax.parser import Frame


class Cursor:
    """Where a parser stands: the tokens, the number of the next one, and what is open."""

    text: str
    kinds: list[str]
    values: list[Term | str]
    starts: list[int]
    ends: list[int]
    rule: bool
    i: int
    depth: int
    frames: list[Frame]
    start: int

    def raw(self, token: int) -> str:
        """A token as it was written, or what to call the end of the text."""
        return self.text[self.starts[token] : self.ends[token]]


def nearest(name: str, known: Iterable[str]) -> list[str]:
    """The known names that come closest to ``name``, at most three."""
    from difflib import get_close_matches

    by_case = {other.lower(): other for other in sorted(known, reverse=True)}
    return [by_case[match] for match in get_close_matches(name.lower()[:60], sorted(by_case), 3, 0.6)]


def at_token(cursor: Cursor, token: int, message: str, *, hint: str | None = None) -> InputSyntaxError:
    """A syntax error at one token."""
    return InputSyntaxError(message, text=cursor.text, span=(cursor.starts[token], cursor.ends[token]), hint=hint)


def snippet(cursor: Cursor, first: int, last: int) -> str:
    """The text from a token up to and without another, shortened in the middle if long."""
    text = cursor.text[cursor.starts[first] : cursor.ends[last - 1]] if last > first else ""
    text = " ".join(text.split())
    return text if len(text) <= 40 else text[:30] + " … " + text[-6:]


def group_end(cursor: Cursor, token: int) -> int:
    """The number of the token after a name, number or group that begins at ``token``."""
    kinds = cursor.kinds
    if kinds[token] in ("name", "num", "√"):
        token += 1
    if kinds[token] == "(":
        depth = 0
        while kinds[token] != "end":
            depth += (kinds[token] in "([") - (kinds[token] in ")]")
            token += 1
            if not depth:
                break
    while kinds[token] in ("sup", "!"):
        token += 1
    if kinds[token] == "^" and kinds[token + 1] in ("num", "name"):
        token += 2
    return token


def no_operand(cursor: Cursor) -> LossproofError:
    """A value is expected and something else stands there."""
    i = cursor.i
    kind = cursor.kinds[i]
    before = cursor.raw(i - 1) if i else ""
    if kind == "end":
        if not i:
            return at_token(cursor, i, "there is nothing to read", hint="write a formula, such as (y - yhat)^2")
        if cursor.frames and before == "(":
            return never_closed(cursor)
        return at_token(
            cursor,
            i,
            f"the text ends after `{before}`, where a value is expected",
            hint=f"add what comes after `{before}`",
        )
    if kind == ")" and before == "(":
        if cursor.frames[-1:] and cursor.frames[-1].kind in ("call", "dist"):
            return arity(cursor, cursor.frames[-1], empty=True)
        return at_token(cursor, i, "the parentheses are empty", hint="write a value between them, or remove them")
    if kind in RESERVED:
        hint = (
            "it is a reserved word: choose another name"
            if kind not in ("and", "or", "not")
            else "put the condition in parentheses"
        )
        return at_token(cursor, i, f"`{kind}` stands where a value is expected", hint=hint)
    if kind == "{":
        return at_token(
            cursor, i, "braces are for sets, after `in`", hint="use parentheses: (a + b); a set is y in {0, 1}"
        )
    what = f"`{cursor.raw(i)}` stands where a value is expected"
    if kind in (")", "]", ",") and before in ("+", "-", "*", "/", "^", "·"):
        return at_token(cursor, i, what, hint=f"add what comes after `{before}`, or remove the `{before}`")
    if kind in ("*", "/", "^") and before in ("*", "/", "^"):
        return at_token(cursor, i, what, hint=f"remove one of `{before}` and `{kind}`")
    if kind == "sup":
        return at_token(cursor, i, what, hint="an exponent comes after what it raises: x²")
    if kind == "=":
        return at_token(cursor, i, what, hint="write == for an equation")
    return at_token(cursor, i, what, hint="a value is a name, a number or something in parentheses")


def no_operator(cursor: Cursor) -> LossproofError:
    """A value is complete and what follows cannot continue it."""
    i = cursor.i
    kind, shown = cursor.kinds[i], cursor.raw(i)
    before = cursor.kinds[i - 1] if i else ""
    if kind == "end":
        return never_closed(cursor)
    if kind in ("num", "name", "(", "[", "√", "‖"):
        previous = cursor.values[i - 1]
        if before == "name" and previous in FUNCTIONS:
            argument = snippet(cursor, i, group_end(cursor, i)).strip("()")
            return at_token(
                cursor, i, f"{previous} is a function and needs parentheses", hint=f"{previous}({argument})"
            )
        if before == "sup" and cursor.kinds[i - 2] == "name" and cursor.values[i - 2] in FUNCTIONS:
            name, argument = cursor.values[i - 2], snippet(cursor, i, group_end(cursor, i)).strip("()")
            return at_token(cursor, i, f"an exponent on the name {name} has no meaning", hint=f"{name}({argument})^2")
        left = cursor.raw(i - 1)[-30:]
        right = snippet(cursor, i, group_end(cursor, i)) or shown
        hint = f"{left}*{right} for a product; a formula is one line of values joined by + - * / ^"
        if not (left[0].isalnum() and right[0].isalnum()):
            hint = "put a `*` between them for a product"
        return at_token(cursor, i, f"an operator is missing between `{left}` and `{shown}`", hint=hint)
    if kind == "=":
        return at_token(cursor, i, "`=` has no meaning inside a formula", hint="write == for an equation")
    if kind == "~":
        return at_token(
            cursor, i, "`~` has no meaning inside a formula", hint="an assumption is written y ~ Normal(mu, sigma)"
        )
    if kind == "sup":
        return at_token(cursor, i, f"`{shown}` stands where an operator is expected")
    if kind in ("with", "where", "fixed", "data"):
        return (
            never_closed(cursor)
            if cursor.frames
            else at_token(
                cursor,
                i,
                f"`{kind}` belongs to an assumption, not to a formula",
                hint="`... with sigma fixed where sigma > 0` follows y ~ Normal(mu, sigma)",
            )
        )
    return at_token(cursor, i, f"`{shown}` cannot stand here")


def never_closed(cursor: Cursor) -> LossproofError:
    """A parenthesis, bracket or bar that the text does not close."""
    frame = cursor.frames[-1]
    closer = {"(": ")", "[": "]"}.get(frame.mark, frame.mark)
    return at_token(cursor, frame.token, f"`{frame.mark}` is never closed", hint=f"add the missing `{closer}`")


def closer(cursor: Cursor, kind: str) -> LossproofError:
    """A closing mark that does not fit what is open."""
    frame = cursor.frames[-1]
    wanted = {"(": ")", "[": "]"}.get(frame.mark, frame.mark)
    if kind in "|‖":
        return at_token(
            cursor,
            cursor.i,
            f"`{kind}` closes nothing, and an operator is missing if it opens",
            hint="write abs(x) or norm(v)",
        )
    place = cursor.starts[frame.token] + 1
    return at_token(
        cursor,
        cursor.i,
        f"`{kind}` does not close the `{frame.mark}` at character {place}",
        hint=f"write `{wanted}` here, or remove the `{kind}`",
    )


def comma(cursor: Cursor, frame: Frame) -> LossproofError:
    """A comma in plain parentheses."""
    if frame.kind == "group":
        hint = "a vector is written [a, b]; for a decimal point write 0.5"
        return at_token(cursor, cursor.i, "a comma stands inside plain parentheses", hint=hint)
    return at_token(cursor, cursor.i, f"a comma stands between `{frame.mark}` bars", hint="a vector is written [a, b]")


def arity(cursor: Cursor, frame: Frame, *, empty: bool = False) -> LossproofError:
    """The wrong number of arguments."""
    given = 0 if empty else len(frame.args)
    span = (frame.start, cursor.ends[cursor.i])
    function = frame.function
    if function is None:
        return at_token(cursor, cursor.i, f"{frame.name.removeprefix('dist:')} needs arguments")
    name = frame.name
    if name in ("sum", "prod"):
        wanted = f"{name}(f) over the samples or {name}(k, 1, K, f) over an index"
        return ArityError(f"{name} takes one argument or four, not {given}", text=cursor.text, span=span, hint=wanted)
    few = "at least " if function.most is None else ""
    count = f"{few}{function.least} argument{'s' if function.least > 1 else ''}"
    hint = function.signature
    if name in {"logsumexp", "softmax"}:
        hint = f"{name}([a, b]) of a vector"
    elif name in GREEK.values() and given == 1:
        hint = f"{hint}; if {name} is a symbol, write {name}*(...)"
    return ArityError(f"{name} takes {count}, not {given}", text=cursor.text, span=span, hint=hint)


def no_function(cursor: Cursor, i: int) -> LossproofError:
    """A name that is no function, with a parenthesis after it."""
    raw, name = cursor.raw(i), str(cursor.values[i])
    span = (cursor.starts[i], cursor.ends[i])
    known = {**FUNCTIONS, **RULE_FUNCTIONS} if cursor.rule else FUNCTIONS
    product = f"{raw}*{snippet(cursor, i + 1, group_end(cursor, i + 1))}"
    if len(raw) == 1 or name in GREEK.values() or not raw.isascii() or "_" in raw:
        close = (
            "gamma(x) is the gamma function, lgamma(x) its logarithm"
            if name == "Gamma"
            else "functions are log, exp, sqrt, ..."
        )
        return AmbiguousError(
            f"{raw} is no function", text=cursor.text, span=span, hint=f"{product} for a product; {close}"
        )
    others = nearest(raw, known)
    if raw in RULE_FUNCTIONS:
        return UnknownFunctionError(f"{raw}(...) is for rules and records only", text=cursor.text, span=span)
    if raw[0].isupper():
        hint = "a distribution stands alone after `~`, or as an argument of a distribution such as Mixture"
    else:
        hint = f"{product} for a product"
    return UnknownFunctionError(f"there is no function {raw}", text=cursor.text, span=span, nearest=others, hint=hint)


def two_roots(cursor: Cursor, i: int) -> LossproofError:
    """A root sign whose end is not clear."""
    end = i + 1
    while cursor.kinds[end] in ("num", "name", "sup", "!", "^"):
        end += 1
    inner, rest = cursor.raw(i + 1), snippet(cursor, i + 2, end)
    times = "*" if cursor.kinds[i + 2] in ("num", "name") else ""
    hint = f"√({inner}{rest}) or √({inner}){times}{rest}"
    return AmbiguousError(
        "how far the root reaches is not clear",
        text=cursor.text,
        span=(cursor.starts[i], cursor.ends[i + 1]),
        hint=hint,
    )


def two_products(cursor: Cursor, entry: list[Any]) -> LossproofError:
    """A number and a name side by side after ``/`` or ``^``."""
    i = cursor.i
    operator = "/" if entry[1] == "div" else "^"
    first = i - 1
    while cursor.raw(first) != operator and cursor.kinds[first] != operator:
        first -= 1
    left = " ".join(cursor.text[entry[3] : cursor.starts[first]].split())
    left = left if len(left) <= 30 else "… " + left[-20:]
    number = snippet(cursor, first + 1, i)
    right = snippet(cursor, i, group_end(cursor, i))
    hint = f"{left}{operator}({number}*{right}) or ({left}{operator}{number})*{right}"
    shown = f"{left}{operator}{number}{right}"
    return AmbiguousError(
        f"{shown} can be read in two ways", text=cursor.text, span=(cursor.starts[first], cursor.ends[i]), hint=hint
    )


def not_a_value(cursor: Cursor) -> LossproofError:
    """A condition where a value is needed."""
    end = max(cursor.start + 1, cursor.ends[max(0, cursor.i - 1)])
    shown = " ".join(cursor.text[cursor.start : end].split()).strip("()")
    hint = (
        f"indicator({shown}) is 1 where it holds, else 0"
        if len(shown) < 60
        else "indicator(condition) is 1 where it holds, else 0"
    )
    return KindError(
        "a condition stands where a value is needed", text=cursor.text, span=(cursor.start, end), hint=hint
    )


def not_a_condition(cursor: Cursor) -> LossproofError:
    """A value where a condition is needed."""
    end = max(cursor.start + 1, cursor.ends[max(0, cursor.i - 1)])
    hint = "a condition compares: y < 0, k == 1, x in integers"
    return KindError(
        "a value stands where a condition is needed", text=cursor.text, span=(cursor.start, end), hint=hint
    )


def trailing(cursor: Cursor, what: str) -> LossproofError:
    """Text after a complete expression, condition or domain."""
    i = cursor.i
    kind = cursor.kinds[i]
    if kind in (")", "]", "}"):
        return at_token(
            cursor,
            i,
            f"`{kind}` closes nothing",
            hint=f"remove it, or open it with `{dict(zip(')]}', '([{', strict=True))[kind]}`",
        )
    if kind == ",":
        return at_token(
            cursor, i, f"one {what} is expected, and a comma begins another", hint="for a decimal point write 0.5"
        )
    return no_operator(cursor)
