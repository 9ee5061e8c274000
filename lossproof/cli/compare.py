"""``lossproof compare``: whether two objectives are the same, as far as minimising them goes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import click

from lossproof.cli.complete import objectives
from lossproof.cli.options import debug_option, format_of, names_of, output_options
from lossproof.errors import UsageError

if TYPE_CHECKING:
    from lossproof.comparison import Verdict

#: Exit statuses of the answers; one of the four relations is 0.
STATUS: Final = {"refuted": 1, "unknown": 3}
_HELP: Final = """Compare two objectives, both to be minimised over the names of --learn.

A and B are formulas, named losses, or assumptions, which stand for their negative log-likelihood; one of them may be - for stdin.
y is data, what is neither learned nor data is fixed. The exit status is 0 if a relation is proved, 1 if the
two are refuted, 3 if neither is known.

\b
Examples:
  lossproof compare "mean((y - w*x)^2)" "sum((y - w*x)^2)/2" --learn w
  lossproof compare "y ~ N(yhat, sigma^2) with sigma fixed" MSE --learn yhat
  lossproof compare "CE(p, q)" "KL(p, q)" --learn q
  lossproof compare "CE(p, q)" "KL(p, q)" --learn theta --let "p = Bernoulli(theta)" --let "q = Bernoulli(phi)"
  lossproof compare "mean(log(mu) + y/mu)" "mean(log(y) + y/mu)" --learn mu --where "y > 0"
  lossproof compare "mean(softplus(z) - y*z)" "mean(-y*log(p) - (1-y)*log(1-p))" --learn z --let "p = sigmoid(z)"
"""


class _Command(click.Command):
    """A command whose arguments may begin with a minus, as formulas do."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the arguments, what is a formula after all options."""
        valued = {name for p in self.params if isinstance(p, click.Option) and not p.is_flag for name in p.opts}
        options: list[str] = []
        formulas: list[str] = []
        rest = iter(args)
        for arg in rest:
            if arg == "--":
                formulas += rest
            elif arg == "-" or not arg.startswith("-") or _is_formula(arg):
                formulas.append(arg)
            else:
                options.append(arg)
                if arg in valued:
                    options += [value for value in [next(rest, None)] if value is not None]
        return super().parse_args(ctx, [*options, "--", *formulas])


def _is_formula(arg: str) -> bool:
    """Whether an argument that begins with one minus is no option: -w, -log(p), but neither -h nor -oFILE."""
    return (not arg.startswith(("--", "-o")) and arg not in ("-h",)) or (any(c in arg[2:] for c in "()*^ ") and not arg.startswith("--"))


@click.command("compare", cls=_Command, help=_HELP)
@click.argument("a", metavar="A", required=False, shell_complete=objectives)
@click.argument("b", metavar="B", required=False, shell_complete=objectives)
@click.option("--learn", multiple=True, metavar="NAMES", help="What is learned; exactly this.")
@click.option("--data", multiple=True, metavar="NAMES", help="What is data, besides y.")
@click.option("--fixed", multiple=True, metavar="NAMES", help="What is fixed: all that is left, named or not.")
@click.option("--let", "definitions", multiple=True, metavar='"NAME = ..."', help="A definition for both, of a formula or a distribution.")
@click.option("--where", "conditions", multiple=True, metavar="CONDITIONS", help='Conditions, such as "s > 0".')
@output_options
@click.option("--detail", type=click.Choice(["paper", "full"]), default="paper", help="The lines of a paper, or every step.")
@debug_option
def command(
    a: str | None, b: str | None, form: str | None, standalone: bool, output: str | None, detail: str, **options: Any
) -> int:
    """Compare two objectives."""
    from lossproof.cli.files import write
    from lossproof.comparison import compare

    form = format_of(form, output, standalone)
    if a is None or b is None:
        raise UsageError("two objectives are compared", hint='lossproof compare "mean((y - w*x)^2)" "sum((y - w*x)^2)/2" --learn w')
    if not options["learn"]:
        raise UsageError("say what is learned: whether two objectives are the same depends on it", hint="--learn NAMES")
    a, b = _read(a, b)
    verdict = compare(
        a, b, learn=names_of(options["learn"]), data=names_of(options["data"]), fixed=names_of(options["fixed"]),
        let=options["definitions"], where=", ".join(options["conditions"]),
    )  # fmt: skip
    write(shown(verdict, form, standalone, detail), output)
    return STATUS.get(verdict.relation, 0)


def _read(a: str, b: str) -> tuple[str, str]:
    """The two objectives, one of which may be stdin."""
    if "-" not in (a, b):
        return a, b
    if a == b:
        raise UsageError("both objectives are -, and there is one stdin")
    from lossproof.cli.files import read_stdin

    text = read_stdin().strip()
    return (text, b) if a == "-" else (a, text)


def shown(verdict: Verdict, form: str, standalone: bool, detail: str) -> str:
    """A verdict in a format."""
    if form == "text":
        from lossproof.cli.files import page_width, wants_color

        return verdict.text(width=page_width(), color=wants_color(), detail=detail)
    if form == "json":
        return verdict.proof.to_json()
    if form == "html":
        return verdict.html(detail=detail)
    return verdict.latex(standalone=standalone, detail=detail) if form == "latex" else verdict.markdown(detail=detail)
