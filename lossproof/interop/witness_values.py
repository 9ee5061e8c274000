"""Exact values for the symbols of a witness: what lies in a domain, from the simplest on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from random import Random
from typing import Any, Final, TypeAlias

from lossproof.errors import UnsupportedError
from lossproof.terms import Term


@dataclass(frozen=True, slots=True)
class PerSample:
    """The values of a symbol that varies with the sample, one for each."""

    values: tuple[Value, ...]


#: A number, a vector (or, of vectors, a matrix), or one of these for each sample.
Value: TypeAlias = "Fraction | tuple[Value, ...] | PerSample"

#: Domains between whose values there is nothing.
_DISCRETE: Final = frozenset({"integers", "naturals", "set", "categories", "onehot", "counts"})

#: The denominators to which a number is rounded, the simplest first.
DENOMINATORS: Final = (1, 2, 3, 4, 5, 6, 8, 10, 12, 20, 50, 100, 1000, 10**4, 10**6, 10**9)


def _fractions(text: str) -> tuple[Fraction, ...]:
    return tuple(Fraction(word) for word in text.split())


#: The simplest numbers of each named domain; what comes first is tried first.
_SIMPLE: Final[dict[str, tuple[Fraction, ...]]] = {
    "reals": _fractions("0 1 -1 2 -2 1/2 -1/2 3 -3 3/2 -3/2 4 -4 1/4 1/3 -1/3 5 -5 10 -10"),
    "positive": _fractions("1 2 1/2 3 1/3 4 1/4 3/2 2/3 5 1/5 10 1/10 20 1/20"),
    "nonnegative": _fractions("0 1 2 1/2 3 1/3 4 1/4 3/2 2/3 5 1/5 10 1/10 20"),
    "unit": _fractions("1/2 1/3 2/3 1/4 3/4 1/5 4/5 2/5 3/5 1/10 9/10 1/20 19/20 1/100 99/100"),
    "unit_closed": _fractions("1/2 0 1 1/3 2/3 1/4 3/4 1/5 4/5 1/10 9/10 1/100 99/100"),
    "integers": _fractions("0 1 -1 2 -2 3 -3 4 5 -5 7 10 -10"),
    "naturals": _fractions("1 0 2 3 4 5 6 7 10 15"),
}


def cost(value: Value) -> int:
    """How hard a value is to read: about its binary digits, those of denominators twice."""
    if isinstance(value, Fraction):
        return value.numerator.bit_length() + 2 * value.denominator.bit_length() - 2 + (value < 0)
    parts = value.values if isinstance(value, PerSample) else value
    return sum(cost(v) for v in parts)


def is_discrete(domain: Term) -> bool:
    """Whether there is nothing between two neighbouring values."""
    name = str(domain.value) if domain.op == "domain" else domain.op
    if domain.op == "power_domain":
        return is_discrete(domain.args[0])
    return name in _DISCRETE


def floats(value: Value) -> list[float]:
    """The numbers of a value in order."""
    if isinstance(value, Fraction):
        return [float(value)]
    parts = value.values if isinstance(value, PerSample) else value
    return [x for v in parts for x in floats(v)]


def plain(value: Value, varying: Callable[[Sequence[Any]], Any]) -> Any:
    """The value as lists of Fractions, with ``varying`` around what there is for each sample."""
    if isinstance(value, PerSample):
        return varying([plain(v, varying) for v in value.values])
    return [plain(v, varying) for v in value] if isinstance(value, tuple) else value


class Domains:
    """Draws values from domains whose arguments are known numbers.

    ``number`` gives the value of a term, or None; each method raises UnsupportedError for a domain
    that has no values here.
    """

    def __init__(self, number: Callable[[Term], Fraction | None]) -> None:
        self.number = number

    def size(self, term: Term) -> int:
        """A dimension."""
        found = self.number(term)
        if found is None or found.denominator != 1 or not 1 <= found <= 50:
            raise UnsupportedError(f"the size {term.ascii()} has no value that can be tried")
        return int(found)

    def simple(self, domain: Term) -> tuple[Value, ...]:
        """The simplest values of a domain, the simplest first."""
        op = domain.op
        if op == "domain" and domain.value in _SIMPLE:
            return _SIMPLE[str(domain.value)]
        if op == "set":
            found = [self.number(a) for a in domain.args]
            if None in found:
                raise UnsupportedError(f"{domain.ascii()} has no values that can be tried")
            return tuple(x for x in found if x is not None)
        size = self.size(domain.args[-1])
        if op == "categories":
            return tuple(Fraction(k) for k in range(1, size + 1))
        if op == "onehot":
            return tuple(_unit_vector(k, size) for k in range(size))
        if op == "simplex":
            return _simple_simplex(size)
        if op == "posdef":
            return _simple_matrices(size)
        if op == "counts":
            return _simple_vectors(_SIMPLE["naturals"], size)
        if op == "power_domain":
            return _simple_vectors(self.simple(domain.args[0]), size)
        raise UnsupportedError(f"{domain.ascii()} has no values that can be tried")

    def draw(self, domain: Term, level: int, rng: Random) -> Value:
        """A value at random; at level 0 of the simplest few, from level 2 on of several scales."""
        if domain.op == "power_domain":
            return tuple(self.draw(domain.args[0], level, rng) for _ in range(self.size(domain.args[-1])))
        if domain.op == "simplex":
            weights = [Fraction(rng.randint(1, (3, 6, 40)[min(level, 2)])) for _ in range(self.size(domain.args[-1]))]
            return tuple(w / sum(weights) for w in weights)
        if domain.op == "counts":
            return tuple(_SIMPLE["naturals"][rng.randrange(4 + 2 * level)] for _ in range(self.size(domain.args[-1])))
        if domain.op == "posdef":
            return _matrix(self.size(domain.args[-1]), level, rng)
        values = self.simple(domain)
        if level >= 2 and domain.op == "domain" and not is_discrete(domain) and rng.random() < 0.7:
            return _scattered(str(domain.value), rng)
        return values[rng.randrange(min(len(values), 5) if level == 0 else len(values))]

    def fits(self, value: Value, domain: Term) -> bool:
        """Whether a value has the lengths that its domain says."""
        if domain.op in ("domain", "set", "categories"):
            return isinstance(value, Fraction)
        size = self.size(domain.args[-1])
        if not isinstance(value, tuple) or len(value) != size:
            return False
        if domain.op == "posdef":
            return all(isinstance(row, tuple) and len(row) == size and _numbers(row) for row in value)
        if domain.op == "power_domain":
            return all(self.fits(v, domain.args[0]) for v in value)
        return _numbers(value)

    def rounded(self, like: Value, domain: Term, numbers: Iterator[float], denominator: int) -> Value | None:
        """Floats as a value shaped ``like`` another, with denominators up to the given one; None where none fits."""
        if isinstance(like, PerSample):
            parts = [self.rounded(v, domain, numbers, denominator) for v in like.values]
            return None if None in parts else PerSample(tuple(p for p in parts if p is not None))
        if domain.op != "simplex":
            return _rounded(like, numbers, denominator)
        size = len(like) if isinstance(like, tuple) else 1
        shares = [_nearest(next(numbers), denominator) for _ in range(size)]
        shares[-1] = 1 - sum(shares[:-1], Fraction(0))
        return tuple(shares) if all(x > 0 for x in shares) else None


def _numbers(values: Sequence[Value]) -> bool:
    return all(isinstance(v, Fraction) for v in values)


def _nearest(x: float, denominator: int) -> Fraction:
    return Fraction(x).limit_denominator(denominator)


def _rounded(like: Value, numbers: Iterator[float], denominator: int) -> Value:
    if isinstance(like, tuple):
        return tuple(_rounded(v, numbers, denominator) for v in like)
    return _nearest(next(numbers), denominator)


def _unit_vector(k: int, size: int) -> tuple[Value, ...]:
    return tuple(Fraction(int(i == k)) for i in range(size))


def _simple_simplex(size: int) -> tuple[Value, ...]:
    """The even shares, then those where one or two categories weigh more."""
    found: list[Value] = [tuple(Fraction(1, size) for _ in range(size))]
    for weight in (2, 3, 4, 10):
        for k in range(size):
            found.append(tuple(Fraction(weight if i == k else 1, size - 1 + weight) for i in range(size)))
    total = size * (size + 1) // 2
    found.append(tuple(Fraction(i + 1, total) for i in range(size)))
    found.append(tuple(Fraction(size - i, total) for i in range(size)))
    return tuple(found)


def _simple_vectors(parts: Sequence[Value], size: int) -> tuple[Value, ...]:
    """Vectors of one number, and those where one component is another."""
    found: list[Value] = [tuple(p for _ in range(size)) for p in parts[:4]]
    for p in parts[1:6]:
        found += [tuple(p if i == k else parts[0] for i in range(size)) for k in range(size)]
    return tuple(dict.fromkeys(found))


def _simple_matrices(size: int) -> tuple[Value, ...]:
    """Multiples of the identity, diagonal matrices and those with correlations."""
    def made(entry: Callable[[int, int], Fraction | int]) -> Value:
        return tuple(tuple(Fraction(entry(i, j)) for j in range(size)) for i in range(size))

    found = [made(lambda i, j, c=c: c if i == j else 0) for c in _fractions("1 2 1/2 3")]  # type: ignore[misc]
    found.append(made(lambda i, j: i + 1 if i == j else 0))
    found.append(made(lambda i, j: size - i if i == j else 0))
    found.append(made(lambda i, j: 2 if i == j else 1))
    found.append(made(lambda i, j: 2 if i == j else Fraction(-1, size)))
    return tuple(found)


def _matrix(size: int, level: int, rng: Random) -> Value:
    """A Gram matrix of small numbers, and a little of the identity."""
    rows = [[Fraction(rng.randint(-2, 2), 1 if level < 2 else 2) for _ in range(size)] for _ in range(size)]
    ridge = Fraction(1, (1, 2, 10)[min(level, 2)])

    def entry(i: int, j: int) -> Fraction:
        return sum((x * y for x, y in zip(rows[i], rows[j], strict=True)), ridge if i == j else Fraction(0))

    return tuple(tuple(entry(i, j) for j in range(size)) for i in range(size))


def _scattered(name: str, rng: Random) -> Fraction:
    """A short decimal number of a continuous domain."""
    if name in ("unit", "unit_closed"):
        return Fraction(rng.randint(1, 99), 100)
    scale = Fraction(rng.choice(("1/100", "1/10", "1/10", "1", "10")))
    size = scale * rng.randint(1, 30)
    return -size if name == "reals" and rng.random() < 0.5 else size


def value_texts(values: Mapping[str, Value]) -> dict[str, Any]:
    """Values as JSON, by name."""
    return {name: _json(value) for name, value in sorted(values.items())}


def _json(value: Value) -> Any:
    if isinstance(value, PerSample):
        return {"samples": [_json(v) for v in value.values]}
    return [_json(v) for v in value] if isinstance(value, tuple) else str(value)
