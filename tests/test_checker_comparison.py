"""The stand-alone checker on comparisons: proofs that hold, proofs and witnesses that were tampered with."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from checker_proofs import (
    Builder,
    comparison,
    expected,
    ordered,
    refuted,
    rejected,
    scaled,
    square,
    symbols,
    write_rules,
)

from lossproof.checker import check, main

PROOFS: dict[str, Callable[[], Builder]] = {"scaled": scaled, "ordered": ordered, "refuted": refuted, "expected": expected}


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_rules(tmp_path_factory.mktemp("rules"))


# -- what holds ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(PROOFS))
def test_comparisons_are_accepted(name: str, rules: Path) -> None:
    b = PROOFS[name]()
    report = check(b.data, rules)
    assert report.ok, report
    assert (report.steps, report.facts) == (len(b.data["steps"]), len(b.data["facts"]))
    assert b.data["claim"]["relation"] in report.claim


def test_command_tells_claim_and_witness(rules: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "proof.json"
    path.write_text(json.dumps(refuted().data), encoding="utf-8")
    assert main([str(path), "--rules", str(rules)]) == 0
    out = capsys.readouterr().out
    assert "claim: refuted: samples_mean(pow(add(y, neg(mu)), 2)) and samples_mean(abs(add(y, neg(mu)))) order two points differently\n" in out
    assert "besides: a witness that the order fails: samples 3, points 2\n" in out


def test_unknown_claims_nothing(rules: Path) -> None:
    data = refuted().data
    data["claim"]["relation"], data["witness"] = "unknown", None
    report = check(data, rules)
    assert report.ok, report
    assert report.claim.startswith("unknown, of ")
    rejected(scaled_as("unknown"), rules, "nothing is proved that has a chain or a scale")


def test_other_kinds_are_not_read(rules: Path) -> None:
    data = refuted().data
    data["kind"] = "derivation"
    assert check(data, rules).status == 2
    del data["kind"]
    rejected(data, rules)


def scaled_as(relation: str) -> dict[str, Any]:
    data = scaled().data
    data["claim"]["relation"] = relation
    return data


# -- tampering -------------------------------------------------------------------------------------


def step_of(data: dict[str, Any], rule: str, number: int = 0) -> dict[str, Any]:
    return [s for s in data["steps"] if s["rule"] == rule][number]


def term(data: dict[str, Any], *row: Any) -> int:
    if list(row) not in data["terms"]:
        data["terms"].append(list(row))
    return int(data["terms"].index(list(row)))


def sym(d: dict[str, Any], name: str) -> int:
    return term(d, "sym", name)


TAMPERED: dict[str, tuple[Callable[[], Builder], Callable[[dict[str, Any]], object], str]] = {
    "a scale is another": (scaled, lambda d: d["claim"].update(scale=term(d, "num", "3")), "not equal by algebra"),
    "a scale is negative": (scaled, lambda d: d["claim"].update(scale=term(d, "num", "-2")), "not equal by algebra"),
    "an offset is another": (scaled, lambda d: d["claim"].update(offset=term(d, "num", "0")), "not equal by algebra"),
    "a scale is forgotten": (scaled, lambda d: d["claim"].update(scale=None), "is no term"),
    "an order has a scale": (ordered, lambda d: d["claim"].update(scale=term(d, "num", "1"), offset=term(d, "num", "0")), "has no scale"),
    "a relation is stronger": (scaled, lambda d: d["claim"].update(relation="up-to-constant"), "not that of the chain claim"),
    "a relation is weaker": (scaled, lambda d: d["claim"].update(relation="same-order"), "not that of the chain claim"),
    "a relation is none": (scaled, lambda d: d["claim"].update(relation="alike"), "no such relation"),
    "another relation is told": (scaled, lambda d: d.update(relation="equal"), "another relation is told"),
    "sides are swapped": (scaled, lambda d: d["claim"].update(left=d["claim"]["right"], right=d["claim"]["left"]), "not about the chains a and b"),
    "a proof is a refutation": (scaled, lambda d: d["claim"].update(relation="refuted", scale=None, offset=None), "nothing is proved that has a chain"),
    "the chain claim is of another relation": (scaled, lambda d: d["chains"]["claim"].update(relation="same-order"), "its steps prove up-to-scale"),
    "a chain a is less than equal": (scaled, lambda d: d["chains"]["a"].update(relation="up-to-scale"), "of another relation"),
    "a chain is missing": (scaled, lambda d: d["chains"].pop("b"), "there is no chain"),
    "a lemma goes the wrong way": (scaled, lambda d: step_of(d, "lemma", 1)["bindings"].pop("direction"), "says something else"),
    "a lemma goes nowhere": (scaled, lambda d: step_of(d, "lemma", 1)["bindings"].update(direction="up"), "no such direction"),
    "a lemma says more": (scaled, lambda d: step_of(d, "lemma", 1)["bindings"].update(note=1), "names its chain"),
    "a lemma turns equal": (ordered, lambda d: step_of(d, "lemma").update(relation="equal"), "of another relation"),
    "a lemma turns into a scale": (ordered, lambda d: step_of(d, "lemma").update(relation="up-to-scale"), "keeps the order"),
    "an order is deep": (ordered, lambda d: step_of(d, "root-order").update(place=[0]), "for the whole objective"),
    "what is pulled is learned": (scaled, lambda d: step_of(d, "pull-scale")["conditions"].pop(0), "is not given"),
    "what is pulled may be negative": (scaled, lambda d: step_of(d, "pull-scale")["conditions"].pop(1), "is not given"),
    "definedness is forgotten": (scaled, lambda d: d["defined"].pop(), "gt(v) is not given"),
    "definedness is another's": (ordered, lambda d: d["defined"][0].update(because=0), "the fact is not the condition"),
    "definedness is missing": (scaled, lambda d: d.pop("defined"), "`defined` is missing"),
    "a refutation has no witness": (refuted, lambda d: d.update(witness=None), "a refutation has one"),
    "a refutation is of a scale": (refuted, lambda d: d["witness"].update(says="up-to-constant"), "of a refutation it is of the order"),
    "a witness is against the claim": (scaled, lambda d: d["witness"].update(says="order"), "up-to-scale is claimed"),
    "a witness has one point": (refuted, lambda d: d["witness"]["points"].pop(), "order has 2 points"),
    "a point is another": (refuted, lambda d: d["witness"]["points"][1].update(mu="2"), "does not hold the value"),
    "a point is no point": (refuted, lambda d: d["witness"]["points"][1].pop("mu"), "there is no value for mu"),
    "a point differs by sample": (refuted, lambda d: d["witness"]["points"][1].update(mu={"samples": ["1", "1", "2"]}), "differs with the sample"),
    "a value is another": (refuted, lambda d: d["witness"]["values"]["y"]["samples"].__setitem__(2, "4"), "does not hold the value"),
    "a value is missing": (refuted, lambda d: d["witness"]["values"].pop("y"), "there is no value for y"),
    "a sample is missing": (refuted, lambda d: d["witness"]["values"]["y"]["samples"].pop(), "not one y for each sample"),
    "samples are more": (refuted, lambda d: d["witness"].update(samples=4), "not one y for each sample"),
    "a value is shared": (scaled, lambda d: d["witness"]["values"].update(v={"samples": ["3", "3"]}), "not one v for each sample"),
    "a value is of a parameter": (refuted, lambda d: d["witness"]["values"].update(mu="1"), "at the wrong place"),
    "a point is of data": (refuted, lambda d: d["witness"]["points"][0].update(y="1"), "at the wrong place"),
    "a value is of nothing": (refuted, lambda d: d["witness"]["values"].update(z="1"), "z has no value"),
    "a value is a float": (refuted, lambda d: d["witness"]["points"][0].update(mu=0.5), "is no number"),
    "a value is a vector": (refuted, lambda d: d["witness"]["points"][0].update(mu=["1", "2"]), "does not hold"),
    "a value is off its domain": (scaled, lambda d: d["witness"]["values"].update(v="-3"), "in(v, positive) does not hold"),
    "an enclosure is another": (refuted, lambda d: d["witness"]["enclosures"]["a"].__setitem__(0, ["4", "5"]), "does not hold the value"),
    "an enclosure is of infinity": (refuted, lambda d: d["witness"]["enclosures"]["a"].__setitem__(0, ["oo", "oo"]), "does not hold the value"),
    "an enclosure is empty": (refuted, lambda d: d["witness"]["enclosures"]["a"].__setitem__(0, ["4", "2"]), "is empty"),
    "an enclosure is missing": (refuted, lambda d: d["witness"]["enclosures"]["b"].pop(), "an enclosure for each point"),
    "the order is the same": (refuted, lambda d: d["witness"].update(points=[{"mu": "0"}] * 2), "does not hold the value"),
    "a hypothesis fails": (
        refuted, lambda d: d["hypotheses"].append({"says": term(d, "gt", sym(d, "mu"), term(d, "num", "0")), "origin": "where"}), "does not hold",
    ),
    "data are shared": (ordered, lambda d: d["symbols"]["y"].update(indexed=False), "does not vary with the sample"),
    "a variable is a parameter": (expected, lambda d: d["symbols"]["t"].update(role="parameter"), "is not over t"),
    "a variable varies": (expected, lambda d: d["symbols"]["t"].update(indexed=True), "does not vary with the sample"),
    "an expectation is another": (expected, lambda d: step_of(d, "expectation-toy-2")["bindings"].update(mu=sym(d, "c")), "does not show"),
    "a parameter is free": (expected, lambda d: step_of(d, "expectation-toy-2")["conditions"].pop(0), "is not given"),
    "an entry is another": (
        expected, lambda d: d["rules"]["expectation-toy-2"]["record"]["expectations"][1].update({"is": "v"}), "not as in the installed rules",
    ),
    "an entry has no number": (expected, lambda d: d["rules"].update({"expectation-toy-x": d["rules"]["expectation-toy-2"]}) or
        [s.update(rule="expectation-toy-x") for s in d["steps"] if s["rule"] == "expectation-toy-2"], "has no number"),
    "an entry is beyond the last": (expected, lambda d: d["rules"].update({"expectation-toy-9": d["rules"]["expectation-toy-2"]}) or
        [s.update(rule="expectation-toy-9") for s in d["steps"] if s["rule"] == "expectation-toy-2"], "no such expectation"),
}  # fmt: skip


@pytest.mark.parametrize("what", sorted(TAMPERED))
def test_tampered_comparisons_are_rejected(what: str, rules: Path) -> None:
    build, tamper, word = TAMPERED[what]
    data = copy.deepcopy(build().data)
    tamper(data)
    rejected(data, rules, word)


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Every number, text, null and truth value of a JSON value, with its place."""
    if isinstance(value, dict | list):
        for key, inner in sorted(value.items()) if isinstance(value, dict) else enumerate(value):
            yield from leaves(inner, (*path, key))
    else:
        yield path, value


