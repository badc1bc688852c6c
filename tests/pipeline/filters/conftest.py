"""Batches of texts or images for a filter to judge."""

from collections.abc import Callable
from itertools import islice
from pathlib import Path

import pyarrow as pa
import pytest
from fastwarc.warc import ArchiveIterator, WarcRecordType
from resiliparse.extract.html2text import extract_plain_text

from headrace.pipeline.contracts.trial_records import batch_of
from headrace.pipeline.filters.base import NO_KEYS, CountingFilter, Record

CRAWL = Path(__file__).parents[3] / "examples/demo/data/crawl"


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
        # Of what counts over the corpus, what it says once nothing has been found to be frequent.
        verdicts = plugin.judge(batch, NO_KEYS) if isinstance(plugin, CountingFilter) else plugin.judge(batch)
        errors = verdicts.errors or [None] * batch.num_rows
        return [
            f"({error})" if error else None if rule < 0 else plugin.reasons[rule]
            for rule, error in zip(verdicts.rule.tolist(), errors, strict=True)
        ]

    return name


@pytest.fixture(scope="session")
def crawl_pages() -> list[str]:
    """The texts of some pages of the demo's crawl: manuals, and one declaration in many languages."""
    texts = []
    for name in ("python-3.13", "postgresql-17", "udhr"):
        with (CRAWL / f"{name}.warc.gz").open("rb") as file:
            pages = ArchiveIterator(file, record_types=WarcRecordType.response)
            texts += [extract_plain_text(page.reader.read().decode("utf-8", "replace")) for page in islice(pages, 20)]
    return texts
