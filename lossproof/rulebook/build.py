"""From a raw record to a rule, fact, distribution, loss or link; what is wrong with a record is said with its id."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, Final

from lossproof.errors import LossproofError, RecordError
from lossproof.facts import RELATIONS, FactRule, Rule, propositions
from lossproof.rulebook.records import ArgumentForm, Distribution, Link, Loss
from lossproof.syntax import parse_condition, parse_domain, parse_expression
from lossproof.terms import ONE, Term, domain, fn, make, neg, substitute, sym, symbols
from lossproof.terms.pattern import introduced, metavariables, rename, widen

REALS: Final = domain("reals")


def rule_from(record: Mapping[str, Any]) -> Rule:
    """A rewrite rule. Raises RecordError if the right side has a metavariable that nothing binds."""
    id = _id(record)
    before, after = _term(record, "from"), _term(record, "to")
    requires = (*(_condition(id, text) for text in record["requires"]), *_ranges(id, record))
    if record.get("nary"):
        pairs = _operand_pairs(before)
        before, after = widen(before, pairs), widen(after, pairs)
        requires = _first_operands(requires, pairs)
    relation = str(record.get("relation", "equal"))
    if relation not in RELATIONS:
        raise RecordError(f"{id}: there is no relation {relation}")
    bound = set(metavariables(before)) | {n for c in requires for n in metavariables(c)} | introduced(after).keys()
    loose = sorted(set(metavariables(after)) - bound)
    if loose:
        raise RecordError(f"{id}: nothing binds {', '.join(loose)}")
    use = str(record.get("use", ""))
    return Rule(id, before, after, relation, requires, tags=frozenset(use.split()), says=str(record["says"]),
                record=dict(record))  # fmt: skip


def fact_from(record: Mapping[str, Any]) -> FactRule:
    """A rule of inference."""
    id = _id(record)
    shown = propositions(_condition(id, record["shows"]))
    if len(shown) != 1:
        raise RecordError(f"{id}: one record shows one thing")
    shows = shown[0]
    given = (*(_condition(id, text) for text in record["given"]), *_ranges(id, record))
    if record.get("nary"):
        pairs = _operand_pairs(shows)
        shows = widen(shows, pairs)
        given = _first_operands(given, pairs)
    return FactRule(id, shows, given, str(record["says"]), record.get("of") == "symbols", dict(record))


def _ranges(id: str, record: Mapping[str, Any]) -> tuple[Term, ...]:
    """What the variable of an expectation has to range over."""
    return tuple(fn("ranges", sym(n), _domain(id, d)) for n, d in record.get("ranges", {}).items())


def _operand_pairs(pattern: Term) -> dict[str, str]:
    pairs: dict[str, str] = {}
    stack = [pattern]
    while stack:
        t = stack.pop()
        if t.op in ("add", "mul") and len(t.args) == 2 and all(a.op == "sym" for a in t.args):
            pairs[str(t.args[0].value)] = str(t.args[1].value)
        stack.extend(t.args)
    return pairs


def _first_operands(conditions: tuple[Term, ...], pairs: Mapping[str, str]) -> tuple[Term, ...]:
    seconds = set(pairs.values())
    kept = tuple(c for c in conditions if not seconds & set(metavariables(c)))
    for c in conditions:  # what is asked of the second operand must be asked of the first: it is asked of every operand
        if c not in kept and rename(c, {b: a for a, b in pairs.items()}) not in kept:
            raise RecordError("a condition on one operand alone cannot be that of any number of operands")
    return kept


def distribution_from(record: Mapping[str, Any]) -> Distribution:
    """A distribution with the rules that its density and distribution function give."""
    id = _id(record)
    is_combinator = record.get("kind") == "combinator"
    parameters = {n: _domain(id, d) for n, d in record.get("parameters", {}).items()}
    takes = tuple(record.get("takes", parameters))
    ((variate, domain_text),) = record.get("variate", {"y": None}).items()
    variate_domain = None if domain_text is None else _domain(id, domain_text)
    pattern = make(f"dist:{id}", [_argument_pattern(t) for t in takes])
    requires = [fn("in", sym(n), d) for n, d in parameters.items()]
    member = [fn("in", sym(variate), variate_domain)] if variate_domain is not None else []
    y = sym(variate)
    kept = dict(record)

    def made(kind: str, before: Term, after: Term, conditions: list[Term], support: tuple[Term, ...] = ()) -> Rule:
        says = f"{record['title']}: {'density' if kind == 'density' else 'distribution function'}."
        return Rule(f"{kind}-{id}", before, after, "equal", tuple(conditions), support, kind, says=says, record=kept)

    support = tuple(_condition(id, c) for c in record.get("support", ()))
    density = made("density", fn("pdf", pattern, y), _term(record, "density"), requires + member, support)
    cdf = below = None
    is_discrete = bool(record.get("discrete"))
    if "cdf" in record:
        formula = _term(record, "cdf")
        needs = [_condition(id, c) for c in record.get("cdf_requires", ())]
        cdf = made("cdf", fn("cdf", pattern, y), formula, requires + needs)
        if is_discrete:  # P(Y < y) is P(Y <= y - 1) on the integers
            below_y = {y: make("add", [y, neg(ONE)])}
            formula, needs = substitute(formula, below_y), [substitute(c, below_y) for c in needs]
        below = made("cdf_below", fn("cdf_below", pattern, y), formula, requires + needs)
    built = Distribution(
        id, str(record["title"]), tuple(record.get("names", (id,))), parameters, _forms(id, record, takes, parameters),
        {n: tuple(s) for n, s in record.get("signatures", {}).items()}, variate, variate_domain, density, cdf, below,
        takes, record.get("default"), str(record.get("convention", "")), str(record.get("source", "")),
        str(record.get("notes", "")), is_combinator, is_discrete, bool(record.get("normalised", True)),
        bool(record.get("binary_weight")), tuple(_condition(id, c) for c in record.get("assumes", ())), kept, cache(lambda: _expectations(built)),
    )  # fmt: skip
    return built


def _expectations(d: Distribution) -> tuple[tuple[Rule, ...], tuple[FactRule, ...]]:
    """What the record says of expectations, that of a constant first: each as a rule, and as the fact that it is finite."""
    where = d.variate_domain
    if d.is_combinator or not d.is_normalised or where is None:
        if "expectations" in d.record:
            raise RecordError(f"{d.id}: expectations are those of a distribution that adds up to one")
        return (), ()
    constant = _unused("c", d.parameters)
    entries = [{"of": constant, "is": constant}, *d.record.get("expectations", ())]
    rules = tuple(_expectation(d, where, j, entry) for j, entry in enumerate(entries))
    facts = tuple(
        FactRule(r.id.replace("expectation", "finite", 1), fn("in", r.before, REALS), r.requires,
                 f"{d.title}: the expectation of {_of(e, j)} is finite.", record=d.record)
        for j, (r, e) in enumerate(zip(rules, entries, strict=True))
    )  # fmt: skip
    return rules, facts


def _expectation(d: Distribution, where: Term, number: int, entry: Mapping[str, Any]) -> Rule:
    """One entry as a rule; the variate becomes the variable x."""
    id = f"expectation-{d.id}-{number}"
    x, fields = sym("x"), {"id": id, **entry}
    dist = d.density.before.args[0]
    of = substitute(_term(fields, "of"), {sym(d.variate): x})
    after = _term(fields, "is")
    asked = [_condition(id, text) for text in entry.get("requires", ())]
    sizes = symbols(where, *d.parameters.values())
    others = [n for n in symbols(of) if n != "x" and n not in d.parameters and n not in sizes]
    if "x" in d.parameters or symbols(after, *asked) & {"x", d.variate}:
        raise RecordError(f"{id}: what is expected, and its conditions, do not speak of {d.variate} or x")
    requires = [
        *(fn("without", sym(n), x) for n in (*d.parameters, *sorted(others))),
        *(fn("in", sym(n), domain) for n, domain in d.parameters.items()),
        fn("ranges", x, where),
        *(c for c in d.density.support if d.variate not in symbols(c)),
        *(fn("in", sym(n), REALS) for n in sorted(others) if not any(n in symbols(c) for c in asked)),
        *asked,
    ]
    loose = symbols(after) - symbols(of) - d.parameters.keys() - sizes - symbols(*asked)
    if loose:
        raise RecordError(f"{id}: nothing binds {', '.join(sorted(loose))}")
    return Rule(id, fn("E", dist, x, of), after, "equal", tuple(requires), kind="expectation",
                says=f"{d.title}: the expectation of {_of(entry, number)}.", record=d.record)  # fmt: skip


def _of(entry: Mapping[str, Any], number: int) -> str:
    return str(entry["of"]) if number else "a constant"




def _unused(name: str, taken: Iterable[str]) -> str:
    while name in taken:
        name += "_"
    return name


def _argument_pattern(text: str) -> Term:
    if text.startswith("["):
        return fn("vec", fn("seq", sym(text.strip("[]."))))
    if text.endswith("..."):
        return fn("seq", sym(text.rstrip(".")))
    return sym(text)


def _forms(id: str, record: Mapping[str, Any], takes: tuple[str, ...], parameters: Mapping[str, Term]) -> tuple[ArgumentForm, ...]:
    plain = ArgumentForm(takes, {n: sym(n) for n in takes}, dict(parameters))
    forms = [plain]
    for alternative in record.get("arguments", ()):
        gives = {n: parse_expression(str(e), rule=True) for n, e in alternative["gives"].items()}
        if set(gives) != set(parameters):
            raise RecordError(f"{id}: {alternative['names']} does not give every parameter")
        domains = {n: _domain(id, d) for n, d in alternative.get("domains", {}).items()}
        for name in alternative["names"]:
            for parameter, e in gives.items():
                if name not in domains and e is sym(name):
                    domains[name] = parameters[parameter]
        forms.append(ArgumentForm(tuple(alternative["names"]), gives, domains))
    return tuple(forms)


def loss_from(record: Mapping[str, Any]) -> Loss:
    """A loss, a penalty, or a composite of both."""
    return Loss(
        _id(record), str(record["name"]), str(record.get("kind", "loss")),
        _term(record, "formula") if "formula" in record else None,
        dict(record.get("variables", {})), dict(record.get("over_data", {})), dict(record.get("code", {})),
        {k: str(v) for k, v in record.get("factor", {}).items()}, str(record.get("not_for", "")),
        str(record.get("source", "")), str(record.get("data", "")), tuple(record.get("penalties", ())), dict(record),
    )  # fmt: skip


def link_from(record: Mapping[str, Any]) -> Link:
    """A link function."""
    id = _id(record)
    maps = record["maps"]
    return Link(id, str(record["function"]), tuple(record.get("names", ())), _term(record, "formula"),
                _domain(id, maps["from"]), _domain(id, maps["to"]), str(record.get("says", "")), dict(record))  # fmt: skip


def _id(record: Mapping[str, Any]) -> str:
    id = record.get("id")
    if not isinstance(id, str) or not id:
        raise RecordError("a record has no id")
    return id


def _term(record: Mapping[str, Any], key: str) -> Term:
    try:
        return parse_expression(str(record[key]), rule=True)
    except (KeyError, LossproofError) as error:
        raise RecordError(f"{record['id']}: {key}: {error}") from None


def _condition(id: str, text: str) -> Term:
    try:
        return parse_condition(str(text), rule=True)
    except LossproofError as error:
        raise RecordError(f"{id}: {text}: {error}") from None


def _domain(id: str, text: str) -> Term:
    try:
        return parse_domain(str(text))
    except LossproofError as error:
        raise RecordError(f"{id}: {text}: {error}") from None

