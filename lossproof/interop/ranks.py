"""Which symbols are vectors and which are matrices, read off the operators around them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from lossproof.interop.scopes import SHAPED
from lossproof.terms import BINDERS, Term, postorder

#: What an operator wants of each of its arguments.
_WANTS: Final[dict[str, tuple[int, ...]]] = {
    "dot": (1, 1),
    "norm": (1,),
    "quad": (2, 1),
    "det": (2,),
    "logdet": (2,),
    "trace": (2,),
    "inv": (2,),
    "diag": (1,),
    "softmax": (1,),
    "logsumexp": (1,),
}
_GIVES: Final[dict[str, int]] = {
    **dict.fromkeys(("dot", "norm", "logsumexp", "quad", "det", "logdet", "trace", "in"), 0),
    **dict.fromkeys(("inv", "diag", "eye"), 2),
}
_PLACES: Final[dict[str, int]] = {"simplex": 1, "onehot": 1, "counts": 1, "power_domain": 1, "posdef": 2}


class Form(NamedTuple):
    """The most axes of any value inside a subterm (-1: no symbol), and the lengths of the last axes."""

    axes: int
    lengths: frozenset[int]


def symbol_ranks(root: Term, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, int]:
    """The rank of each symbol that is no scalar: 1 for vectors, 2 for matrices.

    The shapes of the values settle which factor of ``c*v`` is the vector.
    """
    order = postorder(root)
    if not any(t.op in _WANTS or t.op in ("at", "in") for t in order):
        return {}
    forms = _forms(order, shapes)
    ranks: dict[str, int] = {}
    settle = False
    while True:
        vectors = {shapes[n][-1] for n, r in ranks.items() if r and shapes.get(n)}
        found = _demands(order, _up(order, ranks), forms, vectors if settle else None)
        grown = {n: r for n, r in found.items() if r > ranks.get(n, 0)}
        if not grown and settle:
            return ranks
        settle = not grown
        ranks.update(grown)


def vector_names(root: Term) -> set[str]:
    """The symbols that an operator takes as a whole, so that a plain number will not do."""
    names: set[str] = set()
    for t in postorder(root):
        wants = 1 if t.op == "at" else len(_WANTS.get(t.op, ()))
        names.update(str(a.value) for a in t.args[:wants] if a.op == "sym")
    return names


def _forms(order: Iterable[Term], shapes: Mapping[str, tuple[int, ...]]) -> dict[Term, Form]:
    forms: dict[Term, Form] = {}
    for t in order:
        if t.op == "sym":
            shape = shapes.get(str(t.value), ())
            forms[t] = Form(len(shape), frozenset(shape[-1:]))
        elif t.op == "eye":
            forms[t] = Form(2, frozenset())
        else:
            inner = {forms[a] for a in t.args}
            lengths = frozenset[int]().union(*[f.lengths for f in inner])
            forms[t] = Form(max((f.axes for f in inner), default=-1), lengths)
    return forms


def _up(order: Iterable[Term], ranks: Mapping[str, int]) -> dict[Term, int]:
    """The rank of each subterm, as far as the symbols' ranks tell."""
    up: dict[Term, int] = {}
    for t in order:
        inner = [up[a] for a in t.args]
        if t.op == "sym":
            up[t] = ranks.get(str(t.value), 0)
        elif t.op in _GIVES:
            up[t] = _GIVES[t.op]
        elif t.op == "at":
            up[t] = max(inner[0] - len(t.args) + 1, 0)
        elif t.op == "vec":
            up[t] = 1 + max(inner, default=0)
        elif t.op in BINDERS:
            up[t] = inner[3]
        elif t.op == "mul" and 2 in inner and 1 in inner:
            up[t] = 1
        else:
            up[t] = max(inner, default=0)
    return up


def _demands(
    order: list[Term], up: Mapping[Term, int], forms: Mapping[Term, Form], vectors: set[int] | None
) -> dict[str, int]:
    """The rank that the operators around each symbol ask of it."""
    wanted: dict[Term, int] = {}
    names: dict[str, int] = {}
    for t in reversed(order):
        r = wanted.get(t, 0)
        if t.op == "sym":
            if r:
                names[str(t.value)] = r
            continue
        for child, rank in _passed(t, r, up, forms, vectors):
            if rank > wanted.get(child, 0):
                wanted[child] = rank
    return names


def _passed(
    t: Term, r: int, up: Mapping[Term, int], forms: Mapping[Term, Form], vectors: set[int] | None
) -> list[tuple[Term, int]]:
    """What a term of wanted rank r asks of its arguments."""
    op, args = t.op, t.args
    if op in _WANTS:
        return [(a, max(w, r) if op == "softmax" else w) for a, w in zip(args, _WANTS[op], strict=False)]
    if op == "at":
        return [(args[0], r + len(args) - 1)]
    if op == "in":
        return [(args[0], _PLACES[args[1].op])] if args[1].op in SHAPED else []
    if r == 0 or op == "eye":
        return []
    if op == "vec":
        return [(a, r - 1) for a in args]
    if op in BINDERS:
        return [(args[3], r)]
    if op in ("div", "pow"):
        return [(args[0], r)]
    if op == "cases":
        return [(a, r) for a in args[1:]]
    if op == "mul":
        # One factor is the vector; the others scale it.
        if any(up[a] >= r for a in args):
            return []
        most = max(forms[a].axes for a in args)
        likely = [a for a in args if forms[a].axes == most >= 0]
        if len(likely) > 1:
            # Open until all else is known; then those as long as the vectors, if there are any.
            if vectors is None:
                return []
            likely = [a for a in likely if forms[a].lengths & vectors] or likely
        return [(a, r) for a in likely]
    return [(a, r) for a in args if forms[a].axes >= 0]
