"""The loop: law 7 (a run killed and resumed is one never stopped), and how it ends early."""

import json
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import yaml
from safetensors.numpy import load_file

from headrace.shards.answers import Settings, show_audit
from headrace.shards.base.errors import (
    AuditError,
    CorruptSampleError,
    Interrupted,
    RecipeError,
    StateError,
    StreamError,
    TrainingError,
    UsageError,
)
from headrace.shards.format.index import Index, index_name
from headrace.shards.stream import Stream
from headrace.trainers import loop
from headrace.trainers.console import run_train
from headrace.trainers.loop import train
from headrace.trainers.metrics import read_metrics
from headrace.trainers.recipe import read_recipe

# A pretext of a user's own that sends its process (of several, the first) a signal after a step, once: when the file
# is there.
STOPPING = """
import os, signal
from pathlib import Path
from headrace.trainers.pretext.{pretext} import {kind}, {kind}Objective

class Stopping({kind}):
    def objective(self, backbone):
        objective = super().objective(backbone)
        objective.__class__ = StoppingObjective
        return objective

class StoppingObjective({kind}Objective):
    def after_step(self, step, steps):
        flag = Path(__file__).with_name("stop")
        if step == 2 and os.environ.get("RANK", "0") == "0" and flag.exists():
            number = int(flag.read_text())
            flag.unlink()
            os.kill(os.getpid(), number)
"""
PRETEXTS = ["mae", "simclr", "mlm", "causal_lm"]
DROPOUT = ["backbone.hidden_dropout_prob=0.1", "backbone.attention_probs_dropout_prob=0.1"]
RANDOM = {
    **dict.fromkeys(PRETEXTS, DROPOUT),
    "causal_lm": [],
    "simclr": [],
}  # GPT-2 has its dropout by default, a ResNet none


@pytest.fixture
def stopping(recipe_of, tmp_path):
    def write(pretext):
        path = recipe_of(pretext)
        kind = "".join(part.capitalize() for part in pretext.split("_"))
        (tmp_path / "stopping.py").write_text(STOPPING.format(pretext=pretext, kind=kind))
        text = path.read_text().replace(f"  {pretext}:", "  stopping.py:Stopping:")
        path.write_text(text)
        return path

    return write


TORCHRUN = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m", "headrace.shards")
STILL = [each.replace("0.1", "0.0") for each in DROPOUT]


