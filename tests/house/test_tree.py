"""What is in the repository is what belongs there: nothing of one machine, and nothing that was made by running."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

TOP_LEVEL = {
    *(".ci", ".dockerignore", ".gitattributes", ".gitignore", ".pre-commit-config.yaml"),
    *("CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "README.md", "constraints.txt", "pyproject.toml"),
    *("benchmarks", "deploy", "docs", "examples", "pipeline", "scripts", "shards", "tests", "trainers"),
}
MADE = re.compile(r"(^|/)(pyvenv\.cfg|site-packages|__pycache__|\.work|build|dist|.*\.egg-info)(/|$)|\.(pyc|o|so)$")
LARGEST = 4 << 20
HOME = re.compile(rb"(?<![\w.:/-])/(home|root|Users)/\w")


@pytest.fixture(scope="module")
def tracked():
    try:
        listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    except (FileNotFoundError, subprocess.CalledProcessError):
        pytest.skip("this is no clone")
    return [name for name in listing.decode().split("\0") if name and (ROOT / name).is_file()]


def test_the_top_level_is_what_the_design_says(tracked):
    assert {name.partition("/")[0] for name in tracked} == TOP_LEVEL


def test_nothing_is_kept_that_was_made_by_running(tracked):
    assert [name for name in tracked if MADE.search(name)] == []
    assert [name for name in tracked if (ROOT / name).stat().st_size > LARGEST] == []


def test_no_path_of_a_machine_is_named(tracked):
    guilty = [
        name
        for name in tracked
        if not name.startswith("examples/demo/data/") and HOME.search((ROOT / name).read_bytes())
    ]
    assert guilty == []
