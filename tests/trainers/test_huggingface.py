"""The Trainer itself is run by tests/examples/frameworks, on several processes."""

import json

import pytest
from transformers import TrainerControl
from transformers.trainer_callback import TrainerState

from headrace.shards.base.errors import StateError, UsageError
from headrace.shards.stream import Stream
from headrace.shards.stream.audit.audit import audit
from headrace.trainers.huggingface import StreamCallback, latest_checkpoint

pytest.importorskip("accelerate", reason="the Trainer needs accelerate: `pip install 'headrace[frameworks]'`")


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


@pytest.fixture
def stream(images):
    return Stream(images)


def test_a_checkpoint_holds_the_state_and_gives_it_back(stream, tmp_path, arguments):
    first, later = stream.batches(4), stream.batches(4)
    next(iter(first))
    state = saved(tmp_path, [StreamCallback(first)], step=7)
    StreamCallback(later).on_train_begin(arguments, state, TrainerControl())
    assert later.state_dict() == first.state_dict()
    assert later.step == 1


def test_a_log_is_written_before_each_checkpoint(stream, tmp_path, arguments):
    batches = stream.batches(4)
    callback = StreamCallback(batches, log=tmp_path)
    callback.on_train_begin(arguments, TrainerState(), TrainerControl())
    for _, should_save in zip(batches, [False, True, False], strict=False):
        callback.on_step_end(arguments, TrainerState(), TrainerControl(should_save=should_save))
    assert audit(stream, tmp_path).samples == 8


def test_a_run_that_begins_takes_up_nothing(stream, arguments):
    first = stream.batches(4)
    next(iter(first))
    StreamCallback(first).on_train_begin(arguments, TrainerState(), TrainerControl())
    assert first.step == 1


def test_a_checkpoint_without_the_state_is_refused(stream, tmp_path, arguments):
    state = saved(tmp_path, [], step=7)
    with pytest.raises(StateError, match=r"a trainer_state\.json of step 7 without StreamCallback"):
        StreamCallback(stream.batches(4)).on_train_begin(arguments, state, TrainerControl())


def test_a_trainer_that_would_skip_batches_is_refused(stream, arguments):
    arguments.ignore_data_skip = False
    with pytest.raises(UsageError, match="ignore_data_skip=True"):
        StreamCallback(stream.batches(4)).on_train_begin(arguments, TrainerState(), TrainerControl())


def test_the_latest_checkpoint_is_the_last_whole_one(tmp_path):
    assert latest_checkpoint(tmp_path / "nothing") is None
    for step, text in [(5, json.dumps({"global_step": 5})), (10, "{}"), (15, '{"global_'), (20, None)]:
        folder = tmp_path / f"checkpoint-{step}"
        folder.mkdir()
        if text is not None:
            (folder / "trainer_state.json").write_text(text)
    assert latest_checkpoint(tmp_path) == str(tmp_path / "checkpoint-10")
