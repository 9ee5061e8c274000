"""From a loss back to the assumptions that lead to it, found by deriving them all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lossproof.derivation import Derivation, derive
from lossproof.domains import REALS
from lossproof.errors import LossproofError
from lossproof.rulebook import Loss, Rulebook
from lossproof.syntax import parse_assumption


@dataclass(frozen=True, slots=True)
class Source:
    """An assumption that leads to a loss; ``changes`` are pairs of another choice of what is learned and the loss of it."""

    assumption: str
    derivation: Derivation
    changes: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Family:
    """A default assumption taken apart, so that other roles, links and priors can be put in."""

    body: str
    data: tuple[str, ...]
    where: str
    learned: tuple[str, ...]
    fixed: tuple[str, ...]

    def text(self, fixed: tuple[str, ...], extra: str = "", more: tuple[str, ...] = ()) -> str:
        """The assumption with these names fixed and these statements added."""
        roles = [f"{', '.join(self.data)} data"] if self.data else []
        roles += [f"{', '.join((*fixed, *more))} fixed"] if fixed or more else []
        return f"{self.body}{extra}{' with ' + ', '.join(roles) if roles else ''}{self.where}"


class Backwards:
    """Derives the assumptions of a rulebook and remembers what they lead to."""

    def __init__(self, book: Rulebook) -> None:
        self.book = book
        self.known: dict[str, Derivation | None] = {}

    def derived(self, assumption: str) -> Derivation | None:
        """The derivation of an assumption, or None if there is none."""
        if assumption not in self.known:
            try:
                self.known[assumption] = derive(assumption, book=self.book)
            except LossproofError:
                self.known[assumption] = None
        return self.known[assumption]

    def sources(self, loss: Loss) -> list[Source]:
        """Every assumption of the rulebook that leads to a loss, a penalty or a composite."""
        if loss.kind != "loss":
            return self._with_priors(loss)
        found: list[Source] = []
        for family in self.families():
            for assumption, fixed, extra in self._assumptions(family):
                derivation = self.derived(assumption)
                if derivation is not None and derivation.record is loss:
                    found.append(Source(assumption, derivation, tuple(self._changes(family, fixed, extra, loss))))
        return found

    def families(self) -> Iterator[Family]:
        """Every family whose record has a default assumption without priors, in the order of ids."""
        for id in self.book.distribution_ids:
            default = self.book.distribution(id).default
            derivation = self.derived(default) if default is not None else None
            if default is not None and derivation is not None and not derivation.model.priors:
                yield taken_apart(default, derivation)

    def _assumptions(self, family: Family) -> Iterator[tuple[str, tuple[str, ...], str]]:
        """The family's assumptions: its own roles, each name learned alone, all learned, and each link."""
        names = (*family.learned, *family.fixed)
        choices = [family.fixed, *[tuple(n for n in names if n != one) for one in names], ()]
        for fixed in dict.fromkeys(choices):
            yield family.text(fixed), fixed, ""
        own = self.derived(family.text(family.fixed))
        if own is None or "=" in family.body:
            return
        for name in family.learned:
            for link in self.book.links.values():
                if link.target_domain is own.symbols[name].domain and link.target_domain is not REALS:
                    extra = f", {name} = {link.record['formula']}"
                    yield family.text(family.fixed, extra), family.fixed, extra

    def _changes(self, family: Family, fixed: tuple[str, ...], extra: str, loss: Loss) -> Iterator[tuple[str, str]]:
        """What the loss is if one of the fixed names is learned as well."""
        for name in fixed:
            other = self.derived(family.text(tuple(n for n in fixed if n != name), extra))
            if other is not None and other.record is not loss:
                yield f"{name} learned as well", other.name or "a loss without a name"

    # -- penalties

    def _with_priors(self, loss: Loss) -> list[Source]:
        """Linear predictors with each prior: those that lead to a penalty, or to a loss with penalties."""
        likelihoods = [f for f in self.families() if self._has_data_loss(f, loss)]
        found: list[Source] = []
        for id in self.book.distribution_ids:
            default = self.book.distribution(id).default
            derivation = self.derived(default) if default is not None else None
            if default is not None and derivation is not None and derivation.model.priors and _leads(derivation, loss):
                found.append(Source(default, derivation, ()))
        for family in likelihoods:
            for prior, fixed in self._priors():
                extra = f", {family.learned[0]} = w*x, w ~ {prior}"
                assumption = family.text(family.fixed, extra, ("x", *fixed))
                derivation = self.derived(assumption)
                if derivation is not None and _leads(derivation, loss):
                    found.append(Source(assumption, derivation, ()))
        return found

    def _has_data_loss(self, family: Family, loss: Loss) -> bool:
        derivation = self.derived(family.text(family.fixed))
        if derivation is None or derivation.record is None or len(family.learned) != 1:
            return False
        wanted = loss.data if loss.kind == "composite" else "squared-error"
        return derivation.record.id == wanted

    def _priors(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Distributions about 0, as a prior's text and the names in it, told apart from those of the likelihood."""
        for family in self.families():
            if "yhat" in family.learned and len(family.learned) == 1 and "=" not in family.body:
                prior = _renamed(family.body.partition("~")[2].strip().replace("yhat", "0"), family.fixed)
                yield prior, tuple(f"{n}_0" for n in family.fixed)


def _renamed(text: str, names: tuple[str, ...]) -> str:
    import re

    for name in names:
        text = re.sub(rf"\b{name}\b", f"{name}_0", text)
    return text


def _leads(derivation: Derivation, loss: Loss) -> bool:
    if derivation.record is loss:
        return True
    if loss.kind == "composite":
        return False
    if derivation.record is not None:
        return derivation.record.penalties == (loss.id,)
    return (derivation.name or "").endswith(f" + {loss.name}")


def taken_apart(default: str, derivation: Derivation) -> Family:
    """A default assumption as its statements, data, conditions and names by role."""
    source = parse_assumption(default)
    body, _, where = default.partition(" where ")
    body = body.partition(" with ")[0]
    data = tuple(r.name for r in source.roles if r.role == "data")
    fixed = tuple(r.name for r in source.roles if r.role == "fixed")
    learned = tuple(n for n, s in derivation.symbols.items() if s.role == "parameter")
    return Family(body, data, f" where {where}" if where else "", learned, fixed)


__all__ = ["Backwards", "Family", "Source", "taken_apart"]
