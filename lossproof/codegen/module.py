"""The text of a module with one function: the loss, its weights and its reduction, documented."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from lossproof import __version__
from lossproof.codegen.lowering import lowered
from lossproof.codegen.names import Names, in_docstring
from lossproof.codegen.printer import WIDTH, Printer
from lossproof.errors import LimitError
from lossproof.render.words import dimensions, domain_in_words, in_order
from lossproof.syntax import to_ascii
from lossproof.terms import ZERO, Term, add, symbols

if TYPE_CHECKING:
    from lossproof.derivation import Derivation
    from lossproof.rulebook.targets import Target

_LONGEST: Final = 400


@dataclass(frozen=True, slots=True)
class Parts:
    """What a function computes: for each sample, once for the dataset, and what is documented of it."""

    sample: Term
    each: Term
    once: Term
    full: bool

    @property
    def shared(self) -> bool:
        """Whether something counts once for the dataset."""
        return self.once is not ZERO


def parts_of(d: Derivation, full: bool) -> Parts:
    """The loss of a derivation, or its NLL, with priors on each sample's own parameters apart from those on shared ones."""
    data, *priors = [(p.nll if full else p.collected.loss) for p in d.pieces]
    indexed = [d.symbols[str(w.value)].indexed for w, _ in d.model.priors]
    each = [t for t, i in zip(priors, indexed, strict=True) if i and t is not ZERO]
    once = [t for t, i in zip(priors, indexed, strict=True) if not i and t is not ZERO]
    return Parts(data, add(*each), add(*once), full)


def module_text(d: Derivation, target: Target, parts: Parts, name: str, reduction: str) -> str:
    """The module. Raises UnsupportedError for what the target cannot say."""
    writer = _Writer(d, target, parts, name, reduction)
    body = writer.body()
    helpers = _helpers(target, body)
    function = f"{writer.signature()}\n{writer.docstring()}\n{body}"
    code = "\n\n\n".join([*helpers, function])
    head = in_docstring(f"{writer.title()}, for {target.title}.\n\n{_wrapped(f'Assumption: {_one_line(d.assumption)}')}\nWritten by lossproof {__version__}.")
    return f'"""{head}\n"""\n\n{_imports(target, code)}\n\n\n{code}\n'


