"""Writes what a derivation or a verdict says: prose, formulas, chains whose lines open to the kernel's steps."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from lossproof.facts import Fact
from lossproof.proof import ProofStep
from lossproof.render import blocks
from lossproof.render.blocks import Block, Code, Maths
from lossproof.render.html.elements import Html, formula, joined, listing, table, tag
from lossproof.render.html.rules import Rules, rule_sentence
from lossproof.render.mathematics import SIGNS, ChainRows, Formulas, Row
from lossproof.render.steps import chain_title, fact_rows, proposition_words
from lossproof.render.text import formula as plain_formula
from lossproof.render.words import RELATION_SIGNS, as_written, varying
from lossproof.syntax import latex_name, pretty, to_latex
from lossproof.terms import Term

if TYPE_CHECKING:
    from lossproof.comparison import Verdict
    from lossproof.derivation import Derivation

_TEXT_SIGNS: Final = {latex: sign for sign, latex in SIGNS.items()}
#: What stands before the first term of a chain, as LaTeX and as text.
_HEADS: Final = {"dataset": (r"\mathrm{NLL} = ", "NLL = "), "a": ("", "A = "), "b": ("", "B = ")}
_DEEPEST: Final = 8
_MODEL: Final = Maths(r"f_{\theta}(x)", "f_θ(x)")


class Prose:
    """Writes text and blocks in which no chain stands."""

    def term(self, term: Term, *, display: bool = False) -> Html:
        """A term."""
        return formula(to_latex(term), plain_formula(term), display=display)

    def prose(self, prose: Iterable[str | Term | Maths | Code]) -> Html:
        """Text, terms and formulas in a row."""
        return joined([self.piece(p) for piece in prose for p in (_apart(piece) if isinstance(piece, str) else (piece,))])

    def piece(self, piece: str | Term | Maths | Code) -> str | Html:
        """One of them."""
        if isinstance(piece, Code):
            return tag("code", piece.text)
        if isinstance(piece, Maths):
            return formula(piece.latex, piece.text)
        return piece if isinstance(piece, str) else self.term(piece)

    def block(self, block: Block) -> Html:
        """A block that is neither a title nor a chain."""
        if isinstance(block, blocks.Text):
            head = [tag("strong", f"{block.head}."), " "] if block.head else []
            return tag("p", *head, self.prose(block.prose))
        if isinstance(block, blocks.Display):
            return tag("div", *[formula(f.latex, f.text, display=True) for f in block.formulas], class_="display")
        if isinstance(block, blocks.Table):
            return table(map(self.prose, block.head), [map(self.prose, row) for row in block.rows])
        if isinstance(block, blocks.Items):
            head = [tag("p", tag("strong", block.head))] if block.head else []
            return joined([*head, listing(map(self.prose, block.items))])
        raise TypeError(f"a {type(block).__name__} is written elsewhere")


class Writer(Prose):
    """Writes one derivation or verdict; ``prefix`` keeps the anchors of several on a page apart, ``opened`` opens the lines."""

    def __init__(self, owner: Derivation | Verdict, rules: Rules, prefix: str = "", opened: bool = False) -> None:
        self.owner = owner
        self.rules = rules
        self.prefix = prefix
        self.opened = opened
        self.formulas = Formulas(owner)  # type: ignore[arg-type]
        self.names = varying(owner)
        self.steps = {s.id: s for s in owner.proof.steps}
        self.seen: dict[Term, int] = {}
        self.shown: set[int] = set()

    def term(self, term: Term, *, display: bool = False) -> Html:
        """A term of the derivation."""
        return formula(self.formulas.line(term), plain_formula(term, self.names), display=display)

    # -- chains

    def chain(self, chain: ChainRows) -> Html:
        """A chain: its first term, and a line for each row that opens to its steps."""
        head, plain = _HEADS.get(chain.name, ("", ""))
        start = plain_formula(chain.start, self.names) if chain.start is not None else ""
        first = tag("div", formula(head + chain.left, plain + start, display=True), class_="first")
        return tag("div", first, *[self.line(row) for row in chain.rows], class_="chain", id=f"{self.prefix}chain-{chain.name.replace(':', '-')}")

    def line(self, row: Row) -> Html:
        """A line as it stands on paper, which opens to the steps that it was folded from."""
        sign = _TEXT_SIGNS[row.sign]
        plain = plain_formula(row.term, self.names) if row.term is not None else ""
        shown = formula(f"{row.sign} {row.latex}", f"{sign} {plain}", display=True)
        reason = row.reason.removeprefix(f"{row.number}: ")
        summary = tag("summary", tag("span", str(row.number), class_="number"), " ", shown, " ", tag("span", f"({reason})", class_="why"))
        steps = tag("ol", *[tag("li", self.step(self.steps[i])) for i in row.steps], class_="steps")
        return tag("details", summary, steps, class_="line", id=f"{self.prefix}line-{row.number}", open=self.opened)

    def others(self) -> Html:
        """The steps that no line stands for: what the certificate holds besides."""
        rest = [s for i, s in self.steps.items() if i not in self.shown]
        if not rest:
            return Html("")
        what = "One further step" if len(rest) == 1 else f"{len(rest)} further steps"
        summary = tag("summary", f"{what} of the proof, which no line above needs")
        return tag("details", summary, tag("ol", *[tag("li", self.step(s)) for s in rest], class_="steps"), class_="more")

    # -- steps

    def step(self, proved: ProofStep) -> Html:
        """A step of the kernel: rule, before and after, which opens to its place, bindings and conditions."""
        step = proved.step
        self.shown.add(proved.id)
        anchor = f"{self.prefix}step-{proved.id}"
        sign = RELATION_SIGNS[step.relation]
        summary = tag(
            "summary", tag("span", str(proved.id), class_="number"), " ", tag("code", step.rule_id, class_="name"), " ",
            tag("span", self.term(step.before, display=True), " ", formula(f"{SIGNS[sign]} {self.formulas.line(step.after)}", f"{sign} {plain_formula(step.after, self.names)}", display=True), class_="both"),
        )  # fmt: skip
        link = self.rules.link(step.rule_id, f"{self.prefix.rstrip('-')}.{proved.id}".lstrip("."), anchor)
        sentence = self.prose(rule_sentence(step.rule_id, self.owner.book))
        about = [tag("p", link, ": ", sentence, class_="says"), *self.bindings(proved), *self.conditions(proved)]
        about.append(tag("p", "At ", place(proved.place), ".", class_="place"))
        return tag("details", summary, tag("div", *about, class_="about"), class_="step", id=anchor)

    def bindings(self, proved: ProofStep) -> list[Html]:
        """What the rule's names stand for."""
        found: list[Html] = []
        for name, value in sorted(proved.step.bindings.items()):
            if isinstance(value, Term | tuple):
                values = value if isinstance(value, tuple) else (value,)
                latex = ", ".join(map(self.formulas.line, values))
                plain = ", ".join(plain_formula(v, self.names) for v in values)
                found.append(formula(rf"{latex_name(name)} \mapsto {latex}", f"{pretty(name)} ↦ {plain}"))
        if proved.rule == "lemma":
            chain = str(proved.step.bindings["chain"])
            back = ", from right to left" if "direction" in proved.step.bindings else ""
            link = tag("a", chain_title(chain), href=f"#{self.prefix}chain-{chain.replace(':', '-')}")
            return [tag("p", "Proved above: ", link, back, ".")]
        return [tag("div", tag("p", "with", class_="label"), listing(found), class_="bindings")] if found else []

    def conditions(self, proved: ProofStep) -> list[Html]:
        """The conditions, below each the facts that it rests on."""
        found = [self.fact(f, proved.id) for f in proved.step.conditions]
        return [tag("div", tag("p", "since", class_="label"), *found, class_="conditions")] if found else []

    def fact(self, root: Fact, number: int) -> Html:
        """A condition with the tree of facts below it, as nested lists."""
        parts: list[Html] = []
        depth = -1
        for row in fact_rows(root, number, self.seen):
            at = min(row.depth, _DEEPEST)
            parts.append(Html("<ul><li>") if at > depth else Html("</li></ul>" * (depth - at) + "</li><li>"))
            depth = at
            why: Html
            if row.known is None:
                why = joined(["by ", self.rules.fact(row.fact.rule)])
            else:
                why = tag("a", row.why, href=f"#{self.prefix}step-{row.known}")
            shown = self.prose(proposition_words(as_written(row.fact.proposition)))
            parts.append(tag("span", shown, " ", tag("span", why, class_="by")))
        return Html("".join(parts) + "</li></ul>" * (depth + 1))


def _apart(text: str) -> list[str | Maths]:
    """Text, and the formulas that stand in it as text."""
    parts: list[str | Maths] = []
    for i, part in enumerate(text.split(_MODEL.text)):
        parts += [_MODEL, part] if i else [part]
    return parts


def place(path: tuple[int, ...]) -> Html:
    """Where in the chain's term a step was made."""
    return joined(["the root"] if not path else ["argument ", tag("code", ".".join(map(str, path))), " of the term"])


__all__ = ["Prose", "Writer", "place"]
