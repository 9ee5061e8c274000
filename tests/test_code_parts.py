"""Generated code by its parts: reductions, weights, priors, dtypes, libraries' losses, names, formulas, records and errors."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sympy

pytest.importorskip("flint")

from programs import load, needs, points, stacked
from shapes import SHAPES, Shape
from test_code import TARGETS, arguments, arrays, called, sample_term

import lossproof as lp
from lossproof.cli.app import run
from lossproof.codegen.lowering import stable_form
from lossproof.codegen.names import Names, in_docstring, is_name
from lossproof.errors import LossproofError, RecordError, UnknownNameError, UnsupportedError, UsageError
from lossproof.interop.sympy import to_sympy
from lossproof.rulebook import Rulebook
from lossproof.rulebook.targets import target_from
from lossproof.terms import symbols

BOOK = Rulebook.default()
RIDGE = "y ~ Normal(w*x, sigma), w ~ Normal(0, tau) with x, sigma, tau fixed"
Y, X = np.array([1.0, 2.0, 4.0]), np.array([1.0, 1.5, 2.5])


def same(a: Any, b: Any) -> bool:
    return bool(np.allclose(np.asarray(a, dtype=float), np.asarray(b, dtype=float), rtol=1e-12, atol=0))


# -- every shape


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_every_shape_of_assumption(shape: Shape) -> None:
    """The losses that assumptions lead to, by name or without: NumPy's code agrees with the term."""
    d, library = lp.derive(shape.text, **shape.options), arrays("numpy")
    rows = points(d, 5, 4)
    for full in (False, True):
        f = load(d.code(full=full, name="f"), "f")
        term, values = sample_term(d, full), stacked(d, rows)
        expected = term.evaluate({n: v for n, v in values.items() if n in symbols(term)})
        found = called(f, library, values, reduction="none")
        assert np.broadcast_to(found, 4) == pytest.approx(np.broadcast_to(expected, 4), rel=1e-9, abs=1e-11)


@pytest.mark.parametrize("shape", SHAPES[::4], ids=str)
def test_stable_form_is_proved(shape: Shape) -> None:
    """The kernel's theorem leads from the loss to its stable form by equality, by rules of that use alone."""
    d = lp.derive(shape.text, **shape.options)
    theorem = stable_form(d, d.loss)
    assert (theorem.left, theorem.relation) == (d.loss, "equal")


def test_stable_rules_are_used_by_code_alone() -> None:
    """No derivation, no comparison names a rule that is only stable."""
    only = {id for id, rule in BOOK.rules.items() if rule.tags == {"stable"}}
    assert len(only) >= 10
    for shape in SHAPES[::6]:
        d = lp.derive(shape.text, **shape.options)
        assert not only & {s.rule for s in d.proof.steps}


def test_stable_forms() -> None:
    """What overflows or cancels in the naive form is written otherwise."""
    for text, line in [
        ("y ~ Bernoulli(p), p = sigmoid(z)", "values = y * F.softplus(-z) + (1 - y) * F.softplus(z)"),
        ("y ~ Categorical(p), p = softmax(z)", "values = torch.logsumexp(z, -1) - _component(z, y)"),
        ("poisson", "values = yhat - torch.xlogy(y, yhat)"),
        ("geometric", "values = -torch.log(p) - torch.special.xlog1py(y, -p)"),
        ("weibull", "values = (y / yhat) ** k + k * torch.log(yhat)"),
        ("student-t", "values = torch.log1p(((y - yhat) / sigma) ** 2 / nu)"),
        ("logistic", "values = _logcosh((y - yhat) / (2 * s))"),
        ("log-logistic", "values = k * torch.log(yhat) + 2 * F.softplus(k * torch.log(y / yhat))"),
        ("kumaraswamy", "(b - 1) * _log1mexp("),
        ("gompertz", "values = -torch.log(eta) + eta * torch.expm1(b * y)"),
        ("asymmetric-laplace", "values = torch.maximum(tau * residual, (tau - 1) * residual)"),
        ("neg-binomial2-log", "values = (y + phi) * torch.logaddexp(eta, torch.log(phi)) - y * eta"),
        ("y ~ Truncated(Normal(mu, s), a, b) with s, a, b fixed where a < b", "+ 2 * _log_ndtr_diff((b - mu) / s, (a - mu) / s)"),
        ("y ~ Exponential(lam), lam = softplus(z)", "values = F.softplus(z) * y - _log_softplus(z)"),
        ("multi-normal", "values = _mahalanobis(Sigma, y - yhat)"),
    ]:
        assert line in lp.derive(text).code(target="torch"), text


