"""The contract of a filter: for every record a verdict with its reason and the value that was measured.

Three forms, from the shortest to the fastest:

1. **A function of one record**, decorated by `record_filter`: returns None to keep, or `Drop(reason, value)`.
2. **Rules over measures** (`RuleFilter`): `measure` gives float64 arrays for a whole batch, `rules` says which of them
   must lie between which bounds. Reasons, values, thresholds and histograms all follow; nothing else to write.
   Measures are stored, so that a build can be decided anew with other bounds (`headrace build --recut`).
3. **Anything else** (`Filter`): `judge` gives a `Verdicts` itself.

A filter may also *count* over the corpus (`CountingFilter`): records in which it finds something wait until it is known
how common that is, and are measured then.

A filter may also *edit*: give the payload back corrected (lines removed, addresses redacted, pictures made smaller).
The filters behind it see the edited payload, and the ledger keeps its account of what was changed. One that only edits
has no rules.

A filter is a frozen dataclass whose fields are its parameters in a recipe, in a file named as it is registered, with
`EXAMPLES` in the module: pairs of (record, reason or None) that the contract tests run.
"""

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from headrace.shards.base.registry import Registry

from ..batch import Batch

FILTERS = Registry("filter", "headrace.pipeline.filters", "headrace.filters")

Floats = NDArray[np.float64]
KEEP = -1


Keys = NDArray[np.uint64]


@dataclass(frozen=True)
class Occurrences:
    """What some records of a batch hold, n pairs; each of these records waits until it is counted in the whole corpus.

    Args:
        rows: int64 (n,): the record.
        keys: uint64 (n,): what it holds.
        witnesses: uint64 (n,): what it is a witness of it as; equal ones count once.
    """

    rows: NDArray[np.int64]
    keys: Keys
    witnesses: NDArray[np.uint64]


@dataclass(frozen=True)
class Verdicts:
    """What a filter decided on n records.

    Args:
        rule: int16 (n,): index into the filter's `reasons`, or KEEP.
        value: float64 (n,): what was measured for the rule that dropped it; NaN for kept records.
        threshold: float64 (n,): the bound that the value broke; NaN for kept records.
        scores: Measures by name, float64 (n,), of every record, dropped or not; they are stored.
        evidence: Per dropped record a JSON-able mapping that explains it further, or None.
        notes: Strings by name, one per record, added to the record's meta (a language's code, ...).
        errors: Why a record could not be judged (an image that does not decode, ...), or None, one per record: the
            ledger keeps it as failed, whatever its rule says. Default: all could be judged.
        edited: The payload column with its corrections, of the same type and length; None: nothing is corrected.
        edits: What was corrected in each record, JSON-able and small (`{"email": 2}`); None where nothing was.
        waits: What a `CountingFilter` counts; whatever else stands here of the records that wait is not used.
    """

    rule: NDArray[np.int16]
    value: Floats
    threshold: Floats
    scores: Mapping[str, Floats] = field(default_factory=dict)
    evidence: Sequence[Mapping[str, Any] | None] | None = None
    notes: Mapping[str, Sequence[str]] = field(default_factory=dict)
    errors: Sequence[str | None] | None = None
    edited: pa.Array | None = None
    edits: Sequence[Mapping[str, Any] | None] | None = None
    waits: Occurrences | None = None


@dataclass(frozen=True)
class Measures:
    """What a `RuleFilter` measured on n records.

    Args:
        values: Measures by name, float64 (n,); every one that the rules name, and others that are worth storing.
        evidence: As in `Verdicts`; what stands there for a kept record is not used.
        notes: As in `Verdicts`.
        errors: As in `Verdicts`; the record's values are NaN then.
        edited: As in `Verdicts`.
        edits: As in `Verdicts`.
        waits: As in `Verdicts`.
    """

    values: Mapping[str, Floats]
    evidence: Sequence[Mapping[str, Any] | None] | None = None
    notes: Mapping[str, Sequence[str]] = field(default_factory=dict)
    errors: Sequence[str | None] | None = None
    edited: pa.Array | None = None
    edits: Sequence[Mapping[str, Any] | None] | None = None
    waits: Occurrences | None = None


@dataclass(frozen=True)
class Rule:
    """A record is dropped for `reason` unless low <= measure <= high; a NaN measure breaks no rule.

    A bound is a number, or the name of the parameter that holds it: `Rule("too_short", "words", low="min_words")`. A
    parameter that is named so must shape no measure: that is what makes a recut possible.
    """

    reason: str
    measure: str
    low: float | str = -np.inf
    high: float | str = np.inf


@dataclass(frozen=True)
class Filter(ABC):
    """Decides on records, a batch at a time, each on its own: batching must never change a verdict."""

    version: ClassVar[int] = 1
    """Raise it when the same record can get another verdict: builds that used the old one run again."""

    reads: ClassVar[str] = "text"
    """The payload column it looks at; "" for one that looks at none, and stands anywhere."""

    @property
    @abstractmethod
    def reasons(self) -> tuple[str, ...]:
        """Every reason for which it can drop a record; none where it only edits."""

    @property
    def edits(self) -> bool:
        """Whether it may give payloads back corrected; it must then stand before the first dedup stage."""
        return False

    @abstractmethod
    def judge(self, batch: Batch) -> Verdicts:
        """Verdicts on every record of the batch, which must not be changed."""

    def files(self) -> tuple[str, ...]:
        """Files that shape its verdicts (a model, a block list): their contents enter the fingerprint."""
        return ()

    def certificate(self) -> Mapping[str, Any]:
        """What it guarantees about the shards, for the manifest; a filter that guarantees nothing says nothing."""
        return {}


