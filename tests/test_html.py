"""Pages: what stands in them, that nothing is loaded, that every text is escaped, that they carry their proofs."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from hashlib import sha256
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapes import SHAPES

import lossproof as lp
from lossproof.checker import check
from lossproof.cli import main
from lossproof.render.comparison_words import proof_lines
from lossproof.render.html.elements import Html, formula, tag, text
from lossproof.render.html.page import FONTS
from lossproof.render.paper import paper_lines
from lossproof.rulebook import Rulebook

BOOK = Rulebook.default()
DEFAULTS = [id for id in BOOK.distribution_ids if BOOK.distribution(id).default]
RIDGE = "y ~ Normal(w*x, sigma), w ~ Normal(0, tau) with x data, sigma, tau fixed"
HOSTILE = "</code></script><script>alert(1)</script><!-- <img src=x onerror=alert(1)> \"'`&amp; ]]> \u202e \u2028 $x$ ŷ 漢"
#: Comparisons of every answer.
PAIRS = {
    "equal": ("sum((y - w)^2)", "sum(y^2 - 2*y*w + w^2)", "w", {}),
    "up-to-constant": ("CE(p, q)", "KL(p, q)", "q", {}),
    "up-to-scale": ("mean((y - w*x)^2)", "sum((y - w*x)^2)/2", "w", {"data": "x"}),
    "same-order": ("sqrt(sum((y - w)^2))", "sum((y - w)^2)", "w", {}),
    "refuted": ("sum((y - w*x)^2) + lam*w^2", "y ~ Normal(w*x, sigma), w ~ Normal(0, tau)", "w", {}),
    "unknown": ("log(w^2)", "2*log(w)", "w", {}),
}
_VOID = {"meta", "img", "br"}
_ADDRESS = re.compile(r"https?://|//[a-z]", re.IGNORECASE)


class Tree(HTMLParser):
    """What a page is made of: its elements in order, and whether they are nested as they should."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[SimpleNamespace] = []
        self.open: list[SimpleNamespace] = []
        self.feed(page)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len(attrs) == len(dict(attrs)), (tag, attrs)
        element = SimpleNamespace(tag=tag, attrs=dict(attrs), text="", inside=[e.tag for e in self.open])
        self.elements.append(element)
        if tag not in _VOID:
            self.open.append(element)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop().tag == tag

    def handle_data(self, data: str) -> None:
        for element in self.open:
            element.text += data

    def all(self, tag: str = "", **attrs: str) -> list[SimpleNamespace]:
        """The elements of a name with these attributes; ``class_`` asks for one of the classes."""
        wanted = attrs.pop("class_", None)
        return [
            e for e in self.elements
            if (not tag or e.tag == tag) and all(e.attrs.get(k.replace("_", "-")) == v for k, v in attrs.items())
            and (wanted is None or wanted in (e.attrs.get("class") or "").split())
        ]  # fmt: skip


@cache
def verdicts() -> dict[str, lp.Verdict]:
    return {k: lp.compare(a, b, learn=learn, **options) for k, (a, b, learn, options) in PAIRS.items()}


@cache
def pages() -> dict[str, str]:
    """Every family's default, every fifth shape, a comparison of every answer, every theorem."""
    found = {d.assumption: d.html() for d in map(lp.derive, [*DEFAULTS, *[s.text for s in SHAPES[::5]]])}
    found |= {k: v.html() for k, v in verdicts().items()}
    return found | {id: lp.prove(id).html() for id in BOOK.theorems}


@cache
def trees() -> dict[str, Tree]:
    return {name: Tree(page) for name, page in pages().items()}


def test_answers_are_those_of_the_table() -> None:
    assert {k: v.relation for k, v in verdicts().items()} == {k: k for k in PAIRS}


# -- every page


def test_is_the_same_each_time() -> None:
    for assumption in ("gaussian", RIDGE):
        assert lp.derive(assumption).html() == lp.derive(assumption).html()
    assert verdicts()["refuted"].html() == lp.compare(*PAIRS["refuted"][:2], learn="w").html()


