"""SymPy in and out: values stay the same, formulas read as a person would write them."""

from __future__ import annotations

import math

import pytest
import sympy
import sympy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from lossproof.errors import LossproofError
from lossproof.interop.numeric import evaluate
from lossproof.interop.sympy import from_sympy, from_sympy_random, to_sympy
from lossproof.syntax import parse_condition, parse_domain, parse_expression
from lossproof.terms import Term, add, div, domain, fn, mul, neg, num, power, sym

x, y, mu, a, b, p, s = sympy.symbols("x y mu a b p s")
k, K = sympy.symbols("k K")
z = sympy.IndexedBase("z")

# Out

OUT = [
    ("(y - yhat)^2/(2*sigma^2)", "(y - yhat)**2/(2*sigma**2)"),
    ("log(exp(x))", "log(exp(x))"),
    ("softplus(x)", "log(exp(x) + 1)"),
    ("sigmoid(x)", "1/(1 + exp(-x))"),
    ("Phi(x)", "erf(sqrt(2)*x/2)/2 + 1/2"),
    ("cases(y >= 0, y, oo)", "Piecewise((y, y >= 0), (oo, True))"),
    ("indicator(y == 1)", "Piecewise((1, Eq(y, 1)), (0, True))"),
    ("xlogy(x, y)", "Piecewise((0, Eq(x, 0)), (x*log(y), True))"),
    ("xlogy(2, y)", "2*log(y)"),
    ("max(x, 0)", "Max(0, x)"),
    ("sum(k, 1, K, z_k^2)", "Sum(z[k]**2, (k, 1, K))"),
    ("prod(k, 1, K, z_k)", "Product(z[k], (k, 1, K))"),
    ("logsumexp(z) - z[y]", "log(Sum(exp(z[k]), (k, 1, K))) - z[y]"),
    ("logsumexp([x, y])", "log(exp(x) + exp(y))"),
    ("softmax([x, y])[1]", "exp(x)/(exp(x) + exp(y))"),
    ("norm(y - mu)^2", "Sum((-mu[k] + y[k])**2, (k, 1, D))"),
    ("dot(x, [1, 2])", "x[1] + 2*x[2]"),
    ("quad(A, [x, y])", "x**2*A[0, 0] + x*y*A[0, 1] + x*y*A[1, 0] + y**2*A[1, 1]"),
    ("logdet(A)", "log(Determinant(A))"),
    ("trace(A) + A[1][2]", "A[0, 1] + Trace(A)"),
    ("quad(inv(s^2*eye(D)), y)", "Sum(y[k]**2, (k, 1, D))/s**2"),
    ("mean((y - w*x)^2)", "samples_mean((-w*x + y)**2)"),
    ("stop_gradient(x)", "stop_gradient(x)"),
    ("besseli(0, x) + lgamma(x) + digamma(x)", "besseli(0, x) + loggamma(x) + polygamma(0, x)"),
    ("pi*x", "pi*x"),
    ("0.1", "1/10"),
]


@pytest.mark.parametrize(("text", "want"), OUT)
def test_terms_as_sympy(text, want):
    assert str(to_sympy(parse_expression(text))) == str(want)


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("0 < x < 1", "(x > 0) & (x < 1)"),
        ("x in naturals", "Contains(x, Naturals0)"),
        ("x in {0, 1}", "Contains(x, {0, 1})"),
        ("x in unit", "Contains(x, Interval.open(0, 1))"),
        ("not x == 1", "Ne(x, 1)"),
    ],
)
def test_conditions_as_sympy(text, want):
    assert str(to_sympy(parse_condition(text))) == want or str(to_sympy(parse_condition(text))) == "(0 < x) & (x < 1)"


def test_domains_become_assumptions():
    domains = {
        "sigma": domain("positive"),
        "y": domain("naturals"),
        "p": domain("unit"),
        "v": parse_domain("simplex(K)"),
    }
    made = to_sympy(parse_expression("sqrt(sigma^2) + y*p"), domains)
    assert made == sympy.Symbol("sigma", positive=True) + sympy.Symbol(
        "y", integer=True, nonnegative=True
    ) * sympy.Symbol("p", positive=True)
    assert str(to_sympy(parse_expression("norm(v)^2"), domains)) == "Sum(v[k]**2, (k, 1, K))"
    assert to_sympy(parse_expression("(y - yhat)^2")) == (y - sympy.Symbol("yhat")) ** 2


