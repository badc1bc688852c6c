"""Counts of what is in each document; the walk over the bytes makes them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class DocumentCounts:
    r"""Counts, all int64 (documents,).

    Args:
        characters: Code points.
        newlines: `\\n`.
        hashes: `#`.
        ellipses: `...`, each run of dots counted by threes, and `…`.
        words: Words (`words.py`).
        lines: Lines (`str.splitlines`).
        tokens: Tokens (`token_rules.py`).
        symbols: Tokens without a letter or digit.
        alphabetic: Tokens with a letter.
        unspaced: Tokens that are a letter of a script without spaces.
        plain: Tokens with a letter or digit of other scripts: neither `symbols` nor `unspaced`.
        plain_characters: Code points in those; over `plain` it is the mean word length.
    """

    characters: NDArray[np.int64]
    newlines: NDArray[np.int64]
    hashes: NDArray[np.int64]
    ellipses: NDArray[np.int64]
    words: NDArray[np.int64]
    lines: NDArray[np.int64]
    tokens: NDArray[np.int64]
    symbols: NDArray[np.int64]
    alphabetic: NDArray[np.int64]
    unspaced: NDArray[np.int64]
    plain: NDArray[np.int64]
    plain_characters: NDArray[np.int64]
