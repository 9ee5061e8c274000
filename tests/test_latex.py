"""A derivation as LaTeX: what it says, and that pdflatex sets every one. ``python tests/test_latex.py`` writes the snapshots anew."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapes import SHAPES

import lossproof as lp
from lossproof.derivation import Derivation
from lossproof.render.breaking import Formula, Page, adaptive, rows
from lossproof.render.escape import code_latex, comment, escape_latex
from lossproof.render.latex import PREAMBLE
from lossproof.render.mathematics import Formulas
from lossproof.rulebook import Rulebook

SNAPSHOTS = Path(__file__).resolve().parent / "snapshots"
RIDGE = "y ~ Normal(w*x, sigma), w ~ Normal(0, tau) with sigma, tau fixed"
MIXTURE = "y ~ Mixture(w, Normal(m1, s1), Normal(m2, s2))"
DEFAULTS = [id for id in Rulebook.default().distribution_ids if Rulebook.default().distribution(id).default]
INSTALL = "pdflatex is not here: apt-get install texlive-latex-recommended texlive-latex-extra texlive-fonts-recommended lmodern"
PACKAGES = r"""
\usepackage[T1]{fontenc}
\usepackage{lmodern}
\usepackage{amssymb}
\usepackage{booktabs}
\usepackage{hyperref}
\usepackage{amsmath}
\usepackage{amsthm}
\usepackage{cleveref}
"""
FAULTS = re.compile(r"^(?:! .*|Overfull .*|.*undefined.*|.*multiply defined.*)$", re.MULTILINE)
HOSTILE = "\\input{/etc/passwd} $x_1^2$ & % # ~ {y} ^^41 \\end{document} \"'`<|>\n\n\\def\\x{} \u2028 \u202e ŷ σ² 漢 ½ \x07"


@cache
def derivations() -> tuple[Derivation, ...]:
    """Every family's default and every shape, each assumption once."""
    found = {d.assumption: d for d in map(lp.derive, DEFAULTS)}
    found.update((d.assumption, d) for d in (lp.derive(s.text) for s in SHAPES))
    return tuple(found.values())


@cache
def latex(d: Derivation, detail: str = "paper") -> str:
    """A derivation's LaTeX, written once for all that look at it."""
    return d.latex(detail=detail)


def shown() -> dict[str, str]:
    """What the snapshots hold, by the name of their file."""
    return {
        "gaussian.tex": lp.derive("gaussian").latex(),
        "gaussian-standalone.tex": lp.derive("gaussian").latex(standalone=True, label="gaussian"),
        "gaussian-full.tex": lp.derive("gaussian").latex(detail="full"),
        "ridge.tex": lp.derive(RIDGE).latex(),
        "mixture.tex": lp.derive(MIXTURE).latex(),
    }


@pytest.mark.parametrize("name", sorted(shown()))
def test_snapshot(name: str) -> None:
    assert shown()[name] == (SNAPSHOTS / name).read_text(encoding="ascii")


# -- what is written


def test_is_ascii_and_the_same_each_time() -> None:
    for d in derivations():
        assert latex(d).isascii()
        assert latex(d) == lp.derive(d.assumption).latex()


def test_braces_and_environments_match() -> None:
    for d in derivations():
        for detail in ("paper", "full"):
            text = latex(d, detail)
            plain = re.sub(r"\\[{}]", "", text)
            assert plain.count("{") == plain.count("}")
            body = text.removeprefix(text[: text.index(PREAMBLE)] + PREAMBLE)
            opened = re.findall(r"\\begin\{(\w+\*?)\}", body)
            assert sorted(opened) == sorted(re.findall(r"\\end\{(\w+\*?)\}", body))
            assert {"lptheorem", "lpproof", "align*"} <= set(opened)


def test_labels_are_prefixed_and_unique() -> None:
    labels = [m for d in derivations() for m in re.findall(r"\\label\{([^}]*)\}", latex(d))]
    assert all(re.fullmatch(r"lp:[a-z0-9-]+:(theorem|nll)", m) for m in labels)
    assert len(labels) == len(set(labels)) == 2 * len(derivations())
    assert re.findall(r"\\label\{([^}]*)\}", lp.derive("gaussian").latex(label="mse")) == ["lp:mse:theorem", "lp:mse:nll"]


