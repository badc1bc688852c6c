"""Plug-ins by name, by module, by file and by entry point, with helpful misses."""

import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from headrace.shards.base import registry as module
from headrace.shards.base.errors import PluginError
from headrace.shards.base.registry import Registry, did_you_mean, import_file


@pytest.fixture
def package(tmp_path, monkeypatch) -> str:
    """A package of plug-ins, made for this test."""
    name = "plugins_of_" + tmp_path.name.replace("-", "_")
    folder = tmp_path / name
    (folder / "helpers").mkdir(parents=True)
    for file, text in {
        "__init__.py": "",
        "base.py": "",
        "_private.py": "",
        "helpers/__init__.py": "",
        "red_fish.py": "class RedFish: ...",
        "blue_fish.py": "def blue_fish(): ...",
        "empty.py": "",
        "broken.py": "import no_such_module_anywhere",
    }.items():
        (folder / file).write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    return name


@pytest.fixture
def fish(package) -> Registry:
    return Registry("fish", package, "headrace.no_such_group")


def test_the_files_name_is_the_registered_name_and_nothing_is_imported_for_it(fish, package):
    assert fish.names() == ["blue_fish", "broken", "empty", "red_fish"]
    assert "red_fish" in fish
    assert "green_fish" not in fish
    assert f"{package}.red_fish" not in sys.modules


def test_a_name_gives_the_class_or_the_function_named_like_the_file(fish):
    assert fish.load("red_fish").__name__ == "RedFish"
    assert fish.load("blue_fish").__name__ == "blue_fish"


def test_a_miss_names_the_nearest_and_all(fish):
    with pytest.raises(PluginError, match=r"no fish called 'red_fisch'\. Did you mean 'red_fish'\? Known: blue_fish,"):
        fish.load("red_fisch")


def test_a_file_without_its_object_and_one_that_cannot_be_imported_say_so(fish):
    with pytest.raises(PluginError, match=r"holds no fish\. Expected: a class Empty or a function empty"):
        fish.load("empty")
    with pytest.raises(PluginError, match=r"'broken' cannot be imported\. Found: ModuleNotFoundError"):
        fish.load("broken")


def test_an_importable_object_is_named_by_module_and_name(fish, package):
    assert fish.load(f"{package}.red_fish:RedFish") is fish.load("red_fish")
    assert f"{package}.red_fish:RedFish" in fish
    with pytest.raises(PluginError, match=r"no object 'RedFisch'\. Did you mean 'RedFish'"):
        fish.load(f"{package}.red_fish:RedFisch")
    with pytest.raises(PluginError, match="cannot be imported"):
        fish.load("no_such_module_anywhere:Fish")


def test_a_file_of_the_users_is_read_relative_to_the_recipe(fish, tmp_path):
    (tmp_path / "mine.py").write_text("class Mine: ...")
    assert fish.load("mine.py:Mine", relative_to=tmp_path).__name__ == "Mine"
    assert fish.load(f"{tmp_path / 'mine.py'}:Mine", relative_to=Path("/")) is fish.load("mine.py:Mine", tmp_path)
    with pytest.raises(PluginError, match="there is no file"):
        fish.load("yours.py:Mine", relative_to=tmp_path)


def test_two_files_of_one_name_are_two_modules(tmp_path):
    for folder, value in (("a", 1), ("b", 2)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "same.py").write_text(
            f"from dataclasses import dataclass\n@dataclass(frozen=True)\nclass Same:\n    value: int = {value}"
        )
    first, second = (import_file(tmp_path / folder / "same.py") for folder in "ab")
    assert (first.Same().value, second.Same().value) == (1, 2)
    assert import_file(tmp_path / "a" / "same.py") is first


def test_a_file_that_fails_is_not_left_half_imported(tmp_path):
    path = tmp_path / "half.py"
    path.write_text("value = 1\nraise RuntimeError('no')")
    with pytest.raises(RuntimeError):
        import_file(path)
    path.write_text("value = 2")
    assert import_file(path).value == 2


def test_an_entry_point_comes_before_a_file_of_the_same_name(fish, package, monkeypatch):
    # A group of its own: what a group declares is looked up once.
    group = "headrace.fish_of_others"
    found = [
        EntryPoint("gold_fish", f"{package}.red_fish:RedFish", group),
        EntryPoint("blue_fish", f"{package}.red_fish:RedFish", group),
        EntryPoint("torn_fish", f"{package}.broken:Fish", group),
    ]
    asked = []
    monkeypatch.setattr(module, "entry_points", lambda group: asked.append(group) or found)
    with_others = Registry("fish", package, group)
    assert "gold_fish" in with_others.names()
    assert with_others.load("gold_fish") is with_others.load("blue_fish") is fish.load("red_fish")
    with pytest.raises(PluginError, match="'torn_fish' cannot be imported"):
        with_others.load("torn_fish")
    assert asked == [group]


def test_did_you_mean_without_anything_near():
    assert did_you_mean("zebra", ["mouse", "cat"]) == "Known: cat, mouse"
    assert did_you_mean("zebra", []) == "Known: none"
