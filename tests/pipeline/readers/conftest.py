"""WARC files as bytes."""

import gzip
from collections.abc import Callable

import pytest

HTML = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n"


@pytest.fixture
def response() -> Callable[..., bytes]:
    """A WARC record with a response: to `http://x/<number>`, with an HTTP header and a body."""

    def make(number: int, body: bytes | None = None, *, header: bytes = HTML, length: int | None = None) -> bytes:
        block = header + b"\r\n" + (b"<p>page %d" % number if body is None else body)
        fields = {
            b"WARC-Type": b"response",
            b"WARC-Target-URI": b"http://x/%d" % number,
            b"WARC-Date": b"2024-05-06T07:08:09Z",
            b"Content-Type": b"application/http; msgtype=response",
            b"Content-Length": b"%d" % (len(block) if length is None else length),
        }
        lines = b"".join(name + b": " + value + b"\r\n" for name, value in fields.items())
        return b"WARC/1.0\r\n" + lines + b"\r\n" + block + b"\r\n\r\n"

    return make


@pytest.fixture
def crawl(response) -> list[bytes]:
    """Five records."""
    return [response(number) for number in range(5)]


@pytest.fixture
def members(crawl) -> list[bytes]:
    """Five records, a gzip member each."""
    return [gzip.compress(record, mtime=0) for record in crawl]
