"""The contract of views of one's own as checks that run on any of them: `assert check_view(Mine) == []`.

Each law is tried with each of the parameters in the class' `examples`, on pictures of many shapes.
"""

from collections.abc import Callable, Iterator
from dataclasses import is_dataclass
from multiprocessing.reduction import ForkingPickler
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headrace.shards.base.contracts import Finding
from headrace.shards.base.recipe import make
from headrace.shards.base.rng import generator

from ..samples.views.own.base import VIEWS, OwnView

FORM = "it has the form of a view"
MADE = "it can be made with its `examples`"

FIRST = (FORM, MADE)
"""Where one of these is broken, the laws after it are not tried."""

_SHAPES = ((1, 1), (1, 300), (300, 1), (2, 2), (37, 53), (120, 80))


def check_view(found: str | type[OwnView]) -> list[Finding]:
    """Every breach of the contract, none for a good view.

    Args:
        found: Its class, or the name of one.

    Raises:
        PluginError: There is no such view.
    """
    kind: Any = VIEWS.load(found) if isinstance(found, str) else found
    if not (isinstance(kind, type) and issubclass(kind, OwnView) and is_dataclass(kind)):
        return [Finding(FORM, f"{kind!r} is no dataclass that derives from OwnView")]
    if not kind.examples:
        return [Finding(FORM, "its `examples` are empty: parameters to try it with")]
    findings = []
    for number, parameters in enumerate(kind.examples):
        try:
            view = make(kind, parameters, Path.cwd())
        except Exception as error:
            return [Finding(MADE, f"example {number}: {type(error).__name__}: {error}")]
        findings += [
            Finding(law, f"example {number}: {what}") for law, tried in LAWS.items() for what in _tried(tried, view)
        ]
    return findings


def _tried(law: Callable[[OwnView], Iterator[str]], view: OwnView) -> list[str]:
    try:
        return list(law(view))
    except Exception as error:
        return [f"it raises {type(error).__name__}: {error}"]


def _depends_on_picture_and_generator(view: OwnView) -> Iterator[str]:
    pixels = _picture(37, 53, 3)
    first, other = (view(pixels, generator("view", number)) for number in range(2))
    for number in range(3, 6):
        view(_picture(20, 20, 3), generator("view", number))
    again = view(pixels, generator("view", 0))
    if first.dtype != again.dtype or not np.array_equal(first, again):
        yield "it is another one the second time"
    if np.array_equal(first, other):
        yield "it is the same by another generator"


def _has_one_shape(view: OwnView) -> Iterator[str]:
    for channels in (1, 3):
        made = [view(_picture(*shape, channels), generator("view", row)) for row, shape in enumerate(_SHAPES)]
        shapes = sorted({f"{each.dtype} {each.shape}" for each in made})
        if len(shapes) > 1:
            yield f"of pictures with {channels} channels, it is {' or '.join(shapes)}"


def _leaves_the_picture(view: OwnView) -> Iterator[str]:
    for number, shape in enumerate(_SHAPES):
        pixels = _picture(*shape, 3)
        before = pixels.copy()
        made = view(pixels, generator("view", number))
        if not np.array_equal(pixels, before):
            yield f"a picture of {shape} is another one afterwards"
        if np.shares_memory(made, pixels):
            yield f"it is a part of the picture of {shape}, not a copy"


def _travels(view: OwnView) -> Iterator[str]:
    pixels, travelled = _picture(37, 53, 3), ForkingPickler.loads(ForkingPickler.dumps(view))
    if not np.array_equal(view(pixels, generator("view")), travelled(pixels, generator("view"))):
        yield "it is another one there"


LAWS: dict[str, Callable[[OwnView], Iterator[str]]] = {
    "a view is a function of the picture and its generator": _depends_on_picture_and_generator,
    "views of all pictures have one shape and dtype": _has_one_shape,
    "the picture is not changed": _leaves_the_picture,
    "it travels to other processes": _travels,
}


def _picture(height: int, width: int, channels: int) -> NDArray[np.uint8]:
    return np.random.default_rng(0).integers(0, 256, (height, width, channels), dtype=np.uint8)
