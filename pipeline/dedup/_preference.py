"""Which of several duplicates stays: the survivor policy, the same for every dedup stage.

A policy gives each record a rank that depends on the record alone; of duplicates the one with the least rank stays, and
among equals the first in the inputs' order (the least number). So the choice depends on no split, worker or batch.
"""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from headrace.shards.base.errors import RecipeError
from headrace.shards.base.registry import did_you_mean

from ..engine.tasks import Done
from ..measured import SCORES, read_columns
from ..population import Population, View
from ._dates import microseconds
from .base import Dedup

LAST = np.uint64(2**64 - 1)
"""The rank of a record that lacks what the policy looks at."""

_SIGN = np.uint64(1 << 63)

Keep = Literal["first", "longest", "newest", "preferred_source", "best_score"]


@dataclass(frozen=True)
class Preference:
    """A survivor policy.

    Args:
        keep: `first`: the first in the inputs' order; `longest`: the payload with most bytes; `newest`: the latest
            date in the meta field `by`; `preferred_source`: the source that comes first in the list `by`;
            `best_score`: the highest value of the stored score `by` (`stage.measure`), or else of that meta field.
        by: What `keep` looks at. Records that lack it come last.

    Raises:
        ValueError: `by` does not fit `keep`.
    """

    keep: Keep = "first"
    by: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        wanted = {"newest": "the name of a meta field", "best_score": "the name of a stored score or meta field"}
        if self.keep in wanted and len(self.by) != 1:
            raise ValueError(f"'keep: {self.keep}' needs in 'by' {wanted[self.keep]}, not {list(self.by)}")
        if self.keep == "preferred_source" and not self.by:
            raise ValueError("'keep: preferred_source' needs in 'by' a list of sources, the best first")
        if self.keep in ("first", "longest") and self.by:
            raise ValueError(f"'keep: {self.keep}' looks at nothing but the record: leave 'by' out")

    def columns(self, payload: str) -> list[str]:
        """The columns of a record that it looks at."""
        return {"longest": [payload], "newest": ["meta"], "best_score": ["number", "meta"]}.get(self.keep, [])

    def check(self, label: str, population: Population) -> None:
        """Refuse sources that no input has.

        Raises:
            RecipeError: One of them is unknown.
        """
        known = {name.partition("/")[0] for name in population.names}
        for source in self.by if self.keep == "preferred_source" else ():
            if not any(name.startswith(f"{source}/") for name in population.names):
                raise RecipeError(f"{label}: no input has the source '{source}'", remedy=did_you_mean(source, known))

    def check_found(self, label: str, tasks: Iterable[Done]) -> None:
        """Refuse to choose by something that no record has.

        Args:
            label: The stage's label.
            tasks: Those that ranked; their stats have `records` and `ranked`.

        Raises:
            RecipeError: There are records, and none has it.
        """
        stats = [done.stats for done in tasks]
        if any(each["records"] for each in stats) and not any(each["ranked"] for each in stats):
            raise RecipeError(
                f"{label}: 'keep: {self.keep}' cannot choose",
                found=f"no record that has '{self.by[0]}'" if self.by else "nothing to choose by",
                expected="a date in this meta field" if self.keep == "newest" else "a stored score, or a meta field",
                remedy="Correct 'by': a score is called stage.measure, such as length.words",
            )


@dataclass(frozen=True)
class PreferringDedup(Dedup):
    """A dedup stage whose recipe says which of several duplicates stays.

    Args:
        keep: See `Preference`.
        by: What `keep` looks at: one name, or a list.
    """

    keep: Keep = "first"
    by: str | tuple[str, ...] = ()

    def __post_init__(self) -> None:
        self.preference  # noqa: B018 (made here for its complaint, before anything runs)

    @property
    def preference(self) -> Preference:
        """The policy."""
        return Preference(self.keep, (self.by,) if isinstance(self.by, str) else tuple(self.by))


