"""Patterns: terms whose symbols are metavariables. Matching is syntactic; recursion is over records, not over user terms.

A node whose one argument is ``seq(x)`` stands for any two or more operands; ``x`` is then bound to their tuple.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from lossproof.terms.node import BINDERS, Term, make
from lossproof.terms.walk import bound_names

Bindings = dict[str, "Term | tuple[Term, ...]"]
Matcher = Callable[[Term, Bindings], bool]
Filler = Callable[[Mapping[str, "Term | tuple[Term, ...]"], int | None], Term]


class CaptureError(ValueError):
    """An index would be captured by, or escape from, the sum or product that binds it."""


def match(pattern: Term, term: Term, bindings: Bindings) -> bool:
    """Extend ``bindings`` so that the pattern becomes the term; False (bindings then undefined) if it cannot."""
    return matcher_of(pattern)(term, bindings)


def instantiate(pattern: Term, bindings: Mapping[str, Term | tuple[Term, ...]]) -> Term:
    """The pattern with its metavariables replaced. Raises KeyError for one that is not bound, or bound to a sequence out of place."""
    return filler_of(pattern)(bindings, None)


def matcher_of(pattern: Term) -> Matcher:
    """What :func:`match` does with a pattern, as a function of the other two (remembered on the pattern)."""
    cache = pattern.cache
    if cache is None:
        cache = pattern.cache = {}
    found: Matcher | None = cache.get("matcher")
    if found is None:
        found = cache["matcher"] = _matcher(pattern)
    return found


def filler_of(pattern: Term) -> Filler:
    """What :func:`instantiate` does with a pattern, as a function of bindings and a position in their sequences or None."""
    cache = pattern.cache
    if cache is None:
        cache = pattern.cache = {}
    found: Filler | None = cache.get("filler")
    if found is None:
        found = cache["filler"] = _filler(pattern)
    return found


def sequence_names(pattern: Term) -> set[str]:
    """The metavariables of a pattern that stand for sequences."""
    found: set[str] = set()
    stack = [pattern]
    while stack:
        t = stack.pop()
        if t.op == "seq":
            found |= metavariables(t).keys()
        stack.extend(t.args)
    return found


# -- patterns compiled: each becomes a function once, and is used ten thousand times


def _matcher(pattern: Term) -> Matcher:
    op, args = pattern.op, pattern.args
    if op == "sym" or op == "bound":
        name, any_term = str(pattern.value), op == "sym"

        def match_name(term: Term, bindings: Bindings) -> bool:
            return (any_term or term.op == "bound") and bindings.setdefault(name, term) is term

        return match_name
    if not args:
        return lambda term, bindings: term is pattern
    if args[-1].op == "seq":
        return _sequence_matcher(op, args)
    count = len(args)
    heads = tuple((i, p.op) for i, p in enumerate(args) if p.args or p.op == "bound")
    leaves = tuple((i, p) for i, p in enumerate(args) if not p.args and p.op not in ("sym", "bound"))
    # What is left in the order of the arguments, which is that of the bindings: a metavariable, or a pattern to go into.
    names = tuple((i, str(p.value), None if p.op == "sym" else _matcher(p)) for i, p in enumerate(args) if p.args or p.op in ("sym", "bound"))

    def match_node(term: Term, bindings: Bindings) -> bool:
        if term.op != op:
            return False
        given = term.args
        if len(given) != count:
            return False
        for i, head in heads:
            if given[i].op != head:
                return False
        for i, leaf in leaves:
            if given[i] is not leaf:
                return False
        for i, name, inner in names:
            t = given[i]
            if inner is None:
                if bindings.setdefault(name, t) is not t:
                    return False
            elif not inner(t, bindings):
                return False
        return True

    return match_node


def _sequence_matcher(op: str, args: tuple[Term, ...]) -> Matcher:
    fixed = [_matcher(p) for p in args[:-1]]
    count = len(fixed)
    name = str(args[-1].args[0].value)

    def match_sequence(term: Term, bindings: Bindings) -> bool:
        given = term.args
        if term.op != op or len(given) <= count:
            return False
        for matcher, t in zip(fixed, given):  # noqa: B905
            if not matcher(t, bindings):
                return False
        rest = given[count:]
        return bindings.setdefault(name, rest) == rest

    return match_sequence


def _filler(pattern: Term) -> Filler:
    op, args, value = pattern.op, pattern.args, pattern.value
    if op == "sym" or op == "bound":
        return _name_filler(str(value))
    if not args:
        return lambda bindings, at: pattern
    index = str(args[0].value) if op in BINDERS else None
    if any(p.op == "seq" for p in args):
        return _sequence_filler(op, args, value, index)
    fillers = [_filler(p) for p in args]

    def fill_node(bindings: Mapping[str, Term | tuple[Term, ...]], at: int | None) -> Term:
        if index is not None:
            _check_index(index, bindings)
        return make(op, [f(bindings, at) for f in fillers], value)

    return fill_node


def _name_filler(name: str) -> Filler:
    def fill_name(bindings: Mapping[str, Term | tuple[Term, ...]], at: int | None) -> Term:
        value = bindings[name]
        if type(value) is tuple:
            if at is None:
                raise KeyError(f"{name} stands for a sequence")
            return value[at]
        return value  # type: ignore[return-value]

    return fill_name


def _sequence_filler(op: str, args: tuple[Term, ...], value: Any, index: str | None) -> Filler:
    fillers = [(p.args[0], _filler(p.args[0])) if p.op == "seq" else (None, _filler(p)) for p in args]

    def fill_sequence(bindings: Mapping[str, Term | tuple[Term, ...]], at: int | None) -> Term:
        if index is not None:
            _check_index(index, bindings)
        filled: list[Term] = []
        for template, f in fillers:
            if template is None:
                filled.append(f(bindings, at))
            else:
                filled.extend([f(bindings, i) for i in range(sequence_length(template, bindings))])
        return make(op, filled, value)

    return fill_sequence


def _check_index(name: str, bindings: Mapping[str, Term | tuple[Term, ...]]) -> None:
    index = bindings[name]
    if isinstance(index, tuple) or index.op != "bound":
        raise KeyError(f"{name} is no index")


def sequence_length(template: Term, bindings: Mapping[str, Term | tuple[Term, ...]]) -> int:
    """How often a sequence's template is repeated. Raises KeyError where that is not determined."""
    lengths = set()
    for name in metavariables(template):
        value = bindings[name]
        if isinstance(value, tuple):
            lengths.add(len(value))
    if len(lengths) != 1:
        raise KeyError("sequences of different lengths")
    return lengths.pop()


