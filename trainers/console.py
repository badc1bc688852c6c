"""What `headrace train` and `headrace eval` show."""

import shlex
from collections.abc import Sequence
from pathlib import Path

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from headrace.shards.base.counts import counted
from headrace.shards.base.errors import Interrupted, TrainingError
from headrace.shards.base.report import Table as TableFragment
from headrace.shards.base.terminal import terminal

from .distributed import is_main
from .evaluate import evaluate
from .export import FOLDER as EXPORT
from .loop import train
from .metrics import FILE, Line, judgements, read_metrics
from .parallel.fates import RankLost
from .recipe import TrainRecipe, read_recipe
from .runs import Run
from .watch.alarm import COLLAPSED
from .watch.wording import evaluated


def run_train(recipe_path: Path, overrides: Sequence[str], out: Path | None) -> None:
    """Train, then say what came out, where it lies, and what can be done with it."""
    folder = out or Path(recipe_path.stem)
    recipe = read_recipe(recipe_path, overrides)
    try:
        main = train(recipe, folder)
    except (Interrupted, TrainingError) as stop:
        if stop.speaks if isinstance(stop, RankLost) else is_main():
            raise
        # All processes stop together, and one of them says why.
        raise typer.Exit(stop.exit_code) from None
    if main:
        _tell(recipe, folder, terminal())


def _tell(recipe: TrainRecipe, folder: Path, console: Console) -> None:
    """What a run came to."""
    place, lines = shlex.quote(str(folder)), read_metrics(folder)
    # None is left of a run that was done before, and whose log was removed since.
    if lines:
        _tell_of_the_last(lines[-1], recipe, console)
    if next((line[COLLAPSED] for line in reversed(lines) if COLLAPSED in line), 0):
        console.print(Text("Its representations have collapsed; the report says how.", style="bold red"))
    # A network that is not of transformers comes with its code.
    own = ", with trust_remote_code=True" if any((folder / EXPORT).glob("*.py")) else ""
    console.print(f"The network: {folder / EXPORT}, for AutoModel.from_pretrained{own}. All numbers: {folder / FILE}.")
    judged = f"`headrace eval {place}`" if recipe.evals else "name `evals` in the recipe, then `headrace eval`"
    console.print(f"What it knows: {judged}. Its curves and examples: `headrace report {place}`.")


def _tell_of_the_last(line: Line, recipe: TrainRecipe, console: Console) -> None:
    found = evaluated(judgements(line, recipe.evals))
    steps, beside = counted(int(line["step"]), "step"), f" ({found})" if found else ""
    console.print(f"{steps}, loss {line['loss']:.4f}{beside}, {line['samples_per_s']:,.0f} samples/s.")


def run_eval(folder: Path, overrides: Sequence[str], checkpoint: str = "last") -> None:
    """Evaluate, then print the tables, and in red what makes them doubtful."""
    findings, console = evaluate(Run.open(folder, overrides), checkpoint), terminal()
    for table in findings.tables.values():
        _print(table, console)
    for each in findings.coverages:
        if each.warning:
            console.print(Text(f"warning: {each.warning}", style="bold red"))


def _print(fragment: TableFragment, console: Console) -> None:
    table = Table(title=fragment.title, caption=fragment.note, caption_justify="left")
    for column in fragment.columns:
        table.add_column(column, justify="right" if column.endswith("%") else "left")
    for row in fragment.rows:
        table.add_row(*(f"{cell:.1f}" if isinstance(cell, float) else str(cell) for cell in row))
    console.print(table)
