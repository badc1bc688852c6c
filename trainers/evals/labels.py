"""Labelled records for the evaluations: what the label of a record is, and on which side of the split it falls."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import AfterValidator, Field

from headrace.shards.base.counts import counted
from headrace.shards.base.errors import InputError
from headrace.shards.base.recipe import RecipeModel
from headrace.shards.base.rng import key

from ..data import DataFacts, Record
from .coverage import EvaluationSet, set_of_shards
from .records import read_metas, read_records
from .splits import in_share, labelled_draws


def _compiled(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"a regular expression, but: {error}") from error
    return pattern


class Selector(RecipeModel):
    """A value taken from a record's metadata."""

    field: str
    """The field; a dot leads into a nested one (`meta.label`)."""
    pattern: Annotated[str, AfterValidator(_compiled)] | None = None
    """A regular expression to be found in the field; its first group, or else its whole match, is the value."""

    def value(self, meta: Mapping[str, Any]) -> str | None:
        """The value, or None where the field is missing or the pattern is not found."""
        found: Any = meta
        for step in self.field.split("."):
            found = found.get(step) if isinstance(found, Mapping) else None
        if found is None or self.pattern is None:
            return None if found is None else str(found)
        match = re.search(self.pattern, str(found))
        return match and (match[1] if match.re.groups else match[0])


class ProbeRecipe(RecipeModel):
    """Where labels come from, and what is trained on and tested on."""

    label: Selector
    """Records without a label are left out."""
    group: Selector | None = None
    """Records of one group, such as two versions of a page, stay on one side of every split; default: each alone."""
    split: Selector | None = None
    """Says `train` or `test`, where the data knows, and leaves out what is neither; else groups are drawn by a hash."""
    test_share: Annotated[float, Field(gt=0, lt=1)] = 0.2
    """Of the groups, where neither `split` nor `test_url` says."""
    test_url: str | None = None
    """Other shards, all of which are tested on; the training shards are then all trained on."""
    labels_per_class: Annotated[int, Field(gt=0)] | None = None
    """How many records of each class are trained on; None: all there are. Where many labels make every kind of
    features perfect, a few tell them apart."""
    draws: Annotated[int, Field(gt=0)] = 20
    """How often those few are drawn anew; the accuracy is the mean over the draws."""


@dataclass(frozen=True)
class LabelledRecords:
    """Records with labels; the records themselves stay on disk until they are read.

    Args:
        sources: The shards, one set after the other.
        rows: For each set, the numbers of its labelled records.
        classes: The labels' names, sorted.
        labels: (N,) numbers of classes.
        groups: (N,) numbers of groups.
        test: (N,) which records are tested on.
    """

    sources: tuple[DataFacts, ...]
    rows: tuple[NDArray[np.int64], ...]
    classes: tuple[str, ...]
    labels: NDArray[np.int64]
    groups: NDArray[np.int64]
    test: NDArray[np.bool_]

    def records(self) -> Iterator[Record]:
        """The records, in the order of the labels."""
        for source, rows in zip(self.sources, self.rows, strict=True):
            yield from read_records(source, rows)

    def some(self, which: NDArray[np.int64]) -> list[Record]:
        """The records of the given numbers, in their order."""
        ascending = np.unique(which)
        bounds = np.cumsum([0, *map(len, self.rows)])
        read: list[Record] = []
        for source, rows, first, last in zip(self.sources, self.rows, bounds[:-1], bounds[1:], strict=True):
            mine = ascending[(ascending >= first) & (ascending < last)] - first
            read += read_records(source, rows[mine])
        return [read[place] for place in np.searchsorted(ascending, which)]

    @property
    def tested(self) -> EvaluationSet:
        """Where the test records come from."""
        first, *others = self.sources
        return set_of_shards(others[0].url, others[0].manifest) if others else EvaluationSet(first.url, seen=True)

    def training_draws(self, recipe: ProbeRecipe, seed: int) -> list[NDArray[np.int64]]:
        """The records to be trained on, as indices into the N: all there are, or a few of each class, several times.

        Raises:
            InputError: A class has fewer records than are asked for.
        """
        train = np.flatnonzero(~self.test)
        if recipe.labels_per_class is None:
            return [train]
        return labelled_draws(self.labels, train, recipe.labels_per_class, recipe.draws, seed, self.classes)


def labelled_records(recipe: ProbeRecipe, data: DataFacts) -> LabelledRecords:
    """Find labels, groups and sides of all records.

    Raises:
        InputError: There are fewer than two classes, or a side is empty.
    """
    sources = (data, DataFacts.of(recipe.test_url)) if recipe.test_url else (data,)
    found = [_labelled(recipe, source) for source in sources]
    rows = tuple(np.array([row for row, _, _, _ in each], np.int64) for each in found)
    entries = [entry for each in found for entry in each]
    classes = sorted({label for _, label, _, _ in entries})
    groups = np.array([key("group", group) for _, _, group, _ in entries], np.uint64).astype(np.int64)
    if recipe.test_url:
        test = np.repeat([False, True], [len(each) for each in rows])
    elif recipe.split:
        test = np.array([side == "test" for _, _, _, side in entries], bool)
    else:
        test = in_share(groups, recipe.test_share)
    numbers = {label: number for number, label in enumerate(classes)}
    labels = np.array([numbers[label] for _, label, _, _ in entries], np.int64)
    _check(recipe, data, classes, labels, test)
    return LabelledRecords(sources, rows, tuple(classes), labels, groups, test)


def _labelled(recipe: ProbeRecipe, data: DataFacts) -> list[tuple[int, str, str, str | None]]:
    """(row, label, group, side) of each record that has a label."""
    found = []
    for row, (name, meta) in enumerate(read_metas(data)):
        label = recipe.label.value(meta)
        side = recipe.split.value(meta) if recipe.split else None
        if label is not None and (recipe.split is None or side in ("train", "test")):
            group = recipe.group.value(meta) if recipe.group else None
            found.append((row, label, group or name, side))
    return found


def _check(
    recipe: ProbeRecipe, data: DataFacts, classes: list[str], labels: NDArray[np.int64], test: NDArray[np.bool_]
) -> None:
    known, asked = len(np.unique(labels[~test])), int(test.sum())
    if known < 2 or not asked:
        found = f"{counted(len(labels), 'record')} of {counted(len(classes), 'class', 'classes')}"
        raise InputError(
            f"the labels of {data.url} cannot be probed",
            found=f"{found}, {known} of them to train on; {asked} to test",
            expected="at least two classes to train on, and something to test",
            remedy=f"Mend 'probe' in the recipe: the label is read from '{recipe.label.field}'. The first record has "
            f"{', '.join(next(read_metas(data))[1]) or 'no metadata'}",
        )
