"""What a picture says of itself before anything of it is decoded."""

from dataclasses import dataclass
from typing import Literal

from .orientation import UPRIGHT, Orientation


class UnusualPicture(Exception):
    """A picture that its format's own decoder leaves to Pillow, which is slower and knows all kinds."""


@dataclass(frozen=True, slots=True)
class Header:
    """The header of a picture.

    Args:
        format: Its format, by Pillow's name.
        height: As stored, in pixels.
        width: Likewise.
        orientation: How what is stored becomes upright.
        components: Of a JPEG: 1 for grey, 3 for colour, 4 for CMYK.
        progressive: Of a JPEG: it comes in scans that refine one another.
    """

    format: Literal["JPEG", "PNG", "WEBP"]
    height: int
    width: int
    orientation: Orientation = UPRIGHT
    components: int = 0
    progressive: bool = False

    @property
    def upright_size(self) -> tuple[int, int]:
        """Height and width of the upright picture, in pixels."""
        return (self.width, self.height) if self.orientation.transposed else (self.height, self.width)

    @property
    def reductions(self) -> tuple[int, ...]:
        """By what both sides can be divided, rounded up, while decoding, in less time than without; ascending.

        libjpeg-turbo scales a JPEG by M / 8, but only for these it has vector code: by 5 / 8 takes longer than by 1.
        """
        return (1, 2, 4, 8) if self.format == "JPEG" and min(self.height, self.width) >= _LEAST_REDUCED else (1,)


_LEAST_REDUCED = 64
"""Pixels of the shorter side: smaller pictures decode in no time, and their reduced sizes do not tell M apart."""
