"""``lossproof prove``: a named theorem, each of its steps proved anew."""

from __future__ import annotations

import click

from lossproof.cli.complete import theorems
from lossproof.cli.options import debug_option, format_of, output_options
from lossproof.errors import UsageError

_HELP = """Prove a named theorem; the exit status is 0 if every step has the relation that the theorem claims, else 3.

\b
Examples:
  lossproof prove mle-chain
  lossproof prove gibbs-inequality --explain
  lossproof prove l2-gaussian-prior --format latex
  lossproof prove mle-chain --step 2 --format json | lossproof check -
  lossproof list theorems
"""


@click.command("prove", help=_HELP)
@click.argument("name", nargs=-1, metavar="THEOREM", shell_complete=theorems)
@click.option("--step", "number", type=int, metavar="N", help="One step alone: its whole verdict, or with --format json its proof.")
@click.option("--explain", is_flag=True, help="How to read it, what survives, and where it ends.")
@output_options
@click.option("--detail", type=click.Choice(["short", "paper", "full"]), default="short", help="Verdicts alone, their proofs, or every step.")
@debug_option
def command(
    name: tuple[str, ...], number: int | None, explain: bool, form: str | None, standalone: bool, output: str | None, detail: str
) -> int:
    """Prove a named theorem."""
    from lossproof.cli.files import page_width, wants_color, write
    from lossproof.theorems import prove

    form = format_of(form, output, standalone)
    if not name:
        raise UsageError("which theorem?", hint="lossproof list theorems")
    if number is not None and explain:
        raise UsageError("--explain is for the whole theorem, --step for one step of it", hint="leave out one of the two")
    proof = prove(" ".join(name))
    if number is not None:
        if not 1 <= number <= len(proof.steps):
            raise UsageError(f"{proof.theorem.id} has {len(proof.steps)} steps and no step {number}")
        from lossproof.cli.compare import shown

        write(shown(proof.steps[number - 1], form, standalone, "full" if detail == "full" else "paper"), output)
        return 0 if proof.agrees[number - 1] else 3
    if form == "json":
        from lossproof.proof import compact

        text = compact(proof.to_dict())
    elif form == "text":
        text = proof.text(width=page_width(), color=wants_color(), detail=detail, explain=explain)
    elif form == "html":
        text = proof.html(detail=detail, explain=explain)
    elif form == "markdown":
        text = proof.markdown(detail=detail, explain=explain)
    else:
        text = proof.latex(detail=detail, explain=explain, standalone=standalone)
    write(text, output)
    return 0 if proof.holds else 3
