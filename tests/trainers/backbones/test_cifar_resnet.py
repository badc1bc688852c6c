"""Our network for small pictures, beside plain torch."""

import subprocess
import sys

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from transformers import AutoModel

from headrace.trainers.backbones import BackboneRecipe, image_encoder, image_features

TINY = {"type": "cifar_resnet", "embedding_size": 4, "hidden_sizes": [4, 8], "depths": [1, 2]}
PICTURES = {"image_size": 8, "num_channels": 3}


def plain(model, pixels):
    """The features by the paper's words, from the weights alone."""

    def convolved(layer, values, stride=1):
        kernel = layer.convolution.weight
        values = F.conv2d(values, kernel, stride=stride, padding=kernel.shape[-1] // 2)
        norm = layer.normalization
        return F.batch_norm(values, None, None, norm.weight, norm.bias, training=True)

    values = convolved(model.embedder, pixels).relu()
    for number, stage in enumerate(model.encoder.stages):
        for place, block in enumerate(stage.layers):
            stride = 2 if number and not place else 1
            branch = convolved(block.layer[1], convolved(block.layer[0], values, stride).relu())
            shortcut = values if isinstance(block.shortcut, nn.Identity) else convolved(block.shortcut, values, stride)
            values = (branch + shortcut).relu()
    return values.mean((2, 3))


@pytest.mark.parametrize("zero", [True, False])
def test_it_is_the_papers_network(zero):
    torch.manual_seed(0)
    model = image_encoder(BackboneRecipe(**TINY, zero_init_residual=zero), PICTURES).double()
    pixels = torch.randn(5, 3, 8, 8, dtype=torch.float64)
    torch.testing.assert_close(image_features(model, pixels), plain(model, pixels))
    assert model(pixels).last_hidden_state.shape == (5, 8, 4, 4)


def test_it_has_as_many_parameters_as_a_resnet_18():
    model = image_encoder(BackboneRecipe(type="cifar_resnet"), PICTURES)
    # torchvision's resnet18, its classifier (1000 x 512 + 1000) left out, its stem 3 x 3 instead of 7 x 7.
    assert sum(each.numel() for each in model.parameters()) == 11_689_512 - 513_000 - 64 * 3 * (49 - 9)


def test_each_block_begins_as_its_shortcut():
    scales = {}
    for zero in (True, False):
        model = image_encoder(BackboneRecipe(**TINY, zero_init_residual=zero), PICTURES)
        scales[zero] = [
            (block.layer[0].normalization.weight.mean().item(), block.layer[1].normalization.weight.mean().item())
            for stage in model.encoder.stages
            for block in stage.layers
        ]
    assert scales == {True: [(1, 0)] * 3, False: [(1, 1)] * 3}


ELSEWHERE = """
import sys, torch
sys.modules["headrace"] = None  # as if it were not installed
from transformers import AutoModel
model = AutoModel.from_pretrained(sys.argv[1], trust_remote_code=True).eval()
given = torch.load(sys.argv[2], weights_only=True)
# Places lie otherwise in memory here, so that sums are rounded otherwise.
torch.testing.assert_close(model(given["pixels"]).pooler_output.flatten(1), given["features"])
model.save_pretrained(sys.argv[3])
"""


def test_an_export_opens_where_headrace_is_not_installed(tmp_path):
    model = image_encoder(BackboneRecipe(**TINY), PICTURES)
    pixels = torch.randn(2, 3, 8, 8)
    image_features(model, pixels)  # moves the running statistics
    given = {"pixels": pixels, "features": image_features(model.eval(), pixels).detach()}
    torch.save(given, tmp_path / "given.pt")
    model.save_pretrained(tmp_path / "export")
    program = [
        sys.executable,
        "-c",
        ELSEWHERE,
        *map(str, (tmp_path / "export", tmp_path / "given.pt", tmp_path / "on")),
    ]
    modules = {"HF_MODULES_CACHE": str(tmp_path / "modules"), "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    found = subprocess.run(program, env=modules, cwd=tmp_path, capture_output=True, text=True)
    assert found.returncode == 0, found.stderr
    # Saved once more from there, it is as whole as before; here it needs no trust, for its code is known.
    again = AutoModel.from_pretrained(tmp_path / "on").eval()
    assert type(again) is type(model)
    assert torch.equal(image_features(again, pixels), given["features"])
