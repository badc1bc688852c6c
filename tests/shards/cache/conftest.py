"""A set of shards in a store that fails as it is told."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from headrace.shards.format.manifest import Manifest
from headrace.shards.format.writer import ShardWriter

SHARDS, ROWS, SIZE = 12, 10, 2_000


@pytest.fixture(scope="session")
def shards(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve shards of ten samples of 2,000 bytes."""
    folder = tmp_path_factory.mktemp("shards")
    infos = []
    for number in range(SHARDS):
        with ShardWriter(folder, f"{number:05d}.tar") as writer:
            for row in range(ROWS):
                writer.add(f"s{number}r{row}", {"bin": np.random.default_rng([number, row]).bytes(SIZE)})
        infos.append(writer.info)
    Manifest(kind="samples", name="random", shards=tuple(infos)).save(folder)
    return folder


@pytest.fixture
def url(shards: Path, store: Any) -> str:
    """The shards in the store."""
    (store.folder / "set").symlink_to(shards)
    return "s3://set"


@pytest.fixture
def delivered() -> Callable[[Any, int], list[Any]]:
    """The keys and contents of some batches of ten."""

    def read(stream: Any, steps: int) -> list[Any]:
        return [(batch["__key__"], batch["bin"].values()) for batch in stream.batches(10, steps=steps)]

    return read
