"""The stream over sets of shards: one order, the same for any number of nodes, ranks and workers."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from copy import copy
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..base.errors import UsageError
from ..cache import Cache
from ..cache.store import CachedStore
from ..format.manifest import Manifest
from ..format.packed import Empty
from ..format.patience import Patience
from ..format.shard_list import ShardInfo
from ..format.spent import spent
from ..format.store import Store
from .ahead import Ahead, refuse_small
from .delivery.batches import Batches, FinitePass
from .delivery.budget import TOLERATED
from .delivery.collate import Batcher, Collate, Collator, OneByOne
from .delivery.cursor import Bound, Share
from .delivery.state import Counts, Fingerprint
from .members import Wanted
from .opening import Identity, opened, told_counts
from .order.batch import Rank
from .order.order import ORDER_VERSION, Order
from .order.places import Places
from .parts import What
from .shelves import Shelves
from .sources.codecs import CODECS, Codecs
from .sources.columns import Columns, Found
from .sources.fetch import fetch
from .sources.pairs import read_pairs
from .sources.reading import Notes, Reading, read_all, read_others
from .sources.replacement import DamagedRowsError, Instead
from .sources.transforms import Apply, BatchTransform, Transform, applied

if TYPE_CHECKING:
    from .delivery.loader import Loader


class Stream:
    """An endless, shuffled stream of the samples of a set of shards, or of several by weight.

        stream = Stream("shards/images", seed=1, transform=augment)
        loader = stream.loader(256, rank=rank, world_size=world_size, num_workers=4)
        for batch in loader: ...

    A sample is a dictionary of its decoded fields (see `codecs`) or, from shards of tokens, a window of tokens (see
    `windows`) or a document (see `documents`), and of `__key__`, `__id__`, `__epoch__` and `__position__` (see
    `fetch`). In a mixture it has a `__source__`, too, the name of its source; its `__id__` counts source after source,
    and its `__epoch__` is that of its source. A batch is a dictionary of columns (see `columns`): arrays where values
    are alike; bytes and arrays of different lengths `Packed`, as data and offsets; lists of all else.

    Args:
        url: The folder of the set, a path or any fsspec URL; or a mixture: `{url: weight}`, or what else is in `parts`.
        seed: Any integer; another seed is another order.
        lanes: How many places of the data are read at once; part of the order's identity.
        block: Within how many successive samples of a lane samples are shuffled; part of the order's identity; None
            for four shards' worth.
        window: Length of the windows of tokens, for a set of tokens and only there.
        documents: Whether, for a set of tokens, whole documents are the samples instead of windows.
        fields: The fields wanted; None for all.
        second: Whether each sample has another one beside it, as `__second__`, for tasks that need two (see `second`).
        transform: A plain function of a sample and a random generator, called on every sample in the process that
            read it; what it returns is what is batched. The generator is keyed by seed, source, epoch and the sample's
            `__id__`, so that the numbers it draws do not depend on ranks, workers or restarts. A sample over which it
            raises CorruptSampleError is replaced. For workers that are spawned it must be importable. Or a
            `BatchTransform`, which makes columns of whole batches.
        codecs: How fields are decoded, by extension (see the module `codecs`); `{}` leaves all as bytes.
        tolerated: The share of damaged samples that a run puts up with (see `budget`); each is replaced (see
            `replacement`), and beyond that the run stops. 0 stops at the first.
        cache: Where shards of stores elsewhere are kept while they are needed; None reads their samples by ranges.
        patience: How long and how often stores elsewhere are asked before the run stops.

    Raises:
        ManifestError: There is no manifest, or it is malformed.
        RecipeError: A mixture file is missing or wrong.
        UsageError: The arguments do not fit the set, it holds no sample, or sources do not go together.

    Warns:
        UserWarning: Counts out of 1000 are far from the weights of a mixture.
    """

    def __init__(
        self,
        url: What,
        *,
        seed: int = 0,
        lanes: int = 64,
        block: int | None = None,
        window: int | None = None,
        documents: bool = False,
        fields: Sequence[str] | None = None,
        second: bool = False,
        transform: Transform | BatchTransform | None = None,
        codecs: Codecs = CODECS,
        tolerated: float = TOLERATED,
        cache: Cache | None = None,
        patience: Patience | None = None,
    ) -> None:
        self.url = url
        self.cache = cache
        self._store = Store(patience) if cache is None else CachedStore(cache, patience)
        self.window, self.documents = window, documents
        if isinstance(transform, BatchTransform):
            codecs = {**codecs, **dict.fromkeys(transform.encoded)}
        wanted = Wanted(window, documents, fields, codecs, self._store)
        found = opened(url, wanted, Identity(seed, lanes, block), transform is not None)
        self.members, self.order, self._source = found.members, found.order, found.source
        self._shelves = Shelves(self.members, self._store)
        self._block, self._second = block, second
        self.tolerated = tolerated
        self._apply = None if transform is None else applied(transform, seed)

    @property
    def samples(self) -> int:
        """N, the samples (or windows) of an epoch; of a mixture, all of its sources together."""
        return self.order.total

    @property
    def names(self) -> tuple[str, ...]:
        """The names of a mixture's sources, in the order of their numbers."""
        return tuple(member.name for member in self.members)

    @property
    def manifest(self) -> Manifest:
        """The manifest of the only source.

        Raises:
            UsageError: There are several; `members` has the manifest of each.
        """
        if len(self.members) > 1:
            raise UsageError("a mixture has several manifests", found=", ".join(self.names), expected="one source")
        return self.members[0].manifest

    @cached_property
    def shards(self) -> tuple[ShardInfo, ...]:
        """All shards as `Places.shard` counts them, source after source."""
        return tuple(shard for member in self.members for shard in member.manifest.shards)

    @property
    def ragged(self) -> frozenset[str]:
        """Fields that batches hold packed, since their arrays differ in length, see `columns`."""
        return self._source.ragged

    @property
    def plain(self) -> bool:
        """Whether reading samples is nothing but reading files of this machine, so that threads may do it."""
        return self._source.plain and not self._shelves.elsewhere and not self._second

    def steps_per_epoch(self, batch_size: int) -> int:
        """How many global batches of that size it takes to see every sample; the last may reach into the next epoch."""
        return -(-self.samples // batch_size)

    def fingerprint(self) -> Fingerprint:
        """All that the order depends on, as kept in states: all but counts, batch size, ranks and workers."""
        settings: Fingerprint = {"order": ORDER_VERSION, "seed": self.order.seed, "lanes": self.order.lanes}
        if isinstance(self.order, Order):
            held = {"manifest": self.manifest.fingerprint(), **settings, "block": self.order.block}
        else:
            manifests = {f"manifest of {member.name}": member.manifest.fingerprint() for member in self.members}
            held = {"sources": ", ".join(self.names), **manifests, **settings, "block": self._block}
        return {**held, "window": self.window, **({"documents": 1} if self.documents else {})}

    def counts(self, weights: Mapping[str, float]) -> Counts:
        """The counts out of 1000 that weights amount to.

        Args:
            weights: One for each source, by name.

        Raises:
            UsageError: A source is missing or unknown, or a weight is not a positive number.

        Warns:
            UserWarning: A count is far from its weight.
        """
        if isinstance(self.order, Order):
            raise UsageError("this stream is no mixture, and has no weights", found=f"one set of shards, {self.url}")
        if set(weights) != set(self.names):
            raise UsageError(
                "every source of the mixture needs a weight, by its name",
                found=", ".join(weights) or "none",
                expected=", ".join(self.names),
            )
        return told_counts(self.names, [weights[name] for name in self.names])

    def under(self, asked: Iterable[tuple[int, Counts]]) -> "Stream":
        """This stream in a run whose counts were changed, see `StreamState.asked`; itself where that makes no odds."""
        order = self.order.under(asked)
        if order is self.order:
            return self
        other = copy(self)
        other.order = order
        return other

    def read(self, positions: NDArray[np.int64]) -> list[Any]:
        """Read and transform the samples at some positions, as batches hold them.

        Args:
            positions: int64 array of shape (n,), each at least 0.

        Raises:
            CorruptSampleError: A sample is damaged, and so is everything that could be read instead.
            ShardError: A shard is missing, or not that of the manifest.
        """
        found, _ = self.transformed(self.fetch(self.order.locate(positions)))
        return found.rows() if isinstance(found, Columns) else found

    def fetch(self, places: Places, instead: Instead | None = None, empty: Empty = np.empty) -> Reading:
        """Read the samples at places that were already located, for `transformed`; errors as for `read`.

        Args:
            places: Where they lie.
            instead: Where else to look for a damaged one; None for `Order.instead`.
            empty: What allocates columns that are delivered as they are read.
        """
        # What is transformed is not delivered as it is read.
        read = partial(self._read, empty if self._apply is None else np.empty)
        found, notes = read_all(places, read, instead or self.order.instead)
        return Reading(found, places, notes)

    def transformed(
        self, reading: Reading, instead: Instead | None = None, empty: Empty = np.empty
    ) -> tuple[Found, Notes]:
        """Samples that were read as batches hold them: as they are, or as the transform makes them.

        Args:
            reading: The samples.
            instead: Where else to look for one that the transform refuses; None for `Order.instead`.
            empty: What allocates columns.
        """
        if self._apply is None:
            return reading.found, reading.notes
        apply, instead = self._apply, instead or self.order.instead

        def read(places: Places) -> Found:
            return self._transformed(apply, np.empty, self._read(np.empty, places))

        try:
            return self._transformed(apply, empty, reading.found), reading.notes
        except DamagedRowsError as error:
            if error.made is not None:
                return read_others(reading, read, instead, error)
            found, notes = read_all(reading.asked, read, instead, error)
            return found, notes.after(reading.notes.seconds)

    def _read(self, empty: Empty, places: Places) -> Columns:
        at_hand = self._shelves.at_hand if self._shelves.elsewhere else None
        read = partial(fetch, self._source, at_hand=at_hand, empty=empty)
        return read_pairs(read, self.order.seconds, places) if self._second else read(places)

    def _transformed(self, apply: Apply, empty: Empty, found: Columns) -> Found:
        with spent("transform"):
            return apply(found, empty)

    def ahead(self, share: Share, position: Callable[[], int], end: int | None) -> AbstractContextManager[object]:
        """While the block runs, the shard cache is filled with what will be needed; nothing without a cache.

        Args:
            share: What is taken of the stream in this process.
            position: Says where that stands; asked from threads.
            end: The position at which that ends; None when it does not.
        """
        if not isinstance(self._store, CachedStore) or not self._shelves.elsewhere:
            return nullcontext()
        return self._store.prefetcher(partial(Ahead, self.order, self._shelves, share, position, end))

    def refuse_small_cache(self, share: Share) -> None:
        """Refuse a cache that cannot hold the working set.

        Raises:
            UsageError: Its limit is below it.
        """
        if self.cache is not None and self._shelves.elsewhere:
            refuse_small(self.cache, self.order, self._shelves.far_sizes(), share)

    def key(self, shard: int, row: int) -> str:
        """The `__key__` of the sample at a row of a shard, without reading the sample."""
        return self._source.key(shard, row)

    def batches(
        self,
        batch_size: int,
        *,
        rank: int = 0,
        world_size: int = 1,
        local_world: int = 1,
        steps: int | None = None,
        epochs: int | None = None,
        collate: Collate | None = None,
        start: Mapping[str, Any] | None = None,
    ) -> Batches:
        """Batches as numpy arrays of the dtypes that are stored, read in this process and without torch.

        The arguments are those of `loader`.
        """
        share = Share(batch_size, Rank(rank, world_size, local_world), Bound(steps, epochs))
        return Batches(self, share, self._batcher(collate), start)

    def loader(
        self,
        batch_size: int,
        *,
        rank: int = 0,
        world_size: int = 1,
        local_world: int = 1,
        num_workers: int = 0,
        steps: int | None = None,
        epochs: int | None = None,
        collate: Collate | None = None,
        start: Mapping[str, Any] | None = None,
        **dataloader: Any,
    ) -> "Loader":
        """Batches as torch tensors, by torch's standard DataLoader; token ids are int64.

        Args:
            batch_size: Rows of a global batch, that of all ranks together.
            rank: Which of the processes that share every batch this one is.
            world_size: How many they are.
            local_world: Ranks on a node that deal the node's rows out in turn; 1 gives each a contiguous share.
            num_workers: Processes that read, decode and transform ahead; 0 does it in this one, where threads read
                ahead what is not decoded.
            steps: An iteration ends whenever the number of batches is a multiple of this; default: never.
            epochs: An iteration ends whenever this many epochs are over; default: never.
            collate: Puts a list of transformed samples together; default: see `collate`, then tensors.
            start: What `state_dict()` returned, to continue from there.
            dataloader: Further arguments of `torch.utils.data.DataLoader`, such as `pin_memory` or `prefetch_factor`.

        Raises:
            StateError: `start` belongs to another stream.
            UsageError: The arguments contradict each other.
        """
        from .delivery.loader import Loader

        share = Share(batch_size, Rank(rank, world_size, local_world), Bound(steps, epochs))
        return Loader(self, share, collate, start, num_workers=num_workers, **dataloader)

    def one_pass(
        self,
        batch_size: int,
        *,
        rank: int = 0,
        world_size: int = 1,
        collate: Collate | None = None,
        samples: int | None = None,
    ) -> FinitePass:
        """Every sample exactly once, in the manifest's order, for evaluation.

        Iterate over pairs (batch, mask). All batches of all ranks have ceil(batch_size / world_size) rows; the mask,
        a bool array of that length, is False where a row only fills up the batch. `padded` of the pass counts those.

        Args:
            batch_size: Rows of a global batch, that of all ranks together.
            rank: Which of the processes that share every batch this one is.
            world_size: How many they are.
            collate: Puts a list of transformed samples together; default: see `collate`.
            samples: How many of the first samples to take, at most; default: all.

        Raises:
            UsageError: The arguments contradict each other.
        """
        return FinitePass(self, batch_size, Rank(rank, world_size), self._batcher(collate), samples)

    def _batcher(self, collate: Collate | None) -> Batcher:
        return Collator(self.ragged) if collate is None else OneByOne(collate)
