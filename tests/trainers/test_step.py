"""Gradients of a loss that couples all rows: for any processes and micro-batches those of the plain formula."""

import importlib.util
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from headrace.trainers.distributed import ALONE
from headrace.trainers.parallel.placing import placed
from headrace.trainers.parallel.recipe import ParallelRecipe
from headrace.trainers.parallel.whole import whole
from headrace.trainers.pretext.base import CoupledObjective, Loss, Mean
from headrace.trainers.step import added, backward

_spec = importlib.util.spec_from_file_location("ranks", Path(__file__).with_name("ranks.py"))
ranks = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(ranks)

ROWS = 12


class Contrast(CoupledObjective):
    """Each row is to find its other view among all; dropout, so that two passes are the same only with one seed."""

    def __init__(self, dropout=0.0):
        super().__init__()
        torch.manual_seed(0)
        self.backbone = torch.nn.Sequential(torch.nn.Linear(6, 8), torch.nn.Dropout(dropout), torch.nn.Linear(8, 5))
        self.passes = []

    def targets(self, batch):
        return {"rows": torch.tensor(len(batch["x"]))}

    def embed(self, batch):
        self.passes.append((len(batch["x"]), torch.is_grad_enabled()))
        return self.backbone(batch["x"])

    def couple(self, embeddings, rows):
        logits = embeddings[rows, 0] @ embeddings[:, 1].T
        labels = torch.arange(len(embeddings))[rows]
        right = (logits.argmax(-1) == labels).sum()
        return Loss(
            {"rows": F.cross_entropy(logits, labels, reduction="sum")},
            {"accuracy": Mean(right, torch.tensor(len(labels)))},
            embeddings[rows].detach(),
        )

    def features(self, batch):
        return self.backbone(batch["x"]).mean(1)


def rows_of(world):
    whole = torch.randn(ROWS, 2, 6, generator=torch.Generator().manual_seed(1))
    size = ROWS // world.size
    return {"x": whole[world.rank * size : (world.rank + 1) * size]}


def gradients(world, accumulate, dropout=0.0, scale=1.0, strategy="ddp"):
    objective = Contrast(dropout)
    parallel = placed(objective, world, ParallelRecipe(strategy=strategy))
    outcome = backward(
        objective, parallel, rows_of(world), world, accumulate=accumulate, seed=lambda row: 5, scale=scale
    )
    found = {name: whole(each.grad).numpy() for name, each in objective.named_parameters()}
    return found, outcome.line(world), outcome.representations.numpy(), objective.passes


def plainly():
    """Of the whole batch by autograd alone."""
    objective = Contrast()
    embeddings = objective.backbone(rows_of(ALONE)["x"])
    F.cross_entropy(embeddings[:, 0] @ embeddings[:, 1].T, torch.arange(ROWS)).backward()
    return {name: each.grad.numpy() for name, each in objective.named_parameters()}, embeddings.detach().numpy()


def assert_close(found, expected):
    assert found.keys() == expected.keys()
    for name, gradient in expected.items():
        np.testing.assert_allclose(found[name], gradient, rtol=1e-4, atol=1e-6, err_msg=name)


@pytest.mark.parametrize("accumulate", [1, 2, 3, 12])
def test_micro_batches_see_all_rows(accumulate):
    expected, embeddings = plainly()
    found, line, representations, passes = gradients(ALONE, accumulate)
    assert_close(found, expected)
    np.testing.assert_allclose(representations, embeddings, rtol=1e-5, atol=1e-6)
    size = ROWS // accumulate
    first = [] if accumulate == 1 else [(size, False)] * accumulate
    assert passes == [*first, *[(size, True)] * accumulate]
    assert line["loss"] == pytest.approx(gradients(ALONE, 1)[1]["loss"], rel=1e-5)


@pytest.mark.parametrize("strategy", ["ddp", "fsdp"])
@pytest.mark.parametrize(("size", "accumulate"), [(2, 1), (2, 3), (3, 2)])
def test_processes_see_all_rows(size, accumulate, strategy):
    expected, _ = plainly()
    line = gradients(ALONE, 1)[1]
    for found, told, _, _ in ranks.on_ranks(size, lambda world: gradients(world, accumulate, strategy=strategy)):
        assert_close(found, expected)
        assert told == pytest.approx(line, rel=1e-5)


def test_the_second_pass_is_the_first_one_again():
    # Every micro-batch has the same seed here, so that of one row it drops the same as of twelve cut into ones.
    found, *_ = gradients(ALONE, 12, dropout=0.5)
    objective = Contrast(dropout=0.5)
    embeddings = []
    for row in rows_of(ALONE)["x"]:
        torch.manual_seed(5)
        embeddings.append(objective.backbone(row[None]))
    embeddings = torch.cat(embeddings)
    F.cross_entropy(embeddings[:, 0] @ embeddings[:, 1].T, torch.arange(ROWS)).backward()
    assert_close(found, {name: each.grad.numpy() for name, each in objective.named_parameters()})


def test_the_scale_is_of_the_gradients_and_not_of_what_is_told():
    once, line, *_ = gradients(ALONE, 2)
    found, told, *_ = gradients(ALONE, 2, scale=8.0)
    assert_close(found, {name: 8 * gradient for name, gradient in once.items()})
    assert told == line


def test_a_metric_whose_things_are_weighed_is_their_mean():
    weighed = Loss({"rows": torch.tensor(6.0)}, {"share": Mean(torch.tensor(0.125), torch.tensor(0.25))})
    assert added([weighed], {"rows": 3.0}).line(ALONE) == {"loss": 2.0, "share": 0.5}


class Lost(Contrast):
    """A loss that is no number for one row, and finite slopes."""

    def couple(self, embeddings, rows):
        loss = super().couple(embeddings, rows)
        return replace(loss, terms={"rows": loss.terms["rows"] + (torch.nan if rows.start == 0 else 0)})


def slopes(world, accumulate):
    objective = Lost()
    backward(objective, placed(objective, world, ParallelRecipe()), rows_of(world), world, accumulate=accumulate)
    return [each.grad.numpy() for each in objective.parameters()]


@pytest.mark.parametrize(("size", "accumulate"), [(1, 1), (1, 2), (2, 1)])
def test_a_loss_that_is_no_number_is_seen_by_all_processes_as_no_gradient(size, accumulate):
    for found in ranks.on_ranks(size, lambda world: slopes(world, accumulate)):
        assert all(np.isnan(each).all() for each in found)
