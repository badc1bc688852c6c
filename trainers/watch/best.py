"""By which number a run's checkpoints are compared, and whether it will be known of them."""

from headrace.shards.base.errors import RecipeError

from ..collapse import NAMES
from ..metrics import VALIDATION
from ..recipe import TrainRecipe


def best_number(recipe: TrainRecipe) -> str | None:
    """The number of `keep_best`; None where the recipe asks for no best checkpoint.

    Raises:
        RecipeError: It is not known whenever a checkpoint is saved.
    """
    model = recipe.model
    if model.keep_best is None:
        return None
    (name,) = model.keep_best.values()
    every: int | None = model.log_every
    key = "log_every"
    if name.startswith(VALIDATION):
        every, key = model.validation.every if model.validation else None, "validation.every"
    elif name.partition("/")[0] in recipe.evals:
        every, key = model.evals_every, "evals_every"
    elif name in NAMES:
        every, key = model.watch_every, "watch_every"
    if every is None or model.checkpoint_every % every:
        raise RecipeError(
            f"keep_best compares checkpoints by '{name}', which is not known of each",
            found=f"{key}: {every}, checkpoint_every: {model.checkpoint_every}",
            expected=f"a {key} that divides checkpoint_every",
            remedy=f"Set {key}={model.checkpoint_every}, or choose another number",
        )
    return name
