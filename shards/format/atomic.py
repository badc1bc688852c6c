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

_BUFFER = 1 << 20
"""Bytes that are written at once: what is written in large pieces lies in large pieces in the page cache, too, out of
which it is read in half the time."""
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@contextmanager
def atomic_write(url: str | Path) -> Iterator[BinaryIO]:
    """A binary file that takes its place when the block ends well, and leaves nothing behind when it does not.

    Args:
        url: The file; its folder is made where it is missing. What is not on this machine is written to the
            system's temporary folder first and then put in one go.

    Raises:
        InputError: There can be no such file, or the disk is full, or a quota or the file system's size limit reached.
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
        raise _refused(url, error) from error


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


def _refused(url: str | Path, error: OSError) -> InputError:
    return InputError(
        f"{url} could not be written",
        found=error.strerror or str(error),
        remedy="Free space, or choose another place (nothing half-written was left), then run the same command again",
    )


def sync(path: Path) -> None:
    """Make what a file holds, or which names a folder holds, outlast a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _rename(path: Path) -> Iterator[BinaryIO]:
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}{TEMPORARY}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, "a folder has this name", str(path))
        opened = open(temporary, "xb", _BUFFER)  # noqa: SIM115  # closed below; only its opening is to be guarded here
    except OSError as error:
        if error.errno in _FULL:
            raise
        raise _refused(path, error) from error
    try:
        with opened as stream:
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
