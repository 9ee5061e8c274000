"""The input language: what parses, to which term, and what every refusal says."""

from __future__ import annotations

import pickle
import random
import time
from collections.abc import Callable
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lossproof.errors import (
    AmbiguousError,
    CharacterError,
    InputSyntaxError,
    KindError,
    LimitError,
    LossproofError,
    error_classes,
    explain,
    point_at,
)
from lossproof.syntax import (
    Call,
    Define,
    Tilde,
    canonical,
    parse_assumption,
    parse_condition,
    parse_conditions,
    parse_define,
    parse_domain,
    parse_expression,
    pretty,
    split_subscript,
)
from lossproof.terms import Term


def shape(t: Term) -> str:
    """A term written out in full, indices with a #."""
    if not t.args:
        return ("#" if t.op == "bound" else "") + str(t.value)
    return f"{t.op}({', '.join(shape(a) for a in t.args)})"


EXPRESSIONS = [
    # sums and products are flat where the text is
    ("a + b - c", "add(a, b, neg(c))"),
    ("a - (b - c)", "add(a, neg(add(b, neg(c))))"),
    ("(a + b) + c", "add(add(a, b), c)"),
    ("a*b*c", "mul(a, b, c)"),
    ("(a*b)*c", "mul(mul(a, b), c)"),
    ("a*b/c", "div(mul(a, b), c)"),
    ("a/b*c", "mul(div(a, b), c)"),
    ("a/b/c", "div(div(a, b), c)"),
    ("a*b/c*d", "mul(div(mul(a, b), c), d)"),
    ("2*x/3", "div(mul(2, x), 3)"),
    # signs
    ("-x^2", "neg(pow(x, 2))"),
    ("-a*b + c", "add(neg(mul(a, b)), c)"),
    ("a*-b*c", "mul(a, neg(b), c)"),
    ("a - -b", "add(a, neg(neg(b)))"),
    ("+x", "x"),
    ("2^-x^2", "pow(2, neg(pow(x, 2)))"),
    ("-2x", "neg(mul(2, x))"),
    # powers
    ("a^b^c", "pow(a, pow(b, c))"),
    ("a**b", "pow(a, b)"),
    ("2^-1", "pow(2, neg(1))"),
    ("x⁻¹", "pow(x, neg(1))"),
    ("x²³", "pow(x, 23)"),
    ("(-x)²", "pow(neg(x), 2)"),
    # numbers are exact
    ("0.1", "1/10"),
    ("1e-3", "1/1000"),
    (".5", "1/2"),
    ("½", "1/2"),
    ("9^9^9^9", "pow(9, pow(9, pow(9, 9)))"),
    # a number multiplies what follows it; so does π
    ("2σ²", "mul(2, pow(sigma, 2))"),
    ("2πσ²", "mul(2, pi, pow(sigma, 2))"),
    ("2(a + b)^2", "mul(2, pow(add(a, b), 2))"),
    ("a*2b", "mul(a, 2, b)"),
    ("½·log(2πσ²)", "mul(1/2, log(mul(2, pi, pow(sigma, 2))))"),
    ("2√x", "mul(2, sqrt(x))"),
    # names and constants
    ("ab", "ab"),
    ("e", "e"),
    ("beta + gamma", "add(beta, gamma)"),
    ("pi - π", "add(pi, neg(pi))"),
    ("oo + ∞", "add(oo, oo)"),
    ("σᵢ + σ_i", "add(sigma_i, sigma_i)"),
    ("ŷᵢ - y_hat_i", "add(yhat_i, neg(yhat_i))"),
    # functions
    ("ln(x)", "log(x)"),
    ("log1p(x)", "log(add(1, x))"),
    ("expm1(x)", "add(exp(x), neg(1))"),
    ("sech(x)", "div(1, cosh(x))"),
    ("arctan(x)", "atan(x)"),
    ("Φ(x)", "Phi(x)"),
    ("max(a, b, c)", "max(a, b, c)"),
    ("n!/(k!*(n - k)!)", "div(factorial(n), mul(factorial(k), factorial(add(n, neg(k)))))"),
    ("|a*|b||", "abs(mul(a, abs(b)))"),
    ("‖v‖²", "pow(norm(v), 2)"),
    ("√(x + 1)", "sqrt(add(x, 1))"),
    ("indicator(y < 0)", "indicator(lt(y, 0))"),
    ("cases(0 < x <= 1, 1, x)", "cases(and(lt(0, x), le(x, 1)), 1, x)"),
    ("[a, b + 1]", "vec(a, add(b, 1))"),
    ("z[y]", "at(z, y)"),
    ("Sigma[i, j]", "at(Sigma, i, j)"),
    ("softmax(z)[2]", "at(softmax(z), 2)"),
    # sums
    ("sum(f)", "samples_sum(f)"),
    ("mean(f)", "samples_mean(f)"),
    ("prod(f)", "samples_prod(f)"),
    ("sum(k, 1, K, y_k*log(p_k))", "sum(#k, 1, K, mul(at(y, #k), log(at(p, #k))))"),
    ("sum(k, 1, K, x[k])", "sum(#k, 1, K, at(x, #k))"),
    ("sum(k, 1, k, k) + k", "add(sum(#k, 1, k, #k), k)"),
    ("sum(i, 1, D, sum(j, 1, D, S_i_j))", "sum(#i, 1, D, sum(#j, 1, D, at(S, #i, #j)))"),
    ("sum(k, 1, K, π_k)", "sum(#k, 1, K, at(pi, #k))"),
    ("prod(k, 1, K, p_k^y_k)", "prod(#k, 1, K, pow(at(p, #k), at(y, #k)))"),
    # other ways to write the marks
    ("a·b × c − d", "add(mul(a, b, c), neg(d))"),
    ("a÷b", "div(a, b)"),
]


