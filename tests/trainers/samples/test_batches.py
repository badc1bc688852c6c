"""What a batch shares is the same wherever its samples are made, and a pretext of one file can use it."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from headrace.shards.base.errors import UsageError
from headrace.shards.base.rng import generator
from headrace.shards.stream import Stream
from headrace.trainers.contracts.pretexts import check_pretext
from headrace.trainers.loop import train
from headrace.trainers.metrics import read_metrics
from headrace.trainers.recipe import read_recipe
from headrace.trainers.rendering import rendering
from headrace.trainers.runs import Run
from headrace.trainers.samples.batches import ROW, Batches, Shared
from tests.trainers.ranks import started

BLOCKS = '''
from dataclasses import dataclass
import numpy as np
from headrace.trainers.pretext.mae import Mae
from headrace.trainers.samples.masks.multiblock import MultiBlock

MASK = MultiBlock(targets=1, target_scale=(0.1, 0.6))

@dataclass(frozen=True, kw_only=True)
class Blocks(Mae):
    """What is hidden of a picture is a block, as large as all of its batch, and each row has a place of its own."""

    def of_batch(self, samples, rng):
        return {"sizes": MASK.sizes((self.side, self.side), rng), "places": rng.permutation(samples)}

    def beside(self, record, rng):
        hidden = MASK.draw((self.side, self.side), record["sizes"], rng).targets[0]
        visible = np.setdiff1d(np.arange(self.tokens), hidden)
        return {"hidden": hidden, "visible": visible, "place": record["places"][record["__row__"]]}
'''
STEPS, SAMPLES = 8, 12


@pytest.fixture
def blocks(recipe_of, tmp_path):
    """The recipe's overrides, on top of MAE's."""
    (tmp_path / "blocks.py").write_text(BLOCKS)
    path = recipe_of("mae", schedule={"name": "constant"}, batch_size=SAMPLES)
    path.write_text(path.read_text().replace("mae:", f"{tmp_path / 'blocks.py'}:Blocks:"))
    return path


def global_batches(run, size, workers, render="worker"):
    """The batches of some steps, the rows of all ranks one after the other."""
    found = []
    for rank in range(size):
        transform, _ = rendering(run.pretext, render, torch.device("cpu"), Batches(7, SAMPLES))
        stream = Stream(run.data.url, seed=7, fields=run.pretext.fields, transform=transform)
        loader = stream.loader(SAMPLES, rank=rank, world_size=size, num_workers=workers)
        found.append([batch for batch, _ in zip(loader, range(STEPS), strict=False)])
    names = ("hidden", "visible", "place", *(["view"] if render == "worker" else []))
    return [{name: torch.cat([part[name] for part in parts]) for name in names} for parts in zip(*found, strict=True)]


def test_all_ranks_and_workers_find_the_same(blocks, tmp_path):
    run = Run.of(read_recipe(blocks), tmp_path / "run")
    alone = global_batches(run, 1, 0)
    # Blocks of a step are of one size, and those of another step of another; each row has its own place.
    assert len({batch["hidden"].shape[1] for batch in alone}) > 1
    assert all(batch["hidden"].shape[1] + batch["visible"].shape[1] == 16 for batch in alone)
    assert all(sorted(batch["place"].tolist()) == list(range(SAMPLES)) for batch in alone)
    for others in (global_batches(run, 3, 0), global_batches(run, 2, 2)):
        for batch, other in zip(alone, others, strict=True):
            for name, column in batch.items():
                assert torch.equal(column, other[name]), name
    for batch, other in zip(alone, global_batches(run, 1, 0, "device"), strict=True):
        assert torch.equal(batch["hidden"], other["hidden"])


def test_a_run_that_is_stopped_and_resized_goes_on_with_the_same(blocks, tmp_path):
    asked = ["checkpoint_every=100", "backbone.hidden_dropout_prob=0", "backbone.attention_probs_dropout_prob=0"]
    train(read_recipe(blocks, [*asked, "steps=4"]), tmp_path / "whole")
    for processes, steps in ((1, 2), (2, 4)):
        recipe = read_recipe(blocks, [*asked, f"steps={steps}"])
        started(processes, lambda recipe=recipe: train(recipe, tmp_path / "resized"))
    resized, whole = ([line["loss"] for line in read_metrics(tmp_path / name)] for name in ("resized", "whole"))
    assert resized == pytest.approx(whole, rel=32 * 2**-24)


def test_it_keeps_the_contract(blocks):
    assert check_pretext(f"{blocks.with_name('blocks.py')}:Blocks") == []


@given(seed=st.integers(0, 2**32), size=st.integers(1, 1000), step=st.integers(0, 2**40), data=st.data())
def test_the_positions_of_a_step_are_the_rows_of_its_batch(seed, size, step, data):
    batches, row = Batches(seed, size), data.draw(st.integers(0, size - 1))
    assert batches.place(step * size + row) == (step, row)
    assert batches.generator(step).random() == generator("headrace.batch", seed, step).random()


def test_it_is_drawn_once_for_samples_in_a_row():
    drawn = []

    def of_batch(samples, rng):
        drawn.append(samples)
        return {"share": rng.random()}

    shared = Shared(of_batch, Batches(0, 4))
    found = [shared.given({"__position__": np.int64(position)}) for position in range(6)]
    assert drawn == [4, 4]
    assert [each[ROW] for each in found] == [0, 1, 2, 3, 0, 1]
    assert len({each["share"] for each in found}) == 2


def test_it_takes_the_place_of_no_field():
    shared = Shared(lambda samples, rng: {"png": 1}, Batches(0, 4))
    with pytest.raises(UsageError, match="called 'png', as a field"):
        shared.given({"__position__": 0, "png": b""})
