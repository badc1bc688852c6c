"""Walk over anybody's tar in one forward pass, without seeking, so that it can be hashed or come from a pipe.

USTAR, old V7, GNU long names and pax headers (global ones too) are understood. Directories and volume labels are passed
over. A link, hard or symbolic, to a file of the same tar is that file's content under another name. Other links,
devices, and sparse files have no content in the tar that could be read as one range, and are refused. Unlike `tarfile`,
which takes a damaged header in mid-archive for its end and needs no end-of-archive mark, this raises wherever the
archive does not go on or end well.
"""

import posixpath
import re
import sys
import tarfile
from array import array
from dataclasses import dataclass, field
from typing import NamedTuple

import google_crc32c

from ..base.errors import ShardError
from .forward import ForwardReader, Source
from .header import Header, parse, text
from .tar import BLOCK

_PAX = (tarfile.XHDTYPE, tarfile.SOLARIS_XHDTYPE)
_EXTENSIONS = (*_PAX, tarfile.XGLTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK)
_LARGEST_EXTENSION = 1 << 20
_SMALL = 64 << 10
_FILES = (tarfile.REGTYPE, tarfile.AREGTYPE, tarfile.CONTTYPE)
_LINKS = (tarfile.LNKTYPE, tarfile.SYMTYPE)
_FOLDER_LIST, _VOLUME_LABEL = b"D", b"V"
_END = bytes(BLOCK)


@dataclass
class Contents:
    """The files of a tar in their order: content i is `sizes[i]` bytes from byte `offsets[i]`."""

    names: list[str] = field(default_factory=list)
    offsets: "array[int]" = field(default_factory=lambda: array("q"))
    sizes: "array[int]" = field(default_factory=lambda: array("q"))
    crcs: "array[int]" = field(default_factory=lambda: array("q"))
    """CRC-32C of each."""
    trailing: int = 0
    """Bytes from the first that is not zero behind the end-of-archive mark: what no reader of tars reads."""

    def add(self, name: str, offset: int, size: int, crc: int) -> None:
        """Append a file."""
        self.names.append(name)
        self.offsets.append(offset)
        self.sizes.append(size)
        self.crcs.append(crc)

    def copy(self, number: int, source: int) -> None:
        """Let a file be another name of a second one's content."""
        for column in (self.offsets, self.sizes, self.crcs):
            column[number] = column[source]


def scan(source: Source) -> Contents:
    """Every file of a tar; the source is read to its end.

    Raises:
        ShardError: The tar is truncated, a header is damaged, or a member has no content that could be read as one
            range.
    """
    stream = ForwardReader(source)
    found = Contents()
    position = 0
    common: dict[str, str] = {}
    special: dict[str, str] = {}
    links: dict[int, _Link] = {}
    while (block := stream.read(BLOCK)) != _END:
        header = parse(block, position)
        position += BLOCK
        if header.kind in _EXTENSIONS:
            records = _extension(stream, header, position)
            if header.kind == tarfile.XGLTYPE:
                common |= records
            else:
                special = records | special
            position += _padded(header.size)
            continue
        extension = common | special if common else special
        special = {}
        name = extension.get("path", header.name)
        if header.kind in _FILES and not _is_old_folder(header):
            _refuse_sparse(name, extension, position)
            size = int(extension["size"]) if "size" in extension else header.size
            found.add(name, position, size, _checksum(stream, size, name))
            position += _padded(size)
        elif header.kind in _LINKS:
            target = extension.get("linkpath") or text(header.target.partition(b"\0")[0])
            if header.kind == tarfile.SYMTYPE:
                target = posixpath.join(posixpath.dirname(name), target)
            links[len(found.names)] = _Link(posixpath.normpath(target), position)
            found.add(name, -1, -1, 0)
        elif header.kind in (_FOLDER_LIST, _VOLUME_LABEL):
            _checksum(stream, header.size, name)
            position += _padded(header.size)
        elif header.kind != tarfile.DIRTYPE and not _is_old_folder(header):
            kind = "a sparse file" if header.kind == tarfile.GNUTYPE_SPARSE else "a special file"
            raise _no_content(name, kind, position)
    _resolve(found, links)
    found.trailing = _trailing(stream)
    return found