@pytest.mark.parametrize(("text", "expected"), EXPRESSIONS)
def test_expression(text: str, expected: str) -> None:
    assert shape(parse_expression(text)) == expected


RECORD_EXPRESSIONS = [
    ("add(w*pdf(D, y)...)", "add(seq(mul(w, pdf(D, y))))"),
    ("mul(x...)*2", "mul(mul(seq(x)), 2)"),
    ("add(a, x...)", "add(a, seq(x))"),
    ("max(x...)", "max(seq(x))"),
    ("[x...]", "vec(seq(x))"),
    ("pdf(normal(mu, sigma), y)", "pdf(dist:normal(mu, sigma), y)"),
    ("pdf(student_t(nu, mu, s), y)", "pdf(dist:student-t(nu, mu, s), y)"),
    ("cdf(D, b) - cdf(D, a)", "add(cdf(D, b), neg(cdf(D, a)))"),
    ("pdf(gamma(a, b), y)", "pdf(dist:gamma(a, b), y)"),
    ("pdf(truncated(Gamma(a, b), 0, gamma(x)), y)", "pdf(dist:truncated(dist:gamma(a, b), 0, gamma(x)), y)"),
    ("free(t)", "free(t)"),
    ("without(t, k)", "without(t, k)"),
    ("maximise(prod(f))", "maximise(samples_prod(f))"),
    ("minimise(neg)", "minimise(neg)"),
    ("sum(k, 1, K, f)", "sum(#k, 1, K, f)"),
    ("cases(c, a, b)", "cases(c, a, b)"),
    ("a > 0", "gt(a, 0)"),
]


@pytest.mark.parametrize(("text", "expected"), RECORD_EXPRESSIONS)
def test_record_expression(text: str, expected: str) -> None:
    assert shape(parse_expression(text, rule=True)) == expected


CONDITIONS = [
    ("s > 0", "gt(s, 0)"),
    ("0 < p < 1", "and(lt(0, p), lt(p, 1))"),
    ("a ≤ b", "le(a, b)"),
    ("a == b", "eq(a, b)"),
    ("a ≠ b and c != d", "and(ne(a, b), ne(c, d))"),
    ("a > 0 and b > 0 and c > 0", "and(gt(a, 0), gt(b, 0), gt(c, 0))"),
    ("a > 0 or b > 0 and c > 0", "or(gt(a, 0), and(gt(b, 0), gt(c, 0)))"),
    ("not a > 0 and b > 0", "and(not(gt(a, 0)), gt(b, 0))"),
    ("not (a > 0 or b > 0)", "not(or(gt(a, 0), gt(b, 0)))"),
    ("k in integers", "in(k, integers)"),
    ("y ∈ {0, 1}", "in(y, set(0, 1))"),
    ("y not in {0}", "not(in(y, set(0)))"),
    ("v in simplex(K - 1)", "in(v, simplex(add(K, neg(1))))"),
    ("x in reals^D", "in(x, power_domain(reals, D))"),
    ("x in reals²", "in(x, power_domain(reals, 2))"),
    ("x in reals^(D + 1) and y in unit", "and(in(x, power_domain(reals, add(D, 1))), in(y, unit))"),
    ("S in posdef(D)", "in(S, posdef(D))"),
    ("(x > 0)", "gt(x, 0)"),
]


