"""Damaged samples, and what is read in their place.

A sample is damaged for good when its bytes are wrong after a second fetch, or when they do not decode. It consumes its
position p nevertheless, and the next readable slot of its own block is read there instead: with its own slot s = o -
base in a block of n (see `order`), that is (s + 1) mod n, (s + 2) mod n, ...; at most 16 of them are tried. So every
other position holds what it would have held anyway, and what is read instead depends on nothing but the order and the
damage: not on ranks, workers, batch size or restarts. The sample that is used comes again where it belongs.

Faults that pass, such as a server's, are not damage, and are none of this file's business; nor is what a user's
transform raises.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

from ...base.errors import CorruptSampleError
from ..order.places import Places, joined
from .columns import Columns

ATTEMPTS = 16
"""Slots that are tried for one damaged sample."""

Read = Callable[[Places], Columns]
"""Reads the samples at some places; raises CorruptSampleError where one is damaged."""

Instead = Callable[[int, int], Places]
"""From a position, and how many to find, to the places that may be read instead, the first to be tried first."""


class Replacement(NamedTuple):
    """What was read in place of a damaged sample.

    Attributes:
        position: Where in the stream.
        bad: The `__id__` of the damaged sample.
        used: The `__id__` of what was read instead.
        reason: What is wrong with the damaged sample.
    """

    position: int
    bad: int
    used: int
    reason: str


def read_sound(read: Read, places: Places, instead: Instead) -> tuple[Columns, Places, list[Replacement]]:
    """Read samples, each at its place or, where it is damaged, elsewhere.

    Args:
        read: Reads samples.
        places: Their places.
        instead: Where else to look.

    Returns:
        The samples in the order of `places`, the places where they really lie, and what was replaced.

    Raises:
        CorruptSampleError: A sample is damaged, and so is everything that could be read instead.
    """
    try:
        return read(places), places, []
    except CorruptSampleError as error:
        sound, replaced = _sound_places(read, places, instead, error)
    return read(sound), sound, replaced


def _sound_places(
    read: Read, places: Places, instead: Instead, error: CorruptSampleError
) -> tuple[Places, list[Replacement]]:
    """Places to read instead of some of which at least one is damaged.

    Halving finds k damaged ones among n with about k * log2(n) reads.
    """
    if len(places) == 1:
        other, replacement = _sound_place(read, places, instead, error)
        return other, [replacement]
    sound, replaced = [], []
    for half in (places[: len(places) // 2], places[len(places) // 2 :]):
        try:
            read(half)
        except CorruptSampleError as damage:
            half, more = _sound_places(read, half, instead, damage)
            replaced += more
        sound.append(half)
    return joined(sound), replaced


def _sound_place(read: Read, place: Places, instead: Instead, error: CorruptSampleError) -> tuple[Places, Replacement]:
    position, bad = int(place.position[0]), int(place.id[0])
    others = instead(position, ATTEMPTS)
    for number in range(len(others)):
        other = others[number : number + 1]
        try:
            read(other)
        except CorruptSampleError:
            continue
        # Where it is read is part of what a sample says of itself.
        return replace(other, position=place.position), Replacement(position, bad, int(other.id[0]), _reason(error))
    raise CorruptSampleError(
        f"{error.message}, and nothing that could be read instead of it is sound",
        found=f"{len(others)} more damaged samples in its block; of the first: {error.found}",
        expected=error.expected,
        remedy=error.remedy,
    ) from error


def _reason(error: CorruptSampleError) -> str:
    return f"{error.message}: {error.found}" if error.found else error.message
