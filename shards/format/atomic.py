"""Files that appear whole or not at all: a temporary name, fsync, one rename (or a single put on an object store)."""

import errno
import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from ..base.errors import InputError
from .urls import filesystem, local_path

TEMPORARY = ".tmp"
"""The ending of temporary names; a process that is killed may leave such a file, hidden, beside its target."""

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@contextmanager
def atomic_write(url: str | Path) -> Iterator[BinaryIO]:
    """A binary file that takes its place when the block ends well, and leaves nothing behind when it does not.

    Args:
        url: The file; its folder is made where it is missing. What is not on this machine is written to the
            system's temporary folder first and then put in one go.

    Raises:
        InputError: The disk is full, or a quota or the file system's size limit is reached.
    """
    path = local_path(url)
    try:
        if path is None:
            with _put(str(url)) as stream:
                yield stream
        else:
            with _rename(path) as stream:
                yield stream
    except OSError as error:
        if error.errno not in _FULL:
            raise
        raise InputError(
            f"{url} could not be written",
            found=error.strerror or "no space left",
            remedy="Free space (nothing half-written was left), then run the same command again",
        ) from error


def write_whole(url: str | Path, data: bytes) -> None:
    """Write a small file atomically."""
    with atomic_write(url) as stream:
        stream.write(data)


def remove_leftovers(folder: Path) -> list[Path]:
    """Delete what killed processes left half-written in a folder; call it while nobody writes there."""
    leftovers = sorted(folder.glob(f".*{TEMPORARY}"))
    for path in leftovers:
        path.unlink(missing_ok=True)
    return leftovers


def sync(path: Path) -> None:
    """Make what a file holds, or which names a folder holds, outlast a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _rename(path: Path) -> Iterator[BinaryIO]:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}{TEMPORARY}")
    try:
        with open(temporary, "xb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync(path.parent)


@contextmanager
def _put(url: str) -> Iterator[BinaryIO]:
    system, inner = filesystem(url)
    with tempfile.NamedTemporaryFile() as stream:
        yield stream  # type: ignore[misc]  # typeshed's wrapper is a BinaryIO in all but name
        stream.flush()
        system.put_file(stream.name, inner)
