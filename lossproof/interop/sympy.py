"""SymPy at the edge: terms out as SymPy expressions, and expressions and random variables in."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from importlib import import_module
from itertools import count
from typing import Any, Final, NamedTuple

from lossproof.errors import LimitError, MissingSystemError, UnsupportedError
from lossproof.interop.ranks import symbol_ranks
from lossproof.interop.sympy_in import from_sympy
from lossproof.interop.sympy_random import from_sympy_random
from lossproof.interop.sympy_words import functions
from lossproof.terms import BINDERS, Term, postorder, symbols

__all__ = ["from_sympy", "from_sympy_random", "to_sympy"]

#: SymPy itself recurses over expressions, so ours must not be deeper.
MAX_DEPTH: Final = 500

Expr = Any


class Vector(NamedTuple):
    """A vector as its components, counted from 1; ``listed`` if their number is known."""

    component: Callable[[Expr], Expr]
    length: Expr
    listed: bool = False


def to_sympy(term: Term, assumptions: Mapping[str, Term] | None = None, *, indexed: Collection[str] = ()) -> Expr:
    """``term`` as a SymPy expression; SymPy rewrites on the way, as it always does.

    ``assumptions`` gives symbols' domains, which become SymPy's assumptions; without it symbols are
    plain. A vector's components are ``v[1], v[2], ...``. Sums over the samples are undefined functions
    ``samples_sum(f)``, unless ``indexed`` names what varies with the sample: then they are sums over i.
    Raises UnsupportedError for what SymPy cannot say and LimitError for terms deeper than 500.
    """
    try:
        sympy = import_module("sympy")
    except ImportError:
        raise MissingSystemError("SymPy is not installed", hint="pip install sympy") from None
    _check_depth(term)
    try:
        return _Writer(sympy, term, dict(assumptions or {}), frozenset(indexed)).expression()
    except RecursionError:
        raise LimitError("the term is too deep for SymPy") from None


def _check_depth(term: Term) -> None:
    depth: dict[Term, int] = {}
    for t in postorder(term):
        depth[t] = 1 + max((depth[a] for a in t.args), default=0)
    if depth[term] > MAX_DEPTH:
        raise LimitError(f"the term is {depth[term]} deep, and SymPy is asked for no more than {MAX_DEPTH}")


#: What a domain says of a symbol, in SymPy's assumptions.
_ASSUMED: Final[dict[str, dict[str, bool]]] = {
    "reals": {"real": True},
    "positive": {"positive": True},
    "nonnegative": {"nonnegative": True},
    "unit": {"positive": True},
    "unit_closed": {"nonnegative": True},
    "integers": {"integer": True},
    "naturals": {"integer": True, "nonnegative": True},
    "categories": {"integer": True, "positive": True},
}
_SHAPED: Final = frozenset({"simplex", "onehot", "counts", "power_domain", "posdef"})
_MATRIX: Final = frozenset({"quad", "det", "logdet", "trace", "inv", "eye", "diag", "dot", "norm"})


class _Writer:
    """One conversion: what each subterm became, and which index names are taken."""

    def __init__(self, sympy: Any, root: Term, domains: Mapping[str, Term], indexed: Collection[str]) -> None:
        self.sympy = sympy
        self.root = root
        self.domains = domains
        self.indexed = indexed
        self.order = postorder(root)
        self.ranks = symbol_ranks(root, {})
        self.taken = symbols(root) | {str(t.value) for t in self.order if t.op == "bound"}
        self.size = self._usual_size()
        self.made: dict[Term, Expr] = {}

    def expression(self) -> Expr:
        for t in self.order:
            if t.op == "domain" or t.op in _SHAPED or t.op in ("set", "categories"):
                continue
            self.made[t] = self._one(t, [self.made.get(a) for a in t.args])
        found = self.made.get(self.root)
        if found is None or isinstance(found, Vector):
            raise UnsupportedError(
                "only a number, a matrix or a condition can go to SymPy", hint="take a component v[k]"
            )
        return found

    def _usual_size(self) -> Expr:
        """The length of vectors of which nothing else is known."""
        for t in self.order:
            if t.op == "eye" and t.args[0].op in ("sym", "num"):
                value = t.args[0].value
                return self._integer(str(value)) if t.args[0].op == "sym" else self.sympy.Integer(int(value or 0))
        return self._integer("D" if any(t.op in _MATRIX for t in self.order) else "K")

    def _integer(self, name: str) -> Expr:
        given = self.domains.get(name)
        return self._plain(name, given) if given else self.sympy.Symbol(name)

    def _one(self, t: Term, args: list[Expr]) -> Expr:
        op = t.op
        if op == "num":
            return self.sympy.Rational(str(t.value))
        if op == "const":
            if t.value == "n_samples":
                return self.sympy.Symbol("n", integer=True, positive=True)
            return self.sympy.pi if t.value == "pi" else self.sympy.oo
        if op == "bound":
            return self.sympy.Symbol(str(t.value), integer=True)
        if op == "sym":
            return self._symbol(str(t.value))
        if op in BINDERS:
            over = self.sympy.Sum if op == "sum" else self.sympy.Product
            return over(args[3], (args[0], args[1], args[2]))
        if op.startswith("samples_"):
            return self._samples(op, args[0])
        if op == "in":
            return self._member(t, args[0])
        special = getattr(self, f"_on_{op}", None)
        if special is not None:
            return special(*args)
        f = functions().get(op)
        if f is None:
            raise UnsupportedError(f"{op.removeprefix('dist:')} cannot be written in SymPy")
        return self._componentwise(f, args)

    def _componentwise(self, f: Callable[..., Expr], args: Sequence[Expr]) -> Expr:
        vectors = [a for a in args if isinstance(a, Vector)]
        if not vectors:
            return f(*args)
        if any(getattr(a, "is_Matrix", False) for a in args):
            return self._matrix_times(args)
        listed = next((v for v in vectors if v.listed), vectors[0])
        return Vector(
            lambda k: f(*[a.component(k) if isinstance(a, Vector) else a for a in args]), listed.length, listed.listed
        )

    def _matrix_times(self, args: Sequence[Expr]) -> Expr:
        if len(args) != 2 or not isinstance(args[1], Vector) or not getattr(args[0], "is_Matrix", False):
            raise UnsupportedError("this combination of a matrix and a vector cannot be written in SymPy")
        a, v = args
        j = self._fresh()
        return Vector(lambda k: self._total(a[k - 1, j - 1] * v.component(j), j, v), v.length, v.listed)

    def _fresh(self) -> Expr:
        name = next(n for n in (f"k{i or ''}" for i in count()) if n not in self.taken)
        self.taken.add(name)
        return self.sympy.Symbol(name, integer=True)

    def _total(self, summand: Expr, k: Expr, v: Vector) -> Expr:
        """A sum over a vector's components, written out where their number is known."""
        total = self.sympy.Sum(summand, (k, 1, v.length))
        return total.doit() if v.listed else total

    def _vector(self, v: Expr) -> Vector:
        if not isinstance(v, Vector):
            raise UnsupportedError("a vector is needed here")
        return v

    def _symbol(self, name: str) -> Expr:
        rank = self.ranks.get(name, 0)
        given = self.domains.get(name)
        size = self._size(given)
        if rank == 2:
            return self.sympy.MatrixSymbol(name, size, size)
        if rank == 1:
            base = self.sympy.IndexedBase(name)
            if name in self.indexed:
                return Vector(lambda k: base[self.sympy.Symbol("i", integer=True), k], size)
            return Vector(lambda k: base[k], size)
        if name in self.indexed:
            base = self.sympy.IndexedBase(name.removesuffix("_i"))
            return base[self.sympy.Symbol("i", integer=True)]
        return self._plain(name, given)

    def _plain(self, name: str, given: Term | None) -> Expr:
        known: dict[str, bool] = {}
        if given is not None:
            known = _ASSUMED.get(str(given.value) if given.op == "domain" else given.op, {})
        return self.sympy.Symbol(name, **known)

    def _size(self, given: Term | None) -> Expr:
        if given is None or given.op not in _SHAPED:
            return self.size
        size = given.args[-1]
        if size.op == "num":
            return self.sympy.Rational(str(size.value))
        return self._integer(str(size.value)) if size.op == "sym" else self.size

    def _samples(self, op: str, f: Expr) -> Expr:
        sympy = self.sympy
        if not self.indexed:
            return sympy.Function(op)(f)
        i, n = sympy.Symbol("i", integer=True), self._integer("n")
        over = sympy.Product if op == "samples_prod" else sympy.Sum
        total = over(f, (i, 1, n))
        return total / n if op == "samples_mean" else total

    def _member(self, t: Term, x: Expr) -> Expr:
        sympy = self.sympy
        place = t.args[1]
        if place.op == "set":
            return sympy.Contains(x, sympy.FiniteSet(*[self.made[a] for a in place.args]))
        if place.op == "categories":
            return sympy.Contains(x, sympy.Range(1, self.made[place.args[0]] + 1))
        sets = {
            "reals": sympy.S.Reals,
            "positive": sympy.Interval.open(0, sympy.oo),
            "nonnegative": sympy.Interval(0, sympy.oo),
            "unit": sympy.Interval.open(0, 1),
            "unit_closed": sympy.Interval(0, 1),
            "integers": sympy.S.Integers,
            "naturals": sympy.S.Naturals0,
        }
        if place.value not in sets or isinstance(x, Vector):
            raise UnsupportedError(f"membership in {place} cannot be written in SymPy")
        return sympy.Contains(x, sets[str(place.value)])

    def _on_at(self, v: Expr, *indices: Expr) -> Expr:
        for k in indices:
            v = _row(v, k) if getattr(v, "is_Matrix", False) else self._vector(v).component(k)
        return v

    def _on_vec(self, *items: Expr) -> Expr:
        sympy = self.sympy
        if any(isinstance(x, Vector) for x in items):
            raise UnsupportedError("a vector of vectors cannot be written in SymPy")

        def component(k: Expr) -> Expr:
            if k.is_Integer:
                return items[int(k) - 1] if 1 <= k <= len(items) else sympy.nan
            return sympy.Piecewise(*[(x, sympy.Eq(k, i)) for i, x in enumerate(items, 1)])

        return Vector(component, sympy.Integer(len(items)), True)

    def _on_logsumexp(self, v: Expr) -> Expr:
        v, k = self._vector(v), self._fresh()
        return self.sympy.log(self._total(self.sympy.exp(v.component(k)), k, v))

    def _on_softmax(self, v: Expr) -> Expr:
        sympy, v, k = self.sympy, self._vector(v), self._fresh()
        total = self._total(sympy.exp(v.component(k)), k, v)
        return Vector(lambda j: sympy.exp(v.component(j)) / total, v.length, v.listed)

    def _on_dot(self, u: Expr, v: Expr) -> Expr:
        u, v, k = self._vector(u), self._vector(v), self._fresh()
        return self._total(u.component(k) * v.component(k), k, u if u.listed else v)

    def _on_norm(self, v: Expr) -> Expr:
        return self.sympy.sqrt(self._square(v))

    def _square(self, v: Expr) -> Expr:
        v, k = self._vector(v), self._fresh()
        return self._total(v.component(k) ** 2, k, v)

    def _on_quad(self, a: Expr, v: Expr) -> Expr:
        a = a.doit()
        factor, matrices = a.as_coeff_matrices() if isinstance(a, self.sympy.MatMul) else (1, [a])
        if all(isinstance(m, self.sympy.Identity) for m in matrices):
            return factor * self._square(v)
        v, i, j = self._vector(v), self._fresh(), self._fresh()
        inner = self._total(v.component(i) * a[i - 1, j - 1] * v.component(j), j, v)
        return self._total(inner, i, v)

    def _on_diag(self, v: Expr) -> Expr:
        sympy, v = self.sympy, self._vector(v)
        i, j = sympy.symbols("i j", integer=True, cls=sympy.Dummy)
        entry = sympy.Lambda((i, j), sympy.KroneckerDelta(i, j) * v.component(i + 1))
        return sympy.FunctionMatrix(v.length, v.length, entry)


def _row(matrix: Expr, i: Expr) -> Vector:
    return Vector(lambda j: matrix[i - 1, j - 1], matrix.shape[1])
