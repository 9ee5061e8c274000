"""The pipeline: from an assumption to scale · loss + offset with a proof."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from lossproof.errors import InternalError, UnsupportedError
from lossproof.kernel import Kernel, KernelError, Theorem
from lossproof.model import Model, read_model
from lossproof.proof import Certifiable, Chain, Proof
from lossproof.rulebook import Loss, Rulebook
from lossproof.search.collect import Collected, Collector
from lossproof.search.dataset import Dataset, not_known
from lossproof.search.display import Display, product_of, scaled, tidy_sum
from lossproof.search.recognise import Recognised, Recogniser
from lossproof.search.rewrite import Rewriter
from lossproof.search.split import Splitter
from lossproof.tables import Ledger, LedgerRow, SymbolTable
from lossproof.terms import ZERO, Term, add, div, fn, mul, neg, postorder, symbols

if TYPE_CHECKING:
    import sympy
    from matplotlib.figure import Figure


REDUCTIONS: Final = ("mean", "sum", "none")


@dataclass(frozen=True, slots=True)
class Piece:
    """The -log of one factor of the joint density, as scale · loss + offset."""

    name: str
    left: Term
    lines: tuple[tuple[str, Theorem], ...]
    collected: Collected
    recognised: Recognised | None

    @property
    def nll(self) -> Term:
        """The factor's -log with every constant in place."""
        return _nll([self])


class Derivation(Certifiable):
    """What :func:`derive` returns; the terms are per sample unless said otherwise."""

    def __init__(self, model: Model, kernel: Kernel, book: Rulebook, reduction: str, parts: dict[str, Any]) -> None:
        self.model = model
        self.kernel = kernel
        self.book = book
        self.reduction = reduction
        self.nll: Term = parts["nll"]
        self.loss: Term = parts["loss"]
        self.scale: Term = parts["scale"]
        self.offset: Term = parts["offset"]
        self.data_loss: Term = parts["data_loss"]
        self.penalty: Term = parts["penalty"]
        #: Roles and domains by name.
        self.symbols = SymbolTable(kernel.symbols)
        #: The dropped terms of one sample.
        self.ledger = Ledger(parts["ledger"], self.symbols)
        self.theorem: Theorem = parts["theorem"]
        self.chains: tuple[Chain, ...] = parts["chains"]
        self.record: Loss | None = parts["record"]
        self.bindings: dict[str, Term] = parts["bindings"]
        self.name: str | None = parts["name"]
        self.blocked: tuple[tuple[str, Term], ...] = parts["blocked"]
        self.pieces: tuple[Piece, ...] = parts["pieces"]

    @property
    def proof(self) -> Proof:
        """The proof as data. (It is made when it is asked for: the two would hold each other in memory.)"""
        return Proof(self.chains, self)

    @property
    def objective(self) -> Term:
        """The canonical objective over the dataset, priors included."""
        return self.theorem.right

    @property
    def relation(self) -> str:
        """How the dataset NLL relates to the objective."""
        return self.theorem.relation

    @property
    def assumption(self) -> str:
        """The assumption as it was given."""
        return self.model.text

    def text(self, **options: Any) -> str:
        """The derivation for a terminal."""
        from lossproof.render.text import derivation_text

        return derivation_text(self, **options)

    def latex(self, **options: Any) -> str:
        """The derivation as a LaTeX fragment, or with ``standalone=True`` as a document."""
        from lossproof.render.latex import derivation_latex

        return derivation_latex(self, **options)

    def markdown(self, **options: Any) -> str:
        """The derivation as Markdown with mathematics."""
        from lossproof.render.markdown import derivation_markdown

        shown: str = derivation_markdown(self, **options)
        return shown

    def code(self, **options: Any) -> str:
        """The loss as code: ``target`` (numpy, torch, jax, sympy, latex), ``full`` for the NLL, ``reduction``, ``name``."""
        from lossproof.codegen.code import derivation_code

        return derivation_code(self, **options)

    def plot(self, **options: Any) -> Figure:
        """The picture of :func:`lossproof.plot`: density, NLL and loss, and the influence function."""
        from lossproof.render.pictures import plot

        return plot(self, **options)

    def html(self, **options: Any) -> str:
        """The derivation as one self-contained HTML page."""
        from lossproof.render.html import derivation_html

        return derivation_html(self, **options)

    def to_dict(self) -> dict[str, Any]:
        """The proof as the object of the schema ``lossproof/proof/1``."""
        from lossproof.render.json import proof_dict

        return proof_dict(self)

    def _repr_markdown_(self) -> str:
        return self.markdown()

    def __repr__(self) -> str:
        return f"<Derivation: {self.name or self.loss} from {self.assumption!r}>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Derivation) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def _key(self) -> tuple[object, ...]:
        return (self.assumption, self.reduction, self.loss, self.scale, self.offset, self.objective)

    def __reduce__(self) -> tuple[Any, ...]:
        return derive_model, (self.model, self.reduction)


