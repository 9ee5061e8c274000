"""Names: one canonical ASCII spelling for each, and how it is shown in text and in LaTeX."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from lossproof.errors import AmbiguousError, CharacterError, LimitError, printable

_LOWER = (
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lam mu"
    " nu xi omicron pi rho sigma tau upsilon phi chi psi omega"
)
_UPPER = _LOWER.replace("lam", "lambda").title()

#: Greek letter to its name; variants and the micro sign come after the letters themselves.
GREEK: Final[dict[str, str]] = {
    **dict(zip("αβγδεζηθικλμνξοπρστυφχψω", _LOWER.split(), strict=True)),
    **dict(zip("ΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩ", _UPPER.split(), strict=True)),
    **{
        "ϕ": "phi",
        "ϵ": "epsilon",
        "ϑ": "theta",
        "ϰ": "kappa",
        "ϱ": "rho",
        "ϖ": "pi",
        "ς": "sigma",
        "ϒ": "Upsilon",
        "ϴ": "Theta",
    },
    **{"\u00b5": "mu", "\u2113": "ell"},
}
# Capitals that look like Latin ones, and omicron, are never shown as Greek.
_SHOWN = {name: char for char, name in reversed(GREEK.items()) if char not in "ΑΒΕΖΗΙΚΜΝΟΡΤΥΧοϖ\u2113\u00b5"}
_LETTER_NAMES = frozenset(GREEK.values()) - {"ell"}

MARKS: Final = {"\u0302": "hat", "\u0304": "bar", "\u0303": "tilde"}
_MARK_CHARS = {name: char for char, name in MARKS.items()}

SUBSCRIPTS: Final = {
    **dict(zip("₀₁₂₃₄₅₆₇₈₉", "0123456789", strict=True)),
    **dict(zip("ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ", "aehijklmnoprstuvx", strict=True)),
    **{"ᵦ": "beta", "ᵧ": "gamma", "ᵨ": "rho", "ᵩ": "phi", "ᵪ": "chi"},
}
SUBSCRIPT_OF: Final = {name: char for char, name in SUBSCRIPTS.items()}
MAX_NAME: Final = 200
_REMEMBERED: Final = 4096
_spelled: dict[str, str] = {}
_DIGITS = "0123456789"
_BETWEEN = re.compile(r"[,\s]+")


def canonical(name: str) -> str:
    """The ASCII name that stands for every spelling of ``name``: σ, sigma; ŷ, y_hat, yhat; λ, lambda, lam.

    Raises :class:`lossproof.errors.CharacterError` if it is no name of the input language.
    """
    from unicodedata import normalize

    spelled = normalize("NFC", name[: MAX_NAME + 1])
    plain = spell(spelled, spelled, 0)
    if not plain or not plain.isascii() or not plain[0].isalpha() or not plain.replace("_", "a").isalnum():
        raise CharacterError(
            f"{printable(spelled)!s} is not a name",
            text=spelled,
            span=(0, len(spelled)),
            hint="a name is a letter, then letters, digits, underscores or subscripts",
        )
    return plain


def spell(name: str, text: str, offset: int) -> str:
    """The canonical form of a run of name characters at ``offset`` of ``text``."""
    if len(name) > MAX_NAME:
        span = (offset, offset + len(name))
        raise LimitError(f"a name may have {MAX_NAME} characters", text=text, span=span, hint="choose a shorter name")
    if name.isascii():
        return tidy(name) if "_" in name or "lambda" in name else name
    found = _spelled.get(name)
    if found is None:
        found = tidy(_in_ascii(name, text, offset))
        if len(_spelled) < _REMEMBERED:
            _spelled[name] = found
    return found


def tidy(name: str) -> str:
    """The canonical form of an ASCII name: y_hat is yhat, lambda is lam."""
    parts = name.split("_")
    while len(parts) > 1 and parts[1] in _MARK_CHARS and parts[0]:
        parts[0] += parts.pop(1)
    for i, part in enumerate(parts):
        if part.startswith("lambda"):
            rest = part[6:]
            if not rest or rest.isdigit() or rest.rstrip(_DIGITS) in _MARK_CHARS:
                parts[i] = "lam" + rest
    return "_".join(parts)


def _in_ascii(name: str, text: str, offset: int) -> str:
    from unicodedata import normalize

    out: list[str] = []
    below = False  # inside a run of subscript characters
    for i, char in enumerate(name):
        if char in SUBSCRIPTS:
            if not below and (not out or out[-1] != "_"):
                out.append("_")
            out.append(SUBSCRIPTS[char])
            below = True
            continue
        below = False
        if char.isascii():
            out.append(char)
        elif char in GREEK:
            _apart(name, i, text, offset)
            out.append(GREEK[char])
        elif char in MARKS and i:
            out.append(MARKS[char])
        else:
            apart = normalize("NFD", char)
            letter, marks = apart[0], apart[1:]
            if not marks or not (letter.isascii() or letter in GREEK) or any(mark not in MARKS for mark in marks):
                raise refuse(char, text, offset + i)
            out += [GREEK.get(letter, letter), *[MARKS[mark] for mark in marks]]
    return "".join(out)


def _apart(name: str, i: int, text: str, offset: int) -> None:
    """Refuse a Greek letter with another letter beside it: σx may be a product or a name."""
    char = name[i]
    if char == "\u2113":
        return
    before = name[i - 1] if i else ""
    rest = name[i + 1 :].lstrip("\u0302\u0303\u0304").split("_")[0]
    after = rest[:1]
    if before.isalpha() and before not in SUBSCRIPTS and before != "Δ":
        left, right = name[:i], name[i:]
    elif after.isalpha() and after not in SUBSCRIPTS and char != "Δ" and rest not in _MARK_CHARS:
        left, right = (
            name[: len(name) - len(name[i + 1 :].lstrip("\u0302\u0303\u0304"))],
            name[i + 1 :].lstrip("\u0302\u0303\u0304"),
        )
    else:
        return
    raise AmbiguousError(
        f"{name} may be a product or one name",
        text=text,
        span=(offset, offset + len(name)),
        hint=f"{left}*{right} for a product, {left}_{right} for a name",
    )


def refuse(char: str, text: str, place: int) -> CharacterError:
    """The error for a character that may not stand in the input, named and shown."""
    from unicodedata import category, normalize
    from unicodedata import name as unicode_name

    called = unicode_name(char, "")
    title = f"U+{ord(char):04X}" + (f" ({called})" if called else "")
    kind = category(char)
    hint: str | None = "remove it"
    plain = _LOOK_ALIKE.get(char) or normalize("NFKC", char)
    if char in _TURNS:
        what, hint = f"{title} changes the direction of writing", "remove it: the formula may not be what it looks like"
    elif kind in ("Cc", "Cf", "Cs", "Co", "Cn"):
        what = f"{title} is an invisible or control character"
    elif plain != char and len(plain) == 1 and (plain.isascii() or plain in GREEK):
        what, hint = f"{char} is {title} and not {plain}", f"type {plain} instead"
    elif kind.startswith("L"):
        what = f"{char} is {title}, a letter that names cannot have"
        hint = "names use the letters a-z, A-Z and Greek, with hat, bar or tilde (ŷ, x̄, θ̂)"
    elif kind == "Mn":
        what, hint = f"{title} is a mark that names cannot have", "letters may carry a hat, a bar or a tilde"
    else:
        what, hint = f"{char} is {title}, which the input language does not have", _INSTEAD.get(char)
    return CharacterError(what, text=text, span=(place, place + 1), hint=hint)


_TURNS: Final = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c"
# Cyrillic letters that pass for Latin ones.
_LOOK_ALIKE: Final = dict(zip("авеікморстухьѕјАВЕІКМНОРСТУХЅЈ", "aBeikMopcTyxbsjABEIKMHOPCTYXSJ", strict=True))
_INSTEAD: Final = {
    "∑": "write sum(f) over the samples, or sum(k, 1, K, f) over an index",
    "∏": "write prod(f) over the samples, or prod(k, 1, K, f) over an index",
    "∫": "there are no integrals in the input language",
    "′": "write another name, such as x_new, instead of a prime",
    "'": "write another name, such as x_new, instead of a prime",
    "∝": "write the whole density: constants are dropped, with a proof, by lossproof itself",
    "\\": "write names instead of LaTeX commands: sigma or σ, sqrt(x), x^2",
    "$": "write the formula without dollar signs",
    ";": "separate statements and arguments with commas",
    ":": "write a = b for a definition, y ~ D for a distribution",
    "&": "write `and`",
    "%": "write a fraction: 5/100",
    '"': "write names without quotation marks",
    "“": "write names without quotation marks",
    "”": "write names without quotation marks",
    "‘": "write names without quotation marks",
    "’": "write another name, such as x_new, instead of a prime",
    "≈": "formulas are exact: write == or ~",
    "≡": "write ==",
    ".": "write numbers as 0.5 or 1/2, products with *",
    "_": "a name starts with a letter",
    "@": "write dot(u, v) for vectors",
    "?": "write cases(condition, a, b)",
}


def split_names(text: str) -> list[str]:
    """The names of a list such as ``sigma, tau`` or ``sigma and tau``."""
    return [n for n in _BETWEEN.split(text) if n and n != "and"]


def split_subscript(name: str) -> tuple[str, str | None]:
    """A name's base and its last subscript: ``y_i`` is ``("y", "i")``, ``y`` is ``("y", None)``."""
    base, bar, subscript = name.rpartition("_")
    return (base, subscript) if bar and base and subscript else (name, None)


