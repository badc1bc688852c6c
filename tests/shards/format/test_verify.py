"""`verify` is silent on a good set and names whatever was done to a bad one."""

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import fsspec
import numpy as np
import pytest

from headrace.shards.base.errors import ManifestError, ShardError
from headrace.shards.format.manifest import Counts, Manifest, Tally
from headrace.shards.format.pages import pack
from headrace.shards.format.shard_list import Shards
from headrace.shards.format.token_writer import TokenShardWriter
from headrace.shards.format.verify import verify
from headrace.shards.format.writer import ShardWriter

Write = Callable[[str | Path], Manifest]


def problems(folder: Path | str) -> list[str]:
    return [str(problem) for problem in verify(str(folder)).problems]


def edit(folder: Path, change: Callable[[dict[str, Any]], None]) -> None:
    body = json.loads((folder / "manifest.json").read_text())
    change(body)
    (folder / "manifest.json").write_text(json.dumps(body))


@pytest.mark.parametrize("kind", ["sample_set", "token_set", "record_set"])
def test_a_good_set(tmp_path: Path, kind: str, request: pytest.FixtureRequest) -> None:
    write: Write = request.getfixturevalue(kind)
    for folder in (str(tmp_path), f"memory://verify-{kind}"):
        manifest = write(folder)
        report = verify(folder)
        assert report.problems == ()
        assert report.ok
        assert (report.shards, report.samples) == (len(manifest.shards), manifest.samples)
        report.raise_for_problems()


