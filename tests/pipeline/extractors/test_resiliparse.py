"""Pages to text."""

import json

import pyarrow as pa
import pytest

from headrace.pipeline.extractors.resiliparse import MAX_DEPTH, Resiliparse

PAGE = b"""<html><head><title>Mill</title><style>p { color: red }</style></head><body>
<nav><a href="/">Home</a> <a href="/about">About</a></nav>
<main><h1>The mill</h1><p>It stands where the river bends.</p>
<ul><li>one</li><li>two</li></ul><img src="m.png" alt="A picture of it"><p>See <a href="http://x/y">there</a>.</p></main>
<div class="aside">Beside it.</div><script>alert(1)</script></body></html>"""


def extract(pages, charsets=None, extractor=None):
    charsets = charsets or [""] * len(pages)
    batch = pa.record_batch(
        {
            "content": pa.array(pages, pa.large_binary()),
            "meta": pa.array([json.dumps({"charset": charset}) for charset in charsets], pa.large_string()),
        }
    )
    column, errors = (extractor or Resiliparse()).extract(batch)
    assert column.type == pa.large_string()
    return column.to_pylist(), errors


def test_the_main_text_keeps_its_blocks_and_loses_navigation_and_scripts():
    (text,), errors = extract([PAGE])
    assert errors == [None]
    assert text.startswith("The mill\n\nIt stands where the river bends.")
    assert "See there." in text
    for unwanted in ("Home", "alert", "color", "picture", "http://x/y"):
        assert unwanted not in text


def test_parameters_reach_the_extractor():
    wide = Resiliparse(main_content=False, alt_texts=True, links=True, list_bullets=False, skip_elements=(".aside",))
    (text,), _ = extract([PAGE], extractor=wide)
    assert all(wanted in text for wanted in ("Home", "A picture of it", "http://x/y"))
    assert "Beside it" not in text
    assert "one" in text
    assert "•" not in text
    (line,), _ = extract([PAGE], extractor=Resiliparse(preserve_formatting=False))
    assert "\n" not in line


def test_the_charset_of_the_http_header_is_used():
    texts, _ = extract(["<p>käse".encode("latin-1"), "<p>水車".encode("euc_jp")], ["iso-8859-1", "euc-jp"])
    assert texts == ["käse", "水車"]


def test_nul_and_lone_surrogates_do_not_reach_the_text():
    (text,), _ = extract([b"<p>a\x00b &#0; &#xD800; c"])
    assert "\x00" not in text
    text.encode()


def test_a_page_nested_too_deep_fails_and_its_neighbours_do_not():
    texts, errors = extract([b"<p>before", b"<div>" * 30_000, b"<p>after"])
    assert texts == ["before", None, "after"]
    assert f"more than {MAX_DEPTH}" in errors[1]


def test_a_page_with_many_tags_that_is_flat_is_read():
    (text,), errors = extract([b"<p>x" * 30_000])
    assert errors == [None]
    assert text.count("x") == 30_000


def test_a_page_without_text_is_empty_and_no_failure():
    assert extract([b"", b"<html><body></body></html>"]) == (["", ""], [None, None])


def test_a_bad_selector_is_refused_at_once():
    with pytest.raises(ValueError, match="no CSS selector"):
        Resiliparse(skip_elements=("p[[",))
