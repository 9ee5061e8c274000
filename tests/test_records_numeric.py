"""Loops over the records of distributions, links and losses: every one agrees with an independent program."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from peers import (
    DISCRETE,
    INF,
    NAMED,
    PEERS,
    VECTOR,
    Array,
    Values,
    panels,
    posdef,
    positive_vector,
    real_vector,
    shares,
    value,
)
from scipy import special, stats

from lossproof.rulebook import Distribution, Link, Loss, Rulebook
from lossproof.syntax import parse_condition, parse_expression
from lossproof.terms import Term, fn, num, substitute, sym, symbols

BOOK = Rulebook(Path(__file__).parent.parent / "rules")
RECORDS = {i: BOOK.distribution(i) for i in BOOK.distribution_ids}
PLAIN = sorted(i for i, d in RECORDS.items() if not d.is_combinator)
SCALAR = [i for i in PLAIN if i not in VECTOR]
DRAWS = 4


def rng_for(name: str) -> np.random.Generator:
    return np.random.default_rng(list(name.encode()))


def density(record: Distribution, values: Values, y: Any) -> Array:
    """The record's density at ``y``; what overflows or divides by 0 there is left to the caller."""
    with np.errstate(all="ignore"):
        return np.asarray(
            value(record.density.after, {**values, **PEERS[record.id].extra, record.variate: y}), dtype=float
        )


def grid(id: str, values: Values) -> tuple[Array, Array]:
    """Nodes and weights of the integral, or sum, over the support."""
    pieces = PEERS[id].pieces
    assert pieces is not None
    ends = pieces(values)
    if id not in DISCRETE:
        return panels(ends)
    y = np.arange(ends[0], ends[-1] + 1, dtype=float)
    return y, np.ones_like(y)


def test_every_record_has_a_peer() -> None:
    """One whose domains do not say how to draw from it (a vector, a support that moves) wants one in peers.py."""
    assert sorted(PEERS) == PLAIN


@pytest.mark.parametrize("id", PLAIN)
def test_peer_knows_the_parameters(id: str) -> None:
    assert list(PEERS[id].draws) == list(RECORDS[id].parameters)
    assert (id in DISCRETE) == RECORDS[id].is_discrete


@pytest.mark.parametrize("id", [i for i in PLAIN if i in NAMED])
def test_density_equals_the_peer(id: str) -> None:
    rng, peer, record = rng_for(id), PEERS[id], RECORDS[id]
    for _ in range(DRAWS):
        values = peer.parameters(rng)
        y = peer.variates(values, rng, 8)
        np.testing.assert_allclose(
            np.log(density(record, values, y)), peer.log_density(y, values), rtol=1e-8, atol=1e-8
        )


@pytest.mark.parametrize("id", PLAIN)
def test_observations_lie_in_the_support(id: str) -> None:
    rng, peer, record = rng_for(id), PEERS[id], RECORDS[id]
    values = peer.parameters(rng)
    y = peer.variates(values, rng, 8)
    for condition in record.density.support:
        if condition.op == "eq":
            left, right = (value(a, {**values, record.variate: y}) for a in condition.args)
            np.testing.assert_allclose(left, right, atol=1e-12)
        else:
            assert np.all(value(condition, {**values, record.variate: y})), condition


@pytest.mark.parametrize("id", SCALAR)
def test_density_has_total_one(id: str) -> None:
    rng, peer = rng_for(id), PEERS[id]
    for _ in range(DRAWS):
        values = peer.parameters(rng)
        y, weight = grid(id, values)
        total = np.sum(weight * density(RECORDS[id], values, y))
        assert total == pytest.approx(1, abs=1e-7), values


@pytest.mark.parametrize("id", sorted(VECTOR))
def test_vector_density_has_total_one(id: str) -> None:
    rng, peer = rng_for(id), PEERS[id]
    values = peer.parameters(rng)
    y, weight = vector_grid(id, values)
    assert np.sum(weight * density(RECORDS[id], values, y)) == pytest.approx(1, abs=1e-5), values


