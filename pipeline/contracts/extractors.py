"""The contract of an extractor as checks that run on any extractor: `assert check_extractor(MyExtractor) == []`.

An extractor's module carries `EXAMPLES`: pairs of a payload and what becomes of it, None where it fails.
"""

import sys
from pathlib import Path
from typing import Any

from headrace.shards.base.contracts import Finding
from headrace.shards.base.errors import HeadraceError
from headrace.shards.base.recipe import make

from ..extractors.base import EXTRACTORS, Extractor
from ..filters.base import Record
from ..records import PAYLOADS
from .returned import check_extracted
from .trial_records import batch_of, trial_records

FORM = "it has the form of an extractor"
EXAMPLES_THERE = "its module has EXAMPLES"
SURVIVES = "it survives every record"
COLUMN = "its column has the declared form"
EXAMPLES_HOLD = "its EXAMPLES hold"
ALONE = "a record's result depends on nothing but the record"
UNCHANGED = "the batch is not changed"

FIRST = (FORM, EXAMPLES_THERE, SURVIVES, COLUMN)
"""Where one of these is broken, the laws after it are not tried."""

LAWS = (EXAMPLES_HOLD, ALONE, UNCHANGED)


def check_extractor(found: str | type[Extractor] | Extractor) -> list[Finding]:
    """Every breach of the contract, none for a good extractor.

    Args:
        found: An extractor with its parameters, a class whose parameters all have defaults, or the name of one.

    Raises:
        PluginError: There is no such extractor.
    """
    plugin: Any = EXTRACTORS.load(found) if isinstance(found, str) else found
    if isinstance(plugin, type):
        plugin = make(plugin, {}, Path.cwd())
    if not isinstance(plugin, Extractor) or not {plugin.reads, plugin.writes} <= PAYLOADS.keys():
        return [Finding(FORM, f"{plugin!r} is no Extractor from one payload to another")]
    examples = getattr(sys.modules[type(plugin).__module__], "EXAMPLES", ())
    if not examples:
        return [Finding(EXAMPLES_THERE, f"{type(plugin).__module__} has none: pairs of payloads")]
    own = [Record(None, {}, **{plugin.reads: payload}) for payload, _ in examples]
    records = [*trial_records(plugin.reads), *own]
    batch = batch_of(records, plugin.reads)
    findings = []
    try:
        column, errors = plugin.extract(batch)
        check_extracted(type(plugin).__name__, plugin, column, errors, batch.num_rows)
        column.validate(full=True)
    except Exception as error:
        law = COLUMN if isinstance(error, HeadraceError) else SURVIVES
        return [Finding(law, f"{type(error).__name__}: {error}")]
    for (payload, expected), given in zip(examples, column.to_pylist()[-len(examples) :], strict=True):
        if given != expected:
            findings.append(Finding(EXAMPLES_HOLD, f"{payload[:60]!r} gives {given!r}, not {expected!r}"))
    for row in range(batch.num_rows):
        alone, error_alone = plugin.extract(batch.slice(row, 1))
        if alone[0].as_py() != column[row].as_py() or error_alone[0] != errors[row]:
            findings.append(Finding(ALONE, f"record {row} gives another when it is alone"))
    if not batch.records.equals(batch_of(records, plugin.reads).records):
        findings.append(Finding(UNCHANGED, "it is another one afterwards"))
    return findings
