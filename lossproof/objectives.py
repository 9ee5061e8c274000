"""Reading a comparison: two objectives, who is learned, and where every symbol lives."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from lossproof.domains import REALS, doubtful_shift, is_vector, read_off, with_dimension
from lossproof.errors import (
    CycleError,
    DomainError,
    DuplicateError,
    KindError,
    NothingToLearnError,
    UnknownFunctionError,
    UnknownNameError,
)
from lossproof.facts import Symbol
from lossproof.model import NATURALS, conditions_of, define, hypotheses_of, is_covariate, shape_of
from lossproof.reading import (
    Reading,
    base_name,
    check_definition,
    check_depth,
    inside_samples,
    is_over_samples,
    read_distribution,
    read_expression,
    with_plain_indices,
)
from lossproof.rulebook import Loss, Rulebook
from lossproof.rulebook.naming import objective_named
from lossproof.search.dataset import COUNT
from lossproof.syntax import (
    canonical,
    parse_assumption,
    parse_conditions,
    parse_domain,
    parse_expression,
    split_subscript,
)
from lossproof.syntax.assumption import Argument, Assumption, Call, Tilde
from lossproof.syntax.functions import FUNCTIONS
from lossproof.syntax.objective import OBJECTIVE_FUNCTIONS, Let, parse_let, parse_objective
from lossproof.terms import INFINITY, ONE, ZERO, Term, fn, make, mul, neg, postorder, rebuild, substitute, sym, symbols

_OF_TWO: Final = frozenset({"CE", "KL", "JS"})
_VARIABLES: Final = ("x", "t", "u", "v", "a", "b")
_DOTTED: Final = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)+(\(.*\))?\Z")  # a library's name
_FINITE: Final = frozenset({"add", "mul", "div", "neg", "pow", "log", "exp", "sqrt", "abs"})
_DUMMY: Final = "·variate"


@dataclass(frozen=True, slots=True)
class Side:
    """One objective, to be minimised: its text, its term, and how it was read if that is not plain."""

    text: str
    term: Term
    note: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """Two objectives over one table of symbols.

    ``hypotheses`` are propositions with their origin; ``declared`` are the domains that distributions and conditions give, where a symbol's may have been
    read off the formulas; ``conditioned`` are names of which the conditions speak; ``frozen`` maps the symbols made by stop_gradient to what they stand for; ``either`` are learned names that may vary with the sample or not.
    """

    a: Side
    b: Side
    symbols: dict[str, Symbol]
    hypotheses: tuple[tuple[Term, str], ...]
    learn: tuple[str, ...]
    declared: dict[str, Term]
    conditioned: frozenset[str]
    either: frozenset[str]
    frozen: dict[str, Term]
    notes: tuple[str, ...]
    where: str = ""
    let: tuple[str, ...] = ()


def _is_listed_onehot(t: Term) -> bool:
    """Whether a vector that is written out is a 1 and zeros."""
    return [a for a in t.args if a is not ZERO] == [ONE]


def read_question(
    a: str,
    b: str,
    *,
    learn: Iterable[str],
    data: Iterable[str] = (),
    fixed: Iterable[str] = (),
    let: Iterable[str] = (),
    where: str = "",
    book: Rulebook,
) -> Question:
    """Read a comparison. Raises a LossproofError that says what cannot be used and where."""
    return _Reader(book, a, b, list(map(canonical, learn)), list(map(canonical, data)), list(map(canonical, fixed)), list(let), where).question()


class _Reader:
    def __init__(
        self, book: Rulebook, a: str, b: str, learn: list[str], data: list[str], fixed: list[str], let: list[str], where: str
    ) -> None:
        self.book = book
        self.learn, self.fixed, self.let, self.where = learn, fixed, let, where
        self.data = {"y", *data} - set(learn) - set(fixed)
        self.declared_data = set(data)
        self.texts = (a, b)
        self.notes: list[str] = []
        self.frozen: dict[str, Term] = {}
        self.variables: dict[str, Term] = {}  # the variables of expectations, with the domains of the variates that they stand for
        conditions = parse_conditions(where) if where else ()
        self.reading = Reading(book, Assumption(where, (), (), conditions))
        self.reading.data = self.data
        for c in conditions:
            if c.term.op == "in" and c.term.args[0].op == "sym" and (is_vector(c.term.args[1]) or c.term.args[1].op == "posdef"):
                self.reading.domains.meet(str(c.term.args[0].value), c.term.args[1])
        self.onehot = {str(p.term.args[0].value) for p in conditions if p.term.op == "in" and p.term.args[1].op == "onehot"}
        self.calls: dict[str, Call] = {}
        self.lets: dict[str, Term] = {}

    def question(self) -> Question:
        self._define()
        a, b = (self._side(text, i) for i, text in enumerate(self.texts))
        a, b = self._over_samples(a, b)
        self._check_names(a, b)
        return self._finished(a, b)

    # -- definitions

    def _define(self) -> None:
        raw: dict[str, Let] = {}
        for i, text in enumerate(self.let):
            found = parse_let(text, f"let{i}.")
            if found.name in raw:
                raise DuplicateError(f"{found.name} is defined twice", text=text, span=found.span)
            if found.name in self.learn or found.name in self.fixed or found.name in self.declared_data:
                raise DuplicateError(f"{found.name} is defined by an equation: it has no role of its own", text=text, span=found.span)
            raw[found.name] = found
            self.calls.update(found.value.calls)
            self.data.discard(found.name)
        waiting = {n: (symbols(d.value.term) | self._in_calls(d.value.calls)) & raw.keys() for n, d in raw.items()}
        while waiting:
            ready = [n for n, needs in waiting.items() if needs <= self.lets.keys()]
            if not ready:
                name = next(iter(waiting))
                raise CycleError(f"{name} is defined by itself", text=raw[name].value.text, span=raw[name].span)
            for name in ready:
                del waiting[name]
                self.lets[name] = substitute(raw[name].value.term, {sym(n): t for n, t in self.lets.items()})
                check_definition(self.lets[name])
        self.reading.definitions = {n: t for n, t in self.lets.items() if str(t.value) not in self.calls}

    def _in_calls(self, calls: Mapping[str, Call]) -> set[str]:
        found: set[str] = set()
        stack = list(calls.values())
        while stack:
            for argument in stack.pop().args:
                if isinstance(argument.value, Call):
                    stack.append(argument.value)
                else:
                    found |= symbols(argument.value)
        return found

    # -- one side

    def _side(self, text: str, number: int) -> Side:
        if not text.strip():
            raise KindError("an objective is empty", hint='lossproof compare "mean((y - w*x)^2)" "sum((y - w*x)^2)" --learn w')
        if "~" in text:
            return self._assumption(text)
        plain = canonical(text.strip()) if text.strip().isidentifier() else ""
        named = objective_named(text.strip(), self.book) if len(text) < 200 and plain not in {*self.learn, *self.lets, *self.data} else None
        if named is not None:
            return self._named(text, *named)
        if _DOTTED.match(text.strip()):
            raise self._no_objective(text, text.strip())
        family = self.book.find_distribution(text.strip()) if text.strip().replace("-", "").isalnum() else None
        if family is not None and family.default is not None and plain not in self.learn:
            return replace(self._assumption(family.default), text=text)
        written = parse_objective(text, f"side{number}.")
        if written.term.op == "sym" and str(written.term.value) not in {*self.learn, *self.lets, *written.calls}:
            raise self._no_objective(text, str(written.term.value))
        self.calls.update(written.calls)
        return Side(text, self._resolved(written.term, text))

    def _no_objective(self, text: str, name: str) -> UnknownNameError:
        shorts = [v for s in self.book.losses.values() for v in (s.name, *s.record.get("short", {}).values(), *[c.partition("(")[0] for c in s.code.values()])]
        lowered = {str(v).lower(): str(v) for v in shorts}
        close = difflib.get_close_matches(name.lower(), lowered, n=3, cutoff=0.5)
        return UnknownNameError(f"{name[:60]} is neither learned nor the name of a loss", text=text, span=(0, len(text)), nearest=[lowered[c] for c in close],
                                hint='a formula such as "mean((y - w*x)^2)", a loss such as MSE, or an assumption')  # fmt: skip

    def _named(self, text: str, loss: Loss, reduction: str, factor: str | None, arguments: dict[str, str], unread: str) -> Side:
        if unread:
            place = text.find(unread)
            raise KindError(f"what the argument {unread} does is not known here", text=text, span=(place, place + len(unread)) if place >= 0 else (0, len(text)),
                            hint="write the loss as a formula, or leave the argument out")  # fmt: skip
        values = {sym(canonical(n)): parse_expression(v) for n, v in arguments.items()}
        formula = substitute(loss.formula or parse_expression("0"), values)
        for name, where in loss.record.get("domains", {}).items():
            if name not in self.lets and name not in arguments:
                self.reading.domains.meet(name, parse_domain(str(where)))
        assert formula is not None
        term = fn("samples_sum" if reduction == "sum" else "samples_mean", self._resolved(formula, text))
        if reduction == "root":
            term = fn("sqrt", term)
        if factor is not None:
            term = mul(substitute(parse_expression(factor), values), term)
        return Side(text, term, f"{text} is {term.ascii()}")

    def _assumption(self, text: str) -> Side:
        source = parse_assumption(text)
        side = replace(self.reading, source=source)
        side.data = self.data
        tildes = [s for s in source.statements if isinstance(s, Tilde)]
        first = base_name(tildes[0].name)
        if first not in self.learn:
            self.data.add(first)
        for role in source.roles:
            if role.role == "data" and role.name not in self.learn:
                self.data.add(role.name)
        define(side)
        side.definitions = {**self.reading.definitions, **side.definitions}
        joint: list[Term] = []
        priors: list[Term] = []
        for tilde in tildes:
            is_data = base_name(tilde.name) in self.data
            variate = sym(base_name(tilde.name) if is_data else tilde.name)
            density = fn("pdf", read_distribution(side, tilde.distribution, variate), variate)
            (joint if is_data else priors).append(density)
        factors = [fn("samples_prod", mul(*joint)), *[fn("samples_prod", p) if split_subscript(str(p.args[1].value))[1] == "i" else p for p in priors]]
        more = [c for c in source.conditions if c not in self.reading.source.conditions]
        self.reading.source = replace(self.reading.source, conditions=(*self.reading.source.conditions, *more))
        term = neg(fn("log", mul(*factors)))
        return Side(text, term, "the negative log-likelihood of the samples" + (" and the priors" if priors else ""))

    # -- distributions in formulas

    def _resolved(self, term: Term, text: str) -> Term:
        """A formula with definitions put in and distributions looked up."""
        check_depth(term)
        mapping = {sym(n): t for n, t in self.lets.items()}
        for name in symbols(term):
            if sym(name) not in mapping and base_name(name) in self.data:
                mapping[sym(name)] = sym(base_name(name))
        term = substitute(term, mapping)
        check_depth(term)
        term = with_plain_indices(term)
        source, self.reading.source = self.reading.source, replace(self.reading.source, text=text)
        try:
            found = rebuild(term, self._visit)
        finally:
            self.reading.source = source
        loose = sorted(n for n in symbols(found) if n in self.calls)
        if loose and self.book.find_distribution(self.calls[loose[0]].name) is None:
            name = self.calls[loose[0]].name
            raise UnknownFunctionError(f"there is no function {name[:60]}", text=text, span=self.calls[loose[0]].span,
                                       nearest=difflib.get_close_matches(name, [*FUNCTIONS, *OBJECTIVE_FUNCTIONS], n=3, cutoff=0.5))  # fmt: skip
        if any(t.op in _FINITE and any(a is INFINITY for a in t.args) for t in postorder(found)):
            raise DomainError("infinity stands in a formula", text=text, span=(0, len(text)), hint="cases(condition, a, oo) may be infinite")
        if loose:
            raise KindError(f"{self.calls[loose[0]].name} is a distribution where an expression is needed", text=text, span=(0, len(text)),
                            hint="distributions stand in E, H, CE, KL, JS and NLL")  # fmt: skip
        return found

    def _visit(self, t: Term) -> Term:
        if t.op == "stop_gradient" and not self._is_call(t.args[0]):
            return self._stopped(t.args[0])
        if t.op == "E":
            p = self._distribution(t.args[0])
            variable = self._variable(p, t.args[-1])
            name = t.args[1] if len(t.args) == 3 else sym("x")
            return make("E", (p, variable, substitute(t.args[-1], {name: variable})))
        if t.op in _OF_TWO:
            empirical = any(self._is_empirical(a) for a in t.args)
            pair = [self._distribution(a) for a in (reversed(t.args) if empirical else t.args)]
            p, q = reversed(pair) if empirical else pair
            if p.op == "dist:empirical" and p.args[0].op == "sym":
                self._observed(str(p.args[0].value), q)
            return make(t.op, (p, q, self._variable(q if empirical else p, p, q)))
        if t.op == "H":
            p = self._distribution(t.args[0])
            return make("H", (p, self._variable(p)))
        if t.op == "NLL":
            return make("NLL", (self._distribution(t.args[0], t.args[1]), t.args[1]))
        if t.op == "pdf":
            return make("pdf", (self._distribution(t.args[0]), t.args[1]))
        if t.op == "Risk":
            return make("Risk", (self._loss(t.args[0]), t.args[1]))
        return t

    def _observed(self, name: str, distribution: Term) -> None:
        """Data that are compared with a distribution lie where its values do."""
        if not distribution.op.startswith("dist:") or distribution.op == "dist:empirical":
            return
        where = self.book.distribution(distribution.op[5:]).variate_domain
        if where is not None:
            self.reading.domains.meet(name, with_dimension(where, self.reading.sizes))

    def _loss(self, t: Term) -> Term:
        """A loss that is named in a risk: its formula."""
        named = objective_named(str(t.value), self.book) if t.op == "sym" and t.value not in {*self.learn, *self.data} else None
        return named.loss.formula if named is not None and named.loss.formula is not None else t

    def _is_call(self, t: Term) -> bool:
        return t.op == "sym" and str(t.value) in self.calls

    def _is_empirical(self, t: Term) -> bool:
        return self._is_call(t) and self.calls[str(t.value)].name.lower() == "empirical"

    def _distribution(self, t: Term, variate: Term | None = None) -> Term:
        """The distribution that an argument names; what is no distribution is a vector of probabilities."""
        if t.op.startswith("dist:"):
            return t
        if t.op == "stop_gradient":
            inner = self._distribution(t.args[0])
            return make(inner.op, [self._stopped(a) for a in inner.args])
        if self._is_call(t):
            call = self._with_values(self.calls[str(t.value)])
        elif str(t.value) in self.onehot or (t.op == "sym" and str(t.value) in self.frozen and self._is_onehot(t)):
            self.reading.domains.meet(str(t.value), make("onehot", (sym("K"),)))
            return make("dist:categorical", (t,))
        elif t.op == "vec" and _is_listed_onehot(t):
            return make("dist:categorical", (t,))
        else:
            self._check_bare(t)
            call = Call("Categorical", (Argument(None, t, (0, len(self.reading.source.text))),), (0, len(self.reading.source.text)))
        if call.name.lower() == "empirical":
            (argument,) = [a.value for a in call.args if isinstance(a.value, Term)]
            return make("dist:empirical", (read_expression(self.reading, argument),))
        supports = len(self.reading.support)
        if variate is None or variate.op != "sym":
            found = read_distribution(self.reading, call, sym(_DUMMY))
            self.reading.domains.of.pop(_DUMMY, None)
            del self.reading.support[supports:]
            return found
        return read_distribution(self.reading, call, variate)

    def _check_bare(self, t: Term) -> None:
        """Refuse a distribution's name without arguments where a vector of probabilities would be meant."""
        name = str(t.value)
        if t.op == "sym" and name[0].isupper() and len(name) > 1 and name not in self.learn and self.book.find_distribution(name) is not None:
            text = self.reading.source.text
            raise KindError(f"{name} stands without its arguments", text=text, span=(0, len(text)), hint=f"{name}(...)")

    def _with_values(self, call: Call) -> Call:
        """A call with the functions of objectives in its arguments read."""
        args = tuple(
            replace(a, value=self._with_values(a.value) if isinstance(a.value, Call) else rebuild(self._put_in(a.value), self._visit)) for a in call.args
        )
        return replace(call, args=args)

    def _put_in(self, t: Term) -> Term:
        return substitute(t, {sym(n): value for n, value in self.reading.definitions.items()})

    def _is_onehot(self, t: Term) -> bool:
        return str(self.frozen[str(t.value)].value) in self.onehot

    def _variable(self, distribution: Term, *inner: Term) -> Term:
        """The variable that an expectation over the distribution is taken over: another one than those of expectations inside."""
        avoid = symbols(distribution, *inner) & self.variables.keys()
        where = REALS
        if distribution.op == "dist:empirical":
            name = str(distribution.args[0].value)
            where = self.reading.domains.of.get(name, REALS)
        else:
            record = self.book.distribution(distribution.op[5:])
            if record.variate_domain is not None:
                where = with_dimension(record.variate_domain, self.reading.sizes)
        for name, domain in self.variables.items():
            if domain is where and name not in avoid:
                return sym(name)
        taken = self._names() | self.variables.keys() | avoid
        name = next(n for n in (*_VARIABLES, *[f"t_{i}" for i in range(99)]) if n not in taken)
        self.variables[name] = where
        return sym(name)

    def _names(self) -> set[str]:
        """Every name of the question, but for an x that only expectations speak of."""
        found = {*self.learn, *self.fixed, *self.declared_data, *self.lets, "y"}
        for text in (*self.texts, *self.let, self.where):
            found |= {canonical(w) for w in re.findall(r"[^\W\d]\w*", text)}
        return found

    def _stopped(self, t: Term) -> Term:
        """What stop_gradient makes of a term: what is learned in it stands still."""
        mapping: dict[Term, Term] = {}
        for name in sorted(symbols(t) & set(self.learn)):
            known = next((n for n, value in self.frozen.items() if value is sym(name)), None)
            if known is None:
                taken = self._names() | self.frozen.keys()
                known = next(n for n in (f"{name}_stop", *[f"{name}_stop{i}" for i in range(2, 99)]) if n not in taken)
                self.frozen[known] = sym(name)
            mapping[sym(name)] = sym(known)
        return substitute(t, mapping)

    # -- both sides

    def _over_samples(self, a: Side, b: Side) -> tuple[Side, Side]:
        """Where one objective is over the samples and the other of one sample, the latter is read as its mean."""
        over = [is_over_samples(s.term) for s in (a, b)]
        if over[0] == over[1]:
            return a, b
        varying = [self._varies(s.term) for s in (a, b)]
        if not over[0] and varying[0]:
            a = Side(a.text, fn("samples_mean", a.term), "its mean over the samples")
        if not over[1] and varying[1]:
            b = Side(b.text, fn("samples_mean", b.term), "its mean over the samples")
        return a, b

    def _varies(self, term: Term) -> bool:
        return any(n in self.data or is_covariate(n) or split_subscript(n)[1] == "i" for n in symbols(term) - self.variables.keys())

    def _check_names(self, a: Side, b: Side) -> None:
        present = symbols(a.term, b.term)
        inside = set().union(*[symbols(t) for t in self.frozen.values()]) if self.frozen else set()
        if not self.learn:
            raise NothingToLearnError("say what is learned", hint="--learn " + (sorted(present - self.data)[0] if present - self.data else "w"))
        for side in (a, b):
            if side.note and not symbols(side.term) & {*self.learn, *self.frozen}:
                names = sorted(symbols(side.term) - self.data)
                raise UnknownNameError(f"nothing that is learned occurs in {side.text[:60]}", text=side.text, span=(0, len(side.text)), nearest=names,
                                       hint=f'--let "{names[0]} = {self.learn[0]}", or --learn {names[0]}' if names else "")  # fmt: skip
        for name in (*self.learn, *self.fixed, *sorted(self.declared_data)):
            if name in present or name in inside or base_name(name) in present:
                continue
            if name in self.lets:
                raise DuplicateError(f"{name} is defined by an equation: it has no role of its own", text=name, span=(0, len(name)))
            close = difflib.get_close_matches(name, sorted(present), n=3, cutoff=0.3)
            raise UnknownNameError(f"{name} occurs in neither objective", text=name, span=(0, len(name)), nearest=close or sorted(present)[:6])
        both = [n for n in self.learn if n in self.fixed or n in self.declared_data]
        if both:
            raise DuplicateError(f"{both[0]} is learned and not learned", text=both[0], span=(0, len(both[0])))

    def _finished(self, a: Side, b: Side) -> Question:
        reading = self.reading
        over = is_over_samples(a.term, b.term)
        if not {"n"} & {*self.learn, *self.data, *self.fixed, *self.lets, *self._declared()}:
            a, b = (replace(s, term=substitute(s.term, {sym("n"): COUNT})) for s in (a, b))  # the number of samples
        conditions = conditions_of(reading)
        declared = {n: reading.domains.of.get(n, REALS) for n in self.learn}
        for side in (a, b):
            name = doubtful_shift(reading.domains, side.term, self.learn)
            if name:
                raise KindError(f"{name} may be a number or a vector in a softmax", text=side.text, span=(0, len(side.text)),
                                hint=f"where {name} in reals^K; a number added to a vector is not in the language")  # fmt: skip
            read_off(reading.domains, side.term, self.learn, self._declared())
        for name, t in self.frozen.items():
            reading.domains.of[name] = reading.domains.of.get(str(t.value), REALS)
        reading.domains.of.update(self.variables)
        used = symbols(a.term, b.term)
        dimensions = {n for n, d in reading.domains.of.items() for n in symbols(d)} | {n for slot in reading.slots for n in symbols(slot.domain)}
        bounds = {str(t.args[2].value) for t in postorder(a.term, b.term) if t.op in ("sum", "prod") and t.args[2].op == "sym"}
        dimensions |= bounds - {*self.learn, *self.data, *self._declared()}
        used |= dimensions | {n for p in conditions for n in symbols(p)} | {n for slot in reading.slots for n in symbols(slot.argument)}
        for name in dimensions:
            if reading.domains.of.get(name) is REALS:
                del reading.domains.of[name]
        table = self._table(used, dimensions, inside_samples(a.term, b.term), over)
        hypotheses = hypotheses_of(reading, table, conditions, dimensions - reading.domains.of.keys())
        either = frozenset(n for n, s in table.items() if s.role == "parameter" and s.indexed and split_subscript(n)[1] != "i")
        return Question(a, b, table, tuple(hypotheses), tuple(self.learn), declared, frozenset(self._declared()), either, self.frozen, tuple(self.notes), self.where, tuple(self.let))

    def _declared(self) -> set[str]:
        """The names of which the conditions speak."""
        return {n for c in self.reading.source.conditions for n in symbols(c.term)}

    def _table(self, used: set[str], dimensions: set[str], inside: set[str], over: bool) -> dict[str, Symbol]:
        table: dict[str, Symbol] = {}
        for name in sorted(used):
            where = self.reading.domains.of.get(name, NATURALS if name in dimensions else REALS)
            covariate = is_covariate(name) and name not in self.learn
            if name in self.variables:
                role, varies = "variable", False
            elif name in self.learn:
                role, varies = "parameter", name in inside
            elif name in self.data or (covariate and name not in self.fixed):
                role, varies = "data", True
            else:
                role, varies = "fixed", covariate
            if role == "data" and name not in self.data and over:
                self.notes.append(f"{name} is read as data: it varies with the sample")
            varies = over and (varies or split_subscript(name)[1] == "i") and not (name in dimensions and name not in self.reading.domains.of)
            if name in self.frozen:  # as what it stands for
                varies = over and name in inside and (str(self.frozen[name].value) in inside or split_subscript(str(self.frozen[name].value))[1] == "i")
            table[name] = Symbol(name, role, where, shape_of(where), varies)
        return table
