import pytest
import torch
from torch import nn
from transformers import AutoModel

from headrace.trainers.backbones import BackboneRecipe, hidden_width, image_encoder, image_features
from headrace.trainers.distributed import ALONE
from headrace.trainers.layers.batch_norm import grouped, settle

TRANSFORMER = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "patch_size": 4}
CONVOLUTIONS = {"embedding_size": 8, "hidden_sizes": [8, 16], "depths": [1, 2], "layer_type": "basic"}
TYPES = {
    "vit": {**TRANSFORMER, "intermediate_size": 32},
    "dinov2": {**TRANSFORMER, "mlp_ratio": 2},
    "resnet": CONVOLUTIONS,
    "cifar_resnet": CONVOLUTIONS,
}


@pytest.fixture(params=TYPES)
def encoder(request):
    torch.manual_seed(0)
    recipe = BackboneRecipe(type=request.param, **TYPES[request.param])
    return image_encoder(recipe, {"image_size": 16, "num_channels": 3})


def test_features_are_one_vector_for_each_picture_whatever_its_size(encoder):
    encoder.eval()
    assert hidden_width(encoder) == 16
    for side in (16, 8):
        pixels = torch.randn(5, 3, side, side)
        features = image_features(encoder, pixels)
        assert features.shape == (5, 16)
        torch.testing.assert_close(image_features(encoder, pixels[2:3])[0], features[2])
        assert not torch.allclose(features[0], features[1])


def test_all_that_learns_has_a_part_in_the_features(encoder):
    image_features(encoder, torch.randn(4, 3, 16, 16)).square().sum().backward()
    assert [name for name, each in encoder.named_parameters() if each.grad is None] == []


def test_features_are_the_class_token_or_the_mean_over_places(encoder):
    states = encoder.eval()(torch.ones(2, 3, 16, 16)).last_hidden_state
    wanted = states[:, 0] if states.ndim == 3 else states.mean((2, 3))
    torch.testing.assert_close(image_features(encoder, torch.ones(2, 3, 16, 16)), wanted)


def test_what_was_trained_opens_with_equal_features_running_statistics_included(encoder, tmp_path):
    grouped(encoder)
    optimizer = torch.optim.SGD(encoder.parameters(), lr=0.01)
    for _ in range(3):
        image_features(encoder, torch.randn(4, 3, 16, 16) + 1).square().sum().backward()
        optimizer.step()
        settle(encoder, ALONE)
    encoder.eval().save_pretrained(tmp_path)
    opened = AutoModel.from_pretrained(tmp_path).eval()
    pixels = torch.randn(2, 3, 16, 16)
    assert torch.equal(image_features(opened, pixels), image_features(encoder, pixels))


def test_positions_of_smaller_crops_are_interpolated():
    """The same as a network whose own positions are those of the large one, made smaller."""
    small = {"image_size": 8, "num_channels": 3}
    for kind in ("vit", "dinov2"):
        recipe = BackboneRecipe(type=kind, **TYPES[kind])
        large, other = image_encoder(recipe, {**small, "image_size": 16}).eval(), image_encoder(recipe, small).eval()
        weights = large.state_dict()
        positions = weights["embeddings.position_embeddings"]
        grid = positions[:, 1:].unflatten(1, (4, 4)).movedim(3, 1)
        grid = nn.functional.interpolate(grid, size=(2, 2), mode="bicubic").flatten(2).movedim(1, 2)
        weights["embeddings.position_embeddings"] = torch.cat((positions[:, :1], grid), 1)
        other.load_state_dict(weights)
        pixels = torch.randn(2, 3, 8, 8)
        torch.testing.assert_close(image_features(large, pixels), image_features(other, pixels))