@pytest.mark.parametrize(("text", "expected"), CONDITIONS)
def test_condition(text: str, expected: str) -> None:
    assert shape(parse_condition(text)) == expected


def test_indices_in_scope() -> None:
    assert shape(parse_expression("x_k + k + j", indices=["k"])) == "add(at(x, #k), #k, j)"
    assert shape(parse_condition("x_k > 0", indices=["k"])) == "gt(at(x, #k), 0)"


def test_domain() -> None:
    assert shape(parse_domain("reals^D")) == "power_domain(reals, D)"
    assert shape(parse_domain("real")) == "reals"


NAMES = [
    ("σ", "sigma", "σ"),
    ("sigma", "sigma", "σ"),
    ("λ", "lam", "λ"),
    ("lambda", "lam", "λ"),
    ("lambda_i", "lam_i", "λᵢ"),
    ("lambda2", "lam2", "λ2"),
    ("λ̂", "lamhat", "λ̂"),
    ("Lambda", "Lambda", "Λ"),
    ("lambdax", "lambdax", "lambdax"),
    ("ŷ", "yhat", "ŷ"),
    ("y\u0302", "yhat", "ŷ"),
    ("y_hat", "yhat", "ŷ"),
    ("θ̂", "thetahat", "θ̂"),
    ("ȳ", "ybar", "ȳ"),
    ("x̃", "xtilde", "x̃"),
    ("ŷᵢ", "yhat_i", "ŷᵢ"),
    ("x₁", "x_1", "x₁"),
    ("x₁₂", "x_12", "x₁₂"),
    ("Sigma_1_2", "Sigma_1_2", "Σ₁,₂"),
    ("σ_max", "sigma_max", "σ_max"),
    ("ϕ", "phi", "φ"),
    ("µ", "mu", "μ"),
    ("Δy", "Deltay", "Deltay"),
    ("w1", "w1", "w1"),
    ("what", "what", "ŵ"),
    ("Alpha", "Alpha", "Alpha"),
    ("epsilon", "epsilon", "ε"),
]


@pytest.mark.parametrize(("name", "plain", "shown"), NAMES)
def test_names(name: str, plain: str, shown: str) -> None:
    assert canonical(name) == plain
    assert canonical(plain) == plain
    assert pretty(plain) == shown
    assert shape(parse_expression(name)) == plain
    if "," not in shown:
        assert canonical(shown) == plain


def test_every_greek_letter_has_one_name() -> None:
    for letter in "αβγδεζηθικμνξοπρστυφχψωΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩ":
        plain = canonical(letter)
        assert plain.isascii()
        assert canonical(plain) == plain
        assert canonical(pretty(plain)) == plain


@pytest.mark.parametrize("name", ["", " ", "1x", "_x", "x y", "x'", "x*y", "é", "а", "x\u202ey", "x\n"])
def test_not_a_name(name: str) -> None:
    with pytest.raises(CharacterError):
        canonical(name)


def test_split_subscript() -> None:
    assert split_subscript("y_i") == ("y", "i")
    assert split_subscript("y") == ("y", None)
    assert split_subscript("Sigma_1_2") == ("Sigma_1", "2")


# -- assumptions ------------------------------------------------------------------------------


def outline(value: Term | Call) -> str:
    if isinstance(value, Term):
        return shape(value)
    inside = [(f"{a.keyword}=" if a.keyword else "") + outline(a.value) for a in value.args]
    return f"{value.name}({', '.join(inside)})"