@dataclass(frozen=True)
class RuleFilter(Filter):
    """A filter made of bounds on measures; the first broken rule, in order, is the reason."""

    @property
    @abstractmethod
    def rules(self) -> tuple[Rule, ...]:
        """The rules in the order in which they are tried; a class may simply set `rules = (Rule(...), ...)`."""

    @abstractmethod
    def measure(self, batch: Batch) -> Measures:
        """Every measure that the rules name."""

    @property
    def reasons(self) -> tuple[str, ...]:
        """The rules' reasons."""
        return tuple(rule.reason for rule in self.rules)

    @property
    def bounds(self) -> frozenset[str]:
        """The parameters that are bounds and shape no measure."""
        return frozenset(each for rule in self.rules for each in (rule.low, rule.high) if isinstance(each, str))

    def judge(self, batch: Batch) -> Verdicts:
        """Measure, then apply the rules."""
        return self._judged(self.measure(batch), batch.num_rows)

    def _judged(self, measures: Measures, n: int) -> Verdicts:
        return Verdicts(
            *self.decide(measures.values, n),
            scores=dict(measures.values),
            evidence=measures.evidence,
            notes=measures.notes,
            errors=measures.errors,
            edited=measures.edited,
            edits=measures.edits,
            waits=measures.waits,
        )

    def decide(self, measures: Mapping[str, Floats], n: int) -> tuple[NDArray[np.int16], Floats, Floats]:
        """The whole of its decision on n records, also on stored measures: rule, value, threshold as in `Verdicts`."""
        chosen = np.full(n, KEEP, np.int16)
        value, threshold = np.full(n, np.nan), np.full(n, np.nan)
        for index, rule in enumerate(self.rules):
            measured, (low, high) = measures[rule.measure], self.range_of(rule)
            for broken, bound in ((measured < low, low), (measured > high, high)):
                fresh = broken & (chosen == KEEP)
                chosen[fresh], value[fresh], threshold[fresh] = index, measured[fresh], bound
        return chosen, value, threshold

    def range_of(self, rule: Rule) -> tuple[float, float]:
        """The least and the greatest measure that a rule allows."""
        low, high = (float(getattr(self, each) if isinstance(each, str) else each) for each in (rule.low, rule.high))
        return low, high


NO_KEYS: Keys = np.empty(0, np.uint64)

MOST_WITNESSES = 1000
"""A key's different witnesses are counted up to here, which bounds what a count costs."""


@dataclass(frozen=True)
class CountingFilter(RuleFilter):
    """Rules over measures that depend on how common something is all over the corpus.

    The first measuring says what records hold (`Measures.waits`); those that hold something wait. Then it is counted
    how many different witnesses each key has in the whole corpus, and the records that waited are measured again,
    knowing which keys are frequent. All others are done with at once, so that the cost is that of the few.
    """

    @property
    @abstractmethod
    def most(self) -> int | None:
        """A key with more different witnesses than this is frequent; None: it counts nothing, and no record waits.

        At most `MOST_WITNESSES` - 1.
        It shapes no measure but by what is frequent: where it is a parameter, that belongs to `bounds`.
        """

    @abstractmethod
    def measure(self, batch: Batch, frequent: Keys | None = None) -> Measures:
        """Every measure that the rules name.

        Args:
            batch: The records.
            frequent: uint64, ascending: the frequent keys; None: they are yet to be counted.
        """

    def judge(self, batch: Batch, frequent: Keys | None = None) -> Verdicts:
        """Measure, then apply the rules; arguments as of `measure`."""
        return self._judged(self.measure(batch, frequent), batch.num_rows)

    def certificate(self, frequent: Keys = NO_KEYS) -> Mapping[str, Any]:
        """What it guarantees, with these keys being frequent."""
        return {}


@dataclass(frozen=True)
class Record:
    """One record, as the simple form sees it."""

    url: str | None
    meta: Mapping[str, Any]
    text: str = ""
    image: bytes = b""
    content: bytes = b""


@dataclass(frozen=True)
class Drop:
    """The simple form's verdict on a bad record: a declared reason, what was measured, and the bound that it broke."""

    reason: str
    value: float = float("nan")
    threshold: float = float("nan")


RecordFunction = Callable[..., Drop | None]


def record_filter(*reasons: str, reads: str = "text", version: int = 1) -> Callable[[RecordFunction], type[Filter]]:
    """Turn a function `(record, **parameters) -> Drop | None` into a filter; its keyword arguments are the parameters.

    Args:
        reasons: Every reason that it may give.
        reads: The payload column it looks at.
        version: Raise it when the function changes its mind.
    """
    from ._record_filter import filter_class

    return lambda function: filter_class(function, reasons, reads, version)


def records_of(batch: Batch) -> list[Record]:
    """The batch as Python records; for the simple form and for examples, never for the hot path."""
    payloads = {
        name: batch.column(name).to_pylist() for name in ("text", "image", "content") if name in batch.schema.names
    }
    urls, metas = batch.column("url").to_pylist(), batch.column("meta").to_pylist()
    return [
        Record(url, json.loads(meta), **{name: values[row] for name, values in payloads.items()})
        for row, (url, meta) in enumerate(zip(urls, metas, strict=True))
    ]
