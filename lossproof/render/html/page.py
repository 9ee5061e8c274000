"""The page around what is said: head, styles, scripts, fonts and the proof as data. Nothing is loaded from elsewhere."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterable, Mapping
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Any, Final

from lossproof import __version__
from lossproof.proof import compact
from lossproof.render.html.elements import Html, Piece, joined, tag

#: The fonts of KaTeX in which our formulas are set; a test looks for others.
FONTS: Final = ("AMS-Regular", "Caligraphic-Regular", "Main-Bold", "Main-Italic", "Main-Regular", "Math-Italic",
                "Size1-Regular", "Size2-Regular", "Size3-Regular", "Size4-Regular")  # fmt: skip
_FACE: Final = re.compile(r"@font-face\{[^}]*?url\(fonts/KaTeX_([A-Za-z0-9-]+)\.woff2\)[^}]*\}")
_SOURCE: Final = re.compile(r"src:[^}]*")
#: In a data block ``</script`` and ``<!--`` would end or hide what follows.
_IN_SCRIPT: Final = {ord(c): f"\\u{ord(c):04x}" for c in "<>&\u2028\u2029"}


def document(title: str, body: Iterable[Piece], *, proofs: Mapping[str, Any], picture: bool = False) -> str:
    """A whole page. ``proofs`` are the objects that it carries, each by the id of its element."""
    style, scripts = _style(), (_asset("katex/katex.min.js"), _asset("page.js"))
    policy = (
        f"default-src 'none'; script-src {' '.join(map(_hash, scripts))}; style-src {_hash(style)}; font-src data:; "
        f"{'img-src data:; ' if picture else ''}base-uri 'none'; form-action 'none'"
    )
    head = tag(
        "head", tag("meta", charset="utf-8"), tag("meta", http_equiv="Content-Security-Policy", content=policy),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"), tag("meta", name="generator", content=f"lossproof {__version__}"),
        tag("title", title), tag("style", Html(style)),
    )  # fmt: skip
    tip = tag("div", id="tip", role="tooltip", hidden=True)
    data = [tag("script", Html(_data(proof)), type="application/json", id=id) for id, proof in proofs.items()]
    content = tag("body", *body, tip, *data, *[tag("script", Html(s)) for s in scripts])
    return f"<!DOCTYPE html>\n{tag('html', head, content, lang='en')}\n"


def saving(id: str, name: str) -> Html:
    """A button that saves the proof of that id as a file; the page's script shows it."""
    return tag("button", f"Save {name}", type="button", class_="save", data_proof=id, data_name=name, hidden=True)


def figure(picture: str, caption: str) -> Html:
    """An SVG picture. It stands in the page as an image: its styles and names cannot meet those of the page, its scripts never run."""
    start = picture.find("<svg")
    if start < 0:
        raise ValueError("a picture is a text with an <svg> element")
    data = b64encode(picture[start:].encode()).decode()
    return tag("figure", tag("img", src=f"data:image/svg+xml;base64,{data}", alt=caption), tag("figcaption", caption))


def colophon(*content: Piece) -> Html:
    """The foot of a page."""
    made = f"Written by lossproof {__version__}. Formulas are set by KaTeX, which is in the page; nothing was or will be loaded from elsewhere."
    return tag("footer", tag("p", *content, " " if content else "", made))


def toolbar() -> Html:
    """Buttons that open and close all lines and steps."""
    buttons = [tag("button", label, type="button", data_open=what) for label, what in (("Open all lines", "line"), ("Open every step", "step"), ("Close all", ""))]
    hint = tag("p", "A line opens to the steps of the kernel that it stands for, a step to its rule, bindings and conditions.", class_="hint")
    return joined([hint, tag("div", *buttons, class_="toolbar", role="group", aria_label="Lines and steps", hidden=True)])


@cache
def _asset(name: str) -> str:
    return (files("lossproof") / "assets" / name).read_text(encoding="utf-8")


@cache
def _style() -> str:
    """KaTeX's sheet with the fonts that are needed in it, and ours."""
    return _FACE.sub(_face, _asset("katex/katex.min.css")) + _asset("page.css")


def _face(found: re.Match[str]) -> str:
    if found[1] not in FONTS:
        return ""
    data = b64encode((files("lossproof") / "assets" / "katex" / "fonts" / f"KaTeX_{found[1]}.woff2").read_bytes()).decode()
    return _SOURCE.sub(f'src:url(data:font/woff2;base64,{data}) format("woff2")', found[0])


def _hash(content: str) -> str:
    return f"'sha256-{b64encode(sha256(content.encode()).digest()).decode()}'"


def _data(proof: Any) -> str:
    return compact(proof).translate(_IN_SCRIPT)


__all__ = ["FONTS", "colophon", "document", "figure", "saving", "toolbar"]
