import os
import signal

import pytest
from PIL import Image

from headrace.shards.base.errors import Interrupted
from headrace.shards.base.report import read_fragments
from headrace.trainers import loop
from headrace.trainers.curves import Picture, learning
from headrace.trainers.loop import train
from headrace.trainers.recipe import read_recipe


def fragments_of(run):
    return {path.stem.partition("-")[2]: fragment for path, fragment in read_fragments(run)}


@pytest.mark.parametrize(
    ("pretext", "more"), [("mae", set()), ("mlm", {"accuracy"}), ("causal_lm", set())], ids=lambda each: str(each)
)
def test_a_run_leaves_its_summary_curves_and_examples(recipe_of, tmp_path, pretext, more):
    train(read_recipe(recipe_of(pretext), ["peak_tflops=0.1"]), tmp_path / "run")
    found = fragments_of(tmp_path / "run")
    run = {"throughput", "utilisation", "memory", "learning-rate", "gradient-norm"}
    assert set(found) == {"training", "loss", *more, *run, "examples"} | (
        {"verdict", "effective-rank", "spread-and-agreement"} if "verdict" in found else set()
    )
    assert found["loss"].series[0].x == (1, 2, 3, 4, 5, 6)
    assert [each.name for each in found["utilisation"].series] == ["mfu", "data_wait"]
    assert len(found["examples"].items) == 12
    for item in found["examples"].items:
        if pretext == "mae":
            with Image.open(tmp_path / "run" / "report" / item.picture) as picture:
                assert picture.size == (24, 8)
        else:
            assert {"mlm": "→", "causal_lm": " bits]"}[pretext] in item.text


def test_the_validation_is_drawn_beside_the_loss_and_evaluations_from_the_untrained_network_on(
    recipe_of, images, tmp_path
):
    wishes = [f"validation={{url: {images}, every: 2}}", "evals_every=3"]
    train(read_recipe(recipe_of("mae"), wishes), tmp_path / "run")
    found = fragments_of(tmp_path / "run")
    assert [(each.name, each.x) for each in found["loss"].series] == [
        ("loss", (1, 2, 3, 4, 5, 6)),
        ("val_loss", (0, 2, 4, 6)),
    ]
    assert [(each.name, each.x) for each in found["evaluations"].series] == [
        ("knn k=5", (0, 3, 6)),
        ("linear_probe grid=[0.1, 1.0]", (0, 3, 6)),
    ]


def test_a_run_that_was_stopped_can_be_looked_at(recipe_of, tmp_path, monkeypatch):
    step = loop.take_step

    def stopping(run, world, state, batch):
        if state.step == 3:
            os.kill(os.getpid(), signal.SIGTERM)
        return step(run, world, state, batch)

    monkeypatch.setattr(loop, "take_step", stopping)
    with pytest.raises(Interrupted):
        train(read_recipe(recipe_of("mae")), tmp_path / "run")
    assert fragments_of(tmp_path / "run")["loss"].series[0].x == (1, 2, 3, 4)


def test_long_curves_are_thinned_and_end_with_the_last_line():
    lines = [{"step": step, "loss": 1.0} for step in range(5001)]
    (series,) = Picture(11, "Loss", ("loss", "val_loss"), "", "").drawn("a", lines).series
    assert len(series.x) <= 1000
    assert series.x[-2:] == (4994, 5000)


def test_what_no_line_tells_is_not_drawn():
    assert Picture(11, "Loss", ("val_loss",), "", "").drawn("a", [{"step": 1, "loss": 1.0}]) is None


def test_metrics_are_told_in_words_and_drawn_by_their_names():
    lines = [{"step": 1, "loss": 1.0, "negative_similarity": 0.5}]
    (picture,) = (each for each in learning(lines, ()) if "negative_similarity" in each.names)
    curve = picture.drawn("a run", lines)
    assert (curve.title, curve.y_label) == ("Negative similarity of a run", "negative similarity")
    assert curve.series[0].name == "negative_similarity"
