"""A derivation for a terminal. ``python tests/test_text.py`` writes the snapshots anew."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import lossproof as lp
from lossproof.facts import propositions
from lossproof.render.layout import columns, wrap_formula, wrap_words
from lossproof.render.paper import paper_lines
from lossproof.render.text import claim, derivation_text
from lossproof.render.words import as_written, assumption_in_words, caveats, pretty_assumption, spoken
from lossproof.rulebook import Rulebook
from lossproof.syntax import parse_condition

SNAPSHOTS = Path(__file__).resolve().parent / "snapshots"
RIDGE = "y ~ Normal(w*x, sigma), w ~ Normal(0, tau) with sigma, tau fixed"
MIXTURE = "y ~ Mixture(w, Normal(m1, s1), Normal(m2, s2))"
ZERO_INFLATED = "y ~ ZeroInflated(Poisson(lam), pi0)"
OTHERS = [
    RIDGE,
    MIXTURE,
    ZERO_INFLATED,
    "y ~ RightCensored(Weibull(k, lam), d_i) with d_i fixed",
    "y ~ Truncated(Normal(mu, sigma), 0, oo) with sigma fixed",
    "y ~ Normal(m*x + c, sigma_i) with sigma_i fixed",
    "y ~ Normal(mu, sigma)",
    "y ~ Uniform(0, theta)",
]
DEFAULTS = [id for id in Rulebook.default().distribution_ids if Rulebook.default().distribution(id).default]
_SGR = re.compile(r"\x1b\[\d*m")


def shown() -> dict[str, str]:
    """What the snapshots hold, by the name of their file."""
    gaussian = lp.derive("gaussian")
    return {
        "gaussian-80.txt": gaussian.text(width=80),
        "gaussian-140.txt": gaussian.text(width=140),
        "gaussian-full.txt": gaussian.text(width=80, detail="full"),
        "gaussian-free-sigma.txt": derivation_text(lp.derive("gaussian", free=["sigma"]), before=gaussian),
        "ridge.txt": lp.derive(RIDGE).text(width=80),
        "mixture.txt": lp.derive(MIXTURE).text(width=80),
        "zero-inflated.txt": lp.derive(ZERO_INFLATED).text(width=80),
        "softmax.txt": lp.derive("categorical").text(width=80),
    }


@pytest.mark.parametrize("name", sorted(shown()))
def test_snapshot(name: str) -> None:
    assert shown()[name] == (SNAPSHOTS / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("width", [80, 100, 140])
@pytest.mark.parametrize("detail", ["paper", "full"])
@pytest.mark.parametrize("assumption", [*DEFAULTS, *OTHERS])
def test_fits_the_page(assumption: str, detail: str, width: int) -> None:
    for line in lp.derive(assumption).text(width=width, detail=detail).split("\n"):
        assert columns(line) <= width, line
        assert line == line.rstrip(), line


@pytest.mark.parametrize("assumption", [*DEFAULTS, *OTHERS])
def test_colour_changes_no_character(assumption: str) -> None:
    d = lp.derive(assumption)
    coloured = d.text(color=True)
    assert "\x1b[" in coloured
    assert _SGR.sub("", coloured) == d.text()
    assert "\x1b" not in d.text()


@pytest.mark.parametrize("assumption", [*DEFAULTS, *OTHERS])
def test_lines_follow_one_another(assumption: str) -> None:
    d = lp.derive(assumption)
    lines = paper_lines(d)
    assert [line.number for line in lines] == list(range(1, len(lines) + 1))
    ends = {c.name: (c.theorem.left, c.theorem.right) for c in d.proof.chains}
    assert [line.chain for line in lines if line.left is not None] == list(dict.fromkeys(line.chain for line in lines))
    for chain, (left, right) in ends.items():
        mine = [line for line in lines if line.chain == chain]
        assert mine[0].left is left
        assert mine[-1].right is right
    for line in lines:
        assert line.rules
        assert line.reason
        assert all(n < line.number for n in line.uses)


def test_a_gaussian_takes_six_to_ten_lines() -> None:
    assert 6 <= len(paper_lines(lp.derive("gaussian"))) <= 10


def test_full_detail_shows_every_step() -> None:
    d = lp.derive(RIDGE)
    text = d.text(detail="full")
    numbered = re.findall(r"^ {0,3}(\d+)  ([\w-]+) +at ", text, re.MULTILINE)
    assert [(int(n), rule) for n, rule in numbered] == [(s.id, s.rule) for s in d.proof.steps]


def test_the_assumption_in_words() -> None:
    rows = [(label, spoken(words, str)) for label, words in assumption_in_words(lp.derive("y ~ Normal(m*x + c, sigma) with sigma fixed"))]
    assert rows == [
        ("model", "Normal (Gaussian); n independent samples"),
        ("data", "y and x, real"),
        ("learned", "m and c, real; any model f_θ(x), or one value for all samples"),
        ("fixed", "σ, positive"),
        ("convention", "Normal(mu, sigma) takes the standard deviation; N(m, v) the variance."),
        ("note", "x is read as data: it varies with the sample."),
    ]


def test_the_result() -> None:
    assert claim(lp.derive("gaussian")) == "(n/(2σ²))·L + (n/2)·log(2πσ²)"
    assert claim(lp.derive("y ~ Uniform(0, theta)")) == "n·L"
    assert "is ridge regression with λ = σ²/τ²: the same minimisers." in " ".join(lp.derive(RIDGE).text().split())


def test_what_it_is_not_safe_for() -> None:
    assert [spoken(words, str) for words in caveats(lp.derive("gaussian"))] == [
        "Outliers: a single large error dominates the sum.",
        "Penalties and step sizes set for the NLL: divide the former and multiply the latter by n/(2σ²).",
        "Likelihood values: choosing σ, a likelihood ratio or an information criterion needs the NLL with its constants.",
    ]


def test_a_hundred_parameters_are_counted() -> None:
    d = lp.derive("y ~ Normal(" + " + ".join(f"w{k}*x_{k}" for k in range(100)) + ", 1)")
    assert "Maximum likelihood for all 100 parameters" in " ".join(d.text().split())


@pytest.mark.parametrize(
    ("condition", "written"),
    [("a > b", "a > b"), ("1 - a > 0", "a < 1"), ("y - c >= 0", "y ≥ c"), ("a + b > 0", "a + b > 0"), ("K >= 1", "K ≥ 1")],
)
def test_propositions_are_shown_as_conditions(condition: str, written: str) -> None:
    (proposition,) = propositions(parse_condition(condition))
    assert str(as_written(proposition)) == written


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("y ~ N(yhat, sigma^2) with sigma fixed", "y ~ N(ŷ, σ²) with σ fixed"),
        ("y ~ Beta(alpha, beta)", "y ~ Beta(α, β)"),
        ("y ~ Normal(w*x, s_i), w ~ StdNormal() with s_i fixed", "y ~ Normal(w*x, sᵢ), w ~ StdNormal() with sᵢ fixed"),
        ("y ~ Gamma(mean=yhat, shape=k), yhat = exp(eta)", "y ~ Gamma(mean=ŷ, shape=k), ŷ = exp(η)"),
    ],
)
def test_pretty_assumptions(text: str, written: str) -> None:
    assert pretty_assumption(text) == written


class TestLayout:
    def test_breaks_before_plus_outside_brackets(self) -> None:
        assert wrap_formula("f(a + b) + g(c + d)", 12, 12) == ["f(a + b)", "+ g(c + d)"]

    def test_breaks_cases_between_branches(self) -> None:
        assert wrap_formula("{ a + b if y = 0; c + d otherwise }", 22, 22) == ["{ a + b if y = 0;", "c + d otherwise }"]

    def test_never_inside_the_condition(self) -> None:
        assert all(not row.startswith("= ") for row in wrap_formula("{ aaaaaaaa if yyyy = 0; b otherwise }", 18, 18))

    def test_cuts_what_has_no_place_to_break(self) -> None:
        assert wrap_formula("x" * 30, 12, 12) == ["x" * 12, "x" * 12, "x" * 6]

    def test_nothing_is_lost(self) -> None:
        formula = str(lp.derive(MIXTURE).nll)
        for width in range(12, 90):
            assert "".join(wrap_formula(formula, width, width)).replace(" ", "") == formula.replace(" ", "")

    def test_words(self) -> None:
        assert wrap_words("one two three", 7, 7) == ["one two", "three"]
        assert wrap_words("", 7, 7) == [""]

    @pytest.mark.parametrize(("text", "width"), [("abc", 3), ("ŷ", 1), ("θ\u0302", 1), ("漢", 2), ("", 0)])
    def test_columns(self, text: str, width: int) -> None:
        assert columns(text) == width


if __name__ == "__main__":
    SNAPSHOTS.mkdir(exist_ok=True)
    for file, content in shown().items():
        (SNAPSHOTS / file).write_text(content, encoding="utf-8")
