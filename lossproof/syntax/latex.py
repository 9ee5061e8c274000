"""Term → LaTeX mathematics that amsmath and KaTeX both take."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from typing import Final, NamedTuple

from lossproof.syntax.ascii import ADD, AND, ATOM, COMPARE, MUL, NEG, NOT, OR, POW, SIGN, integer, signed
from lossproof.syntax.display import chained, title, with_sample_index
from lossproof.syntax.names import latex_name, plain_latex
from lossproof.syntax.ropes import Text, cat, flat, joined
from lossproof.syntax.text import plain, subscripted
from lossproof.terms import Term, num, postorder

_COMPARED: Final = {"eq": "=", "ne": r"\neq", "lt": "<", "le": r"\leq", "gt": ">", "ge": r"\geq"}
_DOMAINS: Final = {
    "reals": r"\mathbb{R}",
    "positive": r"\mathbb{R}_{>0}",
    "nonnegative": r"\mathbb{R}_{\geq 0}",
    "unit": "(0, 1)",
    "unit_closed": "[0, 1]",
    "integers": r"\mathbb{Z}",
    "naturals": r"\mathbb{N}",
}
_CALLED: Final = {
    **{name: f"\\{name}" for name in ("exp", "tanh", "cosh", "sinh", "cos", "sin", "log", "min", "max", "det")},
    **{
        "atan": r"\arctan",
        "Phi": r"\Phi",
        "gamma": r"\Gamma",
        "zeta": r"\zeta",
        "digamma": r"\psi",
        "beta": r"\mathrm{B}",
    },
    **{"trace": r"\operatorname{tr}", "lgamma": r"\log \Gamma", "lbeta": r"\log \mathrm{B}", "logdet": r"\log \det"},
}
# These reach as far right as they can, and stand bare in the last place of a product only.
_OPEN: Final = frozenset(
    ["log", "lgamma", "lbeta", "det", "logdet", "sum", "prod", "samples_sum", "samples_mean", "samples_prod"]
)
_WORDS: Final = frozenset({"log", "det", "logdet"})
_SUBSCRIPTED: Final = re.compile(r"(.*[^_])_\{([^{}]*)\}")


class Shown(NamedTuple):
    """A printed term, how tightly it holds together, and whether it is taller than a line."""

    text: Text
    level: int
    tall: bool


class _Memo(dict[Term, Shown]):
    """What is printed already, and what each name is called in this formula."""

    def __init__(self, names: Mapping[str, str], count: str, bold: frozenset[str]) -> None:
        super().__init__()
        self.names = names
        self.count = count  # what the number of samples is called
        self.bold = bold

    def plain(self, name: str) -> str:
        """A name that is not bold, as those of components are."""
        return self.names.get(name) or latex_name(name)

    def name(self, name: str) -> str:
        """A name."""
        shown = self.plain(name)
        if name not in self.bold and name.removesuffix("_i") not in self.bold:
            return shown
        base, bar, subscript = shown.partition("_")
        return rf"\boldsymbol{{{base}}}{bar}{subscript}"


def to_latex(
    term: Term, varying: frozenset[str] = frozenset(), count: str = "n", *, names: Mapping[str, str] | None = None, bold: frozenset[str] = frozenset()
) -> str:
    """The term as LaTeX mathematics, without dollar signs.

    Names in ``varying`` carry the sample's index inside sums over the samples, whose number is called ``count``; ``names`` gives
    LaTeX for names that are to be printed otherwise than usual, and those in ``bold`` are bold. Two names that would look the same (``m1`` and ``m_1``) are told
    apart by spelling one of them out.
    Raises :class:`lossproof.errors.LimitError` if the formula is longer than any reader wants.
    """
    term = with_sample_index(term, varying)
    order = postorder(term)
    memo = _Memo({**_told_apart(order), **(names or {})}, count, bold)
    for t in order:
        memo[t] = _shown(t, memo)
    return flat(memo[term].text)


def _told_apart(order: Iterable[Term]) -> dict[str, str]:
    names = {str(t.value) for t in order if t.op in ("sym", "bound")}
    groups: dict[str, list[str]] = {}
    for name in sorted(names, key=lambda name: ("_" not in name, name)):
        groups.setdefault(latex_name(name), []).append(name)
    return {name: plain_latex(name) for group in groups.values() for name in group[1:]}


def _shown(t: Term, memo: _Memo) -> Shown:
    op = t.op
    if not t.args:
        return _leaf(t, memo)
    printer = _TABLE.get(op)
    if printer is not None:
        return printer(t, memo)
    if op in _COMPARED:
        left, right = t.args
        return Shown(
            cat(_within(left, memo, ADD), f" {_COMPARED[op]} ", _within(right, memo, ADD)), COMPARE, _tall(t, memo)
        )
    if op in _WORDS and plain(t.args[0]):
        return Shown(cat(_CALLED[op], " ", _within(t.args[0], memo, ATOM)), MUL, False)
    called = _distribution(op) if op.startswith("dist:") else _CALLED.get(op) or _operator(op)
    return Shown(
        cat(called, _group(_listed(t.args, memo), _tall(t, memo))), MUL if op in _OPEN else POW, _tall(t, memo)
    )


def _operator(name: str) -> str:
    return r"\operatorname{" + plain_latex(name)[8:-1] + "}"


def _distribution(op: str) -> str:
    return _operator(title(op[5:]))


def _group(text: Text, tall: bool, opener: str = "(", closer: str = ")") -> Text:
    """The text between delimiters, which grow only if they must."""
    if tall:
        return cat(r"\left", opener, text, r"\right", closer)
    space = " " if opener[0] == "\\" and opener[-1].isalpha() else ""
    return cat(opener, space, text, " " if closer[0] == "\\" and space else "", closer)


def _within(t: Term, memo: _Memo, level: int, force: bool = False) -> Text:
    """The text of an argument, in parentheses if it holds together less tightly than ``level``."""
    shown = memo[t]
    return _group(shown.text, shown.tall) if shown.level < level or force else shown.text


def _tall(t: Term, memo: _Memo) -> bool:
    return any(memo[a].tall for a in t.args)


def _listed(terms: tuple[Term, ...], memo: _Memo) -> Text:
    return joined(", ", [memo[t].text for t in terms])


def _leaf(t: Term, memo: _Memo) -> Shown:
    value = t.value
    if isinstance(value, Fraction):
        return _number(value)
    if value is None:
        return Shown(_operator(t.op) + "()", ATOM, False)
    if t.op == "const":
        known = {"pi": r"\pi", "oo": r"\infty", "n_samples": memo.count}
        return Shown(known.get(value) or plain_latex(value), ATOM, False)
    if t.op == "domain":
        return Shown(_DOMAINS.get(value) or plain_latex(value), ATOM, False)
    return Shown(memo.name(value), ATOM, False)


def _number(value: Fraction) -> Shown:
    if value < 0:
        inner = _number(-value)
        return Shown(cat("-", inner.text), NEG, inner.tall)
    if value.denominator == 1:
        return Shown(integer(value.numerator), ATOM, False)
    return Shown(f"\\frac{{{integer(value.numerator)}}}{{{integer(value.denominator)}}}", POW, True)


def _add(t: Term, memo: _Memo) -> Shown:
    if len(t.args) == 1 and t.args[0].op == "seq":
        return Shown(cat(_within(t.args[0].args[0], memo, ADD), r" + \dots"), ADD, _tall(t.args[0], memo))
    if len(t.args) < 2:
        return Shown(cat(r"\operatorname{add}(", _listed(t.args, memo), ")"), ATOM, False)
    parts: list[Text] = []
    for k, a in enumerate(t.args):
        if k and signed(a):
            inner = a.args[0] if a.args else num(-Fraction(a.value or 0))
            if not a.args:
                memo[inner] = _leaf(inner, memo)
            parts += [" - ", _within(inner, memo, NEG, signed(inner))]
        else:
            parts += [" + " if k else "", _within(a, memo, NEG)]
    return Shown(cat(*parts), ADD, _tall(t, memo))


def _mul(t: Term, memo: _Memo) -> Shown:
    if len(t.args) < 2:
        return Shown(cat(r"\operatorname{mul}(", _listed(t.args, memo), ")"), ATOM, False)
    parts: list[Text] = []
    for k, a in enumerate(t.args):
        bare = k == len(t.args) - 1 and a.op in _OPEN
        shown = _within(a, memo, MUL if bare else SIGN)
        if k:
            parts.append(_between(t.args[k - 1], a, _head(shown)))
        parts.append(shown)
    return Shown(cat(*parts), MUL, _tall(t, memo))


def _between(left: Term, right: Term, head: str) -> str:
    """What joins two factors: a space where no other reading is near, else a dot."""
    if head[0].isdigit() or right.op == "num" or (left.op in ("num", "div", "const") and head.startswith(r"\frac")):
        return r" \cdot "
    if head.startswith(("(", r"\left(", "[")):
        # λ (1 - τ) would read as a function of 1 - τ
        return " " if left.op in ("num", "div", "add", "pow") else r" \cdot "
    # TeX itself puts space around operators such as \log and \sum
    return r" \, " if left.op == "factorial" or head.startswith((r"\mathrm", "p(", "F(")) else " "


def _head(text: Text) -> str:
    while not isinstance(text, str):
        text = next(piece for piece in text.pieces if len(piece))
    return text[:16]


def _div(t: Term, memo: _Memo) -> Shown:
    top, bottom = t.args
    return Shown(cat(r"\frac{", memo[top].text, "}{", memo[bottom].text, "}"), POW, True)


def _pow(t: Term, memo: _Memo) -> Shown:
    base, exponent = t.args
    return Shown(
        cat(_within(base, memo, ATOM), "^{", memo[exponent].text, "}"), POW, memo[base].tall or memo[exponent].tall
    )


def _neg(t: Term, memo: _Memo) -> Shown:
    inner = t.args[0]
    return Shown(cat("-", _within(inner, memo, NEG, signed(inner))), NEG, memo[inner].tall)


def _bars(opener: str, closer: str) -> Callable[[Term, _Memo], Shown]:
    def shown(t: Term, memo: _Memo) -> Shown:
        return Shown(_group(_listed(t.args, memo), _tall(t, memo), opener, closer), ATOM, _tall(t, memo))

    return shown


def _sum(sign: str) -> Callable[[Term, _Memo], Shown]:
    def shown(t: Term, memo: _Memo) -> Shown:
        index, low, high, body = t.args
        head = cat(sign, "_{", memo[index].text, "=", memo[low].text, "}^{", memo[high].text, "} ")
        return Shown(cat(head, _within(body, memo, MUL)), MUL, True)

    return shown


def _samples(head: str) -> Callable[[Term, _Memo], Shown]:
    def shown(t: Term, memo: _Memo) -> Shown:
        return Shown(cat(head.replace("@", memo.count), " ", _within(t.args[0], memo, MUL)), MUL, True)

    return shown


def _at(t: Term, memo: _Memo) -> Shown:
    name = subscripted(t)
    if name is not None and str(t.args[0].value) not in memo.names:
        return Shown(latex_name(name), ATOM, False)
    base = t.args[0]
    if base.op == "sym":
        plain_name = memo.plain(str(base.value))
        taken = _SUBSCRIPTED.fullmatch(plain_name)  # TeX takes one subscript only
        if taken is not None:
            return Shown(cat(f"{taken[1]}_{{{taken[2]},", _listed(t.args[1:], memo), "}"), ATOM, False)
        shown: Text = f"{{{plain_name}}}"
    elif not base.args:
        shown = cat("{", memo[base].text, "}")
    elif base.op in _TABLE or base.op in _COMPARED:
        shown = _within(base, memo, ATOM, base.op == "at")
    else:
        shown = memo[base].text  # softmax(z)_k
    return Shown(cat(shown, "_{", _listed(t.args[1:], memo), "}"), ATOM, memo[base].tall)


def _quad(t: Term, memo: _Memo) -> Shown:
    matrix, vector = t.args
    v = _within(vector, memo, ATOM)
    return Shown(cat(v, r"^{\top} ", _within(matrix, memo, POW), " ", v), MUL, _tall(t, memo))


def _dot(t: Term, memo: _Memo) -> Shown:
    u, v = (_within(a, memo, ATOM) for a in t.args)
    return Shown(cat(u, r"^{\top} ", v), MUL, _tall(t, memo))


def _besseli(t: Term, memo: _Memo) -> Shown:
    order, x = t.args
    return Shown(cat("I_{", memo[order].text, "}", _group(memo[x].text, memo[x].tall)), POW, memo[x].tall)


def _cases(t: Term, memo: _Memo) -> Shown:
    condition, a, b = (memo[x].text for x in t.args)
    head = r"\begin{cases} "
    return Shown(cat(head, a, r" & \text{if } ", condition, r" \\ ", b, r" & \text{otherwise} \end{cases}"), POW, True)


_DIVERGENCES: Final = {"H": "H", "CE": r"\mathrm{CE}", "KL": r"\mathrm{KL}", "JS": r"\mathrm{JS}", "NLL": r"\mathrm{NLL}", "Risk": r"\mathrm{Risk}"}


def _probabilities(t: Term, memo: _Memo) -> Text:
    """A distribution; one over categories is as good as its vector of probabilities."""
    return memo[t.args[0] if t.op == "dist:categorical" else t].text


def _divergence(t: Term, memo: _Memo) -> Shown:
    """H(p), CE(p, q): over which variable goes without saying."""
    parts = [_probabilities(a, memo) for a in t.args[:-1]]
    inside = cat(parts[0], r" \,\|\, ", parts[1]) if t.op in ("KL", "JS") else joined(", ", parts)
    return Shown(cat(_DIVERGENCES[t.op], _group(inside, _tall(t, memo))), POW, _tall(t, memo))


def _expectation(t: Term, memo: _Memo) -> Shown:
    distribution, variable, body = t.args
    head = cat(r"\mathbb{E}_{", memo[variable].text, r" \sim ", _probabilities(distribution, memo), "}")
    return Shown(cat(head, r"\left[", memo[body].text, r"\right]"), POW, memo[body].tall)


def _pdf(t: Term, memo: _Memo) -> Shown:
    distribution, y = t.args
    tall = memo[y].tall or memo[distribution].tall
    if distribution.op.startswith("dist:"):
        name = _distribution(distribution.op)
        given: Text = _listed(distribution.args, memo)
    else:
        name, given = "p", memo[distribution].text
    head = name if t.op == "pdf" else f"F_{{{name}}}" if name != "p" else "F"
    at = cat(_within(y, memo, ATOM), "^{-}") if t.op == "cdf_below" else memo[y].text
    inside = cat(at, r" \mid ", given) if len(given) else at
    return Shown(cat(head, _group(inside, tall)), POW, tall)


def _junction(word: str, level: int) -> Callable[[Term, _Memo], Shown]:
    def shown(t: Term, memo: _Memo) -> Shown:
        chain = chained(t)
        if chain:
            a, first, b, second, c = chain
            left, middle, right = (_within(x, memo, ADD) for x in (a, b, c))
            text = cat(left, f" {_COMPARED[first]} ", middle, f" {_COMPARED[second]} ", right)
            return Shown(text, COMPARE, _tall(t, memo))
        parts = [_within(a, memo, level + 1) for a in t.args]
        return Shown(joined(rf" \text{{ {word} }} ", parts), level, _tall(t, memo))

    return shown


def _wrapped(before: str, after: str) -> Callable[[Term, _Memo], Shown]:
    return lambda t, memo: Shown(cat(before, _listed(t.args, memo), after), POW, _tall(t, memo))


def _factorial(t: Term, memo: _Memo) -> Shown:
    return Shown(cat(_within(t.args[0], memo, ATOM), "!"), POW, _tall(t, memo))


def _binomial(t: Term, memo: _Memo) -> Shown:
    return Shown(cat(r"\binom{", memo[t.args[0]].text, "}{", memo[t.args[1]].text, "}"), POW, True)


def _power_domain(t: Term, memo: _Memo) -> Shown:
    base, size = t.args
    plain = memo[base].text == _DOMAINS["reals"]
    return Shown(
        cat(memo[base].text if plain else _group(memo[base].text, False), "^{", memo[size].text, "}"), ATOM, False
    )


def _inverse(t: Term, memo: _Memo) -> Shown:
    return Shown(cat(_within(t.args[0], memo, ATOM), "^{-1}"), POW, _tall(t, memo))


def _not(t: Term, memo: _Memo) -> Shown:
    if t.args[0].op == "in":
        value, domain = t.args[0].args
        return Shown(cat(_within(value, memo, ADD), r" \notin ", memo[domain].text), COMPARE, _tall(t, memo))
    return Shown(cat(r"\text{not } ", _within(t.args[0], memo, ATOM)), NOT, _tall(t, memo))


def _in(t: Term, memo: _Memo) -> Shown:
    value, domain = t.args
    return Shown(cat(_within(value, memo, ADD), r" \in ", memo[domain].text), COMPARE, _tall(t, memo))


_TABLE: Final[dict[str, Callable[[Term, _Memo], Shown]]] = {
    "add": _add,
    "mul": _mul,
    "div": _div,
    "pow": _pow,
    "neg": _neg,
    "sqrt": _wrapped(r"\sqrt{", "}"),
    "abs": _bars(r"\lvert", r"\rvert"),
    "norm": _bars(r"\lVert", r"\rVert"),
    "factorial": _factorial,
    "indicator": lambda t, memo: Shown(
        cat(r"\mathbf{1}", _group(_listed(t.args, memo), _tall(t, memo), "[", "]")), ATOM, _tall(t, memo)
    ),
    "binomial": _binomial,
    "cases": _cases,
    "sum": _sum(r"\sum"),
    "prod": _sum(r"\prod"),
    "samples_sum": _samples(r"\sum_{i=1}^{@}"),
    "samples_mean": _samples(r"\frac{1}{@} \sum_{i=1}^{@}"),
    "samples_prod": _samples(r"\prod_{i=1}^{@}"),
    "at": _at,
    "quad": _quad,
    "dot": _dot,
    "inv": _inverse,
    "eye": _wrapped("I_{", "}"),
    "besseli": _besseli,
    **dict.fromkeys(_DIVERGENCES, _divergence),
    "E": _expectation,
    "pdf": _pdf,
    "cdf": _pdf,
    "cdf_below": _pdf,
    "and": _junction("and", AND),
    "or": _junction("or", OR),
    "not": _not,
    "in": _in,
    "vec": _bars("[", "]"),
    "set": _wrapped(r"\{", r"\}"),
    "seq": _wrapped("", r" \dots"),
    "simplex": _wrapped(r"\Delta_{", "}"),
    "categories": _wrapped(r"\{1, \dots, ", r"\}"),
    "posdef": _wrapped(r"\mathbb{S}_{++}^{", "}"),
    "power_domain": _power_domain,
    "maximise": _wrapped(r"\operatorname{maximise} \; ", ""),
    "minimise": _wrapped(r"\operatorname{minimise} \; ", ""),
}
