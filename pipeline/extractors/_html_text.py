"""The bytes of an HTML page as Unicode text."""

import codecs

from resiliparse.parse.encoding import bytes_to_str, detect_encoding, map_encoding_to_html5

_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


def decode_html(page: bytes, charset: str = "") -> str:
    """Decode a page; a byte that its encoding does not know becomes U+FFFD.

    In this order: a byte order mark; UTF-8 where the page has more than ASCII and is valid UTF-8, which other
    encodings hardly ever are, whereas servers often name a wrong one; what the server names; what the page names;
    what its bytes look like (uchardet).

    Args:
        page: The bytes.
        charset: What the HTTP header names, "" if it names none.
    """
    for mark, encoding in _MARKS:
        if page.startswith(mark):
            return page[len(mark) :].decode(encoding, "replace")
    if not page.isascii():
        try:
            return page.decode("utf-8")
        except UnicodeDecodeError:
            pass
    named_by_server = map_encoding_to_html5(charset, fallback_utf8=False) or ""
    named_by_page = detect_encoding(page, from_html_meta=True) or ""
    for name in (named_by_server, named_by_page):
        try:
            return page.decode(name)
        except (UnicodeDecodeError, LookupError):
            continue
    return str(bytes_to_str(page, named_by_page or "utf-8", errors="replace"))
