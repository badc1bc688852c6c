"""One shuffled epoch from a store 50 ms away with a capped bandwidth, through a cache of a fifth of the data.

Samples of 100,000 random bytes in shards of 2 MB. Everyone opens the dataset with nothing cached and reads it once, in
batches of 64. headrace reads by S3 in one process, and holds every sample against its checksum and every shard against
its hash. webdataset reads the same tars by `pipe:curl` through torch's DataLoader with two workers, each its own half
of them and with a shuffle buffer of 1,000; it keeps no shard. MosaicML Streaming reads its own MDS shards of the same
bytes by S3 in one process, with a cache limit, shuffled within ten shards and two batches downloaded ahead: with its
own defaults it fetches shards again and again under so small a cache, and with workers it loses some of them. The
floor is eight connections that fetch the same tars and look at nothing.
"""

import random
from collections.abc import Callable, Iterator
from pathlib import Path
from shutil import rmtree

from .harness import OURS, Benchmark, Contestant, Done, Setting, Target, Timed
from .slow_store import SlowStore

SIZE, ROWS = 100_000, 20
SHARDS, SMALL = 150, 50
LATENCY, BANDWIDTH = 0.05, 50e6
BATCH, WORKERS = 64, 2


def prepare(setting: Setting) -> None:
    """Tars written by headrace; the contents depend on the sample's number alone."""
    from headrace.shards.format.manifest import Manifest
    from headrace.shards.format.shard_list import Shards
    from headrace.shards.format.writer import ShardWriter

    infos = []
    for number in range(SMALL if setting.small else SHARDS):
        with ShardWriter(setting.folder / "store" / "tars", f"{number:05d}.tar") as shard:
            for row, data in enumerate(contents(number)):
                shard.add(f"{number * ROWS + row:08d}", {"bin": data})
        infos.append(shard.info)
    Manifest(kind="samples", name="random", shards=Shards.of(infos)).save(setting.folder / "store" / "tars")


def contents(shard: int) -> Iterator[bytes]:
    source = random.Random(shard)
    return (source.randbytes(SIZE) for _ in range(ROWS))


def fifth(folder: Path) -> int:
    """The bytes of a fifth of the data."""
    return sum(file.stat().st_size for file in (folder / "store" / "tars").glob("*.tar")) // 5


def headrace(folder: Path) -> Timed:
    import fsspec
    import s3fs

    from headrace.shards import Cache, Stream

    def epoch(address: str, scratch: Path) -> Iterator[tuple[int, int]]:
        fsspec.config.conf["s3"] = {"endpoint_url": address, "anon": True}
        cache = Cache(scratch, fifth(folder))
        stream = Stream("s3://tars", lanes=2, block=ROWS, codecs={}, cache=cache)
        for batch in stream.batches(BATCH, epochs=1):
            data, offsets = batch["bin"]
            yield len(offsets) - 1, len(data)

    s3fs.S3FileSystem(anon=True, endpoint_url="http://127.0.0.1:9").connect()
    return _timed(folder, epoch)


def webdataset(folder: Path) -> Timed:
    from torch.utils.data import DataLoader
    from webdataset import WebDataset

    names = sorted(file.name for file in (folder / "store" / "tars").glob("*.tar"))

    def epoch(address: str, scratch: Path) -> Iterator[tuple[int, int]]:
        urls = [f"pipe:curl -s {address}/tars/{name}" for name in names]
        dataset = (
            WebDataset(urls, shardshuffle=len(urls)).shuffle(1000).to_tuple("bin").batched(BATCH, collation_fn=list)
        )
        for batch in DataLoader(dataset, batch_size=None, num_workers=WORKERS):
            yield from ((1, len(data)) for (data,) in batch)

    return _timed(folder, epoch)


def mosaicml(folder: Path) -> Timed:
    import os

    from .random_samples import declare_operators_of_torchvision

    declare_operators_of_torchvision()
    from streaming import MDSWriter, StreamingDataset

    out = folder / "store" / "mds"
    if not out.exists():
        shards = len(list((folder / "store" / "tars").glob("*.tar")))
        with MDSWriter(out=str(out), columns={"bin": "bytes"}, size_limit=ROWS * SIZE) as writer:
            for number in range(shards):
                for data in contents(number):
                    writer.write({"bin": data})
    os.environ.update(AWS_ACCESS_KEY_ID="key", AWS_SECRET_ACCESS_KEY="secret", AWS_DEFAULT_REGION="us-east-1")

    def epoch(address: str, scratch: Path) -> Iterator[tuple[int, int]]:
        os.environ["S3_ENDPOINT_URL"] = address
        dataset = StreamingDataset(
            remote="s3://mds",
            local=str(scratch),
            shuffle=True,
            batch_size=BATCH,
            cache_limit=fifth(folder),
            predownload=2 * BATCH,
            num_canonical_nodes=1,
            shuffle_block_size=10 * ROWS,
        )
        yield from ((1, len(sample["bin"])) for sample in dataset)

    return _timed(folder, epoch)


def floor(folder: Path) -> Timed:
    from concurrent.futures import ThreadPoolExecutor
    from urllib.request import urlopen

    names = [file.name for file in (folder / "store" / "tars").glob("*.tar")]

    def epoch(address: str, scratch: Path) -> Iterator[tuple[int, int]]:
        def fetch(name: str) -> tuple[int, int]:
            with urlopen(f"{address}/tars/{name}") as answer:
                answer.read()
            return ROWS, ROWS * SIZE

        with ThreadPoolExecutor(8) as threads:
            yield from threads.map(fetch, names)

    return _timed(folder, epoch)


def _timed(folder: Path, epoch: Callable[[str, Path], Iterator[tuple[int, int]]]) -> Timed:
    store = SlowStore(folder / "store", LATENCY, BANDWIDTH)
    scratch = folder / f"cache-{store.address.rpartition(':')[2]}"
    count = 0

    def run() -> Done:
        nonlocal count
        count += 1
        mine = scratch / str(count)
        samples = size = 0
        for rows, bytes_ in epoch(store.address, mine):
            samples += rows
            size += bytes_
        if size != samples * SIZE:
            raise ValueError(f"{samples} samples of {SIZE} bytes came as {size} bytes")

        def facts() -> dict[str, float]:
            rmtree(mine, ignore_errors=True)
            requests = store.requests()
            return {"requests": len(requests), "bytes / own bytes": sum(each.bytes for each in requests) / size}

        return Done(size / 1e6, facts)

    return run


BENCHMARK = Benchmark(
    title="An epoch from a store 50 ms away, the cache a fifth of it",
    unit="MB",
    prepare=prepare,
    contestants=(
        Contestant("headrace", OURS, headrace),
        Contestant("webdataset", "webdataset", webdataset),
        Contestant("MosaicML Streaming", "mosaicml", mosaicml),
        Contestant("eight connections", OURS, floor),
    ),
    targets=(Target("an epoch from a store 50 ms away", "eight connections", "headrace", least=0.9),),
    one_core=False,
)
