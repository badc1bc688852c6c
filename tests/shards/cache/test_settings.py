from pathlib import Path

import pytest

from headrace.shards import Cache
from headrace.shards.base.errors import UsageError


@pytest.mark.parametrize(
    ("limit", "found"),
    [(123, 123), ("7", 7), ("50GB", 50 * 10**9), ("1.5 TiB", 3 * 2**39), ("2 kb", 2000), ("3MiB", 3 << 20), ("4 B", 4)],
)
def test_sizes(limit: str | int, found: int) -> None:
    assert Cache("x", limit).bytes == found


@pytest.mark.parametrize("limit", ["", "GB", "-3", "1 XB", "1e9", "5 GB more"])
def test_what_is_no_size_is_refused(limit: str) -> None:
    with pytest.raises(UsageError, match="no size"):
        Cache("x", limit)


def test_a_folder_is_absolute_so_that_workers_find_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert Cache("there", 1).path == tmp_path / "there"
