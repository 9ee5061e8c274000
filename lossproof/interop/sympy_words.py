"""The words that the language and SymPy have for the same function."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from lossproof.terms import ONE, ZERO, Term, div, fn, neg

Expr = Any


CONDITIONS = ("eq", "ne", "lt", "le", "gt", "ge", "and", "or", "not")


@cache
def functions() -> dict[str, Callable[..., Expr]]:
    """For each operator that acts on components alone, what makes it in SymPy."""
    import sympy as s

    return {
        "add": s.Add,
        "mul": s.Mul,
        "neg": lambda x: -x,
        "div": lambda a, b: a / b,
        "pow": s.Pow,
        "exp": s.exp,
        "log": s.log,
        "sqrt": s.sqrt,
        "abs": s.Abs,
        "sigmoid": lambda x: 1 / (1 + s.exp(-x)),
        "softplus": lambda x: s.log(1 + s.exp(x)),
        "logit": lambda x: s.log(x / (1 - x)),
        "tanh": s.tanh,
        "cosh": s.cosh,
        "sinh": s.sinh,
        "cos": s.cos,
        "sin": s.sin,
        "atan": s.atan,
        "Phi": lambda x: (1 + s.erf(x / s.sqrt(2))) / 2,
        "erf": s.erf,
        "erfc": s.erfc,
        "gamma": s.gamma,
        "lgamma": s.loggamma,
        "digamma": s.digamma,
        "factorial": s.factorial,
        "zeta": s.zeta,
        "xlogy": lambda x, y: x * s.log(y) if x.is_nonzero else s.Piecewise((0, s.Eq(x, 0)), (x * s.log(y), True)),
        "beta": s.beta,
        "lbeta": lambda a, b: s.log(s.beta(a, b)),
        "binomial": s.binomial,
        "besseli": s.besseli,
        "max": s.Max,
        "min": s.Min,
        "det": s.Determinant,
        "logdet": lambda a: s.log(s.Determinant(a)),
        "trace": s.Trace,
        "inv": s.Inverse,
        "eye": s.Identity,
        "indicator": lambda c: s.Piecewise((1, c), (0, True)),
        "cases": lambda c, a, b: s.Piecewise((a, c), (b, True)),
        "stop_gradient": s.Function("stop_gradient"),
        **dict(zip(CONDITIONS, (s.Eq, s.Ne, s.Lt, s.Le, s.Gt, s.Ge, s.And, s.Or, s.Not), strict=True)),
    }


#: SymPy's classes of functions, by name, with the operator or a maker of the term.
FROM_SYMPY: dict[str, str | Callable[..., Term]] = {
    "exp": "exp",
    "log": "log",
    "Abs": "abs",
    "tanh": "tanh",
    "cosh": "cosh",
    "sinh": "sinh",
    "sech": lambda x: div(ONE, fn("cosh", x)),
    "csch": lambda x: div(ONE, fn("sinh", x)),
    "coth": lambda x: div(ONE, fn("tanh", x)),
    "cos": "cos",
    "sin": "sin",
    "tan": lambda x: div(fn("sin", x), fn("cos", x)),
    "sec": lambda x: div(ONE, fn("cos", x)),
    "csc": lambda x: div(ONE, fn("sin", x)),
    "atan": "atan",
    "erf": "erf",
    "erfc": "erfc",
    "gamma": "gamma",
    "loggamma": "lgamma",
    "factorial": "factorial",
    "binomial": "binomial",
    "beta": "beta",
    "besseli": "besseli",
    "zeta": "zeta",
    "digamma": "digamma",
    "KroneckerDelta": lambda a, b: fn("indicator", fn("eq", a, b)),
    "sign": lambda x: fn("cases", fn("gt", x, ZERO), ONE, fn("cases", fn("lt", x, ZERO), neg(ONE), ZERO)),
    "Max": "max",
    "Min": "min",
    "Determinant": "det",
    "Trace": "trace",
    "Inverse": "inv",
    "Identity": "eye",
    "Equality": "eq",
    "Unequality": "ne",
    "StrictLessThan": "lt",
    "LessThan": "le",
    "StrictGreaterThan": "gt",
    "GreaterThan": "ge",
    "And": "and",
    "Or": "or",
    "Not": "not",
}


def heaviside(x: Term, at_zero: Term) -> Term:
    """Heaviside's step, with its value at 0."""
    return fn("cases", fn("gt", x, ZERO), ONE, fn("cases", fn("lt", x, ZERO), ZERO, at_zero))
