"""SimCLR: its views, what is kept of the network, what it draws, and a loss of a user's own in its place."""

import numpy as np
import pytest
import torch
from torch import nn

from headrace.shards.base.errors import RecipeError, UsageError
from headrace.trainers.backbones import BackboneRecipe, image_features
from headrace.trainers.distributed import ALONE
from headrace.trainers.layers.batch_norm import GroupedBatchNorm, arrange, grouped
from headrace.trainers.loop import train
from headrace.trainers.metrics import read_metrics
from headrace.trainers.pretext.simclr import Simclr
from headrace.trainers.recipe import read_recipe
from headrace.trainers.samples.views import View, preset
from headrace.trainers.step import backward

RESNET = BackboneRecipe(type="cifar_resnet", embedding_size=8, hidden_sizes=[8, 16], depths=[1, 1])
VIT = BackboneRecipe(
    type="vit", patch_size=4, hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32
)


def objective_of(backbone=RESNET, seed=0, **parameters):
    torch.manual_seed(seed)
    parameters = {"views": preset("simclr_cifar", size=8), "out": 8, **parameters}
    return grouped(Simclr(**parameters).objective(backbone))


def batch_of(rows=8, views=2, channels=3, seed=0):
    pixels = np.random.default_rng(seed).integers(0, 256, (rows, views, channels, 8, 8), dtype=np.uint8)
    return {"view": torch.from_numpy(pixels)}


@pytest.mark.parametrize(
    ("parameters", "told"),
    [
        ({"views": (View(),)}, "two at least"),
        ({"views": (View(name="a", size=32), View(name="b", size=24))}, "one size, not of 24, 32 pixels"),
        ({"views": preset("byol"), "mean": (0.5,), "std": (0.5,)}, "each of the 3 channels"),
        ({"views": preset("byol"), "mean": (0.5, 0.5, 0.5)}, None),
    ],
)
def test_parameters_that_cannot_be_are_refused(parameters, told):
    if told is None:
        Simclr(**parameters)
        return
    with pytest.raises(ValueError, match=told):
        Simclr(**parameters)


def test_views_of_several_kinds_are_the_views_of_a_sample():
    kinds = (*preset("byol", size=8), View(name="small", size=8, count=2))
    objective = objective_of(VIT, views=kinds)
    batch = {
        "view_1": torch.zeros(3, 1, 3, 8, 8).byte(),
        "view_2": torch.ones(3, 1, 3, 8, 8).byte(),
        "small": torch.full((3, 2, 3, 8, 8), 2).byte(),
    }
    assert objective.embed(batch).shape == (3, 4, 8)
    assert objective.targets(batch)["anchors"] == 12


def test_features_are_the_encoders_and_not_the_heads():
    objective = objective_of().eval()
    plain = batch_of(views=1)
    pixels = plain["view"][:, 0] / 255
    torch.testing.assert_close(objective.features(plain), image_features(objective.backbone, pixels))
    assert objective.features(plain).shape == (8, 16)


def test_pixels_are_normalised_only_where_asked():
    seen = []
    for changes in ({}, {"mean": (0.5, 0.5, 0.5), "std": (0.25, 0.5, 0.5)}):
        objective = objective_of(**changes).eval()
        objective.backbone.register_forward_pre_hook(
            lambda _, args, given: seen.append(given["pixel_values"]), with_kwargs=True
        )
        objective.features({"view": torch.full((1, 1, 3, 8, 8), 255).byte()})
    torch.testing.assert_close(seen[0], torch.ones(1, 3, 8, 8))
    torch.testing.assert_close(seen[1][0, :, 0, 0], torch.tensor([2.0, 1.0, 1.0]))


def test_the_head_begins_small_and_norms_every_layer():
    head = objective_of(hidden=64, out=64, layers=3).head
    linear = [each for each in head if isinstance(each, nn.Linear)]
    norms = [each for each in head if isinstance(each, GroupedBatchNorm)]
    assert (len(linear), len(norms)) == (3, 3)
    assert all(each.bias is None for each in linear)
    assert [each.weight.std().item() for each in linear] == pytest.approx([0.01] * 3, rel=0.1)
    assert [each.bias is None for each in norms] == [False, False, True]


def plain_gradients(objective, batch, group):
    """Of the mean loss, by autograd alone, BatchNorm over groups of samples one after the other."""
    objective.zero_grad()
    parts = [objective.embed({"view": part}) for part in batch["view"].split(group)]
    loss = objective.couple(torch.cat(parts), slice(0, len(batch["view"])))
    (loss.terms["anchors"] / objective.targets(batch)["anchors"]).backward()
    return {name: each.grad.clone() for name, each in objective.named_parameters()}


