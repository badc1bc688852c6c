"""The least that any filter of words must do: find every word of a text, and nothing else."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from headrace.pipeline.kernels.buffers import TextArray, text_buffers
from headrace.pipeline.kernels.unicode_tables import unicode_tables
from headrace.pipeline.kernels.words import next_word, read_word
from headrace.shards.base.kernels import types
from headrace.shards.base.kernels.compile import kernel, reads


def word_scan(texts: TextArray) -> Callable[[], int]:
    """A function that counts the words of a large_string array, compiled."""
    buffers, tables = text_buffers(texts), unicode_tables()
    arguments = (buffers.data, buffers.starts, buffers.stops, tables.index, tables.pages)
    count_words(*arguments)
    return lambda: count_words(*arguments)


@kernel(
    types.int64(reads(types.uint8), reads(types.int64), reads(types.int64), reads(types.uint16), reads(types.int32))
)
def count_words(
    data: NDArray[np.uint8],
    starts: NDArray[np.int64],
    stops: NDArray[np.int64],
    index: NDArray[np.uint16],
    pages: NDArray[np.int32],
) -> int:
    """The words of all documents."""
    words, checksum = 0, np.uint64(0)
    for document in range(len(starts)):
        stop = stops[document]
        position = next_word(data, starts[document], stop, index, pages)
        while position < stop:
            end, word, _, _ = read_word(data, position, stop, index, pages)
            checksum ^= word  # so that the compiler cannot leave the word unread
            words += 1
            position = next_word(data, end, stop, index, pages)
    return words if checksum else 0
