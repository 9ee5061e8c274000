"""SymPy expressions as terms, written the way a person would write them."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any, Final

from lossproof.errors import KindError, LimitError, UnknownFunctionError, UnsupportedError
from lossproof.interop.sympy_words import FROM_SYMPY, heaviside
from lossproof.terms import INFINITY, ONE, PI, Term, add, bound, div, domain, fn, mul, neg, num, power, sym

Expr = Any

#: Expressions larger than this are refused.
MAX_NODES: Final = 200_000


def from_sympy(expr: Expr) -> Term:
    """A SymPy expression as a term; nothing is simplified beyond what SymPy did already.

    Names become canonical (``Symbol("σ")`` is sigma), decimal numbers exact. Negative powers are
    written as quotients, powers of 1/2 as roots and negative summands as differences. Raises a
    LossproofError for functions and sets that the language does not have.
    """
    import sympy

    try:
        root = sympy.sympify(expr, strict=True)
        if isinstance(root, sympy.MatrixBase) or not isinstance(root, sympy.Expr | sympy.logic.boolalg.Boolean):
            raise KindError(f"a {type(expr).__name__} is no SymPy expression")
        return _Reader(sympy).read(root)
    except sympy.SympifyError:
        raise KindError(f"a {type(expr).__name__} is no SymPy expression") from None
    except RecursionError:
        raise LimitError("the SymPy expression is too deep") from None


class _Reader:
    """One conversion: what each subexpression became."""

    def __init__(self, sympy: Any) -> None:
        self.sympy = sympy
        self.made: dict[Expr, Term] = {}
        self.inner: dict[Expr, Expr] = {}  # a sum's body, with its index as a symbol of its own
        self.indices: dict[Expr, str] = {}

    def read(self, root: Expr) -> Term:
        stack = [root]
        visited = 0
        while stack:
            e = stack[-1]
            if e in self.made:
                stack.pop()
                continue
            pending = [a for a in reversed(self._parts(e)) if a not in self.made]
            if pending:
                stack.extend(pending)
                continue
            stack.pop()
            visited += 1
            if visited > MAX_NODES:
                raise LimitError(f"the SymPy expression has more than {MAX_NODES} parts")
            self.made[e] = self._one(e)
        return self.made[root]

    def _parts(self, e: Expr) -> list[Expr]:
        """The subexpressions whose terms ``e`` is made of."""
        S = self.sympy
        if isinstance(e, S.Indexed):
            return list(e.indices)
        if e.is_Atom or isinstance(e, S.MatrixSymbol):
            return []
        if isinstance(e, S.matrices.expressions.matexpr.MatrixElement):
            return [e.parent, e.i + 1] if e.parent.shape[1] == 1 else [e.parent, e.i + 1, e.j + 1]
        if isinstance(e, S.MatrixExpr):
            return [e.arg] if isinstance(e, S.Inverse) else list(e.args)
        if isinstance(e, S.Piecewise):
            return [x for pair in e.args for x in pair.args if x not in (S.true, S.false)]
        if isinstance(e, S.Sum | S.Product):
            return [self._body(e), *[x for limit in e.limits for x in limit[1:]]]
        if isinstance(e, S.Contains):
            return [e.args[0], *_ends(S, e.args[1])]
        if isinstance(e, S.Add):
            return [-a if _negative(a) else a for a in e.args]
        if isinstance(e, S.Mul):
            up, down = _fraction(S, e)
            return up + down
        if isinstance(e, S.Pow):
            return [e.base] if e.exp.is_Rational else [e.base, e.exp]
        return list(e.args)

    def _body(self, e: Expr) -> Expr:
        found = self.inner.get(e)
        if found is None:
            names = {limit[0]: self.sympy.Dummy(limit[0].name, integer=True) for limit in e.limits}
            found = self.inner[e] = e.function.xreplace(names)
            self.indices.update({dummy: _name(k) for k, dummy in names.items()})
        return found

    def _one(self, e: Expr) -> Term:
        S = self.sympy
        if e.is_Number or e.is_NumberSymbol or e is S.zoo or e is S.nan:
            return self._number(e)
        if e in self.indices:
            return bound(self.indices[e])
        if isinstance(e, S.Symbol | S.MatrixSymbol | S.IndexedBase):
            return sym(_name(e))
        if isinstance(e, S.MatMul | S.MatAdd):
            return (mul if isinstance(e, S.MatMul) else add)(*[self.made[a] for a in e.args])
        readers: tuple[tuple[Any, Callable[[Expr], Term]], ...] = (
            (S.Add, self._sum),
            (S.Mul, self._product),
            (S.Pow, self._power),
            (S.Piecewise, self._cases),
            (S.Sum, self._indexed_sum),
            (S.Product, self._indexed_sum),
            (S.Indexed, self._component),
            (S.matrices.expressions.matexpr.MatrixElement, self._component),
            (S.Contains, self._member),
        )
        for kind, reader in readers:
            if isinstance(e, kind):
                return reader(e)
        return self._function(e)

    def _number(self, e: Expr) -> Term:
        S = self.sympy
        if e is S.pi:
            return PI
        if e is S.E:
            return fn("exp", ONE)
        if e in (S.oo, -S.oo):
            return INFINITY if e is S.oo else neg(INFINITY)
        if e.is_Float:
            e = S.Rational(str(e))
        if not e.is_Rational or e is S.nan:
            raise UnsupportedError(f"the number {e} has no term")
        size = num(abs(e.p)) if e.q == 1 else div(num(abs(e.p)), num(e.q))
        return neg(size) if e.p < 0 else size

    def _sum(self, e: Expr) -> Term:
        """Positive summands first, so that ``-mu + y`` reads y - mu."""
        terms = e.as_ordered_terms()
        plus = [self.made[a] for a in terms if not _negative(a)]
        minus = [neg(self.made[-a]) for a in terms if _negative(a)]
        return add(*plus, *minus)

    def _product(self, e: Expr) -> Term:
        up, down = _fraction(self.sympy, e)
        top = mul(*[self.made[a] for a in up])
        whole = div(top, mul(*[self.made[a] for a in down])) if down else top
        return neg(whole) if e.as_coeff_Mul()[0].is_negative else whole

    def _power(self, e: Expr) -> Term:
        base = self.made[e.base]
        if not e.exp.is_Rational:
            return power(base, self.made[e.exp])
        size = abs(e.exp)
        if size == self.sympy.S.Half:
            whole = fn("sqrt", base)
        else:
            whole = base if size == 1 else power(base, num(Fraction(int(size.p), int(size.q))))
        return div(ONE, whole) if e.exp.is_negative else whole

    def _cases(self, e: Expr) -> Term:
        S = self.sympy
        *pairs, (last, otherwise) = [pair.args for pair in e.args]
        if otherwise != S.true:
            raise UnsupportedError("a Piecewise without a default has no term", hint="add a last pair (value, True)")
        term = self.made[last]
        for value, condition in reversed(pairs):
            term = fn("cases", self.made[condition], self.made[value], term)
        return term

    def _indexed_sum(self, e: Expr) -> Term:
        body = self.made[self._body(e)]
        for limit in e.limits:
            if len(limit) != 3:
                raise UnsupportedError("a sum without limits has no term")
            k, low, high = limit
            op = "sum" if isinstance(e, self.sympy.Sum) else "prod"
            body = fn(op, bound(_name(k)), self.made[low], self.made[high], body)
        return body

    def _component(self, e: Expr) -> Term:
        first, *indices = [e.base, *e.indices] if isinstance(e, self.sympy.Indexed) else self._parts(e)
        term = sym(_name(e.base)) if isinstance(e, self.sympy.Indexed) else self.made[first]
        for k in indices:
            term = fn("at", term, self.made[k])
        return term

    def _member(self, e: Expr) -> Term:
        x = self.made[e.args[0]]
        return in_set(self.sympy, x, e.args[1], lambda end: self.made[end])

    def _function(self, e: Expr) -> Term:
        from lossproof.syntax.functions import FUNCTIONS

        S = self.sympy
        name = type(e).__name__
        if e.is_Atom:
            raise UnsupportedError(f"SymPy's {e} has no term")
        args = [self.made[a] for a in self._parts(e)]
        if isinstance(e, S.polygamma) and e.args[0] == 0:
            return fn("digamma", args[1])
        if isinstance(e, S.Heaviside):
            return heaviside(*args)
        found = FROM_SYMPY.get(name)
        if isinstance(e, S.core.function.AppliedUndef):
            own = FUNCTIONS.get(name)
            if name.startswith("samples_") and len(args) == 1:
                return fn(name, *args)
            if own is not None and own.least <= len(args) and (own.most is None or len(args) <= own.most):
                return fn(own.op, *args)
            found = None
        if found is None or (name == "zeta" and len(args) != 1):
            raise UnknownFunctionError(f"the language has no function for SymPy's {name}")
        return fn(found, *args) if isinstance(found, str) else found(*args)


def in_set(sympy: Any, x: Term, place: Expr, term: Callable[[Expr], Term]) -> Term:
    """The condition that x lies in a SymPy set; ``term`` reads the set's limits."""
    S = sympy
    named = {S.S.Reals: "reals", S.S.Integers: "integers", S.S.Naturals0: "naturals"}
    if place in named:
        return fn("in", x, domain(named[place]))
    if place == S.S.Naturals:
        return fn("and", fn("in", x, domain("integers")), fn("ge", x, ONE))
    if isinstance(place, S.Interval):
        return _interval(S, x, place, term)
    if isinstance(place, S.FiniteSet):
        return fn("in", x, fn("set", *[term(a) for a in place.args]))
    if isinstance(place, S.Range) and place.step == 1:
        low, high = place.start, place.stop - 1
        limits = [fn("ge", x, term(low))] if low is not -S.oo else []
        limits += [fn("le", x, term(high))] if high is not S.oo else []
        return fn("and", fn("in", x, domain("integers")), *limits)
    if isinstance(place, S.Intersection | S.Union):
        op = "and" if isinstance(place, S.Intersection) else "or"
        parts = [in_set(S, x, part, term) for part in place.args]
        return fn(op, *[a for part in parts for a in (part.args if part.op == op else (part,))])
    raise UnsupportedError(f"the set {place} has no term")


