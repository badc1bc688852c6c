"""The encoding of a page: what its bytes say, then the server, then the page, then a guess."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.pipeline.extractors._html_text import decode_html

GERMAN = "<p>Größe, Straße, Mühle und Käse</p>"
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


@pytest.mark.parametrize(("text", "encoding"), [(JAPANESE, "euc_jp"), (RUSSIAN, "koi8-r")])
def test_the_bytes_are_looked_at_where_nobody_says_anything(text, encoding):
    assert decode_html((text * 5).encode(encoding)) == text * 5


@given(
    page=st.binary(max_size=300), charset=st.sampled_from(["", "utf-8", "utf-16", "shift_jis", "iso-2022-jp", "big5"])
)
def test_any_bytes_become_text_that_can_be_stored(page, charset):
    decode_html(page, charset).encode()
