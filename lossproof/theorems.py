"""Named theorems, proved when they are asked for: every step is compared anew, every proposition shown anew."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Final

from lossproof.comparison import Verdict, compare
from lossproof.errors import RecordError, UnknownNameError
from lossproof.facts import Algebra, Fact, Prover, Symbol
from lossproof.objectives import read_question
from lossproof.proof import Certifiable
from lossproof.rulebook import Rulebook
from lossproof.rulebook.naming import plain_name
from lossproof.rulebook.theorems import NamedTheorem, Roles, TheoremStep
from lossproof.search.dataset import COUNT
from lossproof.syntax import parse_expression
from lossproof.terms import ZERO, Term, add, fn, neg, substitute, sym

#: Comparisons as they are written, the longer spellings first.
_SIGNS: Final = ((">=", "ge"), ("<=", "le"), ("==", "eq"), ("!=", "ne"), (">", "gt"), ("<", "lt"))


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """A proposition of a theorem, the symbols that it speaks of, and the fact that it holds, if that was shown."""

    text: str
    proposition: Term
    symbols: dict[str, Symbol]
    hypotheses: tuple[tuple[Term, str], ...]
    fact: Fact | None


@dataclass(frozen=True, slots=True, eq=False)
class NamedProof(Certifiable):
    """What :func:`prove` returns: the theorem, a verdict for each of its steps, and its propositions."""

    theorem: NamedTheorem
    steps: tuple[Verdict, ...]
    shown: tuple[Shown, ...]
    book: Rulebook

    @property
    def holds(self) -> bool:
        """Whether each step has the relation that the record claims, and each proposition was shown."""
        return all(self.agrees) and all(s.fact is not None for s in self.shown)

    @property
    def agrees(self) -> tuple[bool, ...]:
        """For each step whether its relation, and the scale if one is claimed, are those of the record."""
        return tuple(v.relation == s.relation and _has_scale(v, s.scale) for v, s in zip(self.steps, self.theorem.steps, strict=True))

    def text(self, **options: Any) -> str:
        """The theorem with its proof for a terminal; ``explain=True`` adds how to read it."""
        from lossproof.render.theorem import theorem_text

        return theorem_text(self, **options)

    def markdown(self, **options: Any) -> str:
        """The theorem with its proof as Markdown with mathematics."""
        from lossproof.render.theorem_pages import theorem_markdown

        return theorem_markdown(self, **options)

    def latex(self, **options: Any) -> str:
        """The theorem with its proof as a LaTeX fragment, or with ``standalone=True`` as a document."""
        from lossproof.render.theorem_pages import theorem_latex

        return theorem_latex(self, **options)

    def html(self, **options: Any) -> str:
        """The theorem with its proof as one self-contained HTML page."""
        from lossproof.render.html import theorem_html

        return theorem_html(self, **options)

    def to_dict(self) -> dict[str, Any]:
        """The statement, and each step's claim with its proof, an object that the checker takes."""
        from lossproof.render.theorem import theorem_dict

        return theorem_dict(self)

    def _repr_markdown_(self) -> str:
        return self.markdown()

    def __repr__(self) -> str:
        return f"<NamedProof: {self.theorem.id}, {'holds' if self.holds else 'not proved'}>"

    def __reduce__(self) -> tuple[Any, ...]:
        return prove, (self.theorem.id,)


def prove(name: str, *, book: Rulebook | None = None) -> NamedProof:
    """Prove a named theorem of ``rules/theorems`` by the engine. Raises UnknownNameError with the nearest names."""
    book = book or Rulebook.default()
    theorem = named(name, book)
    return NamedProof(theorem, tuple(_compared(s, book) for s in theorem.steps), tuple(_shown(t, theorem.roles, book) for t in theorem.shows), book)


def named(name: str, book: Rulebook) -> NamedTheorem:
    """The theorem of that id or title. Raises UnknownNameError."""
    key = plain_name(name)
    for theorem in book.theorems.values():
        if key in (plain_name(theorem.id), plain_name(theorem.title)):
            return theorem
    close = get_close_matches(key[:60].replace(" ", "-"), book.theorems, n=3, cutoff=0.4)
    raise UnknownNameError(f"there is no theorem {name.strip()[:60]}", nearest=close, hint="lossproof list theorems")


def _compared(step: TheoremStep, book: Rulebook) -> Verdict:
    r = step.roles
    return compare(step.left, step.right, learn=r.learn, data=r.data, fixed=r.fixed, let=r.let, where=r.where, book=book)


def _has_scale(v: Verdict, claimed: str) -> bool:
    if not claimed:
        return True
    expected = substitute(parse_expression(claimed), {} if "n" in v.symbols else {sym("n"): COUNT})
    return v.scale is not None and Algebra().same(v.scale, expected)


def _shown(text: str, roles: Roles, book: Rulebook) -> Shown:
    """A proposition between two objectives, perhaps ``where`` a condition holds, shown by the facts under the roles of the record."""
    statement, _, condition = text.partition(" where ")
    left, op, right = _parted(statement)
    where = ", ".join(c for c in (roles.where, condition) if c)
    q = read_question(left, right, learn=roles.learn, data=roles.data, fixed=roles.fixed, let=roles.let, where=where, book=book)
    a, b = (q.a.term, q.b.term) if op not in ("le", "lt") else (q.b.term, q.a.term)
    kind = {"le": "ge", "lt": "gt"}.get(op, op)
    proposition = fn(kind, a if b is ZERO else add(a, neg(b)), ZERO)
    prover = Prover(q.symbols, [p for p, _ in q.hypotheses], book.facts, Algebra())
    return Shown(text, proposition, q.symbols, q.hypotheses, prover.prove(proposition))


def _parted(text: str) -> tuple[str, str, str]:
    """The two sides of a comparison, and what stands between them."""
    depth = 0
    for i, c in enumerate(text):
        depth += (c in "([") - (c in ")]")
        found = next(((sign, op) for sign, op in _SIGNS if text.startswith(sign, i)), None)
        if found is not None and depth == 0:
            return text[:i], found[1], text[i + len(found[0]) :]
    raise RecordError(f"{text} is no comparison")


__all__ = ["NamedProof", "Shown", "named", "prove"]
