"""A second, stand-alone checker of proof JSON (schema lossproof/proof/1).

    python checker.py PROOF.json [--rules DIR] [--assume-rules]

It imports nothing of lossproof and nothing outside the standard library. It trusts the records of the
installed rules and replays everything else: terms, facts, steps, normal forms, the account of dropped
constants and scales, the points of a witness. What it checks is written in docs/architecture.md. Exit
status: 0 the proof is right, 1 it is not, 2 the input cannot be used.

Order of reading: Terms, Reader (the syntax of records), Rules, Forms (algebra), Tree, Checker (a derivation),
Reals and Evaluator (intervals), Comparison (two objectives).

Conventions that make it sound: division is total here (1/0 counts as 0), so an algebra step is refused
unless each base that it cancels is known not to be 0; nor may it cancel what may be infinite (oo, the log
of what may be 0, an expectation); facts with a free index, or the variable of an expectation, hold for every
value of it.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import (
    MAX_EMAX,
    MIN_EMIN,
    ROUND_CEILING,
    ROUND_FLOOR,
    Context,
    Decimal,
    DecimalException,
    DivisionByZero,
    InvalidOperation,
    Overflow,
)
from fractions import Fraction
from functools import cached_property, lru_cache, reduce
from math import comb, factorial, gcd, inf, isqrt, lcm
from pathlib import Path
from typing import Any, Final, NamedTuple, NoReturn

SCHEMA: Final = "lossproof/proof/1"
MAX_BYTES: Final = 1 << 28
MAX_WORK: Final = 50_000_000  # visits of terms and monomials by the algebra of one proof
MAX_POWER: Final = 4096  # exponents that the algebra looks into
MAX_MONOMIALS: Final = 4096
MAX_INDICES: Final = 100  # free in one term
MAX_TEXT: Final = 20_000  # characters of a formula in a record
MAX_NESTING: Final = 30  # parentheses in a formula of a record
RELATIONS: Final = ("equal", "up-to-constant", "up-to-scale", "same-order")
ROLES: Final = ("data", "parameter", "fixed")
MAX_VALUES: Final = 100_000  # terms that the check of a witness evaluates at one point
MAX_SERIES: Final = 200_000  # terms of series that it adds up
MAX_BITS: Final = 20_000  # of a rational that is kept exact
DIGITS: Final = (30, 60, 120, 240)  # of the intervals, tried in turn

Rational = int | Fraction
Binding = int | tuple[int, ...]
Env = dict[str, Binding]


class Rejected(Exception):
    """The proof does not hold as it stands."""


class Unusable(Exception):
    """The input is no proof at all, or the rules cannot be read."""


def need(holds: object, message: str) -> None:
    """Reject the proof unless the condition holds (never an assert: -O must change nothing)."""
    if not holds:
        raise Rejected(message)


@dataclass
class Report:
    """What the checker found; ``status`` is the exit status, ``messages`` tell the first failure."""

    status: int = 0
    messages: list[str] = field(default_factory=list)
    assumptions: list[str] = field(default_factory=list)
    claim: str = ""
    notes: list[str] = field(default_factory=list)
    steps: int = 0
    facts: int = 0
    rules: int = 0

    @property
    def ok(self) -> bool:
        """Whether the proof was accepted."""
        return self.status == 0


# -- terms: integers into one table ----------------------------------------------------------------

# Sorts: N value, I index, B condition, D domain, P distribution, O objective, S sequence, ? metavariable.
_Signature = tuple[str, int, int | None, str]  # result, least, most, sorts of the arguments (the last repeats)


def _signatures() -> dict[str, _Signature]:
    rows: list[tuple[str, _Signature]] = [
        ("add mul", ("N", 2, None, "N")),
        ("neg log exp sqrt abs sigmoid softmax softplus logit logsumexp tanh cosh sinh cos sin atan Phi erf erfc", ("N", 1, 1, "N")),
        ("gamma lgamma digamma factorial zeta stop_gradient norm det logdet trace diag inv eye", ("N", 1, 1, "N")),
        ("samples_sum samples_mean samples_prod", ("N", 1, 1, "N")),
        ("div pow xlogy beta lbeta binomial besseli dot quad", ("N", 2, 2, "N")),
        ("min max", ("N", 2, None, "N")),
        ("vec", ("N", 1, None, "N")),
        ("indicator", ("N", 1, 1, "B")),
        ("sum prod", ("N", 4, 4, "INNN")),
        ("at", ("N", 2, None, "N")),
        ("cases", ("N", 3, 3, "BNN")),
        ("pdf cdf cdf_below", ("N", 2, 2, "PN")),
        ("eq ne lt le gt ge", ("B", 2, 2, "N")),
        ("and or", ("B", 2, None, "B")),
        ("not", ("B", 1, 1, "B")),
        ("in", ("B", 2, 2, "ND")),
        ("free shared", ("B", 1, 1, "?")),
        ("without", ("B", 2, 2, "?")),
        ("ranges", ("B", 2, 2, "ND")),
        ("E", ("N", 3, 3, "PNN")),
        ("H NLL", ("N", 2, 2, "PN")),
        ("CE KL JS", ("N", 3, 3, "PPN")),
        ("Risk", ("N", 2, 2, "N")),
        ("simplex categories onehot counts posdef", ("D", 1, 1, "N")),
        ("power_domain", ("D", 2, 2, "DN")),
        ("set", ("D", 1, None, "N")),
        ("maximise minimise", ("O", 1, 1, "N")),
        ("seq", ("S", 1, 1, "?")),
    ]
    return {op: signature for ops, signature in rows for op in ops.split()}


SIGNATURES: Final = _signatures()
LEAF_SORTS: Final = {"num": "N", "sym": "N", "bound": "I", "const": "N", "domain": "D", "meta": "?"}
CONSTANTS: Final = ("pi", "oo", "n_samples")
DOMAINS: Final = ("reals", "positive", "nonnegative", "unit", "unit_closed", "integers", "naturals")
FLAT: Final = ("add", "mul", "and", "or", "min", "max")
NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,199}")
NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,3999})(?:/[1-9][0-9]{0,3999})?")
DISTRIBUTION: Final = re.compile(r"dist:[a-z0-9][a-z0-9-]{0,99}")

# Where the variable of an expectation stands: after the distributions, which it does not bind.
OVER: Final = {"E": 1, "H": 1, "CE": 2, "KL": 2, "JS": 2}
# How many distributions a function begins with.
DISTRIBUTIONS: Final = {"pdf": 1, "cdf": 1, "cdf_below": 1, "NLL": 1, **OVER}
NUMBERED: Final = ("expectation", "finite")  # what a distribution's record gives several of
# What may be infinite where all that it is made of is finite.
EXPECTED: Final = ("NLL", "Risk", *OVER)

# What a term has in it, as bits.
PARAMETER: Final = 1  # a symbol of role parameter
INDEXED: Final = 2  # a symbol that varies with the sample
LOOSE: Final = 4  # such a symbol outside samples_sum, samples_mean, samples_prod
INFINITE: Final = 16  # oo, other than as a distribution's argument
ARRAY: Final = 8  # its value may be a vector or matrix
EMPIRICAL: Final = 32  # an empirical distribution, outside expectations
_SCALAR = ("H", "CE", "KL", "JS", "NLL", "dot", "norm", "quad", "det", "logdet", "trace", "at", "logsumexp", "beta", "lbeta", "pdf", "cdf", "cdf_below", "indicator")


class Terms:
    """Hash-consed terms: equal terms have equal numbers. Operator, arguments and value stand in parallel lists."""

    def __init__(self) -> None:
        self.ops: list[str] = []
        self.args: list[tuple[int, ...]] = []
        self.values: list[Fraction | str | None] = []
        self.sorts: list[str] = []
        self.bits: list[int] = []
        self.free: list[frozenset[str]] = []  # indices, and as "=x" variables of expectations, that nothing inside binds
        self.symbols: dict[str, int] = {}  # name → bits of the symbol
        self.variables: set[str] = set()  # the symbols that expectations are taken over
        self._table: dict[tuple[object, ...], int] = {}
        self.zero = self.leaf("num", Fraction(0))
        self.one = self.leaf("num", Fraction(1))

    def leaf(self, op: str, value: Fraction | str) -> int:
        """A leaf; a symbol has the bits that were declared for its name."""
        key = (op, None, value)
        found = self._table.get(key)
        if found is None:
            found = self._append(key, op, (), LEAF_SORTS[op])
            self.values.append(value)
            self.bits.append(self.symbols[str(value)] if op == "sym" else INFINITE if value == "oo" else 0)
            self.free.append(frozenset((self.bound_name(found),)) if op == "bound" or self.is_variable(found) else frozenset())
        return found

    def is_variable(self, t: int) -> bool:
        """Whether a term is a symbol that expectations are taken over."""
        return self.ops[t] == "sym" and self.values[t] in self.variables

    def bound_name(self, t: int) -> str:
        """Under what name ``free`` has an index or variable."""
        return str(self.values[t]) if self.ops[t] == "bound" else f"={self.values[t]}"

    def make(self, op: str, args: Sequence[int]) -> int:
        """An operator at its arguments. Rejects what is not well formed."""
        key = (op, *args)
        found = self._table.get(key)
        if found is None:
            sort, bits, free = self._check(op, args), self._bits_of(op, args), self._free_of(op, args)
            found = self._append(key, op, tuple(args), sort)
            self.values.append(None)
            self.bits.append(bits)
            self.free.append(free)
        return found

    def _append(self, key: tuple[object, ...], op: str, args: tuple[int, ...], sort: str) -> int:
        self._table[key] = len(self.ops)
        self.ops.append(op)
        self.args.append(args)
        self.sorts.append(sort)
        return len(self.ops) - 1

    def _check(self, op: str, args: Sequence[int]) -> str:
        sorts = self.sorts
        if DISTRIBUTION.fullmatch(op):
            need(all(sorts[a] in "NIP?S" for a in args), f"{op} takes values and distributions")
            return "P"
        need(op in SIGNATURES, f"there is no operator {op[:40]}")
        result, least, most, wanted = SIGNATURES[op]
        spread = any(sorts[a] == "S" for a in args)
        need(spread or (len(args) >= least and (most is None or len(args) <= most)), f"{op} has {len(args)} arguments")
        last = len(wanted) - 1
        for i, a in enumerate(args):
            sort, want = sorts[a], wanted[min(i, last)]
            fits = sort in (want, "?") or want == "?" or (want == "N" and sort == "I") or (sort == "S" and most is None)
            need(fits, f"argument {i} of {op} is of the wrong sort")
        if op in OVER or op == "without":
            over = args[OVER.get(op, 1)]
            plain = self.ops[over] == "meta" or self.is_variable(over) or (op == "without" and self.ops[over] == "bound")
            need(plain, f"{op} is not over {self.show(over)}")
        return result

    def _bits_of(self, op: str, args: Sequence[int]) -> int:
        bits = 0
        for a in args[1:] if op == "cases" else args:
            bits |= self.bits[a]
        if op == "cases":
            bits |= self.bits[args[0]] & ~ARRAY
        if op.startswith("samples_") or op in ("NLL", "Risk"):
            bits &= ~LOOSE
        if op.startswith("dist:"):
            bits &= ~INFINITE
        if op == "dist:empirical":  # of all the samples
            bits = bits & ~LOOSE | EMPIRICAL
        if op in OVER and bits & EMPIRICAL:  # the mean over the samples, with whatever else of the sample stands there
            mean = op != "JS" and self.ops[args[0]] == "dist:empirical"
            need(mean or not bits & LOOSE, f"in {op} something varies with the sample beside the empirical distribution")
            bits &= ~(EMPIRICAL | LOOSE)
        if op in ("vec", "eye", "diag", "inv", "softmax"):
            bits |= ARRAY
        elif op in _SCALAR or op in ("sum", "prod", "E"):
            bits &= ~ARRAY
            if op in ("sum", "prod", "E"):
                bits |= self.bits[args[-1]] & ARRAY
        return bits

    def _free_of(self, op: str, args: Sequence[int]) -> frozenset[str]:
        free = self.free
        if op in ("sum", "prod") and len(args) == 4:
            return (free[args[3]] - free[args[0]]) | free[args[1]] | free[args[2]]
        found: frozenset[str] = frozenset()
        if op in OVER:
            at = OVER[op]
            args, found = args[:at], frozenset().union(*[free[a] - free[args[at]] for a in args[at + 1 :]])
        for a in args:
            if free[a]:
                found |= free[a]
        need(len(found) <= MAX_INDICES, "too many indices are free in one term")
        return found

    def subterms(self, root: int, stop: Container[int] = ()) -> dict[int, None]:
        """The distinct subterms, not looking into those in ``stop``."""
        seen: dict[int, None] = {}
        if root in stop:
            return seen
        stack = [root]
        while stack:
            t = stack.pop()
            if t not in seen:
                seen[t] = None
                stack.extend([a for a in self.args[t] if a not in seen and a not in stop])
        return seen

    def rebuild(self, root: int, visit: Callable[[int, list[int]], int]) -> int:
        """Rebuild bottom-up: ``visit`` gets each term and its rebuilt arguments."""
        memo: dict[int, int] = {}
        stack = [root]
        while stack:
            t = stack[-1]
            if t in memo:
                stack.pop()
                continue
            pending = [a for a in self.args[t] if a not in memo]
            if pending:
                stack.extend(pending)
                continue
            stack.pop()
            memo[t] = visit(t, [memo[a] for a in self.args[t]])
        return memo[root]

    def show(self, root: int, budget: int = 60) -> str:
        """A term in prefix form for messages, cut where it gets long."""
        out: list[str] = []
        stack: list[int | str] = [root]
        while stack and budget > 0:
            t = stack.pop()
            if isinstance(t, str):
                out.append(t)
                continue
            budget -= 1
            if self.values[t] is not None:
                out.append(str(self.values[t]))
                continue
            out.append(self.ops[t] + "(")
            parts: list[int | str] = [")"]
            for a in reversed(self.args[t][:budget]):
                parts += [a, ", "]
            stack.extend(parts[:-1] if len(parts) > 1 else parts)
        return "".join(out) + ("..." if stack and budget <= 0 else "")

    def propositions(self, condition: int) -> list[int]:
        """A condition as the propositions that it joins: a < b is b > a, and a > b is a - b > 0."""
        found: list[int] = []
        stack = [condition]
        while stack:
            t = stack.pop()
            op, args = self.ops[t], self.args[t]
            if op == "and":
                stack.extend(reversed(args))
                continue
            if op in ("lt", "le"):
                op, args = ("gt" if op == "lt" else "ge"), (args[1], args[0])
            if op in ("gt", "ge", "ne", "eq") and args[1] != self.zero:
                args = (self.make("add", (args[0], self.make("neg", (args[1],)))), self.zero)
            found.append(self.make(op, args))
        return found


# -- the syntax of records -------------------------------------------------------------------------

_TOKEN: Final = re.compile(
    r"\s*(?:([0-9]+(?:\.[0-9]+)?)|([A-Za-z][A-Za-z0-9_]*)|(\.\.\.|\*\*|[<>=!]=|[-+*/^()\[\]{},<>|])|$)"
)
_COMPARE: Final = {"==": "eq", "!=": "ne", "<": "lt", "<=": "le", ">": "gt", ">=": "ge"}
_WORDS: Final = ("and", "or", "not", "in")
_ALIASES: Final = {"ln": "log", "arctan": "atan", "sum": "samples_sum", "mean": "samples_mean", "prod": "samples_prod"}
_NOT_CALLED: Final = frozenset(("ranges", "neg", "div", "pow", "at", "seq", "and", "or", "not", "in", "set", "power_domain", "eq", "ne", "lt", "le", "gt", "ge"))
_MARKS: Final = ("hat", "bar", "tilde")


def tidy(name: str) -> str:
    """The canonical spelling of an ASCII name: y_hat is yhat, lambda is lam."""
    parts = name.split("_")
    if len(parts) > 1 and parts[0] and parts[1] in _MARKS:
        parts[:2] = [parts[0] + parts[1]]
    for i, part in enumerate(parts):
        rest = part[6:] if part.startswith("lambda") else None
        if rest is not None and (not rest or rest.isdigit() or rest.rstrip("0123456789") in _MARKS):
            parts[i] = "lam" + rest
    return "_".join(parts)


class Reader:
    """Reads one formula of a record; its names become metavariables. Nesting is bounded, so recursion is."""

    def __init__(self, terms: Terms, text: object) -> None:
        self.t = terms
        if not isinstance(text, str) or len(text) > MAX_TEXT:
            raise Rejected("a formula of a record is a text of bounded length")
        self.text = text
        self.tokens: list[tuple[str, str]] = []
        at = 0
        while at < len(text):
            found = _TOKEN.match(text, at)
            need(found, f"unexpected character {text[at : at + 8]!r} in {text[:80]!r}")
            assert found is not None
            at = found.end()
            kind = found.lastindex
            if kind:
                word = found[kind].replace("**", "^")
                self.tokens.append(("num" if kind == 1 else "name" if kind == 2 and word not in _WORDS else word, word))
        self.tokens += [("end", ""), ("end", ""), ("end", "")]
        self.i = 0
        self.depth = 0
        self.scope: list[str] = []

    def whole(self, what: Callable[[], int]) -> int:
        """The formula read to its end."""
        term = what()
        self.expect("end")
        return term

    def kind(self, ahead: int = 0) -> str:
        return self.tokens[self.i + ahead][0]

    def take(self, kind: str) -> bool:
        found = self.kind() == kind
        self.i += found
        return found

    def expect(self, kind: str) -> str:
        need(self.kind() == kind, f"expected {kind} after {self.i} tokens of {self.text[:80]!r}")
        self.i += 1
        return self.tokens[self.i - 1][1]

    # From the loosest operator to the tightest.

    def expression(self) -> int:
        self.depth += 1
        need(self.depth <= MAX_NESTING, f"too deep: {self.text[:80]!r}")
        found = self._joined("or", lambda: self._joined("and", self._negated))
        self.depth -= 1
        return found

    def _joined(self, word: str, part: Callable[[], int]) -> int:
        parts = [part()]
        while self.take(word):
            parts.append(part())
        return self.t.make(word, parts) if len(parts) > 1 else parts[0]

    def _negated(self) -> int:
        minus = 0
        while self.take("not"):
            minus += 1
        found = self._comparison()
        for _ in range(minus):
            found = self.t.make("not", (found,))
        return found

    def _comparison(self) -> int:
        left = self._sum()
        if self.kind() == "in" or (self.kind() == "not" and self.kind(1) == "in"):
            negated = self.take("not")
            self.expect("in")
            found = self.t.make("in", (left, self.domain()))
            return self.t.make("not", (found,)) if negated else found
        found_all: list[int] = []
        while self.kind() in _COMPARE:
            op = _COMPARE[self.kind()]
            self.i += 1
            right = self._sum()
            found_all.append(self.t.make(op, (left, right)))
            left = right
        return left if not found_all else found_all[0] if len(found_all) == 1 else self.t.make("and", found_all)

    def _sum(self) -> int:
        parts = [self._product(signed=True)]
        while self.kind() in ("+", "-"):
            minus = self.kind() == "-"
            self.i += 1
            part = self._product(signed=True)
            parts.append(self.t.make("neg", (part,)) if minus else part)
        return self.t.make("add", parts) if len(parts) > 1 else parts[0]

    def _product(self, signed: bool) -> int:
        minus = 0  # -a*b is -(a*b)
        while signed and self.kind() in ("+", "-"):
            minus += self.kind() == "-"
            self.i += 1
        factors = [self._power()]
        divided = False
        while True:
            if self.take("*"):
                factors.append(self._factor())
                divided = False
            elif self.take("/"):
                left = self.t.make("mul", factors) if len(factors) > 1 else factors[0]
                factors = [self.t.make("div", (left, self._factor()))]
                divided = True
            elif self.tokens[self.i - 1][0] == "num" and self.kind() in ("name", "("):
                need(not divided and self.t.ops[factors[-1]] in ("num", "neg"), f"ambiguous product in {self.text[:80]!r}")
                factors.append(self._power())
            else:
                break
        found = self.t.make("mul", factors) if len(factors) > 1 else factors[0]
        for _ in range(minus):
            found = self.t.make("neg", (found,))
        return found

    def _factor(self) -> int:
        minus = 0  # a*-b*c is a*(-b)*c
        while self.kind() in ("+", "-"):
            minus += self.kind() == "-"
            self.i += 1
        found = self._power()
        for _ in range(minus):
            found = self.t.make("neg", (found,))
        return found

    def _power(self) -> int:
        base = self._indexed()
        if not self.take("^"):
            return base
        self.depth += 1
        need(self.depth <= MAX_NESTING, f"too deep: {self.text[:80]!r}")
        exponent = self._factor()
        self.depth -= 1
        return self.t.make("pow", (base, exponent))

    def _indexed(self) -> int:
        number = self.kind() == "num"
        found = self._operand()
        while self.kind() == "[" and not number:
            self.i += 1
            found = self.t.make("at", [found, *self._arguments("]")])
        return found

    def _operand(self) -> int:
        kind, word = self.tokens[self.i]
        self.i += 1
        if kind == "num":
            return self.t.leaf("num", Fraction(word))
        if kind == "name":
            return self._call(word) if self.kind() == "(" and word not in CONSTANTS else self._name(tidy(word))
        if kind == "(":
            found = self.expression()
            self.expect(")")
            return found
        if kind == "|":
            found = self.expression()
            self.expect("|")
            return self.t.make("abs", (found,))
        need(kind == "[", f"expected a value after {self.i - 1} tokens of {self.text[:80]!r}")
        return self.t.make("vec", self._arguments("]"))

    def _name(self, name: str) -> int:
        if name in CONSTANTS:
            return self.t.leaf("const", name)
        if name in self.scope:
            return self.t.leaf("bound", name)
        indices: list[int] = []
        while "_" in name and name.rpartition("_")[2] in self.scope and name.rpartition("_")[0]:
            name, _, last = name.rpartition("_")
            indices.insert(0, self.t.leaf("bound", last))
        base = self.t.leaf("meta", name)
        return self.t.make("at", [base, *indices]) if indices else base

    def _call(self, name: str) -> int:
        self.expect("(")
        t = self.t
        if name in ("sum", "prod") and self.kind() == "name" and self.kind(1) == ",":
            index = tidy(self.expect("name"))
            need(index not in CONSTANTS, "a constant is no index")
            self.expect(",")
            lower = self.expression()
            self.expect(",")
            upper = self.expression()
            self.expect(",")
            self.scope.append(index)
            body = self.expression()
            self.scope.pop()
            self.expect(")")
            return t.make(name, (t.leaf("bound", index), lower, upper, body))
        args = [] if self.take(")") else self._arguments(")", DISTRIBUTIONS.get(name, 0))
        if name in ("log1p", "expm1", "sech") and len(args) == 1:
            if name == "log1p":
                return t.make("log", (t.make("add", (t.one, args[0])),))
            if name == "expm1":
                return t.make("add", (t.make("exp", args), t.make("neg", (t.one,))))
            return t.make("div", (t.one, t.make("cosh", args)))
        op = _ALIASES.get(name, name)
        need(op in SIGNATURES and op not in _NOT_CALLED, f"there is no function {name[:40]}")
        return t.make(op, args)

    def _distribution(self, anything: bool) -> int | None:
        """A distribution written by its id where one may stand: Normal(mu, sigma) is dist:normal."""
        word = self.tokens[self.i][1]
        if self.kind() != "name" or self.kind(1) != "(" or not (anything or _ALIASES.get(word, word) not in SIGNATURES):
            return None
        self.i += 2
        self.depth += 1
        need(self.depth <= MAX_NESTING, f"too deep: {self.text[:80]!r}")
        args = [] if self.take(")") else self._arguments(")", MAX_TEXT, within=True)
        self.depth -= 1
        return self.t.make("dist:" + (word[0].lower() + word[1:]).replace("_", "-"), args)

    def _arguments(self, closer: str, distributions: int = 0, within: bool = False) -> list[int]:
        found: list[int] = []
        while True:
            here = self._distribution(not within) if len(found) < distributions else None
            term = self.expression() if here is None else here
            found.append(self.t.make("seq", (term,)) if self.take("...") else term)
            if not self.take(","):
                self.expect(closer)
                return found

    def domain(self) -> int:
        """A domain: what stands after ``in``."""
        t = self.t
        if self.take("{"):
            return t.make("set", self._arguments("}"))
        name = self.expect("name")
        if self.kind() == "(" and name in ("simplex", "categories", "onehot", "counts", "posdef"):
            self.i += 1
            return t.make(name, self._arguments(")"))
        name = {"real": "reals", "integer": "integers", "natural": "naturals"}.get(name, name)
        need(name in DOMAINS or (len(name) == 1 and name.isupper()), f"there is no domain {name[:40]}")
        found = t.leaf("domain", name) if name in DOMAINS else t.leaf("meta", name)
        return t.make("power_domain", (found, self._operand())) if self.take("^") else found


# -- rules -----------------------------------------------------------------------------------------


@dataclass(eq=False)
class Rule:
    """A record as patterns. A fact's ``source`` is what it shows and ``requires`` what it is given."""

    id: str
    source: int
    target: int | None
    requires: list[int]
    relation: str = "equal"
    support: list[int] = field(default_factory=list)
    places: list[tuple[str, frozenset[str], frozenset[str]]] = field(default_factory=list)
    names: frozenset[str] = frozenset()
    indices: frozenset[str] = frozenset()


