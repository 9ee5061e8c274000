"""A verdict, and a named theorem with the verdicts of its steps, as pages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final

from lossproof.render import blocks
from lossproof.render.comparison import shown_text
from lossproof.render.comparison_pages import verdict_blocks
from lossproof.render.comparison_words import SIGNS, chain_heading
from lossproof.render.html.derivation import no_script
from lossproof.render.html.elements import Html, Piece, section, tag
from lossproof.render.html.page import colophon, document, figure, saving, toolbar
from lossproof.render.html.rules import Rules
from lossproof.render.html.writer import Prose, Writer
from lossproof.render.records import made_by_the_kernel
from lossproof.render.theorem_pages import closing, stated, step_stated

if TYPE_CHECKING:
    from lossproof.comparison import Verdict
    from lossproof.theorems import NamedProof

_DETAILS: Final = ("paper", "full")


def verdict_html(v: Verdict, *, detail: str = "paper", picture: str | None = None, caption: str = "") -> str:
    """The verdict as one self-contained page, which carries its proof or the certificate of its refutation.

    With ``detail="full"`` all lines are open. ``picture`` is a text with an ``<svg>`` element, shown below the answer with its
    ``caption``. Raises ValueError for another detail, or a picture without one.
    """
    if detail not in _DETAILS:
        raise ValueError(f"detail is paper or full, not {detail!r}")
    rules = Rules(v.book)
    writer = Writer(v, rules, opened=detail == "full")
    title, *rest = verdict_blocks(v)
    shown = figure(picture, caption or "The two objectives, in a picture.") if picture is not None else Html("")
    heading = title.prose if isinstance(title, blocks.Title) else ()
    header = tag("header", tag("h1", writer.prose(heading)), tag("nav", _links(("answer", "proof", "check", "rules")), aria_label="Contents"))
    main = [*_parts(writer, rest, shown, 2), _check(v, "data", "comparison.json"), rules.section()]
    name = f"{shown_text(v.question.a.text)} {SIGNS[v.relation]} {shown_text(v.question.b.text)}"
    return document(
        name, [tag("a", "Skip to the answer", class_="skip", href="#answer"), header, tag("main", *main), colophon()],
        proofs={"data": v.proof.to_dict()}, picture=picture is not None,
    )  # fmt: skip


def _links(ids: tuple[str, ...]) -> Html:
    return tag("ul", *[tag("li", tag("a", id.capitalize(), href=f"#{id}")) for id in ids])


def _parts(writer: Writer, page: list[blocks.Block], picture: Html, level: int) -> list[Html]:
    """What was asked and answered, and the proof."""
    at = next((i for i, b in enumerate(page) if isinstance(b, blocks.Chain)), len(page))
    before = [b for b in page[:at] if not (isinstance(b, blocks.Text) and b.head in _PROOF)]
    chains = [b for b in page if isinstance(b, blocks.Chain)]
    after = [b for b in page[at:] if not isinstance(b, blocks.Chain)]
    answer = section(f"{writer.prefix}answer", "The question and the answer", *map(writer.block, before), picture, level=level)
    proof: list[Piece] = [toolbar()] if chains else [tag("p", "There is nothing to show.")]
    for block in chains:
        proof += [tag(f"h{level + 1}", chain_heading(block.chain.name)), writer.chain(block.chain)]
    title = "Proof" if any(b.head == "Proof" for b in page if isinstance(b, blocks.Text)) else "How they were compared"
    found = [answer, section(f"{writer.prefix}proof", title, *proof, writer.others(), level=level)]
    return [*found, tag("div", *map(writer.block, after))] if after else found


_PROOF: Final = ("Proof", "How they were compared")


def _check(v: Verdict, id: str, name: str) -> Html:
    """How to check the claim again, by a program that is not the engine."""
    if v.relation == "unknown":
        said = "Nothing is claimed, so there is nothing to check; the page carries what was found."
    else:
        what = f"The proof has {made_by_the_kernel(v.proof)}. " if v.proof.steps else ""
        said = f"{what}The page carries it: save it, and check it with the stand-alone checker."
    return section("check", "Check", tag("p", said), saving(id, name), tag("pre", tag("code", f"lossproof check {name}")), no_script(id))


# -- named theorems


def theorem_html(p: NamedProof, *, detail: str = "short", explain: bool = True, picture: str | None = None, caption: str = "") -> str:
    """The theorem as one self-contained page, each step folding its whole verdict; it carries the steps' proofs.

    ``detail`` is ``short``, ``paper`` (the steps' verdicts are open) or ``full`` (their lines, too); ``explain`` adds the reading.
    ``picture`` is a text with an ``<svg>`` element, shown below the statement with its ``caption``. Raises ValueError for another
    detail, or a picture without one.
    """
    if detail not in ("short", *_DETAILS):
        raise ValueError(f"detail is short, paper or full, not {detail!r}")
    rules = Rules(p.book)
    prose = Prose()
    shown = figure(picture, caption or f"{p.theorem.title}, in a picture.") if picture is not None else Html("")
    steps = [_step(p, i, Writer(v, rules, f"s{i + 1}-", detail == "full"), detail != "short") for i, v in enumerate(p.steps)]
    links = ("theorem", *(("steps",) if steps else ()), "reading" if explain else "result", *(("rules",) if rules.rules else ()))
    header = tag("header", tag("h1", p.theorem.title), tag("nav", _links(links), aria_label="Contents"))
    main = [section("theorem", "Theorem", *map(prose.block, _headless(stated(p), "Theorem")), shown)]
    if steps:
        main.append(section("steps", "Steps", *steps))
    main.append(section("reading" if explain else "result", "Reading" if explain else "Result", *map(prose.block, closing(p, explain))))
    if rules.rules:
        main.append(rules.section())
    return document(
        p.theorem.title, [tag("a", "Skip to the theorem", class_="skip", href="#theorem"), header, tag("main", *main), colophon()],
        proofs={f"data-{i}": v.proof.to_dict() for i, v in enumerate(p.steps, 1)}, picture=picture is not None,
    )  # fmt: skip


def _headless(page: Iterable[blocks.Block], title: str) -> Iterator[blocks.Block]:
    """The blocks below a heading that says the same as one of their heads."""
    for block in page:
        yield block._replace(head="") if isinstance(block, blocks.Text) and block.head == title else block


def _step(p: NamedProof, i: int, writer: Writer, opened: bool) -> Html:
    """A step of the theorem: what it says, and folded below it the whole verdict with its proof."""
    name = f"{p.theorem.id}-{i + 1}.json"
    said = map(writer.block, _headless(step_stated(p, i), f"Step {i + 1}"))
    save = [saving(f"data-{i + 1}", name), tag("pre", tag("code", f"lossproof check {name}")), no_script(f"data-{i + 1}")]
    inner = _parts(writer, verdict_blocks(p.steps[i])[1:], Html(""), 4)
    fold = tag("details", tag("summary", "The comparison in full, with its proof"), *inner, *save, class_="more verdict", open=opened)
    return section(f"step-{i + 1}", f"Step {i + 1}", *said, fold, level=3)


__all__ = ["theorem_html", "verdict_html"]
