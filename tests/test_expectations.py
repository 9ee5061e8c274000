"""Each expectation that a distribution's record states is compared with the integral, or the sum, of its own density."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

pytest.importorskip("flint")

from peers import (
    DISCRETE,
    PEERS,
    VECTOR,
    Array,
    Values,
    panels,
    posdef,
    positive,
    positive_vector,
    real,
    real_vector,
    shares,
    value,
)
from test_checker_engine import engine_table, parts_of, tree
from test_records_numeric import RECORDS, density, grid, rng_for, vector_grid

from lossproof.checker import Rules, Terms
from lossproof.errors import RecordError
from lossproof.facts import FactIndex, Rule, Symbol
from lossproof.interop.balls import evaluate_ball
from lossproof.kernel import Blocked, Kernel
from lossproof.rulebook import Distribution, Rulebook
from lossproof.rulebook.build import distribution_from
from lossproof.syntax import parse_domain, parse_expression
from lossproof.terms import Term, add, fn, num, sym, symbols
from lossproof.terms.pattern import Bindings, match

BOOK = Rulebook.default()
ENTRIES = [r.id for i in sorted(RECORDS) for r in RECORDS[i].expectations]
DRAWS = 4
MARGIN = 0.4  # from where an expectation becomes infinite: its integral is hard to do there
SIZES = {"K": 3, "D": 2}


def record_of(id: str) -> Distribution:
    """The distribution of ``expectation-ID-j``."""
    return RECORDS[id.removeprefix("expectation-").rpartition("-")[0]]


def sizes(record: Distribution) -> Values:
    """The dimensions that the record speaks of."""
    return {**SIZES, **PEERS[record.id].extra} if record.id in VECTOR else dict(SIZES)


def drawn(rule: Rule, record: Distribution, rng: np.random.Generator) -> Values | None:
    """Random values of the parameters and the other metavariables, or None if a condition does not hold there."""
    size = sizes(record)
    vectors = {"simplex": shares, "posdef": posdef, "power_domain": real_vector}
    values: Values = {**size, **PEERS[record.id].parameters(rng)}
    if record.id in ("categorical", "categorical-logit"):
        size["K"] = values["K"] = len(next(iter(PEERS[record.id].parameters(rng).values())))
    places = {str(c.args[0].value): c.args[1] for c in rule.requires if c.op == "in" and c.args[0].op == "sym"}
    for name in sorted(symbols(rule.before) - record.parameters.keys() - {"x"} - size.keys()):
        place = places.get(name)
        if place is not None and place.op in vectors:
            make_one = positive_vector if place is parse_domain("positive^K", rule=True) else vectors[place.op]
            values[name] = make_one(int(size[str(place.args[-1].value)]))(rng)
        elif any(t.op == "at" and t.args[1] is sym(name) for t in _nodes(rule.before)):
            values[name] = int(rng.integers(1, size["D" if record.id.startswith("multi") else "K"] + 1))
        else:
            values[name] = positive(rng) if name == "s" else real(rng)
    gaps = [value(c.args[0], values) - value(c.args[1], values) for c in rule.requires if c.op in ("gt", "ge")]
    return values if all(g > MARGIN for g in gaps) else None


def _nodes(t: Term) -> Iterator[Term]:
    yield t
    for a in t.args:
        yield from _nodes(a)


def cut_grid(record: Distribution, values: Values) -> tuple[Array, Array]:
    """Nodes and weights of the integral, or sum, over the support, cut where |y - c| has its kink."""
    pieces = PEERS[record.id].pieces
    assert pieces is not None
    ends = sorted(pieces(values))
    if record.id in DISCRETE or "c" not in values or not ends[0] < values["c"] < ends[-1]:
        return grid(record.id, values)
    return panels(sorted({*ends, values["c"]}))


def integrated(rule: Rule, record: Distribution, values: Values) -> float:
    """The integral, or sum, of what is expected times the record's own density."""
    scalar = record.id not in VECTOR and record.variate_domain is not None
    ys, weight = cut_grid(record, values) if scalar else vector_grid(record.id, values)
    if record.id == "one-hot-categorical":
        ys, weight = np.eye(SIZES["K"]), np.ones(SIZES["K"])
    with np.errstate(all="ignore"):
        found = weight * density(record, values, ys)
        body = np.broadcast_to(np.asarray(value(rule.before.args[2], {**values, "x": ys}), dtype=float), found.shape)
        kept = found > 0
        return float(np.sum(found[kept] * body[kept]))


def exact(v: Any) -> Any:
    """A number, or an array of them, as exact rationals."""
    return [exact(a) for a in v] if isinstance(v, np.ndarray) else Fraction(v)


