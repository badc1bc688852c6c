import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.shards.base.errors import UsageError
from headrace.shards.stream import Stream
from headrace.shards.stream.sources.windows import window_counts

DOCUMENTS = [[7, 0, 40, 3], [1], [25, 25, 1]]


def test_counts():
    tokens = np.array([0, 1, 2, 8, 9, 10])
    assert window_counts(tokens, 4).tolist() == [0, 0, 0, 1, 2, 2]
    assert window_counts(tokens, 1).tolist() == [0, 0, 1, 7, 8, 9]


@given(st.integers(1, 50))
def test_windows_are_the_stretches_of_their_shard(words, window):
    stream = Stream(words, window=window, lanes=3)
    expected = {}
    for shard, lengths in enumerate(DOCUMENTS):
        row, ends = np.arange(sum(lengths)) + 1000 * shard, np.cumsum(lengths)
        for number in range(max(len(row) - 1, 0) // window):
            start, stop = number * window, number * window + window + 1
            inside = [int(end) - start for end in ends if start < end <= stop]
            expected[f"{shard:05d}.tar/{number}"] = (row[start:stop].tolist(), inside)
    found = {
        sample["__key__"]: (sample["tokens"].tolist(), sample["ends"].tolist())
        for sample in stream.read(np.arange(stream.samples))
    }
    assert found == expected


def test_batches_of_windows_have_their_ends_packed(words):
    stream = Stream(words, window=10)
    batch = next(iter(stream.batches(stream.samples)))
    assert batch["tokens"].shape == (stream.samples, 11)
    assert batch["tokens"].dtype == np.uint16
    samples = stream.read(np.arange(stream.samples))
    assert [batch["ends"].value(row).tolist() for row in range(stream.samples)] == [
        sample["ends"].tolist() for sample in samples
    ]
    assert batch["ends"].data.dtype == np.int64


def test_windows_may_be_written_to(words):
    (sample,) = Stream(words, window=10).read(np.array([0]))
    sample["tokens"][0] = 1
    sample["ends"][:] = 1


def test_a_window_without_tokens_is_refused(words):
    with pytest.raises(UsageError, match="window=0"):
        Stream(words, window=0)
    with pytest.raises(UsageError, match=r"no window of 1,000 tokens fits.*51 tokens in the longest"):
        Stream(words, window=1000)
