from pathlib import Path

import numpy as np
import pytest

from headrace.shards.stream import Stream
from headrace.trainers.peek.peek import Start, read
from headrace.trainers.peek.subjects import subject
from headrace.trainers.registries import PRETEXTS
from headrace.trainers.samples.masks.presets import PRESETS as MASKS
from headrace.trainers.samples.views.image_views import ImageViews
from headrace.trainers.samples.views.presets import PRESETS as VIEWS

CUTOUT = Path(__file__).parents[3] / "examples" / "custom_view" / "cutout.py"
SHOWN = [name for name in VIEWS if name not in PRETEXTS]
"""A pretext's name is the pretext's."""


@pytest.mark.parametrize("name", SHOWN)
def test_every_preset_shows_all_its_views_and_masks(pictures, name):
    looks = read(subject(name, pictures, [], {}), pictures, 12, Start())
    views = VIEWS[name]()
    for look in looks:
        assert bool(look.refused) == look.name.startswith("picture-03")
        if look.refused:
            continue
        assert len(look.original.outlines) == sum(view.count for view in views)
        plain = [panel for panel in look.panels if "," not in panel.heading]
        sizes = [view.size for view in views for _ in range(view.count)]
        assert [panel.pixels.shape for panel in plain] == [(size, size, 3) for size in sizes]
        masked = len(look.panels) - len(plain)
        assert masked == {"ijepa": 2}.get(name, masked)
        assert (masked > 0) <= (name in MASKS)


@pytest.mark.parametrize("name", ["dino", "ijepa"])
@pytest.mark.parametrize("workers", [0, 2])
def test_views_are_bit_for_bit_those_of_the_loader(sound, name, workers):
    small = {"size": 40, "local": {"size": 24, "count": 3}} if name == "dino" else {"size": 40}
    loader = Stream(sound, seed=5, transform=ImageViews({"preset": name, **small})).loader(4, num_workers=workers)
    batches = iter(loader)
    next(batches)
    batch = next(batches)
    changes = [f"size={small['size']}", *(["local.size=24", "local.count=3"] if name == "dino" else [])]
    looks = read(subject(name, sound, changes, {"seed": 5, "batch_size": 4}), sound, 4, Start(step=1))
    by_position = {int(position): row for row, position in enumerate(batch["__position__"])}
    assert sorted(by_position) == [4, 5, 6, 7]
    for position, look in enumerate(looks, 4):
        assert not look.refused
        row = by_position[position]
        given = [planes for view in VIEWS[name]() for planes in batch[view.name][row].numpy()]
        drawn = [panel.pixels for panel in look.panels if "," not in panel.heading]
        assert len(drawn) == len(given)
        assert all(np.array_equal(each.transpose(2, 0, 1), planes) for each, planes in zip(drawn, given, strict=True))


def test_one_view_as_large_as_the_picture_is_the_picture(sound):
    changes = ["size=60", "scale=[1, 1]", "ratio=[1, 1]", "horizontal_flip=0"]
    (look,) = read(subject("ijepa", sound, changes, {}), sound, 1, Start())
    left, top, right, bottom = look.original.outlines[0].box
    assert (right - left, bottom - top) == (60, 60)
    assert np.array_equal(look.panels[0].pixels, look.original.pixels[top:bottom, left:right])


def test_samples_of_a_mixture_say_where_they_come_from(sound, pictures, tmp_path):
    (tmp_path / "mix.yaml").write_text(
        f"sources: {{whole: {{url: {sound}, weight: 1}}, cut: {{url: {pictures}, weight: 1}}}}"
    )
    url = str(tmp_path / "mix.yaml")
    looks = read(subject("ijepa", url, ["size=32"], {}), url, 12, Start())
    assert {look.name.split(" · ")[0] for look in looks} == {"whole", "cut"}


def test_a_view_of_ones_own_is_shown_by_its_file(sound):
    name = f"{CUTOUT}:Cutout"
    made_for = subject(name, sound, ["size=40", "count=2", "hole=1"], {"seed": 5})
    (look,) = read(made_for, sound, 1, Start())
    assert made_for.legend.title == "Cutout"
    transform = ImageViews({name: {"size": 40, "count": 2, "hole": 1}})
    batch = Stream(sound, seed=5, transform=transform).read(np.arange(1))
    assert [panel.heading for panel in look.panels] == ["1 cutout", "2 cutout"]
    given = batch[0]["cutout"]
    assert np.array_equal(np.stack([panel.pixels.transpose(2, 0, 1) for panel in look.panels]), given)
    assert not look.original.outlines


def test_a_mask_is_that_of_its_step_and_sample_whatever_else_is_shown(sound):
    def context(*where):
        looks = read(subject("ijepa", sound, ["size=64"], {"batch_size": 4}), sound, *where)
        return [look.panels[1].pixels for look in looks]

    assert not np.array_equal(context(2, Start(step=1))[1], context(2, Start(step=2))[1])
    assert np.array_equal(context(8, Start())[5], context(2, Start(step=1))[1])
