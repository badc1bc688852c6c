"""What was measured against its thresholds: a histogram for each rule."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from headrace.shards.base.report import Histogram

from ..assembly.ledger import LEDGER
from ..engine.tasks import task_name
from ..filters.base import RuleFilter
from ..recipe import Recipe

BINS = 40
DECADES = 1000
"""Measures that span more than this factor get bins of equal ratio, which the report draws on a logarithmic axis."""

MAX_RECORDS = 300_000
"""A picture of more would look the same."""


def histograms(recipe: Recipe, splits: int, root: Path) -> Iterator[Histogram]:
    """One histogram for each rule of each rule-based filter: everything measured, with the rule's bounds."""
    for stage in recipe.stages:
        plugin = stage.plugin.load()
        if not isinstance(plugin, RuleFilter):
            continue
        names = [f"score.{stage.label}.{rule.measure}" for rule in plugin.rules]
        measured = _measured(names, splits, root)
        for rule, name in zip(plugin.rules, names, strict=True):
            values = measured[name]
            if not len(values):
                continue
            low, high = plugin.range_of(rule)
            edges = _edges(values, low, high)
            counts, edges = np.histogram(np.clip(values, edges[0], edges[-1]), edges)
            yield Histogram(
                title=rule.reason,
                note="The outermost bins hold everything beyond them.",
                edges=tuple(edges.tolist()),
                counts=tuple(counts.tolist()),
                unit=rule.measure,
                low=low if np.isfinite(low) else None,
                high=high if np.isfinite(high) else None,
                group=stage.label,
            )


def _measured(names: Sequence[str], splits: int, root: Path) -> dict[str, NDArray[np.float64]]:
    """All values of some measures; of a very large build, those of the first splits."""
    found: dict[str, list[NDArray[np.float64]]] = {name: [np.empty(0)] for name in names}
    records = 0
    for split in range(splits):
        with pq.ParquetFile(root / task_name("ledger", split) / LEDGER) as ledger:
            table = ledger.read([name for name in found if name in ledger.schema_arrow.names])
        for name in table.column_names:
            values = table.column(name).drop_null().to_numpy()
            found[name].append(values[np.isfinite(values)])
        records += table.num_rows
        if records >= MAX_RECORDS:
            break
    return {name: np.concatenate(values) for name, values in found.items()}


def _edges(values: NDArray[np.float64], least: float, most: float) -> NDArray[np.float64]:
    """Bins over the bulk of the values and both bounds, so that no outlier flattens the picture.

    A bound is the edge between two bins: what it keeps and what it drops never share one.
    """
    bounds = [bound for bound in (least, most) if np.isfinite(bound)]
    low, high = np.quantile(values, [0.005, 0.985])
    if low == high:
        low, high = values.min(), values.max()
    low, high = min([low, *bounds]), max([high, *bounds])
    # Shares and probabilities end at 1; however small some are, the others are to be told apart.
    if high > 1 and low > 0 and high / low > DECADES:
        edges = np.geomspace(low / 1.1, high * 1.1, BINS + 1)
    else:
        margin = (high - low) * 0.02 or abs(high) * 0.1 or 1.0
        start = max(0.0, low - margin) if values.min() >= 0 and low < high else low - margin
        edges = np.linspace(start, high + margin, BINS + 1)
        if np.all(values == np.round(values)):
            # Counts stand in the middle of their bins, so that nought is seen.
            edges = np.unique(np.floor(edges)) - 0.5
            edges = np.append(edges, np.ceil(high) + 0.5)
    inserted = [least] if np.isfinite(least) else []
    if np.isfinite(most):
        beyond = values[values > most]
        inserted.append((most + beyond.min()) / 2 if len(beyond) else max(most, edges[-1]))
    return np.unique([*edges, *inserted])
