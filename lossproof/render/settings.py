"""The values that a picture gives to symbols: the reader's, checked, and sensible ones for the rest.

The rest is found from the domains. What only stretches the picture is 1: a symbol that scales data and prediction, or
that the canonical loss does not contain. A shape is 2 (an exponent 3/2, since 2 would be squared error), a probability
1/4, a number of trials 10, a real number 1; a second of a kind gets the next value. What varies with the sample is 1.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from difflib import get_close_matches
from fractions import Fraction
from itertools import islice, product
from typing import Any, Final

from lossproof.errors import (
    DomainError,
    DuplicateError,
    InputSyntaxError,
    KindError,
    UnknownNameError,
    UnsupportedError,
    UsageError,
)
from lossproof.render.views import View
from lossproof.syntax import canonical, parse_assumption, parse_expression, pretty
from lossproof.syntax.assumption import Define
from lossproof.terms import Term, fn, num, postorder, symbols

Values = dict[str, Term]

_HALF, _QUARTER = num(Fraction(1, 2)), num(Fraction(1, 4))
_SCALE: Final = (num(1),)
_SHAPE: Final = (num(2), num(3), num(4), num(5))
_EXPONENT: Final = (num(Fraction(3, 2)), num(Fraction(5, 2)), num(3))
_BY_DOMAIN: Final[dict[str, tuple[Term, ...]]] = {
    "reals": (num(1), num(-1), num(2), num(-2)),
    "nonnegative": _SCALE,
    "unit": (_QUARTER, _HALF, num(Fraction(3, 4))),
    "unit_closed": (_QUARTER, _HALF, num(Fraction(3, 4))),
    "naturals": (num(10), num(5), num(3)),
    "integers": (num(10), num(-10)),
}
#: What else is tried where conditions tie values together.
_FURTHER: Final = (num(1), num(2), _HALF, num(3), _QUARTER, num(5), num(10), num(0), num(-1))
_TRIES: Final = 3000
_STRETCH: Final = 1.7
_MAX_STRETCHED: Final = 5


class Given:
    """Values as the reader gave them, with the text and the places for errors."""

    def __init__(self, at: str | Mapping[str, object] | None) -> None:
        self.text: str | None = at if isinstance(at, str) else None
        self.values: Values = {}
        self.spans: dict[str, tuple[int, int]] = {}
        if isinstance(at, str):
            self._read(at)
        for name, value in (at or {}).items() if not isinstance(at, str) else ():
            self._add(canonical(name), _number(name, value), (0, 0))

    def _read(self, text: str) -> None:
        if not text.strip():
            return
        source = parse_assumption(text)
        for statement in source.statements:
            if not isinstance(statement, Define):
                raise InputSyntaxError("a value is expected, not a distribution", text=source.text, span=statement.span, hint="sigma = 2, nu = 3")
            self.text = source.text
            self._add(statement.name, statement.expression, statement.span)
        spans = [*[r.span for r in source.roles], *[c.span for c in source.conditions]]
        if spans:
            raise InputSyntaxError("only values stand here", text=source.text, span=spans[0], hint="sigma = 2, nu = 3")

    def _add(self, name: str, value: Term, span: tuple[int, int]) -> None:
        self.spans[name] = span
        if name in self.values:
            raise DuplicateError(f"{pretty(name)} is given twice", **self.place(name))
        if symbols(value):
            raise KindError(f"the value of {pretty(name)} is no number: {value}", **self.place(name))
        self.values[name] = value
        if not math.isfinite(number(value)):
            raise DomainError(f"the value of {pretty(name)} is not finite", **self.place(name))

    def place(self, name: str) -> dict[str, Any]:
        """Where a name stands, as an error wants it."""
        return {} if self.text is None else {"text": self.text, "span": self.spans[name]}

    def check_names(self, views: Sequence[View]) -> None:
        """Raise for a name of no view, and for what a picture over a residual has no value for."""
        known = {n for v in views for n in v.derivation.symbols}
        for name in self.values:
            if name not in known:
                close = get_close_matches(name, sorted(known), n=3) or sorted(known)
                raise UnknownNameError(f"{pretty(name)} does not occur in the assumption", **self.place(name), nearest=map(pretty, close))
            for v in views:
                if v.is_residual and name in v.derivation.symbols and name not in v.others:
                    raise UsageError(f"the picture runs over {v.axis}: it has no value for {pretty(name)}", **self.place(name))


def _number(name: str, value: object) -> Term:
    if isinstance(value, Term):
        return value
    if isinstance(value, str):
        return parse_expression(value)
    if isinstance(value, int | Fraction) and not isinstance(value, bool):
        return num(value)
    try:
        return num(Fraction(str(value))) if isinstance(value, float | Decimal) else num(Fraction(str(float(value))))  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise KindError(f"the value of {pretty(name)} is no number: {value!r:.40}") from None


def number(value: Term) -> float:
    """A closed term in double precision."""
    found = value.evaluate({})
    return float(found)


def settled(view: View, given: Given) -> Values:
    """A value for every symbol of a view, the parameter that it runs over included, and the data's if given.

    Raises DomainError for values that are given outside their domains or against the assumption's conditions.
    """
    names = [*view.others, *(() if view.is_residual else (view.moving,))]
    wanted = {n: v for n, v in given.values.items() if n in names or n == view.variate}
    for name, value in wanted.items():
        where = view.derivation.symbols[name].domain
        if not fn("in", value, where).evaluate({}):
            raise DomainError(f"{pretty(name)} = {value} is not in its domain, {where.ascii()}", **given.place(name))
    free = [n for n in names if n not in wanted]
    choices = _choices(view, free)
    for picked in islice(_combinations(choices, free), _TRIES):
        values = {**wanted, **picked}
        if all(_holds(p, values) for p in _conditions(view, values)):
            return values
    broken = next((p for p in _conditions(view, wanted) if not _holds(p, wanted)), None)
    if broken is not None:
        name = next(n for n in wanted if n in symbols(broken))
        raise DomainError(f"{broken} does not hold for {shown_values(wanted)}", **given.place(name))
    raise UnsupportedError("no values were found at which the conditions of the assumption hold", hint='--at "NAME = VALUE, ..."')


def _conditions(view: View, values: Values) -> list[Term]:
    """The assumption's conditions that speak of these names alone."""
    return [p for p, _ in view.derivation.model.hypotheses if symbols(p) and symbols(p) <= values.keys()]


