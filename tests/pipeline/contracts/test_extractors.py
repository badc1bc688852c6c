"""The extractor contract finds each kind of breach."""

from dataclasses import dataclass

import pyarrow as pa
import pytest

from headrace.pipeline.contracts.extractors import check_extractor
from headrace.pipeline.extractors.base import Extractor

EXAMPLES = ((b"abc", "3"), (b"", None))


@dataclass(frozen=True)
class Sizes(Extractor):
    """How many bytes a page has; an empty one fails."""

    reads = "content"
    writes = "text"

    def extract(self, batch):
        sizes = [len(page) for page in batch.column("content").to_pylist()]
        texts = pa.array([str(size) if size else None for size in sizes], pa.large_string())
        return texts, [None if size else "the page is empty" for size in sizes]


def laws(extractor):
    return {finding.law for finding in check_extractor(extractor)}


def test_a_good_extractor_passes():
    assert check_extractor(Sizes) == []


class Neighbourly(Sizes):
    def extract(self, batch):
        texts, errors = super().extract(batch)
        return pa.array([text.as_py() and str(batch.num_rows) for text in texts], pa.large_string()), errors


class Wrong(Sizes):
    def extract(self, batch):
        texts, errors = super().extract(batch)
        return texts.cast(pa.string()), errors


class Silent(Sizes):
    def extract(self, batch):
        return super().extract(batch)[0], [None] * batch.num_rows


class Raising(Sizes):
    def extract(self, batch):
        for page in batch.column("content").to_pylist():
            page.decode()
        return super().extract(batch)


class Forgetful(Sizes):
    writes = "nothing"


@pytest.mark.parametrize(
    ("extractor", "law"),
    [
        (Neighbourly, "a record's result depends on nothing but the record"),
        (Wrong, "its column has the declared form"),
        (Silent, "its column has the declared form"),
        (Raising, "it survives every record"),
        (Forgetful, "it has the form of an extractor"),
    ],
)
def test_each_breach_is_found(extractor, law):
    assert law in laws(extractor())
