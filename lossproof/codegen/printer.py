"""A lowered term as statements and an expression of a target's arrays."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Final

from lossproof.codegen.names import Names
from lossproof.errors import UnsupportedError
from lossproof.terms import Term, postorder

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lossproof.rulebook.targets import Target

#: How tightly printed text holds together, in Python.
OR, COMPARE, ADD, NEG, MUL, SIGN, POW, ATOM = range(1, 9)
_LEVELS: Final = {"add": ADD, "mul": MUL, "sign": SIGN, "pow": POW, "atom": ATOM}
#: A line is no longer than this where that can be helped, and what stands in it than that.
WIDTH: Final = 88
_ROOM: Final = 72
#: What is as short as that is written again rather than named.
_SHORT: Final = 7

#: The rank of a number that Python knows; 0 is an array of samples, 1 and 2 have a vector or matrix last.
CONSTANT: Final = -1
_RANKS: Final = {
    **dict.fromkeys(("vector_sum", "vector_prod", "logsumexp", "norm", "quad", "solve_quad", "det", "logdet", "trace", "component", "log_sum", "sum_sign"), 0),
    **dict.fromkeys(("indices", "slice", "softmax"), 1), **dict.fromkeys(("diag", "eye", "inv"), 2),
}  # fmt: skip
#: What the arguments of these are, however they are given.
_VECTORS: Final = frozenset({"log_sum", "sum_sign", "vector_sum", "vector_prod", "logsumexp"})
_COMPARE: Final = {"eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}
#: Functions of numbers, from Python's own library.
_MATH: Final = {
    **{f: f"math.{f}({{0}})" for f in ("exp", "expm1", "log", "log1p", "sqrt", "tanh", "cosh", "sinh", "cos", "sin", "atan", "erf", "erfc", "gamma", "lgamma", "factorial")},
    "abs": "abs({0})", "Phi": "0.5 * math.erfc(-{0:pow} / math.sqrt(2))",
}  # fmt: skip
_PLAIN: Final = re.compile(r"-?[\w.]+")
_PLACE: Final = re.compile(r"\{(\w+|\*)(?::(\w+))?\}")


@dataclass(frozen=True, slots=True)
class Piece:
    """Printed text, how tightly it holds together, its rank, and the same with the other sign, where that is plainer."""

    text: str
    level: int
    rank: int
    minus: Piece | None = None

    @property
    def without_sign(self) -> Piece | None:
        """The same without the minus that it begins with; None if it begins with none."""
        return self.minus if self.text.startswith("-") else None

    def at_least(self, level: int) -> str:
        """The text, in parentheses where the place asks for more than it has."""
        return self.text if self.level >= level else f"({self.text})"


class Printer:
    """Prints terms for one target; what is used twice, or too long, becomes a variable of its own."""

    def __init__(self, target: Target, names: Names, ranks: Mapping[str, int], like: str, others: Callable[[Sequence[str]], Sequence[str]]) -> None:
        self.target = target
        self.names = names
        self.ranks = ranks
        self.like = like
        self.others = others
        self.statements: list[str] = []
        self._done: dict[Term, Piece] = {}
        self._count = 0

    def expression(self, root: Term) -> str:
        """The term as an expression, perhaps over several lines; the statements that it needs are added to ``statements``."""
        order = postorder(root)
        uses = Counter(a for t in order for a in set(t.args))
        for t in order:
            if t in self._done:
                continue
            if t is root and t.op == "add":
                return self._lines(self._summands(t))
            piece = self._short(t)
            if t is not root and uses[t] > 1 and piece.rank > CONSTANT and t.args and len(piece.text) > _SHORT:
                piece = self._variable(piece, t)
            self._done[t] = piece
        return self._done[root].text

    def _short(self, t: Term) -> Piece:
        """A term printed, its longest arguments as variables where it would be too long."""
        piece = self._piece(t)
        while len(piece.text) > _ROOM:
            longest = max((a for a in t.args if a in self._done), key=lambda a: len(self._done[a].text), default=None)
            if longest is None or not longest.args or len(self._done[longest].text) < _ROOM // 4 or self._done[longest].rank == CONSTANT:
                break
            self._done[longest] = self._variable(self._done[longest], longest)
            piece = self._piece(t)
        return piece

    # -- one operator

    def _piece(self, t: Term) -> Piece:
        op = t.op
        if op == "sym":
            return Piece(self.names.of(str(t.value)), ATOM, self.ranks.get(str(t.value), 0))
        if op == "num":
            return _number(t.value)
        if op == "const" and t.value in ("pi", "oo"):
            return Piece("math.pi" if t.value == "pi" else "math.inf", ATOM, CONSTANT)
        args = [self._done[a] for a in t.args if a in self._done]
        if op in ("at", "slice", "vec"):
            return self._vector(t, args)
        if op == "mul" and any(a.rank == 2 for a in args):
            return self._matrices(args)
        rank = _RANKS.get(op, max((a.rank for a in args), default=CONSTANT))
        if op not in _RANKS or op in _VECTORS:
            args = [_aligned(a, max(rank, 1 if op in _VECTORS else CONSTANT)) for a in args]
        plain = self._arithmetic(op, t, args, rank)
        return plain if plain is not None else self._called(op, t, args, rank)

    def _arithmetic(self, op: str, t: Term, args: list[Piece], rank: int) -> Piece | None:
        match op:
            case "add":
                return Piece(" ".join(_signed_terms(args)), ADD, rank)
            case "neg":
                return self._negated(args[0])
            case "mul":
                return self._product(args, rank)
            case "div":
                bare = args[0].without_sign
                minus = self._quotient(bare, args[1], rank) if bare else None
                return replace(self._quotient(args[0], args[1], rank), minus=minus)
            case "pow":
                base, exponent = args[0].at_least(ATOM), args[1].at_least(SIGN)
                plain = _PLAIN.fullmatch(base) and _PLAIN.fullmatch(exponent)
                return Piece(f"{base}**{exponent}" if plain else f"{base} ** {exponent}", POW, rank)
            case "and" | "or":
                sign = " & " if op == "and" else " | "
                return Piece(sign.join(a.at_least(ATOM) for a in args), OR, rank)
            case "not":
                return Piece(f"~{args[0].at_least(ATOM)}", SIGN, rank)
            case "in" if t.args[1].op == "set":
                raise UnsupportedError("membership in a set is not written for arrays", hint="write it with == and or")
        if op in _COMPARE:
            return Piece(f"{args[0].at_least(ADD)} {_COMPARE[op]} {args[1].at_least(ADD)}", COMPARE, rank)
        return None

    @staticmethod
    def _negated(a: Piece) -> Piece:
        if a.minus is not None:
            return replace(a.minus, minus=a)
        return Piece(f"-{a.at_least(MUL)}", NEG if a.level < POW else SIGN, a.rank, a)

    @staticmethod
    def _quotient(a: Piece, b: Piece, rank: int) -> Piece:
        return Piece(f"{a.at_least(MUL)} / {b.at_least(SIGN)}", MUL, rank)

    @staticmethod
    def _product(args: list[Piece], rank: int) -> Piece:
        flips = sum(a.without_sign is not None for a in args)
        factors = [a.without_sign or a for a in args]
        kept = [a for a in factors if a.text != "1"] or factors[:1]
        text = " * ".join(a.at_least(MUL if i == 0 else SIGN) for i, a in enumerate(kept))
        whole = Piece(text, kept[0].level if len(kept) == 1 else MUL, rank)
        return Piece(f"-{whole.at_least(MUL)}", NEG, rank, whole) if flips % 2 else whole

    def _called(self, op: str, t: Term, args: list[Piece], rank: int) -> Piece:
        if op in ("min", "max") and len(args) > 2:
            first = self._called(op, t, args[:2], rank)
            return self._called(op, t, [first, *args[2:]], rank)
        template = self._template(op, t, args)
        if rank == CONSTANT and template is not None and not template.startswith(("math.", "abs(", "0.5 *")):
            rank = 0
        if template is None:
            self._refuse(op, t)
        return Piece(self._filled(str(template), args, op == "cases"), ATOM if not str(template).startswith("0.5") else MUL, rank)

    def _template(self, op: str, t: Term, args: list[Piece]) -> str | None:
        if op in _MATH and all(a.rank == CONSTANT for a in args):
            return _MATH[op]
        return next((self.target.operators[key] for key in _keys(op, t) if key in self.target.operators), None)

    def _filled(self, template: str, args: Sequence[Piece], conditional: bool = False) -> str:
        everywhere = any(a.rank > CONSTANT for a in args[conditional:])  # two numbers of Python have no dtype, whatever the condition is

        def one(found: re.Match[str]) -> str:
            name, form = found[1], found[2] or ""
            if name == "like":
                return self.like
            if name == "*":
                return ", ".join(self._as(a, form, everywhere) for a in args)
            return self._as(args[int(name)], form, everywhere)

        return _PLACE.sub(one, template)

    def _as(self, a: Piece, form: str, array_there: bool) -> str:
        if form in _LEVELS:
            return a.at_least(_LEVELS[form])
        if a.rank == CONSTANT and (form == "array" or (form == "some" and not array_there)):
            return self.target.number.replace("{x}", a.text).replace("{like}", self.like)
        return a.text

    def _refuse(self, op: str, t: Term) -> None:
        having = self.others(_keys(op, t))
        others = f"{', '.join(having)} {'has' if len(having) == 1 else 'have'} it" if having else "no target has it"
        raise UnsupportedError(f"{self.target.title} has no {op}: {others}", hint=f"--target {having[0]}" if having else "")

    # -- vectors and matrices

    def _vector(self, t: Term, args: list[Piece]) -> Piece:
        v = args[0]
        if t.op == "vec":
            if any(a.rank > 0 for a in args):
                raise UnsupportedError("a vector of vectors is not written for arrays")
            return Piece(self._filled(self.target.operators["vec"], args), ATOM, 1)
        if t.op == "slice":
            start, stop = (args[1].text, args[2].text if len(args) > 2 else "")
            low = str(int(start) - 1) if start.isdigit() else f"{start} - 1"
            return Piece(f"{v.at_least(ATOM)}[..., {low if low != '0' else ''}:{stop}]", ATOM, 1)
        if v.rank != len(args) - 1:
            raise UnsupportedError(f"the component {t} is not written for arrays")
        if all(a.rank == CONSTANT for a in args[1:]):
            places = [str(int(a.text) - 1) if a.text.isdigit() else f"{a.at_least(ADD)} - 1" for a in args[1:]]
            return Piece(f"{v.at_least(ATOM)}[..., {', '.join(places)}]", ATOM, 0)
        if len(args) > 2:
            raise UnsupportedError(f"the component {t} is not written for arrays")
        return self._called("component", t, args, 0)

    @staticmethod
    def _matrices(args: list[Piece]) -> Piece:
        """A product with matrices in it, from the left."""
        out = args[0]
        for a in args[1:]:
            if out.rank == 2 and a.rank == 2:
                out = Piece(f"{out.at_least(MUL)} @ {a.at_least(SIGN)}", MUL, 2)
            elif out.rank == 2 and a.rank == 1:
                out = Piece(f"({out.at_least(MUL)} @ {a.at_least(ATOM)}[..., None])[..., 0]", ATOM, 1)
            else:
                rank = max(out.rank, a.rank)
                left, right = _aligned(out, rank), _aligned(a, rank)
                out = Piece(f"{left.at_least(MUL)} * {right.at_least(SIGN)}", MUL, rank)
        return out

    # -- lines

    def _summands(self, t: Term) -> list[str]:
        args = [self._done[a] for a in t.args]
        rank = max(a.rank for a in args)
        return _signed_terms([_aligned(a, rank) for a in args])

    @staticmethod
    def _lines(summands: list[str]) -> str:
        text = " ".join(summands)
        if len(text) <= _ROOM:
            return text
        return "(\n" + "".join(f"    {s}\n" for s in summands) + ")"

    def _variable(self, piece: Piece, t: Term) -> Piece:
        difference = t.op == "add" and len(t.args) == 2 and t.args[1].op == "neg" and piece.rank >= 0
        named = difference and t.args[0].op == "sym"
        self._count += not named
        name = self.names.fresh("residual" if named else f"t{self._count}")
        self.statements.append(f"{name} = {piece.text}")
        return Piece(name, ATOM, piece.rank)


def _keys(op: str, t: Term) -> list[str]:
    """Under what an operator may stand in a record: with its first argument, where that is a number, or alone."""
    first = [f"{op} {t.args[0].value}"] if t.args and t.args[0].op == "num" else []
    return [*first, op]


def _aligned(a: Piece, rank: int) -> Piece:
    """A value of the samples beside vectors: it goes with every component."""
    if a.rank in (CONSTANT, rank) or rank < 1:
        return a
    if a.rank > 0:
        raise UnsupportedError("a vector and a matrix are not combined component by component")
    return Piece(f"{a.at_least(ATOM)}[...{', None' * rank}]", ATOM, rank)


def _signed_terms(args: Sequence[Piece]) -> list[str]:
    """Summands, each but the first with its sign before it."""
    shown: list[str] = []
    for a in args:
        if a.text == "0" and len(args) > 1:
            continue
        if not shown:
            shown.append(a.at_least(ADD))
        elif a.without_sign is not None:
            shown.append(f"- {a.without_sign.at_least(NEG + 1)}")
        else:
            shown.append(f"+ {a.at_least(ADD)}")
    return shown or ["0"]


def _number(value: object) -> Piece:
    q = Fraction(str(value))
    if q < 0:
        positive = _number(-q)
        return Piece(f"-{positive.at_least(SIGN)}", SIGN, CONSTANT, positive)
    if q.denominator == 1:
        return Piece(str(q.numerator) if q < 10**15 else repr(_float(q)), ATOM, CONSTANT)
    decimal = repr(_float(q))
    if Fraction(decimal) == q and len(decimal) < 8:
        return Piece(decimal, ATOM, CONSTANT)
    if max(q.numerator, q.denominator) >= 10**15:
        return Piece(repr(_float(q)), ATOM, CONSTANT)
    return Piece(f"{q.numerator} / {q.denominator}", MUL, CONSTANT)


def _float(q: Fraction) -> float:
    try:
        return float(q)
    except OverflowError:
        raise UnsupportedError("a number is too large for floating point") from None


