"""One shuffled epoch of the same samples through torch's DataLoader: 2 workers, batches of 256 as (bytes, offsets).

A batch is a tensor of the bytes of its samples, one behind the other, and one of where each begins. headrace's loader
makes them itself, with ids, keys and positions, and checks every checksum; the peers get a collation that joins the
samples once. Workers persist from epoch to epoch, so that their start is not timed.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from .harness import OURS, Benchmark, Contestant, Done, Target, Timed
from .random_samples import BATCH, SIZE, headrace_stream, litdata_chunks, mosaicml_dataset, prepare, webdataset_samples

WORKERS: dict[str, Any] = {"num_workers": 2, "persistent_workers": True}


def headrace(folder: Path) -> Timed:
    loader = headrace_stream(folder).loader(BATCH, epochs=1, **WORKERS)
    return lambda: _counted(batch["bin"] for batch in loader)


def webdataset(folder: Path) -> Timed:
    from torch.utils.data import DataLoader

    samples = webdataset_samples(folder).map(_bytes)
    loader = DataLoader(samples, batch_size=BATCH, collate_fn=_packed, **WORKERS)
    return lambda: _counted(loader)


def mosaicml(folder: Path) -> Timed:
    dataset = mosaicml_dataset(folder)
    from torch.utils.data import DataLoader

    loader = DataLoader(dataset, batch_size=BATCH, collate_fn=_packed_fields, **WORKERS)
    return lambda: _counted(loader)


def litdata(folder: Path) -> Timed:
    from litdata import StreamingDataLoader, StreamingDataset

    dataset = StreamingDataset(litdata_chunks(folder), shuffle=True)
    loader = StreamingDataLoader(dataset, batch_size=BATCH, collate_fn=_packed, **WORKERS)
    return lambda: _counted(loader)


def _bytes(sample: dict[str, Any]) -> bytes:
    data: bytes = sample["bin"]
    return data


def _packed_fields(samples: list[dict[str, Any]]) -> tuple[Any, Any]:
    return _packed(list(map(_bytes, samples)))


def _packed(samples: list[bytes]) -> tuple[Any, Any]:
    import numpy as np
    import torch

    offsets = np.cumsum([0, *map(len, samples)])
    # The one copy: what is in a bytearray may be written to, as a tensor must be.
    return torch.frombuffer(bytearray().join(samples), dtype=torch.uint8), torch.from_numpy(offsets)


def _counted(batches: Iterable[Any]) -> Done:
    samples = 0
    for data, offsets in batches:
        samples += len(offsets) - 1
        if len(data) != (len(offsets) - 1) * SIZE:
            raise ValueError(f"{len(offsets) - 1} samples of {SIZE} bytes came as {len(data)} bytes")
    return Done(samples)


_WORK = "raw samples as (bytes, offsets), 2 workers"

BENCHMARK = Benchmark(
    title="Reading raw samples with workers",
    unit="samples",
    prepare=prepare,
    contestants=(
        Contestant("headrace", OURS, headrace),
        Contestant("webdataset", "webdataset", webdataset),
        Contestant("MosaicML Streaming", "mosaicml", mosaicml),
        Contestant("litdata", "litdata", litdata),
    ),
    targets=(
        Target(_WORK, "webdataset", "headrace", least=5),
        Target(_WORK, "MosaicML Streaming", "headrace", least=5),
        Target(_WORK, "litdata", "headrace", least=1.5),
    ),
    one_core=False,
)
