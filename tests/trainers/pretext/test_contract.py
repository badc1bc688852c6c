"""The laws that every pretext keeps, tried on the examples it brings; a new file in `pretext/` is tried by itself."""

import pickle
from pathlib import Path

import numpy as np
import pytest
import torch

from headrace.shards import BatchTransform
from headrace.shards.base.generators import Generators
from headrace.shards.base.recipe import make
from headrace.shards.base.rng import generator
from headrace.trainers.backbones import BackboneRecipe, hidden_width
from headrace.trainers.batch_norm import GroupedBatchNorm, arrange, grouped
from headrace.trainers.distributed import World
from headrace.trainers.pretext.base import CoupledObjective
from headrace.trainers.registries import PRETEXTS
from headrace.trainers.step import backward

CASES = [(name, number) for name in PRETEXTS.names() for number in range(len(PRETEXTS.load(name).examples))]
ALONE = World(0, 1, torch.device("cpu"))


@pytest.fixture(params=CASES, ids=lambda case: f"{case[0]}-{case[1]}")
def case(request):
    kind = PRETEXTS.load(request.param[0])
    example = kind.examples[request.param[1]]
    torch.manual_seed(0)
    pretext = make(kind, example.parameters, Path())
    return pretext, grouped(pretext.objective(BackboneRecipe(**example.backbone))), example.record


def batch_of(pretext, record, size=8, seed=0):
    samples = [pretext.sample(record, np.random.default_rng([seed, row])) for row in range(size)]
    return {name: torch.from_numpy(np.stack([each[name] for each in samples])) for name in samples[0]}


def losses(objective, batch, parts):
    """The loss of each of these parts of a global batch."""
    if isinstance(objective, CoupledObjective):
        embeddings = objective.embed(batch).float()
        return [objective.couple(embeddings, part) for part in parts]
    return [objective.loss({name: rows[part] for name, rows in batch.items()}) for part in parts]


def gradients(objective, batches, accumulate=1):
    """The gradients of one global batch that is given whole, or in as many parts as there are batches."""
    objective.zero_grad()
    for batch in batches:
        backward(objective, objective, batch, ALONE, accumulate=accumulate)
    return {name: each.grad.clone() for name, each in objective.named_parameters() if each.grad is not None}


def test_every_pretext_brings_examples_and_recipes():
    for name in PRETEXTS.names():
        kind = PRETEXTS.load(name)
        assert kind.examples, name
        assert {"small", "paper"} <= kind.recipes.keys(), name


def test_a_sample_is_a_function_of_the_record_and_the_generator(case):
    pretext, _, record = case
    before = pickle.dumps(record)
    rngs = [np.random.default_rng(seed) for seed in (1, 1, 2)]
    first, same, other = (pretext.sample(record, rng) for rng in rngs)
    assert pickle.dumps(record) == before
    for name, array in first.items():
        assert (array == same[name]).all(), name
        assert array.shape == other[name].shape, name
        assert array.dtype == other[name].dtype, name
    drawn = rngs[0].bit_generator.state != np.random.default_rng(1).bit_generator.state
    assert any((first[name] != other[name]).any() for name in first) == drawn


def test_the_transform_makes_of_many_what_the_sample_is_of_each(case):
    pretext, _, record = case
    if not isinstance(pretext.transform, BatchTransform):
        assert pretext.transform == pretext.sample
        return
    rngs = Generators.of([("test", row) for row in range(5)])
    columns = pretext.transform([dict(record)] * 5, rngs, np.empty)
    for row in range(5):
        sample = pretext.sample(record, generator("test", row))
        assert sample.keys() == columns.keys()
        assert all((columns[name][row] == array).all() for name, array in sample.items())


def test_the_worker_half_travels_to_other_processes(case):
    pretext, _, record = case
    travelled = pickle.loads(pickle.dumps(pretext))
    a, b = (each.sample(record, np.random.default_rng(0)) for each in (pretext, travelled))
    assert all((a[name] == b[name]).all() for name in a)


def test_terms_are_sums_over_the_targets_that_were_announced(case):
    pretext, objective, record = case
    batch = batch_of(pretext, record)
    cuts = slice(0, 3), slice(3, 8)
    whole, *parts = losses(objective, batch, [slice(0, 8), *cuts])
    counts, *split = (
        objective.targets({name: rows[cut] for name, rows in batch.items()}) for cut in [slice(0, 8), *cuts]
    )
    assert whole.terms.keys() == counts.keys()
    for name, term in whole.terms.items():
        assert term.shape == ()
        assert counts[name] > 0
        assert counts[name] == sum(each[name] for each in split)
        torch.testing.assert_close(term, sum(each.terms[name] for each in parts), rtol=1e-5, atol=1e-5)
    for name, mean in whole.metrics.items():
        torch.testing.assert_close(mean.total, sum(each.metrics[name].total for each in parts), rtol=1e-5, atol=1e-5)
        assert mean.count == sum(each.metrics[name].count for each in parts)
        assert not mean.total.requires_grad


def test_representations_are_told_row_by_row_and_without_gradient(case):
    pretext, objective, record = case
    batch = batch_of(pretext, record)
    whole, part = (each.representations for each in losses(objective, batch, [slice(0, 8), slice(2, 5)]))
    assert whole.shape[0] == 8
    assert not whole.requires_grad
    torch.testing.assert_close(part, whole[2:5])


def test_micro_batches_change_no_gradient(case):
    pretext, objective, record = case
    batch = batch_of(pretext, record)
    # With BatchNorm, rows are not alone; groups of two samples are the same in micro-batches of two or more.
    norms = any(isinstance(each, GroupedBatchNorm) for each in objective.modules())
    arrange(objective, 2, batch_size=8, accumulate=1, world=ALONE)
    whole = gradients(objective, [batch])
    for accumulate in (2, 4) if norms else (2, 4, 8):
        arrange(objective, 2, batch_size=8, accumulate=accumulate, world=ALONE)
        cut = gradients(objective, [batch], accumulate)
        assert cut.keys() == whole.keys()
        for name, gradient in whole.items():
            torch.testing.assert_close(cut[name], gradient, rtol=1e-4, atol=1e-6, msg=name)


def test_every_trainable_parameter_gets_a_gradient(case):
    pretext, objective, record = case
    found = gradients(objective, [batch_of(pretext, record)])
    assert found.keys() == {name for name, each in objective.named_parameters() if each.requires_grad}


def test_the_loss_falls(case):
    pretext, objective, record = case
    batch = batch_of(pretext, record)
    optimizer = torch.optim.Adam(objective.parameters(), lr=1e-2)
    losses = []
    for _ in range(15):
        optimizer.zero_grad()
        losses.append(backward(objective, objective, batch, ALONE).line(ALONE)["loss"])
        optimizer.step()
    assert losses[-1] < 0.9 * losses[0]


def test_views_have_fixed_shapes_and_give_features(case):
    pretext, objective, record = case
    views = pretext.plain_views(record)
    again = pretext.plain_views(record)
    assert all((a[name] == b[name]).all() for a, b in zip(views, again, strict=True) for name in a)
    batch = {name: torch.from_numpy(np.stack([view[name] for view in views])) for name in views[0]}
    features = objective.eval().features(batch)
    assert features.shape == (len(views), hidden_width(objective.backbone))
    assert torch.isfinite(features).all()
