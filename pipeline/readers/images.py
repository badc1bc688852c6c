"""Images in an archive: zip, or tar (plain, gzip or zstd). Nothing is extracted: a path is only a name."""

import io
import lzma
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, ClassVar, Literal

import pyarrow as pa

from ..records import MAX_POSITION, BatchBuilder
from ._decompressed import Decompressed
from ._images import ImageReader
from ._tar_members import tar_members
from .base import Span

_ZIP_MAGIC = b"PK"
_ZIP_ERRORS = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    NotImplementedError,  # a compression method that Python lacks
    RuntimeError,  # an encrypted member
    EOFError,
    OSError,
    ValueError,
)


@dataclass(frozen=True)
class Images(ImageReader):
    """The image files of an archive, in the archive's order.

    A record's position is its place in a zip's directory, or the byte offset of its header in a tar's content.
    """

    patterns: ClassVar[tuple[str, ...]] = ("*.zip", "*.tar", "*.tar.gz", "*.tgz", "*.tar.zst")

    def spans(self, file: IO[bytes], size: int, target: int) -> list[Span]:
        """Parts of a zip's directory; a tar is read in one piece."""
        if not _is_zip(file):
            return [Span(0, MAX_POSITION)]
        try:
            members = zipfile.ZipFile(file).infolist()
        except _ZIP_ERRORS:
            return [Span(0, 1)]
        spans: list[Span] = []
        start = held = 0
        for index, member in enumerate(members):
            held += member.compress_size
            if held >= target:
                spans.append(Span(start, index + 1))
                start, held = index + 1, 0
        return [*spans, Span(start, len(members))] if start < len(members) else spans or [Span(0, 1)]

    def read(self, file: IO[bytes], span: Span) -> Iterator[pa.RecordBatch]:
        """The images of the span."""
        builder = BatchBuilder(self.payload)
        for _ in self._zip(builder, file, span) if _is_zip(file) else self._tar(builder, file):
            if builder.full:
                yield builder.take()
        yield from builder.rest()

    def _zip(self, builder: BatchBuilder, file: IO[bytes], span: Span) -> Iterator[None]:
        try:
            archive = zipfile.ZipFile(file)
        except _ZIP_ERRORS as error:
            builder.add(0, None, size=file.seek(0, io.SEEK_END), error=f"the zip has no readable directory: {error}")
            return
        for position, member in enumerate(archive.infolist()[span.start : span.stop], span.start):
            # Names may hold halves of surrogate pairs, which no column can.
            path = member.filename.encode("utf-8", "replace").decode()
            if member.is_dir() or not self.takes(path):
                continue
            try:
                content = self._content(archive, member)
            except _ZIP_ERRORS as problem:
                message = f"the zip member cannot be read: {problem}"
                self.add_failure(builder, position, path, member.file_size, message)
            else:
                self.add(builder, position, path, content)
            yield

    def _content(self, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
        """A member's bytes.

        Raises:
            ValueError: They are more than the limit, as declared or in fact.
        """
        if member.file_size > self.max_bytes:
            raise ValueError(f"it has {member.file_size} bytes, more than the limit of {self.max_bytes}")
        with archive.open(member) as opened:
            content = opened.read(self.max_bytes + 1)
        if len(content) != member.file_size:
            raise ValueError(f"it has {len(content)} bytes, not the {member.file_size} that the directory says")
        return content

    def _tar(self, builder: BatchBuilder, file: IO[bytes]) -> Iterator[None]:
        stream = Decompressed(file)
        end = 0
        for member in tar_members(stream.read, self.max_bytes):
            end = member.offset + 1
            if member.content is None and not member.path:
                builder.add(member.offset, None, size=member.size, error=member.error)
            elif not self.takes(member.path):
                continue
            elif member.content is None:
                self.add_failure(builder, member.offset, member.path, member.size, member.error)
            else:
                self.add(builder, member.offset, member.path, member.content)
            yield
        if stream.damage is not None:
            builder.add(end, None, error=stream.damage)
        elif file.seek(0, io.SEEK_END) == 0:
            builder.add(0, None, error="the file is empty")


def _is_zip(file: IO[bytes]) -> bool:
    file.seek(0)
    return file.read(len(_ZIP_MAGIC)) == _ZIP_MAGIC


_FILES = {"a/1.png": b"one", "notes.txt": b"no image", "a/2.jpg": b"", "../3.JPG": b"three"}


def _zipped() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in _FILES.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def _tarred(mode: Literal["w", "w:gz"]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as archive:
        for name, content in _FILES.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


EXAMPLES: tuple[tuple[bytes, tuple[bytes | None, ...]], ...] = (
    (_zipped(), (b"one", None, b"three")),
    (_tarred("w"), (b"one", None, b"three")),
    (_tarred("w:gz"), (b"one", None, b"three")),
    (b"", (None,)),
    (b"neither zip nor tar", (None,)),
)
