"""Mixtures, windows of tokens, and resumed runs through a cache: the same as without one."""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from headrace.shards import Stream
from headrace.shards.cache import Cache
from headrace.shards.format.atomic import write_whole
from headrace.shards.format.manifest import Manifest, Tokenizer
from headrace.shards.format.token_writer import TokenShardWriter
from headrace.shards.stream.parts import Part


@pytest.fixture
def words(store: Any) -> str:
    """Six shards of tokens in the store."""
    folder, infos = store.folder / "words", []
    for number in range(6):
        with TokenShardWriter(folder, f"{number:05d}.tar", vocabulary=9000, page_tokens=256) as writer:
            for row in range(20):
                writer.add(np.arange(50) + 1000 * number + 50 * row)
        infos.append(writer.info)
    write_whole(f"{folder}/tokenizer.json", b"{}")
    tokenizer = Tokenizer(sha256=hashlib.sha256(b"{}").hexdigest(), vocabulary=9000, dtype="uint16")
    Manifest(kind="tokens", name="words", tokenizer=tokenizer, shards=tuple(infos)).save(folder)
    return "s3://words"


def keys(batches: Any) -> list[Any]:
    return [(batch["__key__"], batch["__id__"].tolist()) for batch in batches]


def test_windows_of_tokens(words: str, store: Any, tmp_path: Path) -> None:
    def windows(url: str, cache: Cache | None) -> list[Any]:
        stream = Stream(url, window=32, lanes=2, block=20, cache=cache)
        return [batch["tokens"].tolist() for batch in stream.batches(8, steps=40)]

    expected = windows(str(store.folder / "words"), None)
    assert windows(words, None) == expected
    assert windows(words, Cache(tmp_path / "cache", "90 kB")) == expected
    assert list((tmp_path / "cache").glob("*.shard"))


def test_a_mixture_of_near_and_far(url: str, shards: Path, store: Any, tmp_path: Path) -> None:
    near, again = tmp_path / "near", tmp_path / "again"
    near.symlink_to(shards)
    again.symlink_to(shards)

    def mixed(first: str, cache: Cache | None) -> list[Any]:
        parts = [Part(first, 3, "far"), Part(str(again), 1, "near")]
        return keys(Stream(parts, lanes=2, block=15, codecs={}, cache=cache).batches(10, steps=50))

    expected = mixed(str(near), None)
    assert mixed(url, None) == expected
    assert mixed(url, Cache(tmp_path / "cache", "500 kB")) == expected
    assert list((tmp_path / "cache").glob("*.shard"))


def test_a_run_goes_on_with_another_cache_and_world(url: str, shards: Path, tmp_path: Path) -> None:
    order: dict[str, Any] = {"seed": 7, "lanes": 2, "block": 15, "codecs": {}}
    expected = keys(Stream(str(shards), **order).batches(10, steps=30))
    first = Stream(url, cache=Cache(tmp_path / "first", "200 kB"), **order).batches(10, steps=11)
    found = keys(first)
    state = first.state_dict()
    later = Stream(url, cache=Cache(tmp_path / "second", "300 kB"), **order)
    halves = [keys(later.batches(10, rank=rank, world_size=2, steps=30, start=state)) for rank in range(2)]
    for (left, left_ids), (right, right_ids) in zip(*halves, strict=True):
        found.append((left + right, left_ids + right_ids))
    assert found == expected
