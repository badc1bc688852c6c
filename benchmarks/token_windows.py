"""Batches of 64 shuffled windows of 1,024 tokens as int64 tensors of inputs and targets, from the page cache.

headrace reads windows of its token shards (uint16) through its loader without workers; every window comes once in an
epoch, with the ends of its documents, and the position can be resumed. nanoGPT's loader draws 64 random starts for each
batch, with replacement, from one flat file; it is measured as published, where it maps the file anew for every batch
against a leak, and with the file mapped once.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from .harness import OURS, Benchmark, Contestant, Done, Setting, Timed

WINDOW, BATCH, VOCABULARY = 1024, 64, 50_304
BATCHES = 300
TOKENS, SHARDS = 100_000_000, 10
SMALL = 10_000_000


def prepare(setting: Setting) -> None:
    """The same random tokens as shards, in documents of about a thousand, and as one flat file."""
    import hashlib

    import numpy as np

    from headrace.shards.format.manifest import Manifest, Tokenizer
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
    Manifest(kind="tokens", name="random", tokenizer=tokenizer, shards=tuple(infos)).save(setting.folder / "shards")


def headrace(folder: Path) -> Timed:
    from headrace.shards import Stream

    loader = Stream(str(folder / "shards"), window=WINDOW).loader(BATCH, steps=BATCHES)

    def read() -> Done:
        windows = 0
        for batch in loader:
            x, y = batch["tokens"][:, :-1].contiguous(), batch["tokens"][:, 1:].contiguous()
            windows += _checked(x, y)
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
        if tensor.shape != (BATCH, WINDOW) or str(tensor.dtype) != "torch.int64" or not tensor.is_contiguous():
            raise ValueError(f"a batch of {tensor.dtype} {tuple(tensor.shape)}")
    return BATCH


BENCHMARK = Benchmark(
    title="Windows of tokens",
    unit="windows",
    prepare=prepare,
    contestants=(
        Contestant("headrace", OURS, headrace),
        Contestant("nanoGPT's loader", "memmap", memmap_anew),
        Contestant("nanoGPT's loader, mapped once", "memmap", memmap_once),
    ),
)