class Rules:
    """Patterns: how records become rules and what a rule says at given bindings."""

    def __init__(self, terms: Terms) -> None:
        self.t = terms

    # -- from records

    def expression(self, text: object) -> int:
        reader = Reader(self.t, text)
        return reader.whole(reader.expression)

    def condition(self, text: object) -> int:
        found = self.expression(text)
        need(self.t.sorts[found] == "B", f"{str(text)[:80]!r} is no condition")
        return found

    def domain(self, text: object) -> int:
        reader = Reader(self.t, text)
        return reader.whole(reader.domain)

    def rewrite(self, id: str, record: Mapping[str, Any]) -> Rule:
        """A record of rules/algebra."""
        requires = [self.condition(c) for c in _texts(record, "requires")] + self._ranges(record)
        source, target = self.expression(record.get("from")), self.expression(record.get("to"))
        relation = record.get("relation", "equal")
        need(relation in RELATIONS, f"there is no relation {relation!r:.40}")
        if record.get("nary", False):
            (source, target), requires = self._widened([source, target], requires)
        return self.finished(Rule(id, source, target, requires, relation))

    def fact(self, id: str, record: Mapping[str, Any]) -> Rule:
        """A record of rules/facts."""
        shown = self.t.propositions(self.condition(record.get("shows")))
        need(len(shown) == 1, "a fact shows one thing")
        given = [self.condition(c) for c in _texts(record, "given")] + self._ranges(record)
        if record.get("nary", False):
            shown, given = self._widened(shown, given)
        return self.finished(Rule(id, shown[0], None, given))

    def _ranges(self, record: Mapping[str, Any]) -> list[int]:
        """What the variables of a record's expectations have to range over."""
        table = record.get("ranges", {})
        need(isinstance(table, dict), "`ranges` is a table")
        return [self.t.make("ranges", (self._metavariable(n), self.domain(d))) for n, d in table.items()]

    def expectation(self, id: str, kind: str, number: int, record: Mapping[str, Any]) -> Rule:
        """What a distribution's record says of an expectation (kind expectation), or that this is finite (kind finite).

        Entry 0 says that the expectation of a constant is the constant; the variate becomes the variable x.
        """
        t = self.t
        density = self.distribution(id, "density", record)
        parameters, variates = record.get("parameters", {}), record.get("variate", {})
        entries = record.get("expectations", [])
        plain = record.get("kind") != "combinator" and record.get("normalised", True) is True and len(variates) == 1
        need(plain, f"{id} is no distribution that adds up to one")
        need(isinstance(entries, list) and 0 <= number <= len(entries), f"{id} has no such expectation")
        names = [tidy(n) for n in parameters]
        constant = "c" + "_" * next(i for i in range(len(names) + 1) if "c" + "_" * i not in names)
        entry = {"of": constant, "is": constant, **(entries[number - 1] if number else {})}
        need(isinstance(entry["is"], str), "an expectation is a text")
        ((variate, variate_domain),) = ((tidy(n), self.domain(d)) for n, d in variates.items())
        x = t.leaf("meta", "x")
        pattern = self.expression(entry["of"])
        body = self.fill(pattern, {**self._identity(pattern), variate: x})
        target = self.expression(entry["is"])
        asked = [self.condition(c) for c in entry.get("requires", [])]
        domains = {n: self.domain(d) for n, d in zip(names, parameters.values(), strict=True)}
        sizes = set().union(*[self.names(d) for d in (variate_domain, *domains.values())])
        others = sorted(self._metas(body) - {"x", *names} - sizes)
        need("x" not in names and not any(variate in self.names(p) for p in (target, *asked)), f"{id} speaks of its variate")
        requires = [t.make("without", (t.leaf("meta", n), x)) for n in (*names, *others)]
        requires += [t.make("in", (t.leaf("meta", n), d)) for n, d in domains.items()]
        requires += [t.make("ranges", (x, variate_domain))]
        requires += [c for c in density.support if variate not in self.names(c)]
        told = set().union(*[self.names(c) for c in asked])
        requires += [t.make("in", (t.leaf("meta", n), t.leaf("domain", "reals"))) for n in others if n not in told]
        source = t.make("E", (t.args[density.source][0], x, body))
        if kind == "finite":
            source = t.make("in", (source, t.leaf("domain", "reals")))
        return self.finished(Rule(f"{kind}-{id}-{number}", source, None if kind == "finite" else target, requires + asked))

    def _metas(self, pattern: int) -> set[str]:
        return {str(self.t.values[p]) for p in self.t.subterms(pattern) if self.t.ops[p] == "meta"}

    def distribution(self, id: str, kind: str, record: Mapping[str, Any]) -> Rule:
        """The rule that unfolds a density (kind density) or distribution function (cdf, cdf_below)."""
        t = self.t
        parameters, variates = record.get("parameters", {}), record.get("variate", {"y": None})
        need(isinstance(parameters, dict) and isinstance(variates, dict) and len(variates) == 1, "parameters and variate are tables")
        takes = record.get("takes", list(parameters))
        need(isinstance(takes, list) and all(isinstance(x, str) for x in takes), "`takes` is a list of names")
        ((variate, variate_domain),) = variates.items()
        y = self._metavariable(variate)
        args: list[int] = []
        for name in takes:
            if name.startswith("["):
                need(name.endswith("...]"), f"{name[:40]} is no argument")
                args.append(t.make("vec", [t.make("seq", (self._metavariable(name[1:-4]),))]))
            elif name.endswith("..."):
                args.append(t.make("seq", (self._metavariable(name[:-3]),)))
            else:
                args.append(self._metavariable(name))
        source = t.make("pdf" if kind == "density" else kind, (t.make(f"dist:{id}", args), y))
        requires = [t.make("in", (self._metavariable(n), self.domain(d))) for n, d in parameters.items()]
        target = self.expression(record.get("density" if kind == "density" else "cdf"))
        support: list[int] = []
        if kind == "density":
            if variate_domain is not None:
                requires.append(t.make("in", (y, self.domain(variate_domain))))
            support = [self.condition(c) for c in _texts(record, "support")]
        else:
            requires += [self.condition(c) for c in _texts(record, "cdf_requires")]
        if kind == "cdf_below" and record.get("discrete", False):  # P(Y < y) is P(Y <= y - 1) on the integers
            below = {str(t.values[y]): t.make("add", (y, t.make("neg", (t.one,))))}
            target, *requires = [self.fill(p, {**self._identity(p), **below}) for p in (target, *requires)]
        return self.finished(Rule(f"{kind}-{id}", source, target, requires, "equal", support))

    def _metavariable(self, name: object) -> int:
        need(isinstance(name, str) and NAME.fullmatch(name), "a name is expected")
        return self.t.leaf("meta", tidy(str(name)))

    def finished(self, rule: Rule) -> Rule:
        """Note where each metavariable stands: in which sums and products, and indexed by what."""
        t = self.t
        stack = [(p, frozenset[str](), frozenset[str]()) for p in (rule.source, rule.target) if p is not None]
        names: set[str] = set()
        indices: set[str] = set()
        while stack:
            p, around, indexed = stack.pop()
            op, args = t.ops[p], t.args[p]
            if op in ("meta", "bound"):
                name = str(t.values[p])
                names.add(name)
                if op == "meta":
                    rule.places.append((name, around, indexed))
            elif op in ("sum", "prod"):
                index = str(t.values[args[0]])
                indices.add(index)
                stack += [(args[1], around, frozenset()), (args[2], around, frozenset()), (args[3], around | {index}, frozenset())]
            elif op in OVER:
                over = OVER[op]
                index = str(t.values[args[over]])
                indices.add(index)
                names.add(index)
                stack += [(a, around, frozenset[str]()) for a in args[:over]]
                stack += [(a, around | {index}, frozenset[str]()) for a in args[over + 1 :]]
            elif op == "at":
                # in p[k] nothing but the subscript is meant to vary with k
                subscripts = frozenset(str(t.values[a]) for a in args[1:] if t.ops[a] in ("bound", "meta"))
                stack += [(args[0], around, subscripts), *[(a, around, frozenset[str]()) for a in args[1:]]]
            else:
                stack.extend([(a, around, frozenset()) for a in args])
        rule.names, rule.indices = frozenset(names), frozenset(indices)
        for p in (*rule.requires, *rule.support):
            rule.names |= self.names(p)
        return rule

    def names(self, pattern: int) -> set[str]:
        """The metavariables and indices of a pattern."""
        return {str(self.t.values[p]) for p in self.t.subterms(pattern) if self.t.ops[p] in ("meta", "bound")}

    def _identity(self, pattern: int) -> Env:
        return {str(self.t.values[p]): p for p in self.t.subterms(pattern) if self.t.ops[p] in ("meta", "bound")}

    def _widened(self, patterns: list[int], conditions: list[int]) -> tuple[list[int], list[int]]:
        """An operator over two plain operands made one over a sequence, named like the first of them."""
        t = self.t
        pairs: dict[str, str] = {}
        for p in t.subterms(patterns[0]):
            args = t.args[p]
            if t.ops[p] in FLAT and len(args) == 2 and all(t.ops[a] == "meta" for a in args):
                pairs[str(t.values[args[0]])] = str(t.values[args[1]])
        need(pairs and len(set(pairs.values()) | set(pairs)) == 2 * len(pairs), "an nary rule has one operator with two operands")

        def widen(p: int, args: list[int]) -> int:
            if t.ops[p] in FLAT and len(args) == 2:
                for a, b in pairs.items():
                    names = self._identity(args[0])
                    if a in names and b not in names and self.fill(args[0], {**names, a: t.leaf("meta", b)}) == args[1]:
                        return t.make(t.ops[p], [t.make("seq", (args[0],))])
            return t.make(t.ops[p], args) if args else p

        seconds = set(pairs.values())
        done = [t.rebuild(p, widen) for p in patterns]
        need(not any(seconds & self.names(p) for p in done), "an nary rule treats its operands alike")
        asked: list[int] = []
        for c in conditions:
            wide = t.rebuild(c, widen)
            names = self._identity(wide)
            need(not any(a in names and b in names for a, b in pairs.items()), "an nary rule asks for each operand by itself")
            swap: Env = {b: t.leaf("meta", a) for a, b in pairs.items()}
            wide = self.fill(wide, {**names, **swap})
            if wide not in asked:
                asked.append(wide)
        return done, asked

    # -- at bindings

    def fill(self, pattern: int, env: Mapping[str, Binding]) -> int:
        """The pattern with its metavariables and indices replaced."""
        t = self.t
        memo: dict[int, int] = {}
        stack = [pattern]
        while stack:
            p = stack[-1]
            op = t.ops[p]
            if p in memo:
                stack.pop()
                continue
            if op in ("meta", "bound"):
                value = env.get(str(t.values[p]))
                need(value is not None, f"nothing is bound to {t.values[p]}")
                need(isinstance(value, int), f"{t.values[p]} stands for a sequence")
                assert isinstance(value, int)
                need(op == "meta" or t.ops[value] == "bound", f"{t.values[p]} is bound to no index")
                memo[p] = value
                continue
            pending = [a for a in t.args[p] if a not in memo and t.ops[a] != "seq"]
            if pending:
                stack.extend(pending)
                continue
            args: list[int] = []
            for a in t.args[p]:
                if t.ops[a] == "seq":
                    part = t.args[a][0]
                    args.extend([self.fill(part, one) for one in self._each(part, env)])
                else:
                    args.append(memo[a])
            memo[p] = t.make(op, args) if t.args[p] else p
        return memo[pattern]

    def _each(self, pattern: int, env: Mapping[str, Binding]) -> list[Env]:
        """The bindings for each element of the sequences in a pattern."""
        need(not any(self.t.ops[p] == "seq" for p in self.t.subterms(pattern)), "a sequence within a sequence")
        lists = {n: v for n in self.names(pattern) if isinstance(v := env.get(n), tuple)}
        lengths = {len(v) for v in lists.values()}
        need(len(lengths) == 1, "sequences of different lengths")
        return [{**env, **{n: v[i] for n, v in lists.items()}} for i in range(lengths.pop())]

    def asked(self, condition: int, env: Mapping[str, Binding]) -> list[int]:
        """The propositions that a condition asks for; over a sequence, one for each element."""
        t = self.t
        found: list[int] = []
        for part in t.args[condition] if t.ops[condition] == "and" else (condition,):
            inside = {s for p in t.subterms(part) if t.ops[p] == "seq" for s in t.subterms(p)}
            plain = [s for s in t.subterms(part, inside) if t.ops[s] == "meta" and isinstance(env.get(str(t.values[s])), tuple)]
            for one in self._each(part, env) if plain else [env]:
                found.extend(t.propositions(self.fill(part, one)))
        return found

    def matches(self, pattern: int, term: int) -> bool:
        """Whether some bindings take a pattern to a term."""
        t = self.t
        env: dict[str, int] = {}
        stack = [(pattern, term)]
        while stack:
            p, s = stack.pop()
            if t.ops[p] in ("meta", "bound"):
                if env.setdefault(str(t.values[p]), s) != s:
                    return False
            elif t.ops[p] != t.ops[s] or len(t.args[p]) != len(t.args[s]) or t.values[p] != t.values[s]:
                return False
            stack.extend(zip(t.args[p], t.args[s], strict=False))
        return True

    def check_scopes(self, rule: Rule, env: Mapping[str, Binding]) -> None:
        """Reject a use in which an index is captured or escapes: all places of a metavariable bind the same of its indices."""
        t = self.t
        need(rule.names <= env.keys(), f"nothing is bound to {', '.join(sorted(rule.names - env.keys()))}")
        called: dict[str, str] = {}
        for index in rule.indices:
            leaf = env[index]
            need(isinstance(leaf, int) and (t.ops[leaf] == "bound" or t.is_variable(leaf)), f"{index} is bound to no index")
            assert isinstance(leaf, int)
            called[index] = t.bound_name(leaf)
        need(len(set(called.values())) == len(called), "two indices have one name")
        seen: dict[str, frozenset[str]] = {}
        for name, around, indexed in rule.places:
            value = env[name]
            free: frozenset[str] = frozenset().union(*[t.free[v] for v in ((value,) if isinstance(value, int) else value)])
            if free:
                caught = free & {called[i] for i in around}
                need(seen.setdefault(name, caught) == caught, f"an index of {name} is captured or escapes")
                need(not free & {called.get(i, "") for i in indexed}, f"{name} varies with its own subscript")


