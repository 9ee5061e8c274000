"""Patterns: terms whose symbols are metavariables. Matching is syntactic; recursion is over records, not over user terms.

A node whose one argument is ``seq(x)`` stands for any two or more operands; ``x`` is then bound to their tuple.
"""

from __future__ import annotations

from collections.abc import Mapping

from lossproof.terms.node import BINDERS, Term, make
from lossproof.terms.walk import bound_names

Bindings = dict[str, "Term | tuple[Term, ...]"]


class CaptureError(ValueError):
    """An index would be captured by, or escape from, the sum or product that binds it."""


def match(pattern: Term, term: Term, bindings: Bindings) -> bool:
    """Extend ``bindings`` so that the pattern becomes the term; False (bindings then undefined) if it cannot."""
    op = pattern.op
    if op == "sym" or op == "bound":
        if op == "bound" and term.op != "bound":
            return False
        seen = bindings.setdefault(pattern.value, term)  # type: ignore[arg-type]
        return seen is term
    if op != term.op:
        return False
    args = pattern.args
    if not args:
        return pattern is term
    if args[-1].op == "seq":
        return _match_sequence(args, term, bindings)
    given = term.args
    if len(args) != len(given):
        return False
    for p, t in zip(args, given):  # noqa: B905
        if p.op == "sym":
            if bindings.setdefault(p.value, t) is not t:  # type: ignore[arg-type]
                return False
        elif not p.args and p.op != "bound":
            if p is not t:
                return False
        elif not match(p, t, bindings):
            return False
    return True


def _match_sequence(args: tuple[Term, ...], term: Term, bindings: Bindings) -> bool:
    fixed = len(args) - 1
    if len(term.args) < fixed + 1:
        return False
    for p, t in zip(args[:fixed], term.args, strict=False):
        if not match(p, t, bindings):
            return False
    name = str(args[-1].args[0].value)
    rest = term.args[fixed:]
    seen = bindings.setdefault(name, rest)
    return seen == rest


def instantiate(pattern: Term, bindings: Mapping[str, Term | tuple[Term, ...]]) -> Term:
    """The pattern with its metavariables replaced. Raises KeyError for one that is not bound, or bound to a sequence out of place."""
    return _fill(pattern, bindings, None)


def _fill(pattern: Term, bindings: Mapping[str, Term | tuple[Term, ...]], at: int | None) -> Term:
    op = pattern.op
    if op == "sym" or op == "bound":
        value = bindings[pattern.value]  # type: ignore[index]
        if type(value) is tuple:
            if at is None:
                raise KeyError(f"{pattern.value} stands for a sequence")
            return value[at]
        return value  # type: ignore[return-value]
    if not pattern.args:
        return pattern
    if op in BINDERS:
        index = bindings[str(pattern.args[0].value)]
        if isinstance(index, tuple) or index.op != "bound":
            raise KeyError(f"{pattern.args[0].value} is no index")
    args: list[Term] = []
    for p in pattern.args:
        if not p.args and p.op != "sym" and p.op != "bound":
            args.append(p)
        elif p.op == "seq":
            template = p.args[0]
            args.extend(_fill(template, bindings, i) for i in range(sequence_length(template, bindings)))
        else:
            args.append(_fill(p, bindings, at))
    return make(op, args, pattern.value)


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
