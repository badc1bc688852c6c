"""Samples of several shards at once, from here and from elsewhere, against reading one by one."""

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headrace.shards.format import gather
from headrace.shards.format.manifest import Manifest
from headrace.shards.format.reader import ShardReader
from headrace.shards.format.selection import Selection
from headrace.shards.format.source import LocalFile
from headrace.shards.format.writer import ShardWriter

FIELDS = st.dictionaries(st.sampled_from(["txt", "cls"]), st.binary(max_size=300), min_size=1)


@pytest.mark.parametrize("held", [1, 256])
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_samples_of_any_shards(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, held: int, data: st.DataObject
) -> None:
    monkeypatch.setattr(gather, "_HELD", held)
    shards = data.draw(st.lists(st.lists(FIELDS, min_size=1, max_size=4), min_size=1, max_size=4))
    readers = []
    keys = data.draw(st.lists(st.sampled_from(["", "a", "bc-", "é", "x" * 9]), min_size=4, max_size=4))
    for number, samples in enumerate(shards):
        local = data.draw(st.booleans())
        folder = str(tmp_path_factory.mktemp("selection")) if local else f"memory://selection-{number}"
        with ShardWriter(folder, "a.tar") as writer:
            for row, fields in enumerate(samples):
                writer.add(f"{keys[number]}{row}", fields)
        readers.append(ShardReader(folder, Manifest(kind="samples", name="x", shards=(writer.info,)), 0))
    every = [(number, row) for number, samples in enumerate(shards) for row in range(len(samples))]
    wanted = data.draw(st.lists(st.sampled_from(every), min_size=1, max_size=8))
    parts = []
    for number in sorted({number for number, _ in wanted}):
        places = [place for place, (of, _) in enumerate(wanted) if of == number]
        rows = np.array([wanted[place][1] for place in places])
        parts.append((readers[number], rows, np.array(places)))
    selection = Selection(parts)
    assert selection.sample_keys() == [f"{keys[number]}{row}" for number, row in wanted]
    found = selection.read(selection.fields())
    for name, packed in found.contents.items():
        expected = [shards[number][row].get(name) for number, row in wanted]
        assert [bytes(packed.value(place)) for place in range(len(wanted))] == [content or b"" for content in expected]
        lacking = found.absent.get(name, np.zeros(len(wanted), np.bool_))
        assert lacking.tolist() == [content is None for content in expected]


def test_closing_takes_a_file_from_nobody_who_reads_it(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"content")
    file = LocalFile(tmp_path / "file")
    opened = file.opened()
    file.close()
    assert os.pread(opened.descriptor, 7, 0) == b"content"
    assert file.opened() is not opened


def test_a_batch_of_many_shards_holds_few_files_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    readers = []
    for number in range(30):
        with ShardWriter(tmp_path / str(number), "a.tar") as writer:
            writer.add("0", {"bin": b"%d" % number})
        manifest = Manifest(kind="samples", name="x", shards=(writer.info,))
        readers.append(ShardReader(str(tmp_path / str(number)), manifest, 0))
    monkeypatch.setattr(gather, "_HELD", 4)
    parts = [(reader, np.zeros(1, np.int64), np.array([place])) for place, reader in enumerate(readers)]
    for reader in readers:
        reader.cells("bin")
    before = len(os.listdir("/proc/self/fd"))
    found = Selection(parts).read(["bin"])
    assert found.contents["bin"].values() == [b"%d" % number for number in range(30)]
    assert len(os.listdir("/proc/self/fd")) <= before
