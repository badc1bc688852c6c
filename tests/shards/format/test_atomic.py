"""Files appear whole or not at all."""

import os
import resource
from collections.abc import Iterator
from pathlib import Path

import fsspec
import pytest

from headrace.shards.base.errors import InputError
from headrace.shards.format.atomic import atomic_write, remove_leftovers, write_whole


@pytest.fixture
def small_disk() -> Iterator[int]:
    """A real limit on the size of files, which the system enforces as it does a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    limit = 64 << 10
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, before[1]))
    yield limit
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_nothing_is_seen_before_the_end(tmp_path: Path) -> None:
    target = tmp_path / "new" / "a.bin"
    with atomic_write(target) as stream:
        stream.write(b"whole")
        assert not target.exists()
    assert target.read_bytes() == b"whole"
    assert os.listdir(target.parent) == ["a.bin"]


def test_permissions_are_those_of_any_new_file(tmp_path: Path) -> None:
    write_whole(tmp_path / "ours", b"")
    (tmp_path / "plain").write_bytes(b"")
    assert (tmp_path / "ours").stat().st_mode == (tmp_path / "plain").stat().st_mode


@pytest.mark.parametrize("failure", [ValueError, KeyboardInterrupt])
def test_a_failure_leaves_what_was_there(tmp_path: Path, failure: type[BaseException]) -> None:
    target = tmp_path / "a.bin"
    target.write_bytes(b"before")

    def fail() -> None:
        with atomic_write(target) as stream:
            stream.write(b"half")
            raise failure

    with pytest.raises(failure):
        fail()
    assert target.read_bytes() == b"before"
    assert os.listdir(tmp_path) == ["a.bin"]


@pytest.mark.parametrize("place", ["folder", "file/a.bin", "folder/" + "a" * 300])
def test_a_place_where_no_file_can_be_is_said(tmp_path: Path, place: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(InputError, match=r"could not be written. Found: .*another place"):
        write_whole(tmp_path / place, b"data")
    assert sorted(os.listdir(tmp_path)) == ["file", "folder"]
    assert os.listdir(tmp_path / "folder") == []


def test_a_failure_of_the_writer_itself_is_not_blamed_on_the_place(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="gone"), atomic_write(tmp_path / "a.bin"):
        (tmp_path / "gone").read_bytes()


def test_a_full_disk_is_said_and_leaves_nothing(tmp_path: Path, small_disk: int) -> None:
    with pytest.raises(InputError, match=r"could not be written.*Free space"), atomic_write(tmp_path / "a") as stream:
        stream.write(bytes(2 * small_disk))
    assert os.listdir(tmp_path) == []


def test_object_stores_get_one_put() -> None:
    url = "memory://atomic/folder/a.bin"
    with atomic_write(url) as stream:
        stream.write(b"whole")
        assert not fsspec.filesystem("memory").exists("/atomic/folder/a.bin")
    assert fsspec.filesystem("memory").cat("/atomic/folder/a.bin") == b"whole"
    with pytest.raises(ValueError, match="stop"), atomic_write("memory://atomic/folder/b.bin"):
        raise ValueError("stop")
    assert not fsspec.filesystem("memory").exists("/atomic/folder/b.bin")


def test_leftovers_of_killed_processes_are_removed(tmp_path: Path) -> None:
    process = os.fork()
    if not process:
        with atomic_write(tmp_path / "a.bin") as stream:
            stream.write(b"half")
            os._exit(9)
    os.waitpid(process, 0)
    (tmp_path / "b.bin").write_bytes(b"")
    left = remove_leftovers(tmp_path)
    assert [path.name.startswith(".a.bin.") for path in left] == [True]
    assert os.listdir(tmp_path) == ["b.bin"]
