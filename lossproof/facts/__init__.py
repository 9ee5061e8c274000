"""Roles, domains and normal forms; the prover that discharges side conditions. Trusted."""

from lossproof.facts.algebra import Algebra
from lossproof.facts.index import FactIndex
from lossproof.facts.prover import Fact, Prover, instances
from lossproof.facts.rule import RELATIONS, FactRule, Rule, Symbol, is_proposition, propositions

__all__ = [
    "RELATIONS",
    "Algebra",
    "Fact",
    "FactIndex",
    "FactRule",
    "Prover",
    "Rule",
    "Symbol",
    "instances",
    "is_proposition",
    "propositions",
]
