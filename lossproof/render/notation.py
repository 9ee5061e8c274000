"""An author's notation: her names for symbols, her habits, and her commands in place of ours.

Names are put in when a formula is printed, since its rows depend on their widths. Habits and commands are put in after
that: formulas are broken into rows as they are printed plainly, and what a command of hers prints is about as wide.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Final, NamedTuple

from lossproof.errors import InputSyntaxError, LossproofError, UnknownNameError, UsageError
from lossproof.syntax import canonical, latex_name, parse_expression, split_subscript, to_latex
from lossproof.terms import Term, substitute, sym, symbols

#: What commands of an author's own may stand for, and how it is printed without them.
CONCEPTS: Final = {
    "E": r"\mathbb{E}", "KL": r"\mathrm{KL}", "CE": r"\mathrm{CE}", "JS": r"\mathrm{JS}", "NLL": r"\mathrm{NLL}", "Risk": r"\mathrm{Risk}",
    "normal": r"\mathcal{N}", "reals": r"\mathbb{R}", "integers": r"\mathbb{Z}", "naturals": r"\mathbb{N}", "indicator": r"\mathbf{1}",
    **{name: rf"\operatorname{{{name}}}" for name in ("sigmoid", "softmax", "softplus", "logsumexp", "logit", "erf", "erfc", "tr")},
    **{name: rf"\operatorname{{{name}}}" for name in ("Laplace", "Bernoulli", "Categorical", "Poisson", "Gamma", "Beta", "StudentT", "Uniform")},
    "vector": r"\boldsymbol",
}  # fmt: skip
#: Maps for well-known files of macros: ``iclr`` is the math_commands.tex of Goodfellow, Bengio and Courville's notation.
PRESETS: Final[dict[str, dict[str, str]]] = {
    "plain": {},
    "iclr": {"E": "E", "KL": "KL", "reals": "R", "softmax": "softmax", "vector": "v*"},
}
#: The letters of which math_commands.tex has a bold command, \va to \vz and these.
_BOLD_WORDS: Final = ("mu", "theta")
#: Names that formulas use: indices, constants, functions, the model f of a result.
_RESERVED: Final = tuple("i j k e p f E H pi NLL KL CE JS Risk B Gamma Phi zeta psi log exp".split())
_EXPECTATIONS: Final = {"roman": r"\mathrm{E}", "italic": "E"}
_COMMAND: Final = re.compile(r"\\?([A-Za-z]+)")
_BOLD: Final = re.compile(r"\\boldsymbol\{\\?([A-Za-z]+)\}")
_LIMITS: Final = re.compile(r"(\\(?:sum|prod))_\{([A-Za-z]+)=1\}\^\{[^{}]*\}")
_LOG: Final = re.compile(r"\\log(?![A-Za-z])")
_MOST: Final = 200  # characters of a name
_TEX: Final = frozenset(
    """def edef gdef xdef let input include begin end catcode write openout immediate newcommand renewcommand csname expandafter
    par hbox vbox box loop if fi else relax begingroup endgroup egroup bgroup left right over frac sqrt sum prod int text mathrm
    mathbf mathbb mathcal operatorname label ref cite tag item section document endinput stop shipout output special relax
    hat bar tilde vec dot ddot check acute grave breve widehat widetilde overline underline quad qquad big Big bigg Bigg biggl biggr bigl bigr
    textup textbf textit emph mathit mathsf mathtt boldsymbol bm log ln lg exp sin cos tan cot sec csc sinh cosh tanh arcsin arccos arctan lim
    max min sup inf det dim ker deg gcd hom arg Pr sim simeq cong approx equiv neq leq geq le ge ne in notin subset cup cap cdot times pm mp
    infty partial nabla forall exists to mapsto dots cdots ldots top bot mid alpha beta gamma delta epsilon varepsilon zeta eta theta vartheta
    iota kappa lambda mu nu xi pi rho varrho sigma tau upsilon phi varphi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega
    lvert rvert lVert rVert binom cases aligned split align equation par noindent raggedright footnotesize small large""".split()
)


class Applied(NamedTuple):
    """A function's value in place of a symbol: ``f_theta(x_i)``."""

    text: str
    head: str
    args: tuple[Term | Applied, ...]

    def latex(self, indexed: bool) -> str:
        """The value at sample i, or without an index."""
        inner = [a.latex(indexed) if isinstance(a, Applied) else to_latex(a if indexed else _bare(a)) for a in self.args]
        tall = any(r"\frac" in a for a in inner)
        opening, closing = (r"\left(", r"\right)") if tall else ("(", ")")
        return f"{latex_name(self.head)}{opening}{', '.join(inner)}{closing}"


def _bare(term: Term) -> Term:
    """The term with ``_i`` taken off its names."""
    return substitute(term, {sym(n): sym(n.removesuffix("_i")) for n in symbols(term) if n.endswith("_i")})


