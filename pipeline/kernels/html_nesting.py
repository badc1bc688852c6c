"""How deep a page's elements may lie in each other, told from its tags alone.

Walking a parsed page takes as long as extracting its text ten times over; this look at the tags takes a thousandth of
it, and tells that a page need not be walked.
"""

import numpy as np
from numpy.typing import NDArray

from headrace.shards.base.kernels import types
from headrace.shards.base.kernels.compile import device, kernel, reads, writes

from .sorted_search import find_sorted

NAMES = 256
"""Elements are told apart by a byte of their names' hash: two that share one are counted together."""

_VOID = ("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr")
_CLOSED_BY_THE_NEXT = (
    "p",
    "li",
    "dt",
    "dd",
    "tr",
    "td",
    "th",
    "thead",
    "tbody",
    "tfoot",
    "option",
    "optgroup",
    "rp",
    "rt",
)

PER_CONTAINER = 4
"""Elements that end where the next one of their kind begins lie in containers, at most three to one (tbody, tr, td)."""


def _code(name: str) -> int:
    """A name's first eight bytes as one number."""
    return int.from_bytes(name.encode()[:8], "big")


_UNCOUNTED = np.array(sorted(map(_code, (*_VOID, *_CLOSED_BY_THE_NEXT))), np.uint64)

_GOLDEN, _TOP_BYTE = np.uint64(0x9E3779B97F4A7C15), np.uint64(56)

_SUSPECT = np.zeros(NAMES, np.uint8)
"""By the byte of its hash, whether a name may be uncounted: nearly all that are counted need no further look."""
_SUSPECT[_UNCOUNTED * _GOLDEN >> _TOP_BYTE] = 1


def nesting_bound(html: bytes) -> int:
    """About the greatest depth that the elements of a page can have; hardly ever less than it is, often more.

    Elements without an end tag of their own are not counted, but for a factor of PER_CONTAINER; of all others each
    start tag opens one and each end tag closes the innermost of its name.

    Args:
        html: UTF-8, or anything in which tags are ASCII.
    """
    content, nothing_open = np.frombuffer(html, np.uint8), np.zeros(NAMES, np.int64)
    return PER_CONTAINER * deepest_open(content, _UNCOUNTED, _SUSPECT, nothing_open) + PER_CONTAINER


@device
def _lower_letter(byte: np.int64) -> np.int64:
    """An ASCII letter in lower case; 0 for anything else."""
    lower = byte | 0x20
    return lower if 0x61 <= lower <= 0x7A else np.int64(0)


@kernel(types.int64(reads(types.uint8), reads(types.uint64), reads(types.uint8), writes(types.int64)))
def deepest_open(
    html: NDArray[np.uint8], uncounted: NDArray[np.uint64], suspect: NDArray[np.uint8], open_: NDArray[np.int64]
) -> int:
    """The most counted elements that are open at once; `open_`, (NAMES,), starts as noughts."""
    depth = deepest = 0
    position, stop = 0, len(html)
    while position < stop:
        if html[position] != 0x3C:  # <
            position += 1
            continue
        position += 1
        closes = position < stop and html[position] == 0x2F  # /
        position += closes
        if position >= stop or not _lower_letter(np.int64(html[position])):
            continue
        name, length = np.uint64(0), 0
        while position < stop and length < 8:
            byte = np.int64(html[position])
            letter = _lower_letter(byte)
            if not letter and not 0x30 <= byte <= 0x39:
                break
            name = name << np.uint64(8) | np.uint64(letter if letter else byte)
            position += 1
            length += 1
        slot = np.int64(name * _GOLDEN >> _TOP_BYTE)
        if suspect[slot] and find_sorted(uncounted, name) >= 0:
            continue
        if not closes:
            open_[slot] += 1
            depth += 1
            deepest = max(deepest, depth)
        elif open_[slot] > 0:
            open_[slot] -= 1
            depth -= 1
    return deepest
