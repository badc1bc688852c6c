"""Stretches of tokens of several shards, read together."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .gather import Ranges, gather
from .token_pieces import pieces_of
from .token_reader import TokenShard, cut_off

Parts = Sequence[tuple[TokenShard, NDArray[np.int64], NDArray[np.int64]]]
"""Shards; of each the first tokens of stretches, int64 (k,), and the places of these among all, int64 (k,)."""


def read_windows(parts: Parts, length: int, out: NDArray[Any]) -> None:
    """Read stretches of one length, which may cross pages; only their bytes are read.

    Args:
        parts: What is read; the places are together 0 to n - 1.
        length: Tokens of each, at least 1.
        out: Becomes the tokens: [n, length], contiguous, of their dtype or a wider one.

    Raises:
        IndexError: A stretch leaves its shard.
        CorruptSampleError: A shard is cut off before a stretch ends.
        ShardError: A shard or its index is missing, or not what the manifest says.
    """
    shards = [shard for shard, _, _ in parts]
    dtype = shards[0].dtype
    shard = np.repeat(np.arange(len(parts)), [starts.size for _, starts, _ in parts])
    begins, places = (np.concatenate([part[number] for part in parts]) for number in (1, 2))
    beyond = (begins < 0) | (begins + length > np.array([each.length for each in shards])[shard])
    if beyond.any():
        one = shards[shard[beyond][0]]
        raise IndexError(f"{one.name} has {one.length} tokens, asked for {length} from {begins[beyond][0]}")
    pieces = pieces_of([each.pages for each in shards], shard, begins, length, dtype.itemsize)
    stride = length * dtype.itemsize
    file, place = shard[pieces.stretch], places[pieces.stretch] * stride + pieces.place
    tokens = out if out.dtype == dtype else np.empty(out.shape, dtype)
    ranges = Ranges(file, pieces.start, pieces.size, place)
    found, _ = gather([each.file for each in shards], ranges, tokens.reshape(-1).view(np.uint8))
    if (short := found < pieces.size).any():
        raise cut_off(shards[file[short][0]].name, int((pieces.size - found)[short].sum()))
    if tokens is not out:
        out[...] = tokens
