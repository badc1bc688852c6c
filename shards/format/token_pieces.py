"""Where stretches of tokens lie in the files of shards: in pieces, since a stretch may cross from page to page."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .index import Index

_Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class PageTable:
    """Where the pages of a shard lie: row p of the index is page p."""

    index: Index
    payloads: _Ints
    """int64 [pages]: the byte of the tar at which a page's first token lies."""
    first: _Ints
    """int64 [pages + 1]: the shard's token with which a page begins; at last, their number."""

    @property
    def tokens(self) -> int:
        """Tokens per page, but for the last."""
        return int(self.first[1]) if len(self.payloads) else 0


@dataclass(frozen=True, eq=False)
class Pieces:
    """What of files stretches of tokens consist of, in order; int64 arrays of one length.

    Attributes:
        stretch: Which stretch it is a piece of.
        start: Its first byte in the file.
        size: Its bytes.
        place: Where it begins in the stretch, in bytes.
    """

    stretch: _Ints
    start: _Ints
    size: _Ints
    place: _Ints


def pieces_of(shards: Sequence[PageTable], shard: _Ints, begins: _Ints, length: int, width: int) -> Pieces:
    """The pieces of stretches of tokens.

    Args:
        shards: The pages of some shards.
        shard: Which of these each stretch is of: int64 [n].
        begins: Its first token, counted from the shard's first: int64 [n]; with `length` it stays within the shard.
        length: Tokens of each.
        width: Bytes of a token.
    """
    # All pages of all shards in one row, and in it the first one of each shard.
    payloads = np.concatenate([each.payloads for each in shards])
    first_page = np.cumsum([0, *(each.payloads.size for each in shards[:-1])])[shard]
    size = np.array([max(each.tokens, 1) for each in shards])[shard]
    page, within = np.divmod(begins, size)
    if length and (within + length <= size).all():
        # As nearly always, since a page holds many stretches.
        start = payloads[first_page + page] + within * width
        return Pieces(np.arange(begins.size), start, np.full(begins.size, length * width), np.zeros_like(begins))
    count = (begins + length - 1) // size - page + 1 if length else np.zeros_like(begins)
    stretch = np.repeat(np.arange(begins.size), count)
    size = size[stretch]
    page = page[stretch] + np.arange(stretch.size) - np.repeat(np.cumsum(count) - count, count)
    begin = np.maximum(begins[stretch], page * size)
    end = np.minimum(begins[stretch] + length, (page + 1) * size)
    start = payloads[first_page[stretch] + page] + (begin - page * size) * width
    return Pieces(stretch, start, (end - begin) * width, (begin - begins[stretch]) * width)
