"""Exact dedup against a dictionary."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.pipeline.dedup.exact_dedup import ExactDedup
from headrace.pipeline.engine import exchange
from headrace.pipeline.population import Population
from headrace.shards.base.errors import RecipeError

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


VARIANTS = ["One, two.", "one two", "One,  two.", "Ｏne, two.", "ONE TWO!", "one three", "...", "!!!", "..."]


@pytest.mark.parametrize(
    ("normalize", "expected"),
    [
        ([], {8: 6}),
        (["whitespace"], {2: 0, 8: 6}),
        (["unicode"], {3: 0, 8: 6}),
        (["case", "punctuation"], {1: 0, 4: 0, 8: 6}),
        (["case", "punctuation", "whitespace"], {1: 0, 2: 0, 4: 0, 8: 6}),
        (["unicode", "whitespace", "punctuation", "case"], {1: 0, 2: 0, 3: 0, 4: 0, 8: 6}),
    ],
)
def test_texts_that_are_equal_once_normalised(deduplicate, normalize, expected):
    found = deduplicate(ExactDedup(normalize=tuple(normalize)), VARIANTS, [3]).dropped
    assert found == {number: (survivor, 1.0) for number, survivor in expected.items()}


def test_only_texts_can_be_normalised():
    population = Population(1, (0,), ("s/f",), 0, "curate", "image")
    with pytest.raises(RecipeError, match="only texts can be normalised"):
        ExactDedup(normalize=("case",)).steps("exact", population)


@pytest.mark.slow
def test_a_million_equal_records(deduplicate):
    found = deduplicate(ExactDedup(), ["same"] * 1_000_000, [400_000])
    assert len(found.dropped) == 999_999
    assert set(found.dropped.values()) == {(0, 1.0)}
