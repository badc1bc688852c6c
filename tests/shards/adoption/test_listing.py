"""Patterns to files, local and elsewhere."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import fsspec
import pytest

from headrace.shards.adoption.listing import find_tars, look_up
from headrace.shards.base.errors import InputError, UsageError

Tars = Callable[[Path, int], None]


def names(*patterns: str) -> list[str]:
    return [tar.url.rpartition("/")[2] for tar in find_tars(patterns)]


def test_local_patterns(tmp_path: Path, tars: Tars, monkeypatch: pytest.MonkeyPatch) -> None:
    tars(tmp_path / "a", 3)
    tars(tmp_path / "a" / "below", 1)
    (tmp_path / "a" / "notes.txt").touch()
    every = ["data-00.tar", "data-01.tar", "data-02.tar"]
    for pattern in ("a", "a/", "a/*.tar", "a/data-{00..02}.tar", "a/data-0[0-2].tar", "a/data-??.tar"):
        assert names(f"{tmp_path}/{pattern}") == every
    assert names(f"file://{tmp_path}/a/data-{{02..01}}.tar") == ["data-02.tar", "data-01.tar"]
    assert len(find_tars([f"{tmp_path}/a/**/*.tar"])) == 4
    assert names(f"{tmp_path}/a/data-01.tar", f"{tmp_path}/a/data-00.tar") == ["data-01.tar", "data-00.tar"]
    monkeypatch.chdir(tmp_path)
    assert [tar.url for tar in find_tars(["a/*1.tar"])] == ["a/data-01.tar"]
    assert [tar.url for tar in find_tars(["a"])] == [f"a/{name}" for name in every]


def test_elsewhere(tmp_path: Path, tars: Tars) -> None:
    tars(tmp_path, 6)
    memory = fsspec.filesystem("memory")
    for path in tmp_path.iterdir():
        memory.pipe(f"/listing/{path.name}", path.read_bytes())
    for pattern in ("memory://listing", "memory://listing/*.tar", "memory://listing/data-{00..05}.tar"):
        found = find_tars([pattern])
        assert [tar.url.rpartition("/")[2] for tar in found] == [f"data-{each:02d}.tar" for each in range(6)]
        assert [tar.bytes for tar in found] == [os.path.getsize(tmp_path / f"data-{each:02d}.tar") for each in range(6)]
        assert all(tar.tag for tar in found)


def test_a_web_server_that_lists_nothing(store: Any, tars: Tars) -> None:
    tars(store.folder / "bucket", 3)
    found = find_tars([store.http("bucket/data-{00..02}.tar")])
    assert [tar.bytes for tar in found] == [10240] * 3
    with pytest.raises(InputError, match=r"name them with braces|cannot be looked up"):
        find_tars([store.http("bucket")])


def test_a_tag_changes_with_the_file(tmp_path: Path, tars: Tars) -> None:
    tars(tmp_path, 1)
    url = str(tmp_path / "data-00.tar")
    before = look_up([url])
    assert look_up([url]) == before
    os.utime(url, ns=(1, 1))
    assert look_up([url]) != before


def test_what_cannot_be_found(tmp_path: Path, tars: Tars) -> None:
    tars(tmp_path, 2)
    with pytest.raises(InputError, match=r"4 files of 6 cannot be found.*data-02.tar.*and 1 more"):
        find_tars([f"{tmp_path}/data-{{00..05}}.tar"])
    (tmp_path / "empty").mkdir()
    for pattern in ("empty", "nowhere", "*.tgz"):
        with pytest.raises(InputError, match="names no tar"):
            find_tars([f"{tmp_path}/{pattern}"])
    (tmp_path / "empty" / "x.tar.gz").touch()
    with pytest.raises(InputError, match=r"1 compressed tar \(x.tar.gz\), to be unpacked"):
        find_tars([f"{tmp_path}/empty"])
    for pattern in ("memory://nowhere/at-all", "unknown://x/y"):
        with pytest.raises(InputError, match="cannot be looked up"):
            find_tars([pattern])
    with pytest.raises(UsageError, match="1 tar named twice"):
        find_tars([f"{tmp_path}/*.tar", f"{tmp_path}/data-01.tar"])
