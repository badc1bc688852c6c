import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.shards.format.manifest import Manifest
from headrace.shards.format.writer import ShardWriter
from headrace.shards.stream import Stream
from headrace.shards.stream.delivery.stalls import CAUSES, STALLS, Clock

seconds = st.floats(0, 100)
forks = pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")


@given(st.lists(st.tuples(seconds, st.dictionaries(st.sampled_from(CAUSES), seconds)), max_size=6))
def test_every_second_that_was_waited_has_a_cause(batches):
    clock = Clock()
    for waited, spent in batches:
        clock.waited(waited, spent)
    lap = clock.lap()
    assert sum(lap.stalls.values()) == pytest.approx(sum(waited for waited, _ in batches), abs=1e-6)
    assert sum(lap.work.values()) == pytest.approx(sum(sum(spent.values()) for _, spent in batches))
    assert all(lap.stalls[cause] <= lap.work[cause] + 1e-6 for cause in CAUSES)
    assert set(lap.stalls) == set(STALLS)
    assert lap.batches == len(batches)


def test_a_short_wait_is_shared_out_and_a_long_one_is_the_workers():
    clock = Clock()
    clock.waited(1.0, {"disk": 3.0, "decode": 1.0})
    clock.waited(7.0, {"disk": 2.0})
    lap = clock.lap()
    assert lap.stalls == dict.fromkeys(STALLS, 0.0) | {"disk": 2.75, "decode": 0.25, "workers": 5.0}
    assert clock.lap().stalls == dict.fromkeys(STALLS, 0.0)


def test_no_time_passes_before_it_begins():
    clock = Clock()
    time.sleep(0.01)
    clock.begin()
    assert clock.lap().seconds < 0.01


def slow(name, pause):
    def do(*arguments):
        time.sleep(pause)
        return arguments[0]

    return {name: do}


@pytest.mark.parametrize(
    ("settings", "cause"),
    [
        ({"transform": slow("transform", 0.002)["transform"]}, "transform"),
        ({"codecs": slow("txt", 0.002)}, "decode"),
        ({}, "collate"),
    ],
)
@forks
@pytest.mark.parametrize("workers", [0, 1])
def test_what_is_slow_is_what_is_waited_for(images, settings, cause, workers):
    def collate(samples):
        time.sleep(0.02 if cause == "collate" else 0)
        return samples

    loader = Stream(images, **settings).loader(10, num_workers=workers, collate=collate)
    walk = iter(loader)
    next(walk)
    loader.waits()
    for _ in range(4):
        next(walk)
    waits = loader.waits()
    assert waits.batches == 4
    assert waits.stalled > 0.5
    assert max(CAUSES, key=lambda each: waits.stalls[each]) == cause
    assert waits.work[cause] >= 0.08
    assert sum(waits.shares().values()) == pytest.approx(waits.stalled)
    assert waits.consumer + sum(waits.stalls.values()) == pytest.approx(waits.seconds)


@forks
@pytest.mark.parametrize("workers", [0, 1])
def test_a_store_far_away_is_waited_for_as_network(images, store, workers):
    (store.folder / "set").symlink_to(images)
    loader = Stream(store.http("set"), codecs={}).loader(10, num_workers=workers)
    walk = iter(loader)
    next(walk)
    loader.waits()
    store.latency = 0.05
    for _ in range(6):
        next(walk)
    waits = loader.waits()
    assert waits.stalled > 0.5
    assert max(CAUSES, key=lambda each: waits.stalls[each]) == "network"


def test_files_of_this_machine_are_waited_for_as_disk(tmp_path):
    with ShardWriter(tmp_path, "0.tar") as writer:
        for row in range(4):
            writer.add(str(row), {"bin": bytes(8_000_000)})
    Manifest(kind="samples", name="large", shards=(writer.info,)).save(tmp_path)
    batches = Stream(tmp_path).batches(4, steps=2)
    assert len(list(batches)) == 2
    waits = batches.waits()
    assert max(CAUSES, key=lambda each: waits.stalls[each]) == "disk"


def test_the_consumers_time_is_its_own(images):
    batches = Stream(images).batches(4)
    for number, _ in enumerate(batches):
        time.sleep(0.03)
        if number == 3:
            break
    waits = batches.waits()
    assert waits.consumer >= 0.12
    assert waits.stalled < 0.5
