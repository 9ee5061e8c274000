"""Numbers out of terms: against SciPy and ball arithmetic, at extremes, in all shapes."""

from __future__ import annotations

import copy
import math
import pickle
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special, stats

from lossproof.errors import LossproofError
from lossproof.interop.numeric import evaluate
from lossproof.syntax import parse_condition, parse_expression
from lossproof.terms import Term, add, bound, div, fn, mul, neg, num, sym

RNG = np.random.default_rng(7)
POSITIVE = RNG.uniform(0.2, 4.0, 40)
REAL = RNG.normal(0.0, 2.0, 40)
UNIT = RNG.uniform(0.05, 0.95, 40)


def value(text: str, **values: object) -> object:
    return evaluate(parse_expression(text), values)


FUNCTIONS = [
    ("exp(x)", np.exp, REAL),
    ("log(x)", np.log, POSITIVE),
    ("sqrt(x)", np.sqrt, POSITIVE),
    ("abs(x)", np.abs, REAL),
    ("sigmoid(x)", special.expit, REAL),
    ("softplus(x)", lambda x: np.logaddexp(0, x), REAL),
    ("logit(x)", special.logit, UNIT),
    ("tanh(x)", np.tanh, REAL),
    ("cosh(x)", np.cosh, REAL),
    ("sinh(x)", np.sinh, REAL),
    ("cos(x)", np.cos, REAL),
    ("sin(x)", np.sin, REAL),
    ("atan(x)", np.arctan, REAL),
    ("Phi(x)", special.ndtr, REAL),
    ("erf(x)", special.erf, REAL),
    ("erfc(x)", special.erfc, REAL),
    ("gamma(x)", special.gamma, POSITIVE),
    ("lgamma(x)", special.gammaln, POSITIVE),
    ("digamma(x)", special.digamma, POSITIVE),
    ("factorial(x)", special.factorial, POSITIVE),
    ("zeta(x + 1)", lambda x: special.zeta(x + 1), POSITIVE),
    ("xlogy(x, 2*x)", lambda x: special.xlogy(x, 2 * x), POSITIVE),
    ("beta(x, 3/2)", lambda x: special.beta(x, 1.5), POSITIVE),
    ("lbeta(x, 3/2)", lambda x: special.betaln(x, 1.5), POSITIVE),
    ("binomial(x, 2)", lambda x: special.binom(x, 2), POSITIVE),
    ("binomial(9, x)", lambda x: special.binom(9, x), POSITIVE),
    ("besseli(3/2, x)", lambda x: special.iv(1.5, x), POSITIVE),
    ("min(x, 1, 1/2)", lambda x: np.minimum(x, 0.5), REAL),
    ("max(x, 1, 1/2)", lambda x: np.maximum(x, 1), REAL),
    ("x^3 - 2/x", lambda x: x**3 - 2 / x, REAL),
    ("expm1(x)", np.expm1, REAL),
    ("log1p(x)", np.log1p, POSITIVE),
    ("log(gamma(x))", special.gammaln, POSITIVE),
    ("log(beta(x, 2))", lambda x: special.betaln(x, 2), POSITIVE),
    ("log(binomial(9, x))", lambda x: np.log(special.binom(9, x)), POSITIVE),
    ("log(besseli(1, x))", lambda x: np.log(special.iv(1, x)), POSITIVE),
    ("log(erfc(x))", lambda x: np.log(special.erfc(x)), REAL),
    ("log(1 - Phi(x))", stats.norm.logsf, REAL),
    ("log(1 - sigmoid(x))", lambda x: -np.logaddexp(0, x), REAL),
    ("log(1 - exp(-x))", lambda x: np.log(-np.expm1(-x)), POSITIVE),
    ("log(exp(x) - 1)", lambda x: np.log(np.expm1(x)), POSITIVE),
    ("log(abs(-x*exp(x)))", lambda x: np.log(np.abs(x)) + x, REAL),
    ("log(sqrt(x*exp(x)))", lambda x: (np.log(x) + x) / 2, POSITIVE),
    ("log(x^x*exp(x))", lambda x: x * np.log(x) + x, POSITIVE),
    ("log((-x)^2*exp(x))", lambda x: 2 * np.log(x) + x, POSITIVE),
    ("log((exp(x) - 2)*(exp(x) - 3))", lambda x: np.log((np.exp(x) - 2) * (np.exp(x) - 3)), REAL),
    ("log((1 - exp(x))/(1 - exp(2*x)))", lambda x: np.log((1 - np.exp(x)) / (1 - np.exp(2 * x))), REAL),
    ("log(Phi(x + 1) - Phi(x))", lambda x: np.log(special.ndtr(x + 1) - special.ndtr(x)), REAL),
]


