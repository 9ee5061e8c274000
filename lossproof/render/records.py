"""Records in words: rules, facts and distributions, for the command ``explain`` and for pages that carry their rules along."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from lossproof.errors import LossproofError
from lossproof.render.words import RELATION_SIGNS, RELATION_WORDS, Words, domain_in_words, listed
from lossproof.rulebook import Distribution, Rulebook
from lossproof.syntax import parse_condition, parse_expression, pretty
from lossproof.terms import Term

if TYPE_CHECKING:
    from lossproof.proof import Proof

#: Rows of a label and words; what is empty is left out.
Rows = list[tuple[str, Words]]

#: What is no record: steps and reasons that kernel and checker compute, each with code of its own.
BUILT_IN: Final = {
    "algebra": "Both sides have the same normal form as rational functions of their parts, and nothing is divided by that may be 0.",
    "lemma": "An earlier chain of the same proof, used at one place.",
    "domain": "The domain that is declared for the symbol says so.",
    "hypothesis": "It is assumed: a condition that was given, or that the data lie where the density is not 0.",
    "number": "Computed with exact numbers.",
    "syntax": "Read off the symbols that occur.",
}


def read(text: str) -> Term:
    """A record's formula or condition."""
    try:
        return parse_expression(text, rule=True)
    except LossproofError:
        return parse_condition(text, rule=True)


def rule_words(id: str, book: Rulebook) -> tuple[Words, Rows]:
    """What a rewrite rule states, and what is to be known of it."""
    record = book.rules[id].record
    relation = book.rules[id].relation
    statement: Words = (read(str(record["from"])), f"  {RELATION_SIGNS[relation]}  ", read(str(record["to"])))
    return statement, _filled([
        ("says", (str(record["says"]),)),
        ("requires", _conditions(record["requires"])),
        ("relation", () if relation == "equal" else (f"{relation}: {RELATION_WORDS[relation]}",)),
        ("holds", ("for any number of operands",) if record.get("nary") else ()),
        ("fails", (f"without the conditions: {record['fails']}",) if "fails" in record else ()),
        ("never", listed([(read(c),) for c in record.get("never", ())], ", ")),
        ("in Coq", (in_coq(record),)),
    ])  # fmt: skip


def in_coq(record: Mapping[str, Any]) -> str:
    """Whether a record is a lemma that Coq's kernel accepts (see docs/formal.md; tests compile every one)."""
    if "unproved" in record:
        return f"not proved: {record['unproved']}"
    return "a lemma, which supposes that the left side has a value" if record.get("supposes") == "left" else "a lemma"


def made_by_the_kernel(proof: Proof) -> str:
    """How many steps a proof has, and which of its rules are no lemma in Coq."""
    rules = {step.step.rule.id: step.step.rule for step in proof.steps if not isinstance(step.step.rule, str)}
    unproved = sorted(id for id, rule in rules.items() if "unproved" in rule.record and rule.record.get("id") == id)
    return f"{len(proof.steps)} steps, each made by the kernel" + (f"; not proved in Coq: {', '.join(unproved)}" if unproved else "")


def fact_words(id: str, book: Rulebook) -> tuple[Words, Rows]:
    """What a rule of inference shows, and from what."""
    record = book.fact_rules[id].record
    return (read(str(record["shows"])),), _filled([
        ("says", (str(record["says"]),)),
        ("shows", (read(str(record["shows"])),)),
        ("given", _conditions(record["given"])),
        ("holds", ("for any number of operands",) if record.get("nary") else ()),
        ("in Coq", (in_coq(record),)),
    ])  # fmt: skip


def distribution_words(found: Distribution) -> Rows:
    """A distribution: how it is written, its domains, its density."""
    signatures = {found.names[0]: found.takes, **found.signatures}
    contribution = "It is a likelihood contribution, no density: it does not integrate to one."
    variate = found.variate_domain
    return _filled([
        ("written", ("; ".join(f"{n}({', '.join(map(pretty, s))})" for n, s in signatures.items()),)),
        ("names", (", ".join(found.names),)),
        ("arguments", listed([(f"{pretty(n)} ", *domain_in_words(d)) for n, d in found.parameters.items()], ", ")),
        ("keywords", ("; ".join(", ".join(f.names) for f in found.forms[1:]),)),
        ("convention", (found.convention,)),
        ("data", (f"{pretty(found.variate)} ", *domain_in_words(variate)) if variate is not None else ()),
        ("support", listed([(read(c),) for c in found.record.get("support", ())], ", ")),
        ("mass" if found.is_discrete else "density", (read(str(found.record["density"])),)),
        ("P(Y ≤ y)", (read(str(found.record["cdf"])),) if "cdf" in found.record else ()),
        ("note", (found.notes,)),
        ("note", () if found.is_normalised else (contribution,)),
        ("source", (found.source,)),
    ])  # fmt: skip


def _conditions(texts: list[str]) -> Words:
    return listed([(read(c),) for c in texts], ", ") or ("nothing",)


def _filled(rows: Rows) -> Rows:
    return [(label, words) for label, words in rows if any(words)]


__all__ = ["BUILT_IN", "Rows", "distribution_words", "fact_words", "read", "rule_words"]
