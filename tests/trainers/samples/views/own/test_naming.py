"""Views of one's own as recipes and calls name them, and in a stream."""

import io
from dataclasses import dataclass

import numpy as np
import pytest
from PIL import Image

from headrace.shards.base.errors import PluginError, RecipeError, UsageError
from headrace.shards.base.generators import Generators
from headrace.shards.base.recipe import RecipeFile, build
from headrace.trainers.samples.views.choice import Views, preset
from headrace.trainers.samples.views.image_views import ImageViews
from headrace.trainers.samples.views.own.base import VIEWS, OwnView
from headrace.trainers.samples.views.presets import PRESETS

PLUGIN = '''
from dataclasses import dataclass
import numpy as np
from headrace.shards.base.recipe import RecipePath
from headrace.trainers.samples.views.own.base import OwnView

@dataclass(frozen=True, kw_only=True)
class Mean(OwnView):
    """The mean of each channel, plus what stands in a file."""
    name: str = "mean"
    size: int = 1
    file: RecipePath | None = None

    def __call__(self, pixels, rng):
        more = float(self.file.read_text()) if self.file else 0.0
        return np.full((pixels.shape[2], self.size, self.size), pixels.mean() + more, np.float32)

class Half(OwnView):
    pass

nothing = 3
'''


@dataclass(frozen=True)
class Seeing:
    views: Views


@pytest.fixture
def recipe(tmp_path, monkeypatch):
    """Makes the views of a recipe in a folder that is not the current one, where the plug-in lies as well."""
    folder = tmp_path / "recipes"
    folder.mkdir()
    (folder / "mine.py").write_text(PLUGIN)
    (folder / "more.txt").write_text("1000")
    monkeypatch.chdir(tmp_path)

    def views(text):
        (folder / "recipe.yaml").write_text(text)
        file = RecipeFile(folder / "recipe.yaml")
        return build(Seeing, file.data, file, ()).views

    return views


def test_a_file_beside_the_recipe_is_a_view(recipe):
    (view,) = recipe("views: mine.py:Mean")
    assert (view.name, view.count, view.size) == ("mean", 1, 1)
    views = recipe(
        "views: [byol, size: 32, {mine.py:Mean: {size: 4, count: 3, file: more.txt}}, {mine.py:Mean: {name: other}}]"
    )
    assert [view.name for view in views] == ["view_1", "view_2", "view", "mean", "other"]
    assert views[:2] == preset("byol")
    batch = ImageViews(views[3:])(
        [{"__key__": "a", "png": grey_png()}, {"__key__": "b", "png": grey_png()}],
        Generators.of([(0,), (1,)]),
        np.empty,
    )
    assert batch["mean"].shape == (2, 3, 3, 4, 4)
    assert (batch["mean"] == 1100).all()
    assert (batch["other"] == 100).all()


def test_it_is_named_alone_and_in_calls_too(recipe):
    (view,) = recipe("views: {mine.py:Mean: {size: 4}}")
    assert view.size == 4
    assert ImageViews(["simclr", {"recipes/mine.py:Mean": None}]).views[1].name == "mean"
    assert ImageViews(view).views == (view,)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("views: [{size: 8},\n  mine.py:Maen]", (PluginError, "has no object 'Maen'. Did you mean 'Mean'")),
        ("views: [mien.py:Mean]", (PluginError, "there is no file .*mien.py")),
        ("views: [mine.py:nothing]", (PluginError, "'mine.py:nothing' is no view.*a subclass of OwnView")),
        ("views: [mine.py:Half]", (PluginError, "Half lacks what its contract demands. Found: no __call__")),
        ("views: [{size: 8},\n  {albumentation: {}}]", (RecipeError, "line 2, 'views.1'.*mean 'albumentations'")),
        ("views: [{size: 8},\n  {mine.py:Mean: {sise: 1}}]", (RecipeError, "line 2, 'views.1'.*mean 'size'")),
        ("views:\n- simclr\n- mine.py:Mean: {size: x}", (RecipeError, "line 3, 'views.1.*a whole number")),
        ("views:\n- byol\n- {sise: 1}", (RecipeError, "line 3, 'views.1.sise': unknown key. Did you mean 'size'")),
        ("views: [simclr, mine.py:Mean, mine.py:Mean]", (RecipeError, "'mean' is there more than once")),
        ("views: [simclr, {mine.py:Mean: {name: view}}]", (RecipeError, "'view' is there more than once")),
        ("views: [mine.py:Mean, mine.py:Mean: {count: 0}]", (RecipeError, "greater than or equal to 1")),
    ],
)
def test_a_mistake_is_told_with_its_place(recipe, text, told):
    with pytest.raises(told[0], match=told[1]):
        recipe(text)


def test_a_preset_that_is_misspelt_in_a_call_is_told():
    with pytest.raises(UsageError, match="Did you mean 'simclr'"):
        ImageViews(["simlcr"])


def test_no_view_is_called_like_a_preset():
    assert not set(VIEWS.names()) & set(PRESETS)


@dataclass(frozen=True, kw_only=True)
class Whole(OwnView):
    def __call__(self, pixels, rng):
        return pixels.transpose(2, 0, 1)


@dataclass(frozen=True, kw_only=True)
class Growing(OwnView):
    count: int = 2

    def __call__(self, pixels, rng):
        return np.zeros(rng.integers(1, 1 << 20), bool)


def grey_png(size=(3, 4)):
    stream = io.BytesIO()
    Image.fromarray(np.full((*size, 3), 100, np.uint8)).save(stream, "PNG")
    return stream.getvalue()


@pytest.mark.parametrize("view", [Whole(), Growing()])
def test_a_view_of_several_shapes_is_told_and_replaces_nothing(view):
    samples = [{"__key__": str(row), "png": grey_png((row + 1, 4))} for row in range(2)]
    with pytest.raises(UsageError, match=r"'view' is not of one shape.*End it with a crop or a scaling"):
        ImageViews(view)(samples, Generators.of([(0,), (1,)]), np.empty)


def test_it_is_given_the_whole_picture_with_and_without_other_views():
    stream = io.BytesIO()
    Image.effect_noise((400, 300), 50).save(stream, "JPEG")
    sample = {"__key__": "a", "jpg": stream.getvalue()}
    for views in ([Whole()], [{"size": 16, "name": "small"}, Whole()]):
        batch = ImageViews(views)([sample], Generators.of([(0,)]), np.empty)
        assert batch["view"].shape == (1, 1, 3, 300, 400)
