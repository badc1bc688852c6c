"""Damaged samples, and what is read in their place.

A sample is damaged for good when its bytes are wrong after a second fetch, or when they do not decode. It consumes its
position p nevertheless, and the next readable slot of its own block is read there instead: with its own slot s = o -
base in a block of n (see `order`), that is (s + 1) mod n, (s + 2) mod n, ...; where there are fewer than 16, what lies
behind the block as well; at most 16 are tried. So every
other position holds what it would have held anyway, and what is read instead depends on nothing but the order and the
damage: not on ranks, workers, batch size or restarts. The sample that is used comes again where it belongs.

What a transform refuses is damaged, too. Faults that pass, such as a server's, are not damage, and are none of this
file's business; nor is anything else that a transform raises.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple, TypeVar

from ...base.errors import CorruptSampleError
from ..order.places import Places, joined
from .columns import Found

ATTEMPTS = 16
"""Slots that are tried for one damaged sample."""

F = TypeVar("F", bound=Found)
Read = Callable[[Places], F]
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


class DamagedRowsError(CorruptSampleError):
    """Of samples that were handled together some are damaged, and all of those are known.

    Args:
        rows: What is wrong, by row; at least one.
        made: What was made of all other samples, where that is to be used; whatever stands in those rows means nothing.
    """

    def __init__(self, rows: Mapping[int, CorruptSampleError], made: Any = None) -> None:
        first = rows[min(rows)]
        super().__init__(first.message, found=first.found, expected=first.expected, remedy=first.remedy)
        self.rows, self.made = rows, made


def read_sound(
    read: Read[F], places: Places, instead: Instead, error: CorruptSampleError | None = None
) -> tuple[F, Places, list[Replacement]]:
    """Read samples, each at its place or, where it is damaged, elsewhere.

    Args:
        read: Reads samples.
        places: Their places.
        instead: Where else to look.
        error: What `read` raised over these places, where that is known already.

    Returns:
        The samples in the order of `places`, the places where they really lie, and what was replaced.

    Raises:
        CorruptSampleError: A sample is damaged, and so is everything that could be read instead.
    """
    replaced: list[Replacement] = []
    while True:
        if error is not None:
            places, more = _sound_places(read, places, instead, error)
            replaced += more
        try:
            return read(places), places, _in_order(replaced, places)
        except CorruptSampleError as damage:
            error = damage


def _in_order(replaced: list[Replacement], places: Places) -> list[Replacement]:
    by_position = {each.position: each for each in replaced}
    return [by_position[position] for position in places.position.tolist() if position in by_position]


def _sound_places(
    read: Read[F], places: Places, instead: Instead, error: CorruptSampleError
) -> tuple[Places, list[Replacement]]:
    """Places to read instead of some of which at least one is damaged.

    Where it is not known which, halving finds k damaged ones among n with about k * log2(n) reads.
    """
    if isinstance(error, DamagedRowsError):
        return _replaced_rows(read, places, instead, error.rows)
    if len(places) == 1:
        return _replaced_rows(read, places, instead, {0: error})
    sound, replaced = [], []
    for half in (places[: len(places) // 2], places[len(places) // 2 :]):
        try:
            read(half)
        except CorruptSampleError as damage:
            half, more = _sound_places(read, half, instead, damage)
            replaced += more
        sound.append(half)
    return joined(sound), replaced


def _replaced_rows(
    read: Read[F], places: Places, instead: Instead, rows: Mapping[int, CorruptSampleError]
) -> tuple[Places, list[Replacement]]:
    each = [places[row : row + 1] for row in range(len(places))]
    replaced = []
    for row, error in rows.items():
        _, each[row], replacement = read_instead(read, each[row], instead, error)
        replaced.append(replacement)
    return joined(each), replaced


def read_instead(
    read: Read[F], place: Places, instead: Instead, error: CorruptSampleError
) -> tuple[F, Places, Replacement]:
    """Read a sample in place of a damaged one.

    Args:
        read: Reads samples.
        place: Where the damaged one lies.
        instead: Where else to look.
        error: What is wrong with it.

    Returns:
        The sample, its place, and what was replaced.

    Raises:
        CorruptSampleError: Everything that could be read instead is damaged as well.
    """
    position, bad = int(place.position[0]), int(place.id[0])
    others = instead(position, ATTEMPTS)
    for number in range(len(others)):
        # Where it is read is part of what a sample says of itself.
        other = replace(others[number : number + 1], position=place.position)
        try:
            found = read(other)
        except CorruptSampleError:
            continue
        return found, other, Replacement(position, bad, int(other.id[0]), _reason(error))
    raise CorruptSampleError(
        f"{error.message}, and nothing that could be read instead of it is sound",
        found=f"{len(others)} more damaged samples beside it; of the first: {error.found or error.message}",
        expected=error.expected,
        remedy=error.remedy,
    ) from error


def _reason(error: CorruptSampleError) -> str:
    return f"{error.message}: {error.found}" if error.found else error.message
