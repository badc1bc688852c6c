import numpy as np
import pytest

from headrace.trainers.samples.masks.presets import PRESETS

GRID = (14, 14)


def masks(name: str, crops: int = 64):
    draw = PRESETS[name].of_batch(PRESETS[name].grid(224), crops, np.random.default_rng(0))
    return [draw(crop, np.random.default_rng((1, crop))) for crop in range(crops)]


@pytest.mark.parametrize("name", PRESETS)
def test_no_target_is_seen(name):
    for mask in masks(name):
        assert mask.seen.shape == GRID
        assert not any(mask.seen.flat[target].any() for target in mask.targets)


@pytest.mark.parametrize(("name", "hidden"), [("mae", 147), ("beit", 75)])
def test_as_many_patches_are_hidden_as_in_the_paper(name, hidden):
    for mask in masks(name):
        assert (~mask.seen).sum() == len(mask.targets[0]) == hidden


@pytest.mark.parametrize("name", ["dinov2", "dinov2_code"])
def test_half_of_the_global_crops_are_masked_by_all_ratios(name):
    hidden = sorted(int((~mask.seen).sum()) for mask in masks(name))
    assert hidden[:32] == [0] * 32
    edges = np.linspace(0.1, 0.5, 33)
    shares = np.array(hidden[32:]) / 196
    assert ((shares <= edges[1:]) & (shares > edges[:-1] - 1 / 196)).all()
    assert PRESETS[name].views == ("global_1", "global_2")


def test_targets_of_a_batch_are_of_one_size():
    drawn = masks("ijepa")
    assert {len(mask.targets) for mask in drawn} == {4}
    assert len({len(target) for mask in drawn for target in mask.targets}) == 1
    assert min(int(mask.seen.sum()) for mask in drawn) >= 10
