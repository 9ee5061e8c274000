"""What a term stands in: sorts, variables, and the names of samples, indices and parameters that are in scope."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from lossproof.terms import Term, fn

NUMBER, VECTOR, MATRIX, EXTENDED, CONDITION, DISTRIBUTION = "R", "V", "M", "X", "B", "D"
TYPES: Final = {NUMBER: "R", VECTOR: "(R -> R)", MATRIX: "(R -> R -> R)", EXTENDED: "ext", CONDITION: "bool"}
#: Their sort is that of their parts.
_OF_PARTS: Final = frozenset({"add", "mul", "neg", "div", "cases", "samples_sum", "samples_mean", "stop_gradient", "seq"})
_VECTOR_ONLY: Final = frozenset({"softmax", "vec", "diag"})
#: Functions of a distribution and a value; sums over samples; operators over the variable of a distribution, with what they use of it.
KINDS: Final = ("pdf", "cdf", "cdf_below")
SAMPLES: Final = ("samples_sum", "samples_mean", "samples_prod")
FUNCTIONALS: Final = {"E": ("E",), "H": ("E", "pdf"), "CE": ("E",), "KL": ("E", "pdf"), "JS": ("E", "pdf")}


class Unsupported(Exception):
    """A term that is not written for Coq; the message says which and why."""


@dataclass(frozen=True)
class Variable:
    """What a symbol is in Coq: its sort, how it is written at a context, and the dimension of a vector or matrix."""

    sort: str
    write: Callable[[Context], str]
    dimension: Callable[[Context], str] | None = None


@dataclass(frozen=True)
class Context:
    """Where a term stands: the symbols, the names of the sample and of the parameters' point in scope, and of indices."""

    symbols: Mapping[str, Variable]
    sample: str | None = None
    point: str | None = None
    indices: Mapping[str, str] = field(default_factory=dict)
    count: str = "n_samples"
    variables: Mapping[str, str] = field(default_factory=dict)  # of expectations: the proof that one is in its domain

    def within_variable(self, name: str, sort: str, text: str, proof: str) -> Context:
        """The context under an expectation over a variable, which is written as the text."""
        variable = Variable(sort, lambda _: text)
        return replace(self, symbols={**self.symbols, name: variable}, indices={**self.indices, name: argument(text)},
                       variables={**self.variables, name: proof})  # fmt: skip

    def within_sample(self) -> tuple[Context, str]:
        """The context under a sum over samples, and the name of the sample."""
        name = "i" if self.sample is None else self.sample + "'"
        return replace(self, sample=name), name

    def within_index(self, index: str) -> tuple[Context, str]:
        """The context under a sum over an index, and the index's name."""
        taken = set(self.indices.values())
        base = "k" if index in ("k", "K") or not index.isalpha() else f"k_{index}"
        name, number = base, 1
        while name in taken:
            number += 1
            name = f"{base}{number}"
        return replace(self, indices={**self.indices, index: name}), name


def argument(text: str) -> str:
    """A text as an argument of a function: in parentheses, if it is more than a word."""
    return f"({text})" if " " in text else text


def cost(term: Term) -> Term:
    """An objective as what is to be least."""
    if term.op == "maximise":
        return fn("neg", term.args[0])
    return term.args[0] if term.op == "minimise" else term


def sort_of(term: Term, symbols: Mapping[str, Variable]) -> str:
    """The sort of a term: number, vector, matrix, extended number, condition or distribution."""
    if term.op not in _OF_PARTS:
        return _sort(term, symbols)
    found: set[str] = set()
    done, stack = {term}, [term]
    while stack:
        for t in stack.pop().args:
            if t.op not in _OF_PARTS:
                found.add(_sort(t, symbols))
            elif t not in done:
                done.add(t)
                stack.append(t)
    return next((sort for sort in (MATRIX, VECTOR, EXTENDED) if sort in found), NUMBER)


def _sort(t: Term, symbols: Mapping[str, Variable]) -> str:
    op = t.op
    if op == "sym":
        return symbols[str(t.value)].sort if str(t.value) in symbols else NUMBER
    if op.startswith("dist:"):
        return DISTRIBUTION
    if op == "const" and t.value == "oo":
        return EXTENDED
    if op in _VECTOR_ONLY:
        return MATRIX if op == "diag" else VECTOR
    if op in ("inv", "eye"):
        return MATRIX
    if op in ("lt", "le", "gt", "ge", "eq", "ne", "and", "or", "not", "in"):
        return CONDITION
    return NUMBER


@dataclass(frozen=True)
class ListVariable(Variable):
    """A metavariable that stands for a list: how the list is called, and what one element of it is (called the same)."""

    name: str = ""
    element: Variable = field(default_factory=lambda: Variable(NUMBER, lambda _: ""))
