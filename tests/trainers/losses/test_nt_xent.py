"""NT-Xent against the formula in plain float64, against lightly's, cut into the rows of several processes."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.trainers.losses.nt_xent import nt_xent

LIGHTLY = {
    (2, 3, 0.5): (1.9404951811, 0.7607093168, 0.5138730503),
    (5, 8, 0.1): (2.7220557795, 1.7145978722, 1.9982873121),
    (16, 4, 1.0): (3.3038164749, 0.1374448135, 0.1183881237),
    (33, 16, 0.07): (7.7617176095, 0.6503075028, 0.6922746225),
}
"""Mean loss and the norms of its gradients; see lightly_nt_xent.py."""
shapes = st.tuples(st.integers(1, 7), st.integers(2, 4), st.integers(1, 6))


def embeddings_of(samples, views, features, seed=0):
    rng = np.random.default_rng([seed, samples, views, features])
    return torch.tensor(rng.standard_normal((samples, views, features)), requires_grad=True)


def plainly(embeddings, rows, temperature):
    """The formula, one anchor and one other view after the other."""
    samples, views, _ = embeddings.shape
    cosine = torch.nn.functional.cosine_similarity
    names = [(sample, view) for sample in range(samples) for view in range(views)]
    total, right, alike, unlike = [], 0, [], []
    for sample, view in names:
        if not rows.start <= sample < rows.stop:
            continue
        others = [other for other in names if other != (sample, view)]
        found = {other: cosine(embeddings[sample, view], embeddings[other], dim=0) for other in others}
        same = [value for other, value in found.items() if other[0] == sample]
        sum_of_all = torch.stack([(value / temperature).exp() for value in found.values()]).sum()
        total.append(sum_of_all.log() - torch.stack(same).mean() / temperature)
        right += max(found, key=lambda other: found[other].item())[0] == sample
        alike += [value.item() for value in same]
        unlike += [value.item() for other, value in found.items() if other[0] != sample]
    return torch.stack(total).sum(), right / len(total), np.mean(alike), np.mean(unlike) if unlike else 0.0


@settings(max_examples=30)
@given(shapes, st.sampled_from([0.1, 0.5, 1.0]), st.data())
def test_it_is_the_formula(shape, temperature, data):
    embeddings = embeddings_of(*shape)
    first = data.draw(st.integers(0, shape[0] - 1))
    rows = slice(first, data.draw(st.integers(first + 1, shape[0])))
    expected, *metrics = plainly(embeddings, rows, temperature)
    loss = nt_xent(embeddings, rows, temperature)
    torch.testing.assert_close(loss.terms["anchors"], expected)
    wanted, found = (torch.autograd.grad(each, embeddings)[0] for each in (expected, loss.terms["anchors"]))
    torch.testing.assert_close(found, wanted, rtol=1e-6, atol=1e-9)
    told = {name: mean.total.item() / max(1, mean.count.item()) for name, mean in loss.metrics.items()}
    names = ("accuracy", "positive_similarity", "negative_similarity")
    # With one feature all similarities are 1 or -1, and which of equals is the most similar is nobody's to say.
    for name, value in list(zip(names, metrics, strict=True))[shape[2] == 1 :]:
        assert told[name] == pytest.approx(value, abs=1e-9), name
    assert loss.representations is not None
    assert torch.equal(loss.representations, embeddings[rows])
    assert not any(mean.total.requires_grad for mean in loss.metrics.values())


@pytest.mark.parametrize("case", LIGHTLY, ids=str)
def test_it_is_lightlys(case):
    samples, features, temperature = case
    rng = np.random.default_rng([samples, features])
    views = torch.tensor(rng.standard_normal((2, samples, features)), requires_grad=True)
    mean = nt_xent(views.transpose(0, 1), slice(0, samples), temperature).terms["anchors"] / (2 * samples)
    mean.backward()
    assert (mean.item(), *views.grad.norm(dim=(1, 2)).tolist()) == pytest.approx(LIGHTLY[case], rel=1e-8)


@given(shapes, st.integers(1, 4))
def test_the_rows_of_all_processes_together_are_the_batch(shape, processes):
    embeddings = embeddings_of(shape[0] * processes, *shape[1:])
    whole = nt_xent(embeddings, slice(0, len(embeddings)), 0.5)
    parts = [nt_xent(embeddings, slice(k * shape[0], (k + 1) * shape[0]), 0.5) for k in range(processes)]
    torch.testing.assert_close(sum(part.terms["anchors"] for part in parts), whole.terms["anchors"])
    for name, mean in whole.metrics.items():
        torch.testing.assert_close(sum(part.metrics[name].total for part in parts), mean.total)
        assert sum(part.metrics[name].count for part in parts) == mean.count


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_costs_the_loss_nothing_but_the_rounding_of_its_input(dtype):
    embeddings = embeddings_of(64, 2, 16).detach().to(dtype).requires_grad_()
    exact = embeddings.detach().double().requires_grad_()
    with torch.autocast("cpu", torch.bfloat16):
        found = nt_xent(embeddings, slice(0, 64), 0.05).terms["anchors"]
    wanted = nt_xent(exact, slice(0, 64), 0.05).terms["anchors"]
    assert found.dtype == torch.float32
    torch.testing.assert_close(found, wanted.float(), rtol=1e-6, atol=0)
    found.backward()
    wanted.backward()
    torch.testing.assert_close(embeddings.grad.float(), exact.grad.float(), rtol=0.01, atol=1e-3)


def test_extremes_are_finite():
    for embeddings in (torch.zeros(4, 2, 3), torch.full((4, 2, 3), 1e30), torch.full((4, 2, 3), 1e-30)):
        embeddings.requires_grad_()
        total = nt_xent(embeddings, slice(0, 4), 0.01).terms["anchors"]
        total.backward()
        assert torch.isfinite(total)
        assert torch.isfinite(embeddings.grad).all()


def test_collapsed_embeddings_lose_what_chance_loses():
    loss = nt_xent(torch.ones(32, 2, 8), slice(0, 32), 0.2)
    assert loss.terms["anchors"].item() / 64 == pytest.approx(math.log(63), rel=1e-5)
    assert loss.metrics["negative_similarity"].total / loss.metrics["negative_similarity"].count == pytest.approx(1)
