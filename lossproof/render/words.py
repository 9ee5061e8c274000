"""What every rendering says in words: the assumption, the lines of the proof on paper, the result and its limits.

Words are tuples of text and terms, so that each rendering prints the terms in its own way.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Final

from lossproof.terms import ZERO, Term, contains, fn, postorder, sym, symbols

if TYPE_CHECKING:
    from lossproof.comparison import Verdict
    from lossproof.derivation import Derivation
    from lossproof.tables import Ledger, LedgerRow

#: A piece of prose: text, and terms that the rendering prints as formulas.
Words = tuple["str | Term", ...]

RELATION_SIGNS: Final = {"equal": "=", "up-to-constant": "≐", "up-to-scale": "≃", "same-order": "≅"}
RELATION_WORDS: Final = {
    "equal": "equal",
    "up-to-constant": "equal up to a constant that is free of the parameters",
    "up-to-scale": "equal up to a positive scale and a constant, both free of the parameters",
    "same-order": "a strictly increasing function of the other: the same minimisers",
}
#: What is said of a term by a proposition that is no formula.
SAID: Final = {"free": "is free of the parameters", "shared": "is the same for all samples"}
#: What is said of a parameter that may be anything, and of the one that is named in a result.
ANY_MODEL: Final = "any model f_θ(x), or one value for all samples"
MODEL: Final = " = f_θ(x)"
_WORD: Final = re.compile(r"[A-Za-z]\w*(?!\w*\()")
_POWER: Final = re.compile(r"\^(\d+)(?![\d.])")
_RAISED: Final = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
#: As many parameters are called by their names.
_NAMED: Final = 6


def spoken(words: Iterable[Any], show: Callable[[Any], str], plain: Callable[[str], str] = str) -> str:
    """Words as one string: ``show`` prints the terms and ``plain`` the text (which LaTeX has to escape)."""
    return "".join(plain(w) if isinstance(w, str) else show(w) for w in words)


def listed(items: Iterable[Words], last: str = " and ") -> Words:
    """a, b and c."""
    found = list(items)
    words: list[str | Term] = []
    for i, item in enumerate(found):
        if i:
            words.append(last if i == len(found) - 1 else ", ")
        words.extend(item)
    return tuple(words)


def varying(d: Derivation | Verdict) -> frozenset[str]:
    """The names that change from sample to sample."""
    return frozenset(n for n, s in d.symbols.items() if s.indexed)


# -- the assumption


def pretty_assumption(text: str) -> str:
    """An assumption in ASCII as it is written on paper: ``y ~ N(ŷ, σ²) with σ fixed``."""
    from lossproof.syntax import pretty

    shown = _WORD.sub(lambda found: pretty(found.group()), text)
    return _POWER.sub(lambda found: found.group(1).translate(_RAISED), shown)


def domain_in_words(where: Term) -> Words:
    """A domain, said of a symbol: ``positive``, ``0 or 1``, ``a vector of D real numbers``."""
    if where.op == "domain":
        return (_DOMAINS.get(str(where.value), str(where.value)),)
    if where.op == "set":
        return listed([(a,) for a in where.args], " or ")
    said = _WITH_SIZE.get(where.op)
    if said is None:
        return ("in ", where)
    if where.op == "power_domain":
        return ("a vector of ", where.args[-1], f" {_OF_MANY.get(str(where.args[0].value), 'values')}")
    return tuple(where.args[-1] if part == "K" else part for part in said)


_DOMAINS: Final = {
    "reals": "real",
    "positive": "positive",
    "nonnegative": "non-negative",
    "unit": "between 0 and 1",
    "unit_closed": "from 0 to 1",
    "integers": "an integer",
    "naturals": "a whole number 0, 1, 2, ...",
}
_OF_MANY: Final = {
    "reals": "real numbers", "positive": "positive numbers", "nonnegative": "non-negative numbers", "integers": "integers",
    "unit": "numbers between 0 and 1", "unit_closed": "numbers from 0 to 1", "naturals": "whole numbers",
}  # fmt: skip
_WITH_SIZE: Final[dict[str, tuple[str, ...]]] = {
    "categories": ("a class 1, ..., ", "K"),
    "onehot": ("a one-hot vector over ", "K", " classes"),
    "counts": ("counts of ", "K", " classes"),
    "simplex": ("probabilities of ", "K", " classes"),
    "power_domain": ("a vector of ", "K", " values"),
    "posdef": ("a positive definite ", "K", " × ", "K", " matrix"),
}


def distribution_records(d: Derivation) -> list[str]:
    """The ids of the distributions of an assumption, in the order in which they stand in it."""
    return _records_in(t for _, t in (*d.model.likelihoods, *d.model.priors))


def _records_in(distributions: Iterable[Term]) -> list[str]:
    found: dict[str, None] = {}
    for distribution in distributions:
        for t in reversed(postorder(distribution)):
            if t.op.startswith("dist:"):
                found[t.op[5:]] = None
    return list(found)


def assumption_in_words(d: Derivation) -> list[tuple[str, Words]]:
    """The assumption as rows of a label and words: data, learned, fixed, where, convention, note."""
    rows: list[tuple[str, Words]] = [("model", _model_words(d))]
    notes: list[tuple[str, Words]] = []
    priors = {str(v.value) for v, _ in d.model.priors}
    sizes = dimensions(d)
    for label, role in (("data", "data"), ("learned", "parameter"), ("fixed", "fixed")):
        groups: dict[Words, list[Words]] = {}
        for name in in_order(d, role):
            groups.setdefault(_symbol_words(d, name, name in priors, name in sizes), []).append((sym(name),))
        rows += [(label, (*listed(names), ", ", *words)) for words, names in groups.items()]
    rows += [("definition", (sym(n), " = ", t)) for n, t in d.model.definitions]
    rows += [("prior", (v, " ~ ", t)) for v, t in d.model.priors]
    rows += [(origin, (as_written(p),)) for origin, p in _hypotheses(d)]
    for id in distribution_records(d):
        record = d.book.distribution(id)
        rows.append(("convention", (record.convention or record.title,)))
        if record.notes:
            notes.append(("note", (record.notes,)))
    return [*rows, *notes, *[("note", (_sentence(note),)) for note in d.model.notes]]


def _sentence(text: str) -> str:
    return text if text.endswith(".") else f"{text}."


def _model_words(d: Derivation) -> Words:
    if d.model.density is not None:
        return ("a density of your own; n independent samples",)
    titles = dict.fromkeys(d.book.distribution(id).title for id in _records_in(t for _, t in d.model.likelihoods))
    return (f"{' of '.join(titles)}; n independent samples",)


def _hypotheses(d: Derivation) -> list[tuple[str, Term]]:
    """What is assumed of symbols; that a dimension is at least 1 goes without saying."""
    labels = {"where": "where", "support": "support", "domain": "where"}
    sizes = dimensions(d)
    return [(labels.get(origin, origin), p) for p, origin in d.model.hypotheses if not symbols(p) or symbols(p) - sizes]


def dimensions(d: Derivation | Verdict | Ledger) -> set[str]:
    """The names that are sizes of vectors or numbers of classes."""
    found: set[str] = set()
    for symbol in d.symbols.values():
        found |= symbols(symbol.domain)
    return {n for n in found if n in d.symbols and d.symbols[n].role == "fixed"}


def as_written(proposition: Term) -> Term:
    """A proposition ``a - b > 0`` as ``a > b``."""
    if (
        proposition.op not in ("gt", "ge", "eq", "ne")
        or proposition.args[1] is not ZERO
        or proposition.args[0].op != "add"
    ):
        return proposition
    a, b, *more = proposition.args[0].args
    if more or b.op != "neg":
        return proposition
    if not symbols(a):
        return fn({"gt": "lt", "ge": "le"}.get(proposition.op, proposition.op), b.args[0], a)
    return fn(proposition.op, a, b.args[0])


def in_order(d: Derivation, role: str) -> list[str]:
    """Names of a role in the order in which they occur in the assumption."""
    pairs = [t for v, t in (*d.model.likelihoods, *d.model.priors) for t in (v, t)]
    roots = pairs if d.model.density is None else [*pairs, d.model.density]
    order = [str(t.value) for t in postorder(*roots) if t.op == "sym"]
    names = dict.fromkeys([*order, *d.symbols])
    return [n for n in names if n in d.symbols and d.symbols[n].role == role]


def _symbol_words(d: Derivation, name: str, prior: bool, dimension: bool) -> Words:
    symbol = d.symbols[name]
    if dimension:
        return ("a dimension",)
    words = domain_in_words(symbol.domain)
    if symbol.role == "parameter" and symbol.indexed and not name.endswith("_i"):
        return (*words, f"; {ANY_MODEL}")
    if symbol.role == "parameter" and prior and not symbol.indexed:
        return (*words, "; one value for all samples")
    if symbol.role == "fixed" and symbol.indexed:
        return (*words, "; given for each sample")
    return words


# -- the result


def objective_name(d: Derivation) -> str | None:
    """The name of the loss over the dataset: ``mean squared error``."""
    if d.name is None:
        return None
    if d.record is not None:
        said = d.record.over_data.get(d.reduction)
        if said and not d.model.priors:
            return said
    if d.reduction == "mean" and not d.model.priors:
        return f"mean {d.name}"
    return d.name


def result_sentence(d: Derivation) -> Words:
    """What the theorem means for whoever fits the model."""
    names = in_order(d, "parameter")
    few = len(names) <= _NAMED
    learned = listed([(sym(n),) for n in names]) if few else (f"all {len(names)} parameters",)
    estimate = "Maximum a posteriori" if d.model.priors else "Maximum likelihood"
    same = {"equal": "the same values", "up-to-constant": "the same gradients"}.get(d.relation, "the same minimisers")
    functions = [n for n in names if d.symbols[n].indexed and not n.endswith("_i")]
    model: Words = ()
    if len(functions) == 1:
        model = (", for any model ", sym(functions[0]), MODEL)
    elif functions:
        model = (", for any model of ", *(listed([(sym(n),) for n in functions]) if few else ("them",)))
    return (f"{estimate} for ", *learned, *_what_it_is(d), ": ", same, *model, ".")


def _what_it_is(d: Derivation) -> Words:
    name = objective_name(d)
    if name is None:
        return (" minimises this loss",)
    if d.record is None or d.record.kind != "composite":
        return (f" minimises the {name}",)
    weight = penalty_weight(d)
    return (f" is {name}",) if weight is None else (f" is {name} with λ = ", weight)


def penalty_weight(d: Derivation) -> Term | None:
    """The factor before the penalty, if there is one penalty with one factor: σ²/τ² of a ridge regression."""
    free = [n for n, s in d.symbols.items() if s.role != "parameter"]
    term = d.penalty.args[0] if d.penalty.op == "add" and len(d.penalty.args) == 1 else d.penalty
    if term.op != "mul" or len(term.args) != 2 or not symbols(term.args[0]) <= set(free):
        return None
    return term.args[0]


def caveats(d: Derivation) -> list[Words]:
    """What the loss is not safe for."""
    found: list[Words] = []
    if d.record is not None and d.record.not_for:
        found.append((d.record.not_for,))
    matter = symbols(d.scale).union(*[row.returns_if for row in d.ledger]) - dimensions(d)
    fixed = [n for n in in_order(d, "fixed") if n in matter and not d.symbols[n].indexed]
    scale = d.theorem.scale
    if d.relation == "up-to-scale" and scale is not None and scale.op != "const":
        found.append(
            ("Penalties and step sizes set for the NLL: divide the former and multiply the latter by ", scale, ".")
        )
    if d.ledger:
        choosing: Words = ("choosing ", *listed([(sym(n),) for n in fixed], " or "), ", ") if fixed else ()
        found.append(
            (
                "Likelihood values: ",
                *choosing,
                "a likelihood ratio or an information criterion needs the NLL with its constants.",
            )
        )
    return found


def ledger_words(d: Derivation) -> list[tuple[Term, Words, Words]]:
    """The ledger's rows: the term, why it may be dropped, what brings it back."""
    sizes = dimensions(d)
    return [(r.term, _why_dropped(r, d, sizes), _what_returns(r, sizes)) for r in d.ledger]


