"""Pages in a headless Chromium: formulas are set, nothing is asked of the network, keys work, a phone shows them, in light and dark."""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Callable, Iterator
from html import unescape
from pathlib import Path
from typing import Any

import browser as headless
import pytest
from browser import Browser
from shapes import SHAPES

import lossproof as lp
from lossproof.checker import check
from lossproof.render.html.page import FONTS
from lossproof.rulebook import Rulebook

BOOK = Rulebook.default()
DEFAULTS = [id for id in BOOK.distribution_ids if BOOK.distribution(id).default]
MIXTURE = "y ~ Mixture(w, Normal(m_1, s), Normal(m_2, s)) with s fixed"
RIDGE = "y ~ Normal(w*x, sigma), w ~ Normal(0, tau) with x data, sigma, tau fixed"
#: Pages of every kind.
PAGES: dict[str, Callable[[], Any]] = {
    "gaussian": lambda: lp.derive("gaussian"),
    "student-t": lambda: lp.derive("student-t"),
    "categorical": lambda: lp.derive("categorical"),
    "mixture": lambda: lp.derive(MIXTURE),
    "ridge": lambda: lp.derive(RIDGE),
    "refuted": lambda: lp.compare("sum((y - w*x)^2) + lam*w^2", "y ~ Normal(w*x, sigma), w ~ Normal(0, tau)", learn="w"),
    "unknown": lambda: lp.compare("log(w^2)", "2*log(w)", learn="w"),
    "theorem": lambda: lp.prove("mle-chain"),
}
_AA = 4.5
_OPEN = "document.querySelectorAll('details').forEach(d => { d.open = true; });"
#: The ratio of contrast (WCAG 2) of each text to the nearest background that is not transparent: the least, with its text.
_CONTRAST = """
const parts = c => c.match(/[0-9.]+/g).map(Number);
const light = c => parts(c).slice(0, 3).map(v => v / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
  .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
let least = [99, ''];
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
for (let node; (node = walker.nextNode());) {
  const element = node.parentElement;
  if (!node.data.trim() || !element.checkVisibility({ visibilityProperty: true }) || element.closest('.katex-mathml, script')) continue;
  let under = element;
  while (under && (parts(getComputedStyle(under).backgroundColor)[3] ?? 1) === 0) under = under.parentElement;
  const [a, b] = [light(getComputedStyle(element).color), light(getComputedStyle(under).backgroundColor)];
  const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  if (ratio < least[0]) least = [ratio, node.data.trim()];
}
return least;
"""
_FORMULA = re.compile(r'<span class="(m|m d)" data-tex="([^"]*)"(?: data-narrow="([^"]*)")?>')
#: Why KaTeX does not take a formula, for each that it does not take.
_FAULTS = """
const found = [];
for (const [tex, displayMode] of arguments[0]) {
  try { katex.__parse(tex, { displayMode, throwOnError: true, strict: "error", trust: false, maxExpand: 1e6, maxSize: 50 }); }
  catch (error) { found.push([tex, error.message]); }
}
return found;
"""


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A browser, or a skip that says what to install; under CI it has to be there."""
    if not headless.is_here():
        if os.environ.get("CI") == "true":
            pytest.fail(headless.INSTALL)
        pytest.skip(headless.INSTALL)
    with headless.chromium(tmp_path_factory.mktemp("chromium")) as window:
        yield window


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The pages as files."""
    folder = tmp_path_factory.mktemp("pages")
    found = {name: folder / f"{name}.html" for name in PAGES}
    for name, path in found.items():
        path.write_text(PAGES[name]().html(), encoding="utf-8")
    return found


# -- formulas


