"""The forward tar walk against `tarfile`, on good archives of every dialect and on damaged ones."""

import io
import tarfile
from typing import NamedTuple

import google_crc32c
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.shards.base.errors import ShardError
from headrace.shards.format.scan import scan
from headrace.shards.format.tar import TarWriter


class File(NamedTuple):
    name: str
    offset: int
    size: int
    crc32c: int


def files(data: bytes) -> list[File]:
    found = scan(io.BytesIO(data))
    return [*map(File, found.names, found.offsets, found.sizes, found.crcs)]


FORMATS = [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT]


def pack(members: list[tuple[str, bytes]], dialect: int) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=dialect) as tar:
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return stream.getvalue()


def ours(members: list[tuple[str, bytes]]) -> bytes:
    sink = io.BytesIO()
    writer = TarWriter(sink)
    for name, data in members:
        writer.add(name, data)
    writer.finish()
    return sink.getvalue()


@pytest.mark.parametrize("dialect", FORMATS)
@given(
    st.lists(
        st.tuples(st.from_regex(r"[a-zà-ü]{1,60}/[a-z]{1,70}\.[a-z]{3}", fullmatch=True), st.binary(max_size=1200)),
        max_size=8,
    )
)
def test_finds_what_tarfile_finds(dialect: int, members: list[tuple[str, bytes]]) -> None:
    data = pack(members, dialect)
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        expected = [(each.name, each.offset_data, each.size) for each in tar]
    found = files(data)
    assert [(each.name, each.offset, each.size) for each in found] == expected
    assert [each.crc32c for each in found] == [google_crc32c.value(content) for _, content in members]


@pytest.mark.parametrize("dialect", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_very_long_names(dialect: int) -> None:
    members = [("d/" * 200 + "a.txt", b"1"), ("b.txt", b"2")]
    assert [each.name for each in files(pack(members, dialect))] == [name for name, _ in members]


def test_a_negative_size_is_damage() -> None:
    header = bytearray(tarfile.TarInfo("a.txt").tobuf(tarfile.USTAR_FORMAT))
    header[124:136] = tarfile.itn(-5, 12, tarfile.GNU_FORMAT)
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    with pytest.raises(ShardError, match=r"damaged at byte 0. Found: a size of -5 bytes"):
        files(bytes(header) + bytes(10240))


def test_size_from_a_pax_record() -> None:
    info = tarfile.TarInfo("a.txt")
    info.size = 3
    info.pax_headers = {"size": "3", "comment": "a = b"}
    data = info.tobuf(tarfile.PAX_FORMAT) + b"abc".ljust(512, b"\0") + bytes(1024)
    assert [(each.size, each.offset) for each in files(data)] == [(3, 1536)]


def test_directories_are_passed_over() -> None:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        folder = tarfile.TarInfo("folder")
        folder.type = tarfile.DIRTYPE
        tar.addfile(folder)
        tar.addfile(tarfile.TarInfo("folder/a.txt"))
    assert [each.name for each in files(stream.getvalue())] == ["folder/a.txt"]


@pytest.mark.parametrize(
    ("kind", "words"),
    [(tarfile.SYMTYPE, "a link"), (tarfile.LNKTYPE, "a link"), (tarfile.FIFOTYPE, "a special file")],
)
def test_members_without_content_are_refused(kind: bytes, words: str) -> None:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        info = tarfile.TarInfo("a.txt")
        info.type, info.linkname = kind, "b.txt"
        tar.addfile(info)
    with pytest.raises(ShardError, match=f"a.txt.*{words}"):
        files(stream.getvalue())


@pytest.mark.parametrize("name", ["short.txt", "ü.txt"])
def test_every_truncation_is_noticed(name: str) -> None:
    data = ours([(name, b"x" * 700), ("b.txt", b"y" * 512)])
    *_, last = files(data)
    whole = last.offset + 512 + 512
    assert len(files(data[:whole])) == 2
    for length in range(0, whole, 64):
        with pytest.raises(ShardError):
            files(data[:length])


@given(st.integers(0, 5 * 512 - 1), st.integers(1, 255))
def test_a_damaged_byte_raises_or_changes_what_is_found(position: int, change: int) -> None:
    data = bytearray(ours([("a.txt", b"x" * 512), ("b.txt", b"y" * 512)]))
    before = files(bytes(data))
    data[position] ^= change
    try:
        after = files(bytes(data))
    except ShardError:
        return
    # Only the checksum field and the padding of a header may be damaged without anything being different.
    assert after != before or 148 <= position % 1024 < 156


def test_an_extension_that_would_fill_the_memory_is_refused() -> None:
    info = tarfile.TarInfo("a")
    info.type, info.size = tarfile.XHDTYPE, 1 << 40
    with pytest.raises(ShardError, match="extended header"):
        files(info.tobuf(tarfile.GNU_FORMAT) + bytes(1024))


@pytest.mark.parametrize(
    "records",
    [
        b"x path=a\n",
        b"99 path=a\n",
        b"9 path=ab",
        b"6 path\n",
        b"11 size=-1\n",
        b"0 \n",
        b"5013 size=" + b"9" * 5002 + b"\n",
    ],
)
def test_damaged_pax_records(records: bytes) -> None:
    info = tarfile.TarInfo("a")
    info.type, info.size = tarfile.XHDTYPE, len(records)
    with pytest.raises(ShardError, match="pax header"):
        files(info.tobuf(tarfile.USTAR_FORMAT) + records + bytes(-len(records) % 512 + 1024))
