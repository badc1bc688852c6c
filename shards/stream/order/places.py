"""Where the samples at some positions lie."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

_Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Places:
    """Where the samples at some positions lie; six int64 arrays of shape (n,).

    Attributes:
        position: Position in the stream.
        source: Number of the source in a mixture; 0 where there is one.
        epoch: Number of the source's epoch.
        shard: Number of the shard, as the manifest lists them; in a mixture, source after source.
        row: Row in the shard (for token shards: number of the window or document).
        id: Number of the sample among all samples, shard after shard, source after source, from 0.
    """

    position: _Ints
    source: _Ints
    epoch: _Ints
    shard: _Ints
    row: _Ints
    id: _Ints

    def __len__(self) -> int:
        return self.position.size

    def __getitem__(self, rows: slice | _Ints) -> "Places":
        return Places(
            self.position[rows], self.source[rows], self.epoch[rows], self.shard[rows], self.row[rows], self.id[rows]
        )


def joined(parts: Sequence[Places]) -> Places:
    """The places of all parts, one part after the other."""
    return Places(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(Places)))