@pytest.mark.parametrize("kind", ["sample_set", "token_set", "record_set"])
def test_any_flipped_byte_is_found(tmp_path: Path, kind: str, request: pytest.FixtureRequest) -> None:
    write: Write = request.getfixturevalue(kind)
    write(tmp_path)
    files = sorted(path for path in tmp_path.rglob("*") if path.is_file() and path.name != "manifest.json")
    for path in files:
        whole = path.read_bytes()
        for position in sorted({0, len(whole) // 3, len(whole) // 2, len(whole) - 1}):
            data = bytearray(whole)
            data[position] ^= 0x20
            path.write_bytes(data)
            found = problems(tmp_path)
            assert found, f"byte {position} of {path.name}"
            assert all(path.name in each or path.stem in each for each in found)
        path.write_bytes(whole)
    assert problems(tmp_path) == []


@pytest.mark.parametrize("kind", ["sample_set", "token_set", "record_set"])
def test_missing_and_truncated_files(tmp_path: Path, kind: str, request: pytest.FixtureRequest) -> None:
    write: Write = request.getfixturevalue(kind)
    write(tmp_path)
    for path in sorted(path for path in tmp_path.rglob("*") if path.is_file() and path.name != "manifest.json"):
        whole = path.read_bytes()
        path.unlink()
        assert any("no such file" in each and path.name in each for each in problems(tmp_path))
        path.write_bytes(whole[: len(whole) // 2])
        assert any("sha256" in each and path.name in each for each in problems(tmp_path))
        path.write_bytes(b"")
        assert problems(tmp_path)
        path.write_bytes(whole)


def test_files_that_nobody_names(tmp_path: Path, sample_set: Write) -> None:
    sample_set(tmp_path)
    for name in ("00002.tar", "00002.index.npz", ".00001.tar.77-ab.tmp", "notes.txt"):
        (tmp_path / "shards" / name).write_bytes(b"")
    (tmp_path / "ledger").mkdir()
    (tmp_path / "ledger" / "part.parquet").write_bytes(b"")
    assert [each.split(":")[0] for each in problems(tmp_path)] == [
        "shards/.00001.tar.77-ab.tmp",
        "shards/00002.index.npz",
        "shards/00002.tar",
    ]


def test_an_index_that_lies_although_its_hash_is_right(tmp_path: Path, sample_set: Write) -> None:
    manifest = sample_set(tmp_path)
    other = (tmp_path / "shards/00001.index.npz").read_bytes()
    (tmp_path / "shards/00000.index.npz").write_bytes(other)
    edit(tmp_path, lambda body: body["shards"][0].update(index_sha256=hashlib.sha256(other).hexdigest()))
    assert manifest.shards[0].samples == manifest.shards[1].samples
    (problem,) = problems(tmp_path)
    assert "other keys" in problem


def test_counts_that_lie(tmp_path: Path, sample_set: Write, record_set: Write) -> None:
    manifest = sample_set(tmp_path)
    edit(tmp_path, lambda body: body["shards"][1].update(samples=6, bytes=1))
    found = problems(tmp_path)
    assert [each.split(" (")[0] for each in found] == ["shards/00001.tar: 20,480 bytes", "shards/00001.tar: 5 samples"]
    kept = Tally(records=9, bytes=9)
    manifest.model_copy(update={"counts": Counts(total=kept, kept=kept)}).save(tmp_path)
    assert problems(tmp_path) == ["manifest.json: 10 samples in all shards (expected: 9 records, as many as were kept)"]
    record_set(tmp_path / "rows")
    edit(tmp_path / "rows", lambda body: body["shards"][0].update(samples=2))
    assert problems(tmp_path / "rows") == ["part-00000.parquet: 3 rows (expected: 2)"]


@pytest.mark.parametrize(
    ("page", "words"),
    [
        (pack(np.array([1, 100], np.uint16), np.array([2]), [b"{}"]), "the token 100"),
        (pack(np.array([1], np.uint32), np.array([1]), [b"{}"]), "no page of tokens"),
        (pack(np.array([1], np.uint16), np.array([2]), [b"{}"]), "no document ends"),
        (pack(np.array([1], np.uint16), np.array([1]), []), "0 lines of metadata"),
        (pack(np.array([1], np.uint16), np.array([1]), [b"{"]), "a page of tokens"),
        (pack(np.array([1], np.uint16), np.array([0, 1]), [b"{}", b"{}"]), "2 documents"),
        (pack(np.array([1, 1], np.uint16), np.array([2]), [b"{}"]), "2 tokens"),
        ({"txt": b"1"}, "the fields txt"),
    ],
)
def test_pages_that_are_hashed_rightly_but_wrong(
    tmp_path: Path, token_set: Write, page: dict[str, bytes], words: str
) -> None:
    manifest = token_set(tmp_path)
    with ShardWriter(tmp_path, "00000.tar") as writer:
        writer.add("0000", page)
    entry = {
        "tokens": 1,
        "samples": 1,
        **{name: getattr(writer.info, name) for name in ("bytes", "sha256", "index_sha256")},
    }
    edit(tmp_path, lambda body: body["shards"][0].update(entry))
    assert manifest.tokenizer is not None
    assert any(words in each for each in problems(tmp_path))


def test_the_tokenizer(tmp_path: Path, token_set: Write) -> None:
    token_set(tmp_path)
    (tmp_path / "tokenizer.json").write_text('{"other": 1}')
    assert [each.split(":")[0] for each in problems(tmp_path)] == ["tokenizer.json"]
    (tmp_path / "tokenizer.json").unlink()
    assert problems(tmp_path) == ["tokenizer.json: no such file (expected: the tokenizer)"]


def test_no_manifest_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match="there is no"):
        verify(str(tmp_path))


def test_every_problem_is_in_the_error(tmp_path: Path, sample_set: Write) -> None:
    sample_set(tmp_path)
    os.truncate(tmp_path / "shards/00000.tar", 100)
    (tmp_path / "shards/00001.index.npz").unlink()
    with pytest.raises(ShardError, match=r"not what its manifest says.*00000.tar.*00001.index.npz"):
        verify(str(tmp_path)).raise_for_problems()


def test_an_empty_token_shard(token_set: Write) -> None:
    manifest = token_set("memory://verify-empty")
    with TokenShardWriter("memory://verify-empty", "00000.tar", 100) as writer:
        pass
    manifest.model_copy(update={"shards": Shards.of((writer.info, manifest.shards[1]))}).save("memory://verify-empty")
    assert problems("memory://verify-empty") == []
    fsspec.filesystem("memory").rm("/verify-empty", recursive=True)
