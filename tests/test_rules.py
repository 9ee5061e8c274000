"""The loop over the records of rules/algebra and rules/facts; what it must catch; densities, rigorously; shuffled rulebooks."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("flint")

import laws
from flint import acb, arb, ctx
from peers import PEERS, VECTOR
from sampling import FAILS, HOLDS, UNKNOWN, failing_point, really_fails, try_fact, try_rule

import lossproof as lp
from lossproof import checker
from lossproof.errors import RecordError
from lossproof.facts import FactRule, Rule
from lossproof.interop.balls import evaluate_ball
from lossproof.rulebook import Distribution, Loss, Rulebook
from lossproof.rulebook.build import distribution_from, fact_from, loss_from, rule_from
from lossproof.syntax import parse_expression
from lossproof.terms import LEAVES, Term, add, num, postorder, substitute, sym, symbols
from lossproof.terms.pattern import match, metavariables

BOOK = Rulebook(Path(__file__).resolve().parent.parent / "rules")
RULES = sorted(BOOK.rules)
FACTS = sorted(BOOK.fact_rules)
RECORDS = {i: BOOK.distribution(i) for i in BOOK.distribution_ids}
PLAIN = sorted(i for i, d in RECORDS.items() if not d.is_combinator)

#: Records about any distribution: they are tried on every record that has a distribution function.
ABOUT_DISTRIBUTIONS = {i for i in RULES if any(t.op in ("cdf", "cdf_below") for t in postorder(BOOK.rules[i].before))}
DENSITY_FACTS = {i for i in FACTS if any(t.op == "pdf" for t in postorder(BOOK.fact_rules[i].shows))}
#: The number 0 stands for the zero vector there, which no evaluator knows.
CONVENTIONS = {"zero-vector"}
#: Points that are told in prose.
PROSE = {"drop-constant"} | {
    i for i in RULES if any(t.op in laws.OPERATORS - {"pdf"} for t in postorder(BOOK.rules[i].before))
}


# -- rules


@pytest.mark.parametrize("id", sorted(set(RULES) - ABOUT_DISTRIBUTIONS))
def test_rule_holds_at_random_points(id: str) -> None:
    tally = try_rule(BOOK.rules[id])
    assert not tally.counts[FAILS], tally.first_failure
    assert tally.counts[HOLDS] >= 3, f"could not sample: {tally.counts}"


@pytest.mark.parametrize("id", sorted(i for i in RULES if "fails" in BOOK.rules[i].record))
def test_rule_fails_where_it_says(id: str) -> None:
    rule = BOOK.rules[id]
    assert rule.requires, "what fails somewhere has a condition"
    if id in PROSE:
        return
    point = failing_point(rule.record["fails"])
    assert point is not None, "the point cannot be read"
    assert really_fails(rule, point)


@pytest.mark.parametrize("id", RULES)
def test_rule_does_not_match_what_it_must_not(id: str) -> None:
    rule = BOOK.rules[id]
    assert match(rule.before, rule.before, {}) or any(t.op == "seq" for t in postorder(rule.before))
    for text in rule.record.get("never", ()):
        assert not match(rule.before, parse_expression(text, rule=True), {}), text


@pytest.mark.parametrize("id", [*RULES, *FACTS])
def test_record_is_complete_and_knows_its_operators(id: str) -> None:
    rule: Rule | FactRule = BOOK.rules[id] if id in BOOK.rules else BOOK.fact_rules[id]
    patterns = [rule.before, rule.after, *rule.requires] if isinstance(rule, Rule) else [rule.shows, *rule.given]
    assert rule.says.endswith((".", ")"))
    assert {"requires", "never"} <= rule.record.keys() if isinstance(rule, Rule) else "given" in rule.record
    for t in postorder(*patterns):
        if t.op in LEAVES or t.op == "seq" or t.op.startswith("dist:"):
            continue
        _, least, most, _ = checker.SIGNATURES[t.op]
        if t.args[-1].op != "seq":
            assert least <= len(t.args) <= (most or len(t.args)), t


def test_no_two_records_share_an_id() -> None:
    ids = [*RULES, *FACTS, "algebra", "lemma", "domain", "hypothesis", "number", "syntax"]
    assert len(ids) == len(set(ids))


# -- facts


@pytest.mark.parametrize("id", sorted(set(FACTS) - DENSITY_FACTS - CONVENTIONS))
def test_fact_holds_at_random_points(id: str) -> None:
    tally = try_fact(BOOK.fact_rules[id])
    assert not tally.counts[FAILS], tally.first_failure
    assert tally.counts[HOLDS] >= 3 or (not metavariables(BOOK.fact_rules[id].shows) and tally.ok), (
        f"could not sample: {tally.counts}"
    )


# -- records about any distribution


@pytest.mark.parametrize("id", sorted(i for i in PEERS if RECORDS[i].cdf is not None))
def test_distribution_function_runs_from_zero_to_one(id: str) -> None:
    """What cdf-at-infinity, cdf-at-minus-infinity and cdf-below-minus-infinity say."""
    record, peer = RECORDS[id], PEERS[id]
    assert record.cdf is not None
    assert record.cdf_below is not None
    values = peer.parameters(np.random.default_rng(7))
    law = peer.frozen(values)
    if not hasattr(law, "ppf"):
        pytest.skip("no quantiles to go by")
    high = float(law.ppf(1 - 1e-6))
    assert record.cdf.after.evaluate({**values, record.variate: high}) == pytest.approx(1, abs=1e-5)
    if record.is_discrete:
        lowest = {**values, record.variate: float(law.support()[0])}
        assert record.cdf_below.after.evaluate(lowest) == pytest.approx(0, abs=1e-12)
    else:
        low = float(law.ppf(1e-6))
        assert record.cdf.after.evaluate({**values, record.variate: low}) == pytest.approx(0, abs=1e-5)


# -- densities: non-negative, and of total one


def exact(x: Any) -> Any:
    """A float, or an array of them, as exact rationals."""
    if isinstance(x, np.ndarray):
        return [exact(v) for v in x]
    return Fraction(float(x)).limit_denominator(10**6)


def check_nonnegative(record: Distribution, values: Mapping[str, Any], ys: Any) -> None:
    """The density is not negative at points of the support."""
    for y in ys:
        found = evaluate_ball(
            record.density.after, {**{k: exact(v) for k, v in values.items()}, record.variate: exact(y)}
        )
        assert found is not None, "no value on the support"
        assert not found < 0, f"negative at {y}"


@pytest.mark.parametrize("id", [i for i in PLAIN if i not in VECTOR])
def test_density_is_nowhere_negative(id: str) -> None:
    rng, peer = np.random.default_rng(11), PEERS[id]
    values = peer.parameters(rng)
    if id == "categorical":
        values["p"] = np.array([0.125, 0.25, 0.5, 0.125])  # a sum of exactly 1
    check_nonnegative(RECORDS[id], {**values, **peer.extra}, peer.variates(values, rng, 6))


_ANALYTIC: Mapping[str, Callable[..., acb]] = {
    "exp": acb.exp, "cosh": acb.cosh, "cos": acb.cos, "gamma": acb.gamma, "erf": acb.erf, "erfc": acb.erfc,
    "besseli": lambda nu, z: acb.bessel_i(z, nu), "sin": acb.sin, "sinh": acb.sinh,
    "beta": lambda a, b: a.gamma() * b.gamma() / (a + b).gamma(), "sigmoid": lambda z: 1 / (1 + (-z).exp()),
    "Phi": lambda z: (-z / acb(2).sqrt()).erfc() / 2,
}  # fmt: skip


class NotAnalytic(Exception):
    """A function with a kink, which the rigorous integral does not take."""


def complex_value(t: Term, values: Mapping[str, Any], analytic: bool) -> acb:
    """The value of a density at a complex ball; not finite where a branch cut is met and analyticity was asked for."""
    memo: dict[Term, acb] = {}
    for s in postorder(t):
        a = [memo[x] for x in s.args]
        if s.op == "num":
            memo[s] = acb(arb(s.value.numerator) / arb(s.value.denominator))  # type: ignore[union-attr]
        elif s.op == "const":
            memo[s] = acb.pi()
        elif s.op == "sym":
            memo[s] = values[str(s.value)]
        elif s.op == "add":
            memo[s] = sum(a, acb(0))
        elif s.op == "mul":
            memo[s] = a[0]
            for x in a[1:]:
                memo[s] *= x
        elif s.op == "neg":
            memo[s] = -a[0]
        elif s.op == "div":
            memo[s] = a[0] / a[1]
        elif s.op in ("log", "sqrt"):
            memo[s] = getattr(a[0], s.op)(analytic)
        elif s.op == "pow":
            whole = s.args[1].op == "num" and s.args[1].value.denominator == 1  # type: ignore[union-attr]
            memo[s] = a[0] ** int(s.args[1].value) if whole else (a[1] * a[0].log(analytic)).exp()  # type: ignore[arg-type]
        elif s.op in _ANALYTIC:
            memo[s] = _ANALYTIC[s.op](*a)
        else:
            raise NotAnalytic(s.op)
    return memo[t]


def enclosed_total(record: Distribution, values: Mapping[str, Any], ends: tuple[float, float]) -> arb:
    """A rigorous enclosure of the density's integral over an interval."""
    saved, ctx.prec = ctx.prec, 64
    try:
        parameters = {k: acb(float(v)) for k, v in values.items()}
        body = record.density.after
        if any(t.op in ("abs", "cases", "indicator", "max", "min") for t in postorder(body)):
            raise NotAnalytic
        found = acb.integral(lambda z, analytic: complex_value(body, {**parameters, record.variate: z}, analytic), ends[0], ends[1],
                             rel_tol=2.0**-30, abs_tol=2.0**-30)  # fmt: skip
        return found.real
    finally:
        ctx.prec = saved