def check(rule: Rule, record: Distribution) -> None:
    rng, tried = rng_for(rule.id), 0
    for _ in range(400):
        values = drawn(rule, record, rng)
        if values is None:
            continue
        tried += 1
        expected = integrated(rule, record, values)
        found = evaluate_ball(rule.after, {n: exact(v) for n, v in values.items()})
        assert found is not None
        scale = 1 + max(abs(v) for v in values.values() if isinstance(v, float | int)) ** 2
        assert float(found) == pytest.approx(expected, rel=1e-5, abs=2e-6 * scale), values
        if tried == DRAWS:
            return
    assert tried, "no values were found that meet the conditions"


@pytest.mark.parametrize("id", ENTRIES)
def test_expectation_is_the_density_s(id: str) -> None:
    check(BOOK.rule(id), record_of(id))


def rebuilt(id: str, entry: dict[str, Any]) -> Rule:
    """The rule of an entry that is not in the record."""
    return distribution_from({**RECORDS[id].record, "expectations": [entry]}).expectations[1]


@pytest.mark.parametrize(
    ("id", "entry"),
    [
        ("normal", {"of": "(y - c)^2", "is": "sigma^2"}),
        ("normal", {"of": "y^2", "is": "mu^2"}),
        ("laplace", {"of": "abs(y - c)", "is": "sigma"}),
        ("gamma", {"of": "log(y)", "is": "log(alpha) - log(beta)"}),
        ("poisson", {"of": "y^2", "is": "lam"}),
        ("bernoulli", {"of": "(y - c)^2", "is": "p*(1 - p)"}),
        ("categorical", {"of": "v[y]", "is": "sum(k, 1, K, v[k])/K", "requires": ["v in reals^K"]}),
        ("student-t", {"of": "(y - c)^2", "is": "sigma^2 + (mu - c)^2", "requires": ["nu > 2"]}),
        ("multi-normal", {"of": "dot(c, y)", "is": "dot(c, c)", "requires": ["c in reals^D"]}),
        ("dirichlet", {"of": "log(y[k])", "is": "log(alpha[k])", "requires": ["alpha[k] > 0"]}),
    ],
    ids=lambda x: x if isinstance(x, str) else x["of"],
)
def test_planted_entry_is_caught(id: str, entry: dict[str, Any]) -> None:
    with pytest.raises(AssertionError):
        check(rebuilt(id, entry), RECORDS[id])


@pytest.mark.parametrize("id", ENTRIES)
def test_every_entry_off_by_a_little_is_caught(id: str) -> None:
    """The loop can tell this entry from a false one."""
    rule, record = BOOK.rule(id), record_of(id)
    off = Rule(id, rule.before, add(rule.after, num(Fraction(1, 20))), "equal", rule.requires, kind=rule.kind)
    with pytest.raises(AssertionError, match="comparison failed"):
        check(off, record)


@pytest.mark.parametrize(
    ("id", "entry", "message"),
    [
        ("normal", {"of": "y", "is": "m"}, "nothing binds m"),
        ("normal", {"of": "y", "is": "y"}, "do not speak of y"),
        ("normal", {"of": "y", "is": "x"}, "x"),
        ("normal", {"of": "y", "is": "mu", "requires": ["y > 0"]}, "do not speak of y"),
        ("normal", {"of": "y +", "is": "mu"}, "of"),
        ("normal", {"of": "y"}, "is"),
        ("weighted", {"of": "y", "is": "0"}, "adds up to one"),
        ("multinomial", {"of": "y[k]", "is": "0"}, "adds up to one"),
    ],
)
def test_entry_that_cannot_be_used_is_refused(id: str, entry: dict[str, Any], message: str) -> None:
    with pytest.raises(RecordError, match=message):
        distribution_from({**RECORDS[id].record, "expectations": [entry]}).expectations  # noqa: B018


def test_checker_makes_the_same_rules_of_every_entry() -> None:
    terms = Terms()
    rules = Rules(terms)
    for id in BOOK.distribution_ids:
        record = BOOK.distribution(id)
        for number, (rule, fact) in enumerate(zip(record.expectations, record.finite, strict=True)):
            asked = [tree(engine_table(c)) for c in rule.requires]
            source, target = tree(engine_table(rule.before)), tree(engine_table(rule.after))
            theirs = parts_of(terms, rules.expectation(id, "expectation", number, record.record))
            assert theirs == [source, target, asked, []], rule.id
            theirs = parts_of(terms, rules.expectation(id, "finite", number, record.record))
            assert theirs == [tree(engine_table(fact.shows)), None, asked, []], fact.id


# -- what the rules ask


def kernel(**domains: str) -> Kernel:
    """A kernel that knows a variable x on the first domain given, and fixed symbols on the others."""
    known = {n: Symbol(n, "variable" if n == "x" else "fixed", parse_domain(d)) for n, d in domains.items()}
    return Kernel(known, [], BOOK.facts)


