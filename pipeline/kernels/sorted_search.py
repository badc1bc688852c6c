"""Looking up a key among sorted ones, for kernels."""

import numpy as np
from numpy.typing import NDArray

from headrace.shards.base.kernels.compile import device


@device
def find_sorted(keys: NDArray[np.uint64], key: np.uint64) -> int:
    """Where a key stands among the sorted ones; -1 when it does not.

    (`np.searchsorted` takes longer to compile than the kernels that call this.)
    """
    low, high = 0, len(keys)
    while low < high:
        middle = (low + high) >> 1
        if keys[middle] < key:
            low = middle + 1
        else:
            high = middle
    return low if low < len(keys) and keys[low] == key else -1
