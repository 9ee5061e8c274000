"""Terms as Gallina. A number is an ``R``, a vector a function of its index, a condition a ``Prop`` or (in ``cases``) a ``bool``."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from functools import reduce
from typing import Final

from lossproof.facts import propositions
from lossproof.referees.coq.context import (
    DISTRIBUTION,
    EXTENDED,
    FUNCTIONALS,
    KINDS,
    MATRIX,
    NUMBER,
    SAMPLES,
    VECTOR,
    Context,
    ListVariable,
    Unsupported,
    Variable,
    argument,
    sort_of,
)
from lossproof.referees.coq.names import rule_name
from lossproof.terms import Term, fn, postorder

FUNCTIONS: Final = {
    "log": "ln", "exp": "exp", "sqrt": "sqrt", "abs": "Rabs", "cos": "cos", "sin": "sin", "atan": "atan", "cosh": "cosh", "sinh": "sinh",
    "tanh": "tanh", **{n: n for n in (
        "sigmoid", "softplus", "logit", "xlogy", "stop_gradient", "gamma", "lgamma", "factorial", "beta", "lbeta", "binomial", "Phi", "erf",
        "erfc", "digamma", "zeta", "besseli")},
}  # fmt: skip
#: The structures of the prelude that bring special functions.
STRUCTURES: Final = {
    **dict.fromkeys(("gamma", "lgamma", "factorial", "beta", "lbeta", "binomial"), "Gamma"),
    **dict.fromkeys(("Phi", "erf", "erfc"), "NormalDistribution"),
    "digamma": "Digamma", "zeta": "Zeta", "besseli": "Bessel",
}  # fmt: skip
_COMPARISONS: Final = {"lt": "ltb {0} {1}", "le": "leb {0} {1}", "gt": "ltb {1} {0}", "ge": "leb {1} {0}", "eq": "eqb {0} {1}", "ne": "negb (eqb {0} {1})"}
_EXTENDED_COMPARISONS: Final = {"lt": "xltb {0} {1}", "le": "xleb {0} {1}", "gt": "xltb {1} {0}", "ge": "xleb {1} {0}"}
_SPINE: Final = frozenset({"neg", "add", "mul", "cases", "samples_sum", "samples_mean"})
ATOM, APPLIED, POWER, MINUS, TIMES, PLUS, LOOSE = 0, 10, 30, 35, 40, 50, 200


class Printer:
    """Writes terms; remembers which densities, distribution functions and special functions it used."""

    def __init__(self) -> None:
        self.used: dict[tuple[str, str], None] = {}  # (kind, id) of distributions
        self.structures: dict[str, None] = {}

    # -- numbers

    def number(self, term: Term, ctx: Context, level: int = LOOSE) -> str:
        """A term of the sort number, in parentheses if its level is above the one given."""
        text, own = self._number(term, ctx)
        return f"({text})" if own > level else text

    def any(self, term: Term, ctx: Context, level: int = APPLIED - 1) -> str:
        """A term of whatever sort it has, as an argument."""
        sort = sort_of(term, ctx.symbols)
        if sort == VECTOR:
            return self.vector(term, ctx)
        if sort == MATRIX:
            return self.matrix(term, ctx)
        if sort == EXTENDED:
            return self.extended(term, ctx)
        return self.number(term, ctx, level)

    def _number(self, t: Term, ctx: Context) -> tuple[str, int]:
        op, args = t.op, t.args
        if op == "num":
            assert isinstance(t.value, Fraction)
            return _rational(t.value)
        if op == "sym":
            text = self._symbol(t, ctx).write(ctx)
            return text, APPLIED if " " in text else ATOM
        if op == "bound":
            return ctx.indices[str(t.value)], ATOM
        if op == "const":
            return self._constant(t, ctx)
        if op in ("add", "mul"):
            return self._many(t, ctx)
        if op == "neg":
            inner = self.number(args[0], ctx, MINUS)
            return (f"- ({inner})" if inner[0].isdigit() else f"- {inner}"), MINUS
        if op == "div":
            return f"{self.number(args[0], ctx, TIMES)} / {self.number(args[1], ctx, MINUS)}", TIMES
        if op == "pow":
            return self._power(args[0], args[1], ctx)
        if op in FUNCTIONS:
            if op in STRUCTURES:
                self.structures[STRUCTURES[op]] = None
            return " ".join([FUNCTIONS[op], *(self.number(a, ctx, APPLIED - 1) for a in args)]), APPLIED
        return self._other(t, ctx), APPLIED

    def _constant(self, t: Term, ctx: Context) -> tuple[str, int]:
        if t.value == "pi":
            return "PI", ATOM
        if t.value == "n_samples":
            return f"INR {ctx.count}", APPLIED
        raise Unsupported(f"{t.value} as a number")

    def _symbol(self, t: Term, ctx: Context) -> Variable:
        found = ctx.symbols.get(str(t.value))
        if found is None:
            raise Unsupported(f"the symbol {t.value}")
        return found

    def _many(self, t: Term, ctx: Context) -> tuple[str, int]:
        is_sum = t.op == "add"
        if t.args[-1].op == "seq":
            return f"{'lsum' if is_sum else 'lprod'} {self.sequence(t.args[-1], ctx)}", APPLIED
        level = PLUS if is_sum else TIMES
        text = self.number(t.args[0], ctx, level)
        for a in t.args[1:]:
            if is_sum and a.op == "neg":
                inner = self.number(a.args[0], ctx, TIMES)
                text += f" - {inner}"
            else:
                text += (" + " if is_sum else " * ") + self.number(a, ctx, level - 1)
        return text, level

    def _power(self, base: Term, exponent: Term, ctx: Context) -> tuple[str, int]:
        if exponent.op == "num" and isinstance(exponent.value, Fraction) and exponent.value.denominator == 1 and abs(exponent.value) <= 64:
            text = f"{self.number(base, ctx, APPLIED)} ^ {abs(exponent.value)}"
            return (text, POWER) if exponent.value >= 0 else (f"/ {text}", MINUS)
        return f"rpow {self.number(base, ctx, APPLIED - 1)} {self.number(exponent, ctx, APPLIED - 1)}", APPLIED

    def _other(self, t: Term, ctx: Context) -> str:
        op, args = t.op, t.args
        if op in ("max", "min"):
            return _folded("Rmax" if op == "max" else "Rmin", [self.number(a, ctx, APPLIED - 1) for a in args])[1:-1]
        if op in ("sum", "prod"):
            inside, k = ctx.within_index(str(args[0].value))
            ends = f"{self.number(args[1], ctx, APPLIED - 1)} {self.number(args[2], ctx, APPLIED - 1)}"
            return f"{'isum' if op == 'sum' else 'iprod'} {ends} (fun {k} => {self.number(args[3], inside)})"
        if op in SAMPLES:
            inside, i = ctx.within_sample()
            name = {"samples_sum": "nsum", "samples_mean": "nmean", "samples_prod": "nprod"}[op]
            return f"{name} {ctx.count} (fun {i} => {self.number(args[0], inside)})"
        if op == "indicator":
            return f"indicator {self.boolean(args[0], ctx)}"
        if op == "cases":
            branches = " ".join(self.number(x, ctx, APPLIED - 1) for x in args[1:])
            return f"cases {self.boolean(args[0], ctx)} {branches}"
        if op == "at":
            v = self.vector(args[0], ctx)
            return f"{v} {self.number(args[1], ctx, APPLIED - 1)}"
        if op in ("norm", "logsumexp"):
            return f"{op} {self.dimension(args[0], ctx)} {self.vector(args[0], ctx)}"
        if op == "dot":
            return f"dot {self.dimension(t, ctx)} {self.vector(args[0], ctx)} {self.vector(args[1], ctx)}"
        if op in KINDS:
            return self._density(op, args[0], args[1], ctx)
        if op in (*FUNCTIONALS, "NLL", "Risk"):
            return self._functional(t, ctx)
        return self._matrix_number(t, ctx)

    # -- expectations

    def _functional(self, t: Term, ctx: Context) -> str:
        op, args = t.op, t.args
        if op in ("NLL", "Risk"):
            inside, i = ctx.within_sample()
            if op == "Risk":
                return f"nmean {ctx.count} (fun {i} => {self.number(args[0], inside)})"
            return f"neg_log_likelihood {ctx.count} (fun {i} => {self._density('pdf', args[0], args[1], inside)})"
        if args[0].op == "dist:empirical":
            return self._of_data(t, ctx)
        mean = self.function("E", args[0], ctx)
        if op == "E":
            inside, x = self.under(t, ctx)
            return f"mean_of {mean} (fun {x} => {self.number(args[2], inside)})"
        own = self.function("pdf", args[0], ctx)
        if op == "H":
            return f"entropy {mean} {own}"
        other = self.function("pdf", args[1], ctx)
        if op == "CE":
            return f"cross_entropy {mean} {other}"
        if op == "KL":
            return f"divergence {mean} {own} {other}"
        return f"jensen_shannon {mean} {own} {self.function('E', args[1], ctx)} {other}"

    def under(self, t: Term, ctx: Context) -> tuple[Context, str]:
        """The context in the body of an expectation, and the variable's name; for that of the data the name of the sample."""
        if t.args[0].op == "dist:empirical":
            inside, i = ctx.within_sample()
            (y,) = t.args[0].args
            return inside.within_variable(str(t.args[1].value), NUMBER, self.number(y, inside), f"data:{y.value}"), i
        name = str(t.args[1].value)
        text = "x" if not ctx.variables else f"x{len(ctx.variables) + 1}"
        from lossproof.referees.coq.distributions import variate_sort

        return ctx.within_variable(name, variate_sort(t.args[0]), text, f"{t.args[0].op}:H{text}"), text

    def _of_data(self, t: Term, ctx: Context) -> str:
        op, args = t.op, t.args
        inside, i = ctx.within_sample()
        y = self.number(args[0].args[0], inside)
        if op == "E":
            inside, i = self.under(t, ctx)
            return f"nmean {ctx.count} (fun {i} => {self.number(args[2], inside)})"
        values = f"(fun {i} => {y})"
        if op == "H":
            return f"entropy_of_data {ctx.count} {values}"
        density = self._density("pdf", args[1], args[0].args[0], inside)
        if op == "CE":
            return f"nmean {ctx.count} (fun {i} => - ln ({density}))"
        if op == "KL":
            return f"divergence_of_data {ctx.count} {values} (fun {i} => {density})"
        raise Unsupported(f"{op} of the data's distribution")

    def _matrix_number(self, t: Term, ctx: Context) -> str:
        op, args = t.op, t.args
        if op in ("det", "logdet", "trace"):
            self.structures["Determinant"] = None
            return f"{op} {self.dimension(args[0], ctx)} {self.matrix(args[0], ctx)}"
        if op == "quad":
            return f"quad {self.dimension(t, ctx)} {self.matrix(args[0], ctx)} {self.vector(args[1], ctx)}"
        raise Unsupported(f"{op}, which the generated file has no definition for")

    def sequence(self, seq: Term, ctx: Context, *, spine: bool = False) -> str:
        """A sequence of a rule as a list: ``map`` of what is said of each over the lists that its metavariables stand for."""
        (inner,) = seq.args
        lists = {n: v for n in _metavariables(inner) if isinstance(v := ctx.symbols.get(n), ListVariable)}
        if inner.op == "sym" and not lists:
            raise Unsupported("a sequence of what is no list")
        element = replace(ctx, symbols={**ctx.symbols, **{n: v.element for n, v in lists.items()}})
        body = self.extended(inner, element, spine=True) if spine else self.any(inner, element, LOOSE)
        variables = [v.name for v in lists.values()]
        if len(variables) == 1:
            return variables[0] if body == variables[0] else f"(map (fun {variables[0]} => {body}) {variables[0]})"
        if len(variables) == 2:
            return f"(map2 (fun {' '.join(variables)} => {body}) {' '.join(variables)})"
        raise Unsupported("a sequence over three lists")

    # -- densities

    def _density(self, kind: str, dist: Term, y: Term, ctx: Context) -> str:
        sort = sort_of(y, ctx.symbols)
        if sort == EXTENDED:
            return f"{kind}_ext {self.function(kind, dist, ctx)} {self.extended(y, ctx)}"
        return f"{self.function(kind, dist, ctx, LOOSE)} {self.any(y, ctx)}"

    def function(self, kind: str, dist: Term, ctx: Context, level: int = ATOM) -> str:
        """A density, mass or distribution function, as a function of the variate."""
        if dist.op == "sym":
            return self._of_variable(kind, dist, ctx)
        id = dist.op.removeprefix("dist:")
        if id == "empirical":
            raise Unsupported(f"the {kind} of the data's distribution")
        self.used[kind, id] = None
        from lossproof.referees.coq.distributions import arguments, structures_of

        self.structures.update(dict.fromkeys(structures_of(kind, id)))
        text = " ".join([f"{kind}_{rule_name(id)}", *arguments(self, kind, id, dist, ctx)])
        return f"({text})" if level == ATOM and " " in text else text

    def _of_variable(self, kind: str, dist: Term, ctx: Context) -> str:
        variable = self._symbol(dist, ctx)
        if variable.sort != DISTRIBUTION:
            raise Unsupported("a distribution that is none")
        return f"{kind}_{variable.write(ctx)}"

    # -- vectors, matrices, extended numbers

    def vector(self, t: Term, ctx: Context) -> str:
        """A term of the sort vector, as an argument or head."""
        return argument(self._vector(t, ctx))

    def _vector(self, t: Term, ctx: Context) -> str:
        op, args = t.op, t.args
        if op == "sym":
            return self._symbol(t, ctx).write(ctx)
        if op == "num" and t.value == 0:
            return "vzero"
        if op == "vec":
            if args[-1].op == "seq":
                return f"vec {self.sequence(args[-1], ctx)}"
            return f"vec [{'; '.join(self.number(a, ctx) for a in args)}]"
        if op == "softmax":
            return f"softmax {self.dimension(args[0], ctx)} {self.vector(args[0], ctx)}"
        if op == "neg":
            return f"vneg {self.vector(args[0], ctx)}"
        if op == "add" and args[-1].op != "seq":
            return _folded("vadd", [self.vector(a, ctx) for a in args])[1:-1]
        if op == "add":
            return f"vsum {self.sequence(args[-1], ctx)}"
        if op == "mul":
            vectors = [a for a in args if sort_of(a, ctx.symbols) == VECTOR]
            others = [a for a in args if a is not vectors[0]]
            if len(vectors) == 1:
                factor = others[0] if len(others) == 1 else fn("mul", *others)
                return f"vscale {self.number(factor, ctx, APPLIED - 1)} {self.vector(vectors[0], ctx)}"
        if op == "div":
            return f"vdiv {self.vector(args[0], ctx)} {self.number(args[1], ctx, APPLIED - 1)}"
        raise Unsupported(f"{op} of vectors")

    def matrix(self, t: Term, ctx: Context) -> str:
        """A term of the sort matrix."""
        op, args = t.op, t.args
        if op == "sym":
            return argument(self._symbol(t, ctx).write(ctx))
        if op == "eye":
            return "meye"
        if op == "diag":
            return f"(mdiag {self.vector(args[0], ctx)})"
        if op == "inv":
            self.structures["Determinant"] = None
            return f"(inv {self.dimension(args[0], ctx)} {self.matrix(args[0], ctx)})"
        if op == "mul" and len(args) == 2:
            return f"(mscale {self.number(args[0], ctx, APPLIED - 1)} {self.matrix(args[1], ctx)})"
        if op == "div":
            return f"(mdiv {self.matrix(args[0], ctx)} {self.number(args[1], ctx, APPLIED - 1)})"
        raise Unsupported(f"{op} of matrices")

    def extended(self, t: Term, ctx: Context, *, spine: bool = False) -> str:
        """A term that may be infinite, as an argument. On the ``spine`` of an objective a logarithm may be that of 0."""
        op, args = t.op, t.args
        if spine and op == "log":
            return f"(xln {self.number(args[0], ctx, APPLIED - 1)})"
        if spine and op in ("add", "mul") and args[-1].op == "seq":
            lists = self.sequence(args[-1], ctx, spine=op == "add")
            return f"(xlsum {lists})" if op == "add" else f"(Fin (lprod {lists}))"
        if sort_of(t, ctx.symbols) != EXTENDED and not (spine and op in _SPINE and any(x.op == "log" for x in postorder(t))):
            return f"(Fin {self.number(t, ctx, APPLIED - 1)})"
        if op == "sym":
            return argument(self._symbol(t, ctx).write(ctx))
        if op == "const":
            return "PInf"
        if op == "neg":
            return "MInf" if args[0].op == "const" else f"(xneg {self.extended(args[0], ctx, spine=spine)})"
        if op == "add" and args[-1].op != "seq":
            return _folded("xadd", [self.extended(a, ctx, spine=spine) for a in args])
        if op == "cases":
            return f"(cases {self.boolean(args[0], ctx)} {self.extended(args[1], ctx, spine=spine)} {self.extended(args[2], ctx, spine=spine)})"
        if op == "mul" and len(args) == 2 and sort_of(args[0], ctx.symbols) != EXTENDED:
            return f"(xscale {self.number(args[0], ctx, APPLIED - 1)} {self.extended(args[1], ctx, spine=spine)})"
        if op == "div":
            return f"(xscale (/ {self.number(args[1], ctx, APPLIED - 1)}) {self.extended(args[0], ctx, spine=spine)})"
        if op in ("samples_sum", "samples_mean"):
            inside, i = ctx.within_sample()
            return f"({'xsum' if op == 'samples_sum' else 'xmean'} {ctx.count} (fun {i} => {self.extended(args[0], inside, spine=spine)}))"
        raise Unsupported(f"{op} of what may be infinite")

    def dimension(self, t: Term, ctx: Context) -> str:
        """The dimension of a vector or matrix: that of a symbol in it, as an argument."""
        found = self.known_dimension(t, ctx)
        if found is None:
            raise Unsupported("a vector whose dimension is not known")
        return found

    def known_dimension(self, t: Term, ctx: Context) -> str | None:
        """The dimension, or None where nothing in the term says it."""
        text = self._dimension(t, ctx)
        return f"({text})" if text is not None and " " in text and not text.startswith("(") else text

    def _dimension(self, t: Term, ctx: Context) -> str | None:
        if t.op == "vec" and t.args[-1].op != "seq":
            return str(len(t.args))
        if t.op == "vec":
            names = [ctx.symbols[n] for n in _metavariables(t)]
            return f"(INR (length {names[0].name}))" if isinstance(names[0], ListVariable) else None
        if t.op == "eye":
            return self.number(t.args[0], ctx, APPLIED - 1)
        if t.op == "sym":
            variable = ctx.symbols.get(str(t.value))
            return variable.dimension(ctx) if variable is not None and variable.dimension is not None else None
        if t.op == "at":
            return None
        for a in t.args:
            found = self._dimension(a, ctx)
            if found is not None:
                return found
        return None

    # -- conditions

    def boolean(self, t: Term, ctx: Context) -> str:
        """A condition as a bool, as an argument."""
        op, args = t.op, t.args
        if op == "sym":
            return argument(self._symbol(t, ctx).write(ctx))
        if op in _COMPARISONS and any(sort_of(a, ctx.symbols) == EXTENDED for a in args):
            if op not in _EXTENDED_COMPARISONS:
                raise Unsupported("an equation of what may be infinite as a condition")
            return f"({_EXTENDED_COMPARISONS[op].format(*(self.extended(a, ctx) for a in args))})"
        if op in _COMPARISONS:
            return f"({_COMPARISONS[op].format(*(self.number(a, ctx, APPLIED - 1) for a in args))})"
        if op in ("and", "or"):
            return _folded(f"{op}b", [self.boolean(a, ctx) for a in args])
        if op == "not":
            return f"(negb {self.boolean(args[0], ctx)})"
        raise Unsupported(f"{op} as a condition")

    def proposition(self, t: Term, ctx: Context) -> str:
        """A condition as a Prop, without parentheses around it; ``True`` for what types or scopes say."""
        found = [p for part in propositions(t) for p in [self._proposition(part, ctx)] if p != "True"]
        return " /\\ ".join(found) if found else "True"

    def _proposition(self, t: Term, ctx: Context) -> str:
        op, args = t.op, t.args
        if op in ("free", "shared", "without", "ranges"):
            return "True"
        if op == "in" and args[0].op == "E" and args[0].args[0].op != "dist:empirical":
            inside, x = self.under(args[0], ctx)
            return f"finite {self.function('E', args[0].args[0], ctx)} (fun {x} => {self.number(args[0].args[2], inside)})"
        if op == "in":
            return self.membership(args[0], args[1], ctx)
        if op in ("gt", "ge", "ne", "eq"):
            sort = sort_of(args[0], ctx.symbols)
            if sort == EXTENDED:
                if op not in ("gt", "ge"):
                    raise Unsupported(f"{op} of what may be infinite")
                return f"{'xlt' if op == 'gt' else 'xle'} (Fin 0) {self.extended(args[0], ctx)}"
            if sort == VECTOR and op in ("eq", "ne"):
                index, component = f"between 1 {self.dimension(args[0], ctx)} k_", f"{self.vector(args[0], ctx)} k_"
                return f"exists k_, {index} /\\ {component} <> 0" if op == "ne" else f"forall k_, {index} -> {component} = 0"
            if sort != NUMBER:
                raise Unsupported("an equation between matrices")
            value = self.number(args[0], ctx, TIMES)
            return {"gt": f"0 < {value}", "ge": f"0 <= {value}", "ne": f"{value} <> 0", "eq": f"{value} = 0"}[op]
        if op in ("or", "not"):
            parts = [f"({self.proposition(a, ctx)})" for a in args]
            return " \\/ ".join(parts) if op == "or" else f"~ {parts[0]}"
        raise Unsupported(f"{op} as a proposition")

    def membership(self, t: Term, domain: Term, ctx: Context) -> str:
        """That a term is in a domain."""
        op = domain.op
        if op == "domain":
            name = str(domain.value)
            return "True" if name == "reals" else f"in_{name} {self.any(t, ctx)}"
        if op == "power_domain":
            base = str(domain.args[0].value)
            if base == "reals":
                return "True"
            return f"in_power in_{base} {self.number(domain.args[1], ctx, APPLIED - 1)} {self.vector(t, ctx)}"
        if op in ("simplex", "onehot", "counts"):
            return f"in_{op} {self.number(domain.args[0], ctx, APPLIED - 1)} {self.vector(t, ctx)}"
        if op == "categories":
            return f"in_categories {self.number(domain.args[0], ctx, APPLIED - 1)} {self.number(t, ctx, APPLIED - 1)}"
        if op == "posdef":
            self.structures["Determinant"] = None
            return f"in_posdef {self.number(domain.args[0], ctx, APPLIED - 1)} {self.matrix(t, ctx)}"
        if op == "set":
            return f"in_set [{'; '.join(self.number(a, ctx) for a in domain.args)}] {self.number(t, ctx, APPLIED - 1)}"
        raise Unsupported(f"the domain {op}")


def _metavariables(t: Term) -> list[str]:
    return list(dict.fromkeys(str(x.value) for x in postorder(t) if x.op == "sym"))


def _folded(function: str, parts: list[str]) -> str:
    """A function of two arguments over two or more, from the left, in parentheses."""
    return reduce(lambda text, part: f"({function} {text} {part})", parts)


def _rational(value: Fraction) -> tuple[str, int]:
    text = str(abs(value.numerator))
    if value < 0:
        text = f"(- ({text}))" if value.denominator == 1 else f"- ({text})"
    if value.denominator == 1:
        return text, ATOM
    return f"{text} / {value.denominator}", TIMES
