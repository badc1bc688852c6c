import pytest

from headrace.shards.base.errors import RecipeError
from headrace.trainers.backbones import BackboneRecipe, causal_lm, image_encoder, patch_encoder

VIT = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32}
IMAGE = {"image_size": 8, "patch_size": 2, "num_channels": 1}
TOKENS = {"vocab_size": 30, "max_position_embeddings": 12, "pad_token_id": 0}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"type": "brt"}, "no network of the type 'brt'"),
        ({"hiden_size": 8}, "Did you mean 'hidden_size'"),
        ({"image_size": 8}, "set by the pretext"),
        ({"hidden_size": 15}, "hidden_size 15 is no multiple of num_attention_heads 2"),
        ({"hidden_size": "wide"}, "expected int, got str"),
    ],
)
def test_configurations_that_cannot_be(changes, message):
    with pytest.raises(RecipeError, match=message):
        patch_encoder(BackboneRecipe(**{"type": "vit", **VIT, **changes}), IMAGE)


def test_names_of_a_type_of_its_own_and_those_of_all_are_the_same():
    sizes = {"num_hidden_layers": 1, "num_attention_heads": 2}
    tokens = {**TOKENS, "max_position_embeddings": 12}
    for name in ("n_embd", "hidden_size"):
        model = causal_lm(BackboneRecipe(type="gpt2", **sizes, **{name: 16}), tokens)
        assert (model.config.n_embd, model.config.n_positions, model.config.n_layer) == (16, 12, 1)
    for name in ("n_positions", "max_position_embeddings"):
        with pytest.raises(RecipeError, match=f"backbone.{name} is set by the pretext.*it is 12"):
            causal_lm(BackboneRecipe(type="gpt2", **{name: 8}), tokens)


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"num_attention_heads": 0}, "hidden_size 16 is no multiple of num_attention_heads 0"),
        (
            {"hidden_size": 18, "num_attention_heads": 6, "num_key_value_heads": 2},
            "each of 6 heads has 3 numbers.*pairs",
        ),
        ({"num_key_value_heads": 3}, "num_attention_heads 4 is no multiple of num_key_value_heads 3"),
        ({"num_key_value_heads": 2, "num_experts_per_tok": 9}, "num_experts_per_tok 9 of num_local_experts 8"),
        ({"num_key_value_heads": 2, "hidden_act": "silly"}, "no configuration of 'mixtral'.*silly"),
        ({"num_key_value_heads": 2, "intermediate_size": -8}, "no configuration of 'mixtral'.*negative"),
    ],
)
def test_decoders_whose_numbers_do_not_fit_each_other(keys, message):
    sizes = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 4, "intermediate_size": 16}
    with pytest.raises(RecipeError, match=message):
        causal_lm(BackboneRecipe(type="mixtral", **{**sizes, **keys}), TOKENS)


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"type": "vit", **VIT, "patch_size": 3}, "image_size 8 is no multiple of patch_size 3"),
        ({"type": "dinov2", "use_mask_token": True}, "use_mask_token is set by the pretext.*it is False"),
        ({"type": "resnet", "depths": [1, 1], "hidden_sizes": [8]}, "2 depths, but 1 hidden_sizes"),
        ({"type": "cifar_resnet", "depths": [1], "hidden_sizes": [6], "layer_type": "bottleneck"}, "multiples of 4"),
        ({"type": "cifar_resnet", "layer_type": "fancy"}, "layer_type=fancy is not one of basic,bottleneck"),
        ({"type": "cifar_resnet", "dephts": [1]}, "Did you mean 'depths'"),
        ({"type": "resnett"}, "Did you mean 'resnet'"),
    ],
)
def test_encoders_of_pictures_whose_numbers_do_not_fit_each_other(keys, message):
    with pytest.raises(RecipeError, match=message):
        image_encoder(BackboneRecipe(**keys), {"image_size": 8, "num_channels": 3})
