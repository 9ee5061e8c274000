"""The group of commands, and how an error becomes a short block and an exit status."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import Any, Final

import click

from lossproof import __version__
from lossproof.errors import InternalError, LossproofError, UsageError

#: Commands and what they are for; each lives in the module of its name.
COMMANDS: Final = {
    "derive": "From an assumption to its loss, with the proof.",
    "compare": "Whether two objectives are the same: proved, refuted or unknown.",
    "prove": "A named theorem, proved anew.",
    "appendix": "The LaTeX appendix of a paper, with its proofs beside it.",
    "code": "The loss as a function for NumPy, PyTorch or JAX, or as a formula.",
    "plot": "A picture: density, NLL and loss, influence function.",
    "check": "Check a proof again, by a program that is not the engine.",
    "certify": "Let SymPy, ball arithmetic and Coq judge a proof.",
    "explain": "A rule, a distribution, a loss, a library's loss, a theorem or an error code.",
    "list": "All rules, facts, distributions, losses, links, theorems or targets.",
}
_INTERRUPTED: Final = 130
_COMPLETION: Final = "_LOSSPROOF_COMPLETE"
_HELP: Final = """From a distributional assumption to the loss it equals, with a proof.

\b
Examples:
  lossproof derive "y ~ N(ŷ, σ²) with σ fixed"
  lossproof derive poisson --format latex --standalone -o poisson.tex
  lossproof derive student-t -o student-t.html
  lossproof derive laplace --format json | lossproof check -
  lossproof compare "CE(p, q)" "KL(p, q)" --learn q
  lossproof prove mle-chain
  lossproof certify gaussian
  lossproof explain torch.nn.MSELoss
  lossproof list distributions
"""


class State:
    """What the options of the whole run say."""

    def __init__(self, debug: bool = False) -> None:
        self.debug = debug


class Commands(click.Group):
    """A group that imports a command's module when the command is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of all commands, in the order of the help."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, or None."""
        if cmd_name not in COMMANDS:
            return None
        from importlib import import_module

        command = import_module(f"lossproof.cli.{cmd_name}").command
        return command if isinstance(command, click.Command) else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The commands with their purposes, without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that the arguments name. Raises UsageError with the nearest names."""
        name = args[0]
        if self.get_command(ctx, name) is None and not name.startswith("-"):
            if "~" in name:
                raise UsageError(
                    "this is an assumption and no command",
                    text=name,
                    span=(0, len(name)),
                    hint="lossproof derive ASSUMPTION",
                )
            from difflib import get_close_matches

            raise UsageError(
                f"there is no command {name[:60]}",
                nearest=get_close_matches(name[:60], COMMANDS, n=2),
                hint="lossproof --help",
            )
        return super().resolve_command(ctx, args)


def set_debug(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    """Remember that a traceback is wanted."""
    if value:
        ctx.ensure_object(State).debug = True


@click.group(
    cls=Commands,
    help=_HELP,
    no_args_is_help=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, message="lossproof %(version)s")
@click.option(
    "--debug",
    is_flag=True,
    expose_value=False,
    callback=set_debug,
    is_eager=True,
    help="Show a traceback if something fails.",
)
def cli() -> None:
    """The whole command line."""


def run(arguments: list[str]) -> int:
    """Run the command line and return its exit status: nothing is raised."""
    state = State("--debug" in arguments)
    try:
        if not arguments and _COMPLETION not in os.environ:
            raise UsageError("what is to be done?", nearest=COMMANDS, hint="lossproof --help")
        result: Any = cli.main(arguments, prog_name="lossproof", standalone_mode=False, obj=state)
        return result if isinstance(result, int) else 0
    except LossproofError as error:
        return _failed(error, error.exit_status, state)
    except click.ClickException as error:
        return _failed(_usage(error), error.exit_code, state)
    except (click.Abort, KeyboardInterrupt):
        return _INTERRUPTED
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else 0
    except Exception as error:
        shown = " ".join(str(error).split())[:200]
        fault = InternalError(
            f"{type(error).__name__}: {shown}", hint="the same command with --debug shows where; please report it"
        )
        return _failed(fault, fault.exit_status, state)


def _failed(error: LossproofError, status: int, state: State) -> int:
    if state.debug:
        import traceback

        traceback.print_exc()
    with contextlib.suppress(OSError):
        print(error.render(), file=sys.stderr)
    return status


def _usage(error: click.ClickException) -> UsageError:
    """click's own errors in the form of all others."""
    command = error.ctx.command_path if isinstance(error, click.UsageError) and error.ctx is not None else "lossproof"
    message = error.format_message().rstrip(".")
    nearest: list[str] = []
    if isinstance(error, click.NoSuchOption):
        message = f"there is no option {error.option_name}"
        nearest = sorted(error.possibilities or ())
    return UsageError(message[:1].lower() + message[1:], nearest=nearest, hint=f"{command} --help")
