"""Parquet files, whole and damaged."""

import datetime
import hashlib
import io
import json
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from headrace.pipeline.contracts.readers import read_rows as read
from headrace.pipeline.readers.parquet import Parquet
from headrace.shards.base.errors import InputError


def written(table, **options):
    buffer = io.BytesIO()
    pq.write_table(table, buffer, **options)
    return buffer.getvalue()


def test_rows_come_with_their_numbers_and_plain_columns():
    table = pa.table(
        {
            "text": ["a", "b"],
            "url": ["http://a", None],
            "n": [1, 2],
            "x": [0.5, float("nan")],
            "day": [datetime.date(2024, 5, 6), None],
            "at": pa.array([1, 2], pa.timestamp("ns")),
            "price": [Decimal("1.50"), None],
            "kind": pa.array(["one", "two"]).dictionary_encode(),
            "vector": [[1.0], [2.0]],
            "blob": [b"\xff", b""],
        }
    )
    rows = read(Parquet(), written(table))
    assert [(row["position"], row["text"], row["url"]) for row in rows] == [(0, "a", "http://a"), (1, "b", None)]
    first = json.loads(rows[0]["meta"])
    assert {name: first[name] for name in ("n", "x", "day", "price", "kind")} == {
        "n": 1,
        "x": 0.5,
        "day": "2024-05-06",
        "price": "1.50",
        "kind": "one",
    }
    assert first["at"].startswith("1970-01-01")
    assert json.loads(rows[1]["meta"])["x"] is None
    assert not {"vector", "blob"} & first.keys()


@pytest.mark.parametrize(
    "kind", [pa.string(), pa.large_string(), pa.string_view(), pa.dictionary(pa.int32(), pa.string())]
)
def test_every_kind_of_string_is_text(kind):
    table = pa.table({"text": pa.array(["a", None, "c"]).cast(kind)})
    assert [row["text"] for row in read(Parquet(), written(table))] == ["a", None, "c"]


@pytest.mark.parametrize("target", [1, 500, 5000, 1 << 30])
def test_row_groups_are_split_and_nothing_else(target):
    table = pa.table({"text": [f"row {number} " * 20 for number in range(1000)]})
    data = written(table, row_group_size=70)
    spans = Parquet().spans(io.BytesIO(data), len(data), target)
    assert all(span.start % 70 == 0 for span in spans)
    assert [row["text"] for row in read(Parquet(), data, target)] == table.column("text").to_pylist()


def test_a_column_is_named_by_a_parameter():
    data = written(pa.table({"body": ["b"], "link": ["l"], "label": ["x"], "other": [1]}))
    (row,) = read(Parquet(text="body", url="link", meta=("label",)), data)
    assert (row["text"], row["url"], json.loads(row["meta"])) == ("b", "l", {"label": "x"})


def test_a_missing_column_names_the_nearest():
    with pytest.raises(InputError, match=r"no column 'text'.*Did you mean 'texts'"):
        read(Parquet(), written(pa.table({"texts": ["a"]})))
    with pytest.raises(InputError, match="holds no text"):
        read(Parquet(), written(pa.table({"text": [1]})))


def test_text_that_is_not_utf8_and_nulls_fail_alone():
    offsets_and_data = pa.array([b"good", b"\xff\xfe", b"good"]).buffers()
    text = pa.Array.from_buffers(pa.string(), 3, offsets_and_data)
    rows = read(Parquet(), written(pa.table({"text": text})))
    assert [row["text"] for row in rows] == ["good", None, "good"]
    assert "not UTF-8" in rows[1]["error"]
    rows = read(Parquet(), written(pa.table({"text": ["a", None]})))
    assert "is null" in rows[1]["error"]


def test_a_damaged_row_group_fails_row_by_row_and_the_others_are_read():
    table = pa.table({"text": [hashlib.sha256(b"%d" % number).hexdigest() for number in range(300)]})
    data = written(table, row_group_size=100, compression="zstd", use_dictionary=False)
    start = pq.read_metadata(io.BytesIO(data)).row_group(1).column(0).data_page_offset
    rows = read(Parquet(), data[: start + 30] + bytes(100) + data[start + 130 :])
    assert [row["position"] for row in rows] == list(range(300))
    assert [row["position"] for row in rows if row["error"] is not None] == list(range(100, 200))


def test_a_file_cut_off_is_one_failed_record_of_its_size():
    data = written(pa.table({"text": ["a"] * 100}))
    (row,) = read(Parquet(), data[:-10])
    assert "no whole Parquet file" in row["error"]
    assert row["bytes"] == len(data) - 10


def test_a_file_without_rows_is_no_failure():
    assert read(Parquet(), written(pa.table({"text": pa.array([], pa.string())}))) == []
