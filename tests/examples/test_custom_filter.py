"""The example filters, used as a stranger would: checked, named in a recipe by path, and installed as a package."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from headrace.pipeline.contracts.filters import check_filter

EXAMPLE = Path(__file__).parents[2] / "examples" / "custom_filter"

DOCUMENTS = {
    "kept": "The mill stands where the river bends.",
    "shouting": "THE MILL STANDS WHERE THE RIVER BENDS",
    "links": "https://a https://b https://c https://d and more",
}


def headrace(*arguments, folder, path=""):
    environment = {**os.environ, "PYTHONPATH": str(path)} if path else None
    command = [sys.executable, "-m", "headrace.shards", *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)


def story_of(document, stages, folder, path=""):
    """What `headrace explain` tells of a document after a build with these stages."""
    lines = [json.dumps({"text": text, "url": f"http://{name}"}) for name, text in DOCUMENTS.items()]
    (folder / "documents.jsonl").write_text("\n".join(lines))
    recipe = {"inputs": [{"path": "documents.jsonl"}], "stages": stages, "output": {"format": "jsonl"}}
    (folder / "recipe.yaml").write_text(json.dumps(recipe))
    done = headrace("build", "recipe.yaml", "--out", "out", "--workers", "1", folder=folder, path=path)
    assert done.returncode == 0, done.stderr
    return headrace("explain", "out", f"http://{document}", folder=folder, path=path).stdout


@pytest.mark.parametrize("name", ["single_file.py:few_links", "headrace_shouting.py:Shouting"])
def test_the_examples_keep_the_contract(name):
    assert check_filter(f"{EXAMPLE / name}") == []


def test_a_single_file_is_named_by_its_path(tmp_path):
    stages = [{f"{EXAMPLE / 'single_file.py'}:few_links": {"max_links": 3}}]
    story = story_of("links", stages, tmp_path)
    assert "too_many_links" in story


@pytest.mark.slow
def test_an_installed_package_has_a_name_like_any_other(tmp_path):
    target = tmp_path / "site"
    source = shutil.copytree(EXAMPLE, tmp_path / "source")  # setuptools builds beside the source
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(target), str(source)]
    subprocess.run(install, check=True)
    listed = headrace("filters", "list", folder=tmp_path, path=target)
    assert "max_capitals" in listed.stdout
    assert headrace("filters", "check", "shouting", folder=tmp_path, path=target).returncode == 0
    story = story_of("shouting", [{"shouting": {"max_capitals": 0.5}}], tmp_path, path=target)
    assert "shouting" in story
    assert "0.5" in story
