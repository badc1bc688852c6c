"""What n-grams are made of: the words of texts, or the tokens of these words."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from headrace.shards.base.errors import InputError
from headrace.shards.base.rng import hash64

from ..kernels.buffers import TextArray, text_buffers
from ..kernels.unicode_tables import lower
from ..kernels.word_hashes import WordHashes, word_hashes

if TYPE_CHECKING:
    from tokenizers import Tokenizer


@dataclass(frozen=True)
class Units(ABC):
    """The units of n documents in order; those of document d are `offsets[d] : offsets[d + 1]` of the flat arrays.

    Args:
        texts: The documents.
        words: Their words.
    """

    texts: TextArray
    words: WordHashes

    @property
    @abstractmethod
    def hashes(self) -> NDArray[np.uint64]:
        """uint64 (units,)."""

    @property
    @abstractmethod
    def offsets(self) -> NDArray[np.int64]:
        """int64 (documents + 1,)."""

    @abstractmethod
    def word_of(self, units: NDArray[np.int64]) -> NDArray[np.int64]:
        """The word in which each of these units stands, both as places in the flat arrays."""

    @abstractmethod
    def spelled(self, document: int, first: int, count: int) -> tuple[str, ...]:
        """The units `first : first + count` of a document, as strings: equal ones are equal units."""


@dataclass(frozen=True)
class WordUnits(Units):
    """Each word is a unit."""

    @property
    def hashes(self) -> NDArray[np.uint64]:
        """The words'."""
        return self.words.hashes

    @property
    def offsets(self) -> NDArray[np.int64]:
        """The words'."""
        return self.words.offsets

    def word_of(self, units: NDArray[np.int64]) -> NDArray[np.int64]:
        """Themselves."""
        return units

    def spelled(self, document: int, first: int, count: int) -> tuple[str, ...]:
        """The words in lower case."""
        word = int(self.words.offsets[document]) + first
        return tuple(_spell(self.texts, self.words, np.full(count, document), np.arange(word, word + count)))


@dataclass(frozen=True)
class TokenUnits(Units):
    """Each token of a word is a unit.

    Args:
        texts: As in `Units`.
        words: As in `Units`.
        ids: int64 (tokens,).
        firsts: int64 (words + 1,): the tokens of word w are `firsts[w] : firsts[w + 1]`.
        tokenizer: What they are tokens of.
    """

    ids: NDArray[np.int64]
    firsts: NDArray[np.int64]
    tokenizer: "Tokenizer"

    @property
    def hashes(self) -> NDArray[np.uint64]:
        """Of the ids; different ids have different ones."""
        return hash64(self.ids.astype(np.uint64), 0)

    @property
    def offsets(self) -> NDArray[np.int64]:
        """By document."""
        return self.firsts[self.words.offsets]

    def word_of(self, units: NDArray[np.int64]) -> NDArray[np.int64]:
        """The word whose tokens they are among."""
        return np.searchsorted(self.firsts, units, side="right").astype(np.int64) - 1

    def spelled(self, document: int, first: int, count: int) -> tuple[str, ...]:
        """The tokens as they stand in the vocabulary."""
        start = int(self.offsets[document]) + first
        return tuple(str(self.tokenizer.id_to_token(each)) for each in self.ids[start : start + count].tolist())


def make_units(texts: TextArray, words: WordHashes | None = None, tokenizer: Path | None = None) -> Units:
    """The units of texts whose kernels' words are those of their normal form.

    Words are tokenised each by itself, in lower case behind one space: how a word is cut never depends on its
    neighbours, nor on case, punctuation and white space.

    Args:
        texts: The documents.
        words: Their words, where they are known.
        tokenizer: The `tokenizer.json` of which tokens are made; None: units are words.

    Raises:
        InputError: The tokenizer cannot be read.
    """
    words = word_hashes(texts) if words is None else words
    if tokenizer is None:
        return WordUnits(texts, words)
    vocabulary = _load(tokenizer)
    different, places, which = np.unique(words.hashes, return_index=True, return_inverse=True)
    documents = np.searchsorted(words.offsets, places, side="right") - 1
    # Words that differ and have one hash would get the tokens of one of them; matches are spelled out all the same.
    spelled = [f" {word}" for word in _spell(texts, words, documents, places)]
    encoded = [each.ids for each in vocabulary.encode_batch_fast(spelled, add_special_tokens=False)]
    sizes = np.array([len(ids) for ids in encoded], np.int64)
    begins = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    every = np.array([each for ids in encoded for each in ids], np.int64)
    counts = sizes[which] if len(different) else np.zeros(0, np.int64)
    firsts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    return TokenUnits(texts, words, every[ranges(begins[which], counts)], firsts, vocabulary)


def ranges(starts: NDArray[np.int64], counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """`start, start + 1, ..., start + count - 1` of each pair in a row, int64 (sum of counts,)."""
    ends = np.cumsum(counts)
    return np.repeat(starts - ends + counts, counts) + np.arange(ends[-1] if len(ends) else 0)


def _spell(texts: TextArray, words: WordHashes, documents: NDArray[np.int64], places: NDArray[np.int64]) -> list[str]:
    """The words at places of the flat arrays, in lower case."""
    buffers = text_buffers(texts)
    begins = buffers.starts[documents]
    starts, stops = begins + words.starts[places], begins + words.stops[places]
    data = buffers.data
    return [lower(data[start:stop].tobytes().decode()) for start, stop in zip(starts, stops, strict=True)]


@cache
def _load(path: Path) -> "Tokenizer":
    from tokenizers import Tokenizer

    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:  # the library raises nothing more specific
        raise InputError(
            f"{path} is no tokenizer", found=str(error), expected="a tokenizer.json of Hugging Face tokenizers"
        ) from error
    tokenizer.no_truncation()
    tokenizer.no_padding()
    tokenizer.encode_special_tokens = True
    return tokenizer


def large_strings(texts: list[str]) -> TextArray:
    """Texts as the kernels take them."""
    return pa.array(texts, pa.large_string())
