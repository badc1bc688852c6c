from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray

from headrace.shards.base.kernels import tables
from headrace.shards.base.kernels.tables import kept_tables


@dataclass(frozen=True)
class Squares:
    numbers: NDArray[np.int64]
    names: NDArray[np.str_]


MADE: list[str] = []


def make():
    MADE.append("once more")
    return Squares(np.arange(1000) ** 2, np.array(["one", "two"]))


@pytest.fixture
def directories(tmp_path, monkeypatch):
    """Empty directories in place of the real ones."""
    layers = [tmp_path / "installation", tmp_path / "user"]
    monkeypatch.setattr(tables, "cache_directories", lambda source: layers)
    MADE.clear()
    return layers


def right(found):
    return np.array_equal(found.numbers, np.arange(1000) ** 2) and found.names.tolist() == ["one", "two"]


def test_tables_are_kept_for_the_next_process(directories):
    directories[0].mkdir()
    (directories[0] / "Squares-0123.npz").write_bytes(b"of an earlier version")
    assert right(kept_tables(Squares, make, "1"))
    assert right(kept_tables(Squares, make, "1"))
    assert len(MADE) == 1
    (kept,) = directories[0].iterdir()
    assert kept.stat().st_mode & 0o044 == 0o044


def test_tables_made_of_something_else_are_made_anew(directories, tmp_path):
    sources = tmp_path / "sources"
    sources.mkdir()
    for number, made_of in enumerate((["1"], ["2"], ["2", sources])):
        kept_tables(Squares, make, *made_of)
        assert len(MADE) == number + 1
    assert len(list(directories[0].iterdir())) == 1


def test_a_damaged_copy_is_made_anew(directories):
    kept_tables(Squares, make)
    (kept,) = directories[0].iterdir()
    content = kept.read_bytes()
    flipped = bytearray(content)
    flipped[len(content) // 2] ^= 1
    for damaged in (bytes(flipped), content[:1000], b"", b"no archive"):
        kept.write_bytes(damaged)
        assert right(kept_tables(Squares, make))
        assert kept.read_bytes() == content


def test_without_a_writable_directory_they_are_made_each_time(directories):
    for directory in directories:
        directory.write_text("a file where the directory would be")
    assert right(kept_tables(Squares, make))
    assert right(kept_tables(Squares, make))
    assert len(MADE) == 2
