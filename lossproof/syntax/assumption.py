"""The assumption language: statements, roles and conditions, as written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from lossproof.errors import InputSyntaxError, KindError, LimitError, LossproofError, Span
from lossproof.syntax import faults
from lossproof.syntax.functions import CONDITIONS, CONSTANTS, FUNCTIONS
from lossproof.syntax.names import GREEK
from lossproof.syntax.parser import Parser
from lossproof.syntax.tokens import tokenize
from lossproof.terms import Term

MAX_CALLS: Final = 50  # distributions within each other
_EXAMPLE: Final = "y ~ Normal(mu, sigma) with sigma fixed"


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of a distribution: by position, or by a keyword in its canonical spelling."""

    keyword: str | None
    value: Term | Call
    span: Span


@dataclass(frozen=True, slots=True)
class Call:
    """A distribution with its arguments; ``name`` as it was written."""

    name: str
    args: tuple[Argument, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Tilde:
    """``name ~ distribution``; ``span`` is the name's."""

    name: str
    distribution: Call
    span: Span


@dataclass(frozen=True, slots=True)
class Define:
    """``name = expression``; ``span`` is the name's."""

    name: str
    expression: Term
    span: Span


@dataclass(frozen=True, slots=True)
class Role:
    """A name that was declared ``fixed`` or ``data``."""

    name: str
    role: str
    span: Span


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition of the ``where`` clause."""

    term: Term
    span: Span


@dataclass(frozen=True, slots=True)
class Assumption:
    """What an assumption says, in its order; spans are places in ``text``."""

    text: str
    statements: tuple[Tilde | Define, ...]
    roles: tuple[Role, ...]
    conditions: tuple[Condition, ...]


class AssumptionReader(Parser):
    """Reads an assumption; distributions recurse, to a stated depth."""

    def assumption(self) -> Assumption:
        statements = [self.statement()]
        while self.kinds[self.i] == ",":
            self.i += 1
            statements.append(self.statement())
        roles: list[Role] = []
        conditions: list[Condition] = []
        if self.kinds[self.i] == "with":
            roles = self.roles()
        if self.kinds[self.i] == "where":
            self.i += 1
            conditions = self.conditions()
        if self.kinds[self.i] != "end":
            raise self._unread(bool(roles), bool(conditions))
        return Assumption(self.text, tuple(statements), tuple(roles), tuple(conditions))

    def _unread(self, roles: bool, conditions: bool) -> LossproofError:
        kind = self.kinds[self.i]
        if kind in ("fixed", "data") and not roles:
            return faults.at_token(self, self.i, f"`{kind}` without `with`", hint=f"... with sigma {kind}")
        if kind == "with":
            hint = (
                "the `with` clause comes before `where`"
                if conditions
                else "one `with` clause: with x data, sigma fixed"
            )
            return faults.at_token(self, self.i, "`with` cannot stand here", hint=hint)
        if kind in {"=", "~"}:
            hint = "separate statements by commas: y ~ Normal(mu, s), mu = w*x"
            return faults.at_token(self, self.i, f"`{kind}` cannot stand here", hint=hint)
        if kind == "and" and not roles:
            return faults.at_token(self, self.i, "`and` cannot stand here", hint="separate statements by commas")
        if kind in ("name", "num", "(") and self.kinds[self.i - 1] == ")":
            shown = self.raw(self.i)[:40]
            role = next((word for word in self.kinds[self.i :] if word in ("fixed", "data")), "fixed")
            hint = f"... with {shown} {role}; statements have commas between them"
            return faults.at_token(self, self.i, f"`{shown}` cannot follow the distribution", hint=hint)
        return faults.trailing(self, "assumption")

    def statement(self) -> Tilde | Define:
        i = self.i
        kinds = self.kinds
        if kinds[i] != "name":
            raise self._no_name(i)
        name = str(self.values[i])
        span = (self.starts[i], self.ends[i])
        mark = kinds[i + 1]
        if name in CONSTANTS:
            raise faults.at_token(self, i, f"{name} is a constant and cannot be a name", hint="choose another name")
        self.i = i + 2
        if mark == "~":
            return Tilde(name, self.distribution(0), span)
        if mark != "=":
            raise self._no_mark(i)
        term = self.expression()
        if term.op in CONDITIONS:
            raise KindError(
                f"{name} is defined by a condition",
                text=self.text,
                span=(self.starts[i + 2], self.ends[self.i - 1]),
                hint="indicator(condition) is 1 where it holds, else 0",
            )
        if kinds[self.i] == "~":
            raise faults.at_token(
                self, self.i, "`~` cannot follow a definition", hint=f"{name} = ..., another ~ Normal(...)"
            )
        return Define(name, term, span)

    def _no_name(self, i: int) -> LossproofError:
        kind = self.kinds[i]
        if kind == "end":
            if not i:
                return faults.at_token(self, i, "there is nothing to read", hint=_EXAMPLE)
            return faults.at_token(self, i, "the text ends where a statement is expected", hint="remove the last comma")
        if kind in ("with", "where"):
            return faults.at_token(self, i, f"a statement is expected before `{kind}`", hint=_EXAMPLE)
        if kind in ("fixed", "data", "not", "in", "and", "or"):
            return faults.at_token(self, i, f"`{kind}` is a reserved word", hint="choose another name")
        return faults.at_token(self, i, "a statement begins with a name", hint=_EXAMPLE)

    def _no_mark(self, i: int) -> LossproofError:
        shown = self.raw(i)
        if self.kinds[i + 1] == "(":
            end = faults.group_end(self, i)
            if self.kinds[end] in ("~", "="):
                hint = "the left side is a name: for log(y) ~ Normal(...) write y ~ LogNormal(...)"
                return faults.at_token(self, i, f"{faults.snippet(self, i, end)} is no name", hint=hint)
            return faults.at_token(
                self, i, "a statement begins with `name ~` or `name =`", hint=f"y ~ {faults.snippet(self, i, end)}"
            )
        if self.kinds[i + 1] == "end":
            return faults.at_token(
                self, i, f"{shown} alone says nothing", hint=f"{shown} ~ Normal(mu, sigma), or {shown} = w*x"
            )
        if self.kinds[i + 1] == "==":
            return faults.at_token(self, i + 1, "a definition has one `=`", hint=f"{shown} = ...")
        if self.kinds[i + 1] in ("fixed", "data"):
            return faults.at_token(
                self, i + 1, f"`{self.kinds[i + 1]}` without `with`", hint=f"... with {shown} {self.kinds[i + 1]}"
            )
        return faults.at_token(self, i + 1, f"`~` or `=` is expected after {shown}", hint=_EXAMPLE)

    # -- distributions ----------------------------------------------------------------------

    def distribution(self, depth: int) -> Call:
        i = self.i
        if depth > MAX_CALLS:
            span = (self.starts[i], self.ends[i])
            raise LimitError(f"more than {MAX_CALLS} distributions within each other", text=self.text, span=span)
        if self.kinds[i] != "name":
            raise faults.at_token(self, i, "a distribution is expected after `~`", hint=_EXAMPLE)
        name = self.raw(i)
        if self.kinds[i + 1] != "(":
            raise faults.at_token(
                self,
                i,
                f"{name[:40]} stands without its arguments",
                hint=f"{name[:40]}(...) as in y ~ Normal(mu, sigma)",
            )
        self.i = i + 2
        args: list[Argument] = []
        if self.kinds[self.i] == ")":
            self.i += 1
        else:
            while True:
                args.append(self.argument(depth))
                self.i += 1
                if self.kinds[self.i - 1] == ")":
                    break
        call = Call(name, tuple(args), (self.starts[i], self.ends[self.i - 1]))
        if depth == 0 and self.kinds[self.i] in ("+", "-", "*", "/", "^", "sup"):
            hint = "shift or scale the parameters instead: mu + Normal(0, s) is Normal(mu, s)"
            raise faults.at_token(self, self.i, "distributions have no arithmetic", hint=hint)
        return call

    def argument(self, depth: int) -> Argument:
        """One argument, up to the comma or parenthesis after it."""
        keyword = None
        first = self.i
        kinds = self.kinds
        if kinds[first] == "name" and kinds[first + 1] == "=":
            keyword = str(self.values[first])
            self.i += 2
        elif kinds[first] == "data" and kinds[first + 1] == "=":
            raise faults.at_token(self, first, "`data` is a reserved word", hint="declare data by `with x data`")
        value: Term | Call
        begin = self.i
        if self._nested(begin):
            value = self.distribution(depth + 1)
        else:
            value = self.expression()
            if value.op in CONDITIONS:
                raise self._condition_argument(begin)
        if kinds[self.i] not in (",", ")"):
            raise self._after_argument(value, begin)
        return Argument(keyword, value, (self.starts[first], self.ends[self.i - 1]))

    def _nested(self, i: int) -> bool:
        """Whether a distribution begins here: a name that is no function, with a parenthesis after it."""
        if self.kinds[i] != "name" or self.kinds[i + 1] != "(":
            return False
        name, raw = str(self.values[i]), self.raw(i)
        if name in FUNCTIONS or name in CONSTANTS:
            return False
        # λ(1-τ) and m(x) are products gone wrong, N(0, 1) is a distribution
        return not (
            (len(raw) == 1 and not ("A" <= raw <= "Z")) or raw[0] in GREEK or (name in GREEK.values() and raw.islower())
        )

    def _condition_argument(self, begin: int) -> LossproofError:
        span = (self.starts[begin], self.ends[self.i - 1])
        hint = "to give an argument by name write `=`: Normal(mean=mu, var=v)"
        return KindError("a condition stands where a value is needed", text=self.text, span=span, hint=hint)

    def _after_argument(self, value: Term | Call, begin: int) -> LossproofError:
        kind = self.kinds[self.i]
        if kind == "end" or kind in ("with", "where", "~"):
            opener = begin
            depth = 0
            while opener and (self.kinds[opener] != "(" or depth):
                opener -= 1
                depth += (self.kinds[opener] == ")") - (self.kinds[opener] == "(" and depth > 0)
            return faults.at_token(self, opener, "`(` is never closed", hint="add the missing `)`")
        if kind == "=":
            return faults.at_token(self, self.i, "only a name can stand before `=`", hint="Normal(mean=mu, var=v)")
        if kind == "|":
            return faults.at_token(
                self, self.i, "`|` has no meaning here", hint="write the parameters alone: y ~ Normal(mu, sigma)"
            )
        if isinstance(value, Call):
            hint = f"{value.name}*(...) if a product is meant; a distribution stands alone"
            return faults.at_token(self, self.i, "a distribution cannot be part of a formula", hint=hint)
        return faults.no_operator(self)

    # -- roles and conditions ---------------------------------------------------------------

    def roles(self) -> list[Role]:
        found: list[Role] = []
        while True:
            self.i += 1  # with, or a comma
            found += self._group()
            if self.kinds[self.i] not in (",", "and"):
                return found

    def _group(self) -> list[Role]:
        """Names and the word that says what they are."""
        names: list[tuple[str, Span]] = []
        while True:
            i = self.i
            if self.kinds[i] != "name":
                raise self._no_role_name(i)
            if self.values[i] in CONSTANTS:
                raise faults.at_token(self, i, f"{self.raw(i)} is a constant", hint="leave it out: it is fixed anyway")
            names.append((str(self.values[i]), (self.starts[i], self.ends[i])))
            self.i = i + 1
            kind = self.kinds[i + 1]
            if kind in ("fixed", "data"):
                self.i = i + 2
                return [Role(name, kind, span) for name, span in names]
            if kind not in (",", "and"):
                raise self._no_role(i + 1, names)
            self.i = i + 2

    def _no_role_name(self, i: int) -> InputSyntaxError:
        if self.kinds[i] == "end":
            return faults.at_token(self, i, "the text ends where a name is expected", hint="with x data, sigma fixed")
        return faults.at_token(
            self, i, f"`{self.raw(i)}` stands where a name is expected", hint="with x data, sigma fixed"
        )

    def _no_role(self, i: int, names: list[tuple[str, Span]]) -> InputSyntaxError:
        listed = ", ".join(self.text[start:end] for _, (start, end) in names)
        if self.kinds[i] == "end" or self.kinds[i] == "where":
            return faults.at_token(self, i, "`fixed` or `data` is missing after the names", hint=f"with {listed} fixed")
        if self.kinds[i] in ("=", "==", "<", ">", "<=", ">=", "in"):
            return faults.at_token(
                self,
                i,
                "a condition stands in the `with` clause",
                hint="conditions follow `where`: with sigma fixed where sigma > 0",
            )
        return faults.at_token(
            self, i, f"`fixed` or `data` is expected, not `{self.raw(i)}`", hint=f"with {listed} fixed"
        )

    def conditions(self) -> list[Condition]:
        """One or more conditions, with commas between them."""
        found: list[Condition] = []
        while True:
            first = self.i
            term = self.condition()
            found.append(Condition(term, (self.starts[first], self.ends[self.i - 1])))
            if self.kinds[self.i] != ",":
                return found
            self.i += 1


def parse_assumption(text: str) -> Assumption:
    """What an assumption says; nothing is looked up, so any name may stand for a distribution.

    Raises :class:`lossproof.errors.LossproofError` with the place of the fault.
    """
    return AssumptionReader(tokenize(text)).assumption()


def parse_conditions(text: str) -> tuple[Condition, ...]:
    """Conditions with commas between them, as after ``where``; none if the text is blank."""
    if not text.strip():
        return ()
    reader = AssumptionReader(tokenize(text))
    found = reader.conditions()
    reader.finish("condition")
    return tuple(found)


def parse_define(text: str) -> Define:
    """One definition, ``name = expression``."""
    reader = AssumptionReader(tokenize(text))
    statement = reader.statement()
    reader.finish("definition")
    if isinstance(statement, Define):
        return statement
    raise InputSyntaxError(
        "a definition is expected, not a distribution", text=reader.text, span=statement.span, hint="z = w*x"
    )
