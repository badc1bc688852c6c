"""20,000 samples of 12,000 random bytes each, in the formats of all who read them; the same bytes everywhere."""

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .harness import Done, Setting

SAMPLES, SHARDS, SIZE = 20_000, 20, 12_000
SMALL = 4_000
BATCH = 256


def prepare(setting: Setting) -> None:
    """Tars written by headrace; the contents depend on the sample's number alone."""
    from headrace.shards.format.manifest import Manifest
    from headrace.shards.format.shard_list import Shards
    from headrace.shards.format.writer import ShardWriter

    samples = SMALL if setting.small else SAMPLES
    contents, each, infos = _contents(samples), samples // SHARDS, []
    for number in range(SHARDS):
        with ShardWriter(setting.folder / "tars", f"{number:05d}.tar") as shard:
            for row in range(each):
                shard.add(f"{number * each + row:08d}", {"bin": next(contents)})
        infos.append(shard.info)
    Manifest(kind="samples", name="random", shards=Shards.of(infos)).save(setting.folder / "tars")
    (setting.folder / "samples").write_text(str(samples))


def _contents(samples: int) -> Iterator[bytes]:
    source = random.Random(0)
    return (source.randbytes(SIZE) for _ in range(samples))


def headrace_stream(folder: Path) -> Any:
    from headrace.shards import Stream

    return Stream(str(folder / "tars"), codecs={})


def webdataset_samples(folder: Path) -> Any:
    """The very same tars, in shuffled order, through a shuffle buffer of 1,000."""
    from webdataset import WebDataset

    tars = [str(file) for file in sorted((folder / "tars").glob("*.tar"))]
    return WebDataset(tars, shardshuffle=len(tars)).shuffle(1000)


def mosaicml_dataset(folder: Path) -> Any:
    """MDS shards, shuffled by the default, py1e."""
    declare_operators_of_torchvision()
    from streaming import MDSWriter, StreamingDataset

    with MDSWriter(out=str(folder / "mds"), columns={"bin": "bytes"}) as writer:
        for data in _contents(_samples(folder)):
            writer.write({"bin": data})
    return StreamingDataset(local=str(folder / "mds"), shuffle=True, batch_size=BATCH)


def litdata_chunks(folder: Path) -> str:
    """Chunks of 64 MB; their folder."""
    from litdata.streaming.cache import Cache

    chunks = folder / "litdata"
    if not chunks.exists():
        cache = Cache(str(chunks), chunk_bytes=64 << 20)
        for number, data in enumerate(_contents(_samples(folder))):
            cache[number] = data
        cache.done()
        cache.merge()
    return str(chunks)


def counted(sizes: Iterator[int]) -> Done:
    """The samples, by their sizes, which are looked at."""
    samples = size = 0
    for each in sizes:
        samples += 1
        size += each
    if size != samples * SIZE:
        raise ValueError(f"{samples} samples of {SIZE} bytes came as {size} bytes")
    return Done(samples)


def _samples(folder: Path) -> int:
    return int((folder / "samples").read_text())


def declare_operators_of_torchvision() -> None:
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
