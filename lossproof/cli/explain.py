"""``lossproof explain``: a record in words, and for a loss every assumption that leads to it."""

from __future__ import annotations

import click

from lossproof.cli.complete import explainable
from lossproof.cli.options import debug_option

_HELP = """Explain a rule, a fact, a distribution, a loss, a library's loss, a link, a theorem, a function or an error code.

For a loss the answer runs backwards: every assumption whose derivation reaches it.

\b
Examples:
  lossproof explain log-product
  lossproof explain normal
  lossproof explain "squared error"
  lossproof explain torch.nn.MSELoss
  lossproof explain mle-chain
  lossproof explain nothing-to-learn
"""


@click.command("explain", help=_HELP)
@click.argument("name", nargs=-1, required=True, shell_complete=explainable)
@debug_option
def command(name: tuple[str, ...]) -> None:
    """Explain a name."""
    from lossproof.cli.files import page_width, wants_color, write_stdout
    from lossproof.render.explanation import explained
    from lossproof.render.text import WIDTH, Page
    from lossproof.rulebook import Rulebook

    page = Page(page_width() or WIDTH, wants_color())
    write_stdout("\n".join(explained(" ".join(name), Rulebook.default(), page)) + "\n")
