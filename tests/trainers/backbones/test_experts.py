"""Experts of a mixture are computed in the precision that the recipe asks for."""

from contextlib import nullcontext

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from headrace.trainers.backbones import BackboneRecipe, causal_lm, causal_states

TINY = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 64}
MIXTRAL = {"type": "mixtral", **TINY, "num_key_value_heads": 1, "num_local_experts": 4}
TOKENS = torch.arange(48).reshape(2, 24) % 40


class Grouped(TorchDispatchMode):
    """Notes in which precisions groups of rows are multiplied."""

    def __init__(self):
        super().__init__()
        self.dtypes = []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        if func.overloadpacket.__name__ == "_grouped_mm":
            self.dtypes.append(tuple(each.dtype for each in args[:2]))
        return func(*args, **kwargs or {})


def network():
    torch.manual_seed(0)
    return causal_lm(BackboneRecipe(**MIXTRAL), {"vocab_size": 40, "max_position_embeddings": 24})


def computed(precision):
    """States and gradients by a precision of autocast, none for None; and in which precisions experts were computed."""
    model, grouped = network(), Grouped()
    with torch.autocast("cpu", precision) if precision else nullcontext(), grouped:
        states = causal_states(model, TOKENS)
    with grouped:
        states.float().square().sum().backward()
    gradients = {name: each.grad for name, each in model.named_parameters() if "experts" in name}
    return states.detach().float(), gradients, set(grouped.dtypes)


@pytest.mark.parametrize("precision", [torch.bfloat16, torch.float16])
def test_experts_are_computed_in_lower_precision_and_learn_in_fp32(precision):
    states, gradients, dtypes = computed(None)
    low, slopes, found = computed(precision)
    assert dtypes == {(torch.float32, torch.float32)}
    assert found == {(precision, precision)}
    torch.testing.assert_close(low, states, rtol=0.02, atol=0.05)
    for name, slope in slopes.items():
        assert slope.dtype == torch.float32
        torch.testing.assert_close(slope, gradients[name], rtol=0.05, atol=0.03 * gradients[name].abs().max().item())


def test_in_fp32_they_are_those_of_transformers():
    model = network()
    ours = causal_states(model, TOKENS)
    model.config._experts_implementation = "eager"
    torch.testing.assert_close(ours, causal_states(model, TOKENS))


def test_what_is_saved_knows_nothing_of_it(tmp_path):
    model = network()
    model.save_pretrained(tmp_path)
    assert "headrace" not in (tmp_path / "config.json").read_text()
