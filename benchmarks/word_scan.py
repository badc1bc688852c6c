"""The least that any filter of words must do: find every word of a text, and nothing else."""

from collections.abc import Callable
from typing import Any

import numba
import numpy as np

from headrace.pipeline.kernels.buffers import TextArray, text_buffers
from headrace.pipeline.kernels.unicode_tables import unicode_tables
from headrace.pipeline.kernels.words import next_word, read_word


def word_scan(texts: TextArray) -> Callable[[], int]:
    """A function that counts the words of a large_string array, compiled."""
    buffers, tables = text_buffers(texts), unicode_tables()
    arguments = (buffers.data, buffers.starts, buffers.stops, tables.index, tables.pages)
    count: Any = numba.njit(nogil=True)(_count)
    count(*arguments)
    return lambda: int(count(*arguments))


def _count(data: Any, starts: Any, stops: Any, index: Any, pages: Any) -> int:
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