@pytest.mark.parametrize(("text", "expected", "points"), FUNCTIONS, ids=[row[0] for row in FUNCTIONS])
def test_functions_agree_with_scipy_as_scalars_and_as_arrays(text, expected, points):
    with np.errstate(all="ignore"):
        want = expected(points)
    np.testing.assert_allclose(value(text, x=points), want, rtol=1e-9, atol=1e-12)
    singles = [value(text, x=float(x)) for x in points]
    assert all(isinstance(v, float) for v in singles)
    np.testing.assert_allclose(singles, want, rtol=1e-9, atol=1e-12)


EXTREMES = [
    ("softplus(x)", 1e4, 1e4),
    ("softplus(x)", -1e4, 0.0),
    ("log(1 + exp(x))", 1e4, 1e4),
    ("log(1 + exp(x))", -40.0, math.exp(-40)),
    ("log(exp(x) + 1)", 1e4, 1e4),
    ("sigmoid(x)", -1e4, 0.0),
    ("sigmoid(x)", 1e4, 1.0),
    ("log(sigmoid(x))", -1e4, -1e4),
    ("log(1 - sigmoid(x))", 1e4, -1e4),
    ("log(1/(1 + exp(-x)))", -1e4, -1e4),
    ("log(cosh(x))", 1e3, 1e3 - math.log(2)),
    ("log(cosh(x))", -1e3, 1e3 - math.log(2)),
    ("log(exp(x) + exp(-x))", 1e3, 1e3),
    ("log(Phi(x))", -100.0, special.log_ndtr(-100.0)),
    ("log(Phi(x))", -30.0, special.log_ndtr(-30.0)),
    ("log(Phi(x))", -5.0, special.log_ndtr(-5.0)),
    ("log(Phi(x))", 9.0, special.log_ndtr(9.0)),
    ("log(1 - Phi(x))", 40.0, special.log_ndtr(-40.0)),
    ("log(Phi(x + 1) - Phi(x))", 40.0, stats.norm.logsf(40.0)),
    ("log(erfc(x))", 100.0, special.log_ndtr(-100 * math.sqrt(2)) + math.log(2)),
    ("log(besseli(0, x))", 1e4, 1e4 - math.log(2 * math.pi * 1e4) / 2 + 1 / 8e4),
    ("log(gamma(x))", 1e6, special.gammaln(1e6)),
    ("log(factorial(x))", 1e6, special.gammaln(1e6 + 1)),
    ("log(binomial(2*x, x))", 1e6, special.gammaln(2e6 + 1) - 2 * special.gammaln(1e6 + 1)),
    ("log(2*x^200*exp(-x)/factorial(200))", 3000.0, math.log(2) + stats.gamma(201).logpdf(3000.0)),
    ("log(exp(-x^2/2)/sqrt(2*pi))", 1e5, stats.norm.logpdf(1e5)),
    ("log(3/10*exp(-x^2/2) + 7/10*exp(-(x - 1)^2/2))", 1e3, math.log(0.7) - 999**2 / 2),
    ("logsumexp([x, x])", 1e4, 1e4 + math.log(2)),
    ("log(exp(x) - 1)", 1e4, 1e4),
    ("expm1(x)", 1e-12, 1e-12),
    ("1 - exp(-x)", 1e-12, 1e-12),
    ("log1p(x)", 1e-18, 1e-18),
    ("log(prod(k, 1, 1000, exp(-x)/2))", 9.0, -1000 * (9 + math.log(2))),
]


@pytest.mark.parametrize(("text", "x", "want"), EXTREMES)
def test_extremes_neither_overflow_nor_lose_digits(text, x, want):
    assert value(text, x=x) == pytest.approx(want, rel=1e-9, abs=1e-300)
    np.testing.assert_allclose(value(text, x=np.array([x, x])), [want, want], rtol=1e-9, atol=1e-300)


