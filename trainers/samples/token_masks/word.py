"""Whole words: all pieces of a word or none (BERT's release of May 2019)."""

from typing import ClassVar, Literal

import numpy as np
from pydantic.dataclasses import dataclass

from ..ranges import CHECKED
from .base import Chosen, TokenMask, Window
from .words import words_of


@dataclass(frozen=True, kw_only=True, config=CHECKED)
class WordMask(TokenMask):
    """Whole words; as in BERT, each token of a word is hidden in a way of its own.

    Args:
        name: Whole words.
    """

    name: Literal["word"] = "word"
    of_words: ClassVar[bool] = True

    def choose(self, window: Window, count: int, rng: np.random.Generator) -> Chosen:
        """See `TokenMask.choose`: words in random order, those left out that are longer than what is left."""
        words, left = words_of(window), count
        chosen = np.zeros(len(words.sizes), np.bool_)
        order = rng.permutation(len(chosen))
        for word, size in zip(order.tolist(), words.sizes[order].tolist(), strict=True):
            if size <= left:
                chosen[word] = True
                left -= size
            if not left:
                break
        positions = words.tokens(chosen, window)
        return Chosen(positions, np.arange(len(positions)))
