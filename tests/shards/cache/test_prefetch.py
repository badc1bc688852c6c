"""What is fetched when: first all that an iteration needs itself; and an index with its shard, not besides."""

import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from headrace.shards.cache import Cache
from headrace.shards.cache.claim import claim
from headrace.shards.cache.download import Needs, Wanted
from headrace.shards.cache.folder import Folder
from headrace.shards.cache.prefetch import Prefetcher
from headrace.shards.cache.store import CachedStore
from headrace.shards.format.index import index_name
from headrace.shards.format.manifest import Manifest
from headrace.shards.format.patience import Patience
from headrace.shards.format.transfer import Transfer

PATIENCE = Patience(timeout=20.0, deadline=20.0)


@pytest.fixture
def wanted(url: str, shards: Path) -> list[Wanted]:
    infos = Manifest.load(shards).shards
    return [Wanted(f"{url}/{info.name}", f"{url}/{index_name(info.name)}", info) for info in infos]


def wait_for(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < until, "nothing happened within 20 seconds"
        time.sleep(0.01)


@pytest.mark.parametrize("soon", [1, 2, 3])
def test_what_the_next_iteration_needs_waits_for_what_this_one_does(
    soon: int, wanted: list[Wanted], store: Any, tmp_path: Path
) -> None:
    folder = Folder(tmp_path / "cache")
    first, *others = wanted[:3]
    store.fail("stall", name=Path(first.place).name)
    upcoming = Needs((first, *others), soon)
    with Prefetcher(folder, 10**6, Transfer(PATIENCE), lambda: upcoming):
        wait_for(lambda: folder.part(first.info.sha256).exists())
        for number, each in enumerate(others, start=1):
            if number < soon:
                wait_for(folder.shard(each.info.sha256).exists)
        time.sleep(0.3)
        held = [folder.shard(each.info.sha256).exists() for each in others]
        assert held == [number < soon for number in (1, 2)]
        store.heal()
        for each in wanted[:3]:
            wait_for(folder.shard(each.info.sha256).exists)


def test_the_index_of_a_shard_under_way_comes_with_it(
    wanted: list[Wanted], shards: Path, store: Any, tmp_path: Path
) -> None:
    each = wanted[0]
    folder = Folder(tmp_path / "cache")
    folder.make()
    reached = CachedStore(Cache(folder.path, "1MB"), PATIENCE)
    found: list[bytes] = []
    with claim(folder, each.info.sha256, each.info.bytes):
        reader = threading.Thread(target=lambda: found.append(reached.index(each.index, each.info)))
        reader.start()
        time.sleep(0.1)
        shutil.copy(shards / index_name(each.info.name), folder.index(each.info.sha256))
        reader.join()
    assert not store.requests
    folder.index(each.info.sha256).unlink()
    assert reached.index(each.index, each.info) == found[0]
    assert len(store.requests) == 1