@pytest.mark.parametrize("label", ["", "a b", "a}", "\\x", "a_b", "ŷ"])
def test_label_is_checked(label: str) -> None:
    with pytest.raises(ValueError, match="a label has letters, digits"):
        lp.derive("gaussian").latex(label=label)


def test_detail_is_checked() -> None:
    with pytest.raises(ValueError, match="detail is paper or full, not 'all'"):
        lp.derive("gaussian").latex(detail="all")


def test_macros_are_prefixed() -> None:
    provided = re.findall(r"\\providecommand\{\\(\w+)\}", PREAMBLE)
    assert {m for m in provided if not m.startswith("lp")} == {"toprule", "midrule", "bottomrule"}
    assert "\\newcommand" not in PREAMBLE
    assert "Eq.~" not in "".join(map(latex, derivations()[:20]))
    assert PREAMBLE not in lp.derive("gaussian").latex(preamble=False)


def test_shows_the_assumption_as_written() -> None:
    text = lp.derive("y ~ N(ŷ, σ²) with σ fixed").latex()
    assert r"$y_{i} \sim \mathcal{N}(\hat{y}_{i}, \sigma^{2})$" in text
    assert "% y ~ N(<U+0177>, <U+03C3><U+00B2>) with <U+03C3> fixed\n" in text


def test_own_density() -> None:
    d = lp.derive(density="exp(-abs(y - m)/s)/(2*s)", data="y", fixed=["s"], where="s > 0")
    assert r"p(y) = \frac{\exp\left(-\frac{\lvert y - m \rvert}{s}\right)}{2 s}" in d.latex()
    assert "Own density" in d.latex()


def test_number_of_samples_is_not_a_symbol_of_the_assumption() -> None:
    """Binomial's n is the number of trials."""
    text = lp.derive("y ~ Binomial(n, p) with n fixed").latex()
    assert r"\sum_{i=1}^{N}" in text
    assert r"\sum_{i=1}^{n}" not in text
    assert r"i = 1, \dots, N$" in text


# -- hostile text


def test_escape() -> None:
    assert escape_latex(r"50% of \x_1 {a} & #b~c^d") == (
        r"50\% of \textbackslash{}x\_1 \{a\} \& \#b\textasciitilde{}c\textasciicircum{}d"
    )
    assert escape_latex("ŷ = f_θ(x), σ²") == r"\ensuremath{\hat{y}} = $f_{\theta}(x)$, \ensuremath{\sigma}\ensuremath{^{2}}"
    assert escape_latex("\u202e\x00") == "U+202EU+0000"


@given(st.text())
def test_escaped_text_holds_no_command(text: str) -> None:
    known = r"\\(?:text(?:backslash|asciicircum|asciitilde|less|greater|bar)\{\}|dots\{\}|texttt\{\\char\d+\}|[{}$&#%_]|[\"'`vc]\{[A-Za-z]\})"
    shown = escape_latex(text)
    assert shown.isascii()
    rest = re.sub(r"\\ensuremath\{(?:[^{}]|\{[^{}]*\})*\}|\$f_\{\\theta\}\(x\)\$", "", re.sub(known, "", shown))
    assert not set(rest) & set("\\{}$&#%_^~")
    assert "\n" not in shown
    assert comment(text).isascii()
    assert comment(text).isprintable()


def hostile() -> Derivation:
    """A derivation whose text was not read from the input language."""
    d = lp.derive("gaussian")
    d.model = replace(d.model, text=HOSTILE, notes=(HOSTILE,), density=d.model.density or d.nll)
    return d


def test_hostile_text_is_escaped() -> None:
    text = hostile().latex()
    assert text.isascii()
    assert r"\input" not in text.replace(r"\textbackslash{}input", "").split("\n", 1)[1]
    assert text.split("\n")[0].startswith("% ")
    assert "passwd" in text.split("\n")[0]


# -- rows


