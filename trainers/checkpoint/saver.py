"""Checkpoints are written behind the training: a step waits for a copy of the state, not for the disk."""

from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any

from torch import distributed as dist
from torch.distributed.checkpoint.api import CheckpointException
from torch.distributed.checkpoint.default_planner import DefaultSavePlanner
from torch.distributed.checkpoint.staging import BlockingAsyncStager
from torch.distributed.checkpoint.state_dict_saver import async_save

from headrace.shards.base.errors import TrainingError

from ..distributed import PATIENCE, World
from .checkpoints import Checkpoints
from .contents import Contents


@contextmanager
def saving(checkpoints: Checkpoints, world: World, patience: float = PATIENCE) -> Iterator["Saver"]:
    """While the block runs, checkpoints can be saved; what is being written when it ends is completed.

    Args:
        checkpoints: Those of the run.
        world: The processes.
        patience: Seconds for which one that has written its part waits for the others.

    Raises:
        RuntimeError: Another process was waited for in vain.
        TrainingError: The last one could not be written.
    """
    saver = Saver(checkpoints, world, patience)
    try:
        yield saver
    except BaseException:
        # What ended the block says more than what else went wrong.
        with suppress(Exception):
            saver.wait()
        raise
    saver.wait()


class Saver:
    """Writes the checkpoints of a run, one at a time; every process has one, and calls it at the same steps.

    Args:
        checkpoints: Those of the run.
        world: The processes.
        patience: Seconds for which one that has written its part waits for the others.
    """

    def __init__(self, checkpoints: Checkpoints, world: World, patience: float) -> None:
        self._checkpoints = checkpoints
        self._main = world.main
        # A group of its own, so that what is said here and what the training says do not come in between each other.
        self._group: dist.ProcessGroup | None = None
        if dist.is_initialized():
            self._group = dist.new_group(backend="gloo", timeout=timedelta(seconds=patience))
        self._writing: tuple[int, Future[object]] | None = None

    def save(self, step: int, contents: Contents, stream: Mapping[str, Any], score: float | None = None) -> None:
        """Copy the state after `step` steps and begin to write it; waits for the checkpoint before this one.

        Args:
            step: Steps done.
            contents: What a step changes.
            stream: The state of the stream.
            score: The number that makes it the best or not, where it is known of this step.

        Raises:
            RuntimeError: Another process was waited for in vain.
            TrainingError: The one before could not be written.
        """
        self.wait()
        future = async_save(
            contents.tensors(),
            storage_writer=self._checkpoints.writer(step, contents, stream, score),
            planner=DefaultSavePlanner(flatten_state_dict=False, flatten_sharded_tensors=False),
            process_group=self._group,
            async_stager=BlockingAsyncStager(),
        )
        assert isinstance(future, Future)
        self._writing = step, future

    @property
    def failed(self) -> bool:
        """Whether it is known already that the last one could not be written; `wait` says why."""
        return self._writing is not None and self._writing[1].done() and self._writing[1].exception() is not None

    def wait(self) -> None:
        """Wait until the last one is complete.

        Raises:
            RuntimeError: Another process was waited for in vain.
            TrainingError: It could not be written; of several processes, all of them find out.
        """
        if self._writing is None:
            return
        step, future = self._writing
        error = future.exception()
        self._writing = None
        if error is None:
            return
        if self._main:
            self._checkpoints.give_up(step)
        if not isinstance(error, CheckpointException):
            raise error
        folder, steps = self._checkpoints.folder, self._checkpoints.steps()
        last = f"the checkpoint of step {steps[-1]}, which is untouched" if steps else "the start"
        raise TrainingError(
            f"the checkpoint of step {step} could not be written",
            found=_causes(error),
            remedy=f"See that {folder} has room and all machines can write it; the same line continues from {last}",
        ) from error


def _causes(error: CheckpointException) -> str:
    alone = len(error.failures) == 1 and 0 in error.failures
    return "; ".join(f"{'' if alone else f'rank {rank}: '}{cause}" for rank, (cause, _) in error.failures.items())
