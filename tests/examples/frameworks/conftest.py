"""A set of tokens in which the first token of a window tells which window it is."""

import hashlib

import numpy as np
import pytest

from headrace.shards.format.atomic import write_whole
from headrace.shards.format.manifest import Manifest, Tokenizer
from headrace.shards.format.token_writer import TokenShardWriter

TOKENS = [400, 97, 801, 9, 650]


@pytest.fixture(scope="session")
def counted(tmp_path_factory) -> str:
    """Five ragged shards; the tokens of one count up from 1000 times its number: 243 windows of 8."""
    folder = tmp_path_factory.mktemp("counted")
    shards = []
    for shard, tokens in enumerate(TOKENS):
        with TokenShardWriter(folder, f"{shard:05d}.tar", vocabulary=5000, page_tokens=64) as writer:
            writer.add(1000 * shard + np.arange(tokens))
        shards.append(writer.info)
    write_whole(f"{folder}/tokenizer.json", b"{}")
    tokenizer = Tokenizer(sha256=hashlib.sha256(b"{}").hexdigest(), vocabulary=5000, dtype="uint16")
    Manifest(kind="tokens", name="counted", tokenizer=tokenizer, shards=tuple(shards)).save(folder)
    return str(folder)
