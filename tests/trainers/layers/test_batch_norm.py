"""BatchNorm by virtual groups: against nn.BatchNorm, against a plain float64 reference, and over processes."""

import copy
import importlib.util
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from headrace.shards.base.errors import UsageError
from headrace.trainers.distributed import ALONE
from headrace.trainers.layers.batch_norm import GroupedBatchNorm, arrange, grouped, settle

_spec = importlib.util.spec_from_file_location("ranks", Path(__file__).parents[1] / "ranks.py")
ranks = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(ranks)

CHANNELS = 3
SHAPES = {"2d": (CHANNELS,), "3d": (CHANNELS, 4), "4d": (CHANNELS, 2, 3)}


def norm_of(shape, affine=True, **options):
    kind = nn.BatchNorm1d if len(shape) < 3 else nn.BatchNorm2d
    norm = kind(CHANNELS, affine=affine, **options)
    if affine:
        nn.init.uniform_(norm.weight, 0.5, 2)
        nn.init.normal_(norm.bias)
    return norm


def inputs(rows, shape, seed=0):
    rng = np.random.default_rng(seed)
    # Means far from 0, which cost a careless variance its digits, and other ones in every row.
    level = 50 + 5 * rng.standard_normal((rows, CHANNELS, *[1] * (len(shape) - 1)))
    return torch.tensor(level + rng.standard_normal((rows, *shape)), dtype=torch.float32)


def passed(norm, rows):
    """Output, and gradients of a loss that is no symmetric function of the rows."""
    rows = rows.clone().requires_grad_()
    output = norm(rows)
    weights = torch.linspace(-1, 1, output[0].numel()).view(output[0].shape)
    (output * weights).square().sum().backward()
    return {"output": output, "input": rows.grad, **{name: each.grad for name, each in norm.named_parameters()}}


def assert_close(found, expected, **tolerance):
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        torch.testing.assert_close(found[name], value, msg=lambda text, name=name: f"{name}: {text}", **tolerance)


@pytest.mark.parametrize("affine", [True, False])
@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_one_group_is_torchs_own(shape, affine):
    norm = norm_of(shape, affine)
    ours = grouped(nn.Sequential(copy.deepcopy(norm)))
    for step in range(3):
        rows = inputs(6, shape, step)
        assert_close(passed(ours[0], rows), passed(norm, rows), rtol=0, atol=0)
        settle(ours, ALONE)
        assert_close(ours[0].state_dict(), norm.state_dict())
    ours[0].load_state_dict(norm.state_dict())
    rows = inputs(4, shape, 9)
    assert torch.equal(ours.eval()(rows), norm.eval()(rows))


def plainly(norm, rows, groups):
    """Outputs and gradients in float64, and of all groups the means of their means and unbiased variances."""
    norm, rows = copy.deepcopy(norm).double(), rows.double().requires_grad_()
    parts, moments = [], []
    for part in rows.chunk(groups):
        flat = part.transpose(0, 1).flatten(1)
        mean, variance = flat.mean(1), flat.var(1, correction=0)
        moments.append(torch.stack((mean, flat.var(1))).detach())
        shape = (1, -1, *[1] * (rows.dim() - 2))
        scaled = (part - mean.view(shape)) / (variance.view(shape) + norm.eps).sqrt()
        parts.append(scaled if norm.weight is None else scaled * norm.weight.view(shape) + norm.bias.view(shape))
    output = torch.cat(parts)
    weights = torch.linspace(-1, 1, output[0].numel(), dtype=torch.float64).view(output[0].shape)
    (output * weights).square().sum().backward()
    gradients = {name: each.grad for name, each in norm.named_parameters()}
    return {"output": output, "input": rows.grad, **gradients}, torch.stack(moments).mean(0)


def single(values):
    return {name: value.float() for name, value in values.items()}


