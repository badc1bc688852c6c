import pytest
import torch

from headrace.trainers.backbones import BackboneRecipe, encode_visible, patch_encoder
from headrace.trainers.blocks import blocks

SIZES = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2}
TYPES = {"vit": {"intermediate_size": 32}, "dinov2": {"mlp_ratio": 2, "layerscale_value": 0.5}}
IMAGE = {"image_size": 8, "patch_size": 2, "num_channels": 1}


@pytest.fixture(params=TYPES)
def encoder(request):
    return patch_encoder(BackboneRecipe(type=request.param, **SIZES, **TYPES[request.param]), IMAGE).eval()


def test_all_patches_visible_is_the_models_own_forward_pass(encoder):
    pixels, everything = torch.randn(3, 1, 8, 8), torch.arange(16).expand(3, 16)
    torch.testing.assert_close(encode_visible(encoder, pixels, everything), encoder(pixels).last_hidden_state)


def test_hidden_patches_are_never_computed(encoder):
    pixels, visible = torch.randn(2, 1, 8, 8), torch.tensor([[0, 5, 9], [1, 2, 15]])
    lengths = []
    for layer in blocks(encoder):
        layer.register_forward_hook(lambda _, given, made: lengths.append((given[0].shape[1], made.shape[1])))
    states = encode_visible(encoder, pixels, visible)
    assert lengths == [(4, 4), (4, 4)]  # the class token and the three visible patches
    other = pixels.clone()
    other[0, :, 2:, 2:4] += 1  # patches 5, 9 and 13 of the first image
    changed = encode_visible(encoder, other, visible)
    assert not torch.equal(changed[0], states[0])
    other = pixels.clone()
    other[0, :, 6:, 6:] += 1  # patch 15, hidden in the first image
    assert torch.equal(encode_visible(encoder, other, visible), states)
