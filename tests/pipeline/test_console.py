"""What `headrace build` and `headrace explain` print, and with which exit codes they end."""

import json

import pytest

from headrace.pipeline.console import _size, run_build, show_plan


def test_a_build_prints_its_funnel_and_the_way_on(workshop, capsys):
    run_build(workshop.folder / "tiny.yaml", workshop.folder / "out[a]", [], workers=1)
    shown = capsys.readouterr().out
    manifest = json.loads((workshop.folder / "out[a]/manifest.json").read_text())
    for stage in ("read", "unreadable", "own:few_words", "exact_dedup", "minhash_dedup", "own:weeds"):
        assert stage in shown
    assert str(manifest["counts"]["kept"]["records"]) in shown
    assert "headrace verify" in shown
    assert "out[a]" in shown.replace("\n", "")


def test_the_output_folder_is_called_as_the_recipe_by_default(workshop, monkeypatch):
    monkeypatch.chdir(workshop.folder)
    run_build(workshop.folder / "tiny.yaml", None, ["name=called"], workers=1)
    assert (workshop.folder / "called/manifest.json").exists()


def test_the_plan_is_printed_and_nothing_is_run(workshop, capsys):
    before = written(workshop.folder)
    show_plan(workshop.folder / "tiny.yaml", ["split_bytes=10KB"], workers=3)
    shown = capsys.readouterr().out
    for phase in ("curate", "exact_dedup.digest", "minhash_dedup.verify", "filter-2", "order-keys", "shards", "ledger"):
        assert phase in shown
    assert "3 workers" in shown
    assert "3 inputs" in shown
    assert written(workshop.folder) == before


def written(folder):
    """What lies in a folder, but for what Python keeps of the plug-ins that it imported from there."""
    return sorted(path for path in folder.rglob("*") if "__pycache__" not in path.parts)


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.0 KB"), (1.5e6, "1.5 MB"), (2e12, "2.0 TB"), (3e15, "3000.0 TB")],
)
def test_sizes_are_readable(size, text):
    assert _size(size) == text
