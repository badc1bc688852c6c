"""Batches of 64 shuffled windows of 1,024 tokens as int64 tensors of inputs and targets, from the page cache.

headrace reads windows of its token shards (uint16) through its loader without workers; every window comes once in an
epoch, with the ends of its documents, and the position can be resumed. Its inputs and targets are views of one tensor
of 1,025 tokens a row; *apart* makes a tensor of each, as nanoGPT's loader does. That one draws 64 random starts for
each batch, with replacement, from one flat file; it is measured as published, where it maps the file anew for every
batch against a leak, and with the file mapped once. litdata reads chunks written for its TokensLoader in blocks of
1,025, through its own loader, shuffled; inputs and targets are views, too.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from .harness import OURS, Benchmark, Contestant, Done, Setting, Target, Timed

WINDOW, BATCH, VOCABULARY = 1024, 64, 50_304
BATCHES = 300
TOKENS, SHARDS = 100_000_000, 10
SMALL = 10_000_000


def prepare(setting: Setting) -> None:
    """The same random tokens as shards, in documents of about a thousand, and as one flat file."""
    import hashlib

    import numpy as np

    from headrace.shards.format.manifest import Manifest, Tokenizer
    from headrace.shards.format.shard_list import Shards
    from headrace.shards.format.token_writer import TokenShardWriter

    rng, infos, each = np.random.default_rng(0), [], (SMALL if setting.small else TOKENS) // SHARDS
    with (setting.folder / "tokens.bin").open("wb") as flat:
        for number in range(SHARDS):
            tokens = rng.integers(0, VOCABULARY, each, dtype=np.uint16)
            flat.write(tokens.tobytes())
            with TokenShardWriter(setting.folder / "shards", f"{number:05d}.tar", VOCABULARY) as shard:
                for document in np.split(tokens, np.sort(rng.integers(0, each, each // 1000))):
                    shard.add(document)
            infos.append(shard.info)
    tokenizer = Tokenizer(sha256=hashlib.sha256(b"{}").hexdigest(), vocabulary=VOCABULARY, dtype="uint16")
    Manifest(kind="tokens", name="random", tokenizer=tokenizer, shards=Shards.of(infos)).save(setting.folder / "shards")


def headrace(folder: Path) -> Timed:
    return _headrace(folder, lambda tokens: tokens)


def headrace_apart(folder: Path) -> Timed:
    return _headrace(folder, lambda tokens: tokens.contiguous())


def _headrace(folder: Path, made: Callable[[Any], Any]) -> Timed:
    from headrace.shards import Stream

    loader = Stream(str(folder / "shards"), window=WINDOW).loader(BATCH, steps=BATCHES)

    def read() -> Done:
        windows = 0
        for batch in loader:
            windows += _checked(made(batch["tokens"][:, :-1]), made(batch["tokens"][:, 1:]))
        return Done(windows)

    return read


def litdata(folder: Path) -> Timed:
    from itertools import chain, islice, repeat

    import numpy as np
    import torch
    from litdata import StreamingDataLoader, StreamingDataset, TokensLoader
    from litdata.streaming.cache import Cache

    chunks, tokens = str(folder / "litdata"), np.fromfile(folder / "tokens.bin", np.uint16)
    block = WINDOW + 1
    cache = Cache(chunks, chunk_size=block * 8192, item_loader=TokensLoader(block))
    for number, first in enumerate(range(0, len(tokens) - block, 1 << 20)):
        cache[number] = torch.from_numpy(tokens[first : first + (1 << 20)].astype(np.int32))
    cache.done()
    cache.merge()
    dataset = StreamingDataset(chunks, item_loader=TokensLoader(block), shuffle=True, drop_last=True)
    loader = StreamingDataLoader(dataset, batch_size=BATCH, drop_last=True)

    def read() -> Done:
        windows = 0
        for batch in islice(chain.from_iterable(repeat(loader)), BATCHES):
            row = batch.long()
            windows += _checked(row[:, :-1], row[:, 1:])
        return Done(windows)

    return read


def memmap_anew(folder: Path) -> Timed:
    import numpy as np

    return _nanogpt(lambda: np.memmap(folder / "tokens.bin", dtype=np.uint16, mode="r"))


def memmap_once(folder: Path) -> Timed:
    import numpy as np

    tokens = np.memmap(folder / "tokens.bin", dtype=np.uint16, mode="r")
    return _nanogpt(lambda: tokens)


def _nanogpt(mapped: Callable[[], Any]) -> Timed:
    """`get_batch` of nanoGPT's train.py."""
    import numpy as np
    import torch

    def read() -> Done:
        windows = 0
        for _ in range(BATCHES):
            data = mapped()
            starts = torch.randint(len(data) - WINDOW, (BATCH,))
            x = torch.stack([torch.from_numpy(data[i : i + WINDOW].astype(np.int64)) for i in starts])
            y = torch.stack([torch.from_numpy(data[i + 1 : i + 1 + WINDOW].astype(np.int64)) for i in starts])
            windows += _checked(x, y)
        return Done(windows)

    return read


def _checked(x: Any, y: Any) -> int:
    """The windows of a batch, which is what a training takes."""
    for tensor in (x, y):
        if tensor.shape != (BATCH, WINDOW) or str(tensor.dtype) != "torch.int64":
            raise ValueError(f"a batch of {tensor.dtype} {tuple(tensor.shape)}")
    return BATCH


_WORK = "token windows of 1,024, batch 64, int64"

BENCHMARK = Benchmark(
    title="Windows of tokens",
    unit="windows",
    prepare=prepare,
    contestants=(
        Contestant("headrace", OURS, headrace),
        Contestant("headrace, apart", OURS, headrace_apart),
        Contestant("nanoGPT's loader", "memmap", memmap_anew),
        Contestant("nanoGPT's loader, mapped once", "memmap", memmap_once),
        Contestant("litdata", "litdata", litdata),
    ),
    targets=(
        Target(_WORK, "nanoGPT's loader", "headrace", least=2),
        Target(_WORK, "nanoGPT's loader, mapped once", "headrace", least=2),
        Target(_WORK, "litdata", "headrace", least=2),
    ),
)
