"""Text as the model reads it: hidden tokens in the colour of how they were hidden, with what is to be predicted."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from PIL import Image, ImageDraw

from .look import Piece
from .pictures import below, beside, blank, in_lines, text_width
from .style import CAPTION, FAINT, INK, LEADING, NAME, PAPER, WHITE, Colour, letters

FATES: Mapping[str, tuple[Colour, str]] = {
    "masked": ((0, 99, 178), "hidden by the mask token"),
    "random": ((196, 78, 0), "replaced by a random token"),
    "kept": ((0, 128, 92), "left as it is, and predicted"),
}
"""The colour of each way in which a target is hidden, and what it is."""

_SIZE = NAME + 1


def passage(pieces: Sequence[Piece], width: int) -> Image.Image:
    """A text, broken into lines of at most so many pixels."""
    words = [each for piece in pieces for each in _words(piece)]
    return below([beside(each, 0) for each in in_lines(words, width, 0)], 5)


def passage_legend(pieces: Iterable[Piece]) -> list[Image.Image]:
    """What the colours mean, where there are targets in the midst of a text."""
    if not any(piece.fate in FATES for piece in pieces):
        return []
    return [
        beside([_chip(name, "target", colour), _centred(meaning, CAPTION, INK, PAPER, 0)], 4)
        for name, (colour, meaning) in FATES.items()
    ]


def _words(piece: Piece) -> Iterator[Image.Image]:
    if piece.fate in FATES:
        yield _chip(piece.text, piece.target, FATES[piece.fate][0])
        return
    colour = FAINT if piece.fate in ("special", "given") else INK
    # Breaks of lines are spaces here; a space belongs to the word that it stands before.
    for text in re.findall(r" ?[^ ]+| ", re.sub(r"\s+", " ", piece.text)):
        yield _centred(text, _SIZE, colour, PAPER, 0)


def _chip(text: str, target: str, colour: Colour) -> Image.Image:
    """What is shown, white on the colour; then what is to be predicted, in the colour on a pale ground."""
    red, green, blue = (round(255 - (255 - each) * 0.14) for each in colour)
    parts = _centred(text, CAPTION, WHITE, colour, 4), _centred(target, _SIZE, colour, (red, green, blue), 4)
    chip = beside(parts, 0)
    whole = blank(chip.width + 4, chip.height)
    whole.paste(chip, (2, 0))
    return whole


def _centred(text: str, size: int, colour: Colour, ground: Colour, margin: int) -> Image.Image:
    """A text in the height of a line."""
    picture = Image.new("RGB", (text_width(text, size) + 2 * margin, round(_SIZE * LEADING) + 2), ground)
    ImageDraw.Draw(picture).text((margin, picture.height / 2), text, colour, letters(size), anchor="lm")
    return picture
