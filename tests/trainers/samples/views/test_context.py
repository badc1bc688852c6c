import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import ValidationError
from scipy.stats import chisquare, kstest

from headrace.trainers.samples.views.context import PAIR, ContextPrediction, guarded

PRETEXT = ContextPrediction()
sides = st.one_of(st.integers(1, 8), st.integers(1, 20_000))


@pytest.fixture(scope="module")
def pairs():
    rng = np.random.default_rng(0)
    return np.array([PRETEXT.draw(375, 500, rng) for _ in range(4000)], PAIR)


def middles(pairs):
    """(pairs, 2, 2) the patches' middles, as (x, y)."""
    box = pairs["patches"]["view"]["box"]
    return (box[..., :2] + box[..., 2:]) / 2


@given(sides, sides, st.integers(0, 2**32))
@example(1, 1, 0)
@example(1, 20_000, 0)
@example(20_000, 1, 0)
@example(2, 2, 0)
def test_patches_lie_within_any_image(height, width, seed):
    box = PRETEXT.draw(height, width, np.random.default_rng(seed))["patches"]["view"]["box"]
    assert (box[:, :2] >= 0).all()
    assert (box[:, :2] < box[:, 2:]).all()
    assert (box[:, 2:] <= [width, height]).all()


def test_the_label_tells_where_the_second_patch_lies(pairs):
    offset = np.diff(middles(pairs), axis=1)[:, 0]
    across, down = np.sign(np.round(offset / 60)).astype(int).T
    directions = [(x, y) for y in (-1, 0, 1) for x in (-1, 0, 1) if (x, y) != (0, 0)]
    assert [directions[label] for label in pairs["label"]] == list(zip(across, down, strict=True))
    assert chisquare(np.bincount(pairs["label"], minlength=8)).pvalue > 0.001


def test_images_are_scaled_uniformly_in_pixels(pairs):
    box = pairs["patches"]["view"]["box"][:, 0]
    # A patch is 96 pixels wide after scaling; of the box only whole pixels are known.
    factor = 96 / (box[:, 2] - box[:, 0])
    pixels = 375 * 500 * factor**2
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, len(pixels))
    pixels = 375 * 500 * (96 / (96 / factor + noise)) ** 2
    assert kstest(pixels, "uniform", (150_000, 300_000)).statistic < 0.03


def test_a_gap_and_jitter_are_between_patches(pairs):
    beside = pairs[pairs["label"] == 4]["patches"]["view"]["box"]
    factor = 96 / (beside[:, 0, 2] - beside[:, 0, 0])
    gap = (beside[:, 1, 0] - beside[:, 0, 2]) * factor
    assert gap.min() > 48 - 14 - 3
    assert gap.max() < 48 + 14 + 3
    assert gap.std() == pytest.approx(np.sqrt(2 * (15**2 - 1) / 12), rel=0.15)
    assert (beside[:, 1, 1] - beside[:, 0, 1]).std() > 3


def test_a_third_is_downsampled_uniformly_in_pixels(pairs):
    side = pairs["patches"]["side"].ravel()
    lowered = side[side < 96]
    assert len(lowered) / len(side) == pytest.approx(0.33, abs=4 * np.sqrt(0.33 * 0.67 / len(side)))
    noise = np.random.default_rng(0).uniform(0, 1, len(lowered))
    assert kstest((lowered + noise) ** 2, "uniform", (100, 96**2 - 100)).pvalue > 0.001


def test_each_patch_keeps_a_channel_of_its_own(pairs):
    channels = pairs["patches"]["channel"]
    assert chisquare(np.bincount(channels[:, 0] * 3 + channels[:, 1], minlength=9)).pvalue > 0.001
    assert len(np.unique(pairs["patches"]["noise"])) == channels.size


def test_one_channel_is_kept_without_its_mean_and_two_are_noise(pairs):
    patch = np.random.default_rng(1).integers(0, 256, (96, 96, 3), dtype=np.uint8)
    drawn = pairs["patches"][pairs["patches"]["side"] == 96][0]
    planes, kept = guarded(patch, drawn), int(drawn["channel"])
    assert planes.shape == (3, 96, 96)
    assert planes.dtype == np.float32
    assert np.sqrt(np.square(planes).mean()) == pytest.approx(50, rel=1e-4)
    assert planes[kept].mean() == pytest.approx(0, abs=1e-3)
    assert np.corrcoef(planes[kept].ravel(), patch[..., kept].ravel())[0, 1] == pytest.approx(1)
    for lost in {0, 1, 2} - {kept}:
        scale = planes[kept].std() / patch[..., kept].std()
        assert kstest(planes[lost].ravel() / scale, "uniform", (-0.5, 1)).pvalue > 0.001
        assert abs(np.corrcoef(planes[lost].ravel(), patch[..., lost].ravel())[0, 1]) < 0.05
    assert (guarded(patch, drawn) == planes).all()


def test_a_downsampled_patch_is_coarse(pairs):
    patch = np.random.default_rng(1).integers(0, 256, (96, 96, 3), dtype=np.uint8)
    flat = pairs["patches"].ravel()
    drawn = flat[flat["side"].argmin()]
    plane = guarded(patch, drawn)[int(drawn["channel"])]
    assert np.abs(np.diff(plane)).mean() < 0.2 * np.abs(plane).mean()


def test_a_grey_patch_keeps_its_only_channel(pairs):
    patch = np.random.default_rng(1).integers(0, 256, (96, 96, 1), dtype=np.uint8)
    for drawn in pairs["patches"][:3].ravel():
        assert guarded(patch, drawn).shape == (1, 96, 96)
    assert (guarded(np.full((96, 96, 1), 7, np.uint8), pairs["patches"][0, 0]) == 0).all()


def test_the_same_numbers_give_the_same_pair():
    a, b, c = (PRETEXT.draw(100, 200, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert a == b
    assert a != c


@pytest.mark.parametrize("parameters", [{"jitter": 25}, {"downsample_size": 97}, {"pixels": (2, 1)}])
def test_impossible_numbers_are_refused(parameters):
    with pytest.raises(ValidationError):
        ContextPrediction(**parameters)