def test_links_lead_somewhere() -> None:
    for name, tree in trees().items():
        ids = Counter(e.attrs["id"] for e in tree.elements if "id" in e.attrs)
        assert set(ids.values()) == {1}, (name, ids.most_common(3))
        for key in ("href", "aria-labelledby"):
            targets = {e.attrs[key].removeprefix("#") for e in tree.elements if key in e.attrs}
            assert targets <= ids.keys(), (name, targets - ids.keys())


def test_headings_stand_in_order() -> None:
    for name, tree in trees().items():
        levels = [int(e.tag[1]) for e in tree.elements if re.fullmatch("h[1-6]", e.tag)]
        assert levels[0] == 1, name
        assert levels.count(1) == 1
        assert all(b <= a + 1 for a, b in pairwise(levels)), (name, levels)
        assert [len(tree.all(t)) for t in ("main", "header", "footer", "title")] == [1, 1, 1, 1]
        assert tree.all("html")[0].attrs == {"lang": "en"}


def test_nothing_is_loaded() -> None:
    """No address in an attribute or a style, and a policy that allows the scripts and styles of the page alone."""
    for name, tree in trees().items():
        for e in tree.elements:
            for key, value in e.attrs.items():
                assert key in ("content", "class", "data-tex", "data-narrow", "data-name") or not _ADDRESS.search(value or ""), (name, key, value)
                assert not key.startswith("on"), (name, key)
                assert key != "style", name
        (style,) = tree.all("style")
        assert set(re.findall(r"url\((data:[a-z0-9/]+)?", style.text)) == {"data:font/woff2"}
        assert "@import" not in style.text
        scripts = [e.text for e in tree.all("script") if "type" not in e.attrs]
        hashes = {f"'sha256-{b64encode(sha256(s.encode()).digest()).decode()}'" for s in (style.text, *scripts)}
        (policy,) = [e.attrs["content"] for e in tree.all("meta", http_equiv="Content-Security-Policy")]
        rules = dict(part.split(" ", 1) for part in policy.split("; "))
        assert rules["default-src"] == "'none'"
        assert {*rules["script-src"].split(), *rules["style-src"].split()} == hashes
        assert rules["font-src"] == "data:"
        assert rules.keys() <= {"default-src", "script-src", "style-src", "font-src", "img-src", "base-uri", "form-action"}


def test_is_read_without_scripts() -> None:
    """Every formula is there as text, and no text is LaTeX."""
    for name, tree in trees().items():
        for m in tree.all(class_="m"):
            assert m.text.strip(), (name, m.attrs)
            assert "\\" not in m.text, (name, m.text)
            assert m.attrs["data-tex"].strip()


def test_fonts_are_few() -> None:
    (style,) = trees()["equal"].all("style")
    assert style.text.count("@font-face") == len(FONTS)


# -- what stands in it


def carried(tree: Tree) -> list[dict[str, object]]:
    return [json.loads(e.text) for e in tree.all("script", type="application/json")]


def test_page_carries_its_proof() -> None:
    for d in map(lp.derive, ("gaussian", "categorical", RIDGE)):
        assert carried(Tree(d.html())) == [json.loads(d.proof.to_json())]
    for name, v in verdicts().items():
        (proof,) = carried(trees()[name])
        assert proof == json.loads(v.proof.to_json())
        assert check(proof).ok
    p = lp.prove("mle-chain")
    assert carried(Tree(p.html())) == [json.loads(v.proof.to_json()) for v in p.steps]


def shown_steps(tree: Tree, prefix: str = "") -> list[int]:
    return [int(e.attrs["id"].rpartition("-")[2]) for e in tree.all("details", class_="step") if e.attrs["id"].startswith(f"{prefix}step-")]


def test_every_step_stands_in_it_once() -> None:
    for name in [*DEFAULTS[:20], RIDGE, *[s.text for s in SHAPES[:20]]]:
        d = lp.derive(name)
        assert sorted(shown_steps(trees()[d.assumption] if d.assumption in trees() else Tree(d.html()))) == [s.id for s in d.proof.steps]
    for name, v in verdicts().items():
        assert sorted(shown_steps(trees()[name])) == [s.id for s in v.proof.steps]