def others(value: Any) -> list[Any]:
    """What could stand there instead."""
    if value is None or isinstance(value, bool):
        return [not value]
    if isinstance(value, int):
        return [value + 1, max(value - 1, 0) if value else 7]
    try:
        return [str(Fraction(value) + 1), str(-Fraction(value) - 1)]
    except ValueError:
        return [f"{value}x", ""]


#: What is for readers.
READERS = {"question", "group", "assumption", "title", "proved_if", "ledger", "loss", "schema", "kind"}


@pytest.mark.parametrize("name", sorted(PROOFS))
def test_nothing_may_be_changed(name: str, rules: Path) -> None:
    """Each part of a proof is changed to something else: it is rejected, but for what is listed as harmless."""
    data = PROOFS[name]().data
    harmless: list[tuple[Any, ...]] = []
    total = 0
    for path, value in list(leaves(data)):
        if READERS & set(path):
            continue
        for new in others(value):
            changed = copy.deepcopy(data)
            inner = changed
            for key in path[:-1]:
                inner = inner[key]
            if inner[path[-1]] == new:
                continue
            inner[path[-1]] = new
            total += 1
            if check(changed, rules).ok:
                harmless.append((*path, new))
    assert total > 60
    assert [h for h in harmless if not is_harmless(h)] == []