def term(text: str) -> Term:
    return parse_expression(text, rule=True)


def use(k: Kernel, id: str, text: str) -> Term:
    """What the rule makes of a term, if the kernel takes the step."""
    rule = BOOK.rule(id)
    bindings: Bindings = {}
    assert match(rule.before, term(text), bindings)
    return k.rewrite(rule, term(text), bindings).right


REAL = {"x": "reals", "m": "reals", "s": "positive", "c": "reals"}


def test_entry_is_a_rule_that_the_kernel_takes() -> None:
    found = use(kernel(**REAL), "expectation-normal-2", "E(Normal(m, s), x, (x - c)^2)")
    assert found is term("s^2 + (m - c)^2")
    assert use(kernel(**REAL), "expectation-normal-0", "E(Normal(m, s), x, c + 1)") is term("c + 1")


@pytest.mark.parametrize(
    ("domains", "id", "text"),
    [
        (REAL | {"x": "positive"}, "expectation-normal-1", "E(Normal(m, s), x, x)"),
        (REAL | {"s": "reals"}, "expectation-normal-1", "E(Normal(m, s), x, x)"),
        (REAL, "expectation-normal-1", "E(Normal(x, s), x, x)"),
        (REAL, "expectation-normal-2", "E(Normal(m, s), x, (x - x)^2)"),
        (REAL, "expectation-normal-0", "E(Normal(m, s), x, x + 1)"),
        (REAL, "expectation-normal-0", "E(Normal(m, s), x, oo)"),
        (REAL, "expectation-normal-1", "E(Normal(m, s), m, m)"),
        (REAL, "expectation-uniform-0", "E(Uniform(m, c), x, 1)"),
        (REAL, "expectation-student-t-2", "E(student_t(s, m, s), x, (x - c)^2)"),
        (REAL | {"x": "{0, 1}"}, "expectation-bernoulli-1", "E(Bernoulli(s), x, x)"),
    ],
)
def test_entry_is_not_used_where_it_does_not_hold(domains: dict[str, str], id: str, text: str) -> None:
    with pytest.raises(Blocked):
        use(kernel(**domains), id, text)


def test_facts_say_which_expectations_are_real() -> None:
    k = kernel(**REAL)
    for text in ("x", "(x - c)^2", "c*x - 3*(x - 1)^2/s", "abs(x - m)", "-x"):
        assert k.prover.prove(fn("in", term(f"E(Normal(m, s), x, {text})"), parse_domain("reals"))), text
    for text in ("log(x)", "1/x", "x*log(x)", "sqrt(x)"):
        assert not k.prover.prove(fn("in", term(f"E(Normal(m, s), x, {text})"), parse_domain("reals"))), text
    assert not k.prover.prove(fn("in", term("E(Cauchy(m, s), x, x)"), parse_domain("reals")))


def test_records_and_rules_are_found_by_their_ids() -> None:
    assert BOOK.rule("expectation-normal-1") is BOOK.distribution("normal").expectations[1]
    assert BOOK.rule("density-normal") is BOOK.distribution("normal").density
    assert BOOK.fact_rule("finite-neg-binomial2-log-1").shows.args[0].op == "E"
    assert BOOK.source("expectation-normal-1") == {"kind": "expectation", "record": BOOK.distribution("normal").record}
    assert BOOK.source("finite-normal-0")["kind"] == "finite"
    assert BOOK.source("expectation-sum")["kind"] == "rule"
    assert BOOK.source("real-sum")["kind"] == "fact"
    for id in ("expectation-normal-99", "expectation-nothing-1", "finite-normal", "what", "cdf-von-mises"):
        with pytest.raises(KeyError):
            BOOK.source(id)


def test_no_record_takes_an_id_of_an_entry() -> None:
    taken = {*BOOK.rules, *BOOK.fact_rules}
    for id in BOOK.distribution_ids:
        record = BOOK.distribution(id)
        assert not taken & {r.id for r in (*record.expectations, *record.finite)}


def test_facts_of_other_distributions_are_not_tried() -> None:
    index = BOOK.facts
    assert isinstance(index, FactIndex)
    proposition = fn("in", term("E(Normal(m, s), x, x)"), parse_domain("reals"))
    ids = {r.id for r in index.candidates(proposition, None)}
    assert "finite-normal-1" in ids
    assert not any(i.startswith("finite-") and not i.startswith("finite-normal-") for i in ids)


def test_only_distributions_that_add_up_to_one_have_expectations() -> None:
    for id in BOOK.distribution_ids:
        record = BOOK.distribution(id)
        assert bool(record.expectations) == (record.is_normalised and not record.is_combinator), id
        assert len(record.finite) == len(record.expectations)
