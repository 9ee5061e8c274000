"""What a picture of a derivation runs over: the residual where the NLL depends on y - ŷ alone, else one parameter."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from lossproof.errors import ShapeError, UnknownNameError, UnsupportedError
from lossproof.facts import Algebra
from lossproof.render.words import pretty_assumption
from lossproof.syntax import canonical, pretty
from lossproof.terms import ZERO, Term, add, make, mul, neg, num, postorder, rebuild, sub, substitute, sym, symbols

if TYPE_CHECKING:
    from lossproof.derivation import Derivation

_COMPARISONS: Final = frozenset({"lt", "le", "gt", "ge", "eq", "ne"})
_WHOLE: Final = frozenset({"naturals", "integers"})
_ALONE: Final = "a picture has one axis for the data and one for what is learned"


@dataclass(frozen=True, slots=True)
class View:
    """A derivation as functions of one variable.

    ``moving`` is that variable, a symbol. For a residual it is y - ``prediction``, and the terms no longer contain y;
    for a parameter it is that parameter, and ``prediction`` is None. ``kept`` is scale · loss: nll = kept + offset.
    """

    derivation: Derivation
    variate: str
    moving: str
    prediction: Term | None
    nll: Term
    kept: Term
    offset: Term

    @property
    def is_residual(self) -> bool:
        """Whether the picture runs over a residual."""
        return self.prediction is not None

    @property
    def is_joint(self) -> bool:
        """Whether a prior stands in the NLL."""
        return bool(self.derivation.model.priors)

    @property
    def is_density(self) -> bool:
        """Whether exp(-NLL) is a density or a mass of the data: no prior, and no record that says otherwise."""
        d = self.derivation
        if d.model.density is not None or self.is_joint:
            return not self.is_joint
        ids = (t.op[5:] for _, law in d.model.likelihoods for t in postorder(law) if t.op.startswith("dist:"))
        return all(d.book.distribution(id).is_normalised for id in ids)

    @property
    def members(self) -> tuple[Term, ...]:
        """The values that the data may have, where they are few."""
        where = self.derivation.symbols[self.variate].domain
        if where.op == "set":
            return where.args
        if where.op == "categories" and where.args[0].op == "num":
            return tuple(num(k) for k in range(1, int(where.args[0].value or 0) + 1))
        return ()

    @property
    def is_discrete(self) -> bool:
        """Whether the data are whole numbers, or of a finite set."""
        return bool(self.members) or str(self.derivation.symbols[self.variate].domain.value) in _WHOLE

    @property
    def others(self) -> list[str]:
        """The symbols that need a value, beside the variable and, for a parameter, the data; in a fixed order."""
        found = symbols(self.nll, self.kept, self.offset) - {self.moving, *(() if self.is_residual else (self.variate,))}
        return sorted(found)

    @property
    def axis(self) -> str:
        """The variable in words: ``y - ŷ``, or the parameter's name."""
        return str(sub(sym(self.variate), self.prediction)) if self.prediction is not None else pretty(self.moving)

    @property
    def title(self) -> str:
        """The assumption as it is written on paper."""
        return pretty_assumption(self.derivation.assumption)


def view_of(d: Derivation, along: str | None = None) -> View:
    """The view of a derivation: over the residual if there is one, else over the first parameter; ``along`` names another.

    Raises ShapeError for vectors and matrices, UnsupportedError for a parameter that is no real number, and
    UnknownNameError for an ``along`` that is not learned.
    """
    _check_scalars(d)
    variate = _variate(d)
    learned = _learned(d)
    if along is not None:
        along = canonical(along)
        if along not in learned:
            raise UnknownNameError(f"{pretty(along)} is not learned in {pretty_assumption(d.assumption)}", nearest=list(map(pretty, learned)))
    if not d.model.priors:
        view = _residual(d, variate, learned)
        if view is not None and (along is None or view.prediction is sym(along)):
            return view
    moving = along or learned[0]
    if str(d.symbols[moving].domain.value) in _WHOLE or d.symbols[moving].domain.op != "domain":
        others = [pretty(n) for n in learned if n != moving]
        raise UnsupportedError(
            f"{pretty(moving)} is a whole number in {pretty_assumption(d.assumption)}: there is no derivative in it to draw",
            hint=f"--along {others[0]}" if others else None,
        )
    return View(d, variate, moving, None, d.nll, mul(d.scale, d.loss), d.offset)


