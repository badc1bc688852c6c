"""The encoding of a page: what its bytes say, then the server, then the page, then a guess."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.pipeline.extractors._html_text import decode_html

GERMAN = "<p>Größe, Straße, Mühle und Käse</p>"
# All of https://encoding.spec.whatwg.org but UTF-16, x-user-defined and "replacement", by Python's names.
ENCODINGS = ["utf-8", "ibm866", "koi8-r", "koi8-u", "macintosh", "mac-cyrillic", "gbk", "gb18030", "big5", "euc-jp"]
ENCODINGS += ["iso-2022-jp", "shift_jis", "euc-kr", "cp874", *(f"windows-{page}" for page in range(1250, 1259))]
ENCODINGS += [f"iso-8859-{part}" for part in (2, 3, 4, 5, 6, 7, 8, 10, 13, 14, 15, 16)]

JAPANESE = "<p>水車は川の曲がり角に立ち、百年のあいだ回り続けている。</p>"
RUSSIAN = "<p>Мельница стоит у излучины реки, и колесо её вертится сто лет.</p>"


@given(text=st.text(st.characters(exclude_categories=["Cs"]), max_size=200), charset=st.text(max_size=10))
def test_utf8_stays_what_it_is_whatever_the_server_says(text, charset):
    text = "é" + text
    assert decode_html(text.encode(), charset) == text
    assert decode_html(text.encode("utf-8-sig"), charset) == text


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_a_byte_order_mark_decides(encoding):
    assert decode_html(("\ufeff" + GERMAN).encode(encoding), "latin-1") == GERMAN


@pytest.mark.parametrize(
    ("text", "encoding", "charset"),
    [
        (GERMAN, "latin-1", "iso-8859-1"),
        (GERMAN, "cp1252", "Windows-1252"),
        (JAPANESE, "shift_jis", "x-sjis"),
        (JAPANESE, "euc_jp", "EUC-JP"),
        (JAPANESE, "iso2022_jp", "iso-2022-jp"),
        (RUSSIAN, "koi8-r", "koi8-r"),
    ],
)
def test_the_server_is_believed(text, encoding, charset):
    assert decode_html(text.encode(encoding), charset) == text


@pytest.mark.parametrize(("text", "encoding"), [(JAPANESE, "euc_jp"), (RUSSIAN, "cp1251"), (GERMAN, "latin-1")])
def test_the_page_is_believed_where_the_server_says_nothing_or_nonsense(text, encoding):
    page = f"<meta charset='{encoding.replace('_', '-')}'>{text}".encode(encoding)
    for charset in ("", "no-such-charset", "x-user-defined"):
        assert decode_html(page, charset).endswith(text)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_ascii_is_the_same_in_every_encoding_of_the_web(encoding):
    ascii_text = "".join(map(chr, range(128))).replace("\x1b", "")
    assert ascii_text.encode().decode(encoding) == ascii_text
    assert decode_html(ascii_text.encode(), encoding) == ascii_text
    assert decode_html(pa.py_buffer(ascii_text.encode()), encoding) == ascii_text


def test_ascii_bytes_that_stand_for_something_else_are_decoded():
    assert decode_html(JAPANESE.encode("iso2022_jp")) == JAPANESE
    assert decode_html(b"<p>x", "utf-16le") == "\u703c\u783e"


@pytest.mark.parametrize(("text", "encoding"), [(JAPANESE, "euc_jp"), (RUSSIAN, "koi8-r")])
def test_the_bytes_are_looked_at_where_nobody_says_anything(text, encoding):
    assert decode_html((text * 5).encode(encoding)) == text * 5


@given(
    page=st.binary(max_size=300), charset=st.sampled_from(["", "utf-8", "utf-16", "shift_jis", "iso-2022-jp", "big5"])
)
def test_any_bytes_become_text_that_can_be_stored(page, charset):
    decode_html(page, charset).encode()
