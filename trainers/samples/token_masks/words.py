"""The words of a window, of whose tokens some begin a word, some go on with one."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .base import Indices, Window

BEGINS, ENDS = 1, 2
"""What a token may be of a word: it begins one, it ends one, both (3), or neither (0)."""


class Words(NamedTuple):
    """W words, in their order."""

    sizes: Indices
    """(W,) tokens of each."""
    runs: Indices
    """(W,) the same for words that stand side by side in one document, with no special token between them."""
    of_token: Indices
    """(T,) the number of each token's word; without meaning where a token is not plain."""

    def tokens(self, chosen: NDArray[np.bool_], window: Window) -> Indices:
        """The positions of all tokens of the words that are chosen (W,), sorted."""
        if not len(chosen):
            return np.zeros(0, np.int64)
        return np.flatnonzero(chosen[self.of_token] & window.plain)


def words_of(window: Window) -> Words:
    """The words of a window's plain tokens; none goes on from one document to the next."""
    plain, document, pieces = window.plain, window.document, window.pieces
    assert pieces is not None, "a mask of words is given windows with pieces"
    fresh = np.ones(len(plain), np.bool_)
    fresh[1:] = ~plain[:-1] | (document[1:] != document[:-1])
    begins = (pieces & BEGINS) > 0
    begins[1:] |= (pieces[:-1] & ENDS) > 0
    begins = plain & (begins | fresh)
    of_token = np.cumsum(begins, dtype=np.int64) - 1
    runs = np.cumsum(fresh & plain, dtype=np.int64)[begins]
    return Words(np.bincount(of_token[plain]), runs, of_token)
