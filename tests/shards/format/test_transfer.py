"""Ranges of stores: faults that pass are waited out, those that stay are said, and nothing waits without end."""

import os
import pickle
import time
from typing import Any

import pytest

from headrace.shards.base.errors import ShardError, StoreError
from headrace.shards.format.patience import Patience
from headrace.shards.format.remote import RemoteFile
from headrace.shards.format.transfer import Transfer, fetch

CONTENT = bytes(range(256)) * 400
STARTS, SIZES = [90_000, 5, 300, 50_000], [2_000, 200, 100, 1]
PATIENCE = Patience(timeout=3.0, deadline=30.0)
WANTED = [CONTENT[start : start + size] for start, size in zip(STARTS, SIZES, strict=True)]


@pytest.fixture(params=["http", "s3"])
def url(request: pytest.FixtureRequest, store: Any) -> str:
    (store.folder / "bucket").mkdir()
    (store.folder / "bucket" / "a.tar").write_bytes(CONTENT)
    return store.http("bucket/a.tar") if request.param == "http" else "s3://bucket/a.tar"


def read(url: str, patience: Patience = PATIENCE) -> list[bytes]:
    return RemoteFile(url, Transfer(patience)).read(STARTS, SIZES)


def test_ranges_come_in_few_requests(store: Any, url: str) -> None:
    assert read(url) == WANTED
    assert sorted((each.begin, each.bytes) for each in store.requests) == [(5, 395), (50_000, 1), (90_000, 2_000)]


@pytest.mark.parametrize("kind", ["503", "500", "429", "half", "short", "reset", "stall"])
def test_a_fault_that_passes_is_waited_out(store: Any, url: str, kind: str) -> None:
    store.fail(kind, times=2)
    assert read(url) == WANTED


def test_requests_are_under_way_together(store: Any, url: str) -> None:
    read(url)
    store.latency = 0.2
    began = time.monotonic()
    starts = list(range(0, 100_000, 20_000))
    assert RemoteFile(url, Transfer(PATIENCE)).read(starts, [10] * 5) == [CONTENT[each : each + 10] for each in starts]
    assert time.monotonic() - began < 0.9


@pytest.mark.parametrize(("status", "error"), [("403", r"refuses to give.*credentials"), ("405", r"status 405")])
def test_a_refusal_is_said_at_once(store: Any, url: str, status: str, error: str) -> None:
    store.fail(status, times=100)
    with pytest.raises(StoreError, match=error):
        RemoteFile(url, Transfer(PATIENCE)).read([0], [1])
    assert not store.requests


def test_what_is_missing_is_said_at_once(store: Any, url: str) -> None:
    with pytest.raises(ShardError, match=r"there is no .*b\.tar"):
        read(url.replace("a.tar", "b.tar"))
    with pytest.raises(FileNotFoundError):
        fetch(url.replace("a.tar", "b.json"))


def test_a_read_ends_with_its_deadline(store: Any, url: str) -> None:
    store.fail("stall", times=100)
    began = time.monotonic()
    with pytest.raises(StoreError, match=r"within 1 seconds.*TimeoutError"):
        read(url, Patience(timeout=0.3, deadline=1.0))
    assert time.monotonic() - began < 8


def test_too_many_failures_end_a_run_before_any_deadline(store: Any, url: str) -> None:
    store.fail("503", times=10_000)
    with pytest.raises(StoreError, match=r"fails too often.*3 failed requests"):
        read(url, Patience(timeout=20.0, deadline=60.0, failures=3))


def test_failures_now_and_then_do_not_end_a_run(store: Any, url: str) -> None:
    file = RemoteFile(url, Transfer(Patience(timeout=20.0, deadline=60.0, failures=2)))
    for _ in range(4):
        store.fail("503")
        for _ in range(5):
            assert file.read(STARTS, SIZES) == WANTED


def test_a_file_that_ends_sooner_gives_less(store: Any, url: str) -> None:
    size = len(CONTENT)
    assert RemoteFile(url, Transfer(PATIENCE)).read([size - 3, size, 4], [10, 10, 2]) == [CONTENT[-3:], b"", b"\4\5"]


def test_a_server_without_ranges_is_refused(store: Any, url: str) -> None:
    store.fail("unranged", times=10)
    with pytest.raises(StoreError, match="gives no ranges"):
        read(url)


def test_a_whole_file_is_one_request(store: Any, url: str) -> None:
    assert fetch(url) == CONTENT
    assert [(each.begin, each.bytes) for each in store.requests] == [(0, len(CONTENT))]
    store.fail("half")
    assert fetch(url) == CONTENT


def test_after_a_fork_and_a_pickle(store: Any, url: str) -> None:
    file = RemoteFile(url, Transfer(PATIENCE))
    assert file.read(STARTS, SIZES) == WANTED
    assert pickle.loads(pickle.dumps(file)).read(STARTS, SIZES) == WANTED
    child = os.fork()
    if not child:
        os._exit(0 if file.read(STARTS, SIZES) == WANTED else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert file.read(STARTS, SIZES) == WANTED