def _interval(S: Any, x: Term, place: Expr, term: Callable[[Expr], Term]) -> Term:
    low, high = place.start, place.end
    ends = {
        (S.Integer(0), S.oo, True): "positive",
        (S.Integer(0), S.oo, False): "nonnegative",
        (S.Integer(0), S.Integer(1), True): "unit",
        (S.Integer(0), S.Integer(1), False): "unit_closed",
    }
    name = ends.get((low, high, bool(place.left_open)))
    if name is not None and (high is S.oo or place.left_open == place.right_open):
        return fn("in", x, domain(name))
    limits = []
    if low is not -S.oo:
        limits.append(fn("lt" if place.left_open else "le", term(low), x))
    if high is not S.oo:
        limits.append(fn("lt" if place.right_open else "le", x, term(high)))
    if not limits:
        return fn("in", x, domain("reals"))
    return limits[0] if len(limits) == 1 else fn("and", *limits)


def _ends(S: Any, place: Expr) -> list[Expr]:
    """The expressions that limit a set."""
    if isinstance(place, S.Intersection | S.Union):
        return [e for part in place.args for e in _ends(S, part)]
    if isinstance(place, S.Range):
        return [e for e in (place.start, place.stop - 1) if e not in (S.oo, -S.oo)]
    if isinstance(place, S.Interval):
        return [e for e in (place.start, place.end) if e not in (S.oo, -S.oo)]
    return list(place.args) if isinstance(place, S.FiniteSet) else []