@given(st.integers(1, 4), st.integers(2, 5), st.sampled_from(list(SHAPES.values())), st.booleans())
def test_groups_are_normalised_each_by_itself(groups, size, shape, affine):
    norm, rows = norm_of(shape, affine), inputs(groups * size, shape)
    expected, moments = plainly(norm, rows, groups)
    ours = grouped(nn.Sequential(norm))
    arrange(ours, size, batch_size=groups * size, accumulate=1, world=ALONE)
    assert_close(single(passed(ours[0], rows)), single(expected), rtol=1e-3, atol=1e-3)
    settle(ours, ALONE)
    torch.testing.assert_close(ours[0].running_mean, 0.1 * moments[0].float(), rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(ours[0].running_var, 0.9 + 0.1 * moments[1].float(), rtol=1e-4, atol=1e-5)


def taken(world, norm, rows, group, accumulate):
    """One step's passes over this process' rows of a batch, in micro-batches; what is of rows is put together."""
    network = grouped(nn.Sequential(copy.deepcopy(norm)))
    arrange(network, group, batch_size=len(rows), accumulate=accumulate, world=world)
    mine = rows.chunk(world.size)[world.rank]
    found = [passed(network[0], part) for part in mine.chunk(accumulate)]
    settle(network, world)
    told = {name: each.detach().numpy() for name, each in network[0].named_buffers()}
    gradients = {name: each.grad.numpy() for name, each in network[0].named_parameters()}
    by_row = {name: torch.cat([part[name] for part in found]).detach().numpy() for name in ("output", "input")}
    return {**by_row, "gradients": gradients, "told": told}


@pytest.mark.parametrize("affine", [True, False])
@pytest.mark.parametrize("shape", [SHAPES["2d"], SHAPES["4d"]], ids=["2d", "4d"])
@pytest.mark.parametrize(("size", "group", "accumulate"), [(2, None, 1), (3, None, 1), (4, 6, 1), (2, 3, 1), (2, 3, 2)])
def test_groups_do_not_depend_on_processes_and_micro_batches(size, group, accumulate, shape, affine):
    torch.manual_seed(0)
    norm, rows = norm_of(shape, affine), inputs(12, shape)
    whole = taken(ALONE, norm, rows, group, 1)
    parts = ranks.on_ranks(size, lambda world: taken(world, norm, rows, group, accumulate))
    tolerance = {"rtol": 1e-4, "atol": 1e-4}
    for name in ("output", "input"):
        np.testing.assert_allclose(np.concatenate([part[name] for part in parts]), whole[name], **tolerance)
    for name, gradient in whole["gradients"].items():
        np.testing.assert_allclose(sum(part["gradients"][name] for part in parts), gradient, **tolerance, err_msg=name)
    for part in parts:
        for name, value in whole["told"].items():
            np.testing.assert_allclose(part["told"][name], value, rtol=1e-5, err_msg=name)
            np.testing.assert_array_equal(part["told"][name], parts[0]["told"][name], err_msg=name)


def in_half(world, norm, rows):
    network = grouped(nn.Sequential(copy.deepcopy(norm)))
    arrange(network, None, batch_size=len(rows), accumulate=1, world=world)
    found = passed(network[0], rows.chunk(world.size)[world.rank])
    settle(network, world)
    dtypes = [found[name].dtype for name in ("output", "input", "weight")]
    return dtypes, found["output"].detach().float().numpy(), network[0].running_var.numpy()


def test_half_precision_keeps_its_statistics_in_single():
    norm = norm_of(SHAPES["4d"])
    rows = inputs(8, SHAPES["4d"]).bfloat16()
    _, whole, spread = in_half(ALONE, norm, rows)
    parts = ranks.on_ranks(2, lambda world: in_half(world, norm, rows))
    for dtypes, _, variance in parts:
        assert dtypes == [torch.bfloat16, torch.bfloat16, torch.float32]
        np.testing.assert_allclose(variance, spread, rtol=1e-5)
    np.testing.assert_allclose(np.concatenate([output for _, output, _ in parts]), whole, rtol=0.02, atol=0.02)


def test_passes_without_gradient_and_in_evaluation_leave_the_running_statistics():
    network = grouped(nn.Sequential(norm_of(SHAPES["4d"])))
    before = copy.deepcopy(network.state_dict())
    with torch.no_grad():
        network(inputs(6, SHAPES["4d"]))
    network.eval()(inputs(6, SHAPES["4d"]))
    settle(network, ALONE)
    assert all(torch.equal(network.state_dict()[name], value) for name, value in before.items())


def test_a_pass_that_is_computed_again_for_its_gradient_counts_once():
    rows = inputs(6, SHAPES["4d"])
    plain, again = (grouped(nn.Sequential(norm)) for norm in [copy.deepcopy(norm_of(SHAPES["4d"]))] * 2)
    plain(rows).sum().backward()
    torch.utils.checkpoint.checkpoint(again, rows.clone().requires_grad_(), use_reentrant=False).sum().backward()
    for network in (plain, again):
        settle(network, ALONE)
    assert torch.equal(plain[0].running_var, again[0].running_var)


@pytest.mark.slow
def test_compiled_it_is_one_graph_and_counts_once():
    network = grouped(nn.Sequential(norm_of(SHAPES["4d"])))
    arrange(network, 3, batch_size=6, accumulate=1, world=ALONE)
    plain, compiled = copy.deepcopy(network), torch.compile(network, fullgraph=True, backend="aot_eager")
    for step in range(3):
        rows = inputs(6, SHAPES["4d"], step)
        torch.testing.assert_close(compiled(rows), plain(rows), rtol=1e-4, atol=1e-4)
        for each in (network, plain):
            settle(each, ALONE)
    torch.testing.assert_close(network[0].running_var, plain[0].running_var)


@pytest.mark.parametrize("momentum", [0.3, None])
def test_momentum_is_torchs(momentum):
    norm = norm_of(SHAPES["2d"], momentum=momentum)
    ours = grouped(nn.Sequential(copy.deepcopy(norm)))
    for step in range(3):
        norm(inputs(6, SHAPES["2d"], step))
        ours(inputs(6, SHAPES["2d"], step))
        settle(ours, ALONE)
    torch.testing.assert_close(ours[0].running_var, norm.running_var)


def test_states_load_either_way_and_what_is_shared_stays_shared():
    norm = nn.BatchNorm2d(CHANNELS)
    plain = nn.Sequential(nn.Conv2d(3, CHANNELS, 1), norm, nn.ReLU(), nn.Sequential(norm))
    ours = grouped(copy.deepcopy(plain))
    assert isinstance(ours[1], GroupedBatchNorm)
    assert ours[1] is ours[3][0]
    assert ours.state_dict().keys() == plain.state_dict().keys()
    ours.load_state_dict(plain.state_dict())
    plain.load_state_dict(ours.state_dict())
    assert [name for name, _ in ours.named_parameters()] == [name for name, _ in plain.named_parameters()]


def test_without_running_statistics_evaluation_takes_those_of_its_rows():
    norm = norm_of(SHAPES["2d"], track_running_stats=False)
    ours = grouped(nn.Sequential(copy.deepcopy(norm)))
    ours(inputs(6, SHAPES["2d"]))
    settle(ours, ALONE)
    rows = inputs(6, SHAPES["2d"])
    assert torch.equal(ours.eval()(rows), norm.eval()(rows))


@pytest.mark.parametrize(
    ("group", "batch_size", "accumulate"),
    [(None, 12, 2), (8, 12, 1), (5, 12, 1), (24, 12, 1)],
)
def test_groups_that_do_not_fit_are_refused_with_the_numbers(group, batch_size, accumulate):
    network = grouped(nn.Sequential(norm_of(SHAPES["2d"])))
    told = rf"groups of {group or 12} samples, and micro-batches of {12 // accumulate} .*norm_group={12 // accumulate}"
    with pytest.raises(UsageError, match=told):
        arrange(network, group, batch_size=batch_size, accumulate=accumulate, world=ALONE)
    arrange(nn.Linear(2, 2), group, batch_size=batch_size, accumulate=accumulate, world=ALONE)


def test_rows_that_are_no_whole_number_of_groups_are_refused():
    network = grouped(nn.Sequential(norm_of(SHAPES["2d"])))
    arrange(network, 2, batch_size=8, accumulate=1, world=ALONE)
    with pytest.raises(UsageError, match="6 rows, 4 groups"):
        network(inputs(6, SHAPES["2d"]))


def copied(world):
    network = grouped(nn.Sequential(norm_of(SHAPES["2d"])))
    arrange(network, None, batch_size=4, accumulate=1, world=world)
    twin = copy.deepcopy(network)
    return torch.equal(twin(inputs(2, SHAPES["2d"])), network(inputs(2, SHAPES["2d"])))


def test_a_network_with_groups_over_processes_can_be_copied():
    assert ranks.on_ranks(2, copied) == [True, True]
