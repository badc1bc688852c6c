"""The watch on representations whose state is known, and its numbers against slow ones."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
import torch

from headrace.trainers.collapse import CollapseWatch
from headrace.trainers.collapse.measures import measured
from headrace.trainers.distributed import ALONE
from headrace.trainers.watch.alarm import Alarm

_spec = importlib.util.spec_from_file_location("ranks", Path(__file__).parents[1] / "ranks.py")
ranks = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(ranks)

SAMPLES, WIDTH = 512, 64


def drawn(*shape, seed=0):
    return torch.from_numpy(np.random.default_rng(seed).normal(size=shape))


def watched(*batches):
    watch = CollapseWatch()
    for batch in batches:
        watch.see(batch)
    return watch


def rotated(vectors):
    turn, _ = torch.linalg.qr(drawn(vectors.shape[-1], vectors.shape[-1], seed=9))
    return vectors @ turn


ISOTROPIC = drawn(SAMPLES, WIDTH)
HALF = torch.cat([drawn(SAMPLES, WIDTH // 2), torch.zeros(SAMPLES, WIDTH // 2)], 1)
LINE = drawn(SAMPLES, 1) * drawn(1, WIDTH, seed=1)
CLUSTERS = drawn(2, WIDTH)[torch.arange(SAMPLES) % 2]
CONSTANT = drawn(1, WIDTH).expand(SAMPLES, WIDTH)
VIEWS = ISOTROPIC[:, None] + 0.3 * drawn(SAMPLES, 2, WIDTH, seed=1)


@pytest.mark.parametrize(
    ("name", "given", "verdict"),
    [
        ("isotropic", ISOTROPIC, "healthy"),
        ("isotropic beside what all share", ISOTROPIC + 6, "healthy"),
        ("half of the dimensions, turned", rotated(HALF), "healthy"),
        ("half of the dimensions", HALF, "dead dimensions"),
        ("a ReLU's", ISOTROPIC.relu(), "healthy"),
        ("rank 1", LINE, "dimensional collapse"),
        ("rank 3 of 64, of one view", drawn(SAMPLES, 3) @ drawn(3, WIDTH, seed=1), "healthy"),
        ("rank 3 of 64, of two views", VIEWS[..., :3] @ drawn(3, WIDTH, seed=1), "dimensional collapse"),
        ("two clusters", CLUSTERS, "dimensional collapse"),
        ("two clusters with some noise", CLUSTERS + 1e-4 * ISOTROPIC, "dimensional collapse"),
        ("constant", CONSTANT, "complete collapse"),
        ("constant but for rounding", CONSTANT.bfloat16() * (1 + 0.002 * ISOTROPIC), "complete collapse"),
        ("all zero", torch.zeros(SAMPLES, WIDTH), "complete collapse"),
        ("two views that agree", VIEWS, "healthy"),
        ("ten views that agree", ISOTROPIC[:, None] + 0.3 * drawn(SAMPLES, 10, WIDTH, seed=1), "healthy"),
        ("two views of different samples", drawn(SAMPLES, 2, WIDTH), "positives are not aligned"),
        ("few samples", ISOTROPIC[:32], "not judged"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_each_state_is_told_from_the_others(name, given, verdict):
    found = watched(given).verdict()
    assert found.words.startswith(verdict), found.words
    assert found.healthy == (verdict in ("healthy", "not judged"))


def test_what_is_wrong_is_told_with_cause_and_remedy():
    words = watched(CONSTANT).verdict().words
    assert "feature std 0.0000" in words
    assert "Likely cause: nothing pushes samples apart" in words
    assert "lower the learning rate" in words


@pytest.mark.parametrize(("samples", "width"), [(40, 12), (12, 40)])
def test_numbers_are_those_of_the_formulas(samples, width):
    given = drawn(samples, 3, width) + 0.5
    found = measured([given])
    vectors = given.numpy()
    singular = np.linalg.svd(vectors[:, 0] - vectors[:, 0].mean(0), compute_uv=False)
    share = singular / singular.sum()
    assert found.effective_rank == pytest.approx(np.exp(-(share * np.log(share + 1e-30)).sum()), rel=1e-6)
    assert found.possible == min(samples - 1, width)
    unit = vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)
    spread = np.sqrt(width * np.mean(unit[:, 0].var(0, ddof=1)))
    assert found.feature_std == pytest.approx(spread)
    near = [np.exp(-2 * ((unit[i, 0] - unit[j, 0]) ** 2).sum()) for i in range(samples) for j in range(i)]
    assert found.uniformity == pytest.approx(np.log(np.mean(near)))
    apart = [((row[i] - row[j]) ** 2).sum() for row in unit for i in range(3) for j in range(i)]
    assert found.alignment == pytest.approx(np.mean(apart))


def test_vectors_of_no_mean_have_the_rank_of_rankme():
    vectors = ISOTROPIC - ISOTROPIC.mean(0)
    singular = torch.linalg.svdvals(vectors)
    share = singular / singular.sum() + 1e-7
    expected = torch.exp(-(share * share.log()).sum()).item()
    assert measured([vectors[:, None]]).effective_rank == pytest.approx(expected, rel=1e-4)


def test_directions_that_are_isotropic_have_a_feature_std_of_one():
    assert measured([drawn(20_000, 1, 32)]).feature_std == pytest.approx(1, abs=0.01)


def test_what_moves_from_batch_to_batch_does_not_hide_that_all_samples_are_the_same():
    watch = watched(*(drawn(1, WIDTH, seed=step).expand(16, WIDTH) for step in range(20)))
    assert watch.verdict().words.startswith("complete collapse")


def test_many_small_batches_are_judged_as_one_large_one():
    found, whole = watched(*ISOTROPIC.split(8)).numbers(), watched(ISOTROPIC).numbers()
    assert found["feature_std"] == pytest.approx(whole["feature_std"], rel=0.01)
    assert found["effective_rank"] == pytest.approx(whole["effective_rank"], rel=0.05)


def test_no_more_rows_than_asked_are_kept_and_they_are_the_latest():
    watch = CollapseWatch(rows=100)
    for batch in (CONSTANT[:60], ISOTROPIC[:60], ISOTROPIC[60:100]):
        watch.see(batch)
    assert watch.verdict().healthy
    assert sum(map(len, watch._kept)) == watch._measures().samples == 100
    watch.see(CONSTANT)
    assert watch._measures().samples == 100
    assert not watch.verdict().healthy


def numbers_of(world, rows):
    """Of three batches, each process given its rows of them."""
    watch = CollapseWatch(world, rows)
    for batch in (VIEWS[:240], VIEWS[240:480], VIEWS[480:510]):
        size = len(batch) // world.size
        watch.see(batch[world.rank * size : (world.rank + 1) * size])
    return watch.numbers()


@pytest.mark.parametrize("rows", [2048, 280, 20])
def test_processes_find_of_their_rows_together_what_one_finds_of_all(rows):
    expected = numbers_of(ALONE, rows)
    for size in (2, 3):
        assert all(found == expected for found in ranks.on_ranks(size, lambda world: numbers_of(world, rows)))


def test_what_is_not_finite_raises_an_alarm_and_is_forgotten_then():
    alarm = Alarm(ALONE)
    assert alarm.look() == {}
    alarm.see(torch.full((SAMPLES, WIDTH), torch.nan))
    assert alarm.look() == {"collapsed": 1}
    alarm.see(ISOTROPIC)
    assert alarm.look()["collapsed"] == 0


def test_what_was_seen_is_copied_and_has_no_gradient():
    given = torch.ones(SAMPLES, WIDTH, requires_grad=True)
    watch = watched(given * ISOTROPIC.float())
    with torch.no_grad():
        given.zero_()
    assert watch.verdict().healthy
    assert not any(batch.requires_grad for batch in watch._kept)


def test_before_anything_was_seen_and_where_numbers_are_lost():
    assert watched().numbers() == watched(ISOTROPIC[:1]).numbers() == {}
    assert watched().verdict().healthy
    lost = watched(torch.full((SAMPLES, WIDTH), float("nan")))
    assert lost.numbers() == {}
    assert lost.verdict().words == "representations are not finite"


def test_alignment_is_for_views_alone():
    assert watched(ISOTROPIC).numbers().keys() == {"effective_rank", "feature_std", "dead_dimensions", "uniformity"}
    assert watched(VIEWS).numbers()["alignment"] < 0.3