def python(*arguments):
    """Run Python with these arguments, on one thread."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    line = [sys.executable, *arguments]
    return subprocess.run(line, env=environment, capture_output=True, text=True, check=False, timeout=300)


def losses(folder):
    return [(line["step"], line["loss"], line["lr"], line["grad_norm"]) for line in read_metrics(folder)]


def assert_same_run(one, other):
    """Bit for bit: every loss, and every number of the last checkpoint."""
    assert losses(one) == losses(other)
    last = "checkpoints/step-00000006"
    a, b = (load_file(folder / last / "rank-00000.safetensors") for folder in (one, other))
    assert a.keys() == b.keys()
    assert all((a[key] == b[key]).all() for key in a)
    a, b = (json.loads((folder / last / "state.json").read_text()) for folder in (one, other))
    assert a == b


def assert_nearly_same_losses(one, other):
    """As far as sums in another order allow."""
    for (step, loss, *_), (same, expected, *_) in zip(losses(one), losses(other), strict=True):
        assert step == same
        assert loss == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize("pretext", PRETEXTS)
def test_stopped_by_a_signal_and_continued_is_never_stopped(stopping, tmp_path, pretext):
    path = stopping(pretext)
    train(read_recipe(path, RANDOM[pretext]), tmp_path / "whole")
    (tmp_path / "stop").write_text(str(int(signal.SIGTERM)))
    with pytest.raises(Interrupted, match=r"3 of 6 steps are done, and everything is saved.*same line again"):
        train(read_recipe(path, RANDOM[pretext]), tmp_path / "stopped")
    assert len(read_metrics(tmp_path / "stopped")) == 3
    train(read_recipe(path, RANDOM[pretext]), tmp_path / "stopped")
    assert_same_run(tmp_path / "whole", tmp_path / "stopped")


OTHERS = [
    "optimizer: {name: lars, lr: 3, layer_decay: 0.5, weight_decay: 0.04, weight_decay_end: 0.4, clip_each: 0.1}",
    "optimizer: {name: sgd, lr: 0.01, lr_batch: 2, lr_scaling: sqrt, nesterov: true}",
    "ema: {decay: 0.9}",
]


@pytest.mark.parametrize("other", OTHERS)
def test_another_optimizer_schedule_or_average_stopped_and_continued(stopping, tmp_path, other):
    path = stopping("mae")
    path.write_text(yaml.safe_dump({**yaml.safe_load(path.read_text()), **yaml.safe_load(other)}))
    recipe = read_recipe(path, ["schedule.name=wsd", "schedule.decay=0.5"])
    train(recipe, tmp_path / "whole")
    (tmp_path / "stop").write_text(str(int(signal.SIGTERM)))
    with pytest.raises(Interrupted):
        train(recipe, tmp_path / "stopped")
    train(recipe, tmp_path / "stopped")
    assert_same_run(tmp_path / "whole", tmp_path / "stopped")


def test_a_run_and_its_restarts_are_proved_by_what_it_logged(stopping, tmp_path, capsys):
    path, run = stopping("mlm"), tmp_path / "run"
    (tmp_path / "stop").write_text(str(int(signal.SIGTERM)))
    with pytest.raises(Interrupted):
        train(read_recipe(path), run)
    train(read_recipe(path), run)
    state = run / "checkpoints/step-00000006/state.json"
    settings = Settings(read_recipe(path).model.data.url, seed=0, lanes=1, block=None, window=None, batch_size=1)
    show_audit(settings, run, state)
    assert "Each of these positions was consumed exactly once" in capsys.readouterr().out
    log = run / "consumed/rank-00000.jsonl"
    log.write_text("".join(log.read_text().splitlines(keepends=True)[:-1]))
    with pytest.raises(AuditError, match="do not prove"):
        show_audit(settings, run, state)


def damage(folder, places):
    """Turn the bits of a byte of some samples."""
    for shard, row in zip(places.shard.tolist(), places.row.tolist(), strict=True):
        name = f"{shard:05d}.tar"
        index = Index.load((folder / index_name(name)).read_bytes(), name)
        with (folder / name).open("r+b") as file:
            file.seek(int(index.offsets[row].min()))
            (byte,) = file.read(1)
            file.seek(-1, 1)
            file.write(bytes([byte ^ 0xFF]))


def test_a_run_that_cannot_read_on_saves_what_is_done_and_goes_on_when_it_can(recipe_of, images, tmp_path):
    shutil.copytree(images, tmp_path / "copy")
    path = recipe_of("mae", data={"url": str(tmp_path / "copy")}, checkpoint_every=100)
    train(read_recipe(path), tmp_path / "whole")
    damage(tmp_path / "copy", Stream(str(images)).order.locate(np.arange(16, 17)))
    with pytest.raises((CorruptSampleError, StreamError), match="damaged"):
        train(read_recipe(path, ["data.tolerated=0"]), tmp_path / "stopped")
    (checkpoint,) = (tmp_path / "stopped/checkpoints").glob("step-*")
    assert checkpoint.name == "step-00000002"
    shutil.copytree(images, tmp_path / "copy", dirs_exist_ok=True)
    train(read_recipe(path), tmp_path / "stopped")
    assert_same_run(tmp_path / "whole", tmp_path / "stopped")


BREAKING = """
import os
from pathlib import Path
from headrace.trainers.pretext.mlm import Mlm

class Breaking(Mlm):
    def sample(self, record, rng):
        flag = Path(__file__).with_name("break")
        if flag.exists() and os.environ["RANK"] == "1" and record["__position__"] >= 2 * {batch}:
            flag.unlink()
            raise ValueError("a transform of a user's own")
        return super().sample(record, rng)
