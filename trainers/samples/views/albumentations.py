"""Any pipeline of Albumentations as a view that is reproduced to the bit (`pip install 'headrace[albumentations]'`).

A pipeline has a random state of its own, which each worker of a loader copies as it starts: so workers repeat one
another, epochs repeat one another, and what a sample becomes depends on how many came before it. Here each sample's own
generator gives one integer, and from that the state is made anew, so that a view depends on nothing else.

All transforms of the pipeline share that state. `Compose(seed=...)` would not do: it gives each transform a generator
of the same seed, whose first numbers are the same, so that what happens with equal probability happens together.
"""

import copy
import os
import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headrace.shards.base.errors import PluginError, UsageError

_NO_LOOK_UP = "NO_ALBUMENTATIONS_UPDATE"
"""The library's own switch: its import asks PyPI for a newer version unless this is set."""


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


with _environment(_NO_LOOK_UP, "1"):
    try:
        import albumentations
    except ImportError as error:
        raise PluginError(
            "views by Albumentations need the library", remedy="Run `pip install 'headrace[albumentations]'`"
        ) from error


@dataclass(frozen=True)
class AlbumentationsView:
    """A pipeline as a view.

    Args:
        pipeline: An `albumentations.Compose`; it is left as it is.

    Raises:
        UsageError: It is none.
    """

    pipeline: Any

    def __post_init__(self) -> None:
        if not isinstance(self.pipeline, albumentations.BaseCompose):
            raise UsageError(
                "a view by Albumentations is made of a pipeline",
                found=type(self.pipeline).__name__,
                expected="albumentations.Compose",
                remedy="Wrap a single transform: `A.Compose([transform])`",
            )
        object.__setattr__(self, "pipeline", copy.deepcopy(self.pipeline))

    def draw(self, rng: np.random.Generator) -> int:
        """The seed of one view; one integer is taken from `rng`, whatever the pipeline draws by it."""
        return int(rng.integers(2**63))

    def render(self, pixels: NDArray[np.uint8], seed: int) -> NDArray[Any]:
        """One view of an image.

        Args:
            pixels: uint8 (H, W, C); no transform of the library's changes its input.
            seed: From `draw`; the same gives the same view in any process, after whatever other views.

        Returns:
            (C, H', W'), contiguous, of the type that the pipeline makes: uint8, or float32 if it normalises.

        Raises:
            UsageError: The pipeline makes no image.
        """
        self.pipeline.set_random_state(np.random.default_rng(seed), random.Random(seed))
        return _planes(self.pipeline(image=pixels)["image"])


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