SPECIAL_VALUES = [
    ("log(x)", 0, -math.inf),
    ("log(x)", -1, math.nan),
    ("sqrt(x)", -1, math.nan),
    ("1/x", 0, math.inf),
    ("x/x", 0, math.nan),
    ("x^0", 0, 1.0),
    ("0^x", -1, math.inf),
    ("x^(1/3)", -8, math.nan),
    ("x^3", -2, -8.0),
    ("xlogy(x, 0)", 0, 0.0),
    ("xlogy(0, x)", -1, 0.0),
    ("xlogy(x, sigmoid(-10^6))", 0, 0.0),
    ("x*log(x)", 0, math.nan),
    ("exp(x)", 1e4, math.inf),
    ("gamma(x)", -1, math.nan),
    ("lgamma(x)", 0, math.inf),
    ("cases(x >= 0, log(x), oo)", -1, math.inf),
    ("cases(x >= 0, x, oo)", 2, 2.0),
    ("cases(x > 0, 1, 0)", math.nan, math.nan),
    ("cases(log(x) > 0, 1, 0)", -1, math.nan),
    ("indicator(x == 1)", 1, 1.0),
    ("indicator(x == 1)", 2, 0.0),
    ("indicator(log(x) == 1)", -2, math.nan),
    ("-oo", 0, -math.inf),
    ("max(x, 1)", math.nan, math.nan),
    ("logit(x)", 0, -math.inf),
    ("log(cases(x > 0, exp(-x), 0))", -1, -math.inf),
    ("log(cases(x > 0, exp(-x), 0))", 2000, -2000.0),
    ("sum(k, 1, 0, x)", 3, 0.0),
    ("prod(k, 1, 0, x)", 3, 1.0),
    ("sum(k, 1, 4, k*x)", 3, 30.0),
    ("prod(k, 1, 4, k*x)", 1, 24.0),
    ("sum(k, 1, 3, sum(j, 1, k, x*j))", 1, 10.0),
    ("sum(k, 1, 2, sum(k, 1, 3, k) + k)", 0, 15.0),
    ("log(sum(k, 1, 3, exp(k*x)))", 1000, 3000.0),
    ("10^400 - 10^400 + x", 0, math.nan),
]


@pytest.mark.parametrize(("text", "x", "want"), SPECIAL_VALUES)
def test_ieee_answers_without_exceptions_or_warnings(text, x, want):
    assert value(text, x=x) == pytest.approx(want, nan_ok=True)
    np.testing.assert_allclose(value(text, x=np.array([x, x], dtype=float)), [want, want])


CONDITIONS = [
    ("0 < x < 1", [-1, 0, 0.5, 1], [False, False, True, False]),
    ("x >= 1 or not x == 0", [0, 1, 2], [False, True, True]),
    ("x in {0, 2}", [0, 1, 2], [True, False, True]),
    ("x in reals", [0, math.inf, math.nan], [True, False, False]),
    ("x in positive", [0, 1, -1], [False, True, False]),
    ("x in nonnegative", [0, 1, -1], [True, True, False]),
    ("x in unit", [0, 0.5, 1], [False, True, False]),
    ("x in unit_closed", [0, 0.5, 1], [True, True, True]),
    ("x in integers", [0, -1, 0.5], [True, True, False]),
    ("x in naturals", [0, -1, 3], [True, False, True]),
    ("x in categories(3)", [0, 1, 3, 4, 1.5], [False, True, True, False, False]),
    ("x != x", [1, math.nan], [False, False]),
    ("log(x) < 5", [1, -1], [True, False]),
]


@pytest.mark.parametrize(("text", "points", "want"), CONDITIONS)
def test_conditions_give_booleans(text, points, want):
    condition = parse_condition(text)
    found = evaluate(condition, {"x": np.array(points, dtype=float)})
    assert found.dtype == bool
    assert found.tolist() == want
    assert [evaluate(condition, {"x": float(x)}) for x in points] == want


