"""Pictures: what is drawn is what the terms say, at every family's default assumption; the same picture has the same bytes."""

from __future__ import annotations

import io
import math
import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import lossproof as lp
from lossproof.cli import main
from lossproof.errors import LossproofError, MissingSystemError
from lossproof.render import pictures
from lossproof.render.curves import exact_derivative
from lossproof.render.mathtext import is_taken
from lossproof.render.mathtext import math as mathtext
from lossproof.render.settings import number
from lossproof.render.views import view_of
from lossproof.render.words import pretty_assumption
from lossproof.rulebook import Rulebook
from lossproof.syntax import pretty
from lossproof.terms import symbols

BOOK = Rulebook.default()
FAMILIES = [id for id in BOOK.distribution_ids if BOOK.distribution(id).default is not None]
ROBUST = ["gaussian", "laplace", "huber", "student-t", "cauchy"]
DOCS = Path(__file__).resolve().parent.parent / "docs" / "pictures"
SVG = "{http://www.w3.org/2000/svg}"


def refusal(d: lp.Derivation) -> str | None:
    """What is said of an assumption that cannot be drawn: a vector, a matrix, a parameter that is a whole number."""
    title = pretty_assumption(d.assumption)
    for name in sorted(symbols(d.nll)):
        shape = d.symbols[name].shape
        if shape != "scalar":
            what = "matrix" if " x " in shape else "vector"
            return (
                f"shape: {pretty(name)} is a {what} in {title}: a picture has one axis for the data and one for what is learned\n"
                "try: the same assumption for one number, such as y ~ Normal(mu, sigma)"
            )
    whole = [n for n in d.model.parameters if str(d.symbols[n].domain.value) in ("naturals", "integers")]
    if whole:
        return f"unsupported: {pretty(whole[0])} is a whole number in {title}: there is no derivative in it to draw"
    return None


@cache
def sketched(*assumptions: str, **options: Any) -> Any:
    """The numbers behind a figure."""
    given = pictures._Options(options.get("at"), options.get("range"), options.get("along"), "light")
    return pictures._sketches([lp.derive(a) for a in assumptions], given)


def values_at(sketch: Any, losses: Any, x: float) -> dict[str, float]:
    """The symbols' values at a point of the variable, by their names in the assumption; a residual is that of y = 0.25."""
    view = sketch.view
    values = {n: number(v) for n, v in sketch.values.items()}
    if view.is_residual:
        assert view.prediction.op == "sym"
        return {**values, view.variate: 0.25, str(view.prediction.value): 0.25 - x}
    if losses.observed is not None:
        values[view.variate] = number(losses.observed)
    return {**values, view.moving: x}