def vector_grid(id: str, values: Values) -> tuple[Array, Array]:
    """Nodes and weights over the support of a vector."""
    if id in DISCRETE:
        total = PEERS[id].extra["total"]
        rows = [c for c in product(range(total + 1), repeat=3) if sum(c) == total]
        return np.array(rows, dtype=float), np.ones(len(rows))
    if id == "dirichlet":  # (u, (1 - u)v, (1 - u)(1 - v)), Jacobian 1 - u
        (u, v), w = tensor(panels((0.0, 0.5, 1.0)))
        return np.stack([u, (1 - u) * v, (1 - u) * (1 - v)], axis=-1), w * (1 - u)
    if id == "von-mises-fisher":  # height and longitude: the area is uniform in both
        nodes, weights = np.polynomial.legendre.leggauss(60)
        (h, a), w = tensor((nodes, weights))
        r = np.sqrt(1 - h * h)
        return np.stack([r * np.cos(np.pi * a), r * np.sin(np.pi * a), h], axis=-1), np.pi * w
    r, w = panels((0.0, 1.0, INF))
    nodes, weights = np.polynomial.legendre.leggauss(80)
    spread = np.linalg.cholesky(values["Sigma"] if "Sigma" in values else np.linalg.inv(values["Omega"]))
    angle, reach = np.meshgrid(np.pi * nodes, r, indexing="ij")
    z = np.stack([reach * np.cos(angle), reach * np.sin(angle)], axis=-1)
    area = np.outer(np.pi * weights, w * r) * np.linalg.det(spread)
    return (values["mu"] + z @ spread.T).reshape(-1, 2), area.reshape(-1)


def tensor(rule: tuple[Array, Array]) -> tuple[tuple[Array, Array], Array]:
    """A rule for the square from one for the interval."""
    x, w = rule
    u, v = np.meshgrid(x, x, indexing="ij")
    return (u.reshape(-1), v.reshape(-1)), np.outer(w, w).reshape(-1)


@pytest.mark.parametrize("id", [i for i in SCALAR if RECORDS[i].cdf is not None])
def test_distribution_function_accumulates_the_density(id: str) -> None:
    rng, peer, record = rng_for(id), PEERS[id], RECORDS[id]
    assert record.cdf is not None
    assert record.cdf_below is not None
    for _ in range(DRAWS):
        values = peer.parameters(rng)
        y, weight = grid(id, values)
        expected = np.cumsum(weight * density(record, values, y))
        some = peer.variates(values, rng, 8)
        found = value(record.cdf.after, {**values, record.variate: some})
        if id in DISCRETE:
            np.testing.assert_allclose(found, np.interp(some, y, expected), atol=1e-9)
            below = value(record.cdf_below.after, {**values, record.variate: some})
            np.testing.assert_allclose(below, found - density(record, values, some), atol=1e-9)
            continue
        np.testing.assert_allclose(found, peer_cdf(id, values, some), atol=1e-7)


def peer_cdf(id: str, values: Values, at: Array) -> Array:
    """The integral of the peer's density from the left end."""
    pieces = PEERS[id].pieces
    assert pieces is not None
    ends = pieces(values)
    found = []
    for y in at:
        cut = [e for e in ends if e < y] + [float(y)]
        x, weight = panels(cut)
        with np.errstate(all="ignore"):
            found.append(np.nansum(weight * np.exp(PEERS[id].log_density(x, values))))
    return np.array(found)


@pytest.mark.parametrize("id", [i for i in SCALAR if RECORDS[i].cdf is not None])
def test_distribution_function_holds_wherever_its_conditions_do(id: str) -> None:
    rng, peer, record = rng_for(id), PEERS[id], RECORDS[id]
    if not hasattr(peer.frozen(peer.parameters(rng)), "cdf"):
        pytest.skip("the other program has no distribution function")
    conditions = [parse_condition(c) for c in record.record.get("cdf_requires", ())]
    formula = parse_expression(record.record["cdf"])
    for _ in range(DRAWS):
        values = peer.parameters(rng)
        for y in (-3.0, -1.0, 0.0, 0.5, 1.0, 2.0, *rng.uniform(-6, 6, 6)):
            here = {**values, record.variate: y}
            if all(value(c, here) for c in conditions):
                assert value(formula, here) == pytest.approx(peer.frozen(values).cdf(y), abs=1e-9), y


