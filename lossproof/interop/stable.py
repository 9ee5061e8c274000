"""Rewrites a term for floating point, so that logarithms neither overflow nor lose digits.

A factor that may leave the range of a double is kept as ``exp(e) * r``, exactly; the logarithm of
that is ``e + log(r)``. The operators that this adds (``log1p``, ``lse``, ...) are evaluated here
alone and are no part of the language.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Final, NamedTuple

from lossproof.terms import ONE, ZERO, Term, add, div, fn, mul, neg, num, power


class Scaled(NamedTuple):
    """``exp(exponent) * rest``."""

    exponent: Term
    rest: Term


HALF: Final = num("1/2")
MINUS_ONE: Final = num(-1)

#: Operators whose value is never negative, or nan.
_NONNEGATIVE: Final = frozenset({"exp", "sqrt", "abs", "sigmoid", "softmax", "softplus", "cosh", "Phi", "erfc", "norm"})


#: Whether a term is known not to be negative.
Sign = Callable[[Term], bool]


def stable(order: Sequence[Term], nonnegative: Sign | None = None) -> Term:
    """A term equal to the last of a post-order, wherever that has a value, but safer in floating point.

    ``nonnegative`` knows signs of terms; without it those are known that the form alone shows. A sum in a
    logarithm whose sign is open is computed with its sign.
    """
    known = nonnegative or _nonnegative
    new: dict[Term, Term] = {}
    scaled: dict[Term, Scaled | None] = {}
    logarithms = any(t.op in ("log", "xlogy") for t in order)
    for t in order:
        args = tuple([new[a] for a in t.args])
        plain = t if args == t.args else fn(t.op, *args)
        if t.op in ("log", "xlogy"):
            plain = _lower(plain, t, scaled)
        elif t.op == "add" and len(args) == 2:
            pair = _pair(t.args, args)
            plain = pair.rest if pair and pair.exponent is ZERO else plain
        elif t.op == "at" and args[0].op == "vec" and len(args) == 2:
            plain = _component(plain)
        elif t.op == "logsumexp" and args[0].op == "vec":
            plain = fn("lse", *[part for a in args[0].args for part in (ONE, a)])
        new[t] = plain
        scaled[t] = _scaled(t, args, scaled, known) if logarithms else None
    return new[order[-1]]


def _component(term: Term) -> Term:
    """A written-out component of a written-out vector."""
    vector, k = term.args
    listed = isinstance(k.value, Fraction) and k.value.denominator == 1 and 1 <= k.value <= len(vector.args)
    return vector.args[int(k.value) - 1] if listed and isinstance(k.value, Fraction) else term


def _lower(plain: Term, term: Term, scaled: dict[Term, Scaled | None]) -> Term:
    """A logarithm, or the xlogy of a factor whose logarithm is better known."""
    found = scaled[term.args[-1]]
    if plain.op == "log":
        return _log_of(found) if found else logarithm(plain.args[0])
    x, y = plain.args
    if found:
        return fn("xtimes", x, _log_of(found))
    log_y = logarithm(y)
    if log_y.op in ("log", "log1p"):
        return fn("xlogy" if log_y.op == "log" else "xlog1py", x, *log_y.args)
    return fn("xtimes", x, log_y)


def _log_of(found: Scaled) -> Term:
    if found.rest is ONE:
        return found.exponent
    rest = logarithm(found.rest)
    return rest if found.exponent is ZERO else add(found.exponent, rest)


def logarithm(term: Term) -> Term:
    """The logarithm of a term that does not leave the range of a double."""
    op = term.op
    if op == "add":
        one = next((i for i in (0, -1) if term.args[i] is ONE), None)
        if one is not None:
            rest = term.args[1:] if one == 0 else term.args[:-1]
            return fn("log1p", add(*rest))
    if op == "phi_diff":
        return fn("log_phi_diff", *term.args)
    if op == "expm1":
        return fn("log_expm1", *term.args)
    if op == "neg" and term.args[0].op == "expm1":
        taken = term.args[0].args[0]
        if taken.op == "neg" and taken.args[0].op == "exp":
            return fn("log_cloglog", *taken.args[0].args)
        return fn("log1mexp", taken)
    if op == "softplus":
        return fn("log_softplus", *term.args)
    return fn("log", term)


def _scaled(term: Term, args: tuple[Term, ...], scaled: dict[Term, Scaled | None], known: Sign) -> Scaled | None:
    """``term`` as ``exp(e) * r`` if that is worth it, from its rewritten arguments."""
    leaf = _special(term.op, args)
    if leaf is not None:
        return Scaled(leaf, ONE)
    op = term.op
    parts = [scaled[a] for a in term.args]
    if op == "add":
        return _sum(term, args, parts, known)
    if op == "pow":
        return _power(args, parts[0])
    if op in ("prod", "samples_prod"):
        return _product(term, args, parts[-1], known)
    if not any(parts):
        return None
    pairs = [p or Scaled(ZERO, a) for p, a in zip(parts, args, strict=True)]
    e, r = [p.exponent for p in pairs], [p.rest for p in pairs]
    match op:
        case "mul":
            return Scaled(_plus(*e), _times(*r))
        case "div":
            return Scaled(_plus(e[0], _minus(e[1])), r[0] if r[1] is ONE else div(r[0], r[1]))
        case "neg":
            return Scaled(e[0], neg(r[0]))
        case "sqrt":
            return Scaled(mul(HALF, e[0]), r[0] if r[0] is ONE else fn("sqrt", r[0]))
        case "abs":
            return Scaled(e[0], r[0] if r[0] is ONE else fn("abs", r[0]))
        case "cases":
            return Scaled(fn("cases", args[0], e[1], e[2]), fn("cases", args[0], r[1], r[2]))
        case "at" if r[0] is ONE:
            return Scaled(fn("at", e[0], *args[1:]), ONE)
        case "sum":
            return _signed("lse_sum", known, *args[:3], r[3], e[3])
        case "samples_sum":
            return _signed("lse_samples", known, r[0], e[0])
        case "samples_mean":
            total = _signed("lse_samples", known, r[0], e[0])
            return Scaled(add(total.exponent, neg(fn("log", fn("samples_sum", ONE)))), total.rest)
    return None


def _special(op: str, args: tuple[Term, ...]) -> Term | None:
    """The logarithm of a function that is positive wherever this is used, else None."""
    match op:
        case "exp":
            return args[0]
        case "gamma":
            return fn("log_gamma", args[0])
        case "factorial":
            return fn("log_gamma", add(args[0], ONE))
        case "beta":
            return fn("lbeta", *args)
        case "binomial":
            return fn("log_binomial", *args)
        case "Phi":
            return fn("log_ndtr", args[0])
        case "erfc":
            return fn("log_erfc", args[0])
        case "cosh":
            return fn("logcosh", args[0])
        case "sigmoid":
            return neg(fn("softplus", neg(args[0])))
        case "softmax":
            return add(args[0], neg(fn("logsumexp", args[0])))
        case "besseli":
            return fn("log_besseli", *args)
        case "det":
            return fn("logdet", args[0])
    return None


def _sum(term: Term, args: tuple[Term, ...], parts: list[Scaled | None], known: Sign) -> Scaled | None:
    if len(term.args) == 2:
        found = _pair(term.args, args)
        if found is not None:
            return found
    if not any(parts):
        return None
    pairs = [p or Scaled(ZERO, a) for p, a in zip(parts, args, strict=True)]
    flat = [t for p in pairs for t in (p.rest, p.exponent)]
    positive = all(known(p.rest) for p in pairs)
    return Scaled(fn("lse", *flat), ONE if positive else fn("lse_sign", *flat))


def _signed(op: str, known: Sign, *args: Term) -> Scaled:
    """A sum of ``r * exp(e)``, the last two arguments: its size's logarithm, and its sign if that is open."""
    return Scaled(fn(op, *args), ONE if known(args[-2]) else fn(f"{op}_sign", *args))