def is_harmless(change: tuple[Any, ...]) -> bool:
    """Whether the mathematics stays true: an enclosure is wider, a symbol is shared or not, a point of another witness."""
    *path, new = change
    if "enclosures" in path:
        return Fraction(new) < 0 if path[-1] == 0 else Fraction(new) > 0
    return path[-1] == "indexed" or change in [("witness", "points", 0, "mu", "1"), ("witness", "values", "v", "4")]


# -- expectations: one chain beside the proof ------------------------------------------------------


def beside(rules: Path, name: str, before: Callable[[Builder], int], after: Callable[[Builder], int], rule: str, *facts: Any, **names: Any) -> Any:
    """The report on `expected` with one more chain of one step."""
    b = expected()
    for extra in ("u", "w"):
        b.symbol(extra, "variable")
    b.symbol("y", "data", indexed=True)
    b.symbol("s_i", "fixed", indexed=True)
    ends = before(b), after(b)
    b.chain(name, *ends)
    known = [f(b) for f in facts]
    b.step(name, rule, [], *ends, {n: v(b) if callable(v) else [x(b) for x in v] for n, v in names.items()}, *known)
    return check(b.data, rules)


def s(name: str) -> Callable[[Builder], int]:
    return lambda b: b("sym", name)


def f(op: str, *args: Callable[[Builder], int]) -> Callable[[Builder], int]:
    return lambda b: b(op, *[a(b) for a in args])