@cache
def formulas() -> tuple[str, ...]:
    """Every formula of every proof."""
    found: dict[str, None] = {}
    for d in derivations():
        for chain in Formulas(d).chains("full"):
            found[chain.left] = None
            found.update((row.latex, None) for row in chain.rows)
    return tuple(found)


def flat(latex: str) -> str:
    """Without what rows bring in."""
    text = latex.replace("{}", "").replace(r"\quad", "").replace(r"\biggl", r"\left").replace(r"\biggr", r"\right")
    return re.sub(r"\s+", "", text)


def test_short_formulas_are_left_alone() -> None:
    for latex in formulas():
        if Formula(latex).box.display < 200.0:
            assert rows(latex, Page(200.0, 200.0)) == [latex]


def test_rows_say_the_same() -> None:
    for latex in formulas():
        shown = "".join(map(flat, rows(latex, Page(200.0, 190.0))))
        if shown.count("[") == latex.count("[") and "aligned" not in shown:  # nothing in it was too wide
            assert shown == flat(latex)


def test_adaptive_marks_breaks() -> None:
    latex = r"\log a + \log b + \log c + \log d + \log e"
    width = Formula(latex).box.display
    one = Page(width + 1.0, width)
    assert adaptive(latex, one, one) == latex
    found = adaptive(latex, one, Page(width / 2, width / 2), r"\quad")
    assert r"\lpbreak{\quad} {} + " in found
    assert r"\\" not in found
    assert r"\\ & \quad {} + " in adaptive(latex, Page(width / 2, width / 2), Page(width / 2, width / 2), r"\quad")


def test_brackets_around_a_break_keep_their_size() -> None:
    found = rows(r"-\left(\frac{a}{b} + \frac{c}{d}\right)", Page(30.0, 30.0))
    assert found == [r"-\biggl(\frac{a}{b}", r"\quad {} + \frac{c}{d}\biggr)"]


def test_wide_pieces_are_written_otherwise() -> None:
    wide = r"\frac{a + b + c + d + e + f}{g}"
    assert flat("".join(rows(wide, Page(70.0, 70.0)))) == r"\frac{1}{g}\left[a+b+c+d+e+f\right]"
    assert flat("".join(rows(r"\frac{g}{a + b + c + d + e + f}", Page(70.0, 70.0)))) == r"g\cdot\left[a+b+c+d+e+f\right]^{-1}"
    assert flat("".join(rows(r"\frac{a + b}{c + d + e + f + g + h}", Page(70.0, 70.0)))).startswith(r"\left[a+b\right]\cdot\left[c")
    assert flat("".join(rows(r"\sqrt{a + b + c + d + e + f}", Page(70.0, 70.0)))) == r"\left(a+b+c+d+e+f\right)^{1/2}"
    cases = r"\begin{cases} a + b & \text{if } y \leq \theta \\ 0 & \text{otherwise} \end{cases}"
    assert rows(cases, Page(90.0, 90.0)) == [
        r"\left\{ \begin{aligned} & a + b \\ & \quad \text{if } y \leq \theta  \\ & 0 \\ & \quad \text{otherwise}  \end{aligned} \right."
    ]


def test_ten_thousand_terms() -> None:
    found = rows(" + ".join(f"w_{{{k}}}" for k in range(10_000)), Page(300.0, 300.0))
    assert len(found) > 100
    assert all(Formula(row).box.display < 301.0 for row in found)


def test_code_may_break() -> None:
    assert code_latex("torch.nn.X(a=1, b)") == r"\texttt{torch.\allowbreak nn.\allowbreak X(\allowbreak a=\allowbreak 1, b)}"


# -- pdflatex


@pytest.fixture(scope="session")
def pdflatex() -> str:
    """The program, or a skip that says what to install; under CI it has to be there."""
    found = shutil.which("pdflatex")
    if found is None and os.environ.get("CI") == "true":
        pytest.fail(INSTALL)
    if found is None:
        pytest.skip(INSTALL)
    return found


