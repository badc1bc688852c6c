"""The bytes of an HTML page as Unicode text."""

import codecs
from functools import lru_cache
from typing import TypeAlias

from resiliparse.parse.encoding import bytes_to_str, detect_encoding, map_encoding_to_html5

_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
Bytes: TypeAlias = bytes | memoryview
_ESCAPE = "\x1b"


def decode_html(page: Bytes, charset: str = "") -> str:
    """Decode a page; a byte that its encoding does not know becomes U+FFFD.

    In this order: a byte order mark; UTF-8 where the page has more than ASCII and is valid UTF-8, which other
    encodings hardly ever are, whereas servers often name a wrong one; what the server names; what the page names;
    what its bytes look like (uchardet).

    Args:
        page: The bytes.
        charset: What the HTTP header names, "" if it names none.
    """
    try:
        text = str(page, "utf-8")
    except UnicodeDecodeError:
        return _by_name(bytes(page), charset)
    if not text.isascii():
        return text.removeprefix("\ufeff")
    # ASCII is the same in every encoding of the web but two.
    if _ESCAPE in text or (_named(charset) or "").startswith("utf-16"):
        return _by_name(bytes(page), charset)
    return text


def _by_name(page: bytes, charset: str) -> str:
    for mark, encoding in _MARKS:
        if page.startswith(mark):
            return page[len(mark) :].decode(encoding, "replace")
    named_by_page = detect_encoding(page, from_html_meta=True)
    for name in (_named(charset), named_by_page):
        try:
            return page.decode(name or "")
        except (UnicodeDecodeError, LookupError):
            continue
    return str(bytes_to_str(page, named_by_page or "utf-8", errors="replace"))


@lru_cache(1000)
def _named(charset: str) -> str | None:
    """The encoding that browsers take for one of this name."""
    name: str | None = map_encoding_to_html5(charset, fallback_utf8=False)
    return name
