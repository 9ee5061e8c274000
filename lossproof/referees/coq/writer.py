"""The file for Coq: variables and what is supposed of them, one lemma for each step, and the theorems that the chains come to."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from fractions import Fraction
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Final

from lossproof.facts import FactRule, propositions
from lossproof.referees.coq.distributions import FINITE_FAMILIES, declaration, definition
from lossproof.referees.coq.names import Names, rule_name
from lossproof.referees.coq.printer import (
    CONDITION,
    DISTRIBUTION,
    EXTENDED,
    LOOSE,
    MATRIX,
    NUMBER,
    TYPES,
    VECTOR,
    Context,
    Printer,
    Unsupported,
    Variable,
    sort_of,
)
from lossproof.referees.coq.proof import Proof, Step, Symbol
from lossproof.referees.coq.statements import FUNCTIONALS, VECTOR_SLOTS, Asked, Meta, Statement, fact_statement, rule_statement
from lossproof.rulebook import Rulebook
from lossproof.terms import Term, fn, postorder, replace_at, sym
from lossproof.terms.pattern import instantiate

HERE: Final = Path(__file__).parent
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


@lru_cache(1)
def scripts() -> Mapping[str, Any]:
    """The proofs of the records' lemmas that the general tactic does not find (kind -> id -> script), and which suppose that the left side has a value."""
    return tomllib.loads((HERE / "proofs.toml").read_text(encoding="utf-8"))


def supposing() -> list[str]:
    """The rules whose conditions do not say that the left side has a value: their lemmas suppose it."""
    found: list[str] = scripts().get("supposes_left", [])
    return found


