"""The same samples as a gallery of the report."""

from collections.abc import Iterator, Sequence
from io import BytesIO
from pathlib import Path

from PIL import Image

from headrace.shards.base.report import FOLDER, Gallery, Item, write_fragment
from headrace.shards.format.atomic import write_whole

from .look import Legend, Look
from .outlined import outlined
from .sheet import shown, zoom

_PLACE = 20
"""Of the fragment on the page: after a training's curves, before its examples."""
_SIDE = 300
"""Pixels of an original at most, about what the page shows."""


def write_report(folder: Path, looks: Sequence[Look], legend: Legend, url: str) -> None:
    """Leave the fragment and its pictures in `folder`/report.

    Raises:
        InputError: Nothing can be written there.
    """
    name = "peek-" + "".join(each if each.isalnum() else "-" for each in legend.title)
    factor = zoom(looks)
    items = [
        item
        for number, look in enumerate(looks)
        for item in _items(folder / FOLDER, f"{name}-{number:03d}", look, legend, factor)
    ]
    note = " ".join([f"Samples of {url} as training gets them.", *(f"{each}." for each in legend.words)])
    write_fragment(folder, _PLACE, name, Gallery(title=f"Samples for {legend.title}", note=note, items=tuple(items)))


def _items(folder: Path, name: str, look: Look, legend: Legend, factor: float) -> Iterator[Item]:
    if look.refused:
        yield Item(caption="refused", text=look.refused, tag=look.name)
    if look.original is not None:
        kinds = [kind for kind, _ in legend.kinds]
        picture = outlined(look.original, kinds, _SIDE, _SIDE)
        height, width = look.original.size
        yield _item(folder / f"{name}-original.png", picture, f"original, {height} x {width}", look)
    for number, panel in enumerate(look.panels):
        caption = "; ".join([panel.heading, *panel.lines])
        yield _item(folder / f"{name}-{number:02d}.png", shown(panel, factor), caption, look)
    if look.pieces:
        yield Item(caption="; ".join(look.notes), text=look.text, tag=look.name)


def _item(path: Path, picture: Image.Image, caption: str, look: Look) -> Item:
    file = BytesIO()
    picture.save(file, "PNG")
    write_whole(path, file.getvalue())
    return Item(caption=caption, picture=path.name, tag=look.name)
