"""The records of rules/: rewrite rules, facts, distributions, losses and links."""

from lossproof.rulebook.load import Rulebook, find_rules
from lossproof.rulebook.records import ArgumentForm, Distribution, Link, Loss

__all__ = ["ArgumentForm", "Distribution", "Link", "Loss", "Rulebook", "find_rules"]