# -- reductions, weights, priors


@pytest.mark.parametrize("target", TARGETS)
def test_reductions_and_weights(target: str) -> None:
    library = arrays(target)
    f = load(lp.derive("laplace").code(target=target), "loss")
    y, yhat, w = library.array(Y), library.array(X), library.array([2.0, 0.0, 1.0])
    each = np.abs(Y - X)
    assert same(f(y=y, yhat=yhat), each.mean())
    assert same(f(y=y, yhat=yhat, reduction="sum"), each.sum())
    assert same(f(y=y, yhat=yhat, reduction="none"), each)
    assert same(f(y=y, yhat=yhat, weights=w, reduction="none"), each * [2, 0, 1])
    assert same(f(y=y, yhat=yhat, weights=w), (each * [2, 0, 1]).sum() / 3), "by the number of samples"
    with pytest.raises(ValueError, match="reduction is mean, sum or none, not 'max'"):
        f(y=y, yhat=yhat, reduction="max")


@pytest.mark.parametrize("target", TARGETS)
def test_priors_count_once(target: str) -> None:
    """objective = sum(data_loss) + penalty; the mean divides both."""
    library, d = arrays(target), lp.derive(RIDGE)
    code = {n: library.array(v) for n, v in {"y": Y, "x": X, "w": 0.7, "sigma": 2.0, "tau": 0.5}.items()}
    f = load(d.code(target=target), "loss")
    values = {"y": Y, "x": X, "w": 0.7, "sigma": 2.0, "tau": 0.5}
    whole = float(d.objective.evaluate(values))
    assert same(f(**code), whole), "with priors the sum is the default"
    assert same(f(**code, reduction="mean"), lp.derive(RIDGE, reduction="mean").objective.evaluate(values))
    assert same(f(**code, reduction="none"), (Y - 0.7 * X) ** 2)
    assert same(f(**code, weights=library.array([2.0, 0.0, 1.0])), ((Y - 0.7 * X) ** 2 * [2, 0, 1]).sum() + 16 * 0.49)
    full = load(d.code(target=target, full=True), "nll")
    sample, prior = (p.nll for p in d.pieces)
    assert same(full(**code), np.sum(sample.evaluate(values)) + prior.evaluate(values))


def test_prior_of_each_sample_is_summed() -> None:
    d = lp.derive("y ~ Normal(z_i, sigma), z_i ~ Normal(0, tau) with sigma, tau fixed")
    f = load(d.code(), "loss")
    values = {"y": Y, "z_i": X, "sigma": 2.0, "tau": 0.5}
    assert same(f(**values), d.objective.evaluate(values))
    assert same(f(**values, weights=[0, 0, 0]), (16 * X**2).sum()), "weights are those of the data"


def test_default_reduction_is_asked_for() -> None:
    assert 'reduction: str = "mean"' in lp.derive("gaussian").code()
    assert 'reduction: str = "sum"' in lp.derive(RIDGE).code()
    assert 'reduction: str = "none"' in lp.derive("gaussian").code(reduction="none")


# -- dtypes and vectors


@pytest.mark.parametrize("target", ["torch", "jax"])
@pytest.mark.parametrize("text", ["gaussian", "student-t", "huber", "y ~ Bernoulli(p), p = sigmoid(z)", "asymmetric-laplace", "weibull", "poisson"])
def test_dtype_of_the_prediction_is_kept(text: str, target: str) -> None:
    """What the data and fixed numbers are does not matter: integers, Python's floats."""
    library, d = arrays(target), lp.derive(text)
    f = load(d.code(target=target, full=True), "nll")
    if target == "torch":
        import torch

        short: Any = torch.float32
    else:
        import jax.numpy

        short = jax.numpy.float32
    learned = {n for n, s in d.symbols.items() if s.role == "parameter"}
    values = {n: library.array([0.5, 1.5]) if n in learned else [1, 1] if d.symbols[n].role == "data" else 0.5 for n in arguments(f)}
    for n in learned:
        values[n] = values[n].to(short) if target == "torch" else values[n].astype(short)
    found = f(**values, reduction="none")
    assert found.dtype == short
    wide = d.nll.evaluate({n: np.asarray(v, dtype=float) for n, v in values.items()})
    assert np.asarray(found, dtype=float) == pytest.approx(wide, rel=1e-5)


