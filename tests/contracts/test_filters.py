"""Every filter that can be named, on hostile records and on whatever text hypothesis thinks of."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.pipeline.contracts.filters import check_filter
from headrace.pipeline.contracts.trial_records import batch_of
from headrace.pipeline.filters.base import FILTERS, Record

TEXTS = st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=200), min_size=1, max_size=6)


@pytest.mark.parametrize("name", FILTERS.names())
def test_a_filter_keeps_its_contract(name):
    assert check_filter(name) == []


@pytest.mark.parametrize("name", [name for name in FILTERS.names() if FILTERS.load(name).reads in ("text", "")])
@settings(max_examples=40)
@given(texts=TEXTS, cut=st.integers(0, 6))
def test_where_a_batch_is_cut_changes_no_verdict(name, texts, cut):
    plugin = FILTERS.load(name)()
    batch = batch_of([Record(None, {}, text=text) for text in texts], "text")
    whole = plugin.judge(batch)
    parts = [plugin.judge(batch.slice(0, cut)), plugin.judge(batch.slice(min(cut, len(texts))))]
    assert np.concatenate([part.rule for part in parts]).tolist() == whole.rule.tolist()
    for measure, values in whole.scores.items():
        np.testing.assert_array_equal(np.concatenate([part.scores[measure] for part in parts]), values)
