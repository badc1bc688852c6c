"""Learning-rate schedules: closed forms of the step, so that a resumed run needs no state of theirs."""

import math
from abc import ABC, abstractmethod
from typing import Annotated, Literal

from pydantic import Field

from headrace.shards.base.recipe import RecipeModel

from .by_name import ByName

Curve = Literal["constant", "linear", "cosine"]


def between(first: float, last: float, share: float, curve: Curve = "cosine") -> float:
    """From `first` to `last`, when this share of the way is done; for momenta of teachers, weight decay, temperatures.

    BYOL (Grill et al. 2020): `between(0.996, 1, step / steps)`; I-JEPA (Assran et al. 2023): the same with "linear".
    """
    return last + (first - last) * left(share, curve)


def left(share: float, curve: Curve) -> float:
    """What is left of the way, 1 to 0, when this share of it is done: 1, 1 - t or (1 + cos(pi t)) / 2."""
    t = min(1.0, share)
    return {"constant": 1.0, "linear": 1 - t, "cosine": (1 + math.cos(math.pi * t)) / 2}[curve]


class AnyScheduleRecipe(RecipeModel, ABC):
    """Linear warm-up, then the way down to `floor` that the name says.

    With w = warmup and t = (step - w) / (steps - w), the learning rate at a step (from 0) is the peak times
    (step + 1) / w before w, then `floor + (1 - floor) * d(t)`, with d as `left` says.
    """

    name: str
    """How it falls after the warm-up."""
    warmup: Annotated[int, Field(ge=0)] = 0
    """Steps over which the rate rises to its peak."""
    floor: Annotated[float, Field(ge=0, le=1)] = 0.0
    """The share of the peak that is left at the end."""

    @abstractmethod
    def left(self, share: float) -> float:
        """What is left above the floor, 1 to 0, when this share of the steps after the warm-up is done."""

    def factor(self, step: int, steps: int) -> float:
        """The share of the peak learning rate that step `step` (from 0) of `steps` uses, in [0, 1]."""
        if step < self.warmup:
            return (step + 1) / self.warmup
        share = min(1.0, (step - self.warmup) / max(1, steps - self.warmup))
        return self.floor + (1 - self.floor) * self.left(share)


class DecayRecipe(AnyScheduleRecipe):
    """One curve from the peak to the end: d(t) is 1 (constant), 1 - t (linear) or (1 + cos(pi t)) / 2 (cosine)."""

    name: Curve = "cosine"
    """How it falls after the warm-up."""

    def left(self, share: float) -> float:
        """See `AnyScheduleRecipe.left`."""
        return left(share, self.name)


class WsdRecipe(AnyScheduleRecipe):
    """Warm-up, stable, decay (Hu et al. 2024): at the peak until the last steps, over which d(t) goes from 1 to 0.

    With u the share of those last steps that is done, d is 1 - sqrt(u) (Haegele et al. 2024) or 1 - u. Since nothing
    before them depends on `steps`, a run can be made longer from a checkpoint of its stable part.
    """

    name: Literal["wsd"] = "wsd"
    """Another way: warm-up, stable, decay (Hu et al. 2024), which takes these two keys as well."""
    decay: Annotated[float, Field(gt=0, le=1)] = 0.2
    """The share of the steps after the warm-up, the last ones, over which the rate falls."""
    curve: Literal["sqrt", "linear"] = "sqrt"
    """How it falls there: by the root of the share of them that is done, or by that share."""

    def left(self, share: float) -> float:
        """See `AnyScheduleRecipe.left`."""
        done = max(0.0, 1 - (1 - share) / self.decay)
        return 1 - (math.sqrt(done) if self.curve == "sqrt" else done)


ScheduleRecipe = Annotated[DecayRecipe | WsdRecipe, ByName("cosine"), "mapping"]
"""The type of a recipe's schedule: the way down by its `name`, and what that one takes."""
