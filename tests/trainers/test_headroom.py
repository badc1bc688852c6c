"""A pass forward that keeps more than there is ends with a word, and not by the kernel."""

import pytest
import torch

from headrace.shards.base.errors import TrainingError
from headrace.trainers import headroom
from headrace.trainers.distributed import ALONE
from headrace.trainers.headroom import available_memory, within_memory
from headrace.trainers.loop import train
from headrace.trainers.metrics import read_metrics
from headrace.trainers.recipe import read_recipe


@pytest.fixture
def with_memory(monkeypatch):
    return lambda available: monkeypatch.setattr(headroom, "available_memory", lambda: available)


DEEP = {"hidden_size": 32, "num_hidden_layers": 8, "num_attention_heads": 2, "intermediate_size": 64}


def losses(folder):
    return [line["loss"] for line in read_metrics(folder)]


@pytest.mark.parametrize("pretext", ["mae", "simclr", "mlm", "causal_lm"])
def test_a_run_that_needs_too_much_says_what_to_change(recipe_of, tmp_path, with_memory, pretext):
    recipe = read_recipe(recipe_of(pretext, batch_size=16, steps=2))
    with_memory(200_000)
    with pytest.raises(TrainingError, match=r"more than 90% of the 0\.0 GB.*Try more micro-batches \(accumulate=2\)"):
        train(recipe, tmp_path / "run")
    assert not (tmp_path / "run/checkpoints/step-00000002").exists()
    with_memory(2**30)
    train(recipe, tmp_path / "run")
    with_memory(None)
    train(recipe, tmp_path / "unwatched")
    assert losses(tmp_path / "run") == losses(tmp_path / "unwatched")


def test_what_helps_helps(recipe_of, tmp_path, with_memory):
    path = recipe_of("mlm", batch_size=16, steps=1, backbone={"type": "bert", **DEEP})
    with_memory(4_000_000)
    with pytest.raises(TrainingError, match="accumulate=2"):
        train(read_recipe(path), tmp_path / "run")
    # What a micro-batch kept is counted no more when its pass backward is over.
    train(read_recipe(path, ["accumulate=8"]), tmp_path / "run")


def test_a_tensor_that_is_kept_twice_counts_once_and_parameters_not_at_all(recipe_of, with_memory):
    model = read_recipe(recipe_of("mae")).model
    network = torch.nn.Linear(1000, 1000)
    rows = torch.ones(1000, 1000, requires_grad=True)
    with_memory(4_600_000)
    with within_memory(model, ALONE, network):
        (network(rows) * 1).sum().backward()
        squared = (rows * rows).sum()
        with pytest.raises(MemoryError, match=r"0\.0 GB that are available$"):
            rows.exp().sum()
        squared.backward()
        rows.exp().sum().backward()


def test_what_is_available_is_less_than_there_is():
    with open("/proc/meminfo") as file:
        most = sum(1024 * int(line.split()[1]) for line in file if line.startswith(("MemTotal", "SwapTotal")))
    assert 0 < available_memory() <= most