@pytest.mark.parametrize("target", TARGETS)
def test_classes_count_from_one(target: str) -> None:
    library = arrays(target)
    text = lp.derive("categorical-logit").code(target=target)
    assert "Classes count from 1, not from 0." in text
    f = load(text, "loss")
    z = np.array([[1.0, 2.0, 3.0], [0.0, 0.0, 5.0]])
    found = f(z=library.array(z), y=library.array([1, 3]), reduction="none")
    assert same(found, np.log(np.exp(z).sum(1)) - [1.0, 5.0])
    shared = f(z=library.array(z[0]), y=library.array([1, 3]), reduction="none")
    assert same(shared, np.log(np.exp(z[0]).sum()) - z[0][[0, 2]])
    for outside in (0, 4):
        try:
            lost = f(z=library.array(z), y=library.array([outside, 1]), reduction="none")
        except (IndexError, RuntimeError):
            continue
        assert np.isnan(np.asarray(lost)[0]), "no other class stands in"


def test_gradient_does_not_leak_from_the_other_branch() -> None:
    needs("torch")
    import torch

    d = lp.derive(density="cases(y < m, exp(y - m)/2, exp(-sqrt(y - m))/4)", data="y")
    f = load(d.code(target="torch"), "loss")
    m = torch.tensor([0.0, 0.0, 3.0], dtype=torch.float64, requires_grad=True)
    f(m, torch.tensor([-1.0, 1.0, 2.0]), reduction="sum").backward()
    assert m.grad is not None
    assert m.grad.numpy() == pytest.approx([1.0, -0.5, 1.0])


# -- the libraries' own losses


@pytest.mark.parametrize(("text", "library", "values"), [
    ("gaussian", "MSELoss()(yhat, y)", {}),
    ("laplace", "L1Loss()(yhat, y)", {}),
    ("huber", "HuberLoss(delta=0.7)(yhat, y)", {"delta": 0.7}),
    ("y ~ Bernoulli(p), p = sigmoid(yhat)", "BCEWithLogitsLoss()(yhat, y)", {"y": [0.0, 1.0, 1.0]}),
    ("y ~ Bernoulli(yhat)", "BCELoss()(yhat, y)", {"y": [0.0, 1.0, 1.0], "yhat": [0.2, 0.4, 0.9]}),
    ("y ~ Weighted(Bernoulli(p), w_i), p = sigmoid(yhat) with w_i fixed", "BCEWithLogitsLoss(weight=w_i)(yhat, y)", {"y": [0.0, 1.0, 1.0], "w_i": [1.0, 2.0, 3.0]}),
    ("poisson", "PoissonNLLLoss(log_input=False, eps=0)(yhat, y)", {"y": [0.0, 1.0, 7.0], "yhat": [0.2, 0.4, 0.9]}),
    ("y ~ PoissonLog(yhat)", "PoissonNLLLoss()(yhat, y)", {"y": [0.0, 1.0, 7.0]}),
    ("y ~ N(yhat, v) with v data", "MSELoss()(yhat / v.sqrt(), y / v.sqrt())", {"v": [1.0, 2.0, 3.0]}),
    ("y ~ Normal(yhat, s)", "GaussianNLLLoss(eps=0)(yhat, y, s**2)", {"s": [1.0, 2.0, 3.0]}),
    ("y ~ CategoricalLogit(yhat)", "CrossEntropyLoss()(yhat, y.long() - 1)", {"y": [1, 3, 2], "yhat": [[1.0, 2.0, 3.0], [0.5, 0.1, -4.0], [0.0, 0.0, 9.0]]}),
    ("y ~ OneHotCategorical(p), p = softmax(yhat)", "CrossEntropyLoss()(yhat, y)", {"y": np.eye(3), "yhat": [[1.0, 2.0, 3.0], [0.5, 0.1, -4.0], [0.0, 0.0, 9.0]]}),
    ("y ~ Categorical(yhat)", "NLLLoss()(yhat.log(), y.long() - 1)", {"y": [1, 3, 2], "yhat": [[0.1, 0.2, 0.7], [0.2, 0.2, 0.6], [0.5, 0.25, 0.25]]}),
])  # fmt: skip
def test_loss_is_the_one_of_torch(text: str, library: str, values: dict[str, Any]) -> None:
    """The loss that its record names, where it is called as it is."""
    needs("torch")
    import torch

    given = {n: torch.as_tensor(np.asarray(v), dtype=torch.float64) for n, v in {"y": Y, "yhat": X, **values}.items()}
    f = load(lp.derive(text).code(target="torch"), "loss")
    theirs = eval(f"torch.nn.{library}", {"torch": torch, **given})
    assert same(f(**{n: given[n] for n in arguments(f)}), theirs)


