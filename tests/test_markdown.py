"""A derivation as Markdown for GitHub and Jupyter. ``python tests/test_markdown.py`` writes the snapshots anew."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapes import SHAPES

import lossproof as lp
from lossproof.derivation import Derivation
from lossproof.render.escape import code_markdown, escape_markdown
from lossproof.render.markdown import dialect
from lossproof.rulebook import Rulebook

SNAPSHOTS = Path(__file__).resolve().parent / "snapshots"
RIDGE = "y ~ Normal(w*x, sigma), w ~ Normal(0, tau) with sigma, tau fixed"
DEFAULTS = [id for id in Rulebook.default().distribution_ids if Rulebook.default().distribution(id).default]
# GitHub's MathJax, Jupyter's MathJax and KaTeX all have these, and GitHub forbids none.
KNOWN = frozenset(
    r"""\Delta \Gamma \Lambda \Omega \Phi \Pi \Psi \Sigma \Theta \Upsilon \Xi \alpha \arctan \ast \bar \begin \beta \biggl \biggr \binom
    \cdot \chi \cong \cos \cosh \cr \delta \det \doteq \dots \end \enspace \eta \exp \frac \gamma \geq \gt \hat \in \infty \iota \kappa
    \lVert \lambda \lbrace \left \leq \log \lt \lvert \mathbb \mathbf \mathcal \mathop \mathrm \max \mid \min \mu \neq \notin \nu \omega
    \phi \pi \prod \psi \qquad \quad \rVert \rbrace \rho \right \rvert \sigma \sim \simeq \sin \sinh \sqrt \sum \tanh \tau \text \theta
    \thinspace \tilde \top \underline \upsilon \varepsilon \vert \xi \zeta""".split()
)
_DISPLAY = re.compile(r"^\$\$\n(.*?)\n\$\$$", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"\$([^$\n]+)\$")


@cache
def derivations() -> tuple[Derivation, ...]:
    """Every family's default and every shape."""
    return tuple(map(lp.derive, [*DEFAULTS, *[s.text for s in SHAPES]]))


def formulas(text: str) -> Iterator[str]:
    """The mathematics of a page."""
    yield from _DISPLAY.findall(text)
    yield from _INLINE.findall(_DISPLAY.sub("", text))


def shown() -> dict[str, str]:
    """What the snapshots hold, by the name of their file."""
    return {
        "gaussian.md": lp.derive("gaussian").markdown(),
        "ridge.md": lp.derive(RIDGE).markdown(),
        "uniform.md": lp.derive("y ~ Uniform(0, theta)").markdown(),
        "laplace-full.md": lp.derive("laplace").markdown(detail="full"),
    }


@pytest.mark.parametrize("name", sorted(shown()))
def test_snapshot(name: str) -> None:
    assert shown()[name] == (SNAPSHOTS / name).read_text(encoding="utf-8")


def test_jupyter_shows_it() -> None:
    d = lp.derive("gaussian")
    assert d._repr_markdown_() == d.markdown()
    assert not hasattr(d, "_repr_latex_")


def test_detail_is_checked() -> None:
    with pytest.raises(ValueError, match="detail is paper or full, not 'all'"):
        lp.derive("gaussian").markdown(detail="all")


@pytest.mark.parametrize("detail", ["paper", "full"])
def test_mathematics_survives_markdown(detail: str) -> None:
    """Nothing in a formula is Markdown, whether or not the reader knows where formulas are."""
    for d in derivations():
        text = d.markdown(detail=detail)
        for m in formulas(text):
            assert not re.search(r"\\[!-/:-@\[-`{-~]", m), m  # a backslash before punctuation
            assert not re.search(r"(?<! )_|_(?= )", m), m  # an underscore that could end emphasis
            assert not set("<>*|~`#") & set(m), m
            assert "](" not in m
            assert "][" not in m
            assert m == m.strip()
            assert all(line.startswith(("&", r"\begin{aligned}", r"\end{aligned}")) for line in m.split("\n")) or "\n" not in m
            assert m.count("{") == m.count("}")
            assert set(re.findall(r"\\[A-Za-z]+", m)) <= KNOWN, m


def test_dollars_stand_apart() -> None:
    """GitHub wants a space or punctuation around inline mathematics."""
    for d in derivations():
        rest = _DISPLAY.sub("", d.markdown())
        assert rest.count("$") % 2 == 0
        for m in _INLINE.finditer(rest):
            before, after = rest[m.start() - 1], rest[m.end()]
            assert before in " (\n", rest[m.start() - 20 : m.end()]
            assert not after.isalnum()
            assert after != "$"


def test_ledger_is_a_table() -> None:
    for d in derivations():
        table = [line for line in d.markdown().split("\n") if line.startswith("|")]
        assert all(line.count("|") == 4 for line in table)
        assert len(table) == (len(d.ledger) + 2 if d.ledger else 0)


def test_display_stands_between_blank_lines() -> None:
    for d in derivations():
        assert re.search(r"\n\n\$\$\n", d.markdown())
        assert not re.search(r"[^\n]\n\$\$\n[^\n$]", re.sub(r"^\$\$\n.*?\n\$\$$", "", d.markdown(), flags=re.M | re.S))


def test_dialect() -> None:
    assert dialect(r"\{a, b\} \, x_{1} < y") == r"\lbrace a, b\rbrace \thinspace x _{1} \lt y"
    assert dialect(r"\operatorname{softplus}(z)") == r"\mathop{\mathrm{softplus}}(z)"
    assert dialect(r"a \\ b") == r"a \cr b"
    assert dialect(r"\mathbf{1}[y < c](z)") == r"\mathbf{1}[y \lt c] (z)"
    assert dialect(r"\mathrm{m\_1}") == r"\mathrm{m\underline{\enspace}1}"


def test_number_of_samples_is_not_a_symbol_of_the_assumption() -> None:
    text = lp.derive("y ~ Binomial(n, p) with n fixed").markdown()
    assert r"\sum _{i=1}^{N}" in text
    assert r"\sum _{i=1}^{n}" not in text


def test_escape() -> None:
    assert escape_markdown("a*b_c [d](e) <f> $g$ `h` | i # j") == (
        r"a\*b\_c \[d\](e) &#60;f&#62; &#36;g&#36; &#96;h&#96; &#124; i \# j"
    )
    assert escape_markdown("f_θ(x)\n# x") == r"$f _{\theta}(x)$ \# x"
    assert code_markdown("a\nb") == "`a b`"
    assert code_markdown("a`b|c") == "a&#96;b&#124;c"


@given(st.text())
def test_escaped_text_is_one_line_of_text(text: str) -> None:
    shown = escape_markdown(text).replace(r"$f _{\theta}(x)$", "")
    assert shown.isprintable()
    assert not re.search(r"[*_\[\]#~<>|$`\\]", re.sub(r"\\[\\*_\[\]#~]|&#\d+;", "", shown))


def test_hostile_assumption() -> None:
    d = lp.derive("gaussian")
    d.model = replace(d.model, text="`</code>` <script> $x$ | [a](b)\n\n# x", density=d.nll)
    text = d.markdown()
    assert "<script" not in text
    assert "\n# x" not in text
    assert "](b)" not in text.replace(r"\](b)", "")


if __name__ == "__main__":
    for file, page in shown().items():
        (SNAPSHOTS / file).write_text(page, encoding="utf-8")
