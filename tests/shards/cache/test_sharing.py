"""Processes that share a cache: one download of each shard, whoever dies; and a disk that is full."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from headrace.shards import Stream
from headrace.shards.cache import Cache
from headrace.shards.format.manifest import Manifest
from headrace.shards.format.patience import Patience

RANK = """
import json, sys, time
import fsspec
from headrace.shards import Stream
from headrace.shards.cache import Cache

address, folder, limit, rank, world, steps, seed, pause = json.loads(sys.argv[1])
fsspec.config.conf["s3"] = {
    "endpoint_url": address, "key": "key", "secret": "secret", "client_kwargs": {"region_name": "us-east-1"}
}
stream = Stream("s3://set", seed=seed, lanes=4, block=20, codecs={}, cache=Cache(folder, limit))
batches = stream.batches(8, rank=rank, world_size=world, local_world=world, steps=steps)
keys = []
for batch in batches:
    keys.append(batch["__key__"])
    print(len(keys), file=sys.stderr, flush=True)
    time.sleep(pause)
print(json.dumps(keys))
"""


@pytest.fixture
def start(store: Any) -> Iterator[Callable[..., "subprocess.Popen[str]"]]:
    """Starts a rank."""
    running: list[subprocess.Popen[str]] = []

    def begin(
        folder: Path, limit: str, rank: int, world: int, steps: int, seed: int = 0, pause: float = 0.0
    ) -> "subprocess.Popen[str]":
        arguments = json.dumps([store.address, str(folder), limit, rank, world, steps, seed, pause])
        command = [sys.executable, "-c", RANK, arguments]
        running.append(subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True))
        return running[-1]

    yield begin
    for process in running:
        process.kill()
        process.communicate()


def keys_of(process: "subprocess.Popen[str]") -> list[list[str]]:
    out, error = process.communicate(timeout=60)
    assert process.returncode == 0, error
    found: list[list[str]] = json.loads(out)
    return found


def expected(shards: Path, rank: int, world: int, steps: int, seed: int = 0) -> list[list[str]]:
    stream = Stream(str(shards), seed=seed, lanes=4, block=20, codecs={})
    batches = stream.batches(8, rank=rank, world_size=world, local_world=world, steps=steps)
    return [batch["__key__"] for batch in batches]


def downloads(store: Any, shards: Path) -> Counter[str]:
    """How often each shard was asked for from its first byte, whole."""
    sizes = {f"set/{shard.name}": shard.bytes for shard in Manifest.load(shards).shards}
    return Counter(each.path for each in store.requests if each.bytes == sizes.get(each.path))


def test_ranks_of_a_node_share_one_download(
    url: str, store: Any, shards: Path, tmp_path: Path, start: Callable[..., Any]
) -> None:
    ranks = [start(tmp_path / "cache", "1MB", rank, 2, 30, pause=0.05) for rank in range(2)]
    for rank, process in enumerate(ranks):
        assert keys_of(process) == expected(shards, rank, 2, 30)
    found = downloads(store, shards)
    assert len(found) == 12
    assert max(found.values()) == 1
    assert {each.suffix for each in (tmp_path / "cache").iterdir()} == {".shard", ".index", ""}


@pytest.mark.slow
def test_two_jobs_with_too_small_a_cache_for_both_lose_nothing(
    url: str, shards: Path, tmp_path: Path, start: Callable[..., Any]
) -> None:
    jobs = [start(tmp_path / "cache", "280kB", 0, 1, 30, seed=seed) for seed in (1, 2)]
    for seed, process in zip((1, 2), jobs, strict=True):
        assert keys_of(process) == expected(shards, 0, 1, 30, seed)
    assert sum(each.stat().st_size for each in (tmp_path / "cache").iterdir()) <= 280_000


@pytest.mark.slow
def test_a_rank_that_is_killed_while_it_fetches_leaves_no_half_shard(
    url: str, store: Any, shards: Path, tmp_path: Path, start: Callable[..., Any]
) -> None:
    folder = tmp_path / "cache"
    store.latency = 0.1
    for _ in range(3):
        process = start(folder, "1MB", 0, 1, 1000, pause=0.01)
        until = time.monotonic() + 30
        while not list(folder.glob("*.part")):
            assert time.monotonic() < until
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
        process.wait(10)
        sizes = {shard.sha256: shard.bytes for shard in Manifest.load(shards).shards}
        assert all(file.stat().st_size == sizes[file.stem] for file in folder.glob("*.shard"))
    store.latency = 0.0
    assert keys_of(start(folder, "1MB", 0, 1, 30, pause=0.05)) == expected(shards, 0, 1, 30)
    assert not list(folder.glob("*.part"))
    assert not list(folder.glob("*.member"))


@pytest.mark.slow
def test_a_process_that_stands_still_holds_nobody_up(
    url: str, store: Any, shards: Path, tmp_path: Path, start: Callable[..., Any]
) -> None:
    store.latency = 0.1
    process = start(tmp_path / "cache", "1MB", 0, 1, 1000, pause=0.01)
    until = time.monotonic() + 30
    while len(list((tmp_path / "cache").glob("*.part"))) < 4:
        assert time.monotonic() < until
        time.sleep(0.005)
    process.send_signal(signal.SIGSTOP)
    store.latency = 0.0
    assert list((tmp_path / "cache").glob("*.part"))
    settings = {"lanes": 4, "block": 20, "codecs": {}, "patience": Patience(timeout=0.5)}
    batches = Stream(url, cache=Cache(tmp_path / "cache", "1MB"), **settings).batches(8, steps=30)
    assert [batch["__key__"] for batch in batches] == expected(shards, 0, 1, 30)
    # Half a second for each of the shards that it keeps to itself, and not for each read of one.
    waits = batches.waits()
    assert waits.stalls["network"] < 10
    assert list((tmp_path / "cache").glob("*.part"))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 128 kB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=128k", "tmpfs", str(folder)]
    if os.geteuid() or subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("only root may mount a small file system")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_a_full_disk_warns_and_reads_by_ranges(url: str, shards: Path, small_disk: Path) -> None:
    stream = Stream(url, lanes=4, block=20, codecs={}, cache=Cache(small_disk / "cache", "1MB"))
    with pytest.warns(RuntimeWarning, match="full disk.*read by ranges"):
        found = [batch["__key__"] for batch in stream.batches(8, steps=30)]
    assert found == expected(shards, 0, 1, 30)
    assert not list((small_disk / "cache").glob("*.part"))
