"""Generated code is run: every family and every target against the proved term, in value and gradient, near and far out."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Mapping
from functools import lru_cache
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

pytest.importorskip("flint")

from programs import Values, extremes, load, needs, points, slope, stacked, truth

import lossproof as lp
from lossproof.derivation import Derivation
from lossproof.errors import UnsupportedError
from lossproof.rulebook import Rulebook
from lossproof.terms import Term

BOOK = Rulebook.default()
FAMILIES = [id for id in BOOK.distribution_ids if BOOK.distribution(id).default]
#: Assumptions beyond the families: links, combinators, priors, vectors, parameters that are learned besides.
FURTHER = [
    "y ~ N(yhat, sigma^2)",
    "y ~ Laplace(mu, b)",
    "y ~ Normal(mu, s), s = softplus(r)",
    "y ~ Exponential(lam), lam = softplus(z)",
    "y ~ Bernoulli(p)",
    "y ~ Bernoulli(p), p = Phi(z)",
    "y ~ Bernoulli(p), p = 1 - exp(-exp(z))",
    "y ~ Poisson(lam), lam = exp(eta + o_i) with o_i fixed",
    "y ~ Normal(mu, sigma_i) with sigma_i fixed",
    "y ~ StudentT(nu, mu, sigma)",
    "y ~ Gamma(alpha, beta)",
    "y ~ Weighted(Bernoulli(p), w_i), p = sigmoid(z) with w_i fixed",
    "y ~ Mixture(w, Normal(m_1, s_1), Normal(m_2, s_2))",
    "y ~ Mixture([w_1, w_2, w_3], Normal(m_1, s), Normal(m_2, s), Normal(m_3, s)) with s fixed",
    "y ~ Truncated(Normal(mu, sigma), 0, oo) with sigma fixed",
    "y ~ Truncated(Normal(mu, sigma), a, b) with sigma, a, b fixed where a < b",
    "y ~ RightCensored(Weibull(k, lam), d_i) with d_i fixed",
    "y ~ LeftCensored(Normal(mu, sigma), c) with c fixed",
    "y ~ ZeroInflated(Poisson(lam), pi0)",
    "y ~ Hurdle(Poisson(lam), pi0)",
    "y ~ Categorical(p)",
    "y ~ MultiNormal(mu, sigma^2*I)",
    "y ~ Normal(w*x, sigma), w ~ Normal(0, tau) with x, sigma, tau fixed",
    "y ~ Normal(dot(w, x), s), w ~ MultiNormal(0, tau^2*I) with x, s, tau fixed",
    "y ~ Normal(z_i, sigma), z_i ~ Normal(0, tau) with sigma fixed",
]
ASSUMPTIONS = [*FAMILIES, *FURTHER]
TARGETS = [id for id, t in BOOK.targets.items() if t.prints == "python"]
LIBRARY = {"numpy": "scipy", "torch": "torch", "jax": "jax"}
CLOSE = {"numpy": 1e-9, "torch": 1e-8, "jax": 1e-8}
#: What a library has no function for.
WITHOUT = {("von-mises-fisher", "torch", True), ("von-mises-fisher", "jax", True)}
NEAR, FAR = 4, 12


@lru_cache(None)
def derived(text: str) -> Derivation:
    return lp.derive(text)


@lru_cache(None)
def rows(text: str) -> list[Values]:
    """Points near and far."""
    d = derived(text)
    return [*points(d, 1, NEAR), *extremes(d, 2, FAR)]


@lru_cache(None)
def answers(text: str, full: bool) -> list[float | None]:
    term = sample_term(derived(text), full)
    return [truth(term, v) for v in rows(text)]


def sample_term(d: Derivation, full: bool) -> Term:
    """What a function without priors gives for one sample; priors on parameters of a sample count."""
    own = [p for (w, _), p in zip(d.model.priors, d.pieces[1:], strict=True) if d.symbols[str(w.value)].indexed]
    parts = [p.nll if full else p.collected.loss for p in (d.pieces[0], *own)]
    return parts[0] if len(parts) == 1 else lp.terms.add(*parts)


def arrays(target: str) -> Any:
    """How a library makes an array of doubles, and takes the derivatives of a sum with respect to some of them."""
    if target == "numpy":
        return SimpleNamespace(array=lambda v: np.asarray(v, dtype=float), out=np.asarray, gradients=None)
    needs(LIBRARY[target])
    if target == "torch":
        import torch

        def torch_gradients(f: Any, values: Mapping[str, Any], names: list[str]) -> dict[str, Any]:
            leaves = {n: values[n].clone().requires_grad_() for n in names}
            total = f(**{**values, **leaves}, reduction="none").sum()
            found = torch.autograd.grad(total, list(leaves.values()), allow_unused=True)
            return {n: np.zeros(leaves[n].shape) if g is None else g.numpy() for n, g in zip(names, found, strict=True)}

        return SimpleNamespace(array=lambda v: torch.as_tensor(np.asarray(v, dtype=float)), out=lambda v: v.detach().numpy(), gradients=torch_gradients)
    import jax

    jax.config.update("jax_enable_x64", True)

    def jax_gradients(f: Any, values: Mapping[str, Any], names: list[str]) -> dict[str, Any]:
        def total(leaves: dict[str, Any]) -> Any:
            return f(**{**values, **leaves}, reduction="none").sum()

        return {n: np.asarray(g) for n, g in jax.grad(total)({n: values[n] for n in names}).items()}

    return SimpleNamespace(array=lambda v: jax.numpy.asarray(np.asarray(v, dtype=float)), out=np.asarray, gradients=jax_gradients)


def arguments(f: Any) -> list[str]:
    return [n for n in inspect.signature(f).parameters if n not in ("weights", "reduction")]


def called(f: Any, library: Any, values: Values, **options: Any) -> Any:
    """The function at values by the language's names."""
    return f(**given(f, library, values), **options)


