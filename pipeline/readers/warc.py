"""WARC files (ISO 28500), plain or gzip: the HTML pages of their response records.

Framing is our own, since a record that is damaged, or lies about its length, must cost no other (fastwarc stops at
the first, and takes a short gzip member for a whole one); fastwarc parses the records and their HTTP headers.
"""

import gzip
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import IO, Any, ClassVar

import pyarrow as pa
from fastwarc.warc import HeaderMap, WarcRecord

from ..records import MAX_POSITION, BatchBuilder
from ._gzip_members import Gap, find_member, members
from ._http_body import decode_body
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

    version = 2
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
        """Append the page of one response, if it is one that is wanted, or why it cannot be had."""
        url: str | None = None
        try:
            record = WarcRecord.from_reader(io.BytesIO(frame), quirks_mode=True)
            url = _text(record.headers.get_bytes(b"WARC-Target-URI")).strip("<>")  # wget writes <http://...>
            if not record.is_http and not url.lower().startswith(("http:", "https:")):
                return  # an answer of a name server, ...
            record.is_http = True
            record.parse_http(quirks_mode=True)
            page = self._page(record.http_headers, record.reader.read())
        except (OSError, ValueError) as error:
            builder.add(position, None, url=url, size=len(frame), error=str(error))
            return
        if page is None:
            return
        body, meta = page
        meta["date"] = _text(record.headers.get_bytes(b"WARC-Date"))
        if truncated := _text(record.headers.get_bytes(b"WARC-Truncated")):
            meta["truncated"] = truncated
        builder.add(position, body, url=url, meta=meta)

    def _page(self, http: HeaderMap, body: bytes) -> tuple[bytes, dict[str, Any]] | None:
        """A response's decoded body and what its header says of it; None where it is of another kind.

        Raises:
            ValueError: It has no status, does not decode, or is empty.
        """
        status = http.status_code
        if status is None:
            raise ValueError("the response has no HTTP status")
        content_type, charset = _content_type(http.get_bytes(b"Content-Type"))
        if status not in self.statuses or content_type not in self.content_types:
            return None
        transfer, content = (_text(http.get_bytes(name)) for name in (b"Transfer-Encoding", b"Content-Encoding"))
        decoded = decode_body(body, transfer, content, self.max_bytes)
        if not decoded:
            raise ValueError("the HTTP body is empty")
        return decoded, {"content_type": content_type, "charset": charset, "status": status}


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


@lru_cache(maxsize=256)
def _content_type(header: bytes | None) -> tuple[str, str]:
    """The media type that a header names, and the charset among its parameters, "" where it names none."""
    media_type, *parameters = _text(header).split(";")
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset":
            return media_type.strip().lower(), value.strip().strip("\"'").lower()
    return media_type.strip().lower(), ""


def _text(header: bytes | None) -> str:
    return (header or b"").decode("utf-8", "replace").strip()


def _example(url: str, http: bytes, kind: bytes = b"response") -> bytes:
    header = b"WARC/1.1\r\nWARC-Type: %s\r\nWARC-Target-URI: %s\r\nContent-Length: %d\r\n\r\n"
    return header % (kind, url.encode(), len(http)) + http + b"\r\n\r\n"


_OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n"
_RECORDS = (
    _example("http://a", b"GET / HTTP/1.1\r\n\r\n", b"request"),
    _example("http://a", _OK + b"\r\n<p>one"),
    _example("http://b", _OK + b"Transfer-Encoding: chunked\r\n\r\n6\r\n<p>two\r\n0\r\n\r\n"),
    _example("http://c", b"HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\n\r\n<p>gone"),
    _example("http://d", _OK + b"Content-Encoding: gzip\r\n\r\n<p>no gzip"),
)

EXAMPLES: tuple[tuple[bytes, tuple[bytes | None, ...]], ...] = (
    (b"", (None,)),
    (b"not a WARC", (None,)),
    (b"".join(_RECORDS), (b"<p>one", b"<p>two", None)),
    (b"".join(map(gzip.compress, _RECORDS)), (b"<p>one", b"<p>two", None)),
    (gzip.compress(b"".join(_RECORDS)), (b"<p>one", b"<p>two", None)),
)