def metavariables(pattern: Term) -> dict[str, None]:
    """The metavariables of a pattern, in order of appearance (remembered on it)."""
    cache = pattern.cache
    if cache is None:
        cache = pattern.cache = {}
    known: dict[str, None] | None = cache.get("metavariables")
    if known is not None:
        return known
    found: dict[str, None] = {}
    cache["metavariables"] = found
    stack = [pattern]
    while stack:
        t = stack.pop()
        if t.op in {"sym", "bound"}:
            found[str(t.value)] = None
        stack.extend(reversed(t.args))
    return found


def introduced(pattern: Term) -> dict[str, None]:
    """The index metavariables that the sums and products of a pattern bind."""
    found: dict[str, None] = {}
    stack = [pattern]
    while stack:
        t = stack.pop()
        if t.op in BINDERS:
            found[str(t.args[0].value)] = None
        stack.extend(t.args)
    return found


def scopes(pattern: Term) -> dict[str, frozenset[str]]:
    """For each metavariable, the index metavariables whose sum or product is around it (around every occurrence)."""
    found: dict[str, frozenset[str]] = {}
    stack: list[tuple[Term, frozenset[str]]] = [(pattern, frozenset())]
    while stack:
        t, around = stack.pop()
        if t.op == "sym":
            name = str(t.value)
            found[name] = found[name] & around if name in found else around
        if t.op in BINDERS:
            inner = around | {str(t.args[0].value)}
            stack.extend([(t.args[1], around), (t.args[2], around), (t.args[3], inner)])
        else:
            stack.extend([(a, around) for a in t.args])
    return found


def check_capture(source: Term, target: Term, bindings: Mapping[str, Term | tuple[Term, ...]]) -> None:
    """Raise CaptureError if rewriting source to target would capture an index that was free in a binding."""
    leaves = [v for v in bindings.values() if not isinstance(v, tuple) and v.op == "bound"]
    if len(set(leaves)) < len(leaves):
        raise CaptureError("of two sums with one index")
    loose = {name: free for name, free in ((n, _loose(v)) for n, v in bindings.items()) if free}
    if not loose:
        return
    before = scopes(source)
    stack: list[tuple[Term, frozenset[str]]] = [(target, frozenset())]
    while stack:
        t, around = stack.pop()
        if t.op == "sym" and str(t.value) in loose:
            name = str(t.value)
            was = {str(bindings[b].value) for b in before.get(name, ())}  # type: ignore[union-attr]
            if (loose[name] & around) - was:
                raise CaptureError(name)
        if t.op in BINDERS:
            index = bindings[str(t.args[0].value)]
            inner = around | {str(index.value)}  # type: ignore[union-attr]
            stack.extend([(t.args[1], around), (t.args[2], around), (t.args[3], inner)])
        else:
            stack.extend([(a, around) for a in t.args])


def _loose(value: Term | tuple[Term, ...]) -> frozenset[str]:
    if isinstance(value, tuple):
        return frozenset().union(*[_loose(v) for v in value])
    return frozenset() if value.op == "bound" or not value.is_open else index_names(value)


def index_names(term: Term) -> frozenset[str]:
    """The free indices of a term, remembered on it."""
    cache = term.cache
    if cache is None:
        cache = term.cache = {}
    found = cache.get("indices")
    if found is None:
        found = cache["indices"] = bound_names(term)
    return found


def widen(pattern: Term, pairs: Mapping[str, str]) -> Term:
    """An operator over two operands made an operator over a sequence.

    ``pairs`` maps the first operand's metavariable to the second's: ``op(X(a), X(b))`` becomes ``op(seq(X(a)))``.
    """
    if not pattern.args:
        return pattern
    args = [widen(p, pairs) for p in pattern.args]
    if len(args) == 2 and pattern.op in ("add", "mul", "and", "or", "max", "min", "vec"):
        first, second = args
        for a, b in pairs.items():
            swapped = rename(first, {a: b})
            if a in metavariables(first) and swapped is second:
                return make(pattern.op, [make("seq", [first])])
    return make(pattern.op, args, pattern.value)


def rename(pattern: Term, names: Mapping[str, str]) -> Term:
    """The pattern with metavariables renamed."""
    if pattern.op in ("sym", "bound"):
        return make(pattern.op, (), names.get(str(pattern.value), str(pattern.value)))
    if not pattern.args:
        return pattern
    return make(pattern.op, [rename(p, names) for p in pattern.args], pattern.value)
