"""A batch's analyses: made once, and after a correction of what changed alone."""

import numpy as np
import pyarrow as pa
import pytest

from headrace.pipeline.batch import FEW, Batch
from headrace.pipeline.kernels.word_hashes import word_hashes

TEXTS = [f"the wheel turns {number} times" for number in range(10)]


class Lengths(list):
    """The analysis of texts whose every call is on record."""

    def replaced(self, rows, by):
        assert len(rows) == len(by)
        told = dict(zip(rows.tolist(), by, strict=True))
        return Lengths(told.get(row, length) for row, length in enumerate(self))


@pytest.fixture
def lengths():
    calls = []

    def analysis(texts):
        calls.append(texts.to_pylist())
        return Lengths(map(len, calls[-1]))

    analysis.calls = calls
    return analysis


def batch_of(texts):
    return Batch(pa.record_batch({"text": pa.array(texts, pa.large_string())}))


def corrected(batch, **changes):
    texts = batch.column("text").to_pylist()
    for row, text in changes.items():
        texts[int(row.removeprefix("row"))] = text
    return batch.with_column("text", pa.array(texts, pa.large_string()))


def test_an_analysis_is_made_once(lengths):
    batch = batch_of(TEXTS)
    assert batch.computed(lengths) == batch.computed(lengths) == [len(text) for text in TEXTS]
    assert lengths.calls == [TEXTS]


def test_what_was_corrected_is_analysed_alone(lengths):
    batch = batch_of(TEXTS)
    batch.computed(lengths)
    twice = corrected(corrected(batch, row3="still"), row7="gone")
    assert twice.computed(lengths) == [len(text) for text in twice.column("text").to_pylist()]
    assert lengths.calls[1:] == [["still", "gone"]]
    assert batch.computed(lengths) == [len(text) for text in TEXTS]


def test_where_much_was_corrected_all_is_analysed_again(lengths):
    batch = batch_of(TEXTS)
    batch.computed(lengths)
    much = corrected(batch, **{f"row{row}": "other" for row in range(len(TEXTS) // FEW + 1)})
    assert much.computed(lengths) == [len(text) for text in much.column("text").to_pylist()]
    assert lengths.calls[1:] == [much.column("text").to_pylist()]


def test_an_analysis_that_cannot_be_replaced_in_part_is_made_again():
    batch = batch_of(TEXTS)
    assert batch.computed(pa.Array.to_pylist) == TEXTS
    assert corrected(batch, row0="x").computed(pa.Array.to_pylist) == ["x", *TEXTS[1:]]


@pytest.mark.parametrize("changes", [{}, {"row0": ""}, {"row9": "stop"}, {"row4": "a b c d e f g h", "row5": "ça va"}])
def test_words_replaced_are_the_words_of_the_corrected_texts(changes):
    batch = batch_of(TEXTS)
    batch.computed(word_hashes)
    edited = corrected(batch, **changes)
    found, wanted = edited.computed(word_hashes), word_hashes(edited.column("text"))
    for name in ("offsets", "hashes", "starts", "stops"):
        one, other = getattr(found, name), getattr(wanted, name)
        assert one.dtype == other.dtype
        np.testing.assert_array_equal(one, other)
