"""The words of every document: a 64-bit hash of each in lower case, and where it stands."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from headrace.shards.base.kernels import types
from headrace.shards.base.kernels.compile import kernel, reads, writes

from .buffers import TextArray, TextBuffers, text_buffers
from .unicode_tables import lower, unicode_tables
from .words import next_word, read_word


@dataclass(frozen=True)
class WordHashes:
    """The words of n documents, in order; those of document d are `offsets[d] : offsets[d + 1]` of the flat arrays.

    Args:
        offsets: int64 (n + 1,).
        hashes: uint64 (words,), of the lower-cased UTF-8 of each word, as `hashing` defines them.
        starts: int64 (words,), byte at which the word starts, from the start of its document.
        stops: int64 (words,), byte behind it.
    """

    offsets: NDArray[np.int64]
    hashes: NDArray[np.uint64]
    starts: NDArray[np.int64]
    stops: NDArray[np.int64]

    def replaced(self, rows: NDArray[np.int64], by: "WordHashes") -> "WordHashes":
        """The words with those of some documents, ascending, replaced by others', in order."""
        sizes = np.diff(self.offsets)
        sizes[rows] = np.diff(by.offsets)
        cuts = np.stack([self.offsets[rows], self.offsets[rows + 1]], axis=1).ravel()

        def mixed(own: NDArray[Any], others: NDArray[Any]) -> NDArray[Any]:
            parts = np.split(own, cuts)  # what stays, what goes, what stays, ...
            parts[1::2] = np.split(others, by.offsets[1:-1])[: len(rows)]
            return np.concatenate(parts)

        columns = ((self.hashes, by.hashes), (self.starts, by.starts), (self.stops, by.stops))
        return WordHashes(np.concatenate([[0], np.cumsum(sizes)]), *(mixed(*each) for each in columns))


def word_hashes(texts: TextArray) -> WordHashes:
    """Hash and locate the words of a large_string (or large_binary) array."""
    buffers, tables = text_buffers(texts), unicode_tables()
    # Between two words lies a separator, unless one of them is of an unspaced script and takes at least two bytes.
    capacity = int(((buffers.sizes + 1) // 2).sum())
    offsets = np.zeros(len(texts) + 1, np.int64)
    hashes, starts, stops = np.empty(capacity, np.uint64), np.empty(capacity, np.int64), np.empty(capacity, np.int64)
    find_words(buffers.data, buffers.starts, buffers.stops, tables.index, tables.pages, offsets, hashes, starts, stops)
    for array in (hashes, starts, stops):
        # In place: the untouched end goes back to the system without a copy.
        array.resize(int(offsets[-1]), refcheck=False)
    return WordHashes(offsets, hashes, starts, stops)


def hash_words(words: list[str]) -> NDArray[np.uint64]:
    """The hash that each string has as a word, uint64 (words,).

    Raises:
        ValueError: One of them is not exactly one word.
    """
    found = word_hashes(pa.array(words, pa.large_string()))
    for word, count in zip(words, np.diff(found.offsets), strict=True):
        if count != 1:
            raise ValueError(f"{word!r} is not one word but {count}")
    return found.hashes


def normalized_words(buffers: TextBuffers, words: WordHashes, document: int, first: int, count: int) -> tuple[str, ...]:
    """The words `first : first + count` of a document in lower case, as they are hashed."""
    text_start, word = int(buffers.starts[document]), int(words.offsets[document]) + first
    spans = zip(words.starts[word : word + count], words.stops[word : word + count], strict=True)
    return tuple(
        lower(buffers.data[text_start + start : text_start + stop].tobytes().decode()) for start, stop in spans
    )


@kernel(
    types.void(
        reads(types.uint8),
        reads(types.int64),
        reads(types.int64),
        reads(types.uint16),
        reads(types.int32),
        writes(types.int64),
        writes(types.uint64),
        writes(types.int64),
        writes(types.int64),
    )
)
def find_words(
    data: NDArray[np.uint8],
    starts: NDArray[np.int64],
    stops: NDArray[np.int64],
    index: NDArray[np.uint16],
    pages: NDArray[np.int32],
    offsets: NDArray[np.int64],
    hashes: NDArray[np.uint64],
    word_starts: NDArray[np.int64],
    word_stops: NDArray[np.int64],
) -> None:
    """Fill `offsets` and the flat arrays, which must have room for every word."""
    count = 0
    for document in range(len(starts)):
        start, stop = starts[document], stops[document]
        position = next_word(data, start, stop, index, pages)
        while position < stop:
            end, word, _, _ = read_word(data, position, stop, index, pages)
            hashes[count], word_starts[count], word_stops[count] = word, position - start, end - start
            count += 1
            position = next_word(data, end, stop, index, pages)
        offsets[document + 1] = count
