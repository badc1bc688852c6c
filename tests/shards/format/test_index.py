"""The sidecar index: made from a tar, written, read back, and refused when it contradicts itself."""

import io
import zipfile
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from webdataset import tariterators

from headrace.shards.base.errors import ShardError
from headrace.shards.format import npy
from headrace.shards.format.index import Index, IndexBuilder, index_name
from headrace.shards.format.survey import index_tar
from headrace.shards.format.tar import Member, TarWriter

KEYS = st.from_regex(r"[a-c]{1,3}(/[a-zé日]{1,3})?", fullmatch=True)
FIELDS = st.dictionaries(st.sampled_from(["txt", "jpg", "seg.png", "cls"]), st.binary(max_size=600), min_size=1)
SAMPLES = st.dictionaries(KEYS, FIELDS, max_size=8)


def write(samples: dict[str, dict[str, bytes]]) -> tuple[bytes, Index]:
    sink, builder = io.BytesIO(), IndexBuilder()
    writer = TarWriter(sink)
    for key, fields in samples.items():
        builder.add(key, {field: writer.add(f"{key}.{field}", data) for field, data in fields.items()})
    writer.finish()
    return sink.getvalue(), builder.build()


@given(SAMPLES)
def test_the_index_finds_every_field(samples: dict[str, dict[str, bytes]]) -> None:
    tar, index = write(samples)
    assert index.samples == len(samples)
    assert index.keys_of(range(len(samples))) == list(samples)
    for row, fields in enumerate(samples.values()):
        for column, field in enumerate(index.fields):
            offset, size = int(index.offsets[row, column]), int(index.sizes[row, column])
            assert (offset >= 0) == (field in fields)
            assert (size >= 0) == (field in fields)
            assert field not in fields or tar[offset : offset + size] == fields[field]


@given(SAMPLES)
def test_reading_the_tar_again_gives_the_same_bytes(samples: dict[str, dict[str, bytes]]) -> None:
    tar, index = write(samples)
    assert index_tar(io.BytesIO(tar)).dump() == index.dump()
    again = Index.load(index.dump(), "x")
    assert again.dump() == index.dump()
    assert again.keys_of(range(again.samples)) == list(samples)


@given(SAMPLES)
def test_numpy_opens_it(samples: dict[str, dict[str, bytes]]) -> None:
    _, index = write(samples)
    with np.load(io.BytesIO(index.dump()), allow_pickle=False) as arrays:
        assert arrays["fields"].tolist() == list(index.fields)
        assert np.array_equal(arrays["offsets"], index.offsets)
        assert arrays["crcs"].dtype == np.uint32


@given(
    st.lists(st.sampled_from(["a.txt", "a.JPG", "b.txt", "noext", "__m__/a.txt", "d/a.txt", "d.x/a.y.z"]), max_size=9)
)
def test_samples_are_grouped_as_webdataset_groups_them(names: list[str]) -> None:
    sink = io.BytesIO()
    writer = TarWriter(sink)
    for name in names:
        writer.add(name, name.encode())
    writer.finish()

    def theirs() -> list[tuple[str, list[str]]]:
        files = tariterators.tar_file_iterator(io.BytesIO(sink.getvalue()))
        grouped = tariterators.group_by_keys({**each, "__url__": "x"} for each in files)
        return [(each["__key__"], [key for key in each if not key.startswith("__")]) for each in grouped]

    try:
        expected = theirs()
    except ValueError:
        with pytest.raises(ShardError, match="twice"):
            index_tar(io.BytesIO(sink.getvalue()))
        return
    index = index_tar(io.BytesIO(sink.getvalue()))
    found = [
        (index.key(row), [field for column, field in enumerate(index.fields) if index.offsets[row, column] >= 0])
        for row in range(index.samples)
    ]
    assert [(key, set(fields)) for key, fields in found] == [(key, set(fields)) for key, fields in expected]


def small() -> dict[str, Any]:
    builder = IndexBuilder()
    builder.add("a", {"txt": Member("a.txt", 512, 3, 7), "cls": Member("a.cls", 1536, 1, 8)})
    builder.add("b", {"txt": Member("b.txt", 2560, 3, 9)})
    index = builder.build()
    names = ("fields", "offsets", "sizes", "crcs", "key_ends", "keys")
    return {name: np.array(index.fields) if name == "fields" else getattr(index, name) for name in names}


def archive(arrays: dict[str, Any], compression: int = zipfile.ZIP_STORED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", compression) as file:
        for name, array in arrays.items():
            file.writestr(f"{name}.npy", npy.dump(array))
    return stream.getvalue()


def test_the_arrays_are_those_that_the_documentation_names() -> None:
    index = Index.load(archive(small()), "x")
    assert index.fields == ("txt", "cls")
    assert index.offsets.tolist() == [[512, 1536], [2560, -1]]
    assert index.sizes.tolist() == [[3, 1], [3, -1]]
    assert index.crcs.tolist() == [[7, 8], [9, 0]]
    assert index.key_ends.tolist() == [1, 2]
    assert index.keys.tobytes() == b"ab"


@pytest.mark.parametrize(
    ("name", "array"),
    [
        ("fields", np.array(["txt"])),
        ("fields", np.array([1, 2])),
        ("offsets", np.zeros((2, 2), np.int32)),
        ("offsets", np.zeros((1, 2), np.int64)),
        ("offsets", np.zeros(4, np.int64)),
        ("offsets", np.full((2, 2), -2)),
        ("sizes", np.zeros((2, 2), np.int64)),
        ("crcs", np.zeros((2, 2), np.int64)),
        ("key_ends", np.array([2, 1])),
        ("key_ends", np.array([1, 3])),
        ("key_ends", np.array([1, 1])),
        ("key_ends", np.array([-1, 2])),
        ("keys", np.zeros((1, 2), np.uint8)),
    ],
)
def test_parts_that_contradict_each_other_are_refused(name: str, array: Any) -> None:
    with pytest.raises(ShardError, match="x is not the index of a tar"):
        Index.load(archive({**small(), name: array}), "x")


def test_other_files_are_refused() -> None:
    lacking = small()
    del lacking["crcs"]
    damaged = archive(small()).replace(b"NUMPY", b"NUMPZ")
    compressed = archive(small(), zipfile.ZIP_DEFLATED)
    for data in (b"", b"PK", archive(lacking), archive(small())[:-30], damaged, compressed):
        with pytest.raises(ShardError, match="not the index"):
            Index.load(data, "x")


def test_the_index_lies_beside_the_tar() -> None:
    assert index_name("shards/00000.tar") == "shards/00000.index.npz"
