"""What every rendering of a verdict says in words: the question, the answer, what it is good for, the lines of the proof."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final

from lossproof.facts import RELATIONS
from lossproof.proof import ProofStep
from lossproof.render.paper import PaperLine, rule_label
from lossproof.render.words import RELATION_SIGNS, Words, as_written, dimensions, domain_in_words, listed, varying
from lossproof.terms import Term, postorder, replace_at, substitute, sym, symbols

if TYPE_CHECKING:
    from lossproof.comparison import Verdict

#: The signs of all six answers.
SIGNS: Final = {**RELATION_SIGNS, "refuted": "≇", "unknown": "?"}
#: The answers in a few words.
ANSWERS: Final = {
    "equal": "equal",
    "up-to-constant": "up to a constant",
    "up-to-scale": "up to scale",
    "same-order": "same order",
    "refuted": "refuted: two points that A and B order differently",
    "unknown": "unknown: neither proved nor refuted",
}
_MEASURES: Final = frozenset({"E", "H", "CE", "KL", "JS", "NLL", "Risk"})
_ROLES: Final = (("learned", "parameter"), ("data", "data"), ("fixed", "fixed"))
_CHAINS: Final = {
    "a": "A", "b": "B", "a-order": "A, out of increasing functions", "b-order": "B, out of increasing functions",
    "b-core": "B, taken apart", "claim": "From A to B",
}  # fmt: skip


# -- the question


def short_names(v: Verdict) -> dict[Term, Term]:
    """The objectives' names in the chain from A to B: a symbol for each, unless a symbol of the question has that name."""
    found = {v.question.a.term: sym("A"), v.question.b.term: sym("B")}
    if {"A", "B"} & v.symbols.keys() or len(found) == 1 or any(not t.args for t in found):
        return {}
    return found


def question_in_words(v: Verdict) -> list[tuple[str, Words]]:
    """Who is learned, data and fixed, what names stand for, and what is assumed, as rows of a label and words."""
    q = v.question
    rows: list[tuple[str, Words]] = []
    sizes = dimensions(v)
    for label, role in _ROLES:
        groups: dict[Words, list[Words]] = {}
        for name in _in_order(v, role):
            groups.setdefault(_symbol_words(v, name, name in sizes), []).append((sym(name),))
        rows += [(label, (*listed(names), ", ", *words)) for words, names in groups.items()]
    rows += [("where", _definition(text)) for text in q.let]
    rows += [("where", (sym(n), " = stop_gradient(", t, "), held fixed")) for n, t in q.frozen.items()]
    rows += [("for", (as_written(p),)) for p, _ in v.hypotheses if not symbols(p) or symbols(p) - sizes]
    rows += [("note", (_sentence(note),)) for note in q.notes]
    if q.frozen:
        rows.append(("note", ("stop_gradient holds a value fixed: the answer speaks of gradients, not of an objective that moves with it.",)))
    rows += [("note", words) for words in (*_idle(v), *_ideal(v))]
    if taken := sorted({"A", "B"} & v.symbols.keys()):
        rows.append(("note", (f"Within a formula {' and '.join(taken)} {'is a symbol' if len(taken) == 1 else 'are symbols'}; where the two are compared, A and B are the objectives.",)))
    return rows


def _definition(text: str) -> Words:
    from lossproof.render.words import pretty_assumption

    name, _, value = text.partition("=")
    return (f"{pretty_assumption(name.strip())} = {pretty_assumption(value.strip())}",)


def _sentence(text: str) -> str:
    return text if text.endswith(".") else f"{text}."


def _idle(v: Verdict) -> list[Words]:
    """That an objective does not mention anything learned, which is likely a slip."""
    learned = {n for n, s in v.symbols.items() if s.role == "parameter"}
    return [(f"{name} has nothing that is learned in it: it is a constant.",)
            for name, side in (("A", v.question.a), ("B", v.question.b)) if not symbols(side.term) & learned]  # fmt: skip


def _ideal(v: Verdict) -> list[Words]:
    """That a library's loss is taken without what it does for the sake of floats."""
    found = [name for name, side in (("A", v.question.a), ("B", v.question.b)) if side.note.startswith(f"{side.text} is ") and _is_call(side.text)]
    return [(f"{' and '.join(found)} is the ideal formula: a library may clamp its logarithms or add an eps.",)] if found else []


