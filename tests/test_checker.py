"""The stand-alone checker: proofs that hold, proofs that were tampered with, and input that is no proof."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lossproof import checker
from lossproof.checker import Forms, Rejected, Report, Rules, Terms, check

RULES = Path(__file__).resolve().parent.parent / "rules"

ALGEBRA = """
[[rule]]
id = "log-exp"
from = "log(exp(a))"
to = "a"
requires = ["a in reals"]
[[rule]]
id = "log-quotient"
from = "log(a / b)"
to = "log(a) - log(b)"
requires = ["a > 0", "b > 0"]
[[rule]]
id = "log-product"
from = "log(a * b)"
to = "log(a) + log(b)"
requires = ["a > 0", "b > 0"]
nary = true
[[rule]]
id = "log-samples"
from = "log(prod(f))"
to = "sum(log(f))"
requires = ["f > 0"]
[[rule]]
id = "minus-samples"
from = "-sum(f)"
to = "sum(-f)"
requires = []
[[rule]]
id = "split-samples"
from = "sum(f + g)"
to = "sum(f) + sum(g)"
requires = []
nary = true
[[rule]]
id = "factor-samples"
from = "sum(c * f)"
to = "c * sum(f)"
requires = ["shared(c)"]
[[rule]]
id = "drop-constant"
from = "f + d"
to = "f"
relation = "up-to-constant"
requires = ["free(d)", "d in reals"]
[[rule]]
id = "pull-scale"
from = "c * f"
to = "f"
relation = "up-to-scale"
requires = ["free(c)", "c > 0"]
[[rule]]
id = "sum-factor"
from = "sum(k, m, n, c * f)"
to = "c * sum(k, m, n, f)"
requires = ["without(c, k)"]
[[rule]]
id = "sum-swap"
from = "sum(j, 1, J, sum(k, 1, K, f))"
to = "sum(k, 1, K, sum(j, 1, J, f))"
requires = []
[[rule]]
id = "sum-simplex"
from = "sum(k, 1, K, p[k])"
to = "1"
requires = ["p in simplex(K)"]
[[rule]]
id = "spread"
from = "dot(u, v)"
to = "sum(k, 1, D, u*v[k])"
requires = ["u in reals^D"]
"""

FACTS = """
[[fact]]
id = "positive-density"
shows = "pdf(D, y) > 0"
given = []
[[fact]]
id = "positive-exp"
shows = "exp(a) > 0"
given = ["a in reals"]
[[fact]]
id = "positive-symbol"
shows = "a > 0"
given = ["a in positive"]
[[fact]]
id = "positive-product"
shows = "a * b > 0"
given = ["a > 0", "b > 0"]
nary = true
[[fact]]
id = "positive-quotient"
shows = "a / b > 0"
given = ["a > 0", "b > 0"]
[[fact]]
id = "positive-nonzero"
shows = "a != 0"
given = ["a > 0"]
[[fact]]
id = "real-square"
shows = "-(a^2/b) in reals"
given = ["a in reals", "b != 0"]
[[fact]]
id = "real-difference"
shows = "a - b in reals"
given = ["a in reals", "b in reals"]
[[fact]]
id = "real-log"
shows = "log(a) in reals"
given = ["a > 0"]
[[fact]]
id = "real-samples-sum"
shows = "sum(f) in reals"
given = ["f in reals"]
"""

TOY = """
id = "toy"
title = "Toy"
variate = { y = "reals" }
parameters = { mu = "reals", v = "positive" }
density = "exp(-(y - mu)^2/(2*v))/v"
cdf = "Phi((y - mu)/v)"
"""

EDGE = """
id = "edge"
title = "Edge"
variate = { y = "reals" }
parameters = { lower = "reals", upper = "reals" }
support = ["upper > lower", "y >= lower", "y <= upper"]
density = "1/(upper - lower)"
"""

MIX = """
id = "mix"
title = "Mix"
kind = "combinator"
takes = ["[w...]", "D..."]
parameters = { w = "unit" }
support = []
density = "add(w*pdf(D, y)...)"
"""

SQUARE = """
id = "square"
name = "square"
formula = "(y - yhat)^2"
"""


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("rules")
    texts = {"algebra/a": ALGEBRA, "facts/f": FACTS, "distributions/toy": TOY, "distributions/edge": EDGE}
    texts |= {"distributions/mix": MIX, "losses/square": SQUARE}
    for name, text in texts.items():
        path = folder / f"{name}.toml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def record(id: str) -> dict[str, Any]:
    for text in (ALGEBRA, FACTS):
        for rows in tomllib.loads(text).values():
            for row in rows:
                if row["id"] == id:
                    return dict(row)
    return tomllib.loads({"toy": TOY, "edge": EDGE, "mix": MIX, "square": SQUARE}[id])


class Builder:
    """Writes the JSON of a proof by hand; a term is the number of its row."""

    def __init__(self) -> None:
        self.rows: list[list[Any]] = []
        self.seen: dict[tuple[Any, ...], int] = {}
        self.data: dict[str, Any] = {"schema": "lossproof/proof/1", "assumption": "by hand", "terms": self.rows}
        for key in ("hypotheses", "facts", "steps", "ledger"):
            self.data[key] = []
        self.data |= {"symbols": {}, "rules": {}, "chains": {}, "loss": None}

    def __call__(self, op: str, *args: int | str) -> int:
        row = (op, *args)
        if row not in self.seen:
            self.seen[row] = len(self.rows)
            self.rows.append(list(row))
        return self.seen[row]

    def num(self, text: str | int) -> int:
        return self("num", str(text))

    def sub(self, a: int, b: int) -> int:
        return self("add", a, self("neg", b))

    def symbol(self, name: str, role: str, domain: int | str = "reals", indexed: bool = False, shape: str = "scalar") -> int:
        term = self("domain", domain) if isinstance(domain, str) else domain
        shown = domain if isinstance(domain, str) else f"{self.rows[domain][0]}({self.rows[self.rows[domain][1]][1]})"
        self.data["symbols"][name] = {"role": role, "domain": shown, "domain_term": term, "shape": shape, "indexed": indexed}
        return self("sym", name)

    def gt(self, a: int) -> int:
        return self("gt", a, self.num(0))

    def ne(self, a: int) -> int:
        return self("ne", a, self.num(0))

    def real(self, a: int) -> int:
        return self("in", a, self("domain", "reals"))

    def fact(self, p: int, rule: str, bindings: dict[str, Any] | None = None, *premises: int) -> int:
        if rule not in ("domain", "hypothesis", "number", "syntax", "algebra"):
            self.data["rules"][rule] = {"kind": "fact", "record": record(rule)}
        row = [p, rule, bindings or {}, list(premises)]
        if row not in self.data["facts"]:
            self.data["facts"].append(row)
        return int(self.data["facts"].index(row))

    def suppose(self, p: int) -> int:
        self.data["hypotheses"].append({"says": p, "origin": "where"})
        return self.fact(p, "hypothesis")

    def chain(self, name: str, left: int, right: int, relation: str = "equal") -> None:
        self.data["chains"][name] = {"left": left, "relation": relation, "right": right}

    def step(
        self, chain: str, rule: str, place: list[int], before: int, after: int, bindings: dict[str, Any] | None = None,
        *facts: int, relation: str = "equal",
    ) -> None:  # fmt: skip
        kind = rule.partition("-")[0] if rule.partition("-")[0] in ("density", "cdf") else "rule"
        if rule not in ("algebra", "lemma"):
            id = rule.partition("-")[2] if kind != "rule" else rule
            self.data["rules"][rule] = {"kind": kind, "record": record(id)}
        conditions = [{"says": self.data["facts"][f][0], "because": f} for f in facts]
        self.data["steps"].append(
            {"id": len(self.data["steps"]) + 1, "chain": chain, "relation": relation, "rule": rule, "place": place,
             "bindings": bindings or {}, "before": before, "after": after, "conditions": conditions, "group": 1}
        )  # fmt: skip


def toy() -> Builder:
    """-log pdf(toy(mu, v), y) = 1/(2v) (y - mu)² + log v, and over the samples."""
    b = Builder()
    y, mu, v = b.symbol("y", "data", indexed=True), b.symbol("mu", "parameter", indexed=True), b.symbol("v", "fixed", "positive")
    pdf = b("pdf", b("dist:toy", mu, v), y)
    residual, twice = b.sub(y, mu), b("mul", b.num(2), v)
    square = b("pow", residual, b.num(2))
    inner = b("neg", b("div", square, twice))
    density = b("div", b("exp", inner), v)
    names = {"y": y, "mu": mu, "v": v}
    real_y, real_mu = b.fact(b.real(y), "domain"), b.fact(b.real(mu), "domain")
    member = b.fact(b("in", v, b("domain", "positive")), "domain")
    v_positive = b.fact(b.gt(v), "positive-symbol", {"a": v}, member)
    two = b.fact(b.gt(b.num(2)), "number")
    twice_positive = b.fact(b.gt(twice), "positive-product", {"a": [b.num(2), v]}, two, v_positive)
    twice_nonzero = b.fact(b.ne(twice), "positive-nonzero", {"a": twice}, twice_positive)
    real = b.fact(b.real(residual), "real-difference", {"a": y, "b": mu}, real_y, real_mu)
    real_inner = b.fact(b.real(inner), "real-square", {"a": residual, "b": twice}, real, twice_nonzero)
    exp_positive = b.fact(b.gt(b("exp", inner)), "positive-exp", {"a": inner}, real_inner)
    log_v = b("log", v)
    scale = b("div", b.num(1), twice)
    right = b("add", b("mul", scale, square), log_v)
    nll = b("neg", b("log", pdf))
    b.chain("sample", nll, right)
    b.step("sample", "density-toy", [0, 0], pdf, density, names, real_mu, member, real_y)
    split = b.sub(b("log", b("exp", inner)), log_v)
    b.step("sample", "log-quotient", [0], b("log", density), split, {"a": b("exp", inner), "b": v}, exp_positive, v_positive)
    b.step("sample", "log-exp", [0, 0], b("log", b("exp", inner)), inner, {"a": inner}, real_inner)
    b.step("sample", "algebra", [], b("neg", b.sub(inner, log_v)), right, {}, twice_nonzero)
    b.data["per_sample"] = {"nll": b.sub(log_v, b("neg", b("mul", square, scale))), "scale": scale, "loss": square, "offset": log_v}
    b.data["ledger"] = [{"term": log_v, "why": b.fact(b("free", log_v), "syntax"), "returns_if": ["v"], "text": "log v"}]
    b.data["loss"] = {"id": "square", "name": "square", "formula": "(y - yhat)^2", "bindings": {"y": y, "yhat": mu}, "libraries": {}}
    dataset(b, pdf, nll, right, square, scale, log_v)
    return b


def dataset(b: Builder, pdf: int, nll: int, right: int, square: int, scale: int, log_v: int) -> None:
    """The chain over the samples of the toy proof."""

    def total(f: int) -> int:
        return b("samples_sum", f)

    left = b("neg", b("log", b("samples_prod", pdf)))
    kept, dropped = b("mul", scale, square), total(log_v)
    v, twice = b("sym", "v"), b("mul", b.num(2), b("sym", "v"))
    positive = b.fact(b.gt(pdf), "positive-density", {"D": b.rows[pdf][1], "y": b("sym", "y")})
    facts = {json.dumps(row[0]): i for i, row in enumerate(b.data["facts"])}
    v_positive, twice_positive = facts[str(b.gt(v))], facts[str(b.gt(twice))]
    real = b.fact(b.real(log_v), "real-log", {"a": v}, v_positive)
    real_total = b.fact(b.real(dropped), "real-samples-sum", {"f": log_v}, real)
    one = b.fact(b.gt(b.num(1)), "number")
    scale_positive = b.fact(b.gt(scale), "positive-quotient", {"a": b.num(1), "b": twice}, one, twice_positive)
    free_d, free_c = b.fact(b("free", dropped), "syntax"), b.fact(b("free", scale), "syntax")
    shared = b.fact(b("shared", scale), "syntax")
    b.chain("dataset", left, total(square), "up-to-scale")
    b.step("dataset", "log-samples", [0], b("log", b("samples_prod", pdf)), total(b("log", pdf)), {"f": pdf}, positive)
    b.step("dataset", "minus-samples", [], b("neg", total(b("log", pdf))), total(nll), {"f": b("log", pdf)})
    b.step("dataset", "lemma", [0], nll, right, {"chain": "sample"})
    both = b("add", total(kept), dropped)
    b.step("dataset", "split-samples", [], total(right), both, {"f": [kept, log_v]})
    b.step("dataset", "drop-constant", [], both, total(kept), {"f": total(kept), "d": dropped}, free_d, real_total, relation="up-to-constant")
    pulled = b("mul", scale, total(square))
    b.step("dataset", "factor-samples", [], total(kept), pulled, {"c": scale, "f": square}, shared)
    b.step("dataset", "pull-scale", [], pulled, total(square), {"c": scale, "f": total(square)}, free_c, scale_positive, relation="up-to-scale")
    b.data["claim"] = {"left": left, "relation": "up-to-scale", "right": total(square), "scale": scale, "offset": dropped}


def rejected(data: dict[str, Any], rules: Path | None, *words: str) -> None:
    report = check(data, rules)
    assert report.status == 1, report
    assert all(word in report.messages[0] for word in words), report.messages


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


# -- one chain beside the toy proof -----------------------------------------------------------------


def aside(left: Callable[[Builder], int], right: Callable[[Builder], int]) -> tuple[Builder, int, int]:
    """The toy proof with a chain `aside` between two more terms."""
    b = toy()
    for name in ("a", "b", "c"):
        b.symbol(name, "fixed")
    b.symbol("x", "parameter", "positive")
    b.symbol("p", "parameter", b("simplex", b.symbol("K", "fixed", "naturals")), shape="vector")
    b.symbol("J", "fixed", "naturals")
    ends = left(b), right(b)
    b.chain("aside", *ends)
    return b, *ends


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
    (POW(A, 0), term("num", 1) if False else (lambda b: b.num(1)), []),
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


# -- what is no proof --------------------------------------------------------------------------------

JUNK: list[Any] = [None, True, -1, 0, 1.5, 10**30, "", "x", [], {}, [[]], {"a": 1}, [None], ["num", "1/0"], "\x00"]


def spots(data: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a piece of JSON."""
    found = [path] if path else []
    entries = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in entries:
        found += spots(value, (*path, key))
    return found


