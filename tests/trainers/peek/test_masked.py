import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from headrace.trainers.peek.look import Panel
from headrace.trainers.peek.masked import masked_panels
from headrace.trainers.samples.masks.presets import PRESETS, Mask


def panel_of(side: int, channels: int | None = 3) -> Panel:
    shape = (side, side) if channels is None else (side, side, channels)
    return Panel("view", "1 view", np.random.default_rng(side).integers(0, 200, shape, dtype=np.uint8))


@given(st.sampled_from([3, None]), st.integers(1, 40), st.randoms(use_true_random=False))
def test_what_is_seen_is_left_as_it_is_and_nothing_else_is(channels, side, random):
    grid = random.randint(1, side)
    seen = np.array([random.random() < 0.5 for _ in range(grid**2)]).reshape(grid, grid)
    seen[0, 0] = False
    view = panel_of(side, channels)
    shown = masked_panels(view, Mask(seen, (np.flatnonzero(~seen),)))[1].pixels
    patch = side // grid
    for row in range(side):
        for column in range(side):
            inside = row < patch * grid and column < patch * grid
            if inside and seen[row // patch, column // patch]:
                assert np.array_equal(shown[row, column], view.pixels[row, column])
            else:
                assert (shown[row, column] == 222).all()


def test_several_targets_are_drawn_each_in_a_colour_of_its_own():
    mask = PRESETS["ijepa"].of_batch((14, 14), 1, np.random.default_rng(0))(0, np.random.default_rng(1))
    view, context, targets = masked_panels(panel_of(224), mask)
    assert context.lines == (f"{mask.seen.sum()} of 196 patches",)
    borders = {tuple(pixel) for pixel in targets.pixels.reshape(-1, 3).tolist()} & {
        (230, 159, 0), (0, 158, 115), (86, 180, 233), (204, 121, 167)
    }  # fmt: skip
    assert len(borders) >= 3  # one may lie below the others
    assert np.array_equal(view.pixels, panel_of(224).pixels)


def test_a_view_that_is_not_masked_says_so():
    (view,) = masked_panels(panel_of(8), Mask(np.ones((2, 2), bool), ()))
    assert view.lines == ("not masked",)
