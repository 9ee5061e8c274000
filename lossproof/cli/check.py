"""``lossproof check``: a proof checked again by the stand-alone checker."""

from __future__ import annotations

from pathlib import Path

import click

from lossproof.cli.options import debug_option


@click.command("check")
@click.argument("proof", metavar="PROOF.json")
@click.option(
    "--rules",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Compare the proof's records with those of this folder.",
)
@click.option("--assume-rules", is_flag=True, help="Take records that are not installed as assumptions.")
@debug_option
def command(proof: str, rules: Path | None, assume_rules: bool) -> int:
    """Check a proof again, by a program that shares no code with the engine.

    \b
    Examples:
      lossproof check proof.json
      lossproof derive laplace --format json | lossproof check -
      lossproof compare "CE(p, q)" "KL(p, q)" --learn q --format json | lossproof check -
    """
    from lossproof.checker import main

    arguments = [*(["--rules", str(rules)] if rules is not None else []), *(["--assume-rules"] if assume_rules else [])]
    return main([*arguments, "--", proof])
