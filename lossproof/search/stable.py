"""To a form that is safe in floating point, by rules with the use ``stable``; each step is a theorem."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import permutations

from lossproof.facts import Rule
from lossproof.kernel import Theorem
from lossproof.search.rewrite import Rewriter
from lossproof.terms import Term, make, symbols
from lossproof.terms.pattern import match

#: In longer sums and products no two parts are tried together.
MOST = 12


def stabilised(rewriter: Rewriter, term: Term) -> Theorem:
    """The theorem that a term equals its stable form; what remains is for floating point alone to see to."""
    rules = rewriter.book.tagged("stable")

    known = rewriter.kernel.symbols

    def fitting(t: Term) -> Iterable[Rule]:
        """The rules that are worth it: D·log σ is a number of logarithms and no count that may be 0."""
        found = rules.get(t.op)
        if t.op != "mul" or any(n in known and known[n].indexed for n in symbols(t.args[0])):
            return found
        return [r for r in found if r.after.op != "xlogy"]

    def visit(t: Term) -> Theorem | None:
        found = rewriter.first(fitting(t), t)
        return found if found is not None or t.op not in ("add", "mul") else pair_of(t)

    def pair_of(t: Term) -> Theorem | None:
        """A rule about a sum or product of two, for two parts of a longer one."""
        if not 2 < len(t.args) <= MOST:
            return None
        for i, j in permutations(range(len(t.args)), 2):
            two = make(t.op, (t.args[i], t.args[j]))
            if not any(match(r.before, two, {}) for r in fitting(two)):
                continue
            place = max(i, j) - 1 if t.op == "mul" else min(i, j)  # k·xlogy(d, a), and sums in their order
            parts = [a for k, a in enumerate(t.args) if k not in (i, j)]
            parts.insert(place, two)
            spelled = rewriter.algebra(t, make(t.op, parts))
            found = rewriter.first(fitting(two), two)
            if spelled is not None and found is not None:
                return rewriter.kernel.chain([spelled, rewriter.kernel.congruence(spelled.right, {place: found})])
        return None

    return rewriter.kernel.chain([rewriter.kernel.reflexivity(term), *rewriter.exhaust(term, visit, "stable", everywhere=True)])
