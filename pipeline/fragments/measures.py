"""What was measured against its thresholds: a histogram for each rule."""

from collections.abc import Collection, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from headrace.shards.base.report import Histogram

from ..engine.runner import Results
from ..filters.base import RuleFilter
from ..measured import SCORES, read_columns
from ..population import Population
from ..recipe import Recipe

BINS = 40
DECADES = 1000
"""Measures that span more than this factor get bins of equal ratio, which the report draws on a logarithmic axis."""

MAX_VALUES = 1 << 21
"""Measured values that are looked at, of all measures together: a picture of more would look the same."""

MANY_SPLITS = 64
"""So many splits, at least, are looked into, where there are as many."""


def histograms(recipe: Recipe, population: Population, results: Results, root: Path) -> Iterator[Histogram]:
    """One histogram for each rule of each rule-based filter: everything measured, with the rule's bounds."""
    filters = [(stage.label, stage.plugin.load()) for stage in recipe.stages if stage.kind == "filter"]
    ruled = [(label, each, rule) for label, each in filters if isinstance(each, RuleFilter) for rule in each.rules]
    measured = _measured({f"{label}.{rule.measure}" for label, _, rule in ruled}, population, results, root)
    for label, plugin, rule in ruled:
        values = np.concatenate(measured[f"{label}.{rule.measure}"])
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
            group=label,
        )


def _measured(
    names: Collection[str], population: Population, results: Results, root: Path
) -> dict[str, list[NDArray[np.float64]]]:
    """All finite values of some measures, by split; of a very large build every so many-th split and record."""
    found: dict[str, list[NDArray[np.float64]]] = {name: [np.empty(0)] for name in names}
    sizes = [done.stats["records"] * len(names) for done in results[population.records].done]
    splits = range(0, len(sizes), max(1, min(sum(sizes) // MAX_VALUES, len(sizes) // MANY_SPLITS)))
    every = sum(sizes[split] for split in splits) // MAX_VALUES + 1
    for split in splits:
        table = read_columns(root, population.view(split, results).measured, SCORES)
        for name in found.keys() & set(table.column_names):
            values = table.column(name).drop_null().to_numpy()
            found[name].append(values[np.isfinite(values)][::every].copy())
    return found


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
