"""The cache's folder: the names in it, what is there, and its lock. See the package for the layout."""

import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_NAME = re.compile(r"([0-9a-f]{64})\.(shard|index|part)")


@dataclass(frozen=True)
class Entry:
    """A shard in the cache, or on its way there.

    Attributes:
        digest: SHA-256 of the shard.
        bytes: What it takes, with its index; a shard on its way takes all that it will.
        age: When it came, in seconds since the epoch of the clock.
        whole: Whether it is there.
    """

    digest: str
    bytes: int
    age: float
    whole: bool


class Folder:
    """Names and contents of a cache's folder.

    Args:
        path: The folder.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def shard(self, digest: str) -> Path:
        """Where a shard lies once it is whole."""
        return self.path / f"{digest}.shard"

    def index(self, digest: str) -> Path:
        """Where the index of a shard lies; it comes before the shard."""
        return self.path / f"{digest}.index"

    def part(self, digest: str) -> Path:
        """Where a shard lies while it is fetched."""
        return self.path / f"{digest}.part"

    def make(self) -> None:
        """Make the folder where it is missing."""
        self.path.mkdir(parents=True, exist_ok=True)

    def entries(self) -> dict[str, Entry]:
        """What the cache holds, by digest, and nothing else that lies in the folder."""
        found: dict[str, Entry] = {}
        with os.scandir(self.path) as files:
            for file in files:
                if (match := _NAME.fullmatch(file.name)) is None:
                    continue
                try:
                    status = file.stat(follow_symlinks=False)
                except FileNotFoundError:
                    continue  # gone since it was listed
                digest, kind = match.groups()
                old = found.get(digest, Entry(digest, 0, status.st_mtime, False))
                age = status.st_mtime if kind == "shard" else old.age
                found[digest] = Entry(digest, old.bytes + status.st_size, age, old.whole or kind == "shard")
        return found

    def remove(self, digest: str) -> None:
        """Let go of a shard and its index; who reads them just now reads on."""
        self.shard(digest).unlink(missing_ok=True)
        self.index(digest).unlink(missing_ok=True)

    def abandon(self, digest: str) -> None:
        """Remove what a process left that died while it fetched a shard. Call it under the lock."""
        self.part(digest).unlink(missing_ok=True)
        self.index(digest).unlink(missing_ok=True)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Nobody else makes room, joins or leaves while the block runs."""
        with open(self.path / "lock", "ab") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield
