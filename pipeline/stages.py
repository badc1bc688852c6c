"""Fused map stages: extractors and filters applied to a batch, one after the other, in memory.

Every filter scores every record that can be read, dropped or not. What is decided here is only what cannot be decided
from scores alone: failures, and the verdicts of filters that are no rules over measures. `decide.py` does the rest,
from what is stored, so that a build can be decided anew.
"""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from headrace.shards.base.errors import HeadraceError

from .batch import Batch
from .contracts.returned import check_extracted, check_verdicts
from .extractors.base import Extractor
from .filters.base import KEEP, NO_KEYS, CountingFilter, Filter, Keys, Occurrences, RuleFilter, Verdicts
from .population import DECISION_SCHEMA
from .recipe import Stage

Result = TypeVar("Result")


@dataclass(frozen=True)
class Waiting:
    """Records that wait at a stage, as they stood before it, and what of them is counted (see `Occurrences`)."""

    records: pa.RecordBatch
    keys: Keys
    witnesses: NDArray[np.uint64]


@dataclass
class Scored:
    """What the stages made of one batch of n records.

    Args:
        batch: The records that could be read, extracted and judged, with the last payload and the notes in their meta;
            those that wait left out.
        rows: int64: the row of each of them in the original batch.
        fixed: Decisions that no bound changes, as rows of DECISION_SCHEMA: failures, and drops by filters that judge.
        scores: `stage.measure` to float64 (n,); NaN where a record could not be measured.
        evidence: By stage, record number to JSON: what explains a drop by its rules.
        edits: Record number to what each stage corrected in it.
        notes: Name to record number to value.
        seconds: By stage.
        waiting: By stage.
    """

    batch: Batch
    rows: NDArray[np.int64]
    fixed: list[dict[str, Any]] = field(default_factory=list)
    scores: dict[str, NDArray[np.float64]] = field(default_factory=dict)
    evidence: dict[str, dict[int, str]] = field(default_factory=dict)
    edits: dict[int, list[Mapping[str, Any]]] = field(default_factory=dict)
    notes: dict[str, dict[int, str]] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    waiting: dict[str, Waiting] = field(default_factory=dict)


def score(stages: Sequence[Stage], records: pa.RecordBatch, frequent: Keys | None = None) -> Scored:
    """Apply stages to a batch that has a `number` column.

    Args:
        stages: The stages.
        records: The batch.
        frequent: What the first stage, which counts, now knows to be frequent; None: nothing is counted yet.

    Raises:
        PluginError: A plug-in breaks its contract. A plug-in that merely fails on a record fails that record.
    """
    state = Scored(Batch(records), np.arange(records.num_rows))
    if "error" in records.schema.names:
        _fail(state, "read", records.column("error").to_pylist())
        state.batch = state.batch.without("error")
    for stage in stages:
        began = time.perf_counter()
        plugin = stage.plugin.load()
        if stage.kind == "extractor":
            _extract(state, stage.label, plugin)
        else:
            _filter(state, stage.label, plugin, records.num_rows, frequent)
        frequent = None
        state.seconds[stage.label] = time.perf_counter() - began
    return state


def _extract(state: Scored, label: str, plugin: Extractor) -> None:
    def extract(part: Batch) -> tuple[pa.Array, list[str | None]]:
        column, errors = plugin.extract(part)
        check_extracted(label, plugin, column, errors, part.num_rows)
        return column, errors

    column, errors = _isolated(extract, state.batch, _join_columns)
    if plugin.writes != plugin.reads:
        # Before failed records are taken out: what is large is then not copied once more.
        state.batch = state.batch.without(plugin.reads)
    state.batch = state.batch.with_column(plugin.writes, column)
    _fail(state, label, errors)


def _filter(state: Scored, label: str, plugin: Filter, n: int, frequent: Keys | None) -> None:
    def judge(part: Batch) -> tuple[Verdicts, Sequence[str | None]]:
        verdicts = plugin.judge(part, frequent) if isinstance(plugin, CountingFilter) else plugin.judge(part)
        check_verdicts(label, plugin, verdicts, part)
        return verdicts, [None] * part.num_rows if verdicts.errors is None else verdicts.errors

    def join(parts: Sequence[Verdicts | None], lengths: Sequence[int], batch: Batch) -> Verdicts:
        return _join_verdicts(parts, lengths, batch.column(batch.payload))

    verdicts, errors = _isolated(judge, state.batch, join)
    if verdicts.waits is not None and len(verdicts.waits.rows):
        verdicts, errors = _set_aside(state, label, verdicts, verdicts.waits, errors)
    for name, values in verdicts.scores.items():
        state.scores.setdefault(f"{label}.{name}", np.full(n, np.nan))[state.rows] = values
    numbers = state.batch.column("number").to_pylist()
    if isinstance(plugin, RuleFilter):
        state.evidence[label] = _told(numbers, verdicts.evidence)
    else:
        state.fixed += _drops(label, plugin, verdicts, numbers)
    for number, edit in zip(numbers, verdicts.edits or (), strict=bool(verdicts.edits)):
        if edit is not None:
            state.edits.setdefault(number, []).append({"stage": label, **edit})
    if verdicts.edited is not None:
        state.batch = state.batch.with_column(plugin.reads, verdicts.edited)
    if verdicts.notes:
        state.batch = state.batch.with_column("meta", _with_notes(state.batch.column("meta"), verdicts))
        for name, noted in verdicts.notes.items():
            state.notes.setdefault(name, {}).update(zip(numbers, noted, strict=True))
    _fail(state, label, errors)


def _set_aside(
    state: Scored, label: str, verdicts: Verdicts, waits: Occurrences, errors: Sequence[str | None]
) -> tuple[Verdicts, list[str | None]]:
    """Take the records that wait out of the batch; what was said of the others."""
    stay = np.ones(state.batch.num_rows, np.bool_)
    stay[waits.rows] = False
    state.waiting[label] = Waiting(state.batch.records.filter(pa.array(~stay)), waits.keys, waits.witnesses)
    state.batch, state.rows = state.batch.filter(pa.array(stay)), state.rows[stay]
    rows = np.flatnonzero(stay).tolist()

    def of(values: Sequence[Any] | None) -> list[Any] | None:
        return None if values is None else [values[row] for row in rows]

    kept = Verdicts(
        verdicts.rule[stay],
        verdicts.value[stay],
        verdicts.threshold[stay],
        {name: values[stay] for name, values in verdicts.scores.items()},
        of(verdicts.evidence),
        {name: [values[row] for row in rows] for name, values in verdicts.notes.items()},
        edited=None if verdicts.edited is None else verdicts.edited.filter(pa.array(stay)),
        edits=of(verdicts.edits),
    )
    return kept, [errors[row] for row in rows]


def _told(numbers: Sequence[int], evidence: Sequence[Mapping[str, Any] | None] | None) -> dict[int, str]:
    """Evidence as JSON, by record number."""
    return {number: _json(each) for number, each in zip(numbers, evidence or (), strict=bool(evidence)) if each}


def _drops(label: str, plugin: Filter, verdicts: Verdicts, numbers: Sequence[int]) -> list[dict[str, Any]]:
    dropped = np.flatnonzero(verdicts.rule != KEEP).tolist()
    return [
        _decision(
            numbers[row],
            "dropped",
            label,
            plugin.reasons[verdicts.rule[row]],
            _number(verdicts.value[row]),
            _number(verdicts.threshold[row]),
            None if verdicts.evidence is None or (evidence := verdicts.evidence[row]) is None else _json(evidence),
        )
        for row in dropped
    ]


def _fail(state: Scored, stage: str, errors: Sequence[str | None]) -> None:
    """Take failed records out of the batch; a record that an earlier filter dropped has failed all the same."""
    bad = np.array([error is not None for error in errors], bool)
    if not bad.any():
        return
    numbers = state.batch.column("number").to_pylist()
    failed = {numbers[row] for row in np.flatnonzero(bad)}
    state.fixed = [each for each in state.fixed if each["number"] not in failed]
    for row in np.flatnonzero(bad).tolist():
        state.fixed.append(_decision(numbers[row], "failed", stage, str(errors[row]), None, None, None))
    state.batch = state.batch.filter(pa.array(~bad))
    state.rows = state.rows[~bad]


def _decision(
    number: int,
    fate: str,
    stage: str,
    reason: str,
    value: float | None,
    threshold: float | None,
    evidence: str | None,
) -> dict[str, Any]:
    row = (number, fate, stage, reason, value, threshold, None, evidence)
    return dict(zip(DECISION_SCHEMA.names, row, strict=True))


def _number(value: np.float64) -> float | None:
    """A measured value; NaN stands for none."""
    return None if np.isnan(value) else float(value)


_json = json.JSONEncoder(ensure_ascii=False, sort_keys=True).encode


def _with_notes(meta: pa.Array, verdicts: Verdicts) -> pa.Array:
    merged = []
    for row, text in enumerate(meta.to_pylist()):
        notes = {name: values[row] for name, values in verdicts.notes.items()}
        merged.append(_json({**json.loads(text), **notes}))
    return pa.array(merged, pa.large_string())


Outcome = tuple[Result, Sequence[str | None]]


def _isolated(
    call: Callable[[Batch], Outcome[Result]],
    batch: Batch,
    join: Callable[[Sequence[Result | None], Sequence[int], Batch], Result],
) -> Outcome[Result]:
    """Call a plug-in on a batch; where it raises, halve the batch until the record that it cannot bear stands alone."""
    try:
        return call(batch)
    except (HeadraceError, MemoryError):
        raise
    except Exception as error:
        if batch.num_rows <= 1:
            return join([None], [batch.num_rows], batch), [f"{type(error).__name__}: {error}"] * batch.num_rows
    half = batch.num_rows // 2
    first, first_errors = _isolated(call, batch.slice(0, half), join)
    second, second_errors = _isolated(call, batch.slice(half), join)
    return join([first, second], [half, batch.num_rows - half], batch), [*first_errors, *second_errors]


def _join_columns(parts: Sequence[pa.Array | None], lengths: Sequence[int], batch: Batch) -> pa.Array:
    """Extracted columns in a row; a part that failed is null."""
    kind = next((part.type for part in parts if part is not None and part.type != pa.null()), pa.null())
    return pa.concat_arrays(
        [
            pa.nulls(n, kind) if part is None or part.type == pa.null() else part
            for part, n in zip(parts, lengths, strict=True)
        ]
    )


def _join_verdicts(parts: Sequence[Verdicts | None], lengths: Sequence[int], payload: pa.Array) -> Verdicts:
    """Verdicts in a row; a part that failed keeps everything, corrects and measured nothing (its errors tell)."""
    names = {name for part in parts if part for name in part.scores}
    notes = {name for part in parts if part for name in part.notes}
    whole = [
        part or Verdicts(np.full(n, KEEP, np.int16), np.full(n, np.nan), np.full(n, np.nan))
        for part, n in zip(parts, lengths, strict=True)
    ]
    starts = np.cumsum([0, *lengths]).tolist()
    untouched = [payload.slice(start, n) for start, n in zip(starts, lengths, strict=False)]
    blanks = [np.full(n, np.nan) for n in lengths]
    waits = [(start, part.waits) for start, part in zip(starts, parts, strict=False) if part and part.waits]
    return Verdicts(
        np.concatenate([part.rule for part in whole]),
        np.concatenate([part.value for part in whole]),
        np.concatenate([part.threshold for part in whole]),
        {
            name: np.concatenate([p.scores.get(name, blank) for p, blank in zip(whole, blanks, strict=True)])
            for name in names
        },
        [each for part, n in zip(whole, lengths, strict=True) for each in (part.evidence or [None] * n)],
        {
            name: [each for p, n in zip(whole, lengths, strict=True) for each in p.notes.get(name, [""] * n)]
            for name in notes
        },
        edited=pa.concat_arrays(
            [own if part.edited is None else part.edited for part, own in zip(whole, untouched, strict=True)]
        ),
        edits=[each for part, n in zip(whole, lengths, strict=True) for each in (part.edits or [None] * n)],
        waits=Occurrences(
            np.concatenate([np.empty(0, np.int64), *(start + each.rows for start, each in waits)]),
            np.concatenate([NO_KEYS, *(each.keys for _, each in waits)]),
            np.concatenate([NO_KEYS, *(each.witnesses for _, each in waits)]),
        ),
    )