@pytest.mark.parametrize("id", [i for i in SCALAR if "mean" in RECORDS[i].record])
def test_mean_is_the_density_s(id: str) -> None:
    rng, peer, record = rng_for(id), PEERS[id], RECORDS[id]
    formula = parse_expression(record.record["mean"])
    for _ in range(DRAWS):
        values = peer.parameters(rng)
        assert value(formula, values) == pytest.approx(moments(record, values)[0], rel=1e-6, abs=1e-6)


def moments(record: Distribution, values: Values) -> tuple[float, float]:
    """Mean and variance, by quadrature."""
    y, weight = grid(record.id, values)
    mass = weight * density(record, values, y)
    mass[mass == 0] = 0.0
    mean = float(np.sum(np.where(mass > 0, mass * y, 0)))
    return mean, float(np.sum(np.where(mass > 0, mass * (y - mean) ** 2, 0)))


# -- arguments

FORMS = [(i, form) for i in PLAIN for form in RECORDS[i].forms[1:]]
_DRAW_TEXT: Mapping[str, Any] = {
    "reals": lambda rng: float(rng.uniform(-2, 2)),
    "positive": lambda rng: float(np.exp(rng.uniform(-0.5, 1))),
    "nonnegative": lambda rng: float(np.exp(rng.uniform(-0.5, 1))),
    "unit": lambda rng: float(rng.uniform(0.2, 0.8)),
    "naturals": lambda rng: int(rng.integers(1, 9)),
    "integers": lambda rng: int(rng.integers(-4, 5)),
}


def draw_from(domain: Term, rng: np.random.Generator) -> Any:
    if domain.op == "domain":
        return _DRAW_TEXT[str(domain.value)](rng)
    if domain.op == "power_domain":
        size = 4 if domain.args[1] is sym("K") else 2
        return (real_vector if str(domain.args[0].value) == "reals" else positive_vector)(size)(rng)
    return {"simplex": shares(4), "posdef": posdef(2)}[domain.op](rng)


def in_domain(x: Any, domain: Term) -> bool:
    name = str(domain.value) if domain.op == "domain" else domain.op
    if name == "positive":
        return bool(x > 0)
    if name == "unit":
        return bool(0 < x < 1)
    if name == "simplex":
        return bool(np.all(x > 0) and abs(np.sum(x) - 1) < 1e-9)
    if name == "posdef":
        return bool(np.all(np.linalg.eigvalsh(x) > 0))
    return bool(np.all(np.isfinite(x)))


@pytest.mark.parametrize(("id", "form"), FORMS, ids=lambda v: v if isinstance(v, str) else "-".join(v.names))
def test_argument_form_gives_the_parameters(id: str, form: Any) -> None:
    rng, record = rng_for(id), RECORDS[id]
    assert sorted(form.domains) == sorted(form.names), "the domain of each name is stated or follows"
    assert {n for e in form.gives.values() for n in symbols(e)} == set(form.names)
    for _ in range(DRAWS):
        named = {n: draw_from(form.domains[n], rng) for n in form.names}
        values = {p: value(e, named) for p, e in form.gives.items()}
        assert all(in_domain(values[p], d) for p, d in record.parameters.items()), (named, values)
        if id in SCALAR and {"mean", "var", "variance", "sd", "std"} & set(form.names) and "mean" in record.record:
            mean, variance = moments(record, values)
            for name, found in {"mean": mean, "var": variance, "variance": variance}.items():
                assert named.get(name, found) == pytest.approx(found, rel=1e-5, abs=1e-5), name
            for name in {"sd", "std"} & set(form.names):
                assert named[name] == pytest.approx(math.sqrt(variance), rel=1e-5)


@pytest.mark.parametrize("id", PLAIN)
def test_signatures_name_one_form(id: str) -> None:
    record = RECORDS[id]
    known = [set(form.names) for form in record.forms]
    for name, arguments in record.signatures.items():
        assert name in record.names
        assert set(arguments) in known


