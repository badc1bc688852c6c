"""What `headrace build` shows: the plan before, the funnel after."""

import gc
import os
import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from headrace.shards.base.counts import counted
from headrace.shards.base.report import FOLDER, read_fragments
from headrace.shards.base.report import Table as TableFragment
from headrace.shards.base.terminal import terminal

from .build import build, prepare
from .decontamination.common import EVERYWHERE
from .recipe import load_recipe

_FATES = {
    "drop": "the records that held them were dropped",
    "cut": "they were cut out of the records that held them",
    "report": "the records that hold them are in the shards, and the ledger names them",
}
"""What became of a benchmark's items, by the action."""


def show_plan(recipe_path: Path, overrides: Sequence[str], workers: int) -> None:
    """Print phases, tasks and estimates of memory, disk and time."""
    workers = workers or len(os.sched_getaffinity(0))
    recipe, plan = prepare(recipe_path, overrides)
    read = sum(file.size for file in plan.files)
    table = Table(title=f"{escape(recipe.name)}: {counted(len(plan.files), 'input')}, {_size(read)}")
    for column in ("phase", "tasks", "memory", "disk", "time"):
        table.add_column(column, justify="left" if column == "phase" else "right")
    seconds = 0.0
    for phase in plan.phases:
        parallel = min(workers, phase.expected_tasks)
        took = plan.population.bytes / phase.rate / parallel if phase.rate else 0.0
        seconds += took
        table.add_row(
            phase.name, str(phase.expected_tasks), _size(phase.memory * parallel), _size(phase.disk), f"{took:,.0f} s"
        )
    memory = max(phase.memory * min(workers, phase.expected_tasks) for phase in plan.phases)
    disk = sum(phase.disk for phase in plan.phases)
    table.add_section()
    table.add_row("in all", "", _size(memory), _size(disk), f"{seconds:,.0f} s")
    console = terminal()
    console.print(table)
    for note in plan.notes:
        console.print(note, markup=False)
    console.print(
        f"Estimates for {counted(workers, 'worker')}, from the inputs' sizes alone (compressed ones by usual ratios); "
        "nothing was run."
    )


def run_build(
    recipe_path: Path, out: Path | None, overrides: Sequence[str], workers: int, *, recut: bool = False
) -> None:
    """Build, then print the funnel and where things lie."""
    start = time.perf_counter()
    gc.freeze()  # What was imported stays: the collector need not look through it again and again.
    target = out or Path(load_recipe(recipe_path, overrides).name)
    with _sigterm_as_ctrl_c():
        built = build(recipe_path, target, overrides, workers, recut=recut)
    console = terminal()
    _print_funnel(target, console)
    manifest = built.manifest
    size = int(manifest.shards.bytes.sum())
    records = counted(manifest.samples, "record")
    tokens = f", {counted(manifest.tokens, 'token')}" if manifest.tokens else ""
    console.print(
        f"[bold]{records}[/]{tokens} in {counted(len(manifest.shards), 'shard')} ({_size(size)}) "
        f"in {escape(str(target))}/ after {time.perf_counter() - start:.1f} s; "
        f"{built.ran} of {counted(built.tasks, 'task')} run now."
    )
    for certificate in manifest.decontamination or ():
        found = sum(len(each.found) for each in certificate.benchmarks.values())
        items = counted(found, "benchmark item")
        common = len(certificate.excluded.get(EVERYWHERE, ()))
        stands = f" {counted(common, 'n-gram')} common all over the corpus let stand." if common else ""
        console.print(f"Decontamination: {items} found; {_FATES[certificate.action]}.{stands}")
    console.print(
        f"Next: headrace explain {target} ID, headrace verify {target}, headrace report {target}",
        style="dim",
        markup=False,
    )


def _print_funnel(out: Path, console: Console) -> None:
    fragments = {path.stem: fragment for path, fragment in read_fragments(out) if path.parent.name == FOLDER}
    funnel = fragments["10-funnel"]
    assert isinstance(funnel, TableFragment)
    table = Table(title=funnel.title)
    for index, column in enumerate(funnel.columns):
        table.add_column(column, justify="right" if index else "left")
    for row in funnel.rows:
        table.add_row(*(f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in row))
    console.print(table)


@contextmanager
def _sigterm_as_ctrl_c() -> Iterator[None]:
    """Let a scheduler's SIGTERM stop a build as cleanly as Ctrl-C does."""

    def stop(number: int, frame: FrameType | None) -> None:
        # Not by way of SIGINT: a shell lets what it starts in the background ignore that.
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _size(count: float) -> str:
    for unit in ("B", "KB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"
