"""The report's fragments of a build: the funnel, what was measured against its thresholds, examples."""

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from headrace.shards.base.report import FOLDER, Gallery, Histogram, Item, Table, write_fragment

from ..arrow_files import read_table
from ..engine.runner import Results
from ..engine.tasks import task_name
from ..examples import EXAMPLES
from ..filters.base import RuleFilter
from ..outputs.webdataset import image_field
from ..plan import Plan
from ..population import DECISIONS
from ..recipe import Recipe
from ..records import record_id, split_number
from ..store import RecordStore
from .ledger import LEDGER

BINS = 40
DECADES = 1000
"""Measures that span more than this factor get bins of equal ratio, which the report draws on a logarithmic axis."""

MAX_VALUES = 1_000_000
SHOWN_PER_REASON = 3
SHOWN_PER_SIDE = 2
TEXT_SHOWN = 1_500

Funnel = Mapping[tuple[str, str, str, str], tuple[int, int]]
"""(source, fate, stage, reason) -> (records, bytes)."""


def write_fragments(recipe: Recipe, plan: Plan, funnel: Funnel, results: Results, root: Path, out: Path) -> None:
    """Write every fragment of a build into `out`/report."""
    write_fragment(out, 10, "funnel", funnel_table(recipe, funnel))
    write_fragment(out, 15, "reasons", reasons_table(funnel))
    write_fragment(out, 60, "phases", _phases_table(results))
    for index, histogram in enumerate(_histograms(recipe, plan, root)):
        write_fragment(out, 20, f"measure-{index:03d}", histogram)
    items = list(_examples(plan, results, root, out))
    if items:
        note = "Chosen by a hash of their place in the input, not by hand."
        write_fragment(out, 40, "examples", Gallery(title="Kept and dropped", note=note, items=tuple(items)))
    nearest = tuple(_nearest(plan, root, out))
    if nearest:
        note = "For each bound the records whose measure is nearest to it, on both its sides."
        write_fragment(out, 30, "nearest", Gallery(title="At the thresholds", note=note, items=nearest))


def funnel_table(recipe: Recipe, funnel: Funnel) -> Table:
    """Records and bytes that are left after each stage."""
    records = sum(count for count, _ in funnel.values())
    size = sum(count for _, count in funnel.values())
    first, first_size = records, size
    rows: list[tuple[str | int | float, ...]] = [("read", records, size, 0, 100.0)]
    for stage in ("read", *(stage.label for stage in recipe.stages)):
        gone = [counts for (_, fate, label, _), counts in funnel.items() if label == stage and fate != "kept"]
        dropped, lost = sum(count for count, _ in gone), sum(count for _, count in gone)
        if stage == "read" and not dropped:
            continue
        records, size = records - dropped, size - lost
        label = "unreadable" if stage == "read" else stage
        rows.append((label, records, size, dropped, round(100 * records / max(first, 1), 1)))
    return Table(
        title="The funnel",
        note=f"Records and bytes (as read: {first:,} records, {first_size:,} bytes) left after each stage. "
        "Every record is in the ledger with its reason; in = kept + dropped + failed was checked.",
        columns=("stage", "records left", "bytes left", "dropped or failed", "% left"),
        rows=tuple(rows),
        highlight="% left",
    )


def reasons_table(funnel: Funnel) -> Table:
    """How many records each reason took, by source."""
    rows = [
        (stage, reason if fate == "dropped" else f"failed: {reason}"[:120], source, records, size)
        for (source, fate, stage, reason), (records, size) in funnel.items()
        if fate != "kept"
    ]
    rows.sort(key=lambda row: (-row[3], row))
    return Table(
        title="Why records were dropped",
        note="The first stage that drops a record names the reason.",
        columns=("stage", "reason", "source", "records", "bytes"),
        rows=tuple(rows[:60]),
        highlight="records",
    )


def _phases_table(results: Results) -> Table:
    rows = [
        (name, len(result.done), round(sum(done.seconds for done in result.done), 2))
        for name, result in results.items()
    ]
    return Table(
        title="Where the time went",
        note="Seconds summed over tasks, whenever they were run; with several workers the clock shows less.",
        columns=("phase", "tasks", "seconds"),
        rows=tuple(rows),
        highlight="seconds",
    )


def _histograms(recipe: Recipe, plan: Plan, root: Path) -> Iterator[Histogram]:
    """One histogram for each rule of each rule-based filter: everything measured, with the rule's bounds."""
    for stage in recipe.stages:
        plugin = stage.plugin.load()
        if not isinstance(plugin, RuleFilter):
            continue
        for rule in plugin.rules:
            values = _measured(f"score.{stage.label}.{rule.measure}", plan, root)
            if not len(values):
                continue
            low, high = plugin.range_of(rule)
            edges = _edges(values, low, high)
            counts, edges = np.histogram(np.clip(values, edges[0], edges[-1]), edges)
            yield Histogram(
                title=rule.reason,
                note="The outermost bins hold everything beyond them.",
                edges=tuple(edges.tolist()),
                counts=tuple(counts.tolist()),
                unit=rule.measure,
                low=low if np.isfinite(low) else None,
                high=high if np.isfinite(high) else None,
                group=stage.label,
            )


