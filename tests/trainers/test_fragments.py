import pytest
from PIL import Image

from headrace.shards.base.report import read_fragments
from headrace.trainers.fragments import curve
from headrace.trainers.loop import train
from headrace.trainers.recipe import read_recipe


@pytest.mark.parametrize(
    ("pretext", "kinds"),
    [("mae", "table curve gallery"), ("mlm", "table curve curve gallery"), ("causal_lm", "table curve gallery")],
)
def test_a_run_leaves_its_summary_curves_and_examples(recipe_of, tmp_path, pretext, kinds):
    train(read_recipe(recipe_of(pretext)), tmp_path / "run")
    fragments = [fragment for _, fragment in read_fragments(tmp_path / "run")]
    assert [each.kind for each in fragments] == kinds.split()
    assert fragments[1].series[0].x == (1, 2, 3, 4, 5, 6)
    assert len(fragments[-1].items) == 12
    for item in fragments[-1].items:
        if pretext == "mae":
            with Image.open(tmp_path / "run" / "report" / item.picture) as picture:
                assert picture.size == (24, 8)
        else:
            assert {"mlm": "→", "causal_lm": " bits]"}[pretext] in item.text


def test_long_curves_are_thinned():
    lines = [{"step": step, "loss": 1.0} for step in range(5001)]
    (series,) = curve("a", "loss", lines).series
    assert len(series.x) <= 1000
    assert series.x[:2] == (0, 6)
