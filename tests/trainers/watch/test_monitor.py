"""Evaluation while a run goes on: it changes nothing of it, and is the same where a run was continued."""

import io
import os
import re
import subprocess
import sys

import pytest
from rich.console import Console

from headrace.shards.base.errors import RecipeError, TrainingError
from headrace.shards.stream.delivery import stalls
from headrace.trainers import loop
from headrace.trainers.console import run_train
from headrace.trainers.evaluate import evaluate
from headrace.trainers.loop import train
from headrace.trainers.metrics import SPEED, read_metrics
from headrace.trainers.recipe import read_recipe
from headrace.trainers.runs import Run
from headrace.trainers.watch import bar
from headrace.trainers.watch.validation import Validation

DROPOUT = ["backbone.hidden_dropout_prob=0.1", "backbone.attention_probs_dropout_prob=0.1"]
RANDOM = {"mae": DROPOUT, "simclr": [], "mlm": DROPOUT, "causal_lm": []}


@pytest.fixture
def wishes(images, texts):
    def of(pretext):
        url = images if pretext in ("mae", "simclr") else texts
        return [f"validation={{url: {url}, every: 2, samples: 10}}", "evals_every=3", "peak_tflops=1", "watch_every=1"]

    return of


def numbers(run):
    """What a run's log says, but for what depends on the clock."""
    return [
        {name: value for name, value in line.items() if name not in SPEED and not name.startswith("wait_")}
        for line in read_metrics(run)
    ]


@pytest.mark.parametrize("pretext", list(RANDOM))
def test_watching_changes_nothing_of_the_run(recipe_of, tmp_path, wishes, pretext):
    path = recipe_of(pretext)
    train(read_recipe(path, [*RANDOM[pretext], "watch_every=null"]), tmp_path / "alone")
    train(read_recipe(path, [*RANDOM[pretext], *wishes(pretext)]), tmp_path / "watched")
    alone, watched = numbers(tmp_path / "alone"), numbers(tmp_path / "watched")
    assert [line["step"] for line in watched] == list(range(7))
    told = [{name: line[name] for name in plain} for plain, line in zip(alone, watched[1:], strict=True)]
    assert told == alone


def test_evaluations_come_when_they_are_due(recipe_of, tmp_path, wishes):
    # A line every 4 steps, of 6.
    train(read_recipe(recipe_of("mae"), [*wishes("mae"), "log_every=4", "watch_every=null"]), tmp_path / "run")
    told = [
        (line["step"], "loss" in line, "val_loss" in line, "knn k=5" in line) for line in read_metrics(tmp_path / "run")
    ]
    assert told == [
        (0, False, True, True),
        (2, True, True, False),
        (3, True, False, True),
        (4, True, True, False),
        (6, True, True, True),
    ]


def test_evaluations_see_the_network_learn(recipe_of, tmp_path, wishes):
    more = ["steps=60", "log_every=60", "evals_every=60", "validation.every=30", "checkpoint_every=60"]
    train(read_recipe(recipe_of("mae"), [*wishes("mae"), *more]), tmp_path / "run")
    losses = [line["val_loss"] for line in read_metrics(tmp_path / "run") if "val_loss" in line]
    assert len(losses) == 3
    assert losses[0] > losses[1] > losses[2]


@pytest.mark.parametrize("averaged", [[], ["ema.decay=0.5", "ema.warmup=false"]], ids=["last", "averaged"])
def test_what_is_found_at_the_end_is_what_headrace_eval_finds(recipe_of, tmp_path, wishes, averaged):
    train(read_recipe(recipe_of("mae"), [*wishes("mae"), *averaged]), tmp_path / "run")
    first, *_, last = read_metrics(tmp_path / "run")
    scores = evaluate(Run.open(tmp_path / "run")).scores
    for line, subject in ((first, "untrained"), (last, "trained")):
        found = {each.evaluation: each.value for each in scores if each.subject.startswith(subject)}
        assert set(found) == {"knn k=5", "linear_probe grid=[0.1, 1.0]"}
        assert found == {name: line[name] for name in found}