def test_lines_stand_for_their_steps() -> None:
    """A line's steps are those of its chain that lead from the line before to it, by the rules that it names."""
    for d in map(lp.derive, [*DEFAULTS, *[s.text for s in SHAPES]]):
        steps = {s.id: s for s in d.proof.steps}
        lines = paper_lines(d)
        assert sorted(i for line in lines for i in line.steps) == sorted(steps)
        for line in lines:
            used = [steps[i] for i in line.steps]
            assert {s.chain for s in used} <= {line.chain}
            assert set(line.rules) <= {s.rule for s in used}
    for v in verdicts().values():
        steps = {s.id: s for s in v.proof.steps}
        for line in proof_lines(v):
            assert line.steps
            assert {steps[i].chain for i in line.steps} == {line.chain}


def test_step_says_what_it_rests_on() -> None:
    tree = trees()["y ~ N(yhat, sigma^2) with sigma fixed"]
    (step,) = [e for e in tree.all("details", class_="step") if "log-quotient" in e.text]
    assert "The logarithm of a quotient is the difference of the logarithms." in step.text
    assert "a ↦ exp(-(y - ŷ)²/(2σ²))" in step.text
    assert "exp(-(y - ŷ)²/(2σ²)) > 0 by positive-exp" in step.text
    (rule,) = [e for e in tree.all("section") if e.attrs["id"] == "rule-log-quotient"]
    for said in ("says", "requires", "fails", "without the conditions", "used in"):
        assert said in rule.text
    assert "log(a/b) = log a - log b" in re.sub(r" +", " ", rule.text)


def test_theorem_says_the_claim() -> None:
    tree = trees()["y ~ N(yhat, sigma^2) with sigma fixed"]
    (theorem,) = [e for e in tree.all("section") if e.attrs["id"] == "theorem"]
    assert "NLL = (n/(2σ²))·L + (n/2)·log(2πσ²)" in theorem.text
    assert "L = (1/n) Σᵢ (yᵢ - ŷᵢ)²" in theorem.text
    assert "mean squared error" in theorem.text
    assert "½·log(2πσ²)σ is fixedif σ is learned" in tree.all("table")[0].text
    assert "torch.nn.MSELoss()" in tree.all("main")[0].text


def test_detail_opens_the_lines() -> None:
    for d in (lp.derive("gaussian"), verdicts()["equal"]):
        for detail in ("paper", "full"):
            lines = Tree(d.html(detail=detail)).all("details", class_="line")
            assert lines
            assert {"open" in e.attrs for e in lines} == {detail == "full"}


def test_theorem_with_its_reading() -> None:
    p = lp.prove("mle-chain")
    assert "Step 1Step 1." not in trees()["mle-chain"].all("main")[0].text
    assert "TheoremTheorem" not in trees()["mle-chain"].all("main")[0].text
    assert p.theorem.reading[0] in Tree(p.html(explain=True)).all("main")[0].text
    assert p.theorem.reading[0] not in Tree(p.html(explain=False)).all("main")[0].text
    assert all("open" in e.attrs for e in Tree(p.html(detail="paper")).all("details", class_="verdict"))


@pytest.mark.parametrize("make", [lambda: lp.derive("gaussian"), lambda: verdicts()["equal"]])
def test_detail_is_checked(make: object) -> None:
    with pytest.raises(ValueError, match="detail is paper or full, not 'all'"):
        make().html(detail="all")  # type: ignore[operator]
    with pytest.raises(ValueError, match="detail is short, paper or full, not 'all'"):
        lp.prove("mle-chain").html(detail="all")


# -- pictures


SVG = '<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 4 3"><style>*{fill:red}</style><script>alert(1)</script></svg>'