def check_total(record: Distribution, values: Mapping[str, Any], ends: tuple[float, float], missing: float) -> None:
    """The mass on the interval is 1 but for the part that the other program says lies outside."""
    total = enclosed_total(record, values, ends)
    assert total.rad() < 1e-5, f"the enclosure {total} is too wide"
    assert abs(total.mid() - (1 - missing)) <= total.rad() + 1e-7, total


def rigorous() -> Iterator[str]:
    for id in PLAIN:
        record = RECORDS[id]
        kinks = {"abs", "cases", "indicator", "max", "min", "binomial", "factorial", "zeta", "at"}
        if id in VECTOR or record.is_discrete or any(t.op in kinks for t in postorder(record.density.after)):
            continue
        yield id


@pytest.mark.parametrize("id", list(rigorous()))
def test_density_has_rigorous_total(id: str) -> None:
    """Between two quantiles: the other program's probabilities say what lies outside."""
    peer = PEERS[id]
    values = {k: round(v, 2) for k, v in peer.parameters(np.random.default_rng(5)).items()}
    law = peer.frozen(values)
    if not hasattr(law, "ppf"):
        pytest.skip("no quantiles to go by")
    ends = float(law.ppf(0.01)), float(law.ppf(0.99))
    check_total(RECORDS[id], values, ends, 1 - float(law.cdf(ends[1]) - law.cdf(ends[0])))