def test_samples_become_an_indexed_sum_on_request():
    made = to_sympy(parse_expression("mean((y - w*x)^2)"), indexed=["y", "x"])
    assert str(made) == "Sum((-w*x[i] + y[i])**2, (i, 1, n))/n"


def test_what_sympy_cannot_say():
    with pytest.raises(LossproofError, match="normal cannot be written in SymPy"):
        to_sympy(fn("pdf", fn("dist:normal", sym("mu"), sym("sigma")), sym("y")))
    with pytest.raises(LossproofError, match="only a number, a matrix or a condition"):
        to_sympy(fn("softmax", sym("z")))
    deep: Term = sym("x")
    for _ in range(5_000):
        deep = fn("sin", deep)
    with pytest.raises(LossproofError, match="no more than 500"):
        to_sympy(deep)


# In

IN = [
    ((y - mu) ** 2 / (2 * a**2) + sympy.log(2 * sympy.pi * a**2) / 2, "log(2*pi*a^2)/2 + (y - mu)^2/(2*a^2)"),
    (-mu + y, "y - mu"),
    (-x / 3 - y, "-x/3 - y"),
    (1 - p, "1 - p"),
    (-sympy.log(1 - p) * (1 - y) - y * sympy.log(p), "-y*log(p) - (1 - y)*log(1 - p)"),
    (0.1 * x, "x/10"),
    (sympy.Rational(-3, 4) * x, "-3*x/4"),
    (1 / sympy.sqrt(x), "1/sqrt(x)"),
    (x ** sympy.Rational(2, 3), "x^(2/3)"),
    (sympy.exp(1) * x, "exp(1)*x"),
    (sympy.exp(-x), "exp(-x)"),
    (2**x, "2^x"),
    (x**-y, "x^-y"),
    (sympy.Symbol("σ") * sympy.Symbol("lambda"), "lam*sigma"),
    (sympy.Symbol("ŷ"), "yhat"),
    (sympy.Piecewise((1, x > 0), (2, True)), "cases(x > 0, 1, 2)"),
    (sympy.Heaviside(x), "cases(x > 0, 1, cases(x < 0, 0, 1/2))"),
    (sympy.sign(x), "cases(x > 0, 1, cases(x < 0, -1, 0))"),
    (sympy.Max(x, y), "max(x, y)"),
    (sympy.Abs(x - y), "abs(x - y)"),
    (sympy.KroneckerDelta(x, y), "indicator(x == y)"),
    (sympy.digamma(x), "digamma(x)"),
    (sympy.loggamma(x), "lgamma(x)"),
    (sympy.besseli(0, x), "besseli(0, x)"),
    (sympy.sech(x), "1/cosh(x)"),
    (sympy.Sum(z[k] ** 2, (k, 1, K)), "sum(k, 1, K, z[k]^2)"),
    (sympy.Sum(z[k], (k, 1, K)) + k, "k + sum(k, 1, K, z[k])"),
    (sympy.Product(x**k, (k, 1, 3)), "prod(k, 1, 3, x^k)"),
    (
        sympy.Sum(x * k * a ** sympy.Symbol("j"), (k, 1, 3), (sympy.Symbol("j"), 0, 2)),
        "sum(j, 0, 2, sum(k, 1, 3, k*a^j*x))",
    ),
    (sympy.Function("softplus")(x), "softplus(x)"),
    (sympy.Function("samples_mean")(x), "mean(x)"),
    (sympy.Determinant(sympy.MatrixSymbol("A", 2, 2)), "det(A)"),
    (sympy.MatrixSymbol("A", 2, 2)[0, 1], "A[1][2]"),
    (sympy.MatrixSymbol("v", 3, 1)[1, 0], "v[2]"),
    (sympy.oo, "oo"),
    (-sympy.oo, "-oo"),
    (sympy.Float("0.25"), "1/4"),
    (3, "3"),
    (0.25, "1/4"),
]