def test_picture_stands_apart() -> None:
    """As an image: its styles and scripts are not those of the page."""
    for owner in (lp.derive("gaussian"), verdicts()["up-to-scale"], lp.prove("mle-chain")):
        page = owner.html(picture=SVG, caption="Two < three")
        tree = Tree(page)
        (image,) = tree.all("img")
        assert image.attrs == {"src": "data:image/svg+xml;base64," + b64encode(SVG[SVG.index("<svg"):].encode()).decode(), "alt": "Two < three"}
        assert tree.all("figcaption")[0].text == "Two < three"
        assert "img-src data:" in page
        assert "alert(1)" not in page
        assert Tree(owner.html(picture=SVG)).all("figcaption")[0].text
        assert "img-src" not in owner.html()


def test_the_command_puts_the_picture_into_the_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["derive", "gaussian", "--picture", "-o", str(tmp_path / "a.html")]) == 0
    assert len(Tree((tmp_path / "a.html").read_text(encoding="utf-8")).all("figcaption")) == 1
    assert main(["derive", "gaussian", "--picture"]) == 2
    assert capsys.readouterr().err == (
        "usage: --picture is for HTML and the format is text\ntry: --format html --picture, or lossproof plot\n"
    )


def test_picture_is_checked() -> None:
    for owner in (lp.derive("gaussian"), verdicts()["equal"], lp.prove("mle-chain")):
        with pytest.raises(ValueError, match="a picture is a text with an <svg> element"):
            owner.html(picture="plot.svg")


# -- escaping


def hostile_pages() -> Iterator[str]:
    """Pages whose texts were not read from the input language."""
    d = lp.derive("gaussian")
    d.model = replace(d.model, text=HOSTILE, notes=(HOSTILE,), density=d.nll)
    yield d.html(picture="<svg></svg>", caption=HOSTILE)
    v = lp.compare("mean((y - w)^2)", "sum((y - w)^2)", learn="w")
    q = v.question
    v.question = replace(q, a=replace(q.a, text=HOSTILE, note=HOSTILE), b=replace(q.b, text=HOSTILE))
    yield v.html()


def test_hostile_text_is_escaped() -> None:
    for page in hostile_pages():
        tree = Tree(page)
        assert "alert(1)" not in re.sub(r"&lt;script&gt;alert\(1\)|onerror=alert\(1\)&gt;|u003cscript\\u003ealert\(1\)|onerror=alert\(1\)\\u003e", "", page)
        assert len(tree.all("script")) == 3
        assert [e.attrs["src"][:14] for e in tree.all("img")] in ([], ["data:image/svg"])
        assert not any(key.startswith("on") for e in tree.elements for key in e.attrs)
        assert "\u202e" not in page.partition('type="application/json"')[0]
        assert any(HOSTILE.partition(" \u202e")[0] in e.text for e in tree.all("code"))


@given(st.text())
def test_text_is_text(content: str) -> None:
    page = tag("p", content, title=content)
    assert not re.search(r"[<>\"']", text(content))
    (element,) = Tree(page).elements
    assert element.attrs.keys() == {"title"}
    assert element.text == element.attrs["title"]
    assert element.text.replace("\n", "").isprintable()


def test_elements() -> None:
    assert tag("a", "x & y", Html("<b>z</b>"), href="#a\"b", hidden=True, open=False, class_="c", data_n=None) == (
        '<a href="#a&quot;b" hidden class="c">x &amp; y<b>z</b></a>'
    )
    assert tag("meta", charset="utf-8") == '<meta charset="utf-8">'
    assert formula("a < b", "a < b") == '<span class="m" data-tex="a &lt; b">a &lt; b</span>'


def test_long_formulas_are_broken() -> None:
    d = lp.derive("y ~ Mixture(w, Normal(m_1, s), Normal(m_2, s)) with s fixed")
    shown = [e.attrs for e in Tree(d.html()).all("span", class_="d")]
    narrow = [a["data-narrow"] for a in shown if "data-narrow" in a]
    assert narrow
    assert all(r"\begin{aligned}" in latex for latex in narrow)
    assert all(a["data-tex"].count(r"\\") <= a["data-narrow"].count(r"\\") for a in shown if "data-narrow" in a)
