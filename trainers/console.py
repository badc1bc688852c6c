"""What `headrace train` and `headrace eval` show."""

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
from .loop import train
from .metrics import read_metrics
from .recipe import read_recipe
from .runs import Run


def run_train(recipe_path: Path, overrides: Sequence[str], out: Path | None) -> None:
    """Train, then say what came out and where it lies."""
    folder = out or Path(recipe_path.stem)
    try:
        main = train(read_recipe(recipe_path, overrides), folder)
    except (Interrupted, TrainingError) as stop:
        if is_main():
            raise
        # All processes stop together, and the first one says why.
        raise typer.Exit(stop.exit_code) from None
    if not main:
        return
    last = read_metrics(folder)[-1]
    console = Console(highlight=False, soft_wrap=True)
    steps = counted(int(last["step"]), "step")
    console.print(f"{steps}, loss {last['loss']:.4f}, {last['samples_per_s']:,.0f} samples/s.")
    console.print(f"The network: {folder / 'export'}. What it knows: `headrace eval {folder}`")


def run_eval(folder: Path, overrides: Sequence[str]) -> None:
    """Evaluate, then print the tables, and in red what makes them doubtful."""
    findings, console = evaluate(Run.open(folder, overrides)), terminal()
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