def letter_parts(base: str) -> tuple[str, str, str] | None:
    """The letter (or its Greek name), mark and digits of ``yhat2``; None for a name of several letters."""
    stem = base.rstrip(_DIGITS)
    digits = base[len(stem) :]
    for mark in ("", "hat", "bar", "tilde"):
        letter = stem.removesuffix(mark) if mark else stem
        if (not mark or letter != stem) and (
            (len(letter) == 1 and letter.isascii() and letter.isalpha()) or letter in _LETTER_NAMES
        ):
            return letter, mark, digits
    return None


def is_letter(name: str) -> bool:
    """Whether a name is shown as a single letter, perhaps with a mark or subscripts."""
    parts = letter_parts(name.split("_", maxsplit=1)[0])
    return parts is not None and not parts[2]


@lru_cache(maxsize=4096)
def pretty(name: str) -> str:
    """A canonical name as it is shown in text: ``yhat_i`` is ŷᵢ, ``lam`` is λ."""
    base, *subscripts = name.split("_")
    if not (name.isascii() and name.isidentifier() and all(subscripts)):
        return printable(name)
    shown = _pretty_base(base)
    if not subscripts:
        return shown
    small = [lower(part) for part in subscripts]
    if all(small):
        return shown + ",".join(part for part in small if part)
    return "_".join([shown, *[_pretty_base(part) for part in subscripts]])


