"""``lossproof plot``: a picture of one assumption, or of several on one figure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import click

from lossproof.cli.complete import families
from lossproof.cli.options import debug_option, names_of
from lossproof.errors import UsageError

if TYPE_CHECKING:
    from lossproof.derivation import Derivation

_FORMATS: Final = ("svg", "png", "pdf")
_HELP: Final = """Draw the density, the NLL with the canonical loss, and the influence function.

The panels run over the residual where the NLL depends on y - ŷ alone, else over a parameter at one value of the data.
Symbols without a value get one that lies in their domain; the picture says which.

\b
Examples:
  lossproof plot gaussian -o gaussian.svg
  lossproof plot gaussian laplace huber student-t --at "nu = 3" -o robust.png
  lossproof plot "y ~ Poisson(lam)" --at "y = 4" --range "0, 12" -o poisson.pdf
  lossproof plot gaussian --free sigma --along sigma -o scale.svg
  lossproof plot laplace --width 12 --height 4 --style dark --format png -o - > laplace.png
"""


@click.command("plot", help=_HELP)
@click.argument("assumptions", nargs=-1, metavar="ASSUMPTION...", shell_complete=families)
@click.option("-o", "--output", metavar="FILE", help="Where to write it; - is stdout.")
@click.option("--format", "form", type=click.Choice(_FORMATS), help="The kind of image (default: by FILE's suffix).")
@click.option("--at", multiple=True, metavar="VALUES", help='Values of symbols, such as "sigma = 2, nu = 3".')
@click.option("--range", "between", metavar="ENDS", help='The range of the residual or the parameter, such as "-5, 5".')
@click.option("--along", metavar="NAME", help="The parameter to run over.")
@click.option("--free", multiple=True, metavar="NAMES", help="Learn these as well.")
@click.option("--fix", multiple=True, metavar="NAMES", help="Take these as fixed.")
@click.option("--fixed", multiple=True, metavar="NAMES", help="What else is not learned.")
@click.option("--where", "conditions", multiple=True, metavar="CONDITIONS", help='Conditions, such as "s > 0".')
@click.option("--style", type=click.Choice(["light", "dark"]), default="light", help="Dark on white, or light on black.")
@click.option("--width", type=float, metavar="INCHES", help="A picture that is wide has its panels side by side.")
@click.option("--height", type=float, metavar="INCHES")
@debug_option
def command(assumptions: tuple[str, ...], output: str | None, form: str | None, at: tuple[str, ...], between: str | None, **options: Any) -> None:
    """Draw assumptions."""
    if not assumptions:
        raise UsageError("what is to be drawn?", hint="lossproof plot gaussian -o gaussian.svg")
    form = _format_of(form, output)
    import logging

    from lossproof.cli.files import write_file, write_stdout
    from lossproof.render.pictures import image, plot

    logging.getLogger("matplotlib").setLevel(logging.ERROR)  # that it builds its font cache is no result

    picture = plot(
        _derived(assumptions, options), at=", ".join(at) or None, range=between, along=options["along"],
        style=options["style"], width=options["width"], height=options["height"],
    )  # fmt: skip
    data = image(picture, form)
    if output == "-":
        write_stdout(data)
    else:
        write_file(data, str(output))


def _derived(assumptions: tuple[str, ...], options: dict[str, Any]) -> list[Derivation]:
    from lossproof.derivation import derive

    given: dict[str, Any] = {name: names_of(options[name]) for name in ("free", "fix", "fixed")}
    return [derive(a, **given, where=", ".join(options["conditions"])) for a in assumptions]


def _format_of(form: str | None, output: str | None) -> str:
    """The format asked for, else that of the file's suffix. Raises UsageError where neither says."""
    if output is None:
        raise UsageError("a picture needs a file to go to", hint="-o picture.svg")
    if form is not None:
        return form
    suffix = output.rpartition(".")[2].lower() if "." in output else ""
    if suffix in _FORMATS:
        return suffix
    what = "stdout has no suffix" if output == "-" else f"{output} ends in none of .svg, .png, .pdf"
    raise UsageError(what, hint="--format svg")
