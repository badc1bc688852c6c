"""A stream through a cache: the same batches, each shard fetched once, whatever fails on the way."""

import threading
import time
from collections import Counter
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from headrace.shards import Stream
from headrace.shards.base.errors import HeadraceError, StoreError, UsageError
from headrace.shards.cache import Cache
from headrace.shards.cache.folder import Folder
from headrace.shards.commands import commands
from headrace.shards.format.patience import Patience

PATIENCE = Patience(timeout=2.0, deadline=20.0)
ORDER = {"seed": 3, "lanes": 3, "block": 20, "codecs": {}}
STEPS = 36
Delivered = Callable[[Any, int], list[Any]]


@pytest.fixture
def expected(shards: Path, delivered: Delivered) -> list[Any]:
    return delivered(Stream(str(shards), **ORDER), STEPS)


def cached(url: str, folder: Path, limit: str = "300 kB") -> Stream:
    return Stream(url, cache=Cache(folder, limit), patience=PATIENCE, **ORDER)


def whole(store: Any) -> Counter[str]:
    """How many bytes of each tar were asked for, in whole tars."""
    found: Counter[str] = Counter()
    for request in store.requests:
        if request.path.endswith(".tar"):
            found[request.path] += request.bytes
    return found


def by_ranges(store: Any) -> int:
    """How many bytes of tars were asked for in less than whole tars."""
    tars = [request for request in store.requests if request.path.endswith(".tar")]
    return sum(tar.bytes for tar in tars if tar.bytes < (store.folder / tar.path).stat().st_size)


def wait_for(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < until, "nothing happened within 20 seconds"
        time.sleep(0.01)


def test_batches_are_those_of_the_shards_themselves(
    url: str, tmp_path: Path, expected: list[Any], delivered: Delivered
) -> None:
    assert delivered(cached(url, tmp_path / "cache"), STEPS) == expected
    assert delivered(Stream(url, **ORDER), STEPS) == expected


def test_the_first_batch_comes_by_ranges_and_all_else_from_the_cache(
    url: str, store: Any, tmp_path: Path, expected: list[Any], delivered: Delivered
) -> None:
    batches = iter(cached(url, tmp_path / "cache", "1MB").batches(10))
    next(batches)
    # Whole tars are on their way meanwhile.
    assert 0 < by_ranges(store) < 3 * 10 * 2_000
    wait_for(lambda: len(list((tmp_path / "cache").glob("*.shard"))) == 12)
    before = len(store.requests)
    for _ in range(STEPS):
        next(batches)
    assert len(store.requests) == before
    # Another job, with another order.
    assert len(delivered(Stream(url, seed=9, cache=Cache(tmp_path / "cache", "1MB"), codecs={}), 12)) == 12
    assert len([each for each in store.requests[before:] if not each.path.endswith("manifest.json")]) == 0


def test_the_limit_holds_and_nothing_else_is_touched(
    url: str, tmp_path: Path, expected: list[Any], delivered: Delivered
) -> None:
    folder = tmp_path / "cache"
    folder.mkdir()
    others = {
        folder / "notes.txt": "mine",
        folder / ("0" * 63 + ".shard"): "mine, too",
        folder / "a.tar": "a" * 400_000,
    }
    for file, text in others.items():
        file.write_text(text)
    seen: list[int] = []
    stop = threading.Event()

    def watch() -> None:
        while not stop.wait(0.002):
            # While nobody makes room: files that come and go during a listing would all be in it.
            with Folder(folder).locked():
                seen.append(sum(entry.bytes for entry in Folder(folder).entries().values()))

    watcher = threading.Thread(target=watch)
    watcher.start()
    assert delivered(cached(url, folder), STEPS) == expected
    stop.set()
    watcher.join()
    # Indices are counted once they are there, so a moment may see up to one index a thread beyond the limit.
    assert 100_000 < max(seen) <= 300_000 + 8 * 2_000
    assert all(file.read_text() == text for file, text in others.items())


def test_a_limit_below_the_working_set_is_refused_with_the_numbers(url: str, tmp_path: Path) -> None:
    stream = cached(url, tmp_path / "cache", "50 kB")
    with pytest.raises(UsageError, match=r"0\.05 MB.*at least 0\.\d+ MB.*3 lanes.*--plan"):
        stream.batches(10)
    assert not (tmp_path / "cache").exists()


@pytest.mark.parametrize("kind", ["503", "half", "hang", "short", "reset", "wrong", "stall"])
def test_faults_that_pass_change_nothing(
    url: str, store: Any, tmp_path: Path, expected: list[Any], delivered: Delivered, kind: str
) -> None:
    stream = cached(url, tmp_path / "cache")
    store.fail(kind, times=2, name=".tar")
    store.fail(kind, times=1, name=".npz")
    assert delivered(stream, STEPS) == expected


def test_a_store_that_is_gone_ends_the_run_and_does_not_hang(url: str, store: Any, tmp_path: Path) -> None:
    stream = Stream(url, cache=Cache(tmp_path / "cache", "300 kB"), patience=Patience(0.5, 1.5), **ORDER)
    batches = stream.batches(10)
    running = iter(batches)
    next(running)
    store.fail("503", times=10**6)
    with pytest.raises(StoreError, match=r"within 1\.5 seconds"):
        list(islice(running, 500))
    step = batches.state_dict()["position"] // 10
    store.heal()
    rest = stream.batches(10, steps=STEPS, start=batches.state_dict())
    assert len(list(rest)) == STEPS - step % STEPS


@pytest.mark.filterwarnings("ignore::headrace.shards.stream.delivery.budget.DamagedSampleWarning")
@pytest.mark.parametrize("cache", [True, False])
@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("wrong", "nothing that could be read instead of it is sound.*checksum.*headrace verify"),
        ("short", "nothing that could be read instead of it is sound.*cut off.*headrace verify"),
        ("404", r"there is no s3://set/0\d+\.tar.*headrace verify"),
        ("403", "refuses to give.*credentials"),
        ("unranged", "gives no ranges.*Copy the shards"),
    ],
)
def test_a_fault_that_lasts_ends_the_run(
    url: str, store: Any, tmp_path: Path, kind: str, told: str, cache: bool
) -> None:
    stream = Stream(url, cache=Cache(tmp_path, "1MB") if cache else None, patience=PATIENCE, **ORDER)
    store.fail(kind, times=10**6, name=".tar")
    batches = stream.batches(10)
    with pytest.raises(HeadraceError, match=told):
        next(iter(batches))
    assert batches.state_dict()["position"] == 0


