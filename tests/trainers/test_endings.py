"""What is printed at a run's end is of use: its commands are run as they stand there."""

import re
import shlex
import shutil
import subprocess
import sys

import pytest

from headrace.shards.base.errors import TrainingError
from headrace.trainers.loop import train
from headrace.trainers.recipe import read_recipe

# A picture of which something is no number.
POISONED = """
import numpy as np
from dataclasses import replace
from headrace.trainers.pretext.mae import Mae, MaeObjective
from headrace.trainers.samples.views.image_views import ImageViews

class Poisoned(Mae):
    transform = property(lambda self: self.sample)

    def sample(self, record, rng):
        views = ImageViews(self.views, fields=self.images, channels=self.channels, beside=self.beside)
        poison = np.nan if record["__key__"] == "s1r3" else 0
        return {**views.one(dict(record), rng), "poison": np.array([poison], np.float32)}

    def objective(self, backbone):
        objective = super().objective(backbone)
        objective.__class__ = PoisonedObjective
        return objective

class PoisonedObjective(MaeObjective):
    def loss(self, batch):
        loss = super().loss(batch)
        return replace(loss, terms={"patches": FORMULA})
"""


@pytest.mark.parametrize(
    ("formula", "order"),
    # A summand that is no number leaves finite gradients.
    [
        ("loss.terms['patches'] * (1 + batch['poison'].sum())", []),
        ("loss.terms['patches'] + batch['poison'].sum()", ["seed=3", "data.lanes=5", "data.block=7", "accumulate=4"]),
    ],
    ids=["factor", "summand"],
)
def test_the_samples_of_a_step_that_diverged_are_shown_by_the_line_that_is_printed(
    recipe_of, images, tmp_path, formula, order
):
    shards = tmp_path / "shards of mine"
    shutil.copytree(images, shards)
    path = recipe_of("mae", data={"url": str(shards)}, steps=12)
    (tmp_path / "poisoned.py").write_text(POISONED.replace("FORMULA", formula))
    path.write_text(path.read_text().replace("  mae:", "  poisoned.py:Poisoned:"))
    with pytest.raises(TrainingError, match="a loss of nan, a gradient norm of nan") as raised:
        train(read_recipe(path, order), tmp_path / "run")
    (line,) = re.findall(r"`(headrace stream .*?)`", str(raised.value))
    command, *arguments = shlex.split(line)
    assert command == "headrace"
    shown = subprocess.run(
        [sys.executable, "-m", "headrace.shards", *arguments], capture_output=True, text=True, check=True
    )
    assert "s1r3" in shown.stdout
    assert len(re.findall(r"\bs\dr\d+\b", shown.stdout)) == 8