ASSUMPTIONS = [
    ("y ~ N(ŷ, σ²) with σ fixed", "y ~ N(yhat, pow(sigma, 2)); sigma fixed"),
    ("y ∼ Normal(mu, sigma)", "y ~ Normal(mu, sigma)"),
    ("y ~ Bernoulli(p), p = sigmoid(z)", "y ~ Bernoulli(p); p = sigmoid(z)"),
    ("y ~ Normal(m*x + c, s) with x, s fixed", "y ~ Normal(add(mul(m, x), c), s); x fixed; s fixed"),
    ("y ~ Normal(x, s) with x data, s fixed", "y ~ Normal(x, s); x data; s fixed"),
    (
        "y ~ N(a, b), a ~ N(0, t) with x, z data, s and t fixed where s > 0, 0 < t < 1",
        "y ~ N(a, b); a ~ N(0, t); x data; z data; s fixed; t fixed; gt(s, 0); and(lt(0, t), lt(t, 1))",
    ),
    ("y ~ Mixture([w1, w2], N(a, b), N(c, d))", "y ~ Mixture(vec(w1, w2), N(a, b), N(c, d))"),
    ("y ~ Truncated(Normal(mu, s), -oo, 3)", "y ~ Truncated(Normal(mu, s), neg(oo), 3)"),
    ("y ~ Normal(mean=mu, var=v)", "y ~ Normal(mean=mu, var=v)"),
    ("y ~ Poisson(lambda=exp(eta))", "y ~ Poisson(lam=exp(eta))"),
    ("y ~ Weighted(D=Bernoulli(p), w=w_i) with w_i fixed", "y ~ Weighted(D=Bernoulli(p), w=w_i); w_i fixed"),
    ("y ~ MultiNormal(mu, sigma^2*I)", "y ~ MultiNormal(mu, mul(pow(sigma, 2), I))"),
    ("y ~ Logistic()", "y ~ Logistic()"),
    ("y ~ Gamma(gamma(a), gamma)", "y ~ Gamma(gamma(a), gamma)"),
    ("y ~ N(a, b) where y in {0, 1}, x in simplex(3)", "y ~ N(a, b); in(y, set(0, 1)); in(x, simplex(3))"),
]


@pytest.mark.parametrize(("text", "expected"), ASSUMPTIONS)
def test_assumption(text: str, expected: str) -> None:
    found = parse_assumption(text)
    parts: list[str] = []
    for s in found.statements:
        if isinstance(s, Tilde):
            parts.append(f"{s.name} ~ {outline(s.distribution)}")
        else:
            parts.append(f"{s.name} = {shape(s.expression)}")
    parts += [f"{r.name} {r.role}" for r in found.roles]
    parts += [shape(c.term) for c in found.conditions]
    assert "; ".join(parts) == expected


def test_spans_are_places_in_the_text() -> None:
    found = parse_assumption("y ~ N(θ\u0302, s=σ²), z = a + b with σ fixed where a > 0")
    text = found.text
    first, second = found.statements
    assert isinstance(first, Tilde)
    assert isinstance(second, Define)
    assert [text[slice(*a.span)] for a in first.distribution.args] == ["θ̂", "s=σ²"]
    assert text[slice(*first.distribution.span)] == "N(θ̂, s=σ²)"
    assert text[slice(*second.span)] == "z"
    assert text[slice(*found.roles[0].span)] == "σ"
    assert text[slice(*found.conditions[0].span)] == "a > 0"


def test_conditions_and_definitions_alone() -> None:
    assert [shape(c.term) for c in parse_conditions("s > 0, t in unit")] == ["gt(s, 0)", "in(t, unit)"]
    assert parse_conditions("  ") == ()
    define = parse_define("z = z_2 - z_1")
    assert (define.name, shape(define.expression)) == ("z", "add(z_2, neg(z_1))")
    with pytest.raises(InputSyntaxError, match="a definition is expected"):
        parse_define("z ~ N(0, 1)")


# -- refusals ---------------------------------------------------------------------------------

