"""Records travel as Arrow record batches.

Every batch has these columns, and at least one payload column:

| column     | type         | what                                                                          |
|------------|--------------|-------------------------------------------------------------------------------|
| `position` | uint64       | where the record lies in its input: byte offset, or row                       |
| `url`      | large_string | where the record says it came from; null when it does not say                  |
| `meta`     | large_string | a JSON object: whatever else the source says of it (`label`, `date`, ...)      |
| `bytes`    | uint64       | size of the payload as read, in bytes; what conservation is counted in         |
| `error`    | large_string | why the record could not be read or extracted; null for a good one             |
| payload    |              | `content` (large_binary: HTML, ...), `text` (large_string), `image` (large_binary) |

A record's **number** is 64 bits, (input ordinal << 40) | position: joins use it. Its **id** is a string made from
where it lies, `source/path/of/input#position`: people and the ledger use it. Neither depends on how inputs are split.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

BATCH_BYTES = 32 << 20
"""A batch is cut when its payload reaches this size; a larger record is a batch of its own."""

BATCH_ROWS = 16_384
"""A batch is also cut at this many rows, which bounds what tiny records cost in columns."""

POSITION_BITS = 40
MAX_POSITION = 1 << POSITION_BITS

PAYLOADS: Mapping[str, pa.DataType] = {
    "content": pa.large_binary(),
    "text": pa.large_string(),
    "image": pa.large_binary(),
}


def record_schema(payload: str) -> pa.Schema:
    """The schema of a batch whose payload column is `payload` (a key of `PAYLOADS`)."""
    return pa.schema(
        [
            ("position", pa.uint64()),
            ("url", pa.large_string()),
            ("meta", pa.large_string()),
            ("bytes", pa.uint64()),
            ("error", pa.large_string()),
            (payload, PAYLOADS[payload]),
        ]
    )


def numbers(ordinal: int, positions: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Record numbers, uint64 (n,), of an input's positions."""
    return (np.uint64(ordinal) << np.uint64(POSITION_BITS)) | positions


def split_number(number: int) -> tuple[int, int]:
    """The (input ordinal, position) of a record number."""
    return number >> POSITION_BITS, number & (MAX_POSITION - 1)


def record_id(name: str, position: int) -> str:
    """The id of a record: `name` is its input's (source and path below it)."""
    return f"{name}#{position}"


@dataclass
class BatchBuilder:
    """Collects records one by one and cuts them into batches by bytes; what a reader appends to.

    Args:
        payload: The payload column's name, a key of `PAYLOADS`.

    A text that is no valid UTF-8 must be decoded by the reader (it knows what replaced characters mean).
    """

    payload: str
    _columns: dict[str, list[Any]] = field(default_factory=dict, init=False)
    _size: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self._clear()

    def add(
        self,
        position: int,
        payload: bytes | str | None,
        *,
        url: str | None = None,
        meta: Mapping[str, Any] | None = None,
        size: int | None = None,
        error: str | None = None,
    ) -> None:
        """Append one record, or one failure (`error` given, payload None).

        Args:
            position: Byte offset or row in the input, below 2^40; ascending and unique within it.
            payload: What the record holds.
            url: Where the record says it came from.
            meta: Anything else, JSON-able.
            size: Bytes of the record as read; default: the payload's.
            error: Why it could not be read; the record then goes into the ledger as failed.
        """
        if size is None:
            size = 0 if payload is None else len(payload) if isinstance(payload, bytes) else len(payload.encode())
        row = (position, url, json.dumps(meta or {}, ensure_ascii=False, sort_keys=True), size, error, payload)
        for column, value in zip(self._columns.values(), row, strict=True):
            column.append(value)
        self._size += size

    @property
    def full(self) -> bool:
        """Whether it is time to `take` a batch."""
        return self._size >= BATCH_BYTES or len(self._columns["position"]) >= BATCH_ROWS

    def take(self) -> pa.RecordBatch:
        """The records so far as one batch; the builder is empty afterwards."""
        schema = record_schema(self.payload)
        batch = pa.RecordBatch.from_pydict(self._columns, schema=schema)
        self._clear()
        return batch

    def rest(self) -> Iterator[pa.RecordBatch]:
        """The last batch, if there is any record left."""
        if self._columns["position"]:
            yield self.take()

    def _clear(self) -> None:
        self._columns = {name: [] for name in record_schema(self.payload).names}
        self._size = 0


def with_column(batch: pa.RecordBatch, name: str, values: pa.Array) -> pa.RecordBatch:
    """The batch with a column replaced or appended; the original is untouched."""
    index = batch.schema.get_field_index(name)
    if index < 0:
        return batch.append_column(name, values)
    return batch.set_column(index, name, values)
