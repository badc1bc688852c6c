"""Tokens, lines and counts of every document, from one walk over its bytes.

Every text rule is made of these arrays; none looks at the bytes again but for what is not in them (a line's words that
a user lists, say).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from functools import cache, partial
from typing import Any, TypeVar

import numpy as np
from numpy.typing import DTypeLike, NDArray

from .buffers import TextArray, text_buffers
from .counts import DocumentCounts
from .lines import LineArrays, Lines
from .token_rules import MANNERS, new_piece
from .tokens import TokenArrays, Tokens
from .unicode_tables import unicode_tables
from .walk import count_possible_breaks, walk

A = TypeVar("A", bound=tuple[NDArray[Any], ...])

TOKEN_DTYPES = (np.uint64, np.uint32, np.uint32, np.uint32, np.uint8)
LINE_DTYPES = (np.uint64, *[np.uint32] * 9, np.uint8)

MAX_DOCUMENT = 1 << 31
"""Bytes of a document: positions in it are uint32, and so are the slots of hash tables for its tokens."""


@dataclass(frozen=True)
class Segments:
    """What a walk over n documents gives."""

    tokens: Tokens
    lines: Lines
    counts: DocumentCounts


def segment_in(language: str) -> Callable[[TextArray], Segments]:
    """What cuts texts in a language (ISO 639-1, or ""): the same function for all that are cut alike."""
    return _segment_in(MANNERS.get(language, 0))


@cache
def _segment_in(manner: int) -> Callable[[TextArray], Segments]:
    return partial(segment, manner=manner) if manner else segment


def segment(texts: TextArray, manner: int = 0) -> Segments:
    """Cut the documents of a large_string (or large_binary) array; a null counts as an empty one.

    Args:
        texts: The documents.
        manner: What their language does otherwise (`token_rules.MANNERS`).

    Raises:
        ValueError: One of them has MAX_DOCUMENT bytes or more.
    """
    buffers, tables = text_buffers(texts), unicode_tables()
    if len(texts) and buffers.sizes.max() >= MAX_DOCUMENT:
        raise ValueError(f"a document of {buffers.sizes.max()} bytes cannot be cut: {MAX_DOCUMENT} are too many")
    size = int(buffers.sizes.sum())
    offsets = np.zeros((2, len(texts) + 1), np.int64)
    counts = np.zeros((len(fields(DocumentCounts)), len(texts)), np.int64)
    tokens = _room(TokenArrays, TOKEN_DTYPES, size)
    lines = _room(
        LineArrays, LINE_DTYPES, count_possible_breaks(buffers.data, buffers.starts, buffers.stops) + len(texts)
    )
    walk(
        buffers.data,
        buffers.starts,
        buffers.stops,
        tables.index,
        tables.pages,
        offsets,
        manner,
        new_piece(),
        tokens,
        lines,
        counts,
    )
    for arrays, end in zip((tokens, lines), offsets[:, -1].tolist(), strict=True):
        for array in arrays:
            # In place: the untouched end goes back to the system without a copy.
            array.resize(end, refcheck=False)
    return Segments(Tokens(offsets[0], *tokens), Lines(offsets[1], *lines), DocumentCounts(*counts))


def _room(kind: Callable[..., A], dtypes: Sequence[DTypeLike], size: int) -> A:
    """Arrays of one size, not yet filled."""
    return kind(*(np.empty(size, dtype) for dtype in dtypes))
