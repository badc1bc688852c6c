"""An index is held against the manifest before anything is read by it."""

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from headrace.shards.base.errors import ShardError
from headrace.shards.format.sidecar import open_index
from headrace.shards.format.writer import ShardWriter


@pytest.fixture
def writer(tmp_path: Path) -> ShardWriter:
    with ShardWriter(tmp_path, "a.tar") as writer:
        writer.add("one", {"txt": b"words"})
    return writer


def test_the_index_of_the_manifest_is_opened(tmp_path: Path, writer: ShardWriter) -> None:
    assert open_index(str(tmp_path), writer.info).key(0) == "one"


def test_an_index_that_points_outside_its_shard_is_refused(tmp_path: Path, writer: ShardWriter) -> None:
    index = open_index(str(tmp_path), writer.info)
    end = int((index.offsets + index.sizes).max())
    open_index(str(tmp_path), replace(writer.info, bytes=end))
    with pytest.raises(ShardError, match=r"points beyond the end of a.tar"):
        open_index(str(tmp_path), replace(writer.info, bytes=end - 1))


def test_another_index_or_none_is_refused(tmp_path: Path, writer: ShardWriter) -> None:
    other = hashlib.sha256(b"other").hexdigest()
    with pytest.raises(ShardError, match=other):
        open_index(str(tmp_path), replace(writer.info, index_sha256=other))
    (tmp_path / "a.index.npz").unlink()
    with pytest.raises(ShardError, match=r"there is no .*a.index.npz"):
        open_index(str(tmp_path), writer.info)
