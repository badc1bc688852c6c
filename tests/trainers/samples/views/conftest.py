import numpy as np
import pytest

from headrace.trainers.samples.views.drawing import DRAWN, only_cut
from headrace.trainers.samples.views.render import Renderer


@pytest.fixture(scope="session")
def rendered():
    """Renders one view of an image: its box, and whatever else of it is not as it would be if only cut."""

    def render(pixels, size, box=None, interpolation="bicubic", **drawn):
        height, width, channels = pixels.shape
        box = (0, 0, width, height) if box is None else box
        plan = np.array([only_cut((0, 0, 1, 1))], DRAWN)
        for name, value in drawn.items():
            plan[name] = value
        out = np.full((1, channels, size, size), 77, np.uint8)
        Renderer(size, interpolation)(pixels, np.array([box], np.float64), plan, out)
        return out[0].transpose(1, 2, 0)

    return render


@pytest.fixture(scope="session")
def noise():
    return np.random.default_rng(0).integers(0, 256, (48, 48, 3), dtype=np.uint8)


@pytest.fixture(scope="session")
def smooth():
    """Colours as in a photograph: neighbours differ little, channels go together, black and white occur."""
    down, across = np.mgrid[:96, :96] / 96
    waves = [np.sin(7 * down + 3 * across + phase) + 0.4 * np.sin(23 * across * down) for phase in (0, 0.7, 2.1)]
    return np.clip(127.5 + 100 * np.stack(waves, -1), 0, 255).astype(np.uint8)
