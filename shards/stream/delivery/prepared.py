"""The datasets that torch's DataLoader makes batches of: one for workers, one for a loader without."""

from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import Dataset, get_worker_info

from ...base.errors import HeadraceError
from ..order.places import Places
from ..sources.columns import Columns, Found
from ..sources.reading import Reading
from . import tensors
from .collate import Collate, OneByOne, collate
from .delivery import Delivery, collated
from .lending import Piece, Pool
from .memory import Memory

if TYPE_CHECKING:
    from ..stream import Stream


class ByWorkers(Dataset[Any]):
    """The stream as a map from the places of a batch to that batch, for workers.

    An error with its remedy is returned instead of raised, for the loader to raise it: torch would raise it again as
    another one, whose message is the worker's traceback.
    """

    def __init__(self, stream: "Stream", collate: Collate | None) -> None:
        self._stream, self._collate = stream, collate
        self.pool: Pool | None = None
        """What forked workers write large columns into."""

    def __getitem__(self, position: int) -> Any:
        return self._stream.read(np.array([position]))[0]

    def __getitems__(self, places: Places) -> Delivery | HeadraceError:
        try:
            if self._collate is not None:
                return collated(self._stream, self._stream.fetch(places), OneByOne(self._collate))
            worker = get_worker_info()
            piece = None if worker is None or self.pool is None else self.pool.piece(worker.id)
            return self._batch(places, tensors) if piece is None else self._lent(places, piece)
        except HeadraceError as error:
            return error

    def _lent(self, places: Places, piece: Piece) -> Delivery:
        delivery = None
        try:
            delivery = self._batch(places, piece)
            return delivery
        finally:
            if delivery is None or not piece.used:
                piece.close()

    def _batch(self, places: Places, columns: "Allocator") -> Delivery:
        reading = self._stream.fetch(places, empty=columns.empty)
        batcher = partial(tensor_batch, ragged=self._stream.ragged, columns=columns)
        return collated(self._stream, reading, batcher, columns.empty)

    def __getstate__(self) -> dict[str, Any]:
        # Memory is inherited by a fork, and cannot be sent.
        return {**self.__dict__, "pool": None}

    def __len__(self) -> int:
        return self._stream.samples


class Here(Dataset[Any]):
    """The stream as a map from the samples of a batch, which were read ahead, to that batch.

    Args:
        stream: What is read.
        collate: Puts samples together; None for columns of tensors.
    """

    def __init__(self, stream: "Stream", collate: Collate | None) -> None:
        self._stream, self._memory = stream, Memory()
        tensor_columns = partial(tensor_batch, ragged=stream.ragged, columns=self)
        self._batcher = tensor_columns if collate is None else OneByOne(collate)

    def empty(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> NDArray[Any]:
        """See `packed.Empty`."""
        return self._memory.empty(shape, dtype)

    def delivered(self, column: Any) -> Any:
        """See `tensors.delivered`; what becomes wider does so only now, in memory that the processor still holds."""
        if isinstance(column, np.ndarray) and (wider := tensors.widened(column.dtype)) != column.dtype:
            narrow, column = column, self._memory.empty(column.shape, wider)
            column[...] = narrow
        return tensors.delivered(column)

    def __getitem__(self, position: int) -> Any:
        return self._stream.read(np.array([position]))[0]

    def __getitems__(self, reading: Reading) -> Delivery:
        return collated(self._stream, reading, self._batcher, self.empty)

    def __len__(self) -> int:
        return self._stream.samples


class Allocator(Protocol):
    """Allocates the columns of a batch and makes them tensors: `tensors`, or a piece of memory that is lent."""

    def empty(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> NDArray[Any]:
        """See `packed.Empty`."""

    def delivered(self, column: Any) -> Any:
        """See `tensors.delivered`."""


def tensor_batch(found: Found, ragged: frozenset[str], columns: Allocator) -> dict[str, Any]:
    """A batch whose columns (see `collate`) are tensors.

    Args:
        found: The samples.
        ragged: Fields that are never stacked.
        columns: What allocates columns, and has allocated those that were read.
    """
    if not isinstance(found, Columns):
        found = [_as_arrays(sample) for sample in found]
    return {field: columns.delivered(column) for field, column in collate(found, ragged, columns.empty).items()}


def _as_arrays(sample: Any) -> Any:
    """A sample whose transform made tensors, with arrays instead; anything else as it is."""
    if not isinstance(sample, dict) or not any(isinstance(value, torch.Tensor) for value in sample.values()):
        return sample
    return {name: value.numpy() if isinstance(value, torch.Tensor) else value for name, value in sample.items()}