@dataclass(frozen=True)
class Notation:
    """How an author writes. ``names`` maps symbols to another name or to an :class:`Applied`."""

    names: Mapping[str, str | Applied] = field(default_factory=dict)
    data: str = ""
    subscripts: bool = True
    bold: bool = False
    log: str = "log"
    limits: bool = True
    expectation: str = "blackboard"
    commands: Mapping[str, str] = field(default_factory=dict)

    # -- names

    def of(self, name: str) -> str | Applied | None:
        """What a symbol is called, if otherwise than usual; the name of ``sigma_i`` follows that of ``sigma``."""
        if name in self.names:
            return self.names[name]
        base, subscript = split_subscript(name)
        found = self.names.get(base) if subscript is not None else None
        return f"{found}_{subscript}" if isinstance(found, str) else found if subscript == "i" else None

    def renamed(self, given: Iterable[str]) -> dict[str, str]:
        """The symbols that have another name."""
        called = {n: self.of(n) for n in given}
        return {n: value for n, value in called.items() if isinstance(value, str)}

    def used(self, given: Iterable[str]) -> set[str]:
        """The names of the notation that some symbols go by."""
        return {spelling for n in given for spelling in (n, split_subscript(n)[0]) if spelling in self.names}

    def check(self, indexed: Mapping[str, bool], taken: Iterable[str]) -> None:
        """That names mean one thing each.

        ``indexed`` says of every symbol and definition whether it varies with the sample, ``taken`` are names that formulas use besides.
        Raises UsageError if two symbols would look the same, or one like something else.
        """
        reserved = {latex_name(n): n for n in (*_RESERVED, *taken)}
        shown: dict[str, str] = {latex_name(self.data): "the data set"} if self.data else {}
        if self.data and latex_name(self.data) in reserved:
            raise UsageError(f"the data set cannot be called {self.data}: formulas use that name", hint="another name for data in the notation")
        for n in sorted(indexed):
            value = self.of(n)
            if isinstance(value, Applied) and not indexed[n]:
                raise UsageError(f"{n} is the same for all samples, and {value.text} would be a value for each", hint=f"a name for {n}")
            if isinstance(value, str) and (value.endswith("_i") and not n.endswith("_i")):
                raise UsageError(f"{n} cannot be called {value}: the sample's index is added where it belongs", hint=f'{n} = "{value[:-2]}"')
            latex = value.latex(self.subscripts) if isinstance(value, Applied) else latex_name(value or n)
            name = value.text if isinstance(value, Applied) else value or n
            if value is not None and latex in reserved:
                raise UsageError(f"{n} cannot be called {name}: formulas use that name for something else", hint=f"another name for {n}")
            if latex in shown:
                raise UsageError(
                    f"in this notation {shown[latex]} and {n} would both be called {name}",
                    hint=f"give {n if value is None else shown[latex]} another name, too, in the notation of the file or of the item",
                )
            shown[latex] = n

    def printed(self, given: Iterable[str]) -> dict[str, str]:
        """The LaTeX of symbols that stand for a function's value, with the sample's index and without."""
        found: dict[str, str] = {}
        for n in given:
            value = self.of(n)
            if isinstance(value, Applied):
                found[n] = value.latex(indexed=n.endswith("_i") and self.subscripts)
                found.setdefault(f"{n}_i", value.latex(indexed=self.subscripts))
        return found

    # -- habits and commands

    def apply(self, latex: str) -> str:
        """Our LaTeX with the author's habits and commands."""
        if self.log != "log":
            latex = _LOG.sub(r"\\" + self.log, latex)
        if not self.limits:
            latex = _LIMITS.sub(r"\1_{\2}", latex)
        for concept, command in self.commands.items():
            latex = _commanded(latex, concept, command)
        if self.expectation != "blackboard":
            latex = latex.replace(r"\mathbb{E}", _EXPECTATIONS[self.expectation])
        return latex.replace(r"\mathbb{", r"\lpbb{")

    def definitions(self, latex: str) -> list[str]:
        """A definition for each command of the author's that a text uses; one that she has stays as it is."""
        found: dict[str, str] = {}
        for concept, command in self.commands.items():
            if concept != "vector":
                found[command] = f"\\providecommand{{\\{command}}}{{{self._plain(concept)}}}"
            elif command.endswith("*"):
                names = {name for name in re.findall(rf"\\{command[:-1]}([A-Za-z]+)(?![A-Za-z])", latex) if _is_bold(name)}
                for name in sorted(names):
                    letter = name if len(name) == 1 else f"\\{name}"
                    found[command[:-1] + name] = f"\\providecommand{{\\{command[:-1]}{name}}}{{\\boldsymbol{{{letter}}}}}"
            else:
                found[command] = f"\\providecommand{{\\{command}}}[1]{{\\boldsymbol{{#1}}}}"
        return [line for command, line in sorted(found.items()) if re.search(rf"\\{command}(?![A-Za-z])", latex)]

    def _plain(self, concept: str) -> str:
        if concept == "E" and self.expectation != "blackboard":
            return _EXPECTATIONS[self.expectation]
        return CONCEPTS[concept].replace(r"\mathbb{", r"\lpbb{")


