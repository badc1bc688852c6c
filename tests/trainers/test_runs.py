"""The folder of a run: what is refused, and what is left alone."""

import pytest

from headrace.shards.base.errors import InputError, StateError
from headrace.trainers.loop import train
from headrace.trainers.recipe import read_recipe
from headrace.trainers.runs import Run


@pytest.fixture
def run(recipe_of, tmp_path):
    return Run.of(read_recipe(recipe_of("mae")), tmp_path / "run")


def test_one_process_trains_in_a_folder_at_a_time(run, recipe_of, tmp_path):
    with run.claimed(), pytest.raises(InputError, match="another process is training in"):
        train(read_recipe(recipe_of("mae")), tmp_path / "run")
    with run.claimed():
        pass


def test_a_folder_that_holds_something_else_is_left_as_it_is(recipe_of, tmp_path):
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "recipe.yaml").write_text("mine")
    with pytest.raises(InputError, match=r"holds something that is no run.*Choose another --out"):
        train(read_recipe(recipe_of("mae")), tmp_path / "notes")
    assert [path.name for path in (tmp_path / "notes").iterdir()] == ["recipe.yaml"]
    assert (tmp_path / "notes" / "recipe.yaml").read_text() == "mine"


def test_a_file_is_no_folder(recipe_of, tmp_path):
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(InputError, match=r"cannot be used.*Choose another --out"):
            train(read_recipe(recipe_of("mae")), folder)


def test_a_recipe_that_does_not_fit_leaves_no_folder(recipe_of, tmp_path):
    with pytest.raises(Exception, match="hidden_size 32 is no multiple of num_attention_heads 3"):
        train(read_recipe(recipe_of("mae"), ["backbone.num_attention_heads=3"]), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_what_a_killed_run_left_half_written_goes(run):
    half = run.checkpoints.folder / ".step-00000002.tmp"
    half.mkdir(parents=True)
    (half / "model.safetensors").write_bytes(b"half")
    with run.claimed():
        assert not half.exists()


def test_a_run_does_not_go_backwards(recipe_of, tmp_path):
    train(read_recipe(recipe_of("mae"), ["steps=3"]), tmp_path / "run")
    before = (tmp_path / "run" / "recipe.yaml").read_text()
    with pytest.raises(StateError, match=r"already further.*a checkpoint of step 3.*Set steps=3 or more"):
        train(read_recipe(recipe_of("mae"), ["steps=2"]), tmp_path / "run")
    assert (tmp_path / "run" / "recipe.yaml").read_text() == before
