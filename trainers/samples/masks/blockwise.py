"""Blockwise masking (BEiT, Bao et al. 2021, algorithm 1): rectangles of patches, until enough are hidden."""

import math
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from pydantic.dataclasses import dataclass

from headrace.shards.base.errors import UsageError

from ..ranges import CHECKED, Count
from .blocks import Block, Grid, block_of, placed


@dataclass(frozen=True, kw_only=True, config=CHECKED)
class Blockwise:
    """How blocks are drawn; the defaults are BEiT's.

    Args:
        min_patches: The least area of a block; iBOT and DINOv2 take 4.
        min_aspect: The least height / width of a block; the largest is its inverse.
    """

    min_patches: Count = 16
    min_aspect: Annotated[float, Field(gt=0, le=1)] = 0.3

    def draw(self, grid: Grid, count: int, rng: np.random.Generator) -> NDArray[np.bool_]:
        """A mask that hides exactly `count` patches (BEiT: 75 of 14 x 14).

        A block's area is uniform from `min_patches` to what is still to be hidden, the logarithm of its aspect uniform
        among the permitted ones that fit, its place uniform. Blocks may overlap. Of the last one, which may hold more
        than is still to be hidden, as many patches as needed are taken, row by row from its top or from its bottom.

        Deviation: the official codes refuse blocks that are too large for the grid or for what is still to be hidden,
        which favours small ones, and give up after ten tries, with some patches too few.

        Args:
            grid: Rows and columns of patches.
            count: How many to hide.
            rng: The view's own generator.

        Returns:
            Of the grid's shape, True where hidden.

        Raises:
            UsageError: The grid has fewer patches than are to be hidden.
        """
        if not 0 <= count <= math.prod(grid):
            raise UsageError(
                "a mask cannot hide that many patches",
                found=f"{count} of {grid[0]} x {grid[1]}",
                expected=f"0 to {math.prod(grid)}",
            )
        hidden = np.zeros(grid, np.bool_)
        while count:
            part = hidden[placed(self._block(grid, count, rng), grid, rng)]
            fresh = np.flatnonzero(~part)
            if len(fresh) > count:
                fresh = (fresh if rng.random() < 0.5 else fresh[::-1])[:count]
            part.flat[fresh] = True
            count -= len(fresh)
        return hidden

    def _block(self, grid: Grid, count: int, rng: np.random.Generator) -> Block:
        size, shape = rng.random(2).tolist()
        area = self.min_patches + max(0, count - self.min_patches) * size
        low = math.log(max(self.min_aspect, area / grid[1] ** 2))
        high = math.log(min(1 / self.min_aspect, grid[0] ** 2 / area))
        return block_of(area, math.exp(low + (high - low) * shape), grid)