class _Writer:
    """One function for one target."""

    def __init__(self, d: Derivation, target: Target, parts: Parts, name: str, reduction: str) -> None:
        self.d, self.target, self.parts, self.name, self.reduction = d, target, parts, name, reduction
        self.names = Names([*target.imports, name])
        roots = [lowered(d, t) for t in (parts.sample, parts.each, parts.once)]
        self.sample, self.each, self.once = roots
        used = symbols(*roots)
        self.sizes = self._sizes(used)
        used -= self.sizes.keys()
        order = {role: [n for n in in_order(d, role) if n in used] for role in ("parameter", "data", "fixed")}
        variates = [str(v.value) for v, _ in d.model.likelihoods]
        data = [n for n in order["data"] if n in variates or not variates]
        first = {"learned": order["parameter"], "data": data}
        self.positional = [n for kind in target.order for n in first[kind]]
        self.keywords = [n for n in (*order["data"], *order["fixed"]) if n not in self.positional]
        # a tensor that is learned says what dtype and device all has
        real = [n for n in order["parameter"] if str(d.symbols[n].domain.value) not in ("naturals", "integers")]
        self.leading = (real or order["parameter"] or self.positional or self.keywords)[0]
        for n in (*self.positional, *self.keywords, *self.sizes):
            self.names.of(n)

    def _sizes(self, used: set[str]) -> dict[str, str]:
        """The dimensions that occur, each with a vector that shows it."""
        found: dict[str, str] = {}
        for size in sorted(dimensions(self.d) & used):
            for n in sorted(used):
                shape = self.d.symbols[n].shape if n in self.d.symbols else ""
                if shape.split(" x ")[-1] == size:
                    found.setdefault(size, n)
        return found

    def rank(self, name: str) -> int:
        """How many axes of a symbol's value are its own."""
        shape = self.d.symbols[name].shape
        return 0 if shape == "scalar" else shape.count(" x ") + 1

    # -- the text

    def title(self) -> str:
        name = self.d.name
        if self.parts.full:
            return "Negative log-likelihood"
        return name[:1].upper() + name[1:] if name else "The loss of maximum likelihood" if not self.d.model.priors else "The loss of maximum a posteriori"

    def signature(self) -> str:
        array, value = self.target.array, self.target.value
        number = array if array != value else f"{array} | float"
        arguments = [f"{self.names.of(n)}: {array}" for n in self.positional]
        arguments += ["*", *(f"{self.names.of(n)}: {number if not self.rank(n) else array}" for n in self.keywords)]
        arguments += [f"weights: {array} | None = None", f'reduction: str = "{self.reduction}"']
        line = f"def {self.name}({', '.join(arguments)}) -> {value}:"
        if len(line) <= WIDTH:
            return line
        return f"def {self.name}(\n" + "".join(f"    {a},\n" for a in arguments) + f") -> {value}:"

    def docstring(self) -> str:
        """What the function computes of which arguments, and what comes back."""
        parts = [f"{self.title()}.", *self._formula(), "\n".join(self._arguments()), *self._remarks()]
        text = in_docstring("\n\n".join(parts))
        return textwrap.indent(f'"""{text}\n"""', "    ", lambda line: bool(line.strip()))

    def _formula(self) -> list[str]:
        d = self.d
        what = "nll" if self.parts.full else "loss"
        lines = [f"{what} = {_formula(self.parts.sample)}"]
        if self.parts.each is not ZERO:
            lines.append(f"    + {_formula(self.parts.each)}   (prior of each sample)")
        if self.parts.shared:
            lines.append(f"penalty = {_formula(self.parts.once)}")
        if not self.parts.full and not d.model.priors:
            offset = "" if d.offset is ZERO else f" + {_formula(d.offset, sum_part=True)}"
            scale = _formula(d.scale)
            times = "loss" if scale == "1" else f"{scale} * loss" if re.fullmatch(r"[\w./()*^]+", scale) else f"({scale}) * loss"
            lines.append(f"-log p({', '.join(in_order(d, 'data')[:1])} | ...) = {times}{offset}, exactly")
        if not self.parts.full and d.model.priors:
            lines.append(f"-log posterior = ({_formula(d.scale)}) * (sum of losses + penalty) + constant" if self.parts.shared
                         else f"-log posterior = ({_formula(d.scale)}) * sum of losses + constant")  # fmt: skip
        return ["\n".join(_wrapped(line, "    ") for line in lines)]

    def _arguments(self) -> list[str]:
        rows = [(self.names.of(n), self._said(n)) for n in (*self.positional, *self.keywords)]
        rows.append(("weights", "factors of the losses of the samples; None is 1 for each"))
        said = '"mean" (the sum over the number of samples), "sum", or "none" (the losses of the samples)'
        if self.parts.shared:
            said = '"sum" (of the losses, + penalty), "mean" (that over the number of samples), or "none" (the losses of the samples, without penalty)'
        rows.append(("reduction", said))
        width = max(len(n) for n, _ in rows) + 2
        return ["Args:", *(textwrap.fill(f"{n + ':':<{width}}{said}", WIDTH - 4, initial_indent="    ", subsequent_indent=" " * (width + 4)) for n, said in rows)]

    def _said(self, name: str) -> str:
        symbol = self.d.symbols[name]
        role = {"parameter": "learned", "data": "data", "fixed": "fixed"}[symbol.role]
        words = "".join(to_ascii(w) if isinstance(w, Term) else w for w in domain_in_words(symbol.domain))
        renamed = "" if self.names.of(name) == name else f" (in formulas {name})"
        return f"{role}{renamed}; {words}"

    def _remarks(self) -> list[str]:
        ranks = {self.rank(n) for n in (*self.positional, *self.keywords)}
        vectors = " The last axis is the vector, or the last two the matrix." if 2 in ranks else " The last axis is the vector." if 1 in ranks else ""
        classes = any(self.d.symbols[n].domain.op == "categories" for n in self.positional)
        counted = " Classes count from 1, not from 0." if classes else ""
        weighted = "The mean divides by the number of samples, not by the sum of the weights."
        return [_wrapped(f"Arguments broadcast.{vectors}{counted} {self.target.says} {weighted} Values are not "
                         "held to their domains: outside them the result means nothing. "
                         "Raises ValueError for another reduction.")]  # fmt: skip

    # -- the statements

    def body(self) -> str:
        lines = [*self._read(), *self._values()]
        reduce = {n: t.replace("{0:atom}", "values").replace("{0}", "values") for n, t in self.target.reduce.items()}
        once = ""
        if self.parts.shared:
            lines += self._assigned("penalty", self.once)
            once = " + penalty"
        mean = f"({reduce['sum']}{once}) / {reduce['count']}" if once else reduce["mean"]
        for kind, value in (("mean", mean), ("sum", reduce["sum"] + once), ("none", "values")):
            lines += [f'if reduction == "{kind}":', f"    return {value}"]
        lines.append('raise ValueError(f"reduction is mean, sum or none, not {reduction!r}")')
        return textwrap.indent("\n".join(lines), "    ")

    def _read(self) -> list[str]:
        """All arguments as arrays of one dtype; the sizes of vectors."""
        like = self.names.of(self.leading)
        lines = []
        for n in sorted((*self.positional, *self.keywords), key=lambda n: n != self.leading):
            form = self.target.index if self.d.symbols[n].domain.op == "categories" else self.target.convert
            if n == self.leading:
                form = self.target.first
            x = self.names.of(n)
            if form:
                lines.append(f"{x} = {form.replace('{x}', x).replace('{like}', like)}")
        return lines + [f"{self.names.of(size)} = {self.names.of(n)}.shape[-1]" for size, n in self.sizes.items()]

    def _values(self) -> list[str]:
        lines = self._assigned("values", self.sample)
        weights = self.target.convert.replace("{x}", "weights").replace("{like}", self.names.of(self.leading))
        lines += ["if weights is not None:", f"    values = values * {weights}"]
        if self.parts.each is not ZERO:
            lines += [*self._assigned("prior", self.each), "values = values + prior"]
        return lines

    def _assigned(self, name: str, term: Term) -> list[str]:
        text, statements = self._printed(term)
        return [*statements, f"{name} = {text}"]

    def _printed(self, term: Term) -> tuple[str, list[str]]:
        ranks = {n: self.rank(n) for n in (*self.positional, *self.keywords)} | dict.fromkeys(self.sizes, -1)
        targets = self.d.book.targets.values()

        def having(keys: Sequence[str]) -> list[str]:
            return [t.id for t in targets if any(key in t.operators for key in keys)]

        printer = Printer(self.target, self.names, ranks, self.names.of(self.leading), having)
        return printer.expression(term), printer.statements


