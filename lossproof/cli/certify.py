"""``lossproof certify``: a proof judged by systems that are not lossproof."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from lossproof.cli.complete import families
from lossproof.cli.options import debug_option
from lossproof.errors import UsageError

if TYPE_CHECKING:
    from lossproof.referees import Certificate

#: Exit statuses of the answers.
STATUS: Final = {"confirmed": 0, "refuted": 1, "undecided": 3}
_MAX_BYTES: Final = 200_000_000
_HELP: Final = """Let SymPy, ball arithmetic and Coq judge a proof, each on its own, from the proof's JSON alone.

PROOF is an assumption or the name of a family, which is derived first, a file of proof JSON that ends in .json, or - for such JSON on
stdin. A comparison and a named theorem are judged as derivations are. The exit status is 0 if each referee that is asked confirms it,
1 if one refutes it, else 3; a referee that is not installed confirms nothing.

\b
Examples:
  lossproof certify gaussian
  lossproof certify "y ~ Poisson(lam), lam = exp(eta)" --by balls
  lossproof certify proof.json --by sympy,balls --format json
  lossproof prove gaussian-kl --format json | lossproof certify -
  lossproof certify laplace --by coq --keep laplace-coq
"""


@click.command("certify", help=_HELP)
@click.argument("proof", required=False, metavar="PROOF", shell_complete=families)
@click.option("--by", multiple=True, metavar="NAMES", help="Whom to ask: sympy, balls, coq (default: all).")
@click.option("--keep", type=click.Path(path_type=Path, file_okay=False), metavar="DIR", help="Keep the files that a referee writes.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="How to write it.")
@click.option("--time-limit", type=float, default=60.0, metavar="S", help="Seconds for each referee and proof (default: 60).")
@debug_option
def command(proof: str | None, by: tuple[str, ...], keep: Path | None, form: str, time_limit: float) -> int:
    """Let referees judge a proof."""
    from lossproof.cli.files import write
    from lossproof.referees import certify, referees_of

    if proof is None:
        raise UsageError("what is to be certified?", hint="lossproof certify gaussian")
    names = referees_of(",".join(by)) if by else None
    data = _read(proof)
    certificate = certify(data, names, keep, time_limit)
    write(shown(certificate, form), None)
    return STATUS[certificate.answer]


def shown(certificate: Certificate, form: str) -> str:
    """A certificate in a format."""
    if form == "text":
        return certificate.text()
    from lossproof.proof import compact

    return compact(certificate.to_dict())


def _read(proof: str) -> Mapping[str, Any]:
    """The proof's object: from a file, from stdin, or derived anew."""
    if proof == "-" or proof.lower().endswith(".json"):
        from lossproof.referees.reading import from_json

        return from_json(_text(proof), "stdin" if proof == "-" else proof)
    from lossproof.derivation import derive

    return derive(proof).to_dict()


def _text(source: str) -> str:
    if source == "-":
        from lossproof.cli.files import read_stdin

        return read_stdin(_MAX_BYTES)
    from lossproof.files import read_text

    return read_text(source, _MAX_BYTES, hint="lossproof derive gaussian --format json -o proof.json")
