import resource
import signal
from contextlib import contextmanager

import pytest
import torch

from headrace.shards.base.errors import StateError, TrainingError
from headrace.trainers.checkpoint import Checkpoints
from headrace.trainers.optimizers import AdamwRecipe

IDENTITY = {"optimizer.lr": 0.1, "pretext.plugin": "mae", "crop": (0.2, 1.0)}


def trained(steps=3, seed=0):
    torch.manual_seed(seed)
    model = torch.nn.Sequential(torch.nn.Linear(4, 4), torch.nn.BatchNorm1d(4), torch.nn.Linear(4, 2))
    optimizer = AdamwRecipe(lr=0.1).build(model, 1)
    for _ in range(steps):
        step(model, optimizer)
    return model, optimizer


def step(model, optimizer):
    optimizer.zero_grad()
    model(torch.linspace(-1, 1, 12).reshape(3, 4)).square().sum().backward()
    optimizer.step()


def test_what_is_restored_goes_on_bit_for_bit(tmp_path):
    model, optimizer = trained()
    checkpoints = Checkpoints(tmp_path, IDENTITY, keep=2)
    checkpoints.save(3, model, optimizer, {"position": 24})
    other, its = trained(steps=1, seed=9)
    assert checkpoints.restore(other, its) == (3, {"position": 24})
    for _ in range(3):
        step(model, optimizer)
        step(other, its)
    assert all(torch.equal(a, b) for a, b in zip(model.state_dict().values(), other.state_dict().values(), strict=True))


def test_the_model_alone(tmp_path):
    model, optimizer = trained()
    checkpoints = Checkpoints(tmp_path, IDENTITY, keep=2)
    other, _ = trained(seed=9)
    assert checkpoints.restore_model(other) is None
    checkpoints.save(3, model, optimizer, {})
    assert checkpoints.restore_model(other) == 3
    assert torch.equal(other[0].weight, model[0].weight)


def test_only_the_latest_are_kept_and_nothing_half_written_counts(tmp_path):
    model, optimizer = trained()
    checkpoints = Checkpoints(tmp_path, IDENTITY, keep=2)
    (tmp_path / ".step-00000099.tmp").mkdir()
    for number in (1, 2, 3, 10):
        checkpoints.save(number, model, optimizer, {})
    assert checkpoints.steps() == [3, 10]


def test_nothing_in_a_checkpoint_is_a_pickle(tmp_path):
    model, optimizer = trained()
    Checkpoints(tmp_path, IDENTITY, keep=2).save(1, model, optimizer, {})
    kinds = {path.suffix for path in (tmp_path / "step-00000001").iterdir()}
    assert kinds == {".safetensors", ".json"}


def test_a_checkpoint_of_something_else_is_refused_with_both_sides(tmp_path):
    model, optimizer = trained()
    Checkpoints(tmp_path, IDENTITY, keep=2).save(1, model, optimizer, {})
    other = Checkpoints(tmp_path, {**IDENTITY, "pretext.plugin": "mlm", "new": 1}, keep=2)
    with pytest.raises(StateError) as raised:
        other.restore(model, optimizer)
    assert raised.value.found == "pretext.plugin = mae; new = None"
    assert raised.value.expected == "pretext.plugin = mlm; new = 1"


def test_a_checkpoint_from_before_a_key_existed_continues_where_that_key_is_none(tmp_path):
    model, optimizer = trained()
    Checkpoints(tmp_path, IDENTITY, keep=2).save(1, model, optimizer, {})
    later = Checkpoints(tmp_path, {**IDENTITY, "optimizer.layer_decay": None}, keep=2)
    assert later.restore(model, optimizer) == (1, {})


def test_a_checkpoint_of_another_version_is_refused(tmp_path):
    model, optimizer = trained()
    checkpoints = Checkpoints(tmp_path, IDENTITY, keep=2)
    checkpoints.save(1, model, optimizer, {})
    path = tmp_path / "step-00000001" / "state.json"
    path.write_text(path.read_text().replace('"version": 1', '"version": 7'))
    with pytest.raises(StateError, match="version 7"):
        checkpoints.restore(model, optimizer)


@pytest.fixture
def full_disk():
    """Files stop growing at 1,000 bytes, as on a disk that is nearly full."""
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)

    @contextmanager
    def limited():
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    yield limited
    signal.signal(signal.SIGXFSZ, handler)


def test_when_the_disk_is_full_the_last_checkpoint_stays(tmp_path, full_disk):
    model = torch.nn.Linear(50, 50)
    optimizer = AdamwRecipe().build(model, 1)
    checkpoints = Checkpoints(tmp_path, IDENTITY, keep=2)
    checkpoints.save(1, model, optimizer, {})
    with full_disk(), pytest.raises(TrainingError, match="continues from the checkpoint of step 1"):
        checkpoints.save(2, model, optimizer, {})
    assert [path.name for path in tmp_path.iterdir()] == ["step-00000001"]
    assert checkpoints.restore(model, optimizer) == (1, {})
