"""Term → one line of Unicode text, for people to read."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Final

from lossproof.syntax.ascii import (
    ADD,
    AND,
    ATOM,
    COMPARE,
    MUL,
    NEG,
    NOT,
    OR,
    POW,
    SIGN,
    at_least,
    integer,
    number,
    signed,
)
from lossproof.syntax.display import chained, integer_value, ratio, title, with_sample_index
from lossproof.syntax.names import is_letter, lower, pretty
from lossproof.syntax.ropes import Printed, Text, cat, flat, joined
from lossproof.terms import Term, num, postorder

_VULGAR: Final = {
    Fraction(1, 2): "½",
    Fraction(1, 3): "⅓",
    Fraction(2, 3): "⅔",
    Fraction(1, 4): "¼",
    Fraction(3, 4): "¾",
}
_OVER: Final = dict(zip("0123456789-KNDMn", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻ᴷᴺᴰᴹⁿ", strict=True))
_COMPARED: Final = {"eq": "=", "ne": "≠", "lt": "<", "le": "≤", "gt": ">", "ge": "≥"}
_CALLED: Final = {"gamma": "Γ", "Phi": "Φ", "zeta": "ζ", "digamma": "ψ", "beta": "B", "trace": "tr"}
_LOGS: Final = {"lgamma": "log Γ", "lbeta": "log B"}
_OPEN: Final = frozenset(
    [
        "log",
        "lgamma",
        "lbeta",
        "det",
        "logdet",
        "quad",
        "dot",
        "sum",
        "prod",
        "samples_sum",
        "samples_mean",
        "samples_prod",
    ]
)

class Memo(dict[Term, Printed]):
    """What was printed already, and what the number of samples is called."""

    def __init__(self, count: str) -> None:
        super().__init__()
        self.count = count


def to_text(term: Term, varying: frozenset[str] = frozenset(), count: str = "n") -> str:
    """The term as one line: ``(y - ŷ)²/(2σ²) + ½·log(2πσ²)``.

    Names in ``varying`` carry the sample's index inside sums over the samples: ``Σᵢ (yᵢ - ŷᵢ)²``. The number of samples is called
    ``count``.
    Raises :class:`lossproof.errors.LimitError` if the line is longer than any reader wants.
    """
    term = with_sample_index(term, varying)
    memo = Memo(count)
    for t in postorder(term):
        memo[t] = _printed(t, memo)
    return flat(memo[term].text)


def _printed(t: Term, memo: Memo) -> Printed:
    op = t.op
    if not t.args:
        return Printed(memo.count, ATOM) if op == "const" and t.value == "n_samples" else _leaf(t)
    make = _TABLE.get(op)
    if make is not None:
        return make(t, memo)
    if op in _COMPARED:
        left, right = (at_least(memo[a], ADD) for a in t.args)
        return Printed(cat(left, f" {_COMPARED[op]} ", right), COMPARE)
    if op.startswith("dist:"):
        return Printed(cat(title(op[5:]), "(", _listed(t.args, memo), ")"), ATOM)
    if op in _LOGS:
        return Printed(cat(_LOGS[op], "(", _listed(t.args, memo), ")"), MUL)
    return Printed(cat(_CALLED.get(op, op), "(", _listed(t.args, memo), ")"), POW)


def _leaf(t: Term) -> Printed:
    value = t.value
    if isinstance(value, Fraction):
        return _number(value)
    if t.op == "const":
        return Printed({"pi": "π", "oo": "∞"}.get(str(value), str(value)), ATOM)
    if t.op == "domain":
        return Printed(str(value), ATOM)
    return Printed(f"{t.op}()" if value is None else pretty(value), ATOM)


def _number(value: Fraction) -> Printed:
    if value < 0:
        return Printed(cat("-", _number(-value).text), NEG)
    if value in _VULGAR:
        return Printed(_VULGAR[value], POW)
    if 1000 % value.denominator == 0 or value.denominator > 1_000_000:
        return number(value)
    return Printed(f"{integer(value.numerator)}/{integer(value.denominator)}", MUL)


def _listed(terms: tuple[Term, ...], memo: Memo) -> Text:
    return joined(", ", [memo[t].text for t in terms])


def _add(t: Term, memo: Memo) -> Printed:
    if len(t.args) < 2:
        return Printed(cat("add(", _listed(t.args, memo), ")"), ATOM)
    parts: list[Text] = []
    for k, a in enumerate(t.args):
        if k and signed(a):
            inner = a.args[0] if a.args else num(-Fraction(a.value or 0))
            shown = memo[inner] if a.args else _leaf(inner)
            parts += [" - ", at_least(shown, NEG, signed(inner))]
        else:
            parts += [" + " if k else "", at_least(memo[a], NEG)]
    return Printed(cat(*parts), ADD)


def _mul(t: Term, memo: Memo) -> Printed:
    if len(t.args) < 2:
        return Printed(cat("mul(", _listed(t.args, memo), ")"), ATOM)
    parts: list[Text] = []
    before: Term | None = None
    for k, a in enumerate(t.args):
        # log σ, Σᵢ xᵢ and the like reach as far right as they can: bare in the last place only
        bare = k == len(t.args) - 1 and a.op in _OPEN
        shown = at_least(memo[a], MUL if bare else SIGN)
        if before is not None and not _together(before, k == 1, a, shown):
            parts.append("·")
        parts.append(shown)
        before = a
    return Printed(cat(*parts), MUL)


def _together(left: Term, first: bool, right: Term, shown: Text) -> bool:
    """Whether two factors may stand side by side: 2πσ², ½σ, 2(a + b), πσ."""
    number = first and (integer_value(left) is not None or ratio(left) in _VULGAR) and not signed(left)
    if not number and not (left.op == "const" and left.value == "pi"):
        return False
    head = right.args[0] if right.op == "pow" else right
    if head.op in {"sym", "bound"}:
        return is_letter(str(head.value)) and str(head.value)[0] not in "eE"
    start = flat(shown)[:1] if isinstance(shown, str) else _head(shown)
    return (head.op == "const" and head.value == "pi" and number) or (number and start == "(")


def _head(text: Text) -> str:
    while not isinstance(text, str):
        text = next(piece for piece in text.pieces if len(piece))
    return text[:1]


def _div(t: Term, memo: Memo) -> Printed:
    fraction = ratio(t)
    if fraction in _VULGAR:
        return Printed(_VULGAR[fraction], POW)
    top, bottom = t.args
    over = at_least(memo[top], MUL, _ends_open(top) or top.op == "div")
    return Printed(cat(over, "/", at_least(memo[bottom], SIGN)), MUL)


def _ends_open(t: Term) -> bool:
    """Whether what follows the printed term could be read as part of its last factor."""
    t = t.args[-1] if t.op == "mul" else t
    return t.op in _OPEN and t.op not in ("quad", "dot")


def _pow(t: Term, memo: Memo) -> Printed:
    base, exponent = t.args
    shown = at_least(memo[base], ATOM)
    value = integer_value(exponent)
    if value is not None:
        return Printed(cat(shown, _superscript(integer(value) if value >= 0 else "-" + integer(-value))), POW)
    return Printed(cat(shown, "^", at_least(memo[exponent], ATOM)), POW)


def _superscript(text: str) -> str:
    return "".join(_OVER[char] for char in text)


def _neg(t: Term, memo: Memo) -> Printed:
    inner = t.args[0]
    return Printed(cat("-", at_least(memo[inner], NEG, signed(inner))), NEG)


def plain(t: Term) -> bool:
    """Whether a term prints as one short word."""
    return not t.args or (t.op == "at" and subscripted(t) is not None)


def _word(word: str) -> Callable[[Term, Memo], Printed]:
    """A function that needs no parentheses around one word: log σ, det Σ."""

    def shown(t: Term, memo: Memo) -> Printed:
        inner = t.args[0]
        if plain(inner) and memo[inner].level == ATOM:
            return Printed(cat(word, " ", memo[inner].text), MUL)
        return Printed(cat(word, "(", memo[inner].text, ")"), MUL if " " in word else POW)

    return shown


def _sqrt(t: Term, memo: Memo) -> Printed:
    inner = t.args[0]
    return Printed(cat("√", at_least(memo[inner], ATOM, bool(inner.args))), POW)


def _bars(mark: str, name: str) -> Callable[[Term, Memo], Printed]:
    def shown(t: Term, memo: Memo) -> Printed:
        inside = memo[t.args[0]].text
        if not isinstance(inside, str) or mark in inside:  # long, or bars within bars
            return Printed(cat(name, "(", inside, ")"), ATOM)
        return Printed(cat(mark, inside, mark), ATOM)

    return shown


def _factorial(t: Term, memo: Memo) -> Printed:
    return Printed(cat(at_least(memo[t.args[0]], ATOM), "!"), POW)


def _indicator(t: Term, memo: Memo) -> Printed:
    return Printed(cat("1[", memo[t.args[0]].text, "]"), ATOM)


def _cases(t: Term, memo: Memo) -> Printed:
    condition, a, b = (memo[x].text for x in t.args)
    return Printed(cat("{ ", a, " if ", condition, "; ", b, " otherwise }"), ATOM)


def _indexed(sign: str) -> Callable[[Term, Memo], Printed]:
    def shown(t: Term, memo: Memo) -> Printed:
        index, low, high, body = t.args
        name, first, last = (flat(memo[x].text) for x in (index, low, high))
        small, least = lower(str(index.value)), lower(first)
        if small and least and all(char in _OVER for char in last):
            head = f"{sign}{small}₌{least}{_superscript(last)}"
        else:
            head = f"{sign}_{{{name}={first}}}^{{{last}}}"
        return Printed(cat(head, " ", at_least(memo[body], MUL)), MUL)

    return shown


def _samples(head: str) -> Callable[[Term, Memo], Printed]:
    def shown(t: Term, memo: Memo) -> Printed:
        return Printed(cat(head.replace("@", memo.count), " ", at_least(memo[t.args[0]], MUL)), MUL)

    return shown


def subscripted(t: Term) -> str | None:
    """``z_k`` for a name and plain indices, as one name."""
    base, *indices = t.args
    if base.op != "sym":
        return None
    parts = [str(base.value)]
    for index in indices:
        whole = integer_value(index) if index.op == "num" else None
        name = str(index.value) if index.op in ("sym", "bound") else None
        if whole is not None and whole >= 0:
            parts.append(integer(whole))
        elif name and "_" not in name:
            parts.append(name)
        else:
            return None
    return "_".join(parts)


def _at(t: Term, memo: Memo) -> Printed:
    name = subscripted(t)
    if name is not None:
        return Printed(pretty(name), ATOM)
    return Printed(cat(at_least(memo[t.args[0]], ATOM), "[", _listed(t.args[1:], memo), "]"), ATOM)


def _quad(t: Term, memo: Memo) -> Printed:
    matrix, vector = t.args
    v = at_least(memo[vector], ATOM)
    middle = _inverse(matrix, memo).text if matrix.op == "inv" else at_least(memo[matrix], ATOM)
    space = "" if matrix.op == "inv" or vector.args else " "
    return Printed(cat(v, "ᵀ", middle, space, v), MUL)


def _dot(t: Term, memo: Memo) -> Printed:
    return Printed(cat(at_least(memo[t.args[0]], ATOM), "ᵀ", at_least(memo[t.args[1]], ATOM)), MUL)


def _inverse(t: Term, memo: Memo) -> Printed:
    return Printed(cat(at_least(memo[t.args[0]], ATOM), "⁻¹"), POW)


def _besseli(t: Term, memo: Memo) -> Printed:
    order = lower(flat(memo[t.args[0]].text))
    if order is None:
        return Printed(cat("besseli(", _listed(t.args, memo), ")"), POW)
    return Printed(cat("I", order, "(", memo[t.args[1]].text, ")"), POW)


def _pdf(t: Term, memo: Memo) -> Printed:
    distribution, y = t.args
    before = "" if t.op == "pdf" else "F_"
    if distribution.op.startswith("dist:"):
        head = before + title(distribution.op[5:])
        bar = " | " if distribution.args else ""
        return Printed(cat(head, "(", memo[y].text, bar, _listed(distribution.args, memo), ")"), ATOM)
    return Printed(cat("p(" if t.op == "pdf" else "F(", memo[y].text, " | ", memo[distribution].text, ")"), ATOM)


def _probabilities(t: Term, memo: Memo) -> Text:
    """A distribution; one over categories is as good as its vector of probabilities."""
    return memo[t.args[0] if t.op == "dist:categorical" else t].text


def _divergence(t: Term, memo: Memo) -> Printed:
    """H(p), CE(p, q): over which variable goes without saying."""
    if t.op == "Risk":
        return Printed(cat("Risk(", memo[t.args[0]].text, ")"), ATOM)
    return Printed(cat(t.op, "(", joined(", ", [_probabilities(a, memo) for a in t.args[:-1]]), ")"), ATOM)


def _expectation(t: Term, memo: Memo) -> Printed:
    distribution, variable, body = t.args
    return Printed(cat("E[", memo[body].text, "; ", memo[variable].text, " ~ ", _probabilities(distribution, memo), "]"), ATOM)


def _junction(word: str, level: int) -> Callable[[Term, Memo], Printed]:
    def shown(t: Term, memo: Memo) -> Printed:
        chain = chained(t)
        if chain:
            a, first, b, second, c = chain
            left, middle, right = (at_least(memo[x], ADD) for x in (a, b, c))
            return Printed(cat(left, f" {_COMPARED[first]} ", middle, f" {_COMPARED[second]} ", right), COMPARE)
        return Printed(joined(f" {word} ", [at_least(memo[a], level + 1) for a in t.args]), level)

    return shown


def _in(t: Term, memo: Memo, word: str = " in ") -> Printed:
    return Printed(cat(at_least(memo[t.args[0]], ADD), word, memo[t.args[1]].text), COMPARE)


def _not(t: Term, memo: Memo) -> Printed:
    if t.args[0].op == "in":
        return _in(t.args[0], memo, " not in ")
    return Printed(cat("not ", at_least(memo[t.args[0]], ATOM)), NOT)


def _brackets(opener: str, closer: str) -> Callable[[Term, Memo], Printed]:
    return lambda t, memo: Printed(cat(opener, _listed(t.args, memo), closer), ATOM)


_TABLE: Final[dict[str, Callable[[Term, Memo], Printed]]] = {
    "add": _add,
    "mul": _mul,
    "div": _div,
    "pow": _pow,
    "neg": _neg,
    "log": _word("log"),
    "det": _word("det"),
    "logdet": _word("log det"),
    "sqrt": _sqrt,
    "abs": _bars("|", "abs"),
    "norm": _bars("‖", "norm"),
    "factorial": _factorial,
    "indicator": _indicator,
    "cases": _cases,
    "sum": _indexed("Σ"),
    "prod": _indexed("∏"),
    "samples_sum": _samples("Σᵢ"),
    "samples_mean": _samples("(1/@) Σᵢ"),
    "samples_prod": _samples("∏ᵢ"),
    "at": _at,
    "quad": _quad,
    "dot": _dot,
    "inv": _inverse,
    "besseli": _besseli,
    **dict.fromkeys(("H", "CE", "KL", "JS", "NLL", "Risk"), _divergence),
    "E": _expectation,
    "pdf": _pdf,
    "cdf": _pdf,
    "and": _junction("and", AND),
    "or": _junction("or", OR),
    "not": _not,
    "in": _in,
    "vec": _brackets("[", "]"),
    "set": _brackets("{", "}"),
    "seq": lambda t, memo: Printed(cat(memo[t.args[0]].text, "..."), OR),
    "power_domain": lambda t, memo: Printed(cat(memo[t.args[0]].text, "^", at_least(memo[t.args[1]], ATOM)), POW),
    "maximise": lambda t, memo: Printed(cat("maximise ", memo[t.args[0]].text), OR),
    "minimise": lambda t, memo: Printed(cat("minimise ", memo[t.args[0]].text), OR),
}
