"""The steps of a proof as proofs for Coq: at its place, under sums and expectations, each by its record's lemma."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from fractions import Fraction
from typing import Final

from lossproof.referees.coq.context import EXTENDED, NUMBER, TYPES, VECTOR, Context, Variable, cost, sort_of
from lossproof.referees.coq.distributions import FINITE_FAMILIES, declaration, definition
from lossproof.referees.coq.names import rule_name
from lossproof.referees.coq.printer import LOOSE
from lossproof.referees.coq.proof import Step
from lossproof.referees.coq.statements import VECTOR_SLOTS
from lossproof.referees.coq.suppositions import Block, Suppositions
from lossproof.rulebook import Rulebook
from lossproof.terms import Term, fn, node_at, replace_at, sym

HOLE: Final = "\0hole"
_SAMPLES: Final = {"Risk": "nmean_ext", "samples_sum": "nsum_ext", "samples_mean": "nmean_ext", "samples_prod": "nprod_ext"}
_INDEXED: Final = {"sum": "isum_ext", "prod": "iprod_ext"}
#: Rules that the definitions of the prelude make true by computation.
DEFINITIONS: Final = frozenset({"entropy-definition", "ce-definition", "kl-definition", "js-definition", "nll-definition", "risk-definition", "ce-empirical"})
#: Steps whose record speaks of values that may be infinite, and the lemma for the case that they are not.
FINITE: Final = {"log-samples": "log_samples_finite", "log-joint": "ln_lprod", "log-increasing": "log_increasing_finite",
                 "likelihood-order": "likelihood_order_finite"}  # fmt: skip


#: Steps about terms that may be infinite, by lemmas of the prelude.
EXTENDED_STEPS: Final = {
    "cases-minus": "apply xneg_cases.",
    "minus-minus": "first [ reflexivity | apply xneg_xneg ].",
    "minus-samples": "apply xneg_xsum; lp_not_pinf.",
    "split-samples": "repeat rewrite <- xsum_xadd; reflexivity.",
    "mean-samples": "apply xsum_mean; exact n_positive.",
    "factor-samples": "apply xsum_xscale.",
    "constant-samples": "apply xsum_const; exact n_positive.",
}


class Writer(Suppositions):
    """Writes one proof."""

    # -- steps

    @property
    def value_type(self) -> str:
        """The type of objectives."""
        return "ext" if self.is_extended else "R"

    def state(self, term: Term, ctx: Context) -> str:
        """A chain's term, an objective by its cost."""
        term = cost(term)
        if self.is_extended:
            return self.printer.extended(term, ctx, spine=True)
        return self.printer.any(term, ctx, LOOSE)

    def equality(self, root: Term, place: tuple[int, ...], step: Step, ctx: Context, *, spine: bool) -> str:
        """The proof that a chain's term equals the next, given that the goal is this equality."""
        literal = _exponent(root, place, step)
        if literal is not None:
            return self._of_exponent(root, place, literal, step, ctx, spine=spine)
        node, cut = root, len(place)
        for depth, i in enumerate(place):
            if (node.op in _SAMPLES and i == 0) or (node.op in _INDEXED and i == 3) or (node.op == "E" and i == 2):
                cut = depth
                break
            node = node.args[i]
        before = node
        after = step.after if cut == len(place) else replace_at(before, place[cut:], step.after)
        infinite = spine and _on_spine(root, place[:cut]) and (self._is_spine(before, ctx) or self._is_spine(after, ctx))
        text = self._hole(root, place[:cut], before, after, ctx, spine=spine, infinite=infinite) if cut else ""
        if cut == len(place):
            return text + (self._infinite_leaf(step, ctx) if infinite else self._leaf(step, ctx))
        lemma, name, inner = self._within(node, ctx, infinite=infinite)
        text += f"apply {lemma}; intros {name} H{name}.\n  "
        return text + self.equality(node.args[place[cut]], place[cut + 1 :], step, inner, spine=infinite)

    def _of_exponent(self, root: Term, place: tuple[int, ...], depth: int, step: Step, ctx: Context, *, spine: bool) -> str:
        """Algebra in an exponent that becomes a whole number: powers of those are written otherwise, so the power is replaced as a whole."""
        power = node_at(root, place[:depth])
        after = replace_at(power, place[depth:], step.after)
        old, new = (self.printer.number(p.args[1], ctx, 9) for p in (power, after))
        whole = replace(step, before=power, after=after)
        proof = self.equality(root, place[:depth], whole, ctx, spine=spine)
        return proof.removesuffix("lp_algebra.") + f"replace {old} with {new} by lp_algebra. lp_algebra."

    def _within(self, node: Term, ctx: Context, *, infinite: bool) -> tuple[str, str, Context]:
        """That a sum, product or expectation is equal if what stands in it is: the lemma, the name that it opens, and the context there."""
        if node.op == "E":
            inner, name = self.printer.under(node, ctx)
            return ("nmean_ext" if node.args[0].op == "dist:empirical" else "mean_ext"), name, inner
        if node.op in _SAMPLES:
            inner, name = ctx.within_sample()
            return (("x" + _SAMPLES[node.op][1:]) if infinite else _SAMPLES[node.op]), name, inner
        inner, name = ctx.within_index(str(node.args[0].value))
        return _INDEXED[node.op], name, inner

    def _is_spine(self, term: Term, ctx: Context) -> bool:
        return not self.printer.extended(term, ctx, spine=True).startswith("(Fin ")

    def _hole(self, root: Term, place: tuple[int, ...], before: Term, after: Term, ctx: Context, *, spine: bool, infinite: bool) -> str:
        marker = sym(HOLE)
        sort = EXTENDED if infinite else _sort_at(root, place, ctx)
        size = None if infinite else self.printer.known_dimension(before, ctx)
        hole = Variable(sort, lambda _: "h", None if size is None else (lambda _: size))
        inside = replace(ctx, symbols={**ctx.symbols, HOLE: hole})
        whole = replace_at(root, place, marker)
        shown = self.printer.extended(whole, inside, spine=True) if spine else self.printer.any(whole, inside, LOOSE)
        a, b = (self.printer.extended(t, ctx, spine=True) if infinite else self._value(sort, t, ctx) for t in (before, after))
        return f"refine (f_equal (fun h : {TYPES[sort]} => {shown}) (_ : {a} = {b})).\n  "

    def _infinite_leaf(self, step: Step, ctx: Context) -> str:
        if step.rule == "lemma":
            return self._leaf(step, ctx)
        block = Block("")
        self.ambient(ctx, block)
        self.every_fact(ctx, block)
        if step.rule == "algebra":
            return block.text() + "lp_ext_algebra."
        if step.rule in EXTENDED_STEPS:
            return block.text() + EXTENDED_STEPS[step.rule]
        known = dict(step.conditions)
        name = f"rule_{rule_name(step.rule)}"
        use = self._use(self.statement("rule", step.rule), name, step.bindings, known, ctx, block, "lp_lift (proj2 Q).")
        return block.text() + use

    def _leaf(self, step: Step, ctx: Context) -> str:
        block = Block("")
        if step.rule == "algebra":
            self.ambient(ctx, block)
            for _, number in step.conditions:
                self.fact(number, ctx, block)
            return block.text() + "lp_algebra."
        if step.rule == "lemma":
            chain = str(step.bindings["chain"])
            left = self.proof.chains[chain][0]
            use = f"{self.chain_names[chain]}{self._at(left, ctx)}"
            return f"exact ({use if 'direction' not in step.bindings else f'eq_sym ({use})'})."
        if self.proof.kind(step.rule) in ("density", "cdf", "cdf_below"):
            return self._unfolding(step, ctx, block)
        if step.before.op == "E" and step.before.args[0].op == "dist:empirical":
            return "lp_of_data."
        if step.rule in DEFINITIONS:
            return "reflexivity."
        if step.before.op == "KL" and step.before.args[0].op == "dist:empirical":
            self.density(fn("pdf", step.before.args[1], step.before.args[0].args[0]), replace(self.at_point, sample="i"))
            self._of_likelihood = True
        known = dict(step.conditions)
        statement = self.statement("rule", step.rule)
        if step.rule in FINITE and not self.is_extended:
            return self._finite(step, ctx)
        end = "lp_exact (proj2 Q)." if sort_of(step.before, ctx.symbols) == NUMBER else "lp_vector (proj2 Q)."
        use = self._use(statement, f"rule_{rule_name(step.rule)}", step.bindings, known, ctx, block, end)
        self._of_likelihood = False
        return block.text() + use

    def _unfolding(self, step: Step, ctx: Context, block: Block) -> str:
        """A density or distribution function by its definition; what is known of the support decides its cases."""
        record = Rulebook.default().distribution_of(step.before.args[0])
        if record is None:
            return "reflexivity."
        name = f"{step.before.op}_{rule_name(record.id)}"
        if step.before.op != "pdf" or not record.density.support:
            return f"first [ reflexivity | unfold {name}; lp_algebra ]."
        for says, number in step.conditions:
            if says.op != "in":
                self.fact(number, ctx, block)
        return block.text() + f"unfold {name}. lp_support."

    def _finite(self, step: Step, ctx: Context) -> str:
        """A step about the logarithm of a likelihood, which is positive."""
        values = [v for value in step.bindings.values() for v in (value if isinstance(value, tuple) else (value,))]
        for part in (p for v in values for p in likelihoods(v)):
            self.densities.setdefault(part, f"density_{len(self.densities) + 1}")
        if step.rule != "log-joint":
            return f"apply {FINITE[step.rule]}. lp_likelihood."
        factors = "; ".join(self.printer.number(v, ctx) for v in values)
        return f"refine ({FINITE[step.rule]} [{factors}] _). cbn [lall]. repeat apply conj; try exact I; lp_likelihood."

    def order(self, step: Step) -> str:
        """The proof of a step that keeps the order: ``same feasible before after``."""
        if step.rule in FINITE and not self.is_extended:
            return self._finite(step, self.at_point)
        if self.is_extended and step.rule == "minus-reverses":
            return "apply xsame_refl."
        statement = self.statement("rule", step.rule)
        known = dict(step.conditions)
        block = Block("")
        use = self._use(statement, f"rule_{rule_name(step.rule)}", step.bindings, known, self.ctx, block, "exact Q.")
        return block.text() + use

    # -- definitions

    def declarations(self) -> list[str]:
        """Expectations that are no finite sums, as variables of the section, and what records say of them, as its hypotheses."""
        found: list[str] = []
        for kind, id in self.printer.used:
            if kind == "E" and id not in FINITE_FAMILIES:
                found += declaration(id)
        for key in self.premises:
            found.append(self.statements[key].text.replace("Lemma ", "Hypothesis ", 1))
        return found

    def definitions(self) -> list[str]:
        """The densities and distribution functions that were used."""
        return [definition(kind, id) for kind, id in self.printer.used if kind != "E"]