def _pair(old: tuple[Term, ...], args: tuple[Term, ...]) -> Scaled | None:
    """Sums and differences of two whose digits a plain evaluation would lose."""
    a, b = old
    x, y = args
    if b is ONE or a.op == "neg":
        a, b, x, y = b, a, y, x
    if a is ONE and b.op == "exp":
        return Scaled(fn("softplus", y.args[0]), ONE)
    if b is MINUS_ONE or b is neg(ONE):
        return Scaled(ZERO, fn("expm1", x.args[0])) if a.op == "exp" else None
    if b.op != "neg":
        return None
    less, taken = b.args[0], y.args[0]
    if a is ONE:
        match less.op:
            case "exp":
                return Scaled(ZERO, neg(fn("expm1", taken.args[0])))
            case "sigmoid":
                return Scaled(neg(fn("softplus", taken.args[0])), ONE)
            case "Phi":
                return Scaled(fn("log_ndtr", neg(taken.args[0])), ONE)
    if a.op == less.op == "Phi":
        return Scaled(ZERO, fn("phi_diff", x.args[0], taken.args[0]))
    return Scaled(ZERO, fn("expm1", x.args[0])) if a.op == "exp" and less is ONE else None


def _power(args: tuple[Term, ...], base: Scaled | None) -> Scaled | None:
    x, y = args
    if base is None:
        # A low power stays where it is: log(1 + x^2) keeps its digits near 0 only so.
        low = isinstance(y.value, Fraction) and abs(y.value) <= 8
        return None if low else Scaled(fn("log_pow", x, y), ONE)
    exponent = mul(y, base.exponent) if y.op == "num" else fn("xtimes", y, base.exponent)
    return Scaled(exponent, ONE if base.rest is ONE else power(base.rest, y))


def _product(term: Term, args: tuple[Term, ...], body: Scaled | None, known: Sign) -> Scaled:
    """A product over an index or the samples: its logarithm is a sum."""
    over = "sum" if term.op == "prod" else "samples_sum"
    if body is not None and body.rest is ONE:
        return Scaled(fn(over, *args[:-1], body.exponent), ONE)
    rest = args[-1] if body is None else body.rest
    inner = fn("logabs", rest) if body is None else add(body.exponent, fn("logabs", rest))
    sign = ONE if known(rest) else fn(term.op, *args[:-1], fn("sgn", rest))
    return Scaled(fn(over, *args[:-1], inner), sign)


def _nonnegative(term: Term) -> bool:
    """Whether the form alone shows that a term is not negative (nan apart); a shallow look."""
    stack, seen = [term], 0
    while stack:
        t = stack.pop()
        seen += 1
        if seen > 64:
            return False
        if t.op in ("mul", "div", "add"):
            stack.extend(t.args)
        elif t.op == "num":
            if not _at_least_zero(t):
                return False
        elif t.op == "pow":
            if not _even(t.args[1]):
                stack.append(t.args[0])
        elif t.op not in _NONNEGATIVE and t.op != "const":
            return False
    return True


def _at_least_zero(term: Term) -> bool:
    return isinstance(term.value, Fraction) and term.value >= 0


def _even(term: Term) -> bool:
    return isinstance(term.value, Fraction) and term.value % 2 == 0


def _plus(*terms: Term) -> Term:
    kept = [t for t in terms if t is not ZERO]
    return add(*kept)


def _minus(term: Term) -> Term:
    return term if term is ZERO else neg(term)


def _times(*terms: Term) -> Term:
    return mul(*[t for t in terms if t is not ONE])
