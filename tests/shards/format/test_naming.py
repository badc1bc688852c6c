"""Our names against WebDataset's own grouping rule."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from webdataset.tariterators import base_plus_ext

from headrace.shards.base.errors import ShardError
from headrace.shards.format.naming import check_field, check_key, split_member


@given(st.text("ab./A_é-", max_size=12))
def test_members_are_split_as_webdataset_splits_them(name: str) -> None:
    key, field = base_plus_ext(name)
    expected = None if key is None else (key, field.lower())
    assert split_member(name) == expected


@given(st.text(max_size=8), st.text("abz09._-+", max_size=8))
def test_what_is_accepted_is_read_back_as_it_is(key: str, field: str) -> None:
    try:
        check_key(key)
        check_field(field)
    except ShardError:
        return
    assert split_member(f"{key}.{field}") == (key, field)
    assert base_plus_ext(f"{key}.{field}") == (key, field)


@pytest.mark.parametrize("key", ["0", "000017", "a b", "dogs/017", "v1.2/x", "ключ", "日本/語", "a_b-c+d", "x__"])
def test_good_keys(key: str) -> None:
    check_key(key)


@pytest.mark.parametrize(
    "key",
    ["", ".", "..", "a.b", "/a", "a/", "a//b", "../a", "a/../b", "./a", "a\\b", "a\nb", "a\0", "__a__/b", "\ud800"],
)
def test_bad_keys(key: str) -> None:
    with pytest.raises(ShardError, match="key"):
        check_key(key)


@pytest.mark.parametrize("field", ["", ".txt", "TXT", "a/b", "txt.", "a..b", "é", "a b", "__key__"])
def test_bad_fields(field: str) -> None:
    with pytest.raises(ShardError, match="field"):
        check_field(field)


def test_webdatasets_own_metadata_is_skipped() -> None:
    assert split_member("__meta__/a.txt") is None