def _exponent(root: Term, place: tuple[int, ...], step: Step) -> int | None:
    """How deep along a place the power stands whose exponent algebra makes a whole number."""
    if step.rule != "algebra":
        return None
    node = root
    for depth, i in enumerate(place):
        if node.op == "pow" and i == 1:
            return depth if replace_at(node, place[depth:], step.after).args[1].op == "num" else None
        node = node.args[i]
    return None


def _sort_at(root: Term, place: tuple[int, ...], ctx: Context) -> str:
    """The sort of what stands at a place: a plain 0 may be a vector there."""
    expected = NUMBER
    node = root
    for i in place:
        if node.op in VECTOR_SLOTS and i in VECTOR_SLOTS[node.op]:
            expected = VECTOR
        elif node.op not in ("add", "neg"):
            expected = NUMBER
        elif sort_of(node, ctx.symbols) == VECTOR:
            expected = VECTOR
        node = node.args[i]
    own = sort_of(node, ctx.symbols)
    return expected if own == NUMBER else own


def _on_spine(root: Term, place: tuple[int, ...]) -> bool:
    """Whether a place is one whose value may be infinite with that of the whole."""
    for i in place:
        if not (root.op in ("neg", "add", "samples_sum", "samples_mean") or (root.op == "cases" and i) or (root.op == "mul" and i == len(root.args) - 1)):
            return False
        root = root.args[i]
    return True


def likelihoods(term: Term) -> Iterable[Term]:
    """What a likelihood multiplies: the factors of products and of products over samples."""
    if term.op in ("mul", "samples_prod", "log", "neg"):
        for a in term.args:
            yield from likelihoods(a)
    elif not (term.op == "num" and isinstance(term.value, Fraction)):
        yield term
