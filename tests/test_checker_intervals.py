"""The checker's own intervals and values, against ball arithmetic; and witnesses that they decide."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from checker_proofs import Builder, comparison, rejected, square, symbols, write_rules

from lossproof.checker import Evaluator, Interval, Reals, Rejected, Rules, Samples, Terms, Undecided, check
from lossproof.interop.balls import Samples as BallSamples
from lossproof.interop.balls import evaluate_exact
from lossproof.syntax import parse_condition, parse_domain, parse_expression
from lossproof.terms import fn, sym

flint = pytest.importorskip("flint")

Q = Fraction


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_rules(tmp_path_factory.mktemp("rules"))


@pytest.fixture(autouse=True)
def _precision() -> Iterator[None]:
    saved, flint.ctx.prec = flint.ctx.prec, 700
    yield
    flint.ctx.prec = saved


def ball(x: Fraction) -> Any:
    return flint.arb(flint.fmpq(x.numerator, x.denominator))


def holds(found: Any, true: Any) -> float:
    """Fails unless the interval may hold the true value; returns its relative width."""
    if isinstance(found, Fraction):
        assert ball(found).overlaps(true), (found, true)
        return 0.0
    lo, hi = ball(Q(found.lo)), ball(Q(found.hi))
    assert not true < lo, (found, true)
    assert not true > hi, (found, true)
    return float((hi - lo).mid()) / max(1e-300, abs(float(true.mid())))


UNARY: dict[str, tuple[Callable[[Any], Any], Callable[[Fraction], Fraction]]] = {
    name: (function, draw)
    for draw, functions in (
        (lambda x: x, {"exp": lambda x: x.exp(), "softplus": lambda x: (1 + x.exp()).log(), "sigmoid": lambda x: 1 / (1 + (-x).exp()),
                       "tanh": lambda x: x.tanh(), "cosh": lambda x: x.cosh(), "sinh": lambda x: x.sinh(), "atan": lambda x: x.atan(),
                       "erf": lambda x: x.erf(), "erfc": lambda x: x.erfc(), "normal": lambda x: (-x / flint.arb(2).sqrt()).erfc() / 2}),
        (lambda x: abs(x) + Q(1, 1000), {"log": lambda x: x.log(), "sqrt": lambda x: x.sqrt(), "lgamma": lambda x: x.lgamma(),
                                         "digamma": lambda x: x.digamma(), "gamma": lambda x: x.gamma()}),
        (lambda x: abs(x) / (1 + abs(x)) or Q(1, 3), {"logit": lambda x: (x / (1 - x)).log()}),
    )
    for name, function in functions.items()  # type: ignore[attr-defined]
}  # fmt: skip


def draws(seed: str, n: int) -> Iterator[Fraction]:
    rng = random.Random(seed)
    for _ in range(n):
        x = Q(rng.randint(-1000, 1000), rng.randint(1, 400)) * rng.choice([1, 1, 10, Q(1, 1000), 5])
        yield x / 100 if abs(x) > 12 else x


@pytest.mark.parametrize("name", sorted(UNARY))
@pytest.mark.parametrize("digits", [30, 60, 120])
def test_functions_enclose_their_values(name: str, digits: int) -> None:
    r = Reals(digits)
    true, draw = UNARY[name]
    for x in map(draw, draws(name, 12)):
        narrow = r.interval(x)
        for given in (x, narrow if narrow.lo < narrow.hi else Interval(narrow.lo, r.up.next_plus(narrow.hi))):
            width = holds(getattr(r, name)(given), true(ball(x)))
            assert width < 10.0 ** (12 - digits), (x, width)


def test_functions_of_two_numbers_enclose_their_values() -> None:
    rng = random.Random(7)
    r = Reals(40)
    for i in range(30):
        a, b = (Q(rng.randint(1, 900), rng.randint(1, 50)) for _ in range(2))
        x, y = ball(a), ball(b)
        holds(r.beta(a, b), x.gamma() * y.gamma() / (x + y).gamma())
        holds(r.lbeta(a, b), x.lgamma() + y.lgamma() - (x + y).lgamma())
        holds(r.power(a, b), x**y)
        holds(r.power(r.interval(-a), Q(i % 7)), (-x) ** (i % 7))
        holds(r.power(a, Q(-3, 2)), x ** flint.arb(flint.fmpq(-3, 2)))
        holds(r.besseli(Q(i % 5), b / 5), (y / 5).bessel_i(flint.arb(i % 5)))
        holds(r.binomial(a + b, b), (x + y + 1).gamma() / (y + 1).gamma() / (x + 1).gamma())
        holds(r.xlogy(a, b), x * y.log())
        for k, wave in enumerate((x.cos(), x.sin())):
            holds(r.wave(a, k), wave)
    holds(r.pi, flint.arb.pi())


def test_rationals_stay_exact() -> None:
    r = Reals(30)
    exact: dict[Any, Any] = {
        r.sqrt(Q(4, 9)): Q(2, 3), r.exp(Q(0)): 1, r.log(Q(1)): 0, r.sigmoid(Q(0)): Q(1, 2), r.power(Q(4), Q(3, 2)): 8, r.gamma(Q(5)): 24,
        r.power(Q(0), Q(0)): 1, r.power(Q(2, 3), Q(-2)): Q(9, 4), r.binomial(Q(5), Q(2)): 10, r.lgamma(Q(2)): 0, r.beta(Q(1), Q(1)): 1,
        r.tanh(Q(0)): 0, r.cosh(Q(0)): 1, r.sinh(Q(0)): 0, r.wave(Q(0), 1): 0, r.wave(Q(0), 0): 1, r.atan(Q(0)): 0, r.erf(Q(0)): 0,
        r.normal(Q(0)): Q(1, 2), r.xlogy(Q(0), Q(0)): 0, r.absolute(Q(-2)): 2, r.largest(Q(1), Q(2)): 2, r.smallest(Q(1), Q(2)): 1,
    }  # fmt: skip
    for found, value in exact.items():
        assert isinstance(found, Fraction)
        assert found == value


@pytest.mark.parametrize(
    "call",
    [
        lambda r: r.log(Q(0)), lambda r: r.log(Q(-1)), lambda r: r.sqrt(Q(-1)), lambda r: r.div(Q(1), Q(0)), lambda r: r.gamma(Q(-1, 2)),
        lambda r: r.power(Q(-1), Q(1, 2)), lambda r: r.power(Q(0), Q(-1)), lambda r: r.add(float("inf"), -float("inf")),
        lambda r: r.mul(Q(0), float("inf")), lambda r: r.besseli(Q(1, 2), Q(1)), lambda r: r.erf(Q(100)), lambda r: r.wave(Q(10**9), 1),
        lambda r: r.power(Q(2), Q(10**9)), lambda r: r.digamma(Q(0)), lambda r: r.logit(Q(1)), lambda r: r.wave(float("inf"), 0),
    ],
)  # fmt: skip
def test_what_has_no_enclosure_is_refused(call: Callable[[Reals], Any]) -> None:
    with pytest.raises(Rejected, match="cannot be enclosed here"):
        call(Reals(30))


def test_overlapping_intervals_decide_nothing() -> None:
    r = Reals(30)
    x = r.exp(Q(1))
    for call in (lambda: r.compare(x, x), lambda: r.div(Q(1), r.sub(x, x)), lambda: r.log(r.sub(x, x)), lambda: r.power(r.sub(x, x), x)):
        with pytest.raises(Undecided):
            call()
    holds(r.largest(x, x), ball(Q(1)).exp())


# -- values of terms -------------------------------------------------------------------------------

VECTOR = [Q(1, 2), Q(-2), Q(3)]
MATRIX = [[Q(2), Q(1), Q(0)], [Q(1), Q(3), Q(1, 2)], [Q(0), Q(1, 2), Q(1)]]
SIMPLEX = [Q(1, 6), Q(1, 3), Q(1, 2)]
VALUES: dict[str, Any] = {"v": VECTOR, "A": MATRIX, "p": SIMPLEX, "a": Q(3, 4), "b": Q(-5, 3), "c": Q(2), "y": [Q(1), Q(2), Q(4)], "K": Q(3)}
TEXTS = """
a + b*c - a/b | a^2 + b^3 + c^(-2) + a^(1/2) | |b| + max(a, b, c) + min(a, b) | sum(k, 1, K, p[k]*log(p[k])) | prod(k, 1, K, v[k]^2) | v[2]
dot(v, p) + norm(v) | quad(A, v) + trace(A) + det(A) | logdet(A) | quad(inv(A), v) | dot(A*v, v) | trace(A*A) | logsumexp(v) | softmax(v)[3]
dot(softmax(2*v), p) | dot(exp(v), p) | diag(A)[2] + trace(diag(v)) | trace(eye(K)) + det(eye(3)) | sum(k, 1, K, sum(j, 1, k, p[j]))
sum((y - a)^2) | mean(log(y)*y) | prod(y/c) | mean(y)^2 + n_samples | sum(cases(y > 3, oo, y)) | sum(cases(y > 5, log(y - 5), y))
indicator(a > b and not c < a) + indicator(a == 3/4 or b >= c) | mean(xlogy(y, y)) | binomial(4, c) + beta(a, c) + lbeta(a, 2) + factorial(c)
logit(a) + sigmoid(b) + softplus(b) + tanh(a) | Phi(a) + erf(b) + erfc(a) + atan(b) + cos(a) + sin(b) | digamma(a) + lgamma(c + a) + gamma(a)
sum(sum(k, 1, K, y*p[k])) | mean(sum(k, 1, K, (y - v[k])^2)) | [a, b, c][2] | besseli(0, a) | (a + b)*(v + 2*p)[1] | sum(k, 2, 1, a)
"""


def evaluator(samples: int = 3, digits: int = 40, **more: Any) -> tuple[Terms, Evaluator]:
    terms = Terms()
    values = {**VALUES, **more}
    for name in values:
        terms.symbols[name] = 6 if name == "y" else 0
    own = {n: Samples(v) if n == "y" else v for n, v in values.items()}
    return terms, Evaluator(terms, Reals(digits), own, samples)


def own_value(text: str, kind: str = "expression", **more: Any) -> Any:
    terms, values = evaluator(**more)
    rules = Rules(terms)
    pattern = getattr(rules, kind)(text)
    return values.value(rules.fill(pattern, {n: terms.leaf("sym", n) for n in rules.names(pattern) if n in terms.symbols} | bound(terms, pattern)), {})


def bound(terms: Terms, pattern: int) -> dict[str, int]:
    return {str(terms.values[p]): p for p in terms.subterms(pattern) if terms.ops[p] == "bound"}


@pytest.mark.parametrize("text", [t.strip() for line in TEXTS.strip().splitlines() for t in line.split(" | ")])
def test_values_of_terms(text: str) -> None:
    found = own_value(text)
    given = {n: BallSamples(v) if n == "y" else v for n, v in VALUES.items()}
    true = evaluate_exact(parse_expression(text), given, 400)
    if isinstance(true, float | Fraction):
        assert found == true
    else:
        assert holds(found, true) < 1e-30


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("log(a - 3/4)", "the log"), ("1/(a - 3/4)", "a division by 0"), ("zeta(c)", "zeta"), ("stop_gradient(a)", "stop_gradient"), ("v[4]", "such a component"),
        ("v[a]", "an index that is no integer"), ("dot(v, [a, b])", "different lengths"), ("v + A", "different lengths"), ("norm(a)", "such a vector"),
        ("det(v)", "such a matrix"), ("oo - oo", "infinity less infinity"), ("cos(oo)", "a function of infinity"), ("sum(k, 1, 10^7, k)", "too much work"),
        ("sqrt(b)", "a root"), ("w + 1", "there is no value for w"), ("cases(v > 0, a, b)", "gt"), ("eye(0)", "such a size"),
    ],
)  # fmt: skip
def test_terms_without_a_value_are_refused(text: str, word: str) -> None:
    terms, values = evaluator()
    terms.symbols["w"] = 0
    rules = Rules(terms)
    pattern = rules.expression(text)
    names = {n: terms.leaf("sym", n) for n in rules.names(pattern) if n in terms.symbols}
    term = rules.fill(pattern, names | bound(terms, pattern))
    with pytest.raises(Rejected, match=word):
        values.value(term, {})


MEMBERS: list[tuple[str, list[Any], list[Any]]] = [
    ("reals", [Q(1, 2), Q(-3)], [float("inf"), [Q(1)]]),
    ("positive", [Q(1, 2)], [Q(0), Q(-1), float("inf")]),
    ("nonnegative", [Q(0), Q(1, 2)], [Q(-1)]),
    ("unit", [Q(1, 2)], [Q(0), Q(1), Q(2)]),
    ("unit_closed", [Q(0), Q(1), Q(1, 2)], [Q(3, 2), Q(-1, 2)]),
    ("integers", [Q(-3)], [Q(1, 2)]),
    ("naturals", [Q(0), Q(3)], [Q(-3), Q(1, 2)]),
    ("{0, a}", [Q(0), Q(3, 4)], [Q(1), [Q(0)]]),
    ("categories(K)", [Q(1), Q(3)], [Q(0), Q(4), Q(3, 2)]),
    ("simplex(K)", [SIMPLEX], [[Q(1, 2)] * 2, [Q(1, 2), Q(1, 2), Q(0)], [Q(1, 3), Q(1, 3), Q(1, 4)]]),
    ("onehot(K)", [[Q(0), Q(1), Q(0)]], [[Q(0)] * 3, [Q(1), Q(1), Q(-1)], [Q(1), Q(0)]]),
    ("counts(K)", [[Q(0), Q(4), Q(1)]], [[Q(1, 2), Q(0), Q(0)], [Q(-1), Q(0), Q(1)]]),
    ("reals^K", [VECTOR], [VECTOR[:2], Q(1)]),
    ("positive^K", [SIMPLEX], [VECTOR]),
    ("posdef(K)", [MATRIX], [[[Q(1), Q(2), Q(0)], [Q(2), Q(1), Q(0)], [Q(0), Q(0), Q(1)]], [[Q(1)]], [[Q(1), Q(1), Q(0)], [Q(0), Q(1), Q(0)], [Q(0), Q(0), Q(1)]]]),
]  # fmt: skip


@pytest.mark.parametrize("case", range(len(MEMBERS)), ids=[m[0] for m in MEMBERS])
def test_membership(case: int) -> None:
    domain, inside, outside = MEMBERS[case]
    for value, expects in [(v, True) for v in inside] + [(v, False) for v in outside]:
        assert own_value(f"x in {domain}", "condition", x=value) is expects, value
        if expects or not isinstance(value, list):
            term = fn("in", sym("x"), parse_domain(domain))
            assert evaluate_exact(term, {**{n: VALUES[n] for n in ("a", "K")}, "x": value}) is expects


def test_conditions() -> None:
    for text in ("a < c", "a <= 3/4", "not b > 0 and c != a", "exp(a) > 2", "log(c) + log(3) < 2 or a == b"):
        given = {n: v for n, v in VALUES.items() if n != "y"}
        assert own_value(text, "condition") is evaluate_exact(parse_condition(text), given), text


# -- witnesses -------------------------------------------------------------------------------------


def question(relation: str, a: Callable[[Builder], int], b: Callable[[Builder], int], witness: dict[str, Any]) -> Builder:
    """A refuted or unknown comparison of a and b."""
    build = Builder()
    symbols(build)
    build.symbol("x", "parameter")
    build.symbol("p", "parameter", build("simplex", build.symbol("K", "fixed", "naturals")), shape="vector")
    comparison(relation, a(build), b(build), build)
    build.data["witness"] = witness
    return build


def t(text: str) -> Callable[[Builder], int]:
    """A term from text, by way of the engine's parser."""

    def build(b: Builder) -> int:
        rows: dict[Any, int] = {}
        from lossproof.terms import postorder

        for s in postorder(parse_expression(text)):
            rows[s] = b(s.op, str(s.value)) if s.value is not None else b(s.op, *[rows[c] for c in s.args])
        return rows[parse_expression(text)]

    return build