def test_formulas_are_set(chromium: Browser, files: dict[str, Path]) -> None:
    """Each one, in fonts that the page has; what is folded away when it is opened."""
    chromium.screen()
    for path in files.values():
        chromium.open(path)
        early = chromium.js("return document.querySelectorAll('.m[data-done]').length")
        chromium.js(_OPEN)
        chromium.driver.execute_async_script("requestAnimationFrame(() => setTimeout(arguments[0], 50))")
        counts = chromium.js("return ['.m', '.m[data-done]', '.m .katex', '[data-failed]', '.katex-error'].map(s => document.querySelectorAll(s).length)")
        assert counts[0] == counts[1], path
        assert counts[2] >= counts[0] > early > 0
        assert counts[3:] == [0, 0], chromium.js("return [...document.querySelectorAll('[data-failed]')].map(e => e.dataset.tex + e.dataset.failed)")
        chromium.driver.execute_async_script("document.fonts.ready.then(() => arguments[0]())")
        assert chromium.js("return [...document.fonts].filter(f => f.status === 'error').length") == 0
        used = chromium.js("return [...new Set([...document.querySelectorAll('.katex-html *')].map(e => { const s = getComputedStyle(e); "
                           "return [s.fontFamily.split(',')[0], s.fontWeight, s.fontStyle].join(' '); }))]")  # fmt: skip
        assert {_font(f) for f in used if f.startswith("KaTeX")} <= set(FONTS)


def _font(computed: str) -> str:
    """The name of KaTeX's file with that font."""
    family, weight, style = computed.split(" ")
    kind = {("400", "normal"): "Regular", ("400", "italic"): "Italic", ("700", "normal"): "Bold", ("600", "normal"): "Bold"}[weight, style]
    return f"{family.removeprefix('KaTeX_')}-{kind}"


def test_every_formula_is_taken(chromium: Browser, files: dict[str, Path]) -> None:
    """Those of every family, answer and theorem, as HTML and as Markdown: KaTeX reads each without a complaint."""
    from test_html import verdicts
    from test_markdown import formulas

    chromium.screen()
    chromium.open(files["gaussian"])
    asked: dict[tuple[str, bool], None] = {}
    owners: list[Any] = [*map(lp.derive, DEFAULTS), *verdicts().values(), *map(lp.prove, BOOK.theorems)]
    for owner in owners:
        for kind, *found in _FORMULA.findall(owner.html()):
            asked |= {(unescape(tex), kind != "m"): None for tex in found if tex}
        for detail in ("paper",) if isinstance(owner, lp.NamedProof) else ("paper", "full"):
            asked |= {(tex, "\n" in tex): None for tex in formulas(owner.markdown(detail=detail))}
    for shape in SHAPES:
        asked |= {(tex, "\n" in tex): None for tex in formulas(lp.derive(shape.text).markdown())}
    assert len(asked) > 3000
    wanted = [list(pair) for pair in asked]
    for i in range(0, len(wanted), 500):
        assert chromium.js(_FAULTS, wanted[i : i + 500]) == []
    assert [tex for tex, _ in chromium.js(_FAULTS, [[r"\frac{1", False], [r"\foo", False], ["ŷ", False]])] == [r"\frac{1", r"\foo", "ŷ"]


# -- no network


def test_nothing_is_asked_of_the_network(chromium: Browser, files: dict[str, Path]) -> None:
    chromium.screen()
    for path in files.values():
        chromium.driver.get_log("performance")
        chromium.log()
        chromium.open(path)
        chromium.js(_OPEN)
        messages = [json.loads(entry["message"])["message"] for entry in chromium.driver.get_log("performance")]
        asked = {m["params"]["request"]["url"].partition(":")[0] for m in messages if m["method"] == "Network.requestWillBeSent"}
        assert asked <= {"file", "data", "about"}, asked
        assert chromium.log() == []


def test_policy_is_kept(chromium: Browser, files: dict[str, Path]) -> None:
    """A script, a style or a picture that comes later is refused."""
    chromium.open(files["gaussian"])
    chromium.js("""
        window.refused = [];
        addEventListener('securitypolicyviolation', e => refused.push(e.effectiveDirective));
        const add = (name, key, value) => { const e = document.createElement(name); e[key] = value; document.body.append(e); };
        add('script', 'textContent', 'window.ran = 1'); add('style', 'textContent', '*{color:red}'); add('img', 'src', 'https://example.org/x.png');
        fetch('https://example.org/').catch(() => 0);
    """)
    time.sleep(0.3)
    assert set(chromium.js("return refused")) == {"script-src-elem", "style-src-elem", "img-src", "connect-src"}
    assert chromium.js("return window.ran ?? null") is None
    chromium.log()


