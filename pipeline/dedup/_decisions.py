"""Decisions that drop duplicates for their survivors."""

from typing import Any

import numpy as np
import pyarrow as pa

from ..population import DECISION_SCHEMA


def duplicate_decisions(label: str, number: Any, survivor: Any, similarity: Any, threshold: float) -> pa.Table:
    """Decisions that drop duplicates for their survivors; arrays of one length, similarities in [0, 1]."""
    n = len(number)
    columns = {
        "number": number,
        "fate": ["dropped"] * n,
        "stage": [label] * n,
        "reason": ["duplicate"] * n,
        "value": similarity,
        "threshold": np.full(n, threshold),
        "survivor": survivor,
        "evidence": pa.nulls(n, pa.large_string()),
    }
    return pa.table(columns, schema=DECISION_SCHEMA)
