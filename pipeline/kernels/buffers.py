"""A text array as numpy views of its Arrow buffers: nothing is copied, slices and nulls are honoured."""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

TextArray: TypeAlias = pa.LargeStringArray | pa.LargeBinaryArray


@dataclass(frozen=True)
class TextBuffers:
    """Where the documents of a text array lie: document d is `data[starts[d] : stops[d]]`.

    Args:
        data: uint8, the bytes of all documents, and maybe of others around them.
        starts: int64 (documents,).
        stops: int64 (documents,); equal to `starts` for a null, which counts as an empty document.
    """

    data: NDArray[np.uint8]
    starts: NDArray[np.int64]
    stops: NDArray[np.int64]

    @property
    def sizes(self) -> NDArray[np.int64]:
        """Bytes of each document, int64 (documents,)."""
        return self.stops - self.starts


def text_buffers(texts: TextArray) -> TextBuffers:
    """View a large_string or large_binary array; the views keep its memory alive.

    Raises:
        TypeError: It is of another type.
    """
    if not (pa.types.is_large_string(texts.type) or pa.types.is_large_binary(texts.type)):
        raise TypeError(f"a kernel reads large_string or large_binary arrays, not {texts.type}: cast the column first")
    validity, offsets, data = texts.buffers()
    if not len(texts) or offsets is None:
        empty = np.zeros(0, np.int64)
        return TextBuffers(np.zeros(0, np.uint8), empty, empty)
    bounds = np.frombuffer(offsets, np.int64, len(texts) + 1, texts.offset * 8)
    if not bounds.flags.aligned:
        bounds = bounds.copy()
    starts, stops = bounds[:-1], bounds[1:]
    if validity is not None and texts.null_count:
        # The bytes under a null are undefined, and need not be empty.
        stops = np.where(texts.is_valid().to_numpy(zero_copy_only=False), stops, starts)
    content = np.zeros(0, np.uint8) if data is None else np.frombuffer(data, np.uint8)
    return TextBuffers(content, starts, stops)
