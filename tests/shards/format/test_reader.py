"""Samples by row, and every kind of damage to them."""

import os
import pickle
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import fsspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.shards.base.errors import CorruptSampleError, ShardError, UsageError
from headrace.shards.format.checked import CorruptRowError, read_checked
from headrace.shards.format.manifest import Manifest
from headrace.shards.format.reader import ShardReader
from headrace.shards.format.selection import Selection
from headrace.shards.format.source import open_source
from headrace.shards.format.writer import ShardWriter

FIELDS = st.dictionaries(st.sampled_from(["txt", "seg.png", "cls"]), st.binary(max_size=2000), min_size=1)
Write = Callable[[str | Path], Manifest]


def read(reader: ShardReader, rows: Sequence[int], fields: Sequence[str] | None = None) -> list[dict[str, Any]]:
    """The samples at some rows of one shard."""
    reader.require(fields or ())
    selection = Selection([(reader, np.array(rows, np.int64), np.arange(len(rows)))])
    samples: list[dict[str, Any]] = [{"__key__": key} for key in selection.sample_keys()]
    found = selection.read(selection.fields() if fields is None else fields)
    for name, packed in found.contents.items():
        for number in (~found.absent.get(name, np.zeros(len(rows), np.bool_))).nonzero()[0].tolist():
            samples[number][name] = bytes(packed.value(number))
    return samples


