"""Pictures put beside and below one another, and text as pictures: pure functions from pictures to a picture."""

from collections.abc import Iterator, Sequence

from PIL import Image, ImageDraw

from .style import LEADING, PAPER, UNBROKEN, Colour, letters


def blank(width: float, height: float) -> Image.Image:
    """Paper."""
    return Image.new("RGB", (max(1, round(width)), max(1, round(height))), PAPER)


def beside(pictures: Sequence[Image.Image], gap: int) -> Image.Image:
    """Pictures from left to right, their tops in one line."""
    whole = blank(sum(each.width + gap for each in pictures) - gap, max(each.height for each in pictures))
    left = 0
    for each in pictures:
        whole.paste(each, (left, 0))
        left += each.width + gap
    return whole


def below(pictures: Sequence[Image.Image], gap: int) -> Image.Image:
    """Pictures from top to bottom, their left sides in one line."""
    whole = blank(max(each.width for each in pictures), sum(each.height + gap for each in pictures) - gap)
    top = 0
    for each in pictures:
        whole.paste(each, (0, top))
        top += each.height + gap
    return whole


def extended(picture: Image.Image, height: int) -> Image.Image:
    """A picture on paper of so many pixels from top to bottom."""
    whole = blank(picture.width, height)
    whole.paste(picture, (0, 0))
    return whole


def text_width(text: str, size: int) -> int:
    """Pixels that a text takes in a line."""
    return round(letters(size).getlength(_spelt(text)) + 0.5)


def line(text: str, size: int, colour: Colour) -> Image.Image:
    """A text in one line."""
    picture = blank(text_width(text, size) + 1, size * LEADING)
    ImageDraw.Draw(picture).text((0, 0), _spelt(text), colour, letters(size))
    return picture


def _spelt(text: str) -> str:
    """What the letters have a sign for."""
    return text.replace(UNBROKEN, " ")


def wrapped(text: str, size: int, width: int) -> Iterator[str]:
    """The lines of a text that is broken at spaces; a word that is wider than a line stands alone."""
    current = ""
    for word in text.split(" "):
        longer = f"{current} {word}" if current else word
        if current and text_width(longer, size) > width:
            yield current
            current = word
        else:
            current = longer
    yield current


def in_lines(pictures: Sequence[Image.Image], width: int, gap: int) -> list[list[Image.Image]]:
    """Pictures from left to right, as many in a line as there is room for."""
    lines: list[list[Image.Image]] = []
    room = -1
    for each in pictures:
        if not lines or each.width > room:
            lines.append([])
            room = width
        lines[-1].append(each)
        room -= each.width + gap
    return lines
