"""What is saved, what stays of it, and whose it is."""

import json
import shutil

import pytest
import torch
from torch import nn

from headrace.shards.base.errors import InputError, StateError
from headrace.trainers.checkpoint import Checkpoints, Contents, saving
from headrace.trainers.distributed import ALONE
from headrace.trainers.ema import Ema, EmaRecipe
from headrace.trainers.optimizers import AdamwRecipe
from headrace.trainers.precision import LossScale

IDENTITY = {"optimizer.lr": 0.1, "pretext.plugin": "mae", "crop": (0.2, 1.0)}


class Tied(nn.Module):
    """With tied weights, running statistics, a channels-last convolution, and a parameter that does not learn."""

    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(5, 4)
        self.body = nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4))
        self.patches = nn.Conv2d(2, 3, 2).to(memory_format=torch.channels_last)
        self.head = nn.Linear(4, 5, bias=False)
        self.head.weight = self.embed.weight
        self.teacher = nn.Linear(2, 2).requires_grad_(False)
        self.register_buffer("passing", torch.zeros(1), persistent=False)

    def forward(self):
        pixels = torch.linspace(-1, 1, 2 * 2 * 3 * 3).reshape(2, 2, 3, 3)
        return self.head(self.body(self.embed(torch.arange(5)))).square().mean() + self.patches(pixels).square().mean()


def trained(steps=3, seed=0, ema=None):
    torch.manual_seed(seed)
    model = Tied()
    contents = Contents(
        model, AdamwRecipe(lr=0.1).build(model, 1), LossScale.of("fp16"), Ema(model, ema) if ema else None
    )
    for number in range(steps):
        step(contents, number)
    return contents


def step(contents, number):
    contents.optimizer.zero_grad()
    contents.model().backward()
    contents.optimizer.step()
    if contents.ema:
        contents.ema.update(number)


def save(checkpoints, number, contents=None, stream=None, score=None):
    with saving(checkpoints, ALONE) as saver:
        saver.save(number, contents or trained(1), stream or {}, score)


def equal(one, other):
    one, other = one.tensors(), other.tensors()
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize("ema", [None, EmaRecipe(decay=0.9)])
def test_what_is_restored_goes_on_bit_for_bit(tmp_path, ema):
    whole = trained(3, ema=ema)
    checkpoints = Checkpoints(tmp_path, IDENTITY, keep=2)
    save(checkpoints, 3, whole, {"position": 24})
    other = trained(1, seed=9, ema=ema)
    assert not equal(whole, other)
    assert checkpoints.restore(other) == (3, {"position": 24})
    assert equal(whole, other)
    for number in range(3, 6):
        step(whole, number)
        step(other, number)
    assert equal(whole, other)
    # Every count and moment is there, and what is tied is stored once.
    assert {name.partition("/")[0] for name in whole.tensors()} == {"model", "optimizer", *(["ema"] if ema else [])}
    assert "optimizer/embed.weight/exp_avg" in whole.tensors()
    assert "model/head.weight" not in whole.tensors()
    assert other.model.head.weight is other.model.embed.weight


def test_what_a_step_changes_while_the_disk_is_written_is_not_in_it(tmp_path):
    contents, expected = trained(3), trained(3)
    checkpoints = Checkpoints(tmp_path, IDENTITY, keep=2)
    with saving(checkpoints, ALONE) as saver:
        saver.save(3, contents, {})
        step(contents, 3)
    other = trained(1)
    checkpoints.restore(other)
    assert equal(other, expected)


def test_the_scale_of_the_loss_goes_on(tmp_path):
    contents, other = trained(), trained()
    contents.scale.overflowed()
    contents.scale.endured()
    checkpoints = Checkpoints(tmp_path, IDENTITY, keep=2)
    save(checkpoints, 3, contents)
    assert other.scale != contents.scale
    checkpoints.restore(other)
    assert other.scale == contents.scale


@pytest.mark.parametrize("ema", [None, EmaRecipe(decay=0.9)])
def test_the_model_alone_has_the_averages_where_there_are_any(tmp_path, ema):
    contents = trained(ema=ema)
    checkpoints = Checkpoints(tmp_path, IDENTITY, keep=2)
    other = trained(seed=9).model
    assert checkpoints.restore_model(other) is None
    save(checkpoints, 3, contents)
    assert checkpoints.restore_model(other) == 3
    expected = contents.ema.average["embed.weight"] if ema else contents.model.embed.weight
    assert torch.equal(other.embed.weight, expected)
    assert torch.equal(other.body[1].running_mean, contents.model.body[1].running_mean)
    assert torch.equal(other.teacher.weight, contents.model.teacher.weight)


def test_only_the_latest_are_kept_and_nothing_half_written_counts(tmp_path):
    checkpoints = Checkpoints(tmp_path, IDENTITY, keep=2)
    (tmp_path / ".step-00000099.tmp").mkdir()
    for number in (1, 2, 3, 10):
        save(checkpoints, number)
    assert checkpoints.steps() == [3, 10]
    checkpoints.remove_leftovers()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["step-00000003", "step-00000010"]


@pytest.mark.parametrize(("sign", "kept"), [("min", [3, 6, 7]), ("max", [2, 6, 7])])
def test_the_best_stays_as_well(tmp_path, sign, kept):
    checkpoints = Checkpoints(tmp_path, IDENTITY, keep=2, best={sign: "val_loss"})
    assert checkpoints.best_step() is None
    for number, score in enumerate([0.5, 0.9, 0.1, 0.1, None, float("nan"), 0.3], 1):
        save(checkpoints, number, score=score)
    assert checkpoints.steps() == kept
    assert checkpoints.best_step() == kept[0]
    # Of another number nothing is known.
    assert Checkpoints(tmp_path, IDENTITY, keep=2, best={"max": "knn"}).best_step() is None


