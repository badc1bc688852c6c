"""Examples for the report: some records of every fate, and those nearest to each bound, on both its sides.

Which ones is settled by hashes of record numbers and by what was measured: the same in every run.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from headrace.shards.base.rng import hash64

from .filters.base import RuleFilter
from .recipe import Stage
from .records import PAYLOADS

EXAMPLES = "examples.arrow"

PER_REASON = 4
PER_SIDE = 2
TEXT_BYTES = 6 << 10
IMAGE_BYTES = 256 << 10
"""What is shown of a text; a larger picture is no example, since half a picture cannot be shown."""

EXAMPLE_SCHEMA = pa.schema(
    [
        ("number", pa.uint64()),
        ("fate", pa.large_string()),
        ("stage", pa.large_string()),
        ("reason", pa.large_string()),
        ("value", pa.float64()),
        ("threshold", pa.float64()),
        ("near", pa.bool_()),  # whether it stands here for being near the threshold
        ("url", pa.large_string()),
        ("payload", pa.large_binary()),
    ]
)

_KEY = 0x6865616472616365
"""Any constant: examples are picked by it, and nothing else depends on it."""

Chosen = dict[str, Any]


def choose_examples(
    stages: Sequence[Stage], batches: Iterable[pa.RecordBatch], scores: pa.Table, decisions: pa.Table
) -> pa.Table:
    """The examples of one split, in EXAMPLE_SCHEMA.

    Args:
        stages: The filters that decided.
        batches: The records, failed ones left out.
        scores: What was measured of all of them.
        decisions: What was decided.
    """
    chosen = [*_of_each_fate(scores, decisions), *_near_bounds(stages, scores)]
    shown = _shown(batches, {row["number"] for row in chosen})
    rows = [{**row, **shown[row["number"]]} for row in chosen if row["number"] in shown]
    return pa.Table.from_pylist(rows, EXAMPLE_SCHEMA)


def _of_each_fate(scores: pa.Table, decisions: pa.Table) -> Iterator[Chosen]:
    """A few dropped records for each reason, and a few kept ones."""
    counts: dict[tuple[str, str], int] = {}
    columns = ["number", "fate", "stage", "reason", "value", "threshold"]
    for row in _shuffled(decisions.select(columns)).to_pylist():
        key = (row["stage"], row["reason"])
        counts[key] = counts.get(key, 0) + 1
        if row["fate"] == "dropped" and counts[key] <= PER_REASON:
            yield {**row, "near": False}
    dead = decisions.column("number").combine_chunks()
    kept = scores.select(["number"]).filter(pc.invert(pc.is_in(scores.column("number"), value_set=dead)))
    # A few to spare: what cannot be shown is left out.
    for number in _shuffled(kept).column("number")[: 2 * PER_REASON].to_pylist():
        yield {"number": number, "fate": "kept", "stage": "", "reason": "", "near": False}


def _near_bounds(stages: Sequence[Stage], scores: pa.Table) -> Iterator[Chosen]:
    """For each rule the records whose measure is nearest to a bound, on both sides of it."""
    numbers = scores.column("number").to_numpy()
    for stage in stages:
        plugin = stage.plugin.load()
        if not isinstance(plugin, RuleFilter):
            continue
        for rule in plugin.rules:
            name = f"{stage.label}.{rule.measure}"
            if name not in scores.column_names:
                continue
            values = scores.column(name).to_numpy()
            for bound, sign in zip(plugin.range_of(rule), (1, -1), strict=True):
                if not np.isfinite(bound):
                    continue
                for side, fate in ((sign * values >= sign * bound, "kept"), (sign * values < sign * bound, "dropped")):
                    for row in _nearest(np.where(side, np.abs(values - bound), np.nan)):
                        yield {
                            "number": int(numbers[row]),
                            "fate": fate,
                            "stage": stage.label,
                            "reason": rule.reason,
                            "value": float(values[row]),
                            "threshold": bound,
                            "near": True,
                        }


def _nearest(distance: NDArray[np.float64]) -> list[int]:
    rows = np.argsort(distance, kind="stable")[:PER_SIDE]
    return [int(row) for row in rows if np.isfinite(distance[row])]


def _shuffled(table: pa.Table) -> pa.Table:
    """The rows in the order of a hash of their numbers."""
    return table.take(pa.array(np.argsort(hash64(table.column("number").to_numpy(), _KEY), kind="stable")))


def _shown(batches: Iterable[pa.RecordBatch], numbers: set[int]) -> dict[int, Chosen]:
    """URL and payload of the records that can be shown, by number."""
    wanted, shown = pa.array(sorted(numbers), pa.uint64()), {}
    for batch in batches:
        payload = next(name for name in PAYLOADS if name in batch.schema.names)
        found = batch.select(["number", "url", payload]).filter(pc.is_in(batch.column("number"), value_set=wanted))
        for row in found.to_pylist():
            value = row[payload]
            data = value.encode() if isinstance(value, str) else value
            if payload != "image" or len(data) <= IMAGE_BYTES:
                shown[row["number"]] = {
                    "url": row["url"],
                    "payload": data[: max(TEXT_BYTES, IMAGE_BYTES * (payload == "image"))],
                }
    return shown