@pytest.mark.parametrize("before", [2, 4])
def test_a_run_that_is_continued_has_the_lines_of_one_that_never_stopped(
    recipe_of, tmp_path, wishes, monkeypatch, before
):
    """A kill behind step 3 or 5, with checkpoints at 2 and 4; the first time before there is any but the start's."""
    path = recipe_of("mlm")
    recipe = read_recipe(path, [*DROPOUT, *wishes("mlm"), f"checkpoint_every={before}"])
    train(recipe, tmp_path / "whole")
    step = loop.take_step

    def dying(run, world, state, batch):
        if state.step == 3:
            raise KeyboardInterrupt
        return step(run, world, state, batch)

    monkeypatch.setattr(loop, "take_step", dying)
    with pytest.raises(KeyboardInterrupt):
        train(recipe, tmp_path / "killed")
    monkeypatch.undo()
    train(recipe, tmp_path / "killed")
    assert numbers(tmp_path / "killed") == numbers(tmp_path / "whole")


def test_the_time_of_evaluations_is_not_training_s(recipe_of, tmp_path, wishes, monkeypatch):
    now = [0.0]

    def clock():
        now[0] += 0.001
        return now[0]

    call = Validation.__call__

    def slow(self, tell):
        now[0] += 1e6
        return call(self, tell)

    monkeypatch.setattr(stalls, "perf_counter", clock)
    monkeypatch.setattr(Validation, "__call__", slow)
    train(read_recipe(recipe_of("mae"), wishes("mae")), tmp_path / "run")
    assert now[0] > 1e6
    assert all(line["samples_per_s"] > 1 for line in read_metrics(tmp_path / "run") if line["step"])


def test_evaluations_that_nobody_named(recipe_of, tmp_path):
    with pytest.raises(RecipeError, match="evals_every asks for evaluations, but the recipe names none"):
        train(read_recipe(recipe_of("mae", evals=[]), ["evals_every=2"]), tmp_path / "run")


def test_a_log_that_cannot_be_written_stops_the_run_in_words(recipe_of, tmp_path, monkeypatch):
    step = loop.take_step

    def spoiling(run, world, state, batch):
        if state.step == 3:
            (run.folder / "metrics.jsonl").unlink()
            (run.folder / "metrics.jsonl").mkdir()
        return step(run, world, state, batch)

    monkeypatch.setattr(loop, "take_step", spoiling)
    with pytest.raises(TrainingError, match=r"the log of step 4 cannot be written.*directory.*Make room below"):
        train(read_recipe(recipe_of("mae")), tmp_path / "run")
    held = {path.name for path in (tmp_path / "run/checkpoints").glob("step-*")}
    assert held == {"step-00000002"}


COLLAPSED = """
from dataclasses import replace
import torch
from headrace.trainers.pretext.mae import Mae, MaeObjective

class Same(Mae):
    def objective(self, backbone):
        objective = super().objective(backbone)
        objective.__class__ = SameObjective
        return objective

class SameObjective(MaeObjective):
    def loss(self, batch):
        return replace(super().loss(batch), representations=torch.ones(len(batch["visible"]), 4))
"""


def test_representations_are_judged_and_the_verdict_is_shown(recipe_of, tmp_path, monkeypatch):
    shown = io.StringIO()
    monkeypatch.setattr(bar, "console", Console(file=shown))
    path = recipe_of("mae")
    (tmp_path / "same.py").write_text(COLLAPSED)
    path.write_text(path.read_text().replace("  mae:", "  same.py:Same:"))
    train(read_recipe(path, ["watch_every=3", "batch_size=32"]), tmp_path / "run")
    assert [line["collapsed"] for line in read_metrics(tmp_path / "run") if "collapsed" in line] == [1, 1]
    assert "3/6  complete collapse" in shown.getvalue()
    assert re.match(r"\S+ 0/6  [\d.]+k parameters, 32 samples a step, fp32 on cpu\n", shown.getvalue())
    train(read_recipe(path, ["watch_every=3", "batch_size=32", "steps=9"]), tmp_path / "run")
    assert "6/9  goes on: " in shown.getvalue()


