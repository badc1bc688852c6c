"""The laws of the exchange, against rows grouped by hand."""

from itertools import accumulate

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.pipeline.engine import exchange

partition_counts = st.integers(1, 9)
keys = st.lists(st.integers(0, 2**64 - 1), max_size=30)


def table_of(rows):
    numbers, texts = [row for row, _ in rows], [text for _, text in rows]
    return pa.table({"number": pa.array(numbers, pa.uint64()), "text": pa.array(texts, pa.large_string())})


@st.composite
def written(draw):
    """Some files' rows, (number, text) with their destinations, and the number of partitions."""
    partitions = draw(partition_counts)
    row = st.tuples(st.integers(0, 2**64 - 1), st.one_of(st.none(), st.text(max_size=5)))
    sent = st.lists(st.tuples(row, st.integers(0, partitions - 1)), max_size=20)
    return partitions, draw(st.lists(sent, min_size=1, max_size=5))


def write_all(folder, partitions, files):
    paths = [folder / f"{index}.arrow" for index in range(len(files))]
    for path, sent in zip(paths, files, strict=True):
        destination = np.array([place for _, place in sent], np.int64)
        exchange.write(path, table_of([row for row, _ in sent]), destination, partitions)
    return paths


@given(written())
def test_every_row_arrives_once_at_its_partition_in_the_order_of_the_files(tmp_path_factory, case):
    partitions, files = case
    paths = write_all(tmp_path_factory.mktemp("exchange"), partitions, files)
    for partition in range(partitions):
        expected = table_of([row for sent in files for row, place in sent if place == partition])
        assert exchange.read(paths, partition).equals(expected)


@given(written(), st.lists(st.integers(1, 3), min_size=1))
def test_merged_files_read_as_those_they_were_made_of(tmp_path_factory, case, sizes):
    partitions, files = case
    folder = tmp_path_factory.mktemp("exchange")
    paths = write_all(folder, partitions, files)
    merged = []
    starts = [start for start in accumulate(sizes, initial=0) if start < len(paths)]
    for start, stop in zip(starts, [*starts[1:], len(paths)], strict=True):
        merged.append(folder / f"merged-{start}.arrow")
        exchange.merge(paths[start:stop], merged[-1])
    for partition in range(partitions):
        assert exchange.read(merged, partition).equals(exchange.read(paths, partition))


@given(keys, partition_counts)
def test_partitions_are_ranges_of_keys(found, partitions):
    ordered = np.sort(np.array(found, np.uint64))
    places = exchange.partition_of(ordered, partitions)
    assert np.all(np.diff(places) >= 0)
    assert all(0 <= place < partitions for place in places)


def test_partitions_of_random_keys_are_equally_large():
    spread = np.random.default_rng(1).integers(0, 2**64, 70_000, np.uint64)
    sizes = np.bincount(exchange.partition_of(spread, 7), minlength=7)
    assert sizes.min() > 9_500
    assert sizes.max() < 10_500


@pytest.mark.parametrize(("size", "partitions"), [(0, 1), (1, 1), (64 << 20, 1), ((64 << 20) + 1, 2), (1 << 40, 16384)])
def test_partitions_are_sized_by_bytes(size, partitions):
    assert exchange.partitions_for(size) == partitions


@given(st.integers(0, 5_000))
def test_merge_groups_cover_every_file_once_and_leave_few(files):
    groups = exchange.merge_groups(files)
    if files <= exchange.MAX_FILES:
        assert groups == []
    else:
        assert [index for group in groups for index in group] == list(range(files))
        assert len(groups) <= exchange.MAX_FILES
        assert max(map(len, groups)) <= exchange.MAX_FILES


def test_the_rows_of_a_table_in_many_chunks_arrive(tmp_path):
    table = pa.concat_tables([table_of([(index, str(index))]) for index in range(10)])
    exchange.write(tmp_path / "x", table, np.arange(10) % 2, 2)
    assert exchange.read([tmp_path / "x"], 1).column("number").to_pylist() == [1, 3, 5, 7, 9]


def test_reading_nothing_is_refused():
    with pytest.raises(ValueError, match="at least one"):
        exchange.read([], 0)
