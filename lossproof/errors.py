"""One tree of errors: each class knows its code, its exit status and how to explain itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, ClassVar

Span = tuple[int, int]

_WINDOW = 100  # characters of the input that an error shows


class LossproofError(Exception):
    """Any error that lossproof raises on purpose.

    ``text`` is the input and ``span`` the (start, end) of the offending part of it; ``nearest``
    are the names that come closest to what was asked for; ``hint`` is one thing to try.
    """

    code: ClassVar[str] = "error"
    exit_status: ClassVar[int] = 2
    explanation: ClassVar[str] = "Something in the input cannot be used; the message says what."

    def __init__(
        self,
        message: str,
        *,
        text: str | None = None,
        span: Span | None = None,
        nearest: Iterable[str] = (),
        hint: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.text = text
        self.span = span
        self.nearest = list(nearest)
        self.hint = hint

    def __str__(self) -> str:
        return self.render()

    def __reduce__(self) -> tuple[Any, ...]:
        return _remake, (type(self), self.message, vars(self))

    def render(self) -> str:
        """The error as a short block: what, where, nearest, what to try."""
        lines = [f"{self.code}: {printable(self.message)}"]
        if self.text is not None and self.span is not None:
            lines += [f"    {line}" for line in point_at(self.text, self.span)]
        if self.nearest:
            lines.append("nearest: " + ", ".join(printable(name) for name in self.nearest))
        if self.hint:
            lines.append(f"try: {printable(self.hint)}")
        return "\n".join(lines)


def _remake(kind: type[LossproofError], message: str, state: dict[str, Any]) -> LossproofError:
    error = kind(message)
    vars(error).update(state)
    return error


def printable(text: str) -> str:
    """The text with control, bidirectional and other invisible characters escaped."""
    if text.isprintable():
        return text
    return "".join(_shown(char) for char in text)


def _shown(char: str) -> str:
    if char.isprintable():
        return char
    code = ord(char)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _columns(shown: str) -> int:
    """How many terminal columns the text takes: combining marks none, wide characters two."""
    if shown.isascii():
        return len(shown)
    from unicodedata import combining, east_asian_width

    return sum(0 if combining(c) else 2 if east_asian_width(c) in "WF" else 1 for c in shown)


def point_at(text: str, span: Span) -> tuple[str, str]:
    """The line of ``text`` that holds the span, cut to a window, and carets under the span."""
    start = max(0, min(span[0], len(text)))
    end = max(start, min(span[1], len(text)))
    line_start = text.rfind("\n", 0, start) + 1
    line_end = text.find("\n", start)
    line_end = len(text) if line_end < 0 else line_end
    end = min(end, line_end)
    first, last = line_start, line_end
    if line_end - line_start > _WINDOW:
        first = max(line_start, min(start - _WINDOW // 2, line_end - _WINDOW))
        last = min(line_end, first + _WINDOW)
    before = ("…" if first > line_start else "") + printable(text[first:start])
    marked = printable(text[start : min(end, last)])
    after = printable(text[min(end, last) : last]) + ("…" if last < line_end else "")
    carets = "^" * max(1, _columns(marked))
    return before + marked + after, " " * _columns(before) + carets


class InputSyntaxError(LossproofError):
    """The text does not follow the grammar."""

    code = "syntax"
    explanation = (
        "The text is not a formula, a condition or an assumption of the input language. The caret shows the first"
        " place where it cannot be continued. Formulas use + - * / ^, parentheses, the functions of `lossproof"
        " explain log` and the like; an assumption reads `y ~ Normal(mu, sigma), mu = w*x with x data, sigma fixed"
        " where w > 0`."
    )


class AmbiguousError(InputSyntaxError):
    """The text has two readings."""

    code = "ambiguous"
    explanation = (
        "The text could be read in two ways, so it is refused and both readings are offered. `a/2b` may mean"
        " a/(2*b) or (a/2)*b; `λ(1-τ)` may be a product or a function; `x^2y` may be x^2*y or x^(2*y). Write the"
        " `*` and the parentheses."
    )


class CharacterError(InputSyntaxError):
    """A character that the input language does not have."""

    code = "character"
    explanation = (
        "The text holds a character that is not part of the input language. Names are made of Latin and Greek"
        " letters (with hat, bar or tilde), digits, underscores and subscripts. Letters of other scripts that look"
        " like Latin ones, invisible characters and characters that change the direction of writing are refused,"
        " because a proof about a formula that only looks like yours would be worth nothing."
    )


class LimitError(LossproofError):
    """A stated limit on size, depth or time was reached."""

    code = "limit"
    exit_status = 3
    explanation = (
        "A stated limit was reached: the input is too long or nested too deeply, or a search used up its budget."
        " Nothing is claimed about the input; a shorter or simpler form of it may go through."
    )


class ArityError(LossproofError):
    """A function or distribution got the wrong number of arguments."""

    code = "arity"
    explanation = (
        "A function or distribution was given too few or too many arguments, or an argument by a name that it does"
        " not have. `lossproof explain NAME` shows the signature."
    )


class KindError(LossproofError):
    """A condition, a value, a domain or a distribution where another of them is needed."""

    code = "kind"
    explanation = (
        "A formula has values (`x + 1`), conditions (`x > 0`), domains (`reals`) and distributions (`Normal(0,"
        " 1)`), and one stands where another is needed: for example `1 + (x > 0)`, where `1 + indicator(x > 0)` was"
        " meant."
    )


class UnknownFunctionError(LossproofError):
    """A function that the language does not have."""

    code = "unknown-function"
    explanation = (
        "A name followed by a parenthesis is a function, and there is no function of that name. If a product was"
        " meant, write the `*`. The functions are those of the contract: log, exp, sqrt, sigmoid, softplus, lgamma,"
        " ..."
    )


class UnknownDistributionError(LossproofError):
    """A distribution that no record describes."""

    code = "unknown-distribution"
    explanation = (
        "No record in rules/distributions has this name. `lossproof list distributions` shows all that there are."
    )


class UnknownDomainError(LossproofError):
    """A domain that the language does not have."""

    code = "unknown-domain"
    explanation = (
        "After `in` stands a domain: reals, positive, nonnegative, unit (open), unit_closed, integers, naturals,"
        " {a, b, ...}, simplex(K), reals^D, posdef(D)."
    )


class UnknownNameError(LossproofError):
    """A name that occurs nowhere, or a rule, loss or theorem that no record describes."""

    code = "unknown-name"
    explanation = (
        "A name is used that nothing introduces: a symbol that does not occur in the assumption, or a rule, loss,"
        " theorem or option that does not exist."
    )


class DuplicateError(LossproofError):
    """One name with two definitions, two priors or two roles."""

    code = "duplicate"
    explanation = (
        "A name is given two definitions, two priors or two roles. Each name has one: keep the one that is meant"
        " and remove the other."
    )


class DomainError(LossproofError):
    """A value or a symbol outside the domain that is asked of it."""

    code = "domain"
    explanation = (
        "A value lies outside the domain that its place asks for, or the conditions on a symbol contradict its"
        " domain: a standard deviation must be positive, a probability lies between 0 and 1."
    )


class ShapeError(LossproofError):
    """A scalar, a vector and a matrix that do not fit together."""

    code = "shape"
    explanation = (
        "Scalars, vectors and matrices do not fit together here, or an array has another shape than the symbol."
    )


class CycleError(LossproofError):
    """Definitions that refer to each other in a circle."""

    code = "cycle"
    explanation = (
        "The definitions refer to each other in a circle, so none of the names has a meaning: `a = b + 1, b = a - 1`."
    )


class NothingToLearnError(LossproofError):
    """Every symbol is data or fixed."""

    code = "nothing-to-learn"
    explanation = (
        "Every symbol of the assumption is data or fixed, so the likelihood is a constant and there is no loss to"
        " derive. Leave at least one symbol out of the `with ... fixed` list."
    )


class ImproperError(LossproofError):
    """Something that is used as a density and is none."""

    code = "improper"
    explanation = (
        "A density is asked for and what is given does not integrate to one (an improper prior, a weighted"
        " likelihood), or its integral does not exist."
    )


class MissingValueError(LossproofError):
    """A symbol without a value."""

    code = "missing-value"
    explanation = (
        "To evaluate a formula every symbol in it needs a value; the message names the symbols that have none."
    )


class UnsupportedError(LossproofError):
    """Something outside what lossproof can express."""

    code = "unsupported"
    exit_status = 3
    explanation = (
        "The input is meaningful but outside what can be expressed or decided here. Nothing is claimed about it."
    )


class UndecidedError(LossproofError):
    """A statement is asked for that was neither proved nor refuted."""

    code = "undecided"
    exit_status = 3
    explanation = (
        "Something is to be stated that was neither proved nor refuted, so there is nothing to state. That says nothing about"
        " whether it is true: `lossproof compare` shows how far the search came, and `where` may add what it missed."
    )


class MissingSystemError(LossproofError):
    """An optional system that is not installed."""

    code = "missing-system"
    explanation = (
        "An optional system (SymPy, NumPy, SciPy, matplotlib, python-flint, Coq, LaTeX) is needed for this and was not found."
        " The message says what to install; all else works without it."
    )


class RecordError(LossproofError):
    """A record in rules/ that is not well-formed."""

    code = "record"
    explanation = (
        "A record in rules/ cannot be used: a field is missing or unknown, a formula does not parse, or its right"
        " side has a metavariable that the left side does not bind. The message names the file and the record."
    )


class ProofError(LossproofError):
    """A step that the kernel refuses."""

    code = "proof"
    exit_status = 1
    explanation = "A step of a proof does not follow from its rule, or one of its conditions is not discharged."


class MalformedError(LossproofError):
    """A file that is no proof."""

    code = "malformed"
    explanation = (
        "The file is not a proof of the schema lossproof/proof/1: it is no JSON, a part is missing, or a number refers to a term that"
        " does not come before it. Nothing is said about what it claims. `lossproof derive ... --format json` writes a proof."
    )


class UsageError(LossproofError):
    """An option or argument that cannot be used so."""

    code = "usage"
    explanation = "A command or a function was called in a way that it does not offer; `--help` shows what there is."


class InternalError(LossproofError):
    """A fault of lossproof itself."""

    code = "internal"
    exit_status = 70
    explanation = "Something that cannot happen happened: a fault of lossproof and not of the input. Please report it."


def error_classes() -> Iterator[type[LossproofError]]:
    """Every class of error, the base first, in the order of definition."""
    pending: list[type[LossproofError]] = [LossproofError]
    while pending:
        kind = pending.pop(0)
        yield kind
        pending = kind.__subclasses__() + pending


def explain(code: str) -> str | None:
    """What an error code means, in one paragraph; None if there is no such code."""
    for kind in error_classes():
        if kind.code == code:
            return kind.explanation
    return None
