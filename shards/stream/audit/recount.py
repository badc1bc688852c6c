"""Computes the lines of logs anew: what each rank must have consumed, against what it says.

A line's digest must be that of its rank's rows by the closed form, with damaged samples replaced as the line says and
as the order allows. Every position is located once, however many ranks and sessions have lines about it.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from ...base.counts import counted
from ...base.progress import Advance, progress
from ..delivery.digest import digest, minus, plus
from ..delivery.state import Counts
from ..order.batch import batch_positions
from ..order.mixture import Mixture
from ..order.order import Order
from ..sources.replacement import ATTEMPTS
from .closed_form import Layout, Locates, step_digests
from .discrepancy import explain
from .lineage import layout_of
from .logs import Line, Replaced


class _Deal(NamedTuple):
    """Lines whose batches are the same: dealt alike, cut at the same positions, in one order."""

    layout: Layout
    offset: int
    asked: tuple[tuple[int, Counts], ...]


def wrong_lines(order: Order | Mixture, logs: Iterable[Sequence[Line]]) -> list[str]:
    """What is wrong with lines by themselves, a sentence each.

    Args:
        order: The order of the run as it began; the lines know how it was changed.
        logs: The lines of each rank.
    """
    deals: dict[_Deal, list[Line]] = defaultdict(list)
    for lines in logs:
        # What was asked for later does not change what was read before, so that a session has one order.
        asked = {line.session: line.state.asked for line in lines}
        for line in lines:
            if line.stop > line.start:
                deals[_Deal(layout_of(line), line.start % line.batch_size, asked[line.session])].append(line)
    problems = []
    total = sum(_covered(lines) for lines in deals.values())
    with progress("computing anew", total, counted=False) as advance:
        for deal, lines in deals.items():
            changed = order.under(deal.asked)
            for line, expected in zip(lines, _expected(changed, deal.layout, lines, advance), strict=True):
                problems += _wrong(changed, deal.layout, line, expected)
    return problems


def _covered(lines: Sequence[Line]) -> int:
    edges = sorted({edge for line in lines for edge in (line.start, line.stop)})
    return edges[-1] - edges[0]


def _expected(order: Locates, layout: Layout, lines: Sequence[Line], advance: Advance) -> list[int]:
    """The digest that each line must have, were no sample damaged; every position is located once."""
    edges = sorted({edge for line in lines for edge in (line.start, line.stop)})
    number = {edge: at for at, edge in enumerate(edges)}
    users = np.zeros(len(edges), np.int64)
    for line in lines:
        users[number[line.start]] += 1
        users[number[line.stop]] -= 1
    wanted = np.cumsum(users) > 0
    until = np.zeros((len(edges), layout.world_size), np.uint64)
    for at, (start, stop) in enumerate(pairwise(edges)):
        until[at + 1] = until[at]
        if wanted[at]:
            for _, digests in step_digests(order, layout, start, stop):
                until[at + 1] += digests.sum(axis=0, dtype=np.uint64)
        advance(stop - start)
    return [
        minus(int(until[number[line.stop], line.rank]), int(until[number[line.start], line.rank])) for line in lines
    ]


def _wrong(order: Order | Mixture, layout: Layout, line: Line, expected: int) -> list[str]:
    """What is wrong with one line, whose digest should be `expected` but for its replacements."""
    wrong = [problem for each in line.replaced if (problem := _impossible(order, layout, line, each))]
    for each in line.replaced if not wrong else ():
        position = np.array([each.position])
        expected = plus(expected, digest(position, np.array([each.used])))
        expected = minus(expected, digest(position, np.array([each.bad])))
    samples = (line.stop - line.start) // layout.batch_size * len(range(layout.batch_size)[layout.rows(line.rank)])
    if line.samples != samples:
        wrong.append(f"it consumed {counted(line.samples, 'sample')} instead of {samples:,}")
    difference = minus(int(line.digest, 16), expected)
    if difference:
        wrong.append(explain(order, layout, line.rank, line.start, line.stop, difference))
    where = f"rank {line.rank} of {line.world_size}, session {line.session}, {span(line.start, line.stop)}"
    return [f"{where}: {'; '.join(wrong)}"] if wrong else []


def _impossible(order: Order | Mixture, layout: Layout, line: Line, replaced: Replaced) -> str:
    """Why a replacement cannot have been; nothing where it can."""
    position, bad, used = replaced
    told = f"it replaced the sample {bad:,} at position {position:,} by {used:,}"
    first = line.start + (position - line.start) // layout.batch_size * layout.batch_size
    rows = batch_positions(first, layout.batch_size, order.lanes)[layout.rows(line.rank)]
    if not line.start <= position < line.stop or position not in rows:
        return f"{told}, which was not its to consume"
    if int(order.locate(np.array([position])).id[0]) != bad:
        return f"{told}, but another sample lies there"
    if used not in order.instead(position, ATTEMPTS).id:
        return f"{told}, which may not stand there"
    return ""


def span(start: int, stop: int) -> str:
    """Some positions, in words."""
    return f"positions {start:,} to {stop:,}"
