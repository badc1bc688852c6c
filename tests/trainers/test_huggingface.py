"""The Trainer itself is run by tests/examples/frameworks, on several processes."""

import json

import pytest
from transformers import TrainerControl
from transformers.trainer_callback import TrainerState

from headrace.shards.base.errors import StateError, UsageError
from headrace.trainers.huggingface import StreamCallback, latest_checkpoint

pytest.importorskip("accelerate", reason="the Trainer needs accelerate: `pip install 'headrace[frameworks]'`")


class Position:
    """A loader as far as the callback knows it."""

    def __init__(self, position):
        self.position = position

    def state_dict(self):
        return {"position": self.position}

    def load_state_dict(self, state):
        self.position = state["position"]


@pytest.fixture
def arguments(tmp_path):
    from transformers import TrainingArguments

    return TrainingArguments(output_dir=str(tmp_path), use_cpu=True, report_to="none", ignore_data_skip=True)


def saved(folder, callbacks, step):
    """What the Trainer reads from a checkpoint's folder when it resumes."""
    state = TrainerState(global_step=step, stateful_callbacks=callbacks)
    for callback in callbacks:
        state.stateful_callbacks[type(callback).__name__] = callback.state()
    state.save_to_json(str(folder / "trainer_state.json"))
    return TrainerState.load_from_json(str(folder / "trainer_state.json"))


def test_a_checkpoint_holds_the_state_and_gives_it_back(tmp_path, arguments):
    state = saved(tmp_path, [StreamCallback(Position(70))], step=7)
    later = Position(0)
    StreamCallback(later).on_train_begin(arguments, state, TrainerControl())
    assert later.position == 70


def test_a_run_that_begins_takes_up_nothing(arguments):
    first = Position(3)
    StreamCallback(first).on_train_begin(arguments, TrainerState(), TrainerControl())
    assert first.position == 3


def test_a_checkpoint_without_the_state_is_refused(tmp_path, arguments):
    state = saved(tmp_path, [], step=7)
    with pytest.raises(StateError, match=r"a trainer_state\.json of step 7 without StreamCallback"):
        StreamCallback(Position(0)).on_train_begin(arguments, state, TrainerControl())


def test_a_trainer_that_would_skip_batches_is_refused(arguments):
    arguments.ignore_data_skip = False
    with pytest.raises(UsageError, match="ignore_data_skip=True"):
        StreamCallback(Position(0)).on_train_begin(arguments, TrainerState(), TrainerControl())


def test_the_latest_checkpoint_is_the_last_whole_one(tmp_path):
    assert latest_checkpoint(tmp_path / "nothing") is None
    for step, text in [(5, json.dumps({"global_step": 5})), (10, "{}"), (15, '{"global_'), (20, None)]:
        folder = tmp_path / f"checkpoint-{step}"
        folder.mkdir()
        if text is not None:
            (folder / "trainer_state.json").write_text(text)
    assert latest_checkpoint(tmp_path) == str(tmp_path / "checkpoint-10")