def test_membership_of_vectors_and_matrices():
    rows = np.array([[0.5, 0.5], [0.5, 0.6], [-0.5, 1.5], [1.0, 0.0], [np.nan, 1]])
    assert evaluate(parse_condition("v in simplex(K)"), {"v": rows}).tolist() == [True, False, False, True, False]
    assert evaluate(parse_condition("v in onehot(2)"), {"v": rows}).tolist() == [False, False, False, True, False]
    assert evaluate(parse_condition("v in counts(K)"), {"v": [[1, 2], [1, -1], [0.5, 1]]}).tolist() == [
        True,
        False,
        False,
    ]
    assert evaluate(parse_condition("v in reals^2"), {"v": [[1, 2], [1, np.inf]]}).tolist() == [True, False]
    matrices = np.array([[[2, 1], [1, 2]], [[1, 2], [2, 1]], [[1, 1], [0, 1]]])
    assert evaluate(parse_condition("A in posdef(D)"), {"A": matrices}).tolist() == [True, False, False]


# Vectors, batches, samples


def test_samples_broadcast_against_numbers():
    loss = value("(y - yhat)^2", y=1.0, ŷ=[0.2, 0.4])
    np.testing.assert_allclose(loss, [0.64, 0.36])
    assert loss.dtype == np.float64
    assert isinstance(value("(y - yhat)^2", y=1, yhat=2), float)


def test_cross_entropy_over_logits():
    z = RNG.normal(size=(6, 4))
    y = np.array([1, 2, 3, 4, 1, 2])
    want = special.logsumexp(z, axis=-1) - z[np.arange(6), y - 1]
    for text in ("logsumexp(z) - z[y]", "-log(softmax(z)[y])", "-log(exp(z[y])/sum(k, 1, K, exp(z_k)))"):
        np.testing.assert_allclose(value(text, z=z, y=y), want, rtol=1e-12)
        assert value(text, z=z[0], y=y[0]) == pytest.approx(want[0])


def test_a_category_outside_the_range_is_outside_the_domain():
    np.testing.assert_array_equal(value("z[y]", z=[1.0, 2.0], y=[0, 1, 2, 3, 1.5]), [np.nan, 1, 2, np.nan, np.nan])


def test_indexed_sums_find_their_length_or_take_it():
    y, p = RNG.integers(0, 5, (7, 3)), special.softmax(RNG.normal(size=(7, 3)), axis=-1)
    np.testing.assert_allclose(value("sum(k, 1, K, y_k*log(p_k))", y=y, p=p), np.sum(y * np.log(p), axis=-1))
    np.testing.assert_allclose(value("sum(k, 1, K, y_k*log(p_k))", y=y, p=p[0]), np.sum(y * np.log(p[0]), axis=-1))
    assert value("sum(k, 1, K, p_k)", p=p[0], K=2) == pytest.approx(p[0, :2].sum())
    np.testing.assert_allclose(value("prod(k, 1, K, p_k^y_k)", y=y, p=p), np.prod(p**y, axis=-1))
    np.testing.assert_allclose(value("sum(k, 1, 3, sum(j, 1, k, p_j*y_k))", y=y, p=p), np.sum(np.cumsum(p, -1) * y, -1))
    assert value("log(K)*sum(k, 1, K, p_k)", p=p[0]) == pytest.approx(math.log(3))


def test_limits_of_a_sum_may_differ_from_sample_to_sample():
    np.testing.assert_allclose(value("sum(k, 1, y, k*w)", y=[0, 1, 3], w=2.0), [0, 2, 12])
    np.testing.assert_allclose(value("log(sum(k, 1, y, exp(k*w)))", y=[1, 3], w=0.0), [0, math.log(3)])


def test_a_long_index_is_taken_in_parts(monkeypatch):
    from lossproof.interop import batches

    p = RNG.uniform(size=(5, 11))
    want = (
        value("sum(k, 1, K, p_k)", p=p),
        value("prod(k, 1, K, p_k)", p=p),
        value("log(sum(k, 1, K, p_k*exp(p_k)))", p=p),
    )
    monkeypatch.setattr(batches, "CHUNK", 15)
    found = (
        value("sum(k, 1, K, p_k)", p=p),
        value("prod(k, 1, K, p_k)", p=p),
        value("log(sum(k, 1, K, p_k*exp(p_k)))", p=p),
    )
    np.testing.assert_allclose(found, want, rtol=1e-12)


