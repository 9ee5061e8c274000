"""``lossproof code``: the loss of an assumption as a function of a library, or as a formula."""

from __future__ import annotations

from typing import Any, Final

import click

from lossproof.cli.complete import families, targets
from lossproof.cli.options import assumption_of, debug_option, names_of

_HELP: Final = """Print a small, documented, numerically stable function of the loss that an assumption leads to.

ASSUMPTION is as for derive, or - for stdin.

\b
Examples:
  lossproof code "y ~ Bernoulli(p), p = sigmoid(z)" --target torch
  lossproof code gaussian --free sigma --full --target jax -o gaussian_nll.py
  lossproof code "y ~ Normal(w*x, s), w ~ Normal(0, t) with x, s, t fixed"
  lossproof code poisson-log --target latex
  lossproof list targets
"""


@click.command("code", help=_HELP)
@click.argument("assumption", required=False, shell_complete=families)
@click.option("--target", default="numpy", show_default=True, metavar="TARGET", shell_complete=targets, help="numpy, torch, jax, sympy or latex.")
@click.option("--full", is_flag=True, help="The negative log-likelihood, with every constant.")
@click.option("--reduction", type=click.Choice(["mean", "sum", "none"]), help="The default (default: mean, with priors sum).")
@click.option("--name", metavar="NAME", help="The function's name (default: loss, with --full nll).")
@click.option("--free", multiple=True, metavar="NAMES", help="Learn these as well.")
@click.option("--fix", multiple=True, metavar="NAMES", help="Take these as fixed.")
@click.option("--density", metavar="TEXT", help="A density of your own, in place of ASSUMPTION.")
@click.option("--data", multiple=True, metavar="NAMES", help="With --density: the data.")
@click.option("--fixed", multiple=True, metavar="NAMES", help="What else is not learned.")
@click.option("--where", "conditions", multiple=True, metavar="CONDITIONS", help='Conditions, such as "s > 0".')
@click.option("-o", "--output", metavar="FILE", help="Write to a file; - is stdout.")
@debug_option
def command(assumption: str | None, target: str, full: bool, reduction: str | None, name: str | None, output: str | None, **options: Any) -> None:
    """Print the loss as code."""
    from lossproof.cli.files import write
    from lossproof.derivation import derive

    given = assumption_of(assumption, options, 'lossproof code "y ~ N(ŷ, σ²) with σ fixed" --target torch')
    derivation = derive(**given, free=names_of(options["free"]), fix=names_of(options["fix"]))
    write(derivation.code(target=target, full=full, reduction=reduction, name=name), output)
