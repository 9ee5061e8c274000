"""What the LaTeX and the Markdown rendering share: formulas, the assumption, the claim and the chains of the proof."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from lossproof.facts import Fact
from lossproof.render.breaking import Formula
from lossproof.render.notation import PLAIN, Notation
from lossproof.render.paper import PaperLine, abbreviated, paper_lines, rule_label
from lossproof.render.words import (
    RELATION_SIGNS,
    RELATION_WORDS,
    SAID,
    Words,
    as_written,
    assumption_in_words,
    caveats,
    distribution_records,
    objective_name,
    pretty_assumption,
    varying,
)
from lossproof.syntax import canonical, latex_name, parse_assumption, pretty, to_latex, to_text
from lossproof.syntax.assumption import Argument, Call, Define, Tilde
from lossproof.terms import ONE, ZERO, Term, add, bound_names, replace_at, substitute, sym, symbols

if TYPE_CHECKING:
    from lossproof.comparison import Verdict
    from lossproof.derivation import Derivation

#: Text and formulas in a row.
Sentence: TypeAlias = "tuple[str | Maths, ...]"
#: The relation's signs as LaTeX.
SIGNS: Final = {"=": "=", "≐": r"\doteq", "≃": r"\simeq", "≅": r"\cong"}
_DENSITY: Final = re.compile(r"\\operatorname\{p\}(\\left)?\(([^,()]*), ")
_BARE_DENSITY: Final = re.compile(r"\\operatorname\{p\}(?=\(|\\left\()")
_DETAILS: Final = ("paper", "full")
_ROLES: Final = ("data", "learned", "fixed")
_SAMPLE: Final = re.compile(r"_\{i(,?[^{}]*)\}$")
_PARENTHESES: Final = re.compile(r" *\(.*\)")


class Condition(NamedTuple):
    """What a step needed: a proposition as LaTeX, or a term and what is said of it."""

    latex: str
    said: str = ""


@dataclass(frozen=True, slots=True)
class Maths:
    """A formula that is LaTeX already; ``text`` is the same for a reader who cannot have it set."""

    latex: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a chain: a relation's sign, the term as LaTeX, and the reason in words.

    Where every step is shown, also its number and its conditions. Where lines are folded, their number, the term itself and the
    numbers of the steps. ``rules`` are the rules behind it.
    """

    sign: str
    latex: str
    reason: str
    number: int = 0
    conditions: tuple[Condition, ...] = ()
    term: Term | None = None
    steps: tuple[int, ...] = ()
    rules: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ChainRows:
    """A chain of the proof: its name, its first term as LaTeX, the lines that follow, and the first term itself."""

    name: str
    left: str
    rows: tuple[Row, ...]
    start: Term | None = None


class Printer:
    """Prints the terms of one derivation or verdict in a notation.

    ``count`` is what the number of samples is called: n, unless that is a symbol of the assumption.
    """

    def __init__(self, d: Derivation | Verdict, notation: Notation = PLAIN) -> None:
        self.notation = notation
        indexed = {**dict.fromkeys(defined_names(d), True), **{n: s.indexed for n, s in d.symbols.items()}}
        if notation.names or notation.data:
            notation.check(indexed, _taken(d))
        self.renamed = notation.renamed(indexed)
        self._renamed = {sym(n + i): sym(m + i) for n, m in self.renamed.items() for i in ("", "_i")}
        called = {self.renamed.get(n, n): s for n, s in d.symbols.items()}
        self.names = frozenset(self.renamed.get(n, n) for n in varying(d)) if notation.subscripts else frozenset[str]()
        self.count = next((c for c in "nNMST" if c not in called), r"\lvert\text{samples}\rvert")
        self.whose: Sentence = ("all ", Maths(self.count, self.count if len(self.count) == 1 else "|samples|"), " samples")
        self._printed = notation.printed(indexed)
        self._bold = frozenset(n for n, s in called.items() if s.shape != "scalar" and n not in self._printed) if notation.bold else frozenset[str]()

    def term(self, term: Term) -> str:
        """A term as LaTeX mathematics."""
        if self._renamed:
            term = substitute(term, self._renamed)
        return to_latex(term, self.names, self.count, names=self._printed, bold=self._bold)

    def name(self, name: str) -> str:
        """A symbol as LaTeX mathematics."""
        return self.term(sym(name))

    def line(self, term: Term) -> str:
        """A term as LaTeX mathematics, densities written p(y | θ)."""
        text = self.term(abbreviated(term))
        return _BARE_DENSITY.sub("p", _DENSITY.sub(r"p\1(\2 \\mid ", text))

    def needs(self, facts: Iterable[Fact]) -> tuple[Condition, ...]:
        """The conditions of a step; what is said of numbers, or of an expectation's variable, goes without saying."""
        shown = [f.proposition for f in facts if symbols(f.proposition) and f.proposition.op not in ("without", "ranges")]
        return tuple(
            Condition(self.line(p.args[0]), f" {SAID[p.op]}") if p.op in SAID else Condition(self.line(as_written(p))) for p in dict.fromkeys(shown)
        )


