"""How well samples that are sorted by class are mixed: class counts of each batch of 256 against uniform ones.

A million samples of 100 classes lie in 1,000 shards of 1,000, class after class, so that each shard is of one class.
Over an epoch, the chi-square statistic of each batch's class counts is divided by its degrees of freedom: 1 is what a
random permutation of all samples gives on average, more is worse; *worst* is that of the worst batch. What is timed is
making the order, not reading.

All have about as many samples at hand: headrace 64 lanes in blocks of 4 shards (its default, 256,000), MosaicML's py1e
its default block of 262,144, webdataset a buffer of 256,000, filled before it gives anything, behind its shuffled
shards; and the buffer of 1,000 that its documentation shows, beside it. Lanes and py1e need their samples on disk, a
buffer in memory.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .harness import OURS, Benchmark, Contestant, Done, Setting, Timed

CLASSES, SHARDS, ROWS, BATCH = 100, 1_000, 1_000, 256
SMALL = 200
BUFFER, USUAL = 256_000, 1_000


def prepare(setting: Setting) -> None:
    """Nothing but how many shards there are."""
    (setting.folder / "shards").write_text(str(SMALL if setting.small else SHARDS))


def headrace(folder: Path) -> Timed:
    import numpy as np

    from headrace.shards.stream.order.order import Order

    order = Order(np.full(_shards(folder), ROWS))

    def make() -> Done:
        parts = np.array_split(np.arange(order.total), order.total // 4096)
        return _quality(folder, np.concatenate([order.locate(part).id for part in parts]))

    return make


def mosaicml(folder: Path) -> Timed:
    import numpy as np

    from .random_samples import declare_operators_of_torchvision

    declare_operators_of_torchvision()
    from streaming.base.shuffle.py1e import get_shuffle_py1e

    sizes = np.full(_shards(folder), ROWS)
    return lambda: _quality(folder, get_shuffle_py1e(sizes, 1, seed=0, epoch=0))


def webdataset(folder: Path) -> Timed:
    return _buffered(folder, BUFFER)


def webdataset_usual(folder: Path) -> Timed:
    return _buffered(folder, USUAL)


def _buffered(folder: Path, size: int) -> Timed:
    import random

    import numpy as np
    from webdataset.filters import shuffle

    shards = list(range(_shards(folder)))

    def rows() -> Iterator[int]:
        random.Random(0).shuffle(shards)
        for shard in shards:
            yield from range(shard * ROWS, (shard + 1) * ROWS)

    mixed = shuffle(size, initial=size, rng=random.Random(1))
    return lambda: _quality(folder, np.fromiter(mixed(rows()), np.int64))


def permutation(folder: Path) -> Timed:
    import numpy as np

    return lambda: _quality(folder, np.random.default_rng(0).permutation(_shards(folder) * ROWS))


def _shards(folder: Path) -> int:
    return int((folder / "shards").read_text())


def _quality(folder: Path, ids: Any) -> Done:
    """How even the classes are in the batches of an order of all samples."""
    import numpy as np

    total = _shards(folder) * ROWS

    def facts() -> dict[str, float]:
        if len(np.unique(ids)) != total:
            raise ValueError(f"{len(np.unique(ids))} different samples of {total}")
        batches = len(ids) // BATCH
        number = np.repeat(np.arange(batches), BATCH)
        classes = ids[: batches * BATCH] * CLASSES // total
        counts = np.bincount(number * CLASSES + classes, minlength=batches * CLASSES).reshape(batches, CLASSES)
        expected = BATCH / CLASSES
        statistic = ((counts - expected) ** 2 / expected).sum(axis=1) / (CLASSES - 1)
        return {"chi-square / df": float(statistic.mean()), "worst": float(statistic.max())}

    return Done(total, facts)


BENCHMARK = Benchmark(
    title="Shuffle quality",
    unit="samples",
    prepare=prepare,
    contestants=(
        Contestant("headrace", OURS, headrace),
        Contestant("MosaicML Streaming, py1e", "mosaicml", mosaicml),
        Contestant("webdataset, buffer of 256,000", "webdataset", webdataset),
        Contestant("webdataset, buffer of 1,000", "webdataset", webdataset_usual),
        Contestant("a random permutation", OURS, permutation),
    ),
    warm_up=0,
)