class Ranks:
    """The ranks of one split's records under a policy.

    Args:
        preference: The policy.
        root: The folder of all tasks' outputs.
        view: The split's records.
        name: The name of the split's input, which begins with its source.
        payload: The payload column.
    """

    def __init__(self, preference: Preference, root: Path, view: View, name: str, payload: str) -> None:
        self._preference, self._payload = preference, payload
        self._source = next((at for at, each in enumerate(preference.by) if name.startswith(f"{each}/")), None)
        self._scores = _stored(root, view, preference.by[0]) if preference.keep == "best_score" else _NO_SCORES

    def of(self, batch: pa.RecordBatch) -> NDArray[np.uint64]:
        """Ranks, uint64 (n,), of a batch that has the policy's columns."""
        keep, n = self._preference.keep, batch.num_rows
        if keep == "longest":
            lengths: NDArray[np.int64] = pc.fill_null(pc.binary_length(batch.column(self._payload)), 0).to_numpy(False)
            return LAST - lengths.astype(np.uint64)
        if keep == "newest":
            return by_date(_fields(batch, self._preference.by[0]))
        if keep == "best_score":
            return by_value(self._values(batch))
        if keep == "preferred_source" and self._source is None:
            return np.full(n, LAST)
        return np.full(n, self._source or 0, np.uint64)

    def _values(self, batch: pa.RecordBatch) -> NDArray[np.float64]:
        values = self._scored(batch.column("number").to_numpy())
        # Record by record, since a score that no record of this split has may be there in another.
        bare = np.flatnonzero(np.isnan(values))
        if len(bare):
            fields = _fields(batch.take(pa.array(bare)), self._preference.by[0])
            values[bare] = [_number(each) for each in fields]
        return values

    def _scored(self, wanted: NDArray[np.uint64]) -> NDArray[np.float64]:
        numbers, stored = self._scores
        if not len(numbers):
            return np.full(len(wanted), np.nan)
        rows = np.minimum(np.searchsorted(numbers, wanted), len(numbers) - 1)
        values: NDArray[np.float64] = np.where(numbers[rows] == wanted, stored[rows], np.nan)
        return values


def by_value(values: NDArray[np.float64]) -> NDArray[np.uint64]:
    """Ranks by float64 values: the highest first, NaN last."""
    # An IEEE number's bits order as the number does, once those of negative ones are turned over.
    bits = (values + 0.0).view(np.uint64)
    ascending = np.where(bits >> np.uint64(63) == 1, ~bits, bits | _SIGN)
    ranks: NDArray[np.uint64] = np.where(np.isnan(values), LAST, ~ascending)
    return ranks


def by_date(values: Sequence[Any]) -> NDArray[np.uint64]:
    """Ranks by what should be dates: the latest first, what is none last."""
    times = [microseconds(value) for value in values]
    known = np.array([time is not None for time in times], bool)
    shifted = np.array([0 if time is None else time for time in times], np.int64).view(np.uint64) ^ _SIGN
    ranks: NDArray[np.uint64] = np.where(known, ~shifted, LAST)
    return ranks


_NO_SCORES: tuple[NDArray[np.uint64], NDArray[np.float64]] = (np.empty(0, np.uint64), np.empty(0))


def _stored(root: Path, view: View, name: str) -> tuple[NDArray[np.uint64], NDArray[np.float64]]:
    """The numbers and values of a score that the phases before measured; empty where none did."""
    table = read_columns(root, view.measured, SCORES)
    if name not in table.column_names:
        return _NO_SCORES
    return table.column("number").to_numpy(), table.column(name).to_numpy().astype(np.float64)


def _fields(batch: pa.RecordBatch, name: str) -> list[Any]:
    """A field of each record's meta; None where it is missing."""
    metas: list[Mapping[str, Any]] = [json.loads(text) for text in batch.column("meta").to_pylist()]
    return [meta.get(name) for meta in metas]


def _number(value: Any) -> float:
    """A number, or a text that is one, as float; NaN for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return math.nan
    try:
        return float(value)
    except (ValueError, OverflowError):
        return math.nan