# -- names


def test_names_are_safe_and_no_two_the_same() -> None:
    names = Names(["torch"])
    wished = ["lambda", "lambda_", "torch", "def", "sum", "weights", "_x", "1a", 'x"""; import os', "ŷ", "y", "y_", "", "None"]
    given = [names.of(n) for n in wished]
    assert len(set(given)) == len(wished)
    assert all(is_name(n) or n.isidentifier() for n in given)
    assert names.of("lambda") == "lambda_"
    assert not {"torch", "def", "sum", "weights", "None"} & set(given)


@pytest.mark.parametrize("target", TARGETS)
def test_symbols_may_be_called_anything(target: str) -> None:
    """Names of Python, of the library, and of what the function calls its own."""
    library = arrays(target)
    text = "y ~ Normal(values + penalty*torch + np*jnp + def, weights) with penalty, torch, np, jnp, weights fixed"
    f = load(lp.derive(text).code(target=target, name="y_", full=True), "y_")
    assert {"values_", "def_", "weights_"} <= set(arguments(f))
    got = f(**{n: library.array([0.5, 0.25]) for n in arguments(f)}, reduction="none")
    s = np.array([0.5, 0.25])
    assert same(got, (-s - 2 * s**2) ** 2 / (2 * s**2) + 0.5 * np.log(2 * np.pi * s**2))


def test_text_of_the_assumption_never_gets_out_of_the_docstring() -> None:
    for hostile in ['"""\nraise SystemExit\n"""', "\\", '\\"""', 'a"', '""', "\x00\u202e", "\\u0022\\u0022\\u0022"]:
        made = f'"""{in_docstring(hostile)}\n"""\nkept = 1\n'
        assert load(made, "kept") == 1
        assert load(f"kept = {made.partition(chr(10) + 'kept')[0]}", "kept").rstrip("\n").replace("\\u0000", "\x00").replace("\\u202e", "\u202e") == hostile


# -- formulas


@pytest.mark.parametrize("text", [id for id in BOOK.distribution_ids if BOOK.distribution(id).default])
def test_sympy_code_rebuilds_the_expression(text: str) -> None:
    d = lp.derive(text)
    domains = {n: s.domain for n, s in d.symbols.items()}
    indexed = [n for n, s in d.symbols.items() if s.indexed]
    wanted = to_sympy(d.objective, domains, indexed=indexed) if d.model.priors else to_sympy(d.loss, domains)
    pairs = [(load(d.code(target="sympy"), "loss"), wanted)]
    if not d.model.priors:
        pairs.append((load(d.code(target="sympy", full=True, name="f"), "f"), to_sympy(d.nll, domains)))
    for found, expected in pairs:
        assert found == expected or sympy.simplify(found - expected) == 0


def test_sympy_code_renames() -> None:
    text = lp.derive("y ~ Normal(exp*log(S), is) with is fixed where S > 0").code(target="sympy", name="e")
    assert 'exp = Symbol("exp", real=True)' in text
    found = load(text, "e")
    assert found.free_symbols >= {sympy.Symbol("exp", real=True), sympy.Symbol("S", positive=True)}


def test_latex_code_is_the_formula() -> None:
    assert lp.derive("gaussian").code(target="latex") == "(y - \\hat{y})^{2}\n"
    assert lp.derive("gaussian").code(target="tex", full=True) == "\\frac{(y - \\hat{y})^{2}}{2 \\sigma^{2}} + \\frac{1}{2} \\log(2 \\pi \\sigma^{2})\n"
    assert lp.derive("gaussian").code(target="latex", reduction="sum").startswith("\\sum_{i=1}^{n}")
    assert lp.derive(RIDGE).code(target="latex").startswith("\\sum_{i=1}^{n} (y_{i} - w x_{i})^{2} +")


# -- records


