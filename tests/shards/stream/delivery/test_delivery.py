"""What was delivered is right at every moment, though workers are ahead, die, or are left in the midst."""

import json
import multiprocessing
import os
import signal
import sys
import time
from collections import deque

import numpy as np
import pytest
import torch
import torch.distributed.checkpoint as dcp
from torch.distributed.checkpoint.stateful import Stateful

from headrace.shards.base.errors import StreamError, UsageError
from headrace.shards.stream import Stream
from headrace.shards.stream.delivery.digest import digest

N = 74
forks = pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
SLOW = """
import time

def slow(sample, rng):
    time.sleep(0.005)
    return sample
"""
PERSISTENT = {"num_workers": 2, "persistent_workers": True, "prefetch_factor": 3}


def positions(batches):
    return [np.asarray(batch["__position__"]).tolist() for batch in batches]


def expected(images, steps, size=8):
    return positions(Stream(images, seed=2).batches(size, steps=steps))


@forks
@pytest.mark.parametrize("workers", [{}, {"num_workers": 1}, PERSISTENT])
def test_iterations_that_are_closed_early_lose_nothing(images, workers):
    loader = Stream(images, seed=2).loader(8, **workers)
    found = []
    for count in (1, 3, 0, 2):
        walk = iter(loader)
        found += [positions([next(walk)])[0] for _ in range(count)]
        del walk
        assert loader.state_dict()["position"] == 8 * len(found)
    assert found == expected(images, 6)


@forks
@pytest.mark.parametrize("workers", [{}, PERSISTENT])
def test_an_iteration_is_over_when_another_begins_or_a_state_is_loaded(images, workers):
    loader = Stream(images, seed=2).loader(8, **workers)
    first = iter(loader)
    next(first)
    state = loader.state_dict()
    second = iter(loader)
    assert positions([next(second)]) == expected(images, 2)[1:]
    with pytest.raises(UsageError, match="this iteration is over"):
        next(first)
    loader.load_state_dict(state)
    with pytest.raises(UsageError, match="this iteration is over"):
        next(second)
    assert positions([next(iter(loader))]) == expected(images, 2)[1:]


@forks
@pytest.mark.parametrize("workers", [{}, {"num_workers": 2}])
def test_the_digest_is_that_of_what_was_delivered(images, workers):
    loader = Stream(images, seed=2).loader(10, rank=1, world_size=2, **workers)
    assert loader.digest == 0
    found, walk = 0, iter(loader)
    for _ in range(5):
        batch = next(walk)
        found += digest(batch["__position__"].numpy(), batch["__id__"].numpy())
        assert loader.digest == found % 2**64
    loader.load_state_dict(loader.state_dict())
    assert loader.digest == 0


def test_batches_out_of_order_are_refused(images):
    with pytest.raises(UsageError, match="in_order=False"):
        Stream(images).loader(8, num_workers=1, in_order=False)


@pytest.mark.filterwarnings("ignore:torch.distributed is disabled")
@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_a_distributed_checkpoint_holds_the_loader(images, tmp_path):
    loader = Stream(images, seed=2).loader(8)
    assert isinstance(loader, Stateful)
    walk = iter(loader)
    for _ in range(3):
        next(walk)
    resized = Stream(images, seed=2).loader(10, start=loader.state_dict())
    next(iter(resized))
    dcp.save({"loader": resized, "step": 4}, checkpoint_id=tmp_path, no_dist=True)
    restored = Stream(images, seed=2).loader(10)
    dcp.load({"loader": restored}, checkpoint_id=tmp_path, no_dist=True)
    assert restored.state_dict() == resized.state_dict()
    assert len(restored.state_dict()["changes"]) == 2
    assert sorted(positions([next(iter(restored))])[0]) == list(range(34, 44))


@forks
@pytest.mark.parametrize(
    "workers",
    [
        {"num_workers": 2},
        PERSISTENT,
        pytest.param({**PERSISTENT, "multiprocessing_context": "spawn"}, marks=pytest.mark.slow),
    ],
)
def test_a_worker_that_is_killed_is_an_error_soon_and_nothing_is_lost(images, slow, workers):
    stream = Stream(images, seed=2, transform=slow)
    loader = stream.loader(8, **workers)
    found = []
    began = time.monotonic()

    def take(batch):
        found.extend(positions([batch]))
        if len(found) == 4:
            os.kill(multiprocessing.active_children()[0].pid, signal.SIGKILL)

    with pytest.raises((StreamError, RuntimeError), match=r"DataLoader worker \(pid"):
        deque(map(take, loader), 0)
    assert time.monotonic() - began < 30
    assert loader.state_dict()["position"] == 8 * len(found)
    later = Stream(images, seed=2).loader(8, start=json.loads(json.dumps(loader.state_dict())), steps=12)
    whole = expected(images, 12)
    assert found + positions(later) == whole
    # The same loader goes on as well, with workers of its own.
    walk = iter(loader)
    assert positions([next(walk)]) == whole[len(found) : len(found) + 1]


@pytest.fixture
def slow(tmp_path, monkeypatch):
    """A transform that spawned workers can import."""
    (tmp_path / "slow_transform.py").write_text(SLOW)
    monkeypatch.syspath_prepend(tmp_path)
    import slow_transform

    yield slow_transform.slow
    del sys.modules["slow_transform"]


def test_what_a_worker_itself_raises_is_no_death(images):
    def broken(sample, rng):
        raise RuntimeError("DataLoader is a word that users may use, too")

    with pytest.raises(RuntimeError, match="users may use"):
        next(iter(Stream(images, transform=broken).loader(4, num_workers=1)))


@forks
def test_a_batch_is_pinned_where_it_can_be(images):
    batch = next(iter(Stream(images).loader(4, num_workers=1, pin_memory=torch.cuda.is_available())))
    assert batch["npy"].is_pinned() == torch.cuda.is_available()
