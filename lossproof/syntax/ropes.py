"""Printed pieces that are joined late, so that deep terms print in linear time."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from lossproof.errors import LimitError

MAX_PRINTED: Final = 5_000_000  # characters of one printed term
_SHORT: Final = 200


class Rope:
    """Pieces of text in a row, and their length altogether."""

    __slots__ = ("length", "pieces")

    def __init__(self, pieces: tuple[str | Rope, ...], length: int) -> None:
        self.pieces = pieces
        self.length = length

    def __len__(self) -> int:
        return self.length


Text = str | Rope


class Printed(NamedTuple):
    """A printed term, and how tightly its text holds together."""

    text: Text
    level: int


def cat(*pieces: Text) -> Text:
    """Pieces joined; raises :class:`LimitError` when they are longer than any reader wants."""
    length = 0
    for piece in pieces:
        length += len(piece)
    if length <= _SHORT:
        return "".join([p if isinstance(p, str) else flat(p) for p in pieces])
    if length > MAX_PRINTED:
        raise LimitError(f"a term would print as more than {MAX_PRINTED:,} characters", hint="print a part of it")
    return Rope(pieces, length)


def joined(separator: str, pieces: Iterable[Text]) -> Text:
    """Pieces joined with a separator between them."""
    out: list[Text] = []
    for piece in pieces:
        if out:
            out.append(separator)
        out.append(piece)
    return cat(*out)


def flat(text: Text) -> str:
    """The text of a rope."""
    if isinstance(text, str):
        return text
    out: list[str] = []
    stack: list[Text] = [text]
    while stack:
        piece = stack.pop()
        if isinstance(piece, str):
            out.append(piece)
        else:
            stack.extend(reversed(piece.pieces))
    return "".join(out)
