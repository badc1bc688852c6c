import numpy as np
import pytest

from headrace.shards.base.errors import InputError
from headrace.trainers.evals.splits import held_out, in_share, labelled_draws


def test_a_group_is_on_one_side_and_the_share_is_right():
    groups = np.random.default_rng(0).integers(2000, size=10_000)
    drawn = in_share(groups, 0.3)
    for group in range(50):
        assert len(set(drawn[groups == group])) <= 1
    assert abs(in_share(np.arange(20_000), 0.3).mean() - 0.3) < 0.02


def test_of_every_class_some_groups_are_held_out_and_some_are_not():
    rng = np.random.default_rng(0)
    for count in (4, 10, 500):
        labels = np.arange(count) % 2
        groups = rng.integers(1 << 60, size=count // 2).repeat(2)  # a group of both classes
        kept = held_out(labels, groups, 0.2)
        assert (kept[::2] == kept[1::2]).all()
        for label in (0, 1):
            share = kept[labels == label].mean()
            assert share == pytest.approx(0.2, abs=0.5 / (count // 2)) or count == 4
            assert 0 < share < 1


def test_what_is_held_out_is_not_what_is_tested():
    groups = np.arange(5000)
    both = held_out(np.zeros(5000, int), groups, 0.3) & in_share(groups, 0.3)
    assert both.mean() == pytest.approx(0.09, abs=0.02)


def test_a_class_of_one_group_is_not_held_out():
    assert not held_out(np.array([0, 0, 1]), np.array([7, 7, 8]), 0.5).any()


def drawn(seed=0, draws=30, each=4):
    labels = np.random.default_rng(0).integers(3, size=200)
    train = np.flatnonzero(np.arange(200) % 5 > 0)
    return labels, train, labelled_draws(labels, train, each, draws, seed, ("a", "b", "c"))


def test_a_draw_has_the_same_number_of_every_class_and_training_rows_alone():
    labels, train, draws = drawn()
    for rows in draws:
        assert np.bincount(labels[rows]).tolist() == [4, 4, 4]
        assert len(np.unique(rows)) == 12
        assert np.isin(rows, train).all()


def test_every_draw_is_another_and_every_row_has_its_chance():
    labels, train, draws = drawn(draws=2000)
    assert len({rows.tobytes() for rows in draws}) == 2000
    often = np.bincount(np.concatenate(draws), minlength=200)[train]
    for label in range(3):
        mine = often[labels[train] == label]
        expected = 2000 * 4 / len(mine)
        assert np.abs(mine - expected).max() < 5 * np.sqrt(expected)


def test_draws_depend_on_the_seed_alone():
    one, same, other = (drawn(seed)[2] for seed in (1, 1, 2))
    assert all((a == b).all() for a, b in zip(one, same, strict=True))
    assert any((a != b).any() for a, b in zip(one, other, strict=True))


def test_more_labels_than_there_are():
    with pytest.raises(
        InputError, match=r"90 labelled records of each class.*\d+ training records of the class '[abc]'"
    ):
        drawn(each=90)