@pytest.mark.parametrize("target", TARGETS)
def test_record_is_used_and_complete(target: str) -> None:
    """Each helper is called by a template or a helper, each import by something, and each helper runs alone with what it calls."""
    t = BOOK.targets[target]
    texts = [*t.operators.values(), *t.helpers.values()]
    for name, code in t.helpers.items():
        assert any(re.search(rf"\b{name}\(", text) for text in texts if text is not code), name
    whole = "\n".join([*texts, *t.reduce.values(), t.first, t.convert, t.index, t.array, t.value])
    for name in t.imports:
        assert re.search(rf"\b{name}\b", whole), name
    called_there = {n for text in texts for n in re.findall(r"(?<![\w.])(_[a-z]\w*)\(", text)}
    assert called_there == set(t.helpers)


@pytest.mark.parametrize(("change", "message"), [
    ({"title": ""}, "target torch: title is missing"),
    ({"prints": "fortran"}, "target torch: prints is one of python, sympy, latex"),
    ({"colour": "red"}, "target torch: there is no field colour"),
    ({"order": ["data"]}, "target torch: order has data and learned, reduce has mean, sum, count"),
    ({"helpers": {"exp": "def exp(x): pass"}}, "target torch: the helper exp begins with an underscore and defines itself"),
    ({"prints": "latex"}, "target torch: order is for modules of arrays"),
])  # fmt: skip
def test_record_that_cannot_be_used_is_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(RecordError) as caught:
        target_from({**BOOK.targets["torch"].record, **change})
    assert caught.value.message == message


def test_a_target_is_one_record(tmp_path: Path) -> None:
    """What a new library needs is a file."""
    import shutil

    rules = tmp_path / "rules"
    shutil.copytree(BOOK.folder, rules)
    text = (rules / "targets" / "numpy.toml").read_text().replace('id = "numpy"', 'id = "mine"').replace('names = ["scipy"]\n', "")
    (rules / "targets" / "mine.toml").write_text(text.replace("np.abs(", "np.fabs("))
    code = lp.derive("laplace", book=Rulebook(rules)).code(target="mine")
    assert "values = np.fabs(y - yhat)" in code
    assert same(load(code, "loss")(Y, X), np.abs(Y - X).mean())


# -- errors and the command line


@pytest.mark.parametrize(("options", "kind", "message"), [
    ({"target": "pytorsh"}, UnknownNameError, "unknown-name: there is no target pytorsh\nnearest: pytorch, torch\ntry: one of jax, latex, numpy, sympy, torch"),
    ({"name": "a-b"}, UsageError, "usage: a-b cannot name a function here\ntry: letters, digits and underscores, no keyword, no module that the code imports"),
    ({"name": "class"}, UsageError, "usage: class cannot name a function here\ntry: letters, digits and underscores, no keyword, no module that the code imports"),
    ({"name": "np"}, UsageError, "usage: np cannot name a function here\ntry: letters, digits and underscores, no keyword, no module that the code imports"),
    ({"name": ""}, UsageError, "usage: nothing cannot name a function here\ntry: letters, digits and underscores, no keyword, no module that the code imports"),
    ({"name": "f", "target": "latex"}, UsageError, "usage: LaTeX code is a formula, which has no name\ntry: leave out --name"),
    ({"reduction": "max"}, UnsupportedError, "unsupported: there is no reduction max\nnearest: mean, sum, none"),
    ({"target": "latex", "full": True, "reduction": "sum"}, UnsupportedError,
     "unsupported: the NLL over the dataset is written by the targets that compute\ntry: --target numpy, or --reduction none"),
])  # fmt: skip
def test_errors(options: dict[str, Any], kind: type[LossproofError], message: str) -> None:
    with pytest.raises(kind) as caught:
        lp.derive("gaussian").code(**options)
    assert caught.value.render() == message


def test_operator_that_a_target_lacks(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["code", "von-mises-fisher", "--full", "--target", "torch"]) == 3
    assert capsys.readouterr().err == "unsupported: PyTorch has no log_besseli: numpy has it\ntry: --target numpy\n"


@pytest.mark.parametrize(("mean", "message"), [
    ("sum(j, 1, 2, sum(k, 1, 2, m*j*k))", "unsupported: a sum within a sum that uses both indices is not written for arrays"),
])  # fmt: skip
def test_what_arrays_cannot_say(mean: str, message: str) -> None:
    d = lp.derive(f"y ~ Normal({mean}, s) with s fixed")
    with pytest.raises(UnsupportedError) as caught:
        d.code()
    assert caught.value.render() == message


