"""The files in a tar, read forward from any stream; a damaged header costs only its own member.

The standard library's `tarfile` takes a damaged header for the end of the archive and says nothing; here what follows
is found again by its checksum (a tar is made of blocks of 512 bytes).
"""

import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass

BLOCK = 512
CHUNK = 1 << 20
MAX_EXTENDED_HEADER = 1 << 20
"""A long name or a pax header of more bytes is no sane one."""

_ENCODING = ("utf-8", "replace")
_ABOUT_NEXT = (tarfile.XHDTYPE, tarfile.SOLARIS_XHDTYPE, tarfile.GNUTYPE_LONGNAME)
_ABOUT_OTHERS = (tarfile.XGLTYPE, tarfile.GNUTYPE_LONGLINK)


@dataclass(frozen=True)
class TarMember:
    """One file of a tar, or a part of it that is none.

    Args:
        offset: Where its header begins.
        path: Its name, "" for damage.
        size: Bytes of content as the header says, or of the damage.
        content: Its bytes; None if `error` is set.
        error: Why it cannot be read.
    """

    offset: int
    path: str
    size: int
    content: bytes | None = None
    error: str | None = None


def tar_members(read: Callable[[int], bytes], limit: int) -> Iterator[TarMember]:
    """Every regular file of a tar, and every error, in order.

    Args:
        read: Gives the next bytes, at most as many as asked for, none at the end.
        limit: A larger file is an error; it is passed over without being held in memory.
    """
    stream = _Blocks(read)
    path, size, start = None, None, None
    damaged = 0
    while block := stream.take(BLOCK):
        offset = stream.offset - len(block)
        header = _header(block)
        if header is None:
            if damaged or block.strip(b"\0"):
                damaged += len(block)
                path, size, start = None, None, None
            continue
        if damaged:
            yield TarMember(offset - damaged, "", damaged, error=f"{damaged} bytes that are no tar member")
            damaged = 0
        if header.type in _ABOUT_OTHERS:
            stream.pass_over(header.size + _padding(header.size))
            continue
        start = offset if start is None else start
        if header.type in _ABOUT_NEXT:
            extended = stream.take(min(header.size, MAX_EXTENDED_HEADER))
            stream.pass_over(header.size - len(extended) + _padding(header.size))
            if header.type == tarfile.GNUTYPE_LONGNAME:
                path = extended.rstrip(b"\0").decode(*_ENCODING)
            else:
                path, size = _pax(extended, path)
            continue
        size = header.size if size is None else size
        name = header.name if path is None else path
        if header.isreg() or header.type not in tarfile.SUPPORTED_TYPES:
            member = _member(stream, start, name, size, limit)
            if header.type == tarfile.GNUTYPE_SPARSE:
                yield TarMember(start, name, size, error="the file is stored with holes (a GNU sparse file)")
            elif header.isreg():
                yield member
        path, size, start = None, None, None
    if damaged:
        yield TarMember(stream.offset - damaged, "", damaged, error=f"{damaged} bytes that are no tar member")


def _member(stream: "_Blocks", start: int, path: str, size: int, limit: int) -> TarMember:
    """Read one file's content, or pass over it."""
    if size > limit:
        stream.pass_over(size + _padding(size))
        return TarMember(start, path, size, error=f"the file has {size} bytes, more than the limit of {limit}")
    content = stream.take(size)
    stream.pass_over(_padding(size))
    if len(content) < size:
        return TarMember(start, path, size, error=f"the archive ends after {len(content)} of the file's {size} bytes")
    return TarMember(start, path, size, content)


def _header(block: bytes) -> tarfile.TarInfo | None:
    """The header that a block holds; None where it holds none, or only zeros."""
    try:
        header = tarfile.TarInfo.frombuf(block, *_ENCODING)
    except (tarfile.HeaderError, ValueError):
        return None
    return header if header.size >= 0 else None


def _pax(data: bytes, path: str | None) -> tuple[str | None, int | None]:
    """What a pax header says of the next file's name and size: lines `<length> <key>=<value>`."""
    size: int | None = None
    while data:
        length, space, _ = data.partition(b" ")
        if not space or not length.isdigit() or not len(length) < int(length) <= len(data):
            break
        key, _, value = data[len(length) + 1 : int(length)].rstrip(b"\n").partition(b"=")
        if key == b"path":
            path = value.decode(*_ENCODING)
        elif key == b"size" and value.isdigit() and len(value) < 19:
            size = int(value)
        data = data[int(length) :]
    return path, size


def _padding(size: int) -> int:
    return -size % BLOCK


class _Blocks:
    """A stream that knows where it stands."""

    def __init__(self, read: Callable[[int], bytes]) -> None:
        self.offset = 0
        self._read = read

    def take(self, size: int) -> bytes:
        """The next `size` bytes, fewer only at the end."""
        parts: list[bytes] = []
        while size > 0 and (chunk := self._read(min(size, CHUNK))):
            parts.append(chunk)
            size -= len(chunk)
            self.offset += len(chunk)
        return b"".join(parts)

    def pass_over(self, size: int) -> None:
        """Forget the next `size` bytes."""
        while size > 0 and (chunk := self._read(min(size, CHUNK))):
            size -= len(chunk)
            self.offset += len(chunk)
