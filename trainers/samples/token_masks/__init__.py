"""Masks over windows of tokens: what is predicted together, one file each; and how it is hidden.

Read `base` first, then `words`, of which two of the masks are made.
"""

from typing import Annotated

from ...by_name import ByName
from .base import Chosen, TokenMask, Window, corrupt, prediction_count
from .single import SingleMask
from .span import SpanMask
from .word import WordMask

AnyTokenMask = Annotated[SingleMask | WordMask | SpanMask, ByName("token"), "mapping"]
"""The type of a recipe's mask over tokens: what is hidden together by its `name`, and what that takes."""

__all__ = [
    "AnyTokenMask",
    "Chosen",
    "SingleMask",
    "SpanMask",
    "TokenMask",
    "Window",
    "WordMask",
    "corrupt",
    "prediction_count",
]
