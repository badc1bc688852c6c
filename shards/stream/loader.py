"""Batches through torch's standard DataLoader; the only file of the stream that needs torch.

The dataset is map-style and its indices are positions of the stream; the batch sampler yields lists of them. So
`num_workers`, `pin_memory`, `persistent_workers`, `prefetch_factor`, `timeout` and `multiprocessing_context` mean
what they always mean, and workers may be forked or spawned.
"""

from collections.abc import Iterator, Mapping
from itertools import count
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import DataLoader, Dataset, Sampler, get_worker_info

from ..base.errors import HeadraceError, StreamError, UsageError
from .collate import Collate, collate
from .cursor import Cursor, Share
from .delivery import Deliverer, Delivery, collated
from .reading import Reading

if TYPE_CHECKING:
    from .stream import Stream


class Loader(Deliverer):
    """The endless batches of one rank, read ahead by worker processes.

    Each iteration goes on where the last one stopped; one at a time. `state_dict()` counts the batch handed over last
    as delivered, and none of those that workers have prepared beyond it; with `load_state_dict()` the loader fits what
    saves and restores data loaders by these names, such as `torch.distributed.checkpoint`. After an error, of a worker
    that was killed, say, a new iteration goes on with the batch that the error came instead of.

    Args:
        stream: What is read.
        share: What is taken of it.
        collate: Puts samples together; None for columns of tensors.
        start: A state to continue from; None begins at position 0.
        dataloader: Further arguments of `torch.utils.data.DataLoader`.

    Raises:
        StateError: `start` belongs to another stream.
    """

    def __init__(
        self,
        stream: "Stream",
        share: Share,
        collate: Collate | None,
        start: Mapping[str, Any] | None,
        **dataloader: Any,
    ) -> None:
        super().__init__(stream, share, start)
        if not dataloader.get("in_order", True):
            raise UsageError("batches must come in their order, or a state could not name them", found="in_order=False")
        # A generator of its own, so that starting workers takes no number from the one that initialises models.
        dataloader.setdefault("generator", torch.Generator())
        self._settings = {
            "batch_sampler": _Positions(self._cursor, share, stream.order.lanes),
            "collate_fn": _Collating(collate or TensorCollator(stream.ragged)),
            **dataloader,
        }
        self._arrange(stream)

    def _arrange(self, stream: "Stream") -> None:
        self._arranged = stream
        self.dataloader: DataLoader[Any] = DataLoader(_Positioned(stream), **self._settings)

    def _deliveries(self, stream: "Stream") -> Iterator[Delivery]:
        # Workers that persist would go on under the weights that they began with.
        if stream is not self._arranged:
            self._arrange(stream)
        try:
            for delivery in self.dataloader:
                if isinstance(delivery, HeadraceError):
                    raise delivery
                yield delivery
        except RuntimeError as error:
            # What a worker's own code raises begins with other words.
            if not str(error).startswith("DataLoader "):
                raise
            # Workers that persist are of no use without the one that is gone.
            self._arrange(stream)
            raise StreamError(
                "the processes that read ahead have failed, and with them what they had prepared",
                found=str(error).partition("\n")[0].strip(),
                remedy="Nothing that was delivered is lost: iterate again, or continue from `state_dict()`. A worker "
                "that is killed may have been out of memory or of shared memory: take fewer of them, or a smaller "
                "`prefetch_factor`",
            ) from error


_INDICES: dict[np.dtype[Any], np.dtype[Any]] = {
    np.dtype(np.uint16): np.dtype(np.int64),
    np.dtype(np.uint32): np.dtype(np.int64),
}
"""What torch can store and nothing else: these arrays become what embeddings and losses take."""


class TensorCollator:
    """Columns of samples as tensors (see `collate`), written at once into shared memory where a worker does it.

    Arrays of uint16 and uint32, such as token ids, become int64 on their way into the column.

    Args:
        ragged: Fields that are never stacked.
    """

    def __init__(self, ragged: frozenset[str]) -> None:
        self._ragged = ragged

    def __call__(self, samples: list[Any]) -> dict[str, Any]:
        """Put samples together, column by column."""
        tensors: dict[int, torch.Tensor] = {}

        def empty(shape: tuple[int, ...], dtype: np.dtype[Any]) -> NDArray[Any]:
            tensor = _empty(shape, torch.from_numpy(np.empty(0, _INDICES.get(dtype, dtype))).dtype)
            column: NDArray[Any] = tensor.numpy()
            tensors[id(column)] = tensor
            return column

        columns = collate([_as_arrays(sample) for sample in samples], self._ragged, empty)
        return {field: tensors.get(id(column), column) for field, column in columns.items()}


def _as_arrays(sample: Any) -> Any:
    """A sample whose transform made tensors, with arrays instead; anything else as it is."""
    if not isinstance(sample, dict) or not any(isinstance(value, torch.Tensor) for value in sample.values()):
        return sample
    return {name: value.numpy() if isinstance(value, torch.Tensor) else value for name, value in sample.items()}


def _empty(shape: tuple[int, ...], dtype: torch.dtype) -> torch.Tensor:
    if get_worker_info() is None:
        return torch.empty(shape, dtype=dtype)
    # As torch's own collation does: what a worker writes into shared memory is not copied again on its way out.
    storage: torch.UntypedStorage = torch.UntypedStorage._new_shared(  # type: ignore[no-untyped-call]
        prod(shape) * dtype.itemsize
    )
    return torch.empty(0, dtype=dtype).set_(storage).view(shape)


class _Positioned(Dataset[Any]):
    """The stream as a map from positions to samples.

    An error with its remedy is returned instead of raised, for the loader to raise it: torch would raise it again as
    another one, whose message is the worker's traceback.
    """

    def __init__(self, stream: "Stream") -> None:
        self._stream = stream

    def __getitem__(self, position: int) -> Any:
        return self._stream.read(np.array([position]))[0]

    def __getitems__(self, positions: list[int]) -> Reading | HeadraceError:
        try:
            return self._stream.take(self._stream.order.locate(np.array(positions)))
        except HeadraceError as error:
            return error

    def __len__(self) -> int:
        return self._stream.samples


class _Collating:
    """A collation that lets errors pass, see `_Positioned`."""

    def __init__(self, collate: Collate) -> None:
        self._collate = collate

    def __call__(self, reading: Any) -> Delivery | HeadraceError:
        if isinstance(reading, HeadraceError):
            return reading
        try:
            return collated(reading, self._collate)
        except HeadraceError as error:
            return error


class _Positions(Sampler[list[int]]):
    """The positions of one rank's rows, batch after batch, from where the cursor stands when an iteration begins."""

    def __init__(self, cursor: Cursor, share: Share, lanes: int) -> None:
        self._cursor, self._share, self._lanes = cursor, share, lanes

    def __iter__(self) -> Iterator[list[int]]:
        first, remaining = self._cursor.state.position, self._cursor.remaining
        for number in count() if remaining is None else range(remaining):
            yield self._share.positions(first + number * self._share.batch_size, self._lanes).tolist()
