"""The generators of many samples as one object, which draws for all of them in one call.

Each is `rng.generator` of its parts, number for number. A numpy generator takes ten microseconds to make and to ask,
as much as all else that is random of a small image; here it is one, and a numpy generator is made only where somebody
asks for a single one.
"""

from collections.abc import Iterable
from typing import Self, overload

import numpy as np
from numpy.typing import NDArray

from .philox import BLOCK, random
from .rng import Part, digests


class Generators:
    """Generators that have all drawn equally much.

    Args:
        keys: Philox's, uint64 (n, 2).
        blocks: How many blocks of `BLOCK` numbers each has drawn.
    """

    def __init__(self, keys: NDArray[np.uint64], blocks: int = 0) -> None:
        self._keys, self._blocks = np.ascontiguousarray(keys), blocks

    @classmethod
    def of(cls, parts: Iterable[tuple[Part, ...]]) -> Self:
        """A generator for each tuple of parts, equal to `generator(*tuple)`.

        Args:
            parts: What each depends on; that all but the last of them are the same in many makes it cheap.

        Raises:
            TypeError: A part is neither a string, an integer nor bytes.
        """
        words = np.frombuffer(b"".join(digests(parts)), "<u8")
        return cls(words.astype(np.uint64, copy=False).reshape(-1, 2))

    def __len__(self) -> int:
        return len(self._keys)

    @overload
    def __getitem__(self, place: int) -> np.random.Generator: ...
    @overload
    def __getitem__(self, place: slice) -> Self: ...
    def __getitem__(self, place: int | slice) -> np.random.Generator | Self:
        """One generator, or some of them, at their present place; what they draw from here on moves nothing here."""
        if isinstance(place, slice):
            return type(self)(self._keys[place], self._blocks)
        return np.random.Generator(np.random.Philox(key=self._keys[place], counter=self._blocks))

    def random(self, numbers: int) -> NDArray[np.float64]:
        """Let each draw numbers uniform in [0, 1), and advance by them.

        Args:
            numbers: How many each draws, a multiple of `BLOCK`.

        Returns:
            float64 (n, numbers): row i is what `self[i].random(numbers)` would have given.

        Raises:
            ValueError: They are not whole blocks.
        """
        blocks, left = divmod(numbers, BLOCK)
        if left or numbers < 0:
            raise ValueError(f"Philox makes {BLOCK} numbers at once, so ask for a multiple of them, not for {numbers}")
        drawn = np.empty((len(self), numbers))
        random(self._keys, self._blocks, drawn)
        self._blocks += blocks
        return drawn