def _texts(record: Mapping[str, Any], key: str) -> list[Any]:
    found = record.get(key, [] if key in ("support", "penalties", "cdf_requires") else None)
    if not isinstance(found, list):
        raise Rejected(f"`{key}` is a list")
    return found


# -- algebra: normal forms -------------------------------------------------------------------------

Monomial = tuple[tuple[int, int], ...]  # (base, exponent), sorted by base
Poly = dict[Monomial, Rational]
# Functions that are finite even at infinite arguments.
_FINITE = ("sigmoid", "softmax", "tanh", "cos", "sin", "atan", "Phi", "erf", "erfc", "indicator", "cdf", "cdf_below")
NEVER: Final = -1  # stands among the bases that must not be 0 for what no fact can allow
NOTHING: Final[frozenset[int]] = frozenset()


def whole(q: Rational) -> Rational:
    """An int where the value is whole."""
    return q.numerator if q.denominator == 1 else q


class Forms:
    """Normal forms over opaque atoms, each with the bases that it cancels (which must not be 0)."""

    def __init__(self, terms: Terms) -> None:
        self.t = terms
        self.nonzero: set[int] = set()
        self._products: dict[int, tuple[Rational, Monomial, frozenset[int]]] = {}
        self._polys: dict[int, tuple[Poly, frozenset[int]]] = {}
        self._bases: dict[tuple[object, ...], int] = {}
        self._sums: list[Poly | None] = []  # of each base, its poly if it is a sum
        self._wants: list[frozenset[int]] = []  # of each base, what must not be 0 for it to be finite
        self._poly_ids: dict[tuple[object, ...], int] = {}
        self._markers: dict[int, int] = {}  # of an expectation, what stands among its wants for "it may be infinite"
        self._ids: dict[int, int] = {}
        self._work = 0
        self.nonzero.add(self.product(terms.leaf("const", "pi"))[1][0][0])

    def same(self, left: int, right: int) -> None:
        """Reject unless the two terms are equal by algebra."""
        if left == right:
            return
        (a, cancelled), (b, more) = self.poly(left), self.poly(right)
        need(a == b, f"not equal by algebra: {self.t.show(left)} and {self.t.show(right)}")
        self._allow(cancelled | more)

    def _allow(self, cancelled: frozenset[int]) -> None:
        need(NEVER not in cancelled, "the algebra cancels what may be infinite, or multiplies vectors")
        need(cancelled <= self.nonzero, "the algebra cancels something that is not known to be other than 0, or the log of such a thing")

    def constant(self, term: int) -> Rational | None:
        """The rational that a term equals, or None."""
        poly, cancelled = self.poly(term)
        if cancelled and not cancelled <= self.nonzero:
            return None
        return 0 if not poly else poly[()] if len(poly) == 1 and () in poly else None

    def learn(self, term: int) -> None:
        """A term is known not to be 0: then none of its factors is."""
        self.nonzero.update(base for base, _ in self.product(term)[1])

    def learn_finite(self, term: int) -> None:
        """An expectation is known to be a real number: then it may cancel."""
        if self.t.ops[term] in EXPECTED:
            self.nonzero.add(self._markers[self.product(term)[1][0][0]])

    def poly(self, term: int) -> tuple[Poly, frozenset[int]]:
        self._prepare(term, True)
        return self._polys[term]

    def product(self, term: int) -> tuple[Rational, Monomial, frozenset[int]]:
        self._prepare(term, False)
        return self._products[term]

    def _spend(self, work: int) -> None:
        self._work += work
        need(self._work <= MAX_WORK, "the algebra of this proof is too much work")

    def _prepare(self, term: int, as_poly: bool) -> None:
        stack = [(term, as_poly)]
        while stack:
            t, wanted = stack[-1]
            if t in (self._polys if wanted else self._products):
                stack.pop()
                continue
            pending = self._pending(t, wanted)
            self._spend(1 + len(pending))
            if pending:
                stack.extend(pending)
                continue
            if wanted:
                self._polys[t] = self._make_poly(t)
            else:
                self._products[t] = self._make_product(t)

    def _pending(self, t: int, as_poly: bool) -> list[tuple[int, bool]]:
        op = self.t.ops[t]
        if as_poly:
            if op == "add":
                return [(a, True) for a in self._summands(t) if a not in self._polys]
            return [] if t in self._products else [(t, False)]
        if op == "add":
            return [] if t in self._polys else [(t, True)]
        if op in ("mul", "neg", "div", "pow"):
            factors, missing = self._factors(t)
            if missing:
                return [(a, True) for a in missing]
            if t not in factors:
                unknown = [(a, False) for a in factors if a not in self._products]
                if unknown or not self._divides_by_zero(factors):
                    return unknown
        return [(a, True) for a in self.t.args[t] if a not in self._polys]

    def _order(self, root: int, inside: Callable[[int], Sequence[int]]) -> list[int]:
        """The terms reachable by ``inside``, parents before children."""
        done: set[int] = set()
        order: list[int] = []
        stack = [root]
        while stack:
            t = stack[-1]
            pending = [] if t in done else [a for a in inside(t) if a not in done]
            if pending:
                stack.extend(pending)
                continue
            stack.pop()
            if t not in done:
                done.add(t)
                order.append(t)
        order.reverse()
        self._spend(len(order))
        return order

    def _summands(self, root: int) -> dict[int, list[int]]:
        """What a sum adds up, through sums and signs within it: how often it is added and subtracted."""
        ops, args = self.t.ops, self.t.args
        order = self._order(root, lambda t: args[t] if ops[t] in ("add", "neg") else ())
        counts = {t: [0, 0] for t in order}
        counts[root][0] = 1
        leaves: dict[int, list[int]] = {}
        for t in order:
            plus, minus = counts[t]
            if ops[t] == "neg":
                plus, minus = minus, plus
            elif ops[t] != "add":
                leaves[t] = counts[t]
                continue
            for a in args[t]:
                counts[a][0] += plus
                counts[a][1] += minus
        return leaves

    def _factors(self, root: int) -> tuple[dict[int, list[int]], list[int]]:
        """What a product multiplies: positive and negative exponents apart; and exponents not yet known."""
        ops, args = self.t.ops, self.t.args
        missing: list[int] = []
        powers: dict[int, int | None] = {}

        def inside(t: int) -> Sequence[int]:
            if ops[t] in ("mul", "neg", "div"):
                return args[t]
            if ops[t] != "pow":
                return ()
            if t not in powers:
                exponent = args[t][1]
                powers[t] = None
                if ops[exponent] != "num" and exponent not in self._polys:
                    missing.append(exponent)
                    return ()
                k = self.t.values[exponent] if ops[exponent] == "num" else self.constant(exponent)
                if k is not None and not isinstance(k, str) and k.denominator == 1 and -MAX_POWER <= k <= MAX_POWER:
                    powers[t] = k.numerator
            return () if powers[t] is None else (args[t][0],)

        order = self._order(root, inside)
        counts = {t: [0, 0] for t in order}
        counts[root][0] = 1
        leaves: dict[int, list[int]] = {}
        minus_one = 0
        for t in order:
            up, down = counts[t]
            if ops[t] == "div":
                top, bottom = args[t]
                counts[top][0] += up
                counts[top][1] += down
                counts[bottom][0] += down
                counts[bottom][1] += up
            elif ops[t] == "pow" and powers[t] is not None:
                k = powers[t] or 0
                counts[args[t][0]][0] += k * up if k > 0 else -k * down
                counts[args[t][0]][1] += k * down if k > 0 else -k * up
            elif ops[t] in ("mul", "neg"):
                minus_one ^= ops[t] == "neg" and (up + down) & 1
                for a in args[t]:
                    counts[a][0] += up
                    counts[a][1] += down
            else:
                leaves[t] = counts[t]
        if minus_one:
            leaves.setdefault(self.t.leaf("num", Fraction(-1)), [0, 0])[0] += 1
        return leaves, missing

    def _make_product(self, t: int) -> tuple[Rational, Monomial, frozenset[int]]:
        op = self.t.ops[t]
        if op == "num":
            q = self.t.values[t]
            assert isinstance(q, Fraction)
            return whole(q), (), NOTHING
        if op == "add":
            poly, cancelled = self._polys[t]
            if len(poly) < 2:
                return next(((q, m, cancelled) for m, q in poly.items()), (0, (), cancelled))
            content, base = self._primitive(poly)
            return content, ((base, 1),), cancelled
        if op in ("mul", "neg", "div", "pow"):
            factors, _ = self._factors(t)
            if t not in factors and not self._divides_by_zero(factors):
                return self._multiply(factors)
        return 1, ((self._atom(t), 1),), NOTHING.union(*[self._polys[a][1] for a in self.t.args[t]])

    def _divides_by_zero(self, factors: Mapping[int, list[int]]) -> bool:
        return any(down and not self._products[a][0] for a, (_, down) in factors.items())

    def _multiply(self, factors: Mapping[int, list[int]]) -> tuple[Rational, Monomial, frozenset[int]]:
        total: Rational = 1
        ups: dict[int, int] = {}
        downs: dict[int, int] = {}
        cancelled: set[int] = set()
        arrays = 0
        for a, (up, down) in factors.items():
            q, monomial, more = self._products[a]
            cancelled |= more
            if self.t.bits[a] & ARRAY:
                arrays += up + 2 * down
            if q != 1 and up != down:
                size = max(q.numerator.bit_length(), q.denominator.bit_length())
                need(size * abs(up - down) < 1_000_000 or q in (0, -1), "a number is too large")
                total = whole(total * Fraction(q) ** (up - down))
            elif q == 0 and up:
                total = 0
            for base, e in monomial:
                more_up, more_down = (e * up, e * down) if e > 0 else (-e * down, -e * up)
                ups[base] = ups.get(base, 0) + more_up
                downs[base] = downs.get(base, 0) + more_down
        both = [b for b in ups if ups[b] and downs[b]]
        cancelled.update(both)
        for b in ups if total == 0 else both:
            cancelled |= self._wants[b]
        if arrays > 1:
            cancelled.add(NEVER)
        if total == 0:
            return 0, (), frozenset(cancelled)
        exponents = sorted((b, ups[b] - downs[b]) for b in ups if ups[b] != downs[b])
        return total, tuple(exponents), frozenset(cancelled)

    def _make_poly(self, t: int) -> tuple[Poly, frozenset[int]]:
        if self.t.ops[t] == "add":
            return self._add(t)
        q, monomial, cancelled = self._products[t]
        if not q:
            return {}, cancelled
        sums = [(b, p) for b, e in monomial if e == 1 and (p := self._sums[b]) is not None]
        size = 1
        for _, p in sums:
            size *= len(p)
        if not sums or (len(sums) > 1 and size > MAX_MONOMIALS):
            return {monomial: q}, cancelled
        spread = {b for b, _ in sums}
        result: Poly = {tuple(x for x in monomial if x[0] not in spread): q}
        more: set[int] = set(cancelled)
        if len(sums) > 1:  # infinity times a difference
            more.update(*[self._wants[b] for b in spread])
        for _, p in sums:
            result = self._times(result, p, more)
        return result, frozenset(more)

    def _add(self, t: int) -> tuple[Poly, frozenset[int]]:
        result: Poly = {}
        cancelled: set[int] = set()
        for a, (plus, minus) in self._summands(t).items():
            poly, more = self._polys[a]
            cancelled |= more
            self._spend(len(poly))
            if plus and minus:
                cancelled |= self._finite(poly)
            if plus != minus:
                self._accumulate(result, poly, plus - minus, cancelled)
        return result, frozenset(cancelled)

    def _accumulate(self, into: Poly, poly: Poly, factor: int, cancelled: set[int]) -> None:
        for m, q in poly.items():
            old, more = into.get(m, 0), factor * q
            if old and (old > 0) != (more > 0):
                cancelled.update(*[self._wants[b] for b, _ in m])
            new = whole(old + more)
            if new:
                into[m] = new
            else:
                del into[m]

    def _finite(self, poly: Poly) -> frozenset[int]:
        """What must not be 0 for a poly to be finite."""
        return NOTHING.union(*[self._wants[b] for m in poly for b, _ in m])

    def _times(self, left: Poly, right: Poly, cancelled: set[int]) -> Poly:
        self._spend(len(left) * len(right))
        result: Poly = {}
        for m1, q1 in left.items():
            for m2, q2 in right.items():
                merged = dict(m1)
                for b, e in m2:
                    old = merged.get(b, 0)
                    if old * e < 0:
                        cancelled |= {b, *self._wants[b]}
                    merged[b] = old + e
                m = tuple(sorted((b, e) for b, e in merged.items() if e))
                self._accumulate(result, {m: whole(q1 * q2)}, 1, cancelled)
        return result

    def _primitive(self, poly: Poly) -> tuple[Rational, int]:
        content = Fraction(gcd(*[q.numerator for q in poly.values()]), lcm(*[q.denominator for q in poly.values()]))
        if poly[min(poly)] < 0:
            content = -content
        primitive = poly if content == 1 else {m: whole(q / content) for m, q in poly.items()}
        return whole(content), self._base(("sum", self._poly_id(primitive)), primitive, self._finite(poly))

    def _base(self, key: tuple[object, ...], poly: Poly | None, wants: frozenset[int]) -> int:
        found = self._bases.get(key)
        if found is None:
            found = self._bases[key] = len(self._sums)
            self._sums.append(poly)
            self._wants.append(wants)
            self._spend(len(wants))
        return found

    def _poly_id(self, poly: Poly) -> int:
        key = tuple(sorted(poly.items()))
        return self._poly_ids.setdefault(key, len(self._poly_ids))

    def _atom(self, t: int) -> int:
        op, args = self.t.ops[t], self.t.args[t]
        ids: list[int] = []
        for a in args:
            if a not in self._ids:
                self._ids[a] = self._poly_id(self._polys[a][0])
            ids.append(self._ids[a])
        wants = NOTHING
        if self.t.values[t] == "oo":
            wants = frozenset((NEVER,))
        elif op not in _FINITE:
            wants = NOTHING.union(*[self._finite(self._polys[a][0]) for a in (args[1:] if op == "cases" else args)])
        if op == "log":  # log 0 is minus infinity
            q, monomial, _ = self.product(args[0])
            wants |= {b for b, _ in monomial} if q else {NEVER}
        if op in EXPECTED:
            marker = self._base(("finite", op, *ids), None, NOTHING)
            base = self._base((op, None, *ids), None, frozenset((marker,)))
            self._markers[base] = marker
            return base
        return self._base((op, self.t.values[t], *ids), None, wants)

    def denominators(self, before: int, after: int) -> list[int]:
        """What must not be 0 for an algebra step; subterms that occur in both are not looked into."""
        t = self.t
        shared = t.subterms(before).keys() & t.subterms(after).keys()
        found: dict[int, None] = {}
        for root in (before, after):
            for s in t.subterms(root, shared):
                if t.ops[s] == "div":
                    found[t.args[s][1]] = None
                elif t.ops[s] == "pow" and self._negative(t.args[s][1]):
                    found[t.args[s][0]] = None
        return [d for d in found if not (t.values[d] == "pi" or (t.ops[d] == "num" and d != t.zero))]

    def _negative(self, exponent: int) -> bool:
        ops, values = self.t.ops, self.t.values
        minus = 0
        while ops[exponent] == "neg":
            exponent, minus = self.t.args[exponent][0], minus ^ 1
        parts = self.t.args[exponent] if ops[exponent] == "div" else (exponent,)
        for p in parts:
            q = values[p]
            if not isinstance(q, Fraction) or q == 0:
                return False
            minus ^= q < 0
        return bool(minus)