def enclosures(a: list[Any], b: list[Any]) -> dict[str, Any]:
    return {"a": [x if isinstance(x, list) else [x, x] for x in a], "b": [x if isinstance(x, list) else [x, x] for x in b]}


WITNESSES: dict[str, tuple[str, str, dict[str, Any]]] = {
    "irrational values": ("exp(x)", "-x", {"says": "order", "points": [{"x": "0"}, {"x": "1"}], "enclosures": enclosures(["1", ["2", "3"]], ["0", "-1"])}),
    "a tie of rationals": ("x^2", "x", {"says": "order", "points": [{"x": "-1"}, {"x": "1"}], "enclosures": enclosures(["1", "1"], ["-1", "1"])}),
    "a tie of infinities": (
        "cases(x > 0, oo, x)", "x", {"says": "order", "points": [{"x": "1"}, {"x": "2"}], "enclosures": enclosures(["oo", "oo"], ["1", "2"])},
    ),
    "infinity against a number": (
        "cases(x > 1, oo, x)", "-x", {"says": "order", "points": [{"x": "1"}, {"x": "2"}], "enclosures": enclosures(["1", ["5", "oo"]], ["-1", "-2"])},
    ),
    "no equality": ("x", "x + v", {"says": "equal", "values": {"v": "1/9"}, "points": [{"x": "1"}], "enclosures": enclosures(["1"], ["10/9"])}),
    "no constant": (
        "log(x)", "2*log(x)", {"says": "up-to-constant", "points": [{"x": "1"}, {"x": "2"}], "enclosures": enclosures(["0", ["0", "1"]], ["0", ["1", "2"]])},
    ),
    "no scale": (
        "x", "x^2", {"says": "up-to-scale", "points": [{"x": "0"}, {"x": "1"}, {"x": "2"}], "enclosures": enclosures(["0", "1", "2"], ["0", "1", "4"])},
    ),
    "vectors": (
        "sum(k, 1, K, p[k]^2)", "p[1]",
        {"says": "order", "values": {"K": "2"}, "points": [{"p": ["1/2", "1/2"]}, {"p": ["1/4", "3/4"]}], "enclosures": enclosures(["1/2", "5/8"], ["1/2", "1/4"])},
    ),
    "close values": (
        "exp(x)", "x^2", {"says": "order", "points": [{"x": "1/1000000000000000000000000000000000000000000"}, {"x": "-1/100000000000000000000000000000000000000000"}],
                          "enclosures": enclosures([["1", "2"], ["0", "1"]], [["0", "1"], ["0", "1"]])},
    ),
}  # fmt: skip


