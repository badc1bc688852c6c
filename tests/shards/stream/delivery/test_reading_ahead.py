"""Whatever is read ahead, batches are those that are read one by one, errors come where they belong, and all ends."""

import os
import threading
from itertools import count

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.shards.base.errors import ShardError
from headrace.shards.format.manifest import Manifest
from headrace.shards.format.packed import Packed
from headrace.shards.format.writer import ShardWriter
from headrace.shards.stream import Stream
from headrace.shards.stream.delivery import reading_ahead
from headrace.shards.stream.delivery.located import AHEAD
from headrace.shards.stream.delivery.reading_ahead import read_ahead
from headrace.shards.stream.order.places import Places
from headrace.shards.stream.sources.columns import Columns
from headrace.shards.stream.sources.reading import Notes, Reading
from headrace.shards.stream.sources.replacement import Replacement

forks = pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")


def batches_of(number_of, rows):
    return [Places(*(np.arange(number * rows, (number + 1) * rows) for _ in range(6))) for number in range(number_of)]


def reading(places):
    text = [f"{number}" for number in places.position.tolist()]
    sizes = places.position % 5
    data = np.repeat(places.position, sizes).astype(np.uint8)
    fields = {"text": text, "number": places.position.copy(), "bytes": Packed(data, np.cumsum([0, *sizes]))}
    replaced = tuple(Replacement(each, each, each + 1, "damaged") for each in places.position.tolist() if each % 7 == 0)
    absent = {"bytes": places.position % 3 == 0}
    notes = Notes(places.position, places.id, replaced, {"disk": 1.0})
    return Reading(Columns(len(places), fields, absent), places, notes)


def same(one, other):
    assert one.found.rows() == other.found.rows()
    assert one.notes.positions.tolist() == one.notes.ids.tolist() == other.notes.ids.tolist()
    assert one.notes.replaced == other.notes.replaced


@pytest.fixture(params=[1, 2])
def cores(request, monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: set(range(request.param)), raising=False)


@given(st.integers(0, 20), st.integers(1, 9), st.sampled_from([1, 300, 1000, 1 << 20]))
def test_batches_are_those_that_are_read_one_by_one(number, rows, together):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reading_ahead, "TOGETHER", together)
        batches = batches_of(number, rows)
        found = list(read_ahead(iter(batches), reading, reading))
    assert len(found) == number
    for one, places in zip(found, batches, strict=True):
        same(one, reading(places))


def test_endless_small_batches_are_not_read_far_ahead(cores):
    asked = []

    def noted(places):
        asked.append(len(places))
        return reading(places)

    found = read_ahead((batches_of(1, 2)[0] for _ in count()), reading, noted)
    for _ in range(5):
        next(found)
    found.close()
    assert set(asked) == {2 * AHEAD}
    assert len(asked) <= 4


def test_what_was_spent_on_a_group_was_spent_before_its_first(cores):
    found = list(read_ahead(iter(batches_of(8, 2)), reading, reading))
    assert [each.notes.seconds for each in found] == [{"disk": 1.0}, {"disk": 1.0}, *[{}] * 6]


@pytest.mark.parametrize("together", [1, 500])
def test_an_error_comes_instead_of_its_batch(cores, monkeypatch, together):
    monkeypatch.setattr(reading_ahead, "TOGETHER", together)

    def fails_at_13(places):
        if 13 in places.position:
            raise ShardError("gone")
        return reading(places)

    found = read_ahead(iter(batches_of(10, 3)), fails_at_13, fails_at_13)
    assert [next(found).notes.ids.tolist() for _ in range(4)] == [[0, 1, 2], [3, 4, 5], [6, 7, 8], [9, 10, 11]]
    with pytest.raises(ShardError, match="gone"):
        next(found)
    assert not threads()


def threads():
    return [each for each in threading.enumerate() if each.name.startswith("headrace-ahead")]


def test_threads_end_with_the_iteration_that_is_left(images, cores):
    walk = iter(Stream(images, codecs={}).batches(3))
    next(walk)
    del walk
    assert not threads()
    for _ in Stream(images, codecs={}).loader(3, steps=5):
        pass
    assert not threads()


def test_nothing_of_a_users_runs_in_a_thread(images, monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {0, 1}, raising=False)
    ran = set()

    def noted(value):
        ran.add(threading.current_thread())
        return value

    streams = [
        Stream(images, codecs={"txt": noted}),
        Stream(images, fields=["npy"], codecs={}, transform=lambda sample, rng: noted(sample)),
    ]
    for stream in streams:
        for batches in (stream.batches(5, steps=9), stream.loader(5, steps=9, collate=noted)):
            assert len(list(batches)) == 9
    assert ran == {threading.main_thread()}


@forks
def test_a_fork_goes_on_with_an_iteration_by_itself(images, monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {0, 1}, raising=False)
    monkeypatch.setattr(reading_ahead, "TOGETHER", 200)
    expected = [batch["__id__"].tolist() for batch in Stream(images, codecs={}).batches(4, epochs=1)]
    walk = iter(Stream(images, codecs={}).batches(4, epochs=1))
    got = [next(walk)["__id__"].tolist() for _ in range(3)]
    child = os.fork()
    if not child:
        os._exit(0 if got + [batch["__id__"].tolist() for batch in walk] == expected else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert got + [batch["__id__"].tolist() for batch in walk] == expected


def test_threads_ask_nothing_of_the_order(images, monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {0, 1}, raising=False)
    stream, asked = Stream(images, codecs={}), []
    fetch = stream.fetch

    def noted(places, instead=None, **options):
        asked.append((threading.current_thread() is threading.main_thread(), instead is None))
        return fetch(places, instead, **options)

    monkeypatch.setattr(stream, "fetch", noted)
    assert len(list(stream.batches(5, steps=9))) == 9
    assert set(asked) == {(True, True), (False, False)}
    assert not Stream(images, codecs={}, second=True).plain


def test_a_field_that_a_whole_batch_lacks_is_none_of_it(tmp_path):
    infos = []
    for shard, field in enumerate(["left", "right"]):
        with ShardWriter(tmp_path, f"{shard}.tar") as writer:
            for row in range(8):
                writer.add(f"{row}", {field: b"%d" % row})
        infos.append(writer.info)
    Manifest(kind="samples", name="sides", shards=tuple(infos)).save(tmp_path)
    stream = Stream(str(tmp_path), codecs={}, lanes=1, block=1)
    batches = stream.batches(1, steps=16)
    names = [sorted(name for name in batch if not name.startswith("__")) for batch in batches]
    assert sorted(names) == [["left"]] * 8 + [["right"]] * 8
