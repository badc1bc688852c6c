"""Memory that is lent is free again when, and only when, nothing of the batch is left."""

import gc
import os
import pickle

import numpy as np
import pytest
import torch

from headrace.shards.format.packed import Packed
from headrace.shards.stream import Stream
from headrace.shards.stream.delivery import lending
from headrace.shards.stream.delivery.lending import Piece, Pool
from headrace.shards.stream.delivery.tensors import SHARED

forks = pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")


def large(sample, rng):
    return {"id": sample["__id__"], "large": np.full(50_000, sample["__id__"], np.int32)}


def sent(piece, columns):
    """What arrives of the columns of a batch."""
    return pickle.loads(pickle.dumps([piece.delivered(column) for column in columns]))


def filled(piece, number, shape=(SHARED,), dtype=np.uint8):
    column = piece.empty(shape, np.dtype(dtype))
    column[...] = number
    return column


def test_a_piece_is_lent_until_the_last_view_of_it_is_gone():
    pool = Pool(workers=2, each=1)
    piece = pool.piece(1)
    assert pool.piece(1) is None
    one, two = sent(piece, [filled(piece, 3), filled(piece, 7, (20, SHARED), np.int16)])
    assert (one.dtype, two.dtype, two.shape) == (torch.uint8, torch.int16, (20, SHARED))
    assert (int(one.min()), int(one.max()), int(two.min()), int(two.max())) == (3, 3, 7, 7)
    view = two[3:4, 5:].numpy()
    del one, two
    gc.collect()
    assert pool.piece(1) is None
    assert (view == 7).all()
    del view
    gc.collect()
    again = pool.piece(1)
    assert isinstance(again, Piece)
    assert isinstance(pool.piece(0), Piece)


def test_parts_of_one_column_lie_in_the_same_memory():
    piece = Pool(1, 1).piece(0)
    data = filled(piece, 1, (2 * SHARED,))
    data[SHARED:] = 2
    first, last, few = sent(piece, [Packed(data[:SHARED], np.array([0, SHARED])), data[SHARED:], np.arange(3)])
    assert (int(first.data.max()), int(last.min())) == (1, 2)
    assert first.offsets.tolist() == [0, SHARED]
    assert few.tolist() == [0, 1, 2]
    assert first.data.data_ptr() + SHARED == last.data_ptr()


def test_tokens_become_integers_that_torch_knows():
    piece = Pool(1, 1).piece(0)
    (tokens,) = sent(piece, [filled(piece, 65_535, (SHARED,), np.uint16)])
    assert tokens.dtype == torch.int64
    assert int(tokens[0]) == 65_535


def test_what_no_piece_holds_travels_as_ever(monkeypatch):
    monkeypatch.setattr(lending, "CAPACITY", 3 * SHARED)
    piece = Pool(1, 1).piece(0)
    small, fits, beyond = filled(piece, 1, (9,)), filled(piece, 2, (2 * SHARED,)), filled(piece, 3, (2 * SHARED,))
    assert [int(each.max()) for each in (small, fits, beyond)] == [1, 2, 3]
    assert not np.may_share_memory(fits, beyond)


def test_a_fork_that_lets_go_takes_nothing_back():
    pool = Pool(1, 1)
    piece = pool.piece(0)
    columns = sent(piece, [filled(piece, 5)])
    child = os.fork()
    if not child:
        columns.clear()
        gc.collect()
        os._exit(0)
    os.waitpid(child, 0)
    assert pool.piece(0) is None
    columns.clear()
    gc.collect()
    assert pool.piece(0) is not None


@forks
@pytest.mark.parametrize("persistent", [False, True])
def test_batches_that_are_let_go_lie_in_few_places(images, persistent):
    loader = Stream(images, transform=large).loader(4, steps=30, num_workers=2, persistent_workers=persistent)
    for _ in range(2):
        places = set()
        for batch in loader:
            assert batch["large"].tolist() == [[number] * 50_000 for number in batch["id"].tolist()]
            places.add(batch["large"].data_ptr())
            del batch
        assert len(places) <= 2 * (2 + 2)


@forks
def test_views_of_batches_that_are_gone_stay_as_they_are(images):
    loader = Stream(images, transform=large).loader(4, steps=30, num_workers=2)
    kept = [(batch["id"][1].item(), batch["large"][1, 7:9]) for batch in loader]
    assert [view.tolist() for _, view in kept] == [[number] * 2 for number, _ in kept]
