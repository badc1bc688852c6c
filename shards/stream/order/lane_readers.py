"""Which nodes read which lanes.

The rows of a batch are sorted by lane, so that a node, or a rank, reads a few neighbouring lanes. Where L does not
divide G, which lanes they are shifts from batch to batch, and repeats after L / gcd(G, L) batches.
"""

from math import gcd

import numpy as np
from numpy.typing import NDArray


def lane_readers(batch_size: int, lanes: int, nodes: int) -> NDArray[np.bool_]:
    """Which nodes read which lanes: bool array of shape (nodes, lanes)."""
    row_edges = np.arange(nodes + 1) * batch_size // nodes
    changes = np.zeros((nodes + 1, lanes), dtype=np.int64)
    for step in range(lanes // gcd(batch_size, lanes)):
        rows = batch_size // lanes + ((np.arange(lanes) - step * batch_size) % lanes < batch_size % lanes)
        lane = np.flatnonzero(rows)
        last = np.cumsum(rows)[lane] - 1
        first = last - rows[lane] + 1
        changes[np.searchsorted(row_edges, first, side="right") - 1, lane] += 1
        changes[np.searchsorted(row_edges, last, side="right"), lane] -= 1
    # A node between two others may have no row at all, where there are more nodes than rows.
    has_rows = np.diff(row_edges) > 0
    return (np.cumsum(changes, axis=0)[:nodes] > 0) & has_rows[:, None]
