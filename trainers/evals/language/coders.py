"""What a text costs without a network: by a compressor, or by how common each token is."""

import zlib
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from headrace.shards.format.token_reader import TokenShard

from ...data import DataFacts

_TOKENS, _AT_ONCE = 10_000_000, 1_000_000


def deflated_bits(texts: Iterable[bytes]) -> NDArray[np.float64]:
    """Bits of each text, compressed on its own by DEFLATE at its best (RFC 1951, without header and checksum)."""
    return np.array([8.0 * len(_deflated(text)) for text in texts])


def _deflated(text: bytes) -> bytes:
    coder = zlib.compressobj(9, wbits=-15)
    return coder.compress(text) + coder.flush()


def unigram_nats(data: DataFacts, documents: Sequence[NDArray[np.int64]]) -> NDArray[np.float64]:
    """Nats of each document's tokens, each by its frequency in the training shards (one is added to every count).

    Args:
        data: The training shards; their first ten million tokens are counted.
        documents: Tokens, without special ones.
    """
    counts = np.ones(data.vocabulary.size)
    left = _TOKENS
    for shard in range(len(data.manifest.shards)):
        row = TokenShard(data.url, data.manifest, shard)
        for start in range(0, min(row.length, left), _AT_ONCE):
            stretch = row.tokens(start, min(start + _AT_ONCE, row.length, start + left))
            counts += np.bincount(stretch, minlength=len(counts))
            left -= len(stretch)
    counts[list(data.vocabulary.special)] = 0
    with np.errstate(divide="ignore"):
        costs = np.log(counts.sum()) - np.log(counts)
    return np.array([costs[document].sum() for document in documents])
