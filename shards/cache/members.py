"""The processes that use a cache, and what each of them needs next."""

import fcntl
import os
import secrets
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from .folder import Folder


class Member:
    """This process as one of those that use a cache. Its lock, and so its part in what is kept, ends with it.

    Args:
        folder: The cache.

    Raises:
        OSError: The folder cannot be written to.
    """

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self._file = folder.path / f"{secrets.token_hex(8)}.member"
        with folder.locked():
            self._descriptor = os.open(self._file, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
            fcntl.flock(self._descriptor, fcntl.LOCK_EX)
        self._published: tuple[str, ...] = ()
        self._known: dict[Path, tuple[tuple[int, int], list[str]]] = {}

    def publish(self, digests: Sequence[str]) -> None:
        """Tell the others what is needed next, the soonest first.

        Raises:
            OSError: The folder cannot be written to.
        """
        if (wanted := tuple(digests)) == self._published:
            return
        needs = _needs(self._file)
        temporary = needs.with_suffix(".writing")
        temporary.write_text("\n".join(wanted))
        os.replace(temporary, needs)
        self._published = wanted

    def others(self) -> list[list[str]]:
        """What each other living member needs; traces of dead ones go. Call it under the folder's lock."""
        found = []
        for file in self._folder.path.glob("*.member"):
            if file == self._file:
                continue
            if _lives(file):
                with suppress(FileNotFoundError):  # it has not told yet
                    found.append(self._told(_needs(file)))
            else:
                _forget(file)
        return found

    def _told(self, needs: Path) -> list[str]:
        """What a file says; read again only when it is another one."""
        version = needs.stat().st_ino, needs.stat().st_mtime_ns
        if self._known.get(needs, ((0, 0), []))[0] != version:
            self._known[needs] = version, needs.read_text().split()
        return self._known[needs][1]

    def leave(self) -> None:
        """Need nothing any more."""
        if self._descriptor >= 0:
            _forget(self._file)
            os.close(self._descriptor)
            self._descriptor = -1


def distances(lists: Iterable[Sequence[str]]) -> dict[str, int]:
    """The smallest place of each shard in any list."""
    found: dict[str, int] = {}
    for each in lists:
        for place, digest in enumerate(each):
            if place < found.get(digest, place + 1):
                found[digest] = place
    return found


def _lives(file: Path) -> bool:
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _needs(member: Path) -> Path:
    return member.with_suffix(".needs")


def _forget(member: Path) -> None:
    for suffix in (".writing", ".needs", ".member"):
        member.with_suffix(suffix).unlink(missing_ok=True)
