"""Fused map stages: extractors and filters applied to a batch, one after the other, in memory.

Every filter scores every record that can be read, dropped or not, so that a build can be decided anew from what is
stored; the first filter that drops a record, in the recipe's order, gives the reason.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from headrace.shards.base.errors import HeadraceError

from .contracts.returned import check_extracted, check_verdicts
from .extractors.base import Extractor
from .filters.base import KEEP, Filter, Verdicts
from .population import DECISION_SCHEMA
from .recipe import Stage
from .records import with_column

Result = TypeVar("Result")


@dataclass
class Applied:
    """What became of one batch of n records.

    Args:
        batch: The records that could be read and extracted, with the last payload and the notes in their meta.
        rows: int64: the row of each of them in the original batch.
        decisions: Rows for `decisions.arrow`: everything dropped or failed.
        scores: `stage.measure` to float64 (n,); NaN where a record could not be measured.
    """

    batch: pa.RecordBatch
    rows: NDArray[np.int64]
    decisions: list[dict[str, Any]] = field(default_factory=list)
    scores: dict[str, NDArray[np.float64]] = field(default_factory=dict)

    def alive(self) -> pa.RecordBatch:
        """The records that nothing dropped."""
        dead = pa.array({decision["number"] for decision in self.decisions}, pa.uint64())
        return self.batch.filter(pc.invert(pc.is_in(self.batch.column("number"), value_set=dead)))


def apply(stages: Sequence[Stage], batch: pa.RecordBatch) -> Applied:
    """Apply stages to a batch that has a `number` column.

    Raises:
        PluginError: A plug-in breaks its contract. A plug-in that merely fails on a record fails that record.
    """
    state = Applied(batch, np.arange(batch.num_rows))
    if "error" in batch.schema.names:
        _fail(state, "read", batch.column("error").to_pylist())
        state.batch = state.batch.drop_columns(["error"])
    for stage in stages:
        plugin = stage.plugin.load()
        if stage.kind == "extractor":
            _extract(state, stage.label, plugin)
        else:
            _filter(state, stage.label, plugin, batch.num_rows)
    return state


def _extract(state: Applied, label: str, plugin: Extractor) -> None:
    def extract(part: pa.RecordBatch) -> tuple[pa.Array, list[str | None]]:
        column, errors = plugin.extract(part)
        check_extracted(label, plugin, column, errors, part.num_rows)
        return column, errors

    column, errors = _isolated(extract, state.batch, _join_columns)
    state.batch = with_column(state.batch, plugin.writes, column)
    _fail(state, label, errors)
    if plugin.writes != plugin.reads:
        state.batch = state.batch.drop_columns([plugin.reads])


def _filter(state: Applied, label: str, plugin: Filter, n: int) -> None:
    def judge(part: pa.RecordBatch) -> tuple[Verdicts, Sequence[str | None]]:
        verdicts = plugin.judge(part)
        check_verdicts(label, plugin, verdicts, part.num_rows)
        return verdicts, [None] * part.num_rows if verdicts.errors is None else verdicts.errors

    verdicts, errors = _isolated(judge, state.batch, _join_verdicts)
    for name, values in verdicts.scores.items():
        state.scores.setdefault(f"{label}.{name}", np.full(n, np.nan))[state.rows] = values
    decided = {decision["number"] for decision in state.decisions}
    numbers = state.batch.column("number").to_pylist()
    for row in np.flatnonzero(verdicts.rule != KEEP).tolist():
        if numbers[row] not in decided:
            evidence = verdicts.evidence[row] if verdicts.evidence is not None else None
            state.decisions.append(
                _decision(
                    numbers[row],
                    "dropped",
                    label,
                    plugin.reasons[verdicts.rule[row]],
                    _number(verdicts.value[row]),
                    _number(verdicts.threshold[row]),
                    None if evidence is None else json.dumps(evidence, ensure_ascii=False, sort_keys=True),
                )
            )
    if verdicts.notes:
        state.batch = with_column(state.batch, "meta", _with_notes(state.batch.column("meta"), verdicts))
    _fail(state, label, errors)


def _fail(state: Applied, stage: str, errors: Sequence[str | None]) -> None:
    """Take failed records out of the batch; a record that an earlier filter dropped has failed all the same."""
    bad = np.array([error is not None for error in errors], bool)
    if not bad.any():
        return
    numbers = state.batch.column("number").to_pylist()
    failed = {numbers[row] for row in np.flatnonzero(bad)}
    state.decisions = [each for each in state.decisions if each["number"] not in failed]
    for row in np.flatnonzero(bad).tolist():
        state.decisions.append(_decision(numbers[row], "failed", stage, str(errors[row]), None, None, None))
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


def _with_notes(meta: pa.Array, verdicts: Verdicts) -> pa.Array:
    merged = []
    for row, text in enumerate(meta.to_pylist()):
        notes = {name: values[row] for name, values in verdicts.notes.items()}
        merged.append(json.dumps({**json.loads(text), **notes}, ensure_ascii=False, sort_keys=True))
    return pa.array(merged, pa.large_string())


Outcome = tuple[Result, Sequence[str | None]]


def _isolated(
    call: Callable[[pa.RecordBatch], Outcome[Result]],
    batch: pa.RecordBatch,
    join: Callable[[Sequence[Result | None], Sequence[int]], Result],
) -> Outcome[Result]:
    """Call a plug-in on a batch; where it raises, halve the batch until the record that it cannot bear stands alone."""
    try:
        return call(batch)
    except (HeadraceError, MemoryError):
        raise
    except Exception as error:
        if batch.num_rows <= 1:
            return join([None], [batch.num_rows]), [f"{type(error).__name__}: {error}"] * batch.num_rows
    half = batch.num_rows // 2
    first, first_errors = _isolated(call, batch.slice(0, half), join)
    second, second_errors = _isolated(call, batch.slice(half), join)
    return join([first, second], [half, batch.num_rows - half]), [*first_errors, *second_errors]


def _join_columns(parts: Sequence[pa.Array | None], lengths: Sequence[int]) -> pa.Array:
    """Extracted columns in a row; a part that failed is null."""
    kind = next((part.type for part in parts if part is not None and part.type != pa.null()), pa.null())
    return pa.concat_arrays(
        [
            pa.nulls(n, kind) if part is None or part.type == pa.null() else part
            for part, n in zip(parts, lengths, strict=True)
        ]
    )


def _join_verdicts(parts: Sequence[Verdicts | None], lengths: Sequence[int]) -> Verdicts:
    """Verdicts in a row; a part that failed keeps everything and measured nothing (its errors tell)."""
    names = {name for part in parts if part for name in part.scores}
    notes = {name for part in parts if part for name in part.notes}
    whole = [
        part or Verdicts(np.full(n, KEEP, np.int16), np.full(n, np.nan), np.full(n, np.nan))
        for part, n in zip(parts, lengths, strict=True)
    ]
    blanks = [np.full(n, np.nan) for n in lengths]
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
    )
