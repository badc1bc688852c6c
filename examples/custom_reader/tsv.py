"""A reader in one file: lines of an address, a tab and a text. A recipe names it `reader: tsv.py:Tsv`."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

import pyarrow as pa

from headrace.pipeline.readers.base import Reader, Span
from headrace.pipeline.records import BatchBuilder


@dataclass(frozen=True)
class Tsv(Reader):
    """Reads a document from each line."""

    payload = "text"
    patterns = ("*.tsv",)

    def read(self, file: IO[bytes], span: Span) -> Iterator[pa.RecordBatch]:
        """The documents; a line's position is the byte at which it begins."""
        builder, position = BatchBuilder("text"), 0
        for line in file:
            try:
                url, text = line.decode().rstrip("\r\n").split("\t")
                builder.add(position, text, url=url, size=len(line))
            except ValueError as error:  # not UTF-8, or not two columns: the record fails, the build goes on
                builder.add(position, None, size=len(line), error=str(error))
            position += len(line)
            if builder.full:
                yield builder.take()
        yield from builder.rest()


EXAMPLES = ((b"http://a\tone\nhttp://b\ttwo\nno tab\n\xff\t\n", ("one", "two", None, None)),)