def typeset(program: str, folder: Path, source: str, *, passes: int = 2) -> str:
    """The log of the last pass."""
    (folder / "paper.tex").write_text(source, encoding="ascii")
    command = [program, "-interaction=nonstopmode", "-no-shell-escape", "paper.tex"]
    for _ in range(passes):
        subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, timeout=300, check=False)
    return (folder / "paper.log").read_text(encoding="utf-8", errors="replace")


def document(options: str, found: Iterable[Derivation], packages: str = PACKAGES, detail: str = "paper") -> str:
    """One article with a fragment for each derivation, each named in the log and referred to."""
    parts = [rf"\documentclass[{options}]{{article}}", packages, r"\begin{document}"]
    for k, d in enumerate(found):
        text = d.latex(detail=detail, label=f"d{k}")
        parts += [rf"\typeout{{@{k}}}", text, rf"See \ref{{lp:d{k}:theorem}} and \eqref{{lp:d{k}:nll}}.\par"]
        if "cleveref" in packages:
            parts.append(rf"See \cref{{lp:d{k}:theorem}} and \cref{{lp:d{k}:nll}}.\par")
    return "\n".join([*parts, r"\end{document}", ""])


def faults(log: str) -> list[str]:
    """Errors, undefined references and overfull boxes, each with the number of its derivation."""
    found = []
    number = ""
    for line in log.splitlines():
        if re.fullmatch(r"@\d+", line):
            number = line
        if FAULTS.match(line):
            found.append(f"{number} {line}")
    return found


@pytest.mark.parametrize("options", ["10pt", "10pt,twocolumn", "12pt"])
def test_every_derivation_fits(options: str, pdflatex: str, tmp_path: Path) -> None:
    assert not faults(typeset(pdflatex, tmp_path, document(options, derivations())))


def test_reasons_stay_inside_the_column(pdflatex: str, tmp_path: Path) -> None:
    """TeX does not report a tag that sticks out."""
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext is not here: apt-get install poppler-utils")
    body = document("10pt", derivations()[::2]).replace(r"\begin{document}", r"\setlength{\textwidth}{229pt}\begin{document}")
    assert not faults(typeset(pdflatex, tmp_path, body))
    subprocess.run(["pdftotext", "-bbox", "paper.pdf", "paper.html"], cwd=tmp_path, check=True)
    words = re.findall(r'xMin="([\d.]+)" yMin="[\d.]+" xMax="([\d.]+)".*?>(.*?)<', (tmp_path / "paper.html").read_text("utf-8"))
    left = min(float(low) for low, _, word in words if word == "Theorem")
    assert [word for low, high, word in words if float(low) < left - 2 or float(high) > left + 229 + 2] == []


def test_every_step_fits(pdflatex: str, tmp_path: Path) -> None:
    assert not faults(typeset(pdflatex, tmp_path, document("10pt", derivations()[::5], detail="full")))


def test_needs_amsmath_only(pdflatex: str, tmp_path: Path) -> None:
    packages = r"\usepackage[T1]{fontenc}\usepackage{lmodern}\usepackage{amsmath}"
    assert not faults(typeset(pdflatex, tmp_path, document("10pt", derivations()[::3], packages)))


@pytest.mark.parametrize("assumption", ["gaussian", RIDGE, MIXTURE])
def test_standalone(assumption: str, pdflatex: str, tmp_path: Path) -> None:
    assert not faults(typeset(pdflatex, tmp_path, lp.derive(assumption).latex(standalone=True)))


def test_ams_article(pdflatex: str, tmp_path: Path) -> None:
    """Its equation numbers stand on the left; reasons stay on the right."""
    source = document("10pt", derivations()[::10], r"\usepackage[hidelinks]{hyperref}\usepackage{cleveref}")
    assert not faults(typeset(pdflatex, tmp_path, source.replace("{article}", "{amsart}")))


def test_hostile_text_is_printed(pdflatex: str, tmp_path: Path) -> None:
    source = document("10pt", [hostile()]).replace(r"\begin{document}", r"\begin{document}\sloppy")
    log = typeset(pdflatex, tmp_path, source)
    assert not [f for f in faults(log) if "Overfull" not in f]


if __name__ == "__main__":
    for file, text in shown().items():
        (SNAPSHOTS / file).write_text(text, encoding="ascii")
