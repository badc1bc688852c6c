"""A second sample beside every sample, for tasks that need two: drawn anew, apart from the order in which samples come.

Let a sample be read at position g; let x be its number, from 0, among the n samples of its block in this epoch, as they
lie there before they are shuffled (the block's samples are at the places base..base + n - 1, see `order`), and

    r = hash64(g, second key)            second key = key("headrace.order", 1, "second", seed, source)

Its second sample is number (x + 1 + r mod (n - 1)) mod n of the block: any other one, each as likely, so that nothing
has to be read that is not read anyway. Where the block has no other, it is the place (p + 1 + r mod (N - 1)) mod N, of
the N of the epoch, p being its own; where the source has no other, it is the same sample again.

So it depends on the position and the sample there alone: not on ranks, workers, batch size or restarts. In a mixture
both are of one source. Over an epoch a sample comes as a second one any number of times, once on average.
"""

import numpy as np
from numpy.typing import NDArray

from ...base.rng import hash64

_Ints = NDArray[np.int64]


def second_places(position: _Ints, place: _Ints, begin: _Ints, size: _Ints, total: int, key: int) -> _Ints:
    """The places, among the pieces of their epochs, of second samples.

    Args:
        position: int64 array of shape (n,), g.
        place: int64 array of shape (n,): the places of the first samples.
        begin: int64 array of shape (n,): the places at which their blocks begin.
        size: int64 array of shape (n,): the sizes of their blocks.
        total: N.
        key: The second key.
    """
    alone = size == 1
    first, count = np.where(alone, 0, begin), np.where(alone, total, size)
    others = np.maximum(count - 1, 1).astype(np.uint64)
    # Below 2^50, like the sizes of blocks: nothing is lost.
    step = 1 + (hash64(position, key) % others).astype(np.int64)
    found: _Ints = first + (place - first + step) % count
    return found
