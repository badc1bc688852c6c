"""The tar writer against `tarfile`, byte for byte."""

import io
import tarfile

import google_crc32c
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.shards.format.tar import TarWriter, header

NAMES = st.one_of(
    st.from_regex(r"[a-z0-9]{1,20}(/[a-z0-9]{1,20})?\.[a-z]{1,4}", fullmatch=True),
    st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=12).map(lambda name: name + ".txt"),
    st.integers(90, 300).map(lambda length: "k" * length),
)


def reference(members: list[tuple[str, bytes]]) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return stream.getvalue()


@given(st.lists(st.tuples(NAMES, st.binary(max_size=1500)), max_size=12))
def test_bytes_are_those_of_tarfile(members: list[tuple[str, bytes]]) -> None:
    sink = io.BytesIO()
    writer = TarWriter(sink)
    written = [writer.add(name, data) for name, data in members]
    writer.finish()
    assert sink.getvalue() == reference(members)
    for member, (name, data) in zip(written, members, strict=True):
        assert member.name == name
        assert sink.getvalue()[member.offset : member.offset + member.size] == data
        assert member.crc32c == google_crc32c.value(data)


@pytest.mark.parametrize("size", [0, 1, 511, 512, 8**11 - 1, 8**11, 2**40])
def test_header_of_any_size(size: int) -> None:
    info = tarfile.TarInfo("big.bin")
    info.size = size
    assert header("big.bin", size) == info.tobuf(tarfile.PAX_FORMAT)


def test_tarfile_reads_what_no_ustar_header_holds() -> None:
    names = ["ключ/ß.txt", "n" * 150 + ".txt", "plain.txt"]
    sink = io.BytesIO()
    writer = TarWriter(sink)
    for name in names:
        writer.add(name, name.encode())
    writer.finish()
    with tarfile.open(fileobj=io.BytesIO(sink.getvalue())) as tar:
        assert tar.getnames() == names
        for info in tar:
            assert (info.mtime, info.uid, info.gid, info.uname, info.gname, info.mode) == (0, 0, 0, "", "", 0o644)
