"""Record files: readable by everybody's tools, the same bytes for any batching."""

import io
import json
import random
import resource
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from headrace.shards.base.errors import InputError, ShardError
from headrace.shards.format import records
from headrace.shards.format.records import count_rows, row_bytes, write_jsonl_zst, write_parquet

SCHEMA = pa.schema(
    [("id", pa.string()), ("text", pa.large_string()), ("score", pa.float64()), ("meta", pa.large_string())]
)
ROWS = st.fixed_dictionaries(
    {
        "id": st.text("abc", max_size=4),
        "text": st.none() | st.text(max_size=40),
        "score": st.none() | st.floats(allow_nan=False, allow_infinity=False),
        "meta": st.none() | st.dictionaries(st.text("xy", max_size=2), st.integers(), max_size=2).map(json.dumps),
    }
)


def cut(rows: list[dict[str, Any]], sizes: list[int]) -> list[pa.RecordBatch]:
    """The rows in batches of those sizes, some of them slices of larger batches."""
    batches, start = [pa.RecordBatch.from_pylist([], SCHEMA)], 0
    whole = pa.RecordBatch.from_pylist(rows, SCHEMA)
    for number, size in enumerate([*sizes, len(rows)]):
        piece = whole.slice(start, size)
        batches.append(piece if number % 2 else pa.RecordBatch.from_pylist(piece.to_pylist(), SCHEMA))
        start += piece.num_rows
    return batches


@given(st.lists(ROWS, max_size=30), st.lists(st.integers(0, 9), max_size=6), st.integers(1, 9), st.integers(1, 120))
def test_bytes_do_not_depend_on_batches(
    tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, Any]], sizes: list[int], count: int, weight: int
) -> None:
    folder = tmp_path_factory.mktemp("records")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(records, "GROUP_ROWS", count)
        patch.setattr(records, "GROUP_BYTES", weight)
        for write, name in ((write_parquet, "a.parquet"), (write_jsonl_zst, "a.jsonl.zst")):
            assert write(folder, name, cut(rows, sizes)) == write(folder, name, cut(rows, []))
    assert pq.read_table(folder / "a.parquet").to_pylist() == rows
    text = zstandard.ZstdDecompressor().stream_reader((folder / "a.jsonl.zst").read_bytes()).read()
    assert [json.loads(line) for line in text.splitlines()] == rows
    groups = pq.ParquetFile(folder / "a.parquet").metadata
    for number in range(groups.num_row_groups):
        assert groups.row_group(number).num_rows <= count


def test_a_group_ends_with_the_row_that_fills_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "GROUP_ROWS", 3)
    monkeypatch.setattr(records, "GROUP_BYTES", 10)
    texts = ["x" * size for size in (4, 5, 1, 10, 0, 0, 0, 0, 99, 3)]
    write_parquet(tmp_path, "a.parquet", [pa.record_batch({"text": texts})])
    metadata = pq.ParquetFile(tmp_path / "a.parquet").metadata
    assert [metadata.row_group(number).num_rows for number in range(metadata.num_row_groups)] == [3, 1, 3, 2, 1]


def test_entries(tmp_path: Path) -> None:
    batch = pa.record_batch({"id": ["a", "b"], "text": ["one", "two"]})
    for write, name in ((write_parquet, "p/0.parquet"), (write_jsonl_zst, "j/0.jsonl.zst")):
        info = write(tmp_path, name, [batch])
        assert (info.name, info.samples, info.index_sha256) == (name, 2, None)
        assert info.bytes == (tmp_path / name).stat().st_size
        with open(tmp_path / name, "rb") as stream:
            assert count_rows(stream, name) == 2
        assert write("memory://records", name, [batch]) == info


def test_json_columns_become_objects(tmp_path: Path) -> None:
    batch = pa.record_batch({"id": ["a", "b"], "meta": ['{"x": "é"}', None]})
    write_jsonl_zst(tmp_path, "a.jsonl.zst", [batch], json_columns=["meta"])
    text = zstandard.ZstdDecompressor().stream_reader((tmp_path / "a.jsonl.zst").read_bytes()).read()
    assert text.decode() == '{"id":"a","meta":{"x":"é"}}\n{"id":"b","meta":null}\n'


def test_weights_of_rows() -> None:
    batch = pa.record_batch(
        {
            "a": pa.array(["é", None, ""]),
            "b": pa.array([b"xyz", b"", None], pa.large_binary()),
            "c": pa.array([1, 2, 3]),
        }
    )
    assert row_bytes(batch).tolist() == [5, 0, 0]
    assert row_bytes(batch.slice(1)).tolist() == [0, 0]


@pytest.mark.parametrize(
    "column",
    [
        pa.array([b"\x89PNG"]),
        pa.array([float("nan")]),
        pa.array([b"\xff"]).view(pa.string()),
    ],
)
def test_what_has_no_json_is_refused(tmp_path: Path, column: pa.Array) -> None:
    with pytest.raises(ShardError, match=r"cannot be written as JSON.*Parquet"):
        write_jsonl_zst(tmp_path, "a.jsonl.zst", [pa.record_batch({"x": column})])
    assert list(tmp_path.iterdir()) == []


def test_columns_must_be_known_and_the_same(tmp_path: Path) -> None:
    with pytest.raises(ShardError, match="no columns"):
        write_parquet(tmp_path, "a.parquet", [])
    with pytest.raises(ShardError, match="different columns"):
        write_parquet(tmp_path, "a.parquet", [pa.record_batch({"a": [1]}), pa.record_batch({"b": [1]})])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["a.parquet", "a.jsonl.zst"])
def test_what_is_no_record_file_is_said(name: str) -> None:
    with pytest.raises(ShardError, match=f"{name} cannot be read"):
        count_rows(io.BytesIO(b"something else, long enough"), name)


@pytest.mark.parametrize(("write", "name"), [(write_parquet, "a.parquet"), (write_jsonl_zst, "a.jsonl.zst")])
def test_a_disk_that_fills_up_leaves_nothing(tmp_path: Path, write: Any, name: str) -> None:
    noise = [random.Random(row).randbytes(4000).hex() for row in range(500)]
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100 << 10, before[1]))
    try:
        with pytest.raises(InputError, match="Free space"):
            write(tmp_path, name, [pa.record_batch({"text": noise})])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert list(tmp_path.iterdir()) == []


def test_lines_carry_zstds_own_checksum(tmp_path: Path) -> None:
    write_jsonl_zst(tmp_path, "a.jsonl.zst", [pa.record_batch({"x": [1, 2]})])
    assert zstandard.get_frame_parameters((tmp_path / "a.jsonl.zst").read_bytes()).has_checksum