class Writer:
    """Writes one proof."""

    def __init__(self, proof: Proof) -> None:
        self.proof = proof
        self.printer = Printer()
        self.names = Names("s_")
        self.chain_names = Names("chain_")
        self.statements: dict[tuple[str, str], Statement] = {}
        self.densities: dict[Term, str] = {}
        self.premises: dict[tuple[str, str], None] = {}  # what records say of expectations that are no finite sums
        self.lines: list[str] = []
        self._of_likelihood = False  # whether premises may be about the densities of samples
        #: Whether values may be infinite: then objectives are of the type ``ext``.
        self.is_extended = any(is_infinite(s.before) or is_infinite(s.after) or _may_vanish(s) for s in proof.steps)
        table = {n: self._variable(n) for n in proof.symbols}
        self.ctx = Context(table)
        self.at_point = replace(self.ctx, point="w")

    # -- symbols

    def _variable(self, name: str) -> Variable:
        symbol = self.proof.symbols[name]
        own = self.names[name]

        def write(ctx: Context) -> str:
            parts = [own]
            if symbol.role == "variable":
                raise Unsupported(f"{name} outside of its expectation")
            if symbol.role == "parameter":
                if ctx.point is None:
                    raise Unsupported(f"the parameter {name} where no parameter may be")
                parts.append(ctx.point)
            if symbol.indexed:
                if ctx.sample is None:
                    raise Unsupported(f"{name}, which varies with the sample, outside of a sum over samples")
                parts.append(ctx.sample)
            return " ".join(parts)

        size = symbol.dimension
        dimension = None if size is None else (lambda ctx: self.printer.number(size, ctx, 9))
        return Variable(symbol.sort, write, dimension)

    @property
    def known(self) -> Mapping[str, Symbol]:
        """The symbols that stand for something: all but the variables of expectations."""
        return {n: s for n, s in self.proof.symbols.items() if s.role != "variable"}

    def variables(self) -> list[str]:
        """``Variables (W : Type) (n_samples : nat) (s_sigma : R) ...``"""
        found = []
        for name, symbol in self.known.items():
            arrows = ("W -> " if symbol.role == "parameter" else "") + ("nat -> " if symbol.indexed else "")
            found.append(f"({self.names[name]} : {arrows}{TYPES[symbol.sort].strip('()')})")
        return found

    # -- what is supposed

    def suppositions(self) -> None:
        """Domains and hypotheses: of data and fixed symbols as hypotheses, of parameters as the feasible set."""
        feasible: list[tuple[str, str]] = []
        rows = [(f"dom_{self.names[n]}", fn("in", sym(n), s.domain), s.role == "parameter", s.indexed) for n, s in self.known.items()]
        rows += [(f"hyp_{j}", h, self.proof.has_parameter(h), self.proof.needs_sample(h)) for j, h in enumerate(self.proof.hypotheses)]
        for name, condition, is_learned, is_indexed in rows:
            ctx = replace(self.ctx, point="w" if is_learned else None, sample="i" if is_indexed else None)
            text = self.printer.proposition(condition, ctx)
            if text == "True":
                continue
            if is_indexed:
                text = f"forall i, (i < n_samples)%nat -> {text}"
            if is_learned:
                feasible.append((name, text))
            else:
                self.lines.append(f"Hypothesis {name} : {text}.")
        body = " /\\\n  ".join(f"({text})" for _, text in feasible) or "True"
        self.lines.append(f"\n(* The parameters that are allowed. *)\nDefinition feasible (w : W) : Prop :=\n  {body}.")
        for j, (name, text) in enumerate(feasible):
            path = "H" if len(feasible) == 1 else _projection("H", j, len(feasible))
            self.lines.append(f"Lemma {name} : forall w, feasible w -> {text}.\nProof. intros w H. exact ({path}). Qed.")

    def _supposed(self, name: str, condition: Term, is_learned: bool, is_indexed: bool, ctx: Context) -> str:
        parts = [name]
        if is_learned:
            parts.append(f"{ctx.point} Hw")
        if is_indexed:
            if ctx.sample is None:
                raise Unsupported("a condition on a sample outside of a sum over samples")
            parts.append(f"{ctx.sample} H{ctx.sample}")
        return " ".join(parts)

    # -- facts

    def fact(self, number: int, ctx: Context, block: Block) -> str | None:
        """The name of the fact in the block, written there if it is not yet; None for what types and scopes say."""
        fact = self.proof.facts[number]
        if fact.rule == "syntax":
            return None
        if number in block.facts:
            return block.facts[number]
        text = self.printer.proposition(fact.says, ctx)
        if text == "True":
            block.facts[number] = None
            return None
        how = self._how(number, ctx, block)
        name = f"F{number}{block.suffix}"
        block.facts[number] = name
        block.add(f"assert ({name} : {text}). {{ {how} }}")
        return name

    def _how(self, number: int, ctx: Context, block: Block) -> str:
        fact = self.proof.facts[number]
        if fact.rule == "domain" and str(fact.says.args[0].value) in ctx.variables:
            return f"exact ({self._inside(str(fact.says.args[0].value), ctx)})."
        if fact.rule == "domain":
            symbol = self.proof.symbols[str(fact.says.args[0].value)]
            name = f"dom_{self.names[symbol.name]}"
            return f"exact ({self._supposed(name, fact.says, symbol.role == 'parameter', symbol.indexed, ctx)})."
        if fact.rule == "hypothesis":
            n, part, count = self.proof.hypothesis_parts[fact.says]
            h = self.proof.hypotheses[n]
            term = self._supposed(f"hyp_{n}", h, self.proof.has_parameter(h), self.proof.needs_sample(h), ctx)
            return f"exact ({_projection(f'({term})', part, count)})."
        if fact.rule == "number":
            return "lp_number."
        if fact.rule == "density-nonnegative":
            return ("" if self.is_extended else "apply Rlt_le. ") + self.density(fact.says.args[0], ctx)
        if fact.rule == "algebra":
            (premise,) = fact.premises
            return f"lp_same {self.fact(premise, ctx, block)}."
        rule = self.proof.rule(fact.rule)
        assert isinstance(rule, FactRule)
        statement = self.statement("fact", fact.rule)
        known = {self.proof.facts[p].says: p for p in fact.premises}
        return self._use(statement, f"fact_{rule_name(fact.rule)}", fact.bindings, known, ctx, block, "lp_exact Q.")

    def _inside(self, name: str, ctx: Context) -> str:
        """The proof that the variable of an expectation is in its domain."""
        where, _, proof = ctx.variables[name].rpartition(":")
        if where == "data":
            symbol = self.proof.symbols[proof]
            return self._supposed(f"dom_{self.names[proof]}", symbol.domain, symbol.role == "parameter", symbol.indexed, ctx)
        id = where.removeprefix("dist:")
        return proof if id in FINITE_FAMILIES else f"inside_{rule_name(id)} {'_ ' * len(Rulebook.default().distribution(id).takes)}_ {proof}"

    def density(self, term: Term, ctx: Context) -> str:
        """Proves that a density is positive (or not negative, where it may be 0), by a lemma of its own."""
        name = self.densities.setdefault(term, f"density_{len(self.densities) + 1}")
        return f"exact ({name}{self._at(term, ctx)})."

    def _at(self, term: Term, ctx: Context) -> str:
        return " w Hw" + (f" {ctx.sample} H{ctx.sample}" if self.proof.needs_sample(term) else "")

    def ambient(self, ctx: Context, block: Block) -> None:
        """What is supposed of the symbols, as far as it can be said in this context; once in a block."""
        if block.is_ambient:
            return
        block.is_ambient = True
        rows = [(f"dom_{self.names[n]}", fn("in", sym(n), s.domain), s.role == "parameter", s.indexed) for n, s in self.known.items()]
        rows += [(f"hyp_{j}", h, self.proof.has_parameter(h), self.proof.needs_sample(h)) for j, h in enumerate(self.proof.hypotheses)]
        for name, condition, is_learned, is_indexed in rows:
            if (is_learned and ctx.point is None) or not (is_learned or (is_indexed and ctx.sample)):
                continue
            inner = ctx if ctx.sample or not is_indexed else ctx.within_sample()[0]
            if self.printer.proposition(condition, inner) == "True":
                continue
            whole = is_indexed and ctx.sample is None
            term = f"{name} {ctx.point} Hw" if whole else self._supposed(name, condition, is_learned, is_indexed, ctx)
            block.add(f"pose proof ({term}) as A_{name}.")

    def every_fact(self, ctx: Context, block: Block) -> None:
        """The facts of the proof that can be said in this context, other than those about whole likelihoods."""
        for fact in self.proof.facts:
            if fact.rule == "syntax" or fact.says.is_open or (ctx.sample is None and self.proof.needs_sample(fact.says)):
                continue
            if fact.number not in self._of_samples and not self._free_variables(fact.says) - ctx.variables.keys():
                self.fact(fact.number, ctx, block)

    def _free_variables(self, term: Term) -> set[str]:
        """The variables of expectations that occur in a fact; every fact about one is about what lies inside."""
        return {str(t.value) for t in postorder(term) if t.op == "sym"} - self.known.keys()

    @cached_property
    def _of_samples(self) -> set[int]:
        """The facts about sums over samples, densities and expectations, and those that rest on them."""
        found: set[int] = set()
        for fact in self.proof.facts:
            own = any(t.op in ("samples_sum", "samples_mean", "samples_prod", "pdf", *FUNCTIONALS) for t in postorder(fact.says))
            if own or any(p in found or self.proof.facts[p].says.is_open for p in fact.premises):
                found.add(fact.number)
        return found

    # -- uses of records

    def statement(self, kind: str, id: str) -> Statement:
        """The lemma for a record, written once."""
        found = self.statements.get((kind, id))
        if found is None:
            rule = self.proof.rule(id)
            if self.proof.kind(id) in ("expectation", "finite") and id.split("-", 1)[1].rpartition("-")[0] not in FINITE_FAMILIES:
                self.premises[kind, id] = None
            found = fact_statement(rule) if isinstance(rule, FactRule) else rule_statement(rule, supposes_left=id in supposing())
            self.statements[kind, id] = found
            self.printer.used.update(dict.fromkeys(found.used))
            self.printer.structures.update(dict.fromkeys(found.structures))
        return found

    def _use(self, s: Statement, name: str, bindings: Any, known: dict[Term, int], ctx: Context, block: Block, end: str) -> str:
        values = self._arguments(s, bindings, ctx)
        samples = "n_samples" in s.text.split(",")[0]
        head = ["_"] if s.is_generic else []
        head += (["W", "feasible"] if "(W : Type)" in s.text else [])
        head = (["n_samples"] if samples else []) + head if s.is_generic else head + (["n_samples"] if samples else [])
        given = (["n_positive"] if samples else []) + ["_" for _ in s.asked]
        call = " ".join([name, *head, *values, *given])
        if s.id in supposing():
            self.ambient(ctx, block)
        if not s.asked:
            return f"pose proof ({call}) as Q. {end}"
        parts = [f"unshelve epose proof ({call}) as Q."]
        for asked in s.asked:
            parts.append("{ " + self._premise(asked, s, bindings, known, ctx, block) + " }")
        return "\n  ".join([*parts, end])

    def _arguments(self, s: Statement, bindings: Any, ctx: Context) -> list[str]:
        found: list[str] = []
        for meta in s.metas.values():
            value = bindings.get(meta.name)
            if value is None:
                found.append(self._size(meta, s, bindings, ctx))
            elif meta.sort == DISTRIBUTION:
                found += [self._function(meta, k, value, bindings, ctx) for k in meta.kinds]
            elif isinstance(value, tuple):
                found.append(f"[{'; '.join(self._lambda(meta, v, s, bindings, ctx) for v in value)}]")
            else:
                text = self._lambda(meta, value, s, bindings, ctx)
                found.append(text if " " not in text or (text[0] in "([" and text[-1] in ")]" and _closed(text)) else f"({text})")
        return found

    def _size(self, meta: Meta, s: Statement, bindings: Any, ctx: Context) -> str:
        for other in s.metas.values():
            if other.dimension == meta.name and other.name in bindings:
                return self.printer.dimension(bindings[other.name], ctx)
        raise Unsupported(f"{meta.name} of {s.id}")

    def _function(self, meta: Meta, kind: str, value: Term, bindings: Any, ctx: Context) -> str:
        inner, variables = self._scoped(meta, bindings, ctx)
        text = self.printer.function(kind, value, inner)
        return f"(fun {' '.join(variables)} => {text})" if variables else text

    def _lambda(self, meta: Meta, value: Term, s: Statement, bindings: Any, ctx: Context) -> str:
        inner, variables = self._scoped(meta, bindings, ctx)
        text = self._value(meta.sort, value, inner)
        return f"(fun {' '.join(variables)} => {text})" if variables else text

    def _scoped(self, meta: Meta, bindings: Any, ctx: Context) -> tuple[Context, list[str]]:
        """The context of a metavariable's value, and the names that it is a function of."""
        inner, variables = ctx, []
        for scope in meta.scopes:
            if scope == "point":
                inner = replace(inner, point="w")
                variables.append("w")
            elif scope == "samples":
                inner, i = inner.within_sample()
                variables.append(i)
            elif scope in meta.variables:
                name = "x" if not inner.variables else f"x{len(inner.variables) + 1}"
                sort = VECTOR if meta.variate == "R -> R" else self.proof.symbols[str(bindings[scope].value)].sort
                inner = inner.within_variable(str(bindings[scope].value), sort, name, "")
                variables.append(name)
            else:
                inner, k = inner.within_index(str(bindings[scope].value))
                variables.append(k)
        return inner, variables

    def _value(self, sort: str, value: Term, ctx: Context) -> str:
        if sort == CONDITION:
            return self.printer.boolean(value, ctx)
        if sort == VECTOR:
            return self.printer.vector(value, ctx)
        if sort == MATRIX:
            return self.printer.matrix(value, ctx)
        if sort == NUMBER:
            return self.printer.number(value, ctx)
        return self.printer.extended(value, ctx)

    def _premise(self, asked: Asked, s: Statement, bindings: Any, known: dict[Term, int], ctx: Context, outer: Block) -> str:
        if asked.is_range:
            return self._range(ctx)
        if asked.variable is not None:
            return self._premise_inside(asked, bindings, known, ctx, outer)
        if not asked.scopes:
            return self._plain(asked, bindings, known, ctx, outer)
        block = outer.inner()
        inner = ctx
        for scope in asked.scopes:
            if scope == "point":
                inner = replace(inner, point="w")
                block.add("intros w Hw.")
            elif scope == "samples":
                inner, i = inner.within_sample()
                block.add(f"intros {i} H{i}.")
            else:
                inner, k = inner.within_index(str(bindings[scope].value))
                block.add(f"intros {k} H{k}.")
        parts = self._plain(asked, bindings, known, inner, block)
        return block.text() + parts

    def _premise_inside(self, asked: Asked, bindings: Any, known: dict[Term, int], ctx: Context, outer: Block) -> str:
        assert asked.variable is not None
        name, dist = asked.variable
        block = outer.inner()
        block.add("intros x Hx.")
        inner = ctx.within_variable(str(bindings[name].value), NUMBER, "x", f"{instantiate(dist, bindings).op}:Hx")
        proof = self._plain(asked, bindings, known, inner, block)
        return block.text() + proof

    def _plain(self, asked: Asked, bindings: Any, known: dict[Term, int], ctx: Context, block: Block) -> str:
        if asked.over is None:
            return self._known(instantiate(asked.condition, bindings), known, ctx, block)
        ones = [instantiate(asked.condition, {**bindings, asked.over: value}) for value in bindings[asked.over]]
        ends = " ".join("{ " + self._known(one, known, ctx, block) + " }" for one in ones)
        return f"cbn [lall]. repeat apply conj. {ends} exact I."

    def _known(self, condition: Term, known: dict[Term, int], ctx: Context, block: Block) -> str:
        ends = []
        for part in propositions(condition):
            if part not in known:
                raise Unsupported("a condition that no fact of the proof shows")
            name = self.fact(known[part], ctx, block)
            ends.append("exact I." if name is None else f"lp_exact {name}.")
        return " ".join(ends)

    def _range(self, ctx: Context) -> str:
        found = []
        for name, symbol in self.proof.symbols.items():
            if symbol.domain.op != "categories":
                continue
            if name in ctx.variables:
                found.append(f"pose proof ({self._inside(name, ctx)}).")
            elif name in self.known and (ctx.sample is not None or not symbol.indexed) and (ctx.point or symbol.role != "parameter"):
                found.append(f"pose proof ({self._supposed(f'dom_{self.names[name]}', symbol.domain, symbol.role == 'parameter', symbol.indexed, ctx)}).")
        last = " | solve [ lp_likelihood ]" if self._of_likelihood else ""
        return " ".join([*found, f"first [ lp_range | lp_defined{last} ]."])

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
        if node.op == "E":
            inner, i = self.printer.under(node, ctx)
            lemma = "nmean_ext" if node.args[0].op == "dist:empirical" else "mean_ext"
        elif node.op in _SAMPLES:
            inner, i = ctx.within_sample()
            lemma = ("x" + _SAMPLES[node.op][1:]) if infinite else _SAMPLES[node.op]
        else:
            inner, i = ctx.within_index(str(node.args[0].value))
            lemma = _INDEXED[node.op]
        text += f"apply {lemma}; intros {i} H{i}.\n  "
        return text + self.equality(node.args[place[cut]], place[cut + 1 :], step, inner, spine=infinite)

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
        block = Block("")
        self.ambient(ctx, block)
        self.every_fact(ctx, block)
        if step.rule == "algebra":
            return block.text() + "lp_ext_algebra."
        if step.rule == "lemma":
            return self._leaf(step, ctx)
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
        kind = self.proof.kind(step.rule)
        if kind in ("density", "cdf", "cdf_below"):
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
        """The densities and distribution functions that were used, those that others use first."""
        book = Rulebook.default()
        done: dict[tuple[str, str], str] = {}
        pending = list(self.printer.used)
        while pending:
            kind, id = pending.pop(0)
            if (kind, id) not in done and kind != "E":
                before = set(self.printer.used)
                done[kind, id] = definition(self.printer, book, kind, id)
                pending += [u for u in self.printer.used if u not in before]
        return list(done.values())


