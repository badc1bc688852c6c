"""Small real sets of shards, written by the real writers."""

import hashlib
import io

import numpy as np
import pytest
from hypothesis import settings

from headrace.shards.format.atomic import write_whole
from headrace.shards.format.manifest import Manifest, Tokenizer
from headrace.shards.format.token_writer import TokenShardWriter
from headrace.shards.format.writer import ShardWriter

# Laws are held over machines that are busy with other things.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")

SIZES = [5, 0, 17, 1, 30, 9, 12]
DOCUMENTS = [[7, 0, 40, 3], [1], [25, 25, 1]]


@pytest.fixture(scope="session")
def images(tmp_path_factory) -> str:
    """Seven ragged shards, one of them empty: `npy` of 2 x 3 bytes that spell shard and row, `cls`, `txt`."""
    folder = tmp_path_factory.mktemp("images")
    shards = []
    for shard, samples in enumerate(SIZES):
        with ShardWriter(folder, f"{shard:05d}.tar") as writer:
            for row in range(samples):
                stream = io.BytesIO()
                np.save(stream, np.full((2, 3), 32 * shard + row, dtype=np.uint8))
                text = f"text {row}".encode()
                writer.add(f"s{shard}r{row}", {"npy": stream.getvalue(), "cls": b"%d" % row, "txt": text})
        shards.append(writer.info)
    Manifest(kind="samples", name="images", shards=tuple(shards)).save(folder)
    return str(folder)


@pytest.fixture(scope="session")
def words(tmp_path_factory) -> str:
    """Three shards of tokens in pages of 16; within a shard the tokens count up from 1000 times its number."""
    folder = tmp_path_factory.mktemp("words")
    shards = []
    for shard, lengths in enumerate(DOCUMENTS):
        row = np.arange(sum(lengths)) + 1000 * shard
        with TokenShardWriter(folder, f"{shard:05d}.tar", vocabulary=5000, page_tokens=16) as writer:
            for document in np.split(row, np.cumsum(lengths)[:-1]):
                writer.add(document)
        shards.append(writer.info)
    write_whole(f"{folder}/tokenizer.json", b"{}")
    tokenizer = Tokenizer(sha256=hashlib.sha256(b"{}").hexdigest(), vocabulary=5000, dtype="uint16")
    Manifest(kind="tokens", name="words", tokenizer=tokenizer, shards=tuple(shards)).save(folder)
    return str(folder)
