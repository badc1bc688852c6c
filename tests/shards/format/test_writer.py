"""Shards of samples: what is written is a WebDataset, always the same, and whole or absent."""

import hashlib
import os
import resource
import tarfile
from pathlib import Path

import fsspec
import pytest
import webdataset
from hypothesis import given
from hypothesis import strategies as st

from headrace.shards.base.errors import InputError, ShardError
from headrace.shards.format.index import Index
from headrace.shards.format.shard_list import ShardInfo
from headrace.shards.format.writer import ShardWriter

FIELDS = st.dictionaries(st.sampled_from(["txt", "seg.png", "cls", "json"]), st.binary(max_size=2000), min_size=1)
SAMPLES = st.dictionaries(st.from_regex(r"[a-zé日 ]{1,6}(/[0-9]{1,4})?", fullmatch=True), FIELDS, max_size=6)


def write(folder: Path | str, samples: dict[str, dict[str, bytes]], name: str = "a.tar") -> ShardInfo:
    with ShardWriter(folder, name) as writer:
        for key, fields in samples.items():
            writer.add(key, fields)
    return writer.info


@given(SAMPLES)
def test_webdataset_reads_it(tmp_path_factory: pytest.TempPathFactory, samples: dict[str, dict[str, bytes]]) -> None:
    folder = tmp_path_factory.mktemp("wds")
    write(folder, samples)
    with open(folder / "a.tar", "rb") as stream:
        files = webdataset.tariterators.tar_file_expander([{"url": "a", "stream": stream}])
        found = list(webdataset.tariterators.group_by_keys(files))
    plain = [{key: value for key, value in each.items() if key != "__url__"} for each in found]
    assert plain == [{"__key__": key, **fields} for key, fields in samples.items()]


@pytest.mark.filterwarnings("ignore:unclosed file", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_webdataset_decodes_it(tmp_path: Path) -> None:
    write(tmp_path, {"a": {"txt": "größe".encode(), "cls": b"7", "json": b'{"x": 1}'}})
    (sample,) = webdataset.WebDataset(str(tmp_path / "a.tar"), shardshuffle=False).decode()
    assert (sample["__key__"], sample["txt"], sample["cls"], sample["json"]) == ("a", "größe", 7, {"x": 1})


def test_tarfile_reads_it(tmp_path: Path) -> None:
    write(tmp_path, {"d/a": {"txt": b"one", "cls": b""}, "d/b": {"txt": b"two"}})
    with tarfile.open(tmp_path / "a.tar") as tar:
        assert tar.getnames() == ["d/a.txt", "d/a.cls", "d/b.txt"]
        file = tar.extractfile("d/b.txt")
        assert file is not None
        assert file.read() == b"two"


def test_the_same_bytes_everywhere(tmp_path: Path) -> None:
    samples = {f"{row:06d}": {"txt": bytes([row]) * row * 100} for row in range(50)}
    infos = [write(tmp_path / name, samples) for name in ("one", "two")] + [write("memory://writer", samples)]
    assert infos[0] == infos[1] == infos[2]
    for name in ("a.tar", "a.index.npz"):
        data = (tmp_path / "one" / name).read_bytes()
        assert data == (tmp_path / "two" / name).read_bytes()
        assert data == fsspec.filesystem("memory").cat(f"/writer/{name}")


def test_golden_bytes(tmp_path: Path) -> None:
    """A change of this hash is a change of the format: everybody's shards would be rebuilt."""
    info = write(tmp_path, {"a": {"txt": b"one", "cls": b"1"}, "ü": {"txt": b""}})
    assert info.sha256 == "acd790950d597973d3659c41f59d52e5f203ce85088acdeaf196d25218dcbade"
    assert info.index_sha256 == "d80e41e4b311dff505885331275a86c295e70c58f6c44563c488dad82b39ecc5"


def test_the_entry_says_what_was_written(tmp_path: Path) -> None:
    info = write(tmp_path, {"a": {"txt": b"one"}, "b": {"txt": b"two"}}, "shards/00000.tar")
    tar = (tmp_path / "shards/00000.tar").read_bytes()
    index = (tmp_path / "shards/00000.index.npz").read_bytes()
    assert (info.name, info.samples, info.bytes, info.tokens) == ("shards/00000.tar", 2, len(tar), None)
    assert info.sha256 == hashlib.sha256(tar).hexdigest()
    assert info.index_sha256 == hashlib.sha256(index).hexdigest()
    assert Index.load(index, "x").keys_of([0, 1]) == ["a", "b"]


def test_an_empty_shard(tmp_path: Path) -> None:
    assert write(tmp_path, {}).samples == 0
    with tarfile.open(tmp_path / "a.tar") as tar:
        assert tar.getnames() == []


@pytest.mark.parametrize(
    ("samples", "words"),
    [
        ([("a.b", {"txt": b""})], "key"),
        ([("a", {"TXT": b""})], "field"),
        ([("a", {})], "no field"),
        ([("a", {"txt": b""}), ("b", {"txt": b""}), ("a", {"txt": b""})], "one key"),
    ],
)
def test_what_would_be_read_back_otherwise_is_refused(
    tmp_path: Path, samples: list[tuple[str, dict[str, bytes]]], words: str
) -> None:
    def attempt() -> None:
        with ShardWriter(tmp_path, "a.tar") as writer:
            for key, fields in samples:
                writer.add(key, fields)

    with pytest.raises(ShardError, match=words):
        attempt()
    assert os.listdir(tmp_path) == []


def test_a_disk_that_fills_up_leaves_nothing(tmp_path: Path) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, before[1]))
    try:
        with pytest.raises(InputError, match="Free space"):
            write(tmp_path, {str(row): {"bin": bytes(1 << 18)} for row in range(8)})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert os.listdir(tmp_path) == []


def test_where_there_is_a_tar_there_is_its_index(tmp_path: Path) -> None:
    process = os.fork()
    if not process:
        with ShardWriter(tmp_path, "a.tar") as writer:
            writer.add("a", {"txt": b"one"})
            os._exit(9)
    os.waitpid(process, 0)
    assert not (tmp_path / "a.tar").exists()
    write(tmp_path, {"a": {"txt": b"one"}})
    assert (tmp_path / "a.index.npz").exists()