# -- the tree of a chain's current term ------------------------------------------------------------


class Node:
    """A term, or an operator over nodes once something below was replaced."""

    __slots__ = ("below", "term")

    def __init__(self, term: int) -> None:
        self.term = term
        self.below: list[Node] | None = None


class Tree:
    """The current term of a chain: it is opened where a step goes, and closed where its value is asked for."""

    def __init__(self, terms: Terms, root: int) -> None:
        self.t = terms
        self.root = Node(root)

    def at(self, place: Sequence[int]) -> Node:
        """The node at a path of argument numbers."""
        node = self.root
        for i in place:
            args = self.t.args[node.term]
            need(0 <= i < len(args), "no such place")
            if node.below is None:
                node.below = [Node(a) for a in args]
            node = node.below[i]
        return node

    def value(self, top: Node) -> int:
        """The term at a node, interned again."""
        stack = [top]
        while stack:
            node = stack[-1]
            open_nodes = [n for n in node.below or () if n.below is not None]
            if open_nodes:
                stack.extend(open_nodes)
                continue
            stack.pop()
            if node.below is not None:
                node.term = self.t.make(self.t.ops[node.term], [n.term for n in node.below])
                node.below = None
        return top.term


# -- the proof -------------------------------------------------------------------------------------


@dataclass(eq=False)
class Chain:
    """A chain of steps: what it claims, and how far it has come."""

    left: int
    right: int
    claimed: str
    tree: Tree
    relation: str = "equal"
    used: set[str] = field(default_factory=set)  # chains that it uses as lemmas
    closed: bool = False
    scale: int | None = None
    offset: int | None = None


@dataclass(eq=False)
class Step:
    """One use of one rule: what stood at the place, what stands there now, and what is known to hold."""

    rule: str
    relation: str
    bindings: Any
    before: int
    after: int
    holds: set[int]


