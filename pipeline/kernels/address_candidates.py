"""Where an e-mail address, an IP address or a phone number may stand: few places, which are then looked at closely."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headrace.shards.base.kernels import types
from headrace.shards.base.kernels.compile import device, kernel, reads, writes

from .buffers import TextBuffers

EMAIL, IPV4, IPV6, INTERNATIONAL, AMERICAN, LABELLED = range(6)
"""What a place may be: the `@` of an e-mail address, or the first digit of one of the others."""

KIND_BITS = 3

AT, PLUS, HYPHEN, DOT, COLON, OPEN, CLOSE, SPACE = map(ord, "@+-.:() ")

MIN_LABELLED_DIGITS, MIN_INTERNATIONAL_DIGITS = 7, 9
MAX_LABEL_GAP = 4


@dataclass(frozen=True)
class Candidates:
    """Places, in ascending order; all int64 (n,).

    Args:
        documents: The document of each.
        places: The byte, from the beginning of the buffer.
        kinds: What may stand there.
    """

    documents: NDArray[np.int64]
    places: NDArray[np.int64]
    kinds: NDArray[np.int64]


def address_candidates(buffers: TextBuffers) -> Candidates:
    """Every place in the documents at which a closer look is worth its time."""
    # One place takes at least two bytes: what makes it one, and what does not.
    found = np.empty(int(((buffers.sizes + 1) // 2 * 4).sum()), np.int64)
    counts = np.zeros(len(buffers.starts), np.int64)
    find_candidates(buffers.data, buffers.starts, buffers.stops, found, counts)
    found.resize(int(counts.sum()), refcheck=False)
    documents = np.repeat(np.arange(len(counts)), counts)
    return Candidates(documents, found >> KIND_BITS, found & ((1 << KIND_BITS) - 1))


@kernel(
    types.void(
        reads(types.uint8), reads(types.int64), reads(types.int64), writes(types.int64), writes(types.int64)
    )
)  # fmt: skip
def find_candidates(
    data: NDArray[np.uint8],
    starts: NDArray[np.int64],
    stops: NDArray[np.int64],
    found: NDArray[np.int64],
    counts: NDArray[np.int64],
) -> None:
    """Fill `found` with `place << KIND_BITS | kind`, and `counts` of the documents."""
    count = 0
    for document in range(len(starts)):
        position, start, stop, before = starts[document], starts[document], stops[document], count
        while position < stop:
            byte = data[position]
            if byte == AT:
                if _opens_domain(data, position + 1, stop):
                    found[count] = position << KIND_BITS | EMAIL
                    count += 1
            elif _is_digit(byte):
                end = position + 1
                while end < stop and _is_digit(data[end]):
                    end += 1
                previous = np.int64(data[position - 1]) if position > start else np.int64(0)
                before_that = np.int64(data[position - 2]) if position > start + 1 else np.int64(0)
                further = previous == DOT and _is_digit(before_that)
                if not further and _opens_ipv4(data, end, stop, end - position):
                    found[count] = position << KIND_BITS | IPV4
                    count += 1
                further = previous == COLON and (_is_hex(before_that) or before_that == COLON)
                if not further and _opens_ipv6(data, position, stop):
                    found[count] = position << KIND_BITS | IPV6
                    count += 1
                if previous == PLUS:
                    if _digits(data, position, stop) >= MIN_INTERNATIONAL_DIGITS:
                        found[count] = position << KIND_BITS | INTERNATIONAL
                        count += 1
                elif _opens_american(data, end, stop, end - position):
                    found[count] = position << KIND_BITS | AMERICAN
                    count += 1
                if _follows_word(data, start, position) and _digits(data, position, stop) >= MIN_LABELLED_DIGITS:
                    found[count] = position << KIND_BITS | LABELLED
                    count += 1
                position = end
                continue
            position += 1
        counts[document] = count - before


@device
def _is_digit(byte: int | np.integer[Any]) -> bool:
    return bool(ord("0") <= byte <= ord("9"))


@device
def _is_hex(byte: int | np.integer[Any]) -> bool:
    return bool(ord("0") <= byte <= ord("9") or ord("a") <= byte | 0x20 <= ord("f"))


@device
def _opens_domain(data: NDArray[np.uint8], position: int, stop: int) -> bool:
    """Whether letters, digits, hyphens and at least one dot stand there."""
    start = position
    while position < stop and (_is_letter(data[position]) or _is_digit(data[position]) or data[position] == HYPHEN):
        position += 1
    return position > start and position < stop and data[position] == DOT


@device
def _is_letter(byte: int | np.integer[Any]) -> bool:
    return bool(ord("a") <= byte | 0x20 <= ord("z"))


@device
def _opens_ipv4(data: NDArray[np.uint8], end: int, stop: int, size: int) -> bool:
    """Whether three more numbers follow the one of `size` digits that ends at `end`, each behind a dot."""
    for _ in range(3):
        if size > 3 or end + 1 >= stop or data[end] != DOT or not _is_digit(data[end + 1]):
            return False
        first = end = end + 1
        while end < stop and _is_digit(data[end]):
            end += 1
        size = end - first
    return size <= 3


@device
def _opens_american(data: NDArray[np.uint8], end: int, stop: int, size: int) -> bool:
    """Whether three digits end there, and three and four more follow: `212-555-1234`, `212) 555-1234`."""
    if size != 3 or end + 9 > stop or (data[end] != HYPHEN and data[end] != CLOSE):
        return False
    end += 1
    if data[end] == SPACE:
        end += 1
    for place in range(end, end + 3):
        if place >= stop or not _is_digit(data[place]):
            return False
    return end + 3 < stop and data[end + 3] == HYPHEN


@device
def _opens_ipv6(data: NDArray[np.uint8], position: int, stop: int) -> bool:
    """Whether a group of four hexadecimal digits stands there that opens a global address (2000::/3)."""
    if position + 5 >= stop or data[position + 4] != COLON or not ord("2") <= data[position] <= ord("3"):
        return False
    return _is_hex(data[position + 1]) and _is_hex(data[position + 2]) and _is_hex(data[position + 3])


@device
def _follows_word(data: NDArray[np.uint8], start: int, position: int) -> bool:
    """Whether a letter, or any character beyond ASCII, stands shortly before, with punctuation and spaces between."""
    least = max(start, position - MAX_LABEL_GAP)
    position -= 1
    while position >= least:
        byte = np.int64(data[position])
        if byte >= 0x80 or _is_letter(byte):
            return True
        if byte not in (SPACE, DOT, COLON, OPEN):
            return False
        position -= 1
    return False


@device
def _digits(data: NDArray[np.uint8], position: int, stop: int) -> int:
    """How many digits stand there, single separators, brackets and characters beyond ASCII between them."""
    digits = gap = 0
    while position < stop and gap < 4:
        if _is_digit(data[position]):
            digits, gap = digits + 1, 0
        elif data[position] >= 0x80 or data[position] in (SPACE, DOT, HYPHEN, OPEN, CLOSE, ord("/")):
            gap += 1
        else:
            break
        position += 1
    return digits
