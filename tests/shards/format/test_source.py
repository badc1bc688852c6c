"""Ranges of files: the same bytes from this machine and from elsewhere, with few requests."""

import os
import pickle
import resource
from pathlib import Path

import fsspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.shards.base.errors import ShardError
from headrace.shards.format.ranges import GAP, REQUEST, joined
from headrace.shards.format.remote import RemoteFile
from headrace.shards.format.source import LocalFile, open_source

CONTENT = bytes(range(256)) * 40
RANGES = st.lists(st.tuples(st.integers(0, 11_000), st.integers(0, 3000)), max_size=12)


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    local = tmp_path_factory.mktemp("source") / "a.bin"
    local.write_bytes(CONTENT)
    fsspec.filesystem("memory").pipe("/source/a.bin", CONTENT)
    return str(local), "memory://source/a.bin"


@given(RANGES)
def test_ranges(places: tuple[str, str], ranges: list[tuple[int, int]]) -> None:
    starts, sizes = [each[0] for each in ranges], [each[1] for each in ranges]
    expected = [CONTENT[start : start + size] for start, size in ranges]
    for place in places:
        assert open_source(place).read(starts, sizes) == expected


@given(st.lists(st.tuples(st.integers(0, 10 * REQUEST), st.integers(0, REQUEST)), max_size=20))
def test_joined_requests_cover_all_ranges_and_no_wide_gap(ranges: list[tuple[int, int]]) -> None:
    starts, sizes = [each[0] for each in ranges], [each[1] for each in ranges]
    requests = joined(starts, sizes)
    assert sorted(position for _, _, members in requests for position in members) == [
        position for position, size in enumerate(sizes) if size
    ]
    for begin, end, members in requests:
        assert begin == min(starts[position] for position in members)
        assert end == max(starts[position] + sizes[position] for position in members)
        assert len(members) == 1 or end - begin <= REQUEST
        reached = begin
        for position in members:
            assert starts[position] - reached <= GAP
            reached = max(reached, starts[position] + sizes[position])


def test_neighbours_are_one_request() -> None:
    assert joined([1536, 512, 40_000], [100, 500, 7]) == [(512, 1636, [1, 0]), (40_000, 40_007, [2])]


def test_a_request_is_not_joined_beyond_its_bound() -> None:
    half = 4 << 20
    assert [each[:2] for each in joined([0, half, 2 * half], [half, half, 1])] == [
        (0, 2 * half),
        (2 * half, 2 * half + 1),
    ]


def test_kinds(places: tuple[str, str]) -> None:
    local, remote = (open_source(place) for place in places)
    assert isinstance(local, LocalFile)
    assert isinstance(open_source(f"file://{places[0]}"), LocalFile)
    assert isinstance(remote, RemoteFile)


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    for place in (str(tmp_path / "none"), "memory://source/none"):
        with pytest.raises(ShardError, match=r"there is no .*none"):
            open_source(place).read([0], [1])


def test_a_read_that_the_system_cuts_short_goes_on(places: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    whole, pread = Path(places[0]).read_bytes(), os.pread
    monkeypatch.setattr(os, "pread", lambda file, size, start: pread(file, min(size, 3), start))
    found = open_source(places[0]).read([0, 5, len(whole) - 4], [10, 2, 9])
    assert found == [whole[:10], whole[5:7], whole[-4:]]


def test_too_many_open_files_are_said(places: tuple[str, str]) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    # Below the lowest descriptor that is free, so that the system refuses any other.
    with open(places[0], "rb") as lowest:
        resource.setrlimit(resource.RLIMIT_NOFILE, (lowest.fileno(), hard))
        try:
            with pytest.raises(ShardError, match=r"cannot be opened. Found: Too many open files.*ulimit -n"):
                open_source(places[0]).read([0], [1])
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_it_can_be_closed_forked_and_pickled(places: tuple[str, str]) -> None:
    for place in places:
        source = open_source(place)
        source.close()
        assert source.read([1], [2]) == [b"\1\2"]
        assert pickle.loads(pickle.dumps(source)).read([1], [2]) == [b"\1\2"]
        source.close()
        assert source.read([1], [2]) == [b"\1\2"]
        child = os.fork()
        if not child:
            os._exit(0 if source.read([1], [2]) == [b"\1\2"] else 1)
        assert os.waitpid(child, 0)[1] == 0
        assert source.read([3], [1]) == [b"\3"]


def test_descriptors_are_given_back(places: tuple[str, str]) -> None:
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(20):
        open_source(places[0]).read([0], [1])
    assert len(os.listdir("/proc/self/fd")) == before
