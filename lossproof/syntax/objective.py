"""Objectives as they are written: formulas in which E, H, CE, KL, JS, NLL and Risk may speak of distributions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from lossproof.errors import InputSyntaxError, KindError, Span
from lossproof.syntax import faults
from lossproof.syntax.assumption import AssumptionReader, Call
from lossproof.syntax.functions import CONDITIONS, CONSTANTS, FUNCTIONS, Function
from lossproof.syntax.tokens import Tokens, tokenize
from lossproof.terms import Term, make, sym

#: Functions of distributions in an objective, as they are written.
OBJECTIVE_FUNCTIONS: Final = {
    "E": Function("E", 2, 3, "E(p, f)"),
    "H": Function("H", 1, 1, "H(p)"),
    "CE": Function("CE", 2, 2, "CE(p, q)"),
    "KL": Function("KL", 2, 2, "KL(p, q)"),
    "JS": Function("JS", 2, 2, "JS(p, q)"),
    "NLL": Function("NLL", 2, 2, "NLL(q, y)"),
    "Risk": Function("Risk", 2, 2, "Risk(loss, y)"),
}
_DENSITY: Final = Function("pdf", 2, 2, "p(x)")


@dataclass(frozen=True, slots=True)
class Written:
    """A formula as it was read; ``calls`` are the distributions for which symbols stand that no one can type."""

    text: str
    term: Term
    calls: dict[str, Call]


@dataclass(frozen=True, slots=True)
class Let:
    """``name = formula`` or ``name = distribution``."""

    name: str
    value: Written
    span: Span


class _ObjectiveReader(AssumptionReader):
    """Reads a formula in which a distribution may stand as an argument."""

    def __init__(self, tokens: Tokens, tag: str) -> None:
        super().__init__(tokens)
        self.tag = tag
        self.calls: dict[str, Call] = {}

    def objective(self) -> Written:
        term = self.expression()
        self.finish("objective")
        if term.op in CONDITIONS:
            raise KindError("a condition is no objective", text=self.text, span=(0, len(self.text)),
                            hint="indicator(condition) is 1 where it holds, else 0")  # fmt: skip
        return Written(self.text, term, self.calls)

    def let(self) -> Let:
        if self.kinds[0] != "name" or self.kinds[1] != "=":
            raise InputSyntaxError("a definition is `name = formula`", text=self.text, span=(0, len(self.text)), hint="z = z_2 - z_1")
        name = str(self.values[0])
        if name in CONSTANTS:
            raise faults.at_token(self, 0, f"{name} is a constant and cannot be a name", hint="choose another name")
        self.i = 2
        return Let(name, self.objective(), (self.starts[0], self.ends[0]))

    def _call(self, i: int) -> bool:
        name = self.raw(i)
        function = OBJECTIVE_FUNCTIONS.get(name)
        if function is not None:
            frame = self._open("call", "(", i + 1, self.starts[i])
            frame.name, frame.function = name, function
            self.i = i + 2
            return False
        if str(self.values[i]) in FUNCTIONS or self.kinds[i + 2] == ")":
            return super()._call(i)
        if self._nested(i):
            self.i = i
            call = self.distribution(1)
            placeholder = f"·{self.tag}{len(self.calls)}"
            self.calls[placeholder] = call
            self.cur, self.start = sym(placeholder), self.starts[i]
            return True
        frame = self._open("call", "(", i + 1, self.starts[i])  # p(x): the probability or density of p at x
        frame.name, frame.function = "pdf", _DENSITY
        frame.args.append(make("sym", (), str(self.values[i])))
        self.i = i + 2
        return False


def parse_objective(text: str, tag: str = "") -> Written:
    """The formula of an objective; ``tag`` sets its placeholders apart. Raises a :class:`lossproof.errors.LossproofError` with the place of the fault."""
    return _ObjectiveReader(tokenize(text), tag).objective()


def parse_let(text: str, tag: str = "") -> Let:
    """A definition, ``z = z_2 - z_1`` or ``p = Bernoulli(theta)``."""
    return _ObjectiveReader(tokenize(text), tag).let()
