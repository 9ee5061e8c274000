"""Reading an assumption's distributions: names to records, arguments to parameters, and what their slots say of symbols."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from lossproof.domains import REALS, Domains, dimension_of, with_dimension, with_identity
from lossproof.errors import (
    ArityError,
    DomainError,
    DuplicateError,
    KindError,
    LimitError,
    UnknownDistributionError,
    UnknownFunctionError,
    UnknownNameError,
)
from lossproof.rulebook import Distribution, Rulebook
from lossproof.syntax import FUNCTIONS, canonical, split_subscript
from lossproof.syntax.assumption import Assumption, Call
from lossproof.terms import INFINITY, ONE, Term, add, fn, make, neg, postorder, substitute, sym, symbols, tree_size
from lossproof.terms.pattern import instantiate

#: Deepest nesting of a formula that is worked on.
DEPTH: Final = 100
#: The most terms that a definition may stand for.
LENGTH: Final = 20_000
#: Operators that sum, in one way or another, over the samples.
OVER_SAMPLES: Final = frozenset({"samples_sum", "samples_mean", "samples_prod", "NLL", "Risk", "dist:empirical"})


class Slot(NamedTuple):
    """An argument, the domain in which it must lie, and the text in which it stands."""

    argument: Term
    domain: Term
    text: str


@dataclass(slots=True)
class Reading:
    """The state of reading one assumption."""

    book: Rulebook
    source: Assumption
    domains: Domains = field(default_factory=Domains)
    slots: list[Slot] = field(default_factory=list)
    support: list[Term] = field(default_factory=list)
    sizes: dict[str, Term] = field(default_factory=dict)
    definitions: dict[str, Term] = field(default_factory=dict)
    data: set[str] = field(default_factory=set)


def base_name(name: str) -> str:
    base, subscript = split_subscript(name)
    return base if subscript == "i" else name


def read_expression(reading: Reading, term: Term) -> Term:
    """An argument with the definitions put in and y_i read as y."""
    check_depth(term)
    mapping: dict[Term, Term] = {}
    for name in symbols(term):
        if name in reading.definitions:
            mapping[sym(name)] = reading.definitions[name]
        elif base_name(name) in reading.data:
            mapping[sym(name)] = sym(base_name(name))
    if not mapping:
        return term
    found = substitute(term, mapping)
    check_depth(found)
    return found


def check_definition(term: Term) -> None:
    """Raise LimitError for a definition that is too deep, or too long when it is written out."""
    check_depth(term)
    length = tree_size(term)
    if length > LENGTH:
        raise LimitError(f"a definition is {length:,} terms long when it is written out; the limit is {LENGTH:,}")


def check_depth(term: Term) -> None:
    """Raise LimitError for a formula that is nested too deep."""
    depth: dict[Term, int] = {}
    for t in postorder(term):
        depth[t] = 1 + max((depth[a] for a in t.args), default=0)
    if depth[term] > DEPTH:
        raise LimitError(f"a formula is nested {depth[term]} deep; the limit is {DEPTH}", hint="name a part of it: z = ...")


def unknown_distribution(name: str, book: Rulebook, text: str, span: tuple[int, int]) -> UnknownDistributionError:
    """The error for a name that no record has, with the nearest ones."""
    lowered = {n.lower(): n for n in [*book.distribution_ids, *book.distribution_spellings]}
    close = difflib.get_close_matches(name.lower(), lowered, n=3, cutoff=0.5)
    return UnknownDistributionError(f"there is no distribution {name}", text=text, span=span,
                                    nearest=[lowered[c] for c in close], hint="lossproof list distributions")  # fmt: skip


def read_distribution(reading: Reading, call: Call, variate: Term) -> Term:
    record = reading.book.find_distribution(call.name)
    if record is None:
        raise unknown_distribution(call.name, reading.book, reading.source.text, call.span)
    if record.is_combinator:
        return _combinator(reading, record, call, variate)
    values = _arguments(reading, record, call)
    args = [values[p] for p in record.parameters]
    for arg, where in zip(args, record.parameters.values(), strict=True):
        reading.sizes.update(dimension_of(arg, where, reading.domains.of))
    finished: list[Term] = []
    for arg, where in zip(args, record.parameters.values(), strict=True):
        where = with_dimension(where, reading.sizes)
        arg = with_identity(arg, where)
        finished.append(arg)
        reading.slots.append(Slot(arg, where, reading.source.text))
        reading.domains.constrain(arg, where)
    term = make(record.op, finished)
    bindings: dict[str, Term | tuple[Term, ...]] = dict(zip(record.parameters, finished, strict=True))
    bindings[record.variate] = variate
    if record.variate_domain is not None and variate.op == "sym":
        reading.domains.meet(str(variate.value), with_dimension(record.variate_domain, reading.sizes))
    reading.support.extend(instantiate(c, bindings) for c in record.density.support)
    return term


def _arguments(reading: Reading, record: Distribution, call: Call) -> dict[str, Term]:
    """The value of each parameter from positional and keyword arguments."""
    text = reading.source.text
    positional = [a for a in call.args if a.keyword is None]
    signature = _signature(record, call)
    if len(positional) > len(signature):
        raise _arity(record, call, signature, text)
    given: dict[str, Term] = {}
    for name, argument in zip(signature, positional, strict=False):
        given[name] = _value(reading, argument.value, text, argument.span)
    for argument in call.args:
        if argument.keyword is not None:
            keyword = _keyword(record, argument.keyword, text, argument.span)
            if keyword in given:
                raise DuplicateError(f"{keyword} is given twice", text=text, span=argument.span)
            given[keyword] = _value(reading, argument.value, text, argument.span)
    gives, domains = _form(record, set(given))
    if gives is None:
        raise _arity(record, call, signature, text)
    for name, where in domains.items():
        reading.sizes.update(dimension_of(given[name], where, reading.domains.of))
        where = with_dimension(where, reading.sizes)
        given[name] = with_identity(given[name], where)
        reading.slots.append(Slot(given[name], where, text))
        reading.domains.constrain(given[name], where)
    return {p: instantiate(e, dict(given)) for p, e in gives.items()}


def _form(record: Distribution, given: set[str]) -> tuple[dict[str, Term] | None, dict[str, Term]]:
    """What the given argument names give for each parameter: one form of the record, or parts of several."""
    for form in record.forms:
        if set(form.names) == given:
            return form.gives, form.domains
    gives: dict[str, Term] = {}
    domains: dict[str, Term] = {}
    for parameter in record.parameters:
        for form in record.forms:
            expression = form.gives[parameter]
            if symbols(expression) and symbols(expression) <= given:
                gives[parameter] = expression
                domains.update({n: d for n, d in form.domains.items() if n in symbols(expression)})
                break
    used = {n for e in gives.values() for n in symbols(e)}
    return (gives if len(gives) == len(record.parameters) and used == given else None), domains


def _signature(record: Distribution, call: Call) -> tuple[str, ...]:
    for name, signature in record.signatures.items():
        if name.lower() == call.name.lower():
            return signature
    return record.takes


def _keyword(record: Distribution, keyword: str, text: str, span: tuple[int, int]) -> str:
    known = sorted({n for form in record.forms for n in form.names})
    if keyword in known:
        return keyword
    for name in known:
        if canonical(name) == canonical(keyword):
            return name
    close = difflib.get_close_matches(keyword, known, n=3, cutoff=0.4)
    raise UnknownNameError(f"{record.names[0]} has no argument {keyword}", text=text, span=span, nearest=close or known)


def _arity(record: Distribution, call: Call, signature: tuple[str, ...], text: str) -> ArityError:
    got = len(call.args)
    wanted = f"{call.name}({', '.join(signature)})"
    what = f"{len(signature)} argument{'s' if len(signature) != 1 else ''}"
    return ArityError(f"{call.name} takes {what}, not {got}" if got != len(signature) else f"these arguments do not give {record.title}'s parameters",
                      text=text, span=call.span, hint=f"{wanted}: {record.convention}")  # fmt: skip


def _value(reading: Reading, value: Term | Call, text: str, span: tuple[int, int]) -> Term:
    if isinstance(value, Call):
        if reading.book.find_distribution(value.name) is None:
            close = difflib.get_close_matches(value.name, FUNCTIONS, n=3, cutoff=0.5)
            raise UnknownFunctionError(f"there is no function {value.name}", text=text, span=span, nearest=close)
        raise KindError(f"{value.name} is a distribution where an expression is needed", text=text, span=span)
    found = read_expression(reading, value)
    check_defined(found, text, span)
    return found


def check_defined(term: Term, text: str, span: tuple[int, int]) -> None:
    """Refuse what has no value whatever the symbols are: infinity, a denominator that is 0, the logarithm of -1."""
    for t in postorder(term):
        q = t.args[-1].value if t.op in ("div", "log", "sqrt") and t.args[-1].op == "num" else None
        inner = t.args[0] if t.op in ("log", "sqrt") and t.args[0].op == "neg" else None
        below = inner is not None and inner.args[0].op == "num"
        if t.op in ("samples_sum", "samples_mean", "samples_prod"):
            raise KindError("a sum or mean over the samples has no meaning inside one sample", text=text, span=span,
                            hint="sum(k, 1, K, ...) names its index")  # fmt: skip
        if t is INFINITY or (t.op == "div" and q == 0) or (t.op == "log" and q == 0) or below:
            what = "infinity is no parameter" if t is INFINITY else f"{t.ascii()} has no value"
            raise DomainError(what, text=text, span=span)


def _combinator(reading: Reading, record: Distribution, call: Call, variate: Term) -> Term:
    text = reading.source.text
    takes = list(record.takes)
    names = [t.strip("[].") for t in takes]
    slots: dict[str, list[Term]] = {n: [] for n in names}
    positional = list(call.args)
    vector = takes[0].startswith("[")
    for i, argument in enumerate(positional):
        name = argument.keyword or (names[i] if i < len(names) else names[-1])
        if name not in slots or (i >= len(names) and not takes[-1].endswith("...")):
            raise _arity(record, call, tuple(names), text)
        is_distribution = name.startswith("D")
        if is_distribution != isinstance(argument.value, Call):
            kind = "a distribution" if is_distribution else "an expression"
            raise KindError(f"{record.names[0]} needs {kind} here", text=text, span=argument.span, hint=record.convention)
        if isinstance(argument.value, Call):
            slots[name].append(read_distribution(reading, argument.value, variate))
        else:
            slots[name].append(read_expression(reading, argument.value))
    if any(not v for v in slots.values()):
        raise _arity(record, call, tuple(names), text)
    if vector:
        _weights(reading, record, slots, names, call)
    args: list[Term] = []
    bindings: dict[str, Term | tuple[Term, ...]] = {record.variate: variate}
    for take, name in zip(takes, names, strict=True):
        values = slots[name]
        if take.startswith("["):
            args.append(fn("vec", *values))
            bindings[name] = tuple(values)
        else:
            args.extend(values)
            bindings[name] = tuple(values) if take.endswith("...") else values[0]
        if name in record.parameters:
            for v in values:
                reading.slots.append(Slot(v, record.parameters[name], text))
                reading.domains.constrain(v, record.parameters[name])
        elif not name.startswith("D"):
            for v in values:
                if symbols(v):
                    reading.domains.constrain(v, REALS)
    reading.support.extend(instantiate(c, bindings) for c in (*record.assumes, *record.density.support))
    return make(record.op, args)


def _weights(reading: Reading, record: Distribution, slots: dict[str, list[Term]], names: list[str], call: Call) -> None:
    weights, components = slots[names[0]], slots[names[-1]]
    if len(weights) == 1 and weights[0].op == "vec":
        weights = list(weights[0].args)
    elif len(weights) == 1 and record.binary_weight and len(components) == 2:
        weights = [weights[0], add(ONE, neg(weights[0]))]
    if len(weights) != len(components):
        raise ArityError(f"{record.names[0]} has {len(weights)} weights for {len(components)} components",
                         text=reading.source.text, span=call.span, hint=record.convention)  # fmt: skip
    slots[names[0]] = weights


def with_plain_indices(root: Term) -> Term:
    """The same with the indices of its sums and products called k, j, l by depth, so that both objectives call them alike."""
    heights: dict[Term, int] = {}
    taken = symbols(root)
    plain = [n for n in ("k", "j", "l", "h", "g") if n not in taken]
    memo: dict[Term, Term] = {}
    for t in postorder(root):
        args = [memo[a] for a in t.args]
        heights[t] = max((heights[a] for a in t.args), default=0)
        if t.op in ("sum", "prod"):
            if heights[t] >= len(plain):
                return root
            name = make("bound", (), plain[heights[t]])
            if name not in postorder(args[3]) or name is args[0]:
                args[3] = substitute(args[3], {args[0]: name})
                args[0] = name
            heights[t] += 1
        memo[t] = make(t.op, args, t.value)
    return memo[root]


def is_over_samples(*terms: Term) -> bool:
    """Whether samples are summed over somewhere."""
    return any(t.op in OVER_SAMPLES for t in postorder(*terms))


def inside_samples(*terms: Term) -> set[str]:
    """The symbols that occur only where the samples are summed over."""
    loose: set[str] = set()
    for root in terms:
        stack, seen = [root], set()
        while stack:
            t = stack.pop()
            if t in seen or t.op in OVER_SAMPLES:
                continue
            seen.add(t)
            if t.op == "sym":
                loose.add(str(t.value))
            stack.extend(t.args)
    return symbols(*terms) - loose
