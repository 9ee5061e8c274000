"""The stand-alone checker: proofs that hold, and proofs that were tampered with."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from checker_proofs import Builder, aside, rejected, toy, write_rules

from lossproof.checker import Report, check


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_rules(tmp_path_factory.mktemp("rules"))


def test_toy_proof_is_accepted(rules: Path) -> None:
    b = toy()
    report = check(b.data, rules)
    assert report.ok, report
    assert (report.steps, report.facts, report.rules) == (11, len(b.data["facts"]), len(b.data["rules"]))
    assert not report.assumptions


def step_of(data: dict[str, Any], rule: str) -> dict[str, Any]:
    return next(s for s in data["steps"] if s["rule"] == rule)


def spoil_domain(d: dict[str, Any]) -> None:
    d["symbols"]["v"].update(domain="reals", domain_term=d["symbols"]["mu"]["domain_term"])


def spoil_lemma(d: dict[str, Any]) -> None:
    d["steps"].append(d["steps"].pop(0))
    for i, s in enumerate(d["steps"], 1):
        s["id"] = i


TAMPERED: dict[str, Callable[[dict[str, Any]], object]] = {
    "the loss is learned away": lambda d: d["symbols"]["v"].update(role="parameter"),
    "a domain is weakened": spoil_domain,
    "data are shared": lambda d: d["symbols"]["y"].update(indexed=False),
    "the scale differs with the sample": lambda d: d["symbols"]["v"].update(indexed=True),
    "a symbol is not declared": lambda d: d["symbols"].pop("mu"),
    "a domain is told otherwise": lambda d: d["symbols"]["v"].update(domain="reals"),
    "a shape is not the domain's": lambda d: d["symbols"]["mu"].update(shape="K"),
    "a role is unknown": lambda d: d["symbols"]["v"].update(role="constant"),
    "a relation is too strong": lambda d: d["claim"].update(relation="up-to-constant"),
    "a chain's relation is too strong": lambda d: d["chains"]["dataset"].update(relation="equal"),
    "the scale is wrong": lambda d: d["claim"].update(scale=d["per_sample"]["loss"]),
    "the scale is not a term": lambda d: d["claim"].update(scale=len(d["terms"])),
    "the offset is wrong": lambda d: d["claim"].update(offset=d["claim"]["scale"]),
    "the offset per sample is wrong": lambda d: d["per_sample"].update(offset=d["per_sample"]["scale"]),
    "the ledger is empty": lambda d: d.update(ledger=[]),
    "the ledger has a row too many": lambda d: d["ledger"].append(d["ledger"][0]),
    "a ledger row has no reason": lambda d: d["ledger"][0].update(why=0),
    "a ledger row hides what brings it back": lambda d: d["ledger"][0].update(returns_if=[]),
    "the loss is another": lambda d: d["loss"]["bindings"].update(yhat=d["loss"]["bindings"]["y"]),
    "the loss has another formula": lambda d: d["loss"].update(formula="abs(y - yhat)"),
    "a condition is left out": lambda d: step_of(d, "log-quotient")["conditions"].pop(),
    "a condition has another fact": lambda d: step_of(d, "log-quotient")["conditions"][0].update(because=0),
    "a denominator is not asked for": lambda d: step_of(d, "algebra")["conditions"].pop(),
    "a support is not asked for": lambda d: step_of(d, "density-toy")["conditions"].pop(),
    "a place is wrong": lambda d: step_of(d, "log-exp").update(place=[0]),
    "a place does not exist": lambda d: step_of(d, "log-exp").update(place=[0, 7]),
    "a place is negative": lambda d: step_of(d, "log-exp").update(place=[0, -2]),
    "a constant is dropped inside": lambda d: step_of(d, "drop-constant").update(place=[0]),
    "a relation is not the rule's": lambda d: step_of(d, "drop-constant").update(relation="equal"),
    "a rule's bindings are missing": lambda d: step_of(d, "log-exp").update(bindings={}),
    "a sequence is one term": lambda d: step_of(d, "split-samples").update(bindings={"f": 0}),
    "a rule is not there": lambda d: d["rules"].pop("log-exp"),
    "a record is changed": lambda d: d["rules"]["log-quotient"]["record"].update(requires=[]),
    "a record says more": lambda d: d["rules"]["log-quotient"]["record"].update(says="more"),
    "a record has another id": lambda d: d["rules"]["log-quotient"]["record"].update(id="log-product"),
    "a density is changed": lambda d: d["rules"]["density-toy"]["record"].update(density="exp(y)"),
    "a kind is wrong": lambda d: d["rules"]["log-exp"].update(kind="fact"),
    "steps are out of order": spoil_lemma,
    "a step is missing": lambda d: d["steps"].pop(),
    "a step's number is wrong": lambda d: d["steps"][3].update(id=7),
    "a chain uses itself": lambda d: step_of(d, "lemma")["bindings"].update(chain="dataset"),
    "the sample chain is missing": lambda d: d["chains"].pop("sample"),
    "the dataset chain is missing": lambda d: d["chains"].pop("dataset"),
    "a fact rests on itself": lambda d: d["facts"][3].__setitem__(3, [3]),
    "a fact rests on nothing": lambda d: d["facts"][3].__setitem__(3, []),
    "a fact has another rule": lambda d: d["facts"][3].__setitem__(1, "domain"),
    "a fact is a number's": lambda d: d["facts"][3].__setitem__(1, "number"),
    "a hypothesis is no proof": lambda d: d["facts"][3].__setitem__(1, "hypothesis"),
    "no samples": lambda d: d["claim"].update(left=d["chains"]["sample"]["left"]),
    "the nll is another": lambda d: d["per_sample"].update(nll=d["per_sample"]["loss"]),
}


@pytest.mark.parametrize("what", sorted(TAMPERED))
def test_tampered_proofs_are_rejected(what: str, rules: Path) -> None:
    data = copy.deepcopy(toy().data)
    TAMPERED[what](data)
    report = check(data, rules)
    assert report.status == 1, what
    assert len(report.messages) == 1


def test_message_tells_step_and_place(rules: Path) -> None:
    data = toy().data
    step_of(data, "log-quotient")["conditions"].pop(0)
    rejected(data, rules, "step 2 (log-quotient) at [0]", "the condition gt(exp(neg(div(pow(add(y, neg(mu)), 2), mul(2, v)))), 0) is not given")


def test_changed_record_may_be_assumed(rules: Path) -> None:
    data = toy().data
    data["rules"]["log-quotient"]["record"]["says"] = "as I like it"
    report = check(data, rules, assume_rules=True)
    assert report.ok
    assert report.assumptions == ["record log-quotient (algebra): not as in the installed rules"]


def test_rules_folder_may_be_missing_only_when_assumed(tmp_path: Path) -> None:
    data = toy().data
    assert check(data, tmp_path / "none").status == 2
    assert check(data, tmp_path / "none", assume_rules=True).ok


def test_false_hypothesis_is_rejected(rules: Path) -> None:
    b = toy()
    b.suppose(b.gt(b.num(-1)))
    rejected(b.data, rules, "it is false")
    b = toy()
    b.suppose(b("free", b("sym", "mu")))
    rejected(b.data, rules, "not supposed")


def test_hypotheses_are_told(rules: Path) -> None:
    b = toy()
    b.suppose(b.gt(b("sym", "mu")))
    assert check(b.data, rules).assumptions == ["hypothesis (where): gt(mu, 0)"]


# -- algebra: one chain beside the toy proof --------------------------------------------------------


def algebra(rules: Path, left: Callable[[Builder], int], right: Callable[[Builder], int], *nonzero: Callable[[Builder], int]) -> Report:
    b, before, after = aside(left, right)
    facts = [b.suppose(b.ne(term(b))) for term in nonzero]
    b.step("aside", "algebra", [], before, after, {}, *facts)
    return check(b.data, rules)


def sym(name: str) -> Callable[[Builder], int]:
    return lambda b: b("sym", name)


def term(op: str, *args: Callable[[Builder], int] | int) -> Callable[[Builder], int]:
    return lambda b: b(op, *[b.num(a) if isinstance(a, int) else a(b) for a in args])


A, B, C, X = sym("a"), sym("b"), sym("c"), sym("x")
OO: Callable[[Builder], int] = lambda b: b("const", "oo")  # noqa: E731
ADD, MUL, NEG, DIV, POW = (lambda *args, op=op: term(op, *args) for op in ("add", "mul", "neg", "div", "pow"))  # type: ignore[misc]

EQUAL: list[tuple[Any, Any, list[Any]]] = [
    (ADD(A, B), ADD(B, A), []),
    (MUL(2, ADD(A, B)), ADD(MUL(2, A), MUL(B, 2)), []),
    (POW(ADD(B, NEG(A)), 2), POW(ADD(A, NEG(B)), 2), []),
    (MUL(ADD(A, B), ADD(A, NEG(B))), ADD(POW(A, 2), NEG(POW(B, 2))), []),
    (DIV(ADD(A, B), C), ADD(DIV(A, C), DIV(B, C)), [C]),
    (DIV(MUL(A, C), C), A, [C]),
    (POW(POW(A, 2), 3), POW(A, 6), []),
    (POW(A, 0), lambda b: b.num(1), []),
    (ADD(term("log", MUL(A, B)), NEG(term("log", MUL(B, A)))), lambda b: b.num(0), [A, B]),
    (term("log", MUL(A, B)), term("log", MUL(B, A)), []),
    (DIV(A, DIV(B, C)), DIV(MUL(A, C), B), [B, C, DIV(B, C)]),
    (NEG(NEG(OO)), OO, []),
    (ADD(A, A, A), MUL(3, A), []),
    (POW(A, ADD(1, 1)), MUL(A, A), []),
    (POW(A, DIV(1, 2)), POW(A, DIV(2, 4)), []),
]


@pytest.mark.parametrize("case", range(len(EQUAL)))
def test_algebra_accepts(case: int, rules: Path) -> None:
    left, right, nonzero = EQUAL[case]
    report = algebra(rules, left, right, *nonzero)
    assert report.ok, report


UNEQUAL: list[tuple[Any, Any, list[Any], str]] = [
    (ADD(A, B), MUL(A, B), [], "not equal by algebra"),
    (POW(ADD(A, B), 2), ADD(POW(A, 2), POW(B, 2)), [], "not equal by algebra"),
    (term("sqrt", POW(X, 2)), X, [], "not equal by algebra"),
    (DIV(MUL(A, C), C), A, [], "not known to be other than 0"),
    (POW(POW(X, DIV(1, 2)), 2), X, [], "not equal by algebra"),
    (ADD(OO, NEG(OO)), lambda b: b.num(0), [], "infinite"),
    (MUL(0, OO), lambda b: b.num(0), [], "infinite"),
    (DIV(OO, OO), lambda b: b.num(1), [OO], "infinite"),
    (ADD(DIV(A, A), 1), ADD(DIV(A, A), DIV(A, A)), [], "cancels"),
    (DIV(1, ADD(A, NEG(A))), lambda b: b.num(1), [ADD(A, NEG(A))], "false"),
    (ADD(term("log", A), NEG(term("log", A))), lambda b: b.num(0), [], "the log of such a thing"),
    (MUL(0, term("log", A)), lambda b: b.num(0), [], "the log of such a thing"),
    (MUL(sym("p"), sym("p")), POW(sym("p"), 2), [], "vectors"),
]


@pytest.mark.parametrize("case", range(len(UNEQUAL)))
def test_algebra_refuses(case: int, rules: Path) -> None:
    left, right, nonzero, word = UNEQUAL[case]
    report = algebra(rules, left, right, *nonzero)
    assert report.status == 1
    assert word in report.messages[0]


def test_algebra_in_facts_cancels_nothing_unknown(rules: Path) -> None:
    for known in (False, True):
        b = toy()
        a = b.symbol("a", "fixed")
        if known:
            b.suppose(b.ne(a))
        one = b.fact(b.gt(b.num(1)), "number")
        b.fact(b.gt(b("div", a, a)), "algebra", {}, one)
        report = check(b.data, rules)
        assert report.ok == known, report


# -- indices ---------------------------------------------------------------------------------------


def indexed(b: Builder, upper: int, body: Callable[[int], int], index: str = "k") -> int:
    k = b("bound", index)
    return b("sum", k, b.num(1), upper, body(k))


def test_index_may_not_escape(rules: Path) -> None:
    for depends in (False, True):
        b, *_ = aside(A, A)
        p, n, c = b("sym", "p"), b("sym", "K"), b("sym", "c")
        k = b("bound", "k")
        inner = b("at", p, k)
        out = inner if depends else c
        before = b("sum", k, b.num(1), n, b("mul", out, inner))
        after = b("mul", out, b("sum", k, b.num(1), n, inner))
        b.chain("aside", before, c if depends else after)
        env = {"k": k, "m": b.num(1), "n": n, "c": out, "f": inner}
        b.step("aside", "sum-factor", [], before, after, env, b.fact(b("without", out, k), "syntax"))
        report = check(b.data, rules)
        assert report.ok != depends, report
        if depends:
            b.data["facts"].pop()
            b.data["steps"][-1]["conditions"] = []
            assert check(b.data, rules).status == 1


def test_two_indices_of_one_name_are_refused(rules: Path) -> None:
    b, *_ = aside(A, A)
    p, n, m, k = b("sym", "p"), b("sym", "K"), b("sym", "J"), b("bound", "k")
    inner = indexed(b, n, lambda k: b("at", p, k))
    before = b("sum", k, b.num(1), m, inner)
    after = indexed(b, n, lambda k: b("sum", k, b.num(1), m, b("at", p, k)))
    b.chain("aside", before, after)
    b.step("aside", "sum-swap", [], before, after, {"j": k, "k": k, "J": m, "K": n, "f": b("at", p, k)})
    rejected(b.data, rules, "two indices have one name")


def test_indexed_metavariable_may_not_vary_with_its_subscript(rules: Path) -> None:
    b, *_ = aside(A, A)
    n, k = b("sym", "K"), b("bound", "k")
    row = b("at", b.symbol("M", "fixed", b("posdef", b("sym", "K")), shape="K x K"), k)
    diagonal = indexed(b, n, lambda k: b("at", row, k))
    b.chain("aside", diagonal, b.num(1))
    fact = b.suppose(b("in", row, b("simplex", n)))
    b.step("aside", "sum-simplex", [], diagonal, b.num(1), {"k": k, "K": n, "p": row}, fact)
    rejected(b.data, rules, "varies with its own subscript")


def test_new_index_may_not_capture(rules: Path) -> None:
    b, *_ = aside(A, A)
    n, k = b("sym", "K"), b("bound", "k")
    u, v = b("at", b.symbol("M", "fixed", b("posdef", b("sym", "K")), shape="K x K"), k), b("sym", "p")
    before = b("dot", u, v)
    after = indexed(b, n, lambda k: b("mul", u, b("at", v, k)))
    outer = [b("sum", k, b.num(1), n, inside) for inside in (before, after)]
    b.chain("aside", *outer)
    fact = b.suppose(b("in", u, b("power_domain", b("domain", "reals"), n)))
    b.step("aside", "spread", [3], before, after, {"k": k, "u": u, "v": v, "D": n}, fact)
    rejected(b.data, rules, "captured")


def test_samples_do_not_leak_out_of_the_claim(rules: Path) -> None:
    b = toy()
    b.data["claim"]["offset"] = b("add", b.data["claim"]["offset"], b.sub(b("sym", "y"), b("sym", "y")))
    rejected(b.data, rules, "varies with the sample")


# -- distributions ---------------------------------------------------------------------------------


def edge(*held: str) -> tuple[Builder, int, int]:
    """The density of `edge` where some of its support is known."""
    b, *_ = aside(A, A)
    y = b.symbol("t", "data", indexed=True)
    low, high = b("sym", "a"), b("sym", "b")
    before = b("pdf", b("dist:edge", low, high), y)
    facts = [b.fact(b.real(s), "domain") for s in (low, high, y)]
    conjuncts = {
        "width": (b("gt", high, low), b.gt(b.sub(high, low))),
        "above": (b("ge", y, low), b("ge", b.sub(y, low), b.num(0))),
        "below": (b("le", y, high), b("ge", b.sub(high, y), b.num(0))),
    }
    moving = [raw for name, (raw, _) in conjuncts.items() if name not in held]
    facts += [b.suppose(p) for name, (_, p) in conjuncts.items() if name in held]
    density = b("div", b.num(1), b.sub(high, low))
    if moving:
        density = b("cases", moving[0] if len(moving) == 1 else b("and", *moving), density, b.num(0))
    b.chain("aside", before, density)
    b.step("aside", "density-edge", [], before, density, {"y": y, "lower": low, "upper": high}, *facts)
    return b, before, density


@pytest.mark.parametrize("held", [("width", "above", "below"), ("width",), ("width", "below"), ()])
def test_moving_support_stays_in_the_density(held: tuple[str, ...], rules: Path) -> None:
    b, _, _ = edge(*held)
    assert check(b.data, rules).ok
    b.data["steps"][-1]["conditions"].pop(0)
    rejected(b.data, rules, "is not given")


def test_support_may_not_be_forgotten(rules: Path) -> None:
    b, before, density = edge("width")
    plain = b.rows[density][2]
    b.chain("aside", before, plain)
    b.data["steps"][-1]["after"] = plain
    rejected(b.data, rules, "right side")


def test_mixture_is_one_summand_for_each_pair(rules: Path) -> None:
    b, *_ = aside(A, A)
    y, mu, v = b("sym", "y"), b("sym", "mu"), b("sym", "v")
    parts = [b("dist:toy", mu, v), b("dist:toy", v, v)]
    weights = [b.symbol(name, "parameter", "unit") for name in ("w_1", "w_2")]
    before = b("pdf", b("dist:mix", b("vec", *weights), *parts), y)
    after = b("add", *[b("mul", w, b("pdf", d, y)) for w, d in zip(weights, parts, strict=True)])
    facts = [b.fact(b("in", w, b("domain", "unit")), "domain") for w in weights]
    b.chain("aside", before, after)
    b.step("aside", "density-mix", [], before, after, {"w": weights, "D": parts, "y": y}, *facts)
    assert check(b.data, rules).ok
    b.data["steps"][-1]["bindings"]["w"] = weights[:1]
    rejected(b.data, rules, "left side")


def test_distribution_function_asks_for_parameters_alone(rules: Path) -> None:
    b, *_ = aside(A, A)
    a, mu, v = b("sym", "a"), b("sym", "mu"), b("sym", "v")
    before = b("cdf", b("dist:toy", mu, v), a)
    after = b("Phi", b("div", b.sub(a, mu), v))
    facts = [b.fact(b.real(mu), "domain"), b.fact(b("in", v, b("domain", "positive")), "domain")]
    b.chain("aside", before, after)
    b.step("aside", "cdf-toy", [], before, after, {"y": a, "mu": mu, "v": v}, *facts)
    assert check(b.data, rules).ok


# -- size ------------------------------------------------------------------------------------------


def test_long_product_and_deep_sum(rules: Path) -> None:
    b, *_ = aside(A, A)
    n = 10_000
    x, inside = b("sym", "x"), b.fact(b("in", b("sym", "x"), b("domain", "positive")), "domain")
    positive = b.fact(b.gt(x), "positive-symbol", {"a": x}, inside)
    real = b.fact(b.real(b("sym", "a")), "domain")
    factors, logs = [x] * n, [b("log", x)] * n
    before = b("log", b("mul", *factors))
    middle = b("add", *logs)
    again = b("log", b("exp", b("sym", "a")))
    b.chain("aside", b("add", before, *[again] * n), b("add", middle, *[b("sym", "a")] * n))
    b.step("aside", "log-product", [0], before, middle, {"a": factors}, positive)
    for i in range(1, n + 1):
        b.step("aside", "log-exp", [i], again, b("sym", "a"), {"a": b("sym", "a")}, real)
    deep = x
    for _ in range(n):
        deep = b("add", deep, x)
    tower = x
    for _ in range(n):
        tower = b("mul", tower, x)
    for name, left, right in (("deep", deep, b("mul", b.num(n + 1), x)), ("tower", tower, b("mul", *factors, x))):
        b.chain(name, left, right)
        b.step(name, "algebra", [], left, right)
    under = x
    for _ in range(n):
        under = b("exp", under)
    bottom = b("exp", b("log", b("exp", x)))
    over = bottom
    for _ in range(n - 1):
        over = b("exp", over)
    real_x = b.suppose(b.real(x))
    b.chain("far", over, under)
    b.step("far", "log-exp", [0] * n, b("log", b("exp", x)), x, {"a": x}, real_x)
    report = check(b.data, rules)
    assert report.ok, report


def test_too_much_algebra_is_refused_not_endless(rules: Path) -> None:
    def power(b: Builder) -> int:
        t = b.num(3)
        for _ in range(30):
            t = b("pow", t, b.num(4000))
        return t

    report = algebra(rules, power, A)
    assert report.status == 1
    assert "too large" in report.messages[0]
