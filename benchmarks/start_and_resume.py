"""Opening a stream over about 1,000,000,000 samples in 100,000 shards, at its beginning and from a saved state.

The shards are described, not there: what is timed is reading the manifest, opening the stream, restoring the state
and finding out which samples the next 16 batches of 256 hold. MosaicML Streaming opens a tenth of that, 100,000,000
samples in 10,000 shards, and works out its order at the beginning of the epoch, which it holds whole. Every round is a
new process; importing is not timed, but counts into the memory.
"""

import json
from pathlib import Path

from .harness import OURS, Benchmark, Contestant, Done, Setting, Target, Timed

SHARDS, BATCH, AHEAD = 100_000, 256, 16
SMALL = 1_000
TENTH, ROWS = 10, 10_000
PLACES = {"middle": 0.5, "late": 0.9}


def prepare(setting: Setting) -> None:
    """A manifest of shards of 5,000 to 15,000 samples, and states at some places of the first epoch."""
    import hashlib

    import numpy as np

    from headrace.shards import Stream
    from headrace.shards.format.manifest import Manifest
    from headrace.shards.format.shard_list import ShardInfo, Shards

    sizes = np.random.default_rng(0).integers(5_000, 15_000, SMALL if setting.small else SHARDS).tolist()
    digests = [hashlib.sha256(b"%d" % number).hexdigest() for number in range(len(sizes))]
    shards = Shards.of(
        ShardInfo(f"shards/{number:06d}.tar", samples, 12_000 * samples, digest, digest)
        for number, (samples, digest) in enumerate(zip(sizes, digests, strict=True))
    )
    Manifest(kind="samples", name="billion", shards=shards).save(setting.folder)
    stream = Stream(str(setting.folder), codecs={})
    state = stream.batches(BATCH).state_dict()
    for name, share in PLACES.items():
        position = int(share * stream.samples) // BATCH * BATCH
        (setting.folder / f"{name}.json").write_text(json.dumps({**state, "position": position}))

    _describe_mds(setting.folder / "mds", len(sizes) // TENTH)


# What it would choose by itself when it begins to be iterated over, on one node.
_USUAL = {"num_canonical_nodes": 1, "shuffle_block_size": 4_000_000}


def _describe_mds(folder: Path, shards: int) -> None:
    """The index of MDS shards of as many samples each."""
    folder.mkdir()
    columns = {"column_names": ["bin"], "column_encodings": ["bytes"], "column_sizes": [None]}
    fixed = {**columns, "compression": None, "format": "mds", "hashes": [], "size_limit": 1 << 26, "zip_data": None}
    described = [
        {
            **fixed,
            "samples": ROWS,
            "version": 2,
            "raw_data": {"basename": f"shard.{number:05d}.mds", "bytes": 12_000 * ROWS, "hashes": {}},
        }
        for number in range(shards)
    ]
    (folder / "index.json").write_text(json.dumps({"version": 2, "shards": described}))


def start(folder: Path) -> Timed:
    return _opened(folder, None)


def middle(folder: Path) -> Timed:
    return _opened(folder, folder / "middle.json")


def late(folder: Path) -> Timed:
    return _opened(folder, folder / "late.json")


def _opened(folder: Path, saved: Path | None) -> Timed:
    import numpy as np

    from headrace.shards import Stream

    def open_and_look() -> Done:
        stream = Stream(str(folder), codecs={})
        batches = stream.batches(BATCH, start=json.loads(saved.read_text()) if saved else None)
        position = batches.state_dict()["position"]
        stream.order.locate(np.arange(position, position + AHEAD * BATCH))
        return Done(1, {"samples": stream.samples, "position": position})

    return open_and_look


def mosaicml(folder: Path) -> Timed:
    from .random_samples import declare_operators_of_torchvision

    declare_operators_of_torchvision()
    from streaming import StreamingDataset
    from streaming.base.batching import generate_work
    from streaming.base.world import World

    def open_and_look() -> Done:
        dataset = StreamingDataset(local=str(folder / "mds"), shuffle=True, batch_size=BATCH, **_USUAL)
        generate_work(dataset.batching_method, dataset, World.detect(), 0, 0)
        return Done(1, {"samples": dataset.num_samples, "position": 0})

    return open_and_look


BENCHMARK = Benchmark(
    title="Start and resume",
    unit="starts",
    prepare=prepare,
    contestants=(
        Contestant("first start", OURS, start),
        Contestant("resume in the middle of the epoch", OURS, middle),
        Contestant("resume at 90% of the epoch", OURS, late),
        Contestant("MosaicML Streaming, a tenth", "mosaicml", mosaicml),
    ),
    targets=(Target("resume at 90% of an epoch", "resume at 90% of the epoch", "first start", most=1.1),),
    one_core=False,
    fresh=True,
)
