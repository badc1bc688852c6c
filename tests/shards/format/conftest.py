"""Small real sets of shards, made anew for each test that damages one."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from headrace.shards.format.atomic import write_whole
from headrace.shards.format.manifest import Manifest, Tokenizer
from headrace.shards.format.records import write_parquet
from headrace.shards.format.token_writer import TokenShardWriter
from headrace.shards.format.writer import ShardWriter

SAMPLES = [
    {f"s{shard}/{row:03d}": {"txt": b"text %d" % row * (row + 1), "cls": b"%d" % row} for row in range(5)}
    for shard in range(2)
]
DOCUMENTS = [[np.arange(row * 7) % 100 for row in range(6)], [np.arange(30)]]


@pytest.fixture
def sample_set() -> Callable[[str | Path], Manifest]:
    """Writes two shards of five samples with their manifest into a folder."""

    def write(folder: str | Path) -> Manifest:
        shards = []
        for number, samples in enumerate(SAMPLES):
            with ShardWriter(folder, f"shards/{number:05d}.tar") as writer:
                for key, fields in samples.items():
                    writer.add(key, fields)
            shards.append(writer.info)
        manifest = Manifest(kind="samples", name="small", fields={"txt": "text/plain"}, shards=tuple(shards))
        manifest.save(folder)
        return manifest

    return write


@pytest.fixture
def token_set() -> Callable[[str | Path], Manifest]:
    """Writes two shards of tokens in pages of 16, and a tokenizer, with their manifest into a folder."""

    def write(folder: str | Path) -> Manifest:
        shards = []
        for number, documents in enumerate(DOCUMENTS):
            with TokenShardWriter(folder, f"{number:05d}.tar", vocabulary=100, page_tokens=16) as writer:
                for row, tokens in enumerate(documents):
                    writer.add(tokens, {"id": f"{number}-{row}"})
            shards.append(writer.info)
        write_whole(f"{folder}/tokenizer.json", b"{}")
        tokenizer = Tokenizer(sha256=hashlib.sha256(b"{}").hexdigest(), vocabulary=100, dtype="uint16")
        manifest = Manifest(kind="tokens", name="words", tokenizer=tokenizer, shards=tuple(shards))
        manifest.save(folder)
        return manifest

    return write


@pytest.fixture
def record_set() -> Callable[[str | Path], Manifest]:
    """Writes one Parquet file of three rows with its manifest into a folder."""

    def write(folder: str | Path) -> Manifest:
        batch = pa.record_batch({"id": ["a", "b", "c"], "text": ["one", "two", "three"]})
        info = write_parquet(folder, "part-00000.parquet", [batch])
        manifest = Manifest(kind="records", name="rows", shards=(info,))
        manifest.save(folder)
        return manifest

    return write
