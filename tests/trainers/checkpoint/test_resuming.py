"""Whole runs, continued on another number of processes, and on a disk that was full."""

import os
import resource
import signal

import numpy as np
import pytest
from safetensors.numpy import load_file

from headrace.shards.base.errors import StateError, TrainingError
from headrace.trainers.loop import train
from headrace.trainers.metrics import read_metrics
from headrace.trainers.recipe import read_recipe
from tests.trainers.ranks import started

STEADY = ["schedule.name=constant", "batch_size=12", "checkpoint_every=100", "ema.decay=0.9", "optimizer.eps=1e-3"]
"""Of a constant schedule no step depends on how many are to come, so that a run can be made longer bit by bit."""
STILL = ["backbone.hidden_dropout_prob=0", "backbone.attention_probs_dropout_prob=0"]
QUIET = {
    "mlm": STILL,
    "mae": STILL,
    "causal_lm": ["backbone.attn_pdrop=0", "backbone.embd_pdrop=0", "backbone.resid_pdrop=0"],
    "simclr": [],
}
"""Dropout is drawn row by row of a micro-batch, and so is another on another number of processes."""
GROWING = [(1, "ddp"), (2, "ddp"), (3, "ddp")]
SHARDED = [(2, "fsdp"), (1, "ddp"), (3, "fsdp")]
SLOW = [("mae", GROWING), ("simclr", GROWING), ("causal_lm", GROWING), ("mlm", SHARDED), ("causal_lm", SHARDED)]


def losses(folder):
    return {line["step"]: line["loss"] for line in read_metrics(folder)}


@pytest.mark.parametrize(
    ("pretext", "chain"),
    [("mlm", [(2, "fsdp"), (1, "ddp")]), *(pytest.param(*each, marks=pytest.mark.slow) for each in SLOW)],
)
def test_a_run_continues_on_another_number_of_processes(recipe_of, tmp_path, pretext, chain):
    path, asked = recipe_of(pretext), [*STEADY, *QUIET[pretext]]
    for number, (processes, strategy) in enumerate(chain, 1):
        recipe = read_recipe(path, [*asked, f"steps={2 * number}", f"parallel.strategy={strategy}"])
        started(processes, lambda recipe=recipe: train(recipe, tmp_path / "resized"))
    train(read_recipe(path, [*asked, f"steps={2 * len(chain)}"]), tmp_path / "whole")
    # What is restored is the same to the bit (test_storage); what differs are sums over rows in another order, each
    # rounded by at most 2^-24, of which a loss shows two or so: 32 of them are allowed.
    assert losses(tmp_path / "resized") == pytest.approx(losses(tmp_path / "whole"), rel=32 * 2**-24)
    # So are the averages, which are what is exported. Where a gradient would be nothing but for rounding, such as that
    # of a key's bias, Adam would make a whole step of it; hence its large eps.
    resized, whole = (load_file(tmp_path / run / "export/model.safetensors") for run in ("resized", "whole"))
    for name, weights in whole.items():
        np.testing.assert_allclose(resized[name], weights, rtol=0, atol=1e-6, err_msg=name)


def test_a_full_disk_stops_the_run_and_what_it_had_saved_goes_on(recipe_of, tmp_path):
    path, run = recipe_of("mlm", schedule={"name": "constant"}), tmp_path / "run"
    train(read_recipe(path, ["steps=20"]), tmp_path / "whole")
    train(read_recipe(path, ["steps=4"]), run)

    def on_a_full_disk():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, resource.RLIM_INFINITY))
        with pytest.raises(TrainingError, match=r"step 6 could not.*too large.*has room.*checkpoint of step 4"):
            train(read_recipe(path, ["steps=20"]), run)

    started(1, on_a_full_disk)
    # It was found while the run went on, at the latest when there was more to save.
    assert max(losses(run)) <= 8
    assert sorted(path.name for path in run.glob("checkpoints/*step*")) == ["step-00000002", "step-00000004"]
    train(read_recipe(path, ["steps=20"]), run)
    assert losses(run) == losses(tmp_path / "whole")


def test_processes_that_find_different_checkpoints_say_so(recipe_of, tmp_path):
    path = recipe_of("mlm", schedule={"name": "constant"})
    for name, steps in (("machine0", 2), ("machine1", 4)):
        train(read_recipe(path, [f"steps={steps}"]), tmp_path / name)

    def on_disks_of_their_own():
        with pytest.raises(StateError, match=r"do not find the same checkpoint.*steps 2, 4\..*all machines see"):
            train(read_recipe(path, ["steps=6"]), tmp_path / f"machine{os.environ['RANK']}")

    started(2, on_disks_of_their_own)
