"""The pictures of a batch as views: planned first, decoded once, each view rendered to where it is delivered.

    Stream("shards/photos", transform=ImageViews("simclr")).loader(256, num_workers=4)

From a sample's generator the numbers of all its views are taken first (see `planner`), then those of what is drawn
beside them.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from headrace.shards.base.errors import CorruptSampleError, InputError, UsageError
from headrace.shards.format.packed import Empty
from headrace.shards.format.spent import spent
from headrace.shards.stream.delivery.collate import collate
from headrace.shards.stream.sources.columns import Sample
from headrace.shards.stream.sources.replacement import DamagedRowsError
from headrace.shards.stream.sources.transforms import BatchTransform

from .choice import views_of
from .decode import Decoded, decode
from .drawing import Plan
from .own_columns import Made, own_column, own_views
from .pictures import EXTENSIONS, Picture, picture_of
from .planner import Planner
from .refusals import Refusals
from .slots import Slots
from .view import View

Beside = Callable[[Sample, np.random.Generator], Mapping[str, NDArray[Any]]]
"""Draws what a sample has beside its views, such as masks: arrays of fixed shapes and dtypes, by name."""


class _Filled(Protocol):
    """Where the views of samples go."""

    @property
    def columns(self) -> Mapping[str, NDArray[Any]]:
        """The columns of the batch, once all samples are filled in."""

    def fill(self, row: int, decoded: Decoded, plan: Plan) -> None:
        """Take a sample."""


class _Others(NamedTuple):
    """What a sample has besides the views that are rendered."""

    own: Sequence[Made]
    beside: Mapping[str, NDArray[Any]]


_ALL = 1 << 30
"""A size that no picture is reduced for."""


class ImageViews(BatchTransform):
    """A transform for streams: of each picture its views, a column for each kind, and what is drawn beside them.

    The column of a kind of view bears its name, and is uint8 (n, count, C, size, size). A picture that cannot be used
    is refused, and so replaced by the stream.

    Args:
        views: A preset's name, a mapping of it and changes, or `View`s; see `views_of`.
        fields: Under which a sample may have its picture; the first that it has counts.
        channels: 1 for grey, 3 for red, green and blue.
        beside: What else is drawn for a sample; its arrays become further columns.

    Raises:
        UsageError: These are no views, fields or channels.
    """

    encoded = EXTENSIONS

    def __init__(
        self,
        views: Any = "simclr",
        *,
        fields: Sequence[str] = EXTENSIONS,
        channels: Literal[1, 3] = 3,
        beside: Beside | None = None,
    ) -> None:
        self.views = views_of(views)
        if isinstance(fields, str) or channels not in (1, 3):
            raise UsageError(
                "these are no fields, or no channels",
                found=f"fields={fields!r}, channels={channels!r}",
                expected="a list of names, and 1 for grey or 3 for red, green and blue",
            )
        self._fields, self._channels, self._beside = tuple(fields), channels, beside
        self.planned = [view for view in self.views if isinstance(view, View)]
        self._own = [view for view in self.views if not isinstance(view, View)]
        self._planner = Planner(self.planned)
        # Views of one's own are given the whole picture.
        sizes = [_ALL if self._own else view.size for view in self.planned]
        self._sizes = np.repeat(sizes, [view.count for view in self.planned])

    def one(self, sample: Sample, rng: np.random.Generator) -> dict[str, Any]:
        """What a batch holds of one sample.

        Raises:
            CorruptSampleError: Its picture cannot be used.
        """
        try:
            columns = self([sample], _Only(rng), np.empty)
        except DamagedRowsError as error:
            raise error.rows[0] from None
        return {name: column[0] for name, column in columns.items()}

    def __call__(self, samples: Sequence[Sample], rngs: "Rngs", empty: Empty) -> dict[str, Any]:
        """See `BatchTransform`."""
        refusals, pictures = Refusals(samples), dict[int, Picture]()
        for row, sample in enumerate(samples):
            try:
                pictures[row] = picture_of(sample, self._fields)
            except (InputError, ValueError) as error:
                refusals.add(row, error)
        sizes = [pictures[row].header.upright_size if row in pictures else (1, 1) for row in range(len(samples))]
        plans = self._planner(sizes, rngs.random(self._planner.numbers))
        slots, others = self._slots(len(samples), empty), dict[int, _Others]()
        for row, picture in pictures.items():
            try:
                with spent("decode"):
                    decoded = decode(*picture, plans[row]["box"], self._sizes, self._channels)
            except ValueError as error:
                refusals.add(row, error)
                continue
            slots.fill(row, decoded, plans[row])
            try:
                others[row] = self._others(samples[row], decoded.pixels, rngs[row])
            except CorruptSampleError as error:
                refusals.add(row, error)
        if not others:
            refusals.settle()
        made = {**slots.columns, **self._columns(others, len(samples), empty)}
        refusals.settle(self._kept(made))
        return made

    def _others(self, sample: Sample, pixels: NDArray[np.uint8], rng: np.random.Generator) -> "_Others":
        """What is not rendered of a sample."""
        # Deferred rendering comes after them, and all of them share the picture.
        pixels.flags.writeable = False
        own = [own_views(view, pixels, rng) for view in self._own]
        return _Others(own, self._beside(sample, rng) if self._beside else {})

    def _kept(self, made: dict[str, Any]) -> dict[str, Any] | None:
        """What is not made again of a batch in which samples are refused."""
        return made

    def _columns(self, others: "Mapping[int, _Others]", samples: int, empty: Empty) -> dict[str, Any]:
        """The columns of what is not rendered; of samples that were refused they hold what another one has."""
        any_other = next(iter(others.values()))
        rows = [others.get(row, any_other) for row in range(samples)]
        own = {view.name: own_column(view, [row.own[k] for row in rows], empty) for k, view in enumerate(self._own)}
        beside = collate([dict(row.beside) for row in rows], empty=empty)
        if taken := sorted(beside.keys() & {view.name for view in self.views}):
            raise UsageError(
                f"what is drawn beside the views is called '{taken[0]}', as one of them is",
                remedy="Give the view another `name`, or the array",
            )
        return {**own, **beside}

    def _slots(self, samples: int, empty: Empty) -> "_Filled":
        return Slots(self.planned, samples, self._channels, empty)


class Rngs(Protocol):
    """The generators of samples: `Generators`, or what is like them."""

    def __getitem__(self, place: int) -> np.random.Generator:
        """See `Generators`."""

    def random(self, numbers: int) -> NDArray[np.float64]:
        """See `Generators`."""


class _Only:
    """Any generator of numpy's as the only one of a batch."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng

    def __getitem__(self, place: int) -> np.random.Generator:
        return self._rng

    def random(self, numbers: int) -> NDArray[np.float64]:
        return self._rng.random((1, numbers))
