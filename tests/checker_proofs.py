"""Proofs written by hand for the checker's tests, with a small folder of rules for them."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lossproof.checker import check

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
[[rule]]
id = "root-order"
from = "sqrt(f)"
to = "f"
relation = "same-order"
requires = ["f >= 0"]
[[rule]]
id = "kl-definition"
from = "KL(D, Q, x)"
to = "E(D, x, log(pdf(D, x)/pdf(Q, x)))"
requires = []
[[rule]]
id = "ce-empirical"
from = "CE(Empirical(y), Q, x)"
to = "mean(-log(pdf(Q, y)))"
requires = ["without(Q, x)"]
[[rule]]
id = "toy-entropy"
from = "H(Toy(mu, v), x)"
to = "log(v)"
requires = ["v > 0"]
ranges = { x = "reals" }
[[rule]]
id = "expectation-factor"
from = "E(D, x, c * f)"
to = "c * E(D, x, f)"
requires = []
[[rule]]
id = "expectation-sum"
from = "E(D, x, f + g)"
to = "E(D, x, f) + E(D, x, g)"
requires = ["E(D, x, f) in reals", "E(D, x, g) in reals"]
nary = true
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
[[fact]]
id = "nonnegative-square"
shows = "a^2 >= 0"
given = ["a in reals"]
[[fact]]
id = "nonnegative-samples-sum"
shows = "sum(f) >= 0"
given = ["f >= 0"]
"""

