"""By which number a run's checkpoints are compared, and whether it will be known of them."""

from headrace.shards.base.errors import RecipeError
from headrace.shards.base.registry import did_you_mean

from ..collapse import NAMES
from ..metrics import SPEED, STEPPING, VALIDATION, WAIT, Line
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
    elif _judges(recipe, name):
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


def refuse_unknown(recipe: TrainRecipe, name: str | None, line: Line) -> None:
    """Make sure, as early as a line shows it, that there is such a number; otherwise there would be no best at all.

    Args:
        recipe: The recipe.
        name: The number of `keep_best`, if any.
        line: What was just written to the log.

    Raises:
        RecipeError: No line will have it.
    """
    if name is None or name in {*line, *STEPPING, *SPEED, *NAMES}:
        return
    # The line of step 0 has what evaluations find, others have what a step tells.
    if (name.startswith(VALIDATION) or _judges(recipe, name)) == (line["step"] == 0):
        known = [each for each in line if each != "step" and not each.startswith(WAIT)]
        raise RecipeError(
            f"keep_best compares checkpoints by '{name}', which nothing tells", remedy=did_you_mean(name, known)
        )


def _judges(recipe: TrainRecipe, name: str) -> bool:
    """Whether an evaluation tells a number."""
    return name.partition("/")[0] in recipe.evals
