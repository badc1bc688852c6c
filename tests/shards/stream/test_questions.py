import numpy as np
import pytest

from headrace.shards.base.errors import StateError, UsageError
from headrace.shards.stream import Stream
from headrace.shards.stream.questions import samples_of_step, visits_of_sample


def walked(stream, chain):
    """All batches of a run that goes through the batch sizes of a chain, and its last state."""
    found, state = [], None
    for size, count in chain:
        batches = stream.batches(size, start=state, steps=1)
        for _ in range(count):
            found += list(batches)
        state = batches.state_dict()
    return found, state


def test_a_step_held_what_was_delivered_in_it(images):
    stream = Stream(images, seed=4)
    batches, state = walked(stream, [(16, 3), (10, 4)])
    for step, batch in enumerate(batches):
        answer = samples_of_step(Stream(images, seed=4), step, state=state)
        assert (answer.step, answer.batch_size) == (step, len(batch["__key__"]))
        assert [visit.key for visit in answer.visits] == batch["__key__"]
        assert [visit.id for visit in answer.visits] == batch["__id__"].tolist()
        assert [visit.epoch for visit in answer.visits] == batch["__epoch__"].tolist()
        assert [visit.position for visit in answer.visits] == batch["__position__"].tolist()
        assert {visit.shard[:5] for visit in answer.visits} <= {f"{shard:05d}" for shard in range(7)}


def test_a_step_of_a_run_of_one_batch_size_needs_no_state(images, words):
    stream = Stream(images)
    last = list(stream.batches(16, steps=5))[-1]
    assert [visit.key for visit in samples_of_step(stream, 4, 16).visits] == last["__key__"]
    windows = Stream(words, window=8)
    (batch,) = windows.batches(4, steps=1)
    assert [visit.key for visit in samples_of_step(windows, 0, 4).visits] == batch["__key__"]


def test_questions_without_an_answer_are_refused(images):
    stream = Stream(images)
    state = stream.batches(4).state_dict()
    for settings in ({}, {"batch_size": 4, "state": state}, {"batch_size": 0}):
        with pytest.raises(UsageError, match="batch size"):
            samples_of_step(stream, 0, **settings)
    with pytest.raises(UsageError, match="no such step"):
        samples_of_step(stream, -1, 4)
    with pytest.raises(StateError):
        samples_of_step(Stream(images, seed=9), 0, state=state)


def test_visits_of_a_sample_are_where_it_is_read(images):
    stream = Stream(images, seed=4)
    found = visits_of_sample(stream, 40, epochs=3)
    assert [visit.epoch for visit in found] == [0, 1, 2]
    assert {visit.id for visit in found} == {40}
    read = stream.read(np.array([visit.position for visit in found]))
    assert [sample["__key__"] for sample in read] == [visit.key for visit in found]
    with pytest.raises(UsageError, match="0 to 73"):
        visits_of_sample(stream, 74, 1)