@given(st.data())
def test_any_rows_and_fields(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    samples = data.draw(st.lists(FIELDS, min_size=1, max_size=8))
    for folder in (str(tmp_path_factory.mktemp("reader")), "memory://reader"):
        with ShardWriter(folder, "a.tar") as writer:
            for row, fields in enumerate(samples):
                writer.add(f"é{row}", fields)
        reader = ShardReader(folder, Manifest(kind="samples", name="x", shards=(writer.info,)), 0)
        assert reader.samples == len(samples)
        assert reader.keys == [f"é{row}" for row in range(len(samples))]
        rows = data.draw(st.lists(st.integers(0, len(samples) - 1), max_size=10))
        assert read(reader, rows) == [{"__key__": f"é{row}", **samples[row]} for row in rows]
        wanted = data.draw(st.lists(st.sampled_from(reader.index.fields), unique=True))
        expected = [
            {"__key__": f"é{row}", **{name: samples[row][name] for name in wanted if name in samples[row]}}
            for row in rows
        ]
        assert read(reader, rows, wanted) == expected
        reader.close()


def test_a_set_from_any_file_system(tmp_path: Path, sample_set: Write) -> None:
    for url in (str(tmp_path), f"file://{tmp_path}", "memory://reader-set", f"{tmp_path}/manifest.json"):
        folder = url.removesuffix("/manifest.json")
        manifest = sample_set(folder)
        readers = [ShardReader(url, manifest, shard) for shard in range(2)]
        assert [reader.keys[0] for reader in readers] == ["s0/000", "s1/000"]
        assert read(readers[1], [4])[0] == {"__key__": "s1/004", "txt": b"text 4" * 5, "cls": b"4"}


def test_wrong_calls(tmp_path: Path, sample_set: Write, token_set: Write) -> None:
    reader = ShardReader(str(tmp_path), sample_set(tmp_path), 0)
    for rows in ([5], [-1], [0, 99]):
        with pytest.raises(IndexError, match="rows 0 to 4"):
            read(reader, rows)
    with pytest.raises(UsageError, match=r"no field 'text'.*Did you mean 'txt'"):
        read(reader, [0], ["text"])
    with pytest.raises(UsageError, match=r"sample by sample.*tokens"):
        ShardReader("memory://reader-tokens", token_set("memory://reader-tokens"), 0)


@pytest.mark.parametrize("url", ["", "memory://reader-damage"])
def test_a_flipped_byte_is_found_in_its_sample_only(tmp_path: Path, sample_set: Write, url: str) -> None:
    folder = url or str(tmp_path)
    manifest = sample_set(folder)
    reader = ShardReader(folder, manifest, 0)
    offset = int(reader.index.offsets[2, 1])
    system, path = fsspec.core.url_to_fs(f"{folder}/{manifest.shards[0].name}")
    data = bytearray(system.cat(path))
    data[offset] ^= 1
    system.pipe(path, bytes(data))
    reader.close()
    assert len(read(reader, [0, 1, 3, 4])) == 4
    with pytest.raises(
        CorruptSampleError, match=r"row 2 of shards/00000.tar is damaged.*checksum.*headrace verify"
    ) as caught:
        read(reader, [0, 2, 4])
    assert isinstance(caught.value, CorruptRowError)
    assert (caught.value.shard, caught.value.row) == ("shards/00000.tar", 2)
    again = pickle.loads(pickle.dumps(caught.value))
    assert (str(again), again.row) == (str(caught.value), 2)


def test_a_truncated_tar(tmp_path: Path, sample_set: Write) -> None:
    manifest = sample_set(tmp_path)
    reader = ShardReader(str(tmp_path), manifest, 1)
    os.truncate(tmp_path / manifest.shards[1].name, int(reader.index.offsets[3, 0]) + 4)
    assert len(read(reader, [0, 1, 2])) == 3
    with pytest.raises(CorruptRowError, match=r"row 3.*4 of 24 bytes; the shard is cut off"):
        read(reader, [3])
    with pytest.raises(CorruptRowError, match=r"row 4.*0 of"):
        read(reader, [4])


def test_missing_files(tmp_path: Path, sample_set: Write) -> None:
    manifest = sample_set(tmp_path)
    (tmp_path / "shards/00000.tar").unlink()
    (tmp_path / "shards/00001.index.npz").unlink()
    with pytest.raises(ShardError, match=r"there is no .*00000.tar"):
        read(ShardReader(str(tmp_path), manifest, 0), [0])
    with pytest.raises(ShardError, match=r"there is no .*00001.index.npz"):
        read(ShardReader(str(tmp_path), manifest, 1), [0])


def test_the_index_of_another_shard(tmp_path: Path, sample_set: Write) -> None:
    manifest = sample_set(tmp_path)
    (tmp_path / "shards/00000.index.npz").write_bytes((tmp_path / "shards/00001.index.npz").read_bytes())
    with pytest.raises(ShardError, match=r"not the index that the manifest names.*sha256"):
        read(ShardReader(str(tmp_path), manifest, 0), [0])


def test_forks_and_pickles_read_on(tmp_path: Path, sample_set: Write) -> None:
    for folder in (str(tmp_path), "memory://reader-fork"):
        reader = ShardReader(folder, sample_set(folder), 0)
        expected = read(reader, [3, 1])
        assert read(pickle.loads(pickle.dumps(reader)), [3, 1]) == expected
        assert len(pickle.dumps(reader)) < 2000
        child = os.fork()
        if not child:
            os._exit(0 if read(reader, [3, 1]) == expected else 1)
        assert os.waitpid(child, 0)[1] == 0
        assert read(reader, [3, 1]) == expected


class Flaky:
    """A real file whose first answer has a wrong byte, as a bad network card or proxy gives."""

    def __init__(self, place: str) -> None:
        self._file = open_source(place)
        self.reads = 0

    def read(self, starts: Sequence[int], sizes: Sequence[int]) -> list[bytes]:
        self.reads += 1
        found = self._file.read(starts, sizes)
        return [b"X" + each[1:] for each in found] if self.reads == 1 else found

    def read_again(self, starts: Sequence[int], sizes: Sequence[int]) -> list[bytes]:
        return self.read(starts, sizes)

    def close(self) -> None:
        self._file.close()


def test_a_fault_of_the_way_is_mended_by_a_second_fetch(tmp_path: Path, sample_set: Write) -> None:
    manifest = sample_set(tmp_path)
    index = ShardReader(str(tmp_path), manifest, 0).index
    flaky = Flaky(str(tmp_path / manifest.shards[0].name))
    cells = [table[:, 0].tolist() for table in (index.offsets, index.sizes, index.crcs)]
    assert read_checked(flaky, "x", int, *cells) == [b"text %d" % row * (row + 1) for row in range(5)]
    assert flaky.reads == 6