def _commanded(latex: str, concept: str, command: str) -> str:
    """Our LaTeX with a command in place of what it stands for; a space keeps it from the letter that follows."""
    if concept == "vector":
        return _BOLD.sub(lambda m: _bold(m, command), latex)
    return re.sub(re.escape(CONCEPTS[concept]) + "(?=(.?))", lambda m: f"\\{command}" + (" " if m[1].isalpha() else ""), latex)


def _bold(found: re.Match[str], command: str) -> str:
    """A bold letter by a command with an argument, or by one of its own where there is one."""
    if not command.endswith("*"):
        return found[0].replace(r"\boldsymbol", f"\\{command}")
    return f"\\{command[:-1]}{found[1]}" if _is_bold(found[1]) else found[0]


def _is_bold(name: str) -> bool:
    return (len(name) == 1 and name.islower()) or name in _BOLD_WORDS


#: Our own notation.
PLAIN: Final = Notation()


# -- reading


def read_name(text: str) -> str | Applied:
    """An author's name for a symbol: a name, or a function's value such as ``f_theta(x_i)``; its arguments are formulas.

    Raises a LossproofError for anything else; LaTeX is never taken.
    """
    if len(text) > _MOST:
        raise InputSyntaxError(f"a name in a notation may have {_MOST} characters", text=text, span=(0, _MOST))
    head, opening, rest = text.strip().partition("(")
    if not opening:
        return _name(text, head)
    if not rest.endswith(")"):
        raise InputSyntaxError("a function's value ends with )", text=text, span=(len(text.rstrip()) - 1, len(text.rstrip())))
    args = tuple(_argument(text, part) for part in _parts(rest[:-1]))
    return Applied("".join(text.split()), _name(text, head), args)


def _name(text: str, name: str) -> str:
    try:
        return canonical(name.strip())
    except LossproofError as error:
        place = max(text.find(name.strip()), 0)
        raise InputSyntaxError(
            f"a notation gives a name, or a function's value: {error.message}", text=text, span=(place, place + max(len(name.strip()), 1)),
            hint='yhat = "f_theta(x_i)", sigma = "s"; names and formulas of the input language, no LaTeX',
        ) from None  # fmt: skip


def _argument(text: str, part: str) -> Term | Applied:
    try:
        return parse_expression(part)
    except LossproofError as error:
        if part.strip().partition("(")[0].isidentifier() and "(" in part:
            found = read_name(part)
            if isinstance(found, Applied):
                return found
        start = text.find(part)
        span = error.span or (0, len(part))
        raise InputSyntaxError(error.message, text=text, span=(start + span[0], start + span[1]), hint=error.hint) from None


def _parts(text: str) -> list[str]:
    """What stands between the commas outside of parentheses."""
    found, depth = [""], 0
    for c in text:
        depth += (c in "([{") - (c in ")]}")
        if c == "," and not depth:
            found.append("")
        else:
            found[-1] += c
    return found


def read_commands(given: Mapping[str, str]) -> dict[str, str]:
    """Commands by what they stand for; ``preset`` names a map to start from. Raises a LossproofError for what is not known."""
    preset = given.get("preset", "plain")
    if preset not in PRESETS:
        raise UnknownNameError(f"there is no map of macros {preset}", nearest=list(PRESETS))
    found = dict(PRESETS[preset])
    for concept, command in given.items():
        if concept == "preset":
            continue
        if concept not in CONCEPTS:
            raise UnknownNameError(
                f"there is no macro for {concept}", nearest=get_close_matches(concept, CONCEPTS, n=3, cutoff=0.5) or sorted(CONCEPTS),
                hint="macros = { E = \"\\\\E\", KL = \"\\\\KL\" } gives commands of your paper for what is printed here",
            )  # fmt: skip
        shape = _COMMAND.fullmatch(command)
        if shape is None or shape[1] in _TEX or shape[1].startswith("lp"):
            raise UsageError(
                f"{command} is not the name of a command that can stand for {concept}", text=command, span=(0, len(command)),
                hint="a backslash and letters, such as \\KL, and no command of LaTeX's own; it is defined in your paper, or takes our form",
            )  # fmt: skip
        found[concept] = shape[1]
    taken: dict[str, str] = {}
    for concept, command in found.items():
        if command in taken:
            raise UsageError(f"\\{command} cannot stand for both {taken[command]} and {concept}")
        taken[command] = concept
    return found


__all__ = ["CONCEPTS", "PLAIN", "PRESETS", "Applied", "Notation", "read_commands", "read_name"]
