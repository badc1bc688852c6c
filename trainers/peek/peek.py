"""`headrace peek`: the samples that training will see, read as it reads them, and drawn."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

import numpy as np
from PIL import Image
from rich.text import Text

from headrace.shards.base.counts import counted
from headrace.shards.base.errors import CorruptSampleError, UsageError
from headrace.shards.base.progress import progress
from headrace.shards.base.terminal import printable, terminal
from headrace.shards.format.atomic import write_whole
from headrace.shards.stream import Stream
from headrace.shards.stream.sources.columns import Columns

from ..data import RECORD_CODECS
from .look import LOOK, Look, Subject
from .report import write_report
from .sheet import sheet
from .subjects import subject

FORMATS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP"}
_LARGEST = {"JPEG": 65_500, "WEBP": 16_383}
"""Pixels of a side at most, where a format sets a bound."""
_STYLES = {"masked": "reverse blue", "random": "reverse red", "kept": "reverse green", "special": "dim"}


@dataclass(frozen=True)
class Start:
    """Where to look.

    Args:
        step: The first samples of this step, from 0; None where an epoch is meant.
        epoch: The first samples of this epoch, from 0.
    """

    step: int | None = None
    epoch: int | None = None

    def position(self, stream: Stream, batch_size: int) -> int:
        """The first position of the stream.

        Raises:
            UsageError: Both are given.
        """
        if self.step is not None and self.epoch is not None:
            raise UsageError("--step and --epoch say two different places", remedy="Give one of them")
        return self.step * batch_size if self.step is not None else (self.epoch or 0) * stream.samples


def run_peek(
    url: str,
    name: str,
    overrides: Sequence[str],
    *,
    count: int,
    start: Start,
    order: Mapping[str, int],
    output: Path,
    report: Path | None,
) -> None:
    """Draw samples into a picture, and print those that are text.

    Args:
        url: The shards.
        name: What the samples are made for, see `subjects`.
        overrides: Changes of it.
        count: How many samples.
        start: Where to begin.
        order: Seed and batch size, where they are told.
        output: The picture.
        report: The folder in which a report fragment is left; None for none.

    Raises:
        InputError: The picture cannot be written.
        UsageError: Its name ends in no format that can be written, or the set has fewer samples.
    """
    if output.suffix.lower() not in FORMATS:
        raise UsageError(
            "the picture's format is told by its name", found=str(output), expected=f"an ending of {', '.join(FORMATS)}"
        )
    made_for = subject(name, url, overrides, order)
    looks = read(made_for, url, count, start)
    picture = sheet(looks, made_for.legend, url)
    write_whole(output, _encoded(picture, output))
    if report is not None:
        write_report(report, looks, made_for.legend, url)
    _print(looks)
    refused = sum(bool(each.refused) for each in looks)
    told = f", of which {refused} cannot be used" if refused else ""
    terminal().print(f"{counted(count, 'sample')}{told}: {output}", markup=False, soft_wrap=True)


def read(made_for: Subject, url: str, count: int, start: Start) -> list[Look]:
    """The samples at successive positions of the stream that training would read.

    Raises:
        UsageError: The set has fewer samples.
    """
    order = made_for.order
    stream = Stream(
        url,
        seed=order.seed,
        lanes=order.lanes,
        block=order.block,
        window=made_for.window,
        fields=made_for.fields,
        transform=made_for,
        codecs=RECORD_CODECS,
    )
    if count > stream.samples:
        raise UsageError(
            "there are not so many samples",
            found=f"-n {count}",
            expected=f"at most {stream.samples:,}, those of an epoch",
        )
    first = start.position(stream, order.batch_size)
    looks: list[Look] = []
    with progress("peek", count) as advance:
        for position in range(first, first + count):
            looks.append(_look(stream, position))
            advance()
    return looks


def _look(stream: Stream, position: int) -> Look:
    try:
        reading = stream.fetch(stream.order.locate(np.array([position])))
    except CorruptSampleError as error:
        return Look(name=f"position {position:,}", refused=f"{error.message}: {error.found}")
    found, notes = stream.transformed(reading)
    look: Look = cast(Columns, found).fields[LOOK][0]
    damage = tuple(f"in place of a damaged one: {each.reason}" for each in notes.replaced)
    return replace(look, notes=(*damage, *look.notes))


def _encoded(picture: Image.Image, output: Path) -> bytes:
    format = FORMATS[output.suffix.lower()]
    if max(picture.size) > _LARGEST.get(format, max(picture.size)):
        raise UsageError(
            f"a {format} cannot be as large as these samples are together",
            found=f"{picture.width:,} x {picture.height:,} pixels",
            expected=f"at most {_LARGEST[format]:,} each way",
            remedy="Ask for fewer of them, -n, or for a .png",
        )
    file = io.BytesIO()
    picture.save(file, format, quality=92, **({"optimize": True} if format == "PNG" else {}))
    return file.getvalue()


def _print(looks: Sequence[Look]) -> None:
    """What can be read in a terminal."""
    console = terminal()
    for look in looks:
        if look.refused:
            console.print(f"{printable(look.name)}: refused: {printable(look.refused)}", markup=False, style="red")
        if look.pieces:
            console.print(printable(look.name), markup=False, style="bold")
            console.print(_text(look))


def _text(look: Look) -> Text:
    text = Text()
    for piece in look.pieces:
        lines = (printable(line) for line in str(piece).split("\n"))
        text.append("\n".join(lines), _STYLES.get(piece.fate, ""))
    return text
