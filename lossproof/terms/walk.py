"""Traversal and substitution: loops over a post-order, never recursion over a user's term."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from fractions import Fraction

from lossproof.terms.node import BINDERS, LEAVES, Term, make


def postorder(*roots: Term, known: Container[Term] = ()) -> list[Term]:
    """Every distinct subterm once, children before parents; what is ``known`` is left out and not looked into."""
    done: set[Term] = set()
    order: list[Term] = []
    stack = list(reversed(roots))
    while stack:
        term = stack[-1]
        if term in done or term in known:
            stack.pop()
            continue
        ready = True
        for child in reversed(term.args):
            if child not in done and child not in known:
                stack.append(child)
                ready = False
        if ready:
            stack.pop()
            done.add(term)
            order.append(term)
    return order


def symbols(*roots: Term) -> set[str]:
    """The names of the symbols that occur."""
    return {str(t.value) for t in postorder(*roots) if t.op == "sym"}


def contains(root: Term, part: Term) -> bool:
    """Whether ``part`` occurs in ``root``."""
    return any(t is part for t in postorder(root))


def size(root: Term) -> int:
    """The number of distinct subterms."""
    return len(postorder(root))


def tree_size(root: Term, *, leaves: bool = True) -> int:
    """The number of nodes as written, what occurs twice counted twice; without ``leaves`` only those with arguments."""
    sizes: dict[Term, int] = {}
    for t in postorder(root):
        sizes[t] = sum([sizes[a] for a in t.args]) + (1 if leaves or t.args else 0)
    return sizes[root]


def bound_names(root: Term) -> frozenset[str]:
    """The indices that occur in ``root`` and are bound by nothing inside it."""
    memo: dict[Term, frozenset[str]] = {}
    for t in postorder(root):
        memo[t] = free_indices(t, memo)
    return memo[root]


def free_indices(term: Term, memo: Mapping[Term, frozenset[str]]) -> frozenset[str]:
    """One step of :func:`bound_names`, from what it says of the arguments."""
    if term.op == "bound":
        return frozenset((str(term.value),))
    if term.op in BINDERS:
        index, lower, upper, body = term.args
        return (memo[body] - memo[index]) | memo[lower] | memo[upper]
    found: frozenset[str] = frozenset()
    for child in term.args:
        if memo[child]:
            found |= memo[child]
    return found


def rebuild(root: Term, visit: Callable[[Term], Term]) -> Term:
    """Rebuild bottom-up: ``visit`` sees each node after its children were replaced."""
    memo: dict[Term, Term] = {}
    for t in postorder(root):
        if t.args:
            args = tuple([memo[a] for a in t.args])
            memo[t] = visit(t if args == t.args else make(t.op, args, t.value))
        else:
            memo[t] = visit(t)
    return memo[root]


def substitute(root: Term, mapping: Mapping[Term, Term]) -> Term:
    """Replace every occurrence of the mapping's keys, all at once and outermost first.

    Keys are usually symbols. What is put in is not looked into again. Indices are not renamed: the
    caller sees to it that no replacement carries an index that the root binds.
    """
    memo: dict[Term, Term] = dict(mapping)
    for t in postorder(root, known=mapping):
        args = tuple([memo[a] for a in t.args])
        memo[t] = t if args == t.args else make(t.op, args, t.value)
    return memo[root]


def node_at(root: Term, place: Sequence[int]) -> Term:
    """The subterm at a place: a path of argument numbers from the root."""
    for i in place:
        root = root.args[i]
    return root


def replace_at(root: Term, place: Sequence[int], new: Term) -> Term:
    """The root with the subterm at a place replaced."""
    spine = [root]
    for i in place:
        spine.append(spine[-1].args[i])
    for parent, i in zip(reversed(spine[:-1]), reversed(place), strict=True):
        new = make(parent.op, (*parent.args[:i], new, *parent.args[i + 1 :]), parent.value)
    return new


def to_table(roots: Iterable[Term]) -> tuple[list[list[str | int]], list[int]]:
    """A flat table of terms, children before parents, and the index of each root in it.

    A row is ``[op, child index, ...]``; a leaf is ``[op, value]`` with the value as text.
    """
    roots = list(roots)
    index: dict[Term, int] = {}
    table: list[list[str | int]] = []
    for t in postorder(*roots):
        index[t] = len(table)
        if t.op in LEAVES:
            table.append([t.op, str(t.value)])
        else:
            table.append([t.op, *[index[a] for a in t.args]])
    return table, [index[r] for r in roots]


def from_table(table: Iterable[Sequence[str | int]]) -> list[Term]:
    """The terms of a flat table, one for each row."""
    terms: list[Term] = []
    for op, *rest in table:
        name = str(op)
        if name in LEAVES:
            text = str(rest[0])
            terms.append(make(name, (), Fraction(text) if name == "num" else text))
        else:
            terms.append(make(name, [terms[int(i)] for i in rest]))
    return terms


def term_from_table(table: Iterable[Sequence[str | int]], root: int) -> Term:
    """One term of a flat table (how terms are unpickled)."""
    return from_table(table)[root]