def put(data: Any, path: tuple[Any, ...], value: Any) -> None:
    for key in path[:-1]:
        data = data[key]
    data[path[-1]] = value


_TOY = toy().data
_SPOTS = spots(_TOY)


@settings(max_examples=600, deadline=None)
@given(st.sampled_from(_SPOTS), st.sampled_from(JUNK))
def test_no_junk_raises(path: tuple[Any, ...], junk: Any) -> None:
    data = copy.deepcopy(_TOY)
    put(data, path, junk)
    assert check(data, RULES, assume_rules=True).status in (0, 1, 2)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(_SPOTS))
def test_nothing_missing_raises(path: tuple[Any, ...]) -> None:
    data = copy.deepcopy(_TOY)
    inner = data
    for key in path[:-1]:
        inner = inner[key]
    del inner[path[-1]]
    assert check(data, RULES, assume_rules=True).status in (0, 1, 2)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=200, deadline=None)
@given(json_values, st.sampled_from(sorted(_TOY)))
def test_no_garbage_raises(garbage: Any, key: str) -> None:
    assert check(garbage).status == 2
    assert check({**_TOY, key: garbage}, RULES, assume_rules=True).status in (0, 1, 2)


@pytest.mark.parametrize(
    ("raw", "word"),
    [
        (b"", "no JSON"),
        (b"{", "no JSON"),
        (b"\xff\xfe", "no JSON"),
        (b'{"a": 1, "a": 2}', "twice"),
        (b'{"a": NaN}', "NaN"),
        (b'{"a": "\x00"}', "NUL"),
        (b"[" * 100_000, "no JSON"),
        (b"[1" + b"0" * 5000 + b"]", "no JSON"),
        (b"[]", "one JSON object"),
        (b'{"schema": "other"}', "schema"),
    ],
)
def test_unusable_input_has_status_2(raw: bytes, word: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "proof.json"
    path.write_bytes(raw)
    assert checker.main([str(path)]) == 2
    assert word in capsys.readouterr().err


def test_missing_file_has_status_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert checker.main([str(tmp_path / "none.json")]) == 2
    assert "cannot read" in capsys.readouterr().err


def test_program_runs_alone(rules: Path, tmp_path: Path) -> None:
    data = toy().data
    program = [sys.executable, "-I", str(checker.__file__), "--rules", str(rules)]
    good = subprocess.run([*program, "-"], input=json.dumps(data), capture_output=True, text=True, check=False, cwd=tmp_path)
    assert (good.returncode, good.stderr) == (0, "")
    assert good.stdout.startswith("checked: 11 steps")
    data["claim"]["relation"] = "equal"
    bad = subprocess.run([*program, "-"], input=json.dumps(data), capture_output=True, text=True, check=False, cwd=tmp_path)
    assert (bad.returncode, bad.stdout) == (1, "")
    assert bad.stderr.startswith("rejected: ")


def test_imports_nothing_of_lossproof() -> None:
    text = Path(str(checker.__file__)).read_text(encoding="utf-8")
    assert "import lossproof" not in text
    assert "from lossproof" not in text


# -- the syntax of records ---------------------------------------------------------------------------


def shown(terms: Terms, pattern: int) -> str:
    return terms.show(pattern, 10_000)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a - b - c", "add(a, neg(b), neg(c))"),
        ("a*b/c*d", "mul(div(mul(a, b), c), d)"),
        ("(a*b)*c", "mul(mul(a, b), c)"),
        ("-a*b + -c", "add(neg(mul(a, b)), neg(c))"),
        ("a*-b*c", "mul(a, neg(b), c)"),
        ("-x^2^-y", "neg(pow(x, pow(2, neg(y))))"),
        ("2x^2", "mul(2, pow(x, 2))"),
        ("2(a + b)", "mul(2, add(a, b))"),
        ("0.5", "1/2"),
        ("sum(k, 1, K, p_k*q[k]) + p_k", "add(sum(k, 1, K, mul(at(p, k), at(q, k))), p_k)"),
        ("sum(f) + mean(f) + prod(f)", "add(samples_sum(f), samples_mean(f), samples_prod(f))"),
        ("|a - b| < c <= pi", "and(lt(abs(add(a, neg(b))), c), le(c, pi))"),
        ("a in {0, 1} or not b not in reals^D and c > 0", "or(in(a, set(0, 1)), and(not(not(in(b, power_domain(reals, D)))), gt(c, 0)))"),
        ("add(w*pdf(D, y)...)", "add(seq(mul(w, pdf(D, y))))"),
        ("lambda + y_hat", "add(lam, yhat)"),
        ("cases(a == b, oo, count())", "cases(eq(a, b), oo, count())"),
        ("[a, b](c)" if False else "dot([a, b], v)", "dot(vec(a, b), v)"),
    ],
)
def test_formula_reads_as(text: str, expected: str) -> None:
    terms = Terms()
    assert shown(terms, Rules(terms).expression(text)) == expected


@pytest.mark.parametrize(
    "text",
    ["", "a b", "a/2b", "2^3x", "f(x)", "a +", "(a", "a)", "|a", "a <", "x..y", "sum(k, 1, K)", "log(a, b)", "a & b", "in", "not",
     "a in somewhere", "pdf(D)", "seq(a)", "σ", "a > 0 + 1 > 2 > b in reals", "(" * 500, "-" * 5000, "a^" * 3000 + "a", 3, None],
)  # fmt: skip
def test_formula_is_refused(text: Any) -> None:
    terms = Terms()
    with pytest.raises(Rejected):
        Rules(terms).expression(text)


def test_forms_have_a_stated_limit() -> None:
    terms = Terms()
    forms = Forms(terms)
    left = Rules(terms).expression("(a + b)*(c + d)")
    assert len(forms.poly(left)[0]) == 4
