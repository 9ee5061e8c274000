"""Derivations against numbers that other programs computed, and against the stand-alone checker."""

from __future__ import annotations

import json
import os
import pickle
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from peers import PEERS
from shapes import SHAPES, Shape, draw

import lossproof as lp
from lossproof import checker
from lossproof.derivation import Derivation
from lossproof.rulebook import Rulebook
from lossproof.syntax import to_ascii
from lossproof.terms import BINDERS, INFINITY, Term, const, num, substitute, sym, symbols

SIZES = {"K": 4, "D": 3}
SAMPLES = 5
COUNT = const("n_samples")
BOOK = Rulebook.default()
#: SciPy's own answer is less exact for these.
ROUGH = {"skew-normal": 1e-7, "exp-mod-normal": 1e-7, "von-mises-fisher": 1e-8, "huber": 1e-8}


@cache
def derived(text: str) -> Derivation:
    return lp.derive(text)


# -- what every derivation must be


def check_proof(d: Derivation) -> None:
    """The stand-alone checker accepts the proof, and the engine's answer is what it claims to be."""
    report = checker.check(json.loads(d.proof.to_json()), None)
    assert report.ok, (d.assumption, report.messages)
    parameters = {n for n, s in d.symbols.items() if s.role == "parameter"}
    varying = {n for n, s in d.symbols.items() if s.indexed or s.role == "data"}
    assert not symbols(d.scale) & (parameters | varying), d.scale
    assert not symbols(d.offset) & parameters, d.offset
    assert d.relation in ("equal", "up-to-constant", "up-to-scale")
    for term in summands(d.loss, parameters):
        assert symbols(term) & parameters, f"{term} could be dropped from {d.loss}"


def summands(loss: Term, parameters: set[str]) -> Iterator[Term]:
    """The terms of a sum; a factor or a denominator that is free of the parameters is multiplied in."""
    stack = [loss]
    while stack:
        t = stack.pop()
        if t.op in ("add", "neg"):
            stack.extend(t.args)
        elif t.op in ("mul", "div") and sum(bool(symbols(a) & parameters) for a in t.args) == 1:
            (inner,) = [a for a in t.args if symbols(a) & parameters]
            if t.op == "mul" or inner is t.args[0]:
                stack.append(inner)
            else:
                yield t
        elif t.op in BINDERS and t.op == "sum":
            stack.append(t.args[3])
        elif t.op == "cases" and (t.args[2] is INFINITY or not symbols(t.args[0]) & parameters):
            stack.extend(
                a for a in t.args[1:] if symbols(t) & parameters and a is not INFINITY and symbols(a) & parameters
            )
        else:
            yield t


def at(term: Term, values: Mapping[str, Any], n: int = SAMPLES) -> Any:
    """The value of a term at n samples."""
    return substitute(term, {COUNT: num(n)}).evaluate(values)


def check_sample(d: Derivation, values: Mapping[str, Any], expected: Any, tolerance: float) -> None:
    """``nll`` is the other program's number, and scale · loss + offset; both with a positive scale."""
    nll, loss, scale, offset = (np.asarray(at(t, values), dtype=float) for t in (d.nll, d.loss, d.scale, d.offset))
    assert np.all(scale > 0)
    np.testing.assert_allclose(nll, np.broadcast_to(expected, np.shape(nll)), rtol=tolerance, atol=tolerance)
    np.testing.assert_allclose(nll, scale * loss + offset, rtol=1e-9, atol=1e-9)


def check_dataset(d: Derivation, values: Mapping[str, Any], total: float, tolerance: float) -> None:
    """The claim: the NLL of all samples is claim scale · objective + claim offset."""
    assert d.theorem.scale is not None
    assert d.theorem.offset is not None
    scale, offset, objective = (at(t, values) for t in (d.theorem.scale, d.theorem.offset, d.objective))
    assert np.ndim(scale) == np.ndim(objective) == np.ndim(offset) == 0
    assert scale > 0
    assert scale * objective + offset == pytest.approx(total, rel=tolerance, abs=tolerance)


# -- the distributions, with every choice of what is learned


def patterns(id: str) -> list[tuple[str, tuple[str, ...]]]:
    """The assumption for each non-empty set of learned parameters."""
    record = BOOK.distribution(id)
    names = list(record.parameters)
    call = f"{record.names[0]}({', '.join(f'{n}={n}' for n in names)})"
    found = []
    for k in range(1, len(names) + 1):
        for learned in combinations(names, k):
            fixed = [n for n in names if n not in learned]
            found.append((f"{record.variate} ~ {call}" + (f" with {', '.join(fixed)} fixed" if fixed else ""), learned))
    return found