def _measured(column: str, plan: Plan, root: Path) -> NDArray[np.float64]:
    """All values of a measure; of a very large build, those of the first splits."""
    found: list[NDArray[np.float64]] = []
    for split in range(len(plan.splits)):
        path = root / task_name("ledger", split) / LEDGER
        if column in pq.read_schema(path).names:
            values = pq.read_table(path, columns=[column]).column(0).drop_null().to_numpy()
            found.append(values[np.isfinite(values)])
        if sum(map(len, found)) >= MAX_VALUES:
            break
    return np.concatenate([np.empty(0), *found])


def _edges(values: NDArray[np.float64], least: float, most: float) -> NDArray[np.float64]:
    """Bins over the bulk of the values and both bounds, so that no outlier flattens the picture.

    A bound is the edge between two bins: what it keeps and what it drops never share one.
    """
    bounds = [bound for bound in (least, most) if np.isfinite(bound)]
    low, high = np.quantile(values, [0.005, 0.985])
    low, high = min([low, *bounds]), max([high, *bounds])
    if low > 0 and high / low > DECADES:
        edges = np.geomspace(low / 1.1, high * 1.1, BINS + 1)
    else:
        margin = (high - low) * 0.02 or abs(high) * 0.1 or 1.0
        start = max(0.0, low - margin) if values.min() >= 0 and low < high else low - margin
        edges = np.linspace(start, high + margin, BINS + 1)
    inserted = [bound for bound in (least, np.nextafter(most, np.inf)) if np.isfinite(bound)]
    return np.unique([*edges, *inserted])


def _examples(plan: Plan, results: Results, root: Path, out: Path) -> Iterator[Item]:
    """A few kept records and a few for every reason, duplicates beside their survivors."""
    rows: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in _chosen(plan, root, near=False):
        rows.setdefault((row["stage"], row["reason"]), []).append(row)
    for (stage, reason), found in sorted(rows.items()):
        tag = "kept" if not stage else f"{stage}: {reason}"
        for row in found[:SHOWN_PER_REASON]:
            measured = "" if row["value"] is None else f"; measured {row['value']:.4g}"
            measured += "" if row["threshold"] is None else f", bound {row['threshold']:.4g}"
            yield _item(tag, f"{row['url'] or _name(plan, row['number'])}{measured}", row["payload"], plan, out)
    yield from _duplicates(plan, results, root, out)


def _nearest(plan: Plan, root: Path, out: Path) -> Iterator[Item]:
    """For each bound the records nearest to it, on both its sides."""
    sides: dict[tuple[str, str, float, str], list[dict[str, Any]]] = {}
    for row in _chosen(plan, root, near=True):
        sides.setdefault((row["stage"], row["reason"], row["threshold"], row["fate"]), []).append(row)
    for (stage, reason, bound, fate), found in sorted(sides.items()):
        found.sort(key=lambda row: (abs(row["value"] - bound), row["number"]))
        for row in found[:SHOWN_PER_SIDE]:
            side = "within" if fate == "kept" else "beyond"
            caption = f"{row['url'] or _name(plan, row['number'])}; measured {row['value']:.4g}, {side} {bound:.4g}"
            yield _item(f"{stage}: {reason}", caption, row["payload"], plan, out)


def _chosen(plan: Plan, root: Path, *, near: bool) -> Iterator[dict[str, Any]]:
    """The examples of all splits; of kept ones those that the last filters kept."""
    for phase in plan.deciding:
        for split in range(len(plan.splits)):
            for row in read_table(root / task_name(phase, split) / EXAMPLES).to_pylist():
                if row["near"] == near and (near or row["fate"] != "kept" or phase == plan.deciding[-1]):
                    yield row


def _duplicates(plan: Plan, results: Results, root: Path, out: Path) -> Iterator[Item]:
    store = RecordStore.of(root, plan.population)
    payload = plan.population.payload
    for phase, on_all in plan.population.decided:
        for done in results[phase].done if on_all else ():
            table = read_table(root / done.name / DECISIONS).slice(0, SHOWN_PER_REASON)
            for row in table.to_pylist():
                numbers = np.array([row["number"], row["survivor"]], np.uint64)
                pair = store.fetch(numbers, ["url", payload]).to_pylist()
                for role, each, number in zip(("dropped", "its survivor"), pair, numbers.tolist(), strict=True):
                    caption = f"{role}: {each['url'] or _name(plan, number)}; similarity {row['value']:.3f}"
                    data = each[payload]
                    yield _item(row["stage"], caption, data.encode() if isinstance(data, str) else data, plan, out)
            if table.num_rows:
                break


def _item(tag: str, caption: str, payload: object, plan: Plan, out: Path) -> Item:
    data = bytes(payload) if isinstance(payload, bytes) else b""
    if plan.population.payload != "image":
        return Item(caption=caption, tag=tag, text=data.decode("utf-8", "replace")[:TEXT_SHOWN])
    name = f"example-{hashlib.blake2b(data, digest_size=8).hexdigest()}.{image_field(data)}"
    (out / FOLDER / name).write_bytes(data)
    return Item(caption=caption, tag=tag, picture=name)


def _name(plan: Plan, number: object) -> str:
    ordinal, position = split_number(int(str(number)))
    return record_id(plan.files[ordinal].name, position)
