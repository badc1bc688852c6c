"""The balance by its formulas, token by token, and at its ends."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from headrace.trainers.losses.expert_balance import routing


def slowly(logits, chosen):
    """Equations 17-20 of DeepSeek-V3 for one window of one block, alpha left out; and the most that an expert has."""
    tokens, experts = logits.shape
    scores = logits.softmax(-1)
    loss, most = 0.0, 0
    for expert in range(experts):
        count = sum(expert in row.sort(descending=True).indices[:chosen] for row in scores)
        share = experts / (chosen * tokens) * count
        loss += share * sum(row[expert] for row in scores) / tokens
        most = max(most, count)
    return loss, most


@given(st.integers(1, 3), st.integers(1, 3), st.integers(1, 6), st.integers(2, 5), st.integers(0, 99), st.data())
def test_it_is_the_sum_over_blocks_of_each_windows_own(blocks, windows, tokens, experts, seed, data):
    chosen = data.draw(st.integers(1, experts))
    logits = torch.randn(blocks, windows, tokens, experts, generator=torch.Generator().manual_seed(seed)).double()
    found = routing(logits, chosen)
    for window in range(windows):
        pairs = [slowly(logits[block, window], chosen) for block in range(blocks)]
        assert found.balance[window].item() == pytest.approx(float(sum(loss for loss, _ in pairs)), rel=1e-5)
        assert found.most[window] == sum(most for _, most in pairs)
    assert found.choices == blocks * tokens * chosen


def test_even_routing_costs_one_a_block_and_a_favourite_costs_the_most():
    even = routing(torch.eye(4).expand(2, 1, 4, 4) * 1e-6, 1)
    assert even.balance.item() == pytest.approx(2, rel=1e-5)
    assert even.most / even.choices == 1 / 4
    favourite = routing(torch.tensor([100.0, 100.0, 0, 0]).expand(2, 1, 6, 4), 2)
    assert favourite.balance.item() == pytest.approx(2 * 4 / 2)
    assert favourite.most / favourite.choices == 1 / 2  # the other half of the choices are the second's


def test_gradients_go_from_experts_with_too_much_to_the_others():
    logits = torch.zeros(1, 1, 6, 4)
    logits[..., 0] = 1
    logits.requires_grad_()
    routing(logits, 1).balance.sum().backward()
    assert (logits.grad[..., 0] > 0).all()
    assert (logits.grad[..., 1:] < 0).all()
