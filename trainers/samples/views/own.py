"""Views of one's own: a function of the whole picture, in one small file."""

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
from numpy.typing import NDArray


class OwnView(ABC):
    """A kind of view that is not cut, scaled and coloured by `render`.

    Attributes:
        name: What its column is called.
        count: How many views of this kind a sample has.
    """

    name: str = "view"
    count: int = 1

    @abstractmethod
    def __call__(self, pixels: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[Any]:
        """One view.

        Args:
            pixels: The whole picture, upright, (H, W, C); not to be changed.
            rng: This very view's generator: by seed, epoch, sample and the view's place among the sample's.

        Returns:
            (C, S, S), or an array of any other shape and dtype that all views of this kind have.

        Raises:
            ValueError: The picture cannot be used; its sample is replaced.
        """
