"""Documents that stand in one window of tokens, one after the other."""

import numpy as np
from numpy.typing import ArrayLike, NDArray


def document_numbers(length: int, starts: ArrayLike) -> NDArray[np.int64]:
    """(length,) int64, the number of each token's document, from 0.

    Args:
        length: Tokens of the window.
        starts: Positions at which another document begins, in any order; those outside 1 .. length - 1 do not count.
    """
    begins = np.asarray(starts, np.int64)
    number = np.zeros(length, np.int64)
    number[begins[(begins > 0) & (begins < length)]] = 1
    return np.cumsum(number)


def places_within(document: NDArray[np.int64]) -> NDArray[np.int64]:
    """(T,) int64, the position of each token within its document, from 0; `document` (T,) is sorted."""
    return np.arange(len(document)) - np.searchsorted(document, document)
