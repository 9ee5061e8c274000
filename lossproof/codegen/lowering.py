"""From a proved term to one that arrays can be asked for: stable, without indices, safe under a branch.

The first part is a theorem, by records with the use ``stable``. What then is left to floating point is the one
pass that evaluation uses too (:mod:`lossproof.interop.stable`); it adds operators that are no part of the language. Last,
sums over an index become sums over the last axis.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import TYPE_CHECKING, Final

from lossproof.errors import UnsupportedError
from lossproof.interop.stable import HALF, logarithm, stable
from lossproof.kernel import Kernel, Theorem
from lossproof.search.display import Display
from lossproof.search.rewrite import Rewriter
from lossproof.search.stable import stabilised
from lossproof.terms import (
    INFINITY,
    LEAVES,
    ONE,
    ZERO,
    Term,
    add,
    bound_names,
    fn,
    make,
    mul,
    neg,
    postorder,
    power,
    sub,
)

if TYPE_CHECKING:
    from lossproof.derivation import Derivation

#: Operators over an index, and what they are over the last axis.
_OVER_AXIS: Final = {"sum": "vector_sum", "prod": "vector_prod", "lse_sum": "log_sum", "lse_sum_sign": "sum_sign"}
#: What is finite wherever it is used, so that 0 times it is 0.
_FINITE: Final = frozenset({"log_ndtr", "log_cloglog", "log_softplus", "log_erfc", "logcosh", "softplus", "neg", "lgamma", "log_gamma"})


def stable_form(d: Derivation, term: Term) -> Theorem:
    """That a term of a derivation equals its stable form."""
    return stabilised(Rewriter(d.kernel, d.book, Display(d.kernel.prover)), term)


def lowered(d: Derivation, term: Term) -> Term:
    """A term of a derivation as it is written for arrays."""
    # What holds because a formula must have values holds where its branch is taken, and a gradient goes through the other too.
    told = [p for p, origin in d.model.hypotheses if origin != "domain"]
    everywhere = Kernel(d.model.symbols, told, d.book.facts).prover

    def nonnegative(t: Term) -> bool:
        return d.kernel.prover.prove(fn("ge", t, ZERO)) is not None

    def known(op: str, t: Term) -> bool:
        return everywhere.prove(fn(op, t, ZERO)) is not None

    right = stable_form(d, term).right
    plain = stable(postorder(_branched(right)), nonnegative)
    return _axes(_guarded(plain, known), nonnegative)


# -- branches


def _branched(root: Term) -> Term:
    """Logarithms inside the branches of ``cases``, also where it is not known that each has one: the other is not taken."""
    done: dict[Term, Term] = {}
    for t in postorder(root):
        args = tuple(done[a] for a in t.args)
        if t.op == "log" and args[0].op == "cases":
            condition, a, b = args[0].args
            done[t] = fn("cases", condition, _log(a), _log(b))
        else:
            done[t] = t if args == t.args else make(t.op, args, t.value)
    return done[root]


def _log(t: Term) -> Term:
    return neg(INFINITY) if t is ZERO else fn("log", t)


def _guarded(root: Term, known: Callable[[str, Term], bool]) -> Term:
    """Each branch of ``cases`` computed at a harmless point where the other one is taken.

    A gradient goes through both, and 0 times nan is nan.
    """
    done: dict[Term, Term] = {}
    for t in postorder(root):
        args = tuple(done[a] for a in t.args)
        if t.op == "cases":
            condition, a, b = args
            args = (condition, _branch(a, condition, b, known), _branch(b, fn("not", condition), a, known))
        done[t] = t if args == t.args else make(t.op, args, t.value)
    return done[root]


def _branch(root: Term, taken: Term, other: Term, known: Callable[[str, Term], bool]) -> Term:
    elsewhere = set(postorder(other))
    done: dict[Term, Term] = {}
    shown: dict[Term, Term] = {}  # what is asked for a sign: a guarded argument is positive there
    for t in postorder(root):
        args, seen = [done[a] for a in t.args], [shown[a] for a in t.args]
        if t not in elsewhere:
            for i in _partial(t.op, seen, known):
                args[i], seen[i] = _at_half(taken, args[i], t.op), HALF
        done[t] = make(t.op, args, t.value)
        shown[t] = make(t.op, seen, t.value)
    return done[root]


def _at_half(taken: Term, t: Term, op: str) -> Term:
    safe = neg(HALF) if op == "log1mexp" else HALF
    return fn("cases", taken.args[0], safe, t) if taken.op == "not" else fn("cases", taken, t, safe)


def _partial(op: str, args: list[Term], known: Callable[[str, Term], bool]) -> list[int]:
    """The arguments at which a term may have no finite value."""
    match op:
        case "log" | "sqrt" | "lgamma" | "gamma" | "digamma" | "lbeta" | "beta" | "factorial" | "zeta" | "log_gamma" | "log_expm1":
            return [i for i, a in enumerate(args) if not known("gt", a)]
        case "log1p":
            return [] if known("gt", add(ONE, args[0])) else [0]
        case "log1mexp":
            return [] if known("gt", neg(args[0])) else [0]
        case "div":
            return [] if known("ne", args[1]) else [1]
        case "xlogy" | "log_pow":
            place = 1 if op == "xlogy" else 0
            return [] if known("gt", args[place]) else [place]
        case "xlog1py":
            return [] if known("gt", add(ONE, args[1])) else [1]
        case "pow":
            exponent = args[1].value
            whole = isinstance(exponent, Fraction) and exponent.denominator == 1 and exponent >= 0
            return [] if whole or known("gt", args[0]) else [0]
        case "exp" | "expm1":
            return [] if known("ge", neg(args[0])) else [0]
        case "cosh" | "sinh" | "logit":
            return [0]
    return []


# -- axes


def _axes(root: Term, nonnegative: Callable[[Term], bool]) -> Term:
    """Sums over an index as sums over the last axis, and logarithms of sums as libraries have them."""
    done: dict[Term, Term] = {}
    for t in postorder(root):
        args = tuple(done[a] for a in t.args)
        done[t] = _over_axis(t, args) if t.op in _OVER_AXIS else _one(t, args, nonnegative)
    return done[root]


def _one(t: Term, args: tuple[Term, ...], nonnegative: Callable[[Term], bool]) -> Term:
    match t.op:
        case "lse" if all(nonnegative(w) for w in t.args[::2]):
            return _log_sum_exp(args)
        case "add" if len(args) == 2 and args[1].op == "log" and args[1].args[0].op == "sum_sign":
            if args[0].op == "log_sum" and args[0].args == args[1].args[0].args:
                return args[0]  # log|s| + log(sign of s) is log s
        case "lse" | "lse_sign":
            return fn("log_sum" if t.op == "lse" else "sum_sign", fn("vec", *args[::2]), fn("vec", *args[1::2]))
        case "log_pow":
            size = args[0] if nonnegative(t.args[0]) else fn("abs", args[0])
            return mul(args[1], fn("log", size))
        case "logabs":
            return fn("log", fn("abs", args[0]))
        case "log_gamma":
            return fn("lgamma", args[0])
        case "xtimes" if args[1].op in _FINITE:
            return mul(*args)
        case "dot":
            return fn("vector_sum", mul(*args))
        case "quad" if args[0].op == "inv":
            return fn("solve_quad", args[0].args[0], args[1])
    return t if args == t.args else make(t.op, args, t.value)


def _log_sum_exp(pairs: tuple[Term, ...]) -> Term:
    """The logarithm of a sum of positive weights times exponentials."""
    parts = []
    for weight, exponent in zip(pairs[::2], pairs[1::2], strict=True):
        factor = [] if weight is ONE else [logarithm(weight)]
        parts.append(add(*factor, *([exponent] if exponent is not ZERO or not factor else [])))
    if len(parts) == 2:
        return fn("logaddexp", *parts)
    return parts[0] if len(parts) == 1 else fn("logsumexp", fn("vec", *parts))


def _over_axis(t: Term, args: tuple[Term, ...]) -> Term:
    index, lower, upper = t.args[:3]
    name = str(index.value)
    bodies = [_vector_of(body, name, lower, upper) for body in args[3:]]
    if t.op in ("sum", "prod") and bodies[0] is args[3] and name not in bound_names(args[3]):
        count = add(sub(upper, lower), ONE) if lower is not ONE else upper
        return mul(count, args[3]) if t.op == "sum" else power(args[3], count)
    if t.op == "lse_sum":
        weight, exponent = bodies
        return fn("logsumexp", exponent if weight is ONE else add(logarithm(weight), exponent))
    return fn(_OVER_AXIS[t.op], *bodies)


def _vector_of(body: Term, index: str, lower: Term, upper: Term) -> Term:
    """A summand as a vector over its index."""
    if bound_names(body) - {index}:
        raise UnsupportedError("a sum within a sum that uses both indices is not written for arrays")
    done: dict[Term, Term] = {}
    for t in postorder(body):
        if t.op == "bound":
            done[t] = fn("indices", lower, upper)
        elif t.op == "at" and index in bound_names(t.args[-1]):
            if len(t.args) != 2 or t.args[1].op != "bound" or index in bound_names(t.args[0]):
                raise UnsupportedError(f"the component {t} in a sum over {index} is not written for arrays")
            done[t] = _slice(t.args[0], lower, upper)
        else:
            done[t] = t if t.op in LEAVES else make(t.op, [done[a] for a in t.args], t.value)
    return done[body]


def _slice(v: Term, lower: Term, upper: Term) -> Term:
    """The components of a vector from one index to another; to a dimension is to its end."""
    whole = upper.op == "sym"
    return v if lower is ONE and whole else fn("slice", v, lower, *([] if whole else [upper]))