# -- losses


def check_loss(loss: Loss) -> None:
    """A loss's formula has a value at a random point, and no term that is free of what is learned."""
    assert loss.formula is not None
    learned = {n for n, kind in loss.variables.items() if kind in ("prediction", "parameter")}
    assert symbols(loss.formula) == set(loss.variables)
    stack = [loss.formula]
    while stack:
        t = stack.pop()
        if t.op in ("add", "neg"):
            stack.extend(t.args)
        else:
            assert symbols(t) & learned, f"{t} could be dropped"
    assert any(np.all(np.isfinite(found)) for found in _loss_values(loss)), "no finite value"


def _loss_values(loss: Loss) -> Iterator[Any]:
    assert loss.formula is not None
    vectors = {t.args[0] for t in postorder(loss.formula) if t.op in ("at", "norm", "dot", "logsumexp", "softmax")}
    vectors |= {t.args[-1] for t in postorder(loss.formula) if t.op in ("quad", "dot")}
    whole = set().union(*[symbols(v) for v in vectors]) if vectors else set()
    matrices = {n for t in postorder(loss.formula) if t.op in ("quad", "logdet") for n in symbols(t.args[0])}
    for seed in range(6):
        rng = np.random.default_rng(seed)
        values: dict[str, Any] = {n: float(rng.uniform(0.1, 0.9)) for n in loss.variables} | {"K": 3, "D": 3}
        values |= {n: rng.dirichlet(np.ones(3)) for n in whole} | {n: np.eye(3) for n in matrices}
        if any(t.op == "at" and t.args[1] is sym("y") for t in postorder(loss.formula)):
            values["y"] = 2
        yield loss.formula.evaluate({n: v for n, v in values.items() if n in symbols(loss.formula) | {"K", "D"}})