def test_damage_in_the_cache_is_mended_from_the_store(
    url: str, tmp_path: Path, expected: list[Any], delivered: Delivered
) -> None:
    folder = tmp_path / "cache"
    delivered(cached(url, folder, "1MB"), STEPS)
    wait_for(lambda: bool(list(folder.glob("*.shard"))))
    for number, file in enumerate(sorted(folder.glob("*.shard"))):
        data = file.read_bytes()
        file.write_bytes([bytes(len(data)), data[:900], b""][number % 3])
    for file in list(folder.glob("*.index"))[::2]:
        file.write_bytes(b"no index")
    assert delivered(cached(url, folder, "1MB"), STEPS) == expected


def test_a_cache_that_cannot_be_written_warns_and_reads_by_ranges(
    url: str, tmp_path: Path, expected: list[Any], delivered: Delivered
) -> None:
    (tmp_path / "cache").write_text("a file where the folder should be")
    with pytest.warns(RuntimeWarning, match="shard cache .* fails .*read by ranges"):
        assert delivered(cached(url, tmp_path / "cache"), STEPS) == expected


@pytest.mark.slow
def test_a_lock_that_is_never_let_go_holds_no_read_up(
    url: str, tmp_path: Path, expected: list[Any], delivered: Delivered
) -> None:
    with Folder(tmp_path).locked():
        assert delivered(cached(url, tmp_path), STEPS) == expected
    assert not list(tmp_path.glob("*.shard"))


def test_workers_of_the_loader_use_the_cache(url: str, tmp_path: Path, expected: list[Any]) -> None:
    loader = cached(url, tmp_path / "cache").loader(10, num_workers=2, steps=STEPS)
    found = [(batch["__key__"], batch["bin"].values()) for batch in loader]
    assert found == expected
    assert list((tmp_path / "cache").glob("*.shard"))
    assert not list((tmp_path / "cache").glob("*.member"))


def test_a_bench_of_a_store_takes_a_cache(url: str, tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    command = ["stream", url, "--bench", "--seconds", "0.3", "--lanes", "3", "--block", "20", "--batch-size", "10"]
    done = CliRunner().invoke(commands, [*command, "--cache", str(folder), "--cache-limit", "1MB"])
    assert done.exit_code == 0, done.output
    assert "samples per second" in done.output
    assert list(folder.glob("*.shard"))
