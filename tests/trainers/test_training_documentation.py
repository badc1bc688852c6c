"""docs/training.md: its recipe can be read, every key that it mentions is one, and its links lead somewhere."""

import re
from pathlib import Path

import pytest
import yaml

from headrace.trainers.evals.base import EVALUATIONS
from headrace.trainers.recipe import merged, read_recipe

PAGE = Path(__file__).parents[2] / "docs" / "training.md"
TEXT = PAGE.read_text()
(RECIPE,) = re.findall(r"```yaml\n(.*?)```", TEXT, re.S)
CHANGES = re.findall(r"headrace train simclr\.yaml ((?:[\w.]+=\S+ )+)--out", TEXT)
KEYS = [" ".join(each.split()) for each in re.findall(r"`(\w+: [^`]+)`", TEXT)]
MLM = {"pretext": "mlm", "preset": "small", "data": {"url": "data/text"}}
TABLE = TEXT[TEXT.index("| evaluation |") :].partition("\n\n")[0]


@pytest.fixture
def recipe(tmp_path):
    def reads(recipe, changes=()):
        path = tmp_path / "recipe.yaml"
        path.write_text(recipe)
        return read_recipe(path, changes).model

    return reads


def test_the_recipe_is_one(recipe):
    assert recipe(RECIPE).norm_group == 64
    assert CHANGES
    for each in CHANGES:
        recipe(RECIPE, each.split())


@pytest.mark.parametrize("said", KEYS)
def test_what_is_said_of_a_key_can_be_written(recipe, said):
    assert len(KEYS) > 12
    keys = yaml.safe_load(said)
    base = MLM if "backbone" in keys else yaml.safe_load(RECIPE)
    assert keys.keys() <= recipe(yaml.safe_dump(merged(base, keys))).model_fields_set


def test_evaluations_are_those_that_there_are():
    named = [name for line in TABLE.splitlines()[2:] for name in re.findall(r"`(\w+)`", line.split("|")[1])]
    assert sorted(named) == sorted(EVALUATIONS.names())


@pytest.mark.parametrize("target", re.findall(r"\]\(([^)]+)\)", TEXT))
def test_links_lead_somewhere(target):
    assert (PAGE.parent / target).exists()
