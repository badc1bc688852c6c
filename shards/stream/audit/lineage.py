"""Which stretches of which logs make up the run as it is now: what a restart undid is none of it.

A session that begins at position s was restored from a state at s: all that the same rank had consumed from s on was
undone with the parameters that came of it. What is left is the rank's part in the run as it is. Rank 0 takes part in
every session, so that its stretches say how many ranks there were at which position; each other rank must have
stretches of its own for all those in which it was one of them.
"""

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import NamedTuple

from .closed_form import Layout
from .logs import Line


class Stretch(NamedTuple):
    """Positions from `start` to `stop` (exclusive), in batches that were dealt like this."""

    start: int
    stop: int
    layout: Layout


class Part(NamedTuple):
    """What one rank has done.

    Attributes:
        kept: Its stretches in the run as it is, ascending, none over another.
        undone: Positions that restarts undid.
        doubled: Stretches that were consumed twice with no restart between.
        sessions: The position at which each session began, and how it dealt batches.
    """

    kept: tuple[Stretch, ...]
    undone: int
    doubled: tuple[Stretch, ...]
    sessions: tuple[Stretch, ...]


def layout_of(line: Line) -> Layout:
    """How the batches of a line were dealt."""
    return Layout(line.batch_size, line.world_size, line.local_world)


def part(lines: Iterable[Line]) -> Part:
    """The part of one rank.

    Args:
        lines: Its log, in the order in which it was written.
    """
    kept: list[Stretch] = []
    doubled: list[Stretch] = []
    sessions: list[Stretch] = []
    undone = 0
    for _, session in groupby(lines, key=lambda line: line.session):
        own = list(session)
        begin = own[0].start
        undone += sum(each.stop - max(each.start, begin) for each in kept if each.stop > begin)
        kept = list(before(kept, begin))
        reached = begin
        for line in own:
            layout = layout_of(line)
            if line.start < reached and line.stop > line.start:
                doubled.append(Stretch(line.start, min(reached, line.stop), layout))
            first = max(line.start, reached)
            if line.stop > first:
                if kept and (kept[-1].stop, kept[-1].layout) == (first, layout):
                    first = kept.pop().start
                kept.append(Stretch(first, line.stop, layout))
            reached = max(reached, line.stop)
        sessions.append(Stretch(begin, reached, layout_of(own[0])))
    return Part(tuple(kept), undone, tuple(doubled), tuple(sessions))


def before(stretches: Iterable[Stretch], position: int) -> tuple[Stretch, ...]:
    """What lies before a position."""
    return tuple(each._replace(stop=min(each.stop, position)) for each in stretches if each.start < position)


def uncovered(wanted: Stretch, stretches: Sequence[Stretch]) -> tuple[Stretch, ...]:
    """What of a stretch is in none of some ascending stretches that were dealt alike."""
    missing = []
    reached = wanted.start
    for each in stretches:
        if each.layout != wanted.layout or each.stop <= reached:
            continue
        if each.start >= wanted.stop:
            break
        if each.start > reached:
            missing.append(wanted._replace(start=reached, stop=each.start))
        reached = each.stop
    if reached < wanted.stop:
        missing.append(wanted._replace(start=reached))
    return tuple(missing)


def gaps(stretches: Sequence[Stretch], end: int) -> tuple[tuple[int, int], ...]:
    """The positions from 0 to `end` that are in none of some ascending stretches, as (start, stop)."""
    missing = []
    reached = 0
    for each in stretches:
        if each.start > reached:
            missing.append((reached, each.start))
        reached = max(reached, each.stop)
    if reached < end:
        missing.append((reached, end))
    return tuple(missing)
