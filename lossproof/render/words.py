"""What every rendering says in words: the assumption, the lines of the proof on paper, the result and its limits.

Words are tuples of text and terms, so that each rendering prints the terms in its own way.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from lossproof.kernel import Theorem
from lossproof.proof import Line, flatten
from lossproof.terms import ZERO, Term, contains, fn, num, postorder, rebuild, substitute, sym, symbols

if TYPE_CHECKING:
    from lossproof.comparison import Verdict
    from lossproof.derivation import Derivation, LedgerRow

#: A piece of prose: text, and terms that the rendering prints as formulas.
Words = tuple["str | Term", ...]

RELATION_SIGNS: Final = {"equal": "=", "up-to-constant": "≐", "up-to-scale": "≃", "same-order": "≅"}
RELATION_WORDS: Final = {
    "equal": "equal",
    "up-to-constant": "equal up to a constant that is free of the parameters",
    "up-to-scale": "equal up to a positive scale and a constant, both free of the parameters",
    "same-order": "a strictly increasing function of the other: the same minimisers",
}
_WORD: Final = re.compile(r"[A-Za-z]\w*(?!\w*\()")
_POWER: Final = re.compile(r"\^(\d+)(?![\d.])")
_RAISED: Final = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
#: Lines of a chain of one sample that expand logarithms; of these so many are shown on paper.
_LOG_LINES: Final = 3
#: As many parameters are called by their names.
_NAMED: Final = 6
_EXPANDING: Final = ("logarithms", "tidy")


class PaperLine(NamedTuple):
    """A line of the proof on paper.

    ``left`` is given on the first line of a chain only. ``scope`` is ``sample``, ``prior`` or ``dataset``;
    ``chain`` names the chain, ``uses`` are the numbers of the lines that a lemma rests on, and the names in
    ``varying`` carry the sample's index inside sums over the samples. ``steps`` are the numbers of the kernel's
    steps that the line stands for.
    """

    number: int
    relation: str
    left: Term | None
    right: Term
    reason: str
    rules: tuple[str, ...]
    scope: str
    chain: str
    uses: tuple[int, ...]
    varying: frozenset[str]
    steps: tuple[int, ...]


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
_WITH_SIZE: Final[dict[str, tuple[str, ...]]] = {
    "categories": ("a class 1, ..., ", "K"),
    "onehot": ("a one-hot vector over ", "K", " classes"),
    "counts": ("counts of ", "K", " classes"),
    "simplex": ("probabilities of ", "K", " classes"),
    "power_domain": ("a vector of ", "K", " real numbers"),
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
        for name in _in_order(d, role):
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


def dimensions(d: Derivation | Verdict) -> set[str]:
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


def _in_order(d: Derivation, role: str) -> list[str]:
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
        return (*words, "; any model f_θ(x), or one value for all samples")
    if symbol.role == "parameter" and prior and not symbol.indexed:
        return (*words, "; one value for all samples")
    if symbol.role == "fixed" and symbol.indexed:
        return (*words, "; given for each sample")
    return words


# -- the proof on paper


def paper_lines(d: Derivation) -> list[PaperLine]:
    """The proof folded to the lines that a person writes: for a Gaussian ten."""
    chains: dict[str, list[Line]] = {}
    for line in d.proof.lines:
        chains.setdefault(line.chain, []).append(line)
    order = sorted(chains, key=lambda name: name != "preamble")
    numbers: dict[str, Iterator[int]] = {}
    for name, steps in groupby(d.proof.steps, key=lambda s: s.chain):
        numbers[name] = iter([s.id for s in steps])
    found: list[PaperLine] = []
    last_of: dict[str, int] = {}
    names = varying(d)
    for chain in order:
        scope = "prior" if chain.startswith("prior:") else "sample" if chain == "sample" else "dataset"
        for i, line in enumerate(_folded(chains[chain], names)):
            uses = (
                tuple(sorted(n for c, n in last_of.items() if c not in ("preamble", chain)))
                if line.label == "lemma"
                else ()
            )
            number = len(found) + 1
            t = line.theorem
            found.append(PaperLine(
                number, RELATION_SIGNS[t.relation], t.left if i == 0 else None, t.right, line_reason(line, d),
                tuple(r for r in line.rules if r not in ("algebra", "lemma")) or line.rules, scope, chain, uses, names,
                tuple([next(numbers[chain]) for _ in flatten(t.trace)]),
            ))  # fmt: skip
            last_of[chain] = number
    return found


def _folded(lines: list[Line], names: frozenset[str]) -> list[Line]:
    if lines[0].chain == "preamble":
        return [_merged(lines)]
    found: list[Line] = []
    for line in lines:
        before = found[-1] if found else None
        if before is not None and _continues(before, line, names):
            found[-1] = _merged([before, line])
        else:
            found.append(line)
    while (pair := _shortest(found)) is not None:
        found[pair : pair + 2] = [_merged(found[pair : pair + 2])]
    return found


def _continues(before: Line, line: Line, names: frozenset[str]) -> bool:
    """Whether a line is no news on paper: it prints the same, or only prepares or tidies its neighbour."""
    if (before.label, line.label) == ("linear", "arrange"):
        return True
    if line.rules == ("algebra",):
        from lossproof.syntax import to_text

        if to_text(line.theorem.left, names) == to_text(line.theorem.right, names):
            return True
    return before.rules == ("algebra",) and before.label in _EXPANDING and line.label in _EXPANDING


def _shortest(lines: list[Line]) -> int | None:
    """Where two lines that expand logarithms are to be one, if there are too many of them."""
    places = [i for i, line in enumerate(lines) if line.label in _EXPANDING]
    if len(places) <= _LOG_LINES:
        return None
    pairs = [i for i in places if i + 1 in places]
    if not pairs:
        return None
    return min(pairs, key=lambda i: (len({*lines[i].rules, *lines[i + 1].rules}), -i))


def _merged(lines: list[Line]) -> Line:
    first = lines[0]
    theorem: Theorem = first.theorem.kernel.chain([line.theorem for line in lines])
    rules = dict.fromkeys(r for line in lines for r in line.rules)
    label = next((line.label for line in lines if line.rules != ("algebra",)), first.label)
    return replace(first, theorem=theorem, rules=tuple(rules), label=label)


def line_reason(line: Line, d: Derivation) -> str:
    """Why a line follows, in a few words: ``log of a quotient``; several reasons are joined by commas."""
    if line.label in _REASONS:
        return _REASONS[line.label]
    found = dict.fromkeys(rule_label(r, d) for r in line.rules if r != "algebra")
    return ", ".join(found) or "algebra"


_REASONS: Final = {
    "order": "the logarithm is increasing, minus reverses the order",
    "samples": "the log of a product is the sum of the logs",
    "lemma": "one sample, from above",
    "linear": "sums are linear",
    "arrange": "algebra",
    "drop": "the last term is free of the parameters",
    "scale": "the scale is positive and free of the parameters",
    "collect": "collect terms",
}
_LABELS: Final = {
    "log-product": "log of a product",
    "log-quotient": "log of a quotient",
    "log-power": "log of a power",
    "log-root": "log of a root",
    "log-exp": "log undoes exp",
    "exp-log": "exp undoes log",
    "log-one": "log of one",
    "log-gamma": "log of the gamma function",
    "log-support": "log of zero off the support",
    "lemma": "from above",
}


def rule_label(id: str, d: Derivation) -> str:
    """A rule in two to five words."""
    if id in _LABELS:
        return _LABELS[id]
    kind, _, rest = id.partition("-")
    if kind in ("density", "cdf") and rest in d.book.distribution_ids:
        return f"{'density' if kind == 'density' else 'distribution function'} of {d.book.distribution(rest).title}"
    return id.replace("-", " ")


def rule_says(id: str, d: Derivation) -> str:
    """A rule's own sentence."""
    record = d.book.rules.get(id) or d.book.fact_rules.get(id)
    if record is not None:
        return record.says
    return {"algebra": "Equal as rational functions.", "lemma": "Proved above."}.get(id, rule_label(id, d))