def _is_call(name: str) -> bool:
    """Whether a loss is called as in a library: torch.nn.MSELoss, MSELoss, but not MSE."""
    return "." in name or (name[1:].lower() != name[1:] and name.upper() != name)


def _in_order(v: Verdict, role: str) -> list[str]:
    """Names of a role, in the order in which they occur in the objectives."""
    order = [str(t.value) for t in postorder(v.question.a.term, v.question.b.term) if t.op == "sym"]
    return [n for n in dict.fromkeys([*order, *v.symbols]) if n in v.symbols and v.symbols[n].role == role]


def _symbol_words(v: Verdict, name: str, dimension: bool) -> Words:
    symbol = v.symbols[name]
    if dimension:
        return ("a dimension",)
    words = domain_in_words(symbol.domain)
    if name in v.question.either:
        return (*words, "; one value for all samples, or one for each") if symbol.indexed else (*words, "; one value for all samples")
    if symbol.role == "fixed" and symbol.indexed:
        return (*words, "; given for each sample")
    return words


# -- the answer


def quantifiers(v: Verdict) -> Words:
    """For what a proved relation holds."""
    parts: list[Words] = []
    if any(t.op == "const" and t.value == "n_samples" for t in postorder(v.question.a.term, v.question.b.term)) or _has_data(v):
        parts.append(("all data",))
    parts += [("all values of ", *listed([(sym(n),) for n in names])) for names in [_in_order(v, "fixed")] if names]
    everywhere: Words = ("For ", *listed([*parts, ("every ", *listed([(sym(n),) for n in _in_order(v, "parameter")]))]), ".")
    return everywhere


def _has_data(v: Verdict) -> bool:
    return any(s.role == "data" for s in v.symbols.values())


def survives(v: Verdict) -> list[tuple[str, Words]]:
    """What may be taken over from A to B, and how, as rows of a label and words."""
    s = v.scale
    if v.relation == "equal":
        return [("the same", ("values, gradients, minimisers",))]
    if v.relation == "up-to-constant":
        return [
            ("the same", ("minimisers, gradients, step sizes, regularisation strengths",)),
            ("not", ("values: a threshold for early stopping, a likelihood ratio or an information criterion moves by the constant",)),
        ]
    if v.relation == "up-to-scale" and s is not None:
        return [
            ("the same", ("minimisers, directions of gradients",)),
            ("gradient", ("∇A = (", s, ")·∇B") if s.op in ("add", "neg", "div") else ("∇A = ", s, "·∇B")),
            ("step size", ("one for A, times ", s, ", does the same for B",)),
            ("penalty", ("a weight beside A, divided by ", s, ", does the same beside B",)),
            ("not", ("values",)),
        ]
    if v.relation == "same-order":
        return [
            ("the same", ("minimisers, level sets",)),
            ("not", ("lengths of gradients, step sizes, penalties, values; nor sums and averages of several such objectives",)),
        ]
    return []


def stronger(relation: str) -> str:
    """The next stronger relation."""
    return RELATIONS[RELATIONS.index(relation) - 1]


# -- the proof


def proof_lines(v: Verdict) -> list[PaperLine]:
    """The proof folded to lines: definitions, logarithms and sums of each objective, then the way from A to B."""
    steps: dict[str, list[ProofStep]] = {}
    for step in v.proof.steps:
        steps.setdefault(step.chain, []).append(step)
    theorems = {c.name: c.theorem for c in v.chains}
    groups = {name: _stages(found, v) if name != "claim" else _claim_groups(found, theorems[name].left) for name, found in steps.items()}
    found: list[PaperLine] = []
    last: dict[str, int] = {}
    names, moving = short_names(v), varying(v)
    wanted = _wanted(groups)
    for name in [c.name for c in v.chains if c.name in wanted]:
        term = theorems[name].left
        mapping = names if name == "claim" else {}
        for i, group in enumerate(groups[name]):
            left, term = (term if i == 0 else None), _after(term, group)
            relation = max((s.relation for s in group), key=RELATIONS.index)
            uses = tuple(sorted({last[c] for c in _lemmas(group) if c in last}))
            rules = tuple(dict.fromkeys(s.rule for s in group if s.rule != "lemma"))
            rules = tuple(r for r in rules if r != "algebra") or (() if uses else rules)
            reason = ", ".join(dict.fromkeys(rule_label(r, v) for r in rules)) or "from above"
            start = substitute(left, mapping) if left is not None else None
            number = len(found) + 1
            found.append(PaperLine(number, RELATION_SIGNS[relation], start, substitute(term, mapping), reason, rules, "verdict", name, uses, moving, tuple([s.id for s in group])))
        last[name] = len(found)
    return found


