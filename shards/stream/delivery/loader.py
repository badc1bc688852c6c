"""Batches through torch's standard DataLoader; with `tensors` and `lending` all of the stream that needs torch.

The dataset is map-style; the batch sampler yields where the rows of each batch lie, located some batches ahead. So
`num_workers`, `pin_memory`, `persistent_workers`, `prefetch_factor`, `timeout` and `multiprocessing_context` mean
what they always mean, and workers may be forked or spawned.
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import DataLoader, Dataset, Sampler, get_worker_info

from ...base.errors import HeadraceError, StreamError, UsageError
from ..order.mixture import Mixture
from ..order.order import Order
from ..order.places import Places
from ..sources.columns import Columns, Found
from . import tensors
from .collate import Collate, OneByOne, collate
from .cursor import Cursor, Share
from .delivery import Deliverer, Delivery, collated
from .failures import worker_failures
from .lending import Piece, Pool
from .located import located_batches

if TYPE_CHECKING:
    from ..stream import Stream


_DECIDED = ("shuffle", "sampler", "batch_sampler", "drop_last", "collate_fn")
"""Arguments of torch's DataLoader that the stream gives itself."""


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
        if decided := [f"{name}={dataloader[name]!r}" for name in _DECIDED if name in dataloader]:
            raise UsageError(
                "the stream itself decides what makes up a batch",
                found=", ".join(decided),
                remedy="Leave it out: a stream is shuffled by its `seed`, `one_pass` goes through it unshuffled, every "
                "batch is full, and `collate=` puts samples together",
            )
        # A generator of its own, so that starting workers takes no number from the one that initialises models.
        dataloader.setdefault("generator", torch.Generator())
        self._collate = collate
        self._settings = {"collate_fn": _as_it_is, **dataloader}
        self._arrange(stream)

    def _arrange(self, stream: "Stream") -> None:
        self._arranged = stream
        sampler: Any = _Located(stream.order, self._cursor, self.share)
        self._prepared = _Prepared(stream, self._collate)
        self.dataloader: DataLoader[Any] = DataLoader(self._prepared, batch_sampler=sampler, **self._settings)

    def _set_memory_aside(self) -> None:
        """Pieces that the workers to come will lend, see `lending`; those that persist keep the ones they have."""
        loader, prepared = self.dataloader, self._prepared
        if not loader.num_workers or (loader.persistent_workers and prepared.pool is not None):
            return
        # What was lent, but never delivered, in an iteration that was left is lost with its pool.
        with suppress(OSError):
            prepared.pool = Pool(loader.num_workers, (loader.prefetch_factor or 2) + 2)

    def _deliveries(self, stream: "Stream") -> Iterator[Delivery]:
        # Workers that persist would go on under the weights that they began with.
        if stream is not self._arranged:
            self._arrange(stream)
        self._set_memory_aside()
        try:
            with worker_failures():
                for delivery in self.dataloader:
                    if isinstance(delivery, HeadraceError):
                        raise delivery
                    yield delivery
        except StreamError:
            # Workers that persist are of no use without the one that is gone.
            self._arrange(stream)
            raise


class _Prepared(Dataset[Any]):
    """The stream as a map from the places of a batch to that batch.

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
                return collated(self._stream.take(places), OneByOne(self._collate))
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
        reading = self._stream.take(places, empty=columns.empty)
        return collated(reading, partial(tensor_batch, ragged=self._stream.ragged, columns=columns))

    def __getstate__(self) -> dict[str, Any]:
        # Memory is inherited by a fork, and cannot be sent.
        return {**self.__dict__, "pool": None}

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


def _as_it_is(delivery: Any) -> Any:
    """What torch calls for collation, where there is nothing left to do."""
    return delivery


class _Located(Sampler[Places]):
    """Where one rank's rows lie, batch after batch, from where the cursor stands when an iteration begins."""

    def __init__(self, order: Order | Mixture, cursor: Cursor, share: Share) -> None:
        self._order, self._cursor, self._share = order, cursor, share

    def __iter__(self) -> Iterator[Places]:
        return located_batches(self._order, self._share, self._cursor.state.position, self._cursor.remaining)
