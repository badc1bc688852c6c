"""Of a table in which two things vary, which of them makes the difference: a two-way analysis of variance.

With x_ab of one seed, for each a of the one and each b of the other, m the mean of all, m_a and m_b those over one of
them, the sum of squares splits into

    sum (x_ab - m)^2 = sum (m_a - m)^2 + sum (m_b - m)^2 + sum (x_ab - m_a - m_b + m)^2

all over (a, b): what is the first thing's, the second one's, and due to both together.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .studies import Row
from .table import TRAINED, Finding, Spread


@dataclass(frozen=True)
class Effects:
    """Shares of the variance over a table's cells.

    Args:
        evaluation: What was measured.
        shares: Of each thing that varies, and of both together, over seeds.
    """

    evaluation: str
    shares: Mapping[str, Spread]


def effects(rows: Sequence[Row], found: Sequence[Finding]) -> list[Effects]:
    """Of each evaluation; of none where the rows are not all combinations of two things.

    Args:
        rows: Those of the table.
        found: What was found of them.
    """
    cells = {row.name: row.varied for row in rows}
    names = list(dict.fromkeys(name for varied in cells.values() for name in varied))
    levels = [list(dict.fromkeys(varied[name] for varied in cells.values())) for name in names]
    if len(names) != 2 or len(rows) != len(levels[0]) * len(levels[1]):
        return []
    told = []
    for evaluation in dict.fromkeys(each.evaluation for each in found if each.metric == "accuracy"):
        mine = [each for each in found if each.evaluation == evaluation]
        table = np.empty((*map(len, levels), len(mine[0].found[TRAINED].values)))
        for each in mine:
            place = tuple(level.index(cells[each.row][name]) for level, name in zip(levels, names, strict=True))
            table[place] = each.found[TRAINED].values
        shares = zip((*names, "both together"), _shares(table), strict=True)
        told.append(Effects(evaluation, {name: Spread(tuple(share.tolist())) for name, share in shares}))
    return told


def _shares(table: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    """(A, B, seeds) values to three shares of each seed's variance, which add up to 1."""
    centred = table - table.mean((0, 1))
    one, two = centred.mean(1, keepdims=True), centred.mean(0, keepdims=True)
    parts = [np.broadcast_to(part, table.shape) for part in (one, two, centred - one - two)]
    return [(part**2).sum((0, 1)) / (centred**2).sum((0, 1)) for part in parts]
