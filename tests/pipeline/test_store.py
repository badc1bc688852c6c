"""Records fetched by their numbers, against a dictionary."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.pipeline.engine.tasks import task_name
from headrace.pipeline.population import RECORDS
from headrace.pipeline.store import RecordStore

SCHEMA = pa.schema([("number", pa.uint64()), ("url", pa.large_string()), ("text", pa.large_string())])


def text_of(number):
    return f"text {number} " * (number % 5)


def write_splits(root, splits, phase="curate"):
    """`splits` lists the batches, of record numbers, of each split."""
    for index, batches in enumerate(splits):
        folder = root / task_name(phase, index)
        folder.mkdir(parents=True)
        with pa.OSFile(str(folder / RECORDS), "wb") as file, pa.ipc.new_file(file, SCHEMA) as writer:
            for numbers in batches:
                columns = {"number": numbers, "url": [None] * len(numbers), "text": list(map(text_of, numbers))}
                writer.write_batch(pa.RecordBatch.from_pydict(columns, SCHEMA))


@st.composite
def stores(draw):
    """Splits of batches of ascending numbers, the first number of each split, and some of the numbers in any order."""
    numbers = sorted(draw(st.sets(st.integers(0, 2**63), min_size=1, max_size=40)))
    cuts = sorted(draw(st.lists(st.integers(0, len(numbers)), max_size=8)))
    batches = [numbers[a:b] for a, b in zip([0, *cuts], [*cuts, len(numbers)], strict=True)]
    splits, starts = [], []
    for batch in batches:
        if not splits or (batch and draw(st.booleans())):
            splits.append([])
            starts.append(batch[0] if splits[1:] else 0)
        splits[-1].append(batch)
    return splits, starts, draw(st.lists(st.sampled_from(numbers), min_size=1, max_size=60))


@given(stores())
def test_records_come_in_the_order_in_which_they_are_asked_for(tmp_path_factory, case):
    splits, starts, wanted = case
    root = tmp_path_factory.mktemp("store")
    write_splits(root, splits)
    store = RecordStore(root, ["curate"], starts)
    numbers = np.array(wanted, np.uint64)
    assert store.fetch(numbers, ["text", "number"]).to_pylist() == [
        {"text": text_of(number), "number": number} for number in wanted
    ]
    assert store.sizes(numbers, "text").tolist() == [len(text_of(number)) for number in wanted]


@given(stores(), st.data())
def test_what_several_phases_wrote_is_one_store(tmp_path_factory, case, data):
    splits, starts, wanted = case
    root = tmp_path_factory.mktemp("store")
    waited = data.draw(st.sets(st.sampled_from([number for split in splits for batch in split for number in batch])))
    again = data.draw(st.sets(st.sampled_from(sorted(waited)))) if waited else set()
    write_splits(root, [[[each for each in batch if each not in waited] for batch in split] for split in splits])
    for phase, own in (("one", waited - again), ("two", again)):
        write_splits(root, [[[each for each in batch if each in own] for batch in split] for split in splits], phase)
    store = RecordStore(root, ["curate", "one", "two"], starts)
    numbers = np.array(wanted, np.uint64)
    assert store.fetch(numbers, ["text", "number"]).to_pylist() == [
        {"text": text_of(number), "number": number} for number in wanted
    ]
    assert store.sizes(numbers, "text").tolist() == [len(text_of(number)) for number in wanted]


@given(stores(), st.integers(1, 200))
def test_chunks_are_the_same_records_cut_by_bytes(tmp_path_factory, case, target):
    splits, starts, wanted = case
    root = tmp_path_factory.mktemp("store")
    write_splits(root, splits)
    store = RecordStore(root, ["curate"], starts)
    numbers = np.array(wanted, np.uint64)
    chunks = list(store.chunks(numbers, store.sizes(numbers, "text"), ["number", "text"], target))
    assert [number for chunk in chunks for number in chunk.column("number").to_pylist()] == wanted
    for chunk in chunks:
        size = sum(map(len, chunk.column("text").to_pylist()))
        assert size <= target or chunk.num_rows == 1


@pytest.mark.parametrize("missing", [0, 5, 12, 15, 99])
def test_a_number_that_is_not_there_is_an_error(tmp_path, missing):
    write_splits(tmp_path, [[[1, 2], [], [6]], [[]], [[13, 14], [20]]])
    store = RecordStore(tmp_path, ["curate"], [0, 10, 13])
    with pytest.raises(KeyError, match=str(missing)):
        store.fetch(np.array([14, missing, 1], np.uint64), ["text"])


def test_more_splits_than_are_kept_open(tmp_path, monkeypatch):
    monkeypatch.setattr("headrace.pipeline.store.OPEN_SPLITS", 2)
    write_splits(tmp_path, [[[10 * split]] for split in range(5)])
    store = RecordStore(tmp_path, ["curate"], [10 * split for split in range(5)])
    wanted = [40, 0, 30, 10, 20, 0, 40]
    for _ in range(2):
        assert store.fetch(np.array(wanted, np.uint64), ["number"]).column("number").to_pylist() == wanted


def test_the_pages_of_files_are_not_kept(tmp_path):
    write_splits(tmp_path, [[[number] for number in range(10 * split, 10 * split + 10)] for split in range(5)])
    store = RecordStore(tmp_path, ["curate"], [10 * split for split in range(5)])
    wanted = np.arange(50, dtype=np.uint64)
    store.fetch(wanted, ["number", "text"])
    store.sizes(wanted, "text")
    kept, file = {}, ""
    for line in Path("/proc/self/smaps").read_text().splitlines():
        if str(tmp_path) in line:
            file = line.split()[-1]
        elif file and line.startswith("Rss:"):
            kept[file], file = int(line.split()[1]), ""
    assert len(kept) == 5
    assert not any(kept.values())
