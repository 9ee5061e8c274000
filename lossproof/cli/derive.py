"""``lossproof derive``: from an assumption to its loss."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import click

from lossproof.cli.complete import families
from lossproof.cli.options import assumption_of, debug_option, format_of, names_of, output_options
from lossproof.errors import UsageError

if TYPE_CHECKING:
    from lossproof.derivation import Derivation

_HELP: Final = """Derive the loss of an assumption, with its proof.

ASSUMPTION is a text such as the ones below, the name of a family, or - for stdin.

\b
Examples:
  lossproof derive "y ~ N(ŷ, σ²) with σ fixed"
  lossproof derive gaussian --free sigma
  lossproof derive "y ~ Normal(w*x, s), w ~ Normal(0, t) with x, s, t fixed"
  lossproof derive "y ~ Poisson(lam), lam = exp(eta)" --format latex
  lossproof derive student-t --detail full
  lossproof derive poisson --certify
  lossproof derive --density "s/2 * exp(-s*|y - m|)" --data y --fixed s --where "s > 0"
"""


@click.command("derive", help=_HELP)
@click.argument("assumption", required=False, shell_complete=families)
@output_options
@click.option(
    "--detail", type=click.Choice(["paper", "full"]), default="paper", help="The lines of a paper, or every step."
)
@click.option("--free", multiple=True, metavar="NAMES", help="Learn these as well.")
@click.option("--fix", multiple=True, metavar="NAMES", help="Take these as fixed.")
@click.option(
    "--reduction",
    type=click.Choice(["mean", "sum", "none"]),
    help="The loss over the dataset (default: mean, with priors sum).",
)
@click.option("--density", metavar="TEXT", help="A density of your own, in place of ASSUMPTION.")
@click.option("--data", multiple=True, metavar="NAMES", help="With --density: the data.")
@click.option("--fixed", multiple=True, metavar="NAMES", help="What else is not learned.")
@click.option("--where", "conditions", multiple=True, metavar="CONDITIONS", help='Conditions, such as "s > 0".')
@click.option("--picture", is_flag=True, help="In HTML: density, loss and influence function as a figure (needs matplotlib).")
@click.option("--certify", "certified", is_flag=True, help="Let all referees judge the proof; the certificate goes to stderr, its answer to the exit status.")
@debug_option
def command(
    assumption: str | None, form: str | None, standalone: bool, output: str | None, detail: str, picture: bool, certified: bool, **options: Any
) -> int:
    """Derive the loss of an assumption."""
    from lossproof.cli.files import write

    form = format_of(form, output, standalone)
    if picture and form != "html":
        raise UsageError(f"--picture is for HTML and the format is {form}", hint="--format html --picture, or lossproof plot")
    given = assumption_of(assumption, options, 'lossproof derive "y ~ N(ŷ, σ²) with σ fixed", or lossproof list distributions')
    derivation, before = _derived(given, options)
    write(_shown(derivation, before, form, standalone, detail, picture), output)
    if not certified:
        return 0
    from lossproof.cli.certify import STATUS

    certificate = derivation.certify()
    click.echo(certificate.text(), err=True)
    return STATUS[certificate.answer]


def _derived(given: dict[str, Any], options: dict[str, Any]) -> tuple[Derivation, Derivation | None]:
    """The derivation, and that of the unchanged assumption if roles were changed."""
    from lossproof.derivation import derive

    free, fix = names_of(options["free"]), names_of(options["fix"])
    given["reduction"] = options["reduction"]
    derivation = derive(**given, free=free, fix=fix)
    if not free and not fix:
        return derivation, None
    from lossproof.errors import NothingToLearnError

    try:
        return derivation, derive(**given)
    except NothingToLearnError:
        return derivation, None


def _shown(derivation: Derivation, before: Derivation | None, form: str, standalone: bool, detail: str, picture: bool) -> str:
    if form == "text":
        from lossproof.cli.files import page_width, wants_color
        from lossproof.render.text import derivation_text

        return derivation_text(derivation, width=page_width(), color=wants_color(), detail=detail, before=before)
    if before is not None:
        from lossproof.render.text import Page, changes

        click.echo("\n".join(changes(derivation, before, Page())), err=True)
    if form == "json":
        return derivation.proof.to_json()
    if form == "latex":
        return derivation.latex(standalone=standalone, detail=detail)
    if form == "html":
        return derivation.html(detail=detail, picture=_picture(derivation) if picture else None)
    return derivation.markdown(detail=detail)


def _picture(derivation: Derivation) -> str:
    """The picture of the derivation, wide as a page."""
    from lossproof.render.pictures import svg

    return svg(derivation, width=9.0, height=4.2)
