"""From a loss back to the assumptions that lead to it, found by deriving them all."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

from lossproof.derivation import Derivation, derive
from lossproof.domains import REALS
from lossproof.errors import LossproofError
from lossproof.rulebook import Loss, Rulebook
from lossproof.syntax import FUNCTIONS, parse_assumption
from lossproof.syntax.assumption import Define

_FEW = 3


@dataclass(frozen=True, slots=True)
class Source:
    """An assumption that leads to a loss; ``changes`` are pairs of a name to be learned as well and the loss of that."""

    assumption: str
    derivation: Derivation
    changes: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Family:
    """A default assumption taken apart, so that other roles, links and priors can be put in."""

    body: str
    where: str
    learned: tuple[str, ...]
    fixed: tuple[str, ...]
    is_linked: bool = False  # it has definitions of its own, such as p = sigmoid(z)

    def text(self, fixed: tuple[str, ...], extra: str = "") -> str:
        """The assumption with these names fixed and these statements added."""
        return f"{self.body}{extra}{' with ' + ', '.join(fixed) + ' fixed' if fixed else ''}{self.where}"

    @property
    def distribution(self) -> str:
        """What stands on the right of the first ~."""
        return self.body.partition("~")[2].strip()


#: An assumption's text, the family it is a form of, the names that are fixed and the statements that are added.
Form = tuple[str, Family, tuple[str, ...], str]


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
        found: dict[str, Source] = {}
        for assumption, family, fixed, extra in self.forms(
            weighted=not {"free", "indicator"}.isdisjoint(loss.variables.values())
        ):
            derivation = self.derived(assumption)
            if derivation is not None and derivation.record is loss and assumption not in found:
                found[assumption] = Source(assumption, derivation, tuple(self._changes(family, fixed, extra, loss)))
        return list(found.values())

    def families(self) -> Iterator[Family]:
        """Every family with a default assumption without priors, in the order of ids; also without its link."""
        for id in self.book.distribution_ids:
            record = self.book.distribution(id)
            if record.default is None or record.default.count("~") > 1:
                continue
            for text in dict.fromkeys([record.default, _without_links(record.default)]):
                derivation = self.derived(text)
                if derivation is not None:
                    yield taken_apart(text, derivation)

    def forms(self, *, weighted: bool) -> Iterator[Form]:
        """The families with their own roles, every other choice of roles, each link, and per-sample weights."""
        for family in self.families():
            for fixed in dict.fromkeys([family.fixed, *_choices((*family.learned, *family.fixed))]):
                yield family.text(fixed), family, fixed, ""
            yield from self._linked(family)
            if weighted:
                yield from self._weighted(family)
        yield from self._signatures()

    def _signatures(self) -> Iterator[Form]:
        """Other parametrisations that have a name of their own, all learned: N(mean, var)."""
        for id in self.book.distribution_ids:
            record = self.book.distribution(id)
            for name, signature in record.signatures.items():
                text = f"y ~ {name}({', '.join(signature)})"
                derivation = self.derived(text) if signature != record.takes else None
                if derivation is not None:
                    yield text, taken_apart(text, derivation), (), ""

    def _linked(self, family: Family) -> Iterator[Form]:
        own = self.derived(family.text(family.fixed))
        if own is None or family.is_linked:
            return
        for name in family.learned:
            for link in self.book.links.values():
                if link.target_domain is own.symbols[name].domain and link.target_domain is not REALS:
                    formula = f"{link.function}(z)" if link.function in FUNCTIONS else link.record["formula"]
                    extra = f", {name} = {formula}"
                    yield family.text(family.fixed, extra), family, family.fixed, extra

    def _weighted(self, family: Family) -> Iterator[Form]:
        """Scales that differ from sample to sample, and the combinators that are no densities: weights, censoring."""
        for name in family.fixed:
            other = Family(_renamed(family.body, name, f"{name}_i"), family.where, family.learned, family.fixed)
            fixed = tuple(f"{n}_i" if n == name else n for n in family.fixed)
            yield other.text(fixed), other, fixed, ""
        for id in self.book.distribution_ids:
            record = self.book.distribution(id)
            if record.is_combinator and not record.is_normalised and len(record.takes) == 2:
                weight = f"{record.takes[1]}_i"
                body = family.body.replace(
                    family.distribution, f"{record.names[0]}({family.distribution}, {weight})", 1
                )
                if not family.is_linked:
                    other = Family(body, family.where, family.learned, (*family.fixed, weight))
                    yield other.text(other.fixed), other, other.fixed, ""

    def _changes(self, family: Family, fixed: tuple[str, ...], extra: str, loss: Loss) -> Iterator[tuple[str, str]]:
        """What the loss is if one of the fixed names is learned as well."""
        for name in fixed:
            other = self.derived(family.text(tuple(n for n in fixed if n != name), extra))
            if other is not None and other.record is not loss:
                yield name, other.name or "a loss without a name"

    # -- penalties

    def _with_priors(self, loss: Loss) -> list[Source]:
        """Linear predictors with each prior: those that lead to a penalty, or to a loss with penalties."""
        found: list[Source] = []
        for assumption in self._assumptions_with_priors(loss):
            derivation = self.derived(assumption)
            if derivation is not None and _leads(derivation, loss):
                found.append(Source(assumption, derivation, ()))
        return found

    def _assumptions_with_priors(self, loss: Loss) -> Iterator[str]:
        for id in self.book.distribution_ids:
            default = self.book.distribution(id).default
            if default is not None and default.count("~") > 1:
                yield default
        wanted = loss.data if loss.kind == "composite" else "squared-error"
        for family in self.families():
            derivation = self.derived(family.text(family.fixed))
            if (
                derivation is None
                or derivation.record is None
                or derivation.record.id != wanted
                or len(family.learned) != 1
            ):
                continue
            shape = derivation.symbols[family.learned[0]].shape
            for prior, fixed in self._priors():
                if shape == "scalar":
                    extra = f", {family.learned[0]} = w*x, w ~ {prior}"
                    yield family.text((*family.fixed, *fixed), extra)

    def _priors(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Priors of defaults, and distributions about 0, with the names in them told apart from those of the likelihood."""
        for id in self.book.distribution_ids:
            default = self.book.distribution(id).default
            if default is not None and default.count("~") > 1:
                prior = default.partition("w ~")[2].partition(" with ")[0].strip()
                yield (
                    prior,
                    tuple(r.name for r in parse_assumption(default).roles if re.search(rf"\b{r.name}\b", prior)),
                )
        for family in self.families():
            if family.learned == ("yhat",) and not family.is_linked:
                prior = _renamed(family.distribution, "yhat", "0")
                for name in family.fixed:
                    prior = _renamed(prior, name, f"{name}_0")
                yield prior, tuple(f"{n}_0" for n in family.fixed)


