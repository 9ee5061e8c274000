"""Ball arithmetic: enclosures that hold, decisions that are three-valued, exact answers where they can be."""

from __future__ import annotations

from fractions import Fraction as F

import numpy as np
import pytest

from lossproof.errors import LossproofError
from lossproof.interop.numeric import evaluate
from lossproof.syntax import parse_condition, parse_expression
from lossproof.terms import fn, sym

pytest.importorskip("flint")

from lossproof.interop.balls import Samples, evaluate_ball, evaluate_exact


def exact(text: str, **values: object) -> object:
    return evaluate_exact(parse_expression(text), values)


@pytest.mark.parametrize(
    ("text", "values", "want"),
    [
        ("x/3 + 1/7", {"x": F(1, 2)}, F(13, 42)),
        ("sqrt(x)", {"x": F(4, 9)}, F(2, 3)),
        ("x^y", {"x": F(4, 9), "y": F(-3, 2)}, F(27, 8)),
        ("x^0", {"x": 0}, F(1)),
        ("exp(0) + log(1) + sigmoid(0) + Phi(0)", {}, F(2)),
        ("gamma(x)", {"x": 5}, F(24)),
        ("binomial(n, k)", {"n": 5, "k": 2}, F(10)),
        ("factorial(x)", {"x": 4}, F(24)),
        ("xlogy(x, 0)", {"x": 0}, F(0)),
        ("softmax(z)[1]", {"z": [3, 3]}, F(1, 2)),
        ("cases(y == 1/3, 2, oo)", {"y": F(1, 3)}, F(2)),
        ("cases(y == 1/3, 2, oo)", {"y": F(1, 2)}, float("inf")),
        ("sum(k, 1, K, k*v_k)", {"v": [1, 2, 3]}, F(14)),
        ("prod(k, 1, 4, k)", {}, F(24)),
        ("sum(k, 1, 3, sum(j, 1, k, j))", {}, F(10)),
        ("sum(k, 1, 0, 1)", {}, F(0)),
        ("norm(v)", {"v": [3, 4]}, F(5)),
        ("dot(u, v)", {"u": [1, 2], "v": [3, 4]}, F(11)),
        ("quad(inv(A), v)", {"A": [[2, 0], [0, 4]], "v": [1, 2]}, F(3, 2)),
        ("quad(inv(s^2*eye(D)), v)", {"s": 3, "v": [1, 2]}, F(5, 9)),
        ("det(A)*trace(inv(A))", {"A": [[2, 1], [1, F(3, 2)]]}, F(7, 2)),
        ("det(A)", {"A": [[0, 1], [1, 0]]}, F(-1)),
        ("det(A)", {"A": [[1, 1], [1, 1]]}, F(0)),
        ("trace(diag(v))", {"v": [1, 2]}, F(3)),
        ("max(x, 2) + min(x, 2)", {"x": 3}, F(5)),
        ("sum((y - mean(y))^2)/n", {"y": Samples([1, 2, 6])}, F(14, 3)),
        ("mean((y - w*x)^2) + w^2", {"y": Samples([1, 2]), "x": Samples([1, 1]), "w": F(1, 2)}, F(3, 2)),
        ("mean(dot(x, w))", {"x": Samples([[1, 2], [3, 4]]), "w": [1, 1]}, F(5)),
        ("prod(y)", {"y": Samples([2, 3])}, F(6)),
        ("sum(w)", {"w": 3}, F(3)),
        ("exp(-oo)", {}, F(0)),
    ],
)
def test_exact_answers(text, values, want):
    assert exact(text, **values) == want


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("log(x)", {"x": 0}),
        ("log(x)", {"x": -1}),
        ("sqrt(x)", {"x": -1}),
        ("1/x", {"x": 0}),
        ("1/(sqrt(2)^2 - 2)", {}),
        ("x^(1/3)", {"x": -8}),
        ("0^x", {"x": -1}),
        ("gamma(x)", {"x": -2}),
        ("digamma(x)", {"x": 0}),
        ("zeta(x)", {"x": 1}),
        ("oo - oo", {}),
        ("0*oo", {}),
        ("v[3]", {"v": [1, 2]}),
        ("v[x]", {"v": [1, 2], "x": F(1, 2)}),
        ("logdet(A)", {"A": [[1, 1], [1, 1]]}),
        ("inv(A)[1][1]", {"A": [[1, 1], [1, 1]]}),
        ("cases(sqrt(2)^2 >= 2, 1, 2)", {}),
        ("sum(k, 1, oo, 1/k^2)", {}),
        ("1 + log(x)", {"x": 0}),
        ("dot(u, v)", {"u": [1, 2], "v": [1, 2, 3]}),
    ],
)
def test_undefined_or_undecided_is_none(text, values):
    assert evaluate_ball(parse_expression(text), values) is None


