import pytest
import torch
from torch import nn
from torch.nn import functional as F

from headrace.trainers.losses.token_loss import IGNORED, summed_cross_entropy


@pytest.fixture(params=[True, False], ids=["bias", "no bias"])
def given(request):
    torch.manual_seed(0)
    labels = torch.randint(0, 11, (10,))
    labels[3:6] = IGNORED  # one part of three tokens has no target at all
    return nn.Linear(4, 11, bias=request.param), torch.randn(10, 4, requires_grad=True), labels


@pytest.mark.parametrize("logits", [1, 33, 1000])
def test_loss_and_gradients_are_those_of_float64_however_few_tokens_are_taken_at_a_time(given, logits):
    head, hidden, labels = given
    (3 * summed_cross_entropy(head, hidden, labels, logits)).backward()
    inputs = [hidden, *head.parameters()]
    found, exact = [each.grad for each in inputs], [each.detach().double().requires_grad_() for each in inputs]
    scores = F.linear(*exact)
    expected = sum(scores[row].logsumexp(0) - scores[row, label] for row, label in enumerate(labels) if label >= 0)
    (3 * expected).backward()
    torch.testing.assert_close(summed_cross_entropy(head, hidden, labels, logits).double(), expected)
    for one, other in zip(found, exact, strict=True):
        torch.testing.assert_close(one.double(), other.grad, rtol=1e-5, atol=1e-6)
    with torch.no_grad():
        torch.testing.assert_close(summed_cross_entropy(head, hidden, labels, logits).double(), expected)


def test_no_more_logits_exist_at_a_time_than_are_allowed(given):
    head, hidden, labels = given
    sizes = []
    head.register_forward_hook(lambda _, inputs, made: sizes.append(made.numel()))
    summed_cross_entropy(head, hidden, labels, 33).backward()
    assert sizes == [33, 33, 33, 11]


def test_a_frozen_head_gets_no_gradient_and_half_precision_is_the_heads_alone(given):
    head, hidden, labels = given
    exact = summed_cross_entropy(head, hidden, labels)
    head.requires_grad_(False)
    with torch.autocast("cpu", torch.bfloat16):
        total = summed_cross_entropy(head, hidden, labels, 33)
    total.backward()
    assert total.dtype == torch.float32
    assert head.weight.grad is None
    assert hidden.grad.dtype == torch.float32
    torch.testing.assert_close(total, exact, rtol=0.02, atol=0)


def test_gradients_of_weights_in_half_precision_are_summed_in_float32():
    torch.manual_seed(0)
    head, hidden, labels = (
        nn.Linear(4, 3).bfloat16(),
        torch.randn(2000, 4).bfloat16(),
        torch.zeros(2000, dtype=torch.int64),
    )
    summed_cross_entropy(head, hidden, labels, 3).backward()
    exact = head.float()
    found = [each.grad.float() for each in (head.weight, head.bias)]
    exact.zero_grad()
    summed_cross_entropy(exact, hidden.float(), labels).backward()
    # Added up in bfloat16, sums stay where two more are too little to be told from nothing: at a fifth of these.
    for one, other in zip(found, exact.parameters(), strict=True):
        torch.testing.assert_close(one, other.grad, rtol=0.02, atol=8.0)
