"""A verdict as the object of the schema ``lossproof/proof/1``: the claim, its chains and steps, the witness."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lossproof.render.json import SCHEMA, Table
from lossproof.search.defined import needs
from lossproof.syntax import to_ascii
from lossproof.terms import Term

if TYPE_CHECKING:
    from lossproof.comparison import Verdict


def comparison_dict(v: Verdict) -> dict[str, Any]:
    """A verdict with its proof, or with the certificate of its refutation."""
    table = Table(v.book)
    q = v.question
    steps = [table.step(s) for s in v.proof.steps]
    _values(table, v)
    claim: dict[str, Any] = {
        "left": table.term(q.a.term), "relation": v.relation, "right": table.term(q.b.term),
        "scale": table.term(v.scale) if v.scale is not None else None,
        "offset": table.term(v.offset) if v.offset is not None else None,
    }  # fmt: skip
    readable = {"a": table.readable(q.a.term), "b": table.readable(q.b.term)}
    for name, term in (("scale", v.scale), ("offset", v.offset), ("transform", v.transform)):
        if term is not None:
            readable[name] = table.readable(term)
    return {
        "schema": SCHEMA,
        "kind": "comparison",
        "question": {
            "a": q.a.text, "b": q.b.text, "learn": list(q.learn), "let": list(q.let), "where": q.where,
            "data": sorted(n for n, s in v.symbols.items() if s.role == "data"),
            "fixed": sorted(n for n, s in v.symbols.items() if s.role == "fixed"),
        },
        "relation": v.relation,
        "symbols": table.symbols(v.symbols),
        "hypotheses": [{"says": table.term(p), "origin": origin, "text": to_ascii(p)} for p, origin in v.hypotheses],
        "claim": claim,
        "readable": readable,
        "reason": v.reason,
        "defined": [{"says": table.term(f.proposition), "because": table.fact(f)} for f in v.defined],
        "witness": _witness(v),
        "proved_if": [{"condition": c.text, "proof": comparison_dict(c.verdict)} for c in v.proved_if] or None,
        "chains": {c.name: table.ends(c.theorem) for c in v.chains},
        "steps": steps,
        "facts": table.facts,
        "rules": dict(sorted(table.rules.items())),
        "terms": table.rows,
    }


def _values(table: Table, v: Verdict) -> None:
    """Facts that say which logarithms and quotients of the algebra's steps have a value: the checker asks for them."""
    wanted: dict[Term, None] = {}
    for proved in v.proof.steps:
        if proved.step.rule_id == "algebra":
            wanted.update(dict.fromkeys([*needs(proved.step.before), *needs(proved.step.after)]))
    for proposition in wanted:
        fact = v.prover.prove(proposition)
        if fact is not None:
            table.fact(fact)


def _witness(v: Verdict) -> dict[str, Any] | None:
    if v.witness is None:
        return None
    from lossproof.interop.witness import to_dict

    return to_dict(v.witness)
