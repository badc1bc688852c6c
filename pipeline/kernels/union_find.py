"""Connected components of links in memory (Tarjan, "Efficiency of a good but not linear set union algorithm", 1975)."""

import numpy as np
from numpy.typing import NDArray

from headrace.shards.base.kernels import types
from headrace.shards.base.kernels.compile import device, kernel, reads, writes


def least_connected(members: int, links: NDArray[np.int64]) -> NDArray[np.int64]:
    """The least member that each member is connected to, itself included: int64 (members,).

    Args:
        members: How many there are; they are numbered from 0.
        links: int64 (n, 2), pairs of connected members.
    """
    least = np.arange(members)
    connect(links, least)
    return least


@kernel(types.void(reads(types.int64, 2), writes(types.int64)))
def connect(links: NDArray[np.int64], least: NDArray[np.int64]) -> None:
    """Join what is linked: `least` holds each member's own number before, and the least one of its component after."""
    for link in range(links.shape[0]):
        first, other = find(least, links[link, 0]), find(least, links[link, 1])
        # The lesser of two roots becomes the root of both.
        least[max(first, other)] = min(first, other)
    for member in range(len(least)):
        least[member] = least[least[member]]


@device
def find(least: NDArray[np.int64], member: int) -> int:
    """The root of a member's tree; every other member on the way is linked to its grandparent."""
    while least[member] != member:
        least[member] = least[least[member]]
        member = least[member]
    return member
