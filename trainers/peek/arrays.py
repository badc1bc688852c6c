"""What the arrays of a sample look like, whoever made them: those that are planes are pictures."""

from collections.abc import Iterator, Mapping
from itertools import count
from math import isqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..samples.masks.presets import Mask
from .cuts import Cuts
from .look import Panel
from .masked import masked_panels
from .originals import standing

Arrays = Mapping[str, NDArray[Any]]
Pictures = Mapping[str, NDArray[np.uint8]]
"""(T, C, H, W) by name; all of them are numbered from 0, one name after the other."""

MASK = frozenset({"visible", "hidden"})
"""The arrays that hold the indices of patches, of all frames of a picture in a row."""
_FEW = 12
"""Numbers that are told one by one."""


def pictures_of(arrays: Arrays) -> Pictures:
    """The arrays that are uint8 planes (C, H, W) or (T, C, H, W)."""
    return {
        name: values.reshape(-1, *values.shape[-3:])
        for name, values in arrays.items()
        if values.dtype == np.uint8 and values.ndim in (3, 4) and values.shape[-3] in (1, 3)
    }


def masks_of(pictures: Pictures, arrays: Arrays) -> dict[int, Mask]:
    """The masks of all pictures, by their numbers, where the arrays hold one."""
    if not set(arrays) >= MASK:
        return {}
    numbers = count()
    found = {}
    for frames in pictures.values():
        masks = _masks(frames, arrays)
        for place in range(len(frames)):
            number = next(numbers)
            if masks:
                found[number] = masks[place * len(masks) // len(frames)]
    return found


def panels(pictures: Pictures, cuts: Cuts | None, masks: Mapping[int, Mask]) -> Iterator[Panel]:
    """The pictures, each with what was drawn of it and what is seen of it.

    Args:
        pictures: The pictures; the first of them are those that were cut.
        cuts: What was drawn of those; None where nothing is known of any.
        masks: By the numbers of the pictures.
    """
    numbers = count()
    for name, frames in pictures.items():
        for planes in frames:
            number, picture = next(numbers), standing(planes)
            lines = cuts.lines(number) if cuts else (f"{picture.shape[0]} x {picture.shape[1]}",)
            yield from masked_panels(Panel(name, f"{number + 1} {name}", picture, lines), masks.get(number))


def besides(arrays: Arrays) -> tuple[str, ...]:
    """What cannot be drawn: numbers where they are few, else how many."""
    told = (f"{name} {_told(np.asarray(values))}" for name, values in arrays.items())
    return (f"besides: {', '.join(told)}",) if arrays else ()


def _masks(frames: NDArray[np.uint8], arrays: Arrays) -> list[Mask]:
    """The masks of all frames, or of as many groups of them as the network counts; none where they do not fit."""
    patches = sum(len(arrays[name]) for name in MASK)
    groups = (each for each in range(len(frames), 0, -1) if len(frames) % each == 0 and patches % each == 0)
    for group in groups:
        side = isqrt(patches // group)
        if side**2 == patches // group and frames.shape[-1] % side == 0:
            seen = np.zeros((group, side, side), np.bool_)
            seen.flat[arrays["visible"]] = True
            return [Mask(each, (np.flatnonzero(~each),)) for each in seen]
    return []


def _told(values: NDArray[Any]) -> str:
    if values.size <= _FEW:
        return str(values.tolist())
    return f"({values.dtype}, {' x '.join(map(str, values.shape))})"
