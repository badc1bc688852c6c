"""The README's files and commands, run as they stand."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_the_readme_runs(tmp_path: Path, run_page) -> None:
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    told = run_page(ROOT / "README.md", tmp_path)
    assert len(told) == 10


def test_the_readme_names_what_exists() -> None:
    links = re.findall(r"\]\(([^)#]+)\)", (ROOT / "README.md").read_text(encoding="utf-8"))
    missing = [link for link in links if "://" not in link and not (ROOT / link).exists()]
    assert missing == []