def _holds(p: Term, values: Values) -> bool:
    return bool(p.evaluate({n: number(v) for n, v in values.items()}))


def _combinations(choices: dict[str, tuple[Term, ...]], names: list[str]) -> Iterator[Values]:
    """The first choice of each; then others, the last names changing first."""
    for picked in product(*[choices[n] for n in names]):
        yield dict(zip(names, picked, strict=True))


def _choices(view: View, names: Iterable[str]) -> dict[str, tuple[Term, ...]]:
    d = view.derivation
    stretched = _stretched(view)
    exponents = {n for t in postorder(view.nll) if t.op == "pow" for n in symbols(t.args[1])}
    used: dict[tuple[Term, ...], int] = {}
    found: dict[str, tuple[Term, ...]] = {}
    for name in names:
        s = d.symbols[name]
        row = _BY_DOMAIN.get(str(s.domain.value)) or (tuple(reversed(s.domain.args)) if s.domain.op == "set" else _SHAPE)
        if str(s.domain.value) == "positive":
            is_scale = name in stretched or (not stretched and name not in symbols(d.loss))
            row = _SCALE if is_scale else _EXPONENT if name in exponents else _SHAPE
        if s.indexed and s.role != "parameter" and s.domain.op == "domain" and row[0] is not _QUARTER:
            row = _SCALE
        k = used[row] = used.get(row, -1) + 1
        first = row[k % len(row)] if len(row) > 1 else row[0]
        inside = [v for v in (*row, *_FURTHER) if fn("in", v, s.domain).evaluate({})]
        found[name] = tuple(dict.fromkeys([first, *inside]))
    return found


def _stretched(view: View) -> frozenset[str]:
    """The fewest symbols that scale with the data: the density of c·y at c·s is that of y at s, divided by c."""
    d = view.derivation
    if view.is_discrete:
        return frozenset()
    axis = [view.moving] if view.is_residual else [view.variate]
    rest = [*view.others, *(() if view.is_residual else (view.moving,))]
    moving = [n for n in rest if str(d.symbols[n].domain.value) in ("positive", "reals", "nonnegative")]
    if len(moving) > _MAX_STRETCHED:
        return frozenset()
    base = {n: _PROBES.get(str(d.symbols[n].domain.value), 1.0) + 0.13 * k for k, n in enumerate(rest)}
    exponents = [(0, 1) if str(d.symbols[n].domain.value) == "reals" else (0, 1, -1) for n in moving]
    for powers in sorted(product(*exponents), key=lambda e: (sum(map(abs, e)), [-p for p in e])):
        if any(powers) and all(_scales(view, axis[0], at, base, dict(zip(moving, powers, strict=True))) for at in (0.37, 0.81)):
            return frozenset(n for n, p in zip(moving, powers, strict=True) if p)
    return frozenset()


_PROBES: Final = {"unit": 0.3, "unit_closed": 0.3, "naturals": 7.0, "integers": 7.0, "positive": 1.2, "reals": 0.21}


def _scales(view: View, axis: str, at: float, base: Mapping[str, float], powers: Mapping[str, int]) -> bool:
    larger = {n: v * _STRETCH ** powers.get(n, 0) for n, v in base.items()}
    before = view.nll.evaluate({**base, axis: at})
    after = view.nll.evaluate({**larger, axis: at * _STRETCH})
    step = float(after) - float(before)
    return abs(step - math.log(_STRETCH)) < 1e-9


def shown_values(values: Values, names: Iterable[str] | None = None) -> str:
    """Values as text: ``ν = 3, σ = 1``."""
    return ", ".join(f"{pretty(n)} = {values[n]}" for n in (values if names is None else names))


def read_range(text: str | Sequence[float] | None) -> tuple[float, float] | None:
    """The two ends of a range: ``"-5, 5"``, or two numbers. Raises UsageError for anything else."""
    if text is None:
        return None
    parts = text.split(",") if isinstance(text, str) else list(text)
    if len(parts) != 2:
        raise UsageError("a range is two numbers", hint='--range "-5, 5"')
    ends = [number(_closed(p)) for p in parts]
    if not (all(map(math.isfinite, ends)) and ends[0] < ends[1]):
        raise UsageError("a range runs from a smaller number to a larger one, both finite", hint='--range "-5, 5"')
    return ends[0], ends[1]


def _closed(part: str | float) -> Term:
    found = _number("the range", part)
    if symbols(found):
        raise UsageError(f"a range is two numbers, and {found} is none", hint='--range "-5, 5"')
    return found
