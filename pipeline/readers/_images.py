"""What all readers of images share: which files count, and what a path says of an image."""

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

from ..records import BatchBuilder
from .base import Reader

EXTENSIONS = ("jpg", "jpeg", "png", "webp", "gif", "bmp", "tif", "tiff")


@dataclass(frozen=True)
class ImageReader(Reader):
    """A reader whose records are image files with paths.

    A file whose name has another extension is no record, nor is what macOS adds to archives. `meta` holds `path`, `ext`
    and the groups of `meta_from_path`.

    Args:
        meta_from_path: A regular expression searched for in the path; its named groups enter `meta`, as
            `(?P<split>train|test)/(?P<label>[^/]+)/`.
        extensions: What image files' names end in, in lower case, without the dot.
        max_bytes: A larger file fails.
    """

    payload: ClassVar[str] = "image"

    meta_from_path: str = ""
    extensions: tuple[str, ...] = EXTENSIONS
    max_bytes: int = 64 << 20

    def __post_init__(self) -> None:
        try:
            re.compile(self.meta_from_path)
        except re.error as error:
            raise ValueError(f"meta_from_path is no regular expression: {error}") from None

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        return re.compile(self.meta_from_path)

    def takes(self, path: str) -> bool:
        """Whether a file of this name is a record."""
        return _extension(path) in self.extensions and not path.startswith("__MACOSX/") and "/__MACOSX/" not in path

    def add(self, builder: BatchBuilder, position: int, path: str, content: bytes) -> None:
        """Append one image; an empty file is a failure."""
        if content:
            builder.add(position, content, meta=self._meta(path))
        else:
            self.add_failure(builder, position, path, 0, "the file is empty")

    def add_failure(self, builder: BatchBuilder, position: int, path: str, size: int, error: str | None) -> None:
        """Append an image of `size` bytes that could not be read."""
        builder.add(position, None, meta=self._meta(path), size=size, error=error or "the file cannot be read")

    def _meta(self, path: str) -> dict[str, Any]:
        match = self._pattern.search(path) if self.meta_from_path else None
        return {"path": path, "ext": _extension(path), **(match.groupdict() if match else {})}


def _extension(path: str) -> str:
    name = path.rpartition("/")[2]
    return name.rpartition(".")[2].lower() if "." in name else ""