class Checker:
    """Replays one proof."""

    roles: tuple[str, ...] = ROLES
    objectives: tuple[str, ...] = ("dataset", "preamble")  # the chains that may be less than an equality

    def __init__(self, data: Mapping[str, Any], rules_dir: Path | None, assume_rules: bool) -> None:
        self.data = data
        self.report = Report()
        self.folder = rules_dir
        self.assume = assume_rules
        self.place = "the proof"
        self.t = Terms()
        self.rules = Rules(self.t)
        self.rows: list[int] = []
        self.symbols: dict[str, dict[str, Any]] = {}
        self.domains: dict[str, int] = {}
        self.hypotheses: set[int] = set()
        self.records: dict[str, tuple[str, dict[str, Any]]] = {}
        self.compiled: dict[str, Rule] = {}
        self.facts: list[int] = []
        self.chains: dict[str, Chain] = {}
        self.installed: dict[str, dict[str, dict[str, Any]]] = {}

    def run(self) -> None:
        """Check everything, in the order in which one thing rests on another."""
        self.replay()
        self.check_claim()
        self.check_sample()
        self.check_ledger()
        self.check_loss()

    def replay(self) -> None:
        """The tables, the facts and the chains."""
        self.read_symbols()
        self.read_terms()
        self.forms = Forms(self.t)
        self.read_domains()
        self.read_hypotheses()
        self.read_rules()
        self.replay_facts()
        self.read_chains()
        self.replay_steps()
        self.finish_chains()

    # -- shapes

    def part(self, key: str, kind: type) -> Any:
        """A part of the proof, of the right JSON type."""
        found = self.data.get(key)
        need(type(found) is kind, f"`{key}` is missing or of the wrong kind")
        return found

    def entry(self, value: Any, keys: str) -> list[Any]:
        """The values of an object at some keys, all of which it must have."""
        need(isinstance(value, dict), f"{self.place}: an object is expected")
        for key in keys.split():
            need(key in value, f"{self.place}: `{key}` is missing")
        return [value[key] for key in keys.split()]

    def term(self, index: object) -> int:
        """The term of a row of the table."""
        if type(index) is not int or not 0 <= index < len(self.rows):
            raise Rejected(f"{self.place}: {index!r:.40} is no term")
        return self.rows[index]

    def value(self, index: Any, what: str) -> int:
        """A term that is a value in which no index is free."""
        found = self.term(index)
        need(self.t.sorts[found] == "N" and not self.t.free[found], f"{self.place}: {what} is no value")
        return found

    def bindings(self, value: Any) -> Env:
        """Metavariables bound to terms, or to lists of terms."""
        need(isinstance(value, dict), f"{self.place}: bindings are an object")
        return {name: tuple(map(self.term, b)) if isinstance(b, list) else self.term(b) for name, b in value.items()}

    # -- the tables

    def read_symbols(self) -> None:
        """Roles first: the terms' bits are made of them."""
        self.symbols = self.part("symbols", dict)
        for name, symbol in self.symbols.items():
            self.place = f"symbol {name!r:.40}"
            need(isinstance(name, str) and NAME.fullmatch(name), f"{self.place}: no name")
            role, shape, indexed = self.entry(symbol, "role shape indexed")
            need(isinstance(role, str) and role in self.roles, f"{self.place}: there is no such role")
            need(isinstance(shape, str), f"{self.place}: a shape is a word")
            need(isinstance(indexed, bool), f"{self.place}: `indexed` is true or false")
            need(indexed or role != "data" or "variable" in self.roles, f"{self.place}: data vary with the sample")
            need(not indexed or role != "variable", f"{self.place}: a variable does not vary with the sample")
            if role == "variable":
                self.t.variables.add(name)
            bits = (PARAMETER if role == "parameter" else 0) | (INDEXED | LOOSE if indexed else 0)
            self.t.symbols[name] = bits | (0 if shape == "scalar" else ARRAY)

    def read_terms(self) -> None:
        """The flat table: a row refers to rows before it only."""
        for number, row in enumerate(self.part("terms", list)):
            self.place = f"term {number}"
            need(isinstance(row, list) and row and isinstance(row[0], str), f"{self.place}: a row is [operator, ...]")
            op = row[0]
            if op in LEAF_SORTS:
                need(len(row) == 2 and isinstance(row[1], str), f"{self.place}: a leaf has one text")
                self.rows.append(self.leaf(op, row[1]))
            else:
                need(op != "seq", f"{self.place}: there is no operator seq")
                args = row[1:]
                need(all(type(a) is int and 0 <= a < number for a in args), f"{self.place}: arguments are earlier rows")
                self.rows.append(self.t.make(op, [self.rows[a] for a in args]))

    def leaf(self, op: str, text: str) -> int:
        """A leaf from its text."""
        if op == "num":
            need(len(text) < 8200 and NUMBER.fullmatch(text), f"{self.place}: {text!r:.40} is no number")
            q = Fraction(text)
            need(str(q) == text, f"{self.place}: {text!r:.40} is not in lowest terms")
            return self.t.leaf(op, q)
        known = {"sym": self.symbols, "const": CONSTANTS, "domain": DOMAINS}.get(op, ())
        need(text in known if op != "bound" else NAME.fullmatch(text), f"{self.place}: {op} {text!r:.40} is not known")
        return self.t.leaf(op, text)

    def read_domains(self) -> None:
        """The domain that the table gives each symbol."""
        for name, symbol in self.symbols.items():
            self.place = f"symbol {name}"
            found = self.term(symbol.get("domain_term"))
            need(self.t.sorts[found] == "D" and not self.t.free[found], f"{self.place}: its domain is no domain")
            scalar = self.t.ops[found] in ("domain", "set", "categories")
            need(scalar == (symbol["shape"] == "scalar"), f"{self.place}: its shape is not its domain's")
            pattern = self.rules.domain(symbol.get("domain"))
            told = self.rules.fill(pattern, {n: self.t.leaf("sym", n) for n in self.rules.names(pattern) if n in self.symbols})
            need(told == found or "/" in symbol["domain"], f"{self.place}: its domain is told to be {self.t.show(told)}")
            self.domains[name] = found

    def read_hypotheses(self) -> None:
        """What the theorem supposes; it is told, and must not be plainly false."""
        for number, entry in enumerate(self.part("hypotheses", list)):
            self.place = f"hypothesis {number}"
            says, origin = self.entry(entry, "says origin")
            need(origin in ("where", "support", "domain"), f"{self.place}: no such origin")
            found = self.term(says)
            need(self.t.sorts[found] == "B", f"{self.place}: no condition")
            for p in self.t.propositions(found):
                need(self.t.ops[p] not in ("free", "shared", "without", "ranges"), f"{self.place}: this is read off, not supposed")
                need(self.computed(p) is not False, f"{self.place}: it is false")
                self.hypotheses.add(p)
            over = any(self.t.is_variable(s) for s in self.t.subterms(found)) if self.t.variables else False
            need(not over, f"{self.place}: nothing is supposed of what an expectation is taken over")
            self.report.assumptions.append(f"hypothesis ({origin}): {self.t.show(found)}")

    # -- records

    def read_rules(self) -> None:
        """Every record of the proof is the installed one, or is reported as an assumption."""
        for id, entry in self.part("rules", dict).items():
            self.place = f"rule {id!r:.60}"
            kind, record = self.entry(entry, "kind record")
            need(isinstance(kind, str) and kind in ("rule", "fact", "density", "cdf", "cdf_below", *NUMBERED), f"{self.place}: no such kind")
            need(isinstance(record, dict), f"{self.place}: a record is an object")
            own = record.get("id")
            told = id.rpartition("-")[0] if kind in NUMBERED else id
            need(isinstance(own, str) and told == (own if kind in ("rule", "fact") else f"{kind}-{own}"), f"{self.place}: not its id")
            folder = {"rule": "algebra", "fact": "facts"}.get(kind, "distributions")
            self.records[id] = (kind, self.compared(folder, str(own), record))

    def compared(self, folder: str, id: str, record: dict[str, Any]) -> dict[str, Any]:
        """The installed record of this id, which the proof's must equal; else the proof's, as an assumption."""
        if folder not in self.installed:
            self.installed[folder] = load_records(self.folder, folder, self.assume)
        found = self.installed[folder].get(id)
        # a proof tells a loss by its id and formula alone; a composite has none
        told = found if folder != "losses" or found is None else {"id": id, "formula": found.get("formula", "")}
        if found is not None and _plain(told) == _plain(record):
            return found
        state = "unknown to the installed rules" if found is None else "not as in the installed rules"
        need(self.assume, f"{self.place}: the record {id} is {state}")
        self.report.assumptions.append(f"record {id} ({folder}): {state}")
        return record

    def rule(self, id: str, facts: bool) -> Rule:
        """A record of the proof, as patterns."""
        need(id in self.records, f"{self.place}: the proof has no rule {id!r:.60}")
        kind, record = self.records[id]
        need((kind in ("fact", "finite")) == facts, f"{self.place}: {id} is no rule for this")
        if id not in self.compiled:
            self.report.rules += 1
            if kind == "rule":
                self.compiled[id] = self.rules.rewrite(id, record)
            elif kind == "fact":
                self.compiled[id] = self.rules.fact(id, record)
            elif kind in NUMBERED:
                number = id.rpartition("-")[2]
                need(number.isdecimal() and number.isascii() and len(number) < 5, f"{self.place}: {id[:60]} has no number")
                self.compiled[id] = self.rules.expectation(str(record["id"]), kind, int(number), record)
            else:
                self.compiled[id] = self.rules.distribution(str(record["id"]), kind, record)
        return self.compiled[id]

    # -- facts

    def replay_facts(self) -> None:
        """Each row of the table of facts from rows before it."""
        for number, row in enumerate(self.part("facts", list)):
            self.place = f"fact {number}"
            need(isinstance(row, list) and len(row) == 4, f"{self.place}: a row is [proposition, rule, bindings, premises]")
            p, rule, bindings, premises = self.term(row[0]), row[1], self.bindings(row[2]), row[3]
            need(isinstance(rule, str), f"{self.place}: a rule is named")
            need(self.t.sorts[p] == "B" and self.t.propositions(p) == [p], f"{self.place}: {self.t.show(p)} is no proposition")
            need(isinstance(premises, list), f"{self.place}: premises are a list")
            need(all(type(i) is int and 0 <= i < number for i in premises), f"{self.place}: premises are earlier facts")
            before = [self.facts[i] for i in premises]
            if rule in ("domain", "hypothesis", "number", "syntax"):
                need(not bindings and not before, f"{self.place}: {rule} rests on nothing")
                need(self.evident(rule, p), f"{self.place}: {self.t.show(p)} does not hold by {rule}")
            elif rule == "algebra":
                need(len(before) == 1 and not bindings, f"{self.place}: algebra has one premise")
                self.same_kind(p, before[0])
            else:
                self.by_record(p, self.rule(rule, facts=True), bindings, before)
            self.facts.append(p)
            self.report.facts += 1
            if self.t.ops[p] in ("ne", "gt"):
                self.forms.learn(self.t.args[p][0])
            elif self.t.ops[p] == "in" and self.t.values[self.t.args[p][1]] == "reals":
                self.forms.learn_finite(self.t.args[p][0])

    def evident(self, rule: str, p: int) -> bool:
        """Whether a proposition holds without premises."""
        t = self.t
        op, args = t.ops[p], t.args[p]
        if rule == "hypothesis":
            return p in self.hypotheses
        if rule == "domain":
            return op == "in" and t.ops[args[0]] == "sym" and self.domains[str(t.values[args[0]])] == args[1]
        if rule == "number":
            return self.computed(p) is True
        if op == "without":
            return t.bound_name(args[1]) not in t.free[args[0]]
        if op == "ranges":
            return t.is_variable(args[0]) and self.domains[str(t.values[args[0]])] == args[1]
        return (op == "free" and not t.bits[args[0]] & PARAMETER) or (op == "shared" and not t.bits[args[0]] & INDEXED)

    def computed(self, p: int) -> bool | None:
        """What a proposition about a rational constant comes to; None where it is about something else."""
        t = self.t
        op, args = t.ops[p], t.args[p]
        if op not in ("gt", "ge", "ne", "eq", "in"):
            return None
        q = self.forms.constant(args[0])
        if q is None:
            return None
        if op != "in":
            return {"gt": q > 0, "ge": q >= 0, "ne": q != 0, "eq": q == 0}[op]
        if t.ops[args[1]] == "set":
            members = [self.forms.constant(a) for a in t.args[args[1]]]
            return True if q in members else None if None in members else False
        if t.ops[args[1]] != "domain":
            return None
        is_whole = q.denominator == 1
        tests = {"positive": q > 0, "nonnegative": q >= 0, "unit": 0 < q < 1, "unit_closed": 0 <= q <= 1}
        tests |= {"reals": True, "integers": is_whole, "naturals": is_whole and q >= 0}
        return tests[str(t.values[args[1]])]

    def same_kind(self, p: int, premise: int) -> None:
        """A proposition is its premise but for algebra in what it speaks of."""
        t = self.t
        need(t.ops[p] == t.ops[premise] and t.args[p][1:] == t.args[premise][1:], f"{self.place}: not of its premise's kind")
        need(not t.bits[p] & INFINITE, f"{self.place}: algebra says nothing of infinity")
        self.forms.same(t.args[p][0], t.args[premise][0])

    def by_record(self, p: int, rule: Rule, env: Env, premises: list[int]) -> None:
        """A proposition by a record of rules/facts, from what the record is given, in its order."""
        self.rules.check_scopes(rule, env)
        for value in env.values():
            for term in (value,) if isinstance(value, int) else value:
                need(not self.t.bits[term] & INFINITE, f"{self.place}: {rule.id} speaks of real numbers, not of infinity")
        shown = self.rules.fill(rule.source, env)
        need(self.t.propositions(shown) == [p] or shown == p, f"{self.place}: {rule.id} does not show {self.t.show(p)}")
        asked = [given for condition in rule.requires for given in self.rules.asked(condition, env)]
        missing = next((given for given in asked if given not in premises), None)
        need(missing is None, f"{self.place}: {rule.id} is not given {self.t.show(missing or 0)}")
        need(premises == asked, f"{self.place}: the premises are not those of {rule.id}")

    # -- steps

    def read_chains(self) -> None:
        """What each chain claims."""
        for name, entry in self.part("chains", dict).items():
            self.place = f"chain {name!r:.40}"
            left, relation, right = self.entry(entry, "left relation right")
            ends = self.term(left), self.term(right)
            for end in ends:
                need(not self.t.free[end] and self.t.sorts[end] == ("O" if name == "preamble" else "N"), f"{self.place}: no objective")
            need(isinstance(relation, str) and relation in RELATIONS, f"{self.place}: there is no such relation")
            chain = Chain(*ends, relation, Tree(self.t, ends[0]))
            chain.scale, chain.offset = self.t.one, self.t.zero
            self.chains[name] = chain

    def replay_steps(self) -> None:
        """Every step: before stands at its place, and is what its rule says after."""
        for number, step in enumerate(self.part("steps", list), 1):
            self.place = f"step {number}"
            keys = "id chain relation rule place bindings before after conditions group"
            id, name, relation, rule, place, bindings, before, after, conditions, group = self.entry(step, keys)
            need(type(id) is int and id == number, f"{self.place}: its id is {id!r:.40}")
            need(type(group) is int, f"{self.place}: a group is a number")
            need(isinstance(place, list) and all(type(i) is int for i in place), f"{self.place}: a place is a list of numbers")
            self.place = f"step {number} ({str(rule)[:60]}) at {place!r:.80}"
            need(isinstance(name, str) and name in self.chains, f"{self.place}: there is no chain {name!r:.40}")
            chain = self.chains[name]
            need(not chain.closed, f"{self.place}: the chain {name} was used before it was done")
            need(isinstance(relation, str) and relation in RELATIONS, f"{self.place}: there is no such relation")
            need(relation == "equal" or not place, f"{self.place}: a relation other than `equal` is for the whole objective")
            need(isinstance(rule, str), f"{self.place}: a rule is named")
            old, new = self.term(before), self.term(after)
            node = self.located(chain, place)
            need(chain.tree.value(node) == old, f"{self.place}: there stands {self.t.show(node.term)}, not {self.t.show(old)}")
            need(self.t.free[new] <= self.t.free[old], f"{self.place}: an index escapes")
            need(not self.t.bits[new] & ~self.t.bits[old] & LOOSE, f"{self.place}: what varies with the sample escapes")
            self.take_step(chain, Step(rule, relation, bindings, old, new, self.conditions(conditions)))
            node.term, node.below = new, None
            chain.relation = max(chain.relation, relation, key=RELATIONS.index)
            self.report.steps += 1

    def located(self, chain: Chain, place: list[int]) -> Node:
        try:
            return chain.tree.at(place)
        except Rejected as error:
            raise Rejected(f"{self.place}: {error}") from None

    def conditions(self, entries: Any) -> set[int]:
        """The propositions that a step's conditions state, each with its fact."""
        need(isinstance(entries, list), f"{self.place}: conditions are a list")
        found: set[int] = set()
        for entry in entries:
            says, because = self.entry(entry, "says because")
            p = self.term(says)
            need(self.fact(because) == p, f"{self.place}: the fact is not the condition {self.t.show(p)}")
            found.add(p)
        return found

    def fact(self, index: object) -> int:
        """The proposition of a row of the table of facts."""
        if type(index) is not int or not 0 <= index < len(self.facts):
            raise Rejected(f"{self.place}: {index!r:.40} is no fact")
        return self.facts[index]

    def take_step(self, chain: Chain, step: Step) -> None:
        """Whether one rule takes a term to the next."""
        t, old, new = self.t, step.before, step.after
        if step.rule == "lemma":
            self.take_lemma(chain, step)
            return
        env = self.bindings(step.bindings)
        if step.rule == "algebra":
            need(step.relation == "equal" and not env, f"{self.place}: algebra is an equality without bindings")
            for d in self.forms.denominators(old, new):
                need(t.make("ne", (d, t.zero)) in step.holds, f"{self.place}: {t.show(d)} is not known to be other than 0")
            self.forms.same(old, new)
            return
        rule = self.rule(step.rule, facts=False)
        need(step.relation == rule.relation, f"{self.place}: the rule's relation is {rule.relation}")
        self.rules.check_scopes(rule, env)
        need(self.rules.fill(rule.source, env) == old, f"{self.place}: the rule's left side is not {t.show(old)}")
        for condition in rule.requires:
            for p in self.rules.asked(condition, env):
                need(p in step.holds, f"{self.place}: the condition {t.show(p)} is not given")
        assert rule.target is not None
        result = self.supported(rule, env, self.rules.fill(rule.target, env), step.holds)
        need(result == new, f"{self.place}: the rule's right side is {t.show(result)}, not {t.show(new)}")
        if step.relation != "equal":
            self.account(chain, rule, env, step.holds)

    def take_lemma(self, chain: Chain, step: Step) -> None:
        """A chain that is done, as one step; an equality, or of two whole objectives a sameness of order."""
        need(step.relation in ("equal", "same-order"), f"{self.place}: a lemma is an equality, or keeps the order")
        bindings = step.bindings if isinstance(step.bindings, dict) else {}
        need(bindings.keys() in ({"chain"}, {"chain", "direction"}), f"{self.place}: a lemma names its chain")
        name, back = bindings["chain"], bindings.get("direction") == "back"
        need(back or "direction" not in bindings, f"{self.place}: there is no such direction")
        need(isinstance(name, str) and name in self.chains, f"{self.place}: there is no such chain")
        lemma = self.chains[str(name)]
        need(lemma is not chain and lemma.relation == lemma.claimed == step.relation, f"{self.place}: not proved before, or of another relation")
        need(lemma.tree.value(lemma.tree.root) == lemma.right, f"{self.place}: the chain {name} is not done")
        ends = (lemma.right, lemma.left) if back else (lemma.left, lemma.right)
        need((step.before, step.after) == ends, f"{self.place}: the chain {name} says something else")
        lemma.closed = True
        if step.relation == "same-order":
            chain.scale = chain.offset = None
        chain.used |= {str(name)} | lemma.used

    def supported(self, rule: Rule, env: Env, density: int, holds: set[int]) -> int:
        """A density where its support is given; else it is 0 where the rest of the support does not hold."""
        moving = [c for c in rule.support if not holds.issuperset(self.rules.asked(c, env))]
        if not moving:
            return density
        conjuncts = [self.rules.fill(c, env) for c in moving]
        condition = conjuncts[0] if len(conjuncts) == 1 else self.t.make("and", conjuncts)
        return self.t.make("cases", (condition, density, self.t.zero))

    def account(self, chain: Chain, rule: Rule, env: Env, holds: set[int]) -> None:
        """Keep left = scale * current + offset through what is dropped and what is pulled out."""
        t = self.t
        if rule.relation == "same-order":
            chain.scale = chain.offset = None
            return
        op, id = ("add", "drop-constant") if rule.relation == "up-to-constant" else ("mul", "pull-scale")
        parts = t.args[rule.source]
        plain = len(parts) == 2 and all(t.ops[p] == "meta" for p in parts) and parts[0] != parts[1]
        need(rule.id == id and t.ops[rule.source] == op and plain and rule.target in parts, f"{self.place}: no account of this rule")
        other = env[str(t.values[parts[0] if rule.target == parts[1] else parts[1]])]
        assert isinstance(other, int)
        asked = [t.make("free", (other,))] + ([t.make("gt", (other, t.zero))] if op == "mul" else [])
        need(holds.issuperset(asked), f"{self.place}: {t.show(other)} is not known to be free of the parameters, or positive")
        if any(t.ops[s] in EXPECTED for s in t.subterms(other)):  # infinity is positive, too
            finite = t.make("in", (other, t.leaf("domain", "reals")))
            need(finite in holds or finite in self.facts, f"{self.place}: {t.show(other)} is not known to be finite")
        if chain.scale is None or chain.offset is None:
            return
        if op == "mul":
            chain.scale = t.make("mul", (chain.scale, other))
        else:
            chain.offset = t.make("add", (chain.offset, t.make("mul", (chain.scale, other))))

    def finish_chains(self) -> None:
        """Each chain has come to its right side, by the relation that it claims."""
        for name, chain in self.chains.items():
            self.place = f"chain {name}"
            end = chain.tree.value(chain.tree.root)
            need(end == chain.right, f"{self.place}: it ends at {self.t.show(end)}")
            need(chain.relation == chain.claimed, f"{self.place}: its steps prove {chain.relation}")
            need(name in self.objectives or chain.relation == "equal", f"{self.place}: it has to be an equality")

    # -- what is claimed

    def chain(self, name: str) -> Chain:
        need(name in self.chains, f"there is no chain {name}")
        return self.chains[name]

    def at_dataset(self, term: int) -> int:
        """A term of the dataset: what varies with the sample stands in sums over the samples only."""
        need(not self.t.bits[term] & LOOSE, f"{self.place}: {self.t.show(term)} varies with the sample")
        return term

    def inside(self, op: str, term: int) -> int:
        """The argument of an operator of one argument."""
        need(self.t.ops[term] == op, f"{self.place}: {op} is expected, not {self.t.show(term)}")
        return self.t.args[term][0]

    def check_claim(self) -> None:
        """The claim is the dataset chain; its left side is the negative log-likelihood of what the other chains speak of."""
        self.place = "the claim"
        left, relation, right, scale, offset = self.entry(self.part("claim", dict), "left relation right scale offset")
        chain = self.chain("dataset")
        need((self.term(left), self.term(right), relation) == (chain.left, chain.right, chain.relation), "the claim is not the dataset chain's")
        self.at_dataset(chain.left)
        self.at_dataset(chain.right)
        if chain.scale is None or chain.offset is None:
            need(scale is None and offset is None, "the claim: a relation of orders has no scale")
        else:
            self.forms.same(self.at_dataset(self.value(scale, "the scale")), chain.scale)
            self.forms.same(self.at_dataset(self.value(offset, "the offset")), chain.offset)
        t = self.t
        self.report.claim = f"{t.show(chain.left, 200)} {relation} {t.show(chain.right, 200)}"
        likelihood = self.inside("log", self.inside("neg", chain.left))
        if "preamble" in self.chains:
            preamble = self.chains["preamble"]
            ends = t.make("maximise", (likelihood,)), t.make("minimise", (chain.left,))
            need((preamble.left, preamble.right) == ends, "the preamble is not about the claim")
        factors = t.args[likelihood] if t.ops[likelihood] == "mul" else (likelihood,)
        names = ["sample", *sorted(n for n in self.chains if n.startswith("prior:"))]
        need(len(names) == len(factors), "the likelihood has a factor for the samples and one for each prior")
        self.about(names[0], self.inside("samples_prod", factors[0]))
        rest = {self.inside("samples_prod", f) if t.ops[f] == "samples_prod" else f for f in factors[1:]}
        need(len(rest) == len(factors) - 1, "two priors are alike")
        for name in names[1:]:
            factor = self.inside("log", self.inside("neg", self.chains[name].left))
            need(factor in rest, f"the prior of chain {name} is not in the likelihood")
            self.about(name, factor)

    def about(self, name: str, density: int) -> None:
        """The chain speaks of this density, and the dataset chain uses it."""
        t = self.t
        left = self.chain(name).left
        need(left == t.make("neg", (t.make("log", (density,)),)), f"the chain {name} is not about {t.show(density)}")
        need(name in self.chains["dataset"].used, f"the dataset chain does not use {name}")

    def check_sample(self) -> None:
        """nll = scale * loss + offset, by the chains of the sample and of the priors."""
        self.place = "per_sample"
        entry = self.entry(self.part("per_sample", dict), "nll scale loss offset")
        nll, scale, loss, offset = (self.value(e, "an entry") for e in entry)
        t = self.t
        chains = [self.chain("sample"), *(c for n, c in self.chains.items() if n.startswith("prior:"))]
        rights = [c.right for c in chains]
        self.forms.same(t.make("add", (*rights, t.zero)), nll)
        self.forms.same(t.make("add", (*rights, t.zero)), t.make("add", (t.make("mul", (scale, loss)), offset)))
        self.loss, self.offset = loss, offset

    def check_ledger(self) -> None:
        """Nothing dropped is lost: the rows add up to the offset, and each is free of the parameters."""
        t = self.t
        total = [t.zero, t.zero]
        for number, row in enumerate(self.part("ledger", list)):
            self.place = f"ledger row {number}"
            term, why, returns_if = self.entry(row, "term why returns_if")
            dropped = self.value(term, "what was dropped")
            need(self.fact(why) == t.make("free", (dropped,)), f"{self.place}: the fact does not say that it is free of the parameters")
            symbols = {str(t.values[s]) for s in t.subterms(dropped) if t.ops[s] == "sym"}
            fixed = sorted(n for n in symbols if self.symbols[n]["role"] == "fixed")
            need(returns_if == fixed, f"{self.place}: returns_if is not the fixed symbols in it")
            total.append(dropped)
        self.place = "the ledger"
        self.forms.same(t.make("add", total), self.offset)

    def check_loss(self) -> None:
        """The loss that was recognised is its record's formula."""
        self.place = "the loss"
        need("loss" in self.data, "`loss` is missing")
        if self.data["loss"] is None:
            return
        id, formula, bindings = self.entry(self.data["loss"], "id formula bindings")
        need(isinstance(id, str) and isinstance(formula, str), "the loss: id and formula are texts")
        record = self.compared("losses", id, {"id": id, "formula": formula})
        env = self.bindings(bindings)
        if record.get("formula"):
            need(self.of_record(record, env) == self.loss, "the loss is not its record's formula at the bindings")
            return
        parts = [record.get("data"), *_texts(record, "penalties")]  # a composite: data loss and penalties
        records = [self.installed["losses"].get(str(part), {}) for part in parts]
        need(all(r.get("formula") for r in records), "the loss: its record names no formula")
        summands = self.t.args[self.loss]
        need(self.t.ops[self.loss] == "add" and len(summands) > 1, "the loss: a data loss and its penalties are expected")
        need(self.of_record(records[0], env) == summands[0], "the data loss is not its record's formula at the bindings")
        for summand in summands[1:]:  # one for each prior
            factors = self.t.args[summand] if self.t.ops[summand] == "mul" else ()
            candidates = [summand, *factors[1:]] if len(factors) == 2 else [summand]
            patterns = [self.rules.expression(penalty["formula"]) for penalty in records[1:]]
            need(any(self.rules.matches(p, c) for p in patterns for c in candidates), f"the loss: {self.t.show(summand)} is not its record's penalty")

    def of_record(self, record: Mapping[str, Any], env: Env) -> int:
        """A loss record's formula at bindings; its indices keep their names unless they are bound."""
        pattern = self.rules.expression(record["formula"])
        rule = self.rules.finished(Rule("loss", pattern, None, []))
        full: Env = {**{i: self.t.leaf("bound", i) for i in rule.indices}, **env}
        self.rules.check_scopes(rule, full)
        return self.rules.fill(pattern, full)


