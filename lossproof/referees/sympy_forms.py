"""The strategy of the referee by SymPy: logarithms split, powers of positive bases as exponentials, then the difference as one fraction."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

import sympy as sp

Expr = Any

_SHIFT: Final = 12


def log(x: Expr) -> Expr:
    """The logarithm of a product of positive factors as a sum."""
    return _log(sp.sympify(x, strict=True))


@lru_cache(maxsize=20_000)
def _log(x: Expr) -> Expr:
    if x.is_zero:
        return -sp.oo
    if x == sp.oo:
        return x
    parts: list[Expr] = []
    for factor in sp.Mul.make_args(factored(x)):
        base, exponent = factor.as_base_exp()
        if isinstance(factor, sp.exp):
            base, exponent = factor, sp.Integer(1)
        if isinstance(base, sp.exp):
            parts.append(exponent * base.args[0])
            continue
        if isinstance(base, sp.gamma):
            parts.append(exponent * sp.loggamma(base.args[0]))
        elif factor.is_Rational:
            parts += [e * sp.log(q) for q, e in sp.factorint(abs(factor.p)).items()] + [-e * sp.log(q) for q, e in sp.factorint(factor.q).items()]
        elif base.is_positive:
            parts.append(exponent * sp.log(base))
        else:
            parts.append(exponent * logabs(-base if base.could_extract_minus_sign() else base))
    return sp.Add(*parts)


class logabs(sp.Function):  # type: ignore[misc]
    """log |x| of what has no sign that SymPy knows: what stands in a logarithm is positive, so those of its factors' sizes add up."""

    nargs = 1
    is_real = True

    def fdiff(self, argindex: int = 1) -> Expr:
        """1/x."""
        return 1 / self.args[0]

    def _eval_evalf(self, prec: int) -> Expr:
        return sp.log(sp.Abs(self.args[0]._evalf(prec)))._evalf(prec)


@lru_cache(maxsize=20_000)
def factored(x: Expr) -> Expr:
    """One fraction, its numerator and denominator as products."""
    if x.is_Atom:
        return x
    opened, back = _opened(x)
    return sp.factor(sp.together(opened)).xreplace(back)


def _opened(x: Expr) -> tuple[Expr, dict[Expr, Expr]]:
    """The expression with free variables for exponentials, exp(a - b) as a quotient of two of them, and what they stand for."""
    terms = {e: [t.as_coeff_Mul() for t in sp.Add.make_args(sp.expand(e.args[0]))] for e in sorted(x.atoms(sp.exp), key=lambda e: e.sort_key())}
    if not terms:
        return x, {}
    below: dict[Expr, int] = {}
    for number, rest in (t for row in terms.values() for t in row):
        below[rest] = int(sp.lcm(below.get(rest, 1), number.q)) if number.is_Rational else below.get(rest, 1)
    bases = {rest: sp.Dummy(f"e_{k}", positive=True) for k, rest in enumerate(below)}
    there = {e: sp.Mul(*[bases[rest] ** (number * below[rest]) for number, rest in row]) for e, row in terms.items()}
    return x.xreplace(there), {v: sp.exp(rest / below[rest]) for rest, v in bases.items()}


def power(base: Expr, exponent: Expr) -> Expr:
    """A power; of a positive base by its logarithm, so that factors come apart."""
    if exponent.is_Integer:
        return base**exponent
    if exponent.is_zero:
        return sp.Integer(1)
    if base.is_positive:
        return exp(exponent * log(base))
    if base.is_zero:
        return base**exponent
    known: list[Expr] = []
    rest: list[Expr] = []
    for f in sp.Mul.make_args(factored(base)):
        if exponent.is_Rational and f.is_Pow and (f.exp * exponent).is_Integer and (f.exp / 2).is_Integer:
            known.append(size(f.base) ** (f.exp * exponent))
        elif f.is_positive:
            known.append(exp(exponent * log(f)))
        else:
            rest.append(f)
    return sp.Mul(*known, sp.Mul(*rest) ** exponent)


def exp(x: Expr) -> Expr:
    """The exponential of a sum as a product."""
    return sp.exp(sp.expand(x))


def gamma(x: Expr) -> Expr:
    """Gamma, its argument moved to a + 1 with a free of whole numbers."""
    moved, factors = _moved(x)
    return sp.Mul(sp.gamma(moved), *factors)


def loggamma(x: Expr) -> Expr:
    """The logarithm of gamma of a positive argument, moved likewise."""
    moved, factors = _moved(x)
    return sp.Add(sp.loggamma(moved), *[log(f) for f in factors])


def _moved(x: Expr) -> tuple[Expr, list[Expr]]:
    x = sp.expand(x)
    if not x.is_polynomial():
        return factored(x), []
    whole, rest = x.as_coeff_Add()
    steps = int(sp.floor(whole)) - 1
    if rest == 0 or not whole.is_Rational or abs(steps) > _SHIFT:
        return x, []
    low = x - steps
    if steps >= 0:
        return low, [low + j for j in range(steps)]
    return low, [1 / (x + j) for j in range(-steps)]


def size(x: Expr) -> Expr:
    """The absolute value, of x and -x alike."""
    parts: list[Expr] = []
    for f in sp.Mul.make_args(factored(x)):
        if f.is_nonnegative:
            parts.append(f)
        elif f.is_nonpositive:
            parts.append(-f)
        elif f.is_Pow and f.exp.is_Integer:
            parts.append(size(f.base) ** f.exp)
        else:
            parts.append(sp.Abs(-f if sp.Add.make_args(f)[0].could_extract_minus_sign() else f))
    return sp.Mul(*parts)


def softplus(x: Expr) -> Expr:
    return log(1 + exp(x))


def sigmoid(x: Expr) -> Expr:
    return 1 / (1 + exp(-x))


def erf(x: Expr) -> Expr:
    x = factored(sp.sympify(x, strict=True))
    return -sp.erf(-x) if sp.Add.make_args(sp.expand(x))[0].could_extract_minus_sign() else sp.erf(x)


def settled(x: Expr) -> Expr:
    """What is infinite for one summand, or one positive factor, is infinite."""
    if not x.has(sp.oo, -sp.oo):
        return x
    args = sp.Add.make_args(x)
    ends = {a for a in map(_end, args) if a is not None}
    return ends.pop() if len(ends) == 1 and not x.has(sp.nan, sp.zoo) else x


def _end(x: Expr) -> Expr | None:
    factors = sp.Mul.make_args(x)
    if not x.has(sp.oo, -sp.oo) or not {sp.oo, -sp.oo} & set(factors):
        return None
    if all(f in (sp.oo, -sp.oo) or f.is_positive or f.is_negative for f in factors):
        return sp.oo if sum(f == -sp.oo or bool(f.is_negative) for f in factors) % 2 == 0 else -sp.oo
    return None


def is_zero(gap: Expr) -> bool:
    """Whether the strategy brings a difference to 0."""
    if gap == 0:
        return True
    gap = sp.expand(gap)
    if gap == 0:
        return True
    return bool(sp.expand(sp.fraction(sp.together(_opened(gap)[0]))[0]) == 0)
