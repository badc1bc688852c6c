"""What `headrace stream` prints: the answers to its questions, as sentences and tables."""

import json
import sys
import warnings
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rich.table import Table
from rich.text import Text

from .base.counts import counted
from .base.errors import AuditError, InputError
from .base.terminal import printable, terminal
from .cache import Cache
from .stream import Stream
from .stream.audit.audit import audit
from .stream.audit.logs import settings_of
from .stream.bench import bench
from .stream.order.weights import WHOLE
from .stream.plan import plan
from .stream.questions import samples_of_step

_SHOWN_NODES = 16
_SHOWN_EPOCHS = 3
_SHOWN_SHARE = 0.01
_SHOWN_PROBLEMS = 5
_LARGE = 10_000_000_000
"""Bytes from which on sizes are shown in GB."""


@dataclass(frozen=True)
class Settings:
    """A run's own settings, which its order depends on.

    Args:
        url: The folder of the shards, or a mixture file.
        seed: The run's seed.
        lanes: Its lanes.
        block: Its block, or None for the default.
        window: Its window, for shards of tokens.
        batch_size: Its global batch.
        documents: Whether its samples are whole documents of tokens.
        cache: Its shard cache, which has no influence on the order.
    """

    url: str
    seed: int
    lanes: int
    block: int | None
    window: int | None
    batch_size: int
    documents: bool = False
    cache: Cache | None = None

    def stream(self) -> Stream:
        """The stream of the run.

        Raises:
            ManifestError: There is no manifest.
            UsageError: The settings do not fit the shards.
        """
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            stream = Stream(
                self.url,
                seed=self.seed,
                lanes=self.lanes,
                block=self.block,
                window=self.window,
                documents=self.documents,
                cache=self.cache,
            )
        for warning in told:
            print(f"Beware: {warning.message}", file=sys.stderr)
        return stream


def show_stream(settings: Settings) -> None:
    """Print how much there is to stream."""
    stream = settings.stream()
    size = sum(shard.bytes for shard in stream.shards)
    table = _pairs()
    table.add_row("samples of an epoch", f"{stream.samples:,}")
    table.add_row("shards", f"{len(stream.shards):,} of {size / 1e6:,.1f} MB in all")
    table.add_row("steps of an epoch", f"{stream.steps_per_epoch(settings.batch_size):,} of {settings.batch_size:,}")
    blocks = [f"{order.block:,}" for order in stream.order.orders]
    table.add_row("lanes and block", f"{stream.order.lanes:,} and {', '.join(blocks)}")
    _print(f"The stream of {settings.url}", table)
    if len(stream.names) > 1:
        _print("Its sources", _sources(stream))


def _sources(stream: Stream) -> Table:
    """What a mixture is made of."""
    table = Table("source", f"of {WHOLE:,}", "samples", "times in an epoch", "shards")
    for member, order, count in zip(stream.members, stream.order.orders, stream.order.counts, strict=True):
        times = count * stream.samples / (WHOLE * order.total)
        table.add_row(member.name, f"{count}", f"{order.total:,}", f"{times:.2f}", f"{order.sizes.size:,}")
    return table


def show_step(settings: Settings, step: int, state: Path | None) -> None:
    """Print which samples a step holds.

    Args:
        settings: The run's settings.
        step: The step's number, from 0.
        state: A saved state of the run, where its batch size or its weights have changed.
    """
    saved = None if state is None else _read_state(state)
    stream = settings.stream()
    answer = samples_of_step(stream, step, settings.batch_size if saved is None else None, saved)
    sources = ("source",) if len(stream.names) > 1 else ()
    table = Table("position", "epoch", *sources, "shard", "row", "key")
    for visit in answer.visits:
        source = [visit.source for _ in sources]
        key = Text(printable(visit.key))  # brackets in it are no markup
        table.add_row(f"{visit.position:,}", f"{visit.epoch}", *source, visit.shard, f"{visit.row:,}", key)
    _print(f"Step {step:,}: {counted(answer.batch_size, 'sample')}", table)


def show_bench(settings: Settings, workers: int, seconds: float) -> None:
    """Stream for some seconds, then print how fast it was."""
    answer = bench(settings.stream(), settings.batch_size, num_workers=workers, seconds=seconds)
    table = _pairs()
    table.add_row("samples per second", f"{answer.samples_per_second:,.0f}")
    table.add_row("MB of shards per second", f"{answer.megabytes_per_second:,.1f}")
    table.add_row("first batch after", f"{answer.first_batch_seconds * 1e3:,.1f} ms")
    shares = sorted(answer.waits.shares().items(), key=lambda each: -each[1])
    table.add_row("waited for", ", ".join(f"{cause} {share:.0%}" for cause, share in shares if share >= _SHOWN_SHARE))
    work = sorted(answer.waits.work.items(), key=lambda each: -each[1])
    per_sample = ((cause, 1e6 * seconds / answer.samples) for cause, seconds in work if seconds)
    table.add_row("a sample takes", ", ".join(f"{cause} {took:,.1f} µs" for cause, took in per_sample))
    table.add_row("measured over", f"{counted(answer.samples, 'sample')} in {answer.seconds:.1f} s")
    where = f"by {counted(workers, 'worker')}" if workers else "in one process"
    _print(f"Streaming {settings.url} in batches of {settings.batch_size:,}, {where}", table)


