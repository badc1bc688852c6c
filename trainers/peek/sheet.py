"""The sheet: a heading with its legend, and a row for each sample."""

from collections.abc import Sequence
from itertools import groupby
from typing import NamedTuple

from PIL import Image, ImageDraw

from .look import Legend, Look, Panel, Piece
from .outlined import outlined
from .passages import passage, passage_legend
from .pictures import below, beside, blank, extended, in_lines, line, wrapped
from .style import CAPTION, FAINT, GAP, INK, LEADING, MARGIN, NAME, PAPER, RULE, TITLE, WARNING, Colour, colour_of

WIDTH = 1840
"""Pixels of a row at most, before it goes on in another line."""
_LARGEST, _SMALLEST = 320, 112
"""Pixels a side between which the largest view is brought; all others in proportion."""
_ORIGINAL = 440
"""The widest original."""
_TEXT = 900
_NARROWEST = 96
"""A caption."""


def sheet(looks: Sequence[Look], legend: Legend, place: str) -> Image.Image:
    """All samples as one picture.

    Args:
        looks: The samples.
        legend: What they were made for.
        place: Where they come from.
    """
    rows = [row(each, looks, legend) for each in looks]
    pieces = [piece for look in looks for piece in look.pieces]
    head = _heading(legend, place, pieces, max(560, *(each.width for each in rows)))
    width = max(each.width for each in [head, *rows])
    parts = [head]
    for each in rows:
        parts += [Image.new("RGB", (width, 1), RULE), each]
    inner = below(parts, 16)
    whole = blank(inner.width + 2 * MARGIN, inner.height + 2 * MARGIN)
    whole.paste(inner, (MARGIN, MARGIN))
    return whole


def row(look: Look, looks: Sequence[Look], legend: Legend) -> Image.Image:
    """One sample; `looks` are all those that are brought to the same scale."""
    parts = [line(look.name, NAME, INK)]
    if look.refused:
        parts += [line(each, NAME, WARNING) for each in wrapped(f"refused: {look.refused}", NAME, _TEXT)]
    parts += [beside(each, GAP) for each in in_lines(_columns(look, zoom(looks), legend), WIDTH, GAP)]
    if look.pieces:
        parts.append(passage(look.pieces, _TEXT))
    parts += [line(each, CAPTION, FAINT) for note in look.notes for each in wrapped(note, CAPTION, _TEXT)]
    return below(parts, GAP)


def _columns(look: Look, factor: float, legend: Legend) -> list[Image.Image]:
    """The original, then the panels in their order, smaller ones stacked."""
    kinds = [kind for kind, _ in legend.kinds]
    figures = [_figure(panel, factor, colour_of(panel.kind, kinds)) for panel in look.panels]
    largest = max((figure.side for figure in figures), default=0)
    columns: list[Image.Image] = []
    for side, alike in groupby(figures, key=lambda each: each.side):
        stack = list(alike)
        height = max(each.whole.height for each in stack)
        most = (largest + GAP) // (side + GAP)
        # All of one height, so that those of neighbouring stacks stand in lines.
        whole = [extended(each.whole, height) for each in stack]
        columns += [below(whole[first : first + most], GAP) for first in range(0, len(whole), most)]
    if look.original is None:
        return columns
    height = max([2 * _SMALLEST, *(each.height for each in columns)])
    return [outlined(look.original, kinds, _ORIGINAL, height), *columns]


def zoom(looks: Sequence[Look]) -> float:
    """By what all views are scaled: a whole number where they are tiny, a fraction where they are huge, mostly one."""
    largest = max((max(panel.pixels.shape[:2]) for look in looks for panel in look.panels), default=_SMALLEST)
    if largest > _LARGEST:
        return _LARGEST / largest
    return max(1, -(-_SMALLEST // largest)) if largest < _SMALLEST else 1


def shown(panel: Panel, factor: float) -> Image.Image:
    """The pixels of a panel, scaled; every pixel a square where they are enlarged."""
    picture = Image.fromarray(panel.pixels).convert("RGB")
    size = (max(1, round(picture.width * factor)), max(1, round(picture.height * factor)))
    return picture.resize(size, Image.Resampling.NEAREST if factor >= 1 else Image.Resampling.LANCZOS)


class _Figure(NamedTuple):
    """A panel with its caption, and pixels of the panel's height."""

    whole: Image.Image
    side: int


def _figure(panel: Panel, factor: float, colour: Colour) -> _Figure:
    picture = shown(panel, factor)
    width = max(picture.width, _NARROWEST)
    heading = [line(each, CAPTION, colour) for each in wrapped(panel.heading, CAPTION, width)]
    lines = [line(each, CAPTION, FAINT) for text in panel.lines for each in wrapped(text, CAPTION, width)]
    stripe = Image.new("RGB", (picture.width, 3), colour)
    return _Figure(below([below([picture, stripe], 0), below([*heading, *lines], 0)], 4), picture.height)


def _heading(legend: Legend, place: str, pieces: Sequence[Piece], width: int) -> Image.Image:
    parts = [line(legend.title, TITLE, INK), line(place, CAPTION, FAINT)]
    names = [name for name, _ in legend.kinds]
    keys = [_key(colour_of(name, names), f"{name}: {meaning}") for name, meaning in legend.kinds]
    keys += passage_legend(pieces)
    parts += [beside(each, 2 * GAP) for each in in_lines(keys, width, 2 * GAP)]
    parts += [line(each, CAPTION, FAINT) for words in legend.words for each in wrapped(words, CAPTION, width)]
    return below(parts, 5)


def _key(colour: Colour, text: str) -> Image.Image:
    height = round(CAPTION * LEADING)
    square = Image.new("RGB", (height, height), PAPER)
    ImageDraw.Draw(square).rectangle((0, 2, height - 5, height - 3), fill=colour)
    return beside([square, line(text, CAPTION, INK)], 2)
