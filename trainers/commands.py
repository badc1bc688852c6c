"""The commands `train` and `eval`: their help, and nothing of what they do."""

from pathlib import Path
from typing import Annotated

import typer

commands = typer.Typer()


@commands.command()
def train(
    recipe: Annotated[Path, typer.Argument(help="The recipe, a YAML file.")],
    overrides: Annotated[list[str] | None, typer.Argument(metavar="KEY=VALUE", help="Changes to it.")] = None,
    out: Annotated[Path | None, typer.Option(help="The run's folder; default: the recipe's name.")] = None,
) -> None:
    """Train a network on shards; run the same line again to continue.

    Example: headrace train recipe.yaml optimizer.lr=1e-3 --out runs/mae

    Example: torchrun --nproc-per-node 2 -m headrace.shards.cli train recipe.yaml --out runs/mae
    """
    from .threads import wait_without_spinning

    wait_without_spinning()
    from .console import run_train

    run_train(recipe, overrides or [], out)


@commands.command("eval")
def evaluate(
    run: Annotated[Path, typer.Argument(help="The folder of a run.")],
    overrides: Annotated[list[str] | None, typer.Argument(metavar="KEY=VALUE", help="Changes to it.")] = None,
) -> None:
    """Say what a run's features are worth, beside the same network untrained and raw input.

    Example: headrace eval runs/mae
    """
    from .threads import wait_without_spinning

    wait_without_spinning()
    from .console import run_eval

    run_eval(run, overrides or [])
