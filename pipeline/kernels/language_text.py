"""What py3langid reads of a document: its beginning, in lower case if it is all capitals, in Unicode's form NFC.

Nearly every document is that already. The kernel tells the others by the quick check of UAX #15 (section 9) and by the
rule of `str.isupper`, and Python rewrites them, as py3langid does: texts that need it, of Hindi with letters spelled
out, say, are read at the speed of `unicodedata.normalize`.
"""

import unicodedata
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from headrace.shards.base.kernels import types
from headrace.shards.base.kernels.compile import kernel, reads, writes
from headrace.shards.base.kernels.tables import kept_tables

from .buffers import TextArray, text_buffers
from .utf8 import decode

UPPER, CASED, UNSTABLE = 1 << 8, 1 << 9, 1 << 10
"""Kinds of characters: a capital; one of lower or title case; one that NFC may change. The bits below hold the
canonical combining class."""

CODE_POINTS = 0x30000
"""Characters from here on have no case and no other form."""

_HANGUL_MEDIALS_AND_FINALS = (range(0x1161, 0x1176), range(0x11A8, 0x11C3))


@dataclass(frozen=True)
class Part:
    """Some of a batch's documents as they are to be read: document `rows[i]` is `data[starts[i] : stops[i]]`."""

    rows: NDArray[np.int64]
    data: NDArray[np.uint8]
    starts: NDArray[np.int64]
    stops: NDArray[np.int64]


def prepare(texts: TextArray, characters: int) -> tuple[Part, Part]:
    """The first `characters` of every document: those that can be read where they lie, and those rewritten."""
    buffers = text_buffers(texts)
    stops = np.empty(len(texts), np.int64)
    rewrite = np.zeros(len(texts), np.bool_)
    find_beginnings(buffers.data, buffers.starts, buffers.stops, characters, character_kinds(), stops, rewrite)
    as_it_is, changed = np.flatnonzero(~rewrite), np.flatnonzero(rewrite)
    rewritten = [
        _rewritten(buffers.data[start:stop].tobytes())
        for start, stop in zip(buffers.starts[changed].tolist(), stops[changed].tolist(), strict=True)
    ]
    ends = np.cumsum([len(each) for each in rewritten], dtype=np.int64)
    return (
        Part(as_it_is, buffers.data, buffers.starts[as_it_is], stops[as_it_is]),
        Part(changed, np.frombuffer(b"".join(rewritten), np.uint8), np.append(0, ends)[:-1], ends),
    )


def _rewritten(content: bytes) -> bytes:
    text = content.decode("utf-8", "replace")
    if text.isupper():
        text = text.lower()
    return unicodedata.normalize("NFC", text).encode()


@dataclass(frozen=True)
class CharacterKinds:
    """The kind of every code point below CODE_POINTS: uint16 (CODE_POINTS,)."""

    kinds: NDArray[np.uint16]


@cache
def character_kinds() -> NDArray[np.uint16]:
    """The kind of every code point below CODE_POINTS, once per process."""
    return kept_tables(CharacterKinds, _make_kinds, unicodedata.unidata_version).kinds


def _make_kinds() -> CharacterKinds:
    characters = list(map(chr, range(CODE_POINTS)))
    kinds = np.fromiter(map(unicodedata.combining, characters), np.uint16, CODE_POINTS)
    upper, lower, title = (
        np.fromiter(map(test, characters), np.bool_, CODE_POINTS) for test in (str.isupper, str.islower, str.istitle)
    )
    kinds[upper] |= UPPER
    kinds[lower | title & ~upper] |= CASED
    kinds[_unstable(characters)] |= UNSTABLE
    return CharacterKinds(kinds)


def _unstable(characters: list[str]) -> list[int]:
    """Code points that NFC replaces, or may join to the one before."""
    decomposed = list(map(unicodedata.decomposition, characters))
    canonical = [code for code, parts in enumerate(decomposed) if parts and not parts.startswith("<")]
    replaced = [code for code in canonical if not unicodedata.is_normalized("NFC", chr(code))]
    joined = {int(parts[1], 16) for parts in (decomposed[code].split() for code in canonical) if len(parts) == 2}
    return [*replaced, *joined, *(code for codes in _HANGUL_MEDIALS_AND_FINALS for code in codes)]


@kernel(
    types.void(
        reads(types.uint8),
        reads(types.int64),
        reads(types.int64),
        types.int64,
        reads(types.uint16),
        writes(types.int64),
        writes(types.boolean),
    )
)
def find_beginnings(
    data: NDArray[np.uint8],
    starts: NDArray[np.int64],
    stops: NDArray[np.int64],
    characters: int,
    kinds: NDArray[np.uint16],
    ends: NDArray[np.int64],
    rewrite: NDArray[np.bool_],
) -> None:
    """Fill `ends`, where the first `characters` of each document end, and `rewrite`, whether they must change."""
    for document in range(len(starts)):
        position, stop = starts[document], stops[document]
        seen = before = np.int64(0)
        unordered: np.bool_ = np.bool_(False)
        left = characters
        while position < stop and left > 0:
            left -= 1
            byte = np.int64(data[position])
            if byte < 0x80:
                seen |= np.int64(kinds[byte])
                before = np.int64(0)
                position += 1
                continue
            code, length = decode(data, position, stop)
            position += length
            kind = np.int64(kinds[code]) if code < CODE_POINTS else np.int64(0)
            seen |= kind
            combining = kind & 0xFF
            unordered |= (combining > 0) & (combining < before)
            before = combining
        ends[document] = position
        rewrite[document] = unordered or seen & UNSTABLE != 0 or seen & (UPPER | CASED) == UPPER
