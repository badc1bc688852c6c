from itertools import pairwise

import pytest

from headrace.pipeline.kernels.unicode_ranges import SENTENCE_TERMINAL_RANGES, UNSPACED_RANGES


@pytest.mark.parametrize("ranges", [SENTENCE_TERMINAL_RANGES, UNSPACED_RANGES])
def test_ranges_are_sorted_and_apart(ranges):
    assert all(first <= last for first, last in ranges)
    assert all(last + 1 < first for (_, last), (first, _) in pairwise(ranges))


def test_the_marks_that_end_sentences_are_as_many_as_unicode_17_has():
    assert sum(last - first + 1 for first, last in SENTENCE_TERMINAL_RANGES) == 172
