"""Any pipeline of Albumentations as a view that is reproduced to the bit (`pip install 'headrace[albumentations]'`).

    ImageViews([Albumentations(A.Compose([...]), count=2)])                 in Python
    views: [{albumentations: {pipeline: my_views.py:compose, count: 2}}]    in a recipe

A pipeline has a random state of its own, which each worker of a loader copies as it starts: so workers repeat one
another, epochs repeat one another, and what a sample becomes depends on how many came before it. Here its
state is each view's own generator, so that a view depends on nothing else.

All transforms of the pipeline share that state. `Compose(seed=...)` would not do: it gives each transform a generator
of the same seed, whose first numbers are the same, so that what happens with equal probability happens together.

The library's import asks PyPI for a newer version, unless `NO_ALBUMENTATIONS_UPDATE` is set. Here it is while the
library is imported; a script that imports the library itself sets it, or imports this module first.
"""

import copy
import os
import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BeforeValidator, ValidationInfo

from headrace.shards.base.errors import PluginError, UsageError

from .base import VIEWS, OwnView


@contextmanager
def _environment(name: str, value: str) -> Iterator[None]:
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before


with _environment("NO_ALBUMENTATIONS_UPDATE", "1"):
    try:
        import albumentations
    except ImportError:
        albumentations = None


class _OfThread(threading.local):
    """A copy of a pipeline for each thread that asks, since threads must not share its random state."""

    def __init__(self, pipeline: Any) -> None:
        self._given, self.pipeline = pipeline, copy.deepcopy(pipeline)

    def __reduce__(self) -> tuple[Any, ...]:
        return _OfThread, (self._given,)


def _named(pipeline: Any, info: ValidationInfo) -> Any:
    """A pipeline itself, or the one of a name in a recipe."""
    if not isinstance(pipeline, str):
        return pipeline
    if ":" not in pipeline:
        raise ValueError("path/to/file.py:object, or package.module:object")
    return VIEWS.load(pipeline, (info.context or {}).get("folder"))


def _example() -> list[Any]:
    return [
        albumentations.RandomResizedCrop(size=(32, 32)),
        albumentations.HorizontalFlip(p=0.5),
        albumentations.RandomBrightnessContrast(p=0.8),
    ]


@dataclass(frozen=True)
class Albumentations(OwnView):
    """A pipeline of Albumentations as a view.

    Args:
        pipeline: An `albumentations.Compose`, which is left as it is; in a recipe path/to/file.py:object.

    Raises:
        PluginError: The library is not installed.
        UsageError: It is no pipeline.
    """

    pipeline: Annotated[Any, BeforeValidator(_named), "path/to/file.py:object"]
    _own: _OfThread = field(init=False, repr=False, compare=False)

    examples = ({"pipeline": albumentations.Compose(_example()), "count": 2},) if albumentations else ()

    def __post_init__(self) -> None:
        """Refuse what is no pipeline."""
        if albumentations is None:
            raise PluginError(
                "views by Albumentations need the library", remedy="Run `pip install 'headrace[albumentations]'`"
            )
        if not isinstance(self.pipeline, albumentations.BaseCompose):
            raise UsageError(
                "a view by Albumentations is made of a pipeline",
                found=type(self.pipeline).__name__,
                expected="albumentations.Compose",
                remedy="Wrap a single transform: `A.Compose([transform])`",
            )
        object.__setattr__(self, "_own", _OfThread(self.pipeline))

    def __call__(self, pixels: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[Any]:
        """One view; a pipeline that is to make views of one size ends with a crop or a scaling to it.

        Returns:
            (C, S, S), contiguous, of the type that the pipeline makes: uint8, or float32 if it normalises.

        Raises:
            UsageError: The pipeline makes no image.
        """
        pipeline = self._own.pipeline
        pipeline.set_random_state(rng, random.Random(int(rng.integers(2**63))))
        return _planes(pipeline(image=pixels)["image"])


def _planes(image: Any) -> NDArray[Any]:
    """What a pipeline made as channels first."""
    if isinstance(image, np.ndarray) and image.ndim in (2, 3):
        planes = image[None] if image.ndim == 2 else image.transpose(2, 0, 1)
    elif hasattr(image, "numpy") and image.ndim == 3:
        planes = image.numpy()
    else:
        raise UsageError(
            "an Albumentations pipeline makes no image",
            found=f"{type(image).__name__} of shape {tuple(getattr(image, 'shape', ()))}",
            expected="an array (H, W, C), or a tensor (C, H, W) from ToTensorV2",
        )
    return np.ascontiguousarray(planes)
