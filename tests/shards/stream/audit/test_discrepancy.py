"""One thing that went wrong is named."""

import numpy as np
import pytest

from headrace.shards.stream import Stream
from headrace.shards.stream.audit.closed_form import Layout, batch_marks
from headrace.shards.stream.audit.discrepancy import explain
from headrace.shards.stream.delivery.digest import minus

LAYOUT = Layout(12, 2, 1)
START, STOP = 24, 24 + 60


@pytest.fixture(scope="module")
def order(images):
    return Stream(images, seed=3, lanes=4, block=9).order


def said(order, change, rank=1):
    """What is said of the difference that a change of the rank's rows (steps, rows) makes."""
    _, found = batch_marks(order, 12, START, 5)
    rows = found[:, LAYOUT.rows(rank)]
    expected = int(rows.sum(dtype=np.uint64))
    difference = minus(int(sum(map(int, np.ravel(change(rows, found)).tolist())) % 2**64), expected)
    return explain(order, LAYOUT, rank, START, STOP, difference)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda own, all: np.delete(own, 2, axis=0), "its part of the batch at position 48 is missing"),
        (lambda own, all: np.r_[own, own[3:4]], "its part of the batch at position 60 was consumed twice"),
        (
            lambda own, all: np.r_[own[:4], own[:1]],
            "its part of the batch at position 72 is missing, and its part of the batch at position 24 came twice",
        ),
        (lambda own, all: all[:, :6], "it consumed the rows of rank 0 instead of its own"),
        (lambda own, all: own[:0], "it consumed nothing of it"),
        (lambda own, all: own[:2], "more than one of its 5 batches was not consumed as it should be"),
        (lambda own, all: np.delete(own.ravel(), 0), "is missing"),
        (lambda own, all: np.r_[own.ravel(), own[4, 5]], "was consumed twice"),
    ],
)
def test_what_explains_a_digest(order, change, expected):
    assert expected in said(order, change)


def test_a_sample_is_named(order):
    positions, _ = batch_marks(order, 12, START, 5)
    position = int(positions[0, 6])
    number = int(order.locate(np.array([position])).id[0])
    found = said(order, lambda own, all: np.delete(own.ravel(), 0))
    assert found == f"the sample {number} at position {position} is missing"
