"""JSON lines, plain, gzip or zstd: one document per line."""

import gzip
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import IO, Any, ClassVar

import pyarrow as pa

from ..records import MAX_POSITION, BatchBuilder
from ._decompressed import Decompressed, codec_of
from ._lines import Line, lines, skip_line
from .base import Reader, Span

_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Jsonl(Reader):
    """One document per line of JSON.

    A record's position is the byte offset of its line in the decompressed content. A plain file is cut anywhere: a
    line belongs to the span in which it begins. A compressed file is read in one piece. Empty lines are no records.

    Args:
        text: The field that holds the text; a line without it fails.
        url: The field that holds the address; a line without it has none.
        meta: The fields that enter `meta`; by default all others.
        max_bytes: A longer line fails.
    """

    payload: ClassVar[str] = "text"
    patterns: ClassVar[tuple[str, ...]] = tuple(
        f"*{name}{compression}" for name in (".jsonl", ".ndjson", ".json") for compression in ("", ".gz", ".zst")
    )

    text: str = "text"
    url: str = "url"
    meta: tuple[str, ...] | None = None
    max_bytes: int = 64 << 20

    def spans(self, file: IO[bytes], size: int, target: int) -> list[Span]:
        """Byte ranges of a plain file; a compressed one is read in one piece."""
        if codec_of(file) is not None or size == 0:
            return [Span(0, MAX_POSITION)]
        return [Span(start, min(start + target, size)) for start in range(0, size, target)]

    def read(self, file: IO[bytes], span: Span) -> Iterator[pa.RecordBatch]:
        """The documents whose lines begin within the span."""
        builder = BatchBuilder(self.payload)
        stream = Decompressed(file)
        start = span.start
        if start > 0:
            # The byte before the span tells whether a line begins exactly at it.
            file.seek(start - 1)
            start += skip_line(file.read) - 1
            file.seek(start)
        line = Line(start, 0, None)
        for line in lines(stream.read, start, span.stop, self.max_bytes):
            self._add(builder, line)
            if builder.full:
                yield builder.take()
        if stream.damage is not None:
            builder.add(line.offset + line.size, None, error=stream.damage)
        elif line.size == 0 and span.start == 0:
            builder.add(0, None, error="the file is empty")
        yield from builder.rest()

    def _add(self, builder: BatchBuilder, line: Line) -> None:
        if line.content is None:
            error = f"the line has {line.size} bytes, more than the limit of {self.max_bytes}"
            builder.add(line.offset, None, size=line.size, error=error)
            return
        content = line.content.removeprefix(_BYTE_ORDER_MARK) if line.offset == 0 else line.content
        if not content.strip():
            return
        try:
            document = _parse(content)
            text = _string(document, self.text, required=True)
            url = _string(document, self.url, required=False)
        except ValueError as error:
            builder.add(line.offset, None, size=line.size, error=str(error))
            return
        names = document.keys() - {self.text, self.url} if self.meta is None else document.keys() & set(self.meta)
        builder.add(line.offset, text, url=url, meta={name: document[name] for name in names})


def _parse(line: bytes) -> Mapping[str, Any]:
    """The JSON object of one line.

    Raises:
        ValueError: It is none, or holds what UTF-8 cannot; the message says so.
    """
    try:
        document = json.loads(line.decode("utf-8"), parse_constant=_refuse)
        if _SURROGATE.search(line):
            json.dumps(document, ensure_ascii=False).encode("utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(f"the line is not UTF-8: {error.reason} at byte {error.start}") from None
    except UnicodeEncodeError:
        raise ValueError("the line holds half of a surrogate pair, which is no character") from None
    except RecursionError:
        raise ValueError("the line's JSON is nested too deep") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"the line is not JSON: {error.msg} at character {error.pos}") from None
    if not isinstance(document, dict):
        raise ValueError(f"the line is JSON, but no object: {type(document).__name__}")
    return document


def _refuse(constant: str) -> None:
    raise ValueError(f"the line is not JSON: {constant}")


def _string(document: Mapping[str, Any], name: str, *, required: bool) -> str | None:
    value = document.get(name)
    if value is None and not required:
        return None
    if name not in document:
        raise ValueError(f"the field '{name}' is missing; there are: {', '.join(sorted(document)[:12])}")
    if not isinstance(value, str):
        raise ValueError(f"the field '{name}' is no text, but {type(value).__name__}")
    return value


_LINES = b'{"text": "one", "url": "http://a"}\n\n{"title": "no text"}\n{"text": "two"}\nnot JSON\n{"text": "\xff"}'

EXAMPLES: tuple[tuple[bytes, tuple[str | None, ...]], ...] = (
    (b"", (None,)),
    (_LINES, ("one", None, "two", None, None)),
    (gzip.compress(_LINES), ("one", None, "two", None, None)),
)
