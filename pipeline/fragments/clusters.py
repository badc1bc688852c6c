"""Clusters of duplicates: how large they are, and which are the largest."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from heapq import nlargest
from pathlib import Path

import numpy as np

from headrace.shards.base.report import Table

from ..arrow_files import read_table
from ..engine.runner import Results
from ..population import DECISIONS, Population

LARGEST = 10


@dataclass
class Clusters:
    """The clusters of one dedup stage: a survivor and the records that were dropped for it.

    Args:
        sizes: How many clusters there are of each size, the survivor counted.
        largest: (size, survivor's number), the largest first.
    """

    sizes: Counter[int] = field(default_factory=Counter)
    largest: list[tuple[int, int]] = field(default_factory=list)


def find_clusters(population: Population, results: Results, root: Path) -> dict[str, Clusters]:
    """The clusters of every dedup stage, by its deciding phase.

    A survivor's duplicates are all decided by one task, so that one task's decisions are held at a time.
    """
    found: dict[str, Clusters] = {}
    for phase, on_all in population.decided:
        if not on_all:
            continue
        clusters = found.setdefault(phase.partition(".")[0], Clusters())
        for done in results[phase].done:
            survivors = read_table(root / done.name / DECISIONS).column("survivor").drop_null().to_numpy()
            numbers, counts = np.unique(survivors, return_counts=True)
            clusters.sizes.update((counts + 1).tolist())
            sized = zip((counts + 1).tolist(), numbers.tolist(), strict=True)
            clusters.largest = nlargest(LARGEST, [*clusters.largest, *sized], key=lambda each: (each[0], -each[1]))
    return {stage: clusters for stage, clusters in found.items() if clusters.sizes}


def sizes_table(found: dict[str, Clusters]) -> Table:
    """How many clusters there are of each size."""
    return Table(
        title="Clusters of duplicates",
        note="A cluster is a record that stays and those that were dropped for it.",
        columns=("stage", "records in a cluster", "clusters", "records dropped"),
        rows=tuple(row for stage, clusters in found.items() for row in _by_size(stage, clusters)),
        highlight="records dropped",
    )


def largest_table(found: dict[str, Clusters], name: Callable[[int], str]) -> Table:
    """The largest clusters by their survivors; `name` gives a record number's URL or id."""
    return Table(
        title="The largest clusters",
        columns=("stage", "records", "the one that stays"),
        rows=tuple(
            (stage, size, name(survivor)) for stage, clusters in found.items() for size, survivor in clusters.largest
        ),
        highlight="records",
    )


def _by_size(stage: str, clusters: Clusters) -> Iterator[tuple[str, str, int, int]]:
    """Sizes 2, 3, 4, 5-8, 9-16, ..."""
    groups: dict[int, list[int]] = {}
    for size in sorted(clusters.sizes):
        groups.setdefault(size if size < 5 else 1 << (size - 1).bit_length(), []).append(size)
    for top, sizes in groups.items():
        count = sum(clusters.sizes[size] for size in sizes)
        dropped = sum(clusters.sizes[size] * (size - 1) for size in sizes)
        yield stage, str(top) if top < 5 else f"{top // 2 + 1:,} to {top:,}", count, dropped
