"""Lines sent elsewhere, read back by what reads them there; also of runs that were continued."""

import struct
from collections import defaultdict

import pytest

from headrace.shards.base.errors import InputError, RecipeError
from headrace.trainers.loop import train
from headrace.trainers.metrics import read_metrics
from headrace.trainers.recipe import read_recipe
from headrace.trainers.runs import Run
from headrace.trainers.sinks.base import SINKS

MINE = """
from contextlib import contextmanager
from dataclasses import dataclass
from headrace.trainers.sinks.base import Sink

@dataclass(frozen=True, kw_only=True)
class Mine(Sink):
    name: str = "mine.txt"

    @contextmanager
    def open(self, run, step):
        with (run.folder / self.name).open("a") as file:
            print("from", step, file=file)
            yield lambda line: print(line["step"], line["loss"], file=file, flush=True)
            print("closed", file=file)
"""
BROKEN = dict.fromkeys(("wandb", "tensorboard", "torch.utils.tensorboard"))


def kill_and_continue(recipe_path, overrides, run, monkeypatch):
    """Take 4 steps of 6 with a checkpoint after 3, then continue."""
    from headrace.trainers import loop

    step = loop.take_step

    class Killed(Exception):
        pass

    def dying(run, world, state, batch):
        if state.step == 4:
            raise Killed
        return step(run, world, state, batch)

    overrides = [*overrides, "checkpoint_every=3"]
    monkeypatch.setattr(loop, "take_step", dying)
    with pytest.raises(Killed):
        train(read_recipe(recipe_path, overrides), run)
    monkeypatch.setattr(loop, "take_step", step)
    train(read_recipe(recipe_path, overrides), run)


def test_tensorboard_reads_every_line_once(recipe_of, images, tmp_path, monkeypatch):
    reader = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    wishes = ["log_to=[tensorboard]", f"validation={{url: {images}, every: 2, samples: 8}}"]
    kill_and_continue(recipe_of("mae"), wishes, tmp_path / "run", monkeypatch)
    events = reader.EventAccumulator(str(tmp_path / "run/tensorboard"))
    events.Reload()
    curves = defaultdict(list)
    for line in read_metrics(tmp_path / "run"):
        for name, value in line.items():
            curves[name].append((line["step"], pytest.approx(value, rel=1e-6)))
    steps = curves.pop("step")
    assert [step for step, _ in steps] == list(range(7))
    assert set(events.Tags()["scalars"]) == set(curves)
    for name, expected in curves.items():
        assert [(event.step, event.value) for event in events.Scalars(name)] == expected, name


@pytest.mark.slow
def test_wandb_goes_on_in_the_same_run(recipe_of, tmp_path, monkeypatch):
    pytest.importorskip("wandb")
    monkeypatch.setenv("WANDB_MODE", "offline")
    wishes = ["log_to=[{wandb: {project: mine, tags: [small]}}]"]
    kill_and_continue(recipe_of("mae"), wishes, tmp_path / "run", monkeypatch)
    records = [record for path in sorted((tmp_path / "run/wandb").glob("offline-*/*.wandb")) for record in read(path)]
    runs = [record.run for record in records if record.WhichOneof("record_type") == "run"]
    assert len({run.run_id for run in runs}) == 1
    assert {(run.project, run.display_name, tuple(run.tags)) for run in runs} == {("mine", "run", ("small",))}
    losses = defaultdict(set)
    for record in records:
        if record.WhichOneof("record_type") == "history":
            items = {".".join(item.nested_key) or item.key: item.value_json for item in record.history.item}
            losses[int(items["_step"])].add(float(items["loss"]))
    # What was sent twice is the same.
    assert losses == {line["step"]: {line["loss"]} for line in read_metrics(tmp_path / "run")}


def read(path):
    """The records of a .wandb file: LevelDB's log format behind seven bytes of its own."""
    from wandb.proto import wandb_internal_pb2

    data, at, whole = path.read_bytes(), 7, b""
    while at < len(data):
        left = 32768 - at % 32768
        if left < 7:
            at += left
            continue
        _, size, kind = struct.unpack_from("<IHB", data, at)
        whole += data[at + 7 : at + 7 + size]
        at += 7 + size
        if kind in (1, 4):
            record = wandb_internal_pb2.Record()
            record.ParseFromString(whole)
            yield record
            whole = b""


def test_a_sink_of_ones_own_is_one_small_file(recipe_of, tmp_path):
    (tmp_path / "mine.py").write_text(MINE)
    train(read_recipe(recipe_of("mae"), [f"log_to=[{{{tmp_path}/mine.py:Mine: {{name: x.txt}}}}]"]), tmp_path / "run")
    first, *lines, last = (tmp_path / "run/x.txt").read_text().splitlines()
    assert (first, last) == ("from 0", "closed")
    assert lines == [f"{line['step']} {line['loss']}" for line in read_metrics(tmp_path / "run")]


@pytest.mark.parametrize("name", ["tensorboard", "wandb"])
def test_a_package_that_is_not_there_is_named_with_its_remedy(recipe_of, tmp_path, monkeypatch, name):
    for module in BROKEN:
        monkeypatch.setitem(__import__("sys").modules, module, None)
    recipe = read_recipe(recipe_of("mae"), [f"log_to=[{name}]"])
    (sink,) = recipe.sinks.values()
    with pytest.raises(InputError, match=rf"'{name}' needs the package.*pip install 'headrace\[{name}\]'"):  # noqa: SIM117
        with sink.open(Run.of(recipe, tmp_path / "run"), 0):
            pass


def test_a_name_that_is_not_known(recipe_of):
    with pytest.raises(RecipeError, match=r"log_to.*there is no sink 'tensorbord'.*Did you mean 'tensorboard'"):
        read_recipe(recipe_of("mae"), ["log_to=[tensorbord]"])


def test_all_that_come_with_headrace_are_known_by_name():
    assert SINKS.names() == ["tensorboard", "wandb"]