def given(f: Any, library: Any, values: Values) -> dict[str, Any]:
    return {n: library.array(values[n if n in values else n.rstrip("_")]) for n in arguments(f)}


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("text", ASSUMPTIONS)
def test_values_are_those_of_the_term(text: str, target: str) -> None:
    """Near and far out: what is finite in truth is finite, and right."""
    d, library = derived(text), arrays(target)
    for full in (False, True):
        if (text, target, full) in WITHOUT:
            with pytest.raises(UnsupportedError):
                d.code(target=target, full=full)
            continue
        f = load(d.code(target=target, full=full), "nll" if full else "loss")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # what is infinite in truth may say so
            found = library.out(called(f, library, stacked(d, rows(text)), reduction="none"))
        found = np.broadcast_to(found, NEAR + FAR)
        assert sum(a is not None for a in answers(text, full)[:NEAR]), "nothing was compared"
        for values, value, answer in zip(rows(text), found, answers(text, full), strict=True):
            if answer is not None:
                assert value == pytest.approx(answer, rel=CLOSE[target], abs=1e-10), values
        near = sample_term(d, full).evaluate(stacked(d, rows(text)[:NEAR]))
        assert np.broadcast_to(found[:NEAR], NEAR) == pytest.approx(np.broadcast_to(near, NEAR), rel=CLOSE[target], abs=1e-10)


@pytest.mark.parametrize("target", [t for t in TARGETS if t != "numpy"])
@pytest.mark.parametrize("text", ASSUMPTIONS)
def test_gradients_are_the_derivatives(text: str, target: str) -> None:
    """By autodiff against differences of exact values."""
    d, library = derived(text), arrays(target)
    f = load(d.code(target=target), "loss")
    term, values = sample_term(d, False), given(f, library, stacked(d, rows(text)))
    names = [n for n in arguments(f) if d.symbols[n.rstrip("_") if n not in d.symbols else n].role == "parameter" and values[n].shape[:1] == (NEAR + FAR,)]
    for name, gradient in library.gradients(f, values, names).items():
        for i, row in enumerate(rows(text)):
            for place in range(len(row[name])) if np.ndim(row[name]) else (None,):
                true = slope(term, row, name, place) if answers(text, False)[i] is not None else None
                found = gradient[i] if place is None else gradient[i][place]
                if true is not None:  # far out, two large numbers may leave a small one
                    lost = 1e-8 if i < NEAR else 1e-7 * max(1.0, np.max(np.abs(row[name])))
                    assert found == pytest.approx(true, rel=1e-6, abs=lost), (name, row)


def test_gradients_are_sympys_derivative() -> None:
    """The same by symbolic differentiation, of all families whose symbols are numbers."""
    import sympy

    library = arrays("torch")
    compared: set[str] = set()
    for text in FAMILIES:
        d = derived(text)
        if any(s.shape != "scalar" for s in d.symbols.values()):
            continue
        loss = d.loss.sympy()
        by_name = {s.name: s for s in loss.free_symbols}
        f = load(d.code(target="torch"), "loss")
        learned = [n for n in arguments(f) if n in by_name and d.symbols[n].role == "parameter" and d.symbols[n].indexed]
        near = rows(text)[:NEAR]
        found = library.gradients(f, given(f, library, stacked(d, near)), learned) if learned else {}
        for name, gradient in found.items():
            slope_of = sympy.diff(loss, by_name[name])
            for row, value in zip(near, gradient, strict=True):
                true = slope_of.subs({by_name[n]: sympy.Float(float(v), 30) for n, v in row.items() if n in by_name}).evalf(20)
                if true.is_Float or true.is_Rational:
                    assert value == pytest.approx(float(true), rel=1e-6, abs=1e-8), (text, name, row)
                    compared.add(text)
    assert len(compared) > 50, sorted(set(FAMILIES) - compared)