def _formula(t: Term, sum_part: bool = False) -> str:
    try:
        text = to_ascii(t)
    except LimitError:
        return "..."
    return text if len(text) <= _LONGEST else "..."


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _wrapped(text: str, indent: str = "") -> str:
    return textwrap.fill(text, WIDTH - 4, initial_indent=indent, subsequent_indent=indent + ("    " if indent else ""), break_long_words=False, break_on_hyphens=False)


def _helpers(target: Target, body: str) -> list[str]:
    """The helpers that a text calls, in the order of the record, each after what it needs itself."""
    needed: set[str] = set()
    pending = [body]
    while pending:
        text = pending.pop()
        for name in re.findall(r"(?<![\w.])_[a-z]\w*(?=\()", text):
            if name in target.helpers and name not in needed:
                needed.add(name)
                pending.append(target.helpers[name])
    return [target.helpers[n].strip() for n in target.helpers if n in needed]


def _imports(target: Target, code: str) -> str:
    """The imports that a text needs, the standard library's first."""
    used = [line for name, line in target.imports.items() if re.search(rf"(?<![\w.]){name}\b(?=\.|[^\w.=(])", _without_strings(code))]
    own = [line for line in used if line in ("import math", "from typing import Any")]
    return "\n".join([*own, *([""] if own and len(own) < len(used) else []), *[line for line in used if line not in own]])


def _without_strings(code: str) -> str:
    return re.sub(r'"""(?:[^"\\]|\\.|"(?!""))*"""', "", code)

