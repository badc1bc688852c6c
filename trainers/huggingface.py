"""What Hugging Face's Trainer needs to go on with the next batch: the stream's state within its own checkpoints.

    class FromStream(Trainer):
        def get_train_dataloader(self):
            return loader

    trainer = FromStream(model, TrainingArguments(..., ignore_data_skip=True), callbacks=[StreamCallback(loader)])
    trainer.train(resume_from_checkpoint=latest_checkpoint(folder))

`examples/frameworks/hf_trainer.py` is a whole program. This is the only file that knows of the Trainer.
"""

import json
from pathlib import Path
from typing import Any

from torch import distributed as dist
from transformers.trainer_callback import ExportableState, TrainerCallback, TrainerControl, TrainerState
from transformers.training_args import TrainingArguments

from headrace.shards.base.errors import StateError, UsageError
from headrace.shards.stream import ConsumptionLog
from headrace.shards.stream.delivery.delivery import Deliverer

_STATE = "trainer_state.json"


class StreamCallback(TrainerCallback, ExportableState):
    """Saves the state of a stream in the Trainer's checkpoints, in `trainer_state.json`, and takes it up from there.

    The Trainer must not skip batches itself when it resumes: the stream stands already where it stopped.

    Args:
        loader: What `get_train_dataloader` of the Trainer returns.
        log: A folder for logs of what was consumed, from which `headrace stream --audit` proves the run; they are
            written before each checkpoint. None for no logs.
    """

    def __init__(self, loader: Deliverer, log: str | Path | None = None) -> None:
        self._loader, self._folder = loader, log
        self._log: ConsumptionLog | None = None

    def state(self) -> dict[str, Any]:
        """What the Trainer saves, in the form that it asks for."""
        return {"args": {}, "attributes": {"stream": self._loader.state_dict()}}

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Continue from the checkpoint, if the Trainer does.

        Raises:
            InputError: The log cannot be written, or another process writes it.
            StateError: The checkpoint belongs to another stream, or to a run without this callback.
            UsageError: The Trainer would skip batches.
        """
        if not args.ignore_data_skip:
            raise UsageError(
                "the Trainer would skip batches when it resumes, from a stream that stands where it stopped",
                found="ignore_data_skip=False",
                remedy="Set TrainingArguments(ignore_data_skip=True)",
            )
        if state.global_step > 0:
            self._take_up(state)
        if self._folder is not None and self._log is None:
            self._log = ConsumptionLog(self._folder, self._loader)

    def _take_up(self, state: TrainerState) -> None:
        # Once read from a checkpoint this is a dictionary, whatever transformers declares.
        callbacks: Any = state.stateful_callbacks
        saved = callbacks.get(type(self).__name__, {}).get("attributes", {}).get("stream")
        if saved is None:
            raise StateError(
                "the Trainer's checkpoint does not say where the stream stood",
                found=f"a {_STATE} of step {state.global_step} without {type(self).__name__}",
                remedy="Resume from a checkpoint that was saved with this callback, or begin anew",
            )
        self._loader.load_state_dict(saved)

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        """Log what was consumed, if a checkpoint follows; raises what the log does."""
        self._write(control)

    def on_epoch_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """As at the end of a step."""
        self._write(control)

    def _write(self, control: TrainerControl) -> None:
        if self._log is None or not control.should_save:
            return
        self._log.write()
        if dist.is_initialized():
            dist.barrier()  # all ranks have logged what the checkpoint is going to call done


def latest_checkpoint(folder: str | Path) -> str | None:
    """The latest whole checkpoint of a Trainer's `output_dir`, for `resume_from_checkpoint`; None where there is none.

    The Trainer writes into a checkpoint's folder in place, its state last, and a run that is killed may leave half of
    one; transformers' own `get_last_checkpoint` takes it nonetheless.
    """
    by_step = {int(path.name.rpartition("-")[2]): path for path in Path(folder).glob("checkpoint-[0-9]*")}
    return next((str(path) for _, path in sorted(by_step.items(), reverse=True) if _whole(path / _STATE)), None)


def _whole(state: Path) -> bool:
    try:
        json.loads(state.read_bytes())
    except (OSError, ValueError):
        return False
    return True
