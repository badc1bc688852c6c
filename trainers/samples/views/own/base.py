"""The contract of views of one's own: functions of the whole picture, each in one small file.

    @dataclass(frozen=True, kw_only=True)
    class Mine(OwnView):             its parameters, which a recipe names
        __call__(pixels, rng)        the whole picture -> one view

In a recipe it stands among a pretext's views by its name, or as `path/to/file.py:Mine`; with parameters as
`{path/to/file.py:Mine: {size: 96}}`. In Python: `ImageViews([*preset("simclr"), Mine(size=96)])`.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from headrace.shards.base.complaints import keys_of
from headrace.shards.base.recipe import make
from headrace.shards.base.registry import Registry, did_you_mean
from headrace.shards.base.travelling import Travelling

from ....plugins import class_of
from ...ranges import Count

VIEWS = Registry("view", "headrace.trainers.samples.views.own", "headrace.views")


@dataclass(frozen=True, kw_only=True)
class OwnView(Travelling, ABC):
    """A kind of view that is not cut, scaled and coloured by `render`; picklable.

    Args:
        name: What its column is called.
        count: How many views of this kind a sample has.
    """

    name: str = "view"
    count: Count = 1

    examples: ClassVar[Sequence[Mapping[str, Any]]] = ({},)
    """Parameters to try it with: `headrace plugins check` makes it of each, and checks the laws on it."""

    @abstractmethod
    def __call__(self, pixels: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[Any]:
        """One view.

        Args:
            pixels: The whole picture, upright, (H, W, C) of any H and W from 1 on, C 1 or 3; not to be changed.
            rng: This very view's generator: by seed, epoch, sample and the view's place among the sample's.

        Returns:
            (C, S, S), or an array of any other shape and dtype that all views of this kind have.

        Raises:
            CorruptSampleError: The picture cannot be used; its sample is replaced. Any other error ends the run.
        """


def own_view(name: str, parameters: Mapping[str, Any], folder: Path | None = None) -> OwnView:
    """A view of one's own as a recipe names it.

    Args:
        name: In one of the forms that `headrace.shards.base.registry` knows.
        parameters: What its class takes.
        folder: Against which paths are read; default: the current one.

    Raises:
        PluginError: There is no such view, it is none, or it cannot be imported.
        ValueError: It has no such parameter, or one has a wrong value.
    """
    kind = class_of(VIEWS, name, OwnView, folder)
    known = keys_of(kind, ())
    if unknown := [key for key in parameters if key not in known]:
        raise ValueError(f"parameters of '{name}', not '{unknown[0]}'. {did_you_mean(unknown[0], known)}")
    made: OwnView = make(kind, parameters, folder or Path())
    return made
