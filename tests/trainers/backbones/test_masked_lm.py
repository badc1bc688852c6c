import pytest
import torch

from headrace.trainers.backbones import BackboneRecipe, masked_lm, masked_lm_logits, packed_states

SIZES = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32}
TOKENS = {"vocab_size": 30, "max_position_embeddings": 12, "pad_token_id": 0}


@pytest.fixture(params=["bert", "modernbert"])
def words(request):
    # Of ModernBERT, the second layer sees two tokens to either side.
    narrow = {"layer_types": ["full_attention", "sliding_attention"], "local_attention": 4}
    more = narrow if request.param == "modernbert" else {}
    return masked_lm(BackboneRecipe(type=request.param, **SIZES, **more), TOKENS).eval()


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