@pytest.mark.parametrize(
    ("id", "named", "variance"),
    [
        ("gamma", {"mean": 1.7, "dispersion": 0.4}, 0.4 * 1.7**2),
        ("inverse-gaussian", {"mean": 1.7, "dispersion": 0.4}, 0.4 * 1.7**3),
        ("neg-binomial2", {"mean": 1.7, "dispersion": 0.4}, 1.7 + 0.4 * 1.7**2),
        ("neg-binomial", {"r": 2.5, "p": 0.6}, 2.5 * 0.4 / 0.36),
        ("normal", {"mean": 0.3, "precision": 4.0}, 0.25),
        ("gamma", {"shape": 2.0, "scale": 3.0}, 18.0),
        ("gamma", {"shape": 2.0, "rate": 3.0}, 2 / 9),
        ("exponential", {"scale": 3.0}, 9.0),
    ],
)
def test_argument_form_means_what_its_names_say(id: str, named: Values, variance: float) -> None:
    record = RECORDS[id]
    (form,) = [f for f in record.forms if set(f.names) == set(named)]
    values = {p: value(e, named) for p, e in form.gives.items()}
    assert moments(record, values)[1] == pytest.approx(variance, rel=1e-6)


@pytest.mark.parametrize("id", PLAIN)
def test_default_names_a_distribution_of_the_book(id: str) -> None:
    from lossproof.syntax import parse_assumption

    default = RECORDS[id].default
    assert default
    assert parse_assumption(default)
    for name in re.findall(r"~ (\w+)\(", default):
        assert BOOK.find_distribution(name), name


@pytest.mark.parametrize("id", sorted(RECORDS))
def test_record_says_what_a_reader_needs(id: str) -> None:
    record = RECORDS[id]
    assert record.convention.endswith(".")
    assert record.source
    assert record.title


# -- combinators, of a normal and of a geometric distribution


def combined(id: str, inner: Distribution) -> Term:
    """A combinator's density with the inner distribution's density and distribution function put in."""
    swaps: dict[Term, Term] = {}
    for kind, rule in (("pdf", inner.density), ("cdf", inner.cdf), ("cdf_below", inner.cdf_below)):
        assert rule is not None
        for at in ("y", "lower", "upper", "c"):
            swaps[fn(kind, sym("D"), sym(at))] = substitute(rule.after, {sym(inner.variate): sym(at)})
        swaps[fn(kind, sym("D"), num(0))] = substitute(rule.after, {sym(inner.variate): num(0)})
    return substitute(RECORDS[id].density.after, swaps)


NORMAL, GEOMETRIC = {"mu": 0.4, "sigma": 1.3}, {"p": 0.3}


def test_truncated_normal() -> None:
    y = np.linspace(-0.9, 1.9, 7)
    a, b = (-1 - 0.4) / 1.3, (2 - 0.4) / 1.3
    found = value(combined("truncated", RECORDS["normal"]), {**NORMAL, "y": y, "lower": -1.0, "upper": 2.0})
    np.testing.assert_allclose(found, stats.truncnorm(a, b, loc=0.4, scale=1.3).pdf(y), rtol=1e-12)


def test_truncated_geometric_includes_its_lower_end() -> None:
    y = np.arange(2.0, 6.0)
    found = value(combined("truncated", RECORDS["geometric"]), {**GEOMETRIC, "y": y, "lower": 2.0, "upper": 5.0})
    mass = stats.geom(0.3, loc=-1).pmf(y)
    np.testing.assert_allclose(found, mass / mass.sum(), rtol=1e-12)


def test_zero_inflated_and_hurdle_have_total_one() -> None:
    y = np.arange(0.0, 300.0)
    for id in ("zero-inflated", "hurdle"):
        found = value(combined(id, RECORDS["geometric"]), {**GEOMETRIC, "y": y, "pi0": 0.25})
        assert found.sum() == pytest.approx(1, abs=1e-12)
        assert found[0] == pytest.approx(0.25 + (0.75 * 0.3 if id == "zero-inflated" else 0))


def test_left_censored_has_total_one_with_its_atom() -> None:
    term = combined("left-censored", RECORDS["normal"])
    y, weight = panels((0.2, 1.0, INF))
    total = value(term, {**NORMAL, "y": 0.2, "c": 0.2}) + np.sum(weight * value(term, {**NORMAL, "y": y, "c": 0.2}))
    assert total == pytest.approx(1, abs=1e-9)


def test_right_censored_is_density_or_survival() -> None:
    term, law = combined("right-censored", RECORDS["normal"]), stats.norm(0.4, 1.3)
    assert value(term, {**NORMAL, "y": 0.7, "d": 1.0}) == pytest.approx(law.pdf(0.7))
    assert value(term, {**NORMAL, "y": 0.7, "d": 0.0}) == pytest.approx(law.sf(0.7))