class Block:
    """The facts that one proof has asserted, and the lines that do so."""

    def __init__(self, suffix: str) -> None:
        self.suffix = suffix
        self.facts: dict[int, str | None] = {}
        self.is_ambient = False
        self._lines: list[str] = []

    def inner(self) -> Block:
        """A block within this one: it knows the facts, and adds its own."""
        found = Block(self.suffix + "_")
        found.facts = dict(self.facts)
        found.is_ambient = self.is_ambient
        return found

    def add(self, line: str) -> None:
        """One more line."""
        self._lines.append(line)

    def text(self) -> str:
        """The lines, each ended."""
        return "".join(line + "\n  " for line in self._lines)


def cost(term: Term) -> Term:
    """An objective as what is to be least."""
    if term.op == "maximise":
        return fn("neg", term.args[0])
    return term.args[0] if term.op == "minimise" else term


def is_infinite(term: Term) -> bool:
    """Whether infinity occurs in a term, other than as an argument of a distribution or of a distribution function."""
    if term.op in ("pdf", "cdf", "cdf_below") or term.op.startswith("dist:"):
        return False
    return (term.op == "const" and term.value == "oo") or any(is_infinite(a) for a in term.args)


def _may_vanish(step: Step) -> bool:
    """Whether a density is unfolded that is 0 where its support does not hold."""
    return step.rule.startswith("density-") and step.after.op == "cases" and step.after.args[2].op == "num" and step.after.args[2].value == 0


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


def _projection(of: str, part: int, count: int) -> str:
    """The part of a right-nested conjunction."""
    text = of
    for _ in range(part):
        text = f"proj2 ({text})"
    return f"proj1 ({text})" if part < count - 1 else text


def likelihoods(term: Term) -> Iterable[Term]:
    """What a likelihood multiplies: the factors of products and of products over samples."""
    if term.op in ("mul", "samples_prod", "log", "neg"):
        for a in term.args:
            yield from likelihoods(a)
    elif not (term.op == "num" and isinstance(term.value, Fraction)):
        yield term


def _closed(text: str) -> bool:
    depth = 0
    for j, c in enumerate(text):
        depth += (c in "([") - (c in ")]")
        if depth == 0 and j < len(text) - 1:
            return False
    return True


__all__ = ["Block", "Writer", "postorder"]