def derive(
    assumption: str | sympy.Basic | None = None,
    *,
    density: str | Term | sympy.Basic | None = None,
    data: str | Iterable[str] = (),
    fixed: Iterable[Any] = (),
    where: str = "",
    free: Iterable[str] = (),
    fix: Iterable[str] = (),
    reduction: str | None = None,
    book: Rulebook | None = None,
) -> Derivation:
    """Derive the canonical loss of an assumption, with its proof.

    ``assumption`` is a text such as ``"y ~ N(ŷ, σ²) with σ fixed"``, a family's name, or a ``sympy.stats`` random
    variable; or give a ``density`` of your own with its ``data`` names. ``fixed`` names what is not learned,
    ``where`` adds conditions such as ``"s > 0"``. ``free`` and ``fix`` change the roles of an assumption.
    ``reduction`` is mean, sum or none. Raises a :class:`LossproofError` for input that cannot be used.
    """
    book = book or Rulebook.default()
    if density is not None or not isinstance(assumption, str):
        from lossproof.own import own_model

        model = own_model(assumption, density, data, fixed, where, book=book, free=free, fix=fix)
    else:
        model = read_model(assumption, book=book, free=free, fix=fix, fixed=fixed, where=where)
    return derive_model(model, reduction, book=book)


def derive_model(model: Model, reduction: str | None = None, *, book: Rulebook | None = None) -> Derivation:
    """Derive the canonical loss of a model that was read already."""
    book = book or Rulebook.default()
    return _Pipeline(model, book, reduction or ("sum" if model.priors else "mean")).run()