# -- keys and pointers


def test_keys(chromium: Browser, files: dict[str, Path]) -> None:
    """Tab goes to a line and says what it rests on, Escape hides that, Enter opens the line, Tab goes on to its steps."""
    from selenium.webdriver import Keys

    chromium.screen()
    chromium.open(files["gaussian"])
    where = "return document.activeElement.parentElement?.id ?? ''"
    for _ in range(40):
        chromium.keys(Keys.TAB)
        if chromium.js(where) == "line-3":
            break
    assert chromium.js(where) == "line-3"
    assert _tip(chromium).startswith("log-quotient: The logarithm of a quotient")
    assert chromium.js("return document.activeElement.getAttribute('aria-describedby')") == "tip"
    assert chromium.js("return getComputedStyle(document.activeElement).outlineStyle") == "solid"
    chromium.keys(Keys.ESCAPE)
    assert _tip(chromium) == ""
    assert chromium.js("return document.activeElement.hasAttribute('aria-describedby')") is False
    assert chromium.js("return document.getElementById('line-3').open") is False
    chromium.keys(Keys.ENTER)
    assert chromium.js("return document.getElementById('line-3').open") is True
    chromium.keys(Keys.TAB)
    assert chromium.js(where) == "step-4"
    assert "exp" in _tip(chromium)
    assert "positive-root" in _tip(chromium)
    chromium.keys(Keys.ENTER)
    assert _tip(chromium) == ""
    chromium.keys(Keys.TAB, Keys.ENTER)  # the rule's name is a link
    assert chromium.js("return location.hash") == "#rule-log-quotient"


def _tip(chromium: Browser) -> str:
    shown: str = chromium.js("const t = document.getElementById('tip'); return t.checkVisibility() ? t.innerText : ''")
    return shown


def test_pointer(chromium: Browser, files: dict[str, Path]) -> None:
    """Hovering a line says what it rests on, within the window; leaving it takes that away, the tip itself may be entered."""
    from selenium.webdriver import ActionChains
    from selenium.webdriver.common.by import By

    chromium.screen()
    chromium.open(files["gaussian"])
    chromium.js("document.getElementById('line-5').scrollIntoView()")
    line, title = (chromium.driver.find_element(By.CSS_SELECTOR, s) for s in ("#line-8 > summary .why", "#proof-title"))
    ActionChains(chromium.driver).move_to_element(line).perform()
    _until(lambda: "split-samples" in _tip(chromium))
    assert "2 more steps" in _tip(chromium)
    box = chromium.js("const b = document.getElementById('tip').getBoundingClientRect(); return [b.left, b.right, b.top, b.bottom, innerWidth, innerHeight]")
    assert 0 <= box[0] < box[1] <= box[4]
    assert 0 <= box[2] < box[3] <= box[5]
    ActionChains(chromium.driver).move_to_element(chromium.driver.find_element(By.ID, "tip")).perform()
    time.sleep(0.5)
    assert _tip(chromium)
    chromium.js("arguments[0].scrollIntoView()", title)
    ActionChains(chromium.driver).move_to_element(title).perform()
    _until(lambda: not _tip(chromium))


