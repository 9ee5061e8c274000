"""What the LaTeX and the Markdown rendering share: formulas, the assumption, the claim and the chains of the proof."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from lossproof.render.words import RELATION_SIGNS, abbreviated, as_written, paper_lines, rule_label, varying
from lossproof.syntax import parse_assumption, to_latex
from lossproof.syntax.assumption import Argument, Call, Define, Tilde
from lossproof.terms import ONE, ZERO, Term, add, replace_at, substitute, sym

if TYPE_CHECKING:
    from lossproof.derivation import Derivation

#: The relation's signs as LaTeX.
SIGNS: Final = {"=": "=", "≐": r"\doteq", "≃": r"\simeq", "≅": r"\cong"}
#: The samples' numbers.
SAMPLES: Final = r"i = 1, \dots, n"
_DENSITY: Final = re.compile(r"\\operatorname\{p\}(\\left)?\(([^,()]*), ")
_BARE_DENSITY: Final = re.compile(r"\\operatorname\{p\}(?=\(|\\left\()")
_DETAILS: Final = ("paper", "full")


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a chain: a relation's sign, the term as LaTeX, and the reason in words.

    Where every step is shown, also its number and its conditions as LaTeX.
    """

    sign: str
    latex: str
    reason: str
    number: int = 0
    conditions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ChainRows:
    """A chain of the proof on paper: its name, its first term as LaTeX, and the lines that follow."""

    name: str
    left: str
    rows: tuple[Row, ...]


def formula(term: Term, names: frozenset[str] = frozenset()) -> str:
    """A term as LaTeX mathematics, densities written p(y | θ)."""
    text = to_latex(abbreviated(term), names)
    return _BARE_DENSITY.sub("p", _DENSITY.sub(r"p\1(\2 \\mid ", text))


def chains(d: Derivation, detail: str) -> list[ChainRows]:
    """The chains of the proof without the preamble, folded to paper's lines or with every step.

    Raises ValueError for a detail other than ``paper`` and ``full``.
    """
    if detail not in _DETAILS:
        raise ValueError(f"detail is paper or full, not {detail!r}")
    return list(_full_chains(d) if detail == "full" else _paper_chains(d))


def _paper_chains(d: Derivation) -> Iterator[ChainRows]:
    left, name, rows = "", "", list[Row]()
    for line in paper_lines(d):
        if line.chain == "preamble":
            continue
        if line.left is not None:
            if rows:
                yield ChainRows(name, left, tuple(rows))
            left, name, rows = to_latex(line.left, line.varying), line.chain, []
        rows.append(Row(SIGNS[line.relation], formula(line.right, line.varying), line.reason))
    yield ChainRows(name, left, tuple(rows))


def _full_chains(d: Derivation) -> Iterator[ChainRows]:
    names = varying(d)
    steps = d.proof.steps
    for chain in d.proof.chains:
        if chain.name == "preamble":
            continue
        current = chain.theorem.left
        rows = []
        for s in steps:
            if s.chain == chain.name:
                current = replace_at(current, s.place, s.step.after)
                needs = tuple(to_latex(as_written(f.proposition), names) for f in s.step.conditions)
                reason = f"{s.id}: {rule_label(s.rule, d)}"
                rows.append(Row(SIGNS[RELATION_SIGNS[s.relation]], to_latex(current, names), reason, s.id, needs))
        yield ChainRows(chain.name, to_latex(chain.theorem.left, names), tuple(rows))


# -- the claim


def claim(d: Derivation) -> str:
    """The right side of NLL = scale · objective + offset."""
    t = d.theorem
    names = varying(d)
    right = to_latex(t.right, names)
    if t.scale is None or t.offset is None:
        return right
    if t.scale is not ONE:
        if t.right.op in ("add", "neg"):
            right = rf"\left({right}\right)"
        right = rf"{to_latex(t.scale, names)} \cdot {right}"
    if t.offset is not ZERO:
        right += to_latex(add(ZERO, *(t.offset.args if t.offset.op == "add" else (t.offset,))), names).removeprefix("0")
    return right


# -- the assumption


def assumption(d: Derivation) -> list[str]:
    """The statements of the assumption as LaTeX: those with ~, then the definitions."""
    names = varying(d)
    model = d.model
    if not model.likelihoods:
        return [] if model.density is None else [rf"y \sim {formula(model.density, names)}"]
    statements = parse_assumption(model.text).statements
    shown = [_tilde(s, d) for s in statements if isinstance(s, Tilde)]
    return shown + [f"{_name(s.name, d)} = {_at_sample(s.expression, d)}" for s in statements if isinstance(s, Define)]


def _tilde(statement: Tilde, d: Derivation) -> str:
    return rf"{_name(statement.name, d)} \sim {_call(statement.distribution, d)}"


def _name(name: str, d: Derivation) -> str:
    return _at_sample(sym(name), d)


def _at_sample(term: Term, d: Derivation) -> str:
    """The term for sample i."""
    indexed = {sym(n): sym(f"{n}_i") for n in varying(d) if not n.endswith("_i")}
    defined = {sym(n): sym(f"{n}_i") for n, t in d.model.definitions if substitute(t, indexed) is not t}
    return to_latex(substitute(term, {**indexed, **defined}))


def _call(call: Call, d: Derivation) -> str:
    """A distribution as it was written. Calls are nested 50 deep at most."""
    name = r"\mathcal{N}" if call.name == "N" else rf"\operatorname{{{call.name}}}"
    args = ", ".join(_argument(a, d) for a in call.args)
    return rf"{name}\left({args}\right)" if r"\frac" in args else f"{name}({args})"


def _argument(argument: Argument, d: Derivation) -> str:
    value = argument.value
    shown = _call(value, d) if isinstance(value, Call) else _at_sample(value, d)
    return shown if argument.keyword is None else rf"{to_latex(sym(argument.keyword))} = {shown}"
