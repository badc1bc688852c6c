"""Where files lie: local paths and fsspec URLs (s3://, gs://, https://, memory://, ...), told apart in one place."""

from pathlib import Path
from typing import Any, BinaryIO

import fsspec
from fsspec.implementations.local import LocalFileSystem


def join(folder: str | Path, name: str) -> str:
    """The place of the file `name` (with `/` between its parts) in a folder."""
    return f"{str(folder).rstrip('/')}/{name}"


def split(url: str | Path) -> tuple[str, str]:
    """The folder of a file and the file's name; a bare name lies in the folder '.'."""
    folder, slash, name = str(url).rpartition("/")
    return (folder or slash or "."), name


def filesystem(url: str | Path) -> tuple[Any, str]:
    """The fsspec file system behind a URL and the path within it."""
    found: tuple[Any, str] = fsspec.core.url_to_fs(str(url))
    return found


def local_path(url: str | Path) -> Path | None:
    """The path on this machine, or None where the URL leads elsewhere."""
    text = str(url)
    if "://" not in text and "::" not in text:
        return Path(text)
    system, path = filesystem(text)
    return Path(path) if isinstance(system, LocalFileSystem) else None


def open_stream(url: str | Path) -> BinaryIO:
    """A file to be read once from its beginning to its end.

    Raises:
        FileNotFoundError: There is no such file.
    """
    path = local_path(url)
    if path is not None:
        return open(path, "rb")
    system, inner = filesystem(url)
    stream: BinaryIO = system.open(inner, "rb", cache_type="readahead")
    return stream


def names_in(folder: str | Path) -> set[str]:
    """The names of what lies in a folder; none where it is missing or cannot be listed (plain HTTP)."""
    system, inner = filesystem(folder)
    try:
        return {str(each).rstrip("/").rpartition("/")[2] for each in system.ls(inner, detail=False)}
    except (FileNotFoundError, PermissionError, NotImplementedError):
        return set()