def abbreviated(term: Term) -> Term:
    """The term with every ``pdf(D, y)`` as ``p(y, names of D)``: to be printed p(y | names)."""
    if not any(t.op == "pdf" for t in postorder(term)):
        return term

    def visit(t: Term) -> Term:
        if t.op != "pdf":
            return t
        distribution, y = t.args
        bare = substitute(distribution, {e: num(1) for e in postorder(distribution) if e.op == "eye"})
        return fn("p", y, *[s for s in _order(bare) if s is not y])

    return rebuild(term, visit)


def _order(root: Term) -> list[Term]:
    return [t for t in postorder(root) if t.op == "sym"]


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
    names = _in_order(d, "parameter")
    few = len(names) <= _NAMED
    learned = listed([(sym(n),) for n in names]) if few else (f"all {len(names)} parameters",)
    estimate = "Maximum a posteriori" if d.model.priors else "Maximum likelihood"
    same = {"equal": "the same values", "up-to-constant": "the same gradients"}.get(d.relation, "the same minimisers")
    functions = [n for n in names if d.symbols[n].indexed and not n.endswith("_i")]
    model: Words = ()
    if len(functions) == 1:
        model = (", for any model ", sym(functions[0]), " = f_θ(x)")
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
    fixed = [n for n in _in_order(d, "fixed") if n in matter and not d.symbols[n].indexed]
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


def ledger_reason(row: LedgerRow, d: Derivation) -> Words:
    """Why a term may be dropped: ``a number``, ``data alone``, ``σ is fixed``."""
    return _why_dropped(row, d, dimensions(d))


def ledger_return(row: LedgerRow, d: Derivation) -> Words:
    """What brings a dropped term back: ``if σ is learned``, ``never``."""
    return _what_returns(row, dimensions(d))


def _why_dropped(row: LedgerRow, d: Derivation, sizes: set[str]) -> Words:
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
