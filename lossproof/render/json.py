"""The proof as the object of the schema ``lossproof/proof/1``: one flat table of terms, all else by index."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from lossproof.facts import Fact, Rule, Symbol
from lossproof.kernel import Theorem
from lossproof.proof import ProofStep
from lossproof.rulebook import Rulebook
from lossproof.syntax import to_ascii, to_latex, to_text
from lossproof.terms import LEAVES, ONE, Term, add, div, fn, make, neg, num, postorder, rebuild

if TYPE_CHECKING:
    from lossproof.derivation import Derivation

SCHEMA = "lossproof/proof/1"
_NO_RECORDS = frozenset({"domain", "hypothesis", "number", "syntax", "algebra"})


class Table:
    """Terms and facts, each written once, and the records of a rulebook that they rest on."""

    def __init__(self, book: Rulebook) -> None:
        self.book = book
        self.rows: list[list[str | int]] = []
        self.index: dict[Term, int] = {}
        self.facts: list[list[Any]] = []
        self.fact_index: dict[Term, int] = {}
        self.rules: dict[str, dict[str, Any]] = {}

    def term(self, root: Term) -> int:
        """The row of a term."""
        found = self.index.get(root)
        if found is not None:
            return found
        for t in postorder(root):
            if t in self.index:
                continue
            self.index[t] = len(self.rows)
            if t.op in LEAVES:
                self.rows.append([t.op, str(t.value)])
            else:
                self.rows.append([t.op, *[self.index[a] for a in t.args]])
        return self.index[root]

    def bindings(self, bindings: Mapping[str, Any]) -> dict[str, Any]:
        """What the metavariables of a rule stand for."""
        shown: dict[str, Any] = {}
        for name, value in sorted(bindings.items()):
            if isinstance(value, tuple):
                shown[name] = [self.term(v) for v in value]
            else:
                shown[name] = self.term(value) if isinstance(value, Term) else value
        return shown

    def fact(self, root: Fact) -> int:
        """The row of a fact, those that it rests on before it."""
        stack = [root]
        while stack:
            fact = stack[-1]
            if fact.proposition in self.fact_index:
                stack.pop()
                continue
            pending = [p for p in fact.premises if p.proposition not in self.fact_index]
            if pending:
                stack.extend(pending)
                continue
            stack.pop()
            premises = [self.fact_index[p.proposition] for p in fact.premises]
            self.fact_index[fact.proposition] = len(self.facts)
            self.facts.append([self.term(fact.proposition), fact.rule, self.bindings(fact.bindings), premises])
            if fact.rule not in _NO_RECORDS and fact.rule not in self.rules:
                self.rules[fact.rule] = self.book.source(fact.rule)
        return self.fact_index[root.proposition]

    def step(self, proved: ProofStep) -> dict[str, Any]:
        """A micro-step, with what discharges its conditions."""
        step = proved.step
        if isinstance(step.rule, Rule):
            self.rules[step.rule.id] = {"kind": step.rule.kind, "record": step.rule.record}
        return {
            "id": proved.id,
            "chain": proved.chain,
            "relation": step.relation,
            "rule": step.rule_id,
            "place": list(proved.place),
            "bindings": self.bindings(step.bindings),
            "before": self.term(step.before),
            "after": self.term(step.after),
            "conditions": [{"says": self.term(f.proposition), "because": self.fact(f)} for f in step.conditions],
            "group": proved.group,
        }

    def symbols(self, symbols: Mapping[str, Symbol]) -> dict[str, Any]:
        """The table of symbols."""
        return {
            name: {"role": s.role, "domain": to_ascii(s.domain), "domain_term": self.term(s.domain), "shape": s.shape, "indexed": s.indexed}
            for name, s in sorted(symbols.items())
        }

    def ends(self, theorem: Theorem) -> dict[str, Any]:
        """Both sides of a theorem, and how they relate."""
        return {"left": self.term(theorem.left), "relation": theorem.relation, "right": self.term(theorem.right)}

    @staticmethod
    def readable(term: Term) -> dict[str, Any]:
        """A term for readers and for SymPy."""
        return {"text": to_text(term), "latex": to_latex(term), "sympy": to_sympy_text(term)}


_SYMPY_NAMES = {"lgamma": "loggamma", "abs": "Abs", "max": "Max", "min": "Min"}


def to_sympy_text(term: Term) -> str:
    """A term in SymPy's syntax, with ASCII names."""

    def spell(t: Term) -> Term:
        if t.op in _SYMPY_NAMES:
            return make(_SYMPY_NAMES[t.op], t.args)
        if t.op == "softplus":
            return fn("log", add(ONE, fn("exp", t.args[0])))
        if t.op == "sigmoid":
            return div(ONE, add(ONE, fn("exp", neg(t.args[0]))))
        if t.op == "Phi":
            half = fn("erf", div(t.args[0], fn("sqrt", num(2))))
            return div(add(ONE, half), num(2))
        if t.op == "logit":
            return fn("log", div(t.args[0], add(ONE, neg(t.args[0]))))
        return t

    return to_ascii(rebuild(term, spell)).replace("^", "**")


def proof_dict(d: Derivation) -> dict[str, Any]:
    """A derivation's proof: claim, ledger, loss and steps over one table of terms."""
    table = Table(d.book)
    steps = [table.step(s) for s in d.proof.steps]
    ledger = [
        {"term": table.term(r.term), "why": table.fact(r.why), "returns_if": list(r.returns_if), **table.readable(r.term)}
        for r in d.ledger
    ]
    hypotheses = [{"says": table.term(p), "origin": origin} for p, origin in d.model.hypotheses]
    chains = {c.name: table.ends(c.theorem) for c in d.proof.chains}
    per_sample = {"nll": d.nll, "scale": d.scale, "loss": d.loss, "offset": d.offset}
    claim = _claim(table, d)
    return {
        "schema": SCHEMA,
        "assumption": d.assumption,
        "symbols": table.symbols(d.symbols),
        "hypotheses": hypotheses,
        "claim": claim,
        "per_sample": {
            **{k: table.term(t) for k, t in per_sample.items()},
            "readable": {k: table.readable(t) for k, t in per_sample.items()},
        },
        "ledger": ledger,
        "loss": _loss(table, d),
        "chains": chains,
        "steps": steps,
        "facts": table.facts,
        "rules": dict(sorted(table.rules.items())),
        "terms": table.rows,
    }


def _claim(table: Table, d: Derivation) -> dict[str, Any]:
    t = d.theorem
    claim = table.ends(t)
    if t.scale is not None and t.offset is not None:
        claim["scale"] = table.term(t.scale)
        claim["offset"] = table.term(t.offset)
        shown = f"NLL = {to_text(t.scale)} · {to_text(t.right)} + {to_text(t.offset)}"
        claim["text"] = shown
        claim["latex"] = rf"\mathrm{{NLL}} = {to_latex(t.scale)} \cdot {to_latex(t.right)} + {to_latex(t.offset)}"
        claim["sympy"] = to_sympy_text(t.right)
    return claim


def _loss(table: Table, d: Derivation) -> dict[str, Any] | None:
    if d.record is None:
        return None
    return {
        "id": d.record.id,
        "name": d.name,
        "formula": str(d.record.record.get("formula", "")),
        "bindings": table.bindings(d.bindings),
        "libraries": dict(d.record.code),
        "factors": dict(d.record.factor),
        **table.readable(d.data_loss),
    }