# What is read, the text, and the whole message.
REFUSALS = [
    ("e", "", "syntax: there is nothing to read\n    \n    ^\ntry: write a formula, such as (y - yhat)^2"),
    (
        "e",
        "a/2b",
        "ambiguous: a/2b can be read in two ways\n    a/2b\n     ^^^\ntry: a/(2*b) or (a/2)*b",
    ),
    (
        "e",
        "x^2y",
        "ambiguous: x^2y can be read in two ways\n    x^2y\n     ^^^\ntry: x^(2*y) or (x^2)*y",
    ),
    (
        "e",
        "a - λ(1-τ)",
        "ambiguous: λ is no function\n    a - λ(1-τ)\n        ^\n"
        "try: λ*(1-τ) for a product; functions are log, exp, sqrt, ...",
    ),
    (
        "e",
        "2πσx",
        "ambiguous: σx may be a product or one name\n    2πσx\n      ^^\ntry: σ*x for a product, σ_x for a name",
    ),
    (
        "e",
        "√x²",
        "ambiguous: how far the root reaches is not clear\n    √x²\n    ^^\ntry: √(x²) or √(x)²",
    ),
    (
        "e",
        "1 + lgo(x)",
        "unknown-function: there is no function lgo\n    1 + lgo(x)\n        ^^^\nnearest: log\ntry: lgo*(x) for a product",
    ),
    (
        "e",
        "2*Normal(0, 1)",
        "unknown-function: there is no function Normal\n    2*Normal(0, 1)\n      ^^^^^^\nnearest: norm, binomial\n"
        "try: a distribution stands alone after `~`, or as an argument of a distribution such as Mixture",
    ),
    (
        "e",
        "Gamma(x)",
        "ambiguous: Gamma is no function\n    Gamma(x)\n    ^^^^^\n"
        "try: Gamma*(x) for a product; gamma(x) is the gamma function, lgamma(x) its logarithm",
    ),
    ("e", "log(x, 2)", "arity: log takes 1 argument, not 2\n    log(x, 2)\n    ^^^^^^^^^\ntry: log(x)"),
    ("e", "log()", "arity: log takes 1 argument, not 0\n    log()\n    ^^^^^\ntry: log(x)"),
    (
        "e",
        "β(1-τ)",
        "arity: beta takes 2 arguments, not 1\n    β(1-τ)\n    ^^^^^^\ntry: beta(a, b); if beta is a symbol, write beta*(...)",
    ),
    (
        "e",
        "logsumexp(a, b)",
        "arity: logsumexp takes 1 argument, not 2\n    logsumexp(a, b)\n    ^^^^^^^^^^^^^^^\ntry: logsumexp([a, b]) of a vector",
    ),
    (
        "e",
        "sum(f, g)",
        "arity: sum takes one argument or four, not 2\n    sum(f, g)\n    ^^^^^^^^^\n"
        "try: sum(f) over the samples or sum(k, 1, K, f) over an index",
    ),
    ("e", "(a + b", "syntax: `(` is never closed\n    (a + b\n    ^\ntry: add the missing `)`"),
    ("e", "a + b)", "syntax: `)` closes nothing\n    a + b)\n         ^\ntry: remove it, or open it with `(`"),
    (
        "e",
        "(a + b]",
        "syntax: `]` does not close the `(` at character 1\n    (a + b]\n          ^\ntry: write `)` here, or remove the `]`",
    ),
    (
        "e",
        "a b",
        "syntax: an operator is missing between `a` and `b`\n    a b\n      ^\n"
        "try: a*b for a product; a formula is one line of values joined by + - * / ^",
    ),
    (
        "e",
        "(a)(b)",
        "syntax: an operator is missing between `)` and `(`\n    (a)(b)\n       ^\n"
        "try: put a `*` between them for a product",
    ),
    ("e", "log x", "syntax: log is a function and needs parentheses\n    log x\n        ^\ntry: log(x)"),
    (
        "e",
        "log²(x)",
        "syntax: an exponent on the name log has no meaning\n    log²(x)\n        ^\ntry: log(x)^2",
    ),
    (
        "e",
        "a +",
        "syntax: the text ends after `+`, where a value is expected\n    a +\n       ^\ntry: add what comes after `+`",
    ),
    (
        "e",
        "a */ b",
        "syntax: `/` stands where a value is expected\n    a */ b\n       ^\ntry: remove one of `*` and `/`",
    ),
    (
        "e",
        "(a, b)",
        "syntax: a comma stands inside plain parentheses\n    (a, b)\n      ^\n"
        "try: a vector is written [a, b]; for a decimal point write 0.5",
    ),
    (
        "e",
        "1,5",
        "syntax: one expression is expected, and a comma begins another\n    1,5\n     ^\ntry: for a decimal point write 0.5",
    ),
    ("e", "a = b", "syntax: `=` has no meaning inside a formula\n    a = b\n      ^\ntry: write == for an equation"),
    (
        "e",
        "x > 0",
        "kind: a condition stands where a value is needed\n    x > 0\n    ^^^^^\n"
        "try: indicator(x > 0) is 1 where it holds and 0 elsewhere",
    ),
    (
        "e",
        "1 + (x > 0)",
        "kind: a condition stands where a value is needed\n    1 + (x > 0)\n        ^^^^^^^\n"
        "try: indicator(x > 0) is 1 where it holds, else 0",
    ),
    (
        "e",
        "indicator(x)",
        "kind: a value stands where a condition is needed\n    indicator(x)\n              ^\n"
        "try: a condition compares: y < 0, k == 1, x in integers",
    ),
    (
        "e",
        "\\sigma^2",
        "character: \\ is U+005C (REVERSE SOLIDUS), which the input language does not have\n    \\sigma^2\n    ^\n"
        "try: write names instead of LaTeX commands: sigma or σ, sqrt(x), x^2",
    ),
    (
        "e",
        "y - \u0430",
        "character: \u0430 is U+0430 (CYRILLIC SMALL LETTER A) and not a\n    y - \u0430\n        ^\ntry: type a instead",
    ),
    (
        "e",
        "a\u202eb",
        "character: U+202E (RIGHT-TO-LEFT OVERRIDE) changes the direction of writing\n    a\\u202eb\n     ^^^^^^\n"
        "try: remove it: the formula may not be what it looks like",
    ),
    ("e", "a\x00b", "character: U+0000 is an invisible or control character\n    a\\x00b\n     ^^^^\ntry: remove it"),
    (
        "e",
        "x\u200b",
        "character: U+200B (ZERO WIDTH SPACE) is an invisible or control character\n    x\\u200b\n     ^^^^^^\ntry: remove it",
    ),
    (
        "e",
        "café",
        "character: é is U+00E9 (LATIN SMALL LETTER E WITH ACUTE), a letter that names cannot have\n    café\n       ^\n"
        "try: names use the letters a-z, A-Z and Greek, with hat, bar or tilde (ŷ, x̄, θ̂)",
    ),
    ("e", "xⁿ", "syntax: ⁿ cannot be an exponent\n    xⁿ\n     ^\ntry: write ^n"),
    ("e", "vᵀA", "syntax: transposes are not written\n    vᵀA\n     ^\ntry: dot(u, v) is uᵀv, quad(A, v) is vᵀAv"),
    (
        "e",
        "with + 1",
        "syntax: `with` stands where a value is expected\n    with + 1\n    ^^^^\ntry: it is a reserved word: choose another name",
    ),
    (
        "e",
        "1e9999",
        "limit: a number may have 1,000 digits and a power of ten up to 1,000\n    1e9999\n    ^^^^^^\n"
        "try: write a large number as a power, 10^2000: it is kept as it stands",
    ),
    ("c", "s = 1", "syntax: `=` does not state a condition\n    s = 1\n      ^\ntry: write == for an equation"),
    (
        "c",
        "s + 1",
        "kind: a value stands where a condition is needed\n    s + 1\n    ^^^^^\n"
        "try: a condition is such as s > 0, 0 < p < 1, k in integers, y in {0, 1}",
    ),
    (
        "c",
        "p in (0, 1)",
        "syntax: a domain is expected after `in`\n    p in (0, 1)\n         ^\n"
        "try: reals, positive, unit, integers, {0, 1}, simplex(K); for an interval write 0 < p < 1",
    ),
    (
        "c",
        "p in postive",
        "unknown-domain: there is no domain postive\n    p in postive\n         ^^^^^^^\nnearest: positive, posdef\n"
        "try: a domain is one of reals, positive, nonnegative, unit, unit_closed, integers, naturals, "
        "{a, b}, simplex(K), reals^D, posdef(D)",
    ),
    ("c", "v in simplex", "syntax: simplex needs its size\n    v in simplex\n         ^^^^^^^\ntry: simplex(K)"),
    ("c", "y in {0, 1", "syntax: `{` is never closed\n    y in {0, 1\n         ^\ntry: add a `}`"),
    ("a", "", "syntax: there is nothing to read\n    \n    ^\ntry: y ~ Normal(mu, sigma) with sigma fixed"),
    (
        "a",
        "gaussian",
        "syntax: gaussian alone says nothing\n    gaussian\n    ^^^^^^^^\n"
        "try: gaussian ~ Normal(mu, sigma), or gaussian = w*x",
    ),
    (
        "a",
        "log(y) ~ Normal(mu, s)",
        "syntax: log(y) is no name\n    log(y) ~ Normal(mu, s)\n    ^^^\n"
        "try: the left side is a name: for log(y) ~ Normal(...) write y ~ LogNormal(...)",
    ),
    (
        "a",
        "y ~ Normal mu",
        "syntax: Normal stands without its arguments\n    y ~ Normal mu\n        ^^^^^^\n"
        "try: Normal(...) as in y ~ Normal(mu, sigma)",
    ),
    (
        "a",
        "y ~ N(ŷ, σ²) with σ",
        "syntax: `fixed` or `data` is missing after the names\n    y ~ N(ŷ, σ²) with σ\n                       ^\n"
        "try: with σ fixed",
    ),
    (
        "a",
        "y ~ N(θ̂, s) with s > 0 fixed",
        "syntax: a condition stands in the `with` clause\n    y ~ N(θ̂, s) with s > 0 fixed\n                       ^\n"
        "try: conditions follow `where`: with sigma fixed where sigma > 0",
    ),
    (
        "a",
        "y ~ N(mu, s with s fixed",
        "syntax: `(` is never closed\n    y ~ N(mu, s with s fixed\n         ^\ntry: add the missing `)`",
    ),
    (
        "a",
        "y ~ Poisson(λ(1-τ))",
        "ambiguous: λ is no function\n    y ~ Poisson(λ(1-τ))\n                ^\n"
        "try: λ*(1-τ) for a product; functions are log, exp, sqrt, ...",
    ),
    (
        "a",
        "y ~ N(a, b) + 1",
        "syntax: distributions have no arithmetic\n    y ~ N(a, b) + 1\n                ^\n"
        "try: shift or scale the parameters instead: mu + Normal(0, s) is Normal(mu, s)",
    ),
    (
        "a",
        "y ~ N(mu == 1, s)",
        "kind: a condition stands where a value is needed\n    y ~ N(mu == 1, s)\n          ^^^^^^^\n"
        "try: to give an argument by name write `=`: Normal(mean=mu, var=v)",
    ),
    (
        "a",
        "y ~ Mixture(w, 2*Exp(a), Exp(b))",
        "unknown-function: there is no function Exp\n    y ~ Mixture(w, 2*Exp(a), Exp(b))\n                     ^^^\nnearest: exp, expm1\n"
        "try: a distribution stands alone after `~`, or as an argument of a distribution such as Mixture",
    ),
    (
        "a",
        "y ~ N(a, b) s fixed",
        "syntax: `s` cannot follow the distribution\n    y ~ N(a, b) s fixed\n                ^\n"
        "try: ... with s fixed; statements have commas between them",
    ),
]


