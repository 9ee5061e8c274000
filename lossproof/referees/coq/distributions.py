"""Densities and distribution functions of records as definitions, and what their arguments are where they are used."""

from __future__ import annotations

from typing import Final

from lossproof.referees.coq.context import (
    DISTRIBUTION,
    EXTENDED,
    KINDS,
    MATRIX,
    NUMBER,
    TYPES,
    VECTOR,
    Context,
    ListVariable,
    Unsupported,
    Variable,
)
from lossproof.referees.coq.names import rule_name
from lossproof.referees.coq.printer import FUNCTIONS, STRUCTURES, Printer
from lossproof.rulebook import Rulebook
from lossproof.rulebook.records import Distribution
from lossproof.terms import Term, make, postorder, sym, symbols

_VECTOR_DOMAINS = frozenset({"power_domain", "simplex", "onehot", "counts"})
RESERVED = frozenset(STRUCTURES) | frozenset(FUNCTIONS.values()) | {"norm", "vec", "dot", "cases", "count", "between", "softmax", "at", "in", "using"}
#: Distributions whose expectations are finite sums, defined in the prelude.
FINITE_FAMILIES: Final = frozenset({"categorical", "categorical-logit", "bernoulli", "bernoulli-logit", "binomial"})


def domain_sort(domain: Term) -> str:
    """The sort of what is in a domain."""
    return VECTOR if domain.op in _VECTOR_DOMAINS else MATRIX if domain.op == "posdef" else NUMBER


def dimension_of(domain: Term) -> Term | None:
    """The dimension that a domain of vectors or matrices gives."""
    if domain.op == "power_domain":
        return domain.args[1]
    return domain.args[0] if domain.op in ("simplex", "onehot", "counts", "posdef") else None


def named(text: str, sort: str, dimension: str | None = None) -> Variable:
    """A variable that is written as it is called."""
    return Variable(sort, lambda _: text, None if dimension is None else lambda _: dimension)


def own(name: str) -> str:
    """A parameter's name, other than that of a function of the prelude."""
    return name + "_" if name in RESERVED else name


def sizes(record: Distribution) -> list[str]:
    """The names of the sizes that a record's domains speak of: K, D."""
    domains = [*record.parameters.values(), *([record.variate_domain] if record.variate_domain is not None else [])]
    return sorted({n for d in domains if d.op in _VECTOR_DOMAINS | {"posdef", "categories"} for n in symbols(d)} - record.parameters.keys())


def formula(record: Distribution, kind: str) -> Term:
    """The right side of the record's density, distribution function, or that below. Raises Unsupported if it has none."""
    rule = {"pdf": record.density, "cdf": record.cdf, "cdf_below": record.cdf_below}[kind]
    if rule is None:
        raise Unsupported(f"the {kind} of {record.id}, which its record does not give")
    return rule.after


def slots(record: Distribution) -> list[tuple[str, str]]:
    """What a distribution's term takes: (name, number, vector, matrix, extended, D for a distribution, or the same with ``...`` for a list)."""
    found = []
    for text in record.takes:
        name = text.strip("[].")
        many = "..." if "..." in text else ""
        if name in record.parameters:
            found.append((name, domain_sort(record.parameters[name]) + many))
        else:
            found.append((name, (DISTRIBUTION if _is_distribution(name, record) else EXTENDED) + many))
    return found


def _is_distribution(name: str, record: Distribution) -> bool:
    return any(t.op in KINDS and t.args[0].op == "sym" and t.args[0].value == name for t in postorder(record.density.after))


def kinds_of(name: str, term: Term) -> list[str]:
    """Which functions of a distribution a formula uses."""
    found = {t.op for t in postorder(term) if t.op in KINDS and t.args[0].op == "sym" and t.args[0].value == name}
    return [k for k in KINDS if k in found]


def definition(kind: str, id: str) -> str:
    """``Definition pdf_normal (mu sigma y : R) : R := ...``"""
    printer = Printer()
    record = Rulebook.default().distribution(id)
    body = formula(record, kind)
    table: dict[str, Variable] = {n: named(n, NUMBER) for n in sizes(record)}
    binders = [f"({n} : R)" for n in table]
    for name, sort in slots(record):
        if sort.startswith(DISTRIBUTION):
            binders += _functions(name, sort, body, table)
        elif sort.endswith("..."):
            table[name] = ListVariable(NUMBER, lambda _: "", name=own(name), element=named(own(name), NUMBER))
            binders.append(f"({own(name)} : list R)")
        else:
            domain = record.parameters.get(name)
            size = dimension_of(domain) if domain is not None else None
            table[name] = named(own(name), sort, None if size is None else str(size.value))
            binders.append(f"({own(name)} : {TYPES[sort].strip('()')})")
    variate = record.variate
    domain = record.variate_domain
    sort = domain_sort(domain) if domain is not None else NUMBER
    size = dimension_of(domain) if domain is not None else None
    table[variate] = named(variate, sort, None if size is None else str(size.value))
    binders.append(f"({variate} : {TYPES[sort].strip('()')})")
    ctx = Context(table)
    text = printer.any(body, ctx, 200)
    if kind == "pdf" and record.density.support:
        support = record.density.support
        condition = support[0] if len(support) == 1 else make("and", support)
        text = f"cases {printer.boolean(condition, ctx)} ({text}) 0"
    needs = [f"{{_ : {s}}}" for s in printer.structures]
    return f"Definition {kind}_{rule_name(id)} {' '.join([*needs, *binders])} : R :=\n  {text}."


