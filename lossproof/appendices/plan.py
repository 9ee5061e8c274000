"""What goes into an appendix: results in order, and how they are to be written; read from TOML or from assumptions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

from lossproof.errors import InputSyntaxError, LossproofError, UnknownNameError, UsageError
from lossproof.render.latex import LABEL, REASONS, Style
from lossproof.render.notation import Notation, read_commands, read_name
from lossproof.syntax import canonical, split_names

DETAILS: Final = ("remark", "paper", "full")
#: What a choice may be, where it is one of a few words.
_WORDS: Final[dict[str, tuple[str, ...]]] = {
    "detail": DETAILS, "reasons": REASONS, "vectors": ("plain", "bold"), "log": ("log", "ln"), "sums": ("limits", "bare"),
    "expectation": ("blackboard", "roman", "italic"),
}  # fmt: skip
_KINDS: Final = ("derive", "density", "compare", "prove")
_MORE: Final[dict[str, tuple[str, ...]]] = {
    "derive": ("free", "fix", "fixed", "where", "reduction"),
    "density": ("data", "fixed", "where", "reduction"),
    "compare": ("learn", "data", "fixed", "let", "where"),
    "prove": (),
}
_LISTS: Final = frozenset({"free", "fix", "fixed", "learn", "data", "let"})
_WHOLE: Final = ("title", "label", "detail", "notation")
#: As many results fit into one appendix.
MOST: Final = 2000


@dataclass(frozen=True)
class Choices:
    """How an appendix is written; the example that ``lossproof appendix --init`` writes explains each choice."""

    title: str = "From assumptions to losses"
    label: str = "lp"
    detail: str = "paper"
    reasons: str = "column"
    subscripts: bool = True
    vectors: str = "plain"
    log: str = "log"
    sums: str = "limits"
    expectation: str = "blackboard"
    rules: bool = True
    table: bool = True
    remarks: bool = True
    coq: bool = True
    macros: Mapping[str, str] = field(default_factory=dict)
    notation: Mapping[str, str] = field(default_factory=dict)

    def style(self) -> Style:
        """The same for the renderer. Raises a LossproofError for a name or a macro that cannot be used."""
        names = {canonical(n): read_name(value) for n, value in self.notation.items() if n != "data"}
        notation = Notation(
            names, canonical(self.notation["data"]) if "data" in self.notation else "", self.subscripts, self.vectors == "bold", self.log,
            self.sums == "limits", self.expectation, read_commands(self.macros),
        )  # fmt: skip
        return Style(self.detail, self.reasons, notation, self.label, None, self.remarks)


@dataclass(frozen=True)
class Item:
    """A result: ``kind`` is derive, density, compare or prove, ``what`` its texts, ``more`` further arguments of the call."""

    kind: str
    what: tuple[str, ...]
    more: Mapping[str, Any] = field(default_factory=dict)
    title: str = ""
    label: str = ""
    detail: str = ""
    notation: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Plan:
    """An appendix that is to be written; ``source`` is the text that it was read from, for errors."""

    items: tuple[Item, ...]
    choices: Choices = Choices()
    source: str = ""

    def to_dict(self) -> dict[str, Any]:
        """The plan as JSON takes it."""
        return {"choices": asdict(self.choices), "items": [asdict(item) for item in self.items]}

    @staticmethod
    def from_dict(given: Mapping[str, Any]) -> Plan:
        """The plan that :meth:`to_dict` wrote, held to all that is asked of a file. Raises a LossproofError, KeyError or TypeError."""
        items = []
        for n, item in enumerate(given["items"]):
            what = list(item["what"]) if item["kind"] == "compare" else item["what"][0]
            rest = {k: item[k] for k in _WHOLE if item.get(k)}
            items.append(_item({item["kind"]: what, **item["more"], **rest}, n, ""))
        if not items:
            raise UsageError("a plan has items")
        plan = Plan(tuple(items), _choices(given["choices"], ""))
        _refuse_clashes(plan)
        return plan

    def unused(self, name: str) -> LossproofError:
        """The error for a name of the notation that no result has."""
        text = self.source or name
        span = _span(self.source, None, name) if self.source else (0, len(name))
        base = name.removesuffix("_i")
        hint = f"write {base}: the index is added where it belongs" if base != name else "names of the notation are symbols of the assumptions"
        return UsageError(f"the notation names {name}, and no item has such a symbol", text=text, span=span, hint=hint)

    def located(self, error: LossproofError, number: int, key: str = "") -> LossproofError:
        """An error of an item, with the number and the line of the item if it was read from a file."""
        if not self.source:
            return error
        line = _line_of(self.source, number, key or self.items[number].kind)
        error.message = f"item {number + 1}{f', line {line}' if line else ''}: {error.message}"
        error.args = (error.message,)
        return error


def plan_of(assumptions: Iterable[str], **choices: Any) -> Plan:
    """A plan of assumptions and families' names, each derived. Raises a LossproofError for a choice that is not there."""
    return Plan(tuple(Item("derive", (a,)) for a in assumptions), _choices(choices, ""))


