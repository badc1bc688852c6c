"""Samples as a pretext makes them, whatever arrays it makes."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import isqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headrace.shards.base.generators import Generators
from headrace.shards.stream.sources.columns import Sample

from ..data import DataFacts
from ..pretext.base import Arrays, Pretext
from ..samples.masks.presets import Mask
from ..samples.views.pictures import picture_of
from .look import Look, Original, Panel, Subject
from .masked import masked_panels
from .originals import original_of, standing
from .tokens import pieces

_FEW = 12
"""Numbers that are told one by one."""


@dataclass(frozen=True, kw_only=True)
class SamplesOfPretext(Subject):
    """What a pretext makes of records.

    Of its arrays, uint8 planes (C, S, S) or (T, C, S, S) are shown as pictures, with `visible` and `hidden` patches
    where it has these; `tokens` as text, with `labels` at `positions`; of all else, shape and type.

    Args:
        pretext: Bound to the data.
        data: The shards.
        images: The fields that may hold an image, the first that a sample has counts.
    """

    pretext: Pretext
    data: DataFacts
    images: tuple[str, ...]

    def look(self, sample: Sample, rngs: Generators) -> Look:
        """See `Subject.look`."""
        arrays = self.pretext.sample(sample, rngs[0])
        drawn = {"tokens", "positions", "labels"} & set(arrays) if "tokens" in arrays else set()
        panels: list[Panel] = []
        for name, values in arrays.items():
            if (frames := _frames(values)) is not None:
                drawn.add(name)
                panels += _panels(name, frames, arrays)
        if panels:
            drawn |= {"visible", "hidden"} & set(arrays)
        return Look(
            original=self._original(sample),
            panels=tuple(panels),
            pieces=pieces(arrays, self.data) if "tokens" in arrays else (),
            notes=_besides({name: values for name, values in arrays.items() if name not in drawn}),
        )

    def _original(self, sample: Sample) -> Original | None:
        held = any(name in sample for name in self.images)
        return original_of(picture_of(sample, self.images)) if held else None


def _frames(values: NDArray[np.generic]) -> NDArray[np.uint8] | None:
    """Planes as (T, C, H, W); None where an array is none."""
    if values.dtype != np.uint8 or values.ndim not in (3, 4) or values.shape[-3] not in (1, 3):
        return None
    return values.reshape(-1, *values.shape[-3:]).view(np.uint8)


def _panels(name: str, frames: NDArray[np.uint8], arrays: Arrays) -> Iterator[Panel]:
    masks = _masks(frames, arrays)
    for number, planes in enumerate(frames):
        heading = name if len(frames) == 1 else f"{number + 1} {name}"
        picture = standing(planes)
        panel = Panel(name, heading, picture, (f"{picture.shape[0]} x {picture.shape[1]}",))
        yield from masked_panels(panel, masks[number * len(masks) // len(frames)] if masks else None)


def _masks(frames: NDArray[np.uint8], arrays: Arrays) -> list[Mask]:
    """The masks of all frames, or of as many groups of them as the network counts; none where there is no mask."""
    if not {"visible", "hidden"} <= set(arrays):
        return []
    patches = len(arrays["visible"]) + len(arrays["hidden"])
    counts = (count for count in range(len(frames), 0, -1) if len(frames) % count == 0 and patches % count == 0)
    for count in counts:
        side = isqrt(patches // count)
        if side**2 == patches // count and frames.shape[-1] % side == 0:
            seen = np.zeros((count, side, side), np.bool_)
            seen.flat[arrays["visible"]] = True
            return [Mask(each, (np.flatnonzero(~each),)) for each in seen]
    return []


def _besides(arrays: Arrays) -> tuple[str, ...]:
    """What cannot be drawn: numbers where they are few, else how many."""
    told = (f"{name} {_told(np.asarray(values))}" for name, values in arrays.items())
    return (f"besides: {', '.join(told)}",) if arrays else ()


def _told(values: NDArray[Any]) -> str:
    if values.size <= _FEW:
        return str(values.tolist())
    return f"({values.dtype}, {' x '.join(map(str, values.shape))})"
