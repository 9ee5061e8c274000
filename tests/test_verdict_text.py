"""A verdict for a terminal, as Markdown and as LaTeX. ``python tests/test_verdict_text.py`` writes the snapshots anew."""

from __future__ import annotations

import random
import re
import shutil
import subprocess
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

import lossproof as lp
from lossproof.render.comparison import scaled, statement
from lossproof.render.comparison_pages import verdict_latex
from lossproof.render.comparison_witness import enclosed, minus, number, point, signs
from lossproof.render.comparison_words import practice, proof_lines
from lossproof.render.layout import columns
from lossproof.syntax import parse_expression
from lossproof.terms import ONE, ZERO

SNAPSHOTS = Path(__file__).resolve().parent / "snapshots"
TEX = shutil.which("pdflatex")
_SGR = re.compile(r"\x1b\[\d*m")
Case = tuple[str, str, str, dict[str, Any]]
CASES: dict[str, Case] = {
    "halved": ("mean((y - w*x)^2)", "sum((y - w*x)^2)/2", "w", {}),
    "root": ("mean((y - yhat)^2)", "sqrt(mean((y - yhat)^2))", "yhat", {}),
    "absolute": ("mean((y - yhat)^2)", "mean(abs(y - yhat))", "yhat", {}),
    "gaussian": ("y ~ N(yhat, sigma^2) with sigma fixed", "mean((y - yhat)^2)", "yhat", {}),
    "logits": ("mean(softplus(z) - y*z)", "mean(-y*log(p) - (1 - y)*log(1 - p))", "z", {"let": ["p = sigmoid(z)"]}),
    "frozen": ("CE(p, q)", "KL(p, q)", "q", {}),
    "moving": ("CE(p, q)", "KL(p, q)", "theta", {"let": ["p = Bernoulli(theta)", "q = Bernoulli(phi)"]}),
    "stopped": ("CE(stop_gradient(p), q)", "KL(stop_gradient(p), q)", "z", {"let": ["p = softmax(z)", "q = softmax(2*z)"]}),
    "penalty": ("sum((y - w*x)^2) + lam*w^2", "y ~ Normal(w*x, sigma), w ~ Normal(0, tau) with x, sigma, tau fixed", "w", {}),
    "reversed": ("mean((y - mu)^2)", "-mean((y - mu)^2)", "mu", {}),
    "apart": ("log(w^2)", "2*log(w)", "w", {}),
    "named": ("A + w^2", "B + w^2", "w", {}),
    "constant": ("sum((y - w)^2)", "sum((y - v)^2)", "w", {}),
}
KEPT = ("root", "frozen", "moving")


@pytest.fixture(scope="module", params=sorted(CASES))
def verdict(request: pytest.FixtureRequest) -> lp.Verdict:
    a, b, learn, more = CASES[request.param]
    return lp.compare(a, b, learn=learn, **more)


def verdict_of(name: str) -> lp.Verdict:
    a, b, learn, more = CASES[name]
    return lp.compare(a, b, learn=learn, **more)


@pytest.mark.parametrize("name", KEPT)
def test_snapshot(name: str) -> None:
    assert verdict_of(name).text(width=80) == (SNAPSHOTS / f"verdict-{name}.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("width", [80, 100, 140])
@pytest.mark.parametrize("detail", ["paper", "full"])
def test_fits_the_page(verdict: lp.Verdict, detail: str, width: int) -> None:
    for line in verdict.text(width=width, detail=detail).split("\n"):
        assert columns(line) <= width, line
        assert line == line.rstrip(), line


def test_colour_changes_no_character(verdict: lp.Verdict) -> None:
    coloured = verdict.text(color=True)
    assert "\x1b[" in coloured
    assert _SGR.sub("", coloured) == verdict.text()


def test_lines_follow_one_another(verdict: lp.Verdict) -> None:
    lines = proof_lines(verdict)
    assert [line.number for line in lines] == list(range(1, len(lines) + 1))
    seen: set[str] = set()
    for line in lines:
        assert (line.left is not None) == (line.chain not in seen)
        assert line.rules or line.uses
        assert all(n < line.number for n in line.uses)
        seen.add(line.chain)
    if verdict.is_proved and lines:
        assert lines[-1].chain == "claim"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("halved", "A ≃ B   up to scale:  A = (2/n)·B"),
        ("root", "A ≅ B   same order:  A = B²"),
        ("absolute", "A ≇ B   refuted: two points that A and B order differently"),
        ("logits", "A = B   equal"),
        ("frozen", "A ≐ B   up to a constant:  A = B - Σₖ₌₁ᴷ pₖ·log pₖ"),
        ("apart", "A ? B   unknown: neither proved nor refuted"),
    ],
)
def test_statement(name: str, expected: str) -> None:
    v = verdict_of(name)
    assert statement(v) == expected
    assert expected in v.text().split("\n")


def test_what_is_said() -> None:
    assert "stop_gradient holds a value fixed" in " ".join(verdict_of("stopped").text().split())
    assert "B has nothing that is learned in it" in verdict_of("constant").text()
    assert "Proved if λ = σ²/τ²\n  A ≃ B   up to scale:  A = 2σ²·B" in verdict_of("penalty").text()
    assert "A is the ideal formula" in lp.compare("torch.nn.BCEWithLogitsLoss", "mean(softplus(z) - y*z)", learn="z").text()
    assert "ideal" not in lp.compare("MSE", "mean((y - yhat)^2)", learn="yhat").text()
    assert "lossproof check -" not in verdict_of("apart").text()
    assert "Nothing is claimed" in verdict_of("apart").text()