def _functions(name: str, sort: str, body: Term, table: dict[str, Variable]) -> list[str]:
    binders = []
    for kind in kinds_of(name, body):
        type_ = "list (R -> R)" if sort.endswith("...") else "R -> R"
        binders.append(f"({kind}_{name} : {type_})")
    if sort.endswith("..."):
        first = kinds_of(name, body)
        if len(first) != 1:
            raise Unsupported("a list of distributions of which two functions are used")
        table[name] = ListVariable(DISTRIBUTION, lambda _: name, name=f"{first[0]}_{name}", element=named(name, DISTRIBUTION))
    else:
        table[name] = named(name, DISTRIBUTION)
    return binders


def structures_of(kind: str, id: str) -> list[str]:
    """The structures of special functions that a density, or an expectation that is a sum of it, needs."""
    if kind == "E" and id not in FINITE_FAMILIES:
        return []
    body = formula(Rulebook.default().distribution(id), "pdf" if kind == "E" else kind)
    return list(dict.fromkeys(STRUCTURES[t.op] for t in postorder(body) if t.op in STRUCTURES))


def variate_sort(dist: Term) -> str:
    """The sort of what a distribution is over; a metavariable's is left open, and counts as a number."""
    record = Rulebook.default().distribution_of(dist)
    return domain_sort(record.variate_domain) if record is not None and record.variate_domain is not None else NUMBER


def declaration(id: str) -> tuple[str, str]:
    """The expectation under a record's distribution as a variable of the section, and that it is taken over the variate's domain."""
    record = Rulebook.default().distribution(id)
    if record.is_combinator or record.variate_domain is None:
        raise Unsupported(f"the expectation under {id}")
    sort = domain_sort(record.variate_domain)
    names = [(n, TYPES[NUMBER]) for n in sizes(record)] + [(own(n), TYPES[t].strip("()")) for n, t in slots(record)]
    arrows = "".join(f"({t}) -> " for _, t in names)
    name = f"E_{rule_name(id)}"
    table = {n: named(n, NUMBER) for n in sizes(record)} | {record.variate: named("x", sort)}
    domain = Printer().membership(sym(record.variate), record.variate_domain, Context(table))
    binders = " ".join(f"({n} : {t})" for n, t in names)
    inside = f"forall {binders} x, inside ({name} {' '.join(n for n, _ in names)}) x -> {domain}" if names else f"forall x, inside {name} x -> {domain}"
    return f"Variable {name} : {arrows}expectation {TYPES[sort]}.", f"Hypothesis inside_{rule_name(id)} : {inside}."


def arguments(printer: Printer, kind: str, id: str, dist: Term, ctx: Context) -> list[str]:
    """The arguments that a definition takes, but for the variate, at a term of that distribution."""
    record = Rulebook.default().distribution(id)
    if kind == "E" and record.is_combinator:
        raise Unsupported(f"the expectation under {id}")
    body = formula(record, "pdf" if kind == "E" else kind)
    rest = list(dist.args)
    values = [_size(printer, record, size, rest, ctx) for size in sizes(record)]
    for name, sort in slots(record):
        if sort == DISTRIBUTION + "...":
            (k,) = kinds_of(name, body)
            values.append(f"[{'; '.join(printer.function(k, d, ctx, 200) for d in rest)}]")
            break
        argument, rest = rest[0], rest[1:]
        if sort == DISTRIBUTION:
            values += [printer.function(k, argument, ctx) for k in kinds_of(name, body)]
        elif sort.endswith("..."):
            values.append(f"[{'; '.join(printer.number(a, ctx) for a in argument.args)}]")
        elif sort == EXTENDED:
            values.append(printer.extended(argument, ctx))
        elif sort == VECTOR:
            values.append(printer.vector(argument, ctx))
        else:
            values.append(printer.any(argument, ctx))
    return values


def _size(printer: Printer, record: Distribution, size: str, given: list[Term], ctx: Context) -> str:
    for (name, sort), argument in zip(slots(record), given, strict=False):
        if sort in (VECTOR, MATRIX) and size in symbols(record.parameters[name]):
            found = printer.known_dimension(argument, ctx)
            if found is not None:
                return found
    raise Unsupported(f"the size {size} of {record.id}")

