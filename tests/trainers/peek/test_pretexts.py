import numpy as np

from headrace.shards.stream import Stream
from headrace.trainers.data import DataFacts
from headrace.trainers.peek.look import Order
from headrace.trainers.peek.peek import Start, read
from headrace.trainers.peek.subjects import subject
from headrace.trainers.recipe import read_recipe

CLIPS = '''
from dataclasses import dataclass
import numpy as np
from headrace.trainers.pretext.mae import Mae
from headrace.trainers.samples.masks.random import tubes

@dataclass(frozen=True, kw_only=True)
class Clips(Mae):
    """Four frames of one picture, masked as tubes, counted by twos."""

    @property
    def transform(self):
        return self.sample

    def sample(self, record, rng):
        image = np.full((1, 1, self.size, self.size), 7, np.uint8)
        visible, hidden = tubes(2, self.tokens, 0.5, rng)
        return {"clip": np.concatenate([image] * 4), "visible": visible, "hidden": hidden, "speed": np.array(3)}
'''


def test_samples_of_a_recipe_are_those_of_its_training(images, recipe_of):
    path = recipe_of("mae", seed=3)
    looks = read(subject(str(path), images, [], {}), images, 8, Start(step=1))
    recipe = read_recipe(path)
    pretext = recipe.pretext.bind(DataFacts.of(images))
    batches = iter(Stream(images, seed=3, transform=pretext.transform, fields=pretext.fields).batches(8))
    next(batches)
    batch = next(batches)
    seen = sorted(each.panels[0].pixels.tobytes() for each in looks)
    assert seen == sorted(each.tobytes() for each in batch["view"])
    for each in looks:
        (outline,) = each.original.outlines
        assert (outline.kind, outline.label) == ("view", "1")
        assert each.panels[0].lines[0].endswith("%" if not outline.flipped else "%, flipped")


def test_what_is_told_on_the_command_line_goes_over_the_recipe(images, recipe_of):
    path = str(recipe_of("mae", seed=3))
    assert subject(path, images, [], {}).order == Order(3, 64, None, 8)
    assert subject(path, images, [], {"seed": 5, "batch_size": 16}).order == Order(5, 64, None, 16)
    assert subject(path, images, ["data.lanes=4"], {}).order == Order(3, 4, None, 8)


def test_frames_of_a_plug_in_have_their_tubes(images, tmp_path, monkeypatch):
    (tmp_path / "clips.py").write_text(CLIPS)
    monkeypatch.chdir(tmp_path)
    (look,) = read(subject("clips.py:Clips", images, [], {}), images, 1, Start())
    assert [each.heading for each in look.panels] == [
        f"{frame} clip{part}" for frame in range(1, 5) for part in ("", ", seen")
    ]
    masked = [each.pixels == 222 for each in look.panels[1::2]]
    assert all(np.array_equal(masked[0], each) for each in masked)
    assert 0.3 < masked[0].mean() < 0.7
    assert look.notes == ("besides: speed 3",)