def _after(term: Term, group: list[ProofStep]) -> Term:
    for step in group:
        term = replace_at(term, step.place, step.step.after)
    return term


def _lemmas(group: list[ProofStep]) -> list[str]:
    """The chains that a line rests on."""
    return [str(s.step.bindings["chain"]) for s in group if s.rule == "lemma"]


def chain_heading(name: str) -> str:
    """What a chain shows."""
    return _CHAINS.get(name, name)


def _wanted(groups: dict[str, list[list[ProofStep]]]) -> set[str]:
    """The chains on which the claim rests; without a claim those that the answer speaks of."""
    if "claim" not in groups:
        return set(groups)
    found: set[str] = set()
    waiting = ["claim"]
    while waiting:
        name = waiting.pop()
        if name not in found and name in groups:
            found.add(name)
            waiting += [c for group in groups[name] for c in _lemmas(group)]
    return found


def _stages(steps: list[ProofStep], v: Verdict) -> list[list[ProofStep]]:
    """Groups of steps, each a line on paper: up to the last definition, up to the last logarithm, the rest."""
    stages = [_stage(s, v) for s in steps]
    ends = [0]
    for stage in (0, 1):
        ends.append(max([i + 1 for i, s in enumerate(stages) if s == stage and i >= ends[-1]], default=ends[-1]))
    ends.append(len(steps))
    return [steps[i:j] for i, j in pairwise(ends) if j > i]


def _stage(step: ProofStep, v: Verdict) -> int:
    """What a step is for: 0 a definition unfolded, 1 logarithms and functions, 2 sums, expectations, algebra."""
    rule = step.rule
    if rule in v.book.tagged("define").ids or rule.startswith(("density-", "cdf-")) or rule == "mean-as-sum":
        return 0
    return 1 if rule in v.book.tagged("split").ids or rule in v.book.tagged("root").ids else 2


def _claim_groups(steps: list[ProofStep], start: Term) -> list[list[ProofStep]]:
    """A lemma with the algebra that follows it, every other relation by itself; without ways that lead back to where they began."""
    groups: list[list[ProofStep]] = []
    terms = [start]
    for s in steps:
        before = groups[-1][-1] if groups else None
        follows = before is not None and s.rule == "algebra" and before.rule == "lemma" and before.relation == "equal"
        same = before is not None and s.relation == "equal" and before.relation == "equal" and s.rule == before.rule != "lemma"
        if follows or same:
            groups[-1].append(s)
            terms[-1] = _after(terms[-1], [s])
        else:
            groups.append([s])
            terms.append(_after(terms[-1], [s]))
        first = next(i for i, t in enumerate(terms) if t is terms[-1])
        if all(g.relation == "equal" for group in groups[first:] for g in group):
            del groups[first:], terms[first + 1 :]
    return groups


# -- advice


def practice(v: Verdict) -> list[tuple[str, tuple[str, ...]]]:
    """What the named theorems about this pair advise: the theorem's id and its sentences."""
    heads = [_speaks_of(side.term) for side in (v.question.a, v.question.b)]
    if not all(len(h) == 1 for h in heads):
        return []
    return [(t.id, t.practice) for t in v.book.theorems.values() if t.practice and set(t.about) == heads[0] | heads[1] and heads[0] != heads[1]]


def _speaks_of(term: Term) -> set[str]:
    """The information measures in an objective."""
    return {t.op for t in postorder(term) if t.op in _MEASURES}