class _Link(NamedTuple):
    target: str
    position: int


def _resolve(found: Contents, links: dict[int, _Link]) -> None:
    """Give links the content of the files to which they lead, over other links or not."""
    if not links:
        return
    numbers = {posixpath.normpath(name): each for each, name in enumerate(found.names) if each not in links}
    while resolved := [each for each, link in links.items() if link.target in numbers]:
        for each in resolved:
            found.copy(each, numbers[links.pop(each).target])
            numbers.setdefault(posixpath.normpath(found.names[each]), each)
    for each, link in links.items():
        raise _no_content(found.names[each], f"a link to '{link.target}', which is no file of the tar", link.position)


def _is_old_folder(header: Header) -> bool:
    """The oldest tars know no kinds: a folder is a file whose name ends with a slash."""
    return header.kind == tarfile.AREGTYPE and header.name.endswith("/")


def _refuse_sparse(name: str, extension: dict[str, str], position: int) -> None:
    if extension and any(each.startswith("GNU.sparse") for each in extension):
        raise _no_content(extension.get("GNU.sparse.name", name), "a sparse file", position)


def _no_content(name: str, found: str, position: int) -> ShardError:
    return ShardError(
        f"the tar's member '{name}' at byte {position - BLOCK:,} has no content of its own",
        found=found,
        expected="regular files, links to such, and directories",
        remedy="Pack the tar again with `tar --dereference --hard-dereference`, and without `--sparse`",
    )


def _extension(stream: ForwardReader, header: Header, position: int) -> dict[str, str]:
    """What a header that stands before a member's own says of that member."""
    if header.size > _LARGEST_EXTENSION:
        raise ShardError(
            f"the tar has an extended header of {header.size:,} bytes at byte {position:,}",
            expected=f"at most {_LARGEST_EXTENSION:,}",
        )
    content = _exactly(stream, _padded(header.size), "extended header")[: header.size]
    if header.kind == tarfile.GNUTYPE_LONGNAME:
        return {"path": text(content.partition(b"\0")[0])}
    if header.kind == tarfile.GNUTYPE_LONGLINK:
        return {"linkpath": text(content.partition(b"\0")[0])}
    return _pax(content)


def _pax(records: bytes) -> dict[str, str]:
    """The records of a pax header, each `length key=value newline`."""
    found = {}
    records = records.rstrip(b"\0")
    while records:
        digits, _, _ = records.partition(b" ")
        length = int(digits) if digits.isdigit() and len(digits) < 10 else 0
        key, equals, value = records[len(digits) + 1 : length].partition(b"=")
        if not equals or not value.endswith(b"\n") or length > len(records):
            raise ShardError("the tar has a damaged pax header", found=repr(records[:40]))
        found[text(key)] = text(value[:-1])
        records = records[length:]
    if "size" in found and not re.fullmatch("[0-9]{1,18}", found["size"]):
        raise ShardError("the tar has a damaged pax header", found=f"the size {found['size']!r:.40}")
    return found


def _checksum(stream: ForwardReader, size: int, name: str) -> int:
    """The CRC-32C of the next `size` bytes; what fills their last block is read as well."""
    if size <= _SMALL:
        return int(google_crc32c.value(_exactly(stream, _padded(size), name)[:size]))
    checksum, missing = 0, size
    for piece in stream.pieces(size):
        checksum = google_crc32c.extend(checksum, piece)
        missing -= len(piece)
    _expect(missing, name)
    _exactly(stream, -size % BLOCK, name)
    return checksum


def _exactly(stream: ForwardReader, size: int, name: str) -> bytes:
    data = stream.read(size)
    _expect(size - len(data), name)
    return data


def _expect(missing: int, name: str) -> None:
    if missing:
        raise ShardError(
            f"the tar ends within the member '{name}'",
            found=f"{missing:,} bytes less",
            remedy="Copy the tar again, or make it anew",
        )


def _trailing(stream: ForwardReader) -> int:
    """Reads the rest; how many bytes of it come from the first that is not zero."""
    trailing = 0
    for piece in stream.pieces(sys.maxsize):
        trailing += len(piece) if trailing else len(piece.lstrip(b"\0"))
    return trailing


def _padded(size: int) -> int:
    return size + -size % BLOCK