def test_a_last_look_at_too_few_samples_takes_no_alarm_back(recipe_of, tmp_path, capsys):
    path = recipe_of("mae")
    (tmp_path / "same.py").write_text(COLLAPSED)
    path.write_text(path.read_text().replace("  mae:", "  same.py:Same:"))
    run_train(path, ["watch_every=3", "batch_size=32", "steps=4", "log_every=1"], tmp_path / "run")
    assert ["collapsed" in line for line in read_metrics(tmp_path / "run")] == [False, False, True, False]
    assert "effective_rank" in read_metrics(tmp_path / "run")[-1]
    assert "complete collapse" in (tmp_path / "run/report/10-verdict.json").read_text()
    assert "Its representations have collapsed" in capsys.readouterr().out
    assert "complete collapse" in (tmp_path / "run/report/10-verdict.json").read_text()


def test_the_best_checkpoint_stays(recipe_of, tmp_path, wishes):
    # By the largest loss, so that it is not the last one.
    more = ["evals_every=null", "steps=8", "keep=1", "keep_best={max: val_loss}"]
    train(read_recipe(recipe_of("mae"), [*wishes("mae"), *more]), tmp_path / "run")
    losses = {line["step"]: line["val_loss"] for line in read_metrics(tmp_path / "run") if line["step"] in (2, 4, 6, 8)}
    best = max(losses, key=losses.__getitem__)
    assert best != 8
    held = sorted(path.name for path in (tmp_path / "run/checkpoints").glob("step-*"))
    assert held == [f"step-{best:08d}", "step-00000008"]


@pytest.mark.parametrize("number", ["los", "val_los", "knn k=5/los"])
def test_a_best_checkpoint_by_a_number_that_nothing_tells(recipe_of, tmp_path, wishes, number):
    more = ["log_every=1", "evals_every=2", f"keep_best={{max: '{number}'}}"]
    with pytest.raises(RecipeError, match=rf"'{number}', which nothing tells"):
        train(read_recipe(recipe_of("mae"), [*wishes("mae"), *more]), tmp_path / "run")
    assert not list((tmp_path / "run/checkpoints").glob("step-*"))


@pytest.mark.slow
@pytest.mark.parametrize("strategy", ["ddp", "fsdp"])
def test_several_processes_tell_what_one_does(recipe_of, tmp_path, wishes, strategy):
    path, changes = recipe_of("mae"), wishes("mae")
    train(read_recipe(path, changes), tmp_path / "alone")
    line = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m", "headrace.shards"]
    line += ["train", str(path), *changes, f"parallel.strategy={strategy}", "--out", str(tmp_path / "both")]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    subprocess.run([sys.executable, *line], env=environment, capture_output=True, check=True, timeout=300)
    for one, other in zip(numbers(tmp_path / "alone"), numbers(tmp_path / "both"), strict=True):
        assert one == pytest.approx(other, rel=1e-4)
    assert all("mfu" in line for line in read_metrics(tmp_path / "both") if line["step"])


@pytest.mark.parametrize(
    ("number", "key"), [("val_loss", "validation.every"), ("knn k=5", "evals_every"), ("effective_rank", "watch_every")]
)
def test_a_best_checkpoint_by_a_number_that_is_not_known_of_each(recipe_of, tmp_path, number, key):
    wishes = [f"keep_best={{max: '{number}'}}", "watch_every=5"]
    with pytest.raises(RecipeError, match=rf"'{number}', which is not known of each.*Set {key}=2"):
        train(read_recipe(recipe_of("mae"), wishes), tmp_path / "run")
