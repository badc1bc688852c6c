"""A pass forward that uses the memory up ends with a word, and not by the kernel."""

from itertools import chain, repeat

import pytest
import torch

from headrace.shards.base.errors import TrainingError
from headrace.trainers import headroom
from headrace.trainers.distributed import ALONE
from headrace.trainers.headroom import available_memory, within_memory
from headrace.trainers.loop import train
from headrace.trainers.metrics import read_metrics
from headrace.trainers.recipe import read_recipe

GB = 10**9


@pytest.fixture
def with_memory(monkeypatch):
    """A function that says what is available: when a step begins, and whenever somebody looks afterwards."""

    def says(first, *left):
        found = chain([first], left[:-1], repeat(left[-1] if left else first))
        monkeypatch.setattr(headroom, "available_memory", lambda: next(found))

    return says


def losses(folder):
    return [line["loss"] for line in read_metrics(folder)]


@pytest.mark.parametrize("pretext", ["simclr", "mlm"])
def test_a_run_that_needs_too_much_says_what_to_change(recipe_of, tmp_path, with_memory, pretext):
    recipe = read_recipe(recipe_of(pretext, steps=2))
    with_memory(30 * GB, 20 * GB, 4 * GB, 2 * GB)
    told = r"leaves 2\.0 GB of the 30\.0 GB.*Try more micro-batches \(accumulate=2\)"
    with pytest.raises(TrainingError, match=told):
        train(recipe, tmp_path / "run")
    assert not (tmp_path / "run/checkpoints/step-00000002").exists()
    # To look changes nothing.
    with_memory(30 * GB)
    train(recipe, tmp_path / "run")
    with_memory(None)
    train(recipe, tmp_path / "unwatched")
    assert losses(tmp_path / "run") == losses(tmp_path / "unwatched")


def test_a_tenth_is_left_and_room_for_as_much_as_is_kept(recipe_of, with_memory):
    model = read_recipe(recipe_of("mae")).model
    rows = torch.ones(1000, 1000, requires_grad=True)
    with_memory(100 * GB, 10 * GB + 4_000_000, 10 * GB + 3_999_999)
    with within_memory(model, ALONE):
        kept = rows.exp().sum()
        with pytest.raises(MemoryError, match=r"leaves 10\.0 GB of the 100\.0 GB there were"):
            rows.exp()
        kept.backward()
    assert torch.equal(rows.grad, rows.exp())


def test_what_is_available_is_less_than_there_is():
    with open("/proc/meminfo") as file:
        most = sum(1024 * int(line.split()[1]) for line in file if line.startswith(("MemTotal", "SwapTotal")))
    assert 0 < available_memory() <= most
