"""The example reader, used as a stranger would: checked, and named in a recipe by its path."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

from headrace.pipeline.contracts.readers import check_reader

EXAMPLE = Path(__file__).parents[2] / "examples" / "custom_reader"


def test_the_example_keeps_the_contract():
    assert check_reader(f"{EXAMPLE / 'tsv.py'}:Tsv") == []


def test_the_recipe_builds_from_its_documents(tmp_path):
    folder = shutil.copytree(EXAMPLE, tmp_path / "example")
    with (folder / "documents.tsv").open("ab") as file:
        file.write(b"no tab\n")
    build = ["build", str(folder / "recipe.yaml"), "max_failed=0.5", "--out", "out", "--workers", "1"]
    command = [sys.executable, "-m", "headrace.shards", *build]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "2 records in 1 shard" in done.stdout
    assert json.loads((tmp_path / "out" / "manifest.json").read_text())["counts"]["failed"]["records"] == 1
