"""`headrace explain`: a record's whole story, from the ledger."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.ipc
import pyarrow.parquet as pq
from rich.console import Console
from rich.table import Table

from headrace.shards.base.errors import InputError

from .curate import READ
from .finish import INPUTS, LEDGER_FOLDER
from .population import DECISIONS

TEXT_SHOWN = 600


def show_record(out: Path, record: str) -> None:
    """Print a record's story.

    Raises:
        InputError: There is no ledger, or no such record in it.
    """
    row = find_record(out, record)
    console = Console(highlight=False)
    table = Table(title=row["id"], show_header=False, title_justify="left")
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    for name, value in story(row):
        table.add_row(name, value)
    console.print(table)


def find_record(out: Path, record: str) -> dict[str, Any]:
    """The ledger's row of a record, by id or URL.

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
    name, mark, position = record.rpartition("#")
    parts = [part for part in json.loads(path.read_text(encoding="utf-8")) if part["input"] == name]
    if mark and parts and position.isdigit():
        part = max((each for each in parts if each["start"] <= int(position)), key=lambda each: int(each["start"]))
        column, files = "id", [out / LEDGER_FOLDER / f"part-{part['part']:06d}.parquet"]
    else:
        column, files = "url", sorted((out / LEDGER_FOLDER).glob("part-*.parquet"))
    for file in files:
        table = pq.read_table(file, filters=ds.field(column) == record)
        if table.num_rows:
            row: dict[str, Any] = table.to_pylist()[0]
            return row
    raise InputError(
        f"the ledger of {out} has no record '{record}'",
        expected="an id such as source/file.warc.gz#1234, or a URL as the crawl gives it",
        remedy=f"The ids stand in the column id of {out}/{LEDGER_FOLDER}/*.parquet",
    )


def story(row: dict[str, Any]) -> list[tuple[str, str]]:
    """What the ledger says of a record, in the order in which it happened."""
    lines = [("url", row["url"] or "-"), ("source", row["source"]), ("size", f"{row['bytes']:,} bytes as read")]
    if row["fate"] == "kept":
        lines.append(("fate", f"kept: shard {row['shard']}, row {row['row']}"))
    else:
        lines.append(("fate", f"{row['fate']} by {row['stage']}: {row['reason']}"))
    if row["value"] is not None and row["survivor"] is None:
        lines.append(("measured", f"{row['value']:.6g}; the bound is {row['threshold']:.6g}"))
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
    reasons: dict[tuple[str, str], int] = {}
    folders = sorted((out / ".work").glob("*/*"))
    if not folders:
        raise InputError(f"{out} holds no build", remedy="Check the path")
    for folder in folders:
        if (folder / READ).exists() and (folder / DECISIONS).exists():
            with pa.memory_map(str(folder / DECISIONS)) as file:
                table = pa.ipc.open_file(file).read_all()
            for row in table.filter(pc.equal(table.column("fate"), "failed")).to_pylist():
                reasons[row["stage"], row["reason"]] = reasons.get((row["stage"], row["reason"]), 0) + 1
    table = Table("records", "stage", "why it failed", title=f"Failed records of {out}")
    for (stage, reason), count in sorted(reasons.items(), key=lambda each: -each[1])[:50]:
        table.add_row(f"{count:,}", stage, reason)
    Console(highlight=False).print(table)


def _shown(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= TEXT_SHOWN else f"{text[:TEXT_SHOWN]} ... ({len(text):,} characters)"
