"""The proofs of an appendix as files for Coq, beside their JSON: the prelude once, and a short file for each proof."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Final

#: The file with the prelude, which all others import.
LIBRARY: Final = "Lossproof.v"


@dataclass(frozen=True)
class Formal:
    """A proof for Coq: its file's text, or None; ``why`` says why there is none, or why what there is does not show the claim."""

    text: str | None
    why: str | None = None

    def note(self, name: str) -> str | None:
        """What there is to say of the proof of that name; None if its file shows the claim."""
        if self.why is None:
            return None
        return f"{name} has no file for Coq: {self.why}" if self.text is None else f"{coq_name(name)} does not show the claim: {self.why}"


def coq_name(name: str) -> str:
    """The name of a proof's file for Coq: what stands before .v is an identifier there, so that 01-mse.json becomes proof_01_mse.v."""
    return f"proof_{re.sub('[^A-Za-z0-9]', '_', name.removesuffix('.json'))}.v"


def coq_names(proofs: set[str]) -> set[str]:
    """All files for Coq that proofs of these names may have."""
    return {LIBRARY, *map(coq_name, proofs)} if proofs else set()


def library() -> str:
    """The text of the file that all others import."""
    from lossproof.referees.coq.file import prelude

    return prelude()


def formal(name: str, proof: str) -> Formal:
    """A proof's JSON as a file for Coq."""
    from lossproof.referees.coq.context import Unsupported
    from lossproof.referees.coq.file import whole, written

    try:
        file, body = written(json.loads(proof))
    except Unsupported as error:
        return Formal(None, str(error))
    return Formal(f'(* coqc {LIBRARY} && coqc -R . "" {coq_name(name)} *)\n{whole(body)}', file.undecided())


__all__ = ["LIBRARY", "Formal", "coq_name", "coq_names", "formal", "library"]
