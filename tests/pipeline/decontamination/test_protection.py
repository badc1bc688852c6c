"""What of a benchmark is looked for, and what is listed."""

import pytest

from headrace.pipeline.decontamination.listing import coverage
from headrace.pipeline.decontamination.protection import protect
from headrace.pipeline.decontamination.windows import REASONS, Terms
from headrace.shards.base.errors import InputError

NINE = "one two three four five six seven eight nine"


def listed(protection):
    return coverage(protection)["exam"]


def lengths(protection):
    return {lookup.index.n: len(lookup.index.hashes) for lookup in protection.lookups}


def test_passages_are_protected_by_ngrams_or_whole_or_not_at_all(guard):
    found = guard(NINE, "one two three", "one", "", "?!", n=4, min_words=3)
    assert listed(found) == {"items": 5, "whole": ("1",), "unprotected": ("2", "3", "4")}
    assert lengths(found) == {4: 6, 3: 1}


def test_an_ngram_that_several_items_have_is_looked_for_once(guard):
    assert lengths(guard(NINE, NINE.upper())) == {4: 6}


def test_in_scripts_without_spaces_lengths_are_doubled(guard):
    found = guard("今日はいい天気ですね", "今日はいい", "今日は", n=4, min_words=2)
    assert lengths(found) == {8: 3, 5: 1}
    assert listed(found) == {"items": 3, "whole": ("1",), "unprotected": ("2",)}
    # Most of the words decide.
    assert 4 in lengths(guard("the word 天気 means the weather today", n=4))


def test_what_has_few_characters_is_listed_and_not_looked_for(guard):
    found = guard("1 2 3 4 5 fifteen", min_characters=5)
    assert found.excluded == {REASONS[1]: ["1 2 3 4", "2 3 4 5"]}
    assert lengths(found) == {4: 1}
    assert listed(guard("1 2 3 4 5", min_characters=5))["unprotected"] == ("0",)
    # A character of a script without spaces counts for two.
    assert listed(guard("天気天気天気天気", min_characters=16))["unprotected"] == ()
    assert listed(guard("天気天気天気天気", min_characters=17))["unprotected"] == ("0",)


def test_ngrams_of_excluded_texts_are_listed_and_not_looked_for(guard, tmp_path):
    (tmp_path / "common.txt").write_text("\nThree, FOUR five: six SEVEN\n")
    found = guard(NINE, "four five six seven", exclude=tmp_path / "common.txt")
    assert found.excluded == {REASONS[2]: ["four five six seven", "three four five six"]}
    assert lengths(found) == {4: 4}
    assert listed(found)["unprotected"] == ("1",)


def test_a_text_that_would_exclude_nothing_is_refused(guard, tmp_path):
    (tmp_path / "common.txt").write_text("four five six seven\nfive - six!\n")
    with pytest.raises(InputError, match=r"excludes nothing\. Found: 'five - six!'\. Expected: at least 4 words"):
        guard(NINE, exclude=tmp_path / "common.txt")
    (tmp_path / "common.txt").write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match="cannot be read"):
        guard(NINE, exclude=tmp_path / "common.txt")


def test_two_benchmarks_of_one_name_are_refused(bench):
    with pytest.raises(InputError, match="two benchmarks are called 'exam'"):
        protect((bench(NINE), bench(NINE)), Terms())
