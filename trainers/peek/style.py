"""Colours, letters and distances of a sheet."""

from collections.abc import Sequence
from functools import cache

from PIL import ImageFont

Colour = tuple[int, int, int]

WHITE: Colour = (255, 255, 255)
PAPER: Colour = (252, 252, 250)
INK: Colour = (34, 36, 40)
FAINT: Colour = (112, 116, 122)
RULE: Colour = (226, 226, 222)
WARNING: Colour = (176, 42, 38)

KINDS: Sequence[Colour] = ((0, 99, 178), (213, 94, 0), (0, 138, 100), (170, 68, 153), (176, 134, 0), (60, 60, 60))
"""Of kinds of views: Okabe and Ito's, which the colour-blind tell apart, a little darker for white letters on them."""
TARGETS: Sequence[Colour] = ((230, 159, 0), (0, 158, 115), (86, 180, 233), (204, 121, 167), (213, 94, 0), (0, 114, 178))

UNBROKEN = "\u00a0"
"""A space at which no line is broken."""

GAP = 10
MARGIN = 24
LEADING = 1.32
"""Height of a line, in sizes of its letters."""
CAPTION, NAME, TITLE = 12, 14, 22
"""Sizes of letters, in pixels; below 12 the spaces of the letters are too narrow."""


@cache
def letters(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Pillow's own, so that a sheet is the same on every machine."""
    return ImageFont.load_default(size)


def colour_of(kind: str, kinds: Sequence[str]) -> Colour:
    """The colour of a kind of views among all of them."""
    return KINDS[list(kinds).index(kind) % len(KINDS)] if kind in kinds else FAINT
