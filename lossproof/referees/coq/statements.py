"""The lemma for a record: whatever its metavariables are, if its conditions hold, both sides are defined and equal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

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
    ListVariable,
    Unsupported,
    Variable,
    cost,
    sort_of,
)
from lossproof.referees.coq.defined import definedness
from lossproof.referees.coq.distributions import dimension_of, slots, variate_sort
from lossproof.referees.coq.names import rule_name
from lossproof.referees.coq.printer import LOOSE, Printer
from lossproof.rulebook import Rulebook
from lossproof.terms import Term, postorder
from lossproof.terms.pattern import sequence_names

SYNTACTIC = "free", "shared", "without", "ranges"
VECTOR_SLOTS = {"at": (0,), "norm": (0,), "dot": (0, 1), "softmax": (0,), "logsumexp": (0,), "diag": (0,), "quad": (1,)}
_MATRIX_SLOTS = {"det": (0,), "logdet": (0,), "inv": (0,), "quad": (0,), "trace": (0,)}


@dataclass
class Meta:
    """A metavariable: its sort, whether it is a list, on what it depends (the sample, indices, the parameters), its dimension."""

    name: str
    sort: str = NUMBER
    kinds: tuple[str, ...] = ()  # of a distribution: which of its functions are used
    is_list: bool = False
    scopes: tuple[str, ...] = ()
    dimension: str | None = None
    variables: tuple[str, ...] = ()  # which of the scopes are variables of expectations
    variate: str = "R"  # the type that a distribution or such a variable is over

    @property
    def type(self) -> str:
        """Its type in Coq."""
        own = f"{self.variate} -> R" if self.sort == DISTRIBUTION else TYPES[self.sort].strip("()")
        arrows = "".join({"samples": "nat -> ", "point": "W -> "}.get(s, f"{self.variate} -> " if s in self.variables else "R -> ") for s in self.scopes)
        return f"list ({arrows}{own})" if self.is_list else f"{arrows}{own}"

    @property
    def binder(self) -> str:
        """How it is quantified."""
        if self.sort != DISTRIBUTION:
            return f"({self.name} : {self.type})"
        own = f"({' '.join(f'{k}_{self.name}' for k in self.kinds if k != 'E')} : {self.type})" if set(self.kinds) - {"E"} else ""
        return " ".join(filter(None, [f"(E_{self.name} : expectation {self.variate})" if "E" in self.kinds else "", own]))

    def variable(self) -> Variable:
        """How it is written where it stands."""

        def write(ctx: Context) -> str:
            parts = [self.name]
            for s in self.scopes:
                value = ctx.point if s == "point" else ctx.sample if s == "samples" else ctx.indices.get(s)
                if value is None:
                    raise Unsupported(f"{self.name} outside the scope of {s}")
                parts.append(value)
            return " ".join(parts)

        size = None if self.dimension is None else (lambda _: str(self.dimension))
        if self.is_list:
            return ListVariable(self.sort, write, size, name=self.name, element=Variable(self.sort, write, size))
        return Variable(self.sort, write, size)


@dataclass
class Statement:
    """A lemma: its metavariables in order, the conditions it asks for (the record's, and what they need), and its text."""

    id: str
    metas: dict[str, Meta]
    asked: list[Asked]
    text: str
    takes: tuple[str, ...]  # what it takes before the metavariables: W and feasible, n_samples, and "_" for any type of values
    structures: tuple[str, ...]
    used: tuple[tuple[str, str], ...]  # densities and expectations of records
    supposes_left: bool = False  # that the left side has a value, which the record's conditions do not say


@dataclass
class Asked:
    """A premise: a condition of the record over a scope, or that an index is in range."""

    condition: Term
    scopes: tuple[str, ...]
    over: str | None = None  # the metavariable of a list that it is asked of each element of
    text: str = ""
    is_range: bool = False
    variable: tuple[str, Term] | None = None  # of an expectation, and its distribution: it is asked inside


@dataclass
class _Builder:
    rule: Rule | FactRule
    terms: tuple[Term, ...]
    requires: tuple[Term, ...]
    relation: str
    is_extended: bool = False
    supposes_left: bool = False
    variables: tuple[str, ...] = ()
    metas: dict[str, Meta] = field(default_factory=dict)
    ranges: dict[str, tuple[Term, Term]] = field(default_factory=dict)


def rule_statement(rule: Rule) -> Statement:
    """The lemma for a rewrite rule. Raises Unsupported for what is not written for Coq."""
    supposes_left = rule.record.get("id") == rule.id and rule.record.get("supposes") == "left"
    return _statement(_Builder(rule, (rule.before, rule.after), rule.requires, rule.relation, is_extended(rule), supposes_left))


def is_extended(rule: Rule) -> bool:
    """Whether the rule speaks of values that may be infinite: of oo, or of the logarithm of what may be 0."""
    if rule.before.is_infinite or rule.after.is_infinite:
        return not any(t.op in KINDS for t in postorder(rule.before))
    asked = {str(t.value) for c in rule.requires if c.op == "ge" for t in postorder(c) if t.op == "sym"}
    logs = {str(x.value) for t in postorder(rule.before, rule.after) if t.op == "log" for x in postorder(t) if x.op == "sym"}
    return bool(asked & logs) and any(t.op in ("samples_prod", "maximise", "mul") for t in postorder(rule.before))


def fact_statement(fact: FactRule) -> Statement:
    """The lemma for a rule of inference."""
    return _statement(_Builder(fact, (fact.shows,), fact.given, "shows"))


def _statement(b: _Builder) -> Statement:
    requires = [p for c in b.requires for p in propositions(c)]
    find_metas(b, requires)
    printer = Printer()
    ctx = Context({n: m.variable() for n, m in b.metas.items()})
    if b.relation not in ("equal", "shows"):
        ctx = replace(ctx, point="w")
    asked = [a for c in requires for a in [_asked(b, printer, ctx, c)] if a.text != "True"]
    asked += _index_ranges(b, printer, ctx)
    if b.supposes_left:
        asked += [Asked(b.terms[0], (), None, text, True) for text in definedness(b.terms[:1], printer, ctx)]
    conclusion = _conclusion(b, printer, ctx)
    heads = {
        "W feasible": "(W : Type) (feasible : W -> Prop)" if ctx.point else "",
        "n_samples": "(n_samples : nat)" if "n_samples" in conclusion + "".join(a.text for a in asked) else "",
        "_": "(V : Type)" if any(m.variate == "V" for m in b.metas.values()) else "",
    }
    takes = " ".join(name for name, binder in heads.items() if binder).split()
    premises = [f"\n  ({a.text}) ->" for a in asked]
    if "n_samples" in takes:
        premises.insert(0, "\n  (0 < n_samples)%nat ->")
    needs = "".join(f" {{H{s} : {s}}}" for s in printer.structures)
    kind = "fact" if b.relation == "shows" else "rule"
    binders = " ".join(filter(None, [*heads.values(), *(m.binder for m in b.metas.values())]))
    quantifiers = f"forall {binders}," if binders else ""
    text = f"Lemma {kind}_{rule_name(b.rule.id)}{needs} : {quantifiers}{''.join(premises)}\n  {conclusion}."
    return Statement(b.rule.id, b.metas, asked, text, tuple(takes), tuple(printer.structures), tuple(printer.used), b.supposes_left)


# -- metavariables


def find_metas(b: _Builder, requires: list[Term]) -> None:
    """Sorts, lists, scopes and dimensions of the metavariables."""
    everything = (*b.terms, *(c for c in requires if c.op not in SYNTACTIC))
    lists = sequence_names(b.terms[0])
    opened = {str(t.args[0].value) for root in everything for t in postorder(root) if t.op in ("sum", "prod")}
    for root in everything:
        for t in postorder(root):
            if t.op in ("sum", "prod"):
                b.ranges.setdefault(str(t.args[0].value), (t.args[1], t.args[2]))
    for root in everything:
        for t in postorder(root):
            if t.op in ("sym", "bound") and not (t.op == "bound" and str(t.value) in opened):
                b.metas.setdefault(str(t.value), Meta(str(t.value), is_list=str(t.value) in lists))
    _find_sorts(b, everything)
    _find_scopes(b, requires, opened)
    for condition in requires:
        if condition.op == "in" and condition.args[0].op == "sym":
            size = dimension_of(condition.args[1])
            if size is not None:
                b.metas[str(condition.args[0].value)].dimension = str(size.value)
    for m in list(b.metas.values()):
        if m.sort in (VECTOR, MATRIX) and m.dimension is None:
            m.dimension = _same_dimension(b, everything, m.name)


def _same_dimension(b: _Builder, terms: Iterable[Term], name: str) -> str | None:
    for root in terms:
        for t in postorder(root):
            if t.op in ("norm", "softmax", "logsumexp", "dot", "quad", "det", "logdet", "inv", "dist:categorical") and any(x.op == "sym" and x.value == name for x in postorder(t)):
                for other in postorder(t):
                    if other.op == "eye":
                        return str(other.args[0].value)
                    found = b.metas.get(str(other.value)) if other.op == "sym" else None
                    if found is not None and found.dimension is not None:
                        return found.dimension
                b.metas.setdefault(f"K_{name}", Meta(f"K_{name}"))
                return f"K_{name}"
    return None


def _find_sorts(b: _Builder, terms: Iterable[Term]) -> None:
    for _ in range(3):
        for root in terms:
            for t in postorder(root):
                for table, sort in ((VECTOR_SLOTS, VECTOR), (_MATRIX_SLOTS, MATRIX)):
                    for i in table.get(t.op, ()):
                        _expect(b, t.args[i], sort)
                for d, kinds in _distributions(t):
                    _expect(b, d, DISTRIBUTION)
                    if d.op == "sym":
                        m = b.metas[str(d.value)]
                        m.kinds = tuple(k for k in ("E", *KINDS) if k in (*m.kinds, *kinds))
                record = Rulebook.default().distribution_of(t) if t.op.startswith("dist:") else None
                for (_, sort), argument in zip(slots(record) if record is not None else (), t.args, strict=False):
                    if sort in (VECTOR, MATRIX):
                        _expect(b, argument, sort)
                if t.op in ("cases", "indicator"):
                    _expect(b, t.args[0], CONDITION)
                if t.op == "in" and dimension_of(t.args[1]) is not None:
                    _expect(b, t.args[0], MATRIX if t.args[1].op == "posdef" else VECTOR)


def _distributions(t: Term) -> list[tuple[Term, tuple[str, ...]]]:
    """The distributions that a term speaks of, and which of their functions."""
    if t.op in KINDS:
        return [(t.args[0], (t.op,))]
    if t.op == "NLL":
        return [(t.args[0], ("pdf",))]
    if t.op == "dist:mixture":
        return [(d, ("pdf",)) for d in t.args[1:] if d.op == "sym"]
    if t.op not in FUNCTIONALS:
        return []
    second = {"CE": ("pdf",), "KL": ("pdf",), "JS": ("E", "pdf")}.get(t.op)
    return [(t.args[0], FUNCTIONALS[t.op]), *([(t.args[1], second)] if second else [])]


def _expect(b: _Builder, t: Term, sort: str) -> None:
    if t.op == "sym":
        b.metas[str(t.value)].sort = sort
    elif t.op in ("add", "neg", "seq"):
        for a in t.args:
            _expect(b, a, sort)
    elif t.op == "div":
        _expect(b, t.args[0], sort)
    elif t.op == "mul" and len(t.args) == 2 and all(a.op != "seq" for a in t.args):
        vectors = [a for a in t.args if sort_of(a, {n: m.variable() for n, m in b.metas.items()}) == sort]
        _expect(b, vectors[0] if vectors else t.args[1], sort)


def _find_scopes(b: _Builder, requires: list[Term], opened: set[str]) -> None:
    excluded: dict[str, set[str]] = {}
    for c in requires:
        if c.op in ("free", "shared", "without"):
            scope = {"free": "point", "shared": "samples"}.get(c.op) or str(c.args[1].value)
            for t in postorder(c.args[0]):
                if t.op == "sym":
                    excluded.setdefault(str(t.value), set()).add(scope)
    around: dict[str, set[str]] = {}
    for root in b.terms:
        _walk(root, frozenset(), around)
    variables, variate = _variables(b.terms)
    b.variables = tuple(variables)
    for name in variables:
        b.metas.pop(name, None)
    outer = ("point",) if b.relation not in ("equal", "shows") else ()
    for name, m in b.metas.items():
        scopes = around.get(name, set()) - excluded.get(name, set())
        order = [*outer, "samples", *sorted(opened), *variables]
        m.variables = tuple(variables)
        m.variate = variate
        m.scopes = tuple(s for s in order if (s in scopes or s == "point") and s not in excluded.get(name, set()))


def _variables(terms: Iterable[Term]) -> tuple[list[str], str]:
    """The variables of expectations, and the type that they are over: V where a distribution is a metavariable."""
    names: dict[str, None] = {}
    variate = "R"
    for root in terms:
        for t in postorder(root):
            if t.op in FUNCTIONALS:
                names[str(t.args[-1 if t.op != "E" else 1].value)] = None
                if t.args[0].op == "sym":
                    variate = "R" if t.op == "E" and any(x is t.args[1] for x in postorder(t.args[2])) else "V"
                elif t.args[0].op != "dist:empirical":
                    variate = TYPES[variate_sort(t.args[0])]
    if any(t.op == "dist:mixture" for root in terms for t in postorder(root)):
        variate = "R"
    return list(names), variate


def _walk(t: Term, inside: frozenset[str], around: dict[str, set[str]]) -> None:
    if t.op == "sym":
        name = str(t.value)
        around[name] = around[name] & inside if name in around else set(inside)
        return
    if t.op in ("sum", "prod"):
        for a in t.args[1:3]:
            _walk(a, inside, around)
        _walk(t.args[3], inside | {str(t.args[0].value)}, around)
        return
    if t.op in FUNCTIONALS:
        _walk_functional(t, inside, around)
        return
    for a in t.args:
        _walk(a, inside | {"samples"} if t.op in (*SAMPLES, "NLL", "Risk") else inside, around)


def _walk_functional(t: Term, inside: frozenset[str], around: dict[str, set[str]]) -> None:
    if t.args[0].op == "dist:empirical":
        inside = inside | {"samples"}
    for a in t.args[:-1] if t.op != "E" else t.args[:1]:
        _walk(a, inside, around)
    if t.op == "E":
        _walk(t.args[2], inside | {str(t.args[1].value)}, around)


# -- premises and conclusion


def _asked(b: _Builder, printer: Printer, ctx: Context, condition: Term) -> Asked:
    names = [str(t.value) for t in postorder(condition) if t.op == "sym" and str(t.value) in b.metas]
    of_expectation = condition.op == "in" and condition.args[0].op == "E"
    if not of_expectation and any(t.op == "sym" and str(t.value) in b.variables for t in postorder(condition)):
        return _of_variable(b, printer, ctx, condition)
    around: dict[str, set[str]] = {}
    _walk(condition, frozenset(), around)
    scopes = [s for n in names for s in b.metas[n].scopes if s not in around.get(n, ())]
    order = tuple(s for s in dict.fromkeys(["point", "samples", *sorted(b.ranges)]) if s in scopes)
    over = next((n for n in names if b.metas[n].is_list and not any(t.op == "seq" for t in postorder(condition))), None)
    inner, text = _elements(ctx) if over else ctx, ""
    for s in order:
        inner, opened = scope(inner, s, b.ranges, printer)
        text += opened
    body = printer.proposition(condition, inner)
    if body == "True":
        return Asked(condition, order, over, body)
    return Asked(condition, order, over, text + (f"lall (fun {over} => {body}) {over}" if over else body))


def _of_variable(b: _Builder, printer: Printer, ctx: Context, condition: Term) -> Asked:
    """A condition on the variable of an expectation: it holds inside."""
    name = next(str(t.value) for t in postorder(condition) if t.op == "sym" and str(t.value) in b.variables)
    mean = next(t for root in b.terms for t in postorder(root) if t.op in FUNCTIONALS)
    if mean.args[0].op == "dist:empirical":
        return Asked(condition, (), None, "True")
    inner = ctx.within_variable(name, NUMBER, "x", "")
    text = printer.proposition(condition, inner)
    body = f"forall x, inside {printer.function('E', mean.args[0], ctx)} x -> {text}"
    return Asked(condition, (), None, "True" if text == "True" else body, variable=(name, mean.args[0]))


def _elements(ctx: Context) -> Context:
    return replace(ctx, symbols={n: v.element if isinstance(v, ListVariable) else v for n, v in ctx.symbols.items()})


def scope(ctx: Context, s: str, ranges: Mapping[str, tuple[Term, Term]], printer: Printer) -> tuple[Context, str]:
    """A context under a scope, and the quantifier that opens it."""
    if s == "point":
        return replace(ctx, point="w"), "forall w, feasible w -> "
    if s == "samples":
        inside, i = ctx.within_sample()
        return inside, f"forall {i}, ({i} < {ctx.count})%nat -> "
    if s not in ranges:
        raise Unsupported("a condition on the variable of an expectation")
    inside, k = ctx.within_index(s)
    low, high = (printer.number(e, ctx, 9) for e in ranges[s])
    return inside, f"forall {k}, between {low} {high} {k} -> "


def _index_ranges(b: _Builder, printer: Printer, ctx: Context) -> list[Asked]:
    """What ``v[k]`` asks for: an index in range, where the dimension is known and no sum binds the index."""
    found: dict[str, Term] = {}
    terms = [t for root in b.terms for t in postorder(root)]
    for t in terms:
        if t.op == "at" and t.args[1].op in ("sym", "bound") and str(t.args[1].value) not in {*b.variables, *b.ranges}:
            size = printer.known_dimension(t.args[0], ctx)
            if size is not None:
                found[f"between 1 {size} {printer.number(t.args[1], ctx, 9)}"] = t
        elif t.op == "eye":
            found[f"in_naturals {printer.number(t.args[0], ctx, 9)}"] = t
        elif (size := _nonempty(b, t, printer, ctx)) is not None:
            found[f"0 <= {size} - 1"] = t
    for t in terms:
        if t.op in ("gt", "log") and t.args[0].op == "add" and t.args[0].args[-1].op == "seq":
            found[f"{next(m.name for m in b.metas.values() if m.is_list)} <> []"] = t
    return [Asked(t, (), None, text, True) for text, t in found.items()]


def _nonempty(b: _Builder, t: Term, printer: Printer, ctx: Context) -> str | None:
    """The size that a term asks to be at least 1, if it does."""
    if t.op in ("softmax", "logsumexp") and t.args[0].op != "vec":
        return printer.known_dimension(t.args[0], ctx)
    if t.op == "E":
        return _open_size(t.args[0], printer, ctx)
    if t.op == "sum" and b.relation == "shows" and any(m.dimension == str(t.args[2].value) for m in b.metas.values()):
        return printer.number(t.args[2], ctx, 9)
    return None


def _open_size(dist: Term, printer: Printer, ctx: Context) -> str | None:
    """The size of a distribution whose parameter does not say that there is a category: that of logits."""
    record = Rulebook.default().distribution_of(dist)
    if record is None or not record.is_discrete or not any(d.op == "power_domain" for d in record.parameters.values()):
        return None
    return printer.known_dimension(dist.args[0], ctx)


def _conclusion(b: _Builder, printer: Printer, ctx: Context) -> str:
    if b.relation == "shows":
        (shown,) = propositions(b.terms[0])
        return printer.proposition(shown, ctx)
    if b.relation != "equal":
        return _relation(b, printer, ctx)
    left, right = b.terms
    if b.is_extended:
        return f"True /\\ {printer.extended(left, ctx, spine=True)} = {printer.extended(right, ctx, spine=True)}"
    defined = definedness((left, right), printer, ctx)
    sort = sort_of(left, ctx.symbols)
    text = f"{printer.any(left, ctx, LOOSE)} = {printer.any(right, ctx, LOOSE)}"
    if sort in (VECTOR, MATRIX):
        at = "k_ j_" if sort == MATRIX else "k_"
        text = f"forall {at}, {printer.any(left, ctx)} {at} = {printer.any(right, ctx)} {at}"
    joined = " /\\ ".join(f"({d})" for d in defined) or "True"
    return f"({joined}) /\\\n  {text}"


def _relation(b: _Builder, printer: Printer, ctx: Context) -> str:
    sides = []
    for t in b.terms:
        side = printer.extended(cost(t), ctx, spine=True)[1:-1] if b.is_extended else printer.number(cost(t), ctx)
        sides.append(f"(fun w => {side})")
    if b.relation == "same-order":
        return f"{'xsame' if b.is_extended else 'same'} feasible {sides[0]} {sides[1]}"
    before, free = b.terms[0], replace(ctx, point=None)
    if before.op == "add":
        scale, offset = "1", printer.number(before.args[1], free, 9)
    else:
        scale, offset = printer.number(before.args[0], free, 9), "0"
    return f"affine feasible {scale} {offset} {sides[0]} {sides[1]}"