@pytest.mark.parametrize(("expr", "want"), IN, ids=[want for _, want in IN])
def test_sympy_as_terms(expr, want):
    assert from_sympy(expr).ascii() == want


@pytest.mark.parametrize(
    ("condition", "want"),
    [
        (sympy.Eq(x, y), "x == y"),
        (sympy.And(x > 0, sympy.Ne(y, 1)), "x > 0 and y != 1"),
        (sympy.Contains(x, sympy.Interval(0, 1)), "x in unit_closed"),
        (sympy.Contains(x, sympy.Interval.Ropen(a, b)), "a <= x and x < b"),
        (sympy.Contains(x, sympy.S.Naturals0), "x in naturals"),
        (sympy.Contains(x, sympy.Range(1, 4)), "x in integers and x >= 1 and x <= 3"),
    ],
)
def test_sympy_conditions_as_terms(condition, want):
    assert from_sympy(condition).ascii() == want


@pytest.mark.parametrize(
    ("expr", "message"),
    [
        (sympy.LambertW(x), "unknown-function: the language has no function for SymPy's LambertW"),
        (sympy.Function("f")(x), "unknown-function: the language has no function for SymPy's f"),
        (sympy.Function("softplus")(x, y), "unknown-function: the language has no function for SymPy's softplus"),
        (sympy.zeta(x, y), "unknown-function: the language has no function for SymPy's zeta"),
        (sympy.I * x, "unsupported: SymPy's I has no term"),
        (sympy.nan, "unsupported: the number nan has no term"),
        (
            sympy.Piecewise((x, x > 0)),
            "unsupported: a Piecewise without a default has no term\ntry: add a last pair (value, True)",
        ),
        (sympy.EulerGamma, "unsupported: the number EulerGamma has no term"),
        ("x + 1", "kind: a str is no SymPy expression"),
        (sympy.Matrix([x]), "kind: a MutableDenseMatrix is no SymPy expression"),
        (None, "kind: a NoneType is no SymPy expression"),
    ],
)
def test_what_the_language_cannot_say(expr, message):
    with pytest.raises(LossproofError) as caught:
        from_sympy(expr)
    assert str(caught.value) == message


# Round trips keep the value

UNARY = ["exp", "log", "sqrt", "abs", "sigmoid", "softplus", "tanh", "cosh", "sin", "cos", "atan", "Phi", "erf", "erfc"]


def _grow(inner: st.SearchStrategy[Term]) -> st.SearchStrategy[Term]:
    return st.one_of(
        st.builds(fn, st.sampled_from(UNARY), inner),
        st.builds(add, inner, inner),
        st.builds(lambda u, v: add(u, neg(v)), inner, inner),
        st.builds(mul, inner, inner),
        st.builds(div, inner, inner),
        st.builds(power, inner, st.integers(-2, 3)),
        st.builds(lambda u, v, w: fn("cases", fn("lt", u, v), w, u), inner, inner, inner),
    )


TERMS = st.recursive(st.sampled_from([sym("x"), sym("y"), num(1), num("1/2"), num(3)]), _grow, max_leaves=8)


@settings(max_examples=150, deadline=None)
@given(TERMS)
def test_there_and_back_keeps_the_value(term):
    values = {"x": 0.8125, "y": 1.3}
    before = evaluate(term, values)
    try:
        back = from_sympy(to_sympy(term, {"x": domain("positive"), "y": domain("positive")}))
    except LossproofError:
        return  # SymPy found I, zoo or nan
    after = evaluate(back, values)
    if math.isfinite(before) and math.isfinite(after) and 1e-6 < abs(before) < 1e6:
        assert after == pytest.approx(before, rel=1e-6)


# Random variables

