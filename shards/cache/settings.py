"""What a user says of a cache: its folder and its limit."""

import re
from dataclasses import dataclass
from pathlib import Path

from ..base.errors import UsageError

_UNITS = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([KMGT]?)(i?)B?", re.IGNORECASE)


@dataclass(frozen=True)
class Cache:
    """A folder of this machine that may hold shards of stores elsewhere.

    Args:
        folder: The folder, made where it is missing; jobs that share it should name the same limit.
        limit: The bytes that all shards in it may take together: a number, or text such as "50GB" or "1.5 TiB".

    Raises:
        UsageError: The limit is no size.
    """

    folder: str | Path
    limit: str | int

    def __post_init__(self) -> None:
        object.__setattr__(self, "folder", Path(self.folder).absolute())
        object.__setattr__(self, "limit", _bytes(self.limit))

    @property
    def path(self) -> Path:
        """The folder, absolute."""
        return Path(self.folder)

    @property
    def bytes(self) -> int:
        """The limit in bytes."""
        return int(self.limit)


def _bytes(size: str | int) -> int:
    found = _SIZE.fullmatch(str(size).strip())
    if found is None or isinstance(size, float):
        raise UsageError(
            "the cache's limit is no size", found=repr(size), expected='bytes, or text such as "50GB" or "1.5 TiB"'
        )
    number, unit, binary = found.groups()
    factor = _UNITS[unit.upper()]
    return int(float(number) * (1024 ** "_KMGT".index(unit.upper()) if binary and unit else factor))
