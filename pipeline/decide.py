"""Deciding: from what was measured to every record's fate, without looking at the records again.

A record that failed has failed. Of the others, the first filter in the recipe's order that drops one gives the reason.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from .filters.base import KEEP, RuleFilter
from .population import DECISION_SCHEMA
from .recipe import Stage


def decide(
    stages: Sequence[Stage],
    numbers: NDArray[np.uint64],
    scores: Mapping[str, NDArray[np.float64]],
    evidence: Mapping[str, Mapping[int, str]],
    fixed: pa.Table,
) -> pa.Table:
    """The decisions on n records, in DECISION_SCHEMA; a record without one is kept.

    Args:
        stages: The filters, with the bounds that count now.
        numbers: uint64 (n,), ascending.
        scores: `stage.measure` to float64 (n,); NaN where a record was not measured.
        evidence: By stage, record number to JSON.
        fixed: What needs no scores: failures, and the verdicts of filters that judge by themselves; DECISION_SCHEMA.
    """
    failed = fixed.filter(pa.array(_column(fixed, "fate") == "failed"))
    open_ = ~np.isin(numbers, failed.column("number").to_numpy())
    tables = [failed]
    for stage in stages:
        if stage.kind == "extractor":
            continue
        plugin = stage.plugin.load()
        if isinstance(plugin, RuleFilter):
            found = _by_rules(stage.label, plugin, numbers, open_, scores, evidence.get(stage.label, {}))
        else:
            mine = (_column(fixed, "stage") == stage.label) & (_column(fixed, "fate") == "dropped")
            found = fixed.filter(pa.array(mine & np.isin(fixed.column("number").to_numpy(), numbers[open_])))
        open_ &= ~np.isin(numbers, found.column("number").to_numpy())
        tables.append(found)
    return pa.concat_tables(tables).sort_by("number")


def _by_rules(
    label: str,
    plugin: RuleFilter,
    numbers: NDArray[np.uint64],
    open_: NDArray[np.bool_],
    scores: Mapping[str, NDArray[np.float64]],
    evidence: Mapping[int, str],
) -> pa.Table:
    nothing = np.full(len(numbers), np.nan)
    measures = {rule.measure: scores.get(f"{label}.{rule.measure}", nothing) for rule in plugin.rules}
    rule, value, threshold = plugin.decide(measures, len(numbers))
    rows = np.flatnonzero((rule != KEEP) & open_)
    n, dropped, reasons = len(rows), numbers[rows], plugin.reasons
    columns: dict[str, Any] = {
        "number": dropped,
        "fate": ["dropped"] * n,
        "stage": [label] * n,
        "reason": [reasons[index] for index in rule[rows].tolist()],
        "value": value[rows],
        "threshold": threshold[rows],
        "survivor": pa.nulls(n, pa.uint64()),
        "evidence": [evidence.get(number) for number in dropped.tolist()],
    }
    return pa.table(columns, schema=DECISION_SCHEMA)


def _column(table: pa.Table, name: str) -> NDArray[np.object_]:
    return np.array(table.column(name).to_pylist(), object)
