"""What a plug-in returned, held against its contract: a column off by one would silently decide on neighbours."""

from collections.abc import Mapping, Sequence, Sized

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from headrace.shards.base.errors import PluginError

from ..batch import Batch
from ..extractors.base import Extractor
from ..filters.base import KEEP, Filter, Occurrences, Verdicts
from ..readers.base import Reader
from ..records import MAX_POSITION, PAYLOADS, record_schema


def check_read(name: str, reader: Reader, batch: pa.RecordBatch, after: int) -> int:
    """Check a batch that a reader gave; returns its last position.

    Args:
        name: The reader's name in the recipe.
        reader: The reader.
        batch: The records.
        after: The last position of the batch before; -1 for the first batch.

    Raises:
        PluginError: The columns are others, positions do not ascend, or a record has neither payload nor error.
    """
    schema = record_schema(reader.payload)
    if not batch.schema.equals(schema):
        raise _breach(f"the reader '{name}'", f"the columns {_columns(batch.schema)}", _columns(schema))
    positions = batch.column("position").to_numpy().astype(np.int64)
    if np.any(np.diff(positions, prepend=after) <= 0) or np.any(positions >= MAX_POSITION):
        found = f"the positions {positions[:4].tolist()} ... after {after}"
        raise _breach(f"the reader '{name}'", found, f"ascending ones, each once, below {MAX_POSITION}")
    lacking = pc.and_(batch.column(reader.payload).is_null(), batch.column("error").is_null()).to_numpy(False)
    if lacking.any():
        found = f"neither at position {positions[lacking][0]}"
        raise _breach(f"the reader '{name}'", found, "a payload or an error for each record")
    return int(positions[-1]) if len(positions) else after


def check_extracted(label: str, plugin: Extractor, column: pa.Array, errors: Sequence[str | None], n: int) -> None:
    """Check what an extractor made of n records.

    Raises:
        PluginError: The column or the errors are of another length or type, or a null has no error.
    """
    who, wanted = f"the extractor '{label}'", PAYLOADS[plugin.writes]
    _check_lengths(who, {"the column": column, "the errors": errors}, n)
    if column.type != wanted:
        raise _breach(who, f"a column of {column.type}", str(wanted))
    if any(error is None for error, null in zip(errors, column.is_null().to_pylist(), strict=True) if null):
        raise _breach(who, "a record with neither a value nor an error", "one of the two for each record")


def check_verdicts(label: str, plugin: Filter, verdicts: Verdicts, batch: Batch) -> None:
    """Check what a filter decided on a batch.

    Raises:
        PluginError: A column is of another length or type, a rule is not one of its reasons, or a filter that says
            that it edits nothing has edited.
    """
    n = batch.num_rows
    parts: dict[str, Sized | None] = {
        "rule": verdicts.rule,
        "value": verdicts.value,
        "threshold": verdicts.threshold,
        "evidence": verdicts.evidence,
        "errors": verdicts.errors,
        "edited": verdicts.edited,
        "edits": verdicts.edits,
    }
    parts |= {f"the score '{name}'": values for name, values in verdicts.scores.items()}
    parts |= {f"the note '{name}'": values for name, values in verdicts.notes.items()}
    who, reasons = f"the filter '{label}'", len(plugin.reasons)
    _check_lengths(who, parts, n)
    if n and not KEEP <= verdicts.rule.min() <= verdicts.rule.max() < reasons:
        found = f"rules from {verdicts.rule.min()} to {verdicts.rule.max()}"
        raise _breach(who, found, f"{KEEP} for a record to keep, or the index of one of its {reasons} reasons")
    waits = verdicts.waits
    if waits is not None:
        _check_waits(who, waits, n)
    if verdicts.edited is None:
        return
    if not plugin.edits:
        raise _breach(who, "an edited column", "none from a filter whose `edits` is False")
    kind = PAYLOADS[plugin.reads]
    if verdicts.edited.type != kind or verdicts.edited.null_count:
        found = f"an edited column of {verdicts.edited.type} with {verdicts.edited.null_count} nulls"
        raise _breach(who, found, f"{kind} without nulls")


def _check_waits(who: str, waits: Occurrences, n: int) -> None:
    if not len(waits.rows) == len(waits.keys) == len(waits.witnesses):
        found = f"{len(waits.rows)} rows, {len(waits.keys)} keys and {len(waits.witnesses)} witnesses in what waits"
        raise _breach(who, found, "as many of each")
    if len(waits.rows) and not 0 <= waits.rows.min() <= waits.rows.max() < n:
        raise _breach(who, f"row {waits.rows.max()} in what waits", f"rows of a batch of {n}")


def _check_lengths(who: str, parts: Mapping[str, Sized | None], n: int) -> None:
    wrong = {name: len(part) for name, part in parts.items() if part is not None and len(part) != n}
    if wrong:
        found = ", ".join(f"{length} in {name}" for name, length in wrong.items())
        raise _breach(who, found, f"{n}, one for each record of the batch")


def _breach(who: str, found: str, expected: str) -> PluginError:
    remedy = "Mend the plug-in: the class that it inherits from says what it must return"
    return PluginError(f"{who} breaks its contract", found=found, expected=expected, remedy=remedy)


def _columns(schema: pa.Schema) -> str:
    return ", ".join(f"{field.name}: {field.type}" for field in schema)
