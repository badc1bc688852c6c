"""What is counted, against sets in a dictionary."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.pipeline.counting import held
from headrace.pipeline.counting.count import Count, frequent_keys
from headrace.pipeline.counting.held import Held, fewest_witnesses, held_file, read_held
from headrace.pipeline.engine.tasks import execute as run
from headrace.pipeline.engine.tasks import make_task, task_name
from headrace.pipeline.stages import Waiting

PAIRS = st.lists(st.tuples(st.sampled_from([0, 5, 2**40, 2**63, 2**64 - 1]), st.integers(0, 6)), max_size=40)


def as_arrays(pairs):
    return np.array(pairs, np.uint64).reshape(-1, 2).T


def waiting(pairs, records=1):
    keys, witnesses = as_arrays(pairs)
    return Waiting(pa.record_batch({"number": list(range(records))}), keys, witnesses)


def witnesses_by_key(pairs, most):
    found = {}
    for key, witness in pairs:
        found.setdefault(key, set()).add(witness)
    return {key: sorted(each)[:most] for key, each in found.items()}


@given(parts=st.lists(PAIRS, max_size=5), most=st.integers(1, 8))
def test_the_least_witnesses_of_each_key_are_kept_however_pairs_are_put_together(parts, most):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(held, "MOST_WITNESSES", most)
        at_once = fewest_witnesses([as_arrays([pair for part in parts for pair in part])])
        in_steps = fewest_witnesses([fewest_witnesses([as_arrays(part)]) for part in parts])
    assert at_once.tolist() == in_steps.tolist()
    expected = witnesses_by_key([pair for part in parts for pair in part], most)
    assert at_once.T.tolist() == [[key, each] for key, some in sorted(expected.items()) for each in some]


@given(parts=st.lists(PAIRS, min_size=1, max_size=4), partitions=st.integers(1, 5), most=st.integers(1, 5))
def test_frequent_are_the_keys_with_more_witnesses_for_any_tasks_and_ranges(
    tmp_path_factory, unsynced, parts, partitions, most
):
    root = tmp_path_factory.mktemp("counted")
    for split, pairs in enumerate(parts):
        folder = root / task_name("scored", split)
        folder.mkdir(parents=True)
        kept = Held(folder)
        for start in range(0, len(pairs), 7):
            kept.add({"exam": waiting(pairs[start : start + 7])})
        kept.write()
    tasks = [
        make_task("count", index, Count("exam", (("scored", len(parts)),), index, partitions, most))
        for index in range(partitions)
    ]
    done = [run(root, task) for task in tasks]
    expected = witnesses_by_key([pair for part in parts for pair in part], 99)
    frequent = sorted(key for key, each in expected.items() if len(each) > most)
    assert frequent_keys(root, [each.name for each in done]).tolist() == frequent
    assert sum(each.stats["counted"] for each in done) == len(expected)


def test_what_waits_is_kept_by_stage(tmp_path):
    kept = Held(tmp_path)
    kept.add({"one": waiting([(1, 1), (1, 1)], records=2)})
    kept.add({"one": waiting([(1, 2)], records=3), "two": waiting([], records=1)})
    assert kept.write() == {"waiting": {"one": 5, "two": 1}, "pairs": {"one": 2, "two": 0}}
    assert [batch.num_rows for batch in read_held(tmp_path / held_file("one"))] == [2, 3]
    assert list(read_held(tmp_path / held_file("three"))) == []


def test_pairs_beyond_the_most_are_let_go_on_the_way(tmp_path, monkeypatch):
    monkeypatch.setattr(held, "MOST_WITNESSES", 4)
    monkeypatch.setattr(held, "BUFFERED", 10)
    kept = Held(tmp_path)
    for start in range(0, 400, 5):
        kept.add({"exam": waiting([(7, witness) for witness in range(start, start + 5)])})
        assert sum(each.shape[1] for each in kept._pairs["exam"]) < 30
    assert kept.write()["pairs"] == {"exam": 4}
