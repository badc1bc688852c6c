"""Memory is used again when, and only when, nothing of the column is left."""

import gc

import numpy as np
import pytest
import torch

from headrace.shards.stream import Stream
from headrace.shards.stream.delivery import memory
from headrace.shards.stream.delivery.memory import LARGE, Memory


def address(array):
    return array.__array_interface__["data"][0]


def test_memory_is_used_again_once_the_last_view_is_gone():
    own = Memory()
    column = own.empty((4, LARGE), np.dtype(np.int16))
    column[...] = 7
    assert (column.shape, column.dtype) == ((4, LARGE), np.int16)
    place, rest = address(column), torch.from_numpy(column[1:]).view(-1)[LARGE:]
    del column
    other = own.empty((4, LARGE), np.dtype(np.int16))
    assert address(other) != place
    other[...] = 9
    assert rest.unique().tolist() == [7]
    del rest
    gc.collect()
    assert address(own.empty((LARGE, 4), np.dtype(np.uint16))) == place


def test_a_few_blocks_are_kept_and_no_small_ones():
    own = Memory()
    columns = [own.empty((LARGE,), np.dtype(np.uint8)) for _ in range(memory._KEPT + 5)]
    small = own.empty((LARGE - 1,), np.dtype(np.uint8))
    del columns, small
    gc.collect()
    assert list(map(len, own._free.values())) == [memory._KEPT]


@pytest.mark.parametrize("size", [LARGE, LARGE + 1, 3_072_000, 3_072_001, (1 << 22) - 1, 1 << 22])
def test_a_block_is_little_larger_than_its_column(size):
    own = Memory()
    own.empty((size,), np.dtype(np.uint8))
    gc.collect()
    (((block,),),) = (own._free.values(),)
    assert size <= block.size <= 1.126 * size


def test_batches_that_are_kept_stay_as_they_were(images, monkeypatch):
    monkeypatch.setattr(memory, "LARGE", 16)
    stream = Stream(images, seed=2, codecs={})
    kept = list(stream.batches(10, steps=15))
    again = stream.batches(10, steps=15)
    for batch, other in zip(kept, again, strict=True):
        assert batch["npy"].values() == other["npy"].values()
        assert batch["npy"].values() == [sample["npy"] for sample in stream.read(batch["__position__"])]
