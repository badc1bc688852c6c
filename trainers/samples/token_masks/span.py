"""Spans of whole words (Joshi et al. 2019, "SpanBERT", section 3.1)."""

from typing import Annotated, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from pydantic.dataclasses import dataclass

from ..ranges import CHECKED, Count
from .base import Chosen, TokenMask, Window
from .words import words_of


@dataclass(frozen=True, kw_only=True, config=CHECKED)
class SpanMask(TokenMask):
    """Spans of words, all tokens of which are hidden in the same way.

    Args:
        name: Spans of whole words.
        p: Of the geometric distribution of a span's length in words.
        longest: The longest span, in words.
    """

    name: Literal["span"] = "span"
    p: Annotated[float, Field(gt=0, lt=1)] = 0.2
    longest: Count = 10
    of_words: ClassVar[bool] = True

    def choose(self, window: Window, count: int, rng: np.random.Generator) -> Chosen:
        """See `TokenMask.choose`: spans from random words on, until `count` tokens are chosen.

        A span ends early before a word that was chosen already, that is longer than what is left of `count`, or that
        stands in another document or behind a special token.
        """
        words, left, spans = words_of(window), count, 0
        total = len(words.sizes)
        span = np.full(total, -1)
        starts, lengths = rng.permutation(total), self.lengths(total, rng)
        sizes, runs, taken = words.sizes.tolist(), words.runs.tolist(), [False] * total
        for start, length in zip(starts.tolist(), lengths.tolist(), strict=True):
            stop = start
            while stop < min(start + length, total) and runs[stop] == runs[start]:
                if taken[stop] or sizes[stop] > left:
                    break
                taken[stop] = True
                left -= sizes[stop]
                stop += 1
            if stop > start:
                span[start:stop] = spans
                spans += 1
            if not left:
                break
        positions = words.tokens(span >= 0, window)
        return Chosen(positions, span[words.of_token[positions]])

    def lengths(self, count: int, rng: np.random.Generator) -> NDArray[np.int64]:
        """Lengths of spans, in words: n with a probability in proportion to p (1 - p)^(n - 1), n = 1 .. longest.

        With the paper's numbers their mean is 3.8.
        """
        left = 1 - self.p
        # The distribution function, solved for n.
        below = 1 - rng.random(count) * (1 - left**self.longest)
        lengths: NDArray[np.float64] = np.ceil(np.log(below) / np.log(left)).clip(1, self.longest)
        return lengths.astype(np.int64)
