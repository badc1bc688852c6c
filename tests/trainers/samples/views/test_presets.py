from dataclasses import dataclass

import pytest
from pydantic import TypeAdapter, ValidationError

from headrace.shards.base.errors import RecipeError, UsageError
from headrace.shards.base.recipe import RecipeFile, build
from headrace.trainers.samples.views.choice import Views, preset
from headrace.trainers.samples.views.presets import PRESETS

RECIPES = TypeAdapter(Views)


@dataclass(frozen=True)
class Seeing:
    """Something that has views."""

    views: Views = ()


def told(view):
    """Number, size, crop, strengths of the jitter, probabilities of blur and solarisation."""
    jitter = view.color_jitter
    strengths = (jitter.brightness, jitter.contrast, jitter.saturation, jitter.hue)
    return view.count, view.size, view.scale, strengths, view.gaussian_blur.p, view.solarize.p


SIMCLR, BYOL, NONE = (0.8, 0.8, 0.8, 0.2), (0.4, 0.4, 0.2, 0.1), (0.0, 0.0, 0.0, 0.0)
MOCO = (0.4, 0.4, 0.4, 0.1)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("simclr", [(2, 224, (0.08, 1.0), SIMCLR, 0.5, 0.0)]),
        ("simclr_cifar", [(2, 32, (0.08, 1.0), MOCO, 0.0, 0.0)]),
        ("moco_v2", [(2, 224, (0.2, 1.0), MOCO, 0.5, 0.0)]),
        ("moco_v3", [(1, 224, (0.08, 1.0), BYOL, 1.0, 0.0), (1, 224, (0.08, 1.0), BYOL, 0.1, 0.2)]),
        ("byol", [(1, 224, (0.08, 1.0), BYOL, 1.0, 0.0), (1, 224, (0.08, 1.0), BYOL, 0.1, 0.2)]),
        (
            "dino",
            [
                (1, 224, (0.4, 1.0), BYOL, 1.0, 0.0),
                (1, 224, (0.4, 1.0), BYOL, 0.1, 0.2),
                (8, 96, (0.05, 0.4), BYOL, 0.5, 0.0),
            ],
        ),
        (
            "dinov2",
            [
                (1, 224, (0.32, 1.0), BYOL, 1.0, 0.0),
                (1, 224, (0.32, 1.0), BYOL, 0.1, 0.2),
                (8, 96, (0.05, 0.32), BYOL, 0.5, 0.0),
            ],
        ),
        (
            "dinov2_code",
            [
                (1, 224, (0.32, 1.0), BYOL, 0.0, 0.0),
                (1, 224, (0.32, 1.0), BYOL, 0.9, 0.2),
                (8, 96, (0.05, 0.32), BYOL, 0.5, 0.0),
            ],
        ),
        ("mae", [(1, 224, (0.2, 1.0), NONE, 0.0, 0.0)]),
        ("ijepa", [(1, 224, (0.3, 1.0), NONE, 0.0, 0.0)]),
    ],
)
def test_the_numbers_are_the_papers(name, expected):
    views = preset(name)
    assert [told(view) for view in views] == expected
    colour = name not in ("mae", "ijepa")
    for view in views:
        assert view.horizontal_flip == (0.0 if name == "ijepa" else 0.5)
        assert view.grayscale == (0.2 if colour else 0.0)
        assert view.color_jitter.p == (0.8 if colour else 0.0)
        assert view.ratio == (3 / 4, 4 / 3)
        assert view.gaussian_blur.sigma == (0.1, 2.0)
        assert view.solarize.threshold == 128
        assert view.interpolation == ("bilinear" if name in ("moco_v2", "moco_v3", "ijepa") else "bicubic")


def test_all_presets_are_tested():
    parameters = next(mark for mark in test_the_numbers_are_the_papers.pytestmark if mark.name == "parametrize").args[1]
    assert {name for name, _ in parameters} == set(PRESETS)


def test_names_of_views_are_told_apart():
    for make in PRESETS.values():
        names = [view.name for view in make()]
        assert len(set(names)) == len(names)


def test_a_number_changes_in_all_views_or_in_one():
    views = preset("dino", grayscale=0.1, color_jitter={"hue": 0.2}, local={"count": 6, "gaussian_blur": {"p": 0}})
    originals = preset("dino")
    assert [view.grayscale for view in views] == [0.1, 0.1, 0.1]
    assert [view.color_jitter.hue for view in views] == [0.2, 0.2, 0.2]
    assert [view.color_jitter.brightness for view in views] == [0.4, 0.4, 0.4]
    assert [view.count for view in views] == [1, 1, 6]
    assert [view.gaussian_blur.p for view in views] == [1.0, 0.1, 0]
    assert [view.scale for view in views] == [view.scale for view in originals]


def test_what_is_said_of_one_view_goes_before_what_is_said_of_all():
    assert [view.size for view in preset("dino", size=160, local={"size": 64})] == [160, 160, 64]


def test_a_recipe_names_a_preset_changes_it_or_lists_views():
    assert RECIPES.validate_python("byol") == preset("byol")
    assert RECIPES.validate_python({"preset": "byol", "size": 64}) == preset("byol", size=64)
    listed = RECIPES.validate_python([{"name": "wide", "size": 8}, {"size": 4, "scale": [0.2, 0.4]}])
    assert [(view.name, view.size) for view in listed] == [("wide", 8), ("view", 4)]
    for wrong in ([], [{"size": 8}, {"size": 4}]):
        with pytest.raises(ValidationError, match=r"at least 1|more than once"):
            RECIPES.validate_python(wrong)


@pytest.mark.parametrize(
    ("name", "changes", "told"),
    [
        ("simlcr", {}, "Did you mean 'simclr'"),
        ("dino", {"colour_jitter": 1}, "has a parameter 'colour_jitter'.*Did you mean 'color_jitter'"),
        ("dino", {"locl": {"count": 2}}, "not 'locl'.*Did you mean 'local'"),
        ("dino", {"color_jitter": {"hues": 1}}, "has a parameter 'color_jitter.hues'.*Did you mean 'hue'"),
        ("dino", {"color_jitter": {"hue": 0.7}}, "color_jitter.hue = 0.7.*less than or equal to 0.5"),
        ("dino", {"local": 3}, "a mapping of what is changed in the view 'local', not 3"),
    ],
)
def test_a_wrong_change_says_what_is_wrong(name, changes, told):
    with pytest.raises(UsageError, match=told):
        preset(name, **changes)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("views: simlcr", "line 1, 'views.0': wrong value.*Did you mean 'simclr'"),
        ("views:\n  - size: 8\n  - sise: 8", "line 3, 'views.1.sise': unknown key. Did you mean 'size'"),
        ("views: {preset: dino, gaussian_blur: {p: 2}}", "'views.0.gaussian_blur.p': wrong value.*Found: 2"),
    ],
)
def test_a_mistake_in_a_recipe_is_told_with_its_place(tmp_path, text, told):
    (tmp_path / "recipe.yaml").write_text(text)
    recipe = RecipeFile(tmp_path / "recipe.yaml")
    with pytest.raises(RecipeError, match=told):
        build(Seeing, recipe.data, recipe, ())
