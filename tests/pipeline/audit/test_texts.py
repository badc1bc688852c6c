"""Texts of every kind of shards, also of those that others made."""

import io
import json
import tarfile

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard

from headrace.pipeline.audit.texts import open_shards
from headrace.pipeline.build import build
from headrace.shards.base.errors import ShardError, UsageError

TEXTS = ("The first\n\n text. ", "Ünï, 天気 😀 [SEP] <|endoftext|>", "x " * 3000)


@pytest.fixture
def built(tmp_path, unsynced):
    """Builds the texts in a format, and reads them again."""
    lines = [json.dumps({"text": text}, ensure_ascii=False) + "\n" for text in TEXTS]
    (tmp_path / "in.jsonl").write_text("".join(lines), encoding="utf-8")

    def make(output):
        (tmp_path / "r.yaml").write_text(f"inputs: [{{path: in.jsonl}}]\noutput: {output}\n")
        build(tmp_path / "r.yaml", tmp_path / "out", (), 1)
        return [pair for file in open_shards(str(tmp_path / "out"), "").files for pair in file.read()]

    return make


@pytest.mark.parametrize(
    "output",
    [
        "{format: webdataset, shard_bytes: 1KB}",
        "{format: parquet}",
        "{format: jsonl}",
        "{format: tokens, tokenizer: {train: {vocab_size: 300}}, shard_bytes: 2KB}",
    ],
)
def test_every_format_gives_its_texts_back(built, output):
    found = built(output)
    assert sorted(text for _, text in found) == sorted(TEXTS)
    assert len({name for name, _ in found}) == 3
    assert all("in.jsonl#" in name for name, _ in found)


def tar(path, members):
    with tarfile.open(path, "w:gz" if path.suffix == ".gz" else "w") as archive:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return path


def texts(url, field=""):
    return [pair for file in open_shards(str(url), field).files for pair in file.read()]


def test_tars_of_others_are_read_by_their_fields(tmp_path):
    members = {
        "a/1.5.jpg": b"",
        "a/x.txt": b"plain",
        "a/x.json": b'{"id": "X", "text": "inside"}',
        "b.caption.txt": "\xe4".encode(),
        "b.json": b"[1]",
    }
    tar(tmp_path / "one.tar.gz", members)
    assert texts(tmp_path) == [("X", "plain")]
    assert texts(tmp_path / "one.tar.gz", "caption.txt") == [("b", "ä")]
    with pytest.raises(UsageError, match=r"the fields 5\.jpg, caption\.txt, json, txt"):
        texts(tmp_path, "nothing")


def test_a_key_of_a_json_field_may_be_the_text(tmp_path):
    tar(tmp_path / "one.tar", {"a.json": b'{"text": "inside"}', "b.json": b'{"text": 3}'})
    assert texts(tmp_path, "json.text") == [("a", "inside")]


def test_record_files_without_a_manifest_are_read(tmp_path):
    pq.write_table(pa.table({"body": ["a", None]}), tmp_path / "a.parquet")
    assert [text for _, text in texts(tmp_path, "body")] == ["a", ""]
    with pytest.raises(UsageError, match="no column 'text'"):
        texts(tmp_path)
    (tmp_path / "b.jsonl.zst").write_bytes(zstandard.compress(b'{"id": "i", "text": "b"}\n'))
    assert texts(tmp_path / "b.jsonl.zst") == [("i", "b")]


def test_what_is_no_shard_is_refused(tmp_path):
    with pytest.raises(ShardError, match="holds no shards"):
        open_shards(str(tmp_path), "")
    (tmp_path / "a.tar").write_bytes(b"no tar")
    with pytest.raises(ShardError, match="cannot be read"):
        texts(tmp_path)
