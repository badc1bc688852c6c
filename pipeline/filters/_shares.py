"""Shares: parts of a whole, as parameters and as measures."""

from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from .base import Floats

Share = Annotated[float, Field(ge=0, le=1)]
"""A parameter between 0 and 1."""


def share(part: NDArray[np.int64], whole: NDArray[np.int64]) -> Floats:
    """The part of each whole; 0 of nothing."""
    return part / np.maximum(whole, 1)
