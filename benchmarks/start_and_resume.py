"""Opening a stream over about 1,000,000,000 samples in 100,000 shards, at its beginning and from a saved state.

The shards are described, not there: what is timed is reading the manifest, opening the stream, restoring the state
and finding out which samples the next 16 batches of 256 hold. Every round is a new process; importing is not timed,
but counts into the memory.
"""

import json
from pathlib import Path

from .harness import OURS, Benchmark, Contestant, Done, Setting, Timed

SHARDS, BATCH, AHEAD = 100_000, 256, 16
SMALL = 1_000
PLACES = {"middle": 0.5, "late": 0.9}


def prepare(setting: Setting) -> None:
    """A manifest of shards of 5,000 to 15,000 samples, and states at some places of the first epoch."""
    import hashlib

    import numpy as np

    from headrace.shards import Stream
    from headrace.shards.format.manifest import Manifest, ShardInfo

    sizes = np.random.default_rng(0).integers(5_000, 15_000, SMALL if setting.small else SHARDS).tolist()
    digests = [hashlib.sha256(b"%d" % number).hexdigest() for number in range(len(sizes))]
    shards = tuple(
        ShardInfo(f"shards/{number:06d}.tar", samples, 12_000 * samples, digest, digest)
        for number, (samples, digest) in enumerate(zip(sizes, digests, strict=True))
    )
    Manifest(kind="samples", name="billion", shards=shards).save(setting.folder)
    stream = Stream(str(setting.folder), codecs={})
    state = stream.batches(BATCH).state_dict()
    for name, share in PLACES.items():
        position = int(share * stream.samples) // BATCH * BATCH
        (setting.folder / f"{name}.json").write_text(json.dumps({**state, "position": position}))


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


BENCHMARK = Benchmark(
    title="Start and resume",
    unit="starts",
    prepare=prepare,
    contestants=(
        Contestant("first start", OURS, start),
        Contestant("resume in the middle of the epoch", OURS, middle),
        Contestant("resume at 90% of the epoch", OURS, late),
    ),
    one_core=False,
    fresh=True,
)
