"""Benchmark files, and what is said of those that are wrong."""

import gzip
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard

from headrace.pipeline.decontamination.benchmarks import Benchmark
from headrace.shards.base.errors import InputError

ROWS = [{"q": "What is it?", "choices": ["a cat", "a dog"], "answer": {"text": "a cat", "at": 3}}, {"q": "Who?"}]


def lines(rows):
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.jsonl", lines(ROWS)),
        ("a.json", lines(ROWS).replace(b"\n", b"\r\n\r\n")),
        ("a.jsonl.gz", gzip.compress(lines(ROWS)[:10]) + gzip.compress(lines(ROWS)[10:])),
        ("a.jsonl.zst", zstandard.compress(lines(ROWS)[:10]) + zstandard.compress(lines(ROWS)[10:])),
    ],
)
def test_lines_may_be_compressed(tmp_path, name, data):
    (tmp_path / name).write_bytes(data)
    found = Benchmark(tmp_path / name, ("q",)).items()
    assert [(item.name, item.passages) for item in found] == [("0", ("What is it?",)), ("1", ("Who?",))]


def test_parquet_lists_and_nested_fields_are_read(tmp_path):
    pq.write_table(pa.Table.from_pylist(ROWS), tmp_path / "a.parquet")
    (first, second) = Benchmark(tmp_path / "a.parquet", ("choices", "answer.text")).items()
    assert first.passages == ("a cat", "a dog", "a cat")
    assert second.passages == ()


def refused(path, *fields, **more):
    with pytest.raises(InputError) as caught:
        Benchmark(path, fields or ("q",), **more).items()
    return str(caught.value)


def test_a_missing_field_is_told_with_those_there_are(tmp_path):
    (tmp_path / "a.jsonl").write_bytes(lines(ROWS[:1]))
    said = refused(tmp_path / "a.jsonl", "question")
    assert "no field 'question' in line 1" in said
    assert "answer, answer.at, answer.text, choices, q" in said
    assert "no field 'uid' in line 1" in refused(tmp_path / "a.jsonl", "q", id="uid")


def test_a_line_that_is_no_json_is_named(tmp_path):
    (tmp_path / "a.jsonl").write_bytes(lines(ROWS[:1]) + b"\n{'q': 1}\n")
    assert "line 3 of the benchmark" in refused(tmp_path / "a.jsonl")
    (tmp_path / "a.jsonl").write_bytes(b'{"q": "a"}\n["q"]\n')
    assert "no field 'q' in line 2" in refused(tmp_path / "a.jsonl")
    (tmp_path / "a.jsonl").write_bytes(b'{"q": "\xff"}\n')
    assert "line 1 of the benchmark" in refused(tmp_path / "a.jsonl")


@pytest.mark.parametrize("data", [b"", b"\n \n"])
def test_an_empty_file_is_refused(tmp_path, data):
    (tmp_path / "a.jsonl").write_bytes(data)
    assert "holds no item" in refused(tmp_path / "a.jsonl")


@pytest.mark.parametrize("name", ["a.jsonl.gz", "a.jsonl.zst", "a.parquet"])
def test_a_file_that_is_not_what_its_name_says_is_refused(tmp_path, name):
    (tmp_path / name).write_bytes(b"not what it says")
    assert "cannot be read" in refused(tmp_path / name)
    (tmp_path / name).unlink()
    assert "there is no benchmark file" in refused(tmp_path / name)


def test_two_items_of_one_name_are_refused(tmp_path):
    (tmp_path / "a.jsonl").write_bytes(lines([{"q": "a", "k": 1}, {"q": "b", "k": 2}, {"q": "c", "k": 1}]))
    assert "'1' in the field 'k' of line 1 and of line 3" in refused(tmp_path / "a.jsonl", "q", id="k")
    assert len(Benchmark(tmp_path / "a.jsonl", ("q",)).items()) == 3


def test_half_a_surrogate_pair_is_a_character_that_cannot_be_read(tmp_path):
    (tmp_path / "a.jsonl").write_bytes(b'{"q": "a\\ud800b \\ud83d\\ude00"}')
    assert Benchmark(tmp_path / "a.jsonl", ("q",)).items()[0].passages == ("a\ufffdb \U0001f600",)
