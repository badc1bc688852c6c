"""Batches of texts or images for a filter to judge."""

from collections.abc import Callable

import pyarrow as pa
import pytest

from headrace.pipeline.contracts.trial_records import batch_of
from headrace.pipeline.filters.base import Record


@pytest.fixture
def texts() -> Callable[..., pa.RecordBatch]:
    """A batch of documents."""
    return lambda *contents: batch_of([Record(None, {}, text=text) for text in contents], "text")


@pytest.fixture
def images() -> Callable[..., pa.RecordBatch]:
    """A batch of images."""
    return lambda *contents: batch_of([Record(None, {}, image=image) for image in contents], "image")


@pytest.fixture
def reasons():
    """What a filter says of each record: its reason, None to keep it, or an error in brackets."""

    def name(plugin, batch):
        verdicts = plugin.judge(batch)
        errors = verdicts.errors or [None] * batch.num_rows
        return [
            f"({error})" if error else None if rule < 0 else plugin.reasons[rule]
            for rule, error in zip(verdicts.rule.tolist(), errors, strict=True)
        ]

    return name
