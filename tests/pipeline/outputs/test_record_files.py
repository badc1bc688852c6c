"""Parquet and JSON lines, read back by others' readers."""

import json

import pyarrow.parquet as pq
import zstandard

from headrace.pipeline.outputs.jsonl import Jsonl
from headrace.pipeline.outputs.parquet import Parquet

TEXTS = ["one", "", "drei äöü", 'a "quote"\nand a line']


def test_parquet_rows_are_the_records(tmp_path, batches):
    info = Parquet().write(tmp_path, 3, batches(TEXTS), tmp_path)
    table = pq.read_table(tmp_path / info.name)
    assert (info.name, info.samples) == ("shard-000003.parquet", 4)
    assert table.column("text").to_pylist() == TEXTS
    assert table.column("id").to_pylist() == [f"source/file#{row}" for row in range(4)]
    assert {field.name: str(field.type) for field in table.schema} == Parquet().fields("text")


def test_parquet_holds_pictures(tmp_path, batches):
    info = Parquet().write(tmp_path, 0, batches([b"\x89PNG", b""], "image"), tmp_path)
    assert pq.read_table(tmp_path / info.name).column("image").to_pylist() == [b"\x89PNG", b""]


def test_json_lines_are_the_records(tmp_path, batches):
    info = Jsonl().write(tmp_path, 3, batches(TEXTS), tmp_path)
    with zstandard.open(tmp_path / info.name, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    assert (info.name, info.samples) == ("shard-000003.jsonl.zst", 4)
    assert [row["text"] for row in rows] == TEXTS
    assert rows[1] == {"id": "source/file#1", "url": "http://x/1", "meta": {"label": 1}, "text": ""}
    assert set(rows[0]) == set(Jsonl().fields("text"))


def test_batching_changes_no_byte(tmp_path, batches):
    for output in (Parquet(), Jsonl()):
        written = [output.write(tmp_path / str(rows), 0, batches(TEXTS, rows=rows), tmp_path) for rows in (1, 2, 9)]
        assert len({info.sha256 for info in written}) == 1, output