class _Pipeline:
    def __init__(self, model: Model, book: Rulebook, reduction: str) -> None:
        if reduction not in REDUCTIONS:
            raise UnsupportedError(f"there is no reduction {reduction}", nearest=REDUCTIONS)
        self.model = model
        self.book = book
        self.reduction = reduction
        self.kernel = Kernel(model.symbols, [p for p, _ in model.hypotheses], book.facts)
        self.display = Display(self.kernel.prover)
        self.rewriter = Rewriter(self.kernel, book, self.display)
        self.splitter = Splitter(self.rewriter, self.display)
        self.collector = Collector(self.display)
        self.recogniser = Recogniser(book, self.kernel.prover, self.display)

    def run(self) -> Derivation:
        factors = [fn("pdf", d, y) for y, d in self.model.likelihoods]
        if self.model.density is not None:
            factors.append(self.model.density)
        joint = mul(*factors)
        sample = self._piece("sample", joint, "loss", None)
        scale = sample.collected.scale
        priors = [self._piece(f"prior:{w.value}", fn("pdf", d, w), "penalty", scale) for w, d in self.model.priors]
        pieces = [sample, *priors]
        rows = tuple(self._row(t) for p in pieces for t in p.collected.ledger)
        offset = tidy_sum(r.term for r in rows)
        data_loss = sample.collected.loss
        penalties = [p.collected.loss for p in priors if p.collected.loss is not ZERO]  # a flat prior has none
        penalty = add(*penalties)
        loss = add(data_loss, *penalties)
        nll = _nll(pieces)
        chains = [Chain(p.name, self.kernel.chain([t for _, t in p.lines]), p.lines) for p in pieces]
        dataset = Dataset(self.rewriter, self.display, self.reduction, [p.collected.loss for p in pieces])
        indexed = [self.kernel.symbols[str(w.value)].indexed for w, _ in self.model.priors]
        main = dataset.prove(joint, chains[0].theorem, [(c, i) for c, i in zip(chains[1:], indexed, strict=True)], scale)
        record, bindings, name = self._named(sample, priors)
        return Derivation(self.model, self.kernel, self.book, self.reduction, {
            "nll": nll, "loss": loss, "scale": scale, "offset": offset, "data_loss": data_loss, "penalty": penalty,
            "ledger": rows, "theorem": main.theorem, "chains": (*chains, dataset.preamble(main.theorem.left), main), "record": record, "bindings": bindings,
            "name": name, "blocked": tuple(self.rewriter.blocked), "pieces": tuple(pieces),
        })  # fmt: skip

    # -- one factor of the joint density

    def _piece(self, name: str, density: Term, kind: str, scale: Term | None) -> Piece:
        kernel = self.kernel
        left = neg(fn("log", density))
        lines: list[tuple[str, Theorem]] = []
        current = left

        def line(label: str, theorems: list[Theorem]) -> None:
            nonlocal current
            if theorems:
                theorem = kernel.chain(theorems)
                lines.append((label, theorem))
                current = theorem.right

        unfolded = self.rewriter.unfold(current)
        end = unfolded[-1].right if unfolded else current
        line("density", unfolded + self.rewriter.tidy(end))
        self._refuse_folded(current)
        for _ in range(12):
            passes = self.splitter.split(current)
            for theorem in passes:
                line("logarithms", [theorem])
            tidied = self.rewriter.tidy(current)
            line("tidy", tidied)
            if not tidied:
                break
        collected, recognised = self._collect(current, kind, scale)
        if not collected.terms and scale is None:
            raise UnsupportedError("the objective does not depend on the parameters")
        whole = [scaled(collected.scale, collected.loss)] if collected.loss is not ZERO else []
        target = add(*whole, *collected.ledger)
        try:
            line("collect", [kernel.algebra(current, target)] if current is not target else [])
        except KernelError as error:
            raise self._stuck(error) from None
        signed = self.splitter.sign(current)
        if not signed.is_trivial:
            line("tidy", [signed])
            collected = collected.mapped(lambda t: self.splitter.sign(t).right)
        if not lines:
            lines.append(("collect", kernel.reflexivity(current)))
        return Piece(name, left, tuple(lines), collected, recognised)

    def _refuse_folded(self, term: Term) -> None:
        """Raise UnsupportedError for a density or distribution function that no record unfolds."""
        for t in postorder(term):
            if t.op in ("pdf", "cdf", "cdf_below"):
                name = self.book.distribution(t.args[0].op[5:]).title if t.args[0].op.startswith("dist:") else "it"
                conditions = [c for r, c in self.rewriter.blocked if r.startswith(f"{t.op}-")]
                if conditions:
                    raise not_known(conditions[-1])
                raise UnsupportedError(f"{name} has no distribution function in its record, or none for these arguments")

    def _stuck(self, error: KernelError) -> Exception:
        condition = getattr(error, "condition", None)
        if condition is None:
            return InternalError(f"a term could not be collected: {error}")
        return not_known(condition)

    def _collect(self, current: Term, kind: str, scale: Term | None) -> tuple[Collected, Recognised | None]:
        collected = self.collector.collect(current)
        recognised = self.recogniser.recognise(collected.loss, kind)
        if recognised is None and self.display.held_back:
            further = Collector(Display(self.kernel.prover, full=True)).collect(current)
            if len(further.ledger) > len(collected.ledger):
                collected = further
        q, bases = self.display.product(collected.scale)
        loss = collected.loss
        if recognised is not None:  # the loss exactly as its record writes it; the scale takes the factor
            q, loss = q * recognised.factor, recognised.formula
        if scale is None or not collected.terms:
            return Collected(scale if scale is not None else product_of(q, bases), loss, collected.terms, collected.ledger), recognised
        weight, own = self.display.product(div(product_of(q, bases), scale))
        return Collected(scale, scaled(product_of(weight, own), loss), collected.terms, collected.ledger), recognised

    def _row(self, term: Term) -> LedgerRow:
        why = self.kernel.prover.prove(fn("free", term))
        if why is None:
            raise InternalError("a ledger row is not free of the parameters")
        fixed = tuple(n for n in sorted(symbols(term)) if self.kernel.symbols[n].role == "fixed")
        return LedgerRow(term, why, fixed)

    def _named(self, sample: Piece, priors: list[Piece]) -> tuple[Loss | None, dict[str, Term], str | None]:
        found = sample.recognised
        if found is None:
            return None, {}, None
        priors = [p for p in priors if p.collected.terms]  # a flat prior adds nothing
        if not priors:
            return found.loss, found.bindings, found.loss.name
        penalties = [p.recognised.loss.id if p.recognised else None for p in priors]
        for record in self.book.losses.values():
            if record.kind == "composite" and record.data == found.loss.id and set(record.penalties) == set(penalties):
                return record, found.bindings, record.name
        if None in penalties:
            return None, {}, None
        names = [self.book.losses[str(p)].name for p in dict.fromkeys(penalties)]
        return None, found.bindings, " + ".join([found.loss.name, *names])


def _nll(pieces: Iterable[Piece]) -> Term:
    """The -log of some factors of the joint density together."""
    return tidy_sum(t for p in pieces for t in (*p.collected.terms, *p.collected.ledger))
