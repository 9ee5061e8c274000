"""From a distributional assumption to the loss it equals, with a proof that other programs check.

>>> import lossproof as lp
>>> d = lp.derive("y ~ N(ŷ, σ²) with σ fixed")
>>> print(d.loss, "|", d.scale, "|", d.name)
(y - ŷ)² | 1/(2σ²) | squared error
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lossproof.appendices import appendix
    from lossproof.comparison import Verdict, compare
    from lossproof.derivation import Derivation, derive
    from lossproof.errors import LossproofError
    from lossproof.interop.terms import term
    from lossproof.proof import Proof
    from lossproof.render.pictures import plot
    from lossproof.rulebook import Rulebook
    from lossproof.tables import LedgerRow
    from lossproof.terms import Term
    from lossproof.theorems import NamedProof, prove

__version__ = "0.1.0"
__all__ = [
    "Derivation", "LedgerRow", "LossproofError", "NamedProof", "Proof", "Rulebook", "Term", "Verdict", "__version__",
    "appendix", "compare", "derive", "plot", "prove", "term",
]  # fmt: skip

_HOMES = {
    "Derivation": "lossproof.derivation",
    "LedgerRow": "lossproof.tables",
    "LossproofError": "lossproof.errors",
    "NamedProof": "lossproof.theorems",
    "Proof": "lossproof.proof",
    "Rulebook": "lossproof.rulebook",
    "Term": "lossproof.terms",
    "Verdict": "lossproof.comparison",
    "appendix": "lossproof.appendices",
    "compare": "lossproof.comparison",
    "derive": "lossproof.derivation",
    "plot": "lossproof.render.pictures",
    "prove": "lossproof.theorems",
    "term": "lossproof.interop.terms",
}


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module lossproof has no attribute {name}")
    from importlib import import_module

    return getattr(import_module(home), name)


def __dir__() -> list[str]:
    return sorted(__all__)