MU, V, C, T, U, Y = (s(n) for n in ("mu", "v", "c", "t", "u", "y"))
TOY, OTHER = f("dist:toy", MU, V), f("dist:toy", C, V)
LIKELY = f("dist:toy", s("s_i"), V)


def quotient(p: Callable[[Builder], int], q: Callable[[Builder], int], x: Callable[[Builder], int]) -> Callable[[Builder], int]:
    return f("E", p, x, f("log", f("div", f("pdf", p, x), f("pdf", q, x))))


def test_definition_of_the_divergence(rules: Path) -> None:
    report = beside(rules, "aside", f("KL", TOY, OTHER, T), quotient(TOY, OTHER, T), "kl-definition", D=TOY, Q=OTHER, x=T)
    assert report.ok, report


def test_variable_is_not_captured(rules: Path) -> None:
    """KL(toy(t, v), q, t) speaks of another t than the one that it is over."""
    moved = f("dist:toy", T, V)
    closed = lambda inner: f("E", TOY, T, inner)  # noqa: E731
    report = beside(rules, "aside", closed(f("KL", moved, OTHER, T)), closed(quotient(moved, OTHER, T)), "kl-definition", D=moved, Q=OTHER, x=T)
    assert report.status == 1
    b = expected()
    moved_term = b("dist:toy", b("sym", "t"), b("sym", "v"))
    before = b("KL", moved_term, b("dist:toy", b("sym", "c"), b("sym", "v")), b("sym", "t"))
    outer = b("E", b("dist:toy", b("sym", "mu"), b("sym", "v")), b("sym", "t"), before)
    after = quotient(lambda b: moved_term, OTHER, T)(b)
    b.chain("aside", outer, b("E", *b.rows[outer][1:3], after))
    b.step("aside", "kl-definition", [2], before, after, {"D": moved_term, "Q": OTHER(b), "x": T(b)})
    rejected(b.data, rules, "captured or escapes")


def test_factor_with_the_variable_stays_inside(rules: Path) -> None:
    for factor, ok in ((C, True), (T, False)):
        inner = f("mul", factor, f("exp", T))
        report = beside(rules, "aside", f("E", TOY, T, inner), f("mul", factor, f("E", TOY, T, f("exp", T))), "expectation-factor",
                        D=TOY, x=T, c=factor, f=f("exp", T))  # fmt: skip
        assert report.ok == ok, report
        assert ok or "objective" in report.messages[0]


