"""The functions of the input language: name, operator and number of arguments."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from lossproof.terms import ONE, Term, add, div, fn, neg


class Function(NamedTuple):
    """What a function's name makes, and how many arguments it takes (``most`` None: any number)."""

    op: str
    least: int
    most: int | None
    signature: str


def _table(*rows: str) -> dict[str, Function]:
    found: dict[str, Function] = {}
    for row in rows:
        signature, _, op = row.partition(" -> ")
        name, _, inside = signature.rstrip(")").partition("(")
        arguments = inside.split(", ")
        many = arguments[-1] == "..."
        least = len(arguments) - many
        found[name] = Function(op or name, least, None if many else least, signature)
    return found


#: Functions of every expression.
FUNCTIONS: Final = _table(
    *[
        f"{name}(x)"
        for name in [
            "log",
            "exp",
            "sqrt",
            "abs",
            "sigmoid",
            "softplus",
            "logit",
            "tanh",
            "cosh",
            "sinh",
            "cos",
            "sin",
            "atan",
            "Phi",
            "erf",
            "erfc",
            "gamma",
            "lgamma",
            "digamma",
            "factorial",
            "zeta",
        ]
    ],
    "ln(x) -> log",
    "arctan(x) -> atan",
    "log1p(x)",
    "expm1(x)",
    "sech(x)",
    "softmax(v)",
    "logsumexp(v)",
    "xlogy(x, y)",
    "beta(a, b)",
    "lbeta(a, b)",
    "binomial(n, k)",
    "besseli(nu, x)",
    "min(a, b, ...)",
    "max(a, b, ...)",
    "indicator(condition)",
    "stop_gradient(e)",
    "cases(condition, a, b)",
    "mean(f) -> samples_mean",
    "sum(f) -> samples_sum",
    "prod(f) -> samples_prod",
    "dot(u, v)",
    "norm(v)",
    "quad(A, v)",
    "det(A)",
    "logdet(A)",
    "trace(A)",
    "diag(v)",
    "inv(A)",
    "eye(D)",
)

#: Functions of rules and other records alone.
RULE_FUNCTIONS: Final = _table(
    "add(a, ...)",
    "mul(a, ...)",
    "vec(a, ...)",
    "free(t)",
    "shared(t)",
    "without(t, k)",
    "pdf(D, y)",
    "cdf(D, y)",
    "cdf_below(D, y)",
    "maximise(g)",
    "minimise(g)",
    "E(D, x, f)",
    "H(D, x)",
    "CE(D, Q, x)",
    "KL(D, Q, x)",
    "JS(D, Q, x)",
    "NLL(D, y)",
    "Risk(f, y)",
)

#: How many distributions the functions of distributions begin with.
OF_DISTRIBUTIONS: Final = {"pdf": 1, "cdf": 1, "cdf_below": 1, "E": 1, "H": 1, "CE": 2, "KL": 2, "JS": 2, "NLL": 1}

#: Written for something that has no operator of its own.
SHORTHANDS: Final[dict[str, Callable[[Term], Term]]] = {
    "log1p": lambda x: fn("log", add(ONE, x)),
    "expm1": lambda x: add(fn("exp", x), neg(ONE)),
    "sech": lambda x: div(ONE, fn("cosh", x)),
}

#: Operators that are conditions (true or false).
CONDITIONS: Final = frozenset(
    ["eq", "ne", "lt", "le", "gt", "ge", "and", "or", "not", "in", "free", "shared", "without", "ranges"]
)

#: Named domains, with the spellings accepted for them.
DOMAINS: Final[dict[str, str]] = {
    **{name: name for name in ["reals", "positive", "nonnegative", "unit", "unit_closed", "integers", "naturals"]},
    **{"real": "reals", "integer": "integers", "natural": "naturals"},
}

#: Domains with one argument.
DOMAIN_FUNCTIONS: Final = ("simplex", "categories", "onehot", "counts", "posdef")

#: Operators whose value is a domain.
DOMAIN_OPS: Final = frozenset({"domain", "power_domain", "set", *DOMAIN_FUNCTIONS})

RESERVED: Final = frozenset(["with", "where", "fixed", "data", "and", "or", "not", "in"])

CONSTANTS: Final = frozenset({"pi", "oo", "n_samples"})
