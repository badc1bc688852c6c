"""Batches through torch's standard DataLoader; with `prepared`, `tensors` and `lending` all that needs torch here.

The dataset is map-style; the batch sampler yields where the rows of each batch lie, located some batches ahead, or,
without workers, the samples themselves. So `num_workers`, `pin_memory`, `persistent_workers`, `prefetch_factor`,
`timeout` and `multiprocessing_context` mean what they always mean, and workers may be forked or spawned.
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import torch
from torch.utils.data import DataLoader, Sampler

from ...base.errors import HeadraceError, StreamError, UsageError
from ...format.packed import Empty
from ..order.mixture import Mixture
from ..order.order import Order
from ..order.places import Places
from ..sources.reading import Reading
from .collate import Collate
from .cursor import Cursor, Share
from .delivery import Deliverer, Delivery
from .failures import worker_failures
from .lending import Pool
from .located import located_batches
from .prepared import ByWorkers, Here
from .reading_ahead import readings

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
        self._arranged, located = stream, _Located(stream.order, self._cursor, self.share)
        sampler: Any = located
        if self._settings.get("num_workers"):
            self._prepared: ByWorkers | Here = ByWorkers(stream, self._collate)
        else:
            self._prepared = Here(stream, self._collate)
            sampler = _Read(stream, located, self._prepared.empty)
        self.dataloader: DataLoader[Any] = DataLoader(self._prepared, batch_sampler=sampler, **self._settings)

    def _set_memory_aside(self) -> None:
        """Pieces that the workers to come will lend, see `lending`; those that persist keep the ones they have."""
        loader, prepared = self.dataloader, self._prepared
        if isinstance(prepared, Here) or (loader.persistent_workers and prepared.pool is not None):
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


def _as_it_is(delivery: Any) -> Any:
    """What torch calls for collation, where there is nothing left to do."""
    return delivery


class _Located(Sampler[Places]):
    """Where one rank's rows lie, batch after batch, from where the cursor stands when an iteration begins."""

    def __init__(self, order: Order | Mixture, cursor: Cursor, share: Share) -> None:
        self._order, self._cursor, self._share = order, cursor, share

    def __iter__(self) -> Iterator[Places]:
        return located_batches(self._order, self._share, self._cursor.state.position, self._cursor.remaining)


class _Read(Sampler[Reading]):
    """What lies there, read ahead by this process; the batch sampler of a loader without workers."""

    def __init__(self, stream: "Stream", located: _Located, empty: Empty) -> None:
        self._stream, self._located, self._empty = stream, located, empty

    def __iter__(self) -> Iterator[Reading]:
        return readings(self._stream, iter(self._located), self._empty)
