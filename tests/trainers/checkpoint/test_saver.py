"""Checkpoints are written behind the training, and what goes wrong there is found."""

import os
import resource
import signal
import threading

import pytest
import torch
from torch import nn

from headrace.shards.base.errors import TrainingError
from headrace.trainers.checkpoint import Checkpoints, Contents, saving
from headrace.trainers.checkpoint.storage import Writer
from headrace.trainers.distributed import ALONE
from headrace.trainers.optimizers import AdamwRecipe
from headrace.trainers.precision import LossScale
from tests.trainers.ranks import on_ranks


def contents():
    model = nn.Linear(50, 50)
    return Contents(model, AdamwRecipe().build(model, 1), LossScale())


def test_when_the_disk_is_full_the_last_checkpoint_stays(tmp_path, full_disk):
    checkpoints, state = Checkpoints(tmp_path, {}, keep=1), contents()
    with saving(checkpoints, ALONE) as saver:
        saver.save(1, state, {})
        saver.wait()
        with full_disk():
            saver.save(2, state, {})
            with pytest.raises(TrainingError, match=r"step 2 could not.*too large.*checkpoint of step 1"):
                saver.wait()
        assert [path.name for path in tmp_path.iterdir()] == ["step-00000001"]
        assert checkpoints.restore(state) == (1, {})
        # Once there is room again, so is a checkpoint.
        saver.save(3, state, {})
    assert checkpoints.steps() == [3]


@pytest.fixture
def slow_disk(monkeypatch):
    """Writing waits until it is let go."""
    go, write = threading.Event(), Writer.write_data

    def waiting(self, plan, planner):
        assert go.wait(60)
        return write(self, plan, planner)

    monkeypatch.setattr(Writer, "write_data", waiting)
    return go


def test_nobody_waits_for_the_disk_until_there_is_more_to_save(tmp_path, slow_disk):
    checkpoints, state = Checkpoints(tmp_path, {}, keep=2), contents()
    with saving(checkpoints, ALONE) as saver:
        saver.save(1, state, {})
        assert checkpoints.steps() == []
        assert not saver.failed
        threading.Timer(0.2, slow_disk.set).start()
        saver.save(2, state, {})
        assert checkpoints.steps()[0] == 1
    assert checkpoints.steps() == [1, 2]


def save_and_fail(checkpoints):
    with saving(checkpoints, ALONE) as saver:
        saver.save(1, contents(), {})
        raise ZeroDivisionError


def test_what_is_being_written_is_completed_whatever_ends_the_run(tmp_path, slow_disk):
    checkpoints = Checkpoints(tmp_path, {}, keep=2)
    threading.Timer(0.2, slow_disk.set).start()
    with pytest.raises(ZeroDivisionError):
        save_and_fail(checkpoints)
    assert checkpoints.steps() == [1]


def test_what_ended_the_run_is_told_and_not_what_else_went_wrong(tmp_path, full_disk):
    with full_disk(), pytest.raises(ZeroDivisionError):
        save_and_fail(Checkpoints(tmp_path, {}, keep=2))


def save_and_watch(checkpoints):
    with saving(checkpoints, ALONE) as saver:
        saver.save(1, contents(), {})
        for _ in range(6000):
            if saver.failed:
                return
            threading.Event().wait(0.01)
    raise AssertionError("nobody knew")


def test_a_failure_is_known_without_waiting(tmp_path, full_disk):
    with full_disk(), pytest.raises(TrainingError):
        save_and_watch(Checkpoints(tmp_path, {}, keep=2))


def test_of_several_processes_all_learn_that_one_could_not_write(tmp_path):
    def task(world):
        torch.manual_seed(0)
        checkpoints, state = Checkpoints(tmp_path, {}, keep=2), contents()
        if world.rank == 1:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (100, resource.RLIM_INFINITY))
        try:
            with saving(checkpoints, world) as saver:
                saver.save(1, state, {})
        except TrainingError as error:
            return str(error)
        return ""

    for message in on_ranks(2, task):
        assert "step 1 could not be written. Found: rank 1: " in message
        assert "continues from the start" in message
    assert list(tmp_path.iterdir()) == []


def test_a_process_that_dies_while_it_writes_does_not_hold_the_others(tmp_path):
    def task(world):
        checkpoints, state = Checkpoints(tmp_path, {}, keep=2), contents()
        with saving(checkpoints, world) as saver:
            saver.save(1, state, {})
            saver.wait()
            if world.rank == 1:
                os.kill(os.getpid(), signal.SIGKILL)
            saver.save(2, state, {})
            # Who it was is found where all that processes do together ends, in `parallel.fates`.
            with pytest.raises(RuntimeError, match="gloo"):
                saver.wait()
        return "told"

    assert on_ranks(3, task) == ["told", None, "told"]
    assert Checkpoints(tmp_path, {}, keep=2).steps() == [1]