@pytest.mark.parametrize(
    ("text", "values", "want"),
    [
        ("sqrt(2) < 3/2", {}, True),
        ("sqrt(2) >= 3/2", {}, False),
        ("sqrt(2)^2 == 2", {}, None),
        ("sqrt(2)^2 == 3", {}, False),
        ("sqrt(4) == 2", {}, True),
        ("sqrt(2)^2 == 2 or x > 0", {"x": 1}, True),
        ("sqrt(2)^2 == 2 and x > 0", {"x": -1}, False),
        ("not sqrt(2)^2 == 2", {}, None),
        ("log(x) > 0", {"x": -1}, None),
        ("x in positive", {"x": 0}, False),
        ("x in unit_closed", {"x": 1}, True),
        ("x in integers", {"x": F(1, 2)}, False),
        ("pi in integers", {}, False),
        ("x in naturals", {"x": -1}, False),
        ("x in {0, 1}", {"x": 1}, True),
        ("x in categories(3)", {"x": 4}, False),
        ("v in simplex(K)", {"v": [F(1, 3)] * 3}, True),
        ("v in simplex(K)", {"v": [F(1, 3)] * 2}, False),
        ("v in onehot(K)", {"v": [0, 1]}, True),
        ("v in counts(K)", {"v": [0, F(1, 2)]}, False),
        ("v in reals^D", {"v": [0, 1]}, True),
        ("A in posdef(2)", {"A": [[2, 1], [1, 1]]}, True),
        ("A in posdef(2)", {"A": [[1, 2], [2, 1]]}, False),
        ("A in posdef(2)", {"A": [[2, 1], [0, 1]]}, False),
    ],
)
def test_conditions_are_three_valued(text, values, want):
    assert evaluate_ball(parse_condition(text), values) is want


@pytest.mark.parametrize(
    "text",
    [
        "besseli(0, x) + besseli(3/2, x) + digamma(x) + zeta(x + 1) + Phi(x) + Phi(-x)",
        "lgamma(x) + beta(x, 2) + lbeta(x, 3) + binomial(x, 2) + factorial(x) + gamma(x)",
        "erf(x) + erfc(x) + atan(x) + tanh(x) + sinh(x) + cosh(x) + sin(x) + cos(x)",
        "softplus(x) + sigmoid(x) + logit(x/9) + xlogy(x, x) + x^x + sqrt(x) + abs(-x) + exp(x)*log(x)",
        "logsumexp([x, 2*x]) + softmax([x, 2*x])[2] + max(x, 1) + indicator(x > 1) + stop_gradient(x)",
        "log(x + pi)",
    ],
)
def test_enclosures_hold_the_numeric_value(text):
    term = parse_expression(text)
    for x in (F(1, 3), F(5, 2), F(7, 2)):
        ball = evaluate_ball(term, {"x": x})
        assert float(ball.rad()) < 1e-30
        assert float(ball) == pytest.approx(evaluate(term, {"x": x}), rel=1e-12)


def test_matrices_agree_with_numpy():
    term = parse_expression("quad(inv(A), y - mu) + logdet(A)")
    values = {"A": [[2, F(1, 2)], [F(1, 2), 1]], "y": [1, 2], "mu": [0, F(1, 3)]}
    numbers = {name: np.array(value, dtype=float) for name, value in values.items()}
    assert float(evaluate_ball(term, values)) == pytest.approx(evaluate(term, numbers))


def test_precision_is_what_was_asked_for_and_put_back():
    from flint import ctx

    before = ctx.prec
    wide = evaluate_ball(parse_expression("log(2)"), {}, 64)
    narrow = evaluate_ball(parse_expression("log(2)"), {}, 512)
    assert wide.contains(narrow)
    assert float(narrow.rad()) < 1e-150
    assert ctx.prec == before


def test_errors():
    with pytest.raises(LossproofError, match="no value for b"):
        exact("a + b", a=1)
    with pytest.raises(LossproofError, match="stands outside every sum over the samples"):
        exact("y - mean(y)", y=Samples([1, 2]))
    with pytest.raises(LossproofError, match="no value of its own"):
        evaluate_ball(fn("pdf", fn("dist:normal", sym("m"), sym("s")), sym("y")), {"m": 0, "s": 1, "y": 0})
