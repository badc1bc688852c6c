"""A stream from a real S3-compatible server, by ranges, through a cache and by worker processes."""

from pathlib import Path
from typing import Any

import fsspec
import pytest

from headrace.shards import Stream
from headrace.shards.base.errors import ManifestError, ShardError, StoreError
from headrace.shards.cache import Cache
from headrace.shards.format.atomic import write_whole
from headrace.shards.stream.delivery.budget import DamagedSampleWarning

ORDER = {"seed": 4, "lanes": 3, "block": 20, "codecs": {}}


@pytest.fixture(scope="module")
def url(real_s3: str, shards: Path) -> str:
    for file in shards.iterdir():
        write_whole(f"s3://bucket/set/{file.name}", file.read_bytes())
    return "s3://bucket/set"


def contents(batches: Any) -> list[Any]:
    return [(batch["__key__"], batch["bin"].values()) for batch in batches]


def test_the_same_batches_from_a_real_store(url: str, shards: Path, tmp_path: Path) -> None:
    expected = contents(Stream(str(shards), **ORDER).batches(10, steps=24))
    assert contents(Stream(url, **ORDER).batches(10, steps=24)) == expected
    through = Stream(url, cache=Cache(tmp_path, "250 kB"), **ORDER)
    assert contents(through.batches(10, steps=24)) == expected
    assert contents(through.loader(10, steps=24, num_workers=2)) == expected


def test_what_a_real_store_refuses_is_said(url: str) -> None:
    with pytest.raises(ManifestError, match=r"there is no s3://bucket/nothing/manifest\.json"):
        Stream("s3://bucket/nothing")
    batches = Stream(url, tolerated=1.0, **ORDER).batches(10, steps=24)
    store, shard = fsspec.url_to_fs(f"{url}/00003.tar")
    kept = store.cat_file(shard)
    try:
        store.pipe_file(shard, kept[: len(kept) // 2])
        with pytest.warns(DamagedSampleWarning, match="the shard is cut off"):
            assert len(contents(batches)) == 24
        assert {each.used == each.bad for each in batches.replaced} == {False}
        store.rm_file(shard)
        with pytest.raises(ShardError, match=r"there is no s3://bucket/set/00003\.tar"):
            contents(Stream(url, **ORDER).batches(10, steps=24))
    finally:
        store.pipe_file(shard, kept)


def test_wrong_keys_are_told(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(fsspec.config.conf, "s3", {**fsspec.config.conf["s3"], "secret": "another"})
    with pytest.raises(StoreError, match=r"signature.*does not match.*credentials"):
        Stream(url, **ORDER)
