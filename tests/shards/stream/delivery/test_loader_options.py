"""What the arguments of torch's DataLoader mean for a loader: what they always mean."""

import numpy as np
import pytest
import torch

from headrace.shards.base.errors import UsageError
from headrace.shards.stream import Stream

forks = pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
STARTS = ["spawn", pytest.param("fork", marks=forks)]


def ids(batches):
    return [np.asarray(batch["__id__"]).tolist() for batch in batches]


@pytest.mark.parametrize("start", STARTS)
def test_workers_persist_from_iteration_to_iteration(images, start):
    options = {"num_workers": 2, "persistent_workers": True, "prefetch_factor": 3, "multiprocessing_context": start}
    expected = ids(Stream(images, seed=3).batches(16, rank=1, world_size=2, steps=9))
    loader = Stream(images, seed=3).loader(16, rank=1, world_size=2, steps=3, **options)
    found, processes = [], set()
    for _ in range(3):
        found += ids(loader)
        processes |= {worker.pid for worker in loader.dataloader._iterator._workers}
    assert found == expected
    assert len(processes) == 2


@pytest.mark.parametrize("start", [pytest.param("spawn", marks=pytest.mark.slow), STARTS[1]])
def test_persistent_workers_go_on_behind_what_was_delivered(images, start):
    expected = ids(Stream(images, seed=3).batches(16, steps=5))
    options = {"num_workers": 1, "persistent_workers": True, "multiprocessing_context": start}
    loader = Stream(images, seed=3).loader(16, **options)
    found = []
    for end in (2, 5):
        for batch in loader:
            found += ids([batch])
            if len(found) == end:
                break
    assert found == expected
    assert loader.step == 5


@forks
@pytest.mark.filterwarnings("ignore:'pin_memory' argument is set as true but no accelerator is found")
@pytest.mark.parametrize("workers", [0, 1])
def test_memory_is_pinned_where_there_is_an_accelerator(images, workers):
    batch = next(iter(Stream(images, seed=3).loader(16, num_workers=workers, pin_memory=True)))
    assert batch["npy"].is_pinned() == torch.accelerator.is_available()
    assert ids([batch]) == ids(Stream(images, seed=3).batches(16, steps=1))
    assert all(isinstance(text, str) for text in batch["txt"])


@pytest.mark.parametrize("option", ["shuffle", "sampler", "batch_sampler", "drop_last", "collate_fn", "in_order"])
def test_what_the_stream_decides_is_no_option(images, option):
    with pytest.raises(UsageError, match=option):
        Stream(images).loader(16, **{option: False})