# -- real numbers by interval arithmetic -----------------------------------------------------------


class Undecided(Exception):
    """More digits may decide it."""


class Interval(NamedTuple):
    """The real numbers from ``lo`` to ``hi``."""

    lo: Decimal
    hi: Decimal


Real = Fraction | Interval | float  # exact; enclosed; or infinite
HALF: Final = Fraction(1, 2)


def beyond(what: str) -> NoReturn:
    """Reject a value of which this program knows no enclosure."""
    raise Rejected(f"{what} cannot be enclosed here")


@lru_cache(None)
def bernoulli(n: int) -> Fraction:
    """The Bernoulli number B_n of an even n."""
    return HALF - sum(comb(n + 1, k) * bernoulli(k) for k in range(0, n, 2)) / Fraction(n + 1) if n else Fraction(1)


class Reals:
    """Functions of real numbers: exact on rationals where they can be, else with ends that are rounded outwards."""

    def __init__(self, digits: int, coarse: Reals | None = None) -> None:
        self.digits = digits
        self.work: list[int] = [0] if coarse is None else coarse.work
        traps: Any = [InvalidOperation, DivisionByZero, Overflow]
        self.down = Context(digits, ROUND_FLOOR, MIN_EMIN, MAX_EMAX, traps=traps)
        self.up = Context(digits, ROUND_CEILING, MIN_EMIN, MAX_EMAX, traps=traps)
        self.tiny = Decimal((0, (1,), -digits))

    # -- numbers

    def interval(self, x: Real) -> Interval:
        if isinstance(x, Interval):
            return x
        if isinstance(x, float):
            return beyond("a function of infinity")
        p, q = Decimal(x.numerator), Decimal(x.denominator)
        return Interval(self.down.divide(p, q), self.up.divide(p, q))

    def kept(self, q: Fraction) -> Real:
        """A rational, rounded if it is long."""
        return q if q.numerator.bit_length() + q.denominator.bit_length() <= MAX_BITS else self.interval(q)

    def compare(self, x: Real, y: Real) -> int:
        """-1, 0 or 1; 0 only for what is known exactly."""
        if not isinstance(x, Interval) and not isinstance(y, Interval):
            return (x > y) - (x < y)
        if isinstance(x, float) or isinstance(y, float):
            return (1 if x > 0 else -1) if isinstance(x, float) else self.compare(0.0, y)
        a, b = self.interval(x), self.interval(y)
        if a.hi < b.lo or a.lo > b.hi:
            return -1 if a.hi < b.lo else 1
        raise Undecided

    def sign(self, x: Real) -> int:
        return self.compare(x, Fraction(0))

    def may_hold(self, lo: Real, hi: Real, x: Real) -> bool:
        """Whether x may lie between two bounds."""
        for low, high in ((lo, x), (x, hi)):
            try:
                if self.compare(low, high) > 0:
                    return False
            except Undecided:
                continue
        return True

    def size(self, x: Interval) -> Decimal:
        """The largest absolute value."""
        return max(x.lo.copy_abs(), x.hi.copy_abs())

    def wider(self, x: Real, by: Decimal) -> Interval:
        x = self.interval(x)
        return Interval(self.down.subtract(x.lo, by), self.up.add(x.hi, by))

    # -- arithmetic

    def neg(self, x: Real) -> Real:
        return Interval(x.hi.copy_negate(), x.lo.copy_negate()) if isinstance(x, Interval) else -x

    def add(self, *xs: Real) -> Real:
        total: Real = Fraction(0)
        for x in xs:
            if isinstance(x, float) or isinstance(total, float):
                if isinstance(x, float) and isinstance(total, float) and x != total:
                    beyond("infinity less infinity")
                total = x if isinstance(x, float) else total
            elif isinstance(x, Fraction) and isinstance(total, Fraction):
                total = self.kept(x + total)
            else:
                a, b = self.interval(x), self.interval(total)
                total = Interval(self.down.add(a.lo, b.lo), self.up.add(a.hi, b.hi))
        return total

    def sub(self, x: Real, y: Real) -> Real:
        return self.add(x, self.neg(y))

    def mul(self, x: Real, y: Real) -> Real:
        if isinstance(x, float) or isinstance(y, float):
            sign = self.sign(x) * self.sign(y)
            return inf * sign if sign else beyond("infinity times 0")
        if isinstance(x, Fraction) and isinstance(y, Fraction):
            return self.kept(x * y)
        if x == 0 or y == 0:
            return Fraction(0)
        a, b = self.interval(x), self.interval(y)
        pairs = [(u, v) for u in a for v in b]
        return Interval(min(self.down.multiply(u, v) for u, v in pairs), max(self.up.multiply(u, v) for u, v in pairs))

    def div(self, x: Real, y: Real) -> Real:
        if isinstance(y, float):
            return Fraction(0) if not isinstance(x, float) else beyond("infinity by infinity")
        sign = self.sign(y)
        if not sign:
            beyond("a division by 0")
        if isinstance(x, float):
            return x * sign
        if isinstance(x, Fraction) and isinstance(y, Fraction):
            return self.kept(x / y)
        pairs = [(u, v) for u in self.interval(x) for v in self.interval(y)]
        return Interval(min(self.down.divide(u, v) for u, v in pairs), max(self.up.divide(u, v) for u, v in pairs))

    def power(self, x: Real, y: Real) -> Real:
        """x^0 is 1, also of 0."""
        if y == 0 and isinstance(y, Fraction):
            return Fraction(1)
        if isinstance(x, float) or isinstance(y, float):
            return beyond("a power of infinity")
        if isinstance(y, Fraction) and y.denominator == 1:
            return self.whole_power(x, y.numerator) if y > 0 else self.div(Fraction(1), self.whole_power(x, -y.numerator))
        sign = self.sign(x)
        if sign < 0 or (not sign and self.sign(y) < 0):
            beyond("a power of what is not positive")
        if isinstance(y, Fraction) and y.denominator == 2:
            return self.power(self.sqrt(x), y * 2)
        return self.exp(self.mul(y, self.log(x))) if sign else Fraction(0)

    def whole_power(self, x: Real, n: int) -> Real:
        if n > MAX_POWER:
            beyond("so high a power")
        if isinstance(x, Fraction) and n * (x.numerator.bit_length() + x.denominator.bit_length()) <= MAX_BITS:
            return Fraction(x.numerator**n, x.denominator**n)
        a = self.interval(self.absolute(x) if n % 2 == 0 else x)
        ends: list[Interval] = []  # the power is increasing here
        for end in a:
            found: Real = Fraction(1)
            for bit in f"{n:b}":
                found = self.mul(found, found)
                found = self.mul(found, Interval(end, end)) if bit == "1" else found
            ends.append(self.interval(found))
        return Interval(ends[0].lo, ends[1].hi)

    def absolute(self, x: Real) -> Real:
        if not isinstance(x, Interval):
            return self.neg(x) if x < 0 else x
        inside = x.lo <= 0 <= x.hi
        return Interval(Decimal(0) if inside else min(x.lo.copy_abs(), x.hi.copy_abs()), self.size(x))

    def largest(self, x: Real, y: Real) -> Real:
        try:
            return x if self.compare(x, y) >= 0 else y
        except Undecided:
            a, b = self.interval(x), self.interval(y)
            return Interval(max(a.lo, b.lo), max(a.hi, b.hi))

    def smallest(self, x: Real, y: Real) -> Real:
        return self.neg(self.largest(self.neg(x), self.neg(y)))

    def product(self, xs: Sequence[Real]) -> Real:
        total: Real = Fraction(1)
        for x in xs:
            total = self.mul(total, x)
        return total

    # -- elementary functions; exp, ln and sqrt of decimals are right to half a unit in the last place

    def sqrt(self, x: Real) -> Real:
        if isinstance(x, float) and x > 0:
            return x
        if isinstance(x, Fraction) and x >= 0:
            p, q = isqrt(x.numerator), isqrt(x.denominator)
            if p * p == x.numerator and q * q == x.denominator:
                return Fraction(p, q)
        a = self.positive(x, "a root")
        return Interval(self.down.next_minus(self.down.sqrt(a.lo)), self.up.next_plus(self.up.sqrt(a.hi)))

    def positive(self, x: Real, what: str) -> Interval:
        """An interval above 0."""
        a = self.interval(x)
        if a.hi <= 0:
            beyond(f"{what} of what is not positive")
        if a.lo <= 0:
            raise Undecided
        return a

    def exp(self, x: Real) -> Real:
        if isinstance(x, float):
            return x if x > 0 else Fraction(0)
        if x == 0:
            return Fraction(1)
        a = self.interval(x)
        return Interval(max(Decimal(0), self.down.next_minus(self.down.exp(a.lo))), self.up.next_plus(self.up.exp(a.hi)))

    def log(self, x: Real) -> Real:
        if (isinstance(x, float) and x > 0) or x == 1:
            return x if isinstance(x, float) else Fraction(0)
        a = self.positive(x, "the log")
        return Interval(self.down.next_minus(self.down.ln(a.lo)), self.up.next_plus(self.up.ln(a.hi)))

    def softplus(self, x: Real) -> Real:
        return self.log(self.add(Fraction(1), self.exp(x)))

    def sigmoid(self, x: Real) -> Real:
        return self.div(Fraction(1), self.add(Fraction(1), self.exp(self.neg(x))))

    def logit(self, x: Real) -> Real:
        return self.log(self.div(x, self.sub(Fraction(1), x)))

    def tanh(self, x: Real) -> Real:
        return self.sub(Fraction(1), self.div(Fraction(2), self.add(self.exp(self.mul(Fraction(2), x)), Fraction(1))))

    def cosh(self, x: Real) -> Real:
        return self.div(self.add(self.exp(x), self.exp(self.neg(x))), Fraction(2))

    def sinh(self, x: Real) -> Real:
        return self.div(self.sub(self.exp(x), self.exp(self.neg(x))), Fraction(2))

    def xlogy(self, x: Real, y: Real) -> Real:
        return Fraction(0) if isinstance(x, Fraction) and x == 0 else self.mul(x, self.log(y))

    def softmax(self, xs: Sequence[Real]) -> list[Real]:
        return [self.div(Fraction(1), self.add(*[self.exp(self.sub(x, y)) for x in xs])) for y in xs]

    # -- series

    def spend(self) -> None:
        self.work[0] += 1
        need(self.work[0] <= MAX_SERIES, "the witness is too much work")

    def exact(self, end: Decimal) -> Fraction:
        """A decimal of moderate size as a fraction."""
        exponent = end.as_tuple().exponent
        if not isinstance(exponent, int) or exponent < -2000 or end.adjusted() > 3:
            beyond("a function of so large or small a number")
        return Fraction(end)

    def series(self, first: Real, ratio: Callable[[int], Real]) -> Real:
        """The sum of terms of which each is ratio(k) times the last; once below 1/2 in size the ratios must stay there."""
        term = first
        total: Real = Fraction(0)
        for k in range(20_000):
            self.spend()
            total = self.add(total, term)
            step = self.interval(ratio(k))
            term = self.mul(term, step)
            rest, so_far = self.size(self.interval(term)), self.size(self.interval(total))
            if self.size(step) <= Decimal("0.5") and rest <= self.up.multiply(so_far, self.tiny):
                return self.wider(total, self.up.multiply(rest, Decimal(2)))
        return beyond("so long a series")

    def small_atan(self, x: Real) -> Real:
        """atan for abs(x) <= 1/4."""
        square = self.mul(x, x)
        return self.series(x, lambda k: self.mul(square, Fraction(-2 * k - 1, 2 * k + 3)))

    @cached_property
    def pi(self) -> Real:
        fifth, rest = self.small_atan(Fraction(1, 5)), self.small_atan(Fraction(1, 239))
        return self.sub(self.mul(Fraction(16), fifth), self.mul(Fraction(4), rest))

    def atan(self, x: Real) -> Real:
        if x == 0:
            return Fraction(0)
        for _ in range(3):  # tan(u/2) = tan u / (1 + sec u)
            x = self.div(x, self.add(Fraction(1), self.sqrt(self.add(Fraction(1), self.power(x, Fraction(2))))))
        return self.mul(Fraction(8), self.small_atan(x))

    def wave(self, x: Real, k: int) -> Real:
        """The sine (k = 1) or the cosine (k = 0), whose slope is at most 1."""
        if x == 0:
            return Fraction(1 - k)
        a = self.interval(x)
        at = self.exact(a.lo)
        fine = Reals(self.digits + int(abs(at)) + 5, self)
        square = fine.mul(at, at)
        found = fine.series(at**k, lambda j: fine.mul(square, Fraction(-1, (2 * j + 1 + k) * (2 * j + 2 + k))))
        return self.wider(found, self.up.subtract(a.hi, a.lo))

    def erfc(self, x: Real) -> Real:
        if isinstance(x, float):
            return Fraction(0 if x > 0 else 2)
        if x == 0:
            return Fraction(1)
        a = self.interval(x)
        lo, hi = (self.interval(self.sub(Fraction(1), self.erf_at(self.exact(end), self.digits + 5))) for end in (a.hi, a.lo))
        return Interval(lo.lo, hi.hi)

    def erf(self, x: Real) -> Real:
        return Fraction(0) if isinstance(x, Fraction) and x == 0 else self.sub(Fraction(1), self.erfc(x))

    def erf_at(self, x: Fraction, digits: int) -> Real:
        """erf x = 2x/sqrt(pi) exp(-x^2) (1 + 2x^2/3 (1 + 2x^2/5 (...))), with more digits the nearer to 1 it is."""
        if abs(x) > 40:
            beyond("erf of so large a number")
        fine = Reals(digits + int(x * x / 2), self)
        square = fine.mul(x, x)
        total = fine.series(Fraction(1), lambda k: fine.mul(square, Fraction(2, 2 * k + 3)))
        front = fine.div(fine.mul(Fraction(2), x), fine.mul(fine.sqrt(fine.pi), fine.exp(square)))
        return fine.mul(front, total)

    def normal(self, x: Real) -> Real:
        """The distribution function of the standard normal."""
        return self.div(self.erfc(self.neg(self.div(x, self.sqrt(Fraction(2))))), Fraction(2)) if x != 0 else HALF

    def besseli(self, nu: Real, x: Real) -> Real:
        if not isinstance(nu, Fraction) or nu.denominator != 1 or nu < 0:
            return beyond("a Bessel function of that order")
        square = self.mul(self.mul(x, x), Fraction(1, 4))
        first = self.div(self.power(self.div(x, Fraction(2)), nu), self.gamma(nu + 1))
        return self.series(first, lambda k: self.div(square, (k + 1) * (k + 1 + nu)))

    # -- the gamma function, of positive numbers

    def shifted(self, x: Real) -> tuple[list[Real], Real]:
        """x, x + 1, ... up to where Stirling's series is good, and what comes next."""
        a = self.positive(x, "a gamma function")
        steps = max(0, self.digits - int(min(a.lo, Decimal(self.digits))))
        return [self.add(x, Fraction(i)) for i in range(steps)], self.add(x, Fraction(steps))

    def stirling(self, z: Real, coefficient: Callable[[int], Fraction], power: int) -> Real:
        """The sum of coefficient(k)/z^(2k + power) for k >= 1; the error is less than the first term left out."""
        total: Real = Fraction(0)
        for k in range(1, 400):
            self.spend()
            term = self.mul(coefficient(k), self.power(z, Fraction(-2 * k - power)))
            rest = self.size(self.interval(term))
            if rest <= self.tiny:
                return self.wider(total, rest)
            total = self.add(total, term)
        return beyond("so long a series")

    def lgamma(self, x: Real) -> Real:
        if isinstance(x, Fraction) and x.denominator == 1 and 0 < x <= 1000:
            return self.log(Fraction(factorial(x.numerator - 1)))
        before, z = self.shifted(x)
        tail = self.stirling(z, lambda k: bernoulli(2 * k) / (2 * k * (2 * k - 1)), -1)
        head = self.sub(self.mul(self.sub(z, HALF), self.log(z)), z)
        root = self.div(self.log(self.mul(Fraction(2), self.pi)), Fraction(2))
        return self.sub(self.add(head, root, tail), self.log(self.product(before)))

    def digamma(self, x: Real) -> Real:
        before, z = self.shifted(x)
        tail = self.stirling(z, lambda k: bernoulli(2 * k) / (2 * k), 0)
        first = self.sub(self.log(z), self.div(HALF, z))
        return self.sub(first, self.add(tail, *[self.div(Fraction(1), y) for y in before]))

    def gamma(self, x: Real) -> Real:
        if isinstance(x, Fraction) and x.denominator == 1 and 0 < x <= 1000:
            return self.kept(Fraction(factorial(x.numerator - 1)))
        return self.exp(self.lgamma(x))

    def beta(self, a: Real, b: Real) -> Real:
        if all(isinstance(v, Fraction) and v.denominator == 1 and 0 < v <= 400 for v in (a, b)):
            return self.div(self.mul(self.gamma(a), self.gamma(b)), self.gamma(self.add(a, b)))
        return self.exp(self.sub(self.add(self.lgamma(a), self.lgamma(b)), self.lgamma(self.add(a, b))))

    def lbeta(self, a: Real, b: Real) -> Real:
        return self.log(self.beta(a, b))

    def binomial(self, n: Real, k: Real) -> Real:
        if isinstance(n, Fraction) and isinstance(k, Fraction) and n.denominator == k.denominator == 1 and 0 <= n <= 1000:
            return self.kept(Fraction(comb(n.numerator, k.numerator) if k >= 0 else 0))
        one = Fraction(1)
        parts = [self.lgamma(self.add(v, one)) for v in (n, k, self.sub(n, k))]
        return self.exp(self.sub(parts[0], self.add(*parts[1:])))


