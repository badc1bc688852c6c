"""Each token by itself (Devlin et al. 2018, "BERT", section 3.1, task 1)."""

from typing import ClassVar, Literal

import numpy as np
from pydantic.dataclasses import dataclass

from ..ranges import CHECKED
from .base import Chosen, TokenMask, Window


@dataclass(frozen=True, kw_only=True, config=CHECKED)
class SingleMask(TokenMask):
    """Single tokens.

    Args:
        name: Single tokens.
    """

    name: Literal["token"] = "token"
    of_words: ClassVar[bool] = False

    def choose(self, window: Window, count: int, rng: np.random.Generator) -> Chosen:
        """See `TokenMask.choose`: uniform without replacement."""
        candidates = np.flatnonzero(window.plain)
        positions = np.sort(rng.choice(candidates, size=min(count, len(candidates)), replace=False))
        return Chosen(positions, np.arange(len(positions)))