def test_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["code", "gaussian", "--free", "sigma", "--full", "--name", "gaussian_nll", "-o", str(tmp_path / "made.py")]) == 0
    f = load((tmp_path / "made.py").read_text(encoding="utf-8"), "gaussian_nll")
    assert same(f(Y, X, 2.0), 0.5 * ((Y - X) ** 2 / 4).mean() + np.log(2) + 0.5 * np.log(2 * np.pi))
    assert run(["code", "--density", "s/2 * exp(-s*|y - m|)", "--data", "y", "--fixed", "s", "--where", "s > 0", "--target", "latex"]) == 0
    assert capsys.readouterr().out == "\\lvert y - m \\rvert\n"
    assert run(["code"]) == 2
    assert capsys.readouterr().err == 'usage: what is assumed?\ntry: lossproof code "y ~ N(ŷ, σ²) with σ fixed" --target torch\n'
    assert run(["code", "gaussian", "--density", "1"]) == 2
    assert capsys.readouterr().err == "usage: --density stands in place of the assumption, not beside it\n"
    assert run(["list", "targets"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines() if line[0] != " "] == sorted(BOOK.targets)
    assert run(["list", "targets", "--format", "json"]) == 0
    assert {r["id"] for r in json.loads(capsys.readouterr().out)} == set(BOOK.targets)


def test_same_input_same_bytes() -> None:
    """In another process with another hash seed, and without loading a library."""
    script = "import sys, lossproof as lp; print(lp.derive('student-t').code(target='torch', full=True)); print(sorted({'numpy', 'torch', 'jax', 'sympy'} & set(sys.modules)))"
    made = {subprocess.run([sys.executable, "-c", script], capture_output=True, encoding="utf-8", check=True,
                           env={"PYTHONHASHSEED": seed, "PYTHONPATH": str(Path(lp.__file__).parent.parent), "PYTHONUTF8": "1"}).stdout for seed in "12"}  # fmt: skip
    assert len(made) == 1
    assert made.pop().endswith("[]\n")


def test_lines_are_short() -> None:
    for shape in SHAPES[::3]:
        for target in TARGETS:
            for line in lp.derive(shape.text, **shape.options).code(target=target, full=True).splitlines():
                assert len(line) <= 100, line


@pytest.mark.parametrize(("text", "values", "expected"), [
    ("y ~ Exponential(lam), lam = softplus(z)", {"y": 1.0, "z": -1e4}, 1e4),
    ("y ~ Bernoulli(p), p = 1 - exp(-exp(z))", {"y": 1.0, "z": -1e4}, 1e4),
    ("y ~ Bernoulli(p), p = 1 - exp(-exp(z))", {"y": 0.0, "z": -1e4}, 0.0),
    ("geometric", {"y": 3.0, "p": 1e-20}, 20 * np.log(10)),
])  # fmt: skip
def test_evaluation_takes_the_same_pass(text: str, values: dict[str, float], expected: float) -> None:
    """Numbers and arrays, far out in a link."""
    loss = lp.derive(text).loss
    assert loss.evaluate(values) == pytest.approx(expected, rel=1e-12, abs=1e-300)
    assert loss.evaluate({n: np.full(2, v) for n, v in values.items()}) == pytest.approx([expected] * 2, rel=1e-12, abs=1e-300)


def test_two_numbers_in_branches_take_the_dtype() -> None:
    needs("torch")
    import torch

    d = lp.derive("y ~ LeftCensored(Normal(mu, s), -1)")
    f = load(d.code(target="torch", full=True), "nll")
    arguments = {"mu": torch.tensor([0.25]).double(), "s": torch.tensor([1.5]).double(), "y": torch.tensor([0.5]).double()}
    true = float(d.nll.evaluate({"mu": 0.25, "s": 1.5, "y": 0.5}))
    assert float(f(**arguments)) == pytest.approx(true, rel=1e-14)


def test_a_learned_count_gives_no_dtype() -> None:
    needs("torch")
    import torch

    f = load(lp.derive("y ~ Binomial(n, p)").code(target="torch", full=True), "nll")
    found = f(n=torch.tensor([10]), p=torch.tensor([0.3]).double(), y=torch.tensor([3.0]))
    assert float(found) == pytest.approx(1.3212, abs=1e-4)
