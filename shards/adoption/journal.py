"""What is known of the tars that were looked through, so that a later run looks at none of them again.

`adoption.jsonl` lies beside the manifest: one line for each tar, with its size and tag at that time. It is written anew
every few seconds while tars are looked through, and stays when all is done, for the day on which tars are added.
"""

import json
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from pydantic import TypeAdapter, ValidationError

from ..format.atomic import write_whole
from ..format.shard_list import ShardInfo
from ..format.transfer import fetch
from ..format.urls import join

FILE = "adoption.jsonl"
_PAUSE = 5.0
"""Seconds between two writings, or so many times as long as one takes as `_SHARE` says."""
_SHARE = 20


@dataclass(frozen=True, slots=True)
class Entry:
    """What was found in one tar.

    Args:
        name: The tar's, relative to the folder of the tars.
        bytes: Its size.
        tag: See `listing.Tar`.
        samples: How many it holds.
        sha256: Of the tar.
        index_sha256: Of the index that was written for it.
        fields: In the order in which they first occur.
        passed_over: Files that are no fields of samples, as WebDataset sees it.
        passed_over_example: The first of their names.
        returning: Samples whose key occurred before, with other keys between.
        returning_example: The first such key.
        trailing: Bytes behind the end-of-archive mark, from the first that is not zero.
    """

    name: str
    bytes: int
    tag: str
    samples: int
    sha256: str
    index_sha256: str
    fields: tuple[str, ...]
    passed_over: int = 0
    passed_over_example: str = ""
    returning: int = 0
    returning_example: str = ""
    trailing: int = 0

    def shard(self) -> ShardInfo:
        """The manifest's entry."""
        return ShardInfo(self.name, self.samples, self.bytes, self.sha256, self.index_sha256)


_ENTRY: TypeAdapter[Entry] = TypeAdapter(Entry)


def load(folder: str) -> dict[str, Entry]:
    """The entries of the tars looked through so far, by name; none where the journal is missing or cannot be read."""
    try:
        lines = fetch(join(folder, FILE)).decode().splitlines()
        entries = [_ENTRY.validate_json(line) for line in lines]
    except (FileNotFoundError, NotADirectoryError, UnicodeDecodeError, ValidationError):
        return {}
    return {entry.name: entry for entry in entries}


class Journal:
    """Keeps the entries of a run.

    Args:
        folder: Where the journal lies.
        entries: Those of earlier runs.
    """

    def __init__(self, folder: str, entries: Mapping[str, Entry]) -> None:
        self.entries = dict(entries)
        self._place = join(folder, FILE)
        self._due = 0.0

    def add(self, entry: Entry) -> None:
        """Note a tar; written with others now and then."""
        self.entries[entry.name] = entry
        if time.monotonic() >= self._due:
            self.save()

    def save(self) -> None:
        """Write all entries.

        Raises:
            InputError: The place cannot be written, or the disk is full.
        """
        begin = time.monotonic()
        lines = (json.dumps(asdict(each)) for each in self.entries.values())
        write_whole(self._place, "".join(f"{line}\n" for line in lines).encode())
        now = time.monotonic()
        self._due = now + max(_PAUSE, _SHARE * (now - begin))
