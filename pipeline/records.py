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
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

BATCH_BYTES = 16 << 20
"""A batch is cut when its payload reaches this size; a larger record is a batch of its own.

With its copies it stays below the 32 MB from which on the C library gives freed memory back to the system, which must
then clear it anew for each batch."""

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
        content = payload.encode() if isinstance(payload, str) else payload
        if size is None:
            size = 0 if content is None else len(content)
        row = (position, url, _to_json(meta) if meta else "{}", size, error, content)
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
        payload = packed(self._columns.pop(self.payload), PAYLOADS[self.payload])
        columns = [pa.array(values, schema.field(name).type) for name, values in self._columns.items()]
        self._clear()
        return pa.RecordBatch.from_arrays([*columns, payload], schema=schema)

    def rest(self) -> Iterator[pa.RecordBatch]:
        """The last batch, if there is any record left."""
        if self._columns["position"]:
            yield self.take()

    def _clear(self) -> None:
        self._columns = {name: [] for name in record_schema(self.payload).names}
        self._size = 0


def packed(contents: Sequence[bytes | None], kind: pa.DataType) -> pa.Array:
    """An array of type large_binary, or large_string of valid UTF-8, whose contents are copied once.

    (`pa.array` copies them again each time that its buffer grows.)
    """
    offsets = np.zeros(len(contents) + 1, np.int64)
    np.cumsum([len(content or b"") for content in contents], out=offsets[1:])
    known = np.array([content is not None for content in contents], np.bool_)
    validity = None if known.all() else pa.py_buffer(np.packbits(known, bitorder="little"))
    data = b"".join(content or b"" for content in contents)
    return pa.Array.from_buffers(kind, len(contents), [validity, pa.py_buffer(offsets), pa.py_buffer(data)])


def contents(array: pa.Array) -> Iterator[memoryview]:
    """The bytes of each value of a large_binary or large_string array, where they lie; a null has none.

    A scalar's `as_buffer` takes 30 microseconds, as long as reading a page's header.
    """
    _, offsets, data = array.buffers()
    edges = np.frombuffer(offsets, np.int64, len(array) + 1, array.offset * 8).tolist() if len(array) else []
    whole = memoryview(data if data is not None else b"")
    return (whole[start:stop] for start, stop in pairwise(edges))


_to_json = json.JSONEncoder(ensure_ascii=False, sort_keys=True).encode
