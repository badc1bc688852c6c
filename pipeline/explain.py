"""`headrace explain`: a record's whole story, from the ledger."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq
from rich.console import Console
from rich.table import Table
from rich.text import Text

from headrace.shards.base.errors import InputError

from .arrow_files import read_table
from .assembly.finish import INPUTS, LEDGER_FOLDER
from .build import WORK
from .curate import FIXED
from .engine.tasks import MARKER

TEXT_SHOWN = 600


def show_record(out: Path, record: str) -> None:
    """Print a record's story.

    Raises:
        InputError: There is no ledger, or no such record in it.
    """
    console = Console(highlight=False)
    for row in find_records(out, record):
        table = Table(title=Text(row["id"]), show_header=False, title_justify="left")
        table.add_column(style="bold")
        table.add_column(overflow="fold")
        for name, value in story(row):
            table.add_row(name, Text(value))
        console.print(table)


def find_records(out: Path, record: str) -> list[dict[str, Any]]:
    """The ledger's row of a record by its id, or its rows by URL: a page may have been crawled more than once.

    Raises:
        InputError: There is no ledger, or no such record in it.
    """
    path = out / LEDGER_FOLDER / INPUTS
    if not path.exists():
        raise InputError(
            f"{out} holds no ledger",
            expected="the output folder of a finished `headrace build`",
            remedy="Check the path",
        )
    files = _parts_of(out, record, json.loads(path.read_text(encoding="utf-8")))
    column = "id" if files else "url"
    rows: list[dict[str, Any]] = []
    for file in files or sorted((out / LEDGER_FOLDER).glob("part-*.parquet")):
        rows += pq.read_table(file, filters=ds.field(column) == record).to_pylist()
    if not rows:
        raise InputError(
            f"the ledger of {out} has no record '{record}'",
            expected="an id such as source/file.warc.gz#1234, or a URL as the crawl gives it",
            remedy=f"The ids stand in the column id of {out}/{LEDGER_FOLDER}/*.parquet",
        )
    return rows


def _parts_of(out: Path, record: str, parts: Sequence[Mapping[str, Any]]) -> list[Path]:
    """The part of the ledger in which a record of this id stands; none where it is no id."""
    name, _, position = record.rpartition("#")
    before = [
        each for each in parts if each["input"] == name and position.isdecimal() and each["start"] <= int(position)
    ]
    if not before:
        return []
    last = max(before, key=lambda each: int(each["start"]))
    return [out / LEDGER_FOLDER / f"part-{last['part']:06d}.parquet"]


def story(row: dict[str, Any]) -> list[tuple[str, str]]:
    """What the ledger says of a record, in the order in which it happened."""
    lines = [("url", row["url"] or "-"), ("source", row["source"]), ("size", f"{row['bytes']:,} bytes as read")]
    if row["fate"] == "kept":
        lines.append(("fate", f"kept: shard {row['shard']}, row {row['row']}"))
    else:
        lines.append(("fate", f"{row['fate']} by {row['stage']}: {row['reason']}"))
    if row["value"] is not None and row["survivor"] is None:
        bound = "" if row["threshold"] is None else f"; the bound is {row['threshold']:.6g}"
        lines.append(("measured", f"{row['value']:.6g}{bound}"))
    if row["survivor"] is not None:
        lines.append(("survivor", f"{row['survivor']} ({row['survivor_source']}), similarity {row['value']:.4f}"))
    if row["evidence"]:
        lines += [(name, _shown(value)) for name, value in json.loads(row["evidence"]).items()]
    scores = {name: value for name, value in row.items() if name.startswith("score.") and value is not None}
    lines += [(name.removeprefix("score."), f"{value:.6g}") for name, value in scores.items()]
    return lines


def show_failed(out: Path) -> None:
    """Print what failed and why, of a finished build or of one that stopped.

    Raises:
        InputError: There is no build.
    """
    reasons: Counter[tuple[str, str]] = Counter()
    # Of finished tasks alone.
    folders = [path.parent for path in (out / WORK).glob(f"*/*/{MARKER}") if (path.parent / FIXED).exists()]
    if not folders:
        raise InputError(f"{out} holds no build that has read anything", remedy="Check the path")
    for folder in folders:
        table = read_table(folder / FIXED)
        failed = table.filter(pc.equal(table.column("fate"), "failed")).select(["stage", "reason"])
        reasons.update((row["stage"], row["reason"]) for row in failed.to_pylist())
    table = Table("records", "stage", "why it failed", title=Text(f"Failed records of {out}"))
    for (stage, reason), count in reasons.most_common(50):
        table.add_row(f"{count:,}", stage, Text(reason))
    Console(highlight=False).print(table)


def _shown(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= TEXT_SHOWN else f"{text[:TEXT_SHOWN]} ... ({len(text):,} characters)"
