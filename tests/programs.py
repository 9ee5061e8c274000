"""What the tests of generated code share: points at which a derivation has values, programs that run, exact answers."""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from lossproof.derivation import Derivation
from lossproof.interop.balls import evaluate_ball
from lossproof.terms import Term, symbols

Array = NDArray[Any]
Values = dict[str, Any]
SIZE = 3
LARGE = (1e4, 800.0, 50.0)


def needs(module: str) -> None:
    """Skip without an optional library, but never where everything has to be there."""
    if importlib.util.find_spec(module) is None:
        assert os.environ.get("CI") != "true", f"{module} has to be installed"
        pytest.skip(f"pip install 'lossproof[peers]' installs {module}")


def needs_program(name: str, install: str) -> None:
    """Skip without a program, but never where everything has to be there."""
    if shutil.which(name) is None:
        assert os.environ.get("CI") != "true", f"{name} has to be installed"
        pytest.skip(install)


def load(text: str, name: str) -> Any:
    """What a generated module calls by that name."""
    there: dict[str, Any] = {"__name__": "generated"}
    exec(compile(text, "<generated>", "exec"), there)
    return there[name]


def draw(where: Term, rng: np.random.Generator) -> Any:
    """A value of a domain."""
    op = where.op
    if op == "domain":
        return {
            "reals": lambda: rng.normal() * 2, "positive": lambda: np.exp(rng.normal() / 2), "nonnegative": lambda: np.exp(rng.normal() / 2),
            "unit": lambda: rng.uniform(0.05, 0.95), "unit_closed": lambda: rng.uniform(0.05, 0.95),
            "integers": lambda: rng.integers(-3, 6), "naturals": lambda: rng.integers(0, 9),
        }[str(where.value)]()  # fmt: skip
    if op == "set":
        return float(rng.choice([float(a.value) for a in where.args]))  # type: ignore[arg-type]
    if op == "power_domain":
        return np.array([draw(where.args[0], rng) for _ in range(SIZE)])
    if op == "posdef":
        a = rng.normal(size=(SIZE, SIZE))
        return a @ a.T + np.eye(SIZE)
    return {
        "categories": lambda: float(rng.integers(1, SIZE + 1)), "simplex": lambda: rng.dirichlet(np.ones(SIZE)),
        "onehot": lambda: np.eye(SIZE)[rng.integers(SIZE)], "counts": lambda: rng.integers(0, 6, size=SIZE).astype(float),
    }[op]()  # fmt: skip


def sizes(d: Derivation) -> set[str]:
    """The names that are dimensions."""
    return {n for s in d.symbols.values() for n in symbols(s.domain)}


def point(d: Derivation, rng: np.random.Generator, held: Mapping[str, Any]) -> Values:
    """Values of all symbols of one sample, some of them given, at which the hypotheses hold."""
    order = sorted(n for n in d.symbols if n not in sizes(d))
    for _ in range(400):
        values = {n: held[n] if n in held else draw(d.symbols[n].domain, rng) for n in order}
        told = [h for h, _ in d.model.hypotheses if h.op != "eq" and symbols(h) <= values.keys()]
        if all(h.evaluate({n: values[n] for n in symbols(h)}) for h in told):
            return values
    raise AssertionError("no point was found at which the hypotheses hold")


def points(d: Derivation, seed: int, count: int) -> list[Values]:
    """Points that share what does not vary with the sample."""
    rng = np.random.default_rng(seed)
    first = point(d, rng, {})
    held = {n: v for n, v in first.items() if not d.symbols[n].indexed}
    return [first, *[point(d, rng, held) for _ in range(count - 1)]]


def extremes(d: Derivation, seed: int, count: int) -> list[Values]:
    """Points with one argument far out, or near the end of its domain."""
    rng = np.random.default_rng(seed)
    found: list[Values] = []
    base = point(d, rng, {})
    for name, symbol in d.symbols.items():
        if name in sizes(d) or symbol.role == "fixed" or (symbol.role == "data" and symbol.domain.op != "domain"):
            continue
        for size in LARGE:
            for value in _far(symbol.domain, size):
                values = {**base, name: value}
                told = [h for h, _ in d.model.hypotheses if h.op != "eq" and symbols(h) <= values.keys()]
                if all(h.evaluate({n: values[n] for n in symbols(h)}) for h in told):
                    found.append(values)
    step = max(1, len(found) // count)
    return ([*found[::step], *[base] * count])[:count]


def _far(where: Term, size: float) -> list[Any]:
    if where.op == "power_domain":
        signs = [np.array([1.0, -1.0, 0.5]), np.array([-1.0, 0.0, 1.0])]
        return [s * size for s in signs] if str(where.args[0].value) == "reals" else [np.abs(signs[0]) * size]
    if where.op != "domain":
        return []
    return {"reals": [size, -size], "positive": [size, 1 / size], "nonnegative": [size, 1 / size], "unit": [1 - 1 / size, 1 / size],
            "integers": [size], "naturals": [size]}.get(str(where.value), [])  # fmt: skip


def exact(value: Any) -> Any:
    """A float, or an array of them, as rationals."""
    return [exact(v) for v in value] if np.ndim(value) else Fraction(float(value))


def truth(term: Term, values: Mapping[str, Any], precision: int = 192) -> float | None:
    """The true value, rounded; None where it is not known or no double."""
    given = {n: exact(v) for n, v in values.items() if n in symbols(term)}
    given |= {n: SIZE for n in ("K", "D") if n in symbols(term)}
    for digits in (precision, 4096):
        ball = evaluate_ball(term, given, digits)
        if ball is None or isinstance(ball, bool | list):
            continue
        if (ball.is_finite() and ball.rel_accuracy_bits() > 60) or ball.is_exact():
            found = float(ball.mid())
            return found if abs(found) < 1e300 else None
    return None


def slope(term: Term, values: Mapping[str, Any], name: str, place: int | None = None) -> float | None:
    """The true derivative by central differences of exact values: the step is far below a double's last digit."""
    step = Fraction(1, 2**200)
    ends = []
    for sign in (1, -1):
        given = {n: exact(v) for n, v in values.items() if n in symbols(term)} | {n: SIZE for n in ("K", "D") if n in symbols(term)}
        if place is None:
            given[name] += sign * step
        else:
            given[name][place] += sign * step
        ball = evaluate_ball(term, given, 2048)
        if ball is None or not ball.is_finite():
            return None
        ends.append(ball)
    found = float(((ends[0] - ends[1]) / 2 * 2**200).mid())
    return found if abs(found) < 1e300 else None


def stacked(d: Derivation, rows: list[Values]) -> Values:
    """Values by name, with the samples in front where a symbol varies with them or where the rows differ."""
    shared = {n for n in rows[0] if not d.symbols[n].indexed and all(np.array_equal(r[n], rows[0][n]) for r in rows)}
    return {n: rows[0][n] if n in shared else np.array([r[n] for r in rows], dtype=float) for n in rows[0]}
