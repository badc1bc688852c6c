"""One process fetches a shard: the one that holds the lock of the shard's part. The lock ends with the process."""

import fcntl
import os
from pathlib import Path
from typing import Any

from .folder import Folder


class Claim:
    """The right to fetch a shard, and the file to write it to, from its beginning to its end.

    Args:
        descriptor: The part, open and locked.
        part: Where it lies.
    """

    def __init__(self, descriptor: int, part: Path) -> None:
        self._descriptor = descriptor
        self._part = part
        self._written = 0

    def write(self, data: bytes) -> None:
        """Write what comes next.

        Raises:
            OSError: The disk is full, or fails.
        """
        view = memoryview(data)
        while view:
            count = os.pwrite(self._descriptor, view, self._written)
            self._written += count
            view = view[count:]

    def commit(self, folder: Folder, digest: str) -> None:
        """The shard is whole: it takes its name in the cache, and the lock ends.

        Raises:
            OSError: The disk is full, or fails.
        """
        os.fsync(self._descriptor)
        # Whoever lists the folder meanwhile might see it under both names, or under none.
        with folder.locked():
            os.rename(self._part, folder.shard(digest))
        self._close()

    def abandon(self) -> None:
        """Remove the part, if it is still there, and let go of the lock."""
        if self._descriptor >= 0:
            self._part.unlink(missing_ok=True)
            self._close()

    def _close(self) -> None:
        os.close(self._descriptor)
        self._descriptor = -1

    def __enter__(self) -> "Claim":
        return self

    def __exit__(self, *_: Any) -> None:
        self.abandon()


def claim(folder: Folder, digest: str, size: int) -> Claim | None:
    """Claim a shard; None where another process fetches it, or it is there already. Call it under the folder's lock.

    Args:
        folder: The cache.
        digest: The shard's SHA-256.
        size: Its bytes, which the part counts for from now on.

    Raises:
        OSError: The part cannot be made.
    """
    part = folder.part(digest)
    descriptor = os.open(part, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    # What was locked may meanwhile have become the shard itself, under its own name.
    if not _locked(descriptor, fcntl.LOCK_EX) or not _is(descriptor, part):
        os.close(descriptor)
        return None
    right = Claim(descriptor, part)
    if folder.shard(digest).exists():
        right.abandon()
        return None
    os.ftruncate(descriptor, 0)
    os.ftruncate(descriptor, size)
    return right


def under_way(folder: Folder, digest: str) -> bool:
    """Whether a process fetches a shard just now."""
    try:
        descriptor = os.open(folder.part(digest), os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False  # there is none, or the cache cannot be read
    try:
        return not _locked(descriptor, fcntl.LOCK_SH)
    finally:
        os.close(descriptor)


def _locked(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is(descriptor: int, path: Path) -> bool:
    """Whether a path still leads to the open file."""
    try:
        return os.path.samestat(os.fstat(descriptor), os.stat(path))
    except FileNotFoundError:
        return False