@pytest.mark.parametrize("id", sorted(i for i in PEERS if PEERS[i].draws))
def test_record_under_every_pattern(id: str) -> None:
    rng, peer, tolerance = np.random.default_rng(list(id.encode())), PEERS[id], ROUGH.get(id, 1e-9)
    for text, learned in patterns(id):
        d = derived(text)
        assert sorted(d.model.parameters) == sorted(learned)
        check_proof(d)
        for _ in range(2):
            values = {**peer.parameters(rng), **{k: v for k, v in peer.extra.items() if k in d.symbols}}
            values[BOOK.distribution(id).variate] = y = peer.variates(values, rng, SAMPLES)
            expected = -peer.log_density(y, values)
            check_sample(d, values, expected, tolerance)
            check_dataset(d, values, float(np.sum(expected)), tolerance * SAMPLES)


# -- the table of shapes


def random_values(d: Derivation, shape: Shape, seed: int) -> dict[str, Any]:
    """Random values in the symbols' domains, one for each sample of what varies with it."""
    rng = np.random.default_rng([seed, *shape.text.encode()])
    dimensions = {n for s in d.symbols.values() for n in symbols(s.domain)}
    values: dict[str, Any] = {}
    for name, s in sorted(d.symbols.items()):
        if name in dimensions:
            values[name] = SIZES[name]
            continue
        batch = (SAMPLES,) if s.indexed or s.role == "data" else ()
        values[name] = shape.draws[name](rng, SAMPLES) if name in shape.draws else draw(s.domain, rng, batch, SIZES)
    return values


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_shape(shape: Shape) -> None:
    d = derived(shape.text)
    check_proof(d)
    assert d.name == shape.name
    for seed in range(2):
        values = random_values(d, shape, seed)
        expected = -np.asarray(shape.sample(values))
        priors = -np.asarray(shape.prior(values))
        if not d.model.priors:
            check_sample(d, values, expected, 1e-9)
        else:
            first = {n: v[:1] if np.ndim(v) and len(v) == SAMPLES else v for n, v in values.items()}
            check_sample(d, first, expected[:1] + np.ravel(priors)[0], 1e-9)
        check_dataset(d, values, float(np.sum(expected) + np.sum(priors)), 1e-8)


def test_parts_of_an_objective_with_priors() -> None:
    for shape in SHAPES:
        if shape.log_prior is None:
            continue
        d = derived(shape.text)
        values = random_values(d, shape, 3)
        parts = np.sum(at(d.data_loss, values)) + np.sum(at(d.penalty, values))
        assert parts == pytest.approx(at(d.objective, values), rel=1e-9)


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("shape", [SHAPES[0], SHAPES[4], next(s for s in SHAPES if s.log_prior)], ids=str)
def test_reduction_scales_the_objective(shape: Shape, reduction: str) -> None:
    d = lp.derive(shape.text, reduction=reduction)
    check_proof(d)
    values = random_values(d, shape, 0)
    total = -np.sum(shape.sample(values)) - np.sum(shape.prior(values))
    check_dataset(d, values, float(total), 1e-8)
    plain = lp.derive(shape.text, reduction="sum")
    ratio = SAMPLES if reduction == "mean" else 1
    assert at(plain.objective, values) == pytest.approx(ratio * at(d.objective, values))


# -- roles


@pytest.mark.parametrize(
    ("text", "options", "same"),
    [
        ("y ~ N(ŷ, σ²) with σ fixed", {"free": ["sigma"]}, "y ~ N(ŷ, σ²)"),
        ("y ~ N(ŷ, σ²)", {"fix": ["σ"]}, "y ~ N(ŷ, σ²) with σ fixed"),
        ("y ~ Laplace(mu, b)", {"fix": ["b"]}, "y ~ Laplace(mu, b) with b fixed"),
        ("y ~ Laplace(mu, b)", {"fixed": ["b"]}, "y ~ Laplace(mu, b) with b fixed"),
        ("y ~ Laplace(mu, b) with b fixed", {"free": ["b"], "fix": ["mu"]}, "y ~ Laplace(mu, b) with mu fixed"),
        ("gaussian", {"free": ["sigma"]}, "y ~ N(yhat, sigma^2)"),
        ("gaussian", {}, "y ~ N(ŷ, σ²) with σ fixed"),
    ],
)
def test_free_and_fix_change_roles(text: str, options: dict[str, Any], same: str) -> None:
    changed, plain = lp.derive(text, **options), derived(same)
    assert changed.symbols == plain.symbols
    for part in ("nll", "loss", "scale", "offset", "objective", "relation", "name"):
        assert getattr(changed, part) == getattr(plain, part), part
    assert [r.term for r in changed.ledger] == [r.term for r in plain.ledger]
    check_proof(changed)


