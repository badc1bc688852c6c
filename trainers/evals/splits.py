"""Which labelled records are trained on, held out, or tested on: drawn by hashes, the same in every run."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from headrace.shards.base.errors import InputError
from headrace.shards.base.rng import hash64, key

from .base import Labels

Rows = NDArray[np.int64]


def in_share(groups: NDArray[np.int64], share: float) -> NDArray[np.bool_]:
    """Which rows belong to a share of the groups; (N,)."""
    return hash64(groups, key("split", "test")) >> np.uint64(32) < np.uint64(round(share * 2**32))


def held_out(labels: Labels, groups: NDArray[np.int64], share: float) -> NDArray[np.bool_]:
    """Which rows are kept back to choose a parameter on: of each class a share of its groups; (N,).

    At least one group of a class is kept back and at least one is not, so that few rows can be split as well; a class
    of a single group is not kept back.
    """
    drawn = hash64(groups, key("split", "held out"))
    kept = []
    for label in np.unique(labels):
        mine = np.unique(drawn[labels == label])
        kept.append(mine[: min(len(mine) - 1, max(1, round(share * len(mine))))])
    return np.isin(drawn, np.concatenate(kept))


def labelled_draws(labels: Labels, train: Rows, each: int, draws: int, seed: int, names: Sequence[str]) -> list[Rows]:
    """Several times the same number of training rows of every class, uniform without replacement.

    Args:
        labels: (N,) of all rows.
        train: The rows that may be drawn.
        each: Rows of each class.
        draws: How often.
        seed: The run's.
        names: Of the classes.

    Raises:
        InputError: A class has too few rows.
    """
    held = np.bincount(labels[train], minlength=len(names))
    if held.min() < each:
        scarcest = int(held.argmin())
        raise InputError(
            f"{each} labelled records of each class cannot be drawn",
            found=f"{held[scarcest]} training records of the class '{names[scarcest]}'",
            remedy="Set probe.labels_per_class lower, or leave that class out by the pattern of probe.label",
        )
    return [_draw(labels, train, each, key("labelled", seed, number)) for number in range(draws)]


def _draw(labels: Labels, train: Rows, each: int, draw: int) -> Rows:
    shuffled = train[np.argsort(hash64(train, draw), kind="stable")]
    classes = np.unique(labels[train])
    return np.sort(np.concatenate([shuffled[labels[shuffled] == label][:each] for label in classes]))