def _check_scalars(d: Derivation) -> None:
    for name in sorted(symbols(d.nll)):
        shape = d.symbols[name].shape
        if shape != "scalar":
            what = "matrix" if " x " in shape else "vector"
            raise ShapeError(
                f"{pretty(name)} is a {what} in {pretty_assumption(d.assumption)}: {_ALONE}",
                hint="the same assumption for one number, such as y ~ Normal(mu, sigma)",
            )


def _variate(d: Derivation) -> str:
    """The data that the axis shows: the first likelihood's, or of a density of one's own the first that it contains."""
    if d.model.likelihoods:
        return str(d.model.likelihoods[0][0].value)
    return next(str(t.value) for t in postorder(d.nll) if t.op == "sym" and d.symbols[str(t.value)].role == "data")


def _learned(d: Derivation) -> list[str]:
    """The parameters in the order in which the assumption has them, those of the data's distribution first."""
    laws = [t for _, law in d.model.likelihoods for t in postorder(law)]
    found = [str(t.value) for t in [*laws, *postorder(d.nll)] if t.op == "sym"]
    return [n for n in dict.fromkeys(found) if d.symbols[n].role == "parameter" and n in symbols(d.nll)]


# -- the residual


def _residual(d: Derivation, variate: str, learned: Iterable[str]) -> View | None:
    """The view over y - prediction, if the NLL is a function of that difference: the one that leaves fewest parameters."""
    candidates = dict.fromkeys([*map(sym, learned), *_predictions(d.nll, sym(variate))])
    found = [v for p in candidates if (v := _over(d, variate, p, set(learned))) is not None]
    return min(found, key=lambda v: len(symbols(v.nll) & set(learned)), default=None)


def _over(d: Derivation, variate: str, prediction: Term, learned: set[str]) -> View | None:
    """The view over y - prediction, or None if the NLL or the loss is no function of it."""
    y, name = sym(variate), "r"
    while name in d.symbols:
        name += "_"
    r, moved, algebra = sym(name), symbols(prediction) & learned, Algebra()
    gone = {*moved, variate}
    if not moved or y in postorder(prediction) or symbols(_shifted(d.nll, y, r, prediction, algebra)) & gone:
        return None
    terms = (d.nll, mul(d.scale, d.loss), d.offset)
    if prediction.op == "sym":  # at y = 0, where the prediction is -r
        at_zero = {y: ZERO, prediction: neg(r)}
        nll, kept, offset = (substitute(t, at_zero) for t in terms)
    else:
        nll, kept, offset = (_shifted(t, y, r, prediction, algebra) for t in terms)
        if symbols(nll, kept, offset) & gone:
            return None
    return View(d, variate, name, prediction, nll, kept, offset)


def _predictions(nll: Term, y: Term) -> list[Term]:
    """What is subtracted from y, or what y is subtracted from, somewhere in a term."""
    found: dict[Term, None] = {}
    for t in postorder(nll):
        if t.op != "add":
            continue
        for i, a in enumerate(t.args):
            rest = [*t.args[:i], *t.args[i + 1 :]]
            if a is y:
                found[_sum([_negated(b) for b in rest])] = None
            elif a is neg(y):
                found[_sum(rest)] = None
    return sorted(found, key=lambda t: len(postorder(t)))


def _sum(terms: list[Term]) -> Term:
    return terms[0] if len(terms) == 1 else add(*terms)


def _negated(t: Term) -> Term:
    return t.args[0] if t.op == "neg" else neg(t)


def _shifted(t: Term, y: Term, r: Term, prediction: Term, algebra: Algebra) -> Term:
    """A term at y = prediction + r, in the normal form in which what cancels is gone."""

    def compared(t: Term) -> Term:
        return make(t.op, (sub(*t.args), ZERO)) if t.op in _COMPARISONS and t.args[1] is not ZERO else t

    return algebra.canonical(rebuild(substitute(t, {y: add(prediction, r)}), compared))
