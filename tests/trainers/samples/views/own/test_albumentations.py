import pickle
import subprocess
import sys

import numpy as np
import pytest

from headrace.shards.base.errors import PluginError, UsageError
from headrace.shards.base.rng import generator

try:
    from headrace.trainers.samples.views.albumentations import AlbumentationsView
except PluginError as error:
    pytest.skip(str(error), allow_module_level=True)

import albumentations as A

SIMCLR = [
    A.RandomResizedCrop(size=(32, 32)),
    A.HorizontalFlip(p=0.5),
    A.ColorJitter(brightness=0.8, contrast=0.8, saturation=0.8, hue=0.2, p=0.8),
    A.ToGray(p=0.2),
    A.OneOf([A.GaussianBlur(p=1), A.GaussNoise(p=1), A.CoarseDropout(p=1)], p=0.9),
]


@pytest.fixture
def pixels():
    return np.random.default_rng(0).integers(0, 256, (48, 64, 3), dtype=np.uint8)


def seeds(view, epoch):
    return [view.draw(generator(7, epoch, f"sample-{number}", 0)) for number in range(8)]


def test_a_view_depends_on_its_seed_alone(pixels):
    view = AlbumentationsView(A.Compose(SIMCLR))
    forwards = {seed: view.render(pixels, seed) for seed in seeds(view, 0)}
    again = {seed: view.render(pixels, seed) for seed in reversed(forwards)}
    assert all(np.array_equal(forwards[seed], again[seed]) for seed in forwards)
    assert forwards[seeds(view, 0)[0]].shape == (3, 32, 32)


def test_samples_and_epochs_are_augmented_differently(pixels):
    view = AlbumentationsView(A.Compose(SIMCLR))
    views = {view.render(pixels, seed).tobytes() for epoch in range(2) for seed in seeds(view, epoch)}
    assert len(views) == 16


def test_a_worker_makes_the_same_views_and_asks_nobody(pixels, tmp_path):
    view = AlbumentationsView(A.Compose(SIMCLR))
    (tmp_path / "view").write_bytes(pickle.dumps(view))
    np.save(tmp_path / "pixels.npy", pixels)
    program = (
        "import os, pickle, sys, numpy as np\n"
        "asking = {'socket.connect', 'socket.getaddrinfo'}\n"
        "sys.addaudithook(lambda event, _: os._exit(9) if event in asking else None)\n"
        "from headrace.trainers.samples.views import albumentations\n"
        "assert 'NO_ALBUMENTATIONS_UPDATE' not in os.environ\n"
        "view, pixels = pickle.load(open('view', 'rb')), np.load('pixels.npy')\n"
        "np.save('views.npy', [view.render(pixels, int(seed)) for seed in sys.argv[1:]])\n"
    )
    drawn = seeds(view, 3)
    subprocess.run([sys.executable, "-c", program, *map(str, reversed(drawn))], cwd=tmp_path, check=True)
    ours = [view.render(pixels, seed) for seed in drawn]
    assert np.array_equal(np.load(tmp_path / "views.npy")[::-1], ours)


def test_transforms_of_equal_probability_do_not_happen_together():
    corner = np.zeros((2, 2, 1), np.uint8)
    corner[0, 0] = 255
    view = AlbumentationsView(A.Compose([A.HorizontalFlip(p=0.5), A.VerticalFlip(p=0.5)]))
    places = [int(view.render(corner, seed).argmax()) for seed in range(400)]
    assert np.bincount(places, minlength=4).min() > 60


def test_neither_the_pipeline_nor_the_image_is_changed(pixels):
    pipeline = A.Compose(SIMCLR, seed=3)
    before, state = pixels.copy(), pipeline.py_random.getstate()
    view = AlbumentationsView(pipeline)
    for seed in range(20):
        view.render(pixels, seed)
    assert np.array_equal(pixels, before)
    assert pipeline.py_random.getstate() == state


def test_one_integer_is_drawn_whatever_the_pipeline():
    ends = set()
    for transforms in ([], SIMCLR):
        rng = generator("view")
        AlbumentationsView(A.Compose(transforms)).draw(rng)
        ends.add(int(rng.integers(2**63)))
    assert len(ends) == 1


@pytest.mark.parametrize("channels", [1, 3])
def test_normalised_tensors_are_views_too(channels):
    pixels = np.zeros((8, 9, channels), np.uint8)
    normalize = A.Normalize(mean=(0.5,) * channels, std=(0.5,) * channels)
    view = AlbumentationsView(A.Compose([normalize, A.ToTensorV2()])).render(pixels, 0)
    assert view.shape == (channels, 8, 9)
    assert view.dtype == np.float32
    assert np.all(view == -1)


def test_what_is_no_pipeline_is_refused():
    with pytest.raises(UsageError, match=r"A\.Compose\(\[transform\]\)"):
        AlbumentationsView(A.HorizontalFlip())
