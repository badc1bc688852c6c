"""`headrace explain`: a record's whole story, and what failed."""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from rich.columns import Columns
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from headrace.shards.base.errors import InputError
from headrace.shards.base.terminal import terminal

from .arrow_files import read_table
from .assembly.finish import INPUTS, LEDGER_FOLDER
from .build import WORK
from .engine.tasks import MARKER
from .measured import FIXED
from .population import DECISION_SCHEMA
from .story import find_records, ledger_parts, side_by_side, story

TEXT_SHOWN = 1_200
IDS_SHOWN = 5


def show_record(out: Path, record: str) -> None:
    """Print a record's story.

    Raises:
        InputError: There is no ledger, or no such record in it.
    """
    console = terminal()
    for row in find_records(out, record):
        table = Table(title=Text(row["id"]), show_header=False, title_justify="left")
        table.add_column(style="bold")
        table.add_column(overflow="fold")
        for name, value in story(row):
            table.add_row(name, Text(value))
        console.print(table)
        texts = side_by_side(out, row)
        if texts:
            width = max(30, console.width // 2 - 1)
            console.print(Columns([_panel(title, text, width) for title, text in texts], padding=(0, 1)))


def _panel(title: str, text: str, width: int) -> Panel:
    shown = text if len(text) <= TEXT_SHOWN else f"{text[:TEXT_SHOWN]} ..."
    return Panel(Text(shown), title=Text(title), title_align="left", width=width)


def show_failed(out: Path) -> None:
    """Print what failed and why, of a finished build or of one that stopped.

    Raises:
        InputError: There is no build.
    """
    told: dict[tuple[str, str], list[str]] = {}
    for stage, reason, record in _failures(out):
        told.setdefault((stage, reason), []).append(record)
    table = Table("records", "stage", "why they failed", "such as", title=Text(f"Failed records of {out}"))
    for (stage, reason), records in sorted(told.items(), key=lambda each: -len(each[1]))[:50]:
        table.add_row(f"{len(records):,}", stage, Text(reason), Text("\n".join(records[:IDS_SHOWN])))
    terminal().print(table)


def _failures(out: Path) -> Iterator[tuple[str, str, str]]:
    """(stage, reason, id or record number) of every failed record."""
    columns = ["stage", "reason", "id"]
    if (out / LEDGER_FOLDER / INPUTS).exists():
        for path in ledger_parts(out):
            table = pq.read_table(path, columns=columns, filters=[("fate", "=", "failed")])
            yield from ((row["stage"], row["reason"], row["id"]) for row in table.to_pylist())
        return
    # A build that stopped has no ledger yet: what its finished tasks decided.
    folders = sorted(path.parent for path in (out / WORK).glob(f"*/*/{MARKER}") if (path.parent / FIXED).exists())
    if not folders:
        raise InputError(f"{out} holds no build that has read anything", remedy="Check the path")
    for folder in folders:
        table = pa.table(read_table(folder / FIXED), schema=DECISION_SCHEMA)
        for row in table.filter(pc.equal(table.column("fate"), "failed")).to_pylist():
            yield row["stage"], row["reason"], f"{folder.name}#{row['number'] & ((1 << 40) - 1)}"