def defined_names(d: Derivation | Verdict) -> list[str]:
    """The names that are defined and not symbols."""
    from lossproof.derivation import Derivation

    if isinstance(d, Derivation):
        return [n for n, _ in d.model.definitions]
    return [canonical(text.partition("=")[0].strip()) for text in d.question.let]


def _taken(d: Derivation | Verdict) -> list[str]:
    """Names that stand for other things than symbols: the objectives of a comparison, what expectations run over."""
    from lossproof.derivation import Derivation

    roots = [d.nll] if isinstance(d, Derivation) else [d.question.a.term, d.question.b.term]
    inner = sorted({n for root in roots for n in bound_names(root)})
    return inner if isinstance(d, Derivation) else [*inner, "A", "B", "x"]


class Formulas(Printer):
    """Prints the formulas of one derivation."""

    def __init__(self, d: Derivation, notation: Notation = PLAIN) -> None:
        super().__init__(d, notation)
        self.d: Derivation = d

    # -- the proof

    def chains(self, detail: str) -> list[ChainRows]:
        """The chains of the proof without the preamble, folded to paper's lines or with every step.

        Raises ValueError for a detail other than ``paper`` and ``full``.
        """
        if detail not in _DETAILS:
            raise ValueError(f"detail is paper or full, not {detail!r}")
        return list(self._full() if detail == "full" else self._paper())

    def _paper(self) -> Iterator[ChainRows]:
        for name, lines in groupby(paper_lines(self.d), key=lambda line: line.chain):
            if name != "preamble":
                yield self.folded(name, list(lines))

    def folded(self, name: str, lines: list[PaperLine]) -> ChainRows:
        """The lines of one chain."""
        first = lines[0].left
        rows = [Row(SIGNS[p.relation], self.line(p.right), p.reason, p.number, (), p.right, p.steps, p.rules) for p in lines]
        return ChainRows(name, "" if first is None else self.term(first), tuple(rows), first)

    def _full(self) -> Iterator[ChainRows]:
        steps = self.d.proof.steps
        for chain in self.d.proof.chains:
            if chain.name == "preamble":
                continue
            current = chain.theorem.left
            rows = []
            for s in steps:
                if s.chain == chain.name:
                    current = replace_at(current, s.place, s.step.after)
                    needs = self.needs(s.step.conditions)
                    reason = f"{s.id}: {rule_label(s.rule, self.d)}"
                    rows.append(Row(SIGNS[RELATION_SIGNS[s.relation]], self.term(current), reason, s.id, needs, rules=(s.rule,)))
            yield ChainRows(chain.name, self.term(chain.theorem.left), tuple(rows))

    # -- the claim

    def claim(self, loss: str | None = None) -> str:
        """The right side of NLL = scale · objective + offset; ``loss`` is a name for the objective."""
        t = self.d.theorem
        right = loss or self.term(t.right)
        if t.scale is None or t.offset is None:
            return right
        if t.scale is not ONE:
            if loss is None and t.right.op in ("add", "neg"):
                right = rf"\left({right}\right)"
            right = rf"{self.term(t.scale)} \cdot {right}"
        if t.offset is not ZERO:
            dropped = t.offset.args if t.offset.op == "add" else (t.offset,)
            right += self.term(add(ZERO, *dropped)).removeprefix("0")
        return right

    # -- the assumption

    def statements(self) -> list[str]:
        """The statements of the assumption: those with ~, then the definitions. None for a density of one's own."""
        if self.d.model.density is not None:
            return []
        found = parse_assumption(self.d.model.text).statements
        tildes = [rf"{self._name(s.name)} \sim {self._call(s.distribution)}" for s in found if isinstance(s, Tilde)]
        return tildes + [f"{self._name(s.name)} = {self._at_sample(s.expression)}" for s in found if isinstance(s, Define)]

    def statement_texts(self) -> list[str]:
        """The same as they were written, in Unicode."""
        text = self.d.model.text
        found = parse_assumption(text).statements if self.d.model.density is None else ()
        tildes = [f"{s.name} ~ {text[slice(*s.distribution.span)]}" for s in found if isinstance(s, Tilde)]
        return [pretty_assumption(t) for t in tildes] + [f"{pretty(s.name)} = {to_text(s.expression)}" for s in found if isinstance(s, Define)]

    def _name(self, name: str) -> str:
        return self._at_sample(sym(name))

    def _at_sample(self, term: Term) -> str:
        """The term for sample i."""
        if not self.notation.subscripts:
            return self.term(term)
        indexed = {sym(n): sym(f"{n}_i") for n in varying(self.d) if not n.endswith("_i")}
        defined = {sym(n): sym(f"{n}_i") for n, t in self.d.model.definitions if substitute(t, indexed) is not t}
        return self.term(substitute(term, {**indexed, **defined}))

    def _call(self, call: Call) -> str:
        """A distribution as it was written; the parser bounds how deep calls are nested."""
        name = r"\mathcal{N}" if call.name == "N" else rf"\operatorname{{{re.sub('[^A-Za-z0-9]', '', call.name)}}}"
        args = ", ".join(self._argument(a) for a in call.args)
        return rf"{name}\left({args}\right)" if r"\frac" in args else f"{name}({args})"

    def _argument(self, argument: Argument) -> str:
        value = argument.value
        shown = self._call(value) if isinstance(value, Call) else self._at_sample(value)
        return shown if argument.keyword is None else rf"\mathrm{{{re.sub('[^A-Za-z0-9]', '', argument.keyword)}}} = {shown}"


    def density(self) -> str:
        """A density of one's own."""
        density = self.d.model.density
        data = ", ".join(self.term(sym(n)) for n in self._data())
        return "" if density is None else f"p({data}) = {self.term(density)}"

    def data(self, sample: int | str = "i") -> str:
        """A sample of the data."""
        names = [_SAMPLE.sub(lambda m: f"_{{{sample}{m[1]}}}", self._name(n)) for n in self._data()]
        return names[0] if len(names) == 1 else f"({', '.join(names)})"

    def _data(self) -> list[str]:
        return sorted(n for n, s in self.d.symbols.items() if s.role == "data")


