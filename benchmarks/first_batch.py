"""The first batch of 256 from a store a second away: how many round trips, and how many bytes for each of its own.

What is timed is opening the dataset and reading one batch, in the default order of 64 lanes, with nothing cached and
the client of S3 warm. The store counts. A round trip is a request that was made after another one was answered, in the
longest such chain; so that what the client computes between them makes no odds, the store is further away than stores
are. Bytes are those of all answers: manifest, indices and samples. Photographs are 100,000 bytes each, 40 in a shard;
thumbnails are 12,000 bytes, 250 in a shard. The floor asks for the very ranges of the photographs' first batch, all at
once, by a connection each.
"""

import random
from collections.abc import Callable
from pathlib import Path

from .harness import OURS, Benchmark, Contestant, Done, Setting, Target, Timed
from .slow_store import SlowStore, round_trips

BATCH = 256
LATENCY, BANDWIDTH = 1.0, 500e6
KINDS = {"photographs": (100_000, 40), "thumbnails": (12_000, 250)}
SHARDS, SMALL = 72, 24


def prepare(setting: Setting) -> None:
    """Tars of random bytes, written by headrace."""
    from headrace.shards.format.manifest import Manifest
    from headrace.shards.format.shard_list import Shards
    from headrace.shards.format.writer import ShardWriter

    for kind, (size, rows) in KINDS.items():
        infos, source = [], random.Random(0)
        for number in range(SMALL if setting.small else SHARDS):
            with ShardWriter(setting.folder / "store" / kind, f"{number:05d}.tar") as shard:
                for row in range(rows):
                    shard.add(f"{number * rows + row:08d}", {"bin": source.randbytes(size)})
            infos.append(shard.info)
        Manifest(kind="samples", name=kind, shards=Shards.of(infos)).save(setting.folder / "store" / kind)


def photographs(folder: Path) -> Timed:
    return _headrace(folder, "photographs")


def thumbnails(folder: Path) -> Timed:
    return _headrace(folder, "thumbnails")


def _headrace(folder: Path, kind: str) -> Timed:
    import fsspec

    from headrace.shards import Stream
    from headrace.shards.format.transfer import fetch

    store = SlowStore(folder / "store", LATENCY, BANDWIDTH)
    fsspec.config.conf["s3"] = {"endpoint_url": store.address, "anon": True}
    fetch(f"s3://{kind}/manifest.json")

    def first_batch() -> int:
        batch = next(iter(Stream(f"s3://{kind}", codecs={}).batches(BATCH)))
        return sum(map(len, batch["bin"]))

    return _timed(store, first_batch)


def floor(folder: Path) -> Timed:
    from concurrent.futures import ThreadPoolExecutor
    from urllib.request import Request, urlopen

    import numpy as np

    from headrace.shards import Stream
    from headrace.shards.format.reader import ShardReader
    from headrace.shards.stream.order.batch import batch_positions

    url = str(folder / "store" / "photographs")
    stream = Stream(url, codecs={})
    places = stream.order.locate(batch_positions(0, BATCH, stream.order.lanes))
    ranges = []
    for shard, row in np.stack((places.shard, places.row), axis=1).tolist():
        index = ShardReader(url, stream.manifest, shard).index
        begin = int(index.offsets[row, 0])
        ranges.append((stream.manifest.shards[shard].name, begin, begin + int(index.sizes[row, 0]) - 1))
    store = SlowStore(folder / "store", LATENCY, BANDWIDTH)

    def fetch(wanted: tuple[str, int, int]) -> int:
        name, begin, last = wanted
        asked = Request(f"{store.address}/photographs/{name}", headers={"Range": f"bytes={begin}-{last}"})
        with urlopen(asked) as answer:
            return len(answer.read())

    threads = ThreadPoolExecutor(BATCH)
    return _timed(store, lambda: sum(threads.map(fetch, ranges)))


def _timed(store: SlowStore, first_batch: Callable[[], int]) -> Timed:
    store.requests()

    def run() -> Done:
        size = first_batch()

        def facts() -> dict[str, float]:
            requests = store.requests()
            share = sum(each.bytes for each in requests) / size
            return {"requests": len(requests), "round trips": round_trips(requests), "bytes / own bytes": share}

        return Done(1, facts)

    return run


BENCHMARK = Benchmark(
    title="The first batch from a store",
    unit="first batches",
    prepare=prepare,
    contestants=(
        Contestant("headrace, photographs", OURS, photographs),
        Contestant("headrace, thumbnails", OURS, thumbnails),
        Contestant("the photographs' ranges", OURS, floor),
    ),
    targets=tuple(
        Target(
            f"first batch of {kind} from a store", f"headrace, {kind}", "the photographs' ranges", most=most, fact=fact
        )
        for kind in KINDS
        for fact, most in (("round trips", 3), ("bytes / own bytes", 1.5))
    ),
    one_core=False,
    fresh=True,
)
