"""The package list, the namespace and the import rules are what the design says."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("pipeline", "shards", "trainers")


def listed() -> set[str]:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return set(settings["tool"]["setuptools"]["packages"])


def test_every_package_of_the_tree_is_listed() -> None:
    found = {
        "headrace." + path.parent.relative_to(ROOT).as_posix().replace("/", ".")
        for package in PACKAGES
        for path in (ROOT / package).rglob("__init__.py")
    }
    assert found == listed()


def test_no_folder_shadows_the_namespace() -> None:
    assert not (ROOT / "headrace").exists()


@pytest.mark.parametrize("module", ["headrace.shards", "headrace.shards.stream", "headrace.pipeline.build"])
def test_building_and_streaming_import_no_torch(module: str) -> None:
    code = f"import {module}, sys; sys.exit(any(name in sys.modules for name in ('torch', 'transformers')))"
    assert subprocess.run([sys.executable, "-c", code], check=False, cwd="/").returncode == 0


def test_no_file_is_over_400_lines() -> None:
    long = [
        path.relative_to(ROOT).as_posix()
        for package in (*PACKAGES, "tests", "benchmarks", "scripts", "examples")
        for path in (ROOT / package).rglob("*.py")
        if len(path.read_text(encoding="utf-8").splitlines()) > 400
    ]
    assert long == []


def test_no_pickle() -> None:
    """Data is never pickled: no module of ours imports pickle, and numpy is never allowed to."""
    guilty = [
        path.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
        if "import pickle" in (text := path.read_text(encoding="utf-8"))
        or "allow_pickle=True" in text
        or "weights_only=False" in text
    ]
    assert guilty == []
