"""Examples: kept and dropped records, those nearest to each bound, duplicates beside their survivors."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from headrace.shards.base.report import FOLDER, Item

from ..arrow_files import read_table
from ..engine.runner import Results
from ..engine.tasks import task_name
from ..examples import EXAMPLES
from ..outputs.webdataset import image_field
from ..plan import Plan
from ..population import DECISIONS
from ..records import record_id, split_number
from ..store import RecordStore

SHOWN_PER_REASON = 3
SHOWN_PER_SIDE = 2
TEXT_SHOWN = 1_500


@dataclass(frozen=True)
class Galleries:
    """Makes a build's galleries.

    Args:
        plan: The plan.
        results: What its phases left.
        root: The folder of all tasks' outputs.
        out: Where fragments are written; pictures go beside them.
    """

    plan: Plan
    results: Results
    root: Path
    out: Path

    def of_each_fate(self) -> Iterator[Item]:
        """A few kept records and a few for every reason, duplicates beside their survivors."""
        rows: dict[tuple[str, str], list[dict[str, Any]]] = {}
        for row in self._chosen(near=False):
            found = rows.setdefault((row["stage"], row["reason"]), [])
            if len(found) < SHOWN_PER_REASON:
                found.append(row)
        for (stage, reason), found in sorted(rows.items()):
            tag = "kept" if not stage else f"{stage}: {reason}"
            for row in found:
                measured = "" if row["value"] is None else f"; measured {row['value']:.4g}"
                measured += "" if row["threshold"] is None else f", bound {row['threshold']:.4g}"
                yield self._item(tag, f"{row['url'] or self._id(row['number'])}{measured}", row["payload"])
        yield from self._duplicates()

    def nearest(self) -> Iterator[Item]:
        """For each bound the records nearest to it, on both its sides."""
        sides: dict[tuple[str, str, float, str], list[dict[str, Any]]] = {}
        for row in self._chosen(near=True):
            found = sides.setdefault((row["stage"], row["reason"], row["threshold"], row["fate"]), [])
            found.append(row)
            found.sort(key=lambda row: (abs(row["value"] - row["threshold"]), row["number"]))
            del found[SHOWN_PER_SIDE:]
        for (stage, reason, bound, fate), found in sorted(sides.items()):
            for row in found:
                side = "within" if fate == "kept" else "beyond"
                measured = f"measured {row['value']:.4g}, {side} {bound:.4g}"
                yield self._item(
                    f"{stage}: {reason}", f"{row['url'] or self._id(row['number'])}; {measured}", row["payload"]
                )

    def name(self, number: int) -> str:
        """A record's URL, or its id where it has none."""
        store = RecordStore.of(self.root, self.plan.population)
        (row,) = store.fetch(np.array([number], np.uint64), ["url"]).to_pylist()
        return row["url"] or self._id(number)

    def _chosen(self, *, near: bool) -> Iterator[dict[str, Any]]:
        """The examples of all splits, one after the other; of kept ones those that the last filters kept."""
        deciding = [segment.decides for segment in self.plan.segments]
        for phase in deciding:
            for split in range(len(self.plan.splits)):
                for row in read_table(self.root / task_name(phase, split) / EXAMPLES).to_pylist():
                    if row["near"] == near and (near or row["fate"] != "kept" or phase == deciding[-1]):
                        yield row

    def _duplicates(self) -> Iterator[Item]:
        store = RecordStore.of(self.root, self.plan.population)
        payload = self.plan.population.payload
        for phase, on_all in self.plan.population.decided:
            for done in self.results[phase].done if on_all else ():
                table = read_table(self.root / done.name / DECISIONS).slice(0, SHOWN_PER_REASON)
                for row in table.to_pylist():
                    numbers = np.array([row["number"], row["survivor"]], np.uint64)
                    pair = store.fetch(numbers, ["url", payload]).to_pylist()
                    for role, each, number in zip(("dropped", "its survivor"), pair, numbers.tolist(), strict=True):
                        caption = f"{role}: {each['url'] or self._id(number)}; similarity {row['value']:.3f}"
                        data = each[payload]
                        yield self._item(row["stage"], caption, data.encode() if isinstance(data, str) else data)
                if table.num_rows:
                    break

    def _item(self, tag: str, caption: str, data: bytes) -> Item:
        if self.plan.population.payload != "image":
            return Item(caption=caption, tag=tag, text=data.decode("utf-8", "replace")[:TEXT_SHOWN])
        name = f"example-{hashlib.blake2b(data, digest_size=8).hexdigest()}.{image_field(data)}"
        (self.out / FOLDER / name).write_bytes(data)
        return Item(caption=caption, tag=tag, picture=name)

    def _id(self, number: int) -> str:
        ordinal, position = split_number(number)
        return record_id(self.plan.files[ordinal].name, position)
