"""What a notebook shows: every result has one representation, and it is the right one."""

from __future__ import annotations

import pickle
import re
from typing import Any

import pytest

import lossproof as lp
from lossproof.rulebook import Rulebook
from lossproof.tables import Ledger

BOOK = Rulebook.default()
FAMILIES = [id for id in BOOK.distribution_ids if BOOK.distribution(id).default is not None]


def gaussian() -> lp.Derivation:
    return lp.derive("y ~ N(ŷ, σ²) with σ fixed")


def refuted() -> lp.Verdict:
    return lp.compare("mean((y - w*x)^2)", "mean(|y - w*x|)", learn=["w"], data=["y", "x"])


SHOWN = {
    "derivation": gaussian,
    "proof": lambda: gaussian().proof,
    "ledger": lambda: gaussian().ledger,
    "symbols": lambda: gaussian().symbols,
    "verdict": refuted,
    "verdict-proof": lambda: refuted().proof,
    "verdict-symbols": lambda: refuted().symbols,
    "witness": lambda: refuted().witness,
    "theorem": lambda: lp.prove("mle-chain"),
    "term": lambda: gaussian().loss,
}


@pytest.mark.parametrize("name", SHOWN)
def test_one_representation(name: str) -> None:
    """Markdown or LaTeX and never both, for Jupyter prefers Markdown; and the plain one names no address."""
    shown = SHOWN[name]()
    kinds = [k for k in ("markdown", "latex", "html", "png", "svg") if hasattr(shown, f"_repr_{k}_")]
    assert kinds == (["latex"] if name == "term" else ["markdown"])
    text = getattr(shown, f"_repr_{kinds[0]}_")()
    assert text
    assert not re.search(r"0x[0-9a-f]{6,}", text + repr(shown))


def test_ledger_is_a_table() -> None:
    assert gaussian().ledger._repr_markdown_() == (
        "| dropped, for one sample | why | returns |\n"
        "| --- | --- | --- |\n"
        r"| $\frac{1}{2} \log(2 \pi \sigma^{2})$ | $\sigma$ is fixed | if $\sigma$ is learned |"
    )
    assert lp.derive("bernoulli").ledger._repr_markdown_() == "Nothing was dropped: every term depends on what is learned."


def test_ledger_is_still_a_tuple() -> None:
    d = gaussian()
    assert isinstance(d.ledger, tuple)
    (row,) = d.ledger
    assert d.ledger == (row,)
    assert repr(d.ledger) == "(LedgerRow(term=Term('0.5*log(2*pi*sigma^2)'), returns_if=('sigma',)),)"
    again = pickle.loads(pickle.dumps(d.ledger))
    assert isinstance(again, Ledger)
    assert [r.term for r in again] == [row.term]
    assert again._repr_markdown_() == d.ledger._repr_markdown_()


def test_symbols_are_a_table() -> None:
    assert lp.derive("binomial").symbols._repr_markdown_() == (
        "| symbol | role | domain | varies with the sample |\n"
        "| --- | --- | --- | --- |\n"
        "| $y$ | data | a whole number 0, 1, 2, ... | yes |\n"
        "| $z$ | learned | real | yes |\n"
        "| $n$ | fixed | a whole number 0, 1, 2, ... | no |"
    )


def test_witness_is_a_table() -> None:
    assert refuted().witness._repr_markdown_() == (  # type: ignore[union-attr]
        "A and B order these two points differently, at n = 2; x = (1, -1) by sample; y = (0, 1) by sample.\n\n"
        "| at | A | B |\n| --- | --- | --- |\n| w = -1/2 | 0.25 | 0.5 |\n| w = 0 | 0.5 | 0.5 |"
    )


@pytest.mark.parametrize("family", FAMILIES)
def test_tables_of_every_family(family: str) -> None:
    """A row for each dropped term and each symbol; no cell breaks the table."""
    d = lp.derive(family)
    rows = table(d.symbols._repr_markdown_())
    assert len(rows) == len(d.symbols) + 2
    if d.ledger:
        assert len(table(d.ledger._repr_markdown_())) == len(d.ledger) + 2


def table(text: str) -> list[list[str]]:
    rows = [line.strip("|").split("|") for line in text.splitlines()]
    assert len({len(row) for row in rows}) == 1, text
    return rows


@pytest.mark.parametrize("make", [gaussian, refuted])
def test_results_pickle_and_compare_equal(make: Any) -> None:
    assert pickle.loads(pickle.dumps(make())) == make()
