"""Random variables of sympy.stats: density, support, and domains of the parameters."""

from __future__ import annotations

from typing import Any, Final

from lossproof.errors import KindError, UnsupportedError
from lossproof.interop.sympy_in import from_sympy, in_set
from lossproof.terms import ONE, Term, add, domain, fn, mul, neg, num, power, sym

Expr = Any

#: Arguments of sympy.stats distributions that SymPy itself demands to lie in a domain.
_ARGUMENTS: Final[dict[str, dict[str, str]]] = {
    "NormalDistribution": {"mean": "reals", "std": "positive"},
    "LogNormalDistribution": {"mean": "reals", "std": "positive"},
    "ExponentialDistribution": {"rate": "positive"},
    "GammaDistribution": {"k": "positive", "theta": "positive"},
    "GammaInverseDistribution": {"a": "positive", "b": "positive"},
    "BetaDistribution": {"alpha": "positive", "beta": "positive"},
    "LaplaceDistribution": {"mu": "reals", "b": "positive"},
    "LogisticDistribution": {"mu": "reals", "s": "positive"},
    "CauchyDistribution": {"x0": "reals", "gamma": "positive"},
    "GumbelDistribution": {"beta": "positive", "mu": "reals"},
    "StudentTDistribution": {"nu": "positive"},
    "ChiSquaredDistribution": {"k": "positive"},
    "WeibullDistribution": {"alpha": "positive", "beta": "positive"},
    "ParetoDistribution": {"xm": "positive", "alpha": "positive"},
    "RayleighDistribution": {"sigma": "positive"},
    "MaxwellDistribution": {"a": "positive"},
    "VonMisesDistribution": {"mu": "reals", "k": "positive"},
    "GaussianInverseDistribution": {"mean": "positive", "shape": "positive"},
    "UniformDistribution": {"left": "reals", "right": "reals"},
    "PoissonDistribution": {"lamda": "positive"},
    "GeometricDistribution": {"p": "unit"},
    "NegativeBinomialDistribution": {"r": "positive", "p": "unit"},
    "BernoulliDistribution": {"p": "unit"},
    "BinomialDistribution": {"n": "naturals", "p": "unit"},
}


def from_sympy_random(rv: Expr) -> tuple[str, Term, dict[str, Term], Term]:
    """The name, density, domains and support of a ``sympy.stats`` random variable.

    The density is that on the support, without the cases around it. Domains are those of the
    symbols' assumptions, else what the distribution demands of its argument; a symbol of which
    neither tells anything is left out. Raises KindError for what is no random variable, and
    UnsupportedError for one that is made of several.
    """
    import sympy
    import sympy.stats

    if not isinstance(rv, sympy.stats.rv.RandomSymbol):
        raise KindError(f"{rv} is no random variable of sympy.stats")
    space = rv.pspace
    law = getattr(space, "distribution", None)
    if not isinstance(space, sympy.stats.rv.SinglePSpace) or law is None:
        raise UnsupportedError(
            f"{rv} depends on other random variables", hint="state the assumption as text, with priors"
        )
    if any(isinstance(a, sympy.stats.rv.RandomSymbol) for a in sympy.preorder_traversal(law)):
        raise UnsupportedError(
            f"{rv} depends on other random variables", hint="state the assumption as text, with priors"
        )
    y = space.symbol
    variate = from_sympy(y)
    place = _support(sympy, law, y)
    support = in_set(sympy, variate, place, from_sympy)
    density = _density(sympy, law, y, variate)
    domains = _domains(law)
    domains[str(variate.value)] = _variate_domain(sympy, place)
    return str(variate.value), density, domains, support


def _support(sympy: Any, law: Expr, y: Expr) -> Expr:
    """The support, without an end of an interval at which the density is 0 or has no value."""
    place = sympy.sympify(law.set, strict=True)
    if not isinstance(place, sympy.Interval):
        return place
    shut = [_positive_at(sympy, law, end) for end in (place.start, place.end)]
    return sympy.Interval(place.start, place.end, place.left_open or not shut[0], place.right_open or not shut[1])


def _positive_at(sympy: Any, law: Expr, end: Expr) -> bool:
    if end.is_infinite:
        return False
    value = law.pdf(end)
    strange = value.has(sympy.nan, sympy.zoo, sympy.oo) or any(p.base.is_zero for p in value.atoms(sympy.Pow))
    return not strange and not value.is_zero


def _density(sympy: Any, law: Expr, y: Expr, variate: Term) -> Term:
    finite = hasattr(law, "pmf") and isinstance(law, sympy.stats.frv.SingleFiniteDistribution)
    if type(law).__name__ == "BernoulliDistribution" and (law.succ, law.fail) == (1, 0):
        p = from_sympy(law.p)
        return mul(power(p, variate), power(add(ONE, neg(p)), add(ONE, neg(variate))))
    if finite and isinstance(sympy.sympify(law.set, strict=True), sympy.FiniteSet) and type(law).__name__ != "BinomialDistribution":
        return _listed(law, variate)
    expr = law.pmf(y) if finite else law.pdf(y)
    if isinstance(expr, sympy.Piecewise) and len(expr.args) == 2 and expr.args[1] == (0, True):
        expr = expr.args[0].expr
    return from_sympy(expr)


def _listed(law: Expr, variate: Term) -> Term:
    """The mass function of a distribution that lists its values."""
    pairs = [(from_sympy(value), from_sympy(p)) for value, p in sorted(law.dict.items(), key=lambda kv: str(kv[0]))]
    term = pairs[-1][1]
    if all(p is term for _, p in pairs):
        return term
    for value, p in reversed(pairs[:-1]):
        term = fn("cases", fn("eq", variate, value), p, term)
    return term


def _domains(law: Expr) -> dict[str, Term]:
    demanded = _ARGUMENTS.get(type(law).__name__, {})
    found: dict[str, Term] = {}
    for name, argument in zip(getattr(law, "_argnames", ()), law.args, strict=False):
        if name in demanded and argument.is_Symbol:
            found[str(from_sympy(argument).value)] = domain(demanded[name])
    for s in sorted(law.free_symbols, key=str):
        told = _assumed(s)
        if told is not None:
            known = found.get(str(from_sympy(s).value))
            # Of two domains the narrower counts.
            if known is None or _RANK.get(str(known.value), 0) < _RANK.get(told, 0):
                found[str(from_sympy(s).value)] = domain(told)
    return found


_RANK: Final = {"reals": 0, "nonnegative": 1, "positive": 2, "integers": 3, "unit": 4, "naturals": 4}


def _assumed(s: Expr) -> str | None:
    """The domain that a symbol's assumptions give it."""
    if s.is_integer:
        return "naturals" if s.is_nonnegative else "integers"
    if s.is_positive:
        return "positive"
    if s.is_nonnegative:
        return "nonnegative"
    return "reals" if s.is_real else None


def _variate_domain(sympy: Any, place: Expr) -> Term:
    """A named domain around a support, so that the variate has one."""
    if isinstance(place, sympy.FiniteSet) and all(v.is_Rational for v in place.args):
        return fn("set", *[from_sympy(v) for v in sorted(place.args)])
    variate = sym("y")
    named = in_set(sympy, variate, place, lambda e: num(0) if e.is_Symbol else from_sympy(e))
    if named.op == "in":
        return named.args[1]
    for part in named.args if named.op == "and" else ():
        if part.op == "in" and part.args[1].op == "domain":
            return part.args[1]
    return domain("reals")
