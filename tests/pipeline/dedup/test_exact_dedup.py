"""Exact dedup against a dictionary."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.pipeline.dedup.exact_dedup import ExactDedup
from headrace.pipeline.engine import exchange

texts = st.lists(st.sampled_from(["", "a", "A", "ab", "b" * 100, "é", "é"]) | st.text(max_size=2), max_size=25)


def reference(texts, dead=()):
    """Of equal texts the first that is alive survives."""
    first, dropped = {}, {}
    for number, text in enumerate(texts):
        if number not in dead and first.setdefault(text, number) != number:
            dropped[number] = (first[text], 1.0)
    return dropped


@given(texts, st.lists(st.integers(0, 25), max_size=4), st.sets(st.integers(0, 24), max_size=4))
@settings(max_examples=40)
def test_the_first_of_equal_records_stays(deduplicate, texts, cuts, dead):
    alive = [number for number in dead if number < len(texts)]
    assert deduplicate(ExactDedup(), texts, cuts, dead=alive).dropped == reference(texts, alive)


@pytest.mark.parametrize("partitions", [1, 18])
@pytest.mark.parametrize("files", [2, 512])
def test_partitions_and_merging_change_nothing(deduplicate, monkeypatch, partitions, files):
    monkeypatch.setattr(exchange, "MAX_FILES", files)
    monkeypatch.setattr(exchange, "PARTITION_BYTES", -(-32 * 300 // partitions))
    texts = [str(number % 90) for number in range(300)]
    found = deduplicate(ExactDedup(), texts, [10, 100, 101, 200])
    assert found.dropped == reference(texts)
    assert len(found.results["near.match"].done) == partitions
    assert ("near.digest-merge" in found.results) == (files == 2)


def test_a_thousand_equal_records_have_one_survivor(deduplicate):
    found = deduplicate(ExactDedup(), ["same"] * 1000, [400])
    assert found.dropped == dict.fromkeys(range(1, 1000), (0, 1.0))


def test_no_record_at_all(deduplicate):
    assert deduplicate(ExactDedup(), [], []).dropped == {}
    assert deduplicate(ExactDedup(), ["a", "a"], [1, 1], dead=[0, 1]).dropped == {}
