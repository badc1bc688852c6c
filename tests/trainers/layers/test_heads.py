"""Projection heads: their layers, and what their last norm may learn."""

import pytest
import torch
from torch import nn

from headrace.trainers.layers.batch_norm import GroupedBatchNorm, grouped
from headrace.trainers.layers.heads import projection_head


def kinds(head):
    return [type(each).__name__ for each in head]


def test_simclrs_head_norms_all_layers_and_shifts_not_the_last():
    head = projection_head(6, 8, 4, layers=3, last="scale")
    inner = ["Linear", "BatchNorm1d", "ReLU"]
    assert kinds(head) == [*inner, *inner, "Linear", "BatchNorm1d"]
    assert all(each.bias is None for each in head if isinstance(each, nn.Linear))
    assert head(torch.randn(5, 6)).shape == (5, 4)
    assert head[-1].weight is not None
    assert head[-1].bias is None
    assert head[1].bias is not None


def test_mocos_heads():
    second = projection_head(6, 8, 4, norm=False)
    assert kinds(second) == ["Linear", "ReLU", "Linear"]
    assert all(each.bias is not None for each in second if isinstance(each, nn.Linear))
    third = projection_head(6, 8, 4, layers=3, last="plain")
    assert not list(third[-1].parameters())
    assert len(list(third.parameters())) == 3 + 2 * 2


def test_byols_head_ends_with_a_linear_layer():
    head = projection_head(6, 8, 4)
    assert kinds(head) == ["Linear", "BatchNorm1d", "ReLU", "Linear"]


def test_one_layer_has_nothing_between():
    assert kinds(projection_head(6, 8, 4, layers=1)) == ["Linear"]


@pytest.mark.parametrize("last", ["none", "plain", "scale"])
def test_groups_take_any_head_as_it_is(last):
    head = projection_head(6, 8, 4, layers=3, last=last)
    names = head.state_dict().keys()
    rows = torch.randn(5, 6)
    expected = head(rows)
    ours = grouped(head)
    assert ours.state_dict().keys() == names
    assert sum(isinstance(each, GroupedBatchNorm) for each in ours) == 2 + (last != "none")
    assert torch.equal(ours(rows), expected)
