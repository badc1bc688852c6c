"""Walk over anybody's tar in one forward pass, without seeking, so that it can be hashed or come from a pipe.

USTAR, old V7, GNU long names and pax headers are understood; directories are passed over. Links, devices and sparse
files have no content of their own in the tar and are refused. Unlike `tarfile`, which takes a damaged header in
mid-archive for its end and needs no end-of-archive mark, this raises wherever the archive does not go on or end well.
"""

import re
import tarfile
from collections.abc import Iterator
from typing import Protocol

import google_crc32c

from ..base.errors import ShardError
from .digest import CHUNK
from .tar import BLOCK, Member

_PAX = (tarfile.XHDTYPE, tarfile.SOLARIS_XHDTYPE)
_EXTENSIONS = (*_PAX, tarfile.XGLTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK)
_LARGEST_EXTENSION = 1 << 20


class Source(Protocol):
    """A stream read from its beginning."""

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes; fewer only at the end."""


def scan(stream: Source) -> Iterator[Member]:
    """Every regular file of a tar, in order; each is read whole, in chunks.

    Raises:
        ShardError: The tar is truncated, a header is damaged, or a member is of a kind that has no content.
    """
    position = 0
    extension: dict[str, str] = {}
    while (block := stream.read(BLOCK)).count(0) != BLOCK:
        info = _parse(block, position)
        position += BLOCK
        if info.type in _EXTENSIONS:
            extension |= _extension(stream, info, position)
            position += _padded(info.size)
            continue
        if not info.isdir():
            name = extension.get("path", info.name)
            size = int(extension.get("size", info.size))
            _refuse_special(info, name, extension, position)
            yield Member(name, position, size, _checksum(stream, size, name))
            _exactly(stream, _padded(size) - size, name)
            position += _padded(size)
        extension = {}


def _parse(block: bytes, position: int) -> tarfile.TarInfo:
    try:
        info = tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
        # GNU's binary numbers have a sign.
        if info.size < 0:
            raise tarfile.HeaderError(f"a size of {info.size:,} bytes")
    except tarfile.HeaderError as error:
        raise ShardError(
            f"the tar is damaged at byte {position:,}",
            found="the end of the file" if len(block) < BLOCK else str(error),
            expected="a member's header or the end-of-archive mark",
        ) from error
    return info


def _refuse_special(info: tarfile.TarInfo, name: str, extension: dict[str, str], position: int) -> None:
    sparse = info.type == tarfile.GNUTYPE_SPARSE or any(each.startswith("GNU.sparse") for each in extension)
    if sparse or not info.isreg():
        kind = "a sparse file" if sparse else "a link" if info.islnk() or info.issym() else "a special file"
        raise ShardError(
            f"the tar's member '{name}' at byte {position - BLOCK:,} has no content of its own",
            found=kind,
            expected="regular files and directories",
            remedy="Pack the tar again with `tar --dereference --hard-dereference`",
        )


def _extension(stream: Source, info: tarfile.TarInfo, position: int) -> dict[str, str]:
    """What a header that stands before a member's own says of that member."""
    if info.size > _LARGEST_EXTENSION:
        raise ShardError(
            f"the tar has an extended header of {info.size:,} bytes at byte {position:,}",
            expected=f"at most {_LARGEST_EXTENSION:,}",
        )
    content = _exactly(stream, _padded(info.size), "extended header")[: info.size]
    if info.type in _PAX:
        return _pax(content)
    return {"path": _text(content.rstrip(b"\0"))} if info.type == tarfile.GNUTYPE_LONGNAME else {}


def _pax(records: bytes) -> dict[str, str]:
    """The records of a pax header, each `length key=value newline`."""
    found = {}
    while records:
        digits, _, _ = records.partition(b" ")
        length = int(digits) if digits.isdigit() and len(digits) < 10 else 0
        key, equals, value = records[len(digits) + 1 : length].partition(b"=")
        if not equals or not value.endswith(b"\n") or length > len(records):
            raise ShardError("the tar has a damaged pax header", found=repr(records[:40]))
        found[_text(key)] = _text(value[:-1])
        records = records[length:]
    if not re.fullmatch("[0-9]{1,18}", found.get("size", "0")):
        raise ShardError("the tar has a damaged pax header", found=f"the size {found['size']!r:.40}")
    return found


def _checksum(stream: Source, size: int, name: str) -> int:
    checksum = 0
    while size:
        chunk = _exactly(stream, min(size, CHUNK), name)
        checksum = google_crc32c.extend(checksum, chunk)
        size -= len(chunk)
    return checksum


def _exactly(stream: Source, size: int, name: str) -> bytes:
    data = stream.read(size)
    if len(data) < size:
        raise ShardError(f"the tar ends within the member '{name}'", found=f"{size - len(data):,} bytes less")
    return data


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")


def _padded(size: int) -> int:
    return size + -size % BLOCK