def test_variable_stands_in_expectations_alone(rules: Path) -> None:
    report = beside(rules, "aside", T, T, "algebra")
    assert "no objective" in report.messages[0]
    report = beside(rules, "aside", f("E", TOY, C, T), C, "algebra")
    assert "E is not over c" in report.messages[0]
    b = expected()
    b.suppose(b.gt(b("sym", "t")))
    rejected(b.data, rules, "nothing is supposed")
    b = expected()
    b.data["symbols"]["c"].update(domain="{t}", domain_term=b("set", b("sym", "t")))
    rejected(b.data, rules, "its domain is no domain")


def test_domain_of_the_variable_is_its_own(rules: Path) -> None:
    b = expected()
    ranges = next(row for row in b.data["facts"] if b.rows[row[0]][0] == "ranges")
    ranges[0] = b("ranges", b("sym", "t"), b("domain", "positive"))
    rejected(b.data, rules, "does not hold by syntax")
    b = expected()
    b.data["symbols"]["t"].update(domain="positive", domain_term=b("domain", "positive"))
    rejected(b.data, rules, "does not hold by syntax")
    for proposition, ok in ((("without", MU, T), True), (("without", T, T), False), (("without", f("E", TOY, T, T), T), True)):
        b = expected()
        b.fact(f(*proposition)(b), "syntax")  # type: ignore[arg-type]
        assert check(b.data, rules).ok == ok


def test_record_asks_where_the_variable_ranges(rules: Path) -> None:
    facts = [lambda b: b.fact(b.gt(b("sym", "v")), "positive-symbol", {"a": b("sym", "v")}, b.fact(b("in", b("sym", "v"), b("domain", "positive")), "domain"))]
    ends = f("H", TOY, T), f("log", V)
    report = beside(rules, "aside", *ends, "toy-entropy", *facts, mu=MU, v=V, x=T)
    assert "ranges(t, reals) is not given" in report.messages[0]
    facts.append(lambda b: b.fact(b("ranges", b("sym", "t"), b("domain", "reals")), "syntax"))
    assert beside(rules, "aside", *ends, "toy-entropy", *facts, mu=MU, v=V, x=T).ok


def test_empirical_distribution_is_over_the_samples(rules: Path) -> None:
    ends = f("CE", f("dist:empirical", Y), LIKELY, T), f("samples_mean", f("neg", f("log", f("pdf", LIKELY, Y))))
    without = lambda b: b.fact(b("without", LIKELY(b), b("sym", "t")), "syntax")  # noqa: E731
    assert beside(rules, "aside", *ends, "ce-empirical", without, y=Y, Q=LIKELY, x=T).ok
    for term in (f("KL", LIKELY, f("dist:empirical", Y), T), f("JS", f("dist:empirical", Y), LIKELY, T)):
        report = beside(rules, "aside", term, term, "algebra")
        assert "beside the empirical distribution" in report.messages[0]
    factor = s("s_i")
    over = lambda inner: f("E", f("dist:empirical", Y), T, inner)  # noqa: E731
    report = beside(rules, "aside", over(f("mul", factor, T)), f("mul", factor, over(T)), "expectation-factor", D=f("dist:empirical", Y), x=T, c=factor, f=T)
    assert "varies with the sample escapes" in report.messages[0]


def test_expectations_do_not_cancel_unless_they_are_finite(rules: Path) -> None:
    infinite = f("E", TOY, T, f("exp", T))
    report = beside(rules, "aside", f("add", infinite, f("neg", infinite)), lambda b: b.num(0), "algebra")
    assert "cancels" in report.messages[0]
    b = expected()
    finite = b.data["chains"]["a"]["left"]
    b.chain("aside", b("add", finite, b("neg", finite)), b.num(0))
    b.step("aside", "algebra", [], b("add", finite, b("neg", finite)), b.num(0))
    assert check(b.data, rules).ok
    b.data["facts"] = [row for row in b.data["facts"] if row[1] != "finite-toy-2"]
    assert check(b.data, rules).status == 1


# -- where objectives are defined ------------------------------------------------------------------


