"""WARC files (ISO 28500), plain or gzip: the HTML pages of their response records.

Framing is our own, since a record that is damaged, or lies about its length, must cost no other (fastwarc stops at
the first, and takes a short gzip member for a whole one); fastwarc parses the records and their HTTP headers.
"""

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import IO, Any, ClassVar

import pyarrow as pa
from fastwarc.warc import WarcRecord

from ..records import MAX_POSITION, BatchBuilder
from ._gzip_members import Gap, find_member, members
from ._http_body import BodyError, decode_body
from ._warc_frames import Frame, frames
from .base import Reader, Span

_BEGIN = b"WARC/"
_RESPONSE = re.compile(rb"\nwarc-type:[ \t]*response[ \t]*\r?\n", re.IGNORECASE)


@dataclass(frozen=True)
class Warc(Reader):
    """The HTML pages of a WARC file's response records.

    A record's position is the byte offset at which it begins in the file as it lies on disk; where a gzip member
    holds several records, those after the first count on from its offset. Records of other types, statuses or
    content types are none of ours. `meta` holds `content_type`, `charset`, `status`, `date` and, where the crawler cut
    the page, `truncated`.

    Args:
        statuses: The HTTP statuses of the responses to take.
        content_types: The media types to take, as the HTTP header gives them, without parameters.
        max_bytes: A larger record, or body once decoded, fails.
    """

    payload: ClassVar[str] = "content"
    patterns: ClassVar[tuple[str, ...]] = ("*.warc", "*.warc.gz")

    statuses: tuple[int, ...] = (200,)
    content_types: tuple[str, ...] = ("text/html", "application/xhtml+xml")
    max_bytes: int = 64 << 20

    def spans(self, file: IO[bytes], size: int, target: int) -> list[Span]:
        """One: only reading from the beginning tells a record from a copy of one inside another."""
        return [Span(0, MAX_POSITION)]

    def read(self, file: IO[bytes], span: Span) -> Iterator[pa.RecordBatch]:
        """The pages of the whole file; what cannot be read is a failed record with its size."""
        builder = BatchBuilder(self.payload)
        if not file.read(1):
            builder.add(0, None, error="the file is empty")
        for position, frame in _positioned_frames(file, self.max_bytes):
            if frame.record is None:
                builder.add(position, None, size=frame.size, error=frame.error)
            else:
                self._add_page(builder, position, frame.record)
            if builder.full:
                yield builder.take()
        yield from builder.rest()

    def _add_page(self, builder: BatchBuilder, position: int, frame: bytes) -> None:
        try:
            record = WarcRecord.from_reader(io.BytesIO(frame), quirks_mode=True)
            record.parse_http(quirks_mode=True)
        except (OSError, ValueError) as error:
            builder.add(position, None, size=len(frame), error=f"the record cannot be parsed: {error}")
            return
        url = _text(record.headers.get_bytes(b"WARC-Target-URI")).strip("<>")  # wget writes <http://...>
        http = record.http_headers
        status = http.status_code
        if status is None:
            builder.add(position, None, url=url, size=len(frame), error="the response has no HTTP status")
            return
        content_type, _, parameters = _text(http.get_bytes(b"Content-Type")).partition(";")
        content_type = content_type.strip().lower()
        if status not in self.statuses or content_type not in self.content_types:
            return
        try:
            body = decode_body(
                record.reader.read(),
                _text(http.get_bytes(b"Transfer-Encoding")),
                _text(http.get_bytes(b"Content-Encoding")),
                self.max_bytes,
            )
        except BodyError as error:
            builder.add(position, None, url=url, size=len(frame), error=str(error))
            return
        if not body:
            builder.add(position, None, url=url, error="the HTTP body is empty")
            return
        meta: dict[str, Any] = {"content_type": content_type, "charset": _charset(parameters), "status": status}
        meta["date"] = _text(record.headers.get_bytes(b"WARC-Date"))
        if truncated := _text(record.headers.get_bytes(b"WARC-Truncated")):
            meta["truncated"] = truncated
        builder.add(position, body, url=url, meta=meta)


def _positioned_frames(file: IO[bytes], limit: int) -> Iterator[tuple[int, Frame]]:
    """The frames of a file, gzip or not, each with its position."""
    file.seek(0)
    if file.read(len(_BEGIN)) == _BEGIN or find_member(file, 0, _BEGIN) is None:
        file.seek(0)
        for frame in frames(_Plain(file), limit, _is_response):
            yield frame.offset, frame
        return
    last, lost = -1, None
    for part in members(file, _BEGIN):
        if lost is not None:
            yield last, replace(lost, size=part.offset - last)
            lost = None
        if isinstance(part, Gap):
            last = max(part.offset, last + 1)
            yield last, Frame(0, part.size, error=f"{part.size} bytes that are neither gzip nor WARC")
            continue
        for frame in frames(part, limit, _is_response):
            last = max(part.offset, last + 1)
            if frame.size:
                yield last, frame
            else:
                lost = frame  # nothing of the member could be inflated: its size shows where the next one begins
    if lost is not None:
        yield last, replace(lost, size=file.seek(0, io.SEEK_END) - last)


@dataclass(frozen=True)
class _Plain:
    """An uncompressed file, whose end is always a proper one."""

    file: IO[bytes]
    damage: ClassVar[None] = None

    def read(self, size: int) -> bytes:
        """At most `size` bytes."""
        return self.file.read(size)


def _is_response(header: bytes) -> bool:
    return _RESPONSE.search(header) is not None


def _charset(parameters: str) -> str:
    """The charset among a content type's parameters, "" where it names none."""
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset":
            return value.strip().strip("\"'").lower()
    return ""


def _text(header: bytes | None) -> str:
    return (header or b"").decode("utf-8", "replace").strip()
