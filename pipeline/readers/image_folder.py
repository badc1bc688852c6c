"""Images in a folder and all below it, read as one input through the folder's listing."""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, ClassVar

import fsspec
import pyarrow as pa

from ..records import BatchBuilder
from ._folder_listing import list_folder, parse_line
from ._images import ImageReader
from .base import Span


@dataclass(frozen=True)
class ImageFolder(ImageReader):
    """The image files below a folder, in the order of their paths; links to files and folders are followed.

    A record's position is its place in that order. A file that has vanished or changed its size since the folder was
    listed fails.
    """

    patterns: ClassVar[tuple[str, ...]] = ()
    opens_folder: ClassVar[bool] = True

    def open(self, url: str) -> IO[bytes]:
        """The folder's listing."""
        return io.BytesIO(list_folder(url, self.takes))

    def spans(self, file: IO[bytes], size: int, target: int) -> list[Span]:
        """Runs of files of about `target` bytes together; none where no file counts."""
        spans: list[Span] = []
        start = held = index = 0
        file.seek(0)
        for index, line in enumerate(file, 1):
            try:
                held += parse_line(line).size
            except ValueError:
                continue
            if held >= target:
                spans.append(Span(start, index))
                start, held = index, 0
        return [*spans, Span(start, index)] if start < index else spans

    def read(self, file: IO[bytes], span: Span) -> Iterator[pa.RecordBatch]:
        """The images of the span."""
        builder = BatchBuilder(self.payload)
        file.seek(0)
        for position, line in enumerate(file):
            if not span.start <= position < span.stop:
                continue
            try:
                listed = parse_line(line)
            except ValueError as error:
                builder.add(position, None, size=len(line), error=str(error))
                continue
            path = listed.path.encode("utf-8", "replace").decode()
            try:
                content = self._content(listed.url, listed.size)
            except (OSError, ValueError) as problem:
                self.add_failure(builder, position, path, listed.size, f"the file cannot be read: {problem}")
            else:
                self.add(builder, position, path, content)
            if builder.full:
                yield builder.take()
        yield from builder.rest()

    def _content(self, url: str, size: int) -> bytes:
        """A file's bytes.

        Raises:
            ValueError: They are more than the limit, or not as many as were listed.
        """
        if size > self.max_bytes:
            raise ValueError(f"it has {size} bytes, more than the limit of {self.max_bytes}")
        with fsspec.open(url, "rb") as opened:
            content: bytes = opened.read(size + 1)
        if len(content) != size:
            raise ValueError(f"it had {size} bytes when the folder was listed, and has others now")
        return content


# A listing as `open` makes it; the addresses hold their files themselves.
EXAMPLES: tuple[tuple[bytes, tuple[bytes | None, ...]], ...] = (
    (
        b'{"path": "a.png", "size": 3, "mtime": "", "url": "data:;base64,b25l"}\n'
        b'{"path": "b.png", "size": 9, "mtime": "", "url": "data:;base64,b25l"}\n'
        b'{"path": "c.png", "size": 0, "mtime": "", "url": "data:;base64,"}\n',
        (b"one", None, None),
    ),
)
