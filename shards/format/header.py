"""One header block of a tar, of any dialect, read as `tarfile` reads it but ten times as fast.

A block holds, as text that ends at a NUL: name (100 bytes), mode, uid, gid (8 each), size and mtime (12 each), checksum
(8), kind (1), link target (100), `ustar` (6), version (2), user and group (32 each), device (8 and 8), prefix (155).
Numbers are octal text, or binary with the first byte 0x80 (0xff where negative). The checksum is the sum of the block's
bytes, those of the checksum itself counted as spaces.
"""

import tarfile
import zlib
from struct import Struct
from typing import NamedTuple

from ..base.errors import ShardError
from .tar import BLOCK

_FIELDS = Struct("100s 24x 12s 12x 8s c 100s 88x 155s 12x")
_GNU_KINDS = (tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK, tarfile.GNUTYPE_SPARSE)
_SPACES = 8 * ord(" ")
_ADLER = 65521
"""Adler-32 holds, in its lower half, 1 + the sum of all bytes modulo this: the checksum in one call. A true sum is
about 10,000; that damage makes it wrong by exactly this much can be left out of account."""

_PACKED = {
    b"\x1f\x8b": ("gzip", "gunzip"),
    b"\x28\xb5\x2f\xfd": ("Zstandard", "unzstd"),
    b"BZh": ("bzip2", "bunzip2"),
    b"\xfd7zXZ": ("xz", "unxz"),
    b"\x04\x22\x4d\x18": ("LZ4", "unlz4"),
}


class Header(NamedTuple):
    """What a header block says of the member that follows."""

    name: str
    size: int
    kind: bytes
    target: bytes
    """Of a link."""


def parse(block: bytes, position: int) -> Header:
    """Read a header block.

    Args:
        block: 512 bytes, or what is left of the file.
        position: Where in the tar it lies, for errors.

    Raises:
        ShardError: It is no header, or damaged, or the file ends here.
    """
    if len(block) < BLOCK:
        raise _cut_off(block, position)
    name, size_text, sum_text, kind, target, prefix = _FIELDS.unpack(block)
    try:
        size, checksum = number(size_text), number(sum_text)
    except ValueError:
        raise _damaged(block, position, "no number where a number must be") from None
    plain_sum = checksum - _SPACES + sum(sum_text)
    if zlib.adler32(block) & 0xFFFF != (plain_sum + 1) % _ADLER and checksum != _signed_sum(block):
        raise _damaged(block, position, "bad checksum")
    if size < 0:
        raise _damaged(block, position, f"a size of {size:,} bytes")
    name = name.partition(b"\0")[0]
    if prefix[0] and kind not in _GNU_KINDS:
        name = prefix.partition(b"\0")[0] + b"/" + name
    return Header(text(name), size, kind, target)


def number(field: bytes) -> int:
    """A number, octal or binary.

    Raises:
        ValueError: It is neither.
    """
    if field[0] in (0x80, 0xFF):
        return int.from_bytes(field[1:], "big") - (256 ** (len(field) - 1) if field[0] == 0xFF else 0)
    return int(field.partition(b"\0")[0].strip() or b"0", 8)


def text(raw: bytes) -> str:
    """UTF-8; bytes that are none survive as surrogates, so that the name can be given back as it was."""
    return raw.decode("utf-8", "surrogateescape")


def _signed_sum(block: bytes) -> int:
    """The checksum as some old programs made it, of signed bytes."""
    others = block[:148] + block[156:]
    return sum(others) - 256 * sum(byte >= 128 for byte in others) + _SPACES


def _cut_off(block: bytes, position: int) -> ShardError:
    at_a_boundary = position > 0 and not block
    return _packed(block, position) or ShardError(
        f"the tar is damaged at byte {position:,}",
        found=f"a last block of {len(block)} bytes" if block else "the end of the file",
        expected="a member's header or the end-of-archive mark, 1,024 zero bytes",
        remedy="Copy the tar again"
        + ("; if it is known to be whole, `truncate -s +1024 FILE` adds the mark" if at_a_boundary else ""),
    )


def _damaged(block: bytes, position: int, found: str) -> ShardError:
    return _packed(block, position) or ShardError(
        f"the tar is damaged at byte {position:,}",
        found=found,
        expected="a member's header or the end-of-archive mark",
        remedy="Copy the tar again, or make it anew",
    )


def _packed(block: bytes, position: int) -> ShardError | None:
    """The error for a tar that is compressed as a whole, if it is."""
    for start, (kind, command) in _PACKED.items() if position == 0 else ():
        if block.startswith(start):
            return ShardError(
                "the tar is compressed as a whole, so that no sample can be read without all before it",
                found=kind,
                expected="a plain tar",
                remedy=f"Unpack it once with `{command}`; compress single members instead, as in `017.json.zst`",
            )
    return None