def test_one_of_them_is_asked_for_by_name(tmp_path):
    checkpoints = Checkpoints(tmp_path, IDENTITY, keep=2, best={"max": "knn"})
    model = trained().model
    assert checkpoints.restore_model(model, "best") is None
    for number, score in enumerate([0.9, 0.5, 0.1], 1):
        save(checkpoints, number, trained(number), score=score)
    for name, step in (("best", 1), ("2", 2), ("last", 3)):
        assert checkpoints.restore_model(model, name) == step
        assert torch.equal(model.embed.weight, trained(step).model.embed.weight)
    with pytest.raises(InputError, match=r"no checkpoint '7'.*those of the steps 1, 2, 3.*last, a step, or best"):
        checkpoints.restore_model(model, "7")
    with pytest.raises(InputError, match="'best'"):
        Checkpoints(tmp_path, IDENTITY, keep=2).restore_model(model, "best")


def test_nothing_in_a_checkpoint_is_a_pickle(tmp_path):
    save(Checkpoints(tmp_path, IDENTITY, keep=2), 1)
    kinds = {path.suffix for path in (tmp_path / "step-00000001").iterdir()}
    assert kinds == {".safetensors", ".json"}


def test_a_checkpoint_of_something_else_is_refused_with_both_sides(tmp_path):
    save(Checkpoints(tmp_path, IDENTITY, keep=2), 1)
    other = Checkpoints(tmp_path, {**IDENTITY, "pretext.plugin": "mlm", "new": 1, "long": "3" * 50_000}, keep=2)
    with pytest.raises(StateError) as raised:
        other.restore(trained(1))
    assert raised.value.found == "pretext.plugin = mae; new = None; long = None"
    assert raised.value.expected == f"pretext.plugin = mlm; new = 1; long = {'3' * 100}..."


def test_a_checkpoint_from_before_a_key_existed_continues_where_that_key_is_none(tmp_path):
    save(Checkpoints(tmp_path, IDENTITY, keep=2), 1)
    later = Checkpoints(tmp_path, {**IDENTITY, "optimizer.layer_decay": None}, keep=2)
    assert later.restore(trained(1)) == (1, {})


def test_a_checkpoint_of_another_version_is_refused(tmp_path):
    checkpoints = Checkpoints(tmp_path, IDENTITY, keep=2)
    save(checkpoints, 1)
    path = tmp_path / "step-00000001" / "state.json"
    path.write_text(path.read_text().replace('"version": 2', '"version": 1'))
    with pytest.raises(StateError, match="version 1"):
        checkpoints.restore(trained(1))


def cut(path):
    path.write_bytes(path.read_bytes()[:-100])


def scramble(path):
    path.write_bytes(b"\xff" * path.stat().st_size)


@pytest.mark.parametrize(
    ("file", "damage", "found"),
    [
        ("rank-00000.safetensors", cut, r"rank-00000\.safetensors has [\d,]+ bytes of [\d,]+"),
        ("rank-00000.safetensors", scramble, "header"),
        ("rank-00000.safetensors", lambda path: path.unlink(), r"rank-00000\.safetensors is missing"),
        ("state.json", cut, r"state\.json"),
        ("state.json", lambda path: path.unlink(), r"state\.json"),
    ],
)
def test_a_damaged_checkpoint_is_named_and_without_it_the_one_before_goes_on(tmp_path, file, damage, found):
    checkpoints = Checkpoints(tmp_path, IDENTITY, keep=2)
    for number in (1, 2):
        save(checkpoints, number)
    damage(tmp_path / "step-00000002" / file)
    for restore in (lambda: checkpoints.restore(trained(1)), lambda: checkpoints.restore_model(trained(1).model)):
        with pytest.raises(StateError, match=rf"step-00000002 is damaged.*{found}.*Remove that folder"):
            restore()
    shutil.rmtree(tmp_path / "step-00000002")
    assert checkpoints.restore(trained(1)) == (1, {})


def test_a_network_that_has_changed_is_told_from_damage(tmp_path):
    checkpoints = Checkpoints(tmp_path, IDENTITY, keep=2)
    save(checkpoints, 1)
    wider, more = trained(1), trained(1)
    wider.model.teacher = nn.Linear(3, 2).requires_grad_(False)
    more.model.other = nn.Linear(2, 2).requires_grad_(False)
    with pytest.raises(StateError, match=r"does not fit the network.*teacher"):
        checkpoints.restore(wider)
    with pytest.raises(StateError, match=r"does not fit the network.*2 tensors that only one of them has.*other\.bias"):
        checkpoints.restore(more)
    with pytest.raises(StateError, match=r"does not fit the network.*other"):
        checkpoints.restore_model(more.model)


def test_the_state_can_be_read_by_people(tmp_path):
    save(Checkpoints(tmp_path, IDENTITY, keep=2, best={"max": "knn"}), 1, stream={"position": 8}, score=0.5)
    state = json.loads((tmp_path / "step-00000001/state.json").read_text())
    length = (tmp_path / "step-00000001/rank-00000.safetensors").stat().st_size
    assert state.pop("identity") == {**IDENTITY, "crop": [0.2, 1.0]}
    assert state == {
        "version": 2,
        "step": 1,
        "stream": {"position": 8},
        "numbers": {"value": 2.0**16, "calm": 0},
        "score": {"knn": 0.5},
        "files": {"rank-00000.safetensors": length},
    }
