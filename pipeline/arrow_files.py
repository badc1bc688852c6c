"""Tables as Arrow IPC files: what tasks leave for each other."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa


@contextmanager
def table_writer(path: Path, schema: pa.Schema) -> Iterator[pa.ipc.RecordBatchFileWriter]:
    """A writer of record batches, closed at the end of the block."""
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, schema) as writer:
        yield writer


def write_table(path: Path, table: pa.Table) -> None:
    """Write a whole table."""
    with table_writer(path, table.schema) as writer:
        writer.write_table(table)


def read_table(path: Path) -> pa.Table:
    """A whole table, mapped into memory."""
    with pa.memory_map(str(path)) as file:
        return pa.ipc.open_file(file).read_all()