# -- values of terms -------------------------------------------------------------------------------


class Samples(list[Any]):
    """The values of a symbol that varies with the sample, one for each."""


Scope = Mapping[str, int]  # the indices in force, and under "#" the sample
_COMPARED: Final[dict[str, Callable[[int], bool]]] = {
    "eq": lambda c: c == 0, "ne": lambda c: c != 0, "lt": lambda c: c < 0, "le": lambda c: c <= 0, "gt": lambda c: c > 0, "ge": lambda c: c >= 0,
}  # fmt: skip


class Evaluator:
    """Values of terms where every symbol has one: a real, a list of values, or for a condition True or False."""

    def __init__(self, terms: Terms, reals: Reals, values: Mapping[str, Any], samples: int) -> None:
        self.t = terms
        self.r = reals
        self.values = values
        self.samples = samples
        self.memo: dict[tuple[object, ...], Any] = {}
        r = reals
        self.functions: dict[str, Callable[..., Any]] = {
            "neg": r.neg, "div": r.div, "pow": r.power, "exp": r.exp, "log": r.log, "sqrt": r.sqrt, "abs": r.absolute,
            "sigmoid": r.sigmoid, "softplus": r.softplus, "logit": r.logit, "tanh": r.tanh, "cosh": r.cosh, "sinh": r.sinh,
            "cos": lambda x: r.wave(x, 0), "sin": lambda x: r.wave(x, 1), "atan": r.atan, "Phi": r.normal, "erf": r.erf, "erfc": r.erfc,
            "gamma": r.gamma, "lgamma": r.lgamma, "digamma": r.digamma, "factorial": lambda x: r.gamma(r.add(x, Fraction(1))),
            "xlogy": r.xlogy, "beta": r.beta, "lbeta": r.lbeta, "binomial": r.binomial, "besseli": r.besseli, "add": r.add,
            "min": lambda *xs: reduce(r.smallest, xs), "max": lambda *xs: reduce(r.largest, xs),
        }  # fmt: skip
        self.vectors: dict[str, Callable[..., Any]] = {
            "mul": self.times, "at": self.at, "vec": lambda *xs: list(xs), "dot": self.dot, "norm": lambda v: r.sqrt(self.dot(v, v)),
            "quad": lambda a, v: self.dot(v, self.times(self.matrix(a), v)), "det": lambda a: self.eliminated(a)[0],
            "logdet": lambda a: r.log(self.eliminated(a)[0]), "inv": lambda a: self.eliminated(a)[1],
            "trace": lambda a: r.add(*[row[i] for i, row in enumerate(self.matrix(a))]), "diag": self.diag,
            "eye": lambda d: self.diag([Fraction(1)] * self.count(d)), "softmax": lambda v: r.softmax(self.vector(v)),
            "logsumexp": lambda v: r.log(r.add(*map(r.exp, self.vector(v)))), "not": lambda c: not c, "and": lambda *cs: all(cs),
            "or": lambda *cs: any(cs), "indicator": lambda c: Fraction(int(c)),
        }  # fmt: skip

    def value(self, root: int, scope: Scope) -> Any:
        """The value of a term. Rejects what is not defined, or of no known enclosure; Undecided asks for more digits."""
        stack = [(root, scope)]
        while stack:
            t, here = stack[-1]
            key = self.key(t, here)
            wanted = self.wanted(t, here) if key not in self.memo else []
            pending = [w for w in wanted if self.key(*w) not in self.memo]
            if pending:
                stack.extend(pending)
                continue
            stack.pop()
            if key not in self.memo:
                need(len(self.memo) < MAX_VALUES, "the witness is too much work")
                self.memo[key] = self.apply(t, here, [self.memo[self.key(*w)] for w in wanted])
        return self.memo[self.key(root, scope)]

    def key(self, t: int, scope: Scope) -> tuple[object, ...]:
        """A term and what it depends on."""
        free = self.t.free[t]
        return (t, *[scope.get(i) for i in sorted(free)], scope.get("#") if self.t.bits[t] & LOOSE else None)

    def wanted(self, t: int, scope: Scope) -> list[tuple[int, Scope]]:
        """What has to have a value first."""
        op, args = self.t.ops[t], self.t.args[t]
        if op in DISTRIBUTIONS or op in EXPECTED:
            beyond(op)
        if op.startswith("samples_"):
            return [(args[0], {**scope, "#": i}) for i in range(self.samples)]
        if op == "cases":  # the branch not taken need not be defined
            condition = self.key(args[0], scope)
            return [(args[0] if condition not in self.memo else args[1] if self.memo[condition] else args[2], scope)]
        if op == "in":
            return [(args[0], scope), *[(a, scope) for a in self.sizes(args[1])]]
        if op in ("sum", "prod"):
            limits = [self.memo.get(self.key(a, scope)) for a in args[1:3]]
            if None in limits:
                return [(a, scope) for a in args[1:3]]
            low, high = map(self.whole, limits)
            need(high - low < MAX_VALUES, "the witness is too much work")
            return [(args[3], {**scope, str(self.t.values[args[0]]): k}) for k in range(low, high + 1)]
        return [(a, scope) for a in args]

    def apply(self, t: int, scope: Scope, args: list[Any]) -> Any:
        """The value of a term from what it wanted."""
        op, value = self.t.ops[t], self.t.values[t]
        if value is not None:
            return self.leaf(t, scope)
        if op == "cases":
            return args[0]
        if op == "in":
            return self.member(args[0], self.t.args[t][1], iter(args[1:]))
        if op in ("samples_prod", "prod"):
            return reduce(self.times, args, Fraction(1))
        if op in ("samples_sum", "samples_mean", "sum"):
            total = reduce(lambda x, y: self.each(self.r.add, x, y), args, Fraction(0))
            return self.each(self.r.div, total, Fraction(self.samples)) if op == "samples_mean" else total
        if op in _COMPARED:
            x, y = (a if isinstance(a, Fraction | Interval | float) else beyond(op) for a in args)
            return _COMPARED[op](self.r.compare(x, y))
        if op in self.vectors:
            return self.vectors[op](*args)
        return self.each(self.functions[op], *args) if op in self.functions else beyond(op)

    def leaf(self, t: int, scope: Scope) -> Any:
        """The value of a leaf."""
        op, value = self.t.ops[t], self.t.values[t]
        if op == "sym":
            need(value in self.values, f"there is no value for {value}")
            found = self.values[str(value)]
            return found[scope["#"]] if isinstance(found, Samples) else found
        if op == "bound":
            return Fraction(scope[str(value)])
        if op == "const":
            return {"oo": inf, "n_samples": Fraction(self.samples)}.get(str(value)) or self.r.pi
        return value if op == "num" else beyond(str(value))

    # -- vectors are lists of values, matrices lists of rows

    def each(self, function: Callable[..., Any], *args: Any) -> Any:
        """A function of each component; a number goes with every component."""
        lengths = {len(a) for a in args if isinstance(a, list)}
        if not lengths:
            return function(*args)
        ranks = {isinstance(a[0], list) for a in args if isinstance(a, list)}
        need(len(lengths) == len(ranks) == 1, "vectors of different lengths")
        return [self.each(function, *[a[i] if isinstance(a, list) else a for a in args]) for i in range(lengths.pop())]

    def vector(self, v: Any) -> list[Any]:
        return v if isinstance(v, list) and v and not isinstance(v[0], list) else beyond("a function of such a vector")

    def matrix(self, a: Any) -> list[list[Any]]:
        """A square matrix."""
        if not isinstance(a, list) or not all(isinstance(row, list) and len(row) == len(a) for row in a):
            beyond("a function of such a matrix")
        return a

    def rational(self, x: Any) -> Fraction:
        return x if isinstance(x, Fraction) else beyond("whether such a number is an integer")

    def whole(self, x: Any) -> int:
        return x.numerator if isinstance(x, Fraction) and x.denominator == 1 else beyond("an index that is no integer")

    def count(self, x: Any) -> int:
        n = self.whole(x)
        return n if 1 <= n <= 1000 else beyond("such a size")

    def at(self, v: Any, *places: Any) -> Any:
        for k in map(self.whole, places):
            v = v[k - 1] if isinstance(v, list) and 1 <= k <= len(v) else beyond("such a component")
        return v

    def dot(self, u: Any, v: Any) -> Any:
        need(len(self.vector(u)) == len(self.vector(v)), "vectors of different lengths")
        return self.r.add(*[self.r.mul(x, y) for x, y in zip(u, v, strict=True)])

    def times(self, *factors: Any) -> Any:
        """A product; of a matrix with what is no number, the matrix product."""
        out = factors[0]
        for x in factors[1:]:
            if isinstance(out, list) and isinstance(out[0], list) and isinstance(x, list):
                columns = list(map(list, zip(*x, strict=True))) if isinstance(x[0], list) else [x]
                rows = [[self.dot(row, column) for column in columns] for row in out]
                out = rows if isinstance(x[0], list) else [row[0] for row in rows]
            else:
                out = self.each(self.r.mul, out, x)
        return out

    def diag(self, v: Any) -> Any:
        if isinstance(v, list) and isinstance(v[0], list):
            return [row[i] for i, row in enumerate(self.matrix(v))]
        return [[x if i == j else Fraction(0) for j in range(len(v))] for i, x in enumerate(self.vector(v))]

    def eliminated(self, a: Any) -> tuple[Any, Any]:
        """The determinant and, unless it is 0, the inverse."""
        r, n = self.r, len(self.matrix(a))
        rows = [[*row, *[Fraction(int(i == j)) for j in range(n)]] for i, row in enumerate(a)]
        det: Any = Fraction(1)
        for c in range(n):
            pivot = next((k for k in range(c, n) if r.sign(rows[k][c])), None)
            if pivot is None:
                return Fraction(0), None
            if pivot != c:
                rows[c], rows[pivot], det = rows[pivot], rows[c], r.neg(det)
            top = rows[c][c]
            det = r.mul(det, top)
            rows[c] = [r.div(x, top) for x in rows[c]]
            for k in range(n):
                factor = rows[k][c]
                if k != c:
                    rows[k] = [r.sub(x, r.mul(factor, y)) for x, y in zip(rows[k], rows[c], strict=True)]
        return det, [row[n:] for row in rows]

    # -- domains

    def sizes(self, domain: int) -> list[int]:
        """The values that a domain is made with."""
        found: list[int] = []
        stack = [domain]
        while stack:
            d = stack.pop()
            if self.t.sorts[d] == "D":
                stack.extend(reversed(self.t.args[d]))
            else:
                found.append(d)
        return found

    def member(self, x: Any, domain: int, sizes: Iterator[Any]) -> bool:
        """Whether a value lies in a domain."""
        t, r = self.t, self.r
        op, zero, one = t.ops[domain], Fraction(0), Fraction(1)
        if op == "power_domain":
            inner = list(sizes)
            n, parts = self.count(inner.pop()), x if isinstance(x, list) else []
            return len(parts) == n and all(self.member(v, t.args[domain][0], iter(inner)) for v in parts)
        if op == "set":
            return any(not isinstance(x, list) and r.compare(x, m) == 0 for m in sizes)
        if op == "posdef":
            n = self.count(next(sizes))
            a = self.matrix(x)
            symmetric = all(r.compare(a[i][j], a[j][i]) == 0 for i in range(len(a)) for j in range(i))
            return len(a) == n and symmetric and all(r.sign(self.eliminated([row[:k] for row in a[:k]])[0]) > 0 for k in range(1, n + 1))
        if op in ("simplex", "onehot", "counts"):
            parts = [self.rational(v) for v in self.vector(x)]
            inside = {"simplex": lambda v: v > 0, "onehot": lambda v: v in (0, 1), "counts": lambda v: v >= 0 and v.denominator == 1}[op]
            return len(parts) == self.count(next(sizes)) and all(map(inside, parts)) and (op == "counts" or sum(parts) == 1)
        if isinstance(x, list | float):
            return False
        if op == "categories":
            return self.rational(x).denominator == 1 and 1 <= x <= self.count(next(sizes))
        name = str(t.values[domain])
        is_whole = name not in ("integers", "naturals") or self.rational(x).denominator == 1
        if name in ("reals", "integers"):
            return is_whole
        if name in ("unit", "unit_closed"):
            ends = r.compare(x, zero), r.compare(x, one)
            return ends[0] > 0 > ends[1] if name == "unit" else ends[0] >= 0 >= ends[1]
        return r.sign(x) > 0 if name == "positive" else r.sign(x) >= 0 and (name == "nonnegative" or is_whole)


# -- two objectives compared -----------------------------------------------------------------------

FAILS: Final = {"equal": 1, "up-to-constant": 2, "up-to-scale": 3, "order": 2}  # what a witness may refute, weaker and weaker; its points
Need = tuple[int, str]  # a term, and what is asked of it: gt, ge, ne, posdef