def _choices(names: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """What may be fixed: for up to three names any choice that leaves one learned, else all but one, or none."""
    if len(names) <= _FEW:
        for k in range(len(names) - 1, -1, -1):
            yield from combinations(names, k)
        return
    yield from (tuple(n for n in names if n != one) for one in names)
    yield ()


def _renamed(text: str, name: str, new: str) -> str:
    return re.sub(rf"\b{name}\b", new, text)


def _without_links(default: str) -> str:
    """A default assumption without its definitions: Bernoulli(p) without p = sigmoid(z)."""
    source = parse_assumption(default)
    first = next((s for s in source.statements if isinstance(s, Define)), None)
    if first is None:
        return default
    roles = default.partition(" with ")[2]
    return default[: first.span[0]].rstrip().removesuffix(",") + (f" with {roles}" if roles else "")


def _leads(derivation: Derivation, loss: Loss) -> bool:
    if derivation.record is loss:
        return True
    if loss.kind == "composite":
        return False
    if derivation.record is not None:
        return derivation.record.penalties == (loss.id,)
    return (derivation.name or "").endswith(f" + {loss.name}")


def taken_apart(default: str, derivation: Derivation) -> Family:
    """A default assumption as its statements, conditions and names by role."""
    source = parse_assumption(default)
    body, _, where = default.partition(" where ")
    fixed = tuple(r.name for r in source.roles if r.role == "fixed")
    learned = tuple(n for n, s in derivation.symbols.items() if s.role == "parameter")
    is_linked = any(isinstance(s, Define) for s in source.statements)
    return Family(body.partition(" with ")[0], f" where {where}" if where else "", learned, fixed, is_linked)
