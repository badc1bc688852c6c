"""The types of numbers that parameters of views and masks are made of; pydantic checks them."""

from typing import Annotated

from pydantic import AfterValidator, ConfigDict, Field

CHECKED = ConfigDict(extra="forbid")
"""The configuration of a class of parameters: no unknown name passes."""

Range = tuple[float, float]


def ascending(bounds: Range) -> Range:
    """The bounds, refused where the first is above the second."""
    if bounds[0] > bounds[1]:
        raise ValueError(f"the least first, then the largest, not {list(bounds)}")
    return bounds


Probability = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=1)]
ShareRange = Annotated[
    tuple[Annotated[float, Field(gt=0, le=1)], Annotated[float, Field(gt=0, le=1)]], AfterValidator(ascending)
]
PositiveRange = Annotated[tuple[Positive, Positive], AfterValidator(ascending)]
