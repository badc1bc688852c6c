"""Optimizers: which parameters decay and learn at what rate, and the algorithms, one file each.

Read `base` first: what all of them share, and what the loop asks of them at each step.
"""

from typing import Annotated

from ..by_name import ByName
from .adamw import AdamwRecipe
from .lars import LarsRecipe
from .sgd import SgdRecipe

OptimizerRecipe = Annotated[AdamwRecipe | SgdRecipe | LarsRecipe, ByName("adamw"), "mapping"]
"""The type of a recipe's optimizer: the algorithm by its `name`, and what that one takes."""

__all__ = ["AdamwRecipe", "LarsRecipe", "OptimizerRecipe", "SgdRecipe"]
