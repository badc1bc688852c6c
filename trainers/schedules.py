"""Learning-rate schedules: closed forms of the step, so that a resumed run needs no state of theirs."""

import math
from typing import Annotated, Literal

from pydantic import Field

from headrace.shards.base.recipe import RecipeModel


class ScheduleRecipe(RecipeModel):
    """Linear warm-up, then the decay of that name down to `floor`.

    With w = warmup and t = (step - w) / (steps - w), the learning rate at a step (from 0) is the peak times
    (step + 1) / w before w, then `floor + (1 - floor) * d(t)` where d(t) is 1 (constant), 1 - t (linear)
    or (1 + cos(pi t)) / 2 (cosine).
    """

    name: Literal["constant", "linear", "cosine"] = "cosine"
    """How it falls after the warm-up."""
    warmup: Annotated[int, Field(ge=0)] = 0
    """Steps over which the rate rises to its peak."""
    floor: Annotated[float, Field(ge=0, le=1)] = 0.0
    """The share of the peak that is left at the end."""

    def factor(self, step: int, steps: int) -> float:
        """The share of the peak learning rate that step `step` (from 0) of `steps` uses, in [0, 1]."""
        if step < self.warmup:
            return (step + 1) / self.warmup
        share = min(1.0, (step - self.warmup) / max(1, steps - self.warmup))
        decay = {"constant": 1.0, "linear": 1 - share, "cosine": (1 + math.cos(math.pi * share)) / 2}[self.name]
        return self.floor + (1 - self.floor) * decay