def test_a_user_s_names_are_not_taken() -> None:
    """Where A or B is a symbol, the proof writes the objectives in full."""
    text = verdict_of("named").text()
    assert "Within a formula A and B are symbols" in text
    assert "≐ B + w²" in text


def test_advice_comes_from_the_records() -> None:
    assert [id for id, _ in practice(verdict_of("frozen"))] == ["cross-entropy-kl"]
    assert "In practice" in verdict_of("moving").text()
    assert not practice(verdict_of("halved"))


def test_what_is_summed_carries_its_index() -> None:
    v = lp.compare("claims ~ LogNormal(m, tau) with tau fixed", "mean((log(claims) - m)^2)", learn="m", data="claims")
    assert statement(v) == "A ≃ B   up to scale:  A = (n/(2τ²))·B + Σᵢ log claimsᵢ + (n/2)·log 2 + (n/2)·log π + n·log τ"
    v = lp.compare("mean(u*(y - b*x)^2)", "mean((y - b*x)^2)", learn="b", data="x, u, y", where="u > 0")
    assert v.reason == "A has the term (Σᵢ uᵢ·bᵢ²·xᵢ²)/n, which moves with the parameters, and the other has nothing like it"


def test_an_assumption_about_numbers_is_shown() -> None:
    assert "where       1 < √π" in lp.derive("y ~ N(m, sqrt(pi) - 1)").text()
    assert "for      2 < exp(1)" in lp.compare("NLL(N(m, exp(1) - 2), y)", "mean((y - m)^2)", learn="m").text()


def test_scaled() -> None:
    assert scaled(ONE, ZERO, "B") == "B"
    assert scaled(parse_expression("2*s"), parse_expression("-c + d"), "B") == "2s·B - c + d"
    assert scaled(parse_expression("s/2"), parse_expression("c"), "NLL") == "(s/2)·NLL + c"


# -- numbers


def test_exact_numbers() -> None:
    half, third = Fraction(1, 2), Fraction(1, 3)
    assert number((half, half)) == "0.5"
    assert number((third, third)) == "1/3"
    assert number((float("inf"), float("inf"))) == "∞"
    assert number((Fraction(-1, 10**18), Fraction(1, 10**19))) == "0 ± 1e-18"
    assert signs([(half, half), (half, half)]) == "="
    assert signs([(third, third), (half, half)]) == "<"
    assert minus((half, half), (third, half)) == (0, Fraction(1, 6))
    assert point({"z": (half, third), "a": third}) == "a = 1/3, z = [1/2, 1/3]"


def test_shown_digits_are_certain() -> None:
    """What is cut off lies within one unit of the last digit, on the far side of zero."""
    rng = random.Random(7)
    for _ in range(500):
        middle = Fraction(rng.randint(-(10**12), 10**12), 10 ** rng.randint(0, 20) * rng.randint(1, 97))
        width = abs(middle) * Fraction(1, 10 ** rng.randint(3, 20))
        low, high = middle - width, middle + width
        shown = number((low, high))
        if shown.endswith("…"):
            digits = Decimal(shown.removesuffix("…"))
            exponent = digits.as_tuple().exponent
            assert isinstance(exponent, int)
            assert abs(Fraction(digits)) <= min(abs(low), abs(high)) + 0
            assert max(abs(low), abs(high)) < abs(Fraction(digits)) + Fraction(10) ** exponent


def test_enclosures_that_differ_look_different() -> None:
    close = [(Fraction(1, 3), Fraction(1, 3)), (Fraction(1, 3) + Fraction(1, 10**9),) * 2]
    shown = enclosed([(q, q + Fraction(1, 10**15)) for q, _ in close])
    assert shown[0] != shown[1]


# -- pages


def test_markdown_keeps_to_the_dialect(verdict: lp.Verdict) -> None:
    for detail in ("paper", "full"):
        text = verdict.markdown(detail=detail)
        assert text.count("$$") % 2 == 0
        for formula in re.findall(r"\$\$\n(.*?)\n\$\$", text, re.DOTALL):
            assert not re.search(r"\\[\\,;!{}_|]|[<>|*]", formula), formula


def test_latex_is_ascii(verdict: lp.Verdict) -> None:
    for detail in ("paper", "full"):
        text = verdict.latex(standalone=True, detail=detail)
        assert text.isascii()
        assert "U+" not in text


@pytest.mark.skipif(TEX is None, reason="pdflatex is not installed")
def test_latex_compiles(tmp_path: Path) -> None:
    """All verdicts in one document, without a box that is too full."""
    pages = [verdict_latex(verdict_of(name), standalone=True).partition(r"\begin{document}") for name in sorted(CASES)]
    head = pages[0][0] + pages[0][1]
    bodies = [body.replace(r"\end{document}", "") for _, _, body in pages]
    (tmp_path / "all.tex").write_text(head + "\n".join(bodies) + "\\end{document}\n", encoding="ascii")
    done = subprocess.run(
        [str(TEX), "-interaction=nonstopmode", "-halt-on-error", "all.tex"], cwd=tmp_path, capture_output=True, timeout=120, check=False
    )
    log = done.stdout.decode("latin-1")
    assert done.returncode == 0, log[-2000:]
    assert "Overfull" not in log
    assert "undefined" not in log


def test_a_detail_that_is_not_there() -> None:
    with pytest.raises(ValueError, match="paper or full"):
        verdict_of("halved").markdown(detail="short")


if __name__ == "__main__":
    for name in KEPT:
        (SNAPSHOTS / f"verdict-{name}.txt").write_text(verdict_of(name).text(width=80), encoding="utf-8")
