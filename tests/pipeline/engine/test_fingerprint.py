"""Fingerprints: everything that shapes an output changes them, and nothing else does."""

import os
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.pipeline.engine.fingerprint import file_digest, fingerprint
from headrace.pipeline.plugin import PluginSpec
from headrace.pipeline.readers.base import Span
from headrace.pipeline.recipe import FILTERS

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@given(values, values)
def test_equal_things_and_only_those_have_equal_fingerprints(first, second):
    assert (fingerprint(first) == fingerprint(second)) == _same(first, second)


def _same(first, second):
    """Equal, and of one type all the way down: true is not 1."""
    if isinstance(first, dict) and isinstance(second, dict):
        return first.keys() == second.keys() and all(_same(first[key], second[key]) for key in first)
    if isinstance(first, list) and isinstance(second, list):
        return len(first) == len(second) and all(map(_same, first, second))
    return type(first) is type(second) and first == second


def test_parts_are_kept_apart():
    assert len({fingerprint(*parts) for parts in (["ab"], ["a", "b"], ["b", "a"], ["", "ab"], [["a", "b"]])}) == 5


def test_a_dataclass_counts_with_its_name():
    @dataclass(frozen=True)
    class Stretch:
        start: int
        stop: int

    assert fingerprint(Span(0, 5)) != fingerprint(Span(0, 6))
    assert fingerprint(Span(0, 5)) != fingerprint(Stretch(0, 5))
    assert fingerprint(Span(0, 5)) == fingerprint(Span(0, 5))


@pytest.mark.parametrize("part", [object(), float("nan"), {1, 2}, b"bytes"])
def test_what_has_no_canonical_form_is_refused(part):
    with pytest.raises((TypeError, ValueError)):
        fingerprint(part)


def test_a_files_digest_follows_its_contents(tmp_path):
    path = tmp_path / "model"
    path.write_bytes(b"one")
    first = file_digest(path)
    os.utime(path, (1, 1))
    assert file_digest(path) == first
    path.write_bytes(b"two")
    assert file_digest(path) != first


SOURCE = """\
from headrace.pipeline.filters.base import Drop, record_filter

@record_filter("few", version={version})
def few_words(record, least: int = 3):
    return None
"""


def spec(folder, parameters="{}", version=1):
    folder.mkdir(exist_ok=True)
    (folder / "own.py").write_text(SOURCE.format(version=version))
    return PluginSpec(FILTERS, "own.py:few_words", parameters, str(folder))


def test_a_plug_in_counts_with_its_name_its_parameters_and_its_file(tmp_path):
    same = [spec(tmp_path / "a").fingerprint(), spec(tmp_path / "b").fingerprint()]
    assert len(set(same)) == 1
    others = [
        spec(tmp_path / "c", '{"least": 4}').fingerprint(),
        spec(tmp_path / "d", version=2).fingerprint(),
        PluginSpec(FILTERS, "length", "{}", str(tmp_path)).fingerprint(),
    ]
    assert len({*same, *others}) == 4
