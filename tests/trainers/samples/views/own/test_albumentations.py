"""Pipelines of Albumentations: as plain transforms they repeat themselves, as views they do not."""

import io
import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pytest
from PIL import Image

from headrace.shards import Manifest, Stream
from headrace.shards.base.errors import PluginError, RecipeError, UsageError
from headrace.shards.base.recipe import RecipeFile, build
from headrace.shards.base.rng import generator
from headrace.shards.format.writer import ShardWriter
from headrace.trainers.samples.views.choice import Views
from headrace.trainers.samples.views.image_views import ImageViews
from headrace.trainers.samples.views.own import albumentations as module
from headrace.trainers.samples.views.own.albumentations import Albumentations

A = module.albumentations
installed = pytest.mark.skipif(A is None, reason="Albumentations is not installed")
forks = pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")


def simclr():
    return A.Compose(
        [
            A.RandomResizedCrop(size=(32, 32)),
            A.HorizontalFlip(p=0.5),
            A.ColorJitter(brightness=0.8, contrast=0.8, saturation=0.8, hue=0.2, p=0.8),
            A.ToGray(p=0.2),
            A.OneOf([A.GaussianBlur(p=1), A.GaussNoise(p=1), A.CoarseDropout(p=1)], p=0.9),
        ]
    )


@pytest.fixture
def pixels():
    return np.random.default_rng(0).integers(0, 256, (48, 64, 3), dtype=np.uint8)


@pytest.fixture
def shards(tmp_path, pixels):
    """Twelve samples of one and the same picture, so that whatever differs was augmented differently."""
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    with ShardWriter(tmp_path, "0.tar") as writer:
        for row in range(12):
            writer.add(f"{row}", {"png": stream.getvalue()})
    Manifest(kind="samples", name="one", shards=(writer.info,)).save(tmp_path)
    return str(tmp_path)


def rngs(epoch):
    return [generator(7, epoch, number) for number in range(8)]


def by_position(batches):
    """Each position's views as bytes."""
    return {
        position: [each.tobytes() for each in np.asarray(batch["view"])[row]]
        for batch in batches
        for row, position in enumerate(np.asarray(batch["__position__"]).tolist())
    }


@installed
@forks
def test_in_plain_use_workers_and_epochs_repeat_one_another(shards):
    pipeline = simclr()

    def plain(sample, rng):
        return {"view": pipeline(image=sample["png"])["image"][None], "__position__": sample["__position__"]}

    stream = Stream(shards, lanes=1, transform=plain)
    first = stream.loader(6, steps=2, num_workers=2)
    made = list(by_position(first).values())
    assert made[:6] == made[6:]  # what the other worker makes
    # The next epoch, by new workers.
    assert list(by_position(stream.loader(6, steps=2, num_workers=2, start=first.state_dict())).values()) == made


@installed
@forks
def test_as_a_view_nothing_repeats_for_any_workers_batches_or_resume(shards):
    def stream():
        return Stream(shards, seed=5, lanes=1, transform=ImageViews(Albumentations(simclr(), count=2)))

    expected = by_position(stream().batches(12, steps=3))
    assert len({view for views in expected.values() for view in views}) == 3 * 12 * 2
    assert by_position(stream().loader(6, steps=6, num_workers=2)) == expected
    first = stream().loader(4, steps=4, num_workers=2)
    found = by_position(first)
    found |= by_position(stream().loader(5, steps=4, num_workers=2, start=first.state_dict()))
    assert found == expected


@installed
def test_it_is_a_plain_transform_too(shards):
    view = Albumentations(simclr())

    def plain(sample, rng):
        return {"view": view(sample["png"], rng)[None], "__position__": sample["__position__"]}

    expected = by_position(Stream(shards, transform=plain).batches(12, steps=2))
    assert len({views[0] for views in expected.values()}) == 24
    assert by_position(Stream(shards, transform=plain).batches(4, steps=6)) == expected


@installed
def test_a_view_depends_on_its_generator_alone(pixels):
    view = Albumentations(simclr())
    forwards = [view(pixels, rng) for rng in rngs(0)]
    backwards = [view(pixels, rng) for rng in reversed(rngs(0))]
    assert np.array_equal(forwards, backwards[::-1])
    assert forwards[0].shape == (3, 32, 32)