# -- sentences


def role_sentences(d: Derivation) -> list[Words]:
    """The roles and domains in one sentence, the conditions in another."""
    groups: dict[tuple[str, str], list[Words]] = {}
    given: list[Words] = []
    for label, words in assumption_in_words(d):
        if label in _ROLES:
            about, more = _parted(words)
            groups.setdefault((label, more), []).append(about)
        elif label in ("where", "support"):
            given.append(words)
    roles: list[Words] = []
    for (label, more), found in groups.items():
        verb = "are" if len(found) > 1 or " and " in found[0] else "is"
        roles.append((*_separated(found, "; "), f", {verb} {label}" + (f" ({more})" if more else "")))
    sentences: list[Words] = [("Here ", *_separated(roles, "; "), ".")]
    return [*sentences, ("Assume ", *_separated(given, ", "), ".")] if given else sentences


def _separated(items: list[Words], by: str) -> Words:
    return tuple(w for i, item in enumerate(items) for w in ((by,) if i else ()) + item)


def _parted(words: Words) -> tuple[Words, str]:
    """Words up to their semicolon, and the text after it."""
    last = words[-1]
    if not isinstance(last, str):
        return words, ""
    text, _, more = last.partition("; ")
    return (*words[:-1], text), more


def theorem_title(d: Derivation) -> str:
    """What is assumed and what it comes to: ``Normal: mean squared error``."""
    name = objective_name(d)
    return f"{distribution_title(d)}: {name}" if name else f"{distribution_title(d)} likelihood"


