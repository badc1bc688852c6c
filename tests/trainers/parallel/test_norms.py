"""Norms of tensors that are spread over processes are those of the whole ones."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.distributed.tensor import Replicate, Shard, distribute_tensor

from headrace.trainers.optimizers import AdamwRecipe, LarsRecipe
from headrace.trainers.optimizers.clipping import clip_gradients
from headrace.trainers.parallel.norms import norms
from headrace.trainers.parallel.whole import whole

_spec = importlib.util.spec_from_file_location("ranks", Path(__file__).parents[1] / "ranks.py")
ranks = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(ranks)

# The second has fewer rows than there are processes; the squares of the first are just numbers of float32.
SHAPES, LARGE = [(5, 3), (1, 4), (6,), (4, 2)], 1e18
SPREAD = [Shard(0), Shard(0), Replicate(), None]


def tensors(mesh=None, seed=0):
    """Tensors, spread in different ways where there is a mesh."""
    torch.manual_seed(seed)
    made = [torch.randn(shape) for shape in SHAPES]
    made[0] *= LARGE
    if mesh is None:
        return made
    spread = zip(made, SPREAD, strict=True)
    return [each if how is None else distribute_tensor(each, mesh, [how]) for each, how in spread]


def stepped(mesh=None):
    """Norms, what clipping leaves of gradients, and what two steps of LARS make of parameters; whole, as numpy."""
    found = [norms(tensors(mesh))]
    parameters = [torch.nn.Parameter(each) for each in tensors(mesh, 1)]
    for each, gradient in zip(parameters, tensors(mesh, 2), strict=True):
        each.grad = gradient
    found.append(clip_gradients(parameters, AdamwRecipe(clip=LARGE, clip_each=2.0), scale=2.0))
    found += [whole(each.grad) for each in parameters]
    named = torch.nn.ParameterDict({str(number): each for number, each in enumerate(parameters)})
    optimizer = LarsRecipe(lr=1.0, weight_decay=0.1).build(named, 1)
    for _ in range(2):
        optimizer.step()
    return [each.detach().numpy() for each in [*found, *(whole(each) for each in parameters)]]


@pytest.mark.parametrize("size", [2, pytest.param(3, marks=pytest.mark.slow)])
def test_norms_clipping_and_lars_see_whole_tensors(size):
    alone = stepped()
    assert all(np.isfinite(each).all() for each in alone)
    np.testing.assert_allclose(alone[0], [each.double().norm() for each in tensors()], rtol=1e-6)
    for found in ranks.on_ranks(size, lambda world: stepped(world.mesh)):
        for one, other in zip(found, alone, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-5)


def test_processes_tell_each_other_norms_of_which_the_square_is_no_number_of_float32():
    rows = torch.full((6, 1), 9e18)
    assert torch.isinf(norms([rows])), "one process alone can square no such number"
    for (found,) in ranks.on_ranks(2, lambda world: norms([distribute_tensor(rows, world.mesh, [Shard(0)])]).numpy()):
        np.testing.assert_allclose(found, rows.double().norm(), rtol=1e-6)


def test_the_norm_of_many_numbers_is_as_exact_as_that_of_few():
    many = torch.randn(3_000, 1_000, generator=torch.Generator().manual_seed(0))
    # As of an embedding: most rows had next to no part in the loss.
    many[40:] *= 0.01
    np.testing.assert_allclose(norms([many, many[:2]]), [many.double().norm(), many[:2].double().norm()], rtol=1e-6)
