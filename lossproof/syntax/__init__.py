"""Text to terms and back: the parser of the input language, names, and the printers."""

from lossproof.syntax.ascii import to_ascii
from lossproof.syntax.assumption import (
    Argument,
    Assumption,
    Call,
    Condition,
    Define,
    Role,
    Tilde,
    parse_assumption,
    parse_conditions,
    parse_define,
)
from lossproof.syntax.functions import FUNCTIONS
from lossproof.syntax.latex import to_latex
from lossproof.syntax.names import canonical, latex_name, pretty, split_names, split_subscript
from lossproof.syntax.parser import parse_condition, parse_domain, parse_expression
from lossproof.syntax.text import to_text

__all__ = [
    "FUNCTIONS",
    "Argument",
    "Assumption",
    "Call",
    "Condition",
    "Define",
    "Role",
    "Tilde",
    "canonical",
    "latex_name",
    "parse_assumption",
    "parse_condition",
    "parse_conditions",
    "parse_define",
    "parse_domain",
    "parse_expression",
    "pretty",
    "split_names",
    "split_subscript",
    "to_ascii",
    "to_latex",
    "to_text",
]