def needs(build: Callable[[Builder], int], *known: Callable[[Builder], int]) -> str:
    """What the check of a proof of A = A says when these conditions are all that is known."""
    b = Builder()
    symbols(b)
    b.symbol("x", "parameter")
    b.symbol("M", "fixed", b("posdef", b.symbol("K", "fixed", "naturals")), shape="K x K")
    b.symbol("t", "variable", "positive")
    a = build(b)
    b.chain("claim", a, a)
    comparison("equal", a, a, b, b.num(1), b.num(0))
    facts = [b.suppose(p(b)) for p in known]
    facts.append(b.fact(b("in", b("sym", "M"), b("posdef", b("sym", "K"))), "domain"))
    b.data["defined"] = [{"says": b.data["facts"][i][0], "because": i} for i in facts]
    report = check(b.data, None, assume_rules=True)
    return report.messages[0] if report.messages else ""


X = s("x")
NUM = lambda n: lambda b: b.num(n)  # noqa: E731
POSITIVE, NONNEGATIVE, NONZERO = (f(op, X, NUM(0)) for op in ("gt", "ge", "ne"))
PDF = f("pdf", f("dist:toy", MU, V), Y)
ASKED: list[tuple[Callable[[Builder], int], list[Callable[[Builder], int]] | None, str]] = [
    (f("log", X), [POSITIVE], "gt(x)"),
    (f("log", f("samples_prod", PDF)), [], ""),
    (f("log", f("div", f("samples_prod", PDF), f("mul", f("samples_prod", PDF), f("samples_prod", PDF)))), [], ""),
    (f("log", f("mul", f("samples_prod", PDF), X)), [f("gt", f("mul", f("samples_prod", PDF), X), NUM(0))], "gt(mul(samples_prod(pdf(dist:toy(mu, v), y)), x))"),
    (f("sqrt", X), [NONNEGATIVE], "ge(x)"),
    (f("div", NUM(1), X), [NONZERO], "ne(x)"),
    (f("div", X, NUM(2)), [], ""),
    (f("div", X, lambda b: b("const", "n_samples")), [], ""),
    (f("pow", X, NUM(2)), [], ""),
    (f("pow", X, f("neg", NUM(1))), [NONZERO], "ne(x)"),
    (f("pow", X, NUM("1/2")), [NONNEGATIVE], "gt(x)"),
    (f("pow", X, NUM("-1/2")), [POSITIVE], "gt(x)"),
    (f("pow", X, V), [POSITIVE], "gt(x)"),
    (f("lgamma", X), [POSITIVE], "gt(x)"),
    (f("logit", X), [POSITIVE, f("gt", f("add", NUM(1), f("neg", X)), NUM(0))], "gt(x) and gt(add(1, neg(x)))"),
    (f("xlogy", V, X), [POSITIVE], "gt(x)"),
    (f("factorial", X), [NONNEGATIVE], "ge(x)"),
    (f("binomial", X, V), [f("gt", f("add", X, NUM(1)), NUM(0))], "ge(x)"),
    (f("beta", X, X), [POSITIVE], "gt(x) and gt(x)"),
    (f("besseli", NUM(0), X), [], ""),
    (f("besseli", V, X), [POSITIVE], "gt(x)"),
    (f("logdet", s("M")), [], ""),
    (f("logdet", f("inv", s("M"))), [f("in", f("inv", s("M")), f("posdef", s("K")))], "posdef(inv(M))"),
    (f("cases", POSITIVE, f("log", X), lambda b: b("const", "oo")), [POSITIVE], "gt(x)"),
    (f("E", f("dist:toy", f("log", X), V), T, T), [], ""),
    (f("E", f("dist:toy", X, V), T, f("log", T)), None, "gt(t)"),
    (f("Risk", f("log", X), Y), [POSITIVE], "gt(x)"),
    (f("H", f("dist:toy", f("log", X), V), T), [], ""),
]  # fmt: skip


@pytest.mark.parametrize("case", range(len(ASKED)))
def test_objectives_have_to_be_defined(case: int) -> None:
    build, known, word = ASKED[case]
    told = needs(build)
    assert f"{word} is not given" in told if word else told == ""
    if known is not None:
        assert needs(build, *known) == ""


