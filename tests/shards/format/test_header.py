"""Header blocks, against `tarfile`'s own reading of them."""

import tarfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.shards.base.errors import ShardError
from headrace.shards.format.header import number, parse

FORMATS = [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT]


def summed(block: bytearray, signed: bool = False) -> bytes:
    block[148:156] = b" " * 8
    total = sum(block) - (256 * sum(byte >= 128 for byte in block) if signed else 0)
    block[148:156] = b"%06o\0 " % total
    return bytes(block)


@given(
    st.sampled_from(FORMATS),
    st.text("aé/.", min_size=1, max_size=40),
    st.integers(0, 8**11 - 1),
    st.sampled_from([tarfile.REGTYPE, tarfile.AREGTYPE, tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.GNUTYPE_SPARSE]),
    st.text("bü", max_size=20),
)
def test_headers_are_read_as_tarfile_reads_them(form: int, name: str, size: int, kind: bytes, target: str) -> None:
    info = tarfile.TarInfo(name)
    info.size, info.type, info.linkname = size, kind, target
    block = info.tobuf(tarfile.USTAR_FORMAT if form == tarfile.USTAR_FORMAT else form)[-512:]
    expected = tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
    found = parse(block, 0)
    assert found.size == expected.size
    assert found.name.rstrip("/") == expected.name.rstrip("/")
    assert found.target.partition(b"\0")[0].decode() == expected.linkname


@given(st.binary(min_size=512, max_size=512), st.booleans())
def test_any_names_are_read_as_tarfile_reads_them(noise: bytes, signed: bool) -> None:
    block = bytearray(noise)
    for begin, end in ((100, 148), (329, 345)):  # other numbers, which tarfile reads as well
        block[begin:end] = bytes(end - begin)
    block[124:136] = b"00000000017\0"
    block[156:157] = b"0"
    data = summed(block, signed)
    expected = tarfile.TarInfo.frombuf(data, "utf-8", "surrogateescape")
    assert parse(data, 0)[:2] == (expected.name, 15)
    with pytest.raises(ShardError, match="bad checksum"):
        parse(data[:200] + bytes([data[200] ^ 1]) + data[201:], 0)


@given(st.integers(-(256**11), 256**11 - 1))
def test_binary_numbers(value: int) -> None:
    field = tarfile.itn(value, 12, tarfile.GNU_FORMAT)
    assert number(field) == tarfile.nti(field) == value


@pytest.mark.parametrize("field", [b"0000017\0", b"     17\0", b"17 \0\0\0\0\0", b"\0" * 8, b"   17   "])
def test_octal_numbers(field: bytes) -> None:
    assert number(field) == tarfile.nti(field)


def test_a_number_that_is_none_is_damage() -> None:
    block = bytearray(tarfile.TarInfo("a").tobuf())
    block[124:136] = b"0000000008\0\0"
    with pytest.raises(ShardError, match="no number where a number must be"):
        parse(summed(block), 1024)


@pytest.mark.parametrize(
    ("start", "command"),
    [(b"\x1f\x8b\x08", "gunzip"), (b"\x28\xb5\x2f\xfd", "unzstd"), (b"BZh9", "bunzip2"), (b"\xfd7zXZ\0", "unxz")],
)
def test_tars_compressed_as_a_whole_are_named(start: bytes, command: str) -> None:
    with pytest.raises(ShardError, match=rf"compressed as a whole.*plain tar.*{command}"):
        parse(start.ljust(512, b"x"), 0)
    with pytest.raises(ShardError, match="damaged at byte 512"):
        parse(start.ljust(512, b"x"), 512)
