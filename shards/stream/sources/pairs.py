"""Samples with a second one beside each, read together; a pair counts as damaged when one of both is."""

from collections.abc import Callable

from ..order.places import Places
from .columns import Columns
from .replacement import Read

SECOND = "__second__"
"""The name under which a sample carries its second sample: a sample like itself, read at the same position."""


def read_pairs(read: Read[Columns], seconds: Callable[[Places], Places], places: Places) -> Columns:
    """Read the samples at some places, in their order, and beside each its second sample.

    Args:
        read: Reads samples.
        seconds: Finds second samples, see `Order.seconds`.
        places: Where the first ones lie.

    Raises:
        CorruptSampleError: A first or a second sample is damaged or cannot be decoded.
        ShardError: A shard is missing, or not that of the manifest.
    """
    columns = read(places)
    columns.fields[SECOND] = read(seconds(places)).rows()
    return columns
