import warnings

import pytest
import torch
from transformers import AutoModel, BertConfig, BertForPreTraining

from headrace.shards.base.errors import RecipeError
from headrace.trainers.backbones import BackboneRecipe, causal_lm, image_encoder, masked_lm, patch_encoder

SIZES = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32}
TOKENS = {"vocab_size": 30, "max_position_embeddings": 12, "pad_token_id": 0}
IMAGE = {"image_size": 8, "patch_size": 2, "num_channels": 1}
CONVOLUTIONS = {"embedding_size": 4, "hidden_sizes": [4, 8], "depths": [1, 1], "layer_type": "basic"}
MIXTURE = {"num_key_value_heads": 1, "num_local_experts": 3}
NETWORKS = {
    "bert": (masked_lm, SIZES, TOKENS),
    "modernbert": (masked_lm, SIZES, TOKENS),
    "gpt2": (causal_lm, {"n_embd": 16, "n_layer": 2, "n_head": 2}, TOKENS),
    "llama": (causal_lm, SIZES, TOKENS),
    "mixtral": (causal_lm, {**SIZES, **MIXTURE}, TOKENS),
    "vit": (patch_encoder, SIZES, IMAGE),
    "dinov2": (patch_encoder, {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2}, IMAGE),
    "resnet": (image_encoder, CONVOLUTIONS, IMAGE),
    "cifar_resnet": (image_encoder, CONVOLUTIONS, IMAGE),
}


@pytest.fixture
def saved(tmp_path):
    """A function that saves an untrained network of a type; returns what made it, its weights, and the folder."""

    def save(kind, **changes):
        make, keys, network = NETWORKS[kind]
        torch.manual_seed(1)
        model = make(BackboneRecipe(type=kind, **keys), {**network, **changes})
        model.save_pretrained(tmp_path / kind)
        return make, network, model.state_dict(), str(tmp_path / kind)

    return save


@pytest.mark.parametrize("kind", NETWORKS)
def test_a_network_begins_with_the_weights_and_the_configuration_of_its_checkpoint(saved, kind):
    make, network, weights, folder = saved(kind)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = make(BackboneRecipe(type=kind, pretrained=folder), network)
    assert model.training
    assert model.state_dict().keys() == weights.keys()
    for name, weight in model.state_dict().items():
        assert torch.equal(weight, weights[name]), name
    agreeing = NETWORKS[kind][1]
    again = make(BackboneRecipe(type=kind, pretrained=folder, **agreeing), network)
    assert all(torch.equal(a, b) for a, b in zip(again.parameters(), model.parameters(), strict=True))


@pytest.mark.parametrize(
    ("keys", "network", "message"),
    [
        ({"type": "modernbert"}, {}, "model_type 'bert' in the checkpoint.*'modernbert', by backbone.type"),
        ({"hidden_size": 32}, {}, "hidden_size 16 in the checkpoint.*32, by backbone.hidden_size.*Leave"),
        ({"hiden_size": 32}, {}, "Did you mean 'hidden_size'"),
        ({}, {"vocab_size": 31}, "vocab_size 30 in the checkpoint.*31, by the pretext or its data"),
        ({}, {"max_position_embeddings": 13}, "max_position_embeddings 12 in the checkpoint.*13, by the pretext"),
    ],
)
def test_checkpoints_that_are_another_network(saved, keys, network, message):
    *_, folder = saved("bert")
    with pytest.raises(RecipeError, match=message):
        masked_lm(BackboneRecipe(**{"type": "bert", "pretrained": folder, **keys}), {**TOKENS, **network})


def test_pictures_of_another_size_are_refused(saved):
    *_, folder = saved("vit")
    with pytest.raises(RecipeError, match=r"image_size 8 in the checkpoint.*16, by the pretext"):
        patch_encoder(BackboneRecipe(type="vit", pretrained=folder), {**IMAGE, "image_size": 16})


def test_a_checkpoint_for_longer_texts_and_with_other_special_tokens_is_taken(saved):
    make, network, _, folder = saved("gpt2", max_position_embeddings=20, eos_token_id=7)
    model = make(BackboneRecipe(type="gpt2", pretrained=folder), {**network, "eos_token_id": 3})
    assert (model.config.n_positions, model.config.eos_token_id) == (20, 3)


TEXT = ["bert", "modernbert", "gpt2", "llama", "mixtral"]