def test_gaussian_vectors():
    covariance = np.array([[2.0, 0.5], [0.5, 1.0]])
    y, mu = RNG.normal(size=(5, 2)), np.array([0.3, -1.0])
    text = "quad(inv(Sigma), y - mu)/2 + logdet(Sigma)/2 + log(2*pi)"
    want = -stats.multivariate_normal(mu, covariance).logpdf(y)
    np.testing.assert_allclose(value(text, y=y, μ=mu, Σ=covariance), want)
    np.testing.assert_allclose(value(text, y=y, mu=mu, Sigma=np.array([covariance] * 5)), want)
    isotropic = value("quad(inv(sigma^2*eye(D)), y - mu)", y=y, mu=mu, sigma=2.0)
    np.testing.assert_allclose(isotropic, np.sum((y - mu) ** 2, axis=-1) / 4)
    assert value("det(A) + trace(A)", A=covariance) == pytest.approx(1.75 + 3)
    np.testing.assert_allclose(value("trace(diag(y))", y=y), y.sum(axis=-1))
    assert value("Sigma_1_2 + Sigma_2_2", Sigma=covariance) == 1.5
    assert math.isnan(value("trace(inv(A))", A=[[1, 1], [1, 1]]))


def test_vectors_and_scalars_that_vary_stand_side_by_side():
    v, c = RNG.normal(size=(5, 3)), RNG.normal(size=5)
    np.testing.assert_allclose(value("norm(c*v)", c=c, v=v), np.abs(c) * np.linalg.norm(v, axis=-1))
    np.testing.assert_allclose(
        value("norm(v - c*mu)", c=c, v=v, mu=v[0]), np.linalg.norm(v - c[:, None] * v[0], axis=-1)
    )
    np.testing.assert_allclose(value("dot(x, w) - y", x=v, w=v[0], y=c), v @ v[0] - c)
    np.testing.assert_allclose(value("norm(w*v)", w=[1, 2, 3], v=v[0]), np.linalg.norm(v[0] * [1, 2, 3]))
    assert value("norm(v)", v=[3e200, 4e200]) == pytest.approx(5e200)
    np.testing.assert_allclose(value("max(v_1, v_2)", v=v), v[:, :2].max(axis=-1))
    np.testing.assert_allclose(value("exp(v)[2]", v=v), np.exp(v[:, 1]))
    np.testing.assert_allclose(evaluate(fn("softmax", sym("v")), {"v": v}), special.softmax(v, axis=-1))


def test_components_of_a_given_vector():
    assert value("softplus(-(z_2 - z_1))", z=[1.0, 2.0]) == pytest.approx(math.log1p(math.exp(-1)))
    assert value("z_2", z=[1.0, 2.0], z_2=5.0) == 5.0


def test_samples_are_the_first_axis():
    x, y = np.array([1.0, 2.0, 4.0]), np.array([1.0, 3.0, 3.0])
    assert value("mean((y - w*x)^2) + lam*w^2", x=x, y=y, w=1, lam=0.5) == pytest.approx(2 / 3 + 0.5)
    assert value("sum((y - w*x)^2)/n", x=x, y=y, w=1) == pytest.approx(2 / 3)
    assert value("prod(y)", y=y) == 9.0
    assert value("sum(w)", w=2.0) == 2.0
    assert value("sum(w + 0*y)", w=2.0, y=y) == 6.0
    assert value("sum((y - mean(y))^2)", y=y) == pytest.approx(8 / 3)
    np.testing.assert_allclose(value("y - mean(y)", y=y), y - y.mean())
    grid = np.array([0.5, 1.0])
    np.testing.assert_allclose(
        value("mean((y - w*x)^2)", x=x[:, None], y=y[:, None], w=grid), [np.mean((y - g * x) ** 2) for g in grid]
    )
    z = RNG.normal(size=(3, 4))
    assert value("mean(logsumexp(z) - z[y])", z=z, y=y) == pytest.approx(
        np.mean(special.logsumexp(z, axis=-1) - z[np.arange(3), y.astype(int) - 1])
    )


