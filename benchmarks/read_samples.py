"""One shuffled epoch of 20,000 samples of 12,000 random bytes each, left as bytes, in one process, from the page cache.

headrace reads its tars in batches of 256 and holds every sample against its checksum. webdataset reads the very same
tars, in shuffled order, through a shuffle buffer of 1,000. MosaicML Streaming reads its own MDS shards of the same
bytes, shuffled by its default, py1e. The floor is a loop of bare `os.pread` at offsets known beforehand, in the order
of a random permutation, 256 at a time, with no check and no keys.
"""

import random
from collections.abc import Iterator
from pathlib import Path

from .harness import OURS, Benchmark, Contestant, Done, Setting, Timed

SAMPLES, SHARDS, SIZE = 20_000, 20, 12_000
SMALL = 4_000
BATCH = 256


def prepare(setting: Setting) -> None:
    """Tars written by headrace; the contents depend on the sample's number alone."""
    from headrace.shards.format.manifest import Manifest
    from headrace.shards.format.writer import ShardWriter

    samples = SMALL if setting.small else SAMPLES
    contents, each, infos = _contents(samples), samples // SHARDS, []
    for number in range(SHARDS):
        with ShardWriter(setting.folder / "tars", f"{number:05d}.tar") as shard:
            for row in range(each):
                shard.add(f"{number * each + row:08d}", {"bin": next(contents)})
        infos.append(shard.info)
    Manifest(kind="samples", name="random", shards=tuple(infos)).save(setting.folder / "tars")
    (setting.folder / "samples").write_text(str(samples))


def _contents(samples: int) -> Iterator[bytes]:
    source = random.Random(0)
    return (source.randbytes(SIZE) for _ in range(samples))


def headrace(folder: Path) -> Timed:
    from headrace.shards import Stream

    batches = Stream(str(folder / "tars"), codecs={}).batches(BATCH, epochs=1)
    return lambda: _done(data for batch in batches for data in batch["bin"])


def webdataset(folder: Path) -> Timed:
    from webdataset import WebDataset

    tars = [str(file) for file in sorted((folder / "tars").glob("*.tar"))]
    dataset = WebDataset(tars, shardshuffle=len(tars)).shuffle(1000)
    return lambda: _done(sample["bin"] for sample in dataset)


def mosaicml(folder: Path) -> Timed:
    _declare_operators_of_torchvision()
    from streaming import MDSWriter, StreamingDataset

    samples = int((folder / "samples").read_text())
    with MDSWriter(out=str(folder / "mds"), columns={"bin": "bytes"}) as writer:
        for data in _contents(samples):
            writer.write({"bin": data})
    dataset = StreamingDataset(local=str(folder / "mds"), shuffle=True, batch_size=BATCH)
    return lambda: _done(sample["bin"] for sample in dataset)


def bare_pread(folder: Path) -> Timed:
    import os

    import numpy as np

    places = []
    for file in sorted((folder / "tars").glob("*.tar")):
        index = np.load(file.with_suffix(".index.npz"))
        opened = os.open(file, os.O_RDONLY)
        sizes, offsets = index["sizes"].ravel().tolist(), index["offsets"].ravel().tolist()
        places += [(opened, size, offset) for size, offset in zip(sizes, offsets, strict=True)]
    random.Random(0).shuffle(places)

    def contents() -> Iterator[bytes]:
        for first in range(0, len(places), BATCH):
            yield from [os.pread(*place) for place in places[first : first + BATCH]]

    return lambda: _done(contents())


def _done(contents: Iterator[bytes]) -> Done:
    samples = size = 0
    for data in contents:
        samples += 1
        size += len(data)
    if size != samples * SIZE:
        raise ValueError(f"{samples} samples of {SIZE} bytes came as {size} bytes")
    return Done(samples)


def _declare_operators_of_torchvision() -> None:
    """Streaming imports torchvision, whose wheel does not import beside a torch for CPUs unless these exist."""
    import torch

    if torch.version.cuda is None:
        library = torch.library.Library("torchvision", "DEF")  # type: ignore[no-untyped-call]
        for name in ("nms", "qnms"):
            schema = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"
            library.define(name + schema)  # type: ignore[no-untyped-call]
        _KEPT.append(library)


_KEPT: list[object] = []
"""What torch forgets again once nobody holds it."""

BENCHMARK = Benchmark(
    title="Reading raw samples",
    unit="samples",
    prepare=prepare,
    contestants=(
        Contestant("headrace", OURS, headrace),
        Contestant("webdataset", "webdataset", webdataset),
        Contestant("MosaicML Streaming", "mosaicml", mosaicml),
        Contestant("bare pread", OURS, bare_pread),
    ),
    one_core=False,
)
