"""What a reader returned, held against its contract; for filters and extractors see `test_stages`."""

import pyarrow as pa
import pytest

from headrace.pipeline.contracts.returned import check_read
from headrace.pipeline.readers.jsonl import Jsonl
from headrace.pipeline.records import MAX_POSITION, record_schema
from headrace.shards.base.errors import PluginError


def batch(positions, texts=None, errors=None):
    n = len(positions)
    columns = [positions, [None] * n, ["{}"] * n, [1] * n, errors or [None] * n, texts or ["x"] * n]
    return pa.RecordBatch.from_arrays(
        [pa.array(column, field.type) for column, field in zip(columns, record_schema("text"), strict=True)],
        schema=record_schema("text"),
    )


def test_the_last_position_goes_on_to_the_next_batch():
    assert check_read("jsonl", Jsonl(), batch([0, 5, MAX_POSITION - 1]), -1) == MAX_POSITION - 1
    assert check_read("jsonl", Jsonl(), batch([]), 7) == 7
    assert check_read("jsonl", Jsonl(), batch([8], [None], ["cut off"]), 7) == 8


@pytest.mark.parametrize(
    ("given", "after", "told"),
    [
        (batch([5, 5]), -1, "ascending"),
        (batch([5, 4]), -1, "ascending"),
        (batch([5]), 5, "after 5"),
        (batch([MAX_POSITION]), -1, "below"),
        (batch([2**63]), -1, "ascending"),
        (batch([1, 2], ["x", None]), -1, "neither at position 2"),
        (batch([1]).drop_columns(["url"]), -1, "the columns position"),
        (batch([1]).rename_columns(["position", "url", "meta", "bytes", "error", "content"]), -1, "content"),
    ],
)
def test_a_reader_that_breaks_its_contract_stops_the_build(given, after, told):
    with pytest.raises(PluginError, match=f"the reader 'own' breaks its contract.*{told}"):
        check_read("own", Jsonl(), given, after)


READER = """
from headrace.pipeline.readers.jsonl import Jsonl

class Twice(Jsonl):
    def read(self, file, span):
        yield from super().read(file, span)
        file.seek(0)
        yield from super().read(file, span)
"""


def test_a_users_reader_that_gives_records_twice_is_stopped(workshop):
    (workshop.folder / "reader.py").write_text(READER)
    workshop.write_recipe(inputs=[{"path": "in/a.jsonl", "reader": "reader.py:Twice"}])
    with pytest.raises(PluginError, match=r"the reader 'reader\.py:Twice' breaks its contract"):
        workshop.build()