def test_a_likelihood_of_many_samples_does_not_underflow():
    y = RNG.normal(1.0, 2.0, 5000)
    text = "-log(prod(exp(-(y - mu)^2/(2*sigma^2))/sqrt(2*pi*sigma^2)))"
    assert value(text, y=y, mu=1.0, sigma=2.0) == pytest.approx(-stats.norm(1, 2).logpdf(y).sum())
    assert value("-log(prod(1/(pi*(1 + y^2))))", y=y) == pytest.approx(-stats.cauchy.logpdf(y).sum())
    assert value("log(mean(exp(z)))", z=[1000.0, 1001.0]) == pytest.approx(
        special.logsumexp([1000, 1001]) - math.log(2)
    )


def test_kinds_of_numbers():
    for one in (1, True, 1.0, Fraction(1), np.float32(1), np.int64(1), np.array(1), np.array(1.0)):
        found = value("x + 1", x=one)
        assert type(found) is float
        assert found == 2.0
    np.testing.assert_array_equal(value("x + 1", x=(1, 2)), [2, 3])
    np.testing.assert_array_equal(value("x + 1", x=np.array([True, False])), [2, 1])
    assert value("x", x=10**400) == math.inf


# Errors

ERRORS = [
    ("a + b", {"a": 1}, "missing-value: no value for b"),
    ("a + sigm", {"a": [1, 2], "sigma": 2}, "missing-value: no value for sigm\nnearest: sigma"),
    ("a", {"σ": 1, "sigma": 2, "a": 1}, "duplicate: sigma is given twice, in two spellings"),
    ("a + b", {"a": [1, 2], "b": [1, 2, 3]}, "shape: the shapes do not fit together: a (2,), b (3,)"),
    ("dot(a, b)", {"a": [1, 2], "b": [1, 2, 3]}, "shape: the shapes do not fit together: a (2,), b (3,)"),
    (
        "softmax(z)[1]",
        {"z": 1.0},
        "shape: z is a vector, and its value has shape ()\ntry: give an array whose last axis is the vector",
    ),
    (
        "det(A)",
        {"A": [1.0, 2.0]},
        "shape: A is a matrix, and its value has shape (2,)\ntry: give an array whose last two axes are the matrix",
    ),
    (
        "det(A)",
        {"A": [[1.0, 2.0]]},
        "shape: det takes a square matrix\ntry: give an array whose last two axes are the matrix",
    ),
    ("a", {"a": "1"}, "kind: the value of a is neither a number nor an array of numbers"),
    ("a", {"a": [1, "b"]}, "kind: the value of a is neither a number nor an array of numbers"),
    ("a", {"a": 1j}, "kind: the value of a is neither a number nor an array of numbers"),
    ("a", {"a": [1j]}, "kind: the value of a is neither a number nor an array of numbers"),
    ("a", {"a": None}, "kind: the value of a is neither a number nor an array of numbers"),
    (
        "sum(k, 0, oo, a^k)",
        {"a": 0.5},
        "unsupported: a sum over k to infinity cannot be evaluated\ntry: give a finite upper limit",
    ),
    ("sum(k, 1, K, a^k)", {"a": 0.5}, "missing-value: no value for K"),
    ("sum(k, 1, 10^9, a^k)", {"a": 0.5}, "limit: a sum over k has more than 10000000 terms"),
]


@pytest.mark.parametrize(("text", "values", "message"), ERRORS)
def test_errors_say_what_is_wrong(text, values, message):
    with pytest.raises(LossproofError) as caught:
        evaluate(parse_expression(text), values)
    assert str(caught.value) == message


def test_distributions_have_no_value():
    term = fn("pdf", fn("dist:normal", sym("mu"), sym("sigma")), sym("y"))
    with pytest.raises(LossproofError, match="no value before its record unfolds it"):
        evaluate(term, {"mu": 0, "sigma": 1, "y": 0})


def test_an_index_outside_its_sum():
    with pytest.raises(LossproofError, match="the index k stands outside its sum"):
        evaluate(bound("k"), {})


def test_sums_nested_too_deeply():
    term = sym("x")
    for i in range(20):
        term = fn("sum", bound(f"k{i}"), num(1), num(1), term)
    with pytest.raises(LossproofError, match="nested more than 16 deep"):
        evaluate(term, {"x": 1})


# Properties


