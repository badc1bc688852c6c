"""Ranges of one file put together into few requests."""

from collections.abc import Sequence

GAP = 16 << 10
"""Ranges that lie this near together are one request: less than a round trip's worth of bytes."""
REQUEST = 8 << 20
"""Ranges are not joined into requests larger than this."""


def joined(starts: Sequence[int], sizes: Sequence[int]) -> list[tuple[int, int, list[int]]]:
    """Requests (begin, end, positions of the ranges within) that cover all ranges which are not empty."""
    order = sorted((position for position in range(len(starts)) if sizes[position]), key=lambda each: starts[each])
    requests: list[tuple[int, int, list[int]]] = []
    for position in order:
        start, end = starts[position], starts[position] + sizes[position]
        if requests:
            begin, reached, members = requests[-1]
            if start - reached <= GAP and max(end, reached) - begin <= REQUEST:
                members.append(position)
                requests[-1] = (begin, max(end, reached), members)
                continue
        requests.append((start, end, [position]))
    return requests