@pytest.mark.parametrize("id", sorted(i for i, loss in BOOK.losses.items() if loss.formula is not None))
def test_loss_formula(id: str) -> None:
    check_loss(BOOK.losses[id])


# -- what was planted must be caught by the same loops


@pytest.mark.parametrize(
    "record",
    [
        {"from": "log(a + b)", "to": "log(a) + log(b)", "requires": ["a > 0", "b > 0"]},
        {"from": "log(a * b)", "to": "log(a) + log(b)", "requires": [], "nary": True},
        {"from": "sqrt(a^2)", "to": "a", "requires": ["a in reals"]},
        {"from": "a^b*a^c", "to": "a^(b*c)", "requires": ["a > 0"]},
        {"from": "cases(c, a + d, b)", "to": "cases(c, a, b) + d", "requires": ["d in reals"]},
        {"from": "sum(k, m, n, c * f)", "to": "c * sum(k, m, n, f)", "requires": []},
        {"from": "sum(f * g)", "to": "sum(f)*sum(g)", "requires": []},
        {"from": "log(sum(f))", "to": "sum(log(f))", "requires": ["f > 0"]},
        {"from": "sum(k, 1, K, p[k])", "to": "1", "requires": ["p in reals^K"]},
        {"from": "quad(A, c*v)", "to": "c*quad(A, v)", "requires": ["c in reals", "A in posdef(D)"]},
        {"from": "c * f", "to": "f", "requires": ["free(c)"], "relation": "up-to-scale"},
        {"from": "f + d", "to": "f", "requires": ["d in reals"], "relation": "up-to-constant"},
        {"from": "maximise(f)", "to": "minimise(f)", "requires": [], "relation": "same-order"},
        {"from": "E(D, x, f * g)", "to": "E(D, x, f) * E(D, x, g)", "requires": []},
        {"from": "E(D, x, -f)", "to": "E(D, x, f)", "requires": []},
        {"from": "E(D, x, f + g)", "to": "E(D, x, f)", "requires": []},
        {"from": "CE(D, Q, x)", "to": "CE(Q, D, x)", "requires": []},
        {"from": "KL(D, Q, x)", "to": "CE(D, Q, x)", "requires": []},
        {"from": "KL(Categorical(p), Q, x)", "to": "CE(Categorical(p), Q, x)", "requires": ["p in simplex(K)"]},
        {"from": "JS(D, Q, x)", "to": "1/2*KL(D, Q, x) + 1/2*KL(Q, D, x)", "requires": []},
        {"from": "NLL(Bernoulli(p), y)", "to": "mean(-log(pdf(Bernoulli(p), y)))", "requires": ["p in unit", "y in {0, 1}"]},
    ],
    ids=lambda r: r["from"],
)
def test_planted_rule_is_caught(record: dict[str, Any]) -> None:
    tally = try_rule(rule_from({"id": "planted", "says": "False.", "never": [], **record}))
    assert tally.counts[FAILS], tally.counts


@pytest.mark.parametrize(
    "id", sorted(i for i in RULES if BOOK.rules[i].relation == "equal" and i not in ABOUT_DISTRIBUTIONS)
)
def test_every_rule_off_by_a_little_is_caught(id: str) -> None:
    """The loop can tell this rule from a false one: it is not passed because nothing was sampled."""
    rule = BOOK.rules[id]
    if rule.after.op in ("eye", "inv", "div", "mul", "sym") and any(
        t.op == "eye" for t in postorder(rule.before, rule.after)
    ):
        return  # a number is not added to a matrix
    off = Rule(id, rule.before, add(rule.after, num(Fraction(1, 10**9))), "equal", rule.requires)
    assert try_rule(off).counts[FAILS]


@pytest.mark.parametrize(
    "record",
    [
        {"shows": "a + b > 0", "given": ["a > 0", "b in reals"]},
        {"shows": "a^2 > 0", "given": ["a in reals"]},
        {"shows": "a * b != 0", "given": ["a != 0"]},
        {"shows": "log(a) > 0", "given": ["a > 0"]},
        {"shows": "p[k] > 1/2", "given": ["p in simplex(K)"]},
        {"shows": "a in naturals", "given": ["a in integers"]},
        {"shows": "sum(k, m, n, f) > 0", "given": ["f > 0"]},
        {"shows": "softmax(z)[k] >= 1", "given": ["z in reals^K"]},
        {"shows": "E(D, x, f) > 0", "given": ["E(D, x, f) >= 0"]},
        {"shows": "H(Empirical(y), x) > 0", "given": ["y in integers"]},
        {"shows": "(p + q)/2 in onehot(K)", "given": ["p in onehot(K)", "q in onehot(K)"]},
        {"shows": "[a, b] in simplex(2)", "given": ["a in reals", "b in reals", "a + b == 1"]},
    ],
    ids=lambda r: r["shows"],
)
def test_planted_fact_is_caught(record: dict[str, Any]) -> None:
    tally = try_fact(fact_from({"id": "planted", "says": "False.", **record}))
    assert tally.counts[FAILS], tally.counts


