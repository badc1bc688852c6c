"""JSON lines against `json.loads` line by line; bad lines cost themselves alone."""

import gzip
import io
import json

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from headrace.pipeline.contracts.readers import read_rows as read
from headrace.pipeline.readers.base import Span
from headrace.pipeline.readers.jsonl import Jsonl

PACK = {"plain": bytes, "gzip": gzip.compress, "zstd": zstandard.compress}

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
DOCUMENT = st.fixed_dictionaries({"text": TEXT}, optional={"url": TEXT, "n": st.integers(), "nested": st.lists(TEXT)})


def jsonl(documents, ascii_only=True):
    return b"".join(json.dumps(each, ensure_ascii=ascii_only).encode() + b"\n" for each in documents)


@given(documents=st.lists(DOCUMENT, min_size=1, max_size=8), ascii_only=st.booleans())
def test_documents_come_with_their_offsets(documents, ascii_only):
    data = jsonl(documents, ascii_only)
    offsets = [0, *(place + 1 for place, byte in enumerate(data) if byte == 10)][:-1]
    for pack in PACK.values():
        rows = read(Jsonl(), pack(data))
        assert [row["text"] for row in rows] == [each["text"] for each in documents]
        assert [row["url"] for row in rows] == [each.get("url") for each in documents]
        assert [row["position"] for row in rows] == offsets
        others = [{name: each[name] for name in each if name not in ("text", "url")} for each in documents]
        assert [json.loads(row["meta"]) for row in rows] == others


@given(documents=st.lists(DOCUMENT, min_size=1, max_size=8), target=st.integers(1, 200))
def test_the_split_changes_nothing(documents, target):
    data = jsonl(documents)
    assert read(Jsonl(), data, target) == read(Jsonl(), data)


def test_a_span_gives_the_lines_that_begin_in_it():
    data = b'{"text": "a"}\n{"text": "b"}\n{"text": "c"}\n'
    size = len(data) // 3

    def texts(start, stop):
        batches = Jsonl().read(io.BytesIO(data), Span(start, stop))
        return [text for batch in batches for text in batch.column("text").to_pylist()]

    assert texts(0, 1) == ["a"]
    assert texts(1, size) == []
    assert texts(size, size + 1) == ["b"]
    assert texts(1, 2 * size + 1) == ["b", "c"]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"{", "not JSON"),
        (b'{"text": NaN}', "not JSON: NaN"),
        (b'["text"]', "no object"),
        (b'{"title": "x"}', "'text' is missing; there are: title"),
        (b'{"text": 1}', "'text' is no text, but int"),
        (b'{"text": null}', "'text' is no text"),
        (b'{"text": "x", "url": 7}', "'url' is no text"),
        (b'{"text": "\xff"}', "not UTF-8"),
        (b'{"text": "\\ud800"}', "surrogate"),
        (b'{"text": "x", "other": {"\\udc00": 1}}', "surrogate"),
        (b'{"text": "x", "n": ' + b"9" * 5000 + b"}", "digits"),
        (b"[" * 100_000, "nested too deep"),
        ('{"text": "x"}'.encode("utf-16"), "not"),
    ],
)
def test_a_bad_line_fails_alone(line, said):
    good = b'{"text": "good"}\n'
    rows = read(Jsonl(), good + line + b"\n" + good)
    assert [row["text"] for row in rows] == ["good", *[None] * (len(rows) - 2), "good"]
    assert said in rows[1]["error"]
    assert sum(row["bytes"] for row in rows[1:-1]) == len(line) + 1


def test_a_surrogate_pair_is_a_character():
    (row,) = read(Jsonl(), b'{"text": "\\ud83d\\ude00"}')
    assert row["text"] == "😀"


def test_a_byte_order_mark_and_empty_lines_are_passed_over():
    rows = read(Jsonl(), b'\xef\xbb\xbf{"text": "a"}\r\n\r\n   \n{"text": "b"}')
    assert [(row["position"], row["text"]) for row in rows] == [(0, "a"), (24, "b")]


def test_fields_are_named_by_parameters():
    reader = Jsonl(text="body", url="link", meta=("label",))
    (row,) = read(reader, b'{"body": "b", "link": "l", "label": 1, "text": "no", "id": 5}')
    assert (row["text"], row["url"], json.loads(row["meta"])) == ("b", "l", {"label": 1})


def test_a_line_beyond_the_limit_fails_with_its_size():
    long = b'{"text": "' + b"x" * 3_000_000 + b'"}\n'
    rows = read(Jsonl(max_bytes=1000), long + b'{"text": "a"}\n' + long)
    assert [row["text"] for row in rows] == [None, "a", None]
    assert [row["bytes"] for row in rows] == [len(long), 1, len(long)]


@pytest.mark.parametrize("name", ["gzip", "zstd"])
def test_a_compressed_file_cut_off_keeps_what_came_before_and_says_so(name):
    documents = [{"text": f"{number} " + "abc" * (number % 100)} for number in range(5000)]
    data = PACK[name](jsonl(documents))
    rows = read(Jsonl(), data[: len(data) // 2])
    good = [row["text"] for row in rows if row["error"] is None]
    assert len(good) > 500
    assert good == [each["text"] for each in documents[: len(good)]]
    assert "damaged compression" in rows[-1]["error"]


def test_an_empty_file_is_a_failed_record():
    for pack in PACK.values():
        (row,) = read(Jsonl(), pack(b""))
        assert row["error"] == "the file is empty"
