"""Models of one's own: a density typed as a formula, a term, a SymPy expression or a SymPy random variable."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

from lossproof.domains import POSITIVE, REALS
from lossproof.errors import ImproperError, KindError, UnknownNameError
from lossproof.facts import Algebra, Prover
from lossproof.facts.prover import in_domain
from lossproof.model import Model, finish_model
from lossproof.reading import Reading, check_defined, check_depth
from lossproof.rulebook import Rulebook
from lossproof.syntax import canonical, parse_conditions, parse_expression
from lossproof.syntax.assumption import Assumption, Condition
from lossproof.terms import ZERO, Term, domain, fn, postorder, sym, symbols

if TYPE_CHECKING:
    import sympy

_NATURALS: Final = domain("naturals")


def own_model(
    variable: sympy.Basic | None,
    density: str | Term | sympy.Basic | None,
    data: str | Iterable[str],
    fixed: Iterable[Any],
    where: str,
    *,
    book: Rulebook,
    free: Iterable[str] = (),
    fix: Iterable[str] = (),
) -> Model:
    """The model of a density of one's own, or of a ``sympy.stats`` random variable.

    Raises KindError for something else, UnknownNameError for data that the density does not mention, ImproperError
    for a density whose integral over its data is plainly not one.
    """
    conditions = list(parse_conditions(where)) if where else []
    names = [canonical(data)] if isinstance(data, str) else [canonical(str(n)) for n in data]
    fixed_names = {canonical(str(f)) for f in fixed}
    if variable is not None:
        name, term, more = _from_variable(variable, fixed_names)
        names, conditions = [name], conditions + more
    else:
        term = _density_term(density)
    check_depth(term)
    text = f"density of {', '.join(names)}: {term.ascii()}"
    check_defined(term, text, (0, len(text)))
    present = symbols(term)
    if not names:
        raise KindError("say which names are the data", text=text, span=(0, len(text)), hint='data="y"')
    for name in names:
        if name not in present and variable is None:
            raise UnknownNameError(f"{name} does not occur in the density", text=text, span=(0, len(text)), nearest=sorted(present))
    reading = Reading(book, Assumption(text, (), (), tuple(conditions)))
    reading.data = set(names)
    _read_domains(reading, term)
    roles = dict.fromkeys(names, "data")
    model = finish_model(reading, roles, [], [], set(map(canonical, free)), fixed_names | set(map(canonical, fix)), term)
    model = _with_hypotheses(model, book)
    check_proper(model)
    return model


def _from_variable(variable: sympy.Basic, fixed: set[str]) -> tuple[str, Term, list[Condition]]:
    """The name, density and conditions of a SymPy random variable."""
    from lossproof.interop.sympy import from_sympy_random

    name, term, domains, support = from_sympy_random(variable)
    conditions = [Condition(fn("in", sym(n), _widened(d)), (0, 0)) for n, d in domains.items()]
    conditions += [Condition(c, (0, 0)) for n, d in domains.items() for c in _range(sym(n), d)]
    return name, _on_support(term, support, conditions, {name, *fixed}), conditions


def _read_domains(reading: Reading, term: Term) -> None:
    """What a density says of its symbols: it is positive, and a factorial is of a natural number."""
    for t in postorder(term):
        if t.op == "factorial" and t.args[0].op == "sym":
            reading.domains.meet(str(t.args[0].value), _NATURALS)
    reading.domains.constrain(term, POSITIVE)
    for name in sorted(symbols(term)):
        reading.domains.meet(name, REALS)


def _widened(where: Term) -> Term:
    """The natural numbers for a longer list of them: the ends are conditions of their own."""
    if where.op == "set" and len(where.args) > 2 and all(in_domain(Fraction(str(a.value)), _NATURALS) for a in where.args if a.op == "num"):
        return _NATURALS
    return where


def _range(member: Term, where: Term) -> list[Term]:
    """The least and the greatest of a finite set of numbers, as conditions."""
    if where.op != "set" or len(where.args) < 3 or any(a.op != "num" for a in where.args):
        return []
    numbers = sorted(where.args, key=lambda a: a.value)  # type: ignore[arg-type, return-value]
    return [fn("ge", member, numbers[0]), fn("le", member, numbers[-1])]


def _on_support(density: Term, support: Term | None, conditions: list[Condition], known: set[str]) -> Term:
    """The density, zero off a support that moves with a parameter; a support of known names is a condition on the data."""
    if support is None:
        return density
    moving = []
    for part in support.args if support.op == "and" else (support,):
        if symbols(part) <= known:
            conditions.append(Condition(part, (0, 0)))
        else:
            moving.append(part)
    if not moving:
        return density
    return fn("cases", moving[0] if len(moving) == 1 else fn("and", *moving), density, ZERO)


def _density_term(density: str | Term | sympy.Basic | None) -> Term:
    if isinstance(density, Term):
        return density
    if isinstance(density, str):
        return parse_expression(density)
    if density is None:
        raise KindError("give an assumption, a density or a random variable")
    from lossproof.interop.sympy import from_sympy

    return from_sympy(density)


def _with_hypotheses(model: Model, book: Rulebook) -> Model:
    """Where the density is defined: powers of positive numbers, denominators other than zero, a density that is not negative."""
    assert model.density is not None
    found = list(model.hypotheses)
    prover = Prover(model.symbols, [p for p, _ in found], book.facts, Algebra())
    wanted: dict[Term, None] = {}
    for t in postorder(model.density):
        if (t.op == "pow" and t.args[1].op not in ("num", "neg")) or t.op in ("log", "sqrt"):
            wanted[fn("gt", t.args[0], ZERO)] = None
        elif t.op == "div":
            wanted[fn("ne", t.args[1], ZERO)] = None
    wanted[fn("ge", model.density, ZERO)] = None
    for p in wanted:
        if prover.prove(p) is None:
            found.append((p, "domain"))
            prover.assume(p)
    return replace(model, hypotheses=tuple(found))


# -- is it a density at all?

_TOLERANCE: Final = 0.02
_LARGEST: Final = 300  # distinct subterms of a density that is added up: it is evaluated some hundred times
_VALUES: Final = {"positive": 1.3, "unit": 0.37, "reals": 0.4, "nonnegative": 1.3, "naturals": 5.0, "integers": 3.0, "unit_closed": 0.37}


def check_proper(model: Model) -> None:
    """Raise ImproperError if the density, at one choice of the other symbols, plainly does not add up to one.

    A sum or a trapezium rule over a variable change; where it cannot be evaluated, or is a large formula, nothing is said.
    """
    names = [n for n, s in model.symbols.items() if s.role == "data" and n in symbols(model.density or ZERO)]
    others = {n: s for n, s in model.symbols.items() if n not in names}
    if len(names) != 1 or model.density is None or len(postorder(model.density)) > _LARGEST or any(s.domain.op != "domain" for s in others.values()):
        return
    values: dict[str, Any] = {n: _VALUES.get(str(s.domain.value), 1.0) + 0.1 * i for i, (n, s) in enumerate(others.items()) if s.role != "data"}
    if len(values) != len(others) or any(p.op != "in" and origin == "where" for p, origin in model.hypotheses):
        return
    total = _total(model.density, names[0], model.symbols[names[0]].domain, values)
    if total is None or (abs(total - 1) <= _TOLERANCE):
        return
    size = "does not converge" if not math.isfinite(total) or total > 1e6 else f"is about {total:.3g}, not 1,"
    raise ImproperError(
        f"this is no density of {names[0]}: its total over {model.symbols[names[0]].domain.ascii()} {size}",
        text=model.text, span=(0, len(model.text)),
        hint=f"normalise it, or say where {names[0]} lives: where {names[0]} > 0, where {names[0]} in {{0, 1}}, where {names[0]} in naturals",
    )  # fmt: skip


def _total(density: Term, name: str, where: Term, values: dict[str, Any]) -> float | None:
    def at(y: float) -> float | None:
        try:
            value = float(density.evaluate({**values, name: y}))
        except Exception:  # any function that cannot be evaluated: nothing is said
            return None
        return 0.0 if math.isnan(value) else value

    if where.op == "set":
        points: list[tuple[float, float]] = [(float(a.value), 1.0) for a in where.args if a.op == "num"]  # type: ignore[arg-type]
    elif where is _NATURALS:
        points = [(float(k), 1.0) for k in range(150)]
    else:
        points = _nodes(str(where.value))
    total = 0.0
    for y, weight in points:
        value = at(y)
        if value is None:
            return None
        total += weight * value
    return total


def _nodes(where: str) -> list[tuple[float, float]]:
    """Points and weights of a trapezium rule after y = sinh(t·π/2·...) on the line, exp on the half-line, the logistic on (0, 1)."""
    nodes = []
    step = 0.02
    for i in range(-400, 401):
        t = i * step
        if where in ("positive", "nonnegative"):
            u = math.pi / 2 * math.sinh(t / 2)
            y = math.exp(u)
            weight = y * math.pi / 4 * math.cosh(t / 2)
        elif where in ("unit", "unit_closed"):
            u = math.pi * math.sinh(t / 2)
            y = 1 / (1 + math.exp(-u)) if u > -700 else 0.0
            weight = y * (1 - y) * math.pi / 2 * math.cosh(t / 2)
        else:
            y = math.sinh(t * 1.5)
            weight = 1.5 * math.cosh(t * 1.5)
        if 0 < weight < 1e150:
            nodes.append((y, weight * step))
    return nodes
