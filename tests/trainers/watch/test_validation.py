"""Losses on other samples: each counts once, on any number of processes and in batches of any size."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from headrace.shards.base.errors import ManifestError, RecipeError
from headrace.shards.format.atomic import write_whole
from headrace.shards.format.manifest import Manifest
from headrace.shards.stream import Stream
from headrace.shards.stream.delivery import tensors
from headrace.shards.stream.delivery.prepared import tensor_batch
from headrace.trainers.data import RECORD_CODECS
from headrace.trainers.distributed import ALONE
from headrace.trainers.pretext.base import CoupledObjective, Loss, Mean
from headrace.trainers.recipe import read_recipe
from headrace.trainers.runs import Run
from headrace.trainers.watch.validation import Validation

_spec = importlib.util.spec_from_file_location("ranks", Path(__file__).parents[1] / "ranks.py")
ranks = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(ranks)

DROPOUT = ["backbone.hidden_dropout_prob=0.5", "backbone.attention_probs_dropout_prob=0.5"]
PRETEXTS = ["mae", "mlm", "causal_lm"]


@pytest.fixture
def run_of(recipe_of, images, texts, tmp_path):
    def make(pretext, *overrides, **validation):
        validation = {"url": images if pretext == "mae" else texts, "every": 1, **validation}
        wishes = [f"validation.{key}={value}" for key, value in validation.items()]
        dropout = [] if pretext == "causal_lm" else DROPOUT
        return Run.of(read_recipe(recipe_of(pretext), [*dropout, *wishes, *overrides]), tmp_path / "run")

    return make


def validated(run, world=ALONE, objective=None):
    objective = objective or run.untrained()
    objective.world = world
    return Validation(run, run.recipe.model.validation, world, objective.train())(lambda words: None)


def one_by_one(run, samples):
    """The loss of the first samples, each alone through the network, in the plainest way."""
    model, pretext = run.recipe.model, run.pretext
    stream = Stream(
        model.validation.url,
        window=pretext.window,
        fields=pretext.fields,
        transform=pretext.sample,
        codecs=RECORD_CODECS,
    )
    objective = run.untrained().eval()
    total, count = 0.0, 0.0
    for number in range(samples):
        reading = stream.fetch(stream.order.listed(np.array([number])))
        found, _ = stream.transformed(reading)
        batch = tensor_batch(found, stream.ragged, tensors)
        (term,) = objective.loss(batch).terms.values()
        (targets,) = objective.targets(batch).values()
        total, count = total + term.item(), count + targets.item()
    return total / count


@pytest.mark.parametrize("pretext", PRETEXTS)
def test_it_is_the_mean_over_exactly_the_first_samples(run_of, pretext):
    run = run_of(pretext, samples=11, batch_size=4)
    assert validated(run)["val_loss"] == pytest.approx(one_by_one(run, 11), rel=1e-5)


def test_all_samples_where_the_recipe_names_no_number(run_of):
    run = run_of("mae")
    assert validated(run)["val_loss"] == pytest.approx(one_by_one(run, 48), rel=1e-5)
    assert validated(run)["val_loss"] != pytest.approx(one_by_one(run, 47), rel=1e-5)


def test_the_objective_s_own_metrics_are_told_too(run_of):
    assert set(validated(run_of("mlm", samples=8))) == {"val_loss", "val_accuracy"}


def test_twice_the_same_whatever_torch_drew_before_and_whatever_the_seed_of_the_run(run_of):
    run = run_of("mae", samples=8)
    objective = run.untrained()
    first = validated(run, objective=objective)
    torch.rand(7)
    assert validated(run, objective=objective) == first
    assert validated(run_of("mae", "seed=5", samples=8), objective=objective) == first


def test_it_leaves_the_network_as_it_was(run_of):
    run = run_of("mae", samples=8)
    objective = run.untrained().train()
    before = {name: value.clone() for name, value in objective.state_dict().items()}
    validated(run, objective=objective)
    assert all(torch.equal(before[name], value) for name, value in objective.state_dict().items())
    assert all(each.training for each in objective.modules())
    assert all(parameter.grad is None for parameter in objective.parameters())


def test_views_that_the_device_renders_are_the_same(run_of):
    workers, device = (validated(run_of("mae", f"data.render={where}", samples=8)) for where in ("worker", "device"))
    assert device == pytest.approx(workers, rel=1e-6)


class Contrasting(CoupledObjective):
    """Inner products with all samples of the batch; one linear layer."""

    def __init__(self):
        super().__init__()
        self.backbone = nn.Linear(64, 4, bias=False)
        nn.init.normal_(self.backbone.weight, generator=torch.Generator().manual_seed(0))

    def targets(self, batch):
        return {"rows": torch.tensor(len(batch["visible"]))}

    def embed(self, batch):
        return self.backbone(batch["view"].flatten(1).float() / 255)[:, None]

    def couple(self, embeddings, rows):
        every = embeddings[:, 0]
        losses = torch.logsumexp(every @ every.T, dim=1)[rows]
        return Loss({"rows": losses.sum()}, {"mean": Mean(every[rows].sum(), torch.tensor(len(every[rows]) * 4))})

    def features(self, batch):
        raise NotImplementedError


def on_rank(run, kind, world):
    objective = Contrasting() if kind == "coupled" else run.untrained()
    return validated(run, world, objective)


@pytest.mark.parametrize("kind", ["apart", "coupled"])
@pytest.mark.parametrize("size", [2, 3])
def test_any_number_of_processes_finds_the_same(run_of, kind, size):
    # Of the last batch, of one sample, all but one of the processes have none.
    run = run_of("mae", samples=13, batch_size=6)
    alone = on_rank(run, kind, ALONE)
    for found in ranks.on_ranks(size, lambda world: on_rank(run, kind, world)):
        assert found == pytest.approx(alone, rel=1e-5)


def test_tokens_of_another_tokenizer_are_refused(run_of, texts, tmp_path):
    manifest = Manifest.load(texts)
    other = tmp_path / "other"
    for path in Path(texts).iterdir():
        write_whole(other / path.name, path.read_bytes())
    changed = manifest.tokenizer.model_copy(update={"sha256": "0" * 64})
    manifest.model_copy(update={"tokenizer": changed}).save(other)
    with pytest.raises(
        RecipeError, match=r"tokens of validation\.url are not those.*000000000000\.\.\..*same tokenizer"
    ):
        validated(run_of("mlm", url=other))


def test_shards_of_another_kind_are_refused(run_of, texts, images, tmp_path):
    with pytest.raises(RecipeError, match="not what this pretext reads"):
        validated(run_of("mae", "pretext.mae.images=[]", url=texts))
    with pytest.raises(ManifestError):
        validated(run_of("mae", url=tmp_path / "nowhere"))
