"""The original with the place of every view drawn on it."""

from collections.abc import Sequence

from PIL import Image, ImageDraw

from .look import Original, Outline
from .pictures import text_width
from .style import CAPTION, WHITE, Colour, colour_of, letters

_ARROW = 15
"""Width of the sign for mirrored."""

Box = tuple[int, int, int, int]


def outlined(original: Original, kinds: Sequence[str], width: int, height: int) -> Image.Image:
    """The original within so many pixels, each view's box in its colour, with its number.

    Args:
        original: The picture.
        kinds: All kinds of views, in the order of their colours.
        width: At most.
        height: At most.
    """
    picture = Image.fromarray(original.pixels).convert("RGB")
    factor = min(width / picture.width, height / picture.height)
    # Enlarged by whole factors, so that the pixels of tiny pictures stay squares.
    factor = int(factor) if factor >= 2 else factor
    size = (max(1, round(picture.width * factor)), max(1, round(picture.height * factor)))
    picture = picture.resize(size, Image.Resampling.NEAREST if factor >= 1 else Image.Resampling.LANCZOS)
    draw = ImageDraw.Draw(picture)
    boxes = [_placed(each, original.size, size) for each in original.outlines]
    for each, box in zip(original.outlines, boxes, strict=True):
        draw.rectangle(_grown(box, 1), outline=WHITE)
        draw.rectangle(box, outline=colour_of(each.kind, kinds), width=2)
    taken: list[Box] = []
    for each, box in zip(original.outlines, boxes, strict=True):
        tag = _free_place(each, box, size, taken)
        taken.append(tag)
        _draw_tag(draw, each, tag, colour_of(each.kind, kinds))
    return picture


def _placed(outline: Outline, full: tuple[int, int], size: tuple[int, int]) -> Box:
    """An outline in pixels of what is drawn, its last pixels included."""
    left, top, right, bottom = outline.box
    across, down = size[0] / full[1], size[1] / full[0]
    first = round(left * across), round(top * down)
    return *first, max(first[0] + 1, round(right * across) - 1), max(first[1] + 1, round(bottom * down) - 1)


def _grown(box: Box, by: int) -> Box:
    return box[0] - by, box[1] - by, box[2] + by, box[3] + by


def _free_place(outline: Outline, box: Box, size: tuple[int, int], taken: Sequence[Box]) -> Box:
    """Where the tag of a box stands: in one of its corners, or along its sides, where no other one does."""
    width = text_width(outline.label, CAPTION) + 8 + (_ARROW + 3 if outline.flipped else 0)
    height = CAPTION + 5
    left, top, right, bottom = box[0], box[1], box[2] - width + 1, box[3] - height + 1
    steps = range(0, max(1, bottom - top), height)
    places = [(left, top), (right, top), (left, bottom), (right, bottom)]
    places += [(side, top + step) for side in (left, right) for step in steps]
    tags = [_inside((x, y, x + width, y + height), size) for x, y in places]
    return next((tag for tag in tags if not any(_meet(tag, other) for other in taken)), tags[0])


def _inside(tag: Box, size: tuple[int, int]) -> Box:
    across = max(0, tag[2] - size[0]) - max(0, -tag[0])
    down = max(0, tag[3] - size[1]) - max(0, -tag[1])
    return tag[0] - across, tag[1] - down, tag[2] - across, tag[3] - down


def _meet(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _draw_tag(draw: ImageDraw.ImageDraw, outline: Outline, tag: Box, colour: Colour) -> None:
    left, top, right, bottom = tag
    draw.rectangle((left, top, right - 1, bottom - 1), fill=colour)
    draw.text((left + 4, top + 1), outline.label, WHITE, letters(CAPTION))
    if outline.flipped:
        middle, first, last = (top + bottom) / 2, right - 4 - _ARROW, right - 4
        draw.line((first + 3, middle, last - 3, middle), fill=WHITE, width=1)
        draw.polygon(((first, middle), (first + 4, middle - 3), (first + 4, middle + 3)), fill=WHITE)
        draw.polygon(((last, middle), (last - 4, middle - 3), (last - 4, middle + 3)), fill=WHITE)