def show_plan(settings: Settings, world_size: int, ranks_per_node: int) -> None:
    """Print what each node of a training would read."""
    stream = settings.stream()
    answer = plan(stream, world_size, settings.batch_size, ranks_per_node)
    large = max(load.epoch_bytes for load in answer.nodes) >= _LARGE
    unit, scale = ("GB", 1e9) if large else ("MB", 1e6)
    table = Table("node", "lanes", "shards", f"{unit} per epoch", f"working set, {unit}")
    for load in answer.nodes[:_SHOWN_NODES]:
        sizes = (f"{size / scale:,.1f}" for size in (load.epoch_bytes, load.working_set_bytes))
        table.add_row(f"{load.node}", f"{load.lanes:,}", f"{load.shards:,}", *sizes)
    nodes = len(answer.nodes)
    _print(f"{counted(world_size, 'rank')} on {counted(nodes, 'node')}, in batches of {settings.batch_size:,}", table)
    if nodes > _SHOWN_NODES:
        print(f"... and {counted(nodes - _SHOWN_NODES, 'node')} more like these.")
    each = "in an epoch of each source" if len(stream.names) > 1 else "in an epoch"
    print(f"{unit} per epoch: the shards that a node reads {each}, counted once however many of its lanes share them.")
    print("Working set: the shards between which it shuffles at one moment, at most; a cache must hold these.")
    steps = counted(answer.steps_per_epoch, "step")
    print(f"On average {answer.reads_per_shard:.2f} nodes read a shard; an epoch has {steps}.")
    for warning in answer.warnings:
        print(f"Beware: {warning}")


def show_audit(settings: Settings, run: Path, state: Path | None) -> None:
    """Print what the logs of a run prove; the run's own settings are in them.

    Args:
        settings: Where the shards are.
        run: The run's folder, or that of its logs.
        state: A saved state up to which the run is to be proved.

    Raises:
        AuditError: The logs do not prove that the run saw what it should have seen.
    """
    held = settings_of(run)
    own: dict[str, Any] = {name: held[name] for name in ("seed", "lanes", "block", "window")}
    own["documents"] = "documents" in held
    answer = audit(replace(settings, **own).stream(), run, None if state is None else _read_state(state))
    table = _pairs()
    table.add_row("positions", f"0 to {answer.samples:,}")
    for number, (seen, total) in enumerate(answer.epochs[-_SHOWN_EPOCHS:], len(answer.epochs[:-_SHOWN_EPOCHS])):
        table.add_row(f"epoch {number}", f"{seen:,} of {counted(total, 'sample')}")
    table.add_row("logs", f"{counted(answer.lines, 'line')} of {counted(answer.ranks, 'rank')}")
    table.add_row("begun or continued", counted(answer.sessions, "time"))
    table.add_row("undone by restarts, and redone", counted(answer.undone, "position"))
    table.add_row("damaged and replaced", counted(answer.replaced, "sample"))
    _print(f"What {run} saw of {settings.url}", table)
    for problem in answer.problems[:_SHOWN_PROBLEMS]:
        print(f"Wrong: {problem}.")
    if answer.problems:
        raise AuditError(
            f"the logs of {run} do not prove that it saw every sample as often as it should have",
            found=counted(len(answer.problems), "thing") + " wrong",
            remedy="Where a run was killed and not continued, its last steps are no part of it: audit it up to its "
            "last checkpoint, `--state STATE.json`",
        )
    print("Each of these positions was consumed exactly once, and the sample that belongs there.")


def _read_state(path: Path) -> dict[str, Any]:
    try:
        state: dict[str, Any] = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise InputError(
            f"the state {path} cannot be read",
            found=str(error),
            expected="what `loader.state_dict()` returned, as JSON",
        ) from error
    # A checkpoint of `headrace train` holds the state among other things.
    return state["stream"] if isinstance(state.get("stream"), dict) else state


def _pairs() -> Table:
    table = Table(show_header=False)
    table.add_column(style="bold")
    table.add_column()
    return table


def _print(title: str, table: Table) -> None:
    for column in table.columns[1:] if table.show_header else []:
        column.justify = "right"
    console = terminal()
    console.print(title, style="bold", markup=False, soft_wrap=True)
    console.print(table)