@pytest.mark.parametrize("family", FAMILIES)
def test_curves_are_the_terms(family: str) -> None:
    """Of each curve a sample of points: the density, NLL, scale · loss, the constant between them, and the derivative."""
    d = lp.derive(family)
    expected = refusal(d)
    if expected is not None:
        with pytest.raises(LossproofError) as caught:
            d.plot()
        assert str(caught.value) == expected
        return
    (sketch,), (low, high) = sketched(family)
    assert low < high
    for losses in sketch.losses:
        finite = np.flatnonzero(np.isfinite(losses.nll.y) & np.isfinite(losses.kept.y))
        assert len(finite) > 300
        between = losses.nll.y[finite] - losses.kept.y[finite]
        assert (np.abs(between - losses.constant) <= 1e-9 + 1e-14 * np.abs(losses.nll.y[finite])).all()
        variate, at_zero = sketch.view.variate, sketch.view.is_residual
        for i in finite[5 :: len(finite) // 12][:-1]:
            x = float(losses.nll.x[i])
            values = values_at(sketch, losses, x)
            assert math.isclose(d.nll.evaluate(values), losses.nll.y[i], rel_tol=1e-9, abs_tol=1e-9)
            shown = {**values, variate: 0.0, str(sketch.view.prediction.value): -x} if at_zero else values
            assert math.isclose(d.scale.evaluate(shown) * d.loss.evaluate(shown), losses.kept.y[i], rel_tol=1e-9, abs_tol=1e-9)
            assert math.isclose(d.offset.evaluate(shown), losses.constant, rel_tol=1e-9, abs_tol=1e-9)
        check_derivative(d, sketch, losses)
    y = sketch.density.y[np.isfinite(sketch.density.y)]
    assert len(y) > 1
    assert (y >= 0).all()


def check_derivative(d: lp.Derivation, sketch: Any, losses: Any) -> None:
    """psi is the derivative of the loss by the prediction or the parameter, times the scale: by differences of the loss itself."""
    learned = str(sketch.view.prediction.value) if sketch.view.is_residual else sketch.view.moving
    finite = np.flatnonzero(np.isfinite(losses.psi.y))
    assert len(finite) > 300
    checked = 0
    for i in finite[7 :: len(finite) // 15][:-1]:
        x = float(losses.psi.x[i])
        neighbours = losses.psi.y[max(i - 1, 0) : i + 2]
        if not np.isfinite(neighbours).all():
            continue
        h = 1e-5 * max(1e-2, min(abs(x), 1.0))
        values = values_at(sketch, losses, x)
        sides = [d.loss.evaluate({**values, learned: values[learned] + k * h}) for k in (-2, -1, 1, 2)]
        slope = d.scale.evaluate(values) * (sides[0] - 8 * sides[1] + 8 * sides[2] - sides[3]) / (12 * h)
        assert math.isclose(slope, losses.psi.y[i], rel_tol=1e-4, abs_tol=1e-5), (x, slope, losses.psi.y[i])
        checked += 1
    assert checked > 5


@pytest.mark.parametrize("family", FAMILIES)
def test_every_figure_is_drawn(family: str) -> None:
    """Three labelled panels, with the values that were used; every line of the panels is one of the curves."""
    d = lp.derive(family)
    if refusal(d) is not None:
        return
    figure = d.plot()
    assert len(figure.axes) == 3
    (sketch,), _ = sketched(family)
    top, middle, bottom = figure.axes
    assert all(axes.get_ylabel() and axes.get_title(loc="left") for axes in figure.axes)
    assert bottom.get_xlabel()
    drawn = [line.get_ydata() for line in middle.get_lines() if len(line.get_ydata())]
    for losses in sketch.losses:
        assert any(np.array_equal(y, losses.nll.y, equal_nan=True) for y in drawn)
        assert any(np.array_equal(line.get_ydata(), losses.psi.y, equal_nan=True) for line in bottom.get_lines())
    assert any(np.array_equal(line.get_ydata(), sketch.density.y, equal_nan=True) for line in top.get_lines())
    said = figure.get_suptitle()
    for name in sketch.view.others:
        assert f"{pretty(name)} = {sketch.values[name]}" in said


# -- what it runs over


@pytest.mark.parametrize(
    ("assumption", "axis"),
    [
        ("gaussian", "y - ŷ"),
        ("y ~ Normal(w*x + c, sigma) with x, sigma fixed", "y - (w·x + c)"),
        ("asymmetric-laplace", "y - ŷ"),
        ("gumbel", "y - ŷ"),
        ("exp-mod-normal", "y - ŷ"),
        ("von-mises", "y - ŷ"),
        ("y ~ Weighted(Laplace(m, b), w_i) with b, w_i fixed", "y - m"),
        ("y ~ N(mu, sigma^2)", "y - μ"),
        ("y ~ Truncated(Normal(mu, sigma), 0, oo) with sigma fixed", "μ"),
        ("log-normal", "ŷ"),
        ("poisson", "ŷ"),
        ("bernoulli", "z"),
        ("y ~ Mixture(w, Normal(m_1, s), Normal(m_2, s)) with s fixed", "w"),
        ("y ~ Normal(w*x, sigma), w ~ Normal(0, tau) with x, sigma, tau fixed", "w"),
    ],
)
def test_axis(assumption: str, axis: str) -> None:
    assert view_of(lp.derive(assumption)).axis == axis


def test_along_names_another_parameter() -> None:
    d = lp.derive("y ~ N(mu, sigma^2)")
    assert view_of(d, "sigma").axis == "σ"
    assert view_of(d, "mu").axis == "y - μ"
    assert d.plot(along="σ").axes[2].get_xlabel() == r"$\sigma$"


@pytest.mark.parametrize(
    ("assumption", "shown"),
    [
        ("student-t", "at ν = 2, σ = 1"),
        ("generalized-normal", "at α = 1, β = 1.5"),
        ("gamma", "at k = 2"),
        ("exp-mod-normal", "at λ = 1, σ = 1"),
        ("binomial", "at n = 10"),
        ("asymmetric-laplace", "at σ = 1, τ = ¼"),
        ("y ~ RightCensored(Exponential(lam), d_i) with d_i fixed", "at dᵢ = 1"),
        ("y ~ Pareto(m, alpha) with m fixed", "at m = 1"),
        ("y ~ Normal(mu, sigma) with sigma fixed where sigma > 3", "at σ = 5"),
    ],
)
def test_values_that_are_found(assumption: str, shown: str) -> None:
    assert shown in lp.plot(assumption).get_suptitle()


def test_kinks_and_jumps_are_no_vertical_lines() -> None:
    """The pull of absolute error is 1 or -1 and nothing between; that of squared error has no gap."""
    (laplace,), _ = sketched("laplace")
    psi = laplace.losses[0].psi
    assert set(np.unique(psi.y[np.isfinite(psi.y)])) == {-1.0, 1.0}
    assert np.isnan(psi.y).sum() == 1
    (normal,), _ = sketched("normal")
    assert not np.isnan(normal.losses[0].psi.y).any()
    (huber,), _ = sketched("huber", at="delta = 1")
    assert not np.isnan(huber.losses[0].psi.y).any()
    assert np.max(np.abs(huber.losses[0].psi.y)) == 1.0


def test_derivatives_are_exact_where_sympy_has_them() -> None:
    found = {f: exact_derivative(v.kept, v.moving, v) for f in FAMILIES if refusal(lp.derive(f)) is None for v in [view_of(lp.derive(f))]}
    assert sorted(f for f, term in found.items() if term is None) == ["arcsine", "zeta"]


def test_lost_digits_are_found_again() -> None:
    """Far in the tail SymPy's formula is a quotient of nothing by nothing; the curve stays smooth."""
    (sketch,), _ = sketched("y ~ Truncated(Normal(mu, sigma), 0, oo) with sigma fixed", range="-12, 4")
    psi = sketch.losses[0].psi.y
    assert np.isfinite(psi).all()
    assert (np.diff(psi) > -1e-4).all()


def test_binary_data_are_drawn_both() -> None:
    (sketch,), _ = sketched("bernoulli")
    assert [str(losses.observed) for losses in sketch.losses] == ["0", "1"]
    (sketch,), _ = sketched("bernoulli", at="y = 1")
    assert [str(losses.observed) for losses in sketch.losses] == ["1"]


def test_several_share_their_axes() -> None:
    figure = lp.plot(ROBUST, at="nu = 3", range="-4, 4")
    assert len(figure.axes) == 3
    assert all(axes.get_xlim() == (-4.0, 4.0) for axes in figure.axes)
    (legend,) = figure.legends
    entries = [entry.get_text() for entry in legend.get_texts()]
    assert len(entries) == 5
    assert "at ν = 3, σ = 1" in entries[3]
    styles = {(line.get_color(), line.get_linestyle()) for line in figure.axes[2].get_lines()[1:]}
    assert len({colour for colour, _ in styles}) == 5
    sketches, _ = sketched(*ROBUST, at="nu = 3", range="-4, 4")
    for sketch, entry in zip(sketches, entries, strict=True):
        assert f"dropped {sketch.losses[0].constant:#.3g}" in entry


def test_counts_share_their_axes() -> None:
    figure = lp.plot(["poisson", "neg-binomial2"])
    assert figure.axes[1].get_title(loc="left") == "NLL without its constant, at $y = 3$"


def test_prior_is_said() -> None:
    figure = lp.plot("std-normal", at="x = 1, y = 2")
    assert figure.axes[0].get_title(loc="left") == "likelihood times prior, at $y = 2$"
    assert figure.axes[0].get_ylabel() == r"$\exp(-\mathrm{NLL})$"


# -- images


def test_nothing_of_pyplot_is_touched() -> None:
    code = "import sys, lossproof as lp; lp.derive('laplace').plot(); assert 'matplotlib.pyplot' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)


@pytest.mark.parametrize("form", pictures.FORMATS)
def test_same_picture_same_bytes(form: str) -> None:
    one, two = (pictures.image(lp.plot(["laplace", "poisson"][:1]), form) for _ in range(2))
    assert one == two
    assert one[:5] == {"svg": b"<?xml", "png": b"\x89PNG\r", "pdf": b"%PDF-"}[form]
    assert not re.search(rb"20[2-9]\d-[01]\d-[0-3]\d", one)


def test_user_settings_change_nothing() -> None:
    import matplotlib as mpl

    plain = pictures.image(lp.plot("laplace"), "svg")
    with mpl.rc_context({"lines.linewidth": 9, "font.size": 30, "axes.facecolor": "red"}):
        assert pictures.image(lp.plot("laplace"), "svg") == plain


def test_dark_differs() -> None:
    assert pictures.image(lp.plot("laplace", style="dark"), "svg") != pictures.image(lp.plot("laplace"), "svg")


def test_embedded_pictures_do_not_clash() -> None:
    """Two in one page: no id twice, every reference leads to an id of its own picture."""
    from xml.etree import ElementTree

    one, two = pictures.svg("laplace"), pictures.svg(lp.derive("y ~ Poisson(lam) where lam < 9"))
    page = f"<html>{one}{two}</html>"
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    for svg in (one, two):
        own = set(re.findall(r'\bid="([^"]+)"', svg))
        assert set(re.findall(r'(?:href="#|url\(#)([^")]+)', svg)) <= own
        root = ElementTree.fromstring(svg)
        assert root.tag == f"{SVG}svg"
        title = root.find(f"{SVG}title")
        assert title is not None
        assert (title.text or "").startswith("Density, negative log-likelihood with loss, and influence function: y ~ ")
        assert "<?xml" not in svg
        assert "DOCTYPE" not in svg
    assert pictures.svg("laplace") == one


def test_notebooks_show_a_figure() -> None:
    from IPython.core.formatters import DisplayFormatter

    data, metadata = DisplayFormatter().format(lp.plot("laplace"))
    assert data["image/png"][:4] == b"\x89PNG"
    assert metadata["image/png"] == {"width": 461, "height": 605}


def test_wide_figures_have_their_panels_side_by_side() -> None:
    figure = lp.plot("laplace", width=12, height=4)
    assert len({axes.get_position().y0 for axes in figure.axes}) == 1
    assert all(axes.get_xlabel() for axes in figure.axes)


def test_formulas_are_what_matplotlib_takes() -> None:
    for family in FAMILIES:
        d = lp.derive(family)
        for term in (d.loss, d.scale, d.offset):
            shown = mathtext(term)
            assert not shown.startswith("$") or is_taken(shown)
    assert mathtext(lp.derive("laplace").loss) == r"$| y - \hat{y} |$"


# -- the picture of the README


def test_readme_picture_is_kept() -> None:
    """The same words and as many lines as the stored file: outlines differ between versions of matplotlib."""
    stored = (DOCS / "robust.svg").read_text(encoding="utf-8")
    fresh = pictures.image(lp.plot(ROBUST, at="nu = 3", range="-5, 5", width=11, height=4.6), "svg").decode()
    for mark in ("<!-- ", 'id="line2d_', 'id="axes_'):
        assert stored.count(mark) == fresh.count(mark), mark
    assert re.findall(r"<!-- (.*?) -->", stored) == re.findall(r"<!-- (.*?) -->", fresh)


# -- errors


@pytest.mark.parametrize(("text", "mean"), [("y ~ Poisson(lam)", "lam = 420"), ("y ~ Poisson(lam)", "lam = 2000"), ("y ~ Poisson(lam)", "lam = 1000000")])
def test_many_counts_are_found_where_they_are(text: str, mean: str) -> None:
    """The mass stands around its mean."""
    figure = lp.derive(text).plot(at=mean)
    low, high = figure.axes[0].get_xlim()
    true = float(mean.split("=")[1])
    assert low < true < high
    assert high - low < 12 * true**0.5


def test_a_narrow_peak_keeps_its_height() -> None:
    for wide in ("-50, 50", "-400, 400"):
        figure = lp.derive("gaussian").plot(range=wide)
        assert 0.39 < figure.axes[0].get_ylim()[1] < 0.5


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("gaussian", "usage: a picture needs a file to go to\ntry: -o picture.svg\n"),
        ("-o a.svg", "usage: what is to be drawn?\ntry: lossproof plot gaussian -o gaussian.svg\n"),
        ("gaussian -o a.gif", "usage: a.gif ends in none of .svg, .png, .pdf\ntry: --format svg\n"),
        ("gaussian -o -", "usage: stdout has no suffix\ntry: --format svg\n"),
        ("gaussian -o a.svg --at|sigma = -1", "domain: σ = -1 is not in its domain, positive\n    sigma = -1\n    ^^^^^\n"),
        (
            "gaussian -o a.svg --at|simga = 1",
            "unknown-name: simga does not occur in the assumption\n    simga = 1\n    ^^^^^\nnearest: σ\n",
        ),
        ("gaussian -o a.svg --at|y = 1", "usage: the picture runs over y - ŷ: it has no value for y\n    y = 1\n    ^\n"),
        (
            "gaussian -o a.svg --at|sigma = 1, σ = 2",
            "duplicate: σ is given twice\n    sigma = 1, σ = 2\n               ^\n",
        ),
        ("gaussian -o a.svg --at|sigma = a", "kind: the value of σ is no number: a\n    sigma = a\n    ^^^^^\n"),
        (
            "gaussian -o a.svg --at|sigma ~ Normal(0, 1)",
            "syntax: a value is expected, not a distribution\n    sigma ~ Normal(0, 1)\n    ^^^^^\ntry: sigma = 2, nu = 3\n",
        ),
        (
            "gaussian -o a.svg --at|sigma = 1 with s fixed",
            "syntax: only values stand here\n    sigma = 1 with s fixed\n                   ^\ntry: sigma = 2, nu = 3\n",
        ),
        ("gaussian -o a.svg --at|sigma = oo", "domain: the value of σ is not finite\n    sigma = oo\n    ^^^^^\n"),
        ("gaussian -o a.svg --range 5", 'usage: a range is two numbers\ntry: --range "-5, 5"\n'),
        (
            "gaussian -o a.svg --range|5, 1",
            'usage: a range runs from a smaller number to a larger one, both finite\ntry: --range "-5, 5"\n',
        ),
        ("gaussian -o a.svg --range|a, 1", 'usage: a range is two numbers, and a is none\ntry: --range "-5, 5"\n'),
        (
            "gaussian poisson -o a.svg",
            "unsupported: these share no axis: y ~ N(ŷ, σ²) with σ fixed is drawn over y - ŷ, and y ~ Poisson(ŷ) is drawn"
            " over ŷ at one y\ntry: a picture for each\n",
        ),
        ("gaussian -o a.svg --along tau", "unknown-name: τ is not learned in y ~ N(ŷ, σ²) with σ fixed\nnearest: ŷ\n"),
        ("gaussian -o a.svg --width 100", "usage: a width of 100 inches: it is from 4 to 40\n"),
        ("zeta -o a.svg --at|s = 1/2", "domain: s - 1 > 0 does not hold for s = ½\n    s = 1/2\n    ^\n"),
        (
            "binomial -o a.svg --at|n = 3, y = 5",
            "domain: n - y ≥ 0 does not hold for n = 3, y = 5\n    n = 3, y = 5\n    ^\n",
        ),
        (
            "poisson -o a.svg --range|-5, -1",
            "unsupported: y ~ Poisson(ŷ) has no value anywhere in this range\ntry: another --range, or other values with --at\n",
        ),
        ("gaussian -o /nowhere/a.svg", "usage: cannot write /nowhere/a.svg: No such file or directory\n"),
        (
            " ".join(["gaussian"] * 9) + " -o a.svg",
            "usage: 9 assumptions are too many to tell apart: a picture has at most 8\n",
        ),
    ],
)
def test_errors(arguments: str, said: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    head, *rest = arguments.split("|")
    assert main(["plot", *head.split(), *rest]) in (2, 3)
    assert capsys.readouterr().err == said
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"style": "blue"}, "usage: there is no style blue\nnearest: light, dark"),
        ({"at": {"sigma": "a b"}}, None),
        ({"at": {"sigma": None}}, "kind: the value of σ is no number: None"),
        ({"at": {"sigma": float("nan")}}, "kind: the value of σ is no number: nan"),
        ({"range": (1, 2, 3)}, 'usage: a range is two numbers\ntry: --range "-5, 5"'),
    ],
)
def test_errors_in_python(options: dict[str, Any], said: str | None) -> None:
    with pytest.raises(LossproofError) as caught:
        lp.plot("gaussian", **options)
    assert said is None or str(caught.value) == said


