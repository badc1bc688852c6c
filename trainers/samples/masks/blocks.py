"""Rectangles of a grid of patches."""

import math

import numpy as np

Block = tuple[int, int]
"""Rows and columns."""
Grid = tuple[int, int]
"""Patches from top to bottom, and from left to right."""


def block_of(area: float, aspect: float, grid: Grid) -> Block:
    """The block that comes nearest to an area in patches and an aspect (height / width), within the grid."""
    height, width = round(math.sqrt(area * aspect)), round(math.sqrt(area / aspect))
    return min(max(1, height), grid[0]), min(max(1, width), grid[1])


def placed(block: Block, grid: Grid, rng: np.random.Generator) -> tuple[slice, slice]:
    """The block at a place in the grid, all places equally likely, its borders included."""
    down, across = rng.random(2).tolist()
    top, left = int((grid[0] - block[0] + 1) * down), int((grid[1] - block[1] + 1) * across)
    return slice(top, top + block[0]), slice(left, left + block[1])
