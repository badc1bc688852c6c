"""The command `headrace`: it finds its sub-commands through entry points and presents errors.

Each package declares a `typer.Typer` under the entry-point group `headrace.commands`; its commands' functions
import what they need when they run, so that `headrace --help` imports no implementation. Others add commands
the same way.
"""

import errno
import sys
from importlib.metadata import entry_points
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from .base.errors import HeadraceError, Interrupted

GROUP = "headrace.commands"
TRAIN_EXTRA = frozenset({"torch", "transformers", "safetensors", "sklearn"})
"""Packages that building and streaming do without."""


class _Commands(TyperGroup):
    """Commands of which none ends without a word: typer would leave silently on Ctrl-C."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            raise _stopped() from None


def application() -> typer.Typer:
    """The root command with every installed package's commands."""
    app = typer.Typer(
        name="headrace",
        cls=_Commands,
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode="rich",
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_root)
    for point in sorted(entry_points(group=GROUP), key=lambda each: each.name):
        app.add_typer(point.load())
    return app


def _show_version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        typer.echo(f"headrace {version('headrace')}")
        raise typer.Exit


def _root(
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """The streaming data system for self-supervised learning.

    Raw crawls in, clean shards out, one deterministic order into training.

    Example: headrace demo
    """


def main() -> None:
    """Run the command line; a user's error becomes one paragraph and an exit code."""
    # --debug is taken wherever it stands: it is typed at the end of the line that just failed.
    debug = "--debug" in sys.argv[1:]
    arguments = [each for each in sys.argv[1:] if each != "--debug"]
    try:
        _run(arguments)
    except HeadraceError as error:
        if debug:
            raise
        _present(error)
        raise SystemExit(error.exit_code) from None
    except ModuleNotFoundError as error:
        if debug or error.name not in TRAIN_EXTRA:
            raise
        _present(
            HeadraceError(
                f"this command needs the package {error.name}, which is not installed",
                remedy="Install what training needs: pip install 'headrace[train]', or scripts/install in a clone",
            )
        )
        raise SystemExit(2) from None
    except OSError as error:
        if debug or error.errno != errno.ENOSPC:
            raise
        _present(
            HeadraceError(
                "the disk is full",
                found=f"no space left for {error.filename or 'an output file'}",
                remedy="Nothing is half-written. Free some space, then run the same line again: it continues",
            )
        )
        raise SystemExit(3) from None


def _run(arguments: list[str]) -> None:
    try:
        application()(args=arguments, prog_name="headrace")
    except KeyboardInterrupt:  # while the commands were being looked for
        raise _stopped() from None


def _stopped() -> Interrupted:
    """The user's stop at a moment at which no command has anything to put in order."""
    return Interrupted("nothing is half-written", remedy="Run the same line again")


def _present(error: HeadraceError) -> None:
    from rich.console import Console
    from rich.text import Text

    from .base.terminal import printable

    console = Console(stderr=True, highlight=False, soft_wrap=not sys.stderr.isatty())
    title = ("Stopped: ", "bold yellow") if isinstance(error, Interrupted) else ("Error: ", "bold red")
    lines = "\n".join(map(printable, str(error).split("\n")))
    console.print(Text.assemble(title, lines))