@installed
def test_threads_do_not_disturb_one_another(pixels):
    view = Albumentations(simclr())
    expected = [view(pixels, generator(number)) for number in range(200)]
    with ThreadPoolExecutor(4) as threads:
        assert np.array_equal(list(threads.map(lambda number: view(pixels, generator(number)), range(200))), expected)


@installed
def test_a_worker_makes_the_same_views_and_asks_nobody(pixels, tmp_path):
    view = Albumentations(simclr())
    (tmp_path / "view").write_bytes(pickle.dumps(view))
    np.save(tmp_path / "pixels.npy", pixels)
    program = (
        "import os, pickle, sys, numpy as np\n"
        "sys.addaudithook(lambda event, _: os._exit(9) if event.startswith('socket.') else None)\n"
        "view, pixels = pickle.load(open('view', 'rb')), np.load('pixels.npy')\n"
        "assert 'NO_ALBUMENTATIONS_UPDATE' not in os.environ\n"
        "from headrace.shards.base.rng import generator\n"
        "np.save('views.npy', [view(pixels, generator(7, 3, number)) for number in range(8)])\n"
    )
    subprocess.run([sys.executable, "-c", program], cwd=tmp_path, check=True)
    assert np.array_equal(np.load(tmp_path / "views.npy"), [view(pixels, rng) for rng in rngs(3)])


@installed
def test_transforms_of_equal_probability_do_not_happen_together():
    corner = np.zeros((2, 2, 1), np.uint8)
    corner[0, 0] = 255
    view = Albumentations(A.Compose([A.HorizontalFlip(p=0.5), A.VerticalFlip(p=0.5)]))
    places = [int(view(corner, generator(number)).argmax()) for number in range(400)]
    assert np.bincount(places, minlength=4).min() > 60


@installed
def test_neither_the_pipeline_nor_the_image_is_changed(pixels):
    pipeline = simclr()
    before, state = pixels.copy(), pipeline.py_random.getstate()
    view = Albumentations(pipeline)
    for rng in rngs(0):
        view(pixels, rng)
    assert np.array_equal(pixels, before)
    assert pipeline.py_random.getstate() == state


@installed
@pytest.mark.parametrize("channels", [1, 3])
def test_normalised_tensors_are_views_too(channels):
    pixels = np.zeros((8, 9, channels), np.uint8)
    normalize = A.Normalize(mean=(0.5,) * channels, std=(0.5,) * channels)
    view = Albumentations(A.Compose([normalize, A.ToTensorV2()]))(pixels, generator())
    assert view.shape == (channels, 8, 9)
    assert view.dtype == np.float32
    assert np.all(view == -1)


PLUGIN = """
import albumentations as A
compose = A.Compose([A.RandomCrop(8, 8, pad_if_needed=True)])
flip = A.VerticalFlip()
"""


@dataclass(frozen=True)
class Seeing:
    views: Views


def views_of_recipe(folder, text):
    (folder / "my_views.py").write_text(PLUGIN)
    (folder / "recipe.yaml").write_text(text)
    file = RecipeFile(folder / "recipe.yaml")
    return build(Seeing, file.data, file, ()).views


@installed
def test_a_recipe_names_a_pipeline_in_a_file_beside_it(tmp_path, pixels):
    text = "views: [simclr, {albumentations: {pipeline: my_views.py:compose, count: 2, name: mine}}]"
    _, view = views_of_recipe(tmp_path, text)
    assert (view.name, view.count) == ("mine", 2)
    assert view(pixels, generator()).shape == (3, 8, 8)


@installed
@pytest.mark.parametrize(
    ("pipeline", "kind", "told"),
    [
        ("my_views.py:flip", UsageError, r"Found: VerticalFlip.*A\.Compose\(\[transform\]\)"),
        ("my_views.py:composed", PluginError, "Did you mean 'compose'"),
        ("my_views.py", RecipeError, "line 1.*path/to/file.py:object"),
    ],
)
def test_what_is_no_pipeline_is_refused(tmp_path, pipeline, kind, told):
    with pytest.raises(kind, match=told):
        views_of_recipe(tmp_path, f"views: [{{albumentations: {{pipeline: '{pipeline}'}}}}]")


@pytest.mark.skipif(A is not None, reason="Albumentations is installed")
def test_without_the_library_it_says_what_to_install():
    with pytest.raises(PluginError, match=r"pip install 'headrace\[albumentations\]'"):
        Albumentations(None)
