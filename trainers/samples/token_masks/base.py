"""What all masks over tokens share: the window they are drawn over, the budget, and what becomes of chosen tokens."""

from abc import ABC, abstractmethod
from dataclasses import dataclass as plain_dataclass
from typing import ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic.dataclasses import dataclass

from ..ranges import CHECKED

Tokens = NDArray[np.int64]
Indices = NDArray[np.int64]


@plain_dataclass(frozen=True)
class Window:
    """A window of T tokens.

    Args:
        plain: (T,) where a token may be chosen: never at CLS, SEP, PAD or another special token.
        document: (T,) the number of each token's document, sorted.
        pieces: (T,) uint8 what each token is of a word, see `word_pieces`; None where nobody asks for words.
    """

    plain: NDArray[np.bool_]
    document: NDArray[np.int64]
    pieces: NDArray[np.uint8] | None = None


class Chosen(NamedTuple):
    """What is predicted of a window."""

    positions: Indices
    """(K,), sorted."""
    units: Indices
    """(K,) of each the number of its unit, from 0; the tokens of a unit are hidden in the same way."""


@dataclass(frozen=True, kw_only=True, config=CHECKED)
class TokenMask(ABC):
    """A way to choose what is predicted."""

    of_words: ClassVar[bool]
    """Whether it asks for the words of a window."""

    @abstractmethod
    def choose(self, window: Window, count: int, rng: np.random.Generator) -> Chosen:
        """Choose up to `count` plain tokens of a window; drawn from the sample's own generator alone."""


def prediction_count(tokens: int, share: float, cap: int | None = None) -> int:
    """How many tokens of a sequence are predicted: max(1, round(share * tokens)), at most `cap` (BERT)."""
    count = max(1, round(share * tokens))
    return count if cap is None else min(count, cap)


def corrupt(
    tokens: Tokens,
    chosen: Chosen,
    rng: np.random.Generator,
    *,
    mask: int,
    vocabulary: int,
    masked: float = 0.8,
    random: float = 0.1,
) -> Tokens:
    """A copy of the tokens whose chosen positions are hidden (BERT, section 3.1, task 1; SpanBERT, section 3.1).

    Each unit independently becomes `mask` with probability `masked`, becomes random with probability `random`, each of
    its tokens drawn uniformly from the whole vocabulary (its special tokens included), and stays as it is otherwise.
    """
    positions, units = chosen
    fate = rng.random(units.max(initial=-1) + 1)[units]
    replacement = rng.integers(vocabulary, size=len(positions))
    corrupted = tokens.copy()
    corrupted[positions[fate < masked]] = mask
    drawn = (fate >= masked) & (fate < masked + random)
    corrupted[positions[drawn]] = replacement[drawn]
    return corrupted
