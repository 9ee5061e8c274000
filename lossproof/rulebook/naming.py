"""Losses by what people call them: their names, abbreviations and calls in libraries."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from lossproof.rulebook.load import Rulebook
from lossproof.rulebook.records import Loss

_REDUCTION: Final = re.compile(r"reduction\s*=\s*[\"'](\w+)[\"']")


class NamedLoss(NamedTuple):
    """A loss over a dataset: the record, its reduction (mean, sum or root, the root of the mean), a factor as text, the values of variables that its
    arguments give, and an argument that is not understood."""

    loss: Loss
    reduction: str
    factor: str | None
    arguments: dict[str, str]
    unread: str


def losses_named(name: str, book: Rulebook) -> list[Loss]:
    """The losses of that id or name, over the data or in a library."""
    key = plain_name(name)
    if name in book.losses:
        return [book.losses[name]]
    own = [s for s in book.losses.values() if key in {plain_name(n) for n in (s.id, s.name, *s.over_data.values(), *_short(s).values())}]
    if own:
        return own
    call = _call_of(name)
    return [s for s in book.losses.values() if any(_is_call(call, code) for code in (*s.code.values(), *_also(s)))]


def objective_named(name: str, book: Rulebook) -> NamedLoss | None:
    """The loss over a dataset that a name stands for, or None; a mean unless the name says otherwise."""
    found = [s for s in losses_named(name, book) if s.formula is not None]
    if not found:
        return None
    key, called = plain_name(name), "".join(name.lower().split()).replace('"', "'")
    for s in found:
        for table in (_short(s), s.over_data):
            for reduction, spelled in table.items():
                if plain_name(spelled) == key:
                    return NamedLoss(s, reduction, None, {}, "")
    said = _REDUCTION.search(name)
    reduction = "sum" if said is not None and said[1] == "sum" else "mean"
    plain = _REDUCTION.sub("", called)
    calls = [(s, library, "".join(code.lower().split())) for s in found for library, code in (*s.code.items(), *(("", c) for c in _also(s)))]
    calls = [(s, library, code) for s, library, code in calls if _is_call(_call_of(name), code)]
    calls.sort(key=lambda c: (c[2] != called, c[2] != plain, c[2].partition("(")[0] != plain, not c[2].endswith("()"), len(c[2]), len(str(c[0].record["formula"]))))
    if not calls:
        return NamedLoss(found[0], reduction, None, {}, "")
    loss, library, code = calls[0]
    arguments, unread = _arguments(name, code, loss) if code != called and _bare(code) != called else ({}, "")
    return NamedLoss(loss, reduction, loss.factor.get(library), arguments, unread)


def _bare(code: str) -> str:
    return code.partition("(")[0]


def _arguments(name: str, code: str, loss: Loss) -> tuple[dict[str, str], str]:
    """The values that a call's arguments give to the loss's variables, and the first argument that is not understood."""
    inside = name.partition("(")[2].strip().removesuffix(")")
    known = dict(re.findall(r"(\w+)=(\w+)", code))  # the call of the record: delta=delta
    found: dict[str, str] = {}
    for part in filter(None, (a.strip() for a in inside.split(","))):
        said = _REDUCTION.fullmatch(part)
        if said is not None and said[1] in ("mean", "sum", "batchmean"):
            continue
        keyword, _, value = (x.strip() for x in part.partition("="))
        variable = {v.lower(): v for v in loss.variables}.get(known.get(keyword.lower(), ""))
        if variable is None or not re.fullmatch(r"[\w.]+", value):
            return found, part
        found[variable] = value
    return found, ""


def _short(loss: Loss) -> dict[str, str]:
    return {k: str(v) for k, v in loss.record.get("short", {}).items()}


def _call_of(name: str) -> str:
    call = name.partition("(")[0].strip().lower()
    return call.replace("f.", "torch.nn.functional.", 1) if call.startswith("f.") else call


def _also(loss: Loss) -> list[str]:
    return [str(name) for name in loss.record.get("also", ())]


def _is_call(name: str, code: str) -> bool:
    """Whether a library's code calls that name, or one that ends with it: MSELoss is torch.nn.MSELoss."""
    head = code.partition("(")[0].strip().lower()
    return bool(name) and (head == name or head.endswith(f".{name}"))


def plain_name(name: str) -> str:
    """A name in lower case, with single spaces for hyphens and underscores."""
    return " ".join(name.lower().replace("-", " ").replace("_", " ").split())
