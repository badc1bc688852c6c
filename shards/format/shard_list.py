"""The shards of a manifest, kept as columns: a manifest may hold a hundred thousand of them."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from operator import attrgetter
from typing import Annotated, Any, overload

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, GetCoreSchemaHandler, StringConstraints
from pydantic_core import CoreSchema, core_schema

Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
# Parts joined by '/', none of them hidden, '..' or empty, and no ':' with which a URL could begin: a manifest from
# elsewhere must not lead out of its folder.
_PART = r"[^./\\:\x00-\x1f][^/\\:\x00-\x1f]*"
FileName = Annotated[str, StringConstraints(pattern=rf"^{_PART}(/{_PART})*$")]
Count = Annotated[int, Field(ge=0, lt=2**63)]

NO_TOKENS, NO_INDEX = -1, b""
"""What stands in the columns for a None."""


@dataclass(frozen=True, slots=True)
class ShardInfo:
    """What a manifest says of one shard."""

    name: FileName
    """Relative to the manifest's folder, or to `Manifest.tars`."""
    samples: Count
    """Samples of a tar, documents of a token shard, rows of a record file."""
    bytes: Count
    sha256: Sha256
    index_sha256: Sha256 | None = None
    """Of the index beside it; record files have none."""
    tokens: Count | None = None
    """In a token shard."""


_COLUMNS = tuple(field.name for field in fields(ShardInfo))


@dataclass(frozen=True, eq=False)
class Shards(Sequence[ShardInfo]):
    """The shards of a manifest: a sequence of `ShardInfo`, each made when it is asked for.

    Attributes:
        name: The name of each.
        samples: int64 array of shape (shards,).
        bytes: int64 array of shape (shards,).
        sha256: bytes array (S64) of shape (shards,).
        index_sha256: bytes array (S64) of shape (shards,); NO_INDEX where a shard has none.
        tokens: int64 array of shape (shards,); NO_TOKENS where a shard has none.
    """

    name: tuple[str, ...]
    samples: NDArray[np.int64]
    bytes: NDArray[np.int64]
    sha256: NDArray[np.bytes_]
    index_sha256: NDArray[np.bytes_]
    tokens: NDArray[np.int64]

    @classmethod
    def of(cls, shards: Iterable[ShardInfo]) -> "Shards":
        """The columns of some shards."""
        rows = list(map(attrgetter(*_COLUMNS), shards))
        name, samples, size, sha256, index, tokens = zip(*rows, strict=True) if rows else ((),) * len(_COLUMNS)
        return cls(
            name,
            np.array(samples, np.int64),
            np.array(size, np.int64),
            np.array(sha256, "S64"),
            np.array([each or NO_INDEX for each in index], "S64"),
            np.array([NO_TOKENS if each is None else each for each in tokens], np.int64),
        )

    def __len__(self) -> int:
        return len(self.name)

    @overload
    def __getitem__(self, at: int) -> ShardInfo: ...

    @overload
    def __getitem__(self, at: slice) -> "Shards": ...

    def __getitem__(self, at: int | slice) -> "ShardInfo | Shards":
        name, *arrays = self._columns()
        if isinstance(at, slice):
            return Shards(name[at], *(array[at] for array in arrays))
        return _info(name[at], *(array.item(at) for array in arrays))

    def __iter__(self) -> Iterator[ShardInfo]:
        name, *arrays = self._columns()
        return map(_info, name, *(array.tolist() for array in arrays))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Shards) and all(map(np.array_equal, self._columns(), other._columns()))

    def _columns(self) -> tuple[Any, ...]:
        return tuple(getattr(self, column) for column in _COLUMNS)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Columns as they are; anything else is checked shard by shard, so that an error can say which."""

        def columns(found: Any, checked: Callable[[Any], Iterable[ShardInfo]]) -> Shards:
            return found if isinstance(found, cls) else cls.of(checked(found))

        return core_schema.no_info_wrap_validator_function(columns, handler.generate_schema(tuple[ShardInfo, ...]))


def _info(name: str, samples: int, size: int, sha256: bytes, index_sha256: bytes, tokens: int) -> ShardInfo:
    index = None if index_sha256 == NO_INDEX else index_sha256.decode()
    return ShardInfo(name, samples, size, sha256.decode(), index, None if tokens == NO_TOKENS else tokens)