def slug(d: Derivation) -> str:
    """A label that only this derivation has: its distribution and a digest of what was asked."""
    first = d.model.likelihoods[0][1].op[5:] if d.model.likelihoods else "density"
    asked = repr((d.assumption, d.reduction, sorted((n, s.role) for n, s in d.symbols.items())))
    return f"{first}-{hashlib.sha256(asked.encode()).hexdigest()[:6]}"


def relation_sentence(d: Derivation, nll: str, objective: Maths, widest: float) -> Sentence:
    """How the NLL relates to the loss, and what that means.

    ``nll`` is how the NLL is written in LaTeX, ``objective`` is said of a loss without a name; one wider than ``widest`` stands
    in the proof alone.
    """
    named = objective_name(d)
    what: str | Maths = named or objective
    if not named and (r"\begin{" in objective.latex or Formula(objective.latex).box.text > widest):
        what = "the last line of the proof"
    if d.relation == "equal":
        return ("so it equals ", what, ".")
    sign = RELATION_SIGNS[d.relation]
    return ("so ", Maths(f"{nll} {SIGNS[sign]}", f"NLL {sign}"), " ", what, ", where ", Maths(SIGNS[sign], sign), f" means {RELATION_WORDS[d.relation]}.")


def chain_heading(d: Derivation, name: str, whose: Sentence, spell: Callable[[str], str] = latex_name) -> Sentence:
    """What a chain speaks of; ``spell`` writes a parameter's name in LaTeX."""
    if name == "sample":
        return ("For one sample,",)
    if name.startswith("prior:"):
        return ("For the prior on ", Maths(spell(name[6:]), pretty(name[6:])), ",")
    return ("For ", *whose, " and the priors," if d.model.priors else ",")


def closing_sentence(d: Derivation, nll: str) -> Sentence:
    """Why the least NLL is what was asked for."""
    greatest = "posterior density" if d.model.priors else "likelihood"
    return (f"The logarithm is increasing and minus reverses the order, so the {greatest} is greatest where ", Maths(nll, "NLL"), " is least.")


def remarks(d: Derivation) -> list[tuple[str, list[Words]]]:
    """Headed sentences for the end: conventions, notes and what the loss is not safe for."""
    said = assumption_in_words(d)
    found = [
        ("Convention", [w for label, w in said if label == "convention"]),
        ("Note", [w for label, w in said if label == "note"]),
        ("Not safe for", caveats(d)),
    ]
    return [(head, sentences) for head, sentences in found if sentences]


def distribution_title(d: Derivation) -> str:
    """The distribution of an assumption in a few words: ``Normal``, ``Truncated Normal``, ``Mixture``."""
    ids = distribution_records(d)
    if not ids or d.model.density is not None:
        return "Own density"
    record = d.book.distribution(ids[0])
    if not record.is_combinator:
        return _PARENTHESES.sub("", record.title)
    name = re.sub(r"(?<=[a-z])(?=[A-Z])", "-", record.names[0]).capitalize()
    inner = [a.op[5:] for a in d.model.likelihoods[0][1].args if a.op.startswith("dist:")]
    return name if len(inner) != 1 else f"{name} {_PARENTHESES.sub('', d.book.distribution(inner[0]).title)}"
