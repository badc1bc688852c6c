"""The n-grams of passages, and which of them mean too little to be looked for."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from headrace.shards.base.errors import InputError

from ..kernels.shingles import shingles
from ..kernels.word_hashes import WordHashes
from .normal_form import normal_form
from .units import Units, large_strings, make_units, ranges
from .word_weights import WordWeights

REASONS = ("", "few characters", "excluded by the recipe")
"""Why an n-gram is not looked for; the first: it is."""

_FEW, _NAMED = 1, 2


@dataclass(frozen=True)
class Terms:
    """What is looked for in what.

    Args:
        n: Words (or tokens) in an n-gram.
        tokenizer: Of which tokens are made; None: n-grams are of words.
        min_words: The shortest passage that is looked for whole.
        min_characters: What is looked for has at least so many letters and digits.
        exclude: A file of texts, one a line, none of whose n-grams is looked for.
    """

    n: int = 13
    tokenizer: Path | None = None
    min_words: int = 8
    min_characters: int = 20
    exclude: Path | None = None

    def excluded(self) -> list[str]:
        """The texts of `exclude`.

        Raises:
            InputError: The file cannot be read.
        """
        if self.exclude is None:
            return []
        try:
            return [line for line in self.exclude.read_text(encoding="utf-8").splitlines() if line.strip()]
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(
                f"{self.exclude} cannot be read", found=str(error), expected="texts in UTF-8, one a line"
            ) from error


@dataclass(frozen=True)
class Windows:
    """Every n-gram of one length.

    Args:
        length: Units in each.
        passages: int64 (n,): the passage in which it stands.
        positions: int64 (n,): its first unit within it.
        hashes: uint64 (n,).
    """

    length: int
    passages: NDArray[np.int64]
    positions: NDArray[np.int64]
    hashes: NDArray[np.uint64]


def lengths_of(units: Units, weights: WordWeights, terms: Terms) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """The length of the n-grams of each passage, 0 where it is too short; and whether it is looked for whole."""
    bounds = units.words.offsets
    words, sizes = np.diff(bounds), np.diff(units.offsets)
    factor = np.where(2 * np.diff(weights.unspaced[bounds]) > words, 2, 1)
    wanted = terms.n * (factor if terms.tokenizer is None else np.ones_like(factor))
    whole = (sizes < wanted) & (sizes > 0) & (words >= terms.min_words * factor)
    return np.where(sizes >= wanted, wanted, np.where(whole, sizes, 0)), whole


def windows_of(units: Units, passages: NDArray[np.int64], length: int) -> Windows:
    """Every n-gram of that length in passages that have at least one."""
    starts, sizes = units.offsets[passages], np.diff(units.offsets)[passages]
    offsets = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    nowhere = np.zeros(0, np.int64)
    hashed = shingles(WordHashes(offsets, units.hashes[ranges(starts, sizes)], nowhere, nowhere), int(length))
    counts = sizes - length + 1
    return Windows(int(length), np.repeat(passages, counts), ranges(np.zeros_like(counts), counts), hashed.hashes)


def excluded_units(terms: Terms, shortest: int) -> Units:
    """The units of the texts to exclude.

    Raises:
        InputError: One of them is shorter than every n-gram that is looked for, so that it would exclude nothing.
    """
    texts = terms.excluded()
    units = make_units(large_strings([normal_form(text) for text in texts]), tokenizer=terms.tokenizer)
    for text, count in zip(texts, np.diff(units.offsets).tolist(), strict=True):
        if count < shortest:
            raise InputError(
                f"a line of {terms.exclude} excludes nothing",
                found=f"'{text}'",
                expected=f"at least {shortest} words (or tokens), as the shortest n-gram that is looked for has",
                remedy="Leave it out, or write more of the text that is common",
            )
    return units


def excluded(found: Windows, units: Units, weights: WordWeights, named: Units, min_characters: int) -> NDArray[np.int8]:
    """Why each n-gram is not looked for, as an index into `REASONS`: int8 (n,); `named` are the texts to exclude."""
    first = units.offsets[found.passages] + found.positions
    last = units.word_of(first + found.length - 1)
    characters = weights.characters[last + 1] - weights.characters[units.word_of(first)]
    reasons = np.where(characters < min_characters, np.int8(_FEW), np.int8(0))
    long_enough = np.flatnonzero(np.diff(named.offsets) >= found.length)
    reasons[np.isin(found.hashes, windows_of(named, long_enough, found.length).hashes)] = _NAMED
    return reasons


def spelled_out(found: Windows, reasons: NDArray[np.int8], units: Units) -> Iterator[tuple[str, str]]:
    """Each n-gram that is not looked for, its units joined by spaces, with the reason."""
    out = np.flatnonzero(reasons)
    _, different = np.unique(found.hashes[out], return_index=True)
    for at in out[different].tolist():
        spelled = units.spelled(int(found.passages[at]), int(found.positions[at]), found.length)
        yield " ".join(spelled), REASONS[reasons[at]]
