"""The recipe with everything on runs, adds up, and can be decided anew."""

import json
import shutil
from pathlib import Path

import pytest
import yaml

from headrace.pipeline.build import build
from headrace.pipeline.recipe import load_recipe

EXAMPLE = Path(__file__).parents[2] / "examples"


def test_every_name_and_parameter_is_valid():
    recipe = load_recipe(EXAMPLE / "curation/web.yaml")
    assert {"gopher_repetition", "pii", "decontaminate", "url_dedup", "minhash_dedup"} <= {
        stage.label for stage in recipe.stages
    }


@pytest.mark.slow
def test_it_builds_and_is_decided_anew(tmp_path, unsynced):
    (tmp_path / "crawl").mkdir()
    shutil.copy(EXAMPLE / "demo/data/crawl/postgresql-15.warc.gz", tmp_path / "crawl")
    recipe = yaml.safe_load((EXAMPLE / "curation/web.yaml").read_text())
    recipe["inputs"] = [{"path": str(tmp_path / "crawl")}]
    for part in ("curation", "demo/data/benchmark"):
        shutil.copytree(EXAMPLE / part, tmp_path / part)
    path = tmp_path / "curation/web.yaml"
    path.write_text(yaml.safe_dump(recipe))
    first = build(path, tmp_path / "out", workers=1).manifest
    stricter = build(path, tmp_path / "out", ["stages.5.gopher_quality.min_words=200"], workers=1, recut=True).manifest
    assert 0 < stricter.samples < first.samples
    counts = json.loads((tmp_path / "out/manifest.json").read_text())["counts"]
    assert counts["in"]["records"] == sum(counts[fate]["records"] for fate in ("kept", "dropped", "failed"))