def _until(holds: Callable[[], bool], seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_buttons_open_and_close(chromium: Browser, files: dict[str, Path]) -> None:
    from selenium.webdriver.common.by import By

    chromium.screen()
    chromium.open(files["gaussian"])
    counted = "return ['.line', '.line[open]', '.step', '.step[open]'].map(s => document.querySelectorAll(s).length)"
    lines, opened, steps, _ = chromium.js(counted)
    assert (lines, opened, steps) == (10, 0, 20)
    for label, wanted in (("Open all lines", [10, 10, 20, 0]), ("Open every step", [10, 10, 20, 20]), ("Close all", [10, 0, 20, 0])):
        chromium.driver.find_element(By.XPATH, f"//button[.='{label}']").click()
        assert chromium.js(counted) == wanted


def test_link_opens_what_is_folded(chromium: Browser, files: dict[str, Path]) -> None:
    chromium.screen()
    chromium.open(files["theorem"])
    chromium.js("location.hash = '#s2-step-1'")
    _until(lambda: bool(chromium.js("return document.getElementById('s2-step-1').checkVisibility()")))
    assert chromium.js("return document.querySelector('#s2-step-1 .both .katex') !== null")


def test_saved_proof_passes_the_checker(chromium: Browser, files: dict[str, Path]) -> None:
    from selenium.webdriver.common.by import By

    chromium.screen()
    for name, count in (("gaussian", 1), ("refuted", 1), ("theorem", 4)):
        chromium.open(files[name])
        chromium.js(_OPEN)
        buttons = chromium.driver.find_elements(By.CSS_SELECTOR, ".save")
        assert len(buttons) == count
        chromium.js("arguments[0].scrollIntoView({ block: 'center' })", buttons[0])
        target = chromium.downloads / buttons[0].get_attribute("data-name")
        buttons[0].click()
        _until(target.exists)
        _until(lambda path=target: path.stat().st_size > 0)  # type: ignore[misc]
        report = check(json.loads(target.read_text(encoding="utf-8")))
        assert report.ok, report.messages
        assert f"lossproof check {target.name}" in target.name.join(e.text for e in chromium.driver.find_elements(By.CSS_SELECTOR, "pre"))


# -- screens


def test_phone(chromium: Browser, files: dict[str, Path]) -> None:
    """At 360 pixels nothing makes the page wider, open or folded; text is large enough; what is tapped is high enough."""
    for name, path in files.items():
        for width in (360, 320) if name == "gaussian" else (360,):
            chromium.screen(width=width, height=740)
            chromium.open(path)
            for script in ("return 0", _OPEN):
                chromium.js(script)
                time.sleep(0.1)
                assert chromium.js("return document.scrollingElement.scrollWidth") <= width, name
            assert min(chromium.js("return [...document.querySelectorAll('p, dd, summary, a, td')].map(e => parseFloat(getComputedStyle(e).fontSize))")) >= 13.5
            heights = chromium.js("return [...document.querySelectorAll('.line > summary')].map(e => e.offsetHeight)")
            assert all(h >= 36 for h in heights)


@pytest.mark.parametrize("dark", [False, True])
def test_contrast(chromium: Browser, files: dict[str, Path], dark: bool) -> None:
    chromium.screen(dark=dark)
    for name in ("gaussian", "refuted", "theorem"):
        chromium.open(files[name])
        chromium.js(_OPEN)
        ratio, text = chromium.js(_CONTRAST)
        assert ratio >= _AA, text
    background = chromium.js("return getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)")
    assert (max(background) < 64) is dark
    assert (min(background) > 192) is not dark


def test_print_opens_the_lines(chromium: Browser, files: dict[str, Path]) -> None:
    chromium.screen(media="print")
    chromium.open(files["gaussian"])
    assert chromium.js("return [...document.querySelectorAll('.line .steps')].every(s => s.checkVisibility() && s.offsetHeight > 0)")
    assert not chromium.js("return ['nav', '.toolbar', '.save'].some(s => document.querySelector(s).checkVisibility())")
    chromium.screen()
    assert not chromium.js("return document.querySelector('.line .steps').checkVisibility()")


def test_without_scripts(chromium: Browser, files: dict[str, Path]) -> None:
    """Formulas as text, lines that open, no button that does nothing."""
    from selenium.webdriver.common.by import By

    chromium.screen()
    chromium.cdp("Emulation.setScriptExecutionDisabled", value=True)
    try:
        chromium.driver.get(files["gaussian"].as_uri())
        shown = chromium.driver.find_element(By.ID, "theorem").text
        assert "NLL = (n/(2σ²))·L + (n/2)·log(2πσ²)" in shown
        line = chromium.driver.find_element(By.CSS_SELECTOR, "#line-3")
        line.find_element(By.CSS_SELECTOR, "summary").click()
        assert "log-quotient" in line.text
        assert not any(b.is_displayed() for b in chromium.driver.find_elements(By.CSS_SELECTOR, "button"))
        assert "the element data" in chromium.driver.find_element(By.CSS_SELECTOR, "#check").text
    finally:
        chromium.cdp("Emulation.setScriptExecutionDisabled", value=False)