@pytest.mark.parametrize(("kind", "text", "message"), REFUSALS)
def test_refusal(kind: str, text: str, message: str) -> None:
    readers: dict[str, Callable[[str], object]] = {"e": parse_expression, "c": parse_condition, "a": parse_assumption}
    reader = readers[kind]
    with pytest.raises(LossproofError) as caught:
        reader(text)
    assert str(caught.value) == message
    again = pickle.loads(pickle.dumps(caught.value))
    assert str(again) == message
    assert type(again) is type(caught.value)
    assert caught.value.exit_status in (2, 3)


def test_errors_are_explained() -> None:
    kinds = list(error_classes())
    codes = [kind.code for kind in kinds]
    assert len(set(codes)) == len(codes) == len(kinds)
    for kind in kinds:
        assert kind.exit_status in (1, 2, 3, 70)
        assert len(kind.explanation) > 40
        assert kind.explanation == explain(kind.code)
        assert str(kind("what")) == f"{kind.code}: what"
    assert explain("no-such-code") is None


def test_long_input_is_shown_in_a_window() -> None:
    text = "+".join(["x"] * 5000) + " ? " + "+".join(["y"] * 5000)
    with pytest.raises(CharacterError) as caught:
        parse_expression(text)
    _, line, carets, hint = str(caught.value).splitlines()
    assert len(line) < 110
    assert line.startswith("    …")
    assert line.endswith("…")
    assert line[carets.index("^")] == "?"
    assert hint == "try: write cases(condition, a, b)"


