import pytest
import torch

from headrace.shards.base.errors import RecipeError
from headrace.trainers.backbones import (
    BackboneRecipe,
    causal_lm,
    encode_visible,
    masked_lm,
    masked_lm_logits,
    packed_states,
    vision_encoder,
)

VIT = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32}
IMAGE = {"image_size": 8, "patch_size": 2, "num_channels": 1}
TOKENS = {"vocab_size": 30, "max_position_embeddings": 12, "pad_token_id": 0}


@pytest.fixture
def vit():
    return vision_encoder(BackboneRecipe(type="vit", **VIT), IMAGE).eval()


def test_all_patches_visible_is_the_models_own_forward_pass(vit):
    pixels, everything = torch.randn(3, 1, 8, 8), torch.arange(16).expand(3, 16)
    torch.testing.assert_close(encode_visible(vit, pixels, everything), vit(pixels).last_hidden_state)


def test_hidden_patches_are_never_computed(vit):
    pixels, visible = torch.randn(2, 1, 8, 8), torch.tensor([[0, 5, 9], [1, 2, 15]])
    lengths = []
    for layer in vit.layers:
        layer.register_forward_hook(lambda _, given, made: lengths.append((given[0].shape[1], made.shape[1])))
    states = encode_visible(vit, pixels, visible)
    assert lengths == [(4, 4), (4, 4)]  # the class token and the three visible patches
    other = pixels.clone()
    other[0, :, 2:, 2:4] += 1  # patches 5, 9 and 13 of the first image
    changed = encode_visible(vit, other, visible)
    assert not torch.equal(changed[0], states[0])
    other = pixels.clone()
    other[0, :, 6:, 6:] += 1  # patch 15, hidden in the first image
    assert torch.equal(encode_visible(vit, other, visible), states)


@pytest.fixture(params=["bert", "modernbert"])
def words(request):
    # Of ModernBERT, the second layer sees two tokens to either side.
    narrow = {"layer_types": ["full_attention", "sliding_attention"], "local_attention": 4}
    more = narrow if request.param == "modernbert" else {}
    return masked_lm(BackboneRecipe(type=request.param, **VIT, **more), TOKENS).eval()


def test_one_document_in_a_window_is_the_models_own_forward_pass(words):
    tokens, places = torch.randint(1, 30, (2, 12)), torch.arange(12).expand(2, 12)
    found = packed_states(words, tokens, torch.zeros_like(tokens), places)
    torch.testing.assert_close(found, words.base_model(tokens).last_hidden_state)


def test_documents_in_one_window_are_computed_as_if_each_stood_alone(words):
    tokens = torch.randint(1, 30, (2, 12))
    document, places = torch.arange(12) // 7, torch.arange(12) % 7
    packed = packed_states(words, tokens, document.expand(2, 12), places.expand(2, 12))
    for part in (slice(0, 7), slice(7, 12)):
        torch.testing.assert_close(packed[:, part], words.base_model(tokens[:, part]).last_hidden_state)


def test_the_head_on_chosen_states_is_the_head_on_all(words):
    model, tokens = words, torch.randint(1, 30, (2, 12))
    hidden = model.base_model(tokens).last_hidden_state
    torch.testing.assert_close(masked_lm_logits(model, hidden[:, [3, 7]]), model(tokens).logits[:, [3, 7]])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"type": "brt"}, "no network of the type 'brt'"),
        ({"hiden_size": 8}, "Did you mean 'hidden_size'"),
        ({"image_size": 8}, "set by the pretext"),
        ({"hidden_size": 15}, "2 heads do not divide"),
        ({"hidden_size": "wide"}, "expected int, got str"),
    ],
)
def test_configurations_that_cannot_be(changes, message):
    with pytest.raises(RecipeError, match=message):
        vision_encoder(BackboneRecipe(**{"type": "vit", **VIT, **changes}), IMAGE)


def test_names_of_a_type_of_its_own_and_those_of_all_are_the_same():
    sizes = {"num_hidden_layers": 1, "num_attention_heads": 2}
    tokens = {**TOKENS, "max_position_embeddings": 12}
    for name in ("n_embd", "hidden_size"):
        model = causal_lm(BackboneRecipe(type="gpt2", **sizes, **{name: 16}), tokens)
        assert (model.config.n_embd, model.config.n_positions, model.config.n_layer) == (16, 12, 1)
    for name in ("n_positions", "max_position_embeddings"):
        with pytest.raises(RecipeError, match=f"backbone.{name} is set by the pretext.*it is 12"):
            causal_lm(BackboneRecipe(type="gpt2", **{name: 8}), tokens)