@pytest.mark.parametrize("kind", TEXT)
def test_special_tokens_that_a_checkpoint_does_not_know_get_rows_of_their_own(saved, kind):
    make, network, weights, folder = saved(kind)
    wanted = {**network, "vocab_size": 33, "least_vocab_size": 30}
    model = make(BackboneRecipe(type=kind, pretrained=folder), wanted)
    assert model.config.vocab_size == model(torch.tensor([[32, 5]])).logits.shape[-1] == 33
    first, last = model.get_input_embeddings().weight, model.get_output_embeddings().weight
    assert len(first) == len(last) == 33
    (known,) = (weight for name, weight in weights.items() if weight is not None and _is_input(name))
    assert torch.equal(first[:30], known)
    assert 0 < first[30:].abs().max() < 0.2
    model.save_pretrained(folder)
    again = make(BackboneRecipe(type=kind, pretrained=folder), wanted)
    assert all(torch.equal(a, b) for a, b in zip(again.parameters(), model.parameters(), strict=True))


def _is_input(name):
    return name.endswith(("word_embeddings.weight", "tok_embeddings.weight", "wte.weight", "embed_tokens.weight"))


def test_rows_to_spare_are_kept_and_told(saved):
    make, network, _, folder = saved("gpt2")
    with pytest.warns(UserWarning, match="knows 30 tokens, the data 28"):
        model = make(BackboneRecipe(type="gpt2", pretrained=folder), {**network, "vocab_size": 28})
    assert model.config.vocab_size == 30


def test_weights_in_half_precision_are_taken_in_full(saved):
    make, network, weights, folder = saved("llama")
    model = make(BackboneRecipe(type="llama", pretrained=folder), network)
    model.to(torch.bfloat16).save_pretrained(folder)
    again = make(BackboneRecipe(type="llama", pretrained=folder), network)
    assert again.dtype == torch.float32
    torch.testing.assert_close(again.state_dict()["model.norm.weight"], weights["model.norm.weight"])


def test_what_has_no_place_in_the_network_is_named(tmp_path):
    BertForPreTraining(BertConfig(vocab_size=30, **SIZES)).save_pretrained(tmp_path)
    with pytest.warns(UserWarning, match="no place for: bert.pooler.dense.bias, .*cls.seq_relationship.weight"):
        masked_lm(BackboneRecipe(type="bert", pretrained=str(tmp_path)), TOKENS)


def test_missing_weights_are_named(saved):
    _, _, _, folder = saved("bert")
    AutoModel.from_pretrained(folder).save_pretrained(folder)
    with pytest.raises(RecipeError, match=r"has not all the weights.*none for cls\.predictions\.bias, cls"):
        masked_lm(BackboneRecipe(type="bert", pretrained=folder), TOKENS)


def test_what_is_no_checkpoint_is_refused(saved, tmp_path):
    saved("bert")
    (tmp_path / "run").mkdir()
    (tmp_path / "bert").rename(tmp_path / "run" / "export")
    with pytest.raises(RecipeError, match=f"cannot be opened.*It looks like a run: take {tmp_path}/run/export"):
        masked_lm(BackboneRecipe(type="bert", pretrained=str(tmp_path / "run")), TOKENS)
    with pytest.raises(RecipeError, match=r"gone cannot be opened.*Check the path or the name"):
        masked_lm(BackboneRecipe(type="bert", pretrained=str(tmp_path / "gone")), TOKENS)


@pytest.mark.parametrize("broken", ["config.json", "model.safetensors"])
def test_a_broken_checkpoint_is_refused(saved, tmp_path, broken):
    *_, folder = saved("bert")
    file = tmp_path / "bert" / broken
    file.write_bytes(file.read_bytes()[:50])
    with pytest.raises(RecipeError, match="cannot be opened"):
        masked_lm(BackboneRecipe(type="bert", pretrained=folder), TOKENS)


def test_pickled_weights_are_refused(saved, tmp_path):
    _, _, weights, folder = saved("bert")
    (tmp_path / "bert" / "model.safetensors").unlink()
    torch.save(weights, tmp_path / "bert" / "pytorch_model.bin")
    with pytest.raises(RecipeError, match="its weights as safetensors"):
        masked_lm(BackboneRecipe(type="bert", pretrained=folder), TOKENS)