def planted(density: str) -> Distribution:
    record = {**RECORDS["normal"].record, "id": "planted", "density": density}
    return distribution_from(record)


def test_planted_distribution_is_caught() -> None:
    values, ends = {"mu": 0.5, "sigma": 1.5}, (-3.0, 4.0)
    missing = 1 - float(np.diff(PEERS["normal"].frozen(values).cdf(ends))[0])
    check_total(RECORDS["normal"], values, ends, missing)
    check_nonnegative(RECORDS["normal"], values, [0.0, 1.0])
    with pytest.raises(AssertionError):
        check_total(planted("exp(-(y - mu)^2/(2*sigma^2))/sqrt(2*pi*sigma)"), values, ends, missing)
    with pytest.raises(AssertionError):
        check_nonnegative(planted("(y - mu)*exp(-(y - mu)^2/(2*sigma^2))"), values, [0.0, 1.0])


def test_planted_loss_is_caught() -> None:
    record = BOOK.losses["huber"].record
    check_loss(loss_from(record))
    with pytest.raises(AssertionError):
        check_loss(loss_from({**record, "formula": record["formula"] + " + log(delta)"}))
    with pytest.raises(AssertionError):
        check_loss(loss_from({**record, "formula": "log(-(y - yhat)^2 - delta)"}))


def test_false_derivation_is_caught() -> None:
    """A rulebook with one false rule gives an answer that the comparison with numbers refuses."""
    wrong = [{**r, "to": "1/3*log(a)"} if r["id"] == "log-root" else r for r in BOOK.records("algebra")]
    book = Rulebook(BOOK.folder, {**{kind: BOOK.records(kind) for kind in KINDS}, "algebra": wrong})
    d = lp.derive("y ~ N(ŷ, σ²)", book=book)
    values = {"y": 0.3, "yhat": 1.0, "sigma": 2.0}
    expected = -PEERS["normal"].log_density(0.3, {"mu": 1.0, "sigma": 2.0})
    assert d.nll.evaluate(values) != pytest.approx(float(expected))
    report = checker.check(json.loads(d.proof.to_json()), None)
    assert not report.ok, "the rule is not the installed one"


def test_unbound_variable_is_refused_on_load() -> None:
    with pytest.raises(RecordError, match="nothing binds c"):
        rule_from({"id": "loose", "from": "a + b", "to": "a + c", "requires": [], "says": "?", "never": []})


# -- the order of records does not matter


KINDS = ("algebra", "facts", "distributions", "losses", "links")


def shuffled(seed: int) -> Rulebook:
    """The usual records in another order."""
    records = {kind: list(BOOK.records(kind)) for kind in KINDS}
    for found in records.values():
        random.Random(seed).shuffle(found)
    return Rulebook(BOOK.folder, records)


@pytest.mark.parametrize("seed", [1, 2])
def test_shuffled_records_give_the_same(seed: int) -> None:
    from shapes import SHAPES

    book = shuffled(seed)
    for shape in SHAPES[seed::5]:
        one, other = lp.derive(shape.text), lp.derive(shape.text, book=book)
        assert (one.relation, one.name, one.loss, one.scale, one.offset) == (
            other.relation,
            other.name,
            other.loss,
            other.scale,
            other.offset,
        ), shape
        assert one.proof.to_json() == other.proof.to_json(), shape


def test_sampling_knows_three_answers() -> None:
    assert {HOLDS, FAILS, UNKNOWN} == {"holds", "fails", "unknown"}
    nothing = try_rule(
        rule_from(
            {"id": "empty", "from": "log(a)", "to": "a", "requires": ["a > 0", "-a > 0"], "says": "?", "never": []}
        ),
        tries=50,
    )
    assert not nothing.ok
    assert not nothing.counts[FAILS]
    assert substitute(sym("a"), {}) is sym("a")
