"""What all readers of images share: which files count, and what a path says of an image."""

import re
from dataclasses import dataclass
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
        paths: A regular expression: a file whose path it is not found in is no record, as `^train/`.
        meta_from_path: A regular expression searched for in the path; its named groups enter `meta`, as
            `(?P<split>train|test)/(?P<label>[^/]+)/`.
        extensions: What image files' names end in, in lower case, without the dot.
        max_bytes: A larger file fails.
    """

    payload: ClassVar[str] = "image"

    paths: str = ""
    meta_from_path: str = ""
    extensions: tuple[str, ...] = EXTENSIONS
    max_bytes: int = 64 << 20

    def __post_init__(self) -> None:
        for name in ("paths", "meta_from_path"):
            try:
                re.compile(getattr(self, name))
            except re.error as error:
                raise ValueError(f"{name} is no regular expression: {error}") from None

    def takes(self, path: str) -> bool:
        """Whether a file of this name is a record."""
        if path.startswith("__MACOSX/") or "/__MACOSX/" in path:
            return False
        return _extension(path) in self.extensions and re.search(self.paths, path) is not None

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
        match = re.search(self.meta_from_path, path) if self.meta_from_path else None
        return {"path": path, "ext": _extension(path), **(match.groupdict() if match else {})}


def _extension(path: str) -> str:
    name = path.rpartition("/")[2]
    return name.rpartition(".")[2].lower() if "." in name else ""
