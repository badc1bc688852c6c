"""Parquet files: one document per row."""

import io
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any, ClassVar

import pyarrow as pa
import pyarrow.parquet as pq

from headrace.shards.base.errors import InputError
from headrace.shards.base.registry import did_you_mean

from ..records import BATCH_BYTES, BATCH_ROWS, BatchBuilder
from .base import Reader, Span

MAX_GROUP_ROWS = 1 << 27
"""More rows in one group are taken for a damaged footer."""

_DAMAGE = (pa.ArrowException, OSError, ValueError)
"""What pyarrow raises for damaged files (names that are no UTF-8 are ValueErrors)."""


@dataclass(frozen=True)
class Parquet(Reader):
    """One document per row.

    A record's position is its row in the file; a file is cut between row groups. Each row of a group that cannot be
    decoded fails.

    Args:
        text: The column that holds the text; a row without it fails.
        url: The column that holds the address; the file may lack it.
        meta: The columns that enter `meta`; by default all others that are numbers, texts, dates and the like.
    """

    payload: ClassVar[str] = "text"
    patterns: ClassVar[tuple[str, ...]] = ("*.parquet",)

    text: str = "text"
    url: str = "url"
    meta: tuple[str, ...] | None = None

    def spans(self, file: IO[bytes], size: int, target: int) -> list[Span]:
        """Row groups, as many to a span as make up `target` bytes."""
        try:
            groups = _group_sizes(pq.read_metadata(file))
        except _DAMAGE:
            return [Span(0, 1)]
        spans: list[Span] = []
        start = row = held = 0
        for rows, decoded in groups:
            row, held = row + rows, held + decoded
            if held >= target:
                spans.append(Span(start, row))
                start, held = row, 0
        return [*spans, Span(start, row)] if row > start else spans or [Span(0, 1)]

    def read(self, file: IO[bytes], span: Span) -> Iterator[pa.RecordBatch]:
        """The documents of the row groups within the span.

        Raises:
            InputError: The file has no column of the names that were asked for, or its text is no text.
        """
        builder = BatchBuilder(self.payload)
        try:
            opened = pq.ParquetFile(file)
            groups = _group_sizes(opened.metadata)
            schema = opened.schema_arrow
        except _DAMAGE as error:
            builder.add(0, None, size=file.seek(0, io.SEEK_END), error=f"the file is no whole Parquet file: {error}")
            yield builder.take()
            return
        columns = self._columns(schema)
        row = 0
        for index, (rows, _) in enumerate(groups):
            if span.start <= row < span.stop:
                for _ in self._add_group(builder, opened, index, row, columns):
                    if builder.full:
                        yield builder.take()
            row += rows
        yield from builder.rest()

    def _add_group(
        self, builder: BatchBuilder, opened: pq.ParquetFile, index: int, row: int, columns: list[str]
    ) -> Iterator[None]:
        """Add one row group's records, pausing after every few."""
        group = opened.metadata.row_group(index)
        end = row + group.num_rows
        at_once = max(1, min(BATCH_ROWS, BATCH_BYTES * group.num_rows // max(1, group.total_byte_size)))
        error = "the row group ends too soon"
        try:
            for part in opened.iter_batches(at_once, row_groups=[index], columns=columns, use_threads=False):
                for record in _rows(part):
                    self._add(builder, row, record)
                    row += 1
                yield
        except _DAMAGE as problem:
            error = f"the row group cannot be decoded: {problem}"
        for lost in range(row, end):
            builder.add(lost, None, error=error)
            yield

    def _add(self, builder: BatchBuilder, row: int, record: dict[str, Any]) -> None:
        damaged = [name for name, value in record.items() if isinstance(value, UnicodeDecodeError)]
        if damaged:
            builder.add(row, None, error=f"the column '{damaged[0]}' is not UTF-8: {record[damaged[0]].reason}")
            return
        text, url = record.pop(self.text), record.pop(self.url, None)
        if text is None:
            builder.add(row, None, url=url, error=f"the column '{self.text}' is null")
            return
        builder.add(row, text, url=url, meta=record)

    def _columns(self, schema: pa.Schema) -> list[str]:
        """The columns to decode.

        Raises:
            InputError: One that was asked for is not there, or is no text.
        """
        for name in (self.text, *(self.meta or ())):
            if name not in schema.names:
                raise InputError(
                    f"the Parquet file has no column '{name}'",
                    remedy=f"Name it in the recipe: parquet: {{text: ...}}. {did_you_mean(name, schema.names)}",
                )
        for name in {self.text, self.url} & set(schema.names):
            if not _is_text(schema.field(name).type):
                raise InputError(
                    f"the column '{name}' holds no text", found=str(schema.field(name).type), expected="strings"
                )
        meta = [field.name for field in schema if _is_plain(field.type)] if self.meta is None else self.meta
        return list(dict.fromkeys([self.text, *({self.url} & set(schema.names)), *meta]))


def _group_sizes(metadata: pq.FileMetaData) -> list[tuple[int, int]]:
    """(rows, bytes before compression) of each row group.

    Its columns are not asked: pyarrow 26 ends the process where a damaged footer contradicts itself on one of them.

    Raises:
        OSError: The footer says what cannot be.
    """
    groups = [metadata.row_group(index) for index in range(metadata.num_row_groups)]
    if any(not 0 <= group.num_rows <= MAX_GROUP_ROWS for group in groups):
        raise OSError(f"its footer speaks of {max(group.num_rows for group in groups)} rows in one group")
    return [(group.num_rows, max(0, group.total_byte_size)) for group in groups]


def _rows(part: pa.RecordBatch) -> Iterator[dict[str, Any]]:
    cells = [_cells(column) for column in part.columns]
    return (dict(zip(part.schema.names, row, strict=True)) for row in zip(*cells, strict=True))


def _cells(column: pa.Array) -> list[Any]:
    """A column as JSON-able values; what is not UTF-8 as the error that says so."""
    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    if _is_text(kind):
        return [_decoded(value) for value in column.cast(kind).cast(pa.large_binary()).to_pylist()]
    if pa.types.is_floating(kind):
        return [None if value is None or math.isnan(value) else value for value in column.to_pylist()]
    if pa.types.is_integer(kind) or pa.types.is_boolean(kind) or pa.types.is_null(kind):
        return list(column.to_pylist())
    return list(column.cast(pa.large_string()).to_pylist())


def _decoded(value: bytes | None) -> str | UnicodeDecodeError | None:
    try:
        return None if value is None else value.decode("utf-8")
    except UnicodeDecodeError as error:
        return error


def _is_text(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        return _is_text(kind.value_type)
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _is_plain(kind: pa.DataType) -> bool:
    return bool(_is_text(kind) or pa.types.is_primitive(kind) or pa.types.is_decimal(kind) or pa.types.is_null(kind))


def _example() -> bytes:
    table = pa.table({"text": ["one", None, "two"], "label": ["a", "b", "c"], "n": [1, 2, 3]})
    buffer = io.BytesIO()
    pq.write_table(table, buffer, row_group_size=2)
    return buffer.getvalue()


EXAMPLES: tuple[tuple[bytes, tuple[str | None, ...]], ...] = (
    (_example(), ("one", None, "two")),
    (b"", (None,)),
    (b"PAR1, but no Parquet", (None,)),
)
