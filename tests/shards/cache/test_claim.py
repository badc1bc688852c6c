"""One process fetches a shard; when it dies, the next one begins anew."""

import os
import signal
from pathlib import Path

import pytest

from headrace.shards.cache.claim import claim, under_way
from headrace.shards.cache.folder import Folder
from headrace.shards.cache.members import Member, distances

DIGEST, OTHER = "a" * 64, "b" * 64


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def test_a_shard_is_claimed_once_and_appears_whole(folder: Folder) -> None:
    with claim(folder, DIGEST, 6) as right:
        assert under_way(folder, DIGEST)
        assert claim(folder, DIGEST, 6) is None
        assert [(each.bytes, each.whole) for each in folder.entries().values()] == [(6, False)]
        right.write(b"abc")
        right.write(b"def")
        assert not folder.shard(DIGEST).exists()
        right.commit(folder, DIGEST)
    assert folder.shard(DIGEST).read_bytes() == b"abcdef"
    assert not under_way(folder, DIGEST)
    assert claim(folder, DIGEST, 6) is None
    assert folder.entries()[DIGEST].whole
    folder.remove(DIGEST)
    assert not folder.entries()


def test_what_is_abandoned_leaves_nothing(folder: Folder) -> None:
    with claim(folder, DIGEST, 6) as right:
        right.write(b"abc")
    assert not list(folder.path.iterdir())
    assert not under_way(folder, DIGEST)


def in_a_child(step) -> int:
    """A child that did a step and now waits to be killed."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        kept = step()
        os.write(writing, b"x")
        signal.pause()
        os._exit(len(str(kept)))
    assert os.read(reading, 1) == b"x"
    os.close(reading)
    os.close(writing)
    return child


def killed(child: int) -> None:
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


def test_a_claim_ends_with_its_process(folder: Folder) -> None:
    def step() -> object:
        right = claim(folder, DIGEST, 6)
        assert right is not None
        right.write(b"half")
        return right

    child = in_a_child(step)
    assert under_way(folder, DIGEST)
    assert claim(folder, DIGEST, 6) is None
    killed(child)
    assert not under_way(folder, DIGEST)
    assert not folder.shard(DIGEST).exists()
    with claim(folder, DIGEST, 6) as right:
        right.write(b"abcdef")
        right.commit(folder, DIGEST)
    assert folder.shard(DIGEST).read_bytes() == b"abcdef"


def test_members_tell_each_other_what_they_need_until_they_die(folder: Folder) -> None:
    def step() -> object:
        other = Member(folder)
        other.publish([OTHER, DIGEST])
        return other

    mine = Member(folder)
    mine.publish([DIGEST])
    with folder.locked():
        assert mine.others() == []
    child = in_a_child(step)
    with folder.locked():
        assert mine.others() == [[OTHER, DIGEST]]
    assert distances([[DIGEST], *mine.others()]) == {DIGEST: 0, OTHER: 0}
    killed(child)
    with folder.locked():
        assert mine.others() == []
    mine.leave()
    assert [each.name for each in folder.path.iterdir()] == ["lock"]
