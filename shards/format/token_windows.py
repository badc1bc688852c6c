"""Stretches of tokens of several shards, read together."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .gather import Ranges, gather
from .pages import Tokens
from .token_reader import TokenShard, cut_off

Parts = Sequence[tuple[TokenShard, NDArray[np.int64], NDArray[np.int64]]]
"""Shards; of each the first tokens of stretches, int64 (k,), and the places of these among all, int64 (k,)."""


def read_windows(parts: Parts, length: int) -> Tokens:
    """Read stretches of one length, which may cross pages; only their bytes are read.

    Args:
        parts: What is read; the places are together 0 to n - 1.
        length: Tokens of each, at least 1.

    Returns:
        uint16 or uint32 [n, length].

    Raises:
        IndexError: A stretch leaves its shard.
        CorruptSampleError: A shard is cut off before a stretch ends.
        ShardError: A shard or its index is missing, or not what the manifest says.
    """
    shards = [shard for shard, _, _ in parts]
    dtype = shards[0].dtype
    pieces = [shard.pieces(starts, length) for shard, starts, _ in parts]
    file = np.repeat(np.arange(len(parts)), [each.start.size for each in pieces])
    windows = np.concatenate([places[each.stretch] for (_, _, places), each in zip(parts, pieces, strict=True)])
    place = windows * (length * dtype.itemsize) + np.concatenate([each.place for each in pieces])
    start, size = np.concatenate([each.start for each in pieces]), np.concatenate([each.size for each in pieces])
    out = np.empty(sum(places.size for _, _, places in parts) * length * dtype.itemsize, np.uint8)
    found, _ = gather([shard.file for shard in shards], Ranges(file, start, size, place), out)
    if (short := found < size).any():
        raise cut_off(shards[int(file[short][0])].name, int((size - found)[short].sum()))
    tokens: Tokens = out.view(dtype).reshape(-1, length)
    return tokens