"""


@pytest.mark.slow
def test_of_several_processes_one_cannot_read_on(recipe_of, tmp_path):
    path = recipe_of("mlm", checkpoint_every=100)
    batch = read_recipe(path).model.batch_size
    (tmp_path / "breaking.py").write_text(BREAKING.format(batch=batch))
    path.write_text(path.read_text().replace("  mlm:", "  breaking.py:Breaking:"))
    (tmp_path / "break").write_text("")
    stopped = python(*TORCHRUN, "train", path, "--out", tmp_path / "run")
    assert stopped.returncode != 0
    assert "a transform of a user's own" in stopped.stderr
    assert "another process cannot read on; 2 of 6 steps are done, and everything is saved" in stopped.stderr
    assert python(*TORCHRUN, "train", path, "--out", tmp_path / "run").returncode == 0
    settings = Settings(read_recipe(path).model.data.url, seed=0, lanes=1, block=None, window=None, batch_size=1)
    show_audit(settings, tmp_path / "run", tmp_path / "run/checkpoints/step-00000006/state.json")


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_worker_that_is_killed_in_the_midst_of_a_step(recipe_of, images, tmp_path, monkeypatch):
    path = recipe_of("mae", data={"url": images, "workers": 1}, checkpoint_every=1)
    train(read_recipe(path), tmp_path / "whole")
    step = loop.take_step

    def killing(run, world, state, batch):
        if state.step == 2:
            os.kill(multiprocessing.active_children()[0].pid, signal.SIGKILL)
            time.sleep(30)  # cut short by what torch raises when the worker is gone
        return step(run, world, state, batch)

    monkeypatch.setattr(loop, "take_step", killing)
    with pytest.raises(StreamError, match=r"DataLoader worker \(pid \d+\) is killed by signal"):
        train(read_recipe(path), tmp_path / "killed")
    monkeypatch.undo()
    train(read_recipe(path), tmp_path / "killed")
    assert_same_run(tmp_path / "whole", tmp_path / "killed")


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("launcher", [TORCHRUN, ("-m", "headrace.shards")], ids=["torchrun", "alone"])
def test_a_signal_to_all_processes_of_a_run_saves_and_ends_it(recipe_of, tmp_path, launcher, number):
    path, run = recipe_of("mae", steps=1_000_000, checkpoint_every=1_000_000), tmp_path / "run"
    line = [sys.executable, *launcher, "train", path, "data.workers=2", "--out", run]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    # A session of its own is a group of processes.
    with subprocess.Popen(line, env=environment, stderr=subprocess.PIPE, text=True, start_new_session=True) as process:
        while process.poll() is None and len(read_metrics(run)) < 3:
            time.sleep(0.1)
        os.killpg(process.pid, number)
        _, said = process.communicate(timeout=120)
    (saved,) = run.glob("checkpoints/step-*")
    step = int(saved.name.removeprefix("step-"))
    assert f"Stopped: {step} of 1,000,000 steps are done, and everything is saved" in said
    assert said.count("Stopping after this step") == (number == signal.SIGINT)
    assert read_metrics(run)[-1]["step"] == step


def test_lines_tell_what_was_waited_for(recipe_of, tmp_path):
    train(read_recipe(recipe_of("mae")), tmp_path / "run")
    lines = read_metrics(tmp_path / "run")
    for line in lines:
        by_cause = [value for name, value in line.items() if name.startswith("wait_")]
        assert 0 < sum(by_cause) == pytest.approx(line["data_wait"])
        assert line["wait_decode"] > 0
    # What is read together counts for the first batch of it.
    assert sum(line["wait_disk"] for line in lines) > 0


@pytest.mark.slow
@pytest.mark.parametrize("pretext", PRETEXTS)
def test_killed_and_continued_is_never_stopped(stopping, tmp_path, pretext):
    path = stopping(pretext)

    def command(folder):
        return python("-m", "headrace.shards", "train", path, *RANDOM[pretext], "--out", tmp_path / folder).returncode

    assert command("whole") == 0
    (tmp_path / "stop").write_text(str(int(signal.SIGKILL)))
    assert command("killed") == -signal.SIGKILL
    assert [line["step"] for line in read_metrics(tmp_path / "killed")] == [1, 2]
    assert command("killed") == 0
    assert_same_run(tmp_path / "whole", tmp_path / "killed")


def test_the_seed_decides_everything_and_another_seed_is_another_run(recipe_of, tmp_path):
    path = recipe_of("mlm")
    for folder, seed in (("a", 1), ("b", 1), ("c", 2)):
        train(read_recipe(path, [*DROPOUT, f"seed={seed}"]), tmp_path / folder)
    assert losses(tmp_path / "a") == losses(tmp_path / "b")
    assert losses(tmp_path / "a")[0] != losses(tmp_path / "c")[0]


def test_the_network_is_trained_with_its_dropout(recipe_of, tmp_path):
    for folder, rates in (("with", DROPOUT), ("without", STILL)):
        train(read_recipe(recipe_of("mae"), [*rates, "steps=1"]), tmp_path / folder)
    assert losses(tmp_path / "with")[0] != losses(tmp_path / "without")[0]


def test_a_finished_run_can_be_extended(recipe_of, tmp_path):
    path = recipe_of("mae")
    train(read_recipe(path, ["steps=2"]), tmp_path / "run")
    train(read_recipe(path, ["steps=4"]), tmp_path / "run")
    assert [line["step"] for line in read_metrics(tmp_path / "run")] == [1, 2, 3, 4]


def test_a_finished_run_is_left_as_it_is_and_exported_again(recipe_of, tmp_path, capsys):
    path = recipe_of("mae")
    run_train(path, [], tmp_path / "run")
    assert "6 steps, loss" in capsys.readouterr().out
    shutil.rmtree(tmp_path / "run/export")
    (tmp_path / "run/metrics.jsonl").unlink()
    run_train(path, [], tmp_path / "run")
    assert "The network:" in capsys.readouterr().out
    assert (tmp_path / "run/export/config.json").is_file()
    assert read_metrics(tmp_path / "run") == []


def test_a_folder_with_another_run_is_refused_and_left_as_it_is(recipe_of, tmp_path):
    train(read_recipe(recipe_of("mae")), tmp_path / "run")
    before = (tmp_path / "run" / "recipe.yaml").read_text()
    with pytest.raises(StateError, match=r"optimizer.lr = 0.002.*optimizer.lr = 0.1"):
        train(read_recipe(recipe_of("mae"), ["optimizer.lr=0.1"]), tmp_path / "run")
    with pytest.raises(StateError, match=r"data\.manifest = .*and \d+ more. Expected.*plugin = mlm"):
        train(read_recipe(recipe_of("mlm")), tmp_path / "run")
    assert (tmp_path / "run" / "recipe.yaml").read_text() == before


def test_a_loss_that_is_no_number_stops_the_run_before_it_does_harm(recipe_of, tmp_path):
    diverging = ["optimizer.lr=1e30", "schedule.warmup=0", "checkpoint_every=1", "steps=20"]
    with pytest.raises(TrainingError, match=r"no finite gradients.*headrace stream .* --step \d+ --batch-size 8"):
        train(read_recipe(recipe_of("mae"), diverging), tmp_path / "run")
    assert all(line["loss"] == line["loss"] for line in read_metrics(tmp_path / "run"))


def test_a_batch_that_cannot_be_dealt_is_refused(recipe_of, tmp_path):
    with pytest.raises(UsageError, match=r"batch_size=8, 1 process, accumulate=3.*a multiple of 3"):
        train(read_recipe(recipe_of("mae"), ["accumulate=3"]), tmp_path / "run")


@pytest.mark.slow
def test_torchrun_gives_the_run_of_one_process(recipe_of, tmp_path):
    path = recipe_of("mlm")
    done = python(*TORCHRUN, "train", path, *STILL, "--out", tmp_path / "both")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("steps, loss") == 1
    train(read_recipe(path, STILL), tmp_path / "alone")
    assert_nearly_same_losses(tmp_path / "both", tmp_path / "alone")


@pytest.mark.slow
def test_all_processes_stop_when_one_is_asked_to_and_one_of_them_says_so(stopping, tmp_path):
    path = stopping("mlm")
    (tmp_path / "stop").write_text(str(int(signal.SIGTERM)))
    stopped = python(*TORCHRUN, "train", path, *STILL, "--out", tmp_path / "resized")
    assert stopped.returncode
    assert stopped.stderr.count("Stopped: 3 of 6 steps are done") == 1
    for folder in ("resized", "alone"):
        train(read_recipe(path, STILL), tmp_path / folder)
    assert_nearly_same_losses(tmp_path / "resized", tmp_path / "alone")
    settings = Settings(read_recipe(path).model.data.url, seed=0, lanes=1, block=None, window=None, batch_size=1)
    show_audit(settings, tmp_path / "resized", tmp_path / "resized/checkpoints/step-00000006/state.json")


def test_views_that_the_device_renders_train_as_those_of_workers(recipe_of, tmp_path):
    path = recipe_of("mae")
    for where in ("worker", "device"):
        train(read_recipe(path, [f"data.render={where}"]), tmp_path / where)
    worker, device = (read_metrics(tmp_path / where) for where in ("worker", "device"))
    # MAE's views are only cut and scaled, which both do to the bit.
    assert [line["loss"] for line in device] == [line["loss"] for line in worker]
    with pytest.raises(RecipeError, match=r"data\.render does not fit the pretext"):
        train(read_recipe(recipe_of("mlm"), ["data.render=device"]), tmp_path / "mlm")
