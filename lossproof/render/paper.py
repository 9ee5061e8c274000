"""The lines of a proof as a person writes them on paper, and the reasons beside them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING, Final, NamedTuple

from lossproof.kernel import Theorem
from lossproof.proof import Line, flatten
from lossproof.render.words import RELATION_SIGNS, varying
from lossproof.terms import Term, fn, num, postorder, rebuild, substitute

if TYPE_CHECKING:
    from lossproof.comparison import Verdict
    from lossproof.derivation import Derivation

#: Lines of a chain of one sample that expand logarithms; of these so many are shown on paper.
_LOG_LINES: Final = 3
_EXPANDING: Final = ("logarithms", "tidy")


class PaperLine(NamedTuple):
    """A line of the proof on paper.

    ``left`` is given on the first line of a chain only. ``scope`` is ``sample``, ``prior`` or ``dataset``;
    ``chain`` names the chain, ``uses`` are the numbers of the lines that a lemma rests on, and the names in
    ``varying`` carry the sample's index inside sums over the samples. ``steps`` are the numbers of the kernel's
    steps that the line stands for.
    """

    number: int
    relation: str
    left: Term | None
    right: Term
    reason: str
    rules: tuple[str, ...]
    scope: str
    chain: str
    uses: tuple[int, ...]
    varying: frozenset[str]
    steps: tuple[int, ...]


def paper_lines(d: Derivation) -> list[PaperLine]:
    """The proof folded to the lines that a person writes: for a Gaussian ten."""
    chains: dict[str, list[Line]] = {}
    for line in d.proof.lines:
        chains.setdefault(line.chain, []).append(line)
    order = sorted(chains, key=lambda name: name != "preamble")
    numbers: dict[str, Iterator[int]] = {}
    for name, steps in groupby(d.proof.steps, key=lambda s: s.chain):
        numbers[name] = iter([s.id for s in steps])
    found: list[PaperLine] = []
    last_of: dict[str, int] = {}
    names = varying(d)
    for chain in order:
        scope = "prior" if chain.startswith("prior:") else "sample" if chain == "sample" else "dataset"
        for i, line in enumerate(_folded(chains[chain], names)):
            uses = (
                tuple(sorted(n for c, n in last_of.items() if c not in ("preamble", chain)))
                if line.label == "lemma"
                else ()
            )
            number = len(found) + 1
            t = line.theorem
            found.append(PaperLine(
                number, RELATION_SIGNS[t.relation], t.left if i == 0 else None, t.right, line_reason(line, d),
                tuple(r for r in line.rules if r not in ("algebra", "lemma")) or line.rules, scope, chain, uses, names,
                tuple([next(numbers[chain]) for _ in flatten(t.trace)]),
            ))  # fmt: skip
            last_of[chain] = number
    return found


def _folded(lines: list[Line], names: frozenset[str]) -> list[Line]:
    if lines[0].chain == "preamble":
        return [_merged(lines)]
    found: list[Line] = []
    for line in lines:
        before = found[-1] if found else None
        if before is not None and _continues(before, line, names):
            found[-1] = _merged([before, line])
        else:
            found.append(line)
    while (pair := _shortest(found)) is not None:
        found[pair : pair + 2] = [_merged(found[pair : pair + 2])]
    return found


def _continues(before: Line, line: Line, names: frozenset[str]) -> bool:
    """Whether a line is no news on paper: it prints the same, or only prepares or tidies its neighbour."""
    if (before.label, line.label) == ("linear", "arrange"):
        return True
    if line.rules == ("algebra",):
        from lossproof.syntax import to_text

        if to_text(line.theorem.left, names) == to_text(line.theorem.right, names):
            return True
    return before.rules == ("algebra",) and before.label in _EXPANDING and line.label in _EXPANDING


def _shortest(lines: list[Line]) -> int | None:
    """Where two lines that expand logarithms are to be one, if there are too many of them."""
    places = [i for i, line in enumerate(lines) if line.label in _EXPANDING]
    if len(places) <= _LOG_LINES:
        return None
    pairs = [i for i in places if i + 1 in places]
    if not pairs:
        return None
    return min(pairs, key=lambda i: (len({*lines[i].rules, *lines[i + 1].rules}), -i))


def _merged(lines: list[Line]) -> Line:
    first = lines[0]
    theorem: Theorem = first.theorem.kernel.chain([line.theorem for line in lines])
    rules = dict.fromkeys(r for line in lines for r in line.rules)
    label = next((line.label for line in lines if line.rules != ("algebra",)), first.label)
    return replace(first, theorem=theorem, rules=tuple(rules), label=label)


def line_reason(line: Line, d: Derivation) -> str:
    """Why a line follows, in a few words: ``log of a quotient``; several reasons are joined by commas."""
    if line.label in _REASONS:
        return _REASONS[line.label]
    found = dict.fromkeys(rule_label(r, d) for r in line.rules if r != "algebra")
    return ", ".join(found) or "algebra"


_REASONS: Final = {
    "order": "the logarithm is increasing, minus reverses the order",
    "samples": "the log of a product is the sum of the logs",
    "lemma": "one sample, from above",
    "linear": "sums are linear",
    "arrange": "algebra",
    "drop": "the last term is free of the parameters",
    "scale": "the scale is positive and free of the parameters",
    "collect": "collect terms",
}
_LABELS: Final = {
    "log-product": "log of a product",
    "log-quotient": "log of a quotient",
    "log-power": "log of a power",
    "log-root": "log of a root",
    "log-exp": "log undoes exp",
    "exp-log": "exp undoes log",
    "log-one": "log of one",
    "log-gamma": "log of the gamma function",
    "log-support": "log of zero off the support",
    "lemma": "from above",
}


def rule_label(id: str, d: Derivation | Verdict) -> str:
    """A rule in two to five words."""
    if id in _LABELS:
        return _LABELS[id]
    kind, _, rest = id.partition("-")
    if kind in ("density", "cdf") and rest in d.book.distribution_ids:
        return f"{'density' if kind == 'density' else 'distribution function'} of {d.book.distribution(rest).title}"
    return id.replace("-", " ")


def rule_says(id: str, d: Derivation) -> str:
    """A rule's own sentence."""
    record = d.book.rules.get(id) or d.book.fact_rules.get(id)
    if record is not None:
        return record.says
    return {"algebra": "Equal as rational functions.", "lemma": "Proved above."}.get(id, rule_label(id, d))


def abbreviated(term: Term) -> Term:
    """The term with every ``pdf(D, y)`` as ``p(y, names of D)``: to be printed p(y | names)."""
    if not any(t.op == "pdf" for t in postorder(term)):
        return term

    def visit(t: Term) -> Term:
        if t.op != "pdf":
            return t
        distribution, y = t.args
        bare = substitute(distribution, {e: num(1) for e in postorder(distribution) if e.op == "eye"})
        return fn("p", y, *[s for s in _order(bare) if s is not y])

    return rebuild(term, visit)


def _order(root: Term) -> list[Term]:
    return [t for t in postorder(root) if t.op == "sym"]