# -- TOML


def read_plan(text: str) -> Plan:
    """The plan that a TOML text describes. Raises a LossproofError with the line at fault."""
    import tomllib

    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _no_toml(text, str(error)) from None
    items = data.pop("item", [])
    if not isinstance(items, list) or not all(isinstance(i, dict) for i in items):
        raise InputSyntaxError("an item is a table [[item]] of its own", text=text, span=_span(text, None, "item"), hint="lossproof appendix --init")
    if not items:
        raise InputSyntaxError("there is no [[item]] in it: nothing to derive, compare or prove", hint="lossproof appendix --init writes an example")
    if len(items) > MOST:
        raise UsageError(f"an appendix has at most {MOST:,} items")
    choices = _choices(data, text)
    plan = Plan(tuple(_item(i, n, text) for n, i in enumerate(items)), choices, text)
    _refuse_clashes(plan)
    return plan


def _no_toml(text: str, message: str) -> InputSyntaxError:
    """A fault in the TOML itself, with the line that the parser names."""
    found = re.search(r" \(at line (\d+), column (\d+)\)", message)
    if found is None:
        return InputSyntaxError(f"this is not TOML: {message}", hint="lossproof appendix --init writes an example")
    lines = text.split("\n")
    start = sum(len(line) + 1 for line in lines[: int(found[1]) - 1]) + int(found[2]) - 1
    return InputSyntaxError(f"line {found[1]} is not TOML: {message.replace(found[0], '').lower()}", text=text, span=(start, start + 1))


def _choices(given: Mapping[str, Any], text: str) -> Choices:
    known = {f.name: f for f in fields(Choices)}
    kept: dict[str, Any] = {}
    for key, value in given.items():
        if key not in known:
            raise UnknownNameError(
                f"there is no choice {key}", text=text or key, span=_span(text, None, key) if text else (0, len(key)),
                nearest=get_close_matches(key, [*known, "item"], n=3, cutoff=0.5), hint="lossproof appendix --init explains every choice",
            )  # fmt: skip
        kept[key] = _choice(key, value, text)
    choices = Choices(**kept)
    if not LABEL.fullmatch(choices.label):
        raise UsageError("a label has letters, digits, - and . only", text=text or choices.label, span=_span(text, None, "label", choices.label))
    _check_notation(choices.notation, text, None)
    try:
        choices.style()
    except LossproofError as error:
        culprit = next((k for k, v in choices.macros.items() if error.message.endswith(f" {k}") or v in error.message), "macros")
        value = "" if error.message.endswith(f"no macro for {culprit}") else str(choices.macros.get(culprit, ""))
        raise _in_file(error, text, None, "macros" if culprit == "preset" and "preset" not in text else culprit, value) from None
    return choices


def _check_notation(notation: Mapping[str, str], text: str, number: int | None) -> None:
    for name, value in notation.items():
        try:
            canonical(name)
            if name == "data":
                canonical(value)
            else:
                read_name(value)
        except LossproofError as error:
            raise _in_file(error, text, number, name, value) from None


def _choice(key: str, value: Any, text: str) -> Any:
    default = getattr(Choices(), key)
    if key == "macros" and isinstance(value, str):
        value = {"preset": value}
    good = isinstance(value, bool) if isinstance(default, bool) else isinstance(value, str if isinstance(default, str) else dict)
    if good and isinstance(value, dict):
        good = all(isinstance(v, str) for v in value.values())
    words = _WORDS.get(key)
    if not good or (words is not None and value not in words):
        wanted = f"one of {', '.join(words)}" if words else {bool: "true or false", str: "a text"}.get(type(default), "a table of texts")
        near = get_close_matches(str(value), words, n=1, cutoff=0.4) if words else []
        span = _span(text, None, key, str(value))
        raise UsageError(f"{key} is {wanted}", text=text or str(value), span=span, nearest=near)
    return dict(value) if isinstance(value, dict) else value


