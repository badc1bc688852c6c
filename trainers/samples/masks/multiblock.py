"""I-JEPA's multi-block masks (Assran et al. 2023, section 3): a large context, and what is predicted from it."""

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import dataclasses as checked

from ..ranges import CHECKED, Count, PositiveRange, Range, ShareRange
from .blocks import Block, Grid, block_of, placed

_TRIES = 20


@dataclass(frozen=True)
class BlockSizes:
    """The blocks of all samples of one batch."""

    context: Block
    target: Block


class Blocks(NamedTuple):
    """The mask of one sample."""

    context: NDArray[np.bool_]
    """Of the grid's shape: what the encoder sees."""
    targets: NDArray[np.int64]
    """(targets, K) patches of each target, row by row; K is the same for a whole batch."""


@checked.dataclass(frozen=True, kw_only=True, config=CHECKED)
class MultiBlock:
    """How blocks are drawn; the defaults are the original's.

    Args:
        targets: Blocks that are predicted; they may overlap.
        target_scale: The least and the largest share of the patches in a target.
        target_aspect: The least and the largest height / width of a target.
        context_scale: The least and the largest share of the patches in the context, before targets are taken out.
        context_aspect: The least and the largest height / width of the context.
        min_keep: Patches that must be left of the context.
    """

    targets: Count = 4
    target_scale: ShareRange = (0.15, 0.2)
    target_aspect: PositiveRange = (0.75, 1.5)
    context_scale: ShareRange = (0.85, 1.0)
    context_aspect: PositiveRange = (1.0, 1.0)
    min_keep: Count = 10

    def sizes(self, grid: Grid, rng: np.random.Generator) -> BlockSizes:
        """The sizes that all samples of a batch share; as in the official code, one number draws scale and aspect.

        Args:
            grid: Rows and columns of patches.
            rng: Keyed by (seed, global step), and so the same for all ranks and workers; not a sample's own.
        """
        target, context = rng.random(2).tolist()
        return BlockSizes(
            context=_size(self.context_scale, self.context_aspect, context, grid),
            target=_size(self.target_scale, self.target_aspect, target, grid),
        )

    def draw(self, grid: Grid, sizes: BlockSizes, rng: np.random.Generator) -> Blocks:
        """Places of the blocks, each uniform; the context without the targets.

        Contexts of a batch hold different numbers of patches. The official code cuts all of them, row by row, to the
        least of its rank's batch, so that the bottom of images is rarely seen and batches depend on ranks: this one
        cuts nothing. Who needs equal numbers pads, or takes a uniform choice (`token_masks.choose_uniform`).

        Deviations: blocks reach the last row and column, which the official code leaves out. Where less than
        `min_keep` is left, all blocks are placed anew, so that no target is ever seen; the largest context of 20 tries
        is taken where none is large enough.

        Args:
            grid: Rows and columns of patches.
            sizes: Those of the batch.
            rng: The sample's own generator.
        """
        best = self._try(grid, sizes, rng)
        for _ in range(_TRIES - 1):
            if best.context.sum() >= self.min_keep:
                break
            best = max(best, self._try(grid, sizes, rng), key=lambda each: int(each.context.sum()))
        return best

    def _try(self, grid: Grid, sizes: BlockSizes, rng: np.random.Generator) -> Blocks:
        patches = np.arange(math.prod(grid)).reshape(grid)
        context = np.zeros(grid, np.bool_)
        context[placed(sizes.context, grid, rng)] = True
        targets = np.stack([patches[placed(sizes.target, grid, rng)].ravel() for _ in range(self.targets)])
        context.reshape(-1)[targets] = False
        return Blocks(context, targets)


def _size(scale: Range, aspect: Range, share: float, grid: Grid) -> Block:
    area = int(math.prod(grid) * (scale[0] + (scale[1] - scale[0]) * share))
    return block_of(max(1, area), aspect[0] + (aspect[1] - aspect[0]) * share, grid)
