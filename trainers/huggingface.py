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
from typing import Any, Protocol

from transformers.trainer_callback import ExportableState, TrainerCallback, TrainerControl, TrainerState
from transformers.training_args import TrainingArguments

from headrace.shards.base.errors import StateError, UsageError

_STATE = "trainer_state.json"


class Stateful(Protocol):
    """What `Stream.loader` and `Stream.batches` give."""

    def state_dict(self) -> dict[str, Any]:
        """What was delivered so far, as plain JSON data."""

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from a state."""


class StreamCallback(TrainerCallback, ExportableState):
    """Saves the state of a stream in the Trainer's checkpoints, in `trainer_state.json`, and takes it up from there.

    The Trainer must not skip batches itself when it resumes: the stream stands already where it stopped.

    Args:
        loader: What `get_train_dataloader` of the Trainer returns.
    """

    def __init__(self, loader: Stateful) -> None:
        self._loader = loader

    def state(self) -> dict[str, Any]:
        """What the Trainer saves, in the form that it asks for."""
        return {"args": {}, "attributes": {"stream": self._loader.state_dict()}}

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Continue from the checkpoint, if the Trainer does.

        Raises:
            StateError: The checkpoint belongs to another stream, or to a run without this callback.
            UsageError: The Trainer would skip batches.
        """
        if not args.ignore_data_skip:
            raise UsageError(
                "the Trainer would skip batches when it resumes, from a stream that stands where it stopped",
                found="ignore_data_skip=False",
                remedy="Set TrainingArguments(ignore_data_skip=True)",
            )
        if state.global_step == 0:
            return
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