def test_definedness_may_speak_of_the_variable(rules: Path) -> None:
    b = Builder()
    x, t = b.symbol("x", "parameter"), b.symbol("t", "variable", "positive")
    a = b("E", b("dist:toy", x, b.num(1)), t, b("log", t))
    b.chain("claim", a, a)
    comparison("equal", a, a, b, b.num(1), b.num(0))
    positive = b.fact(b.gt(t), "positive-symbol", {"a": t}, b.fact(b("in", t, b("domain", "positive")), "domain"))
    b.data["defined"] = [{"says": b.gt(t), "because": positive}]
    assert check(b.data, rules).ok


# -- what a further condition would prove ----------------------------------------------------------


def conditional() -> dict[str, Any]:
    """r sum s (y - mu)^2 + w mu^2 against the same with v mu^2: refuted, and equal if w = v."""

    def question(condition: bool) -> Builder:
        b = Builder()
        y, mu, v = symbols(b)
        w = b.symbol("w", "fixed", "positive")
        fit, whole = square(b, y, mu), b("pow", mu, b.num(2))
        left, right = (b("samples_mean", b("add", fit, b("mul", weight, whole))) for weight in (w, v))
        b.chain("a", left, left)
        b.chain("b", right, right)
        if condition:
            b.data["hypotheses"].append({"says": b("eq", b.sub(w, v), b.num(0)), "origin": "where"})
            b.data["rules"]["by-equation"] = {"kind": "rule", "record": {"id": "by-equation", "from": "a", "to": "b", "requires": ["a == b"]}}
            same = b.fact(b("eq", b.sub(w, v), b.num(0)), "hypothesis")
            b.chain("claim", left, right)
            b.step("claim", "by-equation", [0, 1, 0], w, v, {"a": w, "b": v}, same)
            return comparison("equal", left, right, b, b.num(1), b.num(0))
        return comparison("refuted", left, right, b)

    data = question(False).data
    data["witness"] = {
        "says": "order", "samples": 1, "values": {"y": {"samples": ["1"]}, "v": "1", "w": "9"}, "points": [{"mu": "0"}, {"mu": "1/2"}],
        "enclosures": {"a": [["1", "1"], ["5/2", "5/2"]], "b": [["1", "1"], ["1/2", "1/2"]]},
    }  # fmt: skip
    data["proved_if"] = [{"condition": "w == v", "proof": question(True).data}]
    return data


def test_conditional_proof_is_checked(rules: Path) -> None:
    report = check(conditional(), rules, assume_rules=True)
    assert report.ok, report
    assert report.notes == ["a witness that the order fails: samples 1, points 2", "equal if w == v"]
    assert report.steps == 1
    assert report.assumptions == ["record by-equation (algebra): unknown to the installed rules"]


CONDITIONAL: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "another condition": (lambda d: d["proved_if"][0].update(condition="w > v"), "more than its condition"),
    "a stranger's condition": (lambda d: d["proved_if"][0].update(condition="w == z"), "a name of its own"),
    "a wrong proof": (lambda d: d["proved_if"][0]["proof"]["steps"][0].update(conditions=[]), "step 1"),
    "no proof": (lambda d: d["proved_if"][0].update(proof={}), "no proof"),
    "another role": (lambda d: d["proved_if"][0]["proof"]["symbols"]["w"].update(role="parameter"), "another symbol"),
    "another domain": (lambda d: d["proved_if"][0]["proof"]["symbols"]["y"].update(
        domain="positive", domain_term=d["proved_if"][0]["proof"]["symbols"]["v"]["domain_term"]), "another symbol"),
    "other objectives": (lambda d: (d["chains"]["b"].update(left=d["chains"]["a"]["left"], right=d["chains"]["a"]["left"]),
        d["claim"].update(right=d["claim"]["left"], relation="unknown"), d.update(witness=None)), "about other objectives"),
    "a proof in a proof": (lambda d: d["proved_if"][0]["proof"].update(proved_if=[copy.deepcopy(d["proved_if"][0])]), "one proof within another"),
}  # fmt: skip


@pytest.mark.parametrize("what", sorted(CONDITIONAL))
def test_conditional_proof_may_not_be_tampered_with(what: str, rules: Path) -> None:
    data = conditional()
    tamper, word = CONDITIONAL[what]
    tamper(data)
    report = check(data, rules, assume_rules=True)
    assert report.status == 1, report
    assert word in report.messages[0]
