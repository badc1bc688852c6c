"""Training recipes: what they may say (`model`), and how they are read (`read`, `places`)."""

from .model import MAY_CHANGE, TrainModel, TrainRecipe
from .read import merged, read_recipe

__all__ = ["MAY_CHANGE", "TrainModel", "TrainRecipe", "merged", "read_recipe"]