def test_ledger_says_what_would_bring_a_row_back() -> None:
    d = derived("y ~ N(ŷ, σ²) with σ fixed")
    assert [r.returns_if for r in d.ledger] == [("sigma",)]
    assert not symbols(lp.derive(d.assumption, free=["sigma"]).offset)


# -- densities of one's own


def normal_density() -> str:
    return "exp(-(y - mu)^2/(2*s^2))/sqrt(2*pi*s^2)"


@pytest.mark.parametrize(
    ("weights", "supposed"),
    [("[u, v, w]", ["(u + v + w) - 1 == 0"]), ("[1/2, 1/3, 1/6]", []), ("[w, 1 - w]", []), ("w", []), ("[w, w, 1 - 2*w]", ["1 - 2*w > 0"])],
)
def test_weights_add_up_to_one(weights: str, supposed: list[str]) -> None:
    parts = ["Normal(a, 1)", "Normal(b, 1)", "Normal(c, 1)"][: weights.count(",") + 1 if "," in weights else 2]
    found = lp.derive(f"y ~ Mixture({weights}, {', '.join(parts)})").model.hypotheses
    assert {to_ascii(h) for h, _ in found} == set(supposed)


@pytest.mark.parametrize("kind", ["text", "term", "sympy"])
def test_own_density_gives_what_the_record_gives(kind: str) -> None:
    from lossproof.syntax import parse_expression

    density: Any = normal_density()
    if kind == "term":
        density = parse_expression(density)
    if kind == "sympy":
        sympy = pytest.importorskip("sympy")
        y, mu, s = sympy.symbols("y mu s")
        density = sympy.exp(-((y - mu) ** 2) / (2 * s**2)) / sympy.sqrt(2 * sympy.pi * s**2)
    d = lp.derive(density=density, data="y", fixed=["s"], where="s > 0")
    plain = derived("y ~ Normal(mu, s) with s fixed")
    assert d.name == plain.name
    check_proof(d)
    values = {"y": np.array([0.3, -1.0]), "mu": np.array([0.1, 0.4]), "s": 1.3}
    np.testing.assert_allclose(at(d.nll, values), at(plain.nll, values), rtol=1e-12)
    np.testing.assert_allclose(at(d.nll, values), at(d.scale, values) * at(d.loss, values) + at(d.offset, values))


def test_sympy_random_variable() -> None:
    sympy = pytest.importorskip("sympy")
    from sympy import stats

    mu, s = sympy.Symbol("mu", real=True), sympy.Symbol("s", positive=True)
    d = lp.derive(stats.Normal("Y", mu, s), fixed=[s])
    check_proof(d)
    assert d.name == "squared error"
    rate = sympy.Symbol("r", positive=True)
    e = lp.derive(stats.Exponential("T", rate))
    check_proof(e)
    assert e.name == "exponential negative log-likelihood"


# -- the same input, the same bytes


def test_twice_the_same_bytes() -> None:
    for text in (
        SHAPES[0].text,
        "y ~ Categorical(p), p = softmax(z)",
        "y ~ Mixture(w, Normal(m1, s1), Normal(m2, s2))",
    ):
        assert lp.derive(text).proof.to_json() == lp.derive(text).proof.to_json()


_BYTES = """
import sys, zlib
import lossproof as lp
sys.stdin.reconfigure(encoding="utf-8")
print([zlib.crc32(lp.derive(line.strip()).proof.to_json().encode()) for line in sys.stdin])
"""


def test_same_bytes_whatever_the_hash_seed_and_the_history() -> None:
    texts = [s.text for s in SHAPES[::4]]
    found = []
    for seed, order in (("1", texts), ("2", texts), ("3", texts[::-1])):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONUTF8": "1", "PYTHONPATH": os.pathsep.join(sys.path)}
        run = subprocess.run([sys.executable, "-c", _BYTES], input="\n".join(order), capture_output=True, encoding="utf-8",
                             env=environment, check=True, timeout=120)  # fmt: skip
        sums = json.loads(run.stdout)
        found.append(sums if order == texts else sums[::-1])
    assert found[0] == found[1], [t for t, a, b in zip(texts, found[0], found[1], strict=True) if a != b]
    assert found[0] == found[2], [t for t, a, b in zip(texts, found[0], found[2], strict=True) if a != b]


