"""The body of an HTTP response as it was before transfer and content codings (RFC 9112, section 7; RFC 9110, 8.4).

A body that does not decode to its end is an error: a page cut short would otherwise pass for a whole one.
"""

import io
import re
import zlib
from collections.abc import Callable
from functools import lru_cache

import pyarrow as pa
from fastwarc.stream_io import BrotliReader

_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\r\n]*)?\r?\n")
_IDENTITY = ("", "identity", "none", "utf-8")
"""What servers say for "as it is"; the last two by mistake, and often."""


class BodyError(ValueError):
    """A body that its headers describe wrongly, or that is not all there."""


def decode_body(body: bytes, transfer_encoding: str, content_encoding: str, limit: int) -> bytes:
    """Undo every coding that the headers name, the last one first.

    Args:
        body: As it came over the wire.
        transfer_encoding: That header, "" where there is none.
        content_encoding: That header, "" where there is none.
        limit: The most bytes it may have after any step.

    Raises:
        BodyError: A coding is unknown, does not decode to its end, or gives more than `limit` bytes.
    """
    for coding in [*_codings(transfer_encoding), *_codings(content_encoding)]:
        if coding in _IDENTITY or not body:
            continue
        if coding not in _DECODERS:
            raise BodyError(f"unknown HTTP coding '{coding}'")
        body = _DECODERS[coding](body, limit)
        if len(body) > limit:
            raise BodyError(f"the HTTP body has more than {limit} bytes once decoded ({coding})")
    return body


@lru_cache(maxsize=256)
def _codings(header: str) -> tuple[str, ...]:
    return tuple(each.strip().lower() for each in reversed(header.split(",")))


def _dechunk(body: bytes, limit: int) -> bytes:
    parts: list[bytes] = []
    place = 0
    while True:
        line = _CHUNK_SIZE.match(body, place)
        if line is None:
            raise BodyError(f"chunked HTTP body: no chunk size at byte {place} of {len(body)}")
        size = int(line[1], 16)
        if size == 0:
            return b"".join(parts)
        place = line.end() + size
        if place > len(body):
            raise BodyError(f"chunked HTTP body: it ends inside a chunk, {place - len(body)} bytes early")
        parts.append(body[line.end() : place])
        place += 2 if body.startswith(b"\r\n", place) else 1


def _gunzip(body: bytes, limit: int) -> bytes:
    return _inflate(body, 31, limit, "gzip")


def _deflate(body: bytes, limit: int) -> bytes:
    # "deflate" means the zlib format, but some servers send it without its header and checksum.
    zlib_header = len(body) > 1 and body[0] & 15 == 8 and (body[0] << 8 | body[1]) % 31 == 0
    return _inflate(body, 15 if zlib_header else -15, limit, "deflate")


def _inflate(body: bytes, window_bits: int, limit: int, coding: str) -> bytes:
    inflater = zlib.decompressobj(window_bits)
    try:
        content = inflater.decompress(body, limit + 1)
    except zlib.error as error:
        raise BodyError(f"{coding} HTTP body: {str(error).rpartition(': ')[2]}") from None
    if len(content) <= limit and not inflater.eof:
        raise BodyError(f"{coding} HTTP body: it ends before its end mark")
    return content


def _brotli(body: bytes, limit: int) -> bytes:
    try:
        return bytes(BrotliReader(io.BytesIO(body)).read(limit + 1))
    except OSError as error:
        raise BodyError(f"br HTTP body: {error}") from None


def _zstd(body: bytes, limit: int) -> bytes:
    try:
        return bytes(pa.CompressedInputStream(pa.BufferReader(body), "zstd").read(limit + 1))
    except OSError as error:
        raise BodyError(f"zstd HTTP body: {error}") from None


_DECODERS: dict[str, Callable[[bytes, int], bytes]] = {
    "chunked": _dechunk,
    "gzip": _gunzip,
    "x-gzip": _gunzip,
    "deflate": _deflate,
    "br": _brotli,
    "zstd": _zstd,
}