def test_weighted_is_a_power() -> None:
    term = combined("weighted", RECORDS["normal"])
    assert value(term, {**NORMAL, "y": 0.7, "w": 2.5}) == pytest.approx(stats.norm(0.4, 1.3).pdf(0.7) ** 2.5)


def test_mixture_is_the_weighted_sum_of_pairs() -> None:
    record = RECORDS["mixture"]
    assert record.density.after is fn("add", fn("seq", fn("mul", sym("w"), fn("pdf", sym("D"), sym("y")))))
    assert record.binary_weight


# -- links

LINKS = sorted(BOOK.links)
_LINK_FUNCTIONS: Mapping[str, Any] = {
    "identity": lambda z: z,
    "exp": np.exp,
    "sigmoid": special.expit,
    "logit": special.logit,
    "softmax": lambda z: special.softmax(z)[1],
    "softplus": lambda z: np.logaddexp(0, z),
    "probit": special.ndtr,
    "inverse": np.reciprocal,
    "square": np.square,
    "cloglog": lambda z: -np.expm1(-np.exp(z)),
    "loglog": lambda z: np.exp(-np.exp(-z)),
    "cauchit": stats.cauchy.cdf,
    "tanh": np.tanh,
}


@pytest.mark.parametrize("id", LINKS)
def test_link_is_its_formula(id: str) -> None:
    link: Link = BOOK.links[id]
    assert link.says.endswith(".")
    rng = rng_for(id)
    for _ in range(8):
        z = draw_from(link.source_domain, rng)
        found = value(link.formula, {"z": z, "k": 2, "K": 4})
        assert found == pytest.approx(_LINK_FUNCTIONS[id](z), rel=1e-12)
        if id == "softmax":
            continue
        assert in_domain(found, link.target_domain)
        if "inverse" in link.record:
            assert value(parse_expression(link.record["inverse"]), {"p": found}) == pytest.approx(z, rel=1e-9)


# -- losses

LOSSES = sorted(BOOK.losses)


@pytest.mark.parametrize("id", LOSSES)
def test_loss_record_is_complete(id: str) -> None:
    loss: Loss = BOOK.losses[id]
    assert loss.kind in ("loss", "penalty", "composite")
    assert loss.not_for.endswith(".")
    assert loss.source
    assert set(loss.factor) <= set(loss.code)
    if loss.kind == "composite":
        assert BOOK.losses[loss.data].kind == "loss"
        assert all(BOOK.losses[p].kind == "penalty" for p in loss.penalties)
        return
    assert loss.formula is not None
    assert symbols(loss.formula) == set(loss.variables)
    assert set(loss.variables.values()) <= {"data", "prediction", "free", "parameter", "indicator"}
    if loss.kind == "loss":
        assert set(loss.over_data) == {"mean", "sum"}


@pytest.mark.parametrize("id", [i for i in LOSSES if BOOK.losses[i].formula is not None])
def test_loss_has_no_term_and_no_factor_to_drop(id: str) -> None:
    loss = BOOK.losses[id]
    assert loss.formula is not None
    learned = {n for n, kind in loss.variables.items() if kind in ("prediction", "parameter")}
    terms = loss.formula.args if loss.formula.op == "add" else (loss.formula,)
    assert all(symbols(t) & learned for t in terms)
    if loss.formula.op == "mul":  # a factor that varies with the sample is a weight
        assert [a for a in loss.formula.args if not symbols(a) & learned] == (
            [sym("w")] if id.startswith("weighted-") else []
        )


@pytest.mark.parametrize("id", [i for i in LOSSES if BOOK.losses[i].factor])
def test_library_factor_is_an_expression_in_free_variables(id: str) -> None:
    loss = BOOK.losses[id]
    free = {n for n, kind in loss.variables.items() if kind in ("free", "indicator")}
    assert all(symbols(parse_expression(f)) <= free for f in loss.factor.values())


