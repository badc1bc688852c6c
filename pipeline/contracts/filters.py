"""The contract of a filter as checks that run on any filter, yours too: `assert check_filter(MyFilter) == []`."""

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from pydantic import PydanticUserError

from headrace.shards.base.contracts import Finding
from headrace.shards.base.errors import HeadraceError
from headrace.shards.base.recipe import make

from ..batch import Batch
from ..filters.base import FILTERS, KEEP, Filter, Record, Verdicts
from ..records import PAYLOADS
from .returned import check_verdicts
from .trial_records import batch_of, trial_records

MADE = "it can be made from a recipe that gives no parameters"
FORM = "it has the form of a filter"
SURVIVES = "it survives every record"
VERDICTS = "its verdicts have the declared form and reasons"

FIRST = (MADE, FORM, SURVIVES, VERDICTS)
"""Where one of these is broken, the laws after it are not tried."""


@dataclass(frozen=True)
class Subject:
    """A filter under examination.

    Args:
        plugin: The filter.
        examples: Its module's `EXAMPLES`: records, and the reason for which each is dropped, or None.
        batch: The trial records and the examples'.
        verdicts: Its verdicts on them.
    """

    plugin: Filter
    examples: Sequence[tuple[Record, str | None]]
    batch: Batch
    verdicts: Verdicts


def check_filter(found: str | type[Filter] | Filter) -> list[Finding]:
    """Every breach of the contract, none for a good filter.

    Args:
        found: A filter with its parameters, a class whose parameters all have defaults, or the name of one.

    Raises:
        PluginError: There is no such filter.
    """
    plugin: Any = FILTERS.load(found) if isinstance(found, str) else found
    if isinstance(plugin, type):
        try:
            plugin = make(plugin, {}, Path.cwd())
        except (TypeError, ValueError, PydanticUserError) as error:
            return [Finding(MADE, f"it cannot be made without parameters: {error}")]
    form = [Finding(FORM, what) for what in _form(plugin)]
    if form:
        return form
    examples = getattr(sys.modules[type(plugin).__module__], "EXAMPLES", ())
    payload = _payload(plugin)
    records = [*trial_records(payload), *(record for record, _ in examples)]
    batch = batch_of(records, payload)
    try:
        verdicts = plugin.judge(batch)
    except Exception as error:
        culprit = next((row for row in range(len(records)) if _raises(plugin, batch.slice(row, 1))), None)
        which = "a batch of several records" if culprit is None else f"the record {_excerpt(records[culprit])}"
        return [Finding(SURVIVES, f"{which} makes it raise {type(error).__name__}: {error}")]
    subject = Subject(plugin, examples, batch, verdicts)
    misfits = [Finding(VERDICTS, what) for what in _verdicts_fit(subject)]
    return misfits or [Finding(law, what) for law, check in LAWS.items() for what in check(subject)]


def _form(plugin: Any) -> Iterator[str]:
    """What must be right before it can be tried on records."""
    if not isinstance(plugin, Filter):
        yield f"it is no Filter but {type(plugin).__name__}: derive from Filter, or decorate with @record_filter"
        return
    if not is_dataclass(plugin) or not type(plugin).__dataclass_params__.frozen:  # type: ignore[attr-defined]
        yield "it is no frozen dataclass: put @dataclass(frozen=True) above the class"
    if plugin.reads not in ("", *PAYLOADS):
        yield f"it reads '{plugin.reads}', but payloads are {', '.join(PAYLOADS)}"
    if any(not isinstance(reason, str) or not reason for reason in plugin.reasons):
        yield f"its reasons are {plugin.reasons!r}, not names"
    elif not plugin.reasons and not plugin.edits:
        yield "it has no reason to drop a record, and corrects none: it does nothing"
    elif len(set(plugin.reasons)) < len(plugin.reasons):
        yield f"a reason is declared twice among {', '.join(plugin.reasons)}"


