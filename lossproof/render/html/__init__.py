"""Derivations, verdicts and named theorems as self-contained HTML pages."""

from lossproof.render.html.derivation import derivation_html
from lossproof.render.html.verdict import theorem_html, verdict_html

__all__ = ["derivation_html", "theorem_html", "verdict_html"]
