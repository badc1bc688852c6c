"""Opens what a stream is of: its sets of shards, their samples as one source, and the order over all of them."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .members import Member, Wanted, mixed, single
from .order.mixing import Counts
from .order.mixture import Mixture
from .order.order import MAIN, Order
from .order.weights import counts_of, distortions
from .parts import What, is_mixture, parts_of
from .sources.fetch import Source
from .sources.merged import MergedSource


@dataclass(frozen=True)
class Identity:
    """What makes an order out of sets of shards.

    Attributes:
        seed: Any integer.
        lanes: L.
        block: B; None for the default of each source.
    """

    seed: int
    lanes: int
    block: int | None

    def order(self, member: Member) -> Order:
        """The order of one set of shards.

        Raises:
            UsageError: There is no sample at all, or `lanes` or `block` is out of range.
        """
        sizes = member.source.sizes
        return Order(sizes, seed=self.seed, lanes=self.lanes, block=self.block, source=member.name)


@dataclass(frozen=True)
class Opened:
    """What a stream is of.

    Attributes:
        members: The sets of shards.
        source: Their samples, as one source.
        order: In which they come.
    """

    members: tuple[Member, ...]
    source: Source
    order: Order | Mixture


def opened(what: What, wanted: Wanted, identity: Identity, transformed: bool) -> Opened:
    """Open one set of shards, or a mixture of several.

    Args:
        what: Which.
        wanted: What of each is wanted.
        identity: What makes the order.
        transformed: Whether a transform decides what is batched, see `members.mixed`.

    Raises:
        ManifestError: There is no manifest, or it is malformed.
        RecipeError: A mixture file is missing or wrong.
        UsageError: What is wanted does not fit a set, it holds no sample, or sources do not go together.

    Warns:
        UserWarning: A count is far from its weight.
    """
    if isinstance(what, str | Path) and not is_mixture(what):
        member = single(str(what), MAIN, wanted)
        return Opened((member,), member.source, identity.order(member))
    parts = parts_of(what)
    members = mixed(parts, wanted, transformed)
    names = [member.name for member in members]
    counts = told_counts(names, [part.weight for part in parts])
    source = MergedSource(names, [member.source for member in members])
    return Opened(members, source, Mixture(list(map(identity.order, members)), counts))


def told_counts(names: Sequence[str], weights: Sequence[float]) -> Counts:
    """The counts of sources by their weights, see `weights`.

    Raises:
        UsageError: A weight is not a positive number, or there are more than 1000 sources.

    Warns:
        UserWarning: A count is far from its weight.
    """
    counts = counts_of(weights)
    for sentence in distortions(names, weights):
        # Told of where the stream is opened, or its weights are changed: three calls away.
        warnings.warn(sentence, stacklevel=4)
    return counts
