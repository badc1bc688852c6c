import json

import pyarrow as pa
import pytest


@pytest.fixture
def batches():
    """Makes batches as assembly gives them to an output, `rows` records in each."""

    def make(payloads, column="text", rows=2, meta=None):
        kind = pa.large_string() if column == "text" else pa.large_binary()
        n = len(payloads)
        table = pa.table(
            {
                "id": pa.array([f"source/file#{row}" for row in range(n)], pa.large_string()),
                "url": pa.array([f"http://x/{row}" if row % 2 else None for row in range(n)], pa.large_string()),
                "meta": pa.array([json.dumps(meta or {"label": row}) for row in range(n)], pa.large_string()),
                column: pa.array(payloads, kind),
            }
        )
        return iter(table.to_batches(max_chunksize=rows))

    return make
