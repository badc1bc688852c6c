"""Reading a file once, forward: all its bytes, from this machine and from stores, and an end when told to."""

from pathlib import Path
from typing import Any

import pytest

from headrace.shards.adoption.forward_source import open_forward
from headrace.shards.base.errors import ShardError, StoreError
from headrace.shards.format.patience import Patience
from headrace.shards.format.transfer import Transfer

CONTENT = bytes(range(251)) * 80_000  # more than a window of requests


def read(url: str, size: int, patience: Patience | None = None) -> tuple[bytes, int]:
    counted: list[int] = []
    with open_forward(url, size, Transfer(patience or Patience()), counted.append) as source:
        found = b"".join(iter(lambda: source.read(300_000), b""))
    return found, sum(counted)


@pytest.fixture(params=["path", "http"])
def url(request: pytest.FixtureRequest, store: Any) -> str:
    (store.folder / "a.tar").write_bytes(CONTENT)
    return store.http("a.tar") if request.param == "http" else str(store.folder / "a.tar")


def test_all_bytes_in_order(url: str) -> None:
    assert read(url, len(CONTENT)) == (CONTENT, len(CONTENT))


def test_empty_files(tmp_path: Path, store: Any) -> None:
    (store.folder / "empty").touch()
    assert read(str(store.folder / "empty"), 0) == read(store.http("empty"), 0) == (b"", 0)


def test_a_checkpoint_ends_it(url: str) -> None:
    def stop(size: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), open_forward(url, len(CONTENT), Transfer(Patience()), stop) as source:
        source.read(1)


def test_faults(store: Any, tmp_path: Path) -> None:
    (store.folder / "a.tar").write_bytes(CONTENT)
    for kind in ("503", "half", "reset"):
        store.fail(kind, times=2)
    assert read(store.http("a.tar"), len(CONTENT))[0] == CONTENT
    store.fail("503", times=10_000)
    with pytest.raises(StoreError, match="could not be read within 1 seconds"):
        read(store.http("a.tar"), len(CONTENT), Patience(timeout=1, deadline=1))
    for missing in (str(tmp_path / "none"), store.http("none")):
        store.heal()
        with pytest.raises(ShardError, match=r"there is no .*none"):
            read(missing, 5)
    with pytest.raises(ShardError, match="cannot be"):
        read(str(tmp_path), 5)