def _name(e: Expr) -> str:
    from lossproof.syntax.names import canonical

    return canonical(str(e.name if hasattr(e, "name") else e.label))


def _negative(e: Expr) -> bool:
    """Whether a summand is written with a minus sign."""
    return bool(e.as_coeff_Mul()[0].is_negative)


def _fraction(S: Any, e: Expr) -> tuple[list[Expr], list[Expr]]:
    """The factors above and below the line, without the sign."""
    coefficient, rest = e.as_coeff_Mul()
    up: list[Expr] = []
    down: list[Expr] = []
    if coefficient.is_Float:
        coefficient = S.Rational(str(coefficient))
    if coefficient.is_infinite:
        up.append(abs(coefficient))
    else:
        up += [S.Integer(abs(coefficient.p))] if abs(coefficient.p) != 1 else []
        down += [S.Integer(coefficient.q)] if coefficient.q != 1 else []
    for factor in rest.as_ordered_factors() if rest.is_Mul else [rest]:
        if factor.is_Pow and factor.exp.is_Rational and factor.exp.is_negative and factor.base is not S.E:
            down.append(S.Pow(factor.base, -factor.exp))
        elif factor.is_Rational:
            up += [S.Integer(factor.p)] if factor.p != 1 else []
            down += [S.Integer(factor.q)] if factor.q != 1 else []
        elif factor is not S.S.One:
            up.append(factor)
    return up or [S.S.One], down
