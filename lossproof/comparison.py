"""Two objectives: the strongest relation that can be proved, a witness that refutes it, or unknown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from lossproof.errors import DomainError, MissingSystemError, MissingValueError
from lossproof.facts import RELATIONS, Algebra, Fact, Prover, Symbol, propositions
from lossproof.facts.prover import in_domain
from lossproof.kernel import KernelError, Theorem
from lossproof.model import NATURALS
from lossproof.objectives import Question, read_question
from lossproof.proof import Certifiable, Chain, Proof
from lossproof.rulebook import Rulebook
from lossproof.search.comparing import Comparer, Found
from lossproof.search.defined import needs, only_one_defined
from lossproof.syntax import to_text
from lossproof.tables import SymbolTable
from lossproof.terms import Term, make, num, postorder, size, substitute, sym, symbols

if TYPE_CHECKING:
    import sympy

    from lossproof.interop.witness import Witness

REFUTED: Final = "refuted"
UNKNOWN: Final = "unknown"
#: Nodes of two normal forms that are few enough to try again at special values.
_SMALL: Final = 120
#: Values at which a family is often another one: focal loss with γ = 0 is cross-entropy.
_SPECIAL: Final = (Fraction(0), Fraction(1), Fraction(2), Fraction(1, 2))
#: What evaluation raises where a number stands for a vector or the other way round.
_ILL_TYPED: Final = (TypeError, IndexError, AttributeError, MissingValueError)
_DISTRIBUTIONS: Final = frozenset({"pdf", "cdf", "cdf_below", "E", "H", "CE", "KL", "JS", "NLL", "Risk", "samples_prod"})


@dataclass(frozen=True, slots=True)
class Condition:
    """An equation between fixed symbols under which the two objectives relate, with its verdict."""

    text: str
    verdict: Verdict


class Verdict(Certifiable):
    """What :func:`compare` returns: A = scale·B + offset, for the relations that say so."""

    def __init__(self, question: Question, book: Rulebook, parts: dict[str, Any]) -> None:
        self.question = question
        self.book = book
        self.relation: str = parts["relation"]
        self.theorem: Theorem | None = parts.get("theorem")
        self.scale: Term | None = self.theorem.scale if self.theorem is not None else None
        self.offset: Term | None = self.theorem.offset if self.theorem is not None else None
        self.transform: Term | None = parts.get("transform")
        self.argument: Term = parts["argument"]  # the symbol that stands for B in ``transform``
        self.witness: Witness | None = parts.get("witness")
        self.reason: str = parts.get("reason", "")
        self.proved_if: tuple[Condition, ...] = parts.get("proved_if", ())
        self.symbols = SymbolTable(parts["symbols"])
        self.hypotheses: tuple[tuple[Term, str], ...] = parts["hypotheses"]
        self.defined: tuple[Fact, ...] = parts.get("defined", ())
        self.prover: Prover = parts["prover"]
        self.normal: dict[str, Theorem] = parts["normal"]
        self.chains: tuple[Chain, ...] = parts["chains"]

    @property
    def proof(self) -> Proof:
        """The chains from A and B to their normal forms and, if a relation is proved, from A to B."""
        return Proof(self.chains, self)

    @property
    def is_proved(self) -> bool:
        """Whether one of the four relations is proved."""
        return self.relation in RELATIONS

    def html(self, **options: Any) -> str:
        """The verdict as one self-contained HTML page."""
        from lossproof.render.html import verdict_html

        return verdict_html(self, **options)

    def to_dict(self) -> dict[str, Any]:
        """The proof, or the certificate of the refutation, as the object of the schema ``lossproof/proof/1``."""
        from lossproof.render.comparison_json import comparison_dict

        return comparison_dict(self)

    def text(self, **options: Any) -> str:
        """The verdict for a terminal."""
        from lossproof.render.comparison import verdict_text

        return verdict_text(self, **options)

    def markdown(self, **options: Any) -> str:
        """The verdict as Markdown with mathematics."""
        from lossproof.render.comparison_pages import verdict_markdown

        return verdict_markdown(self, **options)

    def latex(self, **options: Any) -> str:
        """The verdict as a LaTeX fragment, or with ``standalone=True`` as a document."""
        from lossproof.render.comparison_pages import verdict_latex

        return verdict_latex(self, **options)

    def _repr_markdown_(self) -> str:
        return self.markdown()

    def __repr__(self) -> str:
        return f"<Verdict: {self.relation}, {self.question.a.text!r} against {self.question.b.text!r}>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Verdict) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def _key(self) -> tuple[object, ...]:
        q = self.question
        return (self.relation, self.scale, self.offset, q.a.term, q.b.term, q.learn, q.where, q.let)

    def __reduce__(self) -> tuple[Any, ...]:
        return judge, (self.question,)


def compare(
    a: str | Term | sympy.Basic,
    b: str | Term | sympy.Basic,
    *,
    learn: Iterable[str] | str,
    data: Iterable[str] | str = (),
    fixed: Iterable[str] | str = (),
    let: Iterable[str] | str = (),
    where: str = "",
    book: Rulebook | None = None,
) -> Verdict:
    """Compare two objectives, both to be minimised over ``learn``.

    ``a`` and ``b`` are formulas (texts, terms or SymPy expressions) such as ``"mean((y - w*x)^2)"``, named losses such as ``"MSE"`` or ``"torch.nn.MSELoss"``, or
    assumptions such as ``"y ~ N(yhat, sigma^2)"``. y and the names of ``data`` are data, the rest is fixed. ``let`` defines names in both
    (``"z = z_2 - z_1"``, ``"p = Bernoulli(theta)"``), ``where`` adds conditions. Raises a :class:`LossproofError` for input that cannot be used.
    """
    book = book or Rulebook.default()
    names = {k: v.replace(",", " ").split() if isinstance(v, str) else list(v) for k, v in (("learn", learn), ("data", data), ("fixed", fixed))}
    definitions = [let] if isinstance(let, str) else list(let)
    return judge(read_question(_written(a), _written(b), let=definitions, where=where, book=book, **names), book=book)


def _nonzero_parts(p: Term) -> list[Term]:
    """That a product or a power is not zero, as the same of what it is made of."""
    if p.op != "ne":
        return [p]
    found: list[Term] = []
    stack = [p.args[0]]
    while stack:
        t = stack.pop()
        if t.op == "mul":
            stack.extend(reversed(t.args))
        elif t.op == "neg" or (t.op == "pow" and t.args[1].op == "num"):
            stack.append(t.args[0])
        elif symbols(t):
            found.append(make("ne", (t, num(0))))
    return found or [p]


def _written(objective: str | Term | sympy.Basic) -> str:
    if isinstance(objective, str):
        return objective
    from lossproof.interop.terms import term

    return term(objective).ascii()


def judge(question: Question, *, book: Rulebook | None = None) -> Verdict:
    """The verdict on a question that was read already."""
    return _Judge(question, book or Rulebook.default()).verdict()


class _Judge:
    def __init__(self, question: Question, book: Rulebook, *, nested: bool = False) -> None:
        self.question = question
        self.book = book
        self.nested = nested  # whether this is about an equation that would help
        self.missing: list[Term] = []
        self.hypotheses = self._hypotheses()

    def _hypotheses(self) -> tuple[tuple[Term, str], ...]:
        """The question's, and that both objectives have a value."""
        q = self.question
        found = list(q.hypotheses)
        prover = Prover(q.symbols, [p for p, _ in found], self.book.facts, Algebra())
        self.holds = prover.holds
        for p in reversed(self._needs()):  # the inner ones first: the others may follow
            if prover.prove(p) is not None:
                continue
            if not symbols(p) and prover.algebra.constant(p.args[0]) is not None:
                side = q.a if p in needs(q.a.term, self.holds) else q.b
                raise DomainError(f"{side.text} has no value: {p} does not hold", text=side.text, span=(0, len(side.text)))
            if any(q.symbols[n].role == "variable" for n in symbols(p) if n in q.symbols):
                self.missing.append(p)
                continue
            for part in _nonzero_parts(p):
                if symbols(part) and symbols(part) <= q.conditioned:
                    continue  # the user said where they live: nothing is added to that
                if prover.prove(part) is None:
                    found.append((part, "domain"))
                    self.missing.append(part)
                    prover.assume(part)
        return tuple(found)

    def _needs(self) -> list[Term]:
        q = self.question
        return list(dict.fromkeys([*needs(q.a.term, self.holds), *needs(q.b.term, self.holds)]))

    def verdict(self) -> Verdict:
        """Prove with what may vary with the sample, else refute, else prove for what is shared."""
        q = self.question
        table = q.symbols
        comparer, found = self._tried(table)
        apart = self._apart()
        if found is not None and not apart:
            return self._proved(comparer, found, table)
        witness = self._witness(comparer, table)
        if witness is not None:
            return self._refuted(comparer, witness, table)
        if found is not None:
            return self._unknown(comparer, table, apart)
        if q.either:
            return self._either(comparer, table, apart)
        return self._unknown(comparer, table, self._why_not(comparer), self._conditions(comparer))

    def proof_alone(self) -> Verdict | None:
        """A proof, or nothing: no witness is looked for."""
        comparer, found = self._tried(self.question.symbols)
        if found is None or self._apart() or self._contradicted(comparer):
            return None
        verdict = self._proved(comparer, found, self.question.symbols)
        return verdict if verdict.is_proved else None

    @staticmethod
    def _contradicted(comparer: Comparer) -> bool:
        """Whether the hypotheses are plainly never true together."""
        equal = {h.args[0]: h for h in comparer.hypotheses if h.op == "eq"}
        for h in comparer.hypotheses:
            if h.op in ("gt", "ge", "ne") and not symbols(h) - {n for t in equal for n in symbols(t)}:
                values = comparer.substituted(h.args[0])
                q = comparer.kernel.algebra_forms.constant(values)
                if q is not None and not {"gt": q > 0, "ge": q >= 0, "ne": q != 0}[h.op]:
                    return True
        return False

    def _either(self, comparer: Comparer, table: dict[str, Symbol], apart: str) -> Verdict:
        """What holds for values shared by all samples may fail for one of each, and then neither is the answer."""
        q = self.question
        together = {*q.either, *[n for n, t in q.frozen.items() if str(t.value) in q.either]}
        shared = {n: replace(s, indexed=False) if n in together else s for n, s in table.items()}
        other, found = self._tried(shared)
        witness = self._witness(comparer, table, vary=q.either)
        alone = not any(s.indexed for n, s in table.items() if n not in q.either)  # a mean over nothing else that varies
        if found is None and witness is not None and alone:
            return self._refuted(comparer, witness, table)
        if found is not None and witness is None and not apart and not q.frozen:
            return self._proved(other, found, shared)
        if witness is not None:
            names = ", ".join(sorted(q.either))
            holds = "holds" if found is not None else "may hold"
            reason = f"it {holds} where {names} has one value for all samples, and fails where it may differ: write _i for the latter"
            return self._unknown(comparer, table, reason, self._conditions(comparer))
        if apart:
            return self._unknown(comparer, table, apart)
        return self._unknown(comparer, table, self._why_not(comparer), self._conditions(comparer))

    def _tried(self, table: dict[str, Symbol]) -> tuple[Comparer, Found | None]:
        comparer = Comparer(self.book, table, [p for p, _ in self.hypotheses])
        q = self.question
        return comparer, comparer.compare(q.a.term, q.b.term)

    # -- the three answers

    def _read_off(self, comparer: Comparer, table: dict[str, Symbol]) -> dict[str, Any]:
        """What every verdict has."""
        normal = comparer.normal
        chains = tuple(Chain(n, normal[n], ((n, normal[n]),)) for n in ("a", "b"))
        return {"symbols": table, "hypotheses": self.hypotheses, "normal": normal, "chains": chains, "prover": comparer.prover, "argument": comparer.argument}

    def _proved(self, comparer: Comparer, found: Found, table: dict[str, Symbol]) -> Verdict:
        q = self.question
        facts = [comparer.prover.prove(p) for p in self._needs()]
        if any(f is None for f in facts):
            return self._unknown(comparer, table, "it is not known that both have a value", self._conditions(comparer))
        main = Chain("claim", found.theorem, found.lines)
        parts = self._read_off(comparer, table)
        relation = found.theorem.relation
        parts |= {"relation": relation, "theorem": found.theorem, "transform": found.transform, "defined": tuple(facts),
                  "chains": (*found.chains, main), "normal": {c.name: c.theorem for c in found.chains if c.name in ("a", "b")}}  # fmt: skip
        if relation != "equal":
            parts["witness"] = self._sought(RELATIONS[RELATIONS.index(relation) - 1], parts["normal"], table)
        return Verdict(q, self.book, parts)

    def _refuted(self, comparer: Comparer, witness: Witness, table: dict[str, Symbol]) -> Verdict:
        parts = self._read_off(comparer, table)
        parts |= {"relation": REFUTED, "witness": witness, "reason": self._reason(comparer), "proved_if": self._conditions(comparer)}
        return Verdict(self.question, self.book, parts)

    def _unknown(self, comparer: Comparer, table: dict[str, Symbol], reason: str, proved_if: tuple[Condition, ...] = ()) -> Verdict:
        parts = self._read_off(comparer, table) | {"relation": UNKNOWN, "reason": reason, "proved_if": proved_if}
        return Verdict(self.question, self.book, parts)

    def _conditions(self, comparer: Comparer) -> tuple[Condition, ...]:
        """The equations under which the objectives relate, if they then do."""
        equations = comparer.leftover.equations
        found = self._supposing(equations) if equations else self._special(comparer)
        return () if found is None else (found,)

    def _supposing(self, equations: list[tuple[Term, Term]]) -> Condition | None:
        """The equations as a condition, if the objectives relate under them."""
        q = self.question
        text = " and ".join(f"{s.ascii()} == {v.ascii()}" for s, v in equations)
        extra = [(p, "where") for s, v in equations for p in propositions(make("eq", (s, v)))]
        where = ", ".join([*([q.where] if q.where else []), text])
        verdict = _Judge(replace(q, hypotheses=(*q.hypotheses, *extra), where=where), self.book, nested=True).proof_alone()
        return None if verdict is None else Condition(text, verdict)

    def _special(self, comparer: Comparer) -> Condition | None:
        """Values of one fixed symbol at which the objectives relate; looked for where that is cheap."""
        q = self.question
        if self.nested or sum(size(t.right) for t in comparer.normal.values()) > _SMALL:
            return None
        for name in sorted(symbols(q.a.term, q.b.term)):
            symbol = q.symbols.get(name)
            if symbol is None or symbol.role != "fixed" or symbol.indexed or symbol.domain.op != "domain" or symbol.domain is NATURALS:
                continue
            for value in _SPECIAL:
                found = self._supposing([(sym(name), num(value))]) if in_domain(value, symbol.domain) else None
                if found is not None:
                    return found
        return None

    # -- witnesses

    def _witness(self, comparer: Comparer, table: dict[str, Symbol], vary: frozenset[str] = frozenset()) -> Witness | None:
        """Two points that the objectives order differently; names in ``vary`` get one value for each sample."""
        late = {n: f"{n}_i" for n in sorted(vary)}
        mapping = {sym(n): sym(m) for n, m in late.items()}
        still = {n for n, t in self.question.frozen.items() if str(t.value) in self.question.either}  # as shared as what they stand for
        renamed = {late.get(n, n): replace(s, name=late.get(n, n), indexed=s.indexed and n not in still) for n, s in table.items()}
        found = self._sought("order", comparer.normal, renamed, mapping)
        if found is None or not late:
            return found
        back = {m: n for n, m in late.items()}
        return replace(found, points=tuple({back.get(n, n): v for n, v in p.items()} for p in found.points))

    def _sought(
        self, says: str, normal: dict[str, Theorem], table: dict[str, Symbol], renamed: Mapping[Term, Term] = MappingProxyType({})
    ) -> Witness | None:
        """A witness that a relation fails, if the normal forms have values and python-flint is there."""
        terms = [theorem.right for _, theorem in sorted(normal.items())]
        if len(terms) < 2 or any(t.op in _DISTRIBUTIONS or t.op.startswith("dist:") for t in postorder(*terms)):
            return None
        a, b, *hypotheses = (substitute(t, renamed) for t in (*terms, *[p for p, _ in self.hypotheses]))
        try:
            from lossproof.interop.witness import find_difference, find_order

            return find_order(a, b, table, hypotheses) if says == "order" else find_difference(a, b, says, table, hypotheses)
        except (MissingSystemError, *_ILL_TYPED):
            return None

    # -- in words

    def _said(self, term: Term) -> str:
        return to_text(term, frozenset(n for n, s in self.question.symbols.items() if s.indexed))

    def _reason(self, comparer: Comparer) -> str:
        left = comparer.leftover
        moved = self._entropy(comparer)
        if moved:
            return moved
        if left.reversed:
            return "B is a negative multiple of A: the order is reversed"
        if left.equations:
            return "they relate only if " + " and ".join(f"{self._said(s)} = {self._said(v)}" for s, v in left.equations)
        if left.scale is not None and not comparer.prover.is_free(left.scale):
            return f"the factor between them, {self._said(left.scale)}, moves with the parameters"
        return self._why_not(comparer)

    def _why_not(self, comparer: Comparer) -> str:
        left = comparer.leftover
        if any(t.op == "KL" and t.args[0].op == "dist:empirical" for s in (self.question.a, self.question.b) for t in postorder(s.term)):
            return "the empirical distribution has atoms: for continuous data KL from it is infinite, whatever the parameters are"
        shown = [self._said(t) for t in left.only_a[:1]], [self._said(t) for t in left.only_b[:1]]
        for which, terms in zip(("A", "B"), shown, strict=True):
            if terms and len(terms[0]) <= 60:
                return f"{which} has the term {terms[0]}, which moves with the parameters, and the other has nothing like it"
        return ""

    def _entropy(self, comparer: Comparer) -> str:
        """Whether they differ by an entropy that moves."""
        q = self.question
        pairs = {t.args[0]: t.args[-1] for t in postorder(q.a.term, q.b.term) if t.op in ("CE", "KL")}
        if not pairs or "a" not in comparer.normal:
            return ""
        forms = comparer.kernel.algebra_forms
        a, b = comparer.normal["a"].right, comparer.normal["b"].right
        for p, variable in pairs.items():
            entropy = make("H", (p, variable))
            try:
                normal = comparer.normal_form(entropy, 1).right
            except KernelError:
                continue
            for one, two in ((a, b), (b, a)):
                if forms.same(one, make("add", (two, normal))) and not comparer.prover.is_free(normal):
                    return f"they differ by {self._said(entropy)}, which moves with the parameters"
        return ""

    def _apart(self) -> str:
        """Why A and B are not defined for the same parameters, or nothing: looked for at random points."""
        q = self.question
        moving = [n for n in q.learn if n in q.symbols]
        changed = [n for n in moving if q.declared.get(n) is not q.symbols[n].domain] + [n for p in self.missing for n in symbols(p) if n in moving]
        if not changed:
            return ""
        domains = {n: q.declared.get(n, s.domain) if n in moving else s.domain for n, s in q.symbols.items()}
        which = only_one_defined(q.a.term, q.b.term, domains, [p for p, _ in q.hypotheses], self.holds)
        if not which:
            return ""
        return f"they are not defined for the same values of {', '.join(dict.fromkeys(changed))}: {which} has a value where the other has none"
