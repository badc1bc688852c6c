"""How many patches each kind of mask hides, of 14 x 14: the papers' numbers, exactly."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from headrace.trainers.samples.masks.blockwise import Blockwise
from headrace.trainers.samples.masks.multiblock import MultiBlock
from headrace.trainers.samples.masks.random import random_patches, tubes
from headrace.trainers.samples.masks.stratified import stratified_ratios

GRID = 14, 14
PATCHES = 196
MASKS = 10_000
FRAMES = 8


@dataclass(frozen=True)
class MaskCounts:
    """Of one kind of mask.

    Args:
        kind: Whose.
        counted: What is counted in each.
        expected: By the paper.
        least: Found.
        largest: Found.
        masks: How many were drawn.
        holds: Whether all are as expected.
    """

    kind: str
    counted: str
    expected: str
    least: float
    largest: float
    masks: int
    holds: bool


def mask_counts() -> Iterator[MaskCounts]:
    """Of all kinds."""
    rng = np.random.default_rng(0)
    hidden = [len(random_patches(PATCHES, 0.75, rng)[1]) for _ in range(MASKS)]
    yield _counts("MAE, random .75", "hidden of 196", hidden, 147, 147)
    hidden = [len(tubes(FRAMES, PATCHES, 0.9, rng)[1]) for _ in range(MASKS // 10)]
    yield _counts("VideoMAE, tubes .9", "hidden of 8 x 196", hidden, FRAMES * 176, FRAMES * 176)
    hidden = [int(Blockwise().draw(GRID, 75, rng).sum()) for _ in range(MASKS)]
    yield _counts("BEiT, blockwise", "hidden of 196", hidden, 75, 75)
    yield from _stratified(rng)
    yield from _multiblock(rng)


def _stratified(rng: np.random.Generator) -> Iterator[MaskCounts]:
    """Ratios of batches of 64 crops by iBOT: half of them, one in each 32nd of .1 to .5."""
    batches = [stratified_ratios(64, rng) for _ in range(MASKS // 64)]
    yield _counts("iBOT, stratified", "masked crops of 64", [int((each > 0).sum()) for each in batches], 32, 32)
    pieces = [np.sort((each[each > 0] - 0.1) / 0.4 * 32).astype(int) for each in batches]
    missed = [32 - len(set(each.tolist())) for each in pieces]
    yield _counts("iBOT, stratified", "of 32 equal parts of .1 to .5 without a crop", missed, 0, 0)
    wanted = [int(196 * ratio) for each in batches for ratio in each[each > 0][:4]]
    hidden = [int(Blockwise(min_patches=4).draw(GRID, count, rng).sum()) for count in wanted]
    errors = (np.array(hidden) - wanted).tolist()
    yield _counts("iBOT, blockwise by these ratios", "hidden more than floor(196 x ratio)", errors, 0, 0)


def _multiblock(rng: np.random.Generator) -> Iterator[MaskCounts]:
    masks, targets, contexts, shared = MultiBlock(), [], [], []
    for _ in range(MASKS // 10):
        blocks = masks.draw(GRID, masks.sizes(GRID, rng), rng)
        targets.append(blocks.targets.shape[1] / PATCHES)
        contexts.append(int(blocks.context.sum()))
        shared.append(int(blocks.context.reshape(-1)[blocks.targets].sum()))
    # .15 to .2, but for what a rectangle of whole patches adds.
    yield _counts("I-JEPA, multi-block", "share of a target", targets, 0.15, 0.21)
    yield _counts("I-JEPA, multi-block", "patches left of the context", contexts, 10, PATCHES)
    yield _counts("I-JEPA, multi-block", "patches both in the context and in a target", shared, 0, 0)


def _counts(kind: str, counted: str, found: list[int] | list[float], low: float, high: float) -> MaskCounts:
    least, largest = min(found), max(found)
    expected = f"{low:g}" if low == high else f"{low:g} to {high:g}"
    return MaskCounts(kind, counted, expected, least, largest, len(found), low <= least and largest <= high)
