"""One sample as the model will see it, before anything of it is drawn; pixels are those that training gets."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from headrace.shards.base.errors import CorruptSampleError
from headrace.shards.base.generators import Generators
from headrace.shards.base.terminal import printable
from headrace.shards.format.packed import Empty
from headrace.shards.stream.sources.columns import Sample
from headrace.shards.stream.sources.merged import SOURCE
from headrace.shards.stream.sources.transforms import BatchTransform

LOOK = "look"
"""The column of the samples."""

Pixels = NDArray[np.uint8]
"""(H, W) or (H, W, 3)."""


@dataclass(frozen=True)
class Panel:
    """A picture that the model gets, or what it sees of one.

    Args:
        kind: The kind of view it is, which gives it its colour.
        heading: Its number and name.
        pixels: As the model gets them.
        lines: What was drawn of it.
    """

    kind: str
    heading: str
    pixels: Pixels
    lines: tuple[str, ...] = ()


@dataclass(frozen=True)
class Outline:
    """Where in the original a view lies.

    Args:
        kind: The kind of view.
        label: Its number, and how it was turned.
        box: Left, top, right, bottom in pixels of the upright full-size picture.
        flipped: Whether it is mirrored left to right.
    """

    kind: str
    label: str
    box: tuple[int, int, int, int]
    flipped: bool = False


@dataclass(frozen=True)
class Original:
    """A picture, perhaps decoded at a fraction of its size.

    Args:
        pixels: Upright.
        size: Height and width of the full-size picture.
    """

    pixels: Pixels
    size: tuple[int, int]
    outlines: tuple[Outline, ...] = ()


@dataclass(frozen=True)
class Piece:
    """Some text that the model reads.

    Args:
        text: What is shown of it.
        fate: What became of it: `plain`, `special`, `given` where all else is predicted, or how a target was hidden
            (`masked`, `random`, `kept`).
        target: What is to be predicted in its place.
    """

    text: str
    fate: str = "plain"
    target: str = ""

    def __str__(self) -> str:
        """In letters alone: `[shown → target]` where something is to be predicted."""
        return f" [{self.text} → {self.target}] " if self.target else self.text


@dataclass(frozen=True)
class Look:
    """A sample.

    Args:
        original: The picture it was made from.
        panels: What the model gets.
        pieces: The text that it gets.
        notes: What else it gets, or should be known of it.
        refused: Why it cannot be used, where it cannot.
        name: Which sample of the stream it is.
    """

    original: Original | None = None
    panels: tuple[Panel, ...] = ()
    pieces: tuple[Piece, ...] = ()
    notes: tuple[str, ...] = ()
    refused: str = ""
    name: str = ""

    @property
    def text(self) -> str:
        """The text in letters alone."""
        return "".join(map(str, self.pieces))


@dataclass(frozen=True)
class Order:
    """What decides which samples a step holds, as in a training recipe.

    Args:
        seed: Of the order and the samples.
        lanes: Places of the data that are read at once.
        block: Samples that are shuffled together; None for four shards' worth.
        batch_size: Samples of a step.
    """

    seed: int = 0
    lanes: int = 64
    block: int | None = None
    batch_size: int = 256


@dataclass(frozen=True)
class Legend:
    """What a sheet says of itself.

    Args:
        title: What the samples are made for.
        kinds: Each kind of view with what it is, in the order of their colours.
        words: What abbreviations mean.
    """

    title: str
    kinds: Sequence[tuple[str, str]] = ()
    words: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class Subject(BatchTransform):
    """What samples are made for, and how they look then: a transform, so that the stream reads as for a training.

    Args:
        order: Which samples.
        legend: What the sheet says of them.
        fields: The fields to read; None for all.
        window: Tokens of a sample; None where a record is one.
    """

    order: Order
    legend: Legend
    fields: tuple[str, ...] | None = None
    window: int | None = None

    def __call__(self, samples: Sequence[Sample], rngs: Generators, empty: Empty) -> Mapping[str, NDArray[np.object_]]:
        """A column of `Look`s; those of pictures that cannot be used say why."""
        looks = np.empty(len(samples), np.object_)
        for row, sample in enumerate(samples):
            looks[row] = replace(self._look(sample, rngs[row : row + 1]), name=_name(sample))
        return {LOOK: looks}

    def _look(self, sample: Sample, rngs: Generators) -> Look:
        try:
            return self.look(sample, rngs)
        except (ValueError, CorruptSampleError) as error:
            found = error.found if isinstance(error, CorruptSampleError) else str(error)
            return Look(refused=found, notes=("Training reads another sample instead.",))

    @abstractmethod
    def look(self, sample: Sample, rngs: Generators) -> Look:
        """One sample, with its own generator.

        Raises:
            CorruptSampleError: It cannot be used.
            ValueError: Likewise.
        """


def _name(sample: Sample) -> str:
    where = (f"sample {sample['__id__']:,}", f"epoch {sample['__epoch__']}", f"position {sample['__position__']:,}")
    names = (printable(str(sample[name])) for name in (SOURCE, "__key__") if name in sample)
    return " · ".join([*names, *where])