@pytest.mark.parametrize("accumulate", [1, 2, 4])
@pytest.mark.parametrize("backbone", [RESNET, VIT], ids=["resnet", "vit"])
def test_micro_batches_have_the_gradients_of_one_graph(backbone, accumulate):
    objective, batch, group = objective_of(backbone), batch_of(), 8 // accumulate
    expected = plain_gradients(objective, batch, group)
    arrange(objective, group, batch_size=8, accumulate=accumulate, world=ALONE)
    objective.zero_grad()
    backward(objective, objective, batch, ALONE, accumulate=accumulate)
    for name, each in objective.named_parameters():
        atol = 1e-6 * max(1, expected[name].abs().max().item())
        torch.testing.assert_close(each.grad, expected[name], rtol=1e-4, atol=atol, msg=name)


def test_statistics_of_batch_norm_move_once_for_two_passes():
    objective, batch = objective_of(), batch_of()
    arrange(objective, 4, batch_size=8, accumulate=2, world=ALONE)
    backward(objective, objective, batch, ALONE, accumulate=2)
    norms = [each for each in objective.modules() if isinstance(each, GroupedBatchNorm)]
    assert norms
    assert all((norm.sums[2] == 2).all() for norm in norms)


def test_drawings_show_two_views_and_the_nearest_of_other_pictures():
    objective, batch = objective_of().eval(), batch_of(rows=3)
    batch["view"][2] = batch["view"][0]  # the same picture twice: each finds the other one
    with torch.inference_mode():
        drawings = objective.draw(batch, None)
    assert len(drawings) == 3
    views = batch["view"].permute(0, 1, 3, 4, 2).numpy()
    for row, other in ((0, 2), (2, 0)):
        gap = np.full((8, 1, 3), 255)
        assert (drawings[row].pixels == np.concatenate((*views[row], gap, views[other, 0]), axis=1)).all()
        assert "(1.00)" in drawings[row].caption
        assert drawings[row].caption.startswith("another picture is nearer")


OWN = """
from torch.nn import functional as F
from headrace.trainers.backbones import image_encoder
from headrace.trainers.pretext.base import Loss
from headrace.trainers.pretext.simclr import Simclr, SimclrObjective

class Attracting(Simclr):
    def objective(self, backbone):
        return AttractingObjective(self, image_encoder(backbone, self.network))

class AttractingObjective(SimclrObjective):
    def couple(self, embeddings, rows):
        first, second = F.normalize(embeddings[rows], dim=-1).unbind(1)
        return Loss({"anchors": -2 * (first * second).sum()}, {}, embeddings[rows].detach())
"""


def test_a_loss_of_ones_own_takes_its_place(recipe_of, tmp_path):
    path = recipe_of("simclr")
    (tmp_path / "own.py").write_text(OWN)
    path.write_text(path.read_text().replace("  simclr:", "  own.py:Attracting:"))
    train(read_recipe(path, ["optimizer.lr=0.01"]), tmp_path / "run")
    losses = [line["loss"] for line in read_metrics(tmp_path / "run")]
    assert losses[-1] < losses[0]
    assert all(-1 <= loss <= 1 for loss in losses)


def test_views_may_be_rendered_on_the_device(recipe_of, tmp_path):
    for where in ("worker", "device"):
        train(read_recipe(recipe_of("simclr"), [f"data.render={where}", "steps=2"]), tmp_path / where)
    (worker, *_), (device, *_) = (read_metrics(tmp_path / where) for where in ("worker", "device"))
    # Colours are rounded otherwise in some places.
    assert device["loss"] == pytest.approx(worker["loss"], rel=0.01)


def test_groups_that_do_not_fit_are_refused_by_the_loop(recipe_of, tmp_path):
    with pytest.raises(UsageError, match=r"groups of 8 samples, and micro-batches of 4.*Set norm_group=4"):
        train(read_recipe(recipe_of("simclr"), ["accumulate=2"]), tmp_path / "run")


@pytest.mark.parametrize("key", ["batch_size", "validation.batch_size"])
def test_one_sample_has_none_to_be_told_from(recipe_of, images, tmp_path, key):
    path = recipe_of("simclr", validation={"url": images, "every": 2})
    with pytest.raises(RecipeError, match=rf"there are none\. Found: {key}=1, .*at least 2.*Raise {key}"):
        train(read_recipe(path, [f"{key}=1"]), tmp_path / "run")


def test_a_recipe_cannot_ask_for_one_view(recipe_of):
    with pytest.raises(RecipeError, match="two at least"):
        read_recipe(recipe_of("simclr"), ["pretext.simclr.views.count=1"])