TOY = """
id = "toy"
title = "Toy"
variate = { y = "reals" }
parameters = { mu = "reals", v = "positive" }
density = "exp(-(y - mu)^2/(2*v))/v"
cdf = "Phi((y - mu)/v)"
expectations = [
  { of = "y", is = "mu" },
  { of = "(y - c)^2", is = "v + (mu - c)^2" },
  { of = "exp(-y/s)", is = "1/(1 + v/s)", requires = ["s > v"] },
]
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


def write_rules(folder: Path) -> Path:
    """The records above as a folder of rules."""
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
        if rule not in ("domain", "hypothesis", "number", "syntax", "algebra", *self.data["rules"]):
            kind, id = ("finite", "toy") if rule.startswith("finite-toy-") else ("fact", rule)
            self.data["rules"][rule] = {"kind": kind, "record": record(id)}
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
        numbered = rule.startswith("expectation-toy-")
        kind = rule.partition("-")[0] if numbered or rule.partition("-")[0] in ("density", "cdf") else "rule"
        if rule not in ("algebra", "lemma", *self.data["rules"]):
            id = "toy" if numbered else rule.partition("-")[2] if kind != "rule" else rule
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


def rejected(data: dict[str, Any], rules: Path | None, *words: str) -> None:
    report = check(data, rules)
    assert report.status == 1, report
    assert all(word in report.messages[0] for word in words), report.messages


# -- comparisons -----------------------------------------------------------------------------------


def comparison(relation: str, a: int, b: int, build: Builder, scale: int | None = None, offset: int | None = None) -> Builder:
    """A comparison of two terms whose chains a and b have no steps yet."""
    data = build.data
    data |= {"kind": "comparison", "question": {}, "defined": [], "witness": None, "proved_if": None}
    for name, term in (("a", a), ("b", b)):
        if name not in data["chains"]:
            build.chain(name, term, term)
    data["claim"] = {"left": a, "relation": relation, "right": b, "scale": scale, "offset": offset}
    return build


def symbols(b: Builder) -> tuple[int, int, int]:
    return b.symbol("y", "data", indexed=True), b.symbol("mu", "parameter", indexed=True), b.symbol("v", "fixed", "positive")


def square(b: Builder, x: int, y: int) -> int:
    return b("pow", b.sub(x, y), b.num(2))


def lemma(b: Builder, chain: str, by: str, back: bool = False, relation: str = "equal") -> None:
    """The whole of a chain by another one."""
    ends = b.data["chains"][by]["left"], b.data["chains"][by]["right"]
    bindings = {"chain": by, "direction": "back"} if back else {"chain": by}
    b.step(chain, "lemma", [], *(reversed(ends) if back else ends), bindings, relation=relation)


def scaled() -> Builder:
    """A = 2 sum (y - mu)^2 + log v is B = sum (mu - y)^2 up to scale; a witness says that it is not up to a constant."""
    b = Builder()
    y, mu, v = symbols(b)
    two, log_v = b.num(2), b("log", v)
    kept = b("samples_sum", square(b, y, mu))
    pulled = b("mul", two, kept)
    left, right = b("add", pulled, log_v), b("samples_sum", square(b, mu, y))
    member = b.fact(b("in", v, b("domain", "positive")), "domain")
    positive = b.fact(b.gt(v), "positive-symbol", {"a": v}, member)
    real = b.fact(b.real(log_v), "real-log", {"a": v}, positive)
    b.chain("a", left, left)
    b.chain("b", right, kept)
    b.step("b", "algebra", [0], square(b, mu, y), square(b, y, mu))
    b.chain("claim", left, right, "up-to-scale")
    lemma(b, "claim", "a")
    free = b.fact(b("free", log_v), "syntax")
    b.step("claim", "drop-constant", [], left, pulled, {"f": pulled, "d": log_v}, free, real, relation="up-to-constant")
    facts = b.fact(b("free", two), "syntax"), b.fact(b.gt(two), "number")
    b.step("claim", "pull-scale", [], pulled, kept, {"c": two, "f": kept}, *facts, relation="up-to-scale")
    lemma(b, "claim", "b", back=True)
    comparison("up-to-scale", left, right, b, two, log_v)
    b.data["defined"] = [{"says": b.gt(v), "because": positive}]
    b.data["witness"] = {
        "says": "up-to-constant", "samples": 2, "values": {"y": {"samples": ["0", "1"]}, "v": "3"}, "points": [{"mu": "0"}, {"mu": "2"}],
        "enclosures": {"a": [["3", "4"], ["11", "12"]], "b": [["1", "1"], ["5", "5"]]},
    }  # fmt: skip
    return b


def ordered() -> Builder:
    """A = the root of B = sum (y - mu)^2 keeps its order."""
    b = Builder()
    y, mu, _ = symbols(b)
    term = square(b, y, mu)
    inner = b("samples_sum", term)
    left = b("sqrt", inner)
    reals = [b.fact(b.real(s), "domain") for s in (y, mu)]
    real = b.fact(b.real(b.sub(y, mu)), "real-difference", {"a": y, "b": mu}, *reals)
    one = b.fact(b("ge", term, b.num(0)), "nonnegative-square", {"a": b.sub(y, mu)}, real)
    whole = b.fact(b("ge", inner, b.num(0)), "nonnegative-samples-sum", {"f": term}, one)
    b.chain("a", left, left)
    b.chain("b", inner, inner)
    b.chain("a-order", left, inner, "same-order")
    b.step("a-order", "root-order", [], left, inner, {"f": inner}, whole, relation="same-order")
    b.chain("claim", left, inner, "same-order")
    lemma(b, "claim", "a-order", relation="same-order")
    comparison("same-order", left, inner, b)
    b.data["defined"] = [{"says": b("ge", inner, b.num(0)), "because": whole}]
    return b


def refuted() -> Builder:
    """The mean square and the mean distance order the mean and the median of 0, 0, 3 differently."""
    b = Builder()
    y, mu, _ = symbols(b)
    left, right = b("samples_mean", square(b, y, mu)), b("samples_mean", b("abs", b.sub(y, mu)))
    comparison("refuted", left, right, b)
    b.data["witness"] = {
        "says": "order", "samples": 3, "values": {"y": {"samples": ["0", "0", "3"]}}, "points": [{"mu": "0"}, {"mu": "1"}],
        "enclosures": {"a": [["3", "3"], ["2", "2"]], "b": [["1", "1"], ["4/3", "4/3"]]},
    }  # fmt: skip
    return b


def expected() -> Builder:
    """A = E(toy(mu, v), t, (t - c)^2) is B = (mu - c)^2 up to the constant v."""
    b = Builder()
    mu, v, c = b.symbol("mu", "parameter"), b.symbol("v", "fixed", "positive"), b.symbol("c", "fixed")
    t = b.symbol("t", "variable")
    toy = b("dist:toy", mu, v)
    right = square(b, mu, c)
    left, unfolded = b("E", toy, t, square(b, t, c)), b("add", v, right)
    facts = [b.fact(b("without", s, t), "syntax") for s in (mu, v, c)]
    facts += [b.fact(b.real(mu), "domain"), b.fact(b("in", v, b("domain", "positive")), "domain")]
    facts += [b.fact(b("ranges", t, b("domain", "reals")), "syntax"), b.fact(b.real(c), "domain")]
    names = {"x": t, "mu": mu, "v": v, "c": c}
    b.fact(b.real(left), "finite-toy-2", names, *facts)
    b.chain("a", left, unfolded)
    b.step("a", "expectation-toy-2", [], left, unfolded, names, *facts)
    b.chain("claim", left, right, "up-to-constant")
    lemma(b, "claim", "a")
    b.step("claim", "algebra", [], unfolded, b("add", right, v))
    asked = b.fact(b("free", v), "syntax"), b.suppose(b.real(v))
    b.step("claim", "drop-constant", [], b("add", right, v), right, {"f": right, "d": v}, *asked, relation="up-to-constant")
    return comparison("up-to-constant", left, right, b, b.num(1), v)