def lower(part: str) -> str | None:
    """A number or a single letter as subscript characters; None if there are none for it."""
    if part.isascii() and part.isdigit():
        return "".join(SUBSCRIPT_OF[digit] for digit in part)
    return SUBSCRIPT_OF.get(part) if len(part) == 1 else None


def _pretty_base(base: str) -> str:
    parts = letter_parts(base)
    if parts is None:
        return base
    letter, mark, digits = parts
    glyph = _SHOWN.get(letter, letter)
    if mark:
        from unicodedata import normalize

        glyph = normalize("NFC", glyph + _MARK_CHARS[mark])
    return glyph + digits


@lru_cache(maxsize=4096)
def latex_name(name: str) -> str:
    """A canonical name as LaTeX mathematics: ``yhat_i`` is ``\\hat{y}_{i}``."""
    base, *subscripts = name.split("_")
    if not base or not all(subscripts):
        return _upright(name)
    parts = letter_parts(base)
    if parts is None:
        shown = _upright(base)
    else:
        letter, mark, digits = parts
        shown = _latex_letter(letter)
        if mark:
            shown = f"\\{mark}{{{shown}}}"
        if digits:
            subscripts = [digits, *subscripts]
    if not subscripts:
        return shown
    return f"{shown}_{{{','.join(_latex_subscript(part) for part in subscripts)}}}"


def _latex_subscript(part: str) -> str:
    if part.isascii() and part.isdigit():
        return part
    parts = letter_parts(part)
    return _latex_letter(parts[0]) if parts and not parts[1] and not parts[2] else _upright(part)


def _latex_letter(letter: str) -> str:
    if letter not in _LETTER_NAMES:
        return letter if letter.isalpha() else _upright(letter)
    if letter not in _SHOWN:  # a capital that looks Latin, or omicron
        return "o" if letter == "omicron" else f"\\mathrm{{{letter[0] if letter != 'Chi' else 'X'}}}"
    return "\\" + {"lam": "lambda", "epsilon": "varepsilon"}.get(letter, letter)


def _upright(name: str) -> str:
    return f"\\mathrm{{{''.join(_latex_char(char) for char in name)}}}"


def _latex_char(char: str) -> str:
    if char.isascii() and char.isalnum():
        return char
    if char in "_{}$&#%":
        return "\\" + char
    if char == "-":
        return "{-}"
    return f"{{\\char{ord(char)}}}" if " " <= char <= "~" else f"u{ord(char):04x}"


def plain_latex(name: str) -> str:
    """A name spelled out letter by letter, so that no two names look the same."""
    return _upright(name)
