"""Tars whose bytes depend on names and contents alone.

The bytes are those of `tarfile` in PAX_FORMAT with mtime, uid and gid 0, mode 0644 and no user names: a USTAR header
per member, preceded by a pax header only where a name is longer than 100 bytes or not ASCII, or a member has 8 GiB or
more. Usual headers are assembled here, because `tarfile` takes ten times as long for one.
"""

import tarfile
from dataclasses import dataclass
from typing import Protocol

import google_crc32c

BLOCK = 512
_RECORD = 20 * BLOCK
_LARGEST_USTAR = 8**11 - 1

# The constant parts of a USTAR header: mode, uid, gid | mtime | type, link, magic, two names, device, prefix, padding.
_OWNER = b"0000644\0" + b"0000000\0" * 2
_TIME = b"00000000000\0"
_TAIL = b"0" + bytes(100) + b"ustar\00000" + bytes(32 + 32 + 8 + 8 + 155 + 12)
_CONSTANT_SUM = sum(_OWNER) + sum(_TIME) + sum(_TAIL) + 8 * ord(" ")


class Sink(Protocol):
    """Where a tar is written."""

    def write(self, data: bytes, /) -> object:
        """Take all of `data`."""


@dataclass(frozen=True, slots=True)
class Member:
    """Where a member's content lies in its tar: `size` bytes from byte `offset`, and their CRC-32C."""

    name: str
    offset: int
    size: int
    crc32c: int


class TarWriter:
    """Writes members one after the other.

    Args:
        sink: Where the tar goes, from its beginning; it stays open.
    """

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._offset = 0

    def add(self, name: str, data: bytes) -> Member:
        """Append one member."""
        size = len(data)
        head = header(name, size)
        member = Member(name, self._offset + len(head), size, google_crc32c.value(data))
        padding = -size % BLOCK
        self._sink.write(head)
        self._sink.write(data)
        self._sink.write(bytes(padding))
        self._offset = member.offset + size + padding
        return member

    def finish(self) -> None:
        """Write the end-of-archive blocks, filled up to a record as every tar program does."""
        self._sink.write(bytes(2 * BLOCK + -(self._offset + 2 * BLOCK) % _RECORD))


def header(name: str, size: int) -> bytes:
    """The header blocks of a regular file of `size` bytes."""
    if len(name) > 100 or not name.isascii() or size > _LARGEST_USTAR:
        info = tarfile.TarInfo(name)
        info.size = size
        return info.tobuf(tarfile.PAX_FORMAT)
    label, digits = name.encode("ascii"), b"%011o" % size
    checksum = _CONSTANT_SUM + sum(label) + sum(digits)
    return b"".join((label.ljust(100, b"\0"), _OWNER, digits, b"\0", _TIME, b"%06o\0 " % checksum, _TAIL))
