"""The normal form of a text, in which case, punctuation, white space and Unicode's forms make no difference.

A text's normal form is its characters without those that are to be ignored (soft hyphens, joiners, marks of direction:
Unicode's Default_Ignorable_Code_Point), in NFKC, case-folded, in NFKC again, without the difference between an i with a
dot and one without, which capitals lose in Turkish; of that, only the words count (`kernels/words.py`), so punctuation
and white space fall away. This is close to Unicode's NFKC_Casefold.

Few documents hold a character on which that makes a difference to the words that the kernels find in the text as it
stands. One scan tells these documents, and only they are rewritten: by a table where each character goes by itself, by
Python's own functions where characters join or change places.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from headrace.shards.base.kernels.tables import kept_tables

from ..kernels import unicode_tables
from ..kernels.buffers import TextArray
from ..kernels.folding import FOLDED, HARD, FoldTable, fold, kinds_of
from ..kernels.unicode_tables import CODE_POINTS, lower

NAME = f"NFKC, case-folded, words only (Unicode {unicodedata.unidata_version})"
"""What the certificate calls it."""

IGNORED = (
    *((0xAD, 0xAD), (0x34F, 0x34F), (0x61C, 0x61C), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F)),
    *((0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x206F), (0x3164, 0x3164), (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF)),
    *((0xFFA0, 0xFFA0), (0xFFF0, 0xFFF8), (0x1BCA0, 0x1BCA3), (0x1D173, 0x1D17A), (0xE0000, 0xE0FFF)),
)
"""Default_Ignorable_Code_Point (DerivedCoreProperties.txt), as inclusive ranges."""

_CHANGEABLE = ((0x80, 0x33FF), (0x4DC0, 0x4DFF), (0xA000, 0xABFF), (0xD7A4, 0x1FFFF), (0x2F800, 0x2FA1F))
"""Outside lie ASCII, ideographs and syllables of Hangul, which never change, and what is to be ignored."""

_KEPT, _HARD = -1, -2
"""Slots of a `FoldTable`."""

_JAMO = (*range(0x1161, 0x1176), *range(0x11A8, 0x11C3))
"""Vowels and final consonants that join a syllable of Hangul; no decomposition lists them."""


def normal_form(text: str) -> str:
    """The normal form of a text; texts that are equal in NFKC have the same."""
    return _folded(_ignored_pattern().sub("", text))


def _folded(text: str) -> str:
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return folded.replace("ı", "i").replace("i\u0307", "i")


def normal_forms(texts: TextArray) -> tuple[NDArray[np.int64], TextArray]:
    """The documents that must be rewritten, int64, and these documents with the words of their normal form."""
    table = fold_table()
    kinds = kinds_of(texts, table)
    folded, hard = (np.flatnonzero(kinds == kind) for kind in (FOLDED, HARD))
    by_table = fold(texts.take(pa.array(folded)), table)
    by_python = pa.array([normal_form(texts[row].as_py()) for row in hard.tolist()], pa.large_string())
    return np.concatenate([folded, hard]), pa.concat_arrays([by_table, by_python])


@cache
def fold_table() -> FoldTable:
    """What becomes of the characters that make a difference, once per process."""
    return kept_tables(FoldTable, _make_table, unicodedata.unidata_version, Path(unicode_tables.__file__).parent)


def _make_table() -> FoldTable:
    """Hard are the characters that join others or become such."""
    slots = np.full(CODE_POINTS, _KEPT, np.int16)
    joining = set(_joining(_changeable()))
    pieces: dict[bytes, int] = {}
    for code, form in _sensitive(joining).items():
        hard = code in joining or (form and ord(form[0]) in joining)
        slots[code] = _HARD if hard else pieces.setdefault(form.encode(), len(pieces))
    offsets = np.concatenate([[0], np.cumsum([len(piece) for piece in pieces])]).astype(np.int64)
    return FoldTable(slots, offsets, np.frombuffer(b"".join(pieces), np.uint8))


@dataclass(frozen=True)
class Rewritten:
    """A text in which only what is sensitive was rewritten: it has the words of the normal form, and knows its places.

    Args:
        text: The text.
        places: int64 (2, n): where rewritten stretches start and stop in `text`, ascending.
        origins: int64 (2, n): where they start and stop in the original.
    """

    text: str
    places: NDArray[np.int64]
    origins: NDArray[np.int64]

    def original(self, start: int, stop: int) -> tuple[int, int]:
        """The span of the original from which a span of the text was made, in characters."""
        return self._first(start), self._last(stop)

    def _first(self, start: int) -> int:
        before = int(np.searchsorted(self.places[0], start, side="right")) - 1
        if before < 0:
            return start
        inside = start < self.places[1, before]
        return int(self.origins[0, before] if inside else self.origins[1, before] + start - self.places[1, before])

    def _last(self, stop: int) -> int:
        before = int(np.searchsorted(self.places[0], stop, side="left")) - 1
        if before < 0:
            return stop
        inside = stop <= self.places[1, before]
        return int(self.origins[1, before] + (0 if inside else stop - self.places[1, before]))


def rewrite(text: str) -> Rewritten:
    """Rewrite the sensitive characters of a text, each run of them with the character before it, and nothing else."""
    parts, places, origins = [], [], []
    length = done = 0
    for start, stop in _sensitive_stretches(text):
        formed = normal_form(text[start:stop])
        if formed[:1] == text[start]:
            start, formed = start + 1, formed[1:]
        length += start - done
        parts += [text[done:start], formed]
        places.append((length, length + len(formed)))
        origins.append((start, stop))
        length, done = length + len(formed), stop
    as_arrays = (np.array(pairs, np.int64).reshape(-1, 2).T.copy() for pairs in (places, origins))
    return Rewritten("".join([*parts, text[done:]]), *as_arrays)


def _sensitive_stretches(text: str) -> Iterator[tuple[int, int]]:
    """Each run of sensitive characters, with the character before it, which they may join."""
    codes = np.frombuffer(text.encode("utf-32-le"), np.uint32)
    found = np.flatnonzero(fold_table().slots[codes] != _KEPT)
    if not len(found):
        return
    gaps = np.flatnonzero(np.diff(found) > 1)
    starts, stops = found[np.append(0, gaps + 1)], found[np.append(gaps, len(found) - 1)] + 1
    # Two runs with but one character between them: it goes with the second.
    yield from zip(np.maximum(starts - 1, 0).tolist(), stops.tolist(), strict=True)


def _changeable() -> list[int]:
    return [code for first, last in _CHANGEABLE for code in range(first, last + 1)]


def _sensitive(joining: Iterable[int]) -> dict[int, str]:
    """The characters that make a difference, with their normal form."""
    codes = _changeable()
    # Each on a line of its own: nothing joins with a line break.
    forms = dict(zip(codes, _folded("\n".join(map(chr, codes))).split("\n"), strict=True))
    changed = {code: form for code, form in forms.items() if form != chr(code) and not _same_words(chr(code), form)}
    ignored = {code: "" for first, last in IGNORED for code in range(first, last + 1)}
    return {code: forms[code] for code in joining} | changed | ignored


def _same_words(character: str, form: str) -> bool:
    """Whether the kernels find the same words with either in a text: a letter of that lower case, or no word at all."""
    if _in_words(character):
        return lower(form) == lower(character)
    return bool(form) and not any(map(_in_words, form))


def _in_words(character: str) -> bool:
    return unicodedata.category(character)[0] in "LNM"


def _joining(codes: Sequence[int]) -> Iterator[int]:
    """Characters that may join, or change places with, the one before them."""
    yield from _JAMO
    for code in codes:
        character = chr(code)
        if unicodedata.combining(character):
            yield code
        parts = unicodedata.decomposition(character).split()
        if len(parts) == 2 and not parts[0].startswith("<"):
            yield int(parts[1], 16)


@cache
def _ignored_pattern() -> re.Pattern[str]:
    return re.compile("[" + "".join(f"{chr(first)}-{chr(last)}" for first, last in IGNORED) + "]+")