#: Loss, scale c, SciPy's log density, data, fixed values: c*(loss(a) - loss(b)) = log p(b) - log p(a).
KERNELS: list[tuple[str, float, Any, str, Values]] = [
    ("squared-error", 0.5 / 1.3**2, lambda y, m: stats.norm(m, 1.3).logpdf(y), "real", {}),
    ("absolute-error", 1 / 1.3, lambda y, m: stats.laplace(m, 1.3).logpdf(y), "real", {}),
    ("huber", 1.0, lambda y, m: -special.huber(0.8, y - m), "real", {"delta": 0.8}),
    ("log-cosh", 1.0, lambda y, m: stats.hypsecant(m).logpdf(y), "real", {}),
    ("log-cosh-scaled", 2.0, lambda y, m: stats.logistic(m, 0.6).logpdf(y), "real", {"s": 1.2}),
    ("cauchy", 1.0, lambda y, m: stats.cauchy(m, 0.6).logpdf(y), "real", {"s": 0.6}),
    ("student-t", 2.0, lambda y, m: stats.t(3, m, 0.6).logpdf(y), "real", {"nu": 3, "s": 0.6}),
    ("power-error", 1 / 0.7**1.5, lambda y, m: stats.gennorm(1.5, m, 0.7).logpdf(y), "real", {"p": 1.5}),
    ("gumbel", 1.0, lambda y, m: stats.gumbel_r(m, 0.6).logpdf(y), "real", {"s": 0.6}),
    ("squared-log-error", 0.5, lambda y, m: stats.lognorm(1, scale=np.exp(m)).logpdf(y), "positive", {}),
    ("poisson", 1.0, lambda y, m: stats.poisson(m).logpmf(y), "count", {}),
    ("poisson-log", 1.0, lambda y, m: stats.poisson(np.exp(m)).logpmf(y), "count", {}),
    ("negative-binomial", 1.0, lambda y, m: stats.nbinom(2, 2 / (2 + m)).logpmf(y), "count", {"phi": 2}),
    ("gamma", 2.5, lambda y, m: stats.gamma(2.5, scale=m / 2.5).logpdf(y), "positive", {}),
    ("inverse-gaussian", 0.7, lambda y, m: stats.invgauss(m / 1.4, scale=1.4).logpdf(y), "positive", {}),
    ("von-mises", 1.4, lambda y, m: stats.vonmises(1.4, loc=m).logpdf(y), "real", {}),
    ("geometric", 1.0, lambda y, p: stats.geom(p, loc=-1).logpmf(y), "count", {}),
    ("binomial-cross-entropy", 1.0, lambda y, p: stats.binom(9, p).logpmf(y), "count", {"n": 9}),
    (
        "binomial-cross-entropy-with-logits",
        1.0,
        lambda y, z: stats.binom(9, special.expit(z)).logpmf(y),
        "count",
        {"n": 9},
    ),
    ("exponential", 1.0, lambda y, m: stats.expon(scale=1 / m).logpdf(y), "positive", {}),
    ("weibull-scale", 1.0, lambda y, m: stats.weibull_min(1.5, scale=m).logpdf(y), "positive", {"k": 1.5}),
    ("rayleigh", 1.0, lambda y, m: stats.rayleigh(scale=m).logpdf(y), "positive", {}),
    ("pareto-shape", 1.0, lambda y, a: stats.pareto(a, scale=0.1).logpdf(y), "positive", {"m": 0.1}),
    ("beta-proportion", 1.0, lambda y, m: stats.beta(5 * m, 5 - 5 * m).logpdf(y), "unit", {"kappa": 5}),
]


@pytest.mark.parametrize(("id", "scale", "log_density", "data", "fixed"), KERNELS, ids=[k[0] for k in KERNELS])
def test_loss_is_the_kernel_of_its_density(id: str, scale: float, log_density: Any, data: str, fixed: Values) -> None:
    loss = BOOK.losses[id]
    assert loss.formula is not None
    (prediction,) = [n for n, kind in loss.variables.items() if kind == "prediction"]
    points = {"real": (-1.2, 0.3, 2.1), "positive": (0.4, 1.1, 3.0), "count": (0, 2, 5), "unit": (0.2, 0.5, 0.9)}
    for at in points[data]:
        f = [value(loss.formula, {**fixed, "y": float(at), prediction: m}) for m in (0.35, 0.8)]
        g = [-log_density(at, m) for m in (0.35, 0.8)]
        assert scale * (f[0] - f[1]) == pytest.approx(g[0] - g[1], rel=1e-9, abs=1e-9)
