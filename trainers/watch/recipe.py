"""What a recipe says of evaluations while a run goes on."""

from typing import Annotated

from pydantic import Field

from headrace.shards.base.recipe import RecipeModel

Positive = Annotated[int, Field(gt=0)]


class ValidationRecipe(RecipeModel):
    """The pretext's own loss on other shards, while a run goes on."""

    url: str
    """A folder of shards or a mixture file, as `data.url`; of text, made with the same tokenizer."""
    every: Positive
    """Steps from one pass to the next; there is one before the first step and one after the last, too."""
    samples: Positive | None = None
    """How many of the first samples, as they are stored; None: all."""
    batch_size: Positive | None = None
    """Samples at a time, over all processes; None: as many as in a step. Where the loss couples samples, of another
    number it is another loss."""