def _verdicts_fit(subject: Subject) -> Iterator[str]:
    verdicts = subject.verdicts
    try:
        check_verdicts(type(subject.plugin).__name__, subject.plugin, verdicts, subject.batch)
    except HeadraceError as error:
        yield str(error)
        return
    for name, values in {"value": verdicts.value, "threshold": verdicts.threshold, **verdicts.scores}.items():
        if values.dtype != np.float64:
            yield f"'{name}' is {values.dtype}, not float64"
    if verdicts.rule.dtype != np.int16:
        yield f"'rule' is {verdicts.rule.dtype}, not int16"
    if not np.isnan(verdicts.value[verdicts.rule == KEEP]).all():
        yield "a kept record has a value: the value is that of the rule that dropped it"
    if any(not isinstance(note, str) for notes in verdicts.notes.values() for note in notes):
        yield "a note is no string"
    try:
        json.dumps(list(verdicts.evidence or ()))
    except (TypeError, ValueError) as error:
        yield f"its evidence is no JSON: {error}"


def _examples_hold(subject: Subject) -> Iterator[str]:
    if not subject.examples:
        yield f"{type(subject.plugin).__module__} has no EXAMPLES: pairs of a Record and the reason to drop it, or None"
    first = subject.batch.num_rows - len(subject.examples)
    for row, (record, expected) in enumerate(subject.examples, first):
        error = subject.verdicts.errors[row] if subject.verdicts.errors is not None else None
        rule = subject.verdicts.rule[row]
        found = f"failed: {error}" if error else None if rule == KEEP else subject.plugin.reasons[rule]
        if found != expected:
            yield f"{_excerpt(record)} is to give {expected or 'keep'}, and gives {found or 'keep'}"


def _batching_changes_nothing(subject: Subject) -> Iterator[str]:
    batch, judge = subject.batch, subject.plugin.judge
    whole = _rows(subject.verdicts)
    single = [row for index in range(batch.num_rows) for row in _rows(judge(batch.slice(index, 1)))]
    backwards = _rows(judge(batch.take(pa.array(range(batch.num_rows - 1, -1, -1)))))[::-1]
    for how, rows in {
        "by itself": single,
        "in reversed order": backwards,
        "a second time": _rows(judge(batch)),
    }.items():
        for index, (first, second) in enumerate(zip(whole, rows, strict=True)):
            if first != second:
                yield f"record {index} judged {how} gives {second}, and among the others {first}"
                break
    if subject.plugin.judge(batch.slice(0, 0)).rule.shape != (0,):
        yield "an empty batch gives verdicts"


def _batch_is_not_changed(subject: Subject) -> Iterator[str]:
    payload = _payload(subject.plugin)
    untouched = batch_of([*trial_records(payload), *(record for record, _ in subject.examples)], payload)
    if not subject.batch.records.equals(untouched.records):
        yield "the batch that it was given is another one afterwards"


LAWS: dict[str, Callable[[Subject], Iterator[str]]] = {
    "a record's verdict depends on nothing but the record": _batching_changes_nothing,
    "the batch is not changed": _batch_is_not_changed,
    "its EXAMPLES hold": _examples_hold,
}


def _rows(verdicts: Verdicts) -> list[dict[str, Any]]:
    """What was decided on each record, comparable: NaN as None, evidence of dropped ones alone."""
    numbers = {"value": verdicts.value, "threshold": verdicts.threshold, **verdicts.scores}
    rows = []
    for row, rule in enumerate(verdicts.rule.tolist()):
        decided: dict[str, Any] = {"rule": rule}
        decided |= {name: None if np.isnan(values[row]) else float(values[row]) for name, values in numbers.items()}
        decided |= {name: notes[row] for name, notes in verdicts.notes.items()}
        if verdicts.errors is not None:
            decided["error"] = verdicts.errors[row]
        if verdicts.evidence is not None and rule != KEEP:
            decided["evidence"] = verdicts.evidence[row]
        rows.append(decided)
    if verdicts.waits is not None:
        pairs = zip(verdicts.waits.keys.tolist(), verdicts.waits.witnesses.tolist(), strict=True)
        for row, pair in zip(verdicts.waits.rows.tolist(), pairs, strict=True):
            rows[row].setdefault("counted", set()).add(pair)
    return rows


def _payload(plugin: Filter) -> str:
    """What it is tried on; texts where it looks at no payload."""
    return plugin.reads or "text"


def _raises(plugin: Filter, batch: Batch) -> bool:
    try:
        plugin.judge(batch)
    except Exception:
        return True
    return False


def _excerpt(record: Record) -> str:
    payload = record.text or record.image or record.content
    return f"{payload[:60]!r}{'...' if len(payload) > 60 else ''}"