def _item(given: dict[str, Any], number: int, text: str) -> Item:
    kinds = [k for k in _KINDS if k in given]
    if len(kinds) != 1:
        said = "says what to do: derive, compare or prove" if not kinds else f"has both {kinds[0]} and {kinds[1]}"
        raise InputSyntaxError(
            f"item {number + 1} {said if kinds else 'does not say what to do'}", text=text, span=_span(text, number, kinds[1] if kinds else ""),
            hint='derive = "gaussian", compare = ["A", "B"] or prove = "mle-chain"',
        )  # fmt: skip
    kind = kinds[0]
    allowed = (kind, *_MORE[kind], *_WHOLE)
    for key, value in given.items():
        if key not in allowed:
            raise UnknownNameError(
                f"item {number + 1}: {key} does not go with {kind}", text=text, span=_span(text, number, key),
                nearest=get_close_matches(key, allowed, n=2, cutoff=0.5) or allowed[1:],
            )  # fmt: skip
        if not _fits(kind, key, value):
            wanted = {"compare": "two texts", "notation": "a table of texts"}.get(key, "a text, or a list of texts" if key in _LISTS else "a text")
            raise UsageError(f"item {number + 1}: {key} is {wanted}", text=text, span=_span(text, number, key))
    detail, label = given.get("detail", ""), given.get("label", "")
    if detail and detail not in DETAILS:
        raise UsageError(f"item {number + 1}: detail is one of {', '.join(DETAILS)}", text=text, span=_span(text, number, "detail", detail))
    if label and not LABEL.fullmatch(label):
        raise UsageError(f"item {number + 1}: a label has letters, digits, - and . only", text=text, span=_span(text, number, "label", label))
    notation = given.get("notation", {})
    _check_notation(notation, text, number)
    more = {k: _list(v, k) if k in _LISTS else v for k, v in given.items() if k in _MORE[kind]}
    what = tuple(given[kind]) if kind == "compare" else (given[kind],)
    return Item(kind, what, more, given.get("title", ""), label, detail, notation)


def _fits(kind: str, key: str, value: Any) -> bool:
    texts = isinstance(value, list) and all(isinstance(v, str) for v in value)
    if key == "compare":
        return texts and len(value) == 2
    if key == "notation":
        return isinstance(value, dict) and all(isinstance(v, str) for v in value.values())
    return isinstance(value, str) or (texts and key in _LISTS and key != kind)


def _list(value: Any, key: str) -> list[str]:
    """Names as a list; a text holds several, a definition of ``let`` is one."""
    if isinstance(value, list):
        return value
    return [value] if key == "let" else split_names(value)


def _refuse_clashes(plan: Plan) -> None:
    taken: dict[str, int] = {}
    for n, item in enumerate(plan.items):
        if item.label in taken:
            raise UsageError(
                f"items {taken[item.label] + 1} and {n + 1} have the same label", text=plan.source, span=_span(plan.source, n, "label", item.label),
                hint="labels are unique; leave one out, and it is made from the result",
            )  # fmt: skip
        if item.label:
            taken[item.label] = n


# -- places


def _lines(text: str) -> list[tuple[int, str, int | None]]:
    """Lines with where they start and in which item they stand."""
    found: list[tuple[int, str, int | None]] = []
    at, item = 0, None
    for line in text.split("\n"):
        if re.match(r"\s*\[\[\s*item\s*\]\]", line):
            item = 0 if item is None else item + 1
        found.append((at, line, item))
        at += len(line) + 1
    return found


def _span(text: str, number: int | None, key: str, value: str = "") -> tuple[int, int]:
    """Where a value, else a key, else an item stands; the whole text if that is not found."""
    if not text:
        return 0, len(value)
    head = None
    for start, line, item in _lines(text):
        if item != number:
            continue
        head = (start, start + len(line)) if head is None else head
        found = re.search(rf"(?<![\w-]){re.escape(key)}(?![\w-])[\"']?\s*\.?[\w]*\s*=", line) if key else None
        if found:
            place = line.find(value, found.end()) if value else -1
            return (start + place, start + place + len(value)) if place >= 0 else (start + found.start(), start + found.start() + len(key))
    return head or (0, 0)


def _line_of(text: str, number: int, key: str) -> int:
    return text.count("\n", 0, _span(text, number, key)[0]) + 1


def _in_file(error: LossproofError, text: str, number: int | None, key: str, value: str) -> LossproofError:
    """An error in a value of the notation or of the macros, shown in the file's own line."""
    if not text:
        return error
    start, end = _span(text, number, key, value)
    if error.span is not None and error.text is not None and text[start:end] == value == error.text:
        start, end = start + error.span[0], start + error.span[1]
    error.text, error.span = text, (start, max(end, start + 1))
    return error


def example() -> str:
    """The commented example that ``lossproof appendix --init`` writes."""
    return Path(__file__).with_name("example.toml").read_text(encoding="utf-8")


__all__ = ["DETAILS", "MOST", "Choices", "Item", "Plan", "example", "plan_of", "read_plan"]