def ledger_reason(row: LedgerRow, d: Derivation | Ledger) -> Words:
    """Why a term may be dropped: ``a number``, ``data alone``, ``σ is fixed``."""
    return _why_dropped(row, d, dimensions(d))


def ledger_return(row: LedgerRow, d: Derivation | Ledger) -> Words:
    """What brings a dropped term back: ``if σ is learned``, ``never``."""
    return _what_returns(row, dimensions(d))


def _why_dropped(row: LedgerRow, d: Derivation | Ledger, sizes: set[str]) -> Words:
    names = sorted(symbols(row.term))
    if not names:
        return ("a number",)
    fixed = [n for n in names if d.symbols[n].role == "fixed" and n not in sizes]
    if not fixed:
        return ("data alone",) if any(n not in sizes for n in names) else ("a number, given the dimension",)
    words: Words = (*listed([(sym(n),) for n in fixed]), " is fixed" if len(fixed) == 1 else " are fixed")
    return (*words, ", the rest is data") if any(d.symbols[n].role == "data" for n in names) else words


def _what_returns(row: LedgerRow, sizes: set[str]) -> Words:
    names = [n for n in row.returns_if if n not in sizes]
    return ("if ", *listed([(sym(n),) for n in names], " or "), " is learned") if names else ("never",)


def libraries(d: Derivation) -> list[tuple[str, str, str | None]]:
    """Rows of a library, its code for the loss, and the factor (as text) by which its value differs, if it does."""
    if d.record is None:
        return []
    return [(k.split("_")[0], code, d.record.factor.get(k)) for k, code in d.record.code.items()]


def standing_in_the_way(d: Derivation) -> list[Words]:
    """Rules that were not used since a condition about symbols is not known to hold."""
    found: dict[Term, list[str]] = {}
    splitting = d.book.tagged("split").ids if d.blocked else set()
    for rule, condition in d.blocked:
        if rule in splitting and symbols(condition) and contains(d.nll, condition.args[0]):
            found.setdefault(condition, []).append(rule)
    return [(f"{', '.join(rules)}: it is not known that ", as_written(c), ".") for c, rules in found.items()]