def test_carets_stand_under_what_is_meant() -> None:
    assert point_at("one\ntwo three\nfour", (8, 13)) == ("two three", "    ^^^^^")
    assert point_at("θ\u0302 + é", (5, 6)) == ("θ\u0302 + é", "    ^")
    assert point_at("\u6f22 ?", (2, 3)) == ("\u6f22 ?", "   ^")
    assert point_at("a\tb ?", (4, 5)) == ("a\\x09b ?", "       ^")
    assert point_at("ab", (7, 9)) == ("ab", "  ^")


# -- limits and speed -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "(" * 10_000 + "x" + ")" * 10_000,
        "log(" * 10_000 + "x" + ")" * 10_000,
        "[" * 10_000,
        "|" * 10_000,
        "sum(k,1,K," * 10_000,
        "x" * 300,
        "x" + "_hat" * 200_000,
        "9" * 1_000_000,
        "9 " * 400_000,
        "x" * 1_000_001,
        "1e1000000000000",
    ],
)
def test_limits(text: str) -> None:
    start = time.perf_counter()
    with pytest.raises(LimitError) as caught:
        parse_expression(text)
    assert time.perf_counter() - start < 5
    assert caught.value.exit_status == 3
    assert len(str(caught.value)) < 500


def test_limit_of_nested_distributions() -> None:
    with pytest.raises(LimitError):
        parse_assumption("y ~ " + "A(" * 10_000)
    text = "p in {q in " * 100
    with pytest.raises(LossproofError):
        parse_condition(text)