def _step(inner: st.SearchStrategy[Term]) -> st.SearchStrategy[Term]:
    unary = st.sampled_from(
        ["sigmoid", "softplus", "tanh", "atan", "Phi", "erf", "cos", "neg", "sqrt", "log", "exp", "cosh"]
    )
    return st.one_of(
        st.builds(fn, unary, inner),
        st.builds(add, inner, inner),
        st.builds(lambda a, b: add(a, neg(b)), inner, inner),
        st.builds(mul, inner, inner),
        st.builds(div, inner, inner),
        st.builds(lambda a, b: fn("xlogy", a, b), inner, inner),
        st.builds(lambda a, b, c: fn("cases", fn("lt", a, b), c, a), inner, inner, inner),
        st.builds(lambda a, n: fn("pow", a, num(n)), inner, st.integers(-2, 3)),
        st.builds(lambda a: fn("log", add(num(1), fn("exp", a))), inner),
        st.builds(lambda a: fn("sum", bound("k"), num(1), num(3), mul(bound("k"), a)), inner),
    )


TERMS = st.recursive(st.sampled_from([sym("x"), sym("y"), num(1), num("1/2")]), _step, max_leaves=12)
POINTS = st.fractions(Fraction(-3), Fraction(3), max_denominator=64)


@settings(max_examples=200, deadline=None)
@given(TERMS, POINTS, POINTS)
def test_scalars_arrays_and_balls_agree(term, x, y):
    balls = pytest.importorskip("lossproof.interop.balls")
    exact = balls.evaluate_ball(term, {"x": x, "y": y}, 256)
    single = evaluate(term, {"x": x, "y": y})
    several = evaluate(term, {"x": np.array([float(x)] * 2), "y": float(y)})
    several = np.broadcast_to(several, (2,))
    np.testing.assert_allclose(several, [single] * 2, rtol=1e-6, atol=1e-9)
    if exact is None or _delicate(term, x, y):
        return
    assert single == pytest.approx(float(exact), rel=1e-6, abs=1e-6)


def _delicate(term: Term, x: Fraction, y: Fraction) -> bool:
    """Whether rounding inside may show: a part that is huge, or almost 0 without being so, or a close decision."""
    from lossproof.interop.balls import evaluate_ball
    from lossproof.terms import bound_names, postorder

    for t in postorder(term):
        if t.op in ("lt", "bound") or bound_names(t):
            if t.op == "lt":
                size = evaluate_ball(add(t.args[0], neg(t.args[1])), {"x": x, "y": y}, 256)
                if size is None or abs(size) < 1e-9:
                    return True
            continue
        found = evaluate_ball(t, {"x": x, "y": y}, 256)
        if found is not None and not isinstance(found, bool) and (abs(found) > 1e5 or 0 < abs(found) < 1e-5):
            return True
    return False


@pytest.mark.parametrize(("depth", "x"), [(100_000, 1.0), (20_000, np.ones(3))], ids=["scalar", "array"])
def test_deep_terms_evaluate(depth, x):
    term = sym("x")
    for i in range(depth // 2):
        term = add(fn("sin", term), num(1)) if i % 3 else fn("log", add(num(1), fn("exp", term)))
    assert np.isfinite(evaluate(term, {"x": x})).all()


def test_terms_are_what_they_were_after_evaluation():
    term = parse_expression("log(1 + exp(x))")
    before = str(term)
    evaluate(term, {"x": 1.0})
    assert str(term) == before
    assert pickle.loads(pickle.dumps(term)) is term
    assert copy.deepcopy(term) is term


SCRIPT = """
import sys
from lossproof.terms import *
from lossproof.interop.numeric import evaluate
y, s = sym("y"), sym("sigma")
two = num(2)
nll = add(div(power(sub(y, sym("yhat")), 2), mul(two, power(s, 2))), div(fn("log", mul(two, PI, power(s, 2))), two))
loss = fn("cases", fn("ge", y, ZERO), add(nll, fn("softplus", y), fn("lgamma", s), fn("log", fn("Phi", y))), INFINITY)
assert abs(evaluate(loss, {"y": 1.0, "ŷ": 2, "σ": 0.5}) - 3.9386642) < 1e-6
heavy = {"numpy", "scipy", "sympy", "flint"} & set(sys.modules)
assert not heavy, heavy
"""


def test_scalar_formulas_do_not_import_numpy():
    root = Path(__file__).resolve().parent.parent
    subprocess.run([sys.executable, "-W", "error", "-c", SCRIPT], check=True, cwd=root)