def test_results_pickle_and_compare_equal() -> None:
    for shape in SHAPES[::10]:
        d = derived(shape.text)
        again = pickle.loads(pickle.dumps(d))
        assert again == d
        assert hash(again) == hash(d)
        assert again.loss is d.loss
        assert pickle.loads(pickle.dumps(d.nll)) is d.nll
    assert derived(SHAPES[0].text) != derived(SHAPES[1].text)
    own = lp.derive(density=normal_density(), data="y", fixed=["s"], where="s > 0")
    assert pickle.loads(pickle.dumps(own)) == own


# -- names


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("y ~ N(ŷ, σ²) with σ fixed", "y ~ N(yhat, sigma^2) with sigma fixed"),
        ("y ~ N(ŷ, σ²) with σ fixed", "y ~ N(y_hat, sigma**2) with σ fixed"),
        ("y ~ Poisson(λ), λ = exp(η)", "y ~ Poisson(lambda), lam = exp(eta)"),
        ("y ~ Normal(μ, σᵢ) with σᵢ fixed", "y ~ Normal(mu, sigma_i) with sigma_i fixed"),
        ("y ~ VonMises(μ, κ) with κ fixed", "y_i ~ VonMises(mu, kappa) with kappa fixed"),
    ],
)
def test_unicode_and_ascii_names_are_the_same(one: str, other: str) -> None:
    a, b = lp.derive(one), lp.derive(other)
    assert (a.nll, a.loss, a.scale, a.offset, a.objective, a.symbols) == (
        b.nll,
        b.loss,
        b.scale,
        b.offset,
        b.objective,
        b.symbols,
    )
    values = dict.fromkeys(a.symbols, 0.7)
    assert a.nll.evaluate(values) == b.nll.evaluate(values)


_NAME = re.compile(r"[^\W\d²³]\w*(?<![²³])")
_KEPT = {
    "with",
    "fixed",
    "data",
    "where",
    "and",
    "or",
    "not",
    "in",
    "oo",
    "pi",
    "I",
    "x",
    "x_1",
    "x_2",
    "reals",
    "positive",
}


def renamed(text: str) -> tuple[str, dict[str, str]]:
    """The assumption with its names replaced by others, in the opposite alphabetical order."""
    from lossproof.syntax import canonical

    names: dict[str, str] = {}

    def new(found: re.Match[str]) -> str:
        after = text[found.end() :]
        if found[0] in _KEPT or after.startswith(("(", "=")):  # a function or a keyword
            return found[0]
        name = canonical(found[0])
        names.setdefault(name, f"q{97 - 7 * len(names)}" + ("_i" if name.endswith("_i") else ""))
        return names[name]

    return _NAME.sub(new, text), names


@pytest.mark.parametrize("shape", SHAPES[::3], ids=str)
def test_renaming_changes_names_alone(shape: Shape) -> None:
    text, names = renamed(shape.text)
    assert text != shape.text
    swap = {sym(old): sym(new) for old, new in names.items()}
    d, other = derived(shape.text), lp.derive(text)
    for part in ("loss", "scale", "offset", "nll", "objective"):
        assert getattr(other, part) is substitute(getattr(d, part), swap), part
    assert (other.name, other.relation) == (d.name, d.relation)


# -- torch, where it is installed


def test_torch_computes_the_same_losses() -> None:
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(5)
    y, m = rng.normal(size=6), rng.normal(size=6)
    pairs: list[tuple[str, Any, dict[str, Any]]] = [
        ("y ~ N(ŷ, σ²) with σ fixed", torch.nn.MSELoss(), {"y": y, "yhat": m}),
        ("y ~ Laplace(mu, b) with b fixed", torch.nn.L1Loss(), {"y": y, "mu": m}),
        ("y ~ Huber(mu, delta) with delta fixed", torch.nn.HuberLoss(delta=0.7), {"y": y, "mu": m, "delta": 0.7}),
        ("y ~ Bernoulli(p), p = sigmoid(z)", torch.nn.BCEWithLogitsLoss(), {"y": (y > 0).astype(float), "z": m}),
        ("y ~ Poisson(lam), lam = exp(eta)", torch.nn.PoissonNLLLoss(), {"y": np.floor(np.abs(y) * 3), "eta": m}),
    ]
    for text, loss, values in pairs:
        names = list(values)
        found = loss(torch.tensor(values[names[1]]), torch.tensor(values["y"])).item()
        assert derived(text).objective.evaluate(values) == pytest.approx(found, rel=1e-6), text
