"""Whether some of a few phrases stand in a text: one look at each byte, and a comparison at few of them."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from headrace.shards.base.kernels import types
from headrace.shards.base.kernels.compile import device, writes

COMMON_FIRST = b" etaoinshrdlcumwfgypbvkjxqz"
"""Bytes by their frequency in English; what does not stand here is rarer."""

CASE = 0x20


class Phrases(NamedTuple):
    """Phrases, each found by the rarest of its bytes; made by `phrases_of`.

    Args:
        text: uint8, all phrases one after the other, ASCII in lower case.
        offsets: int64 (phrases + 1,), where each begins in `text`.
        anchors: int64 (phrases,), the place of its rarest byte in each.
        marks: int64 (phrases,), the bits that each sets when it is found.
        first: int64 (256,), one more than the first phrase whose anchor is this byte, in either case; 0 for none.
        following: int64 (phrases,), the same for the next phrase with the same anchor.
    """

    text: NDArray[np.uint8]
    offsets: NDArray[np.int64]
    anchors: NDArray[np.int64]
    marks: NDArray[np.int64]
    first: NDArray[np.int64]
    following: NDArray[np.int64]


PHRASES = types.NamedTuple((writes(types.uint8), *[writes(types.int64)] * 5), Phrases)


def phrases_of(phrases: Sequence[tuple[str, int]]) -> Phrases:
    """Prepare phrases, each with the bits it sets when it is found.

    Raises:
        ValueError: A phrase is empty.
    """
    contents = [phrase.encode().lower() for phrase, _ in phrases]
    if not all(contents):
        raise ValueError("an empty phrase stands in every text")
    anchors = [max(range(len(content)), key=lambda place: _rarity(content[place])) for content in contents]
    first, following = np.zeros(256, np.int64), np.zeros(len(contents), np.int64)
    for number, (content, place) in enumerate(zip(contents, anchors, strict=True)):
        following[number] = first[content[place]]
        for byte in {content[place], *content[place : place + 1].upper()}:
            first[byte] = number + 1
    return Phrases(
        np.frombuffer(bytearray(b"".join(contents)), np.uint8),
        np.cumsum([0, *map(len, contents)], dtype=np.int64),
        np.array(anchors, np.int64),
        np.array([mark for _, mark in phrases], np.int64),
        first,
        following,
    )


def _rarity(byte: int) -> int:
    return COMMON_FIRST.index(byte) if byte in COMMON_FIRST else len(COMMON_FIRST)


@device
def marks_in(data: NDArray[np.uint8], start: int, stop: int, phrases: Phrases) -> int:
    """The bits of all phrases in `data[start:stop]`, whatever the case of ASCII letters."""
    found = 0
    for position in range(start, stop):
        entry = phrases.first[data[position]]
        while entry:
            phrase = entry - 1
            opens, begins = position - phrases.anchors[phrase], phrases.offsets[phrase]
            size = phrases.offsets[entry] - begins
            if opens >= start and opens + size <= stop and _equals(data, opens, phrases.text, begins, size):
                found |= phrases.marks[phrase]
            entry = phrases.following[phrase]
    return found


@device
def _equals(data: NDArray[np.uint8], start: int, text: NDArray[np.uint8], begins: int, size: int) -> bool:
    for offset in range(size):
        byte = data[start + offset]
        if ord("A") <= byte <= ord("Z"):
            byte |= CASE
        if byte != text[begins + offset]:
            return False
    return True
