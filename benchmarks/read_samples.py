"""One shuffled epoch of 20,000 samples of 12,000 random bytes each, left as bytes, in one process, from the page cache.

headrace reads its tars in batches of 256, each packed into one array with the offsets of its samples, and holds every
sample against its checksum; *one by one* takes each sample out as an object of its own. webdataset reads the very same
tars, in shuffled order, through a shuffle buffer of 1,000. MosaicML Streaming reads its own MDS shards of the same
bytes, shuffled by its default, py1e. litdata maps its chunks of 64 MB into memory and hands out views of the map, which
are copied out here, since nothing is read before; its first epoch opens the dataset, later ones find it open. No peer
checks a checksum. The floor is a loop of bare `os.pread` at offsets known beforehand, in the order of a random
permutation, 256 at a time, with no check and no keys.
"""

import random
from collections.abc import Iterator
from pathlib import Path

from .harness import OURS, Benchmark, Contestant, Done, Target, Timed
from .random_samples import (
    BATCH,
    counted,
    headrace_stream,
    litdata_chunks,
    mosaicml_dataset,
    prepare,
    webdataset_samples,
)


def headrace(folder: Path) -> Timed:
    import numpy as np

    batches = headrace_stream(folder).batches(BATCH, epochs=1)
    return lambda: counted(size for batch in batches for size in np.diff(batch["bin"].offsets).tolist())


def headrace_one_by_one(folder: Path) -> Timed:
    batches = headrace_stream(folder).batches(BATCH, epochs=1)
    return lambda: counted(len(data) for batch in batches for data in batch["bin"].values())


def webdataset(folder: Path) -> Timed:
    dataset = webdataset_samples(folder)
    return lambda: counted(len(sample["bin"]) for sample in dataset)


def mosaicml(folder: Path) -> Timed:
    dataset = mosaicml_dataset(folder)
    return lambda: counted(len(sample["bin"]) for sample in dataset)


def litdata_first(folder: Path) -> Timed:
    from litdata import StreamingDataset

    chunks = litdata_chunks(folder)
    return lambda: counted(len(bytes(data)) for data in StreamingDataset(chunks, shuffle=True))


def litdata_later(folder: Path) -> Timed:
    from litdata import StreamingDataset

    dataset = StreamingDataset(litdata_chunks(folder), shuffle=True)

    def read() -> Done:
        return counted(len(bytes(data)) for data in dataset)

    read()
    return read


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

    return lambda: counted(map(len, contents()))


_WORK = "raw samples as bytes, one process"

BENCHMARK = Benchmark(
    title="Reading raw samples",
    unit="samples",
    prepare=prepare,
    contestants=(
        Contestant("headrace", OURS, headrace),
        Contestant("headrace, one by one", OURS, headrace_one_by_one),
        Contestant("webdataset", "webdataset", webdataset),
        Contestant("MosaicML Streaming", "mosaicml", mosaicml),
        Contestant("litdata, first epoch", "litdata", litdata_first),
        Contestant("litdata, later epochs", "litdata", litdata_later),
        Contestant("bare pread", OURS, bare_pread),
    ),
    targets=(
        Target(_WORK, "webdataset", "headrace", least=15),
        Target(_WORK, "MosaicML Streaming", "headrace", least=15),
        Target(_WORK, "litdata, first epoch", "headrace", least=2),
        Target(_WORK, "litdata, later epochs", "headrace", least=1),
    ),
    one_core=False,
)
