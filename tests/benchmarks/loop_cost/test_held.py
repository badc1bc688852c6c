"""A loop that is held takes as many steps as it is let, and its end is noticed."""

from itertools import repeat

import pytest

from benchmarks.loop_cost.held import Held, HeldBatches, blocks


def test_a_block_is_as_many_steps_as_it_is_told():
    seen = []

    def loop(held):
        seen.extend(HeldBatches(range(100), held))

    held = Held(loop)
    assert seen == []
    held.block(3)
    assert seen == [0, 1, 2]
    held.block(2)
    assert seen == [0, 1, 2, 3, 4]


def test_what_is_asked_of_batches_they_answer_themselves():
    class Loader(list):
        state = 7

    held = Held(lambda held: [held.step() for _ in repeat(None)])
    assert HeldBatches(Loader(), held).state == 7


def test_a_loop_that_fails_or_ends_is_told():
    def fails(held):
        held.step()
        raise ValueError("no such batch")

    held = Held(fails)
    with pytest.raises(RuntimeError, match="no such batch"):
        held.block(1)
    with pytest.raises(RuntimeError, match="no more steps"):
        Held(lambda held: None)


def test_a_block_counts_its_samples():
    done = blocks(lambda held: [None for _ in HeldBatches(repeat(0), held)], steps=5, batch_size=4)()
    assert done.amount == 20
    assert done.told()["CPU s per 1,000 samples"] >= 0