class Comparison(Checker):
    """Replays the comparison of two objectives A and B, both to be minimised, and re-checks its witness."""

    roles = (*ROLES, "variable")
    objectives = ("claim", "a-order", "b-order")

    def run(self) -> None:
        """Check everything, in the order in which one thing rests on another."""
        self.replay()
        self.place = "the claim"
        self.a, self.b = self.chain("a"), self.chain("b")
        for name in ("a", "b", *self.objectives):
            if name in self.chains:
                self.at_dataset(self.chains[name].left)
                self.at_dataset(self.chains[name].right)
        within = self.t.subterms(self.a.left).keys() | self.t.subterms(self.b.left).keys()
        if any(self.t.ops[s] in ("NLL", "Risk", "dist:empirical") or self.t.ops[s].startswith("samples_") for s in within):
            alike = [n for n, symbol in self.symbols.items() if symbol["role"] == "data" and not symbol["indexed"]]
            need(not alike, f"the claim: {' '.join(alike)[:40]} is data and does not vary with the sample")
        left, self.relation, right, scale, offset = self.entry(self.part("claim", dict), "left relation right scale offset")
        need((self.term(left), self.term(right)) == (self.a.left, self.b.left), "the claim is not about the chains a and b")
        need(self.data.get("relation", self.relation) == self.relation, "the claim: another relation is told")
        if self.relation in RELATIONS:
            self.check_relation(scale, offset)
            self.check_defined()
        else:
            need(self.relation in ("refuted", "unknown"), "the claim: there is no such relation")
            need("claim" not in self.chains and scale is None and offset is None, "the claim: nothing is proved that has a chain or a scale")
        a, b = self.t.show(self.a.left, 200), self.t.show(self.b.left, 200)
        words = {"refuted": f"refuted: {a} and {b} order two points differently", "unknown": f"unknown, of {a} and {b}"}
        self.report.claim = words.get(self.relation, f"{a} {self.relation} {b}")
        self.check_witness(self.data.get("witness"))
        self.check_conditional(self.data.get("proved_if"))

    def check_relation(self, scale: object, offset: object) -> None:
        """The chain `claim` goes from A to B, and A = scale * B + offset unless only the order is kept."""
        chain = self.chain("claim")
        need((chain.left, chain.right, chain.relation) == (self.a.left, self.b.left, self.relation), "the claim is not that of the chain claim")
        if chain.scale is None or chain.offset is None:
            need(scale is None and offset is None, "the claim: a relation of orders has no scale")
            return
        for told, kept, what in ((scale, chain.scale, "the scale"), (offset, chain.offset, "the offset")):
            term = self.at_dataset(self.value(told, what))
            need(not self.t.bits[term] & PARAMETER, f"the claim: {what} moves with a parameter")
            self.forms.same(term, kept)

    # -- where the objectives are defined

    def check_defined(self) -> None:
        """Under which conditions A and B have values: all that their functions ask for is known."""
        self.place = "`defined`"
        known = self.conditions(self.part("defined", list))
        posdef = {self.t.args[p][0] for p in known if self.t.ops[p] == "in" and self.t.ops[self.t.args[p][1]] == "posdef"}
        for objective in (self.a.left, self.b.left):
            for choices in self.asked(objective):
                given = any(all(self.known(n, known, posdef) for n in needs) for needs in choices)
                words = " and ".join(f"{kind}({self.t.show(term)})" for term, kind in choices[0])
                need(given, f"`defined`: {words} is not given")

    def known(self, asked: Need, known: set[int], posdef: set[int]) -> bool:
        """Whether one thing is among the facts, or holds of a number."""
        term, kind = asked
        if kind == "posdef":
            return term in posdef
        props = [self.t.make(op, (term, self.t.zero)) for op in {"gt": ("gt",), "ge": ("ge", "gt"), "ne": ("ne", "gt")}[kind]]
        return self.t.values[term] in ("n_samples", "pi") or any(p in known or self.computed(p) is True for p in props)

    def asked(self, root: int) -> Iterator[list[list[Need]]]:
        """What a term needs to be defined: for each function in it, one of several lists of needs.

        The parameters of distributions are not asked for (the rules that unfold these do), nor is what the
        condition of `cases` would give: both branches have to be defined.
        """
        t = self.t
        seen: set[int] = set()
        stack = [root]
        while stack:
            s = stack.pop()
            op, args = t.ops[s], t.args[s]
            if s in seen or op in ("pdf", "cdf", "cdf_below", "H", "CE", "KL", "JS", "NLL"):
                continue
            seen.add(s)
            if op == "log" and self.is_likelihood(args[0]):
                continue  # minus the log of a density that is 0 is infinity, a value
            choices = self.function_asks(op, args)
            if choices:
                yield choices
            stack.extend(args[2:] if op == "E" else args[:1] if op == "Risk" else args)

    def function_asks(self, op: str, args: tuple[int, ...]) -> list[list[Need]]:
        """What one function asks of its arguments."""
        t = self.t
        if op == "pow":
            return self.power_asks(*args)
        if op in ("log", "lgamma", "gamma", "digamma", "sqrt"):
            return [[(args[0], "ge" if op == "sqrt" else "gt")]]
        if op in ("factorial", "binomial"):  # gamma(n + 1), and of two numbers over what may be infinite
            return [[(args[0], "ge")], [(t.make("add", (args[0], t.one)), "gt")]]
        if op in ("div", "xlogy"):
            return [[(args[1], "ne" if op == "div" else "gt")]]
        if op in ("beta", "lbeta"):
            return [[(a, "gt") for a in args]]
        if op in ("logit", "zeta"):
            rest = (t.one, t.make("neg", args)) if op == "logit" else (args[0], t.make("neg", (t.one,)))
            return [[(args[0], "gt"), (t.make("add", rest), "gt")]]
        if op == "besseli":
            order = self.forms.constant(args[0])
            return [] if order is not None and order.denominator == 1 and order >= 0 else [[(args[1], "gt")]]
        return [[(args[0], "posdef")]] if op in ("logdet", "inv") else []

    def power_asks(self, base: int, exponent: int) -> list[list[Need]]:
        """A natural power asks nothing, an integer one that the base is not 0, others that it is positive."""
        k = self.forms.constant(exponent)
        if k is not None and k.denominator == 1:
            return [[(base, "ne")]] if k < 0 else []
        return [[(base, "gt")], [(base, "ge"), (exponent, "gt")]]

    def is_likelihood(self, root: int) -> bool:
        """Whether a term is a product or a quotient of densities."""
        densities = {s for s in self.t.subterms(root) if self.t.ops[s] == "pdf"}
        return bool(densities) and all(self.t.ops[s] in ("samples_prod", "mul", "div") for s in self.t.subterms(root, densities))

    # -- the witness

    def check_witness(self, witness: Any) -> None:
        """Exact points, at which a relation fails by this program's own intervals."""
        self.place = "the witness"
        if witness is None:
            need(self.relation != "refuted", "the witness: a refutation has one")
            return
        says, samples, values, points, told = self.entry(witness, "says samples values points enclosures")
        need(isinstance(says, str) and says in FAILS, "the witness: there is no such relation")
        need(self.relation != "refuted" or says == "order", "the witness: of a refutation it is of the order")
        stronger = self.relation not in RELATIONS or list(FAILS).index(says) < RELATIONS.index(self.relation)
        need(stronger, f"the witness: {says} fails, and {self.relation} is claimed")
        need(type(samples) is int and 1 <= samples <= 1000, "the witness: a number of samples is expected")
        need(isinstance(points, list) and len(points) == FAILS[says], f"the witness: {says} has {FAILS[says]} points")
        ends = self.entry(told, "a b")
        need(all(isinstance(e, list) and len(e) == len(points) for e in ends), "the witness: an enclosure for each point is expected")
        told = [[self.told_interval(pair) for pair in e] for e in ends]
        shared = self.read_values(values, samples, learned=False)
        places = [shared | self.read_values(point, samples, learned=True) for point in points]
        for digits in DIGITS:
            try:
                self.check_points(says, samples, places, told, Reals(digits))
            except Undecided:
                continue
            except DecimalException:
                beyond("the witness: a number so large")
            self.report.notes.append(f"a witness that {'the order' if says == 'order' else says} fails: samples {samples}, points {len(points)}")
            return
        beyond("the witness: what it says")

    def told_interval(self, pair: Any) -> tuple[Fraction | float, Fraction | float]:
        """An enclosure that the proof gives."""
        need(isinstance(pair, list) and len(pair) == 2, "the witness: an enclosure is [lower, upper]")
        lo, hi = (inf if end == "oo" else self.rational(end) for end in pair)
        need(lo <= hi, "the witness: an enclosure is empty")
        return lo, hi

    def rational(self, text: Any) -> Fraction:
        if not isinstance(text, str) or len(text) > 8200 or not NUMBER.fullmatch(text):
            raise Rejected(f"the witness: {text!r:.40} is no number")
        return Fraction(text)

    def alone(self) -> bool:
        """Whether nothing varies with the sample but what is learned."""
        return not any(s["indexed"] and s["role"] != "parameter" for s in self.symbols.values())

    def read_values(self, entry: Any, samples: int, learned: bool) -> dict[str, Any]:
        """Values by name: of the parameters, or of all else."""
        need(isinstance(entry, dict), "the witness: values are an object")
        found: dict[str, Any] = {}
        for name, value in entry.items():
            need(name in self.symbols and name not in self.t.variables, f"the witness: {name:.40} has no value")
            symbol = self.symbols[name]
            need((symbol["role"] == "parameter") == learned, f"the witness: {name} is at the wrong place")
            if not isinstance(value, dict):
                found[name] = self.read_value(value, 2)
                continue
            rows: Any = value.get("samples")
            need(symbol["indexed"] and isinstance(rows, list) and len(rows) == samples, f"the witness: not one {name} for each sample")
            found[name] = Samples([self.read_value(row, 2) for row in rows])
            # what is learned may also be shared, unless its name says that it is not, or nothing else varies with the sample
            free = not learned or "i" in name.split("_")[1:] or self.alone() or all(v == found[name][0] for v in found[name])
            need(free, f"the witness: {name} differs with the sample")
        return found

    def read_value(self, value: Any, depth: int) -> Any:
        """A number, a vector or a matrix of rationals."""
        if isinstance(value, list) and depth:
            return [self.read_value(v, depth - 1) for v in value]
        return self.rational(value)

    def check_points(self, says: str, samples: int, places: list[dict[str, Any]], told: list[Any], reals: Reals) -> None:
        """Domains and hypotheses hold at each point, and what is said fails does fail."""
        found: list[list[Real]] = [[], []]
        for place in places:
            evaluator = Evaluator(self.t, reals, place, samples)
            given = [self.t.make("in", (self.t.leaf("sym", n), self.domains[n])) for n in sorted(place)]
            for size in {s for d in self.domains.values() if self.t.ops[d] != "set" for s in evaluator.sizes(d)}:
                if self.t.values[size] in place:  # there is no vector of length 0
                    evaluator.count(place[str(self.t.values[size])])
            for condition in (*given, *sorted(self.hypotheses)):
                scopes: list[Scope] = [{"#": i} for i in range(samples)] if self.t.bits[condition] & LOOSE else [{}]
                holds = all(evaluator.value(condition, scope) for scope in scopes)
                need(holds, f"the witness: {self.t.show(condition)} does not hold")
            for values, enclosures, chain in zip(found, told, (self.a, self.b), strict=True):
                value = evaluator.value(chain.right, {})
                need(isinstance(value, Fraction | Interval) or value == inf, "the witness: an objective has no value there")
                lo, hi = enclosures[len(values)]
                need(reals.may_hold(lo, hi, value), "the witness: an enclosure does not hold the value")
                values.append(value)
        need(self.fails(says, reals, *found), f"the witness: {says} does not fail")

    def fails(self, says: str, r: Reals, a: list[Real], b: list[Real]) -> bool:
        """Whether a relation fails at the values."""
        if says == "equal":
            return r.compare(a[0], b[0]) != 0
        if says == "order":
            first, second = r.compare(a[0], a[1]), r.compare(b[0], b[1])
            return first * second < 0 or (first == 0) != (second == 0)
        need(not any(isinstance(v, float) for v in (*a, *b)), "the witness: infinity has no differences")
        if says == "up-to-constant":
            return r.compare(r.sub(a[0], b[0]), r.sub(a[1], b[1])) != 0
        left = r.mul(r.sub(a[0], a[1]), r.sub(b[0], b[2]))
        return r.compare(left, r.mul(r.sub(a[0], a[2]), r.sub(b[0], b[1]))) != 0

    # -- what a further condition would prove

    def check_conditional(self, entries: Any) -> None:
        """Proofs about the same objectives under one more hypothesis."""
        self.place = "`proved_if`"
        entries = [] if entries is None else entries
        need(isinstance(entries, list), "`proved_if` is a list")
        need(not entries or self.relation in ("refuted", "unknown"), "`proved_if`: it is proved as it stands")
        for entry in entries:
            text, proof = self.entry(entry, "condition proof")
            need(isinstance(proof, dict) and proof.get("schema") == SCHEMA and proof.get("kind") == "comparison", "`proved_if`: no proof")
            need(not proof.get("proved_if"), "`proved_if`: one proof within another is enough")
            inner = Comparison(proof, self.folder, self.assume)
            inner.installed = self.installed
            try:
                inner.run()
            except Rejected as error:
                raise Rejected(f"`proved_if` {text!r:.60}: {inner.place}: {error}") from None
            self.check_inner(text, inner)
            self.report.notes.append(f"{inner.relation} if {text}")
            for report_total in ("steps", "facts", "rules"):
                setattr(self.report, report_total, getattr(self.report, report_total) + getattr(inner.report, report_total))
            self.report.assumptions += [a for a in inner.report.assumptions if a.startswith("record") and a not in self.report.assumptions]

    def check_inner(self, text: Any, inner: Comparison) -> None:
        """The other proof speaks of the same objectives and symbols, and supposes the condition alone besides."""
        need(inner.relation in RELATIONS, "`proved_if`: it proves nothing")
        for name in inner.symbols.keys() & self.symbols.keys():
            mine, other = ([s[name][key] for key in ("role", "shape", "indexed")] for s in (self.symbols, inner.symbols))
            need(mine == other and self.copied(inner, inner.domains[name]) == self.domains[name], f"`proved_if`: {name} is another symbol")
        ends = self.copied(inner, inner.a.left), self.copied(inner, inner.b.left)
        need(ends == (self.a.left, self.b.left), "`proved_if`: it is about other objectives")
        pattern = self.rules.condition(text)
        names = self.rules.names(pattern)
        need(names <= self.symbols.keys(), "`proved_if`: the condition has a name of its own")
        condition = self.rules.fill(pattern, {n: self.t.leaf("sym", n) for n in names})
        told = self.t.propositions(condition)
        for p in sorted({self.copied(inner, p) for p in inner.hypotheses} - self.hypotheses):
            need(any(self.alike(p, q) for q in told), f"`proved_if`: it supposes {self.t.show(p)}, more than its condition")

    def alike(self, p: int, q: int) -> bool:
        """Whether two propositions are of one kind and, but for algebra, about one term."""
        try:
            self.same_kind(p, q)
        except Rejected:
            return False
        return True

    def copied(self, other: Checker, root: int) -> int:
        """A term of another proof among those of this one."""

        def visit(s: int, args: list[int]) -> int:
            value, op = other.t.values[s], other.t.ops[s]
            need(op != "sym" or value in self.symbols, f"`proved_if`: {value} is not a symbol here")
            return self.t.make(op, args) if value is None else self.t.leaf(op, value)

        return other.t.rebuild(root, visit)


# -- records and reports ---------------------------------------------------------------------------


def _plain(record: Any) -> str:
    return json.dumps(record, sort_keys=True, default=str)


def default_rules() -> Path | None:
    """The folder of records: package data, else the sibling of a checkout's package."""
    package = Path(__file__).resolve().parent
    if (package / "rules").is_dir():
        return package / "rules"
    beside = package.parent / "rules"
    return beside if (package.parent / "pyproject.toml").is_file() and beside.is_dir() else None


def load_records(folder: Path | None, kind: str, optional: bool) -> dict[str, dict[str, Any]]:
    """The installed records of one sub-folder, by id. Raises Unusable."""
    import tomllib

    if folder is None or not folder.is_dir():
        if optional:
            return {}
        raise Unusable("the folder of rules was not found; name it with --rules")
    found: dict[str, dict[str, Any]] = {}
    for path in sorted((folder / kind).glob("*.toml")):
        try:
            data = tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError) as error:
            raise Unusable(f"{path.name}: {error}") from None
        rows = data.get("rule", data.get("fact", [data]))
        for record in rows if isinstance(rows, list) else []:
            id = record.get("id") if isinstance(record, dict) else None
            if not isinstance(id, str) or id in found:
                raise Unusable(f"{path.name}: a record without an id, or a second one called {id!r:.60}")
            found[id] = record
    return found


def check(data: object, rules_dir: Path | None = None, assume_rules: bool = False) -> Report:
    """Check a proof. Never raises: what is wrong is in the report."""
    if not isinstance(data, dict):
        return Report(2, ["a proof is one JSON object"])
    if data.get("schema") != SCHEMA:
        return Report(2, [f"the schema is not {SCHEMA}"])
    if data.get("kind") not in (None, "comparison"):
        return Report(2, [f"a proof of kind {data['kind']!r:.40} is not known here"])
    checker = (Comparison if data.get("kind") else Checker)(data, rules_dir or default_rules(), assume_rules)
    report = checker.report
    try:
        checker.run()
    except Rejected as error:
        text = str(error)
        report.status, report.messages = 1, [text if text.startswith(checker.place) else f"{checker.place}: {text}"]
    except Unusable as error:
        report.status, report.messages = 2, [str(error)]
    except (RecursionError, MemoryError, ArithmeticError, LookupError, TypeError, ValueError) as error:
        # no known way leads here; what the checker cannot read is no proof
        report.status, report.messages = 1, [f"{checker.place}: too large, too deep or malformed ({type(error).__name__})"]
    return report


# -- the command -----------------------------------------------------------------------------------


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Unusable("a key stands twice in one object")
    return found


def _no_constant(text: str) -> Any:
    raise Unusable(f"{text} is no JSON number")


def read_proof(source: str) -> Any:
    """JSON from a file, or from stdin for ``-``. Raises Unusable."""
    try:
        if source == "-":
            raw = sys.stdin.buffer.read(MAX_BYTES + 1)
        else:
            with open(source, "rb") as file:
                raw = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        raise Unusable(f"cannot read {source!r:.200}: {error}") from None
    if len(raw) > MAX_BYTES:
        raise Unusable(f"more than {MAX_BYTES:,} bytes")
    if b"\x00" in raw:
        raise Unusable("the input has NUL bytes")
    try:
        return json.loads(raw.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise Unusable(f"no JSON: {error!s:.200}") from None


def main(argv: Sequence[str] | None = None) -> int:
    """The command; returns its exit status."""
    import argparse

    parser = argparse.ArgumentParser(prog="checker", description="Check a proof of lossproof again, without lossproof.")
    parser.add_argument("proof", help="a file of proof JSON; - is stdin")
    parser.add_argument("--rules", type=Path, metavar="DIR", help="the installed rules (default: those beside this program)")
    parser.add_argument("--assume-rules", action="store_true", help="take records that are not installed as assumptions")
    options = parser.parse_args(argv)
    try:
        report = check(read_proof(options.proof), options.rules, options.assume_rules)
    except Unusable as error:
        report = Report(2, [str(error)])
    if report.ok:
        print(f"checked: {report.steps} steps, {report.facts} facts, {report.rules} records")
        print(f"claim: {report.claim}")
        for note in report.notes:
            print(f"besides: {note}")
        for assumption in report.assumptions:
            print(f"assumes: {assumption}")
    for message in report.messages:
        print(f"{'rejected' if report.status == 1 else 'unusable'}: {message}", file=sys.stderr)
    return report.status


if __name__ == "__main__":
    sys.exit(main())
