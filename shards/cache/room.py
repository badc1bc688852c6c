"""What has to go so that a shard finds room."""

from collections.abc import Iterable, Mapping
from math import inf

from .folder import Entry


def victims(
    entries: Iterable[Entry], distances: Mapping[str, int], limit: int, size: int, distance: int
) -> list[str] | None:
    """The shards to let go of, or None where there is no room that a shard of this distance may take.

    Args:
        entries: What the cache holds; shards on their way stay.
        distances: How soon shards are needed, by digest; what is not among them is not needed at all.
        limit: Bytes that all may take together.
        size: Bytes that the new shard takes.
        distance: How soon that one is needed.
    """
    held = list(entries)
    missing = sum(entry.bytes for entry in held) + size - limit
    found: list[str] = []
    later = [entry for entry in held if entry.whole and distances.get(entry.digest, inf) > distance]
    for entry in sorted(later, key=lambda each: (-distances.get(each.digest, inf), each.age)):
        if missing <= 0:
            break
        found.append(entry.digest)
        missing -= entry.bytes
    return found if missing <= 0 else None
