"""The types of kernels' arguments and results, named as in numba, which is imported only where a kernel is compiled.

Loading a kernel that was compiled before needs its types alone, and importing numba takes longer than all the rest of
the start of a small build.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np


@dataclass(frozen=True)
class Scalar:
    """A number; `name` is numba's name for it and numpy's for its dtype."""

    name: str

    def __call__(self, *arguments: "Argument") -> "Signature":
        """The signature of a kernel that takes these arguments and returns such a number."""
        return Signature(self, arguments)


@dataclass(frozen=True)
class Array:
    """A contiguous array.

    Args:
        item: The type of its items.
        dimensions: How many it has.
        readonly: Whether the kernel only reads it, as it must a view of an Arrow buffer.
    """

    item: Scalar
    dimensions: int
    readonly: bool

    @cached_property
    def dtype(self) -> np.dtype[np.generic]:
        """Numpy's."""
        return np.dtype(self.item.name)


@dataclass(frozen=True)
class NamedTuple:
    """A named tuple of arrays, which reaches the machine code as its arrays one after the other.

    Args:
        arrays: Their types.
        python_class: The class, a `typing.NamedTuple`.
    """

    arrays: tuple[Array, ...]
    python_class: type


Argument = Scalar | Array | NamedTuple


@dataclass(frozen=True)
class Signature:
    """The types of a kernel's arguments, and of its result: None where it returns nothing."""

    result: Scalar | None
    arguments: tuple[Argument, ...]

    def flat(self) -> Iterator[Scalar | Array]:
        """The arguments as the machine code gets them."""
        for argument in self.arguments:
            if isinstance(argument, NamedTuple):
                yield from argument.arrays
            else:
                yield argument


uint8, uint16, uint32, uint64 = (Scalar(f"uint{bits}") for bits in (8, 16, 32, 64))
int8, int16, int32, int64 = (Scalar(f"int{bits}") for bits in (8, 16, 32, 64))
boolean = Scalar("bool_")
float32, float64 = (Scalar(f"float{bits}") for bits in (32, 64))


def reads(item: Scalar, dimensions: int = 1) -> Array:
    """The type of a contiguous array that a kernel only reads, such as a view of an Arrow buffer."""
    return Array(item, dimensions, readonly=True)


def writes(item: Scalar, dimensions: int = 1) -> Array:
    """The type of a contiguous array that a kernel fills."""
    return Array(item, dimensions, readonly=False)


def void(*arguments: Argument) -> Signature:
    """The signature of a kernel that returns nothing."""
    return Signature(None, arguments)
