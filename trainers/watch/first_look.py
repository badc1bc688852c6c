"""What a look at the first records of a run tells before its first step."""

from contextlib import suppress

import numpy as np

from headrace.shards.base.errors import HeadraceError

from ..evals.records import read_records
from ..runs import Run

_RECORDS = 8


def advice_on(run: Run) -> str:
    """What the pretext has to say to the first records of the shards; "" where that is nothing."""
    records = read_records(run.data, np.arange(min(_RECORDS, run.data.manifest.samples)))
    # A record that cannot be read is told, or replaced, when the run comes to it.
    with suppress(HeadraceError, OSError, ValueError):
        return run.pretext.advice(records)
    return ""
