"""Links: of the records that share a band, each is linked to the first, which is enough to connect them all."""

import numpy as np
from numpy.typing import NDArray

from .sorting import Rows, in_order


def first_of_bands(
    bands: NDArray[np.uint64], numbers: NDArray[np.uint64]
) -> tuple[NDArray[np.uint64], NDArray[np.uint64], Rows]:
    """Link the records that share a band.

    Args:
        bands: uint64 (n,), the hash of a band.
        numbers: uint64 (n,), the record that has it.

    Returns:
        The different bands, the least record of each, and the links, uint64 (m, 2): a band's first record and another
        one; each once.
    """
    bands, numbers = in_order(np.column_stack([bands, numbers])).T
    fresh = np.ones(len(bands), bool)
    fresh[1:] = bands[1:] != bands[:-1]
    first = numbers[np.maximum.accumulate(np.where(fresh, np.arange(len(bands)), 0))]
    links = in_order(np.column_stack([first[~fresh], numbers[~fresh]]))
    return bands[fresh], numbers[fresh], links
