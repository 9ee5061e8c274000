"""The whole file for one proof: header, records' lemmas, the section with the steps, the theorems."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from lossproof.errors import LossproofError
from lossproof.facts import RELATIONS
from lossproof.referees.coq.context import KINDS, Context, Unsupported, cost
from lossproof.referees.coq.defined import definedness
from lossproof.referees.coq.lemmas import script_of, with_proof
from lossproof.referees.coq.names import rule_name
from lossproof.referees.coq.printer import LOOSE
from lossproof.referees.coq.proof import Proof, Step
from lossproof.referees.coq.refutation import refutation_of
from lossproof.referees.coq.satisfiable import SAID, THEOREM, satisfiable
from lossproof.referees.coq.suppositions import Block
from lossproof.referees.coq.writer import Writer, likelihoods
from lossproof.syntax import to_ascii
from lossproof.terms import ONE, ZERO, Term, add, fn, mul, node_at, postorder, replace_at

HERE: Final = Path(__file__).parent
#: What a file begins with that is compiled against the prelude.
HEADER = (
    "Require Import Reals Lra Lia Psatz ZArith List FunctionalExtensionality.\n"
    "Import ListNotations.\nRequire Import Lossproof.\nOpen Scope R_scope.\n"
)


def whole(body: str) -> str:
    """A file that is compiled against the prelude, from what :meth:`ProofFile.text` gives."""
    return f"{HEADER}\n{body}\nPrint Assumptions certificate.\n"


def modules(bodies: Sequence[str]) -> str:
    """Files without their headers beside one another: P0, P1, ..., each a module."""
    return "\n".join(f"Module P{n}.\n{body}\nEnd P{n}.\n" for n, body in enumerate(bodies))


def prelude() -> str:
    """Definitions, lemmas and tactics that every file begins with."""
    return "".join((HERE / name).read_text(encoding="utf-8") for name in ("prelude.v", "lemmas.v", "steps.v", "bounds.v"))


def comment(text: str) -> str:
    """A comment of one line: ASCII, and nothing in it that ends or opens comments or strings."""
    plain = text.encode("ascii", "replace").decode().replace('"', "'").replace("(*", "( *").replace("*)", "* )")
    return f"(* {' '.join(plain.split())[:400]} *)"


_SAID = {
    "chain_dataset": "scale and offset free of the parameters, for any class of models and any number of samples",
    "max_likelihood_is_min_loss": "of two parameters the one with the greater likelihood has the smaller loss",
    "minimisers_agree": "a parameter has the greatest likelihood just if it has the least loss",
    "per_sample": "NLL = scale * loss + offset, and the offset is the sum of the ledger",
    "well_defined": "every term of the claim has a value",
    THEOREM: SAID,
}


def written(data: Mapping[str, Any]) -> tuple[ProofFile, str]:
    """The file of a proof and its text without the header. Raises Unsupported for whatever cannot be written."""
    try:
        file = ProofFile(data)
        return file, file.text()
    except LossproofError as error:
        raise Unsupported(error.message.splitlines()[0]) from None
    except LookupError as error:
        raise Unsupported(f"the proof lacks {error}") from None
    except (ArithmeticError, AttributeError, RecursionError, TypeError, ValueError) as error:
        raise Unsupported(str(error) or type(error).__name__) from None


class ProofFile:
    """The file of one proof; :meth:`body` without the prelude, as a section."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        self.proof = Proof(data)
        self.writer = Writer(self.proof)
        self.theorems: list[str] = []
        self.affine: set[str] = set()
        self.said = ""
        #: Why what the witness shows is not written, or None.
        self.unwritten: str | None = None
        #: Why it is not shown that the hypotheses can hold together, or None.
        self.unsatisfied: str | None = None

    @property
    def x(self) -> str:
        """What the names of lemmas about values that may be infinite begin with."""
        return "x" if self.writer.is_extended else ""

    def body(self) -> str:
        """Everything after the prelude. Raises Unsupported."""
        w, proof = self.writer, self.proof
        self._held_to_the_claim()
        supposed = w.suppositions()
        parts: list[str] = []
        for name in proof.chains:
            parts.append(self._chain(name))
        parts.append(self._theorems())
        parts.append(self._per_sample())
        parts.append(self._well_defined())
        densities = [*self._densities(), self._likelihood()]
        definitions = w.definitions()
        lemmas = [with_proof(s.text, script_of(kind, s.id)) for (kind, id), s in w.statements.items() if (kind, id) not in w.premises]
        variables = " ".join(["(W : Type)", "(n_samples : nat)", *w.variables()])
        return "\n\n".join([
            *definitions, *lemmas, "Section Proof.", *w.structures(), f"Variables {variables}.",
            "Hypothesis n_positive : (0 < n_samples)%nat.", *w.declarations(), *supposed, *densities, *parts, "End Proof.", self._satisfiable(), self._refutation(),
        ]) + "\n"  # fmt: skip

    def _satisfiable(self) -> str:
        """That the hypotheses can hold together, after the section; if it cannot be written, ``unsatisfied`` says why."""
        try:
            text = satisfiable(self.writer)
        except Unsupported as error:
            self.unsatisfied = str(error)
            return ""
        self.theorems.append(THEOREM)
        return text

    def _refutation(self) -> str:
        """What the witness of a comparison shows, after the section; if it cannot be written, ``unwritten`` says why."""
        try:
            refutation = refutation_of(self.writer)
            text = refutation.text() if refutation is not None else ""
        except Unsupported as error:
            self.unwritten = str(error)
            return ""
        if refutation is not None:
            self.theorems.append(refutation.theorem)
            self.said = refutation.said
        return text

    # -- chains

    def _chain(self, name: str) -> str:
        w = self.writer
        left, relation, right = self.proof.chains[name]
        steps = self.proof.of_chain(name)
        own = w.chain_names[name]
        per_sample = self.proof.needs_sample(left)
        ctx = replace(w.at_point, sample="i" if per_sample else None)
        arguments = "(w : W)" + (" (i : nat)" if per_sample else "")
        states = [left]
        for s in steps:
            if node_at(states[-1], s.place) is not s.before:
                raise Unsupported(f"step {s.id}, which does not begin with what stands there")
            states.append(replace_at(states[-1], s.place, s.after) if s.place else s.after)
        if states[-1] is not right:
            raise Unsupported(f"the chain {name}, whose steps do not end where it does")
        if RELATIONS.index(relation) < max((RELATIONS.index(s.relation) for s in steps), default=0):
            raise Unsupported(f"the chain {name}, which claims more than its steps")
        lines = [comment(f"{name}: {to_ascii(left)}")]
        for j, state in enumerate(states):
            if j:
                lines.append(comment(f"step {steps[j - 1].id}, {steps[j - 1].rule}: {to_ascii(state)}"))
            lines.append(f"Definition {own}_{j} {arguments} : {w.value_type} :=\n  {w.state(state, ctx)}.")
            if j:
                lines.append(self._step(own, j, states, steps[j - 1], ctx))
        lines.append(self._total(name, own, states, steps, per_sample))
        return "\n".join(lines)

    def _step(self, own: str, j: int, states: list[Term], step: Step, ctx: Context) -> str:
        w = self.writer
        per, at, names = _about(ctx.sample is not None)
        unfold = f"unfold {own}_{j - 1}, {own}_{j}."
        head = f"Lemma {own}_step_{j} : "
        if step.relation == "equal":
            root = states[j - 1]
            place = step.place[1:] if root.op == "minimise" else step.place
            proof = w.equality(cost(root), place, step, ctx, spine=w.is_extended)
            return f"{head}forall w, feasible w -> {per}{own}_{j - 1} {at} = {own}_{j} {at}.\nProof.\n  intros {names}. {unfold}\n  {proof}\nQed."
        if step.relation == "same-order":
            proof = f"exact {w.chain_names[str(step.bindings['chain'])]}." if step.rule == "lemma" else w.order(step)
            if step.rule == "lemma" and "direction" in step.bindings:
                proof = f"apply {self.x}same_sym. {proof}"
            return f"{head}{self.x}same feasible {own}_{j - 1} {own}_{j}.\nProof.\n  {unfold}\n  {proof}\nQed."
        scale, offset = self._account(step)
        return f"{head}{self.x}affine feasible {scale} {offset} {own}_{j - 1} {own}_{j}.\nProof.\n  {unfold}\n  {self._affine_proof(step)}\nQed."

    def _account(self, step: Step) -> tuple[str, str]:
        w = self.writer
        if step.rule == "drop-constant":
            return "1", w.printer.number(step.bindings["d"], w.ctx, 9)
        if step.rule == "pull-scale":
            return w.printer.number(step.bindings["c"], w.ctx, 9), "0"
        raise Unsupported(f"the relation of {step.rule}")

    def _affine_proof(self, step: Step) -> str:
        w = self.writer
        statement = w.statement("rule", step.rule)
        known = dict(step.conditions)
        block = Block("")
        if w.is_extended:
            for _, number in step.conditions:
                w.fact(number, w.ctx, block)
            return block.text() + ("apply xaffine_drop; intros w Hw; lp_to_fin." if step.rule == "drop-constant" else "apply xaffine_pull; assumption.")
        use = w._use(statement, f"rule_{rule_name(step.rule)}", step.bindings, known, w.ctx, block, "lp_exact Q.")
        return block.text() + use

    def _total(self, name: str, own: str, states: list[Term], steps: list[Step], per_sample: bool) -> str:
        last = len(steps)
        relations = {s.relation for s in steps}
        self.theorems.append(own)
        if relations <= {"equal"} and name not in ("dataset", "claim"):
            per, at, names = _about(per_sample)
            rewrites = " ".join(f"rewrite ({own}_step_{j} {names})." for j in range(1, last + 1))
            return f"Theorem {own} : forall w, feasible w -> {per}{own}_0 {at} = {own}_{last} {at}.\nProof. intros {names}. {rewrites} reflexivity. Qed."
        if "same-order" in relations:
            lines, x = [], self.x
            for j, s in enumerate(steps, 1):
                use = {"equal": f"apply {x}same_eqv, {own}_step_{j}", "same-order": f"exact {own}_step_{j}"}.get(s.relation, f"eapply {x}affine_same, {own}_step_{j}")
                lines.append(f"eapply {x}same_trans. {{ {use}. }}")
            return f"Theorem {own} : {x}same feasible {own}_0 {own}_{last}.\nProof. {' '.join(lines)} apply {x}same_refl. Qed."
        return self._affine_total(own, steps)

    def _affine_total(self, own: str, steps: list[Step]) -> str:
        w = self.writer
        claim = self.proof.data["claim"]
        scale, offset = self.proof.terms[claim["scale"]], self.proof.terms[claim["offset"]]
        lines, x = [], self.x
        for j, s in enumerate(steps, 1):
            if s.relation == "equal":
                lines.append(f"eapply {x}affine_trans. {{ apply {x}affine_of_eqv, {own}_step_{j}. }}")
            else:
                lines.append(f"eapply {x}affine_trans. {{ exact {own}_step_{j}. }}")
        facts = Block("")
        for s in steps:
            for says, number in s.conditions:
                if s.relation != "equal" or (s.rule == "algebra" and not self.proof.has_parameter(says) and not self.proof.needs_sample(says)):
                    w.fact(number, w.ctx, facts)
        printed = (w.printer.number(t, w.ctx, 9) for t in (scale, offset))
        self.affine.add(own)
        return (
            f"Theorem {own} : {x}affine feasible {' '.join(printed)} {own}_0 {own}_{len(steps)}.\nProof.\n  {facts.text()}"
            f"eapply {x}affine_restate.\n  {{ {' '.join(lines)} apply {x}affine_refl. }}\n  all: lp_algebra.\nQed."
        )

    # -- densities and theorems

    def _densities(self) -> list[str]:
        w = self.writer
        found = []
        done: set[Term] = set()
        while len(done) < len(w.densities):
            for term, name in list(w.densities.items()):
                if term not in done:
                    done.add(term)
                    found.append(self._density(term, name))
        return found

    def _density(self, term: Term, name: str) -> str:
        w = self.writer
        per_sample = self.proof.needs_sample(term)
        ctx = replace(w.at_point, sample="i" if per_sample else None)
        unfolded, finish = self._unfolded(term, ctx)
        block = Block("")
        w.ambient(ctx, block)
        w.every_fact(ctx, block)
        per, _, names = _about(per_sample)
        return (
            f"Lemma {name} : forall w, feasible w -> {per}0 {'<=' if w.is_extended else '<'} {w.printer.number(term, ctx, 39)}.\n"
            f"Proof.\n  intros {names}.\n  {unfolded}{block.text()}{finish}\nQed."
        )

    def _unfolded(self, term: Term, ctx: Context) -> tuple[str, str]:
        """The density as the chain writes it before its logarithm is split, which is positive by the facts that the split asks for."""
        w = self.writer
        text, rewrites, current = "", "", term
        for left, _, _ in self.proof.chains.values():
            if left.op == "neg" and left.args[0].op == "log" and left.args[0].args[0] is term:
                name = next(n for n, c in self.proof.chains.items() if c[0] is left)
                for j, step in enumerate(self.proof.of_chain(name)):
                    if step.place[:2] != (0, 0):
                        break
                    after = replace_at(current, step.place[2:], step.after)
                    a, b = (w.printer.number(t, ctx) for t in (current, after))
                    text += f"assert (E{j} : {a} = {b}). {{ {w.equality(current, step.place[2:], step, ctx, spine=False)} }}\n  "
                    rewrites += f"try rewrite E{j}. "
                    current = after
                break
        names = ", ".join(f"{k}_{rule_name(id)}" for k, id in w.printer.used)
        return text, rewrites + ("lp_density." if not names else f"first [ lp_density | unfold {names}; lp_density ].")

    def _likelihood(self) -> str:
        uses = " ".join(f"apply {name}; assumption |" for name in self.writer.densities.values())
        return f"Ltac lp_likelihood := intros; repeat first [ {uses} apply nprod_pos; intros | apply Rmult_lt_0_compat ]."

    # -- what is shown besides

    def _per_sample(self) -> str:
        """NLL = scale * loss + offset of one sample (with priors of a data set of one), and the offset as the sum of the ledger."""
        data, w = self.proof.data, self.writer
        if "per_sample" not in data:
            return ""
        nll, scale, loss, offset = (self.proof.terms[data["per_sample"][k]] for k in ("nll", "scale", "loss", "offset"))
        chains = [n for n in self.proof.chains if n == "sample" or n.startswith("prior:")]
        ctx = replace(w.at_point, sample="i")
        free = replace(ctx, point=None)
        state = self._sum([f"{w.chain_names[n]}_0 w{' i' if self.proof.needs_sample(self.proof.chains[n][0]) else ''}" for n in chains])
        unfold = ", ".join(f"{w.chain_names[n]}_{len(self.proof.of_chain(n))}" for n in chains)
        rewrites = " ".join(f"rewrite ({w.chain_names[n]} w Hw{' i Hi' if self.proof.needs_sample(self.proof.chains[n][0]) else ''})." for n in chains)
        c, d = w.printer.number(scale, free, 9), w.printer.number(offset, free, 9)
        rows = [w.printer.number(self.proof.terms[row["term"]], free, 49) for row in data["ledger"]]
        goals = [f"{d} = {' + '.join(rows) or '0'}"]
        if w.is_extended:
            goals[:0] = [f"{state} = {w.printer.extended(t, ctx, spine=True)}" for t in (nll, add(mul(scale, loss), offset))]
        else:
            goals[:0] = [f"{state} = {w.printer.number(nll, ctx)}", f"{state} = {c} * {w.printer.number(loss, ctx, 39)} + {d}"]
        block = Block("")
        w.ambient(ctx, block)
        w.every_fact(ctx, block)
        close = "lp_ext_algebra" if w.is_extended else "lp_algebra"
        self.theorems.append("per_sample")
        return (
            "(* Of one sample: the negative logarithm of the density, priors included, is scale * loss + offset; the offset is the ledger's sum. *)\n"
            f"Theorem per_sample : forall w, feasible w -> forall i, (i < n_samples)%nat ->\n  {_conjunction(goals)}.\n"
            f"Proof.\n  intros w Hw i Hi. {block.text()}{rewrites} unfold {unfold}. split; [{close} | split; [{close} | lp_algebra]].\nQed."
        )

    def _sum(self, parts: list[str]) -> str:
        if not self.writer.is_extended:
            return " + ".join(parts)
        text = parts[0]
        for part in parts[1:]:
            text = f"xadd ({text}) ({part})"
        return text

    def _held_to_the_claim(self) -> None:
        """The claim is what its chain shows, and says no more than its relation. Raises Unsupported."""
        claim, terms = self.proof.data["claim"], self.proof.terms
        if claim["relation"] not in RELATIONS and self.proof.data.get("kind") == "comparison":
            return
        chain = self.proof.chains.get("dataset" if "dataset" in self.proof.chains else "claim")
        if chain is None or (terms[claim["left"]], claim["relation"], terms[claim["right"]]) != chain:
            raise Unsupported("a claim that is not what its chain shows")
        if claim["relation"] in ("equal", "up-to-constant") and terms[claim["scale"]] is not ONE:
            raise Unsupported(f"a claim that is {claim['relation']} with a scale")
        if claim["relation"] == "equal" and terms[claim["offset"]] is not ZERO:
            raise Unsupported("a claim that is equal with an offset")

    def _well_defined(self) -> str:
        """Each side of the claim has a value, and what they come from: Coq's functions are total, so that this is said apart."""
        w = self.writer
        rows = self._to_define()
        lines = []
        for term, _ in rows:
            for part in densities_of(term):
                w.density(part, replace(w.at_point, sample="i"))
        for term, ctx in rows:
            for text in definedness((term,), w.printer, ctx):
                lines.append((ctx.sample is not None, text))
        if not lines:
            return ""
        found = list(dict.fromkeys(lines))
        plain = [text for per, text in found if not per]
        sampled = [text for per, text in found if per]
        goals, proofs = [], []
        if plain:
            goals.append(_conjunction(plain))
            proofs.append(f"{{ {self._values(w.at_point)} }}")
        if sampled:
            goals.append(f"forall i, (i < n_samples)%nat ->\n  {_conjunction(sampled)}")
            proofs.append(f"{{ intros i Hi. {self._values(replace(w.at_point, sample='i'))} }}")
        self.theorems.append("well_defined")
        split = "split.\n  " if len(goals) > 1 else ""
        conjunction = " /\\\n  ".join(f"({g})" for g in goals)
        return (
            "(* Logarithms are of what is positive, denominators are not 0: every term of the claim has a value. *)\n"
            f"Theorem well_defined : forall w, feasible w ->\n  {conjunction}.\n"
            f"Proof.\n  intros w Hw. {split}" + "\n  ".join(proofs) + "\nQed."
        )

    def _values(self, ctx: Context) -> str:
        block = Block("")
        self.writer.ambient(ctx, block)
        self.writer.every_fact(ctx, block)
        return f"{block.text()}repeat apply conj; first [ lp_value | solve [ lp_likelihood ] ]."

    def _to_define(self) -> list[tuple[Term, Context]]:
        w, data = self.writer, self.proof.data
        if w.is_extended:
            return []
        sample = replace(w.at_point, sample="i")
        if "per_sample" not in data:
            return [(cost(self.proof.chains[c][0]), w.at_point) for c in ("a", "b") if c in self.proof.chains]
        terms = [s.after for s in self.proof.steps if s.rule.startswith("density-") and not any(t.op in KINDS for t in postorder(s.after))]
        terms += [self.proof.terms[data["per_sample"][k]] for k in ("nll", "scale", "loss", "offset")]
        return [(t, sample if self.proof.needs_sample(t) else w.at_point) for t in dict.fromkeys(terms)]

    def premises(self) -> list[str]:
        """The structures of special functions that the theorems suppose."""
        said = [f"what the record {id} says" for _, id in self.writer.premises]
        return [*self.writer.printer.structures, *said]

    def text(self) -> str:
        """The file without its header: what the proof is of, everything in it, and the theorems as one certificate. Raises Unsupported."""
        body = self.body()
        data = self.proof.data
        names = ", ".join(f"@{n}" for n in self.theorems or ["feasible"])
        said = comment(str(data.get("assumption") or data.get("question") or "a proof"))
        return f"{said}\n{body}\nDefinition certificate := ({names}).\n"

    def undecided(self) -> str | None:
        """Why an accepted file does not confirm the claim, or None if it does."""
        relation = self.proof.data["claim"]["relation"]
        if relation == "unknown":
            return "the claim is that nothing is known"
        if relation == "refuted" and not any(name.startswith("Witness.") for name in self.theorems):
            return f"the witness is not written: {self.unwritten}"
        return None

    def claims(self) -> list[tuple[str, str]]:
        """What Coq accepted: what it is called, and what it says."""
        found = [(f"{len(self.proof.steps)} steps", "each a lemma, each rule a lemma with the conditions that it asks for")]
        for name in self.theorems:
            said = self.said if name.startswith("Witness.") else _SAID.get(name, "the chain's ends are related as it says")
            found.append((name.removeprefix("chain_").rpartition(".")[2].replace("_", " "), said))
        return found

    def _theorems(self) -> str:
        w = self.writer
        if "dataset" not in self.proof.chains or "preamble" not in self.proof.chains:
            return ""
        likelihood = self.proof.chains["preamble"][0]
        last = len(self.proof.of_chain("dataset"))
        dataset, preamble = w.chain_names["dataset"], w.chain_names["preamble"]
        is_affine = dataset in self.affine
        x = self.x
        of_dataset = f"eapply {x}affine_same. exact {dataset}." if is_affine else f"apply {x}same_eqv. exact {dataset}."
        text = w.printer.number(likelihood.args[0], w.at_point, LOOSE)
        self.theorems += ["max_likelihood_is_min_loss", "minimisers_agree"]
        return "\n".join([
            "(* The likelihood, and the theorem: whatever the model class W, and however many samples. *)",
            f"Definition likelihood (w : W) : R :=\n  {text}.",
            f"Theorem max_likelihood_is_min_loss : {x}anti feasible likelihood {dataset}_{last}.",
            f"Proof.\n  apply {x}same_anti. eapply {x}same_trans. {{ exact {preamble}. }}\n  {of_dataset}\nQed.",
            f"Corollary minimisers_agree : forall w, argmax feasible likelihood w <-> {x}argmin feasible {dataset}_{last} w.",
            f"Proof. exact ({x}anti_argmax _ _ _ max_likelihood_is_min_loss). Qed.",
        ])  # fmt: skip


def _about(per_sample: bool) -> tuple[str, str, str]:
    """Of a statement about a feasible point, and perhaps each sample: what it quantifies over besides, what it takes, what is introduced."""
    return ("forall i, (i < n_samples)%nat -> ", "w i", "w Hw i Hi") if per_sample else ("", "w", "w Hw")


def densities_of(term: Term) -> list[Term]:
    """The densities of samples that a term takes logarithms of."""
    found: dict[Term, None] = {}
    for t in postorder(term):
        if t.op == "log":
            found.update((p, None) for p in likelihoods(t.args[0]) if p.op == "pdf")
        elif t.op == "NLL":
            found[fn("pdf", *t.args)] = None
        elif t.op in ("CE", "KL") and t.args[0].op == "dist:empirical":
            found[fn("pdf", t.args[1], t.args[0].args[0])] = None
    return list(found)


def _conjunction(parts: list[str]) -> str:
    return " /\\\n  ".join(f"({p})" for p in parts)
