import torch
from torch import nn
from transformers import AutoModelForImageClassification, ResNetConfig

from headrace.trainers.backbones import BackboneRecipe, image_encoder
from headrace.trainers.blocks import blocks, embeddings, networks


def resnet():
    sizes = {"embedding_size": 4, "hidden_sizes": [4, 8, 8], "depths": [2, 1, 3], "layer_type": "basic"}
    return image_encoder(BackboneRecipe(type="cifar_resnet", **sizes), {"image_size": 8, "num_channels": 3})


def test_blocks_of_all_stages_in_the_order_in_which_a_picture_meets_them():
    model, met = resnet(), []
    for block in blocks(model):
        block.register_forward_hook(lambda block, *_: met.append(block))
    model(torch.randn(2, 3, 8, 8))
    assert len(met) == 6
    assert met == blocks(model)
    assert embeddings(model) == [model.embedder]


def test_networks_are_found_without_their_heads_and_within_other_modules():
    config = ResNetConfig(embedding_size=4, hidden_sizes=[4], depths=[1], layer_type="basic")
    headed, bare = AutoModelForImageClassification.from_config(config), resnet()
    assert list(networks(nn.ModuleList([headed, nn.Linear(2, 2), nn.Sequential(bare)]))) == [headed.resnet, bare]