def test_nothing_to_draw() -> None:
    with pytest.raises(LossproofError, match="what is to be drawn"):
        lp.plot([])
    with pytest.raises(LossproofError, match="there is no picture format gif"):
        pictures.image(lp.plot("laplace"), "gif")


def test_without_matplotlib(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(MissingSystemError) as caught:
        lp.plot("gaussian")
    assert str(caught.value) == 'missing-system: pictures need matplotlib, NumPy and SciPy\ntry: pip install "lossproof[plot]"'


# -- the command line


@pytest.mark.parametrize(("name", "magic"), [("a.svg", b"<?xml"), ("a.png", b"\x89PNG"), ("a.PDF", b"%PDF")])
def test_suffix_decides(name: str, magic: bytes, tmp_path: Path) -> None:
    assert main(["plot", "laplace", "-o", str(tmp_path / name)]) == 0
    assert (tmp_path / name).read_bytes().startswith(magic)


def test_stdout_gets_the_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    class Out(io.TextIOWrapper):
        pass

    out = Out(io.BytesIO(), encoding="utf-8")
    monkeypatch.setattr(sys, "stdout", out)
    assert main(["plot", "laplace", "--format", "png", "-o", "-"]) == 0
    assert out.buffer.getvalue().startswith(b"\x89PNG")  # type: ignore[attr-defined]


def test_roles_and_values_reach_the_picture(tmp_path: Path) -> None:
    given = ["plot", "gaussian", "--free", "sigma", "--along", "sigma", "--at", "y = 2", "--at", "yhat = 0", "-o", str(tmp_path / "a.svg")]
    assert main(given) == 0
    assert "y ~ N" in (tmp_path / "a.svg").read_text(encoding="utf-8")
