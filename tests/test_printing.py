"""Terms as input text, as a line of Unicode and as LaTeX."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lossproof.errors import LimitError, LossproofError
from lossproof.syntax import latex_name, parse_condition, parse_expression, pretty, to_ascii, to_latex, to_text
from lossproof.terms import (
    Term,
    add,
    bound,
    const,
    div,
    domain,
    fn,
    make,
    mul,
    neg,
    num,
    postorder,
    power,
    substitute,
    sym,
)

VARYING = frozenset({"y", "yhat", "p", "x"})

# the text, in ASCII, in text, in LaTeX
PRINTED = [
    (
        "(y - ŷ)²/(2σ²) + ½·log(2πσ²)",
        "(y - yhat)^2/(2*sigma^2) + 0.5*log(2*pi*sigma^2)",
        "(y - ŷ)²/(2σ²) + ½·log(2πσ²)",
        r"\frac{(y - \hat{y})^{2}}{2 \sigma^{2}} + \frac{1}{2} \log(2 \pi \sigma^{2})",
    ),
    (
        "exp(-(y - mu)^2/(2*sigma^2))/sqrt(2*pi*sigma^2)",
        "exp(-(y - mu)^2/(2*sigma^2))/sqrt(2*pi*sigma^2)",
        "exp(-(y - μ)²/(2σ²))/√(2πσ²)",
        r"\frac{\exp\left(-\frac{(y - \mu)^{2}}{2 \sigma^{2}}\right)}{\sqrt{2 \pi \sigma^{2}}}",
    ),
    (
        "mean((y - yhat)^2)",
        "mean((y - yhat)^2)",
        "(1/n) Σᵢ (yᵢ - ŷᵢ)²",
        r"\frac{1}{n} \sum_{i=1}^{n} (y_{i} - \hat{y}_{i})^{2}",
    ),
    (
        "sum(w_i*abs(y - yhat)) + lam*norm(w)^2/2",
        "sum(w_i*abs(y - yhat)) + lam*norm(w)^2/2",
        "Σᵢ wᵢ·|yᵢ - ŷᵢ| + λ·‖w‖²/2",
        r"\sum_{i=1}^{n} w_{i} \lvert y_{i} - \hat{y}_{i} \rvert + \frac{\lambda \lVert w \rVert^{2}}{2}",
    ),
    ("prod(x)", "prod(x)", "∏ᵢ xᵢ", r"\prod_{i=1}^{n} x_{i}"),
    ("sum(x + 1)", "sum(x + 1)", "Σᵢ (xᵢ + 1)", r"\sum_{i=1}^{n} (x_{i} + 1)"),
    (
        "mean(-sum(k, 1, K, y_k*log(p_k)))",
        "mean(-sum(k, 1, K, y[k]*log(p[k])))",
        "(1/n) Σᵢ (-Σₖ₌₁ᴷ yᵢ,ₖ·log pᵢ,ₖ)",
        r"\frac{1}{n} \sum_{i=1}^{n} \left(-\sum_{k=1}^{K} y_{i,k} \log p_{i,k}\right)",
    ),
    (
        "sum(sum(i, 1, K, x_i))",
        "sum(sum(i, 1, K, x[i]))",
        "Σᵢ Σⱼ₌₁ᴷ xᵢ,ⱼ",
        r"\sum_{i=1}^{n} \sum_{j=1}^{K} x_{i,j}",
    ),
    (
        "prod(k, 1, K - 1, a_k)*2",
        "prod(k, 1, K - 1, a[k])*2",
        "(∏_{k=1}^{K - 1} aₖ)·2",
        r"\left(\prod_{k=1}^{K - 1} a_{k}\right) \cdot 2",
    ),
    (
        "lgamma(a) - a*log(b) + log(y)*(1 - a)",
        "lgamma(a) - a*log(b) + log(y)*(1 - a)",
        "log Γ(a) - a·log b + (log y)·(1 - a)",
        r"\log \Gamma(a) - a \log b + (\log y) \cdot (1 - a)",
    ),
    ("log(sigma)^2", "log(sigma)^2", "(log σ)²", r"(\log \sigma)^{2}"),
    ("log(sigma)/2", "log(sigma)/2", "(log σ)/2", r"\frac{\log \sigma}{2}"),
    ("n/2*log(2*pi)", "n/2*log(2*pi)", "(n/2)·log(2π)", r"\frac{n}{2} \log(2 \pi)"),
    (
        "quad(inv(Sigma), y - mu)/2 + logdet(Sigma)/2",
        "quad(inv(Sigma), y - mu)/2 + logdet(Sigma)/2",
        "(y - μ)ᵀΣ⁻¹(y - μ)/2 + (log det Σ)/2",
        r"\frac{(y - \mu)^{\top} \Sigma^{-1} (y - \mu)}{2} + \frac{\log \det \Sigma}{2}",
    ),
    ("quad(A, r) - dot(u, v)", "quad(A, r) - dot(u, v)", "rᵀA r - uᵀv", r"r^{\top} A r - u^{\top} v"),
    (
        "r*(tau - indicator(r < 0))",
        "r*(tau - indicator(r < 0))",
        "r·(τ - 1[r < 0])",
        r"r \cdot (\tau - \mathbf{1}[r < 0])",
    ),
    (
        "cases(0 < y and y <= b, 1/b, 0)",
        "cases(0 < y and y <= b, 1/b, 0)",
        "{ 1/b if 0 < y ≤ b; 0 otherwise }",
        r"\begin{cases} \frac{1}{b} & \text{if } 0 < y \leq b \\ 0 & \text{otherwise} \end{cases}",
    ),
    ("-a + b", "-a + b", "-a + b", "-a + b"),
    ("-(-a)", "-(-a)", "-(-a)", "-(-a)"),
    ("a - -b", "a - (-b)", "a - (-b)", "a - (-b)"),
    ("a - (b + c)", "a - (b + c)", "a - (b + c)", "a - (b + c)"),
    ("a/b/c", "a/b/c", "(a/b)/c", r"\frac{\frac{a}{b}}{c}"),
    ("a/(b*c)", "a/(b*c)", "a/(b·c)", r"\frac{a}{b c}"),
    ("(a/b)^2", "(a/b)^2", "(a/b)²", r"\left(\frac{a}{b}\right)^{2}"),
    ("(-2)^x", "(-2)^x", "(-2)^x", "(-2)^{x}"),
    ("x^-1*a^(b + c)", "x^-1*a^(b + c)", "x⁻¹·a^(b + c)", "x^{-1} a^{b + c}"),
    ("(x^2)^3", "(x^2)^3", "(x²)³", "(x^{2})^{3}"),
    ("2^x^2", "2^x^2", "2^(x²)", "2^{x^{2}}"),
    ("1/3*x", "1/3*x", "⅓x", r"\frac{1}{3} x"),
    ("0.1*x", "0.1*x", "0.1·x", r"\frac{1}{10} x"),
    ("2*3*x", "2*3*x", "2·3·x", r"2 \cdot 3 x"),
    ("2e", "2*e", "2·e", "2 e"),
    ("2(a + b)*(c + d)", "2*(a + b)*(c + d)", "2(a + b)·(c + d)", "2 (a + b) (c + d)"),
    ("sqrt(x)*sqrt(x + 1)", "sqrt(x)*sqrt(x + 1)", "√x·√(x + 1)", r"\sqrt{x} \sqrt{x + 1}"),
    ("|x - |y||", "abs(x - abs(y))", "abs(x - |y|)", r"\lvert x - \lvert y \rvert \rvert"),
    ("y! + (n - 1)!", "factorial(y) + factorial(n - 1)", "y! + (n - 1)!", "y! + (n - 1)!"),
    ("besseli(0, kappa)", "besseli(0, kappa)", "I₀(κ)", r"I_{0}(\kappa)"),
    ("binomial(n, y)", "binomial(n, y)", "binomial(n, y)", r"\binom{n}{y}"),
    ("softplus(z) - y*z", "softplus(z) - y*z", "softplus(z) - y·z", r"\operatorname{softplus}(z) - y z"),
    ("logsumexp(z) - z[y]", "logsumexp(z) - z[y]", "logsumexp(z) - z_y", r"\operatorname{logsumexp}(z) - z_{y}"),
    ("-oo + sigma_max", "-oo + sigma_max", "-∞ + σ_max", r"-\infty + \sigma_{\mathrm{max}}"),
    ("[a, b]", "[a, b]", "[a, b]", "[a, b]"),
    ("stop_gradient(e)", "stop_gradient(e)", "stop_gradient(e)", r"\operatorname{stop\_gradient}(e)"),
    ("m1 + m_1", "m1 + m_1", "m1 + m₁", r"\mathrm{m1} + m_{1}"),
    ("rate*time", "rate*time", "rate·time", r"\mathrm{rate} \, \mathrm{time}"),
]


@pytest.mark.parametrize(("text", "plain", "line", "tex"), PRINTED)
def test_printed(text: str, plain: str, line: str, tex: str) -> None:
    term = parse_expression(text)
    assert to_ascii(term) == plain
    assert to_text(term, VARYING) == line
    assert to_latex(term, VARYING) == tex
    assert parse_expression(plain) is term


RECORDS = [
    (
        "pdf(normal(yhat, sqrt(sigma^2)), y)",
        "Normal(y | ŷ, √(σ²))",
        r"\operatorname{Normal}(y \mid \hat{y}, \sqrt{\sigma^{2}})",
    ),
    (
        "cdf(student_t(nu, 0, 1), a)",
        "F_StudentT(a | ν, 0, 1)",
        r"F_{\operatorname{StudentT}}(a \mid \nu, 0, 1)",
    ),
    (
        "pdf(truncated(Gamma(a, b), 0, oo), y)",
        "Truncated(y | Gamma(a, b), 0, ∞)",
        r"\operatorname{Truncated}(y \mid \operatorname{Gamma}(a, b), 0, \infty)",
    ),
    (
        "maximise(prod(pdf(D, y)))",
        "maximise ∏ᵢ p(yᵢ | D)",
        r"\operatorname{maximise} \; \prod_{i=1}^{n} p(y_{i} \mid D)",
    ),
    ("add(w*pdf(D, y)...)", "add(w·p(y | D)...)", r"w \, p(y \mid D) + \dots"),
    ("mul(x...)*2", "mul(x...)·2", r"\operatorname{mul}(x \dots) \cdot 2"),
    ("free(t)", "free(t)", r"\operatorname{free}(t)"),
]


@pytest.mark.parametrize(("text", "line", "tex"), RECORDS)
def test_printed_records(text: str, line: str, tex: str) -> None:
    term = parse_expression(text, rule=True)
    assert to_ascii(term) == text
    assert to_text(term, VARYING) == line
    assert to_latex(term, VARYING) == tex


CONDITIONS = [
    ("0 < p < 1", "0 < p and p < 1", "0 < p < 1", "0 < p < 1"),
    ("a == b or not c > 0", "a == b or not c > 0", "a = b or not (c > 0)", r"a = b \text{ or } \text{not } (c > 0)"),
    ("x in reals^D", "x in reals^D", "x in reals^D", r"x \in \mathbb{R}^{D}"),
    ("y not in {0, 1}", "not y in {0, 1}", "y not in {0, 1}", r"y \notin \{0, 1\}"),
    ("s in positive and v in simplex(K)", "s in positive and v in simplex(K)", "s in positive and v in simplex(K)",
     r"s \in \mathbb{R}_{>0} \text{ and } v \in \Delta_{K}"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "plain", "line", "tex"), CONDITIONS)
def test_printed_conditions(text: str, plain: str, line: str, tex: str) -> None:
    term = parse_condition(text)
    assert to_ascii(term) == plain
    assert to_text(term) == line
    assert to_latex(term) == tex
    assert parse_condition(plain) is term


def test_only_samples_vary() -> None:
    term = parse_expression("y + mean(y*w)")
    assert to_text(term, VARYING) == "y + (1/n) Σᵢ yᵢ·w"
    assert to_text(term) == "y + (1/n) Σᵢ y·w"


def test_numbers_that_no_text_gives() -> None:
    x = sym("x")
    assert to_ascii(add(x, num(-1))) == "x - 1"
    assert to_text(add(x, num(Fraction(-1, 2)))) == "x - ½"
    assert to_latex(add(x, neg(num(-1)))) == "x - (-1)"
    assert to_ascii(mul(num(-2), x)) == "(-2)*x"
    assert to_ascii(power(num(Fraction(1, 3)), x)) == "(1/3)^x"
    assert to_text(power(num(-2), x)) == "(-2)^x"
    assert to_ascii(num(Fraction(1, 10**40))) == "1e-40"
    big = num(10**6000)
    assert len(to_ascii(big)) == len(to_text(big)) == len(to_latex(big)) == 6001


@pytest.mark.parametrize(
    "name", ["a b", "$x$", "\\input{x}", "{", "}", "#%&~^", "x\u202ey", "é", "", "_", "a__b", "x-y", "\n"]
)
def test_any_name_is_escaped(name: str) -> None:
    tex = to_latex(sym(name))
    assert tex.isascii()
    assert tex.isprintable()
    assert not re.search(r"(?<!\\)[$#%&]|~|\^|\\input", tex)
    assert balanced(tex)
    assert pretty(name).isprintable()


LATEX_NAMES = [
    ("yhat_i", r"\hat{y}_{i}"),
    ("thetatilde", r"\tilde{\theta}"),
    ("ybar", r"\bar{y}"),
    ("lam", r"\lambda"),
    ("Gamma", r"\Gamma"),
    ("Alpha", r"\mathrm{A}"),
    ("omicron", "o"),
    ("epsilon", r"\varepsilon"),
    ("Sigma_1_2", r"\Sigma_{1,2}"),
    ("x_alpha", r"x_{\alpha}"),
    ("rate_i", r"\mathrm{rate}_{i}"),
    ("learning_rate", r"\mathrm{learning}_{\mathrm{rate}}"),
    ("w12", "w_{12}"),
]


@pytest.mark.parametrize(("name", "tex"), LATEX_NAMES)
def test_latex_name(name: str, tex: str) -> None:
    assert latex_name(name) == tex


def balanced(tex: str) -> bool:
    """Whether braces nest and every \\left has its \\right."""
    depth = 0
    for piece in re.findall(r"\\[{}]|[{}]", tex):
        depth += (piece == "{") - (piece == "}")
        if depth < 0:
            return False
    return depth == 0 and len(re.findall(r"\\left\b", tex)) == len(re.findall(r"\\right\b", tex))


# -- properties -------------------------------------------------------------------------------

NAMES = ["x", "y", "yhat", "sigma", "lam", "mu_i", "x_max", "w1", "e", "e1", "E2", "beta", "pi0", "pix"]


def leaves() -> st.SearchStrategy[Term]:
    numbers = st.one_of(
        st.integers(0, 12).map(num),
        st.sampled_from(["0.5", "0.25", "0.1", "1e-30", "12345678901234567890", "1.000001"]).map(num),
    )
    return st.one_of(numbers, st.sampled_from(NAMES).map(sym), st.sampled_from(["pi", "oo"]).map(const))


def lists(inner: st.SearchStrategy[Term], most: int = 4) -> st.SearchStrategy[list[Term]]:
    return st.lists(inner, min_size=2, max_size=most)


def arithmetic(inner: st.SearchStrategy[Term]) -> st.SearchStrategy[Term]:
    exponents = st.sampled_from([num(2), num(3), neg(num(1)), neg(num(2)), div(num(1), num(2)), sym("k")])
    return st.one_of(
        lists(inner).map(lambda a: add(*a)),
        lists(inner).map(lambda a: mul(*a)),
        st.builds(div, inner, inner),
        st.builds(neg, inner),
        st.builds(power, inner, st.one_of(inner, exponents)),
        st.builds(lambda x: fn("sqrt", x), inner),
        st.builds(lambda x: fn("abs", x), inner),
    )


def conditions(inner: st.SearchStrategy[Term]) -> st.SearchStrategy[Term]:
    compared = st.builds(make, st.sampled_from(["eq", "ne", "lt", "le", "gt", "ge"]), st.tuples(inner, inner))
    domains = st.one_of(
        st.sampled_from(["reals", "unit_closed"]).map(domain),
        st.builds(lambda x: fn("simplex", x), inner),
        st.builds(lambda x: fn("power_domain", domain("reals"), x), inner),
        st.lists(inner, min_size=1, max_size=3).map(lambda a: fn("set", *a)),
    )
    simple = st.one_of(compared, st.builds(lambda x, d: fn("in", x, d), inner, domains))
    for _ in range(2):
        joined = st.builds(lambda op, a: fn(op, *a), st.sampled_from(["and", "or"]), lists(simple, 3))
        simple = st.one_of(simple, joined, st.builds(lambda a: fn("not", a), simple))
    return simple


def summed(op: str, index: str, low: Term, high: Term, body: Term) -> Term:
    k = bound(index)
    inside = substitute(body, {sym("x"): fn("at", sym("x"), k), sym("k"): k, sym("e"): k})
    return fn(op, k, low, high, inside)


def functions(inner: st.SearchStrategy[Term]) -> st.SearchStrategy[Term]:
    ones = st.sampled_from(
        [
            "log",
            "exp",
            "lgamma",
            "gamma",
            "factorial",
            "samples_sum",
            "samples_mean",
            "norm",
            "det",
            "logdet",
            "inv",
            "softmax",
        ]
    )
    indexed = inner.filter(lambda t: t.op != "num")
    return st.one_of(
        st.builds(fn, ones, inner),
        st.builds(lambda op, a: fn(op, *a), st.sampled_from(["max", "min", "vec"]), lists(inner)),
        st.builds(fn, st.sampled_from(["dot", "quad", "xlogy", "beta", "besseli"]), inner, inner),
        st.builds(lambda a, b: fn("at", a, b), indexed, inner),
        st.builds(summed, st.sampled_from(["sum", "prod"]), st.sampled_from(["k", "j"]), inner, inner, inner),
        st.builds(lambda c, a, b: fn("cases", c, a, b), conditions(inner), inner, inner),
        st.builds(lambda c: fn("indicator", c), conditions(inner)),
    )


TERMS = st.recursive(leaves(), lambda inner: st.one_of(arithmetic(inner), functions(inner)), max_leaves=14)
ARITHMETIC = st.recursive(
    st.one_of(
        st.integers(0, 9).map(num), st.sampled_from(["x", "y", "sigma", "e", "w_1"]).map(sym), st.just(const("pi"))
    ),
    arithmetic,
    max_leaves=9,
)


@settings(max_examples=250, deadline=None)
@given(TERMS)
def test_ascii_is_read_back(term: Term) -> None:
    assert parse_expression(to_ascii(term)) is term
    assert parse_expression(to_ascii(term), rule=True) is term


@settings(max_examples=100, deadline=None)
@given(conditions(TERMS))
def test_conditions_are_read_back(term: Term) -> None:
    assert parse_condition(to_ascii(term)) is term


@settings(max_examples=150, deadline=None)
@given(TERMS)
def test_text_and_latex_are_well_formed(term: Term) -> None:
    line, tex = to_text(term, VARYING), to_latex(term, VARYING)
    assert balanced(tex)
    assert tex.isascii()
    for shown in (line, tex):
        assert "+ -" not in shown
        assert "- -" not in shown
        assert "  " not in shown
    for opener, closer in ("()", "[]"):
        assert line.count(opener) == line.count(closer)
    assert not re.search(r"\^\{[^{}]*\}\^|_\{[^{}]*\}_", tex)


def value(term: Term, values: dict[str, complex]) -> complex:
    """The value of an arithmetic term, with complex roots and powers so that every sign shows."""
    memo: dict[Term, complex] = {}
    table: dict[str, Callable[..., complex]] = {
        "add": lambda *a: sum(a),
        "mul": lambda *a: math.prod(a),
        "div": lambda a, b: a / b,
        "neg": lambda a: -a,
        "pow": lambda a, b: a**b,
        "sqrt": lambda a: a**0.5,
        "abs": abs,
    }
    for t in postorder(term):
        if t.op == "num":
            assert isinstance(t.value, Fraction)
            memo[t] = complex(t.value)
        elif t.op == "const":
            memo[t] = complex(math.pi)
        elif t.op == "sym":
            memo[t] = values[str(t.value)]
        else:
            memo[t] = table[t.op](*[memo[a] for a in t.args])
    return memo[term]


@settings(max_examples=250, deadline=None)
@given(ARITHMETIC)
def test_text_reads_as_it_is_meant(term: Term) -> None:
    """The line for people, taken as input, is a formula of the same value."""
    again = parse_expression(to_text(term))
    values = {"x": 1.3 + 0.2j, "y": 0.7 - 0.4j, "sigma": 1.9 + 0.1j, "e": 0.6 + 0.3j, "w_1": -1.1 + 0.5j, "k": 1.7 + 0j}
    try:
        expected = value(term, values)
    except (ZeroDivisionError, OverflowError, ValueError):
        return
    found = value(again, values)
    if math.isfinite(abs(expected)) and abs(expected) < 1e60:
        assert found == pytest.approx(expected, rel=1e-6)


# -- size -------------------------------------------------------------------------------------


@pytest.mark.parametrize("printer", [to_ascii, to_text, to_latex])
def test_deep_terms_print(printer: Callable[[Term], str]) -> None:
    for wrap in (
        lambda t: fn("exp", t),
        neg,
        lambda t: add(t, sym("x")),
        lambda t: div(sym("x"), t),
        lambda t: power(t, 2),
        lambda t: fn("abs", t),
        lambda t: fn("samples_sum", t),
    ):
        term = sym("y")
        for _ in range(6_000):
            term = wrap(term)
        assert len(printer(term)) > 6_000


@pytest.mark.parametrize("printer", [to_ascii, to_text, to_latex])
def test_shared_terms_that_print_too_long_are_refused(printer: Callable[[Term], str]) -> None:
    term = sym("x")
    for _ in range(200):
        term = add(term, term)
    with pytest.raises(LimitError):
        printer(term)


@pytest.mark.parametrize("printer", [to_ascii, to_text, to_latex])
def test_long_sums_print(printer: Callable[[Term], str]) -> None:
    term = add(*[mul(num(k), sym(f"x_{k}")) for k in range(10_000)])
    assert len(printer(term)) > 60_000


def test_printing_raises_only_its_own_errors() -> None:
    for op in ("add", "mul", "nothing", "dist:normal", "vec", "and"):
        for args in ((), (sym("x"),)):
            for printer in (to_ascii, to_text, to_latex):
                try:
                    assert printer(make(op, args))
                except LossproofError as error:
                    pytest.fail(str(error))
