"""The members of a gzip file, one by one, so that a damaged one costs only itself.

A WARC keeps one record per member (ISO 28500, annex D): after damage, reading goes on with the next member whose
content begins as it should. ISA-L inflates in half the time that zlib takes.
"""

import io
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

from isal import isal_zlib

MAGIC = b"\x1f\x8b\x08"
CHUNK = 64 << 10

BOMB_BYTES = 256 << 20
BOMB_RATIO = 400
"""Content that is both larger than this and more than so many times its compressed size is not read on: deflate
reaches 1032 on zeros, and markup stays below 50."""

READ = 1 << 20
FEED = 8 << 10
"""A file is read in large pieces and inflated in small ones: zlib copies what it is given beyond a member's end."""

_GZIP = 31
_NUMBER = re.compile(r"^Error -\d+ ")
_PREFIX_BYTES = 4096


class Pieces:
    """A seekable file that is read in large pieces and looked at in small ones."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._offset = 0
        self._held = b""

    def at(self, offset: int, size: int = FEED) -> bytes:
        """Bytes from `offset` on: at least one unless the file has ended, at most `size`."""
        start = offset - self._offset
        if not 0 <= start < len(self._held):
            self._file.seek(offset)
            self._held, self._offset, start = self._file.read(READ), offset, 0
        return self._held[start : start + size]


class Member:
    """The content of one gzip member, inflated as it is read.

    Args:
        pieces: The file.
        offset: Where the member begins.

    Attributes:
        end: The offset behind the member; known once it is read to its end without damage.
        damage: Why it could not be read to its end, checksum included; None while nothing is wrong.
    """

    def __init__(self, pieces: Pieces, offset: int) -> None:
        self.offset = offset
        self.end: int | None = None
        self.damage: str | None = None
        self._pieces = pieces
        self._next = offset
        self._compressed = b""
        self._inflated = 0
        self._inflater = isal_zlib.decompressobj(_GZIP)

    def read(self, size: int) -> bytes:
        """At most `size` bytes; none at the end of the member, or where damage begins."""
        while self.end is None and self.damage is None:
            if not self._compressed:
                self._compressed = self._pieces.at(self._next)
                self._next += len(self._compressed)
                if not self._compressed:
                    self.damage = "the file ends inside a gzip member"
                    break
            try:
                content = self._inflater.decompress(self._compressed, size)
            except isal_zlib.error as error:  # type: ignore[misc] # its stubs call the class an instance
                self.damage = f"damaged gzip member: {_NUMBER.sub('', str(error)).lower()}"
                break
            self._compressed = self._inflater.unconsumed_tail
            if self._inflater.eof:
                self.end = self._next - len(self._inflater.unused_data)
            self._inflated += len(content)
            if self._inflated > max(BOMB_BYTES, BOMB_RATIO * (self._next - self.offset)):
                self.damage = f"the gzip member inflates to more than {BOMB_RATIO} times its size"
            if content:
                return content
        return b""

    def drain(self) -> None:
        """Read the rest and forget it, so that `end` or `damage` is known."""
        while self.read(CHUNK):
            pass


@dataclass(frozen=True)
class Gap:
    """Bytes between two members that belong to none."""

    offset: int
    size: int


def members(file: IO[bytes], begins: bytes) -> Iterator[Member | Gap]:
    """Every member of a gzip file in order, and what lies between them.

    Args:
        file: A seekable file.
        begins: What a member's content begins with; by it the next member is told from chance after damage.
    """
    offset = 0
    pieces = Pieces(file)
    while (offset := _skip_padding(pieces, offset)) >= 0:
        if not _starts_member(pieces, offset):
            found = find_member(file, offset, begins)
            yield Gap(offset, (file.seek(0, io.SEEK_END) if found is None else found) - offset)
            if found is None:
                return
            offset = found
        member = Member(pieces, offset)
        yield member
        member.drain()
        if member.end is None:
            # Inflating runs on into what follows a member that was cut short: look again from its own beginning.
            following = find_member(file, offset + 1, begins)
            if following is None:
                return
            offset = following
        else:
            offset = member.end


def find_member(file: IO[bytes], offset: int, begins: bytes) -> int | None:
    """The offset, from `offset` on, of the first member whose content begins with `begins`."""
    overlap = len(MAGIC) - 1
    file.seek(offset)
    window = file.read(CHUNK)
    while len(window) > overlap:
        place = window.find(MAGIC)
        while place >= 0:
            if _content_begins(file, offset + place, begins):
                return offset + place
            place = window.find(MAGIC, place + 1)
        offset += len(window) - overlap
        file.seek(offset)
        window = file.read(CHUNK)
    return None


def _content_begins(file: IO[bytes], offset: int, begins: bytes) -> bool:
    file.seek(offset)
    try:
        return zlib.decompressobj(_GZIP).decompress(file.read(_PREFIX_BYTES), len(begins)) == begins
    except zlib.error:
        return False


def _starts_member(pieces: Pieces, offset: int) -> bool:
    first = pieces.at(offset, len(MAGIC))
    return first + pieces.at(offset + len(first), len(MAGIC) - len(first)) == MAGIC


def _skip_padding(pieces: Pieces, offset: int) -> int:
    """The offset of the first byte from `offset` on that is not NUL (tapes and block devices pad); -1 at the end."""
    while chunk := pieces.at(offset):
        rest = chunk.lstrip(b"\0")
        if rest:
            return offset + len(chunk) - len(rest)
        offset += len(chunk)
    return -1
