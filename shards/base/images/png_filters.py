"""PNG's filters undone: each byte was stored as its difference from a prediction (PNG specification, section 9)."""

import numpy as np
from numpy.typing import NDArray

from ..kernels import types
from ..kernels.compile import device, kernel, reads, writes

_NONE, _SUB, _UP, _AVERAGE, _PAETH = range(5)


@kernel(types.int64(reads(types.uint8, 2), types.int64, writes(types.uint8, 2)))
def unfilter(filtered: NDArray[np.uint8], step: int, rows: NDArray[np.uint8]) -> int:
    """Undo the filters of a picture of 8 bits a channel.

    Args:
        filtered: uint8 (H, 1 + W * step): the kind of filter of each row, then its bytes.
        step: Bytes of a pixel.
        rows: uint8 (1 + H, W * step): filled, but for the first, which are the zeros above the picture.

    Returns:
        How many rows are of a known kind, from the first on; those after them are not filled.
    """
    width = rows.shape[1]
    for number in range(len(filtered)):
        kind, stored = filtered[number, 0], filtered[number, 1:]
        if kind > _PAETH:
            return number
        above, row = rows[number], rows[number + 1]
        for place in range(step):
            row[place] = np.uint8(stored[place] + _predicted(kind, np.uint8(0), above[place], np.uint8(0)))
        for place in range(step, width):
            predicted = _predicted(kind, row[place - step], above[place], above[place - step])
            row[place] = np.uint8(stored[place] + predicted)
    return len(filtered)


@device
def _predicted(kind: np.uint8, left: np.uint8, up: np.uint8, diagonal: np.uint8) -> np.int64:
    if kind == _NONE:
        return np.int64(0)
    if kind == _SUB:
        return np.int64(left)
    if kind == _UP:
        return np.int64(up)
    if kind == _AVERAGE:
        return (np.int64(left) + np.int64(up)) >> 1
    return _nearest(np.int64(left), np.int64(up), np.int64(diagonal))


@device
def _nearest(left: np.int64, up: np.int64, diagonal: np.int64) -> np.int64:
    """Whichever of the three is nearest to left + up - diagonal; the first of those equally near (Paeth)."""
    from_left, from_up, from_diagonal = abs(up - diagonal), abs(left - diagonal), abs(left + up - 2 * diagonal)
    if from_left <= from_up and from_left <= from_diagonal:
        return left
    return up if from_up <= from_diagonal else diagonal