FLAT = [
    ("+".join(f"x_{k}" for k in range(10_000)), "add", 10_000),
    ("-".join(["x"] * 10_000), "add", 10_000),
    ("*".join(f"x_{k}" for k in range(10_000)), "mul", 10_000),
    ("max(" + ",".join(f"x_{k}" for k in range(10_000)) + ")", "max", 10_000),
    ("2" + "".join(f"*{k}x" for k in range(10_000)), "mul", 20_001),
]


@pytest.mark.parametrize(("text", "op", "count"), FLAT)
def test_long_flat_input(text: str, op: str, count: int) -> None:
    term = parse_expression(text)
    assert (term.op, len(term.args)) == (op, count)


@pytest.mark.parametrize(
    "text", ["^".join(["9"] * 50_000), "/".join(["x"] * 50_000), "-" * 100_000 + "x", "x" + "!" * 100_000]
)
def test_deep_terms_from_flat_input(text: str) -> None:
    term = parse_expression(text)
    depth = 0
    while term.args:
        term = term.args[-1] if term.op == "pow" else term.args[0]
        depth += 1
    assert depth > 40_000


def test_time_is_linear() -> None:
    def seconds(count: int) -> float:
        text = "+".join(f"sum(k, 1, K, 2a_{k}*x_k^2/3)" for k in range(count))
        start = time.perf_counter()
        parse_expression(text)
        return time.perf_counter() - start

    seconds(100)
    assert min(seconds(4000) for _ in range(3)) < 12 * min(seconds(1000) for _ in range(3))


def test_mixture_of_many_components() -> None:
    weights = ", ".join(f"w{k}" for k in range(10_000))
    parts = ", ".join(f"Normal(m{k}, s)" for k in range(10_000))
    found = parse_assumption(f"y ~ Mixture([{weights}], {parts})")
    first = found.statements[0]
    assert isinstance(first, Tilde)
    assert len(first.distribution.args) == 10_001


# -- any text at all --------------------------------------------------------------------------

MARKS = "+ - * / ^ ** ( ) [ ] { } , | ‖ √ ! ~ = == < <= >= != ... · − ≤ ∈ ² ⁻¹ λ( log( sum( [ in{ pdf( add("
PLAIN = (
    "x y k K ab σ ŷ σᵢ x₁ π ∞ oo 2 0.5 ½ with where fixed data and or not in log sum cases reals simplex Normal N y_k"
)
WORDS = MARKS.split() + PLAIN.split()
WORDS += ["sum(k, 1, K, ", " ", "\n", "\t", "é", "\u0430", "\u202e", "\x00", "\u0302", "#", "'", "1e5", "."]


def refused(reader: Callable[[str], object], text: str) -> str:
    """What a reader says against a text; nothing if it reads it."""
    try:
        reader(text)
    except LossproofError as error:
        return str(error)
    return ""


def read_all(text: str) -> None:
    """Every reader either reads the text or refuses it with one of the project's own errors."""
    for reader in (parse_expression, parse_condition, parse_domain, parse_assumption, parse_conditions):
        assert len(refused(reader, text)) < 1000
    assert len(refused(partial(parse_expression, rule=True), text)) < 1000


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=60))
def test_any_text_parses_or_is_refused(text: str) -> None:
    read_all(text)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(WORDS), max_size=14), st.sampled_from(["", " "]))
def test_any_words_parse_or_are_refused(words: list[str], space: str) -> None:
    read_all(space.join(words))


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 60), st.integers(0, 60), st.sampled_from([text for text, _ in [*ASSUMPTIONS, *EXPRESSIONS]]))
def test_damaged_text_parses_or_is_refused(start: int, count: int, text: str) -> None:
    read_all(text[:start] + text[start + count :])


def test_megabytes_of_words() -> None:
    draw = random.Random(7)
    for size in (1_000, 30_000):
        text = " ".join(draw.choice(WORDS) for _ in range(size))
        start = time.perf_counter()
        read_all(text)
        assert time.perf_counter() - start < 10


def test_ambiguity_is_a_syntax_error() -> None:
    assert issubclass(AmbiguousError, InputSyntaxError)
    assert issubclass(KindError, LossproofError)
