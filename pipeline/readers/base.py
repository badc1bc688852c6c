"""The contract of a reader: one input file becomes record batches.

A reader is a frozen dataclass whose fields are its parameters in a recipe. It never raises for one bad record:
that becomes a row with `error` set, which the ledger keeps as failed. It raises `InputError` when the file as a whole
cannot be opened. Positions ascend, are unique within a file, and never depend on how the file is split.

Its module holds `EXAMPLES`: pairs of a file's bytes and the payloads of its records, None for one that fails. The
contract tests (`contracts/readers.py`) read them whole, cut, and damaged.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import IO, ClassVar

import fsspec
import pyarrow as pa

from headrace.shards.base.registry import Registry

READERS = Registry("reader", "headrace.pipeline.readers", "headrace.readers")


@dataclass(frozen=True)
class Span:
    """A part of an input that one task reads: the records with start <= position < stop, in units of positions."""

    start: int
    stop: int


@dataclass(frozen=True)
class Reader(ABC):
    """One kind of raw input."""

    version: ClassVar[int] = 1
    """Raise it when the same input gives other records: builds that used the old one run again."""

    payload: ClassVar[str]
    """The payload column that its batches carry: "content", "text" or "image"."""

    patterns: ClassVar[tuple[str, ...]]
    """File names it is the default reader of, as glob patterns ("*.warc.gz")."""

    opens_folder: ClassVar[bool] = False
    """Whether its input is a folder with all that lies below, rather than a file."""

    def open(self, url: str) -> AbstractContextManager[IO[bytes]]:
        """Open an input for `spans` and `read`; a reader of folders gives them a listing."""
        return fsspec.open(url, "rb")  # type: ignore[no-any-return]

    def spans(self, file: IO[bytes], size: int, target: int) -> list[Span]:
        """Cut a file into parts of about `target` bytes; by default it is read in one piece."""
        return [Span(0, size)]

    @abstractmethod
    def read(self, file: IO[bytes], span: Span) -> Iterator[pa.RecordBatch]:
        """The records of one span, in the order of their positions, in batches of `BatchBuilder`'s size.

        Args:
            file: The input, opened for reading, seekable.
            span: One of those that `spans` gave.
        """
