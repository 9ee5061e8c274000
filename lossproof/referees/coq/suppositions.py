"""What a proof supposes of its symbols, and the facts that it draws from that, each where it is needed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any

from lossproof.facts import FactRule, Rule, propositions
from lossproof.referees.coq.context import (
    CONDITION,
    DISTRIBUTION,
    FUNCTIONALS,
    KINDS,
    MATRIX,
    NUMBER,
    SAMPLES,
    TYPES,
    VECTOR,
    Context,
    Unsupported,
    Variable,
    argument,
)
from lossproof.referees.coq.distributions import FINITE_FAMILIES
from lossproof.referees.coq.names import Names, rule_name
from lossproof.referees.coq.printer import Printer
from lossproof.referees.coq.proof import Proof, Step, Symbol
from lossproof.referees.coq.statements import Asked, Meta, Statement, fact_statement, rule_statement
from lossproof.rulebook import Rulebook
from lossproof.terms import Term, fn, postorder, sym
from lossproof.terms.pattern import instantiate


@lru_cache(2048)
def _lemma(rule: Rule | FactRule) -> Statement:
    """The lemma for a rule; proofs share rules."""
    return fact_statement(rule) if isinstance(rule, FactRule) else rule_statement(rule)


@dataclass(frozen=True)
class Supposition:
    """A domain or hypothesis, how it is called, and what it speaks of."""

    name: str
    says: Term
    is_learned: bool
    is_indexed: bool

    def at(self, ctx: Context) -> str:
        """Its proof in a context. Raises Unsupported where there is no sample that it could be about."""
        parts = [self.name]
        if self.is_learned:
            parts.append(f"{ctx.point} Hw")
        if self.is_indexed:
            if ctx.sample is None:
                raise Unsupported("a condition on a sample outside of a sum over samples")
            parts.append(f"{ctx.sample} H{ctx.sample}")
        return " ".join(parts)


class Suppositions:
    """The symbols of a proof, what is supposed of them, and its facts; how a record's lemma is used."""

    def __init__(self, proof: Proof) -> None:
        self.proof = proof
        self.printer = Printer()
        self.names = Names("s_")
        self.chain_names = Names("chain_")
        self.statements: dict[tuple[str, str], Statement] = {}
        self.densities: dict[Term, str] = {}
        self.premises: dict[tuple[str, str], None] = {}  # what records say of expectations that are no finite sums
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

    @cached_property
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

    def structures(self) -> list[str]:
        """The special functions that were used, as context of a section."""
        return [f"Context {{H{s} : {s}}}." for s in self.printer.structures]

    # -- what is supposed

    @cached_property
    def domains(self) -> dict[str, Supposition]:
        """For each symbol that stands for something, that it is in its domain."""
        return {n: Supposition(f"dom_{self.names[n]}", fn("in", sym(n), s.domain), s.role == "parameter", s.indexed) for n, s in self.known.items()}

    @cached_property
    def hypotheses(self) -> list[Supposition]:
        """The hypotheses of the proof."""
        proof = self.proof
        return [Supposition(f"hyp_{j}", h, proof.has_parameter(h), proof.needs_sample(h)) for j, h in enumerate(proof.hypotheses)]

    @cached_property
    def supposed(self) -> list[Supposition]:
        """All that is supposed."""
        return [*self.domains.values(), *self.hypotheses]

    def of_sample(self, s: Supposition, point: str | None = "w") -> str | None:
        """What is supposed, of the sample i if it is about samples, at the point if it is of parameters; None for what types and scopes say."""
        ctx = replace(self.ctx, point=point if s.is_learned else None, sample="i" if s.is_indexed else None)
        text = self.printer.proposition(s.says, ctx)
        return None if text == "True" else text

    def said(self, s: Supposition, point: str | None = "w") -> str | None:
        """The same of every sample."""
        text = self.of_sample(s, point)
        return text if text is None or not s.is_indexed else f"forall i, (i < n_samples)%nat -> {text}"

    def suppositions(self) -> list[str]:
        """Domains and hypotheses: of data and fixed symbols as hypotheses, of parameters as the feasible set."""
        lines: list[str] = []
        feasible: list[tuple[str, str]] = []
        for s in self.supposed:
            text = self.said(s)
            if text is None:
                continue
            if s.is_learned:
                feasible.append((s.name, text))
            else:
                lines.append(f"Hypothesis {s.name} : {text}.")
        body = " /\\\n  ".join(f"({text})" for _, text in feasible) or "True"
        lines.append(f"\n(* The parameters that are allowed. *)\nDefinition feasible (w : W) : Prop :=\n  {body}.")
        for j, (name, text) in enumerate(feasible):
            lines.append(f"Lemma {name} : forall w, feasible w -> {text}.\nProof. intros w H. exact ({_projection('H', j, len(feasible))}). Qed.")
        return lines

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
        if fact.rule == "domain":
            name = str(fact.says.args[0].value)
            return f"exact ({self._inside(name, ctx) if name in ctx.variables else self.domains[name].at(ctx)})."
        if fact.rule == "hypothesis":
            n, part, count = self.proof.hypothesis_parts[fact.says]
            return f"exact ({_projection(f'({self.hypotheses[n].at(ctx)})', part, count)})."
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
            return self.domains[proof].at(ctx)
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
        for s in self.supposed:
            if (s.is_learned and ctx.point is None) or not (s.is_learned or (s.is_indexed and ctx.sample)):
                continue
            whole = s.is_indexed and ctx.sample is None  # said of all samples
            if self.printer.proposition(s.says, ctx.within_sample()[0] if whole else ctx) != "True":
                block.add(f"pose proof ({f'{s.name} {ctx.point} Hw' if whole else s.at(ctx)}) as A_{s.name}.")

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
            own = any(t.op in (*SAMPLES, "pdf", *FUNCTIONALS) for t in postorder(fact.says))
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
            found = _lemma(rule)
            self.statements[kind, id] = found
            self.printer.used.update(dict.fromkeys(found.used))
            self.printer.structures.update(dict.fromkeys(found.structures))
        return found

    def _use(self, s: Statement, name: str, bindings: Any, known: dict[Term, int], ctx: Context, block: Block, end: str) -> str:
        values = self._arguments(s, bindings, ctx)
        given = (["n_positive"] if "n_samples" in s.takes else []) + ["_" for _ in s.asked]
        call = " ".join([name, *s.takes, *values, *given])
        if s.supposes_left:
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
                found.append(text if text[0] in "([" and _closed(text) else argument(text))
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
                found.append(f"pose proof ({self.domains[name].at(ctx)}).")
        last = " | solve [ lp_likelihood ]" if self._of_likelihood else ""
        return " ".join([*found, f"first [ lp_range | lp_defined{last} ]."])


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


def is_infinite(term: Term) -> bool:
    """Whether infinity occurs in a term, other than as an argument of a distribution or of a distribution function."""
    if term.op in KINDS or term.op.startswith("dist:"):
        return False
    return (term.op == "const" and term.value == "oo") or any(is_infinite(a) for a in term.args)


def _may_vanish(step: Step) -> bool:
    """Whether a density is unfolded that is 0 where its support does not hold."""
    return step.rule.startswith("density-") and step.after.op == "cases" and step.after.args[2].op == "num" and step.after.args[2].value == 0


def _projection(of: str, part: int, count: int) -> str:
    """The part of a right-nested conjunction."""
    text = of
    for _ in range(part):
        text = f"proj2 ({text})"
    return f"proj1 ({text})" if part < count - 1 else text


def _closed(text: str) -> bool:
    """Whether the bracket that a text begins with ends where it does."""
    depth = 0
    for j, c in enumerate(text):
        depth += (c in "([") - (c in ")]")
        if depth == 0:
            return j == len(text) - 1
    return False
