"""The stream over a set of shards: one order, the same for any number of nodes, ranks and workers."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..base.errors import UsageError
from ..base.rng import generator
from ..format.manifest import Manifest
from .batch import Rank
from .batches import Batches, FinitePass
from .budget import TOLERATED
from .codecs import CODECS, Codec
from .collate import Collate, Collator
from .cursor import Bound, Share
from .fetch import Sample, Source, fetch
from .order import ORDER_VERSION, Order
from .places import Places
from .reading import Reading, read_all
from .replacement import Instead
from .samples import SampleSource
from .state import Fingerprint
from .windows import WindowSource

if TYPE_CHECKING:
    from .loader import Loader

Transform = Callable[[Sample, np.random.Generator], Any]


class Stream:
    """An endless, shuffled stream of the samples of a set of shards.

        stream = Stream("shards/images", seed=1, transform=augment)
        loader = stream.loader(256, rank=rank, world_size=world_size, num_workers=4)
        for batch in loader: ...

    A sample is a dictionary of its decoded fields (see `codecs`) or, from shards of tokens, a window of tokens (see
    `windows`), and of `__key__`, `__id__`, `__epoch__` and `__position__` (see `fetch`).

    Args:
        url: The folder of the set, a path or any fsspec URL.
        seed: Any integer; another seed is another order.
        lanes: How many places of the data are read at once; part of the order's identity.
        block: Within how many successive samples of a lane samples are shuffled; part of the order's identity; None
            for four shards' worth.
        window: Length of the windows of tokens, for a set of tokens and only there.
        fields: The fields wanted; None for all.
        transform: A plain function of a sample and a random generator, called on every sample in the process that
            read it; what it returns is what is batched. The generator is keyed by seed, epoch and the sample's
            `__id__`, so that the numbers it draws do not depend on ranks, workers or restarts. For workers that are
            spawned it must be importable.
        codecs: How fields are decoded, by extension; `{}` leaves all as bytes.
        tolerated: The share of damaged samples that a run puts up with (see `budget`); each is replaced (see
            `replacement`), and beyond that the run stops. 0 stops at the first.

    Raises:
        ManifestError: There is no manifest, or it is malformed.
        UsageError: The arguments do not fit the set, or it holds no sample.
    """

    def __init__(
        self,
        url: str,
        *,
        seed: int = 0,
        lanes: int = 64,
        block: int | None = None,
        window: int | None = None,
        fields: Sequence[str] | None = None,
        transform: Transform | None = None,
        codecs: Mapping[str, Codec] = CODECS,
        tolerated: float = TOLERATED,
    ) -> None:
        self.url = url
        self.manifest = Manifest.load(url)
        self.window = window
        self._source = _source(url, self.manifest, window, fields, codecs)
        self.order = Order(self._source.sizes, seed=seed, lanes=lanes, block=block)
        self.tolerated = tolerated
        self._transform = None if transform is None else partial(self._transformed, transform)

    @property
    def samples(self) -> int:
        """N, the samples (or windows) of an epoch."""
        return self.order.total

    @property
    def ragged(self) -> frozenset[str]:
        """Fields that batches hold as lists, since their arrays differ in length."""
        return self._source.ragged

    def steps_per_epoch(self, batch_size: int) -> int:
        """How many global batches of that size it takes to see every sample; the last may reach into the next epoch."""
        return -(-self.samples // batch_size)

    def fingerprint(self) -> Fingerprint:
        """All that the order depends on, as kept in states."""
        return {
            "manifest": self.manifest.fingerprint(),
            "order": ORDER_VERSION,
            "seed": self.order.seed,
            "lanes": self.order.lanes,
            "block": self.order.block,
            "window": self.window,
        }

    def read(self, positions: NDArray[np.int64]) -> list[Any]:
        """Read and transform the samples at some positions, as batches hold them.

        Args:
            positions: int64 array of shape (n,), each at least 0.

        Raises:
            CorruptSampleError: A sample is damaged, and so is everything that could be read instead.
            ShardError: A shard is missing, or not that of the manifest.
        """
        return self.take(self.order.locate(positions)).samples

    def take(self, places: Places, instead: Instead | None = None) -> Reading:
        """Read and transform the samples at places that were already located; errors as for `read`.

        Args:
            places: Where they lie.
            instead: Where else to look for a damaged one; None for the next slots of its block.
        """
        return read_all(places, partial(fetch, self._source), instead or self.order.slots, self._transform)

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
        return Batches(self, share, collate or Collator(self.ragged), start)

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
            num_workers: Processes that read, decode and transform ahead; 0 does it in this one.
            steps: An iteration ends whenever the number of batches is a multiple of this; default: never.
            epochs: An iteration ends whenever this many epochs are over; default: never.
            collate: Puts a list of transformed samples together; default: see `collate`, then tensors.
            start: What `state_dict()` returned, to continue from there.
            dataloader: Further arguments of `torch.utils.data.DataLoader`, such as `pin_memory` or `prefetch_factor`.

        Raises:
            StateError: `start` belongs to another stream.
            UsageError: The arguments contradict each other.
        """
        from .loader import Loader

        share = Share(batch_size, Rank(rank, world_size, local_world), Bound(steps, epochs))
        return Loader(self, share, collate, start, num_workers=num_workers, **dataloader)

    def one_pass(
        self, batch_size: int, *, rank: int = 0, world_size: int = 1, collate: Collate | None = None
    ) -> FinitePass:
        """Every sample exactly once, in the manifest's order, for evaluation.

        Iterate over pairs (batch, mask). All batches of all ranks have ceil(batch_size / world_size) rows; the mask,
        a bool array of that length, is False where a row only fills up the batch. `padded` of the pass counts those.

        Args:
            batch_size: Rows of a global batch, that of all ranks together.
            rank: Which of the processes that share every batch this one is.
            world_size: How many they are.
            collate: Puts a list of transformed samples together; default: see `collate`.

        Raises:
            UsageError: The arguments contradict each other.
        """
        return FinitePass(self, batch_size, Rank(rank, world_size), collate or Collator(self.ragged))

    def _transformed(self, transform: Transform, sample: Sample) -> Any:
        epoch, number = sample["__epoch__"], sample["__id__"]
        rng = generator("headrace.transform", self.order.seed, self.order.source, epoch, number)
        try:
            return transform(sample, rng)
        except Exception as error:
            error.add_note(f"raised by the transform of the sample {number} in epoch {epoch}")
            raise


def _source(
    url: str, manifest: Manifest, window: int | None, fields: Sequence[str] | None, codecs: Mapping[str, Codec]
) -> Source:
    if manifest.kind == "samples":
        if window is not None:
            raise UsageError(f"{url} holds samples, which have no windows", found=f"window={window}")
        return SampleSource(url, manifest, fields, codecs)
    if manifest.kind == "tokens":
        if window is None:
            raise UsageError(
                f"{url} holds tokens, which are read in windows",
                expected="the length of a window",
                remedy="Say it, as in `Stream(url, window=1024)` or `--window 1024`",
            )
        if fields is not None:
            raise UsageError(f"{url} holds tokens, which have no fields to choose", found=f"fields={list(fields)}")
        return WindowSource(url, manifest, window)
    raise UsageError(
        f"{url} cannot be streamed",
        found=f"a set of {manifest.kind}",
        expected="a set of samples or tokens",
        remedy="Build it with `output.format: shards` or `tokens`",
    )
