"""A record's story as the ledger tells it, and its text where the build's work folder still has it."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from headrace.shards.base.errors import InputError

from .assembly.finish import INPUTS, LEDGER_FOLDER
from .build import WORK
from .engine.tasks import task_name
from .population import RECORDS
from .records import MAX_POSITION

Row = dict[str, Any]
"""One row of the ledger."""

SHOWN = 600
"""Characters of a value that are shown."""

TOLD = frozenset({"let_stand"})
"""What is told of a record that was left as it is."""

APART = frozenset({"text", "item_text"})
"""Evidence that is shown side by side, not in a line."""


def find_records(out: Path, record: str) -> list[Row]:
    """The ledger's row of a record by its id, or its rows by URL: a page may have been crawled more than once.

    Raises:
        InputError: There is no ledger, or no such record in it.
    """
    files = _parts_of(out, record)
    column = "id" if files else "url"
    rows: list[Row] = []
    for file in files or ledger_parts(out):
        rows += pq.read_table(file, filters=ds.field(column) == record).to_pylist()
    if not rows:
        raise InputError(
            f"the ledger of {out} has no record '{record}'",
            expected="an id such as source/file.warc.gz#1234, or a URL as the crawl gives it",
            remedy=f"The ids stand in the column id of {out}/{LEDGER_FOLDER}/*.parquet",
        )
    return rows


def ledger_parts(out: Path) -> list[Path]:
    """The ledger's files.

    Raises:
        InputError: There is no ledger.
    """
    if not (out / LEDGER_FOLDER / INPUTS).exists():
        raise InputError(
            f"{out} holds no ledger",
            expected="the output folder of a finished `headrace build`",
            remedy="Check the path",
        )
    return sorted((out / LEDGER_FOLDER).glob("part-*.parquet"))


def story(row: Row) -> list[tuple[str, str]]:
    """What the ledger says of a record, in the order in which it happened."""
    lines = [("url", row["url"] or "-"), ("source", row["source"]), ("size", f"{row['bytes']:,} bytes as read")]
    lines += [(name, _shown(value)) for name, value in _mapping(row.get("meta")).items()]
    lines += [(name.removeprefix("note."), value) for name, value in row.items() if name.startswith("note.") and value]
    for edit in json.loads(row.get("edits") or "[]"):
        changes = (f"{name} {_shown(value)}" for name, value in edit.items() if name not in {"stage", *APART})
        done = "edited" if edit.keys() - {"stage", *TOLD} else "noted"
        lines.append((f"{done} by {edit['stage']}", ", ".join(changes)))
    if row["fate"] == "kept":
        lines.append(("fate", f"kept: shard {row['shard']}, row {row['row']}"))
    else:
        lines.append(("fate", f"{row['fate']} by {row['stage']}: {row['reason']}"))
    bound = "" if row["threshold"] is None else f"; the bound is {row['threshold']:.6g}"
    if row["survivor"] is not None:
        alike = f"{row['survivor']} ({row['survivor_source']}), similarity {row['value']:.4f}{bound}"
        lines.append(("survivor", alike))
    elif row["value"] is not None:
        lines.append(("measured", f"{row['value']:.6g}{bound}"))
    lines += [(name, _shown(value)) for name, value in _mapping(row["evidence"]).items() if name not in APART]
    scores = {name: value for name, value in row.items() if name.startswith("score.") and value is not None}
    lines += [(name.removeprefix("score."), f"{value:.6g}") for name, value in scores.items()]
    return lines


def side_by_side(out: Path, row: Row) -> list[tuple[str, str]]:
    """What belongs beside each other, titled: a duplicate and its survivor, a span and the benchmark's item."""
    if row["survivor"] is not None:
        pair = [("this record", row["id"]), (f"its survivor, {row['survivor']}", row["survivor"])]
        return [(title, text) for title, record in pair if (text := text_of(out, record))]
    told = [_mapping(row["evidence"]), *json.loads(row.get("edits") or "[]")]
    return [
        each
        for evidence in told
        if evidence.keys() >= APART
        for each in (
            ("in this record", str(evidence["text"])),
            (f"in {evidence['benchmark']}, item {evidence['item']}", str(evidence["item_text"])),
        )
    ]


def text_of(out: Path, record: str) -> str:
    """A record's text after extraction and edits; empty where it has none, or the work folder is gone."""
    for part in _parts_of(out, record):
        split = task_name("*", int(part.stem.removeprefix("part-")))
        position = pa.scalar(int(record.rpartition("#")[2]), pa.uint64())
        for path in sorted((out / WORK).glob(f"{split}/{RECORDS}")):
            with pa.memory_map(str(path)) as file:
                reader = pa.ipc.open_file(file)
                for index in range(reader.num_record_batches if "text" in reader.schema.names else 0):
                    batch = reader.get_batch(index)
                    places = pc.bit_wise_and(batch.column("number"), pa.scalar(MAX_POSITION - 1, pa.uint64()))
                    for text in batch.filter(pc.equal(places, position)).column("text").to_pylist():
                        return str(text)
    return ""


def _parts_of(out: Path, record: str) -> list[Path]:
    """The part of the ledger in which a record of this id stands; none where it is no id.

    Raises:
        InputError: There is no ledger, or it is damaged.
    """
    ledger_parts(out)
    path = out / LEDGER_FOLDER / INPUTS
    try:
        parts: Sequence[Mapping[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise InputError(
            f"{path} is damaged", found=str(error), remedy="Run the build's line again: it is written anew"
        ) from None
    name, _, position = record.rpartition("#")
    before = [
        each for each in parts if each["input"] == name and position.isdecimal() and each["start"] <= int(position)
    ]
    if not before:
        return []
    last = max(before, key=lambda each: int(each["start"]))
    return [out / LEDGER_FOLDER / f"part-{last['part']:06d}.parquet"]


def _mapping(text: str | None) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(text or "{}")
    return found


def _shown(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]} ... ({len(text):,} characters)"
