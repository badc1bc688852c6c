import pytest
import torch
from transformers import AutoConfig, AutoModel, AutoModelForCausalLM, AutoModelForMaskedLM

from headrace.shards.base.errors import RecipeError
from headrace.trainers.optimizers.depth import below_top

VISION = {"hidden_size": 8, "num_hidden_layers": 3, "num_attention_heads": 2, "intermediate_size": 8, "image_size": 28}
TEXT = {"hidden_size": 8, "num_hidden_layers": 3, "num_attention_heads": 2, "intermediate_size": 8, "vocab_size": 20}
SPECIAL = dict.fromkeys(("pad_token_id", "bos_token_id", "eos_token_id", "cls_token_id", "sep_token_id"), 0)
GPT2 = {"n_embd": 8, "n_layer": 3, "n_head": 2, "vocab_size": 20, "bos_token_id": 0, "eos_token_id": 0}

# Of each: parts of the names of all that lies deepest, of one layer, and of the top.
NETWORKS = {
    "vit": (AutoModel, VISION, ("embeddings.",), "layers.{}.", ("layernorm.", "pooler.")),
    "dinov2": (AutoModel, VISION, ("embeddings.",), "encoder.layer.{}.", ("layernorm.",)),
    "bert": (AutoModelForMaskedLM, TEXT, ("bert.embeddings.",), "encoder.layer.{}.", ("cls.",)),
    "modernbert": (
        AutoModelForMaskedLM,
        {**TEXT, **SPECIAL},
        ("model.embeddings.",),
        "model.layers.{}.",
        ("model.final_norm.", "head.", "decoder."),
    ),
    "gpt2": (AutoModelForCausalLM, GPT2, ("wte.", "wpe."), "h.{}.", ("ln_f.", "lm_head.")),
    "mixtral": (
        AutoModelForCausalLM,
        {**TEXT, "num_key_value_heads": 1},
        ("embed_tokens.",),
        "layers.{}.",
        ("model.norm.", "lm_head."),
    ),
    "llama": (AutoModelForCausalLM, TEXT, ("embed_tokens.",), "layers.{}.", ("model.norm.", "lm_head.")),
}


def tiny(name):
    auto, keys, *_ = NETWORKS[name]
    return auto.from_config(AutoConfig.for_model(name, **keys))


@pytest.mark.parametrize("name", NETWORKS)
def test_depths_are_those_of_beit(name):
    *_, deepest, layer, top = NETWORKS[name]
    model = tiny(name)
    depths = below_top(model)
    wanted = {**dict.fromkeys(deepest, 4), **{layer.format(number): 3 - number for number in range(3)}}
    wanted |= dict.fromkeys(top, 0)
    for parameter, each in model.named_parameters():
        parts = [part for part in wanted if f".{part}" in f".{parameter}"]
        # Of nested names, such as a layer's own `norm.`, the first to stand there says.
        first = min(parts, key=parameter.find)
        assert depths.get(each, 0) == wanted[first], parameter


def test_a_head_that_is_tied_to_the_embeddings_learns_as_they_do():
    model = tiny("gpt2")
    assert model.lm_head.weight is model.transformer.wte.weight
    assert below_top(model)[model.lm_head.weight] == 4


def test_a_network_that_does_not_learn_has_no_say():
    teacher = AutoModel.from_config(AutoConfig.for_model("swin", embed_dim=8, depths=[1], num_heads=[1]))
    both = torch.nn.ModuleDict({"student": tiny("vit"), "teacher": teacher.requires_grad_(False)})
    assert below_top(both)[both["student"].embeddings.cls_token] == 4


@pytest.mark.parametrize("name", ["swin", None])
def test_what_has_no_known_layers_is_refused(name):
    config = name and AutoConfig.for_model(name, embed_dim=8, depths=[1], num_heads=[1])
    model = AutoModel.from_config(config) if name else torch.nn.Linear(2, 2)
    with pytest.raises(RecipeError, match=r"layer_decay.*Found: .*(swin|no network).*one of bert, cifar.*Leave"):
        below_top(model)
