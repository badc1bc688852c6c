"""Blocks: the stretches of a lane within which samples are shuffled.

In each epoch a lane of n samples is cut into blocks. With B the block length, the first block of lane l has

    first(l) = floor(B * ((l * 2654435769) mod 2^32) / 2^32)         samples, 0 <= first(l) < B

the following ones B each, and the last one what is left. The stagger (2654435769 / 2^32 is the fraction of the golden
ratio) keeps the lanes from all entering a new block, and so wanting new shards, at the same moment. For the sample at
offset o of its lane

    block  = (o - first(l)) div B + 1                      div rounds down; block 0 is the first one
    base   = max(first(l) + (block - 1) * B, 0)            offset at which the block begins
    size   = min(first(l) + block * B, n) - base           its samples

B defaults to 4 * ceil(N / S), S being the number of shards that hold samples, so that samples of about four
shards are mixed.
"""

import numpy as np
from numpy.typing import NDArray

_Ints = NDArray[np.int64]

_GOLDEN = 2654435769


def default_block(total: int, shards: int) -> int:
    """B for N = `total` samples in `shards` shards that hold samples."""
    return 4 * -(-total // shards)


def first_blocks(block: int, lanes: int) -> _Ints:
    """first(l) for all l: int64 array of shape (lanes,)."""
    return np.array([(block * (lane * _GOLDEN % 2**32)) >> 32 for lane in range(lanes)], dtype=np.int64)


def block_of(offset: _Ints, first: _Ints, length: _Ints, block: int) -> tuple[_Ints, _Ints, _Ints]:
    """Find the block of each offset.

    Args:
        offset: int64 array of shape (n,): offsets within lanes.
        first: int64 array of shape (n,): first(l) of each one's lane.
        length: int64 array of shape (n,): samples of each one's lane in its epoch, above `offset`.
        block: B.

    Returns:
        Three int64 arrays of shape (n,): number, base and size of each one's block.
    """
    number = (offset - first) // block + 1
    end = first + number * block
    base = np.maximum(end - block, 0)
    return number, base, np.minimum(end, length) - base


def epoch_blocks(length: _Ints, first: _Ints, block: int) -> tuple[_Ints, _Ints, _Ints]:
    """List all blocks that hold samples.

    Args:
        length: int64 array of shape (lanes,): samples of each lane in the epoch.
        first: int64 array of shape (lanes,): first(l) of each.
        block: B.

    Returns:
        Three int64 arrays of shape (blocks,): lane, base and end (exclusive), lane after lane.
    """
    count = np.maximum(-(-(length - first) // block), 0) + 1
    lane = np.repeat(np.arange(length.size), count)
    number = np.arange(lane.size) - np.repeat(np.cumsum(count) - count, count)
    end = np.minimum(first[lane] + number * block, length[lane])
    base = np.maximum(first[lane] + (number - 1) * block, 0)
    held = end > base
    return lane[held], base[held], end[held]
