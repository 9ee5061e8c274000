"""Tokens → terms: precedence climbing with a stack of its own, so that no input exhausts Python's.

Long sums and products are collected in one list, so flat input of any length takes linear time.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from lossproof.errors import KindError, LimitError
from lossproof.syntax import faults
from lossproof.syntax.domains import DomainReader
from lossproof.syntax.functions import (
    CONDITIONS,
    CONSTANTS,
    FUNCTIONS,
    OF_DISTRIBUTIONS,
    RULE_FUNCTIONS,
    SHORTHANDS,
    Function,
)
from lossproof.syntax.tokens import Tokens, tokenize
from lossproof.terms import Term, bound, const, make, neg, sym

MAX_NESTING: Final = 200  # parentheses, brackets and bars within each other

# How tightly an operator binds.
OR, AND, NOT, COMPARE, ADD, NEG, MUL, SIGN, POW = range(1, 10)
_COMPARISONS: Final = {"==": "eq", "!=": "ne", "<": "lt", "<=": "le", ">": "gt", ">=": "ge"}
_CLOSERS: Final = {")": "(", "]": "[", "|": "|", "‖": "‖"}
_OPENERS: Final = frozenset("([|‖")


class Frame:
    """An open parenthesis, bracket, bar or call, and what stood before it."""

    __slots__ = ("args", "base", "function", "index", "kind", "mark", "name", "ops", "start", "token")

    def __init__(self, kind: str, mark: str, token: int, start: int, ops: list[list[Any]]) -> None:
        self.kind = kind  # group, call, dist, vec, at, abs, norm
        self.mark = mark  # ( [ | ‖
        self.token = token  # of the opening mark
        self.start = start  # in the text, of the function's name if there is one
        self.ops = ops
        self.args: list[Term] = []
        self.name = ""
        self.function: Function | None = None
        self.index = ""  # the index that a sum or product binds
        self.base: Term | None = None  # what is indexed


class Parser(DomainReader):
    """Reads expressions, conditions and domains from a list of tokens, at ``self.i``."""

    def __init__(self, tokens: Tokens, *, indices: Iterable[str] = (), rule: bool = False) -> None:
        self.text, self.kinds, self.values, self.starts, self.ends = tokens
        self.rule = rule
        self.scope: dict[str, int] = dict.fromkeys(indices, 1)
        self.i = 0
        self.depth = 0  # expressions being read within each other
        self.ops: list[list[Any]] = []
        self.frames: list[Frame] = []
        self.cur: Term = make("num", (), None)
        self.start = 0

    def expression(self) -> Term:
        """The longest expression or condition from here on; stops at what cannot continue it."""
        outer = self.ops, self.frames, self.cur, self.start
        self.ops, self.frames = [], []
        self.depth += 1
        try:
            while True:
                while not self._operand():
                    pass
                while (more := self._operator()) is None:
                    pass
                if not more:
                    self._reduce(0)
                    return self.cur
        finally:
            self.depth -= 1
            self.ops, self.frames, self.cur, self.start = outer

    # -- operands ---------------------------------------------------------------------------

    def _operand(self) -> bool:
        """Read one token where a value is expected; True when the value is complete."""
        i = self.i
        kind = self.kinds[i]
        if kind == "num":
            self.cur, self.start = self.values[i], self.starts[i]  # type: ignore[assignment]
            self.i = i + 1
            return True
        if kind == "name":
            self.start = self.starts[i]
            if self.kinds[i + 1] == "(" and self.values[i] not in CONSTANTS:
                return self._call(i)
            self.cur = self._name(i)
            self.i = i + 1
            return True
        if kind == "-":
            # -x^2 is -(x^2) and -a*b is -(a*b), but a*-b*c is a*(-b)*c
            tight = bool(self.ops) and self.ops[-1][0] >= MUL
            self.ops.append([SIGN if tight else NEG, "neg", None, self.starts[i]])
        elif kind in _OPENERS:
            self._open({"(": "group", "[": "vec", "|": "abs", "‖": "norm"}[kind], kind, i, self.starts[i])
        elif kind == "∞":
            self.cur, self.start = const("oo"), self.starts[i]
            self.i = i + 1
            return True
        elif kind == "√":
            return self._root(i)
        elif kind == "not" and (not self.ops or self.ops[-1][0] <= NOT):
            self.ops.append([NOT, "not", None, self.starts[i]])
        elif kind != "+":
            raise faults.no_operand(self)
        self.i = i + 1
        return False

    def _name(self, i: int) -> Term:
        name = str(self.values[i])
        if name in CONSTANTS:
            return sym(name) if name != "oo" and self.kinds[i + 1] == "[" else const(name)
        if not self.scope:
            return sym(name)
        if name in self.scope:
            return bound(name)
        indices: list[Term] = []
        while "_" in name:
            base, _, last = name.rpartition("_")
            if last not in self.scope or not base:
                break
            indices.insert(0, bound(last))
            name = base
        return make("at", (sym(name), *indices)) if indices else sym(name)

    def _open(self, kind: str, mark: str, token: int, start: int) -> Frame:
        if len(self.frames) + self.depth > MAX_NESTING:
            raise LimitError(
                f"more than {MAX_NESTING} parentheses within each other",
                text=self.text,
                span=(self.starts[token], self.ends[token]),
                hint="give a name to an inner part: z = ...",
            )
        frame = Frame(kind, mark, token, start, self.ops)
        self.frames.append(frame)
        self.ops = []
        return frame

    def _call(self, i: int) -> bool:
        name = str(self.values[i])
        function = FUNCTIONS.get(name) or (RULE_FUNCTIONS.get(name) if self.rule else None)
        if self.rule and self._distribution_here(function):
            record = self.raw(i).replace("_", "-")
            self._open("dist", "(", i + 1, self.starts[i]).name = f"dist:{record[0].lower()}{record[1:]}"
        elif function is None:
            raise faults.no_function(self, i)
        else:
            frame = self._open("call", "(", i + 1, self.starts[i])
            frame.name, frame.function = name, function
            if name in ("sum", "prod") and self.kinds[i + 2] == "name" and self.kinds[i + 3] == ",":
                index = str(self.values[i + 2])
                if index in CONSTANTS:
                    raise faults.at_token(self, i + 2, f"{index} is a constant and cannot be an index", hint="use k")
                frame.index = index
                frame.args.append(bound(index))
                i += 2
        self.i = i + 2
        return False

    def _distribution_here(self, function: Function | None) -> bool:
        """Whether a distribution stands here: where a function of distributions has one, or within a distribution if it is no function."""
        if not self.frames or self.ops:
            return False
        frame = self.frames[-1]
        return (frame.kind == "dist" and function is None) or len(frame.args) < OF_DISTRIBUTIONS.get(frame.name, 0)

    def _root(self, i: int) -> bool:
        if self.kinds[i + 1] == "(":
            frame = self._open("call", "(", i + 1, self.starts[i])
            frame.name, frame.function = "sqrt", FUNCTIONS["sqrt"]
            self.i = i + 2
            return False
        kind = self.kinds[i + 1]
        if kind not in ("num", "name"):
            raise faults.at_token(self, i, "√ needs a number, a name or a parenthesis after it", hint="√(x + 1)")
        if self.kinds[i + 2] in ("sup", "^", "[", "name", "num", "!", "("):
            raise faults.two_roots(self, i)
        leaf = self.values[i + 1] if kind == "num" else self._name(i + 1)
        self.cur, self.start = make("sqrt", (leaf,)), self.starts[i]  # type: ignore[arg-type]
        self.i = i + 2
        return True

    # -- operators --------------------------------------------------------------------------

    def _operator(self) -> bool | None:
        """Read one token after a value: True if a value must follow, None if one stands, False at the end."""
        kind = self.kinds[self.i]
        if kind in {"+", "-"}:
            self._additive(kind == "-")
        elif kind == "*":
            self._times()
        elif kind == "/":
            self._reduce(SIGN - 1)
            if self.ops and self.ops[-1][0] == MUL:
                self._fold(self.ops.pop())
            self.ops.append([MUL, "div", self._value(), self.start])
        elif kind == "^":
            self.ops.append([POW, "pow", self._value(), self.start])
        elif kind == "sup":
            self.cur = make("pow", (self._value(), self.values[self.i]))  # type: ignore[arg-type]
            self.i += 1
            return None
        elif kind in _CLOSERS:
            if not self.frames:
                return False
            self._close(kind)
            return None
        elif kind == ",":
            if not self.frames:
                return False
            self._comma()
        else:
            return self._rare(kind)
        self.i += 1
        return True

    def _rare(self, kind: str) -> bool | None:
        if kind == "[":
            self._index()
        elif kind in _COMPARISONS:
            self._compare(_COMPARISONS[kind])
        elif kind == "in" or (kind == "not" and self.kinds[self.i + 1] == "in"):
            self._membership(kind == "not")
            return None
        elif kind in {"and", "or"}:
            self._connective(kind)
        elif kind == "!":
            self.cur = make("factorial", (self._value(),))
            self.i += 1
            return None
        elif kind == "...":
            self._sequence()
            return None
        elif self._juxtaposed(kind):
            self._times()
            return True
        elif self.frames:
            raise faults.no_operator(self)
        else:
            return False
        self.i += 1
        return True

    def _additive(self, minus: bool) -> None:
        self._reduce(ADD)
        ops = self.ops
        if ops and ops[-1][0] == ADD:
            chain = ops[-1]
            chain[2].append(neg(self._value()) if chain[4] else self._value())
            chain[4] = minus
        else:
            ops.append([ADD, "add", [self._value()], self.start, minus])

    def _times(self) -> None:
        self._reduce(MUL)
        ops = self.ops
        if ops and ops[-1][0] == MUL:
            if ops[-1][1] == "mul":
                ops[-1][2].append(self._value())
                return
            self._fold(ops.pop())
        ops.append([MUL, "mul", [self._value()], self.start])

    def _juxtaposed(self, kind: str) -> bool:
        """Whether a product is meant: a number with a name, parenthesis or root right after it, or π with a name."""
        last = self.i - 1
        number = self.kinds[last] == "num" and kind in ("name", "(", "√", "∞")
        if not number and not (kind == "name" and self.text[self.starts[last] : self.ends[last]] == "π"):
            return False
        ops = len(self.ops) - 1
        while ops >= 0 and self.ops[ops][0] == SIGN:
            ops -= 1
        if ops >= 0 and self.ops[ops][1] in ("div", "pow"):
            raise faults.two_products(self, self.ops[ops])
        return True

    def _compare(self, op: str) -> None:
        self._reduce(COMPARE)
        ops = self.ops
        if ops and ops[-1][0] == COMPARE:
            ops[-1][2].append(self._value())
            ops[-1][4].append(op)
        else:
            ops.append([COMPARE, "compare", [self._value()], self.start, [op]])

    def _membership(self, negated: bool) -> None:
        self._reduce(COMPARE)
        if self.ops and self.ops[-1][0] == COMPARE:
            raise faults.at_token(
                self, self.i, "a comparison cannot go on with `in`", hint="join two conditions by `and`"
            )
        value, start = self._value(), self.start
        self.i += 1 + negated
        term = make("in", (value, self.domain()))
        self.cur, self.start = make("not", (term,)) if negated else term, start

    def _connective(self, word: str) -> None:
        level = AND if word == "and" else OR
        self._reduce(level)
        if self.ops and self.ops[-1][0] == level:
            self.ops[-1][2].append(self._condition())
        else:
            self.ops.append([level, word, [self._condition()], self.start])

    def _sequence(self) -> None:
        if not self.rule or not self.frames or self.frames[-1].kind not in ("call", "dist", "vec"):
            raise faults.at_token(self, self.i, "`...` has no meaning here", hint="write sum(k, 1, K, x_k)")
        self._reduce(0)
        self.cur = make("seq", (self.cur,))
        self.i += 1
        if self.kinds[self.i] not in (",", ")", "]"):
            raise faults.at_token(self, self.i, "`...` ends an argument", hint="x..., then a comma or a parenthesis")

    # -- folding ----------------------------------------------------------------------------

    def _reduce(self, level: int) -> None:
        """Apply the operators that bind tighter than ``level``."""
        ops = self.ops
        while ops and ops[-1][0] > level:
            self._fold(ops.pop())

    def _fold(self, entry: list[Any]) -> None:
        kind = entry[1]
        if kind == "add":
            entry[2].append(neg(self._value()) if entry[4] else self._value())
            self.cur = make("add", entry[2])
        elif kind == "mul":
            entry[2].append(self._value())
            self.cur = make("mul", entry[2])
        elif kind == "neg":
            self.cur = neg(self._value())
        elif kind == "not":
            self.cur = make("not", (self._condition(),))
        elif kind == "compare":
            values = [*entry[2], self._value()]
            found = [make(op, values[k : k + 2]) for k, op in enumerate(entry[4])]
            self.cur = make("and", found) if len(found) > 1 else found[0]
        elif kind in {"and", "or"}:
            entry[2].append(self._condition())
            self.cur = make(kind, entry[2])
        else:
            self.cur = make(kind, (entry[2], self._value()))
        self.start = entry[3]

    def _value(self) -> Term:
        if self.cur.op in CONDITIONS:
            raise faults.not_a_value(self)
        return self.cur

    def _condition(self) -> Term:
        if self.cur.op not in CONDITIONS and not (self.rule and self.cur.op == "sym"):
            raise faults.not_a_condition(self)
        return self.cur

    # -- frames -----------------------------------------------------------------------------

    def _index(self) -> None:
        if self.cur.op == "num":
            raise faults.no_operator(self)
        frame = self._open("at", "[", self.i, self.start)
        frame.base = self._value()

    def _comma(self) -> None:
        frame = self.frames[-1]
        if frame.kind in ("group", "abs", "norm"):
            raise faults.comma(self, frame)
        self._argument(frame)
        if frame.index and len(frame.args) == 3:
            self.scope[frame.index] = self.scope.get(frame.index, 0) + 1

    def _argument(self, frame: Frame) -> None:
        self._reduce(0)
        if frame.name in ("indicator", "cases") and not frame.args:
            frame.args.append(self._condition())
        else:
            frame.args.append(self._value())

    def _close(self, kind: str) -> None:
        mark = _CLOSERS[kind]
        if not self.frames or self.frames[-1].mark != mark:
            raise faults.closer(self, kind)
        frame = self.frames[-1]
        if frame.kind == "group":
            self._reduce(0)
        else:
            self._argument(frame)
            self.cur = self._built(frame)
        self.frames.pop()
        self.ops, self.start = frame.ops, frame.start
        self.i += 1

    def _built(self, frame: Frame) -> Term:
        """The term of a closed call, vector, index or bar."""
        args = frame.args
        if frame.kind == "at":
            return make("at", (frame.base, *args))  # type: ignore[arg-type]
        function = frame.function
        if function is None:
            return make(frame.name or frame.kind, args)
        if frame.index:
            if len(args) != 4:
                raise faults.arity(self, frame)
            self.scope[frame.index] -= 1
            if not self.scope[frame.index]:
                del self.scope[frame.index]
            return make(frame.name, args)
        if len(args) < function.least or (function.most is not None and len(args) > function.most):
            spread = self.rule and function.most is None and args[0].op == "seq"
            if not spread:
                raise faults.arity(self, frame)
        if frame.name in SHORTHANDS:
            return SHORTHANDS[frame.name](args[0])
        return make(function.op, args)

    def finish(self, what: str) -> None:
        """Raise unless the whole text was read."""
        if self.kinds[self.i] != "end":
            raise faults.trailing(self, what)


def parse_expression(text: str, *, indices: Iterable[str] = (), rule: bool = False) -> Term:
    """The term that an expression stands for; it may also be a condition only if ``rule`` is true.

    ``indices`` are names that are indices of an enclosing sum. With ``rule`` the syntax of records
    is understood too: ``x...``, ``add(...)``, ``pdf(D, y)``, ``free(t)``, ``maximise(g)``.
    Raises :class:`lossproof.errors.LossproofError` with the place of the fault.
    """
    parser = Parser(tokenize(text), indices=indices, rule=rule)
    term = parser.expression()
    parser.finish("expression")
    if term.op in CONDITIONS and not rule:
        raise KindError(
            "a condition stands where a value is needed",
            text=parser.text,
            span=(0, len(parser.text)),
            hint=f"indicator({parser.text.strip()[:60]}) is 1 where it holds and 0 elsewhere",
        )
    return term


def parse_condition(text: str, rule: bool = False, *, indices: Iterable[str] = ()) -> Term:
    """The condition that a text states: ``s > 0``, ``0 < p < 1``, ``y in {0, 1}``, ``a > 0 or b > 0``.

    Raises :class:`lossproof.errors.LossproofError`, a :class:`KindError` if it is a value.
    """
    parser = Parser(tokenize(text), indices=indices, rule=rule)
    term = parser.condition()
    parser.finish("condition")
    return term


def parse_domain(text: str, *, rule: bool = False) -> Term:
    """The domain that a text names: ``reals``, ``{0, 1}``, ``simplex(K)``, ``reals^D``."""
    parser = Parser(tokenize(text), rule=rule)
    term = parser.domain()
    parser.finish("domain")
    return term
