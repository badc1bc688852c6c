"""How a run is spread over its processes, in the words of a recipe."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from headrace.shards.base.recipe import RecipeModel

from ..distributed import PATIENCE


class ParallelRecipe(RecipeModel):
    """How the network is spread over the processes that torchrun starts; one process alone has all of it."""

    strategy: Literal["ddp", "fsdp"] = "ddp"
    """ddp: each process holds the whole network; fsdp: a share, and all of a block while it is computed (FSDP2)."""
    tensor: Annotated[int, Field(gt=0)] = 1
    """Neighbouring processes that compute each matrix of a block together, on the same samples; llama with fsdp."""
    patience: Annotated[float, Field(gt=0)] = PATIENCE
    """Seconds to wait for a process that does not answer before the others stop."""

    @model_validator(mode="after")
    def _spread_along_both(self) -> Self:
        if self.tensor > 1 and self.strategy != "fsdp":
            raise ValueError("strategy: fsdp beside tensor")
        return self