def witness(name: str) -> tuple[str, str, dict[str, Any]]:
    a, b, found = WITNESSES[name]
    return a, b, {"samples": 1, "values": {}, **copy.deepcopy(found)}


@pytest.mark.parametrize("name", sorted(WITNESSES))
def test_witnesses_are_decided(name: str, rules: Path) -> None:
    a, b, found = witness(name)
    relation = "refuted" if found["says"] == "order" else "unknown"
    report = check(question(relation, t(a), t(b), found).data, rules)
    assert report.ok, report
    stronger = [{"x": "3"}] * len(found["points"])
    if found["says"] != "equal" and "x" in found["points"][0]:
        found["points"] = stronger
        found["enclosures"] = {"a": [["-99", "oo"]] * len(stronger), "b": [["-99", "99"]] * len(stronger)}
        report = check(question(relation, t(a), t(b), found).data, rules)
        assert report.status == 1
        assert any(word in report.messages[0] for word in ("does not fail", "what it says cannot be enclosed", "no differences")), report


BAD: dict[str, tuple[str, str, dict[str, Any], str]] = {
    "an undefined value": ("log(x)", "-x", {"points": [{"x": "0"}, {"x": "1"}]}, "the log of what is not positive cannot be enclosed here"),
    "an unknown function": ("zeta(x)", "x", {"points": [{"x": "2"}, {"x": "3"}]}, "zeta cannot be enclosed here"),
    "minus infinity": ("cases(x > 1, -oo, x)", "x", {"points": [{"x": "1"}, {"x": "2"}]}, "has no value there"),
    "a vector": ("p", "x", {"points": [{"x": "1", "p": ["1/2", "1/2"]}] * 2, "values": {"K": "2"}}, "has no value there"),
    "a size": ("p[1]", "x", {"points": [{"x": "1", "p": ["1/2", "1/2"]}] * 2, "values": {"K": "3"}}, "does not hold"),
    "no size": ("p[1]", "x", {"points": [{"x": "1", "p": ["1/2", "1/2"]}] * 2}, "there is no value for K"),
    "an irrational tie": ("log(x^2)", "x", {"points": [{"x": "-2"}, {"x": "2"}]}, "what it says cannot be enclosed here"),
    "an empty size": ("x", "-x", {"points": [{"x": "1"}, {"x": "2"}], "values": {"K": "0"}}, "such a size"),
    "no sample": ("x", "-x", {"points": [{"x": "1"}, {"x": "2"}], "samples": 0}, "a number of samples"),
    "a huge value": ("exp(exp(exp(x)))", "-x", {"points": [{"x": "1"}, {"x": "9"}]}, "cannot be enclosed here"),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(BAD))
def test_witnesses_that_decide_nothing_are_refused(name: str, rules: Path) -> None:
    a, b, found, word = BAD[name]
    n = len(found["points"])
    entry = {"says": "order", "samples": 1, "values": {}, "enclosures": {"a": [["-99", "oo"]] * n, "b": [["-99", "99"]] * n}, **found}
    rejected(question("refuted", t(a), t(b), entry).data, rules, word)


def test_hypotheses_hold_for_every_sample(rules: Path) -> None:
    a, b = (lambda b: b("samples_sum", square(b, b("sym", "y"), b("sym", "x")))), t("x")
    found = {"says": "order", "samples": 2, "values": {"y": {"samples": ["3", "4"]}}, "points": [{"x": "1"}, {"x": "2"}],
             "enclosures": enclosures(["13", "5"], ["1", "2"])}  # fmt: skip
    for bound_below, ok in (("2", True), ("3", False)):
        build = question("refuted", a, b, found)
        build.suppose(build.gt(build.sub(build("sym", "y"), build.num(bound_below))))
        assert check(build.data, rules).ok == ok
