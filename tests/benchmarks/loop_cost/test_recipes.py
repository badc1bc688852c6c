"""The recipes of the tables are recipes."""

from pathlib import Path

import pytest

from benchmarks.loop_cost import bert, gpt, mae, simclr
from benchmarks.loop_cost.contestants import RECIPES
from headrace.trainers.recipe import read_recipe


@pytest.mark.parametrize("path", sorted(RECIPES.glob("*.yaml")), ids=lambda path: path.stem)
def test_a_recipe_can_be_read(path: Path):
    model = read_recipe(path).model
    assert model.steps > 10_000
    assert model.checkpoint_every >= model.steps


@pytest.mark.parametrize("module", [bert, gpt, mae, simclr])
def test_the_bare_model_stands_first(module):
    names = [each.name for each in module.BENCHMARK.contestants]
    (target,) = module.BENCHMARK.targets
    assert names[:2] == [target.over, target.under]
