"""SIGKILL at any point of writing a checkpoint: the last good one stays, and training goes on as if never stopped."""

import itertools
import json
import multiprocessing
import os
import random
import shutil
import signal
import warnings
from functools import partial
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from headrace.trainers.checkpoint import Checkpoints, Contents, checkpoints, saving, storage
from headrace.trainers.distributed import ALONE
from headrace.trainers.loop import train
from headrace.trainers.metrics import read_metrics
from headrace.trainers.optimizers import AdamwRecipe
from headrace.trainers.precision import LossScale
from headrace.trainers.recipe import read_recipe

STEPS = 3


def forked(task):
    """Run a task in a process of its own; how it ended."""
    process = multiprocessing.get_context("fork").Process(target=task)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of threads beside a fork; those here are torch's, idle
        process.start()
    return process


def contents_after(steps):
    torch.manual_seed(0)
    model = nn.Linear(4, 4)
    contents = Contents(model, AdamwRecipe(lr=0.1).build(model, 1), LossScale())
    return go_on(contents, steps)


def go_on(contents, steps):
    for _ in range(steps):
        contents.optimizer.zero_grad()
        contents.model(torch.eye(4)).square().sum().backward()
        contents.optimizer.step()
    return contents


def killed_at(point):
    """Let SIGKILL strike before call number `point` of those by which a checkpoint reaches the disk."""
    calls = 0

    def counted(call):
        def struck(*arguments, **keywords):
            nonlocal calls
            calls += 1
            if calls == point:
                if call is storage_save:
                    call(*arguments, **keywords)
                    os.truncate(arguments[1], 50)
                os.kill(os.getpid(), signal.SIGKILL)
            return call(*arguments, **keywords)

        return struck

    storage_save = storage.save_file
    storage.save_file, storage.sync, checkpoints.sync = map(counted, (storage_save, storage.sync, checkpoints.sync))
    os.replace, shutil.rmtree, Path.mkdir = map(counted, (os.replace, shutil.rmtree, Path.mkdir))


def test_at_every_point_of_writing(tmp_path):
    def write(kept, point):
        killed_at(point)
        contents = contents_after(0)
        with saving(kept, ALONE) as saver:
            for step in range(1, STEPS + 1):
                saver.save(step, go_on(contents, 1), {"position": step}, score=abs(step - 1.5))

    newest = set()
    for point in itertools.count(1):
        kept = Checkpoints(tmp_path / str(point), {}, keep=1, best={"min": "loss"})
        process = forked(partial(write, kept, point))
        process.join(60)
        restored = contents_after(0)
        step, stream = kept.restore(restored) or (0, {"position": 0})
        assert stream == {"position": step}
        expected = contents_after(step).tensors()
        assert all(torch.equal(each, expected[name]) for name, each in restored.tensors().items())
        kept.remove_leftovers()
        assert len(kept.steps()) <= 3
        newest.add(step)
        if process.exitcode == 0:
            break
        assert process.exitcode == -signal.SIGKILL
    assert newest == set(range(STEPS + 1))
    assert point > 8 * STEPS


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2))
def test_at_random_times_of_a_run(recipe_of, tmp_path, seed):
    recipe = read_recipe(recipe_of("mlm"), ["checkpoint_every=1", "steps=30", "ema.decay=0.9"])
    train(recipe, tmp_path / "whole")
    draw, kills = random.Random(seed), 0
    while True:
        process = forked(lambda: train(recipe, tmp_path / "killed"))
        process.join(0.3 + draw.expovariate(1))
        if process.exitcode is not None:
            break
        process.kill()
        process.join()
        kills += 1
    assert process.exitcode == 0
    assert kills > 0
    assert [line["loss"] for line in read_metrics(tmp_path / "killed")] == [
        line["loss"] for line in read_metrics(tmp_path / "whole")
    ]
    last = "checkpoints/step-00000030"
    a, b = (load_file(tmp_path / folder / last / "rank-00000.safetensors") for folder in ("whole", "killed"))
    assert a.keys() == b.keys()
    assert all(torch.equal(a[name], b[name]) for name in a)
    states = [json.loads((tmp_path / folder / last / "state.json").read_text()) for folder in ("whole", "killed")]
    assert states[0] == states[1]