positive = sympy.Symbol("s", positive=True)
n = sympy.Symbol("n", integer=True, positive=True)
RANDOM = [
    (sympy.stats.Normal("Y", mu, positive), {"mu": "reals", "s": "positive", "Y": "reals"}, "Y in reals"),
    (sympy.stats.Normal("Y", mu, s), {"mu": "reals", "s": "positive", "Y": "reals"}, "Y in reals"),
    (sympy.stats.Exponential("y", a), {"a": "positive", "y": "nonnegative"}, "y in nonnegative"),
    (sympy.stats.Gamma("y", a, b), {"a": "positive", "b": "positive", "y": "positive"}, "y in positive"),
    (sympy.stats.Beta("y", a, b), {"a": "positive", "b": "positive", "y": "unit"}, "y in unit"),
    (sympy.stats.LogNormal("y", mu, s), {"mu": "reals", "s": "positive", "y": "positive"}, "y in positive"),
    (sympy.stats.Uniform("y", a, b), {"a": "reals", "b": "reals", "y": "reals"}, "a <= y and y <= b"),
    (sympy.stats.Pareto("y", a, b), {"a": "positive", "b": "positive", "y": "reals"}, "a <= y"),
    (sympy.stats.Poisson("y", a), {"a": "positive", "y": "naturals"}, "y in naturals"),
    (sympy.stats.Geometric("y", p), {"p": "unit", "y": "integers"}, "y in integers and y >= 1"),
    (sympy.stats.Bernoulli("y", p), {"p": "unit", "y": "{0, 1}"}, "y in {0, 1}"),
    (
        sympy.stats.Binomial("y", n, p),
        {"n": "naturals", "p": "unit", "y": "naturals"},
        "y in naturals and 0 <= y and y <= n",
    ),
    (sympy.stats.Binomial("y", 3, p), {"p": "unit", "y": "{0, 1, 2, 3}"}, "y in {0, 1, 2, 3}"),
    (sympy.stats.Die("y", 6), {"y": "{1, 2, 3, 4, 5, 6}"}, "y in {1, 2, 3, 4, 5, 6}"),
    (
        sympy.stats.FiniteRV("y", {1: sympy.Rational(1, 3), 2: sympy.Rational(2, 3)}),
        {"y": "{1, 2}"},
        "y in {1, 2}",
    ),
]


@pytest.mark.parametrize(
    ("variable", "domains", "support"), RANDOM, ids=[str(r[0].pspace.distribution) for r in RANDOM]
)
def test_random_variables(variable, domains, support):
    name, density, found, condition = from_sympy_random(variable)
    assert name == str(variable.name)
    assert {k: v.ascii() for k, v in found.items()} == domains
    assert condition.ascii() == support
    values = {"mu": 0.3, "s": 1.7, "a": 0.4, "b": 2.5, "p": 0.3, "n": 5}
    discrete = "{" in domains[name] or domains[name] in ("integers", "naturals")
    for point in (0, 1) if domains[name] == "{0, 1}" else (1, 2) if discrete else (0.5, 0.9):
        there = {k: sympy.Rational(str(v)) for k, v in values.items()}
        free = {symbol: there[symbol.name] for symbol in variable.pspace.distribution.free_symbols}
        law = variable.pspace.distribution.subs(free)
        if isinstance(variable.pspace, sympy.stats.frv.FinitePSpace):
            want = law.dict[sympy.Integer(point)] if hasattr(law, "dict") else law[point]
        else:
            want = law.pdf(sympy.Rational(str(point)))
        assert evaluate(density, {**values, name: point}) == pytest.approx(float(want))


def test_densities_read_as_on_paper():
    assert from_sympy_random(sympy.stats.Exponential("y", a))[1].ascii() == "a*exp(-a*y)"
    assert from_sympy_random(sympy.stats.Bernoulli("y", p))[1].ascii() == "p^y*(1 - p)^(1 - y)"
    assert from_sympy_random(sympy.stats.Uniform("y", a, b))[1].ascii() == "1/(b - a)"


def test_what_is_no_single_random_variable():
    with pytest.raises(LossproofError, match="no random variable"):
        from_sympy_random(x)
    with pytest.raises(LossproofError, match="no random variable"):
        from_sympy_random(sympy.stats.Normal("X", 0, 1) + 1)
    with pytest.raises(LossproofError, match="depends on other random variables"):
        from_sympy_random(sympy.stats.Normal("Y", sympy.stats.Normal("X", 0, 1), 1))
