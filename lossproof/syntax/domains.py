"""Domains: what stands after ``in``."""

from __future__ import annotations

from lossproof.errors import KindError, LimitError, UnknownDomainError
from lossproof.syntax import faults
from lossproof.syntax.functions import CONDITIONS, DOMAIN_FUNCTIONS, DOMAINS
from lossproof.terms import Term, domain, make, sym

_MAX_DEPTH = 5  # domains within conditions within domains


class DomainReader(faults.Cursor):
    """The part of the parser that reads domains and whole conditions."""

    def expression(self) -> Term:
        """The expression from here on; the parser overrides this."""
        raise NotImplementedError

    def _name(self, i: int) -> Term:
        raise NotImplementedError

    def condition(self) -> Term:
        """A whole condition from here on."""
        first = self.i
        term = self.expression()
        if term.op not in CONDITIONS:
            raise self._no_condition(first)
        return term

    def _no_condition(self, first: int) -> Exception:
        if self.kinds[self.i] == "=":
            return faults.at_token(self, self.i, "`=` does not state a condition", hint="write == for an equation")
        span = (self.starts[first], max(self.starts[first] + 1, self.ends[self.i - 1]))
        hint = "a condition is such as s > 0, 0 < p < 1, k in integers, y in {0, 1}"
        return KindError("a value stands where a condition is needed", text=self.text, span=span, hint=hint)

    def domain(self) -> Term:
        """The domain from here on."""
        if self.depth > _MAX_DEPTH:
            raise LimitError(
                "domains stand too deep within each other",
                text=self.text,
                span=(self.starts[self.i], self.ends[self.i]),
            )
        i = self.i
        if self.kinds[i] == "{":
            return make("set", self._listed("}"))
        name = self.text[self.starts[i] : self.ends[i]]
        if self.kinds[i] != "name":
            raise faults.at_token(
                self,
                i,
                "a domain is expected after `in`",
                hint="reals, positive, unit, integers, {0, 1}, simplex(K); for an interval write 0 < p < 1",
            )
        if name in DOMAIN_FUNCTIONS:
            return self._applied(name)
        if name in DOMAINS:
            found = domain(DOMAINS[name])
        elif self.rule and len(name) == 1 and name.isupper():
            found = sym(name)
        else:
            raise self._unknown(i, name)
        self.i = i + 1
        if self.kinds[self.i] in ("^", "sup"):
            return make("power_domain", (found, self._exponent()))
        return found

    def _applied(self, name: str) -> Term:
        self.i += 1
        if self.kinds[self.i] != "(":
            raise faults.at_token(self, self.i - 1, f"{name} needs its size", hint=f"{name}(K)")
        args = self._listed(")")
        if len(args) != 1:
            raise faults.at_token(self, self.i - 1, f"{name} takes one argument, its size", hint=f"{name}(K)")
        return make(name, args)

    def _listed(self, closer: str) -> list[Term]:
        """Values between the mark at hand and its closer, which is read too."""
        opener = self.i
        found: list[Term] = []
        while not found or self.kinds[self.i] == ",":
            self.i += 1
            found.append(self.expression())
            if found[-1].op in CONDITIONS:
                raise faults.at_token(self, self.i - 1, "a condition stands where a value is needed")
        if self.kinds[self.i] != closer:
            if self.kinds[self.i] == "end":
                raise faults.at_token(self, opener, f"`{self.kinds[opener]}` is never closed", hint=f"add a `{closer}`")
            raise faults.no_operator(self)
        self.i += 1
        return found

    def _exponent(self) -> Term:
        i = self.i
        if self.kinds[i] == "sup":
            self.i = i + 1
            value = self.values[i]
        elif self.kinds[i + 1] == "(":
            self.i = i + 1
            inside = self._listed(")")
            value = inside[0]
            if len(inside) != 1:
                raise faults.at_token(self, i, "a dimension is one number", hint="reals^D")
        elif self.kinds[i + 1] == "num":
            self.i = i + 2
            value = self.values[i + 1]
        elif self.kinds[i + 1] == "name":
            self.i = i + 2
            value = self._name(i + 1)
        else:
            raise faults.at_token(self, i, "a dimension is expected after `^`", hint="reals^D")
        if isinstance(value, str):
            raise faults.no_operand(self)
        return value

    def _unknown(self, i: int, name: str) -> UnknownDomainError:
        return UnknownDomainError(
            f"there is no domain {name}",
            text=self.text,
            span=(self.starts[i], self.ends[i]),
            nearest=faults.nearest(name, [*DOMAINS, *DOMAIN_FUNCTIONS]),
            hint="a domain is one of reals, positive, nonnegative, unit, unit_closed, integers, naturals, "
            "{a, b}, simplex(K), reals^D, posdef(D)",
        )
