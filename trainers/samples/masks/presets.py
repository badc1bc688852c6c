"""The masks of the papers, in the originals' numbers, by the names of the views' presets, and BEiT's.

A mask may need what a whole batch shares: I-JEPA the sizes of its blocks, DINOv2 the ratios of all its global crops.
So it is drawn in two steps: `of_batch` once, from a generator keyed by (seed, global step), then one crop after the
other, each from the sample's own generator.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic.dataclasses import dataclass

from ..ranges import CHECKED, Count, Probability, ShareRange
from .blocks import Grid
from .blockwise import Blockwise
from .multiblock import MultiBlock
from .random import random_patches
from .stratified import stratified_ratios


class Mask(NamedTuple):
    """What of a view is seen, and what is predicted."""

    seen: NDArray[np.bool_]
    """Of the grid's shape: what the encoder sees."""
    targets: tuple[NDArray[np.int64], ...]
    """Patches of each target, row by row: of most masks one target, all that is hidden, or none."""


MaskOfCrop = Callable[[int, np.random.Generator], Mask]
"""From a crop's number among all masked ones of a global batch, and the sample's own generator."""


@dataclass(frozen=True, kw_only=True, config=CHECKED)
class PatchMask(ABC):
    """A kind of mask.

    Args:
        patch: Pixels of a patch's side.
        views: The names of the views that are masked; default: all.
    """

    patch: Count = 16
    views: tuple[str, ...] = ()

    def grid(self, size: int) -> Grid:
        """Rows and columns of the patches of a view of so many pixels a side; what is left over is cut off."""
        return size // self.patch, size // self.patch

    @abstractmethod
    def of_batch(self, grid: Grid, crops: int, rng: np.random.Generator) -> MaskOfCrop:
        """What draws the masks of a batch.

        Args:
            grid: Rows and columns of patches.
            crops: Masked crops of all samples of the global batch.
            rng: Keyed by (seed, global step), and so the same for all ranks and workers; not a sample's own.
        """


@dataclass(frozen=True, kw_only=True, config=CHECKED)
class RandomMask(PatchMask):
    """MAE (He et al. 2021): each patch by itself.

    Args:
        masked: The share that is hidden.
    """

    masked: Probability = 0.75

    def of_batch(self, grid: Grid, crops: int, rng: np.random.Generator) -> MaskOfCrop:
        """See `PatchMask.of_batch`."""

        def draw(crop: int, rng: np.random.Generator) -> Mask:
            visible, hidden = random_patches(math.prod(grid), self.masked, rng)
            seen = np.zeros(grid, np.bool_)
            seen.flat[visible] = True
            return Mask(seen, (hidden,))

        return draw


@dataclass(frozen=True, kw_only=True, config=CHECKED)
class BlockMask(PatchMask):
    """BEiT (Bao et al. 2021): blocks that together hide a share of the patches, 75 of 14 x 14.

    Args:
        masked: The share that is hidden; so many whole patches as are nearest to it.
        blocks: How blocks are drawn.
    """

    masked: Probability = 75 / 196
    blocks: Blockwise = field(default_factory=Blockwise)

    def of_batch(self, grid: Grid, crops: int, rng: np.random.Generator) -> MaskOfCrop:
        """See `PatchMask.of_batch`."""
        count = round(math.prod(grid) * self.masked)
        return lambda crop, rng: _hidden(self.blocks.draw(grid, count, rng))


@dataclass(frozen=True, kw_only=True, config=CHECKED)
class StratifiedMask(PatchMask):
    """DINOv2 (Oquab et al. 2023): blocks hide shares of the global crops that are stratified over a batch.

    Args:
        masked: The share of crops that is masked at all.
        ratios: The least and the largest share of patches that is hidden in those.
        blocks: How blocks are drawn.
    """

    masked: Probability = 0.5
    ratios: ShareRange = (0.1, 0.5)
    blocks: Blockwise = field(default_factory=lambda: Blockwise(min_patches=4))
    views: tuple[str, ...] = ("global_1", "global_2")

    def of_batch(self, grid: Grid, crops: int, rng: np.random.Generator) -> MaskOfCrop:
        """See `PatchMask.of_batch`."""
        counts = (math.prod(grid) * stratified_ratios(crops, rng, masked=self.masked, ratios=self.ratios)).astype(int)
        return lambda crop, rng: _hidden(self.blocks.draw(grid, int(counts[crop]), rng))


@dataclass(frozen=True, kw_only=True, config=CHECKED)
class MultiBlockMask(PatchMask):
    """I-JEPA (Assran et al. 2023): a context, and four targets to predict from it; sizes are those of the batch.

    Args:
        blocks: How blocks are drawn.
    """

    blocks: MultiBlock = field(default_factory=MultiBlock)

    def of_batch(self, grid: Grid, crops: int, rng: np.random.Generator) -> MaskOfCrop:
        """See `PatchMask.of_batch`."""
        sizes = self.blocks.sizes(grid, rng)

        def draw(crop: int, rng: np.random.Generator) -> Mask:
            context, targets = self.blocks.draw(grid, sizes, rng)
            return Mask(context, tuple(targets))

        return draw


PRESETS: Mapping[str, PatchMask] = {
    "mae": RandomMask(),
    "beit": BlockMask(),
    "dinov2": StratifiedMask(),
    "dinov2_code": StratifiedMask(),
    "ijepa": MultiBlockMask(),
}
"""By the names of the presets of views they belong to; BEiT's goes with any."""


def _hidden(hidden: NDArray[np.bool_]) -> Mask:
    targets = np.flatnonzero(hidden)
    return Mask(~hidden, (targets,) if len(targets) else ())
